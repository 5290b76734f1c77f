//! The pipelines' room: what is on its way, where it is stuck and why, what runs where, and how to go back.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use opscon::app::key::Key;
use opscon::app::model::Model;
use opscon::app::msg::{Cmd, Msg, Size};
use opscon::app::update::update;
use opscon::domain::autoscaling::Refresh;
use opscon::domain::board::BoxId;
use opscon::domain::delivery::{Action, Pipeline, RunStatus, Stage};
use opscon::domain::function::Shift;
use opscon::domain::health::Health;
use opscon::domain::list::List;
use opscon::drill::Drill;
use opscon::drill::scenario::Scenario;
use opscon::report::table::Table;
use opscon::world::board::read;
use opscon::world::feed::{Feed, Payload};
use opscon::world::item::Kind;
use opscon::world::port::{Answer, FeedKey, Observation, Usage};
use opscon::world::sight::Sight;
use opscon::world::timeline::EventKind;
use opscon::world::way_back;
use unicode_width::UnicodeWidthStr;

use crate::support::{draw, model_at, text_of};

const SIZES: [Size; 2] = [Size { width: 80, height: 24 }, Size { width: 120, height: 40 }];
const WIDE: Size = SIZES[1];

const HEAD: &str = "title = 't'\nstory = 's'\nstart = '2026-03-10T13:48:00Z'\nmended = { held_for = '1m' }\n";

/// A test that fails on a commit, and never passes.
const FAILING_GATE: &str = "[[event]]\nat = '1m'\n[event.push]\nfleet = 'checkout'\nversion = 'v204'\nby = 'sven'\n\
    message = 'tax by county'\nfails_in = 'Unit-Tests'\nfailing = ['tax::rounds_half_up', 'tax::zero_rate']\n";
/// One that fails, and passes when it is tried again.
const FLAKY: &str = "[[event]]\nat = '1m'\n[event.push]\nfleet = 'web'\nversion = 'v420'\nby = 'jun'\n\
    message = 'lazy images'\nfails_in = 'Integration-Tests'\nfailing = ['search::times_out']\nflaky = true\n";
/// A rollout that goes on no further, and does not end.
const STUCK: &str = "[[event]]\nat = '1m'\n[event.deploy]\nfleet = 'web'\nversion = 'v419'\nby = 'maria'\n\
    message = 'cache the basket'\nstalls_after = 2\n";

/// A console on a scenario of one's own.
fn of(events: &str, minutes: i64, size: Size) -> (Model, Drill) {
    let scenario = Scenario::parse("own", &format!("{HEAD}{events}")).unwrap();
    let now = scenario.start + SignedDuration::from_mins(minutes);
    let drill = Drill::new(scenario, 1, 0, Arc::new(move || now));
    let (mut model, _) = model_at("calm", 0, size);
    for key in model.world.keys().collect::<Vec<_>>() {
        let answer = drill.answer(&key);
        update(&mut model, now, Msg::Observed(Box::new(Observation::of(key, now, answer, None))));
    }
    (model, drill)
}

fn press(model: &mut Model, keys: &str) -> Vec<Cmd> {
    let now = model.now;
    let mut cmds = Vec::new();
    for key in keys.split(' ') {
        cmds = update(model, now, Msg::Key(key.parse::<Key>().unwrap()));
        // As the console does after each frame.
        let mut drawn = opscon::app::overlay::Drawn::default();
        let backend = ratatui::backend::TestBackend::new(model.size.width, model.size.height);
        let mut terminal = ratatui::Terminal::new(backend).unwrap();
        terminal.draw(|frame| drawn = opscon::view::draw(model, frame)).unwrap();
        model.settle(drawn);
    }
    cmds
}

fn screen(model: &Model) -> String {
    text_of(&draw(model))
}

#[track_caller]
fn shows(model: &Model, words: &[&str]) {
    let screen = screen(model);
    for part in words {
        assert!(screen.contains(part), "{part:?} is not on screen:\n{screen}");
    }
}

