//! Changing something: choosing what, seeing the plan, being allowed to, and saying yes.

use super::{PAGE, focus};
use crate::app::actions::{ActionsMenu, Choice, everything};
use crate::app::key::{Code, Key};
use crate::app::model::Model;
use crate::app::msg::{Cmd, Pages};
use crate::app::operation::{Course, OpEvent, OpId, Phase};
use crate::app::overlay::{Overlay, Scroll};
use crate::app::planning::{Focus, PlanForm};
use crate::app::score;
use crate::app::tab::Tab;
use crate::app::tab::operations::{self, Row};
use crate::domain::text::Text;
use crate::domain::units::{long, plural};
use crate::ops::approval::{Armed, approve};
use crate::ops::{Operation, Params, Target, named};
use crate::world::feed::Feed;
use crate::world::port::FeedKey;
use crate::world::sight::Sight;

/// Longest reason worth keeping.
const LONGEST_REASON: usize = 200;
/// Operations of this console that are kept on screen.
const KEPT: usize = 50;

/// The menu of what can be done to what is selected.
pub(super) fn open_menu(model: &mut Model) {
    match ActionsMenu::of_selected(model) {
        Some(menu) if !menu.choices.is_empty() => model.overlays.push(Overlay::Actions(menu)),
        Some(menu) => model.notify(format!("nothing can be done to {} from here", menu.of)),
        None => model.notify("select something first"),
    }
}

/// An operation that was named before its target.
pub(super) fn open_operation(model: &mut Model, operation: &'static Operation) -> Vec<Cmd> {
    let menu = everything(model, operation);
    let can_be: Vec<&Choice> = menu.choices.iter().filter(|choice| choice.refused.is_none()).collect();
    match can_be.as_slice() {
        [] if menu.choices.is_empty() => {
            model.notify(format!("{}: there is nothing to do that to", operation.name));
            Vec::new()
        }
        [only] => {
            let target = only.target.clone();
            open_plan(model, operation, target, &Params::new())
        }
        _ => {
            model.overlays.push(Overlay::Actions(menu));
            Vec::new()
        }
    }
}

/// Shows a plan, and has what it rests on read anew.
pub(super) fn open_plan(model: &mut Model, operation: &'static Operation, target: Target, params: &Params) -> Vec<Cmd> {
    score::planned(model);
    let keys = keys_of(model, operation, &target);
    let form = PlanForm::open(operation, target, params, &model.sight());
    model.overlays.push(Overlay::Plan(Box::new(form)));
    vec![Cmd::Poll(keys)]
}

/// What a plan rests on.
fn keys_of(model: &Model, operation: &Operation, target: &Target) -> Vec<FeedKey> {
    let Some(place) = model.world.places().get(target.place()) else { return Vec::new() };
    operation.feeds.iter().map(|feed| FeedKey::all(*feed, place.scope.clone())).collect()
}

/// What was read may change what is planned.
pub(super) fn observe(model: &mut Model, key: &FeedKey) {
    let Model { overlays, world, now, settings, rewound, .. } = model;
    let (world, now) = match rewound {
        Some(live) => (&live.world, live.now),
        None => (&*world, *now),
    };
    for overlay in overlays {
        if let Overlay::Plan(form) = overlay
            && form.operation.feeds.contains(&key.feed)
        {
            form.replan(&Sight { world, at: now, bearings: &settings.bearings });
        }
    }
}

pub(super) fn press_in_menu(model: &mut Model, key: Key) -> Vec<Cmd> {
    let Some(Overlay::Actions(menu)) = model.overlays.last_mut() else { return Vec::new() };
    match key.code {
        Code::Esc => {
            model.overlays.pop();
        }
        Code::Enter => {
            let Some(Choice { operation, target, params, .. }) = menu.chosen().cloned() else { return Vec::new() };
            model.overlays.pop();
            return open_plan(model, operation, target, &params);
        }
        Code::Up | Code::BackTab => menu.step(-1),
        Code::Down | Code::Tab => menu.step(1),
        Code::PageUp => menu.step(-PAGE),
        Code::PageDown => menu.step(PAGE),
        Code::Char('u' | 'w') if key.ctrl => menu.query.clear(),
        Code::Backspace if menu.query.is_empty() => {
            model.overlays.pop();
        }
        Code::Backspace => {
            menu.query.pop();
            menu.selected = 0;
        }
        _ => {
            if let Some(letter) = key.typed().filter(|letter| Text::may_hold(*letter)) {
                menu.query.push(letter);
                menu.selected = 0;
            }
        }
    }
    Vec::new()
}

