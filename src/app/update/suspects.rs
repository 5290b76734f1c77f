//! From trouble to the change that probably caused it: one key.

use super::lists;
use crate::app::inquiry::Inquiry;
use crate::app::model::Model;
use crate::app::tab::Tab;
use crate::app::tab::room::Room;
use crate::world::item::{Item, ItemId};
use crate::world::strip::trouble_of;
use crate::world::suspects;

/// Goes to the likeliest change in the timeline; from there to the next.
pub(super) fn next(model: &mut Model) {
    let is_there = model.tab == Tab::Room(Room::Timeline) && model.selected_in_list().is_some();
    let here = model.selected_in_list();
    match &mut model.inquiry {
        Some(inquiry) if is_there && inquiry.here() == here => inquiry.at = (inquiry.at + 1) % inquiry.all.len().max(1),
        _ => {
            let opened = model.room().and_then(|room| room.page.as_ref()).map(|page| page.of.clone());
            model.inquiry = Some(about(model, opened.or_else(|| model.selected_in_list())));
        }
    }
    show(model);
}

/// What was read only for who looks may name another: they are ranked anew, and one stays with the change one stands at.
pub(super) fn reconsider(model: &mut Model) {
    let Some(before) = model.inquiry.as_ref().filter(|_| model.rewound.is_none()) else { return };
    let here = before.here();
    let mut after = about(model, before.about.clone());
    // What it was about may be over; what was found stays.
    if let Some(at) = (0..after.all.len()).find(|at| after.at(*at) == here) {
        after.at = at;
        model.inquiry = Some(after);
    }
}

/// About this alarm, where it fires; about the trouble of the board otherwise.
fn about(model: &Model, id: Option<ItemId>) -> Inquiry {
    let sight = model.sight();
    if let Some(id) = id
        && let Some(Item::Alarm(alarm)) = model.world.find(&id)
        && alarm.is_firing()
    {
        let all = suspects::of_alarm(&alarm, id.place, &sight);
        return Inquiry { of: alarm.name.to_string(), about: Some(id), all, at: 0 };
    }
    let trouble = trouble_of(model.board.readings(), &sight);
    let all = trouble.map(|trouble| suspects::of_trouble(&trouble, &model.world)).unwrap_or_default();
    Inquiry { of: "the trouble".into(), about: None, all, at: 0 }
}

fn show(model: &mut Model) {
    let Some((of, here)) = model.inquiry.as_ref().map(|inquiry| (inquiry.of.clone(), inquiry.here())) else { return };
    let Some(id) = here else {
        model.inquiry = None;
        model.notify(format!("no change is known in the 30 min before {of} began"));
        return;
    };
    model.tab = Tab::Room(Room::Timeline);
    if let Some(room) = model.room_mut() {
        room.page = None;
    }
    lists::freshen(model);
    let height = model.list_height();
    let is_found = lists::with_list(model, |list, sight| {
        // What was filtered away is what is looked for.
        if !list.select(&id) {
            list.set_filter("", sight);
            list.set_only_broken(false, sight);
        }
        let is_found = list.select(&id);
        list.keep_in_view(height);
        is_found
    });
    if is_found != Some(true) {
        model.notify("that change is not told of any more");
    }
}
