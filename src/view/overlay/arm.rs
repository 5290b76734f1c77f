//! Why changes are to be allowed: the reason goes into the journal with each of them.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::app::model::Model;
use crate::domain::units::long;
use crate::view::text::{width, wrap};
use crate::view::theme::{Role, Theme};
use crate::view::widget::popup;

const WIDTH: u16 = 66;
const LABEL: &str = " reason  ";

pub(super) fn draw(reason: &str, model: &Model, theme: Theme, within: Rect, frame: &mut Frame<'_>) {
    let room = usize::from(WIDTH.min(within.width)).saturating_sub(4);
    let asked = format!(
        "Changes will be allowed for {}. Why? An incident's number, or words; they go into the journal.",
        long(model.settings.armed_for)
    );
    let mut lines: Vec<Line<'_>> =
        wrap(&asked, room).into_iter().map(|line| Line::styled(format!(" {line}"), theme.style(Role::Text))).collect();
    lines.push(Line::default());
    let row = lines.len() as u16;
    let skip = reason.chars().count().saturating_sub(room.saturating_sub(LABEL.len() + 1));
    let shown: String = reason.chars().skip(skip).collect();
    lines.push(Line::from(vec![
        Span::styled(LABEL, theme.style(Role::Accent)),
        Span::styled(shown.clone(), theme.style(Role::Strong)),
    ]));
    lines.push(Line::default());
    lines.push(Line::styled(" Enter allows them, Esc stays SAFE", theme.style(Role::Dim)));
    let inside = popup::open("Arm", (WIDTH, lines.len() as u16 + 2), theme, within, frame);
    popup::scrolled(lines, 0, theme, inside, frame);
    if row < inside.height {
        let x = inside.x + (width(LABEL) + width(&shown)) as u16;
        frame.set_cursor_position(Position { x: x.min(inside.right().saturating_sub(1)), y: inside.y + row });
    }
}
