//! EC2 instances.

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::list::Identified;
use crate::domain::money::Usd;
use crate::domain::scope::Environment;
use crate::domain::text::Text;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Instance {
    pub id: Text,
    pub name: Text,
    pub kind: Text,
    pub zone: Text,
    pub environment: Environment,
    pub state: InstanceState,
    pub purchase: Purchase,
    pub launched: Timestamp,
    /// Who or what launched it, where a tag says so.
    pub owner: Text,
    /// `ok`, `impaired`, `initializing` ..., in AWS's spelling; the worse of the system and the instance check.
    pub checks: Text,
    /// A retirement or maintenance AWS has scheduled, in its words.
    pub scheduled_event: Option<Text>,
    /// When EC2 gave notice to take this Spot instance back.
    pub interruption: Option<Timestamp>,
    /// The schedule named by its tags, if any.
    pub schedule: Option<Text>,
    /// List price.
    pub per_hour: Usd,
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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purchase {
    OnDemand,
    Spot,
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
