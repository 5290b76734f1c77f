//! A world read once, everything at the same time, for commands that print and leave.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};

use crate::runtime::poller::unanswered;
use crate::runtime::worlds::Opened;
use crate::world::World;
use crate::world::feed::Feed;
use crate::world::port::{FeedKey, Observation};

/// Questions under way at once.
const AT_ONCE: usize = 96;
/// Longest a single question is waited for.
const PATIENCE: Duration = Duration::from_mins(1);

/// Puts the questions that matter, and those whose answers others build on, and returns the world they make.
pub async fn world(opened: &Opened, matters: impl Fn(Feed) -> bool) -> World {
    let has_metrics = matters(Feed::Metrics);
    let mut keys: Vec<FeedKey> = opened
        .all_keys()
        .into_iter()
        .filter(|key| matters(key.feed) || (has_metrics && key.feed.names_metrics()) || key.feed == Feed::Identity)
        .collect();
    // Metrics wait for the lists that say which there are; asked first they would take the places of those.
    keys.sort_by_key(|key| key.feed == Feed::Metrics);
    let mut world = opened.session.world();
    let observe = Arc::clone(&opened.observe);
    let mut answers = stream::iter(keys)
        .map(|key| {
            let observe = &observe;
            async move {
                let answer = tokio::time::timeout(PATIENCE, observe.observe(&key)).await;
                let answer = answer.unwrap_or_else(|_| unanswered(&key, PATIENCE));
                (key, answer)
            }
        })
        .buffer_unordered(AT_ONCE);
    while let Some((key, answer)) = answers.next().await {
        world.apply(Observation::of(key, opened.clock.now(), answer, None));
    }
    drop(answers);
    world
}
