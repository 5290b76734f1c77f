//! The mouse, for those who ask for it: a click selects, a click on what is selected opens.

use crate::app::command::CommandId;
use crate::app::model::Model;
use crate::app::overlay::{Overlay, Scroll};
use crate::app::tab::Tab;
use crate::app::tab::bar::bar;
use crate::app::tab::board::{Chart, Page, canvas, rows_above};

use super::lists::{run_on_list, with_list};
use super::{LONGEST_TEXT, run};

pub(super) fn click(model: &mut Model, column: u16, row: u16) {
    model.is_dirty = true;
    if matches!(model.overlays.last(), Some(Overlay::Code(_) | Overlay::Plan(_) | Overlay::Arm(_) | Overlay::Leave)) {
        // Asked for by AWS and not by the operator: it goes away by Esc, and not by a stray click.
        return;
    }
    if !model.overlays.is_empty() {
        model.overlays.pop();
        return;
    }
    if row == 1 && !model.is_compact {
        if let Some(tab) = tab_at(model, column) {
            model.tab = tab;
        }
        return;
    }
    match model.tab {
        Tab::Board if model.board_tab.page.is_none() => {
            let chart = Chart::of(canvas(model.size, model.is_compact), model.board_tab.zoom, model.board_tab.focus);
            let found = chart.boxes().find(|(_, area)| {
                (area.x..area.x + area.width).contains(&column) && (area.y..area.y + area.height).contains(&row)
            });
            if let Some((id, _)) = found {
                if model.board_tab.focus == id {
                    model.board_tab.page = Some(Page { of: id, scroll: Scroll::default() });
                } else {
                    model.board_tab.focus_on(id);
                }
            }
        }
        Tab::Room(_) if model.list().is_some() => {
            // Rows begin below the faults and the head.
            let first = rows_above(model.is_compact) + 1 + model.fault_rows() as u16;
            let Some(line) = row.checked_sub(first) else { return };
            let height = model.list_height();
            let again = with_list(model, |list, _| {
                let wanted = list.top_for(height) + usize::from(line);
                if wanted >= list.len() {
                    return false;
                }
                let was = list.position();
                list.step(wanted as isize - was as isize);
                was == wanted
            });
            if again == Some(true) {
                run_on_list(model, CommandId::Open);
            }
        }
        _ => {}
    }
}

/// Scrolls whatever lies on top.
pub(super) fn wheel(model: &mut Model, lines: isize) {
    model.is_dirty = true;
    match model.overlays.last_mut() {
        Some(Overlay::Palette(palette)) => palette.step(lines),
        Some(Overlay::Json(view)) => view.step(lines),
        Some(Overlay::Help(scroll) | Overlay::Card { scroll, .. }) => scroll.by(lines, LONGEST_TEXT),
        Some(Overlay::Actions(menu)) => menu.step(lines),
        Some(Overlay::Plan(form)) => form.scroll.by(lines, LONGEST_TEXT),
        Some(Overlay::Prompt(_) | Overlay::Picker { .. } | Overlay::Code(_) | Overlay::Arm(_) | Overlay::Leave) => {}
        None => {
            let id = if lines > 0 { CommandId::Down } else { CommandId::Up };
            for _ in 0..lines.unsigned_abs() {
                run(model, id);
            }
        }
    }
}

/// The tab whose title is drawn there.
fn tab_at(model: &Model, column: u16) -> Option<Tab> {
    let mut entries = bar(&model.settings.keymap, model.tab, usize::from(model.size.width)).into_iter();
    entries.find(|entry| (entry.at..entry.end()).contains(&usize::from(column))).map(|entry| entry.tab)
}