fn check(name: &str, model: &Model) {
    let screen = screen(model);
    for line in screen.lines() {
        assert!(line.width() <= usize::from(model.size.width), "{name}: a line is too long: {line:?}");
    }
    insta::assert_snapshot!(format!("{name}@{}x{}", model.size.width, model.size.height), screen);
}

/// The same world with the pipelines changed.
fn with_pipelines(model: &mut Model, change: impl Fn(&mut Vec<Pipeline>)) {
    let (place, _) = model.world.all_of(Kind::Pipeline).next().unwrap();
    let at = &model.world.places()[place];
    let mut all: Vec<Pipeline> = at.feeds.pipelines.items().cloned().collect();
    change(&mut all);
    let key = FeedKey::all(Feed::Pipelines, Arc::clone(&at.scope));
    let answer = Answer::of(Ok(Payload::Pipelines(Arc::new(List::new(all)))), Usage::default());
    let now = model.now;
    update(model, now, Msg::Observed(Box::new(Observation::of(key, now, answer, None))));
}

fn pipeline(model: &Model, name: &str) -> Pipeline {
    let mut all = model.world.places().iter().flat_map(|place| place.feeds.pipelines.items());
    all.find(|it| it.name == *name).unwrap().clone()
}

fn action<'a>(pipeline: &'a Pipeline, name: &str) -> &'a Action {
    pipeline.actions().map(|(_, action)| action).find(|action| action.name == *name).unwrap()
}

#[test]
fn the_room_when_all_is_well_and_when_a_deploy_went_wrong() {
    for size in SIZES {
        for (name, scenario, minutes) in [("healthy", "calm", 0), ("broken", "bad-deploy", 9)] {
            let (mut model, _) = model_at(scenario, minutes, size);
            press(&mut model, "3");
            check(&format!("list-{name}"), &model);
            press(&mut model, "enter");
            check(&format!("page-{name}"), &model);
            press(&mut model, "l");
            check(&format!("action-{name}"), &model);
        }
    }
}

#[test]
fn a_bad_deploy_is_followed_from_merge_to_rollback_on_one_screen() {
    let (mut model, _) = model_at("bad-deploy", 2, WIDE);
    press(&mut model, "3");
    shows(&model, &["✔So v419", "◆ Production Approve waits for approval"]);
    press(&mut model, "enter");
    shows(
        &model,
        &[
            "\"cache the basket\", push by maria, runs for 16:20 of ~24:",
            "not now: Production of web waits for Approve;",
        ],
    );
    shows(&model, &["Deploy-Production     earlier     v418", "now 6 run v418"]);
    let (mut model, _) = model_at("bad-deploy", 4, WIDE);
    press(&mut model, "3");
    shows(&model, &["▶ Production 1:00 of ~4:30 Deploy", "CodeDeploy v418 → v419"]);
    press(&mut model, "enter");
    shows(
        &model,
        &["not now: Production of web is running: Deploy-Production running", "Smoke-Tests           earlier"],
    );
    let (mut model, _) = model_at("bad-deploy", 9, WIDE);
    press(&mut model, "3");
    shows(&model, &["✖ Production", "too few healthy targ", "v418 → v419, 4 of 6"]);
    press(&mut model, "enter");
    shows(&model, &["4 of 6 run v419, 2 v418", "84960eb by maria"]);
    // What is released, by whom, since when, how long it takes, and whether it can go back: in the first lines.
    shows(&model, &["v419 \"cache the basket\", push by maria, 23 min ago, took 19:40 of ~24:24"]);
    shows(&model, &["way back: v419 → v418, AWS would take it now; it usually takes 5 min 30 s; a offers it"]);
}

