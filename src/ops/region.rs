//! The operator's own plan for losing a region, one step after the other: each is an operation of its own, with an approval
//! of its own. How far it has got is read from the world, so that it can be gone on with after any accident.

use jiff::SignedDuration;

use crate::domain::recovery::{FailoverPlan, FailoverRecord, PlanStep, StepAction};
use crate::domain::units::{long, plural};
use crate::ops::plan::{Plan, Refusal, Why};
use crate::ops::record::Story;
use crate::ops::{Ask, On, Operation, Params, Progress, Target, aurora, database, dns, named, scale};
use crate::world::Place;
use crate::world::feed::Feed;
use crate::world::item::{ItemId, Kind};
use crate::world::sight::Sight;

pub(super) const FAILOVER: Operation = Operation {
    name: "region.failover",
    title: "Fail over to this region",
    doc: "The next step of the [failover] plan of the configuration; each is approved by itself",
    on: On::Scope,
    boxes: &[crate::domain::board::BoxId::FailoverPlan],
    params: &[],
    feeds: &[Feed::Databases, Feed::Groups],
    // What the operations rest on that its steps are.
    beside: &[Feed::Records, Feed::DatabaseEvents, Feed::Policies, Feed::Instances, Feed::Metrics],
    deadline: SignedDuration::from_mins(40),
    plan: plan_next,
    // What is planned is another operation each time, and that knows.
    progress: |plan, sight| match named(plan.operation) {
        Some(operation) if operation.name != FAILOVER.name => operation.progress(plan, sight),
        _ => Progress::Failed("it does not say what was wanted".into()),
    },
};

/// One step of the plan, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Leg {
    /// `promote replica orders-dr`.
    pub what: String,
    /// How long it takes, as the plan has it.
    pub takes: SignedDuration,
    /// What does it. Nothing where it is not known what it is done to.
    pub operation: Option<&'static Operation>,
    pub target: Option<Target>,
    pub params: Params,
    pub state: State,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// The world is as it is to be after it.
    Done,
    /// It can be planned and approved.
    Now,
    /// It waits for those before it.
    Later,
    /// It was begun and is not at its end.
    UnderWay(String),
    /// Nobody can do or see it from here: it holds nothing up.
    ByHand(String),
    Refused(Refusal),
}

/// An operation nobody wrote the end of is taken for under way for so long.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// Every step of the plan in its order; nothing without a plan. The world says what is done, the journal what is under way.
pub fn stand(sight: &Sight<'_>, stories: &[Story]) -> Vec<Leg> {
    let Some(plan) = &sight.bearings.failover else { return Vec::new() };
    let mut is_held = false;
    let mut legs = Vec::new();
    for step in &plan.steps {
        let mut leg = leg(sight, plan, step);
        if is_held && leg.state != State::Done {
            leg.state = State::Later;
        } else if matches!(leg.state, State::Now | State::Refused(_)) {
            if let Some(words) = begun(sight, stories, &leg) {
                leg.state = State::UnderWay(words);
            } else if let (State::Now, Some(operation), Some(target)) = (&leg.state, leg.operation, &leg.target)
                && let Err(refusal) = operation.plan(target, &leg.params, sight)
            {
                leg.state = State::Refused(refusal);
            }
        }
        is_held |= !matches!(leg.state, State::Done | State::ByHand(_));
        legs.push(leg);
    }
    legs
}

/// What it is done to and whether it is done; whether it can be done now is not asked yet.
fn leg(sight: &Sight<'_>, plan: &FailoverPlan, step: &PlanStep) -> Leg {
    let what = match step.to {
        Some(to) => format!("{} {} to {to}", step.action.words(), step.target),
        None => format!("{} {}", step.action.words(), step.target),
    };
    let mut leg =
        Leg { what, takes: step.takes, operation: None, target: None, params: Params::new(), state: State::Now };
    let outcome = match step.action {
        StepAction::PromoteReplica => promotion(sight, plan, step, &mut leg),
        StepAction::ScaleGroup => scaling(sight, plan, step, &mut leg),
        StepAction::SwitchDns => Ok(switching(sight, plan, step, &mut leg)),
    };
    leg.state = outcome.unwrap_or_else(State::Refused);
    leg
}

