//! The timeline: how much happened when, above the list of it.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::model::Model;
use crate::app::tab::room::RoomTab;
use crate::domain::advisory::Advisory;
use crate::domain::health::Health;
use crate::domain::units::{moment, stamp};
use crate::view::text::{fit, width};
use crate::view::theme::{Role, Theme};
use crate::view::widget::table;
use crate::world::Place;
use crate::world::item::Item;
use crate::world::timeline::{Event, EventKind};

const MARGIN: u16 = 1;
const LEVELS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// What happened in one cell's time.
#[derive(Clone, Copy, Default)]
struct Cell {
    count: usize,
    worst: Option<Health>,
    is_change: bool,
}

pub(super) fn draw(room: &RoomTab, model: &Model, theme: Theme, area: Rect, frame: &mut Frame<'_>) {
    let head = model.head_rows();
    if head > 0 {
        bar(room, model, theme, Rect { height: head as u16, ..area }, frame);
    }
    let rest = Rect { y: area.y + head as u16, height: area.height.saturating_sub(head as u16), ..area };
    table::draw(&room.list, model, theme, rest, frame);
}

/// Events in each stretch of time as a bar, the moments of changes below it, and where in it the selection is.
fn bar(room: &RoomTab, model: &Model, theme: Theme, area: Rect, frame: &mut Frame<'_>) {
    let cells = usize::from(area.width.saturating_sub(2 * MARGIN));
    if cells < 20 {
        return;
    }
    let selected = room.list.row().and_then(|row| match &row.item {
        Item::Event(event) => Some(event.at),
        _ => None,
    });
    let length = room.span.length();
    // It ends now, or a little after what is selected where that is longer ago.
    let until = match selected {
        Some(at) if model.now.duration_since(at) > length => at + length / 10,
        _ => model.now,
    };
    let from = until - length;
    let place = |at: Timestamp| cell_of(at, from, length, cells);
    let mut all = vec![Cell::default(); cells];
    let events = room.list.rows().filter_map(|row| match &row.item {
        Item::Event(event) => Some(event),
        _ => None,
    });
    let mut shown = 0;
    for event in events {
        if let Some(cell) = place(event.at).and_then(|at| all.get_mut(at)) {
            shown += 1;
            cell.count += 1;
            cell.worst = cell.worst.max(Some(event.tone.health()));
            cell.is_change |= event.is_mark();
        }
    }
    let most = all.iter().map(|cell| cell.count).max().unwrap_or(0).max(1);
    let here = selected.and_then(place);
    let mut density = vec![Span::raw(" ")];
    let mut marks = vec![Span::raw(" ")];
    for (at, cell) in all.iter().enumerate() {
        let level = (cell.count * (LEVELS.len() - 1)).div_ceil(most);
        let style = match cell.worst {
            _ if here == Some(at) => theme.style(Role::Accent),
            Some(health) if health.is_broken() => theme.of_health(health),
            _ => theme.style(Role::Dim),
        };
        density.push(Span::styled(LEVELS[level], style));
        let (mark, role) = match (here == Some(at), cell.is_change) {
            (true, _) => ("^", Role::Accent),
            (false, true) => ("│", Role::Strong),
            (false, false) => (" ", Role::Faint),
        };
        marks.push(Span::styled(mark, theme.style(role)));
    }
    let line = |row: u16| Rect { y: area.y + row, height: 1, ..area };
    frame.render_widget(Line::from(density), line(0));
    frame.render_widget(Line::from(marks), line(1));
    frame.render_widget(axis(from, until, cells, shown, most, room, model, theme), line(2));
    if area.height > 3 {
        let words = model.inquiry.as_ref().filter(|inquiry| inquiry.here() == model.selected_in_list());
        let words = words.and_then(|inquiry| Some(format!("{}; w next, a what can be done", inquiry.words()?)));
        let text = fit(&format!(" {}", words.unwrap_or_default()), usize::from(area.width));
        frame.render_widget(Line::styled(text, theme.style(Role::Accent)), line(3));
    }
}

fn cell_of(at: Timestamp, from: Timestamp, length: SignedDuration, cells: usize) -> Option<usize> {
    let share = at.duration_since(from).as_secs_f64() / length.as_secs_f64();
    // The last cell is the present, to which what is timed a moment ahead of us belongs.
    (0.0..1.01).contains(&share).then(|| ((share * cells as f64) as usize).min(cells - 1))
}

#[expect(clippy::too_many_arguments, reason = "where it begins and ends, and what is in it")]
fn axis(
    from: Timestamp,
    until: Timestamp,
    cells: usize,
    shown: usize,
    most: usize,
    room: &RoomTab,
    model: &Model,
    theme: Theme,
) -> Line<'static> {
    let zone = &model.settings.bearings.zone;
    let (left, right) = (moment(from, model.now, zone), moment(until, model.now, zone));
    let middle = format!("{} · {shown} here, at most {most} in a cell · │ change", room.span.word());
    let gap = cells.saturating_sub(width(&left) + width(&right) + width(&middle));
    let (before, after) = (gap / 2, gap - gap / 2);
    let text = format!(" {left}{}{middle}{}{right}", "─".repeat(before), "─".repeat(after));
    Line::styled(fit(&text, cells + 1), theme.style(Role::Faint))
}

/// What its source tells of it that a line has no room for.
pub(super) fn behind(event: &Event, place: &Place, zone: &TimeZone) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    let mut tell = |label: &'static str, text: String| {
        if !text.is_empty() {
            all.push((label, text));
        }
    };
    match event.kind {
        EventKind::Change | EventKind::Call => {
            if let Some(call) = place.feeds.trail.items().find(|call| call.id == event.id) {
                tell("from", call.from.to_string());
                tell("refused", call.refused.to_string());
                for resource in &call.resources {
                    tell("about", resource.to_string());
                }
            }
        }
        EventKind::Outage | EventKind::Notice => {
            let is_its = |it: &&Advisory| event.id.as_str().split_once(' ').is_some_and(|(_, arn)| it.arn == *arn);
            if let Some(it) = place.feeds.advisories.items().find(is_its) {
                tell("service", format!("{}, {}", it.service, it.code));
                tell("state", format!("{}, {}", it.category.word(), it.status));
                tell("zone", it.zone.to_string());
                tell("began", stamp(it.began, zone));
                tell("ended", it.ended.map_or_else(String::new, |at| stamp(at, zone)));
                tell("updated", it.updated.map_or_else(String::new, |at| stamp(at, zone)));
                match it.touches.as_deref() {
                    None => tell("touches", "what of ours could not be read".into()),
                    Some([]) => tell("touches", "AWS names nothing of ours".into()),
                    Some(touched) => touched.iter().for_each(|one| tell("touches", one.to_string())),
                }
            }
        }
        _ => {}
    }
    all
}
