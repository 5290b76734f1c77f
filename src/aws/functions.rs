//! Lambda functions, and what their aliases point at.
//!
//! Aliases and tags are a call each for each function, and nothing tells that an alias was moved. So they are kept, read
//! again after a while or when the function changed, and only so many at a time: an account with a thousand functions is
//! known after some minutes, and never asked for a thousand things at once. Until then a version is not known.
//!
//! Reserved and provisioned concurrency would be further calls for each, and nothing shows them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use aws_sdk_lambda::types::{AliasConfiguration, FunctionConfiguration, PackageType};
use jiff::{SignedDuration, Timestamp};

use super::ask::{Ask, gather};
use super::convert::{environment, tags, text};
use crate::domain::function::{Function, Shift};
use crate::domain::list::List;
use crate::domain::scope::{Environment, Scope};
use crate::domain::text::Text;
use crate::world::port::{CloudError, FaultClass};

/// Functions whose aliases and tags are read in one turn, two calls each.
const AT_A_TIME: usize = 40;
/// How long they are taken for true.
const KEPT: SignedDuration = SignedDuration::from_mins(15);
/// An alias that callers go by, the first that is there.
const LIVE: [&str; 6] = ["live", "prod", "production", "current", "stable", "main"];
/// What runs where there is no alias.
const LATEST: &str = "$LATEST";

/// What was read of each function, by name.
#[derive(Debug, Default)]
pub(super) struct Remembered(Mutex<HashMap<String, Known>>);

#[derive(Clone, Debug)]
struct Known {
    at: Timestamp,
    /// As the function said of itself then.
    modified: Option<String>,
    /// `None` where they may not be read.
    aliases: Option<Aliases>,
    environment: Environment,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Aliases {
    name: Option<Text>,
    version: Option<Text>,
    shift: Option<Shift>,
}

pub(super) async fn functions(ask: &Ask<'_>) -> Result<List<Function>, CloudError> {
    let pages = ask.clients.lambda.list_functions().into_paginator().stop_on_duplicate_token(false).send();
    let pages = ask.pages("lambda:ListFunctions", pages).await?;
    let found: Vec<FunctionConfiguration> =
        pages.into_iter().flat_map(|page| page.functions.unwrap_or_default()).collect();
    if found.is_empty() {
        return Ok(List::default());
    }
    let settings = ask.call("lambda:GetAccountSettings", ask.clients.lambda.get_account_settings().send()).await;
    let limit = ask.or_gap(settings)?.and_then(|it| it.account_limit);
    let limit = limit.and_then(|limit| u32::try_from(limit.concurrent_executions()).ok()).filter(|limit| *limit > 0);
    let wanted = ask.place.functions.wanted(&found, ask.at);
    let read = gather(wanted.iter().map(|it| known(ask, it)).collect()).await?;
    let all = ask.place.functions.take(read.into_iter().flatten(), &found);
    let mut all: Vec<Function> =
        found.iter().map(|it| function(it, all.get(it.function_name().unwrap_or("")), limit, ask.scope())).collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(List::new(all))
}

impl Remembered {
    /// What is to be read now: what was never read first, then what changed, then what was read longest ago.
    fn wanted<'a>(&self, found: &'a [FunctionConfiguration], now: Timestamp) -> Vec<&'a FunctionConfiguration> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut wanted: Vec<(u8, Timestamp, &FunctionConfiguration)> = found
            .iter()
            .filter_map(|it| match all.get(it.function_name()?) {
                None => Some((0, Timestamp::MIN, it)),
                Some(known) if known.modified.as_deref() != it.last_modified() => Some((1, known.at, it)),
                Some(known) if now.duration_since(known.at) >= KEPT => Some((2, known.at, it)),
                Some(_) => None,
            })
            .collect();
        wanted.sort_by_key(|(order, at, it)| (*order, *at, it.function_name()));
        wanted.into_iter().take(AT_A_TIME).map(|(_, _, it)| it).collect()
    }

    /// Takes in what was read, forgets what is gone, and returns all that is known.
    fn take(
        &self,
        read: impl Iterator<Item = (String, Known)>,
        found: &[FunctionConfiguration],
    ) -> HashMap<String, Known> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut before = std::mem::take(&mut *all);
        before.extend(read);
        let still = found.iter().filter_map(|it| it.function_name()).filter_map(|name| before.remove_entry(name));
        all.extend(still);
        all.clone()
    }
}

