//! What deploys goes back past the pipelines: services, `CodeDeploy`'s deployments, the aliases of functions.

use super::Trouble;
use crate::domain::text::Text;
use crate::drill::company::{OPERATOR, Site};
use crate::drill::delivery::CLUSTER;
use crate::drill::fleet::Fleet;
use crate::drill::function::ALIAS;
use crate::drill::rollout::{Release, Rollout};
use crate::drill::simulation::Simulation;
use crate::world::act::Step;

pub(super) fn take(simulation: &mut Simulation, site: Site, step: &Step) -> Option<Result<(), Trouble>> {
    let s = simulation;
    Some(match step {
        Step::StopServiceDeployment { deployment } => stop(s, site, "rolled back by ECS", |s, fleet, rollout| {
            !fleet.is_group() && s.deployment_arn(fleet, rollout) == *deployment
        })
        .unwrap_or_else(|| Err(Trouble::unknown("service deployment", deployment))),
        Step::StopDeployment { deployment } => stop(s, site, "codeDeployRollback", |s, fleet, rollout| {
            fleet.is_group() && s.deployment_id(fleet, rollout) == *deployment
        })
        .unwrap_or_else(|| Err(Trouble::unknown("deployment", deployment))),
        Step::SetTaskDefinition { cluster, service, task_definition } => {
            set(s, site, cluster, service, task_definition)
        }
        Step::Redeploy { application, deployment, .. } => again(s, site, application, deployment),
        Step::RollbackInstanceRefresh { group } => {
            let is_known = s.fleets().iter().any(|it| it.plan.site == site && it.is_group() && it.plan.name == *group);
            // Nobody in this company replaces instances that way.
            Err(if is_known {
                Trouble::invalid(format!("no instance refresh of {group} is in progress"))
            } else {
                Trouble::unknown("AutoScalingGroup", group)
            })
        }
        Step::UpdateAlias { function, alias, version, revision } => {
            move_alias(s, site, function, alias, version, revision)
        }
        _ => return None,
    })
}

/// Stops the rollout that is meant, if it runs, and brings back what was before; nothing where there is none.
fn stop(
    s: &mut Simulation,
    site: Site,
    by: &str,
    is_meant: impl Fn(&Simulation, &Fleet, &Rollout) -> bool,
) -> Option<Result<(), Trouble>> {
    let tick = s.tick;
    let (name, rollout) = s.fleets().into_iter().filter(|fleet| fleet.plan.site == site).find_map(|fleet| {
        let rollout = fleet.rollouts.iter().find(|rollout| is_meant(s, fleet, rollout))?;
        Some((fleet.plan.name.clone(), rollout.clone()))
    })?;
    if !rollout.is_running() {
        return Some(Err(Trouble::invalid("the deployment is completed already")));
    }
    let fleet = s.fleet_mut(name.as_str())?;
    let good = fleet.last_good().cloned().or_else(|| fleet.release_called(rollout.from.as_str()))?;
    back_to(fleet, good, by, tick);
    Some(Ok(()))
}

fn back_to(fleet: &mut Fleet, release: Release, by: &str, tick: i64) {
    let from = fleet.release.version.clone();
    let message = format!("back to {}", release.version);
    fleet.roll_out(Rollout::new(release, from, by, message, tick).apart(), tick);
}

fn set(s: &mut Simulation, site: Site, cluster: &Text, service: &Text, wanted: &Text) -> Result<(), Trouble> {
    let tick = s.tick;
    let is_here = site == Site::Prod && *cluster == *CLUSTER;
    let fleet = s.fleet_mut(service.as_str()).filter(|fleet| is_here && !fleet.is_group());
    let fleet = fleet.ok_or_else(|| Trouble::unknown("service", service))?;
    let version = wanted.as_str().strip_prefix(&format!("{service}:")).map(|revision| format!("v{revision}"));
    let release = version.and_then(|version| fleet.release_called(&version));
    let release = release.ok_or_else(|| Trouble::invalid(format!("TaskDefinition not found: {wanted}")))?;
    back_to(fleet, release, OPERATOR, tick);
    Ok(())
}

fn again(s: &mut Simulation, site: Site, application: &Text, deployment: &Text) -> Result<(), Trouble> {
    let tick = s.tick;
    let fleets = s.fleets().into_iter().filter(|it| it.plan.site == site && it.is_group());
    let found = fleets.filter(|fleet| fleet.plan.name == *application).find_map(|fleet| {
        let rollout = fleet.rollouts.iter().find(|rollout| s.deployment_id(fleet, rollout) == *deployment)?;
        Some((fleet.plan.name.clone(), rollout.release.clone()))
    });
    let (name, release) = found.ok_or_else(|| Trouble::unknown("deployment", deployment))?;
    let Some(fleet) = s.fleet_mut(name.as_str()) else { return Err(Trouble::unknown("application", application)) };
    if fleet.rollouts.last().is_some_and(Rollout::is_running) {
        return Err(Trouble::invalid(format!("{application} has a deployment in progress already")));
    }
    back_to(fleet, release, OPERATOR, tick);
    Ok(())
}

fn move_alias(
    s: &mut Simulation,
    site: Site,
    function: &Text,
    alias: &Text,
    version: &Text,
    revision: &Text,
) -> Result<(), Trouble> {
    let noise = s.noise;
    let found = s.functions.iter_mut().find(|it| site == Site::Prod && *function == *it.name);
    let it = found.ok_or_else(|| Trouble::unknown("function", function))?;
    if *alias != *ALIAS {
        return Err(Trouble::unknown("alias", alias));
    }
    if it.revision(noise) != *revision {
        return Err(Trouble::invalid("the revision id provided does not match the latest one"));
    }
    it.previous = std::mem::replace(&mut it.version, version.clone());
    it.moved += 1;
    Ok(())
}
