//! Operations on clusters of databases. The drill's company has none: a world is made that has.

use std::sync::Arc;

use opscon::domain::database::{Database, DatabaseEvent, DatabaseRole};
use opscon::domain::list::List;
use opscon::ops::Progress;
use opscon::ops::plan::{Blast, Plan, Why};
use opscon::world::act::Step;
use opscon::world::feed::{Feed, Payload};
use opscon::world::item::Kind;
use opscon::world::port::{Answer, CloudError, FaultClass, FeedKey, Observation, Usage};

use super::{Rehearsal, observe};

const HOME: &str = "arn:aws:rds:eu-west-1:123456789012:cluster:shop";
const SECOND: &str = "arn:aws:rds:eu-central-1:123456789012:cluster:shop-dr";

/// `shop` has a writer and two readers in the first region, and `shop-dr` follows it with two members in the second.
fn world() -> Rehearsal {
    let mut on = Rehearsal::of("calm", 5);
    let (home, second) = (place_of(&on, "orders-primary"), place_of(&on, "orders-replica-dr"));
    let reads = |source: &str, region: &str, replication: Option<&str>| DatabaseRole::Replica {
        source: source.into(),
        source_region: region.into(),
        replication: replication.map(Into::into),
    };
    let mould = on.model.world.places()[home].feeds.databases.items().next().unwrap().clone();
    let member = |id: &str, zone: &str, tier, role: DatabaseRole| Database {
        id: id.into(),
        engine: "aurora-mysql 8.0.mysql_aurora.3.08.0".into(),
        cluster: Some("shop".into()),
        cluster_arn: Some(HOME.into()),
        global_cluster: Some("world".into()),
        promotion_tier: Some(tier),
        zone: zone.into(),
        role,
        ..mould.clone()
    };
    let near = || reads("shop-1", "eu-west-1", None);
    let at_home = vec![
        member("shop-1", "eu-west-1a", 1, DatabaseRole::Primary),
        member("shop-2", "eu-west-1b", 2, near()),
        member("shop-3", "eu-west-1c", 1, near()),
    ];
    let far = |id: &str, tier| Database {
        cluster: Some("shop-dr".into()),
        cluster_arn: Some(SECOND.into()),
        ..member(id, "eu-central-1a", tier, reads("shop", "eu-west-1", Some("connected")))
    };
    put(&mut on, home, at_home);
    put(&mut on, second, vec![far("shop-dr-1", 1), far("shop-dr-2", 2)]);
    on
}

fn place_of(on: &Rehearsal, id: &str) -> usize {
    on.of_kind(Kind::Database, id).place
}

fn put(on: &mut Rehearsal, place: usize, all: Vec<Database>) {
    observe(&mut on.model, place, Feed::Databases, Payload::Databases(Arc::new(List::new(all))));
}

fn change(on: &mut Rehearsal, id: &str, change: impl Fn(&mut Database)) {
    let place = place_of(on, id);
    let mut all: Vec<Database> = on.model.world.places()[place].feeds.databases.items().cloned().collect();
    all.iter_mut().filter(|one| one.id == *id).for_each(change);
    put(on, place, all);
}

fn lead(on: &mut Rehearsal, from: &str, to: &str) {
    let role = on.model.world.find(&on.of_kind(Kind::Database, to)).map(|item| item.json()["role"].clone());
    assert_eq!(role.unwrap()["kind"], "replica");
    change(on, from, |it| {
        let (source, source_region) = (to.into(), "eu-west-1".into());
        it.role = DatabaseRole::Replica { source, source_region, replication: None };
    });
    change(on, to, |it| it.role = DatabaseRole::Primary);
}

