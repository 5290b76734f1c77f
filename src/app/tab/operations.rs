//! The operations tab: what is under way, what was done, and what nobody knows the end of.

use jiff::Timestamp;

use crate::app::model::Model;
use crate::app::operation::{Course, Phase};
use crate::domain::scope::Environment;
use crate::domain::text::Text;
use crate::domain::units::{clock, long, since};
use crate::ops::plan::Undo;
use crate::ops::record::{Intent, Outcome, Story};
use crate::world::timeline::{Event, EventKind, Tone};

#[derive(Clone, Debug, Default)]
pub struct OperationsTab {
    pub selected: usize,
}

/// One operation: of this console, or of the journal.
#[derive(Debug)]
pub enum Row<'a> {
    Course(&'a Course),
    Story(&'a Story),
}

/// Those under way first, then what wants a look, then by age, newest first.
pub fn rows(model: &Model) -> Vec<Row<'_>> {
    let mut rows: Vec<Row<'_>> = model.courses.iter().rev().map(Row::Course).collect();
    let is_shown = |story: &Story| model.courses.iter().any(|course| course.op.as_deref() == Some(&story.op));
    if let Some(Ok(pages)) = &model.journal {
        rows.extend(pages.stories.iter().filter(|story| !is_shown(story)).map(Row::Story));
    }
    rows.sort_by_key(|row| (!row.is_running(), !row.wants_a_look(model), std::cmp::Reverse(row.began())));
    rows
}

/// The same as events of the timeline, each with the position of its place: those of the world that is watched.
pub fn events(model: &Model) -> Vec<(usize, Event)> {
    let scopes: Vec<String> = model.live_world().scopes().map(ToString::to_string).collect();
    let of = |row: &Row<'_>| {
        let (op, by, target) = match row {
            Row::Course(course) => (course.op.clone()?, Text::default(), course.plan.target.clone()),
            Row::Story(story) if story.intent.world == model.session.name => {
                (story.op.clone(), Text::new(&story.intent.by.user), story.intent.target.clone())
            }
            Row::Story(_) => return None,
        };
        let place = scopes.iter().position(|scope| *scope == row.scope())?;
        let tone = match row.outcome() {
            Some(Outcome::Verified) => Tone::Good,
            Some(Outcome::NotReached | Outcome::Uncertain) => Tone::Warn,
            // Nothing was changed, or it is not known yet.
            Some(Outcome::Drifted | Outcome::Refused) | None => Tone::Plain,
        };
        let state = row.outcome().map_or("under way", Outcome::word);
        let event = Event {
            id: Text::from(format!("operation {op}")),
            at: row.began(),
            kind: EventKind::Operation,
            region: None,
            tone,
            what: Text::from(format!("{}, {state}; because: {}", row.title(), row.reason())),
            by,
            resource: target,
            environment: Environment::Unknown,
            about: None,
        };
        Some((place, event))
    };
    rows(model).iter().filter_map(of).collect()
}

