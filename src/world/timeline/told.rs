//! Events drawn one from each thing in a feed, beside what they were drawn from.

use std::collections::HashMap;
use std::sync::Arc;

use super::Event;

/// The events of a feed that tells a day of them anew with each answer. A thing that is the very one of before was told
/// already, and its event is the one of before too: what an answer costs is what is new in it.
#[derive(Debug)]
pub(super) struct Told<T> {
    /// In the order of the feed.
    all: Arc<[(Arc<T>, Arc<Event>)]>,
}

impl<T> Told<T> {
    pub fn events(&self) -> impl Iterator<Item = &Arc<Event>> {
        self.all.iter().map(|(_, event)| event)
    }

    /// Bytes, by estimate, that are held here and not in `other`, where an event takes `each`.
    pub fn weight_beside(&self, other: Option<&Self>, each: usize) -> usize {
        let theirs = other.map_or(&[][..], |other| &*other.all);
        if std::ptr::eq(&raw const *self.all, &raw const *theirs) {
            return 0;
        }
        let mut known = Known { told: theirs, next: 0, index: None };
        let fresh = self
            .all
            .iter()
            .filter(|(thing, event)| known.event_of(thing).is_none_or(|theirs| !Arc::ptr_eq(theirs, event)));
        fresh.count() * each + size_of_val(&*self.all)
    }

    /// The events of these things. One that is listed twice, as where a page was read while it moved, happened once.
    #[must_use]
    pub fn redrawn<'a>(&self, things: impl Iterator<Item = &'a Arc<T>>, draw: impl Fn(&T) -> Event) -> Self
    where
        T: 'a,
    {
        let mut known = Known { told: &self.all, next: 0, index: None };
        let mut all: Vec<(Arc<T>, Arc<Event>)> = Vec::with_capacity(self.all.len());
        for thing in things {
            let event = known.event_of(thing).map_or_else(|| Arc::new(draw(thing)), Arc::clone);
            // The two stand side by side: feeds are in order of time, and of ids where that is the same.
            if all.last().is_none_or(|(_, last)| (last.at, &last.id) != (event.at, &event.id)) {
                all.push((Arc::clone(thing), event));
            }
        }
        Self { all: all.into() }
    }
}

/// Finds what was told: behind what was found last, or anywhere.
struct Known<'a, T> {
    told: &'a [(Arc<T>, Arc<Event>)],
    next: usize,
    index: Option<HashMap<*const T, usize>>,
}

impl<'a, T> Known<'a, T> {
    fn event_of(&mut self, thing: &Arc<T>) -> Option<&'a Arc<Event>> {
        let is_it = |at: &usize| self.told.get(*at).is_some_and(|(known, _)| Arc::ptr_eq(known, thing));
        let found = [self.next, self.next + 1].into_iter().find(is_it).or_else(|| {
            let index = self.index.get_or_insert_with(|| {
                self.told.iter().enumerate().map(|(at, (known, _))| (Arc::as_ptr(known), at)).collect()
            });
            index.get(&Arc::as_ptr(thing)).copied()
        })?;
        self.next = found + 1;
        self.told.get(found).map(|(_, event)| event)
    }
}

impl<T> Clone for Told<T> {
    fn clone(&self) -> Self {
        Self { all: Arc::clone(&self.all) }
    }
}

impl<T> Default for Told<T> {
    fn default() -> Self {
        Self { all: Arc::default() }
    }
}
