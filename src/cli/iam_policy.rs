//! `opscon iam-policy`: what the role needs.

use super::{CliError, print};
use crate::report::policy;

pub(super) fn run(is_for_writing: bool) -> Result<u8, CliError> {
    let policy = if is_for_writing { policy::acting() } else { policy::reading() };
    print(&format!("{policy:#}\n"))?;
    Ok(0)
}
