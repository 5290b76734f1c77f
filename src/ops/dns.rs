//! Where a name leads: a failover pair of Route 53, turned by its health check.

use jiff::SignedDuration;

use crate::domain::recovery::FailoverRecord;
use crate::domain::text::Text;
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
    let is_moved = record.leads_to(record.secondary_region.as_str());
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
    if it.leads_to(to) {
        return Err(Refusal::new(Why::Nothing, format!("{name} leads to {to} already")));
    }
    let Some(switch) = &it.switch else {
        let text = format!("{name} has no health check that may be turned: its answers cannot be moved from here");
        return Err(Refusal::new(Why::State, text).with("change the record by hand, in Route 53"));
    };
    // What a check says is turned over and not set: upside down, one that fails leads to what it is of.
    let Some(serving) = &it.serving else {
        let text = format!("what the health check of {name} says is not told: turned, it may lead anywhere");
        return Err(Refusal::new(Why::Blind, text).with("look again in a moment, or change the record in Route 53"));
    };
    if !is_second && !switch.is_inverted {
        let text =
            format!("DNS leads {name} away because what it finds in {to} fails, and back by itself once that is well");
        return Err(Refusal::new(Why::State, text).with(format!("bring {to} up")));
    }
    let is_inverted = !switch.is_inverted;
    let mut plan = Plan::begin(ask, Blast::Disruptive, format!("{name}: lead to {to}"));
    plan.target = it.name.clone();
    plan.change("leads to", serving.to_string(), to.to_owned());
    plan.steps.push(Step::InvertHealthCheck { check: switch.check.clone(), is_inverted });
    plan.effects.push(format!("visitors go to {to} within 1 to 2 min: as fast as their resolvers forget"));
    if is_inverted {
        plan.effects
            .push("the health check stays upside down until somebody turns it back: this is the way back".into());
        plan.effects.push(format!("meanwhile a failure of {serving} would lead back to it: it looks like health"));
    } else if !is_second && it.primary_healthy == Some(false) {
        plan.warnings.push(format!("the health check of {to} fails: turned back, it may lead away again"));
    }
    if !switch.shared_with.is_empty() {
        let names: Vec<&str> = switch.shared_with.iter().map(Text::as_str).collect();
        plan.warnings.push(format!("the same health check decides for {}: they move too", names.join(", ")));
    }
    if it.asks_target {
        plan.warnings
            .push("an alias leads away from a target that is down too, and whether one is, is not told".into());
    }
    // Where it is turned back for a failure of the primary, the way back is that the primary is well again.
    plan.undo = (is_inverted || !is_second).then(|| Undo {
        operation: SWITCH.name.into(),
        params: Params::from([("record".to_owned(), name.to_owned()), ("to".to_owned(), serving.to_string())]),
        words: format!("lead back to {serving}"),
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
        Some(to) if it.leads_to(to) => Progress::Reached,
        Some(_) => Progress::Waiting(format!("where it leads: {}", it.serving_word())),
        None => Progress::Failed("it does not say what was wanted".into()),
    }
}
