//! Text from outside, made harmless at the boundary.
//!
//! Names, tags, commit messages and error texts are written by strangers. Printed raw they can move the cursor,
//! rewrite the title, write the clipboard (OSC 52) or reverse the reading order of a line (CVE-2021-42574). ratatui
//! drops control characters in some of its paths but not zero-width ones, and nothing protects reports, logs and the
//! clipboard. So the cleaning is a type: what holds a [`Text`] may print it anywhere.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Longest name kept, in characters. AWS names end at 256 and alarm descriptions at 1,024; a longer one is either
/// damage or an attack, and is cut with a note of how much went.
pub const MAX_CHARS: usize = 1_024;

/// Combining marks kept on one base character. Real scripts need two or three; a "zalgo" name uses dozens to spill
/// over the neighbouring rows.
const MAX_MARKS: usize = 3;

/// A string safe to print: no control, bidi, zero-width, tag or private-use characters, bounded in length.
///
/// What was removed stays visible as an ASCII escape (`\x1b`, `\u{202e}`), so that a hostile name looks hostile
/// instead of looking like another name. Cloning is one reference count.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Arc<str>);

impl Text {
    /// Cleans `raw` and cuts it to [`MAX_CHARS`].
    pub fn new(raw: &str) -> Self {
        Self::cut_to(raw, MAX_CHARS)
    }

    /// Cleans `raw` and cuts it to `limit` characters, for texts longer than a name (messages, reasons).
    pub fn cut_to(raw: &str, limit: usize) -> Self {
        if raw.len() <= limit && raw.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return Self(Arc::from(raw));
        }
        Self(Arc::from(clean(raw, limit)))
    }

    /// Whether a character stays as it is. Typed and pasted text is made of these only.
    pub fn may_hold(character: char) -> bool {
        !is_harmful(character)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn clean(raw: &str, limit: usize) -> String {
    let mut out = String::with_capacity(raw.len().min(limit * 4));
    let mut marks = 0;
    for (taken, character) in raw.chars().enumerate() {
        if taken >= limit {
            let left = raw.chars().count() - taken;
            out.push_str(&format!("…(+{left})"));
            break;
        }
        if is_combining(character) {
            marks += 1;
            if marks > MAX_MARKS {
                continue;
            }
        } else {
            marks = 0;
        }
        if is_harmful(character) {
            push_escape(&mut out, character);
        } else {
            out.push(character);
        }
    }
    out
}

fn push_escape(out: &mut String, character: char) {
    let code = u32::from(character);
    match character {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        _ if code < 0x100 => out.push_str(&format!("\\x{code:02x}")),
        _ => out.push_str(&format!("\\u{{{code:x}}}")),
    }
}

/// Characters that act on the terminal or on the reader instead of being read.
fn is_harmful(character: char) -> bool {
    character.is_control()
        || matches!(u32::from(character),
            0x00AD                  // soft hyphen: invisible, breaks the measured width
            | 0x034F | 0x061C       // grapheme joiner, Arabic letter mark
            | 0x115F | 0x1160       // Hangul fillers: blank, but wide
            | 0x17B4 | 0x17B5       // Khmer inherent vowels: invisible
            | 0x180B..=0x180F       // Mongolian selectors
            | 0x200B..=0x200F       // zero width, directional marks
            | 0x2028..=0x202E       // line and paragraph separators, bidi embeddings and overrides
            | 0x2060..=0x206F       // word joiner, bidi isolates, deprecated controls
            | 0x3164 | 0xFFA0       // Hangul fillers
            | 0xE000..=0xF8FF       // private use: drawn as anything
            | 0xFE00..=0xFE0F       // variation selectors: terminals disagree about the width
            | 0xFEFF | 0xFFF0..=0xFFFB
            | 0x1D173..=0x1D17A     // musical format controls
            | 0xE0000..=0xE0FFF     // tag characters
            | 0xF0000..=0x0010_FFFF) // private use planes
}

fn is_combining(character: char) -> bool {
    matches!(u32::from(character),
        0x0300..=0x036F | 0x0483..=0x0489 | 0x0591..=0x05BD | 0x0610..=0x061A | 0x064B..=0x065F
        | 0x1AB0..=0x1AFF | 0x1DC0..=0x1DFF | 0x20D0..=0x20FF | 0xFE20..=0xFE2F)
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Default for Text {
    fn default() -> Self {
        Self(Arc::from(""))
    }
}

impl From<&str> for Text {
    fn from(raw: &str) -> Self {
        Self::new(raw)
    }
}

impl From<String> for Text {
    fn from(raw: String) -> Self {
        Self::new(&raw)
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for Text {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|raw| Self::new(&raw))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: &str, cleaned: &str) {
        assert_eq!(Text::new(raw).as_str(), cleaned);
    }

    #[test]
    fn ordinary_names_pass_untouched() {
        check("web-edge", "web-edge");
        check("Zürich 東京 🚀", "Zürich 東京 🚀");
    }

    #[test]
    fn escape_sequences_become_visible() {
        check("a\x1b[31mred", "a\\x1b[31mred");
        check("\x1b]52;c;ZXZpbA==\x07", "\\x1b]52;c;ZXZpbA==\\x07");
        check("one\r\ntwo\tthree", "one\\r\\ntwo\\tthree");
        check("\u{9b}31m", "\\x9b31m");
        check("\x7f", "\\x7f");
    }

    #[test]
    fn invisible_and_reversing_characters_become_visible() {
        check("safe\u{202e}gpj.exe", "safe\\u{202e}gpj.exe");
        check("a\u{200b}b", "a\\u{200b}b");
        check("x\u{e0041}", "x\\u{e0041}");
        check("👩\u{200d}🚀", "👩\\u{200d}🚀");
    }

    #[test]
    fn a_tower_of_marks_is_lowered() {
        let tower = format!("a{}b", "\u{0301}".repeat(40));
        check(&tower, "a\u{0301}\u{0301}\u{0301}b");
    }

    #[test]
    fn an_endless_name_is_cut_and_says_so() {
        let name = Text::new(&"x".repeat(5_000));
        assert_eq!(name.as_str().chars().filter(|&c| c == 'x').count(), MAX_CHARS);
        assert!(name.as_str().ends_with("…(+3976)"), "{name}");
    }
}
