//! RDS instances that stand by themselves: to the standby, a replica of its own, another replica.

use jiff::SignedDuration;

use crate::domain::database::{Database, DatabaseEvent, DatabaseRole, Failover};
use crate::domain::metric::Measure;
use crate::domain::text::Text;
use crate::domain::units::{brief, lag, plural, since};
use crate::ops::plan::{Blast, Plan, Refusal, Undo, Why};
use crate::ops::{Ask, On, Operation, Param, Params, Progress, Subject};
use crate::world::Place;
use crate::world::act::Step;
use crate::world::feed::Feed;
use crate::world::item::{Item, Kind};
use crate::world::sight::Sight;

pub(super) const FAILOVER: Operation = Operation {
    name: "rds.failover",
    title: "Fail over",
    doc: "Move a Multi-AZ database to its standby in another zone",
    on: On::One(Kind::Database),
    boxes: &[],
    params: &[],
    feeds: &[Feed::Databases, Feed::DatabaseEvents],
    beside: &[Feed::Metrics],
    deadline: SignedDuration::from_mins(15),
    plan: plan_failover,
    progress: failover_progress,
};

pub(super) const PROMOTE: Operation = Operation {
    name: "replica.promote",
    title: "Promote",
    doc: "Make a read replica a primary of its own, for good",
    on: On::One(Kind::Database),
    boxes: &[],
    params: &[Param {
        name: "retention",
        doc: "days its backups are kept from then on, 1 to 35",
        present: |of| Some(usual_retention(of.sight, database_of(of)?).to_string()),
        is_needed: false,
    }],
    feeds: &[Feed::Databases],
    beside: &[Feed::Metrics],
    deadline: SignedDuration::from_mins(40),
    plan: plan_promotion,
    progress: promotion_progress,
};

pub(super) const ADD: Operation = Operation {
    name: "rds.add-replica",
    title: "Add a replica",
    doc: "Another read replica of a database, or another reader of an Aurora cluster",
    on: On::One(Kind::Database),
    boxes: &[],
    params: &[Param {
        name: "name",
        doc: "what the new one is called",
        present: |of| Some(next_name(of.place, database_of(of)?)),
        is_needed: true,
    }],
    feeds: &[Feed::Databases],
    beside: &[],
    deadline: SignedDuration::from_mins(60),
    plan: plan_replica,
    progress: replica_progress,
};

/// AWS drops a failover that is asked for so soon after another.
const REST: SignedDuration = SignedDuration::from_mins(10);
/// Readers an Aurora cluster may have, and replicas most engines of RDS.
const MOST: usize = 15;
/// In these a database is not going to serve by itself any more.
const LOST: &[&str] = &["failed", "restore-error", "storage-full", "inaccessible-encryption-credentials"];

fn database_of<'a>(subject: &Subject<'a>) -> Option<&'a Database> {
    match subject.item? {
        Item::Database(database) => Some(database),
        _ => None,
    }
}

pub(super) fn database<'a>(ask: &Ask<'a>) -> Result<&'a Database, Refusal> {
    match ask.item {
        Some(Item::Database(database)) => Ok(database),
        _ => Err(Refusal::new(Why::Unknown, "that is no database")),
    }
}

pub(super) fn state(text: impl Into<String>) -> Refusal {
    Refusal::new(Why::State, text)
}

pub(super) fn is_lost(status: &str) -> bool {
    LOST.contains(&status) || status.starts_with("incompatible-")
}

/// What the newest failover since then says of itself, of whatever `concerns` picks.
pub(super) fn newest_failover(
    place: &Place,
    concerns: impl Fn(&DatabaseEvent) -> bool,
    after: jiff::Timestamp,
) -> Option<(Failover, &DatabaseEvent)> {
    let events = place.feeds.database_events.items().filter(|event| event.at >= after && concerns(event));
    events.filter_map(|event| Some((event.failover()?, event))).max_by_key(|(_, event)| event.at)
}

