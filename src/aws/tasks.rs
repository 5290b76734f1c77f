//! ECS tasks: which are listed, and how often the places of a service were restarted.
//!
//! ECS knows of no places, only of tasks that end and others that begin. So the tasks of a service that failed in the last
//! ten minutes are counted, and the count is dealt out to those that began in that time: they took the places. One task that
//! crashes again and again then has all of it, and a whole service that crashed once has one for each. What deployments,
//! scaling, people and Spot stopped did not fail.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use aws_sdk_ecs::types::{Container, HealthStatus, Task as SdkTask, TaskStopCode};
use jiff::{SignedDuration, Timestamp};

use super::convert::{name_of_arn, text, time};
use crate::domain::container::{Task, TaskHealth};
use crate::domain::text::Text;

const LATELY: SignedDuration = SignedDuration::from_mins(10);

/// All that have not stopped; and of a service that fails and starts nothing, its last attempt.
pub(super) fn listed(all: &[SdkTask], now: Timestamp) -> Vec<Task> {
    let mut failed: BTreeMap<&str, Vec<&SdkTask>> = BTreeMap::new();
    let mut begun: BTreeMap<&str, Vec<&SdkTask>> = BTreeMap::new();
    let is_late = |at: Option<Timestamp>| at.is_some_and(|at| now.duration_since(at) < LATELY);
    for it in all {
        let Some(service) = service_of(it) else { continue };
        if is_late(ended(it)) && is_failure(it) {
            failed.entry(service).or_default().push(it);
        } else if is_late(it.created_at().map(time)) && it.desired_status() == Some("RUNNING") {
            begun.entry(service).or_default().push(it);
        }
    }
    let mut tasks: BTreeMap<&str, Task> =
        all.iter().filter(|it| it.last_status() != Some("STOPPED")).map(|it| (arn(it), task(it))).collect();
    for (service, mut failed) in failed {
        failed.sort_by_key(|it| (Reverse(ended(it)), arn(it)));
        let Some(last) = failed.first() else { continue };
        let mut places = begun.remove(service).unwrap_or_default();
        places.sort_by_key(|it| (Reverse(it.created_at().map(time)), arn(it)));
        if places.is_empty() {
            places.push(last);
        }
        for (position, place) in places.iter().enumerate() {
            let restarts = failed.len() / places.len() + usize::from(position < failed.len() % places.len());
            if restarts > 0 {
                let task = tasks.entry(arn(place)).or_insert_with(|| task(place));
                task.restarts = u32::try_from(restarts).unwrap_or(u32::MAX);
                (task.exit_code, task.stopped_reason) = (exit_code(last), reason(last));
            }
        }
    }
    let mut all: Vec<Task> = tasks.into_values().collect();
    all.sort_by(|a, b| (&a.service, &a.id).cmp(&(&b.service, &b.id)));
    all
}

fn arn(it: &SdkTask) -> &str {
    it.task_arn().unwrap_or("")
}

fn service_of(it: &SdkTask) -> Option<&str> {
    it.group()?.strip_prefix("service:")
}

fn ended(it: &SdkTask) -> Option<Timestamp> {
    it.stopped_at().or(it.stopping_at()).map(time)
}

/// Whether it ended by itself, or because its health checks failed.
fn is_failure(it: &SdkTask) -> bool {
    match it.stop_code() {
        Some(TaskStopCode::EssentialContainerExited | TaskStopCode::TaskFailedToStart) => true,
        // The scheduler stops for deployments and scaling too; of failed health checks it says "Task failed ...".
        Some(TaskStopCode::ServiceSchedulerInitiated) => {
            it.stopped_reason().is_some_and(|words| words.starts_with("Task failed"))
        }
        Some(_) => false,
        None => exit_code(it).is_some_and(|code| code != 0),
    }
}

/// Containers in the order of their names: AWS's own order changes from answer to answer.
fn containers(it: &SdkTask) -> Vec<&Container> {
    let mut all: Vec<&Container> = it.containers().iter().collect();
    all.sort_by_key(|it| it.name());
    all
}

/// The container that ended it, as far as that can be told: one that failed, else one that ended.
fn culprit(it: &SdkTask) -> Option<&Container> {
    let all = containers(it);
    let of = |is: fn(&Container) -> bool| all.iter().copied().find(|it| is(it));
    of(|it| it.exit_code().is_some_and(|code| code != 0))
        .or_else(|| of(|it| it.reason().is_some()))
        .or_else(|| of(|it| it.exit_code().is_some()))
}

fn exit_code(it: &SdkTask) -> Option<i32> {
    culprit(it)?.exit_code()
}

/// `exit 137: OutOfMemoryError: Container killed due to memory usage`, or whatever of it AWS tells.
fn reason(it: &SdkTask) -> Text {
    let words = culprit(it).and_then(Container::reason).or(it.stopped_reason()).unwrap_or("");
    match (exit_code(it), words) {
        (Some(code), "") => format!("exit {code}").into(),
        (Some(code), words) => format!("exit {code}: {words}").into(),
        (None, words) => Text::new(words),
    }
}

