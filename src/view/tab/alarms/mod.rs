//! An alarm opened.

mod page;
mod tree;

pub(in crate::view) use page::{draw, find, markers, trouble};
