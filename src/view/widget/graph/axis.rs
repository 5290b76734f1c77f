//! The time axis: which column a moment has, where local time is round, and which state an alarm was in.

use jiff::civil::Date;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, Zoned};

use crate::domain::alarm::AlarmState;

/// Cells of rule between one label and the next.
const APART: usize = 4;

/// Minutes between ticks of less than a day.
const MINUTES: [i32; 12] = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440];

/// From a moment to another, on so many columns of cells.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimeAxis {
    pub from: Timestamp,
    pub until: Timestamp,
    pub columns: usize,
}

/// A label whose first letter stands on the column of its moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tick {
    pub column: usize,
    pub label: String,
}

impl Tick {
    fn end(&self) -> usize {
        self.column + self.label.len()
    }
}

impl TimeAxis {
    pub fn column(self, at: Timestamp) -> Option<usize> {
        if at < self.from || at >= self.until {
            return None;
        }
        let (whole, part) = (self.length().as_nanos(), at.duration_since(self.from).as_nanos());
        usize::try_from(part * self.columns as i128 / whole).ok()
    }

    /// As many labels at round local times as stand apart from each other.
    pub fn ticks(self, zone: &TimeZone) -> Vec<Tick> {
        let days = [Some("%a %-d %b"), Some("%-d %b"), None];
        for minutes in MINUTES.into_iter().chain([2 * 1_440]) {
            // Too many to look at one by one, and far too many to fit.
            if self.length().as_mins() / i64::from(minutes) > (self.columns / APART) as i64 {
                continue;
            }
            let moments = self.round_moments(minutes, zone);
            let mut best = Vec::new();
            for day in days {
                // Ticks all at midnight have nothing but their day.
                if day.is_none() && minutes >= 1_440 {
                    continue;
                }
                let ticks = self.labelled(&moments, day);
                let is_apart = ticks.windows(2).all(|pair| pair[1].column >= pair[0].end() + APART);
                if is_apart && ticks.len() > best.len() {
                    best = ticks;
                }
            }
            if !best.is_empty() {
                return best;
            }
        }
        // Nothing round is in sight, or nothing regular fits: at least when it begins.
        let start = self.from.to_zoned(zone.clone());
        let form = if self.length().as_hours() >= 24 { "%-d %b" } else { "%H:%M" };
        let label = start.strftime(form).to_string();
        if label.len() <= self.columns { vec![Tick { column: 0, label }] } else { Vec::new() }
    }

    /// For each column the worst state an alarm was in, so that no short alarm is lost; none before anything is known,
    /// and none after `now`. `changes` are oldest first.
    pub fn states(
        self,
        changes: &[(Timestamp, AlarmState)],
        before: Option<AlarmState>,
        now: Timestamp,
    ) -> Vec<Option<AlarmState>> {
        (0..self.columns)
            .map(|column| {
                let (start, end) = (self.start_of(column), self.start_of(column + 1));
                if start > now {
                    return None;
                }
                let known = changes.partition_point(|(at, _)| *at <= start);
                let resting = known.checked_sub(1).map_or(before, |newest| Some(changes[newest].1));
                let within = changes[known..].iter().take_while(|(at, _)| *at < end && *at <= now);
                within.map(|(_, state)| Some(*state)).fold(resting, Ord::max)
            })
            .collect()
    }

    fn length(self) -> SignedDuration {
        self.until.duration_since(self.from)
    }

    fn start_of(self, column: usize) -> Timestamp {
        let nanos = self.length().as_nanos() * column as i128 / self.columns.max(1) as i128;
        self.from.saturating_add(SignedDuration::from_nanos_i128(nanos)).unwrap_or(self.until)
    }

    /// The moments at which a wall clock shows a multiple of so many minutes, and where a day begins. A time the clock
    /// skips has none, a time it shows twice has two.
    fn round_moments(self, minutes: i32, zone: &TimeZone) -> Vec<Zoned> {
        let here = |at: Timestamp| at.to_zoned(zone.clone()).date();
        let last = here(self.until);
        let mut moments = Vec::new();
        let mut day = Some(here(self.from));
        while let Some(date) = day.filter(|date| *date <= last) {
            if minutes < 1_440 || is_counted(date, minutes / 1_440) {
                // Where the clock skips midnight, the day begins when it goes on.
                moments.extend(date.to_zoned(zone.clone()).ok().map(|start| start.timestamp()));
            }
            if minutes < 1_440 {
                let times = (0..1_440 / minutes).map(|part| part * minutes);
                moments.extend(times.flat_map(|minute| instants(date, minute, zone)).flatten());
            }
            day = date.tomorrow().ok();
        }
        moments.retain(|at| self.column(*at).is_some());
        moments.sort_unstable();
        moments.dedup();
        moments.into_iter().map(|at| at.to_zoned(zone.clone())).collect()
    }

