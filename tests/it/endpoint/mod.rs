//! The AWS adapter over real HTTP: against the endpoints in `tests/endpoint`, which are moto behind a front of ours, and
//! ministack for what moto never does.
//!
//! A test that talks to it runs in a process of its own, because the SDK takes credentials, proxies and retries from the
//! environment, and a process has only one. It signs with an access key of its own, by which the endpoint tells apart what
//! is scripted for it and what it called.

mod act;
mod binary;
mod compare;
mod faults;
mod fuzz;
mod github;
mod logins;
mod only_looks;
mod permissions;
mod second;
mod server;

use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use opscon::aws::{Aws, Endpoint, Profiles};
use opscon::domain::origin::Origin;
use opscon::domain::scope::{GLOBAL, ScopeRef};
use opscon::world::feed::{Feed, Payload};
use opscon::world::port::{Answer, FeedKey, Observe};
use serde_json::{Value, json};
use server::{Front, Peer};

/// Regions of the seeded company.
pub const HOME: &str = "eu-west-1";
pub const AWAY: &str = "us-east-1";

const URL: &str = "OPSCON_TEST_URL";
const KEY: &str = "OPSCON_TEST_KEY";
/// Longer than the slowest test takes on a slow machine.
const PATIENCE: Duration = Duration::from_mins(3);

/// What a test of the endpoint has at hand.
pub struct Bench {
    pub front: Front,
    /// The access key the calls of this test are signed with.
    pub key: String,
}

/// Runs a test in a process of its own, on the endpoint as it is.
#[track_caller]
pub fn on_endpoint<F: AsyncFnOnce(Bench)>(body: F) {
    apart(&[], |_| {}, body);
}

/// Runs a test in a process of its own, with the company seeded and what boto3 reads of it kept.
#[track_caller]
pub fn on_company<F: AsyncFnOnce(Bench, Value)>(body: F) {
    let name = name_of(&body);
    let body = async |bench: Bench| {
        let company = bench.front.kept();
        body(bench, company).await;
    };
    apart_as(Peer::Moto, &name, &[], |front| *COMPANY.get_or_init(|| seed(front)), body);
}

/// Runs a test in a process of its own, on the second endpoint, where its key is an account of its own.
#[track_caller]
pub fn on_second<F: AsyncFnOnce(Bench)>(body: F) {
    apart_as(Peer::Ministack, &name_of(&body), &[], |_| {}, body);
}

/// The same with something more in the environment.
#[track_caller]
pub fn apart<F: AsyncFnOnce(Bench)>(environment: &[(&str, &str)], prepare: impl FnOnce(&Front), body: F) {
    apart_as(Peer::Moto, &name_of(&body), environment, prepare, body);
}

#[track_caller]
fn apart_as<F: AsyncFnOnce(Bench)>(
    peer: Peer,
    name: &str,
    environment: &[(&str, &str)],
    prepare: impl FnOnce(&Front),
    body: F,
) {
    if let (Ok(url), Ok(key)) = (std::env::var(URL), std::env::var(KEY)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let bench = Bench { front: Front { url }, key };
        let in_time = runtime.block_on(async { tokio::time::timeout(PATIENCE, body(bench)).await });
        in_time.unwrap_or_else(|_| panic!("not done within {PATIENCE:?}"));
        return;
    }
    let front = peer.front();
    prepare(&front);
    let key = peer.key(name);
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([name, "--exact", "--nocapture", "--include-ignored"]).stdin(Stdio::null()).env_clear();
    for kept in ["PATH", "TMPDIR", "RUST_BACKTRACE", "LLVM_PROFILE_FILE", fuzz::SEEDS] {
        if let Some(value) = std::env::var_os(kept) {
            command.env(kept, value);
        }
    }
    command.envs([
        (URL, front.url.as_str()),
        (KEY, &key),
        ("HOME", "/nonexistent"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ]);
    // Where a profile assumes a role, the SDK asks STS by what the environment says.
    command.env("AWS_ENDPOINT_URL_STS", &front.url);
    command.envs([("AWS_ACCESS_KEY_ID", key.as_str()), ("AWS_SECRET_ACCESS_KEY", "secret")]);
    command.envs(environment.iter().copied());
    let output = command.output().unwrap();
    let said = || String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "in its own process:\n{}", said());
    assert!(said().contains("1 passed"), "no test is called {name}:\n{}", said());
}

