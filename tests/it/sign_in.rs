//! Accounts that want a code: asked for once, one after the other, and never in the way of what is typed.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use jiff::SignedDuration;
use opscon::app::command::CommandId;
use opscon::app::key::Key;
use opscon::app::model::Model;
use opscon::app::msg::{Cmd, Msg, Size, WorldSpec};
use opscon::app::overlay::{CodePrompt, Overlay};
use opscon::app::settings::{Colours, Glyphs};
use opscon::app::update::update;
use opscon::domain::identity::MfaDevice;
use opscon::domain::text::Text;
use opscon::runtime::worlds::Opened;
use opscon::world::feed::Feed;
use opscon::world::port::{Answer, BoxFuture, CloudError, FaultClass, FeedKey, Observation, Observe, SignIn, Usage};

use crate::support::{Stage, draw, settings, text_of};

const JANE: &str = "arn:aws:iam::111122223333:mfa/jane";
const TOKEN: &str = "GAHT12345678";
const SMALL: Size = Size { width: 80, height: 24 };

fn devices() -> Vec<MfaDevice> {
    let device = |serial: &str, account: &str| MfaDevice { serial: serial.into(), accounts: vec![account.into()] };
    vec![device(JANE, "acme-prod"), device(TOKEN, "acme-dev")]
}

/// A drill behind locked doors: an account answers once the code of its device was entered.
struct Locked {
    observe: Arc<dyn Observe>,
    opened: Mutex<BTreeSet<String>>,
}

impl Observe for Locked {
    fn observe(&self, key: &FeedKey) -> BoxFuture<'_, Answer> {
        let device = devices().into_iter().find(|device| device.accounts.contains(&key.scope.alias));
        if let Some(device) = device.filter(|device| !self.opened.lock().unwrap().contains(device.serial.as_str())) {
            let error = CloudError::needs_code(key.feed.operation(), device.serial.as_str());
            return Box::pin(async { Answer::of(Err(error), Usage::default()) });
        }
        self.observe.observe(key)
    }
}

impl SignIn for Locked {
    fn enter<'a>(&'a self, device: &'a str, code: &'a str) -> BoxFuture<'a, Result<(), CloudError>> {
        Box::pin(async move {
            if code == "123456" {
                self.opened.lock().unwrap().insert(device.to_owned());
                return Ok(());
            }
            let message = "that code was not accepted; wait for the next one".into();
            Err(CloudError { class: FaultClass::Expired, operation: "sts".into(), message, missing: None })
        })
    }
}

fn locked() -> Opened {
    let mut opened = Opened::running(&WorldSpec { speed: 20.0, ..WorldSpec::of("calm") }).unwrap();
    let locked = Arc::new(Locked { observe: Arc::clone(&opened.observe), opened: Mutex::default() });
    opened.session.devices = devices();
    opened.sign_in = Some(Arc::clone(&locked) as Arc<dyn SignIn>);
    opened.observe = locked;
    opened
}

fn read(stage: &Stage, account: &str) -> bool {
    let mut places = stage.model().world.places().iter().filter(|place| place.scope.alias == *account);
    places.any(|place| place.feeds.identity.value().is_some())
}

#[tokio::test(start_paused = true)]
async fn codes_are_asked_for_one_after_the_other_and_open_what_waits_for_them() {
    let mut stage = Stage::on(locked()).await;
    stage.shows("The code that arn:aws:iam::111122223333:mfa/jane shows now, for");
    stage.type_text("000000").await;
    stage.press("enter").await;
    stage.shows("that code was not accepted; wait for the next one");
    assert!(!read(&stage, "acme-prod"));
    stage.send(Msg::Paste("123 456\n".into()));
    stage.run(SignedDuration::ZERO).await;
    stage.shows("code: 123456");
    assert!(!read(&stage, "acme-prod"), "a paste is never sent off by itself");
    stage.press("enter").await;
    stage.shows("signed in to acme-prod");
    stage.shows("The code that GAHT12345678 shows now, for acme-dev:");
    stage.press("esc").await;
    stage.shows("not signed in to acme-dev");
    stage.run_minutes(10).await;
    assert!(read(&stage, "acme-prod") && !read(&stage, "acme-dev"));
    assert!(stage.model().overlays.is_empty(), "who does not want to be asked is not asked again");
    stage.press("0").await;
    stage.shows("needs the MFA code of GAHT12345678");
    stage.press(":").await;
    stage.type_text("sign-in").await;
    stage.press("enter").await;
    stage.shows("shows now, for acme-dev:");
    stage.type_text("123456").await;
    stage.press("enter").await;
    stage.run_minutes(1).await;
    assert!(read(&stage, "acme-dev") && stage.model().overlays.is_empty());
    stage.run_minutes(30).await;
    stage.press("1").await;
    stage.shows("73 of 73 boxes ok");
}

