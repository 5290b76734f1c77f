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

/// What only drawing finds out, told back to the model so that the next key starts from what is seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drawn {
    /// The last offset of the text on top.
    pub scroll_end: usize,
}

/// A position in something longer than the screen. The end is only known when drawing, so it may lie beyond until then;
/// [`Drawn`] brings it back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scroll {
    pub offset: usize,
}

impl Scroll {
    pub fn by(&mut self, lines: isize, longest: usize) {
        self.offset = self.offset.min(longest).saturating_add_signed(lines).min(longest);
    }

    pub fn settle(&mut self, drawn: Drawn) {
        self.offset = self.offset.min(drawn.scroll_end);
    }
}
