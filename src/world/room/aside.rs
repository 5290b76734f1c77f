//! What is rolled out without a pipeline and without a service that keeps account of it: an instance refresh, which is told
//! with its Auto Scaling group, and a part of the calls that goes to another version of a function.

use jiff::SignedDuration;

use super::stages::{Mark, Part};
use super::standing::Standing;
use crate::domain::autoscaling::{AutoScalingGroup, Refresh};
use crate::domain::function::Function;
use crate::domain::health::Health;
use crate::domain::units::{percent, stopwatch};
use crate::world::sight::Sight;

pub(super) const REFRESH: &str = "Instance refresh";
pub(super) const SHIFT: &str = "Lambda";

/// How far it is, and what for: `40 %, of template web 12`.
fn words(group: &AutoScalingGroup, refresh: &Refresh) -> String {
    let done = refresh.percent.map_or_else(|| "begun".to_owned(), |done| format!("{done} %"));
    match &group.template {
        Some(template) => format!("{done}, to {}", template.words()),
        None => done,
    }
}

pub(super) fn refresh(group: &AutoScalingGroup) -> Standing {
    let Some(it) = &group.refresh else {
        return Standing { health: Health::Unknown, word: "unknown", now: String::new() };
    };
    let why = if it.reason.is_empty() { String::new() } else { format!(": {}", it.reason) };
    let (health, word) = match it.status.as_str() {
        "Successful" => (Health::Ok, "ok"),
        "Failed" | "RollbackFailed" => (Health::Bad, "failed"),
        "Cancelling" | "Cancelled" => (Health::Warn, "stopped"),
        "RollbackInProgress" | "RollbackSuccessful" => (Health::Warn, "back"),
        "Pending" | "InProgress" | "Baking" => (Health::Ok, "running"),
        _ => (Health::Unknown, "unknown"),
    };
    Standing { health, word, now: format!("{} {}{why}", it.status, words(group, it)) }
}

pub(super) fn refresh_line(group: &AutoScalingGroup, sight: &Sight<'_>) -> Vec<Part> {
    let Some(it) = &group.refresh else { return Vec::new() };
    let Standing { health, word, .. } = refresh(group);
    let mark = match word {
        "ok" => Mark::Done,
        "failed" => Mark::Failed,
        "running" => Mark::Running,
        _ => Mark::Stopped,
    };
    let (verb, end) = it.ended.map_or(("for", sight.at), |ended| ("in", ended));
    let took = it.started.map_or_else(String::new, |began| {
        format!(" {verb} {}", stopwatch(end.duration_since(began).max(SignedDuration::ZERO)))
    });
    let why = if health == Health::Ok || it.reason.is_empty() { String::new() } else { format!(": {}", it.reason) };
    let words = format!("{}{took}{why}", words(group, it));
    vec![Part { mark, health, name: REFRESH.to_owned(), words, pace: String::new(), is_loud: true }]
}

pub(super) fn shift(function: &Function) -> Standing {
    let Some(it) = &function.shift else {
        return Standing { health: Health::Unknown, word: "unknown", now: String::new() };
    };
    let now = format!("{} of the calls go to {}, the rest to {}", percent(it.percent), it.version, present(function));
    Standing { health: Health::Ok, word: "shifting", now }
}

pub(super) fn shift_line(function: &Function) -> Vec<Part> {
    let Some(it) = &function.shift else { return Vec::new() };
    let alias = function.alias.as_ref().map_or_else(String::new, |alias| format!("{alias}: "));
    let words = format!("{alias}{} → {}, {} of the calls", present(function), it.version, percent(it.percent));
    let (mark, health) = (Mark::Running, Health::Ok);
    vec![Part { mark, health, name: SHIFT.to_owned(), words, pace: String::new(), is_loud: true }]
}

fn present(function: &Function) -> &str {
    function.version.as_ref().map_or("a version not known", |version| version.as_str())
}
