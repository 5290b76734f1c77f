//! CloudWatch alarms and what became of them.

use aws_sdk_cloudwatch::types::{
    AlarmPromQlCriteria, AlarmType, ComparisonOperator, CompositeAlarm, Dimension, EvaluationCriteria, EvaluationState,
    HistoryItemType, LogAlarm, MetricAlarm, MetricDataQuery, MetricStat, StateValue,
};
use jiff::{SignedDuration, Timestamp};

use super::ask::Ask;
use super::convert::{count, sdk_time, text, time};
use super::mutes;
use crate::domain::alarm::{
    Alarm, AlarmRule, AlarmState, AlarmTransition, BandSide, Comparison, Condition, Evaluation, LogRule, MetricRule,
    MetricSource, MissingData, PromQlRule,
};
use crate::domain::graph::{MetricId, Query, QueryWhat};
use crate::domain::list::List;
use crate::domain::text::Text;
use crate::world::port::CloudError;

/// Transitions older than this are not read: the board asks what changed lately, a page asks for its own alarm.
const HISTORY: SignedDuration = SignedDuration::from_hours(24);
/// Pages of history read at most, newest first: one alarm that flaps every minute must not cost a page a second.
const HISTORY_PAGES: i32 = 5;

/// Every alarm there is, of all three kinds; the firing ones could be had more cheaply, but then nobody would know of the
/// others that they are well.
pub(super) async fn alarms(ask: &Ask<'_>) -> Result<List<Alarm>, CloudError> {
    let pages = ask
        .clients
        .cloudwatch
        .describe_alarms()
        // Without this only metric alarms are answered.
        .alarm_types(AlarmType::MetricAlarm)
        .alarm_types(AlarmType::CompositeAlarm)
        .alarm_types(AlarmType::LogAlarm)
        .into_paginator()
        .stop_on_duplicate_token(false)
        .page_size(100)
        .send();
    let pages = ask.pages("cloudwatch:DescribeAlarms", pages).await?;
    let mut all: Vec<Alarm> = Vec::new();
    for page in &pages {
        all.extend(page.metric_alarms().iter().map(metric_alarm));
        all.extend(page.composite_alarms().iter().map(composite_alarm));
        all.extend(page.log_alarms().iter().map(log_alarm));
    }
    if !all.is_empty() {
        let known = mutes::mutes(ask).await;
        for alarm in &mut all {
            alarm.mutes = known.of(&alarm.name);
        }
    }
    Ok(List::new(all))
}

fn metric_alarm(alarm: &MetricAlarm) -> Alarm {
    let rule = match alarm.evaluation_criteria() {
        Some(EvaluationCriteria::PromQlCriteria(criteria)) => AlarmRule::PromQl(promql_rule(criteria)),
        _ => AlarmRule::Metric(metric_rule(alarm)),
    };
    Alarm {
        name: text(alarm.alarm_name()),
        arn: text(alarm.alarm_arn()),
        description: text(alarm.alarm_description()),
        rule,
        state: state(alarm.state_value()),
        reason: text(alarm.state_reason()),
        since: since(alarm.state_transitioned_timestamp(), alarm.state_updated_timestamp()),
        evaluation: evaluation(alarm.evaluation_state()),
        actions_enabled: alarm.actions_enabled().unwrap_or(true),
        actions: texts(alarm.alarm_actions()),
        ok_actions: texts(alarm.ok_actions()),
        insufficient_data_actions: texts(alarm.insufficient_data_actions()),
        mutes: None,
        tags: Vec::new(),
    }
}

fn promql_rule(criteria: &AlarmPromQlCriteria) -> PromQlRule {
    let seconds = |seconds: Option<i32>| SignedDuration::from_secs(i64::from(count(seconds)));
    PromQlRule {
        query: Text::cut_to(criteria.query().unwrap_or(""), 10_240),
        pending: seconds(criteria.pending_period()),
        recovery: seconds(criteria.recovery_period()),
    }
}

