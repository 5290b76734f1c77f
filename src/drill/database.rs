//! The orders database: MySQL servers that are written to or follow one another. Load becomes cpu, latency, connections
//! and lag; what an operator asks for takes its time.

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
/// Replicas RDS allows a source.
const MOST_REPLICAS: usize = 15;
/// How long the API goes on naming the zones of before a failover, in ticks.
const OLD_ZONES: i64 = 18;
/// After a failover another is not begun for so long, in ticks.
const REST: i64 = 60;

#[derive(Clone, Debug)]
pub struct Mysql {
    /// The one the company began with is the first.
    pub servers: Vec<Server>,
    /// What happened to them, oldest first.
    pub notices: Vec<Notice>,
    /// Which of the servers in the first region the company's own name for the database leads to.
    writer: usize,
    pub free_bytes: f64,
    usually_free: f64,
    noise: Noise,
}

#[derive(Clone, Debug)]
pub struct Server {
    pub id: Text,
    /// In the second region.
    pub is_remote: bool,
    pub zone: usize,
    /// The zone of the standby, where there is one.
    pub standby: Option<usize>,
    /// Which server it follows; nothing for a primary.
    pub source: Option<Text>,
    pub state: State,
    /// Seconds behind its source; `None` while replication is broken.
    pub lag: Option<f64>,
    pub cpu: f64,
    pub connections: f64,
    /// Days its backups are kept; 0 for none.
    pub retention: u32,
    /// Tick of the newest event that a point-in-time restore could reach.
    pub restorable: Option<i64>,
    /// When it failed over to its standby last.
    failed_over: Option<i64>,
    pub minute: Minute,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Available,
    Failed,
    /// Being replaced; serves again at the tick.
    Recovering {
        until: i64,
    },
    /// Moving to its standby.
    FailingOver {
        until: i64,
    },
    /// Being made out of its source.
    Creating {
        until: i64,
    },
    /// Becoming a primary of its own; it restarts at the end of it.
    Promoting {
        restart: i64,
        until: i64,
        retention: u32,
    },
}

/// One line of what RDS tells of a server.
#[derive(Clone, Debug)]
pub struct Notice {
    pub tick: i64,
    pub server: Text,
    pub category: &'static str,
    pub message: &'static str,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Minute {
    pub cpu: Mean,
    pub connections: f64,
    pub write_latency: Mean,
    pub read_latency: Mean,
}

/// What is asked in one tick, per second, and by how many client units.
#[derive(Clone, Copy, Debug, Default)]
pub struct Demand {
    pub reads: f64,
    pub writes: f64,
    pub clients: u32,
}

/// Which region the company serves from, and whether the first is there at all.
#[derive(Clone, Copy, Debug)]
pub struct Side {
    pub is_second: bool,
    pub home_is_up: bool,
}

impl Server {
    fn primary(id: &str, standby: Option<usize>) -> Self {
        Self {
            id: id.into(),
            is_remote: false,
            zone: 0,
            standby,
            source: None,
            state: State::Available,
            lag: None,
            cpu: 30.0,
            connections: 200.0,
            retention: 14,
            restorable: Some(0),
            failed_over: None,
            minute: Minute::default(),
        }
    }

    fn replica(id: &Text, source: &Text, is_remote: bool, zone: usize) -> Self {
        Self {
            id: id.clone(),
            is_remote,
            zone,
            source: Some(source.clone()),
            lag: Some(0.4),
            cpu: 20.0,
            connections: 0.0,
            retention: 0,
            restorable: None,
            ..Self::primary("", None)
        }
    }

    /// Whether it answers its clients at this tick.
    pub fn serves(&self, tick: i64) -> bool {
        match self.state {
            State::Available => true,
            State::Promoting { restart, .. } => tick < restart,
            State::Failed | State::Recovering { .. } | State::FailingOver { .. } | State::Creating { .. } => false,
        }
    }

