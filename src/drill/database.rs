//! A MySQL primary with replicas: load becomes cpu, latency, connections and lag.

use crate::domain::text::Text;
use crate::drill::fleet::{Mean, TICK, strain};
use crate::drill::noise::Noise;
use crate::drill::simulation::TICKS_PER_MINUTE;

/// What the primary can do per second.
const WRITES: f64 = 1_500.0;
const READS: f64 = 900.0;
/// Writes per second a replica can replay; single-threaded appliers fall behind before the primary does.
const REPLAY: f64 = 1_150.0;
/// Connections each client unit holds when nothing waits.
const CONNECTIONS_PER_CLIENT: f64 = 12.0;
pub const MAX_CONNECTIONS: u32 = 1_200;
const TICKS_PER_DAY: i64 = 24 * 60 * TICKS_PER_MINUTE;
/// Bytes each write adds.
const BYTES_PER_WRITE: f64 = 900.0;

#[derive(Clone, Debug)]
pub struct Mysql {
    pub state: PrimaryState,
    pub multi_az: bool,
    pub cpu: f64,
    pub connections: f64,
    pub free_bytes: f64,
    usually_free: f64,
    pub replicas: Vec<Replica>,
    /// Tick of the newest event that a point-in-time restore could reach.
    pub restorable: i64,
    pub minute: Minute,
    noise: Noise,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrimaryState {
    Available,
    Failed {
        since: i64,
    },
    /// Being replaced; serves again at the tick.
    Recovering {
        since: i64,
        until: i64,
    },
}

#[derive(Clone, Debug)]
pub struct Replica {
    pub id: Text,
    /// In the second region.
    pub is_remote: bool,
    /// Seconds behind the primary; `None` while replication is broken.
    pub lag: Option<f64>,
    pub cpu: f64,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Minute {
    pub cpu: Mean,
    pub connections: f64,
    pub write_latency: Mean,
    pub read_latency: Mean,
}

/// What is asked of it in one tick, per second, and by how many client units.
#[derive(Clone, Copy, Debug, Default)]
pub struct Demand {
    pub reads: f64,
    pub writes: f64,
    pub clients: u32,
}

impl Mysql {
    pub fn new(seed: Noise, multi_az: bool, allocated: f64) -> Self {
        let replica = |id: &str, is_remote| Replica { id: id.into(), is_remote, lag: Some(0.4), cpu: 20.0 };
        Self {
            state: PrimaryState::Available,
            multi_az,
            cpu: 30.0,
            connections: 200.0,
            free_bytes: allocated * 0.58,
            usually_free: allocated * 0.58,
            replicas: vec![
                replica("orders-replica-1", false),
                replica("orders-replica-2", false),
                replica("orders-replica-dr", true),
            ],
            restorable: 0,
            minute: Minute::default(),
            noise: seed.of("mysql"),
        }
    }

    pub fn is_available(&self) -> bool {
        self.state == PrimaryState::Available
    }

    pub fn lose(&mut self, tick: i64) {
        self.state = PrimaryState::Failed { since: tick };
    }

    /// Begins to bring a primary back.
    pub fn restore(&mut self, tick: i64, until: i64) {
        self.state = PrimaryState::Recovering { since: tick, until };
    }