#[test]
fn a_failing_gate_names_its_tests_and_shows_its_log() {
    let (mut model, _) = of(FAILING_GATE, 6, WIDE);
    let shop = pipeline(&model, "shop");
    let builds = || model.world.places().iter().flat_map(|place| place.feeds.builds.items());
    let id = action(&shop, "Unit-Tests").external_id.clone().unwrap();
    let tests = builds().find(|build| build.id == id).unwrap().tests.clone().unwrap();
    assert_eq!((tests.failed, tests.failing.len()), (2, 2));
    assert_eq!(action(&shop, "Integration-Tests").version, Some("v87".into()), "nothing came after it");
    assert_eq!(shop.executions[0].status, RunStatus::Failed);
    press(&mut model, "3");
    shows(&model, &["✖ Checks Unit-Tests failed: ", "v204", "v87"]);
    press(&mut model, "enter");
    shows(&model, &["2 of 8", "tests failed: tax::rounds_half_up, tax::zero_rate"]);
    press(&mut model, "l");
    shows(&model, &["✖ test tax::rounds_half_up ... FAILED", "panicked at"]);
    // The board says the same.
    let reading = read(BoxId::UnitTests, &model.sight());
    assert_eq!(reading.health, Health::Bad);
    assert!(reading.summary.contains("2 tests failed: tax::rounds_half_up"), "{}", reading.summary);
}

#[test]
fn a_flaky_test_fails_and_passes_on_the_same_commit() {
    let (model, _) = of(FLAKY, 9, WIDE);
    let its = |model: &Model| action(&pipeline(model, "web"), "Integration-Tests").clone();
    assert_eq!((its(&model).status, its(&model).flaky), (RunStatus::InProgress, Some(false)));
    let (mut model, _) = of(FLAKY, 14, WIDE);
    let it = its(&model);
    assert_eq!((it.status, it.flaky), (RunStatus::Succeeded, Some(true)));
    let history = it.history.unwrap();
    let first: Vec<(RunStatus, Option<&str>)> =
        history.iter().take(2).map(|run| (run.status, run.version.as_ref().map(AsRef::as_ref))).collect();
    assert_eq!(first, [(RunStatus::Succeeded, Some("v420")), (RunStatus::Failed, Some("v420"))]);
    assert_eq!(history.len(), 20, "the last twenty");
    press(&mut model, "3 enter");
    shows(&model, &["failed, then passed, on the same commit"]);
    // It goes on to its approval, later than it would have.
    let (model, _) = of(FLAKY, 25, WIDE);
    assert!(action(&pipeline(&model, "web"), "Approve").waits_for_somebody());
}

#[test]
fn a_stuck_deployment_is_bad_long_before_it_ends() {
    let (mut model, _) = of(STUCK, 30, WIDE);
    press(&mut model, "3 /");
    for letter in "kind:deployment state:stuck".chars() {
        let key = if letter == ' ' { "space".to_owned() } else { letter.to_string() };
        press(&mut model, &key);
    }
    press(&mut model, "enter");
    shows(&model, &["✖  stuck    web", "v418 → v419, 2 of 6 for 29:00 of ~", "stuck"]);
    let reading = read(BoxId::Production, &model.sight());
    assert!(reading.findings.iter().any(|finding| finding.text.contains("stuck at 2 of 6")), "{reading:?}");
    // The pipeline cannot be rolled back while it runs; stopping the deployment can.
    let all = way_back::all(&model.sight());
    let words = |target: &str, by: &str| all.iter().find(|way| way.target == target && way.by == by).unwrap().words();
    assert!(words("web/Production", "pipeline").contains("not now: Production of web is running"));
    assert!(words("web", "CodeDeploy").contains("v419 → v418, AWS would take it now"));
}

#[test]
fn both_kinds_are_filtered_sorted_copied_and_exported() {
    let (mut model, _) = model_at("bad-deploy", 9, WIDE);
    let table = |filter: &str| {
        let mut table = Table::of("pipelines", &model.sight()).unwrap();
        table.filter(filter).unwrap();
        table
    };
    let json: serde_json::Value = serde_json::from_str(&table("kind:deployment name:web").to_json()).unwrap();
    let row = &json["rows"][0];
    assert_eq!((row["from"].as_str(), row["version"].as_str()), (Some("v418"), Some("v419")), "{json:#}");
    assert_eq!((row["progress"].as_str(), row["service"].as_str()), (Some("4/6"), Some("CodeDeploy")));
    assert!(row["now"].as_str().unwrap().contains("4 of 6 run it, the rest v418"), "{row}");
    let csv = table("kind:pipeline").to_csv().unwrap();
    assert!(csv.starts_with("state,name,stages,started,") && csv.lines().count() == 3, "{csv}");
    assert!(csv.contains("Source ok v419 → Checks ok"), "{csv}");
    press(&mut model, "3");
    let Some(Cmd::Copy { text, .. }) = press(&mut model, "C").into_iter().next() else { panic!() };
    assert!(text.contains("\tCodeDeploy failed v418 → v419, 4 of 6"), "{text}");
    // By name, backwards: deployments and pipelines among each other.
    press(&mut model, "s s S");
    let names: Vec<String> = model.list().unwrap().rows().map(|row| row.item.name().to_string()).collect();
    assert!(names.is_sorted_by(|a, b| a >= b), "{names:?}");
}

