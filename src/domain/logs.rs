//! CloudWatch log groups.

use serde::Serialize;

use crate::domain::list::Identified;
use crate::domain::scope::Environment;
use crate::domain::text::Text;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LogGroup {
    pub name: Text,
    pub environment: Environment,
    pub stored_bytes: u64,
    /// `None`: kept, and paid for, for ever.
    pub retention_days: Option<u32>,
    /// Lines at error level per minute, over the last five minutes and over the hour before.
    pub errors_per_minute: f64,
    pub usual_errors_per_minute: f64,
    /// A message pattern not seen in the hour before, most frequent first.
    pub new_pattern: Option<Text>,
}

impl Identified for LogGroup {
    fn key(&self) -> &str {
        self.name.as_str()
    }
}
