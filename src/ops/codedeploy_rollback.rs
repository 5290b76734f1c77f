//! Rolling back what CodeDeploy deploys: a deployment under way is stopped and taken back, one that is done is followed by
//! the last good one.

use jiff::SignedDuration;

use crate::domain::board::BoxId;
use crate::domain::delivery::{DeployStatus, Deployment};
use crate::domain::scope::Environment;
use crate::domain::text::Text;
use crate::ops::plan::{Blast, Plan, Refusal, Why};
use crate::ops::{Ask, On, Operation, Progress};
use crate::world::Place;
use crate::world::act::Step;
use crate::world::feed::Feed;
use crate::world::item::{Item, Kind};
use crate::world::sight::Sight;
use crate::world::way_back::deployment::{self as way_back, Again};

pub(super) const DEPLOYMENT: Operation = Operation {
    name: "codedeploy.rollback",
    title: "Roll back",
    doc: "Stop and take back a deployment of CodeDeploy, or deploy the last good one again",
    on: On::One(Kind::Deployment),
    boxes: &[BoxId::RollbackPlan, BoxId::Production],
    params: &[],
    feeds: &[Feed::Deployments],
    beside: &[],
    deadline: SignedDuration::from_mins(60),
    plan,
    progress,
};

fn plan(ask: &Ask<'_>) -> Result<Plan, Refusal> {
    let Some(Item::Deployment(it)) = ask.item else {
        return Err(Refusal::new(Why::Unknown, "that is no deployment"));
    };
    if it.kind != "CodeDeploy" {
        let text = format!("{} was deployed by {}, not by CodeDeploy", it.target, it.kind);
        let remedy = match it.kind.as_str() {
            "ECS" => "`ecs.rollback` with its service",
            "Lambda" => "`lambda.rollback`",
            _ => "`refresh.rollback` on its group",
        };
        return Err(Refusal::new(Why::State, text).with(remedy));
    }
    let mut plan = match it.status {
        DeployStatus::InProgress => stop(ask, it),
        DeployStatus::RolledBack => {
            return Err(way_back::is_back(it).into());
        }
        DeployStatus::Succeeded | DeployStatus::Failed | DeployStatus::Stopped => again(ask, it)?,
    };
    if it.environment != Environment::Unknown {
        plan.environment = it.environment;
    }
    plan.effects.push("what was written to databases meanwhile stays as it is".into());
    plan.effects.push(
        "a pipeline that deploys it brings the bad version back with the next commit: `transition.disable`".into(),
    );
    Ok(plan)
}

fn mixed(it: &Deployment) -> String {
    format!("{} of {} run {}, the rest {}", it.done, it.total, it.to, it.from)
}

fn stop(ask: &Ask<'_>, it: &Deployment) -> Plan {
    let back = way_back::stopped_to(it);
    let title = format!("{}: stop {} at {} of {}, back to {back}", it.target, it.to, it.done, it.total);
    let mut plan = Plan::begin(ask, Blast::Disruptive, title);
    plan.change("version", it.to.to_string(), back.to_string());
    plan.steps.push(Step::StopDeployment { deployment: it.id.clone() });
    plan.effects.push(mixed(it));
    plan.effects.push(format!("what was replaced is replaced again, by a new deployment of {back}"));
    if it.returns_to.is_none() {
        plan.warnings
            .push("no version before is known to have been good: CodeDeploy takes the last that succeeded".into());
    }
    plan.expects = format!("a deployment of {back} to {} succeeds", it.target);
    plan
}

fn again(ask: &Ask<'_>, it: &Deployment) -> Result<Plan, Refusal> {
    // A group takes one at a time.
    if let Some(other) = of_target(ask.place, &it.target).find(|other| other.is_running()) {
        let text = format!("{} is being deployed to {} already", other.to, it.target);
        return Err(Refusal::new(Why::State, text).with(format!("wait for {}, or roll that back", other.id)));
    }
    let Again { back, by, application, group, bundle } = way_back::again(it)?;
    let title = format!("{}: deploy {back} again, after {}", it.target, it.to);
    let mut plan = Plan::begin(ask, Blast::Disruptive, title);
    plan.change("version", it.to.to_string(), back.to_string());
    plan.steps.push(Step::Redeploy {
        application: application.clone(),
        group: group.clone(),
        deployment: by.clone(),
        revision: bundle.clone(),
    });
    if it.done < it.total {
        plan.effects.push(mixed(it));
    }
    plan.effects.push(format!("a new deployment brings {back} to all of {}, a few at a time", it.target));
    plan.effects.push(format!("{} comes back by its pipeline, not by undoing this", it.to));
    plan.expects = format!("a deployment of {back} to {} succeeds", it.target);
    Ok(plan)
}

fn of_target<'a>(place: &'a Place, target: &Text) -> impl Iterator<Item = &'a Deployment> {
    place.feeds.deployments.items().filter(move |deploy| deploy.kind == "CodeDeploy" && deploy.target == *target)
}

fn progress(plan: &Plan, sight: &Sight<'_>) -> Progress {
    let Some(place) = sight.world.places().get(plan.of.place()) else {
        return Progress::Failed("its place is gone".into());
    };
    let stopped = plan.steps.iter().find_map(|step| match step {
        Step::StopDeployment { deployment } => Some(deployment),
        _ => None,
    });
    let old = stopped.and_then(|id| of_target(place, &plan.target).find(|deploy| deploy.id == *id));
    if let Some(old) = old {
        match old.status {
            DeployStatus::InProgress => return Progress::Waiting("not stopped yet".into()),
            DeployStatus::RolledBack => return Progress::Reached,
            DeployStatus::Succeeded => {
                return Progress::Failed(format!("{} was through before it could be stopped", old.to));
            }
            DeployStatus::Stopped | DeployStatus::Failed => {}
        }
    }
    let wanted = plan.changes.iter().find(|change| change.what == "version").map(|change| change.after.as_str());
    // The clock of AWS may be a little behind ours.
    let since = plan.made_at - SignedDuration::from_mins(1);
    let new = of_target(place, &plan.target)
        .filter(|deploy| deploy.started >= since && wanted == Some(deploy.to.as_str()))
        .max_by_key(|deploy| deploy.started);
    let Some(new) = new else { return Progress::Waiting("no new deployment is listed yet".into()) };
    match new.status {
        DeployStatus::Succeeded => Progress::Reached,
        DeployStatus::InProgress => Progress::Waiting(format!("{} of {} run {}", new.done, new.total, new.to)),
        DeployStatus::Failed | DeployStatus::Stopped | DeployStatus::RolledBack => {
            Progress::Failed(format!("the deployment of {} {}: {}", new.to, new.status.word(), new.message))
        }
    }
}
