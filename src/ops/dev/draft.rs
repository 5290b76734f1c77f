//! A plan over many things, while it is put together.

use crate::domain::money::Usd;
use crate::domain::text::Text;
use crate::domain::units::plural;
use crate::ops::plan::Plan;
use crate::world::act::Step;

/// Names told where there are many.
const SHOWN: usize = 5;

/// What is done to the things of a place, and to which it is not.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) instances: usize,
    pub(super) groups: usize,
    pub(super) services: usize,
    pub(super) databases: usize,
    /// What of it, what it is and what it will be.
    changes: Vec<(&'static str, String, String)>,
    pub(super) steps: Vec<Step>,
    pub(super) excluded: Vec<String>,
    pub(super) effects: Vec<String>,
    pub(super) warnings: Vec<String>,
    per_hour: Usd,
    unpriced: Vec<String>,
}

impl Draft {
    pub(super) fn change(&mut self, what: &'static str, before: impl Into<String>, after: impl Into<String>) {
        self.changes.push((what, before.into(), after.into()));
    }

    pub(super) fn exclude(&mut self, name: &Text, why: impl AsRef<str>) {
        self.excluded.push(format!("{name}: {}", why.as_ref()));
    }

    /// What it costs while it runs, where that is known. What is not known is never nothing.
    pub(super) fn price(&mut self, name: &Text, per_hour: Option<Usd>) {
        match per_hour {
            Some(per_hour) => self.per_hour += per_hour,
            None => self.unpriced.push(name.to_string()),
        }
    }

    /// How many things it is done to.
    pub(super) fn count(&self) -> usize {
        self.instances + self.groups + self.services + self.databases
    }

    /// `39 instances, 1 group`.
    pub(super) fn words(&self) -> String {
        let parts = [
            (self.instances, "instance", "instances"),
            (self.groups, "group", "groups"),
            (self.services, "service", "services"),
            (self.databases, "database", "databases"),
        ];
        let told: Vec<String> = parts
            .into_iter()
            .filter(|(number, ..)| *number > 0)
            .map(|(number, one, many)| plural(number, one, many))
            .collect();
        told.join(", ")
    }

    /// Puts it all into a plan; `factor` is -1 where what it costs is saved.
    pub(super) fn fill(self, plan: &mut Plan, factor: f64) {
        let count = self.count();
        for (what, before, after) in self.changes {
            plan.change(what, before, after);
        }
        plan.steps = self.steps;
        plan.excluded = self.excluded;
        plan.effects = self.effects;
        plan.warnings = self.warnings;
        plan.per_hour = (self.per_hour > Usd::ZERO).then(|| self.per_hour * factor);
        if !self.unpriced.is_empty() {
            let of = format!("no price is known of {} of {count}", self.unpriced.len());
            plan.effects.push(format!("{of}: {}", some(&self.unpriced)));
        }
    }
}

/// The first few, and how many more.
pub(super) fn some(names: &[String]) -> String {
    let shown = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
