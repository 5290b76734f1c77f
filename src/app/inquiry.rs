//! The changes that are suspected, while somebody goes through them.

use crate::world::item::{ItemId, Kind};
use crate::world::suspects::Suspect;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inquiry {
    /// What it is about, in words.
    pub of: String,
    /// The alarm it is about, if it is about one.
    pub about: Option<ItemId>,
    /// The likeliest first.
    pub all: Vec<Suspect>,
    pub at: usize,
}

impl Inquiry {
    /// The suspect one stands at, as a thing of the timeline.
    pub fn here(&self) -> Option<ItemId> {
        self.at(self.at)
    }

    /// One of them, as a thing of the timeline.
    pub fn at(&self, at: usize) -> Option<ItemId> {
        let suspect = self.all.get(at)?;
        Some(ItemId { kind: Kind::Event, place: suspect.place, id: suspect.event.id.clone() })
    }

    /// Why it is one: `suspect 1 of 3: 98 s before it began, to web itself`.
    pub fn words(&self) -> Option<String> {
        let suspect = self.all.get(self.at)?;
        let doubt = if suspect.stands_out() { "" } else { ", though nothing stands out" };
        Some(format!("suspect {} of {}{doubt}: {}", self.at + 1, self.all.len(), suspect.reasons.join(", ")))
    }
}
