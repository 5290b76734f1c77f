//! How a pipeline stands: the worst there is to say of it, in a word and in a sentence.

use jiff::SignedDuration;

use crate::domain::delivery::{Action, Pipeline, RunStatus, Stage};
use crate::domain::health::Health;
use crate::domain::units::{brief, long};
use crate::world::sight::Sight;

/// How it is, in a word and in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub health: Health,
    pub word: &'static str,
    pub now: String,
}

/// The worst there is to say of it; of equals, what is named first.
pub fn standing(pipeline: &Pipeline, sight: &Sight<'_>) -> Standing {
    let actions = || pipeline.stages.iter().flat_map(|stage| stage.actions.iter().map(move |action| (stage, action)));
    let stages = || pipeline.stages.iter();
    let said = [
        actions().find(|(_, action)| action.status == RunStatus::Failed).map(failed),
        stages()
            .find(|stage| stage.status == RunStatus::Failed)
            .map(|stage| Standing::new(Health::Bad, "failed", format!("{} failed a condition of its own", stage.name))),
        actions().filter(|(_, action)| is_waiting(action)).map(|it| waiting(it, sight)).max_by_key(|it| it.health),
        actions().find_map(|it| slow(it, sight)),
        stages().find(|stage| !stage.inbound_enabled).map(|stage| {
            let waits = actions().find(|(_, action)| is_waiting(action)).map(|it| waiting(it, sight).now);
            closed(stage, waits.as_deref())
        }),
        stages()
            .find(|stage| stage.status == RunStatus::Stopped)
            .map(|stage| Standing::new(Health::Warn, "stopped", format!("{} was stopped", stage.name))),
        stages().find(|stage| stage.status == RunStatus::Cancelled).map(|stage| {
            let now = format!("{} ended half way: the pipeline was edited while it ran", stage.name);
            Standing::new(Health::Warn, "cancelled", now)
        }),
        actions().find(|(_, action)| action.status == RunStatus::InProgress).map(|it| running(it, sight)),
        stages().find(|stage| stage.status == RunStatus::Unknown).map(|stage| {
            Standing::new(Health::Unknown, "unknown", format!("{} is in a state unknown here", stage.name))
        }),
    ];
    let rest = if actions().all(|(_, action)| action.status == RunStatus::NotStarted) {
        Standing::new(Health::Absent, "never run", "has not run yet".into())
    } else {
        Standing::new(Health::Ok, "ok", delivered(pipeline))
    };
    // Of equals the one named first, where `max_by_key` would take the last.
    said.into_iter().flatten().fold(rest, |worst, next| {
        let is_worse = next.health > worst.health || (next.health == worst.health && worst.word == "ok");
        if is_worse { next } else { worst }
    })
}

impl Standing {
    fn new(health: Health, word: &'static str, now: String) -> Self {
        Self { health, word, now }
    }
}

fn failed((stage, action): (&Stage, &Action)) -> Standing {
    let why = action.because();
    Standing::new(Health::Bad, "failed", format!("{}failed in {}/{}{why}", what(action), stage.name, action.name))
}

/// People take as long as they take.
pub fn is_waiting(action: &Action) -> bool {
    action.status == RunStatus::InProgress && action.is_approval()
}

/// How long a run takes, and usually takes, where that is far too long.
pub fn overdue(action: &Action, sight: &Sight<'_>) -> Option<(SignedDuration, SignedDuration)> {
    let (took, usual) = (action.took(sight.at)?, action.usual?);
    let is_slow = took.as_secs_f64() > usual.as_secs_f64() * sight.limits().slow_run_factor;
    (is_slow && !action.is_approval()).then_some((took, usual))
}

/// For how long an action has waited for somebody, where that is too long.
pub fn keeps_waiting(action: &Action, sight: &Sight<'_>) -> bool {
    let waited = action.took(sight.at).filter(|_| is_waiting(action));
    waited.is_some_and(|waited| waited.as_secs_f64() / 60.0 > sight.limits().approval_minutes)
}

fn waiting((stage, action): (&Stage, &Action), sight: &Sight<'_>) -> Standing {
    let health = if keeps_waiting(action, sight) { Health::Warn } else { Health::Ok };
    let waited = action.took(sight.at).map_or_else(String::new, |waited| format!(" for {}", brief(waited)));
    Standing::new(
        health,
        "waiting",
        format!("{}waits for approval in {}/{}{waited}", what(action), stage.name, action.name),
    )
}

fn slow((stage, action): (&Stage, &Action), sight: &Sight<'_>) -> Option<Standing> {
    let (took, usual) = overdue(action, sight)?;
    let verb = if action.status == RunStatus::InProgress { "runs for" } else { "took" };
    Some(Standing::new(
        Health::Warn,
        "slow",
        format!("{}/{} {verb} {}, usually {}", stage.name, action.name, long(took), long(usual)),
    ))
}

