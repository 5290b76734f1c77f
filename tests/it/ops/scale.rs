//! Operations as plans: what they would do, when they refuse, and that nothing but an approved plan can be carried out.

use std::sync::Arc;

use jiff::SignedDuration;
use opscon::app::model::Model;
use opscon::app::msg::Size;
use opscon::domain::autoscaling::{AutoScalingGroup, Refresh};
use opscon::domain::list::List;
use opscon::domain::scope::Environment;
use opscon::ops::approval::{Armed, GOOD_FOR, approve};
use opscon::ops::plan::{Blast, Plan, Refusal, Why};
use opscon::ops::policy::Need;
use opscon::ops::{On, Progress, Target, named};
use opscon::world::act::Step;
use opscon::world::feed::{Feed, Payload};
use opscon::world::item::{ItemId, Kind};
use opscon::world::port::{Answer, CloudError, FaultClass, FeedKey, Observation, Usage};

use super::params;
use crate::support::model_at;

fn model() -> Model {
    model_at("traffic-surge", 12, Size { width: 120, height: 40 }).0
}

fn of(model: &Model, kind: Kind, name: &str) -> ItemId {
    let (place, item) = model.world.all_of(kind).find(|(_, item)| *item.name() == *name).unwrap();
    ItemId { kind, place, id: item.id().clone() }
}

fn plan(model: &Model, operation: &str, target: &str, said: &[(&str, &str)]) -> Result<Plan, Refusal> {
    let operation = named(operation).unwrap();
    let On::One(kind) = operation.on else { panic!("{} is done to a scope", operation.name) };
    operation.plan(&Target::One(of(model, kind, target)), &params(said), &model.sight())
}

/// The answer of a feed where `web` is, put in its place.
fn observe(model: &mut Model, feed: Feed, outcome: Result<Payload, CloudError>) {
    let place = of(model, Kind::Group, "web").place;
    let key = FeedKey::all(feed, Arc::clone(&model.world.places()[place].scope));
    model.world.apply(Observation::of(key, model.now, Answer::of(outcome, Usage::default()), None));
}

/// The same world with another `web`.
fn with_web(model: &mut Model, change: impl Fn(&mut AutoScalingGroup)) {
    let place = of(model, Kind::Group, "web").place;
    let mut groups: Vec<AutoScalingGroup> = model.world.places()[place].feeds.groups.items().cloned().collect();
    groups.iter_mut().filter(|group| group.name == "web").for_each(change);
    observe(model, Feed::Groups, Ok(Payload::Groups(Arc::new(List::new(groups)))));
}

fn web(model: &Model) -> AutoScalingGroup {
    let place = of(model, Kind::Group, "web").place;
    model.world.places()[place].feeds.groups.items().find(|group| group.name == "web").unwrap().clone()
}

#[test]
fn a_group_is_scaled_within_its_bounds_or_its_bounds_are_moved_in_the_same_call() {
    let mut model = model();
    with_web(&mut model, |group| (group.min, group.desired, group.max) = (4, 6, 12));
    let within = plan(&model, "asg.scale", "web", &[("desired", "8")]).unwrap();
    assert_eq!(within.steps, [Step::SetDesiredCapacity { group: "web".into(), desired: 8 }]);
    assert_eq!((within.blast, within.environment), (Blast::Reversible, Environment::Prod));
    assert_eq!(within.title, "web: 6 → 8 instances");
    let beyond = plan(&model, "asg.scale", "web", &[("desired", "20")]).unwrap();
    let step = Step::UpdateAutoScalingGroup { group: "web".into(), min: 4, desired: 20, max: 20 };
    assert_eq!(beyond.steps, [step]);
    // The way back is the same operation with what was.
    let undo = beyond.undo.unwrap();
    with_web(&mut model, |group| (group.desired, group.max) = (20, 20));
    let back = named(undo.operation.as_str()).unwrap().plan(&beyond.of, &undo.params, &model.sight()).unwrap();
    let step = Step::UpdateAutoScalingGroup { group: "web".into(), min: 4, desired: 6, max: 12 };
    assert_eq!((back.steps.as_slice(), back.blast), (&[step][..], Blast::Disruptive));
}

