//! The developers' account: a few machines, a group, some services and a database, most with office hours, and what
//! somebody starts beside them.

use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;

use crate::domain::money::Usd;
use crate::domain::text::Text;
use crate::drill::company::Site;
use crate::drill::fleet::{Fleet, Plan};
use crate::drill::noise::Noise;
use crate::drill::rollout::Release;
use crate::drill::scenario::Launch;

#[derive(Clone, Debug)]
pub struct Dev {
    pub machines: Vec<Machine>,
    /// An Auto Scaling group.
    pub workers: Fleet,
    /// Services of the cluster; the first is scaled by a policy, the last is on every machine.
    pub services: [Fleet; 3],
    /// The database.
    pub orders: Power,
    /// Whether it was office time when it was looked at last.
    was_office: bool,
    noise: Noise,
}

#[derive(Clone, Debug)]
pub struct Machine {
    pub id: Text,
    pub name: Text,
    pub kind: Text,
    pub per_hour: f64,
    /// The schedule it is tagged with.
    pub schedule: Option<&'static str>,
    pub owner: Text,
    pub power: Power,
    /// `None`: before the drill.
    pub launched: Option<i64>,
}

/// Whether something runs, and what it is on its way to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Power {
    On,
    Stopping { until: i64 },
    Off { since: i64 },
    Starting { until: i64 },
}

pub const OFFICE_HOURS: &str = "office-hours";
pub const ALWAYS_ON: &str = "always-on";
pub const WORKERS: &str = "dev-workers";
pub const CLUSTER: &str = "dev";
pub const ORDERS: &str = "dev-orders";
/// The daemon among the services.
pub const AGENT: &str = "log-router";

/// Name, kind, list price per hour in USD, schedule.
const MACHINES: &[(&str, &str, f64, &str)] = &[
    ("build-agent-1", "c6i.large", 0.0912, ALWAYS_ON),
    ("build-agent-2", "c6i.large", 0.0912, OFFICE_HOURS),
    ("dev-api", "t3.large", 0.0912, OFFICE_HOURS),
    ("dev-web", "t3.medium", 0.0456, OFFICE_HOURS),
    ("dev-db-tools", "t3.medium", 0.0456, OFFICE_HOURS),
    ("test-e2e-1", "m6i.large", 0.107, OFFICE_HOURS),
    ("test-e2e-2", "m6i.large", 0.107, OFFICE_HOURS),
    ("sandbox-jun", "t3.large", 0.0912, OFFICE_HOURS),
    ("sandbox-lena", "t3.large", 0.0912, OFFICE_HOURS),
];

/// What an instance of the group is, and the sizes of its office hours.
pub const WORKER_KIND: &str = "t3.medium";
const AT_WORK: (u32, u32, u32) = (1, 2, 4);
const AT_NIGHT: (u32, u32, u32) = (0, 0, 4);
/// A task of a quarter of a processor, and the database, in USD per hour.
const TASK_PER_HOUR: f64 = 0.0123;
const ORDERS_PER_HOUR: f64 = 0.073;
/// RDS starts what rests by itself after seven days, in ticks.
const LONGEST_REST: i64 = 7 * 24 * 360;

impl Power {
    pub fn is_on(self) -> bool {
        self == Self::On
    }

    /// Whether it is paid for.
    fn costs(self) -> bool {
        !matches!(self, Self::Off { .. })
    }

    fn settle(&mut self, tick: i64) {
        match *self {
            Self::Stopping { until } if tick >= until => *self = Self::Off { since: tick },
            Self::Starting { until } if tick >= until => *self = Self::On,
            _ => {}
        }
    }

    /// Begins to stop, if it runs.
    pub fn stop(&mut self, tick: i64, takes: i64) {
        if self.is_on() {
            *self = Self::Stopping { until: tick + takes };
        }
    }

    /// Begins to start, if it is off.
    pub fn start(&mut self, tick: i64, takes: i64) {
        if matches!(self, Self::Off { .. }) {
            *self = Self::Starting { until: tick + takes };
        }
    }
}

impl Machine {
    pub fn stop(&mut self, tick: i64, noise: Noise) {
        self.power.stop(tick, between(noise.of(self.id.as_str()), tick, 3, 6));
    }

    pub fn start(&mut self, tick: i64, noise: Noise) {
        self.power.start(tick, between(noise.of(self.id.as_str()), tick, 2, 4));
    }
}

