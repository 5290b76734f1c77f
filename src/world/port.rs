//! The seam between the console and whatever it watches: AWS, the drill world, a recording.
//!
//! Deliberately small. Reading is one method; a console that may only read simply holds nothing else.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::graph::GraphAsk;
use crate::domain::scope::ScopeRef;
use crate::domain::text::Text;
use crate::world::feed::{Feed, Payload, Reach};

pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One question: which feed, where, and about what where there is more than one thing to ask.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeedKey {
    pub feed: Feed,
    pub scope: ScopeRef,
    pub about: About,
}

/// What a question is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum About {
    /// Everything the feed has.
    All,
    /// Asked while somebody looks at it.
    Graph(Arc<GraphAsk>),
}

impl FeedKey {
    pub fn all(feed: Feed, scope: ScopeRef) -> Self {
        Self { feed, scope, about: About::All }
    }

    /// Whether it is asked again and again, whether somebody looks or not.
    pub fn is_standing(&self) -> bool {
        self.about == About::All && self.feed.reach() != Reach::Looked
    }

    pub fn graph(ask: Arc<GraphAsk>, scope: ScopeRef) -> Self {
        Self { feed: Feed::Graphs, scope, about: About::Graph(ask) }
    }
}

impl fmt::Display for FeedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.feed.name(), self.scope)
    }
}

/// One answer, with what it cost to get.
#[derive(Clone, Debug)]
pub struct Answer {
    pub outcome: Result<Payload, CloudError>,
    pub usage: Usage,
    /// What could not be read beside it and can be done without.
    pub gaps: Vec<CloudError>,
}

impl Answer {
    /// A whole answer, or none.
    pub fn of(outcome: Result<Payload, CloudError>, usage: Usage) -> Self {
        Self { outcome, usage, gaps: Vec::new() }
    }
}

/// An answer, and when it came.
#[derive(Clone, Debug)]
pub struct Observation {
    pub key: FeedKey,
    pub at: Timestamp,
    pub outcome: Result<Payload, CloudError>,
    pub usage: Usage,
    pub gaps: Vec<CloudError>,
    /// When it will be asked again, if that is planned.
    pub next: Option<Timestamp>,
}

impl Observation {
    pub fn of(key: FeedKey, at: Timestamp, answer: Answer, next: Option<Timestamp>) -> Self {
        Self { key, at, outcome: answer.outcome, usage: answer.usage, gaps: answer.gaps, next }
    }
}

/// What one answer took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    pub calls: u32,
    pub latency_ms: u32,
    /// List price of the calls, in millionths of a dollar.
    pub micro_usd: u32,
}

/// Why an answer did not come. Each class has one wording and one remedy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FaultClass {
    Throttled,
    Denied,
    /// Nobody signed in, or not any more.
    Expired,
    /// Gone between being listed and being looked at.
    NotFound,
    Timeout,
    Transport,
    Malformed,
    /// The service itself failed.
    Internal,
    Unsupported,
}

impl FaultClass {
    pub const ALL: &[Self] = &[
        Self::Throttled,
        Self::Denied,
        Self::Expired,
        Self::NotFound,
        Self::Timeout,
        Self::Transport,
        Self::Malformed,
        Self::Internal,
        Self::Unsupported,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::NotFound => "notfound",
            Self::Timeout => "timeout",
            Self::Transport => "transport",
            Self::Malformed => "malformed",
            Self::Internal => "internal",
            Self::Unsupported => "unsupported",
        }
    }

    /// What the person on call can do about it.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Throttled => "asked again more slowly by itself",
            Self::Denied => "add the missing action to the role's policy",
            Self::Expired => "sign in again; the console goes on by itself",
            Self::NotFound => "it is gone; the list is read again by itself",
            Self::Timeout => "asked again by itself; check the network path if it stays",
            Self::Transport => "check network, proxy and DNS",
            Self::Malformed => "something between here and AWS changed the answer; check the proxy",
            Self::Internal => "asked again by itself; see the AWS Health Dashboard if it stays",
            Self::Unsupported => "this endpoint or region does not offer it",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{operation}: {message}")]
pub struct CloudError {
    pub class: FaultClass,
    /// `cloudwatch:DescribeAlarms`.
    pub operation: Text,
    pub message: Text,
    /// The IAM action that would have allowed it, when that is the trouble.
    pub missing: Option<Text>,
}

/// How the message of a sign-in begins that waits for a code.
const NEEDS_CODE: &str = "needs the MFA code of ";

impl CloudError {
    /// Nobody has entered the code of this device yet, or not any more.
    pub fn needs_code(operation: &str, device: &str) -> Self {
        let message = Text::new(&format!("{NEEDS_CODE}{device}"));
        Self { class: FaultClass::Expired, operation: operation.into(), message, missing: None }
    }

    /// Whether a code, and nothing else, is what is missing.
    pub fn wants_code(&self) -> bool {
        self.class == FaultClass::Expired && self.message.as_str().starts_with(NEEDS_CODE)
    }
}

/// Signs in with what only a person has in their hand.
pub trait SignIn: Send + Sync {
    /// `code` is what the device of this serial number shows. Every account that waits for the device opens with it.
    fn enter<'a>(&'a self, device: &'a str, code: &'a str) -> BoxFuture<'a, Result<(), CloudError>>;
}

/// Reads. A world that can only be observed cannot be changed: safety is not an `if`.
pub trait Observe: Send + Sync {
    fn observe(&self, key: &FeedKey) -> BoxFuture<'_, Answer>;
}
