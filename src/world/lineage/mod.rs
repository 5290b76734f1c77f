//! Which commit runs where: from the source, by its build and its image, to what every target really runs.
//!
//! Each link is looked up where AWS tells it, and said to be not told where it does not: a chain with a guess in it is worse
//! than one with a gap.

mod runs;

use crate::domain::board::BoxId;
use crate::domain::delivery::{Action, Deployment, Execution, Image, Pipeline, Stage};
use crate::domain::scope::Environment;
use crate::domain::text::Text;
use crate::world::Place;
use crate::world::authors;
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
    /// Of a group of instances: what new ones are made from, and what those there are were.
    pub template: Option<String>,
    /// `4 of 6 run v419, 2 v418`.
    pub runs: Option<String>,
    /// Where it is, if nothing is read there.
    pub unwatched: Option<String>,
}

impl Track {
    /// Its links from left to right, each with a name.
    pub fn links(&self) -> Vec<(&'static str, String)> {
        let told = |link: &Option<String>| link.clone().unwrap_or_else(|| NOT_TOLD.to_owned());
        let mut all = vec![
            ("commit", told(&self.commit)),
            ("built", told(&self.build)),
            ("image", told(&self.image)),
            ("deployed as", told(&self.deployed)),
        ];
        // Only groups of instances have one.
        all.extend(self.template.clone().map(|template| ("launched from", template)));
        let runs = match (&self.runs, &self.unwatched) {
            (None, Some(there)) => format!("{NOT_TOLD}: {there} is not watched"),
            (runs, _) => told(runs),
        };
        all.push(("now", runs));
        all
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
        let track = |target: &Text| track(&Of { pipeline, action, environment, place, there }, target.as_str(), sight);
        // Where it deploys to nothing that has a name, it goes by its own.
        let targets = if action.targets.is_empty() { std::slice::from_ref(&action.name) } else { &action.targets };
        all.extend(targets.iter().map(track));
    }
    all
}

/// An action that deploys, and where.
struct Of<'a> {
    pipeline: &'a Pipeline,
    action: &'a Action,
    environment: Environment,
    place: &'a Place,
    there: Option<&'a Place>,
}

/// The account of the role an action is carried out as, where that is another than the pipeline's.
fn account_of<'a>(action: &'a Action, place: &Place) -> Option<&'a str> {
    // arn:aws:iam::210987654321:role/deploy
    let account = action.role.as_ref().and_then(|role| role.as_str().split(':').nth(4));
    account.filter(|account| !place.scope.account.is_empty() && place.scope.account != **account)
}

/// Where an action works: the place of the pipeline, unless it says another; nothing where that is not watched.
fn place_of<'a>(action: &Action, place: &'a Place, sight: &Sight<'a>) -> Option<&'a Place> {
    let account = account_of(action, place);
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

/// `us-east-1`, `us-east-1 of 210987654321`.
fn words_of(action: &Action, place: &Place) -> String {
    let region = action.region.as_ref().unwrap_or(&place.scope.region);
    account_of(action, place).map_or_else(|| region.to_string(), |account| format!("{region} of {account}"))
}

/// The newest deployment to a target. CodeDeploy's are of an application and a group, of which a pipeline's structure tells
/// the first and the action the one it made; the groups of an application are targets of their own.
fn deployment_of<'a>(action: &Action, target: &str, there: &'a Place) -> Option<&'a Deployment> {
    let all = newest(there);
    let called = all.iter().find(|it| it.target == *target);
    let of_application =
        |it: &&&Deployment| it.kind == "CodeDeploy" && it.owner.as_ref().is_some_and(|it| *it == *target);
    let its = || {
        let id = action.external_id.as_ref()?;
        let made = there.feeds.deployments.items().find(|it| it.id == *id)?;
        all.iter().filter(of_application).find(|it| it.target == made.target)
    };
    let only = || {
        let mut groups = all.iter().filter(of_application);
        groups.next().filter(|_| groups.next().is_none())
    };
    called.or_else(its).or_else(only).copied()
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

