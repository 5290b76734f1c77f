//! Pipelines, images and deployments: how a commit becomes what production runs.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::list::Identified;
use crate::domain::scope::Environment;
use crate::domain::text::Text;

/// State of a stage, an action or an execution, in CodePipeline's terms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum RunStatus {
    #[default]
    NotStarted,
    InProgress,
    Succeeded,
    Failed,
    Stopped,
    /// The pipeline was edited while it ran: what it would have done next may not exist any more.
    Cancelled,
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
            Self::Cancelled => "cancelled",
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

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Action {
    pub name: Text,
    /// `Source`, `Build`, `Test`, `Approval`, `Deploy`, `Invoke`, `Compute`; not told while the pipeline is being changed.
    pub category: Option<Text>,
    pub provider: Option<Text>,
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
    /// The execution it ran for last, which may be an earlier one than its stage has now.
    pub execution: Option<Text>,
    /// What whoever carries it out calls that run: a build, a deployment.
    pub external_id: Option<Text>,
    /// The page of that run, as it was told: to be opened only where [`web`] lets it.
    pub link: Option<Text>,
    /// Why it failed, in the words of whoever carried it out.
    pub error: Option<Text>,
    /// Its last runs, newest first, no more than [`RUNS`]; nothing where they were not told.
    pub history: Option<Vec<ActionRun>>,
    /// The end of its log; nothing where that is not read.
    pub log: Option<LogTail>,
    /// What it deploys to, by name: services, deployment groups, functions.
    pub targets: Vec<Text>,
    /// The region it runs in, where that is another than the pipeline's own.
    pub region: Option<Text>,
    /// The role it is carried out as, where that is one of its own: often of another account.
    pub role: Option<Text>,
}

/// Runs of an action that are kept, newest first.
pub const RUNS: usize = 20;

/// One run of one action.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ActionRun {
    pub execution: Text,
    /// Nothing where its execution is older than those that are listed.
    pub version: Option<Text>,
    pub status: RunStatus,
    pub started: Timestamp,
    /// While it runs there is none.
    pub finished: Option<Timestamp>,
    /// What it said of itself, or why it failed.
    pub summary: Text,
    pub external_id: Option<Text>,
    pub link: Option<Text>,
}

impl ActionRun {
    /// How long it took, or has taken by now.
    pub fn took(&self, now: Timestamp) -> SignedDuration {
        self.finished.unwrap_or(now).duration_since(self.started).max(SignedDuration::ZERO)
    }
}

/// What was said of a run, without what is said of every failed build alike: `Build terminated with state: FAILED. Phase:
/// BUILD, Code: COMMAND_EXECUTION_ERROR, Message: `.
pub fn why(summary: &str) -> &str {
    let Some((_, rest)) = summary.strip_prefix("Build terminated with state: ").and_then(|rest| rest.split_once(". "))
    else {
        return summary;
    };
    let phase = rest.strip_prefix("Phase: ").and_then(|rest| rest.split_once(", "));
    let said = rest.split_once("Message: ").or(phase).map_or(rest, |(_, said)| said.trim());
    if said.is_empty() { summary } else { said }
}

/// The last lines of a log.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LogTail {
    /// Where all of it is: a log group and its stream.
    pub source: Text,
    pub lines: Vec<Text>,
}

impl LogTail {
    /// Whether a line tells of an error, by the words that compilers, test runners and deployments use for one.
    pub fn is_error(line: &str) -> bool {
        const WORDS: [&str; 9] =
            ["error", "failed", "failure", "panicked", "exception", "fatal", "traceback", "assertion", "denied"];
        let line = line.to_lowercase();
        // `0 failed`, `no errors` and the like are what a good run says.
        let is_none = ["0 failed", "0 errors", "0 failures", "no errors", "errors: 0", "failures: 0", "failed: 0"];
        let is_told = WORDS.iter().any(|word| line.contains(word));
        is_told && !is_none.iter().any(|none| stands_alone(&line, none))
    }

    /// The first line that tells of an error: where to begin to read.
    pub fn first_error(&self) -> Option<usize> {
        self.lines.iter().position(|line| Self::is_error(line.as_str()))
    }
}

