//! Monitoring layer: our own polling, logs, alarms, dashboards, traces.

use super::{BoxSpec, Check, Facts, Finding, Verdict, Within, known, over_words, passed_limit};
use crate::domain::alarm::{Alarm, AlarmState};
use crate::domain::board::BoxId;
use crate::domain::logs::LogGroup;
use crate::domain::trace::{RootCause, ServiceNode, TraceSummary};
use crate::domain::units::{brief, bytes, count, latency, moment, percent, plural, since};
use crate::world::Place;
use crate::world::feed::Feed;
use crate::world::sight::Sight;

/// Alarms named one by one; more of the same kind are counted.
const MOST_NAMED: usize = 4;

pub(super) const BOXES: &[BoxSpec] = &[
    BoxSpec {
        id: BoxId::CloudWatch,
        sources: &[Feed::Metrics, Feed::MetricNames],
        within: Within::Everything,
        facts: |sight| {
            let ledger = sight.world.ledger();
            let series: usize = sight
                .places()
                .filter_map(|place| place.feeds.metrics.value())
                .map(crate::domain::metric::MetricSet::len)
                .sum();
            let names = sight.items(|f| &f.metric_names).count();
            let mut facts = Facts::new(format!("{:.0} calls/min", ledger.calls_per_minute()))
                .with(
                    "our calls",
                    format!("{:.0}/min, {} this session", ledger.calls_per_minute(), count(ledger.calls())),
                )
                .with("throttled", format!("{} in 5 min", ledger.throttled_lately(sight.at)))
                .with("mean latency", ledger.mean_latency_ms().map_or_else(|| "-".into(), |ms| latency(ms / 1_000.0)))
                .with("our polling costs", format!("{}/h, {} this session", ledger.usd_per_hour(), ledger.spent()))
                .with("metrics read", format!("{}, of {} there are", count(series as u64), count(names as u64)));
            for of in ledger.by_service(sight.at) {
                let ms = |latency: Option<u32>| known(latency, latency_ms);
                let throttled =
                    if of.throttled > 0 { format!(", throttled {} times", of.throttled) } else { String::new() };
                let words = format!(
                    "{} in {}: {:.1} calls/min, p50 {}, p99 {}, {}/h{throttled}",
                    of.service,
                    of.scope,
                    of.calls_per_minute,
                    ms(of.p50_ms),
                    ms(of.p99_ms),
                    of.usd_per_hour
                );
                facts = facts.with("service", words);
            }
            facts
        },
        checks: &[Check {
            title: "We are not throttled",
            limit: |_| "warn on any in 5 min".into(),
            judge: |sight| {
                let throttled = sight.world.ledger().throttled_lately(sight.at);
                if throttled == 0 {
                    return Verdict::Pass("none".into());
                }
                Verdict::Fail(vec![Finding::warn(
                    format!("{throttled} throttled"),
                    format!(
                        "AWS throttled {} of ours in 5 min; asking more slowly",
                        plural(throttled, "call", "calls")
                    ),
                )])
            },
        }],
    },
    BoxSpec {
        id: BoxId::LogGroups,
        sources: &[Feed::LogGroups],
        within: Within::Everything,
        facts: |sight| {
            let all: Vec<&LogGroup> = sight.items(|f| &f.log_groups).map(|(_, group)| group).collect();
            if all.is_empty() {
                return Facts::absent();
            }
            let errors: f64 = all.iter().map(|group| group.errors_per_minute).sum();
            let mut facts = Facts::new(format!("{} err/min", errors.round()))
                .with("groups", all.len().to_string())
                .with("stored", bytes(all.iter().map(|group| group.stored_bytes).sum()))
                .with("errors", format!("{}/min", errors.round()));
            for group in all.iter().filter(|group| group.new_pattern.is_some()).take(3) {
                let pattern = group.new_pattern.as_ref().map_or("", |text| text.as_str());
                facts = facts.with("new message", format!("{}: {pattern}", group.name));
            }
            facts
        },
        checks: &[
            Check {
                title: "No burst of errors",
                limit: |t| format!("warn over {} x the hour before", t.log_error_factor),
                judge: |sight| {
                    let findings = sight
                        .items(|f| &f.log_groups)
                        // A handful of lines is not a burst, however quiet the hour before was.
                        .filter(|(_, group)| {
                            group.errors_per_minute > 10.0
                                && group.errors_per_minute
                                    > group.usual_errors_per_minute * sight.limits().log_error_factor
                        })
                        .map(|(place, group)| {
                            let what = group.new_pattern.as_ref().map_or_else(String::new, |text| format!(": {text}"));
                            Finding::warn(
                                format!("{} err/min", count(group.errors_per_minute as u64)),
                                format!(
                                    "{} logs {} errors a minute, usually {}{what}",
                                    group.name,
                                    count(group.errors_per_minute as u64),
                                    count(group.usual_errors_per_minute as u64)
                                ),
                            )
                            .at(place)
                        })
                        .collect();
                    Verdict::of(findings, "as usual")
                },
            },
            Check {
                title: "Logs expire",
                limit: |_| "warn without retention".into(),
                judge: |sight| {
                    let findings = sight
                        .items(|f| &f.log_groups)
                        .filter(|(_, group)| group.retention_days.is_none())
                        .map(|(place, group)| {
                            Finding::warn(
                                "kept for ever",
                                format!("{} is kept for ever ({} so far)", group.name, bytes(group.stored_bytes)),
                            )
                            .at(place)
                        })
                        .collect();
                    Verdict::of(findings, "all expire")
                },
            },
        ],
    },
    BoxSpec {
        id: BoxId::Alarms,
        sources: &[Feed::Alarms],
        within: Within::Everything,
        facts: |sight| {
            let all: Vec<&Alarm> = alarms(sight).map(|(_, alarm)| alarm).collect();
            if all.is_empty() {
                return Facts::absent();
            }
            let in_state = |state| all.iter().filter(|alarm| alarm.state == state).count();
            let mut facts = Facts::new(format!("{} ok", in_state(AlarmState::Ok)))
                .with("firing", in_state(AlarmState::Alarm).to_string())
                .with("without data", in_state(AlarmState::InsufficientData).to_string())
                .with("ok", in_state(AlarmState::Ok).to_string())
                .with(
                    "scaling triggers, not counted",
                    sight.items(|f| &f.alarms).filter(|(_, a)| a.is_scaling_trigger()).count().to_string(),
                );
            let muted = all.iter().filter(|alarm| alarm.muted(sight.at).is_some()).count();
            if muted > 0 {
                facts = facts.with("muted", muted.to_string());
            }
            let mut firing: Vec<&&Alarm> = all.iter().filter(|alarm| alarm.is_firing()).collect();
            firing.sort_by_key(|alarm| alarm.since);
            for alarm in firing {
                facts = facts.with(
                    "firing",
                    format!(
                        "{} since {}{}: {}",
                        alarm.name,
                        moment(alarm.since, sight.at, sight.zone()),
                        but_muted(alarm, sight),
                        alarm.reason
                    ),
                );
            }
            facts
        },
        checks: &[
            Check {
                title: "None fires",
                limit: |_| "bad in ALARM".into(),
                judge: |sight| {
                    let mut firing: Vec<_> = alarms(sight).filter(|(_, alarm)| alarm.is_firing()).collect();
                    firing.sort_by_key(|(_, alarm)| alarm.since);
                    let total = firing.len();
                    let findings = firing
                        .into_iter()
                        .map(|(place, alarm)| {
                            Finding::bad(
                                format!("{total} firing"),
                                format!(
                                    "{} in ALARM for {}{}",
                                    alarm.name,
                                    brief(since(sight.at, alarm.since)),
                                    but_muted(alarm, sight)
                                ),
                            )
                            .since(alarm.since)
                            .at(place)
                        })
                        .collect();
                    Verdict::of(findings, "none in ALARM")
                },
            },
            Check {
                title: "All can be judged",
                limit: |t| format!("warn when data is missing for {} min", t.insufficient_data_minutes),
                judge: |sight| {
                    let findings = alarms(sight)
                        .filter(|(_, alarm)| {
                            alarm.state == AlarmState::InsufficientData
                                && since(sight.at, alarm.since).as_secs_f64() / 60.0
                                    > sight.limits().insufficient_data_minutes
                        })
                        .map(|(place, alarm)| {
                            Finding::warn(
                                "no data",
                                format!("{} has had no data for {}", alarm.name, brief(since(sight.at, alarm.since))),
                            )
                            .since(alarm.since)
                            .at(place)
                        })
                        .collect();
                    let without =
                        alarms(sight).filter(|(_, alarm)| alarm.state == AlarmState::InsufficientData).count();
                    match without {
                        0 => Verdict::of(findings, "all have data"),
                        some => Verdict::of(findings, format!("{some} without data, but not for long")),
                    }
                },
            },
            Check {
                title: "All would tell somebody",
                limit: |_| "warn without actions".into(),
                judge: |sight| {
                    let silent: Vec<_> =
                        alarms(sight).filter(|(_, alarm)| !alarm.actions_enabled || alarm.actions.is_empty()).collect();
                    // A hundred of them are one omission, not a hundred.
                    let findings = match silent.as_slice() {
                        [(place, first), rest @ ..] if rest.len() >= MOST_NAMED => {
                            let text = format!(
                                "{} and {} more have no action in force: nobody is told when they fire",
                                first.name,
                                rest.len()
                            );
                            vec![Finding::warn("silent alarms", text).at(place)]
                        }
                        few => few.iter().map(|(place, alarm)| silent_alarm(alarm).at(place)).collect(),
                    };
                    Verdict::of(findings, "actions set and enabled")
                },
            },
        ],
    },
    BoxSpec {
        id: BoxId::Dashboards,
        sources: &[Feed::Dashboards],
        within: Within::Everything,
        facts: |sight| {
            let all: Vec<_> = sight.items(|f| &f.dashboards).map(|(_, dashboard)| dashboard).collect();
            if all.is_empty() {
                return Facts::absent();
            }
            let widgets: usize = all.iter().map(|dashboard| dashboard.widgets.len()).sum();
            let mut facts = Facts::new(format!("{widgets} widgets")).with("dashboards", all.len().to_string());
            for dashboard in all {
                facts = facts.with("dashboard", format!("{}: {} widgets", dashboard.name, dashboard.widgets.len()));
            }
            facts
        },
        checks: &[Check {
            title: "No widget is broken",
            limit: |_| "warn on any".into(),
            judge: |sight| {
                let findings = sight
                    .items(|f| &f.dashboards)
                    .filter(|(_, dashboard)| !dashboard.broken.is_empty())
                    .map(|(place, dashboard)| {
                        Finding::warn(
                            "broken widget",
                            format!(
                                "{}: {} shows nothing that exists",
                                dashboard.name,
                                super::some_names(&dashboard.broken)
                            ),
                        )
                        .at(place)
                    })
                    .collect();
                Verdict::of(findings, "all draw")
            },
        }],
    },
    BoxSpec {
        id: BoxId::XRay,
        sources: &[Feed::ServiceMap],
        within: Within::Everything,
        facts: |sight| {
            let all: Vec<&ServiceNode> = services(sight).map(|(_, node)| node).collect();
            if all.is_empty() {
                return Facts::absent();
            }
            let worst = all
                .iter()
                .filter_map(|node| Some((node, node.fault_percent()?)))
                .max_by(|(_, a), (_, b)| a.total_cmp(b));
            let mut facts =
                Facts::new(worst.map_or_else(|| "no traces".into(), |(_, share)| format!("faults {}", percent(share))))
                    .with("services", all.len().to_string())
                    .with("most faults", known(worst, |(node, share)| format!("{} {}", node.name, percent(share))));
            for node in &all {
                facts = facts.with(
                    "service",
                    format!(
                        "{}: faults {}, p50 {}, p99 {}",
                        node.name,
                        known(node.fault_percent(), percent),
                        known(node.p50, latency),
                        known(node.p99, latency)
                    ),
                );
            }
            facts
        },
        checks: &[
            Check {
                title: "Services answer",
                limit: |t| over_words(t.trace_fault_percent, " % faults"),
                judge: |sight| {
                    let steps = sight.limits().trace_fault_percent;
                    if services(sight).all(|(_, node)| node.fault_percent().is_none()) {
                        return Verdict::Skip;
                    }
                    let findings = services(sight)
                        .filter_map(|(place, node)| {
                            let share = node.fault_percent()?;
                            let health = steps.over(share)?;
                            Some(
                                Finding::new(
                                    health,
                                    format!("{} {}", node.name, percent(share)),
                                    format!(
                                        "{} of traces through {} fault (limit {} %)",
                                        percent(share),
                                        node.name,
                                        passed_limit(steps, health)
                                    ),
                                )
                                .at(place),
                            )
                        })
                        .collect();
                    Verdict::of(findings, "faults within the limit")
                },
            },
            Check {
                title: "As fast as before",
                limit: |t| format!("warn over {} x the hour before", t.trace_slow_factor),
                judge: |sight| {
                    let factor = sight.limits().trace_slow_factor;
                    // Where there is nothing to compare, nothing is known to be as fast.
                    if services(sight).all(|(_, node)| node.p99.is_none() || node.usual_p99.is_none()) {
                        return Verdict::Skip;
                    }
                    let findings = services(sight)
                        .filter(|(_, node)| node.is_slower_than_usual(factor))
                        .map(|(place, node)| {
                            let p99 = known(node.p99, latency);
                            let text =
                                format!("{} p99 {p99}, an hour before {}", node.name, known(node.usual_p99, latency));
                            Finding::warn(format!("p99 {p99}"), text).at(place)
                        })
                        .collect();
                    Verdict::of(findings, "as fast as before")
                },
            },
        ],
    },
    BoxSpec {
        id: BoxId::TraceAnalysis,
        sources: &[Feed::Traces, Feed::Deployments],
        within: Within::Everything,
        facts: |sight| {
            let all: Vec<&TraceSummary> = sight.items(|f| &f.traces).map(|(_, trace)| trace).collect();
            let Some(slowest) = all.iter().max_by_key(|trace| trace.duration) else { return Facts::absent() };
            let faulted = all.iter().filter(|trace| trace.has_fault).count();
            let took = known(slowest.duration, |took| latency(took.as_secs_f64()));
            let mut facts = Facts::new(format!("slowest {took}"))
                .with("traces", all.len().to_string())
                .with("faulted", faulted.to_string())
                .with("slowest", format!("{took} {}", slowest.what()));
            for (cause, number) in causes(&all).into_iter().take(3) {
                facts = facts.with(
                    "root cause",
                    format!("{}: {} in {}", cause.service, cause.what, plural(number, "trace", "traces")),
                );
            }
            facts
        },
        checks: &[Check {
            title: "No new root cause since the last deployment",
            limit: |_| "warn on any".into(),
            judge: |sight| {
                let Some(deployed) =
                    super::cd::latest(sight, crate::domain::scope::Environment::Prod).map(|(_, d)| d.started).max()
                else {
                    return Verdict::Skip;
                };
                let (before, after): (Vec<&TraceSummary>, Vec<&TraceSummary>) =
                    sight.items(|f| &f.traces).map(|(_, trace)| trace).partition(|trace| trace.at < deployed);
                if after.iter().all(|trace| trace.root_cause.is_none()) {
                    return Verdict::Pass("no root cause since".into());
                }
                if before.is_empty() {
                    // Everything is new to whoever has seen nothing before.
                    return Verdict::Skip;
                }
                let known: Vec<&RootCause> = before.iter().filter_map(|trace| trace.root_cause.as_ref()).collect();
                let fresh: Vec<&TraceSummary> = after
                    .into_iter()
                    .filter(|trace| trace.root_cause.as_ref().is_some_and(|cause| !known.contains(&cause)))
                    .collect();
                let findings = causes(&fresh)
                    .into_iter()
                    .map(|(cause, number)| {
                        Finding::warn(
                            "new root cause",
                            format!(
                                "new since the last deployment: {} in {} ({})",
                                cause.what,
                                cause.service,
                                plural(number, "trace", "traces")
                            ),
                        )
                    })
                    .collect();
                Verdict::lacking(findings, "none new")
            },
        }],
    },
];

