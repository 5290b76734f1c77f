//! `opscon`: the console, on AWS.

use super::args::Common;
use super::console::{Beginning, console, runtime, start_log};
use super::operator::operator;
use super::{CliError, origins, require_terminal, settings};

pub(super) fn run(common: &Common) -> Result<u8, CliError> {
    let (config, settings) = settings(common)?;
    require_terminal()?;
    let operator = operator(&config)?;
    let notices = start_log(common, &config).into_iter().collect();
    runtime()?.block_on(async {
        let beginning =
            Beginning { notices, operator: Some(operator), armed: common.write.clone(), ..Beginning::default() };
        let opened = origins::open(&common.place, &config).await?;
        console(settings, opened, beginning).await.map_err(CliError::Other)
    })
}
