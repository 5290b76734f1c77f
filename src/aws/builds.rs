//! CodeBuild: what ran for the pipelines, how its tests went, and how the log of what failed ends.
//!
//! A pipeline knows the run of an action by the build's id, so the pipelines say which projects matter. What has ended does
//! not change, and is read once.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_codebuild::types::{
    Build as SdkBuild, BuildPhase, BuildPhaseType, LogsConfigStatusType, Report, ReportStatusType, ReportType,
    SortOrderType, StatusType, TestCaseFilter,
};
use jiff::SignedDuration;

use super::ask::{Ask, gather, unread};
use super::convert::{count, text, time};
use super::rota::{Found, Pace};
use crate::domain::build::{Artifact, Build, Phase};
use crate::domain::delivery::{Pipeline, RunStatus, TestCounts};
use crate::domain::list::List;
use crate::domain::secrets::{is_secret_name, masked};
use crate::domain::text::Text;
use crate::world::feed::{Feed, Payload};
use crate::world::port::{CloudError, FaultClass};

const BUILDS: &str = "codebuild:BatchGetBuilds";
/// Projects looked after; a call each now and then.
const MOST: usize = 200;
const PACE: Pace = Pace { at_a_time: 20, kept: SignedDuration::from_mins(5) };
/// Builds read of each project, newest first.
const HISTORY: usize = 20;
/// Builds, and reports, of one call.
const AT_ONCE: usize = 100;
/// Builds whose reports and logs are read in one turn.
const LOOKED_INTO: usize = 20;
/// Failing tests named, and lines of a log.
const NAMED: i32 = 20;
const LINES: i32 = 30;
/// Longest line of a log, and longest message.
const LONGEST: usize = 300;

/// What has ended, with all there is to know of it.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<HashMap<String, Known>>);

#[derive(Clone, Debug)]
struct Known {
    build: Arc<Build>,
    /// Where more of it is.
    more: More,
    /// Reports and log were read, or there are none.
    is_whole: bool,
}

/// What a build says of where its reports and its log are.
#[derive(Clone, Debug, Default, PartialEq)]
struct More {
    reports: Vec<String>,
    log: Option<(String, String)>,
}

pub(super) async fn builds(ask: &Ask<'_>) -> Result<List<Build>, CloudError> {
    const FIRST: &[Feed] = &[Feed::Pipelines];
    ask.place.settle(FIRST).await;
    let Some(Payload::Pipelines(pipelines)) = ask.place.seen(Feed::Pipelines) else {
        return ask.place.none_answered(FIRST).map_or_else(|| Ok(List::default()), Err);
    };
    let newest = newest_builds(&pipelines);
    let mut projects: Vec<&str> = newest.iter().map(|id| project_of(id)).collect();
    projects.dedup();
    if projects.len() > MOST {
        ask.gap(unread("codebuild:ListBuildsForProject", projects.len() - MOST, "projects"));
        projects.truncate(MOST);
    }
    let mut wanted = history(ask, &projects).await?;
    wanted.extend(newest.iter().filter(|id| projects.contains(&project_of(id))).cloned());

    let memory = &ask.place.builds;
    let mut all = memory.known(&wanted);
    let missing: Vec<&String> = wanted.iter().filter(|id| !all.contains_key(*id)).collect();
    let one = async |ids: &[&String]| {
        let ids = ids.iter().map(|id| (*id).clone()).collect();
        ask.call(BUILDS, ask.clients.codebuild.batch_get_builds().set_ids(Some(ids)).send()).await
    };
    for answer in gather(missing.chunks(AT_ONCE).map(one).collect()).await? {
        all.extend(answer.builds().iter().filter_map(known));
    }
    look_into(ask, &newest, &mut all).await?;
    memory.put(&all);
    let mut all: Vec<Arc<Build>> = all.into_values().map(|known| known.build).collect();
    all.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(List::shared(all))
}

