//! Deployments of CodeDeploy: those of all applications are listed together, and one that is over is read once.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use aws_sdk_codedeploy::types::{
    BundleType, DeploymentCreator, DeploymentInfo, DeploymentOverview, DeploymentStatus, RevisionLocation, TimeRange,
};
use jiff::{SignedDuration, Timestamp};

use crate::aws::ask::{Ask, gather};
use crate::aws::convert::{environment_of_name, sdk_time, text, time};
use crate::aws::rota::{Found, Pace};
use crate::domain::delivery::{Bundle, DeployStatus, Deployment};
use crate::domain::scope::{Environment, Scope};
use crate::domain::text::Text;
use crate::world::port::{CloudError, FaultClass};

/// Days back that are listed one after the other: CodeDeploy does not say in which order it lists, and where there are too
/// many it is the oldest that are left out.
const SPANS: [(i64, i64); 3] = [(0, 1), (1, 7), (7, 30)];
/// Deployments held in a place.
const MOST: usize = 400;
const MOST_OF_GROUP: usize = 20;
/// Most that one question may name.
/// <https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_BatchGetDeployments.html>
const IN_ONE: usize = 25;
/// What was made while the last answer came is listed again.
const OVERLAP: SignedDuration = SignedDuration::from_mins(30);
/// How long after its end it may still be said of one that it is rolled back.
const SETTLED: SignedDuration = SignedDuration::from_mins(15);
/// Two calls for each group whose last good deployment is older than what is held.
const PACE: Pace = Pace { at_a_time: 10, kept: SignedDuration::from_hours(6) };

#[derive(Debug, Default)]
pub(in crate::aws) struct Memory(Mutex<State>);

#[derive(Clone, Debug, Default)]
struct State {
    listed: Option<Timestamp>,
    known: HashMap<String, Told>,
}

/// One deployment as CodeDeploy tells it.
#[derive(Clone, Debug, PartialEq)]
struct Told {
    id: Text,
    application: Text,
    group: Text,
    revision: Revision,
    /// What was there before, by CodeDeploy.
    previous: Option<Text>,
    status: DeployStatus,
    /// To instances that came later and get what the others have: no rollout.
    is_joining: bool,
    by: Text,
    message: Text,
    done: u32,
    total: u32,
    created: Timestamp,
    finished: Option<Timestamp>,
    /// The one that rolls it back.
    rolled_back_by: Option<Text>,
    /// The one that it rolls back.
    rolls_back: Option<Text>,
}

/// What was deployed.
#[derive(Clone, Debug, PartialEq)]
struct Revision {
    /// What tells it from another.
    identity: String,
    word: Text,
    bundle: Option<Bundle>,
}

/// A deployment one may go back to.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::aws) struct Good {
    id: Text,
    revision: Revision,
}

impl Memory {
    fn get(&self) -> State {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn put(&self, state: State) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }
}

pub(super) async fn deployments(ask: &Ask<'_>) -> Result<Vec<Deployment>, CloudError> {
    let memory = &ask.place.deployments;
    let mut state = memory.codedeploy.get();
    let mut wanted = listed(ask, state.listed).await?;
    wanted.retain(|id| state.known.get(id).is_none_or(|it| it.may_change(ask.at)));
    let open = state.known.iter().filter(|(_, it)| it.may_change(ask.at)).map(|(id, _)| id.clone());
    wanted.extend(open);
    wanted.sort_unstable();
    wanted.dedup();
    for it in read(ask, &wanted).await? {
        state.known.insert(it.id.to_string(), it);
    }
    state.listed = Some(ask.at);
    let groups = by_group(state.known.into_values());
    state.known = groups.values().flatten().map(|it| (it.id.to_string(), it.clone())).collect();
    memory.codedeploy.put(state);

    // Those of which nothing held is good.
    let blind: Vec<(String, &[Told])> = groups
        .iter()
        .filter(|(_, all)| rollouts(all).next().is_some_and(|newest| good_before(all, newest).is_none()))
        .map(|((application, group), all)| (format!("{application}\n{group}"), all.as_slice()))
        .collect();
    let found: Vec<Found<'_, &[Told]>> = blind
        .iter()
        .map(|(key, all)| Found { key, changed: all.first().map(|newest| newest.id.as_str()), it: all })
        .collect();
    let asked = memory.earlier.wanted(PACE, &found, ask.at);
    let earlier = gather(asked.iter().map(|found| earlier(ask, found.it)).collect()).await?;
    let earlier = memory.earlier.take(asked.into_iter().zip(earlier), &found, ask.at);
    let rows = groups.iter().flat_map(|((application, group), all)| {
        let earlier = earlier.get(&format!("{application}\n{group}")).and_then(Option::as_ref);
        rollouts(all).map(move |it| row(it, all, earlier, ask.scope()))
    });
    Ok(rows.collect())
}

