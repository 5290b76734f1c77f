//! Scaling strategy: policies, triggers, database headroom, caches.

use super::data::silent;
use super::{BoxSpec, Check, Facts, Finding, Seen, Verdict, Within, known};
use crate::domain::alarm::{Alarm, AlarmState, Condition};
use crate::domain::autoscaling::ScalingPolicy;
use crate::domain::board::BoxId;
use crate::domain::database::Database;
use crate::domain::graph::MetricId;
use crate::domain::metric::{Measure, Series};
use crate::domain::scope::Environment;
use crate::domain::units::{brief, bytes, count, lag, latency, percent, plural, since};
use crate::world::Place;
use crate::world::feed::Feed;
use crate::world::sight::Sight;

pub(super) const BOXES: &[BoxSpec] = &[
    BoxSpec {
        id: BoxId::AutoScalingPolicies,
        sources: &[Feed::Policies, Feed::Groups],
        within: Within::Everything,
        facts: |sight| {
            let all: Vec<_> = policies(sight).collect();
            if all.is_empty() && sight.items(|f| &f.groups).next().is_none() {
                return Facts::absent();
            }
            let mut facts = Facts::new(plural(all.len(), "policy", "policies")).with("policies", all.len().to_string());
            for (_, policy) in &all {
                let follows = match policy.target_value {
                    Some(value) => format!("{} at {value}", policy.metric),
                    None => format!("{} {}", policy.kind, policy.name),
                };
                let number = |number: Option<u32>| known(number, |number| number.to_string());
                let (current, min, max) = (number(policy.current), number(policy.min), number(policy.max));
                let off = if policy.enabled { "" } else { ", switched off" };
                facts = facts.with("policy", format!("{}: {follows}, {current} of {min} to {max}{off}", policy.target));
            }
            facts
        },
        checks: &[
            Check {
                title: "Every production group scales by itself",
                limit: |_| "warn without a policy".into(),
                judge: |sight| {
                    let findings = sight
                        .items(|f| &f.groups)
                        .filter(|(place, group)| {
                            group.environment == Environment::Prod
                                && group.max > group.min
                                && group.desired > 0
                                && !place
                                    .feeds
                                    .policies
                                    .items()
                                    .any(|policy| policy.enabled && policy.target == group.name)
                        })
                        .map(|(place, group)| {
                            Finding::warn("no policy", format!("{} has no scaling policy", group.name)).at(place)
                        })
                        .collect();
                    Verdict::lacking(findings, "all do")
                },
            },
            Check {
                title: "None is at its limit",
                limit: |_| "warn at max".into(),
                judge: |sight| {
                    let all = policies(sight).map(|(place, policy)| match (policy.is_at_max(), policy.max) {
                        (Some(true), Some(max)) => {
                            let text = format!("{} is at its maximum of {max}", policy.target);
                            Seen::Wrong(Finding::warn("at max", text).at(place))
                        }
                        (Some(_), _) => Seen::Well,
                        // AWS tells the range of a policy's target, but not of all where in it they are.
                        (None, _) => Seen::Nothing,
                    });
                    Verdict::each(all, "room left")
                },
            },
        ],
    },
    BoxSpec {
        id: BoxId::ScaleOutTriggers,
        sources: &[Feed::Policies, Feed::Alarms, Feed::AlarmHistory, Feed::Metrics],
        within: Within::Everything,
        facts: |sight| trigger_facts(sight, |policy| &policy.out_alarm),
        checks: &[
            Check {
                title: "Triggers have data",
                limit: |_| "warn on INSUFFICIENT_DATA".into(),
                judge: |sight| have_data(sight, |p| &p.out_alarm),
            },
            Check { title: "They do not flap", limit: flap_limit, judge: |sight| steady(sight, |p| &p.out_alarm) },
        ],
    },
    BoxSpec {
        id: BoxId::ScaleInTriggers,
        sources: &[Feed::Policies, Feed::Alarms, Feed::AlarmHistory, Feed::Metrics],
        within: Within::Everything,
        facts: |sight| trigger_facts(sight, |policy| &policy.in_alarm),
        checks: &[
            Check {
                title: "Triggers have data",
                limit: |_| "warn on INSUFFICIENT_DATA".into(),
                judge: |sight| have_data(sight, |p| &p.in_alarm),
            },
            Check { title: "They do not flap", limit: flap_limit, judge: |sight| steady(sight, |p| &p.in_alarm) },
        ],
    },
    BoxSpec {
        id: BoxId::DatabaseScaling,
        sources: &[Feed::Databases, Feed::Metrics],
        within: Within::Everything,
        facts: |sight| {
            let Some((place, db)) = primary(sight) else { return Facts::absent() };
            let connections = place.latest(Measure::RdsConnections, &db.id);
            let used = connections.zip(db.max_connections).map(|(n, most)| n * 100.0 / f64::from(most.max(1)));
            let ceiling = match (db.allocated_bytes, db.max_allocated_bytes) {
                (_, Some(most)) => format!("up to {}", bytes(most)),
                (Some(_), None) => "off".to_owned(),
                (None, None) => "grows by itself".to_owned(),
            };
            Facts::new(used.map_or_else(|| db.class.to_string(), |used| format!("conns {}", percent(used))))
                .with("class", db.class.as_str())
                // Where nobody tells how many there may be, there is no share of them.
                .with("connections in use", used.map_or_else(|| known(connections, |n| count(n as u64)), percent))
                .with("storage autoscaling", ceiling)
                .with(
                    "readers",
                    super::data::replicas(sight).filter(|(other, _)| other.scope == place.scope).count().to_string(),
                )
        },
        checks: &[
            Check {
                title: "Connections are left",
                limit: |t| format!("warn under {} % free", t.headroom_percent),
                judge: |sight| {
                    let all = production_primaries(sight).map(|(place, db)| {
                        let Some(most) = db.max_connections else { return Seen::Nothing };
                        let Some(connections) = place.latest(Measure::RdsConnections, &db.id) else {
                            return silent(db);
                        };
                        let used = connections * 100.0 / f64::from(most.max(1));
                        Seen::of((100.0 - used < sight.limits().headroom_percent).then(|| {
                            let text = format!("{} uses {} of its {most} connections", db.id, percent(used));
                            Finding::warn(format!("conns {}", percent(used)), text).at(place)
                        }))
                    });
                    Verdict::each(all, "enough")
                },
            },
            Check {
                title: "Storage may still grow",
                limit: |t| format!("warn within {} % of the ceiling", t.headroom_percent),
                judge: |sight| {
                    let all = production_primaries(sight).map(|(place, db)| {
                        let (allocated, most) = match (db.allocated_bytes, db.max_allocated_bytes) {
                            (Some(allocated), Some(most)) => (allocated as f64, most as f64),
                            // It has no ceiling.
                            (None, _) => return Seen::Well,
                            // It was never meant to grow; whether enough is left is judged elsewhere.
                            (Some(_), None) => return Seen::Nothing,
                        };
                        let left = 100.0 - allocated * 100.0 / most.max(1.0);
                        Seen::of((left < sight.limits().headroom_percent).then(|| {
                            let text =
                                format!("{} may grow by {} only", db.id, bytes((most - allocated).max(0.0) as u64));
                            Finding::warn("near its ceiling", text).at(place)
                        }))
                    });
                    Verdict::each(all, "room to grow")
                },
            },
        ],
    },
    BoxSpec {
        id: BoxId::ReadScaling,
        sources: &[Feed::Databases, Feed::Metrics],
        within: Within::Everything,
        facts: |sight| {
            let all: Vec<_> = readers(sight).collect();
            if all.is_empty() {
                return Facts::absent();
            }
            let busiest = all.iter().filter_map(|(place, db)| place.latest(Measure::RdsCpu, &db.id)).reduce(f64::max);
            let headline = match busiest {
                Some(busiest) => format!("cpu {}", percent(busiest)),
                None => plural(all.len(), "reader", "readers"),
            };
            let mut facts = Facts::new(headline).with("readers", all.len().to_string());
            for (place, db) in &all {
                let cpu = place.latest(Measure::RdsCpu, &db.id).map_or_else(|| "-".into(), percent);
                let behind = place.latest(Measure::RdsReplicaLag, &db.id).map_or_else(|| "-".into(), lag);
                facts = facts.with("reader", format!("{} {}, cpu {cpu}, lag {behind}", db.id, db.class));
            }
            facts
        },
        checks: &[Check {
            title: "Readers have room",
            limit: |t| format!("warn under {} % free cpu", t.headroom_percent),
            judge: |sight| cpu_room(sight, &mut readers(sight)),
        }],
    },
    BoxSpec {
        id: BoxId::WriteScaling,
        sources: &[Feed::Databases, Feed::Metrics],
        within: Within::Everything,
        facts: |sight| {
            let Some((place, db)) = primary(sight) else { return Facts::absent() };
            let of = |measure| place.latest(measure, &db.id);
            Facts::new(of(Measure::RdsWriteLatency).map_or_else(|| "-".into(), |s| format!("write {}", latency(s))))
                .with("writer", format!("{} {}", db.id, db.class))
                .with("cpu", of(Measure::RdsCpu).map_or_else(|| "-".into(), percent))
                .with("write latency", of(Measure::RdsWriteLatency).map_or_else(|| "-".into(), latency))
        },
        checks: &[Check {
            title: "The writer has room",
            limit: |t| format!("warn under {} % free cpu", t.headroom_percent),
            judge: |sight| cpu_room(sight, &mut production_primaries(sight)),
        }],
    },
    BoxSpec {
        id: BoxId::Caching,
        sources: &[Feed::Caches, Feed::Metrics],
        within: Within::Everything,
        facts: |sight| {
            let Some((place, group)) = sight.items(|f| &f.caches).next() else { return Facts::absent() };
            let hit = place.latest(Measure::CacheHitRate, &group.id);
            Facts::new(hit.map_or_else(|| "-".into(), |hit| format!("miss {}", percent(100.0 - hit))))
                .with("cache", group.id.as_str())
                .with("hits", hit.map_or_else(|| "-".into(), percent))
                .with("misses reach", "the read replicas")
        },
        checks: &[Check {
            title: "The hit rate holds",
            limit: |t| format!("warn when {} points under the twelve minutes before", t.cache_hit_drop_points),
            judge: |sight| {
                let all = sight
                    .places()
                    .flat_map(|place| place.all(Measure::CacheHitRate).map(move |series| (place, series)))
                    .map(|(place, series)| {
                        let Some((now, before)) = series.mean_of_last(3).zip(series.mean_between(3, 15)) else {
                            return Seen::Nothing;
                        };
                        Seen::of((before - now > sight.limits().cache_hit_drop_points).then(|| {
                            let text =
                                format!("{} fell from {} to {} hits", series.resource, percent(before), percent(now));
                            Finding::warn(format!("hit {}", percent(now)), text).at(place)
                        }))
                    });
                Verdict::each(all, "steady")
            },
        }],
    },
    BoxSpec {
        id: BoxId::MultiLevelCaching,
        sources: &[Feed::Metrics],
        within: Within::Everything,
        facts: |sight| {
            let edge = rates(sight, Measure::CdnHitRate);
            let memory = rates(sight, Measure::CacheHitRate);
            if edge.is_none() && memory.is_none() {
                return Facts::absent();
            }
            let show = |rate: Option<f64>| rate.map_or_else(|| "none seen".into(), percent);
            let is_read = sight.is_read(Feed::Metrics);
            let through = is_read.then(|| (100.0 - edge.unwrap_or(0.0)) / 100.0 * (100.0 - memory.unwrap_or(0.0)));
            Facts::new(through.map_or_else(|| "not known".into(), |through| format!("{} to db", percent(through))))
                .with("CloudFront hits", show(edge))
                .with("Redis hits", show(memory))
                .with("reads that reach the database", known(through, percent))
        },
        checks: &[Check {
            title: "Both levels are there",
            limit: |_| "warn when one is missing".into(),
            judge: |sight| {
                let missing: Vec<&str> = [("CloudFront", Measure::CdnHitRate), ("Redis", Measure::CacheHitRate)]
                    .into_iter()
                    // One that was measured within the hour is there, even if it is silent now.
                    .filter(|(_, measure)| sight.places().all(|place| place.all(*measure).next().is_none()))
                    .map(|(name, _)| name)
                    .collect();
                if missing.is_empty() {
                    return Verdict::Pass("CloudFront and Redis".into());
                }
                Verdict::Lacking(vec![Finding::warn(
                    "level missing",
                    format!("no cache at the level of {}", missing.join(" and ")),
                )])
            },
        }],
    },
];

