//! Dead letters: moved back to where they came from, and no longer.

use jiff::SignedDuration;

use crate::domain::graph::MetricId;
use crate::domain::messaging::{Move, Queue};
use crate::domain::metric::{Measure, Series};
use crate::domain::units::{brief, count, lag, long, plural, stamp};
use crate::ops::plan::{Blast, Plan, Refusal, Undo, Why};
use crate::ops::{Ask, On, Operation, Param, Params, Progress};
use crate::world::act::Step;
use crate::world::feed::Feed;
use crate::world::item::{Item, Kind};
use crate::world::sight::Sight;

pub(super) const REDRIVE: Operation = Operation {
    name: "dlq.redrive",
    title: "Redrive",
    doc: "Move the messages of a dead letter queue back to where they came from",
    on: On::One(Kind::Queue),
    boxes: &[],
    params: &[Param {
        name: "per-second",
        doc: "messages a second at most, 1 to 500; 10 unless it is said",
        present: |_| Some(CAREFUL.to_string()),
        is_needed: false,
    }],
    feeds: &[Feed::Queues],
    beside: &[Feed::Metrics, Feed::Alarms],
    deadline: SignedDuration::from_mins(15),
    plan: plan_redrive,
    progress: redrive_progress,
};

pub(super) const STOP: Operation = Operation {
    name: "dlq.stop-redrive",
    title: "Stop a redrive",
    doc: "Move no more messages out of a dead letter queue; those that are back stay back",
    on: On::One(Kind::Queue),
    boxes: &[],
    params: &[],
    feeds: &[Feed::Queues],
    beside: &[],
    deadline: SignedDuration::from_mins(10),
    plan: plan_stop,
    progress: stop_progress,
};

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html>
const FASTEST: u32 = 500;
/// Slow enough to see what becomes of the first ones.
const CAREFUL: u32 = 10;
/// What AWS moves for at most; then the task ends, wherever it is.
const LONGEST: SignedDuration = SignedDuration::from_hours(36);
/// The clock of AWS may be a little behind ours.
const SKEW: SignedDuration = SignedDuration::from_mins(1);
/// Minutes in which a dead letter queue is looked at for whether it grows.
const RECENT: usize = 5;

fn queue<'a>(ask: &Ask<'a>) -> Result<&'a Queue, Refusal> {
    match ask.item {
        Some(Item::Queue(queue)) => Ok(queue),
        _ => Err(Refusal::new(Why::Unknown, "that is no queue")),
    }
}

/// The moves of it, of a queue whose messages can be moved at all.
fn moves(it: &Queue) -> Result<&[Move], Refusal> {
    if it.dead_letters_of.is_empty() {
        let refusal = match (&it.dead_letters, it.is_dead_letter_queue()) {
            (_, true) => {
                let text = format!(
                    "no queue that is read sends its dead letters to {}: SQS moves back only what came from a queue",
                    it.name
                );
                Refusal::new(Why::State, text).with("what a function or a topic failed to deliver is sent again there")
            }
            (Some((letters, _)), false) => {
                let text = format!("{} is no dead letter queue", it.name);
                Refusal::new(Why::State, text).with(format!("its dead letters are in {letters}"))
            }
            (None, false) => Refusal::new(Why::State, format!("{} is no dead letter queue, and has none", it.name)),
        };
        return Err(refusal);
    }
    it.moves.as_deref().ok_or_else(|| {
        let text = format!("whether messages are on their way out of {} is not known", it.name);
        Refusal::new(Why::Blind, text).with("it takes sqs:ListMessageMoveTasks")
    })
}

