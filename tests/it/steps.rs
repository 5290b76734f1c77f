//! An example of every step, and what must hold for each: that it is known to IAM, and is read back as it was written.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use opscon::domain::text::Text;
use opscon::world::act::{RIGHTS, Revision, Step};

macro_rules! examples {
    ($($variant:ident { $($field:ident: $value:expr),* $(,)? })+) => {
        /// At least one example of every step, with what strangers may have called things.
        pub fn every() -> Vec<Step> {
            vec![$(Step::$variant { $($field: $value),* }),+]
        }

        /// Does not compile while a step has no example.
        #[allow(dead_code, unreachable_patterns, reason = "it is there to be compiled, and a step may have two examples")]
        fn has_an_example(step: &Step) {
            match step {
                $(Step::$variant { .. } => {})+
            }
        }
    };
}

/// Quotes, what shells and URLs are made of, and letters of elsewhere.
fn odd(name: &str) -> Text {
    Text::new(&format!("{name}'s \"$(reboot)\" `&` <b>%2F/é+ü=😀,{{x}}#?*\\"))
}

fn t(name: &str) -> Text {
    Text::new(name)
}

fn all<const N: usize>(names: [&str; N]) -> Vec<Text> {
    names.map(Text::new).to_vec()
}

examples! {
    SetDesiredCapacity { group: odd("web"), desired: 8 }
    // What looks like an option, and what the command would read a file for.
    SetDesiredCapacity { group: t("--no-sign-request"), desired: 0 }
    RollbackInstanceRefresh { group: t("file:///etc/passwd") }
    UpdateAutoScalingGroup { group: odd("web"), min: 0, desired: 8, max: 12 }
    SuspendProcesses { group: odd("web"), processes: all(["AlarmNotification", "ScheduledActions"]) }
    ResumeProcesses { group: odd("web"), processes: all(["AlarmNotification"]) }
    RollbackInstanceRefresh { group: odd("web") }
    TagGroup { group: odd("web"), key: odd("opscon"), value: odd("2,4,8") }
    TagGroup { group: t("web"), key: t("opscon"), value: t("") }
    UntagGroup { group: odd("web"), key: odd("opscon") }

    SetServiceCount { cluster: odd("prod"), service: odd("api"), desired: 4 }
    SetTaskDefinition { cluster: odd("prod"), service: odd("api"), task_definition: t("api:41") }
    StopServiceDeployment { deployment: t("arn:aws:ecs:eu-west-1:123456789012:service-deployment/prod/api/NCWGC2ZR") }
    RegisterScalableTarget {
        resource: t("service/prod/api"), dimension: t("ecs:service:DesiredCount"), min: 2, max: 20,
    }
    TagEcs {
        resource: t("arn:aws:ecs:eu-west-1:123456789012:service/prod/api"), key: odd("opscon"), value: odd("4"),
    }
    UntagEcs { resource: t("arn:aws:ecs:eu-west-1:123456789012:service/prod/api"), key: odd("opscon") }
    UntagEcs { resource: t("arn:aws:ecs:eu-west-1:123456789012:service/prod/api"), key: t("[\"a\"]") }

    StopInstances { instances: all(["i-0a", "i-0b"]) }
    StartInstances { instances: all(["i-0a"]) }
    TagInstances { instances: all(["i-0a", "i-0b"]), key: odd("opscon"), value: odd("stopped") }
    UntagInstances { instances: all(["i-0a"]), key: odd("opscon") }

    CreateReadReplica { source: odd("orders"), replica: odd("orders-copy") }
    CreateReader {
        cluster: odd("orders"), reader: odd("orders-3"), engine: t("aurora-mysql"), class: t("db.r6g.large"), tier: 15,
    }
    RebootWithFailover { database: odd("orders") }
    FailoverCluster { cluster: odd("orders"), target: None }
    FailoverCluster { cluster: odd("orders"), target: Some(odd("orders-2")) }
    SwitchoverGlobalCluster { global: odd("world"), target: t("arn:aws:rds:us-east-1:123456789012:cluster:orders") }
    FailoverGlobalCluster { global: odd("world"), target: t("arn:aws:rds:us-east-1:123456789012:cluster:orders") }
    PromoteReadReplica { replica: odd("orders-copy"), retention_days: 7 }
    StopDatabase { database: odd("orders") }
    StartDatabase { database: odd("orders") }
    StopCluster { cluster: odd("orders") }
    StartCluster { cluster: odd("orders") }
    TagDatabase {
        resource: t("arn:aws:rds:eu-west-1:123456789012:db:orders"), key: odd("opscon"), value: odd("stopped"),
    }
    UntagDatabase { resource: t("arn:aws:rds:eu-west-1:123456789012:db:orders"), key: odd("opscon") }

    IncreaseReplicaCount { group: odd("sessions"), replicas: 2 }
    DecreaseReplicaCount { group: odd("sessions"), replicas: 1 }
    TestFailover { group: odd("sessions"), shard: t("0001") }

    StartZonalShift {
        resource: t("arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/web/50dc6c495c0c9188"),
        away_from: t("euw1-az2"), expires_in: t("2h"), comment: odd("the zone is"),
    }
    CancelZonalShift { shift: t("6f0d1c2e-9d6e-7cc2-1f0a-3a4b5c6d7e8f") }
    InvertHealthCheck { check: t("abcdef11-2222-3333-4444-555555fedcba"), is_inverted: true }
    InvertHealthCheck { check: t("abcdef11-2222-3333-4444-555555fedcba"), is_inverted: false }

    RollbackStage { pipeline: odd("shop"), stage: odd("Deploy"), execution: t("3137f7cb-7cf7-039c-1f0a-111122223333") }
    PutApprovalResult {
        pipeline: odd("shop"), stage: odd("Gate"), action: odd("Approve"), is_approved: true, comment: odd("looked"),
        token: t("1a2b3c4d-573f-4ea7-a67E-000000000000"),
    }
    PutApprovalResult {
        pipeline: t("shop"), stage: t("Gate"), action: t("Approve"), is_approved: false, comment: t("no"),
        token: t("1a2b3c4d-573f-4ea7-a67E-000000000000"),
    }
    RetryStage { pipeline: odd("shop"), stage: odd("Deploy"), execution: t("3137f7cb-7cf7-039c-1f0a-111122223333") }
    StopExecution { pipeline: odd("shop"), execution: t("3137f7cb-7cf7-039c-1f0a-111122223333"), reason: odd("bad") }
    DisableTransition { pipeline: odd("shop"), stage: odd("Deploy"), reason: odd("incident") }
    EnableTransition { pipeline: odd("shop"), stage: odd("Deploy") }
    StopDeployment { deployment: t("d-ABCDEF123") }
    Redeploy {
        application: odd("shop"), group: odd("prod"), deployment: t("d-ABCDEF122"),
        revision: Revision::S3 {
            bucket: t("releases"), key: odd("shop/1.2.3.zip"), bundle: t("zip"), version: Some(t("v1")),
            etag: Some(t("9a8b")),
        },
    }
    Redeploy {
        application: t("shop"), group: t("prod"), deployment: t("d-ABCDEF122"),
        revision: Revision::S3 {
            bucket: t("releases"), key: t("shop.tgz"), bundle: t("tgz"), version: None, etag: None,
        },
    }
    Redeploy {
        application: t("shop"), group: t("prod"), deployment: t("d-ABCDEF122"),
        revision: Revision::GitHub { repository: t("acme/shop"), commit: t("9b1d0b4f") },
    }

    UpdateAlias { function: t("pay"), alias: t("live"), version: t("7"), revision: t("8b1d-2c3e") }
    UpdateAlias { function: odd("pay"), alias: odd("live"), version: t("7"), revision: odd("r") }

    PutAlarmMuteRule {
        rule: odd("deploy"), alarms: vec![odd("web-cpu"), t("-")],
        from: "2026-11-23T14:05:00Z".parse().unwrap(), lasts: SignedDuration::from_mins(90),
    }
    DeleteAlarmMuteRule { rule: odd("deploy") }
    StartMessageMoveTask { source: t("arn:aws:sqs:eu-west-1:123456789012:orders-dead"), per_second: 10 }
    CancelMessageMoveTask { task: t("eyJ0YXNrSWQiOiJkYzE2OWUwNCJ9") }
}

