//! The company, ticking.
//!
//! One step is ten simulated seconds. Within a step causes come before effects: visitors, then the fleets they pass
//! through, then the database and queues behind, then what starts, stops, rolls out and falls ill. At the end of each
//! minute the gauges are published, the alarms judge them, and the scaling policies act on their triggers.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

use crate::domain::alarm::AlarmState;
use crate::domain::metric::Measure;
use crate::domain::tags::Tag;
use crate::domain::text::Text;
use crate::drill::act::Mishap;
use crate::drill::alarms::Alarms;
use crate::drill::company::{Site, usual_load};
use crate::drill::database::{Demand, Mysql, Side};
use crate::drill::delivery::{Closed, Run, planned_runs};
use crate::drill::dev::Dev;
use crate::drill::fleet::{Below, Fleet, Plan, TICK};
use crate::drill::function::Function;
use crate::drill::gauges::Gauges;
use crate::drill::noise::{Carry, Noise};
use crate::drill::past::{Cause, Service, Snapshot, Toll};
use crate::drill::queue::Queue;
use crate::drill::redis::Redis;
use crate::drill::rollout::{Release, Rollout};
use crate::drill::scenario::{Deploy, Fault, Flaw, Scenario, Surge};
use crate::world::act::Step;

/// Ticks lived before the scenario begins, so that graphs, alarms and averages have a past: 75 minutes.
const PAST: i64 = 450;
/// From a health check turned upside down to the last visitor who is led elsewhere: the check is noticed within half a
/// minute, and names are remembered for one.
const NAMES_LAST: i64 = 9;
pub const TICKS_PER_MINUTE: i64 = 6;
/// Bytes the orders database may grow to on its disk.
pub const ORDERS_BYTES: u64 = 500 * 1_073_741_824;

/// Share of visits that look at the catalogue, and that reach the checkout.
const LOOKING: f64 = 0.70;
const BUYING: f64 = 0.12;
/// Share of visits that upload a picture.
const UPLOADING: f64 = 0.02;

#[derive(Debug)]
pub struct Simulation {
    pub scenario: Scenario,
    pub noise: Noise,
    /// Ticks lived; the next step is this one. Negative before the scenario begins.
    pub tick: i64,
    pub(super) next_event: usize,
    pub web: Fleet,
    pub web_dr: Fleet,
    pub workers: Fleet,
    pub catalog: Fleet,
    pub checkout: Fleet,
    pub orders_worker: Fleet,
    pub mysql: Mysql,
    pub redis: Redis,
    pub orders: Queue,
    pub emails: Queue,
    pub thumbnails: Queue,
    pub dev: Dev,
    /// What operators have tagged things with, by id or ARN.
    pub tags: BTreeMap<Text, Vec<Tag>>,
    pub runs: Vec<Run>,
    /// Stages that let nothing in, and the rollouts that wait before them.
    pub closed: Vec<Closed>,
    pub held: Vec<Deploy>,
    pub functions: Vec<Function>,
    pub gauges: Gauges,
    pub alarms: Alarms,
    /// Since when the first region is lost, and when the second takes over.
    pub home_lost: Option<i64>,
    pub second_serves: Option<i64>,
    /// When the first serves again, if it was switched back.
    pub(super) home_serves: Option<i64>,
    /// Faults of our own view, with the ticks they begin and end at.
    pub faults: Vec<(Fault, i64, i64)>,
    pub(super) surges: Vec<(Surge, i64)>,
    /// Poisoned messages a minute.
    pub(super) poison: f64,
    pub visitors: f64,
    /// The last hour and a little more, minute by minute, newest last.
    pub past: VecDeque<Snapshot>,
    failing: Failing,
    carries: Carries,
    /// What the next calls of operators meet with.
    pub mishaps: VecDeque<Mishap>,
    /// The calls of operators that were taken, and when.
    pub taken: Vec<(i64, Site, Step)>,
    pub broke_at: Option<i64>,
    pub mended_at: Option<i64>,
    pub(super) holding_since: Option<i64>,
    pub toll: Toll,
}

/// Minutes of [`Snapshot`]s kept.
const PAST_MINUTES: usize = 66;

/// What failed in the tick before, as its callers feel it now.
#[derive(Debug, Default)]
struct Failing {
    catalog: f64,
    checkout: f64,
}

