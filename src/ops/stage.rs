//! A pipeline's stages: what failed in one is tried again, what runs is stopped, the way into one is closed and opened.

use jiff::SignedDuration;

use super::pipeline;
use crate::domain::board::BoxId;
use crate::domain::delivery::{Action, Execution, Pipeline, RunStatus, Stage};
use crate::domain::text::Text;
use crate::ops::plan::{Blast, Plan, Refusal, Undo, Why};
use crate::ops::{Ask, On, Operation, Param, Params, Progress};
use crate::world::act::Step;
use crate::world::feed::Feed;
use crate::world::item::Kind;
use crate::world::sight::Sight;

pub(super) const RETRY: Operation = Operation {
    name: "stage.retry",
    title: "Retry",
    doc: "Run again what failed in a stage of a pipeline",
    on: On::One(Kind::Pipeline),
    boxes: &[],
    params: &[Param {
        name: "stage",
        doc: "which stage; the one that failed unless it is said",
        present: |of| Some(failed(pipeline::of(of)?)?.name.to_string()),
        is_needed: false,
    }],
    feeds: &[Feed::Pipelines],
    beside: &[],
    deadline: SignedDuration::from_mins(60),
    plan: plan_retry,
    progress: |plan, sight| pipeline::after(plan, sight, |it| retried(plan, it)).unwrap_or_else(|gone| gone),
};

pub(super) const STOP: Operation = Operation {
    name: "stage.stop",
    title: "Stop",
    doc: "Stop an execution of a pipeline once what it has begun is done",
    on: On::One(Kind::Pipeline),
    boxes: &[],
    params: &[
        Param {
            name: "execution",
            doc: "which, by its version or its id; the one that runs unless it is said",
            present: |of| Some(moving(pipeline::of(of)?).next()?.called().to_string()),
            is_needed: false,
        },
        Param { name: "comment", doc: "why, for those who look at it", present: |_| None, is_needed: false },
    ],
    feeds: &[Feed::Pipelines],
    beside: &[],
    deadline: SignedDuration::from_mins(60),
    plan: plan_stop,
    progress: |plan, sight| pipeline::after(plan, sight, |it| stopped(plan, it)).unwrap_or_else(|gone| gone),
};

pub(super) const DISABLE: Operation = Operation {
    name: "transition.disable",
    title: "Close the way in",
    doc: "Let nothing more into a stage of a pipeline",
    on: On::One(Kind::Pipeline),
    boxes: &[BoxId::RollbackPlan],
    params: &[
        Param {
            name: "stage",
            doc: "which stage; the last that deploys unless it is said",
            present: |of| Some(pipeline::last_deploying(pipeline::of(of)?)?.name.to_string()),
            is_needed: false,
        },
        Param { name: "comment", doc: "why, for whoever waits before it", present: |_| None, is_needed: true },
    ],
    feeds: &[Feed::Pipelines],
    beside: &[],
    deadline: SignedDuration::from_mins(2),
    plan: |ask| plan_transition(ask, false),
    progress: |plan, sight| turned(plan, sight, false),
};

pub(super) const ENABLE: Operation = Operation {
    name: "transition.enable",
    title: "Open the way in",
    doc: "Let executions into a stage of a pipeline again",
    on: On::One(Kind::Pipeline),
    boxes: &[],
    params: &[Param {
        name: "stage",
        doc: "which stage; the closed one unless it is said",
        present: |of| Some(closed(pipeline::of(of)?).next()?.name.to_string()),
        is_needed: false,
    }],
    feeds: &[Feed::Pipelines],
    beside: &[],
    deadline: SignedDuration::from_mins(2),
    plan: |ask| plan_transition(ask, true),
    progress: |plan, sight| turned(plan, sight, true),
};

/// Of a transition, and the most of a stop.
const REASON: usize = 300;
const STOP_REASON: usize = 200;

fn failed(it: &Pipeline) -> Option<&Stage> {
    let of = |status| it.stages.iter().rfind(|stage| stage.status == status);
    of(RunStatus::Failed).or_else(|| of(RunStatus::Stopped))
}

