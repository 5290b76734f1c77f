//! Redrives, mutes and zonal shifts: what is planned, refused, and what the company makes of it.

use std::sync::Arc;

use jiff::SignedDuration;
use opscon::domain::alarm::{Alarm, Mute};
use opscon::domain::balancer::{LoadBalancer, TargetHealth};
use opscon::domain::list::List;
use opscon::domain::messaging::{Move, Queue};
use opscon::domain::metric::Measure;
use opscon::domain::zone::{Shifting, ZoneShift, Zones};
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
    assert!(queue(&on, "orders-dlq").visible > dead, "it is as full again, and fuller");
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
    with_queue(&mut on, "orders-dlq", |it| it.moves = Some(vec![task("COMPLETED", "")]));
    let next = on.plan("dlq.redrive", "orders-dlq", FAST).unwrap();
    let waiting = Progress::Waiting("no move is listed yet".into());
    assert_eq!(on.progress(&next), waiting, "what ended a moment before is none of it");
}

fn alarm(on: &Rehearsal, name: &str) -> Alarm {
    let Some(Item::Alarm(found)) = on.model.world.find(&on.of_kind(Kind::Alarm, name)) else { panic!("{name}") };
    Alarm::clone(&found)
}

fn with_alarm(on: &mut Rehearsal, name: &str, change: impl FnOnce(&mut Alarm)) {
    let place = on.of_kind(Kind::Alarm, name).place;
    let mut all: Vec<Alarm> = on.model.world.places()[place].feeds.alarms.items().cloned().collect();
    change(all.iter_mut().find(|alarm| alarm.name == *name).unwrap());
    observe(&mut on.model, place, Feed::Alarms, Payload::Alarms(Arc::new(List::new(all))));
}

const OLD: &str = "orders-queue-old";

#[test]
fn an_alarm_is_muted_for_a_while_and_acts_again_by_itself() {
    // 12:42 in the drill.
    let mut on = Rehearsal::of("poison-queue", 12);
    let (plan, minutes) = on.carry_out("alarm.mute", OLD, &[("for", "30m")]);
    let from = "2026-03-12T12:45:00Z".parse().unwrap();
    let rule = "opscon-orders-queue-old-20260312T1245".into();
    let lasts = SignedDuration::from_mins(30);
    assert_eq!(plan.steps, [Step::PutAlarmMuteRule { rule, alarms: vec![OLD.into()], from, lasts }]);
    assert_eq!(
        (plan.blast, plan.title.as_str(), minutes),
        (Blast::Reversible, "orders-queue-old: mute until 13:15", 3)
    );
    assert!(is(&plan, "in whatever state: page-oncall") && is(&plan, "goes on being judged"), "{plan:?}");
    assert!(is(&plan, "what is made of it still acts: orders-impaired"), "{:?}", plan.effects);
    let it = alarm(&on, OLD);
    assert!(it.is_firing(), "it is judged as ever");
    let zone = jiff::tz::TimeZone::UTC;
    assert_eq!(it.muted_words(on.model.now, &zone).unwrap(), "muted until 13:15");
    refused(&on, "alarm.mute", OLD, &[("for", "2h")], Why::Nothing, "orders-queue-old is muted until 13:15 already");
    on.live(29);
    assert!(alarm(&on, OLD).muted(on.model.now).is_some());
    on.live(1);
    assert!(alarm(&on, OLD).muted(on.model.now).is_none());
    refused(&on, "alarm.unmute", OLD, &[], Why::Nothing, "orders-queue-old is not muted");
}

#[test]
fn a_mute_says_the_same_when_it_is_planned_again_before_it_is_sent() {
    let mut on = Rehearsal::of("poison-queue", 12);
    let unsaid = on.plan("alarm.mute", OLD, &[]).unwrap();
    assert_eq!(unsaid.params["for"], "60m", "it never lasts for ever");
    let shown = on.plan("alarm.mute", OLD, &[("for", "2h")]).unwrap();
    on.live(1);
    let target = on.target("alarm.mute", OLD);
    let operation = opscon::ops::named("alarm.mute").unwrap();
    let again = operation.plan(&target, &shown.params, &on.model.sight()).unwrap();
    assert!(again.is_same_as(&shown), "{} and {}", again.what(), shown.what());
    // Nobody knows what AWS would make of a beginning that has passed.
    on.live(2);
    let late = operation.plan(&target, &shown.params, &on.model.sight()).unwrap_err();
    assert!(late.text.contains("12:45 has passed"), "{late}");
    assert!(on.send(&shown).is_ok(), "at the minute itself it is in time");
    on.live(1);
    assert!(on.send(&shown).is_err());
}

