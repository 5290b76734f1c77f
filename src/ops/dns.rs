//! Where a name leads: a failover pair of Route 53, turned by its health check.

use jiff::SignedDuration;

use crate::domain::recovery::FailoverRecord;
use crate::ops::plan::{Blast, Plan, Refusal, Undo, Why};
use crate::ops::{Ask, On, Operation, Param, Params, Progress, Subject};
use crate::world::Place;
use crate::world::act::Step;
use crate::world::feed::Feed;
use crate::world::sight::Sight;

pub(super) const SWITCH: Operation = Operation {
    name: "dns.switch",
    title: "Switch DNS",
    doc: "Lead a failover record to its other region, by the health check it answers by",
    on: On::Scope,
    boxes: &[],
    params: &[
        Param { name: "record", doc: "which name", present: |of| Some(first(of)?.name.to_string()), is_needed: true },
        Param {
            name: "to",
            doc: "the region it leads to from then on",
            present: |of| Some(other_region(first(of)?).to_owned()),
            is_needed: true,
        },
    ],
    feeds: &[Feed::Records],
    beside: &[],
    deadline: SignedDuration::from_mins(15),
    plan: plan_switch,
    progress: switch_progress,
};

fn first<'a>(of: &Subject<'a>) -> Option<&'a FailoverRecord> {
    of.place.feeds.records.items().next()
}

fn other_region(record: &FailoverRecord) -> &str {
    let is_moved = record.serving == record.secondary_region;
    if is_moved { record.primary_region.as_str() } else { record.secondary_region.as_str() }
}

fn called<'a>(place: &'a Place, name: &str) -> Option<&'a FailoverRecord> {
    place.feeds.records.items().find(|record| record.name == *name)
}

fn plan_switch(ask: &Ask<'_>) -> Result<Plan, Refusal> {
    let name = ask.needed_word("record")?;
    let to = ask.needed_word("to")?;
    let Some(it) = called(ask.place, name) else {
        return Err(Refusal::new(Why::Unknown, format!("there is no failover record {name}")));
    };
    let is_second = it.secondary_region == *to;
    if !is_second && it.primary_region != *to {
        let text = format!("{name} leads to {} or {}, not to {to}", it.primary_region, it.secondary_region);
        return Err(Refusal::new(Why::Bounds, text));
    }
    if it.serving == *to {
        return Err(Refusal::new(Why::Nothing, format!("{name} leads to {to} already")));
    }
    let Some(check) = &it.switch else {
        let text = format!("{name} has no health check that may be turned: its answers cannot be moved from here");
        return Err(Refusal::new(Why::State, text).with("change the record by hand, in Route 53"));
    };
    let mut plan = Plan::begin(ask, Blast::Disruptive, format!("{name}: lead to {to}"));
    plan.target = it.name.clone();
    plan.change("leads to", it.serving.to_string(), to.to_owned());
    plan.steps.push(Step::InvertHealthCheck { check: check.clone(), is_inverted: is_second });
    plan.effects.push(format!("visitors go to {to} within 1 to 2 min: as fast as their resolvers forget"));
    if is_second {
        plan.effects
            .push("the health check stays upside down until somebody turns it back: this is the way back".into());
    } else if !it.primary_healthy {
        plan.warnings.push(format!("the health check of {to} fails: turned back, it may lead away again"));
    }
    plan.undo = Some(Undo {
        operation: SWITCH.name.into(),
        params: Params::from([("record".to_owned(), name.to_owned()), ("to".to_owned(), it.serving.to_string())]),
        words: format!("lead back to {}", it.serving),
    });
    plan.expects = format!("{name} leads to {to}");
    Ok(plan)
}

fn switch_progress(plan: &Plan, sight: &Sight<'_>) -> Progress {
    let Some(it) = sight.world.places().get(plan.of.place()).and_then(|place| called(place, plan.target.as_str()))
    else {
        return Progress::Failed(format!("{} is gone", plan.target));
    };
    match plan.params.get("to").map(|to| to.trim()) {
        Some(to) if it.serving == *to => Progress::Reached,
        Some(_) => Progress::Waiting(format!("it still leads to {}", it.serving)),
        None => Progress::Failed("it does not say what was wanted".into()),
    }
}
