//! CD pipeline: staging, the gate, production, and the way back.

use super::ci::{NOT_FLAKY_STAGING, as_fast_as_usual, newest, run_facts, succeeded};
use super::pipeline_map::actions;
use super::{BoxSpec, Check, Facts, Finding, Seen, Verdict, Within, under_words};
use crate::domain::board::BoxId;
use crate::domain::delivery::{DeployStatus, Deployment, RunStatus};
use crate::domain::metric::Measure;
use crate::domain::scope::Environment;
use crate::domain::units::{brief, long, moment, percent, since};
use crate::world::Place;
use crate::world::feed::Feed;
use crate::world::room::rollouts;
use crate::world::sight::Sight;
use crate::world::way_back::{self, WayBack};

pub(super) const BOXES: &[BoxSpec] = &[
    BoxSpec {
        id: BoxId::Staging,
        sources: &[Feed::Deployments, Feed::Pipelines, Feed::Builds],
        within: Within::Everything,
        facts: |sight| deploy_facts(sight, Environment::Staging),
        checks: &[
            Check {
                title: "The last deployment succeeded",
                limit: |_| "bad on failure".into(),
                judge: |sight| deployed(sight, Environment::Staging),
            },
            Check {
                title: "The pipeline's deploy action succeeded",
                limit: |_| "bad on failure".into(),
                judge: |sight| succeeded(sight, BoxId::Staging),
            },
        ],
    },
    BoxSpec {
        id: BoxId::StagingTests,
        sources: &[Feed::Pipelines, Feed::Builds],
        within: Within::Everything,
        facts: |sight| run_facts(sight, BoxId::StagingTests),
        checks: &[
            Check {
                title: "The last run succeeded",
                limit: |_| "bad on failure".into(),
                judge: |sight| succeeded(sight, BoxId::StagingTests),
            },
            Check {
                title: "It runs as fast as usual",
                limit: |t| format!("warn over {} x the median of 20", t.slow_run_factor),
                judge: |sight| as_fast_as_usual(sight, BoxId::StagingTests),
            },
            NOT_FLAKY_STAGING,
        ],
    },
    BoxSpec {
        id: BoxId::ApprovalGate,
        sources: &[Feed::Pipelines],
        within: Within::Everything,
        facts: |sight| {
            let Some(newest) = newest(sight, BoxId::ApprovalGate) else { return Facts::absent() };
            let action = newest.action;
            let waiting = action.status == RunStatus::InProgress;
            Facts::new(if waiting { "waiting".to_owned() } else { action.by.to_string() })
                .with("state", if waiting { "waiting for approval" } else { action.status.word() })
                .with("last decided by", if action.by.is_empty() { "-" } else { action.by.as_str() })
                .with("version", action.version_word())
                .with("pipeline", newest.pipeline.name.as_str())
                .with("waiting", waiting_now(sight))
        },
        checks: &[Check {
            title: "Nobody is kept waiting",
            limit: |t| format!("warn over {} min", t.approval_minutes),
            judge: |sight| {
                let findings = actions(sight, BoxId::ApprovalGate)
                    .iter()
                    .filter(|placed| placed.action.status == RunStatus::InProgress)
                    .filter_map(|placed| {
                        let asked = placed.action.started?;
                        let waited = since(sight.at, asked);
                        if waited.as_secs_f64() / 60.0 <= sight.limits().approval_minutes {
                            return None;
                        }
                        Some(
                            Finding::warn(
                                format!("waits {}", brief(waited)),
                                format!(
                                    "{} {} waits for approval since {}",
                                    placed.pipeline.name,
                                    placed.action.version_word(),
                                    brief(waited)
                                ),
                            )
                            .since(asked)
                            .at(placed.place),
                        )
                    })
                    .collect();
                Verdict::of(findings, "nothing waits too long")
            },
        }],
    },
    BoxSpec {
        id: BoxId::Production,
        sources: &[Feed::Deployments, Feed::Pipelines],
        within: Within::Everything,
        facts: |sight| deploy_facts(sight, Environment::Prod),
        checks: &[
            Check {
                title: "The last deployment succeeded",
                limit: |_| "bad on failure".into(),
                judge: |sight| deployed(sight, Environment::Prod),
            },
            Check {
                title: "No deployment is stuck",
                limit: |t| format!("bad over {} x the last one", t.stuck_deploy_factor),
                judge: |sight| {
                    let findings = latest(sight, Environment::Prod)
                        .filter_map(|(place, deploy)| {
                            let (_, usual) = rollouts::stuck(deploy, sight)?;
                            Some(
                                Finding::bad(
                                    format!("stuck {}/{}", deploy.done, deploy.total),
                                    format!(
                                        "deploy of {} {}, usually done in {}, stuck at {} of {}",
                                        deploy.target,
                                        deploy.to,
                                        long(usual),
                                        deploy.done,
                                        deploy.total,
                                    ),
                                )
                                .since(deploy.started)
                                .at(place),
                            )
                        })
                        .collect();
                    Verdict::of(findings, "none stuck")
                },
            },
        ],
    },
    BoxSpec {
        id: BoxId::SmokeTests,
        sources: &[Feed::Pipelines, Feed::Metrics, Feed::Builds],
        within: Within::Everything,
        facts: |sight| {
            let canary = sight
                .places()
                .flat_map(|place| place.all(Measure::CanarySuccess))
                .find_map(crate::domain::metric::Series::latest);
            let mut facts = run_facts(sight, BoxId::SmokeTests);
            if let Some(success) = canary {
                facts.present = true;
                facts.headline = percent(success);
                facts = facts.with("canary", format!("{} of runs succeed", percent(success)));
            }
            facts
        },
        checks: &[
            Check {
                title: "The last run succeeded",
                limit: |_| "bad on failure".into(),
                judge: |sight| succeeded(sight, BoxId::SmokeTests),
            },
            Check {
                title: "Canaries succeed",
                limit: |t| under_words(t.canary_success_percent, " %"),
                judge: |sight| {
                    let steps = sight.limits().canary_success_percent;
                    let canaries = sight
                        .places()
                        .flat_map(|place| place.all(Measure::CanarySuccess).map(move |series| (place, series)))
                        .map(|(place, series)| {
                            let Some(success) = series.mean_of_last(2) else {
                                return Seen::Blank(series.resource.to_string());
                            };
                            Seen::of(steps.under(success).map(|health| {
                                let text = format!(
                                    "canary {} succeeds in {} of runs{}",
                                    series.resource,
                                    percent(success),
                                    sight.whereabouts(&place.scope)
                                );
                                let since = series.holding_since(|value| value < steps.warn);
                                Finding::new(health, percent(success), text).since(since).at(place)
                            }))
                        });
                    Verdict::each(canaries, "all canaries succeed")
                },
            },
        ],
    },
    BoxSpec {
        id: BoxId::RollbackPlan,
        sources: &[Feed::Pipelines, Feed::Deployments, Feed::Clusters, Feed::Functions, Feed::Groups],
        within: Within::Everything,
        facts: rollback_facts,
        checks: &[Check {
            title: "Every production target has a way back",
            limit: |_| "warn without a known-good version".into(),
            judge: |sight| {
                let all = way_back::all(sight);
                let lacking: Vec<&WayBack<'_>> = all.iter().filter(|way| way.lacks_good()).collect();
                let (functions, others): (Vec<_>, Vec<_>) = lacking.into_iter().partition(|way| way.by == "Lambda");
                let mut findings: Vec<Finding> = others.into_iter().map(no_way_back).collect();
                match functions.as_slice() {
                    [] => {}
                    [only] => findings.push(no_way_back(only)),
                    // Where one is called without a version, most are.
                    several => findings.push(Finding::warn(
                        format!("{} without", several.len()),
                        format!("{} functions have no version to go back to", several.len()),
                    )),
                }
                Verdict::of(findings, "every target has one")
            },
        }],
    },
];

