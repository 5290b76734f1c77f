//! The dashboards somebody has drawn in CloudWatch.

use super::{Align, Column, RoomSpec, Row, Value};
use crate::domain::dashboard::Dashboard;
use crate::domain::health::Health;
use crate::world::feed::Feed;
use crate::world::item::{Item, Kind};

pub const ROOM: RoomSpec = RoomSpec {
    name: "dashboards",
    kinds: &[Kind::Dashboard],
    also: None,
    nouns: ("dashboard", "dashboards"),
    columns: COLUMNS,
    health: |row, _| {
        of(row).map_or(Health::Unknown, |dashboard| if dashboard.broken.is_empty() { Health::Ok } else { Health::Warn })
    },
    rank: |row, _| of(row).map_or((1, 0), |dashboard| (0, -dashboard.modified.as_second())),
    feeds: &[Feed::Dashboards],
};

const COLUMNS: &[Column] = &[
    Column {
        key: "name",
        title: "NAME",
        priority: 0,
        width: (16, 44),
        align: Align::Name,
        value: |row, _| Value::Text(row.item.name().clone()),
    },
    Column {
        key: "widgets",
        title: "WIDGETS",
        priority: 1,
        width: (7, 7),
        align: Align::Right,
        value: |row, _| of(row).map_or(Value::Nothing, |dashboard| Value::Count(dashboard.widgets.len() as u64)),
    },
    Column {
        key: "modified",
        title: "CHANGED",
        priority: 2,
        width: (7, 8),
        align: Align::Right,
        value: |row, _| of(row).map_or(Value::Nothing, |dashboard| Value::Since(dashboard.modified)),
    },
    Column {
        key: "broken",
        title: "BROKEN WIDGETS",
        priority: 3,
        width: (14, 40),
        align: Align::Left,
        value: |row, _| {
            of(row).filter(|dashboard| !dashboard.broken.is_empty()).map_or(Value::Nothing, |dashboard| {
                Value::Words(dashboard.broken.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
            })
        },
    },
    super::REGION,
    super::ACCOUNT,
];

fn of(row: &Row) -> Option<&Dashboard> {
    match &row.item {
        Item::Dashboard(dashboard) => Some(dashboard),
        _ => None,
    }
}
