//! Everything the console can do, in one table.
//!
//! The keymap, the help, the palette, the footer and the README's key table are projections of it: a command is added
//! here and nowhere else.

use crate::app::model::Model;
use crate::app::tab::Tab;
use crate::app::tab::room::Room;
use crate::world::item::Kind;

/// Where a command makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    Everywhere,
    /// The board's chart or a box opened from it.
    Board,
    /// A list, or a thing opened from it.
    Lists,
    /// The operations tab.
    Operations,
}

impl Context {
    /// In the order of the help.
    pub const ALL: &[Self] = &[Self::Board, Self::Lists, Self::Operations, Self::Everywhere];

    pub fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "Everywhere",
            Self::Board => "Board",
            Self::Lists => "Lists",
            Self::Operations => "Operations",
        }
    }
}

pub struct CommandSpec {
    pub id: CommandId,
    /// How it is called in the palette and the configuration.
    pub name: &'static str,
    pub doc: &'static str,
    pub context: Context,
    pub keys: &'static [&'static str],
    /// Whether it can be used now, or why not.
    pub enabled: fn(&Model) -> Result<(), &'static str>,
}

impl std::fmt::Debug for CommandSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("CommandSpec").field(&self.name).finish()
    }
}

macro_rules! commands {
    ($($id:ident, $name:literal, $context:ident, [$($key:literal),*], $enabled:expr, $doc:literal;)+) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum CommandId { $($id),+ }

        pub const COMMANDS: &[CommandSpec] = &[$(CommandSpec {
            id: CommandId::$id,
            name: $name,
            doc: $doc,
            context: Context::$context,
            keys: &[$($key),*],
            enabled: $enabled,
        }),+];
    };
}