/// The ids of what was made since the last answer; of the first, of the last month.
async fn listed(ask: &Ask<'_>, last: Option<Timestamp>) -> Result<Vec<String>, CloudError> {
    if let Some(last) = last {
        return list(ask, last - OVERLAP, None).await;
    }
    let mut all = Vec::new();
    for (until, from) in SPANS {
        let ago = |days: i64| ask.at - SignedDuration::from_hours(24 * days);
        all.extend(list(ask, ago(from), (until > 0).then(|| ago(until))).await?);
        if all.len() >= MOST {
            all.truncate(MOST);
            break;
        }
    }
    Ok(all)
}

async fn list(ask: &Ask<'_>, from: Timestamp, until: Option<Timestamp>) -> Result<Vec<String>, CloudError> {
    let span = TimeRange::builder().start(sdk_time(from)).set_end(until.map(sdk_time)).build();
    let pages = ask
        .clients
        .codedeploy
        .list_deployments()
        .create_time_range(span)
        .into_paginator()
        .stop_on_duplicate_token(false);
    let pages = ask.pages("codedeploy:ListDeployments", pages.send()).await?;
    Ok(pages.into_iter().flat_map(|page| page.deployments.unwrap_or_default()).collect())
}

async fn read(ask: &Ask<'_>, ids: &[String]) -> Result<Vec<Told>, CloudError> {
    let one = async |ids: &[String]| {
        let request = ask.clients.codedeploy.batch_get_deployments().set_deployment_ids(Some(ids.to_vec())).send();
        let answer = ask.call("codedeploy:BatchGetDeployments", request).await?;
        Ok::<_, CloudError>(answer.deployments_info().iter().filter_map(told).collect::<Vec<Told>>())
    };
    let all = gather(ids.chunks(IN_ONE).map(one).collect()).await?;
    Ok(all.into_iter().flatten().collect())
}

/// The last good one of a group before all that are held, if there is one.
async fn earlier(ask: &Ask<'_>, held: &[Told]) -> Result<Option<Good>, CloudError> {
    let (Some(newest), Some(oldest)) = (rollouts(held).next(), held.last()) else { return Ok(None) };
    let until = TimeRange::builder().end(sdk_time(oldest.created)).build();
    let request = ask
        .clients
        .codedeploy
        .list_deployments()
        .application_name(newest.application.as_str())
        .deployment_group_name(newest.group.as_str())
        .include_only_statuses(DeploymentStatus::Succeeded)
        .create_time_range(until)
        .send();
    let ids = match ask.call("codedeploy:ListDeployments", request).await {
        // The group was deleted, and what was deployed by it is told all the same.
        Err(error) if error.class == FaultClass::NotFound => return Ok(None),
        outcome => outcome?.deployments.unwrap_or_default(),
    };
    let ids: Vec<String> = ids.into_iter().filter(|id| held.iter().all(|it| it.id != **id)).take(IN_ONE).collect();
    let mut all = read(ask, &ids).await?;
    all.sort_by_key(|it| std::cmp::Reverse(it.created));
    let older = all.iter().filter(|it| it.created <= oldest.created);
    Ok(best(older, newest).map(|it| Good { id: it.id.clone(), revision: it.revision.clone() }))
}

/// Those of each group by its application and name, newest first; of all no more than are held.
fn by_group(all: impl Iterator<Item = Told>) -> BTreeMap<(Text, Text), Vec<Told>> {
    let mut all: Vec<Told> = all.collect();
    all.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.id.cmp(&b.id)));
    all.truncate(MOST);
    let mut groups: BTreeMap<(Text, Text), Vec<Told>> = BTreeMap::new();
    for it in all {
        let group = groups.entry((it.application.clone(), it.group.clone())).or_default();
        if group.len() < MOST_OF_GROUP {
            group.push(it);
        }
    }
    groups
}

