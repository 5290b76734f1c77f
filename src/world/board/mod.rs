//! From feeds to health: what each box shows, and what is wrong with it.
//!
//! A box is a row: the feeds it rests on, the facts it tells and the checks that judge it. A check is a row inside it.
//! [`read`] turns one row and the world into a [`Reading`]; it is pure, so the same world always reads the same.

mod backups;
mod cd;
mod ci;
mod compute;
mod containers;
mod cost;
mod data;
mod developer;
mod messaging;
mod monitoring;
mod network;
pub mod pipeline_map;
mod recovery;
mod scaling;
mod security;
mod stores;
mod verdict;

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::board::{BoxId, Group};
use crate::domain::health::Health;
use crate::domain::scope::{Scope, ScopeRef};
use crate::domain::units;
use crate::world::feed::Feed;
use crate::world::port::{CloudError, FaultClass};
use crate::world::reads::{FeedSet, tracked};
use crate::world::sight::Sight;
use crate::world::thresholds::Thresholds;
use crate::world::{Place, World};
use verdict::{Seen, Verdict, known, over_words, passed_limit, some_names, sum_known, under_words};

/// What a box rests on, tells and is judged by.
#[derive(Debug)]
pub struct BoxSpec {
    pub id: BoxId,
    /// Every feed its facts and checks read. The one named first is the one without which it has nothing to say.
    pub sources: &'static [Feed],
    /// Which scopes it looks at: not seeing another does not blind it.
    within: Within,
    facts: fn(&Sight<'_>) -> Facts,
    checks: &'static [Check],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Within {
    Everything,
    /// The region the failover plan leads to. When the other one burns, this is the box that must not go dark.
    FailoverTarget,
}

impl Within {
    fn covers(self, sight: &Sight<'_>, scope: &Scope) -> bool {
        match (self, &sight.bearings.failover) {
            (Self::FailoverTarget, Some(plan)) => scope.is_global() || scope.region == plan.to,
            _ => true,
        }
    }
}

/// One rule.
#[derive(Debug)]
struct Check {
    title: &'static str,
    /// The limit in words, with its unit.
    limit: fn(&Thresholds) -> String,
    judge: fn(&Sight<'_>) -> Verdict,
}

/// What a box tells when all is well.
#[derive(Debug, Default)]
struct Facts {
    /// The one fact shown on the board, at most some 16 cells.
    headline: String,
    all: Vec<Fact>,
    /// False when nothing of this kind exists.
    present: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    pub label: &'static str,
    pub value: String,
}

/// Something wrong, in the words of the person who will read it at night.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    pub health: Health,
    /// For the board, at most some 16 cells: `3/6 healthy`.
    pub brief: String,
    /// For the strip and the detail page: `3 of 6 targets unhealthy: health check 503`.
    pub text: String,
    /// Since when, where AWS tells, or where we saw it begin.
    pub since: Option<Timestamp>,
    /// The title of the check it comes from.
    #[serde(skip)]
    pub check: &'static str,
    #[serde(skip)]
    pub scope: Option<ScopeRef>,
}

/// A check with its result.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckResult {
    pub title: &'static str,
    pub limit: String,
    pub health: Health,
    pub seen: String,
}

/// A feed that could not be read, or not lately.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Blind {
    pub feed: Feed,
    #[serde(skip)]
    pub scope: ScopeRef,
    pub class: Option<FaultClass>,
    pub text: String,
    pub is_stale: bool,
}

impl Blind {
    /// For the board: `denied`.
    fn word(&self) -> &'static str {
        self.class.map_or("not read", FaultClass::word)
    }
}

/// One box as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    pub id: BoxId,
    pub health: Health,
    pub headline: String,
    pub summary: String,
    pub facts: Vec<Fact>,
    pub checks: Vec<CheckResult>,
    /// Worst first.
    pub findings: Vec<Finding>,
    pub blind: Vec<Blind>,
}

/// When the oldest answer of a box's first source came. Not part of the reading: a box read again with the same result
/// reads the same.
pub fn observed_at(id: BoxId, world: &World) -> Option<Timestamp> {
    let primary = *spec(id).sources.first()?;
    world.places().iter().filter_map(|place| place.observed_at(primary)).min()
}

