//! What AWS itself says of its services: an event of AWS Health.

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::list::Identified;
use crate::domain::text::Text;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Advisory {
    pub arn: Text,
    /// `EC2`, as AWS Health spells it.
    pub service: Text,
    /// `AWS_EC2_OPERATIONAL_ISSUE`.
    pub code: Text,
    pub category: Category,
    /// `open`, `upcoming` or `closed`, in AWS's spelling.
    pub status: Text,
    /// Empty for what has none.
    pub region: Text,
    pub zone: Text,
    pub began: Timestamp,
    pub ended: Option<Timestamp>,
    pub updated: Option<Timestamp>,
    /// What of ours it touches, by id or ARN, where AWS says so; `None` where that could not be read.
    pub touches: Option<Vec<Text>>,
    /// The newest of what AWS wrote of it.
    pub words: Text,
}

/// <https://docs.aws.amazon.com/health/latest/APIReference/API_Event.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// A service is not as it should be.
    Issue,
    /// AWS is going to do something, and says when.
    ScheduledChange,
    /// Something to know of.
    AccountNotification,
    /// One this version does not know.
    Unknown,
}

impl Category {
    pub fn word(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::ScheduledChange => "scheduled change",
            Self::AccountNotification => "notification",
            Self::Unknown => "event",
        }
    }
}

impl Advisory {
    pub fn is_closed(&self) -> bool {
        self.status == *"closed"
    }

    /// Whether AWS names anything of ours.
    pub fn touches_any(&self) -> bool {
        self.touches.as_ref().is_some_and(|all| !all.is_empty())
    }

    /// The code in words: `EC2 operational issue`.
    pub fn title(&self) -> String {
        let code = self.code.as_str().strip_prefix("AWS_").unwrap_or(self.code.as_str());
        let rest = code.strip_prefix(self.service.as_str()).unwrap_or(code).trim_start_matches('_');
        format!("{} {}", self.service, rest.to_lowercase().replace('_', " ")).trim().to_owned()
    }
}

impl Identified for Advisory {
    fn key(&self) -> &str {
        self.arn.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_told_in_words() {
        let of = |service: &str, code: &str| {
            Advisory {
                arn: "arn".into(),
                service: service.into(),
                code: code.into(),
                category: Category::Issue,
                status: "open".into(),
                region: "eu-west-1".into(),
                zone: Text::default(),
                began: Timestamp::UNIX_EPOCH,
                ended: None,
                updated: None,
                touches: None,
                words: Text::default(),
            }
            .title()
        };
        assert_eq!(of("EC2", "AWS_EC2_OPERATIONAL_ISSUE"), "EC2 operational issue");
        assert_eq!(of("RDS", "AWS_RDS_MAINTENANCE_SCHEDULED"), "RDS maintenance scheduled");
        assert_eq!(of("", "SOMETHING_ELSE"), "something else");
        assert_eq!(of("EC2", ""), "EC2");
    }
}
