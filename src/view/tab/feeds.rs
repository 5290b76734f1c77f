//! The feeds tab: a line for each question asked, faults first with their cause and remedy.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::model::Model;
use crate::app::tab::feeds::{Row, rows};
use jiff::SignedDuration;

use crate::domain::health::Health;
use crate::domain::units::{brief, since};
use crate::view::text::{fill, fit, wrap};
use crate::view::theme::{Role, Theme};
use crate::world::feed::Fault;

pub(in crate::view) fn draw(model: &Model, theme: Theme, area: Rect, frame: &mut Frame<'_>) {
    let all = rows(model);
    let failing = all.iter().filter(|row| row.fault.is_some()).count();
    let partial = all.iter().filter(|row| row.fault.is_none() && !row.gaps.is_empty()).count();
    let partial = if partial == 0 { String::new() } else { format!("{partial} in part, ") };
    let summary = format!(
        " {} feeds, {failing} failing, {partial}{} calls this session, {}",
        all.len(),
        model.world.ledger().calls(),
        model.world.ledger().spent()
    );
    frame.render_widget(
        Line::styled(fit(&summary, usize::from(area.width)), theme.style(Role::Dim)),
        Rect { height: 1, ..area },
    );
    let head =
        format!("   {}{}{}{}{}", fill("feed", 18), fill("scope", 26), fill("read", 10), fill("every", 9), "operation");
    let place = Rect { y: area.y + 1, height: 1, ..area };
    frame.render_widget(Line::styled(fit(&head, usize::from(area.width)), theme.style(Role::Strong)), place);
    let list = Rect { y: area.y + 2, height: area.height.saturating_sub(2 + DETAIL), ..area };
    let room = usize::from(list.height);
    let selected = model.feeds_tab.selected.min(all.len().saturating_sub(1));
    let first = selected.saturating_sub(room.saturating_sub(1));
    for (position, row) in all.iter().enumerate().skip(first).take(room) {
        let place = Rect { y: list.y + (position - first) as u16, height: 1, ..list };
        frame.render_widget(line(row, position == selected, model, theme, usize::from(area.width)), place);
    }
    if let Some(row) = all.get(selected) {
        let place = Rect { y: area.bottom().saturating_sub(DETAIL), height: DETAIL.min(area.height), ..area };
        detail(row, model, theme, place, frame);
    }
}

/// Lines below the list for the whole story of the selected feed.
const DETAIL: u16 = 4;

fn detail(row: &Row<'_>, model: &Model, theme: Theme, area: Rect, frame: &mut Frame<'_>) {
    let room = usize::from(area.width).saturating_sub(4);
    let mut lines = vec![Line::styled(format!(" {} in {}", row.feed.name(), row.scope), theme.style(Role::Accent))];
    for text in wrap(&row.feed.actions().join(", "), room) {
        lines.push(Line::styled(format!("   {text}"), theme.style(Role::Dim)));
    }
    if let Some(fault) = row.fault {
        let next = fault.next.map_or_else(String::new, |next| {
            format!(", next in {}", brief(next.duration_since(model.now).max(SignedDuration::ZERO)))
        });
        let text = format!(
            "{} for {}{next}: {}",
            fault.error.class.word(),
            brief(since(model.now, fault.since)),
            story(fault)
        );
        let place = lines.len().min(1);
        for (offset, text) in wrap(&text, room).into_iter().enumerate() {
            lines.insert(place + offset, Line::styled(format!("   {text}"), theme.of_health(Health::Unknown)));
        }
    }
    for gap in row.gaps {
        let missing = gap.missing.as_ref().map_or_else(String::new, |action| format!(", missing {action}"));
        let text = format!("without {} ({}{missing}): {}", gap.operation, gap.class.word(), gap.message);
        for text in wrap(&text, room).into_iter().rev() {
            lines.insert(1, Line::styled(format!("   {text}"), theme.of_health(Health::Unknown)));
        }
    }
    for (offset, line) in lines.into_iter().take(usize::from(area.height)).enumerate() {
        frame.render_widget(line, Rect { y: area.y + offset as u16, height: 1, ..area });
    }
}

/// What failed, what is missing, and what to do about it.
fn story(fault: &Fault) -> String {
    let missing = fault.error.missing.as_ref().map_or_else(String::new, |action| format!(", missing {action}"));
    format!("{}{missing}; {}", fault.error.message, fault.error.class.remedy())
}

fn line(row: &Row<'_>, is_selected: bool, model: &Model, theme: Theme, width: usize) -> Line<'static> {
    let health = match (row.fault, row.observed_at, row.is_stale) {
        (Some(_), _, _) => Health::Unknown,
        (None, None, _) => Health::Absent,
        (None, Some(_), true) => Health::Stale,
        (None, Some(_), false) => Health::Ok,
    };
    let read = row.observed_at.map_or_else(|| "-".into(), |at| format!("{} ago", brief(since(model.now, at))));
    let what = match row.fault {
        Some(fault) => {
            format!("{} for {}: {}", fault.error.class.word(), brief(since(model.now, fault.since)), story(fault))
        }
        None if !row.gaps.is_empty() => {
            let without: Vec<String> =
                row.gaps.iter().map(|gap| format!("{} ({})", gap.operation, gap.class.word())).collect();
            format!("without {}", without.join(", "))
        }
        None => row.feed.actions().join(", "),
    };
    let name = if is_selected { theme.selected() } else { theme.style(Role::Text) };
    let fixed = 3 + 18 + 26 + 10 + 9;
    Line::from(vec![
        Span::styled(format!(" {} ", theme.sign(health)), theme.of_health(health)),
        Span::styled(fill(row.feed.name(), 17), name),
        Span::raw(" "),
        Span::styled(fill(&row.scope.to_string(), 26), theme.style(Role::Dim)),
        Span::styled(fill(&read, 10), theme.style(Role::Text)),
        Span::styled(fill(&brief(row.every), 9), theme.style(Role::Dim)),
        Span::styled(
            fit(&what, width.saturating_sub(fixed)),
            if row.fault.is_some() || !row.gaps.is_empty() {
                theme.of_health(Health::Unknown)
            } else {
                theme.style(Role::Faint)
            },
        ),
    ])
}
