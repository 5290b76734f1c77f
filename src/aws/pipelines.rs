//! CodePipeline: where every pipeline stands, what it ran lately, and how long that usually takes.

mod runs;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_codepipeline::operation::list_pipelines::ListPipelinesOutput;
use aws_sdk_codepipeline::types::{
    ActionDeclaration, ActionExecutionDetail, ActionExecutionStatus, ActionState, ErrorDetails, PipelineDeclaration,
    PipelineExecutionStatus, PipelineExecutionSummary, PipelineSummary, StageExecution, StageExecutionStatus,
    StageState, TransitionState,
};
use jiff::{SignedDuration, Timestamp};

use super::ask::{Ask, denied_in_part, gather, unread};
use super::convert::{name_of_arn, text, time};
use super::sources::sources;
use crate::domain::delivery::{
    Action, ActionRun, Execution, Pipeline, PipelineSource, RUNS, Revision, RunStatus, Stage,
};
use crate::domain::list::List;
use crate::domain::text::Text;
use crate::world::port::{CloudError, FaultClass};

/// Two calls each, eight in a second: more would not be done before they are due again. The ones changed last are read.
const MOST: usize = 100;
/// Executions read of each, newest first.
const EXECUTIONS: i32 = 20;
/// Runs a median is taken of, and the fewest that make something usual.
const MEDIAN_OF: usize = 20;
const LEAST: usize = 3;

/// What was read of the pipelines before and need not be read again.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<HashMap<String, Known>>);

#[derive(Clone, Debug, Default)]
struct Known {
    /// The version of the pipeline the shape is of.
    version: Option<i32>,
    shape: Arc<Shape>,
    sources: Vec<PipelineSource>,
    /// Newest runs of all actions when `runs` was read, as far as the state tells them apart.
    at: Vec<String>,
    runs: Option<Arc<[Run]>>,
    /// Why there are no runs.
    gap: Option<CloudError>,
}

/// What every action is, by stage and name: the state does not tell it.
type Shape = BTreeMap<(String, String), Declared>;

/// As much of an action's declaration as is shown. Its configuration may hold secrets, so only names are taken from it.
#[derive(Clone, Debug, Default, PartialEq)]
struct Declared {
    category: Text,
    provider: Text,
    targets: Vec<Text>,
    /// Where it is another than the pipeline's own.
    region: Option<Text>,
    role: Option<Text>,
}

/// Where a configuration names what is deployed to.
const TARGETS: [&str; 6] =
    ["ServiceName", "ApplicationName", "FunctionName", "StackName", "EnvironmentName", "BucketName"];

/// One run of one action.
#[derive(Clone, Debug, PartialEq)]
struct Run {
    id: String,
    execution: String,
    stage: String,
    action: String,
    status: RunStatus,
    started: Timestamp,
    updated: Timestamp,
    outputs: Vec<Text>,
    summary: Text,
    external_id: Option<Text>,
    link: Option<Text>,
}

impl Memory {
    fn get(&self, name: &str) -> Known {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned().unwrap_or_default()
    }

    fn put(&self, name: &str, known: Known) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), known);
    }

    /// Forgets pipelines that are gone.
    fn keep(&self, names: &[&str]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|name, _| names.contains(&name.as_str()));
    }
}

pub(super) async fn pipelines(ask: &Ask<'_>) -> Result<List<Pipeline>, CloudError> {
    let pages = ask.clients.codepipeline.list_pipelines().into_paginator().stop_on_duplicate_token(false).send();
    let pages = ask.pages("codepipeline:ListPipelines", pages).await?;
    let mut listed: Vec<&PipelineSummary> = pages.iter().flat_map(ListPipelinesOutput::pipelines).collect();
    listed.sort_by(|a, b| b.updated().cmp(&a.updated()).then_with(|| a.name().cmp(&b.name())));
    if listed.len() > MOST {
        ask.gap(unread("codepipeline:GetPipelineState", listed.len() - MOST, "pipelines, those edited longest ago,"));
        listed.truncate(MOST);
    }
    let (mut all, mut denied) = (Vec::new(), None);
    let one = async |summary: &PipelineSummary| match pipeline(ask, summary).await {
        // One that is denied is no reason to show none.
        Err(error) if error.class == FaultClass::Denied => Ok(Err(error)),
        other => other.map(Ok),
    };
    for one in gather(listed.iter().map(|summary| one(summary)).collect()).await? {
        match one {
            Ok(pipeline) => all.extend(pipeline),
            Err(error) => denied = Some(error),
        }
    }
    denied_in_part(ask, denied, all.is_empty())?;
    let names: Vec<&str> = listed.iter().filter_map(|summary| summary.name()).collect();
    ask.place.pipelines.keep(&names);
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(List::new(all))
}

