//! The other half of the seam: what can be changed, one call at a time.
//!
//! A step is all there is to say in a call, so that a preview, the journal and the wire hold the same thing. What is no
//! row of this table cannot be done, and a console that holds no [`Act`] can do nothing of it.

mod call;
mod command;
mod rights;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use crate::domain::delivery::Bundle as Revision;
use crate::domain::scope::Scope;
use crate::domain::text::Text;
use crate::world::port::{BoxFuture, CloudError};

pub use call::{Call, Service, again, muted_at, muted_for};
pub use rights::{RIGHTS, RIGHTS_BESIDE, Right};

/// One call that changes something, with everything it says. Each is documented at
/// `https://docs.aws.amazon.com/…/API_<name>.html`; what is said here is what is not plain from there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "call")]
pub enum Step {
    /// Within the group's bounds. It does not wait for cooldowns: `HonorCooldown` is false unless it is said.
    SetDesiredCapacity {
        group: Text,
        desired: u32,
    },
    /// Bounds and size in one call, or the one would be refused by the other.
    UpdateAutoScalingGroup {
        group: Text,
        min: u32,
        desired: u32,
        max: u32,
    },
    SuspendProcesses {
        group: Text,
        processes: Vec<Text>,
    },
    ResumeProcesses {
        group: Text,
        processes: Vec<Text>,
    },
    /// Undoes an instance refresh that is under way.
    RollbackInstanceRefresh {
        group: Text,
    },
    /// Remembers something with the group itself.
    TagGroup {
        group: Text,
        key: Text,
        value: Text,
    },
    UntagGroup {
        group: Text,
        key: Text,
    },

    /// The size of a service. It starts no deployment.
    SetServiceCount {
        cluster: Text,
        service: Text,
        desired: u32,
    },
    /// Deploys a task definition that was there before, by its explicit revision.
    SetTaskDefinition {
        cluster: Text,
        service: Text,
        task_definition: Text,
    },
    /// Stops a deployment under way and goes back to what ran before.
    StopServiceDeployment {
        deployment: Text,
    },
    /// The bounds within which a service is scaled; its size is moved between them at once.
    RegisterScalableTarget {
        resource: Text,
        dimension: Text,
        min: u32,
        max: u32,
    },
    /// Remembers something with an ECS resource, by its ARN.
    TagEcs {
        resource: Text,
        key: Text,
        value: Text,
    },
    UntagEcs {
        resource: Text,
        key: Text,
    },

    StopInstances {
        instances: Vec<Text>,
    },
    StartInstances {
        instances: Vec<Text>,
    },
    /// Remembers something with each of them.
    TagInstances {
        instances: Vec<Text>,
        key: Text,
        value: Text,
    },
    UntagInstances {
        instances: Vec<Text>,
        key: Text,
    },

    /// With the class and the parameter group of its source.
    CreateReadReplica {
        source: Text,
        replica: Text,
    },
    /// A reader of an Aurora cluster. The tier says how soon it is taken in a failover, 15 last.
    CreateReader {
        cluster: Text,
        reader: Text,
        engine: Text,
        class: Text,
        tier: u32,
    },
    /// To the standby in another zone.
    RebootWithFailover {
        database: Text,
    },
    FailoverCluster {
        cluster: Text,
        target: Option<Text>,
    },
    /// Planned: nothing is lost. The target is the ARN of a cluster.
    SwitchoverGlobalCluster {
        global: Text,
        target: Text,
    },
    /// After a disaster: what was not copied is lost.
    FailoverGlobalCluster {
        global: Text,
        target: Text,
    },
    /// There is no way back.
    PromoteReadReplica {
        replica: Text,
        retention_days: u32,
    },
    StopDatabase {
        database: Text,
    },
    StartDatabase {
        database: Text,
    },
    StopCluster {
        cluster: Text,
    },
    StartCluster {
        cluster: Text,
    },
    /// Remembers something with an RDS resource, by its ARN.
    TagDatabase {
        resource: Text,
        key: Text,
        value: Text,
    },
    UntagDatabase {
        resource: Text,
        key: Text,
    },

    /// An absolute number for each shard, more than there are.
    IncreaseReplicaCount {
        group: Text,
        replicas: u32,
    },
    DecreaseReplicaCount {
        group: Text,
        replicas: u32,
    },
    TestFailover {
        group: Text,
        shard: Text,
    },

    /// Away from a zone, by its id (`euw1-az2`): names differ from account to account.
    StartZonalShift {
        resource: Text,
        away_from: Text,
        expires_in: Text,
        comment: Text,
    },
    CancelZonalShift {
        shift: Text,
    },
    /// A health check turned upside down makes DNS answer with the other record of a failover pair.
    InvertHealthCheck {
        check: Text,
        is_inverted: bool,
    },

