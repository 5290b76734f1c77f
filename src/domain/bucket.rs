//! S3 buckets and their lifecycle rules.

use serde::Serialize;

use crate::domain::list::Identified;
use crate::domain::scope::Environment;
use crate::domain::text::Text;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bucket {
    pub name: Text,
    pub environment: Environment,
    pub encrypted: bool,
    /// True when nothing blocks public access and a policy or ACL grants it.
    pub is_public: bool,
    pub versioning: bool,
    /// Region the bucket replicates to, if any.
    pub replicates_to: Option<Text>,
    pub lifecycle: Vec<LifecycleRule>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LifecycleRule {
    pub id: Text,
    pub enabled: bool,
    /// Days and storage class of each transition.
    pub transitions: Vec<(u32, Text)>,
    pub expires_after_days: Option<u32>,
    pub aborts_incomplete_uploads: bool,
}

impl Identified for Bucket {
    fn key(&self) -> &str {
        self.name.as_str()
    }
}
