//! The strip on top of the board: what broke, where, what changed. Three sentences, always there.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::domain::alarm::Alarm;
use crate::domain::board::{BoxId, Group};
use crate::domain::graph::MetricId;
use crate::domain::health::Health;
use crate::domain::scope::ScopeRef;
use crate::domain::text::Text;
use crate::domain::units::{brief, clock, long, moment, plural, since};
use crate::world::World;
use crate::world::board::{Finding, Reading};
use crate::world::changes;
use crate::world::relations;
use crate::world::sight::Sight;
use crate::world::suspects::{self, Trouble};

#[derive(Clone, Debug, PartialEq)]
pub struct Strip {
    /// The worst of all boxes.
    pub health: Health,
    pub broke: String,
    pub place: String,
    pub changed: String,
    /// First sign of trouble.
    pub since: Option<Timestamp>,
}

/// An alarm in ALARM, with the box it speaks for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Firing {
    pub name: Text,
    pub since: Timestamp,
    pub reason: Text,
    #[serde(rename = "box")]
    pub of: BoxId,
    #[serde(skip)]
    pub scope: ScopeRef,
}

impl Firing {
    fn sentence(&self) -> String {
        format!("{}: {}", self.name, self.reason)
    }
}

/// Sentences about the present trouble, or about its absence.
pub fn strip(readings: &[Reading], sight: &Sight<'_>) -> Strip {
    let health = overall(readings);
    if health == Health::Unknown && sight.world.is_unread() {
        return Strip {
            health,
            broke: "not known yet: reading".into(),
            place: "-".into(),
            changed: "-".into(),
            since: None,
        };
    }
    let firing = firing(sight.world);
    let broken = Broken::of(readings);
    if health.is_broken() {
        let trouble = trouble(sight, &broken, &firing);
        Strip {
            health,
            broke: broken.sentence(sight, &firing, unseen_boxes(readings)),
            place: broken.places(&firing),
            changed: trouble.as_ref().map_or_else(|| last_change(sight), |trouble| changed(sight, trouble)),
            since: trouble.map(|trouble| trouble.began),
        }
    } else {
        Strip {
            health,
            broke: quiet(readings, health),
            place: blind(readings),
            changed: last_change(sight),
            since: None,
        }
    }
}

/// Boxes nothing can be said of: what is told of the others is not all there is.
fn unseen_boxes(readings: &[Reading]) -> usize {
    readings.iter().filter(|reading| matches!(reading.health, Health::Unknown | Health::Stale)).count()
}

/// When the present trouble began: the first of the newest onsets that lie close together. The first of all would be the
/// access key that is too old since last year, and would send the search for the cause there.
fn first_sign(mut onsets: Vec<Timestamp>) -> Option<Timestamp> {
    onsets.sort_unstable();
    let mut first = onsets.pop()?;
    while let Some(earlier) = onsets.pop().filter(|earlier| first.duration_since(*earlier) <= changes::LOOKBACK) {
        first = earlier;
    }
    Some(first)
}

/// The worst health on the board. A system with nothing in scope is not healthy, it is unknown.
pub fn overall(readings: &[Reading]) -> Health {
    match readings.iter().map(|reading| reading.health).max() {
        Some(Health::Absent) | None => Health::Unknown,
        Some(worst) => worst,
    }
}

/// Alarms in ALARM, longest first, without the triggers of scaling policies.
pub fn firing(world: &World) -> Vec<Firing> {
    let mut all: Vec<Firing> = world
        .places()
        .iter()
        .flat_map(|place| {
            place.feeds.alarms.items().filter(|alarm| alarm.is_firing() && !alarm.is_scaling_trigger()).map(|alarm| {
                Firing {
                    name: alarm.name.clone(),
                    since: alarm.since,
                    reason: alarm.reason.clone(),
                    of: box_of(alarm),
                    scope: Arc::clone(&place.scope),
                }
            })
        })
        .collect();
    all.sort_by(|a, b| a.since.cmp(&b.since).then_with(|| a.name.cmp(&b.name)));
    all
}

