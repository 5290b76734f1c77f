//! X-Ray: the service map of the last minutes, and the traces that failed or were slow.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_xray::types::{Edge, EdgeStatistics, HistogramEntry, Http, Service, ServiceStatistics, TimeRangeType};
use jiff::{SignedDuration, Timestamp};

use super::ask::Ask;
use super::convert::{sdk_time, text, time};
use crate::domain::list::List;
use crate::domain::text::Text;
use crate::domain::trace::{Requests, RootCause, ServiceNode, TraceSummary};
use crate::world::feed::{Feed, Payload};
use crate::world::port::CloudError;

/// The service map is of these last minutes.
const WINDOW: SignedDuration = SignedDuration::from_mins(5);
/// What is usual is what was so in this time before them, and is looked up this often.
const BEFORE: SignedDuration = SignedDuration::from_hours(1);
const USUAL_FOR: SignedDuration = SignedDuration::from_mins(15);

/// Traces are kept for so long.
const KEPT: SignedDuration = SignedDuration::from_mins(15);
/// Events reach the index late; so much is asked for twice.
const OVERLAP: SignedDuration = SignedDuration::from_secs(30);
/// Pages read of one answer, newest first, and traces held: when everything fails, the newest hundreds say it.
const PAGES: usize = 5;
const MOST: usize = 1_000;
/// Slow, while the service map does not yet tell what that is. In seconds.
const SLOW: f64 = 1.0;

/// What is kept from one question to the next, because asking again costs time or money.
#[derive(Debug, Default)]
pub(super) struct Memory {
    usual: Mutex<Option<(Timestamp, Arc<Usual>)>>,
    traces: Mutex<(Option<Timestamp>, Vec<TraceSummary>)>,
}

/// The 99th percentile of each service in the hour before, in seconds.
type Usual = HashMap<Text, f64>;

pub(super) async fn service_map(ask: &Ask<'_>) -> Result<List<ServiceNode>, CloudError> {
    let services = graph(ask, ask.at - WINDOW, ask.at).await?;
    let usual = usual(ask).await?;
    Ok(List::new(nodes(&services, usual.as_deref())))
}

/// What is charged are traces looked through, and this answer does not count any.
async fn graph(ask: &Ask<'_>, from: Timestamp, to: Timestamp) -> Result<Vec<Service>, CloudError> {
    let request = ask.clients.xray.get_service_graph().start_time(sdk_time(from)).end_time(sdk_time(to));
    let pages =
        ask.pages("xray:GetServiceGraph", request.into_paginator().stop_on_duplicate_token(false).send()).await?;
    Ok(pages.into_iter().flat_map(|page| page.services.unwrap_or_default()).collect())
}

async fn usual(ask: &Ask<'_>) -> Result<Option<Arc<Usual>>, CloudError> {
    let known = ask.place.traces.usual.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some((_, usual)) = known.filter(|(at, _)| ask.at.duration_since(*at) < USUAL_FOR) {
        return Ok(Some(usual));
    }
    let to = ask.at - WINDOW;
    let Some(services) = ask.or_gap(graph(ask, to - BEFORE, to).await)? else { return Ok(None) };
    let usual: Usual = nodes(&services, None).into_iter().filter_map(|node| Some((node.id, node.p99?))).collect();
    let usual = Arc::new(usual);
    *ask.place.traces.usual.lock().unwrap_or_else(PoisonError::into_inner) = Some((ask.at, Arc::clone(&usual)));
    Ok(Some(usual))
}

