//! How a drill went: how long it took to look, to act and to mend, and what it cost the visitors meanwhile.

use jiff::Timestamp;

use crate::app::model::Model;
use crate::app::operation::Phase;
use crate::domain::units::{count, long, percent, since};

/// What the operator did, since it broke and until it was mended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Score {
    pub keys: u32,
    /// When the first plan was looked at.
    pub planned_at: Option<Timestamp>,
    /// When the first change was approved.
    pub approved_at: Option<Timestamp>,
}

/// Whether a drill is on that has broken and is not mended.
fn is_broken(model: &Model) -> bool {
    let live = model.live_world().places().iter().find_map(|place| place.feeds.exercise.value());
    live.is_some_and(|drill| drill.broke_at.is_some() && drill.mended_at.is_none())
}

pub(super) fn key(model: &mut Model) {
    if is_broken(model) {
        model.score.keys += 1;
    }
}

pub(super) fn planned(model: &mut Model) {
    if is_broken(model) {
        let now = model.live_now();
        model.score.planned_at.get_or_insert(now);
    }
}

pub(super) fn approved(model: &mut Model) {
    if is_broken(model) {
        let now = model.live_now();
        model.score.approved_at.get_or_insert(now);
    }
}

/// The score in words; nothing while nothing has broken.
pub fn lines(model: &Model) -> Vec<String> {
    let Some(drill) = model.exercise() else { return Vec::new() };
    let Some(broke) = drill.broke_at else { return Vec::new() };
    let after = |at: Option<Timestamp>, not_yet: &str| {
        at.map_or_else(|| not_yet.to_owned(), |at| format!("after {}", long(since(at, broke))))
    };
    let score = &model.score;
    let mut all = vec![
        format!("first plan       {}", after(score.planned_at, "none yet")),
        format!("first change     {}", after(score.approved_at, "none yet")),
        format!("mended           {}", after(drill.mended_at, "not yet")),
    ];
    let ended = |is_good: bool| {
        let is_so = |phase: &Phase| matches!(phase, Phase::Ended { outcome, .. } if outcome.is_good() == is_good);
        model.courses.iter().filter(|course| is_so(&course.phase)).count()
    };
    let running = model.courses.iter().filter(|course| course.is_running()).count();
    let mut done = format!("{} verified", ended(true));
    for (number, word) in [(ended(false), "not"), (running, "under way")] {
        if number > 0 {
            done.push_str(&format!(", {number} {word}"));
        }
    }
    all.push(format!("changes          {done}"));
    all.push(format!("keys             {}", count(u64::from(score.keys))));
    if drill.visits > 0 {
        let share = drill.lost as f64 / drill.visits as f64 * 100.0;
        all.push(format!("visits lost      {} of {}, {}", count(drill.lost), count(drill.visits), percent(share)));
    }
    all
}
