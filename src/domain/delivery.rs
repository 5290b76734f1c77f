//! Pipelines, images and deployments: how a commit becomes what production runs.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::list::Identified;
use crate::domain::scope::Environment;
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
    /// In a state this version has no word for.
    Unknown,
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
            Self::Unknown => "unknown",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pipeline {
    pub name: Text,
    /// When it was edited last. What ran before ran another version of it, and is nothing to roll back to.
    pub edited: Option<Timestamp>,
    /// `SUPERSEDED`, `QUEUED` or `PARALLEL`, in AWS's spelling.
    pub mode: Option<Text>,
    /// Where what it delivers comes from; empty also where its structure may not be read.
    pub sources: Vec<PipelineSource>,
    pub stages: Vec<Stage>,
    /// Newest first.
    pub executions: Vec<Execution>,
}

/// A branch of a repository that a pipeline takes commits from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct PipelineSource {
    /// `CodeStarSourceConnection`, `CodeCommit`, `GitHub` ..., as CodePipeline names it.
    pub provider: Text,
    /// `acme/shop`, or a name alone at CodeCommit.
    pub repository: Text,
    pub branch: Text,
    /// ARN of the connection it is read through.
    pub connection: Option<Text>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stage {
    pub name: Text,
    /// It can fail by a condition of its own, without any action that failed.
    pub status: RunStatus,
    /// False when someone closed the transition into it.
    pub inbound_enabled: bool,
    /// Why it is closed, and by whom; empty where nobody said.
    pub closed: Text,
    /// The execution that came into it last.
    pub execution: Option<Text>,
    /// The one that waits to come in.
    pub waiting: Option<Text>,
    pub actions: Vec<Action>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Action {
    pub name: Text,
    /// `Source`, `Build`, `Test`, `Approval`, `Deploy`, `Invoke`, `Compute`; not told while the pipeline is being changed.
    pub category: Option<Text>,
    pub provider: Option<Text>,
    /// What its provider calls its newest run: a build, a deployment.
    pub external_id: Option<Text>,
    pub status: RunStatus,
    /// The version its newest execution carries. Stages may hold different ones.
    pub version: Option<Text>,
    pub started: Option<Timestamp>,
    pub finished: Option<Timestamp>,
    /// Median duration of the last 20 runs.
    pub usual: Option<SignedDuration>,
    pub summary: Text,
    /// Who moved it last, an approval above all; empty where nobody did.
    pub by: Text,
    /// Not told by CodePipeline itself.
    pub tests: Option<TestCounts>,
    /// What it made: locations of artifacts, the name of an image. Nothing where that is not told.
    pub outputs: Option<Vec<Text>>,
    /// Failed, then passed, on the same commit; not told where its runs are out of sight.
    pub flaky: Option<bool>,
    /// With which a decision on an approval is told, while it waits. Whoever may decide gets it by asking, so it is shown
    /// nowhere.
    #[serde(skip)]
    pub token: Option<Text>,
}

impl Action {
    /// Somebody has to decide before it goes on.
    pub fn waits_for_somebody(&self) -> bool {
        let is_approval = self.category.as_ref().is_some_and(|category| category == "Approval");
        self.status == RunStatus::InProgress && (is_approval || self.token.is_some())
    }

    pub fn is_deploy(&self) -> bool {
        self.category.as_ref().is_some_and(|category| category == "Deploy")
    }

    /// `v419`, or `-`.
    pub fn version_word(&self) -> &str {
        self.version.as_ref().map_or("-", Text::as_str)
    }

    /// How long its newest run took, or has taken by now.
    pub fn took(&self, now: Timestamp) -> Option<SignedDuration> {
        let end = match self.status {
            RunStatus::InProgress => now,
            _ => self.finished?,
        };
        Some(end.duration_since(self.started?).max(SignedDuration::ZERO))
    }
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
    pub version: Option<Text>,
    pub status: RunStatus,
    /// `Webhook`, `StartPipelineExecution`, `ManualRollback` ...
    pub trigger: Option<Text>,
    /// Who started it by hand; nobody where a push did.
    pub by: Option<Text>,
    pub started: Timestamp,
    pub finished: Option<Timestamp>,
    pub revision: Option<Revision>,
    /// The execution it goes back to, where it is a rollback.
    pub returns_to: Option<Text>,
    /// Stages it is known to have succeeded in. It may have in others: not everything is told of what ended long ago.
    pub succeeded_in: Vec<Text>,
}

impl Execution {
    pub fn is_rollback(&self) -> bool {
        self.returns_to.is_some() || self.trigger_word() == "rollback"
    }

    /// Its version, or what AWS calls it.
    pub fn called(&self) -> &Text {
        self.version.as_ref().unwrap_or(&self.id)
    }

    /// `push`, `manual`, `rollback`, else as CodePipeline calls it.
    pub fn trigger_word(&self) -> &str {
        match self.trigger.as_ref().map(Text::as_str) {
            Some("Webhook" | "WebhookV2" | "CloudWatchEvent" | "PollForSourceChanges") => "push",
            Some("StartPipelineExecution") => "manual",
            Some("ManualRollback" | "AutomatedRollback") => "rollback",
            Some(other) => other,
            None => "started",
        }
    }
}

/// What an execution was started with: a commit, the version of an object, the digest of an image.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Revision {
    pub id: Text,
    /// CodePipeline does not know who made a commit.
    pub author: Option<Text>,
    pub message: Text,
}

