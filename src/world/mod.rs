//! F1: the one picture of the system, and what to think of it.
//!
//! A [`World`] holds the newest answer to every question asked, with its age and its fault. It only ever changes through
//! [`World::apply`]. Values are shared and replaced, never mutated, so a clone is a snapshot and costs almost nothing.

pub mod act;
pub mod authors;
pub mod board;
pub mod builds;
pub mod changes;
pub mod feed;
pub mod held;
pub mod item;
pub mod ledger;
pub mod lineage;
pub mod link;
pub mod port;
pub mod reads;
pub mod relations;
pub mod room;
pub mod sight;
pub mod strip;
pub mod suspects;
pub mod thresholds;
pub mod timeline;
pub mod way_back;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::graphs::Graphs;
use crate::domain::identity::Identity;
use crate::domain::scope::{Scope, ScopeRef};
use crate::domain::text::Text;
use crate::world::feed::{Feed, Feeds, Payload, Reach};
use crate::world::ledger::Ledger;
use crate::world::port::{About, CloudError, FaultClass, FeedKey, Observation};
use crate::world::reads::FeedSet;
use crate::world::timeline::Timeline;

/// Everything known, by scope.
#[derive(Clone, Debug, Default)]
pub struct World {
    places: Vec<Place>,
    ledger: Ledger,
    /// Counts applied observations that changed something, so that derived pictures know when to be drawn again.
    revision: u64,
}

/// Everything known of one scope.
#[derive(Clone, Debug)]
pub struct Place {
    pub scope: ScopeRef,
    pub feeds: Feeds,
    /// What is asked here at all.
    reads: FeedSet,
    /// What the alarms that fire here are about, by the values of their dimensions. Kept beside the alarms, because a list of
    /// a hundred thousand things asks it for each of them.
    alarmed: Arc<HashMap<Text, Text>>,
    pub timeline: Timeline,
}

/// What an observation did to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// A value or a fault is different now.
    Changed,
    /// The same again: only its age is new.
    Refreshed,
    /// From a scope this world does not hold (any more); dropped.
    Foreign,
}

impl World {
    /// A world that knows its scopes and nothing else, and asks everything.
    pub fn of(scopes: &[ScopeRef]) -> Self {
        Self::reading(scopes, Feed::ALL.iter().copied().collect())
    }

    /// A world that asks no more than these.
    pub fn reading(scopes: &[ScopeRef], reads: FeedSet) -> Self {
        Self {
            places: scopes
                .iter()
                .map(|scope| Place {
                    scope: Arc::clone(scope),
                    feeds: Feeds::default(),
                    reads,
                    alarmed: Arc::default(),
                    timeline: Timeline::default(),
                })
                .collect(),
            ..Self::default()
        }
    }

    /// Takes in one answer. A failed poll keeps the old value and its age, and notes the fault beside it.
    pub fn apply(&mut self, observation: Observation) -> Applied {
        let Observation { key, at, outcome, usage, gaps, next } = observation;
        let outcome = outcome.map_err(|error| self.understood(&key.scope, error));
        let Some(place) = self.places.iter_mut().find(|place| place.scope == key.scope) else {
            return Applied::Foreign;
        };
        self.ledger.note(&key, at, &usage, outcome.as_ref().err(), next);
        // Each graph has an age and a fault of its own: one of many that fails says nothing of the others.
        let outcome = match (&key.about, outcome) {
            (About::Graph(ask), Err(error)) => Ok(Payload::Graphs(Arc::new(Graphs::failed(Arc::clone(ask), error)))),
            (About::Graph(_), Ok(Payload::Graphs(graphs))) => Ok(Payload::Graphs(Arc::new(graphs.dated(at)))),
            (_, outcome) => outcome,
        };
        let machines = (key.feed == Feed::Instances).then(|| place.feeds.instances.whole().next().cloned()).flatten();
        let changed = place.feeds.apply(key.feed, at, outcome, gaps, next);
        if changed && key.feed == Feed::Alarms {
            place.alarmed = Arc::new(place.firing_dimensions());
        }
        if let (true, Some(old), Some(new)) = (changed, machines, place.feeds.instances.whole().next()) {
            place.timeline.see(&old, new, at);
        }
        // What is due by the clock is told anew although the schedules are as they were.
        let is_told = (changed || key.feed == Feed::Timers) && place.draw_events(key.feed);
        if changed || is_told {
            self.revision += 1;
            Applied::Changed
        } else {
            Applied::Refreshed
        }
    }