/// The builds that are the newest runs of actions.
fn newest_builds(pipelines: &[Arc<Pipeline>]) -> BTreeSet<String> {
    let actions = pipelines.iter().flat_map(|pipeline| &pipeline.stages).flat_map(|stage| &stage.actions);
    actions
        .filter(|action| action.provider.as_ref().is_some_and(|provider| provider == "CodeBuild"))
        .filter_map(|action| action.external_id.as_ref())
        .filter(|id| !project_of(id.as_str()).is_empty())
        .map(ToString::to_string)
        .collect()
}

/// `unit` of `unit:94da3b90-…`; nothing of what is no build's id.
fn project_of(id: &str) -> &str {
    id.split_once(':').map_or("", |(project, _)| project)
}

/// The newest builds of each project, by id.
async fn history(ask: &Ask<'_>, projects: &[&str]) -> Result<BTreeSet<String>, CloudError> {
    let listed: Vec<Found<'_, _>> =
        projects.iter().map(|project| Found { key: project, changed: None, it: project }).collect();
    let wanted = ask.place.build_ids.wanted(PACE, &listed, ask.at);
    let one = async |project: &str| {
        let request = ask.clients.codebuild.list_builds_for_project().project_name(project);
        let request = request.sort_order(SortOrderType::Descending).send();
        match ask.call("codebuild:ListBuildsForProject", request).await {
            // Deleted, while the pipeline still names it.
            Err(error) if error.class == FaultClass::NotFound => Ok(None),
            outcome => ask.or_gap(outcome),
        }
    };
    let read = gather(wanted.iter().map(|found| one(found.key)).collect()).await?;
    let read = wanted.into_iter().zip(read).filter_map(|(it, answer)| {
        let ids = answer?.ids.unwrap_or_default();
        Some((it, ids.into_iter().take(HISTORY).collect::<Vec<String>>()))
    });
    Ok(ask.place.build_ids.take(read, &listed, ask.at).into_values().flatten().collect())
}

/// Reads the reports and the logs of builds that are the newest runs of actions, those never read first.
async fn look_into(
    ask: &Ask<'_>,
    newest: &BTreeSet<String>,
    all: &mut HashMap<String, Known>,
) -> Result<(), CloudError> {
    let ids: Vec<String> = newest
        .iter()
        .filter(|id| all.get(*id).is_some_and(|known| !known.is_whole && has_ended(&known.build)))
        .take(LOOKED_INTO)
        .cloned()
        .collect();
    let arns: Vec<String> = ids.iter().filter_map(|id| all.get(id)).flat_map(|it| it.more.reports.clone()).collect();
    let mut reports: HashMap<String, Report> = HashMap::new();
    let mut is_told = true;
    for arns in arns.chunks(AT_ONCE) {
        let request = ask.clients.codebuild.batch_get_reports().set_report_arns(Some(arns.to_vec())).send();
        match ask.or_gap(ask.call("codebuild:BatchGetReports", request).await)? {
            Some(answer) => {
                let told = answer.reports.unwrap_or_default();
                reports.extend(told.into_iter().filter_map(|it| Some((it.arn()?.to_owned(), it))));
            }
            None => is_told = false,
        }
    }
    let looks = ids.iter().filter_map(|id| all.get(id)).map(|known| look(ask, known, &reports)).collect();
    for (id, (tests, log, is_whole)) in ids.iter().zip(gather(looks).await?) {
        if let Some(known) = all.get_mut(id) {
            known.build = Arc::new(Build { tests, log, ..(*known.build).clone() });
            known.is_whole = is_whole && is_told;
        }
    }
    Ok(())
}

type Looked = (Option<TestCounts>, Option<Vec<Text>>, bool);

