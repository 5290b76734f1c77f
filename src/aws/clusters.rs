//! ECS clusters, their services and their tasks.

use aws_sdk_ecs::types::{
    Cluster as SdkCluster, ClusterField, DeploymentRolloutState, DesiredStatus, Failure, SchedulingStrategy,
    Service as SdkService, ServiceField, Task as SdkTask,
};
use jiff::Timestamp;

use super::ask::{Ask, gather, malformed};
use super::convert::{count, environment, name_of_arn, tags, text, time};
use super::deployments::services::{self as rollout, Rollout};
use super::tasks;
use crate::domain::container::{Cluster, Service, ServiceEvent, Task};
use crate::domain::list::List;
use crate::domain::text::Text;
use crate::world::feed::{Feed, Payload};
use crate::world::port::{CloudError, FaultClass};

/// Most that one question may name.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html> and the like.
const CLUSTERS: usize = 100;
const SERVICES: usize = 10;
const TASKS: usize = 100;
/// Pages of a hundred tasks read of one cluster at most. More would take longer than they stay true.
const RUNNING_PAGES: usize = 50;
/// ECS lists what stopped for an hour, and a cluster of batch jobs stops thousands.
const STOPPED_PAGES: usize = 5;
/// Events kept of a service, newest first. ECS keeps a hundred, and says every six hours that all is well.
const EVENTS: usize = 20;

pub(super) async fn clusters(ask: &Ask<'_>) -> Result<List<Cluster>, CloudError> {
    let pages = ask.clients.ecs.list_clusters().into_paginator().stop_on_duplicate_token(false).page_size(100).send();
    let pages = ask.pages("ecs:ListClusters", pages).await?;
    let arns: Vec<String> = pages.into_iter().flat_map(|page| page.cluster_arns.unwrap_or_default()).collect();
    let described = gather(arns.chunks(CLUSTERS).map(|arns| describe(ask, arns)).collect()).await?;
    let found: Vec<SdkCluster> = described.into_iter().flatten().filter(|it| it.status() != Some("INACTIVE")).collect();
    let before = match ask.place.seen(Feed::Clusters) {
        Some(Payload::Clusters(list)) => Some(list),
        _ => None,
    };
    let before = |name: &str| before.as_ref().and_then(|list| list.iter().find(|it| it.name == *name));
    let read = found.iter().map(|it| cluster(ask, it, before(it.cluster_name().unwrap_or("")).map(AsRef::as_ref)));
    let (mut all, rollouts): (Vec<Cluster>, Vec<Vec<Rollout>>) = gather(read.collect()).await?.into_iter().unzip();
    rollout::leave(ask, rollouts.into_iter().flatten().collect());
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(List::new(all))
}

async fn describe(ask: &Ask<'_>, arns: &[String]) -> Result<Vec<SdkCluster>, CloudError> {
    let request =
        ask.clients.ecs.describe_clusters().set_clusters(Some(arns.to_vec())).include(ClusterField::Tags).send();
    let answer = ask.call("ecs:DescribeClusters", request).await?;
    missed(ask, "ecs:DescribeClusters", answer.failures());
    Ok(answer.clusters.unwrap_or_default())
}

async fn cluster(
    ask: &Ask<'_>,
    it: &SdkCluster,
    before: Option<&Cluster>,
) -> Result<(Cluster, Vec<Rollout>), CloudError> {
    let arn = it.cluster_arn().unwrap_or("");
    let found = services(ask, arn).await?;
    let known = |name: &Text| before.and_then(|before| before.services.iter().find(|it| it.name == *name));
    let mut services: Vec<Service> = found.iter().map(|it| service(it, ask.at, known)).collect();
    services.sort_by(|a, b| a.name.cmp(&b.name));
    let tags = tags(it.tags().iter().map(|tag| (tag.key(), tag.value())));
    let tasks = ask.or_gap(tasks_of(ask, arn, !services.is_empty()).await)?;
    let environment = environment(&tags, ask.scope());
    let cluster = Cluster { name: text(it.cluster_name()), environment, services, tasks, tags };
    let rollouts = found.iter().filter_map(|it| Rollout::of(it, &cluster)).collect();
    Ok((cluster, rollouts))
}

async fn services(ask: &Ask<'_>, cluster: &str) -> Result<Vec<SdkService>, CloudError> {
    let pages = ask
        .clients
        .ecs
        .list_services()
        .cluster(cluster)
        .into_paginator()
        .stop_on_duplicate_token(false)
        .page_size(100)
        .send();
    let pages = match ask.pages("ecs:ListServices", pages).await {
        // The cluster went after it was listed.
        Err(error) if error.class == FaultClass::NotFound => return Ok(Vec::new()),
        outcome => outcome?,
    };
    let arns: Vec<String> = pages.into_iter().flat_map(|page| page.service_arns.unwrap_or_default()).collect();
    let described = gather(arns.chunks(SERVICES).map(|arns| describe_services(ask, cluster, arns)).collect()).await?;
    // One that was deleted is still described for a while.
    Ok(described.into_iter().flatten().filter(|it| it.status() != Some("INACTIVE")).collect())
}

