//! Scenarios: what goes wrong, when, and what "mended" means. One TOML file each, in `assets/scenarios/`.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::domain::text::Text;
use crate::drill::delivery::{GATE, STEPS};
use crate::world::feed::Feed;
use crate::world::port::FaultClass;

/// A file as written.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// From the file name.
    #[serde(skip)]
    pub name: String,
    pub title: String,
    /// What the operator is told at the start; not what is about to happen.
    pub story: String,
    /// When the first simulated minute begins.
    pub start: Timestamp,
    /// Standing imperfections, so that a world is not spotless apart from its one incident.
    #[serde(default)]
    pub flaws: Vec<Flaw>,
    #[serde(default)]
    pub hints: Vec<String>,
    #[serde(default, rename = "event")]
    pub events: Vec<Event>,
    pub mended: Mended,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flaw {
    /// A pull request nobody looks at.
    OldPullRequest,
    /// Two high findings in an image.
    HighFindings,
    /// The standby of the database was switched off shortly before.
    SingleZoneDatabase,
    /// A name in the world carries escape sequences, wide letters and bidi overrides.
    HostileNames,
}

/// One moment. Exactly one of the happenings must be given.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// After the start.
    pub at: SignedDuration,
    #[serde(default)]
    deploy: Option<Deploy>,
    #[serde(default)]
    push: Option<Push>,
    #[serde(default)]
    rollback: Option<Rollback>,
    #[serde(default)]
    offer: Option<Offer>,
    #[serde(default)]
    surge: Option<Surge>,
    #[serde(default)]
    scale: Option<Scale>,
    #[serde(default)]
    lose_primary: Option<LosePrimary>,
    #[serde(default)]
    restore_primary: Option<RestorePrimary>,
    #[serde(default)]
    poison: Option<Poison>,
    #[serde(default)]
    cure: Option<Cure>,
    #[serde(default)]
    redrive: Option<Redrive>,
    #[serde(default)]
    impair_zone: Option<ImpairZone>,
    #[serde(default)]
    withdraw: Option<Withdraw>,
    #[serde(default)]
    lose_region: Option<LoseRegion>,
    #[serde(default)]
    fail_over_region: Option<FailOverRegion>,
    #[serde(default)]
    launch: Option<Launch>,
    #[serde(default)]
    stop: Option<Stop>,
    #[serde(default)]
    fault: Option<Fault>,
}

/// What happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    Deploy(Deploy),
    Push(Push),
    Rollback(Rollback),
    Offer(Offer),
    Surge(Surge),
    Scale(Scale),
    LosePrimary(LosePrimary),
    RestorePrimary(RestorePrimary),
    Poison(Poison),
    Cure(Cure),
    Redrive(Redrive),
    ImpairZone(ImpairZone),
    Withdraw(Withdraw),
    LoseRegion(LoseRegion),
    FailOverRegion(FailOverRegion),
    Launch(Launch),
    Stop(Stop),
    Fault(Fault),
}

impl Happening {
    /// True for what a scenario does to the system, false for what mends it or only clouds our view of it.
    pub fn breaks(&self) -> bool {
        matches!(
            self,
            Self::Deploy(_)
                | Self::Surge(_)
                | Self::LosePrimary(_)
                | Self::Poison(_)
                | Self::ImpairZone(_)
                | Self::Withdraw(_)
                | Self::LoseRegion(_)
                | Self::Launch(_)
        )
    }
}

/// A rollout of a new version, with the faults it brings.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deploy {
    pub fleet: Text,
    pub version: Text,
    pub by: Text,
    pub message: Text,
    /// Share of requests it fails, 0 to 1.
    #[serde(default)]
    pub errors: f64,
    /// Work per request, as a multiple of the version before.
    #[serde(default = "as_before")]
    pub work: f64,
    /// A unit running it falls ill this long after it started.
    #[serde(default)]
    pub ill_after: Option<SignedDuration>,
    /// It stops replacing units after so many, and neither fails nor ends.
    #[serde(default)]
    pub stalls_after: Option<u32>,
    /// Its units never come into service, and this is what AWS says of them.
    #[serde(default)]
    pub never_starts: Option<Text>,
}

/// A commit that goes through the pipeline by itself, as far as it comes: at the most to its approval.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Push {
    pub fleet: Text,
    pub version: Text,
    pub by: Text,
    pub message: Text,
    /// The action it fails in, by name, such as `Unit-Tests`.
    #[serde(default)]
    pub fails_in: Option<Text>,
    /// The tests that fail there, or what is found where nothing is tested.
    #[serde(default)]
    pub failing: Vec<Text>,
    /// Tried again, it passes.
    #[serde(default)]
    pub flaky: bool,
    /// Its author does not try again: an operator has to.
    #[serde(default)]
    pub unattended: bool,
}

