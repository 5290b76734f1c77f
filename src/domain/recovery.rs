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
    /// What is found of the primary, however its health check is turned; `None` where that is not told.
    pub primary_healthy: Option<bool>,
    /// Where answers point by the health checks; `None` where what they say is not told.
    pub serving: Option<Text>,
    /// A target of its aliases may lead answers away by itself, and whether it does is told nowhere.
    pub asks_target: bool,
    /// The health check by which DNS chooses, where it is one an operator turns upside down to move the answers.
    pub switch: Option<Switch>,
}

/// A health check that is turned upside down to lead a name elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Switch {
    pub check: Text,
    pub is_inverted: bool,
    /// Other names that answer by it and move with this one.
    pub shared_with: Vec<Text>,
}

impl FailoverRecord {
    pub fn leads_to(&self, region: &str) -> bool {
        self.serving.as_ref().is_some_and(|serving| *serving == *region)
    }

    /// Where it leads, in a word.
    pub fn serving_word(&self) -> &str {
        self.serving.as_ref().map_or("not told", Text::as_str)
    }
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
