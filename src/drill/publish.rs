//! What the company's CloudWatch learns at the end of each minute.

use crate::domain::metric::Measure as M;
use crate::domain::text::Text;
use crate::drill::company::Site;
use crate::drill::database::State;
use crate::drill::dev::ORDERS;
use crate::drill::feeds::network;
use crate::drill::fleet::{Fleet, Minute};
use crate::drill::redis::NodeState;
use crate::drill::simulation::{ORDERS_BYTES, Simulation, TICKS_PER_MINUTE};
use crate::drill::{database, queue, redis};

/// CloudWatch's name for a load balancer: the end of its ARN.
pub const WEB_EDGE: &str = "app/web-edge/50dc6c495c0c9188";
pub const CHECKOUT: &str = "app/checkout/f2f7dc8efc522ab2";
pub const WEB_EDGE_DR: &str = "app/web-edge-dr/9b1c3a77d2e04f61";
pub const SESSIONS: &str = "sessions";
pub const CDN: &str = "E2QWRUHAPOMQZL";
pub const CANARY: &str = "shop-home";
pub const WEB_ACL: &str = "shop-front";
/// Requests the firewall usually blocks a minute.
pub const USUALLY_BLOCKED: f64 = 38.0;

/// Concurrent executions the account may have.
pub const CONCURRENCY_LIMIT: u32 = 1_000;

impl Simulation {
    pub(super) fn publish(&mut self, minute: i64) {
        let home_up = self.home_lost.is_none();
        self.publish_front(minute, home_up);
        self.publish_fleets(minute, home_up);
        self.publish_database(minute, home_up);
        self.publish_queues(minute, home_up);
        self.publish_network(minute, home_up);
        self.publish_rest(minute, home_up);
        for fleet in [
            &mut self.web,
            &mut self.web_dr,
            &mut self.workers,
            &mut self.catalog,
            &mut self.checkout,
            &mut self.orders_worker,
        ] {
            fleet.minute = Minute::default();
        }
        self.dev.fleets_mut().for_each(|fleet| fleet.minute = Minute::default());
        for queue in [&mut self.orders, &mut self.emails, &mut self.thumbnails] {
            queue.minute = queue::Minute::default();
        }
        self.mysql.servers.iter_mut().for_each(|server| server.minute = database::Minute::default());
        self.redis.minute = redis::Minute::default();
    }

    fn publish_front(&mut self, minute: i64, home_up: bool) {
        if home_up {
            self.publish_balancer(Site::Prod, WEB_EDGE, "web", self.web.minute, minute);
            self.publish_balancer(Site::Prod, CHECKOUT, "checkout", self.checkout.minute, minute);
        }
        if self.web_dr.desired > 0 {
            self.publish_balancer(Site::Standby, WEB_EDGE_DR, "web-dr", self.web_dr.minute, minute);
        }
        // The canary walks through the shop from the second region once a minute, five pages long.
        let is_second = self.side(self.tick).is_second;
        let serves = home_up || is_second;
        let front = if is_second { &self.web_dr.minute } else { &self.web.minute };
        let success = if serves && front.arrived > 0 {
            let failing = (front.failed + front.rejected) as f64 / front.arrived as f64;
            // Below half a percent a five-page walk almost never meets a failure.
            if failing < 0.005 { 100.0 } else { ((1.0 - failing).powi(5) * 100.0).clamp(0.0, 99.0) }
        } else {
            0.0
        };
        self.gauges.publish(Site::Standby, M::CanarySuccess, &CANARY.into(), minute, success);
    }

    fn publish_balancer(&mut self, site: Site, balancer: &str, group: &str, tally: Minute, minute: i64) {
        let balancer = Text::new(balancer);
        let mut put = |measure, value| self.gauges.publish(site, measure, &balancer, minute, value);
        put(M::AlbRequests, tally.arrived as f64);
        put(M::AlbTarget5xx, tally.failed as f64);
        put(M::AlbElb5xx, tally.rejected as f64);
        if tally.arrived > 0 {
            put(M::AlbErrorPercent, (tally.failed + tally.rejected) as f64 * 100.0 / tally.arrived as f64);
            put(M::AlbLatencyP50, tally.p50.value());
            put(M::AlbLatencyP99, tally.p99);
        }
        self.gauges.publish(site, M::AlbUnhealthyHosts, &group.into(), minute, f64::from(tally.most_ill));
    }