#[test]
fn an_action_is_chosen_by_the_arrows_and_its_page_opened_in_the_browser() {
    let (mut model, _) = model_at("bad-deploy", 9, WIDE);
    press(&mut model, "3 enter");
    // What wants eyes first is selected; one up is the approval before it.
    press(&mut model, "up enter");
    shows(&model, &["Production/Approve"]);
    shows(&model, &["an action of this kind keeps no log", "the line is the median"]);
    press(&mut model, "right");
    shows(&model, &["Production/Deploy-Production", "external id   d-"]);
    press(&mut model, "o");
    shows(&model, &["codesuite/codedeploy/deployments/d-"]);
    model.notice = None;
    press(&mut model, "esc");
    shows(&model, &["which commit runs where"]);
    press(&mut model, "esc");
    shows(&model, &["pipelines and deployments"]);
}

/// What `o` opens, from each place in the room.
#[test]
fn every_row_page_and_action_has_its_page_in_the_browser() {
    let suite = "https://eu-west-1.console.aws.amazon.com/codesuite";
    let ecs = "https://eu-west-1.console.aws.amazon.com/ecs/v2";
    let pipeline = |name: &str| format!("{suite}/codepipeline/pipelines/{name}/view?region=eu-west-1");
    let id = |model: &Model, name: &str| action(&self::pipeline(model, "web"), name).external_id.clone().unwrap();
    for (keys, wanted) in [
        ("3", pipeline("web")),
        ("3 down", pipeline("shop")),
        ("3 down down", format!("{suite}/codedeploy/deployments/{{Deploy-Production}}?region=eu-west-1")),
        ("3 down down down down", format!("{ecs}/clusters/prod/services/catalog/deployments?region=eu-west-1")),
        ("3 enter", pipeline("web")),
        // An approval has no page of its own: that of its pipeline is where it is decided.
        ("3 enter up enter", pipeline("web")),
        ("3 enter enter", format!("{suite}/codedeploy/deployments/{{Deploy-Production}}?region=eu-west-1")),
        ("3 enter g down", format!("{suite}/codebuild/projects/web-lint/build/{{Lint}}?region=eu-west-1")),
    ] {
        let (mut model, _) = model_at("bad-deploy", 9, WIDE);
        model.session.drill = None;
        press(&mut model, keys);
        let wanted = wanted.replace("{Deploy-Production}", id(&model, "Deploy-Production").as_str());
        let wanted = wanted.replace("{Lint}", &id(&model, "Lint").as_str().replace(':', "%3A"));
        let cmds = press(&mut model, "o");
        assert!(
            matches!(cmds.as_slice(), [Cmd::Browse(link)] if *link == wanted),
            "{keys}: {cmds:?} and not {wanted}\n{}",
            screen(&model)
        );
    }
}

#[test]
fn what_a_link_says_is_not_believed() {
    let (mut model, _) = model_at("bad-deploy", 9, WIDE);
    model.session.drill = None;
    with_pipelines(&mut model, |all| {
        for action in all.iter_mut().flat_map(|it| &mut it.stages).flat_map(|stage| &mut stage.actions) {
            action.link = Some("file:///etc/passwd".into());
        }
    });
    press(&mut model, "3 enter enter");
    assert!(!press(&mut model, "o").iter().any(|cmd| matches!(cmd, Cmd::Browse(_))));
    shows(&model, &["is no page of the web"]);
}

