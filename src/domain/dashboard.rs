//! CloudWatch dashboards.

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::list::Identified;
use crate::domain::text::Text;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Dashboard {
    pub name: Text,
    pub widgets: u32,
    /// Titles of widgets that name a metric or an alarm which does not exist.
    pub broken: Vec<Text>,
    pub modified: Timestamp,
}

impl Identified for Dashboard {
    fn key(&self) -> &str {
        self.name.as_str()
    }
}