#[derive(Debug, Default)]
struct Carries {
    visits: Carry,
    looking: Carry,
    buying: Carry,
    uploading: Carry,
    poison: Carry,
}

impl Simulation {
    /// A company with a past, standing at the first moment of the scenario, or at `now` where that is before it.
    pub fn new(scenario: Scenario, seed: u64, now: Timestamp) -> Self {
        let noise = Noise::new(seed);
        let tick = -PAST;
        let load = usual_load(scenario.start - SignedDuration::from_secs(PAST * TICK));
        let fleet = |plan: Plan, share: f64, min: u32, max: u32, version: &str| {
            let desired = ((load * share / (plan.capacity * 0.55)).ceil() as u32).clamp(min, max);
            Fleet::new(plan, min, desired, max, Release::sound(version), noise, tick)
        };
        let plan = |name: &str, site, capacity, boot, base_latency, target_cpu| Plan {
            name: name.into(),
            site,
            capacity,
            boot,
            base_latency,
            target_cpu,
        };
        let mut web = fleet(plan("web", Site::Prod, 75.0, 12, (0.045, 0.19), 65.0), 1.0, 4, 12, "v418");
        let web_dr = fleet(plan("web-dr", Site::Standby, 75.0, 12, (0.055, 0.22), 65.0), 0.0, 0, 12, "v418");
        let mut catalog = fleet(plan("catalog", Site::Prod, 40.0, 4, (0.018, 0.08), 65.0), LOOKING, 4, 16, "v87");
        let mut checkout = fleet(plan("checkout", Site::Prod, 8.0, 4, (0.06, 0.24), 65.0), BUYING, 3, 14, "v203");
        let mut orders_worker =
            fleet(plan("orders-worker", Site::Prod, 14.0, 4, (0.02, 0.09), 70.0), BUYING, 2, 8, "v203");
        let workers = fleet(plan("workers", Site::Prod, 2.0, 15, (0.3, 0.9), 70.0), UPLOADING, 2, 10, "v31");

        const HOUR: i64 = 360;
        let past = |from: &str, to: &str, by: &str, message: &str, hours: i64, ticks: i64, total: usize| {
            Rollout::past(to, from, by, message, -hours * HOUR, ticks, total as u32)
        };
        let units = web.units.len();
        web.rollouts.push(past("v416", "v417", "oskar", "smaller product images", 54, 26, units));
        web.rollouts.push(past("v417", "v418", "lena", "remember the last search", 5, 27, units));
        catalog.rollouts.push(past("v86", "v87", "jun", "filter by size", 50, 14, catalog.units.len()));
        catalog.rollouts.insert(0, past("v85", "v86", "jun", "fix sorting", 120, 15, catalog.units.len()));
        checkout.rollouts.push(past("v201", "v202", "maria", "new tax table", 170, 12, checkout.units.len()));
        checkout.rollouts.push(past("v202", "v203", "oskar", "retry the payment once", 76, 12, checkout.units.len()));
        orders_worker.rollouts.push(past("v201", "v202", "maria", "new tax table", 169, 9, orders_worker.units.len()));
        orders_worker.rollouts.push(past(
            "v202",
            "v203",
            "oskar",
            "retry the payment once",
            75,
            9,
            orders_worker.units.len(),
        ));

        let fleets: Vec<(Text, Measure, f64)> = [&web, &workers]
            .iter()
            .map(|fleet| (fleet.plan.name.clone(), Measure::AsgCpu, fleet.plan.target_cpu))
            .chain(
                [&catalog, &checkout, &orders_worker]
                    .iter()
                    .map(|fleet| (fleet.plan.name.clone(), Measure::EcsCpu, fleet.plan.target_cpu)),
            )
            .collect();
        let single_zone = scenario.flaws.contains(&Flaw::SingleZoneDatabase);
        let mut simulation = Self {
            mysql: Mysql::new(noise, !single_zone, ORDERS_BYTES as f64),
            redis: Redis::new(noise),
            orders: Queue::new("orders", 3),
            emails: Queue::new("emails", 5),
            thumbnails: Queue::new("thumbnails", 4),
            dev: Dev::new(noise, tick, scenario.start - SignedDuration::from_secs(PAST * TICK)),
            tags: BTreeMap::new(),
            runs: planned_runs(&scenario, noise),
            closed: Vec::new(),
            held: Vec::new(),
            functions: Function::all(),
            gauges: Gauges::default(),
            alarms: Alarms::new(&fleets),
            scenario,
            noise,
            tick,
            next_event: 0,
            web,
            web_dr,
            workers,
            catalog,
            checkout,
            orders_worker,
            home_lost: None,
            second_serves: None,
            home_serves: None,
            faults: Vec::new(),
            surges: Vec::new(),
            poison: 0.0,
            visitors: load,
            past: VecDeque::with_capacity(PAST_MINUTES),
            failing: Failing::default(),
            carries: Carries::default(),
            mishaps: VecDeque::new(),
            taken: Vec::new(),
            broke_at: None,
            mended_at: None,
            holding_since: None,
            toll: Toll::default(),
        };
        simulation.advance_to(simulation.scenario.start.min(now));
        simulation
    }

