//! Rolling a stage of a pipeline back to an execution that succeeded in it.

use jiff::SignedDuration;

use super::pipeline;
use crate::domain::board::BoxId;
use crate::domain::delivery::{Execution, Pipeline, RunStatus};
use crate::domain::text::Text;
use crate::ops::plan::{Blast, Plan, Refusal, Undo, Why};
use crate::ops::{Ask, On, Operation, Param, Params, Progress};
use crate::world::act::Step;
use crate::world::feed::Feed;
use crate::world::item::Kind;
use crate::world::sight::Sight;
use crate::world::way_back::pipeline::{Standing, usual_stage};

pub(super) const STAGE: Operation = Operation {
    name: "pipeline.rollback",
    title: "Roll back",
    doc: "A stage of a pipeline back to an execution that succeeded in it",
    on: On::One(Kind::Pipeline),
    boxes: &[BoxId::RollbackPlan, BoxId::Production],
    params: &[
        Param {
            name: "stage",
            doc: "which stage; the last that deploys unless it is said",
            present: |of| Some(usual_stage(pipeline::of(of)?)?.name.to_string()),
            is_needed: false,
        },
        Param {
            name: "to",
            doc: "which execution, by its version or its id; the newest good one before unless it is said",
            present: |of| {
                let it = pipeline::of(of)?;
                Some(Standing::of(it, usual_stage(it)?).usual()?.called().to_string())
            },
            is_needed: false,
        },
    ],
    feeds: &[Feed::Pipelines],
    beside: &[],
    deadline: SignedDuration::from_mins(60),
    plan,
    progress,
};

/// By how much the clock of AWS may be behind ours.
const SKEW: SignedDuration = SignedDuration::from_mins(1);

/// The one that was said, by its id or by its version; of several with one version a good one before the others.
fn said<'a>(standing: &Standing<'a>, word: &str) -> Result<&'a Execution, Refusal> {
    let it = standing.it;
    let by_version = || it.executions.iter().filter(|run| run.version.as_ref().is_some_and(|it| it == word));
    let by_version = || {
        let standard = || by_version().filter(|run| !run.is_rollback());
        standard().find(|run| standing.succeeded(run)).or_else(|| standard().next()).or_else(|| by_version().next())
    };
    it.execution(word).or_else(by_version).ok_or_else(|| {
        let text = format!("{} is none of the last executions of {}", Text::new(word), it.name);
        let good = it.executions.iter().filter(|run| !run.is_rollback() && standing.succeeded(run));
        let good: Vec<&str> = good.map(|run| run.called().as_str()).collect();
        Refusal::new(Why::Unknown, text).with(format!("good in {}: {}", standing.stage.name, good.join(", ")))
    })
}

fn plan(ask: &Ask<'_>) -> Result<Plan, Refusal> {
    let it = pipeline::asked(ask)?;
    let stage = match ask.word("stage") {
        Some(name) => pipeline::stage_called(it, name)?,
        None => usual_stage(it).ok_or_else(|| {
            Refusal::new(Why::Nothing, format!("nothing was deployed by {} yet", it.name)).with("say which stage")
        })?,
    };
    let standing = Standing::of(it, stage);
    standing.ready()?;
    let to = match ask.word("to") {
        Some(word) => said(&standing, word)?,
        None => standing.usual().ok_or_else(|| standing.nothing_good())?,
    };
    standing.allows(to, ask.sight)?;
    let from = standing.present();
    let from = from.map_or("what is there", Text::as_str);
    let mut plan = Plan::begin(ask, Blast::Disruptive, format!("{}: {} back to {}", it.name, stage.name, to.called()));
    // What was chosen stays chosen, whatever runs until it is sent.
    plan.params.insert("stage".into(), stage.name.to_string());
    plan.params.insert("to".into(), to.id.to_string());
    plan.change("version", from.to_owned(), to.called().to_string());
    let before = stage.execution.as_ref().map_or_else(|| "not told".to_owned(), Text::to_string);
    plan.change("execution", before, format!("a new one, of {}", to.id));
    plan.steps.push(Step::RollbackStage {
        pipeline: it.name.clone(),
        stage: stage.name.clone(),
        execution: to.id.clone(),
    });
    let again = pipeline::names(stage.actions.iter());
    plan.effects.push(format!("{again} run again, with the artifacts and the variables of {}", to.called()));
    plan.effects.push("what was written to databases meanwhile stays as it is".into());
    plan.effects.push(if stage.inbound_enabled {
        format!(
            "the next commit brings the bad code back, unless the transition into {} is disabled: `transition.disable`",
            stage.name
        )
    } else {
        format!("the transition into {} is disabled: nothing newer comes in until somebody enables it", stage.name)
    });
    warn(&mut plan, &standing, to);
    plan.undo = standing.brought.filter(|run| standing.succeeded(run)).map(|run| Undo {
        operation: STAGE.name.into(),
        params: Params::from([("stage".into(), stage.name.to_string()), ("to".into(), run.id.to_string())]),
        words: format!("forward again to {}", run.called()),
    });
    if plan.undo.is_none() {
        plan.effects.push(format!("{from} did not succeed in {}: the way forward is a new commit", stage.name));
    }
    plan.expects = format!("a rollback to {} succeeds in {}", to.called(), stage.name);
    Ok(plan)
}