fn task(it: &SdkTask) -> Task {
    let service = service_of(it).unwrap_or("");
    let containers = containers(it);
    let main = containers.iter().find(|it| it.name() == Some(service)).or(containers.first());
    let has_ended = it.last_status() == Some("STOPPED");
    Task {
        id: Text::new(name_of_arn(arn(it))),
        service: Text::new(service),
        image: text(main.and_then(|it| it.image())),
        digest: main.and_then(|it| it.image_digest()).filter(|digest| !digest.is_empty()).map(Text::new),
        zone: text(it.availability_zone()),
        status: text(it.last_status()),
        health: match it.health_status() {
            Some(HealthStatus::Healthy) => TaskHealth::Healthy,
            Some(HealthStatus::Unhealthy) => TaskHealth::Unhealthy,
            _ => TaskHealth::Unknown,
        },
        started: it.started_at().map(time),
        restarts: 0,
        exit_code: exit_code(it),
        stopped_reason: if has_ended { reason(it) } else { text(it.stopped_reason()) },
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::builders::TaskBuilder;
    use aws_smithy_types::DateTime;

    use super::*;

    const NOW: i64 = 10_000;

    fn one(id: &str, created: i64) -> TaskBuilder {
        SdkTask::builder()
            .task_arn(format!("arn:aws:ecs:eu-west-1:123456789012:task/prod/{id}"))
            .group("service:api")
            .created_at(DateTime::from_secs(created))
    }

    fn runs(id: &str, created: i64) -> SdkTask {
        one(id, created).last_status("RUNNING").desired_status("RUNNING").build()
    }

    fn crashed(id: &str, at: i64) -> SdkTask {
        let container = Container::builder().name("api").exit_code(137).reason("OutOfMemoryError: killed").build();
        one(id, at - 100)
            .last_status("STOPPED")
            .desired_status("STOPPED")
            .stopped_at(DateTime::from_secs(at))
            .stop_code(TaskStopCode::EssentialContainerExited)
            .stopped_reason("Essential container in task exited")
            .containers(container)
            .build()
    }

    fn restarts(all: &[SdkTask]) -> Vec<(String, u32)> {
        let all = listed(all, Timestamp::from_second(NOW).unwrap());
        all.into_iter().map(|it| (it.id.to_string(), it.restarts)).collect()
    }

    #[test]
    fn one_that_crashes_again_and_again_has_all_of_it() {
        let all = [
            runs("old", 100),
            runs("new", NOW - 20),
            crashed("a", NOW - 30),
            crashed("b", NOW - 200),
            crashed("c", NOW - 400),
            crashed("long-ago", NOW - 4_000),
        ];
        assert_eq!(restarts(&all), [("new".into(), 3), ("old".into(), 0)]);
        let told = listed(&all, Timestamp::from_second(NOW).unwrap());
        assert_eq!(
            (told[0].exit_code, told[0].stopped_reason.as_str()),
            (Some(137), "exit 137: OutOfMemoryError: killed")
        );
    }

    #[test]
    fn a_whole_service_that_crashed_once_has_one_each() {
        let all = [runs("x", NOW - 20), runs("y", NOW - 20), crashed("a", NOW - 30), crashed("b", NOW - 30)];
        assert_eq!(restarts(&all), [("x".into(), 1), ("y".into(), 1)]);
    }

    #[test]
    fn one_that_cannot_start_is_listed_by_its_last_attempt() {
        let all = [crashed("a", NOW - 300), crashed("b", NOW - 30), crashed("c", NOW - 200)];
        assert_eq!(restarts(&all), [("b".into(), 3)]);
    }

    #[test]
    fn what_was_stopped_on_purpose_did_not_fail() {
        let stopped = |code: TaskStopCode, words: &str| {
            one("a", NOW - 200)
                .last_status("STOPPED")
                .stopped_at(DateTime::from_secs(NOW - 30))
                .stop_code(code)
                .stopped_reason(words)
                .build()
        };
        use TaskStopCode::{ServiceSchedulerInitiated, SpotInterruption, UserInitiated};
        let scaling = "Scaling activity initiated by (deployment ecs-svc/1)";
        assert_eq!(restarts(&[stopped(ServiceSchedulerInitiated, scaling)]), []);
        assert_eq!(restarts(&[stopped(UserInitiated, "")]), []);
        assert_eq!(restarts(&[stopped(SpotInterruption, "")]), []);
        let sick = "Task failed container health checks";
        assert_eq!(restarts(&[stopped(ServiceSchedulerInitiated, sick)]), [("a".into(), 1)]);
    }

    #[test]
    fn a_task_without_anything_is_still_a_task() {
        let it = listed(&[SdkTask::builder().build()], Timestamp::UNIX_EPOCH);
        assert_eq!((it[0].service.as_str(), it[0].started, it[0].exit_code), ("", None, None));
    }
}
