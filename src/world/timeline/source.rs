//! What each feed tells of what happened. A source is a row here.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use super::{Event, EventKind, Tone};
use crate::domain::advisory::Category;
use crate::domain::alarm::{Alarm, AlarmState, AlarmTransition};
use crate::domain::api_call::Nature;
use crate::domain::autoscaling::AutoScalingGroup;
use crate::domain::delivery::{Action, DeployStatus, Deployment, Execution, Pipeline, RunStatus, Stage};
use crate::domain::instance::InstanceState;
use crate::domain::scope::Environment;
use crate::domain::text::Text;
use crate::world::Place;
use crate::world::authors::{Authors, Who};
use crate::world::changes::{self, ChangeKind};
use crate::world::feed::Feed;
use crate::world::item::Kind;

pub(super) struct Source {
    pub feeds: &'static [Feed],
    pub draw: fn(&Place, &mut Vec<Event>),
}

pub(super) const SOURCES: &[Source] = &[
    Source { feeds: &[Feed::AlarmHistory, Feed::Alarms], draw: alarms },
    // Which of a pipeline's runs a deployment was is known from both.
    Source { feeds: &[Feed::Deployments, Feed::Pipelines, Feed::Instances, Feed::Repositories], draw: deploys },
    // Whose a commit is, its repository tells.
    Source { feeds: &[Feed::Pipelines, Feed::Repositories], draw: runs },
    Source { feeds: &[Feed::Groups], draw: scaling },
    Source { feeds: &[Feed::DatabaseEvents], draw: databases },
    Source { feeds: &[Feed::CacheEvents], draw: caches },
    Source { feeds: &[Feed::Clusters], draw: tasks },
    Source { feeds: &[Feed::Instances], draw: machines },
    Source { feeds: &[Feed::Timers], draw: timers },
    Source { feeds: &[Feed::Advisories], draw: advisories },
    Source { feeds: &[Feed::Trail], draw: calls },
];

/// The older first, so that what is held already is found again by its time.
fn finish(events: &mut Vec<Event>) {
    events.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    events.dedup_by(|a, b| a.id == b.id);
}

/// Alarms that only move a scaling policy.
pub(super) fn triggers(place: &Place) -> impl Iterator<Item = &Text> {
    place.feeds.alarms.items().filter(|alarm| alarm.is_scaling_trigger()).map(|alarm| &alarm.name)
}

/// What an alarm did.
pub(super) fn of_change(change: &AlarmTransition, is_trigger: bool) -> Event {
    let tone = match change.to {
        // What moves a scaling policy is no trouble.
        _ if is_trigger => Tone::Plain,
        AlarmState::Alarm => Tone::Bad,
        AlarmState::Ok => Tone::Good,
        AlarmState::InsufficientData => Tone::Warn,
    };
    let reason = if change.reason.is_empty() { String::new() } else { format!(": {}", change.reason) };
    Event {
        id: change.id.clone(),
        at: change.at,
        kind: EventKind::Alarm,
        tone,
        what: Text::from(format!("{} {} → {}{reason}", change.alarm, change.from.word(), change.to.word())),
        by: Text::default(),
        resource: change.alarm.clone(),
        region: None,
        environment: Environment::Unknown,
        about: Some(Kind::Alarm),
    }
}

