//! Disaster recovery: the second region, the plan, and the two objectives.

use std::collections::HashSet;

use jiff::SignedDuration;

use super::verdict::some_names;
use super::{BoxSpec, Check, Facts, Finding, Verdict, Within};
use crate::domain::advisory::{Advisory, Category};
use crate::domain::board::BoxId;
use crate::domain::health::Health;
use crate::domain::metric::Measure;
use crate::domain::recovery::{FailoverPlan, FailoverRecord, PlanStep, StepAction};
use crate::domain::scope::Environment;
use crate::domain::text::Text;
use crate::domain::units::{brief, lag, long, plural, since};
use crate::world::Place;
use crate::world::feed::Feed;
use crate::world::sight::Sight;

pub(super) const BOXES: &[BoxSpec] = &[
    BoxSpec {
        id: BoxId::MultiRegion,
        sources: &[Feed::Databases, Feed::Groups, Feed::Records, Feed::Buckets, Feed::Advisories],
        within: Within::Everything,
        facts: |sight| {
            let regions = regions(sight);
            if regions.len() < 2 && sight.items(|f| &f.databases).next().is_none() {
                return Facts::absent();
            }
            let copies = copied_stores(sight);
            // Which tier it amounts to can only be said of all regions.
            let tier = tier(sight).unwrap_or_else(|| "not known".into());
            let missing = if sight.is_read(Feed::Databases) { "no copy elsewhere" } else { "no copy seen" };
            let mut facts = Facts::new(tier.clone()).with("tier", tier).with("regions", regions.join(", "));
            for (store, copy) in copies {
                facts = facts.with("store", format!("{store}: {}", copy.unwrap_or_else(|| missing.into())));
            }
            for (_, record) in sight.items(|f| &f.records) {
                facts = facts.with("dns", serves_from(record));
            }
            facts
        },
        checks: &[
            Check {
                title: "Production data has a copy elsewhere",
                limit: |_| "warn on any without".into(),
                judge: |sight| {
                    let findings = copied_stores(sight)
                        .into_iter()
                        .filter(|(_, copy)| copy.is_none())
                        .map(|(store, _)| Finding::warn("no copy", format!("{store} exists in one region only")))
                        .collect();
                    Verdict::lacking(findings, "all copied")
                },
            },
            Check {
                title: "AWS says nothing is wrong",
                limit: |_| {
                    "warn on an open issue in a region that is watched, bad where it touches something of ours".into()
                },
                judge: |sight| {
                    let findings = issues(sight)
                        .map(|(place, it)| {
                            let text = format!("AWS: {} in {}, {}", it.title(), it.region, said(it));
                            let health = if it.touches_any() { Health::Bad } else { Health::Warn };
                            Finding::new(health, format!("AWS: {}", it.service), text).since(it.began).at(place)
                        })
                        .collect::<Vec<_>>();
                    // AWS Health answers accounts with a support plan; to others it says nothing, and so do we.
                    let mut asked = sight.places().filter(|place| place.is_asked(Feed::Advisories));
                    let is_told = asked.any(|place| place.feeds.advisories.status().gaps.is_empty());
                    if findings.is_empty() && !is_told { Verdict::Skip } else { Verdict::of(findings, "no open issue") }
                },
            },
            Check {
                title: "The serving region is well",
                limit: |_| "bad when its health check fails".into(),
                judge: |sight| {
                    let findings = sight
                        .items(|f| &f.records)
                        .filter(|(_, record)| {
                            record.primary_healthy == Some(false) && record.leads_to(record.primary_region.as_str())
                        })
                        .map(|(place, record)| {
                            Finding::bad(
                                format!("{} down", record.primary_region),
                                format!(
                                    "health check of {} in {} fails and nothing serves from {}",
                                    record.name, record.primary_region, record.secondary_region
                                ),
                            )
                            .at(place)
                        })
                        .collect();
                    Verdict::told(findings, "health checks pass", || {
                        let untold = sight.items(|f| &f.records).filter(|(_, record)| record.primary_healthy.is_none());
                        let names: Vec<&str> = untold.map(|(_, record)| record.name.as_str()).collect();
                        (!names.is_empty()).then(|| format!("what checks {} is not told", some_names(&names)))
                    })
                },
            },
        ],
    },
    BoxSpec {
        id: BoxId::FailoverPlan,
        sources: &[Feed::Databases, Feed::Groups, Feed::Records],
        within: Within::FailoverTarget,
        facts: |sight| {
            let Some(plan) = plan(sight) else { return Facts::absent() };
            let are = |wanted: StepState| plan.steps.iter().filter(|step| state(sight, plan, step) == wanted).count();
            let (done, ready, all) = (are(StepState::Done), are(StepState::Ready), plan.steps.len());
            let headline = if done > 0 { format!("{done} of {all} done") } else { format!("{ready} of {all} ready") };
            let mut facts = Facts::new(headline).with("from", plan.from.as_str()).with("to", plan.to.as_str());
            for step in &plan.steps {
                let state = match state(sight, plan, step) {
                    StepState::Done => "done".to_owned(),
                    StepState::Ready => "ready".to_owned(),
                    StepState::Blocked(why) => format!("blocked: {why}"),
                    StepState::Unseen(feed) => format!("cannot tell: {} not read", feed.name()),
                };
                facts = facts.with("step", format!("{}, {}: {state}", step_words(step), long(step.takes)));
            }
            facts
        },
        checks: &[Check {
            title: "Every step could be taken now",
            limit: |_| "bad on any blocked".into(),
            judge: |sight| {
                let Some(plan) = plan(sight) else { return Verdict::Skip };
                let findings = plan
                    .steps
                    .iter()
                    .filter_map(|step| match state(sight, plan, step) {
                        StepState::Blocked(why) => {
                            Some(Finding::bad("step blocked", format!("cannot {}: {why}", step_words(step))))
                        }
                        StepState::Done | StepState::Ready | StepState::Unseen(_) => None,
                    })
                    .collect();
                Verdict::of(findings, "all ready")
            },
        }],
    },
    BoxSpec {
        id: BoxId::Rpo,
        sources: &[Feed::Databases, Feed::Metrics],
        within: Within::Everything,
        facts: |sight| {
            let points = recovery_points(sight);
            let Some(worst) = points.iter().max_by_key(|point| point.behind) else { return Facts::absent() };
            let target = sight.limits().rpo_minutes;
            let mut facts =
                Facts::new(format!("{} of {target} min", worst.behind_words())).with("target", format!("{target} min"));
            for point in &points {
                facts = facts.with("store", format!("{}: {} by {}", point.store, point.behind_words(), point.by));
            }
            facts
        },
        checks: &[Check {
            title: "Little would be lost",
            limit: |t| format!("warn over {} min, bad over {} min", t.rpo_minutes / 2.0, t.rpo_minutes),
            judge: |sight| {
                let target = sight.limits().rpo_minutes;
                let findings = recovery_points(sight)
                    .into_iter()
                    .filter_map(|point| {
                        let minutes = point.behind.map_or(f64::INFINITY, |behind| behind.as_secs_f64() / 60.0);
                        let health = if minutes > target {
                            Health::Bad
                        } else if minutes > target / 2.0 {
                            Health::Warn
                        } else {
                            return None;
                        };
                        Some(Finding::new(
                            health,
                            format!("{} lost", point.behind_words()),
                            format!(
                                "losing {} now would lose {} (target {target} min)",
                                point.store,
                                point.behind_words()
                            ),
                        ))
                    })
                    .collect();
                Verdict::lacking(findings, "within half the target")
            },
        }],
    },
    BoxSpec {
        id: BoxId::Rto,
        sources: &[Feed::Databases, Feed::Groups],
        within: Within::FailoverTarget,
        facts: |sight| {
            let Some(plan) = plan(sight) else { return Facts::absent() };
            let drilled =
                plan.last_drill.map_or_else(|| "never".into(), |at| format!("{} ago", brief(since(sight.at, at))));
            Facts::new(format!("{} of {} min", brief(duration(plan)), sight.limits().rto_minutes))
                .with(
                    "estimate",
                    format!("{}, the sum of {}", long(duration(plan)), plural(plan.steps.len(), "step", "steps")),
                )
                .with("target", format!("{} min", sight.limits().rto_minutes))
                .with("last drill", drilled)
        },
        checks: &[
            Check {
                title: "The plan is quick enough",
                limit: |t| format!("bad over {} min", t.rto_minutes),
                judge: |sight| {
                    let Some(plan) = plan(sight) else { return Verdict::Skip };
                    let estimate = duration(plan);
                    if estimate.as_secs_f64() / 60.0 <= sight.limits().rto_minutes {
                        return Verdict::Pass(long(estimate));
                    }
                    Verdict::Fail(vec![Finding::bad(
                        format!("{} estimate", brief(estimate)),
                        format!("recovery would take {} (target {} min)", long(estimate), sight.limits().rto_minutes),
                    )])
                },
            },
            Check {
                title: "It was rehearsed",
                limit: |t| format!("warn when over {} d ago, or never", t.failover_drill_days),
                judge: |sight| {
                    let Some(plan) = plan(sight) else { return Verdict::Skip };
                    match plan.last_drill {
                        None => {
                            Verdict::Fail(vec![Finding::warn("never drilled", "the failover plan was never rehearsed")])
                        }
                        Some(at)
                            if since(sight.at, at).as_secs_f64() / 86_400.0 > sight.limits().failover_drill_days =>
                        {
                            let age = brief(since(sight.at, at));
                            Verdict::Fail(vec![
                                Finding::warn(
                                    format!("drill {age} ago"),
                                    format!("the failover plan was last rehearsed {age} ago"),
                                )
                                .since(at),
                            ])
                        }
                        Some(at) => Verdict::Pass(format!("{} ago", brief(since(sight.at, at)))),
                    }
                },
            },
        ],
    },
];

