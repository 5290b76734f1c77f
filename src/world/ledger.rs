//! What our own asking costs: calls, throttles, latency and dollars.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use crate::domain::money::Usd;
use crate::world::port::{CloudError, FaultClass, Usage};

/// Calls of this session, and of the last five minutes one by one.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    started: Option<Timestamp>,
    calls: u64,
    throttled: u64,
    failed: u64,
    micro_usd: u64,
    recent: VecDeque<Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    at: Timestamp,
    usage: Usage,
    throttled: bool,
}

const WINDOW: SignedDuration = SignedDuration::from_mins(5);

impl Ledger {
    pub fn note(&mut self, at: Timestamp, usage: &Usage, error: Option<&CloudError>) {
        let throttled = error.is_some_and(|error| error.class == FaultClass::Throttled);
        self.started.get_or_insert(at);
        self.calls += u64::from(usage.calls);
        self.throttled += u64::from(throttled);
        self.failed += u64::from(error.is_some());
        self.micro_usd += u64::from(usage.micro_usd);
        self.recent.push_back(Entry { at, usage: *usage, throttled });
        while self.recent.front().is_some_and(|entry| at.duration_since(entry.at) > WINDOW) {
            self.recent.pop_front();
        }
    }

    pub fn calls(&self) -> u64 {
        self.calls
    }

    pub fn failed(&self) -> u64 {
        self.failed
    }

    pub fn spent(&self) -> Usd {
        Usd { micros: self.micro_usd as i64 }
    }

    /// Mean over the window, or over the session while it is younger; the burst at the start is spread over a minute
    /// at least, so that a console just opened does not claim thousands a minute.
    pub fn calls_per_minute(&self, now: Timestamp) -> f64 {
        let calls: u64 = self.window(now).map(|entry| u64::from(entry.usage.calls)).sum();
        calls as f64 / self.minutes(now)
    }

    pub fn throttled_in_window(&self, now: Timestamp) -> usize {
        self.window(now).filter(|entry| entry.throttled).count()
    }

    pub fn mean_latency_ms(&self, now: Timestamp) -> Option<f64> {
        let (count, total) = self
            .window(now)
            .filter(|entry| entry.usage.calls > 0)
            .fold((0_u32, 0_u64), |(count, total), entry| (count + 1, total + u64::from(entry.usage.latency_ms)));
        if count == 0 { None } else { Some(total as f64 / f64::from(count)) }
    }

    /// What an hour like the last five minutes would cost. Cost Explorer's six-hourly requests are left out: one of
    /// them in the window would read as many times its hourly share.
    pub fn usd_per_hour(&self, now: Timestamp) -> Usd {
        let micros: u64 = self
            .window(now)
            .map(|entry| u64::from(entry.usage.micro_usd))
            .filter(|micros| *micros < 10_000)
            .sum();
        Usd { micros: (micros as f64 / self.minutes(now) * 60.0) as i64 }
    }

    fn window(&self, now: Timestamp) -> impl Iterator<Item = &Entry> {
        self.recent.iter().filter(move |entry| now.duration_since(entry.at) <= WINDOW)
    }

    fn minutes(&self, now: Timestamp) -> f64 {
        let age = self.started.map_or(SignedDuration::ZERO, |started| now.duration_since(started));
        age.clamp(SignedDuration::from_mins(1), WINDOW).as_secs_f64() / 60.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_773_000_000 + second).unwrap()
    }

    #[test]
    fn rates_are_over_the_window_and_not_over_the_burst_at_the_start() {
        let mut ledger = Ledger::default();
        for _ in 0..30 {
            ledger.note(at(0), &Usage { calls: 2, latency_ms: 80, micro_usd: 10 }, None);
        }
        assert!((ledger.calls_per_minute(at(1)) - 60.0).abs() < 1e-9);
        assert!((ledger.calls_per_minute(at(300)) - 12.0).abs() < 1e-9);
        assert_eq!(ledger.usd_per_hour(at(300)), Usd { micros: 3_600 });
        ledger.note(at(700), &Usage { calls: 1, latency_ms: 80, micro_usd: 0 }, None);
        assert!((ledger.calls_per_minute(at(700)) - 0.2).abs() < 1e-9);
        assert_eq!(ledger.calls(), 61);
    }
}
