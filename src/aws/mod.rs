//! F4: AWS itself. The only place that names an SDK crate.
//!
//! One file per service turns the SDK's types into the domain's. What they share is here: `login` (who we are),
//! `place` (one account in one region with its clients), `ask` (one question being answered: rates, counting, pages)
//! and `fault` (every way a call can fail, as one of a few classes). What changes something is in `act`, with clients of its own.

mod act;
mod advisories;
mod alarms;
mod ask;
mod balancers;
mod bill_cache;
mod builds;
mod caches;
mod clusters;
mod convert;
mod cost;
mod dashboards;
mod databases;
mod deployments;
mod fault;
mod functions;
mod github;
mod graph;
mod groups;
mod identity;
mod images;
mod instances;
mod login;
mod metric_names;
mod metrics;
mod mfa;
mod mutes;
mod pipelines;
mod place;
mod policies;
mod profiles;
mod query;
mod queues;
mod records;
mod repositories;
mod rota;
mod sources;
mod tasks;
mod timers;
mod topics;
mod traces;
mod trail;
mod zones;

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::domain::identity::MfaDevice;
use crate::domain::origin::Origin;
use crate::domain::scope::ScopeRef;
use crate::domain::text::Text;
use crate::world::feed::{Feed, Payload};
use crate::world::port::{About, Answer, BoxFuture, CloudError, FaultClass, FeedKey, Observe, SignIn, Usage};
use ask::Ask;
pub use github::{Budget, GitHub, Token};
use login::Login;
pub use login::{Endpoint, default_region};
use mfa::Device;
use place::{Place, Seen};
pub use profiles::{Profiles, shared_files};

/// What time it is: an argument, so that tests own it.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Every account and region the operator asked for.
pub struct Aws {
    places: HashMap<ScopeRef, Place>,
    /// In the order they were asked for.
    logins: Vec<Arc<Login>>,
    now: Now,
    /// Where pipelines take commits from, if it may be asked.
    github: Option<GitHub>,
    /// How long an answer to a call that changes something is waited for.
    patience: Duration,
}

impl Aws {
    /// `cache` is where answers that cost money are kept between sessions; nothing is kept without it.
    pub fn new(origins: &[Origin], profiles: &Profiles, endpoint: &Endpoint, cache: Option<&Path>, now: Now) -> Self {
        let http = login::http_client();
        let mut places = HashMap::new();
        let mut logins = Vec::new();
        let mut devices: HashMap<String, Arc<Device>> = HashMap::new();
        for origin in origins {
            let code = profiles.code_login(origin).map(|way| {
                let device = devices.entry(way.serial.clone());
                let device = device.or_insert_with(|| Arc::new(Device::new(way.serial.clone(), Arc::clone(&now))));
                (Arc::clone(device), way)
            });
            let login = Arc::new(Login::new(origin.clone(), endpoint.clone(), code, http.clone()));
            for scope in origin.scopes() {
                places.insert(Arc::clone(&scope), Place::new(scope, Arc::clone(&login), cache.map(Path::to_owned)));
            }
            logins.push(login);
        }
        Self { places, logins, now, github: None, patience: act::PATIENCE }
    }

    /// With a GitHub to ask for the commits that pipelines deliver.
    #[must_use]
    pub fn with_github(self, github: GitHub) -> Self {
        Self { github: Some(github), ..self }
    }

    /// The devices whose codes are wanted, each with the accounts behind it.
    pub fn devices(&self) -> Vec<MfaDevice> {
        let mut devices: Vec<MfaDevice> = Vec::new();
        for login in &self.logins {
            let Some((device, _)) = &login.code else { continue };
            let (serial, account) = (Text::new(&device.serial), Text::new(&login.origin.label()));
            match devices.iter_mut().find(|known| known.serial == serial) {
                Some(known) if known.accounts.contains(&account) => {}
                Some(known) => known.accounts.push(account),
                None => devices.push(MfaDevice { serial, accounts: vec![account] }),
            }
        }
        devices
    }

    async fn answer(&self, key: &FeedKey) -> Answer {
        let Some(place) = self.places.get(&key.scope) else {
            return Answer::of(Err(unknown_scope(key)), Usage::default());
        };
        if key.about == About::All {
            place.note(key.feed, Seen::Asking);
        }
        let (outcome, usage, gaps) =
            ask::answering(
                place,
                (self.now)(),
                |ask| async move { Box::pin(read(&ask, key, self.github.as_ref())).await },
            )
            .await;
        if key.about == About::All {
            place.note(key.feed, Seen::of(&outcome));
        }
        Answer { outcome, usage, gaps }
    }
}

