//! Data layer: MySQL, replicas, backups, Redis, S3.

use super::{BoxSpec, Check, Facts, Finding, Verdict, Within, over_words, passed_limit};
use crate::domain::board::BoxId;
use crate::domain::bucket::Bucket;
use crate::domain::cache::CacheGroup;
use crate::domain::database::{Database, DatabaseRole};
use crate::domain::metric::Measure;
use crate::domain::scope::Environment;
use crate::domain::units::{brief, bytes, count, lag, latency, percent, plural, since};
use crate::world::Place;
use crate::world::feed::Feed;
use crate::world::sight::Sight;

pub(super) const BOXES: &[BoxSpec] = &[
    BoxSpec {
        id: BoxId::RdsPrimary,
        sources: &[Feed::Databases, Feed::Metrics],
        within: Within::Everything,
        facts: |sight| {
            let Some((place, db)) = primaries(sight).max_by_key(|(_, db)| (db.environment == Environment::Prod, db.allocated_bytes))
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
                .with("connections", of(Measure::RdsConnections).map_or_else(|| "-".into(), |n| format!("{} of {}", count(n as u64), count(u64::from(db.max_connections)))))
                .with("write latency", of(Measure::RdsWriteLatency).map_or_else(|| "-".into(), latency))
        },
        checks: &[
            Check {
                title: "It is available",
                limit: |_| "bad when not".into(),
                judge: |sight| {
                    let findings = primaries(sight)
                        .filter(|(_, db)| !db.is_available() && !(db.status == "stopped" && db.environment.is_dev_or_test()))
                        .map(|(place, db)| {
                            let event = place
                                .feeds
                                .database_events
                                .items()
                                .filter(|event| event.database == db.id)
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
                limit: |t| format!("warn under {} %, bad under {} %", t.rds_free_storage_percent.warn, t.rds_free_storage_percent.bad),
                judge: |sight| {
                    let steps = sight.limits().rds_free_storage_percent;
                    let findings = primaries(sight)
                        .filter_map(|(place, db)| {
                            let free = free_percent(place, db)?;
                            let health = steps.under(free)?;
                            Some(
                                Finding::new(
                                    health,
                                    format!("{} storage", percent(free)),
                                    format!("{} has {} storage left (limit {} %)", db.id, storage_left(place, db), passed_limit(steps, health)),
                                )
                                .at(place),
                            )
                        })
                        .collect();
                    Verdict::of(findings, "enough")
                },
            },
            Check {
                title: "A standby is ready",
                limit: |_| "warn on single-AZ in prod".into(),
                judge: |sight| {
                    let findings = primaries(sight)
                        .filter(|(_, db)| db.environment == Environment::Prod && !db.multi_az)
                        .map(|(place, db)| {
                            Finding::warn("single-AZ", format!("{} runs in one zone only ({}): nothing takes over if it fails", db.id, db.zone))
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
            let worst = all.iter().filter_map(|(place, db)| place.latest(Measure::RdsReplicaLag, &db.id)).fold(0.0, f64::max);
            let mut facts = Facts::new(format!("lag {}", lag(worst))).with("worst lag", lag(worst));
            for (place, db) in &all {
                let behind = place.latest(Measure::RdsReplicaLag, &db.id).map_or_else(|| "-".into(), lag);
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
                    let findings = replicas(sight)
                        .filter_map(|(place, db)| {
                            let series = place.series(Measure::RdsReplicaLag, &db.id)?;
                            let behind = series.latest().filter(|behind| *behind >= 0.0)?;
                            let health = steps.over(behind)?;
                            Some(
                                Finding::new(
                                    health,
                                    format!("lag {}", lag(behind)),
                                    format!("{} lags {} (limit {} s)", db.id, lag(behind), passed_limit(steps, health)),
                                )
                                .since(series.holding_since(|value| value > steps.warn))
                                .at(place),
                            )
                        })
                        .collect();
                    Verdict::of(findings, "all keep up")
                },
            },
            Check {
                title: "Replication runs",
                limit: |_| "bad when stopped".into(),
                judge: |sight| {
                    let findings = replicas(sight)
                        .filter_map(|(place, db)| match &db.role {
                            DatabaseRole::Replica { replication, source, .. } if replication != "replicating" => Some(
                                Finding::bad("not replicating", format!("{} no longer follows {source}: replication {replication}", db.id))
                                    .since(place.series(Measure::RdsReplicaLag, &db.id).and_then(|s| s.holding_since(|lag| lag < 0.0)))
                                    .at(place),
                            ),
                            _ => None,
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
            let Some((_, db)) = primaries(sight).max_by_key(|(_, db)| (db.environment == Environment::Prod, db.allocated_bytes))
            else {
                return Facts::absent();
            };
            let behind = db.latest_restorable.map(|at| brief(since(sight.at, at)));
            Facts::new(behind.as_ref().map_or_else(|| "off".into(), |age| format!("{age} behind")))
                .with("retention", plural(db.backup_retention_days as usize, "day", "days"))
                .with("latest restorable", behind.map_or_else(|| "never: backups are off".into(), |age| format!("{age} ago")))
                .with("last snapshot", db.last_snapshot.map_or_else(|| "-".into(), |at| format!("{} ago", brief(since(sight.at, at)))))
        },
        checks: &[
            Check {
                title: "Backups are on",
                limit: |_| "bad when retention is 0 in prod".into(),
                judge: |sight| {
                    let findings = primaries(sight)
                        .filter(|(_, db)| db.backup_retention_days == 0 && db.environment == Environment::Prod)
                        .map(|(place, db)| {
                            Finding::bad("backups off", format!("{} keeps no backups: there is nothing to restore", db.id)).at(place)
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
    BoxSpec {
        id: BoxId::Redis,
        sources: &[Feed::Caches, Feed::Metrics],
        within: Within::Everything,
        facts: |sight| {
            let Some((place, group)) = caches(sight).next() else { return Facts::absent() };
            let of = |measure| place.latest(measure, &group.id);
            let hit = of(Measure::CacheHitRate);
            Facts::new(hit.map_or_else(|| group.status.to_string(), |hit| format!("hit {}", percent(hit))))
                .with("group", format!("{} {} {}", group.id, group.engine, group.node_kind))
                .with("hits", hit.map_or_else(|| "-".into(), percent))
                .with("memory", of(Measure::CacheMemory).map_or_else(|| "-".into(), percent))
                .with("evictions", of(Measure::CacheEvictions).map_or_else(|| "-".into(), |n| format!("{}/min", count(n as u64))))
        },
        checks: &[
            Check {
                title: "It answers from memory",
                limit: |t| format!("warn under {} % hits", t.cache_hit_percent),
                judge: |sight| {
                    let limit = sight.limits().cache_hit_percent;
                    let findings = caches(sight)
                        .filter_map(|(place, group)| {
                            let series = place.series(Measure::CacheHitRate, &group.id)?;
                            let hit = series.latest().filter(|hit| *hit < limit)?;
                            Some(
                                Finding::warn(
                                    format!("hit {}", percent(hit)),
                                    format!("{} answers {} from memory (limit {limit} %): the rest falls on the database", group.id, percent(hit)),
                                )
                                .since(series.holding_since(|value| value < limit))
                                .at(place),
                            )
                        })
                        .collect();
                    Verdict::of(findings, "above the limit")
                },
            },
            Check {
                title: "Memory is left",
                limit: |t| over_words(t.cache_memory_percent, " % in use"),
                judge: |sight| {
                    let steps = sight.limits().cache_memory_percent;
                    let findings = caches(sight)
                        .filter_map(|(place, group)| {
                            let used = place.latest(Measure::CacheMemory, &group.id)?;
                            let health = steps.over(used)?;
                            Some(
                                Finding::new(
                                    health,
                                    format!("memory {}", percent(used)),
                                    format!("{} uses {} of its memory (limit {} %)", group.id, percent(used), passed_limit(steps, health)),
                                )
                                .at(place),
                            )
                        })
                        .collect();
                    Verdict::of(findings, "enough")
                },
            },
            Check {
                title: "It is available",
                limit: |_| "bad when not".into(),
                judge: |sight| {
                    let findings = caches(sight)
                        .filter(|(_, group)| group.status != "available")
                        .map(|(place, group)| Finding::bad(group.status.as_str(), format!("{} is {}", group.id, group.status)).at(place))
                        .collect();
                    Verdict::of(findings, "available")
                },
            },
        ],
    },
    BoxSpec {
        id: BoxId::CacheClusterNodes,
        sources: &[Feed::Caches, Feed::Metrics],
        within: Within::Everything,
        facts: |sight| {
            let all: Vec<_> = caches(sight).flat_map(|(place, group)| group.nodes.iter().map(move |n| (place, n))).collect();
            if all.is_empty() {
                return Facts::absent();
            }
            let up = all.iter().filter(|(_, node)| node.status == "available").count();
            let mut facts = Facts::new(format!("{up} of {} up", all.len()));
            for (place, node) in &all {
                let role = if node.is_primary { "primary" } else { "replica" };
                let behind = place.latest(Measure::CacheReplicationLag, &node.id).map_or_else(String::new, |s| format!(", lag {}", lag(s)));
                facts = facts.with("node", format!("{} {role} in {}{behind}", node.id, node.zone));
            }
            facts
        },
        checks: &[
            Check {
                title: "Every node is available",
                limit: |_| "bad when not".into(),
                judge: |sight| {
                    let findings = caches(sight)
                        .flat_map(|(place, group)| group.nodes.iter().map(move |node| (place, node)))
                        .filter(|(_, node)| node.status != "available")
                        .map(|(place, node)| Finding::bad(node.status.as_str(), format!("node {} is {}", node.id, node.status)).at(place))
                        .collect();
                    Verdict::of(findings, "all available")
                },
            },
            Check {
                title: "Spread over zones",
                limit: |_| "warn when all share one".into(),
                judge: |sight| {
                    let findings = caches(sight)
                        .filter(|(_, group)| {
                            group.nodes.len() > 1 && group.nodes.iter().all(|node| node.zone == group.nodes[0].zone)
                        })
                        .map(|(place, group)| {
                            Finding::warn("one zone", format!("all nodes of {} are in {}", group.id, group.nodes[0].zone)).at(place)
                        })
                        .collect();
                    Verdict::of(findings, "spread")
                },
            },
        ],
    },
    BoxSpec {
        id: BoxId::S3Buckets,
        sources: &[Feed::Buckets, Feed::Metrics],
        within: Within::Everything,
        facts: |sight| {
            let all: Vec<_> = buckets(sight).collect();
            if all.is_empty() {
                return Facts::absent();
            }
            let size: f64 = all.iter().filter_map(|(place, bucket)| place.latest(Measure::S3Size, &bucket.name)).sum();
            let versioned = all.iter().filter(|(_, bucket)| bucket.versioning).count();
            Facts::new(bytes(size as u64))
                .with("buckets", all.len().to_string())
                .with("size", bytes(size as u64))
                .with("versioned", format!("{versioned} of {}", all.len()))
        },
        checks: &[
            Check {
                title: "None is public",
                limit: |_| "bad on any".into(),
                judge: |sight| {
                    let findings = buckets(sight)
                        .filter(|(_, bucket)| bucket.is_public)
                        .map(|(place, bucket)| Finding::bad("public", format!("{} can be read by anyone", bucket.name)).at(place))
                        .collect();
                    Verdict::of(findings, "all private")
                },
            },
            Check {
                title: "All are encrypted",
                limit: |_| "warn on any without".into(),
                judge: |sight| {
                    let findings = buckets(sight)
                        .filter(|(_, bucket)| !bucket.encrypted)
                        .map(|(place, bucket)| Finding::warn("unencrypted", format!("{} has no default encryption", bucket.name)).at(place))
                        .collect();
                    Verdict::of(findings, "all encrypted")
                },
            },
        ],
    },
    BoxSpec {
        id: BoxId::S3LifecycleRules,
        sources: &[Feed::Buckets, Feed::Metrics],
        within: Within::Everything,
        facts: |sight| {
            let all: Vec<_> = buckets(sight).collect();
            if all.is_empty() {
                return Facts::absent();
            }
            let rules = || all.iter().flat_map(|(_, bucket)| &bucket.lifecycle).filter(|rule| rule.enabled);
            Facts::new(plural(rules().count(), "rule", "rules"))
                .with("rules", rules().count().to_string())
                .with("transitions", rules().map(|rule| rule.transitions.len()).sum::<usize>().to_string())
                .with("expiring", rules().filter(|rule| rule.expires_after_days.is_some()).count().to_string())
        },
        checks: &[Check {
            title: "Large buckets have rules",
            limit: |t| format!("warn over {} GiB without", t.large_bucket_gib),
            judge: |sight| {
                let findings = buckets(sight)
                    .filter_map(|(place, bucket)| {
                        let size = place.latest(Measure::S3Size, &bucket.name)?;
                        let large = size / 1_073_741_824.0 > sight.limits().large_bucket_gib;
                        (large && !bucket.lifecycle.iter().any(|rule| rule.enabled)).then(|| {
                            Finding::warn("no rule", format!("{} holds {} and nothing ever expires", bucket.name, bytes(size as u64)))
                                .at(place)
                        })
                    })
                    .collect();
                Verdict::of(findings, "all have some")
            },
        },
        Check {
            title: "Broken uploads are cleared away",
            limit: |_| "warn where no rule aborts them".into(),
            judge: |sight| {
                let findings = buckets(sight)
                    .filter(|(_, bucket)| {
                        !bucket.lifecycle.is_empty()
                            && !bucket.lifecycle.iter().any(|rule| rule.enabled && rule.aborts_incomplete_uploads)
                    })
                    .map(|(place, bucket)| {
                        Finding::warn("uploads kept", format!("{} keeps, and pays for, uploads that were never finished", bucket.name)).at(place)
                    })
                    .collect();
                Verdict::of(findings, "aborted by rule")
            },
        }],
    },
];

fn primaries<'a>(sight: &Sight<'a>) -> impl Iterator<Item = (&'a Place, &'a Database)> + use<'a> {
    sight.items(|f| &f.databases).filter(|(_, db)| db.is_primary())
}

pub(super) fn replicas<'a>(sight: &Sight<'a>) -> impl Iterator<Item = (&'a Place, &'a Database)> + use<'a> {
    sight.items(|f| &f.databases).filter(|(_, db)| !db.is_primary())
}

fn caches<'a>(sight: &Sight<'a>) -> impl Iterator<Item = (&'a Place, &'a CacheGroup)> + use<'a> {
    sight.items(|f| &f.caches)
}

fn buckets<'a>(sight: &Sight<'a>) -> impl Iterator<Item = (&'a Place, &'a Bucket)> + use<'a> {
    sight.items(|f| &f.buckets)
}

fn zones(db: &Database) -> String {
    match &db.secondary_zone {
        Some(standby) if db.multi_az => format!("yes, {} with standby in {standby}", db.zone),
        _ if db.multi_az => format!("yes, {}", db.zone),
        _ => format!("no, {} only", db.zone),
    }
}

fn free_percent(place: &Place, db: &Database) -> Option<f64> {
    let free = place.latest(Measure::RdsFreeStorage, &db.id)?;
    (db.allocated_bytes > 0).then(|| free * 100.0 / db.allocated_bytes as f64)
}

/// `41 % of 500 GiB`, with the days it lasts at the present pace when that is less than a quarter.
fn storage_left(place: &Place, db: &Database) -> String {
    let Some(free) = free_percent(place, db) else { return "-".into() };
    let slope = place.series(Measure::RdsFreeStorage, &db.id).and_then(|series| series.slope_per_minute(15));
    let days = slope.filter(|slope| *slope < 0.0).and_then(|slope| {
        let left = place.latest(Measure::RdsFreeStorage, &db.id)?;
        Some(left / -slope / 1_440.0)
    });
    let lasts = days.filter(|days| *days < 90.0).map_or_else(String::new, |days| format!(", {days:.0} days at this pace"));
    format!("{} of {}{lasts}", percent(free), bytes(db.allocated_bytes))
}
