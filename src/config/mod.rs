//! Configuration: flags over environment over file over defaults.
//!
//! `config.toml.example` in the repository is this module's defaults, written out; a test keeps the two equal.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::app::keymap::{Keymap, KeymapError};
use crate::app::settings::{ARMED_FOR, Alert, Colours, Glyphs, Ground, Look, OwnColours, Role, Settings};
use crate::domain::dev::DevRule;
use crate::domain::origin::Origin;
use crate::domain::pipeline_rule::PipelineRule;
use crate::domain::recovery::FailoverPlan;
use crate::domain::runbook::Runbook;
use crate::world::board::pipeline_map;
use crate::world::sight::Bearings;
use crate::world::thresholds::Thresholds;

pub mod detect;

/// The example file, which says everything there is to say.
pub const EXAMPLE: &str = include_str!("../../config.toml.example");

/// A file as written.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub ui: Ui,
    pub log: Log,
    pub drill: Drill,
    pub polling: Polling,
    /// Who to be and where, when the command line says neither.
    pub scope: Vec<Origin>,
    /// Keys by command. A command named here has exactly the keys listed for it.
    pub keys: BTreeMap<String, Vec<String>>,
    /// Colours by role, over the theme's own.
    pub colors: BTreeMap<String, String>,
    pub thresholds: Thresholds,
    pub failover: Option<FailoverPlan>,
    /// Where to read what to do, by the name of the alarm.
    pub runbook: Vec<Runbook>,
    pub pipeline: Pipelines,
    pub operations: Operations,
    /// What may be shut down.
    pub dev: DevRule,
    pub github: GitHub,
}

/// Where pipelines take their commits from.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GitHub {
    /// Interface of an Enterprise server; GitHub itself where it is empty.
    pub api: String,
    /// What prints a token, where the environment has none.
    pub token_command: String,
}

/// How pipelines are read.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pipelines {
    /// Which box an action belongs to, where the built-in rules guess wrong: the first rule that fits wins.
    pub map: Vec<PipelineRule>,
}

/// How things may be changed.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Operations {
    /// Nothing may be changed, whatever the command line says.
    pub read_only: bool,
    /// How long changes stay allowed once they are.
    pub armed_for: SignedDuration,
    /// Folder of the journal; the state directory's own where it is empty.
    pub journal: String,
}

