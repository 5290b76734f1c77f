//! X-Ray: the service map and summaries of traces.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::domain::list::Identified;
use crate::domain::text::Text;

/// One service of the map over its window. Counts are of sampled requests, so rates are told in percent, not per
/// second.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ServiceNode {
    /// As a filter expression of X-Ray names it, see [`ServiceNode::id_of`]: several may have the same name.
    pub id: Text,
    pub name: Text,
    /// `AWS::EC2::Instance`, `Database::SQL`, `client` ..., in X-Ray's spelling; empty where it does not know.
    pub kind: Text,
    /// Nothing where X-Ray keeps no count of it.
    pub requests: Option<Requests>,
    /// Seconds.
    pub p50: Option<f64>,
    pub p99: Option<f64>,
    /// p99 of the hour before the window, for "twice as slow as usual".
    pub usual_p99: Option<f64>,
    pub calls: Vec<Text>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Requests {
    pub total: u64,
    /// 5xx.
    pub faults: u64,
    /// 4xx without throttles.
    pub errors: u64,
    /// 429.
    pub throttles: u64,
}

impl Requests {
    pub fn fault_percent(self) -> f64 {
        self.percent(self.faults)
    }

    pub fn error_percent(self) -> f64 {
        self.percent(self.errors.saturating_add(self.throttles))
    }

    fn percent(self, part: u64) -> f64 {
        if self.total == 0 { 0.0 } else { part as f64 * 100.0 / self.total as f64 }
    }
}

impl ServiceNode {
    /// `id(name: "checkout", type: "AWS::ECS::Container")`: what stands inside `service(..)` in X-Ray's filters.
    pub fn id_of(name: &str, kind: &str, account: Option<&str>) -> Text {
        let mut id = format!("id(name: \"{name}\"");
        if !kind.is_empty() {
            id.push_str(&format!(", type: \"{kind}\""));
        }
        if let Some(account) = account {
            id.push_str(&format!(", account.id: \"{account}\""));
        }
        Text::from(id + ")")
    }

    /// Share of its traces that fault; nothing where none came.
    pub fn fault_percent(&self) -> Option<f64> {
        self.requests.filter(|requests| requests.total > 0).map(Requests::fault_percent)
    }

    /// Whether it is the users themselves, or what stands for them.
    pub fn is_client(&self) -> bool {
        self.kind == "client"
    }

    /// Whether it takes longer than this many times what it took in the hour before.
    pub fn is_slower_than_usual(&self, factor: f64) -> bool {
        matches!((self.p99, self.usual_p99), (Some(p99), Some(usual)) if usual > 0.0 && p99 > usual * factor)
    }
}

impl Identified for ServiceNode {
    fn key(&self) -> &str {
        self.id.as_str()
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TraceSummary {
    pub id: Text,
    pub at: Timestamp,
    /// Not told before the trace is whole.
    pub duration: Option<SignedDuration>,
    /// The service it began at.
    pub entry: Option<Text>,
    /// These three only where it began with a request over HTTP.
    pub method: Option<Text>,
    pub url: Option<Text>,
    pub status: Option<u16>,
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

impl TraceSummary {
    /// `POST shop.example/checkout`, else the service it began at, else its id.
    pub fn what(&self) -> String {
        match (&self.url, &self.entry) {
            (Some(url), _) => {
                let url = url.as_str();
                let url = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or(url);
                match &self.method {
                    Some(method) => format!("{method} {url}"),
                    None => url.to_owned(),
                }
            }
            (None, Some(entry)) => entry.to_string(),
            (None, None) => self.id.to_string(),
        }
    }
}

impl Identified for TraceSummary {
    fn key(&self) -> &str {
        self.id.as_str()
    }
}
