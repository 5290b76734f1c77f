//! The company's alarms, kept the way CloudWatch keeps them: evaluated once a minute over the gauges.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use crate::domain::alarm::{
    Alarm, AlarmRule, AlarmState, AlarmTransition, Comparison, Condition, MetricRule, MetricSource, MissingData, Mute,
};
use crate::domain::composite::Rule;
use crate::domain::graph::{Query, QueryWhat};
use crate::domain::metric::Measure;
use crate::domain::text::Text;
use crate::domain::units;
use crate::drill::alarm_table::{BANDS, BandRow, COMPOSITES, ROWS, Row, formula};
use crate::drill::band::{BAND_LAG, BAND_WINDOW, expected};
use crate::drill::company::Site;
use crate::drill::evaluate::{evaluate, evaluation_range};
use crate::drill::gauges::Gauges;

/// Transitions kept per console; CloudWatch keeps 30 days of them.
const HISTORY: usize = 500;

#[derive(Clone, Debug)]
pub struct Alarms {
    entries: Vec<Entry>,
    /// Newest last.
    history: VecDeque<(Site, AlarmTransition)>,
    mutes: Vec<MuteRule>,
}

/// Alarms that do nothing for a while.
#[derive(Clone, Debug)]
struct MuteRule {
    site: Site,
    name: Text,
    alarms: Vec<Text>,
    from: Timestamp,
    until: Timestamp,
}

#[derive(Clone, Debug)]
struct Entry {
    site: Site,
    watch: Watch,
    state: AlarmState,
    since: i64,
    reason: Text,
}

#[derive(Clone, Debug)]
enum Watch {
    Metric(Metric),
    Composite { name: Text, description: Text, expression: Text, rule: Rule },
}

#[derive(Clone, Debug)]
struct Metric {
    name: Text,
    description: Text,
    measure: Measure,
    resource: Text,
    /// Minutes in a period, periods looked at, and how many of them must breach.
    period: usize,
    of: u32,
    to_alarm: u32,
    condition: Condition,
    missing: MissingData,
    /// Fires a scaling policy instead of a pager.
    scales: bool,
}

impl Alarms {
    /// The shop's alarms, and a pair of triggers for each named fleet that tracks a target: its measure, and the cpu it
    /// holds.
    pub fn new(fleets: &[(Text, Measure, f64)]) -> Self {
        let mut entries: Vec<Entry> = ROWS.iter().map(Entry::from_row).collect();
        entries.extend(BANDS.iter().map(Entry::from_band));
        for (fleet, measure, target) in fleets {
            let trigger = |side: &str, comparison, threshold, minutes| {
                Entry::new(
                    Site::Prod,
                    Watch::Metric(Metric {
                        name: format!("TargetTracking-{fleet}-Alarm{side}").into(),
                        description: "DO NOT EDIT OR DELETE. For TargetTrackingScaling policy".into(),
                        measure: *measure,
                        resource: fleet.clone(),
                        period: 1,
                        of: minutes,
                        to_alarm: minutes,
                        condition: Condition::Threshold { comparison, limit: threshold },
                        missing: MissingData::Missing,
                        scales: true,
                    }),
                )
            };
            entries.push(trigger("High", Comparison::GreaterThanThreshold, *target, 3));
            // Target tracking scales in well below its target only, or it would undo itself.
            entries.push(trigger("Low", Comparison::LessThanThreshold, target * 0.6, 15));
        }
        for (name, expression, description) in COMPOSITES {
            let Ok(rule) = Rule::parse(expression) else { continue };
            entries.push(Entry::new(
                Site::Prod,
                Watch::Composite {
                    name: (*name).into(),
                    description: (*description).into(),
                    expression: (*expression).into(),
                    rule,
                },
            ));
        }
        Self { entries, history: VecDeque::new(), mutes: Vec::new() }
    }

    /// Judges every alarm at the end of `minute`.
    pub fn evaluate(&mut self, gauges: &Gauges, minute: i64, epoch: Timestamp) {
        // Children before parents: composites come last in the list.
        for position in 0..self.entries.len() {
            let entry = &self.entries[position];
            let known = entry.state;
            // Until there is a past to speak of, the words grow with it. After that they are of the moment it changed in, and
            // not made for each minute it did not.
            let is_told = |state: AlarmState| state != known || minute < FIRST_MINUTES;
            let told = match &entry.watch {
                Watch::Metric(metric) => {
                    let judged = Judged::of(metric, entry.site, gauges, minute);
                    judged.outcome(metric).filter(|state| is_told(*state)).map(|state| (state, judged.words(metric)))
                }
                Watch::Composite { rule, .. } => Some(self.judge_composite(rule, entry.site)),
            };
            let Some((state, reason)) = told.filter(|(state, _)| is_told(*state)) else { continue };
            if state == known {
                self.entries[position].reason = reason.into();
            } else {
                self.change(position, state, reason, minute, epoch);
            }
        }
    }