    fn publish_fleets(&mut self, minute: i64, home_up: bool) {
        let mut values: Vec<(Site, M, Text, f64)> = Vec::new();
        let mut put =
            |fleet: &Fleet, measure, value| values.push((fleet.plan.site, measure, fleet.plan.name.clone(), value));
        for fleet in [&self.web, &self.web_dr, &self.workers, &self.dev.workers] {
            let reachable = home_up || fleet.plan.site != Site::Prod;
            let in_service = if reachable { fleet.in_service().count() } else { 0 };
            put(fleet, M::AsgInService, in_service as f64);
            if in_service > 0 {
                put(fleet, M::AsgCpu, fleet.minute.cpu.value());
            }
        }
        let services = [&self.catalog, &self.checkout, &self.orders_worker];
        for fleet in services.into_iter().filter(|_| home_up).chain(&self.dev.services) {
            let running = fleet.in_service().count();
            put(fleet, M::EcsRunning, running as f64);
            if running > 0 {
                put(fleet, M::EcsCpu, fleet.minute.cpu.value());
                put(fleet, M::EcsMemory, 38.0 + fleet.cpu * 0.18);
            }
        }
        for (site, measure, name, value) in values {
            self.gauges.publish(site, measure, &name, minute, value);
        }
    }

    fn publish_database(&mut self, minute: i64, home_up: bool) {
        let quiet = self.noise.of(ORDERS);
        let dev_orders = Text::new(ORDERS);
        let values = [
            (M::RdsCpu, 4.0 + quiet.smooth(minute, 7)),
            (M::RdsConnections, 6.0),
            (M::RdsFreeStorage, 13.4 * 1_073_741_824.0),
            (M::RdsFreeMemory, 2.1 * 1_073_741_824.0),
            (M::RdsWriteLatency, 0.003),
            (M::RdsReadLatency, 0.001),
        ];
        for (measure, value) in values.into_iter().filter(|_| self.dev.orders.is_on()) {
            self.gauges.publish(Site::Dev, measure, &dev_orders, minute, value);
        }
        let mysql = &self.mysql;
        for server in &mysql.servers {
            let site = if server.is_remote { Site::Standby } else { Site::Prod };
            if site == Site::Prod && !home_up {
                continue;
            }
            let tally = server.minute;
            let mut put = |measure, value| self.gauges.publish(site, measure, &server.id, minute, value);
            match (server.is_primary(), server.state) {
                (true, State::Available) => {
                    put(M::RdsCpu, tally.cpu.value());
                    put(M::RdsConnections, tally.connections.round());
                    put(M::RdsFreeStorage, mysql.free_bytes);
                    put(M::RdsFreeMemory, 0.31 * ORDERS_BYTES as f64 / 16.0);
                    put(M::RdsWriteLatency, tally.write_latency.value());
                    put(M::RdsReadLatency, tally.read_latency.value());
                }
                (true, _) | (false, State::Creating { .. }) => {}
                (false, _) => {
                    let source = mysql.servers.iter().find(|one| server.source.as_ref() == Some(&one.id));
                    let clients = source.map_or(0.0, |source| source.minute.connections);
                    put(M::RdsReplicaLag, server.lag.unwrap_or(-1.0));
                    put(M::RdsCpu, server.cpu);
                    put(M::RdsFreeStorage, mysql.free_bytes);
                    put(M::RdsConnections, if server.is_remote { 4.0 } else { (clients * 0.6).round() });
                }
            }
        }
    }

