//! What checks come to, and the words they say it in.

use std::sync::Arc;

use jiff::Timestamp;

use super::Finding;
use crate::domain::health::Health;
use crate::world::Place;
use crate::world::thresholds::Steps;

#[derive(Debug)]
pub(super) enum Verdict {
    /// Judged and well; the words say what was seen.
    Pass(String),
    Fail(Vec<Finding>),
    /// Fails because something was not found. Worth nothing while there are places it could be that were not looked at.
    Lacking(Vec<Finding>),
    /// Nothing here to judge.
    Skip,
    /// There is something to judge, but not what to judge it by: `no datapoints of orders-primary`.
    Blank(String),
}

/// What a check made of one thing it looked at.
pub(super) enum Seen {
    Well,
    Wrong(Finding),
    /// It should have told something and did not: `orders-primary`.
    Blank(String),
    /// Not a thing to be judged.
    Nothing,
}

impl Finding {
    /// Whether it is about the same trouble of the same thing: in the same words, but for the numbers that move.
    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        fn words(text: &str) -> impl Iterator<Item = &str> {
            text.split([' ', '(']).filter(|word| !word.starts_with(|c: char| c.is_ascii_digit()))
        }
        self.check == other.check && self.scope == other.scope && words(&self.text).eq(words(&other.text))
    }

    pub(super) fn new(health: Health, brief: impl Into<String>, text: impl Into<String>) -> Self {
        Self { health, brief: brief.into(), text: text.into(), since: None, check: "", scope: None }
    }

    pub(super) fn warn(brief: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(Health::Warn, brief, text)
    }

    pub(super) fn bad(brief: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(Health::Bad, brief, text)
    }

    pub(super) fn since(mut self, since: impl Into<Option<Timestamp>>) -> Self {
        self.since = since.into();
        self
    }

    pub(super) fn at(mut self, place: &Place) -> Self {
        self.scope = Some(Arc::clone(&place.scope));
        self
    }
}

impl Verdict {
    /// Fails with what was not found, or passes in these words.
    pub(super) fn lacking(findings: Vec<Finding>, pass: impl Into<String>) -> Self {
        if findings.is_empty() { Self::Pass(pass.into()) } else { Self::Lacking(findings) }
    }

    /// Judges things one by one by what they measure. Silence of something that should measure is not health.
    pub(super) fn each(all: impl Iterator<Item = Seen>, pass: impl Into<String>) -> Self {
        let mut findings = Vec::new();
        let mut blank = Vec::new();
        let mut is_judged = false;
        for seen in all {
            match seen {
                Seen::Well => is_judged = true,
                Seen::Wrong(finding) => findings.push(finding),
                Seen::Blank(name) => blank.push(name),
                Seen::Nothing => {}
            }
        }
        if !findings.is_empty() {
            Self::Fail(findings)
        } else if !blank.is_empty() {
            Self::Blank(format!("no datapoints of {}", some_names(&blank)))
        } else if is_judged {
            Self::Pass(pass.into())
        } else {
            Self::Skip
        }
    }

    /// Fails with what was found; passes in these words only where nothing is left that was not told.
    pub(super) fn told(
        findings: Vec<Finding>,
        pass: impl Into<String>,
        untold: impl FnOnce() -> Option<String>,
    ) -> Self {
        if !findings.is_empty() {
            return Self::Fail(findings);
        }
        untold().map_or_else(|| Self::Pass(pass.into()), Self::Blank)
    }

    /// Fails with what was found, or passes in these words.
    pub(super) fn of(findings: Vec<Finding>, pass: impl Into<String>) -> Self {
        if findings.is_empty() { Self::Pass(pass.into()) } else { Self::Fail(findings) }
    }
}

impl Seen {
    pub(super) fn of(finding: Option<Finding>) -> Self {
        finding.map_or(Self::Well, Self::Wrong)
    }
}

impl Steps {
    /// How bad a value is when more is worse.
    pub(in crate::world) fn over(self, value: f64) -> Option<Health> {
        if value > self.bad {
            Some(Health::Bad)
        } else if value > self.warn {
            Some(Health::Warn)
        } else {
            None
        }
    }

    /// How bad a value is when less is worse.
    pub(super) fn under(self, value: f64) -> Option<Health> {
        if value < self.bad {
            Some(Health::Bad)
        } else if value < self.warn {
            Some(Health::Warn)
        } else {
            None
        }
    }
}

/// `warn over 1 %, bad over 5 %`.
pub(super) fn over_words(steps: Steps, unit: &str) -> String {
    format!("warn over {}{unit}, bad over {}{unit}", steps.warn, steps.bad)
}

/// `warn under 15 %, bad under 5 %`.
pub(super) fn under_words(steps: Steps, unit: &str) -> String {
    format!("warn under {}{unit}, bad under {}{unit}", steps.warn, steps.bad)
}

/// `41 %`, or `-` where nothing is known: a missing number is never a zero.
pub(super) fn known<T>(value: Option<T>, show: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| "-".to_owned(), show)
}

/// The sum of what is known, `None` where nothing is.
pub(super) fn sum_known(values: impl Iterator<Item = f64>) -> Option<f64> {
    values.reduce(|sum, value| sum + value)
}

/// The limit a value has passed: the bad one when it is bad.
pub(super) fn passed_limit(steps: Steps, health: Health) -> f64 {
    if health == Health::Bad { steps.bad } else { steps.warn }
}

/// Joins a few names and counts the rest: `a, b and 3 more`.
pub(super) fn some_names<T: AsRef<str>>(names: &[T]) -> String {
    const SHOWN: usize = 3;
    let mut text = names.iter().take(SHOWN).map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        text.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    text
}
