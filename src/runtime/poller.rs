//! The task that asks: follows the timetable, puts each question to the world, and leaves the answers in the inbox.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::{Id, JoinHandle, JoinSet};
use tokio::time::Instant;

use crate::domain::text::Text;
use crate::runtime::clock::Clock;
use crate::runtime::inbox::Inbox;
use crate::runtime::schedule::Schedule;
use crate::world::feed::Feed;
use crate::world::port::{Answer, CloudError, FaultClass, FeedKey, Observation, Observe, Usage};

/// Questions under way at once. Enough to fill a console quickly, few enough not to be a burst of its own.
const AT_ONCE: usize = 32;
/// Longest any question may take, whatever its own limits are: one that hangs must not keep its place for ever.
const PATIENCE: Duration = Duration::from_secs(90);

#[derive(Debug)]
pub enum Wish {
    Ask(Vec<FeedKey>),
    Focus(Vec<Feed>),
    /// Ask these, and no other questions of their kind, for as long as somebody looks.
    Want(Vec<FeedKey>),
}

/// Wishes not yet taken up. Asking twice is asking once, and the newest focus is the focus: there is never more to keep
/// than there are questions, and none is ever lost.
#[derive(Debug, Default)]
struct Wishes {
    asked: Mutex<Wished>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct Wished {
    ask: BTreeSet<FeedKey>,
    focus: Option<Vec<Feed>>,
    want: Option<Vec<FeedKey>>,
}

/// A running poller. Dropping it ends the polling and forgets every answer under way.
#[derive(Debug)]
pub struct Poller {
    wishes: Arc<Wishes>,
    task: JoinHandle<()>,
}

impl Poller {
    pub fn start(observe: Arc<dyn Observe>, keys: Vec<FeedKey>, clock: Clock, inbox: Arc<Inbox>) -> Self {
        let wishes = Arc::new(Wishes::default());
        #[expect(clippy::disallowed_methods, reason = "the one task of the polling; aborted on drop")]
        let task = tokio::spawn(poll(observe, keys, clock, inbox, Arc::clone(&wishes)));
        Self { wishes, task }
    }

    pub fn wish(&self, wish: Wish) {
        let mut asked = self.wishes.asked.lock().unwrap_or_else(PoisonError::into_inner);
        match wish {
            Wish::Ask(keys) => asked.ask.extend(keys),
            Wish::Focus(feeds) => asked.focus = Some(feeds),
            Wish::Want(keys) => asked.want = Some(keys),
        }
        drop(asked);
        self.wishes.arrived.notify_one();
    }
}

impl Drop for Poller {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn poll(observe: Arc<dyn Observe>, keys: Vec<FeedKey>, clock: Clock, inbox: Arc<Inbox>, wishes: Arc<Wishes>) {
    let mut schedule = Schedule::new(keys, clock.now());
    let mut asking: JoinSet<(FeedKey, Answer)> = JoinSet::new();
    let mut asked: HashMap<Id, FeedKey> = HashMap::new();
    let mut waiting: VecDeque<FeedKey> = VecDeque::new();
    loop {
        waiting.extend(schedule.take_due(clock.now()));
        while asking.len() < AT_ONCE {
            let Some(key) = waiting.pop_front() else { break };
            let observe = Arc::clone(&observe);
            let question = key.clone();
            let handle = asking.spawn(async move {
                let answer = tokio::time::timeout(PATIENCE, observe.observe(&question)).await;
                let answer = answer.unwrap_or_else(|_| unanswered(&question, PATIENCE));
                (question, answer)
            });
            asked.insert(handle.id(), key);
        }
        let wake = schedule.next_due().map(|due| clock.instant_of(due));
        tokio::select! {
            Some(done) = asking.join_next_with_id() => {
                let (key, answer) = match done {
                    Ok((id, answered)) => {
                        asked.remove(&id);
                        answered
                    }
                    // An adapter that panics costs its own answer and nothing else.
                    Err(error) => {
                        let Some(key) = asked.remove(&error.id()) else { continue };
                        tracing::error!(%error, %key, "reading failed inside the console");
                        let answer = broken(&key);
                        (key, answer)
                    }
                };
                let now = clock.now();
                if let Err(error) = &answer.outcome {
                    tracing::warn!(%key, class = error.class.word(), %error, "not read");
                }
                let next = schedule.done(&key, now, answer.outcome.is_err());
                inbox.put(Observation::of(key, now, answer, next));
            }
            () = wishes.arrived.notified() => {
                let Wished { ask, focus, want } = std::mem::take(&mut *wishes.asked.lock().unwrap_or_else(PoisonError::into_inner));
                if let Some(feeds) = focus {
                    schedule.set_focus(&feeds);
                }
                if let Some(keys) = want {
                    schedule.set_wanted(&keys, clock.now());
                    waiting.retain(|key| {
                        let is_wanted = schedule.wants(key);
                        if !is_wanted {
                            schedule.forget(key);
                        }
                        is_wanted
                    });
                }
                schedule.ask_now(&ask, clock.now());
            }
            () = sleep_until(wake), if wake.is_some() => {}
        }
    }
}

async fn sleep_until(at: Option<Instant>) {
    if let Some(at) = at {
        tokio::time::sleep_until(at).await;
    }
}

pub(super) fn unanswered(key: &FeedKey, patience: Duration) -> Answer {
    let message = format!("no answer within {} s", patience.as_secs());
    failed(key, FaultClass::Timeout, &message)
}

fn broken(key: &FeedKey) -> Answer {
    failed(key, FaultClass::Malformed, "the console failed to read the answer; see its log")
}

fn failed(key: &FeedKey, class: FaultClass, message: &str) -> Answer {
    let error =
        CloudError { class, operation: key.feed.operation().into(), message: Text::new(message), missing: None };
    Answer::of(Err(error), Usage { calls: 1, ..Usage::default() })
}
