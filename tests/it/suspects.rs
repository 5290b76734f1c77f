//! Whom the console suspects: the drills' incidents, of which the culprit is known, on many days of the same company.

use opscon::app::model::Model;
use opscon::app::msg::{Msg, Size, WorldSpec};
use opscon::app::update::update;
use opscon::domain::api_call::ApiCall;
use opscon::domain::list::List;
use opscon::runtime::worlds::Opened;
use opscon::world::feed::{Feed, Payload};
use opscon::world::item::{Item, Kind};
use opscon::world::port::{Answer, FeedKey, Observation, Usage};
use opscon::world::strip::trouble_of;
use opscon::world::suspects::{self, Suspect};
use opscon::world::timeline::EventKind;

use crate::support::{Stage, operator, read_everything, read_what_is_looked_at, settings};

/// The company so many minutes into a scenario, on the day of a seed.
fn at(scenario: &str, minutes: i64, seed: u64) -> Model {
    let spec = WorldSpec { at: jiff::SignedDuration::from_mins(minutes), seed, ..WorldSpec::of(scenario) };
    let opened = Opened::frozen(&spec).unwrap();
    let mut model = Model::new(settings(), opened.session.clone(), Size { width: 120, height: 40 });
    read_everything(&mut model, &opened);
    // The timeline is where one looks for them, and what is open is asked.
    read_what_is_looked_at(&mut model, &opened);
    model
}

/// The culprits of the trouble the board shows.
fn of_board(model: &Model) -> Vec<Suspect> {
    trouble_of(model.board.readings(), &model.sight())
        .map_or_else(Vec::new, |trouble| suspects::of_trouble(&trouble, &model.world))
}

/// Those of each alarm that fires.
fn of_alarms(model: &Model) -> Vec<(String, Vec<Suspect>)> {
    let firing = model.world.all_of(Kind::Alarm).filter_map(|(place, item)| match item {
        Item::Alarm(alarm) if alarm.is_firing() && !alarm.is_scaling_trigger() => {
            Some((alarm.name.to_string(), suspects::of_alarm(&alarm, place, &model.sight())))
        }
        _ => None,
    });
    firing.collect()
}

/// Position of the culprit among those that stand out, from 1.
fn rank(suspects: &[Suspect], kind: EventKind, words: &str) -> Option<usize> {
    let is_it = |suspect: &Suspect| suspect.event.kind == kind && suspect.event.what.as_str().contains(words);
    suspects.iter().filter(|suspect| suspect.stands_out()).position(is_it).map(|at| at + 1)
}

#[test]
#[allow(clippy::print_stderr, reason = "figures for whoever asks for them")]
fn the_culprit_of_every_drill_is_named_first() {
    let culprits = [
        ("bad-deploy", EventKind::Deploy, "v418 → v419"),
        ("primary-loss", EventKind::Database, "orders-primary"),
        ("runaway-dev", EventKind::Launch, "c6i.8xlarge"),
        ("failing-gate", EventKind::Deploy, "v418 → v419"),
        ("stuck-deploy", EventKind::Deploy, "v87 → v88"),
    ];
    let (mut cases, mut first, mut in_three) = (0, 0, 0);
    for (scenario, kind, words) in culprits {
        for seed in 1..=4 {
            for minutes in [8, 12, 20] {
                let model = at(scenario, minutes, seed);
                let mut asked = of_alarms(&model);
                asked.push(("the board".into(), of_board(&model)));
                for (of, found) in asked {
                    let rank = rank(&found, kind, words);
                    cases += 1;
                    first += usize::from(rank == Some(1));
                    in_three += usize::from(rank.is_some_and(|rank| rank <= 3));
                    if rank != Some(1) {
                        let told: Vec<String> = found
                            .iter()
                            .map(|it| format!("{:.2} {} {:?}", it.score, it.event.what, it.reasons))
                            .collect();
                        eprintln!("{scenario} {minutes} min, seed {seed}, {of}: {rank:?} of {told:#?}");
                    }
                }
            }
        }
    }
    eprintln!("culprit named first in {first} of {cases}, among the first three in {in_three}");
    assert!(first * 100 >= cases * 90, "first in {first} of {cases}");
    assert!(in_three * 100 >= cases * 95, "in three in {in_three} of {cases}");
}

#[test]
fn where_nothing_was_changed_nobody_is_accused() {
    for seed in 1..=3 {
        for (scenario, minutes) in [("traffic-surge", 8), ("poison-queue", 14), ("flaky-test", 8), ("calm", 10)] {
            let model = at(scenario, minutes, seed);
            let mut asked = of_alarms(&model);
            asked.push(("the board".into(), of_board(&model)));
            for (of, found) in asked {
                let accused: Vec<&Suspect> = found.iter().filter(|it| it.stands_out()).collect();
                assert!(accused.is_empty(), "{scenario}, seed {seed}, {of}: {accused:#?}");
            }
        }
    }
}

