//! Colours and signs, by role. No code outside names a colour.
//!
//! A healthy screen is the terminal's own foreground on its own background; only what is wrong, and where you are, has
//! colour. Every state is told by its sign and its word as well, so nothing is lost without colour.

use ratatui::style::{Color, Modifier, Style};

use crate::app::settings::Colours;
use crate::domain::health::Health;

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

#[derive(Clone, Copy, Debug)]
pub struct Theme {
    colours: Colours,
}

impl Theme {
    pub fn new(colours: Colours) -> Self {
        Self { colours }
    }

    pub fn style(self, role: Role) -> Style {
        let style = Style::new();
        match self.colours {
            Colours::None => match role {
                Role::Text | Role::Faint => style,
                Role::Dim => style.add_modifier(Modifier::DIM),
                Role::Strong | Role::Warn | Role::Stale | Role::Unknown => style.add_modifier(Modifier::BOLD),
                Role::Accent => style.add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
                Role::Bad | Role::Badge => style.add_modifier(Modifier::BOLD | Modifier::REVERSED),
            },
            colours => match role {
                // Named, not left out: text over a faint frame must not take on the frame's colour.
                Role::Text => style.fg(Color::Reset),
                Role::Strong => style.fg(Color::Reset).add_modifier(Modifier::BOLD),
                Role::Dim => style.fg(pick(colours, Color::Gray, 246, (142, 149, 160))),
                Role::Faint => style.fg(pick(colours, Color::DarkGray, 240, (84, 91, 102))),
                Role::Accent => style.fg(pick(colours, Color::LightBlue, 75, (97, 175, 239))),
                Role::Warn => style.fg(pick(colours, Color::Yellow, 214, (229, 168, 56))),
                Role::Bad => style.fg(pick(colours, Color::LightRed, 203, (244, 88, 88))).add_modifier(Modifier::BOLD),
                Role::Stale => style.fg(pick(colours, Color::Magenta, 140, (170, 136, 212))),
                Role::Unknown => style.fg(pick(colours, Color::Cyan, 73, (86, 172, 184))),
                Role::Badge => style
                    .fg(pick(colours, Color::Black, 16, (16, 16, 20)))
                    .bg(pick(colours, Color::Yellow, 179, (214, 170, 84)))
                    .add_modifier(Modifier::BOLD),
            },
        }
    }

    /// How a thing of this health is written.
    pub fn of_health(self, health: Health) -> Style {
        self.style(match health {
            Health::Bad => Role::Bad,
            Health::Warn => Role::Warn,
            Health::Stale => Role::Stale,
            Health::Unknown => Role::Unknown,
            Health::Ok => Role::Dim,
            Health::Absent => Role::Faint,
        })
    }

    /// What is selected: reversed, so that it can be found without colour.
    pub fn selected(self) -> Style {
        self.style(Role::Accent).add_modifier(Modifier::REVERSED | Modifier::BOLD)
    }

    /// The sign of a state. Screens without Unicode get its ASCII twin, see [`crate::view::ascii`].
    pub fn sign(self, health: Health) -> &'static str {
        match health {
            Health::Bad => "✖",
            Health::Warn => "▲",
            Health::Ok => "✔",
            Health::Unknown => "?",
            Health::Stale => "◌",
            Health::Absent => "·",
        }
    }
}

fn pick(colours: Colours, sixteen: Color, indexed: u8, (red, green, blue): (u8, u8, u8)) -> Color {
    match colours {
        Colours::True => Color::Rgb(red, green, blue),
        Colours::Indexed => Color::Indexed(indexed),
        Colours::Sixteen | Colours::None => sixteen,
    }
}
