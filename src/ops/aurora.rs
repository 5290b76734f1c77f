//! Clusters of databases: to another member, and a global database to another region.

use jiff::SignedDuration;

use crate::domain::database::{Database, DatabaseEvent, DatabaseRole, Failover};
use crate::domain::metric::Measure;
use crate::domain::text::Text;
use crate::domain::units::lag;
use crate::ops::database::{database, is_lost, newest_failover, state};
use crate::ops::plan::{Blast, Plan, Refusal, Undo, Why};
use crate::ops::{Ask, On, Operation, Param, Params, Progress};
use crate::world::Place;
use crate::world::act::Step;
use crate::world::feed::Feed;
use crate::world::item::{Item, Kind};
use crate::world::sight::Sight;

pub(super) const FAILOVER: Operation = Operation {
    name: "aurora.failover",
    title: "Fail the cluster over",
    doc: "Make another member of an Aurora or Multi-AZ cluster its writer",
    on: On::One(Kind::Database),
    boxes: &[],
    params: &[Param {
        name: "writer",
        doc: "which reader takes over; without, the one that is due",
        present: |of| match of.item? {
            Item::Database(it) if takes_a_target(it) => Some(due(of.place, it)?.id.to_string()),
            _ => None,
        },
        is_needed: false,
    }],
    feeds: &[Feed::Databases, Feed::DatabaseEvents],
    beside: &[Feed::Metrics],
    deadline: SignedDuration::from_mins(10),
    plan: plan_failover,
    progress: failover_progress,
};

pub(super) const SWITCHOVER: Operation = Operation {
    name: "global.switchover",
    title: "Switch regions over",
    doc: "Move a global database to another region while all is well: nothing is lost",
    on: On::One(Kind::Database),
    boxes: &[],
    params: &[TO],
    feeds: &[Feed::Databases, Feed::DatabaseEvents],
    beside: &[Feed::Metrics],
    deadline: SignedDuration::from_mins(30),
    plan: plan_switchover,
    progress: global_progress,
};

pub(super) const GLOBAL_FAILOVER: Operation = Operation {
    name: "global.failover",
    title: "Fail regions over",
    doc: "Move a global database to another region after a disaster: what was not copied is lost",
    on: On::One(Kind::Database),
    boxes: &[],
    params: &[TO],
    feeds: &[Feed::Databases, Feed::DatabaseEvents],
    beside: &[Feed::Metrics],
    deadline: SignedDuration::from_mins(30),
    plan: plan_global_failover,
    progress: global_progress,
};

const TO: Param = Param {
    name: "to",
    doc: "the region that is written to from then on",
    present: |of| match of.item? {
        Item::Database(it) => Some(usual_region(of.sight, of.place, it)?.to_string()),
        _ => None,
    },
    is_needed: true,
};

fn members<'a>(place: &'a Place, cluster: &Text) -> impl Iterator<Item = &'a Database> {
    place.feeds.databases.items().filter(move |other| other.cluster.as_ref() == Some(cluster))
}

fn is_aurora(it: &Database) -> bool {
    it.engine.as_str().starts_with("aurora")
}

/// A Multi-AZ cluster of RDS for `MySQL` chooses by itself.
fn takes_a_target(it: &Database) -> bool {
    !it.engine.as_str().starts_with("mysql ")
}

/// Who takes over where nobody says: of those available the lowest tier, then one like the writer, then one elsewhere.
fn due<'a>(place: &'a Place, it: &Database) -> Option<&'a Database> {
    let cluster = it.cluster.as_ref()?;
    let writer = members(place, cluster).find(|member| member.is_primary())?;
    let readers = members(place, cluster).filter(|member| member.id != writer.id && member.status == "available");
    readers.min_by_key(|one| {
        (one.promotion_tier.unwrap_or(15), one.class != writer.class, one.zone == writer.zone, one.id.clone())
    })
}