    fn judge_composite(&self, rule: &Rule, site: Site) -> (AlarmState, String) {
        let holds = rule.holds(&|name| self.state(site, name));
        let firing: Vec<&str> =
            rule.children().into_iter().filter(|name| self.state(site, name) == Some(AlarmState::Alarm)).collect();
        if holds {
            (AlarmState::Alarm, format!("{} in ALARM", firing.join(", ")))
        } else {
            (AlarmState::Ok, "the rule no longer holds".to_owned())
        }
    }

    fn change(&mut self, position: usize, state: AlarmState, reason: String, minute: i64, epoch: Timestamp) {
        let at = epoch + SignedDuration::from_mins(minute + 1);
        let entry = &mut self.entries[position];
        let (from, name) = (entry.state, entry.watch.name().clone());
        entry.state = state;
        entry.since = minute + 1;
        entry.reason = reason.into();
        // The first judgement of a new alarm is not a change anyone made.
        if from == AlarmState::InsufficientData && entry.since <= FIRST_MINUTES {
            return;
        }
        let transition = AlarmTransition {
            id: format!("{name}@{at}").into(),
            alarm: name,
            at,
            from,
            to: state,
            reason: entry.reason.clone(),
        };
        self.history.push_back((entry.site, transition));
        if self.history.len() > HISTORY {
            self.history.pop_front();
        }
    }

    pub fn state(&self, site: Site, name: &str) -> Option<AlarmState> {
        self.entries.iter().find(|entry| entry.site == site && *entry.watch.name() == name).map(|entry| entry.state)
    }

    /// In the state of any site, for conditions that name an alarm only.
    pub fn state_anywhere(&self, name: &str) -> Option<AlarmState> {
        self.entries.iter().find(|entry| *entry.watch.name() == name).map(|entry| entry.state)
    }

    pub fn answer(&self, site: Site, epoch: Timestamp, now: Timestamp) -> Vec<Alarm> {
        let here = self.entries.iter().filter(|entry| entry.site == site);
        here.map(|entry| {
            let alarm = entry.alarm(epoch);
            Alarm { mutes: Some(self.mutes_of(site, &alarm.name, now)), ..alarm }
        })
        .collect()
    }

    fn mutes_of(&self, site: Site, alarm: &Text, now: Timestamp) -> Vec<Mute> {
        let all = self.mutes.iter().filter(|rule| rule.site == site && rule.alarms.contains(alarm) && now < rule.until);
        all.map(|rule| Mute {
            rule: rule.name.clone(),
            alarms: rule.alarms.clone(),
            is_active: rule.from <= now,
            recurs: false,
            from: Some(rule.from),
            until: Some(rule.until),
        })
        .collect()
    }

    /// A rule of a name that there is already takes its place.
    pub fn mute(&mut self, site: Site, name: &Text, alarms: &[Text], from: Timestamp, until: Timestamp) -> bool {
        if alarms.iter().any(|alarm| self.state(site, alarm.as_str()).is_none()) {
            return false;
        }
        self.mutes.retain(|rule| rule.site != site || rule.name != *name);
        self.mutes.push(MuteRule { site, name: name.clone(), alarms: alarms.to_vec(), from, until });
        true
    }

    /// Whether there was such a rule.
    pub fn unmute(&mut self, site: Site, name: &Text) -> bool {
        let before = self.mutes.len();
        self.mutes.retain(|rule| rule.site != site || rule.name != *name);
        self.mutes.len() < before
    }

    /// Newest first.
    pub fn history(&self, site: Site) -> Vec<AlarmTransition> {
        self.history.iter().rev().filter(|(at, _)| *at == site).map(|(_, transition)| transition.clone()).collect()
    }
}

/// Minutes after the beginning of time in which alarms find their first state.
const FIRST_MINUTES: i64 = -50;

/// The periods an alarm looks at, oldest first, and which of them are beyond its limit.
struct Judged {
    values: Vec<Option<f64>>,
    breaching: Vec<Option<bool>>,
}

