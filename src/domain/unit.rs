//! What a value counts in, so that no number is ever shown bare.

use jiff::SignedDuration;
use serde::Serialize;

use crate::domain::money::Usd;
use crate::domain::units;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    Percent,
    Seconds,
    Milliseconds,
    Count,
    PerMinute,
    Bytes,
    Dollars,
}

impl Unit {
    /// A value as it is read in a sentence: `7.4 %`, `84 ms`, `412 GiB`, `1,240/min`.
    pub fn write(self, value: f64) -> String {
        if !value.is_finite() {
            return "-".into();
        }
        match self {
            Self::Percent => units::percent(value),
            Self::Seconds if value.abs() < 60.0 => units::latency(value),
            Self::Seconds => units::brief(SignedDuration::from_secs(value as i64)),
            Self::Milliseconds => units::latency(value / 1_000.0),
            Self::Bytes => units::bytes(value.max(0.0) as u64),
            Self::Dollars if value != 0.0 && value.abs() < 0.1 => format!("{value:.4} USD"),
            Self::Dollars if (1_000.0..1e12).contains(&value.abs()) => Usd::from_dollars(value).short(),
            Self::Dollars => format!("{value:.2} USD"),
            Self::PerMinute => format!("{}/min", number(value)),
            Self::Count => number(value),
        }
    }

    /// By CloudWatch's own name of a unit.
    pub fn from_cloudwatch(name: &str) -> Option<Self> {
        Some(match name {
            "Percent" => Self::Percent,
            "Seconds" => Self::Seconds,
            "Milliseconds" => Self::Milliseconds,
            "Bytes" => Self::Bytes,
            "Count" | "None" => Self::Count,
            _ => return None,
        })
    }
}

/// Whole where it is, with two digits where they decide something.
fn number(value: f64) -> String {
    if value.abs() >= 1e15 {
        format!("{value:.2e}")
    } else if value != 0.0 && value.abs() < 0.005 {
        format!("{value:.1e}")
    } else if value.fract().abs() < 1e-9 || value.abs() >= 100.0 {
        let sign = if value <= -0.5 { "-" } else { "" };
        format!("{sign}{}", units::count(value.abs().round() as u64))
    } else {
        format!("{value:.2}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_says_what_it_counts() {
        for (unit, value, text) in [
            (Unit::Percent, 7.42, "7.4 %"),
            (Unit::Seconds, 0.084, "84 ms"),
            (Unit::Seconds, 252.0, "4 min"),
            (Unit::Milliseconds, 1_500.0, "1.5 s"),
            (Unit::Bytes, 442_381_631_488.0, "412 GiB"),
            (Unit::Dollars, 3.5, "3.50 USD"),
            (Unit::Dollars, 0.0056, "0.0056 USD"),
            (Unit::PerMinute, 1_240.0, "1,240/min"),
            (Unit::Count, 0.25, "0.25"),
            (Unit::Count, -3.0, "-3"),
            (Unit::Count, 1e-12, "1.0e-12"),
            (Unit::Count, 3e15, "3.00e15"),
            (Unit::Count, f64::NAN, "-"),
        ] {
            assert_eq!(unit.write(value), text);
        }
    }
}
