//! Rolling an ECS service back: a deployment under way is stopped, one that is done is followed by the task definition before.

use jiff::SignedDuration;

use crate::domain::board::BoxId;
use crate::domain::container::{Cluster, Service};
use crate::domain::delivery::Deployment;
use crate::domain::text::Text;
use crate::ops::plan::{Blast, Plan, Refusal, Undo, Why};
use crate::ops::scale::service_of;
use crate::ops::{Ask, On, Operation, Param, Params, Progress, Subject};
use crate::world::act::Step;
use crate::world::feed::Feed;
use crate::world::item::{Item, Kind};
use crate::world::sight::Sight;
use crate::world::way_back::service::{self as way_back, deployments};

pub(super) const SERVICE: Operation = Operation {
    name: "ecs.rollback",
    title: "Roll back a service",
    doc: "An ECS service back to the task definition before, or out of a deployment under way",
    on: On::One(Kind::Cluster),
    boxes: &[BoxId::RollbackPlan, BoxId::Production],
    params: &[
        Param {
            name: "service",
            doc: "which service of the cluster",
            present: |of| {
                let cluster = cluster_of(of)?;
                let moved = |it: &&Service| deployments(of.place, cluster, it).next().map(|deploy| deploy.started);
                cluster.services.iter().max_by_key(moved).map(|service| service.name.to_string())
            },
            is_needed: true,
        },
        Param {
            name: "to",
            doc: "a task definition with its revision; the last that was good before unless it is said",
            present: |_| None,
            is_needed: false,
        },
    ],
    feeds: &[Feed::Clusters],
    beside: &[Feed::Deployments],
    deadline: SignedDuration::from_mins(30),
    plan,
    progress,
};

fn cluster_of<'a>(of: &Subject<'a>) -> Option<&'a Cluster> {
    match of.item? {
        Item::Cluster(it) => Some(it),
        _ => None,
    }
}

fn plan(ask: &Ask<'_>) -> Result<Plan, Refusal> {
    let Some(Item::Cluster(cluster)) = ask.item else {
        return Err(Refusal::new(Why::Unknown, "that is no ECS cluster"));
    };
    let it = service_of(cluster, ask.needed_word("service")?)?;
    way_back::controlled(it)?;
    let newest = deployments(ask.place, cluster, it).next();
    let running = newest.filter(|deploy| deploy.is_running());
    let to = ask.word("to");
    match (running, to) {
        (Some(_), Some(_)) => {
            let text = format!("{} is being deployed: what is under way is stopped first", it.name);
            Err(Refusal::new(Why::State, text).with("leave out `to`"))
        }
        (Some(deploy), None) => stop(ask, it, deploy),
        (None, to) => {
            way_back::told(it)?;
            back(ask, cluster, it, newest, to)
        }
    }
}

fn stop(ask: &Ask<'_>, it: &Service, deploy: &Deployment) -> Result<Plan, Refusal> {
    let Some(arn) = &deploy.arn else {
        let text = format!("the deployment of {} under way has no ARN that was told", it.name);
        return Err(Refusal::new(Why::Blind, text));
    };
    let mut plan =
        begin(ask, it, format!("{}: stop the deployment of {}, back to {}", it.name, deploy.to, deploy.from));
    plan.change("version", deploy.to.to_string(), deploy.from.to_string());
    plan.steps.push(Step::StopServiceDeployment { deployment: arn.clone() });
    plan.effects.push(format!(
        "{} of {} tasks run {}; they are replaced again by {}",
        deploy.done, deploy.total, deploy.to, deploy.from
    ));
    if deploy.returns_to.as_ref().is_some_and(|good| *good != deploy.from) {
        plan.warnings.push(format!("{} is not known to have been good either", deploy.from));
    }
    finish(&mut plan);
    Ok(plan)
}

