//! Who may do what, which keys protect what, and what the firewall stops.

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::list::Identified;
use crate::domain::text::Text;

/// IAM in one look.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IamSummary {
    /// Who this console is signed in as (`sts:GetCallerIdentity`).
    pub caller: Text,
    pub roles: u32,
    pub admin_roles: Vec<Text>,
    /// Admin roles that an instance, a task or a function can take on.
    pub workload_admin_roles: Vec<Text>,
    pub unused_90_days: u32,
    pub root_access_keys: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AccessReport {
    pub findings: Vec<AccessFinding>,
    pub keys: Vec<AccessKey>,
}

/// An Access Analyzer finding: something outside the account can reach something inside it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AccessFinding {
    pub resource: Text,
    pub what: Text,
    pub is_public: bool,
    pub since: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AccessKey {
    pub user: Text,
    pub created: Timestamp,
    pub last_used: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KmsKey {
    pub id: Text,
    pub alias: Text,
    /// `Enabled`, `Disabled`, `PendingDeletion` ..., in AWS's spelling.
    pub state: Text,
    pub rotation: bool,
    /// AWS rotates its own keys; only the customer's can be forgotten.
    pub customer_managed: bool,
}

impl Identified for KmsKey {
    fn key(&self) -> &str {
        self.id.as_str()
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WebAcl {
    pub name: Text,
    pub rules: u32,
    /// Names of the load balancers it guards.
    pub guards: Vec<Text>,
    /// The rule that blocks most.
    pub top_rule: Option<Text>,
    pub usual_blocked_per_minute: f64,
}

impl Identified for WebAcl {
    fn key(&self) -> &str {
        self.name.as_str()
    }
}
