//! GitHub, where pipelines take their commits from: who made them, which pull requests wait, and for whom.
//!
//! A client of our own over the connections the SDK has, for four questions of a few fields each. The library there is for it
//! brings a second calendar, a second cryptography and some eighteen crates, wants twenty fields of every user where one is
//! shown, and fails a whole list for the lack of one. It tells no limits either, and they are half of what is said here.

mod client;
mod token;
mod wire;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

pub use client::{Budget, GitHub};
pub use token::Token;
use wire::{CommitTold, PullDetail, PullTold, ReviewTold};

use crate::domain::source::{Commit, PullRequest, Review};
use crate::domain::text::Text;
use crate::world::port::{CloudError, FaultClass};

use super::ask::{Ask, malformed};

/// Commits read of a branch, to know who made what runs.
const COMMITS: usize = 30;
/// Pages of a hundred pull requests.
const PULL_PAGES: usize = 3;
/// Pull requests whose reviews and conflicts are read, two requests each, and of how many of them anew in one turn.
const LOOKED_INTO: usize = 40;
const ANEW: usize = 10;

/// What is told of a branch, and what is not.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub commits: Option<Vec<Commit>>,
    pub pulls: Option<Vec<PullRequest>>,
    pub gaps: Vec<CloudError>,
}

impl Told {
    fn take<T>(&mut self, outcome: Result<T, CloudError>) -> Option<T> {
        outcome.map_err(|error| self.gaps.push(error)).ok()
    }
}

impl GitHub {
    /// What there is to know of a branch. Whatever fails is a gap: AWS's own side of a repository is there without GitHub.
    pub(super) async fn branch(&self, ask: &Ask<'_>, repository: &Text, branch: &Text) -> Told {
        let mut told = Told::default();
        let Some(at) = path_of(repository.as_str()) else {
            told.gaps.push(malformed("github:commits", &format!("{repository} is no name of a repository at GitHub")));
            return told;
        };
        let commits = format!("{at}/commits?sha={}&per_page={COMMITS}", encoded(branch.as_str()));
        let commits = self.get::<Vec<CommitTold>>(ask, "github:commits", repository, &commits).await;
        told.commits = told.take(commits).map(|all| all.it.iter().filter_map(commit).collect());
        // What hides the one hides the other.
        if told.gaps.iter().any(|gap| matches!(gap.class, FaultClass::NotFound | FaultClass::Expired)) {
            return told;
        }
        let pulls = self.open_pulls(ask, repository, &at, branch).await;
        let Some(pulls) = told.take(pulls) else { return told };
        let mut looked_into = BTreeMap::new();
        if self.has_token().await {
            looked_into = self.look_into(ask, repository, &at, &pulls, &mut told).await;
        } else if !pulls.is_empty() {
            told.gaps.push(CloudError {
                class: FaultClass::Unsupported,
                operation: "github:reviews".into(),
                message:
                    "60 requests an hour without a token are too few for reviews and conflicts: set GITHUB_TOKEN or \
                          `token_command`"
                        .into(),
                missing: None,
            });
        }
        told.pulls = Some(pulls.iter().filter_map(|pull| pull_request(pull, looked_into.get(&pull.number))).collect());
        told
    }

    async fn open_pulls(
        &self,
        ask: &Ask<'_>,
        repository: &Text,
        at: &str,
        branch: &Text,
    ) -> Result<Vec<PullTold>, CloudError> {
        let branch = encoded(branch.as_str());
        let mut next = Some(format!("{at}/pulls?state=open&base={branch}&sort=created&direction=asc&per_page=100"));
        let mut all = Vec::new();
        for _ in 0..PULL_PAGES {
            let Some(path) = next.take() else { break };
            let page = self.get::<Vec<PullTold>>(ask, "github:pulls", repository, &path).await?;
            all.extend(page.it.iter().cloned());
            next.clone_from(&page.next);
        }
        Ok(all)
    }

    /// Reviews and conflicts of pull requests, those read longest ago anew; of the others what was read before.
    async fn look_into(
        &self,
        ask: &Ask<'_>,
        repository: &Text,
        at: &str,
        pulls: &[PullTold],
        told: &mut Told,
    ) -> BTreeMap<u32, Looked> {
        let of = |pull: &PullTold| {
            (format!("{at}/pulls/{}", pull.number), format!("{at}/pulls/{}/reviews?per_page=100", pull.number))
        };
        let mut chosen: Vec<(Option<Timestamp>, &PullTold)> =
            pulls.iter().take(LOOKED_INTO).map(|pull| (self.read_at(&of(pull).0), pull)).collect();
        chosen.sort_by_key(|(read, pull)| (*read, pull.number));
        let mut looked_into = BTreeMap::new();
        for (place, (_, pull)) in chosen.into_iter().enumerate() {
            let (detail, reviews) = of(pull);
            let mut looked = Looked::default();
            if place < ANEW {
                let answer = self.get::<PullDetail>(ask, "github:pulls", repository, &detail).await;
                looked.conflicts = told.take(answer).and_then(|answer| answer.it.conflicts());
                let answer = self.get::<Vec<ReviewTold>>(ask, "github:reviews", repository, &reviews).await;
                looked.reviews = told.take(answer).map(|answer| answer.it);
            } else {
                looked.conflicts = self.held::<PullDetail>(&detail).and_then(|answer| answer.it.conflicts());
                looked.reviews = self.held::<Vec<ReviewTold>>(&reviews).map(|answer| answer.it);
            }
            looked_into.insert(pull.number, looked);
        }
        looked_into
    }
}

/// What was read of one pull request.
#[derive(Debug, Default)]
struct Looked {
    conflicts: Option<bool>,
    reviews: Option<Arc<Vec<ReviewTold>>>,
}

