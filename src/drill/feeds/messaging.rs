//! Queues and topics.

use jiff::SignedDuration;

use crate::domain::messaging::{Queue, Subscribers, Subscription, Topic};
use crate::domain::scope::Environment;
use crate::drill::company::Site;
use crate::drill::fleet::TICK;
use crate::drill::queue::VISIBILITY;
use crate::drill::simulation::Simulation;

pub(super) fn queues(s: &Simulation, site: Site) -> Vec<Queue> {
    if site != Site::Prod {
        return Vec::new();
    }
    s.queues()
        .into_iter()
        .flat_map(|queue| {
            let queue_itself = Queue {
                name: queue.name.clone(),
                arn: site.arn("sqs", queue.name.as_str()),
                environment: Environment::Prod,
                visible: queue.visible(),
                in_flight: queue.in_flight(),
                delayed: 0,
                dead_letters: Some((queue.dead_letters.clone(), queue.max_receives)),
                dead_letters_of: Vec::new(),
                first_arrival: None,
                encrypted: Some(true),
                fifo: false,
                visibility_timeout: Some(SignedDuration::from_secs(VISIBILITY * TICK)),
                retention: Some(SignedDuration::from_hours(4 * 24)),
            };
            let dead = Queue {
                name: queue.dead_letters.clone(),
                arn: site.arn("sqs", queue.dead_letters.as_str()),
                environment: Environment::Prod,
                visible: queue.total.dead,
                in_flight: 0,
                delayed: 0,
                dead_letters: None,
                dead_letters_of: vec![queue.name.clone()],
                first_arrival: queue.first_dead.map(|tick| s.at(tick)),
                encrypted: Some(true),
                retention: Some(SignedDuration::from_hours(14 * 24)),
                ..queue_itself.clone()
            };
            [queue_itself, dead]
        })
        .collect()
}

pub(super) fn topics(_s: &Simulation, site: Site) -> Vec<Topic> {
    let subscription = |protocol: &str, endpoint: &str| Subscription {
        protocol: protocol.into(),
        endpoint: endpoint.into(),
        pending_confirmation: false,
    };
    let topic = |name: &str, subscriptions: Vec<Subscription>| Topic {
        name: name.into(),
        arn: site.arn("sns", name),
        environment: site.environment(),
        encrypted: Some(true),
        counted: Some(Subscribers { confirmed: subscriptions.len() as u32, pending: 0 }),
        subscriptions,
    };
    let pager = || {
        topic(
            "page-oncall",
            vec![
                subscription("https", "https://events.pager.acme.example/v2/enqueue"),
                subscription("email", "oncall@acme.example"),
            ],
        )
    };
    match site {
        Site::Prod => vec![
            topic(
                "order-events",
                vec![
                    subscription("sqs", site.arn("sqs", "orders").as_str()),
                    subscription("lambda", site.arn("lambda", "function:stock-sync").as_str()),
                ],
            ),
            pager(),
        ],
        Site::Standby => vec![pager()],
        _ => Vec::new(),
    }
}
