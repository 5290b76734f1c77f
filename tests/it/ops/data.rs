//! Operations on databases and caches: plans, refusals, and what the drill's company makes of them.

use std::sync::Arc;

use jiff::SignedDuration;
use opscon::domain::cache::CacheGroup;
use opscon::domain::database::{Database, DatabaseEvent, DatabaseRole};
use opscon::domain::list::List;
use opscon::ops::Progress;
use opscon::ops::plan::{Blast, Why};
use opscon::world::act::Step;
use opscon::world::feed::{Feed, Payload};
use opscon::world::item::Kind;

use super::{Rehearsal, observe};

fn calm() -> Rehearsal {
    Rehearsal::of("calm", 5)
}

/// The same company, where a place's databases are other than they were.
fn with_databases(on: &mut Rehearsal, of: &str, change: impl FnOnce(&mut Vec<Database>)) {
    let place = on.of_kind(Kind::Database, of).place;
    let mut all: Vec<Database> = on.model.world.places()[place].feeds.databases.items().cloned().collect();
    change(&mut all);
    observe(&mut on.model, place, Feed::Databases, Payload::Databases(Arc::new(List::new(all))));
}

fn with_database(on: &mut Rehearsal, id: &str, change: impl FnOnce(&mut Database)) {
    with_databases(on, id, |all| change(all.iter_mut().find(|database| database.id == *id).unwrap()));
}

/// AWS tells of something that happened just now.
fn tell(on: &mut Rehearsal, id: &str, message: &str, minutes_ago: i64) {
    let place = on.of_kind(Kind::Database, id).place;
    let event = DatabaseEvent {
        id: "told".into(),
        at: on.model.now - SignedDuration::from_mins(minutes_ago),
        source: id.into(),
        source_kind: "db-instance".into(),
        categories: vec!["failover".into()],
        message: message.into(),
    };
    observe(&mut on.model, place, Feed::DatabaseEvents, Payload::DatabaseEvents(Arc::new(List::new(vec![event]))));
}

#[track_caller]
fn refused(on: &Rehearsal, operation: &str, target: &str, said: &[(&str, &str)], why: Why, words: &str) {
    let refusal = on.plan(operation, target, said).unwrap_err();
    assert_eq!(refusal.why, why, "{refusal}");
    assert!(refusal.text.contains(words), "{refusal}");
}

#[test]
fn a_database_fails_over_to_its_standby_and_that_is_believed_when_aws_tells_of_it() {
    let mut on = calm();
    let plan = on.plan("rds.failover", "orders-primary", &[]).unwrap();
    assert_eq!(plan.steps, [Step::RebootWithFailover { database: "orders-primary".into() }]);
    assert_eq!((plan.blast, plan.undo.as_ref().unwrap().operation.as_str()), (Blast::Disruptive, "rds.failover"));
    assert_eq!((plan.changes[0].before.as_str(), plan.changes[0].after.as_str()), ("eu-west-1a", "eu-west-1b"));
    assert_eq!(on.progress(&plan), Progress::Waiting("no event of it yet, available".into()));
    let (_, minutes) = on.carry_out("rds.failover", "orders-primary", &[]);
    assert!((1..=3).contains(&minutes), "{minutes}");
    // AWS lets the second be, and says so in an event only.
    let again = on.plan("rds.failover", "orders-primary", &[]).unwrap();
    assert!(again.warnings.iter().any(|warning| warning.contains("failed over")), "{:?}", again.warnings);
    on.send(&again).unwrap();
    on.live(1);
    let Progress::Failed(words) = on.progress(&again) else { panic!("{:?}", on.progress(&again)) };
    assert!(words.starts_with("Abandoning user requested failover"), "{words}");
    // Once rested, it is the way back.
    on.live(10);
    let (back, _) = on.carry_out("rds.failover", "orders-primary", &[]);
    assert_eq!(back.changes[0].after, "eu-west-1a");
}

