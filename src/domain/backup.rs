//! AWS Backup: plans, jobs and what they protect.

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::text::Text;

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Backups {
    pub plans: Vec<BackupPlan>,
    /// Newest first, of the last seven days.
    pub jobs: Vec<BackupJob>,
    /// Data stores some plan covers.
    pub protected: Vec<Protection>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BackupPlan {
    pub name: Text,
    /// `daily 03:00 UTC`.
    pub schedule: Text,
    pub every_hours: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BackupJob {
    pub resource: Text,
    pub at: Timestamp,
    /// `COMPLETED`, `FAILED` ..., in AWS's spelling.
    pub status: Text,
    pub message: Text,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Protection {
    pub store: Text,
    pub plan: Text,
    /// Region of the copy, when one is made.
    pub copied_to: Option<Text>,
}
