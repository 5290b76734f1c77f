//! The only place where the model changes. Pure: the time comes in, effects go out.

pub mod act;
mod board;
mod lists;
mod overlay;
mod pipeline;
mod pointer;
mod select;
mod sign_in;
mod suspects;
mod time;

use jiff::{SignedDuration, Timestamp};

use crate::app::board::Board;
use crate::app::command::CommandId;
use crate::app::key::Key;
use crate::app::model::{Model, Session};
use crate::app::msg::{Cmd, Msg, WorldSpec};
use crate::app::overlay::{Overlay, Scroll};
use crate::app::palette::Palette;
use crate::app::rewind::History;
use crate::app::score::{self, Score};
use crate::app::tab::room::Room;
use crate::app::tab::{Tab, feeds};
use crate::domain::units;
use crate::world::board::spec;
use crate::world::feed::Feed;
use crate::world::port::FeedKey;
use crate::world::sight::Sight;

/// Lines a page key moves by when the real height does not matter.
const PAGE: isize = 10;
/// No text of the console is longer than this many lines; scrolling ends there at the latest.
const LONGEST_TEXT: usize = 20_000;

pub fn update(model: &mut Model, at: Timestamp, msg: Msg) -> Vec<Cmd> {
    time::tick(model, at);
    act::tick(model);
    let mut cmds = handle(model, msg);
    lists::freshen(model);
    cmds.extend(want(model));
    cmds
}

fn handle(model: &mut Model, msg: Msg) -> Vec<Cmd> {
    match msg {
        Msg::Tick => Vec::new(),
        Msg::Resize(size) => {
            model.size = size;
            model.is_dirty = true;
            Vec::new()
        }
        Msg::Key(key) => press(model, key),
        Msg::Click { column, row } => {
            pointer::click(model, column, row);
            focus(model)
        }
        Msg::Wheel(lines) => {
            pointer::wheel(model, lines);
            focus(model)
        }
        Msg::Paste(text) => {
            overlay::paste(model, &text);
            Vec::new()
        }
        Msg::Command(id) => run(model, id),
        Msg::Observed(observation) => time::observe(model, vec![*observation]),
        Msg::AllObserved(observations) => time::observe(model, observations),
        Msg::Opened(session) => {
            open(model, *session);
            focus(model)
        }
        Msg::SignedIn { device, outcome } => sign_in::answered(model, &device, outcome),
        Msg::Op(id, event) => act::take(model, id, event),
        Msg::Journal(pages) => {
            act::take_journal(model, pages);
            Vec::new()
        }
        Msg::Notice(text) => {
            model.notify(text);
            Vec::new()
        }
    }
}

fn open(model: &mut Model, session: Session) {
    model.settings.bearings.failover.clone_from(&session.failover);
    model.rewound = None;
    model.inquiry = None;
    model.history = History::default();
    model.firing.clear();
    model.unasked.clear();
    model.world = session.world();
    // A drill begins at its own time, which may well be before that of the one before.
    model.now = session.opened_at;
    let title = session.drill.as_ref().map(|drill| drill.title.clone());
    model.session = session;
    model.board = Board::new(&model.sight());
    model.board_tab.page = None;
    for room in &mut model.rooms {
        room.page = None;
    }
    lists::refresh_lists(model, None);
    model.overlays.clear();
    // What was allowed was allowed in the world before.
    model.armed = None;
    model.courses.clear();
    model.journal = None;
    model.hints_shown = 0;
    model.score = Score::default();
    model.is_dirty = true;
    if let Some(title) = title {
        model.notify(format!("drill: {title}"));
    }
}

/// Keys go to the top overlay; what it does not want goes to the keymap, but for text.
fn press(model: &mut Model, key: Key) -> Vec<Cmd> {
    model.is_dirty = true;
    score::key(model);
    if key == Key::ctrl('c') {
        return run(model, CommandId::Quit);
    }
    match model.overlays.last() {
        Some(Overlay::Palette(_)) => overlay::press_in_palette(model, key),
        Some(Overlay::Prompt(_)) => overlay::press_in_prompt(model, key),
        Some(Overlay::Json(_)) => overlay::press_in_json(model, key),
        Some(Overlay::Code(_)) => sign_in::press(model, key),
        Some(Overlay::Actions(_)) => act::press_in_menu(model, key),
        Some(Overlay::Plan(_)) => act::press_in_plan(model, key),
        Some(Overlay::Arm(_)) => act::press_in_arm(model, key),
        Some(Overlay::Help(_) | Overlay::Card { .. } | Overlay::Picker { .. } | Overlay::Leave) => {
            overlay::press_in_reader(model, key)
        }
        None => match model.settings.keymap.command(key) {
            Some(id) => run(model, id),
            None => Vec::new(),
        },
    }
}

