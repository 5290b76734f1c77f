//! `opscon plan`: what an operation would do, as things are, and what it would send. Nothing is.

use super::args::{self, Common, Output};
use super::look::Look;
use super::{CliError, print, readable, settings};
use crate::domain::scope::Scope;
use crate::domain::text::Text;
use crate::ops::plan::{Refusal, Why};
use crate::ops::{OPERATIONS, On, Operation, Target, named};
use crate::report::preview;
use crate::world::item::ItemId;
use crate::world::sight::Sight;
use crate::world::{Place, World};

/// It cannot be done.
pub(super) const REFUSED: u8 = 4;

pub(super) fn run(common: &Common, args: &args::Plan) -> Result<u8, CliError> {
    let (config, mut settings) = settings(common)?;
    let operation = operation_called(&args.operation)?;
    let look = Look { common, from: &args.from, config: &config, command: format!("opscon plan {}", operation.name) };
    let (opened, world) =
        look.take(&mut settings, |feed| operation.feeds.contains(&feed) || operation.beside.contains(&feed))?;
    let sight = Sight { world: &world, at: opened.at(), bearings: &settings.bearings };
    let planned = target(operation, &args.target, &world).and_then(|of| operation.plan(&of, &args.params.0, &sight));
    let (words, value) = match &planned {
        Ok(plan) => (preview::text(plan, &sight) + "Nothing was sent.\n", preview::json(plan)),
        Err(refusal) => (preview::refusal_text(refusal), preview::refusal_json(refusal)),
    };
    match args.output {
        Output::Json => print(&(serde_json::to_string_pretty(&value).unwrap_or_default() + "\n"))?,
        Output::Text => print(&readable(words, &settings))?,
    }
    Ok(if planned.is_ok() { 0 } else { REFUSED })
}

/// The one thing of this name. Two of the same name in two places are told apart by the operator, not by us.
pub(super) fn target(operation: &Operation, name: &str, world: &World) -> Result<Target, Refusal> {
    let On::One(kind) = operation.on else { return scope(operation, name, world) };
    let mut found: Vec<(usize, ItemId)> = Vec::new();
    for (place, at) in world.places().iter().enumerate() {
        kind.visit(at, &mut |its_name, id| {
            if its_name == name || id == name {
                found.push((place, ItemId { kind, place, id: id.clone() }));
            }
        });
    }
    let word = kind.word();
    match found.as_slice() {
        [(_, only)] => Ok(Target::One(only.clone())),
        [] => Err(Refusal::new(Why::Unknown, format!("there is no {word} called {}", Text::new(name)))
            .with(format!("`opscon show compute` lists every {word} that was read"))),
        several => {
            let places: Vec<String> =
                several.iter().filter_map(|(place, _)| Some(world.places().get(*place)?.scope.to_string())).collect();
            let text = format!("{} is in {}", Text::new(name), places.join(" and "));
            Err(Refusal::new(Why::Unknown, text).with("name one with --region or --scope"))
        }
    }
}

/// The place of this name, as `acme-dev/eu-west-1`.
fn scope(operation: &Operation, name: &str, world: &World) -> Result<Target, Refusal> {
    let is_for = |place: &Place| operation.feeds.iter().all(|feed| place.is_asked(*feed));
    let places = || world.places().iter().enumerate().filter(|(_, place)| is_for(place));
    let is_named = |scope: &Scope| scope.to_string() == name || scope.account == *name;
    let mut named = places().filter(|(_, place)| is_named(&place.scope));
    if let (Some((only, _)), None) = (named.next(), named.next()) {
        return Ok(Target::Scope(only));
    }
    let known: Vec<String> = places().map(|(_, place)| place.scope.to_string()).collect();
    let text = format!("there is no scope called {}", Text::new(name));
    Err(Refusal::new(Why::Unknown, text).with(format!("scopes: {}", known.join(", "))))
}

pub(super) fn operation_called(name: &str) -> Result<&'static Operation, CliError> {
    named(name).ok_or_else(|| unknown(name))
}

fn unknown(name: &str) -> CliError {
    let likeness = |operation: &&&Operation| (strsim::jaro_winkler(name, operation.name) * 1e6) as u64;
    let nearest = OPERATIONS.iter().max_by_key(likeness);
    let meant = nearest.map_or_else(String::new, |near| format!("; did you mean `{}`?", near.name));
    let all: Vec<String> = OPERATIONS.iter().map(|it| format!("  {:<12} {}", it.name, it.doc)).collect();
    CliError::Usage(format!("no operation is called `{}`{meant}\noperations:\n{}", Text::new(name), all.join("\n")))
}