/// A model in which nothing was read, of a world with devices.
fn model() -> Model {
    let opened = locked();
    Model::new(settings(), opened.session, SMALL)
}

fn send(model: &mut Model, msg: Msg) -> Vec<Cmd> {
    let now = model.now;
    update(model, now, msg)
}

fn press(model: &mut Model, keys: &str) -> Vec<Cmd> {
    keys.split(' ').flat_map(|key| send(model, Msg::Key(key.parse::<Key>().unwrap()))).collect()
}

fn fail(model: &mut Model, account: &str, error: impl Fn(&FeedKey) -> CloudError) {
    let mut keys = model.world.keys();
    let key = keys.find(|key| key.scope.alias == *account && key.feed == Feed::Alarms).unwrap();
    drop(keys);
    let answer = Answer::of(Err(error(&key)), Usage::default());
    let observation = Observation::of(key, model.now, answer, None);
    send(model, Msg::Observed(Box::new(observation)));
}

fn want(model: &mut Model, account: &str) {
    let devices = devices();
    let device = devices.iter().find(|device| device.accounts.contains(&Text::new(account))).unwrap();
    fail(model, account, |_| CloudError::needs_code("x", device.serial.as_str()));
}

#[track_caller]
fn prompt(model: &Model) -> &CodePrompt {
    match model.overlays.last() {
        Some(Overlay::Code(prompt)) => prompt,
        other => panic!("no code is asked for: {other:?}"),
    }
}

fn entered(cmds: &[Cmd]) -> Vec<(&str, &str)> {
    let mut entered = Vec::new();
    for cmd in cmds {
        if let Cmd::EnterCode { device, code } = cmd {
            entered.push((device.as_str(), code.as_str()));
        }
    }
    entered
}

#[test]
fn only_six_digits_are_sent_and_nothing_while_aws_is_asked() {
    let mut model = model();
    want(&mut model, "acme-prod");
    assert!(entered(&press(&mut model, "1 2 q x : 3 space 4 5 enter")).is_empty());
    assert_eq!(prompt(&model).typed, "12345");
    assert_eq!(entered(&press(&mut model, "backspace 5 6 7 enter")), [(JANE, "123456")]);
    assert!(entered(&press(&mut model, "enter backspace 9 enter")).is_empty());
    assert!(prompt(&model).is_busy && prompt(&model).typed == "123456");
    let trouble = Err("that code was not accepted; wait for the next one".into());
    send(&mut model, Msg::SignedIn { device: JANE.into(), outcome: trouble });
    assert!(!prompt(&model).is_busy && prompt(&model).typed.is_empty() && prompt(&model).trouble.is_some());
    press(&mut model, "1 2 ctrl-u 3");
    assert_eq!(prompt(&model).typed, "3");
    send(&mut model, Msg::Click { column: 2, row: 2 });
    send(&mut model, Msg::Wheel(3));
    assert_eq!(prompt(&model).typed, "3", "a stray click is no answer");
    assert_eq!(press(&mut model, "ctrl-c"), [Cmd::Quit]);
}

