//! Builds beside the pipelines that ran them: CodePipeline knows the run of an action by the build's id and no more.

use crate::domain::build::Build;
use crate::domain::delivery::{Action, TestCounts};
use crate::world::sight::Sight;

/// The build that is the newest run of an action. It may have run in another region than its pipeline.
pub fn of<'a>(sight: &Sight<'a>, action: &Action) -> Option<&'a Build> {
    let id = action.external_id.as_ref()?;
    action.provider.as_ref().filter(|provider| *provider == "CodeBuild")?;
    sight.items(|f| &f.builds).map(|(_, build)| build).find(|build| build.id == *id)
}

/// How its tests went: as the pipeline tells, else as the build's reports do.
pub fn tests<'a>(sight: &Sight<'a>, action: &'a Action) -> Option<&'a TestCounts> {
    action.tests.as_ref().or_else(|| of(sight, action)?.tests.as_ref())
}
