//! When to ask what: a timetable as plain data, without a clock of its own.
//!
//! Each question is asked at its feed's cadence, at its quicker one while somebody looks, and with growing pauses while it
//! fails. One is never asked twice at once; a wish to ask it meanwhile is kept, once, for when it is done.
//!
//! What costs money is asked less often once an hour of it would cost more than the operator allows.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::world::feed::Feed;
use crate::world::port::{About, FaultClass, FeedKey};

/// First pause after a failure; it doubles up to the longest.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_secs(5);
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_secs(300);
/// While nobody is there at all (no network, no credentials) the longest is shorter: asking costs nobody anything, and who
/// comes back wants to see it.
const LONGEST_AWAY: SignedDuration = SignedDuration::from_secs(60);
/// After a sleep or an outage everything is asked once more, spread over so long.
const SPREAD: SignedDuration = SignedDuration::from_secs(15);

#[derive(Debug)]
pub struct Schedule {
    entries: BTreeMap<FeedKey, Entry>,
    focus: BTreeSet<Feed>,
    /// Millionths of a dollar that an hour may cost; nothing limits a world without prices.
    budget: Option<f64>,
    /// How many times slower than its cadence a question that costs money is put, to stay within the budget.
    stretch: f64,
}

/// What became of a question.
#[derive(Clone, Copy, Debug, Default)]
pub struct Done {
    pub fault: Option<FaultClass>,
    pub micro_usd: u32,
}

#[derive(Debug)]
struct Entry {
    due: Timestamp,
    in_flight: bool,
    is_wanted: bool,
    /// Wanted again while in flight.
    again: bool,
    failures: u32,
    fault: Option<FaultClass>,
    /// What it cost when it was last answered, in millionths of a dollar.
    micro_usd: u32,
    asked: u32,
    last: Option<Timestamp>,
}

impl Schedule {
    /// Everything is due at once.
    pub fn new(keys: impl IntoIterator<Item = FeedKey>, now: Timestamp) -> Self {
        Self {
            entries: keys.into_iter().map(|key| (key, Entry::due(now))).collect(),
            focus: BTreeSet::new(),
            budget: None,
            stretch: 1.0,
        }
    }

