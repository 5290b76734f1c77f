//! Anything at all, in any order: the console must neither panic nor show what cannot be printed.

use jiff::SignedDuration;
use opscon::app::command::COMMANDS;
use opscon::app::key::{Code, Key};
use opscon::app::model::Model;
use opscon::app::msg::{Cmd, Msg, Size, WorldSpec};
use opscon::app::settings::{Colours, Glyphs, Look};
use opscon::app::update::update;
use opscon::domain::text::Text;
use opscon::drill::scenario::SHIPPED;
use opscon::runtime::worlds::Opened;
use opscon::world::port::Observation;
use proptest::prelude::*;
use ratatui::backend::CrosstermBackend;
use ratatui::{Terminal, TerminalOptions, Viewport};

use crate::support::{draw, settings};

/// One thing that can happen.
#[derive(Clone, Debug)]
enum Step {
    Key(Key),
    Command(usize),
    Paste(String),
    Click(u16, u16),
    Wheel(isize),
    Resize(u16, u16),
    /// Time goes on, or is set back.
    Wait(i64),
    /// So many of the questions are answered, from a random one on.
    Read(usize, usize),
}

fn step() -> impl Strategy<Value = Step> {
    let code = prop_oneof![
        any::<char>().prop_map(Code::Char),
        prop::sample::select("jkgGnNzqHM12:?[]/<> ".chars().collect::<Vec<_>>()).prop_map(Code::Char),
        prop::sample::select(vec![
            Code::Enter,
            Code::Esc,
            Code::Tab,
            Code::BackTab,
            Code::Backspace,
            Code::Delete,
            Code::Up,
            Code::Down,
            Code::Left,
            Code::Right,
            Code::Home,
            Code::End,
            Code::PageUp,
            Code::PageDown,
            Code::Function(5),
        ]),
    ];
    let key = (code, prop::bool::weighted(0.1), prop::bool::weighted(0.05)).prop_map(|(code, ctrl, alt)| Key {
        code,
        ctrl,
        alt,
    });
    prop_oneof![
        10 => key.prop_map(Step::Key),
        4 => (0..COMMANDS.len()).prop_map(Step::Command),
        1 => any::<String>().prop_map(Step::Paste),
        1 => (0_u16..260, 0_u16..90).prop_map(|(column, row)| Step::Click(column, row)),
        1 => (-9_isize..9).prop_map(Step::Wheel),
        2 => (0_u16..260, 0_u16..90).prop_map(|(width, height)| Step::Resize(width, height)),
        2 => (-100_i64..4_000).prop_map(Step::Wait),
        3 => (0_usize..200, 0_usize..60).prop_map(|(from, count)| Step::Read(from, count)),
    ]
}

fn apply(model: &mut Model, opened: &mut Opened, at: &mut jiff::Timestamp, step: Step) {
    let cmds = match step {
        Step::Key(key) => update(model, *at, Msg::Key(key)),
        Step::Command(number) => update(model, *at, Msg::Command(COMMANDS[number].id)),
        Step::Click(column, row) => update(model, *at, Msg::Click { column, row }),
        Step::Wheel(lines) => update(model, *at, Msg::Wheel(lines)),
        Step::Paste(text) => update(model, *at, Msg::Paste(text)),
        Step::Resize(width, height) => update(model, *at, Msg::Resize(Size { width, height })),
        Step::Wait(seconds) => {
            *at += SignedDuration::from_secs(seconds);
            update(model, *at, Msg::Tick)
        }
        Step::Read(from, count) => {
            for key in opened.keys().into_iter().cycle().skip(from).take(count) {
                let answer = opened.drill.as_ref().unwrap().answer(&key);
                let observation = Observation::of(key, *at, answer, None);
                update(model, *at, Msg::Observed(Box::new(observation)));
            }
            Vec::new()
        }
    };
    for cmd in cmds {
        match cmd {
            Cmd::Inject(feed, class) => opened.drill.as_ref().unwrap().inject(feed, class),
            Cmd::ClearFaults => opened.drill.as_ref().unwrap().clear_faults(),
            Cmd::Open(spec) => {
                *opened = Opened::frozen(&spec).unwrap();
                *at = opened.at();
                update(model, *at, Msg::Opened(Box::new(opened.session.clone())));
            }
            Cmd::Want(keys) => {
                for key in keys {
                    let answer = opened.drill.as_ref().unwrap().answer(&key);
                    let observation = Observation::of(key, *at, answer, None);
                    update(model, *at, Msg::Observed(Box::new(observation)));
                }
            }
            Cmd::Execute(..)
            | Cmd::LookAgain { .. }
            | Cmd::StopWaiting(_)
            | Cmd::ReadJournal
            | Cmd::EnterCode { .. }
            | Cmd::Poll(_)
            | Cmd::Focus(_)
            | Cmd::Copy { .. }
            | Cmd::Browse(_)
            | Cmd::Alert(_)
            | Cmd::Suspend
            | Cmd::Quit => {}
        }
    }
}

fn look() -> impl Strategy<Value = Look> {
    (
        prop::sample::select(vec![Colours::None, Colours::Sixteen, Colours::Indexed, Colours::True]),
        prop::sample::select(vec![Glyphs::Unicode, Glyphs::Ascii]),
    )
        .prop_map(|(colours, glyphs)| Look { colours, glyphs, ..Look::default() })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_every_frame_can_be_drawn(
        scenario in 0..SHIPPED.len(),
        minutes in 0_i64..20,
        seed in any::<u64>(),
        look in look(),
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let spec = WorldSpec { seed, at: SignedDuration::from_mins(minutes), ..WorldSpec::of(SHIPPED[scenario].0) };
        let mut opened = Opened::frozen(&spec).unwrap();
        let mut at = opened.at();
        let mut model = Model::new(settings(), opened.session.clone(), Size { width: 120, height: 40 });
        model.settings.look = look;
        for step in steps {
            apply(&mut model, &mut opened, &mut at, step.clone());
            let buffer = draw(&model);
            for cell in &buffer.content {
                prop_assert!(
                    cell.symbol().chars().all(Text::may_hold),
                    "{:?} after {step:?}", cell.symbol()
                );
            }
        }
    }

    #[test]
    fn no_frame_costs_more_than_its_screen_is_worth(
        scenario in 0..SHIPPED.len(),
        minutes in 0_i64..20,
        width in 60_u16..220,
        height in 15_u16..70,
    ) {
        let spec = WorldSpec { at: SignedDuration::from_mins(minutes), ..WorldSpec::of(SHIPPED[scenario].0) };
        let opened = Opened::frozen(&spec).unwrap();
        let mut model = Model::new(settings(), opened.session.clone(), Size { width, height });
        crate::support::read_everything(&mut model, &opened);
        let mut bytes = Vec::new();
        let options = TerminalOptions { viewport: Viewport::Fixed(ratatui::layout::Rect::new(0, 0, width, height)) };
        {
            let mut terminal = Terminal::with_options(CrosstermBackend::new(&mut bytes), options).unwrap();
            terminal.draw(|frame| _ = opscon::view::draw(&model, frame)).unwrap();
        }
        // A whole first frame, colours and all, over a slow line: at most six bytes for each cell of the screen.
        prop_assert!(bytes.len() <= usize::from(width) * usize::from(height) * 6, "{} bytes", bytes.len());
    }
}
