//! Developer workflow: dev environments, the repository, pull requests, reviews, the trigger.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::{BoxSpec, Check, Facts, Finding, Verdict, Within, known, over_words, some_names};
use crate::domain::board::BoxId;
use crate::domain::instance::Instance;
use crate::domain::money::Usd;
use crate::domain::source::{PullRequest, Review, SourceRepository};
use crate::domain::text::Text;
use crate::domain::units::{brief, moment, plural, since};
use crate::world::Place;
use crate::world::authors;
use crate::world::feed::Feed;
use crate::world::sight::Sight;

pub(super) const BOXES: &[BoxSpec] = &[
    BoxSpec {
        id: BoxId::DevelopmentEnvironment,
        sources: &[Feed::Instances, Feed::Schedules],
        within: Within::Everything,
        facts: environment_facts,
        checks: &[
            Check {
                title: "Everything runs by a schedule",
                limit: |t| over_words(t.unscheduled_usd_per_day, " USD/day unscheduled"),
                judge: |sight| {
                    let loose: Vec<&Instance> =
                        dev(sight).map(|(_, i)| i).filter(|i| i.is_running() && i.schedule.is_none()).collect();
                    // A limit in dollars cannot be held against what has no price.
                    let Some(cost) = per_day(&loose) else {
                        return Verdict::Blank(format!("{} unscheduled, at prices nobody tells", loose.len()));
                    };
                    let Some(health) = sight.limits().unscheduled_usd_per_day.over(cost.dollars()) else {
                        return Verdict::Pass(format!("{} unscheduled, {cost}/day", loose.len()));
                    };
                    let mut owners: Vec<&str> =
                        loose.iter().map(|i| i.owner.as_str()).filter(|o| !o.is_empty()).collect();
                    owners.sort_unstable();
                    owners.dedup();
                    let by =
                        if owners.is_empty() { String::new() } else { format!(", started by {}", some_names(&owners)) };
                    Verdict::Fail(vec![
                        Finding::new(
                            health,
                            format!("{} unscheduled", loose.len()),
                            format!(
                                "{} without a schedule, {cost}/day{by}",
                                plural(loose.len(), "dev instance runs", "dev instances run")
                            ),
                        )
                        .since(loose.iter().filter_map(|i| i.launched).min()),
                    ])
                },
            },
            Check {
                title: "Nothing runs outside its hours",
                limit: |_| "warn on any override".into(),
                judge: |sight| {
                    let findings = sight
                        .items(|f| &f.schedules)
                        .filter_map(|(place, schedule)| {
                            let who = schedule.overridden_by.as_ref()?;
                            Some(
                                Finding::warn("overridden", format!("schedule {} overridden by {who}", schedule.name))
                                    .at(place),
                            )
                        })
                        .collect();
                    Verdict::of(findings, "no schedule overridden")
                },
            },
        ],
    },
    BoxSpec {
        id: BoxId::GitRepository,
        sources: &[Feed::Repositories],
        within: Within::Everything,
        facts: |sight| {
            let Some(repo) = main_repository(sight) else { return Facts::absent() };
            let name = format!("{} on {}", repo.name, repo.provider);
            let connection = repo.connection.as_ref().map_or("-", Text::as_str);
            let Some(head) = repo.head() else {
                return Facts::new(repo.branch.as_str())
                    .with("repository", name)
                    .with("branch", repo.branch.as_str())
                    .with("connection", connection);
            };
            Facts::new(format!("{} {}", repo.branch, head.short_sha()))
                .with("repository", name)
                .with("head", format!("{} {} \"{}\"", repo.branch, head.short_sha(), head.message))
                .with("author", if head.author.is_empty() { "-" } else { head.author.as_str() })
                .with("committed", format!("{} ago", brief(since(sight.at, head.at))))
                .with("connection", connection)
        },
        checks: &[Check {
            title: "AWS can read the repository",
            limit: |_| "connection AVAILABLE".into(),
            judge: |sight| {
                let told: Vec<_> = sight
                    .items(|f| &f.repositories)
                    .filter_map(|(place, repo)| Some((place, repo, repo.connection.as_ref()?)))
                    .collect();
                // CodeCommit is read without one.
                if told.is_empty() {
                    return Verdict::Skip;
                }
                let findings = told
                    .into_iter()
                    .filter(|(.., connection)| **connection != "AVAILABLE")
                    .map(|(place, repo, connection)| {
                        Finding::bad(
                            "disconnected",
                            format!("connection to {} is {connection}: no commit reaches the pipeline", repo.name),
                        )
                        .at(place)
                    })
                    .collect();
                Verdict::of(findings, "connection AVAILABLE")
            },
        }],
    },
    BoxSpec {
        id: BoxId::PullRequests,
        sources: &[Feed::Repositories],
        within: Within::Everything,
        facts: |sight| {
            if main_repository(sight).is_none() {
                return Facts::absent();
            }
            let open: Vec<&PullRequest> = pulls(sight).collect();
            let oldest = open.iter().map(|pull| pull.opened).min();
            let conflicts: Option<usize> = open.iter().map(|pull| pull.conflicts.map(usize::from)).sum();
            if sight.items(|f| &f.repositories).all(|(_, repo)| repo.pulls.is_none()) {
                return Facts::new("-").with("open", "-");
            }
            Facts::new(format!("{} open", open.len()))
                .with("open", open.len().to_string())
                .with("oldest", oldest.map_or_else(|| "-".into(), |at| brief(since(sight.at, at))))
                .with("with conflicts", known(conflicts, |number| number.to_string()))
        },
        checks: &[
            Check {
                title: "None grows old",
                limit: |t| format!("warn over {} d", t.pull_request_days),
                judge: |sight| {
                    let limit = SignedDuration::from_secs((sight.limits().pull_request_days * 86_400.0) as i64);
                    let old: Vec<&PullRequest> = pulls(sight).filter(|p| since(sight.at, p.opened) > limit).collect();
                    let Some(oldest) = old.iter().min_by_key(|pull| pull.opened) else {
                        return Verdict::told(Vec::new(), "all younger", || unread_pulls(sight));
                    };
                    let age = brief(since(sight.at, oldest.opened));
                    Verdict::Fail(vec![Finding::warn(
                        format!("oldest {age}"),
                        format!(
                            "pull request #{} open for {age} (limit {} d): {}",
                            oldest.number,
                            sight.limits().pull_request_days,
                            oldest.title
                        ),
                    )])
                },
            },
            Check {
                title: "None conflicts",
                limit: |_| "warn on any conflict".into(),
                judge: |sight| {
                    let findings = pulls(sight)
                        .filter(|pull| pull.conflicts == Some(true))
                        .map(|pull| {
                            Finding::warn(
                                "conflict",
                                format!("pull request #{} conflicts: {}", pull.number, pull.title),
                            )
                        })
                        .collect();
                    Verdict::told(findings, "no conflicts", || {
                        let untold = pulls(sight).filter(|pull| pull.conflicts.is_none()).count();
                        let words = || format!("cannot tell of {}", plural(untold, "pull request", "pull requests"));
                        unread_pulls(sight).or_else(|| (untold > 0).then(words))
                    })
                },
            },
        ],
    },
    BoxSpec {
        id: BoxId::CodeReview,
        sources: &[Feed::Repositories],
        within: Within::Everything,
        facts: |sight| {
            if main_repository(sight).is_none() {
                return Facts::absent();
            }
            let (mut approved, mut changes, mut waiting, mut drafts, mut unread) = (0, 0, 0, 0, 0);
            for pull in pulls(sight) {
                match pull.review {
                    Some(Review::Approved { .. }) => approved += 1,
                    Some(Review::ChangesRequested { .. }) => changes += 1,
                    Some(Review::Waiting { .. }) => waiting += 1,
                    Some(Review::Draft) => drafts += 1,
                    None => unread += 1,
                }
            }
            let is_known = unread == 0 && unread_pulls(sight).is_none();
            let facts = Facts::new(if is_known { format!("{waiting} waiting") } else { "-".into() })
                .with("approved", approved.to_string())
                .with("changes requested", changes.to_string())
                .with("waiting", waiting.to_string());
            let facts = if drafts == 0 { facts } else { facts.with("drafts", drafts.to_string()) };
            if unread == 0 { facts } else { facts.with("not read", unread.to_string()) }
        },
        checks: &[Check {
            title: "Nobody waits long",
            limit: |t| format!("warn over {} h", t.review_hours),
            judge: |sight| {
                let limit = SignedDuration::from_secs((sight.limits().review_hours * 3_600.0) as i64);
                let findings: Vec<Finding> = pulls(sight)
                    .filter_map(|pull| match pull.review {
                        Some(Review::Waiting { since: asked }) if since(sight.at, asked) > limit => {
                            let waited = brief(since(sight.at, asked));
                            Some(Finding::warn(
                                format!("waits {waited}"),
                                format!("#{} by {} waits for review since {waited}", pull.number, pull.author),
                            ))
                        }
                        _ => None,
                    })
                    .collect();
                Verdict::told(findings, "all reviewed in time", || {
                    let unread = pulls(sight).filter(|pull| pull.review.is_none()).count();
                    let words = || format!("reviews of {} not read", plural(unread, "pull request", "pull requests"));
                    unread_pulls(sight).or_else(|| (unread > 0).then(words))
                })
            },
        }],
    },
    BoxSpec {
        id: BoxId::CiTrigger,
        sources: &[Feed::Pipelines, Feed::Repositories],
        within: Within::Everything,
        facts: |sight| {
            let newest = sight.items(|f| &f.pipelines).flat_map(|(_, p)| &p.executions).max_by_key(|run| run.started);
            let Some(run) = newest else { return Facts::absent() };
            let commit = run.revision.as_ref().map(|revision| match authors::of(sight, revision) {
                Some(author) => format!("{} by {author}", revision.short()),
                None => revision.short().to_owned(),
            });
            Facts::new(format!("{} {}", run.trigger_word(), moment(run.started, sight.at, sight.zone())))
                .with("last trigger", run.trigger.as_ref().map_or("-", Text::as_str))
                .with("at", moment(run.started, sight.at, sight.zone()))
                .with("commit", commit.unwrap_or_else(|| "-".into()))
                .with("execution", run.id.as_str())
        },
        checks: &[Check {
            title: "The head commit was picked up",
            limit: |t| format!("warn when no execution after {} min", t.ci_trigger_minutes),
            judge: |sight| {
                let limit = SignedDuration::from_secs((sight.limits().ci_trigger_minutes * 60.0) as i64);
                let heads: Vec<_> =
                    sight.items(|f| &f.repositories).filter_map(|(_, repo)| Some((repo, repo.head()?))).collect();
                if heads.is_empty() {
                    let unread = sight.items(|f| &f.repositories).map(|(_, repo)| &repo.name).collect::<Vec<_>>();
                    return match unread.as_slice() {
                        [] => Verdict::Skip,
                        names => Verdict::Blank(format!("commits of {} not read", some_names(names))),
                    };
                }
                let findings: Vec<Finding> = heads
                    .into_iter()
                    .filter(|(_, head)| {
                        since(sight.at, head.at) > limit
                            && !sight
                                .items(|f| &f.pipelines)
                                .flat_map(|(_, pipeline)| &pipeline.executions)
                                .filter_map(|run| run.revision.as_ref())
                                .any(|revision| revision.id == head.sha)
                    })
                    .map(|(repo, head)| {
                        Finding::warn(
                            "not triggered",
                            format!(
                                "head {} of {} has no pipeline execution after {}",
                                head.short_sha(),
                                repo.name,
                                brief(since(sight.at, head.at))
                            ),
                        )
                    })
                    .collect();
                Verdict::lacking(findings, "head commit has an execution")
            },
        }],
    },
];

