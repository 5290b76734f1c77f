//! ElastiCache: how many replicas a group has, and who of a shard is primary.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use crate::domain::cache::{CacheGroup, CacheNode};
use crate::domain::text::Text;
use crate::domain::units::plural;
use crate::ops::plan::{Blast, Plan, Refusal, Undo, Why};
use crate::ops::{Ask, On, Operation, Param, Params, Progress, Subject};
use crate::world::act::Step;
use crate::world::feed::Feed;
use crate::world::item::{Item, Kind};
use crate::world::sight::Sight;

pub(super) const REPLICAS: Operation = Operation {
    name: "cache.replicas",
    title: "Replicas",
    doc: "More or fewer replicas in each shard of a Redis or Valkey cache",
    on: On::One(Kind::Cache),
    boxes: &[],
    params: &[Param {
        name: "replicas",
        doc: "replicas wanted in each shard, 0 to 5",
        present: |of| Some(replicas_of(&shards(cache_of(of)?).ok()?).ok()?.to_string()),
        is_needed: true,
    }],
    feeds: &[Feed::Caches],
    beside: &[],
    deadline: SignedDuration::from_mins(30),
    plan: plan_replicas,
    progress: replicas_progress,
};

pub(super) const FAILOVER: Operation = Operation {
    name: "cache.failover",
    title: "Fail over",
    doc: "Take the primary of a shard away, so that a replica takes over",
    on: On::One(Kind::Cache),
    boxes: &[],
    params: &[Param {
        name: "shard",
        doc: "which shard, as AWS numbers them",
        present: |of| Some(shards(cache_of(of)?).ok()?.keys().next()?.to_string()),
        is_needed: true,
    }],
    feeds: &[Feed::Caches],
    beside: &[],
    deadline: SignedDuration::from_mins(30),
    plan: plan_failover,
    progress: failover_progress,
};

const MOST: u32 = 5;

/// Nodes by the shard they are in.
type Shards<'a> = BTreeMap<&'a Text, Vec<&'a CacheNode>>;

fn cache_of<'a>(subject: &Subject<'a>) -> Option<&'a CacheGroup> {
    match subject.item? {
        Item::Cache(cache) => Some(cache),
        _ => None,
    }
}

fn cache<'a>(ask: &Ask<'a>) -> Result<&'a CacheGroup, Refusal> {
    match ask.item {
        Some(Item::Cache(cache)) => Ok(cache),
        _ => Err(Refusal::new(Why::Unknown, "that is no cache")),
    }
}

fn shards(it: &CacheGroup) -> Result<Shards<'_>, Refusal> {
    let mut all = Shards::new();
    for node in &it.nodes {
        let Some(shard) = &node.node_group else {
            let text = format!("{} is no replication group: {} has no replicas", it.id, it.engine);
            return Err(Refusal::new(Why::State, text));
        };
        all.entry(shard).or_default().push(node);
    }
    if all.is_empty() {
        let text = format!("{} is {}: it has no nodes that are told of", it.id, it.node_kind);
        return Err(Refusal::new(Why::State, text));
    }
    Ok(all)
}

/// How many replicas each shard has.
fn replicas_of(shards: &Shards<'_>) -> Result<u32, Refusal> {
    let mut counts = shards.values().map(|nodes| nodes.len().saturating_sub(1) as u32);
    let first = counts.next().unwrap_or(0);
    if counts.any(|count| count != first) {
        let text = "its shards have different numbers of replicas: one number for all would not be what is seen";
        return Err(Refusal::new(Why::State, text).with("change the shards one by one, with the aws command"));
    }
    Ok(first)
}

fn settled(it: &CacheGroup) -> Result<(), Refusal> {
    if it.status == "available" {
        return Ok(());
    }
    let text = format!("{} is {}: AWS changes only what is available", it.id, it.status);
    Err(Refusal::new(Why::State, text).with("wait until it is available"))
}

fn plan_replicas(ask: &Ask<'_>) -> Result<Plan, Refusal> {
    let it = cache(ask)?;
    let shards = shards(it)?;
    let present = replicas_of(&shards)?;
    let wanted = ask.needed_number("replicas")?;
    if wanted > MOST {
        return Err(Refusal::new(Why::Bounds, format!("a shard has at most {MOST} replicas, not {wanted}")));
    }
    if wanted == present {
        let text = format!("{} has {} in each shard already", it.id, plural(present as usize, "replica", "replicas"));
        return Err(Refusal::new(Why::Nothing, text));
    }
    // Not told is not off.
    if wanted == 0 && (it.multi_az != Some(false) || it.automatic_failover != Some(false)) {
        let text = format!("{} fails over by itself, for which each shard needs a replica", it.id);
        return Err(Refusal::new(Why::Bounds, text).with("keep at least 1"));
    }
    settled(it)?;
    let grows = wanted > present;
    let blast = if grows { Blast::Reversible } else { Blast::Disruptive };
    let words = plural(wanted as usize, "replica", "replicas");
    let mut plan = Plan::begin(ask, blast, format!("{}: {present} → {words} in each shard", it.id));
    plan.change("replicas", present, wanted);
    let by = wanted.abs_diff(present) as usize * shards.len();
    let nodes = plural(by, "node", "nodes");
    let group = it.id.clone();
    if grows {
        plan.steps.push(Step::IncreaseReplicaCount { group, replicas: wanted });
        plan.effects.push(format!("{nodes} of {} more, each billed from then on", it.node_kind));
        plan.effects.push("a primary works more while it is copied".into());
    } else {
        plan.steps.push(Step::DecreaseReplicaCount { group, replicas: wanted });
        plan.effects.push(format!("{nodes} fewer; AWS chooses which, and cuts the connections to them"));
        if wanted == 0 {
            plan.warnings.push("without a replica, what is in a primary is lost with it".into());
        }
    }
    plan.undo = Some(Undo {
        operation: REPLICAS.name.into(),
        params: Params::from([("replicas".to_owned(), present.to_string())]),
        words: format!("back to {present}"),
    });
    plan.expects = format!("{words} in each shard, and all available");
    Ok(plan)
}

