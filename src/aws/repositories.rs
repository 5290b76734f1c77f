//! Where pipelines take their commits from: the connection AWS reads them through, and what the repository tells of itself.
//!
//! The pipelines say which branches matter. CodeCommit is asked in the pipeline's own region, a connection in its own, and
//! GitHub by its own interface. Other hosts are told apart and not asked.

use std::collections::{BTreeMap, BTreeSet};

use aws_config::Region;
use aws_sdk_codecommit::types::{Approval, ApprovalState, Evaluation, PullRequest as SdkPull, PullRequestStatusEnum};
use aws_sdk_codeconnections::types::{ConnectionStatus, ProviderType};
use jiff::{SignedDuration, Timestamp};

use super::ask::{Ask, gather, unread};
use super::convert::{name_of_arn, region_of_arn, text, time};
use super::github::{GitHub, Told};
use super::rota::{Found, Pace};
use crate::domain::delivery::PipelineSource;
use crate::domain::list::List;
use crate::domain::source::{Commit, PullRequest, Review, SourceRepository};
use crate::domain::text::Text;
use crate::world::feed::{Feed, Payload};
use crate::world::port::{CloudError, FaultClass};

/// Branches looked after.
const MOST: usize = 100;
/// Branches at CodeCommit read in one turn: some calls each, and three for every pull request.
const PACE: Pace = Pace { at_a_time: 10, kept: SignedDuration::from_secs(50) };
/// Open pull requests read of a branch at CodeCommit, newest first.
const PULLS: usize = 20;
const PULL: &str = "codecommit:GetPullRequest";

/// What a connection says of itself.
#[derive(Clone, Debug)]
struct Connection {
    provider: Text,
    state: Text,
}

/// What was read of a branch at CodeCommit, and what was not.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    commits: Option<Vec<Commit>>,
    pulls: Option<Vec<PullRequest>>,
    gaps: Vec<CloudError>,
}

pub(super) async fn repositories(ask: &Ask<'_>, github: Option<&GitHub>) -> Result<List<SourceRepository>, CloudError> {
    const FIRST: &[Feed] = &[Feed::Pipelines];
    ask.place.settle(FIRST).await;
    let Some(Payload::Pipelines(pipelines)) = ask.place.seen(Feed::Pipelines) else {
        return ask.place.none_answered(FIRST).map_or_else(|| Ok(List::default()), Err);
    };
    let sources: BTreeSet<&PipelineSource> = pipelines.iter().flat_map(|pipeline| &pipeline.sources).collect();
    let mut sources: Vec<&PipelineSource> = sources.into_iter().collect();
    if sources.len() > MOST {
        ask.gap(unread("codeconnections:GetConnection", sources.len() - MOST, "branches"));
        sources.truncate(MOST);
    }
    let arns: BTreeSet<&Text> = sources.iter().filter_map(|source| source.connection.as_ref()).collect();
    let read = gather(arns.iter().map(|arn| connection(ask, arn)).collect()).await?;
    let connections: BTreeMap<&Text, Connection> =
        arns.into_iter().zip(read).filter_map(|(arn, it)| Some((arn, it?))).collect();
    let at_codecommit = codecommit(ask, &sources).await?;

    let mut all: BTreeMap<Text, SourceRepository> = BTreeMap::new();
    for source in sources {
        let connection = source.connection.as_ref().and_then(|arn| connections.get(arn));
        let provider = match (source.provider.as_str(), connection) {
            (_, Some(connection)) => connection.provider.clone(),
            ("CodeStarSourceConnection", None) => "a connection".into(),
            (other, None) => other.into(),
        };
        let key = SourceRepository::key_of(&source.repository, &source.branch);
        // The same branch by way of another connection is the same branch.
        if all.contains_key(&key) {
            continue;
        }
        let told = match provider.as_str() {
            "CodeCommit" => at_codecommit.get(key.as_str()).cloned().unwrap_or_default(),
            _ => elsewhere(ask, github, source, &provider).await,
        };
        told.gaps.into_iter().for_each(|gap| ask.gap(gap));
        let it = SourceRepository {
            key: key.clone(),
            name: source.repository.clone(),
            provider,
            branch: source.branch.clone(),
            commits: told.commits,
            connection: connection.map(|connection| connection.state.clone()),
            pulls: told.pulls,
        };
        all.insert(key, it);
    }
    Ok(List::new(all.into_values().collect()))
}

/// What GitHub tells, or that nobody is asked.
async fn elsewhere(ask: &Ask<'_>, github: Option<&GitHub>, source: &PipelineSource, provider: &Text) -> Known {
    let not_asked = |words: String| Known {
        gaps: vec![CloudError {
            class: FaultClass::Unsupported,
            operation: "repositories:commits".into(),
            message: words.into(),
            missing: None,
        }],
        ..Known::default()
    };
    match (provider.as_str(), github) {
        ("GitHubEnterpriseServer", Some(github)) if github.is_the_usual() => not_asked(format!(
            "{} is on a GitHub Enterprise server: name its interface as `api` in [github]",
            source.repository
        )),
        ("GitHub" | "GitHubEnterpriseServer", Some(github)) => {
            let Told { commits, pulls, gaps } = github.branch(ask, &source.repository, &source.branch).await;
            Known { commits, pulls, gaps }
        }
        // The connection could not be read, and that is told already.
        ("a connection", _) => Known::default(),
        (other, _) => not_asked(format!("{} is at {other}, which is not asked for commits", source.repository)),
    }
}