fn moving(it: &Pipeline) -> impl Iterator<Item = &Execution> {
    it.executions.iter().filter(|run| run.status == RunStatus::InProgress)
}

fn closed(it: &Pipeline) -> impl Iterator<Item = &Stage> {
    it.stages.iter().filter(|stage| !stage.inbound_enabled)
}

fn is_bad(action: &Action) -> bool {
    matches!(action.status, RunStatus::Failed | RunStatus::Stopped)
}

fn plan_retry(ask: &Ask<'_>) -> Result<Plan, Refusal> {
    let it = pipeline::asked(ask)?;
    let stage = match ask.word("stage") {
        Some(name) => pipeline::stage_called(it, name)?,
        None => failed(it).ok_or_else(|| Refusal::new(Why::Nothing, format!("nothing failed in {}", it.name)))?,
    };
    if !matches!(stage.status, RunStatus::Failed | RunStatus::Stopped | RunStatus::Unknown) {
        let why = if stage.status == RunStatus::InProgress { Why::State } else { Why::Nothing };
        let text = format!("{} of {} {}: there is nothing to try again", stage.name, it.name, now(stage.status));
        return Err(Refusal::new(why, text));
    }
    let Some(id) = &stage.execution else {
        let text = format!("which execution failed in {} of {} is not told", stage.name, it.name);
        return Err(Refusal::new(Why::Blind, text));
    };
    let version = pipeline::called(it, id);
    let title = format!("{}: {} once more with {version}", it.name, stage.name);
    let mut plan = Plan::begin(ask, Blast::Disruptive, title);
    plan.params.insert("stage".into(), stage.name.to_string());
    plan.change("stage", as_it_ended(stage), "running".to_owned());
    plan.steps.push(Step::RetryStage { pipeline: it.name.clone(), stage: stage.name.clone(), execution: id.clone() });
    let again = pipeline::names(stage.actions.iter().filter(|action| is_bad(action)));
    let again = if again.is_empty() { "what failed".to_owned() } else { again };
    plan.effects.push(format!("{again} of {version} runs again, with the same artifacts"));
    plan.effects.push(format!("it failed with: {}", pipeline::ended(stage)));
    plan.effects.push("what has not changed since fails again; there is nothing to undo but `stage.stop`".into());
    if stage.status != RunStatus::Failed {
        plan.warnings.push(format!("{} {}: AWS may not take a retry", stage.name, now(stage.status)));
    }
    let newer = it.execution(id.as_str()).map(|run| run.started);
    if moving(it).any(|run| newer.is_some_and(|started| run.started > started)) {
        plan.warnings.push("a newer execution is on its way".into());
    }
    plan.expects = format!("{} succeeds with {version}", stage.name);
    Ok(plan)
}

/// With the time, so that the next failure is told from this one whatever our clock says.
fn as_it_ended(stage: &Stage) -> String {
    let times =
        stage.actions.iter().filter(|action| is_bad(action)).flat_map(|action| [action.started, action.finished]);
    let newest = times.flatten().max().map_or_else(String::new, |at| format!(" at {at}"));
    format!("{} {}{newest}", stage.name, stage.status.word())
}

fn now(status: RunStatus) -> &'static str {
    match status {
        RunStatus::InProgress => "is running",
        RunStatus::NotStarted => "has not run",
        RunStatus::Unknown => "is in a state without a word here",
        other => other.word(),
    }
}

fn retried(plan: &Plan, it: &Pipeline) -> Progress {
    let stage = match pipeline::stage_after(plan, it) {
        Ok(stage) => stage,
        Err(gone) => return gone,
    };
    let is_same = plan
        .steps
        .iter()
        .any(|step| matches!(step, Step::RetryStage { execution, .. } if stage.execution.as_ref() == Some(execution)));
    if !is_same {
        return Progress::Failed(format!("another execution is in {} now", stage.name));
    }
    let is_old = plan.changes.iter().any(|change| change.what == "stage" && change.before == as_it_ended(stage));
    match stage.status {
        RunStatus::Succeeded => Progress::Reached,
        RunStatus::Failed | RunStatus::Stopped if is_old => Progress::Waiting("not begun yet".into()),
        RunStatus::Failed | RunStatus::Stopped => Progress::Failed(pipeline::ended(stage)),
        _ => Progress::Waiting(pipeline::running(stage)),
    }
}