impl Judged {
    fn of(metric: &Metric, site: Site, gauges: &Gauges, minute: i64) -> Self {
        let range = evaluation_range(metric.of);
        let minutes = gauges.tail(site, metric.measure, &metric.resource, minute, range * metric.period);
        let values: Vec<Option<f64>> = minutes
            .chunks(metric.period)
            .map(|period| {
                let real: Vec<f64> = period.iter().flatten().copied().collect();
                if real.is_empty() { None } else { Some(real.iter().sum::<f64>() / real.len() as f64) }
            })
            .collect();
        let limits = limits(metric, site, gauges, minute, values.len());
        let breaching: Vec<Option<bool>> = values
            .iter()
            .zip(&limits)
            .map(|(value, limit)| value.and_then(|value| Some(metric.condition.breaches(value, (*limit)?))))
            .collect();
        Self { values, breaching }
    }

    fn outcome(&self, metric: &Metric) -> Option<AlarmState> {
        evaluate(&self.breaching, metric.of, metric.to_alarm, metric.missing)
    }

    fn words(&self, metric: &Metric) -> String {
        threshold_words(metric, &self.values, &self.breaching)
    }
}

/// What each of the newest periods is held against.
fn limits(metric: &Metric, site: Site, gauges: &Gauges, minute: i64, count: usize) -> Vec<Option<(f64, f64)>> {
    match metric.condition {
        Condition::Threshold { limit, .. } => vec![Some((limit, limit)); count],
        Condition::Band { width, .. } => {
            let tail = gauges.tail(site, metric.measure, &metric.resource, minute, count + BAND_WINDOW + BAND_LAG);
            let values: Vec<f64> = tail.into_iter().map(|value| value.unwrap_or(f64::NAN)).collect();
            (values.len() - count..values.len()).map(|position| expected(&values, position, width)).collect()
        }
    }
}

/// What decided: the datapoints there were, and what became of those there were not.
fn threshold_words(metric: &Metric, values: &[Option<f64>], breaching: &[Option<bool>]) -> String {
    let judged =
        || values.iter().zip(breaching).rev().filter_map(|(value, breaches)| Some((((*value)?), (*breaches)?)));
    let real: Vec<(f64, bool)> = judged().take(metric.of as usize).collect();
    let missing = metric.of as usize - real.len();
    let treated = match metric.missing {
        MissingData::Breaching => ", treated as breaching",
        MissingData::NotBreaching => ", treated as within",
        MissingData::Ignore | MissingData::Missing => "",
    };
    let Some(newest) = real.first() else {
        return format!("no datapoints for {}{treated}", units::plural(missing, "minute", "minutes"));
    };
    let count = real.iter().filter(|(_, breaches)| *breaches).count();
    let unit = metric.measure.unit();
    let limit = match metric.condition {
        Condition::Threshold { comparison, limit } => format!("{} {}", comparison.symbol(), unit.write(limit)),
        Condition::Band { .. } => "outside the expected band".to_owned(),
    };
    let gap = if missing == 0 { String::new() } else { format!(", {missing} missing{treated}") };
    // The value first: it is what is left of the words where a line is short.
    let minutes = units::plural(real.len(), "minute", "minutes");
    if newest.1 {
        format!("{} is {limit}, in {count} of the last {minutes}{gap}", unit.write(newest.0))
    } else {
        format!("{count} of the last {minutes} were {limit}, then {}{gap}", unit.write(newest.0))
    }
}

impl Entry {
    fn new(site: Site, watch: Watch) -> Self {
        Self {
            site,
            watch,
            state: AlarmState::InsufficientData,
            since: i64::MIN / 2,
            reason: "unchecked: initial creation".into(),
        }
    }

    fn from_band(row: &BandRow) -> Self {
        let BandRow(site, name, measure, resource, to_alarm, of, side, width, description) = *row;
        Self::new(
            site,
            Watch::Metric(Metric {
                name: name.into(),
                description: description.into(),
                measure,
                resource: resource.into(),
                period: 1,
                of,
                to_alarm,
                condition: Condition::Band { side, width },
                missing: MissingData::Ignore,
                scales: false,
            }),
        )
    }

    fn from_row(row: &Row) -> Self {
        let Row(site, name, measure, resource, to_alarm, of, comparison, threshold, missing, description) = *row;
        Self::new(
            site,
            Watch::Metric(Metric {
                name: name.into(),
                description: description.into(),
                measure,
                resource: resource.into(),
                period: 1,
                of,
                to_alarm,
                condition: Condition::Threshold { comparison, limit: threshold },
                missing,
                scales: false,
            }),
        )
    }

