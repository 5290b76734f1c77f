//! What is sent is what `Step::call` says, and what the `aws` line would send.

use opscon::aws::{Aws, Endpoint, Profiles};
use opscon::world::act::{Receipt, Step};
use serde_json::{Value, json};

use std::sync::Arc;

use super::catcher::{Catcher, Request, success};
use super::{apply, region_of};
use crate::endpoint::{HOME, now, on_endpoint, origin};
use crate::steps;

/// The adapter, at a server of the test's own.
pub fn aws_at(url: &str, origin: &opscon::domain::origin::Origin) -> Aws {
    let endpoint = Endpoint::new(Some(url.to_owned()));
    Aws::new(std::slice::from_ref(origin), &Profiles::default(), &endpoint, None, Arc::new(now))
}

/// Whether AWS names something that came into being.
fn makes_something(step: &Step) -> bool {
    matches!(
        step,
        Step::RollbackInstanceRefresh { .. }
            | Step::StartZonalShift { .. }
            | Step::RollbackStage { .. }
            | Step::RetryStage { .. }
            | Step::Redeploy { .. }
            | Step::StartMessageMoveTask { .. }
    )
}

fn as_json(request: &Request) -> Value {
    let body = aws_smithy_types::base64::encode(&request.body);
    json!({ "method": request.method, "target": request.target, "headers": request.headers, "body": body })
}

#[test]
fn preview_journal_command_and_wire_say_the_same() {
    on_endpoint(async |bench| {
        let catcher = Catcher::start(|_, request| Some(success(request)));
        let origin = origin(&[HOME]);
        let aws = aws_at(&catcher.url, &origin);
        let mut calls = Vec::new();
        for step in steps::every() {
            let receipt = apply(&aws, &origin, &step).await;
            let made = makes_something(&step).then(|| "made-1".into());
            let wanted = Receipt { request_id: Some("req-1".into()), made };
            assert_eq!(receipt, Ok(wanted), "{step:?}");
            let requests = catcher.take();
            let [request] = requests.as_slice() else { panic!("{} requests: {step:?}", requests.len()) };
            let (call, region) = (step.call(), region_of(&step));
            let scope = request.header("authorization").unwrap_or_default();
            let signed_for = if region == HOME { HOME } else { "us-east-1" };
            assert!(scope.contains(&format!("/{signed_for}/")), "{step:?}: {scope}");
            calls.push(json!({
                "service": call.service.prefix(), "operation": call.operation, "input": call.input,
                "region": region, "command": step.command(region), "sent": as_json(request),
            }));
        }
        let told = bench.front.run("acts.py", &["compare"], Some(&calls.clone().into()));
        let mut wrong = String::new();
        for (call, differences) in calls.iter().zip(told.as_array().unwrap()) {
            for difference in differences.as_array().unwrap() {
                let difference = difference.as_str().unwrap();
                wrong.push_str(&format!("{}\n  {difference}\n", call["command"].as_str().unwrap()));
            }
        }
        assert_eq!(told.as_array().unwrap().len(), calls.len());
        assert!(wrong.is_empty(), "{wrong}");
    });
}
