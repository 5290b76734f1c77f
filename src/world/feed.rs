//! The feeds: every kind of question opscon asks, in one table.
//!
//! A row gives the feed its payload type, its place in [`Feeds`], the operations and IAM actions behind it, its
//! cadences and its price class. The scheduler, staleness, the detail pages and the fault wording all read this table.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::advisory::Advisory;
use crate::domain::alarm::{Alarm, AlarmTransition};
use crate::domain::api_call::ApiCall;
use crate::domain::autoscaling::{AutoScalingGroup, ScalingPolicy};
use crate::domain::backup::Backups;
use crate::domain::balancer::LoadBalancer;
use crate::domain::bucket::Bucket;
use crate::domain::build::Build;
use crate::domain::cache::{CacheEvent, CacheGroup};
use crate::domain::container::Cluster;
use crate::domain::dashboard::Dashboard;
use crate::domain::database::{Database, DatabaseEvent};
use crate::domain::delivery::{Deployment, ImageRepository, Pipeline};
use crate::domain::exercise::Exercise;
use crate::domain::function::Function;
use crate::domain::graphs::Graphs;
use crate::domain::identity::Identity;
use crate::domain::instance::Instance;
use crate::domain::list::List;
use crate::domain::logs::LogGroup;
use crate::domain::messaging::{Queue, Topic};
use crate::domain::metric::MetricSet;
use crate::domain::metric_name::MetricName;
use crate::domain::network::Vpc;
use crate::domain::recovery::FailoverRecord;
use crate::domain::security::{AccessReport, IamSummary, KmsKey, WebAcl};
use crate::domain::source::SourceRepository;
use crate::domain::spend::{Purchasing, Recommendation, Schedule, Spend};
use crate::domain::timer::Timer;
use crate::domain::trace::{ServiceNode, TraceSummary};
pub use crate::world::held::{Fault, Held, Merge, Status};
use crate::world::port::CloudError;

/// Where a feed is read, and whether by itself: in every region, once per account, or where somebody wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    Regional,
    Global,
    /// Never by itself: only what somebody looks at, in the region of that.
    Wanted,
    /// In every region and once per account, and only while somebody looks.
    Looked,
}

/// What asking costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Price {
    Free,
    /// 0.01 USD per 1,000 metrics (`GetMetricData`).
    PerMetric,
    /// 0.01 USD per request and page (Cost Explorer).
    PerRequest,
    /// By traces scanned (X-Ray), the first million a month free.
    PerScan,
}

impl Merge for Identity {}
impl Merge for IamSummary {}
impl Merge for AccessReport {}
impl Merge for Backups {}
impl Merge for Spend {}
impl Merge for Purchasing {}
impl Merge for Exercise {}

macro_rules! feeds {
    ($($(#[$doc:meta])* $variant:ident, $field:ident: $type:ty, $name:literal, $reach:ident, every $cadence:literal, focused $focused:literal, $price:ident, [$($action:literal),+];)+) => {
        /// A kind of question. Adding one is a row here; the compiler then lists every place that must answer it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Feed { $($(#[$doc])* $variant),+ }

        /// An answer, by kind.
        #[derive(Clone, Debug, Serialize)]
        #[serde(untagged)]
        pub enum Payload { $($variant(Arc<$type>)),+ }

        /// What is held of every feed in one scope.
        #[derive(Clone, Debug)]
        pub struct Feeds { $(pub $field: Held<$type>),+ }

        impl Default for Feeds {
            fn default() -> Self {
                Self { $($field: Held::nothing_of(Feed::$variant)),+ }
            }
        }

        impl Feed {
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name used in configuration, faults and reports.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            pub fn reach(self) -> Reach {
                match self { $(Self::$variant => Reach::$reach),+ }
            }

            /// How often it is read when nobody looks at it in particular.
            pub fn cadence(self) -> SignedDuration {
                SignedDuration::from_secs(match self { $(Self::$variant => $cadence),+ })
            }

            /// How often it is read while someone does.
            pub fn focused_cadence(self) -> SignedDuration {
                SignedDuration::from_secs(match self { $(Self::$variant => $focused),+ })
            }

            pub fn price(self) -> Price {
                match self { $(Self::$variant => Price::$price),+ }
            }

            /// The API operations behind it, as IAM names them.
            pub fn actions(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($action),+]),+ }
            }
        }

        impl Payload {
            /// True when the answer is that there is nothing of the kind.
            pub fn is_empty(&self) -> bool {
                match self { $(Self::$variant(value) => Merge::is_empty(&**value)),+ }
            }

            pub fn feed(&self) -> Feed {
                match self { $(Self::$variant(_) => Feed::$variant),+ }
            }
        }

        impl Feeds {
            /// Takes in an answer to `feed`. Returns whether anything but its age changed.
            pub fn apply(
                &mut self,
                feed: Feed,
                at: Timestamp,
                outcome: Result<Payload, CloudError>,
                gaps: Vec<CloudError>,
                next: Option<Timestamp>,
            ) -> bool {
                match outcome {
                    $(Ok(Payload::$variant(value)) => self.$field.replace(at, value, gaps, next),)+
                    Err(error) => match feed { $(Feed::$variant => self.$field.fail(at, error, next)),+ },
                }
            }

            /// Bytes, by estimate, that are held here and not in `other`.
            pub fn weight_beside(&self, other: Option<&Self>) -> usize {
                0 $(+ self.$field.weight_beside(other.map(|other| &other.$field)))+
            }

            pub fn status(&self, feed: Feed) -> Status<'_> {
                match feed { $(Feed::$variant => self.$field.status()),+ }
            }
        }
    };
}

