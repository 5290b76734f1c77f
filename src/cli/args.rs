//! What can be written after `opscon`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Arg, ArgMatches, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::app::msg::WorldSpec;
use crate::config::{ColorChoice, GlyphChoice, LogLevel, Overrides, ThemeChoice};
use crate::ops::{OPERATIONS, Params};
use crate::world::feed::Feed;
use crate::world::port::FaultClass;

/// A terminal operations console for AWS: what broke, where, what changed.
#[derive(Debug, Parser)]
#[command(name = "opscon", version, disable_help_subcommand = true)]
pub struct Args {
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, clap::Args)]
pub struct Common {
    /// Configuration file [default: the one `opscon config path` names]
    #[arg(long, global = true, value_name = "FILE", env = "OPSCON_CONFIG")]
    pub config: Option<PathBuf>,
    /// Colours to draw with
    #[arg(long, global = true, value_name = "WHAT", env = "OPSCON_COLOR", alias = "colour")]
    pub color: Option<ColorChoice>,
    /// Signs to draw with
    #[arg(long, global = true, value_name = "WHAT", env = "OPSCON_GLYPHS")]
    pub glyphs: Option<GlyphChoice>,
    /// Zone to show times in: local, or a name such as Europe/Paris
    #[arg(long, global = true, value_name = "ZONE", env = "OPSCON_TIME_ZONE")]
    pub time_zone: Option<String>,
    /// Theme: auto, dark, light or high-contrast
    #[arg(long, global = true, value_name = "THEME", env = "OPSCON_THEME")]
    pub theme: Option<ThemeChoice>,
    /// File to log to [default: opscon.log in the state directory]
    #[arg(long, global = true, value_name = "FILE", env = "OPSCON_LOG_FILE")]
    pub log_file: Option<PathBuf>,
    /// Allow changes from the start, for a while and for this reason: an incident's number, or words for the journal
    #[arg(long, global = true, value_name = "REASON")]
    pub write: Option<String>,
    #[command(flatten)]
    pub place: Place,
    /// How much to log
    #[arg(long, global = true, value_name = "LEVEL", env = "OPSCON_LOG_LEVEL")]
    pub log_level: Option<LogLevel>,
}

/// Who to be in AWS, and where.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Place {
    /// Profile of the AWS configuration to use; may be repeated [default: the scopes of the configuration, or the SDK's own choice]
    #[arg(long, global = true, value_name = "PROFILE", help_heading = "AWS")]
    pub profile: Vec<String>,
    /// Region to watch; may be repeated [default: the profile's own]
    #[arg(long, global = true, value_name = "REGION", value_delimiter = ',', help_heading = "AWS")]
    pub region: Vec<String>,
    /// Only these scopes of the configuration, by name; may be repeated
    #[arg(long, global = true, value_name = "NAME", conflicts_with = "profile", help_heading = "AWS")]
    pub scope: Vec<String>,
    /// Where to send every call instead of to AWS, such as an emulator
    #[arg(long, global = true, value_name = "URL", value_parser = url, help_heading = "AWS")]
    pub endpoint_url: Option<String>,
}

