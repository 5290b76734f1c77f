//! Rollbacks, approvals, retries, stops and transitions: what is planned, refused, and what the company makes of it.

use std::sync::Arc;

use opscon::domain::autoscaling::{AutoScalingGroup, Refresh};
use opscon::domain::delivery::{Deployment, Pipeline, RunStatus};
use opscon::domain::function::{Function, Shift};
use opscon::domain::list::List;
use opscon::ops::plan::{Blast, Plan, Refusal, Why};
use opscon::ops::{Params, Progress, named};
use opscon::world::act::{Revision, Sent, Step};
use opscon::world::feed::{Feed, Payload};
use opscon::world::item::{Item, Kind};
use opscon::world::port::{Answer, FeedKey, Observation, Usage};

use super::{Rehearsal, params};

fn observe(it: &mut Rehearsal, feed: Feed, payload: Payload) {
    let place = it.of_kind(Kind::Group, "web").place;
    let key = FeedKey::all(feed, Arc::clone(&it.model.world.places()[place].scope));
    let answer = Answer::of(Ok(payload), Usage::default());
    it.model.world.apply(Observation::of(key, it.model.now, answer, None));
}

macro_rules! with {
    ($name:ident, $thing:ty, $field:ident, $feed:ident, $kind:ident) => {
        /// The same world with another one of its things.
        fn $name(it: &mut Rehearsal, name: &str, change: impl Fn(&mut $thing)) {
            let place = it.of_kind(Kind::$kind, name).place;
            let mut all: Vec<$thing> = it.model.world.places()[place].feeds.$field.items().cloned().collect();
            all.iter_mut().filter(|one| called(*one) == name).for_each(change);
            observe(it, Feed::$feed, Payload::$feed(Arc::new(List::new(all))));
        }
    };
}

trait Called {
    fn name(&self) -> &str;
}

fn called(it: &impl Called) -> &str {
    it.name()
}

macro_rules! called {
    ($($thing:ty, $field:ident;)*) => {
        $(impl Called for $thing {
            fn name(&self) -> &str {
                self.$field.as_str()
            }
        })*
    };
}

called! {
    Pipeline, name;
    Deployment, target;
    Function, name;
    AutoScalingGroup, name;
}

with!(with_pipeline, Pipeline, pipelines, Pipelines, Pipeline);
with!(with_deployment, Deployment, deployments, Deployments, Deployment);
with!(with_function, Function, functions, Functions, Function);
with!(with_group, AutoScalingGroup, groups, Groups, Group);

fn pipeline(it: &Rehearsal, name: &str) -> Pipeline {
    let Some(Item::Pipeline(found)) = it.model.world.find(&it.of_kind(Kind::Pipeline, name)) else { panic!("{name}") };
    Pipeline::clone(&found)
}

fn deployment(it: &Rehearsal, target: &str) -> Deployment {
    let Some(Item::Deployment(found)) = it.model.world.find(&it.of_kind(Kind::Deployment, target)) else {
        panic!("{target}")
    };
    Deployment::clone(&found)
}

/// One change to a scenario's world, what is asked then, and what is in the way.
type Case<'a> = (&'a str, &'a dyn Fn(&mut Rehearsal), &'a str, &'a [(&'a str, &'a str)], Why, &'a str);