#[test]
fn an_alarm_is_unmuted_before_its_time() {
    let mut on = Rehearsal::of("poison-queue", 12);
    let (plan, _) = on.carry_out("alarm.mute", OLD, &[("for", "1h")]);
    assert_eq!(plan.undo.as_ref().unwrap().operation, "alarm.unmute");
    let (back, _) = on.carry_out("alarm.unmute", OLD, &[]);
    assert_eq!(back.steps, [Step::DeleteAlarmMuteRule { rule: "opscon-orders-queue-old-20260312T1245".into() }]);
    let undo = back.undo.unwrap();
    assert_eq!((undo.operation.as_str(), undo.params["for"].as_str()), ("alarm.mute", "60m"));
    // And one that has not begun yet, as soon as it is sent.
    let plan = on.plan("alarm.mute", OLD, &[("for", "1h")]).unwrap();
    on.send(&plan).unwrap();
    on.live(0);
    assert_eq!(on.progress(&plan), Progress::Waiting("the rule is there, and begins at 12:49".into()));
    on.carry_out("alarm.unmute", OLD, &[]);
}

#[test]
fn what_cannot_be_muted_or_unmuted_is_refused() {
    let mut on = Rehearsal::of("poison-queue", 12);
    let says = |on: &Rehearsal, said: &[(&str, &str)], why, words| refused(on, "alarm.mute", OLD, said, why, words);
    says(&on, &[("for", "0m")], Why::Bounds, "1 min to 15 d");
    says(&on, &[("for", "90s")], Why::Bounds, "whole minutes");
    says(&on, &[("for", "16d")], Why::Bounds, "1 min to 15 d");
    says(&on, &[("for", "long")], Why::Bounds, "a time such as 30m, 2h or 3d");
    assert!(on.plan("alarm.mute", OLD, &[("for", "15d")]).is_ok());
    for (from, words) in [
        ("tomorrow", "has to be a moment such as 2026-03-12T12:45+00:00"),
        ("2026-03-12T12:42Z", "12:42 has passed"),
        ("2026-03-12T13:00:30Z", "begins with a minute"),
        ("2026-06-12T13:00Z", "more than 30 d ahead"),
    ] {
        says(&on, &[("for", "1h"), ("from", from)], Why::Bounds, words);
    }
    let later = on.plan("alarm.mute", OLD, &[("for", "1h"), ("from", "2026-03-12T14:00+01:00")]).unwrap();
    assert!(is(&later, "it acts until 13:00") && later.deadline > SignedDuration::from_mins(20), "{later:?}");
    let hour = &[("for", "1h")];
    let mute = |rule: &str, alarms: &[&str], recurs: bool| Mute {
        rule: rule.into(),
        alarms: alarms.iter().map(|name| (*name).into()).collect(),
        is_active: true,
        recurs,
        from: None,
        until: None,
    };
    with_alarm(&mut on, OLD, |it| it.mutes = Some(vec![mute("deploys", &[OLD, "web-slow"], false)]));
    says(&on, hour, Why::Nothing, "orders-queue-old is muted by deploys already");
    refused(&on, "alarm.unmute", OLD, &[], Why::State, "deploys mutes web-slow as well");
    with_alarm(&mut on, OLD, |it| it.mutes = Some(vec![mute("nights", &[OLD], true)]));
    refused(&on, "alarm.unmute", OLD, &[], Why::State, "nights comes again and again");
    with_alarm(&mut on, OLD, |it| it.mutes = Some(vec![Mute { is_active: false, ..mute("nights", &[OLD], true) }]));
    assert!(on.plan("alarm.mute", OLD, hour).is_ok(), "a plan for the night is in nobody's way");
    refused(&on, "alarm.unmute", OLD, &[], Why::Nothing, "is not muted");
    with_alarm(&mut on, OLD, |it| it.mutes = None);
    says(&on, hour, Why::Blind, "whether orders-queue-old is muted is not known");
    with_alarm(&mut on, OLD, |it| (it.mutes, it.actions_enabled) = (Some(Vec::new()), false));
    says(&on, hour, Why::Nothing, "are switched off altogether");
    with_alarm(&mut on, OLD, |it| it.actions.clear());
    says(&on, hour, Why::Nothing, "does nothing in any state");
    let taken = mute("opscon-orders-queue-old-20260312T1245", &["another"], false);
    with_alarm(&mut on, OLD, |it| (it.actions, it.actions_enabled) = (vec!["arn:page".into()], true));
    with_alarm(&mut on, "orders-impaired", |it| it.mutes = Some(vec![taken]));
    says(&on, hour, Why::State, "of another alarm: it would be written over");
}