/// Each production store with the copy it has in another region.
fn copied_stores(sight: &Sight<'_>) -> Vec<(String, Option<String>)> {
    let databases = sight
        .items(|f| &f.databases)
        .filter(|(_, db)| db.environment == Environment::Prod && db.is_primary())
        .map(|(place, db)| {
            let copy = super::data::replicas(sight)
                .find(|(other, replica)| {
                    other.scope.region != place.scope.region && replica.follows(db, &place.scope.region)
                })
                .map(|(other, replica)| format!("{} in {}", replica.id, other.scope.region))
                .or_else(|| db.backups_copied_to.first().map(|region| format!("backups in {region}")));
            (db.id.to_string(), copy)
        });
    let buckets = sight
        .items(|f| &f.buckets)
        .filter(|(_, bucket)| bucket.environment == Environment::Prod && bucket.versioning)
        .map(|(_, bucket)| {
            (bucket.name.to_string(), bucket.replicates_to.as_ref().map(|region| format!("replicated to {region}")))
        });
    databases.chain(buckets).collect()
}

fn serves_from(record: &FailoverRecord) -> String {
    let by_target = if record.asks_target { ", unless its target is down" } else { "" };
    match &record.serving {
        Some(serving) => format!("{} serves from {serving}{by_target}", record.name),
        None => format!("{}: where it leads is not told", record.name),
    }
}

