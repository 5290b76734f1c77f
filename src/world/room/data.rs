//! What keeps data and messages: databases, caches, buckets, queues, topics; what is not well first.

use super::{Align, Column, RoomSpec, Row, Value};
use crate::domain::database::{Database, DatabaseRole};
use crate::domain::health::Health;
use crate::domain::metric::Measure;
use crate::domain::units::{bytes, count, lag, latency, percent, plural};
use crate::world::Place;
use crate::world::feed::Feed;
use crate::world::item::{Item, Kind};
use crate::world::sight::Sight;

pub const ROOM: RoomSpec = RoomSpec {
    name: "data",
    kinds: &[Kind::Database, Kind::Cache, Kind::Queue, Kind::Topic, Kind::Bucket],
    also: None,
    nouns: ("store", "stores"),
    columns: &COLUMNS,
    health: |row, sight| health(row, sight),
    rank: |row, sight| (6 - health(row, sight) as u8, i64::from(row.item.kind() as u8)),
    feeds: &[Feed::Databases, Feed::Caches, Feed::Queues, Feed::Topics, Feed::Buckets, Feed::Metrics, Feed::Alarms],
};

const COLUMNS: [Column; 7] = [
    Column {
        key: "state",
        title: "STATE",
        priority: 0,
        width: (9, 16),
        align: Align::Left,
        value: |row, sight| Value::Words(state(row, health(row, sight))),
    },
    super::KIND,
    super::NAME,
    Column {
        key: "now",
        title: "NOW",
        priority: 1,
        width: (26, 56),
        align: Align::Left,
        value: |row, sight| row.now_beside_alarms(own_health(row, sight), now(row, sight), sight.world),
    },
    super::ENVIRONMENT,
    super::REGION,
    super::ACCOUNT,
];

fn state(row: &Row, health: Health) -> String {
    match &row.item {
        // AWS's own word, unless what we see is worse.
        Item::Database(database) if health != Health::Unknown => database.status.to_string(),
        Item::Cache(cache) if health != Health::Unknown => cache.status.to_string(),
        _ if health == Health::Unknown => "no data".to_owned(),
        _ => health.word().to_owned(),
    }
}

fn health(row: &Row, sight: &Sight<'_>) -> Health {
    row.health_beside_alarms(own_health(row, sight), sight.world)
}

fn own_health(row: &Row, sight: &Sight<'_>) -> Health {
    let of = |measure, name| row.at(sight.world).and_then(|place| place.latest(measure, name));
    match &row.item {
        Item::Database(database) if database.status == "stopped" => Health::Absent,
        Item::Database(database) if !database.is_available() => Health::Bad,
        Item::Database(database) if database.broken_replication().is_some() => Health::Bad,
        Item::Database(database) => match &database.role {
            // One that runs and tells nothing is not known to be well.
            _ if of(Measure::RdsCpu, &database.id).is_none() => Health::Unknown,
            DatabaseRole::Replica { .. } => {
                let behind = of(Measure::RdsReplicaLag, &database.id);
                behind.and_then(|lag| sight.limits().replica_lag_seconds.over(lag)).unwrap_or(Health::Ok)
            }
            DatabaseRole::Primary => Health::Ok,
        },
        Item::Cache(cache) if !cache.is_available() => Health::Bad,
        Item::Cache(cache) if cache.nodes.iter().any(|node| !node.is_available()) => Health::Bad,
        Item::Cache(cache) => match of(Measure::CacheMemory, &cache.id) {
            Some(used) => sight.limits().cache_memory_percent.over(used).unwrap_or(Health::Ok),
            None if cache.measures_memory() => Health::Unknown,
            None => Health::Ok,
        },
        Item::Queue(queue) if queue.is_dead_letter_queue() && queue.visible > 0 => {
            let series = row.at(sight.world).and_then(|place| place.series(Measure::SqsVisible, &queue.name));
            let grows = series.and_then(|series| series.slope_per_minute(5)).is_some_and(|slope| slope > 0.0);
            if grows { Health::Bad } else { Health::Warn }
        }
        Item::Queue(queue) => {
            match of(Measure::SqsOldestAge, &queue.name) {
                Some(seconds) => sight.limits().queue_age_minutes.over(seconds / 60.0).unwrap_or(Health::Ok),
                // SQS measures a queue only while something happens in it.
                None if queue.visible + queue.in_flight > 0 => Health::Unknown,
                None => Health::Ok,
            }
        }
        Item::Bucket(bucket) if bucket.is_public => Health::Bad,
        Item::Topic(topic) if topic.subscriptions.iter().any(|subscription| subscription.pending_confirmation) => {
            Health::Warn
        }
        _ => Health::Ok,
    }
}

