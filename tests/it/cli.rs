//! The headless commands: what they print, where, and with which exit code.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

pub(crate) fn opscon(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_opscon"));
    command.args(args).stdin(Stdio::null());
    // What the tester's own environment says must not matter.
    for name in ["NO_COLOR", "COLORTERM", "LC_ALL", "LC_CTYPE", "OPSCON_CONFIG", "OPSCON_COLOR", "OPSCON_GLYPHS"] {
        command.env_remove(name);
    }
    command.env("LANG", "C.UTF-8").env("HOME", "/nonexistent").env_remove("XDG_CONFIG_HOME");
    command.env("OPSCON_TIME_ZONE", "UTC");
    // Nor may their accounts be asked.
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
        command.env_remove(name);
    }
    command.env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_CONFIG_FILE", "/nonexistent");
    command.env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
    command
}

fn run(args: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = opscon(args).output().unwrap();
    (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[track_caller]
fn check_usage(args: &[&str], said: &[&str]) {
    let (code, out, complaint) = run(args);
    assert_eq!((code, out.as_str()), (64, ""), "{args:?}: {complaint}");
    for part in said {
        assert!(complaint.contains(part), "{args:?}: {part:?} is not in {complaint:?}");
    }
}

fn status_json(world: &str, more: &[&str]) -> (i32, Value) {
    let (code, out, _) = run(&[&["status", "--world", world, "-o", "json"], more].concat());
    (code, serde_json::from_str(&out).unwrap())
}

#[test]
fn exit_codes_are_those_of_a_monitoring_check() {
    assert_eq!(run(&["status", "--world", "drill:calm"]).0, 0);
    assert_eq!(run(&["status", "--world", "drill:bad-deploy"]).0, 1);
    assert_eq!(run(&["status", "--world", "drill:bad-deploy@12m"]).0, 2);
    assert_eq!(run(&["status", "--world", "drill:calm", "--fault", "alarms=denied"]).0, 3);
}

#[test]
fn the_json_document_has_the_shape_promised() {
    let (code, document) = status_json("drill:bad-deploy@12m", &[]);
    assert_eq!(code, 2);
    let keys: Vec<&String> = document.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["at", "boxes", "changes", "faults", "firing", "health", "world"]);
    assert_eq!(document["world"], "drill:bad-deploy@12m");
    assert_eq!(document["at"], "2026-03-10T14:00:00Z");
    assert_eq!(document["health"], "bad");
    let boxes = document["boxes"].as_array().unwrap();
    assert_eq!(boxes.len(), 73);
    for each in boxes {
        let keys: Vec<&String> = each.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["age_s", "facts", "group", "health", "id", "observed_at", "reasons", "summary", "title"]);
        let health = each["health"].as_str().unwrap();
        assert!(["ok", "warn", "bad", "stale", "unknown", "absent"].contains(&health));
        assert!(!each["facts"].as_array().unwrap().is_empty(), "{} tells nothing", each["id"]);
        assert_eq!(health == "ok", each["reasons"].as_array().unwrap().is_empty(), "{}", each["id"]);
    }
    let balancer = boxes.iter().find(|each| each["id"] == "compute-layer.application-load-balancer").unwrap();
    assert_eq!(balancer["health"], "bad");
    let firing: Vec<&str> =
        document["firing"].as_array().unwrap().iter().map(|a| a["name"].as_str().unwrap()).collect();
    assert_eq!(firing, ["shop-impaired", "web-5xx-high", "web-unhealthy-hosts"]);
    assert_eq!(document["firing"][1]["box"], "compute-layer.application-load-balancer");
    assert_eq!(document["firing"][1]["scope"], "acme-prod/eu-west-1");
    assert_eq!(document["changes"].as_array().unwrap().iter().filter(|c| c["by"] == "maria").count(), 2);
    assert!(document["faults"].as_array().unwrap().is_empty());
}

#[test]
fn faults_name_feed_scope_class_and_what_is_missing() {
    let (code, document) = status_json("drill:calm", &["--fault", "databases=denied", "--fault", "queues=timeout"]);
    assert_eq!(code, 3);
    let faults = document["faults"].as_array().unwrap();
    assert_eq!(faults.len(), 6, "two feeds in three regions");
    let denied = &faults.iter().find(|fault| fault["feed"] == "databases").unwrap();
    assert_eq!(denied["class"], "denied");
    assert_eq!(denied["missing"], "rds:DescribeDBInstances");
    assert_eq!(denied["scope"], "acme-prod/eu-west-1");
    let boxes = document["boxes"].as_array().unwrap();
    let primary = boxes.iter().find(|each| each["id"] == "data-layer.rds-mysql-primary").unwrap();
    assert_eq!(primary["health"], "unknown");
    assert!(primary["summary"].as_str().unwrap().contains("the role lacks rds:DescribeDBInstances"));
}

