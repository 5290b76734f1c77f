//! ElastiCache: replication groups, clusters that stand alone, serverless caches, and their nodes.

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::list::Identified;
use crate::domain::scope::Environment;
use crate::domain::text::Text;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CacheGroup {
    pub id: Text,
    pub environment: Environment,
    /// With its version: `redis 7.1.0`, `memcached 1.6.22`.
    pub engine: Text,
    /// `cache.r7g.large`, or `serverless`.
    pub node_kind: Text,
    /// `available`, `modifying` ..., in AWS's spelling.
    pub status: Text,
    /// Where clients connect: `name:port`.
    pub endpoint: Option<Text>,
    /// Absent where there is nothing to fail over to, as in Memcached.
    pub automatic_failover: Option<bool>,
    /// Whether its nodes have to be in different zones; absent where AWS does not tell.
    pub multi_az: Option<bool>,
    pub encrypted_at_rest: Option<bool>,
    pub encrypted_in_transit: Option<bool>,
    /// None for a serverless cache, which keeps its own to itself.
    pub nodes: Vec<CacheNode>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CacheNode {
    pub id: Text,
    /// The cluster it is measured as (`CacheClusterId`); the same as its id, but for Memcached, whose clusters have many.
    pub cluster: Text,
    /// Which part of the keys it holds, where they are divided.
    pub shard: Option<Text>,
    /// What calls about its shard name it by, also where there is only one.
    pub node_group: Option<Text>,
    pub zone: Text,
    pub status: Text,
    /// Absent where AWS does not tell, as with cluster mode on, and where all are alike, as in Memcached.
    pub is_primary: Option<bool>,
}

/// What AWS calls the node type of a cache without nodes.
pub const SERVERLESS: &str = "serverless";

/// Whether a group, cluster or node of this status answers its clients: a snapshot or a change goes on beside that.
fn serves(status: &Text) -> bool {
    matches!(status.as_str(), "available" | "snapshotting" | "modifying")
}

impl CacheGroup {
    pub fn is_available(&self) -> bool {
        serves(&self.status)
    }

    pub fn is_memcached(&self) -> bool {
        self.engine.as_str().starts_with("memcached")
    }

    pub fn is_serverless(&self) -> bool {
        self.node_kind == SERVERLESS
    }

    /// Whether CloudWatch knows how much of its memory is in use.
    pub fn measures_memory(&self) -> bool {
        !self.is_memcached() && !self.is_serverless()
    }

    /// Whether an event is about it, or about one of its clusters.
    pub fn is_told_of(&self, event: &CacheEvent) -> bool {
        match event.source_kind.as_str() {
            "replication-group" | "serverless-cache" => event.source == self.id,
            "cache-cluster" => event.source == self.id || self.nodes.iter().any(|node| node.cluster == event.source),
            _ => false,
        }
    }

    /// The nodes that may lag behind another.
    pub fn followers(&self) -> impl Iterator<Item = &CacheNode> {
        let has_any = self.nodes.len() > 1 && !self.is_memcached();
        self.nodes.iter().filter(move |node| has_any && node.is_primary != Some(true))
    }

    /// The zone all of its nodes are in, where there are several nodes and one zone.
    pub fn only_zone(&self) -> Option<&Text> {
        let [first, rest @ ..] = self.nodes.as_slice() else { return None };
        let zone = Some(&first.zone).filter(|zone| !zone.is_empty())?;
        (!rest.is_empty() && rest.iter().all(|node| node.zone == *zone)).then_some(zone)
    }
}

impl CacheNode {
    pub fn is_available(&self) -> bool {
        serves(&self.status)
    }

    pub fn role(&self) -> &'static str {
        match self.is_primary {
            Some(true) => "primary",
            Some(false) => "replica",
            None => "node",
        }
    }
}

impl Identified for CacheGroup {
    fn key(&self) -> &str {
        self.id.as_str()
    }
}

/// From `DescribeEvents`, which ElastiCache keeps for 14 days. It gives no categories, only words.
/// <https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ElastiCacheSNS.html>
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CacheEvent {
    pub id: Text,
    pub at: Timestamp,
    /// The group, cluster, parameter group ... it is about.
    pub source: Text,
    /// `replication-group`, `cache-cluster` ..., in AWS's spelling.
    pub source_kind: Text,
    pub message: Text,
}

impl CacheEvent {
    fn says_any(&self, words: &[&str]) -> bool {
        let message = self.message.as_str().to_lowercase();
        words.iter().any(|word| message.contains(word))
    }

    /// Something could not be done, or is lost.
    pub fn is_failure(&self) -> bool {
        self.says_any(&["fail to", "failed to", "failure", "unable to", "error", "out of memory", "could not"])
    }

    /// What can explain why clients lost their connections or their keys for a while.
    pub fn disturbs(&self) -> bool {
        self.says_any(&[
            "failover", "recover", "reboot", "restart", "removed", "deleted", "flush", "replac", "patch", "scal",
        ])
    }
}

impl Identified for CacheEvent {
    fn key(&self) -> &str {
        self.id.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_judged_by_their_words() {
        let of = |message: &str| {
            let (at, id) = (Timestamp::UNIX_EPOCH, Text::default());
            let it = CacheEvent { id: id.clone(), at, source: id.clone(), source_kind: id, message: message.into() };
            (it.is_failure(), it.disturbs())
        };
        for (message, wanted) in [
            ("Test Failover API called for node group 0001", (false, true)),
            ("Failover from primary node redis-001 to replica node redis-002 completed", (false, true)),
            ("Failover to replica node redis-002 failed to complete", (true, true)),
            ("Recovering cache nodes 0001", (false, true)),
            ("Finished recovery for cache nodes 0001", (false, true)),
            ("Snapshot succeeded for snapshot with ID 'nightly'", (false, false)),
            ("Cache cluster created", (false, false)),
        ] {
            assert_eq!(of(message), wanted, "{message}");
        }
    }
}
