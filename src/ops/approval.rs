//! The one way from a plan to something that may be carried out.

use jiff::{SignedDuration, Timestamp};

use crate::domain::text::Text;
use crate::ops::plan::{Plan, Refusal, Why};
use crate::ops::policy::Need;

/// A preview is good for so long: what was true when it was read may not be any more.
pub const GOOD_FOR: SignedDuration = SignedDuration::from_mins(2);

/// Changes are allowed until then, for a reason that goes into the journal with each of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Armed {
    pub until: Timestamp,
    /// An incident's number, or why in words.
    pub reason: Text,
}

impl Armed {
    pub fn is_over(&self, now: Timestamp) -> bool {
        now >= self.until
    }
}

/// A plan somebody has approved. There is no other way to make one than [`approve`], and nothing else is carried out.
#[derive(Clone, Debug, PartialEq)]
pub struct Approved {
    plan: Plan,
    reason: Text,
    at: Timestamp,
}

impl Approved {
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    pub fn reason(&self) -> &Text {
        &self.reason
    }

    pub fn at(&self) -> Timestamp {
        self.at
    }
}

/// Approves what was shown, if it may be done at all, is still what was shown, and what was typed is what has to be.
pub fn approve(plan: Plan, armed: Option<&Armed>, typed: &str, now: Timestamp) -> Result<Approved, Refusal> {
    let Some(armed) = armed.filter(|armed| !armed.is_over(now)) else {
        return Err(Refusal::new(Why::Safe, "SAFE: nothing may be changed").with("`:arm` allows it for a while"));
    };
    if now.duration_since(plan.made_at) > GOOD_FOR {
        return Err(Refusal::new(Why::Changed, "the preview is too old").with("look again"));
    }
    if Need::of(&plan).words(&plan).is_some_and(|words| typed.trim() != words) {
        return Err(Refusal::new(Why::Bounds, "what was typed is not what is asked for"));
    }
    Ok(Approved { plan, reason: armed.reason.clone(), at: now })
}
