//! F0: the words of the field, as plain data. No IO, no clock, no async, nothing that can fail but parsing.
//!
//! Every string that comes from outside is a [`text::Text`]: cleaned once, at the boundary, so that no later code
//! has to remember that a tag may carry an escape sequence.

pub mod advisory;
pub mod alarm;
pub mod api_call;
pub mod autoscaling;
pub mod backup;
pub mod balancer;
pub mod board;
pub mod bucket;
pub mod build;
pub mod cache;
pub mod composite;
pub mod container;
pub mod dashboard;
pub mod database;
pub mod delivery;
pub mod dev;
pub mod exercise;
pub mod function;
pub mod graph;
pub mod graphs;
pub mod health;
pub mod identity;
pub mod instance;
pub mod list;
pub mod logs;
pub mod messaging;
pub mod metric;
pub mod metric_name;
pub mod money;
pub mod network;
pub mod origin;
pub mod pace;
pub mod pattern;
pub mod pipeline_rule;
pub mod recovery;
pub mod runbook;
pub mod scope;
pub mod secrets;
pub mod security;
pub mod source;
pub mod spend;
pub mod tags;
pub mod text;
pub mod timer;
pub mod trace;
pub mod unit;
pub mod units;
pub mod zone;
