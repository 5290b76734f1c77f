//! What the operator chose, by flag, environment or file.

use jiff::tz::TimeZone;

use crate::app::keymap::Keymap;
use crate::world::sight::Bearings;

#[derive(Clone, Debug)]
pub struct Settings {
    pub bearings: Bearings,
    pub look: Look,
    pub keymap: Keymap,
    /// What `time-zone` changes to: UTC, or the local zone where UTC was chosen.
    pub other_zone: TimeZone,
    pub alert: Alert,
    /// The drills there are to choose from.
    pub scenarios: Vec<ScenarioCard>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            bearings: Bearings::default(),
            look: Look::default(),
            keymap: Keymap::default(),
            other_zone: TimeZone::UTC,
            alert: Alert::default(),
            scenarios: Vec::new(),
        }
    }
}

/// How a new alarm is told besides on the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Alert {
    pub bell: bool,
    /// A notification of the desktop, by OSC 9 and OSC 777.
    pub notify: bool,
    /// The state of the system in the title of the window.
    pub title: bool,
    /// Clicks and the wheel, at the price of the terminal's own selection.
    pub mouse: bool,
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
