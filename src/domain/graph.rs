//! What a graph is asked, and what it answers: the shape of `GetMetricData`.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::domain::text::Text;
use crate::domain::unit::Unit;

/// How far back a graph looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Span {
    #[default]
    Hour,
    ThreeHours,
    HalfDay,
    ThreeDays,
    Week,
}

impl Span {
    pub const ALL: [Self; 5] = [Self::Hour, Self::ThreeHours, Self::HalfDay, Self::ThreeDays, Self::Week];

    pub fn word(self) -> &'static str {
        match self {
            Self::Hour => "1 h",
            Self::ThreeHours => "3 h",
            Self::HalfDay => "12 h",
            Self::ThreeDays => "3 d",
            Self::Week => "1 w",
        }
    }

    pub fn length(self) -> SignedDuration {
        SignedDuration::from_hours(match self {
            Self::Hour => 1,
            Self::ThreeHours => 3,
            Self::HalfDay => 12,
            Self::ThreeDays => 72,
            Self::Week => 168,
        })
    }

    /// Seconds in a period, so that a graph has some 60 to 340 points.
    fn period_seconds(self) -> u32 {
        match self {
            Self::Hour | Self::ThreeHours => 60,
            Self::HalfDay => 300,
            Self::ThreeDays => 900,
            Self::Week => 1_800,
        }
    }

    /// The period to ask for, when `least` is what the datapoints are made for: a multiple of it.
    pub fn period_over(self, least: SignedDuration) -> u32 {
        let least = u32::try_from(least.as_secs()).unwrap_or(60).max(1);
        self.period_seconds().div_ceil(least) * least
    }

    #[must_use]
    pub fn stepped(self, by: isize) -> Self {
        let place = Self::ALL.iter().position(|span| *span == self).unwrap_or(0);
        Self::ALL[place.saturating_add_signed(by).min(Self::ALL.len() - 1)]
    }
}

/// One question: what to draw, over which span, in periods of how many seconds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct GraphAsk {
    pub queries: Vec<Query>,
    pub span: Span,
    pub period: u32,
}

impl GraphAsk {
    /// One metric and nothing else.
    pub fn of_metric(metric: MetricId, span: Span) -> Self {
        let label = format!("{} {}", metric.metric, metric.stat).into();
        let query = Query { id: "m1".into(), label, what: QueryWhat::Metric(metric), returned: true };
        Self { queries: vec![query], span, period: span.period_over(SignedDuration::from_mins(1)) }
    }
}

/// One line, or a value other lines are made from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Query {
    /// What expressions call it: `m1`.
    pub id: Text,
    pub label: Text,
    #[serde(flatten)]
    pub what: QueryWhat,
    /// Whether it is drawn itself (`ReturnData`).
    pub returned: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum QueryWhat {
    Metric(MetricId),
    /// Metric math over the ids of other queries, in CloudWatch's spelling.
    Expression(Text),
}

/// A metric with the statistic wanted of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct MetricId {
    pub namespace: Text,
    pub metric: Text,
    /// Name and value of each dimension.
    pub dimensions: Vec<(Text, Text)>,
    pub stat: Text,
}

/// What a graph shows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Graph {
    /// Start of the first period.
    pub from: Timestamp,
    pub period: SignedDuration,
    pub lines: Vec<GraphLine>,
    /// Between what an anomaly detector expects.
    pub band: Option<Band>,
}

/// One value per period, oldest first; a gap is `NaN`.
#[derive(Clone, Debug, Serialize)]
pub struct GraphLine {
    pub label: Text,
    pub unit: Unit,
    pub values: Arc<[f64]>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Band {
    pub lower: Arc<[f64]>,
    pub upper: Arc<[f64]>,
}

/// CloudWatch goes on counting a period for some minutes after its end; its newest values are not final before.
const SETTLES: SignedDuration = SignedDuration::from_mins(2);

impl Graph {
    /// Periods from the first to the last.
    pub fn len(&self) -> usize {
        self.lines.iter().map(|line| line.values.len()).max().unwrap_or(0)
    }

    pub fn is_empty(&self) -> bool {
        self.lines.iter().all(|line| line.values.iter().all(|value| !value.is_finite()))
    }

    /// When a period begins.
    pub fn at(&self, position: usize) -> Timestamp {
        self.from
            .saturating_add(self.period.saturating_mul(i32::try_from(position).unwrap_or(i32::MAX)))
            .unwrap_or(Timestamp::MAX)
    }

    pub fn until(&self) -> Timestamp {
        self.at(self.len())
    }

    /// The first period whose value may still change.
    pub fn provisional_from(&self, now: Timestamp) -> usize {
        (0..self.len()).rev().take_while(|position| self.at(position + 1) > now - SETTLES).last().unwrap_or(self.len())
    }
}

/// Gaps are equal to gaps, so that an unchanged graph is seen as unchanged.
fn same(mine: &[f64], theirs: &[f64]) -> bool {
    mine.len() == theirs.len() && mine.iter().zip(theirs).all(|(mine, theirs)| mine.to_bits() == theirs.to_bits())
}

impl PartialEq for GraphLine {
    fn eq(&self, other: &Self) -> bool {
        self.label == other.label && self.unit == other.unit && same(&self.values, &other.values)
    }
}

impl PartialEq for Band {
    fn eq(&self, other: &Self) -> bool {
        same(&self.lower, &other.lower) && same(&self.upper, &other.upper)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_multiples_of_what_the_datapoints_are_made_for() {
        assert_eq!(Span::Hour.period_over(SignedDuration::from_mins(1)), 60);
        assert_eq!(Span::Hour.period_over(SignedDuration::from_mins(5)), 300);
        assert_eq!(Span::Week.period_over(SignedDuration::from_secs(240)), 1_920);
        assert_eq!(Span::Hour.period_over(SignedDuration::from_secs(10)), 60);
    }

    #[test]
    fn the_newest_values_are_provisional() {
        let from: Timestamp = "2026-03-10T14:00:00Z".parse().unwrap();
        let line = GraphLine { label: "".into(), unit: Unit::Count, values: vec![1.0; 10].into() };
        let graph = Graph { from, period: SignedDuration::from_mins(1), lines: vec![line], band: None };
        assert_eq!(graph.provisional_from(from + SignedDuration::from_mins(10)), 8);
        assert_eq!(graph.provisional_from(from + SignedDuration::from_mins(60)), 10);
        assert_eq!(graph.until(), from + SignedDuration::from_mins(10));
    }
}
