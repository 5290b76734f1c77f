//! What happened: one list of events, drawn from every feed that tells of some.
//!
//! Each place keeps its events beside its feeds, by the feeds they are drawn from, and draws anew only those whose feed has
//! changed: a room of fifty thousand events is looked at while alarms are read every few seconds.

mod event;
mod seen;
mod source;

use std::sync::Arc;

pub use event::{Event, EventKind, Tone};

use jiff::Timestamp;

use crate::domain::instance::Instance;
use crate::domain::list::List;
use crate::world::feed::Feed;
use crate::world::{Place, World};
use source::SOURCES;

/// Every feed events are drawn from.
pub const FEEDS: &[Feed] = &[
    Feed::AlarmHistory,
    Feed::Deployments,
    Feed::Pipelines,
    Feed::Groups,
    Feed::DatabaseEvents,
    Feed::CacheEvents,
    Feed::Instances,
    Feed::Clusters,
    Feed::Timers,
    Feed::Advisories,
    Feed::Trail,
    Feed::Repositories,
];

/// The events of one place.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// In the order of [`SOURCES`].
    parts: Vec<Arc<[Arc<Event>]>>,
    /// What was done from here, which no feed tells.
    ours: Arc<[Arc<Event>]>,
    /// What became of machines between two answers.
    seen: Arc<[Arc<Event>]>,
}

impl Timeline {
    /// In no order.
    pub fn shared(&self) -> impl Iterator<Item = &Arc<Event>> {
        self.parts.iter().flat_map(|part| part.iter()).chain(self.ours.iter()).chain(self.seen.iter())
    }

    /// Bytes, by estimate, that are held here and not in `other`.
    pub(super) fn weight_beside(&self, other: Option<&Self>) -> usize {
        const EVENT: usize = size_of::<Event>() + 256;
        let fresh = |(at, part): (usize, &Arc<[Arc<Event>]>)| {
            let theirs = other.and_then(|other| other.parts.get(at));
            if theirs.is_some_and(|theirs| Arc::ptr_eq(theirs, part)) { 0 } else { part.len() * EVENT }
        };
        self.parts.iter().enumerate().map(fresh).sum()
    }

    /// Takes note of what became of machines since the answer before.
    pub(super) fn see(&mut self, old: &List<Instance>, new: &List<Instance>, at: Timestamp) {
        self.seen = seen::note(&self.seen, old, new, at);
    }
}

impl Place {
    /// Draws anew what a feed tells.
    pub(super) fn draw_events(&mut self, feed: Feed) {
        for (at, source) in SOURCES.iter().enumerate() {
            if !source.feeds.contains(&feed) {
                continue;
            }
            let mut events = Vec::new();
            (source.draw)(self, &mut events);
            let known = self.timeline.parts.get(at);
            let events: Arc<[Arc<Event>]> = match known {
                // What is as it was is not another event: marks and memory hold on to it.
                Some(known) => events.into_iter().map(|event| kept(known, event)).collect(),
                None => events.into_iter().map(Arc::new).collect(),
            };
            if self.timeline.parts.len() <= at {
                self.timeline.parts.resize(SOURCES.len(), Arc::default());
            }
            self.timeline.parts[at] = events;
        }
    }
}

/// The one that is held already, where nothing about it is new. Feeds tell their events in a steady order, newest first or
/// last, so that it is near the ends that something is new.
fn kept(known: &[Arc<Event>], event: Event) -> Arc<Event> {
    match known.binary_search_by(|other| (other.at, &other.id).cmp(&(event.at, &event.id))) {
        Ok(at) if *known[at] == event => Arc::clone(&known[at]),
        _ => Arc::new(event),
    }
}

impl World {
    /// Sets what was done from here, each with the position of its place.
    pub fn set_operations(&mut self, events: Vec<(usize, Event)>) {
        let mut by_place: Vec<Vec<Arc<Event>>> = vec![Vec::new(); self.places.len()];
        for (place, event) in events {
            if let Some(list) = by_place.get_mut(place) {
                list.push(Arc::new(event));
            }
        }
        for (place, ours) in self.places.iter_mut().zip(by_place) {
            if *place.timeline.ours != *ours {
                place.timeline.ours = ours.into();
                self.revision += 1;
            }
        }
    }

    /// Every event there is account of, newest first, each with the position of its place.
    pub fn events(&self) -> Vec<(usize, Arc<Event>)> {
        let of = |(at, place): (usize, &Place)| {
            place.timeline.shared().map(|event| (at, Arc::clone(event))).collect::<Vec<_>>()
        };
        let mut all: Vec<(usize, Arc<Event>)> = self.places.iter().enumerate().flat_map(of).collect();
        all.sort_by(|(_, a), (_, b)| b.at.cmp(&a.at).then_with(|| a.id.cmp(&b.id)));
        all
    }
}