impl Reading {
    /// Why the box is not well, in words, worst first.
    pub fn reasons(&self) -> impl Iterator<Item = &str> {
        self.findings
            .iter()
            .map(|finding| finding.text.as_str())
            .chain(self.blind.iter().map(|blind| blind.text.as_str()))
    }

    /// Whether nothing is known of it and nothing failed: nobody asked, or no answer came yet.
    pub fn is_unread(&self) -> bool {
        self.health == Health::Unknown && self.findings.is_empty() && self.blind.is_empty()
    }

    /// The earliest moment any of its findings is known to date from.
    pub fn since(&self) -> Option<Timestamp> {
        self.findings.iter().filter_map(|finding| finding.since).min()
    }
}

/// The row of a box.
pub fn spec(id: BoxId) -> &'static BoxSpec {
    let tables: &[&'static [BoxSpec]] = match id.group() {
        Group::DeveloperWorkflow => &[developer::BOXES],
        Group::CiPipeline => &[ci::BOXES],
        Group::CdPipeline => &[cd::BOXES],
        Group::NetworkLayer => &[network::BOXES],
        Group::ComputeLayer => &[compute::BOXES, containers::BOXES],
        Group::DataLayer => &[data::BOXES, stores::BOXES],
        Group::MessagingLayer => &[messaging::BOXES],
        Group::MonitoringLayer => &[monitoring::BOXES],
        Group::SecurityLayer => &[security::BOXES],
        Group::DisasterRecovery => &[backups::BOXES, recovery::BOXES],
        Group::ScalingStrategy => &[scaling::BOXES],
        Group::CostOptimization => &[cost::BOXES],
        Group::AwsInfrastructure => &[],
    };
    tables.iter().copied().flatten().find(|row| row.id == id).unwrap_or(&MISSING)
}

/// Stands in for a row nobody wrote; the table test below keeps it from ever being used.
static MISSING: BoxSpec = BoxSpec {
    id: BoxId::CloudWatch,
    sources: &[],
    within: Within::Everything,
    facts: |_| Facts::default(),
    checks: &[],
};

/// Reads one box.
pub fn read(id: BoxId, sight: &Sight<'_>) -> Reading {
    let spec = spec(id);
    let coverage = Coverage::of(spec, sight);
    let mut reading = Reading {
        id,
        health: Health::Unknown,
        headline: String::new(),
        summary: String::new(),
        facts: Vec::new(),
        checks: Vec::new(),
        findings: Vec::new(),
        blind: coverage.blind,
    };
    if !coverage.has_primary {
        let denied = reading.blind.iter().find_map(|blind| blind.class);
        denied.map_or("not read yet", FaultClass::word).clone_into(&mut reading.headline);
        reading.summary = reading.blind.first().map_or_else(|| "not read yet".to_owned(), |blind| blind.text.clone());
        return reading;
    }
    let (facts, read) = tracked(|| (spec.facts)(sight));
    reading.facts = facts.all;
    reading.headline = facts.headline;
    if !facts.present {
        let is_certain = reading.blind.is_empty() && read.common(coverage.unread).is_empty();
        reading.health = if is_certain { Health::Absent } else { Health::Unknown };
        let blind = reading.blind.first().map(Blind::word);
        if is_certain { "none here" } else { blind.unwrap_or("not read") }.clone_into(&mut reading.headline);
        reading.summary = reading
            .blind
            .first()
            .map_or_else(|| "nothing of this kind in scope".to_owned(), |blind| blind.text.clone());
        return reading;
    }
    for check in spec.checks {
        let (verdict, read) = tracked(|| (check.judge)(sight));
        let limit = (check.limit)(sight.limits());
        let (health, seen) = reading.judged(check.title, verdict, read.common(coverage.unread));
        reading.checks.push(CheckResult { title: check.title, limit, health, seen });
    }
    reading.findings.sort_by_key(|finding| std::cmp::Reverse(finding.health));
    reading.conclude(coverage.unread.is_empty());
    reading
}

