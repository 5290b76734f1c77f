//! `opscon journal`: what was done, by whom, why, and what became of it.

use serde_json::json;

use super::args::{self, Common, Output, Since};
use super::operator::operator;
use super::{CliError, FAILURE, print, readable, settings};
use crate::ops::record::stories;
use crate::report::journal;
use crate::runtime::clock::Clock;

pub(super) fn run(common: &Common, args: &args::Journal) -> Result<u8, CliError> {
    let (config, settings) = settings(common)?;
    let book = operator(&config)?.journal(args.drill);
    // From an intent to its end it may cross the moment asked for: what is told of an operation is the whole of it.
    let pages = book.read(None).map_err(|error| CliError::Other(error.into()))?;
    let mut told = stories(&pages.entries);
    if let Some(since) = args.since {
        let from = match since {
            Since::At(at) => at,
            Since::Ago(ago) => Clock::wall().now() - ago,
            Since::Date(date) => date
                .to_zoned(settings.bearings.zone.clone())
                .map_err(|error| CliError::Usage(format!("--since {date}: {error}")))?
                .timestamp(),
        };
        told.retain(|story| story.ended.as_ref().map_or(story.began, |(at, ..)| *at) >= from);
    }
    match args.output {
        Output::Text => print(&readable(journal::text(&told, &pages.breaks, &settings.bearings.zone), &settings))?,
        Output::Json => {
            let value = json!({ "operations": told, "changed_after_it_was_written": pages.breaks });
            print(&(serde_json::to_string_pretty(&value).unwrap_or_default() + "\n"))?;
        }
    }
    Ok(if pages.breaks.is_empty() { 0 } else { FAILURE })
}