fn nodes(services: &[Service], usual: Option<&Usual>) -> Vec<ServiceNode> {
    let names: HashMap<i32, &str> =
        services.iter().filter_map(|service| Some((service.reference_id()?, service.name()?))).collect();
    let mut number: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for service in services {
        *number.entry((service.name().unwrap_or(""), service.r#type().unwrap_or(""))).or_default() += 1;
    }
    let mut taken = HashSet::new();
    let mut all: Vec<ServiceNode> = services
        .iter()
        .filter_map(|service| {
            let (name, kind) = (service.name()?, service.r#type().unwrap_or(""));
            // Accounts that watch others may see the same twice, and only then the account tells them apart.
            let is_alone = number.get(&(name, kind)).is_none_or(|number| *number < 2);
            let id = ServiceNode::id_of(name, kind, service.account_id().filter(|_| !is_alone));
            if !taken.insert(id.clone()) {
                return None;
            }
            let histogram = histogram(service);
            let mut calls: Vec<Text> = service
                .edges()
                .iter()
                .filter(|edge| edge.reference_id() != service.reference_id())
                .filter_map(|edge| Some(Text::new(names.get(&edge.reference_id()?)?)))
                .collect();
            calls.sort();
            calls.dedup();
            Some(ServiceNode {
                name: Text::new(name),
                kind: Text::new(kind),
                requests: requests(service),
                p50: percentile(&histogram, 0.5),
                p99: percentile(&histogram, 0.99),
                usual_p99: usual.and_then(|usual| usual.get(&id).copied()),
                calls,
                id,
            })
        })
        .collect();
    all.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.id.cmp(&b.id)));
    all
}

/// Its own counts; of clients, which have none, those of what they call.
fn requests(service: &Service) -> Option<Requests> {
    let own = service.summary_statistics().map(of_service);
    if own.is_some_and(|own| own.total > 0) {
        return own;
    }
    let called = service.edges().iter().filter_map(Edge::summary_statistics).map(of_edge);
    called
        .reduce(|a, b| Requests {
            total: a.total.saturating_add(b.total),
            faults: a.faults.saturating_add(b.faults),
            errors: a.errors.saturating_add(b.errors),
            throttles: a.throttles.saturating_add(b.throttles),
        })
        .filter(|called| called.total > 0)
        .or(own)
}

macro_rules! requests_of {
    ($name:ident, $statistics:ty) => {
        fn $name(statistics: &$statistics) -> Requests {
            let count = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok()).unwrap_or(0);
            let errors = statistics.error_statistics();
            let faults = count(statistics.fault_statistics().and_then(|faults| faults.total_count()));
            let refused = count(errors.and_then(|errors| errors.total_count()));
            let throttles = count(errors.and_then(|errors| errors.throttle_count()));
            let all = statistics.total_count().map(|total| count(Some(total)));
            Requests {
                total: all
                    .unwrap_or_else(|| count(statistics.ok_count()).saturating_add(refused).saturating_add(faults)),
                faults,
                // Throttles are counted among the errors.
                errors: refused.saturating_sub(throttles),
                throttles,
            }
        }
    };
}

requests_of!(of_service, ServiceStatistics);
requests_of!(of_edge, EdgeStatistics);

/// How long it took how often: by itself, or by those it calls where it is a client.
fn histogram(service: &Service) -> Vec<(f64, u64)> {
    let of = |entries: &[HistogramEntry]| -> Vec<(f64, u64)> {
        entries.iter().map(|entry| (entry.value(), u64::try_from(entry.count()).unwrap_or(0))).collect()
    };
    let own = of(service.response_time_histogram());
    if own.is_empty() {
        service.edges().iter().flat_map(|edge| of(edge.response_time_histogram())).collect()
    } else {
        own
    }
}

/// The value below which this share of all lies, by straight lines between the values there are. They come in any order.
fn percentile(histogram: &[(f64, u64)], share: f64) -> Option<f64> {
    let mut sorted: Vec<(f64, u64)> =
        histogram.iter().copied().filter(|(value, count)| value.is_finite() && *count > 0).collect();
    sorted.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let total: f64 = sorted.iter().map(|(_, count)| *count as f64).sum();
    let rank = share * total;
    let mut below = 0.0;
    let mut before: Option<f64> = None;
    for (value, count) in &sorted {
        let count = *count as f64;
        if below + count >= rank {
            let from = before.unwrap_or(*value);
            return Some(from + (value - from) * ((rank - below) / count).clamp(0.0, 1.0));
        }
        below += count;
        before = Some(*value);
    }
    before
}

/// Failed and slow traces of the last quarter of an hour. Every question costs by the traces it looks through, whether they
/// match or not, so each trace is looked through once: what came since the last answer is asked for, in one question.
pub(super) async fn traces(ask: &Ask<'_>) -> Result<List<TraceSummary>, CloudError> {
    let (until, known) = ask.place.traces.traces.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let oldest = ask.at - KEPT;
    let from = until.map_or(oldest, |until| (until - OVERLAP).clamp(oldest, ask.at - OVERLAP));
    ask.place.settle(&[Feed::ServiceMap]).await;
    let slow = match ask.place.seen(Feed::ServiceMap) {
        Some(Payload::ServiceMap(map)) => slow_from(&map),
        _ => SLOW,
    };
    let wanted = format!("fault = true OR error = true OR throttle = true OR responsetime > {slow:.3}");
    let fresh = summaries(ask, from, Some(&wanted)).await?;
    let mut all = merged(known, fresh.iter().filter_map(|summary| trace(summary, slow)), oldest);
    if all.is_empty() {
        // Nothing wrong is not nothing: a sample of what there is.
        let sample = summaries(ask, from, None).await?;
        all = merged(all, sample.iter().filter_map(|summary| trace(summary, slow)), oldest);
    }
    *ask.place.traces.traces.lock().unwrap_or_else(PoisonError::into_inner) = (Some(ask.at), all.clone());
    Ok(List::new(all))
}