    fn publish_queues(&mut self, minute: i64, home_up: bool) {
        if !home_up {
            return;
        }
        let seconds = (60 / TICKS_PER_MINUTE) as f64;
        for queue in [&self.orders, &self.emails, &self.thumbnails] {
            let mut put = |measure, value| self.gauges.publish(Site::Prod, measure, &queue.name, minute, value);
            put(M::SqsVisible, queue.visible() as f64);
            put(M::SqsOldestAge, queue.oldest(self.tick) as f64 * seconds);
            put(M::SqsSent, queue.minute.sent as f64);
            put(M::SqsDeleted, queue.minute.deleted as f64);
            self.gauges.publish(Site::Prod, M::SqsVisible, &queue.dead_letters, minute, queue.total.dead as f64);
        }
        let events = Text::new("order-events");
        self.gauges.publish(Site::Prod, M::SnsPublished, &events, minute, self.orders.minute.sent as f64);
        self.gauges.publish(Site::Prod, M::SnsFailed, &events, minute, 0.0);
        self.gauges.publish(Site::Prod, M::SnsPublished, &"page-oncall".into(), minute, 0.0);
    }

    fn publish_network(&mut self, minute: i64, home_up: bool) {
        let out = self.visitors * 60.0 * 3_800.0;
        let sites = [
            (Site::Prod, if home_up { out } else { 0.0 }, home_up),
            (Site::Standby, if home_up { 40_000.0 } else { out }, true),
            (Site::Dev, 900_000.0, true),
        ];
        for (site, bytes, _) in sites.into_iter().filter(|(_, _, is_up)| *is_up) {
            let zones = network::zones(site);
            for nat in (0..zones).map(|zone| network::nat_id(site, zone)) {
                let mut put = |measure, value| self.gauges.publish(site, measure, &nat, minute, value);
                put(M::NatBytesOut, bytes / zones as f64);
                put(M::NatPortErrors, 0.0);
                put(M::NatPacketsDropped, 0.0);
            }
        }
    }

    fn publish_rest(&mut self, minute: i64, home_up: bool) {
        self.gauges.publish(
            Site::Prod,
            M::CdnHitRate,
            &CDN.into(),
            minute,
            88.0 + self.noise.of("cdn").smooth(minute, 11),
        );
        if !home_up {
            return;
        }
        let redis = self.redis.minute;
        let sessions = Text::new(SESSIONS);
        let mut put = |measure, value| self.gauges.publish(Site::Prod, measure, &sessions, minute, value);
        put(M::CacheHitRate, redis.hit.value());
        put(M::CacheMemory, redis.memory.value());
        put(M::CacheEvictions, redis.evictions.round());
        put(M::CacheEngineCpu, 12.0 + self.visitors * 0.03);
        let nodes = self.redis.nodes.iter().filter(|node| !node.is_primary && node.state == NodeState::Available);
        for node in nodes {
            let lag = 0.2 + 0.1 * self.noise.of(node.id.as_str()).smooth(minute, 4);
            self.gauges.publish(Site::Prod, M::CacheReplicationLag, &node.id, minute, lag);
        }
        let calls = [
            ("receipts", self.emails.minute.deleted as f64, 0.42),
            ("thumbnails", self.thumbnails.minute.deleted as f64, 1.9),
            ("stock-sync", 12.0, 3.1),
        ];
        for (name, calls, seconds) in calls {
            let function = Text::new(name);
            let wobble = 1.0 + 0.12 * self.noise.of(name).smooth(minute, 3);
            let mut put = |measure, value| self.gauges.publish(Site::Prod, measure, &function, minute, value);
            put(M::LambdaInvocations, calls);
            put(M::LambdaErrors, (calls * 0.000_4).floor());
            put(M::LambdaThrottles, 0.0);
            put(M::LambdaDurationP99, seconds * 1_000.0 * 2.4 * wobble);
            put(M::LambdaConcurrency, (calls / 60.0 * seconds * 1.4).ceil());
        }
        let blocked = USUALLY_BLOCKED * (1.0 + 0.25 * self.noise.of("waf").smooth(minute, 4));
        self.gauges.publish(Site::Prod, M::WafBlocked, &WEB_ACL.into(), minute, blocked.round());
        for (bucket, gib) in super::feeds::storage::BUCKET_SIZES {
            self.gauges.publish(Site::Prod, M::S3Size, &(*bucket).into(), minute, gib * 1_073_741_824.0);
        }
    }
}