fn rollouts(newest_first: &[Told]) -> impl Iterator<Item = &Told> {
    newest_first.iter().filter(|it| !it.is_joining)
}

/// The ones before it, newest first.
fn before<'a>(newest_first: &'a [Told], it: &'a Told) -> impl Iterator<Item = &'a Told> {
    rollouts(newest_first).skip_while(move |other| other.id != it.id).skip(1)
}

/// The newest that brought another revision and succeeded. One that was rolled back was not good, whatever was said first.
fn best<'a>(mut before: impl Iterator<Item = &'a Told>, it: &Told) -> Option<&'a Told> {
    before.find(|past| {
        let is_bad = past.rolled_back_by.is_some() || it.rolls_back.as_ref() == Some(&past.id);
        past.status == DeployStatus::Succeeded && !is_bad && past.revision.is_another(&it.revision)
    })
}

fn good_before<'a>(newest_first: &'a [Told], it: &'a Told) -> Option<&'a Told> {
    best(before(newest_first, it), it)
}

impl Revision {
    /// What is not told is not known to be another.
    fn is_another(&self, than: &Self) -> bool {
        !self.identity.is_empty() && !than.identity.is_empty() && self.identity != than.identity
    }
}

impl Told {
    fn may_change(&self, now: Timestamp) -> bool {
        self.status == DeployStatus::InProgress || self.finished.is_some_and(|end| now.duration_since(end) < SETTLED)
    }
}

fn row(it: &Told, all: &[Told], earlier: Option<&Good>, scope: &Scope) -> Deployment {
    let succeeded = before(all, it).find(|past| past.status == DeployStatus::Succeeded);
    let good = good_before(all, it).map(|past| Good { id: past.id.clone(), revision: past.revision.clone() });
    let good = good.or_else(|| earlier.filter(|past| past.revision.is_another(&it.revision)).cloned());
    let from = succeeded.map(|past| past.revision.word.clone()).or_else(|| it.previous.clone());
    // It is only done when the deployment that takes it back is.
    let is_rolled_back = all.iter().any(|other| {
        let is_its = it.rolled_back_by.as_ref() == Some(&other.id) || other.rolls_back.as_ref() == Some(&it.id);
        is_its && other.status == DeployStatus::Succeeded
    });
    Deployment {
        id: it.id.clone(),
        kind: "CodeDeploy".into(),
        target: Text::from(format!("{}/{}", it.application, it.group)),
        environment: match Environment::in_name(it.group.as_str()) {
            Environment::Unknown => environment_of_name(it.application.as_str(), scope),
            environment => environment,
        },
        from: from.unwrap_or_else(|| "-".into()),
        to: it.revision.word.clone(),
        status: match it.status {
            DeployStatus::Stopped | DeployStatus::Failed if is_rolled_back => DeployStatus::RolledBack,
            status => status,
        },
        done: it.done,
        total: it.total,
        started: it.created,
        finished: it.finished,
        by: it.by.clone(),
        message: it.message.clone(),
        reason: if it.status.is_bad() { it.message.clone() } else { Text::default() },
        usual: succeeded.and_then(|past| Some(past.finished?.duration_since(past.created))),
        returns_to: good.as_ref().map(|good| good.revision.word.clone()),
        returns_by: good.as_ref().map(|good| good.id.clone()),
        returns_with: good.and_then(|good| good.revision.bundle),
        arn: None,
        owner: Some(it.application.clone()),
        group: Some(it.group.clone()),
    }
}

