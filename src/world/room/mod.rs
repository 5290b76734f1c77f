//! Rooms as tables: what kind of thing is listed, in which columns, in which order.
//!
//! A row of [`ROOMS`] is all a list needs: the screen, the filter, the sorting, the copy, `opscon show` and its JSON and CSV
//! are made from it. A new room is a file with such a table, not a new widget.

pub mod action;
pub mod alarms;
mod aside;
pub mod compute;
pub mod cost;
pub mod dashboards;
pub mod data;
pub mod filter;
pub mod instances;
pub mod metrics;
pub mod pipelines;
pub mod rollouts;
pub mod stages;
pub mod standing;
pub mod timeline;
pub mod traces;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::domain::health::Health;
use crate::domain::metric::Measure;
use crate::domain::text::Text;
use crate::domain::unit::Unit;
use crate::domain::units::{brief, since};
use crate::world::feed::Feed;
use crate::world::item::{Item, ItemId, Kind};
use crate::world::port::CloudError;
use crate::world::room::stages::Part;
use crate::world::sight::Sight;
use crate::world::{Place, World};

/// A list of one kind of thing.
#[derive(Debug)]
pub struct RoomSpec {
    /// As in `opscon show alarms`.
    pub name: &'static str,
    pub kinds: &'static [Kind],
    /// Things of other rooms that are listed here as well, while something is true of them.
    pub also: Option<Also>,
    /// One and many, for counts: `1 alarm`, `3 alarms`.
    pub nouns: (&'static str, &'static str),
    pub columns: &'static [Column],
    pub health: fn(&Row, &Sight<'_>) -> Health,
    /// Lower first, where no column was chosen to sort by. Equal ones stay in the order of their names.
    pub rank: fn(&Row, &Sight<'_>) -> (u8, i64),
    /// What it rests on: these decide whether an empty list is empty or only not read.
    pub feeds: &'static [Feed],
}

/// Which kinds, and when.
#[derive(Debug)]
pub struct Also {
    pub kinds: &'static [Kind],
    pub while_it: fn(&Item) -> bool,
}

#[derive(Debug)]
pub struct Column {
    /// In filters and reports: `state`, `since`.
    pub key: &'static str,
    pub title: &'static str,
    /// The lower, the longer it stays when the screen gets narrow; 0 never goes.
    pub priority: u8,
    /// Narrowest and widest useful width.
    pub width: (u16, u16),
    pub align: Align,
    pub value: fn(&Row, &Sight<'_>) -> Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Words that read on: cut at the end.
    Left,
    /// Names: cut in the middle, because their ends tell them apart.
    Name,
    /// Numbers.
    Right,
}

/// One thing and where it is.
#[derive(Clone, Debug)]
pub struct Row {
    pub place: usize,
    pub item: Item,
}

/// What a cell holds; how it is shown, sorted, filtered and exported follows from it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Nothing,
    Text(Text),
    Words(String),
    Count(u64),
    Number(f64, Unit),
    /// Shown as an age.
    Since(Timestamp),
    /// Shown in words of the reader's zone; otherwise as an age is.
    When(Timestamp, String),
    State(Health, &'static str),
    Flag(bool),
    /// Stations from left to right.
    Line(Vec<Part>),
}

/// The priority of a column that is on no screen: for filters, copies and reports.
pub const UNSEEN: u8 = u8::MAX;

pub const ROOMS: &[&RoomSpec] = &[
    &alarms::ROOM,
    &pipelines::ROOM,
    &timeline::ROOM,
    &traces::ROOM,
    &compute::ROOM,
    &data::ROOM,
    &cost::ROOM,
    &dashboards::ROOM,
    &metrics::ROOM,
    &instances::ROOM,
];

/// What kind of thing it is, for rooms of several.
const KIND: Column = Column {
    key: "kind",
    title: "KIND",
    priority: 2,
    width: (8, 9),
    align: Align::Left,
    value: |row, _| Value::Words(row.item.kind().word().into()),
};

const NAME: Column = Column {
    key: "name",
    title: "NAME",
    priority: 0,
    width: (16, 36),
    align: Align::Name,
    value: |row, _| Value::Text(row.item.name().clone()),
};

const ENVIRONMENT: Column = Column {
    key: "env",
    title: "ENV",
    priority: 6,
    width: (7, 7),
    align: Align::Left,
    value: |row, _| {
        row.item.environment().map_or(Value::Nothing, |environment| Value::Words(environment.word().into()))
    },
};

const REGION: Column = Column {
    key: "region",
    title: "REGION",
    priority: 4,
    width: (9, 14),
    align: Align::Left,
    value: |row, sight| row.at(sight.world).map_or(Value::Nothing, |place| Value::Text(place.scope.region.clone())),
};

const ACCOUNT: Column = Column {
    key: "account",
    title: "ACCOUNT",
    priority: 5,
    width: (9, 16),
    align: Align::Name,
    value: |row, sight| row.at(sight.world).map_or(Value::Nothing, |place| Value::Words(place.scope.account_name())),
};

/// The measures that matter of a thing, the one that tells most first.
pub fn measures(item: &Item) -> Vec<(Measure, Text)> {
    use Measure as M;
    let of =
        |measures: &[Measure], resource: &Text| measures.iter().map(|measure| (*measure, resource.clone())).collect();
    match item {
        Item::Balancer(it) => match it.kind.as_str() {
            "application" => of(&[M::AlbErrorPercent, M::AlbLatencyP99, M::AlbRequests], &it.dimension),
            "network" => of(&[M::NlbFlows, M::NlbBytes], &it.dimension),
            _ => Vec::new(),
        },
        Item::Group(it) => of(&[M::AsgCpu, M::AsgInService], &it.name),
        Item::Cluster(it) => it.services.iter().map(|service| (M::EcsCpu, service.name.clone())).take(3).collect(),
        Item::Function(it) => of(&[M::LambdaErrors, M::LambdaInvocations, M::LambdaDurationP99], &it.name),
        Item::Database(it) if it.is_primary() => of(&[M::RdsCpu, M::RdsConnections, M::RdsWriteLatency], &it.id),
        Item::Database(it) => of(&[M::RdsReplicaLag, M::RdsCpu], &it.id),
        Item::Cache(it) if it.measures_memory() => of(&[M::CacheHitRate, M::CacheMemory], &it.id),
        Item::Cache(it) => of(&[M::CacheHitRate, M::CacheEvictions], &it.id),
        Item::Queue(it) => of(&[M::SqsOldestAge, M::SqsVisible, M::SqsDeleted], &it.name),
        Item::Topic(it) => of(&[M::SnsPublished, M::SnsFailed], &it.name),
        Item::Bucket(it) => of(&[M::S3Size], &it.name),
        Item::WebAcl(it) => of(&[M::WafBlocked], &it.name),
        Item::Instance(_)
        | Item::Alarm(_)
        | Item::Dashboard(_)
        | Item::Metric(_)
        | Item::LogGroup(_)
        | Item::Pipeline(_)
        | Item::Deployment(_)
        | Item::Event(_)
        | Item::Service(_)
        | Item::Trace(_)
        | Item::Bill(_)
        | Item::Cost(_)
        | Item::Budget(_)
        | Item::Anomaly(_)
        | Item::Images(_)
        | Item::Key(_) => Vec::new(),
    }
}

impl Row {
    pub fn id(&self) -> ItemId {
        ItemId { kind: self.item.kind(), place: self.place, id: self.item.id().clone() }
    }

    /// An alarm that fires and is about it.
    pub fn alarm<'a>(&self, world: &'a World) -> Option<&'a Text> {
        let place = self.at(world)?;
        place.alarm_about(self.item.name()).or_else(|| place.alarm_about(self.item.id()))
    }

    /// As well as it is itself, and never better than an alarm about it says.
    fn health_beside_alarms(&self, own: Health, world: &World) -> Health {
        if self.alarm(world).is_some() { Health::Bad } else { own }
    }

    /// What it does now; first of all the alarm, where nothing else says why it is not well.
    fn now_beside_alarms(&self, own: Health, now: String, world: &World) -> Value {
        Value::Words(match self.alarm(world).filter(|_| own < Health::Warn) {
            Some(alarm) if now.is_empty() => format!("alarm {alarm}"),
            Some(alarm) => format!("alarm {alarm}, {now}"),
            None => now,
        })
    }

    pub fn at<'a>(&self, world: &'a World) -> Option<&'a Place> {
        world.places().get(self.place)
    }
}