async fn look(ask: &Ask<'_>, known: &Known, reports: &HashMap<String, Report>) -> Result<Looked, CloudError> {
    let its: Vec<&Report> = known
        .more
        .reports
        .iter()
        .filter_map(|arn| reports.get(arn))
        .filter(|report| report.r#type() == Some(&ReportType::Test))
        .collect();
    let mut is_whole = its.iter().all(|report| report.status() != Some(&ReportStatusType::Generating));
    let mut tests = counts(&its);
    if let Some(tests) = tests.as_mut().filter(|tests| tests.failed > 0) {
        for report in its.iter().filter(|report| failed(report) > 0) {
            let failing = TestCaseFilter::builder().status("FAILED").build();
            let request = ask.clients.codebuild.describe_test_cases().set_report_arn(report.arn().map(str::to_owned));
            let request = request.filter(failing).max_results(NAMED).send();
            match ask.call("codebuild:DescribeTestCases", request).await {
                // It is kept for thirty days.
                Err(error) if error.class == FaultClass::NotFound => {}
                outcome => match ask.or_gap(outcome)? {
                    Some(answer) => {
                        tests.failing.extend(answer.test_cases().iter().filter_map(|it| it.name()).map(Text::new));
                    }
                    None => is_whole = false,
                },
            }
        }
        tests.failing.truncate(NAMED as usize);
    }
    let mut log = None;
    if let Some((group, stream)) = known.more.log.as_ref().filter(|_| known.build.status == RunStatus::Failed) {
        let request = ask.clients.logs.get_log_events().log_group_name(group).log_stream_name(stream);
        let request = request.limit(LINES).start_from_head(false).send();
        match ask.call("logs:GetLogEvents", request).await {
            // A log is deleted after a while, if somebody wants it so.
            Err(error) if error.class == FaultClass::NotFound => {}
            outcome => match ask.or_gap(outcome)? {
                Some(answer) => log = Some(lines(answer.events().iter().filter_map(|event| event.message()))),
                None => is_whole = false,
            },
        }
    }
    Ok((tests, log, is_whole))
}

/// The last lines of a log, as far as somebody may look over a shoulder.
fn lines<'a>(messages: impl Iterator<Item = &'a str>) -> Vec<Text> {
    let all = messages.map(str::trim_end).filter(|line| !line.is_empty());
    let all: Vec<Text> = all.map(|line| Text::cut_to(&masked(line), LONGEST)).collect();
    let from = all.len().saturating_sub(LINES as usize);
    all.into_iter().skip(from).collect()
}

/// All tests of all reports together; nothing where no report was made.
fn counts(reports: &[&Report]) -> Option<TestCounts> {
    let told: Vec<&&Report> = reports.iter().filter(|report| report.test_summary().is_some()).collect();
    let passed = |report: &Report| {
        report.test_summary().map_or(0, |summary| count(summary.status_counts().get("SUCCEEDED").copied()))
    };
    (!told.is_empty()).then(|| TestCounts {
        passed: told.iter().map(|report| passed(report)).fold(0, u32::saturating_add),
        failed: told.iter().map(|report| failed(report)).fold(0, u32::saturating_add),
        failing: Vec::new(),
    })
}

fn failed(report: &Report) -> u32 {
    let of = |word: &str| report.test_summary().map_or(0, |it| count(it.status_counts().get(word).copied()));
    of("FAILED").saturating_add(of("ERROR"))
}

fn has_ended(build: &Build) -> bool {
    !matches!(build.status, RunStatus::InProgress | RunStatus::Unknown)
}

fn known(it: &SdkBuild) -> Option<(String, Known)> {
    let id = it.id().filter(|id| !id.is_empty())?.to_owned();
    let log = it
        .logs()
        .filter(|logs| logs.cloud_watch_logs().is_none_or(|config| *config.status() != LogsConfigStatusType::Disabled));
    let log = log.and_then(|logs| Some((logs.group_name()?.to_owned(), logs.stream_name()?.to_owned())));
    let more = More { reports: it.report_arns().to_vec(), log };
    Some((id, Known { build: Arc::new(build(it)), more, is_whole: false }))
}

