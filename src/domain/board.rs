//! The board: every group, box and arrow of the system opscon watches, in reading order.
//!
//! The ids are stable: they are what `opscon status` prints, what scripts match on and what the configuration names.

use std::fmt;

use serde::{Serialize, Serializer};

use self::{BoxId as B, Group as G};

macro_rules! groups {
    ($($variant:ident, $id:literal, $title:literal, $label:literal, $short:literal, $within:expr;)+) => {
        /// A group of boxes. `AwsInfrastructure` holds six other groups and no box of its own.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Group { $($variant),+ }

        impl Group {
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id),+ }
            }

            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),+ }
            }

            /// The title where room is short, at most 18 cells.
            pub fn label(self) -> &'static str {
                match self { $(Self::$variant => $label),+ }
            }

            /// The title where room is shortest, at most 10 cells.
            pub fn short(self) -> &'static str {
                match self { $(Self::$variant => $short),+ }
            }

            pub fn within(self) -> Option<Self> {
                match self { $(Self::$variant => $within),+ }
            }
        }
    };
}

macro_rules! boxes {
    ($($variant:ident, $group:ident, $id:literal, $title:literal, $label:literal, $short:literal;)+) => {
        /// One of the 73 boxes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum BoxId { $($variant),+ }

        impl BoxId {
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id),+ }
            }

            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),+ }
            }

            /// The title where room is short, at most 16 cells.
            pub fn label(self) -> &'static str {
                match self { $(Self::$variant => $label),+ }
            }

            /// The title where room is shortest, at most 8 cells.
            pub fn short(self) -> &'static str {
                match self { $(Self::$variant => $short),+ }
            }

            pub fn group(self) -> Group {
                match self { $(Self::$variant => Group::$group),+ }
            }
        }
    };
}

groups! {
    DeveloperWorkflow, "developer-workflow", "Developer Workflow", "Developer workflow", "Developer", None;
    CiPipeline, "ci-pipeline", "CI Pipeline", "CI pipeline", "CI", None;
    CdPipeline, "cd-pipeline", "CD Pipeline", "CD pipeline", "CD", None;
    AwsInfrastructure, "aws-infrastructure", "AWS Infrastructure", "AWS infrastructure", "AWS", None;
    NetworkLayer, "network-layer", "Network Layer", "Network", "Network", Some(Group::AwsInfrastructure);
    ComputeLayer, "compute-layer", "Compute Layer", "Compute", "Compute", Some(Group::AwsInfrastructure);
    DataLayer, "data-layer", "Data Layer", "Data", "Data", Some(Group::AwsInfrastructure);
    MessagingLayer, "messaging-layer", "Messaging Layer", "Messaging", "Messaging", Some(Group::AwsInfrastructure);
    MonitoringLayer, "monitoring-layer", "Monitoring Layer", "Monitoring", "Monitoring", Some(Group::AwsInfrastructure);
    SecurityLayer, "security-layer", "Security Layer", "Security", "Security", Some(Group::AwsInfrastructure);
    DisasterRecovery, "disaster-recovery", "Disaster Recovery", "Disaster recovery", "Recovery", None;
    ScalingStrategy, "scaling-strategy", "Scaling Strategy", "Scaling", "Scaling", None;
    CostOptimization, "cost-optimization", "Cost Optimization", "Cost", "Cost", None;
}

