//! A list, drawn: columns as far as they fit, the most important ones longest; faults above, counts below.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::list::ListState;
use crate::app::model::{MOST_FAULTS, Model};
use crate::domain::health::Health;
use crate::domain::units::{count, plural};
use crate::view::text::{fill, fit, fit_middle, width};
use crate::view::theme::{Role, Theme};
use crate::view::widget::line;
use crate::world::Place;
use crate::world::feed::Feed;
use crate::world::port::CloudError;
use crate::world::room::{Align, Column, RoomSpec, Row, UNSEEN, Value};
use crate::world::sight::Sight;

/// Sign and mark before the first column.
const MARGIN: usize = 4;

pub(in crate::view) fn draw(list: &ListState, model: &Model, theme: Theme, area: Rect, frame: &mut Frame<'_>) {
    if area.height < 3 {
        return;
    }
    let sight = model.sight();
    let room = usize::from(area.width);
    let mut above: Vec<Line<'_>> = fault_lines(list.spec, model, room)
        .into_iter()
        .map(|line| Line::styled(line, theme.of_health(Health::Unknown)))
        .collect();
    let columns = fitting(list, &sight, room.saturating_sub(MARGIN));
    above.push(head(list, &columns, theme));
    if list.is_empty() {
        above.push(Line::styled(format!("   {}", empty(list, model)), theme.style(Role::Dim)));
    }
    let mut y = area.y;
    for line in above {
        if y < area.bottom() {
            frame.render_widget(line, Rect { y, height: 1, ..area });
            y += 1;
        }
    }
    let height = usize::from(area.bottom().saturating_sub(y)).saturating_sub(1);
    let top = list.top_for(height);
    for (position, row) in list.rows().enumerate().skip(top).take(height) {
        let line = Rect { y: y + (position - top) as u16, height: 1, ..area };
        frame.render_widget(cells(list, row, &columns, position == list.position(), &sight, theme), line);
    }
    let foot = Rect { y: area.bottom() - 1, height: 1, ..area };
    frame.render_widget(foot_line(list, top, height, room, theme), foot);
}

/// What failed, why and what to do about it, for each feed and place.
fn fault_lines(spec: &RoomSpec, model: &Model, room: usize) -> Vec<String> {
    fault_words_of(&spec.faults(&model.world), room)
}

/// The same for one place: what is told of it is as old as its last answer.
pub(in crate::view) fn faults_of_place(spec: &RoomSpec, place: &Place, model: &Model, room: usize) -> Vec<String> {
    let mut faults = spec.faults(&model.world);
    faults.retain(|(_, other, _)| other.scope == place.scope);
    fault_words_of(&faults, room)
}

fn fault_words_of(faults: &[(Feed, &Place, &CloudError)], room: usize) -> Vec<String> {
    let mut lines: Vec<String> = faults
        .iter()
        .take(MOST_FAULTS)
        .map(|(feed, place, error)| {
            let words = crate::world::board::fault_words(*feed, &place.scope, error);
            fit(&format!(" ? {words}; {}", error.class.remedy()), room)
        })
        .collect();
    if faults.len() > MOST_FAULTS {
        lines.push(format!(" ? and {} more", plural(faults.len() - MOST_FAULTS, "fault", "faults")));
    }
    lines
}

/// The columns there is room for, each with its width: the least important go first, then what is left over goes to those
/// that want more.
fn fitting<'a>(list: &ListState, sight: &Sight<'_>, room: usize) -> Vec<(usize, &'a Column, usize)> {
    let all = list.spec.columns;
    let mut order: Vec<usize> = (0..all.len()).filter(|at| all[*at].priority != UNSEEN).collect();
    order.sort_by_key(|at| all[*at].priority);
    let mut kept: Vec<usize> = Vec::new();
    let mut used = 0;
    for at in order {
        let least = usize::from(all[at].width.0) + 1;
        if all[at].priority > 0 && used + least > room {
            continue;
        }
        used += least;
        kept.push(at);
    }
    kept.sort_unstable();
    // What the rows on screen would like; more would only push the columns apart.
    let sample: Vec<&Row> = list.rows().skip(list.top).take(60).collect();
    let mut widths: Vec<usize> = kept.iter().map(|at| usize::from(all[*at].width.0)).collect();
    let mut left = room.saturating_sub(used);
    for (place, at) in kept.iter().enumerate() {
        let column = &all[*at];
        let wanted = sample.iter().map(|row| width(&(column.value)(row, sight).show(sight.at))).max().unwrap_or(0);
        let more = wanted.min(usize::from(column.width.1)).saturating_sub(widths[place]).min(left);
        widths[place] += more;
        left -= more;
    }
    kept.into_iter().zip(widths).map(|(at, width)| (at, &all[at], width)).collect()
}

