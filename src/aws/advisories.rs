//! What AWS says of its own services. AWS Health answers accounts with a support plan of at least Business; to others it is
//! a gap, and no failure. <https://docs.aws.amazon.com/health/latest/APIReference/Welcome.html>

use std::collections::HashMap;

use aws_sdk_health::types::{DateTimeRange, EntityFilter, Event, EventFilter, EventStatusCode, EventTypeCategory};
use jiff::SignedDuration;

use super::ask::{Ask, malformed, unread};
use super::convert::{sdk_time, text, time};
use crate::domain::advisory::{Advisory, Category};
use crate::domain::list::List;
use crate::domain::text::Text;
use crate::world::port::CloudError;

/// Of what was not touched for longer there is no news.
const REACH: SignedDuration = SignedDuration::from_hours(14 * 24);
/// The most that details are asked of at once.
const AT_ONCE: usize = 10;
/// The newest of them; what an account has of lifecycle notices may be hundreds.
const MOST: usize = 50;
/// Of words that are written for a page.
const LONGEST: usize = 300;

pub(super) async fn advisories(ask: &Ask<'_>) -> Result<List<Advisory>, CloudError> {
    let regions = ask.place.login.origin.regions.iter().cloned().chain(["global".to_owned()]);
    let lately = DateTimeRange::builder().from(sdk_time(ask.at - REACH)).build();
    let filter = EventFilter::builder().set_regions(Some(regions.collect())).last_updated_times(lately).build();
    let pages = ask.clients.health.describe_events().filter(filter);
    let pages = pages.into_paginator().stop_on_duplicate_token(false).page_size(100).send();
    let pages = ask.pages("health:DescribeEvents", pages).await;
    let Some(pages) = ask.or_gap(pages)? else { return Ok(List::default()) };
    let mut all: Vec<Advisory> =
        pages.iter().flat_map(|page| page.events.iter().flatten()).filter_map(advisory).collect();
    all.sort_by(|a, b| (b.updated, &a.arn).cmp(&(a.updated, &b.arn)));
    all.dedup_by(|a, b| a.arn == b.arn);
    if all.len() > MOST {
        ask.gap(unread("health:DescribeEventDetails", all.len() - MOST, "events"));
    }
    for batch in all.chunks_mut(AT_ONCE).take(MOST / AT_ONCE) {
        let arns: Vec<String> = batch.iter().map(|it| it.arn.to_string()).collect();
        let words = ask.or_gap(details(ask, &arns).await)?.unwrap_or_default();
        let touched = ask.or_gap(touched(ask, &arns).await)?;
        for it in batch {
            it.words = words.get(it.arn.as_str()).cloned().unwrap_or_default();
            it.touches = touched.as_ref().map(|all| all.get(it.arn.as_str()).cloned().unwrap_or_default());
        }
    }
    Ok(List::new(all))
}

async fn details(ask: &Ask<'_>, arns: &[String]) -> Result<HashMap<String, Text>, CloudError> {
    let request = ask.clients.health.describe_event_details().set_event_arns(Some(arns.to_vec())).send();
    let answer = ask.call("health:DescribeEventDetails", request).await?;
    let told = answer.successful_set().iter().filter_map(|it| {
        let words = it.event_description()?.latest_description()?;
        // Paragraphs and lists are one line here.
        let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
        Some((it.event()?.arn()?.to_owned(), Text::cut_to(&line, LONGEST)))
    });
    Ok(told.collect())
}

/// What of ours is touched, by event.
async fn touched(ask: &Ask<'_>, arns: &[String]) -> Result<HashMap<String, Vec<Text>>, CloudError> {
    const ACTION: &str = "health:DescribeAffectedEntities";
    let filter = EntityFilter::builder().set_event_arns(Some(arns.to_vec())).build();
    let filter = filter.map_err(|error| malformed(ACTION, &error.to_string()))?;
    let pages = ask.clients.health.describe_affected_entities().filter(filter);
    let pages = pages.into_paginator().stop_on_duplicate_token(false).page_size(100).send();
    let mut all: HashMap<String, Vec<Text>> = HashMap::new();
    for page in ask.pages(ACTION, pages).await? {
        for it in page.entities() {
            // What is said of the account as a whole names nothing of it.
            let is_account = |value: &str| value.len() == 12 && value.bytes().all(|byte| byte.is_ascii_digit());
            let value = it
                .entity_value()
                .filter(|value| !matches!(*value, "" | "UNKNOWN" | "AWS_ACCOUNT") && !is_account(value));
            if let (Some(arn), Some(value)) = (it.event_arn(), value) {
                all.entry(arn.to_owned()).or_default().push(Text::new(value));
            }
        }
    }
    for them in all.values_mut() {
        them.sort();
    }
    Ok(all)
}

/// Nothing of what does not say when it began.
fn advisory(it: &Event) -> Option<Advisory> {
    Some(Advisory {
        arn: Text::new(it.arn()?),
        service: text(it.service()),
        code: text(it.event_type_code()),
        category: match it.event_type_category() {
            Some(EventTypeCategory::Issue) => Category::Issue,
            Some(EventTypeCategory::ScheduledChange) => Category::ScheduledChange,
            Some(EventTypeCategory::AccountNotification) => Category::AccountNotification,
            _ => Category::Unknown,
        },
        status: text(it.status_code().map(EventStatusCode::as_str)),
        region: text(it.region()),
        zone: text(it.availability_zone()),
        began: time(it.start_time()?),
        ended: it.end_time().map(time),
        updated: it.last_updated_time().map(time),
        touches: None,
        words: Text::default(),
    })
}
