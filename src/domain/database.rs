//! RDS instances, their replicas, backups and events.

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::list::Identified;
use crate::domain::scope::Environment;
use crate::domain::tags::Tag;
use crate::domain::text::Text;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Database {
    pub id: Text,
    /// What calls about its tags name it by.
    pub arn: Text,
    pub environment: Environment,
    /// With its version: `mysql 8.0.40`.
    pub engine: Text,
    pub class: Text,
    /// `available`, `modifying`, `failed` ..., in AWS's spelling; that of its cluster where only the cluster is in trouble.
    pub status: Text,
    /// Where clients connect: `name:port`.
    pub endpoint: Option<Text>,
    /// The Aurora or Multi-AZ cluster it is a member of.
    pub cluster: Option<Text>,
    /// What calls about its cluster name it by, where an id does not do.
    pub cluster_arn: Option<Text>,
    /// How soon it is taken where its cluster fails over: 0 first, 15 last.
    pub promotion_tier: Option<u32>,
    /// The global database its cluster is a part of.
    pub global_cluster: Option<Text>,
    /// `pending`, `failing-over`, `cancelling`: that one is moving to another region. Absent while it is not.
    pub global_move: Option<Text>,
    pub zone: Text,
    /// A standby, or a reader of the same cluster, is in another zone.
    pub multi_az: Option<bool>,
    pub secondary_zone: Option<Text>,
    /// Absent where storage grows by itself, as in Aurora.
    pub allocated_bytes: Option<u64>,
    /// The ceiling of storage autoscaling, if that is on.
    pub max_allocated_bytes: Option<u64>,
    /// RDS does not tell: a parameter group sets it, mostly as a formula over the memory of the class.
    pub max_connections: Option<u32>,
    pub role: DatabaseRole,
    /// What follows it, or its cluster, in whichever region: by name, or by ARN where that is another one.
    pub replicas: Vec<Text>,
    pub encrypted: Option<bool>,
    pub kms_key: Option<Text>,
    /// 0 means automated backups are off.
    pub backup_retention_days: Option<u32>,
    /// Regions its automated backups are copied to.
    pub backups_copied_to: Vec<Text>,
    /// How far back it can be restored to, where backups are on.
    pub earliest_restorable: Option<Timestamp>,
    /// Absent when backups are off: the recovery point is then infinitely far away, not zero.
    pub latest_restorable: Option<Timestamp>,
    pub last_snapshot: Option<Timestamp>,
    /// What AWS will do to it: `system-update by 2026-12-01: new operating system`.
    pub pending_maintenance: Vec<Text>,
    /// What somebody changed and waits for a window or a reboot: `class db.r6g.large`.
    pub pending_changes: Vec<Text>,
    /// When its server certificate expires.
    pub certificate_until: Option<Timestamp>,
    pub schedule: Option<Text>,
    pub tags: Vec<Tag>,
    pub cluster_tags: Vec<Tag>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum DatabaseRole {
    Primary,
    Replica {
        /// The instance it follows; the cluster, where that is in another region.
        source: Text,
        source_region: Text,
        /// `replicating`, `error`, `terminated` ..., in AWS's spelling, with the error. Absent where AWS does not tell,
        /// as of readers that share the writer's storage.
        replication: Option<Text>,
    },
}

/// In these AWS works on an instance while it serves.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html#Overview.DBInstance.Status>
const SERVING: &[&str] = &[
    "available",
    "backing-up",
    "configuring-activity-stream",
    "configuring-associated-roles",
    "configuring-enhanced-monitoring",
    "configuring-iam-database-auth",
    "configuring-log-exports",
    "modifying",
    "promoting",
    "resetting-master-credentials",
    "scaling-compute",
    "storage-config-upgrade",
    "storage-initialization",
    "storage-optimization",
    "update-iam-db-auth",
];

/// In these a replica follows its source; the last is a global database's.
const FOLLOWING: &[&str] = &["replicating", "replication stop point set", "connected"];

/// Whether an instance or a cluster of this status answers its clients.
pub fn serves(status: &str) -> bool {
    SERVING.contains(&status)
}

impl Database {
    /// Stopped, or on its way there or back, as somebody wanted.
    pub fn is_at_rest(&self) -> bool {
        matches!(self.status.as_str(), "stopped" | "stopping" | "starting")
    }

    pub fn is_primary(&self) -> bool {
        self.role == DatabaseRole::Primary
    }

    /// Whether it answers, whatever is being done to it.
    pub fn is_available(&self) -> bool {
        serves(self.status.as_str())
    }

    /// Whom it followed and what became of that, for a replica AWS says does not follow any more.
    pub fn broken_replication(&self) -> Option<(&Text, &Text)> {
        match &self.role {
            DatabaseRole::Replica { source, replication: Some(state), .. } if !FOLLOWING.contains(&state.as_str()) => {
                Some((source, state))
            }
            _ => None,
        }
    }

    /// Whether it is a copy of `primary`, which is in `region`.
    pub fn follows(&self, primary: &Self, region: &Text) -> bool {
        match &self.role {
            DatabaseRole::Replica { source, source_region, .. } => {
                source_region == region && (*source == primary.id || Some(source) == primary.cluster.as_ref())
            }
            DatabaseRole::Primary => false,
        }
    }

    /// A measure of how much hangs on it, for choosing one of many: what is stored. Aurora does not say, and is seldom
    /// taken for small things.
    pub fn weight(&self) -> u64 {
        self.allocated_bytes.unwrap_or(u64::MAX)
    }
}

impl DatabaseEvent {
    /// True for what can explain why a database does not answer. Backups and configuration changes go on beside it.
    /// The categories are those of `DescribeEventCategories`.
    pub fn is_about_availability(&self) -> bool {
        self.categories.iter().any(|category| {
            matches!(
                category.as_str(),
                "availability" | "failover" | "failure" | "low storage" | "recovery" | "read replica" | "maintenance"
            )
        })
    }

    /// True for what can explain why a system behaves otherwise than before: not for the nightly backup, nor for what is
    /// only announced.
    pub fn is_change(&self) -> bool {
        let is_quiet = |category: &Text| matches!(category.as_str(), "backup" | "notification");
        !self.source_kind.as_str().contains("snapshot")
            && (self.categories.is_empty() || !self.categories.iter().all(is_quiet))
    }

    /// Whether it is about this instance, or about the cluster it is a member of.
    pub fn concerns(&self, database: &Database) -> bool {
        match self.source_kind.as_str() {
            "db-instance" => self.source == database.id,
            "db-cluster" => Some(&self.source) == database.cluster.as_ref(),
            _ => false,
        }
    }
}

/// What an event says of a failover. `DescribeEvents` tells no ids, only words.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failover {
    Started,
    Completed,
    /// AWS let it be: RDS-EVENT-0034, 0069, 0070, 0186, 0187.
    Failed,
}