    /// What is wrong, in the light of what else is known.
    fn understood(&self, scope: &Scope, error: CloudError) -> CloudError {
        let is_elsewhere = || self.identity(&scope.alias).is_some_and(|identity| identity.lacks(&scope.region));
        // Where a region is spelled wrong its name cannot be found, or somebody else answers in its place.
        if scope.is_global() || !is_elsewhere() {
            return error;
        }
        let message =
            format!("{} is no region that is enabled for this account: enable it, or leave it out", scope.region);
        CloudError { class: FaultClass::Unsupported, message: Text::new(&message), missing: None, ..error }
    }

    /// Bytes, by estimate, that this world holds and `other` does not.
    pub fn weight_beside(&self, other: Option<&Self>) -> usize {
        // The tables of pointers themselves.
        const PLACE: usize = 4_096;
        self.places
            .iter()
            .enumerate()
            .map(|(position, place)| {
                let theirs = other.and_then(|other| other.places.get(position));
                PLACE
                    + place.feeds.weight_beside(theirs.map(|other| &other.feeds))
                    + place.timeline.weight_beside(theirs.map(|other| &other.timeline))
            })
            .sum()
    }

    pub fn places(&self) -> &[Place] {
        &self.places
    }

    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Who we are in the account the operator calls so, once that was read.
    pub fn identity(&self, alias: &Text) -> Option<&Identity> {
        let mut places = self.places.iter().filter(|place| place.scope.alias == *alias);
        places.find_map(|place| place.feeds.identity.value())
    }

    /// Every question this world asks by itself: each feed in each scope it reaches.
    pub fn keys(&self) -> impl Iterator<Item = FeedKey> {
        self.places.iter().flat_map(|place| {
            Feed::ALL
                .iter()
                .filter(|feed| place.is_asked(**feed))
                .map(|feed| FeedKey::all(*feed, Arc::clone(&place.scope)))
        })
    }

    /// What is asked only while somebody looks at one of `feeds`.
    pub fn looked_keys(&self, feeds: &[Feed]) -> impl Iterator<Item = FeedKey> {
        let looked: Vec<Feed> = feeds.iter().copied().filter(|feed| feed.reach() == Reach::Looked).collect();
        self.places.iter().flat_map(move |place| {
            let mine = looked.clone().into_iter().filter(|feed| place.is_asked_for_who_looks(*feed));
            mine.map(|feed| FeedKey::all(feed, Arc::clone(&place.scope))).collect::<Vec<_>>()
        })
    }

    /// True once every question has been answered or refused at least once.
    pub fn is_complete(&self) -> bool {
        self.places.iter().all(|place| {
            Feed::ALL.iter().filter(|feed| place.is_asked(**feed)).all(|feed| place.feeds.status(*feed).is_asked())
        })
    }

    /// True while no question has been answered or refused.
    pub fn is_unread(&self) -> bool {
        !self.places.iter().any(|place| Feed::ALL.iter().any(|feed| place.feeds.status(*feed).is_asked()))
    }

    /// Regional scopes first by account and region, as the header names them.
    pub fn scopes(&self) -> impl Iterator<Item = &Scope> {
        self.places.iter().map(|place| &*place.scope)
    }
}

impl Place {
    /// An alarm that fires and is about a thing of this name or id.
    pub fn alarm_about(&self, name: &Text) -> Option<&Text> {
        self.alarmed.get(name)
    }

    /// What firing alarms are about, each with the name of one of them.
    fn firing_dimensions(&self) -> HashMap<Text, Text> {
        self.feeds
            .alarms
            .items()
            .filter(|alarm| alarm.is_firing() && !alarm.is_scaling_trigger())
            .filter_map(|alarm| Some((alarm, alarm.metric()?)))
            .flat_map(|(alarm, metric)| metric.dimensions.iter().map(|(_, value)| (value.clone(), alarm.name.clone())))
            .collect()
    }

    /// Whether a feed is read in this scope at all: regional services in regions, the others once per account.
    pub fn is_asked(&self, feed: Feed) -> bool {
        self.reads.contains(feed)
            && match feed.reach() {
                Reach::Regional => !self.scope.is_global(),
                Reach::Global => self.scope.is_global(),
                Reach::Wanted | Reach::Looked => false,
            }
    }

    /// Whether a feed is read in this scope, though only while somebody looks at it.
    pub fn is_asked_for_who_looks(&self, feed: Feed) -> bool {
        self.reads.contains(feed) && feed.reach() == Reach::Looked
    }

    /// What is asked here: by itself, and what somebody has looked at.
    pub fn asked(&self) -> impl Iterator<Item = Feed> {
        let is_asked = |feed: &Feed| {
            self.is_asked(*feed) || self.is_asked_for_who_looks(*feed) && self.feeds.status(*feed).is_asked()
        };
        Feed::ALL.iter().copied().filter(is_asked)
    }

    /// Age of what is held for `feed`, if anything is.
    pub fn observed_at(&self, feed: Feed) -> Option<Timestamp> {
        self.feeds.status(feed).observed_at
    }
}