#[test]
fn one_box_can_be_asked_for() {
    let calm = ["status", "--world", "drill:bad-deploy@12m", "--box", "data-layer.redis-elasticache"];
    assert_eq!(run(&calm).0, 0);
    let (code, document) = status_json("drill:bad-deploy@12m", &["--box", "data-layer.redis-elasticache"]);
    assert_eq!((code, document["boxes"].as_array().unwrap().len()), (0, 1));
}

#[test]
fn the_same_seed_prints_the_same_and_another_does_not() {
    let of = |seed| run(&["status", "--world", "drill:traffic-surge@7m", "-o", "json", "--seed", seed]).1;
    assert_eq!(of("5"), of("5"));
    assert_ne!(of("5"), of("6"));
}

#[test]
fn text_has_no_colour_and_no_control_characters() {
    for world in ["drill:calm", "drill:region-loss@12m"] {
        let (_, out, _) = run(&["status", "--world", world]);
        assert!(out.chars().all(|character| character == '\n' || !character.is_control()));
        assert!(out.contains(" ok"));
    }
}

#[test]
fn without_a_unicode_locale_text_is_ascii() {
    let output = opscon(&["status", "--world", "drill:bad-deploy@12m"]).env("LANG", "C").output().unwrap();
    assert!(output.stdout.is_ascii());
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn times_are_shown_in_the_zone_asked_for() {
    let out = run(&["status", "--world", "drill:calm", "--time-zone", "Europe/Paris"]).1;
    assert!(out.starts_with("OK drill:calm at 2026-03-10 15:00:00 CET\n"), "{out}");
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    let mut child = opscon(&["status", "--world", "drill:bad-deploy@12m", "-o", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::with_capacity(16, child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert!([0, 2].contains(&output.status.code().unwrap()), "{:?}", output.status);
}

#[test]
fn mistakes_name_the_nearest_and_the_list() {
    check_usage(
        &["status", "--world", "drill:bad-deply"],
        &["did you mean `bad-deploy`?", "scenarios: calm, bad-deploy"],
    );
    check_usage(&["status", "--world", "drill:"], &["no scenario is called ``"]);
    check_usage(&["status", "--world", "aws"], &["not a world", "drill:bad-deploy@12m"]);
    check_usage(&["status", "--world", "drill:calm@soon"], &["`soon` is not a time such as 90s"]);
    check_usage(
        &["status", "--world", "drill:calm", "--box", "redis-elasticach"],
        &["did you mean `data-layer.redis-elasticache`?", "boxes:"],
    );
    check_usage(
        &["status", "--world", "drill:calm", "--fault", "alarm=denied"],
        &["no feed is called `alarm`", "feeds: alarms, "],
    );
    check_usage(
        &["status", "--world", "drill:calm", "--fault", "alarms=broken"],
        &["no class of fault", "classes: throttled"],
    );
    check_usage(&["status", "--wrld", "x"], &["--wrld", "--world"]);
    check_usage(&["drll"], &["unrecognized subcommand", "drill"]);
    check_usage(&["drill", "--speed", "0"], &["`0` is not a number between 0.1 and 1000"]);
    check_usage(&["status"], &["drill:bad-deploy@12m"]);
    check_usage(&[], &[if cfg!(feature = "aws") { "not a terminal" } else { "opscon drill" }]);
}

#[test]
fn without_a_terminal_the_console_points_to_status() {
    check_usage(&["drill", "calm"], &["not a terminal", "opscon status"]);
    let (_, _, complaint) = run(&["drill", "calm"]);
    assert_eq!(complaint.lines().count(), 1);
    // What is wrong with the scenario is said before what is wrong with the terminal.
    check_usage(&["drill", "--at", "never"], &["`never` is not a time"]);
}

#[test]
fn a_broken_configuration_stops_every_command_before_it_starts() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "[ui]\ncolour = 'auto'").unwrap();
    let path = file.path().to_str().unwrap().to_owned();
    let place = format!("{path}:2:1: unknown field `colour`, expected one of");
    for command in [&["status", "--world", "drill:calm"][..], &["drill", "calm"], &["config", "check"]] {
        check_usage(&[command, &["--config", &path]].concat(), &[&place]);
    }
    check_usage(&["config", "check", "--config", "/nonexistent/c.toml"], &["cannot read /nonexistent/c.toml"]);
}

#[test]
fn where_each_action_went_is_told_with_the_rule_that_sent_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.toml");
    std::fs::write(&path, "[[pipeline.map]]\naction = 'push-*'\nbox = 'none'\n").unwrap();
    let path = path.to_str().unwrap();
    let args = ["config", "pipeline-map", "--world", "drill:calm", "--config", path];
    let (code, out, _) = run(&args);
    assert_eq!(code, 0);
    let line = |name: &str| {
        let line = out.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{name}: {out}"));
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert!(line("web/Build/Push-to-ECR").contains("none pipeline.map[0]: action push-*"), "{out}");
    let lint = "ci-pipeline.code-linting built in: a name with lint or clippy or format or style";
    assert!(line("web/Checks/Lint").contains(lint), "{out}");
    let (_, out, _) = run(&[&args[..], &["-o", "json"]].concat());
    let document: Value = serde_json::from_str(&out).unwrap();
    let row = document["actions"].as_array().unwrap().iter().find(|row| row["action"] == "Push-to-ECR").unwrap();
    assert_eq!((&row["box"], &row["rule"]["kind"], &row["rule"]["number"]), (&Value::Null, &"own".into(), &0.into()));
    let (code, _, complaint) = run(&["config", "pipeline-map", "--world", "drill:calm", "--fault", "pipelines=denied"]);
    assert_eq!(code, 3, "{complaint}");
    assert!(complaint.contains("not read: pipelines"), "{complaint}");
}

#[test]
fn the_configuration_can_be_printed_checked_and_found() {
    let (code, out, _) = run(&["config", "default"]);
    assert_eq!((code, out.as_str()), (0, include_str!("../../config.toml.example")));
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(out.as_bytes()).unwrap();
    let path = file.path().to_str().unwrap();
    assert_eq!(run(&["config", "check", "--config", path]).1, format!("{path}: sound\n"));
    assert_eq!(run(&["config", "path"]).1, "/nonexistent/.config/opscon/config.toml\n");
}

#[test]
fn thresholds_decide() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "[thresholds]\ncache_hit_percent = 99.9").unwrap();
    let path = file.path().to_str().unwrap();
    let world = ["status", "--world", "drill:calm", "--box", "data-layer.redis-elasticache"];
    assert_eq!(run(&world).0, 0);
    assert_eq!(run(&[&world[..], &["--config", path]].concat()).0, 1);
}