/// One question, by the file that knows the service.
async fn read(ask: &Ask<'_>, key: &FeedKey, github: Option<&GitHub>) -> Result<Payload, CloudError> {
    if let About::Graph(graph) = &key.about {
        return Ok(Payload::Graphs(Arc::new(graph::graph(ask, graph).await?)));
    }
    macro_rules! list {
        ($variant:ident, $answer:expr) => {
            Ok(Payload::$variant(Arc::new($answer.await?)))
        };
    }
    match key.feed {
        Feed::Identity => list!(Identity, identity::identity(ask)),
        Feed::Alarms => list!(Alarms, alarms::alarms(ask)),
        Feed::AlarmHistory => list!(AlarmHistory, alarms::history(ask)),
        Feed::Metrics => list!(Metrics, metrics::metrics(ask)),
        Feed::MetricNames => list!(MetricNames, metric_names::names(ask)),
        Feed::Dashboards => list!(Dashboards, dashboards::dashboards(ask)),
        Feed::Balancers => list!(Balancers, balancers::balancers(ask)),
        Feed::Groups => list!(Groups, groups::groups(ask)),
        Feed::Policies => list!(Policies, policies::policies(ask)),
        Feed::Instances => list!(Instances, instances::instances(ask)),
        Feed::Clusters => list!(Clusters, clusters::clusters(ask)),
        Feed::Functions => list!(Functions, functions::functions(ask)),
        Feed::Databases => list!(Databases, databases::databases(ask)),
        Feed::DatabaseEvents => list!(DatabaseEvents, databases::events(ask)),
        Feed::Caches => list!(Caches, caches::caches(ask)),
        Feed::CacheEvents => list!(CacheEvents, caches::events(ask)),
        Feed::Queues => list!(Queues, queues::queues(ask)),
        Feed::Topics => list!(Topics, topics::topics(ask)),
        Feed::Timers => list!(Timers, timers::timers(ask)),
        Feed::Trail => list!(Trail, trail::trail(ask)),
        Feed::Advisories => list!(Advisories, advisories::advisories(ask)),
        Feed::Pipelines => list!(Pipelines, pipelines::pipelines(ask)),
        Feed::Deployments => list!(Deployments, deployments::deployments(ask)),
        Feed::Records => list!(Records, records::records(ask)),
        Feed::Builds => list!(Builds, builds::builds(ask)),
        Feed::Images => list!(Images, images::images(ask)),
        Feed::Repositories => list!(Repositories, repositories::repositories(ask, github)),
        Feed::ServiceMap => list!(ServiceMap, traces::service_map(ask)),
        Feed::Traces => list!(Traces, traces::traces(ask)),
        Feed::Spend => list!(Spend, cost::spend(ask)),
        feed => Err(CloudError {
            class: FaultClass::Unsupported,
            operation: feed.operation().into(),
            message: "this version does not read it yet".into(),
            missing: None,
        }),
    }
}

impl Observe for Aws {
    fn observe(&self, key: &FeedKey) -> BoxFuture<'_, Answer> {
        let key = key.clone();
        Box::pin(async move { self.answer(&key).await })
    }
}

impl SignIn for Aws {
    /// Any account behind the device will do: it is the same person's.
    fn enter<'a>(&'a self, device: &'a str, code: &'a str) -> BoxFuture<'a, Result<(), CloudError>> {
        Box::pin(async move {
            let is_its =
                |login: &&Arc<Login>| login.code.as_ref().is_some_and(|(known, _)| Text::new(&known.serial) == *device);
            match self.logins.iter().find(is_its) {
                Some(login) => login.enter(code).await,
                None => Err(CloudError::needs_code("sts:GetSessionToken", device)),
            }
        })
    }
}

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aws").field("places", &self.places.keys()).finish_non_exhaustive()
    }
}

fn unknown_scope(key: &FeedKey) -> CloudError {
    CloudError {
        class: FaultClass::Unsupported,
        operation: key.feed.operation().into(),
        message: format!("{} is not among the scopes asked for", key.scope).into(),
        missing: None,
    }
}