fn told(it: &DeploymentInfo) -> Option<Told> {
    let id = it.deployment_id().filter(|id| !id.is_empty())?;
    let finished = it.complete_time().map(time);
    let (status, unknown) = status(it.status(), finished.is_some());
    let rollback = it.rollback_info();
    let said = [
        it.error_information().and_then(|error| error.message()),
        rollback.and_then(|rollback| rollback.rollback_message()),
        it.description(),
        unknown,
    ];
    let named = |id: Option<&str>| id.filter(|id| !id.is_empty()).map(Text::new);
    let (done, total) = it.deployment_overview().map_or((0, 0), counts);
    Some(Told {
        id: Text::new(id),
        application: text(it.application_name()),
        group: text(it.deployment_group_name()),
        revision: revision(it.revision()),
        previous: it.previous_revision().map(|it| revision(Some(it)).word).filter(|word| *word != *UNTOLD),
        status,
        is_joining: matches!(
            it.creator(),
            Some(
                DeploymentCreator::Autoscaling
                    | DeploymentCreator::AutoscalingTermination
                    | DeploymentCreator::CodeDeployAutoUpdate
            )
        ),
        by: it.creator().map_or_else(Text::default, creator),
        message: text(said.into_iter().flatten().find(|words| !words.is_empty())),
        done,
        total,
        created: it.start_time().or(it.create_time()).map(time)?,
        finished: finished.filter(|_| status != DeployStatus::InProgress),
        rolled_back_by: named(rollback.and_then(|rollback| rollback.rollback_deployment_id())),
        rolls_back: named(rollback.and_then(|rollback| rollback.rollback_triggering_deployment_id())),
    })
}

/// What it is, and AWS's word where this version has none for it.
fn status(status: Option<&DeploymentStatus>, is_over: bool) -> (DeployStatus, Option<&str>) {
    match status {
        Some(DeploymentStatus::Succeeded) => (DeployStatus::Succeeded, None),
        Some(DeploymentStatus::Failed) => (DeployStatus::Failed, None),
        Some(DeploymentStatus::Stopped) => (DeployStatus::Stopped, None),
        Some(
            DeploymentStatus::Created
            | DeploymentStatus::Queued
            | DeploymentStatus::InProgress
            | DeploymentStatus::Baking
            | DeploymentStatus::Ready,
        ) => (DeployStatus::InProgress, None),
        other => {
            let word = other.map(DeploymentStatus::as_str);
            (if is_over { DeployStatus::Stopped } else { DeployStatus::InProgress }, word)
        }
    }
}

/// Nobody where it was done by hand or by a call: CodeDeploy does not say whose.
fn creator(creator: &DeploymentCreator) -> Text {
    match creator {
        DeploymentCreator::User => Text::default(),
        DeploymentCreator::CodeDeployRollback => "CodeDeploy, rolling back".into(),
        DeploymentCreator::CloudFormationRollback => "CloudFormation, rolling back".into(),
        DeploymentCreator::CloudFormation => "CloudFormation".into(),
        other => Text::new(other.as_str()),
    }
}

fn counts(it: &DeploymentOverview) -> (u32, u32) {
    let of = |count: i64| u32::try_from(count).unwrap_or(0);
    let all = [it.pending(), it.in_progress(), it.succeeded(), it.failed(), it.skipped(), it.ready()];
    (of(it.succeeded()), all.into_iter().map(of).fold(0, u32::saturating_add))
}

const UNTOLD: &str = "-";
/// Digits by which people tell one hash, or one version of an object, from another.
const DIGITS: usize = 7;

fn revision(it: Option<&RevisionLocation>) -> Revision {
    let start = |word: &str| word.chars().take(DIGITS).collect::<String>();
    let found = it.and_then(|it| {
        if let Some(at) = it.s3_location() {
            let (bucket, key) = (at.bucket()?, at.key()?);
            let bundle = at.bundle_type().map_or("zip", BundleType::as_str);
            let told = |part: Option<&str>| part.filter(|part| !part.is_empty()).map(Text::new);
            let (version, etag) = (told(at.version()), told(at.e_tag()));
            let exact = version.as_ref().or(etag.as_ref());
            // The folder often is the version, and the name always the same.
            let mut parts: Vec<&str> = key.rsplit('/').take(2).collect();
            parts.reverse();
            let word = match exact {
                Some(exact) => format!("{}@{}", parts.join("/"), start(exact.as_str().trim_matches('"'))),
                None => parts.join("/"),
            };
            Some(Revision {
                identity: format!("s3://{bucket}/{key}@{}", exact.map_or("", Text::as_str)),
                word: Text::from(word),
                bundle: Some(Bundle::S3 {
                    bucket: Text::new(bucket),
                    key: Text::new(key),
                    bundle: Text::new(bundle),
                    version,
                    etag,
                }),
            })
        } else if let Some(at) = it.git_hub_location() {
            let (repository, commit) = (at.repository()?, at.commit_id()?);
            Some(Revision {
                identity: format!("{repository}@{commit}"),
                word: Text::from(start(commit)),
                bundle: Some(Bundle::GitHub { repository: Text::new(repository), commit: Text::new(commit) }),
            })
        } else {
            let old = it.string().and_then(|it| it.sha256());
            let hash = it.app_spec_content().and_then(|it| it.sha256()).or(old)?;
            let word = Text::from(format!("appspec {}", start(hash)));
            Some(Revision { identity: hash.to_owned(), word, bundle: None })
        }
    });
    found.unwrap_or_else(|| Revision { identity: String::new(), word: UNTOLD.into(), bundle: None })
}

