//! What is done by the clock: schedules of EventBridge Scheduler, and the times they are due.
//!
//! Scheduler keeps no history of what it did. When a schedule was due follows from its expression; whether its target was
//! reached is another question, which the target answers.
//! <https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html>

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::domain::list::Identified;
use crate::domain::text::Text;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Timer {
    /// With its group, where that is not the default one.
    pub name: Text,
    /// `cron(0 18 ? * MON-FRI *)`, `rate(1 day)` or `at(2026-03-10T14:00:00)`.
    pub expression: Text,
    /// The zone the expression is told in, by its IANA name.
    pub zone: Text,
    pub is_enabled: bool,
    /// What it calls: `ec2:stopInstances`, or the name of a function.
    pub target: Text,
    /// From when a rate counts.
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

/// What is due more often than this is a heartbeat, and no event.
const HEARTBEAT: SignedDuration = SignedDuration::from_mins(59);
/// More than anybody looks back at.
const MOST: usize = 60;

impl Timer {
    /// When it was due between these, newest first. Nothing for what is switched off, cannot be read, or is due more than
    /// once an hour.
    pub fn due(&self, from: Timestamp, until: Timestamp) -> Vec<Timestamp> {
        if !self.is_enabled {
            return Vec::new();
        }
        let Ok(zone) = TimeZone::get(if self.zone.is_empty() { "UTC" } else { self.zone.as_str() }) else {
            return Vec::new();
        };
        let from = self.from.map_or(from, |first| first.max(from));
        let until = self.until.map_or(until, |last| last.min(until));
        if from > until {
            return Vec::new();
        }
        let text = self.expression.as_str().trim();
        if let Some(moment) = inside(text, "at") {
            let at = moment.parse::<DateTime>().ok().and_then(|at| at.to_zoned(zone).ok()).map(|at| at.timestamp());
            return at.filter(|at| *at >= from && *at <= until).into_iter().collect();
        }
        if let Some(every) = inside(text, "rate").and_then(rate) {
            return self.from.map_or_else(Vec::new, |first| by_rate(first, every, from, until));
        }
        inside(text, "cron").and_then(Cron::parse).map_or_else(Vec::new, |cron| cron.between(&zone, from, until))
    }
}

/// What stands between the brackets of `word(...)`.
fn inside<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    Some(text.strip_prefix(word)?.trim_start().strip_prefix('(')?.strip_suffix(')')?.trim())
}

fn rate(text: &str) -> Option<SignedDuration> {
    let (number, unit) = text.split_once(' ')?;
    let seconds = match unit.trim().trim_end_matches('s') {
        "minute" => 60,
        "hour" => 3_600,
        "day" => 86_400,
        _ => return None,
    };
    let number: i64 = number.parse().ok().filter(|number| *number > 0)?;
    Some(SignedDuration::from_secs(number.checked_mul(seconds)?))
}

fn by_rate(first: Timestamp, every: SignedDuration, from: Timestamp, until: Timestamp) -> Vec<Timestamp> {
    if every < HEARTBEAT {
        return Vec::new();
    }
    let times = until.duration_since(first).as_secs() / every.as_secs().max(1);
    (0..=times.max(0))
        .rev()
        .filter_map(|number| first.checked_add(SignedDuration::from_secs(every.as_secs().checked_mul(number)?)).ok())
        .take_while(|at| *at >= from)
        .take(MOST)
        .collect()
}

/// Minutes, hours, days of the month, months, days of the week, years. Days of the week are numbered from Sunday, 1.
#[derive(Debug)]
struct Cron {
    minutes: Vec<bool>,
    hours: Vec<bool>,
    days: Days,
    months: Vec<bool>,
    weekdays: Weekdays,
    years: Vec<bool>,
}

#[derive(Debug)]
enum Days {
    Any,
    These(Vec<bool>),
    /// `L`, and `L-3`: so many before the last.
    BeforeLast(i8),
    /// `15W`: the working day nearest to it, in the same month.
    Near(i8),
}

