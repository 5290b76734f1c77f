//! The tabs: one world, looked at from several sides.

pub mod alarms;
pub mod bar;
pub mod board;
pub mod dashboards;
pub mod feeds;
pub mod operations;
pub mod pipeline;
pub mod room;

use crate::app::command::CommandId;
use crate::app::tab::room::Room;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    Board,
    Room(Room),
    Operations,
    Feeds,
}

#[derive(Debug)]
pub struct TabSpec {
    pub tab: Tab,
    pub title: &'static str,
    /// Where there is little room.
    pub short: &'static str,
    /// The command that opens it.
    pub opened_by: CommandId,
    /// It gives way to the others where there is little room, but while one is in it.
    pub is_aside: bool,
}

/// In the order of the tab bar.
pub const TABS: &[TabSpec] = &[
    TabSpec { tab: Tab::Board, title: "board", short: "board", opened_by: CommandId::Board, is_aside: false },
    TabSpec {
        tab: Tab::Room(Room::Alarms),
        title: "alarms",
        short: "alarm",
        opened_by: CommandId::Alarms,
        is_aside: false,
    },
    TabSpec {
        tab: Tab::Room(Room::Pipelines),
        title: "pipelines",
        short: "pipe",
        opened_by: CommandId::Pipelines,
        is_aside: false,
    },
    TabSpec {
        tab: Tab::Room(Room::Timeline),
        title: "timeline",
        short: "time",
        opened_by: CommandId::Timeline,
        is_aside: false,
    },
    TabSpec {
        tab: Tab::Room(Room::Traces),
        title: "traces",
        short: "trace",
        opened_by: CommandId::Traces,
        is_aside: false,
    },
    TabSpec {
        tab: Tab::Room(Room::Compute),
        title: "compute",
        short: "comp",
        opened_by: CommandId::Compute,
        is_aside: false,
    },
    TabSpec { tab: Tab::Room(Room::Data), title: "data", short: "db", opened_by: CommandId::Data, is_aside: false },
    TabSpec { tab: Tab::Room(Room::Cost), title: "cost", short: "cost", opened_by: CommandId::Cost, is_aside: false },
    TabSpec {
        tab: Tab::Room(Room::Dashboards),
        title: "dash",
        short: "dash",
        opened_by: CommandId::Dashboards,
        is_aside: true,
    },
    TabSpec {
        tab: Tab::Room(Room::Metrics),
        title: "metrics",
        short: "met",
        opened_by: CommandId::Metrics,
        is_aside: true,
    },
    TabSpec { tab: Tab::Operations, title: "ops", short: "ops", opened_by: CommandId::Operations, is_aside: false },
    TabSpec { tab: Tab::Feeds, title: "feeds", short: "feed", opened_by: CommandId::Feeds, is_aside: false },
];

impl Tab {
    /// The tab `steps` further along, round the ends.
    #[must_use]
    pub fn stepped(self, steps: isize) -> Self {
        let here = TABS.iter().position(|spec| spec.tab == self).unwrap_or(0);
        TABS[(here as isize + steps).rem_euclid(TABS.len() as isize) as usize].tab
    }
}
