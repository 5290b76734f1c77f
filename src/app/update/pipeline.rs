//! Commands on the page of a pipeline: from action to action, and on the page of one of them.

use std::sync::Arc;

use super::{LONGEST_TEXT, PAGE};
use crate::app::command::CommandId;
use crate::app::model::Model;
use crate::app::overlay::Scroll;
use crate::app::tab::pipeline::{Card, Cursor};
use crate::app::tab::room::ItemPage;
use crate::domain::delivery::{Action, Pipeline};
use crate::world::item::Item;

/// The pipeline that is open, if one is.
pub(super) fn opened(model: &Model) -> Option<(Arc<Pipeline>, &Cursor)> {
    let room = model.room()?;
    let page = room.page.as_ref()?;
    match room.opened(&model.world)?.0 {
        Item::Pipeline(pipeline) => Some((pipeline, &page.cursor)),
        _ => None,
    }
}

/// The action whose link, log and page are meant.
pub(super) fn chosen(model: &Model) -> Option<Action> {
    let (pipeline, cursor) = opened(model)?;
    let is_meant = cursor.is_chosen() || cursor.card.is_some();
    cursor.action(&pipeline).filter(|_| is_meant).map(|(_, action)| action.clone())
}

/// Does what a key means here; false where it means what it does on every page.
pub(super) fn run(model: &mut Model, id: CommandId) -> bool {
    let Some((pipeline, _)) = opened(model) else { return false };
    let Some(page) = model.room_mut().and_then(|room| room.page.as_mut()) else { return false };
    let by = match id {
        CommandId::Up | CommandId::Left => -1,
        CommandId::Down | CommandId::Right => 1,
        _ => 0,
    };
    if page.cursor.card.is_some() {
        on_card(page, &pipeline, id, by);
        return true;
    }
    match id {
        CommandId::Open | CommandId::Describe => page.cursor.card = Some(Card::default()),
        CommandId::Logs => page.cursor.card = Some(Card { seeks_log: true, ..Card::default() }),
        // Past the last action there are more lines to read, and the way back up leads through them.
        CommandId::Up if page.scroll.offset > page.cursor.line => scroll(page, -1),
        CommandId::Up | CommandId::Down if page.cursor.step(&pipeline, by) => {}
        CommandId::Up | CommandId::Down => scroll(page, by),
        CommandId::Top => {
            page.cursor.choose(&pipeline, 0);
            scroll(page, -(LONGEST_TEXT as isize));
        }
        CommandId::PageUp => scroll(page, -PAGE),
        CommandId::PageDown => scroll(page, PAGE),
        CommandId::Bottom => scroll(page, LONGEST_TEXT as isize),
        _ => return false,
    }
    true
}

fn scroll(page: &mut ItemPage, by: isize) {
    page.cursor.is_followed = false;
    page.scroll.by(by, LONGEST_TEXT);
}

fn on_card(page: &mut ItemPage, pipeline: &Pipeline, id: CommandId, by: isize) {
    let lines = match id {
        CommandId::Back => {
            page.cursor.card = None;
            page.cursor.is_followed = true;
            return;
        }
        CommandId::Left | CommandId::Right => {
            if page.cursor.step(pipeline, by) {
                page.cursor.card = Some(Card::default());
            }
            return;
        }
        CommandId::Logs => {
            page.cursor.card = Some(Card { seeks_log: true, scroll: Scroll::default() });
            return;
        }
        CommandId::Up | CommandId::Down => by,
        CommandId::PageUp => -PAGE,
        CommandId::PageDown => PAGE,
        CommandId::Top => -(LONGEST_TEXT as isize),
        CommandId::Bottom => LONGEST_TEXT as isize,
        _ => return,
    };
    if let Some(card) = &mut page.cursor.card {
        card.scroll.by(lines, LONGEST_TEXT);
    }
}
