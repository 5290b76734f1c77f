//! What changed: one list of events drawn from every feed that knows of some.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::domain::delivery::{Action, Deployment, Execution, Pipeline, Stage};
use crate::domain::scope::{Environment, ScopeRef};
use crate::domain::text::Text;
use crate::world::authors::{Authors, Who};
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
const SOURCES: [Feed; 5] = [Feed::Deployments, Feed::Pipelines, Feed::Groups, Feed::DatabaseEvents, Feed::Instances];

/// Whether changes may be drawn from this feed.
pub fn tells(feed: Feed) -> bool {
    // Whose a commit is, its repository tells.
    SOURCES.contains(&feed) || feed == Feed::Repositories
}

/// Those of one place.
fn sources_of(place: &Place) -> impl Iterator<Item = Feed> {
    SOURCES.into_iter().filter(|feed| place.is_asked(*feed))
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

pub(super) fn of_place(place: &Place, from: Timestamp) -> Vec<Change> {
    let change = |at, kind, what, by: &Text, resource: &Text| Change {
        at,
        kind,
        what,
        by: by.clone(),
        resource: resource.clone(),
        scope: Arc::clone(&place.scope),
    };
    let nobody = Text::default();
    let authors = Authors::at(place);
    let mut all = Vec::new();
    let deployed: Vec<Ran<'_>> = deployed(place).collect();
    for deploy in place.feeds.deployments.items().filter(|deploy| deploy.started >= from) {
        let behind = behind(&deployed, deploy);
        let message = match &behind {
            Some(ran) if deploy.message.is_empty() => ran.message(),
            _ => deploy.message.clone(),
        };
        let message = if message.is_empty() { String::new() } else { format!(" \"{message}\"") };
        let (by, commit) = match &behind {
            Some(ran) if deploy.by.is_empty() => ran.by(&authors),
            _ => (deploy.by.clone(), String::new()),
        };
        let what = format!("deploy {} {} → {}{message}{commit}", deploy.target, deploy.from, deploy.to);
        all.push(change(deploy.started, kind_of(deploy.environment), what, &by, &deploy.target));
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
    let told = |ran: &&Ran<'_>| place.feeds.deployments.items().any(|deploy| ran.is_behind(deploy));
    all.extend(deployed.iter().filter(|ran| ran.at >= from && !told(ran)).map(|ran| ran.change(place, &authors)));
    all.extend(launches(place, from));
    all
}

/// What goes to staging cannot have broken production.
fn kind_of(environment: Environment) -> ChangeKind {
    match environment {
        Environment::Staging | Environment::Test | Environment::Dev => ChangeKind::Rehearsal,
        Environment::Prod | Environment::Unknown => ChangeKind::Deploy,
    }
}

/// The newest run of an action that deploys.
struct Ran<'a> {
    at: Timestamp,
    pipeline: &'a Pipeline,
    stage: &'a Stage,
    action: &'a Action,
}

/// When the pipelines of a place deployed last.
fn deployed(place: &Place) -> impl Iterator<Item = Ran<'_>> {
    let stages = place.feeds.pipelines.items().flat_map(|it| it.stages.iter().map(move |stage| (it, stage)));
    let actions = stages.flat_map(|(it, stage)| stage.actions.iter().map(move |action| (it, stage, action)));
    let deploys = actions.filter(|(.., action)| action.is_deploy());
    deploys.filter_map(|(pipeline, stage, action)| Some(Ran { at: action.started?, pipeline, stage, action }))
}

/// The pipeline that brought a deployment, where it can be only one: the services that deploy know no commit and no author.
fn behind<'a>(deployed: &'a [Ran<'a>], deploy: &Deployment) -> Option<&'a Ran<'a>> {
    let mut all = deployed.iter().filter(|ran| ran.is_behind(deploy));
    all.next().filter(|_| all.next().is_none())
}

