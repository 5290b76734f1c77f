//! What the page of a database, cache, queue or topic tells beside its row.

use jiff::tz::TimeZone;

use crate::domain::cache::{CacheGroup, CacheNode};
use crate::domain::database::Database;
use crate::domain::messaging::{Queue, Subscription, Topic};
use crate::domain::text::Text;
use crate::domain::units::{brief, plural, stamp};
use crate::world::item::Item;

/// Nodes or subscribers listed.
const SHOWN: usize = 16;

type Part = (&'static str, String);

/// Each part with its label.
pub(super) fn parts(item: &Item, zone: &TimeZone) -> Vec<Part> {
    match item {
        Item::Database(database) => of_database(database, zone),
        Item::Cache(cache) => of_cache(cache),
        Item::Queue(queue) => of_queue(queue),
        Item::Topic(topic) => of_topic(topic),
        _ => Vec::new(),
    }
}

fn of_database(it: &Database, zone: &TimeZone) -> Vec<Part> {
    let mut all = vec![("engine", it.engine.to_string())];
    all.extend(it.endpoint.iter().map(|endpoint| ("endpoint", endpoint.to_string())));
    all.extend(it.cluster.iter().map(|cluster| {
        let global = it.global_cluster.as_ref().map_or_else(String::new, |global| format!(", of {global}"));
        ("cluster", format!("{cluster}{global}"))
    }));
    all.extend(it.pending_maintenance.iter().map(|what| ("maintenance", what.to_string())));
    all.extend(list(&it.pending_changes).map(|changes| ("waiting", changes)));
    all.extend(it.latest_restorable.map(|latest| {
        let earliest = it.earliest_restorable.map_or_else(String::new, |at| format!("{} to ", stamp(at, zone)));
        ("restorable", format!("{earliest}{}", stamp(latest, zone)))
    }));
    all.extend(list(&it.backups_copied_to).map(|regions| ("backups", format!("copied to {regions}"))));
    all.extend(it.certificate_until.map(|until| ("certificate", until.strftime("until %Y-%m-%d").to_string())));
    all
}

fn of_cache(it: &CacheGroup) -> Vec<Part> {
    let node = |node: &CacheNode| {
        let shard = node.shard.as_ref().map_or_else(String::new, |shard| format!(" of shard {shard}"));
        ("node", format!("{}, {}{shard} in {}: {}", node.id, node.role(), node.zone, node.status))
    };
    let mut all = vec![("engine", it.engine.to_string())];
    all.extend(it.endpoint.iter().map(|endpoint| ("endpoint", endpoint.to_string())));
    all.extend(it.nodes.iter().map(node).take(SHOWN));
    all
}

fn of_queue(it: &Queue) -> Vec<Part> {
    let mut all = Vec::new();
    all.extend(it.dead_letters.iter().map(|(queue, receives)| {
        ("dead letters", format!("to {queue} after {}", plural(*receives as usize, "receive", "receives")))
    }));
    all.extend(list(&it.dead_letters_of).map(|sources| ("dead letters", format!("of {sources}"))));
    all.extend(
        it.visibility_timeout.map(|time| ("visibility", format!("received messages are hidden for {}", brief(time)))),
    );
    all.extend(it.retention.map(|time| ("kept", format!("for {}", brief(time)))));
    if it.fifo {
        all.push(("order", "first in, first out".to_owned()));
    }
    all
}

/// Those that never confirmed come first.
fn of_topic(it: &Topic) -> Vec<Part> {
    let subscriber = |one: &&Subscription| {
        let state = if one.pending_confirmation { ", never confirmed" } else { "" };
        ("subscriber", format!("{} {}{state}", one.protocol, one.endpoint))
    };
    let mut subscriptions: Vec<&Subscription> = it.subscriptions.iter().collect();
    subscriptions.sort_by_key(|one| !one.pending_confirmation);
    let mut all: Vec<Part> = subscriptions.iter().take(SHOWN).map(subscriber).collect();
    if it.unlisted() > 0 {
        all.push(("subscriber", format!("{} more, of other accounts", it.unlisted())));
    }
    all
}

fn list(names: &[Text]) -> Option<String> {
    (!names.is_empty()).then(|| names.iter().map(Text::as_str).collect::<Vec<_>>().join(", "))
}
