//! Load balancers of the second generation: application, network and gateway, with the health of what stands behind them.
//!
//! A target group that no balancer uses serves nothing and is not shown; its targets are `unused` to AWS itself. Listeners
//! take a call for each balancer, so they are kept, and read again in turn.

use std::collections::HashMap;

use aws_sdk_elasticloadbalancingv2::operation::describe_listeners::DescribeListenersOutput;
use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, ForwardActionConfig, Listener as SdkListener, LoadBalancer as SdkBalancer,
    LoadBalancerStateEnum, LoadBalancerTypeEnum, ProtocolEnum, TargetDescription, TargetGroup as SdkGroup,
    TargetGroupTuple, TargetHealthDescription, TargetHealthStateEnum,
};
use jiff::SignedDuration;

use super::ask::{Ask, gather};
use super::convert::{environment, tags, text};
use super::rota::{Found, Pace};
use super::zones;
use crate::domain::balancer::{Forward, Listener, LoadBalancer, Target, TargetGroup, TargetHealth};
use crate::domain::list::List;
use crate::domain::scope::Scope;
use crate::domain::text::Text;
use crate::domain::zone::Shifting;
use crate::world::feed::{Feed, Payload};
use crate::world::port::{CloudError, FaultClass};

/// Resources in one question for tags.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTags.html>
const TAGGED: usize = 20;

/// One call for each balancer. A part of the requests that is moved from one group to another is seen soon.
const LISTENERS: Pace = Pace { at_a_time: 25, kept: SignedDuration::from_mins(2) };

type Tags = HashMap<String, Vec<(Text, Text)>>;

pub(super) async fn balancers(ask: &Ask<'_>) -> Result<List<LoadBalancer>, CloudError> {
    let elb = &ask.clients.elb;
    let pages = elb.describe_load_balancers().page_size(400).into_paginator().stop_on_duplicate_token(false).send();
    let pages = ask.pages("elasticloadbalancing:DescribeLoadBalancers", pages).await?;
    let balancers: Vec<&SdkBalancer> = pages.iter().flat_map(|page| page.load_balancers.iter().flatten()).collect();
    if balancers.is_empty() {
        return Ok(List::default());
    }
    let pages = elb.describe_target_groups().page_size(400).into_paginator().stop_on_duplicate_token(false).send();
    let pages = ask.pages("elasticloadbalancing:DescribeTargetGroups", pages).await?;
    let serving = pages
        .iter()
        .flat_map(|page| page.target_groups.iter().flatten())
        .filter(|it| !it.load_balancer_arns().is_empty());
    let serving: Vec<&SdkGroup> = serving.collect();
    // AWS answers the health of one group at a time.
    let health = gather(serving.iter().map(|group| health_of(ask, group)).collect()).await?;
    let zones_of = zones_of(ask, &health);
    let mut groups: Vec<(&[String], TargetGroup)> = Vec::new();
    for (group, health) in serving.into_iter().zip(&health) {
        if matches!(health, Health::Gone) {
            continue;
        }
        groups.push((group.load_balancer_arns(), target_group(group, health, &zones_of)));
    }
    groups.sort_by(|(_, a), (_, b)| a.dimension.cmp(&b.dimension));
    let arns: Vec<&str> = balancers.iter().filter_map(|it| it.load_balancer_arn()).collect();
    let tags: Tags =
        gather(arns.chunks(TAGGED).map(|arns| tags_of(ask, arns)).collect()).await?.into_iter().flatten().collect();
    let listeners = listeners(ask, &balancers).await?;
    let shifting = Box::pin(zones::shifting(ask)).await;
    let more = More { groups: &groups, tags: &tags, listeners: &listeners, shifting: shifting.as_ref() };
    let mut all: Vec<LoadBalancer> = balancers.into_iter().map(|it| balancer(it, &more, ask.scope())).collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(List::new(all))
}

/// What is known of the listeners of each balancer, by its ARN.
type Listeners = HashMap<String, Option<Vec<Listener>>>;

