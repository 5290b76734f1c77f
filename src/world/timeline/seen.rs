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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::instance::Purchase;
    use crate::domain::scope::Environment;

    fn machine(id: &str, group: &str) -> Instance {
        let nothing = Text::default();
        Instance {
            id: id.into(),
            name: format!("name of {id}").into(),
            kind: "m6i.large".into(),
            zone: "eu-west-1a".into(),
            environment: Environment::Prod,
            state: InstanceState::Running,
            purchase: Purchase::OnDemand,
            launched: None,
            stopped: None,
            stopped_why: nothing.clone(),
            owner: nothing.clone(),
            group: group.into(),
            checks: "ok".into(),
            scheduled_event: None,
            interruption: None,
            schedule: None,
            tags: Vec::new(),
            root: nothing.clone(),
            operator: nothing,
            per_hour: None,
        }
    }

    fn told(old: &List<Instance>, new: Vec<Instance>) -> Vec<(Tone, String)> {
        let new = List::new(new).sharing(old);
        let all = note(&Arc::default(), old, &new, Timestamp::UNIX_EPOCH);
        all.iter().map(|it| (it.tone, it.what.to_string())).collect()
    }

    #[test]
    fn what_became_of_a_machine_is_told_once_and_as_what_it_was() {
        let old = List::new(vec![machine("i-1", ""), machine("i-2", "web"), machine("i-3", ""), machine("i-4", "")]);
        let same = || old.iter().map(|it| (**it).clone()).collect::<Vec<_>>();
        assert_eq!(told(&old, same()), []);
        let mut failing = same();
        failing[1].checks = "impaired".into();
        assert_eq!(told(&old, failing.clone()), [(Tone::Bad, "name of i-2 (i-2) fails its status checks".to_owned())]);
        let failed = List::new(failing);
        assert_eq!(
            told(&failed, same()),
            [(Tone::Good, "name of i-2 (i-2) passes its status checks again".to_owned())]
        );
        let mut fewer = same();
        fewer.remove(2);
        fewer.remove(1);
        // What a group ends it tells itself.
        assert_eq!(told(&old, fewer), [(Tone::Warn, "name of i-3 (i-3) is gone: terminated".to_owned())]);
        let mut stopping = same();
        stopping[3].state = InstanceState::Stopping;
        assert_eq!(told(&old, stopping.clone()), [(Tone::Warn, "name of i-4 (i-4) is stopping".to_owned())]);
        // Where EC2 says since when, it is told by that.
        stopping[3].stopped = Some(Timestamp::UNIX_EPOCH);
        assert_eq!(told(&old, stopping), []);
    }

    #[test]
    fn the_oldest_are_let_go_of() {
        let old = List::new((0..MOST + 7).map(|number| machine(&format!("i-{number}"), "")).collect());
        let all = note(&Arc::default(), &old, &List::new(Vec::new()), Timestamp::UNIX_EPOCH);
        assert_eq!(all.len(), MOST);
        let same = note(&all, &List::new(Vec::new()), &List::new(Vec::new()), Timestamp::UNIX_EPOCH);
        assert!(Arc::ptr_eq(&all, &same));
    }
}
