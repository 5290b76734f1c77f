//! Dev and test are shut down and woken: what matches, what each guard alone keeps out, and that what comes back is what was.

use std::collections::BTreeMap;
use std::sync::Arc;

use opscon::domain::autoscaling::{AutoScalingGroup, Refresh, ScalingPolicy, WarmPool};
use opscon::domain::container::{Cluster, Service};
use opscon::domain::database::{Database, DatabaseRole};
use opscon::domain::dev::DevRule;
use opscon::domain::instance::{Instance, InstanceState, Purchase};
use opscon::domain::list::List;
use opscon::domain::money::Usd;
use opscon::domain::scope::Environment;
use opscon::domain::tags::Tag;
use opscon::drill::act::Mishap;
use opscon::ops::plan::{Blast, Plan, Refusal, Why};
use opscon::ops::policy::Need;
use opscon::ops::{Progress, Target};
use opscon::world::act::{Act, Sent, Step};
use opscon::world::feed::{Feed, Payload};
use opscon::world::port::{Answer, CloudError, FaultClass, FeedKey, Observation, Usage};

use super::{Rehearsal, observe};

const DEV: &str = "acme-dev/eu-west-1";
const BEFORE: &str = "opscon:before";

fn shutdown(on: &Rehearsal) -> Result<Plan, Refusal> {
    on.plan("dev.shutdown", DEV, &[])
}

fn wake(on: &Rehearsal) -> Result<Plan, Refusal> {
    on.plan("dev.wake", DEV, &[])
}

fn place(on: &Rehearsal) -> usize {
    let Target::Scope(place) = on.target("dev.shutdown", DEV) else { panic!() };
    place
}

fn with_rule(on: &mut Rehearsal, change: impl FnOnce(&mut DevRule)) {
    change(&mut on.model.settings.bearings.dev);
}

/// The same world with another thing of this name in it; the group, the services and the database are each known by one.
macro_rules! changing {
    ($name:ident, $type:ty, $feed:ident, $payload:ident, $field:ident) => {
        fn $name(on: &mut Rehearsal, change: impl Fn(&mut $type)) {
            let place = place(on);
            let mut all: Vec<$type> = on.model.world.places()[place].feeds.$field.items().cloned().collect();
            all.iter_mut().for_each(change);
            observe(&mut on.model, place, Feed::$feed, Payload::$payload(Arc::new(List::new(all))));
        }
    };
}

changing!(instances, Instance, Instances, Instances, instances);
changing!(groups, AutoScalingGroup, Groups, Groups, groups);
changing!(clusters, Cluster, Clusters, Clusters, clusters);
changing!(databases, Database, Databases, Databases, databases);

fn services(on: &mut Rehearsal, change: impl Fn(&mut Service)) {
    clusters(on, |cluster| cluster.services.iter_mut().for_each(&change));
}

fn tagged(tags: &mut Vec<Tag>, key: &str, value: &str) {
    tags.retain(|(known, _)| known != key);
    tags.push((key.into(), value.into()));
}

/// Whom a plan says it is done to, of one kind.
fn changed(plan: &Plan, what: &str) -> Vec<String> {
    let all = plan.changes.iter().filter(|change| change.what == *what);
    all.map(|change| change.before.split(' ').next().unwrap().to_owned()).collect()
}

fn calm() -> Rehearsal {
    Rehearsal::of("calm", 8)
}

