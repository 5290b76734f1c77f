//! Pipelines: where every commit is on its way, what its actions said, and how they went before.

use jiff::SignedDuration;

use super::action_log;
use super::delivery::{BRANCH, PUSHED, REPOSITORY};
use crate::domain::delivery::{
    Action, ActionRun, Execution, Pipeline, PipelineSource, RUNS, Revision, RunStatus, Stage, TestCounts,
};
use crate::domain::source::Commit;
use crate::domain::text::Text;
use crate::domain::units::plural;
use crate::drill::company::{OPERATOR, Site};
use crate::drill::delivery::{Attempt, GATE, Gate, PRODUCTION, Run, STEPS, Step, positions};
use crate::drill::fleet::TICK;
use crate::drill::rollout::{Outcome, Rollout};
use crate::drill::simulation::Simulation;

pub(super) const PIPELINES: [&str; 2] = ["web", "shop"];
/// Executions listed.
const LISTED: usize = 20;
/// Hours before the drill that the pipelines were edited last.
const EDITED: i64 = 96;
/// Executions remembered from before that: nothing to go back to, and what the usual is taken of.
const OLDER: usize = 17;

/// Where a run's action stands at a moment.
pub(super) struct Progress {
    pub(super) status: RunStatus,
    pub(super) started: i64,
    pub(super) finished: Option<i64>,
    pub(super) summary: String,
}

pub(super) fn progress(s: &Simulation, run: &Run, position: usize) -> Option<Progress> {
    if !(run.begins..run.ends).contains(&position) || s.kept_from(run).is_some_and(|first| position >= first) {
        return None;
    }
    if run.is_held_before(position) {
        return None;
    }
    let plain = |attempt: Attempt| attempted(s, run, position, attempt);
    if position == GATE && !matches!(run.gate, Gate::Usual) {
        return gate(s, run);
    }
    if position < PRODUCTION {
        return run.attempts(position).into_iter().rev().find_map(plain);
    }
    let rollout = s.rollout_of(run)?;
    if position == PRODUCTION {
        return Some(Progress {
            status: match rollout.outcome {
                Outcome::Running => RunStatus::InProgress,
                Outcome::Succeeded => RunStatus::Succeeded,
                Outcome::Failed { .. } => RunStatus::Failed,
                Outcome::Stopped => RunStatus::Stopped,
            },
            started: rollout.started,
            finished: rollout.finished,
            summary: outcome_words(rollout),
        });
    }
    // Smoke tests run after a rollout that went through.
    let end = rollout.finished.filter(|_| rollout.succeeded())?;
    plain(Attempt { start: end, end: end + STEPS[position].ticks, fails: false })
}

/// An attempt, once it has begun.
fn attempted(s: &Simulation, run: &Run, position: usize, attempt: Attempt) -> Option<Progress> {
    let Attempt { start, end, fails } = attempt;
    let goes_on = s.tick >= start && run.stopped.is_none_or(|stopped| start < stopped);
    goes_on.then(|| Progress {
        status: match s.tick {
            tick if tick < end => RunStatus::InProgress,
            _ if fails => RunStatus::Failed,
            _ => RunStatus::Succeeded,
        },
        started: start,
        finished: (s.tick >= end).then_some(end),
        summary: if s.tick >= end && fails { failure(run, position) } else { String::new() },
    })
}

/// Why an attempt failed, in the words of whoever made it.
fn failure(run: &Run, position: usize) -> String {
    let failing = run.trip.as_ref().filter(|trip| trip.position == position).map_or(0, |trip| trip.failing.len());
    let what = match (STEPS[position].category, failing) {
        (_, 0) => "exit status 1".to_owned(),
        ("Test", 1) => "1 test failed".to_owned(),
        ("Test", more) => format!("{more} tests failed"),
        (_, some) => format!("{} too severe", plural(some, "finding is", "findings are")),
    };
    format!("Build terminated with state: FAILED. Phase: BUILD, {what}")
}

