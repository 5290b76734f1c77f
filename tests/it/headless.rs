//! `opscon run`, `journal` and `approve`: what they print, what they leave, and with which exit code.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use opscon::journal::Journal;
use opscon::ops::record::{Outcome, Person, What};
use serde_json::Value;

use crate::cli::opscon;

const SURGE: [&str; 5] = ["asg.scale", "web", "--world", "drill:traffic-surge@8m", "--speed"];

/// At home in a folder of its own.
fn at(home: &Path, args: &[&str]) -> Command {
    let mut command = opscon(args);
    command.env("HOME", home).env_remove("XDG_STATE_HOME");
    command
}

fn run(home: &Path, args: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = at(home, args).output().unwrap();
    (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

fn scale<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["run"], &SURGE[..], &["200"], more].concat()
}

fn journal(home: &Path) -> Value {
    let (code, out, complaint) = run(home, &["journal", "--drill", "-o", "json"]);
    assert_eq!(code, 0, "{complaint}");
    serde_json::from_str(&out).unwrap()
}

/// Where it is kept when nobody says otherwise.
fn book(home: &Path) -> Journal {
    Journal::at(home.join(".local/state/opscon/journal/drill"))
}

#[test]
fn it_is_carried_out_watched_and_told() {
    let home = tempfile::tempdir().unwrap();
    let words = ["--desired", "24", "--reason", "INC-1", "--confirm", "web", "--confirm", "acme-prod"];
    let (code, out, complaint) = run(home.path(), &scale(&words));
    assert_eq!(code, 0, "{out}{complaint}");
    assert!(out.contains("sends 1 of 1") && out.contains("verified: 24 in service after"), "{out}");
    let (code, out, _) = run(home.path(), &["journal", "--drill"]);
    assert_eq!(code, 0);
    for part in
        ["verified", "asg.scale", "web: 12 → 24 instances", "because: INC-1", "desired: 12 -> 24", "1 call sent of 1"]
    {
        assert!(out.contains(part), "{part:?} is not in {out}");
    }
    // What was done in a drill is not what was done.
    assert_eq!(run(home.path(), &["journal"]).1, "Nothing was done in that time.\n");
    let told = journal(home.path());
    let story = &told["operations"][0];
    assert_eq!(story["intent"]["reason"], "INC-1");
    assert_eq!(story["accepted"], 1);
    // As JSON it is one object.
    let (code, out, _) = run(home.path(), &scale(&[&words[..], &["-o", "json"]].concat()));
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &told["outcome"], &told["operation"]), (0, &"verified".into(), &"asg.scale".into()));
}

#[test]
fn a_dry_run_prints_the_plan_and_the_lines() {
    let home = tempfile::tempdir().unwrap();
    let (code, out, _) = run(home.path(), &scale(&["--desired", "24", "--dry-run"]));
    assert_eq!(code, 0);
    assert!(out.contains("aws autoscaling update-auto-scaling-group") && out.ends_with("Nothing was sent.\n"), "{out}");
    assert_eq!(journal(home.path())["operations"], serde_json::json!([]));
}

#[test]
fn what_may_not_be_done_is_refused_with_four() {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("config.toml");
    std::fs::write(&config, "[operations]\nread_only = true\n").unwrap();
    let config = config.to_str().unwrap();
    let sure = ["--reason", "x", "--confirm", "web acme-prod"];
    for (more, said) in [
        (vec!["--desired", "24", "--reason", "x"], "--confirm \"web acme-prod\" does it"),
        (vec!["--desired", "24", "--reason", "x", "--confirm", "web"], "what was confirmed is something else"),
        ([&["--desired", "12"], &sure[..]].concat(), "refused"),
        ([&["--desired", "many"], &sure[..]].concat(), "refused"),
        ([&["--desired", "24", "--config", config], &sure[..]].concat(), "operations.read_only is set"),
    ] {
        let (code, out, complaint) = run(home.path(), &scale(&more));
        assert_eq!(code, 4, "{more:?}: {out}{complaint}");
        assert!(out.contains(said) && out.ends_with("Nothing was sent.\n"), "{more:?}: {out}");
    }
    let (code, out, _) = run(home.path(), &["run", "asg.scale", "nobody", "--world", "drill:calm", "--reason", "x"]);
    assert_eq!(code, 4, "{out}");
    assert_eq!(journal(home.path())["operations"], serde_json::json!([]));
    let (code, _, complaint) = run(home.path(), &scale(&["--desired", "24"]));
    assert_eq!(code, 64);
    assert!(complaint.contains("--reason"), "{complaint}");
}

