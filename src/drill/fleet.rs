//! A group of equal units that share the load: an Auto Scaling group, an ECS service.
//!
//! Causal, not scripted: utilisation follows from load over what is in service, latency and errors from utilisation and
//! from the version each unit runs, scaling from utilisation, and starting takes its time.

use std::collections::VecDeque;

use crate::domain::text::Text;
use crate::drill::company::Site;
use crate::drill::dev::WORKERS;
use crate::drill::noise::{Carry, Noise};
use crate::drill::rollout::{Release, Rollout};
use crate::drill::scenario::Withdraw;

/// Simulated seconds in one step.
pub const TICK: i64 = 10;

/// How long a deploying or draining unit is out of service, in ticks.
pub(super) const SHORT_BREAK: i64 = 3;
/// How long an ill unit fails its health checks before it comes back, in ticks.
const ILLNESS: i64 = 12;
/// From the beginning of a zonal shift to the last request in the zone, in ticks: connections that are open stay.
const DRAINING: i64 = 12;
/// Until when a unit boots that never comes into service.
pub(super) const NEVER: i64 = i64::MAX;
/// Scaling activities kept.
const ACTIVITIES: usize = 20;

/// What does not change about a fleet.
#[derive(Clone, Debug)]
pub struct Plan {
    pub name: Text,
    pub site: Site,
    /// Requests per second one unit can handle.
    pub capacity: f64,
    /// Ticks from launch to service.
    pub boot: i64,
    /// Mean latency of an idle fleet in seconds, and of its slowest hundredth.
    pub base_latency: (f64, f64),
    /// Average cpu, in percent, that its policy holds.
    pub target_cpu: f64,
}

#[derive(Clone, Debug)]
pub struct Fleet {
    pub plan: Plan,
    pub min: u32,
    pub desired: u32,
    pub max: u32,
    pub units: Vec<Unit>,
    /// What new units start with.
    pub release: Release,
    /// Newest last.
    pub rollouts: Vec<Rollout>,
    /// Scaling processes switched off, in AWS's spelling.
    pub suspended: Vec<Text>,
    /// Newest first.
    pub activities: VecDeque<Activity>,
    /// Requests accepted and not answered yet.
    pub backlog: u64,
    pub total: Tally,
    pub minute: Minute,
    pub cpu: f64,
    /// Since which tick fewer units serve than desired.
    pub short_since: Option<i64>,
    /// A zone its balancer sends nothing to.
    pub shift: Option<ZoneShift>,
    /// A zone in which a share of the requests fails, while health checks do not.
    pub impaired: Option<(usize, f64)>,
    /// What it calls outside and is answered no more.
    pub withdrawn: Option<Withdraw>,
    launched: i64,
    last_scale_out: i64,
    last_scale_in: i64,
    failed: Carry,
    noise: Noise,
}

#[derive(Clone, Debug)]
pub struct Unit {
    pub id: Text,
    pub zone: usize,
    pub release: Release,
    pub state: UnitState,
    pub launched: i64,
    /// When its present release began to serve.
    pub serving_since: i64,
    /// Ticks of its restarts, newest last.
    pub restarts: Vec<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitState {
    Booting { until: i64 },
    InService,
    Deploying { until: i64 },
    Ill { until: i64 },
    Draining { until: i64 },
}

#[derive(Clone, Debug)]
pub struct Activity {
    pub tick: i64,
    pub what: Text,
    pub cause: Text,
}

/// Traffic led away from a zone, until it is called back or its time is over.
#[derive(Clone, Debug)]
pub struct ZoneShift {
    pub id: Text,
    pub zone: usize,
    pub began: i64,
    pub until: i64,
    pub comment: Text,
}

/// Requests since the beginning. In always equals served plus failed plus the backlog.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub arrived: u64,
    pub served: u64,
    pub failed: u64,
}

/// What happened since the minute began.
#[derive(Clone, Copy, Debug, Default)]
pub struct Minute {
    pub arrived: u64,
    /// Failed by units.
    pub failed: u64,
    /// Turned away for want of units.
    pub rejected: u64,
    pub cpu: Mean,
    pub p50: Mean,
    pub p99: f64,
    pub most_ill: u32,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Mean {
    sum: f64,
    count: u32,
}

impl Mean {
    pub fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1;
    }

    /// Not a number when nothing was added: a gap.
    pub fn value(self) -> f64 {
        if self.count == 0 { f64::NAN } else { self.sum / f64::from(self.count) }
    }
}

/// What a fleet made of one tick's requests.
#[derive(Clone, Copy, Debug, Default)]
pub struct Served {
    pub ok: u64,
    /// Share that failed or was turned away.
    pub failing: f64,
}