fn metric_rule(alarm: &MetricAlarm) -> MetricRule {
    let evaluation_periods = count(alarm.evaluation_periods()).max(1);
    let queries = alarm.metrics();
    let period = match alarm.period() {
        Some(seconds) => seconds,
        // A metric of a formula has its period beside its statistic, an expression has its own.
        None => queries
            .iter()
            .find_map(|query| query.metric_stat().and_then(MetricStat::period).or_else(|| query.period()))
            .unwrap_or(60),
    };
    let source = if queries.is_empty() {
        MetricSource::Metric(MetricId {
            namespace: text(alarm.namespace()),
            metric: text(alarm.metric_name()),
            dimensions: dimensions(alarm.dimensions()),
            stat: match (alarm.statistic(), alarm.extended_statistic()) {
                (Some(stat), _) => stat.as_str().into(),
                (None, Some(stat)) => stat.into(),
                (None, None) => "Average".into(),
            },
        })
    } else {
        MetricSource::Math(math(queries, alarm.threshold_metric_id()))
    };
    MetricRule {
        source,
        period: SignedDuration::from_secs(i64::from(period.max(1))),
        evaluation_periods,
        datapoints_to_alarm: alarm.datapoints_to_alarm().map_or(evaluation_periods, |m| count(Some(m)).max(1)),
        condition: condition(alarm),
        missing: match alarm.treat_missing_data() {
            Some("breaching") => MissingData::Breaching,
            Some("notBreaching") => MissingData::NotBreaching,
            Some("ignore") => MissingData::Ignore,
            _ => MissingData::Missing,
        },
    }
}

fn composite_alarm(alarm: &CompositeAlarm) -> Alarm {
    Alarm {
        name: text(alarm.alarm_name()),
        arn: text(alarm.alarm_arn()),
        description: text(alarm.alarm_description()),
        // Rules have up to 10,240 characters.
        rule: AlarmRule::Composite { expression: Text::cut_to(alarm.alarm_rule().unwrap_or(""), 10_240) },
        state: state(alarm.state_value()),
        reason: text(alarm.state_reason()),
        since: since(alarm.state_transitioned_timestamp(), alarm.state_updated_timestamp()),
        evaluation: None,
        actions_enabled: alarm.actions_enabled().unwrap_or(true),
        actions: texts(alarm.alarm_actions()),
        ok_actions: texts(alarm.ok_actions()),
        insufficient_data_actions: texts(alarm.insufficient_data_actions()),
        mutes: None,
        tags: Vec::new(),
    }
}

fn log_alarm(alarm: &LogAlarm) -> Alarm {
    let query = alarm.scheduled_query_configuration();
    let results_to_evaluate = count(alarm.query_results_to_evaluate()).max(1);
    let rule = LogRule {
        query: Text::cut_to(query.and_then(|query| query.query_string()).unwrap_or(""), 10_240),
        log_groups: query.map_or_else(Vec::new, |query| texts(query.log_group_identifiers())),
        results_to_evaluate,
        results_to_alarm: alarm.query_results_to_alarm().map_or(results_to_evaluate, |m| count(Some(m)).max(1)),
        comparison: comparison(alarm.comparison_operator()),
        limit: alarm.threshold().unwrap_or(f64::NAN),
    };
    Alarm {
        name: text(alarm.alarm_name()),
        arn: text(alarm.alarm_arn()),
        description: text(alarm.alarm_description()),
        rule: AlarmRule::Log(rule),
        state: state(alarm.state_value()),
        reason: text(alarm.state_reason()),
        since: since(alarm.state_transitioned_timestamp(), alarm.state_updated_timestamp()),
        evaluation: evaluation(alarm.evaluation_state()),
        actions_enabled: alarm.actions_enabled().unwrap_or(true),
        actions: texts(alarm.alarm_actions()),
        ok_actions: texts(alarm.ok_actions()),
        insufficient_data_actions: texts(alarm.insufficient_data_actions()),
        mutes: None,
        tags: Vec::new(),
    }
}

fn evaluation(state: Option<&EvaluationState>) -> Option<Evaluation> {
    match state? {
        EvaluationState::PartialData => Some(Evaluation::PartialData),
        EvaluationState::EvaluationError => Some(Evaluation::EvaluationError),
        EvaluationState::EvaluationFailure => Some(Evaluation::EvaluationFailure),
        _ => None,
    }
}

/// A state this version does not know cannot be called well.
fn state(value: Option<&StateValue>) -> AlarmState {
    match value {
        Some(StateValue::Ok) => AlarmState::Ok,
        Some(StateValue::Alarm) => AlarmState::Alarm,
        _ => AlarmState::InsufficientData,
    }
}