fn build(it: &SdkBuild) -> Build {
    Build {
        id: text(it.id()),
        project: text(it.project_name()),
        number: it.build_number().and_then(|number| u64::try_from(number).ok()),
        status: status(it.build_status()),
        word: text(it.build_status().map(StatusType::as_str)),
        commit: it.resolved_source_version().filter(|commit| !commit.is_empty()).map(Text::new),
        by: text(it.initiator()),
        started: it.start_time().map(time),
        finished: it.end_time().map(time),
        phases: it.phases().iter().map(phase).collect(),
        artifacts: it
            .artifacts()
            .into_iter()
            .chain(it.secondary_artifacts())
            .filter_map(|artifact| {
                let location = artifact.location().filter(|location| !location.is_empty())?;
                let location =
                    location.split_once(":s3:::").map_or_else(|| location.to_owned(), |(_, at)| format!("s3://{at}"));
                let sha256 = artifact.sha256_sum().filter(|sum| !sum.is_empty()).map(Text::new);
                Some(Artifact { location: location.into(), sha256 })
            })
            .collect(),
        exports: it
            .exported_environment_variables()
            .iter()
            .filter_map(|variable| {
                let name = variable.name()?;
                let value = variable.value().unwrap_or("");
                let value = if is_secret_name(name) { "****".to_owned() } else { masked(value) };
                Some((Text::new(name), Text::cut_to(&value, LONGEST)))
            })
            .collect(),
        tests: None,
        log_link: it.logs().and_then(|logs| logs.deep_link()).filter(|link| !link.is_empty()).map(Text::new),
        log: None,
    }
}

fn phase(it: &BuildPhase) -> Phase {
    let said = it.contexts().iter().filter_map(|context| context.message());
    let said: Vec<String> = said.filter(|message| !message.is_empty()).map(masked).collect();
    Phase {
        name: text(it.phase_type().map(BuildPhaseType::as_str)),
        status: text(it.phase_status().map(StatusType::as_str)),
        took: it.duration_in_seconds().filter(|seconds| *seconds >= 0).map(SignedDuration::from_secs),
        message: Text::cut_to(&said.join("; "), LONGEST),
    }
}

fn status(status: Option<&StatusType>) -> RunStatus {
    match status {
        Some(StatusType::Succeeded) => RunStatus::Succeeded,
        Some(StatusType::Failed | StatusType::Fault | StatusType::TimedOut) => RunStatus::Failed,
        Some(StatusType::InProgress) => RunStatus::InProgress,
        Some(StatusType::Stopped) => RunStatus::Stopped,
        _ => RunStatus::Unknown,
    }
}

