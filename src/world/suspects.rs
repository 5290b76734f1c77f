//! Which change probably caused a trouble: those before it, ranked, each with its reasons in words.
//!
//! A score is the product of three parts, each from 0 to 1, so that one that is nothing makes nothing of the rest:
//!
//! - **what kind of change it is** (`weight_of_kind`): a new version breaks more than anything else; scaling mostly answers
//!   trouble instead of causing it; what goes to staging cannot have broken production;
//! - **how close before the trouble** (`weight_of_time`): most incidents show within minutes of their cause. Nothing is
//!   looked for that is more than [`LOOKBACK`] before, or clearly after;
//! - **how near in what hangs together** (`weight_of_relation`): the thing itself, what it calls or is called by, or only
//!   the same account and region. That two things are not known to hang together does not mean that they do not.
//!
//! The weights are judgement, not measurement, held by the drills' incidents, of which the culprit is known
//! (`tests/it/suspects.rs`). What scores below [`STANDS_OUT`] is shown and not accused.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::domain::alarm::Alarm;
use crate::domain::scope::Environment;
use crate::domain::text::Text;
use crate::domain::units::long;
use crate::world::changes::LOOKBACK;
use crate::world::relations::{Relation, Relations, Way, names_of};
use crate::world::sight::Sight;
use crate::world::timeline::{Event, EventKind};
use crate::world::{Place, World};

/// Below this a change is one of many and accused of nothing: a deployment elsewhere half an hour before, a scaling of the
/// thing itself a minute before.
pub const STANDS_OUT: f64 = 0.25;
/// A check may date its finding later than the change took effect, and a minute's datapoint starts before it.
const OVERLAP: SignedDuration = SignedDuration::from_mins(2);
/// Services, as AWS Health spells them, that everything else of a region rests on, and what being one of them counts: just less
/// than being the thing itself.
const FOUNDATIONS: &[&str] = &["EC2", "EBS", "VPC", "INTERNETCONNECTIVITY", "DIRECTCONNECT", "MULTIPLE_SERVICES"];
const BELOW: f64 = 0.95;
/// More than anybody reads.
const SHOWN: usize = 5;

#[derive(Clone, Debug, PartialEq)]
pub struct Suspect {
    /// Position of its place in the world.
    pub place: usize,
    pub event: Arc<Event>,
    pub score: f64,
    /// `deploy to web, which web-edge leads to`, `98 s before`.
    pub reasons: Vec<String>,
}

impl Suspect {
    pub fn stands_out(&self) -> bool {
        self.score >= STANDS_OUT
    }
}

/// A trouble whose cause is looked for.
#[derive(Clone, Debug)]
pub struct Trouble {
    pub began: Timestamp,
    /// Names of what it shows in.
    pub names: Vec<Text>,
    /// The places it shows in, by their position in the world.
    pub places: Vec<usize>,
}

/// For an alarm that fires: what changed before it did.
pub fn of_alarm(alarm: &Alarm, at: usize, sight: &Sight<'_>) -> Vec<Suspect> {
    let Some(place) = sight.world.places().get(at) else { return Vec::new() };
    let trouble = Trouble { began: began(alarm, place), names: names_of(alarm, place), places: vec![at] };
    of_trouble(&trouble, sight.world)
}

/// When the trouble began that an alarm tells of: a rule of three minutes fires three minutes later at the earliest, and a
/// composite after the alarms in it.
fn began(alarm: &Alarm, place: &Place) -> Timestamp {
    let delay = |alarm: &Alarm| {
        let rule = alarm.metric_rule();
        rule.map_or(SignedDuration::ZERO, |rule| {
            rule.period.checked_mul(i32::try_from(rule.datapoints_to_alarm).unwrap_or(1)).unwrap_or(rule.period)
        })
    };
    let names = names_of(alarm, place);
    let is_about_it = |other: &&Alarm| {
        other.is_firing()
            && !other.is_scaling_trigger()
            && other.since <= alarm.since
            && alarm.since.duration_since(other.since) <= LOOKBACK
            && other.metric().is_some_and(|metric| metric.dimensions.iter().any(|(_, value)| names.contains(value)))
    };
    let others = place.feeds.alarms.items().filter(is_about_it).map(|other| other.since - delay(other));
    others.min().unwrap_or(alarm.since).min(alarm.since - delay(alarm))
}

/// The most suspicious first. Nothing of it reads a clock.
pub fn of_trouble(trouble: &Trouble, world: &World) -> Vec<Suspect> {
    let (from, until) = (trouble.began - LOOKBACK, trouble.began + OVERLAP);
    let is_then = |event: &&Arc<Event>| event.at >= from && event.at <= until && weight_of_kind(event) > 0.0;
    let of = |(at, place): (usize, &Place)| {
        place.timeline.shared().filter(is_then).map(|it| (at, Arc::clone(it))).collect::<Vec<_>>()
    };
    let changes: Vec<(usize, Arc<Event>)> = world.places().iter().enumerate().flat_map(of).collect();
    if changes.is_empty() {
        // What hangs together takes a while to find out where there are a hundred thousand things.
        return Vec::new();
    }
    let around = Relations::of(world).around(&trouble.names);
    let judged = changes.into_iter().map(|(at, event)| {
        let is_here = trouble.places.is_empty() || trouble.places.iter().any(|here| is_in(world, &event, at, *here));
        judge(trouble, at, event, is_here, &around)
    });
    let mut all: Vec<Suspect> = judged.collect();
    all.sort_by(|a, b| b.score.total_cmp(&a.score).then(b.event.at.cmp(&a.event.at)).then(a.event.id.cmp(&b.event.id)));
    // A run of a pipeline and the deployment it made are one change: the one that says more is kept.
    let mut kept: Vec<Suspect> = Vec::new();
    for suspect in all {
        let is_known = kept
            .iter()
            .any(|known| known.event.resource == suspect.event.resource && known.event.kind == suspect.event.kind);
        if !is_known && kept.len() < SHOWN {
            kept.push(suspect);
        }
    }
    kept
}