#[test]
fn every_step_is_in_the_table_of_rights_and_nothing_else_is() {
    let needed: BTreeSet<String> = every().iter().map(Step::action).collect();
    let listed: Vec<String> = RIGHTS.iter().map(|right| right.action.to_owned()).collect();
    assert_eq!(listed, needed.into_iter().collect::<Vec<_>>(), "sorted, each once");
}

#[test]
fn every_step_is_read_back_as_it_was_written() {
    for step in every() {
        let json = serde_json::to_string(&step).unwrap();
        assert_eq!(serde_json::from_str::<Step>(&json).unwrap(), step, "{json}");
    }
}

#[test]
fn what_has_no_region_is_run_by_hand_without_one() {
    let step = Step::InvertHealthCheck { check: t("abc"), is_inverted: true };
    assert_eq!(step.command("global"), "aws route53 update-health-check --health-check-id abc --inverted");
}

#[test]
fn a_name_that_means_more_to_the_command_is_said_in_json() {
    for name in ["--profile", "file://x", "https://x", "{}", "[1]", ""] {
        let step = Step::StopCluster { cluster: t(name) };
        let wanted = format!("--cli-input-json '{{\"DBClusterIdentifier\":{}}}'", serde_json::to_string(name).unwrap());
        assert!(step.command("eu-west-1").ends_with(&wanted), "{}", step.command("eu-west-1"));
    }
    let step = Step::StopCluster { cluster: t("a-b") };
    assert!(step.command("eu-west-1").ends_with("--db-cluster-identifier a-b"));
}