fn plan_stop(ask: &Ask<'_>) -> Result<Plan, Refusal> {
    let it = pipeline::asked(ask)?;
    let all: Vec<&Execution> = moving(it).collect();
    let run = match ask.word("execution") {
        Some(word) => {
            let named = |run: &&Execution| run.id == *word || *run.called() == *word;
            let found = all.iter().copied().find(named).or_else(|| it.executions.iter().find(named));
            found.ok_or_else(|| {
                let text = format!("{} is none of the last executions of {}", Text::new(word), it.name);
                Refusal::new(Why::Unknown, text)
            })?
        }
        None => match all.as_slice() {
            [only] => only,
            [] => return Err(Refusal::new(Why::Nothing, format!("nothing of {} is running", it.name))),
            several => {
                let names: Vec<&str> = several.iter().map(|run| run.called().as_str()).collect();
                let text = format!("{} executions of {} are running", several.len(), it.name);
                return Err(Refusal::new(Why::Bounds, text).with(format!("say which: {}", names.join(", "))));
            }
        },
    };
    if run.status != RunStatus::InProgress {
        let text = format!("{} of {} {} already", run.called(), it.name, now(run.status));
        return Err(Refusal::new(Why::Nothing, text));
    }
    let reason = ask.word("comment").unwrap_or_default();
    check_length(reason, STOP_REASON)?;
    let mut plan = Plan::begin(ask, Blast::Disruptive, format!("{}: stop {}", it.name, run.called()));
    plan.params.insert("execution".into(), run.id.to_string());
    plan.change("execution", format!("{} running", run.called()), "stopped".to_owned());
    plan.steps.push(Step::StopExecution {
        pipeline: it.name.clone(),
        execution: run.id.clone(),
        reason: Text::new(reason),
    });
    let stage = it.stages.iter().find(|stage| {
        stage.execution.as_ref() == Some(&run.id) && stage.actions.iter().any(|it| it.status == RunStatus::InProgress)
    });
    plan.effects.push(match stage {
        Some(stage) => format!("{} comes to its end first, and nothing follows it", pipeline::running(stage)),
        None => "what it has begun comes to its end first, and nothing follows it".into(),
    });
    plan.effects.push("what it has deployed stays deployed; it cannot be set going again from where it was".into());
    if stage.is_some_and(|stage| stage.actions.iter().any(|it| it.is_deploy() && it.status == RunStatus::InProgress)) {
        plan.warnings.push("the deployment itself goes on: `codedeploy.rollback` or `ecs.rollback` stops that".into());
    }
    plan.expects = format!("{} stopped", run.called());
    Ok(plan)
}

fn stopped(plan: &Plan, it: &Pipeline) -> Progress {
    let run = plan.params.get("execution").and_then(|id| it.execution(id));
    let Some(run) = run else { return Progress::Failed("the execution is not listed any more".into()) };
    match run.status {
        RunStatus::Stopped | RunStatus::Cancelled | RunStatus::Superseded => Progress::Reached,
        RunStatus::Succeeded | RunStatus::Failed => {
            Progress::Failed(format!("{} {} before it could be stopped", run.called(), run.status.word()))
        }
        RunStatus::InProgress | RunStatus::NotStarted | RunStatus::Unknown => {
            let stage = it.stages.iter().find(|stage| stage.execution.as_ref() == Some(&run.id));
            Progress::Waiting(stage.map_or_else(|| "it is ending".to_owned(), pipeline::running))
        }
    }
}

fn check_length(reason: &str, most: usize) -> Result<(), Refusal> {
    let length = reason.chars().count();
    if length <= most {
        return Ok(());
    }
    Err(Refusal::new(Why::Bounds, format!("the reason has {length} characters; AWS takes {most}")))
}