fn since(transitioned: Option<&aws_smithy_types::DateTime>, updated: Option<&aws_smithy_types::DateTime>) -> Timestamp {
    transitioned.or(updated).map_or(Timestamp::UNIX_EPOCH, time)
}

fn condition(alarm: &MetricAlarm) -> Condition {
    match alarm.comparison_operator() {
        Some(ComparisonOperator::GreaterThanUpperThreshold) => band(alarm, BandSide::Above),
        Some(ComparisonOperator::LessThanLowerThreshold) => band(alarm, BandSide::Below),
        Some(ComparisonOperator::LessThanLowerOrGreaterThanUpperThreshold) => band(alarm, BandSide::Either),
        other => Condition::Threshold { comparison: comparison(other), limit: alarm.threshold().unwrap_or(f64::NAN) },
    }
}

fn comparison(operator: Option<&ComparisonOperator>) -> Comparison {
    match operator {
        Some(ComparisonOperator::GreaterThanOrEqualToThreshold) => Comparison::GreaterThanOrEqualToThreshold,
        Some(ComparisonOperator::LessThanThreshold) => Comparison::LessThanThreshold,
        Some(ComparisonOperator::LessThanOrEqualToThreshold) => Comparison::LessThanOrEqualToThreshold,
        _ => Comparison::GreaterThanThreshold,
    }
}

/// The width is the second argument of the band's own expression; two deviations is what the console proposes.
fn band(alarm: &MetricAlarm, side: BandSide) -> Condition {
    let width = alarm
        .metrics()
        .iter()
        .filter(|query| query.id() == alarm.threshold_metric_id())
        .find_map(|query| query.expression()?.trim_end_matches(')').rsplit(',').next()?.trim().parse().ok())
        .unwrap_or(2.0);
    Condition::Band { side, width }
}

/// The formula, without the band, which is drawn for itself.
fn math(queries: &[MetricDataQuery], band: Option<&str>) -> Vec<Query> {
    queries
        .iter()
        .filter(|query| band.is_none() || query.id() != band)
        .map(|query| {
            let what = match (query.metric_stat(), query.expression()) {
                (Some(stat), _) => QueryWhat::Metric(MetricId {
                    namespace: text(stat.metric().and_then(|metric| metric.namespace())),
                    metric: text(stat.metric().and_then(|metric| metric.metric_name())),
                    dimensions: dimensions(stat.metric().map_or(&[], |metric| metric.dimensions())),
                    stat: text(stat.stat()),
                }),
                (None, expression) => QueryWhat::Expression(text(expression)),
            };
            let id = text(query.id());
            let label = match (query.label(), &what) {
                (Some(label), _) => label.into(),
                (None, QueryWhat::Metric(metric)) => format!("{} {}", metric.metric, metric.stat).into(),
                (None, QueryWhat::Expression(expression)) => expression.clone(),
            };
            Query { id, label, what, returned: query.return_data().unwrap_or(true) }
        })
        .collect()
}

fn dimensions(all: &[Dimension]) -> Vec<(Text, Text)> {
    let mut all: Vec<(Text, Text)> = all.iter().map(|one| (text(one.name()), text(one.value()))).collect();
    // AWS keeps them as they were written. The console takes the last for the resource, so the ones that only say where it
    // is come first.
    all.sort_by_key(|(name, _)| {
        !matches!(name.as_str(), "ClusterName" | "LoadBalancer" | "AvailabilityZone" | "ApiName" | "Stage" | "Region")
    });
    if all.iter().any(|(name, _)| name == "LoadBalancer") && !all.iter().any(|(name, _)| name == "TargetGroup") {
        all.sort_by_key(|(name, _)| name == "LoadBalancer");
    }
    all
}

fn texts(all: &[String]) -> Vec<Text> {
    all.iter().map(|one| Text::new(one)).collect()
}

