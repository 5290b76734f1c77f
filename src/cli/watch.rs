//! `opscon`: the console, on AWS.

use super::args::Common;
use super::console::{Beginning, console, runtime, start_log};
use super::{CliError, origins, require_terminal, settings};

pub(super) fn run(common: &Common) -> Result<u8, CliError> {
    let (config, settings) = settings(common)?;
    require_terminal()?;
    let notices = start_log(common, &config).into_iter().collect();
    runtime()?.block_on(async {
        let opened = origins::open(&common.place, &config).await?;
        console(settings, opened, Beginning { notices, ..Beginning::default() }).await.map_err(CliError::Other)
    })
}
