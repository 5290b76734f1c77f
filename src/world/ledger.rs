//! What our own asking costs: calls, throttles, latency and dollars.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::domain::money::Usd;
use crate::domain::scope::ScopeRef;
use crate::world::port::{CloudError, FaultClass, FeedKey, Usage};

/// Totals of this session, and what each question took when it was last put.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    calls: u64,
    micro_usd: u64,
    last: BTreeMap<FeedKey, Paced>,
    /// Milliseconds the newest answers of each service took, by scope.
    latencies: BTreeMap<(&'static str, ScopeRef), VecDeque<u32>>,
    /// When we were throttled, of the last five minutes.
    throttled: VecDeque<(Timestamp, &'static str, ScopeRef)>,
}

/// What a question took, and how often it is put.
#[derive(Clone, Copy, Debug)]
struct Paced {
    usage: Usage,
    every: SignedDuration,
}

/// What asking one service in one scope takes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ServiceUse {
    /// As IAM names it: `cloudwatch`.
    pub service: &'static str,
    #[serde(skip)]
    pub scope: ScopeRef,
    pub calls_per_minute: f64,
    /// In the last five minutes.
    pub throttled: usize,
    /// Of the newest answers, in milliseconds; nothing before the first.
    pub p50_ms: Option<u32>,
    pub p99_ms: Option<u32>,
    /// List price of an hour at that pace.
    pub usd_per_hour: Usd,
}

/// Answers whose latency is remembered for each service and scope.
const REMEMBERED: usize = 64;

const WINDOW: SignedDuration = SignedDuration::from_mins(5);

impl Ledger {
    /// `next` is when the question is planned to be put again.
    pub fn note(
        &mut self,
        key: &FeedKey,
        at: Timestamp,
        usage: &Usage,
        error: Option<&CloudError>,
        next: Option<Timestamp>,
    ) {
        self.calls += u64::from(usage.calls);
        self.micro_usd += u64::from(usage.micro_usd);
        if usage.calls > 0 && error.is_none() {
            let latencies = self.latencies.entry((service_of(key), Arc::clone(&key.scope))).or_default();
            if latencies.len() == REMEMBERED {
                latencies.pop_front();
            }
            latencies.push_back(usage.latency_ms);
        }
        match error {
            // A refused question costs next to nothing; the last answered one says what it costs to ask.
            Some(error) if error.class == FaultClass::Throttled => {
                self.throttled.push_back((at, service_of(key), Arc::clone(&key.scope)));
            }
            Some(_) => {}
            // What is asked while somebody looks is spent, but no pace to count on.
            None if !key.is_standing() => {}
            None => {
                let every = key.feed.paced(next.map(|next| next.duration_since(at)));
                self.last.insert(key.clone(), Paced { usage: *usage, every });
            }
        }
        while self.throttled.front().is_some_and(|(then, ..)| at.duration_since(*then) > WINDOW) {
            self.throttled.pop_front();
        }
    }

    pub fn calls(&self) -> u64 {
        self.calls
    }

    pub fn spent(&self) -> Usd {
        Usd { micros: self.micro_usd as i64 }
    }

    /// At the pace questions are planned: what this console does while nobody looks at anything in particular. Counting the last
    /// minutes instead would call the burst of the first second a pace.
    pub fn calls_per_minute(&self) -> f64 {
        // Not `sum()`: the sum of no floats is -0.0, and would be shown so.
        self.last
            .values()
            .map(|last| f64::from(last.usage.calls) * 60.0 / last.every.as_secs_f64())
            .fold(0.0, |sum, calls| sum + calls)
    }

    /// List price of an hour at that pace.
    pub fn usd_per_hour(&self) -> Usd {
        let micros: f64 =
            self.last.values().map(|last| f64::from(last.usage.micro_usd) * 3_600.0 / last.every.as_secs_f64()).sum();
        Usd { micros: micros as i64 }
    }

    pub fn throttled_lately(&self, now: Timestamp) -> usize {
        self.throttled.iter().filter(|(then, ..)| now.duration_since(*then) <= WINDOW).count()
    }

