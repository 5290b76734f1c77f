//! When to ask what: a timetable as plain data, without a clock of its own.
//!
//! Each question is asked at its feed's cadence, at its quicker one while somebody looks, and with growing pauses while it
//! fails. One is never asked twice at once; a wish to ask it meanwhile is kept, once, for when it is done.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::world::feed::Feed;
use crate::world::port::{About, FeedKey};

/// First pause after a failure; it doubles up to the longest.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_secs(5);
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_secs(300);

#[derive(Debug)]
pub struct Schedule {
    entries: BTreeMap<FeedKey, Entry>,
    focus: BTreeSet<Feed>,
}

#[derive(Debug)]
struct Entry {
    due: Timestamp,
    in_flight: bool,
    is_wanted: bool,
    /// Wanted again while in flight.
    again: bool,
    failures: u32,
    asked: u32,
    last: Option<Timestamp>,
}

impl Schedule {
    /// Everything is due at once.
    pub fn new(keys: impl IntoIterator<Item = FeedKey>, now: Timestamp) -> Self {
        Self { entries: keys.into_iter().map(|key| (key, Entry::due(now))).collect(), focus: BTreeSet::new() }
    }

    /// The moment of the next question, if one is not being asked already.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.entries.values().filter(|entry| !entry.in_flight).map(|entry| entry.due).min()
    }

    /// Takes what is due; it counts as being asked from here on.
    pub fn take_due(&mut self, now: Timestamp) -> Vec<FeedKey> {
        self.entries
            .iter_mut()
            .filter(|(_, entry)| !entry.in_flight && entry.due <= now)
            .map(|(key, entry)| {
                entry.in_flight = true;
                key.clone()
            })
            .collect()
    }

    /// Notes an answer, and returns when the question is put again.
    pub fn done(&mut self, key: &FeedKey, now: Timestamp, failed: bool) -> Option<Timestamp> {
        let cadence = self.cadence(key.feed);
        if self.entries.get(key).is_some_and(|entry| !entry.is_wanted) {
            self.entries.remove(key);
        }
        let entry = self.entries.get_mut(key)?;
        entry.in_flight = false;
        entry.asked = entry.asked.wrapping_add(1);
        entry.last = Some(now);
        entry.failures = if failed { entry.failures.saturating_add(1) } else { 0 };
        let pause = if failed { pause(entry.failures) } else { cadence };
        entry.due = if std::mem::take(&mut entry.again) { now } else { now + jittered(pause, key, entry.asked) };
        Some(entry.due)
    }

    /// Asks now, or right after the answer that is under way.
    pub fn ask_now<'a>(&mut self, keys: impl IntoIterator<Item = &'a FeedKey>, now: Timestamp) {
        for key in keys {
            if let Some(entry) = self.entries.get_mut(key) {
                entry.again = entry.in_flight;
                entry.due = entry.due.min(now);
            }
        }
    }

    /// Sets what somebody looks at; what became interesting is pulled forward to its quicker cadence.
    pub fn set_focus(&mut self, feeds: &[Feed]) {
        self.focus = feeds.iter().copied().collect();
        for (key, entry) in &mut self.entries {
            if let Some(last) = entry.last.filter(|_| self.focus.contains(&key.feed) && entry.failures == 0) {
                entry.due = entry.due.min(last + key.feed.focused_cadence());
            }
        }
    }

    /// Sets which questions are asked only because somebody looks: new ones are due at once, others are dropped.
    pub fn set_wanted(&mut self, keys: &[FeedKey], now: Timestamp) {
        for (key, entry) in &mut self.entries {
            entry.is_wanted = key.about == About::All || keys.contains(key);
        }
        // One under way stays until it is answered, so that it is never asked twice at once.
        self.entries.retain(|_, entry| entry.is_wanted || entry.in_flight);
        for key in keys {
            self.entries.entry(key.clone()).or_insert_with(|| Entry::due(now));
        }
    }

    /// Whether anybody still wants to know.
    pub fn wants(&self, key: &FeedKey) -> bool {
        self.entries.get(key).is_some_and(|entry| entry.is_wanted)
    }

    /// Takes back a question that was taken up and not asked.
    pub fn forget(&mut self, key: &FeedKey) {
        self.entries.remove(key);
    }

    fn cadence(&self, feed: Feed) -> SignedDuration {
        if self.focus.contains(&feed) { feed.focused_cadence() } else { feed.cadence() }
    }
}

impl Entry {
    fn due(now: Timestamp) -> Self {
        Self { due: now, in_flight: false, is_wanted: true, again: false, failures: 0, asked: 0, last: None }
    }
}

fn pause(failures: u32) -> SignedDuration {
    let doubled = FIRST_PAUSE.as_secs() << failures.saturating_sub(1).min(6);
    SignedDuration::from_secs(doubled).min(LONGEST_PAUSE)
}

