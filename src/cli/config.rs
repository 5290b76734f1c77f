//! `opscon config`: the defaults, a check, the path, where the actions of pipelines went.

use super::args::{Common, ConfigAction, Output, PipelineMap};
use super::look::Look;
use super::{CliError, complain, print, readable, settings};
use crate::config::{EXAMPLE, default_path};
use crate::report::pipeline_map;
use crate::world::board::{fault_words, faults};
use crate::world::feed::Feed;
use crate::world::sight::Sight;

/// Some of the pipelines could not be read.
const PARTIAL: u8 = 3;

pub(super) fn run(common: &Common, action: &ConfigAction) -> Result<u8, CliError> {
    match action {
        ConfigAction::PipelineMap(args) => return mapped(common, args),
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

fn mapped(common: &Common, args: &PipelineMap) -> Result<u8, CliError> {
    let (config, mut settings) = settings(common)?;
    let look = Look { common, from: &args.from, config: &config, command: "opscon config pipeline-map".into() };
    let (opened, world) = look.take(&mut settings, |feed| feed == Feed::Pipelines)?;
    let sight = Sight { world: &world, at: opened.at(), bearings: &settings.bearings };
    match args.output {
        Output::Text => print(&readable(pipeline_map::to_text(&sight), &settings))?,
        Output::Json => print(&pipeline_map::to_json(&sight))?,
    }
    let mut failed = faults(&world);
    failed.retain(|(fault, _)| fault.feed == Feed::Pipelines);
    for (fault, place) in &failed {
        complain(&format!("not read: {}", fault_words(fault.feed, &place.scope, fault.error)));
    }
    Ok(if failed.is_empty() { 0 } else { PARTIAL })
}