impl Ran<'_> {
    /// Whether that deployment is what the action did, by its service and its time.
    fn is_behind(&self, deploy: &Deployment) -> bool {
        let kind = match self.action.provider.as_ref().map(Text::as_str) {
            Some("CodeDeploy" | "CodeDeployToECS") => "CodeDeploy",
            Some("ECS") => "ECS",
            _ => return false,
        };
        let slack = SignedDuration::from_secs(30);
        let is_over = self.action.finished.is_some_and(|end| deploy.started > end + slack);
        deploy.kind == *kind && deploy.started >= self.at - slack && !is_over
    }

    /// Of which the action is a part.
    fn run(&self) -> Option<&Execution> {
        let Self { pipeline, action, .. } = self;
        let by_id = action.execution.as_ref().and_then(|id| pipeline.execution(id.as_str()));
        // The same version may have been run more than once.
        let is_its = |run: &&Execution| run.version.is_some() && run.version == action.version;
        by_id.or_else(|| pipeline.executions.iter().find(is_its))
    }

    fn message(&self) -> Text {
        self.run().and_then(|run| run.revision.as_ref()).map(|revision| revision.message.clone()).unwrap_or_default()
    }

    /// Whom to ask, and behind the message whose commit it is, where that is somebody else's.
    fn by(&self, authors: &Authors<'_>) -> (Text, String) {
        let who = self.run().map_or_else(Who::default, |run| authors.of(run));
        (who.first().cloned().unwrap_or_default(), who.behind())
    }

    fn change(&self, place: &Place, authors: &Authors<'_>) -> Change {
        let message = self.message();
        let (by, commit) = self.by(authors);
        let message = if message.is_empty() { String::new() } else { format!(" \"{message}\"") };
        let version = self.action.version.as_ref().map_or_else(String::new, |version| format!(" {version}"));
        Change {
            at: self.at,
            kind: kind_of(Environment::in_name(self.stage.name.as_str())),
            what: format!("deploy {}{version} in {}{message}{commit}", self.pipeline.name, self.stage.name),
            by,
            resource: self.pipeline.name.clone(),
            scope: Arc::clone(&place.scope),
        }
    }
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
    use crate::domain::delivery::{DeployStatus, Revision, RunStatus};
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
    fn told(stage: &str, provider: &str, deployed: Option<Deployment>) -> Vec<(ChangeKind, String, String)> {
        let at = Timestamp::from_second(1_773_000_000).unwrap();
        let action = |category: &str| Action {
            name: category.into(),
            category: Some(category.into()),
            provider: Some(provider.into()),
            external_id: None,
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
        let pipeline = Pipeline {
            name: "shop".into(),
            edited: None,
            mode: None,
            sources: Vec::new(),
            stages: vec![stage],
            executions: vec![run],
        };
        let scope = change(0, ChangeKind::Deploy).scope;
        let mut world =
            World::reading(std::slice::from_ref(&scope), [Feed::Pipelines, Feed::Deployments].into_iter().collect());
        for (feed, payload) in [
            (Feed::Pipelines, Payload::Pipelines(Arc::new(List::new(vec![pipeline])))),
            (Feed::Deployments, Payload::Deployments(Arc::new(List::new(deployed.into_iter().collect())))),
        ] {
            let answer = Answer::of(Ok(payload), Usage::default());
            world.apply(Observation::of(FeedKey::all(feed, Arc::clone(&scope)), at, answer, None));
        }
        assert!(since(&world, at + SignedDuration::from_mins(10)).is_empty());
        since(&world, at).into_iter().map(|it| (it.kind, it.what, it.by.to_string())).collect()
    }

    fn deployment(kind: &str, minute: i64) -> Deployment {
        Deployment {
            id: "d-1".into(),
            kind: kind.into(),
            target: "web".into(),
            environment: Environment::Unknown,
            from: "web:41".into(),
            to: "web:42".into(),
            status: DeployStatus::Succeeded,
            done: 2,
            total: 2,
            started: Timestamp::from_second(1_773_000_000 + minute * 60).unwrap(),
            finished: None,
            by: Text::default(),
            message: Text::default(),
            reason: Text::default(),
            usual: None,
            returns_to: None,
            returns_by: None,
            returns_with: None,
            arn: None,
            owner: None,
            group: None,
        }
    }

    #[test]
    fn pipelines_tell_of_deployments_that_are_not_told_by_who_deploys() {
        let words = "deploy shop v42 in Production \"cheaper shipping\"".to_owned();
        let by_pipeline = [(ChangeKind::Deploy, words, "lena".to_owned())];
        assert_eq!(told("Production", "ECS", None), by_pipeline);
        assert_eq!(told("Staging", "S3", None)[0].0, ChangeKind::Rehearsal);
        // What ECS tells is one change, with what only the pipeline knows of it.
        let once = "deploy web web:41 → web:42 \"cheaper shipping\"".to_owned();
        assert_eq!(
            told("Production", "ECS", Some(deployment("ECS", 0))),
            [(ChangeKind::Deploy, once, "lena".to_owned())]
        );
        // Of another service, or of another time, it is another.
        for (provider, other) in [("CloudFormation", deployment("ECS", 0)), ("ECS", deployment("ECS", 5))] {
            let both = told("Production", provider, Some(other));
            assert_eq!(both.len(), 2, "{both:?}");
            assert!(both.iter().any(|(_, what, by)| *what == "deploy web web:41 → web:42" && by.is_empty()));
        }
    }
}
