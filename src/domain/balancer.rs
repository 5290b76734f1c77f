//! Application load balancers, their target groups and the health of each target.

use serde::Serialize;

use crate::domain::list::Identified;
use crate::domain::scope::Environment;
use crate::domain::text::Text;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LoadBalancer {
    pub name: Text,
    pub environment: Environment,
    /// `active`, `provisioning`, `failed` ..., in AWS's spelling.
    pub state: Text,
    /// The value of the CloudWatch dimension, `app/name/id`.
    pub dimension: Text,
    pub target_groups: Vec<TargetGroup>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TargetGroup {
    pub name: Text,
    /// The value of the CloudWatch dimension, `targetgroup/name/id`.
    pub dimension: Text,
    pub targets: Vec<Target>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Target {
    pub id: Text,
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
    Unavailable,
}

impl LoadBalancer {
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        self.target_groups.iter().flat_map(|group| &group.targets)
    }

    /// Targets that should serve: all but those on their way in or out.
    pub fn expected(&self) -> usize {
        self.targets().filter(|target| !matches!(target.health, TargetHealth::Draining | TargetHealth::Unused)).count()
    }

    pub fn healthy(&self) -> usize {
        self.targets().filter(|target| target.health == TargetHealth::Healthy).count()
    }

    pub fn unhealthy(&self) -> usize {
        self.targets()
            .filter(|target| matches!(target.health, TargetHealth::Unhealthy | TargetHealth::Unavailable))
            .count()
    }
}

impl Identified for LoadBalancer {
    fn key(&self) -> &str {
        self.name.as_str()
    }
}