feeds! {
    Alarms, alarms: List<Alarm>, "alarms", Regional, every 30, focused 15, Free,
        ["cloudwatch:DescribeAlarms", "cloudwatch:ListAlarmMuteRules", "cloudwatch:GetAlarmMuteRule"];
    AlarmHistory, alarm_history: List<AlarmTransition>, "alarm-history", Regional, every 60, focused 30, Free,
        ["cloudwatch:DescribeAlarmHistory"];
    Metrics, metrics: MetricSet, "metrics", Regional, every 60, focused 60, PerMetric,
        ["cloudwatch:GetMetricData"];
    /// The graphs somebody looks at.
    Graphs, graphs: Graphs<CloudError>, "graphs", Wanted, every 60, focused 60, PerMetric,
        ["cloudwatch:GetMetricData"];
    MetricNames, metric_names: List<MetricName>, "metric-names", Regional, every 1800, focused 300, Free,
        ["cloudwatch:ListMetrics"];
    Dashboards, dashboards: List<Dashboard>, "dashboards", Regional, every 900, focused 300, Free,
        ["cloudwatch:ListDashboards", "cloudwatch:GetDashboard"];
    Balancers, balancers: List<LoadBalancer>, "balancers", Regional, every 30, focused 10, Free,
        ["elasticloadbalancing:DescribeLoadBalancers", "elasticloadbalancing:DescribeTargetGroups",
         "elasticloadbalancing:DescribeTargetHealth", "elasticloadbalancing:DescribeTags",
         "elasticloadbalancing:DescribeListeners", "arc-zonal-shift:ListManagedResources",
         "ec2:DescribeAvailabilityZones"];
    Groups, groups: List<AutoScalingGroup>, "groups", Regional, every 30, focused 10, Free,
        ["autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeScalingActivities",
         "autoscaling:DescribeScheduledActions", "autoscaling:DescribeInstanceRefreshes"];
    Policies, policies: List<ScalingPolicy>, "policies", Regional, every 300, focused 60, Free,
        ["autoscaling:DescribePolicies", "application-autoscaling:DescribeScalingPolicies",
         "application-autoscaling:DescribeScalableTargets"];
    Instances, instances: List<Instance>, "instances", Regional, every 30, focused 15, Free,
        ["ec2:DescribeInstances", "ec2:DescribeInstanceStatus", "ec2:DescribeSpotInstanceRequests"];
    Clusters, clusters: List<Cluster>, "clusters", Regional, every 30, focused 10, Free,
        ["ecs:ListClusters", "ecs:DescribeClusters", "ecs:ListServices", "ecs:DescribeServices", "ecs:ListTasks",
         "ecs:DescribeTasks"];
    Functions, functions: List<Function>, "functions", Regional, every 120, focused 30, Free,
        ["lambda:ListFunctions", "lambda:ListAliases", "lambda:ListTags", "lambda:GetFunctionConcurrency",
         "lambda:ListProvisionedConcurrencyConfigs", "lambda:GetFunctionConfiguration", "lambda:GetAccountSettings"];
    Databases, databases: List<Database>, "databases", Regional, every 30, focused 15, Free,
        ["rds:DescribeDBInstances", "rds:DescribeDBClusters", "rds:DescribeGlobalClusters",
         "rds:DescribePendingMaintenanceActions", "rds:DescribeDBSnapshots", "rds:DescribeDBClusterSnapshots",
         "rds:DescribeDBInstanceAutomatedBackups"];
    DatabaseEvents, database_events: List<DatabaseEvent>, "database-events", Regional, every 60, focused 30, Free,
        ["rds:DescribeEvents"];
    Caches, caches: List<CacheGroup>, "caches", Regional, every 60, focused 15, Free,
        ["elasticache:DescribeReplicationGroups", "elasticache:DescribeCacheClusters",
         "elasticache:DescribeServerlessCaches"];
    CacheEvents, cache_events: List<CacheEvent>, "cache-events", Regional, every 60, focused 30, Free,
        ["elasticache:DescribeEvents"];
    Buckets, buckets: List<Bucket>, "buckets", Regional, every 900, focused 300, Free,
        ["s3:ListAllMyBuckets", "s3:GetEncryptionConfiguration", "s3:GetBucketPublicAccessBlock",
         "s3:GetBucketVersioning", "s3:GetReplicationConfiguration", "s3:GetLifecycleConfiguration"];
    Queues, queues: List<Queue>, "queues", Regional, every 30, focused 10, Free,
        ["sqs:ListQueues", "sqs:GetQueueAttributes", "sqs:ListMessageMoveTasks"];
    Topics, topics: List<Topic>, "topics", Regional, every 300, focused 60, Free,
        ["sns:ListTopics", "sns:ListSubscriptions", "sns:GetTopicAttributes"];
    Networks, networks: List<Vpc>, "networks", Regional, every 300, focused 60, Free,
        ["ec2:DescribeVpcs", "ec2:DescribeFlowLogs", "ec2:DescribeSubnets", "ec2:DescribeRouteTables",
         "ec2:DescribeInternetGateways", "ec2:DescribeNatGateways", "ec2:DescribeSecurityGroups",
         "ec2:DescribeNetworkAcls"];
    LogGroups, log_groups: List<LogGroup>, "log-groups", Regional, every 120, focused 60, Free,
        ["logs:DescribeLogGroups", "logs:FilterLogEvents"];
    ServiceMap, service_map: List<ServiceNode>, "service-map", Regional, every 120, focused 60, PerScan,
        ["xray:GetServiceGraph"];
    Traces, traces: List<TraceSummary>, "traces", Regional, every 300, focused 60, PerScan,
        ["xray:GetTraceSummaries"];
    Pipelines, pipelines: List<Pipeline>, "pipelines", Regional, every 30, focused 15, Free,
        ["codepipeline:ListPipelines", "codepipeline:GetPipeline", "codepipeline:GetPipelineState",
         "codepipeline:ListPipelineExecutions", "codepipeline:ListActionExecutions"];
    /// What CodeBuild ran for the pipelines.
    Builds, builds: List<Build>, "builds", Regional, every 60, focused 15, Free,
        ["codebuild:BatchGetBuilds", "codebuild:ListBuildsForProject", "codebuild:BatchGetReports",
         "codebuild:DescribeTestCases", "logs:GetLogEvents"];
    Images, images: List<ImageRepository>, "images", Regional, every 300, focused 60, Free,
        ["ecr:DescribeRepositories", "ecr:DescribeImages", "ecr:DescribeImageScanFindings"];
    Deployments, deployments: List<Deployment>, "deployments", Regional, every 30, focused 10, Free,
        ["codedeploy:ListDeployments", "codedeploy:BatchGetDeployments", "ecs:ListServiceDeployments",
         "ecs:DescribeServiceDeployments", "ecs:DescribeServiceRevisions", "ecs:DescribeTaskDefinition"];
    WebAcls, web_acls: List<WebAcl>, "web-acls", Regional, every 300, focused 60, Free,
        ["wafv2:ListWebACLs", "wafv2:GetWebACL", "wafv2:ListResourcesForWebACL", "wafv2:GetSampledRequests"];
    Keys, keys: List<KmsKey>, "keys", Regional, every 900, focused 300, Free,
        ["kms:ListKeys", "kms:DescribeKey", "kms:GetKeyRotationStatus", "kms:ListAliases"];
    Backups, backups: Backups, "backups", Regional, every 300, focused 60, Free,
        ["backup:ListBackupPlans", "backup:ListProtectedResources", "backup:ListBackupJobs",
         "backup:ListRecoveryPointsByBackupVault"];
    Purchasing, purchasing: Purchasing, "purchasing", Regional, every 21600, focused 21600, PerRequest,
        ["ec2:DescribeReservedInstances", "ce:GetReservationUtilization"];
    RightSizing, right_sizing: List<Recommendation>, "right-sizing", Regional, every 3600, focused 900, Free,
        ["compute-optimizer:GetEC2InstanceRecommendations"];
    Schedules, schedules: List<Schedule>, "schedules", Regional, every 120, focused 60, Free,
        ["scheduler:ListSchedules", "autoscaling:DescribeScheduledActions"];
    Timers, timers: List<Timer>, "timers", Regional, every 600, focused 120, Free,
        ["scheduler:ListSchedules", "scheduler:GetSchedule"];
    /// Two calls a second are for everybody in the account together, so that it is read gently, and for who looks.
    Trail, trail: List<ApiCall>, "trail", Looked, every 60, focused 60, Free,
        ["cloudtrail:LookupEvents"];
    Repositories, repositories: List<SourceRepository>, "repositories", Regional, every 60, focused 30, Free,
        ["codeconnections:GetConnection", "codecommit:GetBranch", "codecommit:GetCommit", "codecommit:ListPullRequests",
         "codecommit:GetPullRequest", "codecommit:EvaluatePullRequestApprovalRules",
         "codecommit:GetPullRequestApprovalStates"];
    Advisories, advisories: List<Advisory>, "advisories", Global, every 300, focused 60, Free,
        ["health:DescribeEvents", "health:DescribeEventDetails", "health:DescribeAffectedEntities"];
    Records, records: List<FailoverRecord>, "records", Global, every 60, focused 30, Free,
        ["route53:ListHostedZones", "route53:ListResourceRecordSets", "route53:ListHealthChecks",
         "route53:GetHealthCheckStatus"];
    Identity, identity: Identity, "identity", Global, every 900, focused 300, Free,
        ["sts:GetCallerIdentity", "ec2:DescribeRegions"];
    Iam, iam: IamSummary, "iam", Global, every 900, focused 300, Free,
        ["sts:GetCallerIdentity", "iam:GetAccountSummary", "iam:ListRoles", "iam:ListAttachedRolePolicies"];
    Access, access: AccessReport, "access", Global, every 900, focused 300, Free,
        ["access-analyzer:ListFindings", "iam:ListAccessKeys", "iam:GetAccessKeyLastUsed"];
    Spend, spend: Spend, "spend", Global, every 21600, focused 21600, PerRequest,
        ["ce:GetCostAndUsage", "ce:GetCostForecast", "ce:GetAnomalies", "sts:GetCallerIdentity"];
    /// Only the drill world answers this one.
    Exercise, exercise: Exercise, "exercise", Global, every 15, focused 15, Free,
        ["drill:Exercise"];
}

