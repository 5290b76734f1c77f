//! The console on a terminal: taken, driven, suspended, and given back, whatever world it watches.

use std::time::Duration;

use color_eyre::eyre::WrapErr;
use crossterm::event::EventStream;
use futures_util::StreamExt;
use tracing_subscriber::filter::LevelFilter;

use super::args::Common;
use crate::app::key::{Code, Key};
use crate::app::msg::Msg;
use crate::app::overlay::Overlay;
use crate::app::settings::{Ground, Settings};
use crate::config::{Config, LogLevel};
use crate::runtime::console::{Aside, Console, Outcome};
use crate::runtime::input::{self, LateAnswer};
use crate::runtime::log;
use crate::runtime::operator::Operator;
use crate::runtime::osc::{self, Multiplexer};
use crate::runtime::signals::{Signal, Signals};
use crate::runtime::terminal::{self, Guard};
use crate::runtime::worlds::Opened;

/// Exit code of a console whose terminal went away: that of SIGHUP.
const HUNG_UP: u8 = 128 + 1;

/// Two threads: one draws while the other reads.
pub(super) fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
}

/// How a console begins.
#[derive(Debug, Default)]
pub(super) struct Beginning {
    /// With the choice of a drill open.
    pub picks: bool,
    /// For the operator, before anything else.
    pub notices: Vec<String>,
    pub panics: bool,
    /// Who may change something, and whether they may from the start, for this reason.
    pub operator: Option<Operator>,
    pub armed: Option<String>,
}

pub(super) async fn console(settings: Settings, opened: Opened, beginning: Beginning) -> color_eyre::Result<u8> {
    terminal::install_panic_hook()?;
    let mut signals = Signals::listen().wrap_err("cannot listen for signals")?;
    let alert = settings.alert;
    let asks_ground = settings.asks_ground;
    let mut guard = Guard::take(alert).wrap_err("cannot take the terminal")?;
    let mut console = Console::new(settings, opened, terminal::screen()?)?;
    console.send_aside(aside());
    if let Some(operator) = beginning.operator {
        console.employ(operator);
    }
    if let Some(reason) = beginning.armed {
        console.arm(&reason);
    }
    if beginning.picks {
        console.model_mut().overlays.push(Overlay::Picker { selected: 0 });
    }
    for notice in beginning.notices {
        console.model_mut().notify(notice);
    }
    console.prime().await;
    let (mut typed, is_late) = if asks_ground { settle_ground(&mut console)? } else { (Vec::new(), false) };
    let mut late = LateAnswer::new(is_late);
    loop {
        // A terminal that can no longer be read is gone; asking it again would only spin.
        let events = EventStream::new().take_while(|event| {
            if let Err(error) = event {
                tracing::error!(%error, "the terminal cannot be read");
            }
            std::future::ready(event.is_ok())
        });
        let events = events.filter_map(|event| std::future::ready(event.ok().and_then(input::message)));
        let events = events.filter(|msg| std::future::ready(late.lets_through(msg)));
        let mut inputs = futures_util::stream::iter(std::mem::take(&mut typed)).chain(events);
        let outcome = tokio::select! {
            signal = signals.next() => match signal {
                Signal::End(number) => {
                    tracing::info!(number, "ended by a signal");
                    drop(guard);
                    return Ok(128 + number);
                }
                Signal::Pause => Outcome::Suspend,
            },
            outcome = console.run(&mut inputs) => match outcome {
                Ok(outcome) => outcome,
                // The hang-up itself may still be on its way.
                Err(error) if terminal::is_gone(&error) => Outcome::Closed,
                Err(error) => {
                    drop(guard);
                    return Err(error).wrap_err("the terminal failed");
                }
            },
            () = panic_if_asked(beginning.panics) => Outcome::Quit,
        };
        match outcome {
            // The guard goes before the screen, which writes to the terminal once more when it is dropped.
            Outcome::Quit => {
                drop(guard);
                return Ok(0);
            }
            Outcome::Closed => {
                drop(guard);
                return Ok(HUNG_UP);
            }
            Outcome::Suspend if !terminal::can_be_resumed() => {
                console.model_mut().notify("no shell to suspend to: nobody could bring the console back");
            }
            Outcome::Suspend => {
                // Nobody may read the keyboard while the shell has it.
                drop(inputs);
                drop(guard);
                terminal::stop_until_resumed().wrap_err("cannot suspend")?;
                guard = Guard::take(alert).wrap_err("cannot take the terminal again")?;
                console.repaint()?;
            }
        }
    }
}

/// How long a terminal may take to say what its background is. Far away it takes as long as a key does.
const NEAR: Duration = Duration::from_millis(150);
const FAR: Duration = Duration::from_secs(1);

/// Draws the first frame, then asks whether the background is light, and draws anew if it is: nobody waits for the answer to
/// see the board. Returns the keys typed meanwhile, and
/// whether the answer is still to come.
fn settle_ground(console: &mut Console<terminal::Backend>) -> color_eyre::Result<(Vec<Msg>, bool)> {
    if !multiplexer().answers_in_order() {
        return Ok((Vec::new(), false));
    }
    console.draw_now()?;
    let patience = if std::env::var_os("SSH_CONNECTION").is_some() { FAR } else { NEAR };
    let answer = terminal::ask_background(patience);
    if answer.ground == Some(osc::Ground::Light) {
        console.model_mut().settings.look.ground = Ground::Light;
        console.repaint()?;
    }
    let key = |byte: u8| match byte {
        b'\r' => Key::plain(Code::Enter),
        b'\t' => Key::plain(Code::Tab),
        0x7f => Key::plain(Code::Backspace),
        0x03 => Key::ctrl('c'),
        letter => Key::char(char::from(letter)),
    };
    Ok((answer.typed.into_iter().map(|byte| Msg::Key(key(byte))).collect(), answer.is_late))
}

fn multiplexer() -> Multiplexer {
    let of = |name: &str| std::env::var(name).ok();
    Multiplexer::from_environment(of("TMUX").as_deref(), of("STY").as_deref(), of("TERM").as_deref())
}

/// The terminal, for what is no drawing.
fn aside() -> Aside {
    Aside::new(Box::new(terminal::line()), multiplexer())
}

#[expect(clippy::panic, reason = "asked for on the command line, to prove that the terminal survives")]
async fn panic_if_asked(asked: bool) {
    if !asked {
        return std::future::pending().await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    panic!("asked to panic by --panic");
}

/// Logging that cannot start is worth a word, and no reason to stay away.
pub(super) fn start_log(common: &Common, config: &Config) -> Option<String> {
    let level = match common.log_level.unwrap_or(config.log.level) {
        LogLevel::Off => return None,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    let path = common.log_file.clone().or_else(log::default_path)?;
    match log::start(&path, level) {
        Ok(()) => {
            tracing::info!(version = env!("CARGO_PKG_VERSION"), "opened");
            None
        }
        Err(error) => Some(format!("no log: {}: {error}", path.display())),
    }
}
