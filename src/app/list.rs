//! A list on screen: which rows, in which order, which one is selected, which are marked. One for every room.

use std::collections::BTreeSet;

use crate::domain::health::Health;
use crate::world::item::ItemId;
use crate::world::room::filter::{Fields, Filter, FilterError};
use crate::world::room::{RoomSpec, Row};
use crate::world::sight::Sight;

#[derive(Debug)]
pub struct ListState {
    pub spec: &'static RoomSpec,
    /// Everything in the room, sorted.
    all: Vec<Row>,
    /// Positions in `all` of what is shown.
    shown: Vec<usize>,
    /// What each row says, in lower case; made when a filter first wants it.
    texts: Vec<String>,
    /// What somebody chose; nothing, as long as nobody has.
    selected: Option<ItemId>,
    /// Where the selection is, or was before it went.
    position: usize,
    /// The first row on screen, as far as is known here.
    pub top: usize,
    pub sort: Option<(usize, bool)>,
    filter: Filter,
    filter_text: String,
    filter_error: Option<FilterError>,
    marked: BTreeSet<ItemId>,
    only_broken: bool,
    is_past: bool,
}

impl ListState {
    pub fn new(spec: &'static RoomSpec) -> Self {
        Self {
            spec,
            all: Vec::new(),
            shown: Vec::new(),
            texts: Vec::new(),
            selected: None,
            position: 0,
            top: 0,
            sort: None,
            filter: Filter::default(),
            filter_text: String::new(),
            filter_error: None,
            marked: BTreeSet::new(),
            only_broken: false,
            is_past: false,
        }
    }

    /// Reads the world anew. The selection stays on its thing, wherever that has gone; if it is gone altogether, on what
    /// took its place.
    /// The past does not forget for the present: what did not exist then stays chosen and marked.
    pub fn refresh(&mut self, sight: &Sight<'_>, is_past: bool) {
        self.all = self.spec.rows(sight.world);
        self.is_past = is_past;
        self.spec.sort(&mut self.all, self.sort, sight);
        self.texts.clear();
        self.select_shown(sight);
        if !is_past && !self.marked.is_empty() {
            let here: BTreeSet<ItemId> = self.all.iter().map(Row::id).collect();
            self.marked.retain(|id| here.contains(id));
        }
    }

    fn select_shown(&mut self, sight: &Sight<'_>) {
        if !self.filter.is_empty() && self.texts.is_empty() {
            self.texts = self.all.iter().map(|row| everything(self.spec, row, sight)).collect();
        }
        self.shown = (0..self.all.len())
            .filter(|at| {
                let row = &self.all[*at];
                (!self.only_broken || is_broken((self.spec.health)(row, sight)))
                    && (self.filter.is_empty()
                        || self.filter.matches(&Reader { spec: self.spec, row, sight, text: &self.texts[*at] }))
            })
            .collect();
        // Until somebody chooses, the first row is the one: it may be another when more has been read.
        let Some(id) = &self.selected else {
            self.position = 0;
            return;
        };
        if let Some(found) = self.shown.iter().position(|at| is(&self.all[*at], id)) {
            self.position = found;
            return;
        }
        self.position = self.position.min(self.shown.len().saturating_sub(1));
        // What the operator looked for stays remembered while a filter hides it.
        if !self.is_past && !self.all.iter().any(|row| is(row, id)) {
            self.selected = self.row().map(Row::id);
        }
    }

    pub fn rows(&self) -> impl ExactSizeIterator<Item = &Row> {
        self.shown.iter().map(|at| &self.all[*at])
    }

    pub fn len(&self) -> usize {
        self.shown.len()
    }

    pub fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    /// Rows there are, shown or not.
    pub fn total(&self) -> usize {
        self.all.len()
    }

    /// The selected row.
    pub fn row(&self) -> Option<&Row> {
        self.shown.get(self.position).map(|at| &self.all[*at])
    }

    pub fn position(&self) -> usize {
        self.position
    }

    pub fn step(&mut self, by: isize) {
        self.position = self.position.saturating_add_signed(by).min(self.shown.len().saturating_sub(1));
        self.selected = self.row().map(Row::id);
    }

    /// Scrolls so that the selection is among the first `height` rows shown.
    pub fn keep_in_view(&mut self, height: usize) {
        self.top = self.top_for(height);
    }

    /// The first row to draw where there is room for so many.
    pub fn top_for(&self, height: usize) -> usize {
        let height = height.max(1);
        self.top.clamp((self.position + 1).saturating_sub(height), self.position).min(self.len().saturating_sub(height))
    }

    /// Goes to a thing, if it is shown.
    pub fn select(&mut self, id: &ItemId) -> bool {
        let found = self.shown.iter().position(|at| is(&self.all[*at], id));
        if let Some(found) = found {
            self.position = found;
            self.selected = Some(id.clone());
        }
        found.is_some()
    }

