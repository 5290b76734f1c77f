//! The loop: wait for anything, take everything that is there, update, and draw once.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use ratatui::Terminal;
use ratatui::backend::Backend;
use ratatui::layout::{Position, Rect};
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use crate::app::model::Model;
use crate::app::msg::{Cmd, Msg, Size};
use crate::app::overlay::Drawn;
use crate::app::settings::Settings;
use crate::app::update::act::armed;
use crate::app::update::update;
use crate::domain::text::Text;
use crate::domain::units::{bytes, plural};
use crate::runtime::browser;
use crate::runtime::inbox::Inbox;
use crate::runtime::operator::Operator;
use crate::runtime::osc::{self, Multiplexer};
use crate::runtime::poller::{Poller, Wish};
use crate::runtime::works::Works;
use crate::runtime::worlds::Opened;
use crate::view;

/// Frames that only the world asked for: at most thirty a second.
const WORLD_FRAME: Duration = Duration::from_millis(33);
/// Frames that a key asked for come at once, unless keys come faster than any eye.
const KEY_FRAME: Duration = Duration::from_millis(8);
/// How long the first frame waits for the first answers, so that a quick world is never seen half read. A drill gives them
/// all within some milliseconds; on a busy machine it is better seen whole a little later than in halves.
const FIRST_ANSWERS: Duration = Duration::from_millis(200);
/// Inputs taken in before a frame is owed; a flood must not starve the screen.
const MOST_INPUTS: usize = 512;

/// Why the loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Quit,
    /// The terminal is wanted by the shell; run again afterwards.
    Suspend,
    /// The terminal is gone.
    Closed,
}

pub struct Console<B: Backend> {
    model: Model,
    terminal: Terminal<B>,
    opened: Opened,
    poller: Poller,
    inbox: Arc<Inbox>,
    /// Codes on their way to AWS. Dropped with the console, and then nobody has signed in.
    signing_in: JoinSet<Msg>,
    works: Works,
    last_frame: Option<Instant>,
    /// A key waits for its frame.
    key_waits: bool,
    /// The way to the terminal for what is no drawing.
    aside: Aside,
}

/// What goes to the terminal beside the frames: the clipboard, the bell, notifications, the title.
pub struct Aside {
    line: Box<dyn io::Write + Send>,
    mux: Multiplexer,
    title: String,
}

impl Aside {
    pub fn new(line: Box<dyn io::Write + Send>, mux: Multiplexer) -> Self {
        Self { line, mux, title: String::new() }
    }

    /// A terminal that cannot be told something is no reason to stop: the next frame says so if it is gone.
    fn write(&mut self, bytes: &[u8]) {
        let _ = self.line.write_all(bytes).and_then(|()| self.line.flush());
    }
}

impl std::fmt::Debug for Aside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Aside").field("mux", &self.mux).finish_non_exhaustive()
    }
}

impl<B: Backend> std::fmt::Debug for Console<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Console").finish_non_exhaustive()
    }
}

