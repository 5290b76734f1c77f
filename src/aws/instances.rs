//! EC2 instances, with their checks, what AWS plans for them, and Spot notices.
//!
//! Terminated ones are left out: EC2 lists them for an hour, and a group that scales would fill the room with its dead.

use std::collections::{HashMap, HashSet};

use aws_sdk_ec2::types::{
    Filter, Instance as SdkInstance, InstanceLifecycleType, InstanceStateName, InstanceStatus, InstanceStatusEvent,
    SpotInstanceRequest, SummaryStatus,
};
use aws_smithy_types::DateTime as SdkTime;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::ask::Ask;
use super::convert::{environment, schedule, tag, tags, time};
use crate::domain::instance::{Instance, InstanceState, Purchase};
use crate::domain::list::List;
use crate::domain::scope::Scope;
use crate::domain::text::Text;
use crate::world::port::CloudError;

/// The most EC2 gives in a page. Asked without, it answers all at once and counts it against a smaller allowance.
const PAGE: i32 = 1_000;
/// One launched so lately may not be in the list of checks yet, which is as good as having them begin. In a large account
/// there is always one.
const YOUNG: SignedDuration = SignedDuration::from_mins(10);
/// How a Spot request stands once EC2 gave notice.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-request-status.html>
const CALLED_BACK: [&str; 2] = ["marked-for-termination", "marked-for-stop"];

pub(super) async fn instances(ask: &Ask<'_>) -> Result<List<Instance>, CloudError> {
    let mut words = Words::default();
    let mut all: Vec<Instance> = Vec::new();
    // Made of each page as it comes: ten thousand of the SDK's own would be tens of megabytes.
    let pages =
        ask.clients.ec2.describe_instances().into_paginator().stop_on_duplicate_token(false).page_size(PAGE).send();
    ask.each_page("ec2:DescribeInstances", pages, |page| {
        let found = page.reservations().iter().flat_map(|it| it.instances.iter().flatten());
        all.extend(found.filter_map(|it| instance(it, ask.scope(), &mut words)));
    })
    .await?;
    if all.is_empty() {
        return Ok(List::default());
    }
    let mut checked: HashMap<String, Checked> = HashMap::new();
    let pages = ask
        .clients
        .ec2
        .describe_instance_status()
        .include_all_instances(true)
        .into_paginator()
        .stop_on_duplicate_token(false)
        .page_size(PAGE)
        .send();
    let outcome = ask
        .each_page("ec2:DescribeInstanceStatus", pages, |page| {
            let found = page.instance_statuses().iter();
            checked.extend(found.filter_map(|it| Some((it.instance_id()?.to_owned(), checks(it, &mut words)))));
        })
        .await;
    let is_checked = ask.or_gap(outcome)?.is_some();
    let notices = if all.iter().any(|it| it.purchase == Purchase::Spot && it.is_running()) {
        ask.or_gap(notices(ask).await)?.unwrap_or_default()
    } else {
        HashMap::new()
    };
    for it in &mut all {
        if let Some(checked) = checked.remove(it.id.as_str()) {
            it.checks = checked.word;
            it.scheduled_event = checked.event;
        } else if is_checked && it.launched.is_some_and(|at| ask.at.duration_since(at) < YOUNG) {
            it.checks = words.one("initializing");
        }
        it.interruption = notices.get(it.id.as_str()).copied();
    }
    all.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(List::new(all))
}

/// Words that ten thousand machines share are held once.
#[derive(Debug, Default)]
struct Words(HashSet<Text>);

impl Words {
    fn one(&mut self, raw: &str) -> Text {
        if let Some(known) = self.0.get(raw) {
            return known.clone();
        }
        let word = Text::new(raw);
        self.0.insert(word.clone());
        word
    }
}