/// What is odd about it, and what the list and the page say of that.
type Odd<'a> = (&'a str, &'a dyn Fn(&mut Pipeline), &'a [&'a str], &'a [&'a str]);

#[test]
fn pipelines_of_every_odd_kind_are_drawn_and_say_what_they_are() {
    let odd: [Odd<'_>; 6] = [
        (
            "never run",
            &|it| {
                it.executions.clear();
                for stage in &mut it.stages {
                    let actions = stage.actions.iter().map(|action| Action {
                        name: action.name.clone(),
                        category: action.category.clone(),
                        ..Action::default()
                    });
                    *stage = Stage {
                        actions: actions.collect(),
                        status: RunStatus::NotStarted,
                        execution: None,
                        ..stage.clone()
                    };
                }
            },
            &["never run", "· Source"],
            &["none yet", "commit not told"],
        ),
        (
            "edited while it ran",
            &|it| {
                it.stages[1].status = RunStatus::Cancelled;
                it.stages[1].actions.truncate(1);
                it.stages[1].actions[0].category = None;
            },
            &["cancelled"],
            &["the pipeline was edited", "what kind of action it is, is not told"],
        ),
        (
            "two hundred actions",
            &|it| {
                let action = it.stages[1].actions[0].clone();
                it.stages[1].actions =
                    (0..200).map(|at| Action { name: format!("shard-{at:03}").into(), ..action.clone() }).collect();
            },
            &["✔ Checks"],
            &["more lines"],
        ),
        (
            "parallel",
            &|it| it.mode = Some("PARALLEL".into()),
            &["✔ Source"],
            &["PARALLEL mode: 0 under way, and several may be in a stage at once"],
        ),
        (
            "older than anything AWS keeps",
            &|it| {
                it.executions.clear();
                for action in it.stages.iter_mut().flat_map(|stage| &mut stage.actions) {
                    (action.history, action.usual) = (Some(Vec::new()), None);
                }
            },
            &["✔ Source"],
            &[
                "Source, Checks, Build, Staging, Production: what is in it is older than what is listed",
                "it has run, and none of it is listed any more: CodePipeline keeps the executions of 12 months",
                "execution v418-92ee6a27, older than what is listed",
                "it has run, and no run of it is among those that were read",
            ],
        ),
        (
            "elsewhere, and older than the list",
            &|it| {
                it.executions.truncate(1);
                it.stages[4].execution = Some("gone".into());
                for action in &mut it.stages[4].actions {
                    action.execution = Some("gone".into());
                }
                let action = it.stages[4].actions.iter_mut().find(|action| action.is_deploy()).unwrap();
                action.region = Some("us-east-1".into());
                action.role = Some("arn:aws:iam::210987654321:role/deploy".into());
            },
            &["✔ Source"],
            &["older than what is listed", "in us-east-1, as arn:aws:iam::210987654321:role/depl", "now not told"],
        ),
    ];
    for (name, change, on_list, on_page) in odd {
        for size in SIZES {
            let (mut model, _) = model_at("calm", 0, size);
            with_pipelines(&mut model, |all| {
                all.retain(|it| it.name == *"web");
                all.iter_mut().for_each(change);
            });
            press(&mut model, "3");
            if size == WIDE {
                shows(&model, on_list);
            }
            press(&mut model, "enter");
            let mut seen = screen(&model);
            let (pages, steps) = if name == "two hundred actions" { (40, 230) } else { (8, 24) };
            for _ in 0..pages {
                press(&mut model, "pagedown");
                seen.push_str(&screen(&model));
            }
            for _ in 0..steps {
                press(&mut model, "down");
            }
            for key in ["enter", "l", "G", "esc", "g"] {
                press(&mut model, key);
                seen.push_str(&screen(&model));
            }
            assert!(seen.lines().all(|line| line.width() <= usize::from(size.width)), "{name}");
            let flat: String = seen.split_whitespace().collect::<Vec<_>>().join(" ");
            for part in on_page.iter().filter(|_| size == WIDE) {
                assert!(flat.contains(part), "{name}: {part:?} is not in\n{seen}");
            }
        }
    }
}

/// Hundreds of actions, each with twenty runs: the page is drawn a line at a time and not for each pair of them.
#[test]
fn a_page_of_hundreds_of_actions_scrolls_to_each_of_them() {
    let (mut model, _) = model_at("bad-deploy", 9, SIZES[0]);
    with_pipelines(&mut model, |all| {
        all.retain(|it| it.name == *"web");
        let action = all[0].stages[1].actions[0].clone();
        let shard = |at: usize| Action { name: format!("shard-{at:03}").into(), ..action.clone() };
        all[0].stages[1].actions = (0..300).map(shard).collect();
    });
    press(&mut model, "3 enter g");
    assert_eq!(selected(&model).as_deref(), Some("GitHub"));
    for at in 0..300 {
        press(&mut model, "down");
        // Each tenth is enough to see that none was left out.
        if at % 10 == 9 {
            assert_eq!(selected(&model), Some(format!("shard-{at:03}")), "{}", screen(&model));
        }
    }
    press(&mut model, "G");
    shows(&model, &["enter shows an action"]);
}

#[test]
fn the_selection_stays_in_view_and_on_its_action() {
    let (mut model, _) = model_at("bad-deploy", 9, SIZES[0]);
    press(&mut model, "3 enter g");
    for name in ["GitHub", "Lint", "Unit-Tests", "Integration-Tests", "Security-Scan", "Package", "Docker-Image"] {
        let selected = selected(&model);
        assert_eq!(selected.as_deref(), Some(name), "{}", screen(&model));
        press(&mut model, "down");
    }
    // The pipeline is edited, and another action comes before: the selection stays on its own.
    with_pipelines(&mut model, |all| {
        let web = all.iter_mut().find(|it| it.name == *"web").unwrap();
        let first = web.stages[1].actions[0].clone();
        web.stages[1].actions.insert(0, Action { name: "Format".into(), ..first });
    });
    assert_eq!(selected(&model).as_deref(), Some("Push-to-ECR"), "{}", screen(&model));
}

/// What is drawn reversed on the page.
fn selected(model: &Model) -> Option<String> {
    let buffer = draw(model);
    let width = usize::from(buffer.area.width);
    let rows = buffer.content.chunks(width).skip(5);
    let text: Vec<String> = rows
        .map(|row| {
            let is_reversed =
                |cell: &&ratatui::buffer::Cell| cell.modifier.contains(ratatui::style::Modifier::REVERSED);
            row.iter().filter(is_reversed).map(ratatui::buffer::Cell::symbol).collect::<String>().trim().to_owned()
        })
        .filter(|text| !text.is_empty())
        .collect();
    text.into_iter().next()
}

#[test]
fn every_production_target_tells_its_way_back() {
    let (model, _) = model_at("bad-deploy", 9, WIDE);
    let reading = read(BoxId::RollbackPlan, &model.sight());
    assert_eq!(reading.health, Health::Ok, "{reading:#?}");
    let told: Vec<&str> =
        reading.facts.iter().filter(|fact| fact.label == "target").map(|fact| fact.value.as_str()).collect();
    for part in [
        "web/Production by pipeline: v419 → v418, AWS would take it now",
        "web by CodeDeploy: v419 → v418, AWS would take it now",
        "catalog by ECS: catalog:87 → catalog:86, AWS would take it now",
        "by Lambda:",
    ] {
        assert!(told.iter().any(|line| line.starts_with(part) || line.contains(part)), "{part}: {told:#?}");
    }
}

/// One change to the world, and what the box says of a target then.
type Case<'a> = (&'a dyn Fn(&mut Pipeline, Timestamp), &'a str, Health);

#[test]
fn what_aws_would_not_take_is_told_before_anybody_asks_for_it() {
    let cases: [Case<'_>; 5] = [
        (
            &|it, now| it.edited = Some(now),
            "no way back: no execution of web before v419 is known to be good",
            Health::Warn,
        ),
        (&|it, _| it.stages[4].status = RunStatus::InProgress, "not now: Production of web is running", Health::Ok),
        (
            &|it, _| it.executions.iter_mut().skip(1).for_each(|run| run.succeeded_in.clear()),
            "no way back: no execution of web before v419",
            Health::Warn,
        ),
        (
            &|it, _| it.executions.iter_mut().skip(1).for_each(|run| run.returns_to = Some("x".into())),
            "no way back",
            Health::Warn,
        ),
        (&|it, _| it.executions.clear(), "cannot tell: what is in Production of web is not told", Health::Ok),
    ];
    for (change, words, health) in cases {
        let (mut model, _) = model_at("bad-deploy", 9, WIDE);
        let now = model.now;
        with_pipelines(&mut model, |all| {
            change(all.iter_mut().find(|it| it.name == *"web").unwrap(), now);
        });
        let reading = read(BoxId::RollbackPlan, &model.sight());
        let line = reading.facts.iter().find(|fact| fact.value.starts_with("web/Production")).unwrap();
        assert!(line.value.contains(words), "{words}: {}", line.value);
        assert_eq!(reading.health, health, "{words}");
    }
}

/// Neither has a list of its own at AWS: the one is told with its group, the other with its function.
#[test]
fn what_is_rolled_out_without_any_service_to_tell_of_it_is_listed_as_well() {
    let (mut model, _) = of("", 1, WIDE);
    let place = model.world.places()[0].scope.clone();
    let feeds = model.world.places()[0].feeds.clone();
    let mut groups: Vec<_> = feeds.groups.items().cloned().collect();
    let web = groups.iter_mut().find(|group| group.name == *"web").unwrap();
    web.refresh = Some(Refresh {
        id: "refresh-1".into(),
        status: "InProgress".into(),
        reason: "waiting for 1 instance".into(),
        percent: Some(40),
        started: Some(model.now - SignedDuration::from_mins(6)),
        ended: None,
    });
    let mut functions: Vec<_> = feeds.functions.items().cloned().collect();
    let receipts = functions.iter_mut().find(|function| function.name == *"receipts").unwrap();
    receipts.shift = Some(Shift { version: "62".into(), percent: 10.0 });
    for (feed, payload) in [
        (Feed::Groups, Payload::Groups(Arc::new(List::new(groups)))),
        (Feed::Functions, Payload::Functions(Arc::new(List::new(functions)))),
    ] {
        let answer = Answer::of(Ok(payload), Usage::default());
        let now = model.now;
        let told = Observation::of(FeedKey::all(feed, place.clone()), now, answer, None);
        update(&mut model, now, Msg::Observed(Box::new(told)));
    }
    press(&mut model, "3");
    shows(&model, &["running  web", "Instance refresh 40 %, to web 12 for 6:00"]);
    shows(&model, &["shifting receipts", "Lambda live: 61 → 62, 10 % of the calls"]);
    // A refresh changes what runs as a deployment does, and may break as much.
    let event =
        model.world.places()[0].timeline.shared().find(|event| event.id == *"refresh refresh-1").cloned().unwrap();
    assert_eq!((event.kind, event.resource.as_str()), (EventKind::Deploy, "web"));
    assert_eq!(event.what.as_str(), "instance refresh of web to web 12, InProgress: waiting for 1 instance");
}

#[test]
fn a_rule_of_ones_own_moves_an_action_to_another_box() {
    let (mut model, _) = model_at("bad-deploy", 9, WIDE);
    let facts = |model: &Model, id| read(id, &model.sight()).facts.len();
    assert!(facts(&model, BoxId::SecurityScan) > 0);
    model.settings.bearings.pipeline_rules = vec![opscon::domain::pipeline_rule::PipelineRule {
        action: Some("security-*".into()),
        to: "none".into(),
        ..Default::default()
    }];
    let sight: Sight<'_> = model.sight();
    assert!(opscon::world::board::pipeline_map::every(&sight).count() > 10);
    assert!(!read(BoxId::SecurityScan, &sight).facts.iter().any(|fact| fact.label == "took"));
}
