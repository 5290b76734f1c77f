//! The footer: the keys that make sense here and now, and the age of what is looked at. A notice takes its place.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::command::CommandId;
use crate::app::model::Model;
use crate::app::overlay::Overlay;
use crate::app::settings::Glyphs;
use crate::app::tab::Tab;
use crate::domain::units::{brief, since};
use crate::view::header::both_ends;
use crate::view::text::{fit, width};
use crate::view::theme::{Role, Theme};
use crate::world::board::observed_at;

pub(super) fn draw(model: &Model, theme: Theme, area: Rect, frame: &mut Frame<'_>) {
    if let Some(notice) = &model.notice {
        let text = fit(notice.text.as_str(), usize::from(area.width).saturating_sub(2));
        frame.render_widget(Line::styled(format!(" {text}"), theme.style(Role::Accent)), area);
        return;
    }
    let has_signs = model.settings.look.glyphs == Glyphs::Unicode;
    let age = age(model);
    // Whole keys or none: a word cut in two helps nobody.
    let mut room = usize::from(area.width).saturating_sub(width(&age) + 1);
    let mut left = vec![Span::raw(" ")];
    for id in commands(model) {
        let Some(key) = model.settings.keymap.key(id) else { continue };
        let usable = (id.spec().enabled)(model).is_ok();
        let key_text = key.to_string();
        let key_text = if key_text == "enter" && has_signs { "⏎".to_owned() } else { key_text };
        let word = format!(" {}  ", word(id, model));
        let needed = width(&key_text) + width(&word);
        if needed > room {
            continue;
        }
        room -= needed;
        left.push(Span::styled(key_text, theme.style(if usable { Role::Accent } else { Role::Faint })));
        left.push(Span::styled(word, theme.style(if usable { Role::Dim } else { Role::Faint })));
    }
    both_ends(left, vec![Span::styled(age, theme.style(Role::Dim))], area, frame);
}

fn commands(model: &Model) -> Vec<CommandId> {
    use CommandId as C;
    match (model.overlays.last(), model.tab) {
        (Some(Overlay::Palette(_) | Overlay::Picker { .. }), _) => vec![C::Open, C::Back],
        (Some(_), _) => vec![C::Down, C::Up, C::Back],
        (None, Tab::Board) if model.board_tab.page.is_some() => {
            vec![C::Back, C::NextTrouble, C::Help, C::Left, C::Right, C::Refresh, C::Palette]
        }
        (None, Tab::Board) => vec![C::Open, C::NextTrouble, C::Help, C::Palette, C::Zoom, C::Quit, C::NextGroup],
        (None, Tab::Feeds) => vec![C::Down, C::Up, C::Refresh, C::Board, C::Palette, C::Help, C::Quit],
    }
}

/// A shorter word than the command's name, where the place makes it clear.
fn word(id: CommandId, model: &Model) -> &'static str {
    match id {
        CommandId::NextTrouble => "next trouble",
        CommandId::NextGroup => "next group",
        CommandId::Left => "where from",
        CommandId::Right => "where to",
        CommandId::Zoom if model.board_tab.zoom.is_some() => "whole board",
        CommandId::Refresh => "read again",
        other => other.spec().name,
    }
}

/// How old the data of the focused box is.
fn age(model: &Model) -> String {
    if model.tab != Tab::Board {
        return String::new();
    }
    match observed_at(model.board_tab.focus, &model.world) {
        Some(then) => format!("read {} ago ", brief(since(model.now, then))),
        None => "not read yet ".into(),
    }
}