#[track_caller]
fn refused(scenario: &str, minutes: i64, cases: &[Case<'_>]) {
    for (operation, change, target, said, why, words) in cases {
        let mut it = Rehearsal::of(scenario, minutes);
        change(&mut it);
        let refusal: Refusal = match it.plan(operation, target, said) {
            Err(refusal) => refusal,
            Ok(plan) => panic!("{operation} {target} {said:?} is planned: {}", plan.title),
        };
        assert_eq!((refusal.why, refusal.text.contains(words)), (*why, true), "{operation} {said:?}: {refusal}");
    }
}

fn is(plan: &Plan, words: &str) -> bool {
    plan.effects.iter().chain(&plan.warnings).any(|line| line.contains(words))
}

#[test]
fn a_bad_deploy_is_mended_by_rolling_the_stage_back() {
    let mut it = Rehearsal::of("bad-deploy", 8);
    let good = pipeline(&it, "web").executions.iter().find(|run| run.called() == "v418").unwrap().id.clone();
    let (plan, minutes) = it.carry_out("pipeline.rollback", "web", &[]);
    let step = Step::RollbackStage { pipeline: "web".into(), stage: "Production".into(), execution: good };
    assert_eq!((plan.steps.as_slice(), plan.blast), (&[step][..], Blast::Disruptive));
    assert_eq!(plan.title, "web: Production back to v418");
    assert!(is(&plan, "`transition.disable`") && is(&plan, "databases"), "{plan:?}");
    // What failed there cannot be gone forward to.
    assert_eq!(plan.undo, None);
    assert!((2..20).contains(&minutes), "{minutes} min");
    it.live_until_mended(15);
    let done = it.plan("pipeline.rollback", "web", &[]);
    assert!(matches!(done, Ok(plan) if plan.title == "web: Production back to v417"), "the one before is next");
    let again = it.plan("pipeline.rollback", "web", &[("to", "v418")]).unwrap_err();
    assert_eq!((again.why, again.text.as_str()), (Why::Nothing, "v418 is what is in Production of web already"));
}

#[test]
fn a_bad_deploy_under_way_is_mended_by_stopping_it() {
    let mut it = Rehearsal::of("bad-deploy", 4);
    let refusal = it.plan("pipeline.rollback", "web", &[]).unwrap_err();
    assert_eq!(refusal.why, Why::State, "{refusal}");
    assert!(refusal.text.contains("Deploy-Production running"), "{refusal}");
    let id = deployment(&it, "web").id;
    let (plan, _) = it.carry_out("codedeploy.rollback", "web", &[]);
    assert_eq!(plan.steps, [Step::StopDeployment { deployment: id }]);
    it.live_until_mended(20);
}

#[test]
fn a_bad_deploy_that_is_over_is_mended_by_deploying_the_last_good_one_again() {
    let mut it = Rehearsal::of("bad-deploy", 9);
    let (plan, _) = it.carry_out("codedeploy.rollback", "web", &[]);
    let [Step::Redeploy { application, group, revision: Revision::S3 { key, .. }, .. }] = plan.steps.as_slice() else {
        panic!("{:?}", plan.steps)
    };
    assert_eq!((application.as_str(), group.as_str(), key.as_str()), ("web", "production", "web/v418.zip"));
    it.live_until_mended(20);
}

#[test]
fn what_aws_would_not_roll_back_is_refused() {
    let edited = |it: &mut Rehearsal| {
        let now = it.model.now;
        with_pipeline(it, "web", |web| web.edited = Some(now));
    };
    let fresh = |it: &mut Rehearsal| {
        with_pipeline(it, "web", |web| web.stages.iter_mut().for_each(|stage| stage.status = RunStatus::NotStarted));
    };
    let returned = |it: &mut Rehearsal| {
        with_pipeline(it, "web", |web| {
            let old = web.executions.last().unwrap().id.clone();
            web.executions[1].returns_to = Some(old);
        });
    };
    let unknown = |it: &mut Rehearsal| with_pipeline(it, "web", |web| web.executions.clear());
    let as_is = |_: &mut Rehearsal| {};
    let done = |it: &mut Rehearsal| {
        with_deployment(it, "web", |web| (web.returns_to, web.returns_by) = (None, None));
    };
    let bare = |it: &mut Rehearsal| with_deployment(it, "web", |web| web.returns_with = None);
    let name = "pipeline.rollback";
    refused(
        "bad-deploy",
        8,
        &[
            (name, &as_is, "web", &[("stage", "Nowhere")], Why::Unknown, "web has no stage Nowhere"),
            (name, &as_is, "web", &[("stage", "Source")], Why::State, "Source is where web begins"),
            (name, &as_is, "web", &[("to", "v1")], Why::Unknown, "v1 is none of the last executions"),
            (name, &as_is, "web", &[("to", "v419")], Why::Nothing, "v419 is what is in Production of web already"),
            (name, &edited, "web", &[], Why::Nothing, "no execution of web before v419 is known to be good"),
            (name, &edited, "web", &[("to", "v418")], Why::State, "v418 ran before web was edited"),
            (name, &fresh, "web", &[("stage", "Production")], Why::Nothing, "nothing ran in Production of web yet"),
            (name, &returned, "web", &[("to", "v418")], Why::State, "is a rollback itself"),
            (name, &unknown, "web", &[], Why::Blind, "what is in Production of web is not told"),
            ("codedeploy.rollback", &as_is, "catalog", &[], Why::State, "catalog was deployed by ECS"),
            ("codedeploy.rollback", &done, "web", &[], Why::Nothing, "no deployment to web before v419"),
            ("codedeploy.rollback", &bare, "web", &[], Why::Blind, "deployed is not told"),
        ],
    );
}

#[test]
fn a_rollback_is_reached_when_it_is_through_and_fails_when_it_fails() {
    let mut it = Rehearsal::of("bad-deploy", 8);
    let plan = it.plan("pipeline.rollback", "web", &[]).unwrap();
    assert_eq!(it.progress(&plan), Progress::Waiting("no rollback is listed yet".into()));
    it.send(&plan).unwrap();
    it.live(1);
    assert!(matches!(it.progress(&plan), Progress::Waiting(words) if words.contains("Deploy-Production running")));
    with_pipeline(&mut it, "web", |web| {
        web.executions[0].status = RunStatus::Failed;
        let stage = web.stages.iter_mut().find(|stage| stage.name == "Production").unwrap();
        let deploy = stage.actions.iter_mut().find(|action| action.name == "Deploy-Production").unwrap();
        (deploy.status, deploy.summary) = (RunStatus::Failed, "no healthy targets".into());
    });
    let failed = Progress::Failed("Deploy-Production failed: no healthy targets".into());
    assert_eq!(it.progress(&plan), failed);
    with_pipeline(&mut it, "web", |web| {
        web.executions[0].status = RunStatus::InProgress;
        web.executions[0].returns_to = Some("another".into());
    });
    assert_eq!(it.progress(&plan), Progress::Waiting("no rollback is listed yet".into()), "somebody else's");
}

#[test]
fn an_approval_lets_the_cure_of_the_poisoned_queue_through() {
    let mut it = Rehearsal::of("poison-queue", 9);
    let token = pipeline(&it, "shop").stage("Production").unwrap().actions[0].token.clone().unwrap();
    let (plan, minutes) = it.carry_out("gate.approve", "shop", &[("comment", "INC-42")]);
    assert_eq!(
        plan.steps,
        [Step::PutApprovalResult {
            pipeline: "shop".into(),
            stage: "Production".into(),
            action: "Approve".into(),
            is_approved: true,
            comment: "INC-42".into(),
            token,
        }]
    );
    assert!(is(&plan, "\"read orders in lines_v2\" by jun") && is(&plan, "cannot be taken back"), "{plan:?}");
    assert_eq!((plan.undo.as_ref(), minutes), (None, 1));
    let again = it.plan("gate.approve", "shop", &[]).unwrap_err();
    assert_eq!((again.why, again.text.as_str()), (Why::Nothing, "nothing waits for an approval in shop"));
    it.live(20);
    let conditions = it.model.exercise().unwrap().conditions.clone();
    let holds = |words: &str| conditions.iter().any(|(said, holds)| said.as_str().contains(words) && *holds);
    assert!(holds("orders-queue-old is OK") && holds("orders-dlq no longer grows"), "{conditions:?}");
    // What is dead stays dead until somebody brings it back.
    assert!(!it.is_mended());
}

#[test]
fn without_its_approval_the_queue_stays_poisoned() {
    let it = Rehearsal::of("poison-queue", 30);
    let conditions = &it.model.exercise().unwrap().conditions;
    assert!(
        conditions.iter().any(|(said, holds)| said.as_str().contains("orders-queue-old") && !holds),
        "{conditions:?}"
    );
}

#[test]
fn a_rejection_fails_the_stage_and_a_retry_asks_again() {
    let mut it = Rehearsal::of("poison-queue", 5);
    let (plan, _) = it.carry_out("gate.reject", "shop", &[("comment", "not before the talk with the partner")]);
    assert!(matches!(&plan.steps[..], [Step::PutApprovalResult { is_approved: false, .. }]));
    assert_eq!(pipeline(&it, "shop").executions[0].status, RunStatus::Failed);
    let retry = it.plan("stage.retry", "shop", &[]).unwrap();
    assert!(is(&retry, "it failed with: Approve failed: not before the talk"), "{retry:?}");
    it.send(&retry).unwrap();
    it.live(1);
    assert!(matches!(it.progress(&retry), Progress::Waiting(words) if words == "Approve running"));
    it.carry_out("gate.approve", "shop", &[]);
    it.live(8);
    assert_eq!(it.progress(&retry), Progress::Reached);
}

#[test]
fn an_approval_is_decided_once_and_only_by_what_was_seen() {
    let mut it = Rehearsal::of("poison-queue", 5);
    let plan = it.plan("gate.approve", "shop", &[]).unwrap();
    let late = it.plan("gate.reject", "shop", &[("comment", "no")]).unwrap();
    it.send(&plan).unwrap();
    assert!(matches!(it.send(&late), Err(Sent::No(_))), "the token is spent");
    it.live(1);
    assert_eq!(it.progress(&late), Progress::Failed("it was approved by on-call".into()));
    // A newer execution waits there instead.
    let mut it = Rehearsal::of("poison-queue", 5);
    with_pipeline(&mut it, "shop", |shop| {
        let stage = shop.stages.iter_mut().find(|stage| stage.name == "Production").unwrap();
        stage.actions[0].token = Some("other".into());
    });
    assert!(matches!(it.progress(&plan), Progress::Failed(words) if words.contains("was not decided")));
    let without = |it: &mut Rehearsal| {
        with_pipeline(it, "shop", |shop| {
            let stage = shop.stages.iter_mut().find(|stage| stage.name == "Production").unwrap();
            stage.actions[0].token = None;
        });
    };
    let as_is = |_: &mut Rehearsal| {};
    let long = "x".repeat(513);
    let elsewhere = "nothing of that name waits for an approval in shop";
    refused(
        "poison-queue",
        5,
        &[
            ("gate.approve", &as_is, "web", &[], Why::Nothing, "nothing waits for an approval in web"),
            ("gate.approve", &as_is, "shop", &[("stage", "Staging")], Why::Nothing, elsewhere),
            ("gate.approve", &as_is, "shop", &[("comment", &long)], Why::Bounds, "has 513 characters; AWS takes 512"),
            ("gate.approve", &without, "shop", &[], Why::Blind, "no token for Approve, as in PARALLEL mode"),
            ("gate.reject", &as_is, "shop", &[], Why::Bounds, "say why in `comment`"),
        ],
    );
}

#[test]
fn a_failed_stage_is_tried_again_and_a_running_execution_stopped() {
    let mut it = Rehearsal::of("bad-deploy", 8);
    let id = pipeline(&it, "web").executions[0].id.clone();
    let plan = it.plan("stage.retry", "web", &[]).unwrap();
    let step = Step::RetryStage { pipeline: "web".into(), stage: "Production".into(), execution: id.clone() };
    assert_eq!(plan.steps, [step]);
    assert_eq!(it.progress(&plan), Progress::Waiting("not begun yet".into()));
    it.send(&plan).unwrap();
    it.live(1);
    // The same version fails in the same way.
    for _ in 0..20 {
        it.live(1);
    }
    assert!(matches!(it.progress(&plan), Progress::Failed(words) if words.contains("too few healthy targets")));

    let it = Rehearsal::of("bad-deploy", 4);
    let late = it.plan("stage.stop", "web", &[]).unwrap();
    assert!(is(&late, "the deployment itself goes on"), "{late:?}");

    let mut it = Rehearsal::of("bad-deploy", 0);
    let (plan, minutes) = it.carry_out("stage.stop", "web", &[("comment", "INC-42")]);
    let step = Step::StopExecution { pipeline: "web".into(), execution: id, reason: "INC-42".into() };
    assert_eq!(plan.steps, [step]);
    assert!(is(&plan, "Browser-Tests-Staging running comes to its end first") && minutes > 0, "{plan:?}");
    it.live(10);
    assert_eq!(deployment(&it, "web").to, "v418", "what was stopped never came to production");
}

#[test]
fn a_stage_is_closed_before_a_bad_deploy_and_opened_again() {
    let mut it = Rehearsal::of("bad-deploy", 0);
    let (plan, _) = it.carry_out("transition.disable", "web", &[("stage", "Production"), ("comment", "freeze")]);
    let step = Step::DisableTransition { pipeline: "web".into(), stage: "Production".into(), reason: "freeze".into() };
    assert_eq!((plan.steps.as_slice(), plan.blast), (&[step][..], Blast::Reversible));
    let again = it.plan("transition.disable", "web", &[("comment", "freeze")]).unwrap_err();
    assert_eq!(again.text, "the way into Production of web is closed already: freeze, by on-call");
    let undo = plan.undo.unwrap();
    let back = named(undo.operation.as_str()).unwrap().plan(&plan.of, &undo.params, &it.model.sight()).unwrap();
    assert_eq!(back.steps, [Step::EnableTransition { pipeline: "web".into(), stage: "Production".into() }]);
    // To close it again the reason is said again.
    let undo = back.undo.unwrap();
    assert_eq!(undo.params, Params::from_iter(params(&[("stage", "Production"), ("comment", "freeze, by on-call")])));
    it.carry_out("transition.enable", "web", &[]);
    let as_is = |_: &mut Rehearsal| {};
    let long = "x".repeat(301);
    refused(
        "bad-deploy",
        1,
        &[
            ("transition.enable", &as_is, "web", &[], Why::Nothing, "every way into web is open"),
            ("transition.disable", &as_is, "web", &[], Why::Bounds, "say which comment"),
            ("transition.disable", &as_is, "web", &[("comment", &long)], Why::Bounds, "AWS takes 300"),
            (
                "transition.disable",
                &as_is,
                "web",
                &[("stage", "Source"), ("comment", "x")],
                Why::State,
                "nothing leads into it",
            ),
            ("stage.retry", &as_is, "web", &[("stage", "Checks")], Why::Nothing, "Checks of web succeeded"),
            ("stage.stop", &as_is, "shop", &[], Why::Nothing, "nothing of shop is running"),
            ("stage.stop", &as_is, "web", &[("execution", "v9")], Why::Unknown, "v9 is none of the last executions"),
        ],
    );
}

/// The same trouble in a service of ECS.
const BAD_SERVICE: &str = r#"
title = "A bad deploy of a service"
story = "Somebody deploys the catalogue, and it is not what it was before. Nobody looks at it yet."
start = "2026-03-10T13:48:00Z"
[[event]]
at = "3m"
[event.deploy]
fleet = "catalog"
version = "v88"
by = "jun"
message = "filter by colour"
errors = 0.2
ill_after = "100s"
[mended]
held_for = "1m"
gone = ["v88"]
"#;

#[test]
fn a_bad_service_is_mended_by_stopping_its_deployment_or_by_the_task_definition_before() {
    let mut it = Rehearsal::written("bad-deploy", BAD_SERVICE, 4);
    let arn = deployment(&it, "catalog").arn.unwrap();
    let said = it.plan("ecs.rollback", "prod", &[("service", "catalog"), ("to", "catalog:86")]).unwrap_err();
    assert_eq!((said.why, said.remedy.as_deref()), (Why::State, Some("leave out `to`")));
    let (plan, _) = it.carry_out("ecs.rollback", "prod", &[("service", "catalog")]);
    assert_eq!(plan.steps, [Step::StopServiceDeployment { deployment: arn }]);
    assert_eq!(plan.target, "catalog");
    it.live_until_mended(20);

    let mut it = Rehearsal::written("bad-deploy", BAD_SERVICE, 12);
    let (plan, _) = it.carry_out("ecs.rollback", "prod", &[("service", "catalog")]);
    let step = Step::SetTaskDefinition {
        cluster: "prod".into(),
        service: "catalog".into(),
        task_definition: "catalog:87".into(),
    };
    assert_eq!(plan.steps, [step]);
    let undo = plan.undo.unwrap();
    assert_eq!(undo.params, params(&[("service", "catalog"), ("to", "catalog:88")]));
    it.live_until_mended(20);
}

#[test]
fn a_service_goes_back_to_a_revision_only() {
    let name = "ecs.rollback";
    let as_is = |_: &mut Rehearsal| {};
    let unread = |it: &mut Rehearsal| observe(it, Feed::Deployments, Payload::Deployments(Arc::new(List::default())));
    let first = [("service", "catalog"), ("to", "catalog:87")];
    refused(
        "calm",
        1,
        &[
            (name, &as_is, "prod", &[], Why::Bounds, "say which service"),
            (name, &as_is, "prod", &[("service", "cat")], Why::Unknown, "prod has no service cat"),
            (name, &as_is, "prod", &[("service", "catalog"), ("to", "catalog")], Why::Bounds, "names no revision"),
            (name, &as_is, "prod", &first, Why::Nothing, "catalog is at catalog:87 already"),
            (name, &unread, "prod", &[("service", "catalog")], Why::Nothing, "no task definition of catalog is known"),
        ],
    );
    let mut it = Rehearsal::of("calm", 1);
    unread(&mut it);
    let plan = it.plan(name, "prod", &[("service", "catalog"), ("to", "catalog:80")]).unwrap();
    assert!(is(&plan, "whether catalog:80 was good, or is still registered, is not known"), "{plan:?}");
    assert!(matches!(it.send(&plan), Err(Sent::No(_))), "there is none such");
}

#[test]
fn an_alias_goes_back_if_it_is_still_what_was_seen() {
    let mut it = Rehearsal::of("calm", 1);
    let (plan, _) = it.carry_out("lambda.rollback", "receipts", &[]);
    let [Step::UpdateAlias { function, alias, version, .. }] = plan.steps.as_slice() else { panic!("{plan:?}") };
    assert_eq!((function.as_str(), alias.as_str(), version.as_str()), ("receipts", "live", "60"));
    assert!(is(&plan, "executions kept warm for live"), "{plan:?}");
    assert!(matches!(it.send(&plan), Err(Sent::No(_))), "its revision has changed since");
    let undo = plan.undo.unwrap();
    assert_eq!(undo.params, params(&[("to", "61")]));
    let stuck = |version: &'static str| {
        move |it: &mut Rehearsal| with_function(it, "receipts", |it| it.version = Some(version.into()))
    };
    let latest = stuck("$LATEST");
    let blind = |it: &mut Rehearsal| with_function(it, "receipts", |it| it.version = None);
    let bare = |it: &mut Rehearsal| with_function(it, "receipts", |it| it.alias = None);
    let torn = |it: &mut Rehearsal| with_function(it, "receipts", |it| it.revision = None);
    let first = |it: &mut Rehearsal| with_function(it, "receipts", |it| it.previous_version = None);
    let as_is = |_: &mut Rehearsal| {};
    let name = "lambda.rollback";
    refused(
        "calm",
        1,
        &[
            (name, &latest, "receipts", &[], Why::State, "points at $LATEST"),
            (name, &blind, "receipts", &[], Why::Blind, "was not read"),
            (name, &bare, "receipts", &[], Why::State, "receipts has no alias"),
            (name, &torn, "receipts", &[], Why::Blind, "the revision of live was not read"),
            (name, &first, "receipts", &[], Why::Bounds, "Lambda keeps no account"),
            (name, &as_is, "receipts", &[("to", "newest")], Why::Bounds, "newest is no published version"),
            (name, &as_is, "receipts", &[("to", "61")], Why::Nothing, "live of receipts is at 61 already"),
            (name, &as_is, "receipts", &[("alias", "test")], Why::Unknown, "the alias live is read, not test"),
        ],
    );
    // The one published before is a guess, and is told as one.
    let mut it = Rehearsal::of("calm", 1);
    with_function(&mut it, "receipts", |it| (it.previous_version, it.published_before) = (None, Some("60".into())));
    let plan = it.plan(name, "receipts", &[]).unwrap();
    assert!(matches!(&plan.steps[..], [Step::UpdateAlias { version, .. }] if *version == "60"));
    assert!(is(&plan, "60 is the newest version published before 61; whether live ever pointed at it"), "{plan:?}");
    // A canary goes back to where most calls go.
    let mut it = Rehearsal::of("calm", 1);
    with_function(&mut it, "receipts", |it| it.shift = Some(Shift { version: "62".into(), percent: 10.0 }));
    let plan = it.plan(name, "receipts", &[]).unwrap();
    assert!(matches!(&plan.steps[..], [Step::UpdateAlias { version, .. }] if *version == "61"));
    assert!(is(&plan, "stop that deployment instead") && plan.undo.is_none(), "{plan:?}");
    assert!(matches!(it.progress(&plan), Progress::Waiting(_)));
}

