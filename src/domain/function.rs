//! Lambda functions.

use serde::Serialize;

use crate::domain::list::Identified;
use crate::domain::scope::Environment;
use crate::domain::text::Text;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Function {
    pub name: Text,
    pub environment: Environment,
    pub runtime: Text,
    /// What the `live` alias points at.
    pub version: Text,
    pub previous_version: Text,
    /// Executions the account may still start at once, shared by its functions.
    pub account_concurrency_limit: u32,
}

impl Identified for Function {
    fn key(&self) -> &str {
        self.name.as_str()
    }
}