impl Default for Operations {
    fn default() -> Self {
        Self { read_only: false, armed_for: ARMED_FOR, journal: String::new() }
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ui {
    pub color: ColorChoice,
    pub glyphs: GlyphChoice,
    /// `local`, or a name of the IANA database.
    pub time_zone: String,
    pub theme: ThemeChoice,
    /// Ring the bell on a new alarm.
    pub bell: bool,
    /// Ask the desktop to tell of a new alarm (OSC 9 and OSC 777).
    pub notify: bool,
    /// The state of the system in the window's title.
    pub title: bool,
    /// Clicks and the wheel; the terminal's own selection then wants Shift.
    pub mouse: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum ThemeChoice {
    /// By the terminal's background, where it tells; else dark.
    #[default]
    Auto,
    Dark,
    Light,
    HighContrast,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum ColorChoice {
    /// What the terminal says of itself.
    #[default]
    Auto,
    None,
    #[serde(rename = "16")]
    #[value(name = "16")]
    Sixteen,
    #[serde(rename = "256")]
    #[value(name = "256")]
    Indexed,
    True,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum GlyphChoice {
    /// Unicode where the locale is UTF-8.
    #[default]
    Auto,
    Unicode,
    Ascii,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    pub level: LogLevel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    Off,
    Error,
    Warn,
    Info,
    Debug,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Drill {
    pub seed: u64,
    /// Simulated seconds in a real one.
    pub speed: f64,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Polling {
    /// What our own asking may cost at list price; what costs money is asked less often to stay below.
    pub max_usd_per_hour: f64,
}

impl Default for Polling {
    fn default() -> Self {
        Self { max_usd_per_hour: 0.10 }
    }
}

impl Default for Ui {
    fn default() -> Self {
        Self {
            color: ColorChoice::Auto,
            glyphs: GlyphChoice::Auto,
            time_zone: "local".into(),
            theme: ThemeChoice::Auto,
            bell: false,
            notify: false,
            title: false,
            mouse: false,
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { level: LogLevel::Info }
    }
}

impl Default for Drill {
    fn default() -> Self {
        Self { seed: 1, speed: 1.0 }
    }
}

/// What the command line says above the file.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    pub color: Option<ColorChoice>,
    pub glyphs: Option<GlyphChoice>,
    pub time_zone: Option<String>,
    pub theme: Option<ThemeChoice>,
    pub log_level: Option<LogLevel>,
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read {path}: {source}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path}:{line}:{column}: {message}", path = path.display())]
    Syntax { path: PathBuf, line: usize, column: usize, message: String },
    #[error("{origin}: {message}")]
    Value { origin: String, message: String },
}

impl Config {
    /// Reads `path`, or the default file where there is one, or nothing.
    pub fn load(path: Option<&Path>) -> Result<Self, ConfigError> {
        let (path, is_wanted) = match path {
            Some(path) => (path.to_owned(), true),
            None => match default_path() {
                Some(path) => (path, false),
                None => return Ok(Self::default()),
            },
        };
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text, &path),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !is_wanted => Ok(Self::default()),
            Err(source) => Err(ConfigError::Read { path, source }),
        }
    }

    /// Reads a text; `path` only names it in errors.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text).map_err(|error| {
            let (line, column) = error.span().map_or((1, 1), |span| place(text, span.start));
            ConfigError::Syntax { path: path.to_owned(), line, column, message: error.message().to_owned() }
        })?;
        let value = |message: String| ConfigError::Value { origin: path.display().to_string(), message };
        config.thresholds.check().map_err(value)?;
        Keymap::with(&config.keys).map_err(|error: KeymapError| value(error.to_string()))?;
        if !(0.1..=1_000.0).contains(&config.drill.speed) {
            return Err(value(format!("drill.speed: {} is not between 0.1 and 1000", config.drill.speed)));
        }
        if !(0.001..=1_000.0).contains(&config.polling.max_usd_per_hour) {
            return Err(value(format!(
                "polling.max_usd_per_hour: {} is not between 0.001 and 1000 USD",
                config.polling.max_usd_per_hour
            )));
        }
        let armed_for = config.operations.armed_for;
        if !(SignedDuration::from_mins(1)..=SignedDuration::from_hours(8)).contains(&armed_for) {
            return Err(value(format!("operations.armed_for: {armed_for:#} is not between a minute and 8 hours")));
        }
        config.dev.check().map_err(value)?;
        check_api(&config.github.api).map_err(value)?;
        check_scopes(&config.scope).map_err(value)?;
        for (number, rule) in config.pipeline.map.iter().enumerate() {
            rule.check(pipeline_map::BOXES).map_err(|message| value(format!("pipeline.map[{number}]: {message}")))?;
        }
        zone(&config.ui.time_zone).map_err(value)?;
        own_colours(&config.colors).map_err(value)?;
        for (number, step) in config.failover.iter().flat_map(|plan| &plan.steps).enumerate() {
            if step.takes.is_negative() {
                return Err(value(format!("failover.steps[{number}].takes: {:#} is less than nothing", step.takes)));
            }
        }
        Ok(config)
    }

    /// What the console runs with: the file, with the environment and then the command line over it.
    pub fn settings(&self, overrides: &Overrides) -> Result<Settings, ConfigError> {
        let from_flag = |message: String| ConfigError::Value { origin: "command line".into(), message };
        let keymap = Keymap::with(&self.keys)
            .map_err(|error| ConfigError::Value { origin: "configuration".into(), message: error.to_string() })?;
        let zone_name = overrides.time_zone.as_ref().unwrap_or(&self.ui.time_zone);
        let colours = match overrides.color.unwrap_or(self.ui.color) {
            ColorChoice::Auto => detect::colours(&detect::Environment::read()),
            ColorChoice::None => Colours::None,
            ColorChoice::Sixteen => Colours::Sixteen,
            ColorChoice::Indexed => Colours::Indexed,
            ColorChoice::True => Colours::True,
        };
        let glyphs = match overrides.glyphs.unwrap_or(self.ui.glyphs) {
            GlyphChoice::Auto => detect::glyphs(&detect::Environment::read()),
            GlyphChoice::Unicode => Glyphs::Unicode,
            GlyphChoice::Ascii => Glyphs::Ascii,
        };
        let ground = match overrides.theme.unwrap_or(self.ui.theme) {
            ThemeChoice::Auto => detect::Environment::read().ground(),
            ThemeChoice::Dark => Ground::Dark,
            ThemeChoice::Light => Ground::Light,
            ThemeChoice::HighContrast => Ground::HighContrast,
        };
        let is_utc = zone_name == "UTC";
        Ok(Settings {
            bearings: Bearings {
                thresholds: self.thresholds.clone(),
                zone: zone(zone_name).map_err(from_flag)?,
                failover: self.failover.clone(),
                runbooks: self.runbook.clone(),
                dev: self.dev.clone(),
                pipeline_rules: self.pipeline.map.clone(),
            },
            look: Look { colours, glyphs, ground, own: own_colours(&self.colors).map_err(from_flag)? },
            keymap,
            asks_ground: overrides.theme.unwrap_or(self.ui.theme) == ThemeChoice::Auto
                && colours != Colours::None
                && detect::Environment::read().colorfgbg.is_none(),
            other_zone: if is_utc { TimeZone::system() } else { TimeZone::UTC },
            alert: Alert { bell: self.ui.bell, notify: self.ui.notify, title: self.ui.title, mouse: self.ui.mouse },
            scenarios: Vec::new(),
            armed_for: self.operations.armed_for,
        })
    }
}

/// A token goes there, and is not to be read on the way.
fn check_api(api: &str) -> Result<(), String> {
    let rest = api.strip_prefix("http://");
    let host = rest.map(|rest| rest.split(['/', ':']).next().unwrap_or(""));
    let is_here = host.is_some_and(|host| ["localhost", "127.0.0.1"].contains(&host));
    let is_sound = api.is_empty() || api.starts_with("https://") || is_here;
    if is_sound && !api.contains(['@', '?', '#']) && !api.chars().any(char::is_whitespace) {
        Ok(())
    } else {
        Err("github.api: not an address such as https://github.example/api/v3".into())
    }
}

/// `#rrggbb` by role.
fn own_colours(colors: &BTreeMap<String, String>) -> Result<OwnColours, String> {
    let mut own = [None; Role::COUNT];
    for (name, text) in colors {
        let role = Role::ALL.iter().find(|role| role.name() == name).ok_or_else(|| {
            let all: Vec<&str> = Role::ALL.iter().map(|role| role.name()).collect();
            format!("colors: there is no role `{name}`; there are {}", all.join(", "))
        })?;
        own[*role as usize] =
            Some(rgb(text).ok_or_else(|| format!("colors.{name}: `{text}` is not a colour such as #e5a838"))?);
    }
    Ok(own)
}

/// `#rrggbb`.
pub fn rgb(text: &str) -> Option<(u8, u8, u8)> {
    let channel = |at: usize| text.get(at..at + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
    (text.len() == 7 && text.starts_with('#')).then(|| Some((channel(1)?, channel(3)?, channel(5)?))).flatten()
}

/// Each scope is sound, and no two are called the same: the name is what tells them apart on screen.
fn check_scopes(scopes: &[Origin]) -> Result<(), String> {
    for (number, origin) in scopes.iter().enumerate() {
        origin.check().map_err(|message| format!("scope[{number}].{message}"))?;
        if let Some(colour) = origin.colour.as_ref().filter(|colour| rgb(colour).is_none()) {
            return Err(format!("scope[{number}].colour: `{colour}` is not a colour such as #e5a838"));
        }
        if let Some(first) = scopes[..number].iter().position(|other| other.label() == origin.label()) {
            return Err(format!(
                "scope[{number}]: `{}` is what scope[{first}] is called too; give one of them a `name`",
                origin.label()
            ));
        }
    }
    Ok(())
}

/// Where the file is looked for when no other is named.
pub fn default_path() -> Option<PathBuf> {
    etcetera::choose_base_strategy().ok().map(|base| base.config_dir().join("opscon").join("config.toml"))
}

fn zone(name: &str) -> Result<TimeZone, String> {
    if name == "local" {
        return Ok(TimeZone::system());
    }
    TimeZone::get(name)
        .map_err(|_| format!("ui.time_zone: `{name}` is neither `local` nor a zone such as Europe/Paris"))
}

/// Line and column of a byte, counted from one, columns in characters.
fn place(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Config::parse(text, Path::new("c.toml")).unwrap_err().to_string()
    }

    #[test]
    fn colours_of_ones_own_are_read_and_mistakes_named() {
        let config = Config::parse("[colors]\naccent = \"#61afef\"", Path::new("c.toml")).unwrap();
        let own = config.settings(&Overrides::default()).unwrap().look.own;
        assert_eq!(own[Role::Accent as usize], Some((0x61, 0xaf, 0xef)));
        assert!(error("[colors]\nacent = \"#61afef\"").contains("there is no role `acent`; there are text, strong"));
        assert!(error("[colors]\nbad = \"red\"").contains("colors.bad: `red` is not a colour such as #e5a838"));
        assert!(error("[colors]\nbad = \"#ééé\"").contains("is not a colour"));
    }

    #[test]
    fn scopes_are_read_and_mistakes_named() {
        let text = "[[scope]]\nprofile = 'acme-prod'\nregions = ['eu-west-1', 'eu-central-1']\ncolour = '#c0392b'\n\
                    [[scope]]\nname = 'dev'\nrole_arn = 'arn:aws:iam::210987654321:role/ops'\nexternal_id = 'x'\n\
                    source_profile = 'acme'\nenvironment = 'dev'";
        let config = Config::parse(text, Path::new("c.toml")).unwrap();
        let labels: Vec<String> = config.scope.iter().map(Origin::label).collect();
        assert_eq!(labels, ["acme-prod", "dev"]);
        assert!(error("[[scope]]\nregions = ['Mars']").contains("scope[0].regions: `Mars` is not a region"));
        assert!(error("[[scope]]\nprofil = 'x'").contains("unknown field `profil`"));
        assert!(error("[[scope]]\ncolour = 'red'").contains("scope[0].colour: `red`"));
        assert!(error("[[scope]]\nprofile = 'a'\n[[scope]]\nprofile = 'a'").contains("give one of them a `name`"));
        assert!(error("[polling]\nmax_usd_per_hour = 0").contains("polling.max_usd_per_hour: 0 is not between"));
    }

    #[test]
    fn runbooks_are_rules() {
        let text = "[[runbook]]\npattern = \"web-*\"\nurl = \"https://wiki/{name}\"";
        let config = Config::parse(text, Path::new("c.toml")).unwrap();
        let rules = config.settings(&Overrides::default()).unwrap().bearings.runbooks;
        assert_eq!(rules[0].link(&"web-5xx".into()).as_deref(), Some("https://wiki/web-5xx"));
        assert!(error("[[runbook]]\npatern = \"x\"").contains("patern"));
    }

    #[test]
    fn what_is_never_shut_down_is_said() {
        let config = Config::parse("[dev]\nnever = ['build-agent-*', 'keep=*']", Path::new("c.toml")).unwrap();
        let rule = config.settings(&Overrides::default()).unwrap().bearings.dev;
        assert_eq!(rule.never, ["build-agent-*", "keep=*"]);
        assert!(error("[dev]\nenvironments = ['prod']").contains("dev.environments: prod is never shut down"));
        assert!(error("[dev]\nnever = ['']").contains("dev.never[0] is empty"));
        assert!(error("[dev]\nnver = []").contains("unknown field `nver`"));
    }

    #[test]
    fn pipelines_are_mapped_by_rules() {
        let text = "[[pipeline.map]]\naction = '*contract*'\nbox = 'ci-pipeline.integration-tests'\n\
                    [[pipeline.map]]\nstage = 'canary'\ncategory = 'deploy'\nbox = 'none'";
        let config = Config::parse(text, Path::new("c.toml")).unwrap();
        let rules = config.settings(&Overrides::default()).unwrap().bearings.pipeline_rules;
        assert_eq!(
            rules.iter().map(PipelineRule::words).collect::<Vec<_>>(),
            ["action *contract*", "stage canary, category deploy"]
        );
        assert!(error("[[pipeline.map]]\naction = 'x'").contains("c.toml: pipeline.map[0]: box: `` is no id of a box"));
        assert!(error("[[pipeline.map]]\nbox = 'none'").contains("pipeline.map[0]: names no stage"));
        let second = "[[pipeline.map]]\naction='x'\nbox='none'\n[[pipeline.map]]\naction='x'\nbox='data-layer.redis'";
        assert!(error(second).contains("pipeline.map[1]: box: "), "{}", error(second));
        assert!(error("[[pipeline.map]]\nname = 'x'").contains("unknown field `name`"));
    }

    #[test]
    fn the_example_is_the_defaults() {
        assert_eq!(Config::parse(EXAMPLE, Path::new("example")).unwrap(), Config::default());
    }

    #[test]
    fn the_example_names_every_threshold() {
        let document: toml::Table = EXAMPLE.parse().unwrap();
        let written = document["thresholds"].as_table().unwrap();
        let all = toml::Table::try_from(Thresholds::default()).unwrap();
        let missing: Vec<&String> = all.keys().filter(|key| !written.contains_key(*key)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn mistakes_are_named_with_file_line_and_column() {
        assert!(error("[ui]\ncolour = 'auto'\n").starts_with("c.toml:2:1: unknown field `colour`, expected one of"));
        assert!(error("[ui]\ncolor = 'pink'\n").starts_with("c.toml:2:9: unknown variant `pink`"));
        assert!(error("[thresholds]\nrpo_minutes = 'x'\n").starts_with("c.toml:2:15: invalid type"));
        assert!(error("[ui\n").starts_with("c.toml:1:4:"), "{}", error("[ui\n"));
        assert_eq!(
            error("[thresholds]\nalb_error_percent = { warn = 9, bad = 5 }\n"),
            "c.toml: thresholds.alb_error_percent: warn (9) is above bad (5)"
        );
        assert_eq!(error("[keys]\nzoom = ['q']\n"), "c.toml: keys: `q` is given to both `quit` and `zoom`");
        assert!(error("[ui]\ntime_zone = 'Mars'\n").contains("`Mars` is neither `local` nor a zone"));
    }

    #[test]
    fn the_command_line_stands_above_the_file() {
        let config =
            Config::parse("[ui]\ncolor = '16'\nglyphs = 'ascii'\ntime_zone = 'Europe/Paris'\n", Path::new("c"))
                .unwrap();
        let settings = config.settings(&Overrides::default()).unwrap();
        assert_eq!(settings.look, Look { colours: Colours::Sixteen, glyphs: Glyphs::Ascii, ..Look::default() });
        let overrides =
            Overrides { color: Some(ColorChoice::None), time_zone: Some("UTC".into()), ..Overrides::default() };
        let settings = config.settings(&overrides).unwrap();
        assert_eq!(settings.look.colours, Colours::None);
        assert_eq!(settings.bearings.zone.iana_name(), Some("UTC"));
    }
}
