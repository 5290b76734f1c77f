//! EC2 instances: what is impaired first.

use super::{Align, Column, RoomSpec, Row, Value};
use crate::domain::health::Health;
use crate::domain::instance::{Instance, InstanceState};
use crate::domain::unit::Unit;
use crate::world::feed::Feed;
use crate::world::item::{Item, Kind};

pub const ROOM: RoomSpec = RoomSpec {
    name: "instances",
    kinds: &[Kind::Instance],
    also: None,
    nouns: ("instance", "instances"),
    columns: COLUMNS,
    health: |row, _| of(row).map_or(Health::Unknown, health),
    rank: |row, _| of(row).map_or((9, 0), |instance| (5 - health(instance) as u8, 0)),
    feeds: &[Feed::Instances],
};

const COLUMNS: &[Column] = &[
    Column {
        key: "state",
        title: "STATE",
        priority: 0,
        width: (8, 13),
        align: Align::Left,
        value: |row, _| of(row).map_or(Value::Nothing, |it| Value::State(health(it), it.state.word())),
    },
    Column {
        key: "name",
        title: "NAME",
        priority: 0,
        width: (16, 36),
        align: Align::Name,
        value: |row, _| Value::Text(row.item.name().clone()),
    },
    Column {
        key: "id",
        title: "ID",
        priority: 2,
        width: (19, 19),
        align: Align::Name,
        value: |row, _| Value::Text(row.item.id().clone()),
    },
    Column {
        key: "type",
        title: "TYPE",
        priority: 3,
        width: (10, 14),
        align: Align::Left,
        value: |row, _| of(row).map_or(Value::Nothing, |it| Value::Text(it.kind.clone())),
    },
    Column {
        key: "zone",
        title: "ZONE",
        priority: 4,
        width: (10, 14),
        align: Align::Left,
        value: |row, _| of(row).map_or(Value::Nothing, |it| Value::Text(it.zone.clone())),
    },
    Column {
        key: "up",
        title: "UP",
        priority: 1,
        width: (6, 7),
        align: Align::Right,
        value: |row, _| {
            of(row).filter(|it| it.is_running()).and_then(|it| it.launched).map_or(Value::Nothing, Value::Since)
        },
    },
    Column {
        key: "checks",
        title: "CHECKS",
        priority: 5,
        width: (8, 13),
        align: Align::Left,
        value: |row, _| {
            of(row).filter(|it| !it.checks.is_empty()).map_or(Value::Nothing, |it| Value::Text(it.checks.clone()))
        },
    },
    Column {
        key: "bought",
        title: "BOUGHT",
        priority: 6,
        width: (9, 9),
        align: Align::Left,
        value: |row, _| of(row).map_or(Value::Nothing, |it| Value::Words(it.purchase.word().into())),
    },
    Column {
        key: "cost",
        title: "COST/H",
        priority: 7,
        width: (8, 9),
        align: Align::Right,
        value: |row, _| {
            let price = of(row).and_then(|it| it.per_hour);
            price.map_or(Value::Nothing, |price| Value::Number(price.dollars(), Unit::Dollars))
        },
    },
    Column {
        key: "environment",
        title: "ENVIRONMENT",
        priority: 8,
        width: (11, 11),
        align: Align::Left,
        value: |row, _| of(row).map_or(Value::Nothing, |it| Value::Words(it.environment.word().into())),
    },
    Column {
        key: "owner",
        title: "OWNER",
        priority: 9,
        width: (8, 16),
        align: Align::Name,
        value: |row, _| {
            of(row).filter(|it| !it.owner.is_empty()).map_or(Value::Nothing, |it| Value::Text(it.owner.clone()))
        },
    },
];

fn of(row: &Row) -> Option<&Instance> {
    match &row.item {
        Item::Instance(instance) => Some(instance),
        _ => None,
    }
}

fn health(instance: &Instance) -> Health {
    match (instance.state, instance.checks.as_str()) {
        (InstanceState::Running, "impaired") => Health::Bad,
        (InstanceState::Running, _) if instance.interruption.is_some() || instance.scheduled_event.is_some() => {
            Health::Warn
        }
        // Checks that could not be read are none that passed.
        (InstanceState::Running, "") | (InstanceState::Unknown, _) => Health::Unknown,
        (InstanceState::Running, _) => Health::Ok,
        _ => Health::Absent,
    }
}
