//! SNS topics and who is subscribed to them.

use std::collections::HashMap;

use aws_sdk_sns::types::Subscription as SdkSubscription;

use super::ask::{Ask, gather};
use super::convert::{environment_of_name, name_of_arn, text};
use crate::domain::list::List;
use crate::domain::messaging::{Subscribers, Subscription, Topic};
use crate::domain::scope::Scope;
use crate::domain::text::Text;
use crate::world::feed::{Feed, Payload};
use crate::world::port::{CloudError, FaultClass};

/// Topics whose attributes are read at a time; the others keep what was read when it was their turn. They change seldom, SNS
/// allows thirty calls a second, and there may be a hundred thousand topics.
const AT_A_TIME: usize = 300;

/// What the attributes of a topic tell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Attributes {
    encrypted: Option<bool>,
    counted: Option<Subscribers>,
}

pub(super) async fn topics(ask: &Ask<'_>) -> Result<List<Topic>, CloudError> {
    let client = &ask.clients.sns;
    let pages = ask
        .pages("sns:ListTopics", client.list_topics().into_paginator().stop_on_duplicate_token(false).send())
        .await?;
    let mut arns: Vec<String> = pages
        .iter()
        .flat_map(|page| page.topics.iter().flatten())
        .filter_map(|topic| topic.topic_arn().map(str::to_owned))
        .collect();
    arns.sort();
    arns.dedup();
    if arns.is_empty() {
        return Ok(List::new(Vec::new()));
    }
    // Once for all topics. These are the account's own subscriptions: what other accounts have subscribed is only counted, by
    // the attributes.
    let pages = ask
        .pages(
            "sns:ListSubscriptions",
            client.list_subscriptions().into_paginator().stop_on_duplicate_token(false).send(),
        )
        .await?;
    let mut subscriptions: HashMap<&str, Vec<Subscription>> = HashMap::new();
    for (topic, one) in pages.iter().flat_map(|page| page.subscriptions.iter().flatten()).filter_map(subscription) {
        subscriptions.entry(topic).or_default().push(one);
    }
    let mut known = before(ask);
    known.extend(attributes(ask, &ask.turn("topics", &arns, AT_A_TIME)).await?);
    let all = arns
        .iter()
        .map(|arn| {
            let subscriptions = subscriptions.remove(arn.as_str()).unwrap_or_default();
            topic(arn, subscriptions, known.get(arn).copied().unwrap_or_default(), ask.scope())
        })
        .collect();
    Ok(List::new(all))
}

/// What was read of each last time, by ARN.
fn before(ask: &Ask<'_>) -> HashMap<String, Attributes> {
    let Some(Payload::Topics(list)) = ask.place.seen(Feed::Topics) else { return HashMap::new() };
    list.iter()
        .map(|topic| (topic.arn.to_string(), Attributes { encrypted: topic.encrypted, counted: topic.counted }))
        .collect()
}

/// The attributes of those that may be read. Where none of the first may, the others are not tried.
async fn attributes(ask: &Ask<'_>, arns: &[&String]) -> Result<Vec<(String, Attributes)>, CloudError> {
    let mut all = Vec::new();
    for some in arns.chunks(16) {
        let answers = gather(some.iter().map(|arn| attributes_of(ask, arn)).collect()).await?;
        all.extend(answers.into_iter().flatten());
        if all.is_empty() {
            break;
        }
    }
    Ok(all)
}

async fn attributes_of(ask: &Ask<'_>, arn: &str) -> Result<Option<(String, Attributes)>, CloudError> {
    let request = ask.clients.sns.get_topic_attributes().topic_arn(arn).send();
    match ask.call("sns:GetTopicAttributes", request).await {
        Ok(answer) => Ok(Some((arn.to_owned(), told_by(&answer.attributes.unwrap_or_default())))),
        // Deleted since it was listed.
        Err(error) if error.class == FaultClass::NotFound => Ok(None),
        refused => ask.or_gap(refused.map(|_| None)).map(Option::flatten),
    }
}

