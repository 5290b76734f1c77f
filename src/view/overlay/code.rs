//! The code of a second factor: who asks, which device shows it, and what became of the last one.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::app::overlay::CodePrompt;
use crate::domain::identity::MfaDevice;
use crate::view::text::{width, wrap};
use crate::view::theme::{Role, Theme};
use crate::view::widget::popup;

pub(super) fn draw(prompt: &CodePrompt, theme: Theme, within: Rect, frame: &mut Frame<'_>) {
    const WIDTH: u16 = 76;
    const LABEL: &str = " code: ";
    let room = usize::from(WIDTH.min(within.width)).saturating_sub(4);
    let asked = format!("{} wants the code that {} shows now.", prompt.device.accounts(), prompt.device.serial);
    let (answer, role) = match (&prompt.trouble, prompt.is_busy) {
        (_, true) => ("asking AWS".to_owned(), Role::Dim),
        (Some(trouble), false) => (trouble.to_string(), Role::Warn),
        (None, false) => ("six digits, then Enter; Esc goes on without".to_owned(), Role::Dim),
    };
    let mut lines: Vec<Line<'_>> = Vec::new();
    lines.extend(wrap(&asked, room).into_iter().map(|line| Line::styled(format!(" {line}"), theme.style(Role::Text))));
    let row = lines.len() as u16 + 1;
    lines.push(Line::default());
    lines.push(Line::from(vec![
        Span::styled(LABEL, theme.style(Role::Accent)),
        Span::styled(prompt.typed.clone(), theme.style(Role::Strong)),
        Span::styled("_".repeat(MfaDevice::DIGITS.saturating_sub(prompt.typed.len())), theme.style(Role::Faint)),
    ]));
    lines.push(Line::default());
    lines.extend(wrap(&answer, room).into_iter().map(|line| Line::styled(format!(" {line}"), theme.style(role))));
    let inside = popup::open("Sign in", (WIDTH, lines.len() as u16 + 2), theme, within, frame);
    popup::scrolled(lines, 0, theme, inside, frame);
    if row < inside.height {
        let x = inside.x + (width(LABEL) + prompt.typed.len()) as u16;
        frame.set_cursor_position(Position { x: x.min(inside.right().saturating_sub(1)), y: inside.y + row });
    }
}