fn policies<'a>(sight: &Sight<'a>) -> impl Iterator<Item = (&'a Place, &'a ScalingPolicy)> + use<'a> {
    sight.items(|f| &f.policies)
}

type AlarmOf = fn(&ScalingPolicy) -> &crate::domain::text::Text;

/// The trigger alarm of each policy.
fn triggers<'a>(sight: &Sight<'a>, alarm_of: AlarmOf) -> Vec<(&'a Place, &'a ScalingPolicy, &'a Alarm)> {
    policies(sight)
        .filter_map(|(place, policy)| {
            let alarm = place.feeds.alarms.items().find(|alarm| alarm.name == *alarm_of(policy))?;
            Some((place, policy, alarm))
        })
        .collect()
}

fn trigger_facts(sight: &Sight<'_>, alarm_of: AlarmOf) -> Facts {
    let all = triggers(sight, alarm_of);
    if all.is_empty() {
        return Facts::absent();
    }
    let nearest =
        all.iter().filter_map(|(place, _, alarm)| distance(place, alarm)).min_by(|a, b| a.away.total_cmp(&b.away));
    let firing = all.iter().filter(|(_, _, alarm)| alarm.is_firing()).count();
    let headline = match &nearest {
        _ if firing > 0 => format!("{firing} acting"),
        Some(distance) => format!("{} to {}", percent(distance.now), percent(distance.threshold)),
        None => plural(all.len(), "trigger", "triggers"),
    };
    let mut facts = Facts::new(headline);
    for (place, policy, alarm) in &all {
        let words = match distance(place, alarm) {
            _ if alarm.is_firing() => format!("{} acting since {}", policy.target, brief(since(sight.at, alarm.since))),
            Some(distance) => format!(
                "{} fires at {}, now {}{}",
                policy.target,
                percent(distance.threshold),
                percent(distance.now),
                distance.minutes.map_or_else(String::new, |minutes| format!(", about {minutes:.0} min at this slope"))
            ),
            None => format!("{}: no value", policy.target),
        };
        facts = facts.with("trigger", words);
    }
    facts
}

