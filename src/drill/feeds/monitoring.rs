//! Dashboards, logs, the service map and traces, all told from the same minutes the metrics were made of.

use jiff::SignedDuration;

use crate::domain::dashboard::Dashboard;
use crate::domain::logs::LogGroup;
use crate::domain::text::Text;
use crate::domain::trace::{Requests, RootCause, ServiceNode, TraceSummary};
use crate::drill::company::Site;
use crate::drill::past::{Cause, Service, Snapshot};
use crate::drill::simulation::{Simulation, TICKS_PER_MINUTE};

/// X-Ray samples one request in a hundred here.
pub(in crate::drill) const SAMPLED: f64 = 0.01;
/// Minutes of the service map's window, and of the traces listed.
const WINDOW: usize = 5;
/// Traces listed for each minute.
const TRACES_PER_MINUTE: i64 = 8;
/// Minutes traces are read back.
const TRACED: usize = 15;

/// Name, body as CloudWatch keeps it, and how many days ago it was changed.
const DASHBOARDS: &[(Site, &str, &str, i64)] = &[
    (Site::Prod, "shop", include_str!("../../../assets/dashboards/shop.json"), 12),
    (Site::Prod, "orders", include_str!("../../../assets/dashboards/orders.json"), 40),
    (Site::Prod, "cost", include_str!("../../../assets/dashboards/cost.json"), 77),
    (Site::Standby, "standby", include_str!("../../../assets/dashboards/standby.json"), 61),
];

pub(super) fn dashboards(s: &Simulation, site: Site) -> Vec<Dashboard> {
    DASHBOARDS
        .iter()
        .filter(|(at, ..)| *at == site)
        .filter_map(|(_, name, body, days)| {
            let body = body.replace("ACCOUNT", site.account());
            let modified = s.scenario.start - SignedDuration::from_hours(24 * days);
            Dashboard::parse((*name).into(), &body, modified).ok()
        })
        .collect()
}

pub(super) fn log_groups(s: &Simulation, site: Site) -> Vec<LogGroup> {
    let group = |name: &str, gib: f64, retention: u32, errors: f64, usual: f64, pattern: Option<String>| LogGroup {
        name: name.into(),
        environment: site.environment(),
        stored_bytes: (gib * 1_073_741_824.0) as u64,
        retention_days: Some(retention),
        errors_per_minute: errors,
        usual_errors_per_minute: usual,
        new_pattern: pattern.map(Text::from),
    };
    let per_minute = |of: fn(&Snapshot) -> u64| recent(s).map(of).sum::<u64>() as f64 / WINDOW as f64;
    match site {
        Site::Prod => {
            let cause = recent(s).find_map(|minute| minute.cause.clone());
            let web = per_minute(|minute| minute.web.failed);
            let checkout = per_minute(|minute| minute.checkout.failed);
            let crashes = per_minute(|minute| minute.crashes);
            vec![
                group("/acme/web", 210.0, 30, web.round(), 1.0, cause.as_ref().filter(|_| web > 10.0).map(web_pattern)),
                group(
                    "/acme/checkout",
                    88.0,
                    30,
                    checkout.round(),
                    0.0,
                    cause.as_ref().filter(|_| checkout > 10.0).map(checkout_pattern),
                ),
                group("/acme/catalog", 131.0, 30, 0.0, 0.0, None),
                group(
                    "/acme/orders-worker",
                    40.0,
                    30,
                    crashes.round(),
                    0.0,
                    (crashes > 1.0).then(|| "ERROR cannot parse order <uuid>: unknown field `lines_v2`".into()),
                ),
                group("/aws/lambda/receipts", 6.0, 14, 0.0, 0.0, None),
                group("/aws/vpc/flow-logs", 540.0, 90, 0.0, 0.0, None),
            ]
        }
        Site::Standby => vec![group("/acme/web-dr", 2.0, 30, 0.0, 0.0, None)],
        Site::Dev => vec![group("/acme/dev", 9.0, 7, 3.0, 3.0, None)],
        _ => Vec::new(),
    }
}

fn web_pattern(cause: &Cause) -> String {
    match cause {
        Cause::Release(version) => format!("ERROR BasketCache: key <id> has no value ({version})"),
        Cause::Database => "ERROR checkout answered 503".into(),
        Cause::Overload => "WARN request queue full, turning <n> requests away".into(),
        Cause::Outside(_) => "ERROR checkout answered 502".into(),
    }
}

fn checkout_pattern(cause: &Cause) -> String {
    match cause {
        Cause::Database => "ERROR CommunicationsException: orders-primary.acme.internal:3306 unreachable".into(),
        Cause::Overload => "WARN no task free, turning <n> requests away".into(),
        Cause::Release(_) => "ERROR basket is empty".into(),
        Cause::Outside(answer) => format!("ERROR {answer}"),
    }
}

/// The newest minutes, newest first.
fn recent(s: &Simulation) -> impl Iterator<Item = &Snapshot> {
    s.past.iter().rev().take(WINDOW)
}