/// The box an alarm speaks for, by the namespace of its metric.
pub fn box_of(alarm: &Alarm) -> BoxId {
    let Some(MetricId { namespace, metric, .. }) = alarm.metric() else { return BoxId::Alarms };
    match namespace.as_str() {
        "AWS/ApplicationELB" => BoxId::LoadBalancer,
        "AWS/AutoScaling" => BoxId::AutoScalingGroup,
        "AWS/EC2" => BoxId::Ec2Instances,
        "AWS/ECS" | "ECS/ContainerInsights" => BoxId::EcsCluster,
        "AWS/Lambda" => BoxId::Lambda,
        "AWS/RDS" if metric == "ReplicaLag" => BoxId::ReadReplicas,
        "AWS/RDS" => BoxId::RdsPrimary,
        "AWS/ElastiCache" => BoxId::Redis,
        "AWS/SQS" if alarm.resource().is_some_and(|queue| queue.as_str().ends_with("dlq")) => BoxId::DeadLetterQueues,
        "AWS/SQS" => BoxId::SqsQueues,
        "AWS/SNS" => BoxId::SnsTopics,
        "AWS/NATGateway" => BoxId::NatGateway,
        "AWS/WAFV2" => BoxId::Waf,
        "CloudWatchSynthetics" => BoxId::SmokeTests,
        "AWS/Billing" => BoxId::CostMonitoring,
        _ => BoxId::Alarms,
    }
}

/// How near a box is to the people who use the system: the nearer, the earlier it is named.
pub fn distance_to_users(id: BoxId) -> u8 {
    match id {
        // A region that is gone explains all that is wrong in it.
        BoxId::MultiRegion | BoxId::LoadBalancer => 0,
        BoxId::RdsPrimary => 1,
        BoxId::SqsQueues => 2,
        BoxId::DeadLetterQueues | BoxId::Production => 3,
        // These repeat what other boxes say at the source.
        BoxId::Alarms | BoxId::XRay | BoxId::TraceAnalysis | BoxId::LogGroups => 9,
        BoxId::SmokeTests => 6,
        _ => match id.group() {
            Group::ComputeLayer | Group::DataLayer => 3,
            Group::MessagingLayer | Group::NetworkLayer => 4,
            Group::CdPipeline | Group::DisasterRecovery => 5,
            Group::SecurityLayer | Group::CostOptimization => 6,
            Group::CiPipeline | Group::MonitoringLayer | Group::ScalingStrategy | Group::AwsInfrastructure => 7,
            Group::DeveloperWorkflow => 8,
        },
    }
}

/// What is wrong there keeps changes from production, and does production no harm by itself.
fn is_before_production(id: BoxId) -> bool {
    matches!(id.group(), Group::DeveloperWorkflow | Group::CiPipeline)
        || matches!(id, BoxId::Staging | BoxId::StagingTests | BoxId::ApprovalGate)
}

/// The findings of the boxes in the worst health: nearest to the users first, within a box the worst first.
struct Broken<'a> {
    findings: Vec<(BoxId, &'a Finding)>,
}

impl<'a> Broken<'a> {
    fn of(readings: &'a [Reading]) -> Self {
        let worst = overall(readings);
        let mut boxes: Vec<&Reading> = readings.iter().filter(|reading| reading.health == worst).collect();
        boxes.sort_by_key(|reading| (distance_to_users(reading.id), reading.id != BoxId::MultiRegion, reading.since()));
        let findings =
            boxes.iter().flat_map(|reading| reading.findings.iter().map(|finding| (reading.id, finding))).collect();
        Self { findings }
    }

