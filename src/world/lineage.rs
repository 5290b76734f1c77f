//! Which commit runs where: from the source, by its build and its image, to what every target really runs.
//!
//! Each link is looked up where AWS tells it, and said to be not told where it does not: a chain with a guess in it is worse
//! than one with a gap.

use std::collections::BTreeMap;

use crate::domain::board::BoxId;
use crate::domain::container::Service;
use crate::domain::delivery::{Action, DeployStatus, Deployment, Execution, Image, Pipeline};
use crate::domain::function::Function;
use crate::domain::scope::Environment;
use crate::domain::text::Text;
use crate::domain::units::percent;
use crate::world::Place;
use crate::world::board::pipeline_map::mapped;
use crate::world::sight::Sight;
use crate::world::way_back::newest;

/// Where something is not known.
pub const NOT_TOLD: &str = "not told";

/// One target of a pipeline, with what led to what it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    pub target: String,
    pub environment: Environment,
    /// `84960eb by maria`.
    pub commit: Option<String>,
    /// What the build made, or what the build is called.
    pub build: Option<String>,
    /// The digest of the image, as much of it as people compare.
    pub image: Option<String>,
    /// Task definition, deployment, alias: what AWS deploys it as.
    pub deployed: Option<String>,
    /// `4 of 6 run v419, 2 v418`.
    pub runs: Option<String>,
}

impl Track {
    /// Its links from left to right, each with a name.
    pub fn links(&self) -> [(&'static str, &str); 5] {
        [
            ("commit", self.commit.as_deref().unwrap_or(NOT_TOLD)),
            ("built", self.build.as_deref().unwrap_or(NOT_TOLD)),
            ("image", self.image.as_deref().unwrap_or(NOT_TOLD)),
            ("deployed as", self.deployed.as_deref().unwrap_or(NOT_TOLD)),
            ("now", self.runs.as_deref().unwrap_or(NOT_TOLD)),
        ]
    }
}

/// Every target a pipeline deploys to, production last, as its stages are.
pub fn of(pipeline: &Pipeline, place: &Place, sight: &Sight<'_>) -> Vec<Track> {
    let own = &sight.bearings.pipeline_rules;
    let mut all = Vec::new();
    for (stage, action) in pipeline.actions().filter(|(_, action)| action.is_deploy()) {
        let environment = match mapped(own, stage.name.as_str(), action).to {
            Some(BoxId::Production) => Environment::Prod,
            Some(BoxId::Staging) => Environment::Staging,
            _ => Environment::Unknown,
        };
        // What it deploys may be in another region or account, and that may not be watched.
        let there = place_of(action, place, sight);
        if action.targets.is_empty() {
            let run = action.execution.as_ref().and_then(|id| pipeline.execution(id.as_str()));
            all.push(track(pipeline, action, action.name.as_str(), environment, run, there));
        }
        for target in &action.targets {
            let deploy = there.and_then(|there| newest(there).into_iter().find(|it| it.target == *target));
            let run = run_of(pipeline, action, deploy);
            all.push(track(pipeline, action, target.as_str(), environment, run, there));
        }
    }
    all
}

/// Where an action works: the place of the pipeline, unless it says another; nothing where that is not watched.
fn place_of<'a>(action: &Action, place: &'a Place, sight: &Sight<'a>) -> Option<&'a Place> {
    // arn:aws:iam::210987654321:role/deploy
    let account = action.role.as_ref().and_then(|role| role.as_str().split(':').nth(4));
    let account = account.filter(|account| !place.scope.account.is_empty() && place.scope.account != **account);
    let region = action.region.as_ref().map_or(place.scope.region.as_str(), Text::as_str);
    if account.is_none() && place.scope.region == *region {
        return Some(place);
    }
    let is_there = |other: &&Place| {
        let is_account = match account {
            Some(account) => other.scope.account == *account,
            None => other.scope.alias == place.scope.alias && other.scope.account == place.scope.account,
        };
        is_account && other.scope.region == *region
    };
    sight.places().find(is_there)
}

/// The execution whose version a target was given last: by the version of its deployment, else as the action tells.
fn run_of<'a>(pipeline: &'a Pipeline, action: &Action, deploy: Option<&Deployment>) -> Option<&'a Execution> {
    let by_version = |version: &Text| {
        let mut all = pipeline.executions.iter().filter(|run| run.version.as_ref() == Some(version));
        all.clone().find(|run| !run.is_rollback()).or_else(|| all.next())
    };
    let by_action = || action.execution.as_ref().and_then(|id| pipeline.execution(id.as_str()));
    match deploy {
        Some(deploy) => by_version(&deploy.to).or_else(|| {
            // A deployment that names a task definition is none of the versions; one of an older version is listed no more.
            let is_its = action.external_id.as_ref() == Some(&deploy.id);
            by_action().filter(|_| is_its)
        }),
        None => by_action(),
    }
}