impl Common {
    pub fn overrides(&self) -> Overrides {
        Overrides {
            color: self.color,
            glyphs: self.glyphs,
            time_zone: self.time_zone.clone(),
            theme: self.theme,
            log_level: self.log_level,
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Open the console on a simulated company, where something is about to break
    Drill(Drill),
    /// Print the board once: exit 0 healthy, 1 warn, 2 bad, 3 could not tell
    Status(Status),
    /// Print a list once, as a table, JSON or CSV: board, alarms, pipelines, timeline, traces, compute, data, cost,
    /// dashboards, metrics, instances, feeds, api
    Show(ShowTab),
    /// Short for `show alarms`
    Alarms(Show),
    /// Print what an operation would do and send, as things are; nothing is sent
    Plan(Plan),
    /// Carry out an operation and watch it to its end: exit 0 verified, 4 refused, 5 not reached, 6 uncertain
    Run(Run),
    /// Approve what another login on this machine asks a second person for, by its code
    Approve(Approve),
    /// Print what was done with opscon: who, when, why, and what became of it; exit 1 if the journal was tampered with
    Journal(Journal),
    /// Look at everything the console rests on: who we are, what the role may read, the terminal
    Doctor(Doctor),
    /// Print the key table
    Keys,
    /// Print the least-privilege IAM policy for what opscon asks, or for what it can change
    IamPolicy {
        /// For reading, which is the default
        #[arg(long, conflicts_with = "write")]
        read: bool,
        /// For every call that changes something, to be attached beside the one for reading. AWS may demand `iam:PassRole`
        /// too, of the roles of a task or a database: grant that for those roles alone. Elsewhere than in the partition
        /// `aws`, its name in the ARNs is another.
        #[arg(long)]
        write: bool,
    },
    /// Show, check or find the configuration
    Config {
        #[command(subcommand)]
        action: ConfigAction,
    },
    /// Print a completion script for a shell
    Completions { shell: Shell },
}

#[derive(Debug, clap::Args)]
pub struct Drill {
    /// What happens; without a name there is a choice
    pub scenario: Option<String>,
    /// The same seed is the same world [default: 1]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Simulated seconds in a real one [default: 1]
    #[arg(long, value_name = "X", value_parser = speed)]
    pub speed: Option<f64>,
    /// How far into the scenario to begin, such as 12m; -15m is a quarter of an hour before
    #[arg(long, value_name = "TIME", value_parser = span, allow_hyphen_values = true)]
    pub at: Option<SignedDuration>,
    /// Idle instances beside the company's own, to see how the console holds
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(0..=1_000_000))]
    pub resources: usize,
    /// Let a feed fail from the start, such as alarms=denied; may be repeated
    #[arg(long, value_name = "FEED=CLASS", value_parser = fault)]
    pub fault: Vec<(Feed, FaultClass)>,
    /// Panic after the first frame, to test that the terminal survives it
    #[arg(long, hide = true)]
    pub panic: bool,
}

/// Which world a command looks at.
#[derive(Debug, clap::Args)]
pub struct From {
    /// A drill instead of AWS: drill:SCENARIO, or drill:SCENARIO@TIME for a moment of it
    #[arg(long, value_name = "WORLD", value_parser = world)]
    pub world: Option<WorldSpec>,
    /// The drill's seed
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Let a feed of the drill fail, such as alarms=denied; may be repeated
    #[arg(long, value_name = "FEED=CLASS", value_parser = fault)]
    pub fault: Vec<(Feed, FaultClass)>,
}

#[derive(Debug, clap::Args)]
pub struct Plan {
    /// What is done, such as asg.scale; a name that is none lists them all
    pub operation: String,
    /// The name or id of what it is done to; ACCOUNT/REGION for what is done to all of a scope
    pub target: String,
    #[command(flatten)]
    pub params: OperationParams,
    #[command(flatten)]
    pub from: From,
    /// Form of the output
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    pub output: Output,
}

#[derive(Debug, clap::Args)]
pub struct Run {
    #[command(flatten)]
    pub plan: Plan,
    /// Why, for the journal: an incident's number, or words
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// What the console would have typed: the name of the target, and for production its account too; may be repeated
    #[arg(long, value_name = "WORDS")]
    pub confirm: Vec<String>,
    /// Print the plan and the `aws` lines, and send nothing
    #[arg(long = "dry-run")]
    pub previews: bool,
    /// Simulated seconds in a real one, where it is done in a drill
    #[arg(long, value_name = "X", value_parser = speed, default_value = "60")]
    pub speed: f64,
}