/// A new version comes to its approval, and waits there for an operator.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    pub fleet: Text,
    pub version: Text,
    pub by: Text,
    pub message: Text,
    /// The queue whose messages it can read, whatever is in them.
    #[serde(default)]
    pub cures: Option<Text>,
}

/// Back to the version before, rolling.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rollback {
    pub fleet: Text,
    pub by: Text,
}

/// More visitors.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Surge {
    /// At its height, as a multiple of the usual.
    pub factor: f64,
    /// How long it takes to get there, and to ebb away again.
    pub ramp: SignedDuration,
    pub hold: SignedDuration,
}

/// New limits for a fleet.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scale {
    pub fleet: Text,
    #[serde(default)]
    pub desired: Option<u32>,
    #[serde(default)]
    pub max: Option<u32>,
}

/// The host of the primary database fails.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LosePrimary {}

/// A primary serves again, after this long.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestorePrimary {
    pub takes: SignedDuration,
}

/// Messages nobody can process.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Poison {
    pub queue: Text,
    pub per_minute: f64,
}

/// The consumer can read them now, and none come any more.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cure {
    pub queue: Text,
}

/// Dead letters go back to the queue they came from.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redrive {
    pub queue: Text,
}

/// A zone in which a share of a fleet's requests fails, while its health checks do not.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImpairZone {
    pub fleet: Text,
    /// `eu-west-1b`; none to end it.
    #[serde(default)]
    pub zone: Option<Text>,
    /// Share of its requests that fail, 0 to 1.
    #[serde(default)]
    pub errors: f64,
}

/// Somebody else's service that a fleet calls is switched off. Every version fails from then on, but the one that is
/// written for what comes after it: there is nothing to go back to.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withdraw {
    pub fleet: Text,
    /// What the fleet is answered now, as it stands in its logs.
    pub answers: Text,
    /// Share of requests that need it, 0 to 1.
    pub errors: f64,
    /// The version that does without.
    pub but: Text,
}

/// Everything in the first region stops answering.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoseRegion {}

/// The second region takes over, after this long.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailOverRegion {
    pub takes: SignedDuration,
}

/// Instances nobody will stop.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Launch {
    pub count: u32,
    pub kind: Text,
    pub by: Text,
}

/// Stops every dev instance a launch started.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stop {
    pub by: Text,
}

/// Our own view fails: a feed answers with an error.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    pub feed: Feed,
    pub class: FaultClass,
    /// Every region when absent.
    #[serde(default)]
    pub region: Option<Text>,
    /// For ever when absent.
    #[serde(default, rename = "for")]
    pub lasts: Option<SignedDuration>,
}

/// When the operator may call it done.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mended {
    /// How long everything below must hold.
    pub held_for: SignedDuration,
    /// Alarms back in OK.
    #[serde(default)]
    pub alarms_ok: Vec<Text>,
    /// Versions nothing runs any more.
    #[serde(default)]
    pub gone: Vec<Text>,
    /// Dead letter queues emptied, or at least no longer growing.
    #[serde(default)]
    pub queues_steady: Vec<Text>,
    /// Most that dev may cost, in USD per day.
    #[serde(default)]
    pub dev_usd_per_day: Option<f64>,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ScenarioError {
    #[error("scenario `{name}`: {message}")]
    Syntax { name: String, message: String },
    #[error("scenario `{name}`: event {number} names {given} happenings, it needs exactly one")]
    Happenings { name: String, number: usize, given: usize },
    #[error("scenario `{name}`: event {number} is at {at}, before the one above it")]
    Order { name: String, number: usize, at: String },
    #[error("scenario `{name}`: event {number} fails in `{action}`, which is no action before the approval")]
    Action { name: String, number: usize, action: String },
}

/// Name and text of every scenario shipped, in the order the picker offers them.
pub const SHIPPED: &[(&str, &str)] = &[
    ("calm", include_str!("../../assets/scenarios/calm.toml")),
    ("bad-deploy", include_str!("../../assets/scenarios/bad-deploy.toml")),
    ("failing-gate", include_str!("../../assets/scenarios/failing-gate.toml")),
    ("flaky-test", include_str!("../../assets/scenarios/flaky-test.toml")),
    ("stuck-deploy", include_str!("../../assets/scenarios/stuck-deploy.toml")),
    ("traffic-surge", include_str!("../../assets/scenarios/traffic-surge.toml")),
    ("primary-loss", include_str!("../../assets/scenarios/primary-loss.toml")),
    ("poison-queue", include_str!("../../assets/scenarios/poison-queue.toml")),
    ("region-loss", include_str!("../../assets/scenarios/region-loss.toml")),
    ("runaway-dev", include_str!("../../assets/scenarios/runaway-dev.toml")),
];

