//! One file per tab.

pub(super) mod alarms;
pub(super) mod board;
pub(super) mod dashboards;
mod delivery;
pub(super) mod feeds;
mod made_of;
pub(super) mod operations;
mod pipeline;
pub(super) mod room;
mod stores;
mod timeline;