fn plan_transition(ask: &Ask<'_>, enable: bool) -> Result<Plan, Refusal> {
    let it = pipeline::asked(ask)?;
    let usual = if enable { closed(it).next() } else { pipeline::last_deploying(it) };
    let stage = match ask.word("stage") {
        Some(name) => pipeline::stage_called(it, name)?,
        None if enable => {
            usual.ok_or_else(|| Refusal::new(Why::Nothing, format!("every way into {} is open", it.name)))?
        }
        None => usual
            .ok_or_else(|| Refusal::new(Why::Bounds, format!("nothing in {} deploys: say which stage", it.name)))?,
    };
    if pipeline::is_source(it, stage) {
        let text = format!("{} is where {} begins: nothing leads into it", stage.name, it.name);
        return Err(Refusal::new(Why::State, text).with("name the stage after it"));
    }
    if stage.inbound_enabled == enable {
        let so = if enable { "open" } else { "closed" };
        let why = if stage.closed.is_empty() { String::new() } else { format!(": {}", stage.closed) };
        let text = format!("the way into {} of {} is {so} already{why}", stage.name, it.name);
        return Err(Refusal::new(Why::Nothing, text));
    }
    let waits = stage.waiting.as_ref().map(|id| pipeline::called(it, id));
    let verb = if enable { "open" } else { "close" };
    // An execution let go deploys: that is more than a switch.
    let blast = if enable && waits.is_some() { Blast::Disruptive } else { Blast::Reversible };
    let mut plan = Plan::begin(ask, blast, format!("{}: {verb} the way into {}", it.name, stage.name));
    plan.params.insert("stage".into(), stage.name.to_string());
    let (before, after) = if enable { ("disabled", "enabled") } else { ("enabled", "disabled") };
    plan.change("transition", before.to_owned(), after.to_owned());
    let (name, into) = (it.name.clone(), stage.name.clone());
    let params = |reason: &str| {
        let mut params = Params::from([("stage".to_owned(), stage.name.to_string())]);
        if enable {
            params.insert("comment".into(), reason.to_owned());
        }
        params
    };
    if enable {
        plan.steps.push(Step::EnableTransition { pipeline: name, stage: into });
        plan.effects.push(match waits {
            Some(version) => format!("{version} waits before it, and goes on into {} at once", stage.name),
            None => format!("nothing is known to wait before it; what does goes on into {} at once", stage.name),
        });
        let reason = if stage.closed.is_empty() { "closed again" } else { stage.closed.as_str() };
        let reason: String = reason.chars().take(REASON).collect();
        plan.undo =
            Some(Undo { operation: DISABLE.name.into(), params: params(&reason), words: "close it again".into() });
        plan.effects.push("closing it again does not bring back what has gone in".into());
        if !stage.closed.is_empty() {
            plan.warnings.push(format!("it was closed for a reason: {}", stage.closed));
        }
    } else {
        let reason = ask.needed_word("comment")?;
        check_length(reason, REASON)?;
        plan.steps.push(Step::DisableTransition { pipeline: name, stage: into, reason: Text::new(reason) });
        plan.effects.push(format!("nothing newer comes into {} until somebody enables it again", stage.name));
        plan.effects
            .push("what is in the stage goes on; what reaches it waits, and a newer one takes its place".into());
        plan.undo = Some(Undo { operation: ENABLE.name.into(), params: params(""), words: "open it again".into() });
    }
    plan.expects = format!("the transition into {} {after}", stage.name);
    Ok(plan)
}

fn turned(plan: &Plan, sight: &Sight<'_>, enable: bool) -> Progress {
    let told = pipeline::after(plan, sight, |it| match pipeline::stage_after(plan, it) {
        Ok(stage) if stage.inbound_enabled == enable => Progress::Reached,
        Ok(_) => Progress::Waiting("not yet".into()),
        Err(gone) => gone,
    });
    told.unwrap_or_else(|gone| gone)
}
