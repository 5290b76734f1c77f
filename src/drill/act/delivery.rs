//! Pipelines: a stage goes back, an approval is decided, a stage is tried again, stopped, closed and opened.

use super::Trouble;
use crate::domain::delivery::RunStatus;
use crate::domain::text::Text;
use crate::drill::company::Site;
use crate::drill::delivery::{Closed, GATE, Gate, PRODUCTION, Run, STEPS, positions};
use crate::drill::feeds::stage_of;
use crate::drill::simulation::Simulation;
use crate::world::act::Step;

/// Whoever sits at the console.
pub(in crate::drill) const OPERATOR: &str = "on-call";

pub(super) fn take(simulation: &mut Simulation, site: Site, step: &Step) -> Option<Result<(), Trouble>> {
    let s = simulation;
    Some(match step {
        Step::RollbackStage { pipeline, stage, execution } => {
            here(site, pipeline).and_then(|()| roll_back(s, pipeline, stage, execution))
        }
        Step::PutApprovalResult { pipeline, stage, action, is_approved, comment, token } => here(site, pipeline)
            .and_then(|()| {
                if positions(stage.as_str()).is_none_or(|(first, end)| !(first..end).contains(&GATE))
                    || *action != *STEPS[GATE].name
                {
                    return Err(Trouble::unknown("action", action));
                }
                decide(s, pipeline, *is_approved, comment, token)
            }),
        Step::RetryStage { pipeline, stage, execution } => {
            here(site, pipeline).and_then(|()| retry(s, pipeline, stage, execution))
        }
        Step::StopExecution { pipeline, execution, .. } => here(site, pipeline).and_then(|()| {
            let tick = s.tick;
            let run = run_called(s, pipeline, execution)?;
            if run.stopped.is_some() {
                return Err(Trouble::invalid(format!("{execution} is stopping already")));
            }
            run.stopped = Some(tick);
            Ok(())
        }),
        Step::DisableTransition { pipeline, stage, reason } => here(site, pipeline).and_then(|()| {
            positions(stage.as_str()).ok_or_else(|| Trouble::unknown("stage", stage))?;
            s.closed.retain(|closed| closed.pipeline != *pipeline || closed.stage != *stage);
            let (pipeline, stage, reason) = (pipeline.clone(), stage.clone(), reason.clone());
            s.closed.push(Closed { pipeline, stage, reason, since: s.tick });
            Ok(())
        }),
        Step::EnableTransition { pipeline, stage } => here(site, pipeline).and_then(|()| {
            positions(stage.as_str()).ok_or_else(|| Trouble::unknown("stage", stage))?;
            s.closed.retain(|closed| closed.pipeline != *pipeline || closed.stage != *stage);
            s.let_in(s.tick);
            Ok(())
        }),
        _ => return None,
    })
}

fn here(site: Site, pipeline: &Text) -> Result<(), Trouble> {
    let is_here = site == Site::Prod && (*pipeline == *"web" || *pipeline == *"shop");
    if is_here { Ok(()) } else { Err(Trouble::unknown("pipeline", pipeline)) }
}

fn run_called<'a>(s: &'a mut Simulation, pipeline: &Text, id: &Text) -> Result<&'a mut Run, Trouble> {
    let tick = s.tick;
    let is_it = |run: &&mut Run| *pipeline == *run.pipeline && run.id == *id && run.pushed <= tick;
    s.runs.iter_mut().find(is_it).ok_or_else(|| Trouble::unknown("execution", id))
}

fn roll_back(s: &mut Simulation, pipeline: &Text, stage: &Text, id: &Text) -> Result<(), Trouble> {
    let (first, end) = positions(stage.as_str()).ok_or_else(|| Trouble::unknown("stage", stage))?;
    if first == 0 {
        return Err(Trouble::invalid("a source stage cannot be rolled back"));
    }
    let to = run_called(s, pipeline, id)?.clone();
    let is_running =
        |run: &Run| *pipeline == *run.pipeline && stage_of(s, run, stage.as_str()) == Some(RunStatus::InProgress);
    if s.runs.iter().any(is_running) {
        return Err(Trouble::invalid(format!("{stage} is in progress: it cannot be rolled back")));
    }
    if to.is_rollback() || stage_of(s, &to, stage.as_str()) != Some(RunStatus::Succeeded) {
        return Err(Trouble::invalid(format!("{id} did not succeed in {stage}, or is a rollback")));
    }
    let run = Run {
        id: format!("back-{}", s.noise.of(id.as_str()).hex(s.tick, 8)).into(),
        begins: first,
        ends: end,
        returns_to: Some(id.clone()),
        // Whoever rolls back has decided.
        gate: Gate::Decided { since: s.tick, tick: s.tick, is_approved: true, comment: "rolled back".into() },
        cures: to.cures.clone(),
        trip: None,
        stopped: None,
        trigger: "ManualRollback",
        pushed: s.tick,
        ..to
    };
    s.runs.push(run.clone());
    if (first..end).contains(&PRODUCTION) {
        s.deliver(&run, OPERATOR, s.tick);
    }
    Ok(())
}

fn decide(s: &mut Simulation, pipeline: &Text, is_approved: bool, comment: &Text, token: &Text) -> Result<(), Trouble> {
    let (tick, noise) = (s.tick, s.noise);
    let open = s.runs.iter_mut().filter(|run| *pipeline == *run.pipeline && run.stopped.is_none()).find_map(|run| {
        let Gate::Waits { since } = run.gate else { return None };
        (since <= tick && run.token(noise, since) == *token).then_some((run, since))
    });
    let Some((run, since)) = open else { return Err(Trouble::invalid("the approval token is not valid")) };
    run.gate = Gate::Decided { since, tick, is_approved, comment: comment.clone() };
    if is_approved {
        let run = run.clone();
        s.deliver(&run, run.author.as_str(), tick);
    }
    Ok(())
}

fn retry(s: &mut Simulation, pipeline: &Text, stage: &Text, id: &Text) -> Result<(), Trouble> {
    let run = run_called(s, pipeline, id)?.clone();
    let (first, end) = positions(stage.as_str()).ok_or_else(|| Trouble::unknown("stage", stage))?;
    let is_bad = matches!(stage_of(s, &run, stage.as_str()), Some(RunStatus::Failed | RunStatus::Stopped));
    let tick = s.tick;
    if is_bad
        && let Some(trip) = run_called(s, pipeline, id)?.trip.as_mut()
        && (first..end).contains(&trip.position)
    {
        trip.retries.push(tick);
        return Ok(());
    }
    if !is_bad || !(first..end).contains(&PRODUCTION) {
        return Err(Trouble::invalid(format!("{stage} has no failed actions of {id} to retry")));
    }
    if let Gate::Decided { is_approved: false, .. } = run.gate {
        run_called(s, pipeline, id)?.gate = Gate::Waits { since: tick };
    } else {
        s.deliver(&run, OPERATOR, tick);
    }
    Ok(())
}
