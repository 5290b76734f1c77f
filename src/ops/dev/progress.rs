//! How far a place is down, or back.

use std::collections::BTreeSet;

use super::memory::written;
use crate::domain::database::Database;
use crate::domain::instance::{Instance, InstanceState};
use crate::domain::text::Text;
use crate::ops::Progress;
use crate::ops::plan::Plan;
use crate::world::Place;
use crate::world::act::Step;
use crate::world::sight::Sight;

/// One thing that is waited for.
enum Seen {
    There,
    NotYet,
    /// It will not be.
    Failed(String),
}

/// In these AWS leaves a database until somebody does something about it.
const BROKEN: [&str; 8] = [
    "failed",
    "inaccessible-encryption-credentials",
    "incompatible-network",
    "incompatible-option-group",
    "incompatible-parameters",
    "incompatible-restore",
    "insufficient-capacity",
    "storage-full",
];

pub(super) fn of_shutdown(plan: &Plan, sight: &Sight<'_>) -> Progress {
    told(plan, sight, down, "down", |_, _| false)
}

pub(super) fn of_wake(plan: &Plan, sight: &Sight<'_>) -> Progress {
    let since = plan.made_at;
    told(plan, sight, |place, step| back(place, step, since), "back", is_marked)
}

fn told(
    plan: &Plan,
    sight: &Sight<'_>,
    look: impl Fn(&Place, &Step) -> Vec<Seen>,
    word: &str,
    is_marked: impl Fn(&Place, &Step) -> bool,
) -> Progress {
    let Some(place) = sight.world.places().get(plan.of.place()) else {
        return Progress::Failed(format!("{} is gone", plan.target));
    };
    let seen: Vec<Seen> = plan.steps.iter().flat_map(|step| look(place, step)).collect();
    let there = seen.iter().filter(|one| matches!(one, Seen::There)).count();
    let words = format!("{there} of {} {word}", seen.len());
    let failed = seen.iter().find_map(|one| match one {
        Seen::Failed(why) => Some(why),
        _ => None,
    });
    if let Some(why) = failed {
        return Progress::Failed(format!("{why}; {words}"));
    }
    let marked = plan.steps.iter().filter(|step| is_marked(place, step)).count();
    match (there == seen.len(), marked) {
        (true, 0) => Progress::Reached,
        (true, _) if seen.is_empty() => Progress::Waiting("the tags are still there".into()),
        (true, _) => Progress::Waiting(format!("{words}, the tags are still there")),
        (false, _) => Progress::Waiting(words),
    }
}

fn if_so(is_so: bool) -> Seen {
    if is_so { Seen::There } else { Seen::NotYet }
}

fn instance<'a>(place: &'a Place, id: &Text) -> Option<&'a Instance> {
    place.feeds.instances.items().find(|it| it.id == *id)
}

fn members<'a>(place: &'a Place, cluster: &Text) -> Vec<&'a Database> {
    place.feeds.databases.items().filter(|it| it.cluster.as_ref() == Some(cluster)).collect()
}

fn alone<'a>(place: &'a Place, id: &Text) -> Vec<&'a Database> {
    place.feeds.databases.items().filter(|it| it.id == *id).collect()
}

fn down(place: &Place, step: &Step) -> Vec<Seen> {
    match step {
        Step::StopInstances { instances } => {
            // One that somebody has terminated meanwhile is down too.
            let is_down = |it: &Instance| matches!(it.state, InstanceState::Stopped | InstanceState::Terminated);
            instances.iter().map(|id| if_so(instance(place, id).is_none_or(is_down))).collect()
        }
        Step::UpdateAutoScalingGroup { group, .. } => {
            let it = place.feeds.groups.items().find(|it| it.name == *group);
            let stays = |lifecycle: &Text| lifecycle != "Standby";
            let is_empty =
                it.is_none_or(|it| it.desired == 0 && !it.members.iter().any(|member| stays(&member.lifecycle)));
            vec![if_so(is_empty)]
        }
        Step::SetServiceCount { cluster, service, .. } => {
            let of = place.feeds.clusters.items().find(|it| it.name == *cluster);
            let it = of.and_then(|it| it.services.iter().find(|it| it.name == *service));
            vec![if_so(it.is_none_or(|it| it.desired == 0 && it.running == 0 && it.pending == 0))]
        }
        Step::StopDatabase { database } => vec![rests(&alone(place, database))],
        Step::StopCluster { cluster } => vec![rests(&members(place, cluster))],
        _ => Vec::new(),
    }
}

