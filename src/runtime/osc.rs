//! What the console says to the terminal besides drawing, and what the terminal answers: bytes from data, and back.
//!
//! Everything sent ends with BEL, not with ESC `\`: it may travel inside a multiplexer's own string, which ESC `\`
//! would end.

use crate::domain::text::Text;

/// What stands between the console and the terminal, and keeps for itself what it does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Multiplexer {
    None,
    Tmux,
    Screen,
}

impl Multiplexer {
    /// By `TMUX`, `STY` and `TERM`. The last is all that is left of them on the other end of an SSH connection.
    pub fn from_environment(tmux: Option<&str>, sty: Option<&str>, term: Option<&str>) -> Self {
        let is_set = |value: Option<&str>| value.is_some_and(|value| !value.is_empty());
        let term = term.unwrap_or("");
        if is_set(tmux) || (!is_set(sty) && term.starts_with("tmux")) {
            Self::Tmux
        } else if is_set(sty) || term.starts_with("screen") {
            Self::Screen
        } else {
            Self::None
        }
    }

    /// Whether an answer of the terminal comes before the answer to what was asked after it. GNU screen answers
    /// [`ASK_BACKGROUND`]'s second question itself and at once; the colour arrives later, as if it were typed.
    pub fn answers_in_order(self) -> bool {
        self != Self::Screen
    }

    /// One of our sequences, packed so that it reaches the terminal outside.
    fn pack(self, sequence: &[u8]) -> Vec<u8> {
        match self {
            Self::None => sequence.to_vec(),
            Self::Tmux => {
                let mut out = b"\x1bPtmux;".to_vec();
                for byte in sequence {
                    if *byte == ESC {
                        out.push(ESC);
                    }
                    out.push(*byte);
                }
                out.extend_from_slice(b"\x1b\\");
                out
            }
            Self::Screen => {
                let strings = sequence.chunks(SCREEN_CHUNK).map(|chunk| [b"\x1bP", chunk, b"\x1b\\"].concat());
                strings.collect::<Vec<_>>().concat()
            }
        }
    }

    /// Text for the inside of a sequence. GNU screen keeps the low byte of each character of a string and sends that
    /// on: of `ě` (U+011B) an ESC arrives, so what it is given is ASCII.
    fn plain(self, text: &Text, longest: usize) -> String {
        let letters = text.as_str().chars().filter(|letter| !letter.is_control()).take(longest);
        letters.map(|letter| if self == Self::Screen && !letter.is_ascii() { '?' } else { letter }).collect()
    }
}

const ESC: u8 = 0x1b;

pub const BELL: &[u8] = b"\x07";

/// What GNU screen is given at a time. A string longer than its buffer is printed on the screen instead: 768 bytes
/// since 4.2.1, 512 before, 256 up to 4.0.3.
const SCREEN_CHUNK: usize = 240;

/// Longest text to copy, in bytes. Terminals with a limit take sequences of 100,000 bytes, which is what Chromium's
/// `osc52.sh` and the Vim plugins after it send at most; seven open ours, one ends it, and base64 makes four of three.
pub const LONGEST_COPY: usize = 74_994;

/// Whether terminals take a text of this length. A longer one is dropped by some without a word.
pub fn fits(text: &str) -> bool {
    text.len() <= LONGEST_COPY
}

/// Puts a text on the clipboard (OSC 52), also over SSH.
pub fn copy(text: &str, mux: Multiplexer) -> Vec<u8> {
    let sequence = [b"\x1b]52;c;", base64(text.as_bytes()).as_slice(), BELL].concat();
    match mux {
        // Which of the two passes is the user's choice, and we cannot know it: `set-clipboard on` reads the plain one
        // (`external`, the default since 2.6, does not), and `allow-passthrough on`, needed since 3.3, hands the packed
        // one on. If both pass, the same text is copied twice.
        Multiplexer::Tmux => [sequence.clone(), mux.pack(&sequence)].concat(),
        // Not the plain one for GNU screen: it knows no OSC 52, and prints what is longer than its buffer.
        Multiplexer::Screen | Multiplexer::None => mux.pack(&sequence),
    }
}

/// Longest text of a notification, in characters. Desktops show two or three lines.
const LONGEST_NOTICE: usize = 300;

/// Shows a desktop notification, in both ways terminals know: OSC 9 (iTerm2) and OSC 777 (rxvt, foot).
/// Some know both, and show two.
pub fn notify(title: &Text, body: &Text, mux: Multiplexer) -> Vec<u8> {
    // A semicolon would begin the next field.
    let field = |text: &Text| mux.plain(text, LONGEST_NOTICE).replace(';', ",");
    let (title, body) = (field(title), field(body));
    // A number at the start makes OSC 9 a command of ConEmu: 4 draws a progress bar, 5 waits for a key.
    let gap = if body.starts_with(|first: char| first.is_ascii_digit()) { " " } else { "" };
    let short = format!("\x1b]9;{gap}{body}\x07");
    let full = format!("\x1b]777;notify;{title};{body}\x07");
    [mux.pack(short.as_bytes()), mux.pack(full.as_bytes())].concat()
}

