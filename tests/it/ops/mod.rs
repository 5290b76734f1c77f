//! Operations: what is planned, what is refused, and what the world makes of what was sent.

mod aurora;
mod data;
mod delivery;
mod dev;
mod region;
mod scale;
mod small;

use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use opscon::app::model::Model;
use opscon::app::msg::{Msg, Size, WorldSpec};
use opscon::app::update::update;
use opscon::drill::Drill;
use opscon::drill::scenario::Scenario;
use opscon::ops::plan::{Plan, Refusal};
use opscon::ops::{OPERATIONS, On, Params, Progress, Target, named};
use opscon::runtime::worlds::Opened;
use opscon::world::act::{Act, Sent};
use opscon::world::feed::{Feed, Payload};
use opscon::world::item::{ItemId, Kind};
use opscon::world::port::{Answer, FeedKey, Observation, Usage};

use crate::support::settings;

/// A drill whose time moves when it is told to, and a model that reads it.
pub struct Rehearsal {
    pub model: Model,
    pub drill: Arc<Drill>,
    now: Arc<Mutex<Timestamp>>,
}

impl Rehearsal {
    /// A scenario, so many minutes in, with everything read.
    pub fn of(scenario: &str, minutes: i64) -> Self {
        let opened = Opened::frozen(&WorldSpec::of(scenario)).unwrap();
        let model = Model::new(settings(), opened.session.clone(), Size { width: 120, height: 40 });
        Self::with(model, Scenario::shipped(scenario).unwrap().unwrap(), minutes)
    }

    /// A scenario as written, in the place of a shipped one.
    pub fn written(scenario: &str, text: &str, minutes: i64) -> Self {
        let opened = Opened::frozen(&WorldSpec::of(scenario)).unwrap();
        let model = Model::new(settings(), opened.session.clone(), Size { width: 120, height: 40 });
        Self::with(model, Scenario::parse(scenario, text).unwrap(), minutes)
    }

    fn with(model: Model, scenario: Scenario, minutes: i64) -> Self {
        let now = Arc::new(Mutex::new(scenario.start));
        let clock = Arc::clone(&now);
        let drill = Arc::new(Drill::new(scenario, 1, 0, Arc::new(move || *clock.lock().unwrap())));
        let mut rehearsal = Self { model, drill, now };
        rehearsal.live(minutes);
        rehearsal
    }

    /// Lets the company live for so many minutes, and reads everything again.
    pub fn live(&mut self, minutes: i64) {
        let now = *self.now.lock().unwrap() + SignedDuration::from_mins(minutes);
        *self.now.lock().unwrap() = now;
        let keys: Vec<FeedKey> = self.model.world.keys().collect();
        for key in keys {
            let answer = self.drill.answer(&key);
            let observation = Observation::of(key, now, answer, None);
            update(&mut self.model, now, Msg::Observed(Box::new(observation)));
        }
    }

    pub fn of_kind(&self, kind: Kind, name: &str) -> ItemId {
        let mut all = self.model.world.all_of(kind);
        let (place, item) = all.find(|(_, item)| *item.name() == *name).unwrap_or_else(|| panic!("no {name}"));
        ItemId { kind, place, id: item.id().clone() }
    }

    /// A thing by its name, or a scope as `acme-dev/eu-west-1`.
    pub fn target(&self, operation: &str, name: &str) -> Target {
        match named(operation).unwrap_or_else(|| panic!("no {operation}")).on {
            On::One(kind) => Target::One(self.of_kind(kind, name)),
            On::Scope => {
                let place = self.model.world.scopes().position(|scope| scope.to_string() == name);
                Target::Scope(place.unwrap_or_else(|| panic!("no {name}")))
            }
        }
    }

    pub fn plan(&self, operation: &str, target: &str, said: &[(&str, &str)]) -> Result<Plan, Refusal> {
        let target = self.target(operation, target);
        named(operation).unwrap().plan(&target, &params(said), &self.model.sight())
    }

    /// Sends every step of a plan, without asking anybody: what the executor does is tested elsewhere.
    pub fn send(&self, plan: &Plan) -> Result<(), Sent> {
        for step in &plan.steps {
            let sent = futures_util::FutureExt::now_or_never(self.drill.apply(&plan.scope, step));
            sent.expect("the drill answers at once")?;
        }
        Ok(())
    }

    pub fn progress(&self, plan: &Plan) -> Progress {
        named(plan.operation).unwrap().progress(plan, &self.model.sight())
    }

    /// Plans, sends, and lives on until it is reached; returns the plan and how many minutes that took.
    #[track_caller]
    pub fn carry_out(&mut self, operation: &str, target: &str, said: &[(&str, &str)]) -> (Plan, i64) {
        let plan = self.plan(operation, target, said).unwrap_or_else(|refusal| panic!("{operation}: {refusal}"));
        self.send(&plan).unwrap_or_else(|error| panic!("{operation}: {error}"));
        for minutes in 0..=plan.deadline.as_mins() {
            match self.progress(&plan) {
                Progress::Reached => return (plan, minutes),
                Progress::Failed(why) => panic!("{operation} failed: {why}"),
                Progress::Waiting(_) => self.live(1),
            }
        }
        panic!("{operation} was not reached: {:?}", self.progress(&plan));
    }

    /// Whether the scenario is mended.
    pub fn is_mended(&self) -> bool {
        self.model.exercise().is_some_and(|drill| drill.mended_at.is_some())
    }

    /// Lives on until the scenario is mended, for so many minutes at most.
    #[track_caller]
    pub fn live_until_mended(&mut self, minutes: i64) {
        for _ in 0..minutes {
            if self.is_mended() {
                return;
            }
            self.live(1);
        }
        panic!("not mended: {:?}", self.model.exercise().map(|drill| &drill.conditions));
    }
}

pub fn params(said: &[(&str, &str)]) -> Params {
    said.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The answer of a feed put in the place where a thing is.
pub fn observe(model: &mut Model, place: usize, feed: Feed, payload: Payload) {
    let key = FeedKey::all(feed, Arc::clone(&model.world.places()[place].scope));
    model.world.apply(Observation::of(key, model.now, Answer::of(Ok(payload), Usage::default()), None));
}

#[test]
fn operations_are_named_once_and_say_what_they_do() {
    let mut names: Vec<&str> = OPERATIONS.iter().map(|operation| operation.name).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
    for operation in OPERATIONS {
        assert!(!operation.doc.is_empty() && !operation.title.is_empty() && !operation.feeds.is_empty());
        assert!(operation.deadline > SignedDuration::ZERO);
    }
}

#[test]
fn a_surge_is_mended_by_scaling_what_is_at_its_limit() {
    let mut rehearsal = Rehearsal::of("traffic-surge", 8);
    rehearsal.carry_out("asg.scale", "web", &[("desired", "24"), ("max", "30")]);
    rehearsal.carry_out("ecs.scale", "prod", &[("service", "catalog"), ("desired", "30")]);
    rehearsal.carry_out("ecs.scale", "prod", &[("service", "checkout"), ("desired", "26")]);
    rehearsal.live_until_mended(25);
}
