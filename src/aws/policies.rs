//! Scaling policies: of EC2 Auto Scaling, and of Application Auto Scaling for what the board knows.
//!
//! Neither says how many are wanted now: that is taken from what was read of groups and services, as far as it was.

use std::collections::HashMap;

use aws_sdk_applicationautoscaling::types::{
    Alarm as AppAlarm, ScalingPolicy as AppPolicy, ServiceNamespace, StepAdjustment as AppStep,
    StepScalingPolicyConfiguration, TargetTrackingScalingPolicyConfiguration as AppTracking,
};
use aws_sdk_autoscaling::types::{
    ScalingPolicy as GroupPolicy, StepAdjustment as GroupStep, TargetTrackingConfiguration,
};
use jiff::SignedDuration;

use super::ask::{Ask, gather};
use super::convert::text;
use crate::domain::autoscaling::ScalingPolicy;
use crate::domain::list::List;
use crate::domain::scope::Environment;
use crate::domain::text::Text;
use crate::world::feed::{Feed, Payload};
use crate::world::port::CloudError;

/// What the board shows of what Application Auto Scaling can scale. Each is a question of its own.
const NAMESPACES: [ServiceNamespace; 3] = [ServiceNamespace::Ecs, ServiceNamespace::Rds, ServiceNamespace::Lambda];

/// A target and the dimension of it that is scaled: the key of a range.
type Dimension = (String, String);

pub(super) async fn policies(ask: &Ask<'_>) -> Result<List<ScalingPolicy>, CloudError> {
    let pages = ask
        .clients
        .autoscaling
        .describe_policies()
        .into_paginator()
        .stop_on_duplicate_token(false)
        .page_size(100)
        .send();
    let pages = ask.pages("autoscaling:DescribePolicies", pages).await?;
    let of_apps = gather(NAMESPACES.iter().map(|namespace| of_namespace(ask, namespace)).collect()).await?;
    // At the start these are being read at the same time.
    ask.place.settle(&[Feed::Groups, Feed::Clusters]).await;
    let known = Known::of(ask);
    let of_groups =
        pages.iter().flat_map(|page| page.scaling_policies.iter().flatten()).map(|it| group_policy(it, &known));
    let mut all: Vec<ScalingPolicy> = of_groups.collect();
    for (policies, ranges) in &of_apps {
        all.extend(policies.iter().map(|it| app_policy(it, ranges, &known)));
    }
    all.sort_by(|a, b| (&a.target, &a.name, &a.id).cmp(&(&b.target, &b.name, &b.id)));
    Ok(List::new(all))
}

/// The policies of one kind of service, and the ranges they move in. Where they cannot be read the others still can.
async fn of_namespace(
    ask: &Ask<'_>,
    namespace: &ServiceNamespace,
) -> Result<(Vec<AppPolicy>, HashMap<Dimension, (i32, i32)>), CloudError> {
    let client = &ask.clients.application_autoscaling;
    let pages = client
        .describe_scaling_policies()
        .service_namespace(namespace.clone())
        .into_paginator()
        .stop_on_duplicate_token(false)
        .send();
    let pages = ask.pages("application-autoscaling:DescribeScalingPolicies", pages).await;
    let pages = ask.or_gap(pages)?.unwrap_or_default();
    let policies: Vec<AppPolicy> =
        pages.into_iter().flat_map(|page| page.scaling_policies.unwrap_or_default()).collect();
    if policies.is_empty() {
        return Ok((policies, HashMap::new()));
    }
    let pages = client
        .describe_scalable_targets()
        .service_namespace(namespace.clone())
        .into_paginator()
        .stop_on_duplicate_token(false)
        .send();
    let pages = ask.pages("application-autoscaling:DescribeScalableTargets", pages).await;
    let pages = ask.or_gap(pages)?.unwrap_or_default();
    let targets = pages.iter().flat_map(|page| page.scalable_targets.iter().flatten());
    let ranges = targets.map(|it| {
        let key = (it.resource_id().to_owned(), it.scalable_dimension().as_str().to_owned());
        (key, (it.min_capacity(), it.max_capacity()))
    });
    Ok((policies, ranges.collect()))
}

/// What groups and services were found to be, by what a policy calls its target.
#[derive(Debug, Default)]
struct Known {
    all: HashMap<String, Target>,
    /// Of what was not found.
    environment: Option<Environment>,
}

#[derive(Clone, Copy, Debug)]
struct Target {
    environment: Environment,
    /// Least and most, where the policy does not say.
    range: Option<(u32, u32)>,
    desired: u32,
}