commands! {
    Up, "up", Everywhere, ["k", "up"], always, "One up, or along the arrow that leads there";
    Down, "down", Everywhere, ["j", "down"], always, "One down";
    Left, "left", Everywhere, ["left"], always, "One to the left";
    Right, "right", Everywhere, ["right"], always, "One to the right";
    Top, "top", Everywhere, ["g", "home"], always, "To the first";
    Bottom, "bottom", Everywhere, ["G", "end"], always, "To the last";
    PageUp, "page-up", Everywhere, ["pageup"], always, "A page up";
    PageDown, "page-down", Everywhere, ["pagedown"], always, "A page down";
    Open, "open", Everywhere, ["enter"], always, "Open what is selected; from an opened box, the list behind it";
    Back, "back", Everywhere, ["esc"], always, "Back one level";
    NextTrouble, "next-trouble", Board, ["n"], troubled, "To the next box that is not well, worst first";
    PreviousTrouble, "previous-trouble", Board, ["N"], troubled, "To the one before";
    NextGroup, "next-group", Board, ["tab"], on_chart, "To the next group of boxes";
    PreviousGroup, "previous-group", Board, ["backtab"], on_chart, "To the group before";
    Zoom, "zoom", Board, ["z"], on_chart, "Show only this group, larger; again for the whole board";
    Filter, "filter", Everywhere, ["/"], always, "Show only rows with these words; !word without it, column:word in one column; where no list is, find anything";
    Sort, "sort", Lists, ["s"], on_list, "Sort by the next column; after the last one, what is wrong first again";
    SortBackwards, "sort-backwards", Lists, ["S"], on_list, "The other way round";
    Mark, "mark", Lists, ["space"], on_list, "Mark this row, for copying several at once";
    SpanWider, "longer-span", Lists, ["-"], with_span, "Graphs and the timeline look further back: 1 h, 3 h, 12 h, 3 d, 1 w";
    SpanNarrower, "shorter-span", Lists, ["+", "="], with_span, "They look less far back";
    Describe, "describe", Everywhere, ["d"], always, "Everything about what is selected, in words";
    Json, "json", Everywhere, ["y"], always, "What is selected as JSON, to read, fold and search";
    Copy, "copy", Everywhere, ["c"], always, "Copy the name of what is selected, by the terminal's clipboard (OSC 52)";
    CopyView, "copy-view", Everywhere, ["C"], always, "Copy all that is listed here";
    OnlyBroken, "only-broken", Everywhere, ["ctrl-z"], always, "Show only what is not well; again for everything";
    Brief, "brief", Everywhere, ["b"], always, "What broke, where and what changed, in full";
    Rewind, "rewind", Everywhere, ["<"], always, "A minute back; actions and reading again wait until the present";
    Forward, "forward", Everywhere, [">"], rewound, "A minute on";
    ToLive, "live", Everywhere, ["~"], rewound, "Back to the present";
    Compact, "compact", Everywhere, ["ctrl-e"], always, "A header of one line, for small screens; again for all of it";
    NextZone, "time-zone", Everywhere, ["T"], always, "Times in UTC instead of the chosen zone; again for that";
    Logs, "logs", Everywhere, ["l"], with_action, "The end of the log of an action, on the page of its pipeline";
    Actions, "actions", Everywhere, ["a"], present, "What can be done to what is selected; nothing is done by looking";
    Arm, "arm", Everywhere, ["A"], present, "Allow changes for a while, with a reason; again for SAFE";
    Undo, "undo", Operations, ["u"], on_operations, "The way back from an operation, as a plan like any other";
    StopWaiting, "stop-waiting", Operations, ["x"], on_operations, "Wait no longer for what is under way: nothing more is sent, what was sent stays";
    LookAgain, "look-again", Operations, ["L"], on_operations, "Look what became of an operation nobody knows the end of";
    Console, "web-console", Everywhere, ["o"], always, "Open what is selected in the AWS console; over SSH its link is copied instead";
    Refresh, "refresh", Everywhere, ["ctrl-r"], present, "Read everything on this screen again now";
    Board, "board", Everywhere, ["1"], always, "The board: every box of the system";
    Alarms, "alarms", Everywhere, ["2"], always, "The alarms: firing first, each with its graph";
    Pipelines, "pipelines", Everywhere, ["3"], always, "Pipelines: what failed, what waits, which version is on its way";
    Timeline, "timeline", Everywhere, ["t"], always, "The timeline: what happened, newest first";
    Suspects, "suspects", Everywhere, ["w"], present, "Which change probably caused it: the likeliest in the timeline; again for the next";
    Traces, "traces", Everywhere, ["4"], always, "X-Ray: services, and the traces that failed or were slow";
    Compute, "compute", Everywhere, ["6"], always, "Balancers, groups, clusters, functions and instances";
    Data, "data", Everywhere, ["7"], always, "Databases, caches, queues, topics and buckets";
    Cost, "cost", Everywhere, ["8"], always, "The month's bill: by service, forecast, budgets, anomalies";
    Dashboards, "dashboards", Everywhere, ["D"], always, "CloudWatch dashboards, drawn here";
    Metrics, "metrics", Everywhere, ["m"], always, "Every metric CloudWatch has, with its graph";
    Operations, "operations", Everywhere, ["9"], always, "Operations: under way, done, and of unknown end; the journal";
    Feeds, "feeds", Everywhere, ["0"], always, "The feeds: what is read, how old it is, what fails";
    NextTab, "next-tab", Everywhere, ["]"], always, "To the next tab";
    PreviousTab, "previous-tab", Everywhere, ["["], always, "To the tab before";
    Palette, "palette", Everywhere, [":"], always, "Find a command, a tab or a box by any part of its name";
    Help, "help", Everywhere, ["?"], always, "The keys that work here";
    Scenario, "scenario", Everywhere, [], drilling, "Choose another drill";
    Hint, "hint", Everywhere, ["H"], drilling, "A hint for the present drill; again for the next one";
    Mended, "mended", Everywhere, ["M"], drilling, "What this drill calls mended, and how far it is";
    ClearFaults, "clear-faults", Everywhere, [], drilling, "Mend every fault of our own view of the drill";
    SignIn, "sign-in", Everywhere, [], with_device, "Enter the code of an MFA device, for the accounts that want one";
    Suspend, "suspend", Everywhere, [], always, "Back to the shell; `fg` returns";
    Quit, "quit", Everywhere, ["q", "ctrl-c"], always, "Leave";
}

