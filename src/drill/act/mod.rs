//! What an operator does to the company: each call, taken as AWS would take it. Accepted is not done: the world reacts in
//! its own time.

mod data;
pub(in crate::drill) mod delivery;
pub(super) mod dev;
mod messages;
mod rollback;
mod scale;
mod zones;

use crate::domain::scope::Scope;
use crate::domain::text::Text;
use crate::drill::Drill;
use crate::drill::company::Site;
use crate::drill::simulation::Simulation;
use crate::world::act::{Act, Receipt, Sent, Step};
use crate::world::port::{BoxFuture, CloudError, FaultClass};

/// What is done to the next calls instead of taking them, to see what becomes of whoever sent them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// Nothing arrives, and AWS says why.
    Refuse(FaultClass),
    /// It arrives, and the answer does not come back.
    LoseAnswer,
    /// It does not arrive, and nobody says so.
    Lose,
}

impl Drill {
    /// Lets the next call meet with a mishap. Several are met in turn.
    pub fn mishap(&self, mishap: Mishap) {
        self.with(|simulation| simulation.mishaps.push_back(mishap));
    }

    /// Every call taken so far, in order, with the place it was sent to.
    pub fn taken(&self) -> Vec<(Site, Step)> {
        self.with(|simulation| simulation.taken.iter().map(|(_, site, step)| (*site, step.clone())).collect())
    }

    fn take(&self, scope: &Scope, step: &Step) -> Result<Receipt, Sent> {
        let error = |class, message: &str| CloudError {
            class,
            operation: step.action().into(),
            message: message.into(),
            missing: (class == FaultClass::Denied).then(|| step.action().into()),
        };
        let Some(site) = Site::of(scope) else {
            return Err(Sent::No(error(FaultClass::Unsupported, "the drill has no such place")));
        };
        self.with(|simulation| {
            let mishap = simulation.mishaps.pop_front();
            match mishap {
                Some(Mishap::Refuse(class)) => return Err(Sent::No(error(class, refusal(class)))),
                Some(Mishap::Lose) => return Err(Sent::Perhaps(error(FaultClass::Timeout, "no answer within 10 s"))),
                Some(Mishap::LoseAnswer) | None => {}
            }
            if simulation.home_lost.is_some() && site == Site::Prod {
                return Err(Sent::Perhaps(error(FaultClass::Timeout, "no answer within 10 s")));
            }
            let receipt =
                take(simulation, site, step).map_err(|trouble| Sent::No(error(trouble.class, &trouble.words)))?;
            simulation.taken.push((simulation.tick, site, step.clone()));
            if mishap == Some(Mishap::LoseAnswer) {
                return Err(Sent::Perhaps(error(FaultClass::Timeout, "no answer within 10 s")));
            }
            Ok(receipt)
        })
    }
}

impl Act for Drill {
    fn apply<'a>(&'a self, scope: &'a Scope, step: &'a Step) -> BoxFuture<'a, Result<Receipt, Sent>> {
        let outcome = self.take(scope, step);
        Box::pin(std::future::ready(outcome))
    }
}

/// Why the company's AWS does not take a call.
#[derive(Debug)]
struct Trouble {
    class: FaultClass,
    words: String,
}

impl Trouble {
    /// It is in no state for this, or not a value it can have.
    fn invalid(words: impl Into<String>) -> Self {
        Self { class: FaultClass::Malformed, words: words.into() }
    }

    fn unknown(what: &str, name: &Text) -> Self {
        Self { class: FaultClass::NotFound, words: format!("{what} {name} not found") }
    }
}

/// Asked in turn; the family a call belongs to answers it.
type Family = fn(&mut Simulation, Site, &Step) -> Option<Result<(), Trouble>>;

const FAMILIES: &[Family] =
    &[scale::take, delivery::take, rollback::take, data::take, dev::take, messages::take, zones::take];

fn take(simulation: &mut Simulation, site: Site, step: &Step) -> Result<Receipt, Trouble> {
    let taken = FAMILIES.iter().find_map(|family| family(simulation, site, step));
    taken.unwrap_or_else(|| {
        Err(Trouble { class: FaultClass::Unsupported, words: "the drill's company has nothing of the kind".into() })
    })?;
    let number = simulation.taken.len() as i64;
    let request = simulation.noise.of("request").hex(number, 32);
    Ok(Receipt { request_id: Some(request.into()), made: None })
}

fn refusal(class: FaultClass) -> &'static str {
    match class {
        FaultClass::Throttled => "Rate exceeded",
        FaultClass::Denied => "User: on-call is not authorized to perform this",
        FaultClass::Expired => "the security token is expired",
        _ => "the drill was told to refuse this",
    }
}