#[derive(Debug)]
enum Weekdays {
    Any,
    These(Vec<bool>),
    /// `6#2`: the second Friday.
    Nth(i8, i8),
    /// `6L`: the last Friday.
    Last(i8),
}

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

impl Cron {
    fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays, years] = fields.as_slice() else { return None };
        Some(Self {
            minutes: set(minutes, 0, 59, &[])?,
            hours: set(hours, 0, 23, &[])?,
            days: days_of(days)?,
            months: set(months, 1, 12, &MONTHS)?,
            weekdays: weekdays_of(weekdays)?,
            years: set(years, 1970, 2199, &[])?,
        })
    }

    /// Newest first. A time that the clocks skip is not due that day, and one they repeat is due once, as Scheduler has it.
    fn between(&self, zone: &TimeZone, from: Timestamp, until: Timestamp) -> Vec<Timestamp> {
        let times: Vec<(i8, i8)> = (0..24_i8)
            .filter(|hour| self.hours[*hour as usize])
            .flat_map(|hour| {
                (0..60_i8).filter(|minute| self.minutes[*minute as usize]).map(move |minute| (hour, minute))
            })
            .collect();
        let is_heartbeat = times.windows(2).any(|pair| {
            let [(h1, m1), (h2, m2)] = pair else { return false };
            SignedDuration::from_mins(i64::from(h2 - h1) * 60 + i64::from(m2 - m1)) < HEARTBEAT
        });
        if is_heartbeat {
            return Vec::new();
        }
        let mut all = Vec::new();
        let mut day = until.to_zoned(zone.clone()).date();
        let first = from.to_zoned(zone.clone()).date();
        while day >= first && all.len() < MOST {
            if self.is_day(day) {
                let moments = times.iter().rev().filter_map(|(hour, minute)| {
                    let at = day.at(*hour, *minute, 0, 0);
                    let zoned = at.to_zoned(zone.clone()).ok()?;
                    (zoned.datetime() == at).then(|| zoned.timestamp())
                });
                all.extend(moments.filter(|at| *at >= from && *at <= until));
            }
            let Ok(before) = day.yesterday() else { break };
            day = before;
        }
        all.truncate(MOST);
        all
    }

    fn is_day(&self, day: Date) -> bool {
        let year = usize::try_from(day.year()).ok().and_then(|year| self.years.get(year));
        if year != Some(&true) || !self.months[day.month() as usize] {
            return false;
        }
        let weekday = day.weekday().to_sunday_one_offset();
        let last = day.days_in_month();
        let is_date = match &self.days {
            Days::Any => true,
            Days::These(set) => set[day.day() as usize],
            Days::BeforeLast(before) => day.day() == last - before,
            Days::Near(wanted) => nearest_workday(day, *wanted) == Some(day.day()),
        };
        let is_weekday = match &self.weekdays {
            Weekdays::Any => true,
            Weekdays::These(set) => set[weekday as usize],
            Weekdays::Nth(wanted, nth) => weekday == *wanted && (day.day() - 1) / 7 + 1 == *nth,
            Weekdays::Last(wanted) => weekday == *wanted && day.day() + 7 > last,
        };
        is_date && is_weekday
    }
}

fn nearest_workday(day: Date, wanted: i8) -> Option<i8> {
    let last = day.days_in_month();
    let date = Date::new(day.year(), day.month(), wanted).ok()?;
    Some(match date.weekday().to_sunday_one_offset() {
        7 if wanted > 1 => wanted - 1,
        7 => wanted + 2,
        1 if wanted < last => wanted + 1,
        1 => wanted - 2,
        _ => wanted,
    })
}

fn days_of(text: &str) -> Option<Days> {
    if matches!(text, "*" | "?") {
        return Some(Days::Any);
    }
    if text == "L" {
        return Some(Days::BeforeLast(0));
    }
    if let Some(before) = text.strip_prefix("L-") {
        return before.parse().ok().filter(|before| (0..31).contains(before)).map(Days::BeforeLast);
    }
    if let Some(near) = text.strip_suffix('W') {
        return near.parse().ok().filter(|near| (1..=31).contains(near)).map(Days::Near);
    }
    set(text, 1, 31, &[]).map(Days::These)
}

