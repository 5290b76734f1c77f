//! Answers made from the services' own models, sound and not: nothing panics, nothing hangs, and every failure is told as
//! what it was.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use opscon::aws::Aws;
use opscon::domain::graph::{GraphAsk, Query, QueryWhat, Span};
use opscon::domain::metric::Measure;
use opscon::domain::origin::Origin;
use opscon::domain::scope::{GLOBAL, ScopeRef};
use opscon::world::feed::{Feed, Payload, READ_FROM_AWS, Reach};
use opscon::world::port::{Answer, CloudError, FaultClass, FeedKey, Observe};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{Bench, on_endpoint, place};

/// Says how many places are asked, each of them everything, for who wants to hunt for longer.
pub const SEEDS: &str = "OPSCON_TEST_SEEDS";
const USUAL_SEEDS: usize = 40;
const AT_ONCE: usize = 6;
/// An answer may be of many parts, and each part waits for its turn.
const PATIENCE: Duration = Duration::from_secs(45);

/// Which failures an answer of a kind may become.
fn may_become(kind: &str) -> &'static [FaultClass] {
    use FaultClass::{Denied, Internal, Malformed, NotFound, Throttled, Transport, Unsupported};
    match kind {
        "extreme" | "cut" | "garbage" | "mistyped" | "empty" => &[Malformed],
        "throttled" => &[Throttled],
        "denied" => &[Denied],
        "internal" | "unavailable" => &[Internal],
        "page" | "unknown" => &[Unsupported],
        "gone" => &[NotFound],
        "dropped" => &[Transport],
        _ => &[],
    }
}

/// The kinds of answers given, by region and operation.
fn given(bench: &Bench) -> BTreeMap<(String, String), BTreeSet<String>> {
    let mut given: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for call in bench.front.calls(&bench.key) {
        let word = |name: &str| call[name].as_str().unwrap().to_owned();
        given.entry((word("region"), word("operation"))).or_default().insert(word("fuzz"));
    }
    given
}

async fn ask_one(aws: &Aws, key: FeedKey) -> (FeedKey, Answer) {
    let answer = tokio::time::timeout(PATIENCE, aws.observe(&key)).await;
    let answer = answer.unwrap_or_else(|_| panic!("{key}: no answer within {PATIENCE:?}"));
    (key, answer)
}

/// Everything of one place, the metrics last: they are asked by what the lists have.
async fn ask_everything(aws: Arc<Aws>, regional: ScopeRef, global: ScopeRef) -> Vec<(FeedKey, Answer)> {
    let scope = |feed: Feed| Arc::clone(if feed.reach() == Reach::Global { &global } else { &regional });
    let lists = READ_FROM_AWS.iter().filter(|feed| !matches!(feed, Feed::Metrics | Feed::Graphs));
    let mut answers = join_all(lists.map(|feed| ask_one(&aws, FeedKey::all(*feed, scope(*feed))))).await;
    answers.push(ask_one(&aws, FeedKey::all(Feed::Metrics, Arc::clone(&regional))).await);
    // What is asked by what pipelines name, and by another answer about those.
    for feed in [Feed::Pipelines, Feed::Builds, Feed::Repositories].repeat(2) {
        answers.push(ask_one(&aws, FeedKey::all(feed, Arc::clone(&regional))).await);
    }
    let queries = Measure::ALL.iter().enumerate().map(|(number, measure)| Query {
        id: format!("m{number}").into(),
        label: measure.metric().into(),
        what: QueryWhat::Metric(measure.of(&"web".into())),
        returned: true,
    });
    let graph = GraphAsk { queries: queries.collect(), span: Span::Hour, period: 60 };
    answers.push(ask_one(&aws, FeedKey::graph(Arc::new(graph), Arc::clone(&regional))).await);
    answers
}

