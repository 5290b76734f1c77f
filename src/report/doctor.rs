//! `opscon doctor`: whether everything the console rests on is there, line by line, with the way out where it is not.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::scope::grouped;
use crate::domain::text::Text;
use crate::domain::units::plural;
use crate::world::feed::Feed;
use crate::world::port::{CloudError, FaultClass};
use crate::world::{Place, World};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    Ok,
    /// The console works, and knows less than it could.
    Warn,
    Fail,
}

impl Grade {
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// One thing looked at.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    pub grade: Grade,
    /// `configuration`, `terminal`, a scope.
    pub what: String,
    pub words: Vec<String>,
    /// The next step, where there is one.
    pub remedy: Option<String>,
}

impl Finding {
    pub fn ok(what: &str, words: String) -> Self {
        Self { grade: Grade::Ok, what: what.to_owned(), words: vec![words], remedy: None }
    }

    pub fn of(grade: Grade, what: &str, words: String, remedy: &str) -> Self {
        Self { grade, what: what.to_owned(), words: vec![words], remedy: Some(remedy.to_owned()) }
    }
}

/// Who we are in each account, and what could be read in each scope.
pub fn of_world(world: &World) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut places: Vec<&Place> = world.places().iter().collect();
    // Who we are comes before what we may.
    places.sort_by_key(|place| (place.scope.account_name(), !place.is_asked(Feed::Identity)));
    for place in places {
        if place.is_asked(Feed::Identity) {
            findings.push(identity(place));
        }
        findings.push(reading(place));
    }
    findings
}

fn identity(place: &Place) -> Finding {
    let what = place.scope.account_name();
    match (place.feeds.identity.value(), place.feeds.identity.status().fault) {
        (Some(identity), _) => {
            let alias = identity.alias.as_ref().map_or_else(String::new, |alias| format!(" ({alias})"));
            let account = grouped(identity.account.as_str());
            let mut finding = Finding::ok(&what, format!("account {account}{alias} as {}", identity.arn));
            let enabled = identity.regions.as_ref().map(|all| plural(all.len(), "region", "regions"));
            finding.words.extend(enabled.map(|enabled| format!("{enabled} enabled")));
            finding
        }
        (None, Some(fault)) => Finding {
            grade: Grade::Fail,
            what,
            words: vec![format!("{}: {}", fault.error.class.word(), fault.error.message)],
            remedy: Some(fault.error.class.remedy().to_owned()),
        },
        (None, None) => Finding::of(Grade::Warn, &what, "not asked who we are".into(), "name the account's scope"),
    }
}

/// What was read in one scope; failures are told once for each cause, with the feeds it took.
fn reading(place: &Place) -> Finding {
    let statuses: Vec<_> = place.asked().map(|feed| (feed, place.feeds.status(feed))).collect();
    let read = statuses.iter().filter(|(_, status)| status.has_value && status.fault.is_none()).count();
    let tried = statuses.iter().filter(|(_, status)| status.is_asked()).count();
    let mut words = vec![format!("{read} of {} read", plural(tried, "feed", "feeds"))];
    let mut causes: BTreeMap<(FaultClass, Text), Vec<&str>> = BTreeMap::new();
    for (feed, status) in &statuses {
        if let Some(fault) = status.fault {
            causes.entry((fault.error.class, cause(&fault.error))).or_default().push(feed.name());
        }
    }
    let worst = causes.keys().map(|(class, _)| *class).next();
    words.extend(
        causes.iter().map(|((class, cause), feeds)| format!("{}: {cause} ({})", class.word(), feeds.join(", "))),
    );
    let mut gaps = 0;
    for (feed, status) in &statuses {
        for gap in status.gaps {
            gaps += 1;
            // A missing action says it all.
            let why = if gap.missing.is_some() { String::new() } else { format!(": {}", gap.message) };
            words.push(format!("{} without {} ({}){why}", feed.name(), gap.operation, gap.class.word()));
        }
    }
    let denied = causes.keys().any(|(class, _)| *class == FaultClass::Denied)
        || statuses.iter().any(|(_, status)| status.gaps.iter().any(|gap| gap.class == FaultClass::Denied));
    Finding {
        grade: match (read, worst, gaps) {
            (0, Some(_), _) => Grade::Fail,
            (_, None, 0) => Grade::Ok,
            _ => Grade::Warn,
        },
        what: place.scope.to_string(),
        words,
        remedy: if denied {
            Some("`opscon iam-policy` prints the policy the role needs".into())
        } else {
            worst.map(|class| class.remedy().to_owned())
        },
    }
}

