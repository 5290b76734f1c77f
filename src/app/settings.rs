//! What the operator chose, by flag, environment or file.

use crate::app::keymap::Keymap;
use crate::world::sight::Bearings;

#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub bearings: Bearings,
    pub look: Look,
    pub keymap: Keymap,
    /// The drills there are to choose from.
    pub scenarios: Vec<ScenarioCard>,
}

/// A drill, as the picker offers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioCard {
    pub name: String,
    pub title: String,
    pub story: String,
}

/// How the terminal can be drawn on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    pub colours: Colours,
    pub glyphs: Glyphs,
}

impl Default for Look {
    fn default() -> Self {
        Self { colours: Colours::True, glyphs: Glyphs::Unicode }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Colours {
    /// `NO_COLOR`, or a terminal without: weight and words alone.
    None,
    /// The terminal's own sixteen.
    Sixteen,
    /// The xterm cube.
    Indexed,
    True,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glyphs {
    Unicode,
    /// For locales that are not UTF-8.
    Ascii,
}
