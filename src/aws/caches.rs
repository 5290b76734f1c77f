//! `ElastiCache`: replication groups, clusters that stand alone, serverless caches.

use std::collections::{HashMap, HashSet};

use aws_sdk_elasticache::types::{
    AutomaticFailoverStatus, CacheCluster, Endpoint, Event, MultiAzStatus, NodeGroup, NodeGroupMember,
    ReplicationGroup, ServerlessCache, SourceType,
};

use jiff::SignedDuration;

use super::ask::Ask;
use super::convert::{environment_of_name, text, time};
use crate::domain::cache::{CacheEvent, CacheGroup, CacheNode, SERVERLESS};
use crate::domain::list::List;
use crate::domain::scope::Scope;
use crate::domain::text::Text;
use crate::world::port::CloudError;

pub(super) async fn caches(ask: &Ask<'_>) -> Result<List<CacheGroup>, CloudError> {
    let client = &ask.clients.elasticache;
    let groups =
        client.describe_replication_groups().into_paginator().stop_on_duplicate_token(false).page_size(100).send();
    let groups = ask.pages("elasticache:DescribeReplicationGroups", groups).await?;
    // Members of groups and clusters of their own; only these tell engines, zones and the state of each node.
    let clusters = client
        .describe_cache_clusters()
        .show_cache_node_info(true)
        .into_paginator()
        .stop_on_duplicate_token(false)
        .page_size(100)
        .send();
    let clusters = ask.pages("elasticache:DescribeCacheClusters", clusters).await?;
    let serverless =
        client.describe_serverless_caches().into_paginator().stop_on_duplicate_token(false).page_size(100).send();
    let serverless = ask.pages("elasticache:DescribeServerlessCaches", serverless).await;
    let serverless = ask.or_gap(serverless)?.unwrap_or_default();

    let clusters: Vec<&CacheCluster> = clusters.iter().flat_map(|page| page.cache_clusters.iter().flatten()).collect();
    let scope = ask.scope();
    let mut all: Vec<CacheGroup> = {
        let members: HashMap<&str, &CacheCluster> =
            clusters.iter().filter_map(|one| Some((one.cache_cluster_id()?, *one))).collect();
        groups
            .iter()
            .flat_map(|page| page.replication_groups.iter().flatten())
            .map(|one| group(one, &members, scope))
            .collect()
    };
    all.extend(clusters.iter().filter(|one| one.replication_group_id().is_none()).map(|one| alone(one, scope)));
    all.extend(
        serverless.iter().flat_map(|page| page.serverless_caches.iter().flatten()).map(|one| without_nodes(one, scope)),
    );
    Ok(List::new(named_apart(all)))
}

/// ElastiCache keeps them for a fortnight; a day is looked back at.
const EVENTS: SignedDuration = SignedDuration::from_hours(24);

pub(super) async fn events(ask: &Ask<'_>) -> Result<List<CacheEvent>, CloudError> {
    let minutes = i32::try_from(EVENTS.as_mins()).unwrap_or(i32::MAX);
    let pages = ask.clients.elasticache.describe_events().duration(minutes);
    let pages = pages.into_paginator().stop_on_duplicate_token(false).page_size(100).send();
    let pages = ask.pages("elasticache:DescribeEvents", pages).await?;
    let mut all: Vec<CacheEvent> =
        pages.iter().flat_map(|page| page.events.iter().flatten()).filter_map(event).collect();
    all.sort_by(|a, b| (b.at, &a.id).cmp(&(a.at, &b.id)));
    all.dedup_by(|a, b| a.id == b.id);
    Ok(List::new(all))
}

/// With an id of all it says, since `ElastiCache` gives none.
fn event(it: &Event) -> Option<CacheEvent> {
    let (at, source, kind) =
        (time(it.date()?), text(it.source_identifier()), text(it.source_type().map(SourceType::as_str)));
    let message = text(it.message());
    Some(CacheEvent { id: format!("{kind}/{source}@{at} {message}").into(), at, source, source_kind: kind, message })
}

/// The three kinds have names of their own, so that one may be called as another is: rows of one name would be one row.
fn named_apart(mut all: Vec<CacheGroup>) -> Vec<CacheGroup> {
    let mut taken: HashSet<Text> = HashSet::new();
    for cache in &mut all {
        while !taken.insert(cache.id.clone()) {
            cache.id = format!("{} ({})", cache.id, cache.node_kind).into();
        }
    }
    all.sort_by(|a, b| a.id.cmp(&b.id));
    all
}