impl Row<'_> {
    pub fn is_running(&self) -> bool {
        match self {
            Self::Course(course) => course.is_running(),
            Self::Story(_) => false,
        }
    }

    /// Nobody knows how it ended, and this world is the one to ask.
    pub fn wants_a_look(&self, model: &Model) -> bool {
        match self {
            Self::Course(course) => matches!(&course.phase, Phase::Ended { outcome: Outcome::Uncertain, .. }),
            Self::Story(story) => story.wants_a_look() && story.intent.world == model.session.name,
        }
    }

    pub fn began(&self) -> Timestamp {
        match self {
            Self::Course(course) => course.began,
            Self::Story(story) => story.began,
        }
    }

    pub fn title(&self) -> &str {
        match self {
            Self::Course(course) => &course.plan.title,
            Self::Story(story) => &story.intent.title,
        }
    }

    pub fn scope(&self) -> String {
        match self {
            Self::Course(course) => course.plan.scope.to_string(),
            Self::Story(story) => story.intent.scope.clone(),
        }
    }

    pub fn reason(&self) -> &Text {
        match self {
            Self::Course(course) => &course.reason,
            Self::Story(story) => &story.intent.reason,
        }
    }

    pub fn who(&self) -> String {
        match self {
            Self::Course(_) => "you".into(),
            Self::Story(story) => format!("{}@{}", story.intent.by.user, story.intent.by.host),
        }
    }

    pub fn outcome(&self) -> Option<Outcome> {
        match self {
            Self::Course(course) => match &course.phase {
                Phase::Ended { outcome, .. } => Some(*outcome),
                _ => None,
            },
            Self::Story(story) => story.ended.as_ref().map(|(_, outcome, _)| *outcome),
        }
    }

    /// A word, and what there is to say of it.
    pub fn state(&self) -> (String, String) {
        match self {
            Self::Course(course) => match &course.phase {
                Phase::Ended { outcome, words, .. } => (outcome.word().into(), words.clone()),
                _ => ("running".into(), course.words()),
            },
            Self::Story(story) => {
                let words = story.ended.as_ref().map_or_else(String::new, |(_, _, words)| words.clone());
                (story.state().into(), words)
            }
        }
    }

    pub fn undo(&self) -> Option<&Undo> {
        match self {
            Self::Course(course) => course.plan.undo.as_ref(),
            Self::Story(story) => story.intent.undo.as_ref(),
        }
    }

    /// The calls as lines for the `aws` command.
    pub fn commands(&self) -> Vec<String> {
        match self {
            Self::Course(course) => course.plan.commands(),
            Self::Story(story) => {
                let region = story.intent.scope.rsplit('/').next().unwrap_or_default();
                story.intent.steps.iter().map(|step| step.command(region)).collect()
            }
        }
    }

    pub fn json(&self) -> serde_json::Value {
        match self {
            Self::Course(course) => {
                serde_json::json!({ "plan": course.plan, "reason": course.reason, "op": course.op })
            }
            Self::Story(story) => serde_json::to_value(story).unwrap_or_default(),
        }
    }

    /// All there is to say of it, line by line.
    pub fn lines(&self, model: &Model) -> Vec<String> {
        let zone = &model.settings.bearings.zone;
        let mut all = vec![format!("{}   {}", self.scope(), self.state().0), String::new()];
        if !self.state().1.is_empty() {
            all.push(self.state().1);
            all.push(String::new());
        }
        match self {
            Self::Course(course) => {
                all.push(format!(
                    "began {}, {} ago; {} at most",
                    clock(course.began, zone),
                    long(since(model.now, course.began)),
                    long(course.plan.deadline)
                ));
                all.push(format!("expected: {}", course.plan.expects));
                all.push(format!("reason: {}", course.reason));
                all.extend(course.plan.commands().into_iter().map(|command| format!("sends: {command}")));
                all.extend(course.op.as_ref().map(|op| format!("in the journal: {op}")));
            }
            Self::Story(story) => all.extend(story_lines(story, model)),
        }
        if let Some(undo) = self.undo() {
            all.push(format!("undo: {} (u)", undo.words));
        }
        all
    }
}

fn story_lines(story: &Story, model: &Model) -> Vec<String> {
    let zone = &model.settings.bearings.zone;
    let Intent { by, caller, reason, expects, digest, version, changes, world, .. } = &story.intent;
    let mut all = vec![
        format!("began {}", story.began.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z")),
        format!("by {}@{}{}", by.user, by.host, by.login.as_ref().map_or_else(String::new, |it| format!(", {it}"))),
    ];
    all.extend(caller.as_ref().map(|arn| format!("as {arn}")));
    all.extend(story.granted_by.as_ref().map(|by| format!("agreed to by {}@{}", by.user, by.host)));
    all.push(format!("reason: {reason}"));
    all.extend(changes.iter().map(|change| format!("{}: {} → {}", change.what, change.before, change.after)));
    all.push(format!("expected: {expects}"));
    all.push(format!("calls: {} of {} sent, {} accepted", story.sent, story.intent.steps.len(), story.accepted));
    all.extend(story.requests.iter().map(|request| format!("request {request}")));
    all.extend(story.trouble.iter().map(|error| format!("{error}")));
    if let Some((at, ..)) = &story.ended {
        all.push(format!("ended {}, after {}", clock(*at, zone), long(since(*at, story.began))));
    }
    all.push(format!("in the journal: {} · {world} · opscon {version} · {}", story.op, digest.get(..12).unwrap_or("")));
    all
}
