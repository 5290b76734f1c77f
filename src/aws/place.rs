//! One account in one region: its clients, the pace it is asked at, and what it was seen to hold.

use std::any::Any;
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::{Region, SdkConfig};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use jiff::Timestamp;
use tokio::sync::Notify;

use super::act::Hands;
use super::ask::Watch;
use super::login::Login;
use super::rota::Rota;
use super::{builds, cost, deployments, functions, pipelines, records, repositories, traces, trail};
use crate::domain::alarm::Mute;
use crate::domain::balancer::Listener;
use crate::domain::delivery::ImageRepository;
use crate::domain::messaging::Move;
use crate::domain::scope::ScopeRef;
use crate::domain::timer::Timer;
use crate::world::feed::{Feed, Payload};
use crate::world::port::CloudError;

/// Calls a second we allow ourselves, by action or else by service: a part of what the account has for all its users
/// together. Where AWS publishes a rate it is named; elsewhere these are cautious.
const RATES: &[(&str, u32)] = &[
    // Three a second, fixed. <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html>
    ("cloudwatch:DescribeAlarmHistory", 1),
    // Nine a second.
    ("cloudwatch:DescribeAlarms", 5),
    // Fifty a second.
    ("cloudwatch:GetMetricData", 10),
    ("cloudwatch", 10),
    // A hundred at once and twenty a second, or half of that. <https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html>
    ("ec2", 10),
    ("elasticloadbalancing", 20),
    // Twenty a second for each group of reading actions. <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html>
    ("ecs", 15),
    // Fifteen a second for all that is no invocation. <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
    ("lambda", 8),
    ("sqs:ListMessageMoveTasks", 5),
    ("sqs", 50),
    ("sns", 20),
    // Five a second for all that the account asks of it.
    // <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html>
    ("route53", 2),
    // Ten a second of events. <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html>
    ("logs", 3),
    ("xray", 3),
    // Two a second, for everybody in the account and region. <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html>
    ("cloudtrail", 1),
    ("ce", 1),
];
const OTHERWISE: u32 = 8;

/// The region signed for where a service has none. <https://docs.aws.amazon.com/general/latest/gr/billing.html>
const GLOBAL_REGION: &str = "us-east-1";

macro_rules! clients {
    ($($field:ident: $krate:ident),+) => {
        /// A client for each service, all over one pool of connections.
        #[derive(Debug)]
        pub(super) struct Clients {
            $(pub $field: $krate::Client),+
        }

        impl Clients {
            /// Every place has retry budgets of its own: the SDK shares them by service and region otherwise, and one
            /// account that is throttled would use up those of all.
            fn new(sdk: &SdkConfig, partition: &str) -> Self {
                Self {
                    $($field: $krate::Client::from_conf(
                        $krate::config::Builder::from(sdk)
                            .retry_partition($krate::config::retry::RetryPartition::new(format!(
                                "{partition}/{}",
                                stringify!($field)
                            )))
                            .interceptor(Watch)
                            .build(),
                    )),+
                }
            }
        }
    };
}

clients! {
    application_autoscaling: aws_sdk_applicationautoscaling,
    autoscaling: aws_sdk_autoscaling,
    cloudtrail: aws_sdk_cloudtrail,
    cloudwatch: aws_sdk_cloudwatch,
    codedeploy: aws_sdk_codedeploy,
    codebuild: aws_sdk_codebuild,
    codecommit: aws_sdk_codecommit,
    codeconnections: aws_sdk_codeconnections,
    codepipeline: aws_sdk_codepipeline,
    cost: aws_sdk_costexplorer,
    ec2: aws_sdk_ec2,
    ecr: aws_sdk_ecr,
    ecs: aws_sdk_ecs,
    elasticache: aws_sdk_elasticache,
    elb: aws_sdk_elasticloadbalancingv2,
    health: aws_sdk_health,
    lambda: aws_sdk_lambda,
    logs: aws_sdk_cloudwatchlogs,
    rds: aws_sdk_rds,
    route53: aws_sdk_route53,
    scheduler: aws_sdk_scheduler,
    sns: aws_sdk_sns,
    sqs: aws_sdk_sqs,
    sts: aws_sdk_sts,
    xray: aws_sdk_xray,
    zonal_shift: aws_sdk_arczonalshift
}

