//! SQS queues and SNS topics.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::domain::list::Identified;
use crate::domain::scope::Environment;
use crate::domain::text::Text;
use crate::domain::units::count;

/// Depths are SQS's approximate counts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Queue {
    pub name: Text,
    pub arn: Text,
    pub environment: Environment,
    pub visible: u64,
    pub in_flight: u64,
    pub delayed: u64,
    /// Name of the dead letter queue and how many receives lead to it.
    pub dead_letters: Option<(Text, u32)>,
    /// Queues whose failures land here; empty unless this is a dead letter queue.
    pub dead_letters_of: Vec<Text>,
    /// When the first message still here arrived, for a dead letter queue.
    pub first_arrival: Option<Timestamp>,
    pub encrypted: Option<bool>,
    pub fifo: bool,
    /// How long a message that was received stays out of sight of others.
    pub visibility_timeout: Option<SignedDuration>,
    /// How long a message is kept before it is lost.
    pub retention: Option<SignedDuration>,
    /// What is, or was, moved out of a dead letter queue, newest first; `None` where that is not read.
    pub moves: Option<Vec<Move>>,
}

/// Messages on their way from a dead letter queue to where they came from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Move {
    /// What it is stopped by. AWS tells it only while it runs.
    pub handle: Option<Text>,
    /// `RUNNING`, `COMPLETED`, `CANCELLING`, `CANCELLED`, `FAILED`, in AWS's spelling.
    pub status: Text,
    /// At most so many a second; `None` where AWS chooses.
    pub per_second: Option<u32>,
    pub moved: u64,
    /// What there was when it began; `None` where AWS does not say.
    pub of: Option<u64>,
    /// Why it failed, where it did.
    pub failure: Text,
    pub started: Timestamp,
}

impl Move {
    pub fn is_running(&self) -> bool {
        matches!(self.status.as_str(), "RUNNING" | "CANCELLING")
    }

    /// `340 of 1,200 moved`.
    pub fn words(&self) -> String {
        match self.of {
            Some(of) => format!("{} of {} moved", count(self.moved), count(of)),
            None => format!("{} moved", count(self.moved)),
        }
    }
}

impl Queue {
    /// The move that is under way, of those that are read.
    pub fn running_move(&self) -> Option<&Move> {
        self.moves.iter().flatten().find(|one| one.is_running())
    }

    /// By the queues that point to it, or by its name: functions, topics and rules have dead letter queues too, and
    /// nothing in the queue tells.
    pub fn is_dead_letter_queue(&self) -> bool {
        !self.dead_letters_of.is_empty() || is_named_for_dead_letters(self.name.as_str())
    }
}

fn is_named_for_dead_letters(name: &str) -> bool {
    let letters: String =
        name.trim_end_matches(".fifo").chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    letters.ends_with("dlq") || letters.contains("deadletter")
}

impl Identified for Queue {
    fn key(&self) -> &str {
        self.name.as_str()
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Topic {
    pub name: Text,
    pub arn: Text,
    pub environment: Environment,
    pub encrypted: Option<bool>,
    pub subscriptions: Vec<Subscription>,
    /// How many there are, those of other accounts too, which are counted and not listed.
    pub counted: Option<Subscribers>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Subscribers {
    pub confirmed: u32,
    pub pending: u32,
}

impl Topic {
    /// Whether what is published goes to anybody, as far as AWS tells.
    pub fn reaches_somebody(&self) -> Option<bool> {
        if self.subscriptions.iter().any(|subscription| !subscription.pending_confirmation) {
            return Some(true);
        }
        self.counted.map(|counted| counted.confirmed > 0)
    }

    /// Confirmed subscriptions that are counted and not listed.
    pub fn unlisted(&self) -> usize {
        let listed = self.subscriptions.iter().filter(|subscription| !subscription.pending_confirmation).count();
        self.counted.map_or(0, |counted| (counted.confirmed as usize).saturating_sub(listed))
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Subscription {
    pub protocol: Text,
    pub endpoint: Text,
    pub pending_confirmation: bool,
}

impl Identified for Topic {
    fn key(&self) -> &str {
        self.name.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_reaches_somebody_where_it_is_listed_or_counted() {
        let topic = |pending: &[bool], counted: Option<u32>| Topic {
            name: "page".into(),
            arn: "".into(),
            environment: Environment::Prod,
            encrypted: None,
            subscriptions: pending
                .iter()
                .map(|pending| Subscription {
                    protocol: "email".into(),
                    endpoint: "oncall@acme.example".into(),
                    pending_confirmation: *pending,
                })
                .collect(),
            counted: counted.map(|confirmed| Subscribers { confirmed, pending: 0 }),
        };
        assert_eq!(topic(&[false, true], Some(0)).reaches_somebody(), Some(true));
        assert_eq!(topic(&[], Some(2)).reaches_somebody(), Some(true));
        assert_eq!(topic(&[true], Some(0)).reaches_somebody(), Some(false));
        assert_eq!(topic(&[], None).reaches_somebody(), None);
        assert_eq!(topic(&[false, true], Some(3)).unlisted(), 2);
    }

    #[test]
    fn dead_letter_queues_are_known_by_their_names() {
        for name in ["orders-dlq", "OrdersDLQ", "orders-dlq.fifo", "orders_dead_letters", "DeadLetterQueue"] {
            assert!(is_named_for_dead_letters(name), "{name}");
        }
        for name in ["orders", "dlq-reader", "deadlines"] {
            assert!(!is_named_for_dead_letters(name), "{name}");
        }
    }
}
