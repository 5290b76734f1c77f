//! How long an execution and its stages take, and usually take.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::domain::delivery::{Action, Execution, Pipeline, RunStatus, Stage};
use crate::domain::text::Text;

/// Fewest durations that make something usual.
const USUAL: usize = 3;

fn median(mut all: Vec<SignedDuration>) -> Option<SignedDuration> {
    all.sort_unstable();
    (all.len() >= USUAL).then(|| all.get(all.len() / 2).copied()).flatten()
}

impl Execution {
    /// How long it took, or has taken by now.
    pub fn took(&self, now: Timestamp) -> SignedDuration {
        self.finished.unwrap_or(now).duration_since(self.started).max(SignedDuration::ZERO)
    }
}

impl Pipeline {
    /// Median of the executions that succeeded, rollbacks of one stage apart.
    pub fn usual(&self) -> Option<SignedDuration> {
        let whole = self.executions.iter().filter(|run| run.status == RunStatus::Succeeded && !run.is_rollback());
        median(whole.filter_map(|run| Some(run.finished?.duration_since(run.started))).collect())
    }
}

impl Stage {
    /// The actions the execution in it has come to: others may still tell of the one before.
    fn of_execution(&self) -> impl Iterator<Item = &Action> {
        self.actions.iter().filter(|it| it.execution.is_some() && it.execution == self.execution)
    }

    /// From the first of its actions to the end of the last, or to now while one runs; of what it holds and not of what was.
    pub fn took(&self, now: Timestamp) -> Option<SignedDuration> {
        let began = self.of_execution().filter_map(|action| action.started).min()?;
        let is_running = self.of_execution().any(|action| action.status == RunStatus::InProgress);
        let ended = self.of_execution().filter_map(|action| action.finished).max();
        let end = if is_running { now } else { ended? };
        Some(end.duration_since(began).max(SignedDuration::ZERO))
    }

    /// Since when it is as it is: what came last of what the execution in it did.
    pub fn moved(&self) -> Option<Timestamp> {
        self.of_execution().filter_map(|action| action.finished.max(action.started)).max()
    }

    /// Median of the executions all its actions succeeded for.
    pub fn usual(&self) -> Option<SignedDuration> {
        // When each began, ended, and how many of the actions succeeded for it.
        let mut all: BTreeMap<&Text, (Timestamp, Timestamp, usize)> = BTreeMap::new();
        for action in &self.actions {
            let mut before: Option<&Text> = None;
            // The newest attempt is the one that counts.
            for run in action.history.iter().flatten().filter(|run| run.status == RunStatus::Succeeded) {
                let Some(end) = run.finished.filter(|_| before != Some(&run.execution)) else { continue };
                before = Some(&run.execution);
                let known = all.entry(&run.execution).or_insert((run.started, end, 0));
                *known = (known.0.min(run.started), known.1.max(end), known.2 + 1);
            }
        }
        let whole = all.into_values().filter(|(.., count)| *count == self.actions.len());
        median(whole.map(|(began, ended, _)| ended.duration_since(began)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::delivery::ActionRun;

    #[test]
    fn a_stage_took_as_long_as_its_actions_from_first_to_last() {
        let at = |second: i64| Timestamp::from_second(1_773_000_000 + second).unwrap();
        let ran = |execution: &str, from: i64, to: i64, status| ActionRun {
            execution: execution.into(),
            version: None,
            status,
            started: at(from),
            finished: Some(at(to)),
            summary: Text::default(),
            external_id: None,
            link: None,
        };
        let ok = RunStatus::Succeeded;
        let action = |execution: &str, from: i64, to: i64, history: Vec<ActionRun>| Action {
            status: ok,
            execution: Some(execution.into()),
            started: Some(at(from)),
            finished: Some(at(to)),
            history: Some(history),
            ..Action::default()
        };
        // Two at once, of three executions; for `e1` the second failed, and passed when it was tried again.
        let first = [ran("e3", 2_000, 2_060, ok), ran("e2", 1_000, 1_030, ok), ran("e1", 0, 60, ok)];
        let again = [ran("e1", 200, 260, ok), ran("e1", 0, 100, RunStatus::Failed)];
        let second = [ran("e3", 2_000, 2_120, ok), ran("e2", 1_000, 1_090, ok)].into_iter().chain(again);
        let mut stage = Stage {
            name: "Checks".into(),
            status: ok,
            inbound_enabled: true,
            closed: Text::default(),
            execution: Some("e3".into()),
            waiting: None,
            actions: vec![action("e3", 2_000, 2_060, first.to_vec()), action("e3", 2_000, 2_120, second.collect())],
        };
        assert_eq!(stage.took(at(9_000)), Some(SignedDuration::from_secs(120)));
        assert_eq!(stage.usual(), Some(SignedDuration::from_secs(120)), "of 90, 120 and 260 s");
        assert_eq!(stage.moved(), Some(at(2_120)));
        // What has not come to the new execution yet tells of another.
        stage.execution = Some("e4".into());
        stage.actions[0] =
            Action { status: RunStatus::InProgress, finished: None, ..action("e4", 3_000, 3_000, first.to_vec()) };
        assert_eq!(stage.took(at(3_050)), Some(SignedDuration::from_secs(50)));
        assert_eq!(stage.moved(), Some(at(3_000)));
        stage.actions.truncate(1);
        stage.actions[0].history = None;
        assert_eq!(stage.usual(), None);
    }
}
