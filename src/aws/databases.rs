//! RDS, Aurora and what RDS lists beside them (`DocumentDB`, Neptune), and what happened to them.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_rds::types::{
    DbCluster, DbClusterMember, DbInstance, Event, GlobalCluster, PendingMaintenanceAction, PendingModifiedValues,
};
use jiff::{SignedDuration, Timestamp};

use super::ask::Ask;
use super::convert::{count, environment, name_of_arn, region_of_arn, schedule, tags, text, time};
use crate::domain::database::{Database, DatabaseEvent, DatabaseRole, serves};
use crate::domain::list::List;
use crate::domain::scope::Scope;
use crate::domain::text::Text;
use crate::world::port::CloudError;

/// Events older than this are not read; RDS keeps them for 14 days, and answers an hour of them unless asked for more.
const EVENTS: SignedDuration = SignedDuration::from_hours(24);

/// Snapshots and maintenance are read this seldom. One instance may have 35 automated snapshots and an account hundreds by
/// hand, RDS can answer neither the newest nor those of many instances, and none of it changes within minutes.
const SELDOM: SignedDuration = SignedDuration::from_mins(15);

const GIB: u64 = 1 << 30;

pub(super) async fn databases(ask: &Ask<'_>) -> Result<List<Database>, CloudError> {
    let client = &ask.clients.rds;
    let pages = client.describe_db_instances().into_paginator().page_size(100).send();
    let pages = ask.pages("rds:DescribeDBInstances", pages).await?;
    let instances: Vec<&DbInstance> = pages.iter().flat_map(|page| page.db_instances()).collect();
    if instances.is_empty() {
        return Ok(List::new(Vec::new()));
    }
    let pages = client.describe_db_clusters().into_paginator().page_size(100).send();
    let pages = ask.pages("rds:DescribeDBClusters", pages).await?;
    let clusters: Vec<&DbCluster> = pages.iter().flat_map(|page| page.db_clusters()).collect();
    let beside = beside(ask, &clusters).await?;
    let mut all: Vec<Database> =
        instances.iter().map(|one| database(one, &instances, &clusters, &beside, ask.scope())).collect();
    all.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(List::new(all))
}

/// What one can do without.
#[derive(Default)]
struct Beside {
    globals: Vec<GlobalCluster>,
    maintenance: Arc<HashMap<String, Vec<Text>>>,
    /// The newest of each instance, and of each cluster.
    snapshots: Arc<HashMap<String, Timestamp>>,
    cluster_snapshots: Arc<HashMap<String, Timestamp>>,
}

async fn beside(ask: &Ask<'_>, clusters: &[&DbCluster]) -> Result<Beside, CloudError> {
    let client = &ask.clients.rds;
    let is_of_many =
        |one: &&DbCluster| one.global_cluster_identifier().is_some() || one.replication_source_identifier().is_some();
    let globals = if clusters.iter().any(is_of_many) {
        let pages = client.describe_global_clusters().into_paginator().page_size(100).send();
        let pages = ask.pages("rds:DescribeGlobalClusters", pages).await;
        ask.or_gap(pages)?.unwrap_or_default()
    } else {
        Vec::new()
    };
    let maintenance = ask.seldom("maintenance", SELDOM, maintenance(ask)).await;
    let snapshots = ask.seldom("snapshots", SELDOM, snapshots(ask)).await;
    let cluster_snapshots = if clusters.is_empty() {
        None
    } else {
        ask.or_gap(ask.seldom("cluster snapshots", SELDOM, cluster_snapshots(ask)).await)?
    };
    Ok(Beside {
        globals: globals.into_iter().flat_map(|page| page.global_clusters.unwrap_or_default()).collect(),
        maintenance: ask.or_gap(maintenance)?.unwrap_or_default(),
        snapshots: ask.or_gap(snapshots)?.unwrap_or_default(),
        cluster_snapshots: cluster_snapshots.unwrap_or_default(),
    })
}

/// What AWS will do, by the ARN of the instance or cluster.
async fn maintenance(ask: &Ask<'_>) -> Result<HashMap<String, Vec<Text>>, CloudError> {
    let pages = ask.clients.rds.describe_pending_maintenance_actions().into_paginator().page_size(100).send();
    let pages = ask.pages("rds:DescribePendingMaintenanceActions", pages).await?;
    let of = |resource: &aws_sdk_rds::types::ResourcePendingMaintenanceActions| {
        let actions = resource.pending_maintenance_action_details().iter().map(action).collect();
        Some((resource.resource_identifier()?.to_owned(), actions))
    };
    Ok(pages.iter().flat_map(|page| page.pending_maintenance_actions()).filter_map(of).collect())
}

