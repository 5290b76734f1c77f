//! Opening a world: from its name to something that can be asked, and the clock it lives by.

#[cfg(feature = "aws")]
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use crate::app::model::{Changes, DrillSession, Session};
use crate::app::msg::WorldSpec;
use crate::app::settings::ScenarioCard;
#[cfg(feature = "aws")]
use crate::aws::{Aws, Endpoint, GitHub, Profiles, Token};
#[cfg(feature = "aws")]
use crate::config::rgb;
#[cfg(feature = "aws")]
use crate::domain::origin::Origin;
#[cfg(feature = "aws")]
use crate::domain::text::Text;
use crate::drill::scenario::{SHIPPED, Scenario, ScenarioError};
use crate::drill::{Drill, Now, company};
use crate::runtime::clock::Clock;
use crate::world::act::Act;
use crate::world::feed::Feed;
#[cfg(feature = "aws")]
use crate::world::feed::READ_FROM_AWS;
use crate::world::port::{FeedKey, Observe, SignIn};

/// A world, ready to be asked.
pub struct Opened {
    pub session: Session,
    pub clock: Clock,
    pub observe: Arc<dyn Observe>,
    /// Where codes are entered, if some account wants one.
    pub sign_in: Option<Arc<dyn SignIn>>,
    /// What changes this world; a console without only looks.
    pub act: Option<Arc<dyn Act>>,
    /// Whom to ask for faults on demand, where the world is a drill.
    pub drill: Option<Arc<Drill>>,
    /// What asking may cost in an hour at list price, in dollars; nothing is priced in a drill.
    pub budget: Option<f64>,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened").field("session", &self.session).finish_non_exhaustive()
    }
}

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("no scenario is called `{name}`{}\nscenarios: {}", did_you_mean(name), names().join(", "))]
    UnknownScenario { name: String },
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
}

impl Opened {
    /// Opens a drill that runs from now on.
    pub fn running(spec: &WorldSpec) -> Result<Self, OpenError> {
        let scenario = find(&spec.scenario)?;
        let start = scenario.start + spec.at;
        let clock = Clock::starting(start, spec.speed);
        Ok(Self::with(spec, scenario, clock, Arc::new(move || clock.now())))
    }

    /// Opens a drill that stands still at its moment, for a single look.
    pub fn frozen(spec: &WorldSpec) -> Result<Self, OpenError> {
        let scenario = find(&spec.scenario)?;
        let start = scenario.start + spec.at;
        Ok(Self::with(spec, scenario, Clock::starting(start, 1.0), Arc::new(move || start)))
    }

    fn with(spec: &WorldSpec, scenario: Scenario, clock: Clock, now: Now) -> Self {
        let session = Session {
            name: spec.name(),
            scopes: company::scopes(),
            feeds: Feed::ALL.iter().copied().collect(),
            opened_at: scenario.start + spec.at,
            failover: Some(company::failover_plan(scenario.start)),
            changes: Changes::default(),
            endpoint: None,
            devices: Vec::new(),
            colours: Vec::new(),
            drill: Some(DrillSession {
                spec: spec.clone(),
                title: scenario.title.clone(),
                story: scenario.story.trim().to_owned(),
            }),
        };
        let drill = Arc::new(Drill::new(scenario, spec.seed, spec.resources, now));
        let observe = Arc::clone(&drill) as Arc<dyn Observe>;
        let act = Some(Arc::clone(&drill) as Arc<dyn Act>);
        Self { session, clock, observe, sign_in: None, act, drill: Some(drill), budget: None }
    }

    /// Opens AWS, as whom and where the operator said.
    #[cfg(feature = "aws")]
    pub fn aws(
        origins: &[Origin],
        profiles: &Profiles,
        endpoint: &Endpoint,
        cache: Option<&Path>,
        max_usd_per_hour: f64,
        commits: Option<&crate::config::GitHub>,
    ) -> Self {
        let clock = Clock::wall();
        let mut aws = Aws::new(origins, profiles, endpoint, cache, Arc::new(move || clock.now()));
        if let Some(commits) = commits {
            aws = aws.with_github(github(commits, clock));
        }
        let aws = Arc::new(aws);
        let session = Session {
            name: "aws".into(),
            scopes: origins.iter().flat_map(Origin::scopes).collect(),
            feeds: READ_FROM_AWS.iter().copied().collect(),
            endpoint: endpoint.banner(),
            devices: aws.devices(),
            colours: origins
                .iter()
                .filter_map(|origin| Some((Text::new(&origin.label()), rgb(origin.colour.as_ref()?)?)))
                .collect(),
            opened_at: clock.now(),
            failover: None,
            changes: Changes::default(),
            drill: None,
        };
        let sign_in = Some(Arc::clone(&aws) as Arc<dyn SignIn>);
        let act = Some(Arc::clone(&aws) as Arc<dyn Act>);
        Self { session, clock, observe: aws, sign_in, act, drill: None, budget: Some(max_usd_per_hour) }
    }

    pub fn keys(&self) -> Vec<FeedKey> {
        self.session.world().keys().collect()
    }

    /// Those, and what is asked only while somebody looks.
    pub fn all_keys(&self) -> Vec<FeedKey> {
        let world = self.session.world();
        world.keys().chain(world.looked_keys(Feed::ALL)).collect()
    }

    pub fn at(&self) -> Timestamp {
        self.session.opened_at
    }
}

/// The GitHub that is asked, as the configuration and the environment have it.
#[cfg(feature = "aws")]
pub fn github(config: &crate::config::GitHub, clock: Clock) -> GitHub {
    let token = Token::find(&config.token_command, !config.api.is_empty());
    GitHub::new(&config.api, token, Arc::new(move || clock.now()))
}

/// The drills shipped, for the picker. One whose file is broken is left out here and named by its test.
pub fn scenario_cards() -> Vec<ScenarioCard> {
    SHIPPED
        .iter()
        .filter_map(|(name, text)| Scenario::parse(name, text).ok())
        .map(|scenario| ScenarioCard {
            name: scenario.name,
            title: scenario.title,
            story: scenario.story.trim().to_owned(),
        })
        .collect()
}

fn find(name: &str) -> Result<Scenario, OpenError> {
    match Scenario::shipped(name) {
        Some(scenario) => Ok(scenario?),
        None => Err(OpenError::UnknownScenario { name: name.to_owned() }),
    }
}

fn names() -> Vec<&'static str> {
    SHIPPED.iter().map(|(name, _)| *name).collect()
}

fn did_you_mean(name: &str) -> String {
    names()
        .into_iter()
        .map(|known| (strsim::jaro_winkler(name, known), known))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map_or_else(String::new, |(_, known)| format!("; did you mean `{known}`?"))
}
