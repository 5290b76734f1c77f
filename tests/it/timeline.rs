//! The timeline is drawn from what is new in an answer, and reads as if all of it had been drawn anew.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use opscon::domain::alarm::{AlarmState, AlarmTransition};
use opscon::domain::list::List;
use opscon::drill::scenario::{SHIPPED, Scenario};
use opscon::drill::{Drill, company};
use opscon::world::World;
use opscon::world::feed::{Feed, Payload};
use opscon::world::port::{Answer, FeedKey, Observation, Usage};
use opscon::world::timeline::Event;

/// Every event by its place and id.
fn events(world: &World) -> BTreeMap<(usize, String), Arc<Event>> {
    let mut all = BTreeMap::new();
    for (at, place) in world.places().iter().enumerate() {
        // What was seen to become of a machine between two answers is in neither of them.
        for event in place.timeline.shared().filter(|event| !event.id.as_str().contains(" seen ")) {
            let twice = all.insert((at, event.id.to_string()), Arc::clone(event));
            assert!(twice.is_none(), "{} happened once", event.what);
        }
    }
    all
}

#[test]
fn what_is_drawn_bit_by_bit_reads_as_if_drawn_at_once() {
    for (name, text) in SHIPPED {
        let scenario = Scenario::parse(name, text).unwrap();
        let (start, hand) = (scenario.start, Arc::new(Mutex::new(scenario.start)));
        let clock = Arc::clone(&hand);
        let drill = Drill::new(scenario, 5, 0, Arc::new(move || *clock.lock().unwrap()));
        let mut world = World::of(&company::scopes());
        let keys: Vec<FeedKey> = world.keys().collect();
        let mut newest: BTreeMap<FeedKey, (Timestamp, Answer)> = BTreeMap::new();
        let mut before = BTreeMap::new();
        for round in 0..40_usize {
            let at = start + SignedDuration::from_mins(round as i64 * 2);
            *hand.lock().unwrap() = at;
            // Each feed at its own pace, so that each comes with others and without them.
            let asked = keys.iter().enumerate().filter(|(number, _)| (round + number) % (1 + number % 4) == 0);
            for (_, key) in asked {
                let answer = drill.answer(key);
                world.apply(Observation::of(key.clone(), at, answer.clone(), None));
                // A failed poll keeps what was told before.
                if answer.outcome.is_ok() {
                    newest.insert(key.clone(), (at, answer));
                }
            }
            let mut anew = World::of(&company::scopes());
            for (key, (at, answer)) in newest.iter().rev() {
                anew.apply(Observation::of(key.clone(), *at, answer.clone(), None));
            }
            let now = events(&world);
            assert_eq!(now, events(&anew), "{name}, round {round}");
            for (id, event) in &now {
                let known = before.get(id).filter(|known| *known == event);
                assert!(
                    known.is_none_or(|known| Arc::ptr_eq(known, event)),
                    "{name}: {} is the same event",
                    event.what
                );
            }
            before = now;
        }
        assert!(before.len() > 40, "{name} has {} events", before.len());
    }
}

/// A day of alarms, newest first.
fn told(world: &mut World, changes: impl Iterator<Item = usize>) {
    let scope = Arc::clone(&world.places()[0].scope);
    let at: Timestamp = "2026-03-10T14:00:00Z".parse().unwrap();
    let change = |number: usize| AlarmTransition {
        id: format!("alarm {number}").into(),
        alarm: format!("batch-{:03}-cpu", number % 100).into(),
        at: at + SignedDuration::from_secs(number as i64 / 3),
        from: AlarmState::Ok,
        to: if number.is_multiple_of(2) { AlarmState::Alarm } else { AlarmState::Ok },
        reason: "61 % is > 60 %".into(),
    };
    let payload = Payload::AlarmHistory(Arc::new(List::new(changes.map(change).collect())));
    let key = FeedKey::all(Feed::AlarmHistory, scope);
    world.apply(Observation::of(key, at, Answer::of(Ok(payload), Usage::default()), None));
}

#[test]
fn an_answer_costs_memory_for_what_is_new_in_it() {
    let mut world = World::of(&company::scopes());
    told(&mut world, (0..5_000).rev());
    let all = world.weight_beside(None);
    let before = world.clone();
    let known = events(&world);
    told(&mut world, (10..5_003).rev());
    assert_eq!(events(&world).len(), 4_993);
    let kept =
        events(&world).iter().filter(|(id, event)| known.get(*id).is_some_and(|it| Arc::ptr_eq(it, event))).count();
    assert_eq!(kept, 4_990, "three are new, and ten are gone");
    let empty = World::of(&company::scopes()).weight_beside(None);
    let fresh = world.weight_beside(Some(&before)) - empty;
    assert!(fresh < (all - empty) / 10, "{fresh} of {all} B are new");
    assert!(fresh > 4_993 * size_of::<usize>(), "the list itself is");
}

#[test]
fn what_is_listed_twice_happened_once() {
    let mut world = World::of(&company::scopes());
    told(&mut world, [4, 3, 3, 2, 1].into_iter());
    assert_eq!(events(&world).len(), 4);
    told(&mut world, [5, 4, 3, 3, 2].into_iter());
    assert_eq!(events(&world).len(), 4);
}
