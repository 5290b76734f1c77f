//! What our own asking costs: calls, throttles, latency and dollars.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

use crate::domain::money::Usd;
use crate::world::port::{About, CloudError, FaultClass, FeedKey, Usage};

/// Totals of this session, and what each question took when it was last put.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    calls: u64,
    micro_usd: u64,
    last: BTreeMap<FeedKey, Usage>,
    /// When we were throttled, of the last five minutes.
    throttled: VecDeque<Timestamp>,
}

const WINDOW: SignedDuration = SignedDuration::from_mins(5);

impl Ledger {
    pub fn note(&mut self, key: &FeedKey, at: Timestamp, usage: &Usage, error: Option<&CloudError>) {
        self.calls += u64::from(usage.calls);
        self.micro_usd += u64::from(usage.micro_usd);
        match error {
            // A refused question costs next to nothing; the last answered one says what it costs to ask.
            Some(error) if error.class == FaultClass::Throttled => self.throttled.push_back(at),
            Some(_) => {}
            // A graph is asked while somebody looks; what it costs is spent, but no pace to count on.
            None if key.about != About::All => {}
            None => {
                self.last.insert(key.clone(), *usage);
            }
        }
        while self.throttled.front().is_some_and(|then| at.duration_since(*then) > WINDOW) {
            self.throttled.pop_front();
        }
    }

    pub fn calls(&self) -> u64 {
        self.calls
    }

    pub fn spent(&self) -> Usd {
        Usd { micros: self.micro_usd as i64 }
    }

    /// At the feeds' own cadences: what this console does while nobody looks at anything in particular. Counting the last
    /// minutes instead would call the burst of the first second a pace.
    pub fn calls_per_minute(&self) -> f64 {
        // Not `sum()`: the sum of no floats is -0.0, and would be shown so.
        self.last
            .iter()
            .map(|(key, usage)| f64::from(usage.calls) * 60.0 / key.feed.cadence().as_secs_f64())
            .fold(0.0, |sum, calls| sum + calls)
    }

    /// List price of an hour at that pace.
    pub fn usd_per_hour(&self) -> Usd {
        let micros: f64 = self
            .last
            .iter()
            .map(|(key, usage)| f64::from(usage.micro_usd) * 3_600.0 / key.feed.cadence().as_secs_f64())
            .sum();
        Usd { micros: micros as i64 }
    }

    pub fn throttled_lately(&self, now: Timestamp) -> usize {
        self.throttled.iter().filter(|then| now.duration_since(**then) <= WINDOW).count()
    }

    /// Mean over the last answer to each question.
    pub fn mean_latency_ms(&self) -> Option<f64> {
        let answered: Vec<f64> =
            self.last.values().filter(|usage| usage.calls > 0).map(|usage| f64::from(usage.latency_ms)).collect();
        if answered.is_empty() { None } else { Some(answered.iter().sum::<f64>() / answered.len() as f64) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::scope::{Environment, Scope, ScopeRef};
    use crate::world::feed::Feed;

    fn key(feed: Feed) -> FeedKey {
        let scope = Scope {
            account: "123456789012".into(),
            alias: "".into(),
            region: "eu-west-1".into(),
            environment: Environment::Prod,
        };
        FeedKey::all(feed, ScopeRef::new(scope))
    }

    #[test]
    fn the_pace_follows_from_cadences_and_not_from_the_burst_at_the_start() {
        let mut ledger = Ledger::default();
        let now = Timestamp::UNIX_EPOCH;
        for _ in 0..3 {
            ledger.note(&key(Feed::Alarms), now, &Usage { calls: 2, latency_ms: 80, micro_usd: 0 }, None);
            ledger.note(&key(Feed::Metrics), now, &Usage { calls: 1, latency_ms: 40, micro_usd: 100 }, None);
        }
        assert!((ledger.calls_per_minute() - 5.0).abs() < 1e-9);
        assert_eq!(ledger.usd_per_hour(), Usd { micros: 6_000 });
        assert_eq!(ledger.calls(), 9);
        assert_eq!(ledger.mean_latency_ms(), Some(60.0));
    }

    #[test]
    fn throttles_are_forgotten_after_five_minutes() {
        let mut ledger = Ledger::default();
        let error = CloudError {
            class: FaultClass::Throttled,
            operation: "".into(),
            message: "Rate exceeded".into(),
            missing: None,
        };
        let at = |second| Timestamp::from_second(second).unwrap();
        ledger.note(&key(Feed::Alarms), at(0), &Usage::default(), Some(&error));
        ledger.note(&key(Feed::Alarms), at(200), &Usage::default(), Some(&error));
        assert_eq!(ledger.throttled_lately(at(250)), 2);
        assert_eq!(ledger.throttled_lately(at(301)), 1);
        assert_eq!(ledger.throttled_lately(at(900)), 0);
    }
}
