//! Lambda functions: what their aliases point at, and the executions set aside for them.
//!
//! Aliases, tags and concurrency are a call each for each function, and nothing tells that one of them was changed. So they
//! are kept, and read again in turn. Until then a version is not known.

use aws_sdk_lambda::operation::list_provisioned_concurrency_configs::ListProvisionedConcurrencyConfigsOutput;
use aws_sdk_lambda::types::{
    AliasConfiguration, FunctionConfiguration, PackageType, ProvisionedConcurrencyConfigListItem,
    ProvisionedConcurrencyStatusEnum, State,
};
use jiff::{SignedDuration, Timestamp};

use super::ask::{Ask, gather};
use super::convert::{environment, tags, text};
use super::rota::{Found, Pace};
use crate::domain::function::{Function, Provisioned, Reserved, Shift};
use crate::domain::list::List;
use crate::domain::scope::{Environment, Scope};
use crate::domain::text::Text;
use crate::world::port::{CloudError, FaultClass};

/// Five calls for each, or a few more.
const PACE: Pace = Pace { at_a_time: 30, kept: SignedDuration::from_mins(15) };
/// An alias that callers go by, the first that is there.
const LIVE: [&str; 6] = ["live", "prod", "production", "current", "stable", "main"];
/// Versions asked for one that is there before another. Who deletes old ones keeps the newest.
const STEPS_BACK: u64 = 5;
/// What runs where there is no alias.
const LATEST: &str = "$LATEST";

/// What was read of one function.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// `None` where they may not be read, as the two below.
    aliases: Option<Aliases>,
    /// The newest version published before the one the alias points at.
    published_before: Option<Text>,
    reserved: Option<Reserved>,
    provisioned: Option<Vec<Provisioned>>,
    environment: Environment,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Aliases {
    name: Option<Text>,
    version: Option<Text>,
    shift: Option<Shift>,
    revision: Option<Text>,
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
    let listed: Vec<Found<'_, _>> = found.iter().filter_map(listed).collect();
    let wanted = ask.place.functions.wanted(PACE, &listed, ask.at);
    let read = gather(wanted.iter().map(|found| known(ask, found.it)).collect()).await?;
    let read = wanted.into_iter().zip(read).filter_map(|(it, known)| Some((it, known?)));
    let all = ask.place.functions.take(read, &listed, ask.at);
    let mut all: Vec<Function> =
        found.iter().map(|it| function(it, all.get(it.function_name().unwrap_or("")), limit, ask.scope())).collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(List::new(all))
}

fn listed(it: &FunctionConfiguration) -> Option<Found<'_, FunctionConfiguration>> {
    let key = it.function_name().filter(|name| !name.is_empty())?;
    Some(Found { key, changed: it.last_modified(), it })
}

/// What one function does not say of itself; nothing if it was deleted since it was listed.
async fn known(ask: &Ask<'_>, it: &FunctionConfiguration) -> Result<Option<Known>, CloudError> {
    match told(ask, it).await {
        Err(error) if error.class == FaultClass::NotFound => Ok(None),
        outcome => outcome.map(Some),
    }
}

async fn told(ask: &Ask<'_>, it: &FunctionConfiguration) -> Result<Known, CloudError> {
    let (name, lambda) = (it.function_name().unwrap_or_default(), &ask.clients.lambda);
    let pages = lambda.list_aliases().function_name(name).into_paginator().stop_on_duplicate_token(false).send();
    let found = if_there(ask, ask.pages("lambda:ListAliases", pages).await)?;
    let found =
        found.map(|pages| pages.into_iter().flat_map(|page| page.aliases.unwrap_or_default()).collect::<Vec<_>>());
    let tagged = match it.function_arn().filter(|arn| !arn.is_empty()) {
        Some(arn) => if_there(ask, ask.call("lambda:ListTags", lambda.list_tags().resource(arn).send()).await)?,
        None => None,
    };
    let tagged = tagged.and_then(|answer| answer.tags).unwrap_or_default();
    let tags = tags(tagged.iter().map(|(key, value)| (Some(key.as_str()), Some(value.as_str()))));
    let answer = lambda.get_function_concurrency().function_name(name).send();
    let set_aside = if_there(ask, ask.call("lambda:GetFunctionConcurrency", answer).await)?;
    let pages = lambda.list_provisioned_concurrency_configs().function_name(name);
    let pages = pages.into_paginator().stop_on_duplicate_token(false).send();
    let warm = if_there(ask, ask.pages("lambda:ListProvisionedConcurrencyConfigs", pages).await)?;
    let all = |pages: Vec<ListProvisionedConcurrencyConfigsOutput>| {
        let configs = pages.iter().flat_map(ListProvisionedConcurrencyConfigsOutput::provisioned_concurrency_configs);
        configs.map(provisioned).collect()
    };
    let aliases = found.as_deref().map(aliases);
    let published_before = match &aliases {
        Some(Aliases { name: Some(_), version: Some(version), .. }) => before(ask, name, version).await?,
        _ => None,
    };
    Ok(Known {
        aliases,
        published_before,
        reserved: set_aside.map(|it| reserved(it.reserved_concurrent_executions())),
        provisioned: warm.map(all),
        environment: environment(&tags, ask.scope()),
    })
}