#[test]
fn a_refresh_is_rolled_back_while_it_runs_and_not_after() {
    let refresh = |status: &'static str| {
        move |group: &mut AutoScalingGroup| {
            group.refresh = Some(Refresh {
                id: "r-1".into(),
                status: status.into(),
                reason: "".into(),
                percent: Some(40),
                started: None,
                ended: (status == "Successful").then_some(jiff::Timestamp::UNIX_EPOCH),
            });
        }
    };
    let over = |it: &mut Rehearsal| with_group(it, "web", refresh("Successful"));
    let back = |it: &mut Rehearsal| with_group(it, "web", refresh("RollbackInProgress"));
    let as_is = |_: &mut Rehearsal| {};
    let name = "refresh.rollback";
    refused(
        "calm",
        1,
        &[
            (name, &as_is, "web", &[], Why::Nothing, "no instance refresh of web is under way"),
            (name, &over, "web", &[], Why::Nothing, "the instance refresh of web is Successful"),
            (name, &back, "web", &[], Why::State, "the instance refresh of web is RollbackInProgress"),
        ],
    );
    let mut it = Rehearsal::of("calm", 1);
    with_group(&mut it, "web", refresh("InProgress"));
    let plan = it.plan(name, "web", &[]).unwrap();
    assert_eq!(plan.steps, [Step::RollbackInstanceRefresh { group: "web".into() }]);
    assert!(is(&plan, "40 % done") && is(&plan, "$Latest") && plan.undo.is_none(), "{plan:?}");
    // How far it is goes on meanwhile: it is still the same plan.
    with_group(&mut it, "web", |group| group.refresh.as_mut().unwrap().percent = Some(60));
    assert!(it.plan(name, "web", &[]).unwrap().is_same_as(&plan));
    for (status, progress) in [
        ("InProgress", Progress::Waiting("InProgress, 40 %".into())),
        ("RollbackInProgress", Progress::Waiting("RollbackInProgress, 40 %".into())),
        ("RollbackSuccessful", Progress::Reached),
        ("RollbackFailed", Progress::Failed("RollbackFailed, 40 %".into())),
        ("Successful", Progress::Failed("Successful, 40 %".into())),
    ] {
        with_group(&mut it, "web", refresh(status));
        assert_eq!(it.progress(&plan), progress);
    }
    assert!(matches!(it.send(&plan), Err(Sent::No(_))), "nobody in the drill refreshes instances");
}