    fn alarm(&self, epoch: Timestamp) -> Alarm {
        // An alarm that was never judged otherwise was made long ago.
        let since = epoch + SignedDuration::from_mins(if self.since <= FIRST_MINUTES { -40_000 } else { self.since });
        let page = self.site.arn("sns", "page-oncall");
        let (description, rule, action) = match &self.watch {
            Watch::Metric(metric) => (
                metric.description.clone(),
                AlarmRule::Metric(MetricRule {
                    source: source(metric),
                    period: SignedDuration::from_mins(metric.period as i64),
                    evaluation_periods: metric.of,
                    datapoints_to_alarm: metric.to_alarm,
                    condition: metric.condition,
                    missing: metric.missing,
                }),
                if metric.scales {
                    self.site.arn("autoscaling", &format!("scalingPolicy:{}:cpu", metric.resource))
                } else {
                    page
                },
            ),
            Watch::Composite { description, expression, .. } => {
                (description.clone(), AlarmRule::Composite { expression: expression.clone() }, page)
            }
        };
        let name = self.watch.name().clone();
        let service = name.as_str().split('-').next().unwrap_or("shop").to_owned();
        // Only what customers notice is also called off.
        let ok_actions = if matches!(self.watch, Watch::Composite { .. }) { vec![action.clone()] } else { Vec::new() };
        Alarm {
            arn: self.site.arn("cloudwatch", &format!("alarm:{name}")),
            tags: vec![("service".into(), service.into()), ("team".into(), "shop".into())],
            evaluation: None,
            ok_actions,
            insufficient_data_actions: Vec::new(),
            mutes: Some(Vec::new()),
            name,
            description,
            rule,
            state: self.state,
            reason: self.reason.clone(),
            since,
            actions_enabled: true,
            actions: vec![action],
        }
    }
}

/// The metric as CloudWatch knows it, or the formula it is made by.
fn source(metric: &Metric) -> MetricSource {
    let Some((inputs, expression)) = formula(metric.measure) else {
        return MetricSource::Metric(metric.measure.of(&metric.resource));
    };
    let query = |id: &str, measure: Measure| Query {
        id: id.into(),
        label: measure.metric().into(),
        what: QueryWhat::Metric(measure.of(&metric.resource)),
        returned: false,
    };
    let mut queries: Vec<Query> = inputs.iter().map(|(id, measure)| query(id, *measure)).collect();
    queries.push(Query {
        id: "e1".into(),
        label: metric.measure.metric().into(),
        what: QueryWhat::Expression(expression.into()),
        returned: true,
    });
    MetricSource::Math(queries)
}

impl Watch {
    fn name(&self) -> &Text {
        match self {
            Self::Metric(metric) => &metric.name,
            Self::Composite { name, .. } => name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch() -> Timestamp {
        "2026-03-10T14:00:00Z".parse().unwrap()
    }

    #[test]
    fn every_composite_names_alarms_that_exist() {
        let alarms = Alarms::new(&[]);
        assert_eq!(alarms.entries.len(), ROWS.len() + BANDS.len() + COMPOSITES.len());
        for entry in &alarms.entries {
            if let Watch::Composite { rule, .. } = &entry.watch {
                for child in rule.children() {
                    assert!(alarms.state(entry.site, child).is_some(), "{child}");
                }
            }
        }
    }

    #[test]
    fn an_alarm_fires_after_m_of_n_minutes_with_its_parent_and_is_remembered() {
        let mut alarms = Alarms::new(&[]);
        let mut gauges = Gauges::default();
        let (site, measure) = (Site::Prod, Measure::AlbErrorPercent);
        let edge = Text::new("app/web-edge/50dc6c495c0c9188");
        let mut fired = None;
        for minute in -70..20 {
            gauges.publish(site, measure, &edge, minute, if minute >= 5 { 7.4 } else { 0.1 });
            alarms.evaluate(&gauges, minute, epoch());
            if fired.is_none() && alarms.state(site, "web-5xx-high") == Some(AlarmState::Alarm) {
                fired = Some(minute);
                assert_eq!(alarms.state(site, "shop-impaired"), Some(AlarmState::Alarm));
            }
        }
        assert_eq!(fired, Some(7), "the third breaching minute");
        let history: Vec<_> =
            alarms.history(site).into_iter().filter(|change| change.alarm == "web-5xx-high").collect();
        assert_eq!(history.len(), 1);
        assert_eq!(history[0].at, "2026-03-10T14:08:00Z".parse().unwrap());
        assert_eq!(history[0].reason, "7.4 % is > 1 %, in 3 of the last 3 minutes");
    }

    #[test]
    fn triggers_of_scaling_policies_are_told_apart() {
        let alarms = Alarms::new(&[("web".into(), Measure::AsgCpu, 60.0)]);
        let all = alarms.answer(Site::Prod, epoch(), epoch());
        assert_eq!(all.iter().filter(|alarm| alarm.is_scaling_trigger()).count(), 2);
    }
}
