//! Scaling: the size of an Auto Scaling group and of an ECS service, and the processes that would change it by themselves.

use std::cmp::Ordering;

use jiff::SignedDuration;

use crate::domain::autoscaling::{AutoScalingGroup, ScalingPolicy};
use crate::domain::container::{Cluster, Service};
use crate::domain::money::Usd;
use crate::domain::units::plural;
use crate::ops::plan::{Blast, Plan, Refusal, Undo, Why};
use crate::ops::{Ask, On, Operation, Param, Params, Progress, Subject};
use crate::world::Place;
use crate::world::act::Step;
use crate::world::feed::Feed;
use crate::world::item::{Item, Kind};
use crate::world::sight::Sight;

pub(super) const GROUP: Operation = Operation {
    name: "asg.scale",
    title: "Scale",
    doc: "More or fewer instances in an Auto Scaling group",
    on: On::One(Kind::Group),
    boxes: &[],
    params: &[
        Param {
            name: "desired",
            doc: "instances wanted",
            present: |of| Some(group_of(of)?.desired.to_string()),
            is_needed: true,
        },
        Param { name: "min", doc: "fewest", present: |of| Some(group_of(of)?.min.to_string()), is_needed: false },
        Param { name: "max", doc: "most", present: |of| Some(group_of(of)?.max.to_string()), is_needed: false },
    ],
    feeds: &[Feed::Groups],
    beside: &[Feed::Policies, Feed::Instances],
    deadline: SignedDuration::from_mins(15),
    plan: plan_group,
    progress: group_progress,
};

pub(super) const SERVICE: Operation = Operation {
    name: "ecs.scale",
    title: "Scale a service",
    doc: "More or fewer tasks of an ECS service",
    on: On::One(Kind::Cluster),
    boxes: &[],
    params: &[
        Param {
            name: "service",
            doc: "which service of the cluster",
            present: |of| match of.item? {
                Item::Cluster(cluster) => cluster.services.first().map(|service| service.name.to_string()),
                _ => None,
            },
            is_needed: true,
        },
        Param { name: "desired", doc: "tasks wanted", present: |_| None, is_needed: true },
    ],
    feeds: &[Feed::Clusters, Feed::Policies],
    beside: &[],
    deadline: SignedDuration::from_mins(15),
    plan: plan_service,
    progress: service_progress,
};

pub(super) const SUSPEND: Operation = Operation {
    name: "asg.suspend",
    title: "Suspend scaling",
    doc: "Keep an Auto Scaling group from changing its size by itself",
    on: On::One(Kind::Group),
    boxes: &[],
    params: &[PROCESSES],
    feeds: &[Feed::Groups],
    beside: &[],
    deadline: SignedDuration::from_mins(2),
    plan: |ask| plan_processes(ask, true),
    progress: |plan, sight| processes_progress(plan, sight, true),
};

pub(super) const RESUME: Operation = Operation {
    name: "asg.resume",
    title: "Resume scaling",
    doc: "Let an Auto Scaling group do again what was suspended",
    on: On::One(Kind::Group),
    boxes: &[],
    params: &[PROCESSES],
    feeds: &[Feed::Groups],
    beside: &[],
    deadline: SignedDuration::from_mins(2),
    plan: |ask| plan_processes(ask, false),
    progress: |plan, sight| processes_progress(plan, sight, false),
};

/// What would answer alarms and schedules: the least that holds a size.
const PROCESSES: Param = Param {
    name: "processes",
    doc: "which, in AWS's spelling",
    present: |of| {
        let group = group_of(of)?;
        let suspended: Vec<&str> = group.suspended.iter().map(AsRef::as_ref).collect();
        Some(if suspended.is_empty() { "AlarmNotification,ScheduledActions".into() } else { suspended.join(",") })
    },
    is_needed: true,
};

/// <https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html>
const KNOWN_PROCESSES: [&str; 9] = [
    "Launch",
    "Terminate",
    "AddToLoadBalancer",
    "AlarmNotification",
    "AZRebalance",
    "HealthCheck",
    "InstanceRefresh",
    "ReplaceUnhealthy",
    "ScheduledActions",
];

fn group_of<'a>(subject: &Subject<'a>) -> Option<&'a AutoScalingGroup> {
    match subject.item? {
        Item::Group(group) => Some(group),
        _ => None,
    }
}

fn group<'a>(ask: &Ask<'a>) -> Result<&'a AutoScalingGroup, Refusal> {
    match ask.item {
        Some(Item::Group(group)) => Ok(group),
        _ => Err(Refusal::new(Why::Unknown, "that is no Auto Scaling group")),
    }
}