/// Longest title, in characters: no tab is wider, and GNU screen would print what does not fit its buffer.
const LONGEST_TITLE: usize = 200;

/// Names the window (OSC 2). Multiplexers read this one themselves, and name their own window by it.
pub fn title(text: &Text, mux: Multiplexer) -> Vec<u8> {
    format!("\x1b]2;{}\x07", mux.plain(text, LONGEST_TITLE)).into_bytes()
}

/// Puts the title on the terminal's stack, to be had back when the console leaves.
pub const PUSH_TITLE: &[u8] = b"\x1b[22;2t";
pub const POP_TITLE: &[u8] = b"\x1b[23;2t";

/// Asks for the background colour (OSC 11), and then what the terminal is (DA1). Every terminal answers the second, and
/// answers in order (but see [`Multiplexer::answers_in_order`]): once that is read there is nothing more to wait for.
///
/// Answers end as the question does, and rxvt-unicode sends half of ESC `\`: a bare ESC that would be taken for a key.
pub const ASK_BACKGROUND: &[u8] = b"\x1b]11;?\x07\x1b[c";

/// What the text is written on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    Dark,
    Light,
}

/// The background colour, if the answer to [`ASK_BACKGROUND`] is among these bytes, and whole.
pub fn background(answer: &[u8]) -> Option<(u8, u8, u8)> {
    (0..answer.len()).find_map(|start| {
        let rest = answer[start..].strip_prefix(b"\x1b]11;")?;
        // BEL, or the ESC of ESC `\` (rxvt-unicode sends that alone), or ST in one byte.
        let end = rest.iter().position(|byte| matches!(byte, 0x07 | 0x1b | 0x9c))?;
        let colour = str::from_utf8(&rest[..end]).ok()?;
        let (channels, count) = match (colour.strip_prefix("rgb:"), colour.strip_prefix("rgba:")) {
            (Some(channels), _) => (channels, 3),
            (None, channels) => (channels?, 4),
        };
        let channels: Vec<u8> = channels.split('/').map(channel).collect::<Option<_>>()?;
        match channels[..] {
            [red, green, blue, ..] if channels.len() == count => Some((red, green, blue)),
            _ => None,
        }
    })
}

/// A channel of one to four hexadecimal digits, the largest of which mean full.
fn channel(digits: &str) -> Option<u8> {
    if !(1..=4).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let full = (1_u32 << (4 * digits.len())) - 1;
    let value = u32::from_str_radix(digits, 16).ok()?;
    u8::try_from((value * 255 + full / 2) / full).ok()
}

/// Whether a background is dark: whether white on it reads better than black, by the contrast of WCAG 2.
pub fn ground((red, green, blue): (u8, u8, u8)) -> Ground {
    let linear = |channel: u8| {
        let channel = f64::from(channel) / 255.0;
        if channel <= 0.04045 { channel / 12.92 } else { ((channel + 0.055) / 1.055).powf(2.4) }
    };
    let luminance = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
    // Where (1 + 0.05) / (l + 0.05) equals (l + 0.05) / (0 + 0.05).
    if luminance < (1.05_f64 * 0.05).sqrt() - 0.05 { Ground::Dark } else { Ground::Light }
}

/// Standard base64 (RFC 4648), padded.
fn base64(bytes: &[u8]) -> Vec<u8> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let groups = bytes.chunks(3).flat_map(|chunk| {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        let letter = move |at: usize| LETTERS[(bits >> (18 - 6 * at)) as usize & 63];
        let letters = chunk.len() + 1;
        (0..4).map(move |at| if at < letters { letter(at) } else { b'=' })
    });
    groups.collect()
}

/// Whether the answer that every terminal gives (`CSI ? ... c`) has come, and with it all that will.
pub fn has_ended(read: &[u8]) -> bool {
    device_attributes(read).is_some()
}

/// Where that answer stands.
fn device_attributes(read: &[u8]) -> Option<std::ops::Range<usize>> {
    let start = read.windows(3).position(|bytes| bytes == b"\x1b[?")?;
    let length = read[start + 3..].iter().position(|byte| !matches!(byte, b'0'..=b'9' | b';'))?;
    let end = start + 3 + length;
    (read[end] == b'c').then_some(start..end + 1)
}

