//! Idle machines beside the company's own, to see how a console holds at a thousand or a hundred thousand.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::domain::instance::{Instance, InstanceState, Purchase};
use crate::domain::money::Usd;
use crate::domain::scope::Environment;
use crate::domain::text::Text;

/// Made once and handed out by pointer, as an adapter that shares unchanged items would.
#[derive(Debug)]
pub(in crate::drill) struct Crowd(Vec<Arc<Instance>>);

impl Crowd {
    pub(in crate::drill) fn new(size: usize, start: Timestamp) -> Self {
        // The words most machines share are held once.
        let zones: Vec<Text> = ["eu-west-1a", "eu-west-1b", "eu-west-1c"].map(Text::new).to_vec();
        let (kind, checks, nobody) = (Text::new("m6i.large"), Text::new("ok"), Text::default());
        let machine = |number: usize| Instance {
            id: format!("i-0c20d{number:012x}").into(),
            name: format!("batch-{number:06}").into(),
            kind: kind.clone(),
            zone: zones[number % zones.len()].clone(),
            environment: Environment::Prod,
            state: if number % 50 == 49 { InstanceState::Stopped } else { InstanceState::Running },
            purchase: if number.is_multiple_of(3) { Purchase::Spot } else { Purchase::OnDemand },
            launched: start - SignedDuration::from_hours(48 + (number % 900) as i64),
            owner: nobody.clone(),
            checks: checks.clone(),
            scheduled_event: None,
            interruption: None,
            schedule: None,
            per_hour: Usd::from_dollars(0.107),
        };
        Self((0..size).map(|number| Arc::new(machine(number))).collect())
    }

    pub(in crate::drill) fn instances(&self) -> impl Iterator<Item = Arc<Instance>> + use<'_> {
        self.0.iter().map(Arc::clone)
    }
}
