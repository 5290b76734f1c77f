//! The world's time. A real world's is the wall's; a drill's begins where its scenario says and may run faster.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// Reads time from tokio's clock, so that a test that pauses tokio owns the whole world's time.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Instant,
    start: Timestamp,
    speed: f64,
    is_wall: bool,
}

impl Clock {
    /// Starts now, at `start`, `speed` times as fast as the wall.
    pub fn starting(start: Timestamp, speed: f64) -> Self {
        Self { origin: instant(), start, speed, is_wall: false }
    }

    /// The wall's own time, for a world that is real. Not counted from a start: a laptop that slept would be behind by as long
    /// as it slept, since the clock that timers use stands still meanwhile.
    pub fn wall() -> Self {
        Self { origin: instant(), start: wall(), speed: 1.0, is_wall: true }
    }

    pub fn is_wall(&self) -> bool {
        self.is_wall
    }

    pub fn now(&self) -> Timestamp {
        if self.is_wall {
            return wall();
        }
        let elapsed = instant().saturating_duration_since(self.origin).mul_f64(self.speed);
        // A clock that has run for millennia stands still instead of failing.
        SignedDuration::try_from(elapsed)
            .ok()
            .and_then(|elapsed| self.start.checked_add(elapsed).ok())
            .unwrap_or(Timestamp::MAX)
    }

    /// When, by tokio's clock, it will be `at` in the world.
    pub fn instant_of(&self, at: Timestamp) -> Instant {
        if self.is_wall {
            let ahead = at.duration_since(wall()).as_secs_f64().clamp(0.0, 1e9);
            return instant() + Duration::from_secs_f64(ahead) + ROUNDING;
        }
        let ahead = at.duration_since(self.start).as_secs_f64().max(0.0) / self.speed;
        // Some thirty years: far enough to sleep, and no overflow.
        self.origin + Duration::from_secs_f64(ahead.min(1e9)) + ROUNDING
    }

    /// The next full second of the world, or a full second of the wall if that is later: what the screen can show.
    pub fn next_second(&self) -> Instant {
        let next = Timestamp::from_second(self.now().as_second() + 1).unwrap_or(Timestamp::MAX);
        let least = if self.speed > 1.0 { instant() + Duration::from_secs(1) } else { instant() };
        self.instant_of(next).max(least)
    }
}

/// Seconds pass through floating numbers in both directions. Without so much more, whoever sleeps until a moment may wake a
/// nanosecond before it, find that it is not yet, and sleep for no time at all, for ever where time is a test's.
const ROUNDING: Duration = Duration::from_micros(1);

#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
fn instant() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the wall's clock")]
fn wall() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_fast_clock_runs_fast_and_finds_its_moments() {
        let start: Timestamp = "2026-03-10T14:00:00Z".parse().unwrap();
        let clock = Clock::starting(start, 10.0);
        tokio::time::sleep(Duration::from_secs(6)).await;
        assert_eq!(clock.now(), start + SignedDuration::from_secs(60));
        let later = clock.instant_of(start + SignedDuration::from_secs(90));
        tokio::time::sleep_until(later).await;
        let late = clock.now().duration_since(start + SignedDuration::from_secs(90));
        assert!(
            !late.is_negative() && late <= SignedDuration::from_millis(10),
            "{late}: a timer ticks in milliseconds"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_who_sleeps_until_a_moment_wakes_before_it() {
        let start: Timestamp = "2026-03-10T14:00:00Z".parse().unwrap();
        let clock = Clock::starting(start, 60.0);
        for step in 1..1_000 {
            // A little after a tick of the timer: less than a nanosecond of the wall, but twenty of the world.
            let due = start + SignedDuration::from_millis(step * 60) + SignedDuration::from_nanos(20);
            tokio::time::sleep_until(clock.instant_of(due)).await;
            assert!(clock.now() >= due, "{step}");
        }
    }
}
