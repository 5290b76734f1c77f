//! The last two hours, kept as the worlds they were.
//!
//! A world shares everything that did not change with the one before, so a snapshot costs what is new in it. Those of the
//! last ten minutes are 15 s apart, older ones a minute, and together they stay under a bound: then the oldest go.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use crate::app::board::Board;
use crate::world::World;

const APART: SignedDuration = SignedDuration::from_secs(15);
const RECENT: SignedDuration = SignedDuration::from_mins(10);
const APART_LATER: SignedDuration = SignedDuration::from_mins(1);
const LONGEST: SignedDuration = SignedDuration::from_hours(2);
/// Bytes, by estimate.
const MOST_BYTES: usize = 64 << 20;

#[derive(Debug, Default)]
pub struct History {
    /// Oldest first.
    snapshots: VecDeque<Snapshot>,
    bytes: usize,
}

#[derive(Debug)]
struct Snapshot {
    at: Timestamp,
    world: World,
    /// What it holds that the one before did not.
    bytes: usize,
}

/// The present, put aside while the past is looked at. It goes on living there.
#[derive(Debug)]
pub struct Live {
    pub world: World,
    pub board: Board,
    pub now: Timestamp,
}

impl History {
    /// Keeps the world as it is now, if it is time to.
    pub fn keep(&mut self, at: Timestamp, world: &World) {
        if self.snapshots.back().is_some_and(|last| at.duration_since(last.at) < APART) {
            return;
        }
        let bytes = world.weight_beside(self.snapshots.back().map(|last| &last.world));
        self.bytes += bytes;
        self.snapshots.push_back(Snapshot { at, world: world.clone(), bytes });
        self.thin(at);
    }

    fn thin(&mut self, now: Timestamp) {
        // The one that has just become old goes, unless it is a minute after the one before it.
        let old = self.snapshots.partition_point(|snapshot| now.duration_since(snapshot.at) > RECENT);
        if old >= 2 && self.snapshots[old - 1].at.duration_since(self.snapshots[old - 2].at) < APART_LATER {
            self.drop_at(old - 1);
        }
        while self.snapshots.len() > 1
            && (self.bytes > MOST_BYTES || self.snapshots.front().is_some_and(|s| now.duration_since(s.at) > LONGEST))
        {
            self.drop_at(0);
        }
    }

    fn drop_at(&mut self, position: usize) {
        let Some(gone) = self.snapshots.remove(position) else { return };
        self.bytes = self.bytes.saturating_sub(gone.bytes);
        // What the next one shared with the one gone it now holds alone.
        let before = position.checked_sub(1).and_then(|before| self.snapshots.get(before));
        let weight =
            self.snapshots.get(position).map(|next| next.world.weight_beside(before.map(|before| &before.world)));
        if let (Some(weight), Some(next)) = (weight, self.snapshots.get_mut(position)) {
            self.bytes = (self.bytes + weight).saturating_sub(next.bytes);
            next.bytes = weight;
        }
    }

    /// The newest world not younger than a minute before `at`, or the oldest there is if `at` is not that already.
    pub fn before(&self, at: Timestamp) -> Option<(Timestamp, &World)> {
        let wanted = at - APART_LATER;
        let found = self.snapshots.iter().rev().find(|snapshot| snapshot.at <= wanted);
        found.or_else(|| self.snapshots.front().filter(|oldest| oldest.at < at)).map(|s| (s.at, &s.world))
    }

    /// The oldest world at least a minute after `at`.
    pub fn after(&self, at: Timestamp) -> Option<(Timestamp, &World)> {
        let wanted = at + APART_LATER;
        self.snapshots.iter().find(|snapshot| snapshot.at >= wanted).map(|s| (s.at, &s.world))
    }

    pub fn oldest(&self) -> Option<Timestamp> {
        self.snapshots.front().map(|snapshot| snapshot.at)
    }

    pub fn len(&self) -> usize {
        self.snapshots.len()
    }

    pub fn is_empty(&self) -> bool {
        self.snapshots.is_empty()
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_773_000_000 + second).unwrap()
    }

    #[test]
    fn two_hours_are_kept_densely_first_and_thinly_then() {
        let mut history = History::default();
        for second in 0..4 * 3_600 {
            history.keep(at(second), &World::default());
        }
        let now = 4 * 3_600 - 1;
        let oldest = history.oldest().unwrap();
        assert!((7_140..=7_260).contains(&(at(now).duration_since(oldest).as_secs())), "{oldest}");
        assert!((140..=165).contains(&history.len()), "{}", history.len());
        let mut gaps = Vec::new();
        let mut here = at(now);
        while let Some((then, _)) = history.before(here) {
            gaps.push(here.duration_since(then).as_secs());
            here = then;
        }
        assert!(gaps.iter().all(|gap| (15..=105).contains(gap)), "{gaps:?}");
        assert_eq!(here, oldest);
    }

    #[test]
    fn steps_lead_back_and_forth_by_a_minute() {
        let mut history = History::default();
        for second in (0..600).step_by(15) {
            history.keep(at(second), &World::default());
        }
        assert_eq!(history.before(at(600)).unwrap().0, at(540));
        assert_eq!(history.before(at(30)).unwrap().0, at(0));
        assert!(history.before(at(0)).is_none());
        assert_eq!(history.after(at(0)).unwrap().0, at(60));
        assert!(history.after(at(580)).is_none());
    }
}
