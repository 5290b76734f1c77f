//! Idle machines beside the company's own, to see how a console holds at a thousand or a hundred thousand.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::domain::alarm::{
    Alarm, AlarmRule, AlarmState, Comparison, Condition, MetricRule, MetricSource, MissingData,
};
use crate::domain::graph::MetricId;
use crate::domain::instance::{Instance, InstanceState, Purchase};
use crate::domain::money::Usd;
use crate::domain::scope::Environment;
use crate::domain::text::Text;
use crate::drill::company::Site;

/// Made once and handed out by pointer, as an adapter that shares unchanged items would.
#[derive(Debug)]
pub(in crate::drill) struct Crowd {
    instances: Vec<Arc<Instance>>,
    alarms: Vec<Arc<Alarm>>,
}

/// One machine in so many has an alarm of its own.
const ALARMED: usize = 20;

impl Crowd {
    pub(in crate::drill) fn new(size: usize, start: Timestamp) -> Self {
        // The words most machines share are held once.
        let zones: Vec<Text> = ["eu-west-1a", "eu-west-1b", "eu-west-1c"].map(Text::new).to_vec();
        let (kind, checks, nobody) = (Text::new("m6i.large"), Text::new("ok"), Text::default());
        let disk = Text::new("ebs");
        let machine = |number: usize| Instance {
            id: format!("i-0c20d{number:012x}").into(),
            name: format!("batch-{number:06}").into(),
            kind: kind.clone(),
            zone: zones[number % zones.len()].clone(),
            environment: Environment::Prod,
            state: if number % 50 == 49 { InstanceState::Stopped } else { InstanceState::Running },
            purchase: if number.is_multiple_of(3) { Purchase::Spot } else { Purchase::OnDemand },
            launched: Some(start - SignedDuration::from_hours(48 + (number % 900) as i64)),
            stopped: None,
            stopped_why: nobody.clone(),
            owner: nobody.clone(),
            group: nobody.clone(),
            checks: checks.clone(),
            scheduled_event: None,
            interruption: None,
            schedule: None,
            tags: Vec::new(),
            root: disk.clone(),
            operator: nobody.clone(),
            per_hour: Some(Usd::from_dollars(0.107)),
        };
        let instances: Vec<Arc<Instance>> = (0..size).map(|number| Arc::new(machine(number))).collect();
        let alarms = instances.iter().step_by(ALARMED).map(|machine| Arc::new(alarm(machine, start))).collect();
        Self { instances, alarms }
    }

    pub(in crate::drill) fn alarms(&self) -> impl Iterator<Item = Arc<Alarm>> + use<'_> {
        self.alarms.iter().map(Arc::clone)
    }

    pub(in crate::drill) fn instances(&self) -> impl Iterator<Item = Arc<Instance>> + use<'_> {
        self.instances.iter().map(Arc::clone)
    }
}

fn alarm(machine: &Instance, start: Timestamp) -> Alarm {
    let name = format!("{}-cpu-high", machine.name);
    Alarm {
        arn: Site::Prod.arn("cloudwatch", &format!("alarm:{name}")),
        name: name.into(),
        description: Text::default(),
        rule: AlarmRule::Metric(MetricRule {
            source: MetricSource::Metric(MetricId {
                namespace: "AWS/EC2".into(),
                metric: "CPUUtilization".into(),
                dimensions: vec![("InstanceId".into(), machine.id.clone())],
                stat: "Average".into(),
            }),
            period: SignedDuration::from_mins(5),
            evaluation_periods: 3,
            datapoints_to_alarm: 3,
            condition: Condition::Threshold { comparison: Comparison::GreaterThanThreshold, limit: 95.0 },
            missing: MissingData::Missing,
        }),
        state: AlarmState::Ok,
        reason: "0 of the last 3 datapoints were > 95 %".into(),
        since: start - SignedDuration::from_hours(900),
        evaluation: None,
        actions_enabled: true,
        actions: vec![Site::Prod.arn("sns", "page-oncall")],
        ok_actions: Vec::new(),
        insufficient_data_actions: Vec::new(),
        mutes: Some(Vec::new()),
        tags: Vec::new(),
    }
}
