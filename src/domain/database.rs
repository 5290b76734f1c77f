//! RDS instances, their replicas, backups and events.

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::list::Identified;
use crate::domain::scope::Environment;
use crate::domain::text::Text;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Database {
    pub id: Text,
    pub environment: Environment,
    pub engine: Text,
    pub class: Text,
    /// `available`, `modifying`, `failed` ..., in AWS's spelling.
    pub status: Text,
    pub zone: Text,
    pub multi_az: bool,
    pub secondary_zone: Option<Text>,
    pub allocated_bytes: u64,
    /// The ceiling of storage autoscaling, if that is on.
    pub max_allocated_bytes: Option<u64>,
    pub max_connections: u32,
    pub role: DatabaseRole,
    pub encrypted: bool,
    pub kms_key: Option<Text>,
    /// 0 means automated backups are off.
    pub backup_retention_days: u32,
    /// Absent when backups are off: the recovery point is then infinitely far away, not zero.
    pub latest_restorable: Option<Timestamp>,
    pub last_snapshot: Option<Timestamp>,
    pub pending_maintenance: Vec<Text>,
    pub schedule: Option<Text>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum DatabaseRole {
    Primary,
    Replica {
        source: Text,
        source_region: Text,
        /// `replicating`, `error`, `terminated` ..., in AWS's spelling.
        replication: Text,
    },
}

impl Database {
    pub fn is_primary(&self) -> bool {
        self.role == DatabaseRole::Primary
    }

    pub fn is_available(&self) -> bool {
        self.status == "available"
    }
}

impl DatabaseEvent {
    /// True for what can explain why a database does not answer. Backups and configuration changes go on beside it.
    /// The categories are those of `DescribeEventCategories`.
    pub fn is_about_availability(&self) -> bool {
        matches!(
            self.category.as_str(),
            "availability" | "failover" | "failure" | "low storage" | "recovery" | "read replica" | "maintenance"
        )
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
    pub database: Text,
    pub category: Text,
    pub message: Text,
}

impl Identified for DatabaseEvent {
    fn key(&self) -> &str {
        self.id.as_str()
    }
}
