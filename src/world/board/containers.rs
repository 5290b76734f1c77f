//! Compute layer: ECS services, their containers, Lambda functions.

use super::{
    BoxSpec, Check, Facts, Finding, Seen, Verdict, Within, known, over_words, passed_limit, some_names, sum_known,
};
use crate::domain::board::BoxId;
use crate::domain::container::{Cluster, Service, Task, TaskHealth};
use crate::domain::function::{Function, Reserved};
use crate::domain::health::Health;
use crate::domain::metric::Measure;
use crate::domain::units::{brief, count, latency, per_second, percent, plural, since};
use crate::world::Place;
use crate::world::feed::Feed;
use crate::world::sight::Sight;

pub(super) const BOXES: &[BoxSpec] = &[
    BoxSpec {
        id: BoxId::EcsCluster,
        sources: &[Feed::Clusters],
        within: Within::Everything,
        facts: |sight| {
            let all: Vec<_> = services(sight).collect();
            if sight.items(|f| &f.clusters).count() == 0 {
                return Facts::absent();
            }
            let (running, desired) =
                all.iter().fold((0, 0), |sum, (_, _, service)| (sum.0 + service.kept(), sum.1 + service.desired));
            let mut facts = Facts::new(format!("{running} of {desired} tasks"));
            let mut all = all;
            all.sort_by_key(|(_, _, service)| !service.is_short());
            for (_, cluster, service) in &all {
                facts = facts.with(
                    "service",
                    format!(
                        "{}/{}: {} of {} running, {}",
                        cluster.name, service.name, service.running, service.desired, service.task_definition
                    ),
                );
            }
            facts
        },
        checks: &[
            Check {
                title: "Services run what they should",
                limit: |t| format!("warn when short for {} min, bad when none runs", t.ecs_short_minutes),
                judge: |sight| {
                    let findings = services(sight)
                        .filter_map(|(place, _, service)| {
                            let short = service.short_since?;
                            let none = service.running == 0 && service.desired > 0;
                            let long = since(sight.at, short).as_secs_f64() / 60.0 > sight.limits().ecs_short_minutes;
                            (none || long).then(|| {
                                Finding::new(
                                    if none { Health::Bad } else { Health::Warn },
                                    format!("{} {}/{}", service.name, service.running, service.desired),
                                    format!(
                                        "{} runs {} of {} tasks for {}",
                                        service.name,
                                        service.running,
                                        service.desired,
                                        brief(since(sight.at, short))
                                    ),
                                )
                                .since(short)
                                .at(place)
                            })
                        })
                        .collect();
                    let short: Vec<String> = services(sight)
                        .filter(|(_, _, service)| service.is_short())
                        .map(|(_, _, service)| format!("{} {}/{}", service.name, service.running, service.desired))
                        .collect();
                    let names: Vec<&str> = short.iter().map(String::as_str).collect();
                    Verdict::of(
                        findings,
                        if short.is_empty() {
                            "all as desired".to_owned()
                        } else {
                            format!("short, but not for long: {}", some_names(&names))
                        },
                    )
                },
            },
            Check {
                title: "Rollouts complete",
                limit: |_| "bad when FAILED".into(),
                judge: |sight| {
                    let findings = services(sight)
                        .filter(|(_, _, service)| service.rollout == "FAILED")
                        .map(|(place, _, service)| {
                            let event = service.events.first().map(|event| &event.message);
                            let told = (!service.rollout_reason.is_empty()).then_some(&service.rollout_reason);
                            let why = told.or(event).map_or_else(String::new, |why| format!(": {why}"));
                            Finding::bad("rollout failed", format!("rollout of {} failed{why}", service.name)).at(place)
                        })
                        .collect();
                    Verdict::of(findings, "all completed")
                },
            },
        ],
    },
    BoxSpec {
        id: BoxId::DockerContainers,
        sources: &[Feed::Clusters],
        within: Within::Everything,
        facts: |sight| {
            let all: Vec<_> = tasks(sight).collect();
            if untold_tasks(sight).is_some() {
                // The services still tell how many run.
                let running: u32 = services(sight).map(|(_, _, service)| service.running).sum();
                return Facts::new(format!("{running} running"))
                    .with("running", running.to_string())
                    .with("healthy", "-")
                    .with("restarts in 10 min", "-");
            }
            if all.is_empty() {
                return Facts::absent();
            }
            let running = all.iter().filter(|(_, task)| task.status == "RUNNING").count();
            let healthy = all.iter().filter(|(_, task)| task.health == TaskHealth::Healthy).count();
            Facts::new(format!("{running} running"))
                .with("running", running.to_string())
                .with("healthy", healthy.to_string())
                .with("restarts in 10 min", all.iter().map(|(_, task)| task.restarts).sum::<u32>().to_string())
        },
        checks: &[
            Check {
                title: "Something runs",
                limit: |_| "bad when the services of a cluster want tasks and none runs".into(),
                judge: |sight| {
                    let of = |cluster: &Cluster| {
                        let all = cluster.services.iter();
                        all.fold((0, 0), |sum, service| (sum.0 + service.desired, sum.1 + service.running))
                    };
                    // That another cluster has some is no comfort to one that has none.
                    let clusters = || sight.items(|f| &f.clusters).map(|(place, it)| (place, it, of(it)));
                    let (wanted, running) = clusters().fold((0, 0), |sum, (_, _, it)| (sum.0 + it.0, sum.1 + it.1));
                    if wanted == 0 {
                        return Verdict::Skip;
                    }
                    let findings = clusters()
                        .filter(|(_, _, (wanted, running))| *wanted > 0 && *running == 0)
                        .map(|(place, it, (wanted, _))| {
                            let text = format!("no container of {} runs where {wanted} are wanted", it.name);
                            Finding::bad("none running", text).at(place)
                        })
                        .collect();
                    Verdict::of(findings, format!("{running} of {wanted}"))
                },
            },
            Check {
                title: "No restart loop",
                limit: |t| format!("bad from {} restarts in 10 min", t.task_restarts),
                judge: |sight| {
                    let looping: Vec<_> = tasks(sight)
                        .filter(|(_, task)| f64::from(task.restarts) >= sight.limits().task_restarts)
                        .collect();
                    let Some((place, worst)) = looping.iter().max_by_key(|(_, task)| task.restarts) else {
                        return Verdict::told(Vec::new(), "none", || untold_tasks(sight));
                    };
                    let why = if worst.stopped_reason.is_empty() {
                        String::new()
                    } else {
                        format!(": {}", worst.stopped_reason)
                    };
                    Verdict::Fail(vec![
                        Finding::bad(
                            format!("{} looping", looping.len()),
                            format!(
                                "{} of {} restart again and again{why}",
                                plural(looping.len(), "task", "tasks"),
                                worst.service
                            ),
                        )
                        .at(place),
                    ])
                },
            },
            Check {
                title: "Containers are healthy",
                limit: |_| "warn on any unhealthy".into(),
                judge: |sight| {
                    let sick: Vec<_> = tasks(sight).filter(|(_, task)| task.health == TaskHealth::Unhealthy).collect();
                    let Some((place, first)) = sick.first() else {
                        return Verdict::told(Vec::new(), "all healthy", || untold_tasks(sight));
                    };
                    Verdict::Fail(vec![
                        Finding::warn(
                            format!("{} unhealthy", sick.len()),
                            format!(
                                "{} unhealthy, of {}",
                                plural(sick.len(), "container", "containers"),
                                first.service
                            ),
                        )
                        .at(place),
                    ])
                },
            },
        ],
    },
    BoxSpec {
        id: BoxId::Lambda,
        sources: &[Feed::Functions, Feed::Metrics],
        within: Within::Everything,
        facts: |sight| {
            let all: Vec<_> = functions(sight).collect();
            if all.is_empty() {
                return Facts::absent();
            }
            let of = |measure| all.iter().filter_map(move |(place, f)| place.latest(measure, &f.name));
            let calls = sum_known(of(Measure::LambdaInvocations)).map(|per_minute| per_second(per_minute / 60.0));
            let slowest = of(Measure::LambdaDurationP99).reduce(f64::max);
            let throttles = sum_known(of(Measure::LambdaThrottles));
            let headline = match &calls {
                Some(calls) => format!("{calls} calls"),
                None => plural(all.len(), "function", "functions"),
            };
            Facts::new(headline)
                .with("functions", all.len().to_string())
                .with("invocations", known(calls, |calls| calls))
                .with("throttles", known(throttles, |n| format!("{}/min", count(n as u64))))
                .with("slowest p99", known(slowest, |ms| latency(ms / 1_000.0)))
        },
        checks: &[
            Check {
                title: "Invocations succeed",
                limit: |t| over_words(t.lambda_error_percent, " % errors"),
                judge: |sight| {
                    let steps = sight.limits().lambda_error_percent;
                    let all = functions(sight).map(|(place, function)| {
                        let of = |measure| place.latest(measure, &function.name);
                        let Some(calls) = of(Measure::LambdaInvocations).filter(|calls| *calls > 0.0) else {
                            return Seen::Nothing;
                        };
                        let Some(errors) = of(Measure::LambdaErrors) else {
                            return Seen::Blank(function.name.to_string());
                        };
                        let failed = errors * 100.0 / calls;
                        Seen::of(steps.over(failed).map(|health| {
                            let text = format!(
                                "{} fails in {} of calls (limit {} %)",
                                function.name,
                                percent(failed),
                                passed_limit(steps, health)
                            );
                            Finding::new(health, format!("errors {}", percent(failed)), text).at(place)
                        }))
                    });
                    Verdict::each(all, "within the limit")
                },
            },
            Check {
                title: "Nothing is throttled",
                limit: |t| {
                    format!("warn when off, throttled, or over {} % of concurrency", t.lambda_concurrency_percent)
                },
                judge: |sight| {
                    let held = functions(sight).filter_map(|(place, it)| Some(held_back(it, place, sight)?.at(place)));
                    let mut findings: Vec<Finding> = held.collect();
                    let is_measured = |(place, function): (&Place, &Function)| {
                        place.latest(Measure::LambdaThrottles, &function.name).is_some()
                    };
                    if findings.is_empty() && !functions(sight).any(is_measured) {
                        return Verdict::Skip;
                    }
                    for place in sight.places() {
                        let all: Vec<&Function> = place.feeds.functions.items().collect();
                        for function in &all {
                            if let Some(throttles) =
                                place.latest(Measure::LambdaThrottles, &function.name).filter(|n| *n > 0.0)
                            {
                                findings.push(
                                    Finding::warn(
                                        "throttled",
                                        format!(
                                            "{} throttled {} times a minute",
                                            function.name,
                                            count(throttles as u64)
                                        ),
                                    )
                                    .at(place),
                                );
                            }
                        }
                        let used: f64 =
                            all.iter().filter_map(|f| place.latest(Measure::LambdaConcurrency, &f.name)).sum();
                        let limit = all.iter().find_map(|function| function.account_concurrency_limit).unwrap_or(0);
                        if limit > 0 && used * 100.0 / f64::from(limit) > sight.limits().lambda_concurrency_percent {
                            findings.push(
                                Finding::warn(
                                    format!("{} in use", percent(used * 100.0 / f64::from(limit))),
                                    format!(
                                        "{} of {limit} concurrent executions in use{}",
                                        count(used as u64),
                                        sight.whereabouts(&place.scope)
                                    ),
                                )
                                .at(place),
                            );
                        }
                    }
                    Verdict::of(findings, "no throttles, concurrency to spare")
                },
            },
        ],
    },
];

