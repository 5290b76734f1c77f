//! Redrives, mutes and zonal shifts: what is planned, refused, and what the company makes of it.

use std::sync::Arc;

use jiff::SignedDuration;
use opscon::domain::list::List;
use opscon::domain::messaging::{Move, Queue};
use opscon::ops::plan::{Blast, Plan, Why};
use opscon::ops::{Params, Progress};
use opscon::world::act::Step;
use opscon::world::feed::{Feed, Payload};
use opscon::world::item::{Item, Kind};

use super::{Rehearsal, observe};

fn is(plan: &Plan, words: &str) -> bool {
    plan.effects.iter().chain(&plan.warnings).any(|line| line.contains(words))
}

#[track_caller]
fn refused(on: &Rehearsal, operation: &str, target: &str, said: &[(&str, &str)], why: Why, words: &str) {
    let refusal = match on.plan(operation, target, said) {
        Err(refusal) => refusal,
        Ok(plan) => panic!("{operation} {target} {said:?} is planned: {}", plan.title),
    };
    assert_eq!((refusal.why, refusal.text.contains(words)), (why, true), "{operation} {said:?}: {refusal}");
}

fn queue(on: &Rehearsal, name: &str) -> Queue {
    let Some(Item::Queue(found)) = on.model.world.find(&on.of_kind(Kind::Queue, name)) else { panic!("{name}") };
    Queue::clone(&found)
}

/// The same company, where a queue is other than it was.
fn with_queue(on: &mut Rehearsal, name: &str, change: impl FnOnce(&mut Queue)) {
    let place = on.of_kind(Kind::Queue, name).place;
    let mut all: Vec<Queue> = on.model.world.places()[place].feeds.queues.items().cloned().collect();
    change(all.iter_mut().find(|queue| queue.name == *name).unwrap());
    observe(&mut on.model, place, Feed::Queues, Payload::Queues(Arc::new(List::new(all))));
}

const FAST: &[(&str, &str)] = &[("per-second", "100")];

#[test]
fn a_poisoned_queue_is_mended_by_its_cure_and_a_redrive() {
    let mut on = Rehearsal::of("poison-queue", 9);
    on.carry_out("gate.approve", "shop", &[]);
    // Until the cure is out, and minutes after it, what is seen still speaks against it.
    for _ in 0..20 {
        on.live(1);
        if on.plan("dlq.redrive", "orders-dlq", FAST).is_ok_and(|plan| !is(&plan, "still fails")) {
            break;
        }
    }
    assert!(!on.is_mended());
    let dead = queue(&on, "orders-dlq").visible;
    assert!(dead > 1_000, "{dead}");
    let (plan, minutes) = on.carry_out("dlq.redrive", "orders-dlq", FAST);
    let source = "arn:aws:sqs:eu-west-1:123456789012:orders-dlq".into();
    assert_eq!(plan.steps, [Step::StartMessageMoveTask { source, per_second: 100 }]);
    assert_eq!(plan.blast, Blast::Disruptive);
    assert!(plan.title.starts_with("orders-dlq: move about ") && plan.title.ends_with(" messages back to orders"));
    assert!(!is(&plan, "would land here again"), "{:?}", plan.warnings);
    assert!(is(&plan, "idempotent") && is(&plan, "with a new id") && is(&plan, "keeps a message for 4 d"), "{plan:?}");
    assert!((1..=2).contains(&minutes), "{minutes}");
    assert_eq!(queue(&on, "orders-dlq").visible, 0);
    on.live_until_mended(25);
    refused(&on, "dlq.redrive", "orders-dlq", FAST, Why::Nothing, "there is nothing in orders-dlq");
}

#[test]
fn a_redrive_before_the_cure_brings_nothing_back_for_long() {
    let mut on = Rehearsal::of("poison-queue", 12);
    let plan = on.plan("dlq.redrive", "orders-dlq", &[("per-second", "500")]).unwrap();
    for words in ["orders still fails, and they would land here again", "is in alarm", "wait in orders before them"] {
        assert!(is(&plan, words), "{words}: {:?}", plan.warnings);
    }
    let dead = queue(&on, "orders-dlq").visible;
    on.carry_out("dlq.redrive", "orders-dlq", &[("per-second", "500")]);
    for _ in 0..15 {
        on.live(1);
        assert!(!on.is_mended());
    }
    assert!(queue(&on, "orders-dlq").visible > dead, "all of it is dead again, and what came meanwhile");
}

