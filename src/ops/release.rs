//! Rolling back what has no pipeline of its own: the alias of a function, the instances of a group being replaced.

use jiff::SignedDuration;

use crate::domain::autoscaling::{AutoScalingGroup, Refresh};
use crate::domain::board::BoxId;
use crate::domain::function::Function;
use crate::domain::text::Text;
use crate::ops::plan::{Blast, Plan, Refusal, Undo, Why};
use crate::ops::{Ask, On, Operation, Param, Params, Progress, Subject};
use crate::world::act::Step;
use crate::world::feed::Feed;
use crate::world::item::{Item, Kind};
use crate::world::sight::Sight;
use crate::world::way_back::function::{self as way_back, usual_version};
use crate::world::way_back::refresh;

pub(super) const ALIAS: Operation = Operation {
    name: "lambda.rollback",
    title: "Roll back",
    doc: "The alias of a Lambda function back to an earlier version",
    on: On::One(Kind::Function),
    boxes: &[BoxId::RollbackPlan],
    params: &[
        Param {
            name: "to",
            doc: "which version; Lambda does not tell which one was before",
            present: |of| usual_version(function_of(of)?).map(Text::to_string),
            is_needed: false,
        },
        Param {
            name: "alias",
            doc: "which alias; the one callers go by unless it is said",
            present: |of| function_of(of)?.alias.as_ref().map(Text::to_string),
            is_needed: false,
        },
    ],
    feeds: &[Feed::Functions],
    beside: &[],
    deadline: SignedDuration::from_mins(20),
    plan: plan_alias,
    progress: alias_progress,
};

pub(super) const REFRESH: Operation = Operation {
    name: "refresh.rollback",
    title: "Roll back a refresh",
    doc: "Instances that an instance refresh has replaced back to what they were",
    on: On::One(Kind::Group),
    boxes: &[BoxId::RollbackPlan],
    params: &[],
    feeds: &[Feed::Groups],
    beside: &[],
    deadline: SignedDuration::from_mins(60),
    plan: plan_refresh,
    progress: refresh_progress,
};

fn function_of<'a>(of: &Subject<'a>) -> Option<&'a Function> {
    match of.item? {
        Item::Function(it) => Some(it),
        _ => None,
    }
}

fn plan_alias(ask: &Ask<'_>) -> Result<Plan, Refusal> {
    let Some(Item::Function(it)) = ask.item else {
        return Err(Refusal::new(Why::Unknown, "that is no Lambda function"));
    };
    let (alias, version) = way_back::aliased(it)?;
    if let Some(other) = ask.word("alias").filter(|word| *alias != **word) {
        let text = format!("of {} the alias {alias} is read, not {}", it.name, Text::new(other));
        return Err(Refusal::new(Why::Unknown, text));
    }
    let pointer = way_back::pointer(it, alias, version)?;
    let to = match ask.word("to") {
        Some(word) => Text::new(word),
        None => way_back::usual(it, pointer)?.clone(),
    };
    if !to.as_str().bytes().all(|digit| digit.is_ascii_digit()) {
        let text = format!("{to} is no published version");
        return Err(Refusal::new(Why::Bounds, text).with(format!("a number, as {version}")));
    }
    if to == *version && it.shift.is_none() {
        return Err(Refusal::new(Why::Nothing, format!("{alias} of {} is at {to} already", it.name)));
    }
    let mut plan = Plan::begin(ask, Blast::Disruptive, format!("{}: {alias} back to version {to}", it.name));
    plan.params.insert("to".into(), to.to_string());
    let shifted =
        it.shift.as_ref().map_or_else(String::new, |shift| format!(", {} % to {}", shift.percent, shift.version));
    plan.change("version", format!("{version}{shifted}"), to.to_string());
    plan.steps.push(Step::UpdateAlias {
        function: it.name.clone(),
        alias: alias.clone(),
        version: to.clone(),
        revision: pointer.revision.clone(),
    });
    plan.effects.push(format!("every call by {alias} goes to {to} within seconds; calls under way end as they began"));
    plan.effects.push("AWS refuses where somebody changed the alias since it was read".into());
    if it.previous_version.as_ref() != Some(&to) && it.shift.is_none() {
        plan.warnings.push(if it.published_before.as_ref() == Some(&to) {
            format!(
                "{to} is the newest version published before {version}; whether {alias} ever pointed at it, and it was good, is \
                 not known: Lambda keeps no account"
            )
        } else {
            format!("whether {to} is still there, and was good, is not known")
        });
    }
    if let Some(shift) = &it.shift {
        plan.warnings.push(format!(
            "{} % of the calls go to {}: where CodeDeploy shifts them, the alias is its own; stop that deployment instead",
            shift.percent, shift.version
        ));
    }
    match &it.provisioned {
        Some(warm) if warm.iter().any(|warm| warm.of == *alias) => {
            plan.warnings.push(format!("executions kept warm for {alias} have to be started for {to} first"));
        }
        Some(_) => {}
        None => plan.warnings.push("whether executions are kept warm for it is not known".into()),
    }
    if it.shift.is_none() {
        plan.undo = Some(Undo {
            operation: ALIAS.name.into(),
            params: Params::from([("to".into(), version.to_string())]),
            words: format!("forward again to {version}"),
        });
    } else {
        plan.effects.push("the shift is not begun again by undoing this".into());
    }
    plan.expects = format!("{alias} at {to}, for all calls");
    Ok(plan)
}

