//! Machines, and the developers' database, are stopped and started; anything is tagged.

use super::Trouble;
use crate::domain::tags::Tag;
use crate::domain::text::Text;
use crate::drill::company::Site;
use crate::drill::dev::{Machine, ORDERS, Power};
use crate::drill::feeds::{compute, storage};
use crate::drill::fleet::UnitState;
use crate::drill::simulation::Simulation;
use crate::world::act::Step;

pub(super) fn take(simulation: &mut Simulation, site: Site, step: &Step) -> Option<Result<(), Trouble>> {
    let s = simulation;
    Some(match step {
        Step::StopInstances { instances } => stop(s, site, instances),
        Step::StartInstances { instances } => start(s, site, instances),
        Step::TagInstances { instances, key, value } => there(s, site, instances).map(|()| {
            for id in instances {
                set(s, id, key, Some(value));
            }
        }),
        Step::UntagInstances { instances, key } => there(s, site, instances).map(|()| {
            for id in instances {
                set(s, id, key, None);
            }
        }),
        Step::TagGroup { group, key, value } => group_there(s, site, group).map(|id| set(s, &id, key, Some(value))),
        Step::UntagGroup { group, key } => group_there(s, site, group).map(|id| set(s, &id, key, None)),
        Step::TagEcs { resource, key, value } => {
            service_there(s, site, resource).map(|()| set(s, resource, key, Some(value)))
        }
        Step::UntagEcs { resource, key } => service_there(s, site, resource).map(|()| set(s, resource, key, None)),
        Step::TagDatabase { resource, key, value } => {
            database_there(s, site, resource).map(|()| set(s, resource, key, Some(value)))
        }
        Step::UntagDatabase { resource, key } => {
            database_there(s, site, resource).map(|()| set(s, resource, key, None))
        }
        Step::StopDatabase { database } => orders(s, site, database).and_then(|()| match s.dev.orders {
            Power::On => {
                s.dev.stop_orders(s.tick);
                Ok(())
            }
            _ => Err(Trouble::invalid(format!("Instance {database} is not in available state."))),
        }),
        Step::StartDatabase { database } => orders(s, site, database).and_then(|()| match s.dev.orders {
            Power::Off { .. } => {
                s.dev.start_orders(s.tick);
                Ok(())
            }
            _ => Err(Trouble::invalid(format!("Instance {database} is not stopped, and cannot be started."))),
        }),
        _ => return None,
    })
}

/// Under what a group's tags are kept, which has no id.
pub(in crate::drill) fn group_id(site: Site, name: &Text) -> Text {
    site.arn("autoscaling", &format!("autoScalingGroup:{name}"))
}

fn set(s: &mut Simulation, id: &Text, key: &Text, value: Option<&Text>) {
    let tags: &mut Vec<Tag> = s.tags.entry(id.clone()).or_default();
    tags.retain(|(known, _)| known != key);
    tags.extend(value.map(|value| (key.clone(), value.clone())));
}

/// One that is not there, and nothing is done to any.
fn there(s: &Simulation, site: Site, ids: &[Text]) -> Result<(), Trouble> {
    let all = compute::instances(s, site);
    match ids.iter().find(|id| !all.iter().any(|it| it.id == **id)) {
        Some(id) => Err(Trouble::unknown("instance", id)),
        None => Ok(()),
    }
}

fn group_there(s: &Simulation, site: Site, name: &Text) -> Result<Text, Trouble> {
    let is_there = compute::groups(s, site).iter().any(|it| it.name == *name);
    is_there.then(|| group_id(site, name)).ok_or_else(|| Trouble::unknown("AutoScalingGroup", name))
}

fn service_there(s: &Simulation, site: Site, arn: &Text) -> Result<(), Trouble> {
    let is_there = compute::clusters(s, site).iter().flat_map(|it| &it.services).any(|it| it.arn == *arn);
    is_there.then_some(()).ok_or_else(|| Trouble::unknown("service", arn))
}

fn database_there(s: &Simulation, site: Site, arn: &Text) -> Result<(), Trouble> {
    let is_there = storage::databases(s, site).iter().any(|it| it.arn == *arn);
    is_there.then_some(()).ok_or_else(|| Trouble::unknown("DBInstance", arn))
}

/// The shop's own serve replicas or are ones, and RDS stops neither.
fn orders(s: &Simulation, site: Site, id: &Text) -> Result<(), Trouble> {
    let all = storage::databases(s, site);
    let it = all.iter().find(|it| it.id == *id).ok_or_else(|| Trouble::unknown("DBInstance", id))?;
    if it.id == ORDERS && site == Site::Dev {
        return Ok(());
    }
    Err(Trouble::invalid(format!("{id} has a read replica or is one: it cannot be stopped")))
}

fn machine<'a>(s: &'a mut Simulation, site: Site, id: &Text) -> Option<&'a mut Machine> {
    s.dev.machines.iter_mut().find(|it| site == Site::Dev && it.id == *id)
}

fn stop(s: &mut Simulation, site: Site, ids: &[Text]) -> Result<(), Trouble> {
    there(s, site, ids)?;
    let is_early = |it: &&Machine| matches!(it.power, Power::Starting { .. }) && ids.contains(&it.id);
    if let Some(it) = s.dev.machines.iter().find(is_early) {
        return Err(Trouble::invalid(format!(
            "The instance '{}' is not in a state from which it can be stopped.",
            it.id
        )));
    }
    let (tick, noise) = (s.tick, s.dev.noise());
    for id in ids {
        match machine(s, site, id) {
            Some(it) => it.stop(tick, noise),
            None => replace(s, site, id),
        }
    }
    Ok(())
}

/// A member of a group that does not run is ill to it: it is terminated, and another takes its place.
fn replace(s: &mut Simulation, site: Site, id: &Text) {
    let tick = s.tick;
    for fleet in s.fleets_of(site).filter(|fleet| fleet.is_group()) {
        let unit = fleet.units.iter_mut().find(|unit| format!("i-{}", unit.id) == id.as_str());
        if let Some(unit) = unit {
            unit.state = UnitState::Draining { until: tick + 3 };
            fleet.settle(tick);
        }
    }
}

fn start(s: &mut Simulation, site: Site, ids: &[Text]) -> Result<(), Trouble> {
    there(s, site, ids)?;
    let is_early = |it: &&Machine| matches!(it.power, Power::Stopping { .. }) && ids.contains(&it.id);
    if let Some(it) = s.dev.machines.iter().find(is_early) {
        return Err(Trouble::invalid(format!(
            "The instance '{}' is not in a state from which it can be started.",
            it.id
        )));
    }
    let (tick, noise) = (s.tick, s.dev.noise());
    for id in ids {
        if let Some(it) = machine(s, site, id) {
            it.start(tick, noise);
        }
    }
    Ok(())
}