fn group(group: &ReplicationGroup, members: &HashMap<&str, &CacheCluster>, scope: &Scope) -> CacheGroup {
    let id = group.replication_group_id().unwrap_or("");
    let any = group.member_clusters().iter().find_map(|id| members.get(id.as_str()));
    let is_divided = group.node_groups().len() > 1;
    let nodes = group
        .node_groups()
        .iter()
        .flat_map(|shard| shard.node_group_members().iter().map(move |one| (shard, one)))
        .map(|(shard, one)| member(one, shard, is_divided, members))
        .collect();
    let primary = group.node_groups().iter().find_map(NodeGroup::primary_endpoint);
    CacheGroup {
        id: id.into(),
        environment: environment_of_name(id, scope),
        engine: engine(any.and_then(|one| one.engine()).or(group.engine()), any.and_then(|one| one.engine_version())),
        node_kind: text(group.cache_node_type().or(any.and_then(|one| one.cache_node_type()))),
        status: text(group.status()),
        endpoint: address(group.configuration_endpoint().or(primary)),
        automatic_failover: group.automatic_failover().map(|status| *status == AutomaticFailoverStatus::Enabled),
        multi_az: group.multi_az().map(|status| *status == MultiAzStatus::Enabled),
        encrypted_at_rest: group.at_rest_encryption_enabled(),
        encrypted_in_transit: group.transit_encryption_enabled(),
        nodes,
    }
}

fn member(
    member: &NodeGroupMember,
    shard: &NodeGroup,
    is_divided: bool,
    members: &HashMap<&str, &CacheCluster>,
) -> CacheNode {
    let id = member.cache_cluster_id().unwrap_or("");
    let cluster = members.get(id);
    let node = cluster.and_then(|one| one.cache_nodes().first());
    let status = node.and_then(|one| one.cache_node_status());
    CacheNode {
        id: id.into(),
        cluster: id.into(),
        shard: shard.node_group_id().filter(|_| is_divided).map(Text::new),
        node_group: shard.node_group_id().map(Text::new),
        zone: text(member.preferred_availability_zone()),
        // A node that is only being made is in the list before it is a cluster.
        status: text(status.or(cluster.and_then(|one| one.cache_cluster_status())).or(shard.status())),
        // Told of one shard only: with cluster mode on, primaries move without the API saying where.
        is_primary: member.current_role().map(|role| role == "primary"),
    }
}

/// A cluster of no group: Memcached, or a single Redis.
fn alone(cluster: &CacheCluster, scope: &Scope) -> CacheGroup {
    let id = cluster.cache_cluster_id().unwrap_or("");
    let is_memcached = cluster.engine() == Some("memcached");
    let has_many = cluster.cache_nodes().len() > 1;
    let nodes = cluster
        .cache_nodes()
        .iter()
        .map(|node| CacheNode {
            id: match node.cache_node_id() {
                Some(number) if has_many => format!("{id}/{number}").into(),
                _ => id.into(),
            },
            cluster: id.into(),
            shard: None,
            node_group: None,
            zone: text(node.customer_availability_zone().or(cluster.preferred_availability_zone())),
            status: text(node.cache_node_status().or(cluster.cache_cluster_status())),
            is_primary: (!is_memcached).then_some(true),
        })
        .collect();
    let first = cluster.cache_nodes().iter().find_map(|node| node.endpoint());
    CacheGroup {
        id: id.into(),
        environment: environment_of_name(id, scope),
        engine: engine(cluster.engine(), cluster.engine_version()),
        node_kind: text(cluster.cache_node_type()),
        status: text(cluster.cache_cluster_status()),
        endpoint: address(cluster.configuration_endpoint().or(first)),
        automatic_failover: None,
        multi_az: None,
        encrypted_at_rest: cluster.at_rest_encryption_enabled(),
        encrypted_in_transit: cluster.transit_encryption_enabled(),
        nodes,
    }
}

fn without_nodes(cache: &ServerlessCache, scope: &Scope) -> CacheGroup {
    let id = cache.serverless_cache_name().unwrap_or("");
    CacheGroup {
        id: id.into(),
        environment: environment_of_name(id, scope),
        engine: engine(cache.engine(), cache.full_engine_version().or(cache.major_engine_version())),
        node_kind: SERVERLESS.into(),
        status: text(cache.status()),
        endpoint: address(cache.endpoint()),
        automatic_failover: None,
        multi_az: None,
        // Always. <https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/encryption.html>
        encrypted_at_rest: Some(true),
        encrypted_in_transit: Some(true),
        nodes: Vec::new(),
    }
}