impl CommandId {
    pub fn spec(self) -> &'static CommandSpec {
        // The table is made from the same rows as the enum, in the same order.
        &COMMANDS[self as usize]
    }

    pub fn from_name(name: &str) -> Option<Self> {
        COMMANDS.iter().find(|spec| spec.name == name).map(|spec| spec.id)
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the shape every row has")]
fn always(_: &Model) -> Result<(), &'static str> {
    Ok(())
}

fn troubled(model: &Model) -> Result<(), &'static str> {
    if model.tab != Tab::Board {
        return Err("only on the board");
    }
    if model.board.readings().iter().any(|reading| reading.health.wants_eyes()) {
        Ok(())
    } else {
        Err("every box is well")
    }
}

fn on_chart(model: &Model) -> Result<(), &'static str> {
    match (model.tab, &model.board_tab.page) {
        (Tab::Board, None) => Ok(()),
        (Tab::Board, Some(_)) => Err("a box is open; Esc returns to the board"),
        _ => Err("only on the board"),
    }
}

fn on_list(model: &Model) -> Result<(), &'static str> {
    match (model.list(), model.tab) {
        (Some(_), _) => Ok(()),
        (None, Tab::Room(_)) => Err("one is open; Esc returns to the list"),
        _ => Err("only in a list"),
    }
}

fn with_span(model: &Model) -> Result<(), &'static str> {
    match model.room() {
        Some(room) if room.page.is_some() && !model.wanted.is_empty() => Ok(()),
        Some(room) if room.page.is_none() && model.tab == Tab::Room(Room::Timeline) => Ok(()),
        _ => Err("only where a graph is"),
    }
}

fn rewound(model: &Model) -> Result<(), &'static str> {
    if model.rewound.is_some() { Ok(()) } else { Err("this is the present") }
}

fn present(model: &Model) -> Result<(), &'static str> {
    if model.rewound.is_none() { Ok(()) } else { Err("this is the past; ~ returns to the present") }
}

fn on_operations(model: &Model) -> Result<(), &'static str> {
    present(model)?;
    if model.tab == Tab::Operations { Ok(()) } else { Err("only among the operations") }
}

fn with_action(model: &Model) -> Result<(), &'static str> {
    match model.room().and_then(|room| room.page.as_ref()) {
        Some(page) if page.of.kind == Kind::Pipeline => Ok(()),
        _ => Err("only on the page of a pipeline"),
    }
}

fn drilling(model: &Model) -> Result<(), &'static str> {
    if model.session.drill.is_some() { Ok(()) } else { Err("this is not a drill") }
}

fn with_device(model: &Model) -> Result<(), &'static str> {
    if model.session.devices.is_empty() { Err("no account here wants a code") } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::key::Key;
    use std::collections::BTreeSet;

    #[test]
    fn every_row_is_where_its_id_says() {
        for spec in COMMANDS {
            assert_eq!(spec.id.spec().name, spec.name);
            assert_eq!(CommandId::from_name(spec.name), Some(spec.id));
            assert!(!spec.doc.is_empty() && !spec.doc.ends_with('.'), "{}", spec.name);
        }
    }

    #[test]
    fn no_key_has_two_meanings_and_every_key_can_be_read() {
        let mut taken = BTreeSet::new();
        for spec in COMMANDS {
            for key in spec.keys {
                assert_eq!(key.parse::<Key>().unwrap().to_string(), *key);
                assert!(taken.insert(*key), "{key} of {} is taken", spec.name);
            }
        }
    }
}
