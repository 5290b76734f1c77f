//! F2: what the console can do, as plans. Pure: a plan is made of what was observed, and sends nothing.
//!
//! One file for each family of operations. A row of [`OPERATIONS`] is all the menu, the palette, the headless commands and
//! the table of permissions know of one.

pub mod approval;
mod aurora;
mod cache;
mod codedeploy_rollback;
mod database;
mod dev;
mod dns;
mod ecs_rollback;
mod gate;
mod mute;
mod obstacle;
mod pipeline;
mod pipeline_rollback;
pub mod plan;
pub mod policy;
pub mod preview;
pub mod record;
mod redrive;
pub mod region;
mod release;
mod scale;
mod stage;
mod zone;

use std::collections::BTreeMap;

use jiff::SignedDuration;

use crate::domain::board::BoxId;
use crate::domain::text::Text;
use crate::ops::plan::{Plan, Refusal, Why};
use crate::world::Place;
use crate::world::act::Step;
use crate::world::feed::Feed;
use crate::world::item::{Item, ItemId, Kind};
use crate::world::sight::Sight;

/// One thing that can be done to one kind of thing.
#[derive(Debug)]
pub struct Operation {
    /// `asg.scale`, as in `opscon plan asg.scale web`.
    pub name: &'static str,
    /// In a menu: `Scale`.
    pub title: &'static str,
    pub doc: &'static str,
    pub on: On,
    /// Boxes of the board it is offered in, beside those its things belong to.
    pub boxes: &'static [BoxId],
    pub params: &'static [Param],
    /// What a plan rests on: read anew before it is carried out, and until it is verified.
    pub feeds: &'static [Feed],
    /// What it is the better for having read: without, it says what it cannot tell.
    pub beside: &'static [Feed],
    /// How long it takes at most until it is plainly not going to happen.
    pub deadline: SignedDuration,
    plan: fn(&Ask<'_>) -> Result<Plan, Refusal>,
    progress: fn(&Plan, &Sight<'_>) -> Progress,
}

/// What an operation is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// One thing of a kind.
    One(Kind),
    /// Everything of an account in a region that falls under the operation's own rule.
    Scope,
}

/// What exactly: for as long as it exists.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    One(ItemId),
    /// Position of the place in the world.
    Scope(usize),
}

/// Something to be said beside the target.
#[derive(Debug)]
pub struct Param {
    pub name: &'static str,
    pub doc: &'static str,
    /// What it is now, or what is most likely wanted, to begin with; nothing where it has to be thought of.
    pub present: fn(&Subject<'_>) -> Option<String>,
    /// Without it there is no plan.
    pub is_needed: bool,
}

/// What is looked at where a value is to begin with what there is.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub sight: &'a Sight<'a>,
    pub place: &'a Place,
    /// Nothing for an operation on a scope.
    pub item: Option<&'a Item>,
}

pub type Params = BTreeMap<String, String>;

/// What a plan is asked for.
#[derive(Debug)]
pub struct Ask<'a> {
    pub operation: &'static Operation,
    pub target: &'a Target,
    pub sight: &'a Sight<'a>,
    pub place: &'a Place,
    /// Nothing for an operation on a scope.
    pub item: Option<&'a Item>,
    pub params: &'a Params,
}

/// How far the world is from what a plan expects of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Everything expected was observed.
    Reached,
    /// What is waited for, as far as it has got: `6 of 8 in service`.
    Waiting(String),
    /// It will not happen: `launch failed: …`.
    Failed(String),
}

pub const OPERATIONS: &[&Operation] = &[
    &scale::GROUP,
    &scale::SERVICE,
    &scale::SUSPEND,
    &scale::RESUME,
    &pipeline_rollback::STAGE,
    &codedeploy_rollback::DEPLOYMENT,
    &ecs_rollback::SERVICE,
    &release::ALIAS,
    &release::REFRESH,
    &gate::APPROVE,
    &gate::REJECT,
    &stage::RETRY,
    &stage::STOP,
    &stage::DISABLE,
    &stage::ENABLE,
    &database::FAILOVER,
    &database::PROMOTE,
    &database::ADD,
    &aurora::FAILOVER,
    &aurora::SWITCHOVER,
    &aurora::GLOBAL_FAILOVER,
    &dns::SWITCH,
    &region::FAILOVER,
    &dev::SHUTDOWN,
    &dev::WAKE,
    &cache::REPLICAS,
    &cache::FAILOVER,
    &redrive::REDRIVE,
    &redrive::STOP,
    &mute::MUTE,
    &mute::UNMUTE,
    &zone::SHIFT,
    &zone::UNSHIFT,
];

/// What can be done to things of a kind.
pub fn of_kind(kind: Kind) -> impl Iterator<Item = &'static Operation> {
    OPERATIONS.iter().copied().filter(move |operation| operation.on == On::One(kind))
}

pub fn named(name: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().copied().find(|operation| operation.name == name)
}

