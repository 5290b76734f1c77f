//! The page of one action: what it said, how its last runs went, the end of its log.

use ratatui::text::{Line, Span};

use super::bar;
use crate::domain::delivery::{Action, ActionRun, LogTail, Pipeline, RunStatus, Stage};
use crate::domain::health::Health;
use crate::domain::text::Text;
use crate::domain::units::{long, stamp, stopwatch};
use crate::view::text::{fill, fit, width, wrap};
use crate::view::theme::{Role, Theme};
use crate::view::widget::line;
use crate::world::Place;
use crate::world::authors::Who;
use crate::world::room::action::{log, notes, pace, state, without_log};
use crate::world::room::stages::Mark;
use crate::world::sight::Sight;

const LABEL: usize = 14;
/// Cells of the longest bar, where there is room for it and where there is less.
const BAR: usize = 24;
const SHORT: usize = 12;
/// Cells for whoever started a run, or wrote what it runs.
const WHO: usize = 34;

/// What it is about.
pub(super) struct Of<'a> {
    pub pipeline: &'a Pipeline,
    pub stage: &'a Stage,
    pub action: &'a Action,
    pub place: &'a Place,
}

/// All its lines, and the one where the log begins, or the error in it.
pub(super) fn lines(it: &Of<'_>, sight: &Sight<'_>, theme: Theme, cells: usize) -> (Vec<Line<'static>>, usize) {
    let action = it.action;
    let mark = if action.waits_for_somebody() { Mark::Waiting } else { Mark::of(action.status) };
    let mut lines = vec![Line::from(vec![
        Span::styled(format!(" {} ", line::sign(mark)), theme.of_health(super::health_of(action.status))),
        Span::styled(
            fit(&format!("{}/{}", it.stage.name, action.name), cells.saturating_sub(4)),
            theme.style(Role::Strong),
        ),
    ])];
    let mut say = |label: &str, value: &str, role: Role| {
        for (at, text) in wrap(value, cells.saturating_sub(LABEL + 4)).into_iter().enumerate() {
            let label = if at == 0 { label } else { "" };
            lines.push(Line::from(vec![
                Span::styled(format!("   {}", fill(label, LABEL)), theme.style(Role::Dim)),
                Span::styled(text, theme.style(role)),
            ]));
        }
    };
    let kind = [&action.category, &action.provider].map(|text| text.as_ref().map_or("-", Text::as_str)).join(" by ");
    let failed = action.status == RunStatus::Failed;
    say("state", state(action), if failed { Role::Bad } else { Role::Text });
    say("kind", &kind, Role::Text);
    say("version", action.version_word(), Role::Text);
    say("took", &pace(action, sight), Role::Text);
    let told = action.execution.as_ref().map(|id| match it.pipeline.execution(id.as_str()) {
        Some(run) => format!("{id}, {}", Who::of(sight, run).words(run)),
        None => format!("{id}, older than what is listed"),
    });
    say("execution", told.as_deref().unwrap_or("not told"), Role::Text);
    for note in notes(it.stage, action, it.place, sight) {
        let is_error = action.error.as_ref().is_some_and(|error| note == error.as_str());
        say(if is_error { "error" } else { "says" }, &note, if is_error { Role::Bad } else { Role::Text });
    }
    if !action.targets.is_empty() {
        say("deploys to", &action.targets.iter().map(Text::as_str).collect::<Vec<_>>().join(", "), Role::Text);
    }
    say("external id", action.external_id.as_ref().map_or("not told", Text::as_str), Role::Text);
    say("link", action.link.as_ref().map_or("not told", Text::as_str), Role::Text);
    lines.push(Line::raw(""));
    lines.extend(history(it.pipeline, action, sight, theme, cells));
    lines.push(Line::raw(""));
    let begins = lines.len();
    lines.push(super::heading("the end of its log", theme));
    let Some(log) = log(action, it.place) else {
        lines.push(Line::styled(format!("   {}", without_log(action)), theme.style(Role::Unknown)));
        return (lines, begins);
    };
    lines.push(Line::styled(fit(&format!("   {}", log.source), cells), theme.style(Role::Dim)));
    let mut error = None;
    for text in &log.lines {
        let is_error = LogTail::is_error(text.as_str());
        // The sign says it too: colour alone would not.
        let sign = if is_error { "✖" } else { " " };
        if is_error && error.is_none() {
            error = Some(lines.len());
        }
        let style = if is_error { theme.style(Role::Bad) } else { theme.style(Role::Text) };
        for (at, part) in wrap(text.as_str(), cells.saturating_sub(6)).into_iter().enumerate() {
            let sign = if at == 0 { sign } else { " " };
            lines.push(Line::styled(format!(" {sign} {part}"), style));
        }
    }
    // A little of what came before it is worth as much as the error.
    (lines, error.map_or(begins, |error| error.saturating_sub(3).max(begins)))
}

