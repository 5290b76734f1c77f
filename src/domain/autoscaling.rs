//! EC2 Auto Scaling groups, their activities, and the policies that move them.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::domain::list::Identified;
use crate::domain::scope::Environment;
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
    /// Newest first.
    pub activities: Vec<Activity>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Member {
    pub instance: Text,
    pub zone: Text,
    /// `InService`, `Pending`, `Terminating:Wait` ..., in AWS's spelling.
    pub lifecycle: Text,
    pub healthy: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Activity {
    pub at: Timestamp,
    pub what: Text,
    pub cause: Text,
    /// `Successful`, `InProgress`, `Failed` ..., in AWS's spelling.
    pub status: Text,
}

impl AutoScalingGroup {
    pub fn in_service(&self) -> usize {
        self.members.iter().filter(|member| member.lifecycle == "InService" && member.healthy).count()
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
    pub name: Text,
    /// Group name, or `service/cluster/name` and the like.
    pub target: Text,
    pub environment: Environment,
    /// `TargetTrackingScaling`, `StepScaling` ..., in AWS's spelling.
    pub kind: Text,
    pub metric: Text,
    /// What target tracking holds the metric at, in the metric's own unit.
    pub target_value: f64,
    pub cooldown: SignedDuration,
    /// Name of the alarm that makes it scale out, and of the one that makes it scale in.
    pub out_alarm: Text,
    pub in_alarm: Text,
    pub min: u32,
    pub max: u32,
    pub current: u32,
}

impl Identified for ScalingPolicy {
    fn key(&self) -> &str {
        self.name.as_str()
    }
}
