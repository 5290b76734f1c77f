//! Traffic away from a zone that is in trouble, for a while, and back.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;

use crate::domain::balancer::{LoadBalancer, Target, TargetHealth};
use crate::domain::text::Text;
use crate::domain::units::{long, plural, until};
use crate::domain::zone::{Shifting, Zone, ZoneShift, Zones};
use crate::ops::plan::{Blast, Plan, Refusal, Undo, Why};
use crate::ops::{Ask, On, Operation, Param, Params, Progress, Subject};
use crate::world::act::Step;
use crate::world::feed::Feed;
use crate::world::item::{Item, Kind};
use crate::world::sight::Sight;

pub(super) const SHIFT: Operation = Operation {
    name: "zone.shift",
    title: "Shift away from a zone",
    doc: "Lead the traffic of a balancer away from an Availability Zone, for a while",
    on: On::One(Kind::Balancer),
    boxes: &[],
    params: &[
        Param {
            name: "away-from",
            doc: "the zone, by its name or its id; the one in trouble, where that is plain",
            present: |of| Some(worst(balancer_of(of)?)?.called().to_string()),
            is_needed: false,
        },
        Param {
            name: "for",
            doc: "how long, 30m to 72h; an hour unless it is said",
            present: |_| Some("1h".into()),
            is_needed: false,
        },
    ],
    feeds: &[Feed::Balancers],
    beside: &[],
    deadline: SignedDuration::from_mins(10),
    plan: plan_shift,
    progress: shift_progress,
};

pub(super) const UNSHIFT: Operation = Operation {
    name: "zone.unshift",
    title: "Shift back to a zone",
    doc: "Let traffic into the zone again before the end of what leads it away",
    on: On::One(Kind::Balancer),
    boxes: &[],
    params: &[],
    feeds: &[Feed::Balancers],
    beside: &[],
    deadline: SignedDuration::from_mins(10),
    plan: plan_unshift,
    progress: unshift_progress,
};

/// <https://docs.aws.amazon.com/arc-zonal-shift/latest/api/API_StartZonalShift.html>
const SHORTEST: SignedDuration = SignedDuration::from_mins(30);
const LONGEST: SignedDuration = SignedDuration::from_hours(72);
const USUAL: SignedDuration = SignedDuration::from_hours(1);

/// How many targets of one zone there are, and are healthy.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    expected: usize,
    healthy: usize,
}

fn balancer_of<'a>(subject: &Subject<'a>) -> Option<&'a LoadBalancer> {
    match subject.item? {
        Item::Balancer(balancer) => Some(balancer),
        _ => None,
    }
}

fn balancer<'a>(ask: &Ask<'a>) -> Result<&'a LoadBalancer, Refusal> {
    match ask.item {
        Some(Item::Balancer(balancer)) => Ok(balancer),
        _ => Err(Refusal::new(Why::Unknown, "that is no load balancer")),
    }
}

fn zones(it: &LoadBalancer) -> Result<&Zones, Refusal> {
    if !matches!(it.kind.as_str(), "application" | "network") {
        let text =
            format!("{} is a {} balancer: only those of applications and networks are shifted", it.name, it.kind);
        return Err(Refusal::new(Why::State, text));
    }
    match &it.shifting {
        Some(Shifting::Enabled(zones)) => Ok(zones),
        Some(Shifting::NotEnabled) => {
            let text = format!("zonal shift is not enabled for {}", it.name);
            Err(Refusal::new(Why::State, text).with("set its attribute zonal_shift.config.enabled to true, once"))
        }
        None => {
            let text = format!("whether {} can be shifted away from a zone is not known", it.name);
            Err(Refusal::new(Why::Blind, text).with("it takes arc-zonal-shift:ListManagedResources"))
        }
    }
}

/// Targets by the name of the zone they are in; those of which AWS does not say it are under no name.
fn by_zone<'a>(targets: impl Iterator<Item = &'a Target>) -> BTreeMap<&'a str, Count> {
    let mut all: BTreeMap<&str, Count> = BTreeMap::new();
    for target in targets {
        let count = all.entry(target.zone.as_str()).or_default();
        count.expected += usize::from(matches!(
            target.health,
            TargetHealth::Healthy | TargetHealth::Unhealthy | TargetHealth::Initial
        ));
        count.healthy += usize::from(target.health == TargetHealth::Healthy);
    }
    all
}

