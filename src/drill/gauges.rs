//! The drill world's CloudWatch: one value per metric and minute.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

use jiff::{SignedDuration, Timestamp};

use crate::domain::metric::{Measure, MetricSet, Reader, Series};
use crate::domain::metric_name::MetricName;
use crate::domain::text::Text;
use crate::domain::unit::Unit;
use crate::drill::company::Site;
use crate::drill::noise::Noise;

/// Minutes kept: a day and a bit. What graphs want from before is told by [`Gauges::history`].
const KEPT: usize = 1_500;
/// Minutes a console reads on each poll.
const RECENT: usize = 61;

#[derive(Clone, Debug, Default)]
pub struct Gauges {
    tracks: BTreeMap<(Site, Measure, Text), Track>,
}

#[derive(Clone, Debug)]
struct Track {
    /// Oldest first; the last belongs to `newest`.
    values: VecDeque<f64>,
    newest: i64,
}

impl Gauges {
    /// Sets the value of a minute. Minutes left out in between are gaps.
    pub fn publish(&mut self, site: Site, measure: Measure, resource: &Text, minute: i64, value: f64) {
        let track = self
            .tracks
            .entry((site, measure, resource.clone()))
            .or_insert_with(|| Track { values: VecDeque::new(), newest: minute - 1 });
        while track.newest < minute - 1 {
            track.push(f64::NAN);
        }
        track.push(value);
    }

    /// The newest `count` values up to and including `minute`, oldest first, `None` for gaps.
    pub fn tail(&self, site: Site, measure: Measure, resource: &Text, minute: i64, count: usize) -> Vec<Option<f64>> {
        let track = self.tracks.get(&(site, measure, resource.clone()));
        (0..count as i64)
            .rev()
            .map(|back| track.and_then(|track| track.at(minute - back)).filter(|value| value.is_finite()))
            .collect()
    }

    /// What `GetMetricData` would answer for one site at the end of `minute`.
    pub fn answer(&self, site: Site, minute: i64, epoch: Timestamp) -> MetricSet {
        let mut set = MetricSet::default();
        for ((_, measure, resource), track) in
            self.of(site).filter(|((_, measure, _), _)| measure.reader() == Reader::Board)
        {
            let values: Vec<f64> =
                (0..RECENT as i64).rev().map(|back| track.at(minute - back).unwrap_or(f64::NAN)).collect();
            if values.iter().all(|value| value.is_nan()) {
                continue;
            }
            set.insert(Series {
                measure: *measure,
                resource: resource.clone(),
                period: SignedDuration::from_mins(1),
                newest: epoch + SignedDuration::from_mins(minute),
                values: values.into(),
            });
        }
        set
    }

    /// What `ListMetrics` would answer for one site.
    pub fn names(&self, site: Site) -> Vec<MetricName> {
        let names = self.of(site).map(|((_, measure, resource), _)| {
            let metric = measure.of(resource);
            MetricName::new(metric.namespace, metric.metric, metric.dimensions)
        });
        let mut all: Vec<MetricName> = names.collect();
        all.sort_by(|a, b| a.id.cmp(&b.id));
        // Two statistics of one metric are two measures.
        all.dedup();
        all
    }

    /// The values of some minutes, oldest first. Minutes before the first one kept are made up from what that time of day
    /// is like, by `usual`: it says how the load of a minute compares with that of another.
    pub fn history(
        &self,
        site: Site,
        measure: Measure,
        resource: &Text,
        minutes: Range<i64>,
        usual: &dyn Fn(i64, i64) -> f64,
        noise: Noise,
    ) -> Option<Vec<f64>> {
        let track = self.tracks.get(&(site, measure, resource.clone()))?;
        let first = track.newest + 1 - track.values.len() as i64;
        let early: Vec<f64> = track.values.iter().take(30).copied().filter(|value| value.is_finite()).collect();
        let base = if early.is_empty() { 0.0 } else { early.iter().sum::<f64>() / early.len() as f64 };
        let noise = noise.of(resource.as_str()).of(measure.metric());
        let invented = |minute: i64| {
            let unrest = 1.0 + 0.06 * noise.smooth(minute, 17) + 0.03 * noise.smooth(minute, 3);
            let value = base * usual(minute, first).powf(follows_load(measure)) * unrest;
            if measure.unit() == Unit::Percent { value.min(100.0) } else { value }
        };
        Some(
            minutes
                .map(|minute| if minute < first { invented(minute) } else { track.at(minute).unwrap_or(f64::NAN) })
                .collect(),
        )
    }

    fn of(&self, site: Site) -> impl Iterator<Item = (&(Site, Measure, Text), &Track)> {
        self.tracks.iter().filter(move |((at, _, _), _)| *at == site)
    }
}

/// How much of the load's ups and downs a measure shows: 1 for all of it, 0 for none.
fn follows_load(measure: Measure) -> f64 {
    use Measure as M;
    match measure {
        M::AlbRequests | M::LambdaInvocations | M::SqsSent | M::SqsDeleted | M::SnsPublished | M::NatBytesOut => 1.0,
        M::RdsCpu | M::RdsConnections | M::AsgInService | M::EcsRunning => 0.6,
        M::AsgCpu | M::EcsCpu | M::EcsMemory => 0.3,
        _ => 0.0,
    }
}

impl Track {
    fn push(&mut self, value: f64) {
        if self.values.len() == KEPT {
            self.values.pop_front();
        }
        self.values.push_back(value);
        self.newest += 1;
    }

    fn at(&self, minute: i64) -> Option<f64> {
        let back = usize::try_from(self.newest - minute).ok()?;
        let position = self.values.len().checked_sub(back + 1)?;
        self.values.get(position).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_left_out_are_gaps() {
        let mut gauges = Gauges::default();
        let web = Text::new("web");
        gauges.publish(Site::Prod, Measure::AsgCpu, &web, 10, 50.0);
        gauges.publish(Site::Prod, Measure::AsgCpu, &web, 13, 60.0);
        let tail = |minute, count| gauges.tail(Site::Prod, Measure::AsgCpu, &web, minute, count);
        assert_eq!(tail(13, 5), vec![None, Some(50.0), None, None, Some(60.0)]);
        assert_eq!(tail(14, 2), vec![Some(60.0), None]);
        assert_eq!(gauges.tail(Site::Prod, Measure::RdsCpu, &web, 13, 2), vec![None, None]);
    }

    #[test]
    fn only_so_much_is_kept() {
        let mut gauges = Gauges::default();
        let web = Text::new("web");
        for minute in 0..4_000 {
            gauges.publish(Site::Prod, Measure::AsgCpu, &web, minute, minute as f64);
        }
        assert_eq!(gauges.tail(Site::Prod, Measure::AsgCpu, &web, 3_999, 1), vec![Some(3_999.0)]);
        assert_eq!(gauges.tail(Site::Prod, Measure::AsgCpu, &web, 3_999 - KEPT as i64, 1), vec![None]);
    }
}
