//! Which commit runs where, in worlds built by hand: by image, by alias, by launch template, here and elsewhere.

use std::sync::Arc;

use jiff::Timestamp;
use opscon::domain::autoscaling::{AutoScalingGroup, Member, Template};
use opscon::domain::container::{Cluster, Service, Task, TaskHealth};
use opscon::domain::delivery::{
    Action, DeployStatus, Deployment, Execution, Image, ImageRepository, Pipeline, Revision, RunStatus, Stage,
};
use opscon::domain::function::{Function, Shift};
use opscon::domain::list::List;
use opscon::domain::scope::{Environment, Scope, ScopeRef};
use opscon::domain::source::{Commit, SourceRepository};
use opscon::domain::text::Text;
use opscon::world::World;
use opscon::world::feed::Payload;
use opscon::world::lineage::{self, Track};
use opscon::world::port::{Answer, FeedKey, Observation, Usage};
use opscon::world::sight::{Bearings, Sight};

const SHA: &str = "84960eb0de84960eb0de84960eb0de84960eb0de";
const OURS: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/acme/shop";

fn now() -> Timestamp {
    "2026-03-10T14:00:00Z".parse().unwrap()
}

fn scope(account: &str, region: &str) -> ScopeRef {
    Arc::new(Scope {
        account: account.into(),
        alias: "acme".into(),
        region: region.into(),
        environment: Environment::Prod,
    })
}

fn home() -> ScopeRef {
    scope("123456789012", "eu-west-1")
}

/// What was read, at home or elsewhere.
fn world(scopes: &[ScopeRef], told: Vec<(&ScopeRef, Payload)>) -> World {
    let mut world = World::of(scopes);
    for (at, payload) in told {
        let key = FeedKey::all(payload.feed(), Arc::clone(at));
        world.apply(Observation::of(key, now(), Answer::of(Ok(payload), Usage::default()), None));
    }
    world
}

fn pipeline(action: Action) -> Pipeline {
    let run = Execution {
        id: "e2".into(),
        version: Some("v2".into()),
        status: RunStatus::Succeeded,
        trigger: Some("Webhook".into()),
        by: None,
        started: now(),
        finished: Some(now()),
        revision: Some(Revision { id: SHA.into(), author: None, message: "cache the basket".into() }),
        returns_to: None,
        succeeded_in: Vec::new(),
    };
    let stage = Stage {
        name: "Production".into(),
        status: RunStatus::Succeeded,
        inbound_enabled: true,
        closed: Text::default(),
        execution: Some("e2".into()),
        waiting: None,
        actions: vec![action],
    };
    Pipeline {
        name: "shop".into(),
        edited: None,
        mode: None,
        sources: Vec::new(),
        stages: vec![stage],
        executions: vec![run],
    }
}

fn deploys(provider: &str, target: &str) -> Action {
    Action {
        name: "Deploy".into(),
        category: Some("Deploy".into()),
        provider: Some(provider.into()),
        status: RunStatus::Succeeded,
        version: Some("v2".into()),
        execution: Some("e2".into()),
        targets: vec![target.into()],
        ..Action::default()
    }
}

/// The track of the only target of an action, in a world that has read this at home.
fn track(action: Action, told: Vec<Payload>) -> Track {
    let home = home();
    let world = world(std::slice::from_ref(&home), told.into_iter().map(|payload| (&home, payload)).collect());
    track_in(&world, action)
}

fn track_in(world: &World, action: Action) -> Track {
    let bearings = Bearings::default();
    let sight = Sight { world, at: now(), bearings: &bearings };
    let mut all = lineage::of(&pipeline(action), &world.places()[0], &sight);
    assert_eq!(all.len(), 1);
    all.remove(0)
}

fn images() -> Payload {
    let image =
        |tag: &str, digest: &str| Image { tag: tag.into(), digest: digest.into(), base: None, pushed: now(), bytes: 1 };
    Payload::Images(Arc::new(List::new(vec![ImageRepository {
        name: "acme/shop".into(),
        uri: OURS.into(),
        images: vec![
            image("v2", "sha256:aaaaaaaaaa"),
            image("v1", "sha256:bbbbbbbbbb"),
            image("", "sha256:cccccccccc"),
        ],
        has_more: false,
        running_digest: None,
        scan: None,
    }])))
}

/// The image of a task as its definition names it, and the digest of what was pulled.
type Pulled<'a> = (&'a str, Option<&'a str>);

