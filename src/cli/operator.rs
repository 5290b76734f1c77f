//! Who sits at this console, and what they may change, from the configuration and the machine.

use std::path::PathBuf;

use super::CliError;
use crate::config::Config;
use crate::runtime::log;
use crate::runtime::operator::Operator;
use crate::runtime::person;

pub(super) fn operator(config: &Config) -> Result<Operator, CliError> {
    let named = |is_so: fn(&crate::domain::origin::Origin) -> bool| {
        config.scope.iter().filter(|origin| is_so(origin)).map(crate::domain::origin::Origin::label).collect()
    };
    Ok(Operator {
        state: folder(config)?,
        me: person::me(),
        is_read_only: config.operations.read_only,
        read_only: named(|origin| origin.read_only),
        second_person: named(|origin| origin.second_person),
    })
}

/// Where the journal is kept.
fn folder(config: &Config) -> Result<PathBuf, CliError> {
    if !config.operations.journal.is_empty() {
        return Ok(PathBuf::from(&config.operations.journal));
    }
    let log = log::default_path().and_then(|path| Some(path.parent()?.join("journal")));
    log.ok_or_else(|| CliError::Usage("no home directory for the journal; set operations.journal".into()))
}
