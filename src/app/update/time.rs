//! Time: the clock moving on, what is kept of it, and looking back.

use jiff::Timestamp;

use super::lists::refresh_lists;
use crate::app::board::Board;
use crate::app::model::Model;
use crate::app::msg::Cmd;
use crate::app::rewind::Live;
use crate::domain::text::Text;
use crate::domain::units;
use crate::world::feed::Feed;
use crate::world::port::Observation;
use crate::world::sight::Sight;
use crate::world::strip::firing;
use crate::world::{Applied, World};

/// Moves the clock on; the screen shows seconds.
pub(super) fn tick(model: &mut Model, at: Timestamp) {
    let clock = model.rewound.as_mut().map_or(&mut model.now, |live| &mut live.now);
    if at.as_second() != clock.as_second() {
        model.is_dirty = true;
    }
    // A clock set back must not make ages negative.
    *clock = (*clock).max(at);
    let now = *clock;
    if model.notice.as_ref().is_some_and(|notice| now >= notice.until) {
        model.notice = None;
        model.is_dirty = true;
    }
    refresh_board(model, &[]);
    let world = model.rewound.as_ref().map_or(&model.world, |live| &live.world);
    if !world.is_unread() {
        model.history.keep(now, world);
    }
}

/// Judges the present anew, wherever it is.
pub(super) fn refresh_board(model: &mut Model, feeds: &[Feed]) {
    let Model { board, world, now, settings, rewound, .. } = model;
    let (board, world, now) = match rewound {
        Some(live) => (&mut live.board, &live.world, live.now),
        None => (board, &*world, *now),
    };
    let sight = Sight { world, at: now, bearings: &settings.bearings };
    if board.refresh(feeds, &sight) {
        model.is_dirty = true;
    }
}

pub(super) fn observe(model: &mut Model, observation: Observation) -> Vec<Cmd> {
    let feed = observation.key.feed;
    let (world, board) = match &mut model.rewound {
        Some(live) => (&mut live.world, &live.board),
        None => (&mut model.world, &model.board),
    };
    match world.apply(observation) {
        Applied::Changed => {
            refresh_board(model, &[feed]);
            if model.rewound.is_none() {
                refresh_lists(model, Some(feed));
            }
            // What a tab shows of it is its own affair; a frame that comes out the same costs no byte.
            model.is_dirty = true;
            if feed == Feed::Alarms { alert(model) } else { Vec::new() }
        }
        // Nothing to judge anew, unless it was judged by its age.
        Applied::Refreshed if board.is_stale_by(feed) => {
            refresh_board(model, &[feed]);
            Vec::new()
        }
        Applied::Refreshed | Applied::Foreign => Vec::new(),
    }
}

/// Tells of alarms that fire now and did not before. What fires when the console starts is on the screen already.
fn alert(model: &mut Model) -> Vec<Cmd> {
    let world = model.rewound.as_ref().map_or(&model.world, |live| &live.world);
    let every_place =
        world.places().iter().all(|place| !place.is_asked(Feed::Alarms) || place.observed_at(Feed::Alarms).is_some());
    let now_firing: Vec<(usize, Text)> =
        firing(world).into_iter().map(|alarm| (place_of(world, &alarm), alarm.name)).collect();
    let fresh: Vec<Text> = match &model.firing {
        Some(known) => now_firing.iter().filter(|id| !known.contains(id)).map(|(_, name)| name.clone()).collect(),
        None => Vec::new(),
    };
    if every_place || model.firing.is_some() {
        model.firing = Some(now_firing);
    }
    let Some(first) = fresh.first() else { return Vec::new() };
    let more = if fresh.len() > 1 { format!(" and {} more", fresh.len() - 1) } else { String::new() };
    vec![Cmd::Alert(format!("{first}{more} in ALARM").into())]
}

fn place_of(world: &World, alarm: &crate::world::strip::Firing) -> usize {
    world.places().iter().position(|place| place.scope == alarm.scope).unwrap_or(0)
}

/// A minute back.
pub(super) fn rewind(model: &mut Model) {
    if let Some((at, world)) = model.history.before(model.now) {
        let world = world.clone();
        show(model, at, world);
        return;
    }
    let held = model.history.oldest().map_or_else(
        || "nothing is held yet".to_owned(),
        |oldest| format!("the oldest held is from {}", units::clock(oldest, &model.settings.bearings.zone)),
    );
    model.notify(format!("rewind: {held}"));
}

/// A minute on, and in the end into the present.
pub(super) fn forward(model: &mut Model) {
    if let Some((at, world)) = model.history.after(model.now) {
        let world = world.clone();
        show(model, at, world);
    } else {
        to_live(model);
    }
}

fn show(model: &mut Model, at: Timestamp, world: World) {
    let board = Board::new(&Sight { world: &world, at, bearings: &model.settings.bearings });
    let (world, board) = (std::mem::replace(&mut model.world, world), std::mem::replace(&mut model.board, board));
    if model.rewound.is_none() {
        model.rewound = Some(Box::new(Live { world, board, now: model.now }));
    }
    model.now = at;
    refresh_lists(model, None);
}

/// Back to the present, which has gone on meanwhile.
pub(super) fn to_live(model: &mut Model) {
    if let Some(live) = model.rewound.take() {
        model.world = live.world;
        model.board = live.board;
        model.now = live.now;
        refresh_lists(model, None);
    }
}