/// The chosen scenario with the seed, speed and size of the drill before it.
fn scenario_spec(present: Option<&WorldSpec>, scenario: &str) -> WorldSpec {
    let mut spec = present.cloned().unwrap_or_else(|| WorldSpec::of(scenario));
    scenario.clone_into(&mut spec.scenario);
    spec.at = SignedDuration::ZERO;
    spec
}

fn run(model: &mut Model, id: CommandId) -> Vec<Cmd> {
    model.is_dirty = true;
    if let Err(reason) = (id.spec().enabled)(model) {
        model.notify(format!("{}: {reason}", id.spec().name));
        return Vec::new();
    }
    match id {
        CommandId::Quit if act::may_leave(model) => return vec![Cmd::Quit],
        CommandId::Quit => return Vec::new(),
        CommandId::Actions => act::open_menu(model),
        CommandId::Arm => act::arm(model),
        CommandId::Undo => return act::undo(model),
        CommandId::LookAgain => return act::look_again(model),
        CommandId::StopWaiting => return act::stop_waiting(model),
        CommandId::Suspend => return vec![Cmd::Suspend],
        CommandId::Refresh => return refresh(model),
        CommandId::SignIn => sign_in::ask_again(model),
        CommandId::ClearFaults => {
            model.notify("every feed answers again");
            return vec![Cmd::ClearFaults, Cmd::Poll(keys_of(model, |_| true))];
        }
        CommandId::Help => model.overlays.push(Overlay::Help(Scroll::default())),
        CommandId::Filter if model.list().is_none() => {
            let palette = Palette::open(model);
            model.overlays.push(Overlay::Palette(palette));
        }
        CommandId::Palette => {
            let palette = Palette::open(model);
            model.overlays.push(Overlay::Palette(palette));
        }
        CommandId::Scenario => {
            let selected = present_scenario(model);
            model.overlays.push(Overlay::Picker { selected });
        }
        CommandId::Hint => hint(model),
        CommandId::Mended => mended(model),
        CommandId::Json => select::show_json(model),
        CommandId::Copy => return select::copy(model),
        CommandId::Console => return select::browse(model),
        CommandId::CopyView => return select::copy_view(model),
        CommandId::Brief => brief(model),
        CommandId::OnlyBroken => only_broken(model),
        CommandId::Rewind => time::rewind(model),
        CommandId::Forward => time::forward(model),
        CommandId::ToLive => time::to_live(model),
        CommandId::Compact => model.is_compact = !model.is_compact,
        CommandId::NextZone => next_zone(model),
        CommandId::Board => model.tab = Tab::Board,
        CommandId::Alarms => model.tab = Tab::Room(Room::Alarms),
        CommandId::Pipelines => model.tab = Tab::Room(Room::Pipelines),
        CommandId::Timeline => model.tab = Tab::Room(Room::Timeline),
        CommandId::Suspects => suspects::next(model),
        CommandId::Traces => model.tab = Tab::Room(Room::Traces),
        CommandId::Compute => model.tab = Tab::Room(Room::Compute),
        CommandId::Data => model.tab = Tab::Room(Room::Data),
        CommandId::Cost => model.tab = Tab::Room(Room::Cost),
        CommandId::Dashboards => model.tab = Tab::Room(Room::Dashboards),
        CommandId::Metrics => model.tab = Tab::Room(Room::Metrics),
        CommandId::Operations => model.tab = Tab::Operations,
        CommandId::Feeds => model.tab = Tab::Feeds,
        CommandId::NextTab => model.tab = model.tab.stepped(1),
        CommandId::PreviousTab => model.tab = model.tab.stepped(-1),
        _ => match model.tab {
            Tab::Board => board::run_on_board(model, id),
            Tab::Room(_) => lists::run_on_list(model, id),
            Tab::Operations => return act::run_on_operations(model, id),
            Tab::Feeds => run_on_feeds(model, id),
        },
    }
    focus(model)
}

fn brief(model: &mut Model) {
    let strip = model.board.strip();
    let mut lines = Vec::new();
    for (label, text) in [("BROKE", &strip.broke), ("WHERE", &strip.place), ("CHANGED", &strip.changed)] {
        lines.push(label.to_owned());
        lines.extend(text.split(" · ").map(|part| format!("  {part}")));
        lines.push(String::new());
    }
    model.overlays.push(Overlay::Card { title: "In full".into(), lines, scroll: Scroll::default() });
}

fn only_broken(model: &mut Model) {
    model.is_only_broken = !model.is_only_broken;
    let only = model.is_only_broken;
    lists::for_lists(model, |list, sight| list.set_only_broken(only, sight));
    model.notify(if only { "only what is not well; again for everything" } else { "everything" });
}