#[test]
fn everything_that_is_of_dev_or_test_is_in_one_plan_and_the_rest_is_said_with_its_reason() {
    let on = calm();
    let plan = shutdown(&on).unwrap();
    assert_eq!((plan.target.as_str(), plan.blast), (DEV, Blast::Disruptive));
    assert_eq!(Need::of(&plan).words(&plan).as_deref(), Some(DEV));
    assert_eq!(plan.title, "acme-dev/eu-west-1: shut down 6 instances, 1 group, 2 services, 1 database");
    let machines = ["build-agent-2", "dev-api", "dev-web", "dev-db-tools", "test-e2e-1", "test-e2e-2"];
    assert_eq!(changed(&plan, "instance"), machines);
    assert_eq!(changed(&plan, "group"), ["dev-workers"]);
    assert_eq!(changed(&plan, "service"), ["dev/preview", "dev/mail-catcher"]);
    assert_eq!(changed(&plan, "database"), ["dev-orders"]);
    let excluded = [
        "dev/log-router: it is a daemon: it has one task on every machine, whatever one says",
        "build-agent-1: its schedule is always-on",
        "sandbox-jun: it is stopped already",
        "sandbox-lena: it is stopped already",
        "dev-workers-1: it belongs to dev-workers, which would replace it",
        "dev-workers-2: it belongs to dev-workers, which would replace it",
    ];
    assert_eq!(plan.excluded, excluded);
    // Six machines and the two of the group; of the rest no price is known, which is not nothing.
    let known = 2.0 * 0.0912 + 2.0 * 0.0456 + 2.0 * 0.107 + 2.0 * 0.0456;
    assert_eq!(plan.per_hour, Some(Usd::from_dollars(-known)));
    let says = |text: &str| plan.effects.iter().chain(&plan.warnings).any(|line| line.contains(text));
    assert!(says("no price is known of 3 of 10: dev/preview, dev/mail-catcher, dev-orders"), "{:?}", plan.effects);
    assert!(says("by itself after 7 days, at the latest by 2026-03-17 14:08:00"), "{:?}", plan.effects);
    assert!(says("dev-orders has 6 connections open"), "{:?}", plan.warnings);
    assert!(says("the scheduled action office-hours-begin will set dev-workers anew"), "{:?}", plan.warnings);
    let undo = plan.undo.unwrap();
    assert_eq!((undo.operation.as_str(), undo.params.len()), ("dev.wake", 0));
}

#[test]
fn what_a_thing_was_is_on_it_before_it_is_touched() {
    let plan = shutdown(&calm()).unwrap();
    let name = |step: &Step| step.action();
    let names: Vec<String> = plan.steps.iter().map(name).collect();
    assert_eq!(
        names,
        [
            "ecs:TagResource",
            "application-autoscaling:RegisterScalableTarget",
            "ecs:UpdateService",
            "ecs:TagResource",
            "ecs:UpdateService",
            "autoscaling:CreateOrUpdateTags",
            "autoscaling:UpdateAutoScalingGroup",
            "ec2:CreateTags",
            "ec2:StopInstances",
            "rds:AddTagsToResource",
            "rds:StopDBInstance",
        ]
    );
    let values: Vec<&str> = plan
        .steps
        .iter()
        .filter_map(|step| match step {
            Step::TagEcs { value, key, .. }
            | Step::TagGroup { value, key, .. }
            | Step::TagInstances { value, key, .. }
            | Step::TagDatabase { value, key, .. } => Some((key, value)),
            _ => None,
        })
        .map(|(key, value)| {
            assert_eq!(*key, *BEFORE);
            value.as_str()
        })
        .collect();
    assert_eq!(values, ["desired=2 min=1 max=4", "desired=1", "min=1 desired=2 max=4", "running", "available"]);
    assert!(plan.steps.contains(&Step::UpdateAutoScalingGroup {
        group: "dev-workers".into(),
        min: 0,
        desired: 0,
        max: 0
    }));
    assert!(plan.steps.iter().any(|step| matches!(step, Step::RegisterScalableTarget { min: 0, max: 0, .. })));
}

#[test]
fn one_call_names_fifty_instances_at_most() {
    let mut on = calm();
    let place = place(&on);
    let mould = on.model.world.places()[place].feeds.instances.items().find(|it| it.name == "dev-api").unwrap().clone();
    let many = (0..120).map(|number| Instance { id: format!("i-{number}").into(), ..mould.clone() }).collect();
    observe(&mut on.model, place, Feed::Instances, Payload::Instances(Arc::new(List::new(many))));
    let plan = shutdown(&on).unwrap();
    let sizes: Vec<usize> = plan
        .steps
        .iter()
        .filter_map(|step| match step {
            Step::StopInstances { instances } => Some(instances.len()),
            _ => None,
        })
        .collect();
    assert_eq!(sizes, [50, 50, 20]);
}