/// The state of what a fleet depends on.
#[derive(Clone, Copy, Debug)]
pub struct Below {
    /// Share of requests that fail because of it.
    pub failing: f64,
    /// Seconds it adds, and adds to the slowest hundredth.
    pub latency: (f64, f64),
}

impl Fleet {
    pub fn new(plan: Plan, min: u32, desired: u32, max: u32, release: Release, seed: Noise, tick: i64) -> Self {
        let noise = seed.of(plan.name.as_str());
        let mut fleet = Self {
            plan,
            min,
            desired,
            max,
            units: Vec::new(),
            release,
            rollouts: Vec::new(),
            suspended: Vec::new(),
            activities: VecDeque::new(),
            backlog: 0,
            total: Tally::default(),
            minute: Minute::default(),
            cpu: 0.0,
            short_since: None,
            shift: None,
            impaired: None,
            withdrawn: None,
            launched: 0,
            last_scale_out: i64::MIN / 2,
            last_scale_in: i64::MIN / 2,
            failed: Carry::default(),
            noise,
        };
        for _ in 0..desired {
            // Running for days already.
            let age = 8_640 * (2 + (fleet.noise.bits(-fleet.launched) % 9) as i64);
            fleet.launch(tick - age);
            if let Some(unit) = fleet.units.last_mut() {
                unit.state = UnitState::InService;
                unit.serving_since = tick - age;
            }
        }
        fleet
    }

    /// An Auto Scaling group; a service otherwise.
    pub fn is_group(&self) -> bool {
        matches!(self.plan.name.as_str(), "web" | "web-dr" | "workers" | WORKERS)
    }

    fn is_suspended(&self, process: &str) -> bool {
        self.suspended.iter().any(|one| one == process)
    }

    pub fn in_service(&self) -> impl Iterator<Item = &Unit> {
        self.units.iter().filter(|unit| unit.state == UnitState::InService)
    }

    pub fn ill(&self) -> u32 {
        self.units.iter().filter(|unit| matches!(unit.state, UnitState::Ill { .. })).count() as u32
    }

    /// Takes in a tick's requests and answers what it can.
    pub fn serve(&mut self, tick: i64, arrived: u64, below: Below) -> Served {
        let (mut per_tick, mut erring) = (0.0, 0.0);
        for unit in self.in_service() {
            let capacity = self.plan.capacity / unit.release.work * TICK as f64 * self.part_of(unit.zone, tick);
            per_tick += capacity;
            erring += capacity * self.failing_of(unit);
        }
        let offered = self.backlog + arrived;
        let capacity = per_tick as u64;
        let processed = offered.min(capacity);
        // A queue of two seconds' work in front of the units; the rest is turned away.
        self.backlog = (offered - processed).min(capacity / 5);
        let rejected = offered - processed - self.backlog;
        let erring = if per_tick > 0.0 { erring / per_tick } else { 0.0 };
        let failing = 1.0 - (1.0 - erring) * (1.0 - below.failing);
        let failed = self.failed.take(processed as f64 * failing).min(processed);

        self.total.arrived += arrived;
        self.total.served += processed - failed;
        self.total.failed += failed + rejected;
        self.minute.arrived += arrived;
        self.minute.failed += failed;
        self.minute.rejected += rejected;
        self.minute.most_ill = self.minute.most_ill.max(self.ill());
        self.measure(tick, offered as f64, per_tick, below);
        Served { ok: processed - failed, failing: (failed + rejected) as f64 / offered.max(1) as f64 }
    }

    /// Share of its requests that a unit fails by itself.
    fn failing_of(&self, unit: &Unit) -> f64 {
        let zone = self.impaired.filter(|(zone, _)| *zone == unit.zone).map_or(0.0, |(_, share)| share);
        let outside = self.withdrawn.as_ref().filter(|it| it.but != unit.release.version).map_or(0.0, |it| it.errors);
        unit.release.errors.max(zone).max(outside)
    }

    /// How much of what it could take a zone is sent, from all to nothing.
    fn part_of(&self, zone: usize, tick: i64) -> f64 {
        match &self.shift {
            Some(shift) if shift.zone == zone => (1.0 - (tick - shift.began) as f64 / DRAINING as f64).clamp(0.0, 1.0),
            _ => 1.0,
        }
    }

    /// For a fleet that takes its work from a queue: how much of its capacity it used.
    pub fn work(&mut self, tick: i64, used: f64) {
        self.cpu = (6.0 + 88.0 * used + self.noise.smooth(tick, 7) * 1.5).clamp(0.0, 100.0);
        self.minute.cpu.add(self.cpu);
    }

