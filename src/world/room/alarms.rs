//! The alarms: firing first, longest first.

use super::{Align, Column, RoomSpec, Row, Value};
use jiff::Timestamp;

use crate::domain::alarm::{Alarm, AlarmState, Condition, MetricSource};
use crate::domain::health::Health;
use crate::domain::metric::Measure;
use crate::domain::text::Text;
use crate::domain::unit::Unit;
use crate::world::feed::Feed;
use crate::world::item::{Item, Kind};
use crate::world::sight::Sight;
use crate::world::strip::box_of;

pub const ROOM: RoomSpec = RoomSpec {
    name: "alarms",
    kinds: &[Kind::Alarm],
    also: None,
    nouns: ("alarm", "alarms"),
    columns: COLUMNS,
    health: |row, _| of(row).map_or(Health::Unknown, health),
    rank: |row, _| of(row).map_or((9, 0), rank),
    feeds: &[Feed::Alarms, Feed::AlarmHistory],
};

const COLUMNS: &[Column] = &[
    Column {
        key: "state",
        title: "STATE",
        priority: 0,
        width: (7, 17),
        align: Align::Left,
        value: |row, _| of(row).map_or(Value::Nothing, |alarm| Value::State(health(alarm), state_word(alarm))),
    },
    Column {
        key: "name",
        title: "NAME",
        priority: 0,
        width: (22, 44),
        align: Align::Name,
        value: |row, _| Value::Text(row.item.name().clone()),
    },
    Column {
        key: "since",
        title: "SINCE",
        priority: 1,
        width: (6, 7),
        align: Align::Right,
        value: |row, _| of(row).map_or(Value::Nothing, |alarm| Value::Since(alarm.since)),
    },
    Column {
        key: "reason",
        title: "REASON",
        priority: 2,
        width: (34, 70),
        align: Align::Left,
        value: |row, sight| of(row).map_or(Value::Nothing, |alarm| Value::Text(reason(alarm, sight))),
    },
    Column {
        key: "resource",
        title: "RESOURCE",
        priority: 4,
        width: (12, 28),
        align: Align::Name,
        value: |row, _| of(row).and_then(|alarm| alarm.resource()).cloned().map_or(Value::Nothing, Value::Text),
    },
    Column {
        key: "box",
        title: "BOX",
        priority: 5,
        width: (12, 22),
        align: Align::Left,
        value: |row, _| of(row).map_or(Value::Nothing, |alarm| Value::Words(box_of(alarm).label().to_owned())),
    },
    Column {
        key: "metric",
        title: "METRIC",
        priority: 6,
        width: (14, 26),
        align: Align::Name,
        value: |row, _| {
            of(row)
                .and_then(Alarm::metric_rule)
                .map_or(Value::Words("composite".into()), |rule| Value::Words(rule.subject()))
        },
    },
    Column {
        key: "actions",
        title: "ACTIONS",
        priority: 7,
        width: (7, 7),
        align: Align::Left,
        value: |row, sight| of(row).map_or(Value::Nothing, |alarm| Value::Words(actions_word(alarm, sight.at).into())),
    },
    Column {
        key: "region",
        title: "REGION",
        priority: 3,
        width: (9, 14),
        align: Align::Left,
        value: |row, sight| row.at(sight.world).map_or(Value::Nothing, |place| Value::Text(place.scope.region.clone())),
    },
    Column {
        key: "account",
        title: "ACCOUNT",
        priority: 8,
        width: (9, 16),
        align: Align::Name,
        value: |row, sight| {
            row.at(sight.world).map_or(Value::Nothing, |place| Value::Words(place.scope.account_name()))
        },
    },
    Column {
        key: "evaluation",
        title: "EVALUATION",
        priority: 9,
        width: (10, 30),
        align: Align::Left,
        value: |row, _| {
            of(row)
                .and_then(|alarm| alarm.evaluation)
                .map_or(Value::Nothing, |evaluation| Value::Words(evaluation.words().into()))
        },
    },
];

/// Why it is as it is, after that it tells nobody, where that is so.
fn reason(alarm: &Alarm, sight: &Sight<'_>) -> Text {
    let reason = without_arns(&alarm.reason);
    match alarm.muted_words(sight.at, sight.zone()) {
        Some(muted) => Text::new(&format!("{muted}; {reason}")),
        None => reason,
    }
}

/// Composite alarms name their children by ARN, of which a narrow column would show nothing but the account.
fn without_arns(reason: &Text) -> Text {
    let Some((before, rest)) = reason.as_str().split_once("arn:") else { return reason.clone() };
    let Some((_, name)) = rest.split_once(":alarm:") else { return reason.clone() };
    Text::new(&format!("{before}{name}"))
}

fn of(row: &Row) -> Option<&Alarm> {
    match &row.item {
        Item::Alarm(alarm) => Some(alarm),
        _ => None,
    }
}

/// A trigger of a scaling policy is a thermostat: in ALARM it does its work.
pub fn health(alarm: &Alarm) -> Health {
    match alarm.state {
        _ if alarm.is_scaling_trigger() => Health::Absent,
        AlarmState::Alarm => Health::Bad,
        AlarmState::InsufficientData => Health::Unknown,
        AlarmState::Ok if alarm.evaluation.is_some() => Health::Unknown,
        AlarmState::Ok => Health::Ok,
    }
}

fn state_word(alarm: &Alarm) -> &'static str {
    match alarm.state {
        AlarmState::Alarm if alarm.is_scaling_trigger() => "scaling",
        AlarmState::Alarm => "ALARM",
        AlarmState::InsufficientData => "no data",
        AlarmState::Ok => "ok",
    }
}

fn actions_word(alarm: &Alarm, at: Timestamp) -> &'static str {
    match (alarm.actions_enabled, alarm.actions.is_empty()) {
        (_, true) => "none",
        (false, _) => "off",
        (true, _) if alarm.muted(at).is_some() => "muted",
        (true, _) => "on",
    }
}

/// Firing, then without data, then well, triggers of scaling policies last; within each the longest first.
fn rank(alarm: &Alarm) -> (u8, i64) {
    let class = match alarm.state {
        _ if alarm.is_scaling_trigger() => 3,
        AlarmState::Alarm => 0,
        AlarmState::InsufficientData => 1,
        AlarmState::Ok => 2,
    };
    // The well ones by name: how long they have been well helps nobody to find them.
    (class, if class < 2 { alarm.since.as_second() } else { 0 })
}

/// The unit its values are in, where the metric is one we know.
pub fn unit(alarm: &Alarm) -> Option<Unit> {
    let rule = alarm.metric_rule()?;
    match &rule.source {
        MetricSource::Metric(metric) => Measure::matching(metric).map(Measure::unit),
        // Of a formula only its name tells.
        MetricSource::Math(_) => {
            let subject = rule.subject();
            (subject.contains("Percent") || subject.contains('%')).then_some(Unit::Percent)
        }
    }
}

/// The threshold, for drawing it.
pub fn limit(alarm: &Alarm) -> Option<(crate::domain::alarm::Comparison, f64)> {
    let rule = alarm.metric_rule()?;
    match rule.condition {
        // Sums are drawn per minute, whatever the period; so is what they must not pass.
        Condition::Threshold { comparison, limit } if unit(alarm) == Some(Unit::PerMinute) => {
            Some((comparison, limit / (rule.period.as_secs_f64() / 60.0).max(f64::MIN_POSITIVE)))
        }
        Condition::Threshold { comparison, limit } => Some((comparison, limit)),
        Condition::Band { .. } => None,
    }
}
