//! Who we are to AWS, by every way the SDK knows, and what is said when there is none.

use std::time::Duration;

use futures_util::future::join_all;
use opscon::aws::{Aws, Endpoint, Profiles};
use opscon::domain::origin::Origin;
use opscon::domain::scope::GLOBAL;
use opscon::world::feed::{Feed, Payload, READ_FROM_AWS, Reach};
use opscon::world::port::{CloudError, FaultClass, SignIn};
use serde_json::{Value, json};

use super::{Bench, HOME, apart, ask, clock, now, on_endpoint, origin};

const KEYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/endpoint/aws/credentials");
const CONFIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/endpoint/aws/config");
/// Keys of somebody else lie around in the environment, as they do.
const WITH_FILES: &[(&str, &str)] = &[("AWS_CONFIG_FILE", CONFIG), ("AWS_SHARED_CREDENTIALS_FILE", KEYS)];

fn profile(name: &str) -> Origin {
    Origin { profile: Some(name.into()), ..origin(&[HOME]) }
}

async fn identity(bench: &Bench, origin: &Origin) -> Result<String, CloudError> {
    let aws = bench.aws(std::slice::from_ref(origin));
    match ask(&aws, origin, GLOBAL, Feed::Identity).await.outcome? {
        Payload::Identity(identity) => Ok(identity.arn.to_string()),
        other => panic!("{other:?}"),
    }
}

/// The keys that signed the calls of this operation.
fn signed_with(bench: &Bench, key: &str, operation: &str) -> usize {
    bench.front.calls(key).iter().filter(|call| call["operation"] == operation).count()
}

#[test]
fn a_profile_that_is_named_beats_keys_in_the_environment() {
    apart(
        WITH_FILES,
        |_| {},
        async |bench| {
            identity(&bench, &profile("shop")).await.unwrap();
            assert_eq!(signed_with(&bench, "AKIAPROFILESHOP", "GetCallerIdentity"), 1);
            assert_eq!(signed_with(&bench, &bench.key, "GetCallerIdentity"), 0);
            // And without a profile they are what is used.
            identity(&bench, &origin(&[HOME])).await.unwrap();
            assert_eq!(signed_with(&bench, &bench.key, "GetCallerIdentity"), 1);
        },
    );
}

#[test]
fn a_role_is_assumed_by_whoever_is_to_assume_it() {
    apart(
        WITH_FILES,
        |_| {},
        async |bench| {
            let role = |source: Option<&str>| Origin {
                role_arn: Some("arn:aws:iam::333333333333:role/ops".into()),
                source_profile: source.map(Into::into),
                ..origin(&[HOME])
            };
            let arn = identity(&bench, &role(None)).await.unwrap();
            assert!(arn.starts_with("arn:aws:sts::333333333333:assumed-role/ops/opscon"), "{arn}");
            assert_eq!(signed_with(&bench, &bench.key, "AssumeRole"), 1);
            let before = signed_with(&bench, "AKIAPROFILEHUB", "AssumeRole");
            identity(&bench, &role(Some("hub"))).await.unwrap();
            assert_eq!(signed_with(&bench, "AKIAPROFILEHUB", "AssumeRole"), before + 1);
            // The same written in the profile itself.
            let arn = identity(&bench, &profile("through-hub")).await.unwrap();
            assert!(arn.starts_with("arn:aws:sts::444444444444:assumed-role/ops/"), "{arn}");
            assert_eq!(signed_with(&bench, "AKIAPROFILEHUB", "AssumeRole"), before + 2);
        },
    );
}

fn deny(bench: &Bench, operation: &str, step: &Value) {
    bench.script("sts", operation, json!({ "repeat": true, "responses": [step] }));
}

#[test]
fn a_role_that_may_not_be_assumed_is_a_matter_of_policy_not_of_signing_in() {
    on_endpoint(async |bench| {
        let role = Origin { role_arn: Some("arn:aws:iam::333333333333:role/ops".into()), ..origin(&[HOME]) };
        let message = "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: sts:AssumeRole on resource: \
                       arn:aws:iam::333333333333:role/ops";
        deny(&bench, "AssumeRole", &json!({ "status": 403, "code": "AccessDenied", "message": message }));
        let error = identity(&bench, &role).await.unwrap_err();
        assert_eq!((error.class, error.missing.as_ref().unwrap().as_str()), (FaultClass::Denied, "sts:AssumeRole"));
        assert!(error.message.as_str().contains("role/ops"), "{error}");
    });
}

#[test]
fn what_stops_a_role_is_told_as_what_it_is() {
    on_endpoint(async |bench| {
        for (account, step, class) in [
            (
                "510000000001",
                json!({ "status": 403, "code": "ExpiredToken", "message": "expired" }),
                FaultClass::Expired,
            ),
            ("510000000002", json!({ "status": 400, "code": "Throttling", "message": "slow" }), FaultClass::Throttled),
            (
                "510000000003",
                json!({ "status": 500, "code": "InternalFailure", "message": "oh" }),
                FaultClass::Internal,
            ),
            ("510000000004", json!({ "drop": true }), FaultClass::Transport),
        ] {
            let arn = format!("arn:aws:iam::{account}:role/ops");
            let when = json!({ "RoleArn": arn });
            bench.script("sts", "AssumeRole", json!({ "repeat": true, "when": when, "responses": [step] }));
            let role = Origin { role_arn: Some(arn), ..origin(&[HOME]) };
            let error = identity(&bench, &role).await.unwrap_err();
            assert_eq!(error.class, class, "{error}");
        }
    });
}

