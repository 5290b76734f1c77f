//! What cannot be read is never told: not as trouble, not as health, and not as a zero.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use opscon::app::msg::WorldSpec;
use opscon::domain::board::BoxId;
use opscon::domain::health::Health;
use opscon::drill::scenario::SHIPPED;
use opscon::runtime::worlds::Opened;
use opscon::world::World;
use opscon::world::board::{Fact, Reading, read, spec};
use opscon::world::feed::{Feed, Reach};
use opscon::world::port::{CloudError, FaultClass, FeedKey, Observation};
use opscon::world::reads::tracked;
use opscon::world::sight::{Bearings, Sight};

/// Every shipped scenario, before it breaks and while it is broken.
fn stages() -> impl Iterator<Item = (String, Opened, Bearings)> {
    SHIPPED.iter().flat_map(|(name, _)| [1, 9].map(|minutes| (*name, minutes))).map(|(name, minutes)| {
        let spec = WorldSpec { at: SignedDuration::from_mins(minutes), ..WorldSpec::of(name) };
        let opened = Opened::frozen(&spec).unwrap();
        let bearings = Bearings { failover: opened.session.failover.clone(), ..Bearings::default() };
        (format!("{name}@{minutes}m"), opened, bearings)
    })
}

/// The world as it is, but for the questions that are denied.
fn world(opened: &Opened, is_denied: impl Fn(&FeedKey) -> bool) -> World {
    let mut world = World::of(&opened.session.scopes);
    for key in world.keys().collect::<Vec<_>>() {
        let answer = opened.drill.as_ref().unwrap().answer(&key);
        let outcome = if is_denied(&key) { Err(denied(&key)) } else { answer.outcome };
        world.apply(Observation { key, at: opened.at(), outcome, usage: answer.usage, gaps: Vec::new(), next: None });
    }
    world
}

fn denied(key: &FeedKey) -> CloudError {
    let operation = key.feed.operation();
    CloudError {
        class: FaultClass::Denied,
        operation: operation.into(),
        message: "not authorized".into(),
        missing: Some(operation.into()),
    }
}

#[test]
fn a_box_names_every_feed_it_reads() {
    let mut unnamed = BTreeSet::new();
    for (stage, opened, bearings) in stages() {
        let world = world(&opened, |_| false);
        let sight = Sight { world: &world, at: opened.at(), bearings: &bearings };
        for id in BoxId::ALL {
            let (_, reads) = tracked(|| read(*id, &sight));
            for feed in reads.iter() {
                if !spec(*id).sources.contains(&feed) {
                    unnamed.insert(format!("{id} reads {} ({stage})", feed.name()));
                }
            }
        }
    }
    assert!(unnamed.is_empty(), "{unnamed:#?}");
}

#[test]
fn every_feed_is_some_boxs_source() {
    // The header's, the drill's, the timeline's, and what is asked only for who looks.
    let of_no_box = [Feed::Exercise, Feed::Identity, Feed::Timers];
    let is_standing = |feed: &&Feed| !matches!(feed.reach(), Reach::Wanted | Reach::Looked);
    for feed in Feed::ALL.iter().filter(is_standing).filter(|feed| !of_no_box.contains(feed)) {
        assert!(BoxId::ALL.iter().any(|id| spec(*id).sources.contains(feed)), "{} lights no box", feed.name());
    }
}

#[test]
fn what_cannot_be_read_is_never_told() {
    let mut lies = BTreeSet::new();
    for (stage, opened, bearings) in stages() {
        let whole = world(&opened, |_| false);
        let at = opened.at();
        let full = Sight { world: &whole, at, bearings: &bearings };
        let truth: Vec<Reading> = BoxId::ALL.iter().map(|id| read(*id, &full)).collect();
        for feed in Feed::ALL {
            for missing in places_of(*feed, &whole) {
                let partial = world(&opened, |key| key.feed == *feed && missing.contains(&key.scope.to_string()));
                let sight = Sight { world: &partial, at, bearings: &bearings };
                for id in BoxId::ALL.iter().filter(|id| spec(**id).sources.contains(feed)) {
                    let context = format!("{stage} without {} of {}: {id}", feed.name(), missing.join(", "));
                    lies.extend(told(&read(*id, &sight), &truth[id.index()]).map(|lie| format!("{context}: {lie}")));
                }
            }
        }
    }
    assert!(lies.is_empty(), "{lies:#?}");
}

/// Each scope a feed is asked in, alone, and all of them.
fn places_of(feed: Feed, world: &World) -> Vec<Vec<String>> {
    let all: Vec<String> =
        world.places().iter().filter(|place| place.is_asked(feed)).map(|place| place.scope.to_string()).collect();
    let mut sets: Vec<Vec<String>> = all.iter().map(|scope| vec![scope.clone()]).collect();
    if feed.reach() == Reach::Regional {
        sets.push(all);
    }
    sets
}

/// What a reading of part of the world says that is not so.
fn told<'a>(partial: &'a Reading, truth: &'a Reading) -> impl Iterator<Item = String> + 'a {
    let claims = |health: Health| matches!(health, Health::Ok | Health::Absent);
    let of_box = (claims(partial.health) && partial.health != truth.health).then(|| partial.summary.clone());
    let of_checks = partial.checks.iter().filter_map(move |check| {
        let Some(real) = truth.checks.iter().find(|real| real.title == check.title) else {
            return Some(format!("{}: {}, where there is nothing", check.title, check.seen));
        };
        let is_lie = claims(check.health) && check.health != real.health
            || check.health.is_broken() && check.health > real.health;
        is_lie.then(|| format!("{}: {}, really {}", check.title, check.seen, real.seen))
    });
    let of_facts = partial.facts.iter().filter_map(|Fact { label, value }| {
        let is_no_number = value.split(' ').any(|word| word.starts_with("-0") || word == "NaN" || word == "inf");
        is_no_number.then(|| format!("{label} {value}"))
    });
    of_box.into_iter().chain(of_checks).chain(of_facts)
}