fn gate(s: &Simulation, run: &Run) -> Option<Progress> {
    let (started, status, finished, summary) = match &run.gate {
        Gate::Usual => return None,
        Gate::Waits { since } if s.tick < *since => return None,
        Gate::Waits { since } => {
            let status = if run.stopped.is_some() { RunStatus::Stopped } else { RunStatus::InProgress };
            (*since, status, run.stopped, "")
        }
        Gate::Decided { since, tick, is_approved, comment } => {
            let status = if *is_approved { RunStatus::Succeeded } else { RunStatus::Failed };
            (*since, status, Some(*tick), comment.as_str())
        }
    };
    Some(Progress { status, started, finished, summary: summary.to_owned() })
}

pub(super) fn outcome_words(rollout: &Rollout) -> String {
    match rollout.outcome {
        Outcome::Failed { ill } => {
            format!(
                "too few healthy targets: {ill} of {} new ones fail their health checks",
                rollout.done.max(ill as u32)
            )
        }
        Outcome::Stopped => "stopped for a newer deployment".into(),
        _ => String::new(),
    }
}

/// How a stage stands for a run, once it has come there.
pub(in crate::drill) fn stage_of(s: &Simulation, run: &Run, stage: &str) -> Option<RunStatus> {
    let (first, end) = positions(stage)?;
    let all: Vec<RunStatus> = (first..end).filter_map(|at| Some(progress(s, run, at)?.status)).collect();
    let any = |status| all.contains(&status).then_some(status);
    let bad = any(RunStatus::Failed).or_else(|| any(RunStatus::Stopped));
    let through = if all.len() == end - first { RunStatus::Succeeded } else { RunStatus::InProgress };
    bad.or_else(|| any(RunStatus::InProgress)).or_else(|| all.first().map(|_| through))
}

pub(super) fn pipelines(s: &Simulation, site: Site) -> Vec<Pipeline> {
    if site != Site::Prod {
        return Vec::new();
    }
    PIPELINES.iter().map(|name| pipeline(s, name)).collect()
}

fn runs<'a>(s: &'a Simulation, pipeline: &'a str) -> impl DoubleEndedIterator<Item = &'a Run> {
    s.runs.iter().filter(move |run| run.pipeline == pipeline && run.pushed <= s.tick)
}

fn pipeline(s: &Simulation, name: &'static str) -> Pipeline {
    let mut stages: Vec<Stage> = Vec::new();
    for (position, step) in STEPS.iter().enumerate() {
        if stages.last().is_none_or(|stage| stage.name != step.stage) {
            stages.push(Stage {
                name: step.stage.into(),
                status: RunStatus::NotStarted,
                inbound_enabled: true,
                closed: Text::default(),
                execution: runs(s, name)
                    .rev()
                    .find(|run| progress(s, run, position).is_some())
                    .map(|run| run.id.clone()),
                waiting: None,
                actions: Vec::new(),
            });
            if let Some((stage, closed)) = stages
                .last_mut()
                .zip(s.closed.iter().find(|closed| closed.pipeline == *name && closed.stage == *step.stage))
            {
                stage.inbound_enabled = false;
                stage.closed = format!("{}, by on-call", closed.reason).into();
                let waits = |run: &&Run| s.kept_from(run) == Some(position) && s.tick >= run.span(position).0;
                stage.waiting = runs(s, name).rev().find(waits).map(|run| run.id.clone());
            }
        }
        let newest = runs(s, name).rev().find_map(|run| progress(s, run, position).map(|progress| (run, progress)));
        if let (Some(stage), Some((run, progress))) = (stages.last_mut(), newest) {
            stage.actions.push(action(s, position, run, &progress));
        }
    }
    for stage in &mut stages {
        stage.status = status_of(&stage.actions);
    }
    Pipeline {
        name: name.into(),
        edited: Some(s.scenario.start - SignedDuration::from_hours(EDITED)),
        mode: Some("SUPERSEDED".into()),
        sources: vec![PipelineSource {
            provider: "CodeStarSourceConnection".into(),
            repository: REPOSITORY.into(),
            branch: BRANCH.into(),
            connection: Some("arn:aws:codeconnections:eu-west-1:123456789012:connection/acme".into()),
        }],
        stages,
        executions: runs(s, name).rev().map(|run| execution(s, run)).chain(older(s, name)).take(LISTED).collect(),
    }
}

