//! Balancers, groups, instances, tasks.

use jiff::SignedDuration;

use crate::domain::autoscaling::{Activity, AutoScalingGroup, Member, ScalingPolicy, ScheduledChange, Template};
use crate::domain::balancer::{Forward, Listener, LoadBalancer, Target, TargetGroup, TargetHealth};
use crate::domain::container::{Cluster, Service, ServiceEvent, Task, TaskHealth};
use crate::domain::instance::{Instance, InstanceState, Purchase};
use crate::domain::money::Usd;
use crate::domain::scope::Environment;
use crate::domain::tags::Tag;
use crate::domain::text::Text;
use crate::domain::zone::{Shifting, Zone, ZoneShift, Zones};
use crate::drill::act::dev::group_id;
use crate::drill::company::Site;
use crate::drill::delivery::CLUSTER;
use crate::drill::dev::{self, OFFICE_HOURS, Power, price};
use crate::drill::feeds::delivery::{REGISTRY, digest, task_definition};
use crate::drill::fleet::{Fleet, Unit, UnitState};
use crate::drill::publish::{CHECKOUT, WEB_EDGE, WEB_EDGE_DR};
use crate::drill::rollout::Outcome;
use crate::drill::scenario::Flaw;
use crate::drill::simulation::Simulation;

pub(super) fn balancers(s: &Simulation, site: Site) -> Vec<LoadBalancer> {
    match site {
        Site::Prod => vec![
            balancer(s, site, ("web-edge", WEB_EDGE), &[(&s.web, "web")]),
            balancer(s, site, ("checkout", CHECKOUT), &[(&s.checkout, "checkout")]),
        ],
        Site::Standby => vec![balancer(s, site, ("web-edge-dr", WEB_EDGE_DR), &[(&s.web_dr, "web-dr")])],
        _ => Vec::new(),
    }
}

fn balancer(s: &Simulation, site: Site, (name, dimension): (&str, &str), groups: &[(&Fleet, &str)]) -> LoadBalancer {
    LoadBalancer {
        name: name.into(),
        arn: site.arn("elasticloadbalancing", &format!("loadbalancer/{dimension}")),
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
        shifting: groups.first().map(|(fleet, _)| shifting(s, site, fleet)),
    }
}

