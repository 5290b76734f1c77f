//! Data layer: MySQL, its replicas and backups.

use super::{BoxSpec, Check, Facts, Finding, Seen, Verdict, Within, known, over_words, passed_limit, under_words};
use crate::domain::board::BoxId;
use crate::domain::database::Database;
use crate::domain::metric::Measure;
use crate::domain::scope::Environment;
use crate::domain::units::{brief, bytes, count, lag, latency, percent, plural, since};
use crate::world::Place;
use crate::world::feed::Feed;
use crate::world::sight::Sight;

pub(super) const BOXES: &[BoxSpec] = &[
    BoxSpec {
        id: BoxId::RdsPrimary,
        sources: &[Feed::Databases, Feed::Metrics, Feed::DatabaseEvents],
        within: Within::Everything,
        facts: |sight| {
            let Some((place, db)) =
                primaries(sight).max_by_key(|(_, db)| (db.environment == Environment::Prod, db.weight()))
            else {
                return Facts::absent();
            };
            let of = |measure| place.latest(measure, &db.id);
            let cpu = of(Measure::RdsCpu);
            Facts::new(cpu.map_or_else(|| db.status.to_string(), |cpu| format!("cpu {}", percent(cpu))))
                .with("instance", format!("{} {} {}", db.id, db.engine, db.class))
                .with("status", db.status.as_str())
                .with("cpu", cpu.map_or_else(|| "-".into(), percent))
                .with("Multi-AZ", zones(db))
                .with("storage left", storage_left(place, db))
                .with(
                    "connections",
                    known(of(Measure::RdsConnections), |n| match db.max_connections {
                        Some(most) => format!("{} of {}", count(n as u64), count(u64::from(most))),
                        None => count(n as u64),
                    }),
                )
                .with("write latency", of(Measure::RdsWriteLatency).map_or_else(|| "-".into(), latency))
        },
        checks: &[
            Check {
                title: "It is available",
                limit: |_| "bad when not".into(),
                judge: |sight| {
                    let findings = primaries(sight)
                        .filter(|(_, db)| !(db.is_available() || db.is_at_rest() && db.environment.is_dev_or_test()))
                        .map(|(place, db)| {
                            let event = place
                                .feeds
                                .database_events
                                .items()
                                .filter(|event| event.concerns(db) && event.is_about_availability())
                                .max_by_key(|event| event.at);
                            let why = event.map_or_else(String::new, |event| format!(": {}", event.message));
                            Finding::bad(db.status.as_str(), format!("{} is {}{why}", db.id, db.status))
                                .since(event.map(|event| event.at))
                                .at(place)
                        })
                        .collect();
                    Verdict::of(findings, "available")
                },
            },
            Check {
                title: "Storage is left",
                limit: |t| under_words(t.rds_free_storage_percent, " %"),
                judge: |sight| {
                    let steps = sight.limits().rds_free_storage_percent;
                    let all = primaries(sight).map(|(place, db)| {
                        if db.allocated_bytes.is_none() {
                            // It grows by itself.
                            return Seen::Nothing;
                        }
                        let Some(free) = free_percent(place, db) else { return silent(db) };
                        Seen::of(steps.under(free).map(|health| {
                            let text = format!(
                                "{} has {} storage left (limit {} %)",
                                db.id,
                                storage_left(place, db),
                                passed_limit(steps, health)
                            );
                            Finding::new(health, format!("{} storage", percent(free)), text).at(place)
                        }))
                    });
                    Verdict::each(all, "enough")
                },
            },
            Check {
                title: "A standby is ready",
                limit: |_| "warn on single-AZ in prod".into(),
                judge: |sight| {
                    let findings = primaries(sight)
                        .filter(|(_, db)| db.environment == Environment::Prod && db.multi_az == Some(false))
                        .map(|(place, db)| {
                            Finding::warn(
                                "single-AZ",
                                format!(
                                    "{} runs in one zone only ({}): nothing takes over if it fails",
                                    db.id, db.zone
                                ),
                            )
                            .at(place)
                        })
                        .collect();
                    Verdict::of(findings, "Multi-AZ")
                },
            },
        ],
    },
    BoxSpec {
        id: BoxId::ReadReplicas,
        sources: &[Feed::Databases, Feed::Metrics],
        within: Within::Everything,
        facts: |sight| {
            let all: Vec<_> = replicas(sight).collect();
            if all.is_empty() {
                return Facts::absent();
            }
            let lags = all.iter().filter_map(|(place, db)| place.latest(Measure::RdsReplicaLag, &db.id));
            // -1 is a broken replication: worse than any lag there is.
            let worst = lags.map(|lag| if lag < 0.0 { f64::INFINITY } else { lag }).reduce(f64::max).map(lag);
            let headline = match &worst {
                Some(worst) => format!("lag {worst}"),
                None => plural(all.len(), "replica", "replicas"),
            };
            let mut facts = Facts::new(headline).with("worst lag", known(worst, |worst| worst));
            for (place, db) in &all {
                let behind = known(place.latest(Measure::RdsReplicaLag, &db.id), lag);
                facts = facts.with("replica", format!("{} in {}, lag {behind}", db.id, place.scope.region));
            }
            facts
        },
        checks: &[
            Check {
                title: "Replicas keep up",
                limit: |t| over_words(t.replica_lag_seconds, " s"),
                judge: |sight| {
                    let steps = sight.limits().replica_lag_seconds;
                    let all = replicas(sight).map(|(place, db)| {
                        let Some(series) = place.series(Measure::RdsReplicaLag, &db.id) else { return silent(db) };
                        let Some(behind) = series.latest() else { return silent(db) };
                        if behind < 0.0 {
                            // Not a lag but a broken replication, which the next check is about.
                            return Seen::Nothing;
                        }
                        Seen::of(steps.over(behind).map(|health| {
                            let text =
                                format!("{} lags {} (limit {} s)", db.id, lag(behind), passed_limit(steps, health));
                            Finding::new(health, format!("lag {}", lag(behind)), text)
                                .since(series.holding_since(|value| value > steps.warn))
                                .at(place)
                        }))
                    });
                    Verdict::each(all, "all keep up")
                },
            },
            Check {
                title: "Replication runs",
                limit: |_| "bad when stopped".into(),
                judge: |sight| {
                    let findings = replicas(sight)
                        .filter_map(|(place, db)| {
                            let (source, state) = db.broken_replication()?;
                            let lag = place.series(Measure::RdsReplicaLag, &db.id);
                            let text = format!("{} no longer follows {source}: replication {state}", db.id);
                            Some(
                                Finding::bad("not replicating", text)
                                    .since(lag.and_then(|series| series.holding_since(|lag| lag < 0.0)))
                                    .at(place),
                            )
                        })
                        .collect();
                    Verdict::of(findings, "replicating")
                },
            },
        ],
    },
    BoxSpec {
        id: BoxId::AutomatedBackups,
        sources: &[Feed::Databases],
        within: Within::Everything,
        facts: |sight| {
            let Some((_, db)) =
                primaries(sight).max_by_key(|(_, db)| (db.environment == Environment::Prod, db.weight()))
            else {
                return Facts::absent();
            };
            let behind = db.latest_restorable.map(|at| brief(since(sight.at, at)));
            let is_off = db.backup_retention_days == Some(0);
            let never = if is_off { "never: backups are off" } else { "not told" };
            let headline = behind.as_ref().map_or_else(
                || if is_off { "off".to_owned() } else { "not told".to_owned() },
                |age| format!("{age} behind"),
            );
            Facts::new(headline)
                .with("retention", known(db.backup_retention_days, |days| plural(days as usize, "day", "days")))
                .with("latest restorable", behind.map_or_else(|| never.into(), |age| format!("{age} ago")))
                .with(
                    "last snapshot",
                    db.last_snapshot.map_or_else(|| "-".into(), |at| format!("{} ago", brief(since(sight.at, at)))),
                )
        },
        checks: &[
            Check {
                title: "Backups are on",
                limit: |_| "bad when retention is 0 in prod".into(),
                judge: |sight| {
                    let findings = primaries(sight)
                        .filter(|(_, db)| db.backup_retention_days == Some(0) && db.environment == Environment::Prod)
                        .map(|(place, db)| {
                            Finding::bad(
                                "backups off",
                                format!("{} keeps no backups: there is nothing to restore", db.id),
                            )
                            .at(place)
                        })
                        .collect();
                    Verdict::of(findings, "on")
                },
            },
            Check {
                title: "The restorable time keeps up",
                limit: |t| format!("warn over {} min behind", t.restorable_minutes),
                judge: |sight| {
                    let findings = primaries(sight)
                        .filter(|(_, db)| db.status != "stopped")
                        .filter_map(|(place, db)| {
                            let latest = db.latest_restorable?;
                            let behind = since(sight.at, latest);
                            (behind.as_secs_f64() / 60.0 > sight.limits().restorable_minutes).then(|| {
                                Finding::warn(
                                    format!("{} behind", brief(behind)),
                                    format!("{} can only be restored to {} ago", db.id, brief(behind)),
                                )
                                .since(latest)
                                .at(place)
                            })
                        })
                        .collect();
                    Verdict::of(findings, "within minutes")
                },
            },
        ],
    },
];

