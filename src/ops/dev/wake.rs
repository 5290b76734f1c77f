//! What is brought back: exactly what is tagged with what it was. Databases first, which take longest and which the others
//! need, then machines, groups and services.

use std::collections::BTreeMap;

use super::draft::{Draft, some};
use super::memory::{AVAILABLE, BEFORE, GroupSize, RUNNING, ServiceSize, written};
use super::names::Names;
use super::shutdown::bounds;
use super::{BATCH, DIMENSION, SHUTDOWN};
use crate::domain::container::{Cluster, Service};
use crate::domain::database::Database;
use crate::domain::instance::{Instance, InstanceState};
use crate::domain::text::Text;
use crate::domain::units::plural;
use crate::ops::plan::{Blast, Plan, Refusal, Undo, Why};
use crate::ops::{Ask, Params};
use crate::world::Place;
use crate::world::act::Step;

pub(super) fn plan(ask: &Ask<'_>) -> Result<Plan, Refusal> {
    let (place, scope) = (ask.place, &ask.place.scope);
    let mut draft = Draft::default();
    databases(place, &mut draft);
    instances(place, &mut draft);
    groups(place, &mut draft);
    services(place, &mut draft);
    if draft.steps.is_empty() {
        let text =
            format!("nothing in {scope} was shut down by `{}`: no tag {BEFORE} says what to wake", SHUTDOWN.name);
        if draft.excluded.is_empty() {
            return Err(Refusal::new(Why::Nothing, text));
        }
        let text = format!("nothing in {scope} can be woken: {}", some(&draft.excluded));
        return Err(Refusal::new(Why::State, text).with("bring it back by hand, and remove the tag"));
    }
    let mut plan = Plan::begin(ask, Blast::Reversible, format!("{scope}: wake {}", draft.words()));
    let count = draft.count();
    draft.fill(&mut plan, 1.0);
    plan.undo = Some(Undo {
        operation: SHUTDOWN.name.into(),
        params: Params::new(),
        words: format!("`{}` stops it again", SHUTDOWN.name),
    });
    plan.expects = format!("{count} of {count} back, and the tag gone");
    Ok(plan)
}

fn malformed(value: &str) -> String {
    format!("its tag {BEFORE} says `{value}`, which is not what was written there: it is not guessed at")
}

/// What runs again already: only its tag is left.
fn is_back(draft: &mut Draft, what: &'static str, name: &Text, is: &str) {
    draft.change(what, format!("{name} {is}"), "the same, without its tag");
}

fn instances(place: &Place, draft: &mut Draft) {
    let names = Names::of(place);
    let mut down: Vec<&Instance> = Vec::new();
    let mut marked: Vec<Text> = Vec::new();
    for it in place.feeds.instances.items() {
        let Some(value) = written(&it.tags) else { continue };
        match it.state {
            InstanceState::ShuttingDown | InstanceState::Terminated => {}
            _ if value != RUNNING => draft.exclude(&names.call(it), malformed(value)),
            InstanceState::Stopped => down.push(it),
            InstanceState::Running | InstanceState::Pending => {
                is_back(draft, "instance", &names.call(it), it.state.word());
                marked.push(it.id.clone());
            }
            state => draft.exclude(&names.call(it), format!("it is {}: wait until it is stopped", state.word())),
        }
    }
    for it in &down {
        draft.change("instance", format!("{} ({}) stopped", names.call(it), it.kind), RUNNING);
        draft.price(&names.call(it), it.per_hour);
    }
    for batch in down.chunks(BATCH) {
        let ids: Vec<Text> = batch.iter().map(|it| it.id.clone()).collect();
        draft.steps.push(Step::StartInstances { instances: ids.clone() });
        draft.steps.push(Step::UntagInstances { instances: ids, key: BEFORE.into() });
    }
    for batch in marked.chunks(BATCH) {
        draft.steps.push(Step::UntagInstances { instances: batch.to_vec(), key: BEFORE.into() });
    }
    draft.instances = down.len() + marked.len();
}

