//! What changed: one list of events drawn from every feed that knows of some.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::domain::delivery::{Action, Pipeline};
use crate::domain::scope::{Environment, ScopeRef};
use crate::domain::text::Text;
use crate::world::feed::Feed;
use crate::world::sight::Sight;
use crate::world::{Place, World};

/// Something that was done to the system, by a person or by a machine.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    pub at: Timestamp,
    pub kind: ChangeKind,
    pub what: String,
    /// Who did it; empty where AWS does not say.
    pub by: Text,
    pub resource: Text,
    #[serde(skip)]
    pub scope: ScopeRef,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    Deploy,
    /// A deployment to an environment nobody but us uses.
    Rehearsal,
    Database,
    Launch,
    Scaling,
}

impl ChangeKind {
    pub fn word(self) -> &'static str {
        match self {
            Self::Deploy => "deploy",
            Self::Rehearsal => "rehearsal",
            Self::Database => "database",
            Self::Launch => "launch",
            Self::Scaling => "scaling",
        }
    }

    /// True for what changes the system people use, and not by itself.
    pub fn is_by_hand(self) -> bool {
        self.suspicion() > 0.5
    }

    /// How readily this kind of change breaks things, for choosing a suspect. Scaling mostly answers trouble instead of
    /// causing it.
    fn suspicion(self) -> f64 {
        match self {
            Self::Deploy => 1.0,
            Self::Database => 0.9,
            Self::Launch => 0.7,
            Self::Scaling => 0.2,
            Self::Rehearsal => 0.1,
        }
    }
}

/// How far before the first sign of trouble a change is still looked for.
pub const LOOKBACK: SignedDuration = SignedDuration::from_mins(30);

/// Machines started one by one within this time count as one launch.
const LAUNCH_WINDOW: SignedDuration = SignedDuration::from_mins(5);

/// The feeds changes are drawn from.
const SOURCES: [Feed; 4] = [Feed::Deployments, Feed::Groups, Feed::DatabaseEvents, Feed::Instances];

/// Whether changes may be drawn from this feed.
pub fn tells(feed: Feed) -> bool {
    feed == Feed::Pipelines || SOURCES.contains(&feed)
}

/// Those of one place. Where deployments themselves are not read, the pipelines tell when they deployed.
fn sources_of(place: &Place) -> impl Iterator<Item = Feed> {
    let pipelines = (!place.is_asked(Feed::Deployments)).then_some(Feed::Pipelines);
    SOURCES.into_iter().chain(pipelines).filter(|feed| place.is_asked(*feed))
}

/// Whether nothing at all could be read that would tell of a change.
pub fn is_blind(sight: &Sight<'_>) -> bool {
    let mut asked = sight.places().flat_map(|place| sources_of(place).map(move |feed| place.feeds.status(feed)));
    !asked.any(|status| status.has_value)
}

/// What of them could not be read, or not lately, as `deployments of acme-prod eu-west-1`: a change may hide
/// there.
pub fn unseen(sight: &Sight<'_>) -> Vec<String> {
    let mut all = Vec::new();
    for place in sight.places() {
        for feed in sources_of(place) {
            let status = place.feeds.status(feed);
            if !status.has_value || status.is_stale(sight.at) {
                all.push(format!("{} of {}", feed.name(), place.scope));
            }
        }
    }
    all
}

/// Every change since `from`, newest first.
pub fn since(world: &World, from: Timestamp) -> Vec<Change> {
    let mut all: Vec<Change> = world.places().iter().flat_map(|place| of_place(place, from)).collect();
    all.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.what.cmp(&b.what)));
    all
}

/// The change most likely to have caused trouble first seen at `broke`: kinds weigh, and closeness in time.
/// The full ranking over the resource graph is another module's; this one only needs the first guess to be sound.
pub fn suspect(changes: &[Change], broke: Timestamp) -> Option<&Change> {
    // A check may date its finding a little later than the change took effect, and a minute's datapoint starts before
    // it: allow two minutes of overlap.
    let until = broke + SignedDuration::from_mins(2);
    let from = broke - LOOKBACK;
    changes
        .iter()
        .filter(|change| change.at >= from && change.at <= until && change.kind.is_by_hand())
        .max_by(|a, b| score(a, broke).total_cmp(&score(b, broke)))
}

fn score(change: &Change, broke: Timestamp) -> f64 {
    let distance = broke.duration_since(change.at).abs().as_secs_f64() / LOOKBACK.as_secs_f64();
    change.kind.suspicion() * (1.0 - distance * 0.8)
}

