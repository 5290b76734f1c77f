//! What can happen to the console, and what it can ask for. Plain data, both, so that they can be logged, replayed and
//! compared.

use jiff::SignedDuration;

use crate::app::command::CommandId;
use crate::app::key::Key;
use crate::app::model::Session;
use crate::app::operation::{OpEvent, OpId};
use crate::domain::text::Text;
use crate::ops::approval::Approved;
use crate::ops::plan::Plan;
use crate::ops::record::Story;
use crate::world::feed::Feed;
use crate::world::port::{FaultClass, FeedKey, Observation};

/// Terminal cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub width: u16,
    pub height: u16,
}

#[derive(Clone, Debug)]
pub enum Msg {
    Key(Key),
    /// A click on a cell, counted from the upper left corner.
    Click {
        column: u16,
        row: u16,
    },
    /// The wheel, in lines; down is positive.
    Wheel(isize),
    /// Text from a bracketed paste. It is typed where text is typed, and never a command.
    Paste(String),
    Resize(Size),
    /// Time went on; nothing else happened.
    Tick,
    Command(CommandId),
    Observed(Box<Observation>),
    /// Answers that came together: each is taken in, and what follows from all of them is found out once.
    AllObserved(Vec<Observation>),
    /// A world was opened in place of the one before.
    Opened(Box<Session>),
    /// What became of a code that was entered for this device; the error is in words for the operator.
    SignedIn {
        device: Text,
        outcome: Result<(), Text>,
    },
    /// What became of an operation.
    Op(OpId, OpEvent),
    /// What the journal holds, newest operations first; in words for the operator where it cannot be read.
    Journal(Result<Pages, String>),
    /// Something the runtime wants the operator to know.
    Notice(String),
}

/// The journal as it was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pages {
    pub stories: Vec<Story>,
    /// Places where it was changed or cut short: `2026-11.jsonl line 12`.
    pub breaks: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Cmd {
    /// Ask these again now.
    Poll(Vec<FeedKey>),
    /// Somebody looks at these: read them at their quicker cadence, and the others at their own.
    Focus(Vec<Feed>),
    /// Ask these graphs for as long as somebody looks at them, and no others.
    Want(Vec<FeedKey>),
    Open(WorldSpec),
    /// Break or mend our own view of the drill.
    Inject(Feed, FaultClass),
    ClearFaults,
    /// Sign in with the code this device shows.
    EnterCode {
        device: Text,
        code: String,
    },
    /// To the terminal's clipboard; `what` says in words what it was.
    Copy {
        text: String,
        what: String,
    },
    /// Show a page in the operator's browser, or give them its address where there is none.
    Browse(String),
    /// Carry out what was approved.
    Execute(OpId, Box<Approved>),
    /// Look what became of an operation nobody knows the end of; the plan is as it was.
    /// Waits no longer for an operation.
    StopWaiting(OpId),
    LookAgain {
        id: OpId,
        op: String,
        plan: Box<Plan>,
    },
    /// Read the journal.
    ReadJournal,
    /// An alarm fires that did not before.
    Alert(Text),
    /// Hand the terminal back to the shell until the operator returns.
    Suspend,
    Quit,
}

/// Which world, from when.
#[derive(Clone, Debug, PartialEq)]
pub struct WorldSpec {
    pub scenario: String,
    pub seed: u64,
    /// Simulated seconds in a real one.
    pub speed: f64,
    /// How far into the scenario to begin.
    pub at: SignedDuration,
    /// Idle resources beside the scenario's own.
    pub resources: usize,
}

impl WorldSpec {
    pub fn of(scenario: &str) -> Self {
        Self { scenario: scenario.to_owned(), seed: 1, speed: 1.0, at: SignedDuration::ZERO, resources: 0 }
    }

    /// `drill:bad-deploy@12m`, the form `--world` takes.
    pub fn name(&self) -> String {
        let mut name = format!("drill:{}", self.scenario);
        if !self.at.is_zero() {
            name.push_str(&format!("@{:#}", self.at).replace(' ', ""));
        }
        name
    }
}
