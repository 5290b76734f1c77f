//! Keys and pastes while something lies over the tab.

use super::lists::{freshen, with_list};
use super::select::copied;
use super::{LONGEST_TEXT, PAGE, act, focus, keys_of, run, scenario_spec};
use crate::app::command::CommandId;
use crate::app::json::JsonView;
use crate::app::key::{Code, Key};
use crate::app::model::Model;
use crate::app::msg::Cmd;
use crate::app::overlay::{Overlay, Prompt, Purpose, Scroll};
use crate::app::palette::Item;
use crate::app::tab::Tab;
use crate::app::tab::board::Page;
use crate::app::tab::room::Room;
use crate::world::feed::Feed;
use crate::world::item::ItemId;
use crate::world::port::FaultClass;

pub(super) fn press_in_palette(model: &mut Model, key: Key) -> Vec<Cmd> {
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
    model.remember_choice(&item);
    match item {
        Item::Command(id) => run(model, id),
        Item::Operation(operation) => act::open_operation(model, operation),
        Item::Box(id) => {
            model.tab = Tab::Board;
            model.board_tab.focus_on(id);
            model.board_tab.page = Some(Page { of: id, scroll: Scroll::default() });
            focus(model)
        }
        Item::Resource(id, _) => open_resource(model, &id),
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
pub(super) fn press_in_reader(model: &mut Model, key: Key) -> Vec<Cmd> {
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
        Some(CommandId::Quit) if matches!(model.overlays.last(), Some(Overlay::Leave)) => run(model, CommandId::Quit),
        Some(CommandId::Back | CommandId::Quit | CommandId::Help | CommandId::Open) => {
            model.overlays.pop();
            Vec::new()
        }
        // A hint after a hint, the palette over the help: these work from anywhere.
        Some(id @ (CommandId::Hint | CommandId::Mended | CommandId::Brief | CommandId::Palette)) => {
            model.overlays.pop();
            run(model, id)
        }
        _ => Vec::new(),
    }
}

/// A resource goes to its room; one whose room does not exist yet is shown as it is.
fn open_resource(model: &mut Model, id: &ItemId) -> Vec<Cmd> {
    if let Some(room) = Room::of(id) {
        model.tab = Tab::Room(room);
        freshen(model);
        if let Some(room) = model.room_mut() {
            room.list.select(id);
            room.open(id.clone());
        }
        return focus(model);
    }
    let Some(item) = model.world.find(id) else {
        model.notify(format!("{} is gone", id.id));
        return Vec::new();
    };
    model.tab = Tab::Board;
    model.board_tab.focus_on(item.of_box());
    let title = format!("{} {}", item.kind().word(), item.name());
    model.overlays.push(Overlay::Json(Box::new(JsonView::new(title, &item.json()))));
    focus(model)
}

/// Keys while text is typed into a prompt: every letter works at once.
pub(super) fn press_in_prompt(model: &mut Model, key: Key) -> Vec<Cmd> {
    let Some(Overlay::Prompt(mut prompt)) = model.overlays.pop() else { return Vec::new() };
    match key.code {
        Code::Esc => {
            prompt.text.clone_from(&prompt.before);
            apply(model, &prompt);
            return Vec::new();
        }
        // What does not parse is not kept: it stays to be mended.
        Code::Enter if with_list(model, |list, _| list.filter_error().is_some()) != Some(true) => return Vec::new(),
        Code::Enter => {}
        Code::Backspace if prompt.text.is_empty() => return Vec::new(),
        Code::Backspace => {
            prompt.text.pop();
        }
        Code::Char('u') if key.ctrl => prompt.text.clear(),
        Code::Char('w') if key.ctrl => {
            let kept = prompt.text.trim_end().rfind(' ').map_or(0, |space| space + 1);
            prompt.text.truncate(kept);
        }
        _ => prompt.insert(key.typed().map_or_else(String::new, |letter| letter.to_string()).as_str()),
    }
    apply(model, &prompt);
    model.overlays.push(Overlay::Prompt(prompt));
    Vec::new()
}

fn apply(model: &mut Model, prompt: &Prompt) {
    match prompt.purpose {
        Purpose::Filter => {
            with_list(model, |list, sight| list.set_filter(&prompt.text, sight));
        }
        Purpose::Search => {
            if let Some(Overlay::Json(view)) = model.overlays.last_mut() {
                view.search(&prompt.text);
            }
        }
    }
}

/// Keys while JSON is read.
pub(super) fn press_in_json(model: &mut Model, key: Key) -> Vec<Cmd> {
    let command = model.settings.keymap.command(key);
    let Some(Overlay::Json(view)) = model.overlays.last_mut() else { return Vec::new() };
    match (command, key.code) {
        (Some(CommandId::Filter), _) => {
            let before = view.query().to_owned();
            let prompt = Prompt { purpose: Purpose::Search, before, text: String::new() };
            model.overlays.push(Overlay::Prompt(prompt));
        }
        (Some(CommandId::Back | CommandId::Quit | CommandId::Json), _) => {
            model.overlays.pop();
        }
        (Some(CommandId::Copy), _) => {
            let (text, path) = (view.selected_value(), view.path());
            let what = if path == "." { "all of it".to_owned() } else { path.trim_start_matches('.').to_owned() };
            return copied(model, text, what);
        }
        (Some(CommandId::CopyView), _) => {
            let text = view.pretty();
            return copied(model, text, "all of it".into());
        }
        (Some(CommandId::Up), _) => view.step(-1),
        (Some(CommandId::Down), _) => view.step(1),
        (Some(CommandId::PageUp), _) => view.step(-PAGE),
        (Some(CommandId::PageDown), _) => view.step(PAGE),
        (Some(CommandId::Top), _) => view.step(isize::MIN),
        (Some(CommandId::Bottom), _) => view.step(isize::MAX),
        (Some(CommandId::Open | CommandId::Mark), _) => view.toggle(),
        (Some(CommandId::SpanWider | CommandId::Left), _) => view.fold_all(),
        (Some(CommandId::SpanNarrower | CommandId::Right), _) => view.unfold_all(),
        (Some(CommandId::NextTrouble), _) => view.next_match(1),
        (Some(CommandId::PreviousTrouble), _) => view.next_match(-1),
        (Some(CommandId::Palette), _) => return run(model, CommandId::Palette),
        (Some(CommandId::Help), _) => model.overlays.push(Overlay::Help(Scroll::default())),
        _ => {}
    }
    Vec::new()
}

/// Pasted text goes where text is typed, and nowhere else; never where something is confirmed.
pub(super) fn paste(model: &mut Model, text: &str) {
    match model.overlays.last_mut() {
        Some(Overlay::Arm(reason)) => act::insert_reason(reason, text),
        Some(Overlay::Plan(form)) => form.trouble = Some("it has to be typed, not pasted".into()),
        _ => {}
    }
    model.is_dirty = true;
    if let Some(Overlay::Code(prompt)) = model.overlays.last_mut() {
        prompt.insert(text);
        model.is_dirty = true;
        return;
    }
    if let Some(Overlay::Palette(mut palette)) = model.overlays.pop_if(|top| matches!(top, Overlay::Palette(_))) {
        palette.insert(text, model);
        model.overlays.push(Overlay::Palette(palette));
        model.is_dirty = true;
    }
    if let Some(Overlay::Prompt(mut prompt)) = model.overlays.pop_if(|top| matches!(top, Overlay::Prompt(_))) {
        prompt.insert(text);
        apply(model, &prompt);
        model.overlays.push(Overlay::Prompt(prompt));
        model.is_dirty = true;
    }
}
