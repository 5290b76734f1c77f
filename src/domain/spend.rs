//! Money: what was spent, how capacity is bought, what could be saved, and what is switched off at night.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::health::Health;
use crate::domain::list::{Identified, List};
use crate::domain::money::Usd;
use crate::domain::text::Text;

/// Cost Explorer and Budgets for one account. Credits are kept apart: netted, they make a large bill read as zero.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spend {
    /// The account's number.
    pub account: Text,
    /// When Cost Explorer was asked; its figures are up to a day behind that.
    pub as_of: Timestamp,
    pub month_to_date: Usd,
    /// Credits and refunds of this month, not deducted above.
    pub credits: Option<Usd>,
    /// The whole of this month.
    pub forecast: Option<Usd>,
    /// The same days of last month.
    pub last_month_same_days: Option<Usd>,
    /// Largest first.
    pub services: List<ServiceSpend>,
    /// Empty where none is set, or none is read.
    pub budgets: List<Budget>,
    /// Of the last week; nothing where they could not be read.
    pub anomalies: Option<List<Anomaly>>,
}

/// What one service costs this month.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServiceSpend {
    pub name: Text,
    pub month_to_date: Usd,
    /// The same days of last month.
    pub last_month_same_days: Option<Usd>,
}

impl Spend {
    /// How much more than on the same days of last month, in percent.
    pub fn change_percent(&self) -> Option<f64> {
        change_percent(self.month_to_date, self.last_month_same_days)
    }
}

impl ServiceSpend {
    pub fn change_percent(&self) -> Option<f64> {
        change_percent(self.month_to_date, self.last_month_same_days)
    }
}

/// Nothing to compare with is no change of any size.
pub fn change_percent(now: Usd, before: Option<Usd>) -> Option<f64> {
    before.filter(|before| *before > Usd::ZERO).map(|before| (now.dollars() / before.dollars() - 1.0) * 100.0)
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    pub name: Text,
    pub limit: Usd,
    pub actual: Usd,
    pub forecast: Usd,
}

impl Budget {
    /// Bad when it is spent, a warning while it only will be.
    pub fn health(&self) -> Health {
        if self.actual > self.limit {
            Health::Bad
        } else if self.forecast > self.limit {
            Health::Warn
        } else {
            Health::Ok
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Anomaly {
    pub id: Text,
    pub since: Option<Timestamp>,
    pub service: Text,
    pub cause: Text,
    pub impact: Option<Usd>,
}

impl Anomaly {
    /// `312 USD more than expected, BoxUsage in eu-west-1`.
    pub fn words(&self) -> String {
        let more =
            self.impact.map_or_else(|| "more than expected".into(), |impact| format!("{impact} more than expected"));
        format!("{more}, {}", self.cause)
    }
}

/// How instance hours are bought.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Purchasing {
    pub on_demand_hours_percent: f64,
    pub spot_hours_percent: f64,
    pub reserved_hours_percent: f64,
    pub on_demand_per_day: Usd,
    pub spot_per_day: Usd,
    pub reservations: Vec<Reservation>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reservation {
    pub id: Text,
    pub kind: Text,
    pub count: u32,
    pub utilisation_percent: f64,
    pub expires: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recommendation {
    pub resource: Text,
    pub finding: Text,
    pub current: Text,
    pub proposed: Text,
    pub saves_per_month: Usd,
}

impl Identified for Recommendation {
    fn key(&self) -> &str {
        self.resource.as_str()
    }
}

/// A durable schedule that stops and starts something.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Schedule {
    pub name: Text,
    /// Resources that carry its tag.
    pub covers: u32,
    pub next_stop: Option<Timestamp>,
    pub next_start: Option<Timestamp>,
    /// Running although the schedule says it should be stopped, by someone's override.
    pub overridden_by: Option<Text>,
    pub saved_this_month: Usd,
    /// Off for how long each week.
    pub off_per_week: SignedDuration,
}

impl Identified for Schedule {
    fn key(&self) -> &str {
        self.name.as_str()
    }
}