#[derive(Debug)]
pub(super) struct Place {
    pub scope: ScopeRef,
    pub login: Arc<Login>,
    /// Where answers that cost money are kept between sessions.
    pub cache: Option<PathBuf>,
    clients: tokio::sync::Mutex<Option<Arc<Clients>>>,
    /// Made when something is to be changed for the first time.
    hands: tokio::sync::Mutex<Option<Arc<Hands>>>,
    pub pipelines: pipelines::Memory,
    pub deployments: deployments::Memory,
    pub records: records::Memory,
    pub traces: traces::Memory,
    pub spend: cost::Memory,
    limits: Mutex<HashMap<&'static str, Arc<DefaultDirectRateLimiter>>>,
    seen: Mutex<HashMap<Feed, Seen>>,
    settled: Notify,
    /// What was read of functions that costs a call for each.
    pub functions: Rota<functions::Known>,
    /// The listeners of each balancer, by its ARN; `None` where they may not be read.
    pub listeners: Rota<Option<Vec<Listener>>>,
    /// What is moved out of each dead letter queue, by its name; `None` where it may not be read.
    pub moves: Rota<Option<Vec<Move>>>,
    /// What each mute rule says, by its ARN.
    pub mutes: Rota<Mute>,
    pub images: Rota<ImageRepository>,
    pub builds: builds::Memory,
    /// The newest builds of each project, by id.
    pub build_ids: Rota<Vec<String>>,
    pub timers: Rota<Timer>,
    pub trail: trail::Memory,
    /// Branches at CodeCommit.
    pub branches: Rota<repositories::Known>,
    kept: Mutex<HashMap<&'static str, Kept>>,
}

/// Something one answer leaves for the next, and when it did.
type Kept = (Timestamp, Arc<dyn Any + Send + Sync>);

/// What is known of a list the metrics are asked by.
#[derive(Clone, Debug)]
pub(super) enum Seen {
    Asking,
    Failed(CloudError),
    Answered(Payload),
}

impl Place {
    pub fn new(scope: ScopeRef, login: Arc<Login>, cache: Option<PathBuf>) -> Self {
        Self {
            scope,
            login,
            cache,
            clients: tokio::sync::Mutex::default(),
            hands: tokio::sync::Mutex::default(),
            pipelines: pipelines::Memory::default(),
            deployments: deployments::Memory::default(),
            records: records::Memory::default(),
            traces: traces::Memory::default(),
            spend: cost::Memory::default(),
            limits: Mutex::default(),
            seen: Mutex::default(),
            settled: Notify::new(),
            functions: Rota::default(),
            listeners: Rota::default(),
            moves: Rota::default(),
            mutes: Rota::default(),
            images: Rota::default(),
            builds: builds::Memory::default(),
            build_ids: Rota::default(),
            timers: Rota::default(),
            trail: trail::Memory::default(),
            branches: Rota::default(),
            kept: Mutex::default(),
        }
    }