impl<B: Backend> Console<B>
where
    B::Error: Send + Sync + 'static,
{
    pub fn new(settings: Settings, opened: Opened, terminal: Terminal<B>) -> io::Result<Self> {
        let size = terminal.size().map_err(io::Error::other)?;
        let size = Size { width: size.width, height: size.height };
        let model = Model::new(settings, opened.session.clone(), size);
        let (poller, inbox) = start(&opened);
        Ok(Self {
            model,
            terminal,
            opened,
            poller,
            inbox,
            signing_in: JoinSet::new(),
            works: Works::new(),
            last_frame: None,
            key_waits: false,
            aside: Aside::new(Box::new(io::sink()), Multiplexer::None),
        })
    }

    /// Sets where the clipboard, the bell and the title go; nowhere otherwise.
    pub fn send_aside(&mut self, aside: Aside) {
        self.aside = aside;
    }

    /// Lets somebody operate it: without, it only looks.
    pub fn employ(&mut self, operator: Operator) {
        self.model.session.changes = self.works.employ(operator, &self.opened);
    }

    /// Allows changes from the start, where any may be made.
    pub fn arm(&mut self, reason: &str) {
        match self.model.session.may_arm() {
            Ok(()) => armed(&mut self.model, reason),
            Err(why) => self.model.notify(why),
        }
    }

    pub fn model(&self) -> &Model {
        &self.model
    }

    pub fn model_mut(&mut self) -> &mut Model {
        &mut self.model
    }

    pub fn terminal(&self) -> &Terminal<B> {
        &self.terminal
    }

    pub fn terminal_mut(&mut self) -> &mut Terminal<B> {
        &mut self.terminal
    }

    pub fn opened(&self) -> &Opened {
        &self.opened
    }

    /// Gives the world a moment to answer before the first frame is drawn. Not one behind a network, which never answers in
    /// time to be waited for.
    pub async fn prime(&mut self) {
        if self.opened.drill.is_none() {
            return;
        }
        let questions = self.model.world.keys().count();
        let _ = tokio::time::timeout(FIRST_ANSWERS, self.inbox.filled(questions)).await;
        self.take_answers();
    }

    /// Draws everything anew at the next frame, for when the screen may have been written on.
    pub fn repaint(&mut self) -> io::Result<()> {
        let size = self.terminal.size().map_err(io::Error::other)?;
        // Not `clear`: that asks the terminal where its cursor is and waits for an answer, which over a slow line may come
        // late and be read as keys.
        self.terminal.resize(Rect::from((Position::ORIGIN, size))).map_err(io::Error::other)?;
        self.model.size = Size { width: size.width, height: size.height };
        self.model.is_dirty = true;
        // The shell may have set a title of its own.
        self.aside.title.clear();
        Ok(())
    }

    /// Runs until something ends it. Can be dropped at any moment and run again: nothing is kept in the future.
    pub async fn run(&mut self, inputs: &mut (impl Stream<Item = Msg> + Unpin)) -> io::Result<Outcome> {
        loop {
            let frame_at = self.draw_or_defer()?;
            let tick = self.opened.clock.next_second();
            let outcome = tokio::select! {
                biased;
                input = inputs.next() => match input {
                    Some(first) => self.take_inputs(first, inputs).await,
                    None => Some(Outcome::Closed),
                },
                () = self.inbox.arrival() => {
                    self.take_answers();
                    None
                }
                Some(done) = self.signing_in.join_next() => self.take(signed_in(done)),
                news = self.works.news() => self.take(news),
                () = sleep_until(frame_at), if frame_at.is_some() => None,
                () = tokio::time::sleep_until(tick) => self.take(Msg::Tick),
            };
            if let Some(outcome) = outcome {
                return Ok(outcome);
            }
        }
    }

    /// Draws at once.
    pub fn draw_now(&mut self) -> io::Result<()> {
        self.last_frame = None;
        self.draw_or_defer().map(|_| ())
    }

    /// Draws if a frame is due; otherwise says when it will be.
    fn draw_or_defer(&mut self) -> io::Result<Option<Instant>> {
        if !self.model.is_dirty {
            return Ok(None);
        }
        let now = instant();
        let pause = if self.key_waits { KEY_FRAME } else { WORLD_FRAME };
        if let Some(due) = self.last_frame.map(|last| last + pause).filter(|due| *due > now) {
            return Ok(Some(due));
        }
        let mut drawn = Drawn::default();
        self.terminal.draw(|frame| drawn = view::draw(&self.model, frame)).map_err(io::Error::other)?;
        self.model.settle(drawn);
        self.entitle();
        self.model.is_dirty = false;
        self.key_waits = false;
        self.last_frame = Some(now);
        Ok(None)
    }

    /// Takes in an input and all that already wait behind it. Never waits.
    async fn take_inputs(&mut self, first: Msg, inputs: &mut (impl Stream<Item = Msg> + Unpin)) -> Option<Outcome> {
        self.key_waits = true;
        let mut next = Some(first);
        for _ in 0..MOST_INPUTS {
            let Some(input) = next else { break };
            if let Some(outcome) = self.take(input) {
                return Some(outcome);
            }
            next = waiting(inputs).await;
        }
        None
    }

    fn take_answers(&mut self) {
        self.take(Msg::AllObserved(self.inbox.take()));
    }

    /// One message, and everything it leads to.
    fn take(&mut self, msg: Msg) -> Option<Outcome> {
        for cmd in update(&mut self.model, self.opened.clock.now(), msg) {
            if let Some(outcome) = self.execute(cmd) {
                return Some(outcome);
            }
        }
        None
    }

    /// Sends a text to the terminal's clipboard and says so; whether the terminal took it, nobody can ask it.
    fn copy(&mut self, text: &str, what: &str) -> Option<Outcome> {
        if !osc::fits(text) {
            let size = bytes(text.len() as u64);
            return self.take(Msg::Notice(format!("not copied: {size} is more than terminals take")));
        }
        self.aside.write(&osc::copy(text, self.aside.mux));
        let way = match self.aside.mux {
            Multiplexer::None => "",
            Multiplexer::Tmux => " (tmux: needs set-clipboard on)",
            Multiplexer::Screen => " (through screen)",
        };
        self.take(Msg::Notice(format!("copied {what}{way}")))
    }

    /// Opens a page where there is a desktop on this side; elsewhere the link is worth more in the clipboard.
    fn browse(&mut self, link: &str) -> Option<Outcome> {
        match browser::open(link) {
            Some(Ok(())) => self.take(Msg::Notice(format!("opened {link}"))),
            Some(Err(error)) => {
                tracing::warn!(%error, "no browser");
                self.copy(link, &format!("the link, no browser ({error})"))
            }
            None => self.copy(link, &format!("the link: {link}")),
        }
    }

    fn alert(&mut self, text: &Text) {
        let alert = self.model.settings.alert;
        if alert.bell {
            self.aside.write(osc::BELL);
        }
        if alert.notify {
            self.aside.write(&osc::notify(&"opscon".into(), text, self.aside.mux));
        }
    }

    /// The state of the system in the window's title, when that is wanted and has changed.
    fn entitle(&mut self) {
        if !self.model.settings.alert.title {
            return;
        }
        let board = self.model.rewound.as_ref().map_or(&self.model.board, |live| &live.board);
        let health = board.strip().health.word();
        let known = || self.model.firing.iter().flatten();
        let alarms = match known().count() {
            0 => "alarms not known".to_owned(),
            _ => plural(known().map(BTreeSet::len).sum(), "alarm", "alarms"),
        };
        let title = format!("opscon {}: {health}, {alarms}", self.model.session.name);
        if title != self.aside.title {
            self.aside.write(&osc::title(&Text::new(&title), self.aside.mux));
            self.aside.title = title;
        }
    }

    /// Takes a code where it belongs. No key waits for it.
    fn sign_in(&mut self, device: Text, code: String) {
        let Some(sign_in) = self.opened.sign_in.clone() else { return };
        self.signing_in.spawn(async move {
            let outcome = sign_in.enter(device.as_str(), &code).await.map_err(|error| error.message);
            Msg::SignedIn { device, outcome }
        });
    }

    fn execute(&mut self, cmd: Cmd) -> Option<Outcome> {
        match cmd {
            Cmd::Execute(id, approved) => {
                let around = self.works.surroundings(&self.model, &self.opened, &self.inbox);
                if !self.works.execute(id, *approved, around) {
                    return self.take(Msg::Notice("this console only looks: nothing was sent".into()));
                }
            }
            Cmd::LookAgain { id, op, plan } => {
                let around = self.works.surroundings(&self.model, &self.opened, &self.inbox);
                self.works.look_again(id, op, *plan, around);
            }
            Cmd::StopWaiting(id) => self.works.stop_waiting(id),
            Cmd::ReadJournal => self.works.read_journal(&self.opened),
            Cmd::Quit => return Some(Outcome::Quit),
            Cmd::Copy { text, what } => return self.copy(&text, &what),
            Cmd::Browse(link) => return self.browse(&link),
            Cmd::Alert(text) => self.alert(&text),
            Cmd::Suspend => return Some(Outcome::Suspend),
            Cmd::Poll(keys) => self.poller.wish(Wish::Ask(keys)),
            Cmd::Want(keys) => self.poller.wish(Wish::Want(keys)),
            Cmd::Focus(feeds) => self.poller.wish(Wish::Focus(feeds)),
            Cmd::EnterCode { device, code } => self.sign_in(device, code),
            Cmd::Inject(feed, class) => {
                if let Some(drill) = &self.opened.drill {
                    drill.inject(feed, class);
                }
            }
            Cmd::ClearFaults => {
                if let Some(drill) = &self.opened.drill {
                    drill.clear_faults();
                }
            }
            Cmd::Open(spec) => match Opened::running(&spec) {
                Ok(opened) => {
                    let mut session = opened.session.clone();
                    session.changes = self.works.enter(&opened).unwrap_or_default();
                    // The old poller goes first, and with it whatever it was still asking.
                    (self.poller, self.inbox) = start(&opened);
                    self.opened = opened;
                    return self.take(Msg::Opened(Box::new(session)));
                }
                Err(error) => return self.take(Msg::Notice(error.to_string())),
            },
        }
        None
    }
}

