//! A metric as `GetMetricData` wants to be asked: with all its dimensions, and as a formula where AWS keeps it in parts.

use std::sync::Arc;

use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataOutput;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat, ScanBy};
use jiff::Timestamp;

use super::ask::Ask;
use super::convert::sdk_time;
use super::place::Place;
use crate::domain::cache::CacheGroup;
use crate::domain::database::{Database, DatabaseRole};
use crate::domain::graph::MetricId;
use crate::domain::text::Text;
use crate::world::feed::{Feed, Payload};
use crate::world::port::CloudError;

/// What `GetMetricData` costs at list price, in millionths of a dollar a metric: 0.01 USD for a thousand.
/// <https://aws.amazon.com/cloudwatch/pricing/>
pub(super) const MICRO_USD_PER_METRIC: u32 = 10;

/// Nodes a cache is measured by at most, so that it fits into one call; a cluster may have five hundred.
const MOST_NODES: usize = 200;

/// One metric under an id, with whatever it is made of before it. How many metrics that is, is what is paid for.
pub(super) fn of(
    id: &str,
    metric: &MetricId,
    period: i32,
    is_returned: bool,
    place: &Place,
) -> (Vec<MetricDataQuery>, u32) {
    if metric.stat == "Math" && metric.metric == "5XX_Percent" {
        return failed_percent(id, metric, period, is_returned);
    }
    let resource = |namespace: &str, dimension: &str| {
        let (_, value) = metric.dimensions.iter().find(|(name, _)| name == dimension)?;
        (metric.namespace == namespace).then_some(value)
    };
    if let Some(cache) = resource("AWS/ElastiCache", "ReplicationGroupId").and_then(|group| cache_of(group, place)) {
        return of_cache(id, metric, &cache, period, is_returned);
    }
    if let Some(database) = resource("AWS/RDS", "DBInstanceIdentifier").and_then(|one| database_of(one, place)) {
        return of_database(id, metric, &database, &place.scope.region, period, is_returned);
    }
    (vec![plain(id, &completed(metric, place), period, is_returned)], 1)
}

pub(super) fn plain(id: &str, metric: &MetricId, period: i32, is_returned: bool) -> MetricDataQuery {
    let dimensions = metric
        .dimensions
        .iter()
        .map(|(name, value)| Dimension::builder().name(name.as_str()).value(value.as_str()).build())
        .collect();
    let what = Metric::builder()
        .namespace(metric.namespace.as_str())
        .metric_name(metric.metric.as_str())
        .set_dimensions(Some(dimensions))
        .build();
    let stat = MetricStat::builder().metric(what).period(period).stat(metric.stat.as_str()).build();
    MetricDataQuery::builder().id(id).metric_stat(stat).return_data(is_returned).build()
}

