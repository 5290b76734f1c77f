//! What instances are called in a plan: by their name, and where several have the same, by their id as well.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::instance::Instance;
use crate::domain::text::Text;
use crate::world::Place;

pub(super) struct Names<'a>(BTreeSet<&'a Text>);

impl<'a> Names<'a> {
    pub(super) fn of(place: &'a Place) -> Self {
        let mut counts: BTreeMap<&Text, usize> = BTreeMap::new();
        for it in place.feeds.instances.items() {
            *counts.entry(&it.name).or_default() += 1;
        }
        Self(counts.into_iter().filter(|(_, count)| *count > 1).map(|(name, _)| name).collect())
    }

    pub(super) fn call(&self, it: &Instance) -> Text {
        if self.0.contains(&it.name) { format!("{} {}", it.name, it.id).into() } else { it.name.clone() }
    }
}