impl RoomSpec {
    /// The columns as a filter knows them.
    pub fn fields(&self) -> Vec<filter::Field> {
        self.columns
            .iter()
            .map(|column| filter::Field { key: column.key, is_number: column.align == Align::Right })
            .collect()
    }

    pub fn column(&self, key: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.key == key)
    }

    /// Everything in it, unsorted.
    pub fn rows(&self, world: &World) -> Vec<Row> {
        let own = self.kinds.iter().flat_map(|kind| world.all_of(*kind));
        let also = self.also.iter().flat_map(|also| {
            let all = also.kinds.iter().flat_map(|kind| world.all_of(*kind));
            all.filter(|(_, item)| (also.while_it)(item))
        });
        own.chain(also).map(|(place, item)| Row { place, item }).collect()
    }

    /// Sorts by a column, or by rank; ties by name, then place, so that equal rows never change places.
    pub fn sort(&self, rows: &mut Vec<Row>, by: Option<(usize, bool)>, sight: &Sight<'_>) {
        if let Some((column, descending)) =
            by.and_then(|(column, descending)| Some((self.columns.get(column)?, descending)))
        {
            rows.sort_by_cached_key(|row| {
                let key = Order::of((column.value)(row, sight).sort_key(), descending);
                (key, row.item.name().clone(), row.place)
            });
            return;
        }
        // Names are looked at only where ranks are equal, and what comes in order costs no more than to see that.
        let mut ranked: Vec<((u8, i64), Row)> = rows.drain(..).map(|row| ((self.rank)(&row, sight), row)).collect();
        ranked.sort_by(|(rank, row), (other_rank, other)| {
            let by_name = || row.item.name().cmp(other.item.name()).then(row.place.cmp(&other.place));
            rank.cmp(other_rank).then_with(by_name)
        });
        rows.extend(ranked.into_iter().map(|(_, row)| row));
    }

    /// Its feeds that cannot be read, each with its place.
    pub fn faults<'a>(&self, world: &'a World) -> Vec<(Feed, &'a Place, &'a CloudError)> {
        let mut all = Vec::new();
        for feed in self.feeds {
            for place in world.places() {
                if let Some(fault) = place.feeds.status(*feed).fault {
                    all.push((*feed, place, &fault.error));
                }
            }
        }
        all
    }

    /// When the oldest of its answers came.
    pub fn observed_at(&self, world: &World) -> Option<Timestamp> {
        // Of the feed named first: one that is read once in a quarter of an hour would make all look old.
        let first = self.feeds.first()?;
        world.places().iter().filter_map(|place| place.observed_at(*first)).min()
    }
}

