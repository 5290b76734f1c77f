//! How CloudWatch decides the state of a metric alarm.
//!
//! The rules, and the cases tested below, are those of "Configuring how CloudWatch alarms treat missing data" in the
//! CloudWatch user guide: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html>

use crate::domain::alarm::{AlarmState, MissingData};

/// Datapoints looked at beyond the evaluation periods, in case some are missing. The guide only says that the number
/// depends on the period; its examples use five for three.
const EXTRA_RANGE: usize = 2;

/// What an evaluation leads to. `None`: the alarm stays as it is.
pub type Outcome = Option<AlarmState>;

/// How many of the newest datapoints an evaluation wants to see.
pub fn evaluation_range(evaluation_periods: u32) -> usize {
    evaluation_periods as usize + EXTRA_RANGE
}

/// Judges `breaching`, the datapoints of the evaluation range, oldest first: breaching, not breaching, or missing.
pub fn evaluate(
    breaching: &[Option<bool>],
    evaluation_periods: u32,
    datapoints_to_alarm: u32,
    missing: MissingData,
) -> Outcome {
    let (wanted, to_alarm) = (evaluation_periods as usize, datapoints_to_alarm as usize);
    let newest_real: Vec<bool> = breaching.iter().rev().flatten().copied().take(wanted).collect();
    let real_breaching = newest_real.iter().filter(|breaches| **breaches).count();
    let by_count = |count: usize| Some(if count >= to_alarm { AlarmState::Alarm } else { AlarmState::Ok });

    // Enough real datapoints: the treatment of missing data is not needed. Enough breaching ones: neither.
    if newest_real.len() >= wanted || real_breaching >= to_alarm {
        return by_count(real_breaching);
    }
    let filled = wanted - newest_real.len();
    match missing {
        MissingData::Breaching => by_count(real_breaching + filled),
        MissingData::NotBreaching => by_count(real_breaching),
        MissingData::Missing | MissingData::Ignore if newest_real.contains(&false) => Some(AlarmState::Ok),
        MissingData::Ignore => None,
        // Nothing but breaching datapoints, too few of them. When the oldest is at least as old as M the alarm fires
        // rather than wait for data that may never come.
        MissingData::Missing => {
            let oldest_age = breaching.iter().rev().rposition(Option::is_some).map_or(0, |back| back + 1);
            Some(if oldest_age >= to_alarm { AlarmState::Alarm } else { AlarmState::InsufficientData })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One row of the guide: datapoints oldest first (0 within, X breaching, - missing), and the state each treatment
    /// leads to, in the guide's order: missing, ignore, breaching, notBreaching.
    #[track_caller]
    fn check(points: &str, m: u32, n: u32, expected: [&str; 4]) {
        let points: Vec<Option<bool>> = points
            .split(' ')
            .map(|point| match point {
                "X" => Some(true),
                "0" => Some(false),
                _ => None,
            })
            .collect();
        let treatments = [MissingData::Missing, MissingData::Ignore, MissingData::Breaching, MissingData::NotBreaching];
        for (missing, expected) in treatments.into_iter().zip(expected) {
            let outcome = evaluate(&points, n, m, missing).map_or("retain", AlarmState::word);
            assert_eq!(outcome, expected, "{m} of {n}, {missing:?}");
        }
    }

    const OK: &str = "OK";
    const ALARM: &str = "ALARM";

    #[test]
    fn three_out_of_three_as_documented() {
        check("0 - X - X", 3, 3, [OK, OK, OK, OK]);
        check("0 - - - -", 3, 3, [OK, OK, OK, OK]);
        check("- - - - -", 3, 3, ["INSUFFICIENT_DATA", "retain", ALARM, OK]);
        check("0 X X - X", 3, 3, [ALARM, ALARM, ALARM, ALARM]);
        check("- - X - -", 3, 3, [ALARM, "retain", ALARM, OK]);
    }

    #[test]
    fn two_out_of_three_as_documented() {
        check("0 - X - X", 2, 3, [ALARM, ALARM, ALARM, ALARM]);
        check("0 0 X 0 X", 2, 3, [ALARM, ALARM, ALARM, ALARM]);
        check("0 - X - -", 2, 3, [OK, OK, ALARM, OK]);
        check("- - - - 0", 2, 3, [OK, OK, ALARM, OK]);
        check("- - - X -", 2, 3, [ALARM, "retain", ALARM, OK]);
    }

    #[test]
    fn a_first_breaching_datapoint_alone_is_not_yet_an_alarm() {
        check("- - - - X", 3, 3, ["INSUFFICIENT_DATA", "retain", ALARM, OK]);
        check("- - - X -", 3, 3, ["INSUFFICIENT_DATA", "retain", ALARM, OK]);
    }

    #[test]
    fn without_gaps_only_the_newest_count() {
        check("X X X 0 0", 2, 3, [OK, OK, OK, OK]);
        check("0 0 X X X", 3, 3, [ALARM, ALARM, ALARM, ALARM]);
        check("0 0 0 0 X", 1, 1, [ALARM, ALARM, ALARM, ALARM]);
    }
}