/// What this version reads from AWS. Every other feed is asked only of a drill, and the boxes that rest on it say so.
pub const READ_FROM_AWS: &[Feed] = &[
    Feed::Identity,
    Feed::Alarms,
    Feed::AlarmHistory,
    Feed::Metrics,
    Feed::Graphs,
    Feed::MetricNames,
    Feed::Dashboards,
    Feed::Balancers,
    Feed::Groups,
    Feed::Policies,
    Feed::Instances,
    Feed::Clusters,
    Feed::Functions,
    Feed::Databases,
    Feed::DatabaseEvents,
    Feed::Caches,
    Feed::CacheEvents,
    Feed::Queues,
    Feed::Topics,
    Feed::Timers,
    Feed::Trail,
    Feed::Advisories,
    Feed::Pipelines,
    Feed::Deployments,
    Feed::Records,
    Feed::Builds,
    Feed::Images,
    Feed::Repositories,
    Feed::ServiceMap,
    Feed::Traces,
    Feed::Spend,
];

/// The lists by which it is known which metrics there are to ask for.
pub const NAMING_METRICS: &[Feed] = &[
    Feed::Balancers,
    Feed::Groups,
    Feed::Clusters,
    Feed::Functions,
    Feed::Databases,
    Feed::Caches,
    Feed::Queues,
    Feed::Topics,
];

impl Feed {
    /// Whether metrics are asked by what it lists.
    pub fn names_metrics(self) -> bool {
        NAMING_METRICS.contains(&self)
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|feed| feed.name() == name)
    }

    /// Its cadence, or the pace its questions are put at where that is plainly slower. A tenth more is jitter.
    pub fn paced(self, pace: Option<SignedDuration>) -> SignedDuration {
        pace.filter(|pace| *pace > self.cadence().mul_f64(1.2)).unwrap_or(self.cadence())
    }

    /// The operation named first, standing for all of them where one must do.
    pub fn operation(self) -> &'static str {
        self.actions()[0]
    }
}

impl Serialize for Feed {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Feed {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::from_name(&name).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().map(|feed| feed.name()).collect();
            serde::de::Error::custom(format!("unknown feed `{name}`, expected one of {}", known.join(", ")))
        })
    }
}