impl Scenario {
    /// One of the scenarios shipped, or nothing by that name.
    pub fn shipped(name: &str) -> Option<Result<Self, ScenarioError>> {
        SHIPPED.iter().find(|(known, _)| *known == name).map(|(name, text)| Self::parse(name, text))
    }

    pub fn parse(name: &str, text: &str) -> Result<Self, ScenarioError> {
        let mut scenario: Self = toml::from_str(text)
            .map_err(|error| ScenarioError::Syntax { name: name.to_owned(), message: error.to_string() })?;
        name.clone_into(&mut scenario.name);
        let mut last = SignedDuration::MIN;
        for (position, event) in scenario.events.iter().enumerate() {
            let given = event.given().len();
            if given != 1 {
                return Err(ScenarioError::Happenings { name: name.to_owned(), number: position + 1, given });
            }
            if event.at < last {
                let at = format!("{:#}", event.at);
                return Err(ScenarioError::Order { name: name.to_owned(), number: position + 1, at });
            }
            last = event.at;
            let fails_in = event.push.as_ref().and_then(|push| push.fails_in.as_ref());
            if let Some(action) = fails_in.filter(|name| !STEPS[1..GATE].iter().any(|step| **name == *step.name)) {
                let action = action.to_string();
                return Err(ScenarioError::Action { name: name.to_owned(), number: position + 1, action });
            }
        }
        Ok(scenario)
    }
}

impl Event {
    /// What happens. A parsed scenario has exactly one in each event.
    pub fn happening(&self) -> Option<Happening> {
        self.given().into_iter().next()
    }

    fn given(&self) -> Vec<Happening> {
        [
            self.deploy.clone().map(Happening::Deploy),
            self.push.clone().map(Happening::Push),
            self.rollback.clone().map(Happening::Rollback),
            self.offer.clone().map(Happening::Offer),
            self.surge.clone().map(Happening::Surge),
            self.scale.clone().map(Happening::Scale),
            self.lose_primary.clone().map(Happening::LosePrimary),
            self.restore_primary.clone().map(Happening::RestorePrimary),
            self.poison.clone().map(Happening::Poison),
            self.cure.clone().map(Happening::Cure),
            self.redrive.clone().map(Happening::Redrive),
            self.impair_zone.clone().map(Happening::ImpairZone),
            self.withdraw.clone().map(Happening::Withdraw),
            self.lose_region.clone().map(Happening::LoseRegion),
            self.fail_over_region.clone().map(Happening::FailOverRegion),
            self.launch.clone().map(Happening::Launch),
            self.stop.clone().map(Happening::Stop),
            self.fault.clone().map(Happening::Fault),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

fn as_before() -> f64 {
    1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_scenario_loads_and_says_what_mended_means() {
        for (name, text) in SHIPPED {
            let scenario = Scenario::parse(name, text).unwrap_or_else(|error| panic!("{error}"));
            assert!(scenario.story.len() > 40, "{name} tells no story");
            assert!(*name == "calm" || !scenario.hints.is_empty(), "{name} has no hints");
            assert!(
                *name == "calm" || scenario.events.iter().filter_map(Event::happening).any(|h| h.breaks()),
                "{name}"
            );
        }
    }

    const HEAD: &str = "title='t'\nstory='s'\nstart='2026-03-10T14:00:00Z'\nmended={held_for='1m'}\n";

    #[test]
    fn mistakes_are_named_with_their_place() {
        let of = |tail: &str| Scenario::parse("x", &format!("{HEAD}{tail}")).unwrap_err().to_string();
        assert!(of("[[event]]\nat='1m'\ndeplay={}\n").contains("unknown field `deplay`"));
        let push = "[[event]]\nat='1m'\npush={fleet='web',version='v1',by='a',message='m',fails_in='Approve'}\n";
        assert!(of(push).contains("event 1 fails in `Approve`, which is no action before the approval"));
        assert!(of("[[event]]\nat='1m'\n").contains("event 1 names 0 happenings"));
        assert!(
            of("[[event]]\nat='2m'\nlose_region={}\n[[event]]\nat='1m'\nlose_region={}\n").contains("event 2 is at 1m")
        );
        assert!(of("[[event]]\nat='1m'\nfault={feed='alarm',class='denied'}\n").contains("unknown feed `alarm`"));
    }
}