    /// Sorts by the next column, and after the last one by rank again.
    pub fn sort_by_next(&mut self, sight: &Sight<'_>) {
        let next = self.sort.map_or(0, |(column, _)| column + 1);
        self.sort = (next < self.spec.columns.len()).then_some((next, false));
        self.refresh(sight, self.is_past);
    }

    pub fn sort_backwards(&mut self, sight: &Sight<'_>) {
        let (column, descending) = self.sort.unwrap_or((0, false));
        self.sort = Some((column, !descending));
        self.refresh(sight, self.is_past);
    }

    /// Chooses the selected row for good, so that it stays even if others come before it.
    pub fn choose(&mut self) {
        self.selected = self.row().map(Row::id);
    }

    /// Filters anew where time alone changes what matches.
    pub fn reselect(&mut self, sight: &Sight<'_>) {
        if self.filter.compares() {
            self.select_shown(sight);
        }
    }

    /// Filters by a text. One that does not parse leaves the rows as they are and says why.
    pub fn set_filter(&mut self, text: &str, sight: &Sight<'_>) {
        text.clone_into(&mut self.filter_text);
        match Filter::parse(text, &self.spec.fields()) {
            Ok(filter) => {
                self.filter = filter;
                self.filter_error = None;
            }
            Err(error) => {
                // What nobody understands hides nothing.
                self.filter = Filter::default();
                self.filter_error = Some(error);
            }
        }
        self.select_shown(sight);
    }

    pub fn filter_text(&self) -> &str {
        &self.filter_text
    }

    pub fn filter_error(&self) -> Option<&FilterError> {
        self.filter_error.as_ref()
    }

    pub fn set_only_broken(&mut self, only: bool, sight: &Sight<'_>) {
        self.only_broken = only;
        self.select_shown(sight);
    }

    pub fn is_only_broken(&self) -> bool {
        self.only_broken
    }

    /// Marks or unmarks the selected row and goes on to the next.
    pub fn mark(&mut self) {
        if let Some(id) = self.row().map(Row::id) {
            if !self.marked.remove(&id) {
                self.marked.insert(id);
            }
            self.step(1);
        }
    }

    pub fn unmark_all(&mut self) -> bool {
        let any = !self.marked.is_empty();
        self.marked.clear();
        any
    }

    pub fn is_marked(&self, row: &Row) -> bool {
        !self.marked.is_empty() && self.marked.contains(&row.id())
    }

    pub fn marks(&self) -> usize {
        self.marked.len()
    }

    /// What a command acts on: the marked rows, or the selected one.
    pub fn chosen(&self) -> Vec<&Row> {
        if self.marked.is_empty() {
            return self.row().into_iter().collect();
        }
        self.all.iter().filter(|row| self.marked.contains(&row.id())).collect()
    }

    /// The rows shown, as lines of cells with tabs between: what spreadsheets and people take alike.
    pub fn as_text(&self, sight: &Sight<'_>) -> String {
        let mut text = self.spec.columns.iter().map(|column| column.title).collect::<Vec<_>>().join("\t");
        for row in self.rows() {
            text.push('\n');
            let cells: Vec<String> =
                self.spec.columns.iter().map(|column| (column.value)(row, sight).show(sight.at)).collect();
            text.push_str(&cells.join("\t"));
        }
        text
    }
}

/// Trouble, or a blind spot.
pub fn is_broken(health: Health) -> bool {
    health.wants_eyes()
}

fn is(row: &Row, id: &ItemId) -> bool {
    row.place == id.place && *row.item.id() == id.id && row.item.kind() == id.kind
}

/// Every cell and the id, in lower case.
pub fn everything(spec: &RoomSpec, row: &Row, sight: &Sight<'_>) -> String {
    let mut text = row.item.id().as_str().to_lowercase();
    for column in spec.columns {
        text.push(' ');
        text.push_str(&(column.value)(row, sight).show(sight.at).to_lowercase());
    }
    text
}

/// A row as the filter reads it.
pub struct Reader<'a> {
    pub spec: &'static RoomSpec,
    pub row: &'a Row,
    pub sight: &'a Sight<'a>,
    pub text: &'a str,
}

impl std::fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Reader").field(&self.text).finish()
    }
}

impl Fields for Reader<'_> {
    fn everything(&self) -> &str {
        self.text
    }

    fn shown(&self, column: usize) -> String {
        (self.spec.columns[column].value)(self.row, self.sight).show(self.sight.at).to_lowercase()
    }

    fn number(&self, column: usize) -> Option<f64> {
        (self.spec.columns[column].value)(self.row, self.sight).number(self.sight.at)
    }
}
