//! What the operations on a pipeline share: which one is meant, which of its stages, and how it is now.

use crate::domain::delivery::{Action, Pipeline, RunStatus, Stage};
use crate::domain::text::Text;
use crate::ops::plan::{Plan, Refusal, Why};
use crate::ops::{Ask, Progress, Subject};
use crate::world::item::Item;
use crate::world::sight::Sight;
pub(super) use crate::world::way_back::pipeline::{names, running};

pub(super) fn of<'a>(subject: &Subject<'a>) -> Option<&'a Pipeline> {
    match subject.item? {
        Item::Pipeline(it) => Some(it),
        _ => None,
    }
}

pub(super) fn asked<'a>(ask: &Ask<'a>) -> Result<&'a Pipeline, Refusal> {
    match ask.item {
        Some(Item::Pipeline(it)) => Ok(it),
        _ => Err(Refusal::new(Why::Unknown, "that is no pipeline")),
    }
}

pub(super) fn stage_called<'a>(it: &'a Pipeline, name: &str) -> Result<&'a Stage, Refusal> {
    it.stage(name).ok_or_else(|| {
        let names: Vec<&str> = it.stages.iter().map(|stage| stage.name.as_str()).collect();
        let text = format!("{} has no stage {}", it.name, Text::new(name));
        Refusal::new(Why::Unknown, text).with(format!("its stages are {}", names.join(", ")))
    })
}

/// The first one: what comes from outside comes in there.
pub(super) fn is_source(it: &Pipeline, stage: &Stage) -> bool {
    it.stages.first().is_some_and(|first| first.name == stage.name)
}

/// The last stage that deploys, which is production's in most pipelines.
pub(super) fn last_deploying(it: &Pipeline) -> Option<&Stage> {
    it.stages.iter().skip(1).rfind(|stage| stage.deploys())
}

/// What people call an execution: its version, or its id where that is all there is.
pub(super) fn called<'a>(it: &'a Pipeline, id: &'a Text) -> &'a Text {
    it.execution(id.as_str()).map_or(id, |run| run.called())
}

/// The pipeline of a plan as it is now, as far as its progress can be told at all.
pub(super) fn after<T>(plan: &Plan, sight: &Sight<'_>, tell: impl FnOnce(&Pipeline) -> T) -> Result<T, Progress> {
    match plan.of.item(sight) {
        Some(Item::Pipeline(it)) => Ok(tell(&it)),
        _ => Err(Progress::Failed(format!("{} is gone", plan.target))),
    }
}

/// The stage a plan is about, as it is now.
pub(super) fn stage_after<'a>(plan: &Plan, it: &'a Pipeline) -> Result<&'a Stage, Progress> {
    let name = plan.params.get("stage").map_or("", String::as_str);
    it.stage(name).ok_or_else(|| Progress::Failed(format!("{} has no stage {name} any more", it.name)))
}

/// Why a stage ended as it did.
pub(super) fn ended(stage: &Stage) -> String {
    let is_bad =
        |action: &&Action| matches!(action.status, RunStatus::Failed | RunStatus::Stopped | RunStatus::Cancelled);
    let bad = stage.actions.iter().find(is_bad);
    match bad {
        Some(action) => format!("{} {}{}", action.name, action.status.word(), action.because()),
        None => format!("{} {}", stage.name, stage.status.word()),
    }
}
