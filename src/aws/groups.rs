//! EC2 Auto Scaling groups: their members, what they did lately, and what will move them.

use std::collections::HashMap;

use aws_sdk_autoscaling::types::{
    Activity as SdkActivity, AutoScalingGroup as SdkGroup, Instance, InstanceRefresh, InstanceRefreshStatus,
    LaunchTemplateSpecification, LifecycleState, Operator, ScalingActivityStatusCode, ScheduledUpdateGroupAction,
    WarmPoolState,
};
use jiff::{SignedDuration, Timestamp};

use super::ask::{Ask, gather};
use super::convert::{count, environment, tags, text, time};
use crate::domain::autoscaling::{Activity, AutoScalingGroup, Member, Refresh, ScheduledChange, Template, WarmPool};
use crate::domain::list::List;
use crate::domain::scope::Scope;
use crate::domain::text::Text;
use crate::world::port::{CloudError, FaultClass};

/// Pages of a hundred activities read at most, of all groups together and newest first. Six weeks of them would be
/// thousands, and a question for each group as many calls as there are groups.
const ACTIVITY_PAGES: usize = 2;
/// Groups that are asked for their own activities at once, because they are short and nothing newer tells why.
const ALONE: usize = 20;
/// Groups asked for an instance refresh at most, each a call of its own.
const REFRESHED: usize = 20;
/// How long a refresh that ended is still told of, and how long an activity may hint at one.
const LATELY: SignedDuration = SignedDuration::from_hours(24);

pub(super) async fn groups(ask: &Ask<'_>) -> Result<List<AutoScalingGroup>, CloudError> {
    let pages = ask
        .clients
        .autoscaling
        .describe_auto_scaling_groups()
        .into_paginator()
        .stop_on_duplicate_token(false)
        .page_size(100)
        .send();
    let pages = ask.pages("autoscaling:DescribeAutoScalingGroups", pages).await?;
    let found: Vec<&SdkGroup> = pages.iter().flat_map(|page| page.auto_scaling_groups.iter().flatten()).collect();
    if found.is_empty() {
        return Ok(List::default());
    }
    let mut activities = by_group(ask.or_gap(activities(ask).await)?, SdkActivity::auto_scaling_group_name, activity);
    let mut scheduled =
        by_group(ask.or_gap(scheduled(ask).await)?, ScheduledUpdateGroupAction::auto_scaling_group_name, |it| {
            Some(scheduled_change(it))
        });
    let mut all: Vec<AutoScalingGroup> = found
        .iter()
        .map(|it| {
            let name = it.auto_scaling_group_name().unwrap_or("");
            AutoScalingGroup {
                activities: activities.as_mut().map(|all| all.remove(name).unwrap_or_default()),
                scheduled: scheduled.as_mut().map(|all| all.remove(name).unwrap_or_default()),
                ..group(it, ask.scope())
            }
        })
        .collect();
    if activities.is_some() {
        // The newest of all groups together may all be of one that flaps. What a group that is short last tried matters.
        let short = |it: &&mut AutoScalingGroup| {
            it.in_service() < it.desired as usize && it.activities.as_ref().is_some_and(Vec::is_empty)
        };
        let mut short: Vec<&mut AutoScalingGroup> = all.iter_mut().filter(short).take(ALONE).collect();
        let own = short.iter().map(|it| activities_of(ask, it.name.to_string())).collect();
        for (it, own) in short.iter_mut().zip(gather(own).await?) {
            it.activities = Some(own);
        }
    }
    for it in &mut all {
        if let Some(activities) = &mut it.activities {
            activities.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.what.cmp(&b.what)));
        }
        if let Some(scheduled) = &mut it.scheduled {
            scheduled.sort_by(|a, b| (a.at, &a.name).cmp(&(b.at, &b.name)));
        }
    }
    // Those that say so first: a group may stay mixed for years.
    let mut asked: Vec<(bool, usize)> = found
        .iter()
        .zip(&all)
        .enumerate()
        .map(|(position, (sdk, it))| (is_mixed(sdk), is_refreshed(it, ask.at), position))
        .filter(|(is_mixed, is_refreshed, _)| *is_mixed || *is_refreshed)
        .map(|(_, is_refreshed, position)| (!is_refreshed, position))
        .collect();
    asked.sort_unstable();
    let asked: Vec<usize> = asked.into_iter().map(|(_, position)| position).take(REFRESHED).collect();
    let names = asked.iter().filter_map(|position| all.get(*position)).map(|it| it.name.to_string());
    let refreshes = gather(names.map(|name| newest_refresh(ask, name)).collect()).await?;
    for (position, refresh) in asked.into_iter().zip(refreshes) {
        if let Some(it) = all.get_mut(position) {
            it.refresh = refresh;
        }
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(List::new(all))
}