pub(super) fn press_in_plan(model: &mut Model, key: Key) -> Vec<Cmd> {
    let Some(Overlay::Plan(mut form)) = model.overlays.pop() else { return Vec::new() };
    let sight = Sight { world: &model.world, at: model.now, bearings: &model.settings.bearings };
    match (key.code, form.focus) {
        (Code::Esc, _) | (Code::Enter, Focus::Cancel) => return Vec::new(),
        (Code::Enter, Focus::Go) => {
            model.overlays.push(Overlay::Plan(form));
            return go(model);
        }
        (Code::Enter, Focus::Field(_)) | (Code::Tab | Code::Down, _) | (Code::Right, Focus::Cancel | Focus::Go) => {
            form.step(1);
        }
        // What was typed is confirmed by the button, never by the key that was held down while typing.
        (Code::Enter, Focus::Typed) => form.trouble = Some("Tab moves on to the button".into()),
        (Code::BackTab | Code::Up, _) | (Code::Left, Focus::Cancel | Focus::Go) => form.step(-1),
        (Code::PageUp, _) => form.scroll.by(-PAGE, super::LONGEST_TEXT),
        (Code::PageDown, _) => form.scroll.by(PAGE, super::LONGEST_TEXT),
        (Code::Char('r'), _) if key.ctrl => {
            form.replan(&sight);
            let keys = keys_of(model, form.operation, &form.target);
            model.overlays.push(Overlay::Plan(form));
            return vec![Cmd::Poll(keys)];
        }
        (Code::Char('u' | 'w'), _) if key.ctrl => {
            if form.erase(true) {
                form.replan(&sight);
            }
        }
        (Code::Backspace, _) => {
            if form.erase(false) {
                form.replan(&sight);
            }
        }
        _ => {
            if let Some(letter) = key.typed()
                && form.insert(letter)
            {
                form.replan(&sight);
            }
        }
    }
    model.overlays.push(Overlay::Plan(form));
    Vec::new()
}

/// The button: carries it out, or says what is in the way.
fn go(model: &mut Model) -> Vec<Cmd> {
    let now = model.now;
    let Some(Overlay::Plan(form)) = model.overlays.last_mut() else { return Vec::new() };
    let Ok(plan) = form.planned.clone() else { return Vec::new() };
    if let Err(why) = model.session.may_change(&plan.scope) {
        form.trouble = Some(why);
        return Vec::new();
    }
    let running = model.courses.iter().find(|course| course.is_running() && course.plan.of == plan.of);
    if let Some(running) = running {
        form.trouble = Some(format!("{} is under way", running.plan.title));
        return Vec::new();
    }
    if model.armed.is_none() {
        model.overlays.push(Overlay::Arm(String::new()));
        return Vec::new();
    }
    if form.is_stale(now) {
        form.trouble = Some("what it rests on is old: reading it again".into());
        let (operation, target) = (form.operation, form.target.clone());
        return vec![Cmd::Poll(keys_of(model, operation, &target))];
    }
    match approve(plan, model.armed.as_ref(), &form.typed, now) {
        Ok(approved) => {
            model.overlays.clear();
            score::approved(model);
            let id = OpId(model.next_op);
            model.next_op += 1;
            let plan = approved.plan().clone();
            // From now on the footer tells how it goes.
            model.notice = None;
            let reason = approved.reason().clone();
            begin(model, Course { id, plan, reason, began: now, op: None, phase: Phase::Looking });
            vec![Cmd::Execute(id, Box::new(approved))]
        }
        Err(refusal) => {
            let remedy = refusal.remedy.map_or_else(String::new, |remedy| format!("; {remedy}"));
            form.trouble = Some(format!("{}{remedy}", refusal.text));
            Vec::new()
        }
    }
}

fn begin(model: &mut Model, course: Course) {
    model.courses.push(course);
    while model.courses.len() > KEPT {
        let Some(ended) = model.courses.iter().position(|course| !course.is_running()) else { break };
        model.courses.remove(ended);
    }
}

/// Asks for the reason, or ends what was begun.
pub(super) fn arm(model: &mut Model) {
    if model.armed.take().is_some() {
        model.notify("SAFE: nothing may be changed any more");
    } else if let Err(why) = model.session.may_arm() {
        model.notify(why);
    } else {
        model.overlays.push(Overlay::Arm(String::new()));
    }
}