impl Revision {
    /// As much of it as people compare: seven digits of a commit, or of an image's digest behind its kind.
    pub fn short(&self) -> &str {
        let id = self.id.as_str();
        let from = id.find(':').map_or(0, |colon| colon + 1);
        let is_hash = id.len() >= from + 20 && id.bytes().skip(from).all(|byte| byte.is_ascii_hexdigit());
        if is_hash { id.get(..from + 7).unwrap_or(id) } else { id }
    }
}

impl Pipeline {
    pub fn stage(&self, name: &str) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.name == name)
    }

    pub fn execution(&self, id: &str) -> Option<&Execution> {
        self.executions.iter().find(|run| run.id == id)
    }
}

impl Stage {
    pub fn deploys(&self) -> bool {
        self.actions.iter().any(Action::is_deploy)
    }
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
    /// What its images are called before their tag: `123456789012.dkr.ecr.eu-west-1.amazonaws.com/acme/web`.
    pub uri: Text,
    /// Newest first.
    pub images: Vec<Image>,
    /// There are more images than were read.
    pub has_more: bool,
    /// Digest that production runs. A registry does not know it; it is told by what runs.
    pub running_digest: Option<Text>,
    /// Of the newest image; nothing where it was not scanned, or may not be read.
    pub scan: Option<ScanFindings>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Image {
    /// Empty for one without.
    pub tag: Text,
    pub digest: Text,
    /// What it was built from, which a registry does not tell.
    pub base: Option<Text>,
    pub pushed: Timestamp,
    pub bytes: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ScanFindings {
    pub critical: u32,
    pub high: u32,
    pub medium: u32,
    /// Ids of critical and high ones, the critical first; not all of many.
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
    /// What brings that version back: the deployment that brought it, or its task definition.
    pub returns_by: Option<Text>,
    /// What CodeDeploy deployed then.
    pub returns_with: Option<Bundle>,
    /// What ECS calls it.
    pub arn: Option<Text>,
    /// The application, or the cluster, that it belongs to.
    pub owner: Option<Text>,
    /// CodeDeploy's deployment group.
    pub group: Option<Text>,
}

impl Deployment {
    pub fn is_running(&self) -> bool {
        self.status == DeployStatus::InProgress
    }
}

/// What `CodeDeploy` deploys. An application specification that was given as a text is none of these: it has lines, which a
/// name has not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum Bundle {
    /// Without version and entity tag it is whatever lies there now.
    S3 {
        bucket: Text,
        key: Text,
        bundle: Text,
        version: Option<Text>,
        etag: Option<Text>,
    },
    GitHub {
        repository: Text,
        commit: Text,
    },
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
