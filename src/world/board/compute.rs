//! Compute layer: balancer, groups, instances.

use super::{BoxSpec, Check, Facts, Finding, Seen, Verdict, Within, over_words, passed_limit, some_names};
use crate::domain::autoscaling::AutoScalingGroup;
use crate::domain::balancer::{LoadBalancer, TargetHealth};
use crate::domain::board::BoxId;
use crate::domain::health::Health;
use crate::domain::instance::{Instance, InstanceState, Purchase};
use crate::domain::metric::Measure;
use crate::domain::units::{count, latency, moment, per_second, percent, plural};
use crate::world::Place;
use crate::world::feed::Feed;
use crate::world::room::compute::balancer_state;
use crate::world::sight::Sight;

pub(super) const BOXES: &[BoxSpec] = &[
    BoxSpec {
        id: BoxId::LoadBalancer,
        sources: &[Feed::Balancers, Feed::Metrics],
        within: Within::Everything,
        facts: |sight| {
            let all: Vec<_> = balancers(sight).collect();
            let Some((place, busiest)) = all
                .iter()
                .max_by_key(|(place, lb)| place.latest(Measure::AlbRequests, &lb.dimension).unwrap_or(0.0) as u64)
            else {
                return Facts::absent();
            };
            let rate = place.latest(Measure::AlbRequests, &busiest.dimension).map(|per_minute| per_minute / 60.0);
            let of = |measure| place.latest(measure, &busiest.dimension);
            let (healthy, expected) =
                all.iter().fold((0, 0), |sum, (_, lb)| (sum.0 + lb.healthy(), sum.1 + lb.expected()));
            let headline = match rate {
                Some(rate) => format!("{} req", per_second(rate)),
                None if all.iter().any(|(_, lb)| lb.is_application()) => "no requests".into(),
                // Network balancers count flows, which the board does not read.
                None => format!("{healthy} of {expected} up"),
            };
            let mut facts = Facts::new(headline)
                .with("busiest", busiest.name.as_str())
                .with("requests", rate.map_or_else(|| "-".into(), per_second))
                .with("failed", of(Measure::AlbErrorPercent).map_or_else(|| "-".into(), percent))
                .with("p50", of(Measure::AlbLatencyP50).map_or_else(|| "-".into(), latency))
                .with("p99", of(Measure::AlbLatencyP99).map_or_else(|| "-".into(), latency))
                .with("healthy targets", format!("{healthy} of {expected}"));
            for (_, lb) in &all {
                let shifted = lb.zones().and_then(|zones| Some(zones.words(zones.applied()?, sight.at, sight.zone())));
                if let Some(words) = shifted {
                    facts = facts.with("zonal shift", format!("{} is {words}", lb.name));
                }
            }
            facts
        },
        checks: &[
            Check {
                title: "Requests succeed",
                limit: |t| over_words(t.alb_error_percent, " % 5xx"),
                judge: |sight| {
                    let steps = sight.limits().alb_error_percent;
                    let mut seen = Vec::new();
                    let all = balancers(sight).map(|(place, lb)| {
                        // No requests, no datapoints: then there is nothing to succeed.
                        let Some(series) = place.series(Measure::AlbErrorPercent, &lb.dimension) else {
                            return Seen::Nothing;
                        };
                        let Some(failed) = series.latest() else { return Seen::Nothing };
                        seen.push(format!("{} {}", lb.name, percent(failed)));
                        Seen::of(steps.over(failed).map(|health| {
                            let text = format!(
                                "{} 5xx {} (limit {} %)",
                                lb.name,
                                percent(failed),
                                passed_limit(steps, health)
                            );
                            Finding::new(health, format!("5xx {}", percent(failed)), text)
                                .since(series.holding_since(|value| value > steps.warn))
                                .at(place)
                        }))
                    });
                    match Verdict::each(all, "") {
                        Verdict::Pass(_) => Verdict::Pass(some_names(&seen)),
                        other => other,
                    }
                },
            },
            Check {
                title: "Targets are healthy",
                limit: |t| format!("warn on any unhealthy, bad from {} %", t.unhealthy_targets_percent),
                judge: |sight| {
                    let findings = balancers(sight)
                        .filter(|(_, lb)| lb.unhealthy() > 0)
                        .map(|(place, lb)| {
                            let (sick, expected) = (lb.unhealthy(), lb.expected());
                            let why = lb
                                .targets()
                                .find(|target| target.health == TargetHealth::Unhealthy && !target.reason.is_empty())
                                .map_or_else(String::new, |target| format!(": {}", target.reason));
                            Finding::new(
                                if sick as f64 * 100.0 >= expected as f64 * sight.limits().unhealthy_targets_percent {
                                    Health::Bad
                                } else {
                                    Health::Warn
                                },
                                format!("{sick} of {expected} sick"),
                                format!("{sick} of {expected} targets of {} unhealthy{why}", lb.name),
                            )
                            .since(unhealthy_since(place, lb))
                            .at(place)
                        })
                        .collect();
                    Verdict::told(findings, "all healthy", || {
                        let untold = balancers(sight).find(|(_, lb)| !lb.is_told())?;
                        Some(format!("targets of {} not read", untold.1.name))
                    })
                },
            },
            Check {
                title: "Answers come quickly",
                limit: |t| over_words(t.alb_p99_seconds, " s at p99"),
                judge: |sight| {
                    let steps = sight.limits().alb_p99_seconds;
                    let all = balancers(sight).map(|(place, lb)| {
                        let Some(series) = place.series(Measure::AlbLatencyP99, &lb.dimension) else {
                            return Seen::Nothing;
                        };
                        let Some(p99) = series.latest() else { return Seen::Nothing };
                        Seen::of(steps.over(p99).map(|health| {
                            let text =
                                format!("{} p99 {} (limit {} s)", lb.name, latency(p99), passed_limit(steps, health));
                            Finding::new(health, format!("p99 {}", latency(p99)), text)
                                .since(series.holding_since(|value| value > steps.warn))
                                .at(place)
                        }))
                    });
                    Verdict::each(all, "within the limit")
                },
            },
            Check {
                title: "Balancers are active",
                limit: |_| "warn when impaired, bad when failed".into(),
                judge: |sight| {
                    let findings = balancers(sight)
                        .filter_map(|(place, lb)| {
                            let health = balancer_state(lb)?;
                            let text = match lb.state_reason.as_str() {
                                "" => format!("{} is {}", lb.name, lb.state),
                                why => format!("{} is {}: {why}", lb.name, lb.state),
                            };
                            Some(Finding::new(health, lb.state.as_str(), text).at(place))
                        })
                        .collect();
                    Verdict::of(findings, "all active")
                },
            },
        ],
    },
    BoxSpec {
        id: BoxId::AutoScalingGroup,
        sources: &[Feed::Groups],
        within: Within::Everything,
        facts: |sight| {
            let all: Vec<_> = groups(sight).collect();
            let Some((_, largest)) = all.iter().max_by_key(|(_, group)| group.desired) else { return Facts::absent() };
            let mut facts = Facts::new(format!("{} of {} up", largest.in_service(), largest.desired));
            for (_, group) in &all {
                facts = facts.with(
                    "group",
                    format!(
                        "{}: {} in service, min {} desired {} max {}, {}",
                        group.name,
                        group.in_service(),
                        group.min,
                        group.desired,
                        group.max,
                        plural(group.zones(), "zone", "zones")
                    ),
                );
            }
            if let Some(last) = all.iter().filter_map(|(_, group)| group.newest_activity()).max_by_key(|a| a.at) {
                facts =
                    facts.with("last activity", format!("{} {}", moment(last.at, sight.at, sight.zone()), last.what));
            }
            facts
        },
        checks: &[
            Check {
                title: "As many in service as desired",
                limit: |_| "warn when below".into(),
                judge: |sight| {
                    let findings = groups(sight)
                        .filter(|(_, group)| group.in_service() < group.desired as usize)
                        .map(|(place, group)| {
                            Finding::warn(
                                format!("{} of {} up", group.in_service(), group.desired),
                                format!(
                                    "{} has {} of {} instances in service",
                                    group.name,
                                    group.in_service(),
                                    group.desired
                                ),
                            )
                            .at(place)
                        })
                        .collect();
                    Verdict::of(findings, "desired reached")
                },
            },
            Check {
                title: "There is room to grow",
                limit: |_| "warn at max".into(),
                judge: |sight| {
                    let findings = groups(sight)
                        .filter(|(_, group)| group.desired >= group.max && group.max > group.min)
                        .map(|(place, group)| {
                            Finding::warn(
                                format!("at max {}", group.max),
                                format!("{} is at its maximum of {}: it cannot scale out", group.name, group.max),
                            )
                            .at(place)
                        })
                        .collect();
                    Verdict::of(findings, "below max")
                },
            },
            Check {
                title: "Scaling works",
                limit: |_| "bad: last activity failed, or Launch suspended".into(),
                judge: |sight| {
                    let mut findings = Vec::new();
                    for (place, group) in groups(sight) {
                        if group.is_suspended("Launch") {
                            findings.push(
                                Finding::bad(
                                    "Launch off",
                                    format!("{}: Launch is suspended, nothing can start", group.name),
                                )
                                .at(place),
                            );
                        }
                        if let Some(failed) = group.newest_activity().filter(|activity| activity.status == "Failed") {
                            let why = if failed.message.is_empty() { &failed.cause } else { &failed.message };
                            findings.push(
                                Finding::bad("launch failed", format!("{}: {} failed: {why}", group.name, failed.what))
                                    .since(failed.at)
                                    .at(place),
                            );
                        }
                    }
                    Verdict::told(findings, "last activities succeeded", || {
                        let untold = groups(sight).find(|(_, group)| group.activities.is_none())?;
                        Some(format!("activities of {} not read", untold.1.name))
                    })
                },
            },
        ],
    },
    BoxSpec {
        id: BoxId::Ec2Instances,
        sources: &[Feed::Instances],
        within: Within::Everything,
        facts: |sight| {
            let all: Vec<_> = sight.items(|f| &f.instances).map(|(_, instance)| instance).collect();
            if all.is_empty() {
                return Facts::absent();
            }
            let running: Vec<&&Instance> = all.iter().filter(|instance| instance.is_running()).collect();
            let spot = running.iter().filter(|instance| instance.purchase == Purchase::Spot).count();
            let stopped = all.iter().filter(|instance| instance.state == InstanceState::Stopped).count();
            Facts::new(format!("{} running", count(running.len() as u64)))
                .with("running", count(running.len() as u64))
                .with("of them Spot", spot.to_string())
                .with("stopped", stopped.to_string())
                .with("total", count(all.len() as u64))
        },
        checks: &[
            Check {
                title: "Status checks pass",
                limit: |_| "bad when impaired".into(),
                judge: |sight| {
                    let sick: Vec<_> = sight
                        .items(|f| &f.instances)
                        .filter(|(_, instance)| instance.is_running() && instance.checks == "impaired")
                        .collect();
                    let Some((place, _)) = sick.first() else {
                        return Verdict::told(Vec::new(), "all pass", || {
                            let mut all = sight.items(|f| &f.instances);
                            let (_, untold) = all.find(|(_, it)| it.is_running() && it.checks.is_empty())?;
                            Some(format!("checks of {} not read", untold.name))
                        });
                    };
                    let names: Vec<&str> = sick.iter().map(|(_, instance)| instance.name.as_str()).collect();
                    Verdict::Fail(vec![
                        Finding::bad(
                            format!("{} impaired", sick.len()),
                            format!("{} impaired: {}", plural(sick.len(), "instance", "instances"), some_names(&names)),
                        )
                        .at(place),
                    ])
                },
            },
            Check {
                title: "None is to be retired",
                limit: |_| "warn on a scheduled event".into(),
                judge: |sight| {
                    let findings = sight
                        .items(|f| &f.instances)
                        .filter_map(|(place, instance)| {
                            let event = instance.scheduled_event.as_ref()?;
                            Some(
                                Finding::warn("retirement", format!("{} ({}): {event}", instance.name, instance.id))
                                    .at(place),
                            )
                        })
                        .collect();
                    Verdict::of(findings, "no scheduled events")
                },
            },
        ],
    },
];

fn balancers<'a>(sight: &Sight<'a>) -> impl Iterator<Item = (&'a Place, &'a LoadBalancer)> + use<'a> {
    sight.items(|f| &f.balancers)
}

fn groups<'a>(sight: &Sight<'a>) -> impl Iterator<Item = (&'a Place, &'a AutoScalingGroup)> + use<'a> {
    sight.items(|f| &f.groups)
}

fn unhealthy_since(place: &Place, lb: &LoadBalancer) -> Option<jiff::Timestamp> {
    lb.target_groups
        .iter()
        .filter_map(|group| place.series(Measure::AlbUnhealthyHosts, &group.name)?.holding_since(|hosts| hosts > 0.0))
        .min()
}