/// Nothing for one that is terminated.
fn instance(it: &SdkInstance, scope: &Scope, words: &mut Words) -> Option<Instance> {
    let state = match it.state().and_then(|state| state.name()) {
        Some(InstanceStateName::Terminated) => return None,
        Some(InstanceStateName::Pending) => InstanceState::Pending,
        Some(InstanceStateName::Running) => InstanceState::Running,
        Some(InstanceStateName::ShuttingDown) => InstanceState::ShuttingDown,
        Some(InstanceStateName::Stopping) => InstanceState::Stopping,
        Some(InstanceStateName::Stopped) => InstanceState::Stopped,
        _ => InstanceState::Unknown,
    };
    let id = Text::new(it.instance_id()?);
    let tags = tags(it.tags().iter().map(|tag| (tag.key(), tag.value())));
    let mut said = |names: &[&str]| tag(&tags, names).map_or_else(Text::default, |value| words.one(value.as_str()));
    let owner = said(&["owner", "created-by", "createdby", "launched-by"]);
    let group = said(&["aws:autoscaling:groupName", "aws:ec2:fleet-id", "aws:ec2spot:fleet-request-id"]);
    let stopped = it.state_transition_reason().and_then(transition);
    Some(Instance {
        name: tag(&tags, &["Name"]).filter(|name| !name.is_empty()).cloned().unwrap_or_else(|| id.clone()),
        id,
        kind: words.one(it.instance_type().map_or("", |kind| kind.as_str())),
        zone: words.one(it.placement().and_then(|at| at.availability_zone()).unwrap_or("")),
        environment: environment(&tags, scope),
        state,
        purchase: match it.instance_lifecycle() {
            None => Purchase::OnDemand,
            Some(InstanceLifecycleType::Spot) => Purchase::Spot,
            Some(_) => Purchase::Reserved,
        },
        launched: it.launch_time().map(time),
        stopped: stopped.map(|(at, _)| at),
        stopped_why: stopped.map_or_else(Text::default, |(_, why)| words.one(why)),
        owner,
        group,
        checks: Text::default(),
        scheduled_event: None,
        interruption: None,
        schedule: schedule(&tags),
        tags: tags.iter().map(|(key, value)| (words.one(key.as_str()), words.one(value.as_str()))).collect(),
        root: words.one(it.root_device_type().map_or("", |kind| kind.as_str())),
        operator: words.one(operator(it)),
        per_hour: None,
    })
}

/// When it left off running, and why: `User initiated (2026-03-10 14:02:11 GMT)`. Empty while it runs, and without a time where
/// EC2 stopped it.
fn transition(reason: &str) -> Option<(Timestamp, &str)> {
    let (why, at) = reason.trim_end().strip_suffix(" GMT)")?.rsplit_once(" (")?;
    let at = DateTime::strptime("%Y-%m-%d %H:%M:%S", at).ok()?.to_zoned(TimeZone::UTC).ok()?;
    Some((at.timestamp(), why))
}

/// The service that runs it, where one does.
fn operator(it: &SdkInstance) -> &str {
    let operator = it.operator().filter(|operator| operator.managed() == Some(true));
    operator.map_or("", |operator| operator.principal().unwrap_or("a service of AWS"))
}

#[derive(Debug, PartialEq)]
struct Checked {
    word: Text,
    event: Option<Text>,
}

fn checks(it: &InstanceStatus, words: &mut Words) -> Checked {
    let all = [
        it.system_status().and_then(|status| status.status()),
        it.instance_status().and_then(|status| status.status()),
        it.attached_ebs_status().and_then(|status| status.status()),
    ];
    let worst = all.into_iter().flatten().max_by_key(|status| badness(status));
    Checked { word: words.one(worst.map_or("", SummaryStatus::as_str)), event: event(it.events()) }
}

fn badness(status: &SummaryStatus) -> u8 {
    match status {
        SummaryStatus::Impaired => 5,
        SummaryStatus::InsufficientData => 3,
        SummaryStatus::Initializing => 2,
        SummaryStatus::Ok => 1,
        SummaryStatus::NotApplicable => 0,
        // One this version does not know is shown before all that says little.
        _ => 4,
    }
}

