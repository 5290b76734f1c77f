//! The footer: the keys that make sense here and now, and the age of what is looked at. A notice takes its place.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::app::command::CommandId;
use crate::app::model::Model;
use crate::app::overlay::{Overlay, Prompt, Purpose};
use crate::app::settings::Glyphs;
use crate::app::tab::Tab;
use crate::app::tab::room::Room;
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
    if let Some(Overlay::Prompt(prompt)) = model.overlays.last() {
        draw_prompt(prompt, theme, area, frame);
        return;
    }
    let has_signs = model.settings.look.glyphs == Glyphs::Unicode;
    let (age, age_style) = match underway(model) {
        Some(words) => (fit(&format!("{words} "), usize::from(area.width) * 2 / 3), theme.style(Role::Accent)),
        None => (age(model), theme.style(Role::Dim)),
    };
    // Whole keys or none: a word cut in two helps nobody. The one that tells all the others never gives way.
    let mut room = usize::from(area.width).saturating_sub(width(&age) + 1);
    let mut left = vec![Span::raw(" ")];
    let shown = commands(model);
    let mut kept = if shown.contains(&CommandId::Help) { width("?  help  ") - 1 } else { 0 };
    for id in shown {
        let Some(key) = model.settings.keymap.key(id) else { continue };
        let usable = (id.spec().enabled)(model).is_ok();
        let key_text = key.to_string();
        let key_text = if key_text == "enter" && has_signs { "⏎".to_owned() } else { key_text };
        let word = format!(" {}  ", word(id, model));
        let needed = width(&key_text) + width(&word);
        if id == CommandId::Help {
            kept = 0;
        }
        if needed + kept > room {
            continue;
        }
        room -= needed;
        left.push(Span::styled(key_text, theme.style(if usable { Role::Accent } else { Role::Faint })));
        left.push(Span::styled(word, theme.style(if usable { Role::Dim } else { Role::Faint })));
    }
    both_ends(left, vec![Span::styled(age, age_style)], area, frame);
}

/// The operation under way that began last, and how many others there are.
fn underway(model: &Model) -> Option<String> {
    let mut running = model.courses.iter().rev().filter(|course| course.is_running());
    let newest = running.next()?;
    let others = running.count();
    let more = if others == 0 { String::new() } else { format!("  +{others}") };
    let for_so_long = brief(since(model.live_now(), newest.began));
    Some(format!("{}: {}, {for_so_long}{more}", newest.plan.target, newest.words()))
}

/// The line being typed, with what it takes.
fn draw_prompt(prompt: &Prompt, theme: Theme, area: Rect, frame: &mut Frame<'_>) {
    let (label, hint) = match prompt.purpose {
        Purpose::Filter => (" filter: ", "word  !not  column:word  number>5   ⏎ keep  esc undo "),
        Purpose::Search => (" search: ", "⏎ keep  esc undo "),
    };
    let room = usize::from(area.width).saturating_sub(width(label) + 2);
    // A long text shows its end, where the typing happens.
    let skip = prompt.text.chars().count().saturating_sub(room);
    let shown: String = prompt.text.chars().skip(skip).collect();
    let cursor = area.x + (width(label) + width(&shown)) as u16;
    let left = room.saturating_sub(width(&shown));
    let hint = if width(hint) <= left { hint } else { "" };
    both_ends(
        vec![Span::styled(label, theme.style(Role::Accent)), Span::styled(shown, theme.style(Role::Text))],
        vec![Span::styled(hint, theme.style(Role::Faint))],
        area,
        frame,
    );
    frame.set_cursor_position(Position { x: cursor.min(area.right().saturating_sub(1)), y: area.y });
}

