//! The metrics there are, as CloudWatch lists them: names only.

use serde::Serialize;

use crate::domain::graph::MetricId;
use crate::domain::list::Identified;
use crate::domain::metric::Measure;
use crate::domain::text::Text;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MetricName {
    /// `AWS/SQS ApproximateNumberOfMessagesVisible QueueName=orders`, which no other has.
    pub id: Text,
    pub namespace: Text,
    pub metric: Text,
    /// Name and value of each dimension.
    pub dimensions: Vec<(Text, Text)>,
}

impl MetricName {
    pub fn new(namespace: Text, metric: Text, dimensions: Vec<(Text, Text)>) -> Self {
        let mut id = format!("{namespace} {metric}");
        for (name, value) in &dimensions {
            id.push_str(&format!(" {name}={value}"));
        }
        Self { id: Text::new(&id), namespace, metric, dimensions }
    }

    /// `orders`, or `prod, web` where it takes several to tell it; empty for a metric of everything.
    pub fn resource(&self) -> String {
        self.dimensions.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// With the statistic that tells most: the one opscon reads it by, or else the average.
    pub fn to_graph(&self) -> MetricId {
        let same = |measure: &&Measure| self.namespace == measure.namespace() && self.metric == measure.metric();
        let stat = Measure::ALL.iter().find(same).map_or("Average", |measure| measure.stat());
        MetricId {
            namespace: self.namespace.clone(),
            metric: self.metric.clone(),
            dimensions: self.dimensions.clone(),
            stat: stat.into(),
        }
    }
}

impl Identified for MetricName {
    fn key(&self) -> &str {
        self.id.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_told_by_its_dimensions_and_drawn_by_the_statistic_it_is_known_by() {
        let of = |namespace: &str, metric: &str, dimensions: &[(&str, &str)]| {
            let dimensions = dimensions.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
            MetricName::new(namespace.into(), metric.into(), dimensions)
        };
        let cpu = of("AWS/ECS", "CPUUtilization", &[("ClusterName", "prod"), ("ServiceName", "web")]);
        assert_eq!(cpu.id, "AWS/ECS CPUUtilization ClusterName=prod ServiceName=web");
        assert_eq!(cpu.resource(), "prod, web");
        assert_eq!(of("AWS/SQS", "NumberOfMessagesSent", &[("QueueName", "orders")]).to_graph().stat, "Sum");
        assert_eq!(of("Shop", "Basket", &[]).to_graph().stat, "Average");
    }
}