fn plan_failover(ask: &Ask<'_>) -> Result<Plan, Refusal> {
    let it = database(ask)?;
    if let Some(cluster) = &it.cluster {
        let text = format!("{} is a member of the cluster {cluster}: the cluster fails over, not the instance", it.id);
        return Err(state(text).with("`aurora.failover`"));
    }
    match it.multi_az {
        Some(true) => {}
        Some(false) => {
            let text = format!("{} has no standby: there is nothing to fail over to", it.id);
            return Err(state(text).with("`replica.promote` on a replica of it, if it is lost"));
        }
        None => return Err(Refusal::new(Why::Blind, format!("AWS does not tell whether {} has a standby", it.id))),
    }
    if it.status != "available" {
        let text = format!("{} is {}: AWS fails over only what is available", it.id, it.status);
        return Err(state(text).with("wait until it is available"));
    }
    let lately = newest_failover(ask.place, |event| event.concerns(it), ask.sight.at - REST);
    if let Some((Failover::Started, event)) = lately {
        let age = brief(since(ask.sight.at, event.at));
        return Err(state(format!("{} is failing over already, since {age}", it.id)).with("wait for it"));
    }
    let to = it.secondary_zone.as_ref().map_or_else(|| "the standby's zone".to_owned(), ToString::to_string);
    let mut plan = Plan::begin(ask, Blast::Disruptive, format!("{}: fail over to {to}", it.id));
    plan.change("zone", it.zone.to_string(), to);
    plan.steps.push(Step::RebootWithFailover { database: it.id.clone() });
    let open = ask.place.latest(Measure::RdsConnections, &it.id);
    let open = open.map_or_else(|| "every connection is".into(), |open| format!("{open:.0} connections are"));
    plan.effects.push(format!("{open} cut; nothing answers for 1 to 2 min, longer after big transactions"));
    plan.effects.push("nothing committed is lost: the standby has it. The endpoint stays the same".into());
    if let Some((_, event)) = lately {
        let age = brief(since(ask.sight.at, event.at));
        plan.warnings
            .push(format!("it failed over {age} ago: AWS drops another one that comes too soon, with an event"));
    }
    if it.engine.as_str().starts_with("sqlserver") {
        plan.warnings.push("of SQL Server, AWS may only restart the primary".into());
    }
    if !it.pending_changes.is_empty() {
        plan.warnings.push(format!("it restarts: what waits for that comes with it, {}", words(&it.pending_changes)));
    }
    plan.undo = Some(Undo {
        operation: FAILOVER.name.into(),
        params: Params::new(),
        words: format!("fail over once more, back to {}, after 10 min", it.zone),
    });
    plan.expects = "AWS tells of a completed failover, and it is available".into();
    Ok(plan)
}

fn words(all: &[Text]) -> String {
    all.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(", ")
}

fn failover_progress(plan: &Plan, sight: &Sight<'_>) -> Progress {
    let Some(Item::Database(it)) = plan.of.item(sight) else {
        return Progress::Failed(format!("{} is gone", plan.target));
    };
    let Some(place) = sight.world.places().get(plan.of.place()) else {
        return Progress::Failed("its place is gone".into());
    };
    if is_lost(it.status.as_str()) {
        return Progress::Failed(format!("it is {}", it.status));
    }
    let told = newest_failover(place, |event| event.concerns(&it), plan.made_at);
    if let Some((Failover::Failed, event)) = told {
        return Progress::Failed(event.message.to_string());
    }
    let before = plan.changes.iter().find(|change| change.what == "zone").map(|change| change.before.as_str());
    // The zones are told late; the events may be missed.
    let has_moved = before.is_some_and(|zone| !it.zone.is_empty() && it.zone.as_str() != zone);
    let is_told = matches!(told, Some((Failover::Completed, _)));
    if it.status == "available" && (is_told || has_moved) {
        return Progress::Reached;
    }
    Progress::Waiting(match told {
        None => format!("no event of it yet, {}", it.status),
        Some(_) => format!("failing over, {}", it.status),
    })
}

/// The instance a replica follows, where it is read.
fn source_of<'a>(sight: &Sight<'a>, it: &Database) -> Option<(&'a Place, &'a Database)> {
    sight.items(|f| &f.databases).find(|(place, other)| it.follows(other, &place.scope.region))
}

fn usual_retention(sight: &Sight<'_>, it: &Database) -> u32 {
    let of_source = source_of(sight, it).and_then(|(_, source)| source.backup_retention_days);
    of_source.filter(|days| *days > 0).unwrap_or(7)
}

