//! One file per tab.

pub(super) mod board;
pub(super) mod feeds;