    /// Each service in each scope, the busiest first.
    pub fn by_service(&self, now: Timestamp) -> Vec<ServiceUse> {
        let mut paces: BTreeMap<(&'static str, ScopeRef), (f64, f64)> = BTreeMap::new();
        for (key, Paced { usage, every }) in self.last.iter().filter(|(_, last)| last.usage.calls > 0) {
            let a_minute = 60.0 / every.as_secs_f64();
            let pace = paces.entry((service_of(key), Arc::clone(&key.scope))).or_default();
            pace.0 += f64::from(usage.calls) * a_minute;
            pace.1 += f64::from(usage.micro_usd) * a_minute * 60.0;
        }
        for (_, service, scope) in &self.throttled {
            paces.entry((service, Arc::clone(scope))).or_default();
        }
        let mut all: Vec<ServiceUse> = paces
            .into_iter()
            .map(|((service, scope), (calls_per_minute, micros))| {
                let mut latencies: Vec<u32> =
                    self.latencies.get(&(service, Arc::clone(&scope))).into_iter().flatten().copied().collect();
                latencies.sort_unstable();
                let at =
                    |share: f64| latencies.get((latencies.len().saturating_sub(1) as f64 * share).round() as usize);
                let throttled = self
                    .throttled
                    .iter()
                    .filter(|(then, of, at)| *of == service && *at == scope && now.duration_since(*then) <= WINDOW)
                    .count();
                ServiceUse {
                    service,
                    calls_per_minute,
                    throttled,
                    p50_ms: at(0.5).copied(),
                    p99_ms: at(0.99).copied(),
                    usd_per_hour: Usd { micros: micros as i64 },
                    scope,
                }
            })
            .collect();
        all.sort_by(|a, b| {
            b.calls_per_minute
                .total_cmp(&a.calls_per_minute)
                .then_with(|| (a.service, &a.scope).cmp(&(b.service, &b.scope)))
        });
        all
    }

    /// Mean over the last answer to each question.
    pub fn mean_latency_ms(&self) -> Option<f64> {
        let answered: Vec<f64> = self
            .last
            .values()
            .filter(|last| last.usage.calls > 0)
            .map(|last| f64::from(last.usage.latency_ms))
            .collect();
        if answered.is_empty() { None } else { Some(answered.iter().sum::<f64>() / answered.len() as f64) }
    }
}

/// The service behind a question: `cloudwatch` of `cloudwatch:DescribeAlarms`.
fn service_of(key: &FeedKey) -> &'static str {
    key.feed.operation().split(':').next().unwrap_or("")
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
            ledger.note(&key(Feed::Alarms), now, &Usage { calls: 2, latency_ms: 80, micro_usd: 0 }, None, None);
            ledger.note(&key(Feed::Metrics), now, &Usage { calls: 1, latency_ms: 40, micro_usd: 100 }, None, None);
        }
        assert!((ledger.calls_per_minute() - 5.0).abs() < 1e-9);
        assert_eq!(ledger.usd_per_hour(), Usd { micros: 6_000 });
        assert_eq!(ledger.calls(), 9);
        assert_eq!(ledger.mean_latency_ms(), Some(60.0));
    }

    #[test]
    fn each_service_has_its_pace_its_latency_and_its_throttles() {
        let mut ledger = Ledger::default();
        let now = Timestamp::UNIX_EPOCH;
        for latency_ms in [10, 20, 900] {
            ledger.note(&key(Feed::Alarms), now, &Usage { calls: 2, latency_ms, micro_usd: 0 }, None, None);
        }
        ledger.note(&key(Feed::Metrics), now, &Usage { calls: 1, latency_ms: 40, micro_usd: 100 }, None, None);
        ledger.note(&key(Feed::Instances), now, &Usage { calls: 3, latency_ms: 70, micro_usd: 0 }, None, None);
        let all = ledger.by_service(now);
        assert_eq!(all.iter().map(|of| of.service).collect::<Vec<_>>(), ["ec2", "cloudwatch"]);
        assert!((all[1].calls_per_minute - 5.0).abs() < 1e-9);
        assert_eq!((all[1].p50_ms, all[1].p99_ms), (Some(40), Some(900)));
        assert_eq!(all[1].usd_per_hour, Usd { micros: 6_000 });
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
        ledger.note(&key(Feed::Alarms), at(0), &Usage::default(), Some(&error), None);
        ledger.note(&key(Feed::Alarms), at(200), &Usage::default(), Some(&error), None);
        assert_eq!(ledger.throttled_lately(at(250)), 2);
        assert_eq!(ledger.throttled_lately(at(301)), 1);
        assert_eq!(ledger.throttled_lately(at(900)), 0);
    }
}
