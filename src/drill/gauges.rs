//! The drill world's CloudWatch: one value per metric and minute.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::domain::metric::{Measure, MetricSet, Reader, Series};
use crate::domain::text::Text;
use crate::drill::company::Site;

/// Minutes kept. Graphs look back three hours at this resolution.
const KEPT: usize = 200;
/// Minutes a console reads on each poll.
const RECENT: usize = 16;

#[derive(Clone, Debug, Default)]
pub struct Gauges {
    tracks: BTreeMap<(Site, Measure, Text), Track>,
}

#[derive(Clone, Debug)]
struct Track {
    /// Oldest first; the last belongs to `newest`.
    values: Vec<f64>,
    newest: i64,
}

impl Gauges {
    /// Sets the value of a minute. Minutes left out in between are gaps.
    pub fn publish(&mut self, site: Site, measure: Measure, resource: &Text, minute: i64, value: f64) {
        let track = self
            .tracks
            .entry((site, measure, resource.clone()))
            .or_insert_with(|| Track { values: Vec::with_capacity(KEPT), newest: minute - 1 });
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

    fn of(&self, site: Site) -> impl Iterator<Item = (&(Site, Measure, Text), &Track)> {
        self.tracks.iter().filter(move |((at, _, _), _)| *at == site)
    }
}

impl Track {
    fn push(&mut self, value: f64) {
        if self.values.len() == KEPT {
            self.values.remove(0);
        }
        self.values.push(value);
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
        for minute in 0..1_000 {
            gauges.publish(Site::Prod, Measure::AsgCpu, &web, minute, minute as f64);
        }
        assert_eq!(gauges.tail(Site::Prod, Measure::AsgCpu, &web, 999, 1), vec![Some(999.0)]);
        assert_eq!(gauges.tail(Site::Prod, Measure::AsgCpu, &web, 999 - KEPT as i64, 1), vec![None]);
    }
}
