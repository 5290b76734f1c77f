//! X-Ray: the service map and summaries of traces.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::domain::list::Identified;
use crate::domain::text::Text;

/// One service of the map over its window. Counts are of sampled requests, so rates are told in percent, not per
/// second.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ServiceNode {
    pub name: Text,
    /// `AWS::EC2::Instance`, `Database::SQL`, `client` ..., in X-Ray's spelling.
    pub kind: Text,
    pub total: u64,
    /// 5xx.
    pub faults: u64,
    /// 4xx without throttles.
    pub errors: u64,
    /// 429.
    pub throttles: u64,
    pub p50: f64,
    pub p99: f64,
    /// p99 of the hour before the window, for "twice as slow as usual".
    pub usual_p99: f64,
    pub calls: Vec<Text>,
}

impl ServiceNode {
    pub fn fault_percent(&self) -> f64 {
        if self.total == 0 { 0.0 } else { self.faults as f64 * 100.0 / self.total as f64 }
    }
}

impl Identified for ServiceNode {
    fn key(&self) -> &str {
        self.name.as_str()
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TraceSummary {
    pub id: Text,
    pub at: Timestamp,
    pub duration: SignedDuration,
    pub method: Text,
    pub url: Text,
    pub status: u16,
    pub has_fault: bool,
    pub has_error: bool,
    pub has_throttle: bool,
    /// Service and exception (or slow entity) that X-Ray blames.
    pub root_cause: Option<RootCause>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct RootCause {
    pub service: Text,
    pub what: Text,
}

impl Identified for TraceSummary {
    fn key(&self) -> &str {
        self.id.as_str()
    }
}