#[test]
fn production_is_kept_out_by_each_guard_alone() {
    // The account: what it is for, and what it is called.
    let on = calm();
    let refusal = on.plan("dev.shutdown", "acme-prod/eu-west-1", &[]).unwrap_err();
    assert_eq!(refusal.why, Why::State);
    assert!(refusal.text.starts_with("nothing in acme-prod/eu-west-1 is shut down: "), "{refusal}");
    // The list, by number, by alias and by scope.
    for pattern in ["210987654321", "acme-*", "acme-dev/eu-west-1", "*"] {
        let mut on = calm();
        with_rule(&mut on, |rule| rule.never = vec![pattern.into()]);
        let refusal = shutdown(&on).unwrap_err();
        assert_eq!(refusal.why, Why::State);
        assert!(refusal.text.contains(&format!("left alone, as `{pattern}`")), "{refusal}");
    }
    // A tag, in a dev account, on everything: nothing is left, and why.
    for value in ["prod", "Production", "live", "staging", "blue"] {
        let mut on = calm();
        instances(&mut on, |it| tagged(&mut it.tags, "Environment", value));
        groups(&mut on, |it| tagged(&mut it.tags, "Stage", value));
        services(&mut on, |it| tagged(&mut it.tags, "env", value));
        databases(&mut on, |it| tagged(&mut it.tags, "ENV", value));
        let refusal = shutdown(&on).unwrap_err();
        assert_eq!(refusal.why, Why::Nothing);
        assert!(refusal.text.contains(&format!("a tag says that it is for `{value}`")), "{refusal}");
    }
    // No tag at all: the account's word is not enough, unless the rule says so.
    let mut on = calm();
    instances(&mut on, |it| it.tags.clear());
    groups(&mut on, |it| it.tags.clear());
    clusters(&mut on, |it| it.tags.clear());
    databases(&mut on, |it| it.tags.clear());
    let refusal = shutdown(&on).unwrap_err();
    assert!(refusal.text.contains("no tag of its own says what it is for"), "{refusal}");
    with_rule(&mut on, |rule| rule.untagged = true);
    assert_eq!(shutdown(&on).unwrap().steps.len(), 11);
    // The name alone.
    instances(&mut on, |it| it.name = "copy-of-prod".into());
    groups(&mut on, |it| it.name = "prod_workers".into());
    clusters(&mut on, |it| it.name = "live".into());
    databases(&mut on, |it| it.id = "orders-production".into());
    let refusal = shutdown(&on).unwrap_err();
    assert!(refusal.text.contains("its name says `live`"), "{refusal}");
    assert!(!refusal.text.contains("no tag"), "{refusal}");
}

#[test]
fn the_list_and_the_opt_in_are_the_operators_own() {
    let mut on = calm();
    with_rule(&mut on, |rule| rule.never = vec!["DEV-web".into(), "preview".into(), "schedule=*".into()]);
    let plan = shutdown(&on).unwrap();
    // By name, whatever its case; by tag, whatever its name.
    assert_eq!(changed(&plan, "instance"), [""; 0]);
    assert_eq!(changed(&plan, "service"), ["dev/mail-catcher"]);
    assert_eq!(changed(&plan, "database"), [""; 0]);
    assert!(plan.excluded.contains(&"dev-web: it is on the list of what is left alone, as `DEV-web`".to_owned()));
    let mut on = calm();
    with_rule(&mut on, |rule| rule.opt_in = "AutoStop=true".into());
    assert!(shutdown(&on).unwrap_err().text.contains("it lacks the tag AutoStop=true"));
    instances(&mut on, |it| {
        if it.name == "dev-web" {
            tagged(&mut it.tags, "autostop", "True");
        }
    });
    let plan = shutdown(&on).unwrap();
    assert_eq!((changed(&plan, "instance"), plan.steps.len()), (vec!["dev-web".to_owned()], 2));
    // Only what the operator calls so.
    let mut on = calm();
    with_rule(&mut on, |rule| rule.environments = vec![Environment::Test]);
    assert!(shutdown(&on).unwrap_err().text.contains("the account is for dev"));
}