#[test]
fn help_version_and_completions_go_out_and_succeed() {
    let (code, out, _) = run(&["--version"]);
    assert_eq!((code, out), (0, format!("opscon {}\n", env!("CARGO_PKG_VERSION"))));
    let (code, out, _) = run(&["--help"]);
    assert_eq!(code, 0);
    assert!(out.contains("drill") && out.contains("status"));
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let (code, out, _) = run(&["completions", shell]);
        assert_eq!(code, 0);
        assert!(out.contains("opscon"));
    }
}

#[test]
fn a_plan_is_printed_and_a_refusal_has_a_code_of_its_own() {
    let world = ["--world", "drill:bad-deploy@9m"];
    let planned = |said: &[&str]| run(&[&["plan"], said, &world].concat());
    let (code, out, _) = planned(&["asg.scale", "web", "--desired", "20"]);
    assert_eq!(code, 0);
    for part in
        ["web: 8 → 20 instances", "max       12 → 20", "typing `web acme-prod`", "--max-size 20", "Nothing was sent."]
    {
        assert!(out.contains(part), "{part:?} is not in {out}");
    }
    let (code, out, _) = planned(&["asg.scale", "web", "--desired", "20", "-o", "json"]);
    let plan: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &plan["need"], &plan["steps"][0]["desired"]), (0, &"name-and-account".into(), &20.into()));
    let (code, out, _) = planned(&["asg.scale", "web", "--desired", "2"]);
    assert_eq!((code, out.lines().next()), (4, Some("refused: 2 is not between 4 and 12")));
    let (code, out, _) = planned(&["asg.scale", "nobody", "--desired", "2"]);
    assert_eq!((code, out.lines().next()), (4, Some("refused: there is no group called nobody")));
    check_usage(&["plan", "asg.scal", "web"], &["did you mean `asg.scale`?"]);
}