struct Distance {
    now: f64,
    threshold: f64,
    away: f64,
    /// Until the threshold, at the slope of the last five minutes; `None` when moving away.
    minutes: Option<f64>,
}

fn distance(place: &Place, alarm: &Alarm) -> Option<Distance> {
    let Condition::Threshold { limit: threshold, .. } = alarm.metric_rule()?.condition else { return None };
    let series = trigger_series(place, alarm)?;
    let now = series.mean_of_last(2)?;
    let slope = series.slope_per_minute(5).unwrap_or(0.0);
    let gap = threshold - now;
    let minutes =
        (slope.abs() > 0.05 && (gap > 0.0) == (slope > 0.0)).then(|| gap / slope).filter(|minutes| *minutes < 120.0);
    Some(Distance { now, threshold, away: gap.abs(), minutes })
}

fn trigger_series<'a>(place: &'a Place, alarm: &Alarm) -> Option<&'a Series> {
    let MetricId { namespace, metric, .. } = alarm.metric()?;
    let resource = alarm.resource()?;
    let measure = Measure::ALL
        .iter()
        .find(|m| namespace == m.namespace() && metric == m.metric() && place.series(**m, resource).is_some())?;
    place.series(*measure, resource)
}

fn have_data(sight: &Sight<'_>, alarm_of: AlarmOf) -> Verdict {
    let all = triggers(sight, alarm_of);
    if all.is_empty() {
        return Verdict::Skip;
    }
    let findings = all
        .into_iter()
        .filter(|(_, _, alarm)| alarm.state == AlarmState::InsufficientData)
        .map(|(place, policy, alarm)| {
            Finding::warn("no data", format!("{} has no data: {} will not scale", alarm.name, policy.target))
                .since(alarm.since)
                .at(place)
        })
        .collect();
    Verdict::of(findings, "all have data")
}