fn plan_promotion(ask: &Ask<'_>) -> Result<Plan, Refusal> {
    let it = database(ask)?;
    let DatabaseRole::Replica { source, source_region, replication } = &it.role else {
        return Err(Refusal::new(Why::Nothing, format!("{} is a primary already", it.id)));
    };
    if let Some(cluster) = &it.cluster {
        let remedy = match &it.global_cluster {
            Some(_) => "`global.switchover`, or `global.failover` where the writer's region is lost",
            None => "`aurora.failover`",
        };
        return Err(state(format!("{} is a member of the cluster {cluster}, not a replica", it.id)).with(remedy));
    }
    if !it.is_available() || it.status == "backing-up" {
        let text = format!("{} is {}: AWS does not promote it like that", it.id, it.status);
        return Err(state(text).with("wait until it is available"));
    }
    let days = ask.number("retention")?.unwrap_or_else(|| usual_retention(ask.sight, it));
    if !(1..=35).contains(&days) {
        return Err(Refusal::new(Why::Bounds, format!("backups are kept 1 to 35 days, not {days}")));
    }
    let mut plan = Plan::begin(ask, Blast::Destructive, format!("{}: promote", it.id));
    plan.change("role", format!("replica of {source} in {source_region}"), "primary".to_owned());
    let kept = it.backup_retention_days.map_or_else(|| "not told".into(), |days| plural(days as usize, "day", "days"));
    plan.change("backups", kept, plural(days as usize, "day", "days"));
    plan.steps.push(Step::PromoteReadReplica { replica: it.id.clone(), retention_days: days });
    plan.effects.push("there is no way back: it never follows again, only a new replica can".into());
    let behind = ask.place.latest(Measure::RdsReplicaLag, &it.id).filter(|behind| *behind >= 0.0);
    match behind {
        Some(behind) => plan.effects.push(format!("what {source} took in the last {} is not in it", lag(behind))),
        None => plan.warnings.push(format!("how far it is behind {source} is not known, which is not nothing")),
    }
    if let Some(last) = last_known_lag(ask.place, it).filter(|_| behind.is_none()) {
        plan.effects.push(format!("the last that was known is {} behind", lag(last)));
    }
    plan.effects.push("it restarts and answers nobody meanwhile; some minutes in all, more with much to replay".into());
    if let Some(endpoint) = &it.endpoint {
        plan.effects.push(format!("clients have to be led to {endpoint}: the old name does not move"));
    }
    if let Some(words) = replication.as_ref().filter(|_| it.broken_replication().is_some()) {
        plan.warnings.push(format!("it does not follow at the moment: {words}"));
    }
    match source_of(ask.sight, it) {
        Some((place, primary)) => {
            if primary.is_available() && place.feeds.status(Feed::Databases).fault.is_none() {
                let text = format!("{source} is {}: stop writing to it first, or there are two truths", primary.status);
                plan.warnings.push(text);
            }
            let others = ask.sight.items(|f| &f.databases);
            let others = others.filter(|(_, other)| other.id != it.id && other.follows(primary, &place.scope.region));
            let others: Vec<String> = others.map(|(_, other)| other.id.to_string()).collect();
            if !others.is_empty() {
                plan.effects.push(format!("{} stay with {source}", others.join(", ")));
            }
        }
        None => plan.warnings.push(format!("{source} is not seen: that nobody writes to it any more is not known")),
    }
    plan.expects = "it is a primary, and available".into();
    Ok(plan)
}

fn last_known_lag(place: &Place, it: &Database) -> Option<f64> {
    let series = place.series(Measure::RdsReplicaLag, &it.id)?;
    series.values.iter().rev().copied().find(|value| *value >= 0.0)
}

fn promotion_progress(plan: &Plan, sight: &Sight<'_>) -> Progress {
    let Some(Item::Database(it)) = plan.of.item(sight) else {
        return Progress::Failed(format!("{} is gone", plan.target));
    };
    if is_lost(it.status.as_str()) {
        return Progress::Failed(format!("it is {}", it.status));
    }
    match (it.is_primary(), it.status == "available") {
        (true, true) => Progress::Reached,
        (true, false) => Progress::Waiting(format!("a primary, {}", it.status)),
        (false, _) => Progress::Waiting(format!("a replica still, {}", it.status)),
    }
}

/// The instance itself, without the number of a replica, and the next number that is free.
fn next_name(place: &Place, it: &Database) -> String {
    let base = it.cluster.as_ref().unwrap_or(&it.id).as_str();
    let base = base.strip_suffix("-primary").unwrap_or(base);
    let word = if it.cluster.is_some() { "reader" } else { "replica" };
    let is_free = |name: &String| !place.feeds.databases.items().any(|other| other.id.as_str() == name.as_str());
    (1..=99).map(|number: u32| format!("{base}-{word}-{number}")).find(is_free).unwrap_or_default()
}

/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html#RDS_Limits.Constraints>
fn is_name(name: &str) -> bool {
    name.len() <= 63
        && name.starts_with(|letter: char| letter.is_ascii_lowercase())
        && !name.ends_with('-')
        && !name.contains("--")
        && name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-')
}

fn plan_replica(ask: &Ask<'_>) -> Result<Plan, Refusal> {
    let it = database(ask)?;
    let name = ask.needed_word("name")?;
    if !is_name(name) {
        let text = format!("`{name}` is no name for a database");
        return Err(Refusal::new(Why::Bounds, text).with("up to 63 of a-z, 0-9 and single hyphens, a letter first"));
    }
    if ask.place.feeds.databases.items().any(|other| other.id == *name) {
        return Err(Refusal::new(Why::Nothing, format!("there is a {name} already")));
    }
    if !it.is_available() {
        return Err(state(format!("{} is {}: nothing can be copied from it", it.id, it.status)));
    }
    match &it.cluster {
        Some(cluster) => plan_reader(ask, it, cluster, name),
        None => plan_read_replica(ask, it, name),
    }
}