#[test]
fn nobody_is_told_how_to_sign_in() {
    let nobody = &[("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")];
    apart(
        &[WITH_FILES, nobody].concat(),
        |_| {},
        async |bench| {
            for (origin, says) in [
                (origin(&[HOME]), "run `aws sso login` or set AWS_PROFILE"),
                (profile("signed-out"), "run `aws sso login --profile signed-out`"),
                (profile("empty"), "run `aws sso login --profile empty`"),
                (profile("mistyped"), "mistyped"),
            ] {
                let error = identity(&bench, &origin).await.unwrap_err();
                assert_eq!(error.class, FaultClass::Expired, "{error}");
                assert!(error.message.as_str().contains(says), "{error}");
            }
        },
    );
}

#[test]
fn after_credentials_failed_the_files_are_read_again() {
    apart(
        WITH_FILES,
        |_| {},
        async |bench| {
            let origin = origin(&[HOME]);
            let aws = bench.aws(std::slice::from_ref(&origin));
            bench.script(
                "sts",
                "GetCallerIdentity",
                json!({ "responses": [{ "status": 403, "code": "ExpiredToken" }] }),
            );
            let error = ask(&aws, &origin, GLOBAL, Feed::Identity).await.outcome.unwrap_err();
            assert_eq!(error.class, FaultClass::Expired);
            assert!(ask(&aws, &origin, GLOBAL, Feed::Identity).await.outcome.is_ok());
        },
    );
}

#[test]
fn a_sign_in_that_hangs_is_told_soon_whatever_is_asked() {
    apart(
        &[("AWS_MAX_ATTEMPTS", "1")],
        |_| {},
        async |bench| {
            bench.script("sts", "AssumeRole", json!({ "repeat": true, "responses": [{ "delay": 60, "drop": true }] }));
            let role = Origin { role_arn: Some("arn:aws:iam::333333333333:role/ops".into()), ..origin(&[HOME]) };
            let aws = bench.aws(std::slice::from_ref(&role));
            let began = clock();
            let regional = READ_FROM_AWS.iter().copied().filter(|feed| feed.reach() == Reach::Regional);
            for answer in join_all(regional.map(|feed| ask(&aws, &role, HOME, feed))).await {
                let error = answer.outcome.unwrap_err();
                assert_eq!(error.class, FaultClass::Timeout, "{error}");
            }
            // One after the other they would take minutes.
            assert!(began.elapsed() < Duration::from_mins(1), "{:?}", began.elapsed());
        },
    );
}

#[test]
fn one_code_opens_every_account_behind_its_device() {
    const ANN: &str = "arn:aws:iam::123456789012:mfa/ann";
    const HUB: &str = "AKIAPROFILEHUB";
    apart(
        WITH_FILES,
        |_| {},
        async |bench| {
            let scope = Origin {
                name: Some("scope".into()),
                role_arn: Some("arn:aws:iam::777777777777:role/ops".into()),
                source_profile: Some("hub".into()),
                mfa_serial: Some(ANN.into()),
                ..origin(&[HOME])
            };
            let origins = [profile("with-code"), scope];
            let at = now();
            let endpoint = Endpoint::new(Some(bench.front.url.clone()));
            let aws = Aws::new(&origins, &Profiles::read().await, &endpoint, None, std::sync::Arc::new(move || at));
            let devices = aws.devices();
            assert_eq!((devices.len(), devices[0].accounts().as_str()), (1, "with-code, scope"));
            let assumed = signed_with(&bench, HUB, "AssumeRole");
            for origin in &origins {
                let error = ask(&aws, origin, GLOBAL, Feed::Identity).await.outcome.unwrap_err();
                assert!(error.wants_code() && error.message.as_str().contains(ANN), "{error}");
            }
            bench.front.script(&json!({
                "service": "sts", "operation": "GetSessionToken", "access_key": HUB, "when": { "TokenCode": "000000" },
                "repeat": true, "responses": [{
                    "status": 403, "code": "AccessDenied",
                    "message": "MultiFactorAuthentication failed with invalid MFA one time pass code. ",
                }],
            }));
            let error = aws.enter(ANN, "000000").await.unwrap_err();
            assert_eq!(error.message, "that code was not accepted; wait for the next one");
            aws.enter(ANN, "123456").await.unwrap();
            for (origin, account) in origins.iter().zip(["666666666666", "777777777777"]) {
                match ask(&aws, origin, GLOBAL, Feed::Identity).await.outcome.unwrap() {
                    Payload::Identity(identity) => assert_eq!(identity.account, account),
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(signed_with(&bench, HUB, "GetSessionToken"), 2);
            assert_eq!(signed_with(&bench, HUB, "AssumeRole"), assumed, "the session assumes them, not the keys");
        },
    );
}
