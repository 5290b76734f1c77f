//! CI pipeline: linting to registry.

use jiff::SignedDuration;

use super::pipeline_map::{Placed, actions};
use super::{BoxSpec, Check, Facts, Finding, Verdict, Within, known, some_names};
use crate::domain::board::BoxId;
use crate::domain::build::Build;
use crate::domain::delivery::{Image, ImageRepository, RunStatus, ScanFindings};
use crate::domain::scope::Environment;
use crate::domain::text::Text;
use crate::domain::units::{brief, bytes, long, moment, plural, since};
use crate::world::Place;
use crate::world::builds;
use crate::world::feed::Feed;
use crate::world::sight::Sight;

/// A box of pipeline actions, with the three checks every action is due and those of its own.
macro_rules! action_box {
    ($id:ident, [$($feed:ident),+], $facts:expr $(, $check:expr)*) => {
        BoxSpec {
            id: BoxId::$id,
            sources: &[$(Feed::$feed),+],
            within: Within::Everything,
            facts: $facts,
            checks: &[
                Check { title: "The last run succeeded", limit: |_| "bad on failure".into(), judge: |sight| succeeded(sight, BoxId::$id) },
                Check {
                    title: "It runs as fast as usual",
                    limit: |t| format!("warn over {} x the median of 20", t.slow_run_factor),
                    judge: |sight| as_fast_as_usual(sight, BoxId::$id),
                },
                $($check),*
            ],
        }
    };
}

