//! Groups and services change their size and their bounds.

use super::Trouble;
use crate::domain::text::Text;
use crate::drill::company::Site;
use crate::drill::fleet::Fleet;
use crate::drill::simulation::Simulation;
use crate::world::act::Step;

pub(super) fn take(simulation: &mut Simulation, site: Site, step: &Step) -> Option<Result<(), Trouble>> {
    let tick = simulation.tick;
    let s = simulation;
    Some(match step {
        Step::SetDesiredCapacity { group, desired } => group_called(s, site, group).and_then(|fleet| {
            if !(fleet.min..=fleet.max).contains(desired) {
                let words =
                    format!("New SetDesiredCapacity value {desired} is not between {} and {}", fleet.min, fleet.max);
                return Err(Trouble::invalid(words));
            }
            fleet.set_desired(tick, *desired, "a user request");
            Ok(())
        }),
        Step::UpdateAutoScalingGroup { group, min, desired, max } => group_called(s, site, group).and_then(|fleet| {
            if !(min..=max).contains(&desired) {
                return Err(Trouble::invalid(format!("desired capacity {desired} is not between {min} and {max}")));
            }
            (fleet.min, fleet.max) = (*min, *max);
            fleet.set_desired(tick, *desired, "a user request");
            Ok(())
        }),
        Step::SuspendProcesses { group, processes } => group_called(s, site, group).map(|fleet| {
            for process in processes {
                if !fleet.suspended.contains(process) {
                    fleet.suspended.push(process.clone());
                }
            }
        }),
        Step::ResumeProcesses { group, processes } => group_called(s, site, group).map(|fleet| {
            fleet.suspended.retain(|process| !processes.contains(process));
            // What it was kept from doing it does now.
            fleet.settle(tick);
        }),
        Step::SetServiceCount { service, desired, .. } => service_called(s, site, service).map(|fleet| {
            fleet.set_desired(tick, *desired, "a user request");
        }),
        Step::RegisterScalableTarget { resource, min, max, .. } => {
            let name = resource.as_str().rsplit('/').next().unwrap_or_default().into();
            service_called(s, site, &name).map(|fleet| {
                (fleet.min, fleet.max) = (*min, *max);
                let desired = fleet.desired.clamp(*min, *max);
                fleet.set_desired(tick, desired, "new bounds");
            })
        }
        _ => return None,
    })
}

fn group_called<'a>(s: &'a mut Simulation, site: Site, name: &Text) -> Result<&'a mut Fleet, Trouble> {
    let fleet = s.fleet_mut(name.as_str()).filter(|fleet| fleet.plan.site == site && fleet.is_group());
    fleet.ok_or_else(|| Trouble::unknown("AutoScalingGroup", name))
}

fn service_called<'a>(s: &'a mut Simulation, site: Site, name: &Text) -> Result<&'a mut Fleet, Trouble> {
    let fleet = s.fleet_mut(name.as_str()).filter(|fleet| fleet.plan.site == site && !fleet.is_group());
    fleet.ok_or_else(|| Trouble::unknown("service", name))
}
