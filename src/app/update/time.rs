//! Time: the clock moving on, what is kept of it, and looking back.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::lists::{self, refresh_lists};
use super::{act, sign_in, suspects};
use crate::app::model::Model;
use crate::app::msg::Cmd;
use crate::app::rewind::Live;
use crate::domain::text::Text;
use crate::domain::units;
use crate::world::feed::{Feed, Reach};
use crate::world::port::Observation;
use crate::world::sight::Sight;
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
    if now.as_second().div_euclid(60) != model.minute {
        model.minute = now.as_second().div_euclid(60);
        lists::reselect(model);
    }
    let world = model.rewound.as_ref().map_or(&model.world, |live| &live.world);
    // A world half read is nothing to come back to.
    if world.is_complete() {
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

pub(super) fn observe(model: &mut Model, observations: Vec<Observation>) -> Vec<Cmd> {
    let (mut changed, mut unread): (Vec<Feed>, Vec<Feed>) = (Vec::new(), Vec::new());
    for observation in observations {
        let feed = observation.key.feed;
        match take(model, observation) {
            Applied::Changed => changed.push(feed),
            // Nothing to judge anew, unless it was judged by its age.
            Applied::Refreshed => unread.push(feed),
            Applied::Foreign => {}
        }
    }
    let board = model.rewound.as_ref().map_or(&model.board, |live| &live.board);
    let stale = unread.into_iter().filter(|feed| board.is_stale_by(*feed));
    let judged: Vec<Feed> = changed.iter().copied().chain(stale).collect();
    if !judged.is_empty() {
        refresh_board(model, &judged);
    }
    if changed.is_empty() {
        return Vec::new();
    }
    if model.rewound.is_none() {
        refresh_lists(model, Some(&changed));
    }
    if changed.iter().any(|feed| feed.reach() == Reach::Looked) {
        suspects::reconsider(model);
    }
    // What a tab shows of it is its own affair; a frame that comes out the same costs no byte.
    model.is_dirty = true;
    if changed.contains(&Feed::Alarms) { alert(model) } else { Vec::new() }
}

fn take(model: &mut Model, observation: Observation) -> Applied {
    sign_in::observe(model, &observation);
    let world = model.rewound.as_mut().map_or(&mut model.world, |live| &mut live.world);
    let was_mended = mended_at(world).is_some();
    let (key, outcome) = (observation.key.clone(), world.apply(observation));
    let mended = mended_at(world).filter(|_| !was_mended);
    act::observe(model, &key);
    if let Some((broke, mended)) = mended {
        let after = units::long(units::since(mended, broke));
        model.notify(format!("mended, {after} after it broke: M tells how it went"));
    }
    outcome
}

/// When the drill broke and when it was mended, once it is.
fn mended_at(world: &World) -> Option<(Timestamp, Timestamp)> {
    let drill = world.places().iter().find_map(|place| place.feeds.exercise.value())?;
    Some((drill.broke_at?, drill.mended_at?))
}

/// Tells of alarms that fire now and did not before, place by place: one that cannot be read does not silence the others.
/// What fires when a place is first read is on the screen already.
fn alert(model: &mut Model) -> Vec<Cmd> {
    let world = model.rewound.as_ref().map_or(&model.world, |live| &live.world);
    model.firing.resize(world.places().len(), None);
    let mut fresh: Vec<Text> = Vec::new();
    for (place, known) in world.places().iter().zip(&mut model.firing) {
        let Some(alarms) = place.feeds.alarms.value() else { continue };
        let now: BTreeSet<Text> = alarms
            .iter()
            .filter(|alarm| alarm.is_firing() && !alarm.is_scaling_trigger())
            .map(|alarm| alarm.name.clone())
            .collect();
        if let Some(known) = known {
            fresh.extend(now.difference(known).cloned());
        }
        *known = Some(now);
    }
    let Some(first) = fresh.first() else { return Vec::new() };
    let more = if fresh.len() > 1 { format!(" and {} more", fresh.len() - 1) } else { String::new() };
    vec![Cmd::Alert(format!("{first}{more} in ALARM").into())]
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
    let live = model.rewound.as_ref().map_or(&model.board, |live| &live.board);
    let board = live.of_past(&Sight { world: &world, at, bearings: &model.settings.bearings });
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
