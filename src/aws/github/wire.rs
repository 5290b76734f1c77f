//! The few fields we read of what GitHub answers. Everything may be missing: an author may have left, a state be new.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

#[derive(Clone, Debug, Deserialize)]
pub(super) struct User {
    pub login: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct CommitTold {
    pub sha: String,
    pub commit: CommitBody,
    pub author: Option<User>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct CommitBody {
    #[serde(default, deserialize_with = "or_default")]
    pub message: String,
    pub author: Option<Signature>,
    pub committer: Option<Signature>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Signature {
    pub name: Option<String>,
    pub date: Option<Timestamp>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct PullTold {
    pub number: u32,
    #[serde(default, deserialize_with = "or_default")]
    pub title: String,
    pub user: Option<User>,
    pub created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "or_default")]
    pub draft: bool,
}

/// What only the pull request itself tells.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct PullDetail {
    /// Nothing while GitHub finds out.
    pub mergeable: Option<bool>,
    pub mergeable_state: Option<String>,
}

impl PullDetail {
    pub fn conflicts(&self) -> Option<bool> {
        if self.mergeable_state.as_deref() == Some("dirty") { Some(true) } else { self.mergeable.map(|can| !can) }
    }
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct ReviewTold {
    pub user: Option<User>,
    #[serde(default, deserialize_with = "or_default")]
    pub state: String,
}

/// What went wrong, in GitHub's words.
#[derive(Debug, Deserialize)]
pub(super) struct Trouble {
    #[serde(default, deserialize_with = "or_default")]
    pub message: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct RateLimit {
    pub resources: Resources,
}

#[derive(Debug, Deserialize)]
pub(super) struct Resources {
    pub core: Core,
}

#[derive(Debug, Deserialize)]
pub(super) struct Core {
    pub limit: u32,
    pub remaining: u32,
    pub reset: i64,
}

/// `null` is as good as nothing.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}