/// A function that may not run, or that uses most of what it may.
fn held_back(function: &Function, place: &Place, sight: &Sight<'_>) -> Option<Finding> {
    let Some(Reserved::Executions(most)) = function.reserved else { return None };
    if most == 0 {
        let text = format!("{} is switched off: its reserved concurrency is 0", function.name);
        return Some(Finding::warn("switched off", text));
    }
    let used = place.latest(Measure::LambdaConcurrency, &function.name)?;
    let share = used * 100.0 / f64::from(most);
    (share > sight.limits().lambda_concurrency_percent).then(|| {
        let text =
            format!("{} uses {} of the {most} concurrent executions reserved", function.name, count(used as u64));
        Finding::warn(format!("{} of reserved", percent(share)), text)
    })
}

fn services<'a>(sight: &Sight<'a>) -> impl Iterator<Item = (&'a Place, &'a Cluster, &'a Service)> + use<'a> {
    sight
        .items(|f| &f.clusters)
        .flat_map(|(place, cluster)| cluster.services.iter().map(move |service| (place, cluster, service)))
}

fn tasks<'a>(sight: &Sight<'a>) -> impl Iterator<Item = (&'a Place, &'a Task)> + use<'a> {
    sight
        .items(|f| &f.clusters)
        .flat_map(|(place, cluster)| cluster.tasks.iter().flatten().map(move |task| (place, task)))
}

/// The cluster whose tasks could not be read, if there is one.
fn untold_tasks(sight: &Sight<'_>) -> Option<String> {
    let (_, untold) = sight.items(|f| &f.clusters).find(|(_, cluster)| cluster.tasks.is_none())?;
    Some(format!("tasks of {} not read", untold.name))
}

fn functions<'a>(sight: &Sight<'a>) -> impl Iterator<Item = (&'a Place, &'a Function)> + use<'a> {
    sight.items(|f| &f.functions)
}
