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
}

/// In the order of the tab bar.
pub const TABS: &[TabSpec] = &[
    TabSpec { tab: Tab::Board, title: "board", short: "board", opened_by: CommandId::Board },
    TabSpec { tab: Tab::Room(Room::Alarms), title: "alarms", short: "alarm", opened_by: CommandId::Alarms },
    TabSpec { tab: Tab::Room(Room::Pipelines), title: "pipelines", short: "pipe", opened_by: CommandId::Pipelines },
    TabSpec { tab: Tab::Room(Room::Traces), title: "traces", short: "trace", opened_by: CommandId::Traces },
    TabSpec { tab: Tab::Room(Room::Compute), title: "compute", short: "comp", opened_by: CommandId::Compute },
    TabSpec { tab: Tab::Room(Room::Data), title: "data", short: "db", opened_by: CommandId::Data },
    TabSpec { tab: Tab::Room(Room::Cost), title: "cost", short: "cost", opened_by: CommandId::Cost },
    TabSpec { tab: Tab::Room(Room::Dashboards), title: "dash", short: "dash", opened_by: CommandId::Dashboards },
    TabSpec { tab: Tab::Room(Room::Metrics), title: "metrics", short: "met", opened_by: CommandId::Metrics },
    TabSpec { tab: Tab::Operations, title: "ops", short: "ops", opened_by: CommandId::Operations },
    TabSpec { tab: Tab::Feeds, title: "feeds", short: "feed", opened_by: CommandId::Feeds },
];

impl Tab {
    /// The tab `steps` further along, round the ends.
    #[must_use]
    pub fn stepped(self, steps: isize) -> Self {
        let here = TABS.iter().position(|spec| spec.tab == self).unwrap_or(0);
        TABS[(here as isize + steps).rem_euclid(TABS.len() as isize) as usize].tab
    }
}