fn regions(sight: &Sight<'_>) -> Vec<String> {
    let mut regions: Vec<String> = sight
        .places()
        .filter(|place| {
            !place.scope.is_global()
                && place.scope.environment == Environment::Prod
                && (place.feeds.databases.items().next().is_some() || place.feeds.groups.items().next().is_some())
        })
        .map(|place| place.scope.region.to_string())
        .collect();
    regions.dedup();
    regions
}

/// Which of the four tiers of the AWS disaster recovery whitepaper the second region amounts to, by what runs there.
fn tier(sight: &Sight<'_>) -> Option<String> {
    if ![Feed::Databases, Feed::Groups, Feed::Records].into_iter().all(|feed| sight.is_read(feed)) {
        return None;
    }
    let mut serving: Vec<(&Place, u32)> = sight
        .places()
        .filter(|place| place.scope.environment == Environment::Prod && !place.scope.is_global())
        .map(|place| (place, place.feeds.groups.items().map(|group| group.desired).sum()))
        .collect();
    serving.sort_by_key(|(_, desired)| std::cmp::Reverse(*desired));
    let has_copy = copied_stores(sight).iter().any(|(_, copy)| copy.is_some());
    let tier = match serving.get(1) {
        Some((place, desired)) if *desired > 0 => {
            let active = sight.items(|f| &f.records).any(|(_, record)| record.leads_to(place.scope.region.as_str()));
            if active { "active-active" } else { "warm standby" }
        }
        _ if has_copy => "pilot light",
        _ => "backup only",
    };
    Some(tier.to_owned())
}