    /// The moment a tick begins.
    pub fn at(&self, tick: i64) -> Timestamp {
        self.scenario.start + SignedDuration::from_secs(tick * TICK)
    }

    /// Now, to the last whole tick.
    pub fn now(&self) -> Timestamp {
        self.at(self.tick)
    }

    /// The newest minute whose gauges are complete.
    pub fn minute(&self) -> i64 {
        self.tick.div_euclid(TICKS_PER_MINUTE) - 1
    }

    /// Lives up to a moment. Going back is not possible and does nothing.
    pub fn advance_to(&mut self, at: Timestamp) {
        let target = at.duration_since(self.scenario.start).as_secs().div_euclid(TICK);
        while self.tick < target {
            self.step();
        }
    }

    fn step(&mut self) {
        let tick = self.tick;
        self.happen(tick);
        self.serve(tick);
        for fleet in self.fleets_mut() {
            fleet.advance(tick);
        }
        self.dev.advance(tick);
        self.heal(tick);
        self.tick += 1;
        if self.tick.rem_euclid(TICKS_PER_MINUTE) == 0 {
            self.end_minute(tick);
        }
    }

    /// One tick of business, front to back.
    fn serve(&mut self, tick: i64) {
        let home_up = self.home_lost.is_none();
        let side = self.side(tick);
        let second_up = side.is_second;
        self.visitors = usual_load(self.at(tick))
            * self.surge(tick)
            * (1.0
                + 0.035 * self.noise.of("visitors").smooth(tick, 18)
                + 0.015 * self.noise.of("gusts").smooth(tick, 3));
        let visits = self.carries.visits.take(self.visitors * TICK as f64);
        let writes_fail = self.mysql.failing_writes(tick, side);
        let latency = self.mysql.latency(tick, side);
        // In the second region the shop does not open on a database it cannot write to.
        let is_closed = second_up && !self.mysql.can_write(tick, side);
        let failing = 1.0 - (1.0 - LOOKING * self.failing.catalog) * (1.0 - BUYING * self.failing.checkout);
        let below = Below { failing: if is_closed { 1.0 } else { failing }, latency };
        let front = if second_up {
            if home_up {
                // What was accepted is still answered.
                self.web.serve(tick, 0, below);
            }
            self.web_dr.serve(tick, visits, below)
        } else if home_up {
            self.web.serve(tick, visits, below)
        } else {
            // Nobody answers; the visits never reach anything that could count them but the canary.
            self.web.serve(tick, 0, below)
        };
        if self.broke_at.is_some() && self.mended_at.is_none() {
            self.toll.visits += visits;
            self.toll.lost += visits.saturating_sub(front.ok);
        }
        let looking = self.carries.looking.take(front.ok as f64 * LOOKING);
        let buying = self.carries.buying.take(front.ok as f64 * BUYING);
        let uploading = self.carries.uploading.take(front.ok as f64 * UPLOADING);
        let catalog = self.catalog.serve(tick, looking, Below { failing: 0.0, latency });
        let checkout = self.checkout.serve(tick, buying, Below { failing: writes_fail, latency });
        self.failing = Failing { catalog: catalog.failing, checkout: checkout.failing };

        for queue in self.queues_mut() {
            queue.carry_moves(tick);
        }
        let poisoned = self.carries.poison.take(self.poison / 60.0 * TICK as f64);
        self.orders.send(tick, checkout.ok, poisoned);
        let stuck = if writes_fail >= 1.0 { 0.0 } else { 1.0 };
        let capacity = |fleet: &Fleet| fleet.in_service().count() as f64 * fleet.plan.capacity * TICK as f64;
        let (booked, used) = self.orders.consume(tick, capacity(&self.orders_worker) * stuck);
        self.orders_worker.work(tick, if stuck > 0.0 { used } else { 0.0 });
        self.emails.send(tick, booked, 0);
        self.emails.consume(tick, 2_000.0 * f64::from(u8::from(home_up)));
        self.thumbnails.send(tick, uploading, 0);
        let (_, used) = self.thumbnails.consume(tick, capacity(&self.workers) * f64::from(u8::from(home_up)));
        self.workers.work(tick, used);

        self.redis.work(tick, self.visitors / usual_load(self.at(tick)));
        let per_second = |number: u64| number as f64 / TICK as f64;
        let demand = Demand {
            reads: per_second(catalog.ok) * (0.6 + 12.0 * self.redis.misses()) + per_second(checkout.ok) * 6.0,
            writes: per_second(checkout.ok) * 5.0 + per_second(booked) * 4.0,
            clients: [&self.catalog, &self.checkout, &self.orders_worker]
                .iter()
                .map(|fleet| fleet.in_service().count() as u32)
                .sum(),
        };
        self.mysql.work(tick, demand, side);
    }

