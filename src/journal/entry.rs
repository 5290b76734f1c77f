//! What the journal holds: one line for each thing that happened to an operation.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::world::act::{Receipt, Step};
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

/// Who, where, why and what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    pub operation: String,
    pub target: String,
    /// `acme-prod/eu-west-1`.
    pub scope: String,
    pub title: String,
    pub steps: Vec<Step>,
    /// Values as they were and as they are to be.
    pub changes: Vec<(String, String, String)>,
    pub reason: String,
    /// The caller's ARN, where AWS told it.
    pub caller: Option<String>,
    /// The person at this machine.
    pub user: String,
    pub host: String,
    /// Of what was shown and approved.
    pub digest: String,
    pub version: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// What was expected was observed.
    Verified,
    /// It was not, within its time.
    NotReached,
    /// A call went out, and it is not known whether it arrived.
    Uncertain,
    /// Nothing was sent: the world was no longer what was shown.
    Drifted,
    /// AWS refused it.
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
}
