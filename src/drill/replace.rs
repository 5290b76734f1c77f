//! One version of a fleet replaced by another: in batches, each watched before the next begins.

use crate::drill::fleet::{Fleet, NEVER, SHORT_BREAK, Unit, UnitState};
use crate::drill::rollout::{Release, Rollout};

/// From one batch of a rollout to the next, in ticks: each is watched before the next begins.
const BETWEEN_BATCHES: i64 = 9;

impl Fleet {
    /// Moves the rollout under way on by one tick.
    pub(super) fn advance_rollout(&mut self, tick: i64) {
        let Some(rollout) = self.rollouts.last_mut().filter(|rollout| rollout.is_running()) else { return };
        let version = rollout.release.version.clone();
        let is_new = |unit: &&Unit| unit.release.version == version;
        rollout.total = self.units.len() as u32;
        rollout.done = self.units.iter().filter(is_new).filter(|unit| !is_starting(unit)).count() as u32;
        let ill = self.units.iter().filter(is_new).filter(|unit| matches!(unit.state, UnitState::Ill { .. })).count();
        // Its first batch is watched before anything is said of it.
        if ill >= 2 && tick - rollout.started >= BETWEEN_BATCHES {
            rollout.fail(tick, ill);
            return;
        }
        let is_stalled = rollout.stalls_after.is_some_and(|most| rollout.done >= most);
        // What a version before never brought up is not waited for.
        let is_busy = |unit: &Unit| is_starting(unit) && (is_new(&unit) || !is_dead(unit));
        if is_stalled || self.units.iter().any(is_busy) || tick < rollout.next_batch {
            return;
        }
        // A unit on its way out is let go.
        let mut waiting: Vec<usize> = (0..self.units.len())
            .filter(|at| self.units[*at].release.version != version)
            .filter(|at| !matches!(self.units[*at].state, UnitState::Draining { .. }))
            .collect();
        if waiting.is_empty() {
            // Watch the last batch for a minute before calling it done.
            if tick >= rollout.next_batch + 3 {
                rollout.succeed(tick);
            }
            return;
        }
        rollout.next_batch = tick + BETWEEN_BATCHES;
        let release = rollout.release.clone();
        // What serves nobody can go all at once.
        if waiting.iter().any(|at| is_dead(&self.units[*at])) {
            waiting.retain(|at| is_dead(&self.units[*at]));
        } else {
            waiting.truncate(2);
        }
        for position in waiting {
            let unit = &mut self.units[position];
            unit.state = match release.never_starts {
                Some(_) => UnitState::Booting { until: NEVER },
                None => UnitState::Deploying { until: tick + SHORT_BREAK },
            };
            unit.release = release.clone();
            unit.serving_since = tick;
            unit.restarts.clear();
        }
    }

    /// Begins to replace what the units run. One that is still running is stopped.
    pub fn roll_out(&mut self, mut rollout: Rollout, tick: i64) {
        if let Some(running) = self.rollouts.last_mut().filter(|rollout| rollout.is_running()) {
            running.stop(tick);
        }
        rollout.total = self.units.len() as u32;
        self.release = rollout.release.clone();
        self.rollouts.push(rollout);
    }

    /// The newest version, before the present one, that a rollout brought to an end.
    pub fn last_good(&self) -> Option<&Release> {
        self.rollouts
            .iter()
            .rev()
            .filter(|rollout| rollout.succeeded())
            .map(|rollout| &rollout.release)
            .find(|release| release.version != self.release.version)
    }

    /// A version it has run, or stood on before the oldest rollout that is remembered.
    pub fn release_called(&self, version: &str) -> Option<Release> {
        let known = self.rollouts.iter().rev().map(|rollout| &rollout.release);
        let known = known.chain([&self.release]).find(|release| release.version == *version).cloned();
        known.or_else(|| self.rollouts.iter().any(|rollout| rollout.from == *version).then(|| Release::sound(version)))
    }
}

fn is_starting(unit: &Unit) -> bool {
    is_dead(unit) || matches!(unit.state, UnitState::Deploying { .. })
}

/// It never comes into service.
fn is_dead(unit: &Unit) -> bool {
    unit.state == UnitState::Booting { until: NEVER }
}
