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
    const FRAME: u16 = 2;
    const LABEL: &str = " code: ";
    let room = usize::from(WIDTH.min(within.width)).saturating_sub(4);
    let in_lines = |text: &str, role| {
        let lines = wrap(text, room).into_iter();
        lines.map(|line| Line::styled(format!(" {line}"), theme.style(role))).collect::<Vec<_>>()
    };
    let asked = format!("The code that {} shows now, for {}:", prompt.device.serial, prompt.device.accounts());
    let asked = in_lines(&asked, Role::Text);
    let answer = match (&prompt.trouble, prompt.is_busy) {
        (_, true) => in_lines("asking AWS", Role::Dim),
        (Some(trouble), false) => in_lines(trouble.as_str(), Role::Warn),
        (None, false) => in_lines("six digits, then Enter; Esc goes on without", Role::Dim),
    };
    let code = Line::from(vec![
        Span::styled(LABEL, theme.style(Role::Accent)),
        Span::styled(prompt.typed.clone(), theme.style(Role::Strong)),
        Span::styled("_".repeat(MfaDevice::DIGITS.saturating_sub(prompt.typed.len())), theme.style(Role::Faint)),
    ]);
    // Room between them where there is some.
    let height = (asked.len() + 1 + answer.len()) as u16 + FRAME;
    let gap = usize::from(height + 2 <= within.height);
    let row = (asked.len() + gap) as u16;
    let mut lines = asked;
    lines.extend(std::iter::repeat_n(Line::default(), gap));
    lines.push(code);
    lines.extend(std::iter::repeat_n(Line::default(), gap));
    lines.extend(answer);
    let inside = popup::open("Sign in", (WIDTH, lines.len() as u16 + FRAME), theme, within, frame);
    popup::scrolled(lines, 0, theme, inside, frame);
    if row < inside.height {
        let x = inside.x + (width(LABEL) + prompt.typed.len()) as u16;
        frame.set_cursor_position(Position { x: x.min(inside.right().saturating_sub(1)), y: inside.y + row });
    }
}
