//! `opscon run`: an operation planned, approved on the command line, carried out and watched to its end.

use std::io::Write;
use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::json;

use super::args::{self, Common, Output};
use super::look::Look;
use super::operator::operator;
use super::plan::{REFUSED, operation_called, target};
use super::{CliError, print, readable, settings};
use crate::app::operation::Course;
use crate::app::settings::Settings;
use crate::ops::Operation;
use crate::ops::approval::{Approved, Armed, approve};
use crate::ops::plan::{Plan, Refusal, Why};
use crate::ops::policy::Need;
use crate::ops::record::Outcome;
use crate::report::preview;
use crate::runtime::alone;
use crate::runtime::executor::Hands;
use crate::runtime::operator::Operator;
use crate::runtime::worlds::Opened;
use crate::world::World;
use crate::world::sight::Sight;

/// What was expected is not there.
const NOT_REACHED: u8 = 5;
/// Something went out, and nobody knows what became of it.
const UNCERTAIN: u8 = 6;

pub(super) fn run(common: &Common, args: &args::Run) -> Result<u8, CliError> {
    let (config, mut settings) = settings(common)?;
    let operator = operator(&config)?;
    let operation = operation_called(&args.plan.operation)?;
    let reason = match (&args.reason, &common.write, args.previews) {
        (Some(reason), ..) | (None, Some(reason), _) => reason.trim().to_owned(),
        (None, None, true) => String::new(),
        (None, None, false) => {
            return Err(CliError::Usage("--reason: say why, for the journal: an incident's number, or words".into()));
        }
    };
    if reason.is_empty() && !args.previews {
        return Err(CliError::Usage("--reason: an empty one tells nobody anything".into()));
    }
    let command = format!("opscon run {}", operation.name);
    let look = Look { common, from: &args.plan.from, config: &config, command };
    super::console::runtime()?.block_on(async {
        let (opened, world) = look
            .running(args.speed, &mut settings, |feed| {
                operation.feeds.contains(&feed) || operation.beside.contains(&feed)
            })
            .await?;
        let teller = Teller { output: args.plan.output, settings: &settings };
        let errand = Errand { operation, args, reason: &reason, operator: &operator };
        errand.run(&teller, &opened, &world).await
    })
}

/// What was asked for on the command line, and by whom.
struct Errand<'a> {
    operation: &'static Operation,
    args: &'a args::Run,
    reason: &'a str,
    operator: &'a Operator,
}

impl Errand<'_> {
    async fn run(&self, teller: &Teller<'_>, opened: &Opened, world: &World) -> Result<u8, CliError> {
        let sight = Sight { world, at: opened.clock.now(), bearings: &teller.settings.bearings };
        let planned = target(self.operation, &self.args.plan.target, world)
            .and_then(|of| self.operation.plan(&of, &self.args.plan.params.0, &sight));
        let plan = match planned {
            Ok(plan) => plan,
            Err(refusal) => return teller.refused(None, &refusal),
        };
        if self.args.previews {
            teller.previewed(&plan, &sight)?;
            return Ok(0);
        }
        let (approved, hands) = match self.approved(&plan, opened) {
            Ok(approved) => approved,
            Err(refusal) => {
                if teller.output == Output::Text {
                    print(&readable(preview::text(&plan, &sight), teller.settings))?;
                }
                return teller.refused(Some(&plan), &refusal);
            }
        };
        teller.say(&format!("{} {}", plan.operation, plan.title))?;
        let mut told = String::new();
        let mut trouble = None;
        let bearings = teller.settings.bearings.clone();
        let ended = alone::run(approved, hands, opened, world.clone(), bearings, |course| {
            let words = course.words();
            if course.is_running() && course.op.is_some() && words != told {
                // Whoever stopped reading stops nothing else.
                trouble = teller.say(&format!("  {words}")).err();
                told = words;
            }
        });
        let (course, outcome, words) = ended.await;
        teller.ended(&course, outcome, &words)?;
        trouble.map_or(Ok(exit_code(outcome)), Err)
    }

    /// Approved by the words on the command line, as it would be by those typed into the console.
    fn approved(&self, plan: &Plan, opened: &Opened) -> Result<(Approved, Arc<Hands>), Refusal> {
        let (changes, hands) = self.operator.hands(opened);
        let mut session = opened.session.clone();
        session.changes = changes;
        let safe = |text: String| Refusal::new(Why::Safe, text);
        session.may_change(&plan.scope).map_err(safe)?;
        let hands = hands.ok_or_else(|| safe("SAFE: this console only looks".into()))?;
        let typed = self.args.confirm.join(" ");
        if let Some(words) = Need::of(plan).words(plan).filter(|words| *words != typed.trim()) {
            let (told, text) = if typed.is_empty() {
                ("it takes a confirmation", format!("--confirm \"{words}\" does it"))
            } else {
                ("what was confirmed is something else", format!("this is --confirm \"{words}\""))
            };
            return Err(Refusal::new(Why::Bounds, told).with(text));
        }
        let now = opened.clock.now();
        let armed = Armed { until: now + SignedDuration::from_mins(1), reason: self.reason.into() };
        // Made a moment ago: a drill's time may run much faster than the wall's.
        let approved = approve(Plan { made_at: now, ..plan.clone() }, Some(&armed), &typed, now)?;
        Ok((approved, hands))
    }
}

/// Says what happens, in the form that was asked for.
struct Teller<'a> {
    output: Output,
    settings: &'a Settings,
}

impl Teller<'_> {
    /// On the way, where nothing on the way is part of the answer.
    fn say(&self, words: &str) -> Result<(), CliError> {
        let line = readable(format!("{words}\n"), self.settings);
        if self.output == Output::Text {
            print(&line)
        } else {
            Ok(std::io::stderr().lock().write_all(line.as_bytes())?)
        }
    }

    fn previewed(&self, plan: &Plan, sight: &Sight<'_>) -> Result<(), CliError> {
        match self.output {
            Output::Json => json_out(&preview::json(plan)),
            Output::Text => print(&readable(preview::text(plan, sight) + "Nothing was sent.\n", self.settings)),
        }
    }

    fn refused(&self, plan: Option<&Plan>, refusal: &Refusal) -> Result<u8, CliError> {
        match self.output {
            Output::Json => {
                let mut value = preview::refusal_json(refusal);
                if let Some(plan) = plan {
                    value["plan"] = preview::json(plan);
                }
                json_out(&value)?;
            }
            Output::Text => print(&readable(preview::refusal_text(refusal), self.settings))?,
        }
        Ok(REFUSED)
    }

    fn ended(&self, course: &Course, outcome: Outcome, words: &str) -> Result<(), CliError> {
        match self.output {
            Output::Text => self.say(&format!("{}: {words}", outcome.word())),
            Output::Json => json_out(&json!({
                "operation": course.plan.operation,
                "target": course.plan.target,
                "scope": course.plan.scope.to_string(),
                "title": course.plan.title,
                "op": course.op,
                "outcome": outcome,
                "words": words,
            })),
        }
    }
}

fn json_out(value: &serde_json::Value) -> Result<(), CliError> {
    print(&(serde_json::to_string_pretty(value).unwrap_or_default() + "\n"))
}

fn exit_code(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Verified => 0,
        Outcome::Refused | Outcome::Drifted => REFUSED,
        Outcome::NotReached => NOT_REACHED,
        Outcome::Uncertain => UNCERTAIN,
    }
}
