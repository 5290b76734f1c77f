//! What IAM is asked for each call: its action, and the resources it may be narrowed to.
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html>

/// The permission that one kind of call needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Right {
    /// `autoscaling:SetDesiredCapacity`.
    pub action: &'static str,
    /// The resources it is about, without the `arn:aws:` before them; none where IAM knows no single ones.
    pub on: &'static [&'static str],
}

const GROUP: &[&str] = &["autoscaling:*:*:autoScalingGroup:*:autoScalingGroupName/*"];
const SERVICE: &[&str] = &["ecs:*:*:service/*"];
const MACHINE: &[&str] = &["ec2:*:*:instance/*"];
const DATABASE: &[&str] = &["rds:*:*:db:*"];
const CLUSTER: &[&str] = &["rds:*:*:cluster:*"];
const DATABASE_OR_CLUSTER: &[&str] = &["rds:*:*:db:*", "rds:*:*:cluster:*"];
const WITH_ITS_GROUPS: &[&str] =
    &["rds:*:*:db:*", "rds:*:*:cluster:*", "rds:*:*:og:*", "rds:*:*:pg:*", "rds:*:*:subgrp:*"];
const GLOBAL_CLUSTER: &[&str] = &["rds:*:*:cluster:*", "rds::*:global-cluster:*"];
const CACHE: &[&str] = &["elasticache:*:*:replicationgroup:*"];
const BALANCER: &[&str] =
    &["elasticloadbalancing:*:*:loadbalancer/app/*/*", "elasticloadbalancing:*:*:loadbalancer/net/*/*"];
const STAGE: &[&str] = &["codepipeline:*:*:*/*"];
const QUEUE: &[&str] = &["sqs:*:*:*"];
const MUTE_RULE: &[&str] = &["cloudwatch:*:*:alarm-mute-rule:*"];

/// Every call that a [`Step`](super::Step) can be, once. Kept complete by a test.
pub const RIGHTS: &[Right] = &[
    Right {
        action: "application-autoscaling:RegisterScalableTarget",
        on: &["application-autoscaling:*:*:scalable-target/*"],
    },
    Right { action: "arc-zonal-shift:CancelZonalShift", on: BALANCER },
    Right { action: "arc-zonal-shift:StartZonalShift", on: BALANCER },
    Right { action: "autoscaling:CreateOrUpdateTags", on: GROUP },
    Right { action: "autoscaling:DeleteTags", on: GROUP },
    Right { action: "autoscaling:ResumeProcesses", on: GROUP },
    Right { action: "autoscaling:RollbackInstanceRefresh", on: GROUP },
    Right { action: "autoscaling:SetDesiredCapacity", on: GROUP },
    Right { action: "autoscaling:SuspendProcesses", on: GROUP },
    Right { action: "autoscaling:UpdateAutoScalingGroup", on: GROUP },
    Right { action: "cloudwatch:DeleteAlarmMuteRule", on: MUTE_RULE },
    // Of the rule, and of every alarm in it.
    Right {
        action: "cloudwatch:PutAlarmMuteRule",
        on: &["cloudwatch:*:*:alarm-mute-rule:*", "cloudwatch:*:*:alarm:*"],
    },
    Right { action: "codedeploy:CreateDeployment", on: &["codedeploy:*:*:deploymentgroup:*/*"] },
    Right { action: "codedeploy:StopDeployment", on: &[] },
    Right { action: "codepipeline:DisableStageTransition", on: STAGE },
    Right { action: "codepipeline:EnableStageTransition", on: STAGE },
    Right { action: "codepipeline:PutApprovalResult", on: &["codepipeline:*:*:*/*/*"] },
    Right { action: "codepipeline:RetryStageExecution", on: STAGE },
    Right { action: "codepipeline:RollbackStage", on: STAGE },
    Right { action: "codepipeline:StopPipelineExecution", on: &["codepipeline:*:*:*"] },
    Right { action: "ec2:CreateTags", on: MACHINE },
    Right { action: "ec2:DeleteTags", on: MACHINE },
    Right { action: "ec2:StartInstances", on: MACHINE },
    Right { action: "ec2:StopInstances", on: MACHINE },
    Right { action: "ecs:StopServiceDeployment", on: &["ecs:*:*:service/*", "ecs:*:*:service-deployment/*"] },
    Right { action: "ecs:TagResource", on: SERVICE },
    Right { action: "ecs:UntagResource", on: SERVICE },
    Right { action: "ecs:UpdateService", on: SERVICE },
    Right { action: "elasticache:DecreaseReplicaCount", on: CACHE },
    Right { action: "elasticache:IncreaseReplicaCount", on: CACHE },
    Right { action: "elasticache:TestFailover", on: CACHE },
    Right { action: "lambda:UpdateAlias", on: &["lambda:*:*:function:*"] },
    Right { action: "rds:AddTagsToResource", on: DATABASE_OR_CLUSTER },
    Right { action: "rds:CreateDBInstance", on: WITH_ITS_GROUPS },
    Right { action: "rds:CreateDBInstanceReadReplica", on: WITH_ITS_GROUPS },
    Right { action: "rds:FailoverDBCluster", on: CLUSTER },
    Right { action: "rds:FailoverGlobalCluster", on: GLOBAL_CLUSTER },
    Right { action: "rds:PromoteReadReplica", on: DATABASE },
    Right { action: "rds:RebootDBInstance", on: DATABASE },
    Right { action: "rds:RemoveTagsFromResource", on: DATABASE_OR_CLUSTER },
    Right { action: "rds:StartDBCluster", on: CLUSTER },
    Right { action: "rds:StartDBInstance", on: DATABASE },
    Right { action: "rds:StopDBCluster", on: CLUSTER },
    Right { action: "rds:StopDBInstance", on: DATABASE },
    Right { action: "rds:SwitchoverGlobalCluster", on: GLOBAL_CLUSTER },
    Right { action: "route53:UpdateHealthCheck", on: &["route53:::healthcheck/*"] },
    Right { action: "sqs:CancelMessageMoveTask", on: QUEUE },
    Right { action: "sqs:StartMessageMoveTask", on: QUEUE },
];

/// What AWS demands of whoever makes one of those calls, for what it then does in their name.
pub const RIGHTS_BESIDE: &[Right] = &[
    // `StartMessageMoveTask` takes messages from one queue and sends them to another. Queues under a key of KMS take
    // `kms:Decrypt` and `kms:GenerateDataKey` of that key too: which one, only its owner can say.
    Right { action: "sqs:DeleteMessage", on: QUEUE },
    Right { action: "sqs:GetQueueAttributes", on: QUEUE },
    Right { action: "sqs:ReceiveMessage", on: QUEUE },
    Right { action: "sqs:SendMessage", on: QUEUE },
];
