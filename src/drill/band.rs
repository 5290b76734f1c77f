//! What an anomaly detector would expect: the hour before, give or take its own unrest.
//!
//! CloudWatch trains a model on two weeks; the drill, whose days are alike, gets by with a moving mean and deviation.

/// Periods looked at, and how many of the newest are left out so that trouble does not teach itself as normal.
pub const BAND_WINDOW: usize = 45;
pub const BAND_LAG: usize = 8;
/// A quiet series is allowed this share of its mean for each deviation.
const LEAST_UNREST: f64 = 0.03;

/// Lower and upper edge at a position, `None` while too little is known.
pub fn expected(values: &[f64], position: usize, width: f64) -> Option<(f64, f64)> {
    let end = position.saturating_sub(BAND_LAG);
    let window: Vec<f64> =
        values.get(end.saturating_sub(BAND_WINDOW)..end)?.iter().copied().filter(|value| value.is_finite()).collect();
    if window.len() < 10 {
        return None;
    }
    let mean = window.iter().sum::<f64>() / window.len() as f64;
    let variance = window.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / window.len() as f64;
    let half = width * variance.sqrt().max(mean.abs() * LEAST_UNREST);
    Some(((mean - half).max(0.0), mean + half))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_band_follows_the_hour_before_and_not_the_trouble_itself() {
        let mut values = vec![100.0; 60];
        values.extend([900.0; 5]);
        let (lower, upper) = expected(&values, 64, 3.0).unwrap();
        assert!(lower > 85.0 && upper < 115.0, "{lower} to {upper}");
        assert_eq!(expected(&values, 12, 3.0), None);
    }
}