fn rests(all: &[&Database]) -> Seen {
    broken(all).unwrap_or_else(|| if_so(all.iter().all(|it| it.status == "stopped")))
}

fn broken(all: &[&Database]) -> Option<Seen> {
    let it = all.iter().find(|it| BROKEN.contains(&it.status.as_str()))?;
    Some(Seen::Failed(format!("{} is {}", it.id, it.status)))
}

fn back(place: &Place, step: &Step, since: jiff::Timestamp) -> Vec<Seen> {
    let gone = |name: &Text| Seen::Failed(format!("{name} is gone"));
    match step {
        Step::StartInstances { instances } => {
            let seen = |id: &Text| match instance(place, id) {
                Some(it) => match it.state {
                    InstanceState::ShuttingDown | InstanceState::Terminated => gone(&it.name),
                    state => if_so(state == InstanceState::Running),
                },
                None => gone(id),
            };
            instances.iter().map(seen).collect()
        }
        Step::UpdateAutoScalingGroup { group, desired, .. } => {
            let Some(it) = place.feeds.groups.items().find(|it| it.name == *group) else { return vec![gone(group)] };
            let newest = it.newest_activity().filter(|one| one.at >= since && one.status == "Failed");
            vec![match newest {
                Some(one) => Seen::Failed(format!("{group}: {} failed: {}", one.what, one.message)),
                None => if_so(it.in_service() >= *desired as usize),
            }]
        }
        Step::SetServiceCount { cluster, service, desired } => {
            let of = place.feeds.clusters.items().find(|it| it.name == *cluster);
            let it = of.and_then(|it| it.services.iter().find(|it| it.name == *service));
            vec![it.map_or_else(|| gone(service), |it| if_so(it.running >= *desired))]
        }
        Step::StartDatabase { database } => vec![serves(&alone(place, database), database)],
        Step::StartCluster { cluster } => vec![serves(&members(place, cluster), cluster)],
        _ => Vec::new(),
    }
}

fn serves(all: &[&Database], name: &Text) -> Seen {
    if all.is_empty() {
        return Seen::Failed(format!("{name} is gone"));
    }
    broken(all).unwrap_or_else(|| if_so(all.iter().all(|it| it.is_available())))
}

/// Whether the tag is still there that a step takes away.
fn is_marked(place: &Place, step: &Step) -> bool {
    match step {
        Step::UntagInstances { instances, .. } => {
            let ids: BTreeSet<&Text> = instances.iter().collect();
            place.feeds.instances.items().any(|it| ids.contains(&it.id) && written(&it.tags).is_some())
        }
        Step::UntagGroup { group, .. } => {
            place.feeds.groups.items().any(|it| it.name == *group && written(&it.tags).is_some())
        }
        Step::UntagEcs { resource, .. } => {
            let mut all = place.feeds.clusters.items().flat_map(|it| &it.services);
            all.any(|it| it.arn == *resource && written(&it.tags).is_some())
        }
        Step::UntagDatabase { resource, .. } => place.feeds.databases.items().any(|it| {
            let of_cluster = it.cluster_arn.as_ref() == Some(resource) && written(&it.cluster_tags).is_some();
            of_cluster || it.arn == *resource && written(&it.tags).is_some()
        }),
        _ => false,
    }
}