pub(super) const BOXES: &[BoxSpec] = &[
    action_box!(Linting, [Pipelines, Builds], |sight| run_facts(sight, BoxId::Linting)),
    action_box!(UnitTests, [Pipelines, Builds], |sight| run_facts(sight, BoxId::UnitTests), NOT_FLAKY_UNIT),
    action_box!(
        IntegrationTests,
        [Pipelines, Builds],
        |sight| run_facts(sight, BoxId::IntegrationTests),
        NOT_FLAKY_INTEGRATION
    ),
    BoxSpec {
        id: BoxId::SecurityScan,
        sources: &[Feed::Images, Feed::Pipelines, Feed::Builds],
        within: Within::Everything,
        facts: |sight| {
            let totals = findings_by_severity(sight);
            let scanned = scans(sight).count();
            if scanned == 0 && actions(sight, BoxId::SecurityScan).is_empty() {
                return Facts::absent();
            }
            Facts::new(if totals.0 + totals.1 == 0 { "none serious".into() } else { format!("{} high", totals.1) })
                .with("critical", totals.0.to_string())
                .with("high", totals.1.to_string())
                .with("medium", totals.2.to_string())
                .with("repositories scanned", scanned.to_string())
        },
        checks: &[
            Check {
                title: "No serious findings in images",
                limit: |_| "warn on high, bad on critical".into(),
                judge: |sight| {
                    // A registry that scans nothing leaves it to the pipeline.
                    if scans(sight).next().is_none() {
                        return Verdict::Skip;
                    }
                    let findings = scans(sight)
                        .filter(|(.., scan)| scan.critical + scan.high > 0)
                        .map(|(place, repo, scan)| {
                            let ids = some_names(&scan.newest);
                            if scan.critical > 0 {
                                Finding::bad(
                                    format!("{} critical", scan.critical),
                                    format!("{}: {} critical, {} high: {ids}", repo.name, scan.critical, scan.high),
                                )
                                .at(place)
                            } else {
                                Finding::warn(
                                    format!("{} high", scan.high),
                                    format!("{}: {} high: {ids}", repo.name, scan.high),
                                )
                                .at(place)
                            }
                        })
                        .collect();
                    Verdict::of(findings, "none critical, none high")
                },
            },
            Check {
                title: "The last scan succeeded",
                limit: |_| "bad on failure".into(),
                judge: |sight| succeeded(sight, BoxId::SecurityScan),
            },
        ],
    },
    action_box!(
        BuildArtifact,
        [Pipelines, Builds],
        |sight| {
            let Some(newest) = newest(sight, BoxId::BuildArtifact) else { return Facts::absent() };
            let action = newest.action;
            let left = builds::of(sight, action).and_then(|build| build.artifacts.first());
            let location = left.map_or_else(|| made(&newest), |artifact| artifact.location.to_string());
            let facts = Facts::new(action.version_word())
                .with("version", action.version_word())
                .with("location", location)
                .with(
                    "built",
                    action.finished.map_or_else(|| "-".into(), |at| format!("{} ago", brief(since(sight.at, at)))),
                );
            match left.and_then(|artifact| artifact.sha256.as_ref()) {
                Some(sum) => facts.with("sha256", sum.as_str().get(..16).unwrap_or(sum.as_str())),
                None => facts,
            }
        },
        Check {
            title: "The build left an artifact",
            limit: |_| "bad when missing".into(),
            judge: |sight| {
                let all = actions(sight, BoxId::BuildArtifact);
                let told = all.iter().filter(|placed| placed.action.status == RunStatus::Succeeded);
                let told: Vec<_> = told.filter_map(|placed| Some((placed, placed.action.outputs.as_ref()?))).collect();
                if told.is_empty() {
                    return Verdict::Skip;
                }
                let findings = told
                    .into_iter()
                    .filter(|(_, outputs)| outputs.is_empty())
                    .map(|(placed, _)| {
                        let text = format!(
                            "{} built {} but left no artifact",
                            placed.pipeline.name,
                            placed.action.version_word()
                        );
                        Finding::bad("missing", text).at(placed.place)
                    })
                    .collect();
                Verdict::of(findings, "artifact present")
            },
        }
    ),
    action_box!(DockerImage, [Pipelines, Images, Builds], |sight| {
        let Some(newest) = newest(sight, BoxId::DockerImage) else { return Facts::absent() };
        let image = newest_image(sight);
        Facts::new(newest.action.version_word())
            .with("image", made(&newest))
            .with("base", image.and_then(|(_, image)| image.base.as_ref()).map_or("-", Text::as_str))
            .with("size", image.map_or_else(|| "-".into(), |(_, image)| bytes(image.bytes)))
            .with("took", took(&newest))
    }),
    BoxSpec {
        id: BoxId::RegistryPush,
        sources: &[Feed::Images, Feed::Pipelines, Feed::Builds, Feed::Clusters],
        within: Within::Everything,
        facts: |sight| {
            let Some((repo, image)) = newest_image(sight) else { return Facts::absent() };
            let running: Vec<String> =
                running(sight, repo).iter().map(|digest| short_digest(digest.as_str())).collect();
            Facts::new(format!("{} pushed", tag_word(image)))
                .with("newest", format!("{}:{}", repo.name, tag_word(image)))
                .with("digest", short_digest(image.digest.as_str()))
                .with("pushed", moment(image.pushed, sight.at, sight.zone()))
                .with("running", if running.is_empty() { "-".into() } else { running.join(", ") })
        },
        checks: &[
            Check {
                title: "What runs can be pulled again",
                limit: |_| "bad when its digest is gone".into(),
                judge: |sight| {
                    let mut unlisted = Vec::new();
                    let mut findings = Vec::new();
                    for (place, repo) in sight.items(|f| &f.images) {
                        let is_there = |digest: &Text| repo.images.iter().any(|image| image.digest == *digest);
                        for digest in running(sight, repo).into_iter().filter(|digest| !is_there(digest)) {
                            let short = short_digest(digest.as_str());
                            if repo.has_more {
                                unlisted.push(format!("{short} of {}", repo.name));
                                continue;
                            }
                            let text = format!(
                                "production runs {short} of {}, which is no longer in the registry: a new task cannot start",
                                repo.name
                            );
                            findings.push(Finding::bad("digest gone", text).at(place));
                        }
                    }
                    Verdict::told(findings, "running digests present", || {
                        let all = some_names(&unlisted);
                        (!unlisted.is_empty()).then(|| format!("cannot tell: {all} is not among the images read"))
                    })
                },
            },
            Check {
                title: "The last push succeeded",
                limit: |_| "bad on failure".into(),
                judge: |sight| succeeded(sight, BoxId::RegistryPush),
            },
        ],
    },
];