/// The name of the test a closure is written in.
fn name_of<F>(_: &F) -> String {
    let path = std::any::type_name::<F>();
    let path = path.split_once("::").map_or(path, |(_, path)| path);
    path.trim_end_matches("::{{closure}}").to_owned()
}

static COMPANY: OnceLock<()> = OnceLock::new();

fn seed(front: &Front) {
    let made = front.boto3(&["make"], None);
    let facts = front.boto3(&["facts", made["at"].as_str().unwrap()], None);
    front.keep(&json!({ "made": made, "facts": facts }));
}

impl Bench {
    /// The adapter, as of a moment.
    pub fn aws_at(&self, origins: &[Origin], at: Timestamp) -> Aws {
        Aws::new(
            origins,
            &Profiles::default(),
            &Endpoint::new(Some(self.front.url.clone())),
            None,
            Arc::new(move || at),
        )
    }

    pub fn aws(&self, origins: &[Origin]) -> Aws {
        self.aws_at(origins, now())
    }

    /// A script for the calls of this test alone.
    pub fn script(&self, service: &str, operation: &str, script: Value) {
        let mut script = script;
        script["service"] = service.into();
        script["operation"] = operation.into();
        script["access_key"] = self.key.as_str().into();
        self.front.script(&script);
    }

    /// The scripts of this test for an operation count no more.
    pub fn forget(&self, operation: &str) {
        self.front.say("POST", "forget", Some(&json!({ "access_key": self.key, "operation": operation })));
    }

    /// The operations this test has called so far, as `service.Operation`.
    pub fn called(&self) -> Vec<String> {
        let name =
            |call: &Value| format!("{}.{}", call["service"].as_str().unwrap(), call["operation"].as_str().unwrap());
        self.front.calls(&self.key).iter().map(name).collect()
    }
}

#[expect(clippy::disallowed_methods, reason = "the endpoint lives in the present")]
pub fn now() -> Timestamp {
    Timestamp::now()
}

#[expect(clippy::disallowed_methods, reason = "how long a person would wait")]
pub fn clock() -> Instant {
    Instant::now()
}

pub fn origin(regions: &[&str]) -> Origin {
    Origin { regions: regions.iter().map(ToString::to_string).collect(), ..Origin::default() }
}

/// The place of an origin in a region; without one, where services without regions are.
pub fn place(origin: &Origin, region: &str) -> ScopeRef {
    origin.scopes().into_iter().find(|scope| scope.region == *region).unwrap()
}

pub async fn ask(aws: &Aws, origin: &Origin, region: &str, feed: Feed) -> Answer {
    aws.observe(&FeedKey::all(feed, place(origin, region))).await
}

/// The answer to a question that must be answered.
pub async fn answer(aws: &Aws, origin: &Origin, region: &str, feed: Feed) -> Payload {
    let answer = ask(aws, origin, region, feed).await;
    answer.outcome.unwrap_or_else(|error| panic!("{}: {} {error}", feed.name(), error.class.word()))
}

#[test]
fn a_question_goes_out_over_http_and_comes_back() {
    on_endpoint(async |bench| {
        let origin = origin(&[HOME]);
        let aws = bench.aws(std::slice::from_ref(&origin));
        let Payload::Identity(identity) = answer(&aws, &origin, GLOBAL, Feed::Identity).await else { panic!() };
        assert_eq!(identity.account, "123456789012");
        assert_eq!(bench.called(), ["sts.GetCallerIdentity", "ec2.DescribeRegions"]);
    });
}
