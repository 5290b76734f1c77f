//! What somebody did through the API of AWS, as CloudTrail keeps it.

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::list::Identified;
use crate::domain::text::Text;

/// A call that writes, of the last ninety days: the event history keeps management events, and none of the data.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ApiCall {
    pub id: Text,
    pub at: Timestamp,
    /// `StopInstances`.
    pub name: Text,
    /// `ec2`, as IAM spells it.
    pub service: Text,
    /// Whoever called: a user, or the session of a role.
    pub by: Text,
    /// Where from: an address, or the service of AWS that called in their name.
    pub from: Text,
    /// What it was about, by name or id, as far as CloudTrail tells.
    pub resources: Vec<Text>,
    /// Why nothing came of it: `AccessDenied`, in AWS's spelling; empty where something did.
    pub refused: Text,
}

/// What a call does to what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// It makes something that was there otherwise, or takes it away.
    Changes,
    /// It adds something, labels it, or lets somebody in.
    Adds,
}

/// Verbs after which what is there is as it was. A verb that is not here is taken for one that changes something: AWS has
/// some hundreds, and what is not known must not be taken for harmless.
const ADDS: &[&str] = &[
    "Add", "Allocate", "Assume", "Batch", "Build", "Check", "Console", "Copy", "Create", "Exit", "Export", "Generate",
    "Get", "Import", "Invoke", "Issue", "List", "Login", "Publish", "Purchase", "Register", "Renew", "Request", "Run",
    "Send", "Signin", "Start", "Submit", "Tag", "Test", "Untag", "Validate", "Verify",
];

/// Of those verbs, calls that change how things hang together, or what machines do.
const CHANGES_ALL_THE_SAME: &[&str] = &[
    "AddPermission",
    "AddRoleToInstanceProfile",
    "CreateLaunchTemplateVersion",
    "CreateNetworkAclEntry",
    "CreateRoute",
    "RegisterTargets",
    "SendCommand",
    "StartAutomationExecution",
];

/// Of other verbs, calls that change nothing by themselves: the run that was let through is told of as well.
const ADDS_ALL_THE_SAME: &[&str] = &["PutApprovalResult", "PutMetricData", "PutEvents"];

impl ApiCall {
    pub fn nature(&self) -> Nature {
        let name = self.name.as_str();
        let verb =
            name.char_indices().skip(1).find(|(_, letter)| letter.is_uppercase()).map_or(name, |(at, _)| &name[..at]);
        let adds = ADDS.contains(&verb) || ADDS_ALL_THE_SAME.contains(&name);
        if adds && !CHANGES_ALL_THE_SAME.contains(&name) { Nature::Adds } else { Nature::Changes }
    }

    /// The thing it was about that says most: the first that is no ARN, or else the end of the first ARN.
    pub fn resource(&self) -> Text {
        let is_arn = |it: &&Text| it.as_str().starts_with("arn:");
        if let Some(plain) = self.resources.iter().find(|it| !is_arn(it)) {
            return plain.clone();
        }
        let last = self.resources.first().map_or("", |arn| arn.as_str().rsplit(['/', ':']).next().unwrap_or(""));
        Text::new(last)
    }
}

impl Identified for ApiCall {
    fn key(&self) -> &str {
        self.id.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(name: &str, resources: &[&str]) -> ApiCall {
        ApiCall {
            id: "1".into(),
            at: Timestamp::UNIX_EPOCH,
            name: name.into(),
            service: "ec2".into(),
            by: "lena".into(),
            from: "203.0.113.7".into(),
            resources: resources.iter().map(|it| Text::new(it)).collect(),
            refused: Text::default(),
        }
    }

    #[test]
    fn what_is_not_known_is_taken_for_a_change() {
        for name in [
            "StopInstances",
            "ModifyDBInstance",
            "PutBucketPolicy",
            "DeleteRoute",
            "CreateRoute",
            "Frobnicate",
            "",
            "x",
        ] {
            assert_eq!(call(name, &[]).nature(), Nature::Changes, "{name}");
        }
        for name in
            ["RunInstances", "CreateTags", "ConsoleLogin", "TagResource", "PutApprovalResult", "AssumeRoleWithSAML"]
        {
            assert_eq!(call(name, &[]).nature(), Nature::Adds, "{name}");
        }
    }

    #[test]
    fn a_name_says_more_than_an_arn() {
        let arn = "arn:aws:ecs:eu-west-1:123456789012:service/prod/web";
        assert_eq!(call("UpdateService", &[arn, "web-blue"]).resource(), "web-blue");
        assert_eq!(call("UpdateService", &[arn]).resource(), "web");
        assert_eq!(call("UpdateService", &[]).resource(), "");
    }
}
