//! The screen for terminals without Unicode (`LANG=C`, old serial consoles): every sign has an ASCII twin.
//!
//! Done once over the finished frame, so that no screen has to think of it and no letter of a name from outside can be
//! forgotten. A letter without a twin becomes `?`, and keeps its width, so columns stay where they are.

use ratatui::buffer::Buffer;
use unicode_width::UnicodeWidthStr;

pub(super) fn flatten(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if cell.symbol().is_ascii() {
            continue;
        }
        let width = cell.symbol().width();
        let twin = twin(cell.symbol());
        if width > 1 {
            cell.set_symbol("??");
        } else {
            cell.set_symbol(twin);
        }
    }
}

/// The same for a line of text.
pub fn flat(text: &str) -> String {
    text.chars()
        .map(|character| {
            let mut bytes = [0; 4];
            let symbol: &str = character.encode_utf8(&mut bytes);
            if symbol.is_ascii() { symbol.to_owned() } else { twin(symbol).to_owned() }
        })
        .collect()
}

fn twin(symbol: &str) -> &'static str {
    match symbol {
        "✖" => "X",
        "▲" => "!",
        "◌" | "…" => "~",
        "·" => ".",
        "◆" | "×" => "*",
        "■" | "█" | "▌" => "#",
        "→" | "›" | "▶" => ">",
        "◀" => "<",
        "▼" => "v",
        "│" | "┃" | "╎" => "|",
        "─" | "━" | "╌" => "-",
        "✔" | "╭" | "╮" | "╰" | "╯" | "┏" | "┓" | "┗" | "┛" | "├" | "┤" | "┬" | "┴" | "┼" => {
            "+"
        }
        _ => "?",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;

    #[test]
    fn nothing_but_ascii_is_left_and_columns_stay() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 16, 1));
        buffer.set_string(0, 0, "│✖ 東京-é→ok│", ratatui::style::Style::new());
        flatten(&mut buffer);
        let line: String = buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect();
        assert!(line.is_ascii());
        assert_eq!(line.trim_end(), "|X ?? ?? -?>ok|");
    }
}
