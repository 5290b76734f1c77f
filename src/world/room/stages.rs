//! A pipeline as one line: its stages from left to right, each with its sign, its name, and what there is to say of it.

use crate::domain::delivery::{Action, Execution, Pipeline, RunStatus, Stage};
use crate::domain::health::Health;
use crate::domain::text::Text;
use crate::domain::units::{brief, stopwatch};
use crate::world::room::standing::{is_waiting, keeps_waiting, overdue};
use crate::world::sight::Sight;

/// One station of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub mark: Mark,
    pub health: Health,
    pub name: String,
    /// Nothing where the sign and the name say it all.
    pub words: String,
    /// How long it took, of how long it usually takes: said where there is room for all of it.
    pub pace: String,
    /// It keeps its words when the line gets narrow.
    pub is_loud: bool,
}

/// How a station stands, told by a sign of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Done,
    Failed,
    Running,
    /// For somebody, or before a closed way in.
    Waiting,
    Stopped,
    Never,
    Unknown,
}

impl Mark {
    pub fn of(status: RunStatus) -> Self {
        match status {
            RunStatus::NotStarted => Self::Never,
            RunStatus::InProgress => Self::Running,
            RunStatus::Succeeded => Self::Done,
            RunStatus::Failed => Self::Failed,
            RunStatus::Stopped | RunStatus::Cancelled | RunStatus::Superseded => Self::Stopped,
            RunStatus::Unknown => Self::Unknown,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "ok",
            Self::Failed => "failed",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Stopped => "stopped",
            Self::Never => "never run",
            Self::Unknown => "unknown",
        }
    }
}

/// The line in words alone, for copies, filters and reports.
pub fn words(line: &[Part]) -> String {
    let part = |part: &Part| {
        let words = if part.words.is_empty() { String::new() } else { format!(" {}", part.words) };
        format!("{} {}{words}", part.name, part.mark.word())
    };
    line.iter().map(part).collect::<Vec<_>>().join(" → ")
}

/// Every stage. A version is told where it is another than that of the stage before.
pub fn line(pipeline: &Pipeline, sight: &Sight<'_>) -> Vec<Part> {
    let mut before: Option<&Text> = None;
    let mut all: Vec<Part> = Vec::with_capacity(pipeline.stages.len());
    for stage in &pipeline.stages {
        let held = held(pipeline, stage);
        let version = held.filter(|held| before != Some(*held));
        before = held.or(before);
        all.push(part(pipeline, stage, version, sight));
    }
    all
}

/// What people call the execution a stage holds: joined by its id, since the newest may not have come far.
fn held<'a>(pipeline: &'a Pipeline, stage: &'a Stage) -> Option<&'a Text> {
    pipeline.held(stage).map(Execution::called).or_else(|| {
        // An execution that is listed no more is still known by what its actions carry.
        stage.actions.iter().rev().find_map(|action| action.version.as_ref())
    })
}

fn part(pipeline: &Pipeline, stage: &Stage, version: Option<&Text>, sight: &Sight<'_>) -> Part {
    let (mark, health, said) = told(stage, sight);
    let comes = stage.waiting.as_ref().map(|id| match pipeline.execution(id.as_str()) {
        Some(run) => format!("{} waits to come in", run.called()),
        None => "one waits to come in".to_owned(),
    });
    let shut = (!stage.inbound_enabled).then(|| match stage.closed.as_str() {
        "" => "closed".to_owned(),
        why => format!("closed: {why}"),
    });
    let is_loud = said.is_some() || shut.is_some() || comes.is_some() || health >= Health::Unknown;
    let version = version.map(ToString::to_string);
    let words: Vec<String> = [version, said, shut.clone(), comes].into_iter().flatten().collect();
    let health = if shut.is_some() { health.max(Health::Warn) } else { health };
    Part { mark, health, name: stage.name.to_string(), words: words.join(", "), pace: String::new(), is_loud }
}

/// The same, and how long each stage took: for one pipeline alone, since the usual is found from all runs of all actions.
pub fn paced(pipeline: &Pipeline, sight: &Sight<'_>) -> Vec<Part> {
    let mut all = line(pipeline, sight);
    // What is loud tells of the action it is loud for.
    for (part, stage) in all.iter_mut().zip(&pipeline.stages).filter(|(part, _)| !part.is_loud) {
        part.pace = stage_pace(stage, sight);
    }
    all
}

/// `5:20 of ~5:10`: how long a stage took for what it holds, or has taken by now.
pub fn stage_pace(stage: &Stage, sight: &Sight<'_>) -> String {
    let Some(took) = stage.took(sight.at) else { return String::new() };
    let usual = stage.usual().map_or_else(String::new, |usual| format!(" of ~{}", stopwatch(usual)));
    format!("{}{usual}", stopwatch(took))
}