pub(super) fn service_map(s: &Simulation, site: Site) -> Vec<ServiceNode> {
    if site != Site::Prod || s.past.is_empty() {
        return Vec::new();
    }
    let node = |name: &str, kind: &str, of: fn(&Snapshot) -> Service, calls: &[&str]| {
        let sum = |pick: fn(&Service) -> u64| recent(s).map(|minute| pick(&of(minute))).sum::<u64>() as f64 * SAMPLED;
        let mean = |pick: fn(&Service) -> f64, minutes: &mut dyn Iterator<Item = &Snapshot>| {
            let values: Vec<f64> =
                minutes.map(|minute| pick(&of(minute))).filter(|value| value.is_finite() && *value > 0.0).collect();
            (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
        };
        ServiceNode {
            id: ServiceNode::id_of(name, kind, None),
            name: name.into(),
            kind: kind.into(),
            requests: Some(Requests {
                total: sum(|service| service.arrived) as u64,
                faults: sum(|service| service.failed) as u64,
                errors: (sum(|service| service.arrived) * 0.012) as u64,
                throttles: 0,
            }),
            p50: mean(|service| service.p50, &mut recent(s)),
            p99: mean(|service| service.p99, &mut recent(s)),
            usual_p99: mean(|service| service.p99, &mut s.past.iter().rev().skip(WINDOW)),
            calls: calls.iter().map(|name| Text::new(name)).collect(),
        }
    };
    let side = s.side(s.tick);
    let (db_p50, db_p99) = s.mysql.latency(s.tick, side);
    let asked: u64 = recent(s).map(|minute| minute.checkout.arrived * 11).sum();
    let down = !s.mysql.can_write(s.tick, side);
    let worker: u64 = recent(s).map(|minute| minute.booked).sum();
    let crashes: u64 = recent(s).map(|minute| minute.crashes).sum();
    vec![
        ServiceNode { calls: vec!["web".into()], ..node("visitors", "client", |minute| minute.web, &[]) },
        node("web", "AWS::EC2::Instance", |minute| minute.web, &["catalog", "checkout"]),
        node("catalog", "AWS::ECS::Container", |minute| minute.catalog, &["orders-db"]),
        node("checkout", "AWS::ECS::Container", |minute| minute.checkout, &["orders-db", "orders-worker"]),
        ServiceNode {
            id: ServiceNode::id_of("orders-worker", "AWS::ECS::Container", None),
            name: "orders-worker".into(),
            kind: "AWS::ECS::Container".into(),
            requests: Some(Requests {
                total: ((worker + crashes) as f64 * SAMPLED) as u64,
                faults: (crashes as f64 * SAMPLED) as u64,
                ..Requests::default()
            }),
            p50: Some(0.07),
            p99: Some(0.21),
            usual_p99: Some(0.21),
            calls: vec!["orders-db".into()],
        },
        ServiceNode {
            id: ServiceNode::id_of("orders-db", "Database::SQL", None),
            name: "orders-db".into(),
            kind: "Database::SQL".into(),
            requests: Some(Requests {
                total: (asked as f64 * SAMPLED) as u64,
                faults: if down { (asked as f64 * SAMPLED) as u64 } else { 0 },
                ..Requests::default()
            }),
            p50: Some(db_p50),
            p99: Some(db_p99),
            usual_p99: Some(0.09),
            calls: Vec::new(),
        },
    ]
}

/// A few traces of each of the last minutes: slow in proportion to the minute, faulted in proportion to its failures.
pub(super) fn traces(s: &Simulation, site: Site) -> Vec<TraceSummary> {
    if site != Site::Prod {
        return Vec::new();
    }
    s.past
        .iter()
        .rev()
        .take(TRACED)
        .flat_map(|minute| (0..TRACES_PER_MINUTE).map(move |number| trace(s, minute, number)))
        .collect()
}

fn trace(s: &Simulation, minute: &Snapshot, number: i64) -> TraceSummary {
    let noise = s.noise.of("traces");
    let serial = minute.minute * TRACES_PER_MINUTE + number;
    let at = s.at(minute.minute * TICKS_PER_MINUTE) + SignedDuration::from_millis(number * 7_310);
    let is_order = number % 4 == 0;
    let (service, url) = if is_order {
        ("checkout", "https://shop.acme.example/checkout")
    } else {
        ("catalog", "https://shop.acme.example/catalog?size=m")
    };
    let of = if is_order { minute.checkout } else { minute.web };
    let failing = if of.arrived == 0 { 0.0 } else { of.failed as f64 / of.arrived as f64 };
    let has_fault = noise.unit(serial) < failing;
    // Most requests are near the median, a few near the slowest.
    let place = noise.of("duration").unit(serial).powi(4);
    let (p50, p99) = (finite(minute.web.p50), minute.web.p99);
    let seconds = p50 * 0.6 + (p99 - p50 * 0.6).max(0.0) * place;
    let root_cause = has_fault.then(|| match &minute.cause {
        Some(Cause::Database) => RootCause { service: "orders-db".into(), what: "CommunicationsException".into() },
        Some(Cause::Outside(answer)) => RootCause { service: "checkout".into(), what: answer.clone() },
        Some(Cause::Overload) => RootCause { service: "web".into(), what: "503 queue full".into() },
        Some(Cause::Release(version)) => {
            RootCause { service: "web".into(), what: format!("BasketCacheMiss ({version})").into() }
        }
        None => RootCause { service: service.into(), what: "TimeoutException".into() },
    });
    TraceSummary {
        id: format!("1-{:08x}-{}", at.as_second(), noise.hex(serial, 24)).into(),
        at,
        duration: Some(SignedDuration::from_millis((seconds * 1_000.0) as i64)),
        entry: Some("web".into()),
        method: Some(if is_order { "POST".into() } else { "GET".into() }),
        url: Some(url.into()),
        status: Some(if has_fault { 500 } else { 200 }),
        has_fault,
        has_error: false,
        has_throttle: false,
        root_cause,
    }
}

fn finite(value: f64) -> f64 {
    if value.is_finite() { value } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_companys_dashboards_can_be_read_whole() {
        for (_, name, body, _) in DASHBOARDS {
            let dashboard = Dashboard::parse((*name).into(), body, jiff::Timestamp::UNIX_EPOCH).unwrap();
            assert!(dashboard.widgets.len() >= 4 && dashboard.broken.is_empty(), "{name}: {:?}", dashboard.broken);
        }
    }
}
