//! The page of a pipeline: the line of its stages, every action, which commit runs where, and what ran lately.

mod bar;
mod card;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::model::Model;
use crate::app::overlay::Drawn;
use crate::app::tab::room::{ItemPage, RoomTab};
use crate::domain::delivery::{Action, Execution, Pipeline, RunStatus, Stage};
use crate::domain::health::Health;
use crate::domain::units::{brief, moment, since, stamp, stopwatch};
use crate::view::text::{fill, fit, fit_middle, width, wrap};
use crate::view::theme::{Role, Theme};
use crate::view::widget::table::faults_of_place;
use crate::view::widget::{line, popup};
use crate::world::Place;
use crate::world::authors::Who;
use crate::world::lineage;
use crate::world::room::action::{caveats, notes, state};
use crate::world::room::stages::{self, Mark, pace, stage_pace};
use crate::world::room::standing::{is_waiting, overdue, standing};
use crate::world::sight::Sight;
use crate::world::way_back;

/// Executions told.
const SHOWN: usize = 20;
/// Cells of the longest bar.
const BAR: usize = 12;
/// Why a pipeline that has run lists nothing.
const FORGOTTEN: &str = "it has run, and none of it is listed any more: CodePipeline keeps the executions of 12 months";
/// From so many rows on there is room for all the words.
const TALL: u16 = 30;
/// Where what is said of an action begins.
const INDENT: usize = 7;

#[expect(clippy::too_many_arguments, reason = "what is drawn, from what, and where")]
pub(super) fn draw(
    room: &RoomTab,
    open: &ItemPage,
    pipeline: &Pipeline,
    place: &Place,
    model: &Model,
    theme: Theme,
    area: Rect,
    frame: &mut Frame<'_>,
) -> Drawn {
    let sight = model.sight();
    let cells = usize::from(area.width);
    let mut top = vec![title(pipeline, place, &sight, theme, cells)];
    top.extend(
        faults_of_place(room.list.spec, place, model, cells)
            .into_iter()
            .map(|text| Line::styled(text, theme.style(Role::Unknown))),
    );
    let card = open.cursor.card.as_ref().and_then(|card| Some((card, open.cursor.action(pipeline)?)));
    if card.is_none() {
        top.extend(newest(pipeline, &sight, theme, cells));
        let mut spans = vec![Span::raw(" ")];
        spans.extend(line::spans(&stages::paced(pipeline, &sight), cells.saturating_sub(2), theme));
        top.push(Line::from(spans));
        let now = standing(pipeline, &sight);
        let role = if now.health > Health::Ok { theme.of_health(now.health) } else { theme.style(Role::Dim) };
        // Where all is well the line has said it.
        let lines = match area.height {
            _ if now.word == "ok" => 0,
            height if height < TALL => 2,
            _ => 3,
        };
        let words = wrap(&now.now, cells.saturating_sub(4)).into_iter().take(lines);
        top.extend(words.map(|text| Line::styled(format!("   {text}"), role)));
        top.extend(back_to(pipeline, place, &sight, theme, cells, if area.height < TALL { 1 } else { 2 }));
    }
    let mut y = area.y;
    for line in top {
        if y < area.bottom() {
            frame.render_widget(line, Rect { y, height: 1, ..area });
            y += 1;
        }
    }
    let rest = Rect { y, height: area.bottom().saturating_sub(y), ..area };
    if let Some((card, (stage, action))) = card {
        let it = card::Of { pipeline, stage, action, place };
        let (lines, log) = card::lines(&it, &sight, theme, cells);
        let wanted = if card.seeks_log { log } else { card.scroll.offset };
        let scroll_end = popup::scrolled(lines, wanted, theme, rest, frame);
        return Drawn { scroll_end, offset: Some(wanted), line: 0 };
    }
    let (lines, picked) = body(open, pipeline, place, &sight, theme, cells);
    let height = usize::from(rest.height).saturating_sub(1).max(1);
    let mut offset = open.scroll.offset;
    if open.cursor.is_followed {
        // The first line of an action, and what is said of it as far as there is room.
        offset = offset.max((picked.1 + 1).saturating_sub(height)).min(picked.0.saturating_sub(1));
    }
    let scroll_end = popup::scrolled(lines, offset, theme, rest, frame);
    Drawn { scroll_end, offset: Some(offset), line: picked.0 }
}

