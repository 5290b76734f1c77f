//! CloudWatch alarms and what became of them.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::graph::{GraphAsk, MetricId, Query, QueryWhat, Span};
use crate::domain::list::Identified;
use crate::domain::text::Text;
use crate::domain::unit::Unit;
use crate::domain::units;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AlarmState {
    Ok,
    InsufficientData,
    Alarm,
}

impl AlarmState {
    /// CloudWatch's own spelling.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::InsufficientData => "INSUFFICIENT_DATA",
            Self::Alarm => "ALARM",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub enum Comparison {
    GreaterThanThreshold,
    GreaterThanOrEqualToThreshold,
    LessThanThreshold,
    LessThanOrEqualToThreshold,
}

impl Comparison {
    pub fn breaches(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::GreaterThanThreshold => value > threshold,
            Self::GreaterThanOrEqualToThreshold => value >= threshold,
            Self::LessThanThreshold => value < threshold,
            Self::LessThanOrEqualToThreshold => value <= threshold,
        }
    }

    pub fn symbol(self) -> &'static str {
        match self {
            Self::GreaterThanThreshold => ">",
            Self::GreaterThanOrEqualToThreshold => ">=",
            Self::LessThanThreshold => "<",
            Self::LessThanOrEqualToThreshold => "<=",
        }
    }
}

/// What an alarm makes of a period without a datapoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MissingData {
    Missing,
    Ignore,
    Breaching,
    NotBreaching,
}

