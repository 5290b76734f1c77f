//! What an operator lives through: the real loop on the drill world, with time that only moves when told to.

use std::time::Duration;

use jiff::SignedDuration;
use opscon::app::msg::{Msg, WorldSpec};
use opscon::app::tab::Tab;
use opscon::app::tab::room::Room;
use opscon::domain::board::BoxId;
use opscon::domain::health::Health;
use opscon::drill::scenario::{Happening, Scenario};
use opscon::runtime::console::Outcome;
use opscon::world::board::read;
use opscon::world::changes;
use opscon::world::strip::firing;

use crate::support::Stage;

/// Names of alarms in the order they fired, without the triggers of scaling policies.
fn fired(stage: &Stage) -> Vec<String> {
    let mut fired: Vec<_> = stage
        .model()
        .world
        .places()
        .iter()
        .flat_map(|place| place.feeds.alarm_history.items())
        .filter(|change| change.to.word() == "ALARM" && !change.alarm.as_str().starts_with("TargetTracking"))
        .map(|change| (change.at, change.alarm.to_string()))
        .collect();
    fired.sort();
    fired.into_iter().map(|(_, alarm)| alarm).collect()
}

/// What stands between two `strip` labels on screen.
fn strip(stage: &Stage) -> (String, String, String) {
    let strip = stage.model().board.strip();
    (strip.broke.clone(), strip.place.clone(), strip.changed.clone())
}