/// A connection; nothing where it may not be read.
async fn connection(ask: &Ask<'_>, arn: &Text) -> Result<Option<Connection>, CloudError> {
    let region = region_of_arn(arn.as_str());
    let request = ask.clients.codeconnections.get_connection().connection_arn(arn.as_str()).customize();
    // It is where it was made, which need not be where the pipeline is.
    let elsewhere = Some(region).filter(|region| !region.is_empty() && ask.scope().region != **region);
    let request = match elsewhere {
        Some(region) => request
            .config_override(aws_sdk_codeconnections::config::Builder::new().region(Region::new(region.to_owned()))),
        None => request,
    };
    let answer = match ask.call("codeconnections:GetConnection", request.send()).await {
        Err(error) if error.class == FaultClass::NotFound => {
            // A pipeline that still names it can read nothing any more.
            return Ok(Some(Connection { provider: "a connection".into(), state: "DELETED".into() }));
        }
        outcome => ask.or_gap(outcome)?,
    };
    Ok(answer.and_then(|answer| {
        let it = answer.connection?;
        let provider = text(it.provider_type().map(ProviderType::as_str));
        Some(Connection { provider, state: text(it.connection_status().map(ConnectionStatus::as_str)) })
    }))
}

/// What there is to know of the branches at CodeCommit, in turn.
async fn codecommit(ask: &Ask<'_>, sources: &[&PipelineSource]) -> Result<BTreeMap<String, Known>, CloudError> {
    let here: Vec<(String, &PipelineSource)> = sources
        .iter()
        .filter(|source| source.provider == "CodeCommit")
        .map(|source| (SourceRepository::key_of(&source.repository, &source.branch).to_string(), *source))
        .collect();
    let listed: Vec<Found<'_, _>> = here.iter().map(|(key, source)| Found { key, changed: None, it: source }).collect();
    let wanted = ask.place.branches.wanted(PACE, &listed, ask.at);
    let read = gather(wanted.iter().map(|found| branch(ask, found.it)).collect()).await?;
    Ok(ask.place.branches.take(wanted.into_iter().zip(read), &listed, ask.at).into_iter().collect())
}

async fn branch(ask: &Ask<'_>, source: &PipelineSource) -> Result<Known, CloudError> {
    let (client, repository) = (&ask.clients.codecommit, source.repository.as_str());
    let mut known = Known::default();
    let request = client.get_branch().repository_name(repository).branch_name(source.branch.as_str()).send();
    let head = known.told(ask.call("codecommit:GetBranch", request).await)?;
    let head = head.and_then(|answer| answer.branch?.commit_id);
    if let Some(id) = head {
        let request = client.get_commit().repository_name(repository).commit_id(&id).send();
        let answer = known.told(ask.call("codecommit:GetCommit", request).await)?;
        known.commits = answer.and_then(|answer| Some(vec![commit(&id, &answer.commit?)?]));
    }
    let request = client.list_pull_requests().repository_name(repository);
    let request = request.pull_request_status(PullRequestStatusEnum::Open).send();
    let Some(listed) = known.told(ask.call("codecommit:ListPullRequests", request).await)? else { return Ok(known) };
    let has_more = listed.next_token.is_some();
    let mut ids = listed.pull_request_ids;
    ids.sort_by_key(|id| std::cmp::Reverse(id.parse::<u64>().unwrap_or(0)));
    if has_more || ids.len() > PULLS {
        known.gaps.push(unread(PULL, ids.len().saturating_sub(PULLS).max(1), "pull requests, the oldest,"));
        ids.truncate(PULLS);
    }
    let mut pulls = Vec::new();
    for id in &ids {
        match pull_request(ask, source, id, &mut known).await? {
            Read::Open(pull) => pulls.push(*pull),
            Read::Elsewhere => {}
            // Half of them would pass for all.
            Read::Nothing => return Ok(known),
        }
    }
    known.pulls = Some(pulls);
    Ok(known)
}

enum Read {
    Open(Box<PullRequest>),
    /// Into another branch, or closed by now.
    Elsewhere,
    Nothing,
}

