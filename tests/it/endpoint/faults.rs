//! Everything that can go wrong on the way to AWS, each through the wire: as one of a few classes, in words that help.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use opscon::aws::{Aws, Endpoint, Profiles};
use opscon::domain::origin::Origin;
use opscon::domain::scope::GLOBAL;
use opscon::domain::text::Text;
use opscon::world::feed::{Feed, Payload, Reach};
use opscon::world::port::{Answer, CloudError, FaultClass};
use serde_json::{Value, json};

use super::{Bench, HOME, apart, ask, clock, now, on_company, on_endpoint, origin};

/// What goes wrong, and what is told of it.
struct Case {
    /// What the endpoint does instead of answering.
    step: Value,
    class: FaultClass,
    /// A part of the message.
    says: &'static str,
}

fn case(step: Value, class: FaultClass, says: &'static str) -> Case {
    Case { step, class, says }
}

fn coded(status: u16, code: &str, message: &str) -> Value {
    json!({ "status": status, "code": code, "message": message })
}

/// Every case in a region of its own, so that none of them slows down the next. What has no region takes one after the other:
/// the newest script counts.
async fn check(
    bench: &Bench,
    feed: Feed,
    (service, operation): (&str, &str),
    action: &str,
    cases: &[Case],
) -> Vec<String> {
    let is_global = feed.reach() == Reach::Global;
    let regions: Vec<String> = (0..cases.len()).map(|number| format!("te-st-{number}")).collect();
    let origin = Origin { regions: regions.clone(), ..Origin::default() };
    let aws = bench.aws(std::slice::from_ref(&origin));
    let mut wrong = Vec::new();
    for (case, region) in cases.iter().zip(&regions) {
        let (signed_for, place) = if is_global { ("us-east-1", GLOBAL) } else { (region.as_str(), region.as_str()) };
        bench.script(service, operation, json!({ "region": signed_for, "repeat": true, "responses": [case.step] }));
        let Err(error) = ask(&aws, &origin, place, feed).await.outcome else {
            wrong.push(format!("{}: {action}: taken for an answer", case.step));
            continue;
        };
        let is_denied = case.class == FaultClass::Denied;
        let missing = error.missing.as_ref().map(Text::as_str);
        let is_right = error.class == case.class
            && error.message.as_str().contains(case.says)
            && error.operation == action
            && missing == is_denied.then_some(action);
        if !is_right {
            wrong.push(format!("{}: {error:?}", case.step));
        }
    }
    wrong
}

fn usual(action: &str) -> Vec<Case> {
    use FaultClass::{Denied, Expired, Internal, Malformed, Throttled, Transport, Unsupported};
    let denied =
        format!("User: arn:aws:iam::123456789012:user/ann is not authorized to perform: {action} on resource: *");
    vec![
        case(coded(400, "Throttling", "Rate exceeded"), Throttled, "Rate exceeded"),
        case(coded(400, "ThrottlingException", ""), Throttled, "Throttling"),
        case(coded(503, "RequestLimitExceeded", "Request limit exceeded."), Throttled, "limit exceeded"),
        case(coded(429, "TooManyRequestsException", "slow down"), Throttled, "slow down"),
        case(coded(403, "AccessDenied", &denied), Denied, "not authorized to perform"),
        case(coded(400, "AccessDeniedException", &denied), Denied, "not authorized to perform"),
        case(
            coded(
                403,
                "UnauthorizedOperation",
                "You are not authorized to perform this operation. Encoded authorization \
            failure message: aGVsbG8",
            ),
            Denied,
            "You are not authorized to perform this operation.",
        ),
        case(
            coded(403, "ExpiredToken", "The security token included in the request is expired"),
            Expired,
            "aws sso login",
        ),
        case(coded(400, "ExpiredTokenException", "expired"), Expired, "credentials expired"),
        case(
            coded(403, "InvalidClientTokenId", "The security token included in the request is invalid."),
            Expired,
            "not accepted (InvalidClientTokenId)",
        ),
        case(coded(403, "SignatureDoesNotMatch", "Signature not yet current"), Expired, "a clock that is wrong"),
        case(coded(400, "RequestExpired", "Request has expired."), Expired, "aws sso login"),
        case(
            coded(403, "RequestTimeTooSkewed", "The difference between the request time and the server's is too large"),
            Expired,
            "a clock that is wrong",
        ),
        case(coded(500, "InternalFailure", "We made a mistake"), Internal, "500"),
        case(coded(503, "ServiceUnavailable", "Try again"), Internal, "503"),
        case(coded(501, "NotImplemented", "not here"), Unsupported, "not here"),
        case(coded(400, "UnknownOperationException", ""), Unsupported, "UnknownOperation"),
        case(coded(400, "InvalidAction", "no such action"), Unsupported, "no such action"),
        case(coded(400, "ValidationError", "1 validation error detected"), Unsupported, "1 validation error detected"),
        case(json!({ "raw": "<!DOCTYPE html><title>Sign in to the hotel</title>" }), Unsupported, "HTML page"),
        case(json!({ "raw": "<html>Bad Gateway</html>", "status": 502 }), Unsupported, "HTML page"),
        case(json!({ "raw": "upstream connect error", "status": 503, "content_type": "text/plain" }), Internal, "503"),
        case(json!({ "raw": "forbidden by the proxy", "status": 403, "content_type": "text/plain" }), Malformed, "403"),
        case(json!({ "raw": "hello", "content_type": "text/plain" }), Malformed, "cannot be read"),
        case(
            json!({ "raw": "", "content_type": "text/plain" }),
            Malformed,
            "cannot be read (200, 0 bytes, text/plain)",
        ),
        case(json!({ "drop": true }), Transport, ""),
    ]
}