fn flap_limit(limits: &crate::world::thresholds::Thresholds) -> String {
    format!("warn over {} changes in an hour", limits.trigger_flaps_per_hour)
}

fn steady(sight: &Sight<'_>, alarm_of: AlarmOf) -> Verdict {
    let findings = triggers(sight, alarm_of)
        .into_iter()
        .filter_map(|(place, policy, alarm)| {
            let changes = place
                .feeds
                .alarm_history
                .items()
                .filter(|change| change.alarm == alarm.name && since(sight.at, change.at).as_hours() < 1)
                .count();
            (changes as f64 > sight.limits().trigger_flaps_per_hour).then(|| {
                Finding::warn("flapping", format!("{} changed its mind {changes} times in an hour", policy.target))
                    .at(place)
            })
        })
        .collect();
    Verdict::of(findings, "steady")
}

fn production_primaries<'a>(sight: &Sight<'a>) -> impl Iterator<Item = (&'a Place, &'a Database)> + use<'a> {
    sight.items(|f| &f.databases).filter(|(_, db)| db.is_primary() && db.environment == Environment::Prod)
}

fn primary<'a>(sight: &Sight<'a>) -> Option<(&'a Place, &'a Database)> {
    production_primaries(sight).max_by_key(|(_, db)| db.weight())
}

