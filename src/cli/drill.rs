//! `opscon drill`: the console, on a simulated company.

use jiff::SignedDuration;

use super::args::{self, Common};
use super::console::{Beginning, console, runtime, start_log};
use super::operator::operator;
use super::{CliError, require_terminal, settings};
use crate::app::msg::WorldSpec;
use crate::runtime::worlds::Opened;

pub(super) fn run(common: &Common, args: &args::Drill) -> Result<u8, CliError> {
    let (config, settings) = settings(common)?;
    let spec = WorldSpec {
        scenario: args.scenario.clone().unwrap_or_else(|| "calm".into()),
        seed: args.seed.unwrap_or(config.drill.seed),
        speed: args.speed.unwrap_or(config.drill.speed),
        at: args.at.unwrap_or(SignedDuration::ZERO),
        resources: args.resources,
    };
    // Everything that can be wrong with what was asked is wrong before the terminal is touched.
    require_terminal()?;
    let operator = operator(&config)?;
    let log_trouble = start_log(common, &config);
    runtime()?.block_on(async {
        let opened = Opened::running(&spec)?;
        if let Some(drill) = &opened.drill {
            args.fault.iter().for_each(|(feed, class)| drill.inject(*feed, *class));
        }
        let beginning = Beginning {
            picks: args.scenario.is_none(),
            notices: log_trouble.into_iter().collect(),
            panics: args.panic,
            operator: Some(operator),
            armed: common.write.clone(),
        };
        console(settings, opened, beginning).await.map_err(CliError::Other)
    })
}