async fn listeners(ask: &Ask<'_>, balancers: &[&SdkBalancer]) -> Result<Listeners, CloudError> {
    let found = balancers.iter().filter_map(|it| Some(Found { key: it.load_balancer_arn()?, changed: None, it: *it }));
    let found: Vec<Found<'_, SdkBalancer>> = found.collect();
    let wanted = ask.place.listeners.wanted(LISTENERS, &found, ask.at);
    let read = gather(wanted.iter().map(|found| listeners_of(ask, found.key)).collect()).await?;
    let read = wanted.into_iter().zip(read).filter_map(|(it, asked)| match asked {
        Asked::Told(listeners) => Some((it, listeners)),
        Asked::Gone => None,
    });
    Ok(ask.place.listeners.take(read, &found, ask.at))
}

/// What became of the question for one balancer's listeners.
enum Asked {
    /// Nothing where they may not be read.
    Told(Option<Vec<Listener>>),
    /// Deleted since it was listed.
    Gone,
}

async fn listeners_of(ask: &Ask<'_>, arn: &str) -> Result<Asked, CloudError> {
    let pages = ask.clients.elb.describe_listeners().load_balancer_arn(arn);
    let pages = pages.page_size(400).into_paginator().stop_on_duplicate_token(false).send();
    let pages = match ask.pages("elasticloadbalancing:DescribeListeners", pages).await {
        Err(error) if error.class == FaultClass::NotFound => return Ok(Asked::Gone),
        outcome => ask.or_gap(outcome)?,
    };
    let all = |pages: Vec<DescribeListenersOutput>| {
        let listeners = pages.iter().flat_map(DescribeListenersOutput::listeners);
        let mut all: Vec<Listener> = listeners.map(listener).collect();
        all.sort_by_key(|it| it.port);
        all
    };
    Ok(Asked::Told(pages.map(all)))
}

fn listener(it: &SdkListener) -> Listener {
    // Signing in comes before what is done in the end.
    let last = it.default_actions().iter().max_by_key(|action| action.order());
    let forwards = last.map(forwards).unwrap_or_default();
    Listener {
        port: it.port().and_then(|port| u16::try_from(port).ok()).filter(|port| *port > 0),
        protocol: text(it.protocol().map(ProtocolEnum::as_str)),
        otherwise: last.filter(|_| forwards.is_empty()).map(otherwise).unwrap_or_default(),
        forwards,
    }
}

/// The groups it forwards to, by weight. AWS names a single group in two places, or in one.
fn forwards(action: &Action) -> Vec<Forward> {
    let weighted = action.forward_config().map(ForwardActionConfig::target_groups).unwrap_or_default();
    let total: i64 = weighted.iter().map(|it| weight(it.weight())).sum();
    if total == 0 {
        let arn = action.target_group_arn().or_else(|| weighted.first()?.target_group_arn());
        return arn.map(|arn| Forward { target_group: group_name(arn), percent: 100.0 }).into_iter().collect();
    }
    let part = |it: &TargetGroupTuple| Forward {
        target_group: group_name(it.target_group_arn().unwrap_or("")),
        percent: weight(it.weight()) as f64 * 100.0 / total as f64,
    };
    let mut all: Vec<Forward> = weighted.iter().map(part).collect();
    all.sort_by(|a, b| b.percent.total_cmp(&a.percent).then_with(|| a.target_group.cmp(&b.target_group)));
    all
}

/// A group without a weight has one.
fn weight(weight: Option<i32>) -> i64 {
    weight.map_or(1, |weight| i64::from(weight.max(0)))
}

/// `…:targetgroup/web/73e2d6bc24d8a067` is `web`.
fn group_name(arn: &str) -> Text {
    Text::new(arn.split_once(":targetgroup/").map_or(arn, |(_, name)| name.split('/').next().unwrap_or(name)))
}

fn otherwise(action: &Action) -> Text {
    let words = match action.r#type() {
        Some(ActionTypeEnum::Redirect) => {
            let to = action.redirect_config();
            // What is not changed is written as a variable: `#{host}`.
            let part = |part: Option<&str>| part.filter(|part| !part.contains("#{")).map(str::to_owned);
            let known = [
                part(to.and_then(|to| to.protocol())),
                part(to.and_then(|to| to.host())),
                part(to.and_then(|to| to.port())),
            ];
            let to = known.into_iter().flatten().collect::<Vec<_>>().join(":");
            if to.is_empty() { "redirects".to_owned() } else { format!("redirects to {to}") }
        }
        Some(ActionTypeEnum::FixedResponse) => {
            let code = action.fixed_response_config().and_then(|it| it.status_code()).unwrap_or("-");
            format!("answers {code} itself")
        }
        Some(other) => other.as_str().to_owned(),
        None => String::new(),
    };
    Text::new(&words)
}

