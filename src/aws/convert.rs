//! The SDK's optional everything as the domain's plain values. A field AWS left out is an empty text, never a panic.

use aws_smithy_types::DateTime;
use jiff::Timestamp;

use crate::domain::scope::{Environment, Scope};
use crate::domain::tags::{self, Tag};
use crate::domain::text::Text;

pub(super) use crate::domain::tags::value as tag;

/// A text that may be missing.
pub(super) fn text(raw: Option<&str>) -> Text {
    raw.map_or_else(Text::default, Text::new)
}

/// Times beyond what a calendar holds are cut to its ends: a date of the year 30828 is damage, and no reason to fail.
pub(super) fn time(at: &DateTime) -> Timestamp {
    Timestamp::new(at.secs(), i32::try_from(at.subsec_nanos()).unwrap_or(0)).unwrap_or(if at.secs() < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

pub(super) fn sdk_time(at: Timestamp) -> DateTime {
    DateTime::from_secs_and_nanos(at.as_second(), u32::try_from(at.subsec_nanosecond()).unwrap_or(0))
}

/// A count that cannot be negative, whatever was sent.
pub(super) fn count(number: Option<i32>) -> u32 {
    number.and_then(|number| u32::try_from(number).ok()).unwrap_or(0)
}

/// The last part of an ARN: `web` of `arn:aws:ecs:eu-west-1:123456789012:service/prod/web`.
pub(super) fn name_of_arn(arn: &str) -> &str {
    arn.rsplit(['/', ':']).next().unwrap_or(arn)
}

/// The region an ARN names; empty for what has none, and for what is no ARN.
pub(super) fn region_of_arn(arn: &str) -> &str {
    if arn.starts_with("arn:") { arn.split(':').nth(3).unwrap_or("") } else { "" }
}

/// Name and value of each tag, sorted by name: AWS answers in any order, and an order that changes is no change.
pub(super) fn tags<'a>(tags: impl Iterator<Item = (Option<&'a str>, Option<&'a str>)>) -> Vec<Tag> {
    let mut all: Vec<Tag> = tags.map(|(key, value)| (text(key), text(value))).collect();
    all.sort();
    all
}

/// What a resource's own tags say, else what the operator calls the place.
pub(super) fn environment(all: &[Tag], scope: &Scope) -> Environment {
    match tag(all, &tags::ENVIRONMENT).map(|value| Environment::from_tag(value.as_str())) {
        Some(environment) if environment != Environment::Unknown => environment,
        _ => scope.environment,
    }
}

/// What the name of a resource gives away, where its tags would take a call for each; else what the operator calls the
/// place.
pub(super) fn environment_of_name(name: &str, scope: &Scope) -> Environment {
    match Environment::in_name(name) {
        Environment::Unknown => scope.environment,
        environment => environment,
    }
}

/// The schedule named by tags.
pub(super) fn schedule(all: &[Tag]) -> Option<Text> {
    tags::schedule(all).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(environment: Environment) -> Scope {
        Scope { account: "".into(), alias: "prod".into(), region: "eu-west-1".into(), environment }
    }

    #[test]
    fn times_beyond_the_calendar_are_its_ends() {
        assert_eq!(time(&DateTime::from_secs(i64::MAX)), Timestamp::MAX);
        assert_eq!(time(&DateTime::from_secs(i64::MIN)), Timestamp::MIN);
        let at: Timestamp = "2026-11-23T06:42:00.25Z".parse().unwrap();
        assert_eq!(time(&sdk_time(at)), at);
    }

    #[test]
    fn a_name_gives_an_environment_away() {
        assert_eq!(environment_of_name("orders-dev", &scope(Environment::Prod)), Environment::Dev);
        assert_eq!(environment_of_name("orders", &scope(Environment::Prod)), Environment::Prod);
    }

    #[test]
    fn a_resource_says_its_own_environment() {
        let of = |name: &str, value: &str| [(Text::new(name), Text::new(value))];
        assert_eq!(environment(&of("Env", "dev"), &scope(Environment::Prod)), Environment::Dev);
        assert_eq!(environment(&of("Env", "blue"), &scope(Environment::Prod)), Environment::Prod);
        assert_eq!(environment(&of("team", "dev"), &scope(Environment::Unknown)), Environment::Unknown);
        assert_eq!(schedule(&of("Schedule", "office-hours")), Some("office-hours".into()));
    }

    #[test]
    fn the_end_of_an_arn_is_a_name() {
        assert_eq!(name_of_arn("arn:aws:ecs:eu-west-1:123456789012:service/prod/web"), "web");
        assert_eq!(name_of_arn("arn:aws:sns:eu-west-1:123456789012:page-oncall"), "page-oncall");
        assert_eq!(name_of_arn(""), "");
        assert_eq!(region_of_arn("arn:aws:rds:eu-west-1:123456789012:db:orders"), "eu-west-1");
        assert_eq!(region_of_arn("orders"), "");
    }
}
