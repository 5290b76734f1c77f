//! `opscon keys`: the key table, with the operator's own keys in it.

use super::args::Common;
use super::{CliError, print, settings};
use crate::report::keys::table;

pub(super) fn run(common: &Common) -> Result<u8, CliError> {
    let (_, settings) = settings(common)?;
    print(&table(&settings.keymap))?;
    Ok(0)
}