fn next_zone(model: &mut Model) {
    std::mem::swap(&mut model.settings.bearings.zone, &mut model.settings.other_zone);
    let name = model.settings.bearings.zone.iana_name().unwrap_or("the local zone").to_owned();
    model.notify(format!("times in {name}"));
    // What was said in words of the other zone is said anew, in the present as well.
    let Model { board, world, now, settings, rewound, .. } = model;
    board.reread(&Sight { world, at: *now, bearings: &settings.bearings });
    if let Some(live) = rewound {
        live.board.reread(&Sight { world: &live.world, at: live.now, bearings: &settings.bearings });
    }
}

/// What is asked only for what is on screen, if that is other than a moment ago.
fn want(model: &mut Model) -> Option<Cmd> {
    let world = model.rewound.as_ref().map_or(&model.world, |live| &live.world);
    let mut keys = model.room().map_or_else(Vec::new, |room| room.asks(world));
    keys.extend(world.looked_keys(&looked_at(model)));
    if keys == model.wanted {
        return None;
    }
    model.wanted.clone_from(&keys);
    Some(Cmd::Want(keys))
}

fn run_on_feeds(model: &mut Model, id: CommandId) {
    let last = feeds::rows(model).len().saturating_sub(1);
    let tab = &mut model.feeds_tab;
    let step = match id {
        CommandId::Up => -1,
        CommandId::Down => 1,
        CommandId::PageUp => -PAGE,
        CommandId::PageDown => PAGE,
        CommandId::Top => -(last as isize),
        CommandId::Bottom => last as isize,
        _ => 0,
    };
    tab.selected = tab.selected.min(last).saturating_add_signed(step).min(last);
    if id == CommandId::Back {
        model.tab = Tab::Board;
    }
}

/// What the screen rests on, read again at once.
fn refresh(model: &mut Model) -> Vec<Cmd> {
    let feeds = looked_at(model);
    let mut keys = keys_of(model, |key| feeds.is_empty() || feeds.contains(&key.feed));
    keys.extend(model.world.looked_keys(&feeds));
    model.notify(format!("reading {} again", units::plural(keys.len(), "feed", "feeds")));
    vec![Cmd::Poll(keys)]
}

/// Tells the scheduler what somebody looks at.
fn focus(model: &Model) -> Vec<Cmd> {
    vec![Cmd::Focus(looked_at(model))]
}

/// The feeds under the operator's eyes: those of the open box, or of the boxes of the zoomed group. The whole board at
/// once is not looking at anything in particular.
fn looked_at(model: &Model) -> Vec<Feed> {
    let mut feeds: Vec<Feed> = match (model.tab, &model.board_tab.page, model.board_tab.zoom) {
        (Tab::Board, Some(page), _) => spec(page.of).sources.to_vec(),
        (Tab::Room(room), ..) => room.spec().feeds.to_vec(),
        (Tab::Board, None, Some(group)) => group.boxes().flat_map(|id| spec(id).sources.iter().copied()).collect(),
        _ => Vec::new(),
    };
    feeds.sort_unstable();
    feeds.dedup();
    feeds
}

fn keys_of(model: &Model, wanted: impl Fn(&FeedKey) -> bool) -> Vec<FeedKey> {
    model.world.keys().filter(|key| wanted(key)).collect()
}

fn present_scenario(model: &Model) -> usize {
    let name = model.session.drill.as_ref().map(|drill| drill.spec.scenario.as_str());
    model.settings.scenarios.iter().position(|card| Some(card.name.as_str()) == name).unwrap_or(0)
}

fn hint(model: &mut Model) {
    let hints: Vec<String> =
        model.exercise().map(|drill| drill.hints.iter().map(ToString::to_string).collect()).unwrap_or_default();
    if hints.is_empty() {
        model.notify("this drill has no hints");
        return;
    }
    let shown = model.hints_shown.min(hints.len() - 1);
    let lines = vec![hints[shown].clone()];
    model.hints_shown = shown + 1;
    let title = format!("Hint {} of {}", shown + 1, hints.len());
    model.overlays.push(Overlay::Card { title, lines, scroll: Scroll::default() });
}

fn mended(model: &mut Model) {
    let Some(drill) = model.exercise() else {
        model.notify("the drill has not been read yet");
        return;
    };
    let mut lines: Vec<String> = Vec::new();
    if let Some(session) = &model.session.drill {
        lines.extend(session.story.lines().map(str::to_owned));
        lines.push(String::new());
    }
    for (words, holds) in &drill.conditions {
        lines.push(format!("{} {words}", if *holds { "done:" } else { "open:" }));
    }
    if drill.conditions.is_empty() {
        lines.push("There is nothing to mend in this one.".into());
    }
    let told = score::lines(model);
    if told.is_empty() {
        lines.push("Nothing has happened yet.".into());
    } else {
        lines.push(String::new());
        lines.push(drill.broke_at.map_or_else(String::new, |broke| {
            format!("It broke {} ago. Counted from then:", units::long(units::since(model.now, broke)))
        }));
        lines.extend(told);
    }
    model.overlays.push(Overlay::Card { title: drill.title.to_string(), lines, scroll: Scroll::default() });
}