const NOT_FLAKY_UNIT: Check = Check {
    title: "Same commit, same result",
    limit: |_| "warn when it failed, then passed".into(),
    judge: |sight| not_flaky(sight, BoxId::UnitTests),
};

pub(super) const NOT_FLAKY_STAGING: Check = Check {
    title: "Same commit, same result",
    limit: |_| "warn when it failed, then passed".into(),
    judge: |sight| not_flaky(sight, BoxId::StagingTests),
};

const NOT_FLAKY_INTEGRATION: Check = Check {
    title: "Same commit, same result",
    limit: |_| "warn when it failed, then passed".into(),
    judge: |sight| not_flaky(sight, BoxId::IntegrationTests),
};

/// Facts of the newest action in a box, of one that failed where there is one: state, duration against the usual, tests.
pub(super) fn run_facts(sight: &Sight<'_>, id: BoxId) -> Facts {
    let is_bad = |placed: &Placed<'_>| placed.action.status == RunStatus::Failed;
    let by = |placed: &Placed<'_>| (is_bad(placed), placed.action.started);
    let Some(newest) = actions(sight, id).into_iter().max_by_key(by) else { return Facts::absent() };
    let action = newest.action;
    let tests = builds::tests(action, builds::of(sight, action));
    let headline = match (tests, action.status) {
        (_, RunStatus::InProgress) => "running".into(),
        (Some(tests), _) => format!("{} ok", tests.passed),
        (None, _) => took(&newest),
    };
    let mut facts = Facts::new(headline)
        .with("state", action.status.word())
        .with("version", action.version_word())
        .with("took", took(&newest))
        .with("usually", action.usual.map_or_else(|| "-".into(), long))
        .with("pipeline", format!("{} / {}", newest.pipeline.name, newest.stage.name));
    if let Some(tests) = tests {
        facts = facts.with("tests", format!("{} passed, {} failed", tests.passed, tests.failed));
        if !tests.failing.is_empty() {
            facts = facts.with("failing", some_names(&tests.failing));
        }
    }
    if let Some(build) = builds::of(sight, action) {
        if let Some(phase) = build.failure() {
            facts = facts.with("failed in", format!("{}: {}", phase.name, phase.message));
        }
        if let Some(last) = build.log.as_ref().and_then(|lines| lines.last()) {
            facts = facts.with("log ends", last.as_str());
        }
    }
    facts
}

/// The action of the box that ran last.
pub(super) fn newest<'a>(sight: &Sight<'a>, id: BoxId) -> Option<Placed<'a>> {
    actions(sight, id).into_iter().max_by_key(|placed| placed.action.started)
}

pub(super) fn succeeded(sight: &Sight<'_>, id: BoxId) -> Verdict {
    let placed = actions(sight, id);
    if placed.iter().all(|placed| placed.action.status == RunStatus::NotStarted) {
        return Verdict::Skip;
    }
    let findings = placed
        .iter()
        .filter(|placed| placed.action.status == RunStatus::Failed)
        .map(|placed| {
            let action = placed.action;
            let (brief, tests) = match builds::tests(action, builds::of(sight, action)) {
                Some(tests) if tests.failed > 0 => (
                    format!("{} failed", tests.failed),
                    format!(
                        ": {} failed: {}",
                        plural(tests.failed as usize, "test", "tests"),
                        some_names(&tests.failing)
                    ),
                ),
                _ => ("failed".to_owned(), String::new()),
            };
            // What the build says of itself is nearer to the trouble than what its pipeline says of it.
            let said = builds::of(sight, action).and_then(Build::failure).map(|phase| &phase.message);
            let why = match said {
                _ if !tests.is_empty() => tests,
                Some(said) if !said.is_empty() => format!(": {said}"),
                _ => action.because(),
            };
            let version = action.version.as_ref().map_or_else(String::new, |version| format!(" {version}"));
            Finding::bad(brief, format!("{} of {}{version} failed{why}", action.name, placed.pipeline.name))
                .since(action.finished)
                .at(placed.place)
        })
        .collect();
    Verdict::of(findings, "succeeded")
}