/// What became of the question for one group's health.
enum Health {
    Told(Vec<TargetHealthDescription>),
    /// It may not be read.
    Untold,
    /// Deleted since it was listed.
    Gone,
}

async fn health_of(ask: &Ask<'_>, group: &SdkGroup) -> Result<Health, CloudError> {
    let request = ask.clients.elb.describe_target_health().set_target_group_arn(group.target_group_arn.clone()).send();
    match ask.call("elasticloadbalancing:DescribeTargetHealth", request).await {
        Ok(answer) => Ok(Health::Told(answer.target_health_descriptions.unwrap_or_default())),
        Err(error) if error.class == FaultClass::NotFound => Ok(Health::Gone),
        Err(error) => Ok(ask.or_gap(Err(error))?.map_or(Health::Untold, Health::Told)),
    }
}

/// The tags of up to twenty balancers. One that was deleted meanwhile makes AWS refuse all of them; they come next time.
async fn tags_of(ask: &Ask<'_>, arns: &[&str]) -> Result<Tags, CloudError> {
    let arns = arns.iter().map(|arn| (*arn).to_owned()).collect();
    let request = ask.clients.elb.describe_tags().set_resource_arns(Some(arns)).send();
    let answer = match ask.call("elasticloadbalancing:DescribeTags", request).await {
        Err(error) if error.class == FaultClass::NotFound => None,
        outcome => ask.or_gap(outcome)?,
    };
    let described = answer.and_then(|answer| answer.tag_descriptions).unwrap_or_default();
    let of = |arn: String, all: &[aws_sdk_elasticloadbalancingv2::types::Tag]| {
        (arn, tags(all.iter().map(|tag| (tag.key(), tag.value()))))
    };
    Ok(described.into_iter().filter_map(|it| Some(of(it.resource_arn.clone()?, it.tags()))).collect())
}

/// The zone of each instance that is a target: AWS tells the zone of addresses only, but the instances were listed.
fn zones_of(ask: &Ask<'_>, health: &[Health]) -> HashMap<Text, Text> {
    let told = health.iter().filter_map(|health| if let Health::Told(all) = health { Some(all) } else { None });
    let mut names = told.flatten().filter_map(|it| it.target()?.id());
    if !names.any(|id| id.starts_with("i-")) {
        return HashMap::new();
    }
    match ask.place.seen(Feed::Instances) {
        Some(Payload::Instances(list)) => list.iter().map(|it| (it.id.clone(), it.zone.clone())).collect(),
        _ => HashMap::new(),
    }
}

/// What a balancer does not say of itself.
struct More<'a> {
    groups: &'a [(&'a [String], TargetGroup)],
    tags: &'a Tags,
    listeners: &'a Listeners,
    /// By ARN, those of which traffic can be led away from a zone; nothing where that may not be read.
    shifting: Option<&'a HashMap<String, Shifting>>,
}

