//! Source repositories, pull requests and reviews.

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::list::Identified;
use crate::domain::text::Text;

/// A branch of a repository that pipelines take commits from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SourceRepository {
    /// Name and branch: a repository may be delivered from several.
    #[serde(skip)]
    pub key: Text,
    pub name: Text,
    /// `GitHub`, `CodeCommit`, `Bitbucket` ...
    pub provider: Text,
    pub branch: Text,
    /// Newest first, of the branch; nothing where they cannot be read.
    pub commits: Option<Vec<Commit>>,
    /// State of the connection AWS reads it through: `AVAILABLE`, `PENDING`, `ERROR`. Nothing where there is none, or it may
    /// not be read.
    pub connection: Option<Text>,
    /// The open ones into the branch; nothing where they cannot be read.
    pub pulls: Option<Vec<PullRequest>>,
}

impl SourceRepository {
    pub fn key_of(name: &Text, branch: &Text) -> Text {
        format!("{name} {branch}").into()
    }

    /// Its newest commit.
    pub fn head(&self) -> Option<&Commit> {
        self.commits.as_ref()?.first()
    }
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
    /// Not told everywhere, and not while it is being found out.
    pub conflicts: Option<bool>,
    /// Nothing where reviews were not read.
    pub review: Option<Review>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Review {
    /// Nobody is asked yet.
    Draft,
    Waiting {
        since: Timestamp,
    },
    ChangesRequested {
        by: Text,
    },
    Approved {
        by: Text,
    },
}

impl Identified for SourceRepository {
    fn key(&self) -> &str {
        self.key.as_str()
    }
}
