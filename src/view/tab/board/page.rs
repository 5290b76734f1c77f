//! A box's own page: facts, checks with their limits, blind spots, sources with their age, neighbours.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::model::Model;
use crate::app::tab::board::Page;
use crate::domain::board::BoxId;
use crate::domain::units::{brief, long, since};
use crate::view::text::{fill, fit, width, wrap};
use crate::view::theme::{Role, Theme};
use crate::view::widget::popup;
use crate::world::board::{CheckResult, spec};

const LABEL: usize = 26;

pub(super) fn draw(page: Page, model: &Model, theme: Theme, area: Rect, frame: &mut Frame<'_>) -> usize {
    let reading = model.board.reading(page.of);
    let room = usize::from(area.width);
    let mut lines = vec![title(page.of, model, theme, room)];
    for reason in reading.reasons() {
        for (row, text) in wrap(reason, room.saturating_sub(5)).into_iter().enumerate() {
            let mark = if row == 0 { "·" } else { " " };
            lines.push(Line::styled(format!("   {mark} {text}"), theme.of_health(reading.health)));
        }
    }
    section(&mut lines, "Facts", theme);
    if reading.facts.is_empty() {
        lines.push(Line::styled(format!("   {}", reading.summary), theme.style(Role::Dim)));
    }
    for fact in &reading.facts {
        labelled(&mut lines, fact.label, &fact.value, theme, room);
    }
    section(&mut lines, "Checks", theme);
    for check in &reading.checks {
        lines.extend(check_lines(check, theme, room));
    }
    section(&mut lines, "Sources", theme);
    sources(&mut lines, page.of, model, theme, room);
    section(&mut lines, "Neighbours", theme);
    neighbours(&mut lines, page.of, model, theme);
    popup::scrolled(lines, page.scroll.offset, theme, area, frame)
}

/// A check: its title, what was seen, and its limit, beside the title where there is room.
fn check_lines(check: &CheckResult, theme: Theme, room: usize) -> Vec<Line<'static>> {
    const TITLE: usize = 46;
    let sign = Span::styled(format!("   {} ", theme.sign(check.health)), theme.of_health(check.health));
    let is_wide = room >= 110;
    let mut lines = if is_wide {
        vec![Line::from(vec![
            sign,
            Span::styled(fill(check.title, TITLE), theme.style(Role::Text)),
            Span::styled(fit(&check.limit, room.saturating_sub(TITLE + 6)), theme.style(Role::Dim)),
        ])]
    } else {
        vec![Line::from(vec![sign, Span::styled(check.title, theme.style(Role::Text))])]
    };
    let seen = if check.health.wants_eyes() { theme.of_health(check.health) } else { theme.style(Role::Dim) };
    for text in wrap(&check.seen, room.saturating_sub(8)) {
        lines.push(Line::styled(format!("       {text}"), seen));
    }
    if !is_wide {
        for text in wrap(&format!("limit: {}", check.limit), room.saturating_sub(8)) {
            lines.push(Line::styled(format!("       {text}"), theme.style(Role::Dim)));
        }
    }
    lines
}

fn title(id: BoxId, model: &Model, theme: Theme, room: usize) -> Line<'static> {
    let health = model.board.health(id);
    let age = model.board.since(id).map_or_else(String::new, |then| format!(" for {}", long(since(model.now, then))));
    let state = format!(" {} {}{age}  ", theme.sign(health), health.word());
    let left = room.saturating_sub(width(&state) + width(id.title()) + 3);
    Line::from(vec![
        Span::styled(state, theme.of_health(health)),
        Span::styled(id.title(), theme.style(Role::Strong)),
        Span::styled(format!("  {}", fit(id.id(), left)), theme.style(Role::Faint)),
    ])
}

fn section(lines: &mut Vec<Line<'_>>, title: &'static str, theme: Theme) {
    lines.push(Line::default());
    lines.push(Line::styled(format!(" {title}"), theme.style(Role::Strong)));
}

fn labelled(lines: &mut Vec<Line<'_>>, label: &str, value: &str, theme: Theme, room: usize) {
    for (row, text) in wrap(value, room.saturating_sub(LABEL + 4)).into_iter().enumerate() {
        let label = if row == 0 { label } else { "" };
        lines.push(Line::from(vec![
            Span::styled(format!("   {}", fill(label, LABEL)), theme.style(Role::Dim)),
            Span::styled(text, theme.style(Role::Text)),
        ]));
    }
}

/// Each feed in each scope: which operations, how old, how often, and what is wrong.
fn sources(lines: &mut Vec<Line<'_>>, id: BoxId, model: &Model, theme: Theme, room: usize) {
    for feed in spec(id).sources {
        labelled(lines, feed.name(), &feed.actions().join(", "), theme, room);
        for place in model.world.places().iter().filter(|place| place.is_asked(*feed)) {
            let status = place.feeds.status(*feed);
            let read = status.observed_at.map_or_else(
                || "not read yet".to_owned(),
                |then| format!("read {} ago, every {}", brief(since(model.now, then)), brief(status.every())),
            );
            let fault = status.fault.map_or_else(String::new, |fault| {
                format!("; {}: {} ({})", fault.error.class.word(), fault.error.message, fault.error.class.remedy())
            });
            labelled(lines, "", &format!("{}: {read}{fault}", place.scope), theme, room);
        }
    }
}

fn neighbours(lines: &mut Vec<Line<'_>>, id: BoxId, model: &Model, theme: Theme) {
    let mut none = true;
    for (label, boxes) in [("from", id.upstream().collect::<Vec<_>>()), ("to", id.downstream().collect())] {
        for other in boxes {
            none = false;
            let health = model.board.health(other);
            lines.push(Line::from(vec![
                Span::styled(format!("   {}", fill(label, LABEL)), theme.style(Role::Dim)),
                Span::styled(format!("{} ", theme.sign(health)), theme.of_health(health)),
                Span::styled(other.title(), theme.style(Role::Text)),
                Span::styled(format!("  {}", model.board.reading(other).headline), theme.style(Role::Dim)),
            ]));
        }
    }
    if none {
        lines.push(Line::styled("   no arrows lead here or away", theme.style(Role::Dim)));
    }
}
