//! What is stopped, in what order, and what is left out and why.
//!
//! What serves goes before what it is served by: services, groups, machines, then databases. Each is tagged with what it
//! was before it is touched, for calls are sent one after the other, and after any of them it may be the last.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::draft::{Draft, some};
use super::memory::{AVAILABLE, BEFORE, GroupSize, RUNNING, ServiceSize, written};
use super::names::Names;
use super::{BATCH, DIMENSION, WAKE};
use crate::domain::autoscaling::AutoScalingGroup;
use crate::domain::container::{Cluster, Service};
use crate::domain::database::{Database, DatabaseRole};
use crate::domain::dev::{DevRule, Marks};
use crate::domain::instance::{Instance, InstanceState, Purchase};
use crate::domain::metric::Measure;
use crate::domain::money::Usd;
use crate::domain::tags::{Tag, schedule};
use crate::domain::text::Text;
use crate::domain::units::{plural, stamp};
use crate::ops::plan::{Blast, Plan, Refusal, Undo, Why};
use crate::ops::{Ask, Params};
use crate::world::Place;
use crate::world::act::Step;

/// RDS starts what is stopped by itself after so long.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html>
const REST: SignedDuration = SignedDuration::from_hours(7 * 24);

pub(super) fn plan(ask: &Ask<'_>) -> Result<Plan, Refusal> {
    let (place, rule) = (ask.place, &ask.sight.bearings.dev);
    let scope = &place.scope;
    if let Some(why) = rule.spares_place(scope) {
        let refusal = Refusal::new(Why::State, format!("nothing in {scope} is shut down: {why}"));
        return Err(refusal.with("[dev] of the configuration says what may be, [[scope]] what an account is for"));
    }
    let mut draft = Draft::default();
    services(place, rule, &mut draft);
    groups(place, rule, &mut draft);
    instances(place, rule, &mut draft);
    databases(ask, rule, &mut draft);
    if draft.steps.is_empty() {
        let left = match draft.excluded.len() {
            0 => String::new(),
            number => format!("; {number} left out: {}", some(&draft.excluded)),
        };
        return Err(Refusal::new(Why::Nothing, format!("nothing of dev or test is to be stopped in {scope}{left}")));
    }
    let mut plan = Plan::begin(ask, Blast::Disruptive, format!("{scope}: shut down {}", draft.words()));
    let count = draft.count();
    draft.fill(&mut plan, -1.0);
    plan.effects.push("disks, snapshots, storage and addresses are billed on".into());
    plan.undo = Some(Undo {
        operation: WAKE.name.into(),
        params: Params::new(),
        words: format!("`{}` brings each back as its tag {BEFORE} says it was", WAKE.name),
    });
    plan.expects = format!("{count} of {count} down");
    Ok(plan)
}

fn instances(place: &Place, rule: &DevRule, draft: &mut Draft) {
    let names = Names::of(place);
    let mut chosen: Vec<&Instance> = Vec::new();
    for it in place.feeds.instances.items() {
        // What is on its way out needs no word.
        if matches!(it.state, InstanceState::ShuttingDown | InstanceState::Terminated) {
            continue;
        }
        match rule.spares(Marks { names: &[&it.name, &it.id], tags: &[&it.tags], schedule: it.schedule.as_ref() }) {
            Some(why) => draft.exclude(&names.call(it), why),
            None => match cannot_stop(it) {
                Some(why) => draft.exclude(&names.call(it), why),
                None => chosen.push(it),
            },
        }
    }
    for it in &chosen {
        draft.change("instance", format!("{} ({}) running", names.call(it), it.kind), "stopped");
        draft.price(&names.call(it), it.per_hour);
    }
    for batch in chosen.chunks(BATCH) {
        let ids: Vec<Text> = batch.iter().map(|it| it.id.clone()).collect();
        draft.steps.push(Step::TagInstances { instances: ids.clone(), key: BEFORE.into(), value: RUNNING.into() });
        draft.steps.push(Step::StopInstances { instances: ids });
    }
    draft.instances = chosen.len();
    if chosen.is_empty() {
        return;
    }
    draft
        .effects
        .push("what instances hold in memory and on instance-store disks is lost; public addresses change".into());
    let protection = "stop protection is not read: where one instance has it, AWS refuses the whole call it is in";
    draft.warnings.push(protection.into());
    let schedules: BTreeSet<&Text> = chosen.iter().filter_map(|it| it.schedule.as_ref()).collect();
    if !schedules.is_empty() {
        let names: Vec<String> = schedules.into_iter().map(Text::to_string).collect();
        draft.warnings.push(format!("the schedule {} may start some of it again at its hours", some(&names)));
    }
}

