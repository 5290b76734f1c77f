//! Who we are, alarms, their history, dashboards.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use opscon::domain::alarm::{
    Alarm, AlarmRule, AlarmState, AlarmTransition, BandSide, Comparison, Condition, MetricSource, MissingData,
};
use opscon::domain::dashboard::{Dashboard, WidgetWhat};
use opscon::domain::graph::{MetricId, QueryWhat};
use opscon::domain::list::List;
use opscon::domain::origin::Origin;
use opscon::domain::scope::GLOBAL;
use opscon::domain::text::Text;
use opscon::world::feed::{Feed, Payload};
use serde_json::{Value, json};

use super::super::{AWAY, HOME, answer, ask, on_company, origin};
use super::{all, count, list, list_shown, made_at, metric_of, same_time, shown, time, whole, word};

#[test]
fn who_we_are() {
    on_company(async |bench, company| {
        let role = word(&company["made"]["role"]).to_owned();
        let (own, other) = (origin(&[HOME]), Origin { role_arn: Some(role), ..origin(&[HOME]) });
        let aws = bench.aws(&[own.clone(), other.clone()]);
        for (origin, key) in [(own, HOME), (other, "other account")] {
            let Payload::Identity(identity) = answer(&aws, &origin, GLOBAL, Feed::Identity).await else { panic!() };
            let fact = &company["facts"][key]["sts"]["identity"];
            assert_eq!(identity.account, shown(&fact["Account"]));
            let regions = all(&company["facts"][key]["ec2"]["regions"]).iter();
            let regions: BTreeSet<&str> = regions.map(|region| word(&region["RegionName"])).collect();
            assert_eq!(identity.regions.iter().flatten().map(Text::as_str).collect::<BTreeSet<_>>(), regions);
            assert!(regions.len() > 10);
            // Each session of a role has a name of its own.
            let without_session = |arn: &str| arn.rsplit_once('/').map(|(role, _)| role.to_owned());
            assert_eq!(without_session(identity.arn.as_str()), without_session(word(&fact["Arn"])));
        }
    });
}

#[test]
fn names_of_metrics() {
    on_company(async |bench, company| {
        let (aws, origin) = (bench.aws(&[origin(&[HOME])]), origin(&[HOME]));
        let Payload::MetricNames(names) = answer(&aws, &origin, HOME, Feed::MetricNames).await else { panic!() };
        let key = |metric: &MetricId| (metric.namespace.clone(), metric.metric.clone(), metric.dimensions.clone());
        let seen: BTreeSet<_> = names.iter().map(|metric| key(&metric.to_graph())).collect();
        let facts = all(&company["facts"][HOME]["cloudwatch"]["metrics"]).iter().map(|fact| {
            let mut metric = metric_of(fact, &fact["Stat"]);
            metric.dimensions.sort();
            key(&metric)
        });
        assert_eq!(seen, facts.collect());
        assert!(seen.len() > 10 && seen.len() == names.len());
    });
}

#[test]
fn alarms() {
    on_company(async |bench, company| {
        let role = word(&company["made"]["role"]).to_owned();
        let (own, other) = (origin(&[HOME, AWAY]), Origin { role_arn: Some(role), ..origin(&[HOME]) });
        let aws = bench.aws(&[own.clone(), other.clone()]);
        for (origin, region, key) in [(&own, HOME, HOME), (&own, AWAY, AWAY), (&other, HOME, "other account")] {
            let Payload::Alarms(alarms) = answer(&aws, origin, region, Feed::Alarms).await else { panic!() };
            let seen = same_alarms(&alarms, &company["facts"][key]["cloudwatch"]["alarms"]);
            assert!(seen > if key == HOME { 130 } else { 0 }, "too few to prove anything in {key}");
        }
    });
}

#[test]
fn mutes() {
    on_company(async |bench, company| {
        let Payload::Alarms(alarms) = list(&bench, &company, Feed::Alarms).await else { panic!() };
        let of = |name: &str| alarms.iter().find(|alarm| alarm.name == *name).unwrap();
        let told = of("web-cpu-high").mutes.clone().unwrap();
        let [deploy, nights] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!((deploy.rule.as_str(), deploy.is_active, deploy.recurs), ("deploy", true, false));
        assert_eq!(deploy.alarms, ["web-cpu-high", "queue-001-age"]);
        let (from, until) = (deploy.from.unwrap(), deploy.until.unwrap());
        assert_eq!(until.duration_since(from), SignedDuration::from_hours(2));
        assert!(deploy.holds(made_at(&company)) && !deploy.holds(until));
        assert_eq!((nights.is_active, nights.recurs, nights.until), (false, true, None));
        assert_eq!(of("queue-002-age").mutes, Some(Vec::new()));
    });
}

