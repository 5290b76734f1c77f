//! The only place where the model changes. Pure: the time comes in, effects go out.

use jiff::{SignedDuration, Timestamp};

use crate::app::board::Board;
use crate::app::command::CommandId;
use crate::app::key::{Code, Key};
use crate::app::model::{Model, Session};
use crate::app::msg::{Cmd, Msg, WorldSpec};
use crate::app::overlay::{Overlay, Scroll};
use crate::app::palette::{Item, Palette};
use crate::app::tab::board::{Chart, Direction, Page};
use crate::app::tab::{Tab, feeds};
use crate::domain::board::BoxId;
use crate::domain::units;
use crate::world::board::spec;
use crate::world::feed::Feed;
use crate::world::port::{FaultClass, FeedKey, Observation};
use crate::world::{Applied, World};

/// Lines a page key moves by when the real height does not matter.
const PAGE: isize = 10;
/// No text of the console is longer than this many lines; scrolling ends there at the latest.
const LONGEST_TEXT: usize = 2_000;

pub fn update(model: &mut Model, at: Timestamp, msg: Msg) -> Vec<Cmd> {
    tick(model, at);
    match msg {
        Msg::Tick => Vec::new(),
        Msg::Resize(size) => {
            model.size = size;
            model.is_dirty = true;
            Vec::new()
        }
        Msg::Key(key) => press(model, key),
        Msg::Paste(text) => {
            paste(model, &text);
            Vec::new()
        }
        Msg::Command(id) => run(model, id),
        Msg::Observed(observation) => {
            observe(model, *observation);
            Vec::new()
        }
        Msg::Opened(session) => {
            open(model, *session);
            focus(model)
        }
        Msg::Notice(text) => {
            model.notify(text);
            Vec::new()
        }
    }
}

/// Moves the clock on; the screen shows seconds.
fn tick(model: &mut Model, at: Timestamp) {
    if at.as_second() != model.now.as_second() {
        model.is_dirty = true;
    }
    // A clock set back must not make ages negative.
    model.now = model.now.max(at);
    if model.notice.as_ref().is_some_and(|notice| model.now >= notice.until) {
        model.notice = None;
        model.is_dirty = true;
    }
    refresh_board(model, &[]);
}

fn refresh_board(model: &mut Model, feeds: &[Feed]) {
    let Model { board, world, now, settings, .. } = model;
    let sight = crate::world::sight::Sight { world, at: *now, bearings: &settings.bearings };
    if board.refresh(feeds, &sight) {
        model.is_dirty = true;
    }
}

fn observe(model: &mut Model, observation: Observation) {
    let feed = observation.key.feed;
    match model.world.apply(observation) {
        Applied::Changed => refresh_board(model, &[feed]),
        // Nothing to judge anew, unless it was judged by its age.
        Applied::Refreshed if model.board.is_stale_by(feed) => refresh_board(model, &[feed]),
        Applied::Refreshed | Applied::Foreign => {}
    }
}

fn open(model: &mut Model, session: Session) {
    model.settings.bearings.failover.clone_from(&session.failover);
    model.world = World::of(&session.scopes);
    // A drill begins at its own time, which may well be before that of the one before.
    model.now = session.opened_at;
    let title = session.drill.as_ref().map(|drill| drill.title.clone());
    model.session = session;
    model.board = Board::new(&model.sight());
    model.board_tab.page = None;
    model.overlays.clear();
    model.hints_shown = 0;
    model.is_dirty = true;
    if let Some(title) = title {
        model.notify(format!("drill: {title}"));
    }
}

/// Keys go to the top overlay; what it does not want goes to the keymap, but for text.
fn press(model: &mut Model, key: Key) -> Vec<Cmd> {
    model.is_dirty = true;
    if key == Key::ctrl('c') {
        return run(model, CommandId::Quit);
    }
    match model.overlays.last() {
        Some(Overlay::Palette(_)) => press_in_palette(model, key),
        Some(Overlay::Help(_) | Overlay::Card { .. } | Overlay::Picker { .. }) => press_in_reader(model, key),
        None => match model.settings.keymap.command(key) {
            Some(id) => run(model, id),
            None => Vec::new(),
        },
    }
}

