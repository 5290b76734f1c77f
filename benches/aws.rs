//! The AWS adapter at the size of a large company, over real HTTP: how long until everything is known, in how many calls,
//! and in how much memory.
//!
//! `cargo bench --bench aws` measures; `-- --smoke` only proves that everything here still runs. Needs Python, as the tests
//! of the adapter do: what answers is their endpoint. It is a single Python process, so the times are mostly its own and are
//! an upper bound; the calls and the memory are ours.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a bench that cannot go on should say so")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use opscon::aws::{Aws, Endpoint, Profiles};
use opscon::domain::origin::Origin;
use opscon::runtime::clock::Clock;
use opscon::runtime::inbox::Inbox;
use opscon::runtime::poller::Poller;
use opscon::world::World;
use opscon::world::feed::{Feed, READ_FROM_AWS};
use opscon::world::port::{FeedKey, Observation, Observe};
use serde_json::{Value, json};
use server::{Front, Peer, Server};

#[path = "../tests/it/endpoint/server.rs"]
#[allow(dead_code, reason = "the tests say more to it")]
mod server;

const URL: &str = "OPSCON_BENCH_URL";
fn main() {
    let smoke = std::env::args().any(|arg| arg == "--smoke" || arg == "--test");
    match std::env::var(URL) {
        Ok(url) => tokio::runtime::Runtime::new().unwrap().block_on(measure(&Front { url }, smoke)),
        Err(_) => in_a_process_of_its_own(),
    }
}

/// The SDK takes credentials and much else from the environment, which is to be the same for everybody.
fn in_a_process_of_its_own() {
    let server = Server::start(Peer::Moto);
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(std::env::args_os().skip(1)).stdin(Stdio::null()).env_clear().env(URL, &server.url);
    command.envs([("AWS_ACCESS_KEY_ID", "AKIABENCH"), ("AWS_SECRET_ACCESS_KEY", "secret"), ("HOME", "/nonexistent")]);
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    assert!(command.status().unwrap().success());
}

async fn measure(front: &Front, smoke: bool) {
    let (instances, alarms, groups) = if smoke { (100, 50, 5) } else { (10_000, 5_000, 200) };
    say("", "");
    one_large_place(front, instances, alarms, groups).await;
    let (accounts, regions) = if smoke { (4, 2) } else { (20, 4) };
    many_places(front, accounts, regions).await;
}

fn say(what: &str, figure: &str) {
    let _ = writeln!(io::stdout(), "{what:<64}{figure:>16}");
}

fn script(front: &Front, service: &str, operation: &str, more: &Value) {
    let mut script = json!({ "service": service, "operation": operation, "repeat": true });
    script.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    front.script(&script);
}

