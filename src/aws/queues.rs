//! SQS: every queue with its depths, and which queue takes whose dead letters.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_sqs::types::{ListMessageMoveTasksResultEntry, QueueAttributeName as Attribute};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::ask::{Ask, gather, malformed};
use super::convert::{environment_of_name, name_of_arn, text};
use super::rota::{Found, Pace};
use crate::domain::list::List;
use crate::domain::messaging::{Move, Queue};
use crate::domain::scope::Scope;
use crate::domain::text::Text;
use crate::world::feed::{Feed, Payload};
use crate::world::port::{CloudError, FaultClass};

/// Queues looked into at a time: ten seconds at the pace we allow ourselves. Where there are more, the others keep what was
/// read of them when it was their turn, a minute or two ago; to read thousands every time would be most of what SQS gives the
/// account, and all of its free requests. How deep they are now, their metrics tell.
const AT_A_TIME: usize = 500;

/// One call for each dead letter queue: where the depth has changed at once, elsewhere in turn.
const MOVES: Pace = Pace { at_a_time: 20, kept: SignedDuration::from_secs(20) };

/// 0.40 USD for a million requests. <https://aws.amazon.com/sqs/pricing/>
const NANO_USD_PER_CALL: usize = 400;

/// What is asked of each. Whether it is a FIFO queue, its name says.
const ATTRIBUTES: [Attribute; 9] = [
    Attribute::QueueArn,
    Attribute::ApproximateNumberOfMessages,
    Attribute::ApproximateNumberOfMessagesNotVisible,
    Attribute::ApproximateNumberOfMessagesDelayed,
    Attribute::RedrivePolicy,
    Attribute::KmsMasterKeyId,
    Attribute::SqsManagedSseEnabled,
    Attribute::VisibilityTimeout,
    Attribute::MessageRetentionPeriod,
];

pub(super) async fn queues(ask: &Ask<'_>) -> Result<List<Queue>, CloudError> {
    // Without a page size only the first thousand are answered, and nothing says that there are more.
    let pages = ask.clients.sqs.list_queues().into_paginator().stop_on_duplicate_token(false).page_size(1_000).send();
    let pages = ask.pages("sqs:ListQueues", pages).await?;
    let mut urls: Vec<String> = pages.iter().flat_map(|page| page.queue_urls.iter().flatten()).cloned().collect();
    urls.sort();
    let turn = ask.turn("queues", &urls, AT_A_TIME);
    ask.charge(u32::try_from(((pages.len() + turn.len()) * NANO_USD_PER_CALL).div_ceil(1_000)).unwrap_or(u32::MAX));
    let answers = gather(turn.into_iter().map(|url| attributes(ask, url)).collect()).await?;

    let mut read: BTreeMap<&str, Queue> = BTreeMap::new();
    let mut denied = None;
    for (url, answer) in answers {
        match answer {
            Ok(Some(attributes)) => match queue(url, &attributes, ask.scope()) {
                Some(queue) => {
                    read.insert(url, queue);
                }
                None => ask.gap(malformed("sqs:GetQueueAttributes", "a queue was answered without its counts")),
            },
            Ok(None) => {}
            Err(error) => denied = Some(error),
        }
    }
    match denied {
        // None may be read: that is not the same as there being none.
        Some(error) if read.is_empty() => return Err(error),
        // A queue may have a policy of its own that lets nobody look.
        Some(error) => ask.gap(error),
        None => {}
    }
    let before = before(ask);
    let mut all: Vec<Queue> = Vec::with_capacity(urls.len());
    let mut unread = 0;
    for url in &urls {
        match read.remove(url.as_str()) {
            Some(queue) => all.push(queue),
            None if urls.len() <= AT_A_TIME => {}
            None => match before.get(name_of_url(url)) {
                Some(queue) => all.push(queue.clone()),
                None => unread += 1,
            },
        }
    }
    if unread > 0 {
        ask.gap(CloudError {
            class: FaultClass::Throttled,
            operation: "sqs:GetQueueAttributes".into(),
            message: format!("{unread} of {} queues are still to be read, {AT_A_TIME} at a time", urls.len()).into(),
            missing: None,
        });
    }
    let mut all = joined(all);
    read_moves(ask, &mut all).await?;
    Ok(List::new(all))
}

