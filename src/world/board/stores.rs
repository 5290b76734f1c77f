//! Data layer: Redis and its nodes, S3 and its lifecycle rules.

use super::{BoxSpec, Check, Facts, Finding, Verdict, Within, over_words, passed_limit};
use crate::domain::board::BoxId;
use crate::domain::bucket::Bucket;
use crate::domain::cache::CacheGroup;
use crate::domain::metric::Measure;
use crate::domain::units::{bytes, count, lag, percent, plural};
use crate::world::Place;
use crate::world::feed::Feed;
use crate::world::sight::Sight;

pub(super) const BOXES: &[BoxSpec] = &[
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
                .with(
                    "evictions",
                    of(Measure::CacheEvictions).map_or_else(|| "-".into(), |n| format!("{}/min", count(n as u64))),
                )
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
                                    format!(
                                        "{} answers {} from memory (limit {limit} %): the rest falls on the database",
                                        group.id,
                                        percent(hit)
                                    ),
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
                                    format!(
                                        "{} uses {} of its memory (limit {} %)",
                                        group.id,
                                        percent(used),
                                        passed_limit(steps, health)
                                    ),
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
                        .map(|(place, group)| {
                            Finding::bad(group.status.as_str(), format!("{} is {}", group.id, group.status)).at(place)
                        })
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
            let all: Vec<_> =
                caches(sight).flat_map(|(place, group)| group.nodes.iter().map(move |n| (place, n))).collect();
            if all.is_empty() {
                return Facts::absent();
            }
            let up = all.iter().filter(|(_, node)| node.status == "available").count();
            let mut facts = Facts::new(format!("{up} of {} up", all.len()));
            for (place, node) in &all {
                let role = if node.is_primary { "primary" } else { "replica" };
                let behind = place
                    .latest(Measure::CacheReplicationLag, &node.id)
                    .map_or_else(String::new, |s| format!(", lag {}", lag(s)));
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
                        .map(|(place, node)| {
                            Finding::bad(node.status.as_str(), format!("node {} is {}", node.id, node.status)).at(place)
                        })
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
                            Finding::warn(
                                "one zone",
                                format!("all nodes of {} are in {}", group.id, group.nodes[0].zone),
                            )
                            .at(place)
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
                        .map(|(place, bucket)| {
                            Finding::bad("public", format!("{} can be read by anyone", bucket.name)).at(place)
                        })
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
                        .map(|(place, bucket)| {
                            Finding::warn("unencrypted", format!("{} has no default encryption", bucket.name)).at(place)
                        })
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
        checks: &[
            Check {
                title: "Large buckets have rules",
                limit: |t| format!("warn over {} GiB without", t.large_bucket_gib),
                judge: |sight| {
                    let findings = buckets(sight)
                        .filter_map(|(place, bucket)| {
                            let size = place.latest(Measure::S3Size, &bucket.name)?;
                            let large = size / 1_073_741_824.0 > sight.limits().large_bucket_gib;
                            (large && !bucket.lifecycle.iter().any(|rule| rule.enabled)).then(|| {
                                Finding::warn(
                                    "no rule",
                                    format!("{} holds {} and nothing ever expires", bucket.name, bytes(size as u64)),
                                )
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
                            Finding::warn(
                                "uploads kept",
                                format!("{} keeps, and pays for, uploads that were never finished", bucket.name),
                            )
                            .at(place)
                        })
                        .collect();
                    Verdict::of(findings, "aborted by rule")
                },
            },
        ],
    },
];

fn caches<'a>(sight: &Sight<'a>) -> impl Iterator<Item = (&'a Place, &'a CacheGroup)> + use<'a> {
    sight.items(|f| &f.caches)
}

fn buckets<'a>(sight: &Sight<'a>) -> impl Iterator<Item = (&'a Place, &'a Bucket)> + use<'a> {
    sight.items(|f| &f.buckets)
}
