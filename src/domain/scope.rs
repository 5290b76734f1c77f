//! Where a thing lives: an account, a region, an environment.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::text::Text;

/// The region name that stands for services without regions (IAM, Cost Explorer, CloudFront).
pub const GLOBAL: &str = "global";

/// What the operator calls the place, deciding how careful the console is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    Prod,
    Staging,
    Test,
    Dev,
    Unknown,
}

impl Environment {
    /// Reads the value of an `Environment`, `env` or `stage` tag, in the spellings teams really use.
    pub fn from_tag(value: &str) -> Self {
        match value.trim().to_ascii_lowercase().as_str() {
            "prod" | "production" | "prd" | "live" => Self::Prod,
            "staging" | "stage" | "stg" | "preprod" | "pre-prod" => Self::Staging,
            "test" | "testing" | "qa" | "tst" | "uat" => Self::Test,
            "dev" | "development" | "sandbox" => Self::Dev,
            _ => Self::Unknown,
        }
    }

    /// As a name gives it away: `acme-prod`, `orders_dev`.
    pub fn in_name(name: &str) -> Self {
        name.split(|letter: char| !letter.is_alphanumeric())
            .map(Self::from_tag)
            .find(|environment| *environment != Self::Unknown)
            .unwrap_or(Self::Unknown)
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Prod => "prod",
            Self::Staging => "staging",
            Self::Test => "test",
            Self::Dev => "dev",
            Self::Unknown => "unknown",
        }
    }

    /// The dev/test rule: only what is explicitly marked so may ever be shut down by schedule.
    pub fn is_dev_or_test(self) -> bool {
        matches!(self, Self::Dev | Self::Test)
    }
}

/// One account in one region: the unit that is polled, denied, throttled and shown as a whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Scope {
    /// Twelve digits.
    pub account: Text,
    /// The account's alias, or empty.
    pub alias: Text,
    pub region: Text,
    pub environment: Environment,
}

/// Scopes are shared by every key and observation, and compared by content.
pub type ScopeRef = Arc<Scope>;

impl Scope {
    pub fn is_global(&self) -> bool {
        self.region == GLOBAL
    }

    /// The account as people say it: its alias, or its number in groups of four.
    pub fn account_name(&self) -> String {
        if self.alias.is_empty() { grouped(self.account.as_str()) } else { self.alias.to_string() }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", if self.alias.is_empty() { &self.account } else { &self.alias }, self.region)
    }
}

/// `123456789012` as `1234-5678-9012`, which can be compared by eye and read out over the phone.
pub fn grouped(account: &str) -> String {
    let digits: Vec<char> = account.chars().collect();
    digits.chunks(4).map(|chunk| chunk.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}