fn plan_group(ask: &Ask<'_>) -> Result<Plan, Refusal> {
    let it = group(ask)?;
    let desired = ask.needed_number("desired")?;
    let min = ask.number("min")?.unwrap_or(it.min);
    // Room is made where the bounds are the only thing in the way, and it is said.
    let max = ask.number("max")?.unwrap_or(it.max.max(desired));
    if min > max {
        return Err(Refusal::new(Why::Bounds, format!("at least {min} and at most {max} cannot both be")));
    }
    if !(min..=max).contains(&desired) {
        let text = format!("{desired} is not between {min} and {max}");
        return Err(Refusal::new(Why::Bounds, text).with("give min or max as well"));
    }
    if (min, desired, max) == (it.min, it.desired, it.max) {
        return Err(Refusal::new(Why::Nothing, format!("{} is at {desired} already, {min} to {max}", it.name)));
    }
    if let Some(refresh) = it.refresh.as_ref().filter(|refresh| refresh.ended.is_none()) {
        let text = format!("an instance refresh of {} is {}: its size is moving already", it.name, refresh.status);
        return Err(Refusal::new(Why::State, text).with("wait for it, or roll it back"));
    }
    let (grows, shrinks) = (desired > it.desired, desired < it.desired);
    let process = if grows { "Launch" } else { "Terminate" };
    if (grows || shrinks) && it.is_suspended(process) {
        let text = format!("{process} is suspended in {}: it would take the number and do nothing", it.name);
        return Err(Refusal::new(Why::State, text).with("`asg.resume` first"));
    }
    let blast = if shrinks { Blast::Disruptive } else { Blast::Reversible };
    let title = format!("{}: {} → {}", it.name, it.desired, plural(desired as usize, "instance", "instances"));
    let mut plan = Plan::begin(ask, blast, title);
    plan.change("desired", it.desired, desired);
    if (min, max) == (it.min, it.max) {
        plan.steps.push(Step::SetDesiredCapacity { group: it.name.clone(), desired });
    } else {
        if min != it.min {
            plan.change("min", it.min, min);
        }
        if max != it.max {
            plan.change("max", it.max, max);
        }
        plan.steps.push(Step::UpdateAutoScalingGroup { group: it.name.clone(), min, desired, max });
    }
    let by = plural(desired.abs_diff(it.desired) as usize, "instance", "instances");
    if grows {
        plan.effects.push(format!("{by} more will be launched, each billed from then on"));
    }
    if shrinks {
        plan.effects.push(format!("{by} will be terminated, with what is on their own disks; AWS chooses which"));
        let healthy = it.in_service();
        if (desired as usize) < healthy {
            plan.warnings.push(format!("{healthy} are in service now"));
        }
    }
    if it.members.iter().any(|member| member.weight != 1) {
        plan.warnings
            .push("its instances are weighted: the number is in their units, and may be passed by one of them".into());
    }
    if it.warm_pool.is_some() && max != it.max {
        plan.warnings.push("its warm pool grows with the maximum, and is billed as well".into());
    }
    plan.per_hour = price_of_one(it, ask.place).map(|price| price * (f64::from(desired) - f64::from(it.desired)));
    plan.warnings.extend(would_undo(it, ask.place, desired, min));
    let back = [("desired", it.desired), ("min", it.min), ("max", it.max)];
    plan.undo = Some(Undo {
        operation: GROUP.name.into(),
        params: back.into_iter().map(|(name, number)| (name.to_owned(), number.to_string())).collect(),
        words: format!("back to {}, {} to {}", it.desired, it.min, it.max),
    });
    plan.expects = format!("{desired} in service");
    Ok(plan)
}

/// What an instance of the group costs at list price: what those cost that it has, which is what it would launch, as far as
/// anybody knows.
fn price_of_one(it: &AutoScalingGroup, place: &Place) -> Option<Usd> {
    let of = place.feeds.instances.items().filter(|instance| instance.group == it.name);
    let prices: Vec<Usd> = of.map(|instance| instance.per_hour).collect::<Option<_>>()?;
    let sum = prices.iter().fold(Usd::ZERO, |sum, price| sum + *price);
    (!prices.is_empty()).then(|| sum * (1.0 / prices.len() as f64))
}

/// What would move the size again, soon or some time.
fn would_undo(it: &AutoScalingGroup, place: &Place, desired: u32, min: u32) -> Vec<String> {
    let mut all = Vec::new();
    if !it.is_suspended("AlarmNotification") && desired > min {
        let policies: Vec<&str> = policies_of(place, it.name.as_str()).map(|policy| policy.name.as_str()).collect();
        if !policies.is_empty() {
            all.push(format!("{} may scale it back within minutes; min holds it", policies.join(", ")));
        }
    }
    let next = it.scheduled.iter().flatten().filter_map(|change| Some((change.at?, change))).min_by_key(|(at, _)| *at);
    if let Some((_, change)) = next.filter(|_| !it.is_suspended("ScheduledActions")) {
        all.push(format!("the scheduled action {} will set it anew", change.name));
    }
    all
}