    fn measure(&mut self, tick: i64, offered: f64, capacity: f64, below: Below) {
        if capacity <= 0.0 {
            self.cpu = 0.0;
            return;
        }
        let used = offered / capacity;
        let wobble = self.noise.smooth(tick, 7) * 1.5;
        self.cpu = (6.0 + 90.0 * used.min(1.0) + wobble).clamp(0.0, 100.0);
        let strain = strain(used);
        let waiting = self.backlog as f64 / capacity * TICK as f64;
        let (base, slow) = self.plan.base_latency;
        self.minute.cpu.add(self.cpu);
        self.minute.p50.add(base * strain + waiting * 0.5 + below.latency.0);
        let p99 = slow * strain * strain + waiting + below.latency.1;
        self.minute.p99 = self.minute.p99.max(p99 * (1.0 + self.noise.smooth(tick, 5) * 0.06));
    }

    /// Moves boots, drains, illnesses and the rollout on by one tick.
    pub fn advance(&mut self, tick: i64) {
        if self.shift.as_ref().is_some_and(|shift| tick >= shift.until) {
            self.shift = None;
        }
        for position in 0..self.units.len() {
            self.advance_unit(position, tick);
        }
        self.units.retain(|unit| !matches!(unit.state, UnitState::Draining { until } if tick >= until));
        self.advance_rollout(tick);
        let short = (self.in_service().count() as u32) < self.desired;
        self.short_since = if short { self.short_since.or(Some(tick)) } else { None };
    }

    fn advance_unit(&mut self, position: usize, tick: i64) {
        let noise = self.noise;
        let unit = &mut self.units[position];
        match unit.state {
            // It is tried once a minute, for as long as nobody stops it.
            UnitState::Booting { until: NEVER } if (tick - unit.serving_since) % 6 == 5 => {
                unit.restarts.push(tick);
                unit.restarts.retain(|restart| tick - restart <= 60);
            }
            UnitState::Booting { until } | UnitState::Deploying { until } if tick >= until => {
                unit.state = UnitState::InService;
                unit.serving_since = tick;
            }
            UnitState::Ill { until } if tick >= until => {
                unit.state = UnitState::InService;
                unit.serving_since = tick;
                unit.restarts.push(tick);
                unit.restarts.retain(|restart| tick - restart <= 60);
            }
            UnitState::InService => {
                let Some(after) = unit.release.ill_after else { return };
                // No two fall ill in the same breath.
                let spread = 0.75 + 0.5 * noise.of(unit.id.as_str()).unit(unit.serving_since);
                if (tick - unit.serving_since) as f64 >= after as f64 * spread {
                    unit.state = UnitState::Ill { until: tick + ILLNESS };
                }
            }
            _ => {}
        }
    }

    /// What target tracking does at the end of a minute, given its two alarms.
    pub fn track_target(&mut self, tick: i64, high_alarm: bool, low_alarm: bool, cpu: f64) {
        if self.is_suspended("AlarmNotification") {
            return;
        }
        if high_alarm && tick - self.last_scale_out >= 12 {
            let serving = self.in_service().count() as f64;
            let wanted = (serving * cpu / self.plan.target_cpu).ceil() as u32;
            let wanted = wanted.max(self.desired + 1).min(self.max);
            if wanted > self.desired {
                self.last_scale_out = tick;
                let cause = format!("TargetTracking-{}-AlarmHigh in ALARM: cpu {cpu:.0} %", self.plan.name);
                self.set_desired(tick, wanted, &cause);
            }
        } else if low_alarm
            && tick - self.last_scale_in >= 30
            && tick - self.last_scale_out >= 60
            && self.desired > self.min
        {
            self.last_scale_in = tick;
            let cause = format!("TargetTracking-{}-AlarmLow in ALARM: cpu {cpu:.0} %", self.plan.name);
            self.set_desired(tick, self.desired - 1, &cause);
        }
    }

    /// Changes the desired capacity: launches or drains the difference.
    pub fn set_desired(&mut self, tick: i64, desired: u32, cause: &str) {
        let from = self.desired;
        self.desired = desired;
        if desired == from {
            return;
        }
        self.activities.push_front(Activity {
            tick,
            what: format!("{} {from} → {desired}", self.plan.name).into(),
            cause: cause.into(),
        });
        self.activities.truncate(ACTIVITIES);
        self.settle(tick);
    }

    /// Launches or drains what is between the units there are and the desired capacity, unless that is suspended.
    pub fn settle(&mut self, tick: i64) {
        let desired = self.desired;
        let staying = self.units.iter().filter(|unit| !matches!(unit.state, UnitState::Draining { .. })).count();
        if !self.is_suspended("Launch") {
            for _ in staying..desired as usize {
                self.launch(tick);
            }
        }
        let surplus = staying.saturating_sub(desired as usize);
        let mut surplus = if self.is_suspended("Terminate") { 0 } else { surplus };
        for unit in self.units.iter_mut().rev() {
            if surplus == 0 {
                break;
            }
            if !matches!(unit.state, UnitState::Draining { .. }) {
                unit.state = UnitState::Draining { until: tick + SHORT_BREAK };
                surplus -= 1;
            }
        }
    }

