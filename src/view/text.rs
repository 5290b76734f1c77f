//! Fitting words into cells: by their width on screen, never through the middle of a letter.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// `text` in at most `room` cells, cut at the end.
pub fn fit(text: &str, room: usize) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    if room == 0 {
        return String::new();
    }
    let mut out = head(text, room - 1);
    out.push('…');
    out
}

/// `text` in at most `room` cells, cut in the middle: the ends of a name tell it from its neighbours.
pub fn fit_middle(text: &str, room: usize) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    if room < 5 {
        return fit(text, room);
    }
    let front = (room - 1).div_ceil(2);
    let back = room - 1 - front;
    let mut out = head(text, front);
    out.push('…');
    out.push_str(&tail(text, back));
    out
}

/// `text` in exactly `room` cells, padded on the right.
pub fn fill(text: &str, room: usize) -> String {
    let mut out = fit(text, room);
    let missing = room.saturating_sub(width(&out));
    out.extend(std::iter::repeat_n(' ', missing));
    out
}

/// `text` in lines of at most `room` cells, broken between words where there are any.
pub fn wrap(text: &str, room: usize) -> Vec<String> {
    let room = room.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let mut word = word;
        loop {
            let space = usize::from(!line.is_empty());
            if width(&line) + space + width(word) <= room {
                if space == 1 {
                    line.push(' ');
                }
                line.push_str(word);
                break;
            }
            if line.is_empty() {
                // A word longer than a line is broken where the line ends.
                let part = head(word, room);
                if part.is_empty() {
                    break;
                }
                word = &word[part.len()..];
                lines.push(part);
            } else {
                lines.push(std::mem::take(&mut line));
            }
        }
    }
    lines.push(line);
    lines
}

/// As many whole letters from the front as fit.
fn head(text: &str, room: usize) -> String {
    let mut used = 0;
    text.graphemes(true)
        .take_while(|grapheme| {
            used += width(grapheme);
            used <= room
        })
        .collect()
}

fn tail(text: &str, room: usize) -> String {
    let mut used = 0;
    let letters: Vec<&str> = text
        .graphemes(true)
        .rev()
        .take_while(|grapheme| {
            used += width(grapheme);
            used <= room
        })
        .collect();
    letters.into_iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_by_cells_and_never_through_a_letter() {
        assert_eq!(fit("checkout", 8), "checkout");
        assert_eq!(fit("checkout", 5), "chec…");
        assert_eq!(fit("checkout", 0), "");
        assert_eq!(fit("東京タワー", 5), "東京…");
        assert_eq!(fit("東京タワー", 6), "東京…");
        assert_eq!(fit("e\u{301}e\u{301}e\u{301}", 2), "e\u{301}…");
    }

    #[test]
    fn names_are_cut_in_the_middle() {
        assert_eq!(fit_middle("checkout-service-primary-7f", 13), "checko…ary-7f");
        assert_eq!(fit_middle("abcdef", 4), "abc…");
        assert_eq!(width(&fit_middle("東京タワー東京タワー", 9)), 9);
    }

    #[test]
    fn filled_text_has_the_width_asked_for() {
        for (text, room) in [("web", 6), ("東京", 6), ("a very long name", 6), ("", 6), ("東京タワー", 6)] {
            assert_eq!(width(&fill(text, room)), room, "{text}");
        }
    }

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("", 4), [""]);
        assert_eq!(wrap("東京 東京", 4), ["東京", "東京"]);
        assert_eq!(wrap("東京", 1), [""]);
    }
}