fn plan<'a>(sight: &Sight<'a>) -> Option<&'a FailoverPlan> {
    sight.bearings.failover.as_ref().filter(|plan| !plan.steps.is_empty())
}

fn step_words(step: &PlanStep) -> String {
    match step.to {
        Some(to) => format!("{} {} to {to}", step.action.words(), step.target),
        None => format!("{} {}", step.action.words(), step.target),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum StepState {
    /// The world is as it is to be after it.
    Done,
    Ready,
    Blocked(String),
    /// What it acts on was not found, and not everything it could be among was read.
    Unseen(Feed),
}

/// Whether a step could be taken now.
fn state(sight: &Sight<'_>, plan: &FailoverPlan, step: &PlanStep) -> StepState {
    if is_done(sight, plan, step) {
        return StepState::Done;
    }
    let (feed, obstacle) = obstacle(sight, plan, step);
    let is_read = sight
        .places()
        .filter(|place| place.scope.is_global() || place.scope.region == plan.to)
        .all(|place| !place.is_asked(feed) || place.feeds.status(feed).has_value);
    match obstacle {
        None => StepState::Ready,
        Some(Obstacle::Missing(_)) if !is_read => StepState::Unseen(feed),
        Some(Obstacle::Missing(why) | Obstacle::Found(why)) => StepState::Blocked(why),
    }
}

fn is_done(sight: &Sight<'_>, plan: &FailoverPlan, step: &PlanStep) -> bool {
    let is_there = |place: &Place| place.scope.region == plan.to;
    match step.action {
        StepAction::PromoteReplica => sight
            .items(|f| &f.databases)
            .any(|(place, db)| is_there(place) && db.id == step.target && db.is_primary() && db.is_available()),
        StepAction::ScaleGroup => sight.items(|f| &f.groups).any(|(place, group)| {
            let serves = |to: u32| group.desired >= to && group.in_service() >= to as usize;
            is_there(place) && group.name == step.target && step.to.is_some_and(serves)
        }),
        StepAction::SwitchDns => sight
            .items(|f| &f.records)
            .any(|(_, record)| record.name == step.target && record.leads_to(plan.to.as_str())),
    }
}

enum Obstacle {
    Missing(String),
    Found(String),
}

/// What stands in the way of a step, and the feed that would show what it acts on.
fn obstacle(sight: &Sight<'_>, plan: &FailoverPlan, step: &PlanStep) -> (Feed, Option<Obstacle>) {
    use Obstacle::{Found, Missing};
    let in_target_region = |place: &Place| place.scope.region == plan.to;
    match step.action {
        StepAction::PromoteReplica => {
            let found =
                sight.items(|f| &f.databases).find(|(place, db)| in_target_region(place) && db.id == step.target);
            let obstacle = match found {
                None => Some(Missing(format!("{} does not exist in {}", step.target, plan.to))),
                Some((_, db)) if !db.is_available() => Some(Found(format!("it is {}", db.status))),
                Some(_) => None,
            };
            (Feed::Databases, obstacle)
        }
        StepAction::ScaleGroup => {
            let found =
                sight.items(|f| &f.groups).find(|(place, group)| in_target_region(place) && group.name == step.target);
            let obstacle = match found {
                None => Some(Missing(format!("{} does not exist in {}", step.target, plan.to))),
                Some((_, group)) if step.to.is_some_and(|to| to > group.max) => {
                    Some(Found(format!("its maximum is {}", group.max)))
                }
                Some((_, group)) if group.is_suspended("Launch") => Some(Found("Launch is suspended".into())),
                Some(_) => None,
            };
            (Feed::Groups, obstacle)
        }
        StepAction::SwitchDns => {
            let found = sight.items(|f| &f.records).find(|(_, record)| record.name == step.target);
            let obstacle = match found {
                None => Some(Missing(format!("no failover record {}", step.target))),
                Some((_, record)) if record.secondary_region != plan.to => {
                    Some(Found(format!("its secondary is {}", record.secondary_region)))
                }
                Some(_) => None,
            };
            (Feed::Records, obstacle)
        }
    }
}

/// How far behind the best copy of a store is that would survive its region.
struct RecoveryPoint {
    store: String,
    /// `None`: there is none; everything would be lost.
    behind: Option<SignedDuration>,
    by: String,
}

impl RecoveryPoint {
    fn behind_words(&self) -> String {
        self.behind.map_or_else(|| "everything".into(), |behind| lag(behind.as_secs_f64()))
    }
}

fn recovery_points(sight: &Sight<'_>) -> Vec<RecoveryPoint> {
    sight
        .items(|f| &f.databases)
        .filter(|(_, db)| db.environment == Environment::Prod && db.is_primary())
        .map(|(place, db)| {
            let replica = super::data::replicas(sight)
                .filter(|(other, replica)| {
                    other.scope.region != place.scope.region && replica.follows(db, &place.scope.region)
                })
                .filter_map(|(other, replica)| {
                    // -1 is "replication broken", not "no lag".
                    let behind = other.latest(Measure::RdsReplicaLag, &replica.id).filter(|behind| *behind >= 0.0)?;
                    Some((SignedDuration::try_from_secs_f64(behind).ok()?, format!("replica {}", replica.id)))
                })
                .min();
            let restore = db.latest_restorable.map(|at| (since(sight.at, at), "point-in-time restore".to_owned()));
            let best = [replica, restore].into_iter().flatten().min();
            match best {
                Some((behind, by)) => RecoveryPoint { store: db.id.to_string(), behind: Some(behind), by },
                None => RecoveryPoint { store: db.id.to_string(), behind: None, by: "no copy".into() },
            }
        })
        .collect()
}

fn duration(plan: &FailoverPlan) -> SignedDuration {
    plan.steps.iter().map(|step| step.takes).fold(SignedDuration::ZERO, SignedDuration::saturating_add)
}
/// What AWS has open about the regions that are watched, each once however many accounts are told of it.
fn issues<'a>(sight: &Sight<'a>) -> impl Iterator<Item = (&'a Place, &'a Advisory)> {
    let regions: HashSet<&Text> = sight.places().map(|place| &place.scope.region).collect();
    let mut told = HashSet::new();
    let is_here = move |it: &Advisory| {
        it.category == Category::Issue && !it.is_closed() && (it.region.is_empty() || regions.contains(&it.region))
    };
    sight.items(|f| &f.advisories).filter(move |(_, it)| is_here(it) && told.insert(&it.arn))
}

fn said(it: &Advisory) -> &str {
    if it.words.is_empty() { "no more is said" } else { it.words.as_str() }
}