impl Known {
    fn of(ask: &Ask<'_>) -> Self {
        let mut all = HashMap::new();
        if let Some(Payload::Groups(groups)) = ask.place.seen(Feed::Groups) {
            all.extend(groups.iter().map(|it| {
                let target = Target { environment: it.environment, range: Some((it.min, it.max)), desired: it.desired };
                (it.name.to_string(), target)
            }));
        }
        if let Some(Payload::Clusters(clusters)) = ask.place.seen(Feed::Clusters) {
            for cluster in clusters.iter() {
                all.extend(cluster.services.iter().map(|it| {
                    let target = Target { environment: cluster.environment, range: None, desired: it.desired };
                    (format!("service/{}/{}", cluster.name, it.name), target)
                }));
            }
        }
        Self { all, environment: Some(ask.scope().environment) }
    }

    fn environment(&self, target: Option<&Target>) -> Environment {
        target.map(|it| it.environment).or(self.environment).unwrap_or(Environment::Unknown)
    }
}

fn group_policy(it: &GroupPolicy, known: &Known) -> ScalingPolicy {
    let name = it.auto_scaling_group_name().unwrap_or("");
    let target = known.all.get(name);
    let tracking = it.target_tracking_configuration();
    let steps = it.step_adjustments().iter().filter_map(GroupStep::scaling_adjustment);
    let grows = match it.scaling_adjustment() {
        Some(adjustment) => direction(std::iter::once(adjustment)),
        None => direction(steps),
    };
    let alarms: Vec<&str> = it.alarms().iter().filter_map(|alarm| alarm.alarm_name()).collect();
    let (out_alarm, in_alarm) = triggers(&alarms, grows);
    let metric = tracking.map_or_else(Text::default, group_metric);
    ScalingPolicy {
        id: it.policy_arn().map_or_else(|| format!("{name}/{}", it.policy_name().unwrap_or("")).into(), Text::new),
        name: text(it.policy_name()),
        target: Text::new(name),
        environment: known.environment(target),
        kind: text(it.policy_type()),
        metric,
        target_value: tracking.and_then(TargetTrackingConfiguration::target_value),
        cooldown: it.cooldown().map(seconds),
        enabled: it.enabled().unwrap_or(true),
        out_alarm,
        in_alarm,
        min: target.and_then(|it| it.range).map(|(min, _)| min),
        max: target.and_then(|it| it.range).map(|(_, max)| max),
        current: target.map(|it| it.desired),
    }
}

fn group_metric(tracking: &TargetTrackingConfiguration) -> Text {
    let ready = tracking.predefined_metric_specification().and_then(|it| it.predefined_metric_type());
    let own = tracking.customized_metric_specification();
    match (ready, own) {
        (Some(ready), _) => Text::new(ready.as_str()),
        (None, Some(own)) => own.metric_name().map_or_else(|| "metric math".into(), Text::new),
        (None, None) => Text::default(),
    }
}

fn app_policy(it: &AppPolicy, ranges: &HashMap<Dimension, (i32, i32)>, known: &Known) -> ScalingPolicy {
    let target = known.all.get(it.resource_id());
    let tracking = it.target_tracking_scaling_policy_configuration();
    let steps = it.step_scaling_policy_configuration();
    let adjustments = steps.map_or(&[][..], |steps| steps.step_adjustments());
    let alarms: Vec<&str> = it.alarms().iter().map(AppAlarm::alarm_name).collect();
    let (out_alarm, in_alarm) = triggers(&alarms, direction(adjustments.iter().map(AppStep::scaling_adjustment)));
    let range = ranges.get(&(it.resource_id().to_owned(), it.scalable_dimension().as_str().to_owned()));
    let ready =
        tracking.and_then(|it| it.predefined_metric_specification()).map(|it| it.predefined_metric_type().as_str());
    let own = tracking
        .and_then(|it| it.customized_metric_specification())
        .map(|it| it.metric_name().unwrap_or("metric math"));
    let size = |size: i32| u32::try_from(size).ok();
    let is_count = it.scalable_dimension().as_str() == "ecs:service:DesiredCount";
    ScalingPolicy {
        id: Text::new(it.policy_arn()),
        name: Text::new(it.policy_name()),
        target: Text::new(it.resource_id()),
        environment: known.environment(target),
        kind: Text::new(it.policy_type().as_str()),
        metric: text(ready.or(own)),
        target_value: tracking.map(AppTracking::target_value),
        cooldown: tracking
            .and_then(AppTracking::scale_out_cooldown)
            .or_else(|| steps.and_then(StepScalingPolicyConfiguration::cooldown))
            .map(seconds),
        enabled: true,
        out_alarm,
        in_alarm,
        min: range.and_then(|(min, _)| size(*min)),
        max: range.and_then(|(_, max)| size(*max)),
        current: target.filter(|_| is_count).map(|it| it.desired),
    }
}

fn seconds(length: i32) -> SignedDuration {
    SignedDuration::from_secs(i64::from(length))
}

