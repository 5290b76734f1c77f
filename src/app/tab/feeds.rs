//! The feeds tab: what is read, from where, how old it is, and what fails. Faults come first.

use jiff::{SignedDuration, Timestamp};

use crate::app::model::Model;
use crate::domain::scope::ScopeRef;
use crate::world::feed::{Fault, Feed};
use crate::world::port::CloudError;

#[derive(Clone, Debug, Default)]
pub struct FeedsTab {
    pub selected: usize,
}

/// One feed in one scope.
#[derive(Debug)]
pub struct Row<'a> {
    pub feed: Feed,
    pub scope: &'a ScopeRef,
    pub observed_at: Option<Timestamp>,
    pub fault: Option<&'a Fault>,
    pub is_stale: bool,
    /// How often it is read at present.
    pub every: SignedDuration,
    /// What the newest answer had to do without.
    pub gaps: &'a [CloudError],
}

/// Every question the world asks: failing ones first, then stale ones, then by feed and scope.
pub fn rows(model: &Model) -> Vec<Row<'_>> {
    let mut rows: Vec<Row<'_>> = model
        .world
        .places()
        .iter()
        .flat_map(|place| {
            place.asked().map(move |feed| {
                let status = place.feeds.status(feed);
                Row {
                    feed,
                    scope: &place.scope,
                    observed_at: status.observed_at,
                    fault: status.fault,
                    // What nobody looks at any more is old, and no matter.
                    is_stale: place.is_asked(feed) && status.is_stale(model.now),
                    every: status.every(),
                    gaps: status.gaps,
                }
            })
        })
        .collect();
    rows.sort_by_key(|row| (row.fault.is_none(), !row.is_stale, row.feed, row.scope));
    rows
}
