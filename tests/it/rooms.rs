//! The alarms room and the habits it shares with every later one, as an operator's hands know them.

use jiff::SignedDuration;
use opscon::app::msg::{Msg, Size};
use opscon::app::tab::Tab;
use opscon::app::tab::room::Room;
use opscon::domain::graph::Span;
use opscon::domain::health::Health;
use opscon::drill::scenario::{Happening, Scenario};
use opscon::runtime::console::Aside;
use opscon::runtime::osc::Multiplexer;

use crate::support::{Sink, Stage, model_at};

/// In the present, whatever is shown.
fn something_fires(stage: &Stage) -> bool {
    stage.model().firing.iter().flatten().any(|firing| !firing.is_empty())
}

async fn in_alarms(scenario: &str, minutes: i64) -> Stage {
    let mut stage = Stage::open_at(scenario, SignedDuration::from_mins(minutes)).await;
    stage.press("2").await;
    stage
}

#[tokio::test(start_paused = true)]
async fn from_launch_to_graph_runbook_and_copied_arn_in_four_keys() {
    let mut stage = Stage::open_at("bad-deploy", SignedDuration::from_mins(9)).await;
    let sink = Sink::default();
    stage.console.send_aside(Aside::new(Box::new(sink.clone()), Multiplexer::None));
    stage.press("2").await;
    stage.shows("shop-impaired");
    stage.press("down enter").await;
    stage.run(SignedDuration::from_secs(2)).await;
    stage.shows("is > 1 %, in 3 of the last 3 minutes");
    stage.shows("limit");
    stage.shows("state ");
    stage.shows("deploy web v418 → v419");
    stage.shows("https://runbooks.acme.example/web-5xx");
    stage.shows("LoadBalancer=app/web-edge/50dc6c495c0c9188");
    stage.press("c").await;
    stage.shows("copied arn:aws:cloudwatch:eu-west-1:123456789012:alarm:web-5xx-high");
    assert!(sink.bytes().starts_with(b"\x1b]52;c;"), "by OSC 52");
    stage.press("esc esc").await;
    assert_eq!(stage.model().tab, Tab::Board);
}

#[tokio::test(start_paused = true)]
async fn the_selection_stays_on_its_alarm_while_the_list_reorders() {
    let mut stage = in_alarms("bad-deploy", 0).await;
    stage.press("/").await;
    stage.type_text("web-").await;
    stage.press("enter").await;
    stage.press("down down").await;
    let chosen = stage.model().selected_in_list().unwrap();
    let before = stage.model().list().unwrap().position();
    stage.run_minutes(9).await;
    assert!(something_fires(&stage), "something fires by now");
    assert_eq!(stage.model().selected_in_list().unwrap(), chosen);
    assert_ne!(stage.model().list().unwrap().position(), before, "others moved above it");
}

#[tokio::test(start_paused = true)]
async fn filters_sort_and_marks_work_on_all_that_is_held() {
    let mut stage = in_alarms("bad-deploy", 9).await;
    stage.press("/").await;
    stage.type_text("state:alarm !shop").await;
    stage.shows("2 of 29 alarms");
    stage.press("esc").await;
    stage.shows("29 alarms");
    stage.press("/").await;
    stage.type_text("colour:red").await;
    stage.shows("filter, at character 1: there is no column `colour`");
    stage.press("esc /").await;
    stage.type_text("since<10").await;
    stage.press("enter s s").await;
    stage.shows("NAME▲");
    stage.press("S").await;
    stage.shows("NAME▼");
    stage.press("space space").await;
    stage.shows("2 marked");
    stage.press("c").await;
    stage.shows("copied 2 ids");
    // Back takes one thing after the other.
    stage.press("esc").await;
    stage.hides("marked");
    stage.press("esc").await;
    stage.hides("filter:");
}

