//! What the rooms look like: as text, and as a second grid that says which role each cell is written in.

use jiff::SignedDuration;
use opscon::app::key::Key;
use opscon::app::model::{Changes, Model};
use opscon::app::msg::{Cmd, Msg, Pages, Size};
use opscon::app::operation::OpEvent;
use opscon::app::settings::{Ground, Look, Role};
use opscon::app::update::update;
use opscon::ops::record::{Entry, Intent, Outcome, Person, What, stories};
use opscon::ops::{Target, named};
use opscon::runtime::worlds::Opened;
use opscon::view::theme::Theme;
use opscon::world::act::Receipt;
use opscon::world::feed::Feed;
use opscon::world::item::{ItemId, Kind};
use opscon::world::port::{CloudError, FaultClass, Observation};
use ratatui::buffer::Buffer;
use unicode_width::UnicodeWidthStr;

use crate::support::{draw, model_at, read_everything, settings, text_of};

const SIZES: [Size; 2] = [Size { width: 80, height: 24 }, Size { width: 120, height: 40 }];

fn check(name: &str, model: &Model) {
    let buffer = draw(model);
    let screen = text_of(&buffer);
    for line in screen.lines() {
        assert!(line.width() <= usize::from(model.size.width), "{name}: a line is too long: {line:?}");
    }
    let both = format!("{screen}{}\n{}", "-".repeat(usize::from(model.size.width)), roles_of(&buffer, model));
    insta::assert_snapshot!(format!("{name}@{}x{}", model.size.width, model.size.height), both);
}