#[test]
fn a_scope_is_named_where_an_operation_is_done_to_one() {
    let home = tempfile::tempdir().unwrap();
    let go = |operation: &str, scope: &str, confirm: &str, more: &[&str]| {
        let world = ["--world", "drill:region-loss@8m", "--speed", "200", "--reason", "INC-3", "--confirm", confirm];
        run(home.path(), &[&["run", operation, scope], &world[..], more].concat())
    };
    // The next step of the plan, which is written down as what it is.
    let (code, out, complaint) = go("region.failover", "acme-prod/eu-central-1", "orders-replica-dr acme-prod", &[]);
    assert_eq!(code, 0, "{out}{complaint}");
    assert!(out.contains("step 1 of 3: orders-replica-dr: promote") && out.contains("verified"), "{out}");
    // Where there are no regions.
    let to = ["--record", "shop.acme.example", "--to", "eu-central-1"];
    let (code, out, complaint) = go("dns.switch", "acme-prod/global", "shop.acme.example acme-prod", &to);
    assert_eq!(code, 0, "{out}{complaint}");
    let told = journal(home.path());
    let names: Vec<&Value> =
        told["operations"].as_array().unwrap().iter().map(|story| &story["intent"]["operation"]).collect();
    assert_eq!(names, ["dns.switch", "replica.promote"]);
    let (code, out, _) = go("dns.switch", "acme-prod/eu-west-1", "x", &to);
    assert_eq!(code, 4);
    assert!(out.contains("scopes: acme-prod/global, acme-dev/global"), "{out}");
}

#[test]
fn all_of_dev_is_stopped_in_one_go() {
    let home = tempfile::tempdir().unwrap();
    let go = |operation: &str, more: &[&str]| {
        let world = ["--world", "drill:runaway-dev@8m", "--speed", "200", "--reason", "INC-4"];
        run(home.path(), &[&["run", operation, "acme-dev/eu-west-1"], &world[..], more].concat())
    };
    let (code, out, _) = go("dev.shutdown", &["--confirm", "acme-dev"]);
    assert!(code == 4 && out.contains("build-agent-1: its schedule is always-on"), "{out}");
    let (code, out, complaint) = go("dev.shutdown", &["--confirm", "acme-dev/eu-west-1"]);
    assert_eq!(code, 0, "{out}{complaint}");
    assert!(out.contains("sends 9 of 9") && out.contains("verified: 35 of 35 down after"), "{out}");
    // Another run is another drill, in which nothing was shut down.
    let (code, out, _) = go("dev.wake", &[]);
    assert!(code == 4 && out.contains("no tag opscon:before says what to wake"), "{out}");
    let told = journal(home.path());
    assert_eq!(told["operations"][0]["intent"]["undo"]["operation"], "dev.wake");
}