fn tell(on: &mut Rehearsal, member: &str, cluster: &str, message: &str) {
    let place = place_of(on, member);
    let event = DatabaseEvent {
        id: "told".into(),
        at: on.model.now,
        source: cluster.into(),
        source_kind: "db-cluster".into(),
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
fn a_cluster_fails_over_to_the_reader_that_is_due_or_the_one_that_is_said() {
    let mut on = world();
    let plan = on.plan("aurora.failover", "shop-2", &[]).unwrap();
    let step = |target: &str| Step::FailoverCluster { cluster: "shop".into(), target: Some(target.into()) };
    assert_eq!((plan.steps.as_slice(), plan.target.as_str()), (&[step("shop-3")][..], "shop"));
    assert_eq!((plan.blast, plan.changes[0].before.as_str()), (Blast::Disruptive, "shop-1"));
    let said = on.plan("aurora.failover", "shop-1", &[("writer", "shop-2")]).unwrap();
    assert_eq!(said.steps, [step("shop-2")]);
    // Of one tier, the one like the writer is due.
    change(&mut on, "shop-2", |it| it.promotion_tier = Some(1));
    change(&mut on, "shop-3", |it| it.class = "db.t4g.medium".into());
    assert_eq!(on.plan("aurora.failover", "shop-1", &[]).unwrap().steps, [step("shop-2")]);
    let small = on.plan("aurora.failover", "shop-1", &[("writer", "shop-3")]).unwrap();
    assert!(small.warnings[0].contains("shop-3 is a db.t4g.medium"), "{:?}", small.warnings);
    assert_eq!(on.progress(&plan), Progress::Waiting("shop-1 is still the writer, no event of it yet".into()));
    lead(&mut on, "shop-1", "shop-3");
    assert_eq!(on.progress(&plan), Progress::Reached);
    assert_eq!(on.progress(&said), Progress::Failed("shop-3 is the writer, not shop-2".into()));
    // The way back leads to who was the writer.
    let undo = plan.undo.unwrap();
    let back = on.plan(undo.operation.as_str(), "shop-2", &[("writer", &undo.params["writer"])]).unwrap();
    assert_eq!(back.steps, [step("shop-1")]);
    tell(
        &mut on,
        "shop-1",
        "shop",
        "Cluster failover failed, check the health of your cluster instances and try again.",
    );
    assert!(matches!(on.progress(&back), Progress::Failed(words) if words.starts_with("Cluster failover failed")));
}

#[test]
fn a_cluster_without_anybody_to_take_over_stays() {
    let mut on = world();
    let says = |on: &Rehearsal, target, said, why, words| refused(on, "aurora.failover", target, said, why, words);
    says(&on, "shop-1", &[("writer", "shop-1")], Why::Nothing, "shop-1 is the writer already");
    says(&on, "shop-1", &[("writer", "shop-9")], Why::Unknown, "shop has no reader shop-9");
    says(&on, "shop-dr-1", &[], Why::State, "no member of shop-dr is written to here");
    change(&mut on, "shop-3", |it| it.status = "rebooting".into());
    says(&on, "shop-1", &[("writer", "shop-3")], Why::State, "shop-3 is rebooting");
    change(&mut on, "shop-2", |it| it.status = "rebooting".into());
    says(&on, "shop-1", &[], Why::State, "no reader of shop is available");
    // The cluster says so through its members.
    change(&mut on, "shop-1", |it| it.status = "failing-over".into());
    says(&on, "shop-1", &[], Why::State, "shop-1 is failing-over");
    let mut on = world();
    change(&mut on, "shop-2", |it| it.cluster = None);
    change(&mut on, "shop-3", |it| it.cluster = None);
    says(&on, "shop-1", &[], Why::State, "shop-1 is the only member of shop");
    says(&on, "shop-2", &[], Why::State, "shop-2 is a member of no cluster");
}

#[test]
fn a_cluster_of_mysql_chooses_by_itself() {
    let mut on = world();
    for id in ["shop-1", "shop-2", "shop-3"] {
        change(&mut on, id, |it| it.engine = "mysql 8.0.40".into());
    }
    let plan = on.plan("aurora.failover", "shop-1", &[]).unwrap();
    assert_eq!(plan.steps, [Step::FailoverCluster { cluster: "shop".into(), target: None }]);
    assert!(plan.undo.is_none());
    refused(&on, "aurora.failover", "shop-1", &[("writer", "shop-2")], Why::Bounds, "chooses by itself");
    lead(&mut on, "shop-1", "shop-2");
    assert_eq!(on.progress(&plan), Progress::Reached);
}

#[test]
fn a_reader_is_added_at_the_end_of_the_line() {
    let on = world();
    let plan = on.plan("rds.add-replica", "shop-1", &[("name", "shop-4")]).unwrap();
    let [Step::CreateReader { cluster, reader, engine, tier: 15, .. }] = plan.steps.as_slice() else {
        panic!("{:?}", plan.steps)
    };
    assert_eq!((cluster.as_str(), reader.as_str(), engine.as_str()), ("shop", "shop-4", "aurora-mysql"));
    assert_eq!(on.progress(&plan), Progress::Waiting("shop-4 is not there yet".into()));
}

/// Roles as they are when the second region leads.
fn moved(on: &mut Rehearsal) {
    change(on, "shop-dr-1", |it| it.role = DatabaseRole::Primary);
    for id in ["shop-1", "shop-2", "shop-3"] {
        change(on, id, |it| {
            let (source, source_region) = ("shop-dr".into(), "eu-central-1".into());
            it.role = DatabaseRole::Replica { source, source_region, replication: Some("connected".into()) };
        });
    }
}

#[test]
fn a_global_database_switches_over_and_back() {
    let mut on = world();
    let plan = on.plan("global.switchover", "shop-1", &[("to", "eu-central-1")]).unwrap();
    let step = Step::SwitchoverGlobalCluster { global: "world".into(), target: SECOND.into() };
    assert_eq!((plan.steps.as_slice(), plan.target.as_str()), (&[step][..], "world"));
    assert_eq!((plan.blast, plan.changes[0].before.as_str()), (Blast::Disruptive, "shop in eu-west-1"));
    assert_eq!(on.progress(&plan), Progress::Waiting("nobody in eu-central-1 is the writer yet".into()));
    change(&mut on, "shop-dr-1", |it| it.global_move = Some("failing-over".into()));
    assert_eq!(on.progress(&plan), Progress::Waiting("world is failing-over".into()));
    refused(&on, "global.switchover", "shop-1", &[("to", "eu-central-1")], Why::State, "world is moving already");
    change(&mut on, "shop-dr-1", |it| it.global_move = None);
    moved(&mut on);
    assert_eq!(on.progress(&plan), Progress::Reached);
    // What is left behind says so, where the other region is not read again.
    change(&mut on, "shop-dr-1", |it| {
        let (source, source_region) = ("shop".into(), "eu-west-1".into());
        it.role = DatabaseRole::Replica { source, source_region, replication: None };
    });
    assert_eq!(on.progress(&plan), Progress::Reached);
    moved(&mut on);
    let undo = plan.undo.unwrap();
    let back = on.plan(undo.operation.as_str(), "shop-1", &[("to", &undo.params["to"])]).unwrap();
    assert_eq!(back.steps, [Step::SwitchoverGlobalCluster { global: "world".into(), target: HOME.into() }]);
    tell(&mut on, "shop-1", "shop", "Global switchover to DB cluster shop in Region eu-west-1 is cancelled.");
    assert!(matches!(on.progress(&back), Progress::Failed(words) if words.contains("cancelled")));
}

#[test]
fn a_switchover_needs_both_sides_well_and_in_step() {
    let says =
        |on: &Rehearsal, to, why, words| refused(on, "global.switchover", "shop-dr-1", &[("to", to)], why, words);
    let mut on = world();
    says(&on, "eu-west-1", Why::Nothing, "world is written to in eu-west-1 already");
    says(&on, "us-east-1", Why::Unknown, "world has no instance in us-east-1");
    change(&mut on, "shop-1", |it| it.status = "failed".into());
    says(&on, "eu-central-1", Why::State, "shop-1 in eu-west-1 is failed");
    let mut on = world();
    for id in ["shop-dr-1", "shop-dr-2"] {
        change(&mut on, id, |it| it.engine = "aurora-mysql 8.0.mysql_aurora.3.04.0".into());
    }
    says(&on, "eu-central-1", Why::State, "shop-1 runs aurora-mysql 8.0.mysql_aurora.3.08.0");
    let behind = |on: &mut Rehearsal, replication: Option<&str>| {
        for id in ["shop-dr-1", "shop-dr-2"] {
            change(on, id, |it| {
                let (source, source_region) = ("shop".into(), "eu-west-1".into());
                it.role = DatabaseRole::Replica { source, source_region, replication: replication.map(Into::into) };
            });
        }
    };
    behind(&mut on, Some("pending-resync"));
    says(&on, "eu-central-1", Why::State, "is pending-resync");
    behind(&mut on, None);
    says(&on, "eu-central-1", Why::Blind, "does not tell whether shop-dr-1 is in step");
    for id in ["shop-dr-1", "shop-dr-2"] {
        change(&mut on, id, |it| it.cluster_arn = None);
    }
    says(&on, "eu-central-1", Why::Blind, "the ARN of the cluster of shop-dr-1");
    for id in ["shop-dr-1", "shop-dr-2"] {
        change(&mut on, id, |it| it.status = "stopped".into());
    }
    says(&on, "eu-central-1", Why::State, "shop-dr-1 in eu-central-1 is stopped");
}

#[test]
fn after_a_disaster_a_global_database_fails_over_with_what_that_loses() {
    let mut on = world();
    let fail_over =
        |on: &Rehearsal| -> Plan { on.plan("global.failover", "shop-dr-2", &[("to", "eu-central-1")]).unwrap() };
    let plan = fail_over(&on);
    let step = Step::FailoverGlobalCluster { global: "world".into(), target: SECOND.into() };
    assert_eq!((plan.steps.as_slice(), plan.blast), (&[step][..], Blast::Destructive));
    assert!(plan.undo.is_none() && plan.effects[0].contains("lost"), "{:?}", plan.effects);
    assert!(plan.warnings.iter().any(|warning| warning.contains("which is not no lag")), "{:?}", plan.warnings);
    assert!(plan.warnings.iter().any(|warning| warning.contains("`global.switchover` loses nothing")));
    // The region that is lost is not read: what it said last is no reason to switch over instead.
    let key = FeedKey::all(Feed::Databases, Arc::clone(&on.model.world.places()[place_of(&on, "shop-1")].scope));
    let error = CloudError {
        class: FaultClass::Timeout,
        operation: "rds:DescribeDBInstances".into(),
        message: "no answer".into(),
        missing: None,
    };
    on.model.world.apply(Observation::of(key, on.model.now, Answer::of(Err(error), Usage::default()), None));
    let blind = fail_over(&on);
    assert!(!blind.warnings.iter().any(|warning| warning.contains("loses nothing")), "{:?}", blind.warnings);
    refused(&on, "global.switchover", "shop-dr-1", &[("to", "eu-central-1")], Why::Blind, "eu-west-1 cannot be read");
    moved(&mut on);
    assert_eq!(on.progress(&plan), Progress::Reached);
}