fn primaries<'a>(sight: &Sight<'a>) -> impl Iterator<Item = (&'a Place, &'a Database)> + use<'a> {
    sight.items(|f| &f.databases).filter(|(_, db)| db.is_primary())
}

pub(super) fn replicas<'a>(sight: &Sight<'a>) -> impl Iterator<Item = (&'a Place, &'a Database)> + use<'a> {
    sight.items(|f| &f.databases).filter(|(_, db)| !db.is_primary())
}

/// A database whose metrics have stopped: a blind spot while it runs, and no wonder when it does not.
pub(super) fn silent(db: &Database) -> Seen {
    if db.is_available() { Seen::Blank(db.id.to_string()) } else { Seen::Nothing }
}

fn zones(db: &Database) -> String {
    match &db.secondary_zone {
        Some(standby) if db.multi_az == Some(true) => format!("yes, {} with standby in {standby}", db.zone),
        _ if db.multi_az == Some(true) => format!("yes, {}", db.zone),
        _ if db.multi_az == Some(false) => format!("no, {} only", db.zone),
        _ => "-".to_owned(),
    }
}

fn free_percent(place: &Place, db: &Database) -> Option<f64> {
    let allocated = db.allocated_bytes.filter(|bytes| *bytes > 0)?;
    Some(place.latest(Measure::RdsFreeStorage, &db.id)? * 100.0 / allocated as f64)
}

/// `41 % of 500 GiB`, with the days it lasts at the present pace when that is less than a quarter.
fn storage_left(place: &Place, db: &Database) -> String {
    let Some(allocated) = db.allocated_bytes else { return "grows by itself".into() };
    let Some(free) = free_percent(place, db) else { return "-".into() };
    let slope = place.series(Measure::RdsFreeStorage, &db.id).and_then(|series| series.slope_per_minute(15));
    let days = slope.filter(|slope| *slope < 0.0).and_then(|slope| {
        let left = place.latest(Measure::RdsFreeStorage, &db.id)?;
        Some(left / -slope / 1_440.0)
    });
    let lasts =
        days.filter(|days| *days < 90.0).map_or_else(String::new, |days| format!(", {days:.0} days at this pace"));
    format!("{} of {}{lasts}", percent(free), bytes(allocated))
}
