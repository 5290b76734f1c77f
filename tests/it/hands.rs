//! Hands on the controls, through the real loop: what it takes to change something, what becomes of it, and what is written
//! down.

use std::path::Path;

use jiff::SignedDuration;
use opscon::app::msg::Msg;
use opscon::app::operation::Phase;
use opscon::app::planning::Focus;
use opscon::drill::act::Mishap;
use opscon::journal::Journal;
use opscon::ops::record::{Entry, Outcome, Person, What, stories};
use opscon::runtime::operator::Operator;
use opscon::world::act::Step;
use opscon::world::port::FaultClass;

use crate::support::{Stage, operator};

/// A surge, eight minutes in, at the console of somebody who may change things.
async fn surge(state: &Path) -> Stage {
    employed("traffic-surge", operator(state)).await
}

async fn employed(scenario: &str, operator: Operator) -> Stage {
    let mut stage = Stage::open_at(scenario, SignedDuration::from_mins(8)).await;
    stage.console.employ(operator);
    stage.run(SignedDuration::ZERO).await;
    stage
}

/// The plan to scale the web group, on screen.
async fn scaling(stage: &mut Stage, desired: &str) {
    stage.press(":").await;
    stage.type_text("asg.scale").await;
    stage.press("enter").await;
    stage.type_text("web").await;
    stage.press("enter").await;
    stage.type_text(desired).await;
}

/// Types what has to be typed, and presses the button.
async fn say_yes(stage: &mut Stage, words: &str) {
    to(stage, Focus::Typed).await;
    stage.type_text(words).await;
    stage.press("tab enter").await;
}

/// Moves the focus there, as far as there is such a stop.
async fn to(stage: &mut Stage, wanted: Focus) {
    for _ in 0..8 {
        if focus(stage) == Some(wanted) {
            break;
        }
        stage.press("tab").await;
    }
}

fn focus(stage: &Stage) -> Option<Focus> {
    match stage.model().overlays.last() {
        Some(opscon::app::overlay::Overlay::Plan(form)) => Some(form.focus),
        _ => None,
    }
}

fn arm(stage: &mut Stage) {
    stage.console.arm("INC-7");
}

/// Scales the web group to 24, as far as it goes.
async fn scale(stage: &mut Stage) {
    arm(stage);
    scaling(stage, "24").await;
    say_yes(stage, "web acme-prod").await;
}

fn taken(stage: &Stage) -> Vec<Step> {
    stage.console.opened().drill.as_ref().unwrap().taken().into_iter().map(|(_, step)| step).collect()
}

fn mishap(stage: &Stage, mishap: Mishap) {
    stage.console.opened().drill.as_ref().unwrap().mishap(mishap);
}

fn journal(state: &Path) -> Journal {
    operator(state).journal(true)
}

fn entries(state: &Path) -> Vec<Entry> {
    journal(state).read(None).unwrap().entries
}

/// What was written, in a word each.
fn words(state: &Path) -> Vec<&'static str> {
    let word = |entry: Entry| match entry.what {
        What::Asked { .. } => "asked",
        What::Granted { .. } => "granted",
        What::Intent(_) => "intent",
        What::Sending { .. } => "sending",
        What::Accepted { .. } => "accepted",
        What::Refused { .. } => "refused",
        What::Unknown { .. } => "unknown",
        What::Outcome { outcome, .. } => outcome.word(),
    };
    entries(state).into_iter().map(word).collect()
}

fn ended(stage: &Stage) -> Option<(Outcome, String)> {
    match &stage.model().courses.last()?.phase {
        Phase::Ended { outcome, words, .. } => Some((*outcome, words.clone())),
        _ => None,
    }
}

