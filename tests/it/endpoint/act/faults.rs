//! What becomes of a call that changes something is told as it is: done, not done, or not known. It is sent once, whatever
//! comes back.

use std::net::TcpListener;
use std::time::Duration;

use opscon::domain::text::Text;
use opscon::world::act::{Act, Sent, Step};
use opscon::world::port::FaultClass::{
    self, Denied, Expired, Internal, Malformed, NotFound, Throttled, Timeout, Transport, Unsupported,
};
use serde_json::{Value, json};

use super::catcher::{Catcher, answer, success};
use super::wire::aws_at;
use super::{apply, region_of};
use crate::endpoint::{HOME, apart, on_endpoint, origin};

/// One step of every protocol.
fn steps() -> Vec<Step> {
    vec![
        Step::SetDesiredCapacity { group: "web".into(), desired: 8 },
        Step::StopInstances { instances: vec!["i-0a".into()] },
        Step::SetServiceCount { cluster: "prod".into(), service: "api".into(), desired: 4 },
        Step::EnableTransition { pipeline: "shop".into(), stage: "Deploy".into() },
        Step::DeleteAlarmMuteRule { rule: "deploy".into() },
        Step::CancelZonalShift { shift: "s".into() },
        Step::InvertHealthCheck { check: "c".into(), is_inverted: true },
    ]
}

fn coded(status: u16, code: &str, message: &str) -> Value {
    json!({ "status": status, "code": code, "message": message })
}

/// What comes back, whether that is a no, and of which class it is.
fn cases() -> Vec<(Value, bool, FaultClass)> {
    let html = "<!DOCTYPE html><title>Sign in to the hotel</title>";
    let long = json!({ "delay": 2, "status": 200, "raw": "" });
    vec![
        (coded(400, "ValidationError", "1 validation error detected"), true, Unsupported),
        (coded(400, "ThrottlingException", "Rate exceeded"), true, Throttled),
        (coded(503, "RequestLimitExceeded", "Request limit exceeded."), true, Throttled),
        (coded(429, "TooManyRequestsException", "slow down"), true, Throttled),
        (coded(403, "AccessDenied", "no"), true, Denied),
        (coded(400, "AccessDeniedException", "no"), true, Denied),
        (coded(403, "ExpiredToken", "expired"), true, Expired),
        (coded(404, "NoSuchThingNotFound", "no such thing"), true, NotFound),
        (json!({ "raw": "forbidden by the proxy", "status": 403, "content_type": "text/plain" }), true, Malformed),
        (coded(500, "InternalFailure", "We made a mistake"), false, Internal),
        (coded(400, "InternalFailure", "We made a mistake"), false, Internal),
        (coded(503, "ServiceUnavailable", "Try again"), false, Internal),
        (json!({ "raw": "upstream connect error", "status": 503, "content_type": "text/plain" }), false, Internal),
        (json!({ "raw": html, "status": 502 }), false, Unsupported),
        (json!({ "raw": html }), false, Unsupported),
        (json!({ "raw": "hello", "content_type": "text/plain" }), false, Malformed),
        (json!({ "raw": "", "content_type": "text/plain" }), false, Malformed),
        (json!({ "drop": true }), false, Transport),
        (json!({ "raw": "half of it", "content_type": "text/plain", "break": 4 }), false, Transport),
        (long, false, Timeout),
    ]
}

#[test]
fn every_fault_is_told_as_done_or_not_done_or_unknown_and_nothing_is_sent_twice() {
    // The environment may ask for retries; not of these.
    let environment = [("AWS_MAX_ATTEMPTS", "5"), ("AWS_RETRY_MODE", "adaptive")];
    apart(
        &environment,
        |_| {},
        async |bench| {
            let origin = origin(&[HOME]);
            let aws = bench.aws(std::slice::from_ref(&origin)).with_patience(Duration::from_millis(700));
            let mut wrong = Vec::new();
            for step in steps() {
                let call = step.call();
                for (response, is_no, class) in cases() {
                    let script = json!({ "repeat": true, "responses": [response] });
                    bench.script(call.service.prefix(), call.operation, script);
                    let before = bench.called().len();
                    let outcome = apply(&aws, &origin, &step).await;
                    bench.forget(call.operation);
                    let times = bench.called().len() - before;
                    let missing = (class == Denied).then(|| step.action());
                    let is_right = match &outcome {
                        Err(Sent::No(error)) if is_no => error,
                        Err(Sent::Perhaps(error)) if !is_no => error,
                        _ => {
                            wrong.push(format!("{} {response}: {outcome:?}", call.operation));
                            continue;
                        }
                    };
                    if is_right.class != class
                        || is_right.operation != *step.action()
                        || is_right.missing.as_ref().map(Text::as_str) != missing.as_deref()
                        || times != 1
                    {
                        wrong.push(format!("{} {response}: {times} times, {outcome:?}", call.operation));
                    }
                }
            }
            assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        },
    );
}