/// An account with much of everything, in one region.
async fn one_large_place(front: &Front, instances: usize, alarms: usize, groups: usize) {
    const REGION: &str = "eu-west-1";
    let page =
        |size: usize, body: Value| json!({ "region": REGION, "page_size": size, "responses": [{ "body": body }] });
    let all = |count: usize, make: &dyn Fn(usize) -> Value| (0..count).map(make).collect::<Vec<Value>>();
    // A thousand to a page, each in a reservation of its own, as machines mostly are.
    let machines = all(instances, &|n| {
        json!({ "ReservationId": format!("r-{n:08x}"), "Instances": [{
            "InstanceId": format!("i-{n:017x}"), "InstanceType": "m5.large", "State": { "Name": "running" },
            "Placement": { "AvailabilityZone": format!("{REGION}{}", ["a", "b", "c"][n % 3]) },
            "LaunchTime": "2026-11-01T00:00:00Z", "PrivateIpAddress": "10.0.0.1", "ImageId": "ami-1",
            "Tags": [{ "Key": "Name", "Value": format!("web-{n}") }, { "Key": "Environment", "Value": "prod" },
                     { "Key": "aws:autoscaling:groupName", "Value": format!("group-{}", n / 50) }],
        }] })
    });
    script(front, "ec2", "DescribeInstances", &page(1_000, json!({ "Reservations": machines })));
    let checks = all(
        instances,
        &|n| json!({ "InstanceId": format!("i-{n:017x}"), "SystemStatus": { "Status": "ok" }, "InstanceStatus": { "Status": "ok" } }),
    );
    script(front, "ec2", "DescribeInstanceStatus", &page(1_000, json!({ "InstanceStatuses": checks })));
    let watched = all(alarms, &|n| {
        json!({
            "AlarmName": format!("alarm-{n}"), "AlarmArn": format!("arn:aws:cloudwatch:{REGION}:123456789012:alarm:alarm-{n}"),
            "StateValue": if n % 100 == 0 { "ALARM" } else { "OK" }, "StateReason": "Threshold Crossed: 1 datapoint",
            "StateTransitionedTimestamp": "2026-11-23T06:00:00Z", "MetricName": "CPUUtilization", "Namespace": "AWS/EC2",
            "Statistic": "Average", "Period": 60, "EvaluationPeriods": 3, "Threshold": 80.0,
            "ComparisonOperator": "GreaterThanThreshold", "ActionsEnabled": true,
            "AlarmActions": [format!("arn:aws:sns:{REGION}:123456789012:page")],
            "Dimensions": [{ "Name": "InstanceId", "Value": format!("i-{n:017x}") }],
        })
    });
    script(front, "cloudwatch", "DescribeAlarms", &page(100, json!({ "MetricAlarms": watched })));
    let arn = |kind: &str, n: usize| {
        format!("arn:aws:elasticloadbalancing:{REGION}:123456789012:{kind}/{n}/50dc6c495c0c9188")
    };
    let balancers = all(groups.div_ceil(10), &|n| {
        json!({ "LoadBalancerArn": arn("loadbalancer/app/shop", n), "LoadBalancerName": format!("shop-{n}"),
                "Type": "application", "State": { "Code": "active" } })
    });
    script(front, "elbv2", "DescribeLoadBalancers", &page(400, json!({ "LoadBalancers": balancers })));
    let serving = all(groups, &|n| {
        json!({ "TargetGroupArn": arn("targetgroup/web", n), "TargetGroupName": format!("web-{n}"),
                "LoadBalancerArns": [arn("loadbalancer/app/shop", n / 10)] })
    });
    script(front, "elbv2", "DescribeTargetGroups", &page(400, json!({ "TargetGroups": serving })));
    let targets = all(
        50,
        &|n| json!({ "Target": { "Id": format!("i-{n:017x}"), "Port": 80 }, "TargetHealth": { "State": "healthy" } }),
    );
    let health = json!({ "region": REGION, "responses": [{ "body": { "TargetHealthDescriptions": targets } }] });
    script(front, "elbv2", "DescribeTargetHealth", &health);

    let origins = [Origin { regions: vec![REGION.into()], ..Origin::default() }];
    let before = resident();
    let mut world = World::of(&origins[0].scopes());
    // Asked a second time, much is known already.
    let aws: Arc<dyn Observe> = Arc::new(aws(front, &origins));
    for time in ["known after", "known again after"] {
        let answers = polled(&aws, &origins).await;
        say(
            &format!("{instances} instances, {alarms} alarms, {groups} target groups: {time}"),
            &seconds(answers.last().map_or(Duration::ZERO, |(after, _)| *after)),
        );
        told(&answers);
        for (_, answer) in answers {
            world.apply(answer);
        }
        say("  memory of adapter and world", &mebibytes(resident().saturating_sub(before)));
    }
}

