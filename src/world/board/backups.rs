//! Disaster recovery: what protects each store, and whether the backups run.

use super::{BoxSpec, Check, Facts, Finding, Verdict, Within, some_names};
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
                Verdict::Fail(vec![Finding::bad(
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
            let jobs: Vec<_> = sight.values(|f| &f.backups).flat_map(|(_, backups)| &backups.jobs).collect();
            let Some(last) = jobs.iter().filter(|job| job.status == "COMPLETED").map(|job| job.at).max() else {
                return Facts::absent();
            };
            let failed = jobs.iter().filter(|job| job.status == "FAILED").count();
            Facts::new(format!("{} ago", brief(since(sight.at, last))))
                .with("last success", moment(last, sight.at, sight.zone()))
                .with("jobs in 7 days", jobs.len().to_string())
                .with("failed in 7 days", failed.to_string())
        },
        checks: &[
            Check {
                title: "The last job of each store succeeded",
                limit: |_| "bad on failure".into(),
                judge: |sight| {
                    let mut findings = Vec::new();
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
                limit: |_| "warn over 1.5 x the plan's interval".into(),
                judge: |sight| {
                    let findings = sight
                        .values(|f| &f.backups)
                        .filter_map(|(place, backups)| {
                            let every = backups.plans.iter().map(|plan| plan.every_hours).min()?;
                            let last =
                                backups.jobs.iter().filter(|job| job.status == "COMPLETED").map(|job| job.at).max()?;
                            let age = since(sight.at, last);
                            (age.as_secs_f64() > f64::from(every) * 5_400.0).then(|| {
                                Finding::warn(
                                    "run missed",
                                    format!("no backup for {}, due every {every} h", brief(age)),
                                )
                                .since(last)
                                .at(place)
                            })
                        })
                        .collect();
                    Verdict::of(findings, "on time")
                },
            },
        ],
    },
];

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
                (db.backup_retention_days > 0)
                    .then(|| format!("its own backups, {}", plural(db.backup_retention_days as usize, "day", "days")))
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