fn told_by(attributes: &HashMap<String, String>) -> Attributes {
    let number = |name: &str| attributes.get(name).and_then(|number| number.parse().ok());
    let counted = number("SubscriptionsConfirmed")
        .map(|confirmed| Subscribers { confirmed, pending: number("SubscriptionsPending").unwrap_or(0) });
    Attributes { encrypted: Some(attributes.get("KmsMasterKeyId").is_some_and(|key| !key.is_empty())), counted }
}

/// A subscription and the ARN of its topic.
fn subscription(one: &SdkSubscription) -> Option<(&str, Subscription)> {
    // In place of an ARN there is a word for one that was never confirmed, and for one that is gone.
    let arn = one.subscription_arn().unwrap_or("");
    if arn == "Deleted" {
        return None;
    }
    let protocol = text(one.protocol());
    let endpoint = one.endpoint().unwrap_or("");
    let endpoint = if protocol.as_str().starts_with("http") { without_secrets(endpoint) } else { endpoint.into() };
    Some((one.topic_arn()?, Subscription { protocol, endpoint, pending_confirmation: arn == "PendingConfirmation" }))
}

/// A web address without a password and without what comes after the question mark, which is where services have their keys:
/// what is shown here is copied into chats. Addresses of people stay: whom an alarm reaches is what one looks for.
fn without_secrets(url: &str) -> Text {
    let (bare, has_more) = match url.split_once('?') {
        Some((bare, _)) => (bare, "?…"),
        None => (url, ""),
    };
    let bare = match bare.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            format!("{scheme}://{}{path}", host.rsplit('@').next().unwrap_or(host))
        }
        None => bare.to_owned(),
    };
    Text::new(&format!("{bare}{has_more}"))
}

fn topic(arn: &str, mut subscriptions: Vec<Subscription>, told: Attributes, scope: &Scope) -> Topic {
    let name = name_of_arn(arn);
    subscriptions.sort_by(|a, b| (&a.protocol, &a.endpoint).cmp(&(&b.protocol, &b.endpoint)));
    Topic {
        name: name.into(),
        arn: arn.into(),
        environment: environment_of_name(name, scope),
        encrypted: told.encrypted,
        subscriptions,
        counted: told.counted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(arn: &str, protocol: &str, endpoint: &str) -> Option<Subscription> {
        let one = SdkSubscription::builder()
            .topic_arn("arn:aws:sns:eu-west-1:123456789012:page")
            .subscription_arn(arn)
            .protocol(protocol)
            .endpoint(endpoint)
            .build();
        subscription(&one).map(|(_, subscription)| subscription)
    }

    #[test]
    fn words_stand_in_place_of_arns() {
        assert!(of("PendingConfirmation", "email", "oncall@acme.example").unwrap().pending_confirmation);
        assert!(!of("arn:aws:sns:eu-west-1:123456789012:page:1", "email", "x").unwrap().pending_confirmation);
        assert_eq!(of("Deleted", "email", "oncall@acme.example"), None);
    }

    #[test]
    fn keys_in_addresses_are_not_shown() {
        let shown = |endpoint: &str| of("x", "https", endpoint).unwrap().endpoint.to_string();
        assert_eq!(shown("https://api.pager.example/v1/json?apiKey=s3cret"), "https://api.pager.example/v1/json?…");
        assert_eq!(shown("https://user:s3cret@hooks.example/a@b"), "https://hooks.example/a@b");
        assert_eq!(shown("https://hooks.example"), "https://hooks.example");
        assert_eq!(of("x", "email", "oncall@acme.example").unwrap().endpoint, "oncall@acme.example");
    }

    #[test]
    fn what_was_not_told_is_not_known() {
        let told = |pairs: &[(&str, &str)]| {
            told_by(&pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
        };
        assert_eq!(told(&[]), Attributes { encrypted: Some(false), counted: None });
        let all = told(&[("KmsMasterKeyId", "alias/aws/sns"), ("SubscriptionsConfirmed", "2")]);
        assert_eq!(all.counted, Some(Subscribers { confirmed: 2, pending: 0 }));
        assert_eq!(all.encrypted, Some(true));
    }
}
