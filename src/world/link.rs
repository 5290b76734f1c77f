//! Where a thing is in the AWS console, as a link for a browser.
//!
//! AWS documents none of these addresses; they are those its own console shows in the address bar (November 2026). A page
//! that moves still opens the service's front page in the right region.

use std::fmt::Write as _;

use crate::domain::scope::Scope;
use crate::world::item::Item;
use crate::world::timeline::EventKind;

/// The page of one thing. `account` is its twelve digits, where they are known: some pages cannot be named without.
pub fn web_console(item: &Item, scope: &Scope, account: Option<&str>) -> String {
    // Billing and the like have no region, and their pages are in the first.
    let region = if scope.is_global() { "us-east-1" } else { scope.region.as_str() };
    let id = encoded(item.id().as_str());
    let name = encoded(item.name().as_str());
    let path = match item {
        Item::Alarm(_) => format!("cloudwatch/home?region={region}#alarmsV2:alarm/{name}"),
        Item::Dashboard(_) => format!("cloudwatch/home?region={region}#dashboards/dashboard/{name}"),
        Item::Metric(_) => format!("cloudwatch/home?region={region}#metricsV2"),
        Item::Balancer(_) => format!("ec2/home?region={region}#LoadBalancers:search={name}"),
        Item::Group(_) => format!("ec2/home?region={region}#AutoScalingGroupDetails:id={name};view=details"),
        Item::Instance(_) => format!("ec2/home?region={region}#InstanceDetails:instanceId={id}"),
        Item::Cluster(_) => format!("ecs/v2/clusters/{name}/services?region={region}"),
        Item::Function(_) => format!("lambda/home?region={region}#/functions/{name}?tab=monitoring"),
        Item::Database(_) => format!("rds/home?region={region}#database:id={id};is-cluster=false"),
        Item::Cache(_) => format!("elasticache/home?region={region}#/redis/{id}"),
        Item::Bucket(_) => format!("s3/buckets/{name}?region={region}"),
        Item::Queue(_) => match account {
            Some(account) => {
                let host = format!("https://sqs.{region}.{}/{account}/", amazonaws(region));
                format!("sqs/v3/home?region={region}#/queues/{}{name}", encoded(&host))
            }
            None => format!("sqs/v3/home?region={region}#/queues"),
        },
        Item::Topic(_) => format!("sns/v3/home?region={region}#/topic/{}", item.id()),
        // The name is encoded twice, and the sign of the second encoding is a dollar.
        Item::LogGroup(_) => {
            let twice = encoded(&name).replace('%', "$");
            format!("cloudwatch/home?region={region}#logsV2:log-groups/log-group/{twice}")
        }
        Item::Pipeline(_) => format!("codesuite/codepipeline/pipelines/{name}/view?region={region}"),
        Item::Deployment(it) => match it.kind.as_str() {
            "CodeDeploy" => format!("codesuite/codedeploy/deployments/{id}?region={region}"),
            "ECS" => match &it.owner {
                Some(cluster) => {
                    let (cluster, service) = (encoded(cluster.as_str()), encoded(it.target.as_str()));
                    format!("ecs/v2/clusters/{cluster}/services/{service}/deployments?region={region}")
                }
                None => format!("ecs/v2/clusters?region={region}"),
            },
            _ => format!("ec2/home?region={region}#AutoScalingGroups:"),
        },
        // There is no page of what happened; of what alarms did there is.
        Item::Event(it) => match it.kind {
            EventKind::Alarm => {
                format!("cloudwatch/home?region={region}#alarmsV2:alarm/{}", encoded(it.resource.as_str()))
            }
            EventKind::Run | EventKind::Approval => {
                format!("codesuite/codepipeline/pipelines/{}/view?region={region}", encoded(it.resource.as_str()))
            }
            EventKind::Change | EventKind::Call => {
                format!("cloudtrailv2/home?region={region}#/events/{}", encoded(it.id.as_str()))
            }
            _ => format!("cloudtrailv2/home?region={region}#/events?ReadOnly=false"),
        },
        Item::Service(_) => format!("cloudwatch/home?region={region}#xray:service-map/map"),
        Item::Trace(_) => format!("cloudwatch/home?region={region}#xray:traces/{id}"),
        Item::Bill(_) | Item::Cost(_) => "costmanagement/home#/cost-explorer".into(),
        Item::Budget(_) => "costmanagement/home#/budgets/overview".into(),
        Item::Anomaly(_) => "costmanagement/home#/anomaly-detection/overview".into(),
        Item::Images(_) => match account {
            Some(account) => format!("ecr/repositories/private/{account}/{name}?region={region}"),
            None => format!("ecr/private-registry/repositories?region={region}"),
        },
        Item::WebAcl(_) => format!("wafv2/homev2/web-acls?region={region}"),
        Item::Key(_) => format!("kms/home?region={region}#/kms/keys/{id}"),
    };
    format!("https://{region}.{}/{path}", console(region))
}

/// China and the US government's cloud are places of their own.
fn console(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "console.amazonaws.cn"
    } else if region.starts_with("us-gov-") {
        "console.amazonaws-us-gov.com"
    } else {
        "console.aws.amazon.com"
    }
}

fn amazonaws(region: &str) -> &'static str {
    if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" }
}

/// Percent-encoding of everything but what RFC 3986 calls unreserved.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::messaging::Queue;
    use crate::domain::scope::Environment;
    use std::sync::Arc;

    fn scope(region: &str) -> Scope {
        Scope { account: "".into(), alias: "".into(), region: region.into(), environment: Environment::Prod }
    }

    fn queue(name: &str) -> Item {
        Item::Queue(Arc::new(Queue {
            name: name.into(),
            arn: "".into(),
            environment: Environment::Prod,
            visible: 0,
            in_flight: 0,
            delayed: 0,
            dead_letters: None,
            dead_letters_of: Vec::new(),
            first_arrival: None,
            encrypted: Some(true),
            fifo: false,
            visibility_timeout: None,
            retention: None,
            moves: None,
        }))
    }

    #[test]
    fn names_are_encoded_as_each_page_wants_them() {
        let link = web_console(&queue("orders.fifo"), &scope("eu-west-1"), Some("123456789012"));
        assert_eq!(
            link,
            "https://eu-west-1.console.aws.amazon.com/sqs/v3/home?region=eu-west-1#/queues/\
             https%3A%2F%2Fsqs.eu-west-1.amazonaws.com%2F123456789012%2Forders.fifo"
        );
        let link = web_console(&queue("a b&c"), &scope("cn-north-1"), None);
        assert_eq!(link, "https://cn-north-1.console.amazonaws.cn/sqs/v3/home?region=cn-north-1#/queues");
        assert_eq!(encoded("a b/ü"), "a%20b%2F%C3%BC");
    }
}
