//! Who made what a pipeline runs, and who started it: CodePipeline knows a commit by its hash, its repository knows whose it
//! is, and neither need be whoever let it go.

use std::collections::HashMap;

use crate::domain::delivery::{Execution, Pipeline, Revision};
use crate::domain::text::Text;
use crate::world::Place;
use crate::world::feed::Feed;
use crate::world::port::{CloudError, FaultClass};
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

/// Author and starter of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Who<'a> {
    /// Who started it by hand; nobody where a push did.
    pub started: Option<&'a Text>,
    /// Whose commit it runs.
    pub wrote: Option<&'a Text>,
}

impl<'a> Who<'a> {
    pub fn of(sight: &Sight<'a>, run: &'a Execution) -> Self {
        Self { started: run.by.as_ref(), wrote: run.revision.as_ref().and_then(|revision| of(sight, revision)) }
    }

    /// The one to ask first: who started it, else whose commit it is.
    pub fn first(self) -> Option<&'a Text> {
        self.started.or(self.wrote)
    }

    /// The author, where that is another than who started it.
    pub fn other(self) -> Option<&'a Text> {
        self.wrote.filter(|wrote| self.started.is_some_and(|started| started != *wrote))
    }

    /// `push by lena`, `manual by maria, commit by lena`, `rollback`.
    pub fn words(self, run: &Execution) -> String {
        let by = self.first().map_or_else(String::new, |who| format!(" by {who}"));
        let commit = self.other().map_or_else(String::new, |wrote| format!(", commit by {wrote}"));
        format!("{}{by}{commit}", run.trigger_word())
    }

    /// Behind the message of a commit that somebody else let go: ` (commit by lena)`.
    pub fn behind(self) -> String {
        self.other().map_or_else(String::new, |wrote| format!(" (commit by {wrote})"))
    }
}

/// The authors a place knows, for whoever asks of many runs at once.
#[derive(Debug, Default)]
pub struct Authors<'a>(HashMap<&'a Text, &'a Text>);

impl<'a> Authors<'a> {
    /// By the repositories that are read where the pipelines are.
    pub fn at(place: &'a Place) -> Self {
        let commits = place.feeds.repositories.items().flat_map(|repository| repository.commits.iter().flatten());
        let known = commits.filter(|commit| !commit.author.is_empty());
        Self(known.map(|commit| (&commit.sha, &commit.author)).collect())
    }

    pub fn of(&self, run: &'a Execution) -> Who<'a> {
        let of = |revision: &'a Revision| revision.author.as_ref().or_else(|| self.0.get(&revision.id).copied());
        Who { started: run.by.as_ref(), wrote: run.revision.as_ref().and_then(of) }
    }
}

/// Why the author of what a pipeline runs is not told, and what would tell it; nothing where it is told.
pub fn untold(sight: &Sight<'_>, place: &Place, pipeline: &Pipeline) -> Option<String> {
    let newest = pipeline.executions.iter().find_map(|run| run.revision.as_ref())?;
    if pipeline.sources.is_empty() || of(sight, newest).is_some() {
        return None;
    }
    let status = place.feeds.status(Feed::Repositories);
    if let Some(fault) = status.fault.filter(|_| !status.has_value) {
        return Some(format!("whose commits these are is not told: {}", fault.error.message));
    }
    let unread = place.feeds.repositories.items().find(|repository| {
        repository.commits.is_none() && pipeline.sources.iter().any(|source| source.repository == repository.name)
    })?;
    let is_of_it = |gap: &&CloudError| gap.message.as_str().contains(unread.name.as_str());
    // A limit that is reached, or a token that is refused, is of no repository in particular.
    let is_of_all = |gap: &&CloudError| matches!(gap.class, FaultClass::Throttled | FaultClass::Expired);
    let hidden = status.gaps.iter().find(is_of_it).or_else(|| status.gaps.iter().find(is_of_all))?;
    Some(format!("whose commits these are is not told: {}", hidden.message))
}
