//! F3: the console as a value. [`Model`](model::Model) in, [`Msg`](msg::Msg) in, [`Cmd`](msg::Cmd)s out; no clock, no
//! terminal, no network, no await. Everything the console can do is in [`command::COMMANDS`]; everything it shows is in
//! the model.

pub mod actions;
pub mod board;
pub mod command;
pub mod inquiry;
pub mod json;
pub mod key;
pub mod keymap;
pub mod list;
pub mod model;
pub mod msg;
pub mod operation;
pub mod overlay;
pub mod palette;
pub mod planning;
pub mod rewind;
pub mod score;
pub mod settings;
pub mod tab;
pub mod update;