async fn describe_services(ask: &Ask<'_>, cluster: &str, arns: &[String]) -> Result<Vec<SdkService>, CloudError> {
    let request = ask.clients.ecs.describe_services().cluster(cluster).set_services(Some(arns.to_vec()));
    let request = request.include(ServiceField::Tags).send();
    let answer = ask.call("ecs:DescribeServices", request).await?;
    missed(ask, "ecs:DescribeServices", answer.failures());
    Ok(answer.services.unwrap_or_default())
}

/// Stopped tasks only tell of services that start them again and again.
async fn tasks_of(ask: &Ask<'_>, cluster: &str, has_services: bool) -> Result<Vec<Task>, CloudError> {
    let mut arns = list_tasks(ask, cluster, DesiredStatus::Running, RUNNING_PAGES).await?;
    if has_services {
        arns.extend(list_tasks(ask, cluster, DesiredStatus::Stopped, STOPPED_PAGES).await?);
    }
    let described = gather(arns.chunks(TASKS).map(|arns| describe_tasks(ask, cluster, arns)).collect()).await?;
    Ok(tasks::listed(&described.into_iter().flatten().collect::<Vec<_>>(), ask.at))
}

async fn list_tasks(
    ask: &Ask<'_>,
    cluster: &str,
    desired: DesiredStatus,
    most: usize,
) -> Result<Vec<String>, CloudError> {
    let mut all = Vec::new();
    let mut token = None;
    let of_running = desired == DesiredStatus::Running;
    for _ in 0..most {
        let request = ask
            .clients
            .ecs
            .list_tasks()
            .cluster(cluster)
            .desired_status(desired.clone())
            .max_results(100)
            .set_next_token(token.take());
        let page = match ask.call("ecs:ListTasks", request.send()).await {
            Err(error) if error.class == FaultClass::NotFound => return Ok(all),
            outcome => outcome?,
        };
        token = page.next_token.filter(|token| !token.is_empty());
        all.extend(page.task_arns.unwrap_or_default());
        if token.is_none() {
            return Ok(all);
        }
    }
    if of_running {
        let message = format!("{} runs more than the {} tasks that are read", name_of_arn(cluster), all.len());
        ask.gap(CloudError { class: FaultClass::Unsupported, ..malformed("ecs:ListTasks", &message) });
    }
    Ok(all)
}

async fn describe_tasks(ask: &Ask<'_>, cluster: &str, arns: &[String]) -> Result<Vec<SdkTask>, CloudError> {
    let request = ask.clients.ecs.describe_tasks().cluster(cluster).set_tasks(Some(arns.to_vec())).send();
    let answer = ask.call("ecs:DescribeTasks", request).await?;
    missed(ask, "ecs:DescribeTasks", answer.failures());
    Ok(answer.tasks.unwrap_or_default())
}

/// What was listed and is gone is no failure; anything else is told.
fn missed(ask: &Ask<'_>, operation: &'static str, failures: &[Failure]) {
    for failure in failures.iter().filter(|it| it.reason() != Some("MISSING")) {
        let of = |part: Option<&str>| part.unwrap_or("").to_owned();
        let words = [of(failure.reason()), of(failure.detail()), of(failure.arn())].join(" ");
        ask.gap(malformed(operation, words.trim()));
    }
}

