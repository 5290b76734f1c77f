//! What happened: one list of events, drawn from every feed that tells of some.
//!
//! Each place keeps its events beside its feeds, by the feeds they are drawn from, and draws anew only those whose feed has
//! changed: a room of fifty thousand events is looked at while alarms are read every few seconds.

mod event;
mod seen;
mod source;
mod told;

use std::collections::HashSet;
use std::sync::Arc;

pub use event::{Event, EventKind, Tone};

use jiff::Timestamp;

use crate::domain::alarm::AlarmTransition;
use crate::domain::instance::Instance;
use crate::domain::list::List;
use crate::domain::text::Text;
use crate::world::feed::Feed;
use crate::world::{Place, World};
use source::SOURCES;
use told::Told;

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

/// Whether events are drawn from a feed.
pub fn is_told_by(feed: Feed) -> bool {
    SOURCES.iter().any(|source| source.feeds.contains(&feed))
}

/// The events of one place.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// What alarms did: most of all events, on most days.
    alarms: Told<AlarmTransition>,
    /// The alarms that only moved a scaling policy when that was drawn.
    triggers: Arc<HashSet<Text>>,
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
        let parts = self.parts.iter().chain([&self.ours, &self.seen]);
        self.alarms.events().chain(parts.flat_map(|part| part.iter()))
    }

    /// Bytes, by estimate, that are held here and not in `other`.
    pub(super) fn weight_beside(&self, other: Option<&Self>) -> usize {
        // What the texts of an event take besides its own size.
        const EVENT: usize = size_of::<Event>() + 256;
        let alarms = self.alarms.weight_beside(other.map(|other| &other.alarms), EVENT);
        let none = Arc::default();
        let parts = self.parts.iter().enumerate().map(|(at, part)| {
            let theirs = other.and_then(|other| other.parts.get(at)).unwrap_or(&none);
            weight(part, theirs, EVENT)
        });
        let ours = weight(&self.ours, other.map_or(&none, |other| &other.ours), EVENT);
        let seen = weight(&self.seen, other.map_or(&none, |other| &other.seen), EVENT);
        alarms + parts.sum::<usize>() + ours + seen
    }

    /// Takes note of what became of machines since the answer before.
    pub(super) fn see(&mut self, old: &List<Instance>, new: &List<Instance>, at: Timestamp) {
        self.seen = seen::note(&self.seen, old, new, at);
    }
}

/// Bytes of a list whose things weigh `each`, but for those that are in the other too.
fn weight<T>(mine: &Arc<[Arc<T>]>, theirs: &Arc<[Arc<T>]>, each: usize) -> usize {
    if Arc::ptr_eq(mine, theirs) {
        return 0;
    }
    let known: HashSet<*const T> = theirs.iter().map(Arc::as_ptr).collect();
    let fresh = mine.iter().filter(|thing| !known.contains(&Arc::as_ptr(thing))).count();
    size_of_val(&**mine) + fresh * each
}

impl Place {
    /// Draws anew what a feed tells. Returns whether a source told anything else than before.
    pub(super) fn draw_events(&mut self, feed: Feed) -> bool {
        let mut is_new = false;
        if matches!(feed, Feed::AlarmHistory | Feed::Alarms) {
            self.draw_alarms(feed);
        }
        for (at, source) in SOURCES.iter().enumerate() {
            if !source.feeds.contains(&feed) {
                continue;
            }
            let mut events = Vec::new();
            (source.draw)(self, &mut events);
            if self.timeline.parts.len() <= at {
                self.timeline.parts.resize(SOURCES.len(), Arc::default());
            }
            let part = &mut self.timeline.parts[at];
            let fresh = kept(part, events);
            is_new |= fresh.len() != part.len() || fresh.iter().zip(part.iter()).any(|(a, b)| !Arc::ptr_eq(a, b));
            *part = fresh;
        }
        is_new
    }

    /// Draws what alarms did: all of it where another alarm is a trigger now, otherwise what is new.
    fn draw_alarms(&mut self, feed: Feed) {
        let triggers: HashSet<&Text> = source::triggers(self).collect();
        let known = &self.timeline.triggers;
        let is_same = triggers.len() == known.len() && triggers.iter().all(|name| known.contains(*name));
        if is_same && feed == Feed::Alarms {
            return;
        }
        if !is_same {
            let triggers = triggers.into_iter().cloned().collect();
            self.timeline.triggers = Arc::new(triggers);
            self.timeline.alarms = Told::default();
        }
        let triggers = &self.timeline.triggers;
        let draw = |change: &AlarmTransition| source::of_change(change, triggers.contains(&change.alarm));
        self.timeline.alarms = self.timeline.alarms.redrawn(self.feeds.alarm_history.shared(), draw);
    }
}

/// These events, each as the one that is held already where nothing about it is new: what is as it was is not another event,
/// and memory holds on to it. Both are in the order of their time, the older first.
fn kept(known: &[Arc<Event>], events: Vec<Event>) -> Arc<[Arc<Event>]> {
    let mut known = known.iter().peekable();
    let keep = |event: Event| {
        let when = (event.at, &event.id);
        while known.next_if(|other| (other.at, &other.id) < when).is_some() {}
        match known.peek() {
            Some(other) if ***other == event => Arc::clone(other),
            _ => Arc::new(event),
        }
    };
    events.into_iter().map(keep).collect()
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
}