/// Somebody changed the queue by hand; only CloudTrail knows.
#[test]
fn a_change_through_the_api_is_suspected_and_a_refused_one_is_not() {
    let told = |refused: &str, name: &str, resource: &str| {
        let mut model = at("poison-queue", 14, 1);
        let trouble = trouble_of(model.board.readings(), &model.sight()).unwrap();
        let place = trouble.places[0];
        let call = ApiCall {
            id: "e-1".into(),
            at: trouble.began - jiff::SignedDuration::from_mins(2),
            name: name.into(),
            service: "sqs".into(),
            by: "jun".into(),
            from: "203.0.113.7".into(),
            resources: vec![resource.into()],
            refused: refused.into(),
        };
        let key = FeedKey::all(Feed::Trail, model.world.places()[place].scope.clone());
        let payload = Payload::Trail(std::sync::Arc::new(List::new(vec![call])));
        let answer = Answer::of(Ok(payload), Usage::default());
        let now = model.now;
        update(&mut model, now, Msg::Observed(Box::new(Observation::of(key, now, answer, None))));
        let found = of_board(&model);
        found
            .iter()
            .filter(|it| it.stands_out())
            .map(|it| format!("{} {}", it.event.what, it.event.by))
            .collect::<Vec<_>>()
    };
    assert_eq!(told("", "SetQueueAttributes", "orders"), ["sqs:SetQueueAttributes orders jun"]);
    assert_eq!(told("AccessDenied", "SetQueueAttributes", "orders"), [""; 0]);
    assert_eq!(told("", "TagQueue", "orders"), [""; 0], "a label breaks nothing");
}

/// AWS takes a while to say so.
#[test]
fn what_is_wrong_with_aws_itself_is_named_once_it_says_so() {
    let named = |minutes| {
        let found = of_board(&at("region-loss", minutes, 1));
        found.iter().filter(|it| it.stands_out()).map(|it| it.event.kind).collect::<Vec<_>>()
    };
    assert!(!named(8).contains(&EventKind::Outage));
    assert_eq!(named(20).first(), Some(&EventKind::Outage));
}

/// Two lookups a second are for the whole account.
#[tokio::test(start_paused = true)]
async fn cloudtrail_is_asked_only_while_somebody_looks_at_the_timeline() {
    let mut stage = Stage::open_at("bad-deploy", jiff::SignedDuration::from_mins(9)).await;
    let read = |stage: &Stage| {
        let places = stage.model().world.places().iter();
        places.map(|place| place.feeds.trail.status().observed_at).collect::<Vec<_>>()
    };
    assert!(read(&stage).iter().all(Option::is_none));
    stage.press("t").await;
    stage.run_minutes(2).await;
    let looked = read(&stage);
    assert!(looked.iter().all(Option::is_some), "{looked:?}");
    assert!(!stage.model().board.readings().is_empty());
    stage.press("1").await;
    stage.run_minutes(10).await;
    assert_eq!(read(&stage), looked, "nobody looks");
    // What is old for that reason is no trouble.
    stage.press("0").await;
    assert!(!stage.screen().contains("stale"), "{}", stage.screen());
    stage.press("t").await;
    stage.run_minutes(2).await;
    assert_ne!(read(&stage), looked);
}

