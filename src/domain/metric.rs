//! CloudWatch metrics: which ones opscon reads, and the recent values of each.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Serialize, Serializer};

use crate::domain::graph::MetricId;
use crate::domain::text::Text;
use crate::domain::unit::Unit;

/// Who needs a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    Board,
    /// Only whoever opens a graph or an alarm of it.
    Graph,
}

macro_rules! measures {
    ($($(#[$doc:meta])* $variant:ident, $namespace:literal, $metric:literal, $stat:literal, $dimension:literal, $unit:ident, $reader:ident;)+) => {
        /// A metric opscon knows how to read and judge: one row of the table below. The row is all the AWS adapter
        /// needs to build its `GetMetricData` query, and all the drill world needs to answer it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Measure { $($(#[$doc])* $variant),+ }

        impl Measure {
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            pub fn namespace(self) -> &'static str {
                match self { $(Self::$variant => $namespace),+ }
            }

            pub fn metric(self) -> &'static str {
                match self { $(Self::$variant => $metric),+ }
            }

            /// Statistic or extended statistic, in CloudWatch's spelling.
            pub fn stat(self) -> &'static str {
                match self { $(Self::$variant => $stat),+ }
            }

            /// The dimension whose value is the resource.
            pub fn dimension(self) -> &'static str {
                match self { $(Self::$variant => $dimension),+ }
            }

            pub fn unit(self) -> Unit {
                match self { $(Self::$variant => Unit::$unit),+ }
            }

            /// Who reads it: what the board needs is read, and paid for, all the time.
            pub fn reader(self) -> Reader {
                match self { $(Self::$variant => Reader::$reader),+ }
            }
        }
    };
}