/// Whether steps make it larger; `None` where they do both, or there are none.
fn direction(steps: impl Iterator<Item = i32>) -> Option<bool> {
    let mut signs: Vec<bool> = steps.filter(|step| *step != 0).map(|step| step > 0).collect();
    signs.dedup();
    if let [sign] = signs[..] { Some(sign) } else { None }
}

/// The alarm that makes it larger and the one that makes it smaller. Target tracking names its own by what they do;
/// elsewhere the direction of the steps tells.
fn triggers(alarms: &[&str], grows: Option<bool>) -> (Text, Text) {
    let called = |part: &str| alarms.iter().find(|name| name.starts_with("TargetTracking-") && name.contains(part));
    let first = alarms.first();
    let (out, back) = match grows {
        Some(true) => (first, None),
        Some(false) => (None, first),
        None => (called("-AlarmHigh-"), called("-AlarmLow-")),
    };
    (text(out.copied()), text(back.copied()))
}

#[cfg(test)]
mod tests {
    use aws_sdk_applicationautoscaling::types::{PolicyType, ScalableDimension};
    use aws_sdk_autoscaling::types::{Alarm, MetricType, PredefinedMetricSpecification};
    use aws_smithy_types::DateTime;

    use super::*;
    use crate::domain::list::Identified;

    const HIGH: &str = "TargetTracking-web-AlarmHigh-1884190a";
    const LOW: &str = "TargetTracking-web-AlarmLow-51a84a16";

    fn known() -> Known {
        let target = Target { environment: Environment::Test, range: Some((2, 8)), desired: 8 };
        let service = Target { environment: Environment::Prod, range: None, desired: 3 };
        let all = HashMap::from([("web".to_owned(), target), ("service/prod/api".to_owned(), service)]);
        Known { all, environment: Some(Environment::Staging) }
    }

    #[test]
    fn target_tracking_names_its_alarms_by_what_they_do() {
        let metric = PredefinedMetricSpecification::builder()
            .predefined_metric_type(MetricType::AsgAverageCpuUtilization)
            .build();
        let tracking =
            TargetTrackingConfiguration::builder().predefined_metric_specification(metric).target_value(50.0).build();
        let sdk = GroupPolicy::builder()
            .auto_scaling_group_name("web")
            .policy_type("TargetTrackingScaling")
            .target_tracking_configuration(tracking)
            .alarms(Alarm::builder().alarm_name(LOW).build())
            .alarms(Alarm::builder().alarm_name(HIGH).build())
            .build();
        let it = group_policy(&sdk, &known());
        assert_eq!((it.out_alarm.as_str(), it.in_alarm.as_str()), (HIGH, LOW));
        assert_eq!((it.metric.as_str(), it.target_value), ("ASGAverageCPUUtilization", Some(50.0)));
        assert_eq!((it.is_at_max(), it.environment), (Some(true), Environment::Test));
    }

    #[test]
    fn steps_have_no_target_and_go_one_way() {
        let step = |by: i32| GroupStep::builder().scaling_adjustment(by).build();
        let sdk = |steps: &[i32]| {
            GroupPolicy::builder()
                .auto_scaling_group_name("gone")
                .set_step_adjustments(Some(steps.iter().map(|by| step(*by)).collect()))
                .alarms(Alarm::builder().alarm_name("queue-long").build())
                .build()
        };
        let it = group_policy(&sdk(&[1, 3]), &known());
        assert_eq!((it.out_alarm.as_str(), it.in_alarm.as_str(), it.target_value), ("queue-long", "", None));
        assert_eq!((it.current, it.is_at_max(), it.environment), (None, None, Environment::Staging));
        assert_eq!(group_policy(&sdk(&[-1]), &known()).in_alarm, "queue-long");
        assert_eq!(group_policy(&sdk(&[-1, 1]), &known()).out_alarm, "");
    }

    #[test]
    fn a_service_has_its_range_from_its_target_and_its_count_from_what_was_seen() {
        let sdk = AppPolicy::builder()
            .policy_arn("arn:1")
            .policy_name("cpu")
            .service_namespace(ServiceNamespace::Ecs)
            .resource_id("service/prod/api")
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .policy_type(PolicyType::StepScaling)
            .creation_time(DateTime::from_secs(0))
            .build()
            .unwrap();
        let key = ("service/prod/api".to_owned(), "ecs:service:DesiredCount".to_owned());
        let it = app_policy(&sdk, &HashMap::from([(key, (1, 3))]), &known());
        assert_eq!((it.min, it.max, it.current, it.is_at_max()), (Some(1), Some(3), Some(3), Some(true)));
        let untold = app_policy(&sdk, &HashMap::new(), &known());
        assert_eq!((untold.max, untold.is_at_max(), untold.key()), (None, None, "arn:1"));
    }
}