/// The first that is still to come, in AWS's words. Those that are over stay listed for a week, marked so.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_scheduled_events.html>
fn event(all: &[InstanceStatusEvent]) -> Option<Text> {
    let is_over = |it: &&InstanceStatusEvent| {
        let words = it.description().unwrap_or("");
        words.starts_with("[Completed]") || words.starts_with("[Canceled]")
    };
    let next = all.iter().filter(|it| !is_over(it)).min_by_key(|it| it.not_before().map_or(i64::MAX, SdkTime::secs))?;
    let code = next.code().map_or("event", |code| code.as_str());
    let when = next.not_before().map_or_else(String::new, |at| format!(" from {:.0}", time(at)));
    let words = next.description().map_or_else(String::new, |words| format!(": {words}"));
    Some(Text::new(&format!("{code}{when}{words}")))
}

/// When EC2 gave notice, by instance. Asked only for those: all requests there are would be as many as instances.
async fn notices(ask: &Ask<'_>) -> Result<HashMap<String, Timestamp>, CloudError> {
    let marked =
        Filter::builder().name("status-code").set_values(Some(CALLED_BACK.map(str::to_owned).to_vec())).build();
    let pages = ask
        .clients
        .ec2
        .describe_spot_instance_requests()
        .filters(marked)
        .into_paginator()
        .stop_on_duplicate_token(false)
        .page_size(PAGE)
        .send();
    let pages = ask.pages("ec2:DescribeSpotInstanceRequests", pages).await?;
    Ok(pages.iter().flat_map(|page| page.spot_instance_requests.iter().flatten()).filter_map(notice).collect())
}