    /// The alarm that is named before everything else: what fires runs, and what only stops a change on its way does not
    /// run yet, however bad it is.
    fn first_word<'f>(&self, firing: &'f [Firing]) -> Option<&'f Firing> {
        let (nearest, _) = self.findings.iter().find(|(id, _)| *id != BoxId::Alarms)?;
        let nearest_alarm = firing.iter().min_by_key(|alarm| (distance_to_users(alarm.of), alarm.since));
        nearest_alarm.filter(|_| is_before_production(*nearest))
    }

    fn sentence(&self, sight: &Sight<'_>, firing: &[Firing], unseen: usize) -> String {
        const SHOWN: usize = 3;
        const OF_ONE_BOX: usize = 1;
        let mut parts: Vec<String> = Vec::new();
        parts.extend(self.first_word(firing).map(Firing::sentence));
        let mut taken: Vec<BoxId> = Vec::new();
        for (id, finding) in self.findings.iter().filter(|(id, _)| *id != BoxId::Alarms) {
            let from_here = taken.iter().filter(|known| *known == id).count();
            if parts.len() == SHOWN || from_here == OF_ONE_BOX {
                continue;
            }
            // One age for a box is enough.
            parts.push(match finding.since.filter(|_| from_here == 0) {
                Some(then) => format!("{} for {}", finding.text, brief(since(sight.at, then))),
                None => finding.text.clone(),
            });
            taken.push(*id);
        }
        if parts.is_empty() {
            // Only the alarms know: then the oldest of them has the word.
            parts.extend(firing.first().map(Firing::sentence));
            parts.extend(self.findings.first().filter(|_| firing.is_empty()).map(|(_, finding)| finding.text.clone()));
        }
        if !firing.is_empty() {
            parts.push(format!("{} firing", plural(firing.len(), "alarm", "alarms")));
        }
        if unseen > 0 {
            parts.push(format!("{} not known", plural(unseen, "box", "boxes")));
        }
        parts.join(" · ")
    }

    fn places(&self, firing: &[Firing]) -> String {
        const SHOWN: usize = 4;
        let mut boxes: Vec<BoxId> = self.first_word(firing).map(|alarm| alarm.of).into_iter().collect();
        for (id, _) in &self.findings {
            if !boxes.contains(id) && *id != BoxId::Alarms {
                boxes.push(*id);
            }
        }
        if boxes.is_empty() {
            boxes.extend(firing.iter().map(|alarm| alarm.of).take(1));
            boxes.extend(self.findings.iter().map(|(id, _)| *id).take(1).filter(|_| firing.is_empty()));
        }
        let mut text = boxes.iter().take(SHOWN).map(|id| id.label()).collect::<Vec<_>>().join(" → ");
        if boxes.len() > SHOWN {
            text.push_str(&format!(" and {} more", boxes.len() - SHOWN));
        }
        text + &self.scopes()
    }

    /// `  in eu-west-1 and eu-central-1 of acme-prod`.
    fn scopes(&self) -> String {
        let mut accounts: Vec<String> = Vec::new();
        let mut regions: Vec<&str> = Vec::new();
        for scope in self.findings.iter().filter_map(|(_, finding)| finding.scope.as_ref()) {
            let account = scope.account_name();
            if !accounts.contains(&account) {
                accounts.push(account);
            }
            if !scope.is_global() && !regions.contains(&scope.region.as_str()) {
                regions.push(scope.region.as_str());
            }
        }
        match (regions.is_empty(), accounts.is_empty()) {
            (_, true) => String::new(),
            (true, false) => format!("  in {}", accounts.join(" and ")),
            (false, false) => format!("  in {} of {}", regions.join(" and "), accounts.join(" and ")),
        }
    }
}

/// The present trouble, for whoever looks for its cause: when it began, in what it shows, and where.
fn trouble(sight: &Sight<'_>, broken: &Broken<'_>, firing: &[Firing]) -> Option<Trouble> {
    let onsets = broken.findings.iter().filter_map(|(_, finding)| finding.since);
    let began = first_sign(onsets.chain(firing.iter().map(|alarm| alarm.since)).collect())?;
    let mut it = Trouble { began, names: Vec::new(), places: Vec::new() };
    for (position, place) in sight.world.places().iter().enumerate() {
        let fires = |alarm: &&Alarm| firing.iter().any(|one| one.scope == place.scope && one.name == alarm.name);
        let alarms = place.feeds.alarms.items().filter(fires);
        it.names.extend(alarms.flat_map(|alarm| relations::names_of(alarm, place)));
        if broken.findings.iter().any(|(_, finding)| finding.scope.as_ref() == Some(&place.scope))
            || firing.iter().any(|one| one.scope == place.scope)
        {
            it.places.push(position);
        }
    }
    Some(it)
}

