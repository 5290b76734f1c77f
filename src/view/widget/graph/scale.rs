//! The vertical axis: from what to what it goes, and which round values are written beside it.

use crate::domain::unit::Unit;

/// Values past these are drawn at the edge, so that no difference of two overflows or vanishes.
const LARGEST: f64 = 1e300;
const SMALLEST: f64 = 1e-300;

/// Seconds between ticks of an axis longer than a minute: what divides a clock or a calendar.
const CLOCK: [f64; 15] = [
    15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 21_600.0, 43_200.0, 86_400.0, 172_800.0,
    604_800.0,
];
const DAY: f64 = 86_400.0;

#[derive(Clone, Debug)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    /// Lowest first; no two have the same label.
    pub ticks: Vec<Tick>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub value: f64,
    pub label: String,
}

impl Scale {
    /// An axis for all finite `values` and the limit, on so many rows of cells. None where there is nothing to draw:
    /// an axis without values would be invented.
    pub fn over(values: impl Iterator<Item = f64>, limit: Option<f64>, unit: Unit, rows: usize) -> Option<Self> {
        let mut is_whole = matches!(unit, Unit::Count | Unit::PerMinute | Unit::Bytes);
        let mut extent: Option<(f64, f64)> = None;
        for value in values.filter(|value| value.is_finite()) {
            is_whole &= value.fract() == 0.0;
            extent = Some(widened(extent, tamed(value)));
        }
        extent?;
        let limit = limit.filter(|limit| limit.is_finite());
        if let Some(limit) = limit {
            extent = Some(widened(extent, tamed(limit)));
        }
        let (low, high) = grounded(extent?, limit.is_some(), unit);
        // An empty row between labels keeps them readable.
        let most = (rows / 2).clamp(1, 6) as f64;
        let measure = Measure::of(unit, low.abs().max(high.abs()));
        let mut step = measure.step_over((high - low) / most);
        if is_whole {
            step = step.max(1.0);
        }
        let (mut first, mut last) = around(low, high, step);
        while last - first > most {
            step = measure.step_over(step * 1.01);
            (first, last) = around(low, high, step);
        }
        let measure = measure.for_step(step);
        let ticks = (0..=(last - first) as usize)
            .map(|place| {
                let value = (first + place as f64) * step;
                Tick { value, label: measure.write(value, step) }
            })
            .collect();
        Some(Self { low: first * step, high: last * step, ticks })
    }