/// What is moved out of each dead letter queue of a queue.
async fn read_moves(ask: &Ask<'_>, all: &mut [Queue]) -> Result<(), CloudError> {
    let depths: Vec<String> = all.iter().map(|it| format!("{} {}", it.visible, it.in_flight)).collect();
    let letters = all.iter().zip(&depths).filter(|(it, _)| !it.dead_letters_of.is_empty() && !it.arn.is_empty());
    let found: Vec<Found<'_, Text>> =
        letters.map(|(it, depth)| Found { key: it.name.as_str(), changed: Some(depth), it: &it.arn }).collect();
    let wanted = ask.place.moves.wanted(MOVES, &found, ask.at);
    ask.charge(u32::try_from((wanted.len() * NANO_USD_PER_CALL).div_ceil(1_000)).unwrap_or(u32::MAX));
    let read = gather(wanted.iter().map(|found| moves(ask, found.it)).collect()).await?;
    let mut known = ask.place.moves.take(wanted.into_iter().zip(read), &found, ask.at);
    for queue in all {
        queue.moves = known.remove(queue.name.as_str()).flatten();
    }
    Ok(())
}

/// Newest first; nothing where they may not be read, or the queue is gone.
async fn moves(ask: &Ask<'_>, arn: &Text) -> Result<Option<Vec<Move>>, CloudError> {
    // Without a number only the newest is answered.
    let request = ask.clients.sqs.list_message_move_tasks().source_arn(arn.as_str()).max_results(10).send();
    match ask.call("sqs:ListMessageMoveTasks", request).await {
        Err(error) if error.class == FaultClass::NotFound => Ok(None),
        outcome => Ok(ask.beside(outcome).map(|answer| {
            let mut all: Vec<Move> = answer.results().iter().map(moved).collect();
            all.sort_by_key(|one| std::cmp::Reverse(one.started));
            all
        })),
    }
}

fn moved(it: &ListMessageMoveTasksResultEntry) -> Move {
    let number = |number: i64| u64::try_from(number).unwrap_or(0);
    Move {
        handle: it.task_handle().filter(|handle| !handle.is_empty()).map(|handle| Text::cut_to(handle, 4_096)),
        status: text(it.status()),
        per_second: it.max_number_of_messages_per_second().and_then(|pace| u32::try_from(pace).ok()),
        moved: number(it.approximate_number_of_messages_moved()),
        of: it.approximate_number_of_messages_to_move().map(number),
        failure: text(it.failure_reason()),
        started: Timestamp::from_millisecond(it.started_timestamp()).unwrap_or(Timestamp::UNIX_EPOCH),
    }
}

/// What was read of each last time, by name.
fn before(ask: &Ask<'_>) -> HashMap<String, Queue> {
    let Some(Payload::Queues(list)) = ask.place.seen(Feed::Queues) else { return HashMap::new() };
    list.iter().map(|queue| (queue.name.to_string(), Queue::clone(queue))).collect()
}

type Attributes = HashMap<Attribute, String>;

/// The attributes of one; nothing if it was deleted since it was listed, and the refusal where it may not be read.
async fn attributes<'a>(
    ask: &Ask<'_>,
    url: &'a str,
) -> Result<(&'a str, Result<Option<Attributes>, CloudError>), CloudError> {
    let request =
        ask.clients.sqs.get_queue_attributes().queue_url(url).set_attribute_names(Some(ATTRIBUTES.to_vec())).send();
    match ask.call("sqs:GetQueueAttributes", request).await {
        Ok(answer) => Ok((url, Ok(Some(answer.attributes.unwrap_or_default())))),
        Err(error) if error.class == FaultClass::NotFound => Ok((url, Ok(None))),
        Err(error) if matches!(error.class, FaultClass::Denied | FaultClass::Unsupported) => Ok((url, Err(error))),
        Err(error) => Err(error),
    }
}

fn name_of_url(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or(url)
}

/// One queue; nothing if it was answered without its counts.
fn queue(url: &str, attributes: &Attributes, scope: &Scope) -> Option<Queue> {
    let of = |name: &Attribute| attributes.get(name).map(String::as_str);
    let number = |name: &Attribute| of(name).and_then(|number| number.parse::<u64>().ok());
    let seconds = |name| number(name).and_then(|seconds| i64::try_from(seconds).ok()).map(SignedDuration::from_secs);
    let name = name_of_url(url);
    Some(Queue {
        name: name.into(),
        arn: text(of(&Attribute::QueueArn)),
        environment: environment_of_name(name, scope),
        visible: number(&Attribute::ApproximateNumberOfMessages)?,
        in_flight: number(&Attribute::ApproximateNumberOfMessagesNotVisible)?,
        delayed: number(&Attribute::ApproximateNumberOfMessagesDelayed)?,
        dead_letters: of(&Attribute::RedrivePolicy).and_then(dead_letters),
        dead_letters_of: Vec::new(),
        // Only its age is measured.
        first_arrival: None,
        encrypted: match (of(&Attribute::KmsMasterKeyId), of(&Attribute::SqsManagedSseEnabled)) {
            (Some(key), _) if !key.is_empty() => Some(true),
            (_, Some(managed)) => Some(managed == "true"),
            (_, None) => None,
        },
        fifo: name.strip_suffix(".fifo").is_some(),
        visibility_timeout: seconds(&Attribute::VisibilityTimeout),
        retention: seconds(&Attribute::MessageRetentionPeriod),
        moves: None,
    })
}

