//! The company's two pipelines: from a commit, through twelve actions, to a rollout.

use crate::domain::text::Text;

/// What an action is, and how many ticks it usually takes.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    pub stage: &'static str,
    pub name: &'static str,
    pub category: &'static str,
    pub provider: &'static str,
    pub ticks: i64,
}

const fn step(stage: &'static str, name: &'static str, category: &'static str, provider: &'static str, ticks: i64) -> Step {
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
