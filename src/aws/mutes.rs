//! The rules by which alarms do nothing for a while. The list says which are in force, and each has to be asked whom it mutes.

use std::collections::HashMap;

use aws_sdk_cloudwatch::operation::get_alarm_mute_rule::GetAlarmMuteRuleOutput;
use aws_sdk_cloudwatch::operation::list_alarm_mute_rules::ListAlarmMuteRulesOutput;
use aws_sdk_cloudwatch::types::{AlarmMuteRuleStatus, AlarmMuteRuleSummary};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};

use super::ask::{Ask, gather};
use super::convert::{text, time};
use super::rota::{Found, Pace};
use crate::domain::alarm::Mute;
use crate::domain::text::Text;
use crate::world::port::FaultClass;

/// One call for each rule, and again where the list says that it was changed.
const PACE: Pace = Pace { at_a_time: 30, kept: SignedDuration::from_mins(30) };

/// What is known of the rules, as far as they may be read.
pub(super) struct Mutes {
    by_alarm: HashMap<Text, Vec<Mute>>,
    /// Whether that is all of them.
    is_whole: bool,
}

impl Mutes {
    /// The rules of one alarm; nothing where there may be more.
    pub fn of(&self, alarm: &Text) -> Option<Vec<Mute>> {
        let found = self.by_alarm.get(alarm).cloned();
        if self.is_whole { Some(found.unwrap_or_default()) } else { found }
    }
}

/// Alarms are known without: whatever stands in the way is a gap.
pub(super) async fn mutes(ask: &Ask<'_>) -> Mutes {
    let mut all = Mutes { by_alarm: HashMap::new(), is_whole: false };
    let pages = ask.clients.cloudwatch.list_alarm_mute_rules();
    let pages = pages.statuses(AlarmMuteRuleStatus::Active).statuses(AlarmMuteRuleStatus::Scheduled);
    let pages = pages.max_records(100).into_paginator().stop_on_duplicate_token(false).send();
    let Some(pages) = ask.beside(ask.pages("cloudwatch:ListAlarmMuteRules", pages).await) else { return all };
    let listed: Vec<&AlarmMuteRuleSummary> =
        pages.iter().flat_map(ListAlarmMuteRulesOutput::alarm_mute_rule_summaries).collect();
    let changes: Vec<String> = listed.iter().map(|it| format!("{:?}", it.last_updated_timestamp())).collect();
    let found: Vec<Found<'_, AlarmMuteRuleSummary>> = listed
        .iter()
        .zip(&changes)
        .filter_map(|(it, change)| Some(Found { key: it.alarm_mute_rule_arn()?, changed: Some(change), it: *it }))
        .collect();
    let wanted = ask.place.mutes.wanted(PACE, &found, ask.at);
    let Ok(read) = gather(wanted.iter().map(|found| rule(ask, found.key)).collect()).await else { return all };
    let read = wanted.into_iter().zip(read).filter_map(|(it, rule)| Some((it, rule?)));
    let known = ask.place.mutes.take(read, &found, ask.at);
    all.is_whole = listed.len() == found.len() && found.iter().all(|it| known.contains_key(it.key));
    for it in &found {
        let Some(mute) = known.get(it.key) else { continue };
        let is_active = it.it.status() == Some(&AlarmMuteRuleStatus::Active);
        for alarm in &mute.alarms {
            all.by_alarm.entry(alarm.clone()).or_default().push(Mute { is_active, ..mute.clone() });
        }
    }
    all
}

/// One rule, by its ARN; nothing where it may not be read. It never fails, for `gather` to go on with the others.
async fn rule(ask: &Ask<'_>, arn: &str) -> Result<Option<Mute>, crate::world::port::CloudError> {
    let name = arn.split_once(":alarm-mute-rule:").map_or(arn, |(_, name)| name);
    let request = ask.clients.cloudwatch.get_alarm_mute_rule().alarm_mute_rule_name(name).send();
    match ask.call("cloudwatch:GetAlarmMuteRule", request).await {
        Ok(answer) => Ok(Some(mute(name, &answer))),
        // Deleted since it was listed.
        Err(error) if error.class == FaultClass::NotFound => Ok(None),
        Err(error) => {
            ask.gap(error);
            Ok(None)
        }
    }
}

