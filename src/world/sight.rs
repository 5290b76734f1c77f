//! The world as the checks see it: at a moment, against the operator's own limits, in the operator's time zone.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::dev::DevRule;
use crate::domain::list::List;
use crate::domain::metric::{Measure, Series};
use crate::domain::pipeline_rule::PipelineRule;
use crate::domain::recovery::FailoverPlan;
use crate::domain::runbook::Runbook;
use crate::domain::scope::Scope;
use crate::domain::text::Text;
use crate::world::feed::{Feed, Feeds, Held};
use crate::world::thresholds::Thresholds;
use crate::world::{Place, World};

/// What judging needs besides the world itself.
#[derive(Clone, Debug)]
pub struct Bearings {
    pub thresholds: Thresholds,
    pub zone: TimeZone,
    pub failover: Option<FailoverPlan>,
    /// The operator's own rules, the first that fits wins.
    pub runbooks: Vec<Runbook>,
    /// What may be shut down.
    pub dev: DevRule,
    /// The operator's own rules for the actions of pipelines, before those of [`crate::world::board::pipeline_map`].
    pub pipeline_rules: Vec<PipelineRule>,
}

impl Default for Bearings {
    fn default() -> Self {
        Self {
            thresholds: Thresholds::default(),
            zone: TimeZone::UTC,
            failover: None,
            runbooks: Vec::new(),
            dev: DevRule::default(),
            pipeline_rules: Vec::new(),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    pub world: &'a World,
    pub at: Timestamp,
    pub bearings: &'a Bearings,
}

impl<'a> Sight<'a> {
    pub fn limits(&self) -> &'a Thresholds {
        &self.bearings.thresholds
    }

    pub fn zone(&self) -> &'a TimeZone {
        &self.bearings.zone
    }

    pub fn places(&self) -> impl Iterator<Item = &'a Place> + use<'a> {
        self.world.places().iter()
    }

    /// Every item of one list feed, with the place it is in.
    pub fn items<T>(
        &self,
        pick: fn(&'a Feeds) -> &'a Held<List<T>>,
    ) -> impl Iterator<Item = (&'a Place, &'a T)> + use<'a, T> {
        self.places().flat_map(move |place| pick(&place.feeds).items().map(move |item| (place, item)))
    }

    /// The single value of one feed, in every place that has it.
    pub fn values<T>(
        &self,
        pick: fn(&'a Feeds) -> &'a Held<T>,
    ) -> impl Iterator<Item = (&'a Place, &'a T)> + use<'a, T> {
        self.places().filter_map(move |place| pick(&place.feeds).value().map(|value| (place, value)))
    }

    /// True when every place where `feed` is asked has an answer.
    pub fn is_read(&self, feed: Feed) -> bool {
        self.places().all(|place| !place.is_asked(feed) || place.feeds.status(feed).has_value)
    }

    /// ` in eu-central-1` when there is more than one place the thing could be, else nothing.
    pub fn whereabouts(&self, scope: &Scope) -> String {
        let regional = self.world.scopes().filter(|other| !other.is_global()).count();
        if regional > 1 && !scope.is_global() { format!(" in {}", scope.region) } else { String::new() }
    }
}

impl Place {
    pub fn series(&self, measure: Measure, resource: &Text) -> Option<&Series> {
        self.feeds.metrics.value()?.get(measure, resource)
    }

    pub fn latest(&self, measure: Measure, resource: &Text) -> Option<f64> {
        self.series(measure, resource)?.latest()
    }

    pub fn all(&self, measure: Measure) -> impl Iterator<Item = &Series> {
        self.feeds.metrics.value().into_iter().flat_map(move |set| set.of(measure))
    }
}
