//! Balancers, groups, instances, tasks, functions.

use jiff::SignedDuration;

use crate::domain::autoscaling::{Activity, AutoScalingGroup, Member, ScalingPolicy};
use crate::domain::balancer::{Forward, Listener, LoadBalancer, Target, TargetGroup, TargetHealth};
use crate::domain::container::{Cluster, Service, ServiceEvent, Task, TaskHealth};
use crate::domain::function::{Function, Provisioned, Reserved};
use crate::domain::instance::{Instance, InstanceState, Purchase};
use crate::domain::money::Usd;
use crate::domain::scope::Environment;
use crate::domain::text::Text;
use crate::drill::company::Site;
use crate::drill::delivery::CLUSTER;
use crate::drill::dev::price;
use crate::drill::feeds::delivery::{REGISTRY, digest, task_definition};
use crate::drill::fleet::{Fleet, Unit, UnitState};
use crate::drill::function::ALIAS;
use crate::drill::publish::{CHECKOUT, CONCURRENCY_LIMIT, WEB_EDGE, WEB_EDGE_DR};
use crate::drill::rollout::Outcome;
use crate::drill::scenario::Flaw;
use crate::drill::simulation::Simulation;

pub(super) fn balancers(s: &Simulation, site: Site) -> Vec<LoadBalancer> {
    match site {
        Site::Prod => vec![
            balancer(s, "web-edge", WEB_EDGE, &[(&s.web, "web")]),
            balancer(s, "checkout", CHECKOUT, &[(&s.checkout, "checkout")]),
        ],
        Site::Standby => vec![balancer(s, "web-edge-dr", WEB_EDGE_DR, &[(&s.web_dr, "web-dr")])],
        _ => Vec::new(),
    }
}

fn balancer(s: &Simulation, name: &str, dimension: &str, groups: &[(&Fleet, &str)]) -> LoadBalancer {
    LoadBalancer {
        name: name.into(),
        kind: "application".into(),
        environment: Environment::Prod,
        state: "active".into(),
        state_reason: Text::default(),
        dimension: dimension.into(),
        target_groups: groups
            .iter()
            .map(|(fleet, name)| TargetGroup {
                name: (*name).into(),
                dimension: format!("targetgroup/{name}/73e2d6bc24d8a067").into(),
                targets: Some(fleet.units.iter().map(|unit| target(s, fleet, unit)).collect()),
            })
            .collect(),
        listeners: Some(vec![
            Listener {
                port: Some(80),
                protocol: "HTTP".into(),
                forwards: Vec::new(),
                otherwise: "redirects to HTTPS:443".into(),
            },
            Listener {
                port: Some(443),
                protocol: "HTTPS".into(),
                forwards: groups
                    .iter()
                    .map(|(_, name)| Forward { target_group: (*name).into(), percent: 100.0 / groups.len() as f64 })
                    .collect(),
                otherwise: Text::default(),
            },
        ]),
    }
}

fn target(s: &Simulation, fleet: &Fleet, unit: &Unit) -> Target {
    let lost = s.home_lost.is_some() && fleet.plan.site == Site::Prod;
    let (health, reason) = match unit.state {
        _ if lost => (TargetHealth::Unhealthy, "health check timed out"),
        UnitState::InService => (TargetHealth::Healthy, ""),
        UnitState::Booting { .. } | UnitState::Deploying { .. } => (TargetHealth::Initial, "health checks in progress"),
        UnitState::Ill { .. } => (TargetHealth::Unhealthy, "health check 503"),
        UnitState::Draining { .. } => (TargetHealth::Draining, "deregistering"),
    };
    Target {
        id: unit_id(fleet, unit),
        port: None,
        zone: fleet.plan.site.zone(unit.zone),
        health,
        reason: reason.into(),
    }
}

/// Instances are `i-…`, tasks are bare.
fn unit_id(fleet: &Fleet, unit: &Unit) -> Text {
    if fleet.is_group() { format!("i-{}", unit.id).into() } else { unit.id.clone() }
}