fn plan_failover(ask: &Ask<'_>) -> Result<Plan, Refusal> {
    let it = database(ask)?;
    let Some(cluster) = &it.cluster else {
        return Err(state(format!("{} is a member of no cluster", it.id)).with("`rds.failover`"));
    };
    let Some(writer) = members(ask.place, cluster).find(|member| member.is_primary()) else {
        let refusal =
            state(format!("no member of {cluster} is written to here: it follows another region, or is lost"));
        return Err(refusal.with("`global.switchover`, or `global.failover` where the writer's region is lost"));
    };
    let readers: Vec<&Database> = members(ask.place, cluster).filter(|member| member.id != writer.id).collect();
    if readers.is_empty() {
        let text = format!("{} is the only member of {cluster}: there is nobody to fail over to", writer.id);
        return Err(state(text).with("`rds.add-replica` first; without it AWS would make the writer anew, for minutes"));
    }
    if let Some(busy) =
        [writer, it].into_iter().find(|member| !is_lost(member.status.as_str()) && !member.is_available())
    {
        return Err(state(format!("{} is {}: AWS does not fail the cluster over now", busy.id, busy.status)));
    }
    let target = match ask.word("writer") {
        _ if !takes_a_target(it) => None,
        None => Some(due(ask.place, it).ok_or_else(|| state(format!("no reader of {cluster} is available")))?),
        Some(said) if *said == *writer.id.as_str() => {
            return Err(Refusal::new(Why::Nothing, format!("{said} is the writer already")));
        }
        Some(said) => {
            let found = readers.iter().find(|member| member.id == *said).copied();
            let names: Vec<&str> = readers.iter().map(|member| member.id.as_str()).collect();
            Some(found.ok_or_else(|| {
                let refusal = Refusal::new(Why::Unknown, format!("{cluster} has no reader {said}"));
                refusal.with(format!("its readers are {}", names.join(", ")))
            })?)
        }
    };
    if let Some(said) = ask.word("writer").filter(|_| target.is_none()) {
        let text = format!("a Multi-AZ cluster of MySQL chooses by itself: `{said}` cannot be said");
        return Err(Refusal::new(Why::Bounds, text).with("leave it out"));
    }
    if let Some(busy) = target.filter(|target| target.status != "available") {
        return Err(state(format!("{} is {}: it cannot take over", busy.id, busy.status)));
    }
    if target.is_none() && !readers.iter().any(|reader| reader.status == "available") {
        return Err(state(format!("no reader of {cluster} is available")));
    }
    let after = target.map_or_else(|| "another, AWS chooses".to_owned(), |target| target.id.to_string());
    let mut plan = Plan::begin(ask, Blast::Disruptive, format!("{cluster}: fail over to {after}"));
    plan.target = cluster.clone();
    plan.change("writer", writer.id.to_string(), after);
    plan.steps.push(Step::FailoverCluster { cluster: cluster.clone(), target: target.map(|target| target.id.clone()) });
    let takes = if is_aurora(it) {
        "under 60 s, often under 30: its members share their storage, and nothing committed is lost"
    } else {
        "about 35 s, longer where a reader has much to catch up with: nothing committed is lost"
    };
    plan.effects.push(format!("every connection to the writer is cut, and nothing is written for {takes}"));
    plan.effects
        .push("who connects to an instance by its own name has to go elsewhere; the cluster's name follows".into());
    if let Some(target) = target {
        if target.class != writer.class {
            plan.warnings.push(format!("{} is a {}, the writer a {}", target.id, target.class, writer.class));
        }
        if !target.zone.is_empty() && target.zone == writer.zone {
            plan.warnings.push(format!("{} is in {} as well: no way out of a zone", target.id, target.zone));
        }
        if let Some(behind) = ask.place.latest(Measure::RdsReplicaLag, &target.id).filter(|behind| *behind > 1.0) {
            plan.warnings.push(format!("{} is {} behind", target.id, lag(behind)));
        }
        plan.undo = Some(Undo {
            operation: FAILOVER.name.into(),
            params: Params::from([("writer".to_owned(), writer.id.to_string())]),
            words: format!("fail back to {}", writer.id),
        });
    }
    if is_lost(writer.status.as_str()) {
        plan.warnings.push(format!("{} is {}", writer.id, writer.status));
    }
    if !it.pending_maintenance.is_empty() {
        plan.warnings.push(format!("waiting for it: {}", it.pending_maintenance[0]));
    }
    plan.expects = "another member is the writer, and available".into();
    Ok(plan)
}