fn back(
    ask: &Ask<'_>,
    cluster: &Cluster,
    it: &Service,
    newest: Option<&Deployment>,
    to: Option<&str>,
) -> Result<Plan, Refusal> {
    let known = newest.and_then(|deploy| deploy.returns_by.as_ref());
    let wanted = match to {
        Some(word) => {
            // Without a revision AWS takes the newest, which is the bad one.
            let revision =
                word.rsplit(':').next().filter(|it| !it.is_empty() && it.bytes().all(|b| b.is_ascii_digit()));
            if revision.is_none() || revision == Some(word) {
                let text = format!("{} names no revision", Text::new(word));
                return Err(Refusal::new(Why::Bounds, text).with(format!("as {}", it.task_definition)));
            }
            Text::new(word)
        }
        None => way_back::usual(it, newest)?.clone(),
    };
    if wanted == it.task_definition {
        return Err(way_back::is_there(it).into());
    }
    let mut plan = begin(ask, it, format!("{}: back to {wanted}", it.name));
    plan.params.insert("to".into(), wanted.to_string());
    plan.change("task definition", it.task_definition.to_string(), wanted.to_string());
    plan.steps.push(Step::SetTaskDefinition {
        cluster: cluster.name.clone(),
        service: it.name.clone(),
        task_definition: wanted.clone(),
    });
    plan.effects.push(format!("a new deployment replaces {} tasks, a few at a time", it.desired));
    plan.effects
        .push("an image pushed anew under the same tag is what runs then: a revision may name only the tag".into());
    if known != Some(&wanted) {
        plan.warnings.push(format!("whether {wanted} was good, or is still registered, is not known"));
    }
    plan.undo = Some(Undo {
        operation: SERVICE.name.into(),
        params: Params::from([("service".into(), it.name.to_string()), ("to".into(), it.task_definition.to_string())]),
        words: format!("forward again to {}", it.task_definition),
    });
    finish(&mut plan);
    Ok(plan)
}

fn begin(ask: &Ask<'_>, it: &Service, title: String) -> Plan {
    let mut plan = Plan::begin(ask, Blast::Disruptive, title);
    plan.target = it.name.clone();
    if it.is_short() {
        plan.warnings.push(format!("{} of {} tasks run now", it.running, it.desired));
    }
    plan
}

fn finish(plan: &mut Plan) {
    plan.effects.push("what was written to databases meanwhile stays as it is".into());
    plan.effects.push(
        "a pipeline that deploys it brings the bad version back with the next commit: `transition.disable`".into(),
    );
    plan.expects = "the version before runs in all its tasks".into();
}

fn progress(plan: &Plan, sight: &Sight<'_>) -> Progress {
    let Some(Item::Cluster(cluster)) = plan.of.item(sight) else {
        return Progress::Failed("its cluster is gone".into());
    };
    let Ok(it) = service_of(&cluster, plan.target.as_str()) else {
        return Progress::Failed(format!("{} is gone", plan.target));
    };
    let Some(place) = sight.world.places().get(plan.of.place()) else {
        return Progress::Failed("its place is gone".into());
    };
    let mut all = deployments(place, &cluster, it);
    // What was stopped says so itself; what was set is what the service names.
    let is_turned = plan.steps.iter().all(|step| match step {
        Step::SetTaskDefinition { task_definition, .. } => it.task_definition == *task_definition,
        Step::StopServiceDeployment { deployment } => {
            all.find(|deploy| deploy.arn.as_ref() == Some(deployment)).is_none_or(|deploy| !deploy.is_running())
        }
        _ => true,
    });
    match it.rollout.as_str() {
        _ if !is_turned => Progress::Waiting("not begun yet".into()),
        "FAILED" if !plan.is_stop() => Progress::Failed(format!("the deployment failed: {}", it.rollout_reason)),
        "COMPLETED" if !it.is_short() => Progress::Reached,
        _ => Progress::Waiting(format!("{} of {} running", it.running, it.desired)),
    }
}

impl Plan {
    fn is_stop(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::StopServiceDeployment { .. }))
    }
}
