//! The palette: a line to type in, and what it finds.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::app::model::Model;
use crate::app::palette::{Item, Palette};
use crate::view::text::{fill, fit, width};
use crate::view::theme::{Role, Theme};
use crate::view::widget::popup;

pub(super) fn draw(palette: &Palette, model: &Model, theme: Theme, within: Rect, frame: &mut Frame<'_>) {
    let inside = popup::open("Find", (84, 18), theme, within, frame);
    if inside.height < 3 {
        return;
    }
    let room = usize::from(inside.width);
    // A long query shows its end, where the typing happens.
    let shown: String = {
        let skip = palette.query.chars().count().saturating_sub(room.saturating_sub(4));
        palette.query.chars().skip(skip).collect()
    };
    let prompt = Line::from(vec![
        Span::styled(" : ", theme.style(Role::Accent)),
        Span::styled(shown.clone(), theme.style(Role::Text)),
    ]);
    frame.render_widget(prompt, Rect { height: 1, ..inside });
    frame.set_cursor_position(Position { x: inside.x + 3 + width(&shown) as u16, y: inside.y });
    let list = Rect { y: inside.y + 1, height: inside.height - 1, ..inside };
    if palette.matches.is_empty() {
        frame.render_widget(
            Line::styled("   nothing is called that", theme.style(Role::Dim)),
            Rect { height: 1, ..list },
        );
        return;
    }
    let rows = usize::from(list.height);
    let first = palette.selected.saturating_sub(rows.saturating_sub(1));
    for (row, item) in palette.matches.iter().enumerate().skip(first).take(rows) {
        let place = Rect { y: list.y + (row - first) as u16, height: 1, ..list };
        frame.render_widget(line(item, row == palette.selected, room, model, theme), place);
    }
}

fn line(item: &Item, is_selected: bool, room: usize, model: &Model, theme: Theme) -> Line<'static> {
    const NAME: usize = 32;
    let (sign, sign_style) = match item {
        Item::Box(id) => (theme.sign(model.board.health(*id)), theme.of_health(model.board.health(*id))),
        Item::Command(_) | Item::Operation(_) | Item::Fault(..) | Item::Resource(..) => (" ", theme.style(Role::Dim)),
    };
    let keys = match item {
        Item::Command(id) => model.settings.keymap.key(*id).map_or_else(String::new, |key| key.to_string()),
        _ => String::new(),
    };
    let name = if is_selected { theme.selected() } else { theme.style(Role::Text) };
    let doc = fit(&item.doc(), room.saturating_sub(NAME + 22));
    Line::from(vec![
        Span::styled(format!(" {sign} "), sign_style),
        Span::styled(fill(&item.name(), NAME), name),
        Span::styled(format!(" {:<10}", item.kind()), theme.style(Role::Faint)),
        Span::styled(format!("{keys:<7}"), theme.style(Role::Accent)),
        Span::styled(doc, theme.style(Role::Dim)),
    ])
}
