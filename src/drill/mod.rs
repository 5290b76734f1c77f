//! F4: the embedded world: one company that lives, breaks, and can be mended.
//!
//! The same seed and scenario are the same world, to the byte, whoever asks and however often. Time comes in from
//! outside; the simulation only ever moves forward to it.

pub mod act;
mod alarm_table;
mod alarms;
mod band;
pub mod company;
mod database;
mod delivery;
mod dev;
mod evaluate;
mod events;
mod feeds;
mod fleet;
mod function;
mod gauges;
mod math;
mod noise;
mod past;
mod publish;
mod queue;
mod redis;
mod replace;
mod rollout;
pub mod scenario;
mod simulation;

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use crate::domain::graph::QueryWhat;
use crate::domain::text::Text;
use crate::drill::company::Site;
use crate::drill::scenario::{Fault, Happening, Scenario};
use crate::drill::simulation::Simulation;
use crate::world::feed::{Feed, Payload, Price};
use crate::world::port::{About, Answer, BoxFuture, CloudError, FaultClass, FeedKey, Observe, Usage};

/// Tells the drill what time it is in the drill.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A drill in progress.
pub struct Drill {
    simulation: Mutex<Simulation>,
    crowd: feeds::Crowd,
    now: Now,
}

impl std::fmt::Debug for Drill {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Drill").finish_non_exhaustive()
    }
}

impl Drill {
    /// A world of its own. `resources` idle instances are added to what the company has, to see how a console holds.
    pub fn new(scenario: Scenario, seed: u64, resources: usize, now: Now) -> Self {
        let start = scenario.start;
        Self {
            simulation: Mutex::new(Simulation::new(scenario, seed, now())),
            crowd: feeds::Crowd::new(resources, start),
            now,
        }
    }

    /// Breaks our view of one feed, everywhere, until it is cleared: the system itself is not touched.
    pub fn inject(&self, feed: Feed, class: FaultClass) {
        let fault = Fault { feed, class, region: None, lasts: None };
        self.with(|simulation| {
            let tick = simulation.tick;
            simulation.faults.retain(|(known, _, _)| known.feed != feed);
            simulation.apply(&Happening::Fault(fault), tick);
        });
    }

    /// Mends every fault of our view, those of the scenario too.
    pub fn clear_faults(&self) {
        self.with(|simulation| simulation.faults.clear());
    }

    /// Does something to the system now, as an operator or a tester would.
    pub fn act(&self, happening: &Happening) {
        self.with(|simulation| {
            let tick = simulation.tick;
            simulation.apply(happening, tick);
        });
    }

    /// Answers at once; the port's future is only a formality here.
    pub fn answer(&self, key: &FeedKey) -> Answer {
        let Some(site) = Site::of(&key.scope) else {
            return Answer::of(Err(unknown_scope(key)), Usage::default());
        };
        self.with(|simulation| {
            if let Some(class) = fault_on(simulation, key) {
                return Answer::of(Err(fault_of(class, key)), Usage { calls: 1, latency_ms: 900, micro_usd: 0 });
            }
            let payload = feeds::answer(simulation, &self.crowd, key, site);
            let usage = usage_of(simulation, key, &payload);
            Answer::of(Ok(payload), usage)
        })
    }

    /// Runs `task` on the world as it is now. A panic inside cannot leave the state torn: every step of it is plain data,
    /// so a poisoned lock is taken over.
    pub(in crate::drill) fn with<T>(&self, task: impl FnOnce(&mut Simulation) -> T) -> T {
        let now = (self.now)();
        let mut simulation = self.simulation.lock().unwrap_or_else(PoisonError::into_inner);
        simulation.advance_to(now);
        task(&mut simulation)
    }
}

impl Observe for Drill {
    fn observe(&self, key: &FeedKey) -> BoxFuture<'_, Answer> {
        let answer = self.answer(key);
        Box::pin(std::future::ready(answer))
    }
}

fn fault_on(simulation: &Simulation, key: &FeedKey) -> Option<FaultClass> {
    let tick = simulation.tick;
    simulation
        .faults
        .iter()
        .rev()
        .find(|(fault, from, until)| {
            fault.feed == key.feed
                && (*from..*until).contains(&tick)
                && fault.region.as_ref().is_none_or(|region| *region == key.scope.region)
        })
        .map(|(fault, _, _)| fault.class)
}

fn fault_of(class: FaultClass, key: &FeedKey) -> CloudError {
    let operation = Text::new(key.feed.operation());
    let (message, missing) = match class {
        FaultClass::Throttled => ("Rate exceeded".to_owned(), None),
        FaultClass::Denied => (format!("not authorized to perform {operation}"), Some(operation.clone())),
        FaultClass::Expired => ("the security token is expired".to_owned(), None),
        FaultClass::NotFound => ("no such resource".to_owned(), None),
        FaultClass::Internal => ("AWS answered 500 InternalFailure".to_owned(), None),
        FaultClass::Timeout => ("no answer within 10 s".to_owned(), None),
        FaultClass::Transport => (format!("connection to {} refused", key.scope.region), None),
        FaultClass::Malformed => ("the answer is not what the service sends".to_owned(), None),
        FaultClass::Unsupported => ("unknown operation".to_owned(), None),
    };
    CloudError { class, operation, message: message.into(), missing }
}

fn unknown_scope(key: &FeedKey) -> CloudError {
    CloudError {
        class: FaultClass::Unsupported,
        operation: key.feed.operation().into(),
        message: format!("the drill has no {}", key.scope).into(),
        missing: None,
    }
}

/// What the answer would have cost at AWS: a call for each operation, or only the first where there is nothing to look
/// into; a plausible latency; list prices.
fn usage_of(simulation: &Simulation, key: &FeedKey, payload: &Payload) -> Usage {
    let operations = key.feed.actions().len() as u32;
    let looked_into = if payload.is_empty() { 1 } else { operations };
    let (calls, micro_usd) = match (key.feed.price(), payload) {
        (_, Payload::Exercise(_)) => (0, 0),
        // A thousand instances to a page.
        (_, Payload::Instances(list)) => (looked_into + (list.len() / 1_000) as u32, 0),
        (Price::PerMetric, Payload::Graphs(_)) => {
            let About::Graph(ask) = &key.about else { return Usage::default() };
            let metrics = ask.queries.iter().filter(|query| matches!(query.what, QueryWhat::Metric(_))).count() as u32;
            (1, metrics * 10)
        }
        // 0.01 USD per 1,000 metrics, 500 to a call.
        (Price::PerMetric, Payload::Metrics(set)) => (1 + set.len() as u32 / 500, set.len() as u32 * 10),
        // 0.01 USD per request.
        (Price::PerRequest, _) => (looked_into, looked_into * 10_000),
        // 0.50 USD per million traces scanned, those of five minutes.
        (Price::PerScan, _) if payload.is_empty() => (1, 0),
        (Price::PerScan, _) => {
            let scanned = simulation.visitors * feeds::SAMPLED * 300.0;
            (operations, (scanned * 0.5) as u32)
        }
        _ => (looked_into, 0),
    };
    let latency = 38.0 + 90.0 * simulation.noise.of(key.feed.name()).unit(simulation.tick);
    Usage { calls, latency_ms: latency as u32, micro_usd }
}
