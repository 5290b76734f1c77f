//! What lies over the tab: data, drawn bottom up, with the keys going to the top one.

use crate::app::palette::Palette;

#[derive(Debug)]
pub enum Overlay {
    Help(Scroll),
    Palette(Palette),
    /// The choice of a drill: position in the list of scenarios.
    Picker {
        selected: usize,
    },
    /// A few lines to read.
    Card {
        title: String,
        lines: Vec<String>,
        scroll: Scroll,
    },
}

/// A position in something longer than the screen. The end is only known when drawing, so it may lie beyond; the view
/// shows the last page then, and moving back counts from there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scroll {
    pub offset: usize,
}

impl Scroll {
    pub fn by(&mut self, lines: isize, longest: usize) {
        self.offset = self.offset.min(longest).saturating_add_signed(lines).min(longest);
    }
}
