//! What happened to machines between two answers, where AWS keeps no account of it: EC2 tells how an instance is, and not
//! since when its checks fail or what became of it. It is told as of when it was seen.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::{Event, EventKind, Tone};
use crate::domain::instance::{Instance, InstanceState};
use crate::domain::list::List;
use crate::domain::text::Text;
use crate::world::item::Kind;

/// A region that is lost takes its machines all at once.
const MOST: usize = 500;

/// Adds what is otherwise in the newer answer, and lets go of the oldest beyond a bound.
pub(super) fn note(
    known: &Arc<[Arc<Event>]>,
    old: &List<Instance>,
    new: &List<Instance>,
    at: Timestamp,
) -> Arc<[Arc<Event>]> {
    let mut fresh = Vec::new();
    let (old, new) = apart(old, new);
    let by_id: HashMap<&Text, &Arc<Instance>> = new.iter().map(|it| (&it.id, it)).collect();
    for before in old {
        let after = by_id.get(&before.id).copied();
        if let Some((tone, what)) = became(before, after) {
            fresh.push(Arc::new(Event {
                id: Text::from(format!("{} seen {at}", before.id)),
                at,
                kind: EventKind::Machine,
                tone,
                what: Text::from(what),
                by: Text::default(),
                resource: before.name.clone(),
                region: None,
                environment: before.environment,
                about: Some(Kind::Instance),
            }));
        }
    }
    if fresh.is_empty() {
        return Arc::clone(known);
    }
    let all: Vec<Arc<Event>> = known.iter().cloned().chain(fresh).collect();
    let from = all.len().saturating_sub(MOST);
    all[from..].into()
}

/// Those that are not in both, without looking up a hundred thousand that are: lists mostly keep their order.
fn apart<'a>(old: &'a [Arc<Instance>], new: &'a [Arc<Instance>]) -> (Vec<&'a Arc<Instance>>, &'a [Arc<Instance>]) {
    let is_same = |(a, b): &(&Arc<Instance>, &Arc<Instance>)| Arc::ptr_eq(a, b);
    let front = old.iter().zip(new).take_while(is_same).count();
    let (old, new) = (&old[front..], &new[front..]);
    let back = old.iter().rev().zip(new.iter().rev()).take_while(is_same).count();
    let (old, new) = (&old[..old.len() - back], &new[..new.len() - back]);
    let kept: HashSet<*const Instance> = new.iter().map(Arc::as_ptr).collect();
    (old.iter().filter(|it| !kept.contains(&Arc::as_ptr(it))).collect(), new)
}

fn became(before: &Instance, after: Option<&Arc<Instance>>) -> Option<(Tone, String)> {
    let called =
        if before.name == before.id { before.id.to_string() } else { format!("{} ({})", before.name, before.id) };
    let was_up = matches!(before.state, InstanceState::Pending | InstanceState::Running);
    let Some(after) = after else {
        // A group tells itself of what it ends, and who ended one that was stopped disturbed nobody.
        return (was_up && before.group.is_empty()).then(|| (Tone::Warn, format!("{called} is gone: terminated")));
    };
    let failed = |it: &Instance| it.checks == *"impaired";
    if !failed(before) && failed(after) {
        return Some((Tone::Bad, format!("{called} fails its status checks")));
    }
    if failed(before) && after.checks == *"ok" {
        return Some((Tone::Good, format!("{called} passes its status checks again")));
    }
    let is_down = !matches!(after.state, InstanceState::Pending | InstanceState::Running);
    // Where EC2 says when it stopped it is told by that.
    (was_up && is_down && after.stopped.is_none() && after.group.is_empty())
        .then(|| (Tone::Warn, format!("{called} is {}", after.state.word())))
}