/// Why AWS would not stop it, or would undo it.
fn cannot_stop(it: &Instance) -> Option<String> {
    Some(match (it.state, it.purchase) {
        (InstanceState::Stopped | InstanceState::Stopping, _) => format!("it is {} already", it.state.word()),
        _ if !it.group.is_empty() => format!("it belongs to {}, which would replace it", it.group),
        _ if !it.operator.is_empty() => format!("{} runs it and alone may stop it", it.operator),
        (InstanceState::Running, _) if it.root.is_empty() => "AWS does not tell what its root disk is".into(),
        (InstanceState::Running, _) if it.root != "ebs" => {
            "its root disk is an instance store: it cannot be stopped".into()
        }
        // Only what a persistent request keeps can be stopped, and that is not read.
        (InstanceState::Running, Purchase::Spot) => "whether its Spot request is persistent is not read".into(),
        (InstanceState::Running, _) => return None,
        (state, _) => format!("it is {}: only what runs is stopped", state.word()),
    })
}

fn groups(place: &Place, rule: &DevRule, draft: &mut Draft) {
    for it in place.feeds.groups.items() {
        let marks = Marks { names: &[&it.name], tags: &[&it.tags], schedule: schedule(&it.tags) };
        if let Some(why) = rule.spares(marks).or_else(|| cannot_empty(it)) {
            draft.exclude(&it.name, why);
            continue;
        }
        let size = GroupSize { min: it.min, desired: it.desired, max: it.max };
        draft.change("group", format!("{} {} to {}, {} wanted", it.name, it.min, it.max, it.desired), "0");
        draft.steps.push(Step::TagGroup { group: it.name.clone(), key: BEFORE.into(), value: size.words().into() });
        // The maximum as well: with room left a policy or an alarm could wake it, and a warm pool would grow into it.
        draft.steps.push(Step::UpdateAutoScalingGroup { group: it.name.clone(), min: 0, desired: 0, max: 0 });
        draft.groups += 1;
        draft.price(&it.name, price_of(it, place));
        draft.warnings.extend(may_stay(it));
    }
    if draft.groups > 0 {
        draft.effects.push("instances of a group are terminated, with what is on their disks, not stopped".into());
    }
}

/// Why it would not go to zero.
fn cannot_empty(it: &AutoScalingGroup) -> Option<String> {
    if it.desired == 0 {
        let known = if written(&it.tags).is_some() { ", and what it was is remembered" } else { "" };
        return Some(format!("it is at 0 already{known}"));
    }
    if !it.operator.is_empty() {
        return Some(format!("{} runs it and alone may change it", it.operator));
    }
    if it.is_suspended("Terminate") {
        return Some("Terminate is suspended: it would keep its instances".into());
    }
    if let Some(refresh) = it.refresh.as_ref().filter(|refresh| refresh.ended.is_none()) {
        return Some(format!("an instance refresh is {}", refresh.status));
    }
    let kept = it.members.iter().filter(|member| member.is_protected).count();
    (kept > 0).then(|| format!("{kept} of its instances are protected from scale-in, and would stay"))
}

/// What its members cost; nothing where that is not known of each.
fn price_of(it: &AutoScalingGroup, place: &Place) -> Option<Usd> {
    let of = |id: &Text| place.feeds.instances.items().find(|one| one.id == *id);
    let prices = it.members.iter().map(|member| of(&member.instance)?.per_hour);
    (!it.members.is_empty()).then(|| prices.sum::<Option<Usd>>())?
}

/// What of a group stays, or comes back.
fn may_stay(it: &AutoScalingGroup) -> Vec<String> {
    let mut all = Vec::new();
    if it.warm_pool.is_some() {
        all.push(format!("the warm pool of {} is not looked after here: it may stay, and costs", it.name));
    }
    let standby = it.members.iter().filter(|member| member.lifecycle == "Standby").count();
    if standby > 0 {
        all.push(format!("{} of {} in standby stay, and cost", standby, it.name));
    }
    match &it.scheduled {
        None => all.push(format!("what changes {} by the clock is not read", it.name)),
        Some(_) if it.is_suspended("ScheduledActions") => {}
        Some(changes) => {
            let grows = changes.iter().find(|change| change.desired.or(change.min).is_some_and(|size| size > 0));
            all.extend(grows.map(|change| format!("the scheduled action {} will set {} anew", change.name, it.name)));
        }
    }
    all
}