/// Where dead letters go, and after how many receives. The policy is JSON, its number a number or a string.
fn dead_letters(policy: &str) -> Option<(Text, u32)> {
    let policy: Value = serde_json::from_str(policy).ok()?;
    let target = policy["deadLetterTargetArn"].as_str()?;
    let receives = match &policy["maxReceiveCount"] {
        Value::String(number) => number.parse().ok()?,
        number => u32::try_from(number.as_u64()?).ok()?,
    };
    Some((name_of_arn(target).into(), receives))
}

/// Sorted by name, and each told whose dead letters it takes: the queues' own policies say so, and asking each dead letter
/// queue would only repeat it.
fn joined(mut all: Vec<Queue>) -> Vec<Queue> {
    all.sort_by(|a, b| a.name.cmp(&b.name));
    let mut sources: HashMap<Text, Vec<Text>> = HashMap::new();
    for queue in &all {
        if let Some((target, _)) = &queue.dead_letters {
            sources.entry(target.clone()).or_default().push(queue.name.clone());
        }
    }
    for queue in &mut all {
        queue.dead_letters_of = sources.remove(&queue.name).unwrap_or_default();
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::scope::Environment;

    fn of(name: &str, more: &[(Attribute, &str)]) -> Option<Queue> {
        let scope =
            Scope { account: "".into(), alias: "".into(), region: "eu-west-1".into(), environment: Environment::Prod };
        let attributes = more.iter().map(|(name, value)| (name.clone(), (*value).to_owned())).collect();
        queue(&format!("https://sqs.eu-west-1.amazonaws.com/123456789012/{name}"), &attributes, &scope)
    }

    fn counted(name: &str, policy: &str) -> Queue {
        let counts = [
            (Attribute::ApproximateNumberOfMessages, "12"),
            (Attribute::ApproximateNumberOfMessagesNotVisible, "3"),
            (Attribute::ApproximateNumberOfMessagesDelayed, "0"),
            (Attribute::RedrivePolicy, policy),
        ];
        of(name, &counts).unwrap()
    }

    #[test]
    fn a_count_that_is_missing_is_no_zero() {
        assert_eq!(of("orders", &[(Attribute::ApproximateNumberOfMessages, "12")]), None);
        let queue = counted("orders-dev.fifo", "");
        assert_eq!((queue.visible, queue.in_flight, queue.dead_letters.clone()), (12, 3, None));
        assert_eq!((queue.environment, queue.fifo, queue.encrypted), (Environment::Dev, true, None));
    }

    #[test]
    fn dead_letters_are_told_at_both_ends() {
        let policy = r#"{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:123456789012:failed","maxReceiveCount":"3"}"#;
        let gone = r#"{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:123456789012:gone","maxReceiveCount":5}"#;
        let all = joined(vec![counted("orders", policy), counted("failed", "{"), counted("mails", gone)]);
        let names: Vec<&str> = all.iter().map(|queue| queue.name.as_str()).collect();
        assert_eq!(names, ["failed", "mails", "orders"]);
        assert_eq!(all[0].dead_letters_of, ["orders"]);
        assert_eq!(all[1].dead_letters, Some(("gone".into(), 5)));
        assert_eq!(all[2].dead_letters, Some(("failed".into(), 3)));
    }

    #[test]
    fn either_kind_of_key_encrypts() {
        let counts = counted("orders", "");
        assert_eq!(counts.encrypted, None);
        let with = |name, value| {
            let counts = [
                (Attribute::ApproximateNumberOfMessages, "0"),
                (Attribute::ApproximateNumberOfMessagesNotVisible, "0"),
                (Attribute::ApproximateNumberOfMessagesDelayed, "0"),
                (name, value),
            ];
            of("orders", &counts).unwrap().encrypted
        };
        assert_eq!(with(Attribute::KmsMasterKeyId, "alias/data"), Some(true));
        assert_eq!(with(Attribute::SqsManagedSseEnabled, "true"), Some(true));
        assert_eq!(with(Attribute::SqsManagedSseEnabled, "false"), Some(false));
    }
}
