//! What AWS writes down of its own accord: who called which API, what it says of its own services, what the cache went
//! through, and what is due by the clock.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::storage::last_night;
use crate::domain::advisory::{Advisory, Category};
use crate::domain::api_call::ApiCall;
use crate::domain::cache::CacheEvent;
use crate::domain::text::Text;
use crate::domain::timer::Timer;
use crate::drill::company::{HOME, Site};
use crate::drill::delivery::{GATE, Gate};
use crate::drill::publish::SESSIONS;
use crate::drill::scenario::Happening;
use crate::drill::simulation::{Simulation, TICKS_PER_MINUTE};
use crate::world::act::Step;

/// How far the trail goes back.
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// AWS takes so long to see for itself what its customers see at once.
const ADMITS_AFTER: i64 = 11 * TICKS_PER_MINUTE;
/// A moment, until what was called is in the trail.
const WRITTEN_AFTER: i64 = 3;

/// Newest first, as CloudTrail looks them up.
pub(super) fn trail(s: &Simulation, site: Site) -> Vec<ApiCall> {
    let mut all = Vec::new();
    let mut tell = |at: Timestamp, action: &str, by: &str, resources: Vec<Text>| {
        let (service, name) = action.split_once(':').unwrap_or(("", action));
        let number = all.len();
        all.push(ApiCall {
            id: format!("{}-{number}", s.noise.of(action).hex(at.as_second(), 12)).into(),
            at,
            name: name.into(),
            service: service.into(),
            by: by.into(),
            from: "198.51.100.23".into(),
            resources,
            refused: Text::default(),
        });
    };
    let has_come = |tick: i64| tick + WRITTEN_AFTER <= s.tick;
    for (tick, _, step) in s.taken.iter().filter(|(tick, place, _)| *place == site && has_come(*tick)) {
        tell(s.at(*tick), &step.action(), "you", resources_of(step));
    }
    if site == Site::Dev {
        for event in &s.scenario.events {
            if let Some(Happening::Launch(launch)) = event.happening() {
                let tick = event.at.as_secs() / crate::drill::fleet::TICK;
                if has_come(tick) {
                    let started = s.dev.machines.iter().filter(|machine| machine.launched == Some(tick));
                    tell(s.at(tick), "ec2:RunInstances", launch.by.as_str(), started.map(|it| it.id.clone()).collect());
                }
            }
        }
        tell(last_night(s.now(), 7), "signin:ConsoleLogin", "jun", Vec::new());
    }
    if site == Site::Prod {
        for run in s.runs.iter().filter(|run| matches!(run.gate, Gate::Usual) && (run.begins..run.ends).contains(&GATE))
        {
            let (_, decided) = run.span(GATE);
            if has_come(decided) && run.stopped.is_none_or(|at| at > decided) && run.trip.is_none() {
                let pipeline = vec![Text::new(run.pipeline)];
                tell(s.at(decided), "codepipeline:PutApprovalResult", run.approver.as_str(), pipeline);
            }
        }
        tell(last_night(s.now(), 6), "signin:ConsoleLogin", "maria", Vec::new());
        tell(last_night(s.now(), 2), "rds:CreateDBSnapshot", "backup", vec!["orders-primary".into()]);
    }
    all.retain(|it| it.at > s.now() - DAY && it.at <= s.now());
    all.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
    all
}

/// The names a call is about: the first member of its input that says any.
fn resources_of(step: &Step) -> Vec<Text> {
    let input = step.call().input;
    let names = input.as_object().into_iter().flat_map(serde_json::Map::values).map(|value| match value {
        Value::String(name) => vec![Text::new(name)],
        Value::Array(all) => all.iter().filter_map(Value::as_str).map(Text::new).collect(),
        _ => Vec::new(),
    });
    names.into_iter().find(|names| !names.is_empty()).unwrap_or_default()
}

pub(super) fn advisories(s: &Simulation, site: Site) -> Vec<Advisory> {
    let mut all = Vec::new();
    let advisory = |service: &str, code: &str, category, status: &str, began: Timestamp, words: &str| Advisory {
        arn: format!("arn:aws:health:{HOME}::event/{service}/{code}/{code}_{}", s.noise.of(code).hex(0, 8)).into(),
        service: service.into(),
        code: code.into(),
        category,
        status: status.into(),
        region: HOME.into(),
        zone: Text::default(),
        began,
        ended: None,
        updated: Some(began),
        touches: Some(Vec::new()),
        words: words.into(),
    };
    if let Some(lost) = s.home_lost.filter(|lost| lost + ADMITS_AFTER <= s.tick) {
        let words =
            "We are investigating increased error rates and latencies for multiple services in the EU-WEST-1 Region.";
        all.push(Advisory {
            updated: Some(s.at(lost + ADMITS_AFTER)),
            ..advisory("EC2", "AWS_EC2_OPERATIONAL_ISSUE", Category::Issue, "open", s.at(lost), words)
        });
    }
    if site == Site::ProdGlobal {
        let said = last_night(s.now(), 9) - SignedDuration::from_hours(72);
        let words = "The runtime nodejs22.x reaches the end of its support next year.";
        let code = "AWS_LAMBDA_PLANNED_LIFECYCLE_EVENT";
        all.push(advisory("LAMBDA", code, Category::AccountNotification, "closed", said, words));
    }
    all
}

/// Newest first.
pub(super) fn cache_events(s: &Simulation, site: Site) -> Vec<CacheEvent> {
    if site != Site::Prod {
        return Vec::new();
    }
    let event = |at: Timestamp, kind: &str, source: &Text, message: &str| CacheEvent {
        id: format!("{kind}/{source}@{at} {message}").into(),
        at,
        source: source.clone(),
        source_kind: kind.into(),
        message: message.into(),
    };
    let group = Text::new(SESSIONS);
    let mut all: Vec<CacheEvent> = s
        .redis
        .notices
        .iter()
        .filter(|(tick, _)| *tick <= s.tick)
        .map(|(tick, words)| event(s.at(*tick), "replication-group", &group, words))
        .collect();
    let at = last_night(s.now(), 3);
    let snapshot =
        format!("Snapshot succeeded for snapshot with ID 'automatic.{SESSIONS}-{}'", at.strftime("%Y-%m-%d-%H-%M"));
    all.push(event(at, "replication-group", &group, &snapshot));
    all.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
    all
}

pub(super) fn timers(site: Site) -> Vec<Timer> {
    let timer = |name: &str, expression: &str, zone: &str, target: &str| Timer {
        name: name.into(),
        expression: expression.into(),
        zone: zone.into(),
        is_enabled: true,
        target: target.into(),
        from: None,
        until: None,
    };
    match site {
        Site::Prod => vec![timer("stock-sync", "cron(30 5 * * ? *)", "Europe/Dublin", "stock-sync")],
        Site::Dev => vec![
            timer("office-hours-start", "cron(0 6 ? * MON-FRI *)", "UTC", "instance-scheduler"),
            timer("office-hours-stop", "cron(0 18 ? * MON-FRI *)", "UTC", "instance-scheduler"),
        ],
        Site::Standby | Site::ProdGlobal | Site::DevGlobal => Vec::new(),
    }
}
