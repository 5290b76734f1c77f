//! Questions that wait to be put: a lane for each scope, taken in turn, so that an account that does not answer holds up
//! nobody but itself.

use std::collections::VecDeque;

use crate::domain::scope::ScopeRef;
use crate::world::port::FeedKey;

/// Questions under way at once, in all and in one scope. Enough to fill a console quickly; few enough to be no burst.
const IN_ALL: usize = 96;
const IN_ONE: usize = 8;
/// Above so many in all, a scope that has not answered yet, or no more, is asked one thing at a time: accounts that are
/// silent would else take the places of those that are not, each for as long as a question may take.
const BUSY: usize = 48;

#[derive(Debug, Default)]
pub(super) struct Lanes {
    all: Vec<Lane>,
    /// Whose turn it is.
    turn: usize,
    asking: usize,
}

#[derive(Debug)]
struct Lane {
    scope: ScopeRef,
    waiting: VecDeque<FeedKey>,
    asking: usize,
    /// It answered last time, be it with a no.
    answers: bool,
}

impl Lanes {
    pub fn push(&mut self, key: FeedKey) {
        if let Some(lane) = self.all.iter_mut().find(|lane| lane.scope == key.scope) {
            lane.waiting.push_back(key);
        } else {
            let scope = ScopeRef::clone(&key.scope);
            self.all.push(Lane { scope, waiting: VecDeque::from([key]), asking: 0, answers: false });
        }
    }

    /// The next question, if one may be put now; it counts as being asked from here on.
    pub fn pop(&mut self) -> Option<FeedKey> {
        if self.asking >= IN_ALL {
            return None;
        }
        let count = self.all.len();
        for step in 0..count {
            let position = (self.turn + step) % count;
            let is_busy = self.asking >= BUSY;
            let may_ask = |lane: &&mut Lane| lane.asking < if lane.answers || !is_busy { IN_ONE } else { 1 };
            let Some(lane) = self.all.get_mut(position).filter(may_ask) else { continue };
            let Some(key) = lane.waiting.pop_front() else { continue };
            lane.asking += 1;
            self.asking += 1;
            self.turn = position + 1;
            return Some(key);
        }
        None
    }

    /// Notes that a question taken is done with: answered, or not at all.
    pub fn done(&mut self, scope: &ScopeRef, answered: bool) {
        self.asking = self.asking.saturating_sub(1);
        if let Some(lane) = self.all.iter_mut().find(|lane| lane.scope == *scope) {
            lane.asking = lane.asking.saturating_sub(1);
            lane.answers = answered;
        }
    }

    /// Drops what is not wanted any more.
    pub fn retain(&mut self, mut wanted: impl FnMut(&FeedKey) -> bool) {
        for lane in &mut self.all {
            lane.waiting.retain(&mut wanted);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::scope::{Environment, Scope};
    use crate::world::feed::Feed;

    fn scope(region: &str) -> ScopeRef {
        ScopeRef::new(Scope {
            account: "".into(),
            alias: "prod".into(),
            region: region.into(),
            environment: Environment::Prod,
        })
    }

    #[test]
    fn a_scope_that_does_not_answer_holds_up_only_itself() {
        let mut lanes = Lanes::default();
        let (dead, well) = (scope("eu-west-1"), scope("eu-central-1"));
        for of in [&dead, &well] {
            for feed in Feed::ALL {
                lanes.push(FeedKey::all(*feed, ScopeRef::clone(of)));
            }
        }
        let first: Vec<FeedKey> = std::iter::from_fn(|| lanes.pop()).collect();
        assert_eq!(first.len(), 2 * IN_ONE);
        let mut answered = IN_ONE;
        lanes.done(&well, true);
        while let Some(key) = lanes.pop() {
            assert_eq!(key.scope, well);
            answered += 1;
            lanes.done(&well, true);
        }
        assert_eq!(answered, Feed::ALL.len());
    }

    #[test]
    fn scopes_take_turns_and_all_together_stay_within_bounds() {
        let mut lanes = Lanes::default();
        for number in 0..80 {
            for feed in [Feed::Alarms, Feed::Groups] {
                lanes.push(FeedKey::all(feed, scope(&format!("region-{number}"))));
            }
        }
        let first: Vec<FeedKey> = std::iter::from_fn(|| lanes.pop()).collect();
        assert_eq!(first.len(), 80, "each its first, and no more before it has answered");
        assert!(first.iter().all(|key| key.feed == Feed::Alarms));
        let mut second = Vec::new();
        for key in &first[..40] {
            lanes.done(&key.scope, true);
            second.extend(std::iter::from_fn(|| lanes.pop()));
        }
        assert_eq!(second.iter().filter(|key| key.feed == Feed::Groups).count(), 40, "who answers goes on");
    }

    #[test]
    fn silent_scopes_take_one_place_each_of_those_who_answer() {
        let mut lanes = Lanes::default();
        let of = |number: usize| scope(&format!("region-{number}"));
        for number in 0..40 {
            for feed in Feed::ALL {
                lanes.push(FeedKey::all(*feed, of(number)));
            }
        }
        let mut open: Vec<FeedKey> = std::iter::from_fn(|| lanes.pop()).collect();
        // The first twenty never answer, and fail in the end.
        let is_silent = |key: &FeedKey| (0..20).any(|number| key.scope == of(number));
        for round in 0..3 {
            while let Some(position) = open.iter().position(|key| !is_silent(key)) {
                let key = open.swap_remove(position);
                lanes.done(&key.scope, true);
                open.extend(std::iter::from_fn(|| lanes.pop()));
            }
            assert!(open.len() <= BUSY, "{round}: {} places are held", open.len());
            for key in std::mem::take(&mut open) {
                lanes.done(&key.scope, false);
            }
            open.extend(std::iter::from_fn(|| lanes.pop()));
        }
    }
}
