//! Every integration test in one binary: each binary links the whole program once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on should say so")]

mod authors;
mod blindness;
mod carried;
mod ci_boxes;
mod cli;
mod contract;
#[cfg(feature = "aws")]
mod endpoint;
mod hands;
mod headless;
mod journeys;
mod lineage;
mod mends;
mod ops;
mod picture;
mod pipelines;
mod property;
mod pty;
mod readme;
mod room_screens;
mod rooms;
mod screens;
mod sign_in;
mod simulation;
mod steps;
mod support;
mod suspects;
mod tidy;
mod timeline;
mod untold;