fn policies_of<'a>(place: &'a Place, target: &str) -> impl Iterator<Item = &'a ScalingPolicy> {
    place.feeds.policies.items().filter(move |policy| policy.target == target && policy.enabled)
}

fn group_progress(plan: &Plan, sight: &Sight<'_>) -> Progress {
    let Some(Item::Group(it)) = plan.of.item(sight) else {
        return Progress::Failed(format!("{} is gone", plan.target));
    };
    let Some(desired) = plan.params.get("desired").and_then(|text| text.parse::<u32>().ok()) else {
        return Progress::Failed("it does not say what was wanted".into());
    };
    let newest = it.newest_activity().filter(|activity| activity.at >= plan.made_at && activity.status == "Failed");
    if let Some(failed) = newest {
        let why = if failed.message.is_empty() { &failed.cause } else { &failed.message };
        return Progress::Failed(format!("{} failed: {why}", failed.what));
    }
    let before = plan.changes.iter().find(|change| change.what == "desired").and_then(|it| it.before.parse().ok());
    let was: u32 = before.unwrap_or(desired);
    let serving = it.in_service();
    let moving = it.members.iter().filter(|member| member.lifecycle != "InService").count();
    // A policy may have gone further in the same direction meanwhile: what was asked for is there then, too.
    let (is_wanted, is_there) = match desired.cmp(&was) {
        Ordering::Greater => (it.desired >= desired, serving >= desired as usize),
        Ordering::Less => (it.desired <= desired, serving <= desired as usize && moving == 0),
        Ordering::Equal => (bounds_are(plan, &it), true),
    };
    if !is_wanted {
        Progress::Waiting(format!("{} wanted, not {desired} yet", it.desired))
    } else if is_there {
        Progress::Reached
    } else if moving == 0 {
        Progress::Waiting(format!("{serving} of {desired} in service"))
    } else {
        Progress::Waiting(format!("{serving} of {desired} in service, {moving} on the way"))
    }
}

fn bounds_are(plan: &Plan, it: &AutoScalingGroup) -> bool {
    plan.steps.iter().all(|step| match step {
        Step::UpdateAutoScalingGroup { min, max, .. } => (it.min, it.max) == (*min, *max),
        _ => true,
    })
}

fn plan_processes(ask: &Ask<'_>, suspend: bool) -> Result<Plan, Refusal> {
    let it = group(ask)?;
    let said = ask.params.get("processes").map_or("", String::as_str);
    let processes: Vec<&str> = said.split([',', ' ']).map(str::trim).filter(|word| !word.is_empty()).collect();
    if processes.is_empty() {
        return Err(Refusal::new(Why::Bounds, "say which processes"));
    }
    if let Some(unknown) = processes.iter().find(|word| !KNOWN_PROCESSES.contains(word)) {
        let text = format!("`{unknown}` is no scaling process");
        return Err(Refusal::new(Why::Bounds, text).with(format!("they are {}", KNOWN_PROCESSES.join(", "))));
    }
    let changed: Vec<&str> = processes.into_iter().filter(|word| it.is_suspended(word) != suspend).collect();
    if changed.is_empty() {
        let so = if suspend { "suspended" } else { "at work" };
        return Err(Refusal::new(Why::Nothing, format!("{said} of {} is {so} already", it.name)));
    }
    let verb = if suspend { "suspend" } else { "resume" };
    let names = changed.join(", ");
    let mut plan = Plan::begin(ask, Blast::Reversible, format!("{}: {verb} {names}", it.name));
    let (before, after) = if suspend { ("at work", "suspended") } else { ("suspended", "at work") };
    plan.change("processes", format!("{names} {before}"), format!("{names} {after}"));
    let list = changed.iter().map(|word| (*word).into()).collect();
    let group = it.name.clone();
    plan.steps.push(if suspend {
        Step::SuspendProcesses { group, processes: list }
    } else {
        Step::ResumeProcesses { group, processes: list }
    });
    if suspend {
        plan.effects.push(format!("{} stays as it is until somebody resumes it: nothing does that by itself", it.name));
    } else {
        plan.effects.push(format!("{} does at once what it was kept from doing", it.name));
    }
    let params: Params = [("processes".to_owned(), changed.join(","))].into();
    let (operation, words) = if suspend { (RESUME.name, "resume") } else { (SUSPEND.name, "suspend") };
    plan.undo = Some(Undo { operation: operation.into(), params, words: format!("{words} {names}") });
    plan.expects = format!("{names} {after}");
    Ok(plan)
}