/// What ran before the pipeline was edited, newest first: a version lower and some twenty hours earlier each.
fn older(s: &Simulation, pipeline: &'static str) -> impl Iterator<Item = Execution> {
    const CHANGES: [&str; 5] =
        ["fewer queries per page", "a clearer error", "new dependencies", "rename a field", "less memory"];
    let (newest, noise) = (if pipeline == "web" { 416 } else { 202 }, s.noise.of(pipeline));
    (0..OLDER).map(move |back| {
        let version = format!("v{}", newest - back);
        let draw = noise.of(&version);
        let hours = EDITED + 5 + 20 * back as i64 + (draw.bits(1) % 9) as i64;
        let started = s.scenario.start - SignedDuration::from_hours(hours);
        let whole: i64 = STEPS.iter().map(|step| step.ticks * TICK).sum();
        let status = match draw.bits(2) % 11 {
            0 => RunStatus::Superseded,
            1 => RunStatus::Failed,
            _ => RunStatus::Succeeded,
        };
        let mut stages: Vec<&str> = STEPS.iter().map(|step| step.stage).collect();
        stages.dedup();
        Execution {
            id: format!("{version}-{}", draw.hex(7, 8)).into(),
            version: Some(version.into()),
            status,
            trigger: Some("Webhook".into()),
            by: None,
            started,
            finished: Some(started + SignedDuration::from_secs(whole + (draw.bits(3) % 400) as i64 - 200)),
            revision: Some(Revision {
                id: draw.hex(1, 40).into(),
                author: None,
                message: CHANGES[(draw.bits(5) % 5) as usize].into(),
            }),
            returns_to: None,
            succeeded_in: if status == RunStatus::Succeeded {
                stages.into_iter().map(Text::new).collect()
            } else {
                vec!["Source".into()]
            },
        }
    })
}

/// The commits of what ran before, newest first: CodePipeline does not know who made them.
pub(super) fn older_commits(s: &Simulation) -> Vec<Commit> {
    const AUTHORS: [&str; 5] = ["oskar", "lena", "jun", "maria", "sven"];
    let of = |(pipeline, run): (&'static str, Execution)| {
        let draw = s.noise.of(pipeline).of(run.version.as_ref()?.as_str());
        let revision = run.revision?;
        Some(Commit {
            sha: revision.id,
            author: AUTHORS[(draw.bits(4) % 5) as usize].into(),
            message: revision.message,
            at: run.started - PUSHED,
        })
    };
    let all = PIPELINES.iter().flat_map(|pipeline| older(s, pipeline).map(move |run| (*pipeline, run)));
    let mut all: Vec<Commit> = all.filter_map(of).collect();
    all.sort_by_key(|commit| std::cmp::Reverse(commit.at));
    all
}

/// The last runs of an action, newest first.
fn history(s: &Simulation, pipeline: &'static str, position: usize) -> Vec<ActionRun> {
    let of = |run: &Run, it: &Progress| ActionRun {
        execution: run.id.clone(),
        version: Some(run.version.clone()),
        status: it.status,
        started: s.at(it.started),
        finished: it.finished.map(|tick| s.at(tick)),
        summary: it.summary.as_str().into(),
        external_id: external_id(s, run, position, it.started),
        link: external_id(s, run, position, it.started).and_then(|id| link(position, &id)),
    };
    let newest = runs(s, pipeline).rev().flat_map(|run| {
        let is_tried_again = run.trip.as_ref().is_some_and(|trip| trip.position == position);
        let all: Vec<Progress> = if is_tried_again && progress(s, run, position).is_some() {
            run.attempts(position).into_iter().rev().filter_map(|it| attempted(s, run, position, it)).collect()
        } else {
            progress(s, run, position).into_iter().collect()
        };
        all.into_iter().map(|it| of(run, &it)).collect::<Vec<_>>()
    });
    let usual = STEPS[position].ticks * TICK;
    let before: i64 = STEPS[..position].iter().map(|step| step.ticks * TICK).sum();
    let past = older(s, pipeline).filter_map(move |run| {
        // What was overtaken, or failed, did so in its tests.
        let fails = run.status != RunStatus::Succeeded && STEPS[position].name == "Integration-Tests";
        if run.status != RunStatus::Succeeded && STEPS[position].stage != "Source" && !fails && position > 2 {
            return None;
        }
        let draw = s.noise.of(run.id.as_str());
        let took = (usual * (85 + (draw.bits(position as i64) % 31) as i64) / 100).max(1);
        let started = run.started + SignedDuration::from_secs(before);
        Some(ActionRun {
            execution: run.id,
            version: run.version,
            status: if fails { RunStatus::Failed } else { RunStatus::Succeeded },
            started,
            finished: Some(started + SignedDuration::from_secs(took)),
            summary: if fails {
                "Build terminated with state: FAILED. Phase: BUILD, 1 test failed".into()
            } else {
                Text::default()
            },
            external_id: None,
            link: None,
        })
    });
    newest.chain(past).take(RUNS).collect()
}