/// Everything of a group under its name.
fn by_group<S, T>(
    all: Option<Vec<S>>,
    group: impl Fn(&S) -> Option<&str>,
    convert: impl Fn(&S) -> Option<T>,
) -> Option<HashMap<String, Vec<T>>> {
    let mut sorted: HashMap<String, Vec<T>> = HashMap::new();
    for it in all? {
        if let (Some(name), Some(converted)) = (group(&it), convert(&it)) {
            sorted.entry(name.to_owned()).or_default().push(converted);
        }
    }
    Some(sorted)
}

async fn activities(ask: &Ask<'_>) -> Result<Vec<SdkActivity>, CloudError> {
    let mut all = Vec::new();
    let mut token = None;
    for _ in 0..ACTIVITY_PAGES {
        let request =
            ask.clients.autoscaling.describe_scaling_activities().max_records(100).set_next_token(token.take());
        let page = ask.call("autoscaling:DescribeScalingActivities", request.send()).await?;
        token = page.next_token.filter(|token| !token.is_empty());
        all.extend(page.activities.unwrap_or_default());
        if token.is_none() {
            break;
        }
    }
    Ok(all)
}

/// The newest of one group.
async fn activities_of(ask: &Ask<'_>, group: String) -> Result<Vec<Activity>, CloudError> {
    let request = ask.clients.autoscaling.describe_scaling_activities().auto_scaling_group_name(group).max_records(10);
    let page = ask.call("autoscaling:DescribeScalingActivities", request.send()).await;
    let page = ask.or_gap(page)?.and_then(|page| page.activities).unwrap_or_default();
    Ok(page.iter().filter_map(activity).collect())
}

async fn scheduled(ask: &Ask<'_>) -> Result<Vec<ScheduledUpdateGroupAction>, CloudError> {
    let pages = ask
        .clients
        .autoscaling
        .describe_scheduled_actions()
        .into_paginator()
        .stop_on_duplicate_token(false)
        .page_size(100)
        .send();
    let pages = ask.pages("autoscaling:DescribeScheduledActions", pages).await?;
    Ok(pages.into_iter().flat_map(|page| page.scheduled_update_group_actions.unwrap_or_default()).collect())
}

/// The newest refresh, while it runs and for a day after.
async fn newest_refresh(ask: &Ask<'_>, name: String) -> Result<Option<Refresh>, CloudError> {
    let request =
        ask.clients.autoscaling.describe_instance_refreshes().auto_scaling_group_name(&name).max_records(1).send();
    let answer = match ask.call("autoscaling:DescribeInstanceRefreshes", request).await {
        Err(error) if error.class == FaultClass::NotFound => None,
        outcome => ask.or_gap(outcome)?,
    };
    let newest = answer.and_then(|answer| answer.instance_refreshes?.into_iter().next());
    Ok(newest.as_ref().map(refresh).filter(|it| it.ended.is_none_or(|ended| ask.at.duration_since(ended) < LATELY)))
}

/// Whether its members were made from different templates: in the middle of a refresh, or left so by one.
fn is_mixed(group: &SdkGroup) -> bool {
    let mut all = group.instances().iter().map(|it| template(it.launch_template(), it.launch_configuration_name()));
    all.next().is_some_and(|first| all.any(|other| other != first))
}

/// Whether its activities tell of a refresh. One that is over is told of for a while too.
fn is_refreshed(group: &AutoScalingGroup, now: Timestamp) -> bool {
    let mut lately = group.activities.iter().flatten().take_while(|it| now.duration_since(it.at) < LATELY);
    lately.any(|it| it.cause.as_str().contains("instance refresh"))
}