/// One pipeline; nothing if it was deleted since it was listed.
async fn pipeline(ask: &Ask<'_>, summary: &PipelineSummary) -> Result<Option<Pipeline>, CloudError> {
    let Some(name) = summary.name() else { return Ok(None) };
    let client = &ask.clients.codepipeline;
    let state = client.get_pipeline_state().name(name).send();
    let Some(state) = there(ask.call("codepipeline:GetPipelineState", state).await)? else { return Ok(None) };
    let executions = client.list_pipeline_executions().pipeline_name(name).max_results(EXECUTIONS).send();
    let executions = ask.call("codepipeline:ListPipelineExecutions", executions).await;
    let Some(executions) = there(executions)? else { return Ok(None) };

    let mut known = ask.place.pipelines.get(name);
    let version = state.pipeline_version().or(summary.version());
    if known.shape.is_empty() || known.version != version {
        let declared = client.get_pipeline().name(name).send();
        // It only tells what kind of actions these are.
        if let Some(declared) = ask.or_gap(ask.call("codepipeline:GetPipeline", declared).await)? {
            let own = ask.place.scope.region.as_str();
            known.shape = Arc::new(declared.pipeline().map(|it| shape(it, own)).unwrap_or_default());
            known.sources = declared.pipeline().map(sources).unwrap_or_default();
            known.version = version;
        }
    }
    let at = newest_runs(state.stage_states());
    if known.at != at || (known.runs.is_none() && known.gap.is_none()) {
        let read = runs::last(ask, name, known.shape.len(), known.runs.as_deref()).await;
        known.gap = read.as_ref().err().cloned();
        known.runs = ask.or_gap(read)?.map(Arc::from);
        known.at = at;
    } else if let Some(gap) = &known.gap {
        ask.gap(gap.clone());
    }
    let mut pipeline = assemble(
        summary,
        state.stage_states(),
        executions.pipeline_execution_summaries(),
        &known.shape,
        known.runs.as_deref(),
    );
    pipeline.sources.clone_from(&known.sources);
    ask.place.pipelines.put(name, known);
    Ok(Some(pipeline))
}

