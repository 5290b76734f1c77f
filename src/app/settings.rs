//! What the operator chose, by flag, environment or file.

use jiff::SignedDuration;
use jiff::tz::TimeZone;

use crate::app::keymap::Keymap;
use crate::world::sight::Bearings;

/// How long changes stay allowed when nothing else is said.
pub const ARMED_FOR: SignedDuration = SignedDuration::from_mins(15);

#[derive(Clone, Debug)]
pub struct Settings {
    pub bearings: Bearings,
    pub look: Look,
    pub keymap: Keymap,
    /// What `time-zone` changes to: UTC, or the local zone where UTC was chosen.
    pub other_zone: TimeZone,
    pub alert: Alert,
    /// Whether the terminal may be asked for its background, because nothing else says what it is.
    pub asks_ground: bool,
    /// The drills there are to choose from.
    pub scenarios: Vec<ScenarioCard>,
    /// How long changes stay allowed.
    pub armed_for: SignedDuration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            bearings: Bearings::default(),
            look: Look::default(),
            keymap: Keymap::default(),
            other_zone: TimeZone::UTC,
            alert: Alert::default(),
            asks_ground: false,
            scenarios: Vec::new(),
            armed_for: ARMED_FOR,
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
    pub ground: Ground,
    /// The operator's own colours, by [`Role`].
    pub own: OwnColours,
}

/// Red, green and blue for each role that has a colour of the operator's own.
pub type OwnColours = [Option<(u8, u8, u8)>; Role::COUNT];

/// What the colours are made for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ground {
    #[default]
    Dark,
    Light,
    HighContrast,
}

/// What is written has a role; how a role looks is the theme's affair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Text,
    Strong,
    /// Labels, units, ages: read second.
    Dim,
    /// Frames and rules: seen, not read.
    Faint,
    /// Where you are.
    Accent,
    Warn,
    Bad,
    Stale,
    Unknown,
    /// DRILL, and other things a screenshot must not lose.
    Badge,
}

impl Role {
    pub const ALL: [Self; 10] = [
        Self::Text,
        Self::Strong,
        Self::Dim,
        Self::Faint,
        Self::Accent,
        Self::Warn,
        Self::Bad,
        Self::Stale,
        Self::Unknown,
        Self::Badge,
    ];
    pub const COUNT: usize = Self::ALL.len();

    /// As in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Strong => "strong",
            Self::Dim => "dim",
            Self::Faint => "faint",
            Self::Accent => "accent",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Stale => "stale",
            Self::Unknown => "unknown",
            Self::Badge => "badge",
        }
    }
}

impl Default for Look {
    fn default() -> Self {
        Self { colours: Colours::True, glyphs: Glyphs::Unicode, ground: Ground::Dark, own: [None; Role::COUNT] }
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
