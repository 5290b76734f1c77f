//! opscon

pub mod domain;
pub mod world;
