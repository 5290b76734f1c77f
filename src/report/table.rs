//! `opscon show`: a tab as a table, for people, spreadsheets and programs. Rows come in the tab's own order.

use jiff::Timestamp;
use serde_json::{Value as Json, json};
use unicode_width::UnicodeWidthStr;

use crate::domain::board::BoxId;
use crate::domain::health::Health;
use crate::domain::unit::Unit;
use crate::world::World;
use crate::world::board::read;
use crate::world::feed::Feed;
use crate::world::room::filter::{Field, Fields, Filter, FilterError};
use crate::world::room::{Order, ROOMS, RoomSpec, Value};
use crate::world::sight::Sight;

/// What a tab lists.
#[derive(Debug)]
pub struct Table {
    pub tab: &'static str,
    columns: Vec<&'static str>,
    rows: Vec<Line>,
    at: Timestamp,
}

/// The tabs there are.
pub fn names() -> Vec<&'static str> {
    ["board"].into_iter().chain(ROOMS.iter().map(|room| room.name)).chain(["feeds", "api"]).collect()
}

impl Table {
    /// The tab of this name, if there is one.
    pub fn of(name: &str, sight: &Sight<'_>) -> Option<Self> {
        match name {
            "board" => Some(Self::board(sight)),
            "api" => Some(Self::api(sight)),
            "feeds" => Some(Self::feeds(sight.world, sight.at)),
            _ => ROOMS.iter().find(|room| room.name == name).map(|room| Self::room(room, sight)),
        }
    }

    fn room(room: &'static RoomSpec, sight: &Sight<'_>) -> Self {
        let mut rows = room.rows(sight.world);
        room.sort(&mut rows, None, sight);
        Self {
            tab: room.name,
            columns: room.columns.iter().map(|column| column.key).collect(),
            rows: rows
                .iter()
                .map(|row| Line {
                    id: row.item.id().to_string(),
                    values: room.columns.iter().map(|column| (column.value)(row, sight)).collect(),
                })
                .collect(),
            at: sight.at,
        }
    }

    fn board(sight: &Sight<'_>) -> Self {
        let rows = BoxId::ALL
            .iter()
            .map(|id| {
                let reading = read(*id, sight);
                Line::of(vec![
                    Value::State(reading.health, reading.health.word()),
                    Value::Words(id.group().title().to_owned()),
                    Value::Words(id.title().to_owned()),
                    Value::Words(id.id().to_owned()),
                    reading.since().map_or(Value::Nothing, Value::Since),
                    Value::Words(reading.summary),
                ])
            })
            .collect();
        Self { tab: "board", columns: vec!["health", "group", "box", "id", "since", "summary"], rows, at: sight.at }
    }

    /// What our own asking takes, by service and scope.
    fn api(sight: &Sight<'_>) -> Self {
        let latency =
            |ms: Option<u32>| ms.map_or(Value::Nothing, |ms| Value::Number(f64::from(ms), Unit::Milliseconds));
        let rows = sight
            .world
            .ledger()
            .by_service(sight.at)
            .into_iter()
            .map(|of| {
                Line::of(vec![
                    Value::Words(of.service.to_owned()),
                    Value::Words(of.scope.to_string()),
                    Value::Number((of.calls_per_minute * 100.0).round() / 100.0, Unit::Count),
                    Value::Count(of.throttled as u64),
                    latency(of.p50_ms),
                    latency(of.p99_ms),
                    Value::Number(of.usd_per_hour.dollars(), Unit::Dollars),
                ])
            })
            .collect();
        let columns = vec!["service", "scope", "calls_per_minute", "throttled", "p50", "p99", "usd_per_hour"];
        Self { tab: "api", columns, rows, at: sight.at }
    }

    fn feeds(world: &World, at: Timestamp) -> Self {
        let mut rows = Vec::new();
        for place in world.places() {
            for feed in place.asked() {
                let status = place.feeds.status(feed);
                let (health, word) = match status.fault {
                    Some(fault) => (Health::Unknown, fault.error.class.word()),
                    None if status.has_value => (Health::Ok, "ok"),
                    None => (Health::Absent, "not read"),
                };
                rows.push(Line::of(vec![
                    Value::State(health, word),
                    Value::Words(feed.name().to_owned()),
                    Value::Words(place.scope.to_string()),
                    status.observed_at.map_or(Value::Nothing, Value::Since),
                    Value::Words(feed.actions().join(" ")),
                    status.fault.map_or(Value::Nothing, |fault| Value::Words(fault.error.to_string())),
                ]));
            }
        }
        Self { tab: "feeds", columns: vec!["state", "feed", "scope", "read", "actions", "fault"], rows, at }
    }