/// Whether `part` is in `line` without a digit before it: in `10 failed` there is no `0 failed`.
fn stands_alone(line: &str, part: &str) -> bool {
    line.match_indices(part).any(|(at, _)| !line[..at].ends_with(|before: char| before.is_ascii_digit()))
}

/// A link a browser may be told to open. Whoever carries out an action says what its link is, and may say anything.
pub fn web(link: &str) -> Option<&str> {
    let is_plain = link.bytes().all(|byte| byte.is_ascii_graphic());
    (is_plain && (link.starts_with("https://") || link.starts_with("http://"))).then_some(link)
}

impl Action {
    /// Somebody has to decide before it goes on.
    pub fn waits_for_somebody(&self) -> bool {
        self.status == RunStatus::InProgress && (self.is_approval() || self.token.is_some())
    }

    /// `: ` and why it ended as it did, where that was said.
    pub fn because(&self) -> String {
        let why = why(self.summary.as_str());
        if why.is_empty() { String::new() } else { format!(": {why}") }
    }

    pub fn is_deploy(&self) -> bool {
        self.category.as_ref().is_some_and(|category| category == "Deploy")
    }

    pub fn is_approval(&self) -> bool {
        self.category.as_ref().is_some_and(|category| category == "Approval")
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

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
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

    /// The execution a stage holds, where it is among those that are listed. Stages may hold different ones, and the newest
    /// may not have come far.
    pub fn held(&self, stage: &Stage) -> Option<&Execution> {
        self.execution(stage.execution.as_ref()?.as_str())
    }

    /// Whether it ever ran, listed or not.
    pub fn has_run(&self) -> bool {
        !self.executions.is_empty() || self.stages.iter().any(|stage| stage.execution.is_some())
    }

    /// Several executions may be in it at once, of which a stage tells one.
    pub fn is_parallel(&self) -> bool {
        self.mode.as_ref().is_some_and(|mode| mode == "PARALLEL")
    }

    pub fn actions(&self) -> impl Iterator<Item = (&Stage, &Action)> {
        self.stages.iter().flat_map(|stage| stage.actions.iter().map(move |action| (stage, action)))
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
    /// Why it failed or was stopped, in the words of whoever carries it out; empty where nobody says.
    pub reason: Text,
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
    /// It did not come to the end that was wanted.
    pub fn is_bad(self) -> bool {
        matches!(self, Self::Failed | Self::Stopped | Self::RolledBack)
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_every_build_is_left_out() {
        for (said, left) in [
            ("Build terminated with state: FAILED. Phase: BUILD, 2 tests failed", "2 tests failed"),
            (
                "Build terminated with state: FAILED. Phase: BUILD, Code: COMMAND_EXECUTION_ERROR, Message: Error while \
                 executing command: make test. Reason: exit status 2",
                "Error while executing command: make test. Reason: exit status 2",
            ),
            ("Build terminated with state: TIMED_OUT", "Build terminated with state: TIMED_OUT"),
            ("Build terminated with state: FAILED. Message: ", "Build terminated with state: FAILED. Message: "),
            ("too few healthy targets: 2 of 4", "too few healthy targets: 2 of 4"),
            ("", ""),
        ] {
            assert_eq!(why(said), left);
        }
    }

    #[test]
    fn a_log_says_where_to_begin() {
        for (line, is) in [
            ("test result: FAILED. 809 passed; 3 failed", true),
            ("error[E0308]: mismatched types", true),
            ("thread 'main' panicked at src/tax.rs:41", true),
            ("test result: ok. 812 passed; 0 failed", false),
            ("10 failed", true),
            ("Compiling basket v1.4.0", false),
        ] {
            assert_eq!(LogTail::is_error(line), is, "{line}");
        }
        let lines = ["Compiling", "error: no", "aborting due to an error"].map(Text::new).to_vec();
        assert_eq!(LogTail { lines, ..LogTail::default() }.first_error(), Some(1));
    }

    #[test]
    fn only_a_page_of_the_web_is_opened() {
        for (link, is) in [
            ("https://console.aws.amazon.com/codesuite/x", true),
            ("http://jenkins.acme/1", true),
            ("javascript:alert(1)", false),
            ("file:///etc/passwd", false),
            ("--profile=x", false),
            ("https://a b", false),
        ] {
            assert_eq!(web(link).is_some(), is, "{link}");
        }
    }
}