    pub fn is_primary(&self) -> bool {
        self.source.is_none()
    }

    /// The zone and the standby's, as the API names them: for a while those of before.
    pub fn shown_zones(&self, tick: i64) -> (usize, Option<usize>) {
        match (self.standby, self.failed_over) {
            (Some(standby), Some(at)) if tick < at + OLD_ZONES => (standby, Some(self.zone)),
            (standby, _) => (self.zone, standby),
        }
    }
}

impl Mysql {
    pub fn new(seed: Noise, multi_az: bool, allocated: f64) -> Self {
        let first = Server::primary("orders-primary", multi_az.then_some(1));
        let replica =
            |id: &str, is_remote, zone| Server::replica(&Text::new(id), &"orders-primary".into(), is_remote, zone);
        Self {
            servers: vec![
                first,
                replica("orders-replica-1", false, 1),
                replica("orders-replica-2", false, 2),
                replica("orders-replica-dr", true, 1),
            ],
            notices: Vec::new(),
            writer: 0,
            free_bytes: allocated * 0.58,
            usually_free: allocated * 0.58,
            noise: seed.of("mysql"),
        }
    }

    /// The server that takes the orders, if any does.
    fn active(&self, tick: i64, side: Side) -> Option<usize> {
        let takes = |server: &Server| server.is_primary() && server.serves(tick);
        if side.is_second {
            return self.servers.iter().position(|server| server.is_remote && takes(server));
        }
        Some(self.writer).filter(|at| side.home_is_up && self.servers.get(*at).is_some_and(takes))
    }

    /// Whether orders can be written.
    pub fn can_write(&self, tick: i64, side: Side) -> bool {
        self.active(tick, side).is_some()
    }

    /// The host of the primary dies.
    pub fn lose(&mut self, tick: i64) {
        let Some(server) = self.servers.get_mut(self.writer) else { return };
        server.state = State::Failed;
        let id = server.id.clone();
        let message = "the host of the DB instance has failed; there is no standby to fail over to";
        self.note(tick, &id, "failure", message);
    }

    /// Begins to bring it back.
    pub fn restore(&mut self, tick: i64, until: i64) {
        let Some(server) = self.servers.get_mut(self.writer) else { return };
        server.state = State::Recovering { until };
        let id = server.id.clone();
        self.note(tick, &id, "failover", "a new primary is being brought into service");
    }