#[tokio::test(start_paused = true)]
async fn rewind_shows_the_minute_before_the_alarm() {
    let mut stage = in_alarms("bad-deploy", 0).await;
    stage.run_minutes(7).await;
    let now = stage.model().live_now();
    assert!(something_fires(&stage));
    stage.press("< < < < <").await;
    stage.shows("REWIND");
    let firing = opscon::world::strip::firing(&stage.model().world);
    assert!(firing.is_empty(), "{firing:?}");
    assert!(stage.model().board.strip().health < Health::Bad);
    // The present goes on behind it, and reading again waits for it.
    stage.press("ctrl-r").await;
    stage.shows("this is the past");
    stage.run_minutes(1).await;
    assert!(stage.model().live_now() > now);
    stage.press("~").await;
    stage.hides("REWIND");
    assert!(!opscon::world::strip::firing(&stage.model().world).is_empty());
    stage.press(">").await;
    stage.shows("this is the present");
}

#[tokio::test(start_paused = true)]
async fn an_hour_is_held() {
    let mut stage = Stage::open("calm").await;
    stage.run_minutes(75).await;
    let model = stage.model();
    let oldest = model.history.oldest().unwrap();
    assert!(model.now.duration_since(oldest) >= SignedDuration::from_mins(60));
    assert!(model.history.bytes() < 64 << 20);
}

#[tokio::test(start_paused = true)]
async fn only_what_is_broken_and_a_reason_when_nothing_is() {
    let mut stage = in_alarms("bad-deploy", 9).await;
    stage.press("ctrl-z").await;
    stage.shows("3 of 29 alarms · only what is not well");
    stage.press("ctrl-z").await;
    let mut stage = in_alarms("calm", 1).await;
    stage.press("ctrl-z").await;
    stage.shows("all 29 alarms are well");
    stage.press("1").await;
    stage.hides("Cost monitoring");
}

