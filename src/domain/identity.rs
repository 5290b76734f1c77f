//! Who the console is to AWS: the answer of `GetCallerIdentity`.

use serde::Serialize;

use crate::domain::text::Text;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Identity {
    /// Twelve digits.
    pub account: Text,
    /// The account's alias, where the role may read it.
    pub alias: Option<Text>,
    pub arn: Text,
}

impl Identity {
    /// Role or user: `ops` of `arn:aws:sts::123456789012:assumed-role/ops/ann`, `alice` of `...:user/alice`.
    pub fn role(&self) -> &str {
        let path = self.arn.as_str().splitn(6, ':').nth(5).unwrap_or("");
        let mut parts = path.split('/');
        match (parts.next(), parts.next()) {
            (Some("assumed-role"), Some(role)) => role,
            (Some("root"), _) => "root",
            (Some(_), Some(_)) => path.rsplit('/').next().unwrap_or(path),
            (Some(one), None) => one,
            (None, _) => "",
        }
    }

    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub fn partition(&self) -> &str {
        self.arn.as_str().split(':').nth(1).unwrap_or("aws")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_role_is_what_people_call_it() {
        let of = |arn: &str| Identity { account: "1".into(), alias: None, arn: arn.into() }.role().to_owned();
        assert_eq!(of("arn:aws:sts::123456789012:assumed-role/ops/ann"), "ops");
        assert_eq!(of("arn:aws:iam::123456789012:user/team/alice"), "alice");
        assert_eq!(of("arn:aws:iam::123456789012:root"), "root");
        assert_eq!(of(""), "");
    }
}