fn balancer(on: &Rehearsal, name: &str) -> LoadBalancer {
    let Some(Item::Balancer(found)) = on.model.world.find(&on.of_kind(Kind::Balancer, name)) else { panic!("{name}") };
    LoadBalancer::clone(&found)
}

fn with_balancer(on: &mut Rehearsal, name: &str, change: impl FnOnce(&mut LoadBalancer)) {
    let place = on.of_kind(Kind::Balancer, name).place;
    let mut all: Vec<LoadBalancer> = on.model.world.places()[place].feeds.balancers.items().cloned().collect();
    change(all.iter_mut().find(|balancer| balancer.name == *name).unwrap());
    observe(&mut on.model, place, Feed::Balancers, Payload::Balancers(Arc::new(List::new(all))));
}

fn with_zones(on: &mut Rehearsal, change: impl FnOnce(&mut Zones)) {
    with_balancer(on, "web-edge", |it| {
        let Some(Shifting::Enabled(zones)) = &mut it.shifting else { panic!("{:?}", it.shifting) };
        change(zones);
    });
}

fn errors(on: &Rehearsal) -> f64 {
    let place = &on.model.world.places()[on.of_kind(Kind::Balancer, "web-edge").place];
    place.latest(Measure::AlbErrorPercent, &balancer(on, "web-edge").dimension).unwrap()
}

const AWAY: &[(&str, &str)] = &[("away-from", "eu-west-1b"), ("for", "30m")];

/// Health checks that see nothing, in one zone.
const GREY: &str = "
title = 'A grey zone'
story = 'In one zone a part of all requests fails, and no health check sees it.'
start = '2026-03-12T12:30:00Z'
[[event]]
at = '2m'
impair_zone = { fleet = 'web', zone = 'eu-west-1b', errors = 0.3 }
[mended]
held_for = '3m'
alarms_ok = ['web-5xx-high']
";

#[test]
fn a_grey_zone_is_left_alone_for_a_while_and_comes_back_by_itself() {
    let mut on = Rehearsal::written("bad-deploy", GREY, 10);
    assert!(errors(&on) > 5.0, "{}", errors(&on));
    assert_eq!(balancer(&on, "web-edge").unhealthy(), 0);
    let (plan, minutes) = on.carry_out("zone.shift", "web-edge", AWAY);
    let step = Step::StartZonalShift {
        resource: balancer(&on, "web-edge").arn,
        away_from: "euw1-az3".into(),
        expires_in: "30m".into(),
        comment: "opscon: away from eu-west-1b".into(),
    };
    assert_eq!((plan.steps.as_slice(), plan.blast, minutes), (&[step][..], Blast::Disruptive, 1));
    assert!(is(&plan, "are left for all of it, each with ") && is(&plan, "ends by itself about 13:10"), "{plan:?}");
    assert_eq!(plan.undo.as_ref().unwrap().operation, "zone.unshift");
    on.live(5);
    assert!(errors(&on) < 0.5, "{}", errors(&on));
    refused(&on, "zone.shift", "web-edge", AWAY, Why::State, "shifted away from eu-west-1b until 13:10 already");
    on.live(22);
    assert!(errors(&on) < 0.5 && balancer(&on, "web-edge").zones().unwrap().applied().is_some());
    on.live(8);
    assert!(errors(&on) > 5.0, "it was for a while, and nobody has mended the zone");
    refused(&on, "zone.unshift", "web-edge", &[], Why::Nothing, "web-edge is not shifted away from any zone");
}

#[test]
fn traffic_is_let_back_into_a_zone_before_its_time() {
    let mut on = Rehearsal::of("calm", 5);
    on.carry_out("zone.shift", "web-edge", &[("away-from", "euw1-az3"), ("for", "2h")]);
    let (plan, _) = on.carry_out("zone.unshift", "web-edge", &[]);
    assert!(matches!(&plan.steps[..], [Step::CancelZonalShift { .. }]));
    assert!(is(&plan, "by itself it would have ended about "), "{:?}", plan.effects);
    let undo = plan.undo.unwrap();
    assert_eq!((undo.operation.as_str(), undo.params["away-from"].as_str()), ("zone.shift", "eu-west-1b"));
    assert_eq!(undo.params["for"], "119m");
}