fn head(list: &ListState, columns: &[(usize, &Column, usize)], theme: Theme) -> Line<'static> {
    let mut spans = vec![Span::raw(" ".repeat(MARGIN))];
    for (at, column, room) in columns {
        let sign = match list.sort {
            Some((by, false)) if by == *at => "▲",
            Some((by, true)) if by == *at => "▼",
            _ => "",
        };
        let title = format!("{}{sign}", column.title);
        let text = if column.align == Align::Right { right(&title, *room) } else { fill(&title, *room) };
        let role = if sign.is_empty() { Role::Dim } else { Role::Accent };
        spans.push(Span::styled(text, theme.style(role)));
        spans.push(Span::raw(" "));
    }
    Line::from(spans)
}

fn cells(
    list: &ListState,
    row: &Row,
    columns: &[(usize, &Column, usize)],
    is_selected: bool,
    sight: &Sight<'_>,
    theme: Theme,
) -> Line<'static> {
    let health = (list.spec.health)(row, sight);
    let mark = if list.is_marked(row) { "*" } else { " " };
    let mut spans =
        vec![Span::styled(format!("{mark}{} ", theme.sign(health)), theme.of_health(health)), Span::raw(" ")];
    for (place, (_, column, room)) in columns.iter().enumerate() {
        let value = (column.value)(row, sight);
        if let Value::Line(parts) = &value {
            spans.extend(line::spans(parts, *room, theme));
            spans.push(Span::raw(" "));
            continue;
        }
        let text = value.show(sight.at);
        let text = match column.align {
            Align::Left => fill(&text, *room),
            Align::Name => fill(&fit_middle(&text, *room), *room),
            Align::Right => right(&text, *room),
        };
        let style = match value {
            // The name is where the eye goes; the selection is shown there.
            _ if is_selected && (column.align == Align::Name || place == 0) => theme.selected(),
            Value::State(health, _) => theme.of_health(health),
            Value::Nothing => theme.style(Role::Faint),
            _ if health == Health::Absent => theme.style(Role::Faint),
            _ if column.align == Align::Name => theme.style(Role::Text),
            _ => theme.style(Role::Dim),
        };
        spans.push(Span::styled(text, style));
        spans.push(Span::raw(" "));
    }
    Line::from(spans)
}

/// Digits are never cut from the front: what does not fit is cut at the end, where the unit is.
fn right(text: &str, room: usize) -> String {
    let text = fit(text, room);
    format!("{}{text}", " ".repeat(room.saturating_sub(width(&text))))
}

/// Why there is nothing to see.
fn empty(list: &ListState, model: &Model) -> String {
    let many = list.spec.nouns.1;
    if list.total() > 0 && !list.filter_text().is_empty() {
        return format!("none of {} {many} match; Esc clears the filter", count(list.total() as u64));
    }
    if list.total() > 0 {
        return format!("all {} {many} are well; the only-broken key shows them", count(list.total() as u64));
    }
    let sight = model.sight();
    if list.spec.kinds.iter().all(|kind| sight.is_read(kind.feed())) {
        format!("there are no {many} in {}", plural(model.world.places().len(), "place", "places"))
    } else if list.spec.faults(&model.world).is_empty() {
        format!("the {many} are being read")
    } else {
        format!("the {many} could not be read")
    }
}

fn foot_line(list: &ListState, top: usize, height: usize, room: usize, theme: Theme) -> Line<'static> {
    let (one, many) = list.spec.nouns;
    let mut text = if list.len() == list.total() {
        plural(list.total(), one, many)
    } else {
        format!("{} of {}", count(list.len() as u64), plural(list.total(), one, many))
    };
    if list.marks() > 0 {
        text.push_str(&format!(" · {} marked", list.marks()));
    }
    if list.is_only_broken() {
        text.push_str(" · only what is not well");
    }
    if !list.filter_text().is_empty() {
        text.push_str(&format!(" · filter: {}", list.filter_text()));
    }
    if let Some((column, descending)) = list.sort {
        let title = list.spec.columns.get(column).map_or("", |column| column.key);
        text.push_str(&format!(" · by {title}{}", if descending { ", backwards" } else { "" }));
    }
    let below = list.len().saturating_sub(top + height);
    if below > 0 {
        text.push_str(&format!(" · {below} more below"));
    }
    match list.filter_error() {
        Some(error) => Line::styled(fit(&format!(" filter, {error}"), room), theme.style(Role::Warn)),
        None => Line::styled(fit(&format!(" {text}"), room), theme.style(Role::Dim)),
    }
}