#[test]
fn alarms_are_told_where_their_mutes_are_not() {
    on_company(async |bench, company| {
        for (operation, known) in [("ListAlarmMuteRules", None), ("GetAlarmMuteRule", Some("deploy"))] {
            let refused = json!({ "status": 400, "code": "AccessDenied", "message": "no" });
            let mut script = json!({ "repeat": true, "responses": [refused] });
            if operation == "GetAlarmMuteRule" {
                script["when"] = json!({ "AlarmMuteRuleName": "nights" });
            }
            bench.script("cloudwatch", operation, script);
            let (aws, origin) = whole(&bench, &company).await;
            let found = ask(&aws, &origin, HOME, Feed::Alarms).await;
            let Payload::Alarms(alarms) = found.outcome.unwrap() else { panic!() };
            let gaps: Vec<String> = found.gaps.iter().map(|gap| gap.operation.to_string()).collect();
            assert_eq!(gaps, [format!("cloudwatch:{operation}")]);
            let of = |name: &str| alarms.iter().find(|alarm| alarm.name == *name).unwrap().mutes.clone();
            let rules = of("web-cpu-high").map(|all| all.iter().map(|mute| mute.rule.to_string()).collect::<Vec<_>>());
            assert_eq!(rules, known.map(|rule| vec![rule.to_owned()]));
            assert_eq!(of("queue-002-age"), None, "another rule might mute it");
            bench.forget(operation);
        }
    });
}

/// All of them, of every kind. How many that is.
pub fn same_alarms(alarms: &List<Alarm>, facts: &Value) -> usize {
    let alarms: BTreeMap<&str, &Alarm> = alarms.iter().map(|alarm| (alarm.arn.as_str(), &**alarm)).collect();
    let mut seen = 0;
    let kinds: [(&str, SameRule); 3] =
        [("MetricAlarms", same_metric_rule), ("CompositeAlarms", same_composite_rule), ("LogAlarms", same_log_rule)];
    for (kind, same_rule) in kinds {
        for fact in all(&facts[kind]) {
            let alarm = alarms[shown(&fact["AlarmArn"]).as_str()];
            same_alarm(alarm, fact);
            same_rule(&alarm.rule, fact);
            seen += 1;
        }
    }
    assert_eq!(alarms.len(), seen);
    seen
}

/// How a rule of one kind is compared.
type SameRule = fn(&AlarmRule, &Value);

fn same_alarm(alarm: &Alarm, fact: &Value) {
    assert_eq!(alarm.name, shown(&fact["AlarmName"]));
    assert_eq!(alarm.description, shown(&fact["AlarmDescription"]), "{}", alarm.name);
    assert_eq!(alarm.state.word(), word(&fact["StateValue"]), "{}", alarm.name);
    assert_eq!(alarm.reason, shown(&fact["StateReason"]), "{}", alarm.name);
    // Of metric alarms ministack tells only when they were last judged, and judges them only by what moves them.
    let since = ["StateTransitionedTimestamp", "StateUpdatedTimestamp"].map(|key| &fact[key]);
    same_time(alarm.since, time(since.into_iter().find(|at| at.is_string()).unwrap()));
    assert_eq!(alarm.actions_enabled, fact["ActionsEnabled"].as_bool().unwrap(), "{}", alarm.name);
    assert_eq!(alarm.actions, list_shown(&fact["AlarmActions"]), "{}", alarm.name);
    assert_eq!(alarm.ok_actions, list_shown(&fact["OKActions"]), "{}", alarm.name);
    assert_eq!(alarm.insufficient_data_actions, list_shown(&fact["InsufficientDataActions"]), "{}", alarm.name);
    assert_eq!(alarm.evaluation, None);
}