/// `system-update by 2026-12-01: new operating system`.
fn action(action: &PendingMaintenanceAction) -> Text {
    let by = action.forced_apply_date().or(action.auto_applied_after_date()).or(action.current_apply_date());
    let by = by.map_or_else(String::new, |at| time(at).strftime(" by %Y-%m-%d").to_string());
    let why = action.description().filter(|why| !why.is_empty()).map_or_else(String::new, |why| format!(": {why}"));
    format!("{}{by}{why}", action.action().unwrap_or("maintenance")).into()
}

async fn snapshots(ask: &Ask<'_>) -> Result<HashMap<String, Timestamp>, CloudError> {
    let pages = ask.clients.rds.describe_db_snapshots().into_paginator().page_size(100).send();
    let pages = ask.pages("rds:DescribeDBSnapshots", pages).await?;
    Ok(newest(
        pages
            .iter()
            .flat_map(|page| page.db_snapshots())
            .filter_map(|one| Some((one.db_instance_identifier()?, one.status()?, time(one.snapshot_create_time()?)))),
    ))
}

async fn cluster_snapshots(ask: &Ask<'_>) -> Result<HashMap<String, Timestamp>, CloudError> {
    let pages = ask.clients.rds.describe_db_cluster_snapshots().into_paginator().page_size(100).send();
    let pages = ask.pages("rds:DescribeDBClusterSnapshots", pages).await?;
    Ok(newest(
        pages
            .iter()
            .flat_map(|page| page.db_cluster_snapshots())
            .filter_map(|one| Some((one.db_cluster_identifier()?, one.status()?, time(one.snapshot_create_time()?)))),
    ))
}

/// The newest finished one of each.
fn newest<'a>(all: impl Iterator<Item = (&'a str, &'a str, Timestamp)>) -> HashMap<String, Timestamp> {
    let mut newest: HashMap<String, Timestamp> = HashMap::new();
    for (of, _, at) in all.filter(|(_, status, _)| *status == "available") {
        let known = newest.entry(of.to_owned()).or_insert(at);
        *known = at.max(*known);
    }
    newest
}

fn database(
    instance: &DbInstance,
    instances: &[&DbInstance],
    clusters: &[&DbCluster],
    beside: &Beside,
    scope: &Scope,
) -> Database {
    let cluster = instance
        .db_cluster_identifier()
        .and_then(|id| clusters.iter().copied().find(|one| one.db_cluster_identifier() == Some(id)));
    let arn_of_cluster = cluster.and_then(|one| one.db_cluster_arn());
    let global = arn_of_cluster.and_then(|arn| global_of(arn, &beside.globals));
    let tags = tags(instance.tag_list().iter().map(|tag| (tag.key(), tag.value())));
    let id = instance.db_instance_identifier().unwrap_or("");
    let allocated = instance.allocated_storage().and_then(|gib| u64::try_from(gib).ok());
    let grows_by_itself = cluster.is_some_and(|one| one.db_cluster_instance_class().is_none());
    let maintenance = [instance.db_instance_arn(), arn_of_cluster]
        .into_iter()
        .flatten()
        .filter_map(|arn| beside.maintenance.get(arn))
        .flatten()
        .cloned();
    let snapshot_of_cluster =
        cluster.and_then(|one| one.db_cluster_identifier()).and_then(|id| beside.cluster_snapshots.get(id)).copied();
    // Automated backups of a cluster are the cluster's.
    let retention = cluster.map_or(instance.backup_retention_period(), |one| one.backup_retention_period());
    let restorable = cluster.map_or(instance.latest_restorable_time(), |one| one.latest_restorable_time());
    Database {
        id: id.into(),
        environment: environment(&tags, scope),
        engine: format!("{} {}", instance.engine().unwrap_or(""), instance.engine_version().unwrap_or(""))
            .trim()
            .into(),
        class: text(instance.db_instance_class()),
        status: status(instance, cluster),
        endpoint: instance
            .endpoint()
            .and_then(|endpoint| Some(format!("{}:{}", endpoint.address()?, endpoint.port()?).into())),
        cluster: instance.db_cluster_identifier().map(Text::new),
        global_cluster: cluster
            .and_then(|one| one.global_cluster_identifier())
            .or(global.and_then(|(global, _)| global.global_cluster_identifier()))
            .map(Text::new),
        zone: text(instance.availability_zone()),
        multi_az: match (instance.multi_az(), cluster.and_then(|one| one.multi_az())) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (own, None) => own,
            (_, told) => told,
        },
        secondary_zone: instance
            .secondary_availability_zone()
            .or_else(|| cluster.and_then(|one| standby_zone(instance, one, instances)))
            .map(Text::new),
        allocated_bytes: allocated.filter(|_| !grows_by_itself).map(|gib| gib * GIB),
        max_allocated_bytes: instance
            .max_allocated_storage()
            .and_then(|gib| u64::try_from(gib).ok())
            // The same as what is allocated: autoscaling is off.
            .filter(|most| allocated.is_some_and(|allocated| *most > allocated))
            .map(|gib| gib * GIB),
        max_connections: None,
        role: role(instance, cluster, global, scope),
        encrypted: instance.storage_encrypted(),
        kms_key: instance.kms_key_id().map(|arn| name_of_arn(arn).into()),
        backup_retention_days: retention.map(|days| count(Some(days))),
        backups_copied_to: copies(instance),
        latest_restorable: restorable.map(time),
        last_snapshot: beside.snapshots.get(id).copied().max(snapshot_of_cluster),
        pending_maintenance: maintenance.collect(),
        pending_changes: instance.pending_modified_values().map_or_else(Vec::new, changes),
        certificate_until: instance.certificate_details().and_then(|one| one.valid_till()).map(time),
        schedule: schedule(&tags),
    }
}