fn failover_progress(plan: &Plan, sight: &Sight<'_>) -> Progress {
    let Some(place) = sight.world.places().get(plan.of.place()) else {
        return Progress::Failed("its place is gone".into());
    };
    let (before, target) = plan.steps.iter().fold(("", None), |known, step| match step {
        Step::FailoverCluster { target, .. } => (
            plan.changes.iter().find(|change| change.what == "writer").map_or("", |change| change.before.as_str()),
            target.as_ref(),
        ),
        _ => known,
    });
    let concerns = |event: &DatabaseEvent| members(place, &plan.target).any(|member| event.concerns(member));
    let told = newest_failover(place, concerns, plan.made_at);
    if let Some((Failover::Failed, event)) = told {
        return Progress::Failed(event.message.to_string());
    }
    let Some(writer) = members(place, &plan.target).find(|member| member.is_primary()) else {
        return Progress::Waiting("nobody is the writer at the moment".into());
    };
    if writer.id.as_str() == before {
        let words = if told.is_some() { "failing over" } else { "no event of it yet" };
        return Progress::Waiting(format!("{before} is still the writer, {words}"));
    }
    if target.is_some_and(|target| *target != writer.id) {
        return Progress::Failed(format!("{} is the writer, not {}", writer.id, plan.changes[0].after));
    }
    if writer.status == "available" {
        return Progress::Reached;
    }
    Progress::Waiting(format!("{} is the writer, {}", writer.id, writer.status))
}

/// Members of the same global database, wherever they are.
fn of_global<'a>(sight: &Sight<'a>, global: &Text) -> impl Iterator<Item = (&'a Place, &'a Database)> {
    sight.items(|f| &f.databases).filter(move |(_, other)| other.global_cluster.as_ref() == Some(global))
}

/// Whether its whole cluster follows that of another region.
fn is_secondary(place: &Place, it: &Database) -> bool {
    it.cluster.as_ref().is_some_and(|cluster| !members(place, cluster).any(Database::is_primary))
}

/// The region of a cluster that follows; of one that leads, a region that follows it.
fn usual_region(sight: &Sight<'_>, place: &Place, it: &Database) -> Option<Text> {
    let global = it.global_cluster.as_ref()?;
    if is_secondary(place, it) {
        return Some(place.scope.region.clone());
    }
    of_global(sight, global)
        .filter(|(other, _)| other.scope.region != place.scope.region)
        .min_by(|(a_place, a), (b_place, b)| behind(a_place, a).total_cmp(&behind(b_place, b)))
        .map(|(other, _)| other.scope.region.clone())
}

/// Seconds; more than any where it is not known.
fn behind(place: &Place, it: &Database) -> f64 {
    place.latest(Measure::RdsReplicaLag, &it.id).filter(|behind| *behind >= 0.0).unwrap_or(f64::INFINITY)
}

/// What moves where.
struct Move<'a> {
    global: &'a Text,
    to: &'a Place,
    /// A member of the cluster that takes over, the best there is.
    heir: &'a Database,
    arn: &'a Text,
    /// Where it is written now, where that is seen.
    writer: Option<(&'a Place, &'a Database)>,
}

fn global_move<'a>(ask: &Ask<'a>) -> Result<Move<'a>, Refusal> {
    let it = database(ask)?;
    let Some(global) = &it.global_cluster else {
        return Err(state(format!("{} is in no global database", it.id)));
    };
    let region = ask.needed_word("to")?;
    let all: Vec<(&Place, &Database)> = of_global(ask.sight, global).collect();
    let writer = all.iter().copied().find(|(_, one)| one.is_primary());
    if let Some((place, one)) = writer.filter(|(place, _)| place.scope.region == *region) {
        let text = format!("{global} is written to in {} already, by {}", place.scope.region, one.id);
        return Err(Refusal::new(Why::Nothing, text));
    }
    let heirs = all.iter().copied().filter(|(place, _)| place.scope.region == *region);
    // A cluster fails over within itself by tier: the best of it is what counts.
    let Some((to, heir)) = heirs.min_by_key(|(_, one)| (one.status != "available", one.promotion_tier, one.id.clone()))
    else {
        let mut regions: Vec<&str> = all.iter().map(|(place, _)| place.scope.region.as_str()).collect();
        regions.dedup();
        let refusal = Refusal::new(Why::Unknown, format!("{global} has no instance in {region} that is seen"));
        return Err(refusal.with(format!("it is seen in {}", regions.join(", "))));
    };
    if heir.status != "available" {
        return Err(state(format!("{} in {region} is {}: it cannot take over", heir.id, heir.status)));
    }
    let moving = all.iter().find_map(|(_, one)| one.global_move.as_ref());
    if let Some(moving) = moving {
        return Err(state(format!("{global} is moving already: {moving}")).with("wait for it"));
    }
    let arn = heir
        .cluster_arn
        .as_ref()
        .ok_or_else(|| Refusal::new(Why::Blind, format!("AWS does not tell the ARN of the cluster of {}", heir.id)))?;
    Ok(Move { global, to, heir, arn, writer })
}