fn start(opened: &Opened) -> (Poller, Arc<Inbox>) {
    let inbox = Arc::new(Inbox::default());
    (Poller::start(Arc::clone(&opened.observe), opened.keys(), opened.clock, opened.budget, Arc::clone(&inbox)), inbox)
}

fn signed_in(done: Result<Msg, JoinError>) -> Msg {
    done.unwrap_or_else(|error| {
        tracing::error!(%error, "signing in failed inside the console");
        Msg::Notice("signing in failed inside the console; see its log".into())
    })
}

/// The next input, if one is there already.
///
/// Asked with the waker of the task that will wait for the one after. `now_or_never` would ask with one that wakes nobody,
/// and a stream may keep the first waker it is shown: the next key would then wait for the next tick of the clock.
async fn waiting(inputs: &mut (impl Stream<Item = Msg> + Unpin)) -> Option<Msg> {
    poll_fn(|context| match Pin::new(&mut *inputs).poll_next(context) {
        Poll::Ready(input) => Poll::Ready(input),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

async fn sleep_until(at: Option<Instant>) {
    if let Some(at) = at {
        tokio::time::sleep_until(at).await;
    }
}

#[expect(clippy::disallowed_methods, reason = "frames are paced by the wall, whatever time it is in the world")]
fn instant() -> Instant {
    Instant::now()
}