fn of_place(place: &Place, from: Timestamp) -> Vec<Change> {
    let change = |at, kind, what, by: &Text, resource: &Text| Change {
        at,
        kind,
        what,
        by: by.clone(),
        resource: resource.clone(),
        scope: Arc::clone(&place.scope),
    };
    let nobody = Text::default();
    let mut all = Vec::new();
    for deploy in place.feeds.deployments.items().filter(|deploy| deploy.started >= from) {
        let what = format!("deploy {} {} → {} \"{}\"", deploy.target, deploy.from, deploy.to, deploy.message);
        // What goes to staging cannot have broken production.
        let kind = if deploy.environment == Environment::Prod { ChangeKind::Deploy } else { ChangeKind::Rehearsal };
        all.push(change(deploy.started, kind, what, &deploy.by, &deploy.target));
    }
    for group in place.feeds.groups.items() {
        for activity in group.activities.iter().flatten().filter(|activity| activity.at >= from) {
            all.push(change(activity.at, ChangeKind::Scaling, activity.what.to_string(), &nobody, &group.name));
        }
    }
    for event in place.feeds.database_events.items().filter(|event| event.at >= from && event.is_change()) {
        let what = format!("{}: {}", event.source, event.message);
        all.push(change(event.at, ChangeKind::Database, what, &nobody, &event.source));
    }
    if !place.is_asked(Feed::Deployments) {
        all.extend(place.feeds.pipelines.items().flat_map(|pipeline| deployed(place, pipeline, from)));
    }
    all.extend(launches(place, from));
    all
}

/// What a pipeline deployed, where and when: its newest run of each action that deploys.
fn deployed(place: &Place, pipeline: &Pipeline, from: Timestamp) -> Vec<Change> {
    let deploys = |action: &&Action| action.category.as_ref().is_some_and(|category| category == "Deploy");
    let actions = pipeline.stages.iter().flat_map(|stage| stage.actions.iter().map(move |action| (stage, action)));
    let lately = actions.filter(|(_, action)| deploys(action)).filter_map(|(stage, action)| {
        let at = action.started.filter(|at| *at >= from)?;
        let run = pipeline.executions.iter().find(|run| run.version.is_some() && run.version == action.version);
        let revision = run.and_then(|run| run.revision.as_ref());
        let message = revision.map(|revision| &revision.message).filter(|message| !message.is_empty());
        let message = message.map_or_else(String::new, |message| format!(" \"{message}\""));
        let version = action.version.as_ref().map_or_else(String::new, |version| format!(" {version}"));
        let author = revision.and_then(|revision| revision.author.as_ref());
        Some(Change {
            at,
            kind: match Environment::in_name(stage.name.as_str()) {
                Environment::Staging | Environment::Test | Environment::Dev => ChangeKind::Rehearsal,
                Environment::Prod | Environment::Unknown => ChangeKind::Deploy,
            },
            what: format!("deploy {}{version} in {}{message}", pipeline.name, stage.name),
            by: run.and_then(|run| run.by.as_ref()).or(author).cloned().unwrap_or_default(),
            resource: pipeline.name.clone(),
            scope: Arc::clone(&place.scope),
        })
    });
    lately.collect()
}

