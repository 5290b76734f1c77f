//! A framed area in the middle of the tab, for overlays.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::symbols::border;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear};

use crate::view::text::fit;
use crate::view::theme::{Role, Theme};

/// Clears and frames as much of `within` as `width` and `height` ask for, and returns the inside.
pub(in crate::view) fn open(title: &str, size: (u16, u16), theme: Theme, within: Rect, frame: &mut Frame<'_>) -> Rect {
    framed(title, size, theme.style(Role::Accent), border::ROUNDED, None, (theme, within), frame)
}

/// The same for what is done to production, which no photograph of a screen can pass for anything else: heavy lines, a colour
/// of its own and the word.
pub(in crate::view) fn open_in_production(
    title: &str,
    size: (u16, u16),
    theme: Theme,
    within: Rect,
    frame: &mut Frame<'_>,
) -> Rect {
    framed(title, size, theme.style(Role::Bad), border::THICK, Some("PRODUCTION"), (theme, within), frame)
}

fn framed(
    title: &str,
    (width, height): (u16, u16),
    lines: Style,
    set: border::Set<'static>,
    mark: Option<&str>,
    (theme, within): (Theme, Rect),
    frame: &mut Frame<'_>,
) -> Rect {
    let (width, height) = (width.min(within.width), height.min(within.height));
    let area =
        Rect { x: within.x + (within.width - width) / 2, y: within.y + (within.height - height) / 3, width, height };
    let taken = mark.map_or(0, |mark| mark.len() + 4);
    let title = fit(title, usize::from(width.saturating_sub(6)).saturating_sub(taken));
    let mut block = Block::bordered()
        .border_set(set)
        .border_style(lines)
        .title(Line::from(Span::styled(format!(" {title} "), theme.style(Role::Strong))));
    if let Some(mark) = mark {
        block = block.title_top(Line::from(Span::styled(format!(" {mark} "), lines)).right_aligned());
    }
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