#[test]
fn what_cannot_be_done_is_refused_with_the_fact_it_rests_on() {
    let refused = |change: &dyn Fn(&mut AutoScalingGroup), operation: &str, said: &[(&str, &str)]| {
        let mut model = model();
        with_web(&mut model, |group| {
            (group.min, group.desired, group.max) = (4, 6, 12);
            change(group);
        });
        plan(&model, operation, "web", said).map(|plan| plan.title)
    };
    let as_is = |_: &mut AutoScalingGroup| {};
    let without_launch = |group: &mut AutoScalingGroup| group.suspended = vec!["Launch".into()];
    let refreshing = |group: &mut AutoScalingGroup| {
        group.refresh = Some(Refresh {
            id: "r".into(),
            status: "InProgress".into(),
            reason: "".into(),
            percent: None,
            started: None,
            ended: None,
        });
    };
    type Case<'a> = (&'a dyn Fn(&mut AutoScalingGroup), &'a str, &'a [(&'a str, &'a str)], Why, &'a str);
    let cases: [Case<'_>; 11] = [
        (&as_is, "asg.scale", &[], Why::Bounds, "say which desired"),
        (&as_is, "asg.scale", &[("desired", "many")], Why::Bounds, "desired has to be a whole number, and is `many`"),
        (&as_is, "asg.scale", &[("desired", "-1")], Why::Bounds, "desired has to be a whole number, and is `-1`"),
        (&as_is, "asg.scale", &[("desired", "2")], Why::Bounds, "2 is not between 4 and 12"),
        (&as_is, "asg.scale", &[("desired", "6"), ("min", "9"), ("max", "8")], Why::Bounds, "at least 9 and at most 8"),
        (&as_is, "asg.scale", &[("desired", "6")], Why::Nothing, "web is at 6 already, 4 to 12"),
        (&as_is, "asg.scale", &[("desired", "7"), ("speed", "9")], Why::Bounds, "asg.scale knows no `speed`"),
        (&without_launch, "asg.scale", &[("desired", "8")], Why::State, "Launch is suspended in web"),
        (&refreshing, "asg.scale", &[("desired", "8")], Why::State, "an instance refresh of web is InProgress"),
        (&as_is, "asg.suspend", &[("processes", "Lunch")], Why::Bounds, "`Lunch` is no scaling process"),
        (&as_is, "asg.resume", &[("processes", "Launch")], Why::Nothing, "Launch of web is at work already"),
    ];
    for (change, operation, said, why, words) in cases {
        let refusal = refused(change, operation, said).unwrap_err();
        assert_eq!(refusal.why, why, "{refusal}");
        assert!(refusal.text.starts_with(words), "{refusal}");
    }
    // Fewer can still be had while nothing can start.
    assert!(refused(&without_launch, "asg.scale", &[("desired", "5")]).is_ok());
}

#[test]
fn nothing_is_planned_on_what_cannot_be_seen() {
    let mut model = model();
    let denied = CloudError {
        class: FaultClass::Denied,
        operation: "autoscaling:DescribeAutoScalingGroups".into(),
        message: "no".into(),
        missing: None,
    };
    observe(&mut model, Feed::Groups, Err(denied));
    let refusal = plan(&model, "asg.scale", "web", &[("desired", "8")]).unwrap_err();
    assert_eq!((refusal.why, refusal.text.as_str()), (Why::Blind, "groups cannot be read: no"));
}

