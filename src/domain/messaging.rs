//! SQS queues and SNS topics.

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::list::Identified;
use crate::domain::scope::Environment;
use crate::domain::text::Text;

/// Depths are SQS's approximate counts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Queue {
    pub name: Text,
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
    pub encrypted: bool,
}

impl Queue {
    pub fn is_dead_letter_queue(&self) -> bool {
        !self.dead_letters_of.is_empty()
    }
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
    pub encrypted: bool,
    pub subscriptions: Vec<Subscription>,
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
