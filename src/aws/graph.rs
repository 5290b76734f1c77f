//! One graph: `GetMetricData` over a span, for as long as somebody looks.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataOutput;
use aws_sdk_cloudwatch::types::MetricDataResult;
use aws_smithy_types::DateTime;
use jiff::{SignedDuration, Timestamp};

use super::ask::Ask;
use super::convert::{text, time};
use super::metrics::is_unanswered;
use super::query;
use crate::domain::graph::{Band, Graph, GraphAsk, GraphLine, MetricId, QueryWhat};
use crate::domain::graphs::Graphs;
use crate::domain::metric::Measure;
use crate::domain::text::Text;
use crate::domain::unit::Unit;
use crate::world::port::CloudError;

pub(super) async fn graph(ask: &Ask<'_>, of: &Arc<GraphAsk>) -> Result<Graphs<CloudError>, CloudError> {
    let period = i64::from(of.period.max(1));
    let count = (of.span.length().as_secs() / period).clamp(1, 2_000);
    // Periods begin at multiples of themselves: CloudWatch answers faster, and the same again a minute later.
    let last = ask.at.as_second().div_euclid(period) * period;
    let from = Timestamp::from_second(last - (count - 1) * period).unwrap_or(Timestamp::MIN);
    let until = Timestamp::from_second(last + period).unwrap_or(Timestamp::MAX);
    let seconds = i32::try_from(period).unwrap_or(60);
    let mut queries = Vec::new();
    let mut metrics = 0;
    for query in &of.queries {
        match &query.what {
            QueryWhat::Metric(metric) => {
                let (made, cost) = query::of(query.id.as_str(), metric, seconds, query.returned, ask.place);
                queries.extend(made);
                metrics += cost;
            }
            QueryWhat::Expression(formula) => {
                queries.push(query::expression(query.id.as_str(), formula.as_str(), seconds, query.returned));
            }
        }
    }
    let pages = query::put(ask, queries, from, until).await?;
    ask.charge(metrics * query::MICRO_USD_PER_METRIC);
    let mut answers = Answers::new(from, seconds, count as usize);
    for result in pages.iter().flat_map(GetMetricDataOutput::metric_data_results) {
        if !is_unanswered(ask, result) {
            answers.take(result);
        }
    }
    // An expression is paid for by the metrics it reads, which for a search only the answer tells.
    let searched = answers.lines_of(|id| of.queries.iter().any(|query| query.id == id && is_search(&query.what)));
    ask.charge(u32::try_from(searched).unwrap_or(u32::MAX).saturating_mul(query::MICRO_USD_PER_METRIC));
    Ok(Graphs::one(Arc::clone(of), answers.graph(of)))
}

/// What came back, by id and label: a search answers one id with many lines, and a long answer comes in pages.
struct Answers {
    from: Timestamp,
    period: i32,
    length: usize,
    values: BTreeMap<(String, String), Vec<f64>>,
}

impl Answers {
    fn new(from: Timestamp, period: i32, length: usize) -> Self {
        Self { from, period, length, values: BTreeMap::new() }
    }

    fn take(&mut self, result: &MetricDataResult) {
        let key = (result.id().unwrap_or("").to_owned(), result.label().unwrap_or("").to_owned());
        let line = self.values.entry(key).or_insert_with(|| vec![f64::NAN; self.length]);
        place(line, self.from, self.period, result.timestamps(), result.values());
    }

    fn lines_of(&self, is_wanted: impl Fn(&str) -> bool) -> usize {
        self.values.keys().filter(|(id, _)| is_wanted(id)).count()
    }

    fn graph(&self, of: &GraphAsk) -> Graph {
        let mut lines = Vec::new();
        let mut band = None;
        for query in of.queries.iter().filter(|query| query.returned) {
            let found: Vec<(&str, &Vec<f64>)> = self
                .values
                .iter()
                .filter(|((id, _), _)| id == query.id.as_str())
                .map(|((_, label), values)| (label.as_str(), values))
                .collect();
            if is_band(&query.what) {
                band = edges(&found).or(band);
                continue;
            }
            let unit = match &query.what {
                QueryWhat::Metric(metric) => unit_of(metric),
                QueryWhat::Expression(formula) => unit_of_formula(formula, &query.label, of),
            };
            let scale = scale_of(&query.what, unit, self.period);
            let is_one = found.len() == 1;
            for (label, values) in found {
                let label = if is_one { query.label.clone() } else { text(Some(label)) };
                let values = values.iter().map(|value| value * scale).collect();
                lines.push(GraphLine { label, unit, values });
            }
        }
        Graph { from: self.from, period: SignedDuration::from_secs(i64::from(self.period)), lines, band }
    }
}

/// Puts each value where its time says; what lies outside is not asked for and dropped.
pub(super) fn place(line: &mut [f64], from: Timestamp, period: i32, times: &[DateTime], values: &[f64]) {
    for (at, value) in times.iter().zip(values) {
        let position = time(at).as_second().saturating_sub(from.as_second()).div_euclid(i64::from(period.max(1)));
        if let Some(cell) = usize::try_from(position).ok().and_then(|position| line.get_mut(position)) {
            *cell = *value;
        }
    }
}

