//! JSON, folded and searched.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::json::{JsonKind, JsonLine, JsonView};
use crate::view::text::fit;
use crate::view::theme::{Role, Theme};
use crate::view::widget::popup;

pub(super) fn draw(view: &JsonView, theme: Theme, within: Rect, frame: &mut Frame<'_>) {
    let inside = popup::open(view.title().as_str(), (within.width, within.height), theme, within, frame);
    if inside.height < 2 {
        return;
    }
    let height = usize::from(inside.height) - 1;
    let top = (view.selected() + 1)
        .saturating_sub(height)
        .max(view.selected().saturating_sub(height / 2))
        .min(view.len().saturating_sub(height));
    for (row, line) in view.visible(top, height).enumerate() {
        frame.render_widget(
            text(&line, theme, usize::from(inside.width)),
            Rect { y: inside.y + row as u16, height: 1, ..inside },
        );
    }
    let found = match (view.query().is_empty(), view.match_number()) {
        (true, _) => String::new(),
        (false, Some(number)) => format!("  {number} of {} for {}", view.matches(), view.query()),
        (false, None) => format!(
            "  {} for {}",
            if view.matches() == 0 { "nothing".to_owned() } else { view.matches().to_string() },
            view.query()
        ),
    };
    let foot = format!(" {}{found}", view.path());
    frame.render_widget(
        Line::styled(fit(&foot, usize::from(inside.width)), theme.style(Role::Dim)),
        Rect { y: inside.bottom() - 1, height: 1, ..inside },
    );
}

fn text(line: &JsonLine<'_>, theme: Theme, room: usize) -> Line<'static> {
    let fold = match (line.is_foldable, line.is_folded) {
        (true, true) => "+ ",
        (true, false) => "- ",
        (false, _) => "  ",
    };
    let mut spans = vec![Span::styled(format!(" {}{fold}", "  ".repeat(line.depth)), theme.style(Role::Faint))];
    if let Some(key) = line.key {
        let style = if line.is_selected { theme.selected() } else { theme.style(Role::Accent) };
        spans.push(Span::styled(fit(&format!("\"{key}\""), room), style));
        spans.push(Span::styled(": ", theme.style(Role::Dim)));
    }
    let style = match line.kind {
        _ if line.is_match => theme.style(Role::Warn),
        _ if line.is_selected && line.key.is_none() => theme.selected(),
        JsonKind::String => theme.style(Role::Text),
        JsonKind::Number | JsonKind::Bool => theme.style(Role::Strong),
        JsonKind::Null | JsonKind::Object | JsonKind::Array | JsonKind::Close => theme.style(Role::Dim),
    };
    let used: usize = spans.iter().map(|span| crate::view::text::width(&span.content)).sum();
    let comma = if line.has_comma { "," } else { "" };
    spans.push(Span::styled(fit(&format!("{}{comma}", line.text), room.saturating_sub(used)), style));
    Line::from(spans)
}