/// The state changes of the last day, of all alarms at once, newest first.
pub(super) async fn history(ask: &Ask<'_>) -> Result<List<AlarmTransition>, CloudError> {
    let mut all = Vec::new();
    let mut token = None;
    for _ in 0..HISTORY_PAGES {
        let request = ask
            .clients
            .cloudwatch
            .describe_alarm_history()
            .alarm_types(AlarmType::MetricAlarm)
            .alarm_types(AlarmType::CompositeAlarm)
            .alarm_types(AlarmType::LogAlarm)
            .history_item_type(HistoryItemType::StateUpdate)
            .start_date(sdk_time(ask.at - HISTORY))
            .max_records(100)
            .set_next_token(token.take());
        let page = ask.call("cloudwatch:DescribeAlarmHistory", request.send()).await?;
        for item in page.alarm_history_items() {
            let (Some(at), Some(name)) = (item.timestamp().map(time), item.alarm_name()) else { continue };
            let Some((from, to, reason)) = item.history_data().and_then(change) else { continue };
            all.push(AlarmTransition {
                id: Text::new(&format!("{name} {at}")),
                alarm: name.into(),
                at,
                from,
                to,
                reason,
            });
        }
        match page.next_token() {
            Some(next) if !next.is_empty() => token = Some(next.to_owned()),
            _ => break,
        }
    }
    all.sort_by(|a: &AlarmTransition, b| b.at.cmp(&a.at).then_with(|| a.id.cmp(&b.id)));
    Ok(List::new(all))
}

/// From which state to which, and why: `HistoryData` is JSON.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_AlarmHistoryItem.html>
fn change(data: &str) -> Option<(AlarmState, AlarmState, Text)> {
    let data: serde_json::Value = serde_json::from_str(data).ok()?;
    let state_of = |which: &str| state(data[which]["stateValue"].as_str().map(StateValue::from).as_ref());
    data["newState"]["stateValue"].as_str()?;
    Some((state_of("oldState"), state_of("newState"), text(data["newState"]["stateReason"].as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_read_from_its_json() {
        let data = r#"{"version":"1.0","oldState":{"stateValue":"OK"},"newState":{"stateValue":"ALARM","stateReason":"2 > 1"}}"#;
        assert_eq!(change(data), Some((AlarmState::Ok, AlarmState::Alarm, "2 > 1".into())));
        assert_eq!(change("{"), None);
        assert_eq!(change("{}"), None);
    }

    #[test]
    fn a_state_nobody_knows_is_not_well() {
        assert_eq!(state(Some(&StateValue::from("NEW_ONE"))), AlarmState::InsufficientData);
        assert_eq!(state(None), AlarmState::InsufficientData);
    }

    #[test]
    fn what_says_only_where_comes_before_what() {
        let of = |names: &[&str]| {
            let all: Vec<Dimension> =
                names.iter().map(|name| Dimension::builder().name(*name).value("x").build()).collect();
            dimensions(&all).into_iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(of(&["ServiceName", "ClusterName"]), ["ClusterName", "ServiceName"]);
        assert_eq!(of(&["TargetGroup", "LoadBalancer"]), ["LoadBalancer", "TargetGroup"]);
        assert_eq!(of(&["LoadBalancer", "AvailabilityZone"]), ["AvailabilityZone", "LoadBalancer"]);
    }

    #[test]
    fn an_alarm_without_anything_is_still_an_alarm() {
        let alarm = metric_alarm(&MetricAlarm::builder().build());
        assert_eq!(alarm.state, AlarmState::InsufficientData);
        assert_eq!(alarm.metric_rule().unwrap().datapoints_to_alarm, 1);
    }

    #[test]
    fn a_formula_is_judged_in_the_period_of_its_metrics() {
        let stat = MetricStat::builder().period(300).stat("Sum").build();
        let alarm = MetricAlarm::builder()
            .metrics(MetricDataQuery::builder().id("e1").expression("m1 * 2").build())
            .metrics(MetricDataQuery::builder().id("m1").metric_stat(stat).return_data(false).build())
            .build();
        assert_eq!(metric_alarm(&alarm).metric_rule().unwrap().period, SignedDuration::from_mins(5));
    }

    #[test]
    fn a_band_is_as_wide_as_its_expression_says() {
        let query = MetricDataQuery::builder().id("ad1").expression("ANOMALY_DETECTION_BAND(m1, 3)").build();
        let metric = MetricDataQuery::builder().id("m1").return_data(true).build();
        let alarm = MetricAlarm::builder()
            .metrics(metric)
            .metrics(query)
            .threshold_metric_id("ad1")
            .comparison_operator(ComparisonOperator::GreaterThanUpperThreshold)
            .build();
        let alarm = metric_alarm(&alarm);
        let rule = alarm.metric_rule().unwrap();
        assert_eq!(rule.condition, Condition::Band { side: BandSide::Above, width: 3.0 });
        assert!(matches!(&rule.source, MetricSource::Math(queries) if queries.len() == 1));
    }
}
