//! Money, never without its currency.

use std::fmt;
use std::ops::{Add, AddAssign, Mul, Sub};

use serde::{Deserialize, Serialize};

use crate::domain::units::count;

/// An amount in millionths of a US dollar.
///
/// AWS bills and prices in US dollars whatever currency the invoice is paid in, and Cost Explorer answers in it, so
/// one currency is honest. Integers, because a sum of floats drifts; beyond nine trillion dollars, which only a damaged answer
/// has, they stay at their end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Usd {
    pub micros: i64,
}

impl Usd {
    pub const ZERO: Self = Self { micros: 0 };

    pub fn from_dollars(dollars: f64) -> Self {
        Self { micros: (dollars * 1_000_000.0).round() as i64 }
    }

    pub fn dollars(self) -> f64 {
        self.micros as f64 / 1_000_000.0
    }

    /// `31,402 USD`, or with cents below 100: `0.02 USD`.
    pub fn short(self) -> String {
        let dollars = self.dollars();
        if dollars.abs() >= 99.995 {
            let whole = count(dollars.abs().round() as u64);
            format!("{}{whole} USD", if dollars < 0.0 { "-" } else { "" })
        } else {
            format!("{dollars:.2} USD")
        }
    }
}

impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.short())
    }
}

impl Add for Usd {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { micros: self.micros.saturating_add(other.micros) }
    }
}

impl AddAssign for Usd {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Usd {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self { micros: self.micros.saturating_sub(other.micros) }
    }
}

impl Mul<f64> for Usd {
    type Output = Self;
    fn mul(self, factor: f64) -> Self {
        Self::from_dollars(self.dollars() * factor)
    }
}

impl std::iter::Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_say_their_currency_and_keep_cents_while_they_matter() {
        assert_eq!(Usd::from_dollars(0.02).to_string(), "0.02 USD");
        assert_eq!(Usd::from_dollars(99.5).to_string(), "99.50 USD");
        assert_eq!(Usd::from_dollars(31_402.4).to_string(), "31,402 USD");
        assert_eq!(Usd::from_dollars(-1_500.0).to_string(), "-1,500 USD");
    }
}
