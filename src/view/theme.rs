//! Colours and signs, by role. No code outside names a colour.
//!
//! A healthy screen is the terminal's own foreground on its own background; only what is wrong, and where you are, has
//! colour. Every state is told by its sign and its word as well, so nothing is lost without colour.

use ratatui::style::{Color, Modifier, Style};

pub use crate::app::settings::Role;
use crate::app::settings::{Colours, Ground, Look};
use crate::domain::health::Health;

#[derive(Clone, Copy, Debug)]
pub struct Theme {
    look: Look,
}

impl Theme {
    pub fn new(look: Look) -> Self {
        Self { look }
    }

    pub fn style(self, role: Role) -> Style {
        let style = Style::new();
        if self.look.colours == Colours::None {
            return match role {
                Role::Text | Role::Faint => style,
                Role::Dim => style.add_modifier(Modifier::DIM),
                Role::Strong | Role::Warn | Role::Stale | Role::Unknown => style.add_modifier(Modifier::BOLD),
                Role::Accent => style.add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
                Role::Bad | Role::Badge => style.add_modifier(Modifier::BOLD | Modifier::REVERSED),
            };
        }
        // Text is named, not left out: over a faint frame it must not take on the frame's colour.
        let style = style.fg(self.colour(role));
        match role {
            Role::Strong | Role::Bad => style.add_modifier(Modifier::BOLD),
            Role::Badge => style.bg(self.badge_ground()).add_modifier(Modifier::BOLD),
            _ if self.look.ground == Ground::HighContrast => style.add_modifier(Modifier::BOLD),
            _ => style,
        }
    }

    fn colour(self, role: Role) -> Color {
        if let Some((red, green, blue)) = self.look.own[role as usize] {
            return match self.look.colours {
                Colours::True => Color::Rgb(red, green, blue),
                _ => Color::Indexed(nearest(red, green, blue)),
            };
        }
        let of = |sixteen, indexed, rgb| pick(self.look.colours, sixteen, indexed, rgb);
        match (self.look.ground, role) {
            // Black on white or white on black, whichever the terminal has; signal colours at full strength.
            (_, Role::Text | Role::Strong) | (Ground::HighContrast, Role::Dim | Role::Faint) => Color::Reset,
            (Ground::Dark, Role::Dim) => of(Color::Gray, 246, (142, 149, 160)),
            (Ground::Dark, Role::Faint) => of(Color::DarkGray, 240, (84, 91, 102)),
            (Ground::Dark, Role::Accent) => of(Color::LightBlue, 75, (97, 175, 239)),
            (Ground::Dark, Role::Warn) => of(Color::Yellow, 214, (229, 168, 56)),
            (Ground::Dark, Role::Bad) => of(Color::LightRed, 203, (244, 88, 88)),
            (Ground::Dark, Role::Stale) => of(Color::Magenta, 140, (170, 136, 212)),
            (Ground::Dark, Role::Unknown) => of(Color::Cyan, 73, (86, 172, 184)),
            (Ground::Light, Role::Dim) => of(Color::DarkGray, 242, (96, 103, 112)),
            (Ground::Light, Role::Faint) => of(Color::Gray, 249, (176, 182, 190)),
            (Ground::Light, Role::Accent) => of(Color::Blue, 25, (10, 88, 170)),
            (Ground::Light, Role::Warn) => of(Color::Yellow, 130, (158, 92, 0)),
            (Ground::Light, Role::Bad) => of(Color::Red, 160, (196, 20, 30)),
            (Ground::Light, Role::Stale) => of(Color::Magenta, 91, (118, 60, 168)),
            (Ground::Light, Role::Unknown) => of(Color::Cyan, 30, (0, 112, 122)),
            (Ground::HighContrast, Role::Accent) => of(Color::LightCyan, 51, (0, 215, 255)),
            (Ground::HighContrast, Role::Warn) => of(Color::LightYellow, 226, (255, 221, 0)),
            (Ground::HighContrast, Role::Bad) => of(Color::LightRed, 196, (255, 60, 60)),
            (Ground::HighContrast, Role::Stale) => of(Color::LightMagenta, 213, (255, 140, 255)),
            (Ground::HighContrast, Role::Unknown) => of(Color::LightCyan, 87, (110, 240, 255)),
            (_, Role::Badge) => of(Color::Black, 16, (16, 16, 20)),
        }
    }

    /// A colour of the operator's own, as near as the terminal has it.
    pub fn own(self, (red, green, blue): (u8, u8, u8)) -> Style {
        match self.look.colours {
            Colours::None => self.style(Role::Strong),
            Colours::True => self.style(Role::Strong).fg(Color::Rgb(red, green, blue)),
            Colours::Indexed | Colours::Sixteen => {
                self.style(Role::Strong).fg(Color::Indexed(nearest(red, green, blue)))
            }
        }
    }

    fn badge_ground(self) -> Color {
        match self.look.ground {
            Ground::HighContrast => pick(self.look.colours, Color::LightYellow, 226, (255, 221, 0)),
            Ground::Dark | Ground::Light => pick(self.look.colours, Color::Yellow, 179, (214, 170, 84)),
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

/// The colour of the xterm cube that is nearest, for terminals without all colours.
fn nearest(red: u8, green: u8, blue: u8) -> u8 {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let step = |channel: u8| (0..6_u8).min_by_key(|at| STEPS[usize::from(*at)].abs_diff(channel)).unwrap_or(0);
    16 + 36 * step(red) + 6 * step(green) + step(blue)
}

fn pick(colours: Colours, sixteen: Color, indexed: u8, (red, green, blue): (u8, u8, u8)) -> Color {
    match colours {
        Colours::True => Color::Rgb(red, green, blue),
        Colours::Indexed => Color::Indexed(indexed),
        Colours::Sixteen | Colours::None => sixteen,
    }
}