/// What was read but the answers: keys typed meanwhile. Those of one byte only; who types faster than a terminal answers
/// types letters.
pub fn without_answers(read: &[u8]) -> Vec<u8> {
    let mut rest = read.to_vec();
    if let Some(range) = device_attributes(&rest) {
        rest.drain(range);
    }
    if let Some(start) = rest.windows(5).position(|bytes| bytes == b"\x1b]11;") {
        let end = rest[start + 5..].iter().position(|byte| matches!(byte, 0x07 | 0x1b | 0x9c));
        let end = end.map_or(rest.len(), |length| start + 5 + length + 1);
        rest.drain(start..end);
    }
    // Of what begins with ESC nobody knows where it ends; a paste among it must never be taken for keys.
    rest.truncate(rest.iter().position(|byte| *byte == ESC).unwrap_or(rest.len()));
    rest.retain(|byte| matches!(byte, b' '..=b'~' | b'\r' | b'\t' | 0x03 | 0x7f));
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_typed_before_the_answer_are_kept() {
        let read = b"j\x1b]11;rgb:ffff/ffff/ffff\x07k\x1b[?62;22c\r";
        assert!(has_ended(read));
        assert_eq!(without_answers(read), b"jk\r");
        assert!(!has_ended(b"\x1b[?62;2"));
        assert_eq!(without_answers(b"q"), b"q");
        assert_eq!(without_answers(b"j\x1b[200~q\x1b[201~"), b"j");
    }

    #[track_caller]
    fn check(bytes: &[u8], text: &str) {
        assert_eq!(bytes.escape_ascii().to_string(), text.as_bytes().escape_ascii().to_string());
    }

    fn holds(bytes: &[u8], part: &[u8]) -> bool {
        bytes.windows(part.len()).any(|window| window == part)
    }

    #[test]
    fn the_multiplexer_is_known_by_its_variables() {
        for (tmux, sty, term, mux) in [
            (None, None, Some("xterm-256color"), Multiplexer::None),
            (None, None, None, Multiplexer::None),
            (Some("/tmp/tmux-1000/default,1,0"), None, Some("screen-256color"), Multiplexer::Tmux),
            (None, None, Some("tmux-256color"), Multiplexer::Tmux),
            (None, Some("1234.pts-0.host"), Some("screen.xterm-256color"), Multiplexer::Screen),
            (None, Some("1234.pts-0.host"), Some("tmux-256color"), Multiplexer::Screen),
            (None, None, Some("screen"), Multiplexer::Screen),
            (Some(""), Some(""), Some("xterm"), Multiplexer::None),
        ] {
            assert_eq!(Multiplexer::from_environment(tmux, sty, term), mux, "{tmux:?} {sty:?} {term:?}");
        }
    }

    #[test]
    fn base64_is_the_standard_one() {
        for (text, encoded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            check(&base64(text.as_bytes()), encoded);
        }
        check(&base64(&[0xfb, 0xff, 0xbf]), "+/+/");
    }

    #[test]
    fn a_copy_is_packed_for_what_it_passes_through() {
        check(&copy("web", Multiplexer::None), "\x1b]52;c;d2Vi\x07");
        check(&copy("web", Multiplexer::Tmux), "\x1b]52;c;d2Vi\x07\x1bPtmux;\x1b\x1b]52;c;d2Vi\x07\x1b\\");
        check(&copy("web", Multiplexer::Screen), "\x1bP\x1b]52;c;d2Vi\x07\x1b\\");
        check(&copy("", Multiplexer::None), "\x1b]52;c;\x07");
        // Whatever the text holds, only its letters in base64 are sent.
        check(&copy("\x1b\\\x07", Multiplexer::None), "\x1b]52;c;G1wH\x07");
    }

    #[test]
    fn screen_is_given_a_long_copy_in_pieces() {
        let text = "x".repeat(1_000);
        let packed = copy(&text, Multiplexer::Screen);
        let packed = str::from_utf8(&packed).unwrap();
        let pieces: Vec<&str> =
            packed.split_terminator("\x1b\\").map(|piece| piece.strip_prefix("\x1bP").unwrap()).collect();
        assert_eq!(pieces.iter().map(|piece| piece.len()).collect::<Vec<_>>(), [240, 240, 240, 240, 240, 144]);
        check(&copy(&text, Multiplexer::None), &pieces.concat());
    }

    #[test]
    fn the_longest_copy_fills_a_sequence() {
        let text = "x".repeat(LONGEST_COPY);
        assert!(fits(&text));
        assert_eq!(copy(&text, Multiplexer::None).len(), 100_000);
        assert!(!fits(&(text + "x")));
    }

    #[test]
    fn a_notification_is_said_in_both_ways() {
        let (name, body) = (Text::new("opscon"), Text::new("web; is down"));
        check(
            &notify(&name, &body, Multiplexer::None),
            "\x1b]9;web, is down\x07\x1b]777;notify;opscon;web, is down\x07",
        );
        check(
            &notify(&Text::new("a;b"), &body, Multiplexer::Tmux),
            "\x1bPtmux;\x1b\x1b]9;web, is down\x07\x1b\\\x1bPtmux;\x1b\x1b]777;notify;a,b;web, is down\x07\x1b\\",
        );
        check(
            &notify(&name, &Text::new("down"), Multiplexer::Screen),
            "\x1bP\x1b]9;down\x07\x1b\\\x1bP\x1b]777;notify;opscon;down\x07\x1b\\",
        );
        // ConEmu's progress bar.
        check(
            &notify(&name, &Text::new("4;1;50"), Multiplexer::None),
            "\x1b]9; 4,1,50\x07\x1b]777;notify;opscon;4,1,50\x07",
        );
    }

    #[test]
    fn a_text_cannot_end_its_sequence() {
        let evil = Text::new("x\x07\x1b]52;c;ZXZpbA==\x07\u{9c}\n");
        // In GNU screen these two would arrive as ESC and BEL.
        let worse = Text::new("\u{11b}]52;c;ZXZpbA==\u{107}");
        for mux in [Multiplexer::None, Multiplexer::Tmux, Multiplexer::Screen] {
            for text in [&evil, &worse] {
                let name = title(text, mux);
                assert_eq!(name.iter().filter(|byte| **byte < b' ').count(), 2, "{mux:?}");
                let notice = notify(text, text, Multiplexer::None);
                assert_eq!(notice.iter().filter(|byte| **byte < b' ').count(), 4);
                assert!(!holds(&notify(text, text, mux), b"\x1b]52"));
            }
        }
        check(&title(&worse, Multiplexer::Screen), "\x1b]2;?]52;c;ZXZpbA==?\x07");
        assert!(notify(&worse, &worse, Multiplexer::Screen).is_ascii());
    }

    #[test]
    fn titles_are_set_and_given_back() {
        check(&title(&Text::new("opscon · Zürich"), Multiplexer::None), "\x1b]2;opscon · Zürich\x07");
        check(&title(&Text::new("opscon · Zürich"), Multiplexer::Screen), "\x1b]2;opscon ? Z?rich\x07");
        assert_eq!(title(&Text::new(&"x".repeat(900)), Multiplexer::None).len(), 4 + LONGEST_TITLE + 1);
        check(PUSH_TITLE, "\x1b[22;2t");
        check(POP_TITLE, "\x1b[23;2t");
        check(BELL, "\x07");
        check(ASK_BACKGROUND, "\x1b]11;?\x07\x1b[c");
    }

    #[test]
    fn the_background_is_read_out_of_what_arrives() {
        for (answer, colour) in [
            (b"\x1b]11;rgb:ffff/ffff/dddd\x07".as_slice(), Some((255, 255, 221))),
            (b"\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\\x1b[?62;22c", Some((30, 30, 46))),
            (b"\x1b]11;rgb:1e/80/FF\x9c", Some((30, 128, 255))),
            (b"\x1b]11;rgb:f/0/8\x07", Some((255, 0, 136))),
            (b"\x1b]11;rgb:fff/000/800\x07", Some((255, 0, 128))),
            (b"\x1b]11;rgba:0000/0000/8080/e666\x1b", Some((0, 0, 128))),
            (b"jk\xff\x1b[A\x1b]11;rgb:0/0/0\x07q", Some((0, 0, 0))),
            (b"\x1b]11;?\x07\x1b]11;rgb:ff/ff/ff\x07", Some((255, 255, 255))),
            // Cut, of another colour, not a colour, or no answer.
            (b"\x1b]11;rgb:ffff/ffff/dd", None),
            (b"\x1b]10;rgb:ffff/ffff/dddd\x07", None),
            (b"\x1b]11;rgb:ffff/ffff\x07", None),
            (b"\x1b]11;rgb:ffff/ffff/ffff/ffff\x07", None),
            (b"\x1b]11;rgba:ffff/ffff/ffff\x07", None),
            (b"\x1b]11;rgb:fffff/0/0\x07", None),
            (b"\x1b]11;rgb:/0/0\x07", None),
            (b"\x1b]11;rgb:+f/0/0\x07", None),
            (b"\x1b[?1;2c", None),
            (b"", None),
        ] {
            assert_eq!(background(answer), colour, "{}", answer.escape_ascii());
        }
    }

    #[test]
    fn a_ground_is_dark_where_white_reads_better() {
        for (colour, is) in [
            ((0, 0, 0), Ground::Dark),
            ((40, 44, 52), Ground::Dark),
            ((0, 43, 54), Ground::Dark),
            ((0, 0, 255), Ground::Dark),
            ((117, 117, 117), Ground::Dark),
            ((118, 118, 118), Ground::Light),
            ((0, 255, 0), Ground::Light),
            ((253, 246, 227), Ground::Light),
            ((255, 255, 255), Ground::Light),
        ] {
            assert_eq!(ground(colour), is, "{colour:?}");
        }
    }
}