fn same_metric_rule(rule: &AlarmRule, fact: &Value) {
    let criteria = &fact["EvaluationCriteria"]["PromQLCriteria"];
    if let AlarmRule::PromQl(rule) = rule {
        assert_eq!(rule.query, shown(&criteria["Query"]));
        let told = [&criteria["PendingPeriod"], &criteria["RecoveryPeriod"]].map(Value::as_i64);
        assert_eq!([rule.pending, rule.recovery].map(|length| Some(length.as_secs())), told);
        return;
    }
    assert!(criteria.is_null(), "{fact} has a query");
    let AlarmRule::Metric(rule) = rule else { panic!("{rule:?} is no metric alarm") };
    let name = word(&fact["AlarmName"]);
    assert_eq!(rule.evaluation_periods, count(&fact["EvaluationPeriods"]), "{name}");
    let needed =
        if fact["DatapointsToAlarm"].is_null() { &fact["EvaluationPeriods"] } else { &fact["DatapointsToAlarm"] };
    assert_eq!(rule.datapoints_to_alarm, count(needed), "{name}");
    let missing = match fact["TreatMissingData"].as_str().unwrap_or("missing") {
        "breaching" => MissingData::Breaching,
        "notBreaching" => MissingData::NotBreaching,
        "ignore" => MissingData::Ignore,
        "missing" => MissingData::Missing,
        other => panic!("{other}"),
    };
    assert_eq!(rule.missing, missing, "{name}");
    let band = fact["ThresholdMetricId"].as_str();
    let condition = match (band, word(&fact["ComparisonOperator"])) {
        (None, operator) => {
            Condition::Threshold { comparison: comparison(operator), limit: fact["Threshold"].as_f64().unwrap() }
        }
        // The only band there is was made three wide.
        (Some(_), "LessThanLowerOrGreaterThanUpperThreshold") => Condition::Band { side: BandSide::Either, width: 3.0 },
        (Some(_), other) => panic!("{other}"),
    };
    assert_eq!(rule.condition, condition, "{name}");
    let queries = all(&fact["Metrics"]);
    let period = if queries.is_empty() { &fact["Period"] } else { &queries[0]["MetricStat"]["Period"] };
    assert_eq!(rule.period.as_secs(), period.as_i64().unwrap(), "{name}");
    match &rule.source {
        MetricSource::Metric(metric) => {
            let stat = if fact["Statistic"].is_null() { &fact["ExtendedStatistic"] } else { &fact["Statistic"] };
            assert_eq!(*metric, metric_of(fact, stat), "{name}");
        }
        MetricSource::Math(math) => {
            let queries: Vec<&Value> = queries.iter().filter(|query| query["Id"].as_str() != band).collect();
            assert_eq!(math.len(), queries.len(), "{name}");
            for (query, fact) in math.iter().zip(queries) {
                assert_eq!(query.id, shown(&fact["Id"]), "{name}");
                assert_eq!(query.returned, fact["ReturnData"].as_bool().unwrap(), "{name}");
                match &query.what {
                    QueryWhat::Metric(metric) => {
                        let stat = &fact["MetricStat"];
                        assert_eq!(*metric, metric_of(&stat["Metric"], &stat["Stat"]), "{name}");
                    }
                    QueryWhat::Expression(text) => assert_eq!(*text, shown(&fact["Expression"]), "{name}"),
                }
            }
        }
    }
}

fn comparison(operator: &str) -> Comparison {
    match operator {
        "GreaterThanThreshold" => Comparison::GreaterThanThreshold,
        "GreaterThanOrEqualToThreshold" => Comparison::GreaterThanOrEqualToThreshold,
        "LessThanThreshold" => Comparison::LessThanThreshold,
        "LessThanOrEqualToThreshold" => Comparison::LessThanOrEqualToThreshold,
        other => panic!("{other}"),
    }
}

fn same_composite_rule(rule: &AlarmRule, fact: &Value) {
    let AlarmRule::Composite { expression } = rule else { panic!("{rule:?} is no composite alarm") };
    assert_eq!(*expression, shown(&fact["AlarmRule"]));
}

fn same_log_rule(rule: &AlarmRule, fact: &Value) {
    let AlarmRule::Log(rule) = rule else { panic!("{rule:?} is no log alarm") };
    let query = &fact["ScheduledQueryConfiguration"];
    assert_eq!(rule.query, shown(&query["QueryString"]));
    assert_eq!(rule.log_groups, list_shown(&query["LogGroupIdentifiers"]));
    assert_eq!(rule.results_to_evaluate, count(&fact["QueryResultsToEvaluate"]));
    assert_eq!(rule.results_to_alarm, count(&fact["QueryResultsToAlarm"]));
    assert_eq!(rule.comparison, comparison(word(&fact["ComparisonOperator"])));
    assert_eq!(Some(rule.limit), fact["Threshold"].as_f64());
}