fn track(of: &Of<'_>, target: &str, sight: &Sight<'_>) -> Track {
    let Of { pipeline, action, environment, place, there } = *of;
    let deploy = there.and_then(|there| deployment_of(action, target, there));
    let run = run_of(pipeline, action, deploy);
    let version = run.and_then(|run| run.version.as_ref()).or_else(|| deploy.map(|deploy| &deploy.to));
    let version = version.or(if action.targets.len() <= 1 { action.version.as_ref() } else { None });
    let revision = run.and_then(|run| run.revision.as_ref());
    let commit = revision.map(|revision| match authors::of(sight, revision) {
        Some(author) => format!("{} by {author}", revision.short()),
        None => revision.short().to_owned(),
    });
    let service = there.and_then(|there| runs::service_of(there, target, environment));
    let function = there.and_then(|there| there.feeds.functions.items().find(|it| it.name == *target));
    let group = there.and_then(|there| runs::group_of(there, target, deploy));
    // Images are called by the version, or by all of the commit it is short for.
    let tags: Vec<&Text> = version.into_iter().chain(revision.map(|revision| &revision.id)).collect();
    let image = there.and_then(|there| image_of(there, target, &tags));
    Track {
        target: target.to_owned(),
        environment: deploy.map_or(environment, |deploy| deploy.environment),
        commit,
        build: run.and_then(|run| build_of(pipeline, run, sight)).or_else(|| version.map(ToString::to_string)),
        image: image.map(|image| short_digest(image.digest.as_str())),
        deployed: service
            .map(|(_, service)| service.task_definition.to_string())
            .or_else(|| function.and_then(|it| Some(format!("alias {}", it.alias.as_ref()?))))
            .or_else(|| deploy.map(|deploy| deploy.id.to_string())),
        template: group.and_then(runs::made_from),
        runs: match (service, function, deploy) {
            (Some((cluster, service)), ..) => there.and_then(|there| runs::of_service(there, cluster, service)),
            (None, Some(function), _) => runs::of_function(function),
            (None, None, Some(deploy)) => runs::of_deployment(deploy),
            (None, None, None) => group.and_then(runs::of_group),
        },
        unwatched: there.is_none().then(|| words_of(action, place)),
    }
}

/// What a build of an execution made: the artifact, or the name of the build where none is told.
fn build_of(pipeline: &Pipeline, run: &Execution, sight: &Sight<'_>) -> Option<String> {
    let own = &sight.bearings.pipeline_rules;
    // CodeBuild also lints and scans, and makes nothing by it.
    let makes = |(stage, action): &(&Stage, &Action)| {
        let is_build = action.category.as_ref().is_some_and(|category| category == "Build");
        let to = mapped(own, stage.name.as_str(), action).to;
        is_build && matches!(to, Some(BoxId::BuildArtifact | BoxId::DockerImage | BoxId::RegistryPush))
    };
    let builds = || pipeline.actions().filter(makes).map(|(_, action)| action);
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
fn image_of<'a>(place: &'a Place, target: &str, tags: &[&Text]) -> Option<&'a Image> {
    let stem = target.trim_end_matches("-staging");
    let with: Vec<(&Text, &Image)> = place
        .feeds
        .images
        .items()
        .filter_map(|repo| Some((&repo.name, repo.images.iter().find(|image| tags.contains(&&image.tag))?)))
        .collect();
    let is_its = |name: &Text| name.as_str().rsplit('/').next() == Some(stem);
    let named = with.iter().find(|(name, _)| is_its(name)).map(|(_, image)| *image);
    named.or(match with.as_slice() {
        [(_, only)] => Some(*only),
        _ => None,
    })
}

/// `sha256:9c2e1f7`.
fn short_digest(digest: &str) -> String {
    digest.get(..14).unwrap_or(digest).to_owned()
}