    /// Where a value is drawn, of so many dots counted from below.
    pub fn dot(&self, value: f64, dots: usize) -> usize {
        let share = ((tamed(value) - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        (share * dots.saturating_sub(1) as f64).round() as usize
    }
}

/// A value alone, with the digits it has: a limit of 4.99 % is not 5 %.
pub(super) fn label(value: f64, unit: Unit) -> String {
    let value = tamed(value);
    if value == 0.0 {
        return Measure::of(unit, 1.0).write(0.0, 1.0);
    }
    let measure = Measure::of(unit, value.abs()).for_step(value.abs());
    let first = 10_f64.powi((value.abs() / measure.factor).log10().floor() as i32) * measure.factor;
    let is_exact = |step: &f64| ((value / step).round() * step - value).abs() <= value.abs() * 1e-9;
    let steps = [first / 100.0, first / 1e3, first / 1e4, first / 1e5];
    let step = steps.into_iter().find(is_exact).unwrap_or(first / 1e3);
    measure.write(value, step)
}

fn tamed(value: f64) -> f64 {
    if value.abs() < SMALLEST { 0.0 } else { value.clamp(-LARGEST, LARGEST) }
}

fn widened(extent: Option<(f64, f64)>, value: f64) -> (f64, f64) {
    extent.map_or((value, value), |(low, high)| (low.min(value), high.max(value)))
}

/// From zero, but where the values are so far from it that their course would be lost. A limit has to be seen in
/// proportion, and keeps the zero longer.
fn grounded((low, high): (f64, f64), has_limit: bool, unit: Unit) -> (f64, f64) {
    let (near, far) = if low >= 0.0 { (low, high) } else { (-high, -low) };
    let is_far = near > far * if has_limit { 0.9 } else { 0.7 };
    // Differences in the last digits are noise.
    if is_far && far - near > far * 1e-6 {
        return (low, high);
    }
    match (low.min(0.0), high.max(0.0)) {
        (0.0, 0.0) => (0.0, if unit == Unit::Percent { 100.0 } else { 1.0 }),
        extent => extent,
    }
}

/// The multiples of `step` around an extent.
fn around(low: f64, high: f64, step: f64) -> (f64, f64) {
    let (first, last) = ((low / step + 1e-6).floor(), (high / step - 1e-6).ceil());
    (first, last.max(first + 1.0))
}

/// What the values of one axis are counted in: all in the same, so that they compare at a glance.
#[derive(Clone, Copy, Debug)]
struct Measure {
    unit: Unit,
    /// How many of the unit make one of what is written.
    factor: f64,
    word: &'static str,
    is_scientific: bool,
}

impl Measure {
    fn of(unit: Unit, largest: f64) -> Self {
        let thousands = |names: &[&'static str], base: f64, from: f64| {
            let mut found = (1.0, names[0]);
            for (power, name) in names.iter().enumerate().skip(1) {
                let factor = base.powi(power as i32);
                if largest >= factor * from {
                    found = (factor, name);
                }
            }
            found
        };
        let (factor, word) = match unit {
            Unit::Percent => (1.0, ""),
            Unit::Count | Unit::PerMinute | Unit::Dollars if largest >= 1e15 => (1.0, ""),
            Unit::Count | Unit::PerMinute | Unit::Dollars => thousands(&["", "k", "M", "G", "T"], 1_000.0, 1.0),
            Unit::Bytes => thousands(&["B", "KiB", "MiB", "GiB", "TiB", "PiB"], 1_024.0, 1_000.0 / 1_024.0),
            Unit::Seconds | Unit::Milliseconds => {
                let seconds = largest / second(unit);
                let (length, word) = match seconds {
                    ..1.0 => (0.001, "ms"),
                    ..120.0 => (1.0, "s"),
                    ..7_200.0 => (60.0, "min"),
                    ..172_800.0 => (3_600.0, "h"),
                    _ => (DAY, "d"),
                };
                (length * second(unit), word)
            }
        };
        let shown = largest / factor;
        Self { unit, factor, word, is_scientific: !(1e-3..1e6).contains(&shown) }
    }

    /// The next round step that is not below `least`.
    fn step_over(self, least: f64) -> f64 {
        let is_clock = matches!(self.unit, Unit::Seconds | Unit::Milliseconds);
        let second = second(self.unit);
        if !is_clock || self.factor < second {
            return round_over(least / self.factor) * self.factor;
        }
        let least = least / second;
        let seconds = if least <= 10.0 {
            round_over(least)
        } else {
            CLOCK
                .into_iter()
                .find(|step| *step >= least * (1.0 - 1e-9))
                .unwrap_or_else(|| round_over(least / DAY) * DAY)
        };
        seconds * second
    }

    /// In a smaller measure where the step would not be halves of this one: 10 min are no round part of an hour.
    fn for_step(self, step: f64) -> Self {
        let second = second(self.unit);
        if !matches!(self.unit, Unit::Seconds | Unit::Milliseconds) || self.factor <= second {
            return self;
        }
        [(self.factor, self.word), (3_600.0 * second, "h"), (60.0 * second, "min")]
            .into_iter()
            .find(|(factor, _)| *factor <= self.factor && (step * 2.0 / factor).fract() == 0.0)
            .map_or(Self { factor: second, word: "s", ..self }, |(factor, word)| Self { factor, word, ..self })
    }

    /// A value with the digits that tell it from those a `step` away.
    fn write(self, value: f64, step: f64) -> String {
        let (value, step) = (value / self.factor, step / self.factor);
        let number = if value.abs() < step / 2.0 {
            "0".into()
        } else if self.is_scientific {
            scientific(value, step)
        } else {
            plain(value, step)
        };
        let word = self.word;
        match self.unit {
            Unit::Percent => format!("{number} %"),
            // Nothing is nothing in thousands too.
            Unit::Count | Unit::PerMinute | Unit::Dollars if number == "0" => format!("0{}", self.tail()),
            Unit::Count | Unit::PerMinute | Unit::Dollars => format!("{number}{word}{}", self.tail()),
            Unit::Bytes if number == "0" => "0 B".into(),
            Unit::Bytes | Unit::Seconds | Unit::Milliseconds => format!("{number} {word}"),
        }
    }

    fn tail(self) -> &'static str {
        match self.unit {
            Unit::PerMinute => "/min",
            Unit::Dollars => " USD",
            _ => "",
        }
    }
}

/// How many of the unit make a second.
fn second(unit: Unit) -> f64 {
    if unit == Unit::Milliseconds { 1_000.0 } else { 1.0 }
}

/// 1, 2 or 5 times a power of ten, not below `least`.
fn round_over(least: f64) -> f64 {
    let power = 10_f64.powi(least.log10().floor() as i32);
    [1.0, 2.0, 5.0]
        .into_iter()
        .map(|times| times * power)
        .find(|step| *step >= least * (1.0 - 1e-9))
        .unwrap_or(10.0 * power)
}

fn plain(value: f64, step: f64) -> String {
    let decimals = (0..12)
        .find(|decimals| {
            let scaled = step * 10_f64.powi(*decimals);
            scaled >= 0.5 && (scaled - scaled.round()).abs() < scaled * 1e-6
        })
        .unwrap_or(12);
    let text = format!("{value:.*}", decimals as usize);
    trimmed(&text).to_owned()
}

fn scientific(value: f64, step: f64) -> String {
    let digits = (value.abs().log10().floor() - step.log10().floor()).clamp(0.0, 15.0) as usize;
    let text = format!("{value:.digits$e}");
    match text.split_once('e') {
        Some((number, power)) => format!("{}e{power}", trimmed(number)),
        None => text,
    }
}

/// Without the zeros that say nothing: `1.50` as `1.5`.
fn trimmed(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNITS: [Unit; 7] =
        [Unit::Percent, Unit::Seconds, Unit::Milliseconds, Unit::Count, Unit::PerMinute, Unit::Bytes, Unit::Dollars];
    const GIB: f64 = 1_073_741_824.0;

    fn over(values: &[f64], limit: Option<f64>, unit: Unit) -> Scale {
        Scale::over(values.iter().copied(), limit, unit, 8).unwrap()
    }

    fn labels(values: &[f64], unit: Unit) -> Vec<String> {
        over(values, None, unit).ticks.into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn ticks_are_round_in_the_unit_they_are_written_in() {
        for (unit, values, ticks) in [
            (Unit::Percent, vec![0.3, 7.4], ["0 %", "2 %", "4 %", "6 %", "8 %"].as_slice()),
            (Unit::Percent, vec![0.0, 0.0], &["0 %", "50 %", "100 %"]),
            (Unit::Milliseconds, vec![80.0, 240.0], &["0 ms", "100 ms", "200 ms", "300 ms"]),
            (Unit::Milliseconds, vec![80.0, 1_400.0], &["0 s", "0.5 s", "1 s", "1.5 s"]),
            (Unit::Seconds, vec![0.08, 0.24], &["0 ms", "100 ms", "200 ms", "300 ms"]),
            (Unit::Seconds, vec![5.0, 58.0], &["0 s", "15 s", "30 s", "45 s", "60 s"]),
            (Unit::Seconds, vec![5.0, 110.0], &["0 s", "30 s", "60 s", "90 s", "120 s"]),
            (Unit::Seconds, vec![5.0, 700.0], &["0 min", "5 min", "10 min", "15 min"]),
            (Unit::Seconds, vec![5.0, 20_000.0], &["0 h", "2 h", "4 h", "6 h"]),
            (Unit::Seconds, vec![5.0, 260_000.0], &["0 d", "1 d", "2 d", "3 d", "4 d"]),
            (Unit::Seconds, vec![18_000.0, 19_200.0], &["300 min", "305 min", "310 min", "315 min", "320 min"]),
            (Unit::Count, vec![0.0, 1.0], &["0", "1"]),
            (Unit::Count, vec![0.0, 3_200_000.0], &["0", "1M", "2M", "3M", "4M"]),
            (Unit::PerMinute, vec![100.0, 11_800.0], &["0/min", "5k/min", "10k/min", "15k/min"]),
            (Unit::Bytes, vec![0.0, 1.4 * GIB], &["0 B", "0.5 GiB", "1 GiB", "1.5 GiB"]),
            (Unit::Dollars, vec![0.0, 3.4], &["0 USD", "1 USD", "2 USD", "3 USD", "4 USD"]),
        ] {
            assert_eq!(labels(&values, unit), ticks, "{unit:?} {values:?}");
        }
    }

    #[test]
    fn what_is_far_from_zero_is_not_flattened_by_it() {
        let free = [412.2 * GIB, 414.9 * GIB];
        assert_eq!(labels(&free, Unit::Bytes), ["412 GiB", "413 GiB", "414 GiB", "415 GiB"]);
        assert_eq!(labels(&[99.95, 100.0], Unit::Percent), ["99.94 %", "99.96 %", "99.98 %", "100 %"]);
        assert_eq!(labels(&[-102.0, -100.5], Unit::Count), ["-102", "-101.5", "-101", "-100.5"]);
        // A limit far below is part of the picture.
        assert_eq!(over(&free, Some(50.0 * GIB), Unit::Bytes).ticks[0].label, "0 B");
        assert_eq!(over(&[99.95, 100.0], Some(99.9), Unit::Percent).ticks[0].label, "99.9 %");
    }

    #[test]
    fn no_extreme_breaks_an_axis() {
        let extremes = [
            vec![5.0],
            vec![7.0, 7.0, 7.0],
            vec![-3.0, -3.0],
            vec![-3.0, 5.0],
            vec![1e15, 1e15],
            vec![1e-12, 3e-12],
            vec![1e-320],
            vec![1e-12, 1e15],
            vec![f64::MIN, f64::MAX],
            vec![f64::MAX, f64::MAX],
            vec![1e15, 1e15 + 1.0],
            vec![100.0, 100.0 + 1e-13],
            vec![f64::NAN, 4.0, f64::INFINITY, f64::NEG_INFINITY],
        ];
        for unit in UNITS {
            for values in &extremes {
                for limit in [None, Some(0.0), Some(-1e9), Some(1e18), Some(f64::NAN)] {
                    for rows in [0, 1, 2, 3, 8, 200] {
                        let scale = Scale::over(values.iter().copied(), limit, unit, rows).unwrap();
                        let case = format!("{unit:?} {values:?} {limit:?} {rows} {scale:?}");
                        assert!(scale.high > scale.low && (2..=7).contains(&scale.ticks.len()), "{case}");
                        for (place, tick) in scale.ticks.iter().enumerate() {
                            assert!(scale.ticks[..place].iter().all(|other| other.label != tick.label), "{case}");
                            assert!(tick.label.len() <= 16, "{case}");
                        }
                        for value in values.iter().copied().chain(limit).filter(|value| value.is_finite()) {
                            let slack = (scale.high - scale.low) * 1e-5;
                            let value = tamed(value);
                            assert!(value >= scale.low - slack && value <= scale.high + slack, "{case}");
                            assert!(scale.dot(value, 32) < 32, "{case}");
                        }
                    }
                }
            }
        }
        assert_eq!(labels(&[1e15, 1e15], Unit::Count), ["0", "5e14", "1e15"]);
        assert_eq!(labels(&[1e-12], Unit::Count), ["0", "5e-13", "1e-12"]);
    }

    #[test]
    fn without_a_value_there_is_no_axis() {
        assert!(Scale::over([].into_iter(), Some(5.0), Unit::Percent, 8).is_none());
        assert!(Scale::over([f64::NAN, f64::INFINITY].into_iter(), Some(5.0), Unit::Percent, 8).is_none());
    }

    #[test]
    fn values_are_drawn_in_proportion() {
        let scale = over(&[0.0, 8.0], None, Unit::Percent);
        assert_eq!([0.0, 4.0, 8.0, 9.0, -1.0].map(|value| scale.dot(value, 33)), [0, 16, 32, 32, 0]);
        assert_eq!(scale.dot(8.0, 0), 0);
    }

    #[test]
    fn a_limit_is_written_with_the_digits_it_has() {
        for (value, unit, text) in [
            (5.0, Unit::Percent, "5 %"),
            (4.99, Unit::Percent, "4.99 %"),
            (99.95, Unit::Percent, "99.95 %"),
            (0.0, Unit::Percent, "0 %"),
            (250.0, Unit::Milliseconds, "250 ms"),
            (1.5, Unit::Seconds, "1.5 s"),
            (430.0, Unit::Seconds, "430 s"),
            (900.0, Unit::Seconds, "15 min"),
            (1.5 * GIB, Unit::Bytes, "1.5 GiB"),
            (12_000.0, Unit::PerMinute, "12k/min"),
            (12_345.0, Unit::Count, "12.345k"),
            (1.0 / 3.0, Unit::Count, "0.3333"),
            (1e15, Unit::Count, "1e15"),
            (1e-12, Unit::Count, "1e-12"),
            (-2.5, Unit::Dollars, "-2.5 USD"),
        ] {
            assert_eq!(label(value, unit), text);
        }
    }
}