/// The one zone with unhealthy targets, where it is plainly that.
fn worst(it: &LoadBalancer) -> Option<&Zone> {
    let counts = by_zone(it.targets());
    let mut bad = it.zones()?.zones.iter().filter(|zone| {
        let count = counts.get(zone.name.as_str()).copied().unwrap_or_default();
        zone.is_on && count.healthy < count.expected
    });
    let first = bad.next()?;
    if bad.next().is_none() { Some(first) } else { None }
}

/// The one that was said, or the one that is plainly in trouble.
fn asked_zone<'a>(ask: &Ask<'_>, it: &'a LoadBalancer, all: &'a Zones) -> Result<&'a Zone, Refusal> {
    let names: Vec<&str> = all.zones.iter().map(|zone| zone.called().as_str()).collect();
    let names = format!("its zones are {}", names.join(", "));
    let Some(named) = ask.word("away-from") else {
        let text = format!("no single zone of {} is plainly in trouble: say which with `away-from`", it.name);
        return worst(it).ok_or_else(|| Refusal::new(Why::Bounds, text).with(names));
    };
    let text = || format!("{} is in no zone {}", it.name, Text::new(named));
    all.zone(named).ok_or_else(|| Refusal::new(Why::Unknown, text()).with(names))
}

fn plan_shift(ask: &Ask<'_>) -> Result<Plan, Refusal> {
    let it = balancer(ask)?;
    let all = zones(it)?;
    let (now, clock) = (ask.sight.at, ask.sight.zone());
    let zone = asked_zone(ask, it, all)?;
    let lasts = ask.length("for")?.unwrap_or(USUAL);
    if lasts < SHORTEST || lasts > LONGEST || lasts.as_secs() % 60 != 0 {
        return Err(Refusal::new(Why::Bounds, format!("a shift lasts 30 min to 72 h, not {}", long(lasts))));
    }
    if let Some(shift) = all.by_hand().or_else(|| all.applied().filter(|shift| shift.kind != "PRACTICE_RUN")) {
        let by = if shift.id.is_some() { "" } else { " by AWS itself" };
        let text = format!("{} is shifted {}{by} already", it.name, all.words(shift, now, clock));
        let remedy = if by.is_empty() { "`zone.unshift` first" } else { "wait until AWS ends it" };
        return Err(Refusal::new(Why::State, text).with(remedy));
    }
    if !zone.is_on {
        return Err(Refusal::new(Why::Nothing, format!("no traffic of {} goes to {}", it.name, zone.called())));
    }
    let rest: Vec<&Zone> = all.zones.iter().filter(|other| other.id != zone.id && other.is_on).collect();
    if rest.is_empty() {
        let text = format!("{} is the last zone with traffic of {}: nothing would be left", zone.called(), it.name);
        return Err(Refusal::new(Why::State, text));
    }
    let left = what_is_left(it, zone, &rest)?;
    let ends = until(now + lasts, now, clock);
    let mut plan = Plan::begin(ask, Blast::Disruptive, format!("{}: away from {}", it.name, zone.called()));
    plan.params.insert("away-from".into(), zone.called().to_string());
    plan.params.insert("for".into(), spoken(lasts).to_string());
    let others: Vec<&str> = rest.iter().map(|other| other.called().as_str()).collect();
    plan.change(
        "traffic",
        format!("to {} too", zone.called()),
        format!("to {} for {}", others.join(", "), long(lasts)),
    );
    plan.steps.push(Step::StartZonalShift {
        resource: it.arn.clone(),
        away_from: zone.id.clone(),
        expires_in: spoken(lasts),
        comment: Text::new(&format!("opscon: away from {}", zone.called())),
    });
    plan.effects.push(left.words(zone));
    plan.effects.push(format!("it ends by itself about {ends}, whatever the zone is like then"));
    plan.effects
        .push("it is in force at once, and traffic drains over minutes; open connections stay until closed".into());
    plan.effects.push("nothing is started or stopped by it, and what was in the zone is billed as before".into());
    if let Some(practice) = all.applied() {
        plan.warnings.push(format!("it ends a practice run, {}", all.words(practice, now, clock)));
    }
    if all.is_automatic == Some(true) {
        plan.warnings.push("zonal autoshift is on: AWS may lead it away from another zone as well".into());
    }
    for other in &left.empty {
        plan.warnings.push(format!(
            "nothing healthy is in {other}, which would take traffic: without cross-zone balancing it fails there"
        ));
    }
    if left.unplaced > 0 {
        let targets = plural(left.unplaced, "target is", "targets are");
        plan.warnings.push(format!("{targets} in no zone that AWS tells, and not counted"));
    }
    plan.undo = Some(Undo {
        operation: UNSHIFT.name.into(),
        params: Params::new(),
        words: format!("let traffic into {} again", zone.called()),
    });
    plan.expects = format!("no traffic is sent to {}; it drains over minutes", zone.called());
    Ok(plan)
}