/// Aliases and tags of one function; nothing if it was deleted since it was listed.
async fn known(ask: &Ask<'_>, it: &FunctionConfiguration) -> Result<Option<(String, Known)>, CloudError> {
    let Some(name) = it.function_name().filter(|name| !name.is_empty()) else { return Ok(None) };
    let pages =
        ask.clients.lambda.list_aliases().function_name(name).into_paginator().stop_on_duplicate_token(false).send();
    let found = match ask.pages("lambda:ListAliases", pages).await {
        Err(error) if error.class == FaultClass::NotFound => return Ok(None),
        outcome => ask.or_gap(outcome)?,
    };
    let found =
        found.map(|pages| pages.into_iter().flat_map(|page| page.aliases.unwrap_or_default()).collect::<Vec<_>>());
    let tagged = match it.function_arn().filter(|arn| !arn.is_empty()) {
        Some(arn) => match ask.call("lambda:ListTags", ask.clients.lambda.list_tags().resource(arn).send()).await {
            Err(error) if error.class == FaultClass::NotFound => return Ok(None),
            outcome => ask.or_gap(outcome)?,
        },
        None => None,
    };
    let tagged = tagged.and_then(|answer| answer.tags).unwrap_or_default();
    let tags = tags(tagged.iter().map(|(key, value)| (Some(key.as_str()), Some(value.as_str()))));
    let known = Known {
        at: ask.at,
        modified: it.last_modified.clone(),
        aliases: found.as_deref().map(aliases),
        environment: environment(&tags, ask.scope()),
    };
    Ok(Some((name.to_owned(), known)))
}

/// The alias callers go by: one that is called so, or the only one there is.
fn aliases(all: &[AliasConfiguration]) -> Aliases {
    let called = |name: &&str| all.iter().find(|it| it.name().is_some_and(|its| its.eq_ignore_ascii_case(name)));
    let only = if let [only] = all { Some(only) } else { None };
    match LIVE.iter().find_map(called).or(only) {
        Some(it) => {
            Aliases { name: it.name().map(Text::new), version: it.function_version().map(Text::new), shift: shift(it) }
        }
        None if all.is_empty() => Aliases { version: Some(LATEST.into()), ..Aliases::default() },
        // Several, and none that says it is the one.
        None => Aliases::default(),
    }
}

fn shift(it: &AliasConfiguration) -> Option<Shift> {
    let (version, weight) = it.routing_config()?.additional_version_weights()?.iter().next()?;
    (*weight > 0.0).then(|| Shift { version: Text::new(version), percent: weight * 100.0 })
}

fn function(it: &FunctionConfiguration, known: Option<&Known>, limit: Option<u32>, scope: &Scope) -> Function {
    let aliases = known.and_then(|known| known.aliases.as_ref());
    Function {
        name: text(it.function_name()),
        environment: known.map_or(scope.environment, |known| known.environment),
        runtime: match (it.runtime(), it.package_type()) {
            (Some(runtime), _) => Text::new(runtime.as_str()),
            (None, Some(PackageType::Image)) => "image".into(),
            (None, _) => Text::default(),
        },
        alias: aliases.and_then(|it| it.name.clone()),
        version: aliases.and_then(|it| it.version.clone()),
        previous_version: None,
        shift: aliases.and_then(|it| it.shift.clone()),
        modified: it.last_modified().and_then(modified),
        account_concurrency_limit: limit,
    }
}

