//! Carrying out what was approved: written down, looked at once more, sent once, and watched until it is true.
//!
//! One run goes through the same moments in the same order, whatever the operation: the intent is on disk; the target is
//! read anew and planned anew, and anything else than what was approved ends it with nothing sent; each call is on disk
//! before it goes out; a call of which nobody knows whether it arrived is looked into and never sent again; the end is what
//! was observed, not what was answered.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;

use crate::app::msg::Msg;
use crate::app::operation::{OpEvent, OpId};
use crate::journal::{Journal, JournalError, digest};
use crate::ops::approval::Approved;
use crate::ops::plan::{Plan, Refusal};
use crate::ops::record::{Entry, Intent, Outcome, Person, What};
use crate::ops::{Operation, Progress, named};
use crate::runtime::clock::Clock;
use crate::runtime::inbox::Inbox;
use crate::runtime::poller::unanswered;
use crate::world::World;
use crate::world::act::{Act, Sent};
use crate::world::port::{CloudError, FaultClass, FeedKey, Observation, Observe};
use crate::world::sight::{Bearings, Sight};

/// How often the world is looked at while something is waited for.
const LOOK: SignedDuration = SignedDuration::from_secs(5);
/// Longest a single question is waited for.
const PATIENCE: Duration = Duration::from_mins(1);
/// Longest a call that changes something is waited for; beyond its own limits, so that it ends at all.
const SENDING: Duration = Duration::from_secs(90);
/// How long a second person has.
const SECOND_PERSON: SignedDuration = SignedDuration::from_mins(15);

/// What it takes to change something.
#[derive(Clone)]
pub struct Hands {
    pub act: Arc<dyn Act>,
    pub journal: Journal,
    pub me: Person,
    /// `aws`, or `drill:bad-deploy`.
    pub world: String,
    /// Accounts in which a second person has to agree, as the operator calls them.
    pub second_person: Vec<String>,
}

impl std::fmt::Debug for Hands {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hands").field("world", &self.world).finish_non_exhaustive()
    }
}

/// What a run needs of the console around it.
#[derive(Clone)]
pub struct Surroundings {
    pub observe: Arc<dyn Observe>,
    pub clock: Clock,
    pub bearings: Bearings,
    /// What is known so far; what is read meanwhile goes to the inbox as well.
    pub world: World,
    pub inbox: Arc<Inbox>,
    pub tell: UnboundedSender<Msg>,
    /// Told when the operator waits no longer.
    pub stop: Arc<Notify>,
}

impl std::fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surroundings").finish_non_exhaustive()
    }
}

/// One operation on its way.
struct Run {
    id: OpId,
    op: String,
    plan: Plan,
    operation: &'static Operation,
    hands: Arc<Hands>,
    around: Surroundings,
    /// Whether a call may have gone out.
    has_sent: bool,
}

/// How it ended; `Err` where the journal would not take it, after which nothing more is sent.
type Ended = Result<(Outcome, String), JournalError>;

/// Carries it out, telling on the way. Returns how it ended.
pub async fn carry_out(id: OpId, approved: Approved, hands: Arc<Hands>, around: Surroundings) -> (Outcome, String) {
    let plan = approved.plan().clone();
    let Some(operation) = named(plan.operation) else {
        return (Outcome::Refused, format!("this version knows no {}", plan.operation));
    };
    let op = name_of(&plan, around.clock.now(), &hands.me);
    let mut run = Run { id, op, plan, operation, hands, around, has_sent: false };
    run.tell(OpEvent::Named(run.op.clone()));
    let ended = run.go(&approved).await;
    run.end(ended).await
}