/// What one has to do something about: the action that is missing, or the story.
fn cause(error: &CloudError) -> Text {
    match &error.missing {
        Some(action) => Text::new(&format!("the role lacks {action}")),
        None => error.message.clone(),
    }
}

/// For a person: a sign of each, what it is, and indented what to do.
pub fn text(findings: &[Finding]) -> String {
    let width = findings.iter().map(|finding| finding.what.chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for finding in findings {
        let mut label = format!("{:<5} {:<width$}", finding.grade.word(), finding.what);
        for words in &finding.words {
            out.push_str(&format!("{label}  {words}\n"));
            label = " ".repeat(6 + width);
        }
        if let Some(remedy) = finding.remedy.as_ref().filter(|_| finding.grade != Grade::Ok) {
            out.push_str(&format!("{label}  -> {remedy}\n"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::identity::Identity;
    use crate::domain::scope::{Environment, Scope, ScopeRef};
    use crate::world::feed::Payload;
    use crate::world::port::{Answer, FeedKey, Observation, Usage};
    use jiff::Timestamp;

    fn answered(outcome: impl Fn(Feed) -> Result<Payload, CloudError>) -> World {
        let scope = ScopeRef::new(Scope {
            account: "".into(),
            alias: "prod".into(),
            region: "eu-west-1".into(),
            environment: Environment::Prod,
        });
        let mut world =
            World::reading(std::slice::from_ref(&scope), [Feed::Alarms, Feed::Queues].into_iter().collect());
        for feed in [Feed::Alarms, Feed::Queues] {
            let key = FeedKey::all(feed, ScopeRef::clone(&scope));
            world.apply(Observation::of(key, Timestamp::UNIX_EPOCH, Answer::of(outcome(feed), Usage::default()), None));
        }
        world
    }

    fn denied(feed: Feed) -> CloudError {
        CloudError {
            class: FaultClass::Denied,
            operation: feed.operation().into(),
            message: "no".into(),
            missing: Some(feed.operation().into()),
        }
    }

    #[test]
    fn a_region_that_is_not_enabled_is_no_matter_of_credentials() {
        let of = |region: &str| {
            let (account, alias) = ("1".into(), "prod".into());
            ScopeRef::new(Scope { account, alias, region: region.into(), environment: Environment::Prod })
        };
        let (home, away) = (of(crate::domain::scope::GLOBAL), of("eu-south-1"));
        let scopes = [ScopeRef::clone(&home), ScopeRef::clone(&away)];
        let mut world = World::reading(&scopes, [Feed::Alarms, Feed::Identity].into_iter().collect());
        let mut answered = |feed: Feed, scope: &ScopeRef, outcome: Result<Payload, CloudError>| {
            let key = FeedKey::all(feed, ScopeRef::clone(scope));
            world.apply(Observation::of(key, Timestamp::UNIX_EPOCH, Answer::of(outcome, Usage::default()), None));
        };
        let regions = Some(vec!["eu-west-1".into()]);
        let identity = Identity { account: "1".into(), alias: None, arn: "arn".into(), regions };
        answered(Feed::Identity, &home, Ok(Payload::Identity(std::sync::Arc::new(identity))));
        answered(Feed::Alarms, &away, Err(CloudError { class: FaultClass::Expired, ..denied(Feed::Alarms) }));
        let text = text(&of_world(&world));
        assert!(text.contains("1 region enabled"), "{text}");
        assert!(text.contains("unsupported: eu-south-1 is no region that is enabled for this account"), "{text}");
    }

    #[test]
    fn what_is_denied_is_named_with_the_way_out() {
        let world = answered(|feed| match feed {
            Feed::Alarms => Ok(Payload::Alarms(std::sync::Arc::default())),
            other => Err(denied(other)),
        });
        let findings = of_world(&world);
        assert_eq!(
            text(&findings),
            "warn  prod/eu-west-1  1 of 2 feeds read\n\
             \x20                     denied: the role lacks sqs:ListQueues (queues)\n\
             \x20                     -> `opscon iam-policy` prints the policy the role needs\n"
        );
        let nothing = of_world(&answered(|feed| Err(denied(feed))));
        assert_eq!(nothing[0].grade, Grade::Fail);
    }
}