fn replicas_progress(plan: &Plan, sight: &Sight<'_>) -> Progress {
    let Some(Item::Cache(it)) = plan.of.item(sight) else {
        return Progress::Failed(format!("{} is gone", plan.target));
    };
    let wanted = plan.params.get("replicas").and_then(|text| text.trim().parse::<u32>().ok());
    let (Some(wanted), Ok(shards)) = (wanted, shards(&it)) else {
        return Progress::Failed("it does not say what was wanted".into());
    };
    if is_lost(&it) {
        return Progress::Failed(format!("it is {}", it.status));
    }
    let nodes = shards.len() * (wanted as usize + 1);
    let there = it.nodes.iter().filter(|node| node.is_available()).count();
    let is_full = shards.values().all(|nodes| nodes.len() == wanted as usize + 1);
    if is_full && there == nodes && it.status == "available" {
        return Progress::Reached;
    }
    Progress::Waiting(format!("{there} of {nodes} nodes available, the cache is {}", it.status))
}

fn plan_failover(ask: &Ask<'_>) -> Result<Plan, Refusal> {
    let it = cache(ask)?;
    let shards = shards(it)?;
    let shard = ask.needed_word("shard")?;
    let Some(nodes) = shards.iter().find(|(name, _)| name.as_str() == shard).map(|(_, nodes)| nodes) else {
        let names: Vec<&str> = shards.keys().map(|name| name.as_str()).collect();
        let refusal = Refusal::new(Why::Unknown, format!("{} has no shard {shard}", it.id));
        return Err(refusal.with(format!("its shards are {}", names.join(", "))));
    };
    match it.automatic_failover {
        Some(true) => {}
        Some(false) => {
            let text = format!("automatic failover of {} is off, or only being switched on", it.id);
            return Err(Refusal::new(Why::State, text).with("switch it on first; without it nobody takes over"));
        }
        None => return Err(Refusal::new(Why::Blind, format!("AWS does not tell whether {} fails over", it.id))),
    }
    settled(it)?;
    let ready = nodes.iter().filter(|node| node.is_available() && node.is_primary != Some(true)).count();
    let primary = nodes.iter().find(|node| node.is_primary == Some(true));
    // With cluster mode on nobody says who is primary: then one of them is.
    let others = if primary.is_some() { ready } else { ready.saturating_sub(1) };
    if others == 0 {
        let text = format!("no replica of shard {shard} is available: nobody could take over");
        return Err(Refusal::new(Why::State, text).with("`cache.replicas` first"));
    }
    let mut plan = Plan::begin(ask, Blast::Disruptive, format!("{}: fail over shard {shard}", it.id));
    let before = primary.map_or_else(|| "not told".to_owned(), |node| node.id.to_string());
    let after = if others == 1 { "its replica".to_owned() } else { format!("one of {others} replicas, AWS chooses") };
    plan.change("primary", before, after);
    plan.steps.push(Step::TestFailover { group: it.id.clone(), shard: shard.into() });
    plan.effects.push("nothing can be written for seconds up to a minute; connections to the primary are cut".into());
    plan.effects.push("what was written last and not copied yet is lost; the old primary is made anew, empty".into());
    plan.effects.push("there is no way back but another failover, and that is to whichever AWS chooses".into());
    plan.warnings.push(
        "AWS means this call for tests, at most 15 shards in 24 h, and may refuse it when it has trouble itself".into(),
    );
    if primary.is_none() {
        let text = "with cluster mode on AWS does not tell who is primary: it cannot be seen here that it worked";
        plan.warnings.push(text.into());
    }
    plan.expects = "another node is primary, and all are available".into();
    Ok(plan)
}

fn failover_progress(plan: &Plan, sight: &Sight<'_>) -> Progress {
    let Some(Item::Cache(it)) = plan.of.item(sight) else {
        return Progress::Failed(format!("{} is gone", plan.target));
    };
    if is_lost(&it) {
        return Progress::Failed(format!("it is {}", it.status));
    }
    let shard = plan.steps.iter().find_map(|step| match step {
        Step::TestFailover { shard, .. } => Some(shard),
        _ => None,
    });
    let before = plan.changes.iter().find(|change| change.what == "primary").map(|change| change.before.as_str());
    let primary = it.nodes.iter().find(|node| node.node_group.as_ref() == shard && node.is_primary == Some(true));
    let Some(now) = primary else {
        return Progress::Waiting(format!("nobody is told to be primary, the cache is {}", it.status));
    };
    if Some(now.id.as_str()) == before {
        return Progress::Waiting(format!("{} is still primary, the cache is {}", now.id, it.status));
    }
    let missing = it.nodes.iter().filter(|node| !node.is_available()).count();
    if missing == 0 && it.status == "available" {
        return Progress::Reached;
    }
    Progress::Waiting(format!("{} is primary; {} made anew", now.id, plural(missing, "node is", "nodes are")))
}

fn is_lost(it: &CacheGroup) -> bool {
    matches!(it.status.as_str(), "create-failed" | "deleting" | "deleted")
}