#[test]
fn what_has_no_standby_or_is_not_available_does_not_fail_over() {
    let mut on = calm();
    let says = |on: &Rehearsal, why, words| refused(on, "rds.failover", "orders-primary", &[], why, words);
    refused(&on, "rds.failover", "orders-replica-1", &[], Why::State, "orders-replica-1 has no standby");
    with_database(&mut on, "orders-primary", |it| it.multi_az = None);
    says(&on, Why::Blind, "AWS does not tell whether orders-primary has a standby");
    with_database(&mut on, "orders-primary", |it| (it.multi_az, it.status) = (Some(true), "modifying".into()));
    says(&on, Why::State, "orders-primary is modifying");
    with_database(&mut on, "orders-primary", |it| {
        (it.cluster, it.status) = (Some("orders".into()), "available".into());
    });
    says(&on, Why::State, "a member of the cluster orders");
    with_database(&mut on, "orders-primary", |it| it.cluster = None);
    tell(&mut on, "orders-primary", "Multi-AZ instance failover started.", 1);
    says(&on, Why::State, "failing over already");
}

#[test]
fn the_zones_are_believed_where_the_events_were_missed() {
    let mut on = calm();
    let plan = on.plan("rds.failover", "orders-primary", &[]).unwrap();
    with_database(&mut on, "orders-primary", |it| it.zone = "eu-west-1b".into());
    assert_eq!(on.progress(&plan), Progress::Reached);
    with_database(&mut on, "orders-primary", |it| it.status = "rebooting".into());
    assert!(matches!(on.progress(&plan), Progress::Waiting(_)));
    with_database(&mut on, "orders-primary", |it| it.status = "failed".into());
    assert_eq!(on.progress(&plan), Progress::Failed("it is failed".into()));
}

#[test]
fn a_replica_is_promoted_for_good_and_that_is_said() {
    let mut on = calm();
    let plan = on.plan("replica.promote", "orders-replica-1", &[]).unwrap();
    // As long as its source keeps them.
    let step = Step::PromoteReadReplica { replica: "orders-replica-1".into(), retention_days: 14 };
    assert_eq!((plan.steps.as_slice(), plan.blast), (&[step][..], Blast::Destructive));
    assert!(plan.undo.is_none() && plan.effects[0].starts_with("there is no way back"), "{:?}", plan.effects);
    assert!(plan.effects.iter().any(|effect| effect.starts_with("what orders-primary took in the last 0.")));
    assert!(
        plan.effects
            .iter()
            .any(|effect| effect.contains("orders-replica-2") && effect.ends_with("stay with orders-primary"))
    );
    assert!(plan.warnings.iter().any(|warning| warning.contains("stop writing to it first")), "{:?}", plan.warnings);
    for (target, said, why, words) in [
        ("orders-primary", [("retention", "7")], Why::Nothing, "orders-primary is a primary already"),
        ("orders-replica-1", [("retention", "0")], Why::Bounds, "1 to 35 days, not 0"),
        ("orders-replica-1", [("retention", "36")], Why::Bounds, "1 to 35 days, not 36"),
    ] {
        refused(&on, "replica.promote", target, &said, why, words);
    }
    with_database(&mut on, "orders-replica-1", |it| it.status = "backing-up".into());
    refused(&on, "replica.promote", "orders-replica-1", &[], Why::State, "orders-replica-1 is backing-up");
    with_database(&mut on, "orders-replica-1", |it| {
        (it.status, it.cluster) = ("available".into(), Some("orders".into()));
    });
    refused(&on, "replica.promote", "orders-replica-1", &[], Why::State, "a member of the cluster orders");
    // A primary that still restarts is none yet.
    with_database(&mut on, "orders-replica-1", |it| {
        (it.role, it.status) = (DatabaseRole::Primary, "rebooting".into());
    });
    assert_eq!(on.progress(&plan), Progress::Waiting("a primary, rebooting".into()));
}

