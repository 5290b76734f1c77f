//! Builds: what CodeBuild ran for a pipeline, and what came of it.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::domain::delivery::{RunStatus, TestCounts};
use crate::domain::list::Identified;
use crate::domain::text::Text;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Build {
    /// `unit-tests:94da3b90-2db2-4427-9b15-95c93f0aaf86`: what a pipeline calls the run of its action.
    pub id: Text,
    pub project: Text,
    pub number: Option<u64>,
    pub status: RunStatus,
    /// The same in CodeBuild's own words: `TIMED_OUT` and `FAULT` are failures of different kinds.
    pub word: Text,
    /// Commit it was made from.
    pub commit: Option<Text>,
    /// Who started it: a pipeline, a webhook, a person.
    pub by: Text,
    pub started: Option<Timestamp>,
    pub finished: Option<Timestamp>,
    /// In the order they ran.
    pub phases: Vec<Phase>,
    pub artifacts: Vec<Artifact>,
    /// What it hands on, by name. What looks like a secret is masked.
    pub exports: Vec<(Text, Text)>,
    /// Nothing where it left no report of tests, or it was not read.
    pub tests: Option<TestCounts>,
    /// Where its log is, for a browser.
    pub log_link: Option<Text>,
    /// The last lines of the log of one that failed. Masked as well as can be, and yet no matter for files and reports.
    #[serde(skip)]
    pub log: Option<Vec<Text>>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Phase {
    /// `INSTALL`, `BUILD` ..., in AWS's spelling.
    pub name: Text,
    pub status: Text,
    pub took: Option<SignedDuration>,
    /// Why it failed; empty where it did not.
    pub message: Text,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Artifact {
    pub location: Text,
    pub sha256: Option<Text>,
}

impl Build {
    /// Why it failed: what the first phase that did says.
    pub fn failure(&self) -> Option<&Phase> {
        self.phases.iter().find(|phase| !phase.message.is_empty())
    }
}

impl Identified for Build {
    fn key(&self) -> &str {
        self.id.as_str()
    }
}