/// Looks again at an operation of which it is not known how it ended. Nothing is sent.
pub async fn look_again(
    id: OpId,
    op: String,
    plan: Plan,
    hands: Arc<Hands>,
    around: Surroundings,
) -> (Outcome, String) {
    let Some(operation) = named(plan.operation) else {
        return (Outcome::Uncertain, format!("this version knows no {}", plan.operation));
    };
    let mut run = Run { id, op, plan, operation, hands, around, has_sent: false };
    run.tell(OpEvent::Named(run.op.clone()));
    // What another console is still busy with has no end yet for anybody to find.
    if matches!(run.hands.journal.hold(&thing(&run.plan)), Ok(None)) {
        let words = "it is under way in another console on this machine".to_owned();
        run.tell(OpEvent::Ended(Outcome::Uncertain, words.clone()));
        return (Outcome::Uncertain, words);
    }
    run.tell(OpEvent::Looking);
    let trouble = run.look().await;
    let outcome = match (trouble, run.progress()) {
        (Some(error), _) => (Outcome::Uncertain, format!("it cannot be told: {error}")),
        (None, Progress::Reached) => (Outcome::Verified, format!("{}, looked at again", run.plan.expects)),
        (None, Progress::Failed(why)) => (Outcome::NotReached, why),
        (None, Progress::Waiting(words)) => {
            (Outcome::NotReached, format!("{words}; nothing was sent again, plan it anew if it is still wanted"))
        }
    };
    run.end(Ok(outcome)).await
}

impl Run {
    async fn go(&mut self, approved: &Approved) -> Ended {
        // Of all consoles on this machine one at a time has its hands on a thing.
        let _held = match self.hands.journal.hold(&thing(&self.plan)) {
            Ok(Some(held)) => held,
            Ok(None) => {
                let words = format!("another operation on {} is under way on this machine", self.plan.target);
                return Ok((Outcome::Refused, words));
            }
            Err(error) => return Err(error),
        };
        let intent = self.intent(approved);
        if self.hands.second_person.contains(&self.plan.scope.account_name())
            && let Some(refused) = self.ask_second_person(&intent).await?
        {
            return Ok(refused);
        }
        self.write(What::Intent(Box::new(intent))).await?;
        self.tell(OpEvent::Looking);
        if let Some(error) = self.look().await {
            return Ok((Outcome::Refused, format!("nothing was sent: it could not be looked at again: {error}")));
        }
        match self.operation.plan(&self.plan.of, &self.plan.params, &self.sight()) {
            Err(Refusal { text, .. }) => return Ok((Outcome::Drifted, format!("nothing was sent: {text}"))),
            Ok(again) if !again.is_same_as(&self.plan) => {
                return Ok((Outcome::Drifted, format!("nothing was sent: {}", difference(&self.plan, &again))));
            }
            // What counts as new is what comes after this look.
            Ok(again) => self.plan.made_at = again.made_at,
        }
        let uncertain = match self.send_all().await? {
            Ok(uncertain) => uncertain,
            Err(refused) => return Ok(refused),
        };
        Ok(self.verify(uncertain).await)
    }

    /// Sends every step, each once. `Ok(Some(..))`: of one it is not known whether it arrived, and none was sent after it.
    async fn send_all(&mut self) -> Result<Result<Option<CloudError>, (Outcome, String)>, JournalError> {
        let steps = self.plan.steps.len();
        for (number, step) in self.plan.steps.clone().iter().enumerate() {
            self.write(What::Sending { step: number }).await?;
            self.tell(OpEvent::Sending(number));
            self.has_sent = true;
            let sent = tokio::time::timeout(SENDING, self.hands.act.apply(&self.plan.scope, step)).await;
            match sent.unwrap_or_else(|_| Err(Sent::Perhaps(timed_out(&step.action())))) {
                Ok(receipt) => self.write(What::Accepted { step: number, receipt }).await?,
                Err(Sent::No(error)) => {
                    let words = refused_words(&error, number, steps);
                    self.write(What::Refused { step: number, error }).await?;
                    let outcome = if number == 0 { Outcome::Refused } else { Outcome::NotReached };
                    return Ok(Err((outcome, words)));
                }
                Err(Sent::Perhaps(error)) => {
                    self.write(What::Unknown { step: number, error: error.clone() }).await?;
                    if number + 1 < steps {
                        let words = format!(
                            "call {} of {steps} may or may not have arrived ({error}); the rest was not sent",
                            number + 1
                        );
                        return Ok(Err((Outcome::Uncertain, words)));
                    }
                    return Ok(Ok(Some(error)));
                }
            }
        }
        Ok(Ok(None))
    }

