//! Approvals: what waits for a decision is let through, or turned away.

use jiff::SignedDuration;

use super::pipeline;
use crate::domain::board::BoxId;
use crate::domain::delivery::{Action, Pipeline, RunStatus, Stage};
use crate::domain::text::Text;
use crate::domain::units::{long, since};
use crate::ops::plan::{Blast, Plan, Refusal, Why};
use crate::ops::{Ask, On, Operation, Param, Progress};
use crate::world::act::Step;
use crate::world::authors;
use crate::world::feed::Feed;
use crate::world::item::Kind;
use crate::world::sight::Sight;

pub(super) const APPROVE: Operation = Operation {
    name: "gate.approve",
    title: "Approve",
    doc: "Let through what waits for an approval in a pipeline",
    on: On::One(Kind::Pipeline),
    boxes: &[BoxId::ApprovalGate],
    params: &[
        STAGE,
        ACTION,
        Param { name: "comment", doc: "why, for those who ask later", present: |_| None, is_needed: false },
    ],
    feeds: &[Feed::Pipelines],
    beside: &[],
    deadline: SignedDuration::from_mins(5),
    plan: |ask| plan(ask, true),
    progress: |plan, sight| progress(plan, sight, true),
};

pub(super) const REJECT: Operation = Operation {
    name: "gate.reject",
    title: "Reject",
    doc: "Turn away what waits for an approval in a pipeline",
    on: On::One(Kind::Pipeline),
    boxes: &[BoxId::ApprovalGate],
    params: &[
        STAGE,
        ACTION,
        Param { name: "comment", doc: "why, for whoever made it", present: |_| None, is_needed: true },
    ],
    feeds: &[Feed::Pipelines],
    beside: &[],
    deadline: SignedDuration::from_mins(5),
    plan: |ask| plan(ask, false),
    progress: |plan, sight| progress(plan, sight, false),
};

const STAGE: Param = Param {
    name: "stage",
    doc: "in which stage it waits",
    present: |of| Some(waiting(pipeline::of(of)?).next()?.0.name.to_string()),
    is_needed: false,
};

const ACTION: Param = Param {
    name: "action",
    doc: "which approval of it",
    present: |of| Some(waiting(pipeline::of(of)?).next()?.1.name.to_string()),
    is_needed: false,
};

/// <https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_ApprovalResult.html>
const LONGEST_COMMENT: usize = 512;

/// Every approval that waits for somebody.
fn waiting(it: &Pipeline) -> impl Iterator<Item = (&Stage, &Action)> {
    let all = it.stages.iter().flat_map(|stage| stage.actions.iter().map(move |action| (stage, action)));
    all.filter(|(_, action)| action.waits_for_somebody())
}

fn plan(ask: &Ask<'_>, approve: bool) -> Result<Plan, Refusal> {
    let it = pipeline::asked(ask)?;
    if let Some(name) = ask.word("stage") {
        pipeline::stage_called(it, name)?;
    }
    let is_meant = |name: &Text, said: &str| ask.word(said).is_none_or(|word| *name == *word);
    let all: Vec<(&Stage, &Action)> = waiting(it).collect();
    let meant = all.iter().filter(|(stage, action)| is_meant(&stage.name, "stage") && is_meant(&action.name, "action"));
    let meant: Vec<&(&Stage, &Action)> = meant.collect();
    let list = |all: &[(&Stage, &Action)]| {
        all.iter().map(|(stage, action)| format!("{} in {}", action.name, stage.name)).collect::<Vec<_>>().join(", ")
    };
    let (stage, action) = match meant.as_slice() {
        [(stage, action)] => (*stage, *action),
        [] if all.is_empty() => {
            return Err(Refusal::new(Why::Nothing, format!("nothing waits for an approval in {}", it.name)));
        }
        [] => {
            let text = format!("nothing of that name waits for an approval in {}", it.name);
            return Err(Refusal::new(Why::Nothing, text).with(format!("there waits {}", list(&all))));
        }
        _ => {
            let text = format!("several approvals wait in {}", it.name);
            return Err(Refusal::new(Why::Bounds, text).with(format!("say stage and action: {}", list(&all))));
        }
    };
    let Some(token) = &action.token else {
        let text =
            format!("AWS tells no token for {}, as in PARALLEL mode: it cannot be decided from here", action.name);
        return Err(Refusal::new(Why::Blind, text).with("decide it in AWS's own console"));
    };
    let comment = ask.word("comment").unwrap_or_default();
    if comment.is_empty() && !approve {
        return Err(Refusal::new(Why::Bounds, "say why in `comment`: whoever made it reads that"));
    }
    let length = comment.chars().count();
    if length > LONGEST_COMMENT {
        let text = format!("the comment has {length} characters; AWS takes {LONGEST_COMMENT}");
        return Err(Refusal::new(Why::Bounds, text));
    }
    let verb = if approve { "approve" } else { "reject" };
    let what = action.version_word();
    let title = format!("{}: {verb} {what} in {}", it.name, stage.name);
    let mut plan = Plan::begin(ask, Blast::Disruptive, title);
    plan.params.insert("stage".into(), stage.name.to_string());
    plan.params.insert("action".into(), action.name.to_string());
    plan.change(
        "approval",
        format!("{} of {what} waits", action.name),
        if approve { "approved" } else { "rejected" }.to_owned(),
    );
    plan.steps.push(Step::PutApprovalResult {
        pipeline: it.name.clone(),
        stage: stage.name.clone(),
        action: action.name.clone(),
        is_approved: approve,
        comment: Text::new(comment),
        token: token.clone(),
    });
    describe(&mut plan, ask, it, stage, action, approve);
    plan.expects =
        format!("{} {}", action.name, if approve { "approved, and what follows begins" } else { "rejected" });
    Ok(plan)
}

