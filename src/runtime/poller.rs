//! The task that asks: follows the timetable, puts each question to the world, and leaves the answers in the inbox.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};

use crate::domain::text::Text;
use crate::runtime::clock::Clock;
use crate::runtime::inbox::Inbox;
use crate::runtime::schedule::Schedule;
use crate::world::feed::Feed;
use crate::world::port::{Answer, CloudError, FaultClass, FeedKey, Observation, Observe, Usage};

/// Questions under way at once. Enough to fill a console quickly, few enough not to be a burst of its own.
const AT_ONCE: usize = 32;
/// Wishes that may wait; more would only repeat themselves.
const WISHES: usize = 64;

#[derive(Debug)]
pub enum Wish {
    Ask(Vec<FeedKey>),
    Focus(Vec<Feed>),
}

/// A running poller. Dropping it ends the polling and forgets every answer under way.
#[derive(Debug)]
pub struct Poller {
    wishes: mpsc::Sender<Wish>,
    task: JoinHandle<()>,
}

impl Poller {
    pub fn start(observe: Arc<dyn Observe>, keys: Vec<FeedKey>, clock: Clock, inbox: Arc<Inbox>) -> Self {
        let (wishes, wished) = mpsc::channel(WISHES);
        #[expect(clippy::disallowed_methods, reason = "the one task of the polling; aborted on drop")]
        let task = tokio::spawn(poll(observe, keys, clock, inbox, wished));
        Self { wishes, task }
    }

    /// Asks for something; a wish that finds no room is as good as one already waiting.
    pub fn wish(&self, wish: Wish) {
        if let Err(error) = self.wishes.try_send(wish) {
            tracing::debug!(%error, "wish not taken");
        }
    }
}

impl Drop for Poller {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn poll(
    observe: Arc<dyn Observe>,
    keys: Vec<FeedKey>,
    clock: Clock,
    inbox: Arc<Inbox>,
    mut wished: mpsc::Receiver<Wish>,
) {
    let mut schedule = Schedule::new(keys, clock.now());
    let mut asking: JoinSet<(FeedKey, Answer)> = JoinSet::new();
    let mut asked: std::collections::HashMap<tokio::task::Id, FeedKey> = std::collections::HashMap::new();
    let mut waiting: std::collections::VecDeque<FeedKey> = std::collections::VecDeque::new();
    loop {
        waiting.extend(schedule.take_due(clock.now()));
        while asking.len() < AT_ONCE {
            let Some(key) = waiting.pop_front() else { break };
            let observe = Arc::clone(&observe);
            let question = key.clone();
            let handle = asking.spawn(async move {
                let answer = observe.observe(&question).await;
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
                inbox.put(Observation { key, at: now, outcome: answer.outcome, usage: answer.usage, next });
            }
            wish = wished.recv() => match wish {
                Some(Wish::Ask(keys)) => schedule.ask_now(&keys, clock.now()),
                Some(Wish::Focus(feeds)) => schedule.set_focus(&feeds),
                None => return,
            },
            () = async { tokio::time::sleep_until(wake.unwrap_or_else(|| clock.next_second())).await }, if wake.is_some() => {}
        }
    }
}

fn broken(key: &FeedKey) -> Answer {
    let error = CloudError {
        class: FaultClass::Malformed,
        operation: key.feed.operation().into(),
        message: Text::new("the console failed to read the answer; see its log"),
        missing: None,
    };
    Answer { outcome: Err(error), usage: Usage::default() }
}
