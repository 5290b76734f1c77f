//! Messaging layer: queues, dead letters, topics, subscribers.

use super::{BoxSpec, Check, Facts, Finding, Seen, Verdict, Within, known, some_names, sum_known};
use crate::domain::board::BoxId;
use crate::domain::health::Health;
use crate::domain::messaging::{Queue, Topic};
use crate::domain::metric::Measure;
use crate::domain::units::{brief, count, lag, moment, per_second, plural};
use crate::world::Place;
use crate::world::feed::Feed;
use crate::world::sight::Sight;

pub(super) const BOXES: &[BoxSpec] = &[
    BoxSpec {
        id: BoxId::SqsQueues,
        sources: &[Feed::Queues, Feed::Metrics],
        within: Within::Everything,
        facts: |sight| {
            let all: Vec<_> = queues(sight).collect();
            if all.is_empty() {
                return Facts::absent();
            }
            let depth: u64 = all.iter().map(|(_, queue)| queue.visible).sum();
            let of = |measure| all.iter().filter_map(move |(place, q)| place.latest(measure, &q.name));
            let rate = |measure| sum_known(of(measure)).map(|per_minute| per_minute / 60.0);
            let oldest = of(Measure::SqsOldestAge).reduce(f64::max);
            let (sent, deleted) = (rate(Measure::SqsSent), rate(Measure::SqsDeleted));
            Facts::new(format!("{} waiting", count(depth)))
                .with("waiting", count(depth))
                .with("in flight", count(all.iter().map(|(_, queue)| queue.in_flight).sum()))
                .with("oldest", known(oldest, lag))
                .with("in / out", format!("{} / {}", known(sent, per_second), known(deleted, per_second)))
                .with("time to drain", known(sent.zip(deleted), |(sent, deleted)| drain_time(depth, sent, deleted)))
        },
        checks: &[
            Check {
                title: "Messages do not grow old",
                limit: |t| {
                    format!("warn over {} min, bad over {} min", t.queue_age_minutes.warn, t.queue_age_minutes.bad)
                },
                judge: |sight| {
                    let steps = sight.limits().queue_age_minutes;
                    let all = queues(sight).map(|(place, queue)| {
                        let age = place.series(Measure::SqsOldestAge, &queue.name).and_then(|s| Some((s, s.latest()?)));
                        let Some((series, age)) = age else {
                            // SQS measures a queue only while something happens in it.
                            let is_idle = queue.visible + queue.in_flight == 0;
                            return if is_idle { Seen::Nothing } else { Seen::Blank(queue.name.to_string()) };
                        };
                        Seen::of(steps.over(age / 60.0).map(|health| {
                            let text = format!(
                                "oldest message of {} waits {} ({} waiting)",
                                queue.name,
                                lag(age),
                                count(queue.visible)
                            );
                            Finding::new(health, format!("oldest {}", lag(age)), text)
                                .since(series.holding_since(|value| value > steps.warn * 60.0))
                                .at(place)
                        }))
                    });
                    Verdict::each(all, "none waits long")
                },
            },
            Check {
                title: "Queues do not only grow",
                limit: |t| format!("warn when rising for {} min", t.queue_rising_minutes),
                judge: |sight| {
                    let minutes = sight.limits().queue_rising_minutes as usize;
                    if !queues(sight).any(|(place, queue)| place.latest(Measure::SqsVisible, &queue.name).is_some()) {
                        return Verdict::Skip;
                    }
                    let findings = queues(sight)
                        .filter_map(|(place, queue)| {
                            let series = place.series(Measure::SqsVisible, &queue.name)?;
                            series.rising_for(minutes).then(|| {
                                Finding::warn(
                                    "rising",
                                    format!(
                                        "{} grows without pause for {minutes} min, {} waiting",
                                        queue.name,
                                        count(queue.visible)
                                    ),
                                )
                                .at(place)
                            })
                        })
                        .collect();
                    Verdict::of(findings, "none rises without pause")
                },
            },
        ],
    },
    BoxSpec {
        id: BoxId::DeadLetterQueues,
        sources: &[Feed::Queues, Feed::Metrics],
        within: Within::Everything,
        facts: |sight| {
            let all: Vec<_> = dead_letters(sight).collect();
            if all.is_empty() && queues(sight).next().is_none() {
                return Facts::absent();
            }
            let depth: u64 = all.iter().map(|(_, queue)| queue.visible).sum();
            let mut facts = Facts::new(if depth == 0 { "empty".into() } else { format!("{} dead", count(depth)) })
                .with("messages", count(depth));
            for (_, queue) in &all {
                let of = match some_names(&queue.dead_letters_of) {
                    sources if sources.is_empty() => sources,
                    sources => format!(" of {sources}"),
                };
                let moved = queue.running_move().map_or_else(String::new, |task| format!(", {} back", task.words()));
                facts = facts.with("queue", format!("{}{of}: {}{moved}", queue.name, count(queue.visible)));
            }
            facts
        },
        checks: &[
            Check {
                title: "Nothing ends here",
                limit: |_| "warn over 0, bad while growing".into(),
                judge: |sight| {
                    let findings = dead_letters(sight)
                        .filter(|(_, queue)| queue.visible > 0)
                        .map(|(place, queue)| {
                            let growing = place
                                .series(Measure::SqsVisible, &queue.name)
                                .and_then(|series| series.slope_per_minute(5))
                                .is_some_and(|slope| slope > 0.0);
                            let first = queue.first_arrival.map_or_else(String::new, |at| {
                                format!(", the first at {}", moment(at, sight.at, sight.zone()))
                            });
                            let pace = if growing { " and growing" } else { "" };
                            Finding::new(
                                if growing { Health::Bad } else { Health::Warn },
                                format!("{}{}", count(queue.visible), if growing { " growing" } else { " dead" }),
                                format!(
                                    "{} holds {}{pace}{first}",
                                    queue.name,
                                    plural(queue.visible as usize, "message", "messages")
                                ),
                            )
                            .since(queue.first_arrival)
                            .at(place)
                        })
                        .collect();
                    Verdict::of(findings, "empty")
                },
            },
            Check {
                title: "Every queue has one",
                limit: |_| "warn without".into(),
                judge: |sight| {
                    let findings = queues(sight)
                        .filter(|(_, queue)| queue.dead_letters.is_none())
                        .map(|(place, queue)| {
                            Finding::warn(
                                "queue without",
                                format!("{} has no dead letter queue: a bad message comes back for ever", queue.name),
                            )
                            .at(place)
                        })
                        .collect();
                    Verdict::of(findings, "all have one")
                },
            },
        ],
    },
    BoxSpec {
        id: BoxId::SnsTopics,
        sources: &[Feed::Topics, Feed::Metrics],
        within: Within::Everything,
        facts: |sight| {
            let all: Vec<_> = topics(sight).collect();
            if all.is_empty() {
                return Facts::absent();
            }
            let of = |measure| sum_known(all.iter().filter_map(|(place, t)| place.latest(measure, &t.name)));
            let published = of(Measure::SnsPublished).map(|per_minute| per_second(per_minute / 60.0));
            let headline = match &published {
                Some(published) => format!("{published} sent"),
                None => plural(all.len(), "topic", "topics"),
            };
            Facts::new(headline)
                .with("topics", all.len().to_string())
                .with("published", known(published, |published| published))
                .with("failed", known(of(Measure::SnsFailed), |n| format!("{}/min", count(n as u64))))
        },
        checks: &[Check {
            title: "Deliveries succeed",
            limit: |_| "warn on failures".into(),
            judge: |sight| {
                let findings = topics(sight)
                    .filter_map(|(place, topic)| {
                        let failed = place.latest(Measure::SnsFailed, &topic.name).filter(|failed| *failed > 0.0)?;
                        Some(
                            Finding::warn(
                                format!("{} fail/min", count(failed as u64)),
                                format!(
                                    "{} fails to deliver {} notifications a minute",
                                    topic.name,
                                    count(failed as u64)
                                ),
                            )
                            .at(place),
                        )
                    })
                    .collect();
                Verdict::of(findings, "no failures")
            },
        }],
    },
    BoxSpec {
        id: BoxId::TopicSubscribers,
        sources: &[Feed::Topics, Feed::Alarms],
        within: Within::Everything,
        facts: |sight| {
            let all: Vec<_> = topics(sight).flat_map(|(_, topic)| &topic.subscriptions).collect();
            if topics(sight).next().is_none() {
                return Facts::absent();
            }
            let pending = all.iter().filter(|subscription| subscription.pending_confirmation).count();
            // Those of other accounts are counted and not listed.
            let elsewhere: usize = topics(sight).map(|(_, topic)| topic.unlisted()).sum();
            let mut protocols: Vec<&str> = all.iter().map(|subscription| subscription.protocol.as_str()).collect();
            protocols.sort_unstable();
            protocols.dedup();
            let facts = Facts::new(format!("{} confirmed", all.len() - pending + elsewhere))
                .with("subscriptions", (all.len() + elsewhere).to_string())
                .with("pending", pending.to_string())
                .with("protocols", protocols.join(", "));
            if elsewhere > 0 { facts.with("of other accounts", elsewhere.to_string()) } else { facts }
        },
        checks: &[
            Check {
                title: "All are confirmed",
                limit: |_| "warn on pending".into(),
                judge: |sight| {
                    let findings = topics(sight)
                        .flat_map(|(place, topic)| topic.subscriptions.iter().map(move |s| (place, topic, s)))
                        .filter(|(_, _, subscription)| subscription.pending_confirmation)
                        .map(|(place, topic, subscription)| {
                            Finding::warn(
                                "unconfirmed",
                                format!(
                                    "{} {} never confirmed its subscription to {}",
                                    subscription.protocol, subscription.endpoint, topic.name
                                ),
                            )
                            .at(place)
                        })
                        .collect();
                    Verdict::of(findings, "all confirmed")
                },
            },
            Check {
                title: "Alarms reach somebody",
                limit: |_| "bad when an alarm's topic has no subscriber".into(),
                judge: |sight| {
                    let notified: Vec<_> = topics(sight)
                        .filter(|(place, topic)| {
                            place.feeds.alarms.items().any(|alarm| alarm.actions.contains(&topic.arn))
                        })
                        .collect();
                    let findings: Vec<Finding> = notified
                        .iter()
                        .filter(|(_, topic)| topic.reaches_somebody() == Some(false))
                        .map(|(place, topic)| {
                            let text = format!("alarms notify {}, which nobody is subscribed to", topic.name);
                            Finding::bad("nobody paged", text).at(place)
                        })
                        .collect();
                    let untold: Vec<&str> = notified
                        .iter()
                        .filter(|(_, topic)| topic.reaches_somebody().is_none())
                        .map(|(_, topic)| topic.name.as_str())
                        .collect();
                    if findings.is_empty() && !untold.is_empty() {
                        return Verdict::Blank(format!("not told who is subscribed to {}", some_names(&untold)));
                    }
                    Verdict::of(findings, "every alarm topic has a subscriber")
                },
            },
        ],
    },
];

/// Queues proper, without the dead letter queues.
fn queues<'a>(sight: &Sight<'a>) -> impl Iterator<Item = (&'a Place, &'a Queue)> + use<'a> {
    sight.items(|f| &f.queues).filter(|(_, queue)| !queue.is_dead_letter_queue())
}

fn dead_letters<'a>(sight: &Sight<'a>) -> impl Iterator<Item = (&'a Place, &'a Queue)> + use<'a> {
    sight.items(|f| &f.queues).filter(|(_, queue)| queue.is_dead_letter_queue())
}

fn topics<'a>(sight: &Sight<'a>) -> impl Iterator<Item = (&'a Place, &'a Topic)> + use<'a> {
    sight.items(|f| &f.topics)
}

/// How long the backlog lasts at the present surplus of deletions over arrivals.
fn drain_time(depth: u64, sent: f64, deleted: f64) -> String {
    if depth == 0 {
        "empty".into()
    } else if deleted <= sent {
        "not draining".into()
    } else {
        brief(jiff::SignedDuration::from_secs((depth as f64 / (deleted - sent)) as i64))
    }
}
