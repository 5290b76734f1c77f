//! The palette: everything that has a name, found by any part of it.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use crate::app::command::{COMMANDS, CommandId};
use crate::app::model::Model;
use crate::domain::board::BoxId;
use crate::domain::text::Text;
use crate::ops::{OPERATIONS, Operation};
use crate::world::feed::Feed;
use crate::world::item::{ItemId, Kind};
use crate::world::port::FaultClass;

/// Longest query worth matching; a pasted megabyte is not a name.
const LONGEST_QUERY: usize = 200;

/// More than any description scores.
const NAME_BONUS: u32 = 100_000;

#[derive(Debug, Default)]
pub struct Palette {
    pub query: String,
    pub selected: usize,
    /// Best first.
    pub matches: Vec<Item>,
}

/// Something the palette can find.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    Command(CommandId),
    /// One of the table of operations.
    Operation(&'static Operation),
    Box(BoxId),
    /// Anything that has been read: by its name or its id.
    Resource(ItemId, Text),
    /// Break our own view of a feed, in a drill.
    Fault(Feed, FaultClass),
}

impl Item {
    pub fn name(&self) -> String {
        match self {
            Self::Resource(_, name) => name.to_string(),
            Self::Command(id) => id.spec().name.to_owned(),
            Self::Operation(operation) => operation.name.to_owned(),
            Self::Box(id) => id.title().to_owned(),
            Self::Fault(feed, class) => format!("fault {} {}", feed.name(), class.word()),
        }
    }

    pub fn kind(&self) -> &'static str {
        match self {
            Self::Resource(id, _) => id.kind.word(),
            Self::Command(_) => "command",
            Self::Operation(_) => "operation",
            Self::Box(_) => "box",
            Self::Fault(..) => "drill",
        }
    }

    pub fn doc(&self) -> String {
        match self {
            Self::Resource(id, name) if id.id == *name => String::new(),
            Self::Resource(id, _) => id.id.to_string(),
            Self::Command(id) => id.spec().doc.to_owned(),
            Self::Operation(operation) => operation.doc.to_owned(),
            Self::Box(id) => id.group().title().to_owned(),
            Self::Fault(feed, _) => format!("Make {} fail, to see what the console makes of it", feed.operation()),
        }
    }

    /// Everything else worth matching, when no name does.
    fn description(&self) -> String {
        match self {
            Self::Command(id) => id.spec().doc.to_owned(),
            Self::Operation(operation) => format!("{} {}", operation.title, operation.doc),
            Self::Box(id) => format!("{} {}", id.label(), id.id()),
            Self::Fault(..) | Self::Resource(..) => String::new(),
        }
    }
}

impl Palette {
    pub fn open(model: &Model) -> Self {
        let mut palette = Self::default();
        palette.search(model);
        palette
    }

    /// Adds typed or pasted text; line breaks end it.
    pub fn insert(&mut self, text: &str, model: &Model) {
        let room = LONGEST_QUERY.saturating_sub(self.query.chars().count());
        self.query
            .extend(text.chars().take_while(|c| !matches!(c, '\n' | '\r')).filter(|c| Text::may_hold(*c)).take(room));
        self.search(model);
    }

    pub fn erase(&mut self, model: &Model) {
        self.query.pop();
        self.search(model);
    }

    /// Erases the last word.
    pub fn erase_word(&mut self, model: &Model) {
        let kept = self.query.trim_end().rfind(' ').map_or(0, |space| space + 1);
        self.query.truncate(kept);
        self.search(model);
    }

    pub fn step(&mut self, by: isize) {
        let last = self.matches.len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(by).min(last);
    }

    pub fn chosen(&self) -> Option<Item> {
        self.matches.get(self.selected).cloned()
    }