fn unexplained(
    error: &CloudError,
    region: &str,
    given: &BTreeMap<(String, String), BTreeSet<String>>,
) -> Option<String> {
    let action = error.operation.as_str();
    // There is no GitHub here, and nothing of others.
    if action == "repositories:commits" && error.class == FaultClass::Unsupported {
        return None;
    }
    let operation = action.split(':').nth(1).unwrap_or(action);
    let kinds = given.get(&(region.to_owned(), operation.to_owned()));
    // A sound answer may lack what the adapter cannot do without, tell of a failure itself, or be more than is read; but it
    // can be read.
    let words = error.message.as_str();
    let is_lacking = match error.class {
        FaultClass::Malformed => !words.contains("cannot be read"),
        FaultClass::Unsupported => {
            ["only US dollars", "that are read", "are not read"].iter().any(|bound| words.contains(bound))
        }
        FaultClass::Throttled => words.contains("still to be read"),
        _ => false,
    };
    let is_explained =
        kinds.is_some_and(|kinds| kinds.iter().any(|kind| is_lacking || may_become(kind).contains(&error.class)));
    (!is_explained).then(|| format!("{} {error} after answers that were {kinds:?}", error.class.word()))
}

#[test]
fn whatever_is_answered_is_taken() {
    on_endpoint(async |bench| {
        let seeds = std::env::var(SEEDS).map_or(USUAL_SEEDS, |seeds| seeds.parse().unwrap());
        // Another number is another hunt.
        bench.front.say("POST", "fuzz", Some(&json!({ "access_key": bench.key, "seed": seeds })));
        let origins: Vec<Origin> = (0..seeds)
            .map(|seed| Origin {
                name: Some(format!("seed-{seed}")),
                regions: vec![format!("fu-zz-{seed}")],
                ..Origin::default()
            })
            .collect();
        let aws = Arc::new(bench.aws_at(&origins, "2026-11-23T07:00:00Z".parse().unwrap()));
        let mut asked = Vec::new();
        let mut asking = JoinSet::new();
        for origin in &origins {
            // By the first the endpoint reads its models; the others would wait for that all at once.
            if asking.len() >= AT_ONCE || (asked.is_empty() && asking.len() == 1) {
                asked.extend(asking.join_next().await.unwrap().unwrap());
            }
            asking.spawn(ask_everything(Arc::clone(&aws), place(origin, &origin.regions[0]), place(origin, GLOBAL)));
        }
        asked.extend(asking.join_all().await.into_iter().flatten());
        let given = given(&bench);
        let mut wrong = Vec::new();
        let mut whole: BTreeMap<&str, usize> = BTreeMap::new();
        for (key, answer) in &asked {
            let region = if key.scope.is_global() { "us-east-1" } else { key.scope.region.as_str() };
            for error in answer.outcome.as_ref().err().into_iter().chain(&answer.gaps) {
                wrong.extend(unexplained(error, region, &given).map(|what| format!("{key}: {what}")));
                if error.class == FaultClass::Denied && error.missing.is_none() {
                    wrong.push(format!("{key}: {error} names no action"));
                }
            }
            if let Ok(payload) = &answer.outcome {
                *whole.entry(key.feed.name()).or_default() += 1;
                wrong.extend(harmful(payload).map(|what| format!("{key}: {what}")));
            }
        }
        assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
        // What is asked only by what another answer names is asked all the same.
        for operation in ["BatchGetBuilds", "ListBuildsForProject", "GetBranch", "ListPullRequests", "GetConnection"] {
            assert!(given.keys().any(|(_, known)| known == operation), "{operation} was never asked");
        }
        for feed in READ_FROM_AWS {
            let answered = whole.get(feed.name()).copied().unwrap_or(0);
            assert!(
                answered >= seeds / 16,
                "{} was read only {answered} times of {seeds}: too seldom to prove anything",
                feed.name()
            );
        }
    });
}

/// What must not reach a terminal, in whatever was read.
fn harmful(payload: &Payload) -> Option<String> {
    fn texts(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::String(text) if text.chars().any(|c| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c)) => {
                found.push(text.clone());
            }
            Value::Array(all) => all.iter().for_each(|one| texts(one, found)),
            Value::Object(all) => all.values().for_each(|one| texts(one, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    texts(&serde_json::to_value(payload).expect("every payload can be written as JSON"), &mut found);
    found.pop().map(|text| format!("{text:?} would reach the terminal"))
}