#[derive(Debug, clap::Args)]
pub struct Approve {
    /// The code the other login shows
    pub code: String,
    /// What has to be typed otherwise: the name of what is changed, and its account
    #[arg(long, value_name = "WORDS")]
    pub confirm: Vec<String>,
    /// Of a drill, not of AWS
    #[arg(long)]
    pub drill: bool,
}

#[derive(Debug, clap::Args)]
pub struct Journal {
    /// Only what is younger: 90m, 24h, or a date such as 2026-11-20
    #[arg(long, value_name = "TIME", value_parser = since)]
    pub since: Option<Since>,
    /// What was done in drills instead
    #[arg(long)]
    pub drill: bool,
    /// Form of the output
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    pub output: Output,
}

/// A moment, or how long ago it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    Ago(SignedDuration),
    Date(Date),
    At(Timestamp),
}

/// What some operations want to know beside their target: an option for each parameter in the table of operations.
#[derive(Clone, Debug, Default)]
pub struct OperationParams(pub Params);

impl clap::FromArgMatches for OperationParams {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut params = Self::default();
        params.update_from_arg_matches(matches)?;
        Ok(params)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for (name, _) in operation_params() {
            if let Some(value) = matches.get_one::<String>(name) {
                self.0.insert(name.to_owned(), value.clone());
            }
        }
        Ok(())
    }
}