    /// Looks until it is true, until it will plainly not be, or until its time is over.
    async fn verify(&mut self, uncertain: Option<CloudError>) -> (Outcome, String) {
        let deadline = self.plan.made_at + self.plan.deadline;
        let mut told = String::new();
        loop {
            let trouble = self.look().await;
            let now = self.around.clock.now();
            let words = match (trouble, self.progress()) {
                (None, Progress::Reached) => {
                    let after = crate::domain::units::long(now.duration_since(self.plan.made_at));
                    let lost = if uncertain.is_some() { "; its answer was lost, and it is there" } else { "" };
                    return (Outcome::Verified, format!("{} after {after}{lost}", self.plan.expects));
                }
                (None, Progress::Failed(why)) => return (Outcome::NotReached, why),
                (None, Progress::Waiting(words)) => words,
                (Some(error), _) => format!("it cannot be seen: {error}"),
            };
            if now >= deadline {
                let limit = crate::domain::units::long(self.plan.deadline);
                return match uncertain {
                    Some(error) => (Outcome::Uncertain, format!("{words} after {limit}; the call: {error}")),
                    None => (Outcome::NotReached, format!("{words} after {limit}")),
                };
            }
            if words != told {
                self.tell(OpEvent::Waiting(words.clone()));
                told.clone_from(&words);
            }
            if !self.pause((now + LOOK).min(deadline)).await {
                let after = crate::domain::units::long(now.duration_since(self.plan.made_at));
                let words = format!("waited for no longer after {after}: {words}");
                return match uncertain {
                    Some(error) => (Outcome::Uncertain, format!("{words}; the call: {error}")),
                    None => (Outcome::NotReached, words),
                };
            }
        }
    }

    /// Waits until somebody else at another login has agreed. `Some`: nobody has.
    async fn ask_second_person(&self, intent: &Intent) -> Result<Option<(Outcome, String)>, JournalError> {
        let (asked_at, until) = (self.around.clock.now(), self.around.clock.now() + SECOND_PERSON);
        let code = code_of(&self.op);
        self.write(What::Asked { code: code.clone(), until, intent: Box::new(intent.clone()) }).await?;
        self.tell(OpEvent::Asked { code, until });
        while self.around.clock.now() < until {
            let pages = self.hands.journal.read(Some(asked_at))?;
            let granted = pages.entries.iter().any(
                |entry| matches!(&entry.what, What::Granted { by } if entry.op == self.op && *by != self.hands.me),
            );
            if granted {
                return Ok(None);
            }
            if !self.pause(self.around.clock.now() + LOOK).await {
                return Ok(Some((Outcome::Refused, "withdrawn: nothing was sent".into())));
            }
        }
        Ok(Some((Outcome::Refused, "nobody else has approved it in time: nothing was sent".into())))
    }

    /// Waits until then; false where the operator waits no longer.
    async fn pause(&self, until: Timestamp) -> bool {
        tokio::select! {
            biased;
            () = self.around.stop.notified() => false,
            () = tokio::time::sleep_until(self.around.clock.instant_of(until)) => true,
        }
    }

    /// Reads what it rests on once more. Returns what stands in the way of that.
    async fn look(&mut self) -> Option<CloudError> {
        let asked = self.operation.watched(&self.plan).into_iter().map(|feed| {
            let key = FeedKey::all(feed, self.plan.scope.clone());
            let observe = Arc::clone(&self.around.observe);
            async move {
                let answer = tokio::time::timeout(PATIENCE, observe.observe(&key)).await;
                let answer = answer.unwrap_or_else(|_| unanswered(&key, PATIENCE));
                (key, answer)
            }
        });
        let answers = join_all(asked).await;
        let now = self.around.clock.now();
        let mut trouble = None;
        for (key, answer) in answers {
            trouble = trouble.or_else(|| answer.outcome.as_ref().err().cloned());
            let observation = Observation::of(key, now, answer, None);
            self.around.world.apply(observation.clone());
            self.around.inbox.put(observation);
        }
        trouble
    }