fn group(it: &SdkGroup, scope: &Scope) -> AutoScalingGroup {
    let tags = tags(it.tags().iter().map(|tag| (tag.key(), tag.value())));
    let mut members: Vec<Member> = it.instances().iter().map(member).collect();
    members.sort_by(|a, b| a.instance.cmp(&b.instance));
    let mut suspended: Vec<_> = it.suspended_processes().iter().map(|it| text(it.process_name())).collect();
    suspended.sort();
    let pool = it.warm_pool_configuration();
    let mixed = it.mixed_instances_policy().and_then(|it| it.launch_template());
    let made_from = it.launch_template().or(mixed.and_then(|it| it.launch_template_specification()));
    AutoScalingGroup {
        name: text(it.auto_scaling_group_name()),
        environment: environment(&tags, scope),
        min: count(it.min_size()),
        desired: count(it.desired_capacity()),
        max: count(it.max_size()),
        members,
        suspended,
        activities: None,
        warm_pool: pool.map(|pool| WarmPool {
            state: text(pool.pool_state().map(WarmPoolState::as_str)),
            size: it.warm_pool_size().and_then(|size| u32::try_from(size).ok()),
            min: count(pool.min_size()),
            // AWS says -1 for "as many as the group may have".
            max_prepared: pool.max_group_prepared_capacity().and_then(|most| u32::try_from(most).ok()),
        }),
        scheduled: None,
        refresh: None,
        template: template(made_from, it.launch_configuration_name()),
        tags,
        operator: text(it.operator().and_then(Operator::principal)),
    }
}

/// A version of a template, or a launch configuration. A template has a name and an id; one of them is always told.
fn template(it: Option<&LaunchTemplateSpecification>, configuration: Option<&str>) -> Option<Template> {
    let of_template = it.and_then(|it| {
        let name = it.launch_template_name().or(it.launch_template_id())?;
        // A group that names no version takes the default one.
        Some(Template { name: Text::new(name), version: Text::new(it.version().unwrap_or("$Default")) })
    });
    of_template.or_else(|| Some(Template { name: Text::new(configuration?), version: Text::default() }))
}

fn member(it: &Instance) -> Member {
    Member {
        instance: text(it.instance_id()),
        zone: text(it.availability_zone()),
        lifecycle: text(it.lifecycle_state().map(LifecycleState::as_str)),
        // `HEALTHY` or `Healthy`, by how the group was told.
        healthy: it.health_status().is_none_or(|status| status.eq_ignore_ascii_case("healthy")),
        weight: it.weighted_capacity().and_then(|weight| weight.parse().ok()).unwrap_or(1),
        is_protected: it.protected_from_scale_in() == Some(true),
        template: template(it.launch_template(), it.launch_configuration_name()),
    }
}

fn activity(it: &SdkActivity) -> Option<Activity> {
    Some(Activity {
        at: it.start_time().map(time)?,
        what: text(it.description()),
        cause: text(it.cause()),
        status: text(it.status_code().map(ScalingActivityStatusCode::as_str)),
        message: text(it.status_message()),
    })
}

fn scheduled_change(it: &ScheduledUpdateGroupAction) -> ScheduledChange {
    let size = |size: Option<i32>| size.and_then(|size| u32::try_from(size).ok());
    ScheduledChange {
        name: text(it.scheduled_action_name()),
        // `time` is the old name of the same.
        at: it.start_time().or(it.time()).map(time),
        recurrence: text(it.recurrence()),
        zone: text(it.time_zone()),
        min: size(it.min_size()),
        desired: size(it.desired_capacity()),
        max: size(it.max_size()),
    }
}

