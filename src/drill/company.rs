//! The company of the drill world: one shop, two accounts, two regions, three zones.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::domain::recovery::{FailoverPlan, PlanStep, StepAction};
use crate::domain::scope::{Environment, GLOBAL, Scope, ScopeRef};
use crate::domain::text::Text;

/// A place where things of the company are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Site {
    /// Where the shop runs.
    Prod,
    /// The second region: data is copied there, nothing serves.
    Standby,
    /// The developers' account.
    Dev,
    /// Services without regions, of either account.
    ProdGlobal,
    DevGlobal,
}

pub const PROD_ACCOUNT: &str = "123456789012";
pub const DEV_ACCOUNT: &str = "210987654321";
/// Whoever sits at the console.
pub const OPERATOR: &str = "on-call";
pub const HOME: &str = "eu-west-1";
pub const SECOND: &str = "eu-central-1";

impl Site {
    pub const ALL: [Self; 5] = [Self::Prod, Self::Standby, Self::Dev, Self::ProdGlobal, Self::DevGlobal];

    pub fn region(self) -> &'static str {
        match self {
            Self::Prod | Self::Dev => HOME,
            Self::Standby => SECOND,
            Self::ProdGlobal | Self::DevGlobal => GLOBAL,
        }
    }

    pub fn account(self) -> &'static str {
        match self {
            Self::Prod | Self::Standby | Self::ProdGlobal => PROD_ACCOUNT,
            Self::Dev | Self::DevGlobal => DEV_ACCOUNT,
        }
    }

    pub fn environment(self) -> Environment {
        match self {
            Self::Prod | Self::Standby | Self::ProdGlobal => Environment::Prod,
            Self::Dev | Self::DevGlobal => Environment::Dev,
        }
    }

    /// `eu-west-1a`, `b` or `c`.
    pub fn zone(self, index: usize) -> Text {
        const LETTERS: [char; 3] = ['a', 'b', 'c'];
        Text::new(&format!("{}{}", self.region(), LETTERS[index % LETTERS.len()]))
    }

    /// What the zone is called everywhere: in another order than by letters.
    pub fn zone_id(self, index: usize) -> Text {
        let short = if self.region() == HOME { "euw1" } else { "euc1" };
        Text::new(&format!("{short}-az{}", (index + 1) % 3 + 1))
    }

    pub fn arn(self, service: &str, resource: &str) -> Text {
        Text::new(&format!("arn:aws:{service}:{}:{}:{resource}", self.region(), self.account()))
    }

    pub fn alias(self) -> &'static str {
        if self.account() == PROD_ACCOUNT { "acme-prod" } else { "acme-dev" }
    }

    fn scope(self) -> Scope {
        Scope {
            account: self.account().into(),
            alias: self.alias().into(),
            region: self.region().into(),
            environment: self.environment(),
        }
    }

    /// The site of a scope, if it is one of the company's.
    pub fn of(scope: &Scope) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|site| site.account() == scope.account.as_str() && site.region() == scope.region.as_str())
    }
}

/// Every scope of the company, in the order of [`Site::ALL`].
pub fn scopes() -> Vec<ScopeRef> {
    Site::ALL.iter().map(|site| Arc::new(site.scope())).collect()
}

/// The company's own plan for losing its first region, last rehearsed two months before `start`.
pub fn failover_plan(start: Timestamp) -> FailoverPlan {
    let step = |action, target: &str, to, seconds| PlanStep {
        action,
        target: target.into(),
        to,
        takes: SignedDuration::from_secs(seconds),
    };
    FailoverPlan {
        from: HOME.into(),
        to: SECOND.into(),
        steps: vec![
            step(StepAction::PromoteReplica, "orders-replica-dr", None, 420),
            step(StepAction::ScaleGroup, "web-dr", Some(6), 300),
            step(StepAction::SwitchDns, "shop.acme.example", None, 90),
        ],
        last_drill: Some(start - SignedDuration::from_hours(24 * 61)),
    }
}

/// Requests per second that visitors make at a moment of the week, before any surge: a European shop, quiet at night,
/// busiest in the evening.
pub fn usual_load(at: Timestamp) -> f64 {
    const MEAN: f64 = 210.0;
    /// Share of the mean in each hour, UTC.
    const DAY: [f64; 24] = [
        0.36, 0.26, 0.21, 0.20, 0.24, 0.38, 0.62, 0.88, 1.02, 1.08, 1.10, 1.14, 1.16, 1.14, 1.12, 1.14, 1.22, 1.36,
        1.54, 1.62, 1.50, 1.18, 0.84, 0.55,
    ];
    let second = at.as_second().rem_euclid(86_400);
    let (hour, part) = ((second / 3_600) as usize, (second % 3_600) as f64 / 3_600.0);
    let (from, to) = (DAY[hour], DAY[(hour + 1) % 24]);
    MEAN * (from + (to - from) * part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_finds_its_site_again() {
        for (scope, site) in scopes().iter().zip(Site::ALL) {
            assert_eq!(Site::of(scope), Some(site));
        }
    }

    #[test]
    fn the_load_follows_the_hour_without_jumps() {
        let midnight: Timestamp = "2026-03-10T00:00:00Z".parse().unwrap();
        let at = |minute: i64| usual_load(midnight + SignedDuration::from_mins(minute));
        assert!(at(19 * 60) > at(3 * 60) * 5.0);
        for minute in 0..1_440 {
            assert!((at(minute + 1) - at(minute)).abs() < 2.0);
        }
    }
}
