//! Where observations wait for the loop: for each question the newest answer, and the failure after it if there is one.
//!
//! A channel would have to be bounded, and a bounded channel makes pollers wait for a console that is busy drawing. Here
//! the bound is the number of questions, and what nobody has read yet is simply replaced.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use crate::world::port::{FeedKey, Observation};

#[derive(Debug, Default)]
pub struct Inbox {
    waiting: Mutex<BTreeMap<FeedKey, Slot>>,
    arrived: Notify,
    /// How many questions somebody wants to see answered before they look, if anybody does.
    wanted: AtomicUsize,
    filled: Notify,
}

/// What waits for one question. A failure does not push out the answer before it, which nobody has seen yet.
#[derive(Debug)]
struct Slot {
    answer: Option<Observation>,
    failure: Option<Observation>,
}

impl Inbox {
    pub fn put(&self, mut observation: Observation) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = waiting.entry(observation.key.clone()).or_insert(Slot { answer: None, failure: None });
        let missed = if observation.outcome.is_ok() {
            slot.failure.take().into_iter().chain(slot.answer.take()).collect()
        } else {
            Vec::from_iter(slot.failure.take())
        };
        for missed in missed {
            // Its news is old, but its calls were made and paid for.
            observation.usage.calls += missed.usage.calls;
            observation.usage.micro_usd += missed.usage.micro_usd;
        }
        if observation.outcome.is_ok() {
            slot.answer = Some(observation);
        } else {
            slot.failure = Some(observation);
        }
        let is_filled = waiting.len() == self.wanted.load(Ordering::SeqCst);
        drop(waiting);
        self.arrived.notify_one();
        if is_filled {
            self.filled.notify_one();
        }
    }

    pub fn take(&self) -> Vec<Observation> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *waiting)
            .into_values()
            .flat_map(|slot| slot.answer.into_iter().chain(slot.failure))
            .collect()
    }

    /// Waits until answers to so many questions wait. Whoever wants all of them is not woken for each.
    pub async fn filled(&self, count: usize) {
        self.wanted.store(count, Ordering::SeqCst);
        while self.waiting.lock().unwrap_or_else(PoisonError::into_inner).len() < count {
            self.filled.notified().await;
        }
        self.wanted.store(0, Ordering::SeqCst);
    }

    /// Waits until something was put in since the last wait. Dropping the future loses nothing.
    pub async fn arrival(&self) {
        self.arrived.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::scope::{Environment, Scope, ScopeRef};
    use crate::world::feed::Feed;
    use crate::world::feed::Payload;
    use crate::world::port::{CloudError, FaultClass, Usage};
    use jiff::Timestamp;

    fn observation(feed: Feed, message: &str) -> Observation {
        let scope = ScopeRef::new(Scope {
            account: "123456789012".into(),
            alias: "".into(),
            region: "eu-west-1".into(),
            environment: Environment::Prod,
        });
        Observation {
            key: FeedKey::all(feed, scope),
            at: Timestamp::UNIX_EPOCH,
            outcome: Err(CloudError {
                class: FaultClass::Timeout,
                operation: "".into(),
                message: message.into(),
                missing: None,
            }),
            usage: Usage { calls: 2, latency_ms: 1, micro_usd: 5 },
            gaps: Vec::new(),
            next: None,
        }
    }

    fn answer() -> Observation {
        let payload = Payload::Alarms(std::sync::Arc::default());
        Observation { outcome: Ok(payload), ..observation(Feed::Alarms, "") }
    }

    #[test]
    fn the_newest_replaces_the_one_before_and_keeps_its_cost() {
        let inbox = Inbox::default();
        inbox.put(observation(Feed::Alarms, "old"));
        inbox.put(observation(Feed::Metrics, "other"));
        inbox.put(observation(Feed::Alarms, "new"));
        let all = inbox.take();
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].outcome.as_ref().unwrap_err().message, "new");
        assert_eq!(all[0].usage.calls, 4);
        assert!(inbox.take().is_empty());
    }

    #[tokio::test]
    async fn whoever_wants_all_of_them_waits_for_the_last() {
        let inbox = std::sync::Arc::new(Inbox::default());
        let all = inbox.filled(2);
        tokio::pin!(all);
        inbox.put(observation(Feed::Alarms, "first"));
        inbox.put(observation(Feed::Alarms, "again"));
        tokio::select! {
            biased;
            () = &mut all => panic!("one question was answered twice"),
            () = std::future::ready(()) => {}
        }
        inbox.put(observation(Feed::Metrics, "last"));
        all.await;
        assert_eq!(inbox.take().len(), 2);
    }

    #[test]
    fn an_answer_nobody_has_seen_outlives_the_failure_after_it() {
        let inbox = Inbox::default();
        inbox.put(observation(Feed::Alarms, "first"));
        inbox.put(answer());
        inbox.put(observation(Feed::Alarms, "then"));
        inbox.put(observation(Feed::Alarms, "again"));
        let all = inbox.take();
        assert!(all[0].outcome.is_ok());
        assert_eq!(all[0].usage.calls, 4);
        assert_eq!(all[1].outcome.as_ref().unwrap_err().message, "again");
        assert_eq!((all.len(), all[1].usage.calls), (2, 4));
    }
}