#[track_caller]
fn check_contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in {text:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_calm_world_is_calm_for_an_hour() {
    let mut stage = Stage::open("calm").await;
    for _ in 0..4 {
        stage.run_minutes(15).await;
        let well = stage.model().board.count(Health::Ok);
        assert_eq!(well, BoxId::COUNT, "{:?}", stage.model().board.troubled());
    }
    assert!(fired(&stage).is_empty());
    stage.shows("nothing · 73 of 73 boxes ok");
}

#[tokio::test(start_paused = true)]
async fn a_bad_deploy_fires_in_order_and_is_named_as_the_change() {
    let mut stage = Stage::open("bad-deploy").await;
    assert!(fired(&stage).is_empty());
    stage.run_minutes(10).await;
    assert_eq!(fired(&stage), ["shop-impaired", "web-5xx-high", "web-unhealthy-hosts"]);
    let (broke, place, changed) = strip(&stage);
    check_contains(&broke, &["web-edge 5xx", "deploy of web v419 failed", "3 alarms firing"]);
    check_contains(&place, &["Load balancer → Production", "eu-west-1"]);
    check_contains(&changed, &["deploy web v418 → v419 \"cache the basket\" by maria"]);
    stage.shows("DRILL bad-deploy");
}

#[tokio::test(start_paused = true)]
async fn a_gate_that_stops_a_change_is_named_after_what_fires() {
    let mut stage = Stage::open("failing-gate").await;
    stage.run_minutes(9).await;
    let (broke, place, changed) = strip(&stage);
    assert!(broke.starts_with("web-5xx-high: 2 % is > 1 %"), "{broke}");
    check_contains(&broke, &["Security-Scan of web v420 failed: 1 finding is too severe", "alarms firing"]);
    check_contains(&place, &["Load balancer → Security scan"]);
    check_contains(&changed, &["deploy web v418 → v419 \"keep thumbnails in memory\" by maria"]);
    stage.press("3").await;
    stage.shows("✖ Checks Security-Scan failed: 1 fin");
    stage.press("enter l").await;
    stage.shows("FOUND CVE-2026-3107 critical in libwebp 1.5.0");
}

#[tokio::test(start_paused = true)]
async fn what_was_switched_off_elsewhere_is_told_by_the_logs_and_its_cure_stands_in_the_pipeline() {
    let mut stage = Stage::open("flaky-test").await;
    stage.run_minutes(8).await;
    assert_eq!(fired(&stage), ["checkout-failing", "shop-impaired", "web-5xx-high"]);
    let (broke, _, changed) = strip(&stage);
    check_contains(&broke, &["checkout 5xx", "Browser-Tests-Staging of shop v204 failed: 1 test failed: catalog::"]);
    check_contains(&changed, &["nothing found in the 30 min before it began"]);
    let logs = read(BoxId::LogGroups, &stage.model().sight());
    assert!(logs.findings.iter().any(|it| it.text.contains("410 Gone, use /v2")), "{:?}", logs.findings);
    stage.press("3 enter l").await;
    stage.shows("timed out after 30 s");
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_stands_still_is_named_with_what_its_tasks_say() {
    let mut stage = Stage::open("stuck-deploy").await;
    stage.run_minutes(5).await;
    check_contains(&strip(&stage).0, &["tasks of catalog restart again and again", "invalid ssm parameters"]);
    assert!(fired(&stage).is_empty(), "nobody feels it yet");
    stage.run_minutes(7).await;
    check_contains(&fired(&stage).join(" "), &["shop-impaired", "web-5xx-high"]);
    let (broke, place, changed) = strip(&stage);
    check_contains(&broke, &["web-edge 5xx", "deploy of catalog v88, usually done in 2 min 20 s, stuck at 0 of"]);
    check_contains(&place, &["Load balancer → Production → Containers"]);
    check_contains(&changed, &["deploy catalog v87 → v88 \"search by colour\" by jun"]);
}

#[tokio::test(start_paused = true)]
async fn a_surge_breaks_without_a_change_to_blame() {
    let mut stage = Stage::open("traffic-surge").await;
    stage.run_minutes(10).await;
    let fired = fired(&stage);
    let place =
        |name: &str| fired.iter().position(|alarm| alarm == name).unwrap_or_else(|| panic!("{name}: {fired:?}"));
    assert!(place("web-latency-high") < place("web-5xx-high"), "slow first, failing after");
    assert_eq!(place("shop-impaired"), 0);
    let (broke, place, changed) = strip(&stage);
    check_contains(&broke, &["web-edge"]);
    check_contains(&place, &["Load balancer"]);
    check_contains(&changed, &["nothing found in the 30 min before"]);
    assert_eq!(stage.model().board.health(BoxId::AutoScalingGroup), Health::Warn, "at its maximum");
}

#[tokio::test(start_paused = true)]
async fn a_lost_primary_is_named_with_what_happened_to_it() {
    let mut stage = Stage::open("primary-loss").await;
    stage.run_minutes(10).await;
    let fired = fired(&stage);
    check_contains(&fired.join(" "), &["checkout-failing", "orders-primary-unreachable", "shop-impaired"]);
    let (broke, place, changed) = strip(&stage);
    check_contains(&broke, &["orders-primary is failed"]);
    check_contains(&place, &["MySQL primary"]);
    check_contains(&changed, &["the host of the DB instance has failed"]);
    assert_eq!(stage.model().board.health(BoxId::ReadReplicas), Health::Bad);
}

#[tokio::test(start_paused = true)]
async fn poison_shows_first_in_the_dead_letters_then_in_the_backlog() {
    let mut stage = Stage::open("poison-queue").await;
    stage.run_minutes(10).await;
    assert_eq!(fired(&stage), ["orders-dlq-not-empty", "orders-impaired", "orders-queue-old"]);
    let (broke, place, changed) = strip(&stage);
    check_contains(&broke, &["orders-dlq holds", "cannot parse order"]);
    check_contains(&place, &["Dead letters"]);
    check_contains(&changed, &["nothing found"]);
    assert_eq!(stage.model().board.health(BoxId::LoadBalancer), Health::Ok, "visitors notice nothing");
}

#[tokio::test(start_paused = true)]
async fn a_lost_region_leaves_the_failover_plan_in_sight() {
    let mut stage = Stage::open("region-loss").await;
    stage.run_minutes(10).await;
    check_contains(&fired(&stage).join(" "), &["shop-unreachable", "orders-primary-unreachable"]);
    let (broke, place, _) = strip(&stage);
    check_contains(&broke, &["in eu-west-1 fails and nothing serves from eu-central-1", "boxes not known"]);
    check_contains(&place, &["Multi-region → Load balancer"]);
    let board = &stage.model().board;
    assert_eq!(board.health(BoxId::MultiRegion), Health::Bad);
    assert_eq!(board.health(BoxId::FailoverPlan), Health::Ok, "every step could be taken in the other region");
    assert!(board.health(BoxId::AutoScalingGroup) >= Health::Unknown, "its API answers no more");
}

#[tokio::test(start_paused = true)]
async fn runaway_dev_is_seen_in_machines_before_it_is_seen_in_the_bill() {
    let mut stage = Stage::open("runaway-dev").await;
    stage.run_minutes(10).await;
    let (broke, place, changed) = strip(&stage);
    check_contains(&broke, &["32 dev instances run", "USD/day, started by loadtest"]);
    check_contains(&place, &["Dev environment", "acme-dev"]);
    check_contains(&changed, &["c6i.8xlarge instances launched by loadtest"]);
    assert_eq!(stage.model().board.health(BoxId::CostMonitoring), Health::Ok, "Cost Explorer lags");
}

/// Scripted events that mend each scenario, as the operator's own actions will.
#[track_caller]
fn happening(event: &str) -> Happening {
    let head = "title='t'\nstory='s'\nstart='2026-03-10T14:00:00Z'\nmended={held_for='1m'}\n[[event]]\nat='1m'\n";
    Scenario::parse("mend", &format!("{head}{event}\n")).unwrap().events[0].happening().unwrap()
}

async fn check_mended(scenario: &str, mend: &[&str], within: i64) {
    let mut stage = Stage::open(scenario).await;
    stage.run_minutes(12).await;
    assert!(stage.model().exercise().unwrap().mended_at.is_none());
    stage.shows("broken for");
    for event in mend {
        stage.console.opened().drill.as_ref().unwrap().act(&happening(event));
    }
    stage.run_minutes(within).await;
    let drill = stage.model().exercise().unwrap();
    assert!(drill.mended_at.is_some(), "{scenario} is not mended: {:?}", drill.conditions);
    stage.shows("mended in");
}

#[tokio::test(start_paused = true)]
async fn a_bad_deploy_is_mended_by_rolling_back() {
    check_mended("bad-deploy", &["rollback={fleet='web', by='you'}"], 15).await;
}

#[tokio::test(start_paused = true)]
async fn a_surge_is_mended_by_room_at_every_level() {
    let room = [
        "scale={fleet='web', max=40, desired=26}",
        "scale={fleet='checkout', max=24, desired=24}",
        "scale={fleet='catalog', max=30, desired=30}",
    ];
    check_mended("traffic-surge", &room, 20).await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_primary_is_mended_by_a_new_one() {
    check_mended("primary-loss", &["restore_primary={takes='3m'}"], 15).await;
}

#[tokio::test(start_paused = true)]
async fn poison_is_mended_by_a_cure_and_a_redrive() {
    check_mended("poison-queue", &["cure={queue='orders'}", "redrive={queue='orders'}"], 20).await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_region_is_mended_by_the_other() {
    check_mended("region-loss", &["fail_over_region={takes='4m'}"], 15).await;
}

#[tokio::test(start_paused = true)]
async fn runaway_dev_is_mended_by_stopping_it() {
    check_mended("runaway-dev", &["stop={by='you'}"], 6).await;
}

#[tokio::test(start_paused = true)]
async fn a_key_wakes_the_console_whenever_it_comes() {
    // At the wall's own pace, so that the clock on screen wakes it once a second and not before the key.
    let mut stage = Stage::of(WorldSpec::of("calm")).await;
    let inputs = stage.inputs.clone();
    // One after the other while the loop runs: the second meets a loop that has just looked for more and found nothing.
    // From a task of its own, because what wakes this one would also make the loop look again.
    #[expect(clippy::disallowed_methods, reason = "a typist is no part of the console")]
    let typing = tokio::spawn(async move {
        for key in ["]", "?"] {
            tokio::time::sleep(Duration::from_millis(20)).await;
            inputs.send(Msg::Key(key.parse().unwrap()));
        }
    });
    // Less than the second after which the clock would wake it anyway; and the end of it must not make the loop look again.
    tokio::select! {
        biased;
        () = tokio::time::sleep(Duration::from_millis(100)) => {}
        ended = stage.console.run(&mut stage.inputs) => panic!("the console ended: {ended:?}"),
    }
    typing.await.unwrap();
    assert_eq!(stage.model().tab, Tab::Room(Room::Alarms));
    assert!(!stage.model().overlays.is_empty(), "the second key was left lying");
}

#[tokio::test(start_paused = true)]
async fn from_launch_to_the_cause_in_two_keys() {
    let mut stage = Stage::open_at("bad-deploy", SignedDuration::from_mins(9)).await;
    assert_eq!(stage.model().board_tab.focus, BoxId::LoadBalancer, "where users meet the system");
    stage.press("n enter").await;
    stage.shows("Deploy to Production");
    stage.shows("deploy of web v419 failed, 4 of 6 run v419, the rest v418");
    stage.shows("codedeploy:ListDeployments");
    stage.press("left").await;
    stage.shows("Deployment Approval Gate");
    stage.press("esc").await;
    assert!(stage.model().board_tab.page.is_none());
}

#[tokio::test(start_paused = true)]
async fn the_arrow_keys_follow_the_chart_and_z_looks_closer() {
    let mut stage = Stage::open("calm").await;
    stage.resize(160, 50).await;
    stage.press("right down").await;
    assert_eq!(stage.model().board_tab.focus, BoxId::EcsCluster);
    stage.press("z").await;
    stage.shows("ECS Cluster (Alternative)");
    stage.hides("Git Repository");
    stage.press("tab").await;
    stage.shows("RDS MySQL Primary");
    stage.press("esc").await;
    stage.shows("Git Repository");
}

#[tokio::test(start_paused = true)]
async fn the_palette_finds_boxes_tabs_and_commands() {
    let mut stage = Stage::open("calm").await;
    stage.press(":").await;
    stage.type_text("redis").await;
    stage.press("enter").await;
    assert_eq!(stage.model().board_tab.page.unwrap().of, BoxId::Redis);
    stage.press(":").await;
    stage.type_text("feeds").await;
    stage.press("enter").await;
    assert_eq!(stage.model().tab, Tab::Feeds);
    stage.press(":").await;
    stage.type_text("zzzz").await;
    stage.shows("nothing is called that");
    stage.press("esc").await;
    stage.hides("nothing is called that");
}

#[tokio::test(start_paused = true)]
async fn pasted_text_is_never_a_command() {
    let mut stage = Stage::open("calm").await;
    stage.send(Msg::Paste("q\nqqq:quit\n".into()));
    stage.run(SignedDuration::ZERO).await;
    stage.press(":").await;
    stage.send(Msg::Paste("queues\nrm -rf /".into()));
    stage.run(SignedDuration::ZERO).await;
    stage.shows(": queues");
    stage.send(Msg::Paste("x".repeat(1_000_000)));
    stage.run(SignedDuration::ZERO).await;
    stage.press("esc").await;
}

#[tokio::test(start_paused = true)]
async fn a_denied_feed_names_what_is_missing_and_recovers() {
    let mut stage = Stage::open("calm").await;
    stage.press(":").await;
    stage.type_text("fault alarms denied").await;
    stage.press("enter").await;
    stage.run_minutes(1).await;
    // What was read before still stands, with its age; it is not thrown away.
    assert_eq!(stage.model().board.health(BoxId::Alarms), Health::Ok);
    stage.run_minutes(2).await;
    assert_eq!(stage.model().board.health(BoxId::Alarms), Health::Stale);
    check_contains(&stage.model().board.strip().place, &["denied: the role lacks cloudwatch:DescribeAlarms"]);
    stage.press("0").await;
    stage.shows("denied for");
    stage.shows("add the missing action to the role's policy");
    stage.press(":").await;
    stage.type_text("clear-faults").await;
    stage.press("enter").await;
    stage.run_minutes(1).await;
    assert_eq!(stage.model().board.health(BoxId::Alarms), Health::Ok);
}

#[tokio::test(start_paused = true)]
async fn choosing_another_drill_replaces_the_world() {
    let mut stage = Stage::open_at("bad-deploy", SignedDuration::from_mins(12)).await;
    assert!(!firing(&stage.model().world).is_empty());
    stage.press(":").await;
    stage.type_text("scenario").await;
    stage.press("enter").await;
    stage.shows("Choose a drill");
    stage.press("g enter").await;
    stage.run_minutes(1).await;
    stage.shows("DRILL calm");
    assert!(firing(&stage.model().world).is_empty());
    let day_ago = stage.model().now - SignedDuration::from_hours(24);
    assert!(changes::since(&stage.model().world, day_ago).iter().all(|change| !change.what.contains("v419")));
}

#[tokio::test(start_paused = true)]
async fn hints_come_one_by_one() {
    let mut stage = Stage::open("bad-deploy").await;
    stage.press("H").await;
    stage.shows("Hint 1 of 3");
    stage.press("H").await;
    stage.shows("Hint 2 of 3");
    stage.press("esc").await;
    stage.press("M").await;
    stage.shows("alarm web-5xx-high is OK");
    stage.press("esc").await;
    stage.hides("alarm web-5xx-high is OK");
}

#[tokio::test(start_paused = true)]
async fn a_window_too_small_says_so_and_recovers() {
    let mut stage = Stage::open("calm").await;
    stage.resize(50, 10).await;
    stage.shows("DRILL opscon needs 60x15");
    stage.shows("this is 50x10");
    stage.resize(80, 24).await;
    stage.shows("Developer");
    stage.hides("opscon needs");
}

#[tokio::test(start_paused = true)]
async fn leaving_and_pausing_end_the_loop() {
    assert_eq!(Stage::open("calm").await.press_to_leave("q").await, Outcome::Quit);
    assert_eq!(Stage::open("calm").await.press_to_leave("? ctrl-c").await, Outcome::Quit);
    let mut stage = Stage::open("calm").await;
    stage.press(":").await;
    stage.type_text("suspend").await;
    assert_eq!(stage.press_to_leave("enter").await, Outcome::Suspend);
    // It goes on where it was.
    stage.run_minutes(1).await;
    stage.shows("73 of 73 boxes ok");
}

/// `bad-deploy` in the pipelines' room, from the merge on, without leaving it: what is read there at each moment.
#[tokio::test(start_paused = true)]
async fn a_bad_deploy_is_watched_on_one_screen_from_the_merge_to_the_rollback() {
    let state = tempfile::tempdir().unwrap();
    let mut stage = Stage::open_at("bad-deploy", SignedDuration::from_mins(-15)).await;
    stage.console.employ(crate::support::operator(state.path()));
    stage.press("3").await;
    stage.shows("✔ Source v418 → ✔ Checks → ✔ Build → ✔ Staging → ✔ Production");
    // Merged: it goes its way, and production stays as it is.
    stage.run_minutes(1).await;
    sees(&mut stage, &["✔So v419", "▶ Checks 0:1", "of ~0:40 Lint", "push by maria"], &["▶ Checks"]).await;
    stage.hides("✖ BROKE");
    stage.run_minutes(9).await;
    sees(&mut stage, &["✔So v419", "▶ Build 1:0", "of ~1:10 Package", "✔St v418"], &["▶ Build"]).await;
    stage.run_minutes(3).await;
    let staging = ["▶ Staging", "▶ CodeDeploy v418 → v419, 0 of 1"];
    sees(&mut stage, &[&staging[..], &["of ~1:40 Deploy-Stag", "✔Pr v418"]].concat(), &staging).await;
    // Somebody has to say yes, and does.
    stage.run_minutes(4).await;
    sees(&mut stage, &["◆ Production Approve waits for approval", "✔St"], &["◆ Production Approve waits"]).await;
    // Two of six run it, and users begin to see that.
    stage.run_minutes(2).await;
    sees(&mut stage, &["▶ Production 1:", "▶ CodeDeploy v418 → v419, 2 of 6"], &["▶ Production 1:", "2 of 6"]).await;
    let changed = "deploy web v418 → v419 \"cache the basket\" by maria";
    stage.shows(changed);
    // Production is broken: what, where, and by what, above the deployment that did it.
    stage.run_minutes(4).await;
    let broken = ["✖ web-edge 5xx", "✖ Production Deploy", "✖ CodeDeploy v418 → v419, 4 of 6"];
    sees(&mut stage, &[&broken[..], &["deploy of web v419 failed, 4 of 6 run v419", changed]].concat(), &broken).await;
    // Back, from where one stands: the way back is what is offered first.
    stage.console.arm("INC-7");
    stage.press("a enter").await;
    stage.shows("web: Production back to v418");
    stage.press("tab").await;
    stage.type_text("web acme-prod").await;
    stage.press("tab enter").await;
    stage.run_minutes(1).await;
    let begun = ["▶ Production v418, 1:", "▶ CodeDeploy v419 → v418, "];
    let told = ["rollback by on", "web: Deploy-Production running"];
    sees(&mut stage, &[&begun[..], &told].concat(), &begun).await;
    stage.run_minutes(6).await;
    let back = ["✔So v419 ✔Ch ✔Bu ✔St ✔Pr v418", "✔ CodeDeploy v419 → v418, "];
    sees(
        &mut stage,
        &[&back[..], &["rollback by", "verified: a rollback to v418 succeeds in Production"]].concat(),
        &back,
    )
    .await;
    stage.run_minutes(4).await;
    stage.shows("mended in");
    stage.shows("deploy web v419 → v418");
    assert_eq!(stage.model().tab, Tab::Room(Room::Pipelines));
}

/// At 120 columns, and at 80.
async fn sees(stage: &mut Stage, wide: &[&str], narrow: &[&str]) {
    for words in wide {
        stage.shows(words);
    }
    stage.resize(80, 24).await;
    for words in narrow {
        stage.shows(words);
    }
    stage.resize(120, 40).await;
}