fn promotion(sight: &Sight<'_>, plan: &FailoverPlan, step: &PlanStep, leg: &mut Leg) -> Result<State, Refusal> {
    let (at, place) = only(sight, plan, Kind::Database, step)?;
    let Some(it) = place.feeds.databases.items().find(|one| one.id == step.target) else { return Ok(State::Later) };
    let target = Target::One(ItemId { kind: Kind::Database, place: at, id: it.id.clone() });
    // Any member of its cluster will do, where it is in one.
    let mut like = place.feeds.databases.items().filter(|one| {
        one.id == it.id || it.cluster.is_some() && it.global_cluster.is_some() && one.cluster == it.cluster
    });
    let is_done = like.any(|one| one.is_primary() && one.is_available());
    leg.operation = Some(&database::PROMOTE);
    if it.global_cluster.is_some() {
        leg.params = Params::from([("to".to_owned(), plan.to.to_string())]);
        // Without a loss where that is possible.
        let switchover: &'static Operation = &aurora::SWITCHOVER;
        let can_switch = switchover.plan(&target, &leg.params, sight).is_ok();
        leg.operation = Some(if can_switch { switchover } else { &aurora::GLOBAL_FAILOVER });
    }
    leg.target = Some(target);
    Ok(if is_done { State::Done } else { State::Now })
}

fn scaling(sight: &Sight<'_>, plan: &FailoverPlan, step: &PlanStep, leg: &mut Leg) -> Result<State, Refusal> {
    let (at, place) = only(sight, plan, Kind::Group, step)?;
    let Some(it) = place.feeds.groups.items().find(|one| one.name == step.target) else { return Ok(State::Later) };
    let Some(to) = step.to else {
        let text = format!("the plan does not say how many instances {} is to have", step.target);
        return Err(Refusal::new(Why::Bounds, text).with("give the step a `to` in the configuration"));
    };
    leg.operation = Some(&scale::GROUP);
    leg.target = Some(Target::One(ItemId { kind: Kind::Group, place: at, id: it.name.clone() }));
    leg.params = Params::from([("desired".to_owned(), to.to_string())]);
    let serving = it.in_service();
    Ok(if it.desired < to {
        State::Now
    } else if serving >= to as usize {
        State::Done
    } else {
        State::UnderWay(format!("{serving} of {to} in service"))
    })
}

fn switching(sight: &Sight<'_>, plan: &FailoverPlan, step: &PlanStep, leg: &mut Leg) -> State {
    let is_it = |record: &&FailoverRecord| record.name == step.target;
    let mut found = sight.world.places().iter().enumerate().filter_map(|(at, place)| {
        let record = place.feeds.records.items().find(is_it)?;
        Some((at, record))
    });
    let Some((at, it)) = found.next() else {
        return State::ByHand(format!(
            "{} is not among the failover records that are read: change it by hand",
            step.target
        ));
    };
    if it.leads_to(plan.to.as_str()) {
        return State::Done;
    }
    if it.switch.is_none() {
        return State::ByHand(format!("{} has no health check to turn: change it by hand", step.target));
    }
    leg.operation = Some(&dns::SWITCH);
    leg.target = Some(Target::Scope(at));
    leg.params = Params::from([("record".to_owned(), step.target.to_string()), ("to".to_owned(), plan.to.to_string())]);
    State::Now
}

/// The one place of the second region that has a thing of this name.
fn only<'a>(
    sight: &Sight<'a>,
    plan: &FailoverPlan,
    kind: Kind,
    step: &PlanStep,
) -> Result<(usize, &'a Place), Refusal> {
    let has = |place: &Place| {
        let mut is_there = false;
        kind.visit(place, &mut |name, _| is_there |= *name == step.target);
        is_there
    };
    let there = || sight.world.places().iter().enumerate().filter(|(_, place)| place.scope.region == plan.to);
    let mut found = there().filter(|(_, place)| has(place));
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (Some((_, one)), Some((_, other))) => {
            let text = format!("there is a {} in {} and in {}", step.target, one.scope, other.scope);
            Err(Refusal::new(Why::Bounds, text).with("do it from its own row"))
        }
        (None, _) if there().any(|(_, place)| !place.feeds.status(kind.feed()).has_value) => {
            Err(Refusal::new(Why::Blind, format!("{} in {} was not read yet", kind.feed().name(), plan.to)))
        }
        (None, _) => {
            Err(Refusal::new(Why::Unknown, format!("there is no {} {} in {}", kind.word(), step.target, plan.to)))
        }
    }
}

