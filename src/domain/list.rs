//! A list that is cheap to hold many times.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A thing with an identity that survives refreshes: the same key is the same thing, whatever else changed.
pub trait Identified {
    fn key(&self) -> &str;
}

/// An immutable list whose items are shared, so that a world of 100,000 resources costs one pointer per unchanged
/// item and refresh, not one copy. This is what makes keeping an hour of worlds affordable.
pub struct List<T>(Arc<[Arc<T>]>);

impl<T> List<T> {
    pub fn new(items: Vec<T>) -> Self {
        Self(items.into_iter().map(Arc::new).collect())
    }

    /// For a source that already holds its items behind pointers.
    pub fn shared(items: Vec<Arc<T>>) -> Self {
        Self(items.into())
    }
}

impl<T: Identified + PartialEq> List<T> {
    /// This list, with every item equal to the one of the same key in `old` replaced by that very item; `old` itself where
    /// that makes the two the same.
    ///
    /// Lists mostly arrive in the same order with a few items more or less, so the item behind the one found last is tried
    /// first, and the index is built only when that fails.
    #[must_use]
    pub fn sharing(self, old: &Self) -> Self {
        if Arc::ptr_eq(&self.0, &old.0) {
            return self;
        }
        let is_known = |(mine, known): &(&Arc<T>, &Arc<T>)| Arc::ptr_eq(mine, known) || mine == known;
        let same = self.0.iter().zip(old.0.iter()).take_while(is_known).count();
        if same == self.len() && same == old.len() {
            return old.clone();
        }
        let mut index: Option<HashMap<&str, usize>> = None;
        let mut next = same;
        let rest = self.0[same..].iter().map(|item| {
            let has_key = |at: &usize| old.0.get(*at).is_some_and(|known| known.key() == item.key());
            let found = Some(next).filter(has_key).or_else(|| {
                let index = index
                    .get_or_insert_with(|| old.0.iter().enumerate().map(|(at, known)| (known.key(), at)).collect());
                index.get(item.key()).copied()
            });
            let Some(found) = found else { return item };
            next = found + 1;
            let known = &old.0[found];
            if is_known(&(item, known)) { known } else { item }
        });
        Self(old.0[..same].iter().chain(rest).map(Arc::clone).collect())
    }
}

impl<T: PartialEq> PartialEq for List<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.0.len() == other.0.len()
                && self.0.iter().zip(other.0.iter()).all(|(mine, theirs)| Arc::ptr_eq(mine, theirs) || mine == theirs))
    }
}

impl<T> Clone for List<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Arc::from(Vec::new()))
    }
}

impl<T> Deref for List<T> {
    type Target = [Arc<T>];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<T: std::fmt::Debug> std::fmt::Debug for List<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter()).finish()
    }
}

impl<T: Serialize> Serialize for List<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|item| &**item))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Item(&'static str, u32);

    impl Identified for Item {
        fn key(&self) -> &str {
            self.0
        }
    }

    #[test]
    fn unchanged_items_are_shared_even_when_they_moved() {
        let old = List::new(vec![Item("a", 1), Item("b", 2), Item("c", 3)]);
        let new = List::new(vec![Item("c", 3), Item("a", 1), Item("b", 9)]).sharing(&old);
        assert!(Arc::ptr_eq(&new[0], &old[2]));
        assert!(Arc::ptr_eq(&new[1], &old[0]));
        assert!(!Arc::ptr_eq(&new[2], &old[1]));
        assert_eq!(new[2].1, 9);
    }

    #[test]
    fn what_comes_in_goes_out_or_changes_leaves_the_rest_shared() {
        let old = List::new((0..9).map(|number| Item(KEYS[number], 1)).collect());
        for gone in 0..9 {
            for fresh in 0..9 {
                let mut items: Vec<Item> = (0..9).filter(|at| *at != gone).map(|at| Item(KEYS[at], 1)).collect();
                items[fresh.min(7)].1 = 2;
                items.insert(fresh, Item("new", 1));
                let new = List::new(items).sharing(&old);
                let shared = new.iter().filter(|item| old.iter().any(|known| Arc::ptr_eq(known, item))).count();
                assert_eq!((new.len(), shared), (9, 7), "{gone} gone, {fresh} in");
            }
        }
        let again = List::new((0..9).map(|number| Item(KEYS[number], 1)).collect()).sharing(&old);
        assert!(Arc::ptr_eq(&again.0, &old.0), "nothing new is the same list");
        let shorter = List::new((0..8).map(|number| Item(KEYS[number], 1)).collect()).sharing(&old);
        assert_eq!(shorter.len(), 8, "what is gone at the end is gone");
    }

    const KEYS: [&str; 9] = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
}
