//! The board: the chart of everything, or the page of one box.

mod chart;
mod page;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::app::model::Model;
use crate::view::theme::Theme;

pub(in crate::view) fn draw(model: &Model, theme: Theme, area: Rect, frame: &mut Frame<'_>) {
    match &model.board_tab.page {
        Some(open) => page::draw(*open, model, theme, area, frame),
        None => chart::draw(model, theme, area, frame),
    }
}