/// The trouble of the board, if there is one.
pub fn trouble_of(readings: &[Reading], sight: &Sight<'_>) -> Option<Trouble> {
    if !overall(readings).is_broken() {
        return None;
    }
    trouble(sight, &Broken::of(readings), &firing(sight.world))
}

fn changed(sight: &Sight<'_>, trouble: &Trouble) -> String {
    let broke = trouble.began;
    let found = match suspects::of_trouble(trouble, sight.world).first().filter(|suspect| suspect.stands_out()) {
        Some(suspect) => {
            let change = &suspect.event;
            let gap = broke.duration_since(change.at);
            let when = if gap > SignedDuration::ZERO {
                format!("{} before the first sign", long(gap))
            } else {
                "as it began".to_owned()
            };
            format!("{}, {when}", said(change.what.as_str(), &change.by, &when_exactly(change.at, sight)))
        }
        None => format!("nothing found in the 30 min before it began, {}", when_exactly(broke, sight)),
    };
    found + &unseen(sight)
}

fn last_change(sight: &Sight<'_>) -> String {
    let day_ago = sight.at - SignedDuration::from_hours(24);
    let all = changes::since(sight.world, day_ago);
    let found = match all.iter().find(|change| change.kind.is_by_hand()).or(all.first()) {
        Some(change) => {
            let when = moment(change.at, sight.at, sight.zone());
            format!("{}, {} ago", said(&change.what, &change.by, &when), brief(since(sight.at, change.at)))
        }
        None if changes::is_blind(sight) => "cannot tell".into(),
        None => "nothing in the last 24 h".into(),
    };
    found + &unseen(sight)
}

/// A change may hide in what was not read.
fn unseen(sight: &Sight<'_>) -> String {
    match changes::unseen(sight).as_slice() {
        [] => String::new(),
        [one] => format!(" · {one} not read"),
        [one, rest @ ..] => format!(" · {one} and {} more not read", rest.len()),
    }
}

/// `14:06:32` today, with the day when that is another.
fn when_exactly(at: Timestamp, sight: &Sight<'_>) -> String {
    let day = at.to_zoned(sight.zone().clone()).date();
    if day == sight.at.to_zoned(sight.zone().clone()).date() {
        clock(at, sight.zone())
    } else {
        moment(at, sight.at, sight.zone())
    }
}

fn said(what: &str, by: &Text, when: &str) -> String {
    if by.is_empty() { format!("{when} {what}") } else { format!("{when} {what} by {by}") }
}

fn quiet(readings: &[Reading], health: Health) -> String {
    let number = |wanted: Health| readings.iter().filter(|reading| reading.health == wanted).count();
    let mut text = match health {
        Health::Ok => "nothing".to_owned(),
        Health::Stale => "nothing known, but some data is old".to_owned(),
        _ => "nothing known, but not everything could be read".to_owned(),
    };
    text.push_str(&format!(" · {} of {} boxes ok", number(Health::Ok), readings.len()));
    for (health, word) in [(Health::Stale, "stale"), (Health::Unknown, "unknown"), (Health::Absent, "absent")] {
        if number(health) > 0 {
            text.push_str(&format!(", {} {word}", number(health)));
        }
    }
    text
}

/// What could not be seen, named once per cause.
fn blind(readings: &[Reading]) -> String {
    let mut causes: Vec<&str> = Vec::new();
    for blind in readings.iter().flat_map(|reading| &reading.blind) {
        if !causes.contains(&blind.text.as_str()) {
            causes.push(&blind.text);
        }
    }
    match causes.as_slice() {
        [] => "-".into(),
        [one] => (*one).to_owned(),
        [one, rest @ ..] => format!("{one} · and {} more", rest.len()),
    }
}