/// Those that visitors come in by can be led away from a zone; nobody has allowed it for the one inside.
fn shifting(s: &Simulation, site: Site, fleet: &Fleet) -> Shifting {
    if !fleet.is_group() {
        return Shifting::NotEnabled;
    }
    let shifted = fleet.shift.as_ref();
    let zone = |index: usize| Zone {
        id: site.zone_id(index),
        name: site.zone(index),
        is_on: shifted.is_none_or(|shift| shift.zone != index),
    };
    let shifts = shifted.map(|shift| ZoneShift {
        id: Some(shift.id.clone()),
        away_from: site.zone_id(shift.zone),
        kind: "ZONAL_SHIFT".into(),
        is_applied: true,
        until: Some(s.at(shift.until)),
        comment: shift.comment.clone(),
    });
    Shifting::Enabled(Zones {
        zones: (0..3).map(zone).collect(),
        shifts: shifts.into_iter().collect(),
        is_automatic: Some(false),
    })
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

pub(in crate::drill) fn groups(s: &Simulation, site: Site) -> Vec<AutoScalingGroup> {
    let all = s.fleets().into_iter().chain(s.dev.fleets());
    all.filter(|fleet| fleet.plan.site == site && fleet.is_group()).map(|fleet| group(s, fleet)).collect()
}

/// What it is tagged with from the beginning, and what operators have added.
pub(super) fn tags(s: &Simulation, id: &Text, own: &[(&str, &str)]) -> Vec<Tag> {
    let mut all: Vec<Tag> = own.iter().map(|(key, value)| (Text::new(key), Text::new(value))).collect();
    all.extend(s.tags.get(id).into_iter().flatten().cloned());
    all.sort();
    all
}

/// The size its office hours set a group to, at the next time they do.
fn office_hours(s: &Simulation, fleet: &Fleet) -> Vec<ScheduledChange> {
    let change = |name: &str, hour: i64, min, desired| ScheduledChange {
        name: name.into(),
        at: Some(super::money::next_weekday(s.now(), hour)),
        recurrence: format!("0 {hour} * * MON-FRI").into(),
        zone: Text::default(),
        min: Some(min),
        desired: Some(desired),
        max: Some(4),
    };
    match fleet.plan.site {
        Site::Dev => vec![change("office-hours-begin", 6, 1, 2), change("office-hours-end", 18, 0, 0)],
        _ => Vec::new(),
    }
}

/// The machine and its system: versions of the application are deployed on top of it, so that it stays as it is.
fn template(fleet: &Fleet) -> Template {
    Template { name: fleet.plan.name.clone(), version: "12".into() }
}

fn group(s: &Simulation, fleet: &Fleet) -> AutoScalingGroup {
    let lost = s.home_lost.is_some() && fleet.plan.site == Site::Prod;
    let pending = fleet.units.iter().any(|unit| matches!(unit.state, UnitState::Booting { .. }));
    AutoScalingGroup {
        name: fleet.plan.name.clone(),
        environment: fleet.plan.site.environment(),
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
                is_protected: false,
                template: Some(template(fleet)),
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
        scheduled: Some(office_hours(s, fleet)),
        refresh: None,
        template: Some(template(fleet)),
        tags: tags(
            s,
            &group_id(fleet.plan.site, &fleet.plan.name),
            &[("environment", fleet.plan.site.environment().word())],
        ),
        operator: Text::default(),
    }
}

pub(super) fn policies(s: &Simulation, site: Site) -> Vec<ScalingPolicy> {
    if site == Site::Dev {
        return vec![dev_policy(&s.dev.services[0])];
    }
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

/// It looks ahead, and answers no alarm.
fn dev_policy(fleet: &Fleet) -> ScalingPolicy {
    let name = &fleet.plan.name;
    let target: Text = format!("service/{}/{name}", dev::CLUSTER).into();
    ScalingPolicy {
        id: Site::Dev.arn("autoscaling", &format!("scalingPolicy:{target}:policyName/{name}-ahead")),
        name: format!("{name}-ahead").into(),
        target,
        environment: Environment::Dev,
        kind: "PredictiveScaling".into(),
        metric: "ECSServiceCPUUtilization".into(),
        target_value: Some(fleet.plan.target_cpu),
        cooldown: None,
        enabled: true,
        out_alarm: Text::default(),
        in_alarm: Text::default(),
        min: Some(fleet.min),
        max: Some(fleet.max),
        current: Some(fleet.desired),
    }
}

pub(in crate::drill) fn instances(s: &Simulation, site: Site) -> Vec<Instance> {
    if site == Site::Dev {
        let workers = s.dev.workers.units.iter().enumerate();
        let machines = s.dev.machines.iter().map(|machine| dev_instance(s, machine));
        return machines.chain(workers.map(|(number, unit)| instance(s, &s.dev.workers, unit, number))).collect();
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
    let is_dev = fleet.plan.site == Site::Dev;
    let kind = match (is_worker, is_dev) {
        (_, true) => dev::WORKER_KIND,
        (true, _) => "c6i.large",
        _ => "c6i.xlarge",
    };
    let id: Text = format!("i-{}", unit.id).into();
    let discount = if is_worker { 0.34 } else { 1.0 };
    Instance {
        tags: tags(s, &id, &[("environment", fleet.plan.site.environment().word())]),
        root: "ebs".into(),
        operator: Text::default(),
        id,
        name: format!("{}-{}", fleet.plan.name, number + 1).into(),
        kind: kind.into(),
        zone: fleet.plan.site.zone(unit.zone),
        environment: fleet.plan.site.environment(),
        state: match unit.state {
            UnitState::Booting { until } if until - s.tick > 6 => InstanceState::Pending,
            UnitState::Draining { .. } => InstanceState::ShuttingDown,
            _ => InstanceState::Running,
        },
        purchase: if is_worker { Purchase::Spot } else { Purchase::OnDemand },
        launched: Some(s.at(unit.launched)),
        stopped: None,
        stopped_why: Text::default(),
        owner: Text::default(),
        group: fleet.plan.name.clone(),
        checks: match unit.state {
            _ if lost => "impaired".into(),
            UnitState::Booting { .. } => "initializing".into(),
            _ => "ok".into(),
        },
        scheduled_event: None,
        interruption: None,
        schedule: is_dev.then(|| OFFICE_HOURS.into()),
        per_hour: Some(Usd::from_dollars(price(kind) * discount)),
    }
}

fn dev_instance(s: &Simulation, machine: &dev::Machine) -> Instance {
    let environment = if machine.name.as_str().starts_with("test") { Environment::Test } else { Environment::Dev };
    let mut own = vec![("environment", environment.word()), ("Name", machine.name.as_str())];
    own.extend(machine.schedule.map(|schedule| ("Schedule", schedule)));
    own.extend((!machine.owner.is_empty()).then(|| ("owner", machine.owner.as_str())));
    Instance {
        tags: tags(s, &machine.id, &own),
        root: "ebs".into(),
        operator: Text::default(),
        id: machine.id.clone(),
        name: machine.name.clone(),
        kind: machine.kind.clone(),
        zone: Site::Dev.zone(0),
        environment,
        state: match machine.power {
            Power::On => InstanceState::Running,
            Power::Stopping { .. } => InstanceState::Stopping,
            Power::Off { .. } => InstanceState::Stopped,
            Power::Starting { .. } => InstanceState::Pending,
        },
        purchase: Purchase::OnDemand,
        launched: Some(machine.launched.map_or_else(|| s.at(-3_000), |tick| s.at(tick))),
        stopped: match machine.power {
            Power::Off { since } => Some(s.at(since)),
            _ => None,
        },
        stopped_why: if matches!(machine.power, Power::Off { .. }) { "User initiated".into() } else { Text::default() },
        owner: machine.owner.clone(),
        group: Text::default(),
        checks: "ok".into(),
        scheduled_event: None,
        interruption: None,
        schedule: machine.schedule.map(Text::new),
        per_hour: Some(Usd::from_dollars(machine.per_hour)),
    }
}

pub(in crate::drill) fn clusters(s: &Simulation, site: Site) -> Vec<Cluster> {
    let (name, fleets): (&str, Vec<&Fleet>) = match site {
        Site::Prod => (CLUSTER, vec![&s.catalog, &s.checkout, &s.orders_worker]),
        Site::Dev => (dev::CLUSTER, s.dev.services.iter().collect()),
        _ => return Vec::new(),
    };
    let crashes = s.past.iter().rev().take(10).map(|minute| minute.crashes).sum::<u64>();
    vec![Cluster {
        name: name.into(),
        environment: site.environment(),
        tags: tags(s, &site.arn("ecs", &format!("cluster/{name}")), &[("environment", site.environment().word())]),
        services: fleets.iter().map(|fleet| service(s, fleet, name)).collect(),
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

fn service(s: &Simulation, fleet: &Fleet, cluster: &str) -> Service {
    let lost = s.home_lost.filter(|_| fleet.plan.site == Site::Prod);
    let arn = fleet.plan.site.arn("ecs", &format!("service/{cluster}/{}", fleet.plan.name));
    let running = if lost.is_some() { 0 } else { fleet.in_service().count() as u32 };
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
        tags: tags(s, &arn, &[]),
        arn,
        strategy: if fleet.plan.name == dev::AGENT { "DAEMON".into() } else { "REPLICA".into() },
        controller: "ECS".into(),
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
        failed_tasks: Some(
            fleet
                .units
                .iter()
                .filter(|unit| unit.release.never_starts.is_some())
                .map(|unit| unit.restarts.len() as u32)
                .sum(),
        ),
        short_since: lost.or(fleet.short_since).map(|tick| s.at(tick)),
        events,
    }
}

fn task(s: &Simulation, fleet: &Fleet, unit: &Unit, number: usize, crashes: u64) -> Task {
    let lost = s.home_lost.is_some() && fleet.plan.site == Site::Prod;
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
        exit_code: (restarts > 0 && unit.release.never_starts.is_none()).then_some(1),
        stopped_reason: match &unit.release.never_starts {
            Some(why) if restarts > 0 => why.clone(),
            _ if is_worker && restarts > 0 => "exit 1: cannot parse order: unknown field `lines_v2`".into(),
            _ => Text::default(),
        },
    }
}