fn service<'a>(it: &SdkService, now: Timestamp, before: impl Fn(&Text) -> Option<&'a Service>) -> Service {
    let name = text(it.service_name());
    let primary = it.deployments().iter().find(|it| it.status() == Some("PRIMARY"));
    let set = it.task_sets().iter().find(|it| it.status() == Some("PRIMARY"));
    let definition = it.task_definition().or_else(|| set?.task_definition()).unwrap_or("");
    let mut events: Vec<ServiceEvent> = it
        .events()
        .iter()
        .filter_map(|it| Some(ServiceEvent { at: it.created_at().map(time)?, message: text(it.message()) }))
        .collect();
    events.sort_by_key(|event| std::cmp::Reverse(event.at));
    let (desired, running) = (count(Some(it.desired_count())), count(Some(it.running_count())));
    let since = || unsteady_since(&events).or(before(&name).and_then(|it| it.short_since)).unwrap_or(now).min(now);
    let short_since = (running < desired).then(since);
    events.truncate(EVENTS);
    Service {
        arn: text(it.service_arn()),
        strategy: text(it.scheduling_strategy().map(SchedulingStrategy::as_str)),
        // ECS itself, where it does not say.
        controller: it.deployment_controller().map_or_else(|| "ECS".into(), |it| it.r#type().as_str().into()),
        tags: tags(it.tags().iter().map(|tag| (tag.key(), tag.value()))),
        desired,
        running,
        pending: count(Some(it.pending_count())),
        task_definition: Text::new(definition.rsplit('/').next().unwrap_or(definition)),
        rollout: text(primary.and_then(|it| it.rollout_state()).map(DeploymentRolloutState::as_str)),
        rollout_reason: text(primary.and_then(|it| it.rollout_state_reason())),
        failed_tasks: primary.map(|it| count(Some(it.failed_tasks()))),
        short_since,
        events,
        name,
    }
}

/// When the first thing happened that ended the last steady state. ECS does not say since when tasks are short; where its
/// events do not either, it is since we saw it.
fn unsteady_since(newest_first: &[ServiceEvent]) -> Option<Timestamp> {
    let is_steady = |event: &&ServiceEvent| event.message.as_str().contains("has reached a steady state");
    newest_first.iter().take_while(|event| !is_steady(event)).last().map(|event| event.at)
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::{Deployment, ServiceEvent as SdkEvent};
    use aws_smithy_types::DateTime;

    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_second(10_000).unwrap()
    }

    fn event(at: i64, message: &str) -> SdkEvent {
        SdkEvent::builder().created_at(DateTime::from_secs(at)).message(message).build()
    }

    fn of(sdk: &SdkService) -> Service {
        service(sdk, now(), |_| None)
    }

    #[test]
    fn a_service_is_short_since_it_left_its_steady_state() {
        let sdk = SdkService::builder()
            .service_name("web")
            .desired_count(3)
            .running_count(2)
            .task_definition("arn:aws:ecs:eu-west-1:123456789012:task-definition/web:41")
            .events(event(9_700, "(service web) was unable to place a task."))
            .events(event(9_400, "(service web) has stopped 1 running tasks."))
            .events(event(9_000, "(service web) has reached a steady state."))
            .events(event(8_000, "(service web) has started 1 tasks."));
        let it = of(&sdk.clone().build());
        assert_eq!(it.short_since, Timestamp::from_second(9_400).ok());
        assert_eq!(it.task_definition, "web:41");
        assert_eq!((it.rollout.as_str(), it.failed_tasks), ("", None));
        assert_eq!(of(&sdk.running_count(3).build()).short_since, None);
    }

    #[test]
    fn who_says_how_many_tasks_it_has_is_told() {
        use aws_sdk_ecs::types::{DeploymentController, DeploymentControllerType};
        let it = of(&SdkService::builder().service_name("web").build());
        assert_eq!((it.controller.as_str(), it.strategy.as_str(), it.arn.as_str()), ("ECS", "", ""));
        let external = DeploymentController::builder().r#type(DeploymentControllerType::External).build().unwrap();
        let sdk = SdkService::builder().scheduling_strategy(SchedulingStrategy::Daemon).deployment_controller(external);
        let it = of(&sdk.service_arn("arn:aws:ecs:eu-west-1:123456789012:service/prod/web").build());
        assert_eq!((it.controller.as_str(), it.strategy.as_str()), ("EXTERNAL", "DAEMON"));
        assert!(it.arn.as_str().ends_with("service/prod/web"));
    }

    #[test]
    fn where_events_say_nothing_it_is_since_we_saw_it() {
        let sdk = SdkService::builder().service_name("web").desired_count(1).build();
        let first = of(&sdk);
        assert_eq!(first.short_since, Some(now()));
        let later = Timestamp::from_second(10_060).unwrap();
        assert_eq!(service(&sdk, later, |_| Some(&first)).short_since, Some(now()));
    }

    #[test]
    fn the_primary_deployment_tells_how_the_rollout_goes() {
        let old = Deployment::builder().status("ACTIVE").rollout_state(DeploymentRolloutState::Completed).build();
        let new = Deployment::builder()
            .status("PRIMARY")
            .rollout_state(DeploymentRolloutState::Failed)
            .rollout_state_reason("tasks failed to start")
            .failed_tasks(4)
            .build();
        let it = of(&SdkService::builder().deployments(old).deployments(new).build());
        assert_eq!((it.rollout.as_str(), it.rollout_reason.as_str()), ("FAILED", "tasks failed to start"));
        assert_eq!(it.failed_tasks, Some(4));
    }
}