    /// One tick of work. `home_is_up` is false when the first region is lost.
    pub fn work(&mut self, tick: i64, demand: Demand, home_is_up: bool) {
        if let PrimaryState::Recovering { until, .. } = self.state
            && tick >= until
        {
            self.state = PrimaryState::Available;
        }
        let local: Vec<usize> = (0..self.replicas.len()).filter(|at| !self.replicas[*at].is_remote).collect();
        let serving = self.is_available() && home_is_up;
        let writes = if serving { demand.writes } else { 0.0 };
        let per_replica = demand.reads / local.len().max(1) as f64;
        let used = if serving { writes / WRITES } else { 0.0 };
        let wobble = self.noise.smooth(tick, 9);
        self.cpu = if serving { (7.0 + 90.0 * used.min(1.0) + wobble * 1.5).clamp(0.0, 100.0) } else { 0.0 };
        let pressed = (strain(used) - 1.0).min(3.0);
        self.connections = if serving {
            (f64::from(demand.clients) * CONNECTIONS_PER_CLIENT * (1.0 + pressed * 0.7)).min(f64::from(MAX_CONNECTIONS))
        } else {
            0.0
        };
        self.free_bytes = (self.free_bytes - writes * TICK as f64 * BYTES_PER_WRITE).max(0.0);
        // Every night what is older than a quarter of a year goes to the archive.
        if tick.rem_euclid(TICKS_PER_DAY) == 0 {
            self.free_bytes = self.free_bytes.max(self.usually_free);
        }
        // Transaction logs are shipped every five minutes.
        if serving && tick.rem_euclid(30) == 0 {
            self.restorable = tick;
        }
        for replica in &mut self.replicas {
            let noise = self.noise.of(replica.id.as_str());
            if !serving {
                replica.lag = None;
                replica.cpu = if replica.is_remote { 4.0 } else { 10.0 };
                continue;
            }
            let floor = if replica.is_remote { 1.1 } else { 0.3 } * (1.3 + noise.smooth(tick, 8));
            let behind = replica.lag.unwrap_or(floor);
            let change = (writes / REPLAY - 1.0) * TICK as f64;
            replica.lag = Some((behind + change).max(floor));
            let load = if replica.is_remote { 0.0 } else { per_replica / READS } + writes / WRITES * 0.35;
            replica.cpu = (5.0 + 90.0 * load.min(1.0) + noise.smooth(tick, 9) * 1.5).clamp(0.0, 100.0);
        }
        if serving {
            self.minute.cpu.add(self.cpu);
            self.minute.connections = self.minute.connections.max(self.connections);
            self.minute.write_latency.add(0.004 * strain(used));
            self.minute.read_latency.add(0.001_2 * self.strain_of_reads());
        }
    }

    /// Share of writes that fail, given what was last asked.
    pub fn failing_writes(&self, home_is_up: bool) -> f64 {
        if !self.is_available() || !home_is_up {
            return 1.0;
        }
        // Out of connections: new ones are refused.
        if self.connections >= f64::from(MAX_CONNECTIONS) { 0.3 } else { 0.0 }
    }

    /// Seconds a request waits for its queries, and the slowest hundredth.
    pub fn latency(&self) -> (f64, f64) {
        let strain = strain(self.cpu / 97.0).max(self.strain_of_reads());
        (0.012 * strain, 0.05 * strain * strain)
    }

    fn strain_of_reads(&self) -> f64 {
        self.replicas
            .iter()
            .filter(|replica| !replica.is_remote)
            .map(|replica| strain(replica.cpu / 97.0))
            .fold(1.0, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(mysql: &mut Mysql, ticks: std::ops::Range<i64>, writes: f64) {
        for tick in ticks {
            mysql.work(tick, Demand { reads: 300.0, writes, clients: 20 }, true);
        }
    }

    #[test]
    fn replicas_fall_behind_under_write_load_and_catch_up_after() {
        let mut mysql = Mysql::new(Noise::new(3), true, 5e11);
        run(&mut mysql, 0..60, 300.0);
        assert!(mysql.replicas[0].lag.unwrap() < 1.0);
        run(&mut mysql, 60..120, 1_300.0);
        let worst = mysql.replicas[0].lag.unwrap();
        assert!(worst > 20.0, "{worst}");
        run(&mut mysql, 120..240, 300.0);
        assert!(mysql.replicas[0].lag.unwrap() < 1.0);
    }

    #[test]
    fn without_a_primary_nothing_is_written_and_the_lag_is_unknown() {
        let mut mysql = Mysql::new(Noise::new(3), false, 5e11);
        run(&mut mysql, 0..10, 300.0);
        mysql.lose(10);
        run(&mut mysql, 10..20, 300.0);
        assert!((mysql.failing_writes(true) - 1.0).abs() < f64::EPSILON);
        assert_eq!(mysql.replicas[0].lag, None);
        assert!(mysql.restorable < 10);
        mysql.restore(20, 30);
        run(&mut mysql, 20..40, 300.0);
        assert!(mysql.is_available());
        assert!(mysql.failing_writes(true) < f64::EPSILON);
        assert!(mysql.replicas[0].lag.is_some());
    }
}