/// What would carry the traffic.
#[derive(Debug)]
struct Left {
    healthy: usize,
    before: usize,
    /// Zones that would take traffic and have nothing for it.
    empty: Vec<Text>,
    /// Targets of which it is not told where they are.
    unplaced: usize,
}

impl Left {
    fn words(&self, away_from: &Zone) -> String {
        let (healthy, before) = (self.healthy, self.before);
        if healthy == before {
            return format!(
                "nothing healthy is in {}: {} carry it as they do now",
                away_from.called(),
                plural(healthy, "target", "targets")
            );
        }
        let more = (before as f64 / healthy as f64 - 1.0) * 100.0;
        format!(
            "{healthy} of {} are left for all of it, each with {more:.0} % more",
            plural(before, "healthy target", "healthy targets")
        )
    }
}

fn what_is_left(it: &LoadBalancer, zone: &Zone, rest: &[&Zone]) -> Result<Left, Refusal> {
    if !it.is_told() {
        return Err(Refusal::new(Why::Blind, format!("the health of the targets of {} is not read", it.name)));
    }
    if zone.name.is_empty() || rest.iter().any(|other| other.name.is_empty()) {
        let text = format!("which zone {} is in this account is not known, and so not what is in it", zone.called());
        return Err(Refusal::new(Why::Blind, text).with("it takes ec2:DescribeAvailabilityZones"));
    }
    let counts = by_zone(it.targets());
    let in_zone =
        |counts: &BTreeMap<&str, Count>, zone: &Zone| counts.get(zone.name.as_str()).copied().unwrap_or_default();
    for group in &it.target_groups {
        let of_group = by_zone(group.targets.iter().flatten());
        let left: usize = rest.iter().map(|other| in_zone(&of_group, other).healthy).sum();
        if left == 0 {
            let places: Vec<&str> = rest.iter().map(|other| other.name.as_str()).collect();
            let text = format!(
                "nothing healthy of {} is known in {}: it would fail altogether",
                group.name,
                places.join(", ")
            );
            return Err(Refusal::new(Why::State, text).with("bring targets into service there first"));
        }
    }
    let healthy = rest.iter().map(|other| in_zone(&counts, other).healthy).sum();
    let known = |name: &&str| *name == zone.name.as_str() || rest.iter().any(|other| other.name == **name);
    Ok(Left {
        healthy,
        before: healthy + in_zone(&counts, zone).healthy,
        empty: rest
            .iter()
            .filter(|other| in_zone(&counts, other).healthy == 0)
            .map(|other| other.name.clone())
            .collect(),
        unplaced: counts.iter().filter(|(name, _)| !known(name)).map(|(_, count)| count.expected).sum(),
    })
}

/// As AWS takes it: whole hours or minutes.
fn spoken(lasts: SignedDuration) -> Text {
    let minutes = lasts.as_mins();
    Text::new(&if minutes % 60 == 0 { format!("{}h", minutes / 60) } else { format!("{minutes}m") })
}

fn now_of(plan: &Plan, sight: &Sight<'_>) -> Result<Arc<LoadBalancer>, Progress> {
    match plan.of.item(sight) {
        Some(Item::Balancer(it)) => Ok(it),
        _ => Err(Progress::Failed(format!("{} is gone", plan.target))),
    }
}

