//! The board: the chart of everything, or the page of one box.

mod chart;
mod page;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::app::model::Model;
use crate::view::theme::Theme;

/// Returns how far it can be scrolled.
pub(in crate::view) fn draw(model: &Model, theme: Theme, area: Rect, frame: &mut Frame<'_>) -> usize {
    if let Some(open) = &model.board_tab.page {
        return page::draw(*open, model, theme, area, frame);
    }
    chart::draw(model, theme, area, frame);
    0
}
