//! Keys, by the names people write in configuration files.

use std::fmt;
use std::str::FromStr;

/// One key press.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub code: Code,
    pub ctrl: bool,
    pub alt: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    Char(char),
    Enter,
    Esc,
    Tab,
    BackTab,
    Backspace,
    Delete,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
    Function(u8),
}

/// Names of keys without a character of their own. The first spelling is the one shown.
const NAMED: &[(Code, &[&str])] = &[
    (Code::Enter, &["enter", "return"]),
    (Code::Esc, &["esc", "escape"]),
    (Code::Tab, &["tab"]),
    (Code::BackTab, &["backtab", "shift-tab"]),
    (Code::Backspace, &["backspace"]),
    (Code::Delete, &["delete", "del"]),
    (Code::Up, &["up"]),
    (Code::Down, &["down"]),
    (Code::Left, &["left"]),
    (Code::Right, &["right"]),
    (Code::Home, &["home"]),
    (Code::End, &["end"]),
    (Code::PageUp, &["pageup", "pgup"]),
    (Code::PageDown, &["pagedown", "pgdn"]),
    (Code::Char(' '), &["space"]),
];

impl Key {
    pub const fn plain(code: Code) -> Self {
        Self { code, ctrl: false, alt: false }
    }

    pub const fn char(character: char) -> Self {
        Self::plain(Code::Char(character))
    }

    pub const fn ctrl(character: char) -> Self {
        Self { code: Code::Char(character), ctrl: true, alt: false }
    }

    /// The character it types, if it types one.
    pub fn typed(self) -> Option<char> {
        match self.code {
            Code::Char(character) if !self.ctrl && !self.alt => Some(character),
            _ => None,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        if self.ctrl {
            text.push_str("ctrl-");
        }
        if self.alt {
            text.push_str("alt-");
        }
        match (NAMED.iter().find(|(code, _)| *code == self.code), self.code) {
            (Some((_, names)), _) => text.push_str(names[0]),
            (None, Code::Char(character)) => text.push(character),
            (None, Code::Function(number)) => text.push_str(&format!("f{number}")),
            (None, _) => {}
        }
        f.pad(&text)
    }
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown key `{0}`: write a character, ctrl-x, alt-x, f1 to f12, or a name such as enter, esc, tab, space, up, pagedown"
)]
pub struct KeyError(String);

impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let unknown = || KeyError(text.to_owned());
        let mut rest = text;
        let (mut ctrl, mut alt) = (false, false);
        loop {
            if let Some(tail) = rest.strip_prefix("ctrl-").filter(|tail| !tail.is_empty()) {
                (ctrl, rest) = (true, tail);
            } else if let Some(tail) = rest.strip_prefix("alt-").filter(|tail| !tail.is_empty()) {
                (alt, rest) = (true, tail);
            } else {
                break;
            }
        }
        let named = NAMED.iter().find(|(_, names)| names.contains(&rest)).map(|(code, _)| *code);
        let mut characters = rest.chars();
        let code = match (named, characters.next(), characters.next()) {
            (Some(code), _, _) => code,
            (None, Some(single), None) if !single.is_control() => Code::Char(single),
            (None, Some('f'), Some(_)) => {
                let number = rest[1..].parse().ok().filter(|number| (1..=12).contains(number)).ok_or_else(unknown)?;
                Code::Function(number)
            }
            _ => return Err(unknown()),
        };
        Ok(Self { code, ctrl, alt })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_written_as_they_are_read() {
        for name in ["j", "G", "ctrl-r", "alt-x", "enter", "backtab", "space", "f5", "?", "ctrl-space", "-", "<"] {
            assert_eq!(name.parse::<Key>().unwrap().to_string(), name);
        }
        assert_eq!("pgdn".parse::<Key>().unwrap().to_string(), "pagedown");
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        for name in ["", "ctrl-", "f13", "entre", "jj", "\u{1b}"] {
            assert_eq!(name.parse::<Key>(), Err(KeyError(name.to_owned())), "{name:?}");
        }
    }
}
