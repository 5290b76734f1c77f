//! What is shut down is woken as it was, as far as the emulator goes: planned on what is read there, sent, and read again.

use std::collections::BTreeMap;

use jiff::Timestamp;
use opscon::domain::origin::Origin;
use opscon::domain::scope::Environment;
use opscon::domain::text::Text;
use opscon::ops::plan::{Plan, Refusal, Why};
use opscon::ops::{Params, Target, named};
use opscon::world::World;
use opscon::world::act::Step;
use opscon::world::feed::Feed;
use opscon::world::port::{FeedKey, Observation};
use opscon::world::sight::{Bearings, Sight};

use super::live::Stage;
use crate::endpoint::{Bench, ask, on_endpoint, origin, place};

/// Nobody else's.
const REGION: &str = "eu-south-2";

fn now() -> Timestamp {
    "2026-11-20T14:00:00Z".parse().unwrap()
}

async fn read(stage: &Stage) -> World {
    let mut world = World::of(&stage.origin.scopes());
    for feed in [Feed::Instances, Feed::Groups, Feed::Clusters, Feed::Databases, Feed::Policies] {
        let answer = ask(&stage.aws, &stage.origin, REGION, feed).await;
        let key = FeedKey::all(feed, place(&stage.origin, REGION));
        world.apply(Observation::of(key, now(), answer, None));
    }
    world
}

fn at(world: &World) -> usize {
    world.scopes().position(|scope| scope.region == REGION).unwrap()
}

fn plan(operation: &str, world: &World) -> Result<Plan, Refusal> {
    let bearings = Bearings::default();
    let sight = Sight { world, at: now(), bearings: &bearings };
    named(operation).unwrap().plan(&Target::Scope(at(world)), &Params::new(), &sight)
}

/// How everything is, as far as an operator cares.
fn state(world: &World) -> BTreeMap<String, String> {
    let feeds = &world.places()[at(world)].feeds;
    let mut all = BTreeMap::new();
    for it in feeds.instances.items().filter(|it| it.group.is_empty()) {
        all.insert(it.id.to_string(), format!("{:?} {:?}", it.state, it.tags));
    }
    for it in feeds.groups.items() {
        all.insert(it.name.to_string(), format!("{} {} {} {:?}", it.min, it.desired, it.max, it.tags));
    }
    for it in feeds.clusters.items().flat_map(|it| &it.services) {
        all.insert(it.arn.to_string(), format!("{} {:?}", it.desired, it.tags));
    }
    for it in feeds.policies.items() {
        all.insert(it.id.to_string(), format!("{:?} {:?}", it.min, it.max));
    }
    for it in feeds.databases.items() {
        all.insert(it.id.to_string(), format!("{} {:?} {:?}", it.status, it.tags, it.cluster_tags));
    }
    all
}

/// Says of everything that it is for dev.
async fn mark(stage: &Stage) {
    let (key, value) = (|| Text::from("Environment"), || Text::from("dev"));
    let instances = vec![stage.name("machine")];
    stage.send(Step::TagInstances { instances, key: key(), value: value() }).await;
    stage.send(Step::TagGroup { group: "web".into(), key: key(), value: value() }).await;
    let service = stage.cluster().await.services[0].arn.clone();
    stage.send(Step::TagEcs { resource: service, key: key(), value: value() }).await;
    let orders = stage.name("orders");
    let ledger = orders.as_str().replace(":db:orders", ":cluster:ledger").into();
    stage.send(Step::TagDatabase { resource: orders, key: key(), value: value() }).await;
    stage.send(Step::TagDatabase { resource: ledger, key: key(), value: value() }).await;
}

async fn carry_out(stage: &Stage, operation: &str) -> Plan {
    let plan = plan(operation, &read(stage).await).unwrap_or_else(|refusal| panic!("{operation}: {refusal}"));
    for step in &plan.steps {
        stage.send(step.clone()).await;
    }
    plan
}

#[test]
fn what_is_shut_down_is_woken_as_it_was() {
    on_endpoint(async |bench: Bench| {
        let origin = Origin { environment: Some(Environment::Dev), ..origin(&[REGION]) };
        let stage = Stage::set(&bench, REGION, origin);
        // The account is for dev, and nothing in it says so itself.
        let refusal = plan("dev.shutdown", &read(&stage).await).unwrap_err();
        assert!(refusal.text.contains("no tag of its own says what it is for"), "{refusal}");
        mark(&stage).await;
        let before = state(&read(&stage).await);
        let down = carry_out(&stage, "dev.shutdown").await;
        assert!(down.title.ends_with("shut down 1 instance, 1 group, 1 service, 2 databases"), "{}", down.title);
        let world = read(&stage).await;
        let feeds = &world.places()[at(&world)].feeds;
        let machine = feeds.instances.items().find(|it| it.id == stage.name("machine")).unwrap();
        assert!(!machine.is_running());
        let group = feeds.groups.items().next().unwrap();
        assert_eq!((group.min, group.desired, group.max, group.members.len()), (0, 0, 0, 0));
        assert_eq!(feeds.clusters.items().next().unwrap().services[0].desired, 0);
        let policy = feeds.policies.items().find(|policy| policy.name == "api-tasks").unwrap();
        assert_eq!((policy.min, policy.max), (Some(0), Some(0)));
        assert!(feeds.databases.items().all(|it| it.status == "stopped"));
        // Nothing more is to be stopped, and nothing remembered is written over.
        assert_eq!(plan("dev.shutdown", &world).unwrap_err().why, Why::Nothing);
        let up = carry_out(&stage, "dev.wake").await;
        assert_eq!(up.changes.len(), 5, "{:?}", up.changes);
        assert_eq!(state(&read(&stage).await), before);
        assert_eq!(plan("dev.wake", &read(&stage).await).unwrap_err().why, Why::Nothing);
    });
}