/// The newest version published before this one that is there and can be called. Versions are counted and no number is given
/// twice, so they are asked one by one, downwards: a list of them all may be hundreds.
async fn before(ask: &Ask<'_>, function: &str, version: &Text) -> Result<Option<Text>, CloudError> {
    let Ok(number) = version.as_str().parse::<u64>() else { return Ok(None) };
    for earlier in (number.saturating_sub(STEPS_BACK).max(1)..number).rev() {
        let request = ask.clients.lambda.get_function_configuration().function_name(function);
        let request = request.qualifier(earlier.to_string()).send();
        match ask.call("lambda:GetFunctionConfiguration", request).await {
            Err(error) if error.class == FaultClass::NotFound => {}
            outcome => {
                let Some(it) = ask.or_gap(outcome)? else { return Ok(None) };
                if it.state() != Some(&State::Failed) {
                    return Ok(Some(Text::from(earlier.to_string())));
                }
            }
        }
    }
    Ok(None)
}

/// A gap where it may not be read; a failure also where the function is gone.
fn if_there<T>(ask: &Ask<'_>, outcome: Result<T, CloudError>) -> Result<Option<T>, CloudError> {
    match outcome {
        Err(error) if error.class == FaultClass::NotFound => Err(error),
        outcome => ask.or_gap(outcome),
    }
}

fn reserved(executions: Option<i32>) -> Reserved {
    executions.and_then(|it| u32::try_from(it).ok()).map_or(Reserved::Nothing, Reserved::Executions)
}

fn provisioned(it: &ProvisionedConcurrencyConfigListItem) -> Provisioned {
    let number = |number: Option<i32>| number.and_then(|it| u32::try_from(it).ok());
    Provisioned {
        // The last part of the ARN: an alias or a version.
        of: text(it.function_arn().map(|arn| arn.rsplit(':').next().unwrap_or(arn))),
        wanted: number(it.requested_provisioned_concurrent_executions()),
        ready: number(it.available_provisioned_concurrent_executions()),
        status: text(it.status().map(ProvisionedConcurrencyStatusEnum::as_str)),
        reason: text(it.status_reason()),
    }
}

/// The alias callers go by: one that is called so, or the only one there is.
fn aliases(all: &[AliasConfiguration]) -> Aliases {
    let called = |name: &&str| all.iter().find(|it| it.name().is_some_and(|its| its.eq_ignore_ascii_case(name)));
    let only = if let [only] = all { Some(only) } else { None };
    match LIVE.iter().find_map(called).or(only) {
        Some(it) => Aliases {
            name: it.name().map(Text::new),
            version: it.function_version().map(Text::new),
            shift: shift(it),
            revision: it.revision_id().map(Text::new),
        },
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
        published_before: known.and_then(|known| known.published_before.clone()),
        revision: aliases.and_then(|it| it.revision.clone()),
        shift: aliases.and_then(|it| it.shift.clone()),
        modified: it.last_modified().and_then(modified),
        reserved: known.and_then(|known| known.reserved),
        provisioned: known.and_then(|known| known.provisioned.clone()),
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
    fn what_is_set_aside_is_a_number_or_nothing() {
        assert_eq!(reserved(Some(0)), Reserved::Executions(0));
        assert_eq!((reserved(None), reserved(Some(-1))), (Reserved::Nothing, Reserved::Nothing));
        let arn = "arn:aws:lambda:eu-west-1:123456789012:function:receipts:live";
        let it = ProvisionedConcurrencyConfigListItem::builder()
            .function_arn(arn)
            .requested_provisioned_concurrent_executions(10)
            .available_provisioned_concurrent_executions(4)
            .status("IN_PROGRESS".into())
            .build();
        let it = provisioned(&it);
        assert_eq!(
            (it.of.as_str(), it.wanted, it.ready, it.status.as_str()),
            ("live", Some(10), Some(4), "IN_PROGRESS")
        );
    }

    #[test]
    fn times_are_read_as_lambda_writes_them() {
        let at = "2026-11-20T10:00:00Z".parse().ok();
        assert_eq!(modified("2026-11-20T10:00:00.000+0000"), at);
        assert_eq!(modified("2026-11-20T10:00:00Z"), at);
        assert_eq!(modified("yesterday"), None);
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
