//! A stage of a pipeline goes back to an execution that succeeded in it: which one, and when AWS takes that.

use super::{Bar, Obstacle};
use crate::domain::delivery::{Action, Execution, Pipeline, RunStatus, Stage};
use crate::domain::text::Text;
use crate::domain::units::moment;
use crate::world::sight::Sight;

/// The last stage that deploys and is bad, or else the last that has deployed anything.
pub fn usual_stage(it: &Pipeline) -> Option<&Stage> {
    let all = || it.stages.iter().skip(1).filter(|stage| stage.deploys());
    let bad = |stage: &&Stage| matches!(stage.status, RunStatus::Failed | RunStatus::Stopped | RunStatus::Cancelled);
    all().rfind(bad).or_else(|| all().rfind(|stage| stage.status != RunStatus::NotStarted))
}

pub fn names<'a>(actions: impl Iterator<Item = &'a Action>) -> String {
    actions.map(|action| action.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// What runs in a stage now: `Deploy-Production running`.
pub fn running(stage: &Stage) -> String {
    let now = names(stage.actions.iter().filter(|action| action.status == RunStatus::InProgress));
    if now.is_empty() { format!("{} {}", stage.name, stage.status.word()) } else { format!("{now} running") }
}

/// Whether all that is under way in a stage is somebody's decision.
fn waits(stage: &Stage) -> bool {
    let mut open = stage.actions.iter().filter(|action| action.status == RunStatus::InProgress).peekable();
    open.peek().is_some() && open.all(Action::is_approval)
}

/// What is in a stage, and what could be.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    pub it: &'a Pipeline,
    pub stage: &'a Stage,
    /// The execution that came into it last, where that is still listed.
    pub current: Option<&'a Execution>,
    /// The one whose version it brought: another where it is a rollback itself.
    pub brought: Option<&'a Execution>,
}

impl<'a> Standing<'a> {
    pub fn of(it: &'a Pipeline, stage: &'a Stage) -> Self {
        let current = it.held(stage);
        let returned = current.and_then(|run| run.returns_to.as_ref()).and_then(|id| it.execution(id.as_str()));
        Self { it, stage, current, brought: returned.or(current) }
    }

    pub fn succeeded(&self, run: &Execution) -> bool {
        run.succeeded_in.contains(&self.stage.name)
    }

    fn is_of_this_pipeline(&self, run: &Execution) -> bool {
        self.it.edited.is_none_or(|edited| run.started >= edited)
    }

    /// What people call what is there.
    pub fn present(&self) -> Option<&'a Text> {
        self.current.map(Execution::called).or(self.stage.execution.as_ref())
    }

    /// The newest good one before what is there.
    pub fn usual(&self) -> Option<&'a Execution> {
        let brought = self.brought?;
        self.it.executions.iter().find(|run| {
            run.started < brought.started
                && (run.version.is_none() || run.version != brought.version)
                && !run.is_rollback()
                && self.succeeded(run)
                && self.is_of_this_pipeline(run)
        })
    }

    /// Whether anything can be rolled back in it at all, now.
    pub fn ready(&self) -> Result<(), Obstacle> {
        let (it, stage) = (self.it, self.stage);
        if it.stages.first().is_some_and(|first| first.name == stage.name) {
            let text = format!("{} is where {} begins: there is nothing to roll back in it", stage.name, it.name);
            return Err(Obstacle::new(Bar::State, text).with("name a stage that deploys"));
        }
        match stage.status {
            RunStatus::NotStarted => {
                Err(Obstacle::new(Bar::Nothing, format!("nothing ran in {} of {} yet", stage.name, it.name)))
            }
            // Nothing moves before somebody has decided, and that ends it too.
            RunStatus::InProgress if waits(stage) => {
                let open = stage.actions.iter().filter(|action| action.status == RunStatus::InProgress);
                let text = format!("{} of {} waits for {}", stage.name, it.name, names(open));
                Err(Obstacle::new(Bar::State, text).with("decide it: `gate.reject`, `gate.approve`"))
            }
            RunStatus::InProgress => {
                let text = format!("{} of {} is running: {}", stage.name, it.name, running(stage));
                let remedy =
                    "wait for it, or stop what it deploys: `codedeploy.rollback`, `ecs.rollback`, `stage.stop`";
                Err(Obstacle::new(Bar::State, text).with(remedy))
            }
            _ => Ok(()),
        }
    }

    /// Why there is nothing usual.
    pub fn nothing_good(&self) -> Obstacle {
        let (it, stage) = (self.it, self.stage);
        let Some(brought) = self.brought else {
            let text =
                format!("what is in {} of {} is not told: what came before it is not known", stage.name, it.name);
            return Obstacle::new(Bar::Blind, text).with("say `to`, an execution");
        };
        let text =
            format!("no execution of {} before {} is known to be good in {}", it.name, brought.called(), stage.name);
        let obstacle = Obstacle::new(Bar::Nothing, text).without_good();
        // An edit makes all before it useless, which nobody expects who has just changed the pipeline to mend it.
        let lost = |run: &&Execution| self.succeeded(run) && !self.is_of_this_pipeline(run);
        match it.executions.iter().find(lost) {
            Some(run) => obstacle.with(format!("{} was, before the pipeline was edited: deploy it anew", run.called())),
            None => obstacle.with("a new commit that takes the change back, or `to` with an older execution"),
        }
    }

    /// What AWS would not take.
    pub fn allows(&self, to: &Execution, sight: &Sight<'_>) -> Result<(), Obstacle> {
        let (it, stage) = (self.it, self.stage);
        if to.is_rollback() {
            let text = format!("{} is a rollback itself, and AWS goes back to none of those", to.id);
            let obstacle = Obstacle::new(Bar::State, text);
            return Err(match &to.returns_to {
                Some(id) => obstacle.with(format!("go back to what it went back to: {id}")),
                None => obstacle,
            });
        }
        let is_there = |run: Option<&Execution>| run.is_some_and(|run| run.id == to.id);
        if stage.execution.as_ref() == Some(&to.id) || (is_there(self.brought) && stage.status == RunStatus::Succeeded)
        {
            let text = format!("{} is what is in {} of {} already", to.called(), stage.name, it.name);
            return Err(Obstacle::new(Bar::Nothing, text));
        }
        if let Some(edited) = it.edited.filter(|_| !self.is_of_this_pipeline(to)) {
            let when = moment(edited, sight.at, sight.zone());
            let text =
                format!("{} ran before {} was edited, {when}: AWS does not go back over that", to.called(), it.name);
            return Err(Obstacle::new(Bar::State, text).with("deploy it anew"));
        }
        Ok(())
    }
}