/// `2026-11-20T10:00:00.000+0000`, which lacks the colon a timestamp wants.
fn modified(raw: &str) -> Option<Timestamp> {
    raw.parse().ok().or_else(|| Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", raw).ok())
}

#[cfg(test)]
mod tests {
    use aws_sdk_lambda::types::AliasRoutingConfiguration;

    use super::*;

    fn alias(name: &str, version: &str) -> AliasConfiguration {
        AliasConfiguration::builder().name(name).function_version(version).build()
    }

    fn points_at(all: &[AliasConfiguration]) -> (Option<String>, Option<String>) {
        let it = aliases(all);
        (it.name.map(|name| name.to_string()), it.version.map(|version| version.to_string()))
    }

    #[test]
    fn the_alias_callers_go_by_is_the_live_one_or_the_only_one() {
        let of = |name: &str, version: &str| (Some(name.to_owned()), Some(version.to_owned()));
        assert_eq!(points_at(&[alias("dev", "9"), alias("Live", "7"), alias("prod", "6")]), of("Live", "7"));
        assert_eq!(points_at(&[alias("blue", "3")]), of("blue", "3"));
        assert_eq!(points_at(&[alias("blue", "3"), alias("green", "4")]), (None, None));
        assert_eq!(points_at(&[]), (None, Some("$LATEST".into())));
    }

    #[test]
    fn a_canary_is_a_part_of_the_calls() {
        let routing = AliasRoutingConfiguration::builder().additional_version_weights("8", 0.25).build();
        let it = AliasConfiguration::builder().name("live").function_version("7").routing_config(routing).build();
        assert_eq!(aliases(&[it]).shift, Some(Shift { version: "8".into(), percent: 25.0 }));
        assert_eq!(shift(&alias("live", "7")), None);
    }

    #[test]
    fn times_are_read_as_lambda_writes_them() {
        let at = "2026-11-20T10:00:00Z".parse().ok();
        assert_eq!(modified("2026-11-20T10:00:00.000+0000"), at);
        assert_eq!(modified("2026-11-20T10:00:00Z"), at);
        assert_eq!(modified("yesterday"), None);
    }

    #[test]
    fn few_are_read_at_a_time_and_the_changed_before_the_old() {
        let of = |name: &str, modified: &str| {
            FunctionConfiguration::builder().function_name(name).last_modified(modified).build()
        };
        let known = |at: i64| Known {
            at: Timestamp::from_second(at).unwrap(),
            modified: Some("1".into()),
            aliases: None,
            environment: Environment::Prod,
        };
        let found = [of("fresh", "1"), of("old", "1"), of("changed", "2"), of("new", "1")];
        let remembered = Remembered::default();
        let read = [("fresh", 9_900), ("old", 100), ("changed", 9_900), ("gone", 100)];
        let all = remembered.take(read.into_iter().map(|(name, at)| (name.to_owned(), known(at))), &found);
        assert_eq!(all.len(), 3);
        let now = Timestamp::from_second(10_000).unwrap();
        let names = |all: Vec<&FunctionConfiguration>| {
            all.iter().filter_map(|it| it.function_name()).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(names(remembered.wanted(&found, now)), ["new", "changed", "old"]);
        let many: Vec<_> = (0..100).map(|number| of(&format!("f{number:03}"), "1")).collect();
        assert_eq!(remembered.wanted(&many, now).len(), AT_A_TIME);
    }

    #[test]
    fn what_is_not_known_of_a_function_is_not_made_up() {
        let scope = Scope {
            account: "123456789012".into(),
            alias: "".into(),
            region: "eu-west-1".into(),
            environment: Environment::Prod,
        };
        let sdk = FunctionConfiguration::builder().function_name("f").package_type(PackageType::Image).build();
        let it = function(&sdk, None, None, &scope);
        assert_eq!((it.runtime.as_str(), it.version, it.account_concurrency_limit), ("image", None, None));
    }
}