/// What whoever carries an action out calls the run that began then.
pub(super) fn external_id(s: &Simulation, run: &Run, position: usize, started: i64) -> Option<Text> {
    let step = &STEPS[position];
    match step.provider {
        "CodeBuild" => {
            let project = format!("{}-{}", run.pipeline, step.name.to_lowercase());
            let id = s.noise.of(&project).of(run.id.as_str()).hex(started, 32);
            Some(format!("{project}:{}-{}", &id[..8], &id[8..20]).into())
        }
        "CodeDeploy" if position == PRODUCTION => {
            let fleet = s.fleets().into_iter().find(|fleet| fleet.plan.name == run.fleet)?;
            Some(s.deployment_id(fleet, s.rollout_of(run)?))
        }
        "CodeDeploy" => Some(super::delivery::staging_id(s, run)),
        _ => None,
    }
}

fn link(position: usize, id: &Text) -> Option<Text> {
    let suite = "https://eu-west-1.console.aws.amazon.com/codesuite";
    match STEPS[position].provider {
        "CodeBuild" => {
            let project = id.as_str().split(':').next().unwrap_or_default();
            let build = id.as_str().replace(':', "%3A");
            Some(format!("{suite}/codebuild/projects/{project}/build/{build}?region=eu-west-1").into())
        }
        "CodeDeploy" => Some(format!("{suite}/codedeploy/deployments/{id}?region=eu-west-1").into()),
        _ => None,
    }
}

/// What an action deploys to.
fn targets(pipeline: &str, position: usize) -> Vec<Text> {
    let fleets: &[&str] = if pipeline == "web" { &["web"] } else { &["catalog", "checkout"] };
    match STEPS[position] {
        step if step.category != "Deploy" => Vec::new(),
        step if step.stage == "Staging" => fleets.iter().map(|fleet| format!("{fleet}-staging").into()).collect(),
        _ => fleets.iter().map(|fleet| Text::new(fleet)).collect(),
    }
}

/// As its actions are: what failed or runs decides, else how the last one ended.
fn status_of(actions: &[Action]) -> RunStatus {
    let any = |status| actions.iter().any(|action| action.status == status);
    [RunStatus::Failed, RunStatus::Stopped, RunStatus::InProgress]
        .into_iter()
        .find(|status| any(*status))
        .or_else(|| actions.last().map(|action| action.status))
        .unwrap_or(RunStatus::NotStarted)
}

/// What runs in containers is rolled out by ECS itself in production, as the rollouts tell.
fn provider(s: &Simulation, step: Step, run: &Run) -> &'static str {
    let is_contained = s.fleets().iter().any(|fleet| fleet.plan.name == run.fleet && !fleet.is_group());
    if is_contained && step.stage == "Production" && step.category == "Deploy" { "ECS" } else { step.provider }
}

