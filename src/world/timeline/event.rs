//! One thing that happened.

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::health::Health;
use crate::domain::list::Identified;
use crate::domain::scope::Environment;
use crate::domain::text::Text;
use crate::world::item::Kind;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    /// What tells it from every other of its place, for as long as it is told.
    pub id: Text,
    pub at: Timestamp,
    pub kind: EventKind,
    pub tone: Tone,
    /// In a sentence without an end: `deploy web v418 → v419 "cache the basket"`.
    pub what: Text,
    /// Who did it; empty where nobody says.
    pub by: Text,
    /// What it happened to, as it is called.
    pub resource: Text,
    /// Where, if that is another region than the place's own: what is asked once for an account tells of all of them.
    pub region: Option<Text>,
    pub environment: Environment,
    /// What kind of thing that is, where it is one that can be opened.
    #[serde(skip)]
    pub about: Option<Kind>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// A new version for those who use the system.
    Deploy,
    /// A new version where nobody but us is.
    Rehearsal,
    /// A run of a pipeline, or how it ended.
    Run,
    Approval,
    Database,
    Cache,
    /// Machines somebody started.
    Launch,
    /// A machine that stopped, is gone, or fails its checks.
    Machine,
    Scaling,
    /// What was due by the clock.
    Schedule,
    /// A call to the API that changed something that was there.
    Change,
    /// A call that added something or let somebody in, and one that was refused.
    Call,
    Alarm,
    /// What ECS did with its tasks.
    Task,
    /// Something is wrong with AWS itself, and it says so.
    Outage,
    /// What else AWS lets us know: it takes an instance back, or is going to change something.
    Notice,
    /// Done with this console.
    Operation,
}

/// How it is meant: whether it is trouble, the end of it, or neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tone {
    Plain,
    Good,
    Warn,
    Bad,
}

impl Event {
    /// Whether it belongs on graphs: what somebody or something did to the system people use, as opposed to what it showed. Not
    /// the calls behind it, of which automation makes hundreds.
    pub fn is_mark(&self) -> bool {
        match self.kind {
            EventKind::Deploy | EventKind::Launch | EventKind::Outage | EventKind::Operation => true,
            EventKind::Database | EventKind::Cache => self.tone >= Tone::Warn,
            _ => false,
        }
    }
}

impl EventKind {
    pub const ALL: &[Self] = &[
        Self::Deploy,
        Self::Rehearsal,
        Self::Run,
        Self::Approval,
        Self::Database,
        Self::Cache,
        Self::Launch,
        Self::Machine,
        Self::Scaling,
        Self::Schedule,
        Self::Change,
        Self::Call,
        Self::Alarm,
        Self::Task,
        Self::Outage,
        Self::Notice,
        Self::Operation,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Deploy => "deploy",
            Self::Rehearsal => "rehearsal",
            Self::Run => "run",
            Self::Approval => "approval",
            Self::Database => "database",
            Self::Cache => "cache",
            Self::Launch => "launch",
            Self::Machine => "machine",
            Self::Scaling => "scaling",
            Self::Schedule => "schedule",
            Self::Change => "change",
            Self::Call => "call",
            Self::Alarm => "alarm",
            Self::Task => "task",
            Self::Outage => "outage",
            Self::Notice => "notice",
            Self::Operation => "operation",
        }
    }
}

impl Tone {
    /// As a row of a list is well or not.
    pub fn health(self) -> Health {
        match self {
            Self::Plain | Self::Good => Health::Ok,
            Self::Warn => Health::Warn,
            Self::Bad => Health::Bad,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Plain => "-",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }
}

impl Identified for Event {
    fn key(&self) -> &str {
        self.id.as_str()
    }
}
