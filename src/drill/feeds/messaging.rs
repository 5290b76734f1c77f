//! Queues and topics.

use jiff::SignedDuration;

use crate::domain::messaging::{Move, Queue, Subscribers, Subscription, Topic};
use crate::domain::scope::Environment;
use crate::drill::company::Site;
use crate::drill::fleet::TICK;
use crate::drill::queue::{self, MoveState, VISIBILITY};
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
                moves: None,
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
                moves: Some(queue.moves.iter().map(|one| moved(s, one)).collect()),
                ..queue_itself.clone()
            };
            [queue_itself, dead]
        })
        .collect()
}

fn moved(s: &Simulation, one: &queue::Move) -> Move {
    let (is_running, status) = match one.state {
        MoveState::Running => (true, "RUNNING"),
        MoveState::Completed => (false, "COMPLETED"),
        MoveState::Cancelled => (false, "CANCELLED"),
    };
    Move {
        handle: is_running.then(|| one.handle.clone()),
        status: status.into(),
        per_second: Some(one.per_second),
        moved: one.moved,
        of: Some(one.of),
        failure: "".into(),
        started: s.at(one.began),
    }
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
