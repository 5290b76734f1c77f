//! The metrics CloudWatch has of each thing, whoever publishes them; the page of one is its graph.

use super::{Align, Column, RoomSpec, Row, Value};
use crate::domain::health::Health;
use crate::domain::metric_name::MetricName;
use crate::world::feed::Feed;
use crate::world::item::{Item, Kind};

pub const ROOM: RoomSpec = RoomSpec {
    name: "metrics",
    kinds: &[Kind::Metric],
    also: None,
    nouns: ("metric", "metrics"),
    columns: COLUMNS,
    // A number is neither good nor bad until somebody sets an alarm on it.
    health: |_, _| Health::Absent,
    // What a team publishes itself is what it looks for here: AWS's own are on the pages of their things.
    rank: |row, _| (u8::from(of(row).is_some_and(|metric| metric.namespace.as_str().starts_with("AWS/"))), 0),
    feeds: &[Feed::MetricNames],
};

const COLUMNS: &[Column] = &[
    Column {
        key: "namespace",
        title: "NAMESPACE",
        priority: 1,
        width: (12, 24),
        align: Align::Left,
        value: |row, _| of(row).map_or(Value::Nothing, |metric| Value::Text(metric.namespace.clone())),
    },
    Column {
        key: "name",
        title: "METRIC",
        priority: 0,
        width: (16, 40),
        align: Align::Name,
        value: |row, _| Value::Text(row.item.name().clone()),
    },
    Column {
        key: "resource",
        title: "OF",
        priority: 0,
        width: (16, 44),
        align: Align::Name,
        value: |row, _| of(row).map_or(Value::Nothing, |metric| Value::Words(metric.resource())),
    },
    super::REGION,
    super::ACCOUNT,
];

fn of(row: &Row) -> Option<&MetricName> {
    match &row.item {
        Item::Metric(metric) => Some(metric),
        _ => None,
    }
}
