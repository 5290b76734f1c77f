//! `opscon status`: the board once, for scripts, pipes and monitoring.

use super::args::{self, Common, Output};
use super::look::Look;
use super::{CliError, print, readable, settings};
use crate::domain::board::BoxId;
use crate::report::status::{self, Status, exit_code, text};
use crate::report::table::Table;
use crate::world::sight::Sight;

pub(super) fn run(common: &Common, args: &args::Status) -> Result<u8, CliError> {
    let (config, mut settings) = settings(common)?;
    let boxes = boxes(&args.boxes)?;
    let look = Look { common, from: &args.from, config: &config, command: "opscon status".into() };
    let (opened, world) = look.take(&mut settings, |feed| args.api || status::rests_on(&boxes, feed))?;
    let sight = Sight { world: &world, at: opened.at(), bearings: &settings.bearings };
    if args.api {
        if let Some(table) = Table::of("api", &sight) {
            match args.output {
                Output::Json => print(&table.to_json())?,
                Output::Text => print(&readable(table.to_text(), &settings))?,
            }
        }
        return Ok(0);
    }
    let status = Status::of(&opened.session.name, &boxes, &sight);
    match args.output {
        Output::Json => print(&status.to_json())?,
        Output::Text => print(&readable(text(&status, &boxes, &sight), &settings))?,
    }
    Ok(exit_code(status.health))
}

/// The boxes named, or all of them.
fn boxes(names: &[String]) -> Result<Vec<BoxId>, CliError> {
    if names.is_empty() {
        return Ok(BoxId::ALL.to_vec());
    }
    names.iter().map(|name| BoxId::from_id(name).ok_or_else(|| unknown(name))).collect()
}

fn unknown(name: &str) -> CliError {
    // People leave the group out; compare with the last part as well.
    let likeness = |id: &BoxId| {
        let tail = id.id().rsplit('.').next().unwrap_or(id.id());
        strsim::jaro_winkler(name, id.id()).max(strsim::jaro_winkler(name, tail))
    };
    let nearest = BoxId::ALL.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    let meant = nearest.map_or_else(String::new, |id| format!("; did you mean `{id}`?"));
    let all: Vec<&str> = BoxId::ALL.iter().map(|id| id.id()).collect();
    CliError::Usage(format!("no box is called `{name}`{meant}\nboxes:\n  {}", all.join("\n  ")))
}
