//! opscon: a terminal operations console for AWS. This page is its architecture.
//!
//! # Bird's eye
//!
//! One picture of one system, polled into an in-memory [`World`](world::World), judged box by box, drawn in tabs. Data flows
//! one way, in one loop:
//!
//! ```text
//!  AWS, or the drill world            keys, pastes, sizes     clock     signals
//!        |  Observe                          |                  |          |
//!     poller ---> inbox ---> Msg::Observed   v                  v          v
//!        ^                         \---> update(&mut Model, at, Msg) -> Vec<Cmd>     pure, no IO, no await
//!        |                                   |                    |
//!        |                     view::draw(&Model, frame)    runtime executes
//!        \---- Cmd::Poll, Cmd::Focus <-----------------------------/
//! ```
//!
//! [`Msg`](app::msg::Msg) in and [`Cmd`](app::msg::Cmd) out are plain data, so that a test can enumerate them and a
//! recording could replay them. There are no component objects with state of their own, no closures in messages, no locks
//! around the model, and no await in a key handler: a slow network cannot freeze a key, because no key ever waits for one.
//!
//! # Floors
//!
//! A module uses only the floors below its own; `tests/it/tidy.rs` keeps it so.
//!
//! | floor | module | what it is |
//! | --- | --- | --- |
//! | 5 | [`cli`] | the command line, one file per command |
//! | 5 | [`runtime`] | the loop, the clock, the polling, the terminal: the only place that spawns, sleeps or hears a signal |
//! | 4 | [`view`] | the model as a frame: the only user of ratatui |
//! | 4 | [`report`] | the model's world as text and JSON |
//! | 4 | [`journal`] | what was done, by whom and why, on disk before it is |
//! | 4 | [`drill`] | a simulated company that lives and breaks |
//! | 4 | `aws` | AWS itself, read and, step by step, changed: the only user of the SDK (feature `aws`) |
//! | 4 | [`config`] | flags over environment over file over defaults |
//! | 3 | [`app`] | model, messages, the command table, the tabs' state, the board's geometry |
//! | 2 | [`ops`] | what can be done, as plans: pure, and nothing is sent by making one |
//! | 1 | [`world`] | the newest answer to every question, the checks that judge it, and the port to whatever is watched |
//! | 0 | [`domain`] | the words of the field as plain data |
//!
//! # In which order to read
//!
//! 1. [`domain::board`]: the 73 boxes and 56 arrows everything is about.
//! 2. [`world::feed`]: every kind of question the console asks, in one table.
//! 3. [`world::board`]: how answers become health. One file per group of boxes; a check is a row.
//! 4. [`app::update`]: everything the console can do, as one function.
//! 5. [`world::room`]: rooms as tables of columns; [`app::list`] is the one list behind all of them.
//! 6. [`runtime::console`]: the loop that calls it.
//! 7. [`drill`]: a whole company in ten-second steps.
//!
//! # Invariants
//!
//! - Nothing in [`app`] or below reads a clock, a file, a terminal or a network. Time is an argument.
//! - Nothing from outside is printed that did not pass through [`domain::text::Text`], which no escape sequence survives.
//! - A failed poll never removes what was known; it stands beside it with its class, its cause and its remedy.
//! - What could not be read is never shown as well. [`Health::Unknown`](domain::health::Health) says why.
//! - Reading cannot change anything: the [`Observe`](world::port::Observe) port has no method that does. Whoever changes
//!   something holds an [`Act`](world::act::Act), which only the executor does, and it carries out nothing but what
//!   [`approve`](ops::approval::approve) has made of a plan that was shown.
//! - What is not in the [`journal`] was not sent: each call is on disk before it goes out, and goes out once.
//! - The same seed and scenario are the same drill, to the byte, however often and in whatever order it is asked.
//! - The terminal is given back on every way out: quit, error, panic, SIGTERM, SIGHUP, SIGINT, suspension.
//!
//! # What a change touches
//!
//! | change | files | found by |
//! | --- | --- | --- |
//! | a feed | a row in [`world::feed`], an arm in `drill/feeds/mod.rs` | the compiler |
//! | a check | a row in `world/board/` | its group's table |
//! | a box's facts | a function in `world/board/` | the screens |
//! | a command, a key | a row in [`app::command`] | the duplicate-key test, the README's table |
//! | a tab | a row in [`app::tab::TABS`], `app/tab/x.rs`, `view/tab/x.rs` | the compiler |
//! | a list of another kind of thing | a row in [`world::item`], a table in `world/room/`, a row in [`world::room::ROOMS`] | the room test |
//! | an overlay | a variant in [`app::overlay`], `view/overlay/x.rs` | the compiler |
//! | an operation | a table and a pure function in `ops/`, a row in [`ops::OPERATIONS`], a [`Step`](world::act::Step) | the compiler, `tests/it/ops.rs` |
//! | a scenario | a file in `assets/scenarios/` and a row in [`drill::scenario::SHIPPED`] | the loader test, the README |

pub mod app;
#[cfg(feature = "aws")]
pub mod aws;
pub mod cli;
pub mod config;
pub mod domain;
pub mod drill;
pub mod journal;
pub mod ops;
pub mod report;
pub mod runtime;
pub mod view;
pub mod world;