impl clap::Args for OperationParams {
    fn augment_args(command: clap::Command) -> clap::Command {
        operation_params().into_iter().fold(command, |command, (name, doc)| {
            command.arg(
                Arg::new(name)
                    .long(name)
                    .help(doc)
                    .value_name("VALUE")
                    .allow_hyphen_values(true)
                    .help_heading("Operation"),
            )
        })
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

/// Every parameter of every operation, once, with all it means.
fn operation_params() -> BTreeMap<&'static str, String> {
    let mut all: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for param in OPERATIONS.iter().flat_map(|operation| operation.params) {
        let docs = all.entry(param.name).or_default();
        if !docs.contains(&param.doc) {
            docs.push(param.doc);
        }
    }
    all.into_iter().map(|(name, docs)| (name, docs.join("; "))).collect()
}

#[derive(Debug, clap::Args)]
pub struct ShowTab {
    /// board, alarms, pipelines, timeline, traces, compute, data, cost, dashboards, metrics, instances, feeds or api
    pub tab: String,
    #[command(flatten)]
    pub show: Show,
}

#[derive(Debug, clap::Args)]
pub struct Show {
    #[command(flatten)]
    pub from: From,
    /// Only rows with these words: word, !word, column:word, column=word, column>number
    #[arg(long, value_name = "FILTER")]
    pub filter: Option<String>,
    /// Sort by this column instead of the tab's own order; -COLUMN for the other way round
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    pub sort: Option<String>,
    /// Form of the output
    #[arg(short, long, value_enum, default_value_t = Form::Table)]
    pub output: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    Table,
    Json,
    Csv,
}

#[derive(Debug, clap::Args)]
pub struct Status {
    #[command(flatten)]
    pub from: From,
    /// Only these boxes, by id; may be repeated
    #[arg(long = "box", value_name = "ID")]
    pub boxes: Vec<String>,
    /// What our own asking takes instead, by service and scope: calls, throttles, latency, dollars
    #[arg(long)]
    pub api: bool,
    /// Form of the output
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    pub output: Output,
}

#[derive(Debug, clap::Args)]
pub struct Doctor {
    #[command(flatten)]
    pub from: From,
    /// Form of the output
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    pub output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
pub enum ConfigAction {
    /// Print the defaults, with what they mean
    Default,
    /// Read the configuration and say whether it is sound
    Check,
    /// Print where the configuration is looked for
    Path,
    /// Print which box each action of each pipeline belongs to, and by which rule
    PipelineMap(PipelineMap),
}

#[derive(Debug, clap::Args)]
pub struct PipelineMap {
    #[command(flatten)]
    pub from: From,
    /// Form of the output
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    pub output: Output,
}

fn url(text: &str) -> Result<String, String> {
    let is_one =
        ["http://", "https://"].iter().any(|scheme| text.strip_prefix(scheme).is_some_and(|host| !host.is_empty()));
    if is_one { Ok(text.to_owned()) } else { Err(format!("`{text}` is not a URL such as http://localhost:5000")) }
}

fn span(text: &str) -> Result<SignedDuration, String> {
    let span: SignedDuration = text.parse().map_err(|_| format!("`{text}` is not a time such as 90s, 12m or 1h30m"))?;
    if span < SignedDuration::from_hours(-1) || span > SignedDuration::from_hours(24 * 7) {
        return Err(format!("`{text}` is not between an hour before and a week"));
    }
    Ok(span)
}

fn since(text: &str) -> Result<Since, String> {
    let ago = || text.parse::<SignedDuration>().ok().map(|ago| Since::Ago(ago.abs()));
    // `7d`: a day is no length of time everywhere, here it is 24 hours.
    let days = || {
        let days: i64 = text.strip_suffix('d')?.trim().parse().ok()?;
        (0..=36_500).contains(&days).then(|| Since::Ago(SignedDuration::from_hours(24 * days)))
    };
    let date = || text.parse().ok().map(Since::Date);
    let at = || text.parse().ok().map(Since::At);
    days()
        .or_else(ago)
        .or_else(at)
        .or_else(date)
        .ok_or_else(|| format!("`{text}` is not a time such as 90m, 24h, 7d, 2026-11-20 or 2026-11-20T14:00:00Z"))
}

fn speed(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|speed| (0.1..=1_000.0).contains(speed))
        .ok_or_else(|| format!("`{text}` is not a number between 0.1 and 1000"))
}

fn world(text: &str) -> Result<WorldSpec, String> {
    let Some(rest) = text.strip_prefix("drill:") else {
        return Err(format!(
            "`{text}` is not a world; AWS is what is looked at without --world, and there are drills, such as drill:bad-deploy@12m"
        ));
    };
    let (scenario, at) = match rest.split_once('@') {
        Some((scenario, at)) => (scenario, span(at)?),
        None => (rest, SignedDuration::ZERO),
    };
    Ok(WorldSpec { at, ..WorldSpec::of(scenario) })
}

fn fault(text: &str) -> Result<(Feed, FaultClass), String> {
    let (feed, class) =
        text.split_once('=').ok_or_else(|| format!("`{text}` is not FEED=CLASS, such as alarms=denied"))?;
    let names: Vec<&str> = Feed::ALL.iter().map(|feed| feed.name()).collect();
    let feed =
        Feed::from_name(feed).ok_or_else(|| format!("no feed is called `{feed}`\nfeeds: {}", names.join(", ")))?;
    let classes: Vec<&str> = FaultClass::ALL.iter().map(|class| class.word()).collect();
    let class = FaultClass::ALL
        .iter()
        .copied()
        .find(|known| known.word() == class)
        .ok_or_else(|| format!("no class of fault is called `{class}`\nclasses: {}", classes.join(", ")))?;
    Ok((feed, class))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn worlds_are_named_in_one_word() {
        let spec = world("drill:bad-deploy@12m").unwrap();
        assert_eq!((spec.scenario.as_str(), spec.at), ("bad-deploy", SignedDuration::from_mins(12)));
        assert_eq!(spec.name(), "drill:bad-deploy@12m");
        assert_eq!(world("drill:calm").unwrap().name(), "drill:calm");
        assert!(world("aws").unwrap_err().contains("not a world"));
        assert!(world("drill:calm@soon").unwrap_err().contains("`soon` is not a time"));
        assert_eq!(world("drill:bad-deploy@-15m").unwrap().at, SignedDuration::from_mins(-15));
        assert!(world("drill:calm@-61m").unwrap_err().contains("not between an hour before and a week"));
    }
}
