//! How well a thing is, in six words.

use serde::{Deserialize, Serialize};

/// Ordered from best to worst: the health of a box is the greatest of its checks.
///
/// `Absent` (nothing of this kind exists in scope) is below `Ok` so that one present thing outweighs it; it is drawn
/// dim and never green. `Unknown` always comes with a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    Absent,
    Ok,
    Unknown,
    Stale,
    Warn,
    Bad,
}

impl Health {
    pub const ALL: [Self; 6] = [Self::Bad, Self::Warn, Self::Stale, Self::Unknown, Self::Ok, Self::Absent];

    /// The word used on screen, in reports and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Ok => "ok",
            Self::Unknown => "unknown",
            Self::Stale => "stale",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }

    /// True for what an operator should look at: a fault in the system, or a blind spot of ours.
    pub fn wants_eyes(self) -> bool {
        self > Self::Ok
    }

    /// True for a fault in the system itself, as against a blind spot of ours.
    pub fn is_broken(self) -> bool {
        self >= Self::Warn
    }
}
