//! Everything opscon reads, beside what boto3 reads of the same company.

mod chronicle;
mod ci;
pub mod compute;
mod delivery;
pub mod graphs;
mod names;
mod releases;
mod stores;
pub mod watch;

use jiff::{SignedDuration, Timestamp};
use opscon::aws::Aws;
use opscon::domain::graph::MetricId;
use opscon::domain::origin::Origin;
use opscon::domain::scope::Environment;
use opscon::domain::text::Text;
use opscon::world::feed::{Feed, Payload};
use serde_json::Value;

use super::{Bench, HOME, answer, ask, origin};

/// A list of facts.
pub fn all(facts: &Value) -> &[Value] {
    facts.as_array().map_or(&[], Vec::as_slice)
}

#[track_caller]
pub fn word(fact: &Value) -> &str {
    fact.as_str().unwrap_or_else(|| panic!("no text: {fact}"))
}

/// As opscon shows it. What AWS does not tell is empty.
pub fn shown(fact: &Value) -> Text {
    Text::new(fact.as_str().unwrap_or(""))
}

fn list_shown(facts: &Value) -> Vec<Text> {
    all(facts).iter().map(shown).collect()
}

#[track_caller]
pub fn time(fact: &Value) -> Timestamp {
    word(fact).parse().unwrap_or_else(|error| panic!("{fact}: {error}"))
}

/// CloudWatch sends times as doubles, of which the SDK cuts off what is beyond the millisecond: the last digit may be one
/// less.
#[track_caller]
pub fn same_time(seen: Timestamp, fact: Timestamp) {
    let off = fact.duration_since(seen);
    assert!(!off.is_negative() && off <= SignedDuration::from_millis(1), "{seen} is not {fact}");
}

fn count(fact: &Value) -> u32 {
    u32::try_from(fact.as_u64().unwrap_or(0)).unwrap()
}

fn made_at(company: &Value) -> Timestamp {
    time(&company["made"]["at"])
}

fn metric_of(fact: &Value, stat: &Value) -> MetricId {
    MetricId {
        namespace: shown(&fact["Namespace"]),
        metric: shown(&fact["MetricName"]),
        dimensions: all(&fact["Dimensions"]).iter().map(|one| (shown(&one["Name"]), shown(&one["Value"]))).collect(),
        stat: shown(stat),
    }
}

/// An adapter that knows the whole company, as of when it was made: metrics and some lists are read by what others found.
async fn whole(bench: &Bench, company: &Value) -> (Aws, Origin) {
    let origin = Origin { environment: Some(Environment::Staging), ..origin(&[HOME]) };
    let aws = bench.aws_at(std::slice::from_ref(&origin), made_at(company));
    for feed in [Feed::Instances, Feed::Groups, Feed::Clusters] {
        ask(&aws, &origin, HOME, feed).await.outcome.unwrap();
    }
    (aws, origin)
}

/// A list of the company's home, whole: with nothing that could not be read.
async fn list(bench: &Bench, company: &Value, feed: Feed) -> Payload {
    let (aws, origin) = whole(bench, company).await;
    let found = ask(&aws, &origin, HOME, feed).await;
    assert_eq!(found.gaps, [], "{}", feed.name());
    answer(&aws, &origin, HOME, feed).await
}

/// By its tags, else what the operator calls the place.
pub fn environment(tags: &Value) -> Environment {
    let named = |tag: &&Value| ["Environment", "env"].iter().any(|name| tag["Key"] == *name || tag["key"] == *name);
    all(tags).iter().find(named).map_or(Environment::Staging, |tag| {
        let value = if tag["Value"].is_null() { &tag["value"] } else { &tag["Value"] };
        Environment::from_tag(word(value))
    })
}

/// Name and value of each, sorted, however the service spells them.
pub fn tags(tags: &Value) -> Vec<(Text, Text)> {
    let part = |tag: &Value, name: &str| {
        let lower = name.to_lowercase();
        shown(if tag[name].is_null() { &tag[lower.as_str()] } else { &tag[name] })
    };
    let mut all: Vec<(Text, Text)> = all(tags).iter().map(|tag| (part(tag, "Key"), part(tag, "Value"))).collect();
    all.sort();
    all
}

/// What a list is compared by.
#[track_caller]
pub fn named<'a>(facts: &'a Value, key: &str, name: &str) -> &'a Value {
    let found = all(facts).iter().find(|fact| shown(&fact[key]) == *name);
    found.unwrap_or_else(|| panic!("boto3 knows no {name}"))
}

pub fn number(fact: &Value) -> Option<u32> {
    fact.as_u64().map(|number| u32::try_from(number).unwrap())
}