#[test]
fn somebody_else_changing_the_group_is_a_no_though_it_comes_as_a_breakdown() {
    on_endpoint(async |bench| {
        let origin = origin(&[HOME]);
        let response = coded(500, "ResourceContention", "You already have a pending update");
        bench.script("autoscaling", "SetDesiredCapacity", json!({ "responses": [response] }));
        let outcome = apply(&bench.aws(std::slice::from_ref(&origin)), &origin, &steps()[0]).await;
        assert!(matches!(outcome, Err(Sent::No(_))), "{outcome:?}");
    });
}

#[test]
fn what_never_left_is_a_no() {
    on_endpoint(async |_| {
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let origin = origin(&[HOME]);
        for (url, says) in [
            (format!("http://{closed}"), "connection refused"),
            ("http://no-such-host.invalid".to_owned(), "cannot be resolved"),
            // Nobody there speaks TLS.
            (Catcher::start(|_, _| None).url.replace("http://", "https://"), "TLS"),
        ] {
            for step in steps() {
                let outcome = apply(&aws_at(&url, &origin), &origin, &step).await;
                let Err(Sent::No(error)) = outcome else { panic!("{url}: {outcome:?}") };
                assert_eq!(error.class, Transport, "{error}");
                assert!(error.message.as_str().contains(says), "{url}: {error}");
            }
        }
    });
}

#[test]
fn without_credentials_nothing_leaves() {
    let environment = [("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")];
    apart(
        &environment,
        |_| {},
        async |bench| {
            let origin = origin(&[HOME]);
            let aws = bench.aws(std::slice::from_ref(&origin));
            for step in steps() {
                let outcome = apply(&aws, &origin, &step).await;
                assert!(matches!(&outcome, Err(Sent::No(error)) if error.class == Expired), "{outcome:?}");
            }
            assert!(bench.called().is_empty());
        },
    );
}

#[test]
fn what_cannot_be_said_or_is_nowhere_is_not_sent() {
    on_endpoint(async |bench| {
        let origin = origin(&[HOME]);
        let aws = bench.aws(std::slice::from_ref(&origin));
        for step in [
            Step::SetDesiredCapacity { group: "web".into(), desired: u32::MAX },
            // Where the request is made of it, a name is needed.
            Step::InvertHealthCheck { check: "".into(), is_inverted: true },
        ] {
            let outcome = apply(&aws, &origin, &step).await;
            assert!(matches!(&outcome, Err(Sent::No(error)) if error.class == Malformed), "{outcome:?}");
        }
        let elsewhere = super::super::origin(&["eu-north-1"]);
        let step = &steps()[0];
        let outcome = aws.apply(&super::super::place(&elsewhere, "eu-north-1"), step).await;
        assert!(matches!(&outcome, Err(Sent::No(error)) if error.class == Unsupported), "{outcome:?}");
        assert!(bench.called().is_empty());
    });
}

/// A connection that is kept may be closed by the other side at any time, after the request was read too.
#[test]
fn a_kept_connection_that_breaks_is_no_reason_to_send_again() {
    on_endpoint(async |_| {
        let catcher = Catcher::start(|number, request| (number == 0).then(|| success(request)));
        let origin = origin(&[HOME]);
        let aws = aws_at(&catcher.url, &origin);
        for step in steps() {
            catcher.take();
            // The first of them may find a connection of the step before, and open one of its own.
            while apply(&aws, &origin, &step).await.is_err() {}
            catcher.take();
            let outcome = apply(&aws, &origin, &step).await;
            assert!(matches!(outcome, Err(Sent::Perhaps(_))), "{outcome:?}");
            assert_eq!(catcher.take().len(), 1, "{step:?}");
        }
    });
}

/// Moved, timed out on the way, or redirected: none of these is followed, and none says that nothing was done.
#[test]
fn an_odd_answer_is_not_followed() {
    on_endpoint(async |_| {
        let catcher = Catcher::start(|_, request| {
            let moved = format!("location: {}\r\nx-amzn-requestid: r\r\n", request.target);
            Some(answer(307, &moved, ""))
        });
        let late = Catcher::start(|_, _| Some(answer(408, "", "")));
        let origin = origin(&[HOME]);
        for (catcher, step) in
            [&catcher, &late].into_iter().flat_map(|catcher| steps().into_iter().map(move |step| (catcher, step)))
        {
            let outcome = apply(&aws_at(&catcher.url, &origin), &origin, &step).await;
            assert!(matches!(outcome, Err(Sent::Perhaps(_))), "{} {outcome:?}", region_of(&step));
            assert_eq!(catcher.take().len(), 1, "{step:?}");
        }
    });
}