    /// Fails over to the standby; not again so soon after the last time.
    pub fn fail_over(&mut self, tick: i64, id: &Text) -> Result<(), &'static str> {
        // A minute, or up to two.
        let takes = self.between("failover", tick, 6, 12);
        let server = self.servers.iter_mut().find(|server| server.id == *id).ok_or("DBInstance not found")?;
        if server.standby.is_none() {
            return Err("Cannot reboot with failover a DB instance that is not Multi-AZ");
        }
        if server.state != State::Available {
            return Err("Database instance is not in available state.");
        }
        if server.failed_over.is_some_and(|at| tick < at + REST) {
            let message = "Abandoning user requested failover since a failover recently occurred on the database \
                           instance.";
            self.note_next(tick, id, "failover", message);
            return Ok(());
        }
        server.state = State::FailingOver { until: tick + takes };
        self.note_next(tick, id, "failover", "Multi-AZ instance failover started.");
        Ok(())
    }

    /// Makes a replica a primary of its own, some minutes from now.
    pub fn promote(&mut self, tick: i64, id: &Text, retention: u32) -> Result<(), &'static str> {
        let until = tick + self.between("promotion", tick, 18, 30);
        self.promote_by(tick, until, id, retention)
    }

    /// The same, with the moment it is done.
    pub fn promote_by(&mut self, tick: i64, until: i64, id: &Text, retention: u32) -> Result<(), &'static str> {
        let server = self.servers.iter_mut().find(|server| server.id == *id).ok_or("DBInstance not found")?;
        if server.is_primary() {
            return Err("DB Instance is not a read replica");
        }
        if server.state != State::Available {
            return Err("Database instance is not in available state.");
        }
        server.state = State::Promoting { restart: until - 6, until, retention };
        self.note_next(tick, id, "read replica", "Replication streaming has been terminated.");
        Ok(())
    }

    /// Makes another replica, some minutes from now.
    pub fn add_replica(&mut self, tick: i64, source: &Text, id: &Text) -> Result<(), &'static str> {
        let takes = self.between("creation", tick, 36, 54);
        if self.servers.iter().any(|server| server.id == *id) {
            return Err("DB instance already exists");
        }
        let of = self.servers.iter().find(|server| server.id == *source).ok_or("DBInstance not found")?;
        if of.retention == 0 {
            return Err("Automated backups are not enabled for this database instance.");
        }
        if of.state != State::Available {
            return Err("Database instance is not in available state.");
        }
        if self.servers.iter().filter(|server| server.source.as_ref() == Some(source)).count() >= MOST_REPLICAS {
            return Err("The source DB instance has as many read replicas as it may have");
        }
        let mut server = Server::replica(id, source, of.is_remote, self.servers.len() % 3);
        (server.state, server.lag, server.cpu) = (State::Creating { until: tick + takes }, None, 0.0);
        self.servers.push(server);
        Ok(())
    }

    /// What was asked for begins with the next tick: nothing is told as from before it was asked.
    fn note_next(&mut self, tick: i64, server: &Text, category: &'static str, message: &'static str) {
        self.note(tick + 1, server, category, message);
    }

    /// A number of ticks, of these and those in between.
    fn between(&self, of: &str, tick: i64, least: i64, most: i64) -> i64 {
        least + (self.noise.of(of).unit(tick) * (most - least + 1) as f64) as i64
    }

    fn note(&mut self, tick: i64, server: &Text, category: &'static str, message: &'static str) {
        self.notices.push(Notice { tick, server: server.clone(), category, message });
    }

    /// Brings to its end what ends at this tick.
    fn settle(&mut self, tick: i64) {
        for at in 0..self.servers.len() {
            let Some(server) = self.servers.get_mut(at) else { continue };
            let id = server.id.clone();
            match server.state {
                State::Recovering { until } if tick >= until => server.state = State::Available,
                State::FailingOver { until } if tick >= until => {
                    server.state = State::Available;
                    server.failed_over = Some(tick);
                    if let Some(standby) = server.standby {
                        (server.zone, server.standby) = (standby, Some(server.zone));
                    }
                    self.note(tick, &id, "failover", "Multi-AZ instance failover completed.");
                }
                State::FailingOver { until } if tick == until - 1 => {
                    self.note(tick, &id, "availability", "DB instance restarted.");
                }
                State::Creating { until } if tick >= until => {
                    server.state = State::Available;
                    // It was copied from a snapshot, and has that long to catch up with.
                    server.lag = Some(50.0);
                    self.note(tick, &id, "creation", "DB instance created.");
                }
                State::Promoting { restart, .. } if tick == restart => {
                    self.note(tick, &id, "availability", "DB instance shutdown.");
                }
                State::Promoting { until, retention, .. } if tick >= until => {
                    (server.state, server.source, server.lag) = (State::Available, None, None);
                    server.retention = retention;
                    let is_remote = server.is_remote;
                    self.note(tick, &id, "availability", "DB instance restarted.");
                    // Where nobody takes the orders, the company's name for the database leads to who can.
                    let takes = |server: &Server| server.is_primary() && server.serves(tick);
                    if !is_remote && !self.servers.get(self.writer).is_some_and(takes) {
                        self.writer = at;
                    }
                }
                _ => {}
            }
        }
    }

    /// One tick of work.
    pub fn work(&mut self, tick: i64, demand: Demand, side: Side) {
        self.settle(tick);
        let active = self.active(tick, side);
        let writes = if active.is_some() { demand.writes } else { 0.0 };
        self.free_bytes = (self.free_bytes - writes * TICK as f64 * BYTES_PER_WRITE).max(0.0);
        // Every night what is older than a quarter of a year goes to the archive.
        if tick.rem_euclid(TICKS_PER_DAY) == 0 {
            self.free_bytes = self.free_bytes.max(self.usually_free);
        }
        let readers = (0..self.servers.len()).filter(|at| self.is_reader(*at, tick)).count();
        let reads = demand.reads / READS / readers.max(1) as f64;
        // Whom a replica can follow at this tick, and what is written there.
        let is_up = |server: &Server| server.serves(tick) && (server.is_remote || side.home_is_up);
        let servers = self.servers.iter().enumerate().filter(|(_, server)| is_up(server));
        let sources: Vec<(Text, f64)> =
            servers.map(|(at, server)| (server.id.clone(), if active == Some(at) { writes } else { 0.0 })).collect();
        for at in 0..self.servers.len() {
            // In the second region there is nobody else to read from.
            let reads = if self.is_reader(at, tick) || readers == 0 || side.is_second { reads } else { 0.0 };
            let noise = self.noise;
            let Some(server) = self.servers.get_mut(at) else { continue };
            if server.is_primary() {
                let own = if at == 0 { noise } else { noise.of(server.id.as_str()) };
                let load = if active == Some(at) { Some(writes / WRITES + reads) } else { None };
                server.lead(is_up(server), load, demand.clients, own.smooth(tick, 9));
            } else {
                let written = sources.iter().find(|(id, _)| server.source.as_ref() == Some(id));
                let written = written.filter(|_| server.state == State::Available).map(|(_, writes)| *writes);
                server.follow(tick, written, reads, noise.of(server.id.as_str()));
            }
        }
        let strain_of_reads = self.strain_of_reads(tick);
        for server in self.servers.iter_mut().filter(|server| server.is_primary() && is_up(server)) {
            server.minute.read_latency.add(0.001_2 * strain_of_reads);
            // Transaction logs are shipped every five minutes.
            if server.retention > 0 && tick.rem_euclid(30) == 0 {
                server.restorable = Some(tick);
            }
        }
    }

    /// Whether the applications of the first region read from it.
    fn is_reader(&self, at: usize, tick: i64) -> bool {
        self.servers
            .get(at)
            .is_some_and(|server| at != self.writer && at > 0 && !server.is_remote && server.serves(tick))
    }

    /// Share of writes that fail, given what was last asked.
    pub fn failing_writes(&self, tick: i64, side: Side) -> f64 {
        let Some(server) = self.active(tick, side).and_then(|at| self.servers.get(at)) else { return 1.0 };
        // Out of connections: new ones are refused.
        if server.connections >= f64::from(MAX_CONNECTIONS) { 0.3 } else { 0.0 }
    }

    /// Seconds a request waits for its queries, and the slowest hundredth.
    pub fn latency(&self, tick: i64, side: Side) -> (f64, f64) {
        let cpu = self.active(tick, side).and_then(|at| self.servers.get(at)).map_or(0.0, |server| server.cpu);
        let strain = strain(cpu / 97.0).max(self.strain_of_reads(tick));
        (0.012 * strain, 0.05 * strain * strain)
    }

    fn strain_of_reads(&self, tick: i64) -> f64 {
        let readers = self.servers.iter().enumerate().filter(|(at, _)| self.is_reader(*at, tick));
        readers.map(|(_, server)| strain(server.cpu / 97.0)).fold(1.0, f64::max)
    }
}