fn plan_redrive(ask: &Ask<'_>) -> Result<Plan, Refusal> {
    let it = queue(ask)?;
    let all = moves(it)?;
    let per_second = ask.number("per-second")?.unwrap_or(CAREFUL);
    if !(1..=FASTEST).contains(&per_second) {
        return Err(Refusal::new(Why::Bounds, format!("SQS moves 1 to {FASTEST} messages a second, not {per_second}")));
    }
    if let Some(task) = it.running_move() {
        let text = format!("messages are on their way out of {} already, {}", it.name, task.words());
        return Err(Refusal::new(Why::State, text).with("wait for it, or `dlq.stop-redrive`"));
    }
    if it.visible == 0 {
        return Err(Refusal::new(Why::Nothing, format!("there is nothing in {}", it.name)));
    }
    let sources: Vec<&Queue> =
        ask.place.feeds.queues.items().filter(|one| it.dead_letters_of.contains(&one.name)).collect();
    if let Some(other) = sources.iter().find(|source| source.fifo != it.fifo) {
        let (of, is) = if it.fifo { ("FIFO", "standard") } else { ("standard", "FIFO") };
        let text =
            format!("{} is a {of} queue and {} is a {is} one: SQS moves nothing between them", it.name, other.name);
        return Err(Refusal::new(Why::State, text));
    }
    let to = it.dead_letters_of.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(", ");
    let messages = plural(it.visible as usize, "message", "messages");
    let mut plan = Plan::begin(ask, Blast::Disruptive, format!("{}: move about {messages} back to {to}", it.name));
    plan.params.insert("per-second".into(), per_second.to_string());
    plan.change("move", last(all, ask.sight), format!("to {to}, at most {per_second} a second"));
    plan.steps.push(Step::StartMessageMoveTask { source: it.arn.clone(), per_second });
    let takes = SignedDuration::from_secs(i64::try_from(it.visible / u64::from(per_second)).unwrap_or(i64::MAX));
    plan.effects.push(format!("about {messages}, as SQS counts them, take {} at this pace", long(takes)));
    plan.effects.push("each goes back to the queue it came from, with a new id, and its retention begins anew".into());
    plan.effects
        .push("whoever takes them may have done half of the work already: consumers have to be idempotent".into());
    plan.effects.push("what is back cannot be told from what is new, and is not brought here again".into());
    if takes > LONGEST {
        plan.warnings.push(format!("SQS moves for 36 h at most: the rest of {} would stay", it.name));
    }
    if it.in_flight > 0 {
        let others = count(it.in_flight);
        plan.warnings.push(format!("somebody reads {} just now: {others} of its messages are in flight", it.name));
    }
    if it.fifo {
        plan.warnings.push(format!("they come between what is new in {to}: the order of a group is not kept"));
    }
    plan.warnings.extend(would_die_again(ask, it, &sources));
    plan.undo = Some(Undo {
        operation: STOP.name.into(),
        params: Params::new(),
        words: "stop it on its way; what is back by then stays back".into(),
    });
    plan.expects = format!("what was in {} is back in {to}", it.name);
    plan.deadline = takes.min(LONGEST).saturating_add(REDRIVE.deadline);
    Ok(plan)
}

/// Signs that whoever takes the messages would fail on them once more, or not get to them.
fn would_die_again(ask: &Ask<'_>, it: &Queue, sources: &[&Queue]) -> Vec<String> {
    let mut all = Vec::new();
    let growth = ask.place.series(Measure::SqsVisible, &it.name).and_then(|series| series.slope_per_minute(RECENT));
    let to = it.dead_letters_of.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(", ");
    match growth {
        Some(growth) if growth > 0.0 => all.push(format!(
            "{} grew by {} a minute in the last {RECENT} min: what takes from {to} still fails, and they would land here again",
            it.name,
            count((growth.ceil()) as u64)
        )),
        Some(_) => {}
        None => all.push(format!("whether {} still grows is not known: mend what failed before this", it.name)),
    }
    for source in sources {
        let firing = ask.place.feeds.alarms.items().filter(|alarm| {
            let about = |metric: &MetricId| metric.dimensions.iter().any(|(_, value)| *value == source.name);
            alarm.is_firing() && alarm.metric().is_some_and(about)
        });
        let firing: Vec<&str> = firing.map(|alarm| alarm.name.as_str()).collect();
        if !firing.is_empty() {
            all.push(format!("{} of {} is in alarm", firing.join(", "), source.name));
        }
        let age = ask.place.series(Measure::SqsOldestAge, &source.name);
        let rises = age.and_then(|series| series.slope_per_minute(RECENT)).is_some_and(|slope| slope > 0.0);
        if let Some(age) = age.and_then(Series::latest).filter(|age| rises && *age > 60.0) {
            all.push(format!("the oldest message of {} waits {}, and longer by the minute", source.name, lag(age)));
        }
        if source.visible > 0 {
            all.push(format!("{} wait in {} before them", count(source.visible), source.name));
        }
        if let Some(retention) = source.retention {
            all.push(format!("{} keeps a message for {}, then it is lost", source.name, brief(retention)));
        }
    }
    for name in it.dead_letters_of.iter().filter(|name| !sources.iter().any(|source| source.name == **name)) {
        all.push(format!("{name} is not read: what it is like cannot be told"));
    }
    all
}

