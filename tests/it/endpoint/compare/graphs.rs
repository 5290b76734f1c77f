//! Metrics and graphs, datapoint by datapoint.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use opscon::domain::graph::{Graph, GraphAsk, MetricId, Query, QueryWhat, Span};
use opscon::domain::metric::{Measure, Series};
use opscon::domain::unit::Unit;
use opscon::world::feed::{Feed, Payload};
use opscon::world::port::{FeedKey, Observe};
use serde_json::{Value, json};

use super::super::{Bench, HOME, answer, on_company, origin, place};
use super::{all, made_at, metric_of, time, whole, word};

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
pub fn same_values(seen: &[f64], facts: &[f64], what: &str) {
    let close = |a: f64, b: f64| (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0);
    assert!(
        seen.len() == facts.len() && seen.iter().zip(facts).all(|(a, b)| close(*a, *b)),
        "{what}: {seen:?} is not {facts:?}"
    );
}

pub fn graph_of(queries: Vec<Query>, span: Span, period: u32) -> Arc<GraphAsk> {
    Arc::new(GraphAsk { queries, span, period })
}

pub fn query(id: &str, what: QueryWhat) -> Query {
    Query { id: id.into(), label: format!("label of {id}").into(), what, returned: true }
}

async fn graph(bench: &Bench, company: &Value, ask: &Arc<GraphAsk>) -> Graph {
    graph_at(bench, made_at(company), ask).await
}

pub async fn graph_at(bench: &Bench, at: Timestamp, ask: &Arc<GraphAsk>) -> Graph {
    let origin = origin(&[HOME]);
    let aws = bench.aws_at(std::slice::from_ref(&origin), at);
    let answer = aws.observe(&FeedKey::graph(Arc::clone(ask), place(&origin, HOME))).await;
    let Payload::Graphs(graphs) = answer.outcome.unwrap() else { panic!() };
    assert!(answer.usage.calls > 0);
    Graph::clone(graphs.get(ask).unwrap().graph.as_ref().unwrap())
}

/// What boto3 reads for the same, in the periods of the graph.
fn boto3_line(bench: &Bench, graph: &Graph, queries: &Value, id: &str) -> Vec<f64> {
    let asked = json!({
        "MetricDataQueries": queries, "StartTime": graph.from.to_string(), "EndTime": graph.until().to_string(),
    });
    let results = bench.front.boto3(&["metric-data"], Some(&asked));
    let result = all(&results).iter().find(|result| result["Id"] == id).unwrap();
    line_of(result, graph.from, graph.period, graph.len())
}

