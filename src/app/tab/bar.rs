//! The tab bar: which tab is written where, for those who draw it and for those who click on it.

use crate::app::keymap::Keymap;
use crate::app::tab::{TABS, Tab, TabSpec};

/// What stays free for what stands at the right of a bar that has room.
const RIGHT: usize = 26;

/// How much room a bar takes. Chosen by the width of the screen alone: a bar that changes with what it tells jumps under
/// the eye.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// ` 1 board  2 alarms `
    Wide,
    /// `1 board 2 alarms`
    Close,
    /// Short titles.
    Short,
    /// Only keys, but for the tab one is in.
    Keys,
}

/// A tab's place in the bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub tab: Tab,
    pub text: String,
    /// First column.
    pub at: usize,
}

impl Entry {
    /// The column after the last one.
    pub fn end(&self) -> usize {
        self.at + self.text.chars().count()
    }
}

/// The bar of a screen so many cells wide.
pub fn bar(keymap: &Keymap, here: Tab, width: usize) -> Vec<Entry> {
    let free = |style| match style {
        Style::Wide | Style::Close => RIGHT,
        // Room for how many feeds fail.
        Style::Short | Style::Keys => 4,
    };
    let fits = |style: &Style| entries(keymap, here, *style).last().map_or(0, Entry::end) + free(*style) <= width;
    let style = [Style::Wide, Style::Close, Style::Short].into_iter().find(fits).unwrap_or(Style::Keys);
    entries(keymap, here, style)
}

fn entries(keymap: &Keymap, here: Tab, style: Style) -> Vec<Entry> {
    let mut at = 1;
    let mut all = Vec::new();
    let is_shown = |spec: &&TabSpec| matches!(style, Style::Wide | Style::Keys) || !spec.is_aside || spec.tab == here;
    for spec in TABS.iter().filter(is_shown) {
        let key = keymap.key(spec.opened_by).map(|key| key.to_string());
        let title = match style {
            Style::Wide | Style::Close => spec.title,
            Style::Short => spec.short,
            Style::Keys if spec.tab == here => spec.title,
            Style::Keys => "",
        };
        let text = match (key, title) {
            (Some(key), "") => key,
            (Some(key), title) => format!("{key} {title}"),
            // Without a key it can still be named.
            (None, "") => spec.short.to_owned(),
            (None, title) => title.to_owned(),
        };
        let (text, gap) = if style == Style::Wide { (format!(" {text} "), 0) } else { (text, 1) };
        let entry = Entry { tab: spec.tab, text, at };
        at = entry.end() + gap;
        all.push(entry);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::tab::room::Room;

    #[test]
    fn every_tab_is_named_on_eighty_columns_and_shown_on_sixty() {
        let keymap = Keymap::default();
        for width in 60..200 {
            let entries = bar(&keymap, Tab::Room(Room::Pipelines), width);
            assert!(TABS.iter().filter(|spec| !spec.is_aside).all(|spec| entries.iter().any(|it| it.tab == spec.tab)));
            assert!(entries.last().unwrap().end() <= width, "{width}: {entries:?}");
            assert!(entries.windows(2).all(|pair| pair[0].end() <= pair[1].at));
            assert!(width < 80 || entries.iter().all(|entry| entry.text.len() > 3), "{width}: {entries:?}");
        }
        let entries = bar(&keymap, Tab::Room(Room::Pipelines), 60);
        let words: Vec<&str> = entries.iter().map(|entry| entry.text.as_str()).collect();
        assert_eq!(words, ["1", "2", "3 pipelines", "t", "4", "6", "7", "8", "D", "m", "9", "0"]);
    }
}
