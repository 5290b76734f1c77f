//! Data layer: Redis and its nodes, S3 and its lifecycle rules.

use super::{BoxSpec, Check, Facts, Finding, Seen, Verdict, Within, known, over_words, passed_limit, sum_known};
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
        sources: &[Feed::Caches, Feed::Metrics, Feed::CacheEvents],
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
                    let all = caches(sight).map(|(place, group)| {
                        // No reads, no rate.
                        let Some(series) = place.series(Measure::CacheHitRate, &group.id) else { return Seen::Nothing };
                        let Some(hit) = series.latest() else { return Seen::Nothing };
                        Seen::of((hit < limit).then(|| {
                            let text = format!(
                                "{} answers {} from memory (limit {limit} %): the rest falls on the database",
                                group.id,
                                percent(hit)
                            );
                            Finding::warn(format!("hit {}", percent(hit)), text)
                                .since(series.holding_since(|value| value < limit))
                                .at(place)
                        }))
                    });
                    Verdict::each(all, "above the limit")
                },
            },
            Check {
                title: "Memory is left",
                limit: |t| over_words(t.cache_memory_percent, " % in use"),
                judge: |sight| {
                    let steps = sight.limits().cache_memory_percent;
                    let all = caches(sight).map(|(place, group)| {
                        let Some(used) = place.latest(Measure::CacheMemory, &group.id) else {
                            let should_tell = group.is_available() && group.measures_memory();
                            return if should_tell { Seen::Blank(group.id.to_string()) } else { Seen::Nothing };
                        };
                        Seen::of(steps.over(used).map(|health| {
                            let text = format!(
                                "{} uses {} of its memory (limit {} %)",
                                group.id,
                                percent(used),
                                passed_limit(steps, health)
                            );
                            Finding::new(health, format!("memory {}", percent(used)), text).at(place)
                        }))
                    });
                    Verdict::each(all, "enough")
                },
            },
            Check {
                title: "It is available",
                limit: |_| "bad when not".into(),
                judge: |sight| {
                    let findings = caches(sight)
                        .filter(|(_, group)| !group.is_available())
                        .map(|(place, group)| {
                            let event = place
                                .feeds
                                .cache_events
                                .items()
                                .filter(|event| group.is_told_of(event) && (event.disturbs() || event.is_failure()))
                                .max_by_key(|event| event.at);
                            let why = event.map_or_else(String::new, |event| format!(": {}", event.message));
                            Finding::bad(group.status.as_str(), format!("{} is {}{why}", group.id, group.status))
                                .since(event.map(|event| event.at))
                                .at(place)
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
            let up = all.iter().filter(|(_, node)| node.is_available()).count();
            let mut facts = Facts::new(format!("{up} of {} up", all.len()));
            for (place, node) in &all {
                let behind = place
                    .latest(Measure::CacheReplicationLag, &node.id)
                    .map_or_else(String::new, |s| format!(", lag {}", lag(s)));
                facts = facts.with("node", format!("{} {} in {}{behind}", node.id, node.role(), node.zone));
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
                        .filter(|(_, node)| !node.is_available())
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
                        .filter_map(|(place, group)| {
                            let zone = group.only_zone()?;
                            let text = format!("all nodes of {} are in {zone}", group.id);
                            Some(Finding::warn("one zone", text).at(place))
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
            let sizes = all.iter().filter_map(|(place, bucket)| place.latest(Measure::S3Size, &bucket.name));
            let size = sum_known(sizes).map(|size| bytes(size as u64));
            let versioned = all.iter().filter(|(_, bucket)| bucket.versioning).count();
            Facts::new(size.clone().unwrap_or_else(|| plural(all.len(), "bucket", "buckets")))
                .with("buckets", all.len().to_string())
                .with("size", known(size, |size| size))
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
                    let all = buckets(sight).map(|(place, bucket)| {
                        // S3 measures once a day, and an empty bucket never.
                        let Some(size) = place.latest(Measure::S3Size, &bucket.name) else { return Seen::Nothing };
                        let large = size / 1_073_741_824.0 > sight.limits().large_bucket_gib;
                        Seen::of((large && !bucket.lifecycle.iter().any(|rule| rule.enabled)).then(|| {
                            let text = format!("{} holds {} and nothing ever expires", bucket.name, bytes(size as u64));
                            Finding::warn("no rule", text).at(place)
                        }))
                    });
                    Verdict::each(all, "all have some")
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
