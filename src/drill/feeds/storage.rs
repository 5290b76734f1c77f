//! Databases, caches, buckets.

use jiff::{SignedDuration, Timestamp};

use crate::domain::bucket::{Bucket, LifecycleRule};
use crate::domain::cache::{CacheGroup, CacheNode};
use crate::domain::database::{Database, DatabaseEvent, DatabaseRole};
use crate::domain::scope::Environment;
use crate::domain::text::Text;
use crate::drill::company::{HOME, SECOND, Site};
use crate::drill::database::{MAX_CONNECTIONS, PrimaryState};
use crate::drill::publish::SESSIONS;
use crate::drill::simulation::{ORDERS_BYTES, Simulation};

/// Size of each bucket in GiB, which daily storage metrics tell.
pub(in crate::drill) const BUCKET_SIZES: &[(&str, f64)] =
    &[("acme-media", 2_840.0), ("acme-invoices", 312.0), ("acme-logs", 655.0), ("acme-artifacts", 74.0)];

/// 2061-05-29, as the certificates of RDS's own authority.
const CERTIFICATE_UNTIL: Timestamp = Timestamp::constant(2_884_550_400, 0);

pub(super) fn databases(s: &Simulation, site: Site) -> Vec<Database> {
    let mut all: Vec<Database> = s
        .mysql
        .replicas
        .iter()
        .filter(|replica| site == if replica.is_remote { Site::Standby } else { Site::Prod })
        .map(|replica| Database {
            role: DatabaseRole::Replica {
                source: "orders-primary".into(),
                source_region: HOME.into(),
                replication: Some(if replica.lag.is_some() { "replicating".into() } else { "error".into() }),
            },
            // Reads go on; only the stream from the primary is cut.
            status: if site == Site::Prod && s.home_lost.is_some() { "failed".into() } else { "available".into() },
            endpoint: Some(address(replica.id.as_str())),
            multi_az: Some(false),
            secondary_zone: None,
            backup_retention_days: Some(0),
            earliest_restorable: None,
            latest_restorable: None,
            last_snapshot: None,
            zone: site.zone(if replica.id == "orders-replica-2" { 2 } else { 1 }),
            ..mysql(s, replica.id.as_str(), site)
        })
        .collect();
    match site {
        Site::Prod => all.insert(0, mysql(s, "orders-primary", site)),
        Site::Dev => all.push(Database {
            environment: Environment::Dev,
            class: "db.t4g.medium".into(),
            status: "available".into(),
            multi_az: Some(false),
            secondary_zone: None,
            allocated_bytes: Some(20 * 1_073_741_824),
            backup_retention_days: Some(1),
            earliest_restorable: Some(s.now() - SignedDuration::from_hours(24)),
            latest_restorable: Some(s.now() - SignedDuration::from_secs(170)),
            schedule: Some(crate::drill::dev::OFFICE_HOURS.into()),
            ..mysql(s, "dev-orders", site)
        }),
        _ => {}
    }
    all
}

/// The primary, and the mould for the others.
fn mysql(s: &Simulation, id: &str, site: Site) -> Database {
    let multi_az = s.mysql.multi_az;
    Database {
        id: id.into(),
        environment: site.environment(),
        engine: "mysql 8.0.40".into(),
        class: "db.r6g.2xlarge".into(),
        status: match s.mysql.state {
            _ if s.home_lost.is_some() => "failed".into(),
            PrimaryState::Available => "available".into(),
            PrimaryState::Failed { .. } => "failed".into(),
            PrimaryState::Recovering { .. } => "rebooting".into(),
        },
        endpoint: Some(address(id)),
        cluster: None,
        global_cluster: None,
        zone: site.zone(0),
        multi_az: Some(multi_az),
        secondary_zone: multi_az.then(|| site.zone(1)),
        allocated_bytes: Some(ORDERS_BYTES),
        max_allocated_bytes: Some(ORDERS_BYTES * 2),
        max_connections: Some(MAX_CONNECTIONS),
        role: DatabaseRole::Primary,
        encrypted: Some(true),
        kms_key: Some(super::security::DATA_KEY.into()),
        backup_retention_days: Some(14),
        backups_copied_to: Vec::new(),
        earliest_restorable: Some(last_night(s.now(), 2) - SignedDuration::from_hours(24 * 14)),
        latest_restorable: Some(s.at(s.mysql.restorable) - SignedDuration::from_secs(20)),
        last_snapshot: Some(last_night(s.now(), 2)),
        pending_maintenance: Vec::new(),
        pending_changes: Vec::new(),
        certificate_until: Some(CERTIFICATE_UNTIL),
        schedule: None,
    }
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
    if site != Site::Prod {
        return Vec::new();
    }
    let event = |at: Timestamp, category: &str, message: &str| DatabaseEvent {
        id: format!("orders-primary@{at}").into(),
        at,
        source: "orders-primary".into(),
        source_kind: "db-instance".into(),
        categories: vec![category.into()],
        message: message.into(),
    };
    let mut all = vec![event(last_night(s.now(), 2), "backup", "Finished DB Instance backup")];
    match s.mysql.state {
        PrimaryState::Failed { since } => {
            all.push(event(
                s.at(since),
                "failure",
                "the host of the DB instance has failed; there is no standby to fail over to",
            ));
        }
        PrimaryState::Recovering { since, .. } => {
            all.push(event(s.at(since), "failover", "a new primary is being brought into service"));
        }
        PrimaryState::Available => {}
    }
    if let Some(tick) = s.home_lost {
        all.push(event(s.at(tick), "failure", "the DB instance cannot be reached"));
    }
    all.sort_by_key(|event| std::cmp::Reverse(event.at));
    all
}

pub(super) fn caches(site: Site) -> Vec<CacheGroup> {
    if site != Site::Prod {
        return Vec::new();
    }
    let node = |number: usize| CacheNode {
        id: format!("{SESSIONS}-00{}", number + 1).into(),
        cluster: format!("{SESSIONS}-00{}", number + 1).into(),
        shard: None,
        zone: site.zone(number),
        status: "available".into(),
        is_primary: Some(number == 0),
    };
    vec![CacheGroup {
        id: SESSIONS.into(),
        environment: Environment::Prod,
        engine: "redis 7.1".into(),
        node_kind: "cache.r7g.large".into(),
        status: "available".into(),
        endpoint: Some(format!("{SESSIONS}.acme.internal:6379").into()),
        automatic_failover: Some(true),
        encrypted_at_rest: Some(true),
        encrypted_in_transit: Some(true),
        nodes: (0..3).map(node).collect(),
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