#[test]
fn alarm_history() {
    on_company(async |bench, company| {
        let origin = origin(&[HOME]);
        let aws = bench.aws(std::slice::from_ref(&origin));
        let Payload::AlarmHistory(history) = answer(&aws, &origin, HOME, Feed::AlarmHistory).await else { panic!() };
        let facts = all(&company["facts"][HOME]["cloudwatch"]["history"]);
        assert!(facts.len() > 50);
        same_history(&history, facts);
    });
}

pub fn same_history(history: &List<AlarmTransition>, facts: &[Value]) {
    assert!(history.windows(2).all(|pair| pair[0].at >= pair[1].at), "newest first");
    let mut facts: Vec<Transition> = facts.iter().map(transition).collect();
    let mut seen: Vec<Transition> =
        history.iter().map(|one| (one.alarm.clone(), one.at, one.from, one.to, one.reason.clone())).collect();
    // By time last: two that came within a millisecond of each other have no order.
    let by = |one: &Transition| (one.0.clone(), one.4.clone(), one.2, one.3, one.1);
    facts.sort_by_key(by);
    seen.sort_by_key(by);
    assert_eq!(seen.len(), facts.len());
    for (seen, fact) in seen.into_iter().zip(facts) {
        same_time(seen.1, fact.1);
        assert_eq!((seen.0, seen.2, seen.3, seen.4), (fact.0, fact.2, fact.3, fact.4));
    }
}

/// Alarm, moment, from which state, to which, and why.
type Transition = (Text, Timestamp, AlarmState, AlarmState, Text);

fn transition(fact: &Value) -> Transition {
    let data: Value = serde_json::from_str(word(&fact["HistoryData"])).unwrap();
    let state = |which: &str| match word(&data[which]["stateValue"]) {
        "OK" => AlarmState::Ok,
        "ALARM" => AlarmState::Alarm,
        "INSUFFICIENT_DATA" => AlarmState::InsufficientData,
        other => panic!("{other}"),
    };
    let reason = shown(&data["newState"]["stateReason"]);
    (shown(&fact["AlarmName"]), time(&fact["Timestamp"]), state("oldState"), state("newState"), reason)
}

#[test]
fn dashboards() {
    on_company(async |bench, company| {
        let origin = origin(&[HOME]);
        let aws = bench.aws(std::slice::from_ref(&origin));
        let Payload::Dashboards(dashboards) = answer(&aws, &origin, HOME, Feed::Dashboards).await else { panic!() };
        let facts = all(&company["facts"][HOME]["cloudwatch"]["dashboards"]);
        assert_eq!(dashboards.len(), facts.len());
        for dashboard in dashboards.iter() {
            let fact = facts.iter().find(|fact| dashboard.name == shown(&fact["DashboardName"])).unwrap();
            same_dashboard(dashboard, fact);
        }
    });
}

fn same_dashboard(dashboard: &Dashboard, fact: &Value) {
    assert_eq!(dashboard.name, shown(&fact["DashboardName"]));
    same_time(dashboard.modified, time(&fact["LastModified"]));
    let body: Value = serde_json::from_str(word(&fact["body"])).unwrap();
    let widgets = all(&body["widgets"]);
    assert_eq!(dashboard.widgets.len(), widgets.len());
    assert!(dashboard.broken.is_empty());
    for (widget, fact) in dashboard.widgets.iter().zip(widgets) {
        let at = |key: &str| u16::try_from(count(&fact[key])).unwrap();
        assert_eq!((widget.x, widget.y, widget.width, widget.height), (at("x"), at("y"), at("width"), at("height")));
        let properties = &fact["properties"];
        match (&widget.what, word(&fact["type"])) {
            (WidgetWhat::Metric { queries, single, limits, .. }, "metric") => {
                assert_eq!(widget.title, shown(&properties["title"]));
                assert_eq!(queries.len(), all(&properties["metrics"]).len());
                assert_eq!(*single, properties["view"] == "singleValue");
                let lines = all(&properties["annotations"]["horizontal"]);
                let values: Vec<f64> = lines.iter().map(|line| line["value"].as_f64().unwrap()).collect();
                assert_eq!(limits.iter().map(|limit| limit.value).collect::<Vec<_>>(), values);
            }
            (WidgetWhat::Text { markdown }, "text") => assert_eq!(*markdown, shown(&properties["markdown"])),
            (WidgetWhat::Alarms { arns }, "alarm") => assert_eq!(*arns, list_shown(&properties["alarms"])),
            (WidgetWhat::Other { kind }, other) => assert_eq!(kind.as_str(), other),
            (what, kind) => panic!("{kind} was read as {what:?}"),
        }
    }
}
