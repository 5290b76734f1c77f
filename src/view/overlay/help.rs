//! The keys, made from the command table.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::command::{COMMANDS, Context};
use crate::app::model::Model;
use crate::app::overlay::Scroll;
use crate::domain::health::Health;
use crate::view::text::fill;
use crate::view::theme::{Role, Theme};
use crate::view::widget::popup;

pub(super) fn draw(scroll: Scroll, model: &Model, theme: Theme, within: Rect, frame: &mut Frame<'_>) {
    let mut lines: Vec<Line<'_>> = vec![signs(theme), Line::default()];
    for context in [Context::Board, Context::Everywhere] {
        lines.push(Line::styled(format!(" {}", context.title()), theme.style(Role::Strong)));
        for spec in COMMANDS.iter().filter(|spec| spec.context == context) {
            let keys = model.settings.keymap.keys(spec.id).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            let usable = (spec.enabled)(model);
            let role = if usable.is_ok() { Role::Text } else { Role::Faint };
            let reason = usable.err().map_or_else(String::new, |reason| format!(" ({reason})"));
            lines.push(Line::from(vec![
                Span::styled(format!("  {}", fill(&keys, 12)), theme.style(if usable.is_ok() { Role::Accent } else { Role::Faint })),
                Span::styled(fill(spec.name, 18), theme.style(role)),
                Span::styled(format!("{}{reason}", spec.doc), theme.style(if usable.is_ok() { Role::Dim } else { Role::Faint })),
            ]));
        }
        lines.push(Line::default());
    }
    let inside = popup::open("Keys", (104, lines.len() as u16 + 2), theme, within, frame);
    popup::scrolled(lines, scroll.offset, theme, inside, frame);
}

/// The six signs, so that they can be learned where they are used.
fn signs(theme: Theme) -> Line<'static> {
    let mut spans = vec![Span::raw(" ")];
    for health in Health::ALL {
        spans.push(Span::styled(format!("{} {}   ", theme.sign(health), health.word()), theme.of_health(health)));
    }
    Line::from(spans)
}
