//! The operator's own rule of what may be shut down. Production never is: the account, a tag and the list of what is left
//! alone are each enough to keep a thing out.

use serde::Deserialize;

use crate::domain::pattern::is_like;
use crate::domain::scope::{Environment, Scope};
use crate::domain::tags::{Tag, environments};
use crate::domain::text::Text;

/// The `[dev]` of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DevRule {
    /// What an account has to be for, and what in it by a tag of its own.
    pub environments: Vec<Environment>,
    /// A tag that has to be there as well, as `AutoStop=true`; empty for none.
    pub opt_in: String,
    /// What no tag says the purpose of is taken to be for what its account is for.
    pub untagged: bool,
    /// Accounts, names, ids and tags (`key=value`) of what is left alone whatever else is said of it.
    pub never: Vec<String>,
}

impl Default for DevRule {
    fn default() -> Self {
        Self {
            environments: vec![Environment::Dev, Environment::Test],
            opt_in: String::new(),
            untagged: false,
            never: Vec::new(),
        }
    }
}

/// What the rule looks at of a thing.
#[derive(Clone, Copy, Debug)]
pub struct Marks<'a> {
    /// What it is called by people and by AWS, and what it is a part of.
    pub names: &'a [&'a Text],
    /// Its own tags, and those of what it is a part of.
    pub tags: &'a [&'a [Tag]],
    /// The schedule it is tagged with.
    pub schedule: Option<&'a Text>,
}

/// Values of a schedule tag that say that it runs day and night.
const ALWAYS_ON: [&str; 6] = ["always-on", "always_on", "alwayson", "always", "24x7", "24/7"];

impl DevRule {
    pub fn check(&self) -> Result<(), String> {
        let never = [Environment::Prod, Environment::Unknown];
        if let Some(one) = self.environments.iter().find(|one| never.contains(one)) {
            return Err(format!("dev.environments: {} is never shut down", one.word()));
        }
        if !self.opt_in.is_empty() && self.opt_in.split_once('=').is_none_or(|(key, _)| key.trim().is_empty()) {
            return Err(format!("dev.opt_in: `{}` is no tag such as AutoStop=true", self.opt_in));
        }
        match self.never.iter().position(|pattern| pattern.trim().is_empty()) {
            Some(at) => Err(format!("dev.never[{at}] is empty")),
            None => Ok(()),
        }
    }

    /// Why nothing of a place may be shut down, if so.
    pub fn spares_place(&self, scope: &Scope) -> Option<String> {
        let names = [scope.account.as_str(), scope.alias.as_str(), &scope.to_string()].map(str::to_owned);
        if let Some(pattern) = self.listed(names.iter().map(String::as_str)) {
            return Some(format!("the account is on the list of what is left alone, as `{pattern}`"));
        }
        if let Some(word) = production_in(scope.alias.as_str()) {
            return Some(format!("the account is called `{word}`"));
        }
        match scope.environment {
            Environment::Unknown => Some("nobody says what the account is for".into()),
            one if self.environments.contains(&one) => None,
            one => Some(format!("the account is for {}", one.word())),
        }
    }

    /// Why a thing may not be shut down, if so, in a place that is not spared.
    pub fn spares(&self, marks: Marks<'_>) -> Option<String> {
        let tags = || marks.tags.iter().copied().flatten();
        let said: Vec<String> = tags().map(|(key, value)| format!("{key}={value}")).collect();
        let names = marks.names.iter().map(|name| name.as_str()).filter(|name| !name.is_empty());
        if let Some(pattern) = self.listed(names.clone().chain(said.iter().map(String::as_str))) {
            return Some(format!("it is on the list of what is left alone, as `{pattern}`"));
        }
        if let Some(word) = names.clone().find_map(production_in) {
            return Some(format!("its name says `{word}`"));
        }
        let told: Vec<(&Text, Environment)> = marks.tags.iter().flat_map(|tags| environments(tags)).collect();
        if let Some((value, _)) = told.iter().find(|(_, one)| !self.environments.contains(one)) {
            return Some(format!("a tag says that it is for `{value}`"));
        }
        // That the account is for dev does not say that everything in it is.
        if told.is_empty() && !self.untagged {
            return Some("no tag of its own says what it is for".into());
        }
        if !self.opt_in.is_empty() && !said.iter().any(|tag| tag.eq_ignore_ascii_case(self.opt_in.trim())) {
            return Some(format!("it lacks the tag {}", self.opt_in.trim()));
        }
        let schedule = marks.schedule.filter(|name| ALWAYS_ON.iter().any(|on| name.as_str().eq_ignore_ascii_case(on)));
        schedule.map(|name| format!("its schedule is {name}"))
    }

    /// The first pattern of the list that one of the names is like, without regard to case.
    fn listed<'n>(&self, names: impl Iterator<Item = &'n str>) -> Option<&str> {
        let names: Vec<String> = names.map(str::to_lowercase).filter(|name| !name.is_empty()).collect();
        let is_it = |pattern: &&String| {
            let pattern = pattern.trim().to_lowercase();
            names.iter().any(|name| is_like(&pattern, name))
        };
        self.never.iter().find(is_it).map(String::as_str)
    }
}

/// The word of a name by which it is production.
fn production_in(name: &str) -> Option<&str> {
    let is_one = |word: &&str| matches!(Environment::from_tag(word), Environment::Prod);
    name.split(|letter: char| !letter.is_alphanumeric()).find(is_one)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(alias: &str, environment: Environment) -> Scope {
        Scope { account: "210987654321".into(), alias: alias.into(), region: "eu-west-1".into(), environment }
    }

    #[test]
    fn a_place_is_spared_for_each_reason_alone() {
        let rule = |never: &[&str]| DevRule {
            never: never.iter().map(|one| (*one).to_owned()).collect(),
            ..DevRule::default()
        };
        use Environment::{Dev, Prod, Staging, Test, Unknown};
        for (never, alias, environment, wanted) in [
            (&[][..], "acme-dev", Dev, None),
            (&[], "acme-dev", Test, None),
            (&[], "acme-dev", Prod, Some("the account is for prod")),
            (&[], "acme-dev", Staging, Some("the account is for staging")),
            (&[], "acme-dev", Unknown, Some("nobody says what the account is for")),
            (&[], "acme-production", Dev, Some("the account is called `production`")),
            (&["2109*"], "acme-dev", Dev, Some("the account is on the list of what is left alone, as `2109*`")),
            (&["ACME-*"], "acme-dev", Dev, Some("the account is on the list of what is left alone, as `ACME-*`")),
            (
                &["acme-dev/eu-west-1"],
                "acme-dev",
                Dev,
                Some("the account is on the list of what is left alone, as `acme-dev/eu-west-1`"),
            ),
        ] {
            assert_eq!(rule(never).spares_place(&scope(alias, environment)).as_deref(), wanted, "{never:?} {alias}");
        }
    }

    #[test]
    fn a_rule_is_checked() {
        let prod = DevRule { environments: vec![Environment::Prod], ..DevRule::default() };
        assert_eq!(prod.check().unwrap_err(), "dev.environments: prod is never shut down");
        let tag = DevRule { opt_in: "AutoStop".into(), ..DevRule::default() };
        assert!(tag.check().unwrap_err().contains("no tag such as AutoStop=true"));
        let never = DevRule { never: vec!["a".into(), " ".into()], ..DevRule::default() };
        assert_eq!(never.check().unwrap_err(), "dev.never[1] is empty");
        assert_eq!(DevRule::default().check(), Ok(()));
    }
}
