//! What computes: balancers, groups, clusters, functions and instances, what is not well first.

use super::{Align, Column, RoomSpec, Row, Value, place_columns};
use crate::domain::balancer::LoadBalancer;
use crate::domain::container::Cluster;
use crate::domain::health::Health;
use crate::domain::metric::Measure;
use crate::domain::units::{count, latency, per_second, percent, plural};
use crate::world::Place;
use crate::world::feed::Feed;
use crate::world::item::{Item, Kind};
use crate::world::sight::Sight;

pub const ROOM: RoomSpec = RoomSpec {
    name: "compute",
    kinds: &[Kind::Balancer, Kind::Group, Kind::Cluster, Kind::Function, Kind::Instance],
    nouns: ("resource", "resources"),
    columns: &COLUMNS,
    health: |row, sight| health(row, sight),
    rank: |row, sight| (6 - health(row, sight) as u8, i64::from(row.item.kind() as u8)),
    feeds: &[Feed::Balancers, Feed::Groups, Feed::Clusters, Feed::Functions, Feed::Instances],
};

const COLUMNS: [Column; 8] = [
    Column {
        key: "state",
        title: "STATE",
        priority: 0,
        width: (8, 13),
        align: Align::Left,
        value: |row, sight| Value::State(health(row, sight), state(row)),
    },
    super::KIND,
    super::NAME,
    Column {
        key: "now",
        title: "NOW",
        priority: 1,
        width: (24, 52),
        align: Align::Left,
        value: |row, sight| Value::Words(now(row, sight)),
    },
    Column {
        key: "up",
        title: "UP",
        priority: 3,
        width: (6, 7),
        align: Align::Right,
        value: |row, _| match &row.item {
            Item::Instance(instance) if instance.is_running() => Value::Since(instance.launched),
            _ => Value::Nothing,
        },
    },
    super::ENVIRONMENT,
    place_columns().0,
    place_columns().1,
];

fn state(row: &Row) -> &'static str {
    use crate::domain::instance::InstanceState as S;
    match &row.item {
        Item::Instance(instance) => match instance.state {
            S::Pending => "pending",
            S::Running => "running",
            S::ShuttingDown => "shutting-down",
            S::Stopping => "stopping",
            S::Stopped => "stopped",
            S::Terminated => "terminated",
        },
        Item::Balancer(balancer) if balancer.unhealthy() > 0 => "unhealthy",
        Item::Group(group) if group.in_service() < group.desired as usize => "short",
        Item::Cluster(cluster) if cluster.services.iter().any(|service| service.running < service.desired) => "short",
        _ => "ok",
    }
}

fn health(row: &Row, sight: &Sight<'_>) -> Health {
    match &row.item {
        Item::Balancer(balancer) => match (balancer.unhealthy(), balancer.expected()) {
            (0, _) => Health::Ok,
            (sick, all) if sick as f64 * 100.0 >= all as f64 * sight.limits().unhealthy_targets_percent => Health::Bad,
            _ => Health::Warn,
        },
        Item::Group(group) if group.in_service() == 0 && group.desired > 0 => Health::Bad,
        Item::Group(group) if group.in_service() < group.desired as usize => Health::Warn,
        Item::Cluster(cluster) => {
            let short = || cluster.services.iter().filter(|service| service.running < service.desired);
            match (short().any(|service| service.running == 0), short().next().is_some()) {
                (true, _) => Health::Bad,
                (false, true) => Health::Warn,
                (false, false) => Health::Ok,
            }
        }
        Item::Instance(instance) if !instance.is_running() => Health::Absent,
        Item::Instance(instance) if instance.checks == "impaired" => Health::Bad,
        Item::Instance(instance) if instance.interruption.is_some() || instance.scheduled_event.is_some() => {
            Health::Warn
        }
        _ => Health::Ok,
    }
}

/// The one line that says how it is.
fn now(row: &Row, sight: &Sight<'_>) -> String {
    let place = row.at(sight.world);
    match &row.item {
        Item::Balancer(balancer) => balancer_now(balancer, place),
        Item::Group(group) => {
            let cpu = place.and_then(|place| place.latest(Measure::AsgCpu, &group.name));
            let cpu = cpu.map_or_else(String::new, |cpu| format!(", cpu {}", percent(cpu)));
            format!("{} of {} in service, {} to {}{cpu}", group.in_service(), group.desired, group.min, group.max)
        }
        Item::Cluster(cluster) => cluster_now(cluster),
        Item::Function(function) => {
            let of = |measure| place.and_then(|place| place.latest(measure, &function.name));
            let calls = of(Measure::LambdaInvocations).map_or_else(|| "-".into(), |calls| per_second(calls / 60.0));
            let errors = of(Measure::LambdaErrors).map_or_else(|| "-".into(), |errors| count(errors as u64));
            format!("{calls} calls, {errors} errors/min, {} {}", function.runtime, function.version)
        }
        Item::Instance(instance) => {
            let event = instance.scheduled_event.as_ref().map_or_else(String::new, |event| format!(", {event}"));
            let notice = if instance.interruption.is_some() { ", taken back within two minutes" } else { "" };
            format!("{} in {}, {}{event}{notice}", instance.kind, instance.zone, instance.checks)
        }
        _ => String::new(),
    }
}

fn balancer_now(balancer: &LoadBalancer, place: Option<&Place>) -> String {
    let of = |measure| place.and_then(|place| place.latest(measure, &balancer.dimension));
    let mut text = format!("{} of {} targets healthy", balancer.healthy(), balancer.expected());
    if let Some(requests) = of(Measure::AlbRequests) {
        text.push_str(&format!(", {}", per_second(requests / 60.0)));
    }
    if let Some(failed) = of(Measure::AlbErrorPercent) {
        text.push_str(&format!(", 5xx {}", percent(failed)));
    }
    if let Some(p99) = of(Measure::AlbLatencyP99) {
        text.push_str(&format!(", p99 {}", latency(p99)));
    }
    text
}

fn cluster_now(cluster: &Cluster) -> String {
    let (running, desired) =
        cluster.services.iter().fold((0, 0), |sum, service| (sum.0 + service.running, sum.1 + service.desired));
    let short: Vec<String> = cluster
        .services
        .iter()
        .filter(|service| service.running < service.desired)
        .map(|service| format!("{} {}/{}", service.name, service.running, service.desired))
        .collect();
    let services = plural(cluster.services.len(), "service", "services");
    if short.is_empty() {
        format!("{running} of {desired} tasks, {services}")
    } else {
        format!("{running} of {desired} tasks, short: {}", short.join(", "))
    }
}
