//! A metric as `GetMetricData` wants to be asked: with all its dimensions, and as a formula where AWS keeps it in parts.

use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat};

use super::place::Place;
use crate::domain::graph::MetricId;
use crate::domain::text::Text;
use crate::world::feed::{Feed, Payload};

/// What `GetMetricData` costs at list price, in millionths of a dollar a metric: 0.01 USD for a thousand.
/// <https://aws.amazon.com/cloudwatch/pricing/>
pub(super) const MICRO_USD_PER_METRIC: u32 = 10;

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
    if metric.namespace == "AWS/ElastiCache"
        && let Some((_, group)) = metric.dimensions.iter().find(|(name, _)| name == "ReplicationGroupId")
    {
        let nodes = nodes_of(group, place);
        if !nodes.is_empty() {
            return over_nodes(id, metric, &nodes, period, is_returned);
        }
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

pub(super) fn expression(id: &str, text: &str, period: i32, is_returned: bool) -> MetricDataQuery {
    MetricDataQuery::builder().id(id).expression(text).period(period).return_data(is_returned).build()
}

/// Failed requests in percent of all: those the targets failed and those the balancer failed for want of one. A minute
/// without requests has no share, and one without failures has no datapoint of them.
fn failed_percent(id: &str, metric: &MetricId, period: i32, is_returned: bool) -> (Vec<MetricDataQuery>, u32) {
    let part = |suffix: &str, name: &str| {
        let part = MetricId { metric: name.into(), stat: "Sum".into(), ..metric.clone() };
        plain(&format!("{id}_{suffix}"), &part, period, false)
    };
    let formula = format!("IF({id}_r > 0, 100 * (FILL({id}_t, 0) + FILL({id}_e, 0)) / {id}_r)");
    let queries = vec![
        part("r", "RequestCount"),
        part("t", "HTTPCode_Target_5XX_Count"),
        part("e", "HTTPCode_ELB_5XX_Count"),
        expression(id, &formula, period, is_returned),
    ];
    (queries, 3)
}

/// `ElastiCache` measures nodes; a group is their mean, largest or sum, as the statistic says.
fn over_nodes(
    id: &str,
    metric: &MetricId,
    nodes: &[Text],
    period: i32,
    is_returned: bool,
) -> (Vec<MetricDataQuery>, u32) {
    let ids: Vec<String> = (0..nodes.len()).map(|node| format!("{id}_n{node}")).collect();
    let mut queries: Vec<MetricDataQuery> = nodes
        .iter()
        .zip(&ids)
        .map(|(node, id)| {
            let part = MetricId { dimensions: vec![("CacheClusterId".into(), node.clone())], ..metric.clone() };
            plain(id, &part, period, false)
        })
        .collect();
    let over = match metric.stat.as_str() {
        "Sum" => "SUM",
        "Maximum" => "MAX",
        "Minimum" => "MIN",
        _ => "AVG",
    };
    queries.push(expression(id, &format!("{over}([{}])", ids.join(", ")), period, is_returned));
    (queries, nodes.len() as u32)
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

fn nodes_of(group: &Text, place: &Place) -> Vec<Text> {
    let Some(Payload::Caches(caches)) = place.seen(Feed::Caches) else { return Vec::new() };
    let found = caches.iter().find(|cache| cache.id == *group);
    found.map_or_else(Vec::new, |cache| cache.nodes.iter().map(|node| node.id.clone()).collect())
}