/// `GetMetricData` does not tell units; the metrics the console knows have one, the others are told by their names.
pub(super) fn unit_of(metric: &MetricId) -> Unit {
    if let Some(measure) = Measure::matching(metric) {
        return measure.unit();
    }
    let name = metric.metric.as_str();
    if metric.stat == "SampleCount" {
        Unit::Count
    } else if ["Utilization", "Percent", "Percentage"].iter().any(|end| name.ends_with(end)) {
        Unit::Percent
    } else if name.ends_with("Bytes") || name.ends_with("BytesIn") || name.ends_with("BytesOut") {
        Unit::Bytes
    } else if metric.stat == "Sum" {
        Unit::PerMinute
    } else {
        Unit::Count
    }
}

/// A formula is what its label says, or what all its metrics are.
fn unit_of_formula(formula: &Text, label: &Text, of: &GraphAsk) -> Unit {
    if label.as_str().contains('%') || label.as_str().contains("ercent") || formula.as_str().contains("100 *") {
        return Unit::Percent;
    }
    let mut units = of.queries.iter().filter_map(|query| match &query.what {
        QueryWhat::Metric(metric) => Some(unit_of(metric)),
        QueryWhat::Expression(_) => None,
    });
    match units.next() {
        Some(first) if first != Unit::PerMinute && units.all(|other| other == first) => first,
        _ => Unit::Count,
    }
}

/// Sums are told per minute, whatever the period, so that a graph of a week compares with one of an hour.
fn scale_of(what: &QueryWhat, unit: Unit, period: i32) -> f64 {
    match what {
        QueryWhat::Metric(metric) if metric.stat == "Sum" && unit == Unit::PerMinute => 60.0 / f64::from(period.max(1)),
        _ => 1.0,
    }
}

fn is_band(what: &QueryWhat) -> bool {
    matches!(what, QueryWhat::Expression(text) if text.as_str().trim_start().starts_with("ANOMALY_DETECTION_BAND"))
}

/// An expression that fetches metrics by itself, as many as it finds.
fn is_search(what: &QueryWhat) -> bool {
    let QueryWhat::Expression(text) = what else { return false };
    let text = text.as_str().to_ascii_uppercase();
    text.contains("SEARCH(") || text.trim_start().starts_with("SELECT ")
}

/// A band comes as two lines under one id; the upper is the one that is higher.
fn edges(found: &[(&str, &Vec<f64>)]) -> Option<Band> {
    let [(_, one), (_, other)] = found else { return None };
    let total = |values: &[f64]| values.iter().filter(|value| value.is_finite()).sum::<f64>();
    let (lower, upper) = if total(one) <= total(other) { (one, other) } else { (other, one) };
    Some(Band { lower: lower.as_slice().into(), upper: upper.as_slice().into() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::graph::{Query, Span};

    fn metric(name: &str, stat: &str) -> MetricId {
        MetricId {
            namespace: "Shop".into(),
            metric: name.into(),
            dimensions: vec![("Service".into(), "web".into())],
            stat: stat.into(),
        }
    }

    fn result(id: &str, label: &str, at: &[i64], values: &[f64]) -> MetricDataResult {
        MetricDataResult::builder()
            .id(id)
            .label(label)
            .set_timestamps(Some(at.iter().map(|second| DateTime::from_secs(*second)).collect()))
            .set_values(Some(values.to_vec()))
            .build()
    }

    fn asked(what: QueryWhat) -> GraphAsk {
        let query = Query { id: "m1".into(), label: "line".into(), what, returned: true };
        GraphAsk { queries: vec![query], span: Span::Hour, period: 300 }
    }

    #[test]
    fn values_stand_where_their_times_say_and_pages_add_up() {
        let mut answers = Answers::new(Timestamp::UNIX_EPOCH, 300, 4);
        answers.take(&result("m1", "x", &[0, 900, 99_999, -5], &[10.0, 40.0, 7.0, 8.0]));
        answers.take(&result("m1", "x", &[300], &[20.0]));
        let graph = answers.graph(&asked(QueryWhat::Metric(metric("Orders", "Sum"))));
        let values: Vec<f64> = graph.lines[0].values.to_vec();
        assert_eq!(values[..2], [2.0, 4.0], "sums of five minutes are told per minute");
        assert!(values[2].is_nan());
        assert_eq!((values[3], graph.lines[0].unit, graph.lines[0].label.as_str()), (8.0, Unit::PerMinute, "line"));
    }

    #[test]
    fn a_search_is_many_lines_and_a_band_is_none() {
        let mut answers = Answers::new(Timestamp::UNIX_EPOCH, 300, 1);
        answers.take(&result("m1", "a", &[0], &[1.0]));
        answers.take(&result("m1", "b", &[0], &[2.0]));
        let search = answers.graph(&asked(QueryWhat::Expression("SEARCH('x', 'Sum', 300)".into())));
        assert_eq!(search.lines.iter().map(|line| line.label.to_string()).collect::<Vec<_>>(), ["a", "b"]);
        let band = answers.graph(&asked(QueryWhat::Expression("ANOMALY_DETECTION_BAND(m0, 2)".into())));
        assert!(band.lines.is_empty());
        let band = band.band.unwrap();
        assert_eq!((band.lower[0], band.upper[0]), (1.0, 2.0));
    }

    #[test]
    fn units_are_told_by_what_is_known_and_else_by_name() {
        assert_eq!(unit_of(&Measure::RdsFreeStorage.of(&"x".into())), Unit::Bytes);
        assert_eq!(unit_of(&metric("HeapUtilization", "Average")), Unit::Percent);
        assert_eq!(unit_of(&metric("Orders", "Sum")), Unit::PerMinute);
        assert_eq!(unit_of(&metric("Orders", "Average")), Unit::Count);
    }
}