boxes! {
    DevelopmentEnvironment, DeveloperWorkflow, "developer-workflow.development-environment", "Development Environment", "Dev environment", "Dev env";
    GitRepository, DeveloperWorkflow, "developer-workflow.git-repository", "Git Repository", "Git repository", "Git repo";
    PullRequests, DeveloperWorkflow, "developer-workflow.pull-request-process", "Pull Request Process", "Pull requests", "Pulls";
    CodeReview, DeveloperWorkflow, "developer-workflow.code-review", "Code Review", "Code review", "Review";
    CiTrigger, DeveloperWorkflow, "developer-workflow.ci-trigger", "CI Trigger", "CI trigger", "Trigger";
    Linting, CiPipeline, "ci-pipeline.code-linting", "Code Linting", "Linting", "Lint";
    UnitTests, CiPipeline, "ci-pipeline.unit-tests", "Unit Tests", "Unit tests", "Unit";
    IntegrationTests, CiPipeline, "ci-pipeline.integration-tests", "Integration Tests", "Integration", "Integr";
    SecurityScan, CiPipeline, "ci-pipeline.security-scanning", "Security Scanning", "Security scan", "Sec scan";
    BuildArtifact, CiPipeline, "ci-pipeline.build-artifact", "Build Artifact", "Artifact", "Artifact";
    DockerImage, CiPipeline, "ci-pipeline.docker-image-creation", "Docker Image Creation", "Docker image", "Image";
    RegistryPush, CiPipeline, "ci-pipeline.push-to-container-registry", "Push to Container Registry", "Registry push", "Registry";
    Staging, CdPipeline, "cd-pipeline.deploy-to-staging", "Deploy to Staging", "Staging", "Staging";
    StagingTests, CdPipeline, "cd-pipeline.staging-environment-tests", "Staging Environment Tests", "Staging tests", "StgTests";
    ApprovalGate, CdPipeline, "cd-pipeline.deployment-approval-gate", "Deployment Approval Gate", "Approval gate", "Approval";
    Production, CdPipeline, "cd-pipeline.deploy-to-production", "Deploy to Production", "Production", "Prod";
    SmokeTests, CdPipeline, "cd-pipeline.production-smoke-tests", "Production Smoke Tests", "Smoke tests", "Smoke";
    RollbackPlan, CdPipeline, "cd-pipeline.rollback-plan", "Rollback Plan", "Rollback plan", "Rollback";
    Vpc, NetworkLayer, "network-layer.virtual-private-cloud-vpc", "Virtual Private Cloud (VPC)", "VPC", "VPC";
    PublicSubnets, NetworkLayer, "network-layer.public-subnets", "Public Subnets", "Public subnets", "Public";
    PrivateSubnets, NetworkLayer, "network-layer.private-subnets", "Private Subnets", "Private subnets", "Private";
    InternetGateway, NetworkLayer, "network-layer.internet-gateway", "Internet Gateway", "Internet gateway", "Internet";
    NatGateway, NetworkLayer, "network-layer.nat-gateway", "NAT Gateway", "NAT gateway", "NAT";
    SecurityGroups, NetworkLayer, "network-layer.security-groups", "Security Groups", "Security groups", "SecGrps";
    NetworkAcls, NetworkLayer, "network-layer.network-acls", "Network ACLs", "Network ACLs", "ACLs";
    LoadBalancer, ComputeLayer, "compute-layer.application-load-balancer", "Application Load Balancer", "Load balancer", "ALB";
    AutoScalingGroup, ComputeLayer, "compute-layer.auto-scaling-group", "Auto Scaling Group", "Auto scaling", "ASG";
    Ec2Instances, ComputeLayer, "compute-layer.ec2-instances", "EC2 Instances", "EC2 instances", "EC2";
    EcsCluster, ComputeLayer, "compute-layer.ecs-cluster-alternative", "ECS Cluster (Alternative)", "ECS cluster", "ECS";
    DockerContainers, ComputeLayer, "compute-layer.docker-containers", "Docker Containers", "Containers", "Docker";
    Lambda, ComputeLayer, "compute-layer.aws-lambda-for-specific-tasks", "AWS Lambda (For specific tasks)", "Lambda", "Lambda";
    RdsPrimary, DataLayer, "data-layer.rds-mysql-primary", "RDS MySQL Primary", "MySQL primary", "MySQL";
    ReadReplicas, DataLayer, "data-layer.rds-read-replicas", "RDS Read Replicas", "Read replicas", "Replicas";
    AutomatedBackups, DataLayer, "data-layer.automated-backups", "Automated Backups", "Auto backups", "Backups";
    Redis, DataLayer, "data-layer.redis-elasticache", "Redis ElastiCache", "Redis", "Redis";
    CacheClusterNodes, DataLayer, "data-layer.cache-cluster-nodes", "Cache Cluster Nodes", "Cache nodes", "Nodes";
    S3Buckets, DataLayer, "data-layer.s3-buckets", "S3 Buckets", "S3 buckets", "S3";
    S3LifecycleRules, DataLayer, "data-layer.s3-lifecycle-rules", "S3 Lifecycle Rules", "S3 lifecycle", "S3 rules";
    SqsQueues, MessagingLayer, "messaging-layer.sqs-queues", "SQS Queues", "SQS queues", "SQS";
    DeadLetterQueues, MessagingLayer, "messaging-layer.dead-letter-queues", "Dead Letter Queues", "Dead letters", "DLQs";
    SnsTopics, MessagingLayer, "messaging-layer.sns-topics", "SNS Topics", "SNS topics", "SNS";
    TopicSubscribers, MessagingLayer, "messaging-layer.topic-subscribers", "Topic Subscribers", "Subscribers", "Subs";
    CloudWatch, MonitoringLayer, "monitoring-layer.cloudwatch", "CloudWatch", "CloudWatch", "CW";
    LogGroups, MonitoringLayer, "monitoring-layer.log-groups", "Log Groups", "Log groups", "Logs";
    Alarms, MonitoringLayer, "monitoring-layer.cloudwatch-alarms", "CloudWatch Alarms", "Alarms", "Alarms";
    Dashboards, MonitoringLayer, "monitoring-layer.monitoring-dashboards", "Monitoring Dashboards", "Dashboards", "Boards";
    XRay, MonitoringLayer, "monitoring-layer.aws-x-ray", "AWS X-Ray", "X-Ray", "X-Ray";
    TraceAnalysis, MonitoringLayer, "monitoring-layer.trace-analysis", "Trace Analysis", "Trace analysis", "Traces";
    IamRoles, SecurityLayer, "security-layer.iam-roles-policies", "IAM Roles & Policies", "IAM roles", "IAM";
    AccessControl, SecurityLayer, "security-layer.resource-access-control", "Resource Access Control", "Access control", "Access";
    KmsKeys, SecurityLayer, "security-layer.kms-keys", "KMS Keys", "KMS keys", "KMS";
    DataEncryption, SecurityLayer, "security-layer.data-encryption", "Data Encryption", "Encryption", "Encrypt";
    Waf, SecurityLayer, "security-layer.aws-waf", "AWS WAF", "WAF", "WAF";
    BackupStrategy, DisasterRecovery, "disaster-recovery.backup-strategy", "Backup Strategy", "Backup strategy", "Strategy";
    RegularBackups, DisasterRecovery, "disaster-recovery.regular-backups", "Regular Backups", "Backup jobs", "Jobs";
    MultiRegion, DisasterRecovery, "disaster-recovery.multi-region-strategy", "Multi-Region Strategy", "Multi-region", "Regions";
    FailoverPlan, DisasterRecovery, "disaster-recovery.region-failover-plan", "Region Failover Plan", "Failover plan", "Failover";
    Rpo, DisasterRecovery, "disaster-recovery.recovery-point-objective-rpo", "Recovery Point Objective (RPO)", "RPO", "RPO";
    Rto, DisasterRecovery, "disaster-recovery.recovery-time-objective-rto", "Recovery Time Objective (RTO)", "RTO", "RTO";
    AutoScalingPolicies, ScalingStrategy, "scaling-strategy.auto-scaling-policies", "Auto Scaling Policies", "Scaling policies", "Policies";
    ScaleOutTriggers, ScalingStrategy, "scaling-strategy.scale-out-triggers", "Scale Out Triggers", "Scale out", "ScaleOut";
    ScaleInTriggers, ScalingStrategy, "scaling-strategy.scale-in-triggers", "Scale In Triggers", "Scale in", "ScaleIn";
    DatabaseScaling, ScalingStrategy, "scaling-strategy.database-scaling", "Database Scaling", "Database scaling", "DB scale";
    ReadScaling, ScalingStrategy, "scaling-strategy.read-scaling-strategy", "Read Scaling Strategy", "Read scaling", "Reads";
    WriteScaling, ScalingStrategy, "scaling-strategy.write-scaling-strategy", "Write Scaling Strategy", "Write scaling", "Writes";
    Caching, ScalingStrategy, "scaling-strategy.caching-strategy", "Caching Strategy", "Caching", "Caching";
    MultiLevelCaching, ScalingStrategy, "scaling-strategy.multi-level-caching", "Multi-level Caching", "Cache levels", "Levels";
    RightSizing, CostOptimization, "cost-optimization.resource-right-sizing", "Resource Right-sizing", "Right-sizing", "Sizing";
    OnDemandInstances, CostOptimization, "cost-optimization.on-demand-instances", "On-demand Instances", "On-demand", "OnDemand";
    SpotInstances, CostOptimization, "cost-optimization.spot-instances-for-workers", "Spot Instances (For workers)", "Spot workers", "Spot";
    ReservedInstances, CostOptimization, "cost-optimization.reserved-instances", "Reserved Instances", "Reserved", "Reserved";
    AutoShutdown, CostOptimization, "cost-optimization.dev-test-auto-shutdown", "Dev/Test Auto-shutdown", "Auto-shutdown", "Shutdown";
    CostMonitoring, CostOptimization, "cost-optimization.cost-monitoring-alerting", "Cost Monitoring & Alerting", "Cost monitoring", "Cost";
}

