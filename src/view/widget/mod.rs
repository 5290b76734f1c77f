//! Pieces several screens share.

pub(super) mod graph;
pub(super) mod line;
pub(super) mod popup;
pub(super) mod table;
