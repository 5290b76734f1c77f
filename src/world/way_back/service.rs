//! An ECS service: a deployment under way is stopped, one that is over is followed by the task definition before.

use super::{Bar, Obstacle};
use crate::domain::container::{Cluster, Service};
use crate::domain::delivery::Deployment;
use crate::domain::text::Text;
use crate::world::Place;

/// Its deployments, newest first.
pub fn deployments<'a>(place: &'a Place, cluster: &Cluster, it: &Service) -> impl Iterator<Item = &'a Deployment> {
    let is_its = |deploy: &&Deployment| {
        deploy.kind == "ECS" && deploy.target == it.name && deploy.owner.as_ref() == Some(&cluster.name)
    };
    let mut all: Vec<&Deployment> = place.feeds.deployments.items().filter(is_its).collect();
    all.sort_by_key(|deploy| std::cmp::Reverse(deploy.started));
    all.into_iter()
}

/// What it would return to. `is_read`: whether its deployments were.
pub fn back(it: &Service, newest: Option<&Deployment>, is_read: bool) -> Result<Text, Obstacle> {
    controlled(it)?;
    if let Some(running) = newest.filter(|deploy| deploy.is_running()) {
        return Ok(running.from.clone());
    }
    told(it)?;
    if newest.is_none() && !is_read {
        let text = format!("the deployments of {} are not read", it.name);
        return Err(Obstacle::new(Bar::Blind, text).with("say `to`, a task definition with its revision"));
    }
    let to = usual(it, newest)?;
    if *to == it.task_definition { Err(is_there(it)) } else { Ok(to.clone()) }
}

pub fn is_there(it: &Service) -> Obstacle {
    Obstacle::new(Bar::Nothing, format!("{} is at {} already", it.name, it.task_definition))
}

/// Whether ECS itself deploys it.
pub fn controlled(it: &Service) -> Result<(), Obstacle> {
    if it.rollout.is_empty() {
        let text = format!("{} is not deployed by ECS itself", it.name);
        return Err(Obstacle::new(Bar::State, text).with("where CodeDeploy deploys it: `codedeploy.rollback`"));
    }
    Ok(())
}

/// Whether what is under way, if anything is, was read.
pub fn told(it: &Service) -> Result<(), Obstacle> {
    if it.rollout == "IN_PROGRESS" {
        let text = format!("{} is being deployed, and that deployment was not read", it.name);
        return Err(Obstacle::new(Bar::Blind, text).with("look again in a moment"));
    }
    Ok(())
}

/// The task definition that was good before.
pub fn usual<'a>(it: &Service, newest: Option<&'a Deployment>) -> Result<&'a Text, Obstacle> {
    newest.and_then(|deploy| deploy.returns_by.as_ref()).ok_or_else(|| {
        let text = format!("no task definition of {} is known that was good before {}", it.name, it.task_definition);
        let obstacle = Obstacle::new(Bar::Nothing, text).without_good();
        obstacle.with("say `to`, a task definition with its revision")
    })
}