fn groups(place: &Place, draft: &mut Draft) {
    for it in place.feeds.groups.items() {
        let Some(value) = written(&it.tags) else { continue };
        let Some(size) = GroupSize::read(value) else {
            draft.exclude(&it.name, malformed(value));
            continue;
        };
        let (group, key) = (it.name.clone(), BEFORE.into());
        if it.max > 0 {
            // Somebody has given it a size since, or the tag is all that was left to do.
            is_back(draft, "group", &it.name, &format!("{} to {}, {} wanted", it.min, it.max, it.desired));
        } else {
            let GroupSize { min, desired, max } = size;
            draft.change("group", format!("{} 0", it.name), format!("{min} to {max}, {desired} wanted"));
            draft.steps.push(Step::UpdateAutoScalingGroup { group: group.clone(), min, desired, max });
            draft.price(&it.name, None);
            if it.is_suspended("Launch") {
                draft.warnings.push(format!("Launch is suspended in {}: nothing starts until it is resumed", it.name));
            }
        }
        draft.steps.push(Step::UntagGroup { group, key });
        draft.groups += 1;
    }
}

fn services(place: &Place, draft: &mut Draft) {
    for cluster in place.feeds.clusters.items() {
        for it in &cluster.services {
            let Some(value) = written(&it.tags) else { continue };
            let name: Text = format!("{}/{}", cluster.name, it.name).into();
            match ServiceSize::read(value) {
                Some(size) => service(place, cluster, it, &name, size, draft),
                None => draft.exclude(&name, malformed(value)),
            }
        }
    }
}

fn service(place: &Place, cluster: &Cluster, it: &Service, name: &Text, size: ServiceSize, draft: &mut Draft) {
    let bounds = bounds(place, cluster, it);
    if it.desired > 0 && bounds != Some((0, 0)) {
        is_back(draft, "service", name, &plural(it.desired as usize, "task", "tasks"));
    } else {
        let scaled = size.bounds.map_or_else(String::new, |(min, max)| format!(", scaled {min} to {max}"));
        let after = format!("{}{scaled}", plural(size.desired as usize, "task", "tasks"));
        draft.change("service", format!("{name} {}", it.desired), after);
        // Its number before its bounds: while those are at zero it is plain that this was not done to its end.
        let (cluster, service) = (cluster.name.clone(), it.name.clone());
        draft.steps.push(Step::SetServiceCount { cluster, service, desired: size.desired });
        match (size.bounds, bounds) {
            (Some((min, max)), Some(_)) => draft.steps.push(Step::RegisterScalableTarget {
                resource: format!("service/{name}").into(),
                dimension: DIMENSION.into(),
                min,
                max,
            }),
            (Some(_), None) => {
                draft.warnings.push(format!("nothing scales {name} any more: its bounds are not set again"));
            }
            (None, _) => {}
        }
        draft.price(name, None);
    }
    draft.steps.push(Step::UntagEcs { resource: it.arn.clone(), key: BEFORE.into() });
    draft.services += 1;
}

fn databases(place: &Place, draft: &mut Draft) {
    let mut clusters: BTreeMap<&Text, Vec<&Database>> = BTreeMap::new();
    for it in place.feeds.databases.items() {
        if let Some(cluster) = &it.cluster {
            clusters.entry(cluster).or_default().push(it);
        } else if let Some(value) = written(&it.tags) {
            let start = Step::StartDatabase { database: it.id.clone() };
            rouse(draft, "database", &it.id, &it.arn, value, &[it], start);
        }
    }
    for (id, members) in clusters {
        let Some(first) = members.first() else { continue };
        if let (Some(value), Some(arn)) = (written(&first.cluster_tags), &first.cluster_arn) {
            rouse(draft, "cluster", id, arn, value, &members, Step::StartCluster { cluster: id.clone() });
        }
    }
}

/// An instance or a cluster. One that AWS has started by itself meanwhile, as it does after 7 days, only loses its tag.
fn rouse(
    draft: &mut Draft,
    what: &'static str,
    name: &Text,
    arn: &Text,
    value: &str,
    members: &[&Database],
    start: Step,
) {
    let all = |status: &str| members.iter().all(|it| it.status == *status);
    if value != AVAILABLE {
        return draft.exclude(name, malformed(value));
    }
    if all("stopped") {
        draft.change(what, format!("{name} stopped"), AVAILABLE);
        draft.steps.push(start);
        draft.price(name, None);
    } else if members.iter().all(|it| it.is_available() || it.status == "starting") {
        is_back(draft, what, name, "runs already");
    } else {
        let status = members.iter().find(|it| it.status != "stopped").map_or("not told", |it| it.status.as_str());
        return draft.exclude(name, format!("it is {status}: wait until it is stopped"));
    }
    draft.steps.push(Step::UntagDatabase { resource: arn.clone(), key: BEFORE.into() });
    draft.databases += 1;
}
