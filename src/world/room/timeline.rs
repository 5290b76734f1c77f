//! What happened, newest first: deployments, approvals, scaling, alarms, databases, and what was done from here.

use super::{Align, Column, RoomSpec, Row, Value};
use crate::domain::health::Health;
use crate::domain::text::Text;
use crate::domain::units::{clock, moment};
use crate::world::item::{Item, Kind};
use crate::world::sight::Sight;
use crate::world::timeline::{Event, FEEDS};

pub const ROOM: RoomSpec = RoomSpec {
    name: "timeline",
    kinds: &[Kind::Event],
    also: None,
    nouns: ("event", "events"),
    columns: &COLUMNS,
    health: |row, _| of(row).map_or(Health::Unknown, |it| it.tone.health()),
    rank: |row, _| (0, of(row).map_or(0, |it| -it.at.as_millisecond())),
    feeds: FEEDS,
};

const COLUMNS: [Column; 8] = [
    Column {
        key: "at",
        title: "WHEN",
        priority: 0,
        width: (8, 9),
        align: Align::Right,
        value: |row, sight| of(row).map_or(Value::Nothing, |it| Value::When(it.at, when(it, sight))),
    },
    Column {
        key: "kind",
        title: "KIND",
        priority: 1,
        width: (9, 9),
        align: Align::Left,
        value: |row, _| of(row).map_or(Value::Nothing, |it| Value::State(it.tone.health(), it.kind.word())),
    },
    Column {
        key: "what",
        title: "WHAT",
        priority: 0,
        // Room for a sentence before there is any for what its words tell as well.
        width: (55, 140),
        align: Align::Left,
        value: |row, _| of(row).map_or(Value::Nothing, |it| Value::Text(it.what.clone())),
    },
    Column {
        key: "by",
        title: "BY",
        priority: 2,
        width: (8, 14),
        align: Align::Name,
        value: |row, _| of(row).map_or(Value::Nothing, |it| or_nothing(&it.by)),
    },
    Column {
        key: "resource",
        title: "RESOURCE",
        priority: 8,
        width: (12, 24),
        align: Align::Name,
        value: |row, _| of(row).map_or(Value::Nothing, |it| or_nothing(&it.resource)),
    },
    super::ENVIRONMENT,
    Column {
        value: |row, sight| match of(row).and_then(|it| it.region.clone()) {
            Some(region) => Value::Text(region),
            None => (super::REGION.value)(row, sight),
        },
        ..super::REGION
    },
    super::ACCOUNT,
];

fn of(row: &Row) -> Option<&Event> {
    match &row.item {
        Item::Event(event) => Some(event),
        _ => None,
    }
}

fn or_nothing(text: &Text) -> Value {
    if text.is_empty() { Value::Nothing } else { Value::Text(text.clone()) }
}

/// To the second today, with the day before that.
fn when(it: &Event, sight: &Sight<'_>) -> String {
    let day = |at: jiff::Timestamp| at.to_zoned(sight.zone().clone()).date();
    if day(it.at) == day(sight.at) { clock(it.at, sight.zone()) } else { moment(it.at, sight.at, sight.zone()) }
}
