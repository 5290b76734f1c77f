//! Disaster recovery: what protects each store, and whether the backups run.

use super::{BoxSpec, Check, Facts, Finding, Seen, Verdict, Within, known, some_names};
use crate::domain::board::BoxId;
use crate::domain::scope::Environment;
use crate::domain::units::{brief, moment, plural, since};
use crate::world::feed::Feed;
use crate::world::sight::Sight;

pub(super) const BOXES: &[BoxSpec] = &[
    BoxSpec {
        id: BoxId::BackupStrategy,
        sources: &[Feed::Backups, Feed::Databases, Feed::Buckets],
        within: Within::Everything,
        facts: |sight| {
            let stores = production_stores(sight);
            let plans: Vec<_> = sight.values(|f| &f.backups).flat_map(|(_, backups)| &backups.plans).collect();
            if stores.is_empty() && plans.is_empty() {
                return Facts::absent();
            }
            let covered = stores.iter().filter(|store| store.protected_by.is_some()).count();
            let mut facts = Facts::new(format!("{covered} of {} safe", stores.len()))
                .with("protected stores", format!("{covered} of {}", stores.len()));
            for plan in plans {
                facts = facts.with("plan", format!("{}, {}", plan.name, plan.schedule));
            }
            for store in &stores {
                facts = facts
                    .with("store", format!("{}: {}", store.name, store.protected_by.as_deref().unwrap_or("nothing")));
            }
            facts
        },
        checks: &[Check {
            title: "Every production store is protected",
            limit: |_| "bad on any without".into(),
            judge: |sight| {
                let bare: Vec<String> = production_stores(sight)
                    .into_iter()
                    .filter(|store| store.protected_by.is_none())
                    .map(|store| store.name)
                    .collect();
                if bare.is_empty() {
                    return Verdict::Pass("all".into());
                }
                Verdict::Lacking(vec![Finding::bad(
                    format!("{} unprotected", bare.len()),
                    format!("no backup covers {}", some_names(&bare)),
                )])
            },
        }],
    },
    BoxSpec {
        id: BoxId::RegularBackups,
        sources: &[Feed::Backups],
        within: Within::Everything,
        facts: |sight| {
            let all: Vec<_> = sight.values(|f| &f.backups).map(|(_, backups)| backups).collect();
            let jobs: Vec<_> = all.iter().flat_map(|backups| &backups.jobs).collect();
            if jobs.is_empty() && all.iter().all(|backups| backups.plans.is_empty()) {
                return Facts::absent();
            }
            let last = jobs.iter().filter(|job| job.status == "COMPLETED").map(|job| job.at).max();
            let failed = jobs.iter().filter(|job| job.status == "FAILED").count();
            Facts::new(last.map_or_else(|| "none done".into(), |at| format!("{} ago", brief(since(sight.at, at)))))
                .with("last success", known(last, |at| moment(at, sight.at, sight.zone())))
                .with("jobs in 7 days", jobs.len().to_string())
                .with("failed in 7 days", failed.to_string())
        },
        checks: &[
            Check {
                title: "The last job of each store succeeded",
                limit: |_| "bad on failure".into(),
                judge: |sight| {
                    let mut findings = Vec::new();
                    if !sight.values(|f| &f.backups).any(|(_, backups)| !backups.jobs.is_empty()) {
                        return Verdict::Skip;
                    }
                    for (place, backups) in sight.values(|f| &f.backups) {
                        let mut judged: Vec<&str> = Vec::new();
                        // Newest first, so the first job of a store is the one that counts.
                        for job in &backups.jobs {
                            if judged.contains(&job.resource.as_str()) {
                                continue;
                            }
                            judged.push(job.resource.as_str());
                            if job.status == "FAILED" {
                                findings.push(
                                    Finding::bad(
                                        "job failed",
                                        format!("backup of {} failed: {}", job.resource, job.message),
                                    )
                                    .since(job.at)
                                    .at(place),
                                );
                            }
                        }
                    }
                    Verdict::of(findings, "all succeeded")
                },
            },
            Check {
                title: "No run was missed",
                limit: |t| format!("warn over {} x the plan's interval, bad when none is left", t.missed_backup_factor),
                judge: |sight| {
                    let factor = sight.limits().missed_backup_factor;
                    let all = sight.values(|f| &f.backups).map(|(place, backups)| {
                        let Some(plan) = backups.plans.iter().min_by_key(|plan| plan.every_hours) else {
                            return Seen::Nothing;
                        };
                        let late = f64::from(plan.every_hours) * factor;
                        let last = backups.jobs.iter().filter(|job| job.status == "COMPLETED").map(|job| job.at).max();
                        match last.map(|at| (at, since(sight.at, at))) {
                            Some((at, age)) if age.as_secs_f64() / 3_600.0 > late => {
                                let text = format!("no backup for {}, due every {} h", brief(age), plan.every_hours);
                                Seen::Wrong(Finding::warn("run missed", text).since(at).at(place))
                            }
                            Some(_) => Seen::Well,
                            // Older jobs are not read, so that a plan which runs more rarely cannot be judged.
                            None if late < JOBS_KEPT_HOURS => {
                                let text = format!(
                                    "plan {} runs every {} h, but nothing was backed up in 7 d",
                                    plan.name, plan.every_hours
                                );
                                Seen::Wrong(Finding::bad("no backups", text).at(place))
                            }
                            None => Seen::Nothing,
                        }
                    });
                    Verdict::each(all, "on time")
                },
            },
        ],
    },
];

/// How far back jobs are read.
const JOBS_KEPT_HOURS: f64 = 7.0 * 24.0;

/// A production store and what protects it.
struct Store {
    name: String,
    protected_by: Option<String>,
}

fn production_stores(sight: &Sight<'_>) -> Vec<Store> {
    let by_plan = |name: &str| {
        sight
            .values(|f| &f.backups)
            .flat_map(|(_, backups)| &backups.protected)
            .find(|protection| protection.store == name)
            .map(|protection| match &protection.copied_to {
                Some(region) => format!("{}, copied to {region}", protection.plan),
                None => protection.plan.to_string(),
            })
    };
    let databases = sight
        .items(|f| &f.databases)
        .filter(|(_, db)| db.environment == Environment::Prod && db.is_primary())
        .map(|(_, db)| Store {
            name: db.id.to_string(),
            protected_by: by_plan(db.id.as_str()).or_else(|| {
                let days = db.backup_retention_days.filter(|days| *days > 0)?;
                Some(format!("its own backups, {}", plural(days as usize, "day", "days")))
            }),
        });
    let buckets =
        sight.items(|f| &f.buckets).filter(|(_, bucket)| bucket.environment == Environment::Prod).map(|(_, bucket)| {
            Store {
                name: bucket.name.to_string(),
                protected_by: by_plan(bucket.name.as_str()).or_else(|| bucket.versioning.then(|| "versioning".into())),
            }
        });
    databases.chain(buckets).collect()
}