#[test]
fn a_service_is_scaled_with_its_bounds_where_something_scales_it() {
    let model = model();
    let within = plan(&model, "ecs.scale", "prod", &[("service", "catalog"), ("desired", "7")]).unwrap();
    let step = Step::SetServiceCount { cluster: "prod".into(), service: "catalog".into(), desired: 7 };
    assert_eq!((within.steps.as_slice(), within.target.as_str()), (&[step.clone()][..], "catalog"));
    assert!(within.warnings.iter().any(|warning| warning.contains("catalog-cpu may scale it again")));
    let beyond = plan(&model, "ecs.scale", "prod", &[("service", "catalog"), ("desired", "99")]).unwrap();
    let [Step::RegisterScalableTarget { resource, max: 99, .. }, Step::SetServiceCount { desired: 99, .. }] =
        beyond.steps.as_slice()
    else {
        panic!("{:?}", beyond.steps)
    };
    assert_eq!(*resource, "service/prod/catalog");
    let refusal = plan(&model, "ecs.scale", "prod", &[("service", "cat"), ("desired", "7")]).unwrap_err();
    assert_eq!((refusal.why, refusal.text.as_str()), (Why::Unknown, "prod has no service cat"));
    assert!(refusal.remedy.unwrap().contains("catalog"));
}

#[test]
fn a_plan_is_reached_when_the_world_says_so_and_not_before() {
    let mut model = model();
    with_web(&mut model, |group| (group.min, group.desired, group.max) = (1, 2, 12));
    let plan = plan(&model, "asg.scale", "web", &[("desired", "3")]).unwrap();
    let operation = named("asg.scale").unwrap();
    let progress = |model: &Model| operation.progress(&plan, &model.sight());
    assert_eq!(progress(&model), Progress::Waiting("2 wanted, not 3 yet".into()));
    let member = |group: &AutoScalingGroup, lifecycle: &str| {
        let mut member = group.members[0].clone();
        (member.lifecycle, member.healthy, member.weight) = (lifecycle.into(), true, 1);
        member
    };
    with_web(&mut model, |group| {
        group.desired = 3;
        group.members = ["InService", "InService", "Pending"].map(|word| member(group, word)).to_vec();
    });
    assert_eq!(progress(&model), Progress::Waiting("2 of 3 in service, 1 on the way".into()));
    let mut failed = web(&model).activities.unwrap()[0].clone();
    (failed.at, failed.status, failed.message) = (model.now, "Failed".into(), "no capacity".into());
    failed.what = "launch".into();
    with_web(&mut model, |group| group.activities.as_mut().unwrap().insert(0, failed.clone()));
    assert_eq!(progress(&model), Progress::Failed("launch failed: no capacity".into()));
    with_web(&mut model, |group| {
        group.activities.as_mut().unwrap().remove(0);
        group.members = vec![member(group, "InService"); 3];
    });
    assert_eq!(progress(&model), Progress::Reached);
}

#[test]
fn only_what_was_shown_lately_and_typed_word_for_word_is_approved() {
    let mut model = model();
    with_web(&mut model, |group| (group.min, group.desired, group.max) = (4, 6, 12));
    let plan = plan(&model, "asg.scale", "web", &[("desired", "8")]).unwrap();
    let words = Need::of(&plan).words(&plan).unwrap();
    assert_eq!(words, "web acme-prod");
    let now = model.now;
    let armed = Armed { until: now + SignedDuration::from_mins(15), reason: "INC-42".into() };
    let refused = |armed: Option<&Armed>, typed: &str, at| approve(plan.clone(), armed, typed, at).unwrap_err().why;
    assert_eq!(refused(None, &words, now), Why::Safe);
    assert_eq!(refused(Some(&armed), "web", now), Why::Bounds);
    assert_eq!(refused(Some(&armed), &words, now + GOOD_FOR + SignedDuration::from_secs(1)), Why::Changed);
    assert_eq!(refused(Some(&armed), &words, armed.until), Why::Safe);
    let approved = approve(plan.clone(), Some(&armed), &words, now).unwrap();
    assert_eq!((approved.plan(), approved.reason().as_str()), (&plan, "INC-42"));
    // A second look compares what would be done, not when it was looked.
    with_web(&mut model, |group| group.desired = 7);
    let again = named("asg.scale").unwrap().plan(&plan.of, &plan.params, &model.sight()).unwrap();
    assert!(!again.is_same_as(&plan), "somebody has changed it meanwhile");
}
