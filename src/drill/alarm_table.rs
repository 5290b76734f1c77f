//! The alarms the company has set.

use crate::domain::alarm::{BandSide, Comparison, MissingData};
use crate::domain::metric::Measure;
use crate::drill::company::Site;

use Comparison::{GreaterThanOrEqualToThreshold as Least, GreaterThanThreshold as Over, LessThanThreshold as Under};
use Measure as M;
use MissingData::{Breaching, Ignore, Missing, NotBreaching};

pub struct Row(
    pub Site,
    pub &'static str,
    pub Measure,
    pub &'static str,
    pub u32,
    pub u32,
    pub Comparison,
    pub f64,
    pub MissingData,
    pub &'static str,
);

/// Site, name, measure, resource, M of N minutes, comparison, threshold, missing data, what to do.
#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    Row(Site::Prod, "web-5xx-high", M::AlbErrorPercent, "app/web-edge/50dc6c495c0c9188", 3, 3, Over, 1.0, NotBreaching, "Visitors get errors. Runbook: https://runbooks.acme.example/web-5xx"),
    Row(Site::Prod, "web-unhealthy-hosts", M::AlbUnhealthyHosts, "web", 2, 2, Over, 0.0, Missing, "Targets fail their health checks. Runbook: https://runbooks.acme.example/targets"),
    Row(Site::Prod, "web-latency-high", M::AlbLatencyP99, "app/web-edge/50dc6c495c0c9188", 3, 5, Over, 1.0, Missing, "The slowest hundredth waits over a second. Runbook: https://runbooks.acme.example/latency"),
    Row(Site::Prod, "web-at-capacity", M::AsgInService, "web", 5, 5, Least, 12.0, Missing, "The web group cannot grow any more. Runbook: https://runbooks.acme.example/capacity"),
    Row(Site::Prod, "checkout-failing", M::AlbErrorPercent, "app/checkout/f2f7dc8efc522ab2", 3, 3, Over, 2.0, NotBreaching, "Orders cannot be placed. Runbook: https://runbooks.acme.example/checkout"),
    Row(Site::Prod, "orders-primary-unreachable", M::RdsConnections, "orders-primary", 2, 2, Under, 1.0, Breaching, "Nothing is connected to the orders database. Runbook: https://runbooks.acme.example/mysql"),
    Row(Site::Prod, "orders-primary-cpu-high", M::RdsCpu, "orders-primary", 5, 5, Over, 85.0, Missing, "The orders database is busy. Runbook: https://runbooks.acme.example/mysql-load"),
    Row(Site::Prod, "orders-replica-lag-high", M::RdsReplicaLag, "orders-replica-1", 3, 3, Over, 30.0, Missing, "Readers see old data. Runbook: https://runbooks.acme.example/replicas"),
    Row(Site::Prod, "sessions-hit-rate-low", M::CacheHitRate, "sessions", 5, 5, Under, 80.0, Missing, "Redis forgets. Runbook: https://runbooks.acme.example/redis"),
    Row(Site::Prod, "orders-queue-old", M::SqsOldestAge, "orders", 3, 3, Over, 180.0, Ignore, "Orders wait to be booked. Runbook: https://runbooks.acme.example/orders"),
    Row(Site::Prod, "orders-dlq-not-empty", M::SqsVisible, "orders-dlq", 1, 1, Over, 0.0, NotBreaching, "Orders were given up on. Runbook: https://runbooks.acme.example/dlq"),
    Row(Site::Prod, "emails-queue-old", M::SqsOldestAge, "emails", 3, 3, Over, 600.0, Ignore, "Mails wait. Runbook: https://runbooks.acme.example/emails"),
    Row(Site::Prod, "receipts-errors", M::LambdaErrors, "receipts", 3, 5, Over, 20.0, NotBreaching, "Receipts are not sent. Runbook: https://runbooks.acme.example/receipts"),
    Row(Site::Prod, "worker-tasks-low", M::EcsRunning, "orders-worker", 5, 5, Under, 2.0, Breaching, "Too few workers. Runbook: https://runbooks.acme.example/workers"),
    Row(Site::Standby, "shop-unreachable", M::CanarySuccess, "shop-home", 2, 3, Under, 40.0, Breaching, "The shop cannot be reached from outside. Runbook: https://runbooks.acme.example/region"),
    Row(Site::Standby, "orders-replica-dr-lag-high", M::RdsReplicaLag, "orders-replica-dr", 5, 5, Over, 60.0, Missing, "The second region falls behind. Runbook: https://runbooks.acme.example/dr"),
];

pub const COMPOSITES: &[(&str, &str, &str)] = &[
    (
        "shop-impaired",
        r#"ALARM("web-5xx-high") OR ALARM("web-latency-high") OR ALARM("checkout-failing")"#,
        "Customers notice. Pages the person on call. Runbook: https://runbooks.acme.example/shop",
    ),
    (
        "orders-impaired",
        r#"ALARM("orders-queue-old") AND ALARM("orders-dlq-not-empty")"#,
        "Orders are placed and not booked. Runbook: https://runbooks.acme.example/orders",
    ),
];

/// Site, name, measure, resource, M of N minutes, side, width in deviations, what to do.
pub struct BandRow(
    pub Site,
    pub &'static str,
    pub Measure,
    pub &'static str,
    pub u32,
    pub u32,
    pub BandSide,
    pub f64,
    pub &'static str,
);

#[rustfmt::skip]
pub const BANDS: &[BandRow] = &[
    BandRow(Site::Prod, "web-requests-unusual", M::AlbRequests, "app/web-edge/50dc6c495c0c9188", 5, 5, BandSide::Either, 6.0, "More or fewer visitors than the hour explains. Runbook: https://runbooks.acme.example/traffic"),
];

/// The formula behind a measure that CloudWatch does not have itself: ids and metrics, then the expression.
pub fn formula(measure: Measure) -> Option<(&'static [(&'static str, Measure)], &'static str)> {
    match measure {
        M::AlbErrorPercent => Some((
            &[("m1", M::AlbTarget5xx), ("m2", M::AlbElb5xx), ("m3", M::AlbRequests)],
            "100 * (FILL(m1, 0) + FILL(m2, 0)) / m3",
        )),
        _ => None,
    }
}