fn action(s: &Simulation, position: usize, run: &Run, progress: &Progress) -> Action {
    let step = STEPS[position];
    let done = progress.status == RunStatus::Succeeded;
    let failed = progress.status == RunStatus::Failed;
    let trip = run.trip.as_ref().filter(|trip| trip.position == position);
    let external_id = external_id(s, run, position, progress.started);
    let is_past = progress.finished.is_some();
    Action {
        name: step.name.into(),
        category: Some(step.category.into()),
        provider: Some(provider(s, step, run).into()),
        status: progress.status,
        version: Some(run.version.clone()),
        started: Some(s.at(progress.started)),
        finished: progress.finished.map(|tick| s.at(tick)),
        usual: Some(SignedDuration::from_secs(step.ticks * TICK)),
        summary: match step.category {
            "Source" => run.message.clone(),
            _ => progress.summary.as_str().into(),
        },
        by: match run.gate {
            Gate::Decided { .. } if position == GATE => OPERATOR.into(),
            Gate::Usual if position == GATE && done => run.approver.clone(),
            _ => Text::default(),
        },
        // Their builds tell.
        tests: None,
        outputs: match step.name {
            "Package" => done.then(|| vec![format!("s3://acme-artifacts/{}/{}.zip", run.pipeline, run.version).into()]),
            "Docker-Image" => done.then(|| vec![format!("acme/{}:{}", run.fleet, run.version).into()]),
            _ => None,
        },
        flaky: Some(done && trip.is_some_and(|trip| !trip.retries.is_empty())),
        token: match run.gate {
            Gate::Waits { since } if position == GATE && progress.status == RunStatus::InProgress => {
                Some(run.token(s.noise, since))
            }
            _ => None,
        },
        execution: Some(run.id.clone()),
        link: external_id.as_ref().and_then(|id| link(position, id)),
        error: (failed && !progress.summary.is_empty()).then(|| progress.summary.as_str().into()),
        history: Some(history(s, run.pipeline, position)),
        log: action_log::tail(s, run, position, progress.started, is_past.then_some(failed)),
        external_id,
        targets: targets(run.pipeline, position),
        region: None,
        role: None,
    }
}

/// How the tests of an action went, once they are over.
pub(super) fn tests(s: &Simulation, run: &Run, position: usize, progress: &Progress) -> Option<TestCounts> {
    let all = match STEPS[position].name {
        "Unit-Tests" => 812,
        "Integration-Tests" => 96,
        "Browser-Tests-Staging" => 34,
        _ => return None,
    };
    progress.finished?;
    let more = (s.noise.of(run.version.as_str()).bits(position as i64) % 9) as u32;
    let trip = run.trip.as_ref().filter(|trip| trip.position == position && progress.status == RunStatus::Failed);
    let failing = trip.map_or_else(Vec::new, |trip| trip.failing.clone());
    let failed = failing.len() as u32;
    Some(TestCounts { passed: all + more - failed, failed, failing })
}

fn execution(s: &Simulation, run: &Run) -> Execution {
    let last = (run.begins..run.ends)
        .rev()
        .find_map(|position| progress(s, run, position).map(|progress| (position, progress)));
    let (status, finished) = match last {
        Some((position, progress)) if position + 1 == run.ends => (progress.status, progress.finished),
        Some((_, progress)) if matches!(progress.status, RunStatus::Failed | RunStatus::Stopped) => {
            (progress.status, progress.finished)
        }
        Some((_, progress)) if run.stopped.is_some() && progress.status != RunStatus::InProgress => {
            (RunStatus::Stopped, run.stopped)
        }
        _ => (RunStatus::InProgress, None),
    };
    let mut passed: Vec<&str> = STEPS.iter().map(|step| step.stage).collect();
    passed.dedup();
    passed.retain(|stage| stage_of(s, run, stage) == Some(RunStatus::Succeeded));
    Execution {
        id: run.id.clone(),
        version: Some(run.version.clone()),
        status,
        trigger: Some(run.trigger.into()),
        by: run.is_rollback().then(|| OPERATOR.into()),
        started: s.at(run.pushed),
        finished: finished.map(|tick| s.at(tick)),
        revision: Some(Revision { id: run.sha.clone(), author: None, message: run.message.clone() }),
        returns_to: run.returns_to.clone(),
        succeeded_in: passed.into_iter().map(Text::new).collect(),
    }
}