fn commands(model: &Model) -> Vec<CommandId> {
    use CommandId as C;
    match (model.overlays.last(), model.tab) {
        (Some(Overlay::Palette(_) | Overlay::Picker { .. } | Overlay::Code(_) | Overlay::Actions(_)), _) => {
            vec![C::Open, C::Back]
        }
        // They say themselves what their keys are.
        (Some(Overlay::Plan(_) | Overlay::Arm(_) | Overlay::Leave), _) => Vec::new(),
        (Some(Overlay::Json(_)), _) => vec![C::Back, C::Open, C::Filter, C::NextTrouble, C::Copy, C::CopyView],
        (Some(_), _) => vec![C::Down, C::Up, C::Back],
        (None, Tab::Board) if behind(model).is_some() => {
            vec![C::Back, C::Open, C::NextTrouble, C::Actions, C::Help, C::Left, C::Right, C::Refresh, C::Palette]
        }
        (None, Tab::Board) if model.board_tab.page.is_some() => {
            vec![C::Back, C::NextTrouble, C::Actions, C::Help, C::Left, C::Right, C::Refresh, C::Palette]
        }
        (None, Tab::Board) => {
            vec![C::Open, C::NextTrouble, C::Actions, C::Help, C::Palette, C::Zoom, C::Quit, C::NextGroup]
        }
        (None, Tab::Room(_)) if model.list().is_some() => {
            vec![
                C::Open,
                C::Actions,
                C::Filter,
                C::Sort,
                C::Copy,
                C::Json,
                C::OnlyBroken,
                C::Rewind,
                C::Help,
                C::Palette,
            ]
        }
        (None, Tab::Room(Room::Pipelines)) if (C::Logs.spec().enabled)(model).is_ok() => {
            vec![C::Back, C::Open, C::Actions, C::Logs, C::Console, C::Json, C::Left, C::Right, C::Rewind, C::Help]
        }
        (None, Tab::Room(_)) => {
            vec![
                C::Back,
                C::Actions,
                C::SpanWider,
                C::SpanNarrower,
                C::Copy,
                C::Json,
                C::Left,
                C::Right,
                C::Rewind,
                C::Help,
            ]
        }
        (None, Tab::Operations) => {
            vec![C::Open, C::Undo, C::StopWaiting, C::LookAgain, C::Help, C::Arm, C::Board, C::Palette]
        }
        (None, Tab::Feeds) => vec![C::Down, C::Up, C::Refresh, C::Board, C::Palette, C::Help, C::Quit],
    }
}

/// The list behind the box that is open.
fn behind(model: &Model) -> Option<Room> {
    Room::of_box(model.board_tab.page?.of)
}

/// A shorter word than the command's name, where the place makes it clear.
fn word(id: CommandId, model: &Model) -> &'static str {
    match id {
        CommandId::NextTrouble if matches!(model.overlays.last(), Some(Overlay::Json(_))) => "next match",
        CommandId::NextTrouble => "next trouble",
        CommandId::NextGroup => "next group",
        CommandId::Left if model.tab != Tab::Board => "one before",
        CommandId::Right if model.tab != Tab::Board => "next one",
        CommandId::Left => "where from",
        CommandId::Right => "where to",
        CommandId::Filter if matches!(model.overlays.last(), Some(Overlay::Json(_))) => "search",
        CommandId::Open if matches!(model.overlays.last(), Some(Overlay::Json(_))) => "fold",
        CommandId::Open if matches!(model.overlays.last(), Some(Overlay::Code(_))) => "sign in",
        CommandId::Back if matches!(model.overlays.last(), Some(Overlay::Code(_))) => "not now",
        CommandId::Open if model.tab == Tab::Board && model.overlays.is_empty() => {
            behind(model).map_or("open", |room| room.spec().name)
        }
        CommandId::Zoom if model.board_tab.zoom.is_some() => "whole board",
        CommandId::Refresh => "read again",
        other => other.spec().name,
    }
}

/// How old the data is that is looked at.
fn age(model: &Model) -> String {
    let then = match model.tab {
        Tab::Board => observed_at(model.board_tab.focus, &model.world),
        Tab::Room(room) => room.spec().observed_at(&model.world),
        Tab::Operations | Tab::Feeds => return String::new(),
    };
    match then {
        Some(then) => format!("read {} ago ", brief(since(model.now, then))),
        None => "not read yet ".into(),
    }
}
