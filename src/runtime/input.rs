//! What comes from the terminal, in the console's own terms.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEventKind};

use crate::app::key::{Code, Key};
use crate::app::msg::{Msg, Size};

/// The message of an event, if it means anything to the console.
pub fn message(event: Event) -> Option<Msg> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => key_of(key).map(Msg::Key),
        Event::Mouse(mouse) => match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) => Some(Msg::Click { column: mouse.column, row: mouse.row }),
            MouseEventKind::ScrollDown => Some(Msg::Wheel(3)),
            MouseEventKind::ScrollUp => Some(Msg::Wheel(-3)),
            _ => None,
        },
        Event::Paste(text) => Some(Msg::Paste(text)),
        Event::Resize(width, height) => Some(Msg::Resize(Size { width, height })),
        _ => None,
    }
}

fn key_of(event: KeyEvent) -> Option<Key> {
    let code = match event.code {
        KeyCode::Char(character) => Code::Char(character),
        KeyCode::Enter => Code::Enter,
        KeyCode::Esc => Code::Esc,
        KeyCode::Tab => Code::Tab,
        KeyCode::BackTab => Code::BackTab,
        KeyCode::Backspace => Code::Backspace,
        KeyCode::Delete => Code::Delete,
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        KeyCode::PageUp => Code::PageUp,
        KeyCode::PageDown => Code::PageDown,
        KeyCode::F(number) => Code::Function(number),
        _ => return None,
    };
    // Shift is already in the character.
    Some(Key {
        code,
        ctrl: event.modifiers.contains(KeyModifiers::CONTROL),
        alt: event.modifiers.contains(KeyModifiers::ALT),
    })
}

/// Keeps an answer that comes after its time from being taken for keys. To the reader of events `ESC ] 11 ; rgb:… BEL` is
/// Alt-], some letters and Ctrl-G.
#[derive(Debug)]
pub struct LateAnswer {
    /// Whether one may still come.
    is_due: bool,
    is_inside: bool,
}

impl LateAnswer {
    pub fn new(is_due: bool) -> Self {
        Self { is_due, is_inside: false }
    }

    /// Whether this message is the operator's.
    pub fn lets_through(&mut self, msg: &Msg) -> bool {
        let Msg::Key(key) = msg else { return true };
        if self.is_inside {
            let is_end = *key == Key::ctrl('g') || key.code == Code::Esc || (key.alt && key.code == Code::Char('\\'));
            self.is_inside = !is_end;
            return false;
        }
        if self.is_due && key.alt && key.code == Code::Char(']') {
            // There is one answer to one question.
            (self.is_due, self.is_inside) = (false, true);
            return false;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_answer_is_no_typing() {
        let keys = |text: &str| text.chars().map(|letter| Msg::Key(Key::char(letter))).collect::<Vec<_>>();
        let start = Msg::Key(Key { alt: true, ..Key::char(']') });
        let mut all = vec![Msg::Key(Key::char('j')), start.clone()];
        all.extend(keys("11;rgb:1e1e/1e1e/2e2e"));
        all.push(Msg::Key(Key::ctrl('g')));
        all.push(Msg::Key(Key::char('q')));
        let mut late = LateAnswer::new(true);
        let left: Vec<bool> = all.iter().map(|msg| late.lets_through(msg)).collect();
        assert_eq!(left.iter().filter(|is_key| **is_key).count(), 2);
        assert!(left[0] && left[left.len() - 1]);
        assert!(late.lets_through(&start), "there is no second answer");
        assert!(LateAnswer::new(false).lets_through(&start));
    }
}
