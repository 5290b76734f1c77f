//! Pieces several screens share.

pub(super) mod graph;
pub(super) mod popup;
pub(super) mod table;