fn title(pipeline: &Pipeline, place: &Place, sight: &Sight<'_>, theme: Theme, cells: usize) -> Line<'static> {
    let health = standing(pipeline, sight).health;
    let sign = format!(" {} ", theme.sign(health));
    let mode = pipeline.mode.as_ref().map_or_else(String::new, |mode| format!(", {mode}"));
    let edited = pipeline.edited.map(|at| format!(", edited {}", moment(at, sight.at, sight.zone())));
    let what = format!("  pipeline, {}{mode}{}", place.scope, edited.unwrap_or_default());
    let name = fit_middle(pipeline.name.as_str(), cells.saturating_sub(width(&sign) + width(&what)).max(8));
    Line::from(vec![
        Span::styled(sign, theme.of_health(health)),
        Span::styled(name, theme.style(Role::Strong)),
        Span::styled(fit(&what, cells), theme.style(Role::Dim)),
    ])
}

/// What is on its way or came last: which version of what, by whom, since when, and how long that takes.
fn newest(pipeline: &Pipeline, sight: &Sight<'_>, theme: Theme, cells: usize) -> Option<Line<'static>> {
    let run = pipeline.executions.first()?;
    let message = run.revision.as_ref().map_or("", |revision| revision.message.as_str());
    let verb = match run.status {
        RunStatus::InProgress => "runs for".to_owned(),
        _ => format!("{} ago, took", brief(since(sight.at, run.started))),
    };
    let usual = pipeline.usual().map_or_else(String::new, |usual| format!(" of ~{}", stopwatch(usual)));
    let said = format!(", {}, {verb} {}{usual}", Who::of(sight, run).words(run), stopwatch(run.took(sight.at)));
    let called = format!("   {}", run.called());
    // Who and since when are worth more than all of the message.
    let room = cells.saturating_sub(width(&called) + width(&said) + 4);
    let message = if message.is_empty() || room < 8 { String::new() } else { format!(" \"{}\"", fit(message, room)) };
    Some(Line::from(vec![
        Span::styled(called.clone(), theme.style(Role::Strong)),
        Span::styled(fit(&format!("{message}{said}"), cells.saturating_sub(width(&called))), theme.style(Role::Text)),
    ]))
}

/// Whether what it brought to production can go back: the same words the board has for it.
fn back_to(
    pipeline: &Pipeline,
    place: &Place,
    sight: &Sight<'_>,
    theme: Theme,
    cells: usize,
    most: usize,
) -> Vec<Line<'static>> {
    let it = place.feeds.pipelines.shared().find(|it| it.name == pipeline.name);
    let ways = it.map_or_else(Vec::new, |it| way_back::of_pipeline(place, it, sight));
    // The last stage is the one people use.
    let Some(way) = ways.last() else { return Vec::new() };
    let role = if way.lacks_good() { Role::Warn } else { Role::Dim };
    let words = format!("way back: {}", way.state());
    // The footer has the key too.
    let hint = if way.back.is_ok() { "; a offers it" } else { "" };
    let hint = if width(&words) + width(hint) + 4 < cells { hint } else { "" };
    let mut lines = wrap(&format!("{words}{hint}"), cells.saturating_sub(4));
    // What there is no line for is cut where the last one ends.
    let rest = lines.split_off(most.clamp(1, lines.len()) - 1).join(" ");
    lines.push(fit(&rest, cells.saturating_sub(4)));
    lines.into_iter().map(|text| Line::styled(format!("   {text}"), theme.style(role))).collect()
}

/// All lines of the page, and the first and the last line of the selected action.
fn body(
    open: &ItemPage,
    pipeline: &Pipeline,
    place: &Place,
    sight: &Sight<'_>,
    theme: Theme,
    cells: usize,
) -> (Vec<Line<'static>>, (usize, usize)) {
    let selected = open.cursor.position(pipeline);
    let (mut lines, mut picked, mut at) = (Vec::new(), (0, 0), 0);
    for caveat in caveats(pipeline, place, sight) {
        for text in wrap(&caveat, cells.saturating_sub(4)) {
            lines.push(Line::styled(format!("   {text}"), theme.style(Role::Unknown)));
        }
    }
    let longest = pipeline.actions().map(|(_, action)| width(action.name.as_str())).max().unwrap_or(0);
    let name = longest.clamp(8, if cells < 100 { 22 } else { 34 });
    let mut before: Option<&Execution> = None;
    for stage in &pipeline.stages {
        lines.push(head_of(pipeline, stage, before, sight, theme, cells));
        before = pipeline.held(stage).or(before);
        for action in &stage.actions {
            let is_selected = selected == Some(at);
            let first = lines.len();
            lines.extend(of_action(stage, action, is_selected, place, sight, theme, name, cells));
            if is_selected {
                picked = (first, lines.len() - 1);
            }
            at += 1;
        }
    }
    if pipeline.stages.is_empty() {
        lines.push(Line::styled("   its stages are not told", theme.style(Role::Unknown)));
    }
    lines.push(Line::raw(""));
    lines.extend(tracks(pipeline, place, sight, theme, cells));
    lines.push(Line::raw(""));
    lines.extend(executions(pipeline, sight, theme, cells));
    lines.push(Line::styled(
        "   enter shows an action, l its log, o its page in the browser; y shows all as JSON",
        theme.style(Role::Faint),
    ));
    (lines, picked)
}

/// A stage: the execution in it, and whose that is where it is another than in the stage before.
fn head_of(
    pipeline: &Pipeline,
    stage: &Stage,
    before: Option<&Execution>,
    sight: &Sight<'_>,
    theme: Theme,
    cells: usize,
) -> Line<'static> {
    let held = match (pipeline.held(stage), &stage.execution) {
        (Some(run), _) => format!("  {}", run.called()),
        (None, Some(_)) => "  older than what is listed".into(),
        (None, None) => String::new(),
    };
    let shut = match (stage.inbound_enabled, stage.closed.as_str()) {
        (true, _) => String::new(),
        (false, "") => ", closed".into(),
        (false, why) => format!(", closed: {why}"),
    };
    let waits = stage.waiting.as_ref().map_or_else(String::new, |id| {
        let called = pipeline.execution(id.as_str()).map_or(id, Execution::called);
        format!(", {called} waits to come in")
    });
    let mark = Mark::of(stage.status);
    let new = pipeline.held(stage).filter(|run| before.is_none_or(|before| before.id != run.id));
    let by = new.map_or_else(String::new, |run| format!(", {}", Who::of(sight, run).words(run)));
    let ago = stage.moved().map_or_else(String::new, |at| format!(", {} ago", brief(since(sight.at, at))));
    let pace = Some(stage_pace(stage, sight)).filter(|pace| !pace.is_empty());
    let pace = pace.map_or_else(String::new, |pace| format!(", {pace}"));
    let rest = format!("  {}{held}{shut}{waits}{by}{ago}{pace}", stage.status.word());
    let role = if stage.inbound_enabled { Role::Dim } else { Role::Warn };
    Line::from(vec![
        Span::styled(format!(" {} ", line::sign(mark)), theme.of_health(health_of(stage.status))),
        Span::styled(stage.name.to_string(), theme.style(Role::Strong)),
        Span::styled(fit(&rest, cells.saturating_sub(4 + width(stage.name.as_str()))), theme.style(role)),
    ])
}

