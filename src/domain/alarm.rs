//! CloudWatch alarms and what became of them.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::list::Identified;
use crate::domain::text::Text;

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
    Metric {
        namespace: Text,
        metric: Text,
        /// Name and value of each dimension.
        dimensions: Vec<(Text, Text)>,
        stat: Text,
        period: SignedDuration,
        /// N: how many of the newest periods are looked at.
        evaluation_periods: u32,
        /// M: how many of them must breach.
        datapoints_to_alarm: u32,
        comparison: Comparison,
        threshold: f64,
        missing: MissingData,
    },
    /// A rule over other alarms, as CloudWatch spells it.
    Composite { expression: Text },
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Alarm {
    pub name: Text,
    pub description: Text,
    pub rule: AlarmRule,
    pub state: AlarmState,
    /// CloudWatch's words for the newest evaluation that changed something.
    pub reason: Text,
    /// When the state itself last changed (`StateTransitionedTimestamp`). `StateUpdatedTimestamp` also moves when only
    /// the reason does, which makes an alarm look younger than it is.
    pub since: Timestamp,
    pub actions_enabled: bool,
    /// ARNs acted on when the state becomes ALARM.
    pub actions: Vec<Text>,
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

    /// The resource named by the alarm's dimensions: the last one, since the broader ones (cluster, balancer) come first.
    pub fn resource(&self) -> Option<&Text> {
        match &self.rule {
            AlarmRule::Metric { dimensions, .. } => dimensions.last().map(|(_, value)| value),
            AlarmRule::Composite { .. } => None,
        }
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