fn balancer(it: &SdkBalancer, more: &More<'_>, scope: &Scope) -> LoadBalancer {
    let arn = it.load_balancer_arn().unwrap_or("");
    let mine = more.groups.iter().filter(|(users, _)| users.iter().any(|user| user == arn));
    LoadBalancer {
        name: text(it.load_balancer_name()),
        arn: Text::new(arn),
        kind: text(it.r#type().map(LoadBalancerTypeEnum::as_str)),
        environment: environment(more.tags.get(arn).map_or(&[], Vec::as_slice), scope),
        state: text(it.state().and_then(|state| state.code()).map(LoadBalancerStateEnum::as_str)),
        state_reason: text(it.state().and_then(|state| state.reason())),
        dimension: Text::new(arn.split_once(":loadbalancer/").map_or(arn, |(_, dimension)| dimension)),
        target_groups: mine.map(|(_, group)| group.clone()).collect(),
        listeners: more.listeners.get(arn).cloned().flatten(),
        shifting: more.shifting.map(|all| all.get(arn).cloned().unwrap_or(Shifting::NotEnabled)),
    }
}

fn target_group(it: &SdkGroup, health: &Health, zones: &HashMap<Text, Text>) -> TargetGroup {
    let arn = it.target_group_arn().unwrap_or("");
    TargetGroup {
        name: text(it.target_group_name()),
        dimension: Text::new(arn.rsplit(':').next().unwrap_or(arn)),
        targets: match health {
            Health::Told(all) => {
                let mut all: Vec<Target> = all.iter().map(|it| target(it, zones)).collect();
                all.sort_by(|a, b| (&a.id, a.port).cmp(&(&b.id, b.port)));
                Some(all)
            }
            Health::Untold | Health::Gone => None,
        },
    }
}

fn target(it: &TargetHealthDescription, zones: &HashMap<Text, Text>) -> Target {
    let target = it.target();
    let id = text(target.and_then(|target| target.id()));
    let zone = target.and_then(|target| target.availability_zone()).map(Text::new);
    let zone = zone.or_else(|| zones.get(&id).cloned()).unwrap_or_default();
    let health = it.target_health();
    let state = health.and_then(|health| health.state());
    let words = health.and_then(|health| health.description()).unwrap_or("");
    let code = health.and_then(|health| health.reason()).map_or("", |reason| reason.as_str());
    let (known, unknown) = match state {
        Some(TargetHealthStateEnum::Healthy) => (TargetHealth::Healthy, ""),
        Some(TargetHealthStateEnum::Unhealthy) => (TargetHealth::Unhealthy, ""),
        Some(TargetHealthStateEnum::Initial) => (TargetHealth::Initial, ""),
        Some(TargetHealthStateEnum::Draining | TargetHealthStateEnum::UnhealthyDraining) => {
            (TargetHealth::Draining, "")
        }
        Some(TargetHealthStateEnum::Unused) => (TargetHealth::Unused, ""),
        Some(TargetHealthStateEnum::Unavailable) | None => (TargetHealth::Unavailable, ""),
        // A state this version does not know is shown as it is spelled, and judged as little as one that is not told.
        Some(other) => (TargetHealth::Unavailable, other.as_str()),
    };
    let reason = match (unknown, words, code) {
        ("", "", code) => code.to_owned(),
        ("", words, "") => words.to_owned(),
        ("", words, code) => format!("{words} ({code})"),
        (state, words, code) => {
            [state, words, code].into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(", ")
        }
    };
    Target {
        id,
        // A Lambda function has no port, and AWS says so with a zero or not at all.
        port: target
            .and_then(TargetDescription::port)
            .and_then(|port| u16::try_from(port).ok())
            .filter(|port| *port > 0),
        zone,
        health: known,
        reason: Text::new(&reason),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_elasticloadbalancingv2::types::{
        FixedResponseActionConfig, RedirectActionConfig, TargetHealth as SdkHealth, TargetHealthReasonEnum,
    };

    use super::*;
    use crate::domain::scope::Environment;

    const WEB: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/net/web/50dc6c495c0c9188";

    fn scope() -> Scope {
        Scope {
            account: "123456789012".into(),
            alias: "".into(),
            region: "eu-west-1".into(),
            environment: Environment::Prod,
        }
    }

    fn described(state: &str, reason: Option<&str>, words: Option<&str>) -> Target {
        let health = SdkHealth::builder()
            .state(TargetHealthStateEnum::from(state))
            .set_reason(reason.map(TargetHealthReasonEnum::from))
            .set_description(words.map(str::to_owned))
            .build();
        let at = TargetDescription::builder().id("i-1").port(8080).build();
        let it = TargetHealthDescription::builder().target(at).target_health(health).build();
        target(&it, &HashMap::from([("i-1".into(), "eu-west-1a".into())]))
    }

    #[test]
    fn a_target_says_why_it_is_not_well() {
        let sick = described(
            "unhealthy",
            Some("Target.ResponseCodeMismatch"),
            Some("Health checks failed with these codes: [503]"),
        );
        assert_eq!(sick.health, TargetHealth::Unhealthy);
        assert_eq!(sick.reason, "Health checks failed with these codes: [503] (Target.ResponseCodeMismatch)");
        assert_eq!((sick.port, sick.zone.as_str()), (Some(8080), "eu-west-1a"));
        assert_eq!(described("healthy", None, None).reason, "");
        assert_eq!(described("initial", Some("Elb.RegistrationInProgress"), None).reason, "Elb.RegistrationInProgress");
    }

    #[test]
    fn a_state_nobody_knows_is_not_judged_and_is_shown() {
        let odd = described("bewildered", None, Some("by the moon"));
        assert_eq!((odd.health, odd.reason.as_str()), (TargetHealth::Unavailable, "bewildered, by the moon"));
        let nothing = target(&TargetHealthDescription::builder().build(), &HashMap::new());
        assert_eq!((nothing.health, nothing.port), (TargetHealth::Unavailable, None));
    }

    #[test]
    fn dimensions_are_the_ends_of_arns_and_groups_go_to_their_balancers() {
        let arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/73e2d6bc24d8a067";
        let sdk = SdkGroup::builder().target_group_arn(arn).target_group_name("web").build();
        let group = target_group(&sdk, &Health::Untold, &HashMap::new());
        assert_eq!((group.dimension.as_str(), &group.targets), ("targetgroup/web/73e2d6bc24d8a067", &None));
        let other = TargetGroup { name: "other".into(), ..group.clone() };
        let users = [WEB.to_owned()];
        let groups = [(&users[..], group), (&[][..], other)];
        let sdk = SdkBalancer::builder()
            .load_balancer_arn(WEB)
            .load_balancer_name("web")
            .r#type(LoadBalancerTypeEnum::Network)
            .build();
        let tags = Tags::from([(WEB.to_owned(), vec![("env".into(), "staging".into())])]);
        let shifting = HashMap::new();
        let more = More { groups: &groups, tags: &tags, listeners: &Listeners::new(), shifting: Some(&shifting) };
        let all = balancer(&sdk, &more, &scope());
        assert_eq!((all.arn.as_str(), &all.shifting), (WEB, &Some(Shifting::NotEnabled)));
        assert_eq!((all.dimension.as_str(), all.kind.as_str()), ("net/web/50dc6c495c0c9188", "network"));
        assert_eq!((all.target_groups.len(), all.environment), (1, Environment::Staging));
        assert!(!all.is_told());
        let nothing = More { groups: &[], tags: &Tags::new(), listeners: &Listeners::new(), shifting: None };
        let empty = balancer(&SdkBalancer::builder().build(), &nothing, &scope());
        assert_eq!((empty.state.as_str(), empty.shifting), ("", None));
    }

    #[test]
    fn a_listener_says_where_requests_go() {
        let arn =
            |name: &str| format!("arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/{name}/73e2d6bc");
        let group = |name: &str, weight: Option<i32>| {
            TargetGroupTuple::builder().target_group_arn(arn(name)).set_weight(weight).build()
        };
        let forward = |groups: Vec<TargetGroupTuple>| {
            let config = ForwardActionConfig::builder().set_target_groups(Some(groups)).build();
            let action = Action::builder().r#type(ActionTypeEnum::Forward).forward_config(config).build();
            let parts = forwards(&action).into_iter();
            parts.map(|it| format!("{} {}", it.target_group, it.percent)).collect::<Vec<_>>()
        };
        assert_eq!(forward(vec![group("green", Some(10)), group("blue", Some(90))]), ["blue 90", "green 10"]);
        assert_eq!(forward(vec![group("blue", None)]), ["blue 100"]);
        assert_eq!(
            forward(vec![group("blue", Some(0))]),
            ["blue 100"],
            "a single one has everything, whatever it weighs"
        );
        let single = Action::builder().r#type(ActionTypeEnum::Forward).target_group_arn(arn("web")).build();
        let it = listener(&SdkListener::builder().port(443).default_actions(single).build());
        assert_eq!((it.port, it.forwards[0].target_group.as_str(), it.otherwise.as_str()), (Some(443), "web", ""));
        assert!(listener(&SdkListener::builder().build()).forwards.is_empty());
    }

    #[test]
    fn a_listener_that_forwards_nothing_says_what_it_does() {
        let to = RedirectActionConfig::builder().protocol("HTTPS").port("443").host("#{host}").build();
        let sign_in = Action::builder().r#type(ActionTypeEnum::AuthenticateOidc).order(1).build();
        let redirect = Action::builder().r#type(ActionTypeEnum::Redirect).redirect_config(to).order(2).build();
        let it = listener(&SdkListener::builder().default_actions(redirect).default_actions(sign_in).build());
        assert_eq!(it.otherwise, "redirects to HTTPS:443");
        let page = FixedResponseActionConfig::builder().status_code("503").build();
        let page = Action::builder().r#type(ActionTypeEnum::FixedResponse).fixed_response_config(page).build();
        assert_eq!(otherwise(&page), "answers 503 itself");
    }
}