measures! {
    /// Requests per minute.
    AlbRequests, "AWS/ApplicationELB", "RequestCount", "Sum", "LoadBalancer", PerMinute, Board;
    /// 5xx answers given by targets.
    AlbTarget5xx, "AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "Sum", "LoadBalancer", PerMinute, Graph;
    /// 5xx answers given by the balancer itself, for want of a target.
    AlbElb5xx, "AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "Sum", "LoadBalancer", PerMinute, Graph;
    /// Metric math over the three above: failed requests in percent of all.
    AlbErrorPercent, "AWS/ApplicationELB", "5XX_Percent", "Math", "LoadBalancer", Percent, Board;
    AlbLatencyP50, "AWS/ApplicationELB", "TargetResponseTime", "p50", "LoadBalancer", Seconds, Board;
    AlbLatencyP99, "AWS/ApplicationELB", "TargetResponseTime", "p99", "LoadBalancer", Seconds, Board;
    NlbFlows, "AWS/NetworkELB", "NewFlowCount", "Sum", "LoadBalancer", PerMinute, Graph;
    NlbBytes, "AWS/NetworkELB", "ProcessedBytes", "Sum", "LoadBalancer", Bytes, Graph;
    AlbUnhealthyHosts, "AWS/ApplicationELB", "UnHealthyHostCount", "Maximum", "TargetGroup", Count, Board;
    AsgCpu, "AWS/EC2", "CPUUtilization", "Average", "AutoScalingGroupName", Percent, Board;
    AsgInService, "AWS/AutoScaling", "GroupInServiceInstances", "Average", "AutoScalingGroupName", Count, Graph;
    Ec2StatusCheckFailed, "AWS/EC2", "StatusCheckFailed", "Maximum", "InstanceId", Count, Graph;
    EcsCpu, "AWS/ECS", "CPUUtilization", "Average", "ServiceName", Percent, Board;
    EcsMemory, "AWS/ECS", "MemoryUtilization", "Average", "ServiceName", Percent, Graph;
    EcsRunning, "ECS/ContainerInsights", "RunningTaskCount", "Average", "ServiceName", Count, Graph;
    LambdaInvocations, "AWS/Lambda", "Invocations", "Sum", "FunctionName", PerMinute, Board;
    LambdaErrors, "AWS/Lambda", "Errors", "Sum", "FunctionName", PerMinute, Board;
    LambdaThrottles, "AWS/Lambda", "Throttles", "Sum", "FunctionName", PerMinute, Board;
    LambdaDurationP99, "AWS/Lambda", "Duration", "p99", "FunctionName", Milliseconds, Board;
    LambdaConcurrency, "AWS/Lambda", "ConcurrentExecutions", "Maximum", "FunctionName", Count, Board;
    RdsCpu, "AWS/RDS", "CPUUtilization", "Average", "DBInstanceIdentifier", Percent, Board;
    RdsFreeStorage, "AWS/RDS", "FreeStorageSpace", "Minimum", "DBInstanceIdentifier", Bytes, Board;
    RdsConnections, "AWS/RDS", "DatabaseConnections", "Maximum", "DBInstanceIdentifier", Count, Board;
    RdsFreeMemory, "AWS/RDS", "FreeableMemory", "Minimum", "DBInstanceIdentifier", Bytes, Graph;
    RdsReadLatency, "AWS/RDS", "ReadLatency", "Average", "DBInstanceIdentifier", Seconds, Graph;
    RdsWriteLatency, "AWS/RDS", "WriteLatency", "Average", "DBInstanceIdentifier", Seconds, Board;
    /// -1 while replication is broken: unknown, not zero.
    RdsReplicaLag, "AWS/RDS", "ReplicaLag", "Maximum", "DBInstanceIdentifier", Seconds, Board;
    CacheHitRate, "AWS/ElastiCache", "CacheHitRate", "Average", "ReplicationGroupId", Percent, Board;
    CacheMemory, "AWS/ElastiCache", "DatabaseMemoryUsagePercentage", "Maximum", "ReplicationGroupId", Percent, Board;
    CacheEvictions, "AWS/ElastiCache", "Evictions", "Sum", "ReplicationGroupId", PerMinute, Board;
    CacheEngineCpu, "AWS/ElastiCache", "EngineCPUUtilization", "Maximum", "ReplicationGroupId", Percent, Graph;
    CacheReplicationLag, "AWS/ElastiCache", "ReplicationLag", "Maximum", "CacheClusterId", Seconds, Board;
    CdnHitRate, "AWS/CloudFront", "CacheHitRate", "Average", "DistributionId", Percent, Board;
    S3Size, "AWS/S3", "BucketSizeBytes", "Average", "BucketName", Bytes, Board;
    SqsVisible, "AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", "QueueName", Count, Board;
    SqsOldestAge, "AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", "QueueName", Seconds, Board;
    SqsSent, "AWS/SQS", "NumberOfMessagesSent", "Sum", "QueueName", PerMinute, Board;
    SqsDeleted, "AWS/SQS", "NumberOfMessagesDeleted", "Sum", "QueueName", PerMinute, Board;
    SnsPublished, "AWS/SNS", "NumberOfMessagesPublished", "Sum", "TopicName", PerMinute, Board;
    SnsFailed, "AWS/SNS", "NumberOfNotificationsFailed", "Sum", "TopicName", PerMinute, Board;
    NatPortErrors, "AWS/NATGateway", "ErrorPortAllocation", "Sum", "NatGatewayId", PerMinute, Board;
    NatPacketsDropped, "AWS/NATGateway", "PacketsDropCount", "Sum", "NatGatewayId", PerMinute, Graph;
    NatBytesOut, "AWS/NATGateway", "BytesOutToDestination", "Sum", "NatGatewayId", Bytes, Graph;
    WafBlocked, "AWS/WAFV2", "BlockedRequests", "Sum", "WebACL", PerMinute, Board;
    CanarySuccess, "CloudWatchSynthetics", "SuccessPercent", "Average", "CanaryName", Percent, Board;
    EstimatedCharges, "AWS/Billing", "EstimatedCharges", "Maximum", "Currency", Dollars, Graph;
}

impl Measure {
    /// Whether AWS publishes nothing while nothing happens: a function nobody calls and a balancer nobody visits have no
    /// datapoints at all. Silence is then a zero; of any other metric it is no knowledge.
    pub fn is_silent_at_rest(self) -> bool {
        use Measure::{
            AlbRequests, LambdaConcurrency, LambdaErrors, LambdaInvocations, LambdaThrottles, SnsFailed, SnsPublished,
            SqsDeleted, SqsSent,
        };
        matches!(
            self,
            LambdaInvocations
                | LambdaErrors
                | LambdaThrottles
                | LambdaConcurrency
                | AlbRequests
                | SnsPublished
                | SnsFailed
                | SqsSent
                | SqsDeleted
        )
    }