fn weekdays_of(text: &str) -> Option<Weekdays> {
    if matches!(text, "*" | "?") {
        return Some(Weekdays::Any);
    }
    if let Some((day, nth)) = text.split_once('#') {
        let nth = nth.parse().ok().filter(|nth| (1..=5).contains(nth))?;
        return Some(Weekdays::Nth(number(day, 1, 7, &WEEKDAYS)? as i8, nth));
    }
    if text == "L" {
        return Some(Weekdays::Last(7));
    }
    if let Some(day) = text.strip_suffix('L') {
        return Some(Weekdays::Last(number(day, 1, 7, &WEEKDAYS)? as i8));
    }
    set(text, 1, 7, &WEEKDAYS).map(Weekdays::These)
}

/// `*`, `?`, `5`, `1-5`, `MON-FRI`, `0/15`, `1-30/5`, and several of them with commas. What is true is at its own number.
fn set(text: &str, low: usize, high: usize, names: &[&str]) -> Option<Vec<bool>> {
    let mut set = vec![false; high + 1];
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step.parse::<usize>().ok().filter(|step| *step > 0)?)),
            None => (part, None),
        };
        let (from, to) = match range.split_once('-') {
            _ if matches!(range, "*" | "?") => (low, high),
            Some((from, to)) => (number(from, low, high, names)?, number(to, low, high, names)?),
            None => {
                let from = number(range, low, high, names)?;
                (from, if step.is_some() { high } else { from })
            }
        };
        let step = step.unwrap_or(1);
        // `FRI-MON` goes over the end of the week.
        let to = if to < from { to + high + 1 - low } else { to };
        for at in (from..=to).step_by(step) {
            set[if at > high { at - (high + 1 - low) } else { at }] = true;
        }
    }
    Some(set)
}

fn number(text: &str, low: usize, high: usize, names: &[&str]) -> Option<usize> {
    let named = names.iter().position(|name| name.eq_ignore_ascii_case(text)).map(|at| at + low);
    named.or_else(|| text.parse().ok()).filter(|number| (low..=high).contains(number))
}

