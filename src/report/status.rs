//! `opscon status`: the board as text or JSON.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::board::{BoxId, Group};
use crate::domain::health::Health;
use crate::domain::text::Text;
use crate::domain::units;
use crate::world::board::{self, Fact, Reading};
use crate::world::changes::{self, Change};
use crate::world::feed::Feed;
use crate::world::port::FaultClass;
use crate::world::sight::Sight;
use crate::world::strip::{self, Firing, Strip};

/// The document `-o json` prints. Times are RFC 3339 in UTC.
#[derive(Debug, Serialize)]
pub struct Status {
    pub at: Timestamp,
    pub world: String,
    pub health: Health,
    pub boxes: Vec<BoxStatus>,
    pub firing: Vec<Located<Firing>>,
    /// Of the last 24 hours, newest first.
    pub changes: Vec<Located<Change>>,
    pub faults: Vec<FaultStatus>,
}

#[derive(Debug, Serialize)]
pub struct BoxStatus {
    pub id: BoxId,
    pub group: Group,
    pub title: &'static str,
    pub health: Health,
    pub summary: String,
    pub facts: Vec<Fact>,
    pub reasons: Vec<String>,
    pub observed_at: Option<Timestamp>,
    /// Seconds since then.
    pub age_s: Option<i64>,
}

/// Something with the scope it is in.
#[derive(Debug, Serialize)]
pub struct Located<T> {
    #[serde(flatten)]
    pub what: T,
    pub scope: String,
}

#[derive(Debug, Serialize)]
pub struct FaultStatus {
    pub feed: Feed,
    pub scope: String,
    pub class: FaultClass,
    pub message: Text,
    /// The IAM action that would have allowed it.
    pub missing: Option<Text>,
}

/// Whether what a feed tells is in the status of these boxes: their own facts, and the alarms and changes of the strip.
pub fn rests_on(boxes: &[BoxId], feed: Feed) -> bool {
    matches!(feed, Feed::Alarms | Feed::AlarmHistory)
        || changes::tells(feed)
        || boxes.iter().any(|id| board::spec(*id).sources.contains(&feed))
}

impl Status {
    /// Reads the boxes named; alarms, changes and faults are those of the whole world.
    pub fn of(world_name: &str, boxes: &[BoxId], sight: &Sight<'_>) -> Self {
        let readings: Vec<Reading> = boxes.iter().map(|id| board::read(*id, sight)).collect();
        let day_ago = sight.at - jiff::SignedDuration::from_hours(24);
        Self {
            at: sight.at,
            world: world_name.to_owned(),
            health: strip::overall(&readings),
            firing: strip::firing(sight.world)
                .into_iter()
                .map(|firing| Located { scope: firing.scope.to_string(), what: firing })
                .collect(),
            changes: changes::since(sight.world, day_ago)
                .into_iter()
                .map(|change| Located { scope: change.scope.to_string(), what: change })
                .collect(),
            faults: board::faults(sight.world)
                .into_iter()
                .map(|(fault, place)| FaultStatus {
                    feed: fault.feed,
                    scope: place.scope.to_string(),
                    class: fault.error.class,
                    message: fault.error.message.clone(),
                    missing: fault.error.missing.clone(),
                })
                .collect(),
            boxes: readings.into_iter().map(|reading| BoxStatus::of(reading, sight)).collect(),
        }
    }

    pub fn to_json(&self) -> String {
        // The document is built of strings, numbers and lists; serialising those cannot fail.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

impl BoxStatus {
    fn of(reading: Reading, sight: &Sight<'_>) -> Self {
        let observed_at = board::observed_at(reading.id, sight.world);
        Self {
            id: reading.id,
            group: reading.id.group(),
            title: reading.id.title(),
            health: reading.health,
            reasons: reading.reasons().map(str::to_owned).collect(),
            summary: reading.summary,
            facts: reading.facts,
            observed_at,
            age_s: observed_at.map(|then| units::since(sight.at, then).as_secs()),
        }
    }
}

/// Reasons of one box that a person is told at once.
const MOST_REASONS: usize = 8;

/// The board for a person: the strip, then every box that wants eyes, then one line for each group.
pub fn text(status: &Status, boxes: &[BoxId], sight: &Sight<'_>) -> String {
    let readings: Vec<Reading> = boxes.iter().map(|id| board::read(*id, sight)).collect();
    let Strip { health, broke, place, changed, .. } = strip::strip(&readings, sight);
    let mut out = String::new();
    let at = sight.at.to_zoned(sight.zone().clone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string();
    let _ = writeln!(out, "{} {} at {at}", health.word().to_uppercase(), status.world);
    let _ = writeln!(out, "broke    {broke}\nwhere    {place}\nchanged  {changed}");
    let mut troubled: Vec<&Reading> = readings.iter().filter(|reading| reading.health.wants_eyes()).collect();
    troubled.sort_by_key(|reading| std::cmp::Reverse(reading.health));
    if !troubled.is_empty() {
        out.push('\n');
    }
    let (unread, troubled): (Vec<&Reading>, Vec<&Reading>) =
        troubled.into_iter().partition(|reading| reading.is_unread());
    for reading in troubled {
        let reasons: Vec<&str> = reading.reasons().collect();
        let (shown, rest) = reasons.split_at(reasons.len().min(MOST_REASONS));
        let first = shown.first().copied().unwrap_or(&reading.summary);
        let _ = writeln!(out, "{:<8} {:<30} {first}", reading.health.word(), reading.id.title());
        for reason in shown.iter().skip(1) {
            let _ = writeln!(out, "{:<39} {reason}", "");
        }
        if !rest.is_empty() {
            let _ = writeln!(out, "{:<39} and {} more, all in `-o json`", "", rest.len());
        }
    }
    if !unread.is_empty() {
        let titles: Vec<&str> = unread.iter().map(|reading| reading.id.title()).collect();
        let boxes = units::plural(titles.len(), "box", "boxes");
        let _ = writeln!(out, "{:<8} {boxes} not read: {}", Health::Unknown.word(), titles.join(", "));
    }
    out.push('\n');
    for group in Group::leaves() {
        let count = |health| readings.iter().filter(|r| r.id.group() == group && r.health == health).count();
        let counts: Vec<String> = Health::ALL
            .into_iter()
            .filter(|health| count(*health) > 0)
            .map(|health| format!("{} {}", count(health), health.word()))
            .collect();
        if !counts.is_empty() {
            let _ = writeln!(out, "{:<20} {}", group.label(), counts.join(", "));
        }
    }
    out
}

/// Exit code of `opscon status`, as a Nagios-style check reads it.
pub fn exit_code(health: Health) -> u8 {
    match health {
        Health::Ok => 0,
        Health::Warn => 1,
        Health::Bad => 2,
        Health::Stale | Health::Unknown | Health::Absent => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_those_of_a_monitoring_plugin() {
        let codes: Vec<u8> =
            [Health::Ok, Health::Warn, Health::Bad, Health::Stale, Health::Unknown].map(exit_code).to_vec();
        assert_eq!(codes, [0, 1, 2, 3, 3]);
    }
}
