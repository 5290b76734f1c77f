//! EC2 instances.

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::list::Identified;
use crate::domain::money::Usd;
use crate::domain::scope::Environment;
use crate::domain::tags::Tag;
use crate::domain::text::Text;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Instance {
    pub id: Text,
    /// Its `Name` tag, or the id where it has none.
    pub name: Text,
    pub kind: Text,
    pub zone: Text,
    pub environment: Environment,
    pub state: InstanceState,
    pub purchase: Purchase,
    pub launched: Option<Timestamp>,
    /// When it was last stopped, or told to, and why, in AWS's words; EC2 tells no time where nobody asked for it.
    pub stopped: Option<Timestamp>,
    pub stopped_why: Text,
    /// Who or what launched it, where a tag says so.
    pub owner: Text,
    /// The Auto Scaling group or fleet that keeps it, or empty.
    pub group: Text,
    /// `ok`, `impaired`, `initializing` ..., in AWS's spelling; the worst of the system, the instance and the volume check.
    /// Empty where they could not be read.
    pub checks: Text,
    /// A retirement or maintenance AWS has scheduled, in its words.
    pub scheduled_event: Option<Text>,
    /// When EC2 gave notice to take this Spot instance back.
    pub interruption: Option<Timestamp>,
    /// The schedule named by its tags, if any.
    pub schedule: Option<Text>,
    pub tags: Vec<Tag>,
    /// `ebs`, or `instance-store`, which cannot be stopped but only terminated; empty where it is not told.
    pub root: Text,
    /// The service of AWS that runs it and alone may change it, or empty.
    pub operator: Text,
    /// List price; EC2 does not tell it.
    pub per_hour: Option<Usd>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum InstanceState {
    Pending,
    Running,
    ShuttingDown,
    Stopping,
    Stopped,
    Terminated,
    /// In a state this version does not know.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purchase {
    OnDemand,
    Spot,
    /// In capacity that was paid for beforehand, as a block.
    Reserved,
}

impl InstanceState {
    /// As AWS spells it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::ShuttingDown => "shutting-down",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Terminated => "terminated",
            Self::Unknown => "unknown",
        }
    }
}

impl Purchase {
    pub fn word(self) -> &'static str {
        match self {
            Self::OnDemand => "on demand",
            Self::Spot => "spot",
            Self::Reserved => "reserved",
        }
    }
}

impl Instance {
    pub fn is_running(&self) -> bool {
        self.state == InstanceState::Running
    }
}

impl Identified for Instance {
    fn key(&self) -> &str {
        self.id.as_str()
    }
}
