//! What is remembered of the company: minute by minute what became of its visitors, and in all while it was broken.

use crate::domain::text::Text;

/// Visits since it broke and until it was mended, and those that were not served.
#[derive(Clone, Copy, Debug, Default)]
pub struct Toll {
    pub visits: u64,
    pub lost: u64,
}

/// What tracing and logging remember of one minute.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub minute: i64,
    pub web: Service,
    pub catalog: Service,
    pub checkout: Service,
    /// Messages the worker took, and how often it crashed on one.
    pub booked: u64,
    pub crashes: u64,
    pub cause: Option<Cause>,
}

/// Requests of one service in a minute.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    pub arrived: u64,
    pub failed: u64,
    pub p50: f64,
    pub p99: f64,
}

/// Why requests failed.
#[derive(Clone, Debug, PartialEq)]
pub enum Cause {
    /// The version that fails them.
    Release(Text),
    Database,
    Overload,
    /// What somebody else's service answers.
    Outside(Text),
}