impl Server {
    /// A tick as a primary; `load` is nothing where it serves and nobody asks.
    fn lead(&mut self, serves: bool, load: Option<f64>, clients: u32, wobble: f64) {
        if !serves {
            (self.cpu, self.connections) = (0.0, 0.0);
            return;
        }
        let used = load.unwrap_or(0.0);
        let pressed = (strain(used) - 1.0).min(3.0);
        let connections = f64::from(clients) * CONNECTIONS_PER_CLIENT * (1.0 + pressed * 0.7);
        self.cpu = (7.0 + 90.0 * used.min(1.0) + wobble * 1.5).clamp(0.0, 100.0);
        self.connections = if load.is_some() { connections.min(f64::from(MAX_CONNECTIONS)) } else { 2.0 };
        self.minute.cpu.add(self.cpu);
        self.minute.connections = self.minute.connections.max(self.connections);
        self.minute.write_latency.add(0.004 * strain(used));
    }

    /// A tick as a replica; `written` a second to what it follows is nothing where it cannot follow.
    fn follow(&mut self, tick: i64, written: Option<f64>, reads: f64, noise: Noise) {
        self.lag = written.map(|written| {
            let floor = if self.is_remote { 1.1 } else { 0.3 } * (1.3 + noise.smooth(tick, 8));
            let behind = self.lag.unwrap_or(floor);
            (behind + (written / REPLAY - 1.0) * TICK as f64).max(floor)
        });
        let reads = if self.is_remote { 0.0 } else { reads };
        let load = reads + written.unwrap_or(0.0) / WRITES * 0.35;
        self.cpu = match (written, self.state) {
            (None, _) if self.is_remote => 4.0,
            (None, State::Creating { .. }) => 0.0,
            _ => (5.0 + 90.0 * load.min(1.0) + noise.smooth(tick, 9) * 1.5).clamp(0.0, 100.0),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: Side = Side { is_second: false, home_is_up: true };
    const SECOND: Side = Side { is_second: true, home_is_up: false };

    fn run(mysql: &mut Mysql, ticks: std::ops::Range<i64>, writes: f64) {
        run_from(mysql, ticks, writes, HOME);
    }

    fn run_from(mysql: &mut Mysql, ticks: std::ops::Range<i64>, writes: f64, side: Side) {
        for tick in ticks {
            mysql.work(tick, Demand { reads: 300.0, writes, clients: 20 }, side);
        }
    }

    fn server<'a>(mysql: &'a Mysql, id: &str) -> &'a Server {
        mysql.servers.iter().find(|server| server.id == id).unwrap()
    }

