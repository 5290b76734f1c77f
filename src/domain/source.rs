//! Source repositories, pull requests and reviews.

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::list::Identified;
use crate::domain::text::Text;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SourceRepository {
    pub name: Text,
    /// `GitHub`, `CodeCommit` ...
    pub provider: Text,
    pub branch: Text,
    pub head: Commit,
    /// State of the connection AWS reads it through: `AVAILABLE`, `PENDING`, `ERROR`.
    pub connection: Text,
    pub pulls: Vec<PullRequest>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Commit {
    pub sha: Text,
    pub author: Text,
    pub message: Text,
    pub at: Timestamp,
}

impl Commit {
    pub fn short_sha(&self) -> &str {
        self.sha.as_str().get(..7).unwrap_or(self.sha.as_str())
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PullRequest {
    pub number: u32,
    pub title: Text,
    pub author: Text,
    pub opened: Timestamp,
    pub conflicts: bool,
    pub review: Review,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Review {
    Waiting { since: Timestamp },
    ChangesRequested { by: Text },
    Approved { by: Text },
}

impl Identified for SourceRepository {
    fn key(&self) -> &str {
        self.name.as_str()
    }
}