fn environment_facts(sight: &Sight<'_>) -> Facts {
    let all: Vec<&Instance> = dev(sight).map(|(_, instance)| instance).collect();
    if all.is_empty() {
        return Facts::absent();
    }
    let running: Vec<&Instance> = all.iter().copied().filter(|instance| instance.is_running()).collect();
    let next_stop = sight.items(|f| &f.schedules).filter_map(|(_, schedule)| schedule.next_stop).min();
    Facts::new(format!("{} of {} up", running.len(), all.len()))
        .with("running", format!("{} of {}", running.len(), all.len()))
        .with("costs", known(per_day(&running), |cost| format!("{cost}/day")))
        .with("next stop", next_stop.map_or_else(|| "none".into(), |at| moment(at, sight.at, sight.zone())))
}

fn dev<'a>(sight: &Sight<'a>) -> impl Iterator<Item = (&'a Place, &'a Instance)> + use<'a> {
    sight.items(|f| &f.instances).filter(|(_, instance)| instance.environment.is_dev_or_test())
}

/// `None` where the price of one is not known.
fn per_day(instances: &[&Instance]) -> Option<Usd> {
    instances.iter().map(|instance| Some(instance.per_hour? * 24.0)).sum()
}

fn main_repository<'a>(sight: &Sight<'a>) -> Option<&'a SourceRepository> {
    sight.items(|f| &f.repositories).map(|(_, repo)| repo).max_by_key(|repo| repo.head().map(|head| head.at))
}

fn pulls<'a>(sight: &Sight<'a>) -> impl Iterator<Item = &'a PullRequest> + use<'a> {
    distinct(sight).flat_map(|repo| repo.pulls.iter().flatten())
}

/// Pipelines of several regions may take from the same branch.
fn distinct<'a>(sight: &Sight<'a>) -> impl Iterator<Item = &'a SourceRepository> + use<'a> {
    let mut seen = BTreeSet::new();
    sight
        .items(|f| &f.repositories)
        .map(|(_, repo)| repo)
        // At CodeCommit the same name elsewhere is another repository.
        .filter(move |repo| repo.provider == "CodeCommit" || seen.insert((&repo.provider, &repo.key)))
}

/// Of which repositories nobody told the pull requests.
fn unread_pulls(sight: &Sight<'_>) -> Option<String> {
    let names: Vec<&Text> = distinct(sight).filter(|repo| repo.pulls.is_none()).map(|repo| &repo.name).collect();
    (!names.is_empty()).then(|| format!("pull requests of {} not read", some_names(&names)))
}