    /// Sets what asking may cost in an hour at list price, in dollars.
    pub fn set_budget(&mut self, usd_per_hour: Option<f64>) {
        self.budget = usd_per_hour.map(|usd| usd * 1e6);
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
    pub fn done(&mut self, key: &FeedKey, now: Timestamp, done: Done) -> Option<Timestamp> {
        if self.entries.get(key).is_some_and(|entry| entry.micro_usd != done.micro_usd && done.fault.is_none()) {
            if let Some(entry) = self.entries.get_mut(key) {
                entry.micro_usd = done.micro_usd;
            }
            self.stretch = self.needed_stretch();
        }
        let before = self.entries.get(key).and_then(|entry| entry.fault);
        if let Some(class) = before.filter(|class| done.fault.is_none() && is_away(*class)) {
            self.come_back(key, class, now);
        }
        let cadence = self.pace(key, done.micro_usd);
        if self.entries.get(key).is_some_and(|entry| !entry.is_wanted) {
            self.entries.remove(key);
        }
        let entry = self.entries.get_mut(key)?;
        entry.in_flight = false;
        entry.asked = entry.asked.wrapping_add(1);
        entry.last = Some(now);
        entry.fault = done.fault;
        entry.failures = if done.fault.is_some() { entry.failures.saturating_add(1) } else { 0 };
        let pause = match done.fault {
            None => cadence,
            // A part of it was answered, and paid for: asking again soon would pay again.
            Some(class) if done.micro_usd > 0 => pause(entry.failures, class).max(cadence),
            Some(class) => pause(entry.failures, class),
        };
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
        self.pull_forward(|schedule, key| schedule.focus.contains(&key.feed));
    }

    /// Sets which questions are asked only because somebody looks: new ones are due at once, others are dropped.
    pub fn set_wanted(&mut self, keys: &[FeedKey], now: Timestamp) {
        for (key, entry) in &mut self.entries {
            entry.is_wanted = key.is_standing() || keys.contains(key);
        }
        // One under way stays until it is answered, so that it is never asked twice at once.
        self.entries.retain(|_, entry| entry.is_wanted || entry.in_flight);
        for key in keys {
            self.entries.entry(key.clone()).or_insert_with(|| Entry::due(now));
        }
        self.settle_budget();
    }

    /// What is gone costs nothing any more, and what is left may be asked as often as before.
    fn settle_budget(&mut self) {
        let before = self.stretch;
        self.stretch = self.needed_stretch();
        if self.stretch < before {
            self.pull_forward(|_, _| true);
        }
    }

    /// Plans these no later than their present pace after they were last asked.
    fn pull_forward(&mut self, which: impl Fn(&Self, &FeedKey) -> bool) {
        let sooner: Vec<(FeedKey, Timestamp)> = self
            .entries
            .iter()
            .filter(|(key, entry)| !entry.in_flight && entry.failures == 0 && which(self, key))
            .filter_map(|(key, entry)| Some((key.clone(), entry.last? + self.pace(key, entry.micro_usd))))
            .collect();
        for (key, due) in sooner {
            if let Some(entry) = self.entries.get_mut(&key) {
                entry.due = entry.due.min(due);
            }
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

    /// After a time in which nobody could ask: what is overdue is due again, what is looked at at once, the rest spread out.
    pub fn resume(&mut self, now: Timestamp) {
        for (key, entry) in self.entries.iter_mut().filter(|(_, entry)| !entry.in_flight) {
            if entry.due <= now || entry.fault.is_some_and(is_away) {
                let is_looked_at = self.focus.contains(&key.feed) || !key.is_standing();
                entry.due = if is_looked_at { now } else { now + SPREAD.mul_f64(share(key, entry.asked)) };
            }
        }
    }

    /// After the clock was set back: what was planned by the clock of before is planned anew, spread out.
    pub fn restart(&mut self, now: Timestamp) {
        for (key, entry) in self.entries.iter_mut().filter(|(_, entry)| !entry.in_flight) {
            entry.due = now + SPREAD.mul_f64(share(key, entry.asked));
            entry.last = entry.last.map(|last| last.min(now));
        }
    }

    /// One of those that nobody answered was answered again: the others need not wait out their pauses. Credentials are back
    /// for one account; a network is back for all.
    fn come_back(&mut self, answered: &FeedKey, class: FaultClass, now: Timestamp) {
        for (key, entry) in self.entries.iter_mut().filter(|(key, entry)| !entry.in_flight && *key != answered) {
            let is_same = match entry.fault {
                Some(FaultClass::Expired) => class == FaultClass::Expired && key.scope.alias == answered.scope.alias,
                Some(other) => is_away(other) && class != FaultClass::Expired,
                // Whoever signed in anew may be somebody else: nothing may be shown under the name of before.
                None => {
                    class == FaultClass::Expired
                        && key.feed == Feed::Identity
                        && key.scope.alias == answered.scope.alias
                }
            };
            if is_same {
                let spread = if key.feed == Feed::Identity { SignedDuration::ZERO } else { SPREAD };
                entry.due = entry.due.min(now + spread.mul_f64(share(key, entry.asked)));
            }
        }
    }

    /// How much slower everything that costs must be asked for an hour to stay within the budget.
    fn needed_stretch(&self) -> f64 {
        let Some(budget) = self.budget else { return 1.0 };
        let an_hour: f64 = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.micro_usd > 0)
            .map(|(key, entry)| f64::from(entry.micro_usd) * 3_600.0 / key.feed.cadence().as_secs_f64())
            .sum();
        (an_hour / budget).max(1.0)
    }

    /// How long after an answer that cost so much the question is put again.
    fn pace(&self, key: &FeedKey, micro_usd: u32) -> SignedDuration {
        if micro_usd == 0 || self.stretch <= 1.0 {
            return self.cadence(key.feed);
        }
        // Looking at it makes it no cheaper; a graph is one question, and somebody waits for it.
        let every = if key.about == About::All { key.feed.cadence() } else { self.cadence(key.feed) };
        every.mul_f64(self.stretch)
    }

    fn cadence(&self, feed: Feed) -> SignedDuration {
        if self.focus.contains(&feed) { feed.focused_cadence() } else { feed.cadence() }
    }
}

impl Entry {
    fn due(now: Timestamp) -> Self {
        Self {
            due: now,
            in_flight: false,
            is_wanted: true,
            again: false,
            failures: 0,
            fault: None,
            micro_usd: 0,
            asked: 0,
            last: None,
        }
    }
}

/// Whether nobody answered at all: the trouble is on our side or in between, and not with one question.
fn is_away(class: FaultClass) -> bool {
    matches!(class, FaultClass::Transport | FaultClass::Timeout | FaultClass::Expired)
}

fn pause(failures: u32, class: FaultClass) -> SignedDuration {
    let doubled = FIRST_PAUSE.as_secs() << failures.saturating_sub(1).min(6);
    SignedDuration::from_secs(doubled).min(if is_away(class) { LONGEST_AWAY } else { LONGEST_PAUSE })
}

/// A tenth more or less, different for each question and each time, so that a hundred questions begun together do not
/// stay together. From a hash instead of a generator: the same session can be lived again.
fn jittered(length: SignedDuration, key: &FeedKey, asked: u32) -> SignedDuration {
    length.mul_f64(0.9 + 0.2 * share(key, asked))
}

/// Somewhere from 0 to 1, by the question and how often it was put.
fn share(key: &FeedKey, asked: u32) -> f64 {
    let mut hash = u64::from(asked).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for byte in key
        .feed
        .name()
        .bytes()
        .chain(key.scope.region.as_str().bytes())
        .chain(key.scope.account.as_str().bytes())
        .chain(key.scope.alias.as_str().bytes())
        .chain(about(key))
    {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    (hash >> 40) as f64 / (1_u64 << 24) as f64
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

    const WELL: Done = Done { fault: None, micro_usd: 0 };
    const FAILED: Done = Done { fault: Some(FaultClass::Internal), micro_usd: 0 };

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
            schedule.done(&key(Feed::Alarms), now, WELL);
            assert!((27.0..=33.0).contains(&wait(&schedule, round * 100)));
        }
    }

    #[test]
    fn failures_are_retried_with_growing_pauses_until_one_succeeds() {
        let mut schedule = Schedule::new([key(Feed::Alarms)], at(0));
        let mut pauses = Vec::new();
        for _ in 0..8 {
            schedule.take_due(Timestamp::MAX);
            schedule.done(&key(Feed::Alarms), at(0), FAILED);
            pauses.push(wait(&schedule, 0) / 5.0);
        }
        assert!((0.9..=1.1).contains(&pauses[0]));
        assert!((1.8..=2.2).contains(&pauses[1]) && pauses[3] > pauses[2]);
        assert!(pauses[7] <= 66.0, "five minutes and a tenth at most");
        schedule.take_due(Timestamp::MAX);
        schedule.done(&key(Feed::Alarms), at(0), WELL);
        schedule.take_due(Timestamp::MAX);
        schedule.done(&key(Feed::Alarms), at(0), FAILED);
        assert!(wait(&schedule, 0) <= 5.5, "forgotten after a success");
    }

    #[test]
    fn a_wish_during_a_question_is_kept_once() {
        let mut schedule = Schedule::new([key(Feed::Alarms)], at(0));
        schedule.take_due(at(0));
        schedule.ask_now(&[key(Feed::Alarms)], at(1));
        schedule.ask_now(&[key(Feed::Alarms)], at(2));
        assert!(schedule.take_due(at(3)).is_empty());
        schedule.done(&key(Feed::Alarms), at(4), WELL);
        assert_eq!(schedule.take_due(at(4)).len(), 1);
        schedule.done(&key(Feed::Alarms), at(5), WELL);
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
        schedule.done(&graph, at(6), WELL);
        schedule.set_wanted(std::slice::from_ref(&graph), at(7));
        assert!(schedule.take_due(at(7)).is_empty(), "it was asked a second ago");
        schedule.set_wanted(&[], at(8));
        assert!(schedule.take_due(at(500)).is_empty());
    }

    #[test]
    fn looking_makes_it_quicker_and_looking_away_slower() {
        let mut schedule = Schedule::new([key(Feed::Balancers)], at(0));
        schedule.take_due(at(0));
        schedule.done(&key(Feed::Balancers), at(0), WELL);
        schedule.set_focus(&[Feed::Balancers]);
        assert!(wait(&schedule, 0) <= 11.0);
        schedule.take_due(at(11));
        schedule.done(&key(Feed::Balancers), at(11), WELL);
        assert!(wait(&schedule, 11) <= 11.0);
        schedule.set_focus(&[]);
        schedule.take_due(at(30));
        schedule.done(&key(Feed::Balancers), at(30), WELL);
        assert!(wait(&schedule, 30) >= 27.0);
    }

    #[test]
    fn what_costs_too_much_is_asked_less_often() {
        // 500 metrics at 10 USD a million: half a cent each time, 30 cents an hour at every minute.
        let half_a_cent = Done { fault: None, micro_usd: 5_000 };
        let mut schedule = Schedule::new([key(Feed::Metrics), key(Feed::Alarms)], at(0));
        schedule.set_budget(Some(0.10));
        schedule.take_due(at(0));
        let next = schedule.done(&key(Feed::Metrics), at(0), half_a_cent).unwrap();
        assert!((160..=200).contains(&next.duration_since(at(0)).as_secs()), "three minutes, give or take a tenth");
        let free = schedule.done(&key(Feed::Alarms), at(0), WELL).unwrap();
        assert!(free <= at(33), "what costs nothing is as quick as ever");
        schedule.set_focus(&[Feed::Metrics]);
        schedule.take_due(at(200));
        let next = schedule.done(&key(Feed::Metrics), at(200), half_a_cent).unwrap();
        assert!(next >= at(360), "looking at it makes it no cheaper");
    }

    #[test]
    fn after_a_sleep_what_is_looked_at_comes_first_and_the_rest_spread_out() {
        let keys: Vec<FeedKey> = Feed::ALL.iter().map(|feed| key(*feed)).filter(FeedKey::is_standing).collect();
        let mut schedule = Schedule::new(keys.clone(), at(0));
        schedule.take_due(at(0));
        for key in &keys {
            schedule.done(key, at(0), WELL);
        }
        schedule.set_focus(&[Feed::Alarms]);
        let woken = 100_000;
        schedule.resume(at(woken));
        assert_eq!(schedule.take_due(at(woken)), [key(Feed::Alarms)]);
        let (early, all) = (schedule.take_due(at(woken + 7)).len(), schedule.take_due(at(woken + 15)).len());
        assert!(early > 5 && all > 5, "{early} in the first half, {all} in the second");
        assert_eq!(early + all + 1, keys.len());
    }

    #[test]
    fn one_answer_after_an_outage_calls_the_others_back() {
        let lost = Done { fault: Some(FaultClass::Transport), micro_usd: 0 };
        let keys = [key(Feed::Alarms), key(Feed::Groups), key(Feed::Caches)];
        let mut schedule = Schedule::new(keys.clone(), at(0));
        for round in 0..6 {
            schedule.take_due(Timestamp::MAX);
            for key in &keys {
                schedule.done(key, at(round), lost);
            }
        }
        assert!(wait(&schedule, 5) > 50.0 && wait(&schedule, 5) <= 66.0, "a minute and a tenth at most");
        schedule.ask_now(&keys[..1], at(10));
        schedule.take_due(at(10));
        schedule.done(&keys[0], at(10), WELL);
        assert_eq!(schedule.take_due(at(26)).len(), 2);
    }

    #[test]
    fn looking_at_what_costs_too_much_does_not_ask_it_sooner_and_what_is_gone_costs_nothing() {
        let half_a_cent = Done { fault: None, micro_usd: 5_000 };
        let graph = FeedKey::graph(
            GraphAsk { queries: Vec::new(), span: Span::Hour, period: 60 }.into(),
            key(Feed::Alarms).scope,
        );
        let mut schedule = Schedule::new([key(Feed::Metrics)], at(0));
        schedule.set_budget(Some(0.30));
        schedule.set_wanted(std::slice::from_ref(&graph), at(0));
        schedule.take_due(at(0));
        schedule.done(&graph, at(0), Done { fault: None, micro_usd: 45_000 });
        schedule.done(&key(Feed::Metrics), at(0), half_a_cent);
        assert!(wait(&schedule, 0) > 500.0, "ten times too dear together");
        schedule.set_focus(&[Feed::Metrics]);
        assert!(wait(&schedule, 0) > 500.0, "looking makes it no cheaper");
        schedule.set_wanted(&[], at(60));
        assert!(wait(&schedule, 0) <= 66.0, "alone it is within the budget");
    }

    #[test]
    fn a_failure_that_was_paid_for_is_not_repeated_at_once() {
        let mut schedule = Schedule::new([key(Feed::Spend)], at(0));
        schedule.take_due(at(0));
        let paid = Done { fault: Some(FaultClass::Timeout), micro_usd: 20_000 };
        assert!(schedule.done(&key(Feed::Spend), at(0), paid).unwrap() > at(18_000));
    }

    #[test]
    fn a_clock_set_back_stops_nothing() {
        let mut schedule = Schedule::new([key(Feed::Alarms)], at(10_000));
        schedule.take_due(at(10_000));
        schedule.done(&key(Feed::Alarms), at(10_000), WELL);
        schedule.restart(at(0));
        assert!(wait(&schedule, 0) <= 15.0);
    }

    #[test]
    fn who_signed_in_anew_is_asked_for_their_name() {
        let expired = Done { fault: Some(FaultClass::Expired), micro_usd: 0 };
        let mut schedule = Schedule::new([key(Feed::Alarms), key(Feed::Identity)], at(0));
        schedule.take_due(at(0));
        schedule.done(&key(Feed::Identity), at(0), WELL);
        schedule.done(&key(Feed::Alarms), at(0), expired);
        schedule.take_due(at(10));
        schedule.done(&key(Feed::Alarms), at(10), WELL);
        assert_eq!(schedule.take_due(at(10)), [key(Feed::Identity)]);
    }
}