/// Many accounts by roles, in several regions; two roles may not be assumed, and one account does not answer at all.
async fn many_places(front: &Front, accounts: usize, regions: usize) {
    let region = |number: usize| ["us-east-1", "us-west-2", "eu-central-1", "ap-southeast-2"][number].to_owned();
    let role = |number: usize| format!("arn:aws:iam::{:012}:role/ops", 600_000_000_000 + number);
    let origins: Vec<Origin> = (0..accounts)
        .map(|number| Origin {
            name: Some(format!("account-{number}")),
            role_arn: Some(role(number)),
            regions: (0..regions).map(region).collect(),
            ..Origin::default()
        })
        .collect();
    for denied in [0, 1] {
        let step =
            json!({ "status": 403, "code": "AccessDenied", "message": "not authorized to perform: sts:AssumeRole" });
        script(front, "sts", "AssumeRole", &json!({ "when": { "RoleArn": role(denied) }, "responses": [step] }));
    }
    let silent = format!("{:012}", 600_000_000_002_u64);
    script(front, "*", "*", &json!({ "account": silent, "responses": [{ "delay": 120, "drop": true }] }));
    // What the endpoint takes for the others alone, beside which to read the rest.
    let well = &origins[3..];
    let alone: Arc<dyn Observe> = Arc::new(aws(front, well));
    let answers = polled(&alone, well).await;
    drop(alone);
    let what = format!("{} accounts, {regions} regions: known after", well.len());
    say(&what, &seconds(answers.last().map_or(Duration::ZERO, |(after, _)| *after)));
    let before = resident();
    let aws: Arc<dyn Observe> = Arc::new(aws(front, &origins));
    let answers = polled(&aws, &origins).await;
    let is_well = |key: &FeedKey| !["account-0", "account-1", "account-2"].contains(&key.scope.alias.as_str());
    let well = answers.iter().filter(|(_, answer)| is_well(&answer.key)).map(|(after, _)| *after).max();
    let what = format!("{accounts} accounts, 2 of them denied and 1 silent: the others after");
    say(&what, &seconds(well.unwrap_or_default()));
    say("  all of them after", &seconds(answers.last().map_or(Duration::ZERO, |(after, _)| *after)));
    told(&answers);
    say("  memory of adapter and answers", &mebibytes(resident().saturating_sub(before)));
}

fn aws(front: &Front, origins: &[Origin]) -> Aws {
    let at = now();
    Aws::new(origins, &Profiles::default(), &Endpoint::new(Some(front.url.clone())), None, Arc::new(move || at))
}

/// Everything that is asked by itself, everywhere.
fn keys(origins: &[Origin]) -> Vec<FeedKey> {
    let scopes = origins.iter().flat_map(Origin::scopes).collect::<Vec<_>>();
    World::of(&scopes).keys().filter(|key| READ_FROM_AWS.contains(&key.feed)).collect()
}

/// The first answer to every question, by the console's own poller, with the time it took to come.
async fn polled(aws: &Arc<dyn Observe>, origins: &[Origin]) -> Vec<(Duration, Observation)> {
    let keys = keys(origins);
    let mut open: BTreeSet<FeedKey> = keys.iter().cloned().collect();
    let (inbox, began) = (Arc::new(Inbox::default()), instant());
    let _poller = Poller::start(Arc::clone(aws), keys, Clock::wall(), None, Arc::clone(&inbox));
    let mut answers = Vec::new();
    while !open.is_empty() {
        inbox.arrival().await;
        answers
            .extend(inbox.take().into_iter().filter(|answer| open.remove(&answer.key)).map(|it| (began.elapsed(), it)));
    }
    answers
}

fn told(answers: &[(Duration, Observation)]) {
    let calls: u32 = answers.iter().map(|(_, answer)| answer.usage.calls).sum();
    say("  calls", &calls.to_string());
    let mut failed: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, answer) in answers {
        *failed.entry(answer.outcome.as_ref().map_or_else(|error| error.class.word(), |_| "answered")).or_default() +=
            1;
    }
    for (word, count) in failed {
        say(&format!("  questions {word}"), &count.to_string());
    }
    let mut calls: BTreeMap<Feed, u32> = BTreeMap::new();
    for (_, answer) in answers {
        *calls.entry(answer.key.feed).or_default() += answer.usage.calls;
    }
    let mut calls: Vec<(Feed, u32)> = calls.into_iter().collect();
    calls.sort_by_key(|(_, calls)| std::cmp::Reverse(*calls));
    for (feed, calls) in calls.into_iter().take(3) {
        say(&format!("    most calls: {}", feed.name()), &calls.to_string());
    }
}

#[expect(clippy::disallowed_methods, reason = "a bench is there to read the clock")]
fn instant() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "the endpoint lives in the present")]
fn now() -> Timestamp {
    Timestamp::now()
}

fn seconds(length: Duration) -> String {
    format!("{:.1} s", length.as_secs_f64())
}

fn mebibytes(bytes: usize) -> String {
    format!("{:.1} MiB", bytes as f64 / 1_048_576.0)
}

/// Bytes this process holds; none where that is not told.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4_096
}
