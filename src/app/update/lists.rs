//! Commands in the rooms that are lists, and on a thing opened from one.

use super::{LONGEST_TEXT, PAGE, pipeline};
use crate::app::command::CommandId;
use crate::app::list::ListState;
use crate::app::model::Model;
use crate::app::overlay::{Overlay, Prompt, Purpose, Scroll};
use crate::app::tab::Tab;
use crate::domain::graph::Span;
use crate::world::feed::Feed;
use crate::world::item::{Item, Kind};
use crate::world::sight::Sight;
use crate::world::suspects;
use crate::world::timeline::is_told_by;

pub(super) fn run_on_list(model: &mut Model, id: CommandId) {
    if page_scroll(model).is_some() {
        if pipeline::run(model, id) {
            return;
        }
        run_on_page(model, id);
        return;
    }
    if id == CommandId::Filter {
        let text = model.list().map_or_else(String::new, |list| list.filter_text().to_owned());
        model.overlays.push(Overlay::Prompt(Prompt { purpose: Purpose::Filter, before: text.clone(), text }));
        return;
    }
    if matches!(id, CommandId::Open | CommandId::Describe) {
        open(model);
        return;
    }
    if matches!(id, CommandId::SpanWider | CommandId::SpanNarrower) {
        change_span(model, id);
        return;
    }
    let height = model.list_height();
    let was_in_front = with_list(model, |list, sight| {
        let last = list.len() as isize;
        let page = (height as isize - 1).max(1);
        match id {
            CommandId::Up => list.step(-1),
            CommandId::Down => list.step(1),
            CommandId::PageUp => list.step(-page),
            CommandId::PageDown => list.step(page),
            CommandId::Top => list.step(-last),
            CommandId::Bottom => list.step(last),
            CommandId::Sort => list.sort_by_next(sight),
            CommandId::SortBackwards => list.sort_backwards(sight),
            CommandId::Mark => list.mark(),
            // One thing at a time: marks, then the filter, then the room.
            CommandId::Back => {
                if list.unmark_all() {
                    return false;
                }
                if !list.filter_text().is_empty() {
                    list.set_filter("", sight);
                    return false;
                }
                return true;
            }
            _ => {}
        }
        list.keep_in_view(height);
        false
    });
    if was_in_front == Some(true) {
        model.tab = Tab::Board;
    }
}

fn run_on_page(model: &mut Model, id: CommandId) {
    let step = match id {
        CommandId::Back => {
            close(model);
            return;
        }
        // From thing to thing without going back to the list.
        CommandId::Left | CommandId::Right => {
            let by = if id == CommandId::Right { 1 } else { -1 };
            with_list(model, |list, _| list.step(by));
            open(model);
            return;
        }
        CommandId::SpanWider | CommandId::SpanNarrower => {
            change_span(model, id);
            return;
        }
        CommandId::Up => -1,
        CommandId::Down => 1,
        CommandId::PageUp => -PAGE,
        CommandId::PageDown => PAGE,
        CommandId::Top => -(LONGEST_TEXT as isize),
        CommandId::Bottom => LONGEST_TEXT as isize,
        _ => return,
    };
    if let Some(scroll) = page_scroll(model) {
        scroll.by(step, LONGEST_TEXT);
    }
}

/// Opens what is selected.
fn open(model: &mut Model) {
    with_list(model, |list, _| list.choose());
    let Some(id) = model.selected_in_list() else {
        model.notify("there is nothing to open");
        return;
    };
    if let Some(room) = model.room_mut() {
        room.open(id);
    }
}

fn change_span(model: &mut Model, id: CommandId) {
    let by = if id == CommandId::SpanWider { 1 } else { -1 };
    if let Some(span) = span(model) {
        *span = span.stepped(by);
    }
}

fn close(model: &mut Model) {
    if let Some(room) = model.room_mut() {
        room.page = None;
    }
}

fn page_scroll(model: &mut Model) -> Option<&mut Scroll> {
    model.room_mut()?.page.as_mut().map(|page| &mut page.scroll)
}

fn span(model: &mut Model) -> Option<&mut Span> {
    model.room_mut().map(|room| &mut room.span)
}

/// Works on the list of the present tab, with the world it is made from.
pub(super) fn with_list<T>(model: &mut Model, work: impl FnOnce(&mut ListState, &Sight<'_>) -> T) -> Option<T> {
    let Model { tab, rooms, world, now, settings, .. } = model;
    let sight = Sight { world, at: *now, bearings: &settings.bearings };
    let Tab::Room(room) = tab else { return None };
    let list = &mut rooms.get_mut(*room as usize)?.list;
    Some(work(list, &sight))
}

/// Notes which lists are behind, by the kinds of answers that came, or all of them.
pub(super) fn refresh_lists(model: &mut Model, of: Option<&[Feed]>) {
    let is_any = |is_of: &dyn Fn(Feed) -> bool| of.is_none_or(|feeds| feeds.iter().any(|feed| is_of(*feed)));
    let tells = is_any(&is_told_by);
    for room in &mut model.rooms {
        let kinds = room.list.spec.kinds;
        // Events are drawn from many feeds.
        let also = || room.list.spec.also.iter().flat_map(|also| also.kinds);
        let is_behind = is_any(&|feed| kinds.iter().chain(also()).any(|kind| kind.feed() == feed));
        room.is_stale |= is_behind || tells && kinds.contains(&Kind::Event);
        if let Some(page) = room.page.as_mut().filter(|_| tells) {
            page.suspects = None;
        }
    }
    freshen(model);
}

/// Makes the list of the present tab anew, if it is behind.
pub(super) fn freshen(model: &mut Model) {
    let is_past = model.rewound.is_some();
    if let Some(room) = model.room_mut().filter(|room| room.is_stale) {
        room.is_stale = false;
        with_list(model, |list, sight| list.refresh(sight, is_past));
    }
    suspect(model);
}

/// Finds out whom to suspect of the alarm that is open, where that is not known yet.
fn suspect(model: &mut Model) {
    let Some(page) = model.room().and_then(|room| room.page.as_ref()).filter(|page| page.suspects.is_none()) else {
        return;
    };
    let found = match model.world.find(&page.of) {
        Some(Item::Alarm(alarm)) if alarm.is_firing() => suspects::of_alarm(&alarm, page.of.place, &model.sight()),
        _ => Vec::new(),
    };
    if let Some(page) = model.room_mut().and_then(|room| room.page.as_mut()) {
        page.suspects = Some(found);
    }
}

/// Filters anew what time alone changes.
pub(super) fn reselect(model: &mut Model) {
    for_lists(model, ListState::reselect);
}

pub(super) fn for_lists(model: &mut Model, mut work: impl FnMut(&mut ListState, &Sight<'_>)) {
    let Model { rooms, world, now, settings, .. } = model;
    let sight = Sight { world, at: *now, bearings: &settings.bearings };
    for room in rooms {
        work(&mut room.list, &sight);
    }
}
