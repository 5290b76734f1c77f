//! F5: the command line. One file per command; what they share is here.

mod approve;
mod args;
mod completions;
mod config;
mod console;
mod doctor;
mod drill;
mod iam_policy;
mod journal;
mod keys;
mod look;
mod operator;
#[cfg(feature = "aws")]
mod origins;
mod plan;
mod run;
mod show;
#[cfg(feature = "aws")]
mod sign_in;
mod status;
#[cfg(feature = "aws")]
mod watch;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

pub use args::Args;
use args::Command;

use crate::app::settings::{Glyphs, Settings};
use crate::config::{Config, ConfigError};
use crate::domain::text::Text;
use crate::runtime::worlds::{OpenError, scenario_cards};
use crate::view::ascii;

/// A wrong command line or configuration, in every command: EX_USAGE of `sysexits.h`.
const USAGE: u8 = 64;
const FAILURE: u8 = 1;
/// Longer lines of a message are cut.
const LONGEST_LINE: usize = 2_000;

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
enum CliError {
    #[error("{0}")]
    Usage(String),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Output(#[from] io::Error),
    #[error("{0:?}")]
    Other(color_eyre::Report),
}

impl CliError {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Config(_) | Self::Open(_) => USAGE,
            Self::Output(_) | Self::Other(_) => FAILURE,
        }
    }
}

/// Runs the command line and returns the exit code.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => return explain(&error),
    };
    let outcome = match &args.command {
        Some(Command::Drill(drill)) => drill::run(&args.common, drill),
        Some(Command::Status(status)) => status::run(&args.common, status),
        Some(Command::Show(of)) => show::run(&args.common, &of.tab, &of.show),
        Some(Command::Alarms(show)) => show::run(&args.common, "alarms", show),
        Some(Command::Plan(plan)) => plan::run(&args.common, plan),
        Some(Command::Run(run)) => run::run(&args.common, run),
        Some(Command::Approve(approve)) => approve::run(&args.common, approve),
        Some(Command::Journal(journal)) => journal::run(&args.common, journal),
        Some(Command::Doctor(doctor)) => doctor::run(&args.common, doctor),
        Some(Command::Keys) => keys::run(&args.common),
        Some(Command::IamPolicy { write, .. }) => iam_policy::run(*write),
        Some(Command::Config { action }) => config::run(&args.common, action),
        Some(Command::Completions { shell }) => completions::run(*shell),
        None => watch(&args.common),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        // Whoever was reading has what they wanted: `opscon status | head -1` is not a failure.
        Err(CliError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error.to_string());
            ExitCode::from(error.exit_code())
        }
    }
}

/// Help and version go out, mistakes go to the error stream with the exit code for them.
fn explain(error: &clap::Error) -> ExitCode {
    let is_wanted = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let text = error.render().to_string();
    if is_wanted {
        let _ = io::stdout().lock().write_all(text.as_bytes());
        ExitCode::SUCCESS
    } else {
        let _ = io::stderr().lock().write_all(text.as_bytes());
        ExitCode::from(USAGE)
    }
}

#[cfg(feature = "aws")]
fn watch(common: &args::Common) -> Result<u8, CliError> {
    watch::run(common)
}

#[cfg(not(feature = "aws"))]
fn watch(_: &args::Common) -> Result<u8, CliError> {
    Err(CliError::Usage(format!(
        "{WITHOUT_AWS}\nhint: `opscon drill` opens the console on a simulated company, and needs nothing"
    )))
}

/// What a build with `--no-default-features` is.
#[cfg(not(feature = "aws"))]
const WITHOUT_AWS: &str = "this build leaves AWS out; one made without `--no-default-features` has it";

/// What is quoted in a message (a name from the command line, a line of a file) may hold anything.
fn complain(message: &str) {
    let lines: Vec<String> = message.lines().map(|line| Text::cut_to(line, LONGEST_LINE).to_string()).collect();
    let _ = writeln!(io::stderr().lock(), "opscon: {}", lines.join("\n"));
}

fn print(text: &str) -> Result<(), CliError> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// The file with the environment and the flags over it.
fn settings(common: &args::Common) -> Result<(Config, Settings), CliError> {
    let config = Config::load(common.config.as_deref())?;
    let mut settings = config.settings(&common.overrides())?;
    settings.scenarios = scenario_cards();
    Ok((config, settings))
}

/// Text for a person, in letters their terminal has.
fn readable(text: String, settings: &Settings) -> String {
    if settings.look.glyphs == Glyphs::Ascii { ascii::flat(&text) } else { text }
}

/// The console needs a terminal on both sides, and one that can place a cursor.
fn require_terminal() -> Result<(), CliError> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(CliError::Usage("not a terminal; for scripts and pipes there is `opscon status`".into()));
    }
    if crate::config::detect::is_dumb(&crate::config::detect::Environment::read()) {
        let message = "TERM says this terminal cannot place its cursor; set TERM, or use `opscon status`";
        return Err(CliError::Usage(message.into()));
    }
    Ok(())
}