impl BoxId {
    pub const COUNT: usize = Self::ALL.len();

    /// Position in [`BoxId::ALL`], for arrays with one place per box.
    pub fn index(self) -> usize {
        self as usize
    }

    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.id() == id)
    }

    /// Boxes an arrow leads to from this one.
    pub fn downstream(self) -> impl Iterator<Item = Self> {
        ARROWS.iter().filter_map(move |arrow| match (arrow.from, arrow.to) {
            (Node::Box(from), Node::Box(to)) if from == self => Some(to),
            _ => None,
        })
    }

    /// Boxes with an arrow to this one.
    pub fn upstream(self) -> impl Iterator<Item = Self> {
        ARROWS.iter().filter_map(move |arrow| match (arrow.from, arrow.to) {
            (Node::Box(from), Node::Box(to)) if to == self => Some(from),
            _ => None,
        })
    }
}

impl Group {
    /// The groups that hold boxes, in reading order.
    pub fn leaves() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|group| *group != Self::AwsInfrastructure)
    }

    pub fn boxes(self) -> impl Iterator<Item = BoxId> {
        BoxId::ALL.iter().copied().filter(move |id| id.group() == self)
    }
}

impl fmt::Display for BoxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}

impl Serialize for BoxId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

impl Serialize for Group {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

/// One end of an arrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Node {
    Box(BoxId),
    Group(Group),
}

