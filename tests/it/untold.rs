//! What AWS leaves out of an answer is neither health nor trouble nor a zero: the checks that rest on it say so.

use jiff::SignedDuration;
use opscon::app::msg::WorldSpec;
use opscon::domain::board::BoxId;
use opscon::domain::health::Health;
use opscon::domain::list::List;
use opscon::runtime::worlds::Opened;
use opscon::world::World;
use opscon::world::board::{Reading, read};
use opscon::world::feed::Payload;
use opscon::world::port::Observation;
use opscon::world::sight::{Bearings, Sight};

/// Every item as it is, but for what `lose` takes from it.
pub fn without<T: Clone>(list: &List<T>, lose: impl Fn(&mut T)) -> std::sync::Arc<List<T>> {
    let lost = |item: &std::sync::Arc<T>| {
        let mut item = (**item).clone();
        lose(&mut item);
        item
    };
    std::sync::Arc::new(List::new(list.iter().map(lost).collect()))
}

pub fn told(scenario: &str, id: BoxId, lose: impl Fn(Payload) -> Payload) -> Reading {
    let spec = WorldSpec { at: SignedDuration::from_mins(9), ..WorldSpec::of(scenario) };
    let opened = Opened::frozen(&spec).unwrap();
    let mut world = World::of(&opened.session.scopes);
    for key in world.keys().collect::<Vec<_>>() {
        let mut answer = opened.drill.as_ref().unwrap().answer(&key);
        answer.outcome = answer.outcome.map(&lose);
        world.apply(Observation::of(key, opened.at(), answer, None));
    }
    let bearings = Bearings::default();
    read(id, &Sight { world: &world, at: opened.at(), bearings: &bearings })
}

#[track_caller]
pub fn check(reading: &Reading, title: &str, health: Health, seen: &str) {
    let check = reading.checks.iter().find(|check| check.title == title).unwrap();
    assert_eq!((check.health, check.seen.as_str()), (health, seen));
}

#[test]
fn targets_nobody_could_ask_after_are_not_healthy() {
    let reading = told("calm", BoxId::LoadBalancer, |payload| match payload {
        Payload::Balancers(list) => {
            let lose = |it: &mut opscon::domain::balancer::LoadBalancer| {
                it.target_groups.iter_mut().for_each(|group| group.targets = None);
            };
            Payload::Balancers(without(&list, lose))
        }
        other => other,
    });
    check(&reading, "Targets are healthy", Health::Unknown, "targets of web-edge not read");
    assert_eq!(reading.health, Health::Unknown);
}

#[test]
fn activities_that_may_not_be_read_did_not_succeed() {
    let reading = told("calm", BoxId::AutoScalingGroup, |payload| match payload {
        Payload::Groups(list) => Payload::Groups(without(&list, |it| it.activities = None)),
        other => other,
    });
    check(&reading, "Scaling works", Health::Unknown, "activities of web not read");
    check(&reading, "As many in service as desired", Health::Ok, "desired reached");
}

#[test]
fn checks_that_may_not_be_read_did_not_pass() {
    let reading = told("calm", BoxId::Ec2Instances, |payload| match payload {
        Payload::Instances(list) => Payload::Instances(without(&list, |it| it.checks = "".into())),
        other => other,
    });
    check(&reading, "Status checks pass", Health::Unknown, "checks of web-1 not read");
}

#[test]
fn tasks_that_may_not_be_read_do_not_hide_what_services_tell() {
    let reading = told("calm", BoxId::DockerContainers, |payload| match payload {
        Payload::Clusters(list) => Payload::Clusters(without(&list, |it| it.tasks = None)),
        other => other,
    });
    assert!(reading.headline.ends_with(" running") && reading.headline != "0 running", "{}", reading.headline);
    check(&reading, "No restart loop", Health::Unknown, "tasks of prod not read");
    check(&reading, "Containers are healthy", Health::Unknown, "tasks of prod not read");
}

#[test]
fn what_has_no_price_costs_nobody_knows_what() {
    let free = |payload| match payload {
        Payload::Instances(list) => Payload::Instances(without(&list, |it| it.per_hour = None)),
        other => other,
    };
    let price = |reading: &Reading, label: &str| {
        reading.facts.iter().find(|fact| fact.label == label).map(|fact| fact.value.clone())
    };
    assert_eq!(price(&told("calm", BoxId::OnDemandInstances, free), "list price"), Some("-".into()));
    let dev = told("runaway-dev", BoxId::DevelopmentEnvironment, free);
    assert_eq!(price(&dev, "costs"), Some("-".into()));
    let schedule = dev.checks.iter().find(|check| check.title == "Everything runs by a schedule").unwrap();
    assert_eq!(schedule.health, Health::Unknown);
    assert!(schedule.seen.ends_with("unscheduled, at prices nobody tells"), "{}", schedule.seen);
}

#[test]
fn a_policy_of_which_only_the_range_is_known_is_not_at_its_end() {
    let reading = told("calm", BoxId::AutoScalingPolicies, |payload| match payload {
        Payload::Policies(list) => Payload::Policies(without(&list, |it| it.current = None)),
        other => other,
    });
    check(&reading, "None is at its limit", Health::Absent, "nothing to check");
    assert!(reading.facts.iter().any(|fact| fact.value.contains("- of 4 to 12")), "{:?}", reading.facts);
}
