//! The company as AWS would describe it: one function per feed, from the simulation to the domain.

mod action_log;
mod builds;
mod chronicle;
pub(super) mod compute;
mod crowd;
mod delivery;
mod functions;
mod graph;
mod messaging;
mod money;
mod monitoring;
pub(super) mod network;
mod pipelines;
pub(super) mod recovery;
mod security;
pub(super) mod storage;

pub(in crate::drill) use pipelines::stage_of;

use std::sync::Arc;

pub(super) use crowd::Crowd;
pub(super) use monitoring::SAMPLED;

use crate::domain::exercise::Exercise;
use crate::domain::graphs::Graphs;
use crate::domain::identity::Identity;
use crate::domain::list::List;

use crate::domain::text::Text;
use crate::drill::company::Site;
use crate::drill::simulation::Simulation;
use crate::world::feed::{Feed, Payload};
use crate::world::port::{About, FeedKey};

pub(super) fn answer(simulation: &Simulation, crowd: &Crowd, key: &FeedKey, site: Site) -> Payload {
    let s = simulation;
    match key.feed {
        Feed::Alarms => {
            let all = s.alarms.answer(site, s.scenario.start, s.now());
            let mut all: Vec<Arc<_>> = all.into_iter().map(Arc::new).collect();
            if site == Site::Prod {
                all.extend(crowd.alarms());
            }
            Payload::Alarms(Arc::new(List::shared(all)))
        }
        Feed::AlarmHistory => Payload::AlarmHistory(list(s.alarms.history(site))),
        Feed::Metrics => Payload::Metrics(Arc::new(s.gauges.answer(site, s.minute(), s.scenario.start))),
        Feed::Graphs => Payload::Graphs(Arc::new(match &key.about {
            About::Graph(ask) => Graphs::one(Arc::clone(ask), graph::graph(s, site, ask)),
            About::All => Graphs::default(),
        })),
        Feed::MetricNames => Payload::MetricNames(list(s.gauges.names(site))),
        Feed::Dashboards => Payload::Dashboards(list(monitoring::dashboards(s, site))),
        Feed::Balancers => Payload::Balancers(list(compute::balancers(s, site))),
        Feed::Groups => Payload::Groups(list(compute::groups(s, site))),
        Feed::Policies => Payload::Policies(list(compute::policies(s, site))),
        Feed::Instances => {
            let mut all: Vec<Arc<_>> = compute::instances(s, site).into_iter().map(Arc::new).collect();
            if site == Site::Prod {
                all.extend(crowd.instances());
            }
            Payload::Instances(Arc::new(List::shared(all)))
        }
        Feed::Clusters => Payload::Clusters(list(compute::clusters(s, site))),
        Feed::Functions => Payload::Functions(list(functions::functions(s, site))),
        Feed::Databases => Payload::Databases(list(storage::databases(s, site))),
        Feed::DatabaseEvents => Payload::DatabaseEvents(list(storage::events(s, site))),
        Feed::Caches => Payload::Caches(list(storage::caches(s, site))),
        Feed::CacheEvents => Payload::CacheEvents(list(chronicle::cache_events(s, site))),
        Feed::Buckets => Payload::Buckets(list(storage::buckets(site))),
        Feed::Queues => Payload::Queues(list(messaging::queues(s, site))),
        Feed::Topics => Payload::Topics(list(messaging::topics(s, site))),
        Feed::Networks => Payload::Networks(list(network::networks(s, site))),
        Feed::LogGroups => Payload::LogGroups(list(monitoring::log_groups(s, site))),
        Feed::ServiceMap => Payload::ServiceMap(list(monitoring::service_map(s, site))),
        Feed::Traces => Payload::Traces(list(monitoring::traces(s, site))),
        Feed::Pipelines => Payload::Pipelines(list(pipelines::pipelines(s, site))),
        Feed::Builds => Payload::Builds(list(builds::builds(s, site))),
        Feed::Images => Payload::Images(list(delivery::images(s, site))),
        Feed::Deployments => Payload::Deployments(list(delivery::deployments(s, site))),
        Feed::WebAcls => Payload::WebAcls(list(security::web_acls(site))),
        Feed::Keys => Payload::Keys(list(security::keys(site))),
        Feed::Backups => Payload::Backups(Arc::new(recovery::backups(s, site))),
        Feed::Purchasing => Payload::Purchasing(Arc::new(money::purchasing(s, site))),
        Feed::RightSizing => Payload::RightSizing(list(money::right_sizing(site))),
        Feed::Schedules => Payload::Schedules(list(money::schedules(s, site))),
        Feed::Timers => Payload::Timers(list(chronicle::timers(site))),
        Feed::Trail => Payload::Trail(list(chronicle::trail(s, site))),
        Feed::Advisories => Payload::Advisories(list(chronicle::advisories(s, site))),
        Feed::Repositories => Payload::Repositories(list(delivery::repositories(s, site))),
        Feed::Records => Payload::Records(list(recovery::records(s, site))),
        Feed::Identity => Payload::Identity(Arc::new(Identity {
            account: site.account().into(),
            alias: Some(site.alias().into()),
            arn: format!("arn:aws:sts::{}:assumed-role/on-call/you", site.account()).into(),
            regions: Some(vec!["eu-central-1".into(), "eu-west-1".into(), "us-east-1".into()]),
        })),
        Feed::Iam => Payload::Iam(Arc::new(security::iam(site))),
        Feed::Access => Payload::Access(Arc::new(security::access(s, site))),
        Feed::Spend => Payload::Spend(Arc::new(money::spend(s, site))),
        Feed::Exercise => Payload::Exercise(Arc::new(exercise(s))),
    }
}

fn list<T>(items: Vec<T>) -> Arc<List<T>> {
    Arc::new(List::new(items))
}

fn exercise(s: &Simulation) -> Exercise {
    Exercise {
        scenario: s.scenario.name.as_str().into(),
        title: s.scenario.title.as_str().into(),
        broke_at: s.broke_at.map(|tick| s.at(tick)),
        mended_at: s.mended_at.map(|tick| s.at(tick)),
        conditions: s.conditions().into_iter().map(|(words, holds)| (Text::from(words), holds)).collect(),
        hints: s.scenario.hints.iter().map(|hint| Text::new(hint)).collect(),
        visits: s.toll.visits,
        lost: s.toll.lost,
    }
}
