//! Load balancers, their target groups and the health of each target.

use serde::Serialize;

use crate::domain::list::Identified;
use crate::domain::scope::Environment;
use crate::domain::text::Text;
use crate::domain::zone::{Shifting, Zones};

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LoadBalancer {
    pub name: Text,
    pub arn: Text,
    /// `application`, `network` or `gateway`.
    pub kind: Text,
    pub environment: Environment,
    /// `active`, `active_impaired`, `provisioning`, `failed` ..., in AWS's spelling.
    pub state: Text,
    /// Why it is in that state, where AWS says.
    pub state_reason: Text,
    /// The value of the CloudWatch dimension: `app/name/id`, `net/name/id` or `gwy/name/id`.
    pub dimension: Text,
    pub target_groups: Vec<TargetGroup>,
    /// `None` where they are not read, or not yet.
    pub listeners: Option<Vec<Listener>>,
    /// Whether its traffic can be led away from a zone, and is; `None` where that could not be read.
    pub shifting: Option<Shifting>,
}

/// Where it listens, and what it does with what matches no rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Listener {
    /// A gateway balancer has none.
    pub port: Option<u16>,
    /// `HTTPS`, `TCP` and so on, in AWS's spelling; empty for a gateway balancer.
    pub protocol: Text,
    /// The groups it forwards to, each with its part.
    pub forwards: Vec<Forward>,
    /// What it does instead: `redirects to HTTPS:443 (301)`, `answers 503`.
    pub otherwise: Text,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Forward {
    /// The name of the target group.
    pub target_group: Text,
    /// Its part of the requests.
    pub percent: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TargetGroup {
    pub name: Text,
    /// The value of the CloudWatch dimension, `targetgroup/name/id`.
    pub dimension: Text,
    /// `None` where their health could not be read.
    pub targets: Option<Vec<Target>>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Target {
    pub id: Text,
    /// One machine may stand behind several ports. `None` where the drill or a Lambda function has none.
    pub port: Option<u16>,
    /// Empty where AWS does not say.
    pub zone: Text,
    pub health: TargetHealth,
    /// Why it is not healthy: `Health checks failed with these codes: [503]`.
    pub reason: Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TargetHealth {
    Initial,
    Healthy,
    Unhealthy,
    Draining,
    Unused,
    /// Nobody checks it, or the answer is not known.
    Unavailable,
}

impl LoadBalancer {
    /// Those whose health could be read.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        self.target_groups.iter().filter_map(|group| group.targets.as_ref()).flatten()
    }

    /// Whether the health of all its targets could be read.
    pub fn is_told(&self) -> bool {
        self.target_groups.iter().all(|group| group.targets.is_some())
    }

    /// Targets that should be healthy: all but those on their way out, and those nobody checks.
    pub fn expected(&self) -> usize {
        use TargetHealth::{Healthy, Initial, Unhealthy};
        self.targets().filter(|target| matches!(target.health, Initial | Healthy | Unhealthy)).count()
    }

    pub fn healthy(&self) -> usize {
        self.targets().filter(|target| target.health == TargetHealth::Healthy).count()
    }

    pub fn unhealthy(&self) -> usize {
        self.targets().filter(|target| target.health == TargetHealth::Unhealthy).count()
    }

    pub fn unchecked(&self) -> usize {
        self.targets().filter(|target| target.health == TargetHealth::Unavailable).count()
    }

    /// Its zones and what is led away from them, where that can be.
    pub fn zones(&self) -> Option<&Zones> {
        match &self.shifting {
            Some(Shifting::Enabled(zones)) => Some(zones),
            Some(Shifting::NotEnabled) | None => None,
        }
    }

    pub fn is_application(&self) -> bool {
        self.kind == "application"
    }
}

impl Identified for LoadBalancer {
    fn key(&self) -> &str {
        self.name.as_str()
    }
}
