//! Who called what: the event history of CloudTrail, ninety days of it in every account.
//!
//! Two lookups a second are for everybody in the account together, so one here takes half of that at the most, a few pages
//! to an answer, and only while somebody looks. What there was no time for is a hole that later answers read, the newest
//! first. <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html>

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_cloudtrail::types::{Event, LookupAttribute, LookupAttributeKey};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::ask::{Ask, malformed};
use super::convert::{name_of_arn, sdk_time, text, time};
use crate::domain::api_call::ApiCall;
use crate::domain::list::List;
use crate::domain::text::Text;
use crate::world::port::{CloudError, FaultClass};

const ACTION: &str = "cloudtrail:LookupEvents";
/// How far back is read. Most of what breaks something did so today.
const REACH: SignedDuration = SignedDuration::from_hours(24);
/// Of fifty events. Four take three seconds at our pace, which is as long as anybody waits.
const PAGES: usize = 4;
const PAGE: i32 = 50;
/// An event may come so much later than it happened; on average it is a third of that.
const LATE: SignedDuration = SignedDuration::from_mins(15);
/// An account where programs call all day has more than anybody reads, and memory is for other things.
const MOST: usize = 5_000;

/// Services without regions, whose events are in one region alone.
/// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html#cloudtrail-concepts-global-service-events>
const GLOBAL_SERVICES: &[&str] = &["account", "cloudfront", "globalaccelerator", "iam", "organizations", "route53"];
/// Where those are told of.
const GLOBAL_REGIONS: &[&str] = &["us-east-1", "us-gov-west-1", "cn-northwest-1"];

/// What agents and services write as they breathe. It would bury everything else.
const CHATTER: &[&str] = &[
    "CreateLogStream",
    "PutComplianceItems",
    "PutConfigurePackageResult",
    "PutInventory",
    "RegisterContainerInstance",
    "SubmitContainerStateChange",
    "SubmitTaskStateChange",
    "UpdateContainerInstancesState",
    "UpdateInstanceAssociationStatus",
    "UpdateInstanceInformation",
];

/// What was read so far, and what is still to be.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<Known>);

#[derive(Clone, Debug, Default)]
struct Known {
    /// Newest first.
    calls: Vec<Arc<ApiCall>>,
    /// Every event seen, the chatter too, by which it is known that a page has nothing new.
    seen: HashSet<String>,
    /// Newest first.
    holes: Vec<Hole>,
    asked: Option<Timestamp>,
}

/// A time whose events were not read.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Hole {
    from: Timestamp,
    until: Timestamp,
}

pub(super) async fn trail(ask: &Ask<'_>) -> Result<List<ApiCall>, CloudError> {
    let mut known = ask.place.trail.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    known.open(ask.at);
    let mut pages = PAGES;
    while let Some(hole) = known.holes.first().copied().filter(|_| pages > 0) {
        match fill(ask, &mut known, hole, &mut pages).await {
            Ok(()) => {}
            // What was read before is worth having; what was not is a hole.
            Err(error) if pages < PAGES => {
                ask.gap(error);
                break;
            }
            Err(error) => return Err(error),
        }
    }
    if let Some(unread) = known.unread() {
        let hours = (unread.as_mins() + 59) / 60;
        ask.gap(CloudError {
            class: FaultClass::Throttled,
            operation: ACTION.into(),
            message: format!("some {hours} h are still to be read: two lookups a second are for the whole account")
                .into(),
            missing: None,
        });
    }
    if known.calls.len() >= MOST {
        let message = format!("calls older than the newest {MOST} are not read");
        let (class, operation) = (FaultClass::Unsupported, ACTION.into());
        ask.gap(CloudError { class, operation, message: message.into(), missing: None });
    }
    let list = List::shared(known.calls.clone());
    *ask.place.trail.0.lock().unwrap_or_else(PoisonError::into_inner) = known;
    Ok(list)
}

