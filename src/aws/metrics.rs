//! The metrics the board judges by: the last hour of each, of everything the other questions found.
//!
//! Asked by what was found and not by `ListMetrics`, which needs a quarter of an hour to see a new metric and forgets an
//! old one only after two weeks. The price is for each metric and not for each datapoint, so an hour costs what a minute does.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataOutput;
use aws_sdk_cloudwatch::types::{MetricDataQuery, MetricDataResult, StatusCode};
use jiff::{SignedDuration, Timestamp};

use super::ask::{Ask, gather, malformed};
use super::graph::place as put;
use super::place::Place;
use super::query;
use crate::domain::metric::{Measure, MetricSet, Series};
use crate::domain::text::Text;
use crate::world::feed::{NAMING_METRICS, Payload};
use crate::world::port::CloudError;

/// Minutes held of each.
const HELD: usize = 60;
const PERIOD: i32 = 60;
/// Queries in one call. <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>
const MOST_QUERIES: usize = 500;

/// The newest minutes, of which datapoints may still be on their way.
const LATE: usize = 2;

/// One series to be asked: its queries, the last of which is the one that answers, and how many metrics are paid for.
struct Wanted {
    measure: Measure,
    resource: Text,
    queries: Vec<MetricDataQuery>,
    metrics: u32,
}

pub(super) async fn metrics(ask: &Ask<'_>) -> Result<MetricSet, CloudError> {
    ask.place.settle(NAMING_METRICS).await;
    // No metrics, because nothing could be listed, is not the same as nothing to measure.
    if let Some(error) = ask.place.none_answered(NAMING_METRICS) {
        let message = Text::new(&format!("nothing to measure could be listed: {error}"));
        return Err(CloudError { operation: "cloudwatch:GetMetricData".into(), message, ..error });
    }
    let wanted = wanted(ask.place);
    // The minute that runs is not over: its sum would look like a drop. The newest whole one may still grow a little.
    let until = Timestamp::from_second(ask.at.as_second().div_euclid(60) * 60).unwrap_or(ask.at);
    let from = until - SignedDuration::from_mins(HELD as i64);
    let calls = batches(&wanted).into_iter().map(|batch| read(ask, batch, from, until)).collect();
    let mut values: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for batch in gather(calls).await? {
        values.extend(batch);
    }
    let mut set = MetricSet::default();
    for (number, one) in wanted.iter().enumerate() {
        let Some(values) = values.get(&id(number)) else { continue };
        let mut values = values.clone();
        if one.measure.is_silent_at_rest() {
            let settled = values.len().saturating_sub(LATE);
            values.iter_mut().take(settled).filter(|value| value.is_nan()).for_each(|value| *value = 0.0);
        }
        // Never a datapoint in an hour: there is no such metric, or nothing happened. Either is no series.
        if values.iter().all(|value| value.is_nan()) {
            continue;
        }
        set.insert(Series {
            measure: one.measure,
            resource: one.resource.clone(),
            period: SignedDuration::from_mins(1),
            newest: until - SignedDuration::from_mins(1),
            values: values.into(),
        });
    }
    Ok(set)
}

fn id(number: usize) -> String {
    format!("s{number}")
}