fn cluster(name: &str, environment: Environment, tasks: Option<&[Pulled<'_>]>) -> Cluster {
    let service = Service {
        name: "shop".into(),
        arn: "arn".into(),
        strategy: "REPLICA".into(),
        controller: "ECS".into(),
        tags: Vec::new(),
        desired: 2,
        running: 2,
        pending: 0,
        task_definition: format!("{name}-shop:42").into(),
        rollout: "COMPLETED".into(),
        rollout_reason: Text::default(),
        failed_tasks: None,
        short_since: None,
        events: Vec::new(),
    };
    let task = |(image, digest): &Pulled<'_>| Task {
        id: "t".into(),
        service: "shop".into(),
        image: (*image).into(),
        digest: digest.map(Text::new),
        zone: "a".into(),
        status: "RUNNING".into(),
        health: TaskHealth::Healthy,
        started: None,
        restarts: 0,
        exit_code: None,
        stopped_reason: Text::default(),
    };
    let mut tasks: Option<Vec<Task>> = tasks.map(|all| all.iter().map(task).collect());
    // What starts or stops runs nothing, and what is of another service is none of its own.
    if let Some(tasks) = &mut tasks {
        tasks.push(Task { status: "PENDING".into(), ..task(&("x:v9", None)) });
        tasks.push(Task { service: "other".into(), ..task(&("x:v9", None)) });
    }
    Cluster { name: name.into(), environment, services: vec![service], tasks, tags: Vec::new() }
}

fn clusters(all: Vec<Cluster>) -> Payload {
    Payload::Clusters(Arc::new(List::new(all)))
}

