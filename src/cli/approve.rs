//! `opscon approve`: the second person's word, from another login, by way of the journal.

use std::io::{self, BufRead, IsTerminal, Write};

use jiff::Timestamp;

use super::args::{self, Common};
use super::operator::operator;
use super::plan::REFUSED;
use super::{CliError, complain, print, readable, settings};
use crate::domain::text::Text;
use crate::domain::units::clock;
use crate::journal::Journal;
use crate::ops::record::{Entry, Intent, What};
use crate::report::journal::asked;
use crate::runtime::clock::Clock;

pub(super) fn run(common: &Common, args: &args::Approve) -> Result<u8, CliError> {
    let (config, settings) = settings(common)?;
    let operator = operator(&config)?;
    let book = operator.journal(args.drill);
    let code = args.code.trim().to_ascii_uppercase();
    let Some((op, until, intent)) = waiting(&book, &code)? else {
        complain(&format!("nothing waits for approval under {}", Text::new(&code)));
        return Ok(REFUSED);
    };
    // A drill has a time of its own; whoever waits there counts it.
    if !args.drill && Clock::wall().now() >= until {
        complain(&format!("{} waited until {} and gave up", Text::new(&code), clock(until, &settings.bearings.zone)));
        return Ok(REFUSED);
    }
    print(&readable(asked(&intent, &clock(until, &settings.bearings.zone)), &settings))?;
    if intent.by == operator.me {
        complain("the same login asked for it; it takes another one");
        return Ok(REFUSED);
    }
    let words = format!("{} {}", intent.target, intent.scope.split('/').next().unwrap_or_default());
    let typed = if args.confirm.is_empty() { ask(&words)? } else { args.confirm.join(" ") };
    if typed.trim() != words {
        complain(&format!("not approved: that takes --confirm \"{words}\", or those words typed"));
        return Ok(REFUSED);
    }
    let entry =
        Entry { at: intent.planned_at.max(now(args.drill, until)), op, what: What::Granted { by: operator.me } };
    book.append(&entry).map_err(|error| CliError::Other(error.into()))?;
    print("Approved. It is carried out where it was asked for.\n")?;
    Ok(0)
}

/// When it is said. In a drill it is counted as said in time: the wall's clock means nothing there.
fn now(is_drill: bool, until: Timestamp) -> Timestamp {
    if is_drill { until } else { Clock::wall().now() }
}

/// The youngest plan that waits under this code.
fn waiting(book: &Journal, code: &str) -> Result<Option<(String, Timestamp, Intent)>, CliError> {
    let pages = book.read(None).map_err(|error| CliError::Other(error.into()))?;
    let asked = pages.entries.iter().rev().find_map(|entry| match &entry.what {
        What::Asked { code: its, until, intent } if its == code => Some((entry.op.clone(), *until, (**intent).clone())),
        _ => None,
    });
    let is_done = |op: &str| {
        let after = |entry: &&Entry| entry.op == op && !matches!(entry.what, What::Asked { .. });
        pages.entries.iter().any(|entry| after(&entry))
    };
    Ok(asked.filter(|(op, ..)| !is_done(op)))
}

/// Typed at a terminal; nothing is read from anything else, where nobody has seen the question.
fn ask(words: &str) -> Result<String, CliError> {
    if !io::stdin().is_terminal() {
        return Ok(String::new());
    }
    print(&format!("type {words} to approve: "))?;
    io::stdout().flush()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(line)
}
