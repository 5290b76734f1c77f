//! The feeds tab: a line for each question asked, faults first with their cause and remedy.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::model::Model;
use crate::app::tab::feeds::{Row, rows};
use crate::domain::health::Health;
use crate::domain::units::{brief, since};
use crate::view::text::{fill, fit};
use crate::view::theme::{Role, Theme};

pub(in crate::view) fn draw(model: &Model, theme: Theme, area: Rect, frame: &mut Frame<'_>) {
    let all = rows(model);
    let failing = all.iter().filter(|row| row.fault.is_some()).count();
    let summary = format!(" {} feeds, {failing} failing, {} calls this session, {}", all.len(), model.world.ledger().calls(), model.world.ledger().spent());
    frame.render_widget(Line::styled(fit(&summary, usize::from(area.width)), theme.style(Role::Dim)), Rect { height: 1, ..area });
    let head = format!("   {}{}{}{}{}", fill("feed", 18), fill("scope", 26), fill("read", 10), fill("every", 9), "operation");
    let place = Rect { y: area.y + 1, height: 1, ..area };
    frame.render_widget(Line::styled(fit(&head, usize::from(area.width)), theme.style(Role::Strong)), place);
    let list = Rect { y: area.y + 2, height: area.height.saturating_sub(2), ..area };
    let room = usize::from(list.height);
    let selected = model.feeds_tab.selected.min(all.len().saturating_sub(1));
    let first = selected.saturating_sub(room.saturating_sub(1));
    for (position, row) in all.iter().enumerate().skip(first).take(room) {
        let place = Rect { y: list.y + (position - first) as u16, height: 1, ..list };
        frame.render_widget(line(row, position == selected, model, theme, usize::from(area.width)), place);
    }
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
            let missing = fault.error.missing.as_ref().map_or_else(String::new, |action| format!(", missing {action}"));
            format!(
                "{} for {}: {}{missing}; {}",
                fault.error.class.word(),
                brief(since(model.now, fault.since)),
                fault.error.message,
                fault.error.class.remedy()
            )
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
        Span::styled(fill(&brief(row.feed.cadence()), 9), theme.style(Role::Dim)),
        Span::styled(
            fit(&what, width.saturating_sub(fixed)),
            if row.fault.is_some() { theme.of_health(Health::Unknown) } else { theme.style(Role::Faint) },
        ),
    ])
}
