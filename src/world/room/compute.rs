//! What computes: balancers, groups, clusters, functions and instances, what is not well first.

use super::{Align, Column, RoomSpec, Row, Value};
use crate::domain::balancer::LoadBalancer;
use crate::domain::container::{Cluster, Service};
use crate::domain::health::Health;
use crate::domain::instance::InstanceState;
use crate::domain::metric::Measure;
use crate::domain::units::{count, latency, per_second, percent, plural};
use crate::world::Place;
use crate::world::feed::Feed;
use crate::world::item::{Item, Kind};
use crate::world::sight::Sight;

pub const ROOM: RoomSpec = RoomSpec {
    name: "compute",
    kinds: &[Kind::Balancer, Kind::Group, Kind::Cluster, Kind::Function, Kind::Instance],
    also: None,
    nouns: ("resource", "resources"),
    columns: &COLUMNS,
    health: |row, sight| health(row, sight),
    rank: |row, sight| (6 - health(row, sight) as u8, i64::from(row.item.kind() as u8)),
    feeds: &[
        Feed::Balancers,
        Feed::Groups,
        Feed::Clusters,
        Feed::Functions,
        Feed::Instances,
        Feed::Metrics,
        Feed::Alarms,
    ],
};

const COLUMNS: [Column; 8] = [
    Column {
        key: "state",
        title: "STATE",
        priority: 0,
        width: (8, 13),
        align: Align::Left,
        value: |row, sight| {
            let health = health(row, sight);
            Value::State(health, state(row, health, sight))
        },
    },
    super::KIND,
    super::NAME,
    Column {
        key: "now",
        title: "NOW",
        priority: 1,
        width: (24, 52),
        align: Align::Left,
        value: |row, sight| row.now_beside_alarms(own_health(row, sight), now(row, sight), sight.world),
    },
    Column {
        key: "up",
        title: "UP",
        priority: 3,
        width: (6, 7),
        align: Align::Right,
        value: |row, _| match &row.item {
            Item::Instance(instance) if instance.is_running() => instance.launched.map_or(Value::Nothing, Value::Since),
            _ => Value::Nothing,
        },
    },
    super::ENVIRONMENT,
    super::REGION,
    super::ACCOUNT,
];