/// The worst of a stage: its sign, how well that is, and what there is to say.
fn told(stage: &Stage, sight: &Sight<'_>) -> (Mark, Health, Option<String>) {
    let all = || stage.actions.iter();
    if let Some(action) = all().find(|action| action.status == RunStatus::Failed) {
        return (Mark::Failed, Health::Bad, Some(format!("{} failed{}", action.name, action.because())));
    }
    if stage.status == RunStatus::Failed {
        return (Mark::Failed, Health::Bad, Some("failed a condition of its own".into()));
    }
    if let Some(action) = all().find(|action| is_waiting(action)) {
        let waited = action.took(sight.at).map_or_else(String::new, |waited| format!(" {}", brief(waited)));
        let health = if keeps_waiting(action, sight) { Health::Warn } else { Health::Ok };
        return (Mark::Waiting, health, Some(format!("{} waits for approval{waited}", action.name)));
    }
    let running: Vec<&Action> = all().filter(|action| action.status == RunStatus::InProgress).collect();
    // Of several at once the one that is late, else the one that began first.
    let late = running.iter().find(|action| overdue(action, sight).is_some());
    if let Some(action) = late.or_else(|| running.iter().min_by_key(|action| action.started)) {
        let more = if running.len() > 1 { format!(" and {} more", running.len() - 1) } else { String::new() };
        let health = if late.is_some() { Health::Warn } else { Health::Ok };
        // The time first: of the name most can be guessed when the line gets narrow.
        let said = format!("{} {}{more}", pace(action, sight), action.name);
        return (Mark::Running, health, Some(said.trim_start().to_owned()));
    }
    match stage.status {
        RunStatus::Cancelled => {
            (Mark::Stopped, Health::Warn, Some("cancelled: the pipeline was edited meanwhile".into()))
        }
        RunStatus::Stopped => (Mark::Stopped, Health::Warn, Some("stopped".into())),
        RunStatus::Unknown => (Mark::Unknown, Health::Unknown, Some("in a state unknown here".into())),
        RunStatus::NotStarted => (Mark::Never, Health::Absent, None),
        RunStatus::InProgress => (Mark::Running, Health::Ok, None),
        status => {
            let slow = all().find_map(|action| Some((action, overdue(action, sight)?)));
            let said = slow.map(|(action, (took, usual))| {
                format!("{} took {} of ~{}", action.name, stopwatch(took), stopwatch(usual))
            });
            (Mark::of(status), if said.is_some() { Health::Warn } else { Health::Ok }, said)
        }
    }
}

/// `4:10 of ~3:20`.
pub fn pace(action: &Action, sight: &Sight<'_>) -> String {
    let took = action.took(sight.at).map_or_else(String::new, stopwatch);
    let usual = action.usual.map_or_else(String::new, |usual| format!(" of ~{}", stopwatch(usual)));
    format!("{took}{usual}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::World;
    use crate::world::sight::Bearings;
    use jiff::{SignedDuration, Timestamp};

    fn now() -> Timestamp {
        "2026-03-10T14:00:00Z".parse().unwrap()
    }

    fn run(id: &str, version: &str) -> Execution {
        Execution {
            id: id.into(),
            version: Some(version.into()),
            status: RunStatus::InProgress,
            trigger: None,
            by: None,
            started: now(),
            finished: None,
            revision: None,
            returns_to: None,
            succeeded_in: Vec::new(),
        }
    }

    fn stage(name: &str, execution: &str, status: RunStatus) -> Stage {
        let action = Action {
            name: format!("{name}-1").into(),
            status,
            started: Some(now() - SignedDuration::from_secs(250)),
            finished: (status != RunStatus::InProgress).then(now),
            usual: Some(SignedDuration::from_secs(200)),
            ..Action::default()
        };
        Stage {
            name: name.into(),
            status,
            inbound_enabled: true,
            closed: Text::default(),
            execution: (!execution.is_empty()).then(|| execution.into()),
            waiting: None,
            actions: if status == RunStatus::NotStarted { Vec::new() } else { vec![action] },
        }
    }

    #[track_caller]
    fn check(stages: Vec<Stage>, wanted: &str) {
        let (world, bearings) = (World::of(&[]), Bearings::default());
        let sight = Sight { world: &world, at: now(), bearings: &bearings };
        let executions = vec![run("e3", "v3"), run("e2", "v2"), run("e1", "v1")];
        let pipeline =
            Pipeline { name: "web".into(), edited: None, mode: None, sources: Vec::new(), stages, executions };
        assert_eq!(words(&line(&pipeline, &sight)), wanted);
    }

    #[test]
    fn stages_hold_what_they_hold_and_not_the_newest() {
        use RunStatus as S;
        check(
            vec![
                stage("Source", "e2", S::Succeeded),
                stage("Build", "e2", S::InProgress),
                stage("Prod", "e1", S::Succeeded),
            ],
            "Source ok v2 → Build running 4:10 of ~3:20 Build-1 → Prod ok v1",
        );
        check(
            vec![stage("Source", "", S::NotStarted), stage("Prod", "", S::NotStarted)],
            "Source never run → Prod never run",
        );
        check(vec![stage("Source", "e9", S::Succeeded)], "Source ok");
        check(
            vec![stage("Source", "e2", S::Succeeded), stage("Prod", "e1", S::Cancelled)],
            "Source ok v2 → Prod stopped v1, cancelled: the pipeline was edited meanwhile",
        );
    }

    #[test]
    fn what_waits_for_whom_is_told() {
        let mut shut = stage("Prod", "e1", RunStatus::Succeeded);
        shut.inbound_enabled = false;
        shut.closed = "freeze, by lena".into();
        shut.waiting = Some("e2".into());
        check(vec![shut], "Prod ok v1, closed: freeze, by lena, v2 waits to come in");
        let mut gate = stage("Prod", "e2", RunStatus::InProgress);
        gate.actions[0].category = Some("Approval".into());
        check(vec![gate], "Prod waiting v2, Prod-1 waits for approval 4 min");
    }

    #[test]
    fn hundreds_of_actions_at_once_are_counted() {
        let mut wide = stage("Fan", "e1", RunStatus::InProgress);
        wide.actions = vec![wide.actions[0].clone(); 200];
        check(vec![wide], "Fan running v1, 4:10 of ~3:20 Fan-1 and 199 more");
    }
}
