//! A list that is cheap to hold many times.

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
    /// This list, with every item equal to the one of the same key in `old` replaced by that very item.
    ///
    /// Lists mostly arrive in the same order, so the same position is tried first and the index is built only when
    /// that fails.
    #[must_use]
    pub fn sharing(self, old: &Self) -> Self {
        if Arc::ptr_eq(&self.0, &old.0) {
            return self;
        }
        let mut index: Option<std::collections::HashMap<&str, &Arc<T>>> = None;
        let items: Vec<Arc<T>> = self
            .0
            .iter()
            .enumerate()
            .map(|(position, item)| {
                let candidate = match old.0.get(position) {
                    Some(same_place) if same_place.key() == item.key() => Some(same_place),
                    _ => index
                        .get_or_insert_with(|| old.0.iter().map(|item| (item.key(), item)).collect())
                        .get(item.key())
                        .copied(),
                };
                match candidate {
                    Some(known) if Arc::ptr_eq(known, item) || known == item => Arc::clone(known),
                    _ => Arc::clone(item),
                }
            })
            .collect();
        Self(items.into())
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
}
