//! Cost: right sizes, ways of buying, the night shift, and the bill.

use super::{BoxSpec, Check, Facts, Finding, Verdict, Within, known};
use crate::domain::board::BoxId;
use crate::domain::health::Health;
use crate::domain::instance::{Instance, Purchase};
use crate::domain::money::Usd;
use crate::domain::spend::{Spend, change_percent};
use crate::domain::units::{brief, moment, percent, plural};
use crate::world::Place;
use crate::world::feed::Feed;
use crate::world::sight::Sight;

pub(super) const BOXES: &[BoxSpec] = &[
    BoxSpec {
        id: BoxId::RightSizing,
        sources: &[Feed::RightSizing, Feed::Spend],
        within: Within::Everything,
        facts: |sight| {
            let saved = savings(sight);
            let all: Vec<_> = sight.items(|f| &f.right_sizing).map(|(_, advice)| advice).collect();
            let mut facts = Facts::new(if all.is_empty() { "all fit".into() } else { format!("save {saved}") })
                .with("possible savings", format!("{saved}/month"))
                .with("recommendations", all.len().to_string());
            for advice in all {
                facts = facts.with(
                    "advice",
                    format!(
                        "{}: {} to {}, saves {}/month",
                        advice.resource, advice.current, advice.proposed, advice.saves_per_month
                    ),
                );
            }
            facts
        },
        checks: &[Check {
            title: "Little is wasted",
            limit: |t| format!("warn over {} % of the month's spend", t.right_sizing_percent),
            judge: |sight| {
                let forecast: Option<Usd> = sight.values(|f| &f.spend).map(|(_, spend)| spend.forecast).sum();
                // A share of part of the spend would be far too large.
                let Some(forecast) = forecast.filter(|sum| *sum > Usd::ZERO && sight.is_read(Feed::Spend)) else {
                    return Verdict::Skip;
                };
                let share = savings(sight).dollars() * 100.0 / forecast.dollars();
                if share <= sight.limits().right_sizing_percent {
                    return Verdict::Pass(format!("{} of the month's spend", percent(share)));
                }
                Verdict::Fail(vec![Finding::warn(
                    format!("{} waste", percent(share)),
                    format!("{}/month, {} of the spend, could be saved by right sizes", savings(sight), percent(share)),
                )])
            },
        }],
    },
    BoxSpec {
        id: BoxId::OnDemandInstances,
        sources: &[Feed::Instances, Feed::Purchasing],
        within: Within::Everything,
        facts: |sight| {
            let all: Vec<&Instance> = running(sight, Purchase::OnDemand).map(|(_, instance)| instance).collect();
            if all.is_empty() {
                return Facts::absent();
            }
            let cost: Option<Usd> = all.iter().map(|instance| Some(instance.per_hour? * 24.0)).sum();
            let share = sight.values(|f| &f.purchasing).map(|(_, p)| p.on_demand_hours_percent).next();
            Facts::new(format!("{} running", all.len()))
                .with("running", all.len().to_string())
                .with("list price", known(cost, |cost| format!("{cost}/day")))
                .with("share of hours", share.map_or_else(|| "-".into(), percent))
        },
        checks: &[Check {
            title: "Reservations carry the base load",
            limit: |t| format!("warn when over {} % of hours are on demand", t.on_demand_percent),
            judge: |sight| {
                let findings = sight
                    .values(|f| &f.purchasing)
                    .filter(|(_, purchasing)| {
                        purchasing.on_demand_hours_percent > sight.limits().on_demand_percent
                            && !purchasing.reservations.is_empty()
                    })
                    .map(|(place, purchasing)| {
                        Finding::warn(
                            format!("{} on demand", percent(purchasing.on_demand_hours_percent)),
                            format!(
                                "{} of instance hours are paid at full price",
                                percent(purchasing.on_demand_hours_percent)
                            ),
                        )
                        .at(place)
                    })
                    .collect();
                Verdict::of(findings, "covered")
            },
        }],
    },
    BoxSpec {
        id: BoxId::SpotInstances,
        sources: &[Feed::Instances, Feed::Purchasing],
        within: Within::Everything,
        facts: |sight| {
            let all: Vec<&Instance> = running(sight, Purchase::Spot).map(|(_, instance)| instance).collect();
            if all.is_empty() {
                return Facts::absent();
            }
            let share = sight.values(|f| &f.purchasing).map(|(_, p)| p.spot_hours_percent).next();
            let called = all.iter().filter(|instance| instance.interruption.is_some()).count();
            Facts::new(format!("{} running", all.len()))
                .with("running", all.len().to_string())
                .with("share of hours", known(share, percent))
                .with("called back", called.to_string())
        },
        checks: &[Check {
            title: "None is about to be taken back",
            limit: |_| "warn on an interruption notice".into(),
            judge: |sight| {
                let findings = running(sight, Purchase::Spot)
                    .filter_map(|(place, instance)| {
                        let notice = instance.interruption?;
                        let text = format!("{} ({}) is taken back within two minutes", instance.name, instance.id);
                        Some(Finding::warn("interruption", text).since(notice).at(place))
                    })
                    .collect();
                Verdict::of(findings, "no notice")
            },
        }],
    },
    BoxSpec {
        id: BoxId::ReservedInstances,
        sources: &[Feed::Purchasing],
        within: Within::Everything,
        facts: |sight| {
            let all: Vec<_> = sight.values(|f| &f.purchasing).flat_map(|(_, p)| &p.reservations).collect();
            if all.is_empty() {
                return Facts::absent();
            }
            let used = all.iter().map(|r| r.utilisation_percent).sum::<f64>() / all.len() as f64;
            let first_end = all.iter().map(|reservation| reservation.expires).min();
            Facts::new(format!("used {}", percent(used)))
                .with("reservations", all.len().to_string())
                .with("utilisation", percent(used))
                .with(
                    "first to end",
                    first_end.map_or_else(|| "-".into(), |at| format!("in {}", brief(at.duration_since(sight.at)))),
                )
        },
        checks: &[
            Check {
                title: "What is reserved is used",
                limit: |t| format!("warn under {} %", t.reservation_percent),
                judge: |sight| {
                    let findings = reservations(sight)
                        .filter(|(_, reservation)| reservation.utilisation_percent < sight.limits().reservation_percent)
                        .map(|(place, reservation)| {
                            Finding::warn(
                                format!("used {}", percent(reservation.utilisation_percent)),
                                format!(
                                    "{} x {} reserved, {} used",
                                    reservation.count,
                                    reservation.kind,
                                    percent(reservation.utilisation_percent)
                                ),
                            )
                            .at(place)
                        })
                        .collect();
                    Verdict::of(findings, "used")
                },
            },
            Check {
                title: "None ends unnoticed",
                limit: |t| format!("warn {} d before", t.reservation_days),
                judge: |sight| {
                    let findings = reservations(sight)
                        .filter(|(_, reservation)| {
                            reservation.expires.duration_since(sight.at).as_secs_f64() / 86_400.0
                                < sight.limits().reservation_days
                        })
                        .map(|(place, reservation)| {
                            let left = brief(reservation.expires.duration_since(sight.at));
                            Finding::warn(
                                format!("ends in {left}"),
                                format!("{} x {} reserved, ends in {left}", reservation.count, reservation.kind),
                            )
                            .at(place)
                        })
                        .collect();
                    Verdict::of(findings, "none soon")
                },
            },
        ],
    },
    BoxSpec {
        id: BoxId::AutoShutdown,
        sources: &[Feed::Schedules, Feed::Instances],
        within: Within::Everything,
        facts: |sight| {
            let all: Vec<_> = sight.items(|f| &f.schedules).map(|(_, schedule)| schedule).collect();
            if all.is_empty() && !sight.items(|f| &f.instances).any(|(_, i)| i.environment.is_dev_or_test()) {
                return Facts::absent();
            }
            let saved: Usd = all.iter().map(|schedule| schedule.saved_this_month).sum();
            let next = all.iter().filter_map(|schedule| schedule.next_stop).min();
            let mut facts = Facts::new(
                next.map_or_else(|| "no stop set".into(), |at| format!("stops {}", moment(at, sight.at, sight.zone()))),
            )
            .with("schedules", all.len().to_string())
            .with("saved this month", saved.to_string());
            for schedule in all {
                facts = facts.with(
                    "schedule",
                    format!("{} covers {}", schedule.name, plural(schedule.covers as usize, "resource", "resources")),
                );
            }
            facts
        },
        checks: &[Check {
            title: "Everything of dev and test is covered",
            limit: |t| format!("warn when running without a schedule, bad from {}", t.uncovered_instances),
            judge: |sight| {
                let loose: Vec<_> = sight
                    .items(|f| &f.instances)
                    .filter(|(_, i)| i.environment.is_dev_or_test() && i.is_running() && i.schedule.is_none())
                    .collect();
                let Some((place, _)) = loose.first() else { return Verdict::Pass("all covered".into()) };
                let text = format!(
                    "{} that no schedule will stop",
                    plural(loose.len(), "dev instance runs", "dev instances run")
                );
                let brief = format!("{} uncovered", loose.len());
                let finding = if loose.len() as f64 >= sight.limits().uncovered_instances {
                    Finding::bad(brief, text)
                } else {
                    Finding::warn(brief, text)
                };
                Verdict::Fail(vec![finding.since(loose.iter().filter_map(|(_, i)| i.launched).max()).at(place)])
            },
        }],
    },
    BoxSpec {
        id: BoxId::CostMonitoring,
        sources: &[Feed::Spend],
        within: Within::Everything,
        facts: |sight| {
            let all: Vec<&Spend> = sight.values(|f| &f.spend).map(|(_, spend)| spend).collect();
            let Some(first) = all.first() else { return Facts::absent() };
            // The sum of some accounts would pass for that of all.
            let sum = |pick: fn(&Spend) -> Option<Usd>| all.iter().map(|spend| pick(spend)).sum::<Option<Usd>>();
            let mtd: Usd = all.iter().map(|spend| spend.month_to_date).sum();
            let before = sum(|s| s.last_month_same_days);
            let change = change_percent(mtd, before).map_or_else(String::new, |change| format!(" ({change:+.0} %)"));
            let as_of = all.iter().map(|spend| spend.as_of).min().unwrap_or(first.as_of);
            let mut facts = Facts::new(format!("{mtd}"))
                .with("month to date", mtd.to_string())
                .with("same days last month", known(before, |before| format!("{before}{change}")))
                .with("forecast", known(sum(|s| s.forecast), |sum| sum.to_string()))
                .with("credits, not deducted", known(sum(|s| s.credits), |sum| sum.to_string()))
                .with("as of", format!("{}, Cost Explorer lags up to a day", moment(as_of, sight.at, sight.zone())));
            for service in all.iter().flat_map(|spend| spend.services.iter().take(3)) {
                facts = facts.with("service", format!("{} {}", service.name, service.month_to_date));
            }
            facts
        },
        checks: &[
            Check {
                title: "Budgets hold",
                limit: |_| "warn when the forecast is over, bad when the spend is".into(),
                judge: |sight| {
                    if sight.values(|f| &f.spend).all(|(_, spend)| spend.budgets.is_empty()) {
                        return Verdict::Skip;
                    }
                    let findings = sight
                        .values(|f| &f.spend)
                        .flat_map(|(place, spend)| spend.budgets.iter().map(move |budget| (place, budget)))
                        .filter_map(|(place, budget)| {
                            let text = |what: &str, amount: Usd| {
                                format!("budget {}: {what} {amount} of {}", budget.name, budget.limit)
                            };
                            match budget.health() {
                                Health::Bad => {
                                    Some(Finding::bad("over budget", text("spent", budget.actual)).at(place))
                                }
                                Health::Warn => {
                                    Some(Finding::warn("forecast over", text("forecast", budget.forecast)).at(place))
                                }
                                _ => None,
                            }
                        })
                        .collect();
                    Verdict::of(findings, "all within")
                },
            },
            Check {
                title: "No anomaly",
                limit: |_| "warn on any".into(),
                judge: |sight| {
                    let findings: Vec<Finding> = sight
                        .values(|f| &f.spend)
                        .flat_map(|(place, spend)| {
                            spend.anomalies.iter().flat_map(|all| all.iter()).map(move |anomaly| (place, anomaly))
                        })
                        .map(|(place, anomaly)| {
                            Finding::warn("anomaly", format!("{}: {}", anomaly.service, anomaly.words()))
                                .since(anomaly.since)
                                .at(place)
                        })
                        .collect();
                    let is_told = sight.values(|f| &f.spend).all(|(_, spend)| spend.anomalies.is_some());
                    if findings.is_empty() && !is_told {
                        return Verdict::Blank("cannot tell: the anomalies were not read".into());
                    }
                    Verdict::of(findings, "none")
                },
            },
        ],
    },
];

fn running<'a>(sight: &Sight<'a>, purchase: Purchase) -> impl Iterator<Item = (&'a Place, &'a Instance)> + use<'a> {
    sight.items(|f| &f.instances).filter(move |(_, instance)| instance.is_running() && instance.purchase == purchase)
}

fn reservations<'a>(
    sight: &Sight<'a>,
) -> impl Iterator<Item = (&'a Place, &'a crate::domain::spend::Reservation)> + use<'a> {
    sight
        .values(|f| &f.purchasing)
        .flat_map(|(place, purchasing)| purchasing.reservations.iter().map(move |r| (place, r)))
}

fn savings(sight: &Sight<'_>) -> Usd {
    sight.items(|f| &f.right_sizing).map(|(_, advice)| advice.saves_per_month).sum()
}