fn services(place: &Place, rule: &DevRule, draft: &mut Draft) {
    for cluster in place.feeds.clusters.items() {
        for it in &cluster.services {
            let name: Text = format!("{}/{}", cluster.name, it.name).into();
            let bounds = bounds(place, cluster, it);
            // The cluster is marked by somebody as well: what it says is said of what runs in it.
            let marks = Marks {
                names: &[&it.name, &cluster.name, &name, &it.arn],
                tags: &[&it.tags, &cluster.tags],
                schedule: schedule(&it.tags).or(schedule(&cluster.tags)),
            };
            match rule.spares(marks).or_else(|| cannot_still(it)) {
                Some(why) => draft.exclude(&name, why),
                None => still(cluster, it, &name, bounds, draft),
            }
        }
    }
}

/// Why its number would not go to zero.
fn cannot_still(it: &Service) -> Option<String> {
    if it.strategy == "DAEMON" {
        return Some("it is a daemon: it has one task on every machine, whatever one says".into());
    }
    if it.controller == "EXTERNAL" {
        return Some("another controller than ECS says how many tasks it has".into());
    }
    if it.desired == 0 {
        let known = if written(&it.tags).is_some() { ", and what it was is remembered" } else { "" };
        return Some(format!("it is at 0 already{known}"));
    }
    // `service/cluster/name`; those of before cannot be tagged.
    let is_long = it.arn.as_str().rsplit(':').next().is_some_and(|name| name.split('/').count() == 3);
    (!is_long).then(|| "its ARN is of the old form: what it was could not be remembered in a tag".into())
}

fn still(cluster: &Cluster, it: &Service, name: &Text, bounds: Option<(u32, u32)>, draft: &mut Draft) {
    let scaled = bounds.map_or_else(String::new, |(min, max)| format!(", scaled {min} to {max}"));
    draft.change("service", format!("{name} {}{scaled}", plural(it.desired as usize, "task", "tasks")), "0");
    // Half done before: its bounds are at zero, and only its tag still knows what they were.
    let is_half_done = bounds == Some((0, 0)) && written(&it.tags).and_then(ServiceSize::read).is_some();
    if !is_half_done {
        let value = ServiceSize { desired: it.desired, bounds }.words();
        draft.steps.push(Step::TagEcs { resource: it.arn.clone(), key: BEFORE.into(), value: value.into() });
    }
    if bounds.is_some() {
        draft.steps.push(Step::RegisterScalableTarget {
            resource: format!("service/{name}").into(),
            dimension: DIMENSION.into(),
            min: 0,
            max: 0,
        });
    }
    let (cluster, service) = (cluster.name.clone(), it.name.clone());
    draft.steps.push(Step::SetServiceCount { cluster, service, desired: 0 });
    draft.services += 1;
    // On Fargate by what its tasks are given, on machines nothing beside those: neither is told.
    draft.price(name, None);
    if it.rollout == "IN_PROGRESS" {
        draft.warnings.push(format!("a deployment of {name} is under way"));
    }
}

/// Within which bounds something scales it, where something does.
pub(super) fn bounds(place: &Place, cluster: &Cluster, it: &Service) -> Option<(u32, u32)> {
    let resource = format!("service/{}/{}", cluster.name, it.name);
    let mut of = place.feeds.policies.items().filter(|policy| policy.target == *resource);
    of.find_map(|policy| Some((policy.min?, policy.max?)))
}

fn databases(ask: &Ask<'_>, rule: &DevRule, draft: &mut Draft) {
    let mut clusters: BTreeMap<&Text, Vec<&Database>> = BTreeMap::new();
    for it in ask.place.feeds.databases.items() {
        if let Some(cluster) = &it.cluster {
            clusters.entry(cluster).or_default().push(it);
            continue;
        }
        let marks = Marks { names: &[&it.id], tags: &[&it.tags], schedule: it.schedule.as_ref() };
        if let Some(why) = rule.spares(marks).or_else(|| cannot_rest(it)) {
            draft.exclude(&it.id, why);
            continue;
        }
        draft.change("database", format!("{} ({}) available", it.id, it.class), "stopped");
        let (resource, value) = (it.arn.clone(), AVAILABLE.into());
        draft.steps.push(Step::TagDatabase { resource, key: BEFORE.into(), value });
        draft.steps.push(Step::StopDatabase { database: it.id.clone() });
        draft.databases += 1;
        draft.price(&it.id, None);
        draft.warnings.extend(in_use(ask.place, it));
    }
    for (id, members) in clusters {
        cluster(ask, rule, id, &members, draft);
    }
    if draft.databases > 0 {
        let by = stamp(ask.sight.at + REST, ask.sight.zone());
        draft.effects.push(format!("AWS starts what is stopped of RDS by itself after 7 days, at the latest by {by}"));
        draft.effects.push("a stopped database makes no backups".into());
    }
}

