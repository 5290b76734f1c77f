//! The bill, the ways of buying, and what is switched off.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::domain::list::List;
use crate::domain::money::Usd;
use crate::domain::spend::{Budget, Purchasing, Recommendation, Reservation, Schedule, ServiceSpend, Spend};
use crate::domain::text::Text;
use crate::drill::company::Site;
use crate::drill::dev::{ALWAYS_ON, OFFICE_HOURS};
use crate::drill::simulation::Simulation;

/// What a usual day costs, in USD, by service.
const PROD_DAY: &[(&str, f64)] = &[
    ("Amazon Relational Database Service", 214.0),
    ("Amazon Elastic Compute Cloud", 176.0),
    ("Amazon Elastic Container Service", 121.0),
    ("Amazon Simple Storage Service", 96.0),
    ("Amazon ElastiCache", 58.0),
    ("Amazon CloudFront", 54.0),
    ("AmazonCloudWatch", 31.0),
    ("Other", 47.0),
];
const DEV_DAY: &[(&str, f64)] =
    &[("Amazon Elastic Compute Cloud", 17.0), ("Amazon Relational Database Service", 6.0), ("Other", 4.0)];

/// Cost Explorer refreshes its figures every eight hours in this world.
const REFRESH: i64 = 8 * 3_600;

/// What a day of last month cost, of what one costs now.
const LAST_MONTH: f64 = 0.97;

pub(super) fn spend(s: &Simulation, site: Site) -> Spend {
    let days = if site == Site::ProdGlobal { PROD_DAY } else { DEV_DAY };
    let (alias, limit, credits) =
        if site == Site::ProdGlobal { ("prod", 26_500.0, 0.0) } else { ("dev", 1_100.0, 0.0) };
    let now = s.now();
    let as_of = now - SignedDuration::from_secs(now.as_second().rem_euclid(REFRESH));
    let there = as_of.to_zoned(TimeZone::UTC);
    let days_so_far = f64::from(there.day()) - 1.0 + f64::from(there.hour()) / 24.0;
    let days_in_month = f64::from(there.days_in_month());
    let day: f64 = days.iter().map(|(_, usd)| usd).sum();
    let to_date = Usd::from_dollars(day * days_so_far);
    let forecast = Usd::from_dollars(day * days_in_month);
    let mut services: Vec<ServiceSpend> = days
        .iter()
        .map(|(name, usd)| ServiceSpend {
            name: Text::new(name),
            month_to_date: Usd::from_dollars(usd * days_so_far),
            last_month_same_days: Some(Usd::from_dollars(usd * days_so_far * LAST_MONTH)),
        })
        .collect();
    services.sort_by_key(|service| std::cmp::Reverse(service.month_to_date));
    Spend {
        account: site.account().into(),
        as_of,
        month_to_date: to_date,
        credits: Some(Usd::from_dollars(credits)),
        forecast: Some(forecast),
        last_month_same_days: Some(Usd::from_dollars(day * days_so_far * LAST_MONTH)),
        services: List::new(services),
        budgets: List::new(vec![Budget {
            name: format!("{alias}-monthly").into(),
            limit: Usd::from_dollars(limit),
            actual: to_date,
            forecast,
        }]),
        anomalies: Some(List::default()),
    }
}

pub(super) fn purchasing(s: &Simulation, site: Site) -> Purchasing {
    let expires = s.scenario.start + SignedDuration::from_hours(24 * 212);
    let reservations = match site {
        Site::Prod => vec![
            Reservation {
                id: "ri-web".into(),
                kind: "c6i.xlarge".into(),
                count: 4,
                utilisation_percent: 99.2,
                expires,
            },
            Reservation {
                id: "ri-mysql".into(),
                kind: "db.r6g.2xlarge".into(),
                count: 3,
                utilisation_percent: 100.0,
                expires,
            },
        ],
        _ => Vec::new(),
    };
    let is_prod = site == Site::Prod;
    Purchasing {
        on_demand_hours_percent: if is_prod { 31.0 } else { 100.0 },
        spot_hours_percent: if is_prod { 28.0 } else { 0.0 },
        reserved_hours_percent: if is_prod { 41.0 } else { 0.0 },
        on_demand_per_day: Usd::from_dollars(if is_prod { 58.0 } else { 17.0 }),
        spot_per_day: Usd::from_dollars(if is_prod { 9.0 } else { 0.0 }),
        reservations,
    }
}

pub(super) fn right_sizing(site: Site) -> Vec<Recommendation> {
    if site != Site::Prod {
        return Vec::new();
    }
    vec![Recommendation {
        resource: "orders-replica-dr".into(),
        finding: "Overprovisioned".into(),
        current: "db.r6g.2xlarge".into(),
        proposed: "db.r6g.xlarge".into(),
        saves_per_month: Usd::from_dollars(346.0),
    }]
}

pub(super) fn schedules(s: &Simulation, site: Site) -> Vec<Schedule> {
    if site != Site::Dev {
        return Vec::new();
    }
    let covers = |name: &str| s.dev.machines.iter().filter(|machine| machine.schedule == Some(name)).count() as u32;
    vec![
        Schedule {
            name: OFFICE_HOURS.into(),
            covers: covers(OFFICE_HOURS),
            next_stop: Some(next_weekday(s.now(), 18)),
            next_start: Some(next_weekday(s.now(), 6)),
            overridden_by: None,
            saved_this_month: Usd::from_dollars(212.0),
            off_per_week: SignedDuration::from_hours(168 - 60),
        },
        Schedule {
            name: ALWAYS_ON.into(),
            covers: covers(ALWAYS_ON),
            next_stop: None,
            next_start: None,
            overridden_by: None,
            saved_this_month: Usd::ZERO,
            off_per_week: SignedDuration::ZERO,
        },
    ]
}

/// The next time it is `hour` o'clock UTC on a working day.
pub(super) fn next_weekday(now: Timestamp, hour: i64) -> Timestamp {
    let mut at = super::storage::last_night(now, hour) + SignedDuration::from_hours(24);
    while matches!(at.to_zoned(TimeZone::UTC).weekday(), Weekday::Saturday | Weekday::Sunday) {
        at += SignedDuration::from_hours(24);
    }
    at
}
