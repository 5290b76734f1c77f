//! Health checks of Route 53: how each is set, and what its checkers say.

use aws_sdk_route53::types::{HealthCheck, HealthCheckObservation, HealthCheckType};

/// As much of a health check as decides where a name leads.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Check {
    pub id: String,
    pub is_inverted: bool,
    /// Nothing is checked, and it counts as well.
    pub is_disabled: bool,
    kind: Option<HealthCheckType>,
    /// The checks it is made of.
    pub children: Vec<String>,
}

impl Check {
    pub fn of(it: &HealthCheck) -> Self {
        let config = it.health_check_config();
        Self {
            id: it.id().to_owned(),
            is_inverted: config.and_then(aws_sdk_route53::types::HealthCheckConfig::inverted).unwrap_or(false),
            is_disabled: config.and_then(aws_sdk_route53::types::HealthCheckConfig::disabled).unwrap_or(false),
            kind: config.map(|it| it.r#type().clone()),
            children: config.map_or_else(Vec::new, |it| it.child_health_checks().to_vec()),
        }
    }

    /// Whether it has checkers that can be asked. What is made of other checks, of an alarm or of a routing control has none,
    /// and Route 53 tells what it says to CloudWatch alone.
    pub fn is_told(&self) -> bool {
        use HealthCheckType::{Http, HttpStrMatch, Https, HttpsStrMatch, Tcp};
        !self.is_disabled && matches!(self.kind, Some(Http | HttpStrMatch | Https | HttpsStrMatch | Tcp))
    }
}

/// More than 18 % of its checkers have to find it well.
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html>
const SHARE: usize = 18;

/// What the checkers find, before anything is turned upside down; `None` where none of them says.
pub(super) fn is_healthy(observations: &[HealthCheckObservation]) -> Option<bool> {
    let said: Vec<&str> =
        observations.iter().filter_map(|it| it.status_report()?.status()).map(str::trim_start).collect();
    let well = said.iter().filter(|status| status.starts_with("Success")).count();
    (!said.is_empty()).then_some(well * 100 > said.len() * SHARE)
}