/// Nothing to wait for: its tasks never start, and more of them are started from it as the load grows.
#[test]
fn a_deployment_that_never_starts_is_stopped_and_what_it_left_is_replaced_at_once() {
    let mut it = Rehearsal::of("stuck-deploy", 12);
    let (plan, _) = it.carry_out("ecs.rollback", "prod", &[("service", "catalog")]);
    assert!(matches!(plan.steps.as_slice(), [Step::StopServiceDeployment { .. }]));
    it.live_until_mended(20);
}

/// More tasks of it are as many more that never start.
#[test]
fn a_deployment_that_never_starts_is_not_helped_by_more_tasks() {
    let mut it = Rehearsal::of("stuck-deploy", 12);
    let said = [("service", "catalog"), ("desired", "16")];
    let plan = it.plan("ecs.scale", "prod", &said).unwrap();
    it.send(&plan).unwrap();
    it.live(15);
    assert!(matches!(it.progress(&plan), Progress::Waiting(_)), "{:?}", it.progress(&plan));
    assert!(!it.is_mended());
}

/// What it found is there the second time as well.
#[test]
fn a_gate_that_is_right_fails_again() {
    let mut it = Rehearsal::of("failing-gate", 4);
    let plan = it.plan("stage.retry", "web", &[]).unwrap();
    assert_eq!(plan.params["stage"], "Checks");
    it.send(&plan).unwrap();
    it.live(3);
    let Progress::Failed(why) = it.progress(&plan) else { panic!("{:?}", it.progress(&plan)) };
    assert!(why.contains("1 finding is too severe"), "{why}");
    it.carry_out("pipeline.rollback", "web", &[]);
    it.live_until_mended(20);
}

/// Nothing there was before it fares better; what is tried again and let through does.
#[test]
fn what_others_have_switched_off_is_not_brought_back_by_going_back() {
    let mut it = Rehearsal::of("flaky-test", 8);
    it.carry_out("ecs.rollback", "prod", &[("service", "checkout")]);
    it.live(10);
    assert!(!it.is_mended());
    assert_eq!(it.plan("gate.approve", "shop", &[]).unwrap_err().why, Why::Nothing, "it is not there yet");
    it.carry_out("stage.retry", "shop", &[]);
    it.live(1);
    it.carry_out("gate.approve", "shop", &[("comment", "pays by /v2")]);
    it.live_until_mended(15);
}