#[tokio::test(start_paused = true)]
async fn from_safe_to_verified_by_keys_alone() {
    let state = tempfile::tempdir().unwrap();
    let mut stage = surge(state.path()).await;
    stage.shows("SAFE");
    scaling(&mut stage, "24").await;
    stage.shows("web: 12 → 24 instances");
    say_yes(&mut stage, "web acme-prod").await;
    // Nothing may be changed yet: it is asked why first.
    assert_eq!(taken(&stage), []);
    stage.type_text("INC-7 surge").await;
    stage.press("enter").await;
    stage.shows("ARMED");
    assert_eq!(taken(&stage), []);
    stage.press("tab tab enter").await;
    stage.run(SignedDuration::from_secs(30)).await;
    let wanted = Step::UpdateAutoScalingGroup { group: "web".into(), min: 4, desired: 24, max: 24 };
    assert_eq!(taken(&stage), [wanted]);
    assert_eq!(words(state.path()), ["intent", "sending", "accepted"]);
    stage.run(SignedDuration::from_secs(30)).await;
    stage.shows("of 24 in service");
    stage.run_minutes(5).await;
    let (outcome, said) = ended(&stage).unwrap();
    assert_eq!(outcome, Outcome::Verified, "{said}");
    assert_eq!(words(state.path()), ["intent", "sending", "accepted", "verified"]);
    let entries = entries(state.path());
    let What::Intent(intent) = &entries[0].what else { panic!() };
    assert_eq!(
        (intent.reason.as_str(), intent.by.user.as_str(), intent.world.as_str()),
        ("INC-7 surge", "ann", "drill:traffic-surge@8m")
    );
    assert!(intent.caller.is_some());
    stage.press("9").await;
    stage.shows("verified");
    // And back, as a plan like any other.
    stage.press("u").await;
    stage.shows("web: 24 → 12 instances");
}

