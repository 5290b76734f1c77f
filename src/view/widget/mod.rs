//! Pieces several screens share.

pub(super) mod popup;
