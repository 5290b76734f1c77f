//! The keys, made from the command table.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::command::{COMMANDS, Context};
use crate::app::model::Model;
use crate::app::overlay::Scroll;
use crate::domain::health::Health;
use crate::view::text::{fill, wrap};
use crate::view::theme::{Role, Theme};
use crate::view::widget::popup;

pub(super) fn draw(scroll: Scroll, model: &Model, theme: Theme, within: Rect, frame: &mut Frame<'_>) -> usize {
    const WIDTH: u16 = 104;
    const KEYS: usize = 11;
    const NAME: usize = 18;
    let room = usize::from(WIDTH.min(within.width)).saturating_sub(KEYS + NAME + 5);
    let mut lines: Vec<Line<'_>> = vec![signs(theme), Line::default()];
    for context in Context::ALL {
        lines.push(Line::styled(format!(" {}", context.title()), theme.style(Role::Strong)));
        for spec in COMMANDS.iter().filter(|spec| spec.context == *context) {
            let keys =
                model.settings.keymap.keys(spec.id).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            let unusable = (spec.enabled)(model).err();
            let style = |role| theme.style(if unusable.is_some() { Role::Faint } else { role });
            let doc = match unusable {
                Some(reason) => format!("{} ({reason})", spec.doc),
                None => spec.doc.to_owned(),
            };
            for (row, text) in wrap(&doc, room).into_iter().enumerate() {
                let (keys, name) = if row == 0 { (keys.as_str(), spec.name) } else { ("", "") };
                lines.push(Line::from(vec![
                    Span::styled(format!("  {}", fill(keys, KEYS)), style(Role::Accent)),
                    Span::styled(fill(name, NAME), style(Role::Text)),
                    Span::styled(text, style(Role::Dim)),
                ]));
            }
        }
        lines.push(Line::default());
    }
    let inside = popup::open("Keys", (WIDTH, lines.len() as u16 + 2), theme, within, frame);
    popup::scrolled(lines, scroll.offset, theme, inside, frame)
}

/// The six signs, so that they can be learned where they are used.
fn signs(theme: Theme) -> Line<'static> {
    let mut spans = vec![Span::raw(" ")];
    for health in Health::ALL {
        spans.push(Span::styled(format!("{} {}   ", theme.sign(health), health.word()), theme.of_health(health)));
    }
    Line::from(spans)
}
