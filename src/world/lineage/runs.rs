//! What a target really runs now: its tasks by the image they pulled, its functions by their alias, its instances by what
//! they were made from.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::autoscaling::{AutoScalingGroup, Template};
use crate::domain::container::{Cluster, Service, Task};
use crate::domain::delivery::{DeployStatus, Deployment};
use crate::domain::function::Function;
use crate::domain::scope::Environment;
use crate::domain::text::Text;
use crate::domain::units::percent;
use crate::world::Place;
use crate::world::feed::Feed;

use super::short_digest;

/// The service of this name. Two clusters may each have one: then the one of the stage's environment, or none.
pub(super) fn service_of<'a>(
    place: &'a Place,
    target: &str,
    environment: Environment,
) -> Option<(&'a Cluster, &'a Service)> {
    let named = place.feeds.clusters.items().filter_map(|cluster| {
        let service = cluster.services.iter().find(|service| service.name == *target)?;
        Some((cluster, service))
    });
    let mut all: Vec<(&Cluster, &Service)> = named.collect();
    if all.len() > 1 {
        all.retain(|(cluster, _)| cluster.environment == environment);
    }
    all.pop().filter(|_| all.is_empty())
}

/// What the tasks of a service run; nothing where they could not be read.
pub(super) fn of_service(place: &Place, cluster: &Cluster, service: &Service) -> Option<String> {
    let its = |task: &&Task| task.service == service.name && task.status == "RUNNING";
    let tasks: Vec<&Task> = cluster.tasks.as_ref()?.iter().filter(its).collect();
    let images: Vec<Running<'_>> = tasks.iter().map(|task| Running::of(place, task)).collect();
    // The same tag twice and not the same image: only the digest tells them apart.
    let digests = |name: &str| {
        let same = images.iter().filter(|image| image.name == name);
        same.filter_map(|image| image.digest).collect::<BTreeSet<_>>().len()
    };
    Some(counted(images.iter().map(|image| match image.digest {
        Some(digest) if !image.is_known && digests(&image.name) > 1 => {
            format!("{} {}", image.name, short_digest(digest))
        }
        _ => image.name.clone(),
    })))
}

/// The image a task runs, as people call it.
struct Running<'a> {
    name: String,
    digest: Option<&'a str>,
    /// By its digest in the registry, and not only by what its tag says.
    is_known: bool,
}

impl<'a> Running<'a> {
    fn of(place: &Place, task: &'a Task) -> Self {
        let image = task.image.as_str();
        let (tagged, named) = image.split_once('@').map_or((image, None), |(tagged, digest)| (tagged, Some(digest)));
        // What was pulled, before what was asked for: a tag can be moved.
        let digest = task.digest.as_ref().map(Text::as_str).or(named);
        let known = digest.and_then(|digest| {
            let mut all = place.feeds.images.items().flat_map(|repo| &repo.images);
            all.find(|image| image.digest == *digest && !image.tag.is_empty())
        });
        if let Some(known) = known {
            return Self { name: known.tag.to_string(), digest, is_known: true };
        }
        // The last part: the host in front of it may have a port.
        let last = tagged.rsplit('/').next().unwrap_or(tagged);
        let tag = last.split_once(':').map(|(_, tag)| tag);
        let repository = tag.map_or(tagged, |tag| tagged[..tagged.len() - tag.len()].trim_end_matches(':'));
        let is_ours = || place.feeds.images.items().any(|repo| repo.uri == *repository);
        let name = match (tag, digest) {
            // Of a registry that is not read the tag alone would pass for a version of ours.
            (Some(_), _) if place.feeds.status(Feed::Images).has_value && !is_ours() => last.to_owned(),
            (Some(tag), _) => tag.to_owned(),
            (None, Some(digest)) => short_digest(digest),
            (None, None) => "no tag".to_owned(),
        };
        Self { name, digest, is_known: false }
    }
}

/// `6 run v419`; `4 of 6 run v419, 2 v418`.
pub(super) fn counted(versions: impl Iterator<Item = String>) -> String {
    let counts = most_first(versions);
    let all: usize = counts.iter().map(|(_, count)| count).sum();
    match counts.split_first() {
        None => "nothing runs".into(),
        Some(((version, count), [])) => format!("{count} run {version}"),
        Some(((version, count), rest)) => {
            let rest: Vec<String> = rest.iter().map(|(version, count)| format!("{count} {version}")).collect();
            format!("{count} of {all} run {version}, {}", rest.join(", "))
        }
    }
}

fn most_first(names: impl Iterator<Item = String>) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    names.for_each(|name| *counts.entry(name).or_default() += 1);
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| b.0.cmp(&a.0)));
    counts
}

pub(super) fn of_function(it: &Function) -> Option<String> {
    let version = it.version.as_ref()?;
    let part = it
        .shift
        .as_ref()
        .map_or_else(String::new, |shift| format!(", {} of calls {}", percent(shift.percent), shift.version));
    Some(format!("version {version}{part}"))
}

/// Where nothing but the deployment tells what runs.
pub(super) fn of_deployment(it: &Deployment) -> Option<String> {
    let (done, total) = (it.done, it.total);
    match it.status {
        DeployStatus::Succeeded => Some(format!("{total} run {}", it.to)),
        DeployStatus::RolledBack => Some(format!("{total} run {}", it.from)),
        _ if total == 0 || done > total => None,
        _ if done == 0 => Some(format!("{total} run {}", it.from)),
        _ if done == total => Some(format!("{total} run {}", it.to)),
        _ => Some(format!("{done} of {total} run {}, {} {}", it.to, total - done, it.from)),
    }
}