async fn pull_request(ask: &Ask<'_>, source: &PipelineSource, id: &str, known: &mut Known) -> Result<Read, CloudError> {
    let client = &ask.clients.codecommit;
    let answer = match ask.call(PULL, client.get_pull_request().pull_request_id(id).send()).await {
        Err(error) if error.class == FaultClass::NotFound => return Ok(Read::Elsewhere),
        outcome => known.told(outcome)?,
    };
    let Some(it) = answer.and_then(|answer| answer.pull_request) else { return Ok(Read::Nothing) };
    let into = it.pull_request_targets().first().and_then(|target| target.destination_reference()).unwrap_or("");
    if into.trim_start_matches("refs/heads/") != source.branch.as_str() {
        return Ok(Read::Elsewhere);
    }
    let mut review = None;
    if let Some(revision) = it.revision_id() {
        let rules = client.evaluate_pull_request_approval_rules().pull_request_id(id).revision_id(revision).send();
        let rules = known.told(ask.call("codecommit:EvaluatePullRequestApprovalRules", rules).await)?;
        let given = client.get_pull_request_approval_states().pull_request_id(id).revision_id(revision).send();
        let given = known.told(ask.call("codecommit:GetPullRequestApprovalStates", given).await)?;
        review = rules.zip(given).map(|(rules, given)| reviewed(&it, rules.evaluation.as_ref(), given.approvals()));
    }
    let Some(number) = it.pull_request_id().and_then(|id| id.parse().ok()) else { return Ok(Read::Nothing) };
    Ok(Read::Open(Box::new(PullRequest {
        number,
        title: text(it.title()),
        author: text(it.author_arn().map(name_of_arn)),
        opened: opened(&it),
        conflicts: None,
        review: review.flatten(),
    })))
}

impl Known {
    /// What was answered. What was not is told each time the branch is, until it is read again.
    fn told<T>(&mut self, outcome: Result<T, CloudError>) -> Result<Option<T>, CloudError> {
        match outcome {
            Ok(answer) => Ok(Some(answer)),
            Err(error)
                if matches!(error.class, FaultClass::Denied | FaultClass::Unsupported | FaultClass::NotFound) =>
            {
                self.gaps.push(error);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

fn opened(it: &SdkPull) -> Timestamp {
    it.creation_date().map_or(Timestamp::UNIX_EPOCH, time)
}

/// An approval counts once the rules are content with it. Nobody can ask for changes here.
fn reviewed(it: &SdkPull, rules: Option<&Evaluation>, given: &[Approval]) -> Option<Review> {
    let by = given.iter().find(|one| one.approval_state() == Some(&ApprovalState::Approve));
    let by = by.and_then(|one| one.user_arn()).map(|arn| Text::new(name_of_arn(arn)));
    let rules = rules?;
    Some(match by {
        _ if rules.overridden() => Review::Approved { by: "an override of the rules".into() },
        Some(by) if rules.approved() => Review::Approved { by },
        _ => Review::Waiting { since: opened(it) },
    })
}

fn commit(id: &str, it: &aws_sdk_codecommit::types::Commit) -> Option<Commit> {
    let author = it.author();
    let date = it.committer().or(author).and_then(|who| who.date())?;
    // `1484167798 -0800`
    let second = date.split_whitespace().next()?.parse().ok()?;
    Some(Commit {
        sha: Text::new(id),
        author: text(author.and_then(|who| who.name())),
        message: Text::new(it.message().unwrap_or("").lines().next().unwrap_or("")),
        at: Timestamp::from_second(second).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_codecommit::types::UserInfo;
    use aws_smithy_types::DateTime;

    use super::*;

    #[test]
    fn a_commit_has_an_author_and_a_time() {
        let who = |name: &str, date: &str| UserInfo::builder().name(name).date(date).build();
        let it = aws_sdk_codecommit::types::Commit::builder()
            .author(who("Jun Park", "1484167700 -0800"))
            .committer(who("bot", "1484167798 -0800"))
            .message("cache the basket\n\nlong")
            .build();
        let told = commit("4be1f2c", &it).unwrap();
        assert_eq!((told.author.as_str(), told.message.as_str()), ("Jun Park", "cache the basket"));
        assert_eq!(told.at.as_second(), 1_484_167_798);
        assert!(commit("4be1f2c", &aws_sdk_codecommit::types::Commit::builder().build()).is_none());
    }

    #[test]
    fn an_approval_counts_once_the_rules_are_content() {
        let it = SdkPull::builder().creation_date(DateTime::from_secs(1_000)).build();
        let waits = Some(Review::Waiting { since: Timestamp::from_second(1_000).unwrap() });
        let rules = |approved, overridden| Evaluation::builder().approved(approved).overridden(overridden).build();
        let given = |state| [Approval::builder().user_arn("arn:aws:iam::1:user/lena").approval_state(state).build()];
        let approved = given(ApprovalState::Approve);
        assert_eq!(reviewed(&it, Some(&rules(true, false)), &approved), Some(Review::Approved { by: "lena".into() }));
        assert_eq!(reviewed(&it, Some(&rules(false, false)), &approved), waits);
        // Rules there are none of are kept by everything.
        assert_eq!(reviewed(&it, Some(&rules(true, false)), &[]), waits);
        assert_eq!(reviewed(&it, Some(&rules(true, false)), &given(ApprovalState::Revoke)), waits);
        assert!(matches!(reviewed(&it, Some(&rules(false, true)), &[]), Some(Review::Approved { .. })));
        assert_eq!(reviewed(&it, None, &approved), None);
    }
}
