//! Rolling a stage of a pipeline back to an execution that succeeded in it.

use jiff::SignedDuration;

use super::pipeline;
use crate::domain::board::BoxId;
use crate::domain::delivery::{Execution, Pipeline, RunStatus, Stage};
use crate::domain::text::Text;
use crate::domain::units::moment;
use crate::ops::plan::{Blast, Plan, Refusal, Undo, Why};
use crate::ops::{Ask, On, Operation, Param, Params, Progress};
use crate::world::act::Step;
use crate::world::feed::Feed;
use crate::world::item::Kind;
use crate::world::sight::Sight;

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

/// The last stage that deploys and is bad, or else the last that has deployed anything.
fn usual_stage(it: &Pipeline) -> Option<&Stage> {
    let all = || it.stages.iter().skip(1).filter(|stage| stage.deploys());
    let bad = |stage: &&Stage| matches!(stage.status, RunStatus::Failed | RunStatus::Stopped);
    all().rfind(bad).or_else(|| all().rfind(|stage| stage.status != RunStatus::NotStarted))
}

/// What is in a stage, and what could be.
struct Standing<'a> {
    it: &'a Pipeline,
    stage: &'a Stage,
    /// The execution that came into it last, where that is still listed.
    current: Option<&'a Execution>,
    /// The one whose version it brought: another where it is a rollback itself.
    brought: Option<&'a Execution>,
}

impl<'a> Standing<'a> {
    fn of(it: &'a Pipeline, stage: &'a Stage) -> Self {
        let current = stage.execution.as_ref().and_then(|id| it.execution(id.as_str()));
        let returned = current.and_then(|run| run.returns_to.as_ref()).and_then(|id| it.execution(id.as_str()));
        Self { it, stage, current, brought: returned.or(current) }
    }

    fn succeeded(&self, run: &Execution) -> bool {
        run.succeeded_in.contains(&self.stage.name)
    }

    fn is_of_this_pipeline(&self, run: &Execution) -> bool {
        self.it.edited.is_none_or(|edited| run.started >= edited)
    }

    /// The newest good one before what is there.
    fn usual(&self) -> Option<&'a Execution> {
        let brought = self.brought?;
        self.it.executions.iter().find(|run| {
            run.started < brought.started
                && (run.version.is_none() || run.version != brought.version)
                && !run.is_rollback()
                && self.succeeded(run)
                && self.is_of_this_pipeline(run)
        })
    }

    /// The one that was said, by its id or by its version; of several with one version a good one before the others.
    fn said(&self, word: &str) -> Result<&'a Execution, Refusal> {
        let by_version = || self.it.executions.iter().filter(|run| run.version.as_ref().is_some_and(|it| it == word));
        let by_version = || {
            let standard = || by_version().filter(|run| !run.is_rollback());
            standard().find(|run| self.succeeded(run)).or_else(|| standard().next()).or_else(|| by_version().next())
        };
        self.it.execution(word).or_else(by_version).ok_or_else(|| {
            let text = format!("{} is none of the last executions of {}", Text::new(word), self.it.name);
            let good = self.it.executions.iter().filter(|run| !run.is_rollback() && self.succeeded(run));
            let good: Vec<&str> = good.map(|run| run.called().as_str()).collect();
            Refusal::new(Why::Unknown, text).with(format!("good in {}: {}", self.stage.name, good.join(", ")))
        })
    }
}

fn plan(ask: &Ask<'_>) -> Result<Plan, Refusal> {
    let it = pipeline::asked(ask)?;
    let stage = match ask.word("stage") {
        Some(name) => pipeline::stage_called(it, name)?,
        None => usual_stage(it).ok_or_else(|| {
            Refusal::new(Why::Nothing, format!("nothing was deployed by {} yet", it.name)).with("say which stage")
        })?,
    };
    if pipeline::is_source(it, stage) {
        let text = format!("{} is where {} begins: there is nothing to roll back in it", stage.name, it.name);
        return Err(Refusal::new(Why::State, text).with("name a stage that deploys"));
    }
    match stage.status {
        RunStatus::NotStarted => {
            return Err(Refusal::new(Why::Nothing, format!("nothing ran in {} of {} yet", stage.name, it.name)));
        }
        RunStatus::InProgress => {
            let text = format!("{} of {} is running: {}", stage.name, it.name, pipeline::running(stage));
            let remedy = "wait for it, or stop what it deploys: `codedeploy.rollback`, `ecs.rollback`, `stage.stop`";
            return Err(Refusal::new(Why::State, text).with(remedy));
        }
        _ => {}
    }
    let standing = Standing::of(it, stage);
    let to = match ask.word("to") {
        Some(word) => standing.said(word)?,
        None => standing.usual().ok_or_else(|| nothing_good(&standing))?,
    };
    check(ask, &standing, to)?;
    let from = standing.current.map(Execution::called).or(stage.execution.as_ref());
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

fn nothing_good(standing: &Standing<'_>) -> Refusal {
    let (it, stage) = (standing.it, standing.stage);
    let Some(brought) = standing.brought else {
        let text = format!("what is in {} of {} is not told: what came before it is not known", stage.name, it.name);
        return Refusal::new(Why::Blind, text).with("say `to`, an execution");
    };
    let text = format!("no execution of {} before {} is known to be good in {}", it.name, brought.called(), stage.name);
    let refusal = Refusal::new(Why::Nothing, text);
    // An edit makes all before it useless, which nobody expects who has just changed the pipeline to mend it.
    let lost = |run: &&Execution| standing.succeeded(run) && !standing.is_of_this_pipeline(run);
    match it.executions.iter().find(lost) {
        Some(run) => refusal.with(format!("{} was, before the pipeline was edited: deploy it anew", run.called())),
        None => refusal.with("a new commit that takes the change back, or `to` with an older execution"),
    }
}

/// What AWS would not take.
fn check(ask: &Ask<'_>, standing: &Standing<'_>, to: &Execution) -> Result<(), Refusal> {
    let (it, stage) = (standing.it, standing.stage);
    if to.is_rollback() {
        let text = format!("{} is a rollback itself, and AWS goes back to none of those", to.id);
        let refusal = Refusal::new(Why::State, text);
        return Err(match &to.returns_to {
            Some(id) => refusal.with(format!("go back to what it went back to: {id}")),
            None => refusal,
        });
    }
    let is_there = |run: Option<&Execution>| run.is_some_and(|run| run.id == to.id);
    if stage.execution.as_ref() == Some(&to.id) || (is_there(standing.brought) && stage.status == RunStatus::Succeeded)
    {
        let text = format!("{} is what is in {} of {} already", to.called(), stage.name, it.name);
        return Err(Refusal::new(Why::Nothing, text));
    }
    if let Some(edited) = it.edited.filter(|_| !standing.is_of_this_pipeline(to)) {
        let when = moment(edited, ask.sight.at, ask.sight.zone());
        let text = format!("{} ran before {} was edited, {when}: AWS does not go back over that", to.called(), it.name);
        return Err(Refusal::new(Why::State, text).with("deploy it anew"));
    }
    Ok(())
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
