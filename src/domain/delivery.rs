//! Pipelines, images and deployments: how a commit becomes what production runs.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::domain::list::Identified;
use crate::domain::scope::Environment;
use crate::domain::source::Commit;
use crate::domain::text::Text;

/// State of a stage, an action or an execution, in CodePipeline's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum RunStatus {
    NotStarted,
    InProgress,
    Succeeded,
    Failed,
    Stopped,
    /// Overtaken by a newer execution: normal, not a failure.
    Superseded,
}

impl RunStatus {
    pub fn word(self) -> &'static str {
        match self {
            Self::NotStarted => "not started",
            Self::InProgress => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::Superseded => "superseded",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pipeline {
    pub name: Text,
    pub stages: Vec<Stage>,
    /// Newest first.
    pub executions: Vec<Execution>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stage {
    pub name: Text,
    /// False when someone closed the transition into it.
    pub inbound_enabled: bool,
    pub actions: Vec<Action>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Action {
    pub name: Text,
    /// `Source`, `Build`, `Test`, `Approval`, `Deploy`, `Invoke`.
    pub category: Text,
    pub provider: Text,
    pub status: RunStatus,
    /// The version its newest execution carries. Stages may hold different ones.
    pub version: Text,
    pub started: Option<Timestamp>,
    pub finished: Option<Timestamp>,
    /// Median duration of the last 20 runs.
    pub usual: Option<SignedDuration>,
    pub summary: Text,
    pub by: Text,
    pub tests: Option<TestCounts>,
    /// What it made: an artifact's location, an image's name.
    pub output: Option<Text>,
    /// Failed, then passed, on the same commit.
    pub flaky: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TestCounts {
    pub passed: u32,
    pub failed: u32,
    pub failing: Vec<Text>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Execution {
    pub id: Text,
    pub version: Text,
    pub status: RunStatus,
    /// `Webhook`, `StartPipelineExecution`, `ManualRollback` ...
    pub trigger: Text,
    pub started: Timestamp,
    pub finished: Option<Timestamp>,
    pub commit: Commit,
}

impl Identified for Pipeline {
    fn key(&self) -> &str {
        self.name.as_str()
    }
}

/// A repository of container images.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ImageRepository {
    pub name: Text,
    /// Newest first.
    pub images: Vec<Image>,
    /// Digest that production's task definitions name.
    pub running_digest: Option<Text>,
    pub scan: ScanFindings,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Image {
    pub tag: Text,
    pub digest: Text,
    pub base: Text,
    pub pushed: Timestamp,
    pub bytes: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ScanFindings {
    pub critical: u32,
    pub high: u32,
    pub medium: u32,
    /// Ids of the newest critical or high ones.
    pub newest: Vec<Text>,
}

impl Identified for ImageRepository {
    fn key(&self) -> &str {
        self.name.as_str()
    }
}

/// One rollout of a version to a target, whatever service carries it out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Deployment {
    pub id: Text,
    /// `CodeDeploy`, `ECS`, `Lambda`, `Instance refresh`.
    pub kind: Text,
    pub target: Text,
    pub environment: Environment,
    pub from: Text,
    pub to: Text,
    pub status: DeployStatus,
    pub done: u32,
    pub total: u32,
    pub started: Timestamp,
    pub finished: Option<Timestamp>,
    pub by: Text,
    pub message: Text,
    /// How long the one before took.
    pub usual: Option<SignedDuration>,
    /// Newest version before this one that was healthy in production and still exists.
    pub returns_to: Option<Text>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum DeployStatus {
    InProgress,
    Succeeded,
    Failed,
    Stopped,
    RolledBack,
}

impl DeployStatus {
    pub fn word(self) -> &'static str {
        match self {
            Self::InProgress => "in progress",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::RolledBack => "rolled back",
        }
    }
}

impl Identified for Deployment {
    fn key(&self) -> &str {
        self.id.as_str()
    }
}