/// Puts queries for a time, and brings all pages of the answer.
pub(super) async fn put(
    ask: &Ask<'_>,
    queries: Vec<MetricDataQuery>,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<GetMetricDataOutput>, CloudError> {
    let pages = ask
        .clients
        .cloudwatch
        .get_metric_data()
        .set_metric_data_queries(Some(queries))
        .start_time(sdk_time(from))
        .end_time(sdk_time(until))
        .scan_by(ScanBy::TimestampAscending)
        .into_paginator()
        .stop_on_duplicate_token(false)
        .send();
    ask.pages("cloudwatch:GetMetricData", pages).await
}

pub(super) fn expression(id: &str, text: &str, period: i32, is_returned: bool) -> MetricDataQuery {
    MetricDataQuery::builder().id(id).expression(text).period(period).return_data(is_returned).build()
}

/// Failed requests in percent of all: those the targets failed and those the balancer failed for want of one. A minute
/// without requests has no share, and one without failures has no datapoint of them. Requests count only once a target was
/// chosen for them (<https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html>):
/// with no target left there are none, and all that came have failed.
fn failed_percent(id: &str, metric: &MetricId, period: i32, is_returned: bool) -> (Vec<MetricDataQuery>, u32) {
    let part = |suffix: &str, name: &str| {
        let part = MetricId { metric: name.into(), stat: "Sum".into(), ..metric.clone() };
        plain(&format!("{id}_{suffix}"), &part, period, false)
    };
    let failed = format!("(FILL({id}_t, 0) + FILL({id}_e, 0))");
    let all = format!("IF(FILL({id}_r, 0) > {failed}, FILL({id}_r, 0), {failed})");
    let formula = format!("IF(FILL({id}_r, 0) + {failed} > 0, 100 * {failed} / {all})");
    let queries = vec![
        part("r", "RequestCount"),
        part("t", "HTTPCode_Target_5XX_Count"),
        part("e", "HTTPCode_ELB_5XX_Count"),
        expression(id, &formula, period, is_returned),
    ];
    (queries, 3)
}

/// `ElastiCache` measures nodes, by the cluster each is; a group is their mean, largest or sum, as the statistic says.
fn of_cache(
    id: &str,
    metric: &MetricId,
    cache: &CacheGroup,
    period: i32,
    is_returned: bool,
) -> (Vec<MetricDataQuery>, u32) {
    let part = |id: &str, name: &str, stat: &str, dimension: &str, value: &Text| {
        let dimensions = vec![(dimension.into(), value.clone())];
        let part = MetricId { metric: name.into(), stat: stat.into(), dimensions, ..metric.clone() };
        plain(id, &part, period, false)
    };
    let (name, stat) = (metric.metric.as_str(), metric.stat.as_str());
    if cache.is_serverless() {
        let whole = MetricId { dimensions: vec![("clusterId".into(), cache.id.clone())], ..metric.clone() };
        return (vec![plain(id, &whole, period, is_returned)], 1);
    }
    let mut clusters: Vec<&Text> = cache.nodes.iter().map(|node| &node.cluster).collect();
    clusters.dedup();
    clusters.truncate(MOST_NODES);
    if clusters.is_empty() {
        // A cluster of no group goes by its own name.
        clusters.push(&cache.id);
    }
    if let ([cluster], true) = (clusters.as_slice(), cache.is_memcached() && name == "CacheHitRate") {
        // Memcached has only the two halves of it.
        let queries = vec![
            part(&format!("{id}_h"), "GetHits", "Sum", "CacheClusterId", cluster),
            part(&format!("{id}_m"), "GetMisses", "Sum", "CacheClusterId", cluster),
            expression(id, &format!("IF({id}_h + {id}_m > 0, 100 * {id}_h / ({id}_h + {id}_m))"), period, is_returned),
        ];
        return (queries, 2);
    }
    let ids: Vec<String> = (0..clusters.len()).map(|node| format!("{id}_n{node}")).collect();
    let mut queries: Vec<MetricDataQuery> =
        clusters.iter().zip(&ids).map(|(cluster, id)| part(id, name, stat, "CacheClusterId", cluster)).collect();
    let over = match stat {
        "Sum" => "SUM",
        "Maximum" => "MAX",
        "Minimum" => "MIN",
        _ => "AVG",
    };
    queries.push(expression(id, &format!("{over}([{}])", ids.join(", ")), period, is_returned));
    (queries, clusters.len() as u32)
}

/// RDS lists what other services measure, and Aurora measures under names of its own.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.AuroraMonitoring.Metrics.html>
fn of_database(
    id: &str,
    metric: &MetricId,
    database: &Database,
    region: &Text,
    period: i32,
    is_returned: bool,
) -> (Vec<MetricDataQuery>, u32) {
    let engine = database.engine.as_str();
    let namespace = match engine {
        _ if engine.starts_with("docdb") => "AWS/DocDB",
        _ if engine.starts_with("neptune") => "AWS/Neptune",
        _ => "AWS/RDS",
    };
    let mut asked = MetricId { namespace: namespace.into(), ..metric.clone() };
    let is_remote = matches!(&database.role, DatabaseRole::Replica { source_region, .. } if source_region != region);
    let (lag, dimension, is_in_milliseconds) = match (engine, &database.cluster, &database.global_cluster) {
        _ if metric.metric != "ReplicaLag" => return (vec![plain(id, &asked, period, is_returned)], 1),
        // Of the cluster as a whole, by its storage.
        (_, Some(cluster), Some(_)) if is_remote && engine.starts_with("aurora") => {
            ("AuroraGlobalDBReplicationLag", Some(("DBClusterIdentifier", cluster)), true)
        }
        _ if is_remote && engine.starts_with("aurora") => ("AuroraBinlogReplicaLag", None, false),
        _ if engine.starts_with("aurora") => ("AuroraReplicaLag", None, true),
        _ if engine.starts_with("docdb") => ("DBInstanceReplicaLag", None, true),
        _ if engine.starts_with("neptune") => ("ClusterReplicaLag", None, true),
        _ => ("ReplicaLag", None, false),
    };
    asked.metric = lag.into();
    if let Some((name, value)) = dimension {
        asked.dimensions = vec![(name.into(), value.clone())];
    }
    if !is_in_milliseconds {
        return (vec![plain(id, &asked, period, is_returned)], 1);
    }
    let whole = format!("{id}_ms");
    let queries =
        vec![plain(&whole, &asked, period, false), expression(id, &format!("{whole} / 1000"), period, is_returned)];
    (queries, 1)
}

/// With the dimension that says where it is, for the services that will not answer without.
fn completed(metric: &MetricId, place: &Place) -> MetricId {
    let has = |name: &str| metric.dimensions.iter().any(|(known, _)| known == name);
    let value = |name: &str| metric.dimensions.iter().find(|(known, _)| known == name).map(|(_, value)| value);
    let more: Option<(&str, Text)> = match metric.namespace.as_str() {
        "AWS/ECS" | "ECS/ContainerInsights" if !has("ClusterName") => {
            value("ServiceName").and_then(|service| cluster_of(service, place)).map(|name| ("ClusterName", name))
        }
        "AWS/ApplicationELB" if has("TargetGroup") && !has("LoadBalancer") => {
            value("TargetGroup").and_then(|group| balancer_of(group, place)).map(|name| ("LoadBalancer", name))
        }
        _ => None,
    };
    let mut full = metric.clone();
    if let Some((name, value)) = more {
        full.dimensions.insert(0, (name.into(), value));
    }
    if metric.namespace == "AWS/ApplicationELB" {
        // The board calls a target group by its name, CloudWatch by the end of its ARN.
        for (name, value) in &mut full.dimensions {
            if name == "TargetGroup"
                && let Some(dimension) = dimension_of_group(value, place)
            {
                *value = dimension;
            }
        }
    }
    full
}

fn cluster_of(service: &Text, place: &Place) -> Option<Text> {
    let Some(Payload::Clusters(clusters)) = place.seen(Feed::Clusters) else { return None };
    let mut found = clusters.iter().filter(|cluster| cluster.services.iter().any(|one| one.name == *service));
    // Two clusters may each have a service of the same name, and the numbers of the one are not those of the other.
    let only = found.next()?;
    found.next().is_none().then(|| only.name.clone())
}

fn balancer_of(group: &Text, place: &Place) -> Option<Text> {
    let Some(Payload::Balancers(balancers)) = place.seen(Feed::Balancers) else { return None };
    let has = |one: &crate::domain::balancer::TargetGroup| one.name == *group || one.dimension == *group;
    balancers.iter().find(|lb| lb.target_groups.iter().any(has)).map(|lb| lb.dimension.clone())
}

fn dimension_of_group(group: &Text, place: &Place) -> Option<Text> {
    let Some(Payload::Balancers(balancers)) = place.seen(Feed::Balancers) else { return None };
    let found = balancers.iter().flat_map(|lb| &lb.target_groups).find(|one| one.name == *group);
    found.map(|one| one.dimension.clone())
}

fn cache_of(id: &Text, place: &Place) -> Option<Arc<CacheGroup>> {
    let Some(Payload::Caches(caches)) = place.seen(Feed::Caches) else { return None };
    caches.iter().find(|cache| cache.id == *id).cloned()
}

fn database_of(id: &Text, place: &Place) -> Option<Arc<Database>> {
    let Some(Payload::Databases(databases)) = place.seen(Feed::Databases) else { return None };
    databases.iter().find(|database| database.id == *id).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cache::CacheNode;
    use crate::domain::metric::Measure;
    use crate::domain::scope::Environment;

    fn cache(engine: &str, clusters: &[&str]) -> CacheGroup {
        let node = |cluster: &&str| CacheNode {
            id: (*cluster).into(),
            cluster: (*cluster).into(),
            shard: None,
            node_group: None,
            zone: "eu-west-1a".into(),
            status: "available".into(),
            is_primary: None,
        };
        CacheGroup {
            id: "sessions".into(),
            environment: Environment::Prod,
            engine: engine.into(),
            node_kind: if clusters.is_empty() { "serverless".into() } else { "cache.t4g.small".into() },
            status: "available".into(),
            endpoint: None,
            automatic_failover: None,
            multi_az: None,
            encrypted_at_rest: None,
            encrypted_in_transit: None,
            nodes: clusters.iter().map(node).collect(),
        }
    }

    /// The queries as `id metric dimension=value` or `id = expression`.
    fn words(queries: &[MetricDataQuery]) -> Vec<String> {
        let word = |query: &MetricDataQuery| {
            let id = query.id().unwrap_or("");
            let Some(metric) = query.metric_stat().and_then(MetricStat::metric) else {
                return format!("{id} = {}", query.expression().unwrap_or(""));
            };
            let of: Vec<String> = metric
                .dimensions()
                .iter()
                .map(|one| format!("{}={}", one.name().unwrap_or(""), one.value().unwrap_or("")))
                .collect();
            format!("{id} {} {}", metric.metric_name().unwrap_or(""), of.join(" "))
        };
        queries.iter().map(word).collect()
    }

    fn of(measure: Measure, cache: &CacheGroup) -> Vec<String> {
        words(&of_cache("s0", &measure.of(&cache.id), cache, 60, true).0)
    }

    #[test]
    fn a_cache_is_measured_by_what_it_is_made_of() {
        let redis = cache("redis 7.1", &["a", "b"]);
        assert_eq!(
            of(Measure::CacheMemory, &redis),
            [
                "s0_n0 DatabaseMemoryUsagePercentage CacheClusterId=a",
                "s0_n1 DatabaseMemoryUsagePercentage CacheClusterId=b",
                "s0 = MAX([s0_n0, s0_n1])"
            ]
        );
        // The nodes of one cluster are one.
        let memcached = cache("memcached 1.6", &["pages", "pages"]);
        assert_eq!(
            of(Measure::CacheHitRate, &memcached),
            [
                "s0_h GetHits CacheClusterId=pages",
                "s0_m GetMisses CacheClusterId=pages",
                "s0 = IF(s0_h + s0_m > 0, 100 * s0_h / (s0_h + s0_m))"
            ]
        );
        assert_eq!(of(Measure::CacheHitRate, &cache("valkey 8", &[])), ["s0 CacheHitRate clusterId=sessions"]);
    }

    fn replica(engine: &str, source_region: &str) -> Database {
        Database {
            id: "copy".into(),
            arn: Text::default(),
            replicas: Vec::new(),
            tags: Vec::new(),
            cluster_tags: Vec::new(),
            environment: Environment::Prod,
            engine: engine.into(),
            class: "db.r6g.large".into(),
            status: "available".into(),
            endpoint: None,
            cluster: Some("orders".into()),
            cluster_arn: None,
            promotion_tier: None,
            global_cluster: Some("world".into()),
            global_move: None,
            zone: "eu-west-1a".into(),
            multi_az: None,
            secondary_zone: None,
            allocated_bytes: None,
            max_allocated_bytes: None,
            max_connections: None,
            role: DatabaseRole::Replica {
                source: "orders".into(),
                source_region: source_region.into(),
                replication: None,
            },
            encrypted: None,
            kms_key: None,
            backup_retention_days: None,
            backups_copied_to: Vec::new(),
            earliest_restorable: None,
            latest_restorable: None,
            last_snapshot: None,
            pending_maintenance: Vec::new(),
            pending_changes: Vec::new(),
            certificate_until: None,
            schedule: None,
        }
    }

    #[test]
    fn each_engine_has_a_lag_of_its_own() {
        let of = |measure: Measure, engine: &str, source: &str| {
            let database = replica(engine, source);
            words(&of_database("s0", &measure.of(&database.id), &database, &"eu-west-1".into(), 60, true).0)
        };
        let lag = |engine, source| of(Measure::RdsReplicaLag, engine, source);
        assert_eq!(lag("mysql 8.0", "eu-west-1"), ["s0 ReplicaLag DBInstanceIdentifier=copy"]);
        let near = ["s0_ms AuroraReplicaLag DBInstanceIdentifier=copy", "s0 = s0_ms / 1000"];
        assert_eq!(lag("aurora-mysql 8.0", "eu-west-1"), near);
        let far = ["s0_ms AuroraGlobalDBReplicationLag DBClusterIdentifier=orders", "s0 = s0_ms / 1000"];
        assert_eq!(lag("aurora-postgresql 16", "us-east-1"), far);
        assert_eq!(of(Measure::RdsCpu, "docdb 5.0", ""), ["s0 CPUUtilization DBInstanceIdentifier=copy"]);
    }
}