#[cfg(test)]
mod tests {
    use aws_sdk_codedeploy::types::{ErrorInformation, GitHubLocation, RevisionLocationType, RollbackInfo, S3Location};
    use aws_smithy_types::DateTime;

    use super::*;

    const DAY: i64 = 86_400;

    fn scope() -> Scope {
        Scope {
            account: "123456789012".into(),
            alias: "".into(),
            region: "eu-west-1".into(),
            environment: Environment::Unknown,
        }
    }

    fn in_s3(key: &str, version: Option<&str>) -> RevisionLocation {
        let at = S3Location::builder().bucket("artifacts").key(key).bundle_type(BundleType::TarGZip);
        let at = at.set_version(version.map(str::to_owned)).build();
        RevisionLocation::builder().revision_type(RevisionLocationType::S3).s3_location(at).build()
    }

    fn info(id: &str, day: i64, key: &str, status: DeploymentStatus) -> DeploymentInfo {
        let overview = DeploymentOverview::builder().succeeded(2).pending(1).in_progress(1).build();
        DeploymentInfo::builder()
            .deployment_id(id)
            .application_name("web")
            .deployment_group_name("production")
            .revision(in_s3(key, None))
            .create_time(DateTime::from_secs(day * DAY))
            .complete_time(DateTime::from_secs(day * DAY + 300))
            .status(status)
            .deployment_overview(overview)
            .creator(DeploymentCreator::User)
            .build()
    }

    fn rows_of(all: &[DeploymentInfo]) -> Vec<Deployment> {
        let groups = by_group(all.iter().filter_map(told));
        let all = groups.values().next().unwrap();
        rollouts(all).map(|it| row(it, all, None, &scope())).collect()
    }

    fn with_rollback(mut it: DeploymentInfo, by: Option<&str>, of: Option<&str>) -> DeploymentInfo {
        let info = RollbackInfo::builder()
            .set_rollback_deployment_id(by.map(str::to_owned))
            .set_rollback_triggering_deployment_id(of.map(str::to_owned));
        it.rollback_info = Some(info.build());
        it
    }

    #[test]
    fn a_deployment_returns_to_the_last_that_was_another_and_good() {
        use DeploymentStatus::{Failed, Succeeded};
        let all = [
            info("d-1", 1, "web/v1.tgz", Succeeded),
            info("d-2", 2, "web/v2.tgz", Succeeded),
            info("d-3", 3, "web/v3.tgz", Failed),
            info("d-4", 4, "web/v4.tgz", Succeeded),
            info("d-5", 5, "web/v4.tgz", Succeeded),
        ];
        let rows = rows_of(&all);
        let newest = &rows[0];
        assert_eq!((newest.id.as_str(), newest.target.as_str()), ("d-5", "web/production"));
        assert_eq!((newest.from.as_str(), newest.to.as_str()), ("web/v4.tgz", "web/v4.tgz"));
        // The newest that succeeded deployed the same; the one before that failed.
        assert_eq!(
            (newest.returns_to.clone(), newest.returns_by.clone()),
            (Some("web/v2.tgz".into()), Some("d-2".into()))
        );
        assert!(
            matches!(&newest.returns_with, Some(Bundle::S3 { key, bundle, .. }) if *key == "web/v2.tgz" && *bundle == "tgz")
        );
        assert_eq!((newest.done, newest.total, newest.environment), (2, 4, Environment::Prod));
        assert_eq!(newest.usual, Some(SignedDuration::from_secs(300)));
        assert_eq!((newest.by.as_str(), newest.group.clone()), ("", Some("production".into())));
        let first = rows.last().unwrap();
        assert_eq!((first.from.as_str(), first.returns_to.clone(), first.usual), ("-", None, None));
    }