/// The group of instances behind a target: called as it is, as its deployment group is, or as `CodeDeploy` calls a copy that
/// it deploys to beside the old one.
pub(super) fn group_of<'a>(
    place: &'a Place,
    target: &str,
    deploy: Option<&Deployment>,
) -> Option<&'a AutoScalingGroup> {
    let named = |name: &str| place.feeds.groups.items().find(|group| group.name == *name);
    let group = deploy.and_then(|deploy| deploy.group.as_ref());
    let copy = || deploy.zip(group).and_then(|(deploy, group)| named(&format!("CodeDeploy_{group}_{}", deploy.id)));
    copy().or_else(|| named(target)).or_else(|| group.and_then(|group| named(group.as_str())))
}

/// What new instances are made from, and what those there are were: `web 12, as all 6`; `web 13, 4 of 6 are of 12`.
pub(super) fn made_from(it: &AutoScalingGroup) -> Option<String> {
    let new = it.template.as_ref()?;
    // Those on their way out are replaced by now.
    let there = it.members.iter().filter(|member| !member.lifecycle.as_str().starts_with("Terminat"));
    let there: Vec<Option<&Template>> = there.map(|member| member.template.as_ref()).collect();
    let all = there.len();
    // Of the same template the version says it.
    let short = |from: &Template| {
        if from.name == new.name && !from.version.is_empty() { from.version.to_string() } else { from.words() }
    };
    let others = most_first(
        there
            .iter()
            .filter(|from| **from != Some(new))
            .map(|from| from.map_or_else(|| "one that is not told".to_owned(), short)),
    );
    let new = if new.is_fixed() { new.words() } else { format!("{} for new ones", new.words()) };
    Some(match others.as_slice() {
        _ if all == 0 => format!("{new}, no instances"),
        [] => format!("{new}, as all {all}"),
        [(from, count)] if *count == all => format!("{new}, all {all} are of {from}"),
        others => {
            let others: Vec<String> =
                others.iter().map(|(from, count)| format!("{count} of {all} are of {from}")).collect();
            format!("{new}, {}", others.join(", "))
        }
    })
}

/// The instances by what they were made from, where nothing else tells what they run.
pub(super) fn of_group(it: &AutoScalingGroup) -> Option<String> {
    let there = it.members.iter().filter(|member| member.lifecycle == "InService");
    let from: Option<Vec<String>> = there.map(|member| Some(member.template.as_ref()?.words())).collect();
    Some(counted(from?.into_iter()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::function::Shift;
    use jiff::Timestamp;

    fn deployment(status: DeployStatus, done: u32) -> Deployment {
        Deployment {
            id: "d-1".into(),
            kind: "CodeDeploy".into(),
            target: "web".into(),
            environment: Environment::Prod,
            from: "v418".into(),
            to: "v419".into(),
            status,
            done,
            total: 6,
            started: Timestamp::UNIX_EPOCH,
            finished: None,
            by: Text::default(),
            message: Text::default(),
            reason: Text::default(),
            usual: None,
            returns_to: None,
            returns_by: None,
            returns_with: None,
            arn: None,
            owner: None,
            group: None,
        }
    }

    #[test]
    fn mixed_versions_are_counted_by_what_the_deployment_tells() {
        use DeployStatus as S;
        for (status, done, runs) in [
            (S::Succeeded, 6, Some("6 run v419")),
            (S::InProgress, 0, Some("6 run v418")),
            (S::InProgress, 3, Some("3 of 6 run v419, 3 v418")),
            (S::Failed, 4, Some("4 of 6 run v419, 2 v418")),
            (S::Stopped, 6, Some("6 run v419")),
            (S::RolledBack, 2, Some("6 run v418")),
            (S::Failed, 9, None),
        ] {
            assert_eq!(of_deployment(&deployment(status, done)).as_deref(), runs, "{status:?} {done}");
        }
    }

    #[test]
    fn tasks_are_counted_by_the_version_of_their_image() {
        for (versions, words) in [
            (&["v2", "v2", "v2"][..], "3 run v2"),
            (&["v1", "v2", "v2"], "2 of 3 run v2, 1 v1"),
            (&["v1", "v2"], "1 of 2 run v2, 1 v1"),
            (&[], "nothing runs"),
        ] {
            assert_eq!(counted(versions.iter().map(|version| (*version).to_owned())), words);
        }
    }

    #[test]
    fn a_function_runs_what_its_alias_says() {
        let mut it = Function {
            name: "receipts".into(),
            environment: Environment::Prod,
            runtime: Text::default(),
            alias: Some("live".into()),
            version: Some("41".into()),
            previous_version: None,
            published_before: None,
            revision: None,
            shift: None,
            modified: None,
            reserved: None,
            provisioned: None,
            account_concurrency_limit: None,
        };
        assert_eq!(of_function(&it).as_deref(), Some("version 41"));
        it.shift = Some(Shift { version: "42".into(), percent: 10.0 });
        assert_eq!(of_function(&it).as_deref(), Some("version 41, 10 % of calls 42"));
        it.version = None;
        assert_eq!(of_function(&it), None, "not told is not guessed");
    }
}
