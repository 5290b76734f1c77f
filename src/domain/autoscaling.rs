//! EC2 Auto Scaling groups, their activities, and the policies that move them.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::domain::list::Identified;
use crate::domain::scope::Environment;
use crate::domain::tags::Tag;
use crate::domain::text::Text;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AutoScalingGroup {
    pub name: Text,
    pub environment: Environment,
    pub min: u32,
    pub desired: u32,
    pub max: u32,
    pub members: Vec<Member>,
    /// Scaling processes switched off, in AWS's spelling (`Launch`, `Terminate` ...).
    pub suspended: Vec<Text>,
    /// Newest first; `None` where they could not be read.
    pub activities: Option<Vec<Activity>>,
    pub warm_pool: Option<WarmPool>,
    /// What will change its size by the clock; `None` where that could not be read.
    pub scheduled: Option<Vec<ScheduledChange>>,
    /// The newest instance refresh, while it runs and for a day after.
    pub refresh: Option<Refresh>,
    /// What new instances are made from; `None` where it is not told.
    pub template: Option<Template>,
    pub tags: Vec<Tag>,
    /// The service of AWS that runs it and alone may change it, or empty.
    pub operator: Text,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Member {
    pub instance: Text,
    pub zone: Text,
    /// `InService`, `Pending`, `Terminating:Wait` ..., in AWS's spelling.
    pub lifecycle: Text,
    pub healthy: bool,
    /// How much it counts towards the desired capacity: 1, but for groups that are counted in weights.
    pub weight: u32,
    /// It is not taken when the group shrinks.
    pub is_protected: bool,
    /// What it was made from; `None` where that is not told, or deleted.
    pub template: Option<Template>,
}

/// A version of a launch template, or a launch configuration, which has none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Template {
    pub name: Text,
    /// `7`, or of a group `$Latest` or `$Default`; empty for a launch configuration.
    pub version: Text,
}

impl Template {
    /// `web 7`, `web $Latest`, `web-2019`.
    pub fn words(&self) -> String {
        if self.version.is_empty() { self.name.to_string() } else { format!("{} {}", self.name, self.version) }
    }

    /// Whether the version is one that stays the same: `$Latest` may be another tomorrow.
    pub fn is_fixed(&self) -> bool {
        !self.version.as_str().starts_with('$')
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Activity {
    pub at: Timestamp,
    pub what: Text,
    pub cause: Text,
    /// `Successful`, `InProgress`, `Failed` ..., in AWS's spelling.
    pub status: Text,
    /// What went wrong, where something did.
    pub message: Text,
}

/// Instances kept ready beside the group.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WarmPool {
    /// `Stopped`, `Running` or `Hibernated`, in AWS's spelling.
    pub state: Text,
    pub size: Option<u32>,
    pub min: u32,
    /// Most instances in the group and its pool together; `None`: the group's own maximum.
    pub max_prepared: Option<u32>,
}

/// A change of size by the clock. What it leaves as it is, is `None`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScheduledChange {
    pub name: Text,
    /// When next.
    pub at: Option<Timestamp>,
    /// Five fields of cron, or empty for once.
    pub recurrence: Text,
    /// Of the recurrence; empty is UTC.
    pub zone: Text,
    pub min: Option<u32>,
    pub desired: Option<u32>,
    pub max: Option<u32>,
}

/// Instances being replaced by new ones.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Refresh {
    pub id: Text,
    /// `InProgress`, `Successful`, `RollbackInProgress` ..., in AWS's spelling.
    pub status: Text,
    pub reason: Text,
    pub percent: Option<u32>,
    pub started: Option<Timestamp>,
    pub ended: Option<Timestamp>,
}

impl AutoScalingGroup {
    /// What is in service, in the units of the desired capacity.
    pub fn in_service(&self) -> usize {
        let serving = self.members.iter().filter(|member| member.lifecycle == "InService" && member.healthy);
        serving.map(|member| member.weight as usize).sum()
    }

    /// Whether this scaling process is switched off.
    pub fn is_suspended(&self, process: &str) -> bool {
        self.suspended.iter().any(|one| one == process)
    }

    pub fn newest_activity(&self) -> Option<&Activity> {
        self.activities.as_ref()?.first()
    }

    pub fn zones(&self) -> usize {
        let mut zones: Vec<&Text> = self.members.iter().map(|member| &member.zone).collect();
        zones.sort();
        zones.dedup();
        zones.len()
    }
}

impl Identified for AutoScalingGroup {
    fn key(&self) -> &str {
        self.name.as_str()
    }
}

/// A policy of EC2 Auto Scaling or of Application Auto Scaling.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScalingPolicy {
    /// Its ARN: two groups may each have a policy of the same name.
    pub id: Text,
    pub name: Text,
    /// Group name, or `service/cluster/name` and the like.
    pub target: Text,
    pub environment: Environment,
    /// `TargetTrackingScaling`, `StepScaling` ..., in AWS's spelling.
    pub kind: Text,
    /// What it follows; empty for policies that only answer an alarm.
    pub metric: Text,
    /// What target tracking holds the metric at, in the metric's own unit. Steps have none.
    pub target_value: Option<f64>,
    pub cooldown: Option<SignedDuration>,
    /// False when somebody switched it off.
    pub enabled: bool,
    /// Name of the alarm that makes it scale out, and of the one that makes it scale in; empty where there is none.
    pub out_alarm: Text,
    pub in_alarm: Text,
    /// The range it moves its target in, and how many are wanted now, where that is known.
    pub min: Option<u32>,
    pub max: Option<u32>,
    pub current: Option<u32>,
}

impl ScalingPolicy {
    /// Whether it cannot scale out any further; `None` where its range or its place in it is not known.
    pub fn is_at_max(&self) -> Option<bool> {
        let (min, max, current) = (self.min?, self.max?, self.current?);
        Some(current >= max && max > min)
    }
}

impl Identified for ScalingPolicy {
    fn key(&self) -> &str {
        self.id.as_str()
    }
}