fn plan_reader(ask: &Ask<'_>, it: &Database, cluster: &Text, name: &str) -> Result<Plan, Refusal> {
    let engine = it.engine.as_str().split(' ').next().unwrap_or_default();
    if !engine.starts_with("aurora") {
        return Err(state(format!("{cluster} is no Aurora cluster: {engine} has the readers it was made with")));
    }
    let members = ask.place.feeds.databases.items().filter(|other| other.cluster.as_ref() == Some(cluster)).count();
    if members > MOST {
        return Err(Refusal::new(Why::Bounds, format!("{cluster} has {MOST} readers, the most there can be")));
    }
    let readers = members.saturating_sub(1);
    let mut plan = Plan::begin(ask, Blast::Reversible, format!("{cluster}: another reader, {name}"));
    plan.target = cluster.clone();
    plan.change("readers", readers as u32, readers as u32 + 1);
    plan.steps.push(Step::CreateReader {
        cluster: cluster.clone(),
        reader: name.into(),
        engine: engine.into(),
        class: it.class.clone(),
        tier: MOST as u32,
    });
    plan.effects.push("it is the last to take over where the cluster fails over".into());
    billed(&mut plan, it, name);
    Ok(plan)
}

fn plan_read_replica(ask: &Ask<'_>, it: &Database, name: &str) -> Result<Plan, Refusal> {
    match it.backup_retention_days {
        Some(0) => {
            let text = format!("{} keeps no backups, and AWS makes replicas only of what does", it.id);
            let remedy = match &it.role {
                DatabaseRole::Replica { source, .. } => format!("`rds.add-replica {source}`"),
                DatabaseRole::Primary => "switch its backups on".into(),
            };
            return Err(state(text).with(remedy));
        }
        None => return Err(Refusal::new(Why::Blind, format!("AWS does not tell whether {} keeps backups", it.id))),
        Some(_) => {}
    }
    let most = match it.engine.as_str() {
        engine if engine.starts_with("oracle") || engine.starts_with("sqlserver") => 5,
        engine if engine.starts_with("db2") => 3,
        _ => MOST,
    };
    let all = ask.sight.items(|f| &f.databases);
    let replicas = all.filter(|(_, other)| other.follows(it, &ask.place.scope.region)).count();
    if replicas >= most {
        return Err(Refusal::new(Why::Bounds, format!("{} has {replicas} replicas, the most there can be", it.id)));
    }
    let has_standby = it.multi_az == Some(true);
    let blast = if has_standby { Blast::Reversible } else { Blast::Disruptive };
    let mut plan = Plan::begin(ask, blast, format!("{}: another replica, {name}", it.id));
    plan.change("replicas", replicas as u32, replicas as u32 + 1);
    plan.steps.push(Step::CreateReadReplica { source: it.id.clone(), replica: name.into() });
    plan.effects.push(if has_standby {
        "it is copied from the standby: the primary does not feel it".into()
    } else {
        format!("{} is copied while it serves: without a standby its disk may stop for moments", it.id)
    });
    plan.effects.push("minutes for a small one, hours for a big one; it keeps no backups of its own".into());
    if !it.is_primary() {
        plan.warnings.push(format!("{} is a replica itself: what follows it is behind by both", it.id));
    }
    billed(&mut plan, it, name);
    Ok(plan)
}

fn billed(plan: &mut Plan, it: &Database, name: &str) {
    plan.effects.push(format!("a {} more is billed until somebody deletes it, which is not done from here", it.class));
    plan.expects = format!("{name} is available");
}

fn replica_progress(plan: &Plan, sight: &Sight<'_>) -> Progress {
    let made = plan.steps.iter().find_map(|step| match step {
        Step::CreateReadReplica { replica, .. } => Some(replica),
        Step::CreateReader { reader, .. } => Some(reader),
        _ => None,
    });
    let (Some(name), Some(place)) = (made, sight.world.places().get(plan.of.place())) else {
        return Progress::Failed("it does not say what was wanted".into());
    };
    let Some(it) = place.feeds.databases.items().find(|other| other.id == *name) else {
        return Progress::Waiting(format!("{name} is not there yet"));
    };
    if is_lost(it.status.as_str()) {
        return Progress::Failed(format!("{name} is {}", it.status));
    }
    if it.status != "available" {
        return Progress::Waiting(format!("{name} is {}", it.status));
    }
    match it.broken_replication() {
        Some((source, words)) => Progress::Waiting(format!("{name} does not follow {source}: {words}")),
        None => Progress::Reached,
    }
}