/// What the journal says of a step that is not done: that it was begun, and nobody knows how it ended.
fn begun(sight: &Sight<'_>, stories: &[Story], leg: &Leg) -> Option<String> {
    let (operation, target) = (leg.operation?, leg.target.as_ref()?);
    let scope = sight.world.places().get(target.place())?.scope.to_string();
    let is_it = |story: &&Story| {
        let intent = &story.intent;
        let is_meant = intent.operation == operation.name && intent.scope == scope && intent.id.as_ref() == target.id();
        // On a scope, what it is about is said.
        is_meant && (target.id().is_some() || intent.params == leg.params)
    };
    let story = stories.iter().filter(|story| sight.at.duration_since(story.began) < REMEMBERED).find(is_it)?;
    let waits = story.waits.as_ref().filter(|(_, until)| *until > sight.at);
    (story.wants_a_look() || waits.is_some()).then(|| format!("{} {}: {}", operation.name, story.op, story.state()))
}

/// All of them in a line each: what is done, what this is, and what is still to come.
fn outline(legs: &[Leg]) -> Vec<String> {
    let mut is_this = true;
    let words = |(number, leg): (usize, &Leg)| {
        let state = match &leg.state {
            State::Done => "done".to_owned(),
            State::Now if std::mem::take(&mut is_this) => format!("this one, about {}", long(leg.takes)),
            State::Now | State::Later => format!("later, about {}", long(leg.takes)),
            State::UnderWay(words) | State::ByHand(words) => words.clone(),
            State::Refused(refusal) => refusal.text.clone(),
        };
        format!("{} {}: {state}", number + 1, leg.what)
    };
    legs.iter().enumerate().map(words).collect()
}

fn plan_next(ask: &Ask<'_>) -> Result<Plan, Refusal> {
    let Some(plan) = ask.sight.bearings.failover.as_ref().filter(|plan| !plan.steps.is_empty()) else {
        let refusal = Refusal::new(Why::Unknown, "the configuration has no plan for losing a region");
        return Err(refusal.with("write one down as [failover]"));
    };
    if ask.place.scope.region != plan.to {
        let text = format!("the plan leads from {} to {}, not to {}", plan.from, plan.to, ask.place.scope.region);
        return Err(Refusal::new(Why::Bounds, text));
    }
    let legs = stand(ask.sight, &[]);
    let count = legs.len();
    let outline = outline(&legs);
    let mut by_hand = Vec::new();
    for (number, leg) in legs.into_iter().enumerate() {
        let step = format!("step {} of {count}, {}", number + 1, leg.what);
        match (leg.state, leg.operation, leg.target) {
            (State::Done, ..) => {}
            (State::ByHand(words), ..) => by_hand.push(format!("{step}: {words}")),
            (State::Now, Some(operation), Some(target)) => {
                let mut next = operation.plan(&target, &leg.params, ask.sight)?;
                next.title = format!("step {} of {count}: {}", number + 1, next.title);
                next.outline = outline;
                next.warnings.extend(by_hand);
                return Ok(next);
            }
            (State::Refused(refusal), ..) => {
                return Err(Refusal { text: format!("{step}: {}", refusal.text), ..refusal });
            }
            (State::UnderWay(words), ..) => {
                return Err(Refusal::new(Why::State, format!("{step}: {words}")).with("wait for it"));
            }
            (State::Now | State::Later, ..) => return Err(Refusal::new(Why::State, step)),
        }
    }
    if let Some(first) = by_hand.into_iter().next() {
        return Err(Refusal::new(Why::State, format!("all else is done; {first}")));
    }
    Err(Refusal::new(Why::Nothing, format!("all of it is done, {}", plural(count, "step", "steps"))))
}