    /// Periods back in which a datapoint still tells of the present. Instances are measured every five minutes unless
    /// somebody pays for more (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/manage-detailed-monitoring.html>).
    fn present(self) -> usize {
        if self == Self::AsgCpu { 11 } else { PRESENT }
    }

    /// The metric of one resource, as CloudWatch names it.
    pub fn of(self, resource: &Text) -> MetricId {
        MetricId {
            namespace: self.namespace().into(),
            metric: self.metric().into(),
            dimensions: vec![(self.dimension().into(), resource.clone())],
            stat: self.stat().into(),
        }
    }

    /// The measure a metric is, by namespace, name, dimension and, where it decides, statistic.
    pub fn matching(metric: &MetricId) -> Option<Self> {
        let (dimension, _) = metric.dimensions.last()?;
        let same = |measure: &&Self| {
            metric.namespace == measure.namespace()
                && metric.metric == measure.metric()
                && *dimension == measure.dimension()
        };
        let all = || Self::ALL.iter().filter(same);
        all().find(|measure| metric.stat == measure.stat()).or_else(|| all().next()).copied()
    }
}

impl Serialize for Measure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{} {} {}", self.namespace(), self.metric(), self.stat()))
    }
}

/// The newest values of one metric of one resource, oldest first, one per period. A gap is `NaN`: no datapoint is
/// not a zero.
#[derive(Clone, Debug, Serialize)]
pub struct Series {
    pub measure: Measure,
    pub resource: Text,
    pub period: SignedDuration,
    /// Start of the newest period in `values`.
    pub newest: Timestamp,
    pub values: Arc<[f64]>,
}

/// How many periods back a value still counts as the present one.
const PRESENT: usize = 4;

impl Series {
    /// The newest value, looking back over a gap of a few periods: CloudWatch may be two or three minutes behind. What
    /// has been silent for longer has no present value.
    pub fn latest(&self) -> Option<f64> {
        self.values.iter().rev().take(self.measure.present()).copied().find(|value| value.is_finite())
    }

    /// The mean over the last `count` periods before the gap at the end, if that is short.
    pub fn mean_of_last(&self, count: usize) -> Option<f64> {
        let gap = self.values.iter().rev().take_while(|value| !value.is_finite()).count();
        if gap < self.measure.present() { self.mean_between(gap, gap + count) } else { None }
    }

    /// The mean of what there is between `newer` and `older` periods ago.
    pub fn mean_between(&self, newer: usize, older: usize) -> Option<f64> {
        let recent: Vec<f64> = self
            .values
            .iter()
            .rev()
            .skip(newer)
            .take(older.saturating_sub(newer))
            .copied()
            .filter(|value| value.is_finite())
            .collect();
        if recent.is_empty() { None } else { Some(recent.iter().sum::<f64>() / recent.len() as f64) }
    }

    /// Change per minute over the last `count` periods, by the first and last value there.
    pub fn slope_per_minute(&self, count: usize) -> Option<f64> {
        let recent: Vec<(usize, f64)> =
            self.values.iter().copied().enumerate().rev().take(count).filter(|(_, value)| value.is_finite()).collect();
        let (newest, oldest) = (recent.first()?, recent.last()?);
        let minutes = (newest.0 - oldest.0) as f64 * self.period.as_secs_f64() / 60.0;
        if minutes > 0.0 { Some((newest.1 - oldest.1) / minutes) } else { None }
    }

    /// Start of the unbroken run of newest values for which `holds`; gaps do not break it. `None` when the newest value
    /// does not, and when all of them do: then it began before what is held, nobody knows when.
    pub fn holding_since(&self, holds: impl Fn(f64) -> bool) -> Option<Timestamp> {
        let mut since = None;
        for (back, value) in self.values.iter().rev().enumerate() {
            if value.is_nan() {
                continue;
            }
            if !holds(*value) {
                return since;
            }
            since = Some(self.newest - self.period * back as i32);
        }
        None
    }

    /// True when each of the last `count` periods is above the one before it.
    pub fn rising_for(&self, count: usize) -> bool {
        let tail: Vec<f64> = self.values.iter().rev().take(count + 1).copied().collect();
        tail.len() == count + 1 && tail.windows(2).all(|pair| pair[0] > pair[1])
    }
}

