//! F5: the console alive: the loop, the clock, the polling, the terminal and its safe return.
//!
//! The only place that spawns, sleeps, reads a clock, hears a signal or touches the terminal. Everything it is told to do
//! is a [`Cmd`](crate::app::msg::Cmd), and everything it has to tell becomes a [`Msg`](crate::app::msg::Msg).

pub mod alone;
mod browser;
pub mod clock;
pub mod console;
pub mod executor;
pub mod inbox;
pub mod input;
mod lanes;
pub mod log;
pub mod once;
pub mod operator;
pub mod osc;
pub mod person;
pub mod poller;
pub mod schedule;
pub mod signals;
pub mod terminal;
mod works;
pub mod worlds;