/// What decides an alarm's state.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum AlarmRule {
    Metric(MetricRule),
    /// A rule over other alarms, as CloudWatch spells it.
    Composite {
        expression: Text,
    },
    /// Results of a log query that CloudWatch runs by itself.
    Log(LogRule),
    /// Whatever a query in `PromQL` finds, each by itself.
    PromQl(PromQlRule),
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PromQlRule {
    pub query: Text,
    /// How long something must be found until it is an alarm, and not be found until it is none.
    pub pending: SignedDuration,
    pub recovery: SignedDuration,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LogRule {
    pub query: Text,
    pub log_groups: Vec<Text>,
    /// N: how many of the newest results are looked at.
    pub results_to_evaluate: u32,
    /// M: how many of them must breach.
    pub results_to_alarm: u32,
    pub comparison: Comparison,
    pub limit: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MetricRule {
    pub source: MetricSource,
    pub period: SignedDuration,
    /// N: how many of the newest periods are looked at.
    pub evaluation_periods: u32,
    /// M: how many of them must breach.
    pub datapoints_to_alarm: u32,
    pub condition: Condition,
    pub missing: MissingData,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MetricSource {
    Metric(MetricId),
    /// Metric math: the one query returned is what is judged.
    Math(Vec<Query>),
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Condition {
    Threshold {
        comparison: Comparison,
        limit: f64,
    },
    /// Outside of what an anomaly detector expects, give or take so many standard deviations.
    Band {
        side: BandSide,
        width: f64,
    },
}

impl Condition {
    /// `limit` is the threshold twice, or the edges of the band.
    pub fn breaches(self, value: f64, limit: (f64, f64)) -> bool {
        match self {
            Self::Threshold { comparison, .. } => comparison.breaches(value, limit.0),
            Self::Band { side, .. } => side.breaches(value, limit),
        }
    }
}

/// Which way out of the band is an anomaly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BandSide {
    Above,
    Below,
    Either,
}

impl BandSide {
    pub fn breaches(self, value: f64, (lower, upper): (f64, f64)) -> bool {
        (self != Self::Below && value > upper) || (self != Self::Above && value < lower)
    }
}

impl MetricRule {
    /// The metric it is about: the first one of a formula.
    pub fn metric(&self) -> Option<&MetricId> {
        match &self.source {
            MetricSource::Metric(metric) => Some(metric),
            MetricSource::Math(queries) => queries.iter().find_map(|query| match &query.what {
                QueryWhat::Metric(metric) => Some(metric),
                QueryWhat::Expression(_) => None,
            }),
        }
    }

    /// What is judged, in words: `CPUUtilization Average`, or the label of the formula.
    pub fn subject(&self) -> String {
        match &self.source {
            MetricSource::Metric(metric) => format!("{} {}", metric.metric, metric.stat),
            MetricSource::Math(queries) => queries
                .iter()
                .find(|query| query.returned)
                .map_or_else(|| "metric math".to_owned(), |query| query.label.to_string()),
        }
    }

    /// The question whose answer shows what the alarm sees.
    pub fn graph(&self, span: Span) -> GraphAsk {
        let mut queries = match &self.source {
            MetricSource::Metric(metric) => vec![Query {
                id: "m1".into(),
                label: format!("{} {}", metric.metric, metric.stat).into(),
                what: QueryWhat::Metric(metric.clone()),
                returned: true,
            }],
            MetricSource::Math(queries) => queries.clone(),
        };
        if let Condition::Band { width, .. } = self.condition {
            let judged =
                queries.iter().find(|query| query.returned).map_or_else(|| "m1".into(), |query| query.id.clone());
            queries.push(Query {
                id: "band".into(),
                label: "expected".into(),
                what: QueryWhat::Expression(format!("ANOMALY_DETECTION_BAND({judged}, {width})").into()),
                returned: true,
            });
        }
        GraphAsk { queries, span, period: span.period_over(self.period) }
    }
}

/// What CloudWatch says of its own judging.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Evaluation {
    /// Too many metrics for the expression: only some were looked at.
    PartialData,
    /// The configuration cannot be judged (a wrong expression, a missing permission).
    EvaluationError,
    /// CloudWatch itself failed for the moment.
    EvaluationFailure,
}

impl Evaluation {
    pub fn words(self) -> &'static str {
        match self {
            Self::PartialData => "judged by part of its data",
            Self::EvaluationError => "cannot be judged: its configuration is wrong",
            Self::EvaluationFailure => "CloudWatch failed to judge it",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Alarm {
    pub name: Text,
    pub arn: Text,
    pub description: Text,
    pub rule: AlarmRule,
    pub state: AlarmState,
    /// CloudWatch's words for the newest evaluation that changed something.
    pub reason: Text,
    /// When the state itself last changed (`StateTransitionedTimestamp`). `StateUpdatedTimestamp` also moves when only
    /// the reason does, which makes an alarm look younger than it is.
    pub since: Timestamp,
    /// `None` when all is well with the judging itself.
    pub evaluation: Option<Evaluation>,
    pub actions_enabled: bool,
    /// ARNs acted on when the state becomes ALARM.
    pub actions: Vec<Text>,
    pub ok_actions: Vec<Text>,
    pub insufficient_data_actions: Vec<Text>,
    /// The rules by which its actions are not taken, now or later; `None` where they could not be read.
    pub mutes: Option<Vec<Mute>>,
    pub tags: Vec<(Text, Text)>,
}

/// A rule by which alarms go on being judged, and do nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mute {
    pub rule: Text,
    /// All that it mutes.
    pub alarms: Vec<Text>,
    pub is_active: bool,
    /// It comes again: every night, say.
    pub recurs: bool,
    /// Of one that comes once; `None` also where that could not be read.
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

impl Mute {
    /// Whether it mutes at a moment: as AWS says, and until the end that is known.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.is_active && self.until.is_none_or(|until| at < until)
    }
}

impl Alarm {
    pub fn is_firing(&self) -> bool {
        self.state == AlarmState::Alarm
    }

    /// True for the trigger of a scaling policy. Such an alarm is a thermostat, not an incident: the low side of a
    /// target-tracking pair rests in ALARM whenever the group is at its minimum.
    pub fn is_scaling_trigger(&self) -> bool {
        self.name.as_str().starts_with("TargetTracking-")
            || (!self.actions.is_empty() && self.actions.iter().all(|arn| arn.as_str().contains(":scalingPolicy:")))
    }

    /// The rule it is muted by, where several are, the one that lasts longest.
    pub fn muted(&self, at: Timestamp) -> Option<&Mute> {
        let holding = self.mutes.iter().flatten().filter(|mute| mute.holds(at));
        holding.max_by_key(|mute| mute.until.unwrap_or(Timestamp::MAX))
    }

    /// `muted until 14:30`, where it is.
    pub fn muted_words(&self, at: Timestamp, zone: &TimeZone) -> Option<String> {
        let mute = self.muted(at)?;
        Some(match mute.until {
            Some(until) => format!("muted until {}", units::until(until, at, zone)),
            None => format!("muted by {}", mute.rule),
        })
    }

    /// Everything it does in any state, each once.
    pub fn all_actions(&self) -> Vec<&Text> {
        let all = self.actions.iter().chain(&self.ok_actions).chain(&self.insufficient_data_actions);
        let mut all: Vec<&Text> = all.collect();
        all.sort();
        all.dedup();
        all
    }

    /// Whether a rule that says `name` means this alarm: by its name or its ARN.
    pub fn is_called(&self, name: &str) -> bool {
        self.name == *name || self.arn == *name
    }

    pub fn metric_rule(&self) -> Option<&MetricRule> {
        match &self.rule {
            AlarmRule::Metric(rule) => Some(rule),
            AlarmRule::Composite { .. } | AlarmRule::Log(_) | AlarmRule::PromQl(_) => None,
        }
    }

    /// The metric it is about.
    pub fn metric(&self) -> Option<&MetricId> {
        self.metric_rule()?.metric()
    }

    /// The resource named by the alarm's dimensions: the last one, since the broader ones (cluster, balancer) come first.
    pub fn resource(&self) -> Option<&Text> {
        self.metric()?.dimensions.last().map(|(_, value)| value)
    }

    /// The rule in words: `> 1 % in 3 of 3 periods of 1 min`.
    pub fn limit_words(&self, unit: Option<Unit>) -> String {
        let rule = match &self.rule {
            AlarmRule::Metric(rule) => rule,
            AlarmRule::Composite { .. } => return "composite".into(),
            AlarmRule::PromQl(rule) => {
                return format!("found by a query for {}", units::brief(rule.pending));
            }
            AlarmRule::Log(LogRule { comparison, limit, results_to_alarm, results_to_evaluate, .. }) => {
                let sign = comparison.symbol();
                return format!("log query {sign} {limit} in {results_to_alarm} of {results_to_evaluate} results");
            }
        };
        let condition = match rule.condition {
            Condition::Threshold { comparison, limit } => {
                let limit = match unit {
                    // A sum is one of its period.
                    Some(Unit::PerMinute) => format!("{} in {}", Unit::Count.write(limit), units::brief(rule.period)),
                    Some(unit) => unit.write(limit),
                    None => limit.to_string(),
                };
                format!("{} {limit}", comparison.symbol())
            }
            Condition::Band { side, width } => {
                let side = match side {
                    BandSide::Above => "above",
                    BandSide::Below => "below",
                    BandSide::Either => "outside",
                };
                format!("{side} the expected band ({width} deviations)")
            }
        };
        let period = units::brief(rule.period);
        format!("{condition} in {} of {} periods of {period}", rule.datapoints_to_alarm, rule.evaluation_periods)
    }

    /// The first web address in the description, where runbooks are mostly noted.
    pub fn link_in_description(&self) -> Option<&str> {
        let text = self.description.as_str();
        let start = text.find("https://").or_else(|| text.find("http://"))?;
        let link = text[start..].split([' ', ',', ')', '>', '"', '\'']).next()?;
        Some(link.trim_end_matches(['.', ';', ':']))
    }
}

impl Identified for Alarm {
    fn key(&self) -> &str {
        self.name.as_str()
    }
}

/// One change of state, from `DescribeAlarmHistory`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AlarmTransition {
    /// Alarm and moment, which together are unique.
    pub id: Text,
    pub alarm: Text,
    pub at: Timestamp,
    pub from: AlarmState,
    pub to: AlarmState,
    pub reason: Text,
}

impl Identified for AlarmTransition {
    fn key(&self) -> &str {
        self.id.as_str()
    }
}
