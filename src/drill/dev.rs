//! The developers' account: a few machines with office hours, and what somebody starts beside them.

use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;

use crate::domain::money::Usd;
use crate::domain::text::Text;
use crate::drill::noise::Noise;
use crate::drill::scenario::Launch;

#[derive(Clone, Debug)]
pub struct Dev {
    pub machines: Vec<Machine>,
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
    pub running: bool,
    /// `None`: before the drill.
    pub launched: Option<i64>,
}

pub const OFFICE_HOURS: &str = "office-hours";
pub const ALWAYS_ON: &str = "always-on";

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

impl Dev {
    pub fn new(seed: Noise, start: Timestamp) -> Self {
        let noise = seed.of("dev");
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
                running: *schedule == ALWAYS_ON,
                launched: None,
            })
            .collect();
        let mut dev = Self { machines, noise };
        dev.keep_hours(start);
        dev
    }

    /// The schedules at work: office machines come up and go down with the hours. Two of them are nobody's turn.
    pub fn keep_hours(&mut self, at: Timestamp) {
        let office = is_office_time(at);
        for (position, machine) in self.machines.iter_mut().enumerate() {
            if machine.schedule == Some(OFFICE_HOURS) {
                machine.running = office && position < 7;
            }
        }
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
                running: true,
                launched: Some(tick),
            });
        }
    }

    /// Stops what was launched without a schedule.
    pub fn stop_launched(&mut self) {
        for machine in self.machines.iter_mut().filter(|machine| machine.schedule.is_none()) {
            machine.running = false;
        }
    }

    pub fn per_day(&self) -> Usd {
        Usd::from_dollars(
            self.machines.iter().filter(|machine| machine.running).map(|machine| machine.per_hour * 24.0).sum(),
        )
    }
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
    use super::*;

    #[test]
    fn machines_follow_office_hours() {
        let of = |text: &str| Dev::new(Noise::new(1), text.parse().unwrap());
        let running = |dev: &Dev| dev.machines.iter().filter(|machine| machine.running).count();
        assert_eq!(running(&of("2026-03-10T14:00:00Z")), 7);
        assert_eq!(running(&of("2026-03-10T22:00:00Z")), 1);
        assert_eq!(running(&of("2026-03-14T10:00:00Z")), 1);
    }

    #[test]
    fn a_launch_costs_until_it_is_stopped() {
        let mut dev = Dev::new(Noise::new(1), "2026-03-14T08:00:00Z".parse().unwrap());
        let before = dev.per_day();
        dev.launch(12, &Launch { count: 32, kind: "c6i.8xlarge".into(), by: "loadtest".into() });
        assert!(dev.per_day().dollars() > 1_000.0);
        dev.stop_launched();
        assert_eq!(dev.per_day(), before);
    }
}
