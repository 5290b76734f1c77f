//! The program itself on the endpoint: what it prints, and what a person sees on the screen.

use std::collections::BTreeSet;
use std::process::Output;

use serde_json::{Value, json};

use super::{AWAY, Bench, HOME, on_company, on_endpoint};
use crate::cli::opscon;
use crate::pty::Session;

impl Bench {
    /// Runs a command as the operator would, and returns its exit code, what it printed, and what it complained of.
    fn run(&self, args: &[&str]) -> (i32, String, String) {
        let mut command = opscon(args);
        command.env("AWS_ENDPOINT_URL", &self.front.url);
        command.env("AWS_ACCESS_KEY_ID", &self.key).env("AWS_SECRET_ACCESS_KEY", "secret");
        let Output { status, stdout, stderr } = command.output().unwrap();
        (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
    }

    fn console(&self, args: &[&str]) -> Session {
        let variables = [
            ("AWS_ENDPOINT_URL", self.front.url.as_str()),
            ("AWS_ACCESS_KEY_ID", &self.key),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            // Where it is started, too.
            ("HOME", env!("CARGO_TARGET_TMPDIR")),
        ];
        Session::start_in(args, 140, 44, &variables)
    }
}

#[test]
fn the_alarms_are_printed_as_they_are_in_every_region() {
    on_company(async |bench, company| {
        let (code, out, complaint) = bench.run(&["alarms", "--region", HOME, "--region", AWAY, "-o", "json"]);
        // The emulator has history only where it is scripted: told, and no reason to print nothing.
        assert!(matches!(code, 0 | 3), "{code} {complaint}");
        let printed: Value = serde_json::from_str(&out).unwrap();
        let rows = printed["rows"].as_array().unwrap();
        for region in [HOME, AWAY] {
            let facts = &company["facts"][region]["cloudwatch"]["alarms"];
            let number: usize = ["MetricAlarms", "CompositeAlarms", "LogAlarms"]
                .iter()
                .filter_map(|kind| facts[kind].as_array())
                .map(Vec::len)
                .sum();
            assert_eq!(rows.iter().filter(|row| row["region"] == region).count(), number, "{region}");
        }
        let called: BTreeSet<String> = bench.called().into_iter().collect();
        assert!(!called.iter().any(|call| call.starts_with("ecs.")), "only what is shown is asked: {called:?}");
    });
}

#[test]
fn the_doctor_says_who_we_are_and_what_is_denied() {
    on_company(async |bench, _| {
        bench.script(
            "rds",
            "*",
            json!({ "repeat": true, "responses": [{ "status": 403, "code": "AccessDenied",
                "message": "User: arn is not authorized to perform: rds:DescribeDBInstances" }] }),
        );
        let (code, out, _) = bench.run(&["doctor", "--region", HOME]);
        assert_eq!(code, 1, "{out}");
        for said in [
            "account 1234-5678-9012 as arn:aws:sts::",
            "is asked in AWS's place",
            "the role lacks rds:DescribeDBInstances (databases",
            "`opscon iam-policy` prints the policy",
        ] {
            assert!(out.contains(said), "{said:?} is not in\n{out}");
        }
    });
}

#[test]
fn a_mistake_is_named_before_anything_is_asked() {
    on_endpoint(async |bench| {
        for (args, said) in [
            (&["alarms"][..], "no region: --region, AWS_REGION and the configuration name none"),
            (&["alarms", "--profile", "acme"], "no profile is called `acme`"),
            (&["alarms", "--region", "mars"], "`mars` is not a region"),
            (&["alarms", "--scope", "prod"], "no scope is called `prod`; the configuration has: none"),
            (&["alarms", "--region", HOME, "--endpoint-url", "localhost"], "`localhost` is not a URL"),
        ] {
            let (code, out, complaint) = bench.run(args);
            assert_eq!((code, out.as_str()), (64, ""), "{args:?}");
            assert!(complaint.contains(said), "{args:?}: {said:?} is not in {complaint}");
        }
        assert!(bench.called().is_empty());
    });
}

#[test]
fn nobody_signed_in_is_told_as_that() {
    on_endpoint(async |bench| {
        let output = opscon(&["alarms", "--region", HOME]).env("AWS_ENDPOINT_URL", &bench.front.url).output().unwrap();
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3));
        assert!(complaint.contains("nobody is signed in") && complaint.contains("aws sso login"), "{complaint}");
    });
}

#[test]
fn the_screen_says_where_it_is_and_what_fires() {
    on_company(async |bench, _| {
        let mut console = bench.console(&["--region", HOME]);
        console.wait_for_text("ENDPOINT 127.0.0.1");
        console.wait_for_text("1234-5678-9012 as");
        console.press("2");
        console.wait_for_text("web-cpu-high");
        console.press("q");
        assert_eq!(console.end(), 0);
    });
}

#[test]
fn an_expired_sign_in_is_told_keeps_what_was_read_and_mends_by_itself() {
    on_company(async |bench, _| {
        let mut console = bench.console(&["--region", HOME]);
        console.press("2");
        console.wait_for_text("web-cpu-high");
        let expired = json!({ "status": 403, "code": "ExpiredTokenException", "message": "expired" });
        for (service, operation) in [("cloudwatch", "DescribeAlarms"), ("cloudwatch", "DescribeAlarmHistory")] {
            bench.script(service, operation, json!({ "repeat": true, "responses": [expired.clone()] }));
        }
        console.press("\u{12}");
        console.wait_for_text("credentials expired");
        console.wait_for_text("web-cpu-high");
        bench.forget("DescribeAlarms");
        bench.forget("DescribeAlarmHistory");
        console.wait_for("the fault gone", |screen| !screen.contents().contains("credentials expired"));
        console.press("q");
        assert_eq!(console.end(), 0);
    });
}