fn track(
    pipeline: &Pipeline,
    action: &Action,
    target: &str,
    environment: Environment,
    run: Option<&Execution>,
    there: Option<&Place>,
) -> Track {
    let deploy = there.and_then(|there| newest(there).into_iter().find(|it| it.target == *target));
    let version = run.and_then(|run| run.version.as_ref()).or_else(|| deploy.map(|deploy| &deploy.to));
    let version = version.or(if action.targets.len() <= 1 { action.version.as_ref() } else { None });
    let commit = run.and_then(|run| run.revision.as_ref()).map(|revision| match &revision.author {
        Some(author) => format!("{} by {author}", revision.short()),
        None => revision.short().to_owned(),
    });
    let service = there.and_then(|there| service_of(there, target));
    let function = there.and_then(|there| there.feeds.functions.items().find(|it| it.name == *target));
    let image = there.zip(version).and_then(|(there, version)| image_of(there, target, version));
    Track {
        target: target.to_owned(),
        environment: deploy.map_or(environment, |deploy| deploy.environment),
        commit,
        build: run.and_then(|run| build_of(pipeline, run)).or_else(|| version.map(ToString::to_string)),
        image: image.map(|image| short_digest(image.digest.as_str())),
        deployed: service
            .as_ref()
            .map(|(_, service)| service.task_definition.to_string())
            .or_else(|| function.and_then(|it| Some(format!("alias {}", it.alias.as_ref()?))))
            .or_else(|| deploy.map(|deploy| deploy.id.to_string())),
        runs: match (service, function, deploy) {
            (Some((tasks, _)), ..) => tasks,
            (None, Some(function), _) => of_function(function),
            (None, None, Some(deploy)) => of_deployment(deploy),
            (None, None, None) => None,
        },
    }
}

/// What a build of an execution made: the artifact, or the name of the build where none is told.
fn build_of(pipeline: &Pipeline, run: &Execution) -> Option<String> {
    let builds = || {
        let is_build = |action: &&Action| action.category.as_ref().is_some_and(|category| category == "Build");
        pipeline.actions().map(|(_, action)| action).filter(is_build)
    };
    let made = builds().filter(|action| action.execution.as_ref() == Some(&run.id)).find_map(|action| {
        let outputs = action.outputs.as_ref().filter(|outputs| !outputs.is_empty())?;
        Some(outputs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
    });
    let called = || {
        builds().find_map(|action| {
            let run = action.history.iter().flatten().find(|past| past.execution == run.id)?;
            Some(run.external_id.as_ref()?.to_string())
        })
    };
    made.or_else(called)
}

/// The image of a version: of a repository called as the target is, or of the only one that has it.
fn image_of<'a>(place: &'a Place, target: &str, version: &Text) -> Option<&'a Image> {
    let stem = target.trim_end_matches("-staging");
    let with: Vec<(&Text, &Image)> = place
        .feeds
        .images
        .items()
        .filter_map(|repo| Some((&repo.name, repo.images.iter().find(|image| image.tag == *version)?)))
        .collect();
    let is_its = |name: &Text| name.as_str().rsplit('/').next() == Some(stem);
    let named = with.iter().find(|(name, _)| is_its(name)).map(|(_, image)| *image);
    named.or(match with.as_slice() {
        [(_, only)] => Some(*only),
        _ => None,
    })
}

/// The service of this name, and what its tasks run.
fn service_of<'a>(place: &'a Place, target: &str) -> Option<(Option<String>, &'a Service)> {
    place.feeds.clusters.items().find_map(|cluster| {
        let service = cluster.services.iter().find(|service| service.name == *target)?;
        let runs = cluster.tasks.as_ref().map(|tasks| {
            let its = tasks.iter().filter(|task| task.service == *target && task.status == "RUNNING");
            counted(its.map(|task| version_of(place, task.image.as_str())))
        });
        Some((runs, service))
    })
}

/// `v87` of `…/acme/catalog:v87`; of an image named by its digest, the tag that digest has.
fn version_of(place: &Place, image: &str) -> String {
    if let Some((_, digest)) = image.split_once('@') {
        let known = place.feeds.images.items().flat_map(|repo| &repo.images).find(|image| image.digest == *digest);
        return known.map_or_else(|| short_digest(digest), |image| image.tag.to_string());
    }
    let name = image.rsplit('/').next().unwrap_or(image);
    name.split_once(':').map_or_else(|| "no tag".to_owned(), |(_, tag)| tag.to_owned())
}

/// `6 run v419`; `4 of 6 run v419, 2 v418`.
fn counted(versions: impl Iterator<Item = String>) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    versions.for_each(|version| *counts.entry(version).or_default() += 1);
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| b.0.cmp(&a.0)));
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

fn of_function(it: &Function) -> Option<String> {
    let version = it.version.as_ref()?;
    let part = it
        .shift
        .as_ref()
        .map_or_else(String::new, |shift| format!(", {} of calls {}", percent(shift.percent), shift.version));
    Some(format!("version {version}{part}"))
}

/// Where nothing but the deployment tells what runs.
fn of_deployment(it: &Deployment) -> Option<String> {
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

/// `sha256:9c2e1f7`.
fn short_digest(digest: &str) -> String {
    digest.get(..14).unwrap_or(digest).to_owned()
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