/// A key in a direction. Nothing comes last in both.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Order {
    Up(SortKey),
    Down(std::cmp::Reverse<SortKey>),
    Nothing,
}

impl Order {
    pub fn of(key: SortKey, descending: bool) -> Self {
        match (key, descending) {
            (SortKey::Nothing, _) => Self::Nothing,
            (key, true) => Self::Down(std::cmp::Reverse(key)),
            (key, false) => Self::Up(key),
        }
    }
}

/// Numbers by value, the rest by letters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SortKey {
    Number(u64),
    Letters(String),
    Nothing,
}

impl Value {
    pub fn show(&self, now: Timestamp) -> String {
        match self {
            Self::Nothing => "-".into(),
            Self::Text(text) => text.to_string(),
            Self::Words(words) | Self::When(_, words) => words.clone(),
            Self::Count(count) => crate::domain::units::count(*count),
            Self::Number(number, unit) => unit.write(*number),
            Self::Since(then) => brief(since(now, *then)),
            Self::State(_, word) => (*word).to_owned(),
            Self::Flag(true) => "yes".into(),
            Self::Flag(false) => "no".into(),
            Self::Line(line) => stages::words(line),
        }
    }

    pub fn json(&self) -> Json {
        match self {
            Self::Nothing => Json::Null,
            Self::Text(text) => json!(text),
            Self::Words(words) => json!(words),
            Self::Count(count) => json!(count),
            Self::Number(number, _) => json!(number),
            Self::Since(then) | Self::When(then, _) => json!(then),
            Self::State(_, word) => json!(word),
            Self::Flag(flag) => json!(flag),
            Self::Line(line) => json!(stages::words(line)),
        }
    }

    pub fn number(&self, now: Timestamp) -> Option<f64> {
        match self {
            Self::Count(count) => Some(*count as f64),
            Self::Number(number, _) => Some(*number),
            // Ages compare in minutes, as people say them: `since>30`.
            Self::Since(then) | Self::When(then, _) => Some(since(now, *then).as_secs_f64() / 60.0),
            _ => None,
        }
    }

    pub fn sort_key(&self) -> SortKey {
        match self {
            Self::Nothing => SortKey::Nothing,
            Self::Text(text) => SortKey::Letters(text.as_str().to_lowercase()),
            Self::Words(words) => SortKey::Letters(words.to_lowercase()),
            Self::Count(count) => SortKey::Number(*count),
            Self::Number(number, _) => SortKey::Number(ordered(*number)),
            // As ages, which is how they are shown: the youngest first.
            Self::Since(then) | Self::When(then, _) => SortKey::Number(ordered(-(then.as_second() as f64))),
            Self::State(health, _) => SortKey::Number(u64::MAX - *health as u64),
            Self::Flag(flag) => SortKey::Number(u64::from(*flag)),
            Self::Line(line) => SortKey::Letters(stages::words(line).to_lowercase()),
        }
    }
}

/// Bits of a float that sort as the float does.
fn ordered(number: f64) -> u64 {
    let bits = number.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_sort_as_numbers_and_nothing_comes_last() {
        let mut values = [
            Value::Nothing,
            Value::Number(3.0, Unit::Count),
            Value::Number(-7.0, Unit::Count),
            Value::Number(20.0, Unit::Count),
        ];
        values.sort_by_key(Value::sort_key);
        let numbers: Vec<Option<f64>> = values.iter().map(|value| value.number(Timestamp::UNIX_EPOCH)).collect();
        assert_eq!(numbers, [Some(-7.0), Some(3.0), Some(20.0), None]);
    }

    #[test]
    fn every_room_has_a_name_and_columns_of_its_own() {
        for room in ROOMS {
            assert!(!room.feeds.is_empty() && room.columns.iter().any(|column| column.priority == 0), "{}", room.name);
            let mut keys: Vec<&str> = room.columns.iter().map(|column| column.key).collect();
            keys.sort_unstable();
            keys.dedup();
            assert_eq!(keys.len(), room.columns.len(), "{}", room.name);
        }
    }
}
