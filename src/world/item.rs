//! Anything that has a name: one pointer to whatever it is, with what every room and the palette want to know of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::alarm::Alarm;
use crate::domain::autoscaling::AutoScalingGroup;
use crate::domain::balancer::LoadBalancer;
use crate::domain::board::BoxId;
use crate::domain::bucket::Bucket;
use crate::domain::cache::CacheGroup;
use crate::domain::container::Cluster;
use crate::domain::dashboard::Dashboard;
use crate::domain::database::Database;
use crate::domain::delivery::{Deployment, ImageRepository, Pipeline};
use crate::domain::function::Function;
use crate::domain::instance::Instance;
use crate::domain::list::List;
use crate::domain::logs::LogGroup;
use crate::domain::messaging::{Queue, Topic};
use crate::domain::metric_name::MetricName;
use crate::domain::scope::Environment;
use crate::domain::security::{KmsKey, WebAcl};
use crate::domain::spend::{Anomaly, Budget, ServiceSpend, Spend};
use crate::domain::text::Text;
use crate::domain::trace::{ServiceNode, TraceSummary};
use crate::world::feed::{Feed, Held};
use crate::world::strip::box_of;
use crate::world::{Place, World};

/// A feed's list, or one of the lists in its answer.
macro_rules! things {
    ($place:ident.feeds.$field:ident) => {
        $place.feeds.$field.shared()
    };
    ($place:ident.feeds.$field:ident.$part:ident) => {
        $place.feeds.$field.$part()
    };
}

macro_rules! items {
    ($($kind:ident, $field:ident $(.$part:ident)?: $type:ty, $feed:ident, $word:literal, $name:expr, $id:expr, $of:expr;)+) => {
        /// What kinds of things there are.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind { $($kind),+ }

        /// One thing, shared with the world it was read in.
        #[derive(Clone, Debug)]
        pub enum Item { $($kind(Arc<$type>)),+ }

        impl Kind {
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            /// `alarm`, `instance`: as it is called in the palette and in reports.
            pub fn word(self) -> &'static str {
                match self { $(Self::$kind => $word),+ }
            }

            /// The feed it is read by.
            pub fn feed(self) -> Feed {
                match self { $(Self::$kind => Feed::$feed),+ }
            }

            /// Name and id of everything of this kind in one place, without taking hold of any of it.
            pub fn visit(self, place: &Place, see: &mut dyn FnMut(&Text, &Text)) {
                match self {
                    $(Self::$kind => {
                        let name: fn(&$type) -> &Text = $name;
                        let id: fn(&$type) -> &Text = $id;
                        things!(place.feeds.$field $(.$part)?).for_each(|item| see(name(item), id(item)));
                    })+
                }
            }

            /// Everything of this kind in one place.
            pub fn in_place(self, place: &Place) -> Vec<Item> {
                match self {
                    $(Self::$kind => things!(place.feeds.$field $(.$part)?)
                        .map(|item| Item::$kind(Arc::clone(item)))
                        .collect()),+
                }
            }
        }

        impl Item {
            pub fn kind(&self) -> Kind {
                match self { $(Self::$kind(_) => Kind::$kind),+ }
            }

            /// What people call it.
            pub fn name(&self) -> &Text {
                match self { $(Self::$kind(item) => { let of: fn(&$type) -> &Text = $name; of(item) }),+ }
            }

            /// What AWS calls it, where that is another thing than the name.
            pub fn id(&self) -> &Text {
                match self { $(Self::$kind(item) => { let of: fn(&$type) -> &Text = $id; of(item) }),+ }
            }

            /// The box of the board it belongs to.
            pub fn of_box(&self) -> BoxId {
                match self { $(Self::$kind(item) => { let of: fn(&$type) -> BoxId = $of; of(item) }),+ }
            }

            /// Everything known of it, as JSON.
            pub fn json(&self) -> serde_json::Value {
                match self { $(Self::$kind(item) => serde_json::to_value(&**item).unwrap_or_default()),+ }
            }
        }
    };
}

