//! What would carry the system through the loss of a region.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::list::Identified;
use crate::domain::text::Text;

/// A Route 53 failover pair.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FailoverRecord {
    pub name: Text,
    pub primary_region: Text,
    pub secondary_region: Text,
    /// What the health check of the primary says.
    pub primary_healthy: bool,
    /// Where answers point now.
    pub serving: Text,
    /// The health check by which DNS chooses, where it is one an operator turns upside down to move the answers.
    pub switch: Option<Text>,
}

impl Identified for FailoverRecord {
    fn key(&self) -> &str {
        self.name.as_str()
    }
}

/// The operator's own plan for losing a region, from configuration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailoverPlan {
    pub from: Text,
    pub to: Text,
    #[serde(default)]
    pub steps: Vec<PlanStep>,
    /// When it was last rehearsed.
    #[serde(default)]
    pub last_drill: Option<Timestamp>,
}

/// One step: what is done to which resource, and how long it takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanStep {
    pub action: StepAction,
    pub target: Text,
    /// Desired capacity after a scaling step.
    #[serde(default)]
    pub to: Option<u32>,
    /// Measured or estimated, as `90s` or `4m`.
    pub takes: SignedDuration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepAction {
    /// Make a replica a primary of its own.
    PromoteReplica,
    /// Raise an Auto Scaling group in the second region.
    ScaleGroup,
    /// Point the failover record at the second region.
    SwitchDns,
}

impl StepAction {
    pub fn words(self) -> &'static str {
        match self {
            Self::PromoteReplica => "promote replica",
            Self::ScaleGroup => "scale group",
            Self::SwitchDns => "switch DNS",
        }
    }
}