fn cluster(ask: &Ask<'_>, rule: &DevRule, id: &Text, members: &[&Database], draft: &mut Draft) {
    let Some(first) = members.first() else { return };
    let names: Vec<&Text> = std::iter::once(id).chain(members.iter().map(|it| &it.id)).collect();
    let mut tags: Vec<&[Tag]> = vec![&first.cluster_tags];
    tags.extend(members.iter().map(|it| it.tags.as_slice()));
    let schedule = schedule(&first.cluster_tags).or_else(|| members.iter().find_map(|it| it.schedule.as_ref()));
    let why = rule.spares(Marks { names: &names, tags: &tags, schedule }).or_else(|| cluster_cannot_rest(members));
    let arn = first.cluster_arn.as_ref().ok_or_else(|| "AWS does not tell its ARN".to_owned());
    let arn = match why.map_or(arn, Err) {
        Ok(arn) => arn,
        Err(why) => return draft.exclude(id, why),
    };
    let of = plural(members.len(), "instance", "instances");
    draft.change("cluster", format!("{id} ({of}) available"), "stopped");
    draft.steps.push(Step::TagDatabase { resource: arn.clone(), key: BEFORE.into(), value: AVAILABLE.into() });
    draft.steps.push(Step::StopCluster { cluster: id.clone() });
    draft.databases += 1;
    draft.price(id, None);
    draft.warnings.extend(members.iter().filter_map(|it| in_use(ask.place, it)));
}

/// Why AWS would not stop an instance.
fn cannot_rest(it: &Database) -> Option<String> {
    if it.status == "stopped" || it.status == "stopping" {
        return Some(format!("it is {} already", it.status));
    }
    if let DatabaseRole::Replica { source, .. } = &it.role {
        return Some(format!("it is a read replica of {source}, and cannot be stopped"));
    }
    if !it.replicas.is_empty() {
        return Some(format!(
            "it has {}, and cannot be stopped",
            plural(it.replicas.len(), "read replica", "read replicas")
        ));
    }
    if it.engine.as_str().starts_with("sqlserver") && it.multi_az != Some(false) {
        return Some("SQL Server in two zones cannot be stopped".into());
    }
    if it.arn.is_empty() {
        return Some("AWS does not tell its ARN".into());
    }
    not_available(it)
}

/// Why AWS would not stop a cluster. Of Aurora Serverless v1, which cannot be, nothing is here: it has no instances.
fn cluster_cannot_rest(members: &[&Database]) -> Option<String> {
    if let Some(it) = members.iter().find(|it| !it.engine.as_str().starts_with("aurora")) {
        return Some(match it.engine.as_str() {
            engine if engine.starts_with("docdb") || engine.starts_with("neptune") => {
                "only Aurora clusters are stopped from here".into()
            }
            _ => "it is a Multi-AZ DB cluster, which cannot be stopped".into(),
        });
    }
    if let Some(global) = members.iter().find_map(|it| it.global_cluster.as_ref()) {
        return Some(format!("it is a part of the global database {global}"));
    }
    // Whoever follows a member is a member; whoever follows somebody else is in another cluster.
    let follows_elsewhere = |it: &&&Database| match &it.role {
        DatabaseRole::Replica { source, .. } => !members.iter().any(|other| other.id == *source),
        DatabaseRole::Primary => false,
    };
    if members.iter().any(|it| follows_elsewhere(&it)) || members.iter().any(|it| !it.replicas.is_empty()) {
        return Some("it follows another cluster, or is followed by one".into());
    }
    if members.iter().all(|it| it.status == "stopped" || it.status == "stopping") {
        return Some("it is stopped already".into());
    }
    members.iter().find_map(|it| not_available(it))
}

fn not_available(it: &Database) -> Option<String> {
    (it.status != "available").then(|| format!("{} is {}: AWS stops only what is available", it.id, it.status))
}

fn in_use(place: &Place, it: &Database) -> Option<String> {
    let open = place.latest(Measure::RdsConnections, &it.id).filter(|open| *open >= 1.0)?;
    Some(format!("{} has {} open", it.id, plural(open as usize, "connection", "connections")))
}
