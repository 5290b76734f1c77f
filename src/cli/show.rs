//! `opscon show`: a tab once, as a table, JSON or CSV.

use super::args::{self, Common, Form};
use super::look::Look;
use super::{CliError, complain, print, readable, settings};
use crate::domain::text::Text;
use crate::report::table::{Table, names};
use crate::world::board::{fault_words, faults};
use crate::world::sight::Sight;

/// Some of what was asked for could not be read.
const PARTIAL: u8 = 3;

pub(super) fn run(common: &Common, tab: &str, args: &args::Show) -> Result<u8, CliError> {
    let (config, mut settings) = settings(common)?;
    if !names().contains(&tab) {
        return Err(unknown(tab));
    }
    let look = Look { common, from: &args.from, config: &config, command: format!("opscon show {tab}") };
    let (opened, world) = look.take(&mut settings, |feed| Table::rests_on(tab, feed))?;
    let sight = Sight { world: &world, at: opened.at(), bearings: &settings.bearings };
    let mut table = Table::of(tab, &sight).ok_or_else(|| unknown(tab))?;
    if let Some(filter) = &args.filter {
        table.filter(filter).map_err(|error| CliError::Usage(format!("--filter, {error}")))?;
    }
    if let Some(column) = &args.sort {
        table.sort(column).map_err(|error| CliError::Usage(format!("--sort: {error}")))?;
    }
    match args.output {
        Form::Json => print(&table.to_json())?,
        Form::Csv => print(&table.to_csv().map_err(|error| CliError::Other(error.into()))?)?,
        Form::Table => print(&readable(table.to_text(), &settings))?,
    }
    let mut failed = faults(&world);
    failed.retain(|(fault, _)| Table::rests_on(tab, fault.feed));
    for (fault, place) in &failed {
        complain(&format!("not read: {}", fault_words(fault.feed, &place.scope, fault.error)));
    }
    Ok(if failed.is_empty() { 0 } else { PARTIAL })
}

fn unknown(name: &str) -> CliError {
    let all = names();
    let nearest = all.iter().max_by(|a, b| strsim::jaro_winkler(name, a).total_cmp(&strsim::jaro_winkler(name, b)));
    let meant = nearest.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    CliError::Usage(format!("no tab is called `{}`{meant}\ntabs: {}", Text::new(name), all.join(", ")))
}