/// What a filter finds, newest first; without one, a sample.
async fn summaries(
    ask: &Ask<'_>,
    from: Timestamp,
    filter: Option<&str>,
) -> Result<Vec<aws_sdk_xray::types::TraceSummary>, CloudError> {
    let mut all = Vec::new();
    let mut token = None;
    for _ in 0..if filter.is_some() { PAGES } else { 1 } {
        let request = ask
            .clients
            .xray
            .get_trace_summaries()
            .start_time(sdk_time(from))
            .end_time(sdk_time(ask.at))
            // By when they became known: by their start, late ones would be missed.
            .time_range_type(TimeRangeType::Event)
            .sampling(filter.is_none())
            .set_filter_expression(filter.map(str::to_owned))
            .set_next_token(token.take());
        let page = ask.call("xray:GetTraceSummaries", request.send()).await?;
        // Half a dollar a million: half of a millionth for each. <https://aws.amazon.com/xray/pricing/>
        let processed = page.traces_processed_count().and_then(|count| u32::try_from(count).ok()).unwrap_or(0);
        ask.charge(processed.div_ceil(2));
        all.extend(page.trace_summaries.unwrap_or_default());
        match page.next_token {
            Some(next) if !next.is_empty() => token = Some(next),
            _ => break,
        }
    }
    Ok(all)
}

/// Known and fresh ones, newest first, each once as it was told last.
fn merged(known: Vec<TraceSummary>, fresh: impl Iterator<Item = TraceSummary>, oldest: Timestamp) -> Vec<TraceSummary> {
    let mut all: HashMap<Text, TraceSummary> = known.into_iter().map(|trace| (trace.id.clone(), trace)).collect();
    all.extend(fresh.map(|trace| (trace.id.clone(), trace)));
    let mut all: Vec<TraceSummary> = all.into_values().filter(|trace| trace.at >= oldest).collect();
    all.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.id.cmp(&b.id)));
    all.truncate(MOST);
    all
}

/// One request in a hundred takes longer than this where users come in, or anywhere if that is not known. In seconds.
fn slow_from(map: &List<ServiceNode>) -> f64 {
    let doors: HashSet<&Text> = map.iter().filter(|node| node.is_client()).flat_map(|node| &node.calls).collect();
    let slowest = |is_door: bool| {
        map.iter()
            .filter(|node| !node.is_client() && (!is_door || doors.contains(&node.name)))
            .filter_map(|node| node.p99.filter(|p99| p99.is_finite() && *p99 > 0.0))
            .max_by(f64::total_cmp)
    };
    slowest(true).or_else(|| slowest(false)).unwrap_or(SLOW)
}

fn trace(summary: &aws_sdk_xray::types::TraceSummary, slow: f64) -> Option<TraceSummary> {
    let id = summary.id()?;
    let at = summary.start_time().map(time).or_else(|| begun(id)).or(summary.matched_event_time().map(time))?;
    // What the caller waited for; the whole of it may end later, by work nobody waits for.
    let took = summary.response_time().or(summary.duration());
    let http = summary.http();
    Some(TraceSummary {
        id: Text::new(id),
        at,
        duration: took.and_then(|took| SignedDuration::try_from_secs_f64(took.max(0.0)).ok()),
        entry: summary.entry_point().and_then(|entry| entry.name()).map(Text::new),
        method: http.and_then(|http| http.http_method()).map(Text::new),
        url: http.and_then(|http| http.http_url()).map(Text::new),
        status: http.and_then(Http::http_status).and_then(|status| u16::try_from(status).ok()),
        has_fault: summary.has_fault().unwrap_or(false),
        has_error: summary.has_error().unwrap_or(false),
        has_throttle: summary.has_throttle().unwrap_or(false),
        root_cause: root_cause(summary, took.is_some_and(|took| took > slow)),
    })
}

