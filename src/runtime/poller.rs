//! The task that asks: follows the timetable, puts each question to the world, and leaves the answers in the inbox.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::task::{Id, JoinHandle, JoinSet};
use tokio::time::Instant;

use crate::domain::text::Text;
use crate::runtime::clock::Clock;
use crate::runtime::inbox::Inbox;
use crate::runtime::lanes::Lanes;
use crate::runtime::schedule::{Done, Schedule};
use crate::world::feed::Feed;
use crate::world::port::{Answer, CloudError, FaultClass, FeedKey, Observation, Observe, Usage};

/// In a real world the timetable is looked at this often even if nothing is due: timers stand still while a machine sleeps.
const LOOK: Duration = Duration::from_secs(10);
/// The wall's clock ahead of the timers' by so much: the machine slept, or its clock was set.
const SLEPT: Duration = Duration::from_secs(30);
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
    /// `budget` is what asking may cost in an hour, in dollars at list price.
    pub fn start(
        observe: Arc<dyn Observe>,
        keys: Vec<FeedKey>,
        clock: Clock,
        budget: Option<f64>,
        inbox: Arc<Inbox>,
    ) -> Self {
        let mut schedule = Schedule::new(keys, clock.now());
        schedule.set_budget(budget);
        let wishes = Arc::new(Wishes::default());
        #[expect(clippy::disallowed_methods, reason = "the one task of the polling; aborted on drop")]
        let task = tokio::spawn(poll(observe, schedule, clock, inbox, Arc::clone(&wishes)));
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

async fn poll(observe: Arc<dyn Observe>, mut schedule: Schedule, clock: Clock, inbox: Arc<Inbox>, wishes: Arc<Wishes>) {
    let mut asking: JoinSet<(FeedKey, Answer)> = JoinSet::new();
    let mut asked: HashMap<Id, FeedKey> = HashMap::new();
    let mut lanes = Lanes::default();
    let mut watch = Watch::new(clock);
    loop {
        match watch.look(clock) {
            Jump::None => {}
            Jump::Forward => {
                tracing::info!("awake again: everything is read once more");
                schedule.resume(clock.now());
            }
            Jump::Back => {
                tracing::info!("the clock was set back: everything is read once more");
                schedule.restart(clock.now());
            }
        }
        schedule.take_due(clock.now()).into_iter().for_each(|key| lanes.push(key));
        while let Some(key) = lanes.pop() {
            let observe = Arc::clone(&observe);
            let question = key.clone();
            let handle = asking.spawn(async move {
                let answer = tokio::time::timeout(PATIENCE, observe.observe(&question)).await;
                let answer = answer.unwrap_or_else(|_| unanswered(&question, PATIENCE));
                (question, answer)
            });
            asked.insert(handle.id(), key);
        }
        let due = schedule.next_due().map(|due| clock.instant_of(due));
        let wake = if clock.is_wall() { Some(due.map_or(watch.next(), |due| due.min(watch.next()))) } else { due };
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
                let fault = answer.outcome.as_ref().err().map(|error| error.class);
                lanes.done(&key.scope, !matches!(fault, Some(FaultClass::Timeout | FaultClass::Transport)));
                let done = Done {
                    fault,
                    micro_usd: answer.usage.micro_usd,
                };
                let next = schedule.done(&key, now, done);
                inbox.put(Observation::of(key, now, answer, next));
            }
            () = wishes.arrived.notified() => {
                let Wished { ask, focus, want } = std::mem::take(&mut *wishes.asked.lock().unwrap_or_else(PoisonError::into_inner));
                if let Some(feeds) = focus {
                    schedule.set_focus(&feeds);
                }
                if let Some(keys) = want {
                    schedule.set_wanted(&keys, clock.now());
                    lanes.retain(|key| {
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

/// What the wall's clock did beside the one that timers go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Jump {
    None,
    /// The machine slept.
    Forward,
    /// Somebody mended the clock.
    Back,
}

/// Looks for jumps of the wall's clock.
#[derive(Debug)]
struct Watch {
    looked: Instant,
    wall: Timestamp,
}

impl Watch {
    fn new(clock: Clock) -> Self {
        Self { looked: instant(), wall: clock.now() }
    }

    fn next(&self) -> Instant {
        self.looked + LOOK
    }

    fn look(&mut self, clock: Clock) -> Jump {
        let now = Self::new(clock);
        let by_timers = now.looked.saturating_duration_since(self.looked).as_secs_f64();
        let by_wall = now.wall.duration_since(self.wall).as_secs_f64();
        *self = now;
        let ahead = by_wall - by_timers;
        if !clock.is_wall() || ahead.abs() <= SLEPT.as_secs_f64() {
            Jump::None
        } else if ahead > 0.0 {
            Jump::Forward
        } else {
            Jump::Back
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "to compare timers with the wall")]
fn instant() -> Instant {
    Instant::now()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::scope::{Environment, Scope, ScopeRef};
    use crate::world::port::BoxFuture;

    /// Twenty accounts in four regions. Two say no to everything, one says nothing at all.
    #[derive(Debug)]
    struct Company;

    impl Observe for Company {
        fn observe(&self, key: &FeedKey) -> BoxFuture<'_, Answer> {
            let key = key.clone();
            Box::pin(async move {
                match key.scope.account.as_str() {
                    "0" | "1" => failed(&key, FaultClass::Denied, "you may not"),
                    "2" => std::future::pending().await,
                    _ => {
                        tokio::time::sleep(Duration::from_millis(200)).await;
                        failed(&key, FaultClass::Unsupported, "it is only a test")
                    }
                }
            })
        }
    }

    /// How long the accounts from `first` on take until every one of their questions was answered once, in seconds.
    async fn known_after(first: usize) -> f64 {
        let scope = |account: usize, region: usize| {
            let (account, region) = (account.to_string().into(), region.to_string().into());
            ScopeRef::new(Scope { account, alias: "".into(), region, environment: Environment::Prod })
        };
        let scopes: Vec<ScopeRef> = (first..20).flat_map(|it| (0..4).map(move |region| scope(it, region))).collect();
        let of =
            |feed: &Feed| scopes.iter().map(|scope| FeedKey::all(*feed, ScopeRef::clone(scope))).collect::<Vec<_>>();
        let keys: Vec<FeedKey> = Feed::ALL.iter().flat_map(of).collect();
        let is_well = |key: &FeedKey| !["0", "1", "2"].contains(&key.scope.account.as_str());
        let mut open: BTreeSet<FeedKey> = keys.iter().filter(|key| is_well(key)).cloned().collect();
        let clock = Clock::starting("2026-03-10T14:00:00Z".parse().unwrap(), 1.0);
        let (inbox, began) = (Arc::new(Inbox::default()), clock.now());
        let _poller = Poller::start(Arc::new(Company), keys, clock, None, Arc::clone(&inbox));
        while !open.is_empty() {
            inbox.arrival().await;
            for answer in inbox.take() {
                open.remove(&answer.key);
            }
        }
        clock.now().duration_since(began).as_secs_f64()
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_is_silent_or_refuses_holds_up_nobody_else() {
        let (alone, among_others) = (known_after(3).await, known_after(0).await);
        assert!(among_others <= alone * 1.1, "{alone} s without them, {among_others} s with them");
    }
}
