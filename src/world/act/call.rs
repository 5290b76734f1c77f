//! A step in the API's own terms: which operation of which service, and its input as the service's model names it.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};

use crate::domain::text::Text;
use crate::world::act::{Revision, Step};

/// What goes to AWS.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Call {
    pub service: Service,
    /// `SetDesiredCapacity`.
    pub operation: &'static str,
    /// An object with the members of the operation's input.
    pub input: Value,
}

/// Where a service goes by different names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Service {
    ApplicationAutoScaling,
    ArcZonalShift,
    AutoScaling,
    CloudWatch,
    CodeDeploy,
    CodePipeline,
    Ec2,
    Ecs,
    ElastiCache,
    Lambda,
    Rds,
    Route53,
    Sqs,
}

impl Service {
    /// In IAM, and in the service's model.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::ApplicationAutoScaling => "application-autoscaling",
            Self::ArcZonalShift => "arc-zonal-shift",
            Self::AutoScaling => "autoscaling",
            Self::CloudWatch => "cloudwatch",
            Self::CodeDeploy => "codedeploy",
            Self::CodePipeline => "codepipeline",
            Self::Ec2 => "ec2",
            Self::Ecs => "ecs",
            Self::ElastiCache => "elasticache",
            Self::Lambda => "lambda",
            Self::Rds => "rds",
            Self::Route53 => "route53",
            Self::Sqs => "sqs",
        }
    }

    /// After `aws`.
    pub fn command(self) -> &'static str {
        match self {
            Self::CodeDeploy => "deploy",
            other => other.prefix(),
        }
    }
}

impl Call {
    pub fn action(&self) -> String {
        format!("{}:{}", self.service.prefix(), self.operation)
    }
}

impl Step {
    /// What it is in the API's terms. The adapter sends exactly this, which is tested on the wire.
    pub fn call(&self) -> Call {
        let (service, operation, input) = self.parts();
        Call { service, operation, input }
    }

