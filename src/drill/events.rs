//! What happens to the company, and whether it was mended.

use crate::domain::alarm::AlarmState;
use crate::domain::metric::Measure;
use crate::drill::company::Site;
use crate::drill::fleet::TICK;
use crate::drill::rollout::{Release, Rollout};
use crate::drill::scenario::Happening;
use crate::drill::simulation::{Simulation, TICKS_PER_MINUTE};

/// Messages a second that SQS moves at most.
const MOST_A_SECOND: u32 = 500;

impl Simulation {
    /// Lets every event happen whose time has come.
    pub(super) fn happen(&mut self, tick: i64) {
        while let Some(event) = self.scenario.events.get(self.next_event) {
            if event.at.as_secs() > tick * TICK {
                break;
            }
            self.next_event += 1;
            if let Some(happening) = event.happening() {
                self.apply(&happening, tick);
            }
        }
    }

    /// Does to the company what an event says. Operators' actions end here too.
    pub fn apply(&mut self, happening: &Happening, tick: i64) {
        if let Happening::Deploy(deploy) = happening
            && !self.goes_out(deploy)
        {
            return;
        }
        if happening.breaks() {
            self.broke_at.get_or_insert(tick);
        }
        match happening {
            Happening::Deploy(deploy) => {
                let release = Release {
                    version: deploy.version.clone(),
                    errors: deploy.errors,
                    work: deploy.work,
                    ill_after: deploy.ill_after.map(|after| after.as_secs() / TICK),
                    never_starts: deploy.never_starts.clone(),
                };
                let (by, message) = (deploy.by.clone(), deploy.message.clone());
                if let Some(fleet) = self.fleet_mut(deploy.fleet.as_str()) {
                    let from = fleet.release.version.clone();
                    let rollout = Rollout::new(release, from, by, message, tick);
                    fleet.roll_out(Rollout { stalls_after: deploy.stalls_after, ..rollout }, tick);
                }
            }
            Happening::Rollback(rollback) => {
                if let Some(fleet) = self.fleet_mut(rollback.fleet.as_str())
                    && let Some(good) = fleet.last_good().cloned()
                {
                    let from = fleet.release.version.clone();
                    let message = format!("roll back to {}", good.version);
                    fleet.roll_out(Rollout::new(good, from, rollback.by.clone(), message, tick).apart(), tick);
                }
            }
            // Their runs were planned from the beginning.
            Happening::Offer(_) | Happening::Push(_) => {}
            Happening::Surge(surge) => self.surges.push((surge.clone(), tick)),
            Happening::Scale(scale) => {
                if let Some(fleet) = self.fleet_mut(scale.fleet.as_str()) {
                    fleet.max = scale.max.unwrap_or(fleet.max).max(fleet.min);
                    if let Some(desired) = scale.desired {
                        fleet.set_desired(tick, desired.clamp(fleet.min, fleet.max), "a user request");
                    }
                }
            }
            Happening::LosePrimary(_) => self.mysql.lose(tick),
            Happening::RestorePrimary(restore) => self.mysql.restore(tick, tick + restore.takes.as_secs() / TICK),
            Happening::Poison(poison) => self.poison = poison.per_minute,
            Happening::Cure(cure) => {
                self.poison = 0.0;
                if let Some(queue) = self.queue_mut(cure.queue.as_str()) {
                    queue.cure();
                }
            }
            Happening::Redrive(redrive) => {
                let handle = self.noise.of("move").hex(tick, 32);
                if let Some(queue) = self.queue_mut(redrive.queue.as_str()) {
                    queue.begin_move(tick, handle.into(), MOST_A_SECOND).ok();
                }
            }
            Happening::ImpairZone(impair) => {
                if let Some(fleet) = self.fleet_mut(impair.fleet.as_str()) {
                    let site = fleet.plan.site;
                    let zone = (0..3).find(|zone| impair.zone.as_ref() == Some(&site.zone(*zone)));
                    fleet.impaired = zone.map(|zone| (zone, impair.errors));
                }
            }
            Happening::Withdraw(withdraw) => {
                if let Some(fleet) = self.fleet_mut(withdraw.fleet.as_str()) {
                    fleet.withdrawn = Some(withdraw.clone());
                }
            }
            Happening::LoseRegion(_) => self.home_lost = Some(tick),
            Happening::FailOverRegion(over) => {
                let from = tick + over.takes.as_secs() / TICK;
                self.second_serves = Some(from);
                // Where it was promoted by hand already, there is nothing left of that.
                self.mysql.promote_by(tick, from, &"orders-replica-dr".into(), 14).ok();
                let wanted = self.web.desired.max(6);
                self.web_dr.set_desired(tick, wanted, "region failover");
            }
            Happening::Launch(launch) => self.dev.launch(tick, launch),
            Happening::Stop(_) => self.dev.stop_launched(tick),
            Happening::Fault(fault) => {
                let until = fault.lasts.map_or(i64::MAX, |lasts| tick + lasts.as_secs() / TICK);
                self.faults.push((fault.clone(), tick, until));
            }
        }
    }

    /// What the scenario calls mended, each condition in words and whether it holds.
    pub fn conditions(&self) -> Vec<(String, bool)> {
        let mended = &self.scenario.mended;
        let mut all = Vec::new();
        for alarm in &mended.alarms_ok {
            all.push((
                format!("alarm {alarm} is OK"),
                self.alarms.state_anywhere(alarm.as_str()) == Some(AlarmState::Ok),
            ));
        }
        for version in &mended.gone {
            let runs =
                self.fleets().iter().any(|fleet| fleet.units.iter().any(|unit| unit.release.version == *version));
            all.push((format!("nothing runs {version}"), !runs));
        }
        for queue in &mended.queues_steady {
            let tail = self.gauges.tail(Site::Prod, Measure::SqsVisible, queue, self.minute(), 3);
            let steady = tail.first() == tail.last();
            all.push((format!("{queue} no longer grows"), steady));
        }
        if let Some(limit) = mended.dev_usd_per_day {
            all.push((format!("dev costs at most {limit} USD/day"), self.dev.per_day().dollars() <= limit));
        }
        all
    }

    pub(super) fn judge_mended(&mut self) {
        if self.broke_at.is_none() || self.mended_at.is_some() {
            return;
        }
        // Conditions hold before the trouble is felt, too: it must have been felt first.
        let holds = self.conditions().iter().all(|(_, holds)| *holds);
        self.holding_since = match (holds, self.holding_since) {
            (true, since) => since.or(Some(self.tick)),
            (false, _) => None,
        };
        let felt = self.broke_at.is_some_and(|broke| self.tick - broke > 5 * TICKS_PER_MINUTE);
        let held = self.scenario.mended.held_for.as_secs() / TICK;
        if felt && self.holding_since.is_some_and(|since| self.tick - since >= held) {
            self.mended_at = Some(self.tick);
        }
    }
}