impl Dev {
    /// At a tick, which is that moment.
    pub fn new(seed: Noise, tick: i64, at: Timestamp) -> Self {
        let noise = seed.of("dev");
        let was_office = is_office_time(at);
        let off = Power::Off { since: tick };
        let machines = MACHINES
            .iter()
            .enumerate()
            .map(|(position, (name, kind, per_hour, schedule))| Machine {
                id: format!("i-{}", noise.hex(position as i64, 17)).into(),
                name: (*name).into(),
                kind: (*kind).into(),
                per_hour: *per_hour,
                schedule: Some(schedule),
                owner: Text::default(),
                power: if *schedule == ALWAYS_ON || was_office && has_a_turn(position) { Power::On } else { off },
                launched: None,
            })
            .collect();
        let fleet = |name: &str, (min, desired, max), boot, version| {
            let plan = Plan {
                name: name.into(),
                site: Site::Dev,
                capacity: 10.0,
                boot,
                base_latency: (0.05, 0.2),
                target_cpu: 60.0,
            };
            Fleet::new(plan, min, desired, max, Release::sound(version), noise.of(name), tick)
        };
        Self {
            machines,
            workers: fleet(WORKERS, if was_office { AT_WORK } else { AT_NIGHT }, 12, "v12"),
            services: [
                fleet("preview", (1, 2, 4), 4, "v64"),
                fleet("mail-catcher", (0, 1, 4), 3, "v3"),
                fleet(AGENT, (0, 1, 4), 3, "v9"),
            ],
            orders: Power::On,
            was_office,
            noise,
        }
    }

    /// What starts and stops, moved on by one tick.
    pub fn advance(&mut self, tick: i64) {
        self.machines.iter_mut().for_each(|machine| machine.power.settle(tick));
        self.orders.settle(tick);
        if let Power::Off { since } = self.orders
            && tick - since >= LONGEST_REST
        {
            self.start_orders(tick);
        }
        for fleet in self.fleets_mut() {
            fleet.work(tick, 0.2);
            fleet.advance(tick);
        }
    }

    pub fn stop_orders(&mut self, tick: i64) {
        self.orders.stop(tick, between(self.noise.of(ORDERS), tick, 6, 12));
    }

    pub fn start_orders(&mut self, tick: i64) {
        self.orders.start(tick, between(self.noise.of(ORDERS), tick, 24, 42));
    }

    pub fn fleets(&self) -> impl Iterator<Item = &Fleet> {
        std::iter::once(&self.workers).chain(&self.services)
    }

    pub fn fleets_mut(&mut self) -> impl Iterator<Item = &mut Fleet> {
        std::iter::once(&mut self.workers).chain(&mut self.services)
    }

    /// The schedules at work: what keeps office hours comes up as they begin and goes down as they end, and is let alone in
    /// between, whoever stopped or started it. Two machines are nobody's turn.
    pub fn keep_hours(&mut self, tick: i64, at: Timestamp) {
        let office = is_office_time(at);
        if office == self.was_office {
            return;
        }
        self.was_office = office;
        let noise = self.noise;
        for (position, machine) in self.machines.iter_mut().enumerate() {
            if machine.schedule == Some(OFFICE_HOURS) && office && has_a_turn(position) {
                machine.start(tick, noise);
            } else if machine.schedule == Some(OFFICE_HOURS) && !office {
                machine.stop(tick, noise);
            }
        }
        let (min, desired, max) = if office { AT_WORK } else { AT_NIGHT };
        (self.workers.min, self.workers.max) = (min, max);
        self.workers.set_desired(tick, desired, "a scheduled action");
        if office { self.start_orders(tick) } else { self.stop_orders(tick) }
    }

    pub fn launch(&mut self, tick: i64, launch: &Launch) {
        for number in 0..launch.count {
            let serial = self.machines.len() as i64 + 1_000;
            self.machines.push(Machine {
                id: format!("i-{}", self.noise.hex(serial, 17)).into(),
                name: format!("{}-{}", launch.by, number + 1).into(),
                kind: launch.kind.clone(),
                per_hour: price(launch.kind.as_str()),
                schedule: None,
                owner: launch.by.clone(),
                power: Power::On,
                launched: Some(tick),
            });
        }
    }

    /// Stops what was launched without a schedule.
    pub fn stop_launched(&mut self, tick: i64) {
        let noise = self.noise;
        self.machines.iter_mut().filter(|machine| machine.schedule.is_none()).for_each(|it| it.stop(tick, noise));
    }

    /// By which its machines take their time.
    pub fn noise(&self) -> Noise {
        self.noise
    }

