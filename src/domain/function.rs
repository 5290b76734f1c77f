//! Lambda functions.

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::list::Identified;
use crate::domain::scope::Environment;
use crate::domain::text::Text;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Function {
    pub name: Text,
    pub environment: Environment,
    /// `python3.13`, or `image` for one that is a container image.
    pub runtime: Text,
    /// The alias that callers go by: the one called `live` or the like, or the only one. `None` where there is none.
    pub alias: Option<Text>,
    /// What that alias points at, `$LATEST` without one; `None` where it is not known.
    pub version: Option<Text>,
    /// The version before, where somebody keeps account of it; Lambda does not.
    pub previous_version: Option<Text>,
    /// The newest version published before the one the alias points at, if that is known: maybe the version before, maybe
    /// one the alias never pointed at.
    pub published_before: Option<Text>,
    /// Of that alias: it is another after each change, so that nobody overwrites what somebody else did meanwhile.
    pub revision: Option<Text>,
    /// A part of the calls that goes to another version.
    pub shift: Option<Shift>,
    /// When its code or its settings changed last.
    pub modified: Option<Timestamp>,
    /// `None` where it is not known.
    pub reserved: Option<Reserved>,
    /// Executions kept warm, by alias or version; `None` where it is not known.
    pub provisioned: Option<Vec<Provisioned>>,
    /// Executions the account may have at once, shared by its functions.
    pub account_concurrency_limit: Option<u32>,
}

/// Weighted routing of an alias.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shift {
    pub version: Text,
    pub percent: f64,
}

/// Executions set aside for one function, which are also the most it may have at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reserved {
    /// It shares what the others leave.
    Nothing,
    /// With 0 every call is throttled: the function is switched off.
    Executions(u32),
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Provisioned {
    /// The alias or the version.
    pub of: Text,
    pub wanted: Option<u32>,
    pub ready: Option<u32>,
    /// `READY`, `IN_PROGRESS` or `FAILED`, in AWS's spelling.
    pub status: Text,
    /// Why it failed.
    pub reason: Text,
}

impl Function {
    /// Nobody can call it.
    pub fn is_off(&self) -> bool {
        self.reserved == Some(Reserved::Executions(0))
    }
}

impl Identified for Function {
    fn key(&self) -> &str {
        self.name.as_str()
    }
}
