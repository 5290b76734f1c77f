//! The drill world as a world: the same for everyone who asks.

use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use opscon::drill::scenario::{SHIPPED, Scenario};
use opscon::drill::{Drill, company};
use opscon::world::World;
use opscon::world::port::FeedKey;

/// A drill whose clock is turned by hand.
struct Wound {
    drill: Drill,
    hand: Arc<Mutex<Timestamp>>,
    start: Timestamp,
}

impl Wound {
    fn new(name: &str, seed: u64) -> Self {
        let scenario = Scenario::shipped(name).unwrap().unwrap();
        let start = scenario.start;
        let hand = Arc::new(Mutex::new(start));
        let clock = Arc::clone(&hand);
        Self { drill: Drill::new(scenario, seed, 0, Arc::new(move || *clock.lock().unwrap())), hand, start }
    }

    fn turn_to(&self, seconds: i64) {
        *self.hand.lock().unwrap() = self.start + SignedDuration::from_secs(seconds);
    }

    /// Every answer to every question, as text.
    fn everything(&self) -> String {
        keys().iter().map(|key| serde_json::to_string(&self.drill.answer(key).outcome.ok()).unwrap() + "\n").collect()
    }
}

fn keys() -> Vec<FeedKey> {
    World::of(&company::scopes()).keys().collect()
}

#[test]
fn the_same_seed_is_the_same_world_however_it_is_asked() {
    for (name, _) in SHIPPED {
        let (eager, lazy) = (Wound::new(name, 7), Wound::new(name, 7));
        // One is asked all the time, the other only at the end.
        for second in (0..900).step_by(37) {
            eager.turn_to(second);
            eager.everything();
        }
        eager.turn_to(900);
        lazy.turn_to(900);
        assert!(eager.everything() == lazy.everything(), "{name} depends on who asks");
    }
}

#[test]
fn another_seed_is_another_world() {
    let (one, other) = (Wound::new("calm", 1), Wound::new("calm", 2));
    assert_ne!(one.everything(), other.everything());
}

#[test]
fn time_only_goes_forward() {
    let wound = Wound::new("bad-deploy", 1);
    wound.turn_to(600);
    let then = wound.everything();
    wound.turn_to(60);
    assert_eq!(wound.everything(), then);
}