/// An answer about a pipeline that may have been deleted meanwhile.
fn there<T>(outcome: Result<T, CloudError>) -> Result<Option<T>, CloudError> {
    match outcome {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.class == FaultClass::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn shape(declared: &PipelineDeclaration, own: &str) -> Shape {
    let actions = declared.stages().iter().flat_map(|stage| stage.actions().iter().map(move |action| (stage, action)));
    let of = |action: &ActionDeclaration| {
        let kind = action.action_type_id()?;
        let configuration = action.configuration();
        Some(Declared {
            category: Text::new(kind.category().as_str()),
            provider: Text::new(kind.provider()),
            targets: TARGETS.iter().filter_map(|key| configuration?.get(*key)).map(|name| Text::new(name)).collect(),
            region: action.region().filter(|region| *region != own).map(Text::new),
            role: action.role_arn().map(Text::new),
        })
    };
    actions
        .filter_map(|(stage, action)| Some(((stage.name().to_owned(), action.name().to_owned()), of(action)?)))
        .collect()
}

/// What tells one round of runs from the next.
fn newest_runs(stages: &[StageState]) -> Vec<String> {
    let newest = stages.iter().flat_map(StageState::action_states).filter_map(ActionState::latest_execution);
    newest
        .map(|run| {
            let status = run.status().map_or("", ActionExecutionStatus::as_str);
            format!("{} {status}", run.action_execution_id().unwrap_or(""))
        })
        .collect()
}

fn run(detail: &ActionExecutionDetail) -> Option<Run> {
    let outputs = detail.output().map_or(&[][..], |output| output.output_artifacts());
    let result = detail.output().and_then(|output| output.execution_result());
    let said = result.and_then(|result| result.external_execution_summary());
    let error = result.and_then(|result| result.error_details()).and_then(why);
    Some(Run {
        id: detail.action_execution_id()?.to_owned(),
        execution: detail.pipeline_execution_id().unwrap_or("").to_owned(),
        stage: detail.stage_name()?.to_owned(),
        action: detail.action_name()?.to_owned(),
        status: action_status(detail.status()),
        started: time(detail.start_time()?),
        updated: time(detail.last_update_time().or(detail.start_time())?),
        outputs: outputs
            .iter()
            .filter_map(|artifact| {
                let at = artifact.s3_location()?;
                Some(Text::from(format!("s3://{}/{}", at.bucket()?, at.key()?)))
            })
            .collect(),
        summary: error.unwrap_or_else(|| message(said)),
        external_id: result.and_then(|result| result.external_execution_id()).map(Text::new),
        link: result.and_then(|result| result.external_execution_url()).map(Text::new),
    })
}

/// Why something failed: in words, or by its code where that is all there is.
fn why(error: &ErrorDetails) -> Option<Text> {
    error.message().filter(|words| !words.is_empty()).or(error.code()).map(Text::new)
}

/// Joins what the state, the executions, the structure and the runs of actions tell of one pipeline.
fn assemble(
    summary: &PipelineSummary,
    stages: &[StageState],
    executions: &[PipelineExecutionSummary],
    shape: &Shape,
    runs: Option<&[Run]>,
) -> Pipeline {
    let mut listed: Vec<Execution> = executions.iter().filter_map(execution).collect();
    for run in &mut listed {
        run.succeeded_in = succeeded_in(run, stages, shape, runs.unwrap_or_default());
    }
    listed.sort_by(|a, b| b.started.cmp(&a.started).then_with(|| a.id.cmp(&b.id)));
    let versions: HashMap<&str, &Text> =
        listed.iter().filter_map(|run| Some((run.id.as_str(), run.version.as_ref()?))).collect();
    let stages = stages
        .iter()
        .map(|stage| {
            let name = stage.stage_name().unwrap_or("");
            let newest = stage.latest_execution();
            let inbound = stage.inbound_transition_state();
            let of = |action: &ActionState| {
                let key = (name.to_owned(), action.action_name().unwrap_or("").to_owned());
                let past = runs.map(|runs| past(runs, &key));
                one(
                    action,
                    shape.get(&key),
                    past.as_deref(),
                    newest.map(StageExecution::pipeline_execution_id),
                    &versions,
                )
            };
            Stage {
                name: Text::new(name),
                status: newest.map_or(RunStatus::NotStarted, |run| stage_status(run.status())),
                inbound_enabled: inbound.is_none_or(TransitionState::enabled),
                closed: inbound.filter(|inbound| !inbound.enabled()).map_or_else(Text::default, |inbound| {
                    let said = [inbound.disabled_reason(), inbound.last_changed_by().map(name_of_arn)];
                    Text::from(said.into_iter().flatten().collect::<Vec<_>>().join(", by "))
                }),
                execution: newest.map(|run| Text::new(run.pipeline_execution_id())),
                waiting: stage
                    .inbound_execution()
                    .or(stage.inbound_executions().first())
                    .map(|run| Text::new(run.pipeline_execution_id())),
                actions: stage.action_states().iter().map(of).collect(),
            }
        })
        .collect();
    Pipeline {
        name: text(summary.name()),
        edited: summary.updated().map(time),
        mode: summary.execution_mode().map(|mode| Text::new(mode.as_str())),
        sources: Vec::new(),
        stages,
        executions: listed,
    }
}

/// One that succeeded did so in every stage. Of another it is known where each action the stage has succeeded for it, as far
/// back as runs are read.
fn succeeded_in(execution: &Execution, stages: &[StageState], shape: &Shape, runs: &[Run]) -> Vec<Text> {
    let names = stages.iter().filter_map(StageState::stage_name);
    let has = |name: &str| {
        if execution.status == RunStatus::Succeeded && !execution.is_rollback() {
            return true;
        }
        let mut actions = shape.keys().filter(|(stage, _)| stage == name).peekable();
        actions.peek().is_some()
            && actions.all(|key| {
                let its: Vec<&Run> = past(runs, key).into_iter().filter(|run| execution.id == *run.execution).collect();
                its.first().is_some_and(|newest| newest.status == RunStatus::Succeeded)
            })
    };
    names.filter(|name| has(name)).map(Text::new).collect()
}

/// The runs of one action, newest first.
fn past<'a>(runs: &'a [Run], (stage, action): &(String, String)) -> Vec<&'a Run> {
    let mut past: Vec<&Run> = runs.iter().filter(|run| run.stage == *stage && run.action == *action).collect();
    past.sort_by_key(|run| std::cmp::Reverse(run.started));
    past
}

