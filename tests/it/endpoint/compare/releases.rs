//! What was rolled out: by CodeDeploy, by ECS, and the versions of functions; and the way back from there.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use opscon::aws::{Aws, Endpoint, Profiles};
use opscon::domain::delivery::{Bundle, DeployStatus, Deployment};
use opscon::domain::scope::Environment;
use opscon::domain::text::Text;
use opscon::ops::plan::{Plan, Refusal, Why};
use opscon::ops::{Params, Target, named as operation};
use opscon::world::World;
use opscon::world::act::Step;
use opscon::world::feed::{Feed, Payload};
use opscon::world::item::{ItemId, Kind};
use opscon::world::port::FaultClass;
use opscon::world::sight::{Bearings, Sight};
use serde_json::{Value, json};

use super::super::{Bench, HOME, ask, on_company, origin, place};
use super::{all, list, made_at, named, shown, time, whole, word};

fn words(deploy: &Deployment) -> (&str, &str, &str) {
    (deploy.id.as_str(), deploy.from.as_str(), deploy.to.as_str())
}

fn of<'a>(all: &'a [Deployment], id: &str) -> &'a Deployment {
    all.iter().find(|it| it.id == *id).unwrap_or_else(|| panic!("no {id}: {all:?}"))
}

async fn deployments(bench: &Bench, company: &Value) -> Vec<Deployment> {
    let Payload::Deployments(all) = list(bench, company, Feed::Deployments).await else { panic!() };
    assert!(all.iter().zip(all.iter().skip(1)).all(|(a, b)| a.started >= b.started), "newest first");
    all.iter().map(|it| (**it).clone()).collect()
}

#[test]
fn what_codedeploy_deployed() {
    on_company(async |bench, company| {
        let all_seen = deployments(&bench, &company).await;
        let seen: Vec<&Deployment> = all_seen.iter().filter(|it| it.kind == "CodeDeploy").collect();
        let facts = &company["facts"][HOME]["codedeploy"];
        let rollouts: Vec<&Value> = all(facts).iter().filter(|fact| fact["creator"] != "autoscaling").collect();
        assert_eq!((seen.len(), rollouts.len()), (7, 7), "what later instances get is no rollout");
        for it in &seen {
            same_deployment(it, named(facts, "deploymentId", it.id.as_str()));
        }
        let bad = of(&all_seen, "d-BAD000004");
        assert_eq!((bad.target.as_str(), bad.environment), ("site/production", Environment::Prod));
        assert_eq!(words(bad), ("d-BAD000004", "v6/site.zip@6f2a91c", "v8/site.zip@8f2a91c"));
        // What it returns to was deployed last by a rollback; what joins later has hidden nothing of that.
        assert_eq!(
            (bad.returns_to.clone(), bad.returns_by.clone()),
            (Some("v6/site.zip@6f2a91c".into()), Some("d-BACK00003".into()))
        );
        let Some(Bundle::S3 { bucket, key, bundle, version, etag }) = &bad.returns_with else { panic!("{bad:?}") };
        assert_eq!([bucket, key, bundle].map(Text::as_str), ["artifacts", "site/v6/site.zip", "zip"]);
        assert_eq!((version, etag.as_ref().map(Text::as_str)), (&None, Some("6f2a91c0ffee")));
        assert_eq!(bad.usual, Some(SignedDuration::from_mins(6)));
        let stopped = of(&all_seen, "d-STOPPED02");
        assert_eq!((stopped.status, stopped.message.as_str()), (DeployStatus::RolledBack, "too many instances failed"));
        let staging = of(&all_seen, "d-COMMIT006");
        assert_eq!((staging.to.as_str(), staging.environment, staging.done), ("4be1f2c", Environment::Staging, 2));
        assert_eq!((staging.returns_by.clone(), staging.finished), (Some("d-OLDER0007".into()), None));
        assert_eq!(of(&all_seen, "d-FIRST0008").returns_to, None);
    });
}

fn same_deployment(it: &Deployment, fact: &Value) {
    let status = match word(&fact["status"]) {
        "Succeeded" => &[DeployStatus::Succeeded][..],
        "Stopped" => &[DeployStatus::Stopped, DeployStatus::RolledBack],
        "InProgress" => &[DeployStatus::InProgress],
        other => panic!("{other}"),
    };
    assert!(status.contains(&it.status), "{it:?}");
    assert_eq!(it.started, time(&fact["createTime"]));
    assert_eq!(it.finished, fact["completeTime"].is_string().then(|| time(&fact["completeTime"])));
    let counts = fact["deploymentOverview"].as_object().unwrap();
    assert_eq!(Some(u64::from(it.done)), counts["Succeeded"].as_u64());
    assert_eq!(u64::from(it.total), counts.values().filter_map(Value::as_u64).sum::<u64>());
    assert_eq!(it.owner, Some(shown(&fact["applicationName"])));
    assert_eq!(it.group, Some(shown(&fact["deploymentGroupName"])));
}