fn health_of(status: RunStatus) -> Health {
    match status {
        RunStatus::Failed => Health::Bad,
        RunStatus::Stopped | RunStatus::Cancelled => Health::Warn,
        RunStatus::Unknown => Health::Unknown,
        RunStatus::NotStarted => Health::Absent,
        RunStatus::InProgress | RunStatus::Succeeded | RunStatus::Superseded => Health::Ok,
    }
}

/// One line for what went as it should; what did not, and what is selected, says everything.
#[expect(clippy::too_many_arguments, reason = "one action, and where it stands on the page")]
fn of_action(
    stage: &Stage,
    action: &Action,
    is_selected: bool,
    place: &Place,
    sight: &Sight<'_>,
    theme: Theme,
    name: usize,
    cells: usize,
) -> Vec<Line<'static>> {
    let mark = if is_waiting(action) { Mark::Waiting } else { Mark::of(action.status) };
    let (is_late, faint) = (overdue(action, sight).is_some(), theme.style(Role::Faint));
    let health = if is_late { Health::Warn } else { health_of(action.status) };
    let own = fill(&fit_middle(action.name.as_str(), name), name);
    let name_style = if is_selected { theme.selected() } else { theme.style(Role::Text) };
    // What the execution in the stage has not come to yet still tells of one before.
    let is_earlier = action.status == RunStatus::Succeeded
        && action.execution.is_some()
        && stage.execution.is_some()
        && action.execution != stage.execution;
    let state = fill(if is_earlier { "earlier" } else { state(action) }, 11);
    let version = fill(&fit(action.version_word(), 9), 9);
    let pace = fill(&pace(action, sight), 17);
    let notes = notes(stage, action, place, sight).join(", ");
    let used = 5 + name + 1 + 11 + 1 + 9 + 1 + 17;
    let is_told = is_selected || is_late || !matches!(action.status, RunStatus::Succeeded | RunStatus::NotStarted);
    let beside = cells.saturating_sub(used + 1);
    // Where all of it fits beside, nothing has to be said below.
    let below = is_told && width(&notes) > beside;
    let inline = if below || beside < 12 { String::new() } else { fit(&notes, beside) };
    let mut lines = vec![Line::from(vec![
        Span::styled(format!("   {} ", line::sign(mark)), if is_earlier { faint } else { theme.of_health(health) }),
        Span::styled(own, name_style),
        Span::styled(format!(" {state}"), if is_earlier { faint } else { theme.of_health(health.max(Health::Ok)) }),
        Span::styled(format!(" {version}"), theme.style(Role::Dim)),
        Span::styled(format!(" {pace}"), theme.style(if is_late { Role::Warn } else { Role::Dim })),
        Span::styled(inline, theme.style(Role::Dim)),
    ])];
    if below || (is_told && beside < 12 && !notes.is_empty()) {
        let role = if action.status == RunStatus::Failed { Role::Bad } else { Role::Text };
        lines.extend(
            wrap(&notes, cells.saturating_sub(INDENT + 1))
                .into_iter()
                .map(|text| Line::styled(format!("{}{text}", " ".repeat(INDENT)), theme.style(role))),
        );
    }
    lines
}

