//! What stands in the way back, as the refusal of whoever wants to go it.

use crate::ops::plan::{Refusal, Why};
use crate::world::way_back::{Bar, Obstacle};

impl From<Obstacle> for Refusal {
    fn from(it: Obstacle) -> Self {
        let why = match it.bar {
            Bar::Blind => Why::Blind,
            Bar::State => Why::State,
            Bar::Bounds => Why::Bounds,
            Bar::Nothing => Why::Nothing,
        };
        Self { why, text: it.text, remedy: it.remedy }
    }
}