fn shift_progress(plan: &Plan, sight: &Sight<'_>) -> Progress {
    let it = match now_of(plan, sight) {
        Ok(it) => it,
        Err(gone) => return gone,
    };
    let Some(all) = it.zones() else { return Progress::Waiting("where its traffic goes is not told".into()) };
    let sent = plan.steps.iter().find_map(|step| match step {
        Step::StartZonalShift { away_from, .. } => Some(away_from),
        _ => None,
    });
    let is_it = |shift: &&ZoneShift| Some(&shift.away_from) == sent && shift.kind == "ZONAL_SHIFT";
    let Some(shift) = all.shifts.iter().find(is_it) else {
        return Progress::Waiting("no shift is listed yet".into());
    };
    if !shift.is_applied {
        let other = all.applied().map_or_else(String::new, |other| {
            format!(": it is shifted {} meanwhile", all.words(other, sight.at, sight.zone()))
        });
        return Progress::Waiting(format!("the shift is not in force{other}"));
    }
    match all.zone(shift.away_from.as_str()) {
        Some(zone) if zone.is_on => Progress::Waiting(format!("traffic still goes to {}", zone.called())),
        _ => Progress::Reached,
    }
}

fn plan_unshift(ask: &Ask<'_>) -> Result<Plan, Refusal> {
    let it = balancer(ask)?;
    let all = zones(it)?;
    let (now, clock) = (ask.sight.at, ask.sight.zone());
    let Some(shift) = all.by_hand() else {
        return Err(match all.applied() {
            Some(other) => {
                let text =
                    format!("{} is shifted {}, and nobody here began that", it.name, all.words(other, now, clock));
                Refusal::new(Why::State, text)
                    .with("AWS ends what it began; a practice run is ended in its own console")
            }
            None => Refusal::new(Why::Nothing, format!("{} is not shifted away from any zone", it.name)),
        });
    };
    let Some(id) = &shift.id else {
        return Err(Refusal::new(Why::Blind, format!("AWS does not tell by what the shift of {} is ended", it.name)));
    };
    let zone = all.name_of(&shift.away_from);
    let mut plan = Plan::begin(ask, Blast::Disruptive, format!("{}: back to {zone}", it.name));
    plan.change("traffic", format!("away from {zone}"), format!("to {zone} too"));
    plan.steps.push(Step::CancelZonalShift { shift: id.clone() });
    plan.effects.push(format!("traffic goes to {zone} again within minutes"));
    if let Some(ends) = shift.until {
        plan.effects.push(format!("by itself it would have ended about {}", until(ends, now, clock)));
    }
    let count = by_zone(it.targets()).get(zone.as_str()).copied().unwrap_or_default();
    if count.healthy < count.expected {
        let targets = plural(count.expected, "target", "targets");
        plan.warnings.push(format!("{} of {targets} in {zone} are healthy", count.healthy));
    } else if count.expected == 0 {
        plan.warnings.push(format!("no target is known in {zone}"));
    }
    let rest = shift.until.map_or(SHORTEST, |ends| ends.duration_since(now)).clamp(SHORTEST, LONGEST);
    let rest = SignedDuration::from_mins(rest.as_mins());
    plan.undo = Some(Undo {
        operation: SHIFT.name.into(),
        params: Params::from([
            ("away-from".to_owned(), zone.to_string()),
            ("for".to_owned(), spoken(rest).to_string()),
        ]),
        words: format!("away from {zone} again"),
    });
    plan.expects = format!("traffic is sent to {zone} again");
    Ok(plan)
}

fn unshift_progress(plan: &Plan, sight: &Sight<'_>) -> Progress {
    let it = match now_of(plan, sight) {
        Ok(it) => it,
        Err(gone) => return gone,
    };
    let Some(all) = it.zones() else { return Progress::Waiting("where its traffic goes is not told".into()) };
    let sent = |shift: &&ZoneShift| {
        let id = shift.id.clone();
        id.is_some_and(|id| plan.steps.contains(&Step::CancelZonalShift { shift: id }))
    };
    match all.shifts.iter().find(sent) {
        Some(_) => Progress::Waiting("the shift is still listed".into()),
        None => Progress::Reached,
    }
}
