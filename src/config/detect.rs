//! What the terminal can do, by what the environment says of it.

use crate::app::settings::{Colours, Glyphs, Ground};

/// The variables that matter, read once so that the rules can be tested.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    pub no_color: Option<String>,
    pub colorterm: Option<String>,
    pub term: Option<String>,
    /// The first of `LC_ALL`, `LC_CTYPE` and `LANG` that is set.
    pub locale: Option<String>,
    /// What rxvt, Konsole and others say of their colours: `15;0`.
    pub colorfgbg: Option<String>,
}

impl Environment {
    pub fn read() -> Self {
        let of = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self {
            no_color: of("NO_COLOR"),
            colorterm: of("COLORTERM"),
            term: of("TERM"),
            locale: of("LC_ALL").or_else(|| of("LC_CTYPE")).or_else(|| of("LANG")),
            colorfgbg: of("COLORFGBG"),
        }
    }
}

impl Environment {
    /// Light or dark, as far as the environment tells; dark otherwise, as most terminals are.
    pub fn ground(&self) -> Ground {
        // The last number is the background, by its place among the sixteen colours.
        let background = self.colorfgbg.as_deref().and_then(|value| value.rsplit(';').next()?.parse::<u8>().ok());
        match background {
            Some(7 | 9..=15) => Ground::Light,
            _ => Ground::Dark,
        }
    }
}

/// SSH does not pass `COLORTERM` on, so terminals known to have all colours are also known by name.
const TRUE_COLOUR_TERMS: [&str; 5] = ["kitty", "alacritty", "foot", "wezterm", "ghostty"];

pub fn colours(environment: &Environment) -> Colours {
    if environment.no_color.is_some() {
        return Colours::None;
    }
    let term = environment.term.as_deref().unwrap_or("");
    let colorterm = environment.colorterm.as_deref().unwrap_or("");
    if matches!(colorterm, "truecolor" | "24bit") || TRUE_COLOUR_TERMS.iter().any(|name| term.contains(name)) {
        Colours::True
    } else if term.contains("256color") {
        Colours::Indexed
    } else if term.contains("mono") || term.starts_with("vt1") || term.starts_with("vt2") {
        Colours::None
    } else {
        Colours::Sixteen
    }
}

pub fn glyphs(environment: &Environment) -> Glyphs {
    let locale = environment.locale.as_deref().unwrap_or("C").to_ascii_lowercase();
    // macOS and Windows terminals are UTF-8 whatever they say.
    if locale.contains("utf-8") || locale.contains("utf8") || !cfg!(target_os = "linux") {
        Glyphs::Unicode
    } else {
        Glyphs::Ascii
    }
}

/// True for a terminal that cannot place its cursor.
pub fn is_dumb(environment: &Environment) -> bool {
    matches!(environment.term.as_deref(), None | Some("dumb"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(variables: &[(&str, &str)], colours_are: Colours, glyphs_are: Glyphs) {
        let of = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let environment = Environment {
            no_color: of("NO_COLOR"),
            colorterm: of("COLORTERM"),
            term: of("TERM"),
            locale: of("LANG"),
            colorfgbg: None,
        };
        assert_eq!((colours(&environment), glyphs(&environment)), (colours_are, glyphs_are));
    }

    #[test]
    fn the_background_is_the_last_number_and_dark_when_nobody_says() {
        let of = |value: &str| Environment { colorfgbg: Some(value.into()), ..Environment::default() }.ground();
        assert_eq!(
            [of("15;0"), of("0;default;15"), of("0;7"), of("12;8"), of("x")].map(|g| g == Ground::Light),
            [false, true, true, false, false]
        );
        assert_eq!(Environment::default().ground(), Ground::Dark);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn abilities_follow_the_environment() {
        check(&[("TERM", "xterm-256color"), ("LANG", "en_GB.UTF-8")], Colours::Indexed, Glyphs::Unicode);
        check(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("LANG", "C")], Colours::True, Glyphs::Ascii);
        check(&[("TERM", "xterm-kitty"), ("LANG", "C.utf8")], Colours::True, Glyphs::Unicode);
        check(&[("TERM", "linux")], Colours::Sixteen, Glyphs::Ascii);
        check(&[("TERM", "xterm-256color"), ("NO_COLOR", "1"), ("LANG", "POSIX")], Colours::None, Glyphs::Ascii);
        check(&[("TERM", "vt100"), ("LANG", "de_DE@euro")], Colours::None, Glyphs::Ascii);
    }
}
