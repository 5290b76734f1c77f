//! Pipelines: what failed, what waits, which version is on its way.

use super::{Align, Column, RoomSpec, Row, Value};
use crate::domain::delivery::{Action, Execution, Pipeline, RunStatus, Stage};
use crate::domain::health::Health;
use crate::domain::units::{brief, long};
use crate::world::feed::Feed;
use crate::world::item::{Item, Kind};
use crate::world::sight::Sight;

pub const ROOM: RoomSpec = RoomSpec {
    name: "pipelines",
    kinds: &[Kind::Pipeline],
    nouns: ("pipeline", "pipelines"),
    columns: &COLUMNS,
    health: |row, sight| of(row).map_or(Health::Unknown, |it| standing(it, sight).health),
    // What is not well first, then what ran last.
    rank: |row, sight| {
        of(row).map_or((9, 0), |it| {
            (6 - standing(it, sight).health as u8, newest(it).map_or(0, |run| -run.started.as_second()))
        })
    },
    feeds: &[Feed::Pipelines],
};

const COLUMNS: [Column; 9] = [
    Column {
        key: "state",
        title: "STATE",
        priority: 0,
        width: (8, 9),
        align: Align::Left,
        value: |row, sight| {
            of(row).map_or(Value::Nothing, |it| {
                let standing = standing(it, sight);
                Value::State(standing.health, standing.word)
            })
        },
    },
    super::NAME,
    Column {
        key: "now",
        title: "NOW",
        priority: 1,
        width: (40, 64),
        align: Align::Left,
        value: |row, sight| of(row).map_or(Value::Nothing, |it| Value::Words(standing(it, sight).now)),
    },
    Column {
        key: "version",
        title: "NEWEST",
        priority: 2,
        width: (7, 10),
        align: Align::Name,
        value: |row, _| {
            of(row)
                .and_then(newest)
                .and_then(|run| run.version.as_ref())
                .map_or(Value::Nothing, |version| Value::Text(version.clone()))
        },
    },
    Column {
        key: "started",
        title: "STARTED",
        priority: 3,
        width: (7, 7),
        align: Align::Right,
        value: |row, _| of(row).and_then(newest).map_or(Value::Nothing, |run| Value::Since(run.started)),
    },
    Column {
        key: "trigger",
        title: "BY",
        priority: 6,
        width: (12, 20),
        align: Align::Left,
        value: |row, _| of(row).and_then(newest).map_or(Value::Nothing, |run| Value::Words(by(run))),
    },
    Column {
        key: "change",
        title: "CHANGE",
        priority: 7,
        width: (16, 40),
        align: Align::Left,
        value: |row, _| {
            let revision = of(row).and_then(newest).and_then(|run| run.revision.as_ref());
            revision
                .filter(|revision| !revision.message.is_empty())
                .map_or(Value::Nothing, |revision| Value::Text(revision.message.clone()))
        },
    },
    super::REGION,
    super::ACCOUNT,
];

fn of(row: &Row) -> Option<&Pipeline> {
    match &row.item {
        Item::Pipeline(pipeline) => Some(pipeline),
        _ => None,
    }
}

fn newest(pipeline: &Pipeline) -> Option<&Execution> {
    pipeline.executions.first()
}

/// `push by lena`, `manual by maria`, `rollback`.
pub fn by(run: &Execution) -> String {
    let author = run.revision.as_ref().and_then(|revision| revision.author.as_ref());
    match run.by.as_ref().or(author) {
        Some(who) => format!("{} by {who}", run.trigger_word()),
        None => run.trigger_word().to_owned(),
    }
}

/// How it is, in a word and in a sentence.
struct Standing {
    health: Health,
    word: &'static str,
    now: String,
}

/// The worst there is to say of it; of equals, what is named first.
fn standing(pipeline: &Pipeline, sight: &Sight<'_>) -> Standing {
    let actions = || pipeline.stages.iter().flat_map(|stage| stage.actions.iter().map(move |action| (stage, action)));
    let stages = || pipeline.stages.iter();
    let said = [
        actions().find(|(_, action)| action.status == RunStatus::Failed).map(failed),
        stages()
            .find(|stage| stage.status == RunStatus::Failed)
            .map(|stage| Standing::new(Health::Bad, "failed", format!("{} failed a condition of its own", stage.name))),
        actions().filter(|(_, action)| is_waiting(action)).map(|it| waiting(it, sight)).max_by_key(|it| it.health),
        actions().filter(|(_, action)| !is_approval(action)).find_map(|it| slow(it, sight)),
        stages().find(|stage| !stage.inbound_enabled).map(|stage| {
            let waits = actions().find(|(_, action)| is_waiting(action)).map(|it| waiting(it, sight).now);
            closed(stage, waits.as_deref())
        }),
        stages()
            .find(|stage| stage.status == RunStatus::Stopped)
            .map(|stage| Standing::new(Health::Warn, "stopped", format!("{} was stopped", stage.name))),
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
    let why = if action.summary.is_empty() { String::new() } else { format!(": {}", action.summary) };
    Standing::new(Health::Bad, "failed", format!("{}failed in {}/{}{why}", what(action), stage.name, action.name))
}

/// People take as long as they take.
fn is_approval(action: &Action) -> bool {
    action.category.as_ref().is_some_and(|category| category == "Approval")
}

pub fn is_waiting(action: &Action) -> bool {
    action.status == RunStatus::InProgress && is_approval(action)
}

fn waiting((stage, action): (&Stage, &Action), sight: &Sight<'_>) -> Standing {
    let waited = action.took(sight.at);
    let is_long = waited.is_some_and(|waited| waited.as_secs_f64() / 60.0 > sight.limits().approval_minutes);
    let health = if is_long { Health::Warn } else { Health::Ok };
    let waited = waited.map_or_else(String::new, |waited| format!(" for {}", brief(waited)));
    Standing::new(
        health,
        "waiting",
        format!("{}waits for approval in {}/{}{waited}", what(action), stage.name, action.name),
    )
}

fn slow((stage, action): (&Stage, &Action), sight: &Sight<'_>) -> Option<Standing> {
    let (took, usual) = (action.took(sight.at)?, action.usual?);
    if took.as_secs_f64() <= usual.as_secs_f64() * sight.limits().slow_run_factor {
        return None;
    }
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
        let pipeline = Pipeline { name: "web".into(), edited: None, mode: None, stages, executions: Vec::new() };
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
