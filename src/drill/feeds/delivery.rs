//! Pipelines, images, deployments, the repository: one story told from four sides.

use jiff::SignedDuration;

use crate::domain::delivery::{
    Action, DeployStatus, Deployment, Execution, Image, ImageRepository, Pipeline, Revision, RunStatus, ScanFindings,
    Stage, TestCounts,
};
use crate::domain::scope::Environment;
use crate::domain::source::{Commit, PullRequest, Review, SourceRepository};
use crate::domain::text::Text;
use crate::drill::company::Site;
use crate::drill::delivery::{PRODUCTION, Run, STEPS};
use crate::drill::fleet::{Fleet, TICK};
use crate::drill::rollout::{Outcome, Rollout};
use crate::drill::scenario::Flaw;
use crate::drill::simulation::Simulation;

const PIPELINES: [&str; 2] = ["web", "shop"];
/// Executions listed.
const LISTED: usize = 20;

/// Where a run's action stands at a moment.
struct Progress {
    status: RunStatus,
    started: i64,
    finished: Option<i64>,
    summary: String,
}

/// The rollout a run led to, once it has begun.
fn rollout_of<'a>(s: &'a Simulation, run: &Run) -> Option<&'a Rollout> {
    let fleet = s.fleets().into_iter().find(|fleet| fleet.plan.name == run.fleet)?;
    fleet.rollouts.iter().rev().find(|rollout| rollout.release.version == run.version && rollout.started >= run.pushed)
}

fn progress(s: &Simulation, run: &Run, position: usize) -> Option<Progress> {
    let plain = |(start, end): (i64, i64)| {
        (s.tick >= start).then(|| Progress {
            status: if s.tick < end { RunStatus::InProgress } else { RunStatus::Succeeded },
            started: start,
            finished: (s.tick >= end).then_some(end),
            summary: String::new(),
        })
    };
    if position < PRODUCTION {
        return plain(run.span(position));
    }
    let rollout = rollout_of(s, run)?;
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
    plain((end, end + STEPS[position].ticks))
}

fn outcome_words(rollout: &Rollout) -> String {
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
                actions: Vec::new(),
            });
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
        stages,
        executions: runs(s, name).rev().take(LISTED).map(|run| execution(s, run)).collect(),
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

fn action(s: &Simulation, position: usize, run: &Run, progress: &Progress) -> Action {
    let step = STEPS[position];
    let done = progress.status == RunStatus::Succeeded;
    let tests = |passed: u32| {
        let more = (s.noise.of(run.version.as_str()).bits(position as i64) % 9) as u32;
        done.then(|| TestCounts { passed: passed + more, failed: 0, failing: Vec::new() })
    };
    Action {
        name: step.name.into(),
        category: Some(step.category.into()),
        provider: Some(step.provider.into()),
        status: progress.status,
        version: Some(run.version.clone()),
        started: Some(s.at(progress.started)),
        finished: progress.finished.map(|tick| s.at(tick)),
        usual: Some(SignedDuration::from_secs(step.ticks * TICK)),
        summary: match step.category {
            "Source" => run.message.clone(),
            _ => progress.summary.as_str().into(),
        },
        by: if step.category == "Approval" && done { run.approver.clone() } else { Text::default() },
        tests: match step.name {
            "Unit-Tests" => tests(812),
            "Integration-Tests" => tests(96),
            "Browser-Tests-Staging" => tests(34),
            _ => None,
        },
        outputs: match step.name {
            "Package" => done.then(|| vec![format!("s3://acme-artifacts/{}/{}.zip", run.pipeline, run.version).into()]),
            "Docker-Image" => done.then(|| vec![format!("acme/{}:{}", run.fleet, run.version).into()]),
            _ => None,
        },
        flaky: Some(false),
    }
}