    /// Whether what a feed tells is in the tab of this name.
    pub fn rests_on(tab: &str, feed: Feed) -> bool {
        ROOMS.iter().find(|room| room.name == tab).is_none_or(|room| room.feeds.contains(&feed))
    }

    /// Keeps the rows a filter matches, see [`Filter`].
    pub fn filter(&mut self, text: &str) -> Result<(), FilterError> {
        let is_number = |at: usize| {
            self.rows.iter().any(|row| row.values[at].number(self.at).is_some())
                || matches!(self.columns[at], "since" | "read")
        };
        let fields: Vec<Field> =
            self.columns.iter().enumerate().map(|(at, key)| Field { key, is_number: is_number(at) }).collect();
        let filter = Filter::parse(text, &fields)?;
        let at = self.at;
        self.rows.retain(|row| {
            let cells: Vec<String> = row.values.iter().map(|value| value.show(at).to_lowercase()).collect();
            let text = format!("{} {}", row.id.to_lowercase(), cells.join(" "));
            filter.matches(&Reader { row, cells, text, at })
        });
        Ok(())
    }

    /// Sorts by a column; the error names the columns there are.
    pub fn sort(&mut self, column: &str) -> Result<(), String> {
        let column = column.to_lowercase();
        let (name, descending) = column.strip_prefix('-').map_or((column.as_str(), false), |name| (name, true));
        let position = self
            .columns
            .iter()
            .position(|known| *known == name)
            .ok_or_else(|| format!("there is no column `{name}`; there are {}", self.columns.join(", ")))?;
        self.rows.sort_by_cached_key(|row| Order::of(row.values[position].sort_key(), descending));
        Ok(())
    }

    pub fn to_json(&self) -> String {
        let rows: Vec<Json> = self
            .rows
            .iter()
            .map(|row| {
                Json::Object(
                    self.columns
                        .iter()
                        .zip(&row.values)
                        .map(|(key, value)| ((*key).to_owned(), value.json()))
                        .collect(),
                )
            })
            .collect();
        format!("{:#}\n", json!({ "tab": self.tab, "columns": self.columns, "rows": rows }))
    }

    /// RFC 4180, with the values a program wants: times in RFC 3339, numbers without units.
    pub fn to_csv(&self) -> Result<String, csv::Error> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&self.columns)?;
        for row in &self.rows {
            writer.write_record(row.values.iter().map(|value| match value.json() {
                Json::Null => String::new(),
                Json::String(text) => text,
                other => other.to_string(),
            }))?;
        }
        writer.flush()?;
        let bytes = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Columns beside each other, each as wide as its widest cell.
    pub fn to_text(&self) -> String {
        let shown: Vec<Vec<String>> =
            self.rows.iter().map(|row| row.values.iter().map(|value| value.show(self.at)).collect()).collect();
        let widths: Vec<usize> = self
            .columns
            .iter()
            .enumerate()
            .map(|(at, title)| shown.iter().map(|row| row[at].width()).max().unwrap_or(0).max(title.len()))
            .collect();
        let line = |cells: &mut dyn Iterator<Item = &str>| {
            let mut text = String::new();
            for (cell, width) in cells.zip(&widths) {
                text.push_str(cell);
                text.push_str(&" ".repeat(width.saturating_sub(cell.width()) + 2));
            }
            text.trim_end().to_owned() + "\n"
        };
        let heads: Vec<String> = self.columns.iter().map(|title| title.to_uppercase()).collect();
        let mut text = line(&mut heads.iter().map(String::as_str));
        for row in &shown {
            text.push_str(&line(&mut row.iter().map(String::as_str)));
        }
        text
    }
}

/// A row, and what else it can be found by.
#[derive(Debug)]
struct Line {
    id: String,
    values: Vec<Value>,
}

impl Line {
    fn of(values: Vec<Value>) -> Self {
        Self { id: String::new(), values }
    }
}

struct Reader<'a> {
    row: &'a Line,
    cells: Vec<String>,
    text: String,
    at: Timestamp,
}

impl Fields for Reader<'_> {
    fn everything(&self) -> &str {
        &self.text
    }

    fn shown(&self, column: usize) -> String {
        self.cells[column].clone()
    }

    fn number(&self, column: usize) -> Option<f64> {
        self.row.values[column].number(self.at)
    }
}
