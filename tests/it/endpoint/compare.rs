//! Everything opscon reads, beside what boto3 reads of the same company.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use opscon::domain::alarm::{Alarm, AlarmRule, AlarmState, BandSide, Comparison, Condition, MetricSource, MissingData};
use opscon::domain::dashboard::{Dashboard, WidgetWhat};
use opscon::domain::graph::{Graph, GraphAsk, MetricId, Query, QueryWhat, Span};
use opscon::domain::metric::{Measure, Series};
use opscon::domain::origin::Origin;
use opscon::domain::scope::GLOBAL;
use opscon::domain::text::Text;
use opscon::domain::unit::Unit;
use opscon::world::feed::{Feed, Payload};
use opscon::world::port::{FeedKey, Observe};
use serde_json::{Value, json};

use super::{AWAY, Bench, HOME, answer, on_company, origin, place};

/// A list of facts.
fn all(facts: &Value) -> &[Value] {
    facts.as_array().map_or(&[], Vec::as_slice)
}

#[track_caller]
fn word(fact: &Value) -> &str {
    fact.as_str().unwrap_or_else(|| panic!("no text: {fact}"))
}

/// As opscon shows it. What AWS does not tell is empty.
fn shown(fact: &Value) -> Text {
    Text::new(fact.as_str().unwrap_or(""))
}

fn list_shown(facts: &Value) -> Vec<Text> {
    all(facts).iter().map(shown).collect()
}

#[track_caller]
fn time(fact: &Value) -> Timestamp {
    word(fact).parse().unwrap_or_else(|error| panic!("{fact}: {error}"))
}

/// CloudWatch sends times as doubles, of which the SDK cuts off what is beyond the millisecond: the last digit may be one
/// less.
#[track_caller]
fn same_time(seen: Timestamp, fact: Timestamp) {
    let off = fact.duration_since(seen);
    assert!(!off.is_negative() && off <= SignedDuration::from_millis(1), "{seen} is not {fact}");
}

fn count(fact: &Value) -> u32 {
    u32::try_from(fact.as_u64().unwrap_or(0)).unwrap()
}

fn made_at(company: &Value) -> Timestamp {
    time(&company["made"]["at"])
}

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
            // Each session of a role has a name of its own.
            let without_session = |arn: &str| arn.rsplit_once('/').map(|(role, _)| role.to_owned());
            assert_eq!(without_session(identity.arn.as_str()), without_session(word(&fact["Arn"])));
        }
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
            let facts = &company["facts"][key]["cloudwatch"]["alarms"];
            let alarms: BTreeMap<&str, &Alarm> = alarms.iter().map(|alarm| (alarm.arn.as_str(), &**alarm)).collect();
            let mut facts_seen = 0;
            let kinds: [(&str, fn(&AlarmRule, &Value)); 3] = [
                ("MetricAlarms", same_metric_rule),
                ("CompositeAlarms", same_composite_rule),
                ("LogAlarms", same_log_rule),
            ];
            for (kind, same_rule) in kinds {
                for fact in all(&facts[kind]) {
                    let alarm = alarms[shown(&fact["AlarmArn"]).as_str()];
                    same_alarm(alarm, fact);
                    same_rule(&alarm.rule, fact);
                    facts_seen += 1;
                }
            }
            assert_eq!(alarms.len(), facts_seen, "in {key}");
            assert!(facts_seen > if key == HOME { 130 } else { 0 }, "too few to prove anything in {key}");
        }
    });
}

fn same_alarm(alarm: &Alarm, fact: &Value) {
    assert_eq!(alarm.name, shown(&fact["AlarmName"]));
    assert_eq!(alarm.description, shown(&fact["AlarmDescription"]), "{}", alarm.name);
    assert_eq!(alarm.state.word(), word(&fact["StateValue"]), "{}", alarm.name);
    assert_eq!(alarm.reason, shown(&fact["StateReason"]), "{}", alarm.name);
    same_time(alarm.since, time(&fact["StateTransitionedTimestamp"]));
    assert_eq!(alarm.actions_enabled, fact["ActionsEnabled"].as_bool().unwrap(), "{}", alarm.name);
    assert_eq!(alarm.actions, list_shown(&fact["AlarmActions"]), "{}", alarm.name);
    assert_eq!(alarm.ok_actions, list_shown(&fact["OKActions"]), "{}", alarm.name);
    assert_eq!(alarm.insufficient_data_actions, list_shown(&fact["InsufficientDataActions"]), "{}", alarm.name);
    assert_eq!(alarm.evaluation, None);
}