fn closed(stage: &Stage, waits: Option<&str>) -> Standing {
    let why = if stage.closed.is_empty() { String::new() } else { format!(": {}", stage.closed) };
    let waits = waits.map_or_else(String::new, |waits| format!("{waits}; "));
    Standing::new(Health::Warn, "closed", format!("{waits}nothing passes into {}{why}", stage.name))
}

fn running((stage, action): (&Stage, &Action), sight: &Sight<'_>) -> Standing {
    let took = action.took(sight.at).map_or_else(String::new, |took| format!(" for {}", brief(took)));
    let usual = action.usual.map_or_else(String::new, |usual| format!(", usually {}", long(usual)));
    Standing::new(Health::Ok, "running", format!("{}runs in {}/{}{took}{usual}", what(action), stage.name, action.name))
}

/// What its last stage got: `v418 through Production`.
fn delivered(pipeline: &Pipeline) -> String {
    let last = pipeline.stages.iter().rev().find_map(|stage| {
        let action = stage.actions.iter().rev().find(|action| action.status == RunStatus::Succeeded)?;
        Some(format!("{} through {}", action.version.as_ref()?, stage.name))
    });
    last.unwrap_or_else(|| "succeeded".into())
}

/// `v419 `, where it is known.
fn what(action: &Action) -> String {
    action.version.as_ref().map_or_else(String::new, |version| format!("{version} "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text::Text;
    use crate::world::World;
    use crate::world::sight::Bearings;
    use jiff::{SignedDuration, Timestamp};

    fn now() -> Timestamp {
        "2026-03-10T14:00:00Z".parse().unwrap()
    }

    fn action(category: &str, status: RunStatus, minutes: i64) -> Action {
        Action {
            name: category.into(),
            category: Some(category.into()),
            provider: None,
            status,
            version: Some("4be1f2c".into()),
            started: Some(now() - SignedDuration::from_mins(minutes)),
            finished: (status != RunStatus::InProgress).then(now),
            usual: Some(SignedDuration::from_mins(5)),
            summary: Text::default(),
            by: Text::default(),
            tests: None,
            outputs: None,
            flaky: None,
            token: None,
            ..Action::default()
        }
    }

    fn stage(status: RunStatus, actions: Vec<Action>) -> Stage {
        Stage {
            name: "Production".into(),
            status,
            inbound_enabled: true,
            closed: Text::default(),
            execution: None,
            waiting: None,
            actions,
        }
    }

    #[track_caller]
    fn check(stages: Vec<Stage>, health: Health, word: &str, now_words: &str) {
        let (world, bearings) = (World::of(&[]), Bearings::default());
        let sight = Sight { world: &world, at: now(), bearings: &bearings };
        let pipeline = Pipeline {
            name: "web".into(),
            edited: None,
            mode: None,
            sources: Vec::new(),
            stages,
            executions: Vec::new(),
        };
        let standing = standing(&pipeline, &sight);
        assert_eq!((standing.health, standing.word, standing.now.as_str()), (health, word, now_words));
    }

    #[test]
    fn the_worst_is_what_is_said() {
        use RunStatus as S;
        check(vec![], Health::Absent, "never run", "has not run yet");
        check(
            vec![stage(S::Succeeded, vec![action("Deploy", S::Succeeded, 5)])],
            Health::Ok,
            "ok",
            "4be1f2c through Production",
        );
        let waits = || vec![stage(S::InProgress, vec![action("Approval", S::InProgress, 12)])];
        check(waits(), Health::Ok, "waiting", "4be1f2c waits for approval in Production/Approval for 12 min");
        check(
            vec![stage(S::InProgress, vec![action("Build", S::InProgress, 4)])],
            Health::Ok,
            "running",
            "4be1f2c runs in Production/Build for 4 min, usually 5 min",
        );
        check(
            vec![stage(S::InProgress, vec![action("Build", S::InProgress, 40)])],
            Health::Warn,
            "slow",
            "Production/Build runs for 40 min, usually 5 min",
        );
        check(vec![stage(S::Failed, vec![])], Health::Bad, "failed", "Production failed a condition of its own");
        let mut shut = waits();
        shut[0].inbound_enabled = false;
        shut[0].closed = "freeze".into();
        check(
            shut,
            Health::Warn,
            "closed",
            "4be1f2c waits for approval in Production/Approval for 12 min; nothing passes into Production: freeze",
        );
        let mut bad = waits();
        bad.push(stage(S::Failed, vec![action("Deploy", S::Failed, 5)]));
        check(bad, Health::Bad, "failed", "4be1f2c failed in Production/Deploy");
    }
}