/// Others deploy as well, and nearer in time: what the alarm is about decides.
#[test]
fn a_bystander_is_not_taken_for_the_culprit() {
    let (_, text) = opscon::drill::scenario::SHIPPED.iter().find(|(name, _)| *name == "bad-deploy").unwrap();
    for (fleet, at) in [("catalog", "2m50s"), ("orders-worker", "3m20s"), ("checkout", "1m")] {
        let bystander = format!(
            "\n[[event]]\nat = \"{at}\"\n[event.deploy]\nfleet = \"{fleet}\"\nversion = \"v900\"\nby = \"jun\"\nmessage = \"harmless\"\n"
        );
        let (head, tail) = text.split_once("[mended]").unwrap();
        let mut events: Vec<&str> = head.split("[[event]]").collect();
        let story = events.remove(0);
        let both = if at == "3m20s" {
            format!("{story}[[event]]{}{bystander}", events.join("[[event]]"))
        } else {
            format!("{story}{bystander}\n[[event]]{}", events.join("[[event]]"))
        };
        let it = crate::ops::Rehearsal::written("bad-deploy", &format!("{both}\n[mended]{tail}"), 10);
        let mut asked = of_alarms(&it.model);
        asked.push(("the board".into(), of_board(&it.model)));
        for (of, found) in asked {
            assert_eq!(
                rank(&found, EventKind::Deploy, "v418 → v419"),
                Some(1),
                "{of}, beside {fleet} at {at}: {found:#?}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn from_a_firing_alarm_to_its_cause_and_the_way_back() {
    let state = tempfile::tempdir().unwrap();
    let mut stage = Stage::open_at("bad-deploy", jiff::SignedDuration::from_mins(9)).await;
    stage.console.employ(operator(state.path()));
    stage.run(jiff::SignedDuration::ZERO).await;
    stage.press("2").await;
    // One key to the change, two to the plan that takes it back.
    stage.press("w").await;
    stage.shows("suspect 1 of");
    stage.shows("deploy web v418 → v419");
    stage.shows("which it rests on");
    stage.press("a").await;
    stage.shows("Actions: web");
    stage.press("enter").await;
    stage.shows("Production back to v418");
    // Nothing is left to say: what is typed at once spoils no value.
    stage.type_text("web").await;
    stage.shows("Tab moves on to where it is typed");
    stage.shows("Production back to v418");
    stage.press("esc").await;
    // On the page of an alarm it is told as well.
    stage.press("2 enter").await;
    stage.shows("suspect  ");
    stage.press("w").await;
    stage.shows("suspect 1 of");
    // From the board, the same about all of it; and on to the next.
    stage.press("1 w").await;
    stage.shows("deploy web v418 → v419");
    stage.press("w").await;
    stage.shows("suspect 2 of");
}

/// The same where ECS deploys: a service is a thing of its cluster, and what takes its deployment back is found all the same.
#[tokio::test(start_paused = true)]
async fn a_deployment_of_a_service_leads_to_its_rollback() {
    let state = tempfile::tempdir().unwrap();
    let mut stage = Stage::open_at("stuck-deploy", jiff::SignedDuration::from_mins(13)).await;
    stage.console.employ(operator(state.path()));
    stage.run(jiff::SignedDuration::ZERO).await;
    stage.press("2 w").await;
    stage.shows("deploy catalog v87 → v88");
    stage.press("a enter").await;
    stage.shows("catalog: stop the deployment of v88, back to v87");
    stage.shows("which service");
    // In the pipelines' room the deployment itself leads there too.
    stage.press("esc 3 /").await;
    stage.type_text("kind:deployment name:catalog state:stuck").await;
    stage.press("enter a enter").await;
    stage.shows("catalog: stop the deployment of v88, back to v87");
}

#[tokio::test(start_paused = true)]
async fn the_timeline_tells_what_happened_and_what_was_done() {
    let state = tempfile::tempdir().unwrap();
    let mut stage = Stage::open_at("bad-deploy", jiff::SignedDuration::from_mins(9)).await;
    stage.console.employ(operator(state.path()));
    stage.run(jiff::SignedDuration::ZERO).await;
    stage.press("t").await;
    stage.shows("WHEN");
    stage.shows("web-5xx-high OK → ALARM");
    stage.shows("1 h · ");
    stage.press("-").await;
    stage.shows("3 h · ");
    stage.press("/").await;
    stage.type_text("kind:deploy by:maria").await;
    stage.press("enter").await;
    stage.shows("deploy web v418 → v419");
    stage.hides("OK → ALARM");
    stage.press("esc esc").await;
    // What is done from here stands among the rest.
    stage.console.arm("INC-7");
    stage.press(":").await;
    stage.type_text("pipeline.rollback").await;
    stage.press("enter").await;
    stage.type_text("web").await;
    stage.press("enter tab").await;
    for _ in 0..6 {
        stage.press("tab").await;
        if stage.screen().contains("letter by letter") {
            break;
        }
    }
    stage.type_text("web acme-prod").await;
    stage.press("tab enter").await;
    stage.run_minutes(1).await;
    stage.press("t").await;
    stage.shows("operation web: Production back to v418, under way");
}

#[tokio::test(start_paused = true)]
async fn what_was_launched_leads_to_shutting_down() {
    let state = tempfile::tempdir().unwrap();
    let mut stage = Stage::open_at("runaway-dev", jiff::SignedDuration::from_mins(9)).await;
    stage.console.employ(operator(state.path()));
    stage.run(jiff::SignedDuration::ZERO).await;
    stage.press("w").await;
    stage.shows("32 c6i.8xlarge instances launched");
    stage.press("a enter").await;
    stage.shows("acme-dev/eu-west-1: shut down 32 instances");
    // What comes of it is told before the long list.
    stage.shows("saves ");
}