fn engine(engine: Option<&str>, version: Option<&str>) -> Text {
    format!("{} {}", engine.unwrap_or(""), version.unwrap_or("")).trim().into()
}

fn address(endpoint: Option<&Endpoint>) -> Option<Text> {
    let endpoint = endpoint?;
    Some(format!("{}:{}", endpoint.address()?, endpoint.port()?).into())
}

#[cfg(test)]
mod tests {
    use aws_sdk_elasticache::types::CacheNode as SdkNode;

    use super::*;
    use crate::domain::scope::Environment;

    fn scope() -> Scope {
        Scope { account: "".into(), alias: "".into(), region: "eu-west-1".into(), environment: Environment::Prod }
    }

    fn node(number: &str, zone: &str) -> SdkNode {
        SdkNode::builder().cache_node_id(number).cache_node_status("available").customer_availability_zone(zone).build()
    }

    fn cluster(id: &str) -> CacheCluster {
        CacheCluster::builder()
            .cache_cluster_id(id)
            .engine("redis")
            .engine_version("7.1.0")
            .cache_cluster_status("snapshotting")
            .cache_nodes(node("0001", "eu-west-1a"))
            .build()
    }

    fn shard(name: &str, members: &[(&str, Option<&str>)]) -> NodeGroup {
        let members = members
            .iter()
            .map(|(id, role)| {
                NodeGroupMember::builder()
                    .cache_cluster_id(*id)
                    .preferred_availability_zone("eu-west-1a")
                    .set_current_role(role.map(str::to_owned))
                    .build()
            })
            .collect();
        NodeGroup::builder().node_group_id(name).status("creating").set_node_group_members(Some(members)).build()
    }

    #[test]
    fn a_group_has_the_nodes_of_its_clusters() {
        let known = [cluster("sessions-001"), cluster("sessions-002")];
        let members = known.iter().map(|one| (one.cache_cluster_id().unwrap(), one)).collect();
        let nodes = [("sessions-001", Some("primary")), ("sessions-002", Some("replica")), ("sessions-003", None)];
        let one = ReplicationGroup::builder()
            .replication_group_id("sessions")
            .member_clusters("sessions-001")
            .automatic_failover(AutomaticFailoverStatus::Disabling)
            .node_groups(shard("0001", &nodes))
            .build();
        let one = group(&one, &members, &scope());
        assert_eq!((one.engine.as_str(), one.automatic_failover), ("redis 7.1.0", Some(false)));
        let roles: Vec<_> = one.nodes.iter().map(|node| (node.is_primary, node.status.as_str())).collect();
        assert_eq!(roles, [(Some(true), "available"), (Some(false), "available"), (None, "creating")]);
        assert!(one.nodes.iter().all(|node| node.shard.is_none() && node.cluster == node.id));
        // Not told: neither open nor sealed.
        assert_eq!(one.encrypted_at_rest, None);
    }

    #[test]
    fn nodes_of_memcached_are_measured_as_one_cluster() {
        let one = CacheCluster::builder()
            .cache_cluster_id("pages-dev")
            .engine("memcached")
            .cache_nodes(node("0001", "eu-west-1a"))
            .cache_nodes(node("0002", "eu-west-1b"))
            .build();
        let one = alone(&one, &scope());
        let nodes: Vec<_> = one.nodes.iter().map(|node| (node.id.as_str(), node.cluster.as_str())).collect();
        assert_eq!(nodes, [("pages-dev/0001", "pages-dev"), ("pages-dev/0002", "pages-dev")]);
        assert!(!one.measures_memory() && one.followers().next().is_none() && one.only_zone().is_none());
        assert_eq!(one.environment, Environment::Dev);
    }

    #[test]
    fn two_of_one_name_stay_two() {
        let one = || without_nodes(&ServerlessCache::builder().serverless_cache_name("sessions").build(), &scope());
        let all = named_apart(vec![one(), one(), one()]);
        let names: Vec<&str> = all.iter().map(|cache| cache.id.as_str()).collect();
        assert_eq!(names, ["sessions", "sessions (serverless)", "sessions (serverless) (serverless)"]);
        assert!(group(&ReplicationGroup::builder().build(), &HashMap::new(), &scope()).nodes.is_empty());
    }
}