    /// Leaves something for the next answer.
    pub fn keep<T: Send + Sync + 'static>(&self, what: &'static str, at: Timestamp, value: Arc<T>) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(what, (at, value));
    }

    /// What an answer left, and when.
    pub fn kept<T: Send + Sync + 'static>(&self, what: &'static str) -> Option<(Timestamp, Arc<T>)> {
        let (at, value) = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(what)?.clone();
        Some((at, value.downcast().ok()?))
    }

    pub async fn clients(&self) -> Arc<Clients> {
        let mut clients = self.clients.lock().await;
        if let Some(clients) = &*clients {
            return Arc::clone(clients);
        }
        let made = Arc::new(Clients::new(&self.sdk().await, &self.scope.to_string()));
        *clients = Some(Arc::clone(&made));
        made
    }

    /// The clients that change something.
    pub async fn hands(&self, patience: Duration) -> Arc<Hands> {
        let mut hands = self.hands.lock().await;
        if let Some(hands) = &*hands {
            return Arc::clone(hands);
        }
        let made = Arc::new(Hands::new(&self.sdk().await, patience));
        *hands = Some(Arc::clone(&made));
        made
    }

    async fn sdk(&self) -> SdkConfig {
        let region = if self.scope.is_global() { self.global_region() } else { self.scope.region.as_str() };
        self.login.sdk().await.to_builder().region(Region::new(region.to_owned())).build()
    }

    /// China and the US government's cloud are partitions of their own, where credentials of elsewhere mean nothing.
    fn global_region(&self) -> &'static str {
        let first = self.login.origin.regions.first().map_or("", String::as_str);
        match first {
            _ if first.starts_with("cn-") => "cn-northwest-1",
            _ if first.starts_with("us-gov-") => "us-gov-west-1",
            _ => GLOBAL_REGION,
        }
    }

    /// After credentials failed: read them anew next time.
    pub async fn forget_login(&self) {
        self.login.forget().await;
        *self.clients.lock().await = None;
        *self.hands.lock().await = None;
    }

    /// Waits until a call of this action may go out.
    pub async fn turn(&self, action: &'static str) {
        let service = action.split(':').next().unwrap_or(action);
        let (key, rate) = RATES
            .iter()
            .find(|(key, _)| *key == action)
            .or_else(|| RATES.iter().find(|(key, _)| *key == service))
            .copied()
            .unwrap_or((service, OTHERWISE));
        let limiter = {
            let mut limits = self.limits.lock().unwrap_or_else(PoisonError::into_inner);
            let rate = NonZeroU32::new(rate).unwrap_or(NonZeroU32::MIN);
            Arc::clone(limits.entry(key).or_insert_with(|| {
                Arc::new(RateLimiter::direct(Quota::per_second(rate).allow_burst(rate.saturating_add(rate.get()))))
            }))
        };
        limiter.until_ready().await;
    }

    /// Notes how a question stands, for those that build on its answer.
    pub fn note(&self, feed: Feed, seen: Seen) {
        let mut all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match (all.get(&feed), &seen) {
            // What was answered once stays good enough while it is asked again or fails.
            (Some(Seen::Answered(_)), Seen::Asking | Seen::Failed(_)) => {}
            _ => {
                all.insert(feed, seen);
            }
        }
        drop(all);
        self.settled.notify_waiters();
    }

    /// The newest answer to a question, if there is one.
    pub fn seen(&self, feed: Feed) -> Option<Payload> {
        match self.seen.lock().unwrap_or_else(PoisonError::into_inner).get(&feed) {
            Some(Seen::Answered(payload)) => Some(payload.clone()),
            _ => None,
        }
    }

    /// Why nothing is known of any of these, if that is so: the first failure.
    pub fn none_answered(&self, feeds: &[Feed]) -> Option<CloudError> {
        let all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if feeds.iter().any(|feed| matches!(all.get(feed), Some(Seen::Answered(_)))) {
            return None;
        }
        feeds.iter().find_map(|feed| match all.get(feed) {
            Some(Seen::Failed(error)) => Some(error.clone()),
            _ => None,
        })
    }

    /// Waits until each of these was answered or failed once. One that nobody asks is waited for only a moment.
    pub async fn settle(&self, feeds: &[Feed]) {
        const UNASKED: Duration = Duration::from_millis(1_500);
        const ASKED: Duration = Duration::from_secs(25);
        let open = |also_unasked: bool| {
            let all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            feeds.iter().any(|feed| match all.get(feed) {
                None => also_unasked,
                Some(Seen::Asking) => true,
                Some(Seen::Failed(_) | Seen::Answered(_)) => false,
            })
        };
        for (also_unasked, patience) in [(true, UNASKED), (false, ASKED)] {
            let _ = tokio::time::timeout(patience, async {
                loop {
                    let changed = self.settled.notified();
                    if !open(also_unasked) {
                        return;
                    }
                    changed.await;
                }
            })
            .await;
        }
    }
}

impl Seen {
    pub fn of(outcome: &Result<Payload, CloudError>) -> Self {
        match outcome {
            Ok(payload) => Self::Answered(payload.clone()),
            Err(error) => Self::Failed(error.clone()),
        }
    }
}