/// Allows changes for a while.
pub fn armed(model: &mut Model, reason: &str) {
    let until = model.live_now() + model.settings.armed_for;
    model.armed = Some(Armed { until, reason: Text::new(reason.trim()) });
    model.notify(format!("ARMED for {}: {}", long(model.settings.armed_for), reason.trim()));
}

/// Back to SAFE when the time is over.
pub(super) fn tick(model: &mut Model) {
    let now = model.live_now();
    if model.armed.as_ref().is_some_and(|armed| armed.is_over(now)) {
        model.armed = None;
        model.notify("SAFE again: the time is over");
    }
}

pub(super) fn press_in_arm(model: &mut Model, key: Key) -> Vec<Cmd> {
    let Some(Overlay::Arm(reason)) = model.overlays.last_mut() else { return Vec::new() };
    match key.code {
        Code::Esc => {
            model.overlays.pop();
        }
        Code::Enter if reason.trim().is_empty() => {}
        Code::Enter => {
            let reason = std::mem::take(reason);
            model.overlays.pop();
            armed(model, &reason);
            // The key that ended the reason may still be held down.
            if let Some(Overlay::Plan(form)) = model.overlays.last_mut() {
                form.focus = Focus::Cancel;
                form.trouble = Some("ARMED: Tab to the button carries it out".into());
            }
        }
        Code::Backspace => {
            reason.pop();
        }
        Code::Char('u' | 'w') if key.ctrl => reason.clear(),
        _ => {
            if let Some(letter) = key.typed() {
                insert_reason(reason, letter.encode_utf8(&mut [0; 4]));
            }
        }
    }
    Vec::new()
}

/// Typed or pasted; an incident's number is seldom typed.
pub(super) fn insert_reason(reason: &mut String, text: &str) {
    let room = LONGEST_REASON.saturating_sub(reason.chars().count());
    reason.extend(text.chars().take_while(|c| !matches!(c, '\n' | '\r')).filter(|c| Text::may_hold(*c)).take(room));
}

/// News of an operation.
pub(super) fn take(model: &mut Model, id: OpId, event: OpEvent) -> Vec<Cmd> {
    let at = model.live_now();
    model.is_dirty = true;
    let Some(course) = model.courses.iter_mut().find(|course| course.id == id) else { return Vec::new() };
    course.take(at, event);
    let is_ended = !course.is_running();
    note_in_timeline(model, is_ended);
    let Some(course) = model.courses.iter().find(|course| course.id == id) else { return Vec::new() };
    let Phase::Ended { outcome, words, .. } = &course.phase else { return Vec::new() };
    let mut text = format!("{}, {}: {words}", course.plan.title, outcome.word());
    if outcome.is_good() && course.plan.outline.iter().any(|step| step.contains(": later")) {
        text.push_str("; `region.failover` plans the next step");
    }
    let mut cmds = vec![Cmd::ReadJournal];
    if !outcome.is_good() {
        cmds.push(Cmd::Alert(Text::new(&text)));
    }
    model.notify(text);
    cmds
}

/// What is done from here is told in the timeline with everything else.
fn note_in_timeline(model: &mut Model, is_news: bool) {
    let is_told = |model: &Model| {
        let newest = model.courses.last().and_then(|course| course.op.as_ref()).map(|op| format!("operation {op}"));
        let events = model.live_world().places().iter().flat_map(|place| place.timeline.shared());
        newest.is_none_or(|id| events.into_iter().any(|event| event.id == *id))
    };
    if !is_news && is_told(model) {
        return;
    }
    let events = operations::events(model);
    model.rewound.as_mut().map_or(&mut model.world, |live| &mut live.world).set_operations(events);
    super::lists::refresh_lists(model, Some(&[Feed::AlarmHistory]));
}

/// The journal was read. What nobody knows the end of is raised once.
pub(super) fn take_journal(model: &mut Model, pages: Result<Pages, String>) {
    let is_first = model.journal.is_none();
    model.journal = Some(pages);
    model.is_dirty = true;
    note_in_timeline(model, true);
    if is_first {
        let open = operations::rows(model).iter().filter(|row| row.wants_a_look(model)).count();
        match &model.journal {
            Some(Err(error)) => model.notify(error.clone()),
            Some(Ok(pages)) if !pages.breaks.is_empty() => {
                let places = pages.breaks.join(", ");
                model.notify(format!("the journal was changed or cut short: {places}"));
            }
            _ if open > 0 => {
                let words = plural(open, "operation has", "operations have");
                model.notify(format!("{words} no known end: 9 lists them, Enter and L look again"));
            }
            _ => {}
        }
    }
}