fn alias_progress(plan: &Plan, sight: &Sight<'_>) -> Progress {
    let Some(Item::Function(it)) = plan.of.item(sight) else {
        return Progress::Failed(format!("{} is gone", plan.target));
    };
    let wanted = plan.params.get("to").map_or("", String::as_str);
    match &it.version {
        None => Progress::Waiting("its aliases were not read yet".into()),
        Some(version) if version == wanted && it.shift.is_none() => Progress::Reached,
        Some(version) if version == wanted => Progress::Waiting("a part of the calls goes elsewhere yet".into()),
        Some(version) => Progress::Waiting(format!("at {version}")),
    }
}

fn plan_refresh(ask: &Ask<'_>) -> Result<Plan, Refusal> {
    let Some(Item::Group(it)) = ask.item else {
        return Err(Refusal::new(Why::Unknown, "that is no Auto Scaling group"));
    };
    let refresh = refresh::back(it)?;
    let percent = refresh.percent.map_or_else(|| "how far it is, is not told".to_owned(), |it| format!("{it} % done"));
    let mut plan = Plan::begin(ask, Blast::Disruptive, format!("{}: roll the instance refresh back", it.name));
    plan.change("instance refresh", format!("{} under way", refresh.id), "rolled back".to_owned());
    plan.steps.push(Step::RollbackInstanceRefresh { group: it.name.clone() });
    plan.effects.push(format!("{percent}; what was replaced is replaced again, by the configuration before"));
    plan.effects.push("it cannot be taken back: a new refresh would have to be begun".into());
    plan.warnings.push(
        "AWS refuses where it was begun without a desired configuration, or with $Latest, $Default or an image by parameter"
            .into(),
    );
    if let Some(outage) = outage(it) {
        plan.warnings.push(outage);
    }
    plan.expects = "the refresh RollbackSuccessful".into();
    Ok(plan)
}

fn outage(it: &AutoScalingGroup) -> Option<String> {
    (it.desired <= 1).then(|| format!("{} has {} instance: nothing serves while it is replaced", it.name, it.desired))
}

fn refresh_progress(plan: &Plan, sight: &Sight<'_>) -> Progress {
    let Some(Item::Group(it)) = plan.of.item(sight) else {
        return Progress::Failed(format!("{} is gone", plan.target));
    };
    let Some(refresh) = &it.refresh else {
        return Progress::Failed("the refresh is not told of any more".into());
    };
    match refresh.status.as_str() {
        "RollbackSuccessful" => Progress::Reached,
        "RollbackFailed" | "Successful" | "Failed" | "Cancelled" => Progress::Failed(told(refresh)),
        _ => Progress::Waiting(told(refresh)),
    }
}

fn told(refresh: &Refresh) -> String {
    let percent = refresh.percent.map_or_else(String::new, |percent| format!(", {percent} %"));
    let reason = if refresh.reason.is_empty() { String::new() } else { format!(": {}", refresh.reason) };
    format!("{}{percent}{reason}", refresh.status)
}