fn execution(s: &Simulation, run: &Run) -> Execution {
    let last =
        (0..STEPS.len()).rev().find_map(|position| progress(s, run, position).map(|progress| (position, progress)));
    let (status, finished) = match last {
        Some((position, progress)) if position + 1 == STEPS.len() => (progress.status, progress.finished),
        Some((_, progress)) if matches!(progress.status, RunStatus::Failed | RunStatus::Stopped) => {
            (progress.status, progress.finished)
        }
        _ => (RunStatus::InProgress, None),
    };
    Execution {
        id: format!("{}-{}", run.version, s.noise.of(run.version.as_str()).hex(7, 8)).into(),
        version: Some(run.version.clone()),
        status,
        trigger: Some(run.trigger.into()),
        by: None,
        started: s.at(run.pushed),
        finished: finished.map(|tick| s.at(tick)),
        revision: Some(Revision {
            id: run.sha.clone(),
            author: Some(run.author.clone()),
            message: run.message.clone(),
        }),
    }
}

fn commit(s: &Simulation, run: &Run) -> Commit {
    Commit {
        sha: run.sha.clone(),
        author: run.author.clone(),
        message: run.message.clone(),
        at: s.at(run.pushed) - SignedDuration::from_secs(25),
    }
}

pub(super) fn images(s: &Simulation, site: Site) -> Vec<ImageRepository> {
    if site != Site::Prod {
        return Vec::new();
    }
    [&s.web, &s.catalog, &s.checkout].into_iter().map(|fleet| image_repository(s, fleet)).collect()
}

fn digest(s: &Simulation, fleet: &Fleet, version: &Text) -> Text {
    format!("sha256:{}", s.noise.of(fleet.plan.name.as_str()).of(version.as_str()).hex(3, 32)).into()
}

fn image_repository(s: &Simulation, fleet: &Fleet) -> ImageRepository {
    // The push is the action before the first deployment.
    const PUSH: usize = 7;
    let mut images: Vec<Image> = s
        .runs
        .iter()
        .filter(|run| run.fleet == fleet.plan.name && s.tick >= run.span(PUSH).1)
        .map(|run| Image {
            tag: run.version.clone(),
            digest: digest(s, fleet, &run.version),
            base: "distroless/base-debian12".into(),
            pushed: s.at(run.span(PUSH).1),
            bytes: 84 * 1_048_576 + s.noise.of(run.version.as_str()).bits(5) % 9_000_000,
        })
        .collect();
    images.sort_by_key(|image| std::cmp::Reverse(image.pushed));
    // What most units run.
    let running = fleet
        .units
        .iter()
        .map(|unit| &unit.release.version)
        .max_by_key(|version| fleet.units.iter().filter(|unit| unit.release.version == **version).count());
    let scan = if s.has(Flaw::HighFindings) && fleet.plan.name == "web" {
        ScanFindings { critical: 0, high: 2, medium: 7, newest: vec!["CVE-2026-1187".into(), "CVE-2025-9921".into()] }
    } else {
        ScanFindings { critical: 0, high: 0, medium: 5, newest: Vec::new() }
    };
    ImageRepository {
        name: format!("acme/{}", fleet.plan.name).into(),
        images,
        running_digest: running.map(|version| digest(s, fleet, version)),
        scan,
    }
}

pub(super) fn deployments(s: &Simulation, site: Site) -> Vec<Deployment> {
    let mut all: Vec<Deployment> = s
        .fleets()
        .into_iter()
        .filter(|fleet| fleet.plan.site == site)
        .flat_map(|fleet| {
            fleet.rollouts.iter().enumerate().map(move |(position, rollout)| deployment(s, fleet, position, rollout))
        })
        .collect();
    if site == Site::Prod {
        all.extend(s.runs.iter().filter_map(|run| staging(s, run)));
    }
    all.sort_by_key(|deploy| std::cmp::Reverse(deploy.started));
    all
}

