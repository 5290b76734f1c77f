//! Money: what was spent, how capacity is bought, what could be saved, and what is switched off at night.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::domain::list::Identified;
use crate::domain::money::Usd;
use crate::domain::text::Text;

/// Cost Explorer and Budgets for one account. Credits are kept apart: netted, they make a large bill read as zero.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spend {
    /// When Cost Explorer last refreshed its figures; they are up to a day behind.
    pub as_of: Timestamp,
    pub month_to_date: Usd,
    pub credits: Usd,
    pub forecast: Usd,
    /// The same days of last month.
    pub last_month_same_days: Usd,
    /// Largest first.
    pub by_service: Vec<(Text, Usd)>,
    pub budgets: Vec<Budget>,
    pub anomalies: Vec<Anomaly>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Budget {
    pub name: Text,
    pub limit: Usd,
    pub actual: Usd,
    pub forecast: Usd,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Anomaly {
    pub since: Timestamp,
    pub service: Text,
    pub cause: Text,
    pub impact: Usd,
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
