//! `opscon doctor`: is everything there that the console rests on? Asks every feed once but those that cost money.

use super::args::{self, Common, Output};
use super::look::Look;
use super::{CliError, print, readable, settings};
use crate::app::settings::{Colours, Glyphs, Settings};
use crate::config::{Config, default_path};
use crate::report::doctor::{Finding, Grade, of_world, text};
#[cfg(feature = "aws")]
use crate::runtime::clock::Clock;
use crate::runtime::log;
#[cfg(feature = "aws")]
use crate::world::Place;
use crate::world::World;
use crate::world::feed::{Feed, Price, READ_FROM_AWS};

/// Something is missing, nothing works.
const WARN: u8 = 1;
const FAIL: u8 = 2;

pub(super) fn run(common: &Common, args: &args::Doctor) -> Result<u8, CliError> {
    let (config, mut settings) = settings(common)?;
    let mut findings = vec![configuration(common), terminal(&settings), journal(common)];
    if let Some(endpoint) = &endpoint(common) {
        let words = format!("{endpoint} is asked in AWS's place");
        findings.push(Finding::of(
            Grade::Warn,
            "endpoint",
            words,
            "without --endpoint-url and AWS_ENDPOINT_URL it is AWS itself",
        ));
    }
    let look = Look { common, from: &args.from, config: &config, command: "opscon doctor".into() };
    let costs_nothing = |feed: Feed| feed.price() == Price::Free;
    let (opened, world) = look.take(&mut settings, costs_nothing)?;
    findings.extend(of_world(&world));
    // A drill has no GitHub but its own.
    if opened.drill.is_none() {
        findings.extend(commits(&world, &config));
    }
    let costly: Vec<&str> =
        READ_FROM_AWS.iter().filter(|feed| !costs_nothing(**feed)).map(|feed| feed.name()).collect();
    findings.push(Finding::ok("not tried", format!("{}: asking costs money", costly.join(", "))));
    match args.output {
        Output::Json => print(&(serde_json::to_string_pretty(&findings).unwrap_or_default() + "\n"))?,
        Output::Text => print(&readable(text(&findings), &settings))?,
    }
    Ok(match findings.iter().map(|finding| finding.grade).max() {
        Some(Grade::Fail) => FAIL,
        Some(Grade::Warn) => WARN,
        _ => 0,
    })
}

fn configuration(common: &Common) -> Finding {
    let path = common.config.clone().or_else(default_path).filter(|path| path.exists());
    Finding::ok("configuration", path.map_or_else(|| "no file: the defaults".into(), |path| path.display().to_string()))
}

fn terminal(settings: &Settings) -> Finding {
    let colours = match settings.look.colours {
        Colours::None => "no colours",
        Colours::Sixteen => "16 colours",
        Colours::Indexed => "256 colours",
        Colours::True => "all colours",
    };
    let signs = if settings.look.glyphs == Glyphs::Ascii { "ASCII" } else { "Unicode" };
    let around = match (std::env::var_os("TMUX"), std::env::var_os("STY")) {
        (Some(_), _) => ", in tmux: copying needs `set -g set-clipboard on`",
        (None, Some(_)) => ", in screen",
        (None, None) => "",
    };
    Finding::ok("terminal", format!("{colours}, {signs}{around}"))
}

fn journal(common: &Common) -> Finding {
    match common.log_file.clone().or_else(log::default_path) {
        Some(path) => Finding::ok("log", path.display().to_string()),
        None => Finding::of(Grade::Warn, "log", "no home directory to keep one in".into(), "--log-file names one"),
    }
}

/// How much GitHub may still be asked, where some pipeline takes commits from there.
#[cfg(feature = "aws")]
fn commits(world: &World, config: &Config) -> Option<Finding> {
    const WHAT: &str = "github";
    let clock = Clock::wall();
    let is_asked =
        |place: &Place| place.feeds.repositories.items().any(|it| it.provider.as_str().starts_with("GitHub"));
    if !world.places().iter().any(is_asked) {
        return None;
    }
    let github = crate::runtime::worlds::github(&config.github, clock);
    let budget = super::console::runtime().ok()?.block_on(github.budget());
    Some(match budget {
        Ok(budget) => Finding::ok(WHAT, format!("{}, with {}", budget.words(clock.now()), github.whence())),
        Err(error) => Finding::of(
            Grade::Warn,
            WHAT,
            format!("{}: {}", error.class.word(), error.message),
            "commits and pull requests of GitHub are not read; the rest is",
        ),
    })
}

#[cfg(not(feature = "aws"))]
fn commits(_: &World, _: &Config) -> Option<Finding> {
    None
}

#[cfg(feature = "aws")]
fn endpoint(common: &Common) -> Option<String> {
    crate::aws::Endpoint::new(common.place.endpoint_url.clone()).banner()
}

#[cfg(not(feature = "aws"))]
fn endpoint(_: &Common) -> Option<String> {
    None
}