impl Reading {
    /// Takes in a verdict that rests, among others, on the feeds of `unread`. Something seen wrong is wrong whatever was
    /// not seen; that all is well, or that something is missing, can only be said of what was looked at.
    fn judged(&mut self, check: &'static str, verdict: Verdict, unread: FeedSet) -> (Health, String) {
        let mut findings = match verdict {
            Verdict::Blank(what) => return (Health::Unknown, what),
            Verdict::Pass(_) | Verdict::Skip | Verdict::Lacking(_) if !unread.is_empty() => {
                let feeds: Vec<&str> = unread.iter().map(Feed::name).collect();
                return (Health::Unknown, format!("cannot tell: {} not read", feeds.join(", ")));
            }
            Verdict::Pass(seen) => return (Health::Ok, seen),
            Verdict::Skip => return (Health::Absent, "nothing to check".to_owned()),
            Verdict::Fail(findings) | Verdict::Lacking(findings) => findings,
        };
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.health));
        let worst = findings.first().map_or(Health::Unknown, |finding| finding.health);
        let seen = findings.iter().map(|finding| finding.text.as_str()).collect::<Vec<_>>().join("; ");
        self.findings.extend(findings.into_iter().map(|finding| Finding { check, ..finding }));
        (worst, seen)
    }

    /// Keeps the onset of what was wrong before, and dates what was not by this moment, where AWS itself does not tell:
    /// a window of minutes shows that something lasts, not since when.
    pub fn remember(&mut self, before: &Self, at: Timestamp) {
        let could_judge = |check: &str| {
            before
                .checks
                .iter()
                .any(|known| known.title == check && matches!(known.health, Health::Ok | Health::Absent))
        };
        for finding in self.findings.iter_mut().filter(|finding| finding.since.is_none()) {
            finding.since = match before.findings.iter().find(|old| old.is_same_as(finding)) {
                Some(old) => old.since,
                None => could_judge(finding.check).then_some(at),
            };
        }
    }

    /// Takes over what a later reading knows to have begun by then.
    pub fn recall(&mut self, later: &Self, at: Timestamp) {
        for finding in self.findings.iter_mut().filter(|finding| finding.since.is_none()) {
            let known = later.findings.iter().find(|other| other.is_same_as(finding));
            finding.since = known.and_then(|other| other.since).filter(|since| *since <= at);
        }
    }

    fn conclude(&mut self, is_complete: bool) {
        let found = self.findings.first().map_or(Health::Ok, |finding| finding.health);
        let blind = match self.blind.iter().map(|blind| blind.is_stale).max() {
            Some(true) => Health::Stale,
            None if is_complete => Health::Ok,
            Some(false) | None => Health::Unknown,
        };
        // Nothing could be said of it, or nothing was there to say it of: that is not health.
        let is_judged = self.checks.iter().any(|check| check.health != Health::Absent);
        let is_blank = self.checks.iter().any(|check| check.health == Health::Unknown);
        let blank = if is_blank || !is_judged { Health::Unknown } else { Health::Ok };
        self.health = found.max(blind).max(blank);
        let primary = spec(self.id).sources.first();
        if let Some(finding) = self.findings.first() {
            self.headline.clone_from(&finding.brief);
            self.summary.clone_from(&finding.text);
        } else if let Some(blind) = self.blind.first() {
            // What is left of a thing that is half out of sight would pass for all of it.
            if Some(&blind.feed) == primary && !blind.is_stale {
                blind.word().clone_into(&mut self.headline);
            }
            self.summary.clone_from(&blind.text);
        } else if let Some(check) = self.checks.iter().find(|check| check.health == Health::Unknown) {
            self.summary.clone_from(&check.seen);
        } else if !is_judged {
            "nothing to judge it by".clone_into(&mut self.summary);
        } else {
            self.summary = self
                .facts
                .iter()
                .take(3)
                .map(|fact| format!("{} {}", fact.label, fact.value))
                .collect::<Vec<_>>()
                .join(", ");
        }
    }
}