/// Reads one hole, as far as the pages go.
async fn fill(ask: &Ask<'_>, known: &mut Known, hole: Hole, pages: &mut usize) -> Result<(), CloudError> {
    let is_newest = known.asked.is_some_and(|asked| hole.until >= asked);
    let (mut token, mut tokens) = (None, HashSet::new());
    let mut oldest = hole.until;
    while *pages > 0 {
        let writes = LookupAttribute::builder().attribute_key(LookupAttributeKey::ReadOnly).attribute_value("false");
        let writes = writes.build().map_err(|error| malformed(ACTION, &error.to_string()))?;
        let request = ask
            .clients
            .cloudtrail
            .lookup_events()
            .lookup_attributes(writes)
            .start_time(sdk_time(hole.from))
            .end_time(sdk_time(hole.until))
            .max_results(PAGE)
            .set_next_token(token);
        let page = ask.call(ACTION, request.send()).await;
        let page = match page {
            Ok(page) => page,
            Err(error) => {
                // Nothing was read of what was not answered.
                if oldest < hole.until {
                    known.narrow(hole, oldest);
                }
                return Err(error);
            }
        };
        *pages -= 1;
        // An empty page in the middle says nothing of those after it.
        let mut is_new = page.events().is_empty();
        for event in page.events() {
            oldest = event.event_time().map_or(oldest, |at| oldest.min(time(at)));
            if event.event_id().is_some_and(|id| known.seen.insert(id.to_owned())) {
                is_new = true;
                known.calls.extend(call(event).filter(|it| is_told_here(ask, it)).map(Arc::new));
            }
        }
        token = page.next_token.filter(|token| !token.is_empty());
        let is_over = token.as_ref().is_none_or(|token| !tokens.insert(token.clone()));
        // What came before was read: only late ones are new, and those are among the newest.
        if is_over || is_newest && !is_new {
            known.close(hole, ask.at);
            return Ok(());
        }
    }
    known.narrow(hole, oldest);
    known.order(ask.at);
    Ok(())
}

/// What has no region is told once, and not in the region CloudTrail happens to write it down in.
fn is_told_here(ask: &Ask<'_>, it: &ApiCall) -> bool {
    let is_global = GLOBAL_SERVICES.contains(&it.service.as_str());
    let scope = ask.scope();
    if scope.is_global() { is_global } else { !(is_global && GLOBAL_REGIONS.contains(&scope.region.as_str())) }
}

impl Known {
    /// What happened since the last answer is a hole, and what is too old is none any more.
    fn open(&mut self, at: Timestamp) {
        let from = self.asked.map_or(at - REACH, |asked| (asked - LATE).max(at - REACH));
        // A clock that was set back.
        if self.asked.is_none_or(|asked| at >= asked) {
            self.holes.insert(0, Hole { from, until: at });
        }
        self.holes.retain_mut(|hole| {
            hole.from = hole.from.max(at - REACH);
            hole.from < hole.until
        });
        self.order(at);
    }

    fn close(&mut self, hole: Hole, at: Timestamp) {
        self.holes.retain(|known| *known != hole);
        self.asked = self.asked.max(Some(hole.until));
        self.order(at);
    }

    /// Of a hole, what is older than the oldest that was read is left.
    fn narrow(&mut self, hole: Hole, oldest: Timestamp) {
        // More than a few pages of one second would be read again and again.
        let until = if oldest < hole.until { oldest } else { hole.until - SignedDuration::from_secs(1) };
        self.asked = self.asked.max(Some(hole.until));
        for known in self.holes.iter_mut().filter(|known| **known == hole) {
            known.until = until;
        }
        self.holes.retain(|hole| hole.from < hole.until);
    }

    fn order(&mut self, at: Timestamp) {
        self.calls.retain(|it| it.at > at - REACH);
        self.calls.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
        if self.calls.len() > MOST {
            self.calls.truncate(MOST);
            // Older ones would be read to be let go of.
            let last = self.calls.last().map_or(at, |it| it.at);
            self.holes.retain(|hole| hole.until > last);
        }
        if self.seen.len() > MOST * 4 {
            self.seen = self.calls.iter().map(|it| it.id.to_string()).collect();
        }
    }

    /// How much is still to be read.
    fn unread(&self) -> Option<SignedDuration> {
        let all: SignedDuration = self.holes.iter().map(|hole| hole.until.duration_since(hole.from)).sum();
        (!self.holes.is_empty()).then_some(all)
    }
}