#[test]
fn a_redrive_is_watched_and_stopped_on_its_way() {
    let mut on = Rehearsal::of("poison-queue", 12);
    let plan = on.plan("dlq.redrive", "orders-dlq", &[("per-second", "5")]).unwrap();
    let stop = plan.undo.clone().unwrap();
    assert_eq!((stop.operation.as_str(), stop.words.contains("stays back")), ("dlq.stop-redrive", true));
    assert!(plan.deadline > SignedDuration::from_mins(15) + SignedDuration::from_secs(200), "{:?}", plan.deadline);
    refused(&on, "dlq.stop-redrive", "orders-dlq", &[], Why::Nothing, "nothing is on its way out of orders-dlq");
    on.send(&plan).unwrap();
    assert_eq!(on.progress(&plan), Progress::Waiting("no move is listed yet".into()));
    on.live(1);
    let Progress::Waiting(words) = on.progress(&plan) else { panic!("{:?}", on.progress(&plan)) };
    assert!(words.starts_with("300 of ") && words.contains(" moved, ") && words.ends_with(" in orders-dlq"), "{words}");
    refused(&on, "dlq.redrive", "orders-dlq", FAST, Why::State, "are on their way out of orders-dlq already, 300 of ");
    let (stopped, _) = on.carry_out("dlq.stop-redrive", "orders-dlq", &[]);
    assert!(matches!(&stopped.steps[..], [Step::CancelMessageMoveTask { .. }]) && is(&stopped, "stays back"));
    let Progress::Failed(words) = on.progress(&plan) else { panic!("{:?}", on.progress(&plan)) };
    assert!(words.starts_with("it was stopped, 3"), "{words}");
    let undo = stopped.undo.unwrap();
    assert_eq!(
        (undo.operation.as_str(), undo.params),
        ("dlq.redrive", Params::from([("per-second".into(), "5".into())]))
    );
    // The one that was stopped just now is not taken for the next.
    let next = on.plan("dlq.redrive", "orders-dlq", FAST).unwrap();
    assert_eq!(on.progress(&next), Progress::Waiting("no move is listed yet".into()));
}

#[test]
fn what_aws_would_not_move_back_is_refused() {
    let mut on = Rehearsal::of("poison-queue", 12);
    let says = |on: &Rehearsal, why, words| refused(on, "dlq.redrive", "orders-dlq", FAST, why, words);
    refused(&on, "dlq.redrive", "orders", FAST, Why::State, "orders is no dead letter queue");
    refused(&on, "dlq.redrive", "emails-dlq", FAST, Why::Nothing, "there is nothing in emails-dlq");
    for pace in ["0", "501"] {
        refused(&on, "dlq.redrive", "orders-dlq", &[("per-second", pace)], Why::Bounds, "1 to 500 messages a second");
    }
    with_queue(&mut on, "orders-dlq", |it| it.fifo = true);
    says(&on, Why::State, "orders-dlq is a FIFO queue and orders is a standard one");
    with_queue(&mut on, "orders", |it| it.fifo = true);
    assert!(is(&on.plan("dlq.redrive", "orders-dlq", FAST).unwrap(), "the order of a group is not kept"));
    with_queue(&mut on, "orders-dlq", |it| it.in_flight = 7);
    assert!(is(&on.plan("dlq.redrive", "orders-dlq", FAST).unwrap(), "7 of its messages are in flight"));
    with_queue(&mut on, "orders-dlq", |it| it.dead_letters_of = vec!["gone".into()]);
    assert!(is(&on.plan("dlq.redrive", "orders-dlq", FAST).unwrap(), "gone is not read"));
    with_queue(&mut on, "orders-dlq", |it| it.moves = None);
    says(&on, Why::Blind, "whether messages are on their way out of orders-dlq is not known");
    with_queue(&mut on, "orders-dlq", |it| it.dead_letters_of = Vec::new());
    says(&on, Why::State, "SQS moves back only what came from a queue");
}

#[test]
fn a_redrive_ends_as_aws_says_it_does() {
    let mut on = Rehearsal::of("poison-queue", 12);
    let plan = on.plan("dlq.redrive", "orders-dlq", FAST).unwrap();
    let started = on.model.now;
    let task = |status: &str, failure: &str| Move {
        handle: None,
        status: status.into(),
        per_second: Some(100),
        moved: 40,
        of: None,
        failure: failure.into(),
        started,
    };
    let failed = |words: &str| Progress::Failed(words.into());
    for (status, failure, wanted) in [
        ("COMPLETED", "", Progress::Reached),
        ("FAILED", "CouldNotDetermineMessageSource", failed("it failed, 40 moved: CouldNotDetermineMessageSource")),
        ("CANCELLED", "", failed("it was stopped, 40 moved")),
        ("CANCELLING", "", Progress::Waiting("it is being stopped, 40 moved".into())),
    ] {
        with_queue(&mut on, "orders-dlq", |it| it.moves = Some(vec![task(status, failure)]));
        assert_eq!(on.progress(&plan), wanted, "{status}");
    }
    with_queue(&mut on, "orders-dlq", |it| it.moves = Some(vec![task("RUNNING", "")]));
    refused(&on, "dlq.stop-redrive", "orders-dlq", &[], Why::Blind, "does not tell by what");
    with_queue(&mut on, "orders-dlq", |it| it.moves = Some(vec![task("CANCELLING", "")]));
    refused(&on, "dlq.stop-redrive", "orders-dlq", &[], Why::Nothing, "it is being stopped already");
    with_queue(&mut on, "orders-dlq", |it| {
        it.moves = Some(vec![Move { started: started - SignedDuration::from_mins(2), ..task("COMPLETED", "") }]);
    });
    assert_eq!(on.progress(&plan), Progress::Waiting("no move is listed yet".into()), "an earlier one");
}