impl Operation {
    /// What it would do, as things are, or why it cannot be done.
    pub fn plan(&'static self, target: &Target, params: &Params, sight: &Sight<'_>) -> Result<Plan, Refusal> {
        let gone = || {
            let what = match target {
                Target::One(of) => format!("{} {}", of.kind.word(), of.id),
                Target::Scope(_) => "such account and region".to_owned(),
            };
            Refusal::new(Why::Unknown, format!("there is no {what}"))
        };
        let place = sight.world.places().get(target.place()).ok_or_else(gone)?;
        for feed in self.feeds {
            let status = place.feeds.status(*feed);
            if let Some(fault) = status.fault {
                let text = format!("{} cannot be read: {}", feed.name(), fault.error.message);
                return Err(Refusal::new(Why::Blind, text));
            }
            if !status.has_value {
                return Err(Refusal::new(Why::Blind, format!("{} was not read yet", feed.name())));
            }
        }
        let item = match target {
            Target::One(of) => Some(sight.world.find(of).ok_or_else(gone)?),
            Target::Scope(_) => None,
        };
        if let Some(unknown) = params.keys().find(|name| !self.params.iter().any(|param| param.name == name.as_str())) {
            return Err(Refusal::new(Why::Bounds, format!("{} knows no `{unknown}`", self.name)));
        }
        let mut plan = (self.plan)(&Ask { operation: self, target, sight, place, item: item.as_ref(), params })?;
        let unread = self.beside.iter().filter(|feed| place.is_asked(**feed) && !place.feeds.status(**feed).has_value);
        plan.warnings
            .extend(unread.map(|feed| format!("{} are not read: what they would tell is not known", feed.name())));
        Ok(plan)
    }

    /// The values it can begin with, for a form.
    pub fn present(&self, target: &Target, sight: &Sight<'_>) -> Params {
        let Some(place) = sight.world.places().get(target.place()) else { return Params::new() };
        let item = target.item(sight);
        let subject = Subject { sight, place, item: item.as_ref() };
        let known = self.params.iter().filter_map(|param| Some((param.name.to_owned(), (param.present)(&subject)?)));
        known.collect()
    }

    /// What is read anew until a plan of this operation is verified: all it rests on, and where a deployment is stopped, the
    /// deployments, which alone say that it was.
    pub fn watched(&self, plan: &Plan) -> Vec<Feed> {
        let stops = plan.steps.iter().any(|step| matches!(step, Step::StopServiceDeployment { .. }));
        let told = Some(Feed::Deployments).filter(|feed| stops && !self.feeds.contains(feed));
        self.feeds.iter().copied().chain(told).collect()
    }

    /// How far the world is from what a plan of this operation expects.
    pub fn progress(&self, plan: &Plan, sight: &Sight<'_>) -> Progress {
        (self.progress)(plan, sight)
    }
}

impl Target {
    /// Position of its place in the world.
    pub fn place(&self) -> usize {
        match self {
            Self::One(of) => of.place,
            Self::Scope(place) => *place,
        }
    }

    /// As AWS calls it; nothing for all of a scope.
    pub fn id(&self) -> Option<&Text> {
        match self {
            Self::One(of) => Some(&of.id),
            Self::Scope(_) => None,
        }
    }

    /// The thing itself, as it is now.
    pub fn item(&self, sight: &Sight<'_>) -> Option<Item> {
        match self {
            Self::One(of) => sight.world.find(of),
            Self::Scope(_) => None,
        }
    }
}

impl Ask<'_> {
    /// What was said, where something was.
    fn word(&self, name: &str) -> Option<&str> {
        self.params.get(name).map(|text| text.trim()).filter(|text| !text.is_empty())
    }

    fn needed_word(&self, name: &str) -> Result<&str, Refusal> {
        self.word(name).ok_or_else(|| Refusal::new(Why::Bounds, format!("say which {name}")))
    }

    /// A whole number that was said; `None` where it was not.
    fn number(&self, name: &str) -> Result<Option<u32>, Refusal> {
        let Some(text) = self.word(name) else { return Ok(None) };
        let bad = || Refusal::new(Why::Bounds, format!("{name} has to be a whole number, and is `{text}`"));
        text.parse().map(Some).map_err(|_| bad())
    }

    /// A length of time that was said, such as `30m`, `1h30m` or `3d`; `None` where none was.
    fn length(&self, name: &str) -> Result<Option<SignedDuration>, Refusal> {
        let Some(text) = self.word(name) else { return Ok(None) };
        let days = text.strip_suffix('d').and_then(|days| days.trim().parse::<i64>().ok());
        let length = match days {
            Some(days) if (0..=1_000).contains(&days) => Some(SignedDuration::from_hours(24 * days)),
            Some(_) => None,
            None => text.parse().ok(),
        };
        let bad =
            || Refusal::new(Why::Bounds, format!("{name} has to be a time such as 30m, 2h or 3d, and is `{text}`"));
        length.map(Some).ok_or_else(bad)
    }

    fn needed_number(&self, name: &str) -> Result<u32, Refusal> {
        self.number(name)?.ok_or_else(|| Refusal::new(Why::Bounds, format!("say which {name}")))
    }
}

/// One row of the table is itself and no other.
impl PartialEq for Operation {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Operation {}