/// The one line that says how it is.
fn now(row: &Row, sight: &Sight<'_>) -> String {
    let place = row.at(sight.world);
    match &row.item {
        Item::Database(database) => database_now(database, place),
        Item::Cache(cache) => {
            let of =
                |measure| place.and_then(|place| place.latest(measure, &cache.id)).map_or_else(|| "-".into(), percent);
            let nodes = match cache.nodes.len() {
                0 => cache.node_kind.to_string(),
                nodes => plural(nodes, "node", "nodes"),
            };
            format!("hits {}, memory {}, {nodes}", of(Measure::CacheHitRate), of(Measure::CacheMemory))
        }
        Item::Queue(queue) => {
            let age = place.and_then(|place| place.latest(Measure::SqsOldestAge, &queue.name));
            let age = age.map_or_else(String::new, |seconds| format!(", oldest {}", lag(seconds)));
            let dead = if queue.is_dead_letter_queue() { ", dead letters" } else { "" };
            let moved = queue.running_move().map_or_else(String::new, |task| format!(", {} back", task.words()));
            format!("{} waiting, {} in flight{age}{dead}{moved}", count(queue.visible), count(queue.in_flight))
        }
        Item::Topic(topic) => {
            let pending = topic.subscriptions.iter().filter(|subscription| subscription.pending_confirmation).count();
            let pending = if pending > 0 { format!(", {pending} never confirmed") } else { String::new() };
            let all = topic.subscriptions.len() + topic.unlisted();
            format!("{}{pending}", plural(all, "subscription", "subscriptions"))
        }
        Item::Bucket(bucket) => {
            let size = place.and_then(|place| place.latest(Measure::S3Size, &bucket.name));
            let size = size.map_or_else(|| "-".into(), |size| bytes(size as u64));
            let words = [
                bucket.is_public.then_some("public"),
                bucket.versioning.then_some("versioned"),
                (!bucket.encrypted).then_some("not encrypted"),
            ];
            [size].into_iter().chain(words.into_iter().flatten().map(str::to_owned)).collect::<Vec<_>>().join(", ")
        }
        _ => String::new(),
    }
}

fn database_now(database: &Database, place: Option<&Place>) -> String {
    let of = |measure| place.and_then(|place| place.latest(measure, &database.id));
    let mut text = format!("cpu {}", of(Measure::RdsCpu).map_or_else(|| "-".into(), percent));
    if let DatabaseRole::Replica { source, .. } = &database.role {
        text.push_str(&format!(", {} behind {source}", of(Measure::RdsReplicaLag).map_or_else(|| "-".into(), lag)));
    } else {
        if let Some(connections) = of(Measure::RdsConnections) {
            text.push_str(&format!(", {} connections", count(connections as u64)));
        }
        if let Some(write) = of(Measure::RdsWriteLatency) {
            text.push_str(&format!(", writes {}", latency(write)));
        }
    }
    text.push_str(&format!(", {}", database.class));
    match database.multi_az {
        Some(true) => text.push_str(" Multi-AZ"),
        Some(false) => text.push_str(" single-AZ"),
        None => {}
    }
    text
}