/// One that fires and is muted fires all the same.
fn but_muted(alarm: &Alarm, sight: &Sight<'_>) -> String {
    alarm.muted_words(sight.at, sight.zone()).map_or_else(String::new, |words| format!(", {words}"))
}

fn silent_alarm(alarm: &Alarm) -> Finding {
    let how = if alarm.actions_enabled { "has no action" } else { "has its actions switched off" };
    Finding::warn("silent alarm", format!("{} {how}: nobody is told when it fires", alarm.name))
}

fn latency_ms(ms: u32) -> String {
    latency(f64::from(ms) / 1_000.0)
}

/// Alarms proper: the triggers of scaling policies are thermostats and have boxes of their own.
fn alarms<'a>(sight: &Sight<'a>) -> impl Iterator<Item = (&'a Place, &'a Alarm)> + use<'a> {
    sight.items(|f| &f.alarms).filter(|(_, alarm)| !alarm.is_scaling_trigger())
}

fn services<'a>(sight: &Sight<'a>) -> impl Iterator<Item = (&'a Place, &'a ServiceNode)> + use<'a> {
    sight.items(|f| &f.service_map).filter(|(_, node)| !node.is_client())
}

/// Root causes with how many traces they explain, most frequent first.
fn causes<'a>(traces: &[&'a TraceSummary]) -> Vec<(&'a RootCause, usize)> {
    let mut counted: Vec<(&RootCause, usize)> = Vec::new();
    for cause in traces.iter().filter_map(|trace| trace.root_cause.as_ref()) {
        match counted.iter_mut().find(|(known, _)| *known == cause) {
            Some(entry) => entry.1 += 1,
            None => counted.push((cause, 1)),
        }
    }
    counted.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    counted
}
