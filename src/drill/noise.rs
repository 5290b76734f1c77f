//! Deterministic wobble.
//!
//! A counter-based hash instead of a generator with state: the value for a thing at a moment does not depend on what
//! was asked before, so two consoles on one seed see one world however differently they poll.

/// SplitMix64's finalizer: every bit of the input moves half the bits of the output.
fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// Names a source of noise, so that two things do not wobble in step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noise(u64);

impl Noise {
    pub fn new(seed: u64) -> Self {
        Self(mix(seed.wrapping_add(0x9e37_79b9_7f4a_7c15)))
    }

    /// A source of its own for `name`.
    #[must_use]
    pub fn of(self, name: &str) -> Self {
        let hash =
            name.bytes().fold(self.0, |hash, byte| mix(hash ^ u64::from(byte).wrapping_mul(0x0000_0100_0000_01b3)));
        Self(hash)
    }

    /// 64 bits for a moment or an index.
    pub fn bits(self, at: i64) -> u64 {
        mix(self.0 ^ mix(at as u64))
    }

    /// Evenly spread over 0..1.
    pub fn unit(self, at: i64) -> f64 {
        (self.bits(at) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Between -1 and 1, smooth in time: values at multiples of `every`, eased in between.
    pub fn smooth(self, at: i64, every: i64) -> f64 {
        let (cell, inside) = (at.div_euclid(every), at.rem_euclid(every) as f64 / every as f64);
        let (from, to) = (self.unit(cell), self.unit(cell + 1));
        let eased = inside * inside * (3.0 - 2.0 * inside);
        (from + (to - from) * eased) * 2.0 - 1.0
    }

    /// `length` hexadecimal digits that look like an AWS id.
    pub fn hex(self, at: i64, length: usize) -> String {
        let mut digits = format!("{:016x}{:016x}", self.bits(at), self.bits(at ^ i64::MIN));
        digits.truncate(length);
        digits
    }
}

/// Whole units out of a stream of fractions, losing none: 0.4 a tick is two every five ticks.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Carry(f64);

impl Carry {
    pub fn take(&mut self, amount: f64) -> u64 {
        let total = self.0 + amount.max(0.0);
        let whole = total.floor();
        self.0 = total - whole;
        whole as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_the_same_for_the_same_question_and_different_for_another() {
        let web = Noise::new(7).of("web");
        assert_eq!(web.bits(12), Noise::new(7).of("web").bits(12));
        assert_ne!(web.bits(12), web.bits(13));
        assert_ne!(web.bits(12), Noise::new(7).of("api").bits(12));
        assert_ne!(web.bits(12), Noise::new(8).of("web").bits(12));
    }

    #[test]
    fn noise_stays_in_range_and_moves_smoothly() {
        let source = Noise::new(1).of("load");
        let mut last = source.smooth(-100, 30);
        for at in -99..500 {
            let value = source.smooth(at, 30);
            assert!((-1.0..=1.0).contains(&value));
            assert!((value - last).abs() < 0.15);
            last = value;
        }
    }

    #[test]
    fn a_carry_loses_nothing() {
        let mut carry = Carry::default();
        let whole: u64 = (0..1_000).map(|_| carry.take(0.375)).sum();
        assert_eq!(whole, 375);
    }
}
