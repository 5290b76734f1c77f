//! What `GetMetricData` would answer to a graph.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;

use crate::domain::graph::{Band, Graph, GraphAsk, GraphLine, MetricId, Query, QueryWhat};
use crate::domain::metric::Measure;
use crate::domain::unit::Unit;
use crate::drill::band::{BAND_LAG, BAND_WINDOW, expected};
use crate::drill::company::{Site, usual_load};
use crate::drill::math;
use crate::drill::simulation::Simulation;

pub(super) fn graph(s: &Simulation, site: Site, ask: &GraphAsk) -> Graph {
    let minutes = i64::from(ask.period / 60).max(1);
    let count = (ask.span.length().as_mins() / minutes).clamp(1, 2_000);
    // Periods begin at multiples of themselves, and the newest has begun.
    let last = s.minute().div_euclid(minutes);
    // A band wants to know what was before what is shown.
    let past = (BAND_WINDOW + BAND_LAG) as i64;
    let first = last + 1 - count - past;
    let mut known: BTreeMap<&str, (Unit, Vec<f64>)> = BTreeMap::new();
    let mut band = None;
    for query in &ask.queries {
        let line = match &query.what {
            QueryWhat::Metric(metric) => metric_values(s, site, metric, first, last, minutes),
            QueryWhat::Expression(text) => match band_of(text.as_str()) {
                Some((id, width)) => {
                    band = known.get(id).map(|(_, values)| edges(values, width, past as usize));
                    None
                }
                None => expression_values(text.as_str(), query, (count + past) as usize, &known),
            },
        };
        if let Some(line) = line {
            known.insert(query.id.as_str(), line);
        }
    }
    let lines = ask
        .queries
        .iter()
        .filter(|query| query.returned)
        .filter_map(|query| {
            let (unit, values) = known.get(query.id.as_str())?;
            Some(GraphLine { label: query.label.clone(), unit: *unit, values: values.get(past as usize..)?.into() })
        })
        .collect();
    Graph {
        from: s.scenario.start + SignedDuration::from_mins((first + past) * minutes),
        period: SignedDuration::from_mins(minutes),
        lines,
        band,
    }
}

/// The periods from `first` to `last`, each of so many minutes.
fn metric_values(
    s: &Simulation,
    site: Site,
    metric: &MetricId,
    first: i64,
    last: i64,
    minutes: i64,
) -> Option<(Unit, Vec<f64>)> {
    let measure = Measure::matching(metric)?;
    let (_, resource) = metric.dimensions.last()?;
    let load = |minute: i64| usual_load(s.scenario.start + SignedDuration::from_mins(minute));
    let usual = |minute: i64, other: i64| load(minute) / load(other);
    let range = first * minutes..(last + 1) * minutes;
    let noise = s.noise.of("history");
    let mut values = s.gauges.history(site, measure, resource, range.clone(), &usual, noise)?;
    // What has not happened yet is no gap of a minute, but the rest of a period that has begun.
    let newest = s.minute();
    for (minute, value) in range.zip(&mut values) {
        if minute > newest {
            *value = f64::NAN;
        }
    }
    let periods = values.chunks(minutes as usize).map(|period| {
        let real: Vec<f64> = period.iter().copied().filter(|value| value.is_finite()).collect();
        match metric.stat.as_str() {
            _ if real.is_empty() => f64::NAN,
            "Maximum" => real.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            "Minimum" => real.iter().copied().fold(f64::INFINITY, f64::min),
            // Sums are told per minute, whatever the period.
            _ => real.iter().sum::<f64>() / real.len() as f64,
        }
    });
    Some((measure.unit(), periods.collect()))
}

fn expression_values(
    text: &str,
    query: &Query,
    length: usize,
    known: &BTreeMap<&str, (Unit, Vec<f64>)>,
) -> Option<(Unit, Vec<f64>)> {
    let of = |id: &str| known.get(id).map(|(_, values)| values.clone());
    let values = math::evaluate(text, length, &of).ok()?;
    let is_share = query.label.as_str().contains('%') || query.label.as_str().contains("Percent");
    Some((if is_share { Unit::Percent } else { Unit::Count }, values))
}

/// Id and width of `ANOMALY_DETECTION_BAND(m1, 2)`.
fn band_of(expression: &str) -> Option<(&str, f64)> {
    let inside = expression.trim().strip_prefix("ANOMALY_DETECTION_BAND(")?.strip_suffix(')')?;
    let (id, width) = inside.split_once(',').unwrap_or((inside, "2"));
    Some((id.trim(), width.trim().parse().ok()?))
}

fn edges(values: &[f64], width: f64, past: usize) -> Band {
    let edges: Vec<(f64, f64)> = (past..values.len())
        .map(|position| expected(values, position, width).unwrap_or((f64::NAN, f64::NAN)))
        .collect();
    let pick = |side: fn(&(f64, f64)) -> f64| -> Arc<[f64]> { edges.iter().map(side).collect() };
    Band { lower: pick(|edge| edge.0), upper: pick(|edge| edge.1) }
}