    #[test]
    fn replicas_fall_behind_under_write_load_and_catch_up_after() {
        let mut mysql = Mysql::new(Noise::new(3), true, 5e11);
        run(&mut mysql, 0..60, 300.0);
        assert!(mysql.servers[1].lag.unwrap() < 1.0);
        run(&mut mysql, 60..120, 1_300.0);
        let worst = mysql.servers[1].lag.unwrap();
        assert!(worst > 20.0, "{worst}");
        run(&mut mysql, 120..240, 300.0);
        assert!(mysql.servers[1].lag.unwrap() < 1.0);
    }

    #[test]
    fn without_a_primary_nothing_is_written_and_the_lag_is_unknown() {
        let mut mysql = Mysql::new(Noise::new(3), false, 5e11);
        run(&mut mysql, 0..10, 300.0);
        mysql.lose(10);
        run(&mut mysql, 10..20, 300.0);
        assert!((mysql.failing_writes(20, HOME) - 1.0).abs() < f64::EPSILON);
        assert_eq!(mysql.servers[1].lag, None);
        assert!(mysql.servers[0].restorable < Some(10));
        mysql.restore(20, 30);
        run(&mut mysql, 20..40, 300.0);
        assert!(mysql.failing_writes(40, HOME) < f64::EPSILON);
        assert!(mysql.servers[1].lag.is_some());
    }