fn one(
    action: &ActionState,
    kind: Option<&Declared>,
    past: Option<&[&Run]>,
    stage_execution: Option<&str>,
    versions: &HashMap<&str, &Text>,
) -> Action {
    let newest = action.latest_execution();
    let status = newest.map_or(RunStatus::NotStarted, |run| action_status(run.status()));
    let run = newest.and_then(|newest| past?.iter().find(|run| newest.action_execution_id() == Some(run.id.as_str())));
    let changed = newest.and_then(|newest| newest.last_status_change()).map(time);
    let is_running = status == RunStatus::InProgress;
    let error = newest.and_then(|newest| newest.error_details()).and_then(why);
    // The action may be of an earlier execution than the stage, which has just begun anew.
    let execution = newest.and(run.map(|run| run.execution.as_str()).or(stage_execution));
    Action {
        name: text(action.action_name()),
        category: kind.map(|kind| kind.category.clone()),
        provider: kind.map(|kind| kind.provider.clone()),
        status,
        version: execution.and_then(|id| versions.get(id)).map(|version| (*version).clone()),
        started: run.map(|run| run.started).or(changed.filter(|_| is_running)),
        finished: changed.filter(|_| !is_running),
        usual: past.and_then(usual),
        summary: error.clone().unwrap_or_else(|| message(newest.and_then(|newest| newest.summary()))),
        by: text(newest.and_then(|newest| newest.last_updated_by()).map(name_of_arn)),
        tests: None,
        // A pipeline need not declare any, and what it declares and does not get fails the action.
        outputs: run.map(|run| run.outputs.clone()).filter(|outputs| !outputs.is_empty()),
        flaky: past.and_then(|past| flaky(past, versions)),
        token: newest.filter(|_| is_running).and_then(|newest| newest.token()).map(Text::new),
        execution: execution.map(Text::new),
        external_id: newest.and_then(|newest| newest.external_execution_id()).map(Text::new),
        link: newest.and_then(|newest| newest.external_execution_url()).map(Text::new),
        error,
        history: past.map(|past| past.iter().take(RUNS).map(|run| history(run, versions)).collect()),
        // Whoever carried it out has the log, not CodePipeline.
        log: None,
        targets: kind.map_or_else(Vec::new, |kind| kind.targets.clone()),
        region: kind.and_then(|kind| kind.region.clone()),
        role: kind.and_then(|kind| kind.role.clone()),
    }
}

fn history(run: &Run, versions: &HashMap<&str, &Text>) -> ActionRun {
    ActionRun {
        execution: Text::new(&run.execution),
        version: versions.get(run.execution.as_str()).map(|version| (*version).clone()),
        status: run.status,
        started: run.started,
        finished: (run.status != RunStatus::InProgress).then_some(run.updated),
        summary: run.summary.clone(),
        external_id: run.external_id.clone(),
        link: run.link.clone(),
    }
}

/// Median of the newest that succeeded.
fn usual(past: &[&Run]) -> Option<SignedDuration> {
    let took = past.iter().filter(|run| run.status == RunStatus::Succeeded);
    let mut took: Vec<SignedDuration> =
        took.take(MEDIAN_OF).map(|run| run.updated.duration_since(run.started)).collect();
    took.sort_unstable();
    (took.len() >= LEAST).then(|| took.get(took.len() / 2).copied()).flatten()
}

/// Whether its newest run succeeded where one before had failed on the same commit.
fn flaky(past: &[&Run], versions: &HashMap<&str, &Text>) -> Option<bool> {
    let (newest, before) = past.split_first()?;
    let is_same = |run: &Run| {
        let version = versions.get(run.execution.as_str());
        run.execution == newest.execution || (version.is_some() && version == versions.get(newest.execution.as_str()))
    };
    let failed = before.iter().any(|run| run.status == RunStatus::Failed && is_same(run));
    Some(newest.status == RunStatus::Succeeded && failed)
}

