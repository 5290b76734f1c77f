//! ECS clusters, services and tasks.

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::list::Identified;
use crate::domain::scope::Environment;
use crate::domain::tags::Tag;
use crate::domain::text::Text;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cluster {
    pub name: Text,
    pub environment: Environment,
    pub services: Vec<Service>,
    /// What runs, starts or stops, and of a service that cannot start anything its last attempt. `None` where they could
    /// not be read.
    pub tasks: Option<Vec<Task>>,
    pub tags: Vec<Tag>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Service {
    pub name: Text,
    /// What calls about its tags name it by.
    pub arn: Text,
    /// `REPLICA`, or `DAEMON`: one task on every machine, whose number nobody sets.
    pub strategy: Text,
    /// `ECS`, `CODE_DEPLOY` or `EXTERNAL`: who deploys it.
    pub controller: Text,
    pub tags: Vec<Tag>,
    pub desired: u32,
    pub running: u32,
    pub pending: u32,
    /// `family:revision`.
    pub task_definition: Text,
    /// `COMPLETED`, `IN_PROGRESS`, `FAILED`, of the primary deployment.
    /// Empty where another controller deploys.
    pub rollout: Text,
    /// Why it is so, in AWS's words.
    pub rollout_reason: Text,
    /// Tasks of the primary deployment that could not be kept running.
    pub failed_tasks: Option<u32>,
    /// Since when fewer tasks run than are wanted.
    pub short_since: Option<Timestamp>,
    /// Newest first.
    pub events: Vec<ServiceEvent>,
}

impl Service {
    /// Fewer tasks run than are wanted.
    pub fn is_short(&self) -> bool {
        self.running < self.desired
    }

    /// Wanted tasks that run. What it has too many of, as while it deploys, makes up for nothing another service lacks.
    pub fn kept(&self) -> u32 {
        self.running.min(self.desired)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ServiceEvent {
    pub at: Timestamp,
    pub message: Text,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Task {
    pub id: Text,
    /// Empty for a task that belongs to none.
    pub service: Text,
    pub image: Text,
    /// Digest of the image that was pulled; not told while it is not.
    pub digest: Option<Text>,
    pub zone: Text,
    /// `RUNNING`, `PENDING`, `STOPPED` ..., in AWS's spelling.
    pub status: Text,
    pub health: TaskHealth,
    /// `None` while it has not.
    pub started: Option<Timestamp>,
    /// Restarts of this task's place in the last ten minutes.
    pub restarts: u32,
    /// Of its own end, or of the one it replaced.
    pub exit_code: Option<i32>,
    pub stopped_reason: Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TaskHealth {
    Healthy,
    Unhealthy,
    Unknown,
}

impl Identified for Cluster {
    fn key(&self) -> &str {
        self.name.as_str()
    }
}
