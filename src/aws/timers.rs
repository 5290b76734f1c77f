//! What EventBridge Scheduler does by the clock. The list names schedules, and each has to be asked when it is due.

use aws_sdk_scheduler::operation::get_schedule::GetScheduleOutput;
use aws_sdk_scheduler::types::{ScheduleState, ScheduleSummary};
use jiff::SignedDuration;

use super::ask::{Ask, gather};
use super::convert::{name_of_arn, text, time};
use super::rota::{Found, Pace};
use crate::domain::list::List;
use crate::domain::text::Text;
use crate::domain::timer::Timer;
use crate::world::port::{CloudError, FaultClass};

/// One call for each, and again where the list says that it was changed.
const PACE: Pace = Pace { at_a_time: 40, kept: SignedDuration::from_hours(24) };
const DEFAULT_GROUP: &str = "default";
/// How a call of any API is named as a target: `arn:aws:scheduler:::aws-sdk:ec2:stopInstances`.
const ANY_CALL: &str = ":scheduler:::aws-sdk:";

pub(super) async fn timers(ask: &Ask<'_>) -> Result<List<Timer>, CloudError> {
    let pages = ask.clients.scheduler.list_schedules();
    let pages = pages.into_paginator().stop_on_duplicate_token(false).page_size(100).send();
    let pages = ask.pages("scheduler:ListSchedules", pages).await?;
    let listed: Vec<ScheduleSummary> = pages.into_iter().flat_map(|page| page.schedules).collect();
    let changes: Vec<String> = listed.iter().map(|it| format!("{:?}", it.last_modification_date())).collect();
    let found: Vec<Found<'_, ScheduleSummary>> = listed
        .iter()
        .zip(&changes)
        .filter_map(|(it, change)| Some(Found { key: it.arn()?, changed: Some(change), it }))
        .collect();
    let wanted = ask.place.timers.wanted(PACE, &found, ask.at);
    let read = gather(wanted.iter().map(|found| timer(ask, found.it)).collect()).await?;
    let asked = read.len();
    let read: Vec<_> = wanted.into_iter().zip(read).filter_map(|(it, timer)| Some((it, timer?))).collect();
    let denied = asked - read.len();
    let known = ask.place.timers.take(read.into_iter(), &found, ask.at);
    let unread = found.len().saturating_sub(known.len() + denied);
    if unread > 0 {
        ask.gap(CloudError {
            class: FaultClass::Throttled,
            operation: "scheduler:GetSchedule".into(),
            message: format!(
                "{unread} of {} schedules are still to be read, {} at a time",
                found.len(),
                PACE.at_a_time
            )
            .into(),
            missing: None,
        });
    }
    let mut all: Vec<Timer> = known.into_values().collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(List::new(all))
}

/// One of them; nothing where it is gone, or may not be read.
async fn timer(ask: &Ask<'_>, it: &ScheduleSummary) -> Result<Option<Timer>, CloudError> {
    let Some(name) = it.name().filter(|name| !name.is_empty()) else { return Ok(None) };
    let group = it.group_name().filter(|group| !group.is_empty()).unwrap_or(DEFAULT_GROUP);
    let request = ask.clients.scheduler.get_schedule().name(name).group_name(group).send();
    match ask.call("scheduler:GetSchedule", request).await {
        // Deleted since it was listed.
        Err(error) if error.class == FaultClass::NotFound => Ok(None),
        answer => Ok(ask.or_gap(answer)?.map(|answer| of(name, group, &answer))),
    }
}

fn of(name: &str, group: &str, it: &GetScheduleOutput) -> Timer {
    let target = it.target().map_or("", |target| target.arn());
    Timer {
        name: if group == DEFAULT_GROUP { Text::new(name) } else { Text::new(&format!("{group}/{name}")) },
        expression: text(it.schedule_expression()),
        zone: text(it.schedule_expression_timezone()),
        is_enabled: it.state() != Some(&ScheduleState::Disabled),
        target: Text::new(target.split_once(ANY_CALL).map_or_else(|| name_of_arn(target), |(_, call)| call)),
        from: it.start_date().or(it.creation_date()).map(time),
        until: it.end_date().map(time),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_scheduler::types::Target;
    use aws_smithy_types::DateTime;
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_schedule_says_what_it_calls_and_from_when() {
        let of_target = |arn: &str, group: &str| {
            let target = Target::builder().arn(arn).role_arn("arn:aws:iam::1:role/r").build().unwrap();
            let answer = GetScheduleOutput::builder().schedule_expression("rate(1 day)").target(target);
            let answer = answer.state(ScheduleState::Disabled).creation_date(DateTime::from_secs(7));
            of("nightly", group, &answer.build())
        };
        let any = of_target("arn:aws:scheduler:::aws-sdk:ec2:stopInstances", "default");
        assert_eq!((any.name.as_str(), any.target.as_str(), any.is_enabled), ("nightly", "ec2:stopInstances", false));
        assert_eq!(any.from.map(Timestamp::as_second), Some(7));
        let function = of_target("arn:aws:lambda:eu-west-1:1:function:report", "office");
        assert_eq!((function.name.as_str(), function.target.as_str()), ("office/nightly", "report"));
    }
}