fn describe(plan: &mut Plan, ask: &Ask<'_>, it: &Pipeline, stage: &Stage, action: &Action, approve: bool) {
    let run = it.executions.iter().find(|run| run.version.is_some() && run.version == action.version);
    let run = run.or_else(|| stage.execution.as_ref().and_then(|id| it.execution(id.as_str())));
    let waits = action.started.map_or_else(
        || "since when it waits is not told".to_owned(),
        |asked| format!("it waits for {}", long(since(ask.sight.at, asked))),
    );
    plan.effects.push(waits);
    match run.and_then(|run| run.revision.as_ref()) {
        Some(revision) => {
            let by = authors::of(ask.sight, revision).map_or_else(String::new, |author| format!(" by {author}"));
            plan.effects.push(format!("{} is \"{}\"{by}", action.version_word(), revision.message));
        }
        None => plan.warnings.push("what it lets through is not told".into()),
    }
    let after = stage.actions.iter().skip_while(|other| other.name != action.name).skip(1);
    let later = it.stages.iter().skip_while(|other| other.name != stage.name).skip(1).flat_map(|next| &next.actions);
    let follows = pipeline::names(after.chain(later));
    plan.effects.push(match (approve, follows.is_empty()) {
        (true, true) => "nothing follows it".into(),
        (true, false) => format!("it goes on at once with {follows}"),
        (false, _) => format!("{} fails with it, and nothing of it goes on", stage.name),
    });
    plan.effects.push(if approve {
        "an approval cannot be taken back; what it lets through can be stopped or rolled back".into()
    } else {
        "a rejection cannot be taken back; the stage can be retried, and asks again then: `stage.retry`".into()
    });
    if let Some(next) = &stage.waiting {
        plan.warnings.push(format!("{} waits behind it", pipeline::called(it, next)));
    }
}

fn progress(plan: &Plan, sight: &Sight<'_>, approve: bool) -> Progress {
    pipeline::after(plan, sight, |it| told(plan, it, approve)).unwrap_or_else(|gone| gone)
}

fn told(plan: &Plan, it: &Pipeline, approve: bool) -> Progress {
    let stage = match pipeline::stage_after(plan, it) {
        Ok(stage) => stage,
        Err(gone) => return gone,
    };
    let name = plan.params.get("action").map_or("", String::as_str);
    let Some(action) = stage.actions.iter().find(|action| action.name == name) else {
        return Progress::Failed(format!("{} has no {name} any more", stage.name));
    };
    let sent = plan.steps.iter().find_map(|step| match step {
        Step::PutApprovalResult { token, .. } => Some(token),
        _ => None,
    });
    let by = if action.by.is_empty() { String::new() } else { format!(" by {}", action.by) };
    match (action.status, approve) {
        (RunStatus::Succeeded, true) | (RunStatus::Failed, false) => Progress::Reached,
        (RunStatus::Failed, true) => Progress::Failed(format!("it was rejected{by}: {}", action.summary)),
        (RunStatus::Succeeded, false) => Progress::Failed(format!("it was approved{by}")),
        (RunStatus::InProgress, _) if action.token.is_some() && action.token.as_ref() != sent => {
            Progress::Failed(format!("{} waits there now, and was not decided", action.version_word()))
        }
        (RunStatus::Stopped | RunStatus::Cancelled | RunStatus::Superseded, _) => {
            Progress::Failed(format!("{name} {}", action.status.word()))
        }
        (RunStatus::InProgress | RunStatus::NotStarted | RunStatus::Unknown, _) => {
            Progress::Waiting(format!("{name} waits yet"))
        }
    }
}