fn execution(summary: &PipelineExecutionSummary) -> Option<Execution> {
    let status = execution_status(summary.status());
    let trigger = summary.trigger();
    let kind = trigger.and_then(|trigger| trigger.trigger_type());
    let revision = summary.source_revisions().iter().find_map(|source| {
        Some(Revision {
            id: Text::new(source.revision_id()?),
            author: None,
            message: message(source.revision_summary()),
        })
    });
    Some(Execution {
        id: Text::new(summary.pipeline_execution_id()?),
        version: revision.as_ref().map(|revision| Text::new(revision.short())),
        status,
        trigger: kind.map(|kind| Text::new(kind.as_str())),
        // The detail of a push is the webhook's name.
        by: trigger
            .and_then(|trigger| trigger.trigger_detail())
            .filter(|detail| detail.starts_with("arn:") && (detail.contains(":iam:") || detail.contains(":sts:")))
            .map(|arn| Text::new(name_of_arn(arn))),
        started: time(summary.start_time()?),
        finished: summary.last_update_time().filter(|_| status != RunStatus::InProgress).map(time),
        revision,
        returns_to: summary
            .rollback_metadata()
            .and_then(|rollback| rollback.rollback_target_pipeline_execution_id())
            .map(Text::new),
        succeeded_in: Vec::new(),
    })
}

/// What a source says of a revision: of a connection it is JSON around the commit's message.
fn message(raw: Option<&str>) -> Text {
    let Some(raw) = raw else { return Text::default() };
    let json: Option<serde_json::Value> = serde_json::from_str(raw).ok();
    let commit = json.as_ref().and_then(|json| json.get("CommitMessage")).and_then(serde_json::Value::as_str);
    // The first line says it; what follows is for those who read the commit.
    Text::new(commit.unwrap_or(raw).lines().next().unwrap_or(""))
}

fn action_status(status: Option<&ActionExecutionStatus>) -> RunStatus {
    match status {
        Some(ActionExecutionStatus::Succeeded) => RunStatus::Succeeded,
        Some(ActionExecutionStatus::Failed) => RunStatus::Failed,
        Some(ActionExecutionStatus::InProgress) => RunStatus::InProgress,
        Some(ActionExecutionStatus::Abandoned) => RunStatus::Stopped,
        _ => RunStatus::Unknown,
    }
}

fn stage_status(status: &StageExecutionStatus) -> RunStatus {
    match status {
        StageExecutionStatus::Succeeded => RunStatus::Succeeded,
        StageExecutionStatus::Failed => RunStatus::Failed,
        StageExecutionStatus::InProgress | StageExecutionStatus::Stopping => RunStatus::InProgress,
        StageExecutionStatus::Stopped => RunStatus::Stopped,
        StageExecutionStatus::Cancelled => RunStatus::Cancelled,
        StageExecutionStatus::Skipped => RunStatus::NotStarted,
        _ => RunStatus::Unknown,
    }
}