impl Memory {
    /// Those of these that will not change any more.
    fn known(&self, wanted: &BTreeSet<String>) -> HashMap<String, Known> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        wanted.iter().filter_map(|id| Some((id.clone(), all.get(id)?.clone()))).collect()
    }

    /// Keeps what has ended, and forgets what nobody wants any more.
    fn put(&self, all: &HashMap<String, Known>) {
        let ended = all.iter().filter(|(_, known)| has_ended(&known.build));
        let ended = ended.map(|(id, known)| (id.clone(), known.clone())).collect();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = ended;
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_codebuild::types::{
        BuildArtifacts, CloudWatchLogsConfig, ExportedEnvironmentVariable, LogsLocation, PhaseContext,
        TestReportSummary,
    };
    use aws_smithy_types::DateTime;

    use super::*;

    fn failed_build() -> SdkBuild {
        let said = PhaseContext::builder()
            .status_code("COMMAND_EXECUTION_ERROR")
            .message("Error while executing command: DB_PASSWORD=hunter2 npm test. Reason: exit status 1")
            .build();
        let variable = |name: &str, value: &str| ExportedEnvironmentVariable::builder().name(name).value(value).build();
        SdkBuild::builder()
            .id("unit:94da")
            .project_name("unit")
            .build_number(41)
            .build_status(StatusType::Failed)
            .resolved_source_version("4be1f2c")
            .initiator("codepipeline/web")
            .start_time(DateTime::from_secs(1_000))
            .end_time(DateTime::from_secs(1_090))
            .phases(BuildPhase::builder().phase_type(BuildPhaseType::Install).duration_in_seconds(9).build())
            .phases(
                BuildPhase::builder()
                    .phase_type(BuildPhaseType::Build)
                    .phase_status(StatusType::Failed)
                    .contexts(said)
                    .build(),
            )
            .artifacts(BuildArtifacts::builder().location("arn:aws:s3:::bucket/web/a.zip").sha256_sum("9c2e").build())
            .exported_environment_variables(variable("IMAGE_TAG", "v42"))
            .exported_environment_variables(variable("NPM_TOKEN", "s3cret"))
            .report_arns("arn:report")
            .logs(LogsLocation::builder().group_name("/aws/codebuild/unit").stream_name("94da").build())
            .build()
    }

    #[test]
    fn a_build_tells_why_it_failed_and_no_secret() {
        let (id, known) = known(&failed_build()).unwrap();
        let build = &known.build;
        assert_eq!((id.as_str(), build.status, build.number), ("unit:94da", RunStatus::Failed, Some(41)));
        let phase = build.failure().unwrap();
        assert_eq!(phase.name, "BUILD");
        assert!(phase.message.as_str().ends_with("exit status 1"), "{}", phase.message);
        assert_eq!(build.phases[0].took, Some(SignedDuration::from_secs(9)));
        assert_eq!(build.artifacts[0].location, "s3://bucket/web/a.zip");
        assert_eq!(build.exports[0].1, "v42");
        assert_eq!(known.more.log, Some(("/aws/codebuild/unit".into(), "94da".into())));
        let all = format!("{known:?}");
        assert!(!all.contains("hunter2") && !all.contains("s3cret"), "{all}");
    }

    #[test]
    fn a_log_that_was_not_written_is_not_asked_for() {
        let off = CloudWatchLogsConfig::builder().status(LogsConfigStatusType::Disabled).build().unwrap();
        let logs = LogsLocation::builder().group_name("g").stream_name("s").cloud_watch_logs(off).build();
        let it = SdkBuild::builder().id("unit:1").logs(logs).build();
        assert_eq!(known(&it).unwrap().1.more.log, None);
        assert!(known(&SdkBuild::builder().build()).is_none());
    }

    #[test]
    fn tests_are_counted_over_all_reports() {
        let report = |passed: i32, failed: i32, error: i32| {
            let counts = HashMap::from([
                ("SUCCEEDED".to_owned(), passed),
                ("FAILED".to_owned(), failed),
                ("ERROR".to_owned(), error),
                ("SKIPPED".to_owned(), 7),
            ]);
            let summary = TestReportSummary::builder()
                .total(passed + failed + error + 7)
                .set_status_counts(Some(counts))
                .duration_in_nano_seconds(1)
                .build()
                .unwrap();
            Report::builder().test_summary(summary).build()
        };
        let (one, two, none) = (report(800, 2, 1), report(12, 0, 0), Report::builder().build());
        let told = counts(&[&one, &two, &none]).unwrap();
        assert_eq!((told.passed, told.failed), (812, 3));
        assert_eq!(counts(&[&none]), None);
    }

    #[test]
    fn a_log_ends_in_its_last_lines() {
        let many: Vec<String> = (0..40).map(|line| format!("line {line}\n")).collect();
        let told = lines(many.iter().map(String::as_str).chain(["\n", "token=abc\n"]));
        assert_eq!((told.len(), told[29].as_str(), told[0].as_str()), (30, "token=****", "line 11"));
    }

    #[test]
    fn the_pipelines_say_which_projects_matter() {
        assert_eq!(project_of("unit:94da"), "unit");
        assert_eq!(project_of("d-ABCDEF"), "");
    }
}