fn refresh(it: &InstanceRefresh) -> Refresh {
    Refresh {
        id: text(it.instance_refresh_id()),
        status: text(it.status().map(InstanceRefreshStatus::as_str)),
        reason: text(it.status_reason()),
        percent: it.percentage_complete().and_then(|done| u32::try_from(done).ok()),
        started: it.start_time().map(time),
        ended: it.end_time().map(time),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_autoscaling::types::{LaunchTemplate, MixedInstancesPolicy, WarmPoolConfiguration};

    use super::*;
    use crate::domain::scope::Environment;

    fn scope() -> Scope {
        Scope {
            account: "123456789012".into(),
            alias: "".into(),
            region: "eu-west-1".into(),
            environment: Environment::Prod,
        }
    }

    fn instance(id: &str, version: &str) -> Instance {
        let template = LaunchTemplateSpecification::builder().launch_template_id("lt-1").version(version).build();
        Instance::builder()
            .instance_id(id)
            .lifecycle_state(LifecycleState::from("InService"))
            .health_status("HEALTHY")
            .weighted_capacity("4")
            .launch_template(template)
            .build()
    }

    #[test]
    fn what_counts_in_weights_is_in_service_in_weights() {
        let sdk = SdkGroup::builder()
            .auto_scaling_group_name("web")
            .desired_capacity(8)
            .instances(instance("i-2", "1"))
            .instances(instance("i-1", "1"))
            .build();
        let it = group(&sdk, &scope());
        assert_eq!((it.in_service(), it.desired), (8, 8));
        assert_eq!(it.members.iter().map(|it| it.instance.as_str()).collect::<Vec<_>>(), ["i-1", "i-2"]);
        assert!(!is_mixed(&sdk));
        let made_from = Some(Template { name: "lt-1".into(), version: "1".into() });
        assert!(it.members.iter().all(|member| member.template == made_from));
        assert_eq!(it.template, None, "nothing is told of what new ones are made from");
    }

    #[test]
    fn what_new_instances_are_made_from_is_told_in_any_of_three_places() {
        let latest = || {
            let it = LaunchTemplateSpecification::builder().launch_template_id("lt-1").launch_template_name("web");
            it.version("$Latest").build()
        };
        let words = |sdk: &SdkGroup| group(sdk, &scope()).template.map(|it| it.words());
        let plain = SdkGroup::builder().launch_template(latest()).build();
        assert_eq!(words(&plain).as_deref(), Some("web $Latest"));
        let of = LaunchTemplate::builder().launch_template_specification(latest()).build();
        let policy = MixedInstancesPolicy::builder().launch_template(of).build();
        let mixed = SdkGroup::builder().mixed_instances_policy(policy).build();
        assert_eq!(words(&mixed).as_deref(), Some("web $Latest"));
        let old = SdkGroup::builder().launch_configuration_name("web-2019").build();
        assert_eq!(words(&old).as_deref(), Some("web-2019"));
        let unsaid = LaunchTemplateSpecification::builder().launch_template_id("lt-1").build();
        let unsaid = SdkGroup::builder().launch_template(unsaid).build();
        assert_eq!(words(&unsaid).as_deref(), Some("lt-1 $Default"));
    }

    #[test]
    fn members_of_two_versions_are_a_refresh_perhaps() {
        let of = |versions: &[&str]| {
            let all = versions.iter().map(|version| instance("i-1", version)).collect();
            is_mixed(&SdkGroup::builder().set_instances(Some(all)).build())
        };
        assert!(of(&["1", "2"]));
        assert!(!of(&["1"]));
        assert!(!of(&[]));
    }

    #[test]
    fn a_pool_without_a_limit_has_none() {
        let pool =
            WarmPoolConfiguration::builder().max_group_prepared_capacity(-1).pool_state(WarmPoolState::Stopped).build();
        let it = group(&SdkGroup::builder().warm_pool_configuration(pool).build(), &scope());
        let pool = it.warm_pool.unwrap();
        assert_eq!((pool.max_prepared, pool.size, pool.state.as_str()), (None, None, "Stopped"));
        assert_eq!(it.activities, None);
    }

    #[test]
    fn what_could_not_be_read_is_no_empty_list() {
        let none: Option<Vec<SdkActivity>> = None;
        assert!(by_group(none, SdkActivity::auto_scaling_group_name, activity).is_none());
        let at = aws_smithy_types::DateTime::from_secs(60);
        let told = SdkActivity::builder().auto_scaling_group_name("web").start_time(at).build();
        let undated = SdkActivity::builder().auto_scaling_group_name("web").build();
        let sorted = by_group(Some(vec![told, undated]), SdkActivity::auto_scaling_group_name, activity).unwrap();
        assert_eq!(sorted["web"].len(), 1);
    }
}