/// What the event's own text tells beside what the lookup does.
/// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Record {
    user_identity: Caller,
    #[serde(rename = "sourceIPAddress")]
    source_ip_address: Option<String>,
    error_code: Option<String>,
    request_parameters: Option<Map<String, Value>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Caller {
    r#type: Option<String>,
    arn: Option<String>,
    user_name: Option<String>,
    invoked_by: Option<String>,
}

impl Caller {
    /// Whether a service of AWS called of its own accord: what it does is told by the service.
    fn is_service(&self) -> bool {
        let has_linked_role = self.arn.as_ref().is_some_and(|arn| arn.contains("/AWSServiceRoleFor"));
        has_linked_role || self.r#type.as_deref() == Some("AWSService")
    }
}

/// Nothing for what a service did by itself, for chatter, and for what does not say when it was.
fn call(event: &Event) -> Option<ApiCall> {
    let name = event.event_name()?;
    if CHATTER.contains(&name) {
        return None;
    }
    let record: Record = event.cloud_trail_event().and_then(|raw| serde_json::from_str(raw).ok()).unwrap_or_default();
    let caller = &record.user_identity;
    if caller.is_service() {
        return None;
    }
    let source = event.event_source().unwrap_or("");
    let service = match source.strip_suffix(".amazonaws.com").unwrap_or(source) {
        "monitoring" => "cloudwatch",
        other => other,
    };
    let by = [
        event.username(),
        caller.user_name.as_deref(),
        caller.arn.as_deref().map(name_of_arn),
        caller.r#type.as_deref(),
    ];
    let mut resources: Vec<Text> = event
        .resources()
        .iter()
        .filter_map(|it| it.resource_name())
        .filter(|name| !name.is_empty())
        .map(Text::new)
        .collect();
    if resources.is_empty() {
        resources.extend(record.request_parameters.as_ref().and_then(named).map(Text::new));
    }
    Some(ApiCall {
        id: text(event.event_id()),
        at: time(event.event_time()?),
        name: Text::new(name),
        service: Text::new(service),
        by: text(by.into_iter().flatten().find(|who| !who.is_empty())),
        from: text(caller.invoked_by.as_deref().or(record.source_ip_address.as_deref())),
        resources,
        refused: text(record.error_code.as_deref()),
    })
}