    fn launch(&mut self, tick: i64) {
        self.launched += 1;
        let id = self.noise.of("unit").hex(self.launched, 17);
        self.units.push(Unit {
            id: id.into(),
            zone: self.units.len() % 3,
            release: self.release.clone(),
            state: UnitState::Booting {
                until: if self.release.never_starts.is_some() { NEVER } else { tick + self.plan.boot },
            },
            launched: tick,
            serving_since: tick,
            restarts: Vec::new(),
        });
    }
}

/// How much slower work gets as utilisation nears one: gently at first, then steeply, as in any queue.
pub fn strain(used: f64) -> f64 {
    let used = used.clamp(0.0, 1.0);
    1.0 + 0.6 * used * used + 0.03 / (1.02 - used) - 0.03 / 1.02
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fleet() -> Fleet {
        let plan = Plan {
            name: "web".into(),
            site: Site::Prod,
            capacity: 50.0,
            boot: 9,
            base_latency: (0.06, 0.25),
            target_cpu: 60.0,
        };
        Fleet::new(plan, 2, 4, 8, Release::sound("v1"), Noise::new(1), 0)
    }

    fn run(fleet: &mut Fleet, ticks: std::ops::Range<i64>, per_tick: u64) {
        for tick in ticks {
            fleet.serve(tick, per_tick, Below { failing: 0.0, latency: (0.0, 0.0) });
            fleet.advance(tick);
        }
    }

    #[test]
    fn requests_are_served_failed_or_waiting_and_nothing_else() {
        let mut fleet = fleet();
        for (load, span) in [(1_000, 0..20), (5_000, 20..40), (0, 40..50)] {
            run(&mut fleet, span, load);
            let Tally { arrived, served, failed } = fleet.total;
            assert_eq!(arrived, served + failed + fleet.backlog);
        }
        assert!(fleet.total.failed > 0);
        assert_eq!(fleet.backlog, 0);
    }

    #[test]
    fn latency_and_cpu_follow_the_load() {
        let mut calm = fleet();
        run(&mut calm, 0..6, 800);
        let mut busy = fleet();
        run(&mut busy, 0..6, 1_960);
        assert!(busy.minute.cpu.value() > calm.minute.cpu.value() + 40.0);
        assert!(busy.minute.p99 > calm.minute.p99 * 3.0);
    }

    #[test]
    fn scaling_out_takes_the_time_of_a_boot() {
        let mut fleet = fleet();
        fleet.track_target(0, true, false, 90.0);
        assert_eq!(fleet.desired, 6);
        run(&mut fleet, 1..8, 0);
        assert_eq!(fleet.in_service().count(), 4);
        run(&mut fleet, 8..11, 0);
        assert_eq!(fleet.in_service().count(), 6);
        fleet.track_target(13, true, false, 90.0);
        assert_eq!(fleet.desired, 8, "never above its maximum");
        fleet.track_target(30, true, false, 90.0);
        assert_eq!(fleet.activities.len(), 2);
    }

    #[test]
    fn scaling_in_waits_and_drains() {
        let mut fleet = fleet();
        fleet.track_target(100, false, true, 10.0);
        fleet.track_target(110, false, true, 10.0);
        assert_eq!(fleet.desired, 3, "one step in five minutes");
        assert_eq!(fleet.in_service().count(), 3);
        run(&mut fleet, 101..105, 0);
        assert_eq!(fleet.units.len(), 3);
    }

    #[test]
    fn a_sound_release_rolls_out_in_batches() {
        let mut fleet = fleet();
        fleet.roll_out(Rollout::new(Release::sound("v2"), "v1", "maria", "better", 0), 0);
        run(&mut fleet, 0..5, 100);
        assert_eq!(fleet.units.iter().filter(|unit| unit.release.version == "v2").count(), 2);
        run(&mut fleet, 5..30, 100);
        assert!(fleet.rollouts[0].succeeded());
        assert!(fleet.units.iter().all(|unit| unit.release.version == "v2"));
    }

    #[test]
    fn a_sickening_release_fails_half_way_and_leaves_two_versions() {
        let mut fleet = fleet();
        let mut bad = Release::sound("v2");
        bad.ill_after = Some(4);
        fleet.roll_out(Rollout::new(bad, "v1", "maria", "worse", 0), 0);
        run(&mut fleet, 0..30, 100);
        let rollout = &fleet.rollouts[0];
        assert!(!rollout.is_running() && !rollout.succeeded());
        let on_new = fleet.units.iter().filter(|unit| unit.release.version == "v2").count();
        assert!((1..4).contains(&on_new), "{on_new} of 4");
    }
}