    pub fn per_day(&self) -> Usd {
        let machines = self.machines.iter().filter(|it| it.power.costs()).map(|it| it.per_hour).sum::<f64>();
        let workers = self.workers.units.len() as f64 * price(WORKER_KIND);
        let tasks = self.services.iter().map(|it| it.units.len()).sum::<usize>() as f64 * TASK_PER_HOUR;
        // Stopped it is billed for its storage only.
        let orders = if self.orders.costs() { ORDERS_PER_HOUR } else { 0.0 };
        Usd::from_dollars((machines + workers + tasks + orders) * 24.0)
    }
}

/// A number of ticks, of these and those in between.
fn between(noise: Noise, tick: i64, least: i64, most: i64) -> i64 {
    least + (noise.unit(tick) * (most - least + 1) as f64) as i64
}

fn has_a_turn(position: usize) -> bool {
    position < 7
}

/// Office hours: Monday to Friday, 06:00 to 18:00 UTC.
pub fn is_office_time(at: Timestamp) -> bool {
    let there = at.to_zoned(TimeZone::UTC);
    !matches!(there.weekday(), Weekday::Saturday | Weekday::Sunday) && (6..18).contains(&there.hour())
}

/// List price per hour in eu-west-1, USD, of the kinds the company uses.
pub fn price(kind: &str) -> f64 {
    match kind {
        "c6i.large" | "t3.large" => 0.0912,
        "c6i.xlarge" => 0.1824,
        "c6i.2xlarge" => 0.3648,
        "c6i.8xlarge" => 1.4592,
        "m6i.large" => 0.107,
        "t3.medium" => 0.0456,
        _ => 0.1,
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::drill::fleet::TICK;

    fn of(text: &str) -> Dev {
        Dev::new(Noise::new(1), 0, text.parse().unwrap())
    }

    fn running(dev: &Dev) -> usize {
        dev.machines.iter().filter(|machine| machine.power.is_on()).count()
    }

    /// Lives for so many ticks from its beginning at a moment.
    fn live(dev: &mut Dev, from: &str, ticks: std::ops::Range<i64>) {
        let start: Timestamp = from.parse().unwrap();
        for tick in ticks {
            dev.advance(tick);
            dev.keep_hours(tick, start + SignedDuration::from_secs(tick * TICK));
        }
    }

    #[test]
    fn machines_follow_office_hours() {
        assert_eq!(running(&of("2026-03-10T14:00:00Z")), 7);
        assert_eq!(running(&of("2026-03-10T22:00:00Z")), 1);
        assert_eq!(running(&of("2026-03-14T10:00:00Z")), 1);
        let mut dev = of("2026-03-10T17:59:00Z");
        live(&mut dev, "2026-03-10T17:59:00Z", 0..30);
        assert_eq!((running(&dev), dev.workers.desired, dev.orders.is_on()), (1, 0, false));
    }

    #[test]
    fn what_an_operator_stopped_rests_until_the_hours_begin_again() {
        let from = "2026-03-10T14:00:00Z";
        let mut dev = of(from);
        for machine in &mut dev.machines {
            machine.stop(0, Noise::new(1));
        }
        dev.stop_orders(0);
        live(&mut dev, from, 0..360);
        assert_eq!((running(&dev), dev.orders.is_on()), (0, false));
        // Sixteen hours on it is six in the morning.
        live(&mut dev, from, 360..16 * 360 + 60);
        assert_eq!((running(&dev), dev.orders.is_on()), (6, true));
    }

    #[test]
    fn a_database_does_not_rest_for_more_than_a_week() {
        // A week in which it is office time throughout, as far as it knows.
        let mut dev = of("2026-03-10T14:00:00Z");
        dev.stop_orders(0);
        (0..LONGEST_REST).for_each(|tick| dev.advance(tick));
        assert!(matches!(dev.orders, Power::Off { .. }));
        (LONGEST_REST..LONGEST_REST + 60).for_each(|tick| dev.advance(tick));
        assert_eq!(dev.orders, Power::On);
    }

    #[test]
    fn a_launch_costs_until_it_is_stopped() {
        let mut dev = of("2026-03-14T08:00:00Z");
        let before = dev.per_day();
        dev.launch(12, &Launch { count: 32, kind: "c6i.8xlarge".into(), by: "loadtest".into() });
        assert!(dev.per_day().dollars() > 1_000.0);
        dev.stop_launched(12);
        (12..20).for_each(|tick| dev.advance(tick));
        assert_eq!(dev.per_day(), before);
    }
}
