//! A drill in progress: what is being practised and whether it is mended.

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::text::Text;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Exercise {
    pub scenario: Text,
    pub title: Text,
    /// When the first event of the scenario struck.
    pub broke_at: Option<Timestamp>,
    /// When every condition had held for as long as the scenario asks.
    pub mended_at: Option<Timestamp>,
    /// What "mended" means, in words, and whether it holds now.
    pub conditions: Vec<(Text, bool)>,
    pub hints: Vec<Text>,
    /// Visitors who came while it was broken, and those who were not served.
    pub visits: u64,
    pub lost: u64,
}
