//! The company's two pipelines: from a commit, through its actions and an approval, to a rollout.

use crate::domain::text::Text;
use crate::drill::fleet::{Fleet, TICK};
use crate::drill::noise::Noise;
use crate::drill::rollout::{Release, Rollout};
use crate::drill::scenario::{Cure, Deploy, Happening, Push, Scenario};
use crate::drill::simulation::Simulation;

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

/// Position of the approval, and of the rollout to production, in [`STEPS`].
pub const GATE: usize = 10;
pub const PRODUCTION: usize = 11;

/// Where the company's services are.
pub const CLUSTER: &str = "prod";

/// Ticks from the push to the start of an action, when everything goes as usual.
fn lead(position: usize) -> i64 {
    STEPS.iter().take(position).map(|step| step.ticks).sum()
}

/// Positions of a stage's actions: from the first, to before the one after the last.
pub fn positions(stage: &str) -> Option<(usize, usize)> {
    let first = STEPS.iter().position(|step| step.stage == stage)?;
    Some((first, STEPS.iter().rposition(|step| step.stage == stage)? + 1))
}

/// How the approval of a run stands.
#[derive(Clone, Debug)]
pub enum Gate {
    /// Its approver lets it through in the usual time.
    Usual,
    /// It waits for an operator.
    Waits {
        since: i64,
    },
    Decided {
        since: i64,
        tick: i64,
        is_approved: bool,
        comment: Text,
    },
}

/// An action that does not pass at its first attempt.
#[derive(Clone, Debug)]
pub struct Trip {
    pub position: usize,
    /// Tests that fail, by name, or what is found where nothing is tested.
    pub failing: Vec<Text>,
    /// Which attempt passes, counted from the first; none does where that is not said.
    pub passes_on: Option<usize>,
    /// When it was tried again.
    pub retries: Vec<i64>,
}

/// From the end of a flaky attempt until its author tries again.
const SECOND_THOUGHT: i64 = 6;

/// One attempt at an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub start: i64,
    pub end: i64,
    pub fails: bool,
}

/// A stage that lets nothing in.
#[derive(Clone, Debug)]
pub struct Closed {
    pub pipeline: Text,
    pub stage: Text,
    pub reason: Text,
    pub since: i64,
}

/// One commit on its way, or one stage of it on its way back.
#[derive(Clone, Debug)]
pub struct Run {
    pub id: Text,
    /// Positions of its actions: all of them, or those of the stage that is rolled back.
    pub begins: usize,
    pub ends: usize,
    /// The run it goes back to.
    pub returns_to: Option<Text>,
    pub gate: Gate,
    /// The queue whose messages its version can read.
    pub cures: Option<Text>,
    /// Where it fails on its way.
    pub trip: Option<Trip>,
    /// When an operator stopped it: what it had begun came to its end, and nothing followed.
    pub stopped: Option<i64>,
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

    /// Start and end of an action before the rollout: of its first attempt, where there are several.
    pub fn span(&self, position: usize) -> (i64, i64) {
        let start = self.pushed + lead(position) - lead(self.begins.min(position)) + self.delay(position);
        (start, start + STEPS[position].ticks)
    }

    /// By how much an action comes later because one before it was tried again.
    fn delay(&self, position: usize) -> i64 {
        let Some(trip) = self.trip.as_ref().filter(|trip| trip.position < position) else { return 0 };
        trip.retries.last().map_or(0, |last| last - self.span(trip.position).0)
    }

    /// Every attempt at an action before the rollout, oldest first.
    pub fn attempts(&self, position: usize) -> Vec<Attempt> {
        let (start, end) = self.span(position);
        let Some(trip) = self.trip.as_ref().filter(|trip| trip.position == position) else {
            return vec![Attempt { start, end, fails: false }];
        };
        let ticks = STEPS[position].ticks;
        let starts = std::iter::once(start).chain(trip.retries.iter().copied()).enumerate();
        let fails = |number: usize| trip.passes_on != Some(number + 1);
        starts.map(|(number, start)| Attempt { start, end: start + ticks, fails: fails(number) }).collect()
    }

    /// Whether it never gets past an action before this one.
    pub fn is_held_before(&self, position: usize) -> bool {
        self.trip.as_ref().is_some_and(|trip| {
            trip.position < position && self.attempts(trip.position).last().is_none_or(|last| last.fails)
        })
    }

    pub fn is_rollback(&self) -> bool {
        self.returns_to.is_some()
    }

    /// With which a decision on its approval has to come.
    pub fn token(&self, noise: Noise, since: i64) -> Text {
        noise.of("token").of(self.id.as_str()).hex(since, 32).into()
    }
}

impl Simulation {
    /// The newest rollout a run led to, once it has begun.
    pub fn rollout_of(&self, run: &Run) -> Option<&Rollout> {
        let fleet = self.fleets().into_iter().find(|fleet| fleet.plan.name == run.fleet)?;
        // A later run of the same version has rollouts of its own.
        let same = |other: &&Run| other.fleet == run.fleet && other.version == run.version && other.pushed > run.pushed;
        let until = self.runs.iter().filter(same).map(|other| other.pushed).min().unwrap_or(i64::MAX);
        fleet.rollouts.iter().rev().find(|rollout| {
            !rollout.apart && rollout.release.version == run.version && (run.pushed..until).contains(&rollout.started)
        })
    }

    /// What `CodeDeploy` calls a rollout.
    pub fn deployment_id(&self, fleet: &Fleet, rollout: &Rollout) -> Text {
        format!("d-{}", self.noise.of(fleet.plan.name.as_str()).hex(rollout.started, 9).to_uppercase()).into()
    }

