//! The operations tab: a line for each, and below the whole story of the one under the cursor.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::model::Model;
use crate::app::tab::operations::{Row, rows};
use crate::domain::health::Health;
use crate::domain::units::{brief, plural, since};
use crate::ops::record::Outcome;
use crate::view::text::{fill, fit, wrap};
use crate::view::theme::{Role, Theme};

pub(in crate::view) fn draw(model: &Model, theme: Theme, area: Rect, frame: &mut Frame<'_>) {
    let all = rows(model);
    let room = usize::from(area.width);
    let running = all.iter().filter(|row| row.is_running()).count();
    let open = all.iter().filter(|row| row.wants_a_look(model)).count();
    let summary = match &model.journal {
        Some(Err(error)) => (format!(" the journal cannot be read: {error}"), Role::Bad),
        Some(Ok(pages)) if !pages.breaks.is_empty() => {
            (format!(" the journal was changed or cut short: {}", pages.breaks.join(", ")), Role::Bad)
        }
        _ => (
            format!(" {}, {running} under way, {open} of unknown end", plural(all.len(), "operation", "operations")),
            Role::Dim,
        ),
    };
    frame.render_widget(
        Line::styled(fit(&summary.0, room), theme.style(summary.1)),
        Rect { height: 1.min(area.height), ..area },
    );
    if all.is_empty() {
        let lines = [
            "Nothing was done from here yet.",
            "a shows what can be done to what is selected; nothing is done by looking.",
        ];
        for (row, text) in lines.iter().enumerate() {
            let place = Rect { y: area.y + 2 + row as u16, height: 1, ..area };
            if place.y < area.bottom() {
                frame.render_widget(Line::styled(format!("   {text}"), theme.style(Role::Dim)), place);
            }
        }
        return;
    }
    let selected = model.operations_tab.selected.min(all.len() - 1);
    let detail = detail(all.get(selected), model, theme, room);
    let detail_height = (detail.len() as u16).min(area.height / 2);
    let head = format!("   {}{}{}{}", fill("when", WHEN), fill("state", STATE), fill("what", WHAT), "where");
    if area.height > 1 {
        let place = Rect { y: area.y + 1, height: 1, ..area };
        frame.render_widget(Line::styled(fit(&head, room), theme.style(Role::Strong)), place);
    }
    let list = Rect { y: area.y + 2, height: area.height.saturating_sub(3 + detail_height), ..area };
    let height = usize::from(list.height);
    let first = selected.saturating_sub(height.saturating_sub(1));
    for (position, row) in all.iter().enumerate().skip(first).take(height) {
        let place = Rect { y: list.y + (position - first) as u16, height: 1, ..list };
        frame.render_widget(line(row, position == selected, model, theme, room), place);
    }
    for (row, line) in detail.into_iter().take(usize::from(detail_height)).enumerate() {
        let place = Rect { y: area.bottom() - detail_height + row as u16, height: 1, ..area };
        frame.render_widget(line, place);
    }
}

const WHEN: usize = 11;
const STATE: usize = 14;
const WHAT: usize = 38;

fn line(row: &Row<'_>, is_selected: bool, model: &Model, theme: Theme, room: usize) -> Line<'static> {
    let health = match (row.outcome(), row.is_running()) {
        (Some(Outcome::Verified), _) => Health::Ok,
        (Some(Outcome::NotReached), _) => Health::Bad,
        (Some(Outcome::Uncertain), _) | (None, false) => Health::Unknown,
        (Some(Outcome::Drifted | Outcome::Refused), _) => Health::Warn,
        (None, true) => Health::Stale,
    };
    let name = if is_selected { theme.selected() } else { theme.style(Role::Text) };
    let when = format!("{} ago", brief(since(model.live_now(), row.began())));
    let rest = format!("{}  {}  {}", row.scope(), row.who(), row.reason());
    Line::from(vec![
        Span::styled(format!(" {} ", theme.sign(health)), theme.of_health(health)),
        Span::styled(fill(&when, WHEN), theme.style(Role::Dim)),
        Span::styled(fill(&row.state().0, STATE), theme.of_health(health)),
        Span::styled(fill(row.title(), WHAT - 1), name),
        Span::raw(" "),
        Span::styled(fit(&rest, room.saturating_sub(3 + WHEN + STATE + WHAT)), theme.style(Role::Dim)),
    ])
}

fn detail(row: Option<&Row<'_>>, model: &Model, theme: Theme, room: usize) -> Vec<Line<'static>> {
    let Some(row) = row else { return Vec::new() };
    let mut all =
        vec![Line::styled(format!(" {}", fit(row.title(), room.saturating_sub(2))), theme.style(Role::Accent))];
    for (number, text) in row.lines(model).into_iter().filter(|text| !text.is_empty()).enumerate() {
        let role = if number <= 1 { Role::Text } else { Role::Dim };
        all.extend(
            wrap(&text, room.saturating_sub(4))
                .into_iter()
                .map(|text| Line::styled(format!("   {text}"), theme.style(role))),
        );
    }
    all
}