#[tokio::test(start_paused = true)]
async fn a_held_key_and_a_paste_confirm_nothing() {
    let state = tempfile::tempdir().unwrap();
    let mut stage = surge(state.path()).await;
    arm(&mut stage);
    for held in ["enter", "tab", "space", "y", "down", "right"] {
        scaling(&mut stage, "24").await;
        for _ in 0..60 {
            stage.press(held).await;
        }
        assert_eq!((taken(&stage), stage.model().courses.len()), (vec![], 0), "{held} held down");
        stage.press("esc esc esc esc").await;
    }
    scaling(&mut stage, "24").await;
    to(&mut stage, Focus::Typed).await;
    stage.send(Msg::Paste("web acme-prod".into()));
    stage.press("tab enter").await;
    stage.send(Msg::Paste("\r\r\r".into()));
    stage.run(SignedDuration::ZERO).await;
    assert_eq!((taken(&stage), stage.model().courses.len()), (vec![], 0));
    stage.shows("it has to be typed, not pasted");
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_is_said_before_anything_is_typed() {
    let state = tempfile::tempdir().unwrap();
    let mut stage = surge(state.path()).await;
    arm(&mut stage);
    scaling(&mut stage, "many").await;
    stage.shows("desired");
    stage.shows("many");
    to(&mut stage, Focus::Cancel).await;
    // No button to go to.
    stage.press("tab").await;
    assert_ne!(focus(&stage), Some(Focus::Go));
    assert_eq!(words(state.path()), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_somebody_else_changed_meanwhile_is_not_written_over() {
    let state = tempfile::tempdir().unwrap();
    let mut stage = surge(state.path()).await;
    arm(&mut stage);
    scaling(&mut stage, "24").await;
    to(&mut stage, Focus::Typed).await;
    stage.type_text("web acme-prod").await;
    // In the moment between the last look and the key, and before the next poll.
    let scope = stage.model().world.scopes().next().unwrap().clone();
    let theirs = Step::UpdateAutoScalingGroup { group: "web".into(), min: 4, desired: 14, max: 16 };
    let drill = std::sync::Arc::clone(stage.console.opened().drill.as_ref().unwrap());
    opscon::world::act::Act::apply(&*drill, &scope, &theirs).await.unwrap();
    stage.press("tab enter").await;
    stage.run(SignedDuration::from_secs(20)).await;
    assert_eq!(taken(&stage), [theirs]);
    let (outcome, said) = ended(&stage).unwrap();
    assert_eq!(outcome, Outcome::Drifted, "{said}");
    assert!(said.contains("desired was 12 and is 14 now"), "{said}");
    assert_eq!(words(state.path()), ["intent", "drifted"]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_looked_into_and_nothing_is_sent_again() {
    let state = tempfile::tempdir().unwrap();
    let mut stage = surge(state.path()).await;
    mishap(&stage, Mishap::LoseAnswer);
    scale(&mut stage).await;
    stage.run_minutes(6).await;
    let (outcome, said) = ended(&stage).unwrap();
    assert_eq!(outcome, Outcome::Verified, "{said}");
    assert!(said.contains("its answer was lost, and it is there"), "{said}");
    assert_eq!(taken(&stage).len(), 1);
    assert_eq!(words(state.path()), ["intent", "sending", "unknown", "verified"]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_call_is_uncertain_and_nothing_is_sent_again() {
    let state = tempfile::tempdir().unwrap();
    let mut stage = surge(state.path()).await;
    mishap(&stage, Mishap::Lose);
    scale(&mut stage).await;
    stage.run_minutes(20).await;
    let (outcome, said) = ended(&stage).unwrap();
    assert_eq!(outcome, Outcome::Uncertain, "{said}");
    assert_eq!(taken(&stage), []);
    assert_eq!(words(state.path()), ["intent", "sending", "unknown", "uncertain"]);
    // Whoever looks again finds that it never came to be.
    stage.press("9 L").await;
    stage.run_minutes(1).await;
    let (outcome, said) = ended(&stage).unwrap();
    assert_eq!(outcome, Outcome::NotReached, "{said}");
    assert_eq!(taken(&stage), []);
    assert_eq!(words(state.path()).last(), Some(&"not reached"));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_aws_is_told_in_its_words() {
    let state = tempfile::tempdir().unwrap();
    let mut stage = surge(state.path()).await;
    mishap(&stage, Mishap::Refuse(FaultClass::Denied));
    scale(&mut stage).await;
    stage.run(SignedDuration::from_secs(10)).await;
    let (outcome, said) = ended(&stage).unwrap();
    assert_eq!(outcome, Outcome::Refused, "{said}");
    assert!(said.contains("not authorized"), "{said}");
    assert_eq!((taken(&stage), words(state.path())), (vec![], vec!["intent", "sending", "refused", "refused"]));
}

#[tokio::test(start_paused = true)]
async fn of_two_consoles_one_has_its_hands_on_a_thing() {
    let state = tempfile::tempdir().unwrap();
    let mut first = surge(state.path()).await;
    let mut second = surge(state.path()).await;
    scale(&mut first).await;
    first.run(SignedDuration::from_secs(20)).await;
    assert_eq!(taken(&first).len(), 1);
    scale(&mut second).await;
    second.run(SignedDuration::from_secs(20)).await;
    let (outcome, said) = ended(&second).unwrap();
    assert_eq!((outcome, taken(&second)), (Outcome::Refused, vec![]));
    assert!(said.contains("another operation on web is under way"), "{said}");
    // Nor is the end of it looked for while the other still waits for it.
    second.press("9").await;
    second.shows("web: 12 → 24 instances");
}

#[tokio::test(start_paused = true)]
async fn waiting_can_be_ended_and_what_was_sent_stays() {
    let state = tempfile::tempdir().unwrap();
    let mut stage = surge(state.path()).await;
    scale(&mut stage).await;
    stage.run(SignedDuration::from_secs(30)).await;
    stage.press("9 u").await;
    stage.shows("x stops waiting for it, then u");
    stage.press("x").await;
    stage.run(SignedDuration::from_secs(10)).await;
    let (outcome, said) = ended(&stage).unwrap();
    assert_eq!(outcome, Outcome::NotReached);
    assert!(said.contains("waited for no longer after"), "{said}");
    stage.press("u").await;
    stage.shows("web: 24 → 12 instances");
    stage.shows("max        24 → 12");
}

#[tokio::test(start_paused = true)]
async fn without_a_journal_nothing_is_sent() {
    let state = tempfile::tempdir().unwrap();
    // A file where the folder should be; and a disk that is full.
    let file = state.path().join("file");
    std::fs::write(&file, "").unwrap();
    let full = state.path().join("full");
    std::fs::create_dir_all(full.join("drill")).unwrap();
    std::os::unix::fs::symlink("/dev/full", full.join("drill/2026-03.jsonl")).unwrap();
    for place in [file, full] {
        let mut stage = surge(&place).await;
        scale(&mut stage).await;
        stage.run(SignedDuration::from_secs(20)).await;
        let (outcome, said) = ended(&stage).unwrap();
        assert_eq!((outcome, taken(&stage)), (Outcome::Refused, vec![]), "{said}");
        assert!(said.starts_with("nothing was sent: the journal"), "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_person_is_another_one() {
    let state = tempfile::tempdir().unwrap();
    let mine = Operator { second_person: vec!["acme-prod".into()], ..operator(state.path()) };
    let mut stage = employed("traffic-surge", mine.clone()).await;
    scale(&mut stage).await;
    stage.run(SignedDuration::from_secs(20)).await;
    stage.press("9").await;
    let asked = entries(state.path()).remove(0);
    let What::Asked { code, .. } = &asked.what else { panic!("{asked:?}") };
    stage.shows(&format!("opscon approve {code}"));
    let grant = |by: Person| Entry { what: What::Granted { by }, ..asked.clone() };
    journal(state.path()).append(&grant(mine.me.clone())).unwrap();
    stage.run_minutes(1).await;
    assert_eq!(taken(&stage), [], "nobody is a second person to themselves");
    let other = Person { login: Some("session 2".into()), ..mine.me.clone() };
    journal(state.path()).append(&grant(other)).unwrap();
    stage.run_minutes(6).await;
    assert_eq!(ended(&stage).unwrap().0, Outcome::Verified);
    assert_eq!(words(state.path()), ["asked", "granted", "granted", "intent", "sending", "accepted", "verified"]);
}

#[tokio::test(start_paused = true)]
async fn a_second_person_who_does_not_come_is_waited_for_so_long() {
    let state = tempfile::tempdir().unwrap();
    let mine = Operator { second_person: vec!["acme-prod".into()], ..operator(state.path()) };
    let mut stage = employed("traffic-surge", mine).await;
    scale(&mut stage).await;
    stage.run_minutes(16).await;
    assert_eq!((ended(&stage).unwrap().0, taken(&stage)), (Outcome::Refused, vec![]));
    assert_eq!(words(state.path()), ["asked", "refused"]);
}

#[tokio::test(start_paused = true)]
async fn where_nothing_may_be_changed_nothing_is() {
    let state = tempfile::tempdir().unwrap();
    for (mine, said) in [
        (Operator { is_read_only: true, ..operator(state.path()) }, "operations.read_only is set"),
        (Operator { read_only: vec!["acme-prod".into()], ..operator(state.path()) }, "acme-prod is read only"),
    ] {
        let mut stage = employed("traffic-surge", mine).await;
        scale(&mut stage).await;
        stage.run(SignedDuration::from_secs(20)).await;
        stage.shows(said);
        assert_eq!((taken(&stage), stage.model().courses.len()), (vec![], 0));
        assert_eq!(words(state.path()), [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn armed_is_for_a_while() {
    let state = tempfile::tempdir().unwrap();
    let mut stage = surge(state.path()).await;
    arm(&mut stage);
    stage.run_minutes(14).await;
    stage.shows("ARMED");
    stage.run_minutes(2).await;
    stage.shows("SAFE");
    assert!(stage.model().armed.is_none());
}

#[tokio::test(start_paused = true)]
async fn an_old_preview_is_made_again_first() {
    let state = tempfile::tempdir().unwrap();
    let mut stage = surge(state.path()).await;
    arm(&mut stage);
    scaling(&mut stage, "24").await;
    let drill = std::sync::Arc::clone(stage.console.opened().drill.as_ref().unwrap());
    // From now on the group cannot be read.
    drill.inject(opscon::world::feed::Feed::Groups, FaultClass::Timeout);
    stage.run_minutes(4).await;
    say_yes(&mut stage, "web acme-prod").await;
    stage.run(SignedDuration::from_secs(20)).await;
    assert_eq!((taken(&stage), stage.model().courses.len()), (vec![], 0), "{}", stage.screen());
}

/// Whatever moment the console dies in: what is in the journal and what was sent agree, and the next one finds the end.
#[tokio::test(start_paused = true)]
async fn at_whatever_moment_it_dies_the_next_one_knows() {
    let mut seen = Vec::new();
    for lived in [0, 1, 2, 3, 5, 8, 13, 30, 60, 120, 200] {
        let state = tempfile::tempdir().unwrap();
        let mut stage = surge(state.path()).await;
        scale(&mut stage).await;
        stage.run(SignedDuration::from_secs(lived)).await;
        let sent = taken(&stage).len();
        let drill = std::sync::Arc::clone(stage.console.opened().drill.as_ref().unwrap());
        drop(stage);
        let told = stories(&entries(state.path()));
        let story = told.first();
        assert!(story.map_or(0, |story| story.sent) >= sent, "sent and not written down, after {lived} s");
        seen.push(story.map_or("nothing", opscon::ops::record::Story::state));
        drop(drill);
    }
    assert!(seen.contains(&"no known end") && seen.contains(&"verified"), "{seen:?}");
}