    #[test]
    fn one_that_is_taken_back_is_no_good_and_is_back_when_that_is_done() {
        use DeploymentStatus::{InProgress, Stopped, Succeeded};
        let of = |back: DeploymentStatus| {
            rows_of(&[
                info("d-1", 1, "v1", Succeeded),
                with_rollback(info("d-2", 2, "v2", Succeeded), Some("d-x"), None),
                with_rollback(info("d-3", 3, "v3", Stopped), Some("d-4"), None),
                with_rollback(info("d-4", 4, "v1", back), None, Some("d-3")),
                info("d-5", 5, "v5", Succeeded),
            ])
        };
        assert_eq!(of(Succeeded)[2].status, DeployStatus::RolledBack);
        assert_eq!(of(InProgress)[2].status, DeployStatus::Stopped);
        let rows = of(InProgress);
        assert_eq!((rows[1].status, rows[1].finished), (DeployStatus::InProgress, None));
        // What was good is what was not taken back, however it ended.
        assert_eq!(rows[0].returns_by, Some("d-1".into()));
    }

    #[test]
    fn instances_that_come_later_are_no_rollout() {
        let mut joining = info("d-2", 2, "v1", DeploymentStatus::Succeeded);
        joining.creator = Some(DeploymentCreator::Autoscaling);
        let rows = rows_of(&[info("d-1", 1, "v1", DeploymentStatus::Succeeded), joining]);
        assert_eq!(rows.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(), ["d-1"]);
    }

    #[test]
    fn a_revision_is_told_from_another_by_what_it_is() {
        let of = |it: &RevisionLocation| revision(Some(it));
        let commit = GitHubLocation::builder().repository("acme/web").commit_id("4be1f2c0de4be1f2c0de").build();
        let commit = RevisionLocation::builder().git_hub_location(commit).build();
        assert_eq!(of(&commit).word, "4be1f2c");
        let versioned = of(&in_s3("pipeline/Build/ab12", Some("3sL4kqtJlcpXroDTDmJ")));
        assert_eq!(versioned.word, "Build/ab12@3sL4kqt");
        assert!(versioned.is_another(&of(&in_s3("pipeline/Build/ab12", Some("other")))));
        assert!(!of(&in_s3("web.zip", None)).is_another(&of(&in_s3("web.zip", None))));
        // What is not told is neither the same nor another.
        assert_eq!(revision(None).word, UNTOLD);
        assert!(!versioned.is_another(&revision(None)) && !revision(None).is_another(&versioned));
    }

    #[test]
    fn what_failed_says_why_and_what_is_unknown_says_what_it_is() {
        let mut failed = info("d-1", 1, "v1", DeploymentStatus::Failed);
        failed.description = Some("by the pipeline".into());
        assert_eq!(told(&failed).unwrap().message, "by the pipeline");
        failed.error_information = Some(ErrorInformation::builder().message("too many failed").build());
        assert_eq!(told(&failed).unwrap().message, "too many failed");
        let mut odd = info("d-1", 1, "v1", DeploymentStatus::from("Dreaming"));
        let it = told(&odd).unwrap();
        assert_eq!((it.status, it.message.as_str()), (DeployStatus::Stopped, "Dreaming"));
        odd.complete_time = None;
        assert_eq!(told(&odd).unwrap().status, DeployStatus::InProgress);
        assert!(told(&DeploymentInfo::builder().build()).is_none());
    }

    #[test]
    fn one_that_is_over_is_asked_no_more() {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let over = told(&info("d-1", 1, "v1", DeploymentStatus::Succeeded)).unwrap();
        // Its rollback may begin a little later.
        assert!(over.may_change(at(DAY + 400)) && !over.may_change(at(DAY + 2_000)));
        assert!(told(&info("d-1", 1, "v1", DeploymentStatus::Queued)).unwrap().may_change(at(90 * DAY)));
    }
}