pub(super) fn run_on_operations(model: &mut Model, id: crate::app::command::CommandId) -> Vec<Cmd> {
    use crate::app::command::CommandId as C;
    let count = operations::rows(model).len();
    let last = count.saturating_sub(1);
    let step = match id {
        C::Up => -1,
        C::Down => 1,
        C::PageUp => -PAGE,
        C::PageDown => PAGE,
        C::Top => -(last as isize),
        C::Bottom => last as isize,
        _ => 0,
    };
    let tab = &mut model.operations_tab;
    tab.selected = tab.selected.min(last).saturating_add_signed(step).min(last);
    match id {
        C::Back => model.tab = Tab::Board,
        C::Open | C::Describe => {
            let rows = operations::rows(model);
            let Some(row) = rows.get(model.operations_tab.selected) else { return Vec::new() };
            let (title, lines) = (row.title().to_owned(), row.lines(model));
            model.overlays.push(Overlay::Card { title, lines, scroll: Scroll::default() });
        }
        _ => {}
    }
    focus(model)
}

/// What was done is offered the other way round, as a plan like any other.
pub(super) fn undo(model: &mut Model) -> Vec<Cmd> {
    let rows = operations::rows(model);
    let Some(row) = rows.get(model.operations_tab.selected) else { return Vec::new() };
    if row.is_running() {
        model.notify("it is under way: x stops waiting for it, then u");
        return Vec::new();
    }
    let Some(undo) = row.undo().cloned() else {
        let title = row.title().to_owned();
        model.notify(format!("{title}: there is no undo"));
        return Vec::new();
    };
    let target = match row {
        Row::Course(course) => Some(course.plan.of.clone()),
        Row::Story(story) => story.intent.plan(&model.world).map(|plan| plan.of),
    };
    let (Some(operation), Some(target)) = (named(undo.operation.as_str()), target) else {
        model.notify("what it was done to is not in this world");
        return Vec::new();
    };
    open_plan(model, operation, target, &undo.params)
}

/// Looks what became of an operation nobody knows the end of.
pub(super) fn look_again(model: &mut Model) -> Vec<Cmd> {
    let rows = operations::rows(model);
    let found = rows.get(model.operations_tab.selected).and_then(|row| {
        if !row.wants_a_look(model) {
            return None;
        }
        match row {
            Row::Course(course) => Some((course.op.clone()?, course.plan.clone(), course.reason.clone())),
            Row::Story(story) => {
                Some((story.op.clone(), story.intent.plan(&model.world)?, story.intent.reason.clone()))
            }
        }
    });
    let Some((op, plan, reason)) = found else {
        model.notify("how this one ended is known, or it is not of this world");
        return Vec::new();
    };
    let id = OpId(model.next_op);
    model.next_op += 1;
    let began = model.now;
    model.courses.retain(|course| course.op.as_deref() != Some(op.as_str()));
    let course = Course { id, plan: plan.clone(), reason, began, op: Some(op.clone()), phase: Phase::Looking };
    begin(model, course);
    vec![Cmd::LookAgain { id, op, plan: Box::new(plan) }]
}

/// Lets go of the one that is under way. What AWS is doing goes on; its undo, where there is one, is the way to end that.
pub(super) fn stop_waiting(model: &mut Model) -> Vec<Cmd> {
    let rows = operations::rows(model);
    match rows.get(model.operations_tab.selected) {
        Some(Row::Course(course)) if course.is_running() => vec![Cmd::StopWaiting(course.id)],
        _ => {
            model.notify("this one is not under way in this console");
            Vec::new()
        }
    }
}

/// Leaving with something under way is asked about first. Returns whether it may be left.
pub(super) fn may_leave(model: &mut Model) -> bool {
    let running = model.courses.iter().filter(|course| course.is_running()).count();
    if running == 0 || matches!(model.overlays.last(), Some(Overlay::Leave)) {
        return true;
    }
    model.overlays.push(Overlay::Leave);
    false
}
