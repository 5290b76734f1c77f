//! What every world owes the console, whatever it watches: the same assertions over the drill and, with the feature `aws`,
//! over AWS. A check or a room may rely on each of these without asking.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use opscon::app::msg::WorldSpec;
use opscon::domain::metric::MetricSet;
use opscon::domain::text::Text;
use opscon::drill::scenario::SHIPPED;
use opscon::runtime::worlds::Opened;
use opscon::world::item::{Item, Kind};
use opscon::world::port::Observation;
use opscon::world::{Place, World};

/// What does not hold, in words. `at` is the present of the world.
pub fn broken(world: &World, at: Timestamp) -> Vec<String> {
    let mut wrong = Vec::new();
    for place in world.places() {
        let mut check = |holds: bool, what: String| {
            if !holds {
                wrong.push(format!("{}: {what}", place.scope));
            }
        };
        names(place, &mut check);
        times(place, at, &mut check);
        compute(place, &mut check);
        stores(place, &mut check);
        delivery(place, &mut check);
        metrics(place, at, &mut check);
        if let Some(identity) = place.feeds.identity.value() {
            let is_number =
                identity.account.as_str().len() == 12 && identity.account.as_str().bytes().all(|b| b.is_ascii_digit());
            check(is_number, format!("account {}", identity.account));
            check(identity.arn.as_str().starts_with("arn:"), format!("caller {}", identity.arn));
        }
    }
    wrong
}

/// Everything has a name and an id of its own, fit to be shown.
fn names(place: &Place, check: &mut impl FnMut(bool, String)) {
    for kind in Kind::ALL {
        let items = kind.in_place(place);
        let ids: BTreeSet<&Text> = items.iter().map(Item::id).collect();
        check(ids.len() == items.len(), format!("{} have {} ids for {}", kind.word(), ids.len(), items.len()));
        for item in &items {
            check(!item.id().is_empty(), format!("a {} without an id", kind.word()));
            let json = item.json().to_string();
            let hostile = json.chars().find(|letter| {
                letter.is_control() || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            });
            check(hostile.is_none(), format!("{} {} has {hostile:?}", kind.word(), item.id()));
        }
    }
}

/// Nothing that happened is yet to come, and nothing happened before there was an AWS.
fn times(place: &Place, at: Timestamp, check: &mut impl FnMut(bool, String)) {
    let first: Timestamp = "2006-01-01T00:00:00Z".parse().unwrap();
    let mut past = |then: Timestamp, what: String| {
        check(then >= first && then <= at + SignedDuration::from_mins(1), format!("{what} at {then}"));
    };
    let feeds = &place.feeds;
    feeds.alarms.items().for_each(|alarm| past(alarm.since, format!("alarm {}", alarm.name)));
    feeds.alarm_history.items().for_each(|it| past(it.at, format!("transition of {}", it.alarm)));
    feeds.instances.items().for_each(|it| past(it.launched.unwrap_or(at), format!("launch of {}", it.id)));
    feeds.database_events.items().for_each(|it| past(it.at, format!("event {}", it.id)));
    feeds.cache_events.items().for_each(|it| past(it.at, format!("event {}", it.id)));
    feeds.trail.items().for_each(|it| past(it.at, format!("call {}", it.id)));
    feeds
        .databases
        .items()
        .for_each(|it| past(it.latest_restorable.unwrap_or(at), format!("restore point of {}", it.id)));
    feeds.traces.items().for_each(|it| past(it.at, format!("trace {}", it.id)));
    for pipeline in feeds.pipelines.items() {
        pipeline.executions.iter().for_each(|it| past(it.started, format!("execution {}", it.id)));
    }
    for group in feeds.groups.items() {
        let activities = group.activities.iter().flatten();
        activities.for_each(|it| past(it.at, format!("activity of {}", group.name)));
    }
}

fn compute(place: &Place, check: &mut impl FnMut(bool, String)) {
    let feeds = &place.feeds;
    for balancer in feeds.balancers.items() {
        let is_one = ["app/", "net/", "gwy/"].iter().any(|start| balancer.dimension.as_str().starts_with(start));
        check(is_one, format!("balancer dimension {}", balancer.dimension));
        for group in &balancer.target_groups {
            let is_one = group.dimension.as_str().starts_with("targetgroup/");
            check(is_one, format!("target group dimension {}", group.dimension));
        }
        let all = balancer.targets().count();
        check(balancer.healthy() + balancer.unhealthy() <= all, format!("{} counts a target twice", balancer.name));
    }
    for group in feeds.groups.items() {
        check(group.min <= group.max, format!("{} goes from {} to {}", group.name, group.min, group.max));
        let members: BTreeSet<&Text> = group.members.iter().map(|member| &member.instance).collect();
        check(members.len() == group.members.len(), format!("{} has a member twice", group.name));
    }
    for cluster in feeds.clusters.items() {
        let names: BTreeSet<&Text> = cluster.services.iter().map(|service| &service.name).collect();
        check(names.len() == cluster.services.len(), format!("{} has a service twice", cluster.name));
        let tasks = cluster.tasks.iter().flatten();
        let ids: Vec<&Text> = tasks.map(|task| &task.id).collect();
        check(ids.iter().collect::<BTreeSet<_>>().len() == ids.len(), format!("{} has a task twice", cluster.name));
    }
}