fn execution_status(status: Option<&PipelineExecutionStatus>) -> RunStatus {
    match status {
        Some(PipelineExecutionStatus::Succeeded) => RunStatus::Succeeded,
        Some(PipelineExecutionStatus::Failed) => RunStatus::Failed,
        Some(PipelineExecutionStatus::InProgress | PipelineExecutionStatus::Stopping) => RunStatus::InProgress,
        Some(PipelineExecutionStatus::Stopped) => RunStatus::Stopped,
        Some(PipelineExecutionStatus::Cancelled) => RunStatus::Cancelled,
        Some(PipelineExecutionStatus::Superseded) => RunStatus::Superseded,
        _ => RunStatus::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_codepipeline::types::{
        ActionCategory, ActionExecution, ActionOwner, ActionTypeId, ExecutionTrigger, SourceRevision, StageDeclaration,
        TriggerType,
    };
    use aws_smithy_types::DateTime;

    const SHA: &str = "4be1f2c0de4be1f2c0de4be1f2c0de4be1f2c0de";

    fn at(second: i64) -> DateTime {
        DateTime::from_secs(1_773_000_000 + second)
    }

    fn summary(id: &str, second: i64) -> PipelineExecutionSummary {
        let source = SourceRevision::builder()
            .action_name("GitHub")
            .revision_id(SHA)
            .revision_summary(r#"{"ProviderType":"GitHub","CommitMessage":"cache the basket\n\nlong story"}"#)
            .build()
            .unwrap();
        PipelineExecutionSummary::builder()
            .pipeline_execution_id(id)
            .status(PipelineExecutionStatus::Superseded)
            .start_time(at(second))
            .last_update_time(at(second + 60))
            .source_revisions(source)
            .trigger(
                ExecutionTrigger::builder()
                    .trigger_type(TriggerType::StartPipelineExecution)
                    .trigger_detail("arn:aws:sts::123456789012:assumed-role/Admin/maria")
                    .build(),
            )
            .build()
    }

    fn named(name: &str) -> PipelineSummary {
        PipelineSummary::builder().name(name).updated(at(-90)).build()
    }

    fn run_of(id: &str, execution: &str, status: RunStatus, started: i64, took: i64) -> Run {
        Run {
            id: id.into(),
            execution: execution.into(),
            stage: "Checks".into(),
            action: "Unit".into(),
            status,
            started: time(&at(started)),
            updated: time(&at(started + took)),
            outputs: Vec::new(),
            summary: Text::default(),
            external_id: Some("web-unit:1".into()),
            link: None,
        }
    }

    fn stage(action: ActionExecution) -> StageState {
        StageState::builder()
            .stage_name("Checks")
            .latest_execution(
                StageExecution::builder()
                    .pipeline_execution_id("e2")
                    .status(StageExecutionStatus::Failed)
                    .build()
                    .unwrap(),
            )
            .inbound_transition_state(
                TransitionState::builder()
                    .enabled(false)
                    .disabled_reason("freeze")
                    .last_changed_by("arn:aws:iam::1:user/lena")
                    .build(),
            )
            .action_states(ActionState::builder().action_name("Unit").latest_execution(action).build())
            .build()
    }

    #[test]
    fn a_pipeline_is_joined_from_four_answers() {
        let failed = ActionExecution::builder()
            .action_execution_id("a2")
            .status(ActionExecutionStatus::Failed)
            .last_status_change(at(190))
            .error_details(ErrorDetails::builder().message("3 tests failed").build())
            .build();
        let declared = Declared { category: "Test".into(), provider: "CodeBuild".into(), ..Declared::default() };
        let shape: Shape = [(("Checks".to_owned(), "Unit".to_owned()), declared)].into();
        let runs = [run_of("a1", "e1", RunStatus::Succeeded, 0, 60), run_of("a2", "e2", RunStatus::Failed, 100, 90)];
        let pipeline =
            assemble(&named("web"), &[stage(failed)], &[summary("e1", 0), summary("e2", 90)], &shape, Some(&runs));
        assert_eq!(pipeline.executions[0].id, "e2");
        assert_eq!(pipeline.executions[0].status, RunStatus::Superseded);
        assert_eq!(pipeline.executions[0].by, Some("maria".into()));
        assert_eq!(pipeline.executions[0].revision.as_ref().unwrap().message, "cache the basket");
        let stage = &pipeline.stages[0];
        assert_eq!((stage.status, stage.inbound_enabled), (RunStatus::Failed, false));
        assert_eq!(stage.closed, "freeze, by lena");
        let action = &stage.actions[0];
        assert_eq!(action.category, Some("Test".into()));
        assert_eq!(action.version, Some("4be1f2c".into()));
        assert_eq!(action.took(Timestamp::MAX), Some(SignedDuration::from_secs(90)));
        assert_eq!((action.usual, action.flaky), (None, Some(false)));
        assert_eq!(
            (action.summary.as_str(), action.error.as_ref().map(Text::as_str)),
            ("3 tests failed", Some("3 tests failed"))
        );
        let history: Vec<(&str, Option<&str>, i64)> = action
            .history
            .iter()
            .flatten()
            .map(|run| {
                let version = run.version.as_ref().map(Text::as_str);
                (run.execution.as_str(), version, run.took(Timestamp::MAX).as_secs())
            })
            .collect();
        assert_eq!(history, [("e2", Some("4be1f2c"), 90), ("e1", Some("4be1f2c"), 60)]);
        assert!(action.log.is_none(), "CodePipeline has no logs");
        // What is asked before a rollback: what is in the stage, what succeeded there, and since when it is this pipeline.
        assert_eq!((stage.execution.clone(), action.token.clone()), (Some("e2".into()), None));
        assert_eq!(pipeline.executions[1].succeeded_in, ["Checks"]);
        assert!(pipeline.executions[0].succeeded_in.is_empty());
        assert_eq!(pipeline.edited, Some(time(&at(-90))));
    }

    #[test]
    fn what_is_not_told_is_not_made_up() {
        let waiting = ActionExecution::builder().status(ActionExecutionStatus::from("Dreaming")).build();
        let pipeline =
            assemble(&named("web"), &[stage(waiting), StageState::builder().build()], &[], &Shape::new(), None);
        let action = &pipeline.stages[0].actions[0];
        assert_eq!(action.status, RunStatus::Unknown);
        assert!(action.category.is_none() && action.version.is_none() && action.started.is_none());
        assert!(action.outputs.is_none() && action.flaky.is_none());
        assert_eq!(pipeline.stages[1].status, RunStatus::NotStarted);
        assert!(pipeline.stages[1].inbound_enabled);
        assert_eq!(message(Some("plain words\nmore")), "plain words");
    }

    #[test]
    fn a_declaration_tells_where_and_as_whom_an_action_runs_and_no_secret_of_it() {
        let kind = ActionTypeId::builder()
            .category(ActionCategory::Deploy)
            .owner(ActionOwner::Aws)
            .provider("ECS")
            .version("1")
            .build()
            .unwrap();
        let action = |name: &str, region: &str| {
            ActionDeclaration::builder()
                .name(name)
                .action_type_id(kind.clone())
                .configuration("ServiceName", "catalog")
                .configuration("OAuthToken", "s3cr3t")
                .region(region)
                .role_arn("arn:aws:iam::210987654321:role/deploy")
                .build()
                .unwrap()
        };
        let stage = StageDeclaration::builder()
            .name("Production")
            .actions(action("Here", "eu-west-1"))
            .actions(action("There", "eu-central-1"))
            .build()
            .unwrap();
        let pipeline = PipelineDeclaration::builder()
            .name("shop")
            .role_arn("arn:aws:iam::123456789012:role/pipeline")
            .stages(stage)
            .build()
            .unwrap();
        let shape = shape(&pipeline, "eu-west-1");
        let of = |name: &str| &shape[&("Production".to_owned(), name.to_owned())];
        assert_eq!((of("Here").region.clone(), of("There").region.clone()), (None, Some("eu-central-1".into())));
        assert_eq!(of("Here").targets, ["catalog"]);
        assert_eq!(of("Here").role, Some("arn:aws:iam::210987654321:role/deploy".into()));
        assert!(!format!("{shape:?}").contains("s3cr3t"));
    }

    #[test]
    fn the_usual_is_the_median_of_what_went_well() {
        let mut runs: Vec<Run> =
            (0..3).map(|at| run_of("x", "e", RunStatus::Succeeded, at * 1_000, 60 + at * 60)).collect();
        runs.push(run_of("x", "e", RunStatus::Failed, 9_000, 1));
        let of: Vec<&Run> = runs.iter().collect();
        assert_eq!(usual(&of), Some(SignedDuration::from_secs(120)));
        assert_eq!(usual(&of[..2]), None);
    }

    #[test]
    fn failed_then_passed_on_the_same_commit_is_flaky() {
        let (one, two) = (Text::new("4be1f2c"), Text::new("0000000"));
        let versions: HashMap<&str, &Text> = [("e1", &one), ("e2", &one), ("e3", &two)].into();
        let passed = run_of("b", "e2", RunStatus::Succeeded, 100, 60);
        let failed = |execution: &str| run_of("a", execution, RunStatus::Failed, 0, 60);
        assert_eq!(flaky(&[&passed, &failed("e1")], &versions), Some(true));
        assert_eq!(flaky(&[&passed, &failed("e3")], &versions), Some(false));
        assert_eq!(flaky(&[&failed("e1"), &failed("e1")], &versions), Some(false));
        assert_eq!(flaky(&[], &versions), None);
    }
}
