//! The bill of this month: as a whole, by service, against its budgets, and what was out of the ordinary.

use super::{Align, Column, RoomSpec, Row, Value};
use crate::domain::health::Health;
use crate::domain::money::Usd;
use crate::domain::spend::Spend;
use crate::domain::unit::Unit;
use crate::domain::units::{moment, percent};
use crate::world::feed::Feed;
use crate::world::item::{Item, Kind};
use crate::world::sight::Sight;

pub const ROOM: RoomSpec = RoomSpec {
    name: "cost",
    kinds: &[Kind::Bill, Kind::Budget, Kind::Anomaly, Kind::Cost],
    also: None,
    nouns: ("line", "lines"),
    columns: &COLUMNS,
    health: |row, _| state(row).0,
    // The bill before what it is made of, the largest first.
    rank: |row, _| {
        let order = (row.item.kind() != Kind::Bill, row.item.kind() == Kind::Cost);
        (6 - state(row).0 as u8, rank(order, so_far(row)))
    },
    feeds: &[Feed::Spend],
};

const COLUMNS: [Column; 10] = [
    Column {
        key: "state",
        title: "STATE",
        priority: 0,
        width: (8, 9),
        align: Align::Left,
        value: |row, _| {
            let (health, word) = state(row);
            Value::State(health, word)
        },
    },
    super::KIND,
    super::NAME,
    Column {
        key: "so_far",
        title: "SO FAR",
        priority: 0,
        width: (11, 13),
        align: Align::Right,
        value: |row, _| dollars(so_far(row)),
    },
    Column {
        key: "share",
        title: "SHARE",
        priority: 4,
        width: (6, 6),
        align: Align::Right,
        value: |row, sight| share(row, sight).map_or(Value::Nothing, |share| Value::Number(share, Unit::Percent)),
    },
    Column {
        key: "last_month",
        title: "A MONTH AGO",
        priority: 5,
        width: (11, 13),
        align: Align::Right,
        value: |row, _| {
            dollars(match &row.item {
                Item::Bill(spend) => spend.last_month_same_days,
                Item::Cost(service) => service.last_month_same_days,
                _ => None,
            })
        },
    },
    Column {
        key: "change",
        title: "CHANGE",
        priority: 2,
        width: (7, 8),
        align: Align::Right,
        value: |row, _| {
            let change = match &row.item {
                Item::Bill(spend) => spend.change_percent(),
                Item::Cost(service) => service.change_percent(),
                _ => None,
            };
            change.map_or(Value::Nothing, |change| Value::Number(change, Unit::Percent))
        },
    },
    Column {
        key: "forecast",
        title: "FORECAST",
        priority: 3,
        width: (11, 13),
        align: Align::Right,
        value: |row, _| {
            dollars(match &row.item {
                Item::Bill(spend) => spend.forecast,
                Item::Budget(budget) => Some(budget.forecast),
                _ => None,
            })
        },
    },
    Column {
        key: "about",
        title: "ABOUT",
        priority: 6,
        width: (20, 56),
        align: Align::Left,
        value: |row, sight| about(row, sight).map_or(Value::Nothing, Value::Words),
    },
    super::ACCOUNT,
];

fn rank((is_part, is_service): (bool, bool), amount: Option<Usd>) -> i64 {
    const MORE_THAN_ANY: i64 = 1 << 60;
    let after = i64::from(is_part) + i64::from(is_service);
    after * MORE_THAN_ANY - amount.map_or(0, |amount| amount.micros.clamp(0, MORE_THAN_ANY - 1))
}

fn dollars(amount: Option<Usd>) -> Value {
    amount.map_or(Value::Nothing, |amount| Value::Number(amount.dollars(), Unit::Dollars))
}

/// What it has cost this month.
fn so_far(row: &Row) -> Option<Usd> {
    match &row.item {
        Item::Bill(spend) => Some(spend.month_to_date),
        Item::Cost(service) => Some(service.month_to_date),
        Item::Budget(budget) => Some(budget.actual),
        // What it was too much by.
        Item::Anomaly(anomaly) => anomaly.impact,
        _ => None,
    }
}

fn state(row: &Row) -> (Health, &'static str) {
    match &row.item {
        Item::Budget(budget) => match budget.health() {
            Health::Bad => (Health::Bad, "spent"),
            Health::Warn => (Health::Warn, "forecast"),
            _ => (Health::Ok, "ok"),
        },
        Item::Anomaly(_) => (Health::Warn, "anomaly"),
        _ => (Health::Ok, "ok"),
    }
}

/// Of the account's bill, in percent.
fn share(row: &Row, sight: &Sight<'_>) -> Option<f64> {
    let Item::Cost(service) = &row.item else { return None };
    let all = bill(row, sight)?.month_to_date;
    (all > Usd::ZERO).then(|| service.month_to_date.dollars() * 100.0 / all.dollars())
}

fn bill<'a>(row: &Row, sight: &Sight<'a>) -> Option<&'a Spend> {
    row.at(sight.world)?.feeds.spend.value()
}

fn about(row: &Row, sight: &Sight<'_>) -> Option<String> {
    match &row.item {
        Item::Bill(spend) => {
            let credits = spend.credits.filter(|credits| *credits != Usd::ZERO);
            let credits = credits.map_or_else(String::new, |credits| format!(", {credits} of credits not deducted"));
            let as_of = moment(spend.as_of, sight.at, sight.zone());
            Some(format!("asked at {as_of}, up to a day behind{credits}"))
        }
        Item::Budget(budget) => {
            let of = budget.limit.dollars();
            let spent = if of > 0.0 { percent(budget.actual.dollars() * 100.0 / of) } else { "-".into() };
            Some(format!("{spent} of {}", budget.limit))
        }
        Item::Anomaly(anomaly) => Some(anomaly.words()),
        _ => None,
    }
}