/// A cluster can be in trouble while its instances say they are well.
fn status(instance: &DbInstance, cluster: Option<&DbCluster>) -> Text {
    let own = instance.db_instance_status().unwrap_or("");
    match cluster.and_then(|one| one.status()) {
        Some(whole) if serves(own) && !serves(whole) => whole.into(),
        _ => own.into(),
    }
}

fn member_of<'a>(instance: &DbInstance, cluster: &'a DbCluster) -> Option<&'a DbClusterMember> {
    cluster.db_cluster_members().iter().find(|one| one.db_instance_identifier() == instance.db_instance_identifier())
}

fn writer_of(cluster: &DbCluster) -> Option<&str> {
    let writer = cluster.db_cluster_members().iter().find(|one| one.is_cluster_writer() == Some(true))?;
    writer.db_instance_identifier()
}

/// Where the member is that takes over first: the lowest tier of those in another zone.
fn standby_zone<'a>(instance: &DbInstance, cluster: &DbCluster, instances: &[&'a DbInstance]) -> Option<&'a str> {
    let mut others: Vec<(i32, &str)> = instances
        .iter()
        .filter(|one| one.availability_zone() != instance.availability_zone())
        .filter_map(|one| Some((member_of(one, cluster)?.promotion_tier().unwrap_or(15), one.availability_zone()?)))
        .collect();
    others.sort_unstable();
    others.first().map(|(_, zone)| *zone)
}

/// The global database a cluster is a part of, and which part.
fn global_of<'a>(
    arn: &str,
    globals: &'a [GlobalCluster],
) -> Option<(&'a GlobalCluster, &'a aws_sdk_rds::types::GlobalClusterMember)> {
    globals.iter().find_map(|global| {
        let member = global.global_cluster_members().iter().find(|one| one.db_cluster_arn() == Some(arn))?;
        Some((global, member))
    })
}

fn role(
    instance: &DbInstance,
    cluster: Option<&DbCluster>,
    global: Option<(&GlobalCluster, &aws_sdk_rds::types::GlobalClusterMember)>,
    scope: &Scope,
) -> DatabaseRole {
    // Of a source in another region an ARN is told, of one beside it only the name.
    let follows = |source: &str, replication: Option<Text>| DatabaseRole::Replica {
        source: name_of_arn(source).into(),
        source_region: match region_of_arn(source) {
            "" => scope.region.clone(),
            region => region.into(),
        },
        replication,
    };
    let source =
        instance.read_replica_source_db_instance_identifier().or(instance.read_replica_source_db_cluster_identifier());
    if let Some(source) = source.filter(|source| !source.is_empty()) {
        return follows(source, replication(instance));
    }
    let Some(cluster) = cluster else { return DatabaseRole::Primary };
    // A cluster that follows another: none of its instances is written to, whatever its members are called.
    let synchronised = global.and_then(|(_, member)| member.synchronization_status());
    let synchronised = synchronised.map(|status| status.as_str().into());
    let leader = global.and_then(|(global, _)| {
        let leader = global.global_cluster_members().iter().find(|one| one.is_writer() == Some(true))?;
        leader.db_cluster_arn().filter(|arn| Some(*arn) != cluster.db_cluster_arn())
    });
    if let Some(source) = cluster.replication_source_identifier().filter(|source| !source.is_empty()).or(leader) {
        return follows(source, synchronised);
    }
    match member_of(instance, cluster).and_then(DbClusterMember::is_cluster_writer) {
        Some(false) => follows(writer_of(cluster).or(cluster.db_cluster_identifier()).unwrap_or(""), None),
        Some(true) | None => DatabaseRole::Primary,
    }
}