/// A history that is denied, or a minute behind, does not hide that an alarm fires.
fn alarms(place: &Place, events: &mut Vec<Event>) {
    let fires = |alarm: &&Alarm| alarm.is_firing() && !alarm.is_scaling_trigger();
    let firing: HashMap<&Text, Timestamp> =
        place.feeds.alarms.items().filter(fires).map(|alarm| (&alarm.name, alarm.since)).collect();
    let Some(earliest) = firing.values().min() else { return };
    let is_of_it = |change: &&AlarmTransition| {
        change.at >= *earliest && firing.get(&change.alarm).is_some_and(|since| change.at >= *since)
    };
    let told: HashSet<&Text> = place.feeds.alarm_history.items().filter(is_of_it).map(|change| &change.alarm).collect();
    for alarm in place.feeds.alarms.items().filter(fires).filter(|alarm| !told.contains(&alarm.name)) {
        events.push(Event {
            id: Text::from(format!("{} {}", alarm.arn, alarm.since)),
            at: alarm.since,
            kind: EventKind::Alarm,
            tone: Tone::Bad,
            what: Text::from(format!("{} → {}: {}", alarm.name, alarm.state.word(), alarm.reason)),
            by: Text::default(),
            resource: alarm.name.clone(),
            region: None,
            environment: Environment::Unknown,
            about: Some(Kind::Alarm),
        });
    }
    finish(events);
}

fn deploys(place: &Place, events: &mut Vec<Event>) {
    let deployments: HashMap<(Timestamp, &Text), &Deployment> =
        place.feeds.deployments.items().map(|deploy| ((deploy.started, &deploy.target), deploy)).collect();
    for change in changes::of_place(place, Timestamp::MIN) {
        let kind = match change.kind {
            ChangeKind::Deploy => EventKind::Deploy,
            ChangeKind::Rehearsal => EventKind::Rehearsal,
            ChangeKind::Launch => EventKind::Launch,
            // These have sources of their own, which tell more.
            ChangeKind::Database | ChangeKind::Scaling => continue,
        };
        let deployment = deployments.get(&(change.at, &change.resource)).copied();
        let about = match (kind, deployment) {
            (EventKind::Launch, _) => Some(Kind::Instance),
            (_, Some(_)) => Some(Kind::Deployment),
            (_, None) => Some(Kind::Pipeline),
        };
        let tone = deployment.map_or(Tone::Plain, |deploy| of_status(deploy.status));
        let environment = deployment.map_or(place.scope.environment, |deploy| deploy.environment);
        events.push(Event {
            id: Text::from(format!("{} {} {}", kind.word(), change.resource, change.at)),
            at: change.at,
            kind,
            tone,
            what: Text::from(change.what),
            by: change.by,
            resource: change.resource,
            region: None,
            environment,
            about,
        });
    }
    finish(events);
}

fn of_status(status: DeployStatus) -> Tone {
    match status {
        DeployStatus::Failed => Tone::Bad,
        DeployStatus::Stopped | DeployStatus::RolledBack => Tone::Warn,
        DeployStatus::InProgress | DeployStatus::Succeeded => Tone::Plain,
    }
}

fn runs(place: &Place, events: &mut Vec<Event>) {
    let authors = Authors::at(place);
    for pipeline in place.feeds.pipelines.items() {
        for run in &pipeline.executions {
            of_run(pipeline, run, authors.of(run), events);
        }
        for stage in &pipeline.stages {
            for action in &stage.actions {
                of_action(pipeline, stage, action, events);
            }
        }
    }
    finish(events);
}

fn of_run(pipeline: &Pipeline, run: &Execution, who: Who<'_>, events: &mut Vec<Event>) {
    let revision = run.revision.as_ref();
    let message = revision.map(|it| &it.message).filter(|message| !message.is_empty());
    let message = message.map_or_else(String::new, |message| format!(" \"{message}\""));
    let by = who.first().cloned().unwrap_or_default();
    let event = |at: Timestamp, part: &str, tone, what: String| Event {
        id: Text::from(format!("{part} {} {}", pipeline.name, run.id)),
        at,
        kind: EventKind::Run,
        tone,
        what: Text::from(what),
        by: by.clone(),
        resource: pipeline.name.clone(),
        region: None,
        environment: Environment::Unknown,
        about: Some(Kind::Pipeline),
    };
    let called = run.called();
    events.push(event(
        run.started,
        "began",
        Tone::Plain,
        format!("{} {called} began, {}{message}{}", pipeline.name, run.trigger_word(), who.behind()),
    ));
    if let Some(at) = run.finished {
        let tone = match run.status {
            RunStatus::Failed => Tone::Bad,
            RunStatus::Succeeded => Tone::Good,
            _ => Tone::Plain,
        };
        events.push(event(at, "ended", tone, format!("{} {called} {}", pipeline.name, run.status.word())));
    }
}