fn mute(name: &str, it: &GetAlarmMuteRuleOutput) -> Mute {
    let schedule = it.rule().and_then(|rule| rule.schedule());
    let expression = schedule.map_or("", |schedule| schedule.expression().unwrap_or(""));
    let zone = schedule.and_then(|schedule| schedule.timezone()).unwrap_or("UTC");
    let from = once(expression, zone);
    let lasts = schedule.and_then(|schedule| schedule.duration()).and_then(length);
    let until = from.zip(lasts).and_then(|(from, lasts)| from.checked_add(lasts).ok());
    let expires = it.expire_date().map(time);
    let targets = it.mute_targets().map_or(&[][..], |targets| targets.alarm_names());
    Mute {
        rule: Text::new(name),
        alarms: targets.iter().map(|name| text(Some(name))).collect(),
        is_active: it.status() == Some(&AlarmMuteRuleStatus::Active),
        recurs: !expression.trim_start().starts_with("at("),
        from,
        // A rule that has expired mutes no more, whatever its schedule says.
        until: match (until, expires) {
            (Some(until), Some(expires)) => Some(until.min(expires)),
            (until, _) => until,
        },
    }
}

/// The moment of `at(2026-11-20T14:00)`; nothing of a schedule that comes again.
fn once(expression: &str, zone: &str) -> Option<Timestamp> {
    let moment: DateTime = expression.trim().strip_prefix("at(")?.strip_suffix(')')?.trim().parse().ok()?;
    let zone = TimeZone::get(zone).ok()?;
    Some(moment.to_zoned(zone).ok()?.timestamp())
}

/// `PT2H`, `P2DT12H`. A day of a rule has 24 hours.
fn length(text: &str) -> Option<SignedDuration> {
    let span: Span = text.parse().ok()?;
    span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok()
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudwatch::types::{MuteTargets, Rule, Schedule};
    use aws_smithy_types::DateTime as SdkTime;

    use super::*;

    fn of(expression: &str, lasts: &str, zone: &str, expires: Option<&str>) -> Mute {
        let schedule = Schedule::builder().expression(expression).duration(lasts).timezone(zone).build();
        let expires = expires.map(|at| SdkTime::from_secs(at.parse::<Timestamp>().unwrap().as_second()));
        let answer = GetAlarmMuteRuleOutput::builder()
            .rule(Rule::builder().schedule(schedule).build())
            .mute_targets(MuteTargets::builder().alarm_names("cpu").alarm_names("evil\u{202e}").build())
            .set_expire_date(expires)
            .status(AlarmMuteRuleStatus::Active)
            .build();
        mute("nights", &answer)
    }

    #[test]
    fn a_rule_that_comes_once_says_from_when_to_when() {
        let time = |text: &str| Some(text.parse::<Timestamp>().unwrap());
        let it = of("at(2026-11-20T14:00)", "PT2H", "UTC", None);
        assert_eq!((it.from, it.until, it.recurs), (time("2026-11-20T14:00:00Z"), time("2026-11-20T16:00:00Z"), false));
        assert_eq!(it.alarms, ["cpu", "evil\\u{202e}"]);
        let it = of("at(2026-07-20T14:00)", "P2DT12H", "Europe/Paris", None);
        assert_eq!((it.from, it.until), (time("2026-07-20T12:00:00Z"), time("2026-07-23T00:00:00Z")));
        assert_eq!(
            of("at(2026-11-20T14:00)", "PT2H", "UTC", Some("2026-11-20T15:00:00Z")).until,
            time("2026-11-20T15:00:00Z")
        );
        let odd = of("at(soon)", "a while", "Atlantis", None);
        assert_eq!((odd.from, odd.until, odd.recurs), (None, None, false));
    }

    #[test]
    fn of_one_that_comes_again_the_end_is_not_told() {
        let it = of("cron(0 2 * * *)", "PT4H", "UTC", Some("2026-12-31T23:59:00Z"));
        assert_eq!((it.from, it.until, it.recurs, it.is_active), (None, None, true, true));
        let empty = mute("none", &GetAlarmMuteRuleOutput::builder().build());
        assert_eq!((empty.alarms, empty.is_active, empty.recurs), (Vec::new(), false, true));
    }
}