fn stores(place: &Place, check: &mut impl FnMut(bool, String)) {
    use opscon::domain::database::DatabaseRole;
    let feeds = &place.feeds;
    for database in feeds.databases.items() {
        if let DatabaseRole::Replica { source, .. } = &database.role {
            check(*source != database.id, format!("{} follows itself", database.id));
        }
        let in_order =
            database.max_allocated_bytes.is_none_or(|most| database.allocated_bytes.is_none_or(|now| now <= most));
        check(in_order, format!("{} may grow to less than it has", database.id));
    }
    for queue in feeds.queues.items() {
        let Some((letters, receives)) = &queue.dead_letters else { continue };
        check(*receives > 0, format!("{} gives up after no receive", queue.name));
        let target = feeds.queues.items().find(|other| other.name == *letters);
        let knows = target.is_none_or(|target| target.dead_letters_of.contains(&queue.name));
        check(knows, format!("{letters} does not know that it holds what {} gave up", queue.name));
    }
    for topic in feeds.topics.items() {
        check(topic.arn.as_str().starts_with("arn:"), format!("topic {} has the ARN {}", topic.name, topic.arn));
    }
    for cache in feeds.caches.items() {
        let nodes: BTreeSet<&Text> = cache.nodes.iter().map(|node| &node.id).collect();
        check(nodes.len() == cache.nodes.len(), format!("{} has a node twice", cache.id));
    }
}

fn delivery(place: &Place, check: &mut impl FnMut(bool, String)) {
    let feeds = &place.feeds;
    for pipeline in feeds.pipelines.items() {
        let newest_first = pipeline.executions.is_sorted_by(|a, b| a.started >= b.started);
        check(newest_first, format!("executions of {} are not newest first", pipeline.name));
    }
    for service in feeds.service_map.items() {
        if let Some(requests) = service.requests {
            let parts = requests.faults + requests.errors + requests.throttles;
            check(parts <= requests.total, format!("{} has more failures than requests", service.name));
        }
        let are_seconds = [service.p50, service.p99].into_iter().flatten().all(|it| it.is_finite() && it >= 0.0);
        check(are_seconds, format!("latency of {}", service.name));
    }
    if let Some(spend) = feeds.spend.value() {
        let parts: i64 = spend.services.iter().map(|service| service.month_to_date.micros).sum();
        let whole = spend.month_to_date.micros;
        let largest_first = spend.services.is_sorted_by(|a, b| a.month_to_date >= b.month_to_date);
        check(largest_first, "the bill is not sorted".into());
        check((parts - whole).abs() <= 10_000, format!("the services' {parts} are not the bill's {whole} micro-USD"));
    }
}

fn metrics(place: &Place, at: Timestamp, check: &mut impl FnMut(bool, String)) {
    for series in place.feeds.metrics.value().into_iter().flat_map(MetricSet::iter) {
        let name = || format!("{} of {}", series.measure.metric(), series.resource);
        // An hour, and the minute that runs.
        check(!series.values.is_empty() && series.values.len() <= 61, format!("{}: {}", name(), series.values.len()));
        check(series.values.iter().any(|value| value.is_finite()), format!("{} holds nothing", name()));
        check(series.values.iter().all(|value| !value.is_infinite()), format!("{} is infinite", name()));
        check(series.newest <= at, format!("{} is of {}", name(), series.newest));
    }
}

#[test]
fn the_drill_keeps_its_word() {
    for (scenario, _) in SHIPPED {
        for minutes in [0, 9, 25] {
            let spec = WorldSpec { at: SignedDuration::from_mins(minutes), ..WorldSpec::of(scenario) };
            let opened = Opened::frozen(&spec).unwrap();
            let mut world = opened.session.world();
            for key in opened.keys() {
                let answer = opened.drill.as_ref().unwrap().answer(&key);
                world.apply(Observation::of(key, opened.at(), answer, None));
            }
            assert_eq!(broken(&world, opened.at()), [""; 0], "{scenario} at {minutes} min");
        }
    }
}

#[cfg(feature = "aws")]
#[test]
fn aws_keeps_its_word() {
    use crate::endpoint::{AWAY, HOME, now, on_company, origin};
    use opscon::aws::{Endpoint, Profiles};
    use opscon::runtime::once;

    on_company(async |bench, company| {
        let role = company["made"]["role"].as_str().unwrap().to_owned();
        let other = opscon::domain::origin::Origin { role_arn: Some(role), ..origin(&[HOME]) };
        let origins = [origin(&[HOME, AWAY]), other];
        let opened =
            Opened::aws(&origins, &Profiles::default(), &Endpoint::new(Some(bench.front.url.clone())), None, 1.0, None);
        let world = once::world(&opened, |_| true).await;
        let read = world.places().iter().filter(|place| place.feeds.alarms.value().is_some()).count();
        assert_eq!(read, 3, "three regions of two accounts");
        assert_eq!(broken(&world, now()), [""; 0]);
    });
}