fn history(pipeline: &Pipeline, action: &Action, sight: &Sight<'_>, theme: Theme, cells: usize) -> Vec<Line<'static>> {
    let Some(all) = action.history.as_ref().filter(|all| !all.is_empty()) else {
        let why = match &action.history {
            None => "its runs are not told",
            Some(_) if action.status == RunStatus::NotStarted => "none yet",
            Some(_) => "it has run, and no run of it is among those that were read",
        };
        return vec![
            super::heading("its last runs", theme),
            Line::styled(format!("   {why}"), theme.style(Role::Unknown)),
        ];
    };
    let usual = action.usual.map_or_else(String::new, |usual| format!("; the line is the median, {}", long(usual)));
    let mut lines = vec![super::heading(&format!("its last {} runs{usual}", all.len()), theme)];
    let longest =
        all.iter().map(|run| run.took(sight.at)).max().unwrap_or_default().max(action.usual.unwrap_or_default());
    let who = |run: &ActionRun| match pipeline.execution(run.execution.as_str()) {
        Some(it) => Who::of(sight, it).words(it),
        None => "older than what is listed".to_owned(),
    };
    let all: Vec<(&ActionRun, String)> = all.iter().map(|run| (run, who(run))).collect();
    let widest = all.iter().map(|(_, who)| width(who)).max().unwrap_or(0).min(WHO);
    lines.extend(all.iter().map(|(run, who)| of_run(run, who, widest, action, longest, sight, theme, cells)));
    lines
}

#[expect(clippy::too_many_arguments, reason = "one run, and what it is held against")]
fn of_run(
    run: &ActionRun,
    who: &str,
    widest: usize,
    action: &Action,
    longest: jiff::SignedDuration,
    sight: &Sight<'_>,
    theme: Theme,
    cells: usize,
) -> Line<'static> {
    let health = match run.status {
        RunStatus::Superseded => Health::Absent,
        status => super::health_of(status),
    };
    let took = run.took(sight.at);
    let version = run.version.as_ref().map_or("-", Text::as_str);
    let head = format!(
        "{} {} {}",
        fill(&fit(version, 9), 9),
        fill(run.status.word(), 11),
        fill(&stamp(run.started, sight.zone())[5..16], 12)
    );
    let cells_of_bar = if cells < 100 { SHORT } else { BAR };
    let bar = bar::with_usual(took, action.usual, longest, cells_of_bar);
    let used = 5 + 9 + 1 + 11 + 1 + 12 + 1 + cells_of_bar + 1 + 8;
    let room = cells.saturating_sub(used + 2);
    let said = format!("{}  {}", fill(&fit(who, widest), widest), run.summary);
    let said = if room < 8 { String::new() } else { fit(said.trim_end(), room) };
    Line::from(vec![
        Span::styled(format!("   {} ", line::sign(Mark::of(run.status))), theme.of_health(health)),
        Span::styled(head, theme.style(Role::Text)),
        Span::styled(
            format!(" {bar}"),
            theme.style(if run.status == RunStatus::Failed { Role::Bad } else { Role::Dim }),
        ),
        Span::styled(format!(" {}", fill(&stopwatch(took), 8)), theme.style(Role::Dim)),
        Span::styled(said, theme.style(Role::Dim)),
    ])
}
