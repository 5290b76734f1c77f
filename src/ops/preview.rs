//! A plan in words, line by line: the overlay, `opscon plan` and the record tell the same.

use crate::domain::money::Usd;
use crate::domain::text::Text;
use crate::domain::units::{clock, long};
use crate::ops::plan::Plan;
use crate::ops::policy::Need;
use crate::world::sight::Sight;

/// A label and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub label: Text,
    pub words: String,
    pub kind: LineKind,
}

/// What a reader is to make of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    Plain,
    /// A value as it is and as it will be.
    Change,
    /// What should be known before it is approved.
    Warning,
    /// What goes to AWS.
    Command,
}

/// Changes that fit on a small screen beside what comes of them.
const MANY: usize = 8;

pub fn lines(plan: &Plan, sight: &Sight<'_>) -> Vec<Line> {
    use LineKind::{Change, Command, Plain, Warning};
    let line = |label: &str, words: String, kind| Line { label: Text::new(label), words, kind };
    let mut all = vec![
        line("what", format!("{}, {}", plan.operation, plan.blast.word()), Plain),
        line("where", format!("{}, {}", plan.scope, plan.environment.word()), Plain),
    ];
    all.extend(plan.outline.iter().map(|step| line("steps", step.clone(), Plain)));
    let changed = plan.changes.iter();
    let changes: Vec<Line> = changed
        .map(|change| line(change.what.as_str(), format!("{} → {}", change.before, change.after), Change))
        .collect();
    let mut rest: Vec<Line> = plan.effects.iter().map(|effect| line("effect", effect.clone(), Plain)).collect();
    rest.extend(plan.warnings.iter().map(|warning| line("warning", warning.clone(), Warning)));
    rest.extend(plan.per_hour.map(|per_hour| line("costs", per_hour_words(per_hour), Plain)));
    let excluded = plan.excluded.iter().map(|words| line("left out", words.clone(), Plain));
    // What comes of it is read before what it is done to, where that is more than can be seen at once.
    if changes.len() > MANY {
        all.extend(rest);
        all.extend(changes);
        all.extend(excluded);
    } else {
        all.extend(changes);
        all.extend(rest);
        all.extend(excluded);
    }
    all.push(match &plan.undo {
        Some(undo) => line("undo", undo.words.clone(), Plain),
        None => line("undo", "there is none".into(), Warning),
    });
    all.push(line("expected", format!("{}, within {}", plan.expects, long(plan.deadline)), Plain));
    let approval = Need::of(plan).words(plan).map_or_else(|| "one key".into(), |words| format!("typing `{words}`"));
    all.push(line("approval", approval, Plain));
    all.push(line("read", format!("at {}", clock(plan.seen_at, sight.zone())), Plain));
    all.extend(plan.commands().into_iter().map(|command| line("sends", command, Command)));
    all
}

/// At list price, and whether it is more or less than now.
fn per_hour_words(per_hour: Usd) -> String {
    if per_hour < Usd::ZERO {
        format!("saves {} an hour at list price", Usd::ZERO - per_hour)
    } else {
        format!("{per_hour} an hour more at list price")
    }
}