/// Replicas beside their primary, which share its reads; one in another region stands by.
fn readers<'a>(sight: &Sight<'a>) -> impl Iterator<Item = (&'a Place, &'a Database)> + use<'a> {
    let home: Vec<_> = production_primaries(sight).map(|(place, _)| place.scope.clone()).collect();
    super::data::replicas(sight).filter(move |(place, _)| home.contains(&place.scope))
}

fn cpu_room<'a>(sight: &Sight<'a>, databases: &mut dyn Iterator<Item = (&'a Place, &'a Database)>) -> Verdict {
    let all = databases.map(|(place, db)| {
        let cpu = place.series(Measure::RdsCpu, &db.id).and_then(|series| series.mean_of_last(3));
        let Some(cpu) = cpu else { return silent(db) };
        Seen::of((100.0 - cpu < sight.limits().headroom_percent).then(|| {
            Finding::warn(format!("cpu {}", percent(cpu)), format!("{} runs at {} cpu", db.id, percent(cpu))).at(place)
        }))
    });
    Verdict::each(all, "enough")
}

/// The lowest hit rate at one level.
fn rates(sight: &Sight<'_>, measure: Measure) -> Option<f64> {
    sight.places().flat_map(|place| place.all(measure)).filter_map(Series::latest).min_by(f64::total_cmp)
}
