//! What is written down of an operation: one entry for each thing that happened to it, enough to know after any accident
//! what was meant, what was sent and what is not known.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::text::Text;
use crate::ops::plan::{Change, Plan, Undo};
use crate::ops::{OPERATIONS, On, Operation, Params, Target};
use crate::world::World;
use crate::world::act::{Receipt, Step};
use crate::world::item::ItemId;
use crate::world::port::CloudError;

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub at: Timestamp,
    /// The operation it belongs to; every line of it has the same.
    pub op: String,
    #[serde(flatten)]
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum What {
    /// It waits for a second person, who is told the code.
    Asked { code: String, until: Timestamp, intent: Box<Intent> },
    /// A second person has seen it and says yes.
    Granted { by: Person },
    /// It is about to be done: on disk before the first call.
    Intent(Box<Intent>),
    /// This call is about to go out, the first being 0. On disk before it does.
    Sending { step: usize },
    /// It was accepted, which is not done.
    Accepted { step: usize, receipt: Receipt },
    /// It was not: nothing of it was changed.
    Refused { step: usize, error: CloudError },
    /// It went out, and nobody knows what became of it.
    Unknown { step: usize, error: CloudError },
    /// How it ended.
    Outcome { outcome: Outcome, words: String },
}

/// Somebody at a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub user: String,
    pub host: String,
    /// What tells two logins of one user apart, where the system says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
}

/// Who, where, why and what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// `aws`, or `drill:bad-deploy`.
    pub world: String,
    pub operation: String,
    /// As people call it.
    pub target: Text,
    /// As AWS calls it; absent where it is done to all of a scope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Text>,
    /// `acme-prod/eu-west-1`.
    pub scope: String,
    pub title: String,
    pub params: Params,
    pub steps: Vec<Step>,
    /// Values as they were and as they are to be.
    pub changes: Vec<Change>,
    pub expects: String,
    pub undo: Option<Undo>,
    pub planned_at: Timestamp,
    pub deadline_seconds: i64,
    pub reason: Text,
    /// The caller's ARN, where AWS told it.
    pub caller: Option<Text>,
    pub by: Person,
    /// Of what was shown and approved.
    pub digest: String,
    pub version: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// What was expected was observed.
    Verified,
    /// It was not, within its time, or plainly will not be.
    NotReached,
    /// A call went out, and it is not known whether it arrived.
    Uncertain,
    /// Nothing was sent: the world was no longer what was shown.
    Drifted,
    /// Nothing was changed: it was refused, by AWS or on this side.
    Refused,
}

impl Outcome {
    pub fn word(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::NotReached => "not reached",
            Self::Uncertain => "uncertain",
            Self::Drifted => "drifted",
            Self::Refused => "refused",
        }
    }

    /// Whether the world is now what was wanted.
    pub fn is_good(self) -> bool {
        self == Self::Verified
    }
}

impl Intent {
    pub fn operation(&self) -> Option<&'static Operation> {
        OPERATIONS.iter().copied().find(|operation| operation.name == self.operation)
    }

    /// The plan as it was, for looking again what became of it. Nothing where this world does not hold its place, or this
    /// version knows no such operation.
    pub fn plan(&self, world: &World) -> Option<Plan> {
        let operation = self.operation()?;
        let at = world.scopes().position(|scope| scope.to_string() == self.scope)?;
        let place = world.places().get(at)?;
        let of = match operation.on {
            On::One(kind) => Target::One(ItemId { kind, place: at, id: self.id.clone()? }),
            On::Scope => Target::Scope(at),
        };
        Some(Plan {
            operation: operation.name,
            params: self.params.clone(),
            of,
            target: self.target.clone(),
            scope: place.scope.clone(),
            environment: place.scope.environment,
            title: self.title.clone(),
            outline: Vec::new(),
            blast: crate::ops::plan::Blast::Reversible,
            changes: self.changes.clone(),
            steps: self.steps.clone(),
            effects: Vec::new(),
            excluded: Vec::new(),
            warnings: Vec::new(),
            per_hour: None,
            undo: self.undo.clone(),
            expects: self.expects.clone(),
            deadline: SignedDuration::from_secs(self.deadline_seconds),
            made_at: self.planned_at,
            seen_at: self.planned_at,
        })
    }
}

/// One operation, with all that was written of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Story {
    pub op: String,
    pub intent: Intent,
    pub began: Timestamp,
    /// Calls that went out.
    pub sent: usize,
    pub accepted: usize,
    /// Request ids of the calls that were accepted.
    pub requests: Vec<Text>,
    pub granted_by: Option<Person>,
    /// What stood in the way of a call.
    pub trouble: Option<CloudError>,
    /// It waits for a second person, until then.
    pub waits: Option<(String, Timestamp)>,
    /// Nothing where nobody wrote how it ended.
    pub ended: Option<(Timestamp, Outcome, String)>,
}

/// The operations that lines of a journal tell of, newest first. One that was looked into again has two endings: the later
/// one holds.
pub fn stories(entries: &[Entry]) -> Vec<Story> {
    let mut all: Vec<Story> = Vec::new();
    for entry in entries {
        let known = all.iter_mut().rev().find(|story| story.op == entry.op);
        match (&entry.what, known) {
            (What::Intent(intent), None) => all.push(Story::begun(entry, intent)),
            (What::Asked { code, until, intent }, None) => {
                all.push(Story { waits: Some((code.clone(), *until)), ..Story::begun(entry, intent) });
            }
            (what, Some(story)) => story.take(entry.at, what),
            (_, None) => {}
        }
    }
    all.reverse();
    all
}

impl Story {
    fn begun(entry: &Entry, intent: &Intent) -> Self {
        Self {
            op: entry.op.clone(),
            intent: intent.clone(),
            began: entry.at,
            sent: 0,
            accepted: 0,
            requests: Vec::new(),
            granted_by: None,
            trouble: None,
            waits: None,
            ended: None,
        }
    }

    fn take(&mut self, at: Timestamp, what: &What) {
        match what {
            What::Asked { .. } => {}
            What::Intent(_) => self.waits = None,
            What::Granted { by } => self.granted_by = Some(by.clone()),
            What::Sending { step } => self.sent = self.sent.max(step + 1),
            What::Accepted { receipt, .. } => {
                self.accepted += 1;
                self.requests.extend(receipt.request_id.clone());
            }
            What::Refused { error, .. } | What::Unknown { error, .. } => self.trouble = Some(error.clone()),
            What::Outcome { outcome, words } => {
                self.waits = None;
                self.ended = Some((at, *outcome, words.clone()));
            }
        }
    }

    /// Whether nobody knows how it ended, although something may have been sent.
    pub fn is_open(&self) -> bool {
        self.ended.is_none() && self.waits.is_none()
    }

    /// Whether looking again could tell more than is known.
    pub fn wants_a_look(&self) -> bool {
        self.is_open() || self.ended.as_ref().is_some_and(|(_, outcome, _)| *outcome == Outcome::Uncertain)
    }

    /// In a word or two.
    pub fn state(&self) -> &'static str {
        match (&self.ended, &self.waits) {
            (Some((_, outcome, _)), _) => outcome.word(),
            (None, Some(_)) => "asks a second",
            (None, None) if self.sent == 0 => "nothing sent",
            (None, None) => "no known end",
        }
    }
}