impl Move<'_> {
    /// Where it is written, in words.
    fn from(&self) -> String {
        match (&self.heir.role, self.writer) {
            (_, Some((place, one))) => {
                format!("{} in {}", one.cluster.as_ref().unwrap_or(&one.id), place.scope.region)
            }
            (DatabaseRole::Replica { source, source_region, .. }, None) => format!("{source} in {source_region}"),
            (DatabaseRole::Primary, None) => "not told".into(),
        }
    }

    fn replication(&self) -> Option<&Text> {
        match &self.heir.role {
            DatabaseRole::Replica { replication, .. } => replication.as_ref(),
            DatabaseRole::Primary => None,
        }
    }

    fn plan(&self, ask: &Ask<'_>, blast: Blast, verb: &str) -> Plan {
        let region = &self.to.scope.region;
        let mut plan = Plan::begin(ask, blast, format!("{}: {verb} to {region}", self.global));
        plan.target = self.global.clone();
        let cluster = self.heir.cluster.as_ref().unwrap_or(&self.heir.id);
        plan.change("written to", self.from(), format!("{cluster} in {region}"));
        plan.expects = format!("a member of {cluster} in {region} is the writer, and available");
        plan
    }
}

fn plan_switchover(ask: &Ask<'_>) -> Result<Plan, Refusal> {
    let moved = global_move(ask)?;
    let remedy = "`global.failover` where the writer's region is lost";
    let Some((place, writer)) = moved.writer else {
        let text = format!("who writes {} is not seen: a switchover needs it well", moved.global);
        return Err(Refusal::new(Why::Blind, text).with(remedy));
    };
    if let Some(fault) = place.feeds.status(Feed::Databases).fault {
        let text = format!("databases in {} cannot be read: {}", place.scope.region, fault.error.message);
        return Err(Refusal::new(Why::Blind, text).with(remedy));
    }
    if writer.status != "available" {
        let text = format!("{} in {} is {}: a switchover would hang", writer.id, place.scope.region, writer.status);
        return Err(state(text).with(remedy));
    }
    match moved.replication().map(Text::as_str) {
        Some("connected") => {}
        Some(other) => {
            let text = format!("{} in {} is {other}: it is not in step", moved.heir.id, moved.to.scope.region);
            return Err(state(text).with("wait until it is connected"));
        }
        None => {
            let text = format!("AWS does not tell whether {} is in step", moved.heir.id);
            return Err(Refusal::new(Why::Blind, text));
        }
    }
    if writer.engine != moved.heir.engine {
        let text = format!("{} runs {}, {} {}", writer.id, writer.engine, moved.heir.id, moved.heir.engine);
        return Err(state(text).with("bring both to one version first"));
    }
    let mut plan = moved.plan(ask, Blast::Disruptive, "switch over");
    plan.steps.push(Step::SwitchoverGlobalCluster { global: moved.global.clone(), target: moved.arn.clone() });
    plan.effects
        .push("nothing is written until the new region has everything: nothing is lost, for some minutes".into());
    plan.effects.push("every connection is cut; clients have to be led to the other region".into());
    let late = behind(moved.to, moved.heir);
    if !late.is_finite() {
        plan.warnings.push("how far the other region is behind is not known: the longer, the longer it takes".into());
    } else if late > 1.0 {
        plan.warnings.push(format!("the other region is {} behind: it waits for that", lag(late)));
    }
    if writer.class != moved.heir.class {
        plan.warnings.push(format!("{} is a {}, the writer a {}", moved.heir.id, moved.heir.class, writer.class));
    }
    plan.undo = Some(Undo {
        operation: SWITCHOVER.name.into(),
        params: Params::from([("to".to_owned(), place.scope.region.to_string())]),
        words: format!("switch back to {}", place.scope.region),
    });
    Ok(plan)
}

