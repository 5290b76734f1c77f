//! A framed area in the middle of the tab, for overlays.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::symbols::border;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear};

use crate::view::text::fit;
use crate::view::theme::{Role, Theme};

/// Clears and frames as much of `within` as `width` and `height` ask for, and returns the inside.
pub(in crate::view) fn open(
    title: &str,
    (width, height): (u16, u16),
    theme: Theme,
    within: Rect,
    frame: &mut Frame<'_>,
) -> Rect {
    let (width, height) = (width.min(within.width), height.min(within.height));
    let area =
        Rect { x: within.x + (within.width - width) / 2, y: within.y + (within.height - height) / 3, width, height };
    let title = fit(title, usize::from(width.saturating_sub(6)));
    let block = Block::bordered()
        .border_set(border::ROUNDED)
        .border_style(theme.style(Role::Accent))
        .title(Line::from(Span::styled(format!(" {title} "), theme.style(Role::Strong))));
    let inside = block.inner(area);
    frame.render_widget(Clear, area);
    frame.render_widget(block, area);
    inside
}

/// Draws as many of `lines` as fit, from `offset` on but never past the end; says below how many are left. Returns the
/// last offset there is.
pub(in crate::view) fn scrolled(
    lines: Vec<Line<'_>>,
    offset: usize,
    theme: Theme,
    area: Rect,
    frame: &mut Frame<'_>,
) -> usize {
    let room = usize::from(area.height);
    let total = lines.len();
    let end = total.saturating_sub(room);
    let start = offset.min(end);
    for (row, line) in lines.into_iter().skip(start).take(room).enumerate() {
        frame.render_widget(line, Rect { y: area.y + row as u16, height: 1, ..area });
    }
    let left = total.saturating_sub(start + room);
    if left > 0 && area.height > 0 {
        let note = format!(" {left} more {} ", if left == 1 { "line" } else { "lines" });
        let width = (note.len() as u16).min(area.width);
        let place = Rect { x: area.right() - width, y: area.bottom() - 1, width, height: 1 };
        frame.render_widget(Clear, place);
        frame.render_widget(Line::styled(note, theme.style(Role::Dim)), place);
    }
    end
}
