//! opscon

pub mod domain;
pub mod drill;
pub mod report;
pub mod world;