    /// What ECS calls it.
    pub fn deployment_arn(&self, fleet: &Fleet, rollout: &Rollout) -> Text {
        let id = self.noise.of(fleet.plan.name.as_str()).hex(rollout.started, 20);
        fleet.plan.site.arn("ecs", &format!("service-deployment/{CLUSTER}/{}/{id}", fleet.plan.name))
    }

    /// Position of the first action a run is kept from, by a stage that was closed before it came there.
    pub fn kept_from(&self, run: &Run) -> Option<usize> {
        let closed = self.closed.iter().filter(|closed| closed.pipeline == *run.pipeline);
        let firsts = closed.filter_map(|closed| {
            let (first, _) = positions(closed.stage.as_str())?;
            (first >= run.begins && closed.since <= run.span(first).0).then_some(first)
        });
        firsts.min().filter(|_| self.rollout_of(run).is_none())
    }

    /// Whether a rollout the scenario has planned goes out. What is kept from it waits for its stage to open.
    pub(super) fn goes_out(&mut self, deploy: &Deploy) -> bool {
        let is_its = |run: &&Run| run.fleet == deploy.fleet && run.version == deploy.version && !run.is_rollback();
        let Some(run) = self.runs.iter().find(is_its) else { return true };
        if run.stopped.is_some() {
            return false;
        }
        if self.kept_from(run).is_some() {
            self.held.push(deploy.clone());
            return false;
        }
        true
    }

    /// What was let through, or what a stage that has opened lets in, goes out.
    pub(super) fn let_in(&mut self, tick: i64) {
        for deploy in std::mem::take(&mut self.held) {
            // What is still kept from it is put back.
            self.apply(&Happening::Deploy(deploy), tick);
        }
    }

    /// Begins the rollout of a run, by whoever let it go.
    pub(super) fn deliver(&mut self, run: &Run, by: &str, tick: i64) {
        let Some(fleet) = self.fleet_mut(run.fleet.as_str()) else { return };
        let release =
            fleet.release_called(run.version.as_str()).unwrap_or_else(|| Release::sound(run.version.as_str()));
        let from = fleet.release.version.clone();
        fleet.roll_out(Rollout::new(release, from, by, run.message.clone(), tick), tick);
    }

    /// A consumer that runs the version which can read them is cured.
    pub(super) fn heal(&mut self, tick: i64) {
        let is_cured = |run: &&Run| run.cures.is_some() && self.rollout_of(run).is_some_and(Rollout::succeeded);
        let cured = self.runs.iter().find(is_cured).and_then(|run| run.cures.clone());
        if let Some(queue) = cured.filter(|_| self.poison > 0.0) {
            self.apply(&Happening::Cure(Cure { queue }), tick);
        }
    }
}

/// The runs of both pipelines: those that ended before the drill, and one for each rollout of the scenario, begun early
/// enough to reach production in time.
pub(super) fn planned_runs(scenario: &Scenario, noise: Noise) -> Vec<Run> {
    let past = |pipeline, fleet: &str, version: &str, author: &str, approver: &str, message: &str, rollout: i64| Run {
        id: format!("{version}-{}", noise.of(version).hex(7, 8)).into(),
        begins: 0,
        ends: STEPS.len(),
        returns_to: None,
        gate: Gate::Usual,
        cures: None,
        trip: None,
        stopped: None,
        pipeline,
        fleet: fleet.into(),
        version: version.into(),
        sha: noise.of(version).hex(1, 40).into(),
        author: author.into(),
        message: message.into(),
        approver: approver.into(),
        trigger: "Webhook",
        pushed: rollout - lead(PRODUCTION),
    };
    let mut runs = vec![
        past("web", "web", "v417", "oskar", "maria", "smaller product images", -54 * 360),
        past("web", "web", "v418", "lena", "oskar", "remember the last search", -5 * 360),
        past("shop", "catalog", "v87", "jun", "lena", "filter by size", -50 * 360),
        past("shop", "checkout", "v203", "oskar", "jun", "retry the payment once", -76 * 360),
    ];
    for event in &scenario.events {
        let tick = event.at.as_secs() / TICK;
        let of = |fleet: &Text, version: &Text, by: &Text, message: &Text| {
            let pipeline = Run::pipeline_of(fleet.as_str());
            past(pipeline, fleet.as_str(), version.as_str(), by.as_str(), "lena", message.as_str(), tick)
        };
        match event.happening() {
            Some(Happening::Deploy(it)) => runs.push(of(&it.fleet, &it.version, &it.by, &it.message)),
            Some(Happening::Offer(it)) => runs.push(Run {
                pushed: tick - lead(GATE),
                gate: Gate::Waits { since: tick },
                cures: it.cures.clone(),
                ..of(&it.fleet, &it.version, &it.by, &it.message)
            }),
            Some(Happening::Push(it)) => {
                let begun = of(&it.fleet, &it.version, &it.by, &it.message);
                runs.push(pushed(&it, Run { pushed: tick, ..begun }));
            }
            _ => {}
        }
    }
    runs.sort_by_key(|run| run.pushed);
    runs
}

/// A commit that goes its way by itself as far as the approval, where it waits for an operator.
fn pushed(push: &Push, run: Run) -> Run {
    let mut run = run;
    if let Some(position) = push.fails_in.as_ref().and_then(|name| STEPS.iter().position(|step| *name == *step.name)) {
        let again = run.span(position).1 + SECOND_THOUGHT;
        run.trip = Some(Trip {
            position,
            failing: push.failing.clone(),
            passes_on: push.flaky.then_some(2),
            retries: if push.flaky && !push.unattended { vec![again] } else { Vec::new() },
        });
    }
    let since = run.span(GATE).0;
    Run { gate: Gate::Waits { since }, ..run }
}
