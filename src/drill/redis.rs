//! The session and catalogue cache in front of the database.

use crate::drill::fleet::Mean;
use crate::drill::noise::Noise;

#[derive(Clone, Debug)]
pub struct Redis {
    pub hit_percent: f64,
    pub memory_percent: f64,
    pub evictions: f64,
    pub minute: Minute,
    noise: Noise,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Minute {
    pub hit: Mean,
    pub memory: Mean,
    pub evictions: f64,
}

impl Redis {
    pub fn new(seed: Noise) -> Self {
        Self {
            hit_percent: 96.5,
            memory_percent: 61.0,
            evictions: 0.0,
            minute: Minute::default(),
            noise: seed.of("redis"),
        }
    }

    /// One tick under `crowd` times the usual visitors: a crowd brings sessions, sessions fill the memory, and a full
    /// memory evicts what would have been hit.
    pub fn work(&mut self, tick: i64, crowd: f64) {
        let wanted = 61.0 * (0.75 + 0.25 * crowd);
        self.memory_percent += (wanted.min(99.0) - self.memory_percent) * 0.02;
        self.evictions = ((self.memory_percent - 90.0) * 40.0).max(0.0);
        let wobble = self.noise.smooth(tick, 12) * 0.35;
        self.hit_percent = (96.6 - (crowd - 1.0).max(0.0) * 1.6 - self.evictions * 0.01 + wobble).clamp(0.0, 99.9);
        self.minute.hit.add(self.hit_percent);
        self.minute.memory.add(self.memory_percent);
        self.minute.evictions += self.evictions / 6.0;
    }

    /// Share of lookups that fall through to the database.
    pub fn misses(&self) -> f64 {
        1.0 - self.hit_percent / 100.0
    }
}