fn processes_progress(plan: &Plan, sight: &Sight<'_>, suspend: bool) -> Progress {
    let Some(Item::Group(it)) = plan.of.item(sight) else {
        return Progress::Failed(format!("{} is gone", plan.target));
    };
    let steps = plan.steps.iter().flat_map(|step| match step {
        Step::SuspendProcesses { processes, .. } | Step::ResumeProcesses { processes, .. } => processes.as_slice(),
        _ => &[],
    });
    let open: Vec<&str> =
        steps.filter(|process| it.is_suspended(process.as_str()) != suspend).map(AsRef::as_ref).collect();
    if open.is_empty() { Progress::Reached } else { Progress::Waiting(format!("{} not yet", open.join(", "))) }
}

pub(super) fn service_of<'a>(cluster: &'a Cluster, name: &str) -> Result<&'a Service, Refusal> {
    cluster.services.iter().find(|service| service.name == name).ok_or_else(|| {
        let names: Vec<&str> = cluster.services.iter().map(|service| service.name.as_str()).collect();
        let text = format!("{} has no service {name}", cluster.name);
        Refusal::new(Why::Unknown, text).with(format!("its services are {}", names.join(", ")))
    })
}

fn plan_service(ask: &Ask<'_>) -> Result<Plan, Refusal> {
    let Some(Item::Cluster(cluster)) = ask.item else {
        return Err(Refusal::new(Why::Unknown, "that is no ECS cluster"));
    };
    let name = ask.needed_word("service")?;
    let it = service_of(cluster, name)?;
    let desired = ask.needed_number("desired")?;
    if desired == it.desired {
        return Err(Refusal::new(
            Why::Nothing,
            format!("{name} is at {} already", plural(desired as usize, "task", "tasks")),
        ));
    }
    let shrinks = desired < it.desired;
    let blast = if shrinks { Blast::Disruptive } else { Blast::Reversible };
    let title = format!("{name}: {} → {}", it.desired, plural(desired as usize, "task", "tasks"));
    let mut plan = Plan::begin(ask, blast, title);
    plan.target = it.name.clone();
    plan.change("desired", it.desired, desired);
    let resource = format!("service/{}/{name}", cluster.name);
    // Where something scales it, a size outside its bounds would not stay; the bounds are what is changed.
    let bounds = policies_of(ask.place, &resource).find_map(|policy| Some((policy.min?, policy.max?)));
    let (cluster_name, service) = (cluster.name.clone(), it.name.clone());
    match bounds {
        Some((min, max)) if !(min..=max).contains(&desired) => {
            let (low, high) = (min.min(desired), max.max(desired));
            plan.change("bounds", format!("{min} to {max}"), format!("{low} to {high}"));
            plan.steps.push(Step::RegisterScalableTarget {
                resource: resource.as_str().into(),
                dimension: "ecs:service:DesiredCount".into(),
                min: low,
                max: high,
            });
            plan.steps.push(Step::SetServiceCount { cluster: cluster_name, service, desired });
        }
        _ => plan.steps.push(Step::SetServiceCount { cluster: cluster_name, service, desired }),
    }
    let by = plural(desired.abs_diff(it.desired) as usize, "task", "tasks");
    plan.effects.push(if shrinks { format!("{by} will be stopped") } else { format!("{by} more will be started") });
    if it.rollout == "IN_PROGRESS" {
        plan.warnings.push("a deployment is under way: a service is not scaled in by itself until it is done".into());
    }
    let policies: Vec<&str> = policies_of(ask.place, &resource).map(|policy| policy.name.as_str()).collect();
    if !policies.is_empty() {
        plan.warnings.push(format!("{} may scale it again within minutes", policies.join(", ")));
    }
    let params: Params =
        [("service".to_owned(), name.to_owned()), ("desired".to_owned(), it.desired.to_string())].into();
    plan.undo = Some(Undo { operation: SERVICE.name.into(), params, words: format!("back to {}", it.desired) });
    plan.expects = format!("{desired} running");
    Ok(plan)
}

fn service_progress(plan: &Plan, sight: &Sight<'_>) -> Progress {
    let Some(Item::Cluster(cluster)) = plan.of.item(sight) else {
        return Progress::Failed("its cluster is gone".into());
    };
    let Ok(it) = service_of(&cluster, plan.target.as_str()) else {
        return Progress::Failed(format!("{} is gone", plan.target));
    };
    let Some(desired) = plan.params.get("desired").and_then(|text| text.trim().parse::<u32>().ok()) else {
        return Progress::Failed("it does not say what was wanted".into());
    };
    let before = plan.changes.iter().find(|change| change.what == "desired").and_then(|it| it.before.parse().ok());
    let was: u32 = before.unwrap_or(desired);
    let is_there = if desired >= was {
        it.desired >= desired && it.running >= desired
    } else {
        it.desired <= desired && it.running <= desired
    };
    if is_there { Progress::Reached } else { Progress::Waiting(format!("{} of {desired} running", it.running)) }
}
