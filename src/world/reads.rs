//! Which feeds a piece of judging looked at, noted by the feeds themselves.
//!
//! A verdict is only worth as much as what it rests on: "no replica elsewhere" means nothing while the databases of the
//! other region cannot be read. Listing by hand what each of some 130 checks reads was refused: such a list is wrong the
//! day a check changes. So every [`Held`](crate::world::feed::Held) notes itself when it is read, and [`tracked`] tells
//! what was noted while something was worked out. What it returns depends on nothing but that work.

use std::cell::Cell;

use crate::world::feed::Feed;

/// Feeds, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeedSet(u64);

impl FeedSet {
    pub const EMPTY: Self = Self(0);

    pub fn insert(&mut self, feed: Feed) {
        self.0 |= Self::of(feed).0;
    }

    pub fn contains(self, feed: Feed) -> bool {
        self.0 & Self::of(feed).0 != 0
    }

    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    #[must_use]
    pub fn common(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn iter(self) -> impl Iterator<Item = Feed> {
        Feed::ALL.iter().copied().filter(move |feed| self.contains(*feed))
    }

    fn of(feed: Feed) -> Self {
        const { assert!(Feed::ALL.len() <= 64, "a feed needs a bit") };
        Self(1 << feed as u64)
    }
}

impl FromIterator<Feed> for FeedSet {
    fn from_iter<I: IntoIterator<Item = Feed>>(feeds: I) -> Self {
        let mut set = Self::EMPTY;
        for feed in feeds {
            set.insert(feed);
        }
        set
    }
}

thread_local! {
    static NOTED: Cell<FeedSet> = const { Cell::new(FeedSet::EMPTY) };
}

/// Does the work and says which feeds it read. Work inside work is noted for both.
pub fn tracked<T>(work: impl FnOnce() -> T) -> (T, FeedSet) {
    let outside = NOTED.replace(FeedSet::EMPTY);
    let result = work();
    let inside = NOTED.get();
    NOTED.set(outside.union(inside));
    (result, inside)
}

pub(super) fn note(feed: Feed) {
    NOTED.set(NOTED.get().union(FeedSet::of(feed)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::feed::Feeds;

    #[test]
    fn reading_a_feed_is_noted_within_and_around() {
        let feeds = Feeds::default();
        let (inner, outer) = tracked(|| {
            feeds.alarms.items().count();
            tracked(|| feeds.metrics.value().is_some()).1
        });
        assert_eq!(inner, FeedSet::from_iter([Feed::Metrics]));
        assert_eq!(outer, FeedSet::from_iter([Feed::Alarms, Feed::Metrics]));
        assert!(tracked(|| ()).1.is_empty());
    }
}