pub(super) fn as_fast_as_usual(sight: &Sight<'_>, id: BoxId) -> Verdict {
    let factor = sight.limits().slow_run_factor;
    let mut slow = Vec::new();
    let mut judged = false;
    for placed in actions(sight, id) {
        let (Some(started), Some(usual)) = (placed.action.started, placed.action.usual) else { continue };
        judged = true;
        let took = placed.action.finished.unwrap_or(sight.at).duration_since(started);
        if took.as_secs_f64() > usual.as_secs_f64() * factor {
            slow.push(
                Finding::warn(
                    format!("slow, {}", brief(took)),
                    format!(
                        "{} of {} took {}, usually {}",
                        placed.action.name,
                        placed.pipeline.name,
                        long(took),
                        long(usual)
                    ),
                )
                .at(placed.place),
            );
        }
    }
    if judged { Verdict::of(slow, "as fast as usual") } else { Verdict::Skip }
}

fn not_flaky(sight: &Sight<'_>, id: BoxId) -> Verdict {
    let all = actions(sight, id);
    if all.iter().all(|placed| placed.action.flaky.is_none()) {
        return Verdict::Skip;
    }
    let findings = all
        .iter()
        .filter(|placed| placed.action.flaky == Some(true))
        .map(|placed| {
            Finding::warn(
                "flaky",
                format!("{} of {} failed, then passed, on the same commit", placed.action.name, placed.pipeline.name),
            )
            .at(placed.place)
        })
        .collect();
    Verdict::of(findings, "no flaky result")
}

/// Where it put what it made.
fn made(placed: &Placed<'_>) -> String {
    known(placed.action.outputs.as_deref().filter(|outputs| !outputs.is_empty()), some_names)
}

fn took(placed: &Placed<'_>) -> String {
    match (placed.action.started, placed.action.finished) {
        (Some(started), Some(finished)) => long(finished.duration_since(started).max(SignedDuration::ZERO)),
        _ => "-".into(),
    }
}

fn newest_image<'a>(sight: &Sight<'a>) -> Option<(&'a ImageRepository, &'a Image)> {
    sight
        .items(|f| &f.images)
        .filter_map(|(_, repo)| repo.images.first().map(|image| (repo, image)))
        .max_by_key(|(_, image)| image.pushed)
}

fn tag_word(image: &Image) -> String {
    if image.tag.is_empty() { short_digest(image.digest.as_str()) } else { image.tag.to_string() }
}

/// Repositories whose newest image was scanned.
fn scans<'a>(sight: &Sight<'a>) -> impl Iterator<Item = (&'a Place, &'a ImageRepository, &'a ScanFindings)> + use<'a> {
    sight.items(|f| &f.images).filter_map(|(place, repo)| Some((place, repo, repo.scan.as_ref()?)))
}

fn findings_by_severity(sight: &Sight<'_>) -> (u32, u32, u32) {
    scans(sight).fold((0, 0, 0), |sum, (.., scan)| (sum.0 + scan.critical, sum.1 + scan.high, sum.2 + scan.medium))
}

/// Digests of a repository's images that production runs: as told with it, else by the tasks of any region. While one
/// version replaces another there are two.
fn running<'a>(sight: &Sight<'a>, repo: &'a ImageRepository) -> Vec<&'a Text> {
    if let Some(digest) = &repo.running_digest {
        return vec![digest];
    }
    let is_of = |image: &str| {
        let rest = image.strip_prefix(repo.uri.as_str()).filter(|_| !repo.uri.is_empty());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '@']))
    };
    let mut digests: Vec<&Text> = sight
        .items(|f| &f.clusters)
        .filter(|(_, cluster)| matches!(cluster.environment, Environment::Prod | Environment::Unknown))
        .flat_map(|(_, cluster)| cluster.tasks.iter().flatten())
        .filter(|task| is_of(task.image.as_str()))
        .filter_map(|task| task.digest.as_ref())
        .collect();
    digests.sort();
    digests.dedup();
    digests
}

/// `sha256:9c2e1f…`, enough to compare by eye.
fn short_digest(digest: &str) -> String {
    digest.get(..14).map_or_else(|| digest.to_owned(), |head| format!("{head}…"))
}
