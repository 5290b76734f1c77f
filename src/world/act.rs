//! The other half of the seam: what can be changed, one call at a time.
//!
//! A step is all there is to say in a call, so that a preview, the journal and the wire hold the same thing. What is no
//! row of this table cannot be done, and a console that holds no [`Act`] can do nothing of it.

use serde::{Deserialize, Serialize};

use crate::domain::scope::Scope;
use crate::domain::text::Text;
use crate::world::port::{BoxFuture, CloudError};

/// One call that changes something, with everything it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "call")]
pub enum Step {
    /// Within the group's bounds. It does not wait for cooldowns: `HonorCooldown` is false unless it is said.
    /// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_SetDesiredCapacity.html>
    SetDesiredCapacity { group: Text, desired: u32 },
    /// Bounds and size in one call, or the one would be refused by the other.
    /// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html>
    UpdateAutoScalingGroup { group: Text, min: u32, desired: u32, max: u32 },
    /// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_SuspendProcesses.html>
    SuspendProcesses { group: Text, processes: Vec<Text> },
    /// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_ResumeProcesses.html>
    ResumeProcesses { group: Text, processes: Vec<Text> },
    /// The size of a service nothing else scales. It starts no deployment.
    /// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html>
    SetServiceCount { cluster: Text, service: Text, desired: u32 },
    /// The bounds within which a service is scaled; its size is moved between them at once.
    /// <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html>
    RegisterScalableTarget { resource: Text, dimension: Text, min: u32, max: u32 },
    /// Messages go back where they came from, at most so many a second.
    /// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html>
    StartMessageMoveTask { source: Text, per_second: u32 },
}

/// What came back. Accepted is not done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// For AWS support, and for CloudTrail.
    pub request_id: Option<Text>,
}

/// Changes. Whoever holds none only looks.
pub trait Act: Send + Sync {
    /// Sends the call, once. A call that may or may not have arrived is [`Sent::Perhaps`], and is never sent again.
    fn apply<'a>(&'a self, scope: &'a Scope, step: &'a Step) -> BoxFuture<'a, Result<Receipt, Sent>>;
}

/// Why there is no receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Sent {
    /// AWS said no, or the call never left: nothing was changed.
    #[error("{0}")]
    No(CloudError),
    /// It left, and what became of it is not known.
    #[error("sent, and not known to have arrived: {0}")]
    Perhaps(CloudError),
}

impl Step {
    /// As IAM names it.
    pub fn action(&self) -> &'static str {
        match self {
            Self::SetDesiredCapacity { .. } => "autoscaling:SetDesiredCapacity",
            Self::UpdateAutoScalingGroup { .. } => "autoscaling:UpdateAutoScalingGroup",
            Self::SuspendProcesses { .. } => "autoscaling:SuspendProcesses",
            Self::ResumeProcesses { .. } => "autoscaling:ResumeProcesses",
            Self::SetServiceCount { .. } => "ecs:UpdateService",
            Self::RegisterScalableTarget { .. } => "application-autoscaling:RegisterScalableTarget",
            Self::StartMessageMoveTask { .. } => "sqs:StartMessageMoveTask",
        }
    }

    /// The same as a line for the `aws` command, to read, to keep or to run by hand.
    pub fn command(&self, region: &str) -> String {
        let number = |number: &u32| number.to_string();
        let (verb, arguments): (&str, Vec<(&str, Vec<String>)>) = match self {
            Self::SetDesiredCapacity { group, desired } => (
                "autoscaling set-desired-capacity",
                vec![
                    ("auto-scaling-group-name", vec![group.to_string()]),
                    ("desired-capacity", vec![number(desired)]),
                    ("no-honor-cooldown", Vec::new()),
                ],
            ),
            Self::UpdateAutoScalingGroup { group, min, desired, max } => (
                "autoscaling update-auto-scaling-group",
                vec![
                    ("auto-scaling-group-name", vec![group.to_string()]),
                    ("min-size", vec![number(min)]),
                    ("desired-capacity", vec![number(desired)]),
                    ("max-size", vec![number(max)]),
                ],
            ),
            Self::SuspendProcesses { group, processes } | Self::ResumeProcesses { group, processes } => (
                if matches!(self, Self::SuspendProcesses { .. }) {
                    "autoscaling suspend-processes"
                } else {
                    "autoscaling resume-processes"
                },
                vec![
                    ("auto-scaling-group-name", vec![group.to_string()]),
                    ("scaling-processes", processes.iter().map(ToString::to_string).collect()),
                ],
            ),
            Self::SetServiceCount { cluster, service, desired } => (
                "ecs update-service",
                vec![
                    ("cluster", vec![cluster.to_string()]),
                    ("service", vec![service.to_string()]),
                    ("desired-count", vec![number(desired)]),
                ],
            ),
            Self::RegisterScalableTarget { resource, dimension, min, max } => (
                "application-autoscaling register-scalable-target",
                vec![
                    ("service-namespace", vec!["ecs".to_owned()]),
                    ("resource-id", vec![resource.to_string()]),
                    ("scalable-dimension", vec![dimension.to_string()]),
                    ("min-capacity", vec![number(min)]),
                    ("max-capacity", vec![number(max)]),
                ],
            ),
            Self::StartMessageMoveTask { source, per_second } => (
                "sqs start-message-move-task",
                vec![
                    ("source-arn", vec![source.to_string()]),
                    ("max-number-of-messages-per-second", vec![number(per_second)]),
                ],
            ),
        };
        let mut line = format!("aws {verb} --region {region}");
        for (name, values) in arguments {
            line.push_str(&format!(" --{name}"));
            for value in values {
                line.push_str(&format!(" {}", quoted(&value)));
            }
        }
        line
    }
}

/// For a POSIX shell: names may hold whatever a stranger has called something.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_a_line_one_can_run_by_hand() {
        let step = Step::UpdateAutoScalingGroup { group: "web's $HOME".into(), min: 2, desired: 8, max: 12 };
        assert_eq!(
            step.command("eu-west-1"),
            r"aws autoscaling update-auto-scaling-group --region eu-west-1 --auto-scaling-group-name 'web'\''s $HOME' --min-size 2 --desired-capacity 8 --max-size 12"
        );
        let step = Step::SuspendProcesses { group: "web".into(), processes: vec!["Launch".into(), "Terminate".into()] };
        assert!(
            step.command("eu-west-1").ends_with("--auto-scaling-group-name web --scaling-processes Launch Terminate")
        );
    }

    #[test]
    fn a_step_is_read_back_as_it_was_written() {
        let step = Step::SetServiceCount { cluster: "prod".into(), service: "api".into(), desired: 4 };
        let json = serde_json::to_string(&step).unwrap();
        assert_eq!(json, r#"{"call":"SetServiceCount","cluster":"prod","service":"api","desired":4}"#);
        assert_eq!(serde_json::from_str::<Step>(&json).unwrap(), step);
    }
}
