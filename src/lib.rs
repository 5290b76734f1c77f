//! opscon

pub mod app;
pub mod cli;
pub mod config;
pub mod domain;
pub mod drill;
pub mod report;
pub mod runtime;
pub mod view;
pub mod world;