    /// From where the shop is served at a tick.
    pub fn side(&self, tick: i64) -> Side {
        let is_second =
            self.second_serves.is_some_and(|from| tick >= from) && self.home_serves.is_none_or(|from| tick < from);
        Side { is_second, home_is_up: self.home_lost.is_none() }
    }

    /// Turns the health check upside down that DNS answers by, or back.
    pub(super) fn switch(&mut self, tick: i64, to_second: bool) {
        if to_second && !self.side(tick).is_second {
            (self.second_serves, self.home_serves) = (Some(tick + NAMES_LAST), None);
        } else if !to_second && self.second_serves.is_some() {
            self.home_serves = Some(tick + NAMES_LAST);
        }
    }

    fn surge(&self, tick: i64) -> f64 {
        self.surges.iter().fold(1.0, |factor, (surge, from)| {
            let ramp = (surge.ramp.as_secs() / TICK).max(1) as f64;
            let hold = (surge.hold.as_secs() / TICK) as f64;
            let age = (tick - from) as f64;
            let height = (age / ramp).min((2.0 * ramp + hold - age) / ramp).clamp(0.0, 1.0);
            factor * (1.0 + (surge.factor - 1.0) * height)
        })
    }

    fn end_minute(&mut self, tick: i64) {
        let minute = tick.div_euclid(TICKS_PER_MINUTE);
        self.dev.keep_hours(self.tick, self.now());
        self.remember(minute);
        self.publish(minute);
        self.alarms.evaluate(&self.gauges, minute, self.scenario.start);
        let firing = |alarms: &Alarms, fleet: &Fleet, side: &str| {
            alarms.state(Site::Prod, &format!("TargetTracking-{}-Alarm{side}", fleet.plan.name))
                == Some(AlarmState::Alarm)
        };
        let alarms = &self.alarms;
        for fleet in [&mut self.web, &mut self.workers, &mut self.catalog, &mut self.checkout, &mut self.orders_worker]
        {
            let (high, low) = (firing(alarms, fleet, "High"), firing(alarms, fleet, "Low"));
            fleet.track_target(tick + 1, high, low, fleet.cpu);
        }
        self.judge_mended();
    }

    fn remember(&mut self, minute: i64) {
        let service = |fleet: &Fleet| Service {
            arrived: fleet.minute.arrived,
            failed: fleet.minute.failed + fleet.minute.rejected,
            p50: fleet.minute.p50.value(),
            p99: fleet.minute.p99,
        };
        let front = if self.side(self.tick).is_second { &self.web_dr } else { &self.web };
        let erring =
            front.in_service().find(|unit| unit.release.errors > 0.01).map(|unit| unit.release.version.clone());
        let outside = self.checkout.withdrawn.as_ref().filter(|_| self.failing.checkout > 0.01);
        let cause = if let Some(withdrawn) = outside {
            Some(Cause::Outside(withdrawn.answers.clone()))
        } else if self.failing.checkout > 0.5 {
            Some(Cause::Database)
        } else if let Some(version) = erring {
            Some(Cause::Release(version))
        } else {
            (front.minute.rejected > 0 || self.checkout.minute.rejected > 0).then_some(Cause::Overload)
        };
        let snapshot = Snapshot {
            minute,
            web: service(front),
            catalog: service(&self.catalog),
            checkout: service(&self.checkout),
            booked: self.orders.minute.deleted,
            crashes: self.orders.minute.crashes,
            cause,
        };
        if self.past.len() == PAST_MINUTES {
            self.past.pop_front();
        }
        self.past.push_back(snapshot);
    }