/// What there is to measure, by what was found.
fn wanted(place: &Place) -> Vec<Wanted> {
    let mut all: Vec<(Measure, Text)> = Vec::new();
    let mut add = |resource: &Text, measures: &[Measure]| {
        all.extend(measures.iter().map(|measure| (*measure, resource.clone())));
    };
    for feed in NAMING_METRICS {
        match place.seen(*feed) {
            Some(Payload::Balancers(list)) => {
                // Network balancers measure flows, not requests.
                for lb in list.iter().filter(|lb| lb.is_application()) {
                    use Measure::{AlbErrorPercent, AlbLatencyP50, AlbLatencyP99, AlbRequests};
                    add(&lb.dimension, &[AlbRequests, AlbErrorPercent, AlbLatencyP50, AlbLatencyP99]);
                    for group in &lb.target_groups {
                        add(&group.name, &[Measure::AlbUnhealthyHosts]);
                    }
                }
            }
            Some(Payload::Groups(list)) => list.iter().for_each(|group| add(&group.name, &[Measure::AsgCpu])),
            Some(Payload::Clusters(list)) => {
                // A name that two clusters use says of neither how it is.
                let mut names: BTreeMap<&Text, usize> = BTreeMap::new();
                for service in list.iter().flat_map(|cluster| &cluster.services) {
                    *names.entry(&service.name).or_default() += 1;
                }
                for (name, _) in names.into_iter().filter(|(_, clusters)| *clusters == 1) {
                    add(name, &[Measure::EcsCpu]);
                }
            }
            Some(Payload::Functions(list)) => {
                use Measure::{LambdaConcurrency, LambdaDurationP99, LambdaErrors, LambdaInvocations, LambdaThrottles};
                for function in list.iter() {
                    add(
                        &function.name,
                        &[LambdaInvocations, LambdaErrors, LambdaThrottles, LambdaDurationP99, LambdaConcurrency],
                    );
                }
            }
            Some(Payload::Databases(list)) => {
                use Measure::{RdsConnections, RdsCpu, RdsFreeStorage, RdsReplicaLag, RdsWriteLatency};
                for database in list.iter() {
                    add(&database.id, &[RdsCpu, RdsConnections, RdsWriteLatency]);
                    // What grows by itself has no free space to measure.
                    if database.allocated_bytes.is_some() {
                        add(&database.id, &[RdsFreeStorage]);
                    }
                    if !database.is_primary() {
                        add(&database.id, &[RdsReplicaLag]);
                    }
                }
            }
            Some(Payload::Caches(list)) => {
                for cache in list.iter() {
                    add(&cache.id, &[Measure::CacheHitRate, Measure::CacheEvictions]);
                    if cache.measures_memory() {
                        add(&cache.id, &[Measure::CacheMemory]);
                    }
                    cache.followers().for_each(|node| add(&node.id, &[Measure::CacheReplicationLag]));
                }
            }
            Some(Payload::Queues(list)) => {
                use Measure::{SqsDeleted, SqsOldestAge, SqsSent, SqsVisible};
                for queue in list.iter() {
                    add(&queue.name, &[SqsVisible, SqsOldestAge, SqsSent, SqsDeleted]);
                }
            }
            Some(Payload::Topics(list)) => {
                list.iter().for_each(|topic| add(&topic.name, &[Measure::SnsPublished, Measure::SnsFailed]));
            }
            _ => {}
        }
    }
    // A target group behind two balancers is asked for, and paid for, once.
    let mut known = BTreeSet::new();
    all.retain(|one| known.insert(one.clone()));
    all.into_iter()
        .enumerate()
        .map(|(number, (measure, resource))| {
            let (queries, metrics) = query::of(&id(number), &measure.of(&resource), PERIOD, true, place);
            Wanted { measure, resource, queries, metrics }
        })
        .collect()
}

/// Calls of at most so many queries; what belongs together stays together.
fn batches(wanted: &[Wanted]) -> Vec<Vec<&Wanted>> {
    let mut all: Vec<Vec<&Wanted>> = Vec::new();
    let mut filled = MOST_QUERIES;
    for one in wanted {
        if filled + one.queries.len() > MOST_QUERIES {
            all.push(Vec::new());
            filled = 0;
        }
        filled += one.queries.len();
        if let Some(batch) = all.last_mut() {
            batch.push(one);
        }
    }
    all
}

async fn read(
    ask: &Ask<'_>,
    batch: Vec<&Wanted>,
    from: Timestamp,
    until: Timestamp,
) -> Result<BTreeMap<String, Vec<f64>>, CloudError> {
    let queries = batch.iter().flat_map(|one| one.queries.iter().cloned()).collect();
    let pages = query::put(ask, queries, from, until).await?;
    ask.charge(batch.iter().map(|one| one.metrics).sum::<u32>() * query::MICRO_USD_PER_METRIC);
    let mut values: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let mut failed: BTreeSet<String> = BTreeSet::new();
    for result in pages.iter().flat_map(GetMetricDataOutput::metric_data_results) {
        if is_unanswered(ask, result) {
            failed.insert(result.id().unwrap_or("").to_owned());
            continue;
        }
        let line = values.entry(result.id().unwrap_or("").to_owned()).or_insert_with(|| vec![f64::NAN; HELD]);
        put(line, from, PERIOD, result.timestamps(), result.values());
    }
    // What failed is no silence: it must not be taken for one.
    values.retain(|id, _| !failed.contains(id));
    Ok(values)
}

/// Whether one of many metrics failed; that is told beside the others.
pub(super) fn is_unanswered(ask: &Ask<'_>, result: &MetricDataResult) -> bool {
    let Some(code @ (StatusCode::InternalError | StatusCode::Forbidden)) = result.status_code() else { return false };
    let message = format!("some metrics were not answered: {}", code.as_str());
    ask.gap(malformed("cloudwatch:GetMetricData", &message));
    true
}
