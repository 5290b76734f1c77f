//! Where observations wait for the loop: at most one for each question, the newest.
//!
//! A channel would have to be bounded, and a bounded channel makes pollers wait for a console that is busy drawing. Here
//! the bound is the number of questions, and what nobody has read yet is simply replaced.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use crate::world::port::{FeedKey, Observation};

#[derive(Debug, Default)]
pub struct Inbox {
    waiting: Mutex<BTreeMap<FeedKey, Observation>>,
    arrived: Notify,
}

impl Inbox {
    pub fn put(&self, mut observation: Observation) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(missed) = waiting.remove(&observation.key) {
            // Its news is old, but its calls were made and paid for.
            observation.usage.calls += missed.usage.calls;
            observation.usage.micro_usd += missed.usage.micro_usd;
        }
        waiting.insert(observation.key.clone(), observation);
        drop(waiting);
        self.arrived.notify_one();
    }

    pub fn take(&self) -> Vec<Observation> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *waiting).into_values().collect()
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
            key: FeedKey { feed, scope },
            at: Timestamp::UNIX_EPOCH,
            outcome: Err(CloudError {
                class: FaultClass::Timeout,
                operation: "".into(),
                message: message.into(),
                missing: None,
            }),
            usage: Usage { calls: 2, latency_ms: 1, micro_usd: 5 },
            next: None,
        }
    }

    #[test]
    fn the_newest_answer_replaces_the_one_before_and_keeps_its_cost() {
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
}