fn no_way_back(way: &WayBack<'_>) -> Finding {
    let why = way.back.as_ref().err().map_or("", |obstacle| obstacle.text.as_str());
    Finding::warn("no way back", format!("{} has no way back: {why}", way.target)).at(way.place)
}

fn rollback_facts(sight: &Sight<'_>) -> Facts {
    let all = way_back::all(sight);
    let Some(first) = all.iter().find(|way| way.back.is_ok()).or(all.first()) else { return Facts::absent() };
    let ready = all.iter().filter(|way| way.back.is_ok()).count();
    let mut facts = Facts::new(match &first.back {
        Ok(to) => format!("to {to}"),
        Err(_) => "none now".to_owned(),
    });
    facts = facts.with("ready", format!("{ready} of {} could go back now", all.len()));
    all.iter().fold(facts, |facts, way| facts.with("target", way.words()))
}

/// The newest deployment of each target in an environment.
pub(super) fn latest<'a>(
    sight: &Sight<'a>,
    environment: Environment,
) -> impl Iterator<Item = (&'a Place, &'a Deployment)> + use<'a> {
    let mut newest: Vec<(&Place, &Deployment)> = Vec::new();
    for (place, deploy) in sight.items(|f| &f.deployments).filter(|(_, deploy)| deploy.environment == environment) {
        let is_same = |(at, known): &&mut (&Place, &Deployment)| {
            at.scope == place.scope && known.target == deploy.target && known.owner == deploy.owner
        };
        match newest.iter_mut().find(is_same) {
            Some(known) if known.1.started < deploy.started => *known = (place, deploy),
            Some(_) => {}
            None => newest.push((place, deploy)),
        }
    }
    newest.into_iter()
}

