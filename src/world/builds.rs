//! Builds beside the pipelines that ran them: CodePipeline knows the run of an action by the build's id and no more.

use crate::domain::build::Build;
use crate::domain::delivery::{Action, TestCounts};
use crate::domain::text::Text;
use crate::world::Place;
use crate::world::sight::Sight;

/// The build that is the newest run of an action. It may have run in another region than its pipeline.
pub fn of<'a>(sight: &Sight<'a>, action: &Action) -> Option<&'a Build> {
    id(action)?;
    sight.places().find_map(|place| at(place, action))
}

/// The same, of those of one place.
pub fn at<'a>(place: &'a Place, action: &Action) -> Option<&'a Build> {
    let id = id(action)?;
    place.feeds.builds.items().find(|build| build.id == *id)
}

/// How its tests went: as the pipeline tells, else as the build's reports do.
pub fn tests<'a>(action: &'a Action, build: Option<&'a Build>) -> Option<&'a TestCounts> {
    action.tests.as_ref().or_else(|| build?.tests.as_ref())
}

/// What CodeBuild calls the newest run of an action, where it is CodeBuild that carries it out.
fn id(action: &Action) -> Option<&str> {
    let provider = action.provider.as_ref()?;
    action.external_id.as_ref().filter(|_| *provider == "CodeBuild").map(Text::as_str)
}