/// What feeds what. A dashed arrow is a way back, not a way on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrow {
    pub from: Node,
    pub to: Node,
    pub dashed: bool,
}

impl Arrow {
    const fn between(from: BoxId, to: BoxId) -> Self {
        Self { from: Node::Box(from), to: Node::Box(to), dashed: false }
    }

    const fn between_groups(from: Group, to: Group) -> Self {
        Self { from: Node::Group(from), to: Node::Group(to), dashed: false }
    }

    const fn dashed(mut self) -> Self {
        self.dashed = true;
        self
    }
}

pub const ARROWS: &[Arrow] = &[
    Arrow::between(B::DevelopmentEnvironment, B::GitRepository),
    Arrow::between(B::GitRepository, B::PullRequests),
    Arrow::between(B::PullRequests, B::CodeReview),
    Arrow::between(B::CodeReview, B::CiTrigger),
    Arrow::between(B::CiTrigger, B::Linting),
    Arrow::between(B::Linting, B::UnitTests),
    Arrow::between(B::UnitTests, B::IntegrationTests),
    Arrow::between(B::IntegrationTests, B::SecurityScan),
    Arrow::between(B::SecurityScan, B::BuildArtifact),
    Arrow::between(B::BuildArtifact, B::DockerImage),
    Arrow::between(B::DockerImage, B::RegistryPush),
    Arrow::between(B::RegistryPush, B::Staging),
    Arrow::between(B::Staging, B::StagingTests),
    Arrow::between(B::StagingTests, B::ApprovalGate),
    Arrow::between(B::ApprovalGate, B::Production),
    Arrow::between(B::Production, B::SmokeTests),
    Arrow::between(B::RollbackPlan, B::Production).dashed(),
    Arrow::between(B::Vpc, B::PublicSubnets),
    Arrow::between(B::Vpc, B::PrivateSubnets),
    Arrow::between(B::InternetGateway, B::PublicSubnets),
    Arrow::between(B::PublicSubnets, B::NatGateway),
    Arrow::between(B::NatGateway, B::PrivateSubnets),
    Arrow::between(B::SecurityGroups, B::NetworkAcls),
    Arrow::between(B::LoadBalancer, B::AutoScalingGroup),
    Arrow::between(B::AutoScalingGroup, B::Ec2Instances),
    Arrow::between(B::AutoScalingGroup, B::EcsCluster),
    Arrow::between(B::EcsCluster, B::DockerContainers),
    Arrow::between(B::RdsPrimary, B::ReadReplicas),
    Arrow::between(B::RdsPrimary, B::AutomatedBackups),
    Arrow::between(B::Redis, B::CacheClusterNodes),
    Arrow::between(B::S3Buckets, B::S3LifecycleRules),
    Arrow::between(B::SqsQueues, B::DeadLetterQueues),
    Arrow::between(B::SnsTopics, B::TopicSubscribers),
    Arrow::between(B::CloudWatch, B::LogGroups),
    Arrow::between(B::CloudWatch, B::Alarms),
    Arrow::between(B::CloudWatch, B::Dashboards),
    Arrow::between(B::XRay, B::TraceAnalysis),
    Arrow::between(B::IamRoles, B::AccessControl),
    Arrow::between(B::KmsKeys, B::DataEncryption),
    Arrow::between(B::Waf, B::LoadBalancer),
    Arrow::between(B::BackupStrategy, B::RegularBackups),
    Arrow::between(B::MultiRegion, B::FailoverPlan),
    Arrow::between(B::Rpo, B::Rto),
    Arrow::between(B::AutoScalingPolicies, B::ScaleOutTriggers),
    Arrow::between(B::AutoScalingPolicies, B::ScaleInTriggers),
    Arrow::between(B::DatabaseScaling, B::ReadScaling),
    Arrow::between(B::DatabaseScaling, B::WriteScaling),
    Arrow::between(B::Caching, B::MultiLevelCaching),
    Arrow::between(B::RightSizing, B::OnDemandInstances),
    Arrow::between(B::RightSizing, B::SpotInstances),
    Arrow::between(B::RightSizing, B::ReservedInstances),
    Arrow::between(B::AutoShutdown, B::CostMonitoring),
    Arrow::between_groups(G::CdPipeline, G::AwsInfrastructure),
    Arrow::between_groups(G::AwsInfrastructure, G::DisasterRecovery),
    Arrow::between_groups(G::AwsInfrastructure, G::ScalingStrategy),
    Arrow::between_groups(G::AwsInfrastructure, G::CostOptimization),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_board_is_complete() {
        assert_eq!(Group::ALL.len(), 13);
        assert_eq!(BoxId::COUNT, 73);
        assert_eq!(ARROWS.len(), 56);
        assert_eq!(ARROWS.iter().filter(|arrow| arrow.dashed).count(), 1);
        assert!(Group::leaves().all(|group| group.boxes().count() > 0));
    }

    #[test]
    fn ids_are_unique_and_name_their_group() {
        for (position, id) in BoxId::ALL.iter().enumerate() {
            assert_eq!(id.index(), position);
            assert_eq!(BoxId::from_id(id.id()), Some(*id));
            assert!(id.id().starts_with(id.group().id()), "{id}");
        }
    }

    #[test]
    fn names_fit_the_room_promised_for_them() {
        for id in BoxId::ALL {
            assert!(id.label().chars().count() <= 16, "{id}");
            assert!(id.short().chars().count() <= 8, "{id}");
        }
        for group in Group::ALL {
            assert!(group.label().chars().count() <= 18, "{}", group.id());
            assert!(group.short().chars().count() <= 10, "{}", group.id());
        }
    }
}
