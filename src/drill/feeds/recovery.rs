//! Backups, and the DNS record that chooses the region.

use jiff::SignedDuration;

use super::storage::last_night;
use crate::domain::backup::{BackupJob, BackupPlan, Backups, Protection};
use crate::domain::recovery::{FailoverRecord, Switch};
use crate::drill::company::{HOME, SECOND, Site};
use crate::drill::simulation::Simulation;

/// The health check that decides where DNS leads: an operator turns it upside down.
pub(in crate::drill) const SWITCH: &str = "7c1b6f0e-2a44-4d0f-9d53-6a1f0c8e3b57";
const PLAN: &str = "daily-14-days";
const STORES: [&str; 3] = ["orders-primary", "acme-media", "acme-invoices"];

pub(super) fn backups(s: &Simulation, site: Site) -> Backups {
    if site != Site::Prod {
        return Backups::default();
    }
    let newest = last_night(s.now(), 3);
    Backups {
        plans: vec![BackupPlan { name: PLAN.into(), schedule: "daily 03:00 UTC".into(), every_hours: 24 }],
        jobs: (0..7)
            .flat_map(|night| {
                STORES.iter().map(move |store| BackupJob {
                    resource: (*store).into(),
                    at: newest - SignedDuration::from_hours(24 * night) + SignedDuration::from_mins(20),
                    status: "COMPLETED".into(),
                    message: "".into(),
                })
            })
            .collect(),
        protected: STORES
            .iter()
            .map(|store| Protection { store: (*store).into(), plan: PLAN.into(), copied_to: Some(SECOND.into()) })
            .collect(),
    }
}

pub(super) fn records(s: &Simulation, site: Site) -> Vec<FailoverRecord> {
    if site != Site::ProdGlobal {
        return Vec::new();
    }
    let moved = s.side(s.tick).is_second;
    // Three failed checks, thirty seconds apart.
    let noticed = s.home_lost.is_some_and(|lost| s.tick - lost >= 9);
    vec![FailoverRecord {
        name: "shop.acme.example".into(),
        primary_region: HOME.into(),
        secondary_region: SECOND.into(),
        primary_healthy: Some(!noticed),
        serving: Some(if moved { SECOND.into() } else { HOME.into() }),
        asks_target: false,
        switch: Some(Switch { check: SWITCH.into(), is_inverted: moved, shared_with: Vec::new() }),
    }]
}
