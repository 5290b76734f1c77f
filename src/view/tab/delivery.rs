//! The pages of pipelines, traces and the bill: what each is made of, and what happened to it.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::delivery::{Action, Pipeline, RunStatus, Stage};
use crate::domain::spend::Spend;
use crate::domain::trace::{ServiceNode, TraceSummary};
use crate::domain::units::{count, latency, long, plural, stamp};
use crate::world::Place;
use crate::world::builds;
use crate::world::item::{Item, Kind};
use crate::world::room::pipelines::{by, is_waiting};

/// Services of a bill, and calls of a service, told on a page.
const SHOWN: usize = 16;

/// Whether alarms can be about a thing of this kind, by its name in their dimensions.
pub(super) fn is_measured(kind: Kind) -> bool {
    !matches!(
        kind,
        Kind::Pipeline
            | Kind::Deployment
            | Kind::Service
            | Kind::Trace
            | Kind::Bill
            | Kind::Cost
            | Kind::Budget
            | Kind::Anomaly
    )
}

pub(super) fn parts(item: &Item, place: &Place, now: Timestamp, zone: &TimeZone) -> Vec<(&'static str, String)> {
    match item {
        Item::Pipeline(pipeline) => stages(pipeline, place, now),
        Item::Service(service) => of_service(service),
        Item::Trace(trace) => of_trace(trace, zone),
        Item::Bill(spend) => of_bill(spend),
        _ => Vec::new(),
    }
}

/// With their times; the page sorts and cuts them.
pub(super) fn events(item: &Item, place: &Place) -> Vec<(Timestamp, String)> {
    match item {
        Item::Pipeline(pipeline) => pipeline
            .executions
            .iter()
            .map(|run| {
                let version = run.version.as_ref().map_or_else(|| run.id.to_string(), ToString::to_string);
                let message = run.revision.as_ref().filter(|revision| !revision.message.is_empty());
                let message = message.map_or_else(String::new, |revision| format!(" \"{}\"", revision.message));
                (run.started, format!("{version} {}, {}{message}", run.status.word(), by(run)))
            })
            .collect(),
        // What went wrong in it, or slowly.
        Item::Service(service) => place
            .feeds
            .traces
            .items()
            .filter_map(|trace| {
                let cause = trace.root_cause.as_ref().filter(|cause| cause.service == service.name)?;
                let took = trace.duration.map_or_else(|| "-".into(), |took| latency(took.as_secs_f64()));
                Some((trace.at, format!("{}: {} in {took}", cause.what, trace.what())))
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn stages(pipeline: &Pipeline, place: &Place, now: Timestamp) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    for stage in &pipeline.stages {
        all.push(("stage", of_stage(stage)));
        all.extend(stage.actions.iter().map(|action| ("", format!("  {}", of_action(action, place, now)))));
    }
    all
}

fn of_stage(stage: &Stage) -> String {
    let closed = match (stage.inbound_enabled, stage.closed.is_empty()) {
        (true, _) => String::new(),
        (false, true) => ", closed".into(),
        (false, false) => format!(", closed: {}", stage.closed),
    };
    format!("{}: {}{closed}", stage.name, stage.status.word())
}

/// `Unit-Tests: succeeded in 2 min 20 s, usually 2 min 10 s, v419, 812 passed`.
fn of_action(action: &Action, place: &Place, now: Timestamp) -> String {
    let took = action.took(now).map_or_else(String::new, |took| {
        let word = if action.status == RunStatus::InProgress { "for" } else { "in" };
        format!(" {word} {}", long(took))
    });
    let said = [
        action.usual.map(|usual| format!("usually {}", long(usual))),
        action.version.as_ref().map(ToString::to_string),
        builds::tests(action, builds::at(place, action)).map(|tests| {
            let failed = if tests.failed > 0 { format!(", {} failed", tests.failed) } else { String::new() };
            format!("{} passed{failed}", count(u64::from(tests.passed)))
        }),
        (!action.by.is_empty()).then(|| format!("by {}", action.by)),
        action
            .outputs
            .as_ref()
            .filter(|outputs| !outputs.is_empty())
            .map(|outputs| outputs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
        (action.flaky == Some(true)).then(|| "failed, then passed, on the same commit".into()),
        (!action.summary.is_empty()).then(|| action.summary.to_string()),
    ];
    let word = if is_waiting(action) { "waiting for approval" } else { action.status.word() };
    let state = Some(format!("{}: {word}{took}", action.name));
    std::iter::once(state).chain(said).flatten().collect::<Vec<_>>().join(", ")
}

fn of_service(service: &ServiceNode) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    if !service.kind.is_empty() {
        all.push(("type", service.kind.to_string()));
    }
    if let Some(requests) = service.requests {
        all.push((
            "sampled",
            format!(
                "{}: {}, {}, {}",
                plural(requests.total as usize, "request", "requests"),
                plural(requests.faults as usize, "fault (5xx)", "faults (5xx)"),
                plural(requests.errors as usize, "error (4xx)", "errors (4xx)"),
                plural(requests.throttles as usize, "throttle (429)", "throttles (429)"),
            ),
        ));
    }
    let seconds = [("p50", service.p50), ("p99", service.p99), ("hour before", service.usual_p99)];
    all.extend(seconds.into_iter().filter_map(|(label, value)| Some((label, latency(value?)))));
    all.extend(service.calls.iter().take(SHOWN).map(|name| ("calls", name.to_string())));
    all
}

fn of_trace(trace: &TraceSummary, zone: &TimeZone) -> Vec<(&'static str, String)> {
    let said = [
        ("began at", trace.entry.as_ref().map(ToString::to_string)),
        ("began", Some(stamp(trace.at, zone))),
        ("root cause", trace.root_cause.as_ref().map(|cause| format!("{} in {}", cause.what, cause.service))),
    ];
    said.into_iter().filter_map(|(label, value)| Some((label, value?))).collect()
}

fn of_bill(spend: &Spend) -> Vec<(&'static str, String)> {
    spend
        .services
        .iter()
        .take(SHOWN)
        .map(|service| ("service", format!("{} {}", service.name, service.month_to_date)))
        .collect()
}