fn warn(plan: &mut Plan, standing: &Standing<'_>, to: &Execution) {
    let (it, stage) = (standing.it, standing.stage);
    if !standing.succeeded(to) {
        plan.warnings.push(format!(
            "AWS will check that {} succeeded in {}: it is not known here",
            to.called(),
            stage.name
        ));
    }
    if it.edited.is_none() {
        plan.warnings.push("when the pipeline was edited is not told: AWS goes back over no edit".into());
    }
    if it.mode.as_ref().is_some_and(|mode| mode == "PARALLEL") {
        plan.warnings.push("in PARALLEL mode several executions may be in the stage at once: AWS may refuse".into());
    }
    if stage.status == RunStatus::Unknown {
        plan.warnings.push(format!("the state of {} has no word here: AWS refuses while it runs", stage.name));
    }
    if stage.execution.is_none() {
        plan.warnings.push(format!("which execution is in {} is not told", stage.name));
    }
    if standing.brought.is_some_and(|brought| to.started > brought.started) {
        plan.warnings.push(format!("{} is newer than what is there: that is no way back", to.called()));
    }
    let coming = it.executions.iter().filter(|run| run.status == RunStatus::InProgress);
    let coming = coming.filter(|run| stage.execution.as_ref() != Some(&run.id) && !run.is_rollback());
    plan.warnings.extend(
        coming.map(|run| format!("{} is on its way and will be deployed over it when it gets here", run.called())),
    );
    let approvals = stage.actions.iter().filter(|action| action.category.as_ref().is_some_and(|it| it == "Approval"));
    let approvals = pipeline::names(approvals);
    if !approvals.is_empty() {
        plan.warnings.push(format!("{approvals} is in this stage too, and may ask for an approval first"));
    }
}

fn progress(plan: &Plan, sight: &Sight<'_>) -> Progress {
    pipeline::after(plan, sight, |it| told(plan, it)).unwrap_or_else(|gone| gone)
}

fn told(plan: &Plan, it: &Pipeline) -> Progress {
    let Some(wanted) = plan.params.get("to") else { return Progress::Failed("it does not say what was wanted".into()) };
    let stage = match pipeline::stage_after(plan, it) {
        Ok(stage) => stage,
        Err(gone) => return gone,
    };
    let is_it = |run: &&Execution| {
        run.started >= plan.made_at - SKEW && run.returns_to.as_ref().is_some_and(|id| id == wanted.as_str())
    };
    let Some(run) = it.executions.iter().find(is_it) else {
        return Progress::Waiting("no rollback is listed yet".into());
    };
    let is_in = stage.execution.as_ref() == Some(&run.id);
    match (run.status, is_in) {
        (RunStatus::Succeeded, _) => Progress::Reached,
        (RunStatus::InProgress | RunStatus::NotStarted | RunStatus::Unknown, true)
            if stage.status == RunStatus::Succeeded =>
        {
            Progress::Reached
        }
        (RunStatus::Failed | RunStatus::Stopped | RunStatus::Cancelled, true) => {
            Progress::Failed(pipeline::ended(stage))
        }
        (RunStatus::Failed | RunStatus::Stopped | RunStatus::Cancelled | RunStatus::Superseded, _) => {
            Progress::Failed(format!("the rollback {}", run.status.word()))
        }
        (RunStatus::InProgress | RunStatus::NotStarted | RunStatus::Unknown, true) => {
            Progress::Waiting(pipeline::running(stage))
        }
        (RunStatus::InProgress | RunStatus::NotStarted | RunStatus::Unknown, false) => {
            Progress::Waiting("the rollback is on its way".into())
        }
    }
}
