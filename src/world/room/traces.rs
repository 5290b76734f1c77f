//! What X-Ray saw: services with their faults and latencies, and the traces that failed or were slow.

use super::{Align, Column, RoomSpec, Row, Value};
use crate::domain::health::Health;
use crate::domain::trace::{Requests, ServiceNode, TraceSummary};
use crate::domain::unit::Unit;
use crate::domain::units::latency;
use crate::world::feed::Feed;
use crate::world::item::{Item, Kind};
use crate::world::sight::Sight;

pub const ROOM: RoomSpec = RoomSpec {
    name: "traces",
    kinds: &[Kind::Service, Kind::Trace],
    also: None,
    nouns: ("service or trace", "services and traces"),
    columns: &COLUMNS,
    health: |row, sight| state(row, sight).0,
    rank: |row, sight| (6 - state(row, sight).0 as u8, order(row)),
    feeds: &[Feed::ServiceMap, Feed::Traces],
};

const COLUMNS: [Column; 10] = [
    Column {
        key: "state",
        title: "STATE",
        priority: 0,
        width: (8, 9),
        align: Align::Left,
        value: |row, sight| {
            let (health, word) = state(row, sight);
            Value::State(health, word)
        },
    },
    Column {
        value: |row, _| {
            // The users often have the name of what they use.
            let is_client = service(row).is_some_and(ServiceNode::is_client);
            Value::Words(if is_client { "client" } else { row.item.kind().word() }.into())
        },
        ..super::KIND
    },
    Column {
        key: "name",
        title: "NAME",
        priority: 0,
        width: (16, 44),
        align: Align::Name,
        value: |row, _| match &row.item {
            Item::Trace(trace) => Value::Words(trace.what()),
            item => Value::Text(item.name().clone()),
        },
    },
    // The 99th percentile of a service, the whole of a trace.
    Column {
        key: "takes",
        title: "TAKES",
        priority: 1,
        width: (7, 7),
        align: Align::Right,
        value: |row, _| seconds(row).map_or(Value::Nothing, |seconds| Value::Number(seconds, Unit::Seconds)),
    },
    Column {
        key: "faults",
        title: "FAULTS",
        priority: 3,
        width: (6, 7),
        align: Align::Right,
        value: |row, _| {
            service(row)
                .and_then(ServiceNode::fault_percent)
                .map_or(Value::Nothing, |share| Value::Number(share, Unit::Percent))
        },
    },
    Column {
        key: "traces",
        title: "TRACES",
        priority: 7,
        width: (6, 9),
        align: Align::Right,
        value: |row, _| {
            service(row)
                .and_then(|service| service.requests)
                .map_or(Value::Nothing, |requests| Value::Count(requests.total))
        },
    },
    Column {
        key: "age",
        title: "AGE",
        priority: 5,
        width: (6, 6),
        align: Align::Right,
        value: |row, _| trace(row).map_or(Value::Nothing, |trace| Value::Since(trace.at)),
    },
    Column {
        key: "about",
        title: "ABOUT",
        priority: 4,
        width: (18, 48),
        align: Align::Left,
        value: |row, _| match &row.item {
            Item::Service(service) => Value::Words(about_service(service)),
            Item::Trace(trace) => about_trace(trace).map_or(Value::Nothing, Value::Words),
            _ => Value::Nothing,
        },
    },
    super::REGION,
    super::ACCOUNT,
];

fn service(row: &Row) -> Option<&ServiceNode> {
    match &row.item {
        Item::Service(service) => Some(service),
        _ => None,
    }
}

fn trace(row: &Row) -> Option<&TraceSummary> {
    match &row.item {
        Item::Trace(trace) => Some(trace),
        _ => None,
    }
}

fn seconds(row: &Row) -> Option<f64> {
    match &row.item {
        Item::Service(service) => service.p99,
        Item::Trace(trace) => trace.duration.map(|length| length.as_secs_f64()),
        _ => None,
    }
}

/// Services before traces, the slowest first.
fn order(row: &Row) -> i64 {
    const MORE_THAN_ANY: i64 = 1 << 50;
    let milliseconds = (seconds(row).filter(|seconds| seconds.is_finite()).unwrap_or(0.0) * 1_000.0) as i64;
    let after = if trace(row).is_some() { MORE_THAN_ANY } else { 0 };
    after - milliseconds
}

fn state(row: &Row, sight: &Sight<'_>) -> (Health, &'static str) {
    match &row.item {
        Item::Service(service) => {
            match service.fault_percent().map(|share| sight.limits().trace_fault_percent.over(share)) {
                Some(Some(health)) => (health, "faulting"),
                Some(None) if service.is_slower_than_usual(sight.limits().trace_slow_factor) => (Health::Warn, "slow"),
                Some(None) => (Health::Ok, "ok"),
                None => (Health::Absent, "idle"),
            }
        }
        Item::Trace(trace) if trace.has_fault => (Health::Bad, "fault"),
        Item::Trace(trace) if trace.has_throttle => (Health::Warn, "throttled"),
        Item::Trace(trace) if trace.has_error => (Health::Warn, "error"),
        _ => (Health::Ok, "ok"),
    }
}

fn about_service(service: &ServiceNode) -> String {
    let said = [
        service.p50.map(|p50| format!("p50 {}", latency(p50))),
        service.usual_p99.map(|usual| format!("usually {}", latency(usual))),
        service
            .requests
            .map(Requests::error_percent)
            .filter(|share| *share > 0.0)
            .map(|share| format!("{} refused", Unit::Percent.write(share))),
        (!service.calls.is_empty())
            .then(|| format!("calls {}", service.calls.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))),
    ];
    said.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn about_trace(trace: &TraceSummary) -> Option<String> {
    let said = [
        trace.status.map(|status| status.to_string()),
        trace.root_cause.as_ref().map(|cause| format!("{} in {}", cause.what, cause.service)),
    ];
    let said: Vec<String> = said.into_iter().flatten().collect();
    (!said.is_empty()).then(|| said.join(", "))
}