/// An approval that was decided, and what failed.
fn of_action(pipeline: &Pipeline, stage: &Stage, action: &Action, events: &mut Vec<Event>) {
    let Some(at) = action.finished else { return };
    let is_approval = action.category.as_ref().is_some_and(|category| category == "Approval");
    let (kind, tone, verb) = match (is_approval, action.status) {
        (true, RunStatus::Succeeded) => (EventKind::Approval, Tone::Plain, "approved"),
        (true, RunStatus::Failed) => (EventKind::Approval, Tone::Warn, "rejected"),
        (false, RunStatus::Failed) => (EventKind::Run, Tone::Bad, "failed"),
        _ => return,
    };
    let version = action.version.as_ref().map_or_else(String::new, |version| format!(" {version}"));
    let why = action.because();
    events.push(Event {
        id: Text::from(format!("{verb} {} {}/{} {at}", pipeline.name, stage.name, action.name)),
        at,
        kind,
        tone,
        what: Text::from(format!("{}{version} {verb} in {}/{}{why}", pipeline.name, stage.name, action.name)),
        by: action.by.clone(),
        resource: pipeline.name.clone(),
        region: None,
        environment: Environment::in_name(stage.name.as_str()),
        about: Some(Kind::Pipeline),
    });
}

fn scaling(place: &Place, events: &mut Vec<Event>) {
    for group in place.feeds.groups.items() {
        events.extend(refreshed(group));
        for it in group.activities.iter().flatten() {
            let is_by_clock = it.cause.as_str().contains("scheduled action");
            let tone = match it.status.as_str() {
                "Failed" => Tone::Bad,
                "Cancelled" => Tone::Warn,
                _ => Tone::Plain,
            };
            let why = if it.message.is_empty() { String::new() } else { format!(": {}", it.message) };
            events.push(Event {
                id: Text::from(format!("{} {} {}", group.name, it.at, it.what)),
                at: it.at,
                kind: if is_by_clock { EventKind::Schedule } else { EventKind::Scaling },
                tone,
                what: Text::from(format!("{}: {}{why}", group.name, it.what)),
                by: Text::default(),
                resource: group.name.clone(),
                region: None,
                environment: group.environment,
                about: Some(Kind::Group),
            });
        }
    }
    finish(events);
}

/// An instance refresh puts other machines in the place of all: it is a deployment, whatever AWS calls it.
fn refreshed(group: &AutoScalingGroup) -> Option<Event> {
    let it = group.refresh.as_ref()?;
    let at = it.started?;
    let to = group.template.as_ref().map_or_else(String::new, |template| format!(" to {}", template.words()));
    let why = if it.reason.is_empty() { String::new() } else { format!(": {}", it.reason) };
    Some(Event {
        id: Text::from(format!("refresh {}", it.id)),
        at,
        kind: if group.environment.is_dev_or_test() { EventKind::Rehearsal } else { EventKind::Deploy },
        tone: match it.status.as_str() {
            "Failed" | "RollbackFailed" => Tone::Bad,
            "Cancelling" | "Cancelled" | "RollbackInProgress" | "RollbackSuccessful" => Tone::Warn,
            _ => Tone::Plain,
        },
        what: Text::from(format!("instance refresh of {}{to}, {}{why}", group.name, it.status)),
        by: Text::default(),
        resource: group.name.clone(),
        region: None,
        environment: group.environment,
        about: Some(Kind::Group),
    })
}