    pub fn fleets(&self) -> [&Fleet; 6] {
        [&self.web, &self.web_dr, &self.workers, &self.catalog, &self.checkout, &self.orders_worker]
    }

    fn fleets_mut(&mut self) -> [&mut Fleet; 6] {
        [
            &mut self.web,
            &mut self.web_dr,
            &mut self.workers,
            &mut self.catalog,
            &mut self.checkout,
            &mut self.orders_worker,
        ]
    }

    pub(super) fn fleet_mut(&mut self, name: &str) -> Option<&mut Fleet> {
        let mut all = [
            &mut self.web,
            &mut self.web_dr,
            &mut self.workers,
            &mut self.catalog,
            &mut self.checkout,
            &mut self.orders_worker,
        ]
        .into_iter()
        .chain(self.dev.fleets_mut());
        all.find(|fleet| fleet.plan.name == *name)
    }

    /// Everything of one place that is made of equal units.
    pub(super) fn fleets_of(&mut self, site: Site) -> impl Iterator<Item = &mut Fleet> {
        let (dev, own) = (
            self.dev.fleets_mut(),
            [
                &mut self.web,
                &mut self.web_dr,
                &mut self.workers,
                &mut self.catalog,
                &mut self.checkout,
                &mut self.orders_worker,
            ],
        );
        own.into_iter().chain(dev).filter(move |fleet| fleet.plan.site == site)
    }

    pub(super) fn queue_mut(&mut self, name: &str) -> Option<&mut Queue> {
        self.queues_mut().into_iter().find(|queue| queue.name == *name)
    }

    pub(super) fn queues_mut(&mut self) -> [&mut Queue; 3] {
        [&mut self.orders, &mut self.emails, &mut self.thumbnails]
    }

    pub fn queues(&self) -> [&Queue; 3] {
        [&self.orders, &self.emails, &self.thumbnails]
    }

    pub fn has(&self, flaw: Flaw) -> bool {
        self.scenario.flaws.contains(&flaw)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drill::scenario::SHIPPED;

    /// Lives through a scenario step by step, checking after each.
    fn live(name: &str, minutes: i64, check: impl Fn(&Simulation)) {
        let (_, text) = SHIPPED.iter().find(|(known, _)| *known == name).unwrap();
        let scenario = Scenario::parse(name, text).unwrap();
        let start = scenario.start;
        let mut simulation = Simulation::new(scenario, 3, start);
        for tick in 0..minutes * TICKS_PER_MINUTE {
            simulation.advance_to(simulation.at(tick));
            check(&simulation);
        }
    }

    #[test]
    fn no_request_is_lost() {
        for (name, _) in SHIPPED {
            live(name, 30, |simulation| {
                for fleet in simulation.fleets() {
                    let total = fleet.total;
                    assert_eq!(
                        total.arrived,
                        total.served + total.failed + fleet.backlog,
                        "{name}, {} at tick {}",
                        fleet.plan.name,
                        simulation.tick
                    );
                }
            });
        }
    }

    #[test]
    fn no_message_is_lost() {
        for (name, _) in SHIPPED {
            live(name, 30, |simulation| {
                for queue in simulation.queues() {
                    let total = queue.total;
                    assert_eq!(
                        total.sent,
                        total.deleted + total.dead + queue.visible() + queue.in_flight(),
                        "{name}, {} at tick {}",
                        queue.name,
                        simulation.tick
                    );
                }
            });
        }
    }

    #[test]
    fn every_order_is_a_checkout_that_succeeded() {
        live("traffic-surge", 20, |simulation| {
            assert_eq!(simulation.orders.total.sent, simulation.checkout.total.served);
        });
    }

    #[test]
    fn the_incident_is_plain_within_ten_minutes() {
        for (name, _) in SHIPPED.iter().filter(|(name, _)| *name != "calm") {
            live(name, 11, |simulation| {
                if simulation.tick >= 10 * TICKS_PER_MINUTE {
                    assert!(simulation.conditions().iter().any(|(_, holds)| !holds), "{name}");
                }
            });
        }
    }
}