/// Whether what is told in one place happened in another: the very same, or that of its account in the region it names.
fn is_in(world: &World, event: &Event, told: usize, here: usize) -> bool {
    let (Some(of), Some(other)) = (world.places().get(told), world.places().get(here)) else { return false };
    told == here || of.scope.alias == other.scope.alias && event.region.as_ref() == Some(&other.scope.region)
}

fn judge(
    trouble: &Trouble,
    place: usize,
    event: Arc<Event>,
    is_here: bool,
    around: &HashMap<Text, Relation>,
) -> Suspect {
    let gap = trouble.began.duration_since(event.at);
    let relation = around.get(&event.resource);
    let is_below = is_here && event.kind == EventKind::Outage && FOUNDATIONS.contains(&event.resource.as_str());
    let related = if is_below { BELOW } else { weight_of_relation(relation, is_here) };
    let score = weight_of_kind(&event) * weight_of_time(gap) * related;
    let mut reasons = vec![if gap > SignedDuration::ZERO {
        format!("{} before it began", long(gap))
    } else {
        "as it began".to_owned()
    }];
    reasons.push(match relation {
        Some(Relation { way: Way::Same, .. }) => format!("to {} itself", event.resource),
        Some(it) => {
            let way = if it.way == Way::Downstream { "which it rests on" } else { "which rests on it" };
            match it.through.as_slice() {
                [] => format!("to {}, {way}", event.resource),
                [one] => format!("to {}, {way} by {one}", event.resource),
                [one, ..] => format!("to {}, {way} by {one} and others", event.resource),
            }
        }
        None if is_below => "of what everything in the region rests on".to_owned(),
        None if is_here => "in the same account and region, not known to hang together".to_owned(),
        None => "elsewhere, not known to hang together".to_owned(),
    });
    reasons.push(words_of_kind(event.kind).to_owned());
    Suspect { place, event, score, reasons }
}

fn weight_of_kind(event: &Event) -> f64 {
    match event.kind {
        // One that failed has already shown what it can do.
        EventKind::Deploy | EventKind::Outage if event.tone.health().is_broken() => 1.0,
        EventKind::Deploy | EventKind::Operation => 0.9,
        // Not the nightly backup, nor what is only announced: those have no tone.
        EventKind::Database | EventKind::Cache if event.tone.health().is_broken() => 0.9,
        // Below what it did, where that is told as well: the deployment says more than the call that began it.
        EventKind::Change => 0.75,
        EventKind::Launch => 0.7,
        EventKind::Machine if event.tone.health().is_broken() => 0.5,
        EventKind::Schedule => 0.4,
        EventKind::Notice => 0.3,
        EventKind::Scaling | EventKind::Machine => 0.2,
        // What was refused changed nothing.
        EventKind::Call if !event.tone.health().is_broken() => 0.1,
        EventKind::Rehearsal if event.environment == Environment::Prod => 0.5,
        EventKind::Rehearsal => 0.1,
        EventKind::Database
        | EventKind::Cache
        | EventKind::Outage
        | EventKind::Call
        | EventKind::Run
        | EventKind::Approval
        | EventKind::Alarm
        | EventKind::Task => 0.0,
    }
}

fn words_of_kind(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Deploy => "a new version, which breaks more than anything else",
        EventKind::Operation => "done by hand, from this console",
        EventKind::Database => "of a database many things rest on",
        EventKind::Cache => "of a cache many things rest on",
        EventKind::Outage => "something wrong with AWS itself",
        EventKind::Change => "changed by hand or by a program, through the API",
        EventKind::Call => "added through the API",
        EventKind::Launch => "machines somebody started",
        EventKind::Machine => "a machine that was there and is not",
        EventKind::Schedule => "by the clock",
        EventKind::Notice => "a machine taken back by AWS",
        EventKind::Scaling => "scaling, which mostly answers trouble",
        EventKind::Rehearsal => "not to production",
        EventKind::Run | EventKind::Approval | EventKind::Alarm | EventKind::Task => "no change",
    }
}

/// 1 at the moment it began, a fifth of that at the end of the time looked back over.
fn weight_of_time(gap: SignedDuration) -> f64 {
    1.0 - 0.8 * (gap.abs().as_secs_f64() / LOOKBACK.as_secs_f64()).min(1.0)
}

fn weight_of_relation(relation: Option<&Relation>, is_here: bool) -> f64 {
    match relation {
        Some(Relation { steps: 0, .. }) => 1.0,
        Some(Relation { steps, .. }) => (0.95 - 0.05 * *steps as f64).max(0.7),
        None if is_here => 0.6,
        None => 0.25,
    }
}
