//! The board as last read, kept so that a frame never has to judge anything.

use jiff::Timestamp;

use crate::domain::board::BoxId;
use crate::domain::health::Health;
use crate::world::board::{Reading, read, spec};
use crate::world::feed::Feed;
use crate::world::sight::Sight;
use crate::world::strip::{Strip, distance_to_users, strip};

#[derive(Clone, Debug)]
pub struct Board {
    readings: Vec<Reading>,
    /// When each box was first seen in its present health.
    since: Vec<Option<Timestamp>>,
    strip: Strip,
    /// The minute everything was last judged in: ages move even when nothing is observed.
    minute: i64,
    /// Everything had been asked by then. What is told of all feeds together changes once more when the last one answers.
    was_complete: bool,
}

impl Board {
    pub fn new(sight: &Sight<'_>) -> Self {
        let readings: Vec<Reading> = BoxId::ALL.iter().map(|id| read(*id, sight)).collect();
        let strip = strip(&readings, sight);
        Self { since: vec![None; readings.len()], readings, strip, minute: minute_of(sight.at), was_complete: false }
    }

    pub fn readings(&self) -> &[Reading] {
        &self.readings
    }

    pub fn reading(&self, id: BoxId) -> &Reading {
        &self.readings[id.index()]
    }

    pub fn health(&self, id: BoxId) -> Health {
        self.reading(id).health
    }

    pub fn strip(&self) -> &Strip {
        &self.strip
    }

    /// Since when a box is as it is, as far as AWS or we can tell.
    pub fn since(&self, id: BoxId) -> Option<Timestamp> {
        let seen = self.since[id.index()];
        self.reading(id).since().into_iter().chain(seen).min()
    }

    /// Judges anew every box that rests on one of `feeds`, or all of them when a minute has passed. Returns whether
    /// anything reads differently.
    pub fn refresh(&mut self, feeds: &[Feed], sight: &Sight<'_>) -> bool {
        let minute = minute_of(sight.at);
        let is_complete = self.was_complete || sight.world.is_complete();
        let is_due = minute != self.minute || is_complete != self.was_complete;
        self.minute = minute;
        self.was_complete = is_complete;
        let mut changed = false;
        for id in BoxId::ALL {
            if !is_due && !spec(*id).sources.iter().any(|source| feeds.contains(source)) {
                continue;
            }
            let place = id.index();
            let mut fresh = read(*id, sight);
            fresh.remember(&self.readings[place], sight.at);
            if fresh.health != self.readings[place].health {
                self.since[place] = Some(sight.at);
            }
            if fresh != self.readings[place] {
                self.readings[place] = fresh;
                changed = true;
            }
        }
        if changed || is_due {
            let fresh = strip(&self.readings, sight);
            changed |= fresh != self.strip;
            self.strip = fresh;
        }
        changed
    }

    /// Judges everything anew, with what is remembered of it: for when not the world changed but the words.
    pub fn reread(&mut self, sight: &Sight<'_>) {
        for id in BoxId::ALL {
            let mut fresh = read(*id, sight);
            fresh.remember(&self.readings[id.index()], sight.at);
            self.readings[id.index()] = fresh;
        }
        self.strip = strip(&self.readings, sight);
    }

    /// The board of an earlier moment, with what this one remembers from before then.
    #[must_use]
    pub fn of_past(&self, sight: &Sight<'_>) -> Self {
        let mut past = Self::new(sight);
        for (fresh, known) in past.readings.iter_mut().zip(&self.readings) {
            fresh.recall(known, sight.at);
        }
        past.strip = strip(&past.readings, sight);
        past
    }

    /// Whether a box calls this feed old.
    pub fn is_stale_by(&self, feed: Feed) -> bool {
        self.readings.iter().any(|reading| reading.blind.iter().any(|blind| blind.feed == feed && blind.is_stale))
    }

    /// Boxes that want eyes, worst first, then as the strip names them: nearest to the users first.
    pub fn troubled(&self) -> Vec<BoxId> {
        let mut all: Vec<BoxId> =
            self.readings.iter().filter(|reading| reading.health.wants_eyes()).map(|reading| reading.id).collect();
        all.sort_by_key(|id| (std::cmp::Reverse(self.health(*id)), distance_to_users(*id)));
        all
    }

    pub fn count(&self, health: Health) -> usize {
        self.readings.iter().filter(|reading| reading.health == health).count()
    }
}

fn minute_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60)
}
