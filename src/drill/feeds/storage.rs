//! Databases, caches, buckets.

use jiff::{SignedDuration, Timestamp};

use crate::domain::bucket::{Bucket, LifecycleRule};
use crate::domain::cache::{CacheGroup, CacheNode};
use crate::domain::database::{Database, DatabaseEvent, DatabaseRole};
use crate::domain::scope::Environment;
use crate::domain::text::Text;
use crate::drill::company::{HOME, SECOND, Site};
use crate::drill::database::{MAX_CONNECTIONS, Server, State};
use crate::drill::dev::{OFFICE_HOURS, ORDERS, Power};
use crate::drill::feeds::compute::tags;
use crate::drill::publish::SESSIONS;
use crate::drill::redis::{Node, NodeState, SHARD};
use crate::drill::simulation::{ORDERS_BYTES, Simulation};

/// Size of each bucket in GiB, which daily storage metrics tell.
pub(in crate::drill) const BUCKET_SIZES: &[(&str, f64)] =
    &[("acme-media", 2_840.0), ("acme-invoices", 312.0), ("acme-logs", 655.0), ("acme-artifacts", 74.0)];

/// 2061-05-29, as the certificates of RDS's own authority.
const CERTIFICATE_UNTIL: Timestamp = Timestamp::constant(2_884_550_400, 0);

pub(in crate::drill) fn databases(s: &Simulation, site: Site) -> Vec<Database> {
    let here = |server: &&Server| site == if server.is_remote { Site::Standby } else { Site::Prod };
    let mut all: Vec<Database> = s.mysql.servers.iter().filter(here).map(|server| mysql(s, server, site)).collect();
    if site == Site::Dev
        && let Some(mould) = s.mysql.servers.first()
    {
        all.push(Database {
            id: ORDERS.into(),
            arn: arn(site, ORDERS),
            class: "db.t4g.medium".into(),
            status: match s.dev.orders {
                Power::On => "available".into(),
                Power::Stopping { .. } => "stopping".into(),
                Power::Off { .. } => "stopped".into(),
                Power::Starting { .. } => "starting".into(),
            },
            endpoint: Some(address(ORDERS)),
            zone: site.zone(0),
            multi_az: Some(false),
            secondary_zone: None,
            allocated_bytes: Some(20 * 1_073_741_824),
            backup_retention_days: Some(1),
            earliest_restorable: Some(s.now() - SignedDuration::from_hours(24)),
            latest_restorable: Some(s.now() - SignedDuration::from_secs(170)),
            schedule: Some(OFFICE_HOURS.into()),
            replicas: Vec::new(),
            tags: tags(s, &arn(site, ORDERS), &[("Schedule", OFFICE_HOURS), ("environment", "dev")]),
            ..mysql(s, mould, site)
        });
    }
    all
}

fn mysql(s: &Simulation, server: &Server, site: Site) -> Database {
    let (zone, standby) = server.shown_zones(s.tick);
    let is_first = server.id == "orders-primary";
    let keeps = server.retention > 0;
    let arn = arn(site, server.id.as_str());
    let followers = s.mysql.servers.iter().filter(|other| other.source.as_ref() == Some(&server.id));
    Database {
        tags: tags(s, &arn, &[("environment", site.environment().word())]),
        cluster_tags: Vec::new(),
        replicas: followers.map(|other| other.id.clone()).collect(),
        arn,
        id: server.id.clone(),
        environment: site.environment(),
        engine: "mysql 8.0.40".into(),
        class: "db.r6g.2xlarge".into(),
        status: status(s, server, site).into(),
        endpoint: Some(address(server.id.as_str())),
        cluster: None,
        cluster_arn: None,
        promotion_tier: None,
        global_cluster: None,
        global_move: None,
        zone: site.zone(zone),
        multi_az: Some(standby.is_some()),
        secondary_zone: standby.map(|zone| site.zone(zone)),
        allocated_bytes: Some(ORDERS_BYTES),
        max_allocated_bytes: Some(ORDERS_BYTES * 2),
        max_connections: Some(MAX_CONNECTIONS),
        role: role(server),
        encrypted: Some(true),
        kms_key: Some(super::security::DATA_KEY.into()),
        backup_retention_days: Some(server.retention),
        backups_copied_to: Vec::new(),
        earliest_restorable: is_first.then(|| last_night(s.now(), 2) - SignedDuration::from_hours(24 * 14)),
        latest_restorable: server.restorable.filter(|_| keeps).map(|at| s.at(at) - SignedDuration::from_secs(20)),
        last_snapshot: is_first.then(|| last_night(s.now(), 2)),
        pending_maintenance: Vec::new(),
        pending_changes: Vec::new(),
        certificate_until: Some(CERTIFICATE_UNTIL),
        schedule: None,
    }
}

fn status(s: &Simulation, server: &Server, site: Site) -> &'static str {
    match server.state {
        _ if site == Site::Prod && s.home_lost.is_some() => "failed",
        State::Available => "available",
        State::Failed => "failed",
        State::Creating { .. } => "creating",
        State::Promoting { restart, .. } if s.tick < restart => "modifying",
        State::Recovering { .. } | State::FailingOver { .. } | State::Promoting { .. } => "rebooting",
    }
}

