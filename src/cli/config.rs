//! `opscon config`: the defaults, a check, the path.

use super::args::{Common, ConfigAction};
use super::{CliError, print, settings};
use crate::config::{EXAMPLE, default_path};

pub(super) fn run(common: &Common, action: ConfigAction) -> Result<u8, CliError> {
    match action {
        ConfigAction::Default => print(EXAMPLE)?,
        ConfigAction::Check => {
            settings(common)?;
            let path = common.config.clone().or_else(default_path);
            match path.filter(|path| path.exists()) {
                Some(path) => print(&format!("{}: sound\n", path.display()))?,
                None => print("no file; the defaults are in force\n")?,
            }
        }
        ConfigAction::Path => {
            let path = common.config.clone().or_else(default_path);
            let Some(path) = path else {
                return Err(CliError::Usage("there is no home directory to look in; use --config".into()));
            };
            print(&format!("{}\n", path.display()))?;
        }
    }
    Ok(0)
}