#[test]
fn what_tasks_run_is_told_by_the_image_they_pulled() {
    let ours = |rest: &str| format!("{OURS}{rest}");
    let (tag, old, digest, both) =
        (ours(":v2"), ours(":v1"), ours("@sha256:aaaaaaaaaa"), ours(":v2@sha256:aaaaaaaaaa"));
    let (gone, unknown, latest) = (ours(":v0@sha256:dddddddddd"), ours("@sha256:dddddddddd"), ours(":latest"));
    let port = "registry.acme:5000/shop:v2";
    let (a, b, d, e) =
        (Some("sha256:aaaaaaaaaa"), Some("sha256:bbbbbbbbbb"), Some("sha256:dddddddddd"), Some("sha256:eeeeeeeeee"));
    let cases: [(&[Pulled<'_>], &str); 13] = [
        (&[(&tag, None)], "1 run v2"),
        (&[(&digest, None)], "1 run v2"),
        (&[(&both, None)], "1 run v2"),
        // The registry has it no more: what it was called is still told.
        (&[(&gone, None)], "1 run v0"),
        (&[(&unknown, None)], "1 run sha256:ddddddd"),
        // A tag can be moved: what was pulled is what runs.
        (&[(&tag, b)], "1 run v1"),
        (&[(&tag, a), (&latest, a)], "2 run v2"),
        // Nobody built it here: its tag is no version of ours.
        (&[("docker.io/library/nginx:1.27", None)], "1 run nginx:1.27"),
        (&[(port, None)], "1 run shop:v2"),
        (&[("nginx", None)], "1 run no tag"),
        (&[(&tag, None), (&old, None), (&tag, a)], "2 of 3 run v2, 1 v1"),
        // One tag, two images, and the registry knows neither.
        (&[(&latest, d), (&latest, e), (&latest, d)], "2 of 3 run latest sha256:ddddddd, 1 latest sha256:eeeeeee"),
        (&[], "nothing runs"),
    ];
    for (tasks, words) in cases {
        let told = vec![images(), clusters(vec![cluster("prod", Environment::Prod, Some(tasks))])];
        let it = track(deploys("ECS", "shop"), told);
        assert_eq!(it.runs.as_deref(), Some(words), "{tasks:?}");
        assert_eq!(it.deployed.as_deref(), Some("prod-shop:42"));
        assert_eq!(it.image.as_deref(), Some("sha256:aaaaaaa"), "of the version it was given");
        assert_eq!(it.template, None);
    }
    // Where the registry is not read, the tag is all there is.
    let told =
        vec![clusters(vec![cluster("prod", Environment::Prod, Some(&[("docker.io/library/nginx:1.27", None)]))])];
    assert_eq!(track(deploys("ECS", "shop"), told).runs.as_deref(), Some("1 run 1.27"));
    let told = vec![clusters(vec![cluster("prod", Environment::Prod, None)])];
    assert_eq!(track(deploys("ECS", "shop"), told).runs, None, "what could not be read is not made up");
}

#[test]
fn of_two_services_of_one_name_the_one_of_the_stage_is_told() {
    let both = |first, second| {
        let of = |name: &str, environment| cluster(name, environment, Some(&[("x:v2", None)]));
        let told = vec![clusters(vec![of("one", first), of("two", second)])];
        track(deploys("ECS", "shop"), told).deployed
    };
    assert_eq!(both(Environment::Staging, Environment::Prod).as_deref(), Some("two-shop:42"));
    assert_eq!(both(Environment::Prod, Environment::Staging).as_deref(), Some("one-shop:42"));
    assert_eq!(both(Environment::Prod, Environment::Prod), None, "which of them is not guessed");
}

#[test]
fn a_function_runs_what_its_alias_points_at() {
    let function = |version: Option<&str>, shift: Option<f64>| Function {
        name: "receipts".into(),
        environment: Environment::Prod,
        runtime: "python3.13".into(),
        alias: Some("live".into()),
        version: version.map(Text::new),
        previous_version: None,
        published_before: None,
        revision: None,
        shift: shift.map(|percent| Shift { version: "42".into(), percent }),
        modified: None,
        reserved: None,
        provisioned: None,
        account_concurrency_limit: None,
    };
    for (it, runs) in [
        (function(Some("41"), None), Some("version 41")),
        (function(Some("41"), Some(10.0)), Some("version 41, 10 % of calls 42")),
        (function(None, None), None),
    ] {
        let it = track(deploys("Lambda", "receipts"), vec![Payload::Functions(Arc::new(List::new(vec![it])))]);
        assert_eq!((it.deployed.as_deref(), it.runs.as_deref()), (Some("alias live"), runs));
    }
}

fn template(version: &str) -> Template {
    Template { name: "web".into(), version: version.into() }
}

fn group(name: &str, new: Option<Template>, members: &[(&str, Option<Template>)]) -> AutoScalingGroup {
    let member = |(lifecycle, template): &(&str, Option<Template>)| Member {
        instance: "i-1".into(),
        zone: "a".into(),
        lifecycle: (*lifecycle).into(),
        healthy: true,
        weight: 1,
        is_protected: false,
        template: template.clone(),
    };
    AutoScalingGroup {
        name: name.into(),
        environment: Environment::Prod,
        min: 1,
        desired: 3,
        max: 9,
        members: members.iter().map(member).collect(),
        suspended: Vec::new(),
        activities: None,
        warm_pool: None,
        scheduled: None,
        refresh: None,
        template: new,
        tags: Vec::new(),
        operator: Text::default(),
    }
}

fn groups(it: AutoScalingGroup) -> Payload {
    Payload::Groups(Arc::new(List::new(vec![it])))
}

#[test]
fn a_group_tells_what_new_instances_are_made_from_and_what_those_there_are_were() {
    let here = "InService";
    let old = Some(Template { name: "web-2019".into(), version: Text::default() });
    type Case<'a> = (Option<Template>, Vec<(&'a str, Option<Template>)>, Option<&'a str>, Option<&'a str>);
    let cases: Vec<Case<'_>> = vec![
        (Some(template("7")), vec![(here, Some(template("7"))); 3], Some("web 7, as all 3"), Some("3 run web 7")),
        (
            Some(template("7")),
            vec![(here, Some(template("7"))), (here, Some(template("6"))), (here, Some(template("6")))],
            Some("web 7, 2 of 3 are of 6"),
            Some("2 of 3 run web 6, 1 web 7"),
        ),
        (Some(template("7")), vec![(here, Some(template("6"))); 2], Some("web 7, all 2 are of 6"), Some("2 run web 6")),
        // What `$Latest` is, the group does not say.
        (
            Some(template("$Latest")),
            vec![(here, Some(template("6"))), (here, Some(template("5")))],
            Some("web $Latest for new ones, 1 of 2 are of 6, 1 of 2 are of 5"),
            Some("1 of 2 run web 6, 1 web 5"),
        ),
        (
            Some(template("1")),
            vec![(here, Some(template("1"))), (here, old.clone())],
            Some("web 1, 1 of 2 are of web-2019"),
            Some("1 of 2 run web-2019, 1 web 1"),
        ),
        (old.clone(), vec![(here, old)], Some("web-2019, as all 1"), Some("1 run web-2019")),
        // What goes is replaced by now, and of a template that was deleted nothing is told.
        (
            Some(template("7")),
            vec![(here, Some(template("7"))), ("Terminating:Wait", Some(template("6")))],
            Some("web 7, as all 1"),
            Some("1 run web 7"),
        ),
        (
            Some(template("7")),
            vec![(here, Some(template("7"))), (here, None)],
            Some("web 7, 1 of 2 are of one that is not told"),
            None,
        ),
        (Some(template("7")), vec![], Some("web 7, no instances"), Some("nothing runs")),
        (None, vec![(here, None)], None, None),
    ];
    for (new, members, made_from, runs) in cases {
        let told = vec![groups(group("web", new, &members))];
        let it = track(deploys("CloudFormation", "web"), told);
        assert_eq!((it.template.as_deref(), it.runs.as_deref()), (made_from, runs), "{members:?}");
        let links: Vec<&str> = it.links().into_iter().map(|(what, _)| what).collect();
        assert_eq!(links.contains(&"launched from"), made_from.is_some(), "{links:?}");
    }
}

