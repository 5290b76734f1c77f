//! What broke, where, what changed: three lines on every screen.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::model::Model;
use crate::view::text::fit;
use crate::view::theme::{Role, Theme};

const LABEL: usize = 9;

pub(super) fn draw(model: &Model, theme: Theme, area: Rect, frame: &mut Frame<'_>) {
    let strip = model.board.strip();
    let room = usize::from(area.width).saturating_sub(LABEL + 1);
    let alarming = strip.health.is_broken();
    let label = |text: &'static str| {
        let role = if alarming { Role::Strong } else { Role::Dim };
        Span::styled(format!(" {text:<LABEL$}", LABEL = LABEL - 1), theme.style(role))
    };
    let sign = theme.sign(strip.health);
    let first = if alarming { theme.of_health(strip.health) } else { theme.style(Role::Text) };
    let plain = theme.style(if alarming { Role::Text } else { Role::Dim });
    let rows = [
        (label("BROKE"), format!("{sign} {}", strip.broke.clone()), first),
        (label("WHERE"), strip.place.clone(), plain),
        (label("CHANGED"), strip.changed.clone(), plain),
    ];
    for (row, (label, text, style)) in rows.into_iter().enumerate().take(usize::from(area.height)) {
        let place = Rect { y: area.y + row as u16, height: 1, ..area };
        frame.render_widget(Line::from(vec![label, Span::styled(fit(&text, room), style)]), place);
    }
}