    fn sight(&self) -> Sight<'_> {
        Sight { world: &self.around.world, at: self.around.clock.now(), bearings: &self.around.bearings }
    }

    fn progress(&self) -> Progress {
        self.operation.progress(&self.plan, &self.sight())
    }

    fn intent(&self, approved: &Approved) -> Intent {
        let plan = &self.plan;
        let caller = self.around.world.identity(&plan.scope.alias).map(|identity| identity.arn.clone());
        Intent {
            world: self.hands.world.clone(),
            operation: plan.operation.to_owned(),
            target: plan.target.clone(),
            id: plan.of.id().cloned(),
            scope: plan.scope.to_string(),
            title: plan.title.clone(),
            params: plan.params.clone(),
            steps: plan.steps.clone(),
            changes: plan.changes.clone(),
            expects: plan.expects.clone(),
            undo: plan.undo.clone(),
            planned_at: plan.made_at,
            deadline_seconds: plan.deadline.as_secs(),
            reason: approved.reason().clone(),
            caller,
            by: self.hands.me.clone(),
            digest: digest(&plan.what()),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    /// On disk when it returns.
    async fn write(&self, what: What) -> Result<(), JournalError> {
        let (journal, entry) =
            (self.hands.journal.clone(), Entry { at: now_of(&self.around), op: self.op.clone(), what });
        // A disk may take its time, and keys must not wait for it.
        let written = tokio::task::spawn_blocking(move || journal.append(&entry)).await;
        written.unwrap_or_else(|error| Err(self.hands.journal.trouble(std::io::Error::other(error))))
    }

    /// Writes down how it ended and tells it. Where that cannot be written, it is told all the same.
    async fn end(&self, ended: Ended) -> (Outcome, String) {
        let (outcome, words) = match ended {
            Ok((outcome, words)) => match self.write(What::Outcome { outcome, words: words.clone() }).await {
                Ok(()) => (outcome, words),
                Err(error) => (outcome, format!("{words}; not written down: {error}")),
            },
            Err(error) if self.has_sent => (
                Outcome::Uncertain,
                format!("what came of the call could not be written down, nothing more was sent: {error}"),
            ),
            Err(error) => (Outcome::Refused, format!("nothing was sent: {error}")),
        };
        self.tell(OpEvent::Ended(outcome, words.clone()));
        (outcome, words)
    }

    /// Nobody listens any more where the console is on its way out.
    fn tell(&self, event: OpEvent) {
        let _ = self.around.tell.send(Msg::Op(self.id, event));
    }
}

/// What nobody else may have their hands on meanwhile.
fn thing(plan: &Plan) -> String {
    format!("{}\n{}", plan.scope, plan.target)
}

fn now_of(around: &Surroundings) -> Timestamp {
    around.clock.now()
}

/// What has changed between what was shown and now.
fn difference(shown: &Plan, now: &Plan) -> String {
    let was = |what: &str| shown.changes.iter().find(|change| change.what == *what);
    let moved = now.changes.iter().find_map(|change| match was(change.what.as_str()) {
        Some(then) if then.before != change.before => {
            Some(format!("{} was {} and is {} now", change.what, then.before, change.before))
        }
        None => Some(format!("{} is {} now", change.what, change.before)),
        Some(_) => None,
    });
    moved.unwrap_or_else(|| "it is not any more what was shown".into())
}

fn refused_words(error: &CloudError, number: usize, steps: usize) -> String {
    match (number, steps) {
        (_, 1) => format!("{error}"),
        (0, _) => format!("{error}; nothing was changed"),
        (done, _) => format!("call {} of {steps} was refused: {error}; the {done} before it stand", number + 1),
    }
}

fn timed_out(action: &str) -> CloudError {
    CloudError {
        class: FaultClass::Timeout,
        operation: action.into(),
        message: format!("no answer within {} s", SENDING.as_secs()).into(),
        missing: None,
    }
}

/// A name for the journal that no other console gives to another operation.
fn name_of(plan: &Plan, at: Timestamp, me: &Person) -> String {
    let text = format!("{}\n{at}\n{}\n{}\n{}", plan.what(), me.user, me.host, std::process::id());
    digest(&text).chars().take(12).collect()
}

/// Short enough to say over the phone, of letters nobody mistakes for others.
fn code_of(op: &str) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHJKMNPQRSTUVWXYZ23456789";
    let hashed = digest(op);
    hashed.bytes().take(5).map(|byte| char::from(LETTERS[usize::from(byte) * 7 % LETTERS.len()])).collect()
}
