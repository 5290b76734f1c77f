//! The alarms: the list, or one opened.

mod page;
mod tree;

pub(in crate::view) use page::trouble;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::app::model::Model;
use crate::view::theme::Theme;
use crate::view::widget::table;

/// Returns how far it can be scrolled.
pub(in crate::view) fn draw(model: &Model, theme: Theme, area: Rect, frame: &mut Frame<'_>) -> usize {
    if let Some(open) = &model.alarms_tab.page {
        return page::draw(open, model, theme, area, frame);
    }
    table::draw(&model.alarms_tab.list, model, theme, area, frame);
    0
}