fn plan_global_failover(ask: &Ask<'_>) -> Result<Plan, Refusal> {
    let moved = global_move(ask)?;
    let mut plan = moved.plan(ask, Blast::Destructive, "fail over");
    plan.steps.push(Step::FailoverGlobalCluster { global: moved.global.clone(), target: moved.arn.clone() });
    let late = behind(moved.to, moved.heir);
    if late.is_finite() {
        plan.effects.push(format!("what was written in the last {} is lost: it was not copied yet", lag(late)));
    } else {
        plan.effects.push("what was written and not copied yet is lost".into());
        plan.warnings.push("how much that is is not known: no lag is measured, which is not no lag".into());
    }
    plan.effects.push("minutes until it can be written to; clients have to be led there".into());
    plan.effects.push("the old region joins again when it is back, without what it had more: fetch that before".into());
    if let Some((place, writer)) = moved.writer
        && writer.is_available()
        && place.feeds.status(Feed::Databases).fault.is_none()
    {
        let region = &place.scope.region;
        plan.warnings
            .push(format!("{} in {region} says it is {}: `global.switchover` loses nothing", writer.id, writer.status));
    }
    let here = &moved.to.scope.region;
    let others =
        of_global(ask.sight, moved.global).filter(|(place, one)| place.scope.region != *here && !one.is_primary());
    let nearer = others.filter(|(place, one)| is_secondary(place, one) && behind(place, one) < late);
    if let Some((place, one)) = nearer.min_by(|a, b| behind(a.0, a.1).total_cmp(&behind(b.0, b.1))) {
        plan.warnings.push(format!("{} is only {} behind", place.scope.region, lag(behind(place, one))));
    }
    if ask.place.scope.region != *here {
        plan.warnings.push(format!("it is asked of AWS in {}: better in {here}", ask.place.scope.region));
    }
    if let Some(words) = moved.replication().filter(|words| words.as_str() != "connected") {
        plan.warnings.push(format!("{} is {words}", moved.heir.id));
    }
    Ok(plan)
}

fn global_progress(plan: &Plan, sight: &Sight<'_>) -> Progress {
    let arn = plan.steps.iter().find_map(|step| match step {
        Step::SwitchoverGlobalCluster { target, .. } | Step::FailoverGlobalCluster { target, .. } => Some(target),
        _ => None,
    });
    // Whoever is left behind is told whom it follows: enough, where the other region is not looked at meanwhile.
    if let Some(Item::Database(it)) = plan.of.item(sight)
        && let DatabaseRole::Replica { source_region, .. } = &it.role
        && let (None, Some(from), Some(to)) =
            (&it.global_move, sight.world.places().get(plan.of.place()), plan.params.get("to"))
        && from.scope.region != *to.trim()
        && source_region == to.trim()
    {
        return Progress::Reached;
    }
    let heirs: Vec<(&Place, &Database)> =
        sight.items(|f| &f.databases).filter(|(_, one)| arn.is_some() && one.cluster_arn.as_ref() == arn).collect();
    let Some((place, _)) = heirs.first() else {
        return Progress::Failed("the cluster that was to take over is gone".into());
    };
    let concerns = |event: &DatabaseEvent| heirs.iter().any(|(_, member)| event.concerns(member));
    if let Some((Failover::Failed, event)) = newest_failover(place, concerns, plan.made_at) {
        return Progress::Failed(event.message.to_string());
    }
    let moving = heirs.iter().find_map(|(_, member)| member.global_move.as_ref());
    let writer = heirs.iter().find(|(_, member)| member.is_primary());
    match (moving, writer) {
        (Some(moving), _) => Progress::Waiting(format!("{} is {moving}", plan.target)),
        (None, None) => Progress::Waiting(format!("nobody in {} is the writer yet", place.scope.region)),
        (None, Some((_, writer))) if writer.status == "available" => Progress::Reached,
        (None, Some((_, writer))) => Progress::Waiting(format!("{} is the writer, {}", writer.id, writer.status)),
    }
}