/// Which commit runs where: a line of links for each target.
fn tracks(pipeline: &Pipeline, place: &Place, sight: &Sight<'_>, theme: Theme, cells: usize) -> Vec<Line<'static>> {
    let all = lineage::of(pipeline, place, sight);
    let mut lines = vec![heading("which commit runs where", theme)];
    if all.is_empty() {
        lines.push(Line::styled("   it deploys nothing", theme.style(Role::Dim)));
        return lines;
    }
    let label = all.iter().map(|track| width(&track.target)).max().unwrap_or(0).clamp(6, 24);
    for track in &all {
        let links =
            track.links().into_iter().map(|(what, link)| format!("{what} {link}")).collect::<Vec<_>>().join(" → ");
        for (at, text) in wrap(&links, cells.saturating_sub(label + 7)).into_iter().enumerate() {
            let target = if at == 0 { track.target.as_str() } else { "" };
            lines.push(Line::from(vec![
                Span::styled(format!("   {}  ", fill(&fit_middle(target, label), label)), theme.style(Role::Text)),
                Span::styled(text, theme.style(Role::Dim)),
            ]));
        }
    }
    lines
}

fn executions(pipeline: &Pipeline, sight: &Sight<'_>, theme: Theme, cells: usize) -> Vec<Line<'static>> {
    let shown: Vec<&Execution> = pipeline.executions.iter().take(SHOWN).collect();
    let last = if shown.len() < SHOWN { String::new() } else { format!("the last {SHOWN} ") };
    let mut lines = vec![heading(&format!("{last}executions, newest first"), theme)];
    if shown.is_empty() {
        let (words, role) = if pipeline.has_run() { (FORGOTTEN, Role::Unknown) } else { ("none yet", Role::Dim) };
        lines.extend(
            wrap(words, cells.saturating_sub(4))
                .into_iter()
                .map(|text| Line::styled(format!("   {text}"), theme.style(role))),
        );
    }
    let took = |run: &Execution| run.took(sight.at);
    let who = |run: &Execution| Who::of(sight, run).words(run);
    let widest = shown.iter().map(|run| width(&who(run))).max().unwrap_or(0).clamp(12, 36);
    // One that waits for days would leave nothing of the others.
    let ended = shown.iter().filter(|run| run.finished.is_some()).map(|run| took(run)).max();
    let longest = ended.or_else(|| shown.iter().map(|run| took(run)).max()).unwrap_or_default();
    for run in &shown {
        let mark = Mark::of(run.status);
        let health = if run.status == RunStatus::Superseded { Health::Absent } else { health_of(run.status) };
        let message = run.revision.as_ref().map_or("", |revision| revision.message.as_str());
        let back = run.returns_to.as_ref().map_or_else(String::new, |id| format!("back to {id} "));
        let words = format!("{back}{}", if message.is_empty() { String::new() } else { format!("\"{message}\"") });
        let head = format!(
            "{} {} {}",
            fill(&fit(run.called().as_str(), 9), 9),
            fill(run.status.word(), 11),
            fill(&stamp(run.started, sight.zone())[5..16], 12),
        );
        let bar = bar::of(took(run), longest, BAR);
        let clock = fill(&stopwatch(took(run)), 9);
        let by = fill(&fit(&who(run), widest), widest);
        let used = 5 + width(&head) + 1 + BAR + 1 + 9 + 1;
        let room = cells.saturating_sub(used + 1);
        // A letter or two of a message say nothing.
        let tail = if room < widest + 12 { by } else { format!("{by} {words}") };
        let tail = fit(&tail, room);
        lines.push(Line::from(vec![
            Span::styled(format!("   {} ", line::sign(mark)), theme.of_health(health)),
            Span::styled(head, theme.style(Role::Text)),
            Span::styled(format!(" {bar}"), theme.style(Role::Dim)),
            Span::styled(format!(" {clock}"), theme.style(Role::Dim)),
            Span::styled(format!(" {tail}"), theme.style(Role::Dim)),
        ]));
    }
    lines
}

fn heading(text: &str, theme: Theme) -> Line<'static> {
    Line::styled(format!(" {text}"), theme.style(Role::Strong))
}
