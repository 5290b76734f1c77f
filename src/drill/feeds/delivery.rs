//! Images, deployments, the repository: what the pipelines made and brought, told from three sides.

use jiff::SignedDuration;

use super::pipelines::{older_commits, outcome_words, progress};
use crate::domain::delivery::{Bundle, DeployStatus, Deployment, Image, ImageRepository, ScanFindings};
use crate::domain::scope::Environment;
use crate::domain::source::{Commit, PullRequest, Review, SourceRepository};
use crate::domain::text::Text;
use crate::drill::company::Site;
use crate::drill::delivery::{CLUSTER, Run, STEPS};
use crate::drill::fleet::{Fleet, TICK};
use crate::drill::rollout::{Outcome, Rollout};
use crate::drill::scenario::Flaw;
use crate::drill::simulation::Simulation;

pub(super) const REPOSITORY: &str = "acme/shop";
pub(super) const BRANCH: &str = "main";
/// Where the company keeps its images.
pub(super) const REGISTRY: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
/// Commits listed, as many as are read of GitHub.
const LISTED: usize = 30;
/// From a commit to the run it starts.
pub(super) const PUSHED: SignedDuration = SignedDuration::from_secs(25);

fn commit(s: &Simulation, run: &Run) -> Commit {
    Commit {
        sha: run.sha.clone(),
        author: run.author.clone(),
        message: run.message.clone(),
        at: s.at(run.pushed) - PUSHED,
    }
}

pub(super) fn images(s: &Simulation, site: Site) -> Vec<ImageRepository> {
    if site != Site::Prod {
        return Vec::new();
    }
    [&s.web, &s.catalog, &s.checkout].into_iter().map(|fleet| image_repository(s, fleet)).collect()
}

pub(super) fn digest(s: &Simulation, fleet: &Fleet, version: &Text) -> Text {
    format!("sha256:{}", s.noise.of(fleet.plan.name.as_str()).of(version.as_str()).hex(3, 32)).into()
}

fn image_repository(s: &Simulation, fleet: &Fleet) -> ImageRepository {
    // The push is the action before the first deployment.
    const PUSH: usize = 7;
    let mut images: Vec<Image> = s
        .runs
        .iter()
        .filter(|run| run.fleet == fleet.plan.name && !run.is_rollback())
        .filter(|run| s.tick >= run.span(PUSH).1 && !run.is_held_before(PUSH))
        .map(|run| Image {
            tag: run.version.clone(),
            digest: digest(s, fleet, &run.version),
            base: Some("distroless/base-debian12".into()),
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
        uri: format!("{REGISTRY}/acme/{}", fleet.plan.name).into(),
        images,
        has_more: false,
        // Of what ECS runs its tasks tell.
        running_digest: running.filter(|_| fleet.is_group()).map(|version| digest(s, fleet, version)),
        scan: Some(scan),
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
    let is_group = fleet.is_group();
    Deployment {
        id: s.deployment_id(fleet, rollout),
        kind: if is_group { "CodeDeploy".into() } else { "ECS".into() },
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
        reason: outcome_words(rollout).into(),
        usual: usual.map(|ticks| SignedDuration::from_secs(ticks * TICK)),
        // The first ever recorded came from the version it replaced, which was good enough to stand for years.
        returns_to: Some(last_good.map_or_else(|| rollout.from.clone(), |past| past.release.version.clone())),
        returns_by: last_good.map(|past| {
            if is_group { s.deployment_id(fleet, past) } else { task_definition(fleet, &past.release.version) }
        }),
        returns_with: last_good.filter(|_| is_group).map(|past| Bundle::S3 {
            bucket: "acme-artifacts".into(),
            key: format!("{}/{}.zip", fleet.plan.name, past.release.version).into(),
            bundle: "zip".into(),
            version: None,
            etag: None,
        }),
        arn: (!is_group).then(|| s.deployment_arn(fleet, rollout)),
        owner: Some(if is_group { fleet.plan.name.clone() } else { CLUSTER.into() }),
        group: is_group.then(|| "production".into()),
    }
}

/// `family:revision`: a revision is registered for each version.
pub(super) fn task_definition(fleet: &Fleet, version: &Text) -> Text {
    format!("{}:{}", fleet.plan.name, version.as_str().trim_start_matches('v')).into()
}

/// What `CodeDeploy` calls the deployment of a run to staging.
pub(super) fn staging_id(s: &Simulation, run: &Run) -> Text {
    format!("d-{}", s.noise.of(run.sha.as_str()).hex(1, 9).to_uppercase()).into()
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
        id: staging_id(s, run),
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
        reason: Text::default(),
        usual: Some(SignedDuration::from_secs(STEPS[STAGING].ticks * TICK)),
        returns_to: None,
        returns_by: None,
        returns_with: None,
        arn: None,
        owner: Some(run.fleet.clone()),
        group: Some("staging".into()),
    })
}

pub(super) fn repositories(s: &Simulation, site: Site) -> Vec<SourceRepository> {
    let commits: Vec<Commit> = s
        .runs
        .iter()
        .rev()
        .filter(|run| run.pushed <= s.tick && !run.is_rollback())
        .map(|run| commit(s, run))
        .chain(older_commits(s))
        .take(LISTED)
        .collect();
    if site != Site::Prod || commits.is_empty() {
        return Vec::new();
    }
    // Work goes on: every twelve hours the open ones are merged and as many are opened.
    let rounds = s.now().duration_since(s.scenario.start).as_hours().div_euclid(12);
    let hours = |hours: i64| s.scenario.start + SignedDuration::from_hours(12 * rounds - hours);
    let pull = |number: u32, title: &str, author: &str, opened, review| PullRequest {
        number: number + 7 * rounds.max(0) as u32,
        title: title.into(),
        author: author.into(),
        opened: hours(opened),
        conflicts: Some(false),
        review: Some(review),
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
        key: SourceRepository::key_of(&REPOSITORY.into(), &BRANCH.into()),
        name: REPOSITORY.into(),
        provider: "GitHub".into(),
        branch: BRANCH.into(),
        commits: Some(commits),
        connection: Some("AVAILABLE".into()),
        pulls: Some(pulls),
    }]
}