fn deployment(s: &Simulation, fleet: &Fleet, position: usize, rollout: &Rollout) -> Deployment {
    let before = &fleet.rollouts[..position];
    let last_good =
        before.iter().rev().find(|past| past.succeeded() && past.release.version != rollout.release.version);
    let usual = before.iter().rev().find_map(|past| past.finished.map(|end| end - past.started));
    Deployment {
        id: format!("d-{}", s.noise.of(fleet.plan.name.as_str()).hex(rollout.started, 9).to_uppercase()).into(),
        kind: if fleet.plan.name.as_str().starts_with("web") { "CodeDeploy".into() } else { "ECS".into() },
        target: fleet.plan.name.clone(),
        environment: Environment::Prod,
        from: rollout.from.clone(),
        to: rollout.release.version.clone(),
        status: match rollout.outcome {
            Outcome::Running => DeployStatus::InProgress,
            Outcome::Succeeded => DeployStatus::Succeeded,
            Outcome::Failed { .. } => DeployStatus::Failed,
            Outcome::Stopped => DeployStatus::Stopped,
        },
        done: rollout.done,
        total: rollout.total,
        started: s.at(rollout.started),
        finished: rollout.finished.map(|tick| s.at(tick)),
        by: rollout.by.clone(),
        message: rollout.message.clone(),
        usual: usual.map(|ticks| SignedDuration::from_secs(ticks * TICK)),
        // The first ever recorded came from the version it replaced, which was good enough to stand for years.
        returns_to: Some(last_good.map_or_else(|| rollout.from.clone(), |past| past.release.version.clone())),
    }
}

fn staging(s: &Simulation, run: &Run) -> Option<Deployment> {
    const STAGING: usize = 8;
    let progress = progress(s, run, STAGING)?;
    let done = progress.finished.is_some();
    let before = s
        .runs
        .iter()
        .filter(|other| other.fleet == run.fleet && other.pushed < run.pushed)
        .max_by_key(|other| other.pushed);
    Some(Deployment {
        id: format!("d-{}", s.noise.of(run.sha.as_str()).hex(1, 9).to_uppercase()).into(),
        kind: "CodeDeploy".into(),
        target: format!("{}-staging", run.fleet).into(),
        environment: Environment::Staging,
        from: before.map_or_else(|| "-".into(), |other| other.version.clone()),
        to: run.version.clone(),
        status: if done { DeployStatus::Succeeded } else { DeployStatus::InProgress },
        done: u32::from(done),
        total: 1,
        started: s.at(progress.started),
        finished: progress.finished.map(|tick| s.at(tick)),
        by: run.author.clone(),
        message: run.message.clone(),
        usual: Some(SignedDuration::from_secs(STEPS[STAGING].ticks * TICK)),
        returns_to: None,
    })
}

pub(super) fn repositories(s: &Simulation, site: Site) -> Vec<SourceRepository> {
    if site != Site::ProdGlobal {
        return Vec::new();
    }
    let Some(newest) = s.runs.iter().rev().find(|run| run.pushed <= s.tick) else { return Vec::new() };
    // Work goes on: every twelve hours the open ones are merged and as many are opened.
    let rounds = s.now().duration_since(s.scenario.start).as_hours().div_euclid(12);
    let hours = |hours: i64| s.scenario.start + SignedDuration::from_hours(12 * rounds - hours);
    let pull = |number: u32, title: &str, author: &str, opened, review| PullRequest {
        number: number + 7 * rounds.max(0) as u32,
        title: title.into(),
        author: author.into(),
        opened: hours(opened),
        conflicts: false,
        review,
    };
    let mut pulls = vec![
        pull(2_187, "gift cards, part two", "jun", 52, Review::Approved { by: "maria".into() }),
        pull(2_190, "drop the old search index", "oskar", 20, Review::ChangesRequested { by: "lena".into() }),
        pull(2_191, "upgrade the image pipeline", "lena", 3, Review::Waiting { since: hours(2) }),
    ];
    if s.has(Flaw::OldPullRequest) {
        pulls.insert(
            0,
            pull(2_104, "rewrite the tax module", "sven", 8 * 24 + 5, Review::ChangesRequested { by: "maria".into() }),
        );
    }
    if s.has(Flaw::HostileNames) {
        for (number, title) in (3_000_u32..).zip(super::compute::HOSTILE) {
            pulls.push(pull(number, title, title, 9 * 24, Review::Waiting { since: hours(30) }));
        }
    }
    vec![SourceRepository {
        name: "acme/shop".into(),
        provider: "GitHub".into(),
        branch: "main".into(),
        head: commit(s, newest),
        connection: "AVAILABLE".into(),
        pulls,
    }]
}
