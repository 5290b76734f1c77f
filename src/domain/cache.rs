//! ElastiCache replication groups and their nodes.

use serde::Serialize;

use crate::domain::list::Identified;
use crate::domain::scope::Environment;
use crate::domain::text::Text;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CacheGroup {
    pub id: Text,
    pub environment: Environment,
    pub engine: Text,
    pub node_kind: Text,
    /// `available`, `modifying` ..., in AWS's spelling.
    pub status: Text,
    pub automatic_failover: bool,
    pub encrypted_at_rest: bool,
    pub encrypted_in_transit: bool,
    pub nodes: Vec<CacheNode>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CacheNode {
    pub id: Text,
    pub zone: Text,
    pub status: Text,
    pub is_primary: bool,
}

impl Identified for CacheGroup {
    fn key(&self) -> &str {
        self.id.as_str()
    }
}