pub(super) fn groups(s: &Simulation, site: Site) -> Vec<AutoScalingGroup> {
    s.fleets()
        .into_iter()
        .filter(|fleet| fleet.plan.site == site && fleet.is_group())
        .map(|fleet| group(s, fleet))
        .collect()
}

fn group(s: &Simulation, fleet: &Fleet) -> AutoScalingGroup {
    let lost = s.home_lost.is_some() && fleet.plan.site == Site::Prod;
    let pending = fleet.units.iter().any(|unit| matches!(unit.state, UnitState::Booting { .. }));
    AutoScalingGroup {
        name: fleet.plan.name.clone(),
        environment: Environment::Prod,
        min: fleet.min,
        desired: fleet.desired,
        max: fleet.max,
        members: fleet
            .units
            .iter()
            .map(|unit| Member {
                instance: unit_id(fleet, unit),
                zone: fleet.plan.site.zone(unit.zone),
                lifecycle: match unit.state {
                    UnitState::Booting { .. } => "Pending".into(),
                    UnitState::Draining { .. } => "Terminating:Wait".into(),
                    _ => "InService".into(),
                },
                // The group asks EC2, not the balancer: an application that answers 503 is well to it.
                healthy: !lost,
                weight: 1,
            })
            .collect(),
        suspended: fleet.suspended.clone(),
        activities: Some(
            fleet
                .activities
                .iter()
                .enumerate()
                .map(|(position, activity)| Activity {
                    at: s.at(activity.tick),
                    what: activity.what.clone(),
                    cause: activity.cause.clone(),
                    status: if position == 0 && pending { "InProgress".into() } else { "Successful".into() },
                    message: Text::default(),
                })
                .collect(),
        ),
        warm_pool: None,
        scheduled: Some(Vec::new()),
        refresh: None,
    }
}

pub(super) fn policies(s: &Simulation, site: Site) -> Vec<ScalingPolicy> {
    if site != Site::Prod {
        return Vec::new();
    }
    [&s.web, &s.workers, &s.catalog, &s.checkout, &s.orders_worker]
        .into_iter()
        .map(|fleet| {
            let name = &fleet.plan.name;
            let is_group = fleet.is_group();
            let target: Text = if is_group { name.clone() } else { format!("service/prod/{name}").into() };
            ScalingPolicy {
                id: site.arn("autoscaling", &format!("scalingPolicy:{target}:policyName/{name}-cpu")),
                name: format!("{name}-cpu").into(),
                target,
                environment: Environment::Prod,
                kind: "TargetTrackingScaling".into(),
                metric: if is_group {
                    "ASGAverageCPUUtilization".into()
                } else {
                    "ECSServiceAverageCPUUtilization".into()
                },
                target_value: Some(fleet.plan.target_cpu),
                cooldown: Some(SignedDuration::from_secs(120)),
                enabled: true,
                out_alarm: format!("TargetTracking-{name}-AlarmHigh").into(),
                in_alarm: format!("TargetTracking-{name}-AlarmLow").into(),
                min: Some(fleet.min),
                max: Some(fleet.max),
                current: Some(fleet.desired),
            }
        })
        .collect()
}

pub(super) fn instances(s: &Simulation, site: Site) -> Vec<Instance> {
    if site == Site::Dev {
        return s.dev.machines.iter().map(|machine| dev_instance(s, machine)).collect();
    }
    let mut all: Vec<Instance> = s
        .fleets()
        .into_iter()
        .filter(|fleet| fleet.plan.site == site && fleet.is_group())
        .flat_map(|fleet| fleet.units.iter().enumerate().map(move |(number, unit)| instance(s, fleet, unit, number)))
        .collect();
    if site == Site::Prod && s.has(Flaw::HostileNames) {
        for (instance, name) in all.iter_mut().zip(HOSTILE) {
            instance.name = Text::new(name);
            instance.checks = "impaired".into();
        }
        if let Some(last) = all.last_mut() {
            last.name = Text::new(&"endless-".repeat(625));
            last.checks = "impaired".into();
        }
    }
    all
}

