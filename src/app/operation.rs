//! Operations under way, as the model holds them.

use jiff::Timestamp;

use crate::domain::text::Text;
use crate::ops::plan::Plan;
use crate::ops::record::Outcome;

/// Which one, in this console.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpId(pub u32);

/// What became of it since the last time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpEvent {
    /// Its name in the journal.
    Named(String),
    /// A second person has to say `opscon approve CODE`, until then.
    Asked {
        code: String,
        until: Timestamp,
    },
    /// Its target is read once more before anything is sent.
    Looking,
    /// This call goes out, the first being 0.
    Sending(usize),
    /// What is waited for, as far as it has got.
    Waiting(String),
    Ended(Outcome, String),
}

/// One operation of this console, from its approval to its end and a while beyond.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    pub id: OpId,
    pub plan: Plan,
    pub reason: Text,
    pub began: Timestamp,
    /// Its name in the journal, once it has one.
    pub op: Option<String>,
    pub phase: Phase,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Phase {
    Asked { code: String, until: Timestamp },
    Looking,
    Sending(usize),
    Waiting(String),
    Ended { at: Timestamp, outcome: Outcome, words: String },
}

impl Course {
    pub fn is_running(&self) -> bool {
        !matches!(self.phase, Phase::Ended { .. })
    }

    pub fn take(&mut self, at: Timestamp, event: OpEvent) {
        self.phase = match event {
            OpEvent::Named(op) => {
                self.op = Some(op);
                return;
            }
            OpEvent::Asked { code, until } => Phase::Asked { code, until },
            OpEvent::Looking => Phase::Looking,
            OpEvent::Sending(step) => Phase::Sending(step),
            OpEvent::Waiting(words) => Phase::Waiting(words),
            OpEvent::Ended(outcome, words) => Phase::Ended { at, outcome, words },
        };
    }

    /// What it does at the moment, in a few words.
    pub fn words(&self) -> String {
        match &self.phase {
            Phase::Asked { code, .. } => format!("waits for a second person: `opscon approve {code}`"),
            Phase::Looking => "looks once more before it sends".into(),
            Phase::Sending(step) => format!("sends {} of {}", step + 1, self.plan.steps.len()),
            Phase::Waiting(words) => words.clone(),
            Phase::Ended { outcome, words, .. } => format!("{}: {words}", outcome.word()),
        }
    }
}
