//! Quantities as a tired person reads them: always a unit, never a false digit.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// `12345` as `12,345`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A share of a hundred: `0 %`, `7.4 %`, `41 %`, `99.95 %`. Decimals are kept where they decide something.
pub fn percent(value: f64) -> String {
    if !value.is_finite() {
        return "- %".into();
    }
    let size = value.abs();
    if size < 0.005 {
        "0 %".into()
    } else if size < 0.1 || (99.9..100.0).contains(&size) {
        format!("{value:.2} %")
    } else if size < 10.0 || (99.0..100.0).contains(&size) {
        trimmed(format!("{value:.1}"), " %")
    } else {
        format!("{value:.0} %")
    }
}

/// A rate per second: `312/s`, `4.2/s`, `0.3/s`.
pub fn per_second(value: f64) -> String {
    if !value.is_finite() {
        "-/s".into()
    } else if value >= 10.0 {
        format!("{}/s", count(value.round() as u64))
    } else {
        trimmed(format!("{value:.1}"), "/s")
    }
}

/// A latency given in seconds: `84 ms`, `2.4 s`.
pub fn latency(seconds: f64) -> String {
    if !seconds.is_finite() {
        "- ms".into()
    } else if seconds < 0.9995 {
        format!("{:.0} ms", seconds * 1_000.0)
    } else if seconds < 10.0 {
        format!("{seconds:.1} s")
    } else {
        format!("{seconds:.0} s")
    }
}

/// A replica lag or an age given in seconds: tenths below ten seconds, then [`brief`].
pub fn lag(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        "unknown".into()
    } else if seconds < 10.0 {
        format!("{seconds:.1} s")
    } else {
        brief(SignedDuration::from_secs(seconds as i64))
    }
}

/// Bytes in binary units: `412 GiB`, `1.5 TiB`.
pub fn bytes(value: u64) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut amount = value as f64;
    let mut unit = 0;
    while amount >= 1023.5 && unit < UNITS.len() - 1 {
        amount /= 1024.0;
        unit += 1;
    }
    if unit == 0 || amount >= 10.0 {
        format!("{amount:.0} {}", UNITS[unit])
    } else {
        format!("{amount:.1} {}", UNITS[unit])
    }
}

/// One unit, rounded down: `8 s`, `4 min`, `3 h`, `12 d`. A negative length (clock skew) reads as `0 s`.
pub fn brief(length: SignedDuration) -> String {
    let seconds = length.as_secs().max(0);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// Two units where the second still matters: `42 s`, `4 min 12 s`, `3 h 5 min`, `2 d 3 h`.
pub fn long(length: SignedDuration) -> String {
    let seconds = length.as_secs().max(0);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => pair(seconds / 60, "min", seconds % 60, "s"),
        3_600..86_400 => pair(seconds / 3_600, "h", seconds % 3_600 / 60, "min"),
        _ => pair(seconds / 86_400, "d", seconds % 86_400 / 3_600, "h"),
    }
}

/// As a stopwatch tells it, to be held against another: `0:42`, `4:10`, `1:04:10`.
pub fn stopwatch(length: SignedDuration) -> String {
    let seconds = length.as_secs().max(0);
    let (hours, minutes, seconds) = (seconds / 3_600, seconds % 3_600 / 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// How long ago something happened.
pub fn since(now: Timestamp, then: Timestamp) -> SignedDuration {
    now.duration_since(then).max(SignedDuration::ZERO)
}

/// `14:06:32` in the reader's zone.
pub fn clock(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%H:%M:%S").to_string()
}

/// `2026-11-20 14:06:32` in the reader's zone, for what may be long ago.
pub fn stamp(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A moment to come: `14:06` today, `02 Mar 14:06` on another day.
pub fn until(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let then = at.to_zoned(zone.clone());
    let form = if now.to_zoned(zone.clone()).date() == then.date() { "%H:%M" } else { "%d %b %H:%M" };
    then.strftime(form).to_string()
}

/// `14:06` today, `Mon 14:06` within the last six days, else `02 Mar`.
pub fn moment(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let then = at.to_zoned(zone.clone());
    let here = now.to_zoned(zone.clone());
    let days = here.date().since(then.date()).map_or(i64::MAX, |span| i64::from(span.get_days()));
    let form = match days {
        0 => "%H:%M",
        -6..=6 => "%a %H:%M",
        _ => "%d %b",
    };
    then.strftime(form).to_string()
}

/// `1 alarm`, `3 alarms`.
pub fn plural(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", count(number as u64), if number == 1 { one } else { many })
}

fn pair(first: i64, first_unit: &str, second: i64, second_unit: &str) -> String {
    if second == 0 { format!("{first} {first_unit}") } else { format!("{first} {first_unit} {second} {second_unit}") }
}

fn trimmed(mut number: String, unit: &str) -> String {
    if number.ends_with(".0") {
        number.truncate(number.len() - 2);
    }
    number + unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_keep_the_digits_that_decide() {
        for (value, text) in [
            (0.0, "0 %"),
            (0.02, "0.02 %"),
            (0.5, "0.5 %"),
            (7.0, "7 %"),
            (7.42, "7.4 %"),
            (41.3, "41 %"),
            (99.2, "99.2 %"),
            (99.95, "99.95 %"),
            (100.0, "100 %"),
            (f64::NAN, "- %"),
        ] {
            assert_eq!(percent(value), text);
        }
    }

    #[test]
    fn lengths_of_time_have_one_or_two_units() {
        let of = SignedDuration::from_secs;
        assert_eq!(brief(of(59)), "59 s");
        assert_eq!(brief(of(3_599)), "59 min");
        assert_eq!(brief(of(86_400)), "24 h");
        assert_eq!(brief(of(8 * 86_400)), "8 d");
        assert_eq!(long(of(252)), "4 min 12 s");
        assert_eq!(long(of(7_200)), "2 h");
        assert_eq!(long(of(-5)), "0 s");
    }

    #[test]
    fn sizes_and_rates() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(1_048_576), "1.0 MiB");
        assert_eq!(bytes(442_381_631_488), "412 GiB");
        assert_eq!(per_second(1_234.4), "1,234/s");
        assert_eq!(per_second(4.0), "4/s");
        assert_eq!(latency(0.0841), "84 ms");
        assert_eq!(latency(2.44), "2.4 s");
        assert_eq!(lag(-1.0), "unknown");
    }

    #[test]
    fn moments_name_the_day_only_when_it_is_another() {
        let zone = TimeZone::get("Europe/Paris").unwrap();
        let now: Timestamp = "2026-03-10T14:00:00Z".parse().unwrap();
        let at = |text: &str| moment(text.parse().unwrap(), now, &zone);
        assert_eq!(at("2026-03-10T13:06:00Z"), "14:06");
        assert_eq!(at("2026-03-09T13:06:00Z"), "Mon 14:06");
        assert_eq!(at("2026-02-10T13:06:00Z"), "10 Feb");
    }
}