/// Every pipeline that waits for somebody, and for how long: `shop 35 min, site 36 min`.
fn waiting_now(sight: &Sight<'_>) -> String {
    let all = actions(sight, BoxId::ApprovalGate);
    let waiting = all.iter().filter(|placed| placed.action.status == RunStatus::InProgress).map(|placed| {
        let waited =
            placed.action.started.map_or_else(String::new, |asked| format!(" {}", brief(since(sight.at, asked))));
        format!("{}{waited}", placed.pipeline.name)
    });
    let waiting: Vec<String> = waiting.collect();
    if waiting.is_empty() { "none".into() } else { waiting.join(", ") }
}

fn deploy_facts(sight: &Sight<'_>, environment: Environment) -> Facts {
    let Some((_, deploy)) = latest(sight, environment).max_by_key(|(_, deploy)| deploy.started) else {
        return Facts::absent();
    };
    let headline = if deploy.status == DeployStatus::InProgress {
        format!("{} {}/{}", deploy.to, deploy.done, deploy.total)
    } else {
        deploy.to.to_string()
    };
    let started = moment(deploy.started, sight.at, sight.zone());
    Facts::new(headline)
        .with("version", format!("{} (before: {})", deploy.to, deploy.from))
        .with("target", format!("{} by {}", deploy.target, deploy.kind))
        .with("progress", format!("{}, {} of {}", deploy.status.word(), deploy.done, deploy.total))
        .with("started", if deploy.by.is_empty() { started } else { format!("{started} by {}", deploy.by) })
        .with("change", if deploy.message.is_empty() { "-".into() } else { format!("\"{}\"", deploy.message) })
}

fn deployed(sight: &Sight<'_>, environment: Environment) -> Verdict {
    let findings = latest(sight, environment)
        .filter(|(_, deploy)| matches!(deploy.status, DeployStatus::Failed | DeployStatus::Stopped))
        .map(|(place, deploy)| {
            let mixed = if deploy.done > 0 && deploy.done < deploy.total {
                format!(", {} of {} run {}, the rest {}", deploy.done, deploy.total, deploy.to, deploy.from)
            } else {
                String::new()
            };
            Finding::bad(
                format!("{} failed {}/{}", deploy.to, deploy.done, deploy.total),
                format!("deploy of {} {} {}{mixed}", deploy.target, deploy.to, deploy.status.word()),
            )
            .since(deploy.finished)
            .at(place)
        })
        .collect();
    Verdict::of(findings, "succeeded")
}