#[test]
fn only_the_want_of_a_code_asks_for_one() {
    let mut model = model();
    let other = |class| {
        move |_: &FeedKey| CloudError {
            class,
            operation: "x".into(),
            message: "credentials expired".into(),
            missing: None,
        }
    };
    fail(&mut model, "acme-prod", other(FaultClass::Expired));
    fail(&mut model, "acme-prod", other(FaultClass::Denied));
    assert!(model.overlays.is_empty());
    // One question at a time, however many ask.
    want(&mut model, "acme-prod");
    want(&mut model, "acme-dev");
    want(&mut model, "acme-prod");
    assert_eq!(model.overlays.len(), 1);
}

#[test]
fn whoever_types_is_not_disturbed_and_is_asked_afterwards() {
    let mut model = model();
    press(&mut model, ": r e");
    want(&mut model, "acme-prod");
    assert!(matches!(model.overlays.last(), Some(Overlay::Palette(_))));
    press(&mut model, "esc");
    want(&mut model, "acme-prod");
    assert_eq!(prompt(&model).device.serial, JANE);
}

#[test]
fn what_was_under_way_before_a_sign_in_does_not_ask_again() {
    let mut model = model();
    want(&mut model, "acme-prod");
    let cmds = send(&mut model, Msg::SignedIn { device: JANE.into(), outcome: Ok(()) });
    let polled = cmds.iter().find_map(|cmd| if let Cmd::Poll(keys) = cmd { Some(keys) } else { None }).unwrap();
    assert!(!polled.is_empty() && polled.iter().all(|key| key.scope.alias == "acme-prod"));
    want(&mut model, "acme-prod");
    assert!(model.overlays.is_empty());
    // A session that is over later is another matter.
    model.now += SignedDuration::from_mins(1);
    want(&mut model, "acme-prod");
    assert_eq!(prompt(&model).device.serial, JANE);
}

#[test]
fn an_answer_to_a_prompt_that_was_left_is_told_all_the_same() {
    let mut model = model();
    want(&mut model, "acme-prod");
    press(&mut model, "1 2 3 4 5 6 enter esc");
    assert!(model.overlays.is_empty());
    send(&mut model, Msg::SignedIn { device: JANE.into(), outcome: Err("no".into()) });
    assert_eq!(model.notice.as_ref().unwrap().text, "not signed in to acme-prod: no");
    send(&mut model, Msg::SignedIn { device: JANE.into(), outcome: Ok(()) });
    assert_eq!(model.notice.as_ref().unwrap().text, "signed in to acme-prod");
}

#[test]
fn the_command_asks_for_what_is_waited_for_and_says_when_there_is_nothing() {
    let mut model = model();
    want(&mut model, "acme-dev");
    press(&mut model, "esc");
    send(&mut model, Msg::Command(CommandId::SignIn));
    assert_eq!(prompt(&model).device.serial, TOKEN);
    model.overlays.clear();
    model.session.devices.clear();
    send(&mut model, Msg::Command(CommandId::SignIn));
    assert!(model.overlays.is_empty());
    assert_eq!(model.notice.as_ref().unwrap().text, "sign-in: no account here wants a code");
}

#[test]
fn the_prompt_is_whole_on_every_screen() {
    let mut model = model();
    want(&mut model, "acme-prod");
    press(&mut model, "1 2 3");
    insta::assert_snapshot!("code@80x24", text_of(&draw(&model)));
    // With all there can be to say, on the smallest screen, with the poorest terminal.
    if let Some(Overlay::Code(prompt)) = model.overlays.last_mut() {
        prompt.device.accounts = vec!["a-rather-long-name-of-an-account".into(); 9];
        prompt.trouble = Some("that code was not accepted; wait for the next one".into());
    }
    model.size = Size { width: 60, height: 15 };
    (model.settings.look.glyphs, model.settings.look.colours) = (Glyphs::Ascii, Colours::None);
    let buffer = draw(&model);
    assert!(buffer.content.iter().all(|cell| cell.symbol().is_ascii()));
    let screen = text_of(&buffer);
    for part in ["and 6 more:", "mfa/jane shows", "code: 123___", "wait for the next one", "not now"] {
        assert!(screen.contains(part), "{part:?} is not in\n{screen}");
    }
}