    /// Midnights by their day where there is a form for it, the rest by the clock; without labels that would be cut.
    fn labelled(self, moments: &[Zoned], day: Option<&str>) -> Vec<Tick> {
        let tick = |at: &Zoned| {
            let is_midnight = at.start_of_day().is_ok_and(|start| start == *at);
            let form = day.filter(|_| is_midnight).unwrap_or("%H:%M");
            Some(Tick { column: self.column(at.timestamp())?, label: at.strftime(form).to_string() })
        };
        moments.iter().filter_map(tick).filter(|tick| tick.end() <= self.columns).collect()
    }
}

/// Every so many days, counted from a fixed one, so that ticks stay where they are while time goes by.
fn is_counted(date: Date, every: i32) -> bool {
    let epoch = Date::constant(1970, 1, 1);
    epoch.until(date).is_ok_and(|span| span.get_days().rem_euclid(every) == 0)
}

/// When the clocks of a zone show this minute of this day: once, never or twice.
fn instants(date: Date, minute: i32, zone: &TimeZone) -> [Option<Timestamp>; 2] {
    let time = date.at((minute / 60) as i8, (minute % 60) as i8, 0, 0);
    let by = |offset: Offset| offset.to_timestamp(time).ok();
    match zone.to_ambiguous_timestamp(time).offset() {
        AmbiguousOffset::Unambiguous { offset } => [by(offset), None],
        AmbiguousOffset::Gap { .. } => [None, None],
        AmbiguousOffset::Fold { before, after } => [by(before), by(after)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn axis(from: &str, hours: i64, columns: usize) -> TimeAxis {
        TimeAxis { from: at(from), until: at(from) + SignedDuration::from_hours(hours), columns }
    }

    fn labels(axis: TimeAxis) -> String {
        let zone = TimeZone::get("Europe/Paris").unwrap();
        axis.ticks(&zone).iter().map(|tick| tick.label.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn ticks_stand_at_round_local_times() {
        let zone = TimeZone::get("Europe/Paris").unwrap();
        let ticks = axis("2026-03-10T12:12:00Z", 1, 60).ticks(&zone);
        let tick = |column, label: &str| Tick { column, label: label.into() };
        let expected = [tick(8, "13:20"), tick(18, "13:30"), tick(28, "13:40"), tick(38, "13:50"), tick(48, "14:00")];
        assert_eq!(ticks, expected);
    }

    #[test]
    fn the_wider_the_span_the_wider_the_steps() {
        assert_eq!(labels(axis("2026-03-10T12:12:00Z", 3, 60)), "13:30 14:00 14:30 15:00 15:30");
        assert_eq!(labels(axis("2026-03-10T12:12:00Z", 12, 60)), "14:00 16:00 18:00 20:00 22:00 11 Mar");
        assert_eq!(labels(axis("2026-03-10T12:12:00Z", 12, 80)), "14:00 16:00 18:00 20:00 22:00 11 Mar");
        assert_eq!(labels(axis("2026-03-10T12:12:00Z", 72, 80)), "11 Mar 12:00 12 Mar 12:00 13 Mar");
        assert_eq!(labels(axis("2026-03-03T12:12:00Z", 168, 80)), "4 Mar 5 Mar 6 Mar 7 Mar 8 Mar 9 Mar 10 Mar");
        assert_eq!(labels(axis("2026-03-03T12:12:00Z", 168, 40)), "4 Mar 6 Mar 8 Mar");
    }

    #[test]
    fn labels_never_touch_and_never_leave_the_axis() {
        let zone = TimeZone::get("Europe/Paris").unwrap();
        for hours in [1, 3, 12, 72, 168, 10_000, 1_000_000] {
            for columns in 0..200 {
                let axis = axis("2026-03-25T09:47:00Z", hours, columns);
                let ticks = axis.ticks(&zone);
                assert!(ticks.windows(2).all(|pair| pair[1].column >= pair[0].end() + APART), "{hours} {ticks:?}");
                assert!(ticks.iter().all(|tick| tick.end() <= columns), "{hours} {ticks:?}");
                assert!(columns < 12 || !ticks.is_empty(), "{hours} {columns}");
            }
        }
    }

    #[test]
    fn an_hour_the_clock_skips_has_no_tick() {
        // Europe/Paris, 29 March 2026: from 02:00 to 03:00 at 01:00 UTC.
        let axis = axis("2026-03-28T22:30:00Z", 5, 60);
        assert_eq!(labels(axis), "29 Mar 01:00 03:00 04:00 05:00");
        let zone = TimeZone::get("Europe/Paris").unwrap();
        let columns: Vec<usize> = axis.ticks(&zone).iter().map(|tick| tick.column).collect();
        assert_eq!(columns, [6, 18, 30, 42, 54]);
    }

    #[test]
    fn an_hour_the_clock_repeats_is_labelled_at_each_offset() {
        // Europe/Paris, 25 October 2026: from 03:00 back to 02:00 at 01:00 UTC.
        let axis = axis("2026-10-24T22:30:00Z", 5, 60);
        assert_eq!(labels(axis), "01:00 02:00 02:00 03:00 04:00");
        let zone = TimeZone::get("Europe/Paris").unwrap();
        let columns: Vec<usize> = axis.ticks(&zone).iter().map(|tick| tick.column).collect();
        assert_eq!(columns, [6, 18, 30, 42, 54]);
    }

    #[test]
    fn days_of_23_and_25_hours_begin_at_their_midnight() {
        for (from, label, midnight) in [
            ("2026-03-28T12:00:00Z", "30 Mar", "2026-03-29T22:00:00Z"),
            ("2026-10-24T12:00:00Z", "26 Oct", "2026-10-25T23:00:00Z"),
        ] {
            let axis = axis(from, 72, 72);
            let zone = TimeZone::get("Europe/Paris").unwrap();
            let ticks = axis.ticks(&zone);
            let found = ticks.iter().find(|tick| tick.label.ends_with(label)).unwrap();
            assert_eq!(Some(found.column), axis.column(at(midnight)));
        }
        // Where the clock skips midnight, the day begins at 01:00.
        let zone = TimeZone::get("Africa/Cairo").unwrap();
        let axis = axis("2026-04-23T00:00:00Z", 72, 72);
        let ticks = axis.ticks(&zone);
        assert!(ticks.iter().any(|tick| tick.label.ends_with("24 Apr")), "{ticks:?}");
    }

    #[test]
    fn a_short_alarm_is_seen_in_its_column() {
        use AlarmState::{Alarm, InsufficientData, Ok};
        let axis = axis("2026-03-10T12:00:00Z", 10, 10);
        let changes = [
            (at("2026-03-10T11:00:00Z"), InsufficientData),
            (at("2026-03-10T13:00:00Z"), Ok),
            (at("2026-03-10T15:10:00Z"), Alarm),
            (at("2026-03-10T15:11:00Z"), Ok),
        ];
        let (no, ok, alarm) = (Some(InsufficientData), Some(Ok), Some(Alarm));
        let now = at("2026-03-10T18:30:00Z");
        let states = axis.states(&changes, None, now);
        assert_eq!(states, [no, ok, ok, alarm, ok, ok, ok, None, None, None]);
        let late = axis.states(&changes[2..3], None, now);
        assert_eq!(late, [None, None, None, alarm, alarm, alarm, alarm, None, None, None]);
        assert_eq!(axis.states(&[], ok, now)[..8], [ok, ok, ok, ok, ok, ok, ok, None]);
    }

    #[test]
    fn a_midnight_shown_twice_begins_one_day() {
        // America/Havana, 1 November 2026: from 01:00 back to 00:00 at 05:00 UTC.
        let zone = TimeZone::get("America/Havana").unwrap();
        let ticks = axis("2026-11-01T02:30:00Z", 5, 70).ticks(&zone);
        let labels: Vec<&str> = ticks.iter().map(|tick| tick.label.as_str()).collect();
        assert_eq!(labels, ["23:00", "Sun 1 Nov", "00:00", "01:00", "02:00"]);
    }

    #[test]
    fn a_moment_outside_has_no_column() {
        let axis = axis("2026-03-10T12:00:00Z", 1, 60);
        assert_eq!(axis.column(at("2026-03-10T12:00:00Z")), Some(0));
        assert_eq!(axis.column(at("2026-03-10T12:59:59Z")), Some(59));
        assert_eq!(axis.column(at("2026-03-10T13:00:00Z")), None);
        assert_eq!(axis.column(at("2026-03-10T11:59:59Z")), None);
    }
}