/// Names that attack a terminal: a screen wipe, a clipboard write, a reversal, wide letters, a tower of marks.
pub(super) const HOSTILE: [&str; 5] = [
    "web\u{1b}[2J\u{1b}[31mowned",
    "web\u{1b}]52;c;ZXZpbA==\u{7}\ttab\r\nline",
    "web\u{202e}dorp-ton\u{2066}",
    "東京-サーバー-🚀👩\u{200d}💻",
    "z\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}algo",
];

fn instance(s: &Simulation, fleet: &Fleet, unit: &Unit, number: usize) -> Instance {
    let lost = s.home_lost.is_some() && fleet.plan.site == Site::Prod;
    let is_worker = fleet.plan.name == "workers";
    let kind = if is_worker { "c6i.large" } else { "c6i.xlarge" };
    let discount = if is_worker { 0.34 } else { 1.0 };
    Instance {
        id: format!("i-{}", unit.id).into(),
        name: format!("{}-{}", fleet.plan.name, number + 1).into(),
        kind: kind.into(),
        zone: fleet.plan.site.zone(unit.zone),
        environment: Environment::Prod,
        state: match unit.state {
            UnitState::Booting { until } if until - s.tick > 6 => InstanceState::Pending,
            UnitState::Draining { .. } => InstanceState::ShuttingDown,
            _ => InstanceState::Running,
        },
        purchase: if is_worker { Purchase::Spot } else { Purchase::OnDemand },
        launched: Some(s.at(unit.launched)),
        owner: Text::default(),
        group: fleet.plan.name.clone(),
        checks: match unit.state {
            _ if lost => "impaired".into(),
            UnitState::Booting { .. } => "initializing".into(),
            _ => "ok".into(),
        },
        scheduled_event: None,
        interruption: None,
        schedule: None,
        per_hour: Some(Usd::from_dollars(price(kind) * discount)),
    }
}

fn dev_instance(s: &Simulation, machine: &crate::drill::dev::Machine) -> Instance {
    Instance {
        id: machine.id.clone(),
        name: machine.name.clone(),
        kind: machine.kind.clone(),
        zone: Site::Dev.zone(0),
        environment: if machine.name.as_str().starts_with("test") { Environment::Test } else { Environment::Dev },
        state: if machine.running { InstanceState::Running } else { InstanceState::Stopped },
        purchase: Purchase::OnDemand,
        launched: Some(machine.launched.map_or_else(|| s.at(-3_000), |tick| s.at(tick))),
        owner: machine.owner.clone(),
        group: Text::default(),
        checks: "ok".into(),
        scheduled_event: None,
        interruption: None,
        schedule: machine.schedule.map(Text::new),
        per_hour: Some(Usd::from_dollars(machine.per_hour)),
    }
}

pub(super) fn clusters(s: &Simulation, site: Site) -> Vec<Cluster> {
    if site != Site::Prod {
        return Vec::new();
    }
    let fleets = [&s.catalog, &s.checkout, &s.orders_worker];
    let crashes = s.past.iter().rev().take(10).map(|minute| minute.crashes).sum::<u64>();
    vec![Cluster {
        name: CLUSTER.into(),
        environment: Environment::Prod,
        services: fleets.iter().map(|fleet| service(s, fleet)).collect(),
        tasks: Some(
            fleets
                .iter()
                .flat_map(|fleet| {
                    fleet.units.iter().enumerate().map(move |(number, unit)| task(s, fleet, unit, number, crashes))
                })
                .collect(),
        ),
    }]
}