#[test]
fn what_ecs_deployed() {
    on_company(async |bench, company| {
        let all_seen = deployments(&bench, &company).await;
        let (seen, others): (Vec<&Deployment>, Vec<&Deployment>) =
            all_seen.iter().filter(|it| it.kind == "ECS").partition(|it| it.target == "web");
        // Of those ECS has kept nothing.
        assert_eq!(others.len(), 13);
        assert!(others.iter().all(|it| it.arn.is_none() && it.returns_by.is_none()), "{others:?}");
        let facts = &company["facts"][HOME]["rollouts"]["web"];
        assert_eq!((seen.len(), all(&facts["deployments"]).len()), (3, 3));
        let definition = |revision: &Value| {
            let revision = named(&facts["revisions"], "serviceRevisionArn", word(revision));
            word(&revision["taskDefinition"]).rsplit('/').next().map(Text::new)
        };
        for it in &seen {
            let fact = named(&facts["deployments"], "serviceDeploymentArn", it.arn.as_ref().unwrap().as_str());
            assert_eq!(
                (it.target.as_str(), it.owner.clone(), it.environment),
                ("web", Some("prod".into()), Environment::Prod)
            );
            assert_eq!(Some(it.to.clone()), definition(&fact["targetServiceRevision"]["arn"]));
            assert_eq!(Some(it.from.clone()), definition(&fact["sourceServiceRevisions"][0]["arn"]));
            assert_eq!(Some(u64::from(it.done)), fact["targetServiceRevision"]["runningTaskCount"].as_u64());
            assert_eq!(it.started, time(&fact["startedAt"]));
            assert_eq!(it.finished, fact["finishedAt"].is_string().then(|| time(&fact["finishedAt"])));
        }
        let told: Vec<(&str, DeployStatus, Option<&str>)> =
            seen.iter().map(|it| (it.to.as_str(), it.status, it.returns_by.as_ref().map(Text::as_str))).collect();
        assert_eq!(
            told,
            [
                ("web:2", DeployStatus::InProgress, Some("web:1")),
                ("web:9", DeployStatus::RolledBack, Some("web:1")),
                ("web:1", DeployStatus::Succeeded, None),
            ]
        );
        assert_eq!(seen[1].message, "tasks failed to start");
    });
}

/// Asks again and again, as the console would, and counts what that took.
#[test]
fn what_is_over_is_read_once() {
    on_company(async |bench, company| {
        let origin = origin(&[HOME]);
        let clock = Arc::new(AtomicI64::new(made_at(&company).as_second()));
        let hand = Arc::clone(&clock);
        let now = move || Timestamp::from_second(hand.load(Ordering::Relaxed)).unwrap();
        let endpoint = Endpoint::new(Some(bench.front.url.clone()));
        let aws = Aws::new(std::slice::from_ref(&origin), &Profiles::default(), &endpoint, None, Arc::new(now));
        ask(&aws, &origin, HOME, Feed::Clusters).await.outcome.unwrap();
        let (mut calls, mut open) = (Vec::new(), BTreeSet::new());
        for _ in 0..3 {
            clock.fetch_add(30, Ordering::Relaxed);
            let before = bench.called().len();
            let answer = ask(&aws, &origin, HOME, Feed::Deployments).await.outcome;
            let Ok(Payload::Deployments(all)) = answer else { panic!("{answer:?}") };
            let by_ecs = all.iter().filter(|it| it.kind == "ECS");
            open = by_ecs.filter(|it| it.is_running()).map(|it| it.target.to_string()).collect();
            calls.push(bench.called().split_off(before));
        }
        let times = |calls: &[String], of: &str| calls.iter().filter(|call| **call == *of).count();
        // Three spans of a month, and one group of which nothing that is held was good.
        assert_eq!(times(&calls[0], "codedeploy.ListDeployments"), 4, "{calls:?}");
        assert_eq!(times(&calls[0], "ecs.ListServiceDeployments"), 14);
        // Then what is new, and what is under way or a few minutes over.
        let [_, again, later] = calls.as_slice() else { panic!() };
        for calls in [again, later] {
            assert_eq!(times(calls, "codedeploy.ListDeployments"), 1, "{calls:?}");
            assert_eq!(times(calls, "codedeploy.BatchGetDeployments"), 1, "{calls:?}");
            assert_eq!(times(calls, "ecs.DescribeServiceRevisions"), 0, "a revision never changes");
        }
        assert!((1..5).contains(&open.len()), "{open:?}");
        assert_eq!(times(later, "ecs.ListServiceDeployments"), open.len(), "only those under way: {later:?}");
    });
}