/// Looked at again, because not every endpoint filters.
fn notice(it: &SpotInstanceRequest) -> Option<(String, Timestamp)> {
    let status = it.status().filter(|status| status.code().is_some_and(|code| CALLED_BACK.contains(&code)))?;
    Some((it.instance_id()?.to_owned(), status.update_time().map(time)?))
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{EventCode, InstanceState as SdkState, InstanceStatusSummary, SpotInstanceStatus, Tag};

    use super::*;
    use crate::domain::scope::Environment;

    fn scope() -> Scope {
        Scope {
            account: "123456789012".into(),
            alias: "".into(),
            region: "eu-west-1".into(),
            environment: Environment::Prod,
        }
    }

    fn made(state: InstanceStateName, all: &[(&str, &str)]) -> Option<Instance> {
        let all = all.iter().map(|(key, value)| Tag::builder().key(*key).value(*value).build()).collect();
        let sdk = SdkInstance::builder()
            .instance_id("i-1")
            .state(SdkState::builder().name(state).build())
            .set_tags(Some(all))
            .build();
        instance(&sdk, &scope(), &mut Words::default())
    }

    #[test]
    fn the_dead_are_left_out_and_what_nobody_knows_is_kept() {
        assert_eq!(made(InstanceStateName::Terminated, &[]), None);
        assert_eq!(made(InstanceStateName::from("hovering"), &[]).unwrap().state, InstanceState::Unknown);
        let bare =
            instance(&SdkInstance::builder().instance_id("i-1").build(), &scope(), &mut Words::default()).unwrap();
        assert_eq!((bare.name.as_str(), bare.launched, bare.per_hour), ("i-1", None, None));
        assert_eq!(instance(&SdkInstance::builder().build(), &scope(), &mut Words::default()), None);
    }

    #[test]
    fn what_was_stopped_says_when_and_why() {
        let at = "2026-03-10T14:02:11Z".parse().unwrap();
        assert_eq!(transition("User initiated (2026-03-10 14:02:11 GMT)"), Some((at, "User initiated")));
        let long = "Client.UserInitiatedShutdown: User initiated shutdown (x) (2026-03-10 14:02:11 GMT)";
        assert_eq!(transition(long).map(|(at, _)| at), Some(at));
        for untold in
            ["", "Server.SpotInstanceTermination", "User initiated (soon GMT)", " GMT)", "(2026-03-10 14:02:11 GMT)"]
        {
            assert_eq!(transition(untold), None, "{untold}");
        }
    }

    #[test]
    fn tags_say_what_it_is_called_and_who_keeps_it() {
        let all = [
            ("Name", "web-1"),
            ("aws:autoscaling:groupName", "web"),
            ("Owner", "payments"),
            ("env", "dev"),
            ("Schedule", "office-hours"),
        ];
        let it = made(InstanceStateName::Running, &all).unwrap();
        assert_eq!((it.name.as_str(), it.group.as_str(), it.owner.as_str()), ("web-1", "web", "payments"));
        assert_eq!((it.environment, it.schedule), (Environment::Dev, Some("office-hours".into())));
    }

    #[test]
    fn what_can_be_stopped_is_told() {
        use aws_sdk_ec2::types::{DeviceType, OperatorResponse};
        let of = |root: &str, is_managed: bool| {
            let operator = OperatorResponse::builder().managed(is_managed).principal("eks.amazonaws.com").build();
            let sdk = SdkInstance::builder().instance_id("i-1").root_device_type(DeviceType::from(root));
            instance(&sdk.operator(operator).build(), &scope(), &mut Words::default()).unwrap()
        };
        let it = of("ebs", false);
        assert_eq!((it.root.as_str(), it.operator.as_str()), ("ebs", ""));
        let it = of("instance-store", true);
        assert_eq!((it.root.as_str(), it.operator.as_str()), ("instance-store", "eks.amazonaws.com"));
        let it = made(InstanceStateName::Running, &[("opscon:before", "running"), ("Name", "web-1")]).unwrap();
        assert_eq!(it.tags, [("Name".into(), "web-1".into()), ("opscon:before".into(), "running".into())]);
    }

    #[test]
    fn the_worst_check_counts() {
        let of = |status: &str| InstanceStatusSummary::builder().status(SummaryStatus::from(status)).build();
        let word = |system: &str, instance: &str| {
            let it = InstanceStatus::builder().system_status(of(system)).instance_status(of(instance)).build();
            checks(&it, &mut Words::default()).word.to_string()
        };
        assert_eq!(word("ok", "impaired"), "impaired");
        assert_eq!(word("initializing", "ok"), "initializing");
        assert_eq!(word("not-applicable", "not-applicable"), "not-applicable");
        assert_eq!(word("ok", "sleepy"), "sleepy");
        let nothing = checks(&InstanceStatus::builder().build(), &mut Words::default());
        assert_eq!(nothing, Checked { word: Text::default(), event: None });
    }

    #[test]
    fn an_event_that_is_over_is_none() {
        let of = |code: &str, at: i64, words: &str| {
            let at = SdkTime::from_secs(at);
            InstanceStatusEvent::builder().code(EventCode::from(code)).not_before(at).description(words).build()
        };
        let done = of("system-reboot", 0, "[Completed] reboot");
        let next = of("instance-retirement", 86_400, "running on degraded hardware");
        let later = of("system-reboot", 172_800, "reboot");
        let words = "instance-retirement from 1970-01-02T00:00:00Z: running on degraded hardware";
        assert_eq!(event(&[later, next, done.clone()]), Some(words.into()));
        assert_eq!(event(&[done]), None);
    }

    #[test]
    fn a_notice_is_one_that_was_given() {
        let of = |code: &str| {
            let status = SpotInstanceStatus::builder().code(code).update_time(SdkTime::from_secs(60)).build();
            notice(&SpotInstanceRequest::builder().instance_id("i-1").status(status).build())
        };
        assert_eq!(of("marked-for-termination"), Some(("i-1".into(), Timestamp::from_second(60).unwrap())));
        assert_eq!(of("fulfilled"), None);
    }
}
