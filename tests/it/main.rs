//! Every integration test in one binary: each binary links the whole program once.

mod cli;
mod journeys;
mod property;
mod pty;
mod screens;
mod simulation;
mod support;
mod tidy;