#[test]
fn killed_while_it_waits_the_journal_says_that_nobody_knows() {
    let home = tempfile::tempdir().unwrap();
    // So slowly that it cannot be done before it is killed.
    let args = ["run", "asg.scale", "web", "--world", "drill:traffic-surge@8m", "--speed", "0.1", "--desired", "24"];
    let sure = ["--reason", "INC-9", "--confirm", "web acme-prod"];
    let mut child = at(home.path(), &[&args[..], &sure[..]].concat()).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let seen = lines.map_while(Result::ok).find(|line| line.contains("of 24 in service"));
    assert!(seen.is_some());
    child.kill().unwrap();
    child.wait().unwrap();
    let (code, out, _) = run(home.path(), &["journal", "--drill"]);
    assert_eq!(code, 0);
    assert!(out.contains("no known end") && out.contains("1 call sent of 1, 1 accepted"), "{out}");
    // Nothing is held by the dead.
    let pages = book(home.path()).read(None).unwrap();
    assert_eq!(pages.entries.len(), 3);
    let held = book(home.path()).hold("acme-prod/eu-west-1\nweb").unwrap();
    assert!(held.is_some());
}

#[test]
fn a_journal_that_was_changed_says_so() {
    let home = tempfile::tempdir().unwrap();
    let words = ["--desired", "24", "--reason", "INC-1", "--confirm", "web acme-prod"];
    assert_eq!(run(home.path(), &scale(&words)).0, 0);
    let path = book(home.path()).folder().join("2026-03.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("INC-1", "INC-2")).unwrap();
    let (code, out, _) = run(home.path(), &["journal", "--drill"]);
    assert_eq!(code, 1);
    assert!(out.starts_with("changed after it was written: 2026-03.jsonl line 2\n"), "{out}");
}

#[test]
fn another_login_approves_by_the_code() {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("config.toml");
    std::fs::write(
        &config,
        "[[scope]]\nname = 'acme-prod'\nprofile = 'p'\nregions = ['eu-west-1']\nsecond_person = true\n",
    )
    .unwrap();
    let words =
        ["--desired", "24", "--reason", "INC-1", "--confirm", "web acme-prod", "--config", config.to_str().unwrap()];
    let login = |number: &str, args: &[&str]| {
        let mut command = at(home.path(), args);
        command.env("SSH_CONNECTION", number).env("USER", "ops");
        command
    };
    let mut child = login("1", &scale(&words)).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let asked = lines.find(|line| line.contains("opscon approve")).unwrap();
    let code = asked.rsplit("approve ").next().unwrap().trim_matches('`').to_owned();
    let approve = |number: &str, more: &[&str]| {
        let args = [&["approve", &code, "--drill"], more].concat();
        let Output { status, stdout, stderr } = login(number, &args).output().unwrap();
        (status.code().unwrap(), String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap())
    };
    let (code, said) = approve("1", &["--confirm", "web acme-prod"]);
    // Where the system numbers its logins, all of a test's have one.
    let is_told_apart = !Path::new("/proc/self/sessionid").exists()
        || std::fs::read_to_string("/proc/self/sessionid").unwrap().trim() == "4294967295";
    assert!(code == 4 && said.contains("the same login asked for it"), "{said}");
    if !is_told_apart {
        child.kill().unwrap();
        child.wait().unwrap();
        return;
    }
    let (code, said) = approve("2", &["--confirm", "web"]);
    assert!(code == 4 && said.contains("web: 12 → 24 instances") && said.contains("not approved"), "{said}");
    let (code, said) = approve("2", &["--confirm", "web acme-prod"]);
    assert_eq!(code, 0, "{said}");
    assert!(lines.any(|line| line.starts_with("verified: ")));
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let (code, said) = approve("2", &["--confirm", "web acme-prod"]);
    assert!(code == 4 && said.contains("nothing waits for approval"), "{said}");
    let pages = book(home.path()).read(None).unwrap();
    assert!(
        pages
            .entries
            .iter()
            .any(|entry| matches!(&entry.what, What::Granted { by: Person { user, .. } } if user == "ops"))
    );
    let last = &pages.entries.last().unwrap().what;
    assert!(matches!(last, What::Outcome { outcome: Outcome::Verified, .. }), "{last:?}");
}