/// What was moved last, in words: a move that is told afterwards under others is a new one.
fn last(all: &[Move], sight: &Sight<'_>) -> String {
    all.first().map_or_else(|| "none yet".into(), |one| of_move(one, sight))
}

fn of_move(one: &Move, sight: &Sight<'_>) -> String {
    format!("none since the one of {}", stamp(one.started, sight.zone()))
}

fn now_of(plan: &Plan, sight: &Sight<'_>) -> Result<std::sync::Arc<Queue>, Progress> {
    match plan.of.item(sight) {
        Some(Item::Queue(it)) => Ok(it),
        _ => Err(Progress::Failed(format!("{} is gone", plan.target))),
    }
}

fn redrive_progress(plan: &Plan, sight: &Sight<'_>) -> Progress {
    let it = match now_of(plan, sight) {
        Ok(it) => it,
        Err(gone) => return gone,
    };
    let Some(all) = &it.moves else { return Progress::Waiting("what is moved is not told".into()) };
    let before = plan.changes.first().map_or("", |change| change.before.as_str());
    let ours = all.iter().find(|one| one.started >= plan.made_at - SKEW && of_move(one, sight) != before);
    let Some(ours) = ours else { return Progress::Waiting("no move is listed yet".into()) };
    let failure = if ours.failure.is_empty() { String::new() } else { format!(": {}", ours.failure) };
    match ours.status.as_str() {
        "COMPLETED" => Progress::Reached,
        "FAILED" => Progress::Failed(format!("it failed, {}{failure}", ours.words())),
        "CANCELLED" => Progress::Failed(format!("it was stopped, {}", ours.words())),
        "CANCELLING" => Progress::Waiting(format!("it is being stopped, {}", ours.words())),
        _ => Progress::Waiting(format!("{}, {} in {}", ours.words(), count(it.visible), it.name)),
    }
}

fn plan_stop(ask: &Ask<'_>) -> Result<Plan, Refusal> {
    let it = queue(ask)?;
    moves(it)?;
    let Some(task) = it.running_move() else {
        return Err(Refusal::new(Why::Nothing, format!("nothing is on its way out of {}", it.name)));
    };
    if task.status == "CANCELLING" {
        return Err(Refusal::new(Why::Nothing, format!("it is being stopped already, {}", task.words())));
    }
    let Some(handle) = &task.handle else {
        let text = format!("AWS does not tell by what the move out of {} is stopped", it.name);
        return Err(Refusal::new(Why::Blind, text).with("stop it in AWS's own console"));
    };
    let mut plan = Plan::begin(ask, Blast::Reversible, format!("{}: move no more of it back", it.name));
    let pace = task.per_second.map_or_else(|| "runs".to_owned(), |pace| format!("at most {pace} a second"));
    plan.change("move", pace, "stopped".to_owned());
    plan.steps.push(Step::CancelMessageMoveTask { task: handle.clone() });
    plan.effects.push(format!("{}: what is back stays back, and is not brought here again", task.words()));
    let per_second = task.per_second.unwrap_or(CAREFUL);
    plan.undo = Some(Undo {
        operation: REDRIVE.name.into(),
        params: Params::from([("per-second".to_owned(), per_second.to_string())]),
        words: "move the rest as well".into(),
    });
    plan.expects = format!("nothing more is moved out of {}", it.name);
    Ok(plan)
}

fn stop_progress(plan: &Plan, sight: &Sight<'_>) -> Progress {
    let it = match now_of(plan, sight) {
        Ok(it) => it,
        Err(gone) => return gone,
    };
    // One at a time: the newest is the one that ran.
    match it.moves.as_deref().and_then(<[Move]>::first) {
        None => Progress::Waiting("what is moved is not told".into()),
        Some(task) => match task.status.as_str() {
            "CANCELLED" => Progress::Reached,
            "COMPLETED" => Progress::Failed(format!("it was through before it was stopped, {}", task.words())),
            "FAILED" => {
                Progress::Failed(format!("it failed before it was stopped, {}: {}", task.words(), task.failure))
            }
            _ => Progress::Waiting(format!("it is not stopped yet, {}", task.words())),
        },
    }
}
