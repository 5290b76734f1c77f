//! The menu of what can be done, with what each would be done to.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::app::actions::ActionsMenu;
use crate::view::text::{fill, fit, width};
use crate::view::theme::{Role, Theme};
use crate::view::widget::popup;

const WIDTH: u16 = 78;
const TITLE: usize = 22;

pub(super) fn draw(menu: &ActionsMenu, theme: Theme, within: Rect, frame: &mut Frame<'_>) {
    let matching = menu.matching();
    let height = (matching.len() as u16).clamp(3, 14) + 5;
    let inside = popup::open(&format!("Actions: {}", menu.of), (WIDTH, height), theme, within, frame);
    if inside.height < 3 {
        return;
    }
    let room = usize::from(inside.width);
    let prompt = Line::from(vec![
        Span::styled(" > ", theme.style(Role::Accent)),
        Span::styled(menu.query.clone(), theme.style(Role::Text)),
        Span::styled(if menu.query.is_empty() { "type to find" } else { "" }, theme.style(Role::Faint)),
    ]);
    frame.render_widget(prompt, Rect { height: 1, ..inside });
    frame.set_cursor_position(Position { x: inside.x + 3 + width(&menu.query) as u16, y: inside.y });
    let list = Rect { y: inside.y + 1, height: inside.height.saturating_sub(2), ..inside };
    let rows = usize::from(list.height);
    let first = menu.selected.saturating_sub(rows.saturating_sub(1));
    for (row, choice) in matching.iter().enumerate().skip(first).take(rows) {
        let plain = theme.style(if choice.refused.is_some() { Role::Dim } else { Role::Text });
        let style = if row == menu.selected { theme.selected() } else { plain };
        let name = room.saturating_sub(TITLE + 26);
        let line = Line::from(vec![
            Span::styled(format!(" {} ", fill(choice.operation.title, TITLE)), style),
            Span::styled(format!(" {} ", fill(&choice.name, name)), plain),
            Span::styled(fit(choice.operation.name, 20), theme.style(Role::Faint)),
        ]);
        frame.render_widget(line, Rect { y: list.y + (row - first) as u16, height: 1, ..list });
    }
    let foot = match matching.get(menu.selected) {
        Some(choice) => choice.refused.as_deref().unwrap_or(choice.operation.doc),
        None => "nothing of that name can be done here",
    };
    let place = Rect { y: inside.bottom().saturating_sub(1), height: 1, ..inside };
    frame.render_widget(Line::styled(format!(" {}", fit(foot, room - 2)), theme.style(Role::Dim)), place);
}