/// Changes something of everything, after which it is left out for a reason.
type Case = (fn(&mut Rehearsal), &'static str);

#[test]
fn what_aws_would_not_stop_or_would_undo_is_left_out() {
    let cases: &[Case] = &[
        (|on| instances(on, |it| it.root = "instance-store".into()), "dev-web: its root disk is an instance store"),
        (|on| instances(on, |it| it.root = "".into()), "dev-web: AWS does not tell what its root disk is"),
        (|on| instances(on, |it| it.purchase = Purchase::Spot), "dev-web: whether its Spot request is persistent"),
        (|on| instances(on, |it| it.operator = "eks.amazonaws.com".into()), "dev-web: eks.amazonaws.com runs it"),
        (
            |on| instances(on, |it| it.group = "fleet-1".into()),
            "dev-web: it belongs to fleet-1, which would replace it",
        ),
        (|on| instances(on, |it| it.state = InstanceState::Stopping), "dev-web: it is stopping already"),
        (|on| instances(on, |it| it.state = InstanceState::Pending), "dev-web: it is pending: only what runs"),
        (|on| instances(on, |it| it.state = InstanceState::Unknown), "dev-web: it is unknown: only what runs"),
        (|on| groups(on, |it| it.operator = "eks.amazonaws.com".into()), "dev-workers: eks.amazonaws.com runs it"),
        (|on| groups(on, |it| it.suspended = vec!["Terminate".into()]), "dev-workers: Terminate is suspended"),
        (|on| groups(on, |it| it.members[0].is_protected = true), "dev-workers: 1 of its instances are protected"),
        (
            |on| {
                groups(on, |it| {
                    it.refresh = Some(Refresh {
                        id: "r".into(),
                        status: "InProgress".into(),
                        reason: "".into(),
                        percent: None,
                        started: None,
                        ended: None,
                    });
                });
            },
            "dev-workers: an instance refresh is InProgress",
        ),
        (|on| groups(on, |it| it.desired = 0), "dev-workers: it is at 0 already"),
        (|on| services(on, |it| it.controller = "EXTERNAL".into()), "dev/preview: another controller than ECS"),
        (|on| services(on, |it| it.desired = 0), "dev/preview: it is at 0 already"),
        (
            |on| services(on, |it| it.arn = "arn:aws:ecs:eu-west-1:210987654321:service/preview".into()),
            "dev/preview: its ARN is of the old form",
        ),
        (|on| databases(on, |it| it.status = "stopped".into()), "dev-orders: it is stopped already"),
        (
            |on| databases(on, |it| it.status = "backing-up".into()),
            "dev-orders: dev-orders is backing-up: AWS stops only",
        ),
        (|on| databases(on, |it| it.replicas = vec!["copy".into()]), "dev-orders: it has 1 read replica"),
        (
            |on| {
                databases(on, |it| {
                    it.role = DatabaseRole::Replica {
                        source: "orders".into(),
                        source_region: "eu-west-1".into(),
                        replication: None,
                    };
                });
            },
            "dev-orders: it is a read replica of orders",
        ),
        (
            |on| databases(on, |it| (it.engine, it.multi_az) = ("sqlserver-se 15.00".into(), Some(true))),
            "dev-orders: SQL Server in two zones cannot be stopped",
        ),
        (|on| databases(on, |it| it.arn = "".into()), "dev-orders: AWS does not tell its ARN"),
        (|on| databases(on, |it| it.cluster = Some("three".into())), "three: it is a Multi-AZ DB cluster"),
    ];
    for (change, reason) in cases {
        let mut on = calm();
        change(&mut on);
        let plan = shutdown(&on).unwrap_or_else(|refusal| panic!("{reason}: {refusal}"));
        assert!(plan.excluded.iter().any(|line| line.starts_with(reason)), "{reason}: {:#?}", plan.excluded);
        let (name, _) = reason.split_once(':').unwrap();
        let changes = plan.changes.iter().filter(|change| change.before.split(' ').next() == Some(name));
        assert_eq!(changes.count(), 0, "{name} is stopped all the same");
    }
    let mut on = calm();
    groups(&mut on, |it| {
        it.warm_pool = Some(WarmPool { state: "Stopped".into(), size: Some(2), min: 2, max_prepared: None });
        it.scheduled = None;
    });
    let warnings = shutdown(&on).unwrap().warnings;
    for text in
        ["the warm pool of dev-workers is not looked after here", "what changes dev-workers by the clock is not read"]
    {
        assert!(warnings.iter().any(|line| line.starts_with(text)), "{warnings:?}");
    }
}

/// `dev-orders` as an Aurora cluster of two.
fn aurora(on: &mut Rehearsal, change: impl Fn(&mut Database)) {
    let place = place(on);
    let mould = on.model.world.places()[place].feeds.databases.items().next().unwrap().clone();
    let arn = "arn:aws:rds:eu-west-1:210987654321:cluster:shop-dev";
    let member = |id: &str, role| Database {
        id: id.into(),
        arn: format!("arn:aws:rds:eu-west-1:210987654321:db:{id}").into(),
        engine: "aurora-mysql 8.0".into(),
        status: "available".into(),
        cluster: Some("shop-dev".into()),
        cluster_arn: Some(arn.into()),
        cluster_tags: vec![("env".into(), "dev".into())],
        tags: Vec::new(),
        role,
        ..mould.clone()
    };
    let follows = DatabaseRole::Replica { source: "one".into(), source_region: "eu-west-1".into(), replication: None };
    let mut all = vec![member("one", DatabaseRole::Primary), member("two", follows)];
    all.iter_mut().for_each(change);
    observe(&mut on.model, place, Feed::Databases, Payload::Databases(Arc::new(List::new(all))));
}

#[test]
fn an_aurora_cluster_is_stopped_as_a_whole_or_not_at_all() {
    let mut on = calm();
    aurora(&mut on, |_| {});
    let plan = shutdown(&on).unwrap();
    let resource = "arn:aws:rds:eu-west-1:210987654321:cluster:shop-dev".into();
    let tail = [
        Step::TagDatabase { resource, key: BEFORE.into(), value: "available".into() },
        Step::StopCluster { cluster: "shop-dev".into() },
    ];
    assert_eq!(plan.steps[plan.steps.len() - 2..], tail);
    type Change = fn(&mut Database);
    let cases: &[(Change, &str)] = &[
        (|it| it.global_cluster = Some("world".into()), "shop-dev: it is a part of the global database world"),
        (|it| it.replicas = vec!["far".into()], "shop-dev: it follows another cluster, or is followed by one"),
        (|it| it.status = "stopped".into(), "shop-dev: it is stopped already"),
        (|it| it.engine = "docdb 5.0".into(), "shop-dev: only Aurora clusters are stopped from here"),
        (|it| it.cluster_arn = None, "shop-dev: AWS does not tell its ARN"),
        // One member that is production is enough.
        (
            |it| {
                if it.id == "two" {
                    tagged(&mut it.tags, "env", "prod");
                }
            },
            "shop-dev: a tag says that it is for `prod`",
        ),
        (
            |it| {
                if it.id == "two" {
                    it.status = "modifying".into();
                }
            },
            "shop-dev: two is modifying",
        ),
    ];
    for (change, reason) in cases {
        let mut on = calm();
        aurora(&mut on, change);
        let plan = shutdown(&on).unwrap();
        assert!(plan.excluded.iter().any(|line| line.starts_with(reason)), "{reason}: {:#?}", plan.excluded);
        assert!(!plan.steps.iter().any(|step| matches!(step, Step::StopCluster { .. })), "{reason}");
    }
    // And woken as a whole.
    let mut on = calm();
    aurora(&mut on, |it| {
        it.status = "stopped".into();
        tagged(&mut it.cluster_tags, BEFORE, "available");
    });
    let plan = wake(&on).unwrap();
    assert_eq!(plan.steps[0], Step::StartCluster { cluster: "shop-dev".into() });
    assert!(matches!(&plan.steps[1], Step::UntagDatabase { .. }) && plan.steps.len() == 2, "{:?}", plan.steps);
    assert_eq!(on.progress(&plan), Progress::Waiting("0 of 1 back".into()));
    aurora(&mut on, |it| tagged(&mut it.cluster_tags, BEFORE, "available"));
    assert_eq!(on.progress(&plan), Progress::Waiting("1 of 1 back, the tags are still there".into()));
    aurora(&mut on, |_| {});
    assert_eq!(on.progress(&plan), Progress::Reached);
}

#[test]
fn nothing_is_planned_on_what_cannot_be_read() {
    for feed in [Feed::Instances, Feed::Groups, Feed::Clusters, Feed::Databases, Feed::Policies] {
        let mut on = calm();
        let scope = Arc::clone(&on.model.world.places()[place(&on)].scope);
        let error = CloudError {
            class: FaultClass::Denied,
            operation: feed.operation().into(),
            message: "no".into(),
            missing: None,
        };
        let answer = Answer::of(Err(error), Usage::default());
        let observation = Observation::of(FeedKey::all(feed, scope), on.model.now, answer, None);
        on.model.world.apply(observation);
        for refusal in [shutdown(&on).unwrap_err(), wake(&on).unwrap_err()] {
            assert_eq!(refusal.why, Why::Blind, "{refusal}");
        }
    }
}

/// How every thing of the account is, as far as an operator cares.
fn state(on: &Rehearsal) -> BTreeMap<String, String> {
    let feeds = &on.model.world.places()[place(on)].feeds;
    let mut all = BTreeMap::new();
    for it in feeds.instances.items().filter(|it| it.group.is_empty()) {
        all.insert(format!("{} {}", it.id, it.name), format!("{:?} {:?}", it.state, it.tags));
    }
    for it in feeds.groups.items() {
        let serving = it.in_service();
        all.insert(it.name.to_string(), format!("{} {} {} {serving} {:?}", it.min, it.desired, it.max, it.tags));
    }
    for it in feeds.clusters.items().flat_map(|it| &it.services) {
        all.insert(it.arn.to_string(), format!("{} {} {:?}", it.desired, it.running, it.tags));
    }
    for it in feeds.policies.items() {
        all.insert(it.id.to_string(), format!("{:?} {:?}", it.min, it.max));
    }
    for it in feeds.databases.items() {
        all.insert(it.id.to_string(), format!("{} {:?}", it.status, it.tags));
    }
    all
}

#[test]
fn what_is_woken_is_what_was_and_nothing_else() {
    let mut on = calm();
    let before = state(&on);
    let (plan, minutes) = on.carry_out("dev.shutdown", DEV, &[]);
    assert!((1..=4).contains(&minutes), "{minutes} min");
    assert_eq!(plan.expects, "10 of 10 down");
    let down = state(&on);
    let is_up = |(name, state): &(&String, &String)| {
        let is_left = ["build-agent-1", "log-router"].iter().any(|left| name.ends_with(left));
        !is_left && (state.starts_with("Running") || state.starts_with("available") || state.starts_with("1 "))
    };
    assert_eq!(down.iter().filter(is_up).collect::<Vec<_>>(), []);
    // There is nothing more to stop, and what is remembered is not written over.
    let refusal = shutdown(&on).unwrap_err();
    assert_eq!(refusal.why, Why::Nothing);
    assert_eq!(state(&on), down);
    let (plan, minutes) = on.carry_out("dev.wake", DEV, &[]);
    assert_eq!((plan.expects.as_str(), plan.blast), ("10 of 10 back, and the tag gone", Blast::Reversible));
    assert_eq!(changed(&plan, "instance").len(), 6, "what was off before stays off");
    assert!((4..=8).contains(&minutes), "{minutes} min");
    assert_eq!(state(&on), before);
    let refusal = wake(&on).unwrap_err();
    assert_eq!(refusal.why, Why::Nothing, "{refusal}");
}

#[test]
fn after_any_call_that_was_refused_it_can_be_done_again_and_undone() {
    let steps = shutdown(&calm()).unwrap().steps.len();
    let before = state(&calm());
    for refused in 0..steps {
        let mut on = calm();
        let plan = shutdown(&on).unwrap();
        for (number, step) in plan.steps.iter().enumerate().take(refused + 1) {
            if number == refused {
                on.drill.mishap(Mishap::Refuse(FaultClass::Denied));
            }
            let sent = futures_util::FutureExt::now_or_never(on.drill.apply(&plan.scope, step)).unwrap();
            assert_eq!(sent.is_err(), number == refused, "{step:?}");
            assert!(!matches!(sent, Err(Sent::Perhaps(_))));
        }
        on.live(4);
        // What is left is stopped too; of half a service its tag is kept, for its bounds say nothing any more.
        on.carry_out("dev.shutdown", DEV, &[]);
        on.carry_out("dev.wake", DEV, &[]);
        assert_eq!(state(&on), before, "refused at call {}", refused + 1);
    }
}

/// The policies of the place with other bounds.
fn bounds(on: &mut Rehearsal, min: u32, max: u32) {
    let place = place(on);
    let mut all: Vec<ScalingPolicy> = on.model.world.places()[place].feeds.policies.items().cloned().collect();
    for policy in &mut all {
        (policy.min, policy.max) = (Some(min), Some(max));
    }
    observe(&mut on.model, place, Feed::Policies, Payload::Policies(Arc::new(List::new(all))));
}

#[test]
fn bounds_at_zero_are_never_remembered_over_what_they_were() {
    let remembered = |tag: Option<&str>| {
        let mut on = calm();
        bounds(&mut on, 0, 0);
        services(&mut on, |it| {
            if let Some(value) = tag.filter(|_| it.name == "preview") {
                tagged(&mut it.tags, BEFORE, value);
            }
        });
        let steps = shutdown(&on).unwrap().steps;
        let is_it = |step: &&Step| step.command("eu-west-1").contains("preview");
        let names: Vec<String> = steps.iter().filter(is_it).map(Step::action).collect();
        names
    };
    // AWS has taken the bounds, and not yet moved the number when the next call was refused.
    let rest = ["application-autoscaling:RegisterScalableTarget", "ecs:UpdateService"];
    assert_eq!(remembered(Some("desired=2 min=1 max=4")), rest);
    // What was not written here is not kept.
    for tag in [None, Some("many")] {
        assert_eq!(remembered(tag), [&["ecs:TagResource"], &rest[..]].concat(), "{tag:?}");
    }
    // And the other way round: its number is back, its bounds are not yet.
    let mut on = calm();
    bounds(&mut on, 0, 0);
    services(&mut on, |it| {
        if it.name == "preview" {
            tagged(&mut it.tags, BEFORE, "desired=2 min=1 max=4");
        }
    });
    let steps = wake(&on).unwrap().steps;
    assert!(matches!(steps[1], Step::RegisterScalableTarget { min: 1, max: 4, .. }), "{steps:?}");
}

#[test]
fn half_a_waking_is_gone_on_with() {
    let before = state(&calm());
    let mut on = calm();
    on.carry_out("dev.shutdown", DEV, &[]);
    let steps = wake(&on).unwrap().steps.len();
    for refused in 0..steps {
        let mut on = calm();
        on.carry_out("dev.shutdown", DEV, &[]);
        let plan = wake(&on).unwrap();
        for step in &plan.steps[..refused] {
            futures_util::FutureExt::now_or_never(on.drill.apply(&plan.scope, step)).unwrap().unwrap();
        }
        // Whatever is done by halves comes to its end meanwhile.
        on.live(8);
        on.carry_out("dev.wake", DEV, &[]);
        assert_eq!(state(&on), before, "after {refused} calls");
    }
}

#[test]
fn what_nobody_of_us_wrote_is_not_guessed_at_and_what_runs_again_only_loses_its_tag() {
    let mut on = calm();
    instances(&mut on, |it| {
        if it.name == "dev-web" {
            it.state = InstanceState::Stopped;
            tagged(&mut it.tags, BEFORE, "t3.medium");
        } else if it.name == "dev-api" {
            tagged(&mut it.tags, BEFORE, "running");
        }
    });
    groups(&mut on, |it| {
        (it.min, it.desired, it.max) = (0, 0, 0);
        tagged(&mut it.tags, BEFORE, "min=3 desired=2 max=4");
    });
    services(&mut on, |it| tagged(&mut it.tags, BEFORE, "many"));
    // AWS has started it by itself.
    databases(&mut on, |it| tagged(&mut it.tags, BEFORE, "available"));
    let plan = wake(&on).unwrap();
    let names: Vec<String> = plan.steps.iter().map(Step::action).collect();
    assert_eq!(names, ["rds:RemoveTagsFromResource", "ec2:DeleteTags"]);
    for (name, value) in [("dev-web", "t3.medium"), ("dev-workers", "min=3 desired=2 max=4"), ("dev/preview", "many")] {
        let line = format!("{name}: its tag {BEFORE} says `{value}`, which is not what was written there");
        assert!(plan.excluded.iter().any(|it| it.starts_with(&line)), "{:#?}", plan.excluded);
    }
    // With nothing but those it is refused, with the way out.
    instances(&mut on, |it| it.tags.retain(|(_, value)| value != "running"));
    databases(&mut on, |it| it.tags.retain(|(_, value)| value != "available"));
    let refusal = wake(&on).unwrap_err();
    assert_eq!((refusal.why, refusal.remedy.is_some()), (Why::State, true), "{refusal}");
    // What is not down yet is waited for.
    let mut on = calm();
    databases(&mut on, |it| {
        it.status = "stopping".into();
        tagged(&mut it.tags, BEFORE, "available");
    });
    assert!(wake(&on).unwrap_err().text.contains("dev-orders: it is stopping: wait until it is stopped"));
}

#[test]
fn what_fails_on_the_way_is_said() {
    let mut on = calm();
    let plan = shutdown(&on).unwrap();
    assert_eq!(on.progress(&plan), Progress::Waiting("0 of 10 down".into()));
    instances(&mut on, |it| it.state = InstanceState::Stopped);
    assert_eq!(on.progress(&plan), Progress::Waiting("6 of 10 down".into()));
    databases(&mut on, |it| it.status = "storage-full".into());
    assert_eq!(on.progress(&plan), Progress::Failed("dev-orders is storage-full; 6 of 10 down".into()));
    let mut on = calm();
    on.carry_out("dev.shutdown", DEV, &[]);
    let plan = wake(&on).unwrap();
    instances(&mut on, |it| {
        if it.name == "dev-web" {
            it.state = InstanceState::Terminated;
        }
    });
    assert_eq!(on.progress(&plan), Progress::Failed("dev-web is gone; 0 of 10 back".into()));
}

#[test]
fn a_load_test_that_ran_away_is_mended_by_shutting_dev_down() {
    let mut on = Rehearsal::of("runaway-dev", 8);
    let (plan, _) = on.carry_out("dev.shutdown", DEV, &[]);
    assert_eq!(plan.title, "acme-dev/eu-west-1: shut down 32 instances, 2 services, 1 database");
    assert!(plan.per_hour.is_some_and(|saved| saved < Usd::from_dollars(-46.0)), "{:?}", plan.per_hour);
    // Two were called the same: told apart by their ids.
    let named: Vec<&str> = plan.changes.iter().map(|change| change.before.as_str()).collect();
    assert!(named.iter().any(|words| words.starts_with("loadtest-1 i-")), "{named:?}");
    assert!(named.iter().any(|words| words.starts_with("loadtest-20 (c6i.8xlarge)")), "{named:?}");
    on.live_until_mended(10);
}

#[test]
fn the_schedule_brings_up_what_was_shut_down_only_when_its_hours_begin() {
    let mut on = calm();
    on.carry_out("dev.shutdown", DEV, &[]);
    on.live(60);
    let running = |on: &Rehearsal| {
        let place = &on.model.world.places()[place(on)];
        place.feeds.instances.items().filter(|it| it.is_running()).count()
    };
    // The agent that is always on.
    assert_eq!(running(&on), 1);
    // Sixteen hours after two in the afternoon it is six.
    on.live(15 * 60);
    assert_eq!(running(&on), 9);
}

#[test]
fn a_batch_with_one_bad_id_is_refused_as_a_whole() {
    let on = calm();
    let mut plan = shutdown(&on).unwrap();
    for step in &mut plan.steps {
        if let Step::StopInstances { instances } = step {
            instances.push("i-nobody".into());
        }
    }
    assert!(on.send(&plan).is_err());
    let taken = on.drill.taken();
    assert!(!taken.iter().any(|(_, step)| matches!(step, Step::StopInstances { .. })));
}