/// A tenth more or less, different for each question and each time, so that a hundred questions begun together do not
/// stay together. From a hash instead of a generator: the same session can be lived again.
fn jittered(length: SignedDuration, key: &FeedKey, asked: u32) -> SignedDuration {
    let mut hash = u64::from(asked).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for byte in key
        .feed
        .name()
        .bytes()
        .chain(key.scope.region.as_str().bytes())
        .chain(key.scope.account.as_str().bytes())
        .chain(about(key))
    {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    let share = (hash >> 40) as f64 / (1_u64 << 24) as f64;
    length.mul_f64(0.9 + 0.2 * share)
}

/// What tells one graph from another of the same place.
fn about(key: &FeedKey) -> impl Iterator<Item = u8> + '_ {
    let queries = match &key.about {
        About::All => &[][..],
        About::Graph(ask) => &ask.queries,
    };
    queries.iter().flat_map(|query| query.label.as_str().bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::graph::{GraphAsk, Span};
    use crate::domain::scope::{Environment, Scope, ScopeRef};

    fn key(feed: Feed) -> FeedKey {
        let scope = Scope {
            account: "123456789012".into(),
            alias: "".into(),
            region: "eu-west-1".into(),
            environment: Environment::Prod,
        };
        FeedKey::all(feed, ScopeRef::new(scope))
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_773_000_000 + second).unwrap()
    }

    fn wait(schedule: &Schedule, from: i64) -> f64 {
        schedule.next_due().unwrap().duration_since(at(from)).as_secs_f64()
    }

    #[test]
    fn a_question_is_asked_at_its_cadence_give_or_take_a_tenth() {
        let mut schedule = Schedule::new([key(Feed::Alarms)], at(0));
        for round in 0..20 {
            let now = at(round * 100);
            assert_eq!(schedule.take_due(now).len(), 1);
            assert_eq!(schedule.next_due(), None, "one at a time");
            schedule.done(&key(Feed::Alarms), now, false);
            assert!((27.0..=33.0).contains(&wait(&schedule, round * 100)));
        }
    }

    #[test]
    fn failures_are_retried_with_growing_pauses_until_one_succeeds() {
        let mut schedule = Schedule::new([key(Feed::Alarms)], at(0));
        let mut pauses = Vec::new();
        for _ in 0..8 {
            schedule.take_due(Timestamp::MAX);
            schedule.done(&key(Feed::Alarms), at(0), true);
            pauses.push(wait(&schedule, 0) / 5.0);
        }
        assert!((0.9..=1.1).contains(&pauses[0]));
        assert!((1.8..=2.2).contains(&pauses[1]) && pauses[3] > pauses[2]);
        assert!(pauses[7] <= 66.0, "five minutes and a tenth at most");
        schedule.take_due(Timestamp::MAX);
        schedule.done(&key(Feed::Alarms), at(0), false);
        schedule.take_due(Timestamp::MAX);
        schedule.done(&key(Feed::Alarms), at(0), true);
        assert!(wait(&schedule, 0) <= 5.5, "forgotten after a success");
    }

    #[test]
    fn a_wish_during_a_question_is_kept_once() {
        let mut schedule = Schedule::new([key(Feed::Alarms)], at(0));
        schedule.take_due(at(0));
        schedule.ask_now(&[key(Feed::Alarms)], at(1));
        schedule.ask_now(&[key(Feed::Alarms)], at(2));
        assert!(schedule.take_due(at(3)).is_empty());
        schedule.done(&key(Feed::Alarms), at(4), false);
        assert_eq!(schedule.take_due(at(4)).len(), 1);
        schedule.done(&key(Feed::Alarms), at(5), false);
        assert!(schedule.take_due(at(6)).is_empty());
    }

    #[test]
    fn what_somebody_wants_is_asked_at_once_and_only_while_it_is_wanted() {
        let ask = GraphAsk { queries: Vec::new(), span: Span::Hour, period: 60 };
        let graph = FeedKey::graph(ask.into(), key(Feed::Alarms).scope);
        let mut schedule = Schedule::new([key(Feed::Alarms)], at(0));
        schedule.take_due(at(0));
        schedule.set_wanted(std::slice::from_ref(&graph), at(5));
        assert_eq!(schedule.take_due(at(5)), std::slice::from_ref(&graph));
        schedule.done(&graph, at(6), false);
        schedule.set_wanted(std::slice::from_ref(&graph), at(7));
        assert!(schedule.take_due(at(7)).is_empty(), "it was asked a second ago");
        schedule.set_wanted(&[], at(8));
        assert!(schedule.take_due(at(500)).is_empty());
    }

    #[test]
    fn looking_makes_it_quicker_and_looking_away_slower() {
        let mut schedule = Schedule::new([key(Feed::Balancers)], at(0));
        schedule.take_due(at(0));
        schedule.done(&key(Feed::Balancers), at(0), false);
        schedule.set_focus(&[Feed::Balancers]);
        assert!(wait(&schedule, 0) <= 11.0);
        schedule.take_due(at(11));
        schedule.done(&key(Feed::Balancers), at(11), false);
        assert!(wait(&schedule, 11) <= 11.0);
        schedule.set_focus(&[]);
        schedule.take_due(at(30));
        schedule.done(&key(Feed::Balancers), at(30), false);
        assert!(wait(&schedule, 30) >= 27.0);
    }
}