fn state(row: &Row, health: Health, sight: &Sight<'_>) -> &'static str {
    match &row.item {
        Item::Instance(instance) => instance.state.word(),
        Item::Balancer(balancer) if balancer.unhealthy() > 0 => "unhealthy",
        Item::Group(group) if group.is_suspended("Launch") => "launch off",
        Item::Group(group) if group.in_service() < group.desired as usize => "short",
        Item::Cluster(cluster) if cluster.services.iter().any(Service::is_short) => "short",
        Item::Function(function) if function.is_off() => "off",
        _ => match health {
            Health::Bad if own_health(row, sight) < Health::Warn => "alarm",
            Health::Bad => "failing",
            Health::Warn => "strained",
            Health::Stale | Health::Unknown => "no data",
            Health::Absent => "idle",
            Health::Ok => "ok",
        },
    }
}

fn health(row: &Row, sight: &Sight<'_>) -> Health {
    row.health_beside_alarms(own_health(row, sight), sight.world)
}

fn own_health(row: &Row, sight: &Sight<'_>) -> Health {
    let place = row.at(sight.world);
    let limits = sight.limits();
    match &row.item {
        Item::Balancer(balancer) => {
            let itself = balancer_state(balancer).unwrap_or(Health::Absent);
            let targets = match (balancer.unhealthy(), balancer.expected()) {
                (0, _) if !balancer.is_told() => Health::Unknown,
                (0, 0) => Health::Absent,
                (0, _) => Health::Ok,
                (sick, all) if sick as f64 * 100.0 >= all as f64 * limits.unhealthy_targets_percent => Health::Bad,
                _ => Health::Warn,
            };
            let of = |measure| place.and_then(|place| place.latest(measure, &balancer.dimension));
            let steps = [
                (Measure::AlbErrorPercent, limits.alb_error_percent),
                (Measure::AlbLatencyP99, limits.alb_p99_seconds),
            ];
            steps
                .into_iter()
                .filter_map(|(measure, steps)| steps.over(of(measure)?))
                .fold(targets.max(itself), Health::max)
        }
        Item::Group(group) if group.desired == 0 => Health::Absent,
        Item::Group(group) if group.in_service() == 0 || group.is_suspended("Launch") => Health::Bad,
        Item::Group(group) if group.in_service() < group.desired as usize => Health::Warn,
        Item::Group(group) if group.desired >= group.max && group.max > group.min => Health::Warn,
        Item::Cluster(cluster) => {
            let short = || cluster.services.iter().filter(|service| service.is_short());
            let tasks = cluster.tasks.as_deref().unwrap_or_default();
            let loops = tasks.iter().any(|task| f64::from(task.restarts) >= limits.task_restarts);
            match (loops || short().any(|service| service.running == 0), short().next().is_some()) {
                (true, _) => Health::Bad,
                (false, true) => Health::Warn,
                (false, false) if cluster.tasks.is_none() => Health::Unknown,
                (false, false) if cluster.services.is_empty() && tasks.is_empty() => Health::Absent,
                (false, false) => Health::Ok,
            }
        }
        Item::Function(function) if function.is_off() => Health::Warn,
        Item::Function(function) => {
            let series = |measure| place.and_then(|place| place.series(measure, &function.name));
            match series(Measure::LambdaInvocations).map(crate::domain::metric::Series::latest) {
                // Measured within the hour, and silent now.
                Some(None) => Health::Unknown,
                None if !place.is_some_and(|place| place.feeds.metrics.status().has_value) => Health::Unknown,
                None => Health::Absent,
                Some(Some(calls)) => {
                    let errors =
                        series(Measure::LambdaErrors).and_then(crate::domain::metric::Series::latest).unwrap_or(0.0);
                    let share = if calls > 0.0 { errors * 100.0 / calls } else { 0.0 };
                    limits.lambda_error_percent.over(share).unwrap_or(Health::Ok)
                }
            }
        }
        Item::Instance(instance) if instance.state == InstanceState::Unknown => Health::Unknown,
        Item::Instance(instance) if !instance.is_running() => Health::Absent,
        Item::Instance(instance) if instance.checks == "impaired" => Health::Bad,
        Item::Instance(instance) if instance.interruption.is_some() || instance.scheduled_event.is_some() => {
            Health::Warn
        }
        // It costs day and night, and nobody will stop it.
        Item::Instance(instance) if instance.environment.is_dev_or_test() && instance.schedule.is_none() => {
            Health::Warn
        }
        // Checks that could not be read are none that passed.
        Item::Instance(instance) if instance.checks.is_empty() => Health::Unknown,
        _ => Health::Ok,
    }
}

/// The one line that says how it is.
fn now(row: &Row, sight: &Sight<'_>) -> String {
    let place = row.at(sight.world);
    match &row.item {
        Item::Balancer(balancer) => {
            let zones = balancer.zones();
            let shift = zones.and_then(|zones| Some(zones.words(zones.applied()?, sight.at, sight.zone())));
            let shift = shift.map_or_else(String::new, |words| format!("{words}, "));
            format!("{shift}{}", balancer_now(balancer, place))
        }
        Item::Group(group) => {
            let cpu = place.and_then(|place| place.latest(Measure::AsgCpu, &group.name));
            let cpu = cpu.map_or_else(String::new, |cpu| format!(", cpu {}", percent(cpu)));
            let off = if group.suspended.is_empty() {
                String::new()
            } else {
                let names: Vec<&str> = group.suspended.iter().map(AsRef::as_ref).collect();
                format!("{} suspended, ", names.join(" and "))
            };
            format!("{off}{} of {} in service, {} to {}{cpu}", group.in_service(), group.desired, group.min, group.max)
        }
        Item::Cluster(cluster) => cluster_now(cluster),
        Item::Function(function) => {
            let of = |measure| place.and_then(|place| place.latest(measure, &function.name));
            let calls = of(Measure::LambdaInvocations).map_or_else(|| "-".into(), |calls| per_second(calls / 60.0));
            if function.is_off() {
                return "switched off: reserved concurrency is 0".into();
            }
            let errors = of(Measure::LambdaErrors).map_or_else(|| "-".into(), |errors| count(errors as u64));
            let version = function.version.as_ref().map_or_else(String::new, |version| format!(" {version}"));
            let shift = function.shift.as_ref().map_or_else(String::new, |shift| {
                format!(", {} of calls to {}", percent(shift.percent), shift.version)
            });
            format!("{calls} calls, {errors} errors/min, {}{version}{shift}", function.runtime)
        }
        Item::Instance(instance) => {
            let event = instance.scheduled_event.as_ref().map_or_else(String::new, |event| format!(", {event}"));
            let notice = if instance.interruption.is_some() { ", taken back within two minutes" } else { "" };
            let loose = instance.environment.is_dev_or_test() && instance.schedule.is_none() && instance.is_running();
            let loose = match instance.per_hour {
                Some(price) if loose => format!(", no schedule, {price} an hour"),
                None if loose => ", no schedule".into(),
                _ => String::new(),
            };
            let checks = match instance.checks.as_str() {
                // One that is stopped has none.
                "not-applicable" => String::new(),
                "" => ", checks not read".into(),
                word => format!(", {word}"),
            };
            format!("{} in {}{checks}{event}{notice}{loose}", instance.kind, instance.zone)
        }
        _ => String::new(),
    }
}

/// How bad the state of the balancer itself is.
pub(in crate::world) fn balancer_state(balancer: &LoadBalancer) -> Option<Health> {
    match balancer.state.as_str() {
        "failed" => Some(Health::Bad),
        "active_impaired" => Some(Health::Warn),
        _ => None,
    }
}

fn balancer_now(balancer: &LoadBalancer, place: Option<&Place>) -> String {
    let of = |measure| place.and_then(|place| place.latest(measure, &balancer.dimension));
    // What users feel comes first: it is what is left where the line is short.
    let state = balancer.state.as_str();
    let known = [
        (!state.is_empty() && state != "active").then(|| state.to_owned()),
        of(Measure::AlbErrorPercent).map(|failed| format!("5xx {}", percent(failed))),
        Some(match (balancer.expected(), balancer.unchecked()) {
            _ if !balancer.is_told() => "targets not read".into(),
            (0, unchecked) if unchecked > 0 => plural(unchecked, "target unchecked", "targets unchecked"),
            (expected, _) => format!("{} of {expected} targets healthy", balancer.healthy()),
        }),
        of(Measure::AlbLatencyP99).map(|p99| format!("p99 {}", latency(p99))),
        of(Measure::AlbRequests).map(|requests| per_second(requests / 60.0)),
    ];
    known.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn cluster_now(cluster: &Cluster) -> String {
    let (running, desired) =
        cluster.services.iter().fold((0, 0), |sum, service| (sum.0 + service.kept(), sum.1 + service.desired));
    let short: Vec<String> = cluster
        .services
        .iter()
        .filter(|service| service.is_short())
        .map(|service| format!("{} {}/{}", service.name, service.running, service.desired))
        .collect();
    let services = plural(cluster.services.len(), "service", "services");
    if short.is_empty() {
        format!("{running} of {desired} tasks, {services}")
    } else {
        format!("{running} of {desired} tasks, short: {}", short.join(", "))
    }
}