    fn parts(&self) -> (Service, &'static str, Value) {
        use Service::{
            ApplicationAutoScaling, ArcZonalShift, AutoScaling, CloudWatch, CodeDeploy, CodePipeline, Ec2, Ecs,
            ElastiCache, Lambda, Rds, Route53, Sqs,
        };
        match self {
            Self::SetDesiredCapacity { group, desired } => (
                AutoScaling,
                "SetDesiredCapacity",
                json!({ "AutoScalingGroupName": group, "DesiredCapacity": desired, "HonorCooldown": false }),
            ),
            Self::UpdateAutoScalingGroup { group, min, desired, max } => (
                AutoScaling,
                "UpdateAutoScalingGroup",
                json!({ "AutoScalingGroupName": group, "MinSize": min, "DesiredCapacity": desired, "MaxSize": max }),
            ),
            Self::SuspendProcesses { group, processes } => (
                AutoScaling,
                "SuspendProcesses",
                json!({ "AutoScalingGroupName": group, "ScalingProcesses": processes }),
            ),
            Self::ResumeProcesses { group, processes } => (
                AutoScaling,
                "ResumeProcesses",
                json!({ "AutoScalingGroupName": group, "ScalingProcesses": processes }),
            ),
            Self::RollbackInstanceRefresh { group } => {
                (AutoScaling, "RollbackInstanceRefresh", json!({ "AutoScalingGroupName": group }))
            }
            Self::TagGroup { group, key, value } => (
                AutoScaling,
                "CreateOrUpdateTags",
                json!({ "Tags": [{
                    "ResourceId": group, "ResourceType": "auto-scaling-group", "Key": key, "Value": value,
                    "PropagateAtLaunch": false,
                }] }),
            ),
            Self::UntagGroup { group, key } => (
                AutoScaling,
                "DeleteTags",
                json!({ "Tags": [{ "ResourceId": group, "ResourceType": "auto-scaling-group", "Key": key }] }),
            ),
            Self::SetServiceCount { cluster, service, desired } => {
                (Ecs, "UpdateService", json!({ "cluster": cluster, "service": service, "desiredCount": desired }))
            }
            Self::SetTaskDefinition { cluster, service, task_definition } => (
                Ecs,
                "UpdateService",
                json!({ "cluster": cluster, "service": service, "taskDefinition": task_definition }),
            ),
            Self::StopServiceDeployment { deployment } => {
                (Ecs, "StopServiceDeployment", json!({ "serviceDeploymentArn": deployment, "stopType": "ROLLBACK" }))
            }
            Self::RegisterScalableTarget { resource, dimension, min, max } => (
                ApplicationAutoScaling,
                "RegisterScalableTarget",
                json!({
                    "ServiceNamespace": "ecs", "ResourceId": resource, "ScalableDimension": dimension,
                    "MinCapacity": min, "MaxCapacity": max,
                }),
            ),
            Self::TagEcs { resource, key, value } => {
                (Ecs, "TagResource", json!({ "resourceArn": resource, "tags": [{ "key": key, "value": value }] }))
            }
            Self::UntagEcs { resource, key } => {
                (Ecs, "UntagResource", json!({ "resourceArn": resource, "tagKeys": [key] }))
            }
            Self::StopInstances { instances } => (Ec2, "StopInstances", json!({ "InstanceIds": instances })),
            Self::StartInstances { instances } => (Ec2, "StartInstances", json!({ "InstanceIds": instances })),
            Self::TagInstances { instances, key, value } => {
                (Ec2, "CreateTags", json!({ "Resources": instances, "Tags": [{ "Key": key, "Value": value }] }))
            }
            Self::UntagInstances { instances, key } => {
                (Ec2, "DeleteTags", json!({ "Resources": instances, "Tags": [{ "Key": key }] }))
            }
            Self::CreateReadReplica { source, replica } => (
                Rds,
                "CreateDBInstanceReadReplica",
                json!({ "DBInstanceIdentifier": replica, "SourceDBInstanceIdentifier": source }),
            ),
            Self::CreateReader { cluster, reader, engine, class, tier } => (
                Rds,
                "CreateDBInstance",
                json!({
                    "DBInstanceIdentifier": reader, "DBClusterIdentifier": cluster, "Engine": engine,
                    "DBInstanceClass": class, "PromotionTier": tier,
                }),
            ),
            Self::RebootWithFailover { database } => {
                (Rds, "RebootDBInstance", json!({ "DBInstanceIdentifier": database, "ForceFailover": true }))
            }
            Self::FailoverCluster { cluster, target } => {
                let mut input = json!({ "DBClusterIdentifier": cluster });
                if let Some(target) = target {
                    input["TargetDBInstanceIdentifier"] = json!(target);
                }
                (Rds, "FailoverDBCluster", input)
            }
            Self::SwitchoverGlobalCluster { global, target } => (
                Rds,
                "SwitchoverGlobalCluster",
                json!({ "GlobalClusterIdentifier": global, "TargetDbClusterIdentifier": target }),
            ),
            Self::FailoverGlobalCluster { global, target } => (
                Rds,
                "FailoverGlobalCluster",
                json!({
                    "GlobalClusterIdentifier": global, "TargetDbClusterIdentifier": target, "AllowDataLoss": true,
                }),
            ),
            Self::PromoteReadReplica { replica, retention_days } => (
                Rds,
                "PromoteReadReplica",
                json!({ "DBInstanceIdentifier": replica, "BackupRetentionPeriod": retention_days }),
            ),
            Self::StopDatabase { database } => (Rds, "StopDBInstance", json!({ "DBInstanceIdentifier": database })),
            Self::StartDatabase { database } => (Rds, "StartDBInstance", json!({ "DBInstanceIdentifier": database })),
            Self::StopCluster { cluster } => (Rds, "StopDBCluster", json!({ "DBClusterIdentifier": cluster })),
            Self::StartCluster { cluster } => (Rds, "StartDBCluster", json!({ "DBClusterIdentifier": cluster })),
            Self::TagDatabase { resource, key, value } => (
                Rds,
                "AddTagsToResource",
                json!({ "ResourceName": resource, "Tags": [{ "Key": key, "Value": value }] }),
            ),
            Self::UntagDatabase { resource, key } => {
                (Rds, "RemoveTagsFromResource", json!({ "ResourceName": resource, "TagKeys": [key] }))
            }
            Self::IncreaseReplicaCount { group, replicas } => (
                ElastiCache,
                "IncreaseReplicaCount",
                json!({ "ReplicationGroupId": group, "NewReplicaCount": replicas, "ApplyImmediately": true }),
            ),
            Self::DecreaseReplicaCount { group, replicas } => (
                ElastiCache,
                "DecreaseReplicaCount",
                json!({ "ReplicationGroupId": group, "NewReplicaCount": replicas, "ApplyImmediately": true }),
            ),
            Self::TestFailover { group, shard } => {
                (ElastiCache, "TestFailover", json!({ "ReplicationGroupId": group, "NodeGroupId": shard }))
            }
            Self::StartZonalShift { resource, away_from, expires_in, comment } => (
                ArcZonalShift,
                "StartZonalShift",
                json!({
                    "resourceIdentifier": resource, "awayFrom": away_from, "expiresIn": expires_in, "comment": comment,
                }),
            ),
            Self::CancelZonalShift { shift } => (ArcZonalShift, "CancelZonalShift", json!({ "zonalShiftId": shift })),
            Self::InvertHealthCheck { check, is_inverted } => {
                (Route53, "UpdateHealthCheck", json!({ "HealthCheckId": check, "Inverted": is_inverted }))
            }
            Self::RollbackStage { pipeline, stage, execution } => (
                CodePipeline,
                "RollbackStage",
                json!({ "pipelineName": pipeline, "stageName": stage, "targetPipelineExecutionId": execution }),
            ),
            Self::PutApprovalResult { pipeline, stage, action, is_approved, comment, token } => {
                let status = if *is_approved { "Approved" } else { "Rejected" };
                (
                    CodePipeline,
                    "PutApprovalResult",
                    json!({
                        "pipelineName": pipeline, "stageName": stage, "actionName": action,
                        "result": { "summary": comment, "status": status }, "token": token,
                    }),
                )
            }
            Self::RetryStage { pipeline, stage, execution } => (
                CodePipeline,
                "RetryStageExecution",
                json!({
                    "pipelineName": pipeline, "stageName": stage, "pipelineExecutionId": execution,
                    "retryMode": "FAILED_ACTIONS",
                }),
            ),
            Self::StopExecution { pipeline, execution, reason } => (
                CodePipeline,
                "StopPipelineExecution",
                json!({
                    "pipelineName": pipeline, "pipelineExecutionId": execution, "abandon": false, "reason": reason,
                }),
            ),
            Self::DisableTransition { pipeline, stage, reason } => (
                CodePipeline,
                "DisableStageTransition",
                json!({
                    "pipelineName": pipeline, "stageName": stage, "transitionType": "Inbound", "reason": reason,
                }),
            ),
            Self::EnableTransition { pipeline, stage } => (
                CodePipeline,
                "EnableStageTransition",
                json!({ "pipelineName": pipeline, "stageName": stage, "transitionType": "Inbound" }),
            ),
            Self::StopDeployment { deployment } => {
                (CodeDeploy, "StopDeployment", json!({ "deploymentId": deployment, "autoRollbackEnabled": true }))
            }
            Self::Redeploy { application, group, deployment, revision } => (
                CodeDeploy,
                "CreateDeployment",
                json!({
                    "applicationName": application, "deploymentGroupName": group,
                    "description": again(deployment), "revision": revision.member(),
                }),
            ),
            Self::UpdateAlias { function, alias, version, revision } => (
                Lambda,
                "UpdateAlias",
                json!({
                    "FunctionName": function, "Name": alias, "FunctionVersion": version,
                    // Without it a part of the calls would go on to the version of a canary.
                    "RoutingConfig": { "AdditionalVersionWeights": {} },
                    "RevisionId": revision,
                }),
            ),
            Self::PutAlarmMuteRule { rule, alarms, from, lasts } => {
                let (at, lasts) = (muted_at(*from), muted_for(*lasts));
                (
                    CloudWatch,
                    "PutAlarmMuteRule",
                    json!({
                        "Name": rule,
                        "Rule": { "Schedule": { "Expression": at, "Duration": lasts, "Timezone": "UTC" } },
                        "MuteTargets": { "AlarmNames": alarms },
                    }),
                )
            }
            Self::DeleteAlarmMuteRule { rule } => {
                (CloudWatch, "DeleteAlarmMuteRule", json!({ "AlarmMuteRuleName": rule }))
            }
            Self::StartMessageMoveTask { source, per_second } => (
                Sqs,
                "StartMessageMoveTask",
                json!({ "SourceArn": source, "MaxNumberOfMessagesPerSecond": per_second }),
            ),
            Self::CancelMessageMoveTask { task } => (Sqs, "CancelMessageMoveTask", json!({ "TaskHandle": task })),
        }
    }
}

impl Revision {
    fn member(&self) -> Value {
        match self {
            Self::S3 { bucket, key, bundle, version, etag } => {
                let mut place = json!({ "bucket": bucket, "key": key, "bundleType": bundle });
                for (name, value) in [("version", version), ("eTag", etag)] {
                    if let Some(value) = value {
                        place[name] = json!(value);
                    }
                }
                json!({ "revisionType": "S3", "s3Location": place })
            }
            Self::GitHub { repository, commit } => {
                json!({ "revisionType": "GitHub", "gitHubLocation": { "repository": repository, "commitId": commit } })
            }
        }
    }
}

/// What a deployment says of itself that repeats an earlier one.
pub fn again(deployment: &Text) -> String {
    format!("the revision of {deployment} again")
}

/// The beginning of a mute rule. Its own clock is UTC, to the minute.
pub fn muted_at(from: Timestamp) -> String {
    from.to_zoned(TimeZone::UTC).strftime("at(%Y-%m-%dT%H:%M)").to_string()
}

/// How long a mute rule lasts.
pub fn muted_for(lasts: SignedDuration) -> String {
    format!("PT{}M", lasts.as_mins())
}
