//! The table of IAM actions, which is what operators put into their policies, beside the calls that are made; and what
//! is said where one of them is denied.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use opscon::domain::scope::GLOBAL;
use opscon::world::feed::{Feed, READ_FROM_AWS, Reach};
use opscon::world::port::{CloudError, FaultClass};
use serde_json::{Value, json};

use super::{Bench, HOME, ask, on_company, origin};

/// Feeds asked by themselves, in an order in which what is asked by others' answers comes last.
fn feeds() -> impl Iterator<Item = Feed> {
    let by_itself = READ_FROM_AWS.iter().copied().filter(|feed| !matches!(feed, Feed::Graphs | Feed::Metrics));
    by_itself.chain([Feed::Metrics])
}

pub fn region_of(feed: Feed) -> &'static str {
    if feed.reach() == Reach::Global { GLOBAL } else { HOME }
}

/// The name of a call as IAM has it: the operation mostly, and the service as it is signed for.
fn action_of(call: &Value) -> String {
    let service = match call["service"].as_str().unwrap() {
        "elbv2" => "elasticloadbalancing",
        other => other,
    };
    format!("{service}:{}", call["operation"].as_str().unwrap())
}

/// The call an action is about.
fn call_of(action: &str) -> (String, &str) {
    let (service, operation) = action.split_once(':').unwrap();
    (if service == "elasticloadbalancing" { "elbv2".into() } else { service.into() }, operation)
}

fn called(bench: &Bench) -> Vec<String> {
    bench.front.calls(&bench.key).iter().map(action_of).collect()
}

#[test]
fn what_is_called_is_what_the_table_says() {
    on_company(async |bench, _| {
        // The company has no global database.
        const UNNEEDED: &[(Feed, &str)] = &[(Feed::Databases, "rds:DescribeGlobalClusters")];
        let origin = origin(&[HOME]);
        let aws = bench.aws(std::slice::from_ref(&origin));
        let mut wrong = Vec::new();
        for feed in feeds() {
            let before = called(&bench).len();
            ask(&aws, &origin, region_of(feed), feed).await.outcome.unwrap();
            let calls: BTreeSet<String> = called(&bench).split_off(before).into_iter().collect();
            let needed = feed.actions().iter().filter(|action| !UNNEEDED.contains(&(feed, action)));
            let table: BTreeSet<String> = needed.map(ToString::to_string).collect();
            if calls != table {
                wrong.push(format!("{}: calls {calls:?}, has in the table {table:?}", feed.name()));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

#[test]
fn every_action_that_is_denied_is_named_and_hides_no_other_feed() {
    on_company(async |bench, _| {
        // What is asked by what another feed named is asked when nobody takes that away meanwhile.
        let (led, all): (Vec<Feed>, Vec<Feed>) =
            feeds().partition(|feed| matches!(feed, Feed::Builds | Feed::Deployments | Feed::Repositories));
        let mut wrong = join_all(all.into_iter().map(|feed| denied_one_by_one(&bench, feed))).await.concat();
        for feed in led {
            wrong.extend(denied_one_by_one(&bench, feed).await);
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

/// Asks a feed again and again, each time without one of its actions.
async fn denied_one_by_one(bench: &Bench, feed: Feed) -> Vec<String> {
    let origin = origin(&[HOME]);
    let mut wrong = Vec::new();
    for action in feed.actions() {
        let (service, operation) = call_of(action);
        let aws = bench.aws(std::slice::from_ref(&origin));
        // Which services there are to ask about.
        if feed == Feed::Deployments {
            ask(&aws, &origin, HOME, Feed::Clusters).await.outcome.unwrap();
        }
        if matches!(feed, Feed::Builds | Feed::Repositories) {
            ask(&aws, &origin, HOME, Feed::Pipelines).await.outcome.unwrap();
        }
        let times = || called(bench).iter().filter(|call| call == action).count();
        let step = json!({ "status": 403, "code": "AccessDenied", "message": "no" });
        bench.script(&service, operation, json!({ "repeat": true, "responses": [step] }));
        let before = times();
        let answer = ask(&aws, &origin, region_of(feed), feed).await;
        bench.forget(operation);
        if times() == before {
            continue;
        }
        let told: Vec<&CloudError> = answer.outcome.as_ref().err().into_iter().chain(&answer.gaps).collect();
        // There is no GitHub here.
        let told: Vec<&CloudError> =
            told.into_iter().filter(|it| !it.operation.as_str().starts_with("repos")).collect();
        let is_named = |error: &&CloudError| {
            error.class == FaultClass::Denied && error.missing.as_ref().is_some_and(|it| it.as_str() == *action)
        };
        if told.len() != 1 || !told.iter().all(is_named) {
            wrong.push(format!("{} without {action}: {told:?}", feed.name()));
        }
    }
    wrong
}