fn service(s: &Simulation, fleet: &Fleet) -> Service {
    let running = if s.home_lost.is_some() { 0 } else { fleet.in_service().count() as u32 };
    let pending = fleet.units.iter().filter(|unit| matches!(unit.state, UnitState::Booting { .. })).count() as u32;
    let rollout = fleet.rollouts.last();
    let mut events: Vec<ServiceEvent> = fleet
        .activities
        .iter()
        .map(|activity| ServiceEvent { at: s.at(activity.tick), message: activity.what.clone() })
        .collect();
    if let Some(finished) = rollout.and_then(|rollout| rollout.finished) {
        events.push(ServiceEvent {
            at: s.at(finished),
            message: format!("(service {}) has reached a steady state.", fleet.plan.name).into(),
        });
    }
    events.sort_by_key(|event| std::cmp::Reverse(event.at));
    Service {
        name: fleet.plan.name.clone(),
        desired: fleet.desired,
        running,
        pending,
        task_definition: task_definition(fleet, &fleet.release.version),
        rollout: match rollout.map(|rollout| &rollout.outcome) {
            Some(Outcome::Running) => "IN_PROGRESS".into(),
            Some(Outcome::Failed { .. } | Outcome::Stopped) => "FAILED".into(),
            _ => "COMPLETED".into(),
        },
        rollout_reason: Text::default(),
        failed_tasks: Some(0),
        short_since: s.home_lost.or(fleet.short_since).map(|tick| s.at(tick)),
        events,
    }
}

fn task(s: &Simulation, fleet: &Fleet, unit: &Unit, number: usize, crashes: u64) -> Task {
    let lost = s.home_lost.is_some();
    let is_worker = fleet.plan.name == "orders-worker";
    // A worker that crashes on a message is started again in its place; many crashes show as many restarts.
    let restarts =
        if is_worker { (crashes / fleet.units.len().max(1) as u64).min(40) as u32 } else { unit.restarts.len() as u32 };
    Task {
        id: unit.id.clone(),
        service: fleet.plan.name.clone(),
        image: format!("{REGISTRY}/acme/{}:{}", fleet.plan.name, unit.release.version).into(),
        digest: Some(digest(s, fleet, &unit.release.version)),
        zone: fleet.plan.site.zone(number),
        status: match unit.state {
            _ if lost => "STOPPED".into(),
            UnitState::Booting { .. } => "PENDING".into(),
            UnitState::Draining { .. } => "DEACTIVATING".into(),
            _ => "RUNNING".into(),
        },
        health: match unit.state {
            UnitState::InService if !lost => TaskHealth::Healthy,
            UnitState::Ill { .. } => TaskHealth::Unhealthy,
            _ => TaskHealth::Unknown,
        },
        started: Some(s.at(unit.serving_since)),
        restarts,
        exit_code: (restarts > 0).then_some(1),
        stopped_reason: if is_worker && restarts > 0 {
            "exit 1: cannot parse order: unknown field `lines_v2`".into()
        } else {
            Text::default()
        },
    }
}

pub(super) fn functions(s: &Simulation, site: Site) -> Vec<Function> {
    if site != Site::Prod {
        return Vec::new();
    }
    s.functions
        .iter()
        .map(|it| Function {
            name: it.name.into(),
            environment: Environment::Prod,
            runtime: it.runtime.into(),
            alias: Some(ALIAS.into()),
            version: Some(it.version.clone()),
            previous_version: Some(it.previous.clone()),
            revision: Some(it.revision(s.noise)),
            shift: None,
            modified: None,
            // The supplier cannot take more at once.
            reserved: Some(if it.name == "stock-sync" { Reserved::Executions(20) } else { Reserved::Nothing }),
            provisioned: Some(if it.name == "receipts" { vec![warm(ALIAS, 5)] } else { Vec::new() }),
            account_concurrency_limit: Some(CONCURRENCY_LIMIT),
        })
        .collect()
}

fn warm(of: &str, executions: u32) -> Provisioned {
    Provisioned {
        of: of.into(),
        wanted: Some(executions),
        ready: Some(executions),
        status: "READY".into(),
        reason: Text::default(),
    }
}
