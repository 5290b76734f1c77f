//! Who made what a pipeline runs: CodePipeline knows a commit by its hash, its repository knows whose it is.

use crate::domain::delivery::Revision;
use crate::domain::text::Text;
use crate::world::sight::Sight;

/// The author of a revision, where anything that was read tells.
pub fn of<'a>(sight: &Sight<'a>, revision: &'a Revision) -> Option<&'a Text> {
    revision.author.as_ref().or_else(|| {
        sight
            .items(|f| &f.repositories)
            .flat_map(|(_, repository)| repository.commits.iter().flatten())
            .find(|commit| commit.sha == revision.id)
            .map(|commit| &commit.author)
            .filter(|author| !author.is_empty())
    })
}