#[tokio::test(start_paused = true)]
async fn json_folds_and_finds() {
    let mut stage = in_alarms("bad-deploy", 9).await;
    stage.press("down y").await;
    stage.shows("alarm web-5xx-high");
    stage.press("/").await;
    stage.type_text("FILL(m1").await;
    stage.press("enter").await;
    stage.shows("1 of 1 for FILL(m1");
    stage.shows(".rule.source.math[3].expression");
    stage.press("c").await;
    stage.shows("copied rule.source.math[3].expression");
    stage.press("esc").await;
    assert!(stage.model().overlays.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_palette_finds_a_resource_by_any_part_of_its_name_or_id() {
    let mut stage = Stage::open("calm").await;
    stage.press(":").await;
    stage.type_text("a-primary-unr").await;
    stage.hides("orders-primary-unreachable");
    stage.press("esc :").await;
    stage.type_text("primary-unr").await;
    stage.shows("orders-primary-unreachable");
    stage.press("enter").await;
    assert_eq!(stage.model().tab, Tab::Room(Room::Alarms));
    stage.shows("Nothing is connected to the orders database");
    stage.press("esc :").await;
    stage.shows("orders-primary-unreachable");
    stage.type_text("sessions").await;
    stage.press("esc").await;
}

#[tokio::test(start_paused = true)]
async fn graphs_look_as_far_back_as_one_likes() {
    let mut stage = in_alarms("calm", 1).await;
    stage.press("/").await;
    stage.type_text("web-latency").await;
    stage.press("enter enter").await;
    for span in [Span::ThreeHours, Span::HalfDay, Span::ThreeDays, Span::Week, Span::Week] {
        stage.press("-").await;
        stage.run(SignedDuration::from_secs(2)).await;
        assert_eq!(stage.model().room().unwrap().span, span);
        stage.hides("being read");
        stage.hides("no datapoints");
    }
    stage.shows("a point each 30 min");
}

#[tokio::test(start_paused = true)]
async fn dashboards_are_drawn() {
    let mut stage = Stage::open_at("bad-deploy", SignedDuration::from_mins(9)).await;
    stage.press("D").await;
    stage.shows("shop");
    stage.press("enter").await;
    stage.run(SignedDuration::from_secs(2)).await;
    stage.shows("What visitors feel. Start here when paged");
    stage.shows("✖ web-5xx-high ALARM for");
    stage.shows("Failed requests");
    stage.press("G").await;
    stage.shows("a `log` widget, which is not drawn here");
    stage.press("k k k k k k k k k k").await;
    stage.hides("a `log` widget, which is not drawn here");
}

#[tokio::test(start_paused = true)]
async fn a_new_alarm_rings_once_and_one_that_was_there_does_not() {
    let mut stage = Stage::open("calm").await;
    let sink = Sink::default();
    stage.console.send_aside(Aside::new(Box::new(sink.clone()), Multiplexer::None));
    stage.console.model_mut().settings.alert.bell = true;
    stage.run_minutes(2).await;
    assert!(sink.bytes().is_empty(), "all is well");
    let scenario = Scenario::shipped("primary-loss").unwrap().unwrap();
    for event in &scenario.events {
        if let Some(happening @ Happening::LosePrimary(_)) = event.happening() {
            stage.console.opened().drill.as_ref().unwrap().act(&happening);
        }
    }
    stage.run_minutes(6).await;
    let rings = sink.bells();
    assert!((1..=6).contains(&rings), "{rings}");
    stage.run_minutes(5).await;
    assert!(sink.bells() <= rings + 3);
}

#[tokio::test(start_paused = true)]
async fn what_is_pasted_into_the_filter_stays_short_and_harmless() {
    let mut stage = in_alarms("calm", 1).await;
    stage.press("/").await;
    stage.send(Msg::Paste("\u{202e}web".to_owned() + &"x".repeat(1_000_000)));
    stage.run(SignedDuration::ZERO).await;
    let list = stage.model().list().unwrap();
    assert_eq!(list.filter_text().chars().count(), 1_000);
    assert!(list.filter_text().starts_with("webx"));
    assert_eq!(list.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn compute_and_data_are_lists_with_the_same_habits() {
    let mut stage = Stage::open_at("bad-deploy", SignedDuration::from_mins(9)).await;
    stage.press("6").await;
    stage.shows("web-edge");
    stage.shows("of 8 targets healthy");
    stage.press("enter").await;
    stage.run(SignedDuration::from_secs(2)).await;
    stage.shows("TargetResponseTime p99");
    stage.shows("5XX_Percent");
    stage.hides("being read");
    stage.shows("✖ web-5xx-high ALARM");
    stage.press("esc / k i n d : g r o u p enter").await;
    stage.shows("4 of ");
    stage.press("7 /").await;
    stage.type_text("replica").await;
    stage.press("enter enter").await;
    stage.run(SignedDuration::from_secs(2)).await;
    stage.shows("ReplicaLag Maximum");
    stage.press("y").await;
    stage.shows("\"kind\": \"replica\"");
    // The palette leads to the room, to whatever has one.
    stage.press("esc :").await;
    stage.type_text("orders-dlq").await;
    stage.press("enter").await;
    stage.shows("dead letters");
    assert_eq!(stage.model().tab, Tab::Room(Room::Data));
}

#[tokio::test(start_paused = true)]
async fn pipelines_traces_and_the_bill_are_lists_with_the_same_habits() {
    let mut stage = Stage::open_at("bad-deploy", SignedDuration::from_mins(9)).await;
    stage.press("3").await;
    stage.shows("✖ Production Deploy-Production failed");
    stage.press("ctrl-z").await;
    stage.shows("2 of 9 pipelines and deployments · only what is not well");
    stage.press("enter").await;
    stage.shows("v419 failed in Production/Deploy-Production");
    stage.press("ctrl-z esc 4 /").await;
    stage.type_text("kind:trace state:fault").await;
    stage.press("enter enter").await;
    stage.shows("root cause");
    stage.press("y").await;
    stage.shows("\"has_fault\": true");
    stage.press("esc esc 8").await;
    stage.shows("Amazon ElastiCache");
    stage.press("enter").await;
    // The bill has no metric, and an alarm about a thing of its name is none about it.
    stage.hides("alarm  ");
    stage.press("esc :").await;
    stage.type_text("prod-monthly").await;
    stage.press("enter").await;
    assert_eq!(stage.model().tab, Tab::Room(Room::Cost));
    stage.shows("of 26,500 USD");
}

#[tokio::test(start_paused = true)]
async fn a_box_leads_to_the_list_behind_it() {
    let mut stage = Stage::open_at("bad-deploy", SignedDuration::from_mins(9)).await;
    for (name, keys, room) in [
        ("Cost Monitoring & Alerting", "esc enter", Room::Cost),
        ("Trace Analysis", "esc enter", Room::Traces),
        ("AWS X-Ray", "esc enter", Room::Traces),
        ("Unit Tests", "enter", Room::Pipelines),
        ("CI Trigger", "enter", Room::Pipelines),
        ("Deployment Approval Gate", "enter", Room::Pipelines),
        ("Application Load Balancer", "enter", Room::Compute),
    ] {
        stage.press("1 :").await;
        stage.type_text(name).await;
        stage.press(&format!("enter {keys}")).await;
        assert_eq!(stage.model().tab, Tab::Room(room), "{name}");
    }
    stage.press("1 :").await;
    stage.type_text("KMS Keys").await;
    stage.press("enter enter").await;
    stage.shows("there is no list behind this box");
}

#[tokio::test(start_paused = true)]
async fn keys_that_want_something_selected_say_so() {
    let mut stage = Stage::open("calm").await;
    stage.press("l").await;
    stage.shows("only on the page of a pipeline");
    stage.press("o").await;
    stage.shows("select a resource first");
    stage.press("7 o").await;
    stage.shows("with an account it would be https://eu-west-1.console.aws.amazon.com/");
}

#[tokio::test(start_paused = true)]
async fn a_click_selects_and_a_second_one_opens() {
    let mut stage = in_alarms("bad-deploy", 9).await;
    stage.send(Msg::Click { column: 20, row: 7 });
    stage.run(SignedDuration::ZERO).await;
    assert_eq!(stage.model().list().unwrap().position(), 1);
    stage.send(Msg::Click { column: 20, row: 7 });
    stage.run(SignedDuration::ZERO).await;
    assert!(stage.model().room().unwrap().page.is_some());
    stage.send(Msg::Click { column: 4, row: 1 });
    stage.run(SignedDuration::ZERO).await;
    assert_eq!(stage.model().tab, Tab::Board);
}

#[test]
fn what_only_an_alarm_makes_bad_names_the_alarm() {
    let mut named = 0;
    for scenario in ["bad-deploy", "traffic-surge", "primary-loss", "poison-queue", "region-loss", "runaway-dev"] {
        let (model, _) = model_at(scenario, 10, Size { width: 120, height: 40 });
        let sight = model.sight();
        for room in [opscon::world::room::compute::ROOM, opscon::world::room::data::ROOM] {
            for row in room.rows(sight.world) {
                let Some(alarm) = row.alarm(sight.world) else { continue };
                assert_eq!((room.health)(&row, &sight), Health::Bad, "{alarm}");
                let now = room.columns[room.column("now").unwrap()].value;
                named += usize::from(now(&row, &sight).show(sight.at).starts_with(&format!("alarm {alarm}")));
            }
        }
    }
    assert!(named > 0, "some are well but for an alarm");
}

#[tokio::test(start_paused = true)]
async fn any_metric_is_found_by_its_name_and_drawn() {
    let mut stage = Stage::open_at("bad-deploy", SignedDuration::from_mins(9)).await;
    stage.press("m /").await;
    stage.type_text("orders-dlq visible").await;
    stage.press("enter").await;
    stage.shows("ApproximateNumberOfMessagesVisible");
    stage.hides("CPUUtilization");
    stage.press("enter").await;
    stage.run(SignedDuration::from_secs(2)).await;
    stage.shows("ApproximateNumberOfMessagesVisible Maximum, orders-dlq, 1 h");
    stage.hides("being read");
}

#[tokio::test(start_paused = true)]
async fn text_typed_where_no_list_is_finds_things_and_runs_nothing() {
    let mut stage = Stage::open_at("poison-queue", SignedDuration::from_mins(12)).await;
    stage.press("/").await;
    stage.type_text("orders-dlq").await;
    stage.shows("queue");
    stage.press("enter").await;
    assert_eq!(stage.model().tab, Tab::Room(Room::Data));
}

#[tokio::test(start_paused = true)]
async fn the_first_trouble_shown_is_the_worst() {
    for scenario in ["bad-deploy", "poison-queue", "primary-loss", "runaway-dev"] {
        let mut stage = Stage::open_at(scenario, SignedDuration::from_mins(12)).await;
        let troubled = stage.model().board.troubled();
        let began = stage.model().board_tab.focus;
        stage.press("n").await;
        // Where one stands on the worst already, the next is wanted.
        let wanted = if troubled[0] == began { troubled[1] } else { troubled[0] };
        assert_eq!(stage.model().board_tab.focus, wanted, "{scenario}");
    }
}
