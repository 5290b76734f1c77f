//! Commands on the board.

use super::{LONGEST_TEXT, PAGE};
use crate::app::command::CommandId;
use crate::app::model::Model;
use crate::app::overlay::Scroll;
use crate::app::tab::Tab;
use crate::app::tab::board::{Chart, Direction, Page, canvas};
use crate::app::tab::room::Room;
use crate::domain::board::BoxId;

pub(super) fn run_on_board(model: &mut Model, id: CommandId) {
    if model.board_tab.page.is_some() {
        run_on_page(model, id);
        return;
    }
    let chart = Chart::of(canvas(model.size, model.is_compact), model.board_tab.zoom, model.board_tab.focus);
    let tab = &mut model.board_tab;
    match id {
        CommandId::Up => tab.go(Direction::Up, &chart),
        CommandId::Down => tab.go(Direction::Down, &chart),
        CommandId::Left => tab.go(Direction::Left, &chart),
        CommandId::Right => tab.go(Direction::Right, &chart),
        CommandId::Top => tab.focus = chart.boxes().next().map_or(tab.focus, |(id, _)| id),
        CommandId::Bottom => tab.focus = chart.boxes().last().map_or(tab.focus, |(id, _)| id),
        CommandId::PageDown | CommandId::NextGroup => tab.go_to_group(1),
        CommandId::PageUp | CommandId::PreviousGroup => tab.go_to_group(-1),
        CommandId::Zoom => tab.zoom = if tab.zoom.is_some() { None } else { Some(tab.focus.group()) },
        // Where there is a room, that is what opens; what is said of the box itself is one key further.
        CommandId::Open if Room::of_whole_box(tab.focus).is_some() => to_room(model, Room::of_whole_box),
        CommandId::Open | CommandId::Describe => tab.page = Some(Page { of: tab.focus, scroll: Scroll::default() }),
        CommandId::Back => tab.zoom = None,
        CommandId::NextTrouble => go_to_trouble(model, 1),
        CommandId::PreviousTrouble => go_to_trouble(model, -1),
        _ => {}
    }
}

/// From a box to the list behind it.
fn to_room(model: &mut Model, of: fn(BoxId) -> Option<Room>) {
    match of(model.board_tab.focus) {
        Some(room) => model.tab = Tab::Room(room),
        None => model.notify("there is no list behind this box"),
    }
}

fn run_on_page(model: &mut Model, id: CommandId) {
    let Some(mut page) = model.board_tab.page else { return };
    match id {
        CommandId::Back => {
            model.board_tab.page = None;
            return;
        }
        CommandId::Open => {
            to_room(model, Room::of_box);
            return;
        }
        CommandId::Up => page.scroll.by(-1, LONGEST_TEXT),
        CommandId::Down => page.scroll.by(1, LONGEST_TEXT),
        CommandId::PageUp => page.scroll.by(-PAGE, LONGEST_TEXT),
        CommandId::PageDown => page.scroll.by(PAGE, LONGEST_TEXT),
        CommandId::Top => page.scroll.offset = 0,
        CommandId::Bottom => page.scroll.offset = LONGEST_TEXT,
        // From page to page along the arrows.
        CommandId::Left | CommandId::Right => {
            let next = if id == CommandId::Right { page.of.downstream().next() } else { page.of.upstream().next() };
            if let Some(next) = next {
                page = Page { of: next, scroll: Scroll::default() };
                model.board_tab.focus_on(next);
            }
        }
        CommandId::NextTrouble | CommandId::PreviousTrouble => {
            go_to_trouble(model, if id == CommandId::NextTrouble { 1 } else { -1 });
            page = Page { of: model.board_tab.focus, scroll: Scroll::default() };
        }
        _ => {}
    }
    model.board_tab.page = Some(page);
}

fn go_to_trouble(model: &mut Model, steps: isize) {
    let troubled: Vec<BoxId> = model.board.troubled();
    let here = troubled.iter().position(|id| *id == model.board_tab.focus);
    // From where the console began, the worst is next, and not what happens to come after that box.
    let here = here.filter(|place| *place == 0 || !model.board_tab.is_untouched);
    let next = match (here, steps) {
        (Some(place), _) => (place as isize + steps).rem_euclid(troubled.len() as isize) as usize,
        (None, 1..) => 0,
        (None, _) => troubled.len() - 1,
    };
    if let Some(id) = troubled.get(next) {
        model.board_tab.focus_on(*id);
    }
}