impl DatabaseEvent {
    /// What it says of a failover, if it is about one.
    pub fn failover(&self) -> Option<Failover> {
        let is_any = |words: &[&str]| words.iter().any(|word| self.message.as_str().contains(word));
        if is_any(&["Abandoning user requested failover", "failover failed", "Promoting previous primary again"]) {
            return Some(Failover::Failed);
        }
        let is_global = is_any(&["Global switchover to", "Global failover to"]);
        if is_global && is_any(&["cancelled", "failed"]) {
            Some(Failover::Failed)
        } else if is_any(&["failover completed", "failover to standby complete", "Completed failover to"])
            || is_global && is_any(&["finished", "completed"])
        {
            Some(Failover::Completed)
        } else {
            (is_any(&["failover started", "AZ failover to"]) || is_global && is_any(&["started"]))
                .then_some(Failover::Started)
        }
    }
}

impl Identified for Database {
    fn key(&self) -> &str {
        self.id.as_str()
    }
}

/// From `DescribeEvents`, which RDS keeps for 14 days.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DatabaseEvent {
    pub id: Text,
    pub at: Timestamp,
    /// The instance, cluster, snapshot, parameter group ... it is about.
    pub source: Text,
    /// `db-instance`, `db-cluster` ..., in AWS's spelling.
    pub source_kind: Text,
    pub categories: Vec<Text>,
    pub message: Text,
}

impl Identified for DatabaseEvent {
    fn key(&self) -> &str {
        self.id.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: &str, categories: &[&str]) -> DatabaseEvent {
        DatabaseEvent {
            id: "x".into(),
            at: Timestamp::UNIX_EPOCH,
            source: "orders".into(),
            source_kind: kind.into(),
            categories: categories.iter().map(|category| Text::new(category)).collect(),
            message: "something happened".into(),
        }
    }

    #[test]
    fn the_nightly_backup_changes_nothing() {
        assert!(!event("db-instance", &["backup"]).is_change());
        assert!(!event("db-snapshot", &["creation"]).is_change());
        assert!(!event("db-cluster", &["notification"]).is_change());
        assert!(event("db-instance", &["backup", "configuration change"]).is_change());
        assert!(event("db-parameter-group", &["configuration change"]).is_change());
        assert!(event("db-instance", &[]).is_change());
    }

    #[test]
    fn an_event_says_how_far_a_failover_is() {
        use Failover::{Completed, Failed, Started};
        for (message, wanted) in [
            ("Multi-AZ instance failover started.", Some(Started)),
            ("Multi-AZ instance failover completed.", Some(Completed)),
            ("Multi-AZ failover to standby complete - DNS propagation may take a few minutes.", Some(Completed)),
            (
                "Abandoning user requested failover since a failover recently occurred on the database instance.",
                Some(Failed),
            ),
            ("Started cross AZ failover to DB instance: orders-2", Some(Started)),
            ("Completed failover to DB instance: orders-2", Some(Completed)),
            ("Cluster failover failed, check the health of your cluster instances and try again.", Some(Failed)),
            ("Promoting previous primary again: orders-1.", Some(Failed)),
            ("Global switchover to DB cluster orders in Region us-east-1 started.", Some(Started)),
            ("Global switchover to DB cluster orders in Region us-east-1 finished.", Some(Completed)),
            ("Global switchover to DB cluster orders in Region us-east-1 is cancelled.", Some(Failed)),
            ("Global failover to DB cluster orders in Region us-east-1 completed.", Some(Completed)),
            ("Finished DB Instance backup", None),
        ] {
            let event = DatabaseEvent { message: message.into(), ..event("db-instance", &[]) };
            assert_eq!(event.failover(), wanted, "{message}");
        }
    }

    #[test]
    fn work_that_does_not_disturb_is_no_outage() {
        for status in ["available", "backing-up", "storage-optimization"] {
            assert!(serves(status), "{status}");
        }
        for status in ["failed", "rebooting", "storage-full", "inaccessible-encryption-credentials", "a-new-one", ""] {
            assert!(!serves(status), "{status}");
        }
    }
}