#[test]
fn a_lost_primary_is_mended_by_promoting_a_replica() {
    let mut on = Rehearsal::of("primary-loss", 3);
    for _ in 0..12 {
        on.live(1);
        assert!(!on.is_mended(), "nobody did anything");
    }
    refused(&on, "rds.failover", "orders-primary", &[], Why::State, "orders-primary has no standby");
    let (plan, minutes) = on.carry_out("replica.promote", "orders-replica-1", &[("retention", "14")]);
    assert!(plan.warnings.iter().any(|warning| warning.contains("is not known, which is not nothing")));
    assert!(plan.effects.iter().any(|effect| effect.starts_with("the last that was known is")), "{:?}", plan.effects);
    assert!((3..=6).contains(&minutes), "{minutes}");
    on.live_until_mended(25);
}

#[test]
fn another_replica_is_made_of_what_keeps_backups_under_a_name_nobody_has() {
    let mut on = calm();
    let (plan, minutes) = on.carry_out("rds.add-replica", "orders-primary", &[("name", "orders-replica-3")]);
    let step = Step::CreateReadReplica { source: "orders-primary".into(), replica: "orders-replica-3".into() };
    assert_eq!((plan.steps.as_slice(), plan.blast), (&[step][..], Blast::Reversible));
    assert!(plan.undo.is_none() && (5..=12).contains(&minutes), "{minutes}");
    for (target, name, why, words) in [
        ("orders-primary", "orders-replica-3", Why::Nothing, "there is a orders-replica-3 already"),
        ("orders-primary", "3-orders", Why::Bounds, "is no name for a database"),
        ("orders-primary", "orders--r", Why::Bounds, "is no name for a database"),
        ("orders-replica-1", "orders-replica-4", Why::State, "keeps no backups"),
    ] {
        refused(&on, "rds.add-replica", target, &[("name", name)], why, words);
    }
    refused(&on, "rds.add-replica", "orders-primary", &[], Why::Bounds, "say which name");
    with_database(&mut on, "orders-primary", |it| it.backup_retention_days = None);
    refused(
        &on,
        "rds.add-replica",
        "orders-primary",
        &[("name", "x")],
        Why::Blind,
        "whether orders-primary keeps backups",
    );
    with_database(&mut on, "orders-primary", |it| {
        (it.backup_retention_days, it.engine) = (Some(7), "oracle-ee 19.0".into());
    });
    with_databases(&mut on, "orders-primary", |all| {
        let replica = all.iter().find(|it| it.id == *"orders-replica-1").unwrap().clone();
        all.push(Database { id: "orders-replica-9".into(), ..replica });
    });
    refused(&on, "rds.add-replica", "orders-primary", &[("name", "x")], Why::Bounds, "has 5 replicas, the most");
}

fn with_cache(on: &mut Rehearsal, change: impl FnOnce(&mut CacheGroup)) {
    let place = on.of_kind(Kind::Cache, "sessions").place;
    let mut all: Vec<CacheGroup> = on.model.world.places()[place].feeds.caches.items().cloned().collect();
    change(all.iter_mut().find(|cache| cache.id == *"sessions").unwrap());
    observe(&mut on.model, place, Feed::Caches, Payload::Caches(Arc::new(List::new(all))));
}

#[test]
fn a_cache_gains_and_loses_replicas_by_their_absolute_number_for_each_shard() {
    let mut on = calm();
    let (more, minutes) = on.carry_out("cache.replicas", "sessions", &[("replicas", "4")]);
    assert_eq!(more.steps, [Step::IncreaseReplicaCount { group: "sessions".into(), replicas: 4 }]);
    assert_eq!((more.blast, more.title.as_str()), (Blast::Reversible, "sessions: 2 → 4 replicas in each shard"));
    assert!((4..=8).contains(&minutes), "{minutes}");
    let undo = more.undo.unwrap();
    let (fewer, _) = on.carry_out(undo.operation.as_str(), "sessions", &[("replicas", &undo.params["replicas"])]);
    assert_eq!(fewer.steps, [Step::DecreaseReplicaCount { group: "sessions".into(), replicas: 2 }]);
    assert_eq!(fewer.blast, Blast::Disruptive);
}