fn same_metric_rule(rule: &AlarmRule, fact: &Value) {
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

fn metric_of(fact: &Value, stat: &Value) -> MetricId {
    MetricId {
        namespace: shown(&fact["Namespace"]),
        metric: shown(&fact["MetricName"]),
        dimensions: all(&fact["Dimensions"]).iter().map(|one| (shown(&one["Name"]), shown(&one["Value"]))).collect(),
        stat: shown(stat),
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
        assert!(history.windows(2).all(|pair| pair[0].at >= pair[1].at), "newest first");
        let mut facts: Vec<Transition> =
            all(&company["facts"][HOME]["cloudwatch"]["history"]).iter().map(transition).collect();
        let mut seen: Vec<Transition> =
            history.iter().map(|one| (one.alarm.clone(), one.at, one.from, one.to, one.reason.clone())).collect();
        facts.sort();
        seen.sort();
        assert!(facts.len() > 50 && seen.len() == facts.len());
        for (seen, fact) in seen.into_iter().zip(facts) {
            same_time(seen.1, fact.1);
            assert_eq!((seen.0, seen.2, seen.3, seen.4), (fact.0, fact.2, fact.3, fact.4));
        }
    });
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

/// The hour of a metric by minutes, with gaps, from the facts.
fn hour(company: &Value, metric: &MetricId) -> Option<Vec<f64>> {
    let until = made_at(company);
    let facts = all(&company["facts"][HOME]["cloudwatch"]["metrics"]);
    let of = metric_of;
    let fact = facts.iter().find(|fact| {
        let mut known = of(fact, &fact["Stat"]);
        let mut wanted = metric.clone();
        known.dimensions.sort();
        wanted.dimensions.sort();
        known == wanted
    })?;
    let mut minutes = vec![f64::NAN; 60];
    for (at, value) in all(&fact["Timestamps"]).iter().zip(all(&fact["Values"])) {
        let back = until.duration_since(time(at)).as_mins();
        minutes[usize::try_from(60 - back).unwrap()] = value.as_f64().unwrap();
    }
    Some(minutes)
}

#[track_caller]
fn same_values(seen: &[f64], facts: &[f64], what: &str) {
    let close = |a: f64, b: f64| (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0);
    assert!(
        seen.len() == facts.len() && seen.iter().zip(facts).all(|(a, b)| close(*a, *b)),
        "{what}: {seen:?} is not {facts:?}"
    );
}

fn graph_of(queries: Vec<Query>, span: Span, period: u32) -> Arc<GraphAsk> {
    Arc::new(GraphAsk { queries, span, period })
}

fn query(id: &str, what: QueryWhat) -> Query {
    Query { id: id.into(), label: format!("label of {id}").into(), what, returned: true }
}

async fn graph(bench: &Bench, company: &Value, ask: &Arc<GraphAsk>) -> Graph {
    let origin = origin(&[HOME]);
    let aws = bench.aws_at(std::slice::from_ref(&origin), made_at(company));
    let answer = aws.observe(&FeedKey::graph(Arc::clone(ask), place(&origin, HOME))).await;
    let Payload::Graphs(graphs) = answer.outcome.unwrap() else { panic!() };
    assert!(answer.usage.calls > 0);
    Graph::clone(graphs.get(ask).unwrap().graph.as_ref().unwrap())
}

/// What boto3 reads for the same, in the periods of the graph.
fn boto3_line(bench: &Bench, graph: &Graph, queries: Value, id: &str) -> Vec<f64> {
    let asked = json!({
        "MetricDataQueries": queries, "StartTime": graph.from.to_string(), "EndTime": graph.until().to_string(),
    });
    let results = bench.front.boto3(&["metric-data"], Some(&asked));
    let result = all(&results).iter().find(|result| result["Id"] == id).unwrap();
    let mut line = vec![f64::NAN; graph.len()];
    for (at, value) in all(&result["Timestamps"]).iter().zip(all(&result["Values"])) {
        let position = time(at).duration_since(graph.from).as_secs() / graph.period.as_secs();
        line[usize::try_from(position).unwrap()] = value.as_f64().unwrap();
    }
    line
}

#[test]
fn graphs_of_metrics_by_every_statistic_and_span() {
    on_company(async |bench, company| {
        let metric = |stat: &str| MetricId {
            namespace: "AWS/EC2".into(),
            metric: "CPUUtilization".into(),
            dimensions: vec![("AutoScalingGroupName".into(), "web".into())],
            stat: stat.into(),
        };
        for (stat, span, period) in [
            ("Average", Span::Hour, 60),
            ("Maximum", Span::ThreeHours, 60),
            ("p90", Span::HalfDay, 300),
            ("SampleCount", Span::Week, 1_800),
        ] {
            let asked = graph_of(vec![query("m1", QueryWhat::Metric(metric(stat)))], span, period);
            let graph = graph(&bench, &company, &asked).await;
            assert_eq!(graph.period, SignedDuration::from_secs(i64::from(period)));
            assert_eq!(graph.from.as_second() % i64::from(period), 0, "periods begin at multiples of themselves");
            let fact = json!([{ "Id": "m1", "MetricStat": { "Period": period, "Stat": stat, "Metric": {
                "Namespace": "AWS/EC2", "MetricName": "CPUUtilization",
                "Dimensions": [{ "Name": "AutoScalingGroupName", "Value": "web" }] } } }]);
            let line = boto3_line(&bench, &graph, fact, "m1");
            assert!(line.iter().any(|value| value.is_finite()));
            same_values(&graph.lines[0].values, &line, stat);
            assert_eq!(graph.lines[0].label, "label of m1");
        }
    });
}

#[test]
fn graphs_of_sums_are_per_minute_and_formulas_are_worked_out() {
    on_company(async |bench, company| {
        let orders =
            MetricId { namespace: "Shop".into(), metric: "Orders".into(), dimensions: Vec::new(), stat: "Sum".into() };
        let asked = graph_of(
            vec![
                query("m1", QueryWhat::Metric(orders)),
                query("e1", QueryWhat::Expression("m1 * 2".into())),
                Query { returned: false, ..query("hidden", QueryWhat::Expression("m1 / 2".into())) },
            ],
            Span::HalfDay,
            300,
        );
        let graph = graph(&bench, &company, &asked).await;
        let fact = json!([
            { "Id": "m1", "MetricStat": { "Period": 300, "Stat": "Sum", "Metric": { "Namespace": "Shop", "MetricName": "Orders" } } },
            { "Id": "e1", "Expression": "m1 * 2" },
        ]);
        let sums = boto3_line(&bench, &graph, fact.clone(), "m1");
        assert!(sums.contains(&60.0), "twelve a minute, for five minutes");
        let labels: Vec<&str> = graph.lines.iter().map(|line| line.label.as_str()).collect();
        assert_eq!(labels, ["label of m1", "label of e1"]);
        assert_eq!(graph.lines[0].unit, Unit::PerMinute);
        same_values(&graph.lines[0].values, &sums.iter().map(|sum| sum / 5.0).collect::<Vec<_>>(), "orders");
        same_values(&graph.lines[1].values, &boto3_line(&bench, &graph, fact, "e1"), "twice the orders");
    });
}

#[test]
fn a_graph_of_what_does_not_exist_is_empty() {
    on_company(async |bench, company| {
        let nothing = MetricId {
            namespace: "AWS/EC2".into(),
            metric: "Nothing".into(),
            dimensions: Vec::new(),
            stat: "Average".into(),
        };
        let asked = graph_of(vec![query("m1", QueryWhat::Metric(nothing))], Span::Hour, 60);
        assert!(graph(&bench, &company, &asked).await.is_empty());
    });
}

/// Series whose resource the lists name as CloudWatch does.
fn same_series(company: &Value, series: &Series) -> bool {
    let metric = series.measure.of(&series.resource);
    let Some(facts) = hour(company, &metric) else { return false };
    same_values(&series.values, &facts, &format!("{} of {}", metric.metric, series.resource));
    assert_eq!(series.newest, made_at(company) - SignedDuration::from_mins(1));
    assert_eq!(series.period, SignedDuration::from_mins(1));
    true
}