/// A result of boto3's, in periods from a moment on.
pub fn line_of(result: &Value, from: Timestamp, period: SignedDuration, length: usize) -> Vec<f64> {
    let mut line = vec![f64::NAN; length];
    for (at, value) in all(&result["Timestamps"]).iter().zip(all(&result["Values"])) {
        let position = time(at).duration_since(from).as_secs() / period.as_secs();
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
            let line = boto3_line(&bench, &graph, &fact, "m1");
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
        let sums = boto3_line(&bench, &graph, &fact, "m1");
        assert!(sums.contains(&60.0), "twelve a minute, for five minutes");
        let labels: Vec<&str> = graph.lines.iter().map(|line| line.label.as_str()).collect();
        assert_eq!(labels, ["label of m1", "label of e1"]);
        assert_eq!(graph.lines[0].unit, Unit::PerMinute);
        same_values(&graph.lines[0].values, &sums.iter().map(|sum| sum / 5.0).collect::<Vec<_>>(), "orders");
        same_values(&graph.lines[1].values, &boto3_line(&bench, &graph, &fact, "e1"), "twice the orders");
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
    let mut metric = series.measure.of(&series.resource);
    if series.measure == Measure::EcsCpu {
        // A service is known to CloudWatch only together with its cluster.
        metric.dimensions.push(("ClusterName".into(), "prod".into()));
    }
    let Some(mut facts) = hour(company, &metric) else { return false };
    if series.measure.is_silent_at_rest() {
        // No datapoint is a zero, but for the newest, which may be on their way.
        facts[..58].iter_mut().filter(|value| value.is_nan()).for_each(|value| *value = 0.0);
    }
    same_values(&series.values, &facts, &format!("{} of {}", metric.metric, series.resource));
    assert_eq!(series.newest, made_at(company) - SignedDuration::from_mins(1));
    assert_eq!(series.period, SignedDuration::from_mins(1));
    true
}

#[test]
fn the_metrics_of_the_board() {
    on_company(async |bench, company| {
        let (aws, origin) = whole(&bench, &company).await;
        for feed in [Feed::Balancers, Feed::Functions, Feed::Databases, Feed::Caches, Feed::Queues, Feed::Topics] {
            answer(&aws, &origin, HOME, feed).await;
        }
        let Payload::Metrics(metrics) = answer(&aws, &origin, HOME, Feed::Metrics).await else { panic!() };
        let (silent, metrics): (Vec<&Series>, Vec<&Series>) =
            metrics.iter().partition(|series| series.values[59].is_nan() && !series.values.iter().any(|it| *it > 0.0));
        for series in silent {
            assert!(series.measure.is_silent_at_rest());
            let (settled, late) = series.values.split_at(58);
            assert!(settled.iter().all(|value| *value == 0.0) && late.iter().all(|value| value.is_nan()), "{series:?}");
        }
        let seen: BTreeSet<(&str, &str)> =
            metrics.iter().map(|series| (series.measure.metric(), series.resource.as_str())).collect();
        let facts = &company["facts"][HOME];
        let shop = word(&super::named(&facts["elbv2"]["balancers"], "LoadBalancerName", "shop")["LoadBalancerArn"]);
        let shop = shop.split_once(":loadbalancer/").unwrap().1;
        let expected = BTreeSet::from([
            ("RequestCount", shop),
            ("5XX_Percent", shop),
            ("TargetResponseTime", shop),
            ("CPUUtilization", "web"),
            ("CPUUtilization", "worker"),
            ("ApproximateNumberOfMessagesVisible", "orders"),
            ("NumberOfMessagesSent", "orders"),
            ("FreeStorageSpace", "orders"),
            ("ReplicaLag", "orders-replica"),
            ("Duration", "checkout"),
            ("Errors", "checkout"),
            ("Throttles", "checkout"),
            ("CacheHitRate", "sessions"),
        ]);
        assert_eq!(seen, expected);
        let compared = metrics.iter().filter(|series| same_series(&company, series)).count();
        assert_eq!(compared, metrics.len() - 2, "all but the two that are formulas");
        let find = |measure| metrics.iter().find(|series| series.measure == measure).unwrap();
        same_values(&find(Measure::AlbErrorPercent).values, &failed_percent(&company, shop), "failed requests");
        // Four nodes, each at a rate of its own.
        assert!(find(Measure::CacheHitRate).values.iter().all(|value| (value - 91.5).abs() < 1e-9));
    });
}

/// What a person would work out from what boto3 reads: a minute without a failure has none.
fn failed_percent(company: &Value, balancer: &str) -> Vec<f64> {
    let sums = |metric: &str| {
        let metric = MetricId {
            namespace: "AWS/ApplicationELB".into(),
            metric: metric.into(),
            dimensions: vec![("LoadBalancer".into(), balancer.into())],
            stat: "Sum".into(),
        };
        hour(company, &metric).unwrap()
    };
    let (requests, failures) = (sums("RequestCount"), sums("HTTPCode_Target_5XX_Count"));
    let or_none = |value: f64| if value.is_nan() { 0.0 } else { value };
    requests.iter().zip(failures).map(|(requests, failed)| 100.0 * or_none(failed) / requests).collect()
}