/// What a request is about, where CloudTrail names no resource: as the newer services have it, a member that is a name, or
/// else an id, or else an ARN.
fn named(request: &Map<String, Value>) -> Option<&str> {
    let rank = |key: &str| {
        let key = key.to_ascii_lowercase();
        match key.as_str() {
            "service" | "name" => Some(0),
            _ if key.ends_with("name") => Some(1),
            _ if key.ends_with("identifier") || key.ends_with("id") => Some(2),
            _ if key.ends_with("arn") || key.ends_with("url") => Some(3),
            _ => None,
        }
    };
    let texts =
        request.iter().filter_map(|(key, value)| Some((rank(key)?, value.as_str().filter(|it| !it.is_empty())?)));
    texts.min_by_key(|(rank, _)| *rank).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudtrail::types::Resource;
    use aws_smithy_types::DateTime;

    use super::*;

    const AT: i64 = 1_773_000_000;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(AT + minutes * 60).unwrap()
    }

    fn event(name: &str, record: &str) -> Event {
        let builder = Event::builder().event_id("e-1").event_name(name).event_source("ecs.amazonaws.com");
        builder.username("lena").event_time(DateTime::from_secs(AT)).cloud_trail_event(record).build()
    }

    #[test]
    fn a_call_says_who_did_what_to_what() {
        let record = r#"{"userIdentity": {"type": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role/ops/lena"},
            "sourceIPAddress": "203.0.113.7", "requestParameters": {"cluster": "prod", "service": "web", "desiredCount": 2}}"#;
        let it = call(&event("UpdateService", record)).unwrap();
        assert_eq!((it.service.as_str(), it.name.as_str(), it.by.as_str()), ("ecs", "UpdateService", "lena"));
        assert_eq!((it.from.as_str(), it.refused.as_str()), ("203.0.113.7", ""));
        assert_eq!(it.resources, ["web"]);
        let denied = r#"{"errorCode": "AccessDenied", "userIdentity": {"invokedBy": "cloudformation.amazonaws.com"}}"#;
        let it = call(&event("UpdateService", denied)).unwrap();
        assert_eq!((it.from.as_str(), it.refused.as_str()), ("cloudformation.amazonaws.com", "AccessDenied"));
        let resource = Resource::builder().resource_type("AWS::EC2::Instance").resource_name("i-1").build();
        let named = Event::builder().event_id("2").event_name("StopInstances").event_source("monitoring.amazonaws.com");
        let it = call(&named.event_time(DateTime::from_secs(AT)).resources(resource).build()).unwrap();
        assert_eq!((it.resources, it.service.as_str(), it.by.as_str()), (vec!["i-1".into()], "cloudwatch", ""));
    }

    #[test]
    fn what_services_do_by_themselves_and_what_agents_write_is_left_out() {
        assert_eq!(call(&event("RunInstances", r#"{"userIdentity": {"type": "AWSService"}}"#)), None);
        let linked =
            r#"{"userIdentity": {"arn": "arn:aws:sts::1:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling"}}"#;
        assert_eq!(call(&event("RunInstances", linked)), None);
        assert_eq!(call(&event("CreateLogStream", "{}")), None);
        assert_eq!(call(&Event::builder().event_name("StopInstances").build()), None, "it does not say when");
        for odd in ["", "null", "[]", "{\"userIdentity\": 7}", "{"] {
            assert!(call(&event("StopInstances", odd)).is_some(), "{odd}");
        }
    }

    fn known(calls: &[i64]) -> Known {
        let call = |minutes: &i64| {
            Arc::new(ApiCall {
                id: format!("{minutes}").into(),
                at: at(*minutes),
                ..call(&event("StopInstances", "{}")).unwrap()
            })
        };
        Known { calls: calls.iter().map(call).collect(), ..Known::default() }
    }

    #[test]
    fn what_there_was_no_time_for_is_read_later_the_newest_first() {
        let mut it = Known::default();
        it.open(at(0));
        assert_eq!(it.holes, [Hole { from: at(-1_440), until: at(0) }]);
        it.narrow(it.holes[0], at(-90));
        assert_eq!(it.holes, [Hole { from: at(-1_440), until: at(-90) }]);
        // A minute later what is new comes first, and what may have come late is looked at again.
        it.open(at(1));
        assert_eq!(it.holes, [Hole { from: at(-15), until: at(1) }, Hole { from: at(-1_439), until: at(-90) }]);
        it.close(it.holes[0], at(1));
        assert_eq!((it.holes.len(), it.asked), (1, Some(at(1))));
        assert_eq!(it.unread(), Some(SignedDuration::from_mins(1_349)));
        it.narrow(it.holes[0], at(-90));
        assert_eq!(it.holes[0].until, at(-90) - SignedDuration::from_secs(1), "nor is one second read for ever");
        // A day later all of that is too old.
        it.open(at(2_000));
        assert_eq!(it.holes, [Hole { from: at(560), until: at(2_000) }]);
        it.close(it.holes[0], at(2_000));
        it.open(at(1_000));
        assert_eq!(it.holes, [], "a clock set back opens none");
    }

    #[test]
    fn what_is_held_is_of_a_day_and_in_order() {
        let mut it = known(&[-5, -2_000, -1]);
        it.order(at(0));
        assert_eq!(it.calls.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(), ["-1", "-5"]);
    }

    #[test]
    fn a_name_says_more_than_an_id() {
        let of = |raw: &str| named(serde_json::from_str::<Value>(raw).unwrap().as_object().unwrap()).map(str::to_owned);
        assert_eq!(of(r#"{"cluster": "prod", "service": "web"}"#).as_deref(), Some("web"));
        assert_eq!(of(r#"{"dBInstanceIdentifier": "orders", "applyImmediately": true}"#).as_deref(), Some("orders"));
        assert_eq!(of(r#"{"groupId": "sg-1", "groupName": "web"}"#).as_deref(), Some("web"));
        assert_eq!(of(r#"{"names": ["a"], "name": ""}"#), None);
    }
}