#[test]
fn what_cannot_be_shifted_is_refused() {
    let mut on = Rehearsal::of("calm", 5);
    let says = |on: &Rehearsal, why, words| refused(on, "zone.shift", "web-edge", AWAY, why, words);
    for (said, why, words) in [
        (&[("away-from", "eu-west-1d"), ("for", "1h")][..], Why::Unknown, "web-edge is in no zone eu-west-1d"),
        (&[("away-from", "eu-west-1b"), ("for", "29m")], Why::Bounds, "30 min to 72 h, not 29 min"),
        (&[("away-from", "eu-west-1b"), ("for", "4d")], Why::Bounds, "30 min to 72 h, not 4 d"),
        (&[("for", "1h")], Why::Bounds, "no single zone of web-edge is plainly in trouble"),
    ] {
        refused(&on, "zone.shift", "web-edge", said, why, words);
    }
    refused(&on, "zone.shift", "checkout", AWAY, Why::State, "zonal shift is not enabled for checkout");
    let shift = |kind: &str, id: Option<&str>, is_applied: bool| ZoneShift {
        id: id.map(Into::into),
        away_from: "euw1-az2".into(),
        kind: kind.into(),
        is_applied,
        until: None,
        comment: "".into(),
    };
    with_zones(&mut on, |it| it.shifts = vec![shift("ZONAL_AUTOSHIFT", None, true)]);
    says(&on, Why::State, "web-edge is shifted away from eu-west-1a by AWS itself already");
    refused(&on, "zone.unshift", "web-edge", &[], Why::State, "nobody here began that");
    with_zones(&mut on, |it| it.shifts = vec![shift("PRACTICE_RUN", Some("p"), true)]);
    let plan = on.plan("zone.shift", "web-edge", AWAY).unwrap();
    assert!(is(&plan, "it ends a practice run, away from eu-west-1a, for practice"), "{:?}", plan.warnings);
    let ours = ZoneShift { away_from: "euw1-az3".into(), ..shift("ZONAL_SHIFT", Some("s"), false) };
    with_zones(&mut on, |it| it.shifts.push(ours));
    let Progress::Waiting(words) = on.progress(&plan) else { panic!("{:?}", on.progress(&plan)) };
    assert!(words.starts_with("the shift is not in force: it is shifted away from eu-west-1a"), "{words}");
    with_zones(&mut on, |it| it.shifts.iter_mut().for_each(|shift| shift.is_applied = true));
    assert_eq!(on.progress(&plan), Progress::Waiting("traffic still goes to eu-west-1b".into()));
    with_zones(&mut on, |it| (it.shifts.clear(), it.is_automatic = Some(true)).1);
    assert!(is(&on.plan("zone.shift", "web-edge", AWAY).unwrap(), "zonal autoshift is on"));
    with_zones(&mut on, |it| it.zones.iter_mut().for_each(|zone| zone.is_on = zone.name == "eu-west-1b"));
    says(&on, Why::State, "eu-west-1b is the last zone with traffic of web-edge");
    with_zones(&mut on, |it| it.zones.iter_mut().for_each(|zone| zone.is_on = zone.name != "eu-west-1b"));
    says(&on, Why::Nothing, "no traffic of web-edge goes to eu-west-1b");
    with_zones(&mut on, |it| it.zones.iter_mut().for_each(|zone| zone.is_on = true));
    // What is healthy, and where.
    with_balancer(&mut on, "web-edge", |it| {
        let targets = it.target_groups[0].targets.iter_mut().flatten();
        targets
            .filter(|target| target.zone == *"eu-west-1c")
            .for_each(|target| target.health = TargetHealth::Unhealthy);
    });
    assert!(is(&on.plan("zone.shift", "web-edge", AWAY).unwrap(), "nothing healthy is in eu-west-1c"));
    let form =
        opscon::ops::named("zone.shift").unwrap().present(&on.target("zone.shift", "web-edge"), &on.model.sight());
    assert_eq!(form["away-from"], "eu-west-1c", "where it is plain, it is proposed");
    with_balancer(&mut on, "web-edge", |it| {
        let targets = it.target_groups[0].targets.iter_mut().flatten();
        targets.filter(|target| target.zone == *"eu-west-1a").for_each(|target| target.zone = "".into());
    });
    says(&on, Why::State, "nothing healthy of web is known in eu-west-1a, eu-west-1c");
    with_zones(&mut on, |it| it.zones.iter_mut().for_each(|zone| zone.name = "".into()));
    let by_id = &[("away-from", "euw1-az3"), ("for", "1h")];
    refused(&on, "zone.shift", "web-edge", by_id, Why::Blind, "which zone euw1-az3 is in this account is not known");
    with_balancer(&mut on, "web-edge", |it| it.target_groups[0].targets = None);
    refused(&on, "zone.shift", "web-edge", by_id, Why::Blind, "the health of the targets of web-edge is not read");
    with_balancer(&mut on, "web-edge", |it| it.shifting = None);
    refused(&on, "zone.shift", "web-edge", by_id, Why::Blind, "can be shifted away from a zone is not known");
    with_balancer(&mut on, "web-edge", |it| it.kind = "gateway".into());
    refused(&on, "zone.shift", "web-edge", by_id, Why::State, "web-edge is a gateway balancer");
}
