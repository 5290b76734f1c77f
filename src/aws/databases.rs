//! RDS, Aurora and what RDS lists beside them (`DocumentDB`, Neptune), and what happened to them.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_rds::types::{
    DbCluster, DbClusterMember, DbInstance, DbInstanceAutomatedBackup, Event, GlobalCluster, GlobalClusterMember,
    PendingMaintenanceAction, PendingModifiedValues, ResourcePendingMaintenanceActions, SourceType,
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

/// Snapshots and maintenance are read this seldom. One instance may have 35 automated snapshots and an account hundreds
/// taken by hand, RDS cannot be asked for the newest alone, and none of it changes within minutes.
const SELDOM: SignedDuration = SignedDuration::from_mins(15);

const GIB: u64 = 1 << 30;

pub(super) async fn databases(ask: &Ask<'_>) -> Result<List<Database>, CloudError> {
    let client = &ask.clients.rds;
    let pages = client.describe_db_instances().into_paginator().stop_on_duplicate_token(false).page_size(100).send();
    let pages = ask.pages("rds:DescribeDBInstances", pages).await?;
    let instances: Vec<&DbInstance> = pages.iter().flat_map(|page| page.db_instances.iter().flatten()).collect();
    if instances.is_empty() {
        return Ok(List::new(Vec::new()));
    }
    let pages = client.describe_db_clusters().into_paginator().stop_on_duplicate_token(false).page_size(100).send();
    let pages = ask.pages("rds:DescribeDBClusters", pages).await?;
    let clusters: Vec<&DbCluster> = pages.iter().flat_map(|page| page.db_clusters.iter().flatten()).collect();
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
    /// How far back each instance can be restored to, by its ARN.
    earliest: Arc<HashMap<String, Timestamp>>,
}

async fn beside(ask: &Ask<'_>, clusters: &[&DbCluster]) -> Result<Beside, CloudError> {
    let client = &ask.clients.rds;
    let is_of_many =
        |one: &&DbCluster| one.global_cluster_identifier().is_some() || one.replication_source_identifier().is_some();
    let globals = if clusters.iter().any(is_of_many) {
        let pages =
            client.describe_global_clusters().into_paginator().stop_on_duplicate_token(false).page_size(100).send();
        let pages = ask.pages("rds:DescribeGlobalClusters", pages).await;
        ask.or_gap(pages)?.unwrap_or_default()
    } else {
        Vec::new()
    };
    let maintenance = ask.seldom("maintenance", SELDOM, maintenance(ask)).await;
    let earliest = ask.seldom("automated backups", SELDOM, automated_backups(ask)).await;
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
        earliest: ask.or_gap(earliest)?.unwrap_or_default(),
    })
}

/// What AWS will do, by the ARN of the instance or cluster.
async fn maintenance(ask: &Ask<'_>) -> Result<HashMap<String, Vec<Text>>, CloudError> {
    let pages = ask
        .clients
        .rds
        .describe_pending_maintenance_actions()
        .into_paginator()
        .stop_on_duplicate_token(false)
        .page_size(100)
        .send();
    let pages = ask.pages("rds:DescribePendingMaintenanceActions", pages).await?;
    let of = |resource: &ResourcePendingMaintenanceActions| {
        let actions = resource.pending_maintenance_action_details().iter().map(action).collect();
        Some((resource.resource_identifier()?.to_owned(), actions))
    };
    Ok(pages.iter().flat_map(|page| page.pending_maintenance_actions.iter().flatten()).filter_map(of).collect())
}

/// `system-update by 2026-12-01: new operating system`.
fn action(action: &PendingMaintenanceAction) -> Text {
    let by = action.forced_apply_date().or(action.auto_applied_after_date()).or(action.current_apply_date());
    let by = by.map_or_else(String::new, |at| time(at).strftime(" by %Y-%m-%d").to_string());
    let why = action.description().filter(|why| !why.is_empty()).map_or_else(String::new, |why| format!(": {why}"));
    format!("{}{by}{why}", action.action().unwrap_or("maintenance")).into()
}

/// The beginning of each window that can be restored from. Those of deleted instances are beside the point.
async fn automated_backups(ask: &Ask<'_>) -> Result<HashMap<String, Timestamp>, CloudError> {
    let pages = ask.clients.rds.describe_db_instance_automated_backups();
    let pages = pages.into_paginator().stop_on_duplicate_token(false).page_size(100).send();
    let pages = ask.pages("rds:DescribeDBInstanceAutomatedBackups", pages).await?;
    let of = |one: &DbInstanceAutomatedBackup| {
        Some((one.db_instance_arn()?.to_owned(), time(one.restore_window()?.earliest_time()?)))
    };
    Ok(pages.iter().flat_map(|page| page.db_instance_automated_backups.iter().flatten()).filter_map(of).collect())
}