#[test]
fn what_has_no_replicas_or_needs_those_it_has_is_refused() {
    let mut on = calm();
    let says = |on: &Rehearsal, replicas, why, words| {
        refused(on, "cache.replicas", "sessions", &[("replicas", replicas)], why, words);
    };
    says(&on, "2", Why::Nothing, "sessions has 2 replicas in each shard already");
    says(&on, "6", Why::Bounds, "at most 5 replicas");
    says(&on, "0", Why::Bounds, "each shard needs a replica");
    // What AWS does not tell is not taken for off.
    with_cache(&mut on, |it| (it.multi_az, it.automatic_failover) = (None, Some(false)));
    says(&on, "0", Why::Bounds, "each shard needs a replica");
    with_cache(&mut on, |it| (it.multi_az, it.automatic_failover) = (Some(false), Some(false)));
    let plan = on.plan("cache.replicas", "sessions", &[("replicas", "0")]).unwrap();
    assert!(plan.warnings[0].starts_with("without a replica"));
    with_cache(&mut on, |it| it.status = "snapshotting".into());
    says(&on, "3", Why::State, "sessions is snapshotting");
    with_cache(&mut on, |it| it.nodes[2].node_group = Some("0002".into()));
    says(&on, "3", Why::State, "different numbers of replicas");
    with_cache(&mut on, |it| it.nodes.iter_mut().for_each(|node| node.node_group = None));
    says(&on, "3", Why::State, "no replication group");
    with_cache(&mut on, |it| it.nodes.clear());
    says(&on, "3", Why::State, "no nodes that are told of");
}

#[test]
fn a_shard_fails_over_and_is_done_when_the_old_primary_is_back() {
    let mut on = calm();
    let plan = on.plan("cache.failover", "sessions", &[("shard", "0001")]).unwrap();
    assert_eq!(plan.steps, [Step::TestFailover { group: "sessions".into(), shard: "0001".into() }]);
    assert!(plan.undo.is_none() && plan.blast == Blast::Disruptive);
    assert!(plan.warnings.iter().any(|warning| warning.contains("AWS means this call for tests")));
    assert_eq!(on.progress(&plan), Progress::Waiting("sessions-001 is still primary, the cache is available".into()));
    on.send(&plan).unwrap();
    on.live(1);
    assert_eq!(on.progress(&plan), Progress::Waiting("sessions-002 is primary; 1 node is made anew".into()));
    on.live(5);
    assert_eq!(on.progress(&plan), Progress::Reached);
}

#[test]
fn a_shard_fails_over_only_where_somebody_could_take_over() {
    let mut on = calm();
    let says = |on: &Rehearsal, why, words| {
        refused(on, "cache.failover", "sessions", &[("shard", "0001")], why, words);
    };
    refused(&on, "cache.failover", "sessions", &[("shard", "7")], Why::Unknown, "sessions has no shard 7");
    with_cache(&mut on, |it| it.status = "modifying".into());
    says(&on, Why::State, "sessions is modifying");
    with_cache(&mut on, |it| it.nodes.iter_mut().skip(1).for_each(|node| node.status = "creating".into()));
    with_cache(&mut on, |it| it.status = "available".into());
    says(&on, Why::State, "nobody could take over");
    // Of those one is primary, whichever it is.
    with_cache(&mut on, |it| it.nodes[0].is_primary = None);
    says(&on, Why::State, "nobody could take over");
    with_cache(&mut on, |it| it.nodes[1].status = "available".into());
    let plan = on.plan("cache.failover", "sessions", &[("shard", "0001")]).unwrap();
    assert!(plan.warnings.iter().any(|warning| warning.contains("it cannot be seen here")), "{:?}", plan.warnings);
    assert_eq!(on.progress(&plan), Progress::Waiting("nobody is told to be primary, the cache is available".into()));
    with_cache(&mut on, |it| it.automatic_failover = Some(false));
    says(&on, Why::State, "automatic failover of sessions is off");
    with_cache(&mut on, |it| it.automatic_failover = None);
    says(&on, Why::Blind, "does not tell whether sessions fails over");
}
