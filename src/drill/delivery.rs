//! The company's two pipelines: from a commit, through twelve actions, to a rollout.

use crate::domain::text::Text;
use crate::drill::fleet::TICK;
use crate::drill::noise::Noise;
use crate::drill::scenario::{Happening, Scenario};

/// What an action is, and how many ticks it usually takes.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    pub stage: &'static str,
    pub name: &'static str,
    pub category: &'static str,
    pub provider: &'static str,
    pub ticks: i64,
}

const fn step(
    stage: &'static str,
    name: &'static str,
    category: &'static str,
    provider: &'static str,
    ticks: i64,
) -> Step {
    Step { stage, name, category, provider, ticks }
}

/// In order; each starts when the one before ends.
pub const STEPS: &[Step] = &[
    step("Source", "GitHub", "Source", "CodeStarSourceConnection", 1),
    step("Checks", "Lint", "Build", "CodeBuild", 4),
    step("Checks", "Unit-Tests", "Test", "CodeBuild", 14),
    step("Checks", "Integration-Tests", "Test", "CodeBuild", 22),
    step("Checks", "Security-Scan", "Build", "CodeBuild", 9),
    step("Build", "Package", "Build", "CodeBuild", 7),
    step("Build", "Docker-Image", "Build", "CodeBuild", 9),
    step("Build", "Push-to-ECR", "Build", "CodeBuild", 3),
    step("Staging", "Deploy-Staging", "Deploy", "CodeDeploy", 10),
    step("Staging", "Browser-Tests-Staging", "Test", "CodeBuild", 16),
    step("Production", "Approve", "Approval", "Manual", 9),
    step("Production", "Deploy-Production", "Deploy", "CodeDeploy", 27),
    step("Production", "Smoke-Tests", "Invoke", "Lambda", 6),
];

/// Position of the rollout to production in [`STEPS`].
pub const PRODUCTION: usize = 11;

/// Ticks from the push to the start of the rollout, when everything goes as usual.
pub fn lead() -> i64 {
    STEPS[..PRODUCTION].iter().map(|step| step.ticks).sum()
}

/// One commit on its way.
#[derive(Clone, Debug)]
pub struct Run {
    pub pipeline: &'static str,
    /// The fleet its rollout goes to.
    pub fleet: Text,
    pub version: Text,
    pub sha: Text,
    pub author: Text,
    pub message: Text,
    pub approver: Text,
    pub trigger: &'static str,
    pub pushed: i64,
}

impl Run {
    /// Which pipeline delivers a fleet.
    pub fn pipeline_of(fleet: &str) -> &'static str {
        if fleet == "web" { "web" } else { "shop" }
    }

    /// Start and end of an action before the rollout.
    pub fn span(&self, position: usize) -> (i64, i64) {
        let start = self.pushed + STEPS[..position].iter().map(|step| step.ticks).sum::<i64>();
        (start, start + STEPS[position].ticks)
    }
}

/// The runs of both pipelines: those that ended before the drill, and one for each rollout of the scenario, begun early
/// enough to reach production in time.
pub(super) fn planned_runs(scenario: &Scenario, noise: Noise) -> Vec<Run> {
    let past = |pipeline, fleet: &str, version: &str, author: &str, approver: &str, message: &str, rollout: i64| Run {
        pipeline,
        fleet: fleet.into(),
        version: version.into(),
        sha: noise.of(version).hex(1, 40).into(),
        author: author.into(),
        message: message.into(),
        approver: approver.into(),
        trigger: "Webhook",
        pushed: rollout - lead(),
    };
    let mut runs = vec![
        past("web", "web", "v417", "oskar", "maria", "smaller product images", -54 * 360),
        past("web", "web", "v418", "lena", "oskar", "remember the last search", -5 * 360),
        past("shop", "catalog", "v87", "jun", "lena", "filter by size", -50 * 360),
        past("shop", "checkout", "v203", "oskar", "jun", "retry the payment once", -76 * 360),
    ];
    for event in &scenario.events {
        if let Some(Happening::Deploy(deploy)) = event.happening() {
            let pipeline = Run::pipeline_of(deploy.fleet.as_str());
            runs.push(past(
                pipeline,
                deploy.fleet.as_str(),
                deploy.version.as_str(),
                deploy.by.as_str(),
                "lena",
                deploy.message.as_str(),
                event.at.as_secs() / TICK,
            ));
        }
    }
    runs.sort_by_key(|run| run.pushed);
    runs
}