/// A letter for the role of each cell: `.` text, `S`trong, `d`im, `f`aint, `A`ccent, `W`arn, `B`ad, `T` stale, `U`nknown,
/// `D` badge, `*` reversed.
fn roles_of(buffer: &Buffer, model: &Model) -> String {
    let theme = Theme::new(model.settings.look);
    let letters = ['.', 'S', 'd', 'f', 'A', 'W', 'B', 'T', 'U', 'D'];
    let mut text = String::new();
    for row in buffer.content.chunks(usize::from(buffer.area.width)) {
        let line: String = row
            .iter()
            .map(|cell| {
                let style = cell.style();
                if cell.symbol().trim().is_empty() && cell.modifier.is_empty() {
                    return ' ';
                }
                if style.add_modifier.contains(ratatui::style::Modifier::REVERSED) {
                    return '*';
                }
                let same = |role: &&Role| {
                    let wanted = theme.style(**role);
                    wanted.fg == style.fg && wanted.add_modifier == style.add_modifier
                };
                Role::ALL.iter().find(same).map_or(' ', |role| letters[*role as usize])
            })
            .collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Presses keys and answers whatever they make the console ask.
fn press(model: &mut Model, opened: &Opened, keys: &str) {
    let now = model.now;
    for key in keys.split(' ').filter(|key| !key.is_empty()) {
        for cmd in update(model, now, Msg::Key(key.parse::<Key>().unwrap())) {
            let Cmd::Want(wanted) = cmd else { continue };
            for key in wanted {
                let answer = opened.drill.as_ref().unwrap().answer(&key);
                let observation = Observation::of(key, now, answer, None);
                update(model, now, Msg::Observed(Box::new(observation)));
            }
        }
    }
}

fn letters(text: &str) -> String {
    text.chars()
        .map(|letter| if letter == ' ' { "space".into() } else { letter.to_string() })
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn the_alarms_in_every_state() {
    for size in SIZES {
        let (_, opened) = model_at("calm", 0, size);
        let mut model = Model::new(settings(), opened.session.clone(), size);
        press(&mut model, &opened, "2");
        check("alarms-empty", &model);
        let (mut model, opened) = model_at("calm", 0, size);
        press(&mut model, &opened, "2");
        check("alarms-healthy", &model);
        let (mut model, opened) = model_at("bad-deploy", 9, size);
        press(&mut model, &opened, "2");
        check("alarms-degraded", &model);
        opened.drill.as_ref().unwrap().inject(Feed::Alarms, FaultClass::Throttled);
        let mut model = Model::new(settings(), opened.session.clone(), size);
        read_everything(&mut model, &opened);
        press(&mut model, &opened, "2");
        check("alarms-faulted", &model);
    }
}

#[test]
fn an_alarm_opened() {
    for size in SIZES {
        let (mut model, opened) = model_at("bad-deploy", 9, size);
        press(&mut model, &opened, "2 down enter");
        check("alarm", &model);
        press(&mut model, &opened, "left");
        check("alarm-composite", &model);
        press(&mut model, &opened, &format!("esc / {} enter enter - - -", letters("unusual")));
        check("alarm-band", &model);
        press(&mut model, &opened, "y");
        check("alarm-json", &model);
    }
}

#[test]
fn a_filter_being_typed() {
    for size in SIZES {
        let (mut model, opened) = model_at("bad-deploy", 9, size);
        press(&mut model, &opened, &format!("2 / {}", letters("state:alarm web")));
        check("filter", &model);
        press(&mut model, &opened, &letters(" since>x"));
        check("filter-wrong", &model);
        press(&mut model, &opened, &format!("esc / {} enter", letters("nothing-like-it")));
        check("filter-nothing", &model);
    }
}

#[test]
fn dashboards() {
    for size in SIZES {
        let (mut model, opened) = model_at("bad-deploy", 9, size);
        press(&mut model, &opened, "D");
        check("dashboards", &model);
        press(&mut model, &opened, "enter");
        check("dashboard", &model);
        press(&mut model, &opened, "esc ctrl-e");
        check("compact", &model);
    }
}

#[test]
fn compute_and_data() {
    for size in SIZES {
        let (mut model, opened) = model_at("bad-deploy", 9, size);
        press(&mut model, &opened, "6");
        check("compute", &model);
        press(&mut model, &opened, "down enter");
        check("compute-group", &model);
        let (mut model, opened) = model_at("primary-loss", 9, size);
        press(&mut model, &opened, "7");
        check("data", &model);
        press(&mut model, &opened, "enter");
        check("data-database", &model);
    }
}

#[test]
fn the_timeline_and_a_suspect() {
    for size in SIZES {
        let (mut model, opened) = model_at("bad-deploy", 9, size);
        press(&mut model, &opened, "t");
        check("timeline", &model);
        press(&mut model, &opened, "w");
        check("suspect", &model);
    }
}

#[test]
fn pipelines_traces_and_the_bill() {
    for size in SIZES {
        let (mut model, opened) = model_at("bad-deploy", 9, size);
        press(&mut model, &opened, "3");
        check("pipelines", &model);
        press(&mut model, &opened, "enter");
        check("pipeline", &model);
        press(&mut model, &opened, "4");
        check("traces", &model);
        press(&mut model, &opened, "enter");
        check("trace-service", &model);
        press(&mut model, &opened, "right right");
        check("trace", &model);
        press(&mut model, &opened, "8");
        check("cost", &model);
        press(&mut model, &opened, "enter");
        check("cost-bill", &model);
    }
}

#[test]
fn the_themes_differ_in_colour_and_in_nothing_else() {
    for ground in [Ground::Dark, Ground::Light, Ground::HighContrast] {
        let (mut model, _) = model_at("bad-deploy", 9, SIZES[1]);
        let dark = text_of(&draw(&model));
        model.settings.look = Look { ground, ..model.settings.look };
        let buffer = draw(&model);
        assert_eq!(text_of(&buffer), dark, "{ground:?}");
    }
}

/// What was done in other consoles, one of each end there is.
fn pages(model: &Model, opened: &Opened) -> Pages {
    let operation = named("asg.scale").unwrap();
    let (place, item) = model.world.all_of(Kind::Group).find(|(_, item)| *item.name() == *"web").unwrap();
    let target = Target::One(ItemId { kind: Kind::Group, place, id: item.id().clone() });
    let params = [("desired".to_owned(), "24".to_owned())].into();
    let plan = operation.plan(&target, &params, &model.sight()).unwrap();
    let intent = |minutes: i64| Intent {
        world: opened.session.name.clone(),
        operation: plan.operation.to_owned(),
        target: plan.target.clone(),
        id: plan.of.id().cloned(),
        scope: plan.scope.to_string(),
        title: plan.title.clone(),
        params: plan.params.clone(),
        steps: plan.steps.clone(),
        changes: plan.changes.clone(),
        expects: plan.expects.clone(),
        undo: plan.undo.clone(),
        planned_at: model.now - SignedDuration::from_mins(minutes),
        deadline_seconds: 900,
        reason: "INC-7".into(),
        caller: Some("arn:aws:sts::123456789012:assumed-role/on-call/ann".into()),
        by: Person { user: "ann".into(), host: "bastion".into(), login: Some("session 4".into()) },
        digest: "0123456789abcdef".into(),
        version: "0.1.0".into(),
    };
    let timeout = CloudError {
        class: FaultClass::Timeout,
        operation: "autoscaling:UpdateAutoScalingGroup".into(),
        message: "no answer within 30 s".into(),
        missing: None,
    };
    let mut entries = Vec::new();
    let mut write = |minutes: i64, op: &str, whats: Vec<What>| {
        let at = model.now - SignedDuration::from_mins(minutes);
        entries.push(Entry { at, op: op.into(), what: What::Intent(Box::new(intent(minutes))) });
        entries.extend(whats.into_iter().map(|what| Entry { at, op: op.into(), what }));
    };
    let ended = |outcome, words: &str| What::Outcome { outcome, words: words.into() };
    let accepted = || What::Accepted { step: 0, receipt: Receipt { request_id: Some("req-1".into()), made: None } };
    write(
        3_000,
        "a1",
        vec![What::Sending { step: 0 }, accepted(), ended(Outcome::Verified, "24 in service after 2 min")],
    );
    write(90, "b2", vec![ended(Outcome::Drifted, "nothing was sent: desired was 12 and is 14 now")]);
    write(40, "c3", vec![What::Sending { step: 0 }]);
    let unknown = What::Unknown { step: 0, error: timeout };
    write(20, "d4", vec![What::Sending { step: 0 }, unknown, ended(Outcome::Uncertain, "12 of 24 after 15 min")]);
    Pages { stories: stories(&entries), breaks: vec!["2026-03.jsonl line 7".into()] }
}

#[test]
fn hands_on_the_controls() {
    for size in SIZES {
        let (mut model, opened) = model_at("traffic-surge", 8, size);
        model.session.changes = Changes::Allowed { but: Vec::new() };
        press(&mut model, &opened, &format!("6 / {} enter j a", letters("web")));
        check("actions", &model);
        press(&mut model, &opened, "enter 2 4");
        check("plan", &model);
        press(&mut model, &opened, &format!("tab tab tab tab {}", letters("web acme")));
        check("plan-typed", &model);
        press(&mut model, &opened, &format!("{} tab enter", letters("-prod")));
        check("arm", &model);
        press(&mut model, &opened, &format!("{} enter tab tab enter", letters("INC-7")));
        let id = model.courses[0].id;
        let now = model.now;
        update(&mut model, now, Msg::Op(id, OpEvent::Waiting("14 of 24 in service, 10 on the way".into())));
        model.notice = None;
        check("plan-under-way", &model);
        let read = pages(&model, &opened);
        update(&mut model, now, Msg::Journal(Ok(read)));
        press(&mut model, &opened, "9");
        check("operations", &model);
        press(&mut model, &opened, "down enter");
        check("operation", &model);
        press(&mut model, &opened, "esc q");
        check("leave", &model);
        // All of dev in one plan, longer than the screen: what is left out is further down.
        let (mut model, opened) = model_at("runaway-dev", 8, size);
        press(&mut model, &opened, &format!(": {} enter", letters("shut down")));
        press(&mut model, &opened, &format!("{} enter", letters("acme-dev")));
        check("shutdown", &model);
        press(&mut model, &opened, "pgdn pgdn");
        check("shutdown-below", &model);
        // What cannot be done says why.
        let (mut model, opened) = model_at("calm", 0, size);
        press(&mut model, &opened, &format!("6 / {} enter j a enter 9 9 9 tab 5 0 0 0", letters("web")));
        check("plan-refused", &model);
        press(&mut model, &opened, "esc 9");
        check("operations-empty", &model);
    }
}