#[test]
fn services_tell_of_themselves_where_their_deployments_may_not_be_read() {
    on_company(async |bench, company| {
        let denied = json!({ "status": 403, "code": "AccessDeniedException", "message": "no" });
        bench.script("ecs", "ListServiceDeployments", json!({ "repeat": true, "responses": [denied] }));
        let (aws, origin) = whole(&bench, &company).await;
        for _ in 0..2 {
            let answer = ask(&aws, &origin, HOME, Feed::Deployments).await;
            let Ok(Payload::Deployments(all)) = answer.outcome else { panic!("{:?}", answer.outcome) };
            let gaps: Vec<(FaultClass, &str)> =
                answer.gaps.iter().map(|gap| (gap.class, gap.operation.as_str())).collect();
            assert_eq!(gaps, [(FaultClass::Denied, "ecs:ListServiceDeployments")], "as long as it is so");
            let web = all.iter().find(|it| it.target == "web").unwrap();
            assert_eq!((web.to.as_str(), web.arn.clone(), web.returns_by.clone()), ("web:1", None, None));
            assert!(all.iter().any(|it| it.kind == "CodeDeploy"), "one service hides nothing of another");
        }
    });
}

#[test]
fn the_way_back_can_be_planned() {
    on_company(async |bench, company| {
        let world = seen(&bench, &company, &[Feed::Clusters, Feed::Deployments, Feed::Functions]).await;
        let at = made_at(&company);
        let back = plan(&world, at, "codedeploy.rollback", (Kind::Deployment, "d-BAD000004"), &[]).unwrap();
        let [Step::Redeploy { application, group, deployment, revision: Bundle::S3 { key, .. } }] =
            back.steps.as_slice()
        else {
            panic!("{:?}", back.steps)
        };
        let said = [application, group, deployment, key].map(Text::as_str);
        assert_eq!(said, ["site", "production", "d-BACK00003", "site/v6/site.zip"]);
        assert_eq!(back.environment, Environment::Prod);
        let stop = plan(&world, at, "codedeploy.rollback", (Kind::Deployment, "d-COMMIT006"), &[]).unwrap();
        assert!(matches!(stop.steps.as_slice(), [Step::StopDeployment { deployment }] if *deployment == "d-COMMIT006"));
        let nothing = plan(&world, at, "codedeploy.rollback", (Kind::Deployment, "d-FIRST0008"), &[]).unwrap_err();
        assert_eq!(nothing.why, Why::Nothing, "{}", nothing.text);

        let service = plan(&world, at, "ecs.rollback", (Kind::Cluster, "prod"), &[("service", "web")]).unwrap();
        let [Step::StopServiceDeployment { deployment }] = service.steps.as_slice() else {
            panic!("{:?}", service.steps)
        };
        assert!(deployment.as_str().ends_with("service-deployment/prod/web/000000000000000000003"), "{deployment}");
        assert_eq!((service.changes[0].before.as_str(), service.changes[0].after.as_str()), ("web:2", "web:1"));

        // A part of its calls goes to 1, and it goes back to where most of them go.
        let canary = plan(&world, at, "lambda.rollback", (Kind::Function, "checkout"), &[]).unwrap();
        assert!(matches!(canary.steps.as_slice(), [Step::UpdateAlias { version, .. }] if *version == "2"));
        let to = plan(&world, at, "lambda.rollback", (Kind::Function, "checkout"), &[("to", "1")]).unwrap();
        assert!(matches!(to.steps.as_slice(), [Step::UpdateAlias { version, .. }] if *version == "1"));
    });
}

/// A world with what was read of these at home.
pub(super) async fn seen(bench: &Bench, company: &Value, feeds: &[Feed]) -> World {
    use opscon::world::port::{FeedKey, Observation};
    let origin = origin(&[HOME]);
    let at = made_at(company);
    let aws = bench.aws_at(std::slice::from_ref(&origin), at);
    let mut world = World::reading(&origin.scopes(), feeds.iter().copied().collect());
    for feed in feeds {
        let region = super::super::permissions::region_of(*feed);
        let answer = ask(&aws, &origin, region, *feed).await;
        world.apply(Observation::of(FeedKey::all(*feed, place(&origin, region)), at, answer, None));
    }
    world
}

pub(super) fn plan(
    world: &World,
    at: Timestamp,
    name: &str,
    (kind, id): (Kind, &str),
    said: &[(&str, &str)],
) -> Result<Plan, Refusal> {
    let place = world.places().iter().position(|place| place.scope.region == *HOME).unwrap();
    planned(world, at, name, &Target::One(ItemId { kind, place, id: id.into() }), said)
}

pub(super) fn planned(
    world: &World,
    at: Timestamp,
    name: &str,
    target: &Target,
    said: &[(&str, &str)],
) -> Result<Plan, Refusal> {
    let bearings = Bearings::default();
    let params: Params = said.iter().map(|(name, word)| ((*name).to_owned(), (*word).to_owned())).collect();
    operation(name).unwrap().plan(target, &params, &Sight { world, at, bearings: &bearings })
}
