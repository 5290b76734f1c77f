//! What the screens look like, as text: each state of the board at each size people have.

use jiff::SignedDuration;
use opscon::app::command::CommandId;
use opscon::app::key::Key;
use opscon::app::model::Model;
use opscon::app::msg::{Msg, Size};
use opscon::app::settings::{Colours, Glyphs, Look};
use opscon::app::update::update;
use opscon::world::feed::Feed;
use opscon::world::port::FaultClass;
use opscon::world::port::Observation;
use unicode_width::UnicodeWidthStr;

use crate::support::{draw, model_at, read_everything, settings, text_of};

const SIZES: [Size; 4] = [
    Size { width: 80, height: 24 },
    Size { width: 120, height: 40 },
    Size { width: 160, height: 50 },
    Size { width: 200, height: 60 },
];

fn check(name: &str, model: &Model) {
    let screen = text_of(&draw(model));
    for line in screen.lines() {
        assert!(line.width() <= usize::from(model.size.width), "{name}: a line is too long: {line:?}");
    }
    insta::assert_snapshot!(format!("{name}@{}x{}", model.size.width, model.size.height), screen);
}

fn press(model: &mut Model, keys: &str) {
    let now = model.now;
    for key in keys.split(' ') {
        update(model, now, Msg::Key(key.parse::<Key>().unwrap()));
    }
}

#[test]
fn the_board_before_anything_is_read() {
    for size in SIZES {
        let (_, opened) = model_at("calm", 0, size);
        check("empty", &Model::new(settings(), opened.session, size));
    }
}

#[test]
fn the_board_when_all_is_well() {
    for size in SIZES {
        check("healthy", &model_at("calm", 0, size).0);
    }
}

#[test]
fn the_board_when_a_deploy_went_wrong() {
    for size in SIZES {
        check("degraded", &model_at("bad-deploy", 9, size).0);
    }
}

#[test]
fn the_board_when_we_are_half_blind() {
    for size in SIZES {
        let (mut model, opened) = model_at("calm", 0, size);
        opened.drill.as_ref().unwrap().inject(Feed::Databases, FaultClass::Denied);
        opened.drill.as_ref().unwrap().inject(Feed::Queues, FaultClass::Throttled);
        opened.drill.as_ref().unwrap().inject(Feed::Metrics, FaultClass::Timeout);
        model = Model::new(settings(), opened.session.clone(), model.size);
        read_everything(&mut model, &opened);
        check("faulted", &model);
    }
}

#[test]
fn a_box_opened() {
    for size in &SIZES[..2] {
        let (mut model, _) = model_at("bad-deploy", 9, *size);
        press(&mut model, "enter");
        check("page", &model);
    }
}

#[test]
fn a_group_zoomed() {
    for size in &SIZES[..3] {
        let (mut model, _) = model_at("bad-deploy", 9, *size);
        press(&mut model, "n z");
        check("zoom", &model);
    }
}

#[test]
fn the_feeds() {
    for size in &SIZES[..2] {
        let (mut model, _) = model_at("region-loss", 9, *size);
        press(&mut model, "0");
        check("feeds", &model);
    }
}

#[test]
fn the_overlays() {
    for size in &SIZES[..2] {
        let (mut model, _) = model_at("bad-deploy", 9, *size);
        press(&mut model, "?");
        check("help", &model);
        press(&mut model, "esc : r o l l");
        check("palette", &model);
        press(&mut model, "esc M");
        check("mended", &model);
        press(&mut model, "esc");
        let now = model.now;
        update(&mut model, now, Msg::Command(CommandId::Scenario));
        press(&mut model, "j j");
        check("picker", &model);
    }
}

#[test]
fn the_smallest_screen_and_one_below_it() {
    check("smallest", &model_at("bad-deploy", 9, Size { width: 60, height: 15 }).0);
    check("too-small", &model_at("bad-deploy", 9, Size { width: 59, height: 15 }).0);
}

#[test]
fn without_unicode_everything_is_ascii_and_in_its_place() {
    for size in SIZES {
        let (mut model, _) = model_at("bad-deploy", 9, size);
        let unicode = draw(&model);
        model.settings.look = Look { glyphs: Glyphs::Ascii, ..model.settings.look };
        let ascii = draw(&model);
        assert!(ascii.content.iter().all(|cell| cell.symbol().is_ascii()));
        // The footer spells its keys out, which takes more room.
        let footer = usize::from(size.width) * usize::from(size.height - 1);
        for (one, other) in unicode.content[..footer].iter().zip(&ascii.content) {
            assert_eq!(one.symbol() == " ", other.symbol() == " ", "{} {}", one.symbol(), other.symbol());
        }
        if size.width == 120 {
            check("ascii", &model);
        }
    }
}

#[test]
fn state_never_hangs_on_colour_alone() {
    // The same letters whatever the colours, and no colour at all where there are none.
    let (mut model, _) = model_at("bad-deploy", 9, SIZES[1]);
    let letters = text_of(&draw(&model));
    for colours in [Colours::None, Colours::Sixteen, Colours::Indexed] {
        model.settings.look.colours = colours;
        let buffer = draw(&model);
        assert_eq!(text_of(&buffer), letters);
        if colours == Colours::None {
            let plain = ratatui::style::Color::Reset;
            assert!(buffer.content.iter().all(|cell| cell.fg == plain && cell.bg == plain));
        }
    }
}

#[test]
fn drill_is_on_every_screen() {
    for size in SIZES {
        let (mut model, _) = model_at("calm", 0, size);
        for keys in ["g", "enter", "esc", "2", "1 ?", "esc :", "esc z"] {
            press(&mut model, keys);
            assert!(text_of(&draw(&model)).contains("DRILL calm"), "{keys} at {}x{}", size.width, size.height);
        }
    }
}

#[test]
fn hostile_names_are_harmless_and_keep_their_columns() {
    let story =
        include_str!("../../assets/scenarios/calm.toml").replace("mended =", "flaws = ['hostile-names']\nmended =");
    let scenario = opscon::drill::scenario::Scenario::parse("hostile", &story).unwrap();
    let start = scenario.start;
    let drill = opscon::drill::Drill::new(scenario, 1, 0, std::sync::Arc::new(move || start));
    for size in SIZES {
        let (mut model, _) = model_at("calm", 0, size);
        for key in model.world.keys().collect::<Vec<_>>() {
            let answer = drill.answer(&key);
            let observation = Observation::of(key, start + SignedDuration::from_secs(1), answer, None);
            update(&mut model, start, Msg::Observed(Box::new(observation)));
        }
        for keys in ["g", "n enter", "n", "n", "esc z"] {
            press(&mut model, keys);
            let buffer = draw(&model);
            for cell in &buffer.content {
                assert!(!cell.symbol().chars().any(|c| c.is_control() || is_invisible(c)), "{:?}", cell.symbol());
            }
            for line in text_of(&buffer).lines() {
                assert!(line.width() <= usize::from(size.width));
            }
        }
    }
}

fn is_invisible(character: char) -> bool {
    matches!(u32::from(character), 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x206F | 0xFEFF | 0xE0000..=0xE0FFF)
}