items! {
    Alarm, alarms: Alarm, Alarms, "alarm", |it| &it.name, |it| &it.arn, box_of;
    Dashboard, dashboards: Dashboard, Dashboards, "dashboard", |it| &it.name, |it| &it.name, |_| BoxId::Dashboards;
    Balancer, balancers: LoadBalancer, Balancers, "balancer", |it| &it.name, |it| &it.dimension, |_| BoxId::LoadBalancer;
    Group, groups: AutoScalingGroup, Groups, "group", |it| &it.name, |it| &it.name, |_| BoxId::AutoScalingGroup;
    Instance, instances: Instance, Instances, "instance", |it| &it.name, |it| &it.id, |_| BoxId::Ec2Instances;
    Cluster, clusters: Cluster, Clusters, "cluster", |it| &it.name, |it| &it.name, |_| BoxId::EcsCluster;
    Function, functions: Function, Functions, "function", |it| &it.name, |it| &it.name, |_| BoxId::Lambda;
    Database, databases: Database, Databases, "database", |it| &it.id, |it| &it.id,
        |it| if it.is_primary() { BoxId::RdsPrimary } else { BoxId::ReadReplicas };
    Cache, caches: CacheGroup, Caches, "cache", |it| &it.id, |it| &it.id, |_| BoxId::Redis;
    Bucket, buckets: Bucket, Buckets, "bucket", |it| &it.name, |it| &it.name, |_| BoxId::S3Buckets;
    Queue, queues: Queue, Queues, "queue", |it| &it.name, |it| &it.name,
        |it| if it.is_dead_letter_queue() { BoxId::DeadLetterQueues } else { BoxId::SqsQueues };
    Topic, topics: Topic, Topics, "topic", |it| &it.name, |it| &it.arn, |_| BoxId::SnsTopics;
    LogGroup, log_groups: LogGroup, LogGroups, "log group", |it| &it.name, |it| &it.name, |_| BoxId::LogGroups;
    Pipeline, pipelines: Pipeline, Pipelines, "pipeline", |it| &it.name, |it| &it.name, |_| BoxId::CiTrigger;
    Deployment, deployments.newest: Deployment, Deployments, "deployment", |it| &it.target, |it| &it.id,
        |it| if it.environment == Environment::Staging { BoxId::Staging } else { BoxId::Production };
    Service, service_map: ServiceNode, ServiceMap, "service", |it| &it.name, |it| &it.id, |_| BoxId::XRay;
    Trace, traces: TraceSummary, Traces, "trace", |it| &it.id, |it| &it.id, |_| BoxId::TraceAnalysis;
    Bill, spend.whole: Spend, Spend, "bill", |it| &it.account, |it| &it.account, |_| BoxId::CostMonitoring;
    Cost, spend.services: ServiceSpend, Spend, "cost", |it| &it.name, |it| &it.name, |_| BoxId::CostMonitoring;
    Budget, spend.budgets: Budget, Spend, "budget", |it| &it.name, |it| &it.name, |_| BoxId::CostMonitoring;
    Anomaly, spend.anomalies: Anomaly, Spend, "anomaly", |it| &it.service, |it| &it.id, |_| BoxId::CostMonitoring;
    Images, images: ImageRepository, Images, "repository", |it| &it.name, |it| &it.name, |_| BoxId::RegistryPush;
    WebAcl, web_acls: WebAcl, WebAcls, "web ACL", |it| &it.name, |it| &it.name, |_| BoxId::Waf;
    Key, keys: KmsKey, Keys, "key", |it| &it.alias, |it| &it.id, |_| BoxId::KmsKeys;
    Metric, metric_names: MetricName, MetricNames, "metric", |it| &it.metric, |it| &it.id, |_| BoxId::CloudWatch;
}

/// The bill is one answer with lists in it.
impl Held<Spend> {
    fn services(&self) -> impl Iterator<Item = &Arc<ServiceSpend>> {
        self.value().into_iter().flat_map(|spend| spend.services.iter())
    }

    fn budgets(&self) -> impl Iterator<Item = &Arc<Budget>> {
        self.value().into_iter().flat_map(|spend| spend.budgets.iter())
    }

    fn anomalies(&self) -> impl Iterator<Item = &Arc<Anomaly>> {
        self.value().into_iter().flat_map(|spend| spend.anomalies.iter()).flat_map(|all| all.iter())
    }
}

/// A target has many deployments behind it; what can be looked at and taken back is the newest.
impl Held<List<Deployment>> {
    fn newest(&self) -> impl Iterator<Item = &Arc<Deployment>> {
        let mut newest: BTreeMap<(&Text, &Text, Option<&Text>), &Arc<Deployment>> = BTreeMap::new();
        for deploy in self.shared() {
            let known = newest.entry((&deploy.target, &deploy.kind, deploy.owner.as_ref())).or_insert(deploy);
            if (known.started, &known.id) < (deploy.started, &deploy.id) {
                *known = deploy;
            }
        }
        newest.into_values()
    }
}

impl Item {
    /// What it is for, where its tags or its account say so.
    pub fn environment(&self) -> Option<Environment> {
        match self {
            Self::Balancer(it) => Some(it.environment),
            Self::Group(it) => Some(it.environment),
            Self::Instance(it) => Some(it.environment),
            Self::Cluster(it) => Some(it.environment),
            Self::Function(it) => Some(it.environment),
            Self::Database(it) => Some(it.environment),
            Self::Cache(it) => Some(it.environment),
            Self::Bucket(it) => Some(it.environment),
            Self::Queue(it) => Some(it.environment),
            Self::Topic(it) => Some(it.environment),
            Self::LogGroup(it) => Some(it.environment),
            Self::Deployment(it) => Some(it.environment),
            Self::Alarm(_)
            | Self::Dashboard(_)
            | Self::Pipeline(_)
            | Self::Service(_)
            | Self::Trace(_)
            | Self::Bill(_)
            | Self::Cost(_)
            | Self::Budget(_)
            | Self::Anomaly(_)
            | Self::Images(_)
            | Self::WebAcl(_)
            | Self::Metric(_)
            | Self::Key(_) => None,
        }
    }
}

/// Which thing, for as long as it exists: where, and what it is called there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ItemId {
    pub kind: Kind,
    /// Position of its place in the world, which never changes while a world is open.
    pub place: usize,
    pub id: Text,
}

impl World {
    /// Everything of a kind, with the position of its place.
    pub fn all_of(&self, kind: Kind) -> impl Iterator<Item = (usize, Item)> {
        self.places()
            .iter()
            .enumerate()
            .flat_map(move |(place, at)| kind.in_place(at).into_iter().map(move |item| (place, item)))
    }

    pub fn find(&self, id: &ItemId) -> Option<Item> {
        id.kind.in_place(self.places().get(id.place)?).into_iter().find(|item| *item.id() == id.id)
    }
}