    RollbackStage {
        pipeline: Text,
        stage: Text,
        execution: Text,
    },
    PutApprovalResult {
        pipeline: Text,
        stage: Text,
        action: Text,
        is_approved: bool,
        comment: Text,
        token: Text,
    },
    RetryStage {
        pipeline: Text,
        stage: Text,
        execution: Text,
    },
    /// What it has begun is let come to its end.
    StopExecution {
        pipeline: Text,
        execution: Text,
        reason: Text,
    },
    DisableTransition {
        pipeline: Text,
        stage: Text,
        reason: Text,
    },
    EnableTransition {
        pipeline: Text,
        stage: Text,
    },
    /// And roll back what it has changed.
    StopDeployment {
        deployment: Text,
    },
    /// The revision of an earlier deployment once more. CodeDeploy cannot be told to take it from there: it is said again, as
    /// `GetDeployment` tells it.
    Redeploy {
        application: Text,
        group: Text,
        deployment: Text,
        revision: Revision,
    },

    /// All calls of an alias to one version, if it is still what was seen.
    UpdateAlias {
        function: Text,
        alias: Text,
        version: Text,
        revision: Text,
    },

    /// Alarms go on being judged, and do nothing until then.
    PutAlarmMuteRule {
        rule: Text,
        alarms: Vec<Text>,
        from: Timestamp,
        lasts: SignedDuration,
    },
    DeleteAlarmMuteRule {
        rule: Text,
    },
    /// Messages go back where they came from, at most so many a second.
    StartMessageMoveTask {
        source: Text,
        per_second: u32,
    },
    CancelMessageMoveTask {
        task: Text,
    },
}

/// What came back. Accepted is not done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// For AWS support, and for CloudTrail.
    pub request_id: Option<Text>,
    /// What was made by it, where AWS names it: an execution, a deployment, a shift.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<Text>,
}

/// Changes. Whoever holds none only looks.
pub trait Act: Send + Sync {
    /// Sends the call, once. A call that may or may not have arrived is [`Sent::Perhaps`], and is never sent again.
    fn apply<'a>(&'a self, scope: &'a Scope, step: &'a Step) -> BoxFuture<'a, Result<Receipt, Sent>>;
}

/// Why there is no receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Sent {
    /// AWS said no, or the call never left: nothing was changed.
    #[error("{0}")]
    No(CloudError),
    /// It left, and what became of it is not known.
    #[error("sent, and not known to have arrived: {0}")]
    Perhaps(CloudError),
}

impl Step {
    /// As IAM names it.
    pub fn action(&self) -> String {
        self.call().action()
    }

    /// The same as a line for the `aws` command, to read, to keep or to run by hand.
    pub fn command(&self, region: &str) -> String {
        command::line(&self.call(), region)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_a_line_one_can_run_by_hand() {
        let step = Step::UpdateAutoScalingGroup { group: "web's $HOME".into(), min: 2, desired: 8, max: 12 };
        assert_eq!(
            step.command("eu-west-1"),
            r"aws autoscaling update-auto-scaling-group --region eu-west-1 --auto-scaling-group-name 'web'\''s $HOME' --desired-capacity 8 --max-size 12 --min-size 2"
        );
        let step = Step::SuspendProcesses { group: "web".into(), processes: vec!["Launch".into(), "Terminate".into()] };
        assert!(
            step.command("eu-west-1").ends_with("--auto-scaling-group-name web --scaling-processes Launch Terminate")
        );
        let step = Step::RebootWithFailover { database: "orders".into() };
        assert_eq!(
            step.command("eu-west-1"),
            "aws rds reboot-db-instance --region eu-west-1 --db-instance-identifier orders --force-failover"
        );
        let step = Step::UpdateAlias {
            function: "pay".into(),
            alias: "live".into(),
            version: "7".into(),
            revision: "r".into(),
        };
        assert_eq!(
            step.command("eu-west-1"),
            r#"aws lambda update-alias --region eu-west-1 --function-name pay --function-version 7 --name live --revision-id r --routing-config '{"AdditionalVersionWeights":{}}'"#
        );
    }

    #[test]
    fn a_step_is_read_back_as_it_was_written() {
        let step = Step::SetServiceCount { cluster: "prod".into(), service: "api".into(), desired: 4 };
        let json = serde_json::to_string(&step).unwrap();
        assert_eq!(json, r#"{"call":"SetServiceCount","cluster":"prod","service":"api","desired":4}"#);
        assert_eq!(serde_json::from_str::<Step>(&json).unwrap(), step);
    }
}