/// Gaps are equal to gaps, so that an unchanged series is seen as unchanged.
impl PartialEq for Series {
    fn eq(&self, other: &Self) -> bool {
        self.measure == other.measure
            && self.resource == other.resource
            && self.period == other.period
            && self.newest == other.newest
            && self.values.len() == other.values.len()
            && self.values.iter().zip(other.values.iter()).all(|(mine, theirs)| mine.to_bits() == theirs.to_bits())
    }
}

/// Every series of one scope, found by what it measures and on what.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetricSet(BTreeMap<(Measure, Text), Arc<Series>>);

impl MetricSet {
    pub fn insert(&mut self, series: Series) {
        self.0.insert((series.measure, series.resource.clone()), Arc::new(series));
    }

    pub fn get(&self, measure: Measure, resource: &Text) -> Option<&Series> {
        self.0.get(&(measure, resource.clone())).map(AsRef::as_ref)
    }

    pub fn latest(&self, measure: Measure, resource: &Text) -> Option<f64> {
        self.get(measure, resource)?.latest()
    }

    /// All series of one measure, by resource name.
    pub fn of(&self, measure: Measure) -> impl Iterator<Item = &Series> {
        self.0
            .range((measure, Text::default())..)
            .take_while(move |((found, _), _)| *found == measure)
            .map(|(_, s)| &**s)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Series> {
        self.0.values().map(AsRef::as_ref)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for MetricSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(values: &[f64]) -> Series {
        Series {
            measure: Measure::RdsCpu,
            resource: Text::new("web"),
            period: SignedDuration::from_mins(1),
            newest: Timestamp::UNIX_EPOCH,
            values: values.into(),
        }
    }

    #[test]
    fn a_gap_is_not_a_zero() {
        assert_eq!(series(&[1.0, 4.0, f64::NAN]).latest(), Some(4.0));
        assert_eq!(series(&[4.0, f64::NAN, f64::NAN, f64::NAN, f64::NAN]).latest(), None);
        let every_five_minutes = [3.0, f64::NAN, f64::NAN, f64::NAN, f64::NAN, f64::NAN];
        assert_eq!(Series { measure: Measure::AsgCpu, ..series(&every_five_minutes) }.latest(), Some(3.0));
        assert_eq!(series(&[2.0, 4.0, f64::NAN]).mean_of_last(2), Some(3.0));
        assert_eq!(series(&[4.0, f64::NAN, f64::NAN, f64::NAN, f64::NAN]).mean_of_last(5), None);
        assert_eq!(series(&[1.0, 3.0, 9.0]).mean_between(1, 3), Some(2.0));
        assert_eq!(series(&[f64::NAN, 4.0, 2.0]).mean_of_last(3), Some(3.0));
        assert_eq!(series(&[f64::NAN]).latest(), None);
        assert_eq!(series(&[f64::NAN]), series(&[f64::NAN]));
    }

    #[test]
    fn slope_and_trend() {
        assert_eq!(series(&[10.0, f64::NAN, 16.0]).slope_per_minute(3), Some(3.0));
        assert_eq!(series(&[10.0]).slope_per_minute(3), None);
        assert!(series(&[1.0, 2.0, 3.0]).rising_for(2));
        assert!(!series(&[1.0, 3.0, 3.0]).rising_for(2));
        assert!(!series(&[2.0, 3.0]).rising_for(2));
    }

    #[test]
    fn a_run_of_values_dates_from_its_first() {
        let breaching = |value: f64| value > 1.0;
        let of = |values: &[f64]| series(values).holding_since(breaching).map(|at| at.as_second() / 60);
        assert_eq!(of(&[0.0, 7.0, f64::NAN, 7.0]), Some(-2));
        assert_eq!(of(&[7.0, 0.0]), None);
        assert_eq!(of(&[f64::NAN, 7.0, 7.0]), None);
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn a_set_answers_by_measure_and_resource() {
        let mut set = MetricSet::default();
        set.insert(series(&[61.0]));
        assert_eq!(set.latest(Measure::RdsCpu, &Text::new("web")), Some(61.0));
        assert_eq!(set.latest(Measure::RdsCpu, &Text::new("api")), None);
        assert_eq!(set.of(Measure::RdsCpu).count(), 1);
        assert_eq!(set.of(Measure::AsgCpu).count(), 0);
    }
}
