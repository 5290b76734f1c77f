//! What computing things are made of, line by line: on the page of one of them.

use jiff::tz::TimeZone;

use crate::domain::autoscaling::{AutoScalingGroup, Refresh, ScheduledChange, WarmPool};
use crate::domain::balancer::{Forward, Listener, LoadBalancer, Target, TargetHealth};
use crate::domain::container::{Cluster, Service};
use crate::domain::function::{Function, Provisioned, Reserved};
use crate::domain::instance::Instance;
use crate::domain::units::{percent, plural, stamp};

/// A label and what it says.
type Said = (&'static str, String);

/// Parts of one kind shown; the rest is counted.
const SHOWN: usize = 16;

/// The state of the balancer itself, then its targets, what is not well first.
pub(super) fn balancer(balancer: &LoadBalancer) -> Vec<Said> {
    let mut all = Vec::new();
    if !balancer.state.is_empty() && balancer.state != "active" {
        let why = or_nothing(balancer.state_reason.as_str());
        all.push(("itself", format!("{}{why}", balancer.state)));
    }
    match &balancer.listeners {
        Some(listeners) if listeners.is_empty() => all.push(("listens", "nowhere".into())),
        Some(listeners) => all.extend(some("listens", listeners.iter().map(listener))),
        None => all.push(("listens", "not read".into())),
    }
    for group in balancer.target_groups.iter().filter(|group| group.targets.is_none()) {
        all.push(("targets", format!("of {}: not read", group.name)));
    }
    let mut targets: Vec<_> = balancer.targets().collect();
    targets.sort_by_key(|target| target.health != TargetHealth::Unhealthy);
    all.extend(some("target", targets.into_iter().map(target)));
    all
}

fn listener(it: &Listener) -> String {
    let at = it.port.map(|port| port.to_string());
    let at: Vec<&str> = [Some(it.protocol.as_str()), at.as_deref()].into_iter().flatten().collect();
    let at = at.join(":");
    let forwards = match it.forwards.as_slice() {
        [only] => format!("to {}", only.target_group),
        all => {
            let part = |it: &Forward| format!("{} to {}", percent(it.percent), it.target_group);
            all.iter().map(part).collect::<Vec<_>>().join(", ")
        }
    };
    let does = if forwards.is_empty() { it.otherwise.as_str() } else { &forwards };
    let at = if at.is_empty() { "everywhere" } else { &at };
    if does.is_empty() { at.to_owned() } else { format!("{at} {does}") }
}

fn target(target: &Target) -> String {
    let port = target.port.map_or_else(String::new, |port| format!(":{port}"));
    let zone = if target.zone.is_empty() { String::new() } else { format!(" in {}", target.zone) };
    let health = format!("{:?}", target.health).to_lowercase();
    format!("{}{port}{zone}: {health}{}", target.id, or_nothing(target.reason.as_str()))
}

/// What moves it besides its policies, then its members.
pub(super) fn group(group: &AutoScalingGroup, zone: &TimeZone) -> Vec<Said> {
    let mut all = Vec::new();
    if !group.suspended.is_empty() {
        let names: Vec<&str> = group.suspended.iter().map(AsRef::as_ref).collect();
        all.push(("suspended", names.join(", ")));
    }
    all.extend(group.refresh.as_ref().map(|it| ("refresh", refresh(it, zone))));
    all.extend(group.warm_pool.as_ref().map(|it| ("warm pool", warm_pool(it))));
    all.extend(some("scheduled", group.scheduled.iter().flatten().map(|it| scheduled(it, zone))));
    let members = group.members.iter().map(|it| {
        let sick = if it.healthy { "" } else { ", unhealthy" };
        let weight = if it.weight == 1 { String::new() } else { format!(", counts {}", it.weight) };
        format!("{} in {}: {}{sick}{weight}", it.instance, it.zone, it.lifecycle)
    });
    all.extend(some("instance", members));
    all
}

fn refresh(it: &Refresh, zone: &TimeZone) -> String {
    let done = it.percent.map_or_else(String::new, |done| format!(", {done} %"));
    let when = match (it.started, it.ended) {
        (_, Some(ended)) => format!(", ended {}", stamp(ended, zone)),
        (Some(started), None) => format!(", since {}", stamp(started, zone)),
        (None, None) => String::new(),
    };
    format!("{}{done}{when}{}", it.status, or_nothing(it.reason.as_str()))
}

fn warm_pool(it: &WarmPool) -> String {
    let size = it.size.map_or_else(|| "-".into(), |size| size.to_string());
    let most = it.max_prepared.map_or_else(String::new, |most| format!(", at most {most} with the group"));
    format!("{size} {}, at least {}{most}", it.state.as_str().to_lowercase(), it.min)
}

fn scheduled(it: &ScheduledChange, zone: &TimeZone) -> String {
    let next = it.at.map_or_else(|| "-".into(), |at| stamp(at, zone));
    let its_zone = if it.zone.is_empty() { "UTC" } else { it.zone.as_str() };
    let again =
        if it.recurrence.is_empty() { String::new() } else { format!(", again by {} in {its_zone}", it.recurrence) };
    let sizes: Vec<String> = [("min", it.min), ("desired", it.desired), ("max", it.max)]
        .into_iter()
        .filter_map(|(name, size)| Some(format!("{name} {}", size?)))
        .collect();
    format!("{next} {}: {}{again}", it.name, sizes.join(", "))
}

pub(super) fn cluster(cluster: &Cluster) -> Vec<Said> {
    some("service", cluster.services.iter().map(service)).collect()
}

fn service(it: &Service) -> String {
    let failed = match it.failed_tasks {
        Some(failed) if failed > 0 => format!(", {} failed", plural(failed as usize, "task", "tasks")),
        _ => String::new(),
    };
    let rollout = match it.rollout.as_str() {
        "" | "COMPLETED" => String::new(),
        state => {
            format!(
                ", rollout {}{failed}{}",
                state.to_lowercase().replace('_', " "),
                or_nothing(it.rollout_reason.as_str())
            )
        }
    };
    format!("{}: {} of {} running, {}{rollout}", it.name, it.running, it.desired, it.task_definition)
}

pub(super) fn function(function: &Function, zone: &TimeZone) -> Vec<Said> {
    let mut all = Vec::new();
    let version = function.version.as_ref().map_or("-", AsRef::as_ref);
    if let Some(alias) = &function.alias {
        let shift = function
            .shift
            .as_ref()
            .map_or_else(String::new, |shift| format!(", {} of calls to {}", percent(shift.percent), shift.version));
        all.push(("alias", format!("{alias} points at {version}{shift}")));
    }
    let before = function.previous_version.as_ref().map(ToString::to_string);
    let published = || Some(format!("{} was published before", function.published_before.as_ref()?));
    all.extend(before.or_else(published).map(|version| ("before", version)));
    all.extend(match function.reserved {
        Some(Reserved::Executions(0)) => Some(("reserved", "0 concurrent executions: it is switched off".into())),
        Some(Reserved::Executions(most)) => Some((
            "reserved",
            format!("{}, and no more", plural(most as usize, "concurrent execution", "concurrent executions")),
        )),
        Some(Reserved::Nothing) => Some(("reserved", "nothing: it shares the account's executions".into())),
        None => None,
    });
    all.extend(some("provisioned", function.provisioned.iter().flatten().map(provisioned)));
    all.extend(function.modified.map(|at| ("modified", stamp(at, zone))));
    all
}

fn provisioned(it: &Provisioned) -> String {
    let number = |number: Option<u32>| number.map_or_else(|| "-".into(), |number| number.to_string());
    let state = it.status.as_str().to_lowercase().replace('_', " ");
    let state = if state.is_empty() { state } else { format!(", {state}") };
    format!("{}: {} of {} ready{state}{}", it.of, number(it.ready), number(it.wanted), or_nothing(it.reason.as_str()))
}

pub(super) fn instance(instance: &Instance) -> Vec<Said> {
    let known = [("kept by", &instance.group), ("owner", &instance.owner)];
    let known = known.into_iter().filter(|(_, text)| !text.is_empty());
    let mut all: Vec<Said> = known.map(|(label, text)| (label, text.to_string())).collect();
    all.push(("bought", instance.purchase.word().into()));
    all.extend(instance.schedule.as_ref().map(|schedule| ("schedule", schedule.to_string())));
    all
}

fn or_nothing(why: &str) -> String {
    if why.is_empty() { String::new() } else { format!(", {why}") }
}

/// As many as are shown, and how many more there are.
fn some(label: &'static str, all: impl Iterator<Item = String>) -> impl Iterator<Item = Said> {
    let mut all: Vec<String> = all.collect();
    let more = all.len().saturating_sub(SHOWN);
    all.truncate(SHOWN);
    if more > 0 {
        all.push(format!("and {more} more"));
    }
    all.into_iter().map(move |text| (label, text))
}