/// What of a box's sources is there, is old, or is out of sight.
struct Coverage {
    blind: Vec<Blind>,
    /// The first source has an answer somewhere.
    has_primary: bool,
    /// Sources of which some place has no answer.
    unread: FeedSet,
}

impl Coverage {
    fn of(spec: &BoxSpec, sight: &Sight<'_>) -> Self {
        let mut coverage = Self { blind: Vec::new(), has_primary: false, unread: FeedSet::EMPTY };
        for (position, feed) in spec.sources.iter().copied().enumerate() {
            for place in sight.places().filter(|place| place.is_asked(feed) && spec.within.covers(sight, &place.scope))
            {
                let status = place.feeds.status(feed);
                coverage.has_primary |= position == 0 && status.has_value;
                if !status.has_value {
                    coverage.unread.insert(feed);
                }
                let is_stale = status.is_stale(sight.at);
                if !status.has_value || is_stale {
                    if let Some(fault) = status.fault {
                        coverage.blind.push(Blind {
                            feed,
                            scope: Arc::clone(&place.scope),
                            class: Some(fault.error.class),
                            text: fault_words(feed, &place.scope, &fault.error),
                            is_stale,
                        });
                    } else if is_stale {
                        let age = status
                            .observed_at
                            .map_or_else(String::new, |then| units::brief(units::since(sight.at, then)));
                        coverage.blind.push(Blind {
                            feed,
                            scope: Arc::clone(&place.scope),
                            class: None,
                            text: format!("{} of {} last read {age} ago", feed.name(), place.scope),
                            is_stale,
                        });
                    }
                }
            }
        }
        coverage
    }
}

/// One wording per class of fault, naming what failed, where, and what is missing.
pub fn fault_words(feed: Feed, scope: &Scope, error: &CloudError) -> String {
    let what = format!("{} of {scope}", feed.name());
    match (error.class, &error.missing) {
        (FaultClass::Denied, Some(action)) => format!("{what} denied: the role lacks {action}"),
        (FaultClass::Timeout, _) => format!("{what}: {}", error.message),
        (class, _) => format!("{what} {}: {}", class.word(), error.message),
    }
}

/// Every fault now standing, in reading order of the feeds.
pub fn faults(world: &World) -> Vec<(FeedFault<'_>, &Place)> {
    world
        .places()
        .iter()
        .flat_map(|place| {
            Feed::ALL.iter().filter_map(move |feed| {
                let fault = place.feeds.status(*feed).fault?;
                Some((FeedFault { feed: *feed, error: &fault.error, since: fault.since }, place))
            })
        })
        .collect()
}

#[derive(Clone, Copy, Debug)]
pub struct FeedFault<'a> {
    pub feed: Feed,
    pub error: &'a CloudError,
    pub since: Timestamp,
}

impl Facts {
    fn new(headline: impl Into<String>) -> Self {
        Self { headline: headline.into(), all: Vec::new(), present: true }
    }

    fn absent() -> Self {
        Self::default()
    }

    fn with(mut self, label: &'static str, value: impl Into<String>) -> Self {
        self.all.push(Fact { label, value: value.into() });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_box_has_a_row_of_its_own_with_sources_and_checks() {
        for id in BoxId::ALL {
            let spec = spec(*id);
            assert_eq!(spec.id, *id);
            assert!(!spec.sources.is_empty(), "{id} rests on nothing");
            assert!(!spec.checks.is_empty(), "{id} is never judged");
        }
    }

    #[test]
    fn before_anything_is_read_nothing_is_green() {
        let scope = ScopeRef::new(Scope {
            account: "123456789012".into(),
            alias: "".into(),
            region: "eu-west-1".into(),
            environment: crate::domain::scope::Environment::Prod,
        });
        let world = World::of(&[scope]);
        let bearings = crate::world::sight::Bearings::default();
        let sight = Sight { world: &world, at: Timestamp::UNIX_EPOCH, bearings: &bearings };
        for id in BoxId::ALL {
            assert_eq!(read(*id, &sight).health, Health::Unknown, "{id}");
        }
    }
}
