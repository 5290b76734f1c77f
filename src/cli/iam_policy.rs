//! `opscon iam-policy`: what the role needs.

use super::{CliError, print};
use crate::report::policy;

pub(super) fn run() -> Result<u8, CliError> {
    print(&format!("{:#}\n", policy::reading()))?;
    Ok(0)
}