/// The start that is part of a trace's id: `1-67f2b3a1-…`, in seconds since 1970.
fn begun(id: &str) -> Option<Timestamp> {
    Timestamp::from_second(i64::from_str_radix(id.split('-').nth(1)?, 16).ok()?).ok()
}

/// Whom X-Ray blames: the last service on the way, and the last exception or call in it.
fn root_cause(summary: &aws_sdk_xray::types::TraceSummary, is_slow: bool) -> Option<RootCause> {
    macro_rules! thrown {
        ($causes:expr) => {
            $causes.iter().find_map(|cause| {
                let service = cause.services().last()?;
                let entity = service.entity_path().last();
                let exception = entity.and_then(|entity| entity.exceptions().last()).and_then(|thrown| thrown.name());
                let what = exception.or(entity.and_then(|entity| entity.name()))?;
                Some(RootCause { service: text(service.name()), what: Text::new(what) })
            })
        };
    }
    let slow = || {
        summary.response_time_root_causes().iter().find_map(|cause| {
            let service = cause.services().last()?;
            let what = service.entity_path().last()?.name()?;
            Some(RootCause { service: text(service.name()), what: Text::from(format!("slow {what}")) })
        })
    };
    thrown!(summary.fault_root_causes())
        .or_else(|| thrown!(summary.error_root_causes()))
        .or_else(|| slow().filter(|_| is_slow))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_xray::types::{
        ErrorStatistics, FaultRootCause, FaultRootCauseEntity, FaultRootCauseService, FaultStatistics,
        ResponseTimeRootCause, ResponseTimeRootCauseEntity, ResponseTimeRootCauseService, RootCauseException,
        ServiceId,
    };

    fn near(value: Option<f64>, expected: f64) {
        assert!((value.unwrap() - expected).abs() < 1e-9, "{value:?} is not {expected}");
    }

    #[test]
    fn percentiles_lie_between_the_values_there_are() {
        assert_eq!(percentile(&[], 0.5), None);
        assert_eq!(percentile(&[(1.0, 0), (f64::NAN, 3)], 0.5), None);
        near(percentile(&[(0.2, 7)], 0.99), 0.2);
        // In any order; half of 100 is the end of the first value.
        let histogram = [(0.4, 40), (0.1, 50), (2.0, 10)];
        near(percentile(&histogram, 0.5), 0.1);
        near(percentile(&histogram, 0.7), 0.25);
        near(percentile(&histogram, 0.99), 1.84);
        near(percentile(&histogram, 1.0), 2.0);
    }

    fn service(name: &str, kind: &str, reference: i32) -> aws_sdk_xray::types::builders::ServiceBuilder {
        Service::builder().name(name).r#type(kind).reference_id(reference)
    }

    fn entry(value: f64, count: i32) -> HistogramEntry {
        HistogramEntry::builder().value(value).count(count).build()
    }

    #[test]
    fn a_map_is_joined_by_reference_and_names_may_repeat() {
        let edge = Edge::builder()
            .reference_id(2)
            .summary_statistics(EdgeStatistics::builder().ok_count(8).total_count(10).build())
            .response_time_histogram(entry(0.3, 10))
            .build();
        let errors = ErrorStatistics::builder().total_count(5).throttle_count(2).build();
        let counted = ServiceStatistics::builder()
            .total_count(100)
            .error_statistics(errors)
            .fault_statistics(FaultStatistics::builder().total_count(7).build())
            .build();
        let services = [
            service("shop", "client", 1).edges(edge).build(),
            service("shop", "AWS::ECS::Container", 2)
                .summary_statistics(counted)
                .response_time_histogram(entry(0.2, 1))
                .build(),
            service("queue", "AWS::SQS", 3).account_id("1").build(),
            service("queue", "AWS::SQS", 4).account_id("2").build(),
            service("queue", "AWS::SQS", 5).account_id("2").build(),
            Service::builder().build(),
        ];
        let usual = HashMap::from([(Text::new(r#"id(name: "shop", type: "AWS::ECS::Container")"#), 0.1)]);
        let nodes = nodes(&services, Some(&usual));
        let ids: HashSet<&Text> = nodes.iter().map(|node| &node.id).collect();
        assert_eq!((nodes.len(), ids.len()), (4, 4), "{nodes:#?}");
        let find = |kind: &str| nodes.iter().find(|node| node.kind == kind).unwrap();
        let client = find("client");
        assert_eq!((client.calls.len(), client.requests.unwrap().total), (1, 10));
        near(client.p99, 0.3);
        let shop = find("AWS::ECS::Container");
        assert_eq!(shop.requests, Some(Requests { total: 100, faults: 7, errors: 3, throttles: 2 }));
        assert!(shop.is_slower_than_usual(1.5) && !shop.is_slower_than_usual(2.5));
        let queue = find("AWS::SQS");
        assert!(queue.requests.is_none() && queue.p99.is_none() && queue.fault_percent().is_none());
    }

    #[test]
    fn slow_is_what_is_slow_where_users_come_in() {
        let node = |name: &str, kind: &str, p99: Option<f64>, calls: &[&str]| ServiceNode {
            id: name.into(),
            name: name.into(),
            kind: kind.into(),
            requests: None,
            p50: None,
            p99,
            usual_p99: None,
            calls: calls.iter().map(|name| Text::new(name)).collect(),
        };
        let batch = || node("batch", "x", Some(90.0), &[]);
        near(
            Some(slow_from(&List::new(vec![
                batch(),
                node("web", "x", Some(0.4), &[]),
                node("u", "client", None, &["web"]),
            ]))),
            0.4,
        );
        near(Some(slow_from(&List::new(vec![batch()]))), 90.0);
        near(Some(slow_from(&List::new(Vec::new()))), SLOW);
    }

    #[test]
    fn a_trace_without_anything_but_its_id_is_still_a_trace() {
        let bare = aws_sdk_xray::types::TraceSummary::builder().id("1-69b02286-149e50a92ed2d444ae997329").build();
        let bare = trace(&bare, 1.0).unwrap();
        assert_eq!(bare.at.as_second(), 0x69b0_2286);
        assert!(bare.duration.is_none() && bare.status.is_none() && bare.root_cause.is_none());
        assert_eq!(bare.what(), bare.id.as_str());
        assert!(trace(&aws_sdk_xray::types::TraceSummary::builder().id("odd").build(), 1.0).is_none());
    }

    #[test]
    fn the_last_on_the_way_is_to_blame() {
        let thrown = FaultRootCauseEntity::builder()
            .name("charge")
            .exceptions(RootCauseException::builder().name("TimeoutException").build())
            .build();
        let fault = FaultRootCause::builder()
            .services(FaultRootCauseService::builder().name("web").build())
            .services(FaultRootCauseService::builder().name("checkout").entity_path(thrown).build())
            .build();
        let query = ResponseTimeRootCauseEntity::builder().name("SELECT").coverage(0.9).build();
        let slow = ResponseTimeRootCause::builder()
            .services(ResponseTimeRootCauseService::builder().name("orders-db").entity_path(query).build())
            .build();
        let of = |took: f64| {
            aws_sdk_xray::types::TraceSummary::builder()
                .id("1-69b02286-149e50a92ed2d444ae997329")
                .response_time(took)
                .duration(60.0)
                .http(Http::builder().http_url("https://x/y").http_method("GET").http_status(503).build())
                .entry_point(ServiceId::builder().name("web").build())
                .response_time_root_causes(slow.clone())
        };
        let cause =
            |summary| trace(&summary, 1.0).unwrap().root_cause.map(|it| (it.service.to_string(), it.what.to_string()));
        assert_eq!(cause(of(0.2).build()), None);
        assert_eq!(cause(of(2.0).build()), Some(("orders-db".into(), "slow SELECT".into())));
        assert_eq!(
            cause(of(2.0).fault_root_causes(fault).build()),
            Some(("checkout".into(), "TimeoutException".into()))
        );
        let whole = trace(&of(2.0).build(), 1.0).unwrap();
        assert_eq!((whole.duration, whole.status), (Some(SignedDuration::from_secs(2)), Some(503)));
        assert_eq!(whole.what(), "GET x/y");
    }

    #[test]
    fn what_was_told_twice_is_kept_once_and_what_is_old_goes() {
        let of = |second: i64, took: f64| {
            let summary = aws_sdk_xray::types::TraceSummary::builder()
                .id(format!("1-{second:08x}-0"))
                .response_time(took)
                .build();
            trace(&summary, 1.0).unwrap()
        };
        let known = vec![of(100, 1.0), of(10, 1.0)];
        let all = merged(known, [of(100, 3.0), of(200, 1.0)].into_iter(), Timestamp::from_second(50).unwrap());
        let seen: Vec<(i64, i64)> =
            all.iter().map(|trace| (trace.at.as_second(), trace.duration.unwrap().as_secs())).collect();
        assert_eq!(seen, [(200, 1), (100, 3)]);
    }
}