fn press_in_palette(model: &mut Model, key: Key) -> Vec<Cmd> {
    let Some(Overlay::Palette(mut palette)) = model.overlays.pop() else { return Vec::new() };
    match key.code {
        Code::Esc => return Vec::new(),
        Code::Enter => {
            return match palette.chosen() {
                Some(item) => choose(model, item),
                None => Vec::new(),
            };
        }
        Code::Up | Code::BackTab => palette.step(-1),
        Code::Down | Code::Tab => palette.step(1),
        Code::PageUp => palette.step(-PAGE),
        Code::PageDown => palette.step(PAGE),
        Code::Char('p') if key.ctrl => palette.step(-1),
        Code::Char('n') if key.ctrl => palette.step(1),
        Code::Char('w' | 'u') if key.ctrl => palette.erase_word(model),
        // Backspace on nothing leaves, as in every command line of this kind.
        Code::Backspace if palette.query.is_empty() => return Vec::new(),
        Code::Backspace => palette.erase(model),
        _ => {
            if let Some(character) = key.typed() {
                palette.insert(character.encode_utf8(&mut [0; 4]), model);
            }
        }
    }
    model.overlays.push(Overlay::Palette(palette));
    Vec::new()
}

fn choose(model: &mut Model, item: Item) -> Vec<Cmd> {
    match item {
        Item::Command(id) => run(model, id),
        Item::Box(id) => {
            model.tab = Tab::Board;
            model.board_tab.focus_on(id);
            model.board_tab.page = Some(Page { of: id, scroll: Scroll::default() });
            focus(model)
        }
        Item::Fault(feed, class) => {
            model.notify(format!("{} now answers: {} ({})", feed.name(), class.word(), "clear-faults mends it"));
            inject(model, feed, class)
        }
    }
}

fn inject(model: &Model, feed: Feed, class: FaultClass) -> Vec<Cmd> {
    vec![Cmd::Inject(feed, class), Cmd::Poll(keys_of(model, |key| key.feed == feed))]
}

/// Help, cards and the picker: move, choose or leave; any other key is left alone.
fn press_in_reader(model: &mut Model, key: Key) -> Vec<Cmd> {
    let command = model.settings.keymap.command(key);
    let step = match command {
        Some(CommandId::Up) => -1,
        Some(CommandId::Down) => 1,
        Some(CommandId::PageUp) => -PAGE,
        Some(CommandId::PageDown) => PAGE,
        Some(CommandId::Top) => -(LONGEST_TEXT as isize),
        Some(CommandId::Bottom) => LONGEST_TEXT as isize,
        _ => 0,
    };
    match model.overlays.last_mut() {
        Some(Overlay::Help(scroll) | Overlay::Card { scroll, .. }) if step != 0 => {
            scroll.by(step, LONGEST_TEXT);
            return Vec::new();
        }
        Some(Overlay::Picker { selected }) => {
            let cards = &model.settings.scenarios;
            *selected = selected.saturating_add_signed(step).min(cards.len().saturating_sub(1));
            if command == Some(CommandId::Open)
                && let Some(card) = cards.get(*selected)
            {
                let spec = scenario_spec(model.session.drill.as_ref().map(|drill| &drill.spec), &card.name);
                model.overlays.clear();
                return vec![Cmd::Open(spec)];
            }
        }
        _ => {}
    }
    match command {
        Some(CommandId::Back | CommandId::Quit | CommandId::Help | CommandId::Open) => {
            model.overlays.pop();
            Vec::new()
        }
        // A hint after a hint, the palette over the help: these work from anywhere.
        Some(id @ (CommandId::Hint | CommandId::Palette)) => {
            model.overlays.pop();
            run(model, id)
        }
        _ => Vec::new(),
    }
}

/// The chosen scenario with the seed, speed and size of the drill before it.
fn scenario_spec(present: Option<&WorldSpec>, scenario: &str) -> WorldSpec {
    let mut spec = present.cloned().unwrap_or_else(|| WorldSpec::of(scenario));
    scenario.clone_into(&mut spec.scenario);
    spec.at = SignedDuration::ZERO;
    spec
}

/// Pasted text goes where text is typed, and nowhere else.
fn paste(model: &mut Model, text: &str) {
    if let Some(Overlay::Palette(mut palette)) = model.overlays.pop_if(|top| matches!(top, Overlay::Palette(_))) {
        palette.insert(text, model);
        model.overlays.push(Overlay::Palette(palette));
        model.is_dirty = true;
    }
}