async fn snapshots(ask: &Ask<'_>) -> Result<HashMap<String, Timestamp>, CloudError> {
    let pages =
        ask.clients.rds.describe_db_snapshots().into_paginator().stop_on_duplicate_token(false).page_size(100).send();
    let pages = ask.pages("rds:DescribeDBSnapshots", pages).await?;
    Ok(newest(
        pages
            .iter()
            .flat_map(|page| page.db_snapshots.iter().flatten())
            .filter_map(|one| Some((one.db_instance_identifier()?, one.status()?, time(one.snapshot_create_time()?)))),
    ))
}

async fn cluster_snapshots(ask: &Ask<'_>) -> Result<HashMap<String, Timestamp>, CloudError> {
    let pages = ask
        .clients
        .rds
        .describe_db_cluster_snapshots()
        .into_paginator()
        .stop_on_duplicate_token(false)
        .page_size(100)
        .send();
    let pages = ask.pages("rds:DescribeDBClusterSnapshots", pages).await?;
    Ok(newest(
        pages
            .iter()
            .flat_map(|page| page.db_cluster_snapshots.iter().flatten())
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
    let engine = instance.engine().unwrap_or("");
    let grows_by_itself = ["aurora", "docdb", "neptune"].iter().any(|shared| engine.starts_with(shared));
    let maintenance = [instance.db_instance_arn(), arn_of_cluster]
        .into_iter()
        .flatten()
        .filter_map(|arn| beside.maintenance.get(arn))
        .flatten()
        .cloned();
    let snapshot_of_cluster =
        cluster.and_then(|one| one.db_cluster_identifier()).and_then(|id| beside.cluster_snapshots.get(id)).copied();
    // Automated backups of a cluster are the cluster's.
    let retention = cluster.map_or(instance.backup_retention_period(), DbCluster::backup_retention_period);
    let restorable = cluster.map_or(instance.latest_restorable_time(), |one| one.latest_restorable_time());
    Database {
        id: id.into(),
        arn: text(instance.db_instance_arn()),
        environment: environment(&tags, scope),
        engine: format!("{engine} {}", instance.engine_version().unwrap_or("")).trim().into(),
        class: text(instance.db_instance_class()),
        status: status(instance, cluster),
        endpoint: instance
            .endpoint()
            .and_then(|endpoint| Some(format!("{}:{}", endpoint.address()?, endpoint.port()?).into())),
        cluster: instance.db_cluster_identifier().map(Text::new),
        cluster_arn: arn_of_cluster.map(Text::new),
        promotion_tier: cluster
            .and_then(|one| member_of(instance, one))
            .and_then(DbClusterMember::promotion_tier)
            .and_then(|tier| u32::try_from(tier).ok()),
        global_cluster: cluster
            .and_then(|one| one.global_cluster_identifier())
            .or(global.and_then(|(global, _)| global.global_cluster_identifier()))
            .map(Text::new),
        global_move: global
            .and_then(|(global, _)| global.failover_state())
            .and_then(|state| state.status())
            .map(|status| status.as_str().into()),
        zone: text(instance.availability_zone()),
        multi_az: match (instance.multi_az(), cluster.and_then(DbCluster::multi_az)) {
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
        replicas: replicas(instance, cluster),
        encrypted: instance.storage_encrypted(),
        kms_key: instance.kms_key_id().map(|arn| name_of_arn(arn).into()),
        backup_retention_days: retention.map(|days| count(Some(days))),
        backups_copied_to: copies(instance),
        earliest_restorable: match cluster {
            Some(cluster) => cluster.earliest_restorable_time().map(time),
            None => instance.db_instance_arn().and_then(|arn| beside.earliest.get(arn)).copied(),
        },
        latest_restorable: restorable.map(time),
        last_snapshot: beside.snapshots.get(id).copied().max(snapshot_of_cluster),
        pending_maintenance: maintenance.collect(),
        pending_changes: instance.pending_modified_values().map_or_else(Vec::new, changes),
        certificate_until: instance.certificate_details().and_then(|one| one.valid_till()).map(time),
        schedule: schedule(&tags),
        tags,
        cluster_tags: cluster
            .map_or_else(Vec::new, |one| self::tags(one.tag_list().iter().map(|tag| (tag.key(), tag.value())))),
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

/// What follows it, and what follows its cluster.
fn replicas(instance: &DbInstance, cluster: Option<&DbCluster>) -> Vec<Text> {
    let own = instance.read_replica_db_instance_identifiers().iter();
    let own = own.chain(instance.read_replica_db_cluster_identifiers());
    let mut all: Vec<Text> =
        own.chain(cluster.into_iter().flat_map(DbCluster::read_replica_identifiers)).map(|id| Text::new(id)).collect();
    all.sort();
    all
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
fn global_of<'a>(arn: &str, globals: &'a [GlobalCluster]) -> Option<(&'a GlobalCluster, &'a GlobalClusterMember)> {
    globals.iter().find_map(|global| {
        let member = global.global_cluster_members().iter().find(|one| one.db_cluster_arn() == Some(arn))?;
        Some((global, member))
    })
}

fn role(
    instance: &DbInstance,
    cluster: Option<&DbCluster>,
    global: Option<(&GlobalCluster, &GlobalClusterMember)>,
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
    let pages = ask
        .clients
        .rds
        .describe_events()
        .duration(minutes)
        .into_paginator()
        .stop_on_duplicate_token(false)
        .page_size(100)
        .send();
    let pages = ask.pages("rds:DescribeEvents", pages).await?;
    Ok(List::new(told(pages.iter().flat_map(|page| page.events.iter().flatten()).filter_map(event).collect())))
}

fn event(event: &Event) -> Option<DatabaseEvent> {
    Some(DatabaseEvent {
        id: Text::default(),
        at: time(event.date()?),
        source: text(event.source_identifier()),
        source_kind: text(event.source_type().map(SourceType::as_str)),
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

#[cfg(test)]
mod tests {
    use aws_sdk_rds::types::{DbInstanceStatusInfo, Endpoint, GlobalClusterMemberSynchronizationStatus};
    use aws_smithy_types::DateTime;

    use super::*;
    use crate::domain::scope::Environment;

    const AT: i64 = 1_773_000_000;

    fn scope() -> Scope {
        Scope { account: "".into(), alias: "".into(), region: "eu-west-1".into(), environment: Environment::Prod }
    }

    fn instance(id: &str, zone: &str) -> DbInstance {
        let builder = DbInstance::builder().db_instance_identifier(id).availability_zone(zone).multi_az(false);
        builder.db_instance_status("available").engine("aurora-mysql").db_cluster_identifier("orders").build()
    }

    fn cluster(writer: &str, readers: &[&str]) -> DbCluster {
        let member = |id: &str, is_writer| {
            DbClusterMember::builder().db_instance_identifier(id).is_cluster_writer(is_writer).promotion_tier(1).build()
        };
        DbCluster::builder()
            .db_cluster_identifier("orders")
            .db_cluster_arn("arn:aws:rds:eu-west-1:123456789012:cluster:orders")
            .status("available")
            .multi_az(true)
            .backup_retention_period(7)
            .latest_restorable_time(DateTime::from_secs(AT))
            .set_db_cluster_members(Some(
                [member(writer, true)].into_iter().chain(readers.iter().map(|id| member(id, false))).collect(),
            ))
            .build()
    }

    fn alone(instance: &DbInstance) -> Database {
        database(instance, &[instance], &[], &Beside::default(), &scope())
    }

    #[test]
    fn an_instance_of_which_nothing_is_told_is_still_one() {
        let one = alone(&DbInstance::builder().db_instance_identifier("orders").build());
        assert_eq!((one.allocated_bytes, one.multi_az, one.encrypted), (None, None, None));
        assert_eq!((one.backup_retention_days, one.latest_restorable), (None, None));
        assert!(one.is_primary() && !one.is_available());
    }

    #[test]
    fn in_aurora_the_cluster_knows_what_the_instance_does_not() {
        let (writer, reader) = (instance("one", "eu-west-1a"), instance("two", "eu-west-1b"));
        let cluster = cluster("one", &["two"]);
        let of = |one: &DbInstance| database(one, &[&writer, &reader], &[&cluster], &Beside::default(), &scope());
        let (writer, reader) = (of(&writer), of(&reader));
        assert_eq!((writer.role.clone(), writer.multi_az), (DatabaseRole::Primary, Some(true)));
        assert_eq!(writer.secondary_zone, Some("eu-west-1b".into()));
        assert_eq!((writer.allocated_bytes, writer.backup_retention_days), (None, Some(7)));
        assert_eq!(writer.latest_restorable.map(Timestamp::as_second), Some(AT));
        assert!(reader.follows(&writer, &"eu-west-1".into()) && !reader.follows(&writer, &"us-east-1".into()));
        assert_eq!(reader.broken_replication(), None);
    }

    #[test]
    fn a_cluster_in_trouble_is_not_hidden_by_its_instances() {
        let one = instance("one", "eu-west-1a");
        let mut cluster = cluster("one", &[]);
        cluster.status = Some("inaccessible-encryption-credentials".into());
        let shown = database(&one, &[&one], &[&cluster], &Beside::default(), &scope());
        assert_eq!(shown.status, "inaccessible-encryption-credentials");
        cluster.status = Some("backing-up".into());
        assert_eq!(database(&one, &[&one], &[&cluster], &Beside::default(), &scope()).status, "available");
    }

    #[test]
    fn the_second_region_of_a_global_database_follows_the_first() {
        let one = instance("one", "eu-west-1a");
        let cluster = cluster("one", &[]);
        let member = |region: &str, is_writer| {
            GlobalClusterMember::builder()
                .db_cluster_arn(format!("arn:aws:rds:{region}:123456789012:cluster:orders"))
                .is_writer(is_writer)
                .synchronization_status(GlobalClusterMemberSynchronizationStatus::PendingResync)
                .build()
        };
        let global = |writer: &str| {
            let globals = vec![
                GlobalCluster::builder()
                    .global_cluster_identifier("world")
                    .global_cluster_members(member("eu-west-1", writer == "eu-west-1"))
                    .global_cluster_members(member("us-east-1", writer == "us-east-1"))
                    .build(),
            ];
            let beside = Beside { globals, ..Beside::default() };
            database(&one, &[&one], &[&cluster], &beside, &scope())
        };
        let second = global("us-east-1");
        assert_eq!(second.global_cluster, Some("world".into()));
        assert!(
            matches!(&second.role, DatabaseRole::Replica { source_region, .. } if source_region == "us-east-1"),
            "{:?}",
            second.role
        );
        assert_eq!(second.broken_replication().map(|(_, state)| state.as_str()), Some("pending-resync"));
        assert!(global("eu-west-1").is_primary());
        assert!(global("nobody says who writes").is_primary());
    }

    #[test]
    fn a_replica_names_its_source_and_what_ails_it() {
        let source = "arn:aws:rds:us-east-1:123456789012:db:orders";
        let info = DbInstanceStatusInfo::builder().status_type("read replication").normal(false);
        let info = info.status("error").message("Duplicate entry").build();
        let builder = DbInstance::builder().db_instance_identifier("copy").status_infos(info);
        let one = alone(&builder.read_replica_source_db_instance_identifier(source).build());
        let role = DatabaseRole::Replica {
            source: "orders".into(),
            source_region: "us-east-1".into(),
            replication: Some("error: Duplicate entry".into()),
        };
        assert_eq!(one.role, role);
        assert!(one.broken_replication().is_some());
        let one = DbInstance::builder().read_replica_source_db_instance_identifier("orders").build();
        let own =
            DatabaseRole::Replica { source: "orders".into(), source_region: "eu-west-1".into(), replication: None };
        assert_eq!(alone(&one).role, own);
    }

    #[test]
    fn storage_and_what_waits_are_in_words_of_people() {
        let waiting = PendingModifiedValues::builder().db_instance_class("db.r6g.large").master_user_password("****");
        let one = DbInstance::builder()
            .db_instance_identifier("orders")
            .allocated_storage(100)
            .max_allocated_storage(100)
            .endpoint(Endpoint::builder().address("orders.x.rds.amazonaws.com").port(5432).build())
            .pending_modified_values(waiting.build())
            .build();
        let one = alone(&one);
        assert_eq!((one.allocated_bytes, one.max_allocated_bytes), (Some(100 << 30), None));
        assert_eq!(one.endpoint, Some("orders.x.rds.amazonaws.com:5432".into()));
        assert_eq!(one.pending_changes, ["class db.r6g.large", "master password"]);
        let due = PendingMaintenanceAction::builder().action("system-update").description("new operating system");
        let due = due.forced_apply_date(DateTime::from_secs(AT)).build();
        assert_eq!(action(&due), "system-update by 2026-03-08: new operating system");
    }

    #[test]
    fn only_finished_snapshots_count_and_only_the_newest() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let all =
            [("a", "available", at(5)), ("a", "creating", at(9)), ("a", "available", at(7)), ("b", "failed", at(1))];
        assert_eq!(newest(all.into_iter()), HashMap::from([("a".to_owned(), at(7))]));
    }

    #[test]
    fn events_of_one_moment_are_told_apart_and_repeated_ones_are_one() {
        let of = |message: &str, at| {
            let builder = Event::builder().source_identifier("orders").source_type(SourceType::DbInstance);
            event(&builder.message(message).date(DateTime::from_secs(at)).build()).unwrap()
        };
        let all = told(vec![of("older", AT - 9), of("two", AT), of("one", AT), of("one", AT)]);
        let ids: Vec<&str> = all.iter().map(|event| event.id.as_str()).collect();
        let now = "db-instance/orders@2026-03-08T20:00:00Z";
        assert_eq!(ids, [now, &format!("{now}#2"), "db-instance/orders@2026-03-08T19:59:51Z"]);
        assert_eq!(event(&Event::builder().build()), None);
    }
}