/// Instances started by someone rather than by a group, gathered by owner and kind.
fn launches(place: &Place, from: Timestamp) -> Vec<Change> {
    let mut started: Vec<_> = place
        .feeds
        .instances
        .items()
        .filter(|instance| !instance.owner.is_empty() && instance.group.is_empty())
        .filter_map(|instance| Some((instance.launched.filter(|at| *at >= from)?, instance)))
        .collect();
    started.sort_by(|(a_at, a), (b_at, b)| (&a.owner, &a.kind, a_at).cmp(&(&b.owner, &b.kind, b_at)));
    started
        .chunk_by(|(a_at, a), (b_at, b)| {
            a.owner == b.owner && a.kind == b.kind && b_at.duration_since(*a_at) <= LAUNCH_WINDOW
        })
        .filter_map(|batch| {
            let (at, first) = batch.first()?;
            Some(Change {
                at: *at,
                kind: ChangeKind::Launch,
                what: format!(
                    "{} {} {} launched",
                    batch.len(),
                    first.kind,
                    if batch.len() == 1 { "instance" } else { "instances" }
                ),
                by: first.owner.clone(),
                resource: first.name.clone(),
                scope: Arc::clone(&place.scope),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::delivery::{Execution, Revision, RunStatus, Stage};
    use crate::domain::list::List;
    use crate::domain::scope::Scope;
    use crate::world::feed::Payload;
    use crate::world::port::{Answer, FeedKey, Observation, Usage};

    fn change(minute: i64, kind: ChangeKind) -> Change {
        Change {
            at: Timestamp::from_second(1_773_000_000 + minute * 60).unwrap(),
            kind,
            what: format!("{} at {minute}", kind.word()),
            by: Text::default(),
            resource: Text::default(),
            scope: ScopeRef::new(Scope {
                account: "123456789012".into(),
                alias: "".into(),
                region: "eu-west-1".into(),
                environment: Environment::Prod,
            }),
        }
    }

    #[track_caller]
    fn check(changes: &[(i64, ChangeKind)], expected: Option<i64>) {
        let changes: Vec<Change> = changes.iter().map(|(minute, kind)| change(*minute, *kind)).collect();
        let broke = Timestamp::from_second(1_773_000_000 + 60 * 60).unwrap();
        let found = suspect(&changes, broke).map(|change| (change.at.as_second() - 1_773_000_000) / 60);
        assert_eq!(found, expected);
    }

    #[test]
    fn the_suspect_is_close_before_and_of_a_dangerous_kind() {
        check(&[(58, ChangeKind::Deploy), (40, ChangeKind::Deploy)], Some(58));
        check(&[(59, ChangeKind::Scaling), (50, ChangeKind::Deploy)], Some(50));
        check(&[(59, ChangeKind::Scaling)], None);
        check(&[(61, ChangeKind::Deploy)], Some(61));
        check(&[(65, ChangeKind::Deploy)], None);
        check(&[(20, ChangeKind::Deploy)], None);
        check(&[(59, ChangeKind::Rehearsal)], None);
        check(&[], None);
    }

    /// What is told of a pipeline that deployed in this stage, in a world that reads these feeds.
    fn told(stage: &str, reads: &[Feed]) -> Vec<(ChangeKind, String, String)> {
        let at = Timestamp::from_second(1_773_000_000).unwrap();
        let action = |category: &str| Action {
            name: category.into(),
            category: Some(category.into()),
            provider: None,
            status: RunStatus::Succeeded,
            version: Some("v42".into()),
            started: Some(at),
            finished: Some(at),
            usual: None,
            summary: Text::default(),
            by: Text::default(),
            tests: None,
            outputs: None,
            flaky: None,
            token: None,
            ..Action::default()
        };
        let stage = Stage {
            name: stage.into(),
            status: RunStatus::Succeeded,
            inbound_enabled: true,
            closed: Text::default(),
            execution: None,
            waiting: None,
            actions: vec![action("Build"), action("Deploy")],
        };
        let revision =
            Revision { id: "4f2a91c".into(), author: Some("lena".into()), message: "cheaper shipping".into() };
        let run = Execution {
            id: "run".into(),
            version: Some("v42".into()),
            status: RunStatus::Succeeded,
            trigger: None,
            by: None,
            started: at - SignedDuration::from_mins(9),
            finished: None,
            revision: Some(revision),
            returns_to: None,
            succeeded_in: Vec::new(),
        };
        let pipeline =
            Pipeline { name: "shop".into(), edited: None, mode: None, stages: vec![stage], executions: vec![run] };
        let scope = change(0, ChangeKind::Deploy).scope;
        let mut world = World::reading(std::slice::from_ref(&scope), reads.iter().copied().collect());
        let answer = Answer::of(Ok(Payload::Pipelines(Arc::new(List::new(vec![pipeline])))), Usage::default());
        world.apply(Observation::of(FeedKey::all(Feed::Pipelines, scope), at, answer, None));
        assert!(since(&world, at + SignedDuration::from_secs(1)).is_empty());
        since(&world, at).into_iter().map(|it| (it.kind, it.what, it.by.to_string())).collect()
    }

    #[test]
    fn pipelines_tell_of_deployments_where_those_are_not_read_themselves() {
        let words = "deploy shop v42 in Production \"cheaper shipping\"".to_owned();
        assert_eq!(told("Production", &[Feed::Pipelines]), [(ChangeKind::Deploy, words, "lena".to_owned())]);
        assert_eq!(told("Staging", &[Feed::Pipelines])[0].0, ChangeKind::Rehearsal);
        assert_eq!(told("Production", &[Feed::Pipelines, Feed::Deployments]), []);
    }
}