impl Identified for Timer {
    fn key(&self) -> &str {
        self.name.as_str()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn timer(expression: &str, zone: &str) -> Timer {
        Timer {
            name: "nightly".into(),
            expression: expression.into(),
            zone: zone.into(),
            is_enabled: true,
            target: "ec2:stopInstances".into(),
            from: None,
            until: None,
        }
    }

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[track_caller]
    fn check(expression: &str, zone: &str, from: &str, until: &str, wanted: &[&str]) {
        let due = timer(expression, zone).due(time(from), time(until));
        assert_eq!(due, wanted.iter().map(|at| time(at)).collect::<Vec<_>>(), "{expression}");
    }

    #[test]
    fn what_was_due_follows_from_the_expression() {
        // The tenth of March 2026 is a Tuesday.
        let week = ("2026-03-06T00:00:00Z", "2026-03-10T12:00:00Z");
        check("cron(0 18 ? * MON-FRI *)", "UTC", week.0, week.1, &["2026-03-09T18:00:00Z", "2026-03-06T18:00:00Z"]);
        check("cron(30 6,18 10 3 ? 2026)", "", week.0, week.1, &["2026-03-10T06:30:00Z"]);
        check("cron(0 7 ? * 2 *)", "Europe/Berlin", week.0, week.1, &["2026-03-09T06:00:00Z"]);
        check(
            "cron(0 0 ? * FRI-SUN *)",
            "UTC",
            week.0,
            week.1,
            &["2026-03-08T00:00:00Z", "2026-03-07T00:00:00Z", "2026-03-06T00:00:00Z"],
        );
        check("at(2026-03-10T10:15:00)", "Europe/Berlin", week.0, week.1, &["2026-03-10T09:15:00Z"]);
        check("at(2026-03-10T14:15:00)", "UTC", week.0, week.1, &[]);
    }

    #[test]
    fn the_odd_days_of_a_month() {
        let month = ("2026-01-01T00:00:00Z", "2026-03-31T23:59:00Z");
        check(
            "cron(0 1 L * ? *)",
            "UTC",
            month.0,
            month.1,
            &["2026-03-31T01:00:00Z", "2026-02-28T01:00:00Z", "2026-01-31T01:00:00Z"],
        );
        check("cron(0 1 L-3 2 ? *)", "UTC", month.0, month.1, &["2026-02-25T01:00:00Z"]);
        // The first of March 2026 is a Sunday, the last of January a Saturday.
        check("cron(0 1 1W 3 ? *)", "UTC", month.0, month.1, &["2026-03-02T01:00:00Z"]);
        check("cron(0 1 31W 1 ? *)", "UTC", month.0, month.1, &["2026-01-30T01:00:00Z"]);
        check("cron(0 1 ? 3 6#2 *)", "UTC", month.0, month.1, &["2026-03-13T01:00:00Z"]);
        check("cron(0 1 ? 3 FRIL *)", "UTC", month.0, month.1, &["2026-03-27T01:00:00Z"]);
    }

    #[test]
    fn a_time_the_clocks_skip_is_not_due_and_one_they_repeat_is_due_once() {
        check("cron(30 2 * * ? *)", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z", &[]);
        check(
            "cron(30 2 * * ? *)",
            "Europe/Berlin",
            "2026-10-24T12:00:00Z",
            "2026-10-25T12:00:00Z",
            &["2026-10-25T00:30:00Z"],
        );
    }

    #[test]
    fn a_rate_counts_from_its_beginning_and_heartbeats_are_no_events() {
        let first = Some(time("2026-03-01T05:00:00Z"));
        let of = |expression: &str| {
            let timer = Timer { from: first, ..timer(expression, "UTC") };
            timer.due(time("2026-03-08T00:00:00Z"), time("2026-03-09T06:00:00Z"))
        };
        assert_eq!(of("rate(1 day)"), [time("2026-03-09T05:00:00Z"), time("2026-03-08T05:00:00Z")]);
        assert_eq!(of("rate(12 hours)").len(), 3);
        assert_eq!(of("rate(5 minutes)"), []);
        assert_eq!(of("cron(0/15 * * * ? *)"), []);
        assert_eq!(of("cron(0 * * * ? *)").len(), 31);
        assert_eq!(timer("rate(1 day)", "UTC").due(time("2026-03-08T00:00:00Z"), time("2026-03-09T06:00:00Z")), []);
    }

    #[test]
    fn what_is_off_over_or_not_understood_is_never_due() {
        let day = (time("2026-03-09T00:00:00Z"), time("2026-03-10T00:00:00Z"));
        let off = Timer { is_enabled: false, ..timer("cron(0 1 * * ? *)", "UTC") };
        let over = Timer { until: Some(time("2026-03-08T00:00:00Z")), ..timer("cron(0 1 * * ? *)", "UTC") };
        let odd = ["cron(0 1 * *)", "cron(61 1 * * ? *)", "rate(0 days)", "at(soon)", "every day", "cron()", ""];
        assert_eq!(off.due(day.0, day.1), []);
        assert_eq!(over.due(day.0, day.1), []);
        assert_eq!(timer("cron(0 1 * * ? *)", "Mars/Olympus").due(day.0, day.1), []);
        for expression in odd {
            assert_eq!(timer(expression, "UTC").due(day.0, day.1), [], "{expression}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_is_written_there_does_harm(text in "(cron|rate|at)\\([0-9A-Z*?/#,L W-]{0,24}\\)") {
            let due = timer(&text, "Europe/Berlin").due(time("2026-01-01T00:00:00Z"), time("2026-12-31T00:00:00Z"));
            prop_assert!(due.len() <= MOST);
            prop_assert!(due.windows(2).all(|pair| pair[0] > pair[1]));
        }
    }
}
