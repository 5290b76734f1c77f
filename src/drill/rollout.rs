//! Versions, and the replacing of one by another.

use crate::domain::text::Text;

/// What a unit runs, with the faults it brings.
#[derive(Clone, Debug, PartialEq)]
pub struct Release {
    pub version: Text,
    /// Share of requests it fails.
    pub errors: f64,
    /// Work per request, as a multiple of the usual.
    pub work: f64,
    /// Ticks of service after which a unit falls ill.
    pub ill_after: Option<i64>,
    /// A unit never comes into service with it; why, in the words of AWS.
    pub never_starts: Option<Text>,
}

impl Release {
    /// A version without faults. Even good software fails a request in twenty thousand.
    pub fn sound(version: &str) -> Self {
        Self { version: version.into(), errors: 0.000_05, work: 1.0, ill_after: None, never_starts: None }
    }
}

#[derive(Clone, Debug)]
pub struct Rollout {
    pub release: Release,
    pub from: Text,
    pub by: Text,
    pub message: Text,
    /// No run of a pipeline led to it.
    pub apart: bool,
    pub started: i64,
    pub finished: Option<i64>,
    pub outcome: Outcome,
    pub done: u32,
    pub total: u32,
    /// Not before this tick.
    pub next_batch: i64,
    /// After so many units it goes on no further.
    pub stalls_after: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Running,
    Succeeded,
    Failed { ill: usize },
    Stopped,
}

impl Rollout {
    pub fn new(
        release: Release,
        from: impl Into<Text>,
        by: impl Into<Text>,
        message: impl Into<Text>,
        tick: i64,
    ) -> Self {
        Self {
            release,
            from: from.into(),
            by: by.into(),
            message: message.into(),
            apart: false,
            started: tick,
            finished: None,
            outcome: Outcome::Running,
            done: 0,
            total: 0,
            next_batch: tick,
            stalls_after: None,
        }
    }

    /// The same, begun past the pipelines.
    #[must_use]
    pub fn apart(self) -> Self {
        Self { apart: true, ..self }
    }

    /// One that ended well before the drill began.
    pub fn past(version: &str, from: &str, by: &str, message: &str, started: i64, ticks: i64, total: u32) -> Self {
        Self {
            finished: Some(started + ticks),
            outcome: Outcome::Succeeded,
            done: total,
            total,
            ..Self::new(Release::sound(version), from, by, message, started)
        }
    }

    pub fn is_running(&self) -> bool {
        self.outcome == Outcome::Running
    }

    pub fn succeeded(&self) -> bool {
        self.outcome == Outcome::Succeeded
    }

    pub fn succeed(&mut self, tick: i64) {
        self.finish(tick, Outcome::Succeeded);
        self.done = self.total;
    }

    pub fn fail(&mut self, tick: i64, ill: usize) {
        self.finish(tick, Outcome::Failed { ill });
    }

    pub fn stop(&mut self, tick: i64) {
        self.finish(tick, Outcome::Stopped);
    }

    fn finish(&mut self, tick: i64, outcome: Outcome) {
        self.outcome = outcome;
        self.finished = Some(tick);
    }
}