fn role(server: &Server) -> DatabaseRole {
    let Some(source) = &server.source else { return DatabaseRole::Primary };
    let replication = match (server.state, server.lag) {
        (State::Creating { .. } | State::Promoting { .. }, _) => None,
        (_, Some(_)) => Some("replicating".into()),
        (_, None) => Some("error".into()),
    };
    DatabaseRole::Replica { source: source.clone(), source_region: HOME.into(), replication }
}

fn arn(site: Site, id: &str) -> Text {
    site.arn("rds", &format!("db:{id}"))
}

fn address(id: &str) -> Text {
    format!("{id}.acme.internal:3306").into()
}

/// The last time it was `hour` o'clock, UTC.
pub(super) fn last_night(now: Timestamp, hour: i64) -> Timestamp {
    let since = (now.as_second() - hour * 3_600).rem_euclid(86_400);
    now - SignedDuration::from_secs(since)
}

pub(super) fn events(s: &Simulation, site: Site) -> Vec<DatabaseEvent> {
    let event = |number: usize, at: Timestamp, source: &Text, category: &str, message: &str| DatabaseEvent {
        id: format!("{source}@{at}-{number}").into(),
        at,
        source: source.clone(),
        source_kind: "db-instance".into(),
        categories: vec![category.into()],
        message: message.into(),
    };
    let is_here = |source: &Text| {
        let server = s.mysql.servers.iter().find(|server| server.id == *source);
        server.is_some_and(|server| site == if server.is_remote { Site::Standby } else { Site::Prod })
    };
    let notices = s.mysql.notices.iter().enumerate();
    let notices = notices.filter(|(_, notice)| notice.tick <= s.tick && is_here(&notice.server));
    let mut all: Vec<DatabaseEvent> =
        notices.map(|(number, it)| event(number + 2, s.at(it.tick), &it.server, it.category, it.message)).collect();
    if site == Site::Prod {
        let primary = "orders-primary".into();
        all.push(event(0, last_night(s.now(), 2), &primary, "backup", "Finished DB Instance backup"));
        if let Some(tick) = s.home_lost {
            all.push(event(1, s.at(tick), &primary, "failure", "the DB instance cannot be reached"));
        }
    }
    all.sort_by_key(|event| std::cmp::Reverse(event.at));
    all
}

pub(super) fn caches(s: &Simulation, site: Site) -> Vec<CacheGroup> {
    if site != Site::Prod {
        return Vec::new();
    }
    let node = |node: &Node| CacheNode {
        id: node.id.clone(),
        cluster: node.id.clone(),
        shard: None,
        node_group: Some(SHARD.into()),
        zone: site.zone(node.zone),
        status: match node.state {
            NodeState::Available => "available".into(),
            NodeState::Creating { .. } => "creating".into(),
            NodeState::Deleting { .. } => "deleting".into(),
        },
        is_primary: Some(node.is_primary),
    };
    vec![CacheGroup {
        id: SESSIONS.into(),
        environment: Environment::Prod,
        engine: "redis 7.1".into(),
        node_kind: "cache.r7g.large".into(),
        status: if s.redis.is_settled() { "available".into() } else { "modifying".into() },
        endpoint: Some(format!("{SESSIONS}.acme.internal:6379").into()),
        automatic_failover: Some(true),
        multi_az: Some(true),
        encrypted_at_rest: Some(true),
        encrypted_in_transit: Some(true),
        nodes: s.redis.nodes.iter().map(node).collect(),
    }]
}

pub(super) fn buckets(site: Site) -> Vec<Bucket> {
    if site != Site::Prod {
        return Vec::new();
    }
    let rule = |id: &str, transitions: Vec<(u32, &str)>, expires| LifecycleRule {
        id: id.into(),
        enabled: true,
        transitions: transitions.into_iter().map(|(days, class)| (days, Text::new(class))).collect(),
        expires_after_days: expires,
        aborts_incomplete_uploads: true,
    };
    BUCKET_SIZES
        .iter()
        .map(|(name, _)| {
            let holds_data = matches!(*name, "acme-media" | "acme-invoices");
            Bucket {
                name: (*name).into(),
                environment: if holds_data { Environment::Prod } else { Environment::Unknown },
                encrypted: true,
                is_public: false,
                versioning: holds_data,
                replicates_to: holds_data.then(|| SECOND.into()),
                lifecycle: match *name {
                    "acme-media" => vec![rule("to-infrequent", vec![(30, "STANDARD_IA"), (180, "GLACIER_IR")], None)],
                    "acme-invoices" => vec![rule("keep-ten-years", vec![(90, "GLACIER")], Some(3_650))],
                    "acme-logs" => vec![rule("expire", vec![(30, "STANDARD_IA")], Some(365))],
                    _ => vec![rule("expire", Vec::new(), Some(90))],
                },
            }
        })
        .collect()
}