/// What a replica says of its replication, with the reason where it is broken.
fn replication(instance: &DbInstance) -> Option<Text> {
    let info = instance.status_infos().iter().find(|one| one.status_type() == Some("read replication"))?;
    let state = info.status()?;
    Some(match info.message().filter(|message| !message.is_empty()) {
        Some(message) if info.normal() != Some(true) => format!("{state}: {message}").into(),
        _ => state.into(),
    })
}

/// Regions with a copy of its automated backups.
fn copies(instance: &DbInstance) -> Vec<Text> {
    let mut regions: Vec<Text> = instance
        .db_instance_automated_backups_replications()
        .iter()
        .filter_map(|one| one.db_instance_automated_backups_arn())
        .map(|arn| region_of_arn(arn).into())
        .collect();
    regions.sort();
    regions
}

/// What waits to be done, with what it will be then. Of a password only that it changes.
fn changes(values: &PendingModifiedValues) -> Vec<Text> {
    let words = |label: &str, value: Option<&str>| value.map(|value| Text::new(&format!("{label} {value}")));
    let number = |label: &str, value: Option<i32>, unit: &str| {
        value.map(|value| Text::new(format!("{label} {value} {unit}").trim_end()))
    };
    let multi_az = values.multi_az().map(|on| Text::new(if on { "Multi-AZ" } else { "single-AZ" }));
    [
        words("class", values.db_instance_class()),
        words("engine", values.engine()),
        words("version", values.engine_version()),
        number("storage", values.allocated_storage(), "GiB"),
        words("storage type", values.storage_type()),
        number("IOPS", values.iops(), ""),
        number("throughput", values.storage_throughput(), "MB/s"),
        multi_az,
        number("backups kept", values.backup_retention_period(), "d"),
        number("port", values.port(), ""),
        words("name", values.db_instance_identifier()),
        words("subnet group", values.db_subnet_group_name()),
        words("certificate of", values.ca_certificate_identifier()),
        words("licence", values.license_model()),
        values.master_user_password().map(|_| "master password".into()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What happened to instances, clusters, snapshots, parameter groups and proxies within a day, newest first.
pub(super) async fn events(ask: &Ask<'_>) -> Result<List<DatabaseEvent>, CloudError> {
    let minutes = i32::try_from(EVENTS.as_mins()).unwrap_or(i32::MAX);
    let pages = ask.clients.rds.describe_events().duration(minutes).into_paginator().page_size(100).send();
    let pages = ask.pages("rds:DescribeEvents", pages).await?;
    Ok(List::new(told(pages.iter().flat_map(|page| page.events()).filter_map(event).collect())))
}

fn event(event: &Event) -> Option<DatabaseEvent> {
    Some(DatabaseEvent {
        id: Text::default(),
        at: time(event.date()?),
        source: text(event.source_identifier()),
        source_kind: text(event.source_type().map(|kind| kind.as_str())),
        categories: event.event_categories().iter().map(|category| Text::new(category)).collect(),
        message: text(event.message()),
    })
}

/// In order, and each with an id of its own, which RDS does not give: its source and time, and a number where one source
/// said several things at once.
fn told(mut all: Vec<DatabaseEvent>) -> Vec<DatabaseEvent> {
    let order = |a: &DatabaseEvent, b: &DatabaseEvent| {
        (&b.at, &a.source_kind, &a.source, &a.message).cmp(&(&a.at, &b.source_kind, &b.source, &b.message))
    };
    all.sort_by(order);
    all.dedup();
    let mut same = 0;
    let mut before: Option<(Text, Text, Timestamp)> = None;
    for event in &mut all {
        let key = Some((event.source_kind.clone(), event.source.clone(), event.at));
        same = if before == key { same + 1 } else { 1 };
        let number = if same > 1 { format!("#{same}") } else { String::new() };
        event.id = format!("{}/{}@{}{number}", event.source_kind, event.source, event.at).into();
        before = key;
    }
    all
}
