//! A world read once, for the commands that print and leave.

use super::CliError;
use super::args;
use crate::app::msg::WorldSpec;
use crate::app::settings::Settings;
use crate::runtime::worlds::Opened;
use crate::world::World;
use crate::world::port::Observation;

/// Opens the world asked for and puts every question to it once.
pub(super) fn look(from: &args::From, settings: &mut Settings, command: &str) -> Result<(Opened, World), CliError> {
    let Some(spec) = &from.world else {
        return Err(CliError::Usage(format!(
            "this version watches no AWS account yet; name a drill\nhint: `{command} --world drill:bad-deploy@12m`"
        )));
    };
    let opened = Opened::frozen(&WorldSpec { seed: from.seed, ..spec.clone() })?;
    let mut world = opened.session.world();
    if let Some(drill) = &opened.drill {
        for (feed, class) in &from.fault {
            drill.inject(*feed, *class);
        }
        for key in opened.keys() {
            let answer = drill.answer(&key);
            world.apply(Observation::of(key, opened.at(), answer, None));
        }
    }
    settings.bearings.failover.clone_from(&opened.session.failover);
    Ok((opened, world))
}