fn databases(place: &Place, events: &mut Vec<Event>) {
    for it in place.feeds.database_events.items() {
        let is = |word: &str| it.categories.iter().any(|category| category == word);
        let tone = if is("failure") || is("low storage") {
            Tone::Bad
        } else if is("failover") || is("availability") {
            Tone::Warn
        } else {
            Tone::Plain
        };
        events.push(Event {
            id: Text::from(format!("{} {} {}", it.source, it.at, it.message)),
            at: it.at,
            kind: EventKind::Database,
            tone,
            what: Text::from(format!("{}: {}", it.source, it.message)),
            by: Text::default(),
            resource: it.source.clone(),
            region: None,
            environment: Environment::Unknown,
            about: Some(Kind::Database),
        });
    }
    finish(events);
}

fn tasks(place: &Place, events: &mut Vec<Event>) {
    for cluster in place.feeds.clusters.items() {
        for service in &cluster.services {
            for it in &service.events {
                let is_trouble =
                    ["unable to", "unhealthy", "failed"].iter().any(|word| it.message.as_str().contains(word));
                events.push(Event {
                    id: Text::from(format!("{}/{} {} {}", cluster.name, service.name, it.at, it.message)),
                    at: it.at,
                    kind: EventKind::Task,
                    tone: if is_trouble { Tone::Warn } else { Tone::Plain },
                    what: Text::from(format!("{}: {}", service.name, it.message)),
                    by: Text::default(),
                    resource: service.name.clone(),
                    region: None,
                    environment: cluster.environment,
                    about: None,
                });
            }
        }
    }
    finish(events);
}

/// What clocks are looked back over: no further than anybody scrolls, and not into a future.
const DUE_WITHIN: SignedDuration = SignedDuration::from_hours(24);

fn caches(place: &Place, events: &mut Vec<Event>) {
    for it in place.feeds.cache_events.items() {
        let tone = match () {
            () if it.is_failure() => Tone::Bad,
            () if it.disturbs() => Tone::Warn,
            () => Tone::Plain,
        };
        events.push(Event {
            id: it.id.clone(),
            at: it.at,
            kind: EventKind::Cache,
            tone,
            what: Text::from(format!("{}: {}", it.source, it.message)),
            by: Text::default(),
            resource: it.source.clone(),
            region: None,
            environment: Environment::Unknown,
            about: Some(Kind::Cache),
        });
    }
    finish(events);
}

/// How far back starts and stops are told: what was started last year is no news.
const STARTED_WITHIN: SignedDuration = SignedDuration::from_hours(48);

fn machines(place: &Place, events: &mut Vec<Event>) {
    let since = place.observed_at(Feed::Instances).map_or(Timestamp::MIN, |at| at - STARTED_WITHIN);
    for it in place.feeds.instances.items() {
        let called = if it.name == it.id { it.id.to_string() } else { format!("{} ({})", it.name, it.id) };
        let event = |part: &str, at: Timestamp, kind, tone, what: String| Event {
            id: Text::from(format!("{} {part} {at}", it.id)),
            at,
            kind,
            tone,
            what: Text::from(what),
            by: Text::default(),
            resource: it.name.clone(),
            region: None,
            environment: it.environment,
            about: Some(Kind::Instance),
        };
        if let Some(at) = it.interruption {
            let what = format!("{called}: EC2 takes this Spot instance back");
            events.push(event("notice", at, EventKind::Notice, Tone::Warn, what));
        }
        // What a group keeps it stops and starts itself, and tells of.
        if let Some(at) =
            it.stopped.filter(|at| *at >= since && it.group.is_empty() && it.state != InstanceState::Running)
        {
            let why = if it.stopped_why.is_empty() { String::new() } else { format!(": {}", it.stopped_why) };
            let what = format!("{called} stopped{why}");
            events.push(event("stopped", at, EventKind::Machine, Tone::Plain, what));
        }
        // One with an owner is told with the others they started.
        if let Some(at) =
            it.launched.filter(|at| *at >= since && it.group.is_empty() && it.owner.is_empty() && it.is_running())
        {
            let what = format!("{called}, {}, started", it.kind);
            events.push(event("started", at, EventKind::Machine, Tone::Plain, what));
        }
    }
    finish(events);
}