    fn search(&mut self, model: &Model) {
        self.selected = 0;
        let items = items(model);
        if self.query.trim().is_empty() {
            // What was chosen lately comes first.
            let lately = model.chosen.iter().filter(|item| items.contains(item) || matches!(item, Item::Resource(..)));
            let mut all: Vec<Item> = lately.cloned().collect();
            all.extend(items.into_iter().filter(|item| !model.chosen.contains(item)));
            self.matches = all;
            return;
        }
        let pattern = Pattern::parse(&self.query, CaseMatching::Ignore, Normalization::Smart);
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut buffer = Vec::new();
        let part = Part::of(self.query.trim());
        let mut scored: Vec<(u32, Item)> = items
            .into_iter()
            .filter_map(|item| {
                let mut score = |text: &str| pattern.score(Utf32Str::new(text, &mut buffer), &mut matcher);
                let name = item.name();
                // A name typed whole is what is meant; a name at all is meant before a description.
                if name.eq_ignore_ascii_case(self.query.trim()) {
                    return Some((u32::MAX, item));
                }
                match score(&name) {
                    // Breaking our own view of something is never what is meant first.
                    Some(points) if matches!(item, Item::Fault(..)) => Some((points, item)),
                    // Letters in a row are meant before the same letters here and there.
                    Some(points) if part.is_in(&name) => Some((points + 2 * NAME_BONUS, item)),
                    Some(points) => Some((points + NAME_BONUS, item)),
                    None => score(&item.description()).map(|points| (points, item)),
                }
            })
            .collect();
        scored.extend(resources(model, self.query.trim()).into_iter().map(|(whole, item)| {
            // Behind what the console itself calls so, before what is only like it or described so.
            (if whole { u32::MAX - 1 } else { 2 * NAME_BONUS - 1 }, item)
        }));
        scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        self.matches = scored.into_iter().map(|(_, item)| item).collect();
    }
}

/// Fewer letters would find everything.
const LEAST_LETTERS: usize = 2;
/// More than anyone reads.
const MOST_RESOURCES: usize = 60;

/// Everything read whose name or id has `query` in it, and whether one of them is just that. By plain search, not by
/// likeness: among a hundred thousand names everything is like something.
fn resources(model: &Model, query: &str) -> Vec<(bool, Item)> {
    if query.chars().count() < LEAST_LETTERS {
        return Vec::new();
    }
    let mut found = Vec::new();
    let part = Part::of(query);
    // What happened is looked for in the timeline: its sentences hold every name there is.
    for kind in Kind::ALL.iter().filter(|kind| **kind != Kind::Event) {
        for (place, at) in model.world.places().iter().enumerate() {
            kind.visit(at, &mut |name, id| {
                if !part.is_in(name.as_str()) && !part.is_in(id.as_str()) {
                    return;
                }
                let whole = name.as_str().eq_ignore_ascii_case(query) || id.as_str().eq_ignore_ascii_case(query);
                // The very thing is found however many are like it.
                if whole || found.len() < MOST_RESOURCES {
                    let of = ItemId { kind: *kind, place, id: id.clone() };
                    found.push((whole, Item::Resource(of, name.clone())));
                }
            });
        }
    }
    found
}

/// Part of a name, whatever the case of its Latin letters.
struct Part<'a> {
    text: &'a [u8],
    first: [u8; 2],
}

impl<'a> Part<'a> {
    fn of(text: &'a str) -> Self {
        let first = text.as_bytes().first().copied().unwrap_or(0);
        Self { text: text.as_bytes(), first: [first.to_ascii_lowercase(), first.to_ascii_uppercase()] }
    }

    fn is_in(&self, text: &str) -> bool {
        let text = text.as_bytes();
        let Some(last) = text.len().checked_sub(self.text.len()) else { return false };
        // The first letter rules out most places before the others are looked at.
        (0..=last)
            .any(|at| self.first.contains(&text[at]) && text[at..at + self.text.len()].eq_ignore_ascii_case(self.text))
    }
}

fn items(model: &Model) -> Vec<Item> {
    let commands =
        COMMANDS.iter().map(|spec| Item::Command(spec.id)).filter(|item| *item != Item::Command(CommandId::Palette));
    let operations = OPERATIONS.iter().copied().map(Item::Operation);
    let boxes = BoxId::ALL.iter().copied().map(Item::Box);
    let faults =
        Feed::ALL.iter().filter(|feed| model.session.drill.is_some() && **feed != Feed::Exercise).flat_map(|feed| {
            [FaultClass::Throttled, FaultClass::Denied, FaultClass::Timeout].map(|class| Item::Fault(*feed, class))
        });
    commands.chain(operations).chain(boxes).chain(faults).collect()
}
