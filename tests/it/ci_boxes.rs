//! The boxes of the developer workflow and of CI, by what builds, registries and repositories tell beside the pipelines.

use opscon::domain::board::BoxId;
use opscon::domain::build::Phase;
use opscon::domain::delivery::{RunStatus, TestCounts};
use opscon::domain::health::Health;
use opscon::world::board::Reading;
use opscon::world::feed::Payload;

use crate::untold::{check, told, without};

fn fact<'a>(reading: &'a Reading, label: &str) -> Option<&'a str> {
    reading.facts.iter().find(|fact| fact.label == label).map(|fact| fact.value.as_str())
}

/// The unit tests of `web` failed, with the tests its build counted, if it did.
fn failed(tests: Option<TestCounts>) -> Reading {
    told("calm", BoxId::UnitTests, move |payload| match payload {
        Payload::Pipelines(list) => Payload::Pipelines(without(&list, |it| {
            let actions = it.stages.iter_mut().flat_map(|stage| &mut stage.actions);
            for action in actions.filter(|action| action.name == "Unit-Tests") {
                action.status = RunStatus::Failed;
                action.summary = "Build terminated with state: FAILED".into();
            }
        })),
        Payload::Builds(list) => Payload::Builds(without(&list, |it| {
            it.tests.clone_from(&tests);
            it.log = Some(vec!["one".into(), "FAILED basket::total".into()]);
            it.phases.push(Phase {
                name: "BUILD".into(),
                status: "FAILED".into(),
                took: None,
                message: "npm test: exit status 1".into(),
            });
        })),
        other => other,
    })
}

#[test]
fn what_failed_is_told_by_its_build() {
    let reading = failed(None);
    assert_eq!(reading.health, Health::Bad);
    assert!(reading.summary.contains("npm test: exit status 1"), "{}", reading.summary);
    assert_eq!(fact(&reading, "failed in"), Some("BUILD: npm test: exit status 1"));
    assert_eq!(fact(&reading, "log ends"), Some("FAILED basket::total"));
    let failing = vec!["basket::total".into(), "basket::empties".into()];
    let reading = failed(Some(TestCounts { passed: 810, failed: 2, failing }));
    assert_eq!(reading.headline, "2 failed");
    assert!(reading.summary.contains("basket::total, basket::empties"), "{}", reading.summary);
    assert_eq!(fact(&reading, "failing"), Some("basket::total, basket::empties"));
}

#[test]
fn tests_are_counted_by_builds_alone() {
    let all = told("calm", BoxId::UnitTests, |payload| payload);
    assert!(fact(&all, "tests").is_some_and(|tests| tests.ends_with("passed, 0 failed")), "{:?}", all.facts);
    let none = told("calm", BoxId::UnitTests, |payload| match payload {
        Payload::Builds(list) => Payload::Builds(without(&list, |it| it.tests = None)),
        other => other,
    });
    assert_eq!((none.health, fact(&none, "tests")), (Health::Ok, None));
}

#[test]
fn what_runs_is_known_by_its_tasks() {
    const TITLE: &str = "What runs can be pulled again";
    let images = |keep: usize, has_more: bool| {
        told("calm", BoxId::RegistryPush, move |payload| match payload {
            Payload::Images(list) => Payload::Images(without(&list, |it| {
                it.has_more = has_more;
                if it.name == "acme/checkout" {
                    it.images.truncate(keep);
                }
            })),
            other => other,
        })
    };
    check(&images(100, false), TITLE, Health::Ok, "running digests present");
    let gone = images(0, false);
    assert_eq!(gone.health, Health::Bad);
    assert!(gone.summary.contains("of acme/checkout, which is no longer in the registry"), "{}", gone.summary);
    let unlisted = images(0, true);
    let seen = &unlisted.checks.iter().find(|check| check.title == TITLE).unwrap().seen;
    assert!(seen.starts_with("cannot tell: sha256:") && seen.ends_with("not among the images read"), "{seen}");
    assert_eq!(unlisted.health, Health::Unknown);
}

#[test]
fn a_registry_that_scans_nothing_found_nothing_and_says_so() {
    let reading = told("calm", BoxId::SecurityScan, |payload| match payload {
        Payload::Images(list) => Payload::Images(without(&list, |it| it.scan = None)),
        other => other,
    });
    check(&reading, "No serious findings in images", Health::Absent, "nothing to check");
    assert_eq!(fact(&reading, "repositories scanned"), Some("0"));
}

#[test]
fn pull_requests_nobody_told_are_not_young() {
    let hidden = |id| {
        told("calm", id, |payload| match payload {
            Payload::Repositories(list) => Payload::Repositories(without(&list, |it| it.pulls = None)),
            other => other,
        })
    };
    let not_read = "pull requests of acme/shop not read";
    check(&hidden(BoxId::PullRequests), "None grows old", Health::Unknown, not_read);
    check(&hidden(BoxId::PullRequests), "None conflicts", Health::Unknown, not_read);
    check(&hidden(BoxId::CodeReview), "Nobody waits long", Health::Unknown, not_read);
    let unread = told("calm", BoxId::CodeReview, |payload| match payload {
        Payload::Repositories(list) => Payload::Repositories(without(&list, |it| {
            it.pulls.iter_mut().flatten().for_each(|pull| pull.review = None);
        })),
        other => other,
    });
    check(&unread, "Nobody waits long", Health::Unknown, "reviews of 3 pull requests not read");
    assert_eq!(fact(&unread, "not read"), Some("3"));
}

#[test]
fn a_branch_without_commits_still_has_its_connection() {
    let lost = |id| {
        told("calm", id, |payload| match payload {
            Payload::Repositories(list) => Payload::Repositories(without(&list, |it| {
                it.commits = None;
                it.connection = Some("PENDING".into());
            })),
            other => other,
        })
    };
    let repository = lost(BoxId::GitRepository);
    assert_eq!((repository.health, repository.headline.as_str()), (Health::Bad, "disconnected"));
    let trigger = lost(BoxId::CiTrigger);
    check(&trigger, "The head commit was picked up", Health::Unknown, "commits of acme/shop not read");
}

#[test]
fn a_commit_has_an_author_where_its_repository_tells() {
    let of = |name: &'static str| {
        told("calm", BoxId::CiTrigger, move |payload| match payload {
            Payload::Pipelines(list) => Payload::Pipelines(without(&list, |it| {
                it.executions.iter_mut().filter_map(|run| run.revision.as_mut()).for_each(|it| it.author = None);
            })),
            Payload::Repositories(list) => Payload::Repositories(without(&list, |it| {
                it.commits.iter_mut().flatten().for_each(|commit| commit.author = name.into());
            })),
            other => other,
        })
    };
    assert!(fact(&of("Jun Park"), "commit").is_some_and(|commit| commit.ends_with(" by Jun Park")));
    assert!(fact(&of(""), "commit").is_some_and(|commit| !commit.contains(" by ")));
}