/// By the time of the answer: when something was due does not depend on when it is looked at.
fn timers(place: &Place, events: &mut Vec<Event>) {
    let Some(now) = place.observed_at(Feed::Timers) else { return };
    for it in place.feeds.timers.items() {
        for at in it.due(now - DUE_WITHIN, now) {
            let target = if it.target.is_empty() { String::new() } else { format!(" for {}", it.target) };
            events.push(Event {
                id: Text::from(format!("{} {at}", it.name)),
                at,
                kind: EventKind::Schedule,
                tone: Tone::Plain,
                what: Text::from(format!("{} was due{target}, {}", it.name, it.expression)),
                by: Text::default(),
                resource: it.name.clone(),
                region: None,
                environment: Environment::Unknown,
                about: None,
            });
        }
    }
    finish(events);
}

fn advisories(place: &Place, events: &mut Vec<Event>) {
    for it in place.feeds.advisories.items() {
        let region = Some(&it.region).filter(|region| !region.is_empty()).cloned();
        let area = if it.zone.is_empty() { &it.region } else { &it.zone };
        let area = if area.is_empty() { String::new() } else { format!(" in {area}") };
        let touched = it.touches.as_deref().unwrap_or_default();
        let touches = match touched {
            [] => String::new(),
            [one] => format!(", touches {one}"),
            [one, rest @ ..] => format!(", touches {one} and {} more", rest.len()),
        };
        let words = if it.words.is_empty() { String::new() } else { format!(": {}", it.words) };
        let event = |part: &str, at: Timestamp, kind, tone, what: String| Event {
            id: Text::from(format!("{part} {}", it.arn)),
            at,
            kind,
            tone,
            what: Text::from(what),
            by: "AWS".into(),
            resource: touched.first().unwrap_or(&it.service).clone(),
            region: region.clone(),
            environment: Environment::Unknown,
            about: None,
        };
        let title = it.title();
        match it.category {
            Category::Issue => {
                let tone = if it.is_closed() { Tone::Warn } else { Tone::Bad };
                let what = format!("{title}{area}{touches}{words}");
                events.push(event("began", it.began, EventKind::Outage, tone, what));
                if let Some(at) = it.ended.filter(|_| it.is_closed()) {
                    events.push(event("ended", at, EventKind::Outage, Tone::Good, format!("{title}{area} is over")));
                }
            }
            // What is still to come is told as of when it was said.
            Category::ScheduledChange | Category::AccountNotification | Category::Unknown => {
                let now = place.observed_at(Feed::Advisories).unwrap_or(it.began);
                let said = it.updated.unwrap_or(it.began).min(now);
                let from = if it.began > said { format!(" from {:.0}", it.began) } else { String::new() };
                let tone =
                    if it.category == Category::ScheduledChange && !it.is_closed() { Tone::Warn } else { Tone::Plain };
                let what = format!("{}: {title}{area}{from}{touches}{words}", it.category.word());
                events.push(event("said", said, EventKind::Notice, tone, what));
            }
        }
    }
    finish(events);
}

fn calls(place: &Place, events: &mut Vec<Event>) {
    for it in place.feeds.trail.items() {
        let was_refused = !it.refused.is_empty();
        let kind = if it.nature() == Nature::Changes && !was_refused { EventKind::Change } else { EventKind::Call };
        let resource = it.resource();
        let on = if resource.is_empty() { String::new() } else { format!(" {resource}") };
        let more = match it.resources.len() {
            0 | 1 => String::new(),
            many => format!(" and {} more", many - 1),
        };
        let end = if was_refused { format!(", refused: {}", it.refused) } else { String::new() };
        events.push(Event {
            id: it.id.clone(),
            at: it.at,
            kind,
            tone: if was_refused { Tone::Warn } else { Tone::Plain },
            what: Text::from(format!("{}:{}{on}{more}{end}", it.service, it.name)),
            by: it.by.clone(),
            resource,
            region: None,
            environment: Environment::Unknown,
            about: None,
        });
    }
    finish(events);
}
