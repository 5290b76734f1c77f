//! What is held of a feed: the newest answer, its age, its fault, and what it had to do without.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::domain::graphs::Graphs;
use crate::domain::list::{Identified, List};
use crate::domain::metric::MetricSet;
use crate::world::feed::Feed;
use crate::world::port::CloudError;
use crate::world::reads;

/// What is held of one feed in one scope.
#[derive(Clone, Debug)]
pub struct Held<T> {
    feed: Feed,
    value: Option<Arc<T>>,
    observed_at: Option<Timestamp>,
    /// How long after the newest answer the next was planned: longer than the cadence where asking costs too much.
    pace: Option<SignedDuration>,
    fault: Option<Fault>,
    /// What the newest answer had to do without.
    gaps: Arc<[CloudError]>,
}

/// The newest failure, kept until an answer comes.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// When it first failed since the last answer.
    pub since: Timestamp,
    pub error: CloudError,
    /// When it is asked again.
    pub next: Option<Timestamp>,
}

/// The state of a feed without its value.
#[derive(Clone, Copy, Debug)]
pub struct Status<'a> {
    feed: Feed,
    pace: Option<SignedDuration>,
    pub has_value: bool,
    pub observed_at: Option<Timestamp>,
    pub fault: Option<&'a Fault>,
    pub gaps: &'a [CloudError],
}

impl Status<'_> {
    /// How often it is read at present.
    pub fn every(&self) -> SignedDuration {
        self.feed.paced(self.pace)
    }

    /// Whether the value is older than three times that.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        // An answer from the future is one from before a clock was set back, and nobody knows how old.
        let future = SignedDuration::from_mins(1);
        self.observed_at.is_some_and(|then| now.duration_since(then) > self.every() * 3 || then > now + future)
    }

    /// Whether the question was put at least once.
    pub fn is_asked(&self) -> bool {
        self.has_value || self.fault.is_some()
    }
}

impl<T> Held<T> {
    pub(super) fn nothing_of(feed: Feed) -> Self {
        Self { feed, value: None, observed_at: None, pace: None, fault: None, gaps: Arc::default() }
    }

    pub fn value(&self) -> Option<&T> {
        reads::note(self.feed);
        self.value.as_deref()
    }

    /// The answer behind its pointer, for whoever wants to keep it.
    pub fn whole(&self) -> impl Iterator<Item = &Arc<T>> {
        reads::note(self.feed);
        self.value.iter()
    }

    pub fn status(&self) -> Status<'_> {
        Status {
            feed: self.feed,
            pace: self.pace,
            has_value: self.value.is_some(),
            observed_at: self.observed_at,
            fault: self.fault.as_ref(),
            gaps: &self.gaps,
        }
    }

    pub(super) fn fail(&mut self, at: Timestamp, error: CloudError, next: Option<Timestamp>) -> bool {
        let changed = self.fault.as_ref().is_none_or(|fault| fault.error != error);
        let since = self.fault.as_ref().map_or(at, |fault| fault.since);
        self.fault = Some(Fault { since, error, next });
        changed
    }
}

impl<T> Held<List<T>> {
    pub fn items(&self) -> impl Iterator<Item = &T> {
        reads::note(self.feed);
        self.value.iter().flat_map(|list| list.iter().map(AsRef::as_ref))
    }

    /// The items behind their pointers, for whoever wants to keep them.
    pub fn shared(&self) -> impl Iterator<Item = &Arc<T>> {
        reads::note(self.feed);
        self.value.iter().flat_map(|list| list.iter())
    }
}

impl<T: Merge> Held<T> {
    pub(super) fn weight_beside(&self, other: Option<&Self>) -> usize {
        let theirs = other.and_then(|other| other.value.as_ref());
        match &self.value {
            None => 0,
            Some(mine) if theirs.is_some_and(|theirs| Arc::ptr_eq(mine, theirs)) => 0,
            Some(mine) => mine.weight_beside(theirs.map(|theirs| &**theirs)),
        }
    }
}

impl<T: Merge + PartialEq> Held<T> {
    /// Replaces the value, keeping the old pointer when nothing changed. Returns whether something did.
    pub(super) fn replace(
        &mut self,
        at: Timestamp,
        value: Arc<T>,
        gaps: Vec<CloudError>,
        next: Option<Timestamp>,
    ) -> bool {
        let mut recovered = self.fault.take().is_some();
        if *self.gaps != *gaps {
            self.gaps = gaps.into();
            recovered = true;
        }
        self.observed_at = Some(at);
        self.pace = next.map(|next| next.duration_since(at));
        match &self.value {
            Some(old) if Arc::ptr_eq(old, &value) => recovered,
            Some(old) => {
                // Merged first: what is shared then is not looked at a second time to see whether it is the same.
                let value = value.merged_onto(old).map_or(value, Arc::new);
                if **old == *value {
                    return recovered;
                }
                self.value = Some(value);
                true
            }
            None => {
                self.value = Some(value);
                true
            }
        }
    }
}

/// What the payloads have in common.
pub trait Merge: Sized {
    /// This value with what did not change in it taken over from the old one, where that saves anything.
    fn merged_onto(&self, _old: &Self) -> Option<Self> {
        None
    }

    /// True when there is nothing of the kind.
    fn is_empty(&self) -> bool {
        false
    }

    /// Bytes, by estimate, that are held here and not in `other`.
    fn weight_beside(&self, _other: Option<&Self>) -> usize {
        4_096
    }
}

impl<T: Identified + PartialEq> Merge for List<T> {
    fn merged_onto(&self, old: &Self) -> Option<Self> {
        Some(self.clone().sharing(old))
    }

    fn is_empty(&self) -> bool {
        (**self).is_empty()
    }

    fn weight_beside(&self, other: Option<&Self>) -> usize {
        const POINTER: usize = size_of::<usize>();
        // What the texts of an item take besides its own size.
        const TEXTS: usize = 256;
        // Mostly in the same order; where not, one item more or less must not make all behind it look new.
        let mut known: Option<HashSet<*const T>> = None;
        let is_known = |(position, item): (usize, &Arc<T>)| {
            let Some(other) = other else { return false };
            other.get(position).is_some_and(|same_place| Arc::ptr_eq(same_place, item))
                || known.get_or_insert_with(|| other.iter().map(Arc::as_ptr).collect()).contains(&Arc::as_ptr(item))
        };
        let fresh = self.len() - self.iter().enumerate().map(is_known).filter(|is_known| *is_known).count();
        self.len() * POINTER + fresh * (size_of::<T>() + TEXTS)
    }
}

/// An answer is one graph of many; those of before stay.
impl Merge for Graphs<CloudError> {
    fn merged_onto(&self, old: &Self) -> Option<Self> {
        Some(self.before(old))
    }

    fn weight_beside(&self, _: Option<&Self>) -> usize {
        self.weight()
    }
}

impl Merge for MetricSet {
    fn weight_beside(&self, _: Option<&Self>) -> usize {
        self.len() * 256
    }
}