fn commit(it: &CommitTold) -> Option<Commit> {
    let by = it.commit.author.as_ref();
    let name = by.and_then(|by| by.name.as_deref()).filter(|name| !name.is_empty());
    let login = it.author.as_ref().and_then(|author| author.login.as_deref());
    Some(Commit {
        sha: Text::new(&it.sha),
        author: name.or(login).map_or_else(Text::default, Text::new),
        message: Text::new(it.commit.message.lines().next().unwrap_or("")),
        at: it.commit.committer.as_ref().or(by)?.date?,
    })
}

fn pull_request(it: &PullTold, looked: Option<&Looked>) -> Option<PullRequest> {
    let reviews = looked.and_then(|looked| looked.reviews.as_ref());
    let opened = it.created_at?;
    Some(PullRequest {
        number: it.number,
        title: Text::new(&it.title),
        author: it.user.as_ref().and_then(|user| user.login.as_deref()).map_or_else(|| "nobody".into(), Text::new),
        opened,
        conflicts: looked.and_then(|looked| looked.conflicts),
        review: if it.draft { Some(Review::Draft) } else { reviews.map(|all| review(all, opened)) },
    })
}

/// By the last word of each who had one; a comment is none.
fn review(all: &[ReviewTold], opened: Timestamp) -> Review {
    let mut last: BTreeMap<&str, (Reverse<usize>, &str)> = BTreeMap::new();
    for (place, one) in all.iter().enumerate() {
        if ["APPROVED", "CHANGES_REQUESTED", "DISMISSED"].contains(&one.state.as_str()) {
            let who = one.user.as_ref().and_then(|user| user.login.as_deref()).unwrap_or("somebody");
            last.insert(who, (Reverse(place), &one.state));
        }
    }
    let by = |state: &str| {
        last.iter()
            .filter(|(_, (_, said))| *said == state)
            .min_by_key(|(_, (place, _))| *place)
            .map(|(who, _)| Text::new(who))
    };
    if let Some(by) = by("CHANGES_REQUESTED") {
        return Review::ChangesRequested { by };
    }
    match by("APPROVED") {
        Some(by) => Review::Approved { by },
        None => Review::Waiting { since: opened },
    }
}

/// `/repos/acme/shop`. What GitHub would not allow as a name could lead elsewhere.
fn path_of(repository: &str) -> Option<String> {
    let (owner, name) = repository.split_once('/')?;
    let is_name = |part: &str| {
        !part.is_empty()
            && !part.bytes().all(|byte| byte == b'.')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    (is_name(owner) && is_name(name)).then(|| format!("/repos/{owner}/{name}"))
}

/// As a value in a query.
fn encoded(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reviews(all: &[(&str, &str)]) -> Vec<ReviewTold> {
        let one = |(who, state): &(&str, &str)| {
            serde_json::from_value(serde_json::json!({ "user": { "login": who }, "state": state })).unwrap()
        };
        all.iter().map(one).collect()
    }

    #[test]
    fn the_last_word_of_each_counts_and_a_comment_is_none() {
        let of = |all: &[(&str, &str)]| review(&reviews(all), Timestamp::UNIX_EPOCH);
        assert_eq!(of(&[]), Review::Waiting { since: Timestamp::UNIX_EPOCH });
        assert_eq!(of(&[("jun", "COMMENTED")]), Review::Waiting { since: Timestamp::UNIX_EPOCH });
        let changed_mind = [("jun", "CHANGES_REQUESTED"), ("jun", "APPROVED"), ("jun", "COMMENTED")];
        assert_eq!(of(&changed_mind), Review::Approved { by: "jun".into() });
        let two = [("jun", "APPROVED"), ("lena", "CHANGES_REQUESTED")];
        assert_eq!(of(&two), Review::ChangesRequested { by: "lena".into() });
        let dismissed = [("lena", "CHANGES_REQUESTED"), ("lena", "DISMISSED")];
        assert_eq!(of(&dismissed), Review::Waiting { since: Timestamp::UNIX_EPOCH });
    }

    #[test]
    fn names_that_lead_elsewhere_are_none() {
        assert_eq!(path_of("acme/shop.js"), Some("/repos/acme/shop.js".into()));
        for name in
            ["acme", "acme/", "/shop", "acme/..", "acme/shop/pulls", "acme/shop?x", "ac me/shop", "acme/sh%2fop"]
        {
            assert_eq!(path_of(name), None, "{name}");
        }
        assert_eq!(encoded("feature/a&b=c ü"), "feature%2Fa%26b%3Dc%20%C3%BC");
    }

    #[test]
    fn a_commit_is_its_authors_and_a_ghosts_pull_request_still_one() {
        let told: CommitTold = serde_json::from_value(serde_json::json!({
            "sha": "4be1f2c", "author": { "login": "jun" },
            "commit": { "message": "cache the basket\n\nlong", "author": { "name": "Jun Park", "date": "2026-03-01T10:00:00Z" },
                        "committer": { "name": "GitHub", "date": "2026-03-01T11:00:00Z" } },
        }))
        .unwrap();
        let it = commit(&told).unwrap();
        assert_eq!((it.author.as_str(), it.message.as_str()), ("Jun Park", "cache the basket"));
        assert_eq!(it.at, "2026-03-01T11:00:00Z".parse().unwrap());
        let told: PullTold = serde_json::from_value(serde_json::json!({
            "number": 7, "title": "x", "user": null, "created_at": "2026-03-01T10:00:00Z",
        }))
        .unwrap();
        let it = pull_request(&told, None).unwrap();
        assert_eq!((it.author.as_str(), it.conflicts, it.review), ("nobody", None, None));
    }
}
