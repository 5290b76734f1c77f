//! The choice of a drill, with the story of the one under the cursor.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::model::Model;
use crate::view::text::{fill, wrap};
use crate::view::theme::{Role, Theme};
use crate::view::widget::popup;

pub(super) fn draw(selected: usize, model: &Model, theme: Theme, within: Rect, frame: &mut Frame<'_>) {
    let cards = &model.settings.scenarios;
    let inside = popup::open("Choose a drill", (74, cards.len() as u16 + 7), theme, within, frame);
    let room = usize::from(inside.width).saturating_sub(4);
    let mut lines: Vec<Line<'_>> = Vec::new();
    for (row, card) in cards.iter().enumerate() {
        let style = if row == selected { theme.selected() } else { theme.style(Role::Text) };
        lines.push(Line::from(vec![
            Span::raw(" "),
            Span::styled(format!(" {} ", fill(&card.name, 16)), style),
            Span::styled(format!(" {}", card.title), theme.style(Role::Dim)),
        ]));
    }
    lines.push(Line::default());
    if let Some(card) = cards.get(selected) {
        for paragraph in card.story.lines() {
            for line in wrap(paragraph, room) {
                lines.push(Line::styled(format!("  {line}"), theme.style(Role::Text)));
            }
        }
    }
    popup::scrolled(lines, 0, theme, inside, frame);
}
