//! Who the console is to AWS: the answer of `GetCallerIdentity`, and the device whose code some sign-ins want.

use serde::Serialize;

use crate::domain::text::Text;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Identity {
    /// Twelve digits.
    pub account: Text,
    /// The account's alias, where the role may read it.
    pub alias: Option<Text>,
    pub arn: Text,
    /// The regions that are enabled for it; `None` where they may not be read.
    pub regions: Option<Vec<Text>>,
}

impl Identity {
    /// AWS tells nobody that a region is not enabled: there, credentials that are good elsewhere are not known.
    /// <https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html>
    pub fn lacks(&self, region: &Text) -> bool {
        self.regions.as_ref().is_some_and(|enabled| !enabled.is_empty() && !enabled.contains(region))
    }

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

/// What shows the codes of a second factor, and the accounts that open with one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MfaDevice {
    /// Its ARN (`arn:aws:iam::123456789012:mfa/jane`), or the number on its back.
    pub serial: Text,
    /// As the operator calls them.
    pub accounts: Vec<Text>,
}

impl MfaDevice {
    /// Digits of a code.
    pub const DIGITS: usize = 6;
    const NAMED: usize = 3;

    /// `acme-prod, acme-dev`; of very many only the first.
    pub fn accounts(&self) -> String {
        let named: Vec<&str> = self.accounts.iter().take(Self::NAMED).map(Text::as_str).collect();
        let more = self.accounts.len() - named.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{}{more}", named.join(", "))
    }

    /// The digits in what was typed or pasted; authenticators show `123 456`.
    pub fn digits(text: &str) -> impl Iterator<Item = char> {
        text.chars().filter(char::is_ascii_digit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_the_digits_of_what_was_pasted() {
        assert_eq!(MfaDevice::digits("your code: 123 456\n").collect::<String>(), "123456");
        let device = |count: usize| MfaDevice { serial: "s".into(), accounts: vec!["a".into(); count] };
        assert_eq!((device(1).accounts(), device(5).accounts()), ("a".into(), "a, a, a and 2 more".into()));
    }

    #[test]
    fn the_role_is_what_people_call_it() {
        let of =
            |arn: &str| Identity { account: "1".into(), alias: None, arn: arn.into(), regions: None }.role().to_owned();
        assert_eq!(of("arn:aws:sts::123456789012:assumed-role/ops/ann"), "ops");
        assert_eq!(of("arn:aws:iam::123456789012:user/team/alice"), "alice");
        assert_eq!(of("arn:aws:iam::123456789012:root"), "root");
        assert_eq!(of(""), "");
    }
}
