//! Without hands only questions go over the wire, whatever keys are pressed.

use std::time::Duration;

use opscon::app::command::COMMANDS;
use opscon::app::key::{Code, Key};
use opscon::app::msg::Msg;
use opscon::aws::{Endpoint, Profiles};
use opscon::runtime::console::{Console, Outcome};
use opscon::runtime::operator::Operator;
use opscon::runtime::worlds::Opened;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::{AWAY, HOME, on_company, origin};
use crate::support::{Inputs, operator, settings};

const STEPS: usize = 10_000;
/// Verbs with which AWS's read operations begin.
const READS: &[&str] = &["BatchGet", "Describe", "Evaluate", "Get", "List", "Lookup", "Search"];
/// Of `service.Operation`.
fn only_asks(called: &str) -> bool {
    let operation = called.rsplit('.').next().unwrap_or(called);
    READS.iter().any(|verb| operation.starts_with(verb))
}

/// The same keys every time.
fn keys(count: usize) -> Vec<Msg> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    let codes =
        [Code::Enter, Code::Tab, Code::Down, Code::Up, Code::Left, Code::Right, Code::Backspace, Code::PageDown];
    let letters: Vec<char> = "aAuLx0123456789nNjkgG/:[]<~+-sSdybczlohmDwebprod ".chars().collect();
    let mut all = Vec::new();
    while all.len() < count {
        all.push(match random(10) {
            0..=4 => Msg::Key(Key::char(letters[random(letters.len())])),
            5 | 6 => Msg::Key(Key::plain(codes[random(codes.len())])),
            7 => Msg::Key(Key::plain(Code::Esc)),
            8 => Msg::Paste("acme-prod".into()),
            _ => Msg::Command(COMMANDS[random(COMMANDS.len())].id),
        });
    }
    all
}

#[test]
fn ten_thousand_keys_send_only_questions() {
    on_company(async |bench, _| {
        let folder = tempfile::tempdir().unwrap();
        for hands in [None, Some(Operator { is_read_only: true, ..operator(folder.path()) })] {
            let origin = origin(&[HOME, AWAY]);
            let endpoint = Endpoint::new(Some(bench.front.url.clone()));
            let opened =
                Opened::aws(std::slice::from_ref(&origin), &Profiles::default(), &endpoint, None, f64::MAX, None);
            let terminal = Terminal::new(TestBackend::new(120, 40)).unwrap();
            let mut console = Console::new(settings(), opened, terminal).unwrap();
            if let Some(operator) = hands {
                console.employ(operator);
            }
            let inputs = Inputs::default();
            let mut left = keys(STEPS);
            let mut pressed = 0;
            while !left.is_empty() {
                for msg in left.drain(..left.len().min(50)) {
                    inputs.send(msg);
                    pressed += 1;
                }
                match tokio::time::timeout(Duration::from_millis(40), console.run(&mut inputs.clone())).await {
                    // Whoever leaves comes back.
                    Err(_) | Ok(Ok(Outcome::Quit | Outcome::Suspend)) => {}
                    ended => panic!("{ended:?}"),
                }
            }
            assert_eq!(pressed, STEPS);
            assert!(
                console.model().world.all_of(opscon::world::item::Kind::Group).next().is_some(),
                "nothing to act on"
            );
            let sent = bench.called();
            assert!(sent.len() > 100, "{}", sent.len());
            let changes: Vec<&String> = sent.iter().filter(|called| !only_asks(called)).collect();
            assert!(changes.is_empty(), "{changes:?}");
        }
    });
}
