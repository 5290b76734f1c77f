//! A plan: what will be sent, what it changes, and what must be true of the world before and after.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::money::Usd;
use crate::domain::scope::{Environment, ScopeRef};
use crate::domain::text::Text;
use crate::ops::{Ask, Params, Target};
use crate::world::act::Step;
use crate::world::item::Item;

/// How much can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Blast {
    /// The way back is the same call with the old values.
    Reversible,
    /// Somebody feels it while it lasts.
    Disruptive,
    /// There is no way back.
    Destructive,
}

impl Blast {
    pub fn word(self) -> &'static str {
        match self {
            Self::Reversible => "reversible",
            Self::Disruptive => "disruptive",
            Self::Destructive => "destructive",
        }
    }
}

/// A value, as it is and as it will be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub what: Text,
    pub before: String,
    pub after: String,
}

/// The way back: another operation on the same thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    pub operation: Text,
    pub params: Params,
    /// `back to 6`.
    pub words: String,
}

/// What would be done, and all it rests on. Nothing of it is sent by making it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plan {
    pub operation: &'static str,
    pub params: Params,
    #[serde(skip)]
    pub of: Target,
    /// What people call the target, and what has to be typed where that is asked for.
    pub target: Text,
    #[serde(serialize_with = "as_words")]
    pub scope: ScopeRef,
    pub environment: Environment,
    /// `web: 6 → 8 instances`.
    pub title: String,
    /// The steps of the larger plan it is one of, in their order, and where each stands.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub outline: Vec<String>,
    pub blast: Blast,
    pub changes: Vec<Change>,
    /// In this order; the next goes out when the one before was accepted.
    pub steps: Vec<Step>,
    /// Who feels it, and what may come of it.
    pub effects: Vec<String>,
    /// What it is not done to, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub excluded: Vec<String>,
    /// What the operator should know and may accept.
    pub warnings: Vec<String>,
    /// More or less a hour, where that is known.
    pub per_hour: Option<Usd>,
    pub undo: Option<Undo>,
    /// What will be looked for afterwards.
    pub expects: String,
    #[serde(skip)]
    pub deadline: SignedDuration,
    pub made_at: Timestamp,
    /// When the oldest thing it rests on was read.
    pub seen_at: Timestamp,
}

/// A value of a change, in words.
#[derive(Debug)]
pub struct Shown(String);

impl From<u32> for Shown {
    fn from(number: u32) -> Self {
        Self(number.to_string())
    }
}

impl From<String> for Shown {
    fn from(words: String) -> Self {
        Self(words)
    }
}

fn as_words<S: serde::Serializer>(scope: &ScopeRef, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(scope)
}

impl Plan {
    /// A plan with nothing in it yet but where and what it is about.
    pub fn begin(ask: &Ask<'_>, blast: Blast, title: String) -> Self {
        let feeds = ask.operation.feeds.iter();
        let seen_at = feeds.filter_map(|feed| ask.place.observed_at(*feed)).min().unwrap_or(ask.sight.at);
        Self {
            operation: ask.operation.name,
            params: ask.params.clone(),
            of: ask.target.clone(),
            target: ask.item.map_or_else(|| Text::from(ask.place.scope.to_string()), |item| item.name().clone()),
            scope: ScopeRef::clone(&ask.place.scope),
            environment: ask.item.and_then(Item::environment).unwrap_or(ask.place.scope.environment),
            title,
            outline: Vec::new(),
            blast,
            changes: Vec::new(),
            steps: Vec::new(),
            effects: Vec::new(),
            excluded: Vec::new(),
            warnings: Vec::new(),
            per_hour: None,
            undo: None,
            expects: String::new(),
            deadline: ask.operation.deadline,
            made_at: ask.sight.at,
            seen_at,
        }
    }

    pub fn change(&mut self, what: &str, before: impl Into<Shown>, after: impl Into<Shown>) {
        self.changes.push(Change { what: what.into(), before: before.into().0, after: after.into().0 });
    }

    /// Whether the same would be done to the same, from the same values: what a second look before sending compares.
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.what() == other.what()
    }

    /// What it does, without when it was made: the text a digest is taken of.
    pub fn what(&self) -> String {
        let steps = serde_json::to_string(&self.steps).unwrap_or_default();
        let changes = serde_json::to_string(&self.changes).unwrap_or_default();
        format!("{}\n{}\n{}\n{steps}\n{changes}", self.operation, self.scope, self.target)
    }

    /// The calls as lines for the `aws` command.
    pub fn commands(&self) -> Vec<String> {
        self.steps.iter().map(|step| step.command(self.scope.region.as_str())).collect()
    }
}

/// Why something cannot be done. Nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{text}")]
pub struct Refusal {
    pub why: Why,
    /// What is in the way, as it is.
    pub text: String,
    /// The next step, where there is one.
    pub remedy: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// There is no such thing.
    Unknown,
    /// What it rests on cannot be read.
    Blind,
    /// It is in no state for this.
    State,
    /// Not a value it can have.
    Bounds,
    /// It is so already.
    Nothing,
    /// The world is not what the preview was made of.
    Changed,
    /// Nothing may be changed here.
    Safe,
}

impl Refusal {
    pub fn new(why: Why, text: impl Into<String>) -> Self {
        Self { why, text: text.into(), remedy: None }
    }

    #[must_use]
    pub fn with(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}
