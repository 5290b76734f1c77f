//! What hangs together with what: names of things, and which of them lead to which.
//!
//! AWS tells no such graph. It is pieced together from what lists say of each other: a balancer names its targets, a group
//! its instances, a cluster its services, X-Ray who calls whom, a composite alarm its alarms. What nobody says is no edge:
//! two things without one may well hang together.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::domain::alarm::{Alarm, AlarmRule};
use crate::domain::composite::Rule;
use crate::domain::database::DatabaseRole;
use crate::domain::text::Text;
use crate::world::{Place, World};

/// How far one thing is looked for from another.
const FARTHEST: usize = 4;

#[derive(Debug, Default)]
pub struct Relations {
    /// What a thing passes its work on to.
    below: HashMap<Text, Vec<Text>>,
    /// Who passes work on to it.
    above: HashMap<Text, Vec<Text>>,
    /// Other names of things: what a dimension calls a balancer.
    also: HashMap<Text, Text>,
}

/// How one thing is related to where the search began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    /// Steps; 0 is the thing itself.
    pub steps: usize,
    pub way: Way,
    /// The way there, without either end.
    pub through: Vec<Text>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Same,
    /// It is what the other passes work on to.
    Downstream,
    /// It passes work on to the other.
    Upstream,
}

impl Relations {
    pub fn of(world: &World) -> Self {
        let mut it = Self::default();
        for place in world.places() {
            it.of_place(place);
        }
        it
    }

    fn leads(&mut self, from: &Text, to: &Text) {
        if from != to && !from.is_empty() && !to.is_empty() {
            self.below.entry(from.clone()).or_default().push(to.clone());
            self.above.entry(to.clone()).or_default().push(from.clone());
        }
    }

    fn of_place(&mut self, place: &Place) {
        for balancer in place.feeds.balancers.items() {
            self.also.insert(balancer.dimension.clone(), balancer.name.clone());
            for group in &balancer.target_groups {
                self.also.insert(group.dimension.clone(), group.name.clone());
                self.leads(&balancer.name, &group.name);
                // A target group is a list of the balancer's, not a thing of its own that could break between them.
                for target in group.targets.iter().flatten() {
                    self.leads(&balancer.name, &target.id);
                    self.leads(&group.name, &target.id);
                }
            }
        }
        for group in place.feeds.groups.items() {
            for member in &group.members {
                // Work reaches a group by its instances; what is done to the group is done to them.
                self.leads(&member.instance, &group.name);
            }
        }
        for cluster in place.feeds.clusters.items() {
            for service in &cluster.services {
                self.leads(&service.name, &cluster.name);
            }
            for task in cluster.tasks.iter().flatten() {
                self.leads(&task.id, &task.service);
            }
        }
        let names: HashMap<&Text, &Text> =
            place.feeds.service_map.items().map(|service| (&service.id, &service.name)).collect();
        for service in place.feeds.service_map.items() {
            for called in &service.calls {
                self.leads(&service.name, names.get(called).copied().unwrap_or(called));
            }
        }
        for database in place.feeds.databases.items() {
            if let DatabaseRole::Replica { source, .. } = &database.role {
                self.leads(source, &database.id);
            }
            if let Some(cluster) = &database.cluster {
                self.leads(cluster, &database.id);
            }
        }
        for cache in place.feeds.caches.items() {
            for node in &cache.nodes {
                self.leads(&cache.id, &node.id);
            }
        }
        for queue in place.feeds.queues.items() {
            if let Some((dead, _)) = &queue.dead_letters {
                self.leads(&queue.name, dead);
            }
        }
        for pipeline in place.feeds.pipelines.items() {
            for deployment in place.feeds.deployments.items() {
                let is_its = pipeline.executions.iter().any(|run| run.version.as_ref() == Some(&deployment.to));
                if is_its && deployment.target != pipeline.name {
                    self.leads(&pipeline.name, &deployment.target);
                }
            }
        }
    }

    /// Everything that can be reached from these names, each by its shortest way.
    pub fn around(&self, names: &[Text]) -> HashMap<Text, Relation> {
        let mut found: HashMap<Text, Relation> = HashMap::new();
        let names: Vec<Text> =
            names.iter().flat_map(|name| [Some(name), self.also.get(name)]).flatten().cloned().collect();
        for name in &names {
            found.insert(name.clone(), Relation { steps: 0, way: Way::Same, through: Vec::new() });
        }
        for (way, edges) in [(Way::Downstream, &self.below), (Way::Upstream, &self.above)] {
            let mut seen: HashSet<&Text> = names.iter().collect();
            let mut waiting: VecDeque<(&Text, Vec<Text>, usize)> =
                names.iter().map(|name| (name, Vec::new(), 0)).collect();
            while let Some((here, through, steps)) = waiting.pop_front() {
                if steps == FARTHEST {
                    continue;
                }
                for next in edges.get(here).into_iter().flatten() {
                    if !seen.insert(next) {
                        continue;
                    }
                    let is_nearer = found.get(next).is_none_or(|known| known.steps > steps + 1);
                    if is_nearer {
                        found.insert(next.clone(), Relation { steps: steps + 1, way, through: through.clone() });
                    }
                    let mut farther = through.clone();
                    farther.push(next.clone());
                    waiting.push_back((next, farther, steps + 1));
                }
            }
        }
        found
    }
}

/// The names an alarm is about: the values of its metric's dimensions; of a composite, those of the
/// alarms in its rule that make it fire.
pub fn names_of(alarm: &Alarm, place: &Place) -> Vec<Text> {
    let mut names = Vec::new();
    let mut seen: HashSet<Text> = HashSet::new();
    let mut waiting = vec![alarm.clone()];
    while let Some(next) = waiting.pop() {
        if !seen.insert(next.name.clone()) {
            continue;
        }
        let metrics = next.metric().into_iter().flat_map(|metric| &metric.dimensions);
        names.extend(metrics.map(|(_, value)| value.clone()));
        if let AlarmRule::Composite { expression } = &next.rule
            && let Ok(rule) = Rule::parse(expression.as_str())
        {
            let children = rule.children();
            let of = |name: &&str| place.feeds.alarms.items().find(|other| other.is_called(name)).cloned();
            // One that fires does so for those of its alarms that fire.
            let all: Vec<Alarm> = children.iter().filter_map(of).collect();
            let is_firing = next.is_firing() && all.iter().any(Alarm::is_firing);
            waiting.extend(all.into_iter().filter(|child| !is_firing || child.is_firing()));
        }
    }
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_way_is_told_and_where_it_leads() {
        let mut it = Relations::default();
        it.also.insert("app/edge/1".into(), "edge".into());
        for (from, to) in [
            ("edge", "i-1"),
            ("i-1", "web"),
            ("caller", "edge"),
            ("web", "shop"),
            ("shop", "orders"),
            ("orders", "far"),
        ] {
            it.leads(&from.into(), &to.into());
        }
        let around = it.around(&["app/edge/1".into()]);
        assert_eq!(around[&Text::from("edge")], Relation { steps: 0, way: Way::Same, through: vec![] });
        let web = &around[&Text::from("web")];
        assert_eq!((web.steps, web.way), (2, Way::Downstream));
        assert_eq!(web.through, [Text::from("i-1")]);
        assert_eq!(around[&Text::from("caller")].way, Way::Upstream);
        assert!(around.contains_key(&Text::from("orders")) && !around.contains_key(&Text::from("far")), "too far");
    }
}