fn run(model: &mut Model, id: CommandId) -> Vec<Cmd> {
    model.is_dirty = true;
    if let Err(reason) = (id.spec().enabled)(model) {
        model.notify(format!("{}: {reason}", id.spec().name));
        return Vec::new();
    }
    match id {
        CommandId::Quit => return vec![Cmd::Quit],
        CommandId::Suspend => return vec![Cmd::Suspend],
        CommandId::Refresh => return refresh(model),
        CommandId::ClearFaults => {
            model.notify("every feed answers again");
            return vec![Cmd::ClearFaults, Cmd::Poll(keys_of(model, |_| true))];
        }
        CommandId::Help => model.overlays.push(Overlay::Help(Scroll::default())),
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
        CommandId::Board => model.tab = Tab::Board,
        CommandId::Feeds => model.tab = Tab::Feeds,
        CommandId::NextTab => model.tab = model.tab.stepped(1),
        CommandId::PreviousTab => model.tab = model.tab.stepped(-1),
        _ => match model.tab {
            Tab::Board => run_on_board(model, id),
            Tab::Feeds => run_on_feeds(model, id),
        },
    }
    focus(model)
}

fn run_on_board(model: &mut Model, id: CommandId) {
    if model.board_tab.page.is_some() {
        run_on_page(model, id);
        return;
    }
    let chart = Chart::for_screen(model.size, model.board_tab.zoom, model.board_tab.focus);
    let tab = &mut model.board_tab;
    match id {
        CommandId::Up => tab.go(Direction::Up, &chart),
        CommandId::Down => tab.go(Direction::Down, &chart),
        CommandId::Left => tab.go(Direction::Left, &chart),
        CommandId::Right => tab.go(Direction::Right, &chart),
        CommandId::Top => tab.focus = chart.boxes().next().map_or(tab.focus, |(id, _)| id),
        CommandId::Bottom => tab.focus = chart.boxes().last().map_or(tab.focus, |(id, _)| id),
        CommandId::PageDown | CommandId::NextGroup => tab.go_to_group(1),
        CommandId::PageUp | CommandId::PreviousGroup => tab.go_to_group(-1),
        CommandId::Zoom => tab.zoom = if tab.zoom.is_some() { None } else { Some(tab.focus.group()) },
        CommandId::Open => tab.page = Some(Page { of: tab.focus, scroll: Scroll::default() }),
        CommandId::Back => tab.zoom = None,
        CommandId::NextTrouble => go_to_trouble(model, 1),
        CommandId::PreviousTrouble => go_to_trouble(model, -1),
        _ => {}
    }
}

fn run_on_page(model: &mut Model, id: CommandId) {
    let Some(mut page) = model.board_tab.page else { return };
    match id {
        CommandId::Back => {
            model.board_tab.page = None;
            return;
        }
        CommandId::Up => page.scroll.by(-1, LONGEST_TEXT),
        CommandId::Down => page.scroll.by(1, LONGEST_TEXT),
        CommandId::PageUp => page.scroll.by(-PAGE, LONGEST_TEXT),
        CommandId::PageDown => page.scroll.by(PAGE, LONGEST_TEXT),
        CommandId::Top => page.scroll.offset = 0,
        CommandId::Bottom => page.scroll.offset = LONGEST_TEXT,
        // From page to page along the arrows.
        CommandId::Left | CommandId::Right => {
            let next = if id == CommandId::Right { page.of.downstream().next() } else { page.of.upstream().next() };
            if let Some(next) = next {
                page = Page { of: next, scroll: Scroll::default() };
                model.board_tab.focus_on(next);
            }
        }
        CommandId::NextTrouble | CommandId::PreviousTrouble => {
            go_to_trouble(model, if id == CommandId::NextTrouble { 1 } else { -1 });
            page = Page { of: model.board_tab.focus, scroll: Scroll::default() };
        }
        _ => {}
    }
    model.board_tab.page = Some(page);
}

fn go_to_trouble(model: &mut Model, steps: isize) {
    let troubled: Vec<BoxId> = model.board.troubled();
    let here = troubled.iter().position(|id| *id == model.board_tab.focus);
    let next = match (here, steps) {
        (Some(place), _) => (place as isize + steps).rem_euclid(troubled.len() as isize) as usize,
        (None, 1..) => 0,
        (None, _) => troubled.len() - 1,
    };
    if let Some(id) = troubled.get(next) {
        model.board_tab.focus_on(*id);
    }
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
    let keys = keys_of(model, |key| feeds.is_empty() || feeds.contains(&key.feed));
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
    lines.push(match (drill.broke_at, drill.mended_at) {
        (Some(broke), Some(mended)) => format!("Mended after {}.", units::long(units::since(mended, broke))),
        (Some(broke), None) => format!("It broke {} ago.", units::long(units::since(model.now, broke))),
        (None, _) => "Nothing has happened yet.".into(),
    });
    model.overlays.push(Overlay::Card { title: drill.title.to_string(), lines, scroll: Scroll::default() });
}
