//! The pages of deployments, traces and the bill: what each is made of, and what happened to it.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::delivery::Deployment;
use crate::domain::spend::Spend;
use crate::domain::trace::{ServiceNode, TraceSummary};
use crate::domain::units::{latency, long, plural, stamp};
use crate::world::Place;
use crate::world::item::{Item, Kind};

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

pub(super) fn parts(item: &Item, zone: &TimeZone) -> Vec<(&'static str, String)> {
    match item {
        Item::Deployment(deploy) => of_deployment(deploy, zone),
        Item::Service(service) => of_service(service),
        Item::Trace(trace) => of_trace(trace, zone),
        Item::Bill(spend) => of_bill(spend),
        _ => Vec::new(),
    }
}

/// With their times; the page sorts and cuts them.
pub(super) fn events(item: &Item, place: &Place) -> Vec<(Timestamp, String)> {
    match item {
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

fn of_deployment(deploy: &Deployment, zone: &TimeZone) -> Vec<(&'static str, String)> {
    let text = |text: &Option<crate::domain::text::Text>| text.as_ref().map(ToString::to_string);
    let returns = deploy.returns_to.as_ref().map(|to| match &deploy.returns_by {
        Some(by) => format!("{to}, by {by}"),
        None => to.to_string(),
    });
    let said = [
        ("environment", Some(deploy.environment.word().to_owned())),
        ("began", Some(stamp(deploy.started, zone))),
        ("why", (!deploy.reason.is_empty()).then(|| deploy.reason.to_string())),
        ("ended", deploy.finished.map(|at| stamp(at, zone))),
        ("usually", deploy.usual.map(long)),
        ("returns to", Some(returns.unwrap_or_else(|| "nothing known to be good".into()))),
        ("belongs to", text(&deploy.owner)),
        ("group", text(&deploy.group)),
    ];
    said.into_iter().filter_map(|(label, value)| Some((label, value?))).collect()
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