fn deployment(id: &str, group: &str, to: &str) -> Deployment {
    Deployment {
        id: id.into(),
        kind: "CodeDeploy".into(),
        target: format!("web/{group}").into(),
        environment: Environment::Prod,
        from: "v1".into(),
        to: to.into(),
        status: DeployStatus::Succeeded,
        done: 3,
        total: 3,
        started: now(),
        finished: Some(now()),
        by: Text::default(),
        message: Text::default(),
        reason: Text::default(),
        usual: None,
        returns_to: None,
        returns_by: None,
        returns_with: None,
        arn: None,
        owner: Some("web".into()),
        group: Some(group.into()),
    }
}

#[test]
fn a_deployment_of_an_application_is_found_by_what_the_action_made() {
    let all = |list: Vec<Deployment>| Payload::Deployments(Arc::new(List::new(list)));
    let made = |id: &str| Action { external_id: Some(id.into()), ..deploys("CodeDeploy", "web") };
    let two = || all(vec![deployment("d-1", "production", "v2"), deployment("d-2", "canary", "v3")]);
    // Where one group of the application is deployed to, it can be no other.
    let it = track(deploys("CodeDeploy", "web"), vec![all(vec![deployment("d-1", "production", "v2")])]);
    assert_eq!((it.deployed.as_deref(), it.runs.as_deref()), (Some("d-1"), Some("3 run v2")));
    assert_eq!(track(deploys("CodeDeploy", "web"), vec![two()]).runs, None, "which of the groups is not guessed");
    assert_eq!(track(made("d-1"), vec![two()]).runs.as_deref(), Some("3 run v2"));
    assert_eq!(track(made("d-2"), vec![two()]).runs.as_deref(), Some("3 run v3"));
    // CodeDeploy names the copy of a group that it deploys to beside the old one.
    let copy = group("CodeDeploy_production_d-1", Some(template("7")), &[("InService", Some(template("7")))]);
    let it = track(made("d-1"), vec![two(), groups(copy)]);
    assert_eq!(it.template.as_deref(), Some("web 7, as all 1"));
}

#[test]
fn what_is_deployed_elsewhere_is_read_there_or_said_not_to_be() {
    let there = Action {
        region: Some("us-east-1".into()),
        role: Some("arn:aws:iam::210987654321:role/deploy".into()),
        ..deploys("ECS", "shop")
    };
    let (home, other, wrong) = (home(), scope("210987654321", "us-east-1"), scope("123456789012", "us-east-1"));
    let told = || clusters(vec![cluster("prod", Environment::Prod, Some(&[("x:v2", None)]))]);
    // The same name at home, and in the same region of another account, is another service.
    let near = world(&[Arc::clone(&home), Arc::clone(&wrong)], vec![(&home, told()), (&wrong, told())]);
    let it = track_in(&near, there.clone());
    assert_eq!((it.runs.clone(), it.deployed.clone()), (None, None));
    let (what, words) = it.links().pop().unwrap();
    assert_eq!((what, words.as_str()), ("now", "not told: us-east-1 of 210987654321 is not watched"));
    let watched = world(&[Arc::clone(&home), Arc::clone(&other)], vec![(&other, told())]);
    assert_eq!(track_in(&watched, there.clone()).runs.as_deref(), Some("1 run v2"));
    let region = Action { role: None, ..there };
    assert_eq!(track_in(&near, region).runs.as_deref(), Some("1 run v2"), "another region of the same account");
}

#[test]
fn the_commit_of_a_target_has_its_author_from_the_repository() {
    let commit = Commit { sha: SHA.into(), author: "maria".into(), message: "cache the basket".into(), at: now() };
    let repository = |commits| {
        Payload::Repositories(Arc::new(List::new(vec![SourceRepository {
            key: "acme/shop main".into(),
            name: "acme/shop".into(),
            provider: "GitHub".into(),
            branch: "main".into(),
            commits,
            connection: None,
            pulls: None,
        }])))
    };
    let of = |told: Vec<Payload>| track(deploys("ECS", "shop"), told).commit;
    assert_eq!(of(vec![repository(Some(vec![commit]))]).as_deref(), Some("84960eb by maria"));
    assert_eq!(of(vec![repository(None)]).as_deref(), Some("84960eb"), "nobody is made up");
    assert_eq!(of(Vec::new()).as_deref(), Some("84960eb"));
}