#[test]
fn every_fault_of_a_service_that_speaks_cbor() {
    on_endpoint(async |bench| {
        let mut cases = usual("cloudwatch:DescribeAlarms");
        let alarms = json!({ "MetricAlarms": [{ "AlarmName": "a" }, { "AlarmName": "b" }] });
        for cut in [1, 5, 20, 30] {
            cases.push(case(json!({ "body": alarms, "cut": cut }), FaultClass::Malformed, "cannot be read"));
        }
        cases.push(case(json!({ "body": alarms, "break": 7 }), FaultClass::Transport, ""));
        let wrong =
            check(&bench, Feed::Alarms, ("cloudwatch", "DescribeAlarms"), "cloudwatch:DescribeAlarms", &cases).await;
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

/// The same of every other protocol: XML of two kinds, JSON of three.
#[test]
fn every_fault_of_services_that_speak_otherwise() {
    on_endpoint(async |bench| {
        let mut wrong = Vec::new();
        for (feed, service, operation, action) in [
            (Feed::Identity, "sts", "GetCallerIdentity", "sts:GetCallerIdentity"),
            (Feed::Topics, "sns", "ListTopics", "sns:ListTopics"),
            (Feed::Instances, "ec2", "DescribeInstances", "ec2:DescribeInstances"),
            (Feed::Queues, "sqs", "ListQueues", "sqs:ListQueues"),
            (Feed::Clusters, "ecs", "ListClusters", "ecs:ListClusters"),
            (Feed::Functions, "lambda", "ListFunctions", "lambda:ListFunctions"),
        ] {
            wrong.extend(check(&bench, feed, (service, operation), action, &usual(action)).await);
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

#[test]
fn an_answer_that_does_not_come_is_a_timeout() {
    apart(
        &[("AWS_MAX_ATTEMPTS", "1")],
        |_| {},
        async |bench| {
            let origin = origin(&[HOME]);
            let aws = bench.aws(std::slice::from_ref(&origin));
            bench.script(
                "cloudwatch",
                "DescribeAlarms",
                json!({ "repeat": true, "responses": [{ "delay": 60, "drop": true }] }),
            );
            let began = clock();
            let error = ask(&aws, &origin, HOME, Feed::Alarms).await.outcome.unwrap_err();
            assert_eq!((error.class, error.message.as_str()), (FaultClass::Timeout, "no answer in time"));
            let took = began.elapsed();
            assert!(took > Duration::from_secs(9) && took < Duration::from_secs(25), "{took:?}");
        },
    );
}

/// The adapter on another endpoint than ours.
fn aws_on(url: &str, origin: &Origin) -> Aws {
    let at = now();
    let endpoint = Endpoint::new(Some(url.into()));
    Aws::new(std::slice::from_ref(origin), &Profiles::default(), &endpoint, None, Arc::new(move || at))
}

#[test]
fn who_cannot_be_reached_says_so() {
    on_endpoint(async |_| {
        let origin = origin(&[HOME]);
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let refused = aws_on(&format!("http://127.0.0.1:{port}"), &origin);
        let error = ask(&refused, &origin, HOME, Feed::Alarms).await.outcome.unwrap_err();
        assert_eq!(error.class, FaultClass::Transport);
        assert!(error.message.as_str().starts_with("connection refused"), "{error}");
        let nameless = aws_on("http://nothing.invalid", &origin);
        let error = ask(&nameless, &origin, HOME, Feed::Alarms).await.outcome.unwrap_err();
        assert_eq!(error.class, FaultClass::Transport);
        assert!(error.message.as_str().contains("cannot be resolved (DNS)"), "{error}");
        // Plain text where TLS is spoken.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let plain = tokio::task::spawn_blocking(move || {
            use std::io::{Read, Write};
            for _ in 0..2 {
                let (mut stream, _) = listener.accept().unwrap();
                let _ = stream.read(&mut [0; 512]);
                let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
            }
        });
        let insecure = aws_on(&format!("https://127.0.0.1:{port}"), &origin);
        let error = ask(&insecure, &origin, HOME, Feed::Alarms).await.outcome.unwrap_err();
        assert_eq!(error.class, FaultClass::Transport);
        assert!(error.message.as_str().contains("(TLS)"), "{error}");
        drop(plain);
    });
}

/// Where nobody chose an endpoint, a page for people comes from something on the way.
#[test]
fn a_page_for_people_is_a_proxy_or_a_captive_portal() {
    on_endpoint(async |bench| {
        let origin = origin(&[HOME]);
        let at = now();
        let aws = Aws::new(
            std::slice::from_ref(&origin),
            &Profiles::default(),
            &Endpoint::default(),
            None,
            Arc::new(move || at),
        );
        for status in [200, 403, 511] {
            let page = json!({ "raw": "<html>Welcome to our hotel</html>", "status": status });
            bench.script("sts", "GetCallerIdentity", json!({ "repeat": true, "responses": [page] }));
            let error = ask(&aws, &origin, GLOBAL, Feed::Identity).await.outcome.unwrap_err();
            assert_eq!(error.class, FaultClass::Malformed, "{error}");
            assert!(error.message.as_str().contains("a captive portal is in the way"), "{error}");
        }
    });
}

/// A network that swallows everything: a port whose queue of waiting connections is full.
#[cfg(target_os = "linux")]
#[test]
fn a_connection_that_is_swallowed_is_a_timeout() {
    apart(
        &[("AWS_MAX_ATTEMPTS", "1")],
        |_| {},
        async |_| {
            let origin = origin(&[HOME]);
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            let mut waiting = Vec::new();
            while let Ok(stream) = std::net::TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
                waiting.push(stream);
            }
            let began = clock();
            let error = ask(&aws_on(&format!("http://{address}"), &origin), &origin, HOME, Feed::Alarms)
                .await
                .outcome
                .unwrap_err();
            assert_eq!(error.class, FaultClass::Timeout, "{error}");
            assert!(error.message.as_str().starts_with("no connection in time"), "{error}");
            assert!(began.elapsed() < Duration::from_secs(9), "{:?}", began.elapsed());
        },
    );
}

#[test]
fn what_passes_by_itself_is_tried_once_more() {
    on_endpoint(async |bench| {
        let (first, second) = ("te-st-1", "te-st-2");
        let origin = origin(&[first, second]);
        let aws = bench.aws(std::slice::from_ref(&origin));
        let body = json!({ "body": { "MetricAlarms": [{ "AlarmName": "a" }] } });
        for (region, step) in [(first, coded(400, "Throttling", "slow")), (second, json!({ "drop": true }))] {
            bench.script("cloudwatch", "DescribeAlarms", json!({ "region": region, "responses": [step, body] }));
            let answer = ask(&aws, &origin, region, Feed::Alarms).await;
            let Ok(Payload::Alarms(alarms)) = answer.outcome else { panic!("{:?}", answer.outcome) };
            assert_eq!(alarms.len(), 1);
            assert_eq!(answer.usage.calls, 3, "both attempts are counted, and the one for mute rules");
        }
    });
}

#[test]
fn a_fault_hides_nothing_else() {
    on_company(async |bench, _| {
        let origin = origin(&[HOME]);
        let aws = bench.aws(std::slice::from_ref(&origin));
        bench.script(
            "cloudwatch",
            "DescribeAlarms",
            json!({ "repeat": true, "responses": [coded(403, "AccessDenied", "no")] }),
        );
        let (alarms, history, dashboards, identity) = tokio::join!(
            ask(&aws, &origin, HOME, Feed::Alarms),
            ask(&aws, &origin, HOME, Feed::AlarmHistory),
            ask(&aws, &origin, HOME, Feed::Dashboards),
            ask(&aws, &origin, GLOBAL, Feed::Identity),
        );
        let error = alarms.outcome.unwrap_err();
        assert_eq!((error.class, error.missing.unwrap().as_str()), (FaultClass::Denied, "cloudwatch:DescribeAlarms"));
        assert!(history.outcome.is_ok() && dashboards.outcome.is_ok() && identity.outcome.is_ok());
    });
}

/// A page of one alarm.
fn page(name: &str, next: &str) -> Value {
    json!({ "body": { "MetricAlarms": [{ "AlarmName": name }], "NextToken": next } })
}

async fn alarms_of(bench: &Bench, region: &str) -> Answer {
    let origin = origin(&[region]);
    ask(&bench.aws(std::slice::from_ref(&origin)), &origin, region, Feed::Alarms).await
}

/// Lists in pages of two, by every protocol and every way services have of naming what comes next.
#[test]
fn every_page_is_read() {
    /// Where the company has nothing.
    const EMPTY: &str = "eu-north-1";
    on_endpoint(async |bench| {
        let named = |key: &str| Value::Array((0..5).map(|n| json!({ key: format!("it-{n}") })).collect());
        let arn = |kind: &str| Value::Array((0..5).map(|n| format!("arn:aws:x:y:1:{kind}/it-{n}").into()).collect());
        let instances: Vec<Value> = (0..5)
            .map(|n| json!({ "ReservationId": "r", "Instances": [{ "InstanceId": format!("i-{n}") }] }))
            .collect();
        let queues: Vec<String> = (0..5).map(|n| format!("{}/123456789012/it-{n}", bench.front.url)).collect();
        let counted = json!({ "Attributes": { "ApproximateNumberOfMessages": "0",
            "ApproximateNumberOfMessagesNotVisible": "0", "ApproximateNumberOfMessagesDelayed": "0" } });
        let clusters = json!({ "clusters": named("clusterName") });
        for (service, operation, body) in [
            ("sqs", "GetQueueAttributes", counted),
            ("ecs", "DescribeClusters", clusters),
            ("ecs", "ListServices", json!({})),
            ("ecs", "ListTasks", json!({})),
        ] {
            bench.script(service, operation, json!({ "repeat": true, "responses": [{ "body": body }] }));
        }
        for (feed, service, operation, body) in [
            (Feed::Alarms, "cloudwatch", "DescribeAlarms", json!({ "MetricAlarms": named("AlarmName") })),
            (Feed::Instances, "ec2", "DescribeInstances", json!({ "Reservations": instances })),
            (Feed::Balancers, "elbv2", "DescribeLoadBalancers", json!({ "LoadBalancers": named("LoadBalancerName") })),
            (
                Feed::Groups,
                "autoscaling",
                "DescribeAutoScalingGroups",
                json!({ "AutoScalingGroups": named("AutoScalingGroupName") }),
            ),
            (Feed::Clusters, "ecs", "ListClusters", json!({ "clusterArns": arn("cluster") })),
            (Feed::Functions, "lambda", "ListFunctions", json!({ "Functions": named("FunctionName") })),
            (Feed::Databases, "rds", "DescribeDBInstances", json!({ "DBInstances": named("DBInstanceIdentifier") })),
            (
                Feed::Caches,
                "elasticache",
                "DescribeReplicationGroups",
                json!({ "ReplicationGroups": named("ReplicationGroupId") }),
            ),
            (Feed::Queues, "sqs", "ListQueues", json!({ "QueueUrls": queues })),
            (
                Feed::Topics,
                "sns",
                "ListTopics",
                json!({ "Topics": (0..5).map(|n| json!({
                "TopicArn": format!("arn:aws:sns:{EMPTY}:123456789012:it-{n}") })).collect::<Vec<_>>() }),
            ),
            (Feed::ServiceMap, "xray", "GetServiceGraph", json!({ "Services": named("Name") })),
        ] {
            bench.script(
                service,
                operation,
                json!({ "repeat": true, "page_size": 2, "responses": [{ "body": body }] }),
            );
            let origin = origin(&[EMPTY]);
            let outcome = ask(&bench.aws(std::slice::from_ref(&origin)), &origin, EMPTY, feed).await.outcome;
            let payload = serde_json::to_value(outcome.unwrap_or_else(|error| panic!("{error}"))).unwrap();
            assert_eq!(payload.as_array().unwrap().len(), 5, "{}: {payload}", feed.name());
            let pages = bench.called().iter().filter(|call| **call == format!("{service}.{operation}")).count();
            assert!(pages >= 3, "{}: {pages} pages", feed.name());
        }
    });
}

#[test]
fn half_of_a_list_is_never_shown_as_the_whole() {
    on_endpoint(async |bench| {
        let slow = coded(400, "Throttling", "slow");
        let responses = json!([page("a", "2"), slow, slow]);
        bench.script("cloudwatch", "DescribeAlarms", json!({ "responses": responses }));
        let error = alarms_of(&bench, HOME).await.outcome.unwrap_err();
        assert_eq!(error.class, FaultClass::Throttled);
    });
}

#[test]
fn a_page_token_that_repeats_at_once_is_no_end() {
    on_endpoint(async |bench| {
        bench.script("cloudwatch", "DescribeAlarms", json!({ "responses": [page("a", "2")] }));
        let again = json!({ "when": { "NextToken": "2" }, "responses": [page("b", "2")], "repeat": true });
        bench.script("cloudwatch", "DescribeAlarms", again);
        let error = alarms_of(&bench, HOME).await.outcome.unwrap_err();
        assert!(error.message.as_str().contains("in circles"), "{error}");
    });
}

#[test]
fn page_tokens_that_go_in_circles_end() {
    on_endpoint(async |bench| {
        bench.script("cloudwatch", "DescribeAlarms", json!({ "responses": [page("a", "2")] }));
        for (token, next) in [("2", "3"), ("3", "4"), ("4", "2")] {
            let when = json!({ "NextToken": token });
            bench.script(
                "cloudwatch",
                "DescribeAlarms",
                json!({ "when": when, "responses": [page("b", next)], "repeat": true }),
            );
        }
        let began = clock();
        let answer = alarms_of(&bench, HOME).await;
        let CloudError { class, message, .. } = answer.outcome.unwrap_err();
        assert_eq!(class, FaultClass::Malformed);
        assert!(message.as_str().contains("in circles"), "{message}");
        assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
        assert_eq!(answer.usage.calls, 4, "no page is asked for twice");
    });
}

#[test]
fn a_dashboard_that_vanished_is_skipped() {
    on_endpoint(async |bench| {
        let names = json!([{ "DashboardName": "gone" }, { "DashboardName": "here" }, { "DashboardName": "odd" }]);
        bench.script(
            "cloudwatch",
            "ListDashboards",
            json!({ "responses": [{ "body": { "DashboardEntries": names } }] }),
        );
        for (name, step) in [
            ("gone", coded(404, "ResourceNotFound", "Dashboard gone does not exist")),
            ("here", json!({ "body": { "DashboardBody": "{\"widgets\": [{\"type\": \"text\"}]}" } })),
            ("odd", json!({ "body": { "DashboardBody": "\u{1b}[2J" } })),
        ] {
            bench.script(
                "cloudwatch",
                "GetDashboard",
                json!({ "when": { "DashboardName": name }, "responses": [step] }),
            );
        }
        let origin = origin(&[HOME]);
        let answer = ask(&bench.aws(std::slice::from_ref(&origin)), &origin, HOME, Feed::Dashboards).await;
        let Ok(Payload::Dashboards(dashboards)) = answer.outcome else { panic!("{:?}", answer.outcome) };
        let seen: Vec<_> =
            dashboards.iter().map(|one| (one.name.as_str(), one.widgets.len(), one.broken.len())).collect();
        assert_eq!(seen, [("here", 1, 0), ("odd", 0, 1)]);
    });
}