    #[test]
    fn a_promoted_replica_takes_the_orders_where_nobody_else_does_and_is_followed_by_nobody() {
        let mut mysql = Mysql::new(Noise::new(3), false, 5e11);
        run(&mut mysql, 0..10, 300.0);
        mysql.lose(10);
        mysql.promote(11, &"orders-replica-1".into(), 7).unwrap();
        run(&mut mysql, 11..25, 300.0);
        assert!(!mysql.can_write(25, HOME), "it takes minutes");
        run(&mut mysql, 25..60, 300.0);
        let promoted = server(&mysql, "orders-replica-1");
        assert!(promoted.is_primary() && promoted.cpu > 15.0 && promoted.retention == 7);
        assert!(mysql.failing_writes(60, HOME) < f64::EPSILON);
        assert_eq!(server(&mysql, "orders-replica-2").source, Some("orders-primary".into()));
        assert_eq!(server(&mysql, "orders-replica-2").lag, None);
        assert!(mysql.promote(60, &"orders-replica-1".into(), 7).is_err());
        // What is repaired later is not written to behind everybody's back.
        mysql.servers[0].state = State::Available;
        run(&mut mysql, 60..70, 300.0);
        assert!(server(&mysql, "orders-primary").connections < 10.0);
    }

    #[test]
    fn beside_a_primary_that_serves_a_promoted_one_stands_idle() {
        let mut mysql = Mysql::new(Noise::new(3), true, 5e11);
        mysql.promote(0, &"orders-replica-1".into(), 7).unwrap();
        run(&mut mysql, 0..60, 300.0);
        assert!(mysql.servers[0].connections > 100.0);
        assert!(server(&mysql, "orders-replica-1").connections < 10.0);
    }

    #[test]
    fn the_second_region_writes_once_its_replica_is_promoted() {
        let mut mysql = Mysql::new(Noise::new(3), true, 5e11);
        assert!(!mysql.can_write(0, SECOND));
        mysql.promote(0, &"orders-replica-dr".into(), 7).unwrap();
        run_from(&mut mysql, 0..60, 300.0, SECOND);
        assert!(mysql.can_write(60, SECOND) && server(&mysql, "orders-replica-dr").connections > 100.0);
    }

    #[test]
    fn a_failover_is_a_gap_of_one_to_two_minutes_and_the_zones_are_told_later() {
        let mut mysql = Mysql::new(Noise::new(3), true, 5e11);
        mysql.fail_over(0, &"orders-primary".into()).unwrap();
        let gap = (0..30).filter(|tick| {
            mysql.work(*tick, Demand::default(), HOME);
            !mysql.can_write(*tick, HOME)
        });
        let gap = gap.count();
        assert!((6..=12).contains(&gap), "{gap}");
        let first = server(&mysql, "orders-primary");
        assert_eq!((first.zone, first.standby), (1, Some(0)));
        assert_eq!(first.shown_zones(20), (0, Some(1)), "the API is behind");
        assert_eq!(first.shown_zones(40), (1, Some(0)));
        let told = |mysql: &Mysql| mysql.notices.last().unwrap().message;
        assert_eq!(told(&mysql), "Multi-AZ instance failover completed.");
        mysql.fail_over(30, &"orders-primary".into()).unwrap();
        assert!(told(&mysql).starts_with("Abandoning"), "not twice in ten minutes");
        assert!(mysql.can_write(31, HOME));
        assert!(Mysql::new(Noise::new(3), false, 5e11).fail_over(0, &"orders-primary".into()).is_err());
    }

    #[test]
    fn a_new_replica_takes_minutes_and_then_follows() {
        let mut mysql = Mysql::new(Noise::new(3), true, 5e11);
        mysql.add_replica(0, &"orders-primary".into(), &"orders-replica-3".into()).unwrap();
        run(&mut mysql, 0..30, 300.0);
        assert!(!server(&mysql, "orders-replica-3").serves(30));
        run(&mut mysql, 30..90, 300.0);
        assert!(server(&mysql, "orders-replica-3").lag.is_some_and(|lag| lag < 2.0));
        assert!(mysql.add_replica(90, &"orders-replica-1".into(), &"x".into()).is_err(), "it has no backups");
    }
}
