//! The way back of everything in production: what it would return to, whether AWS would take that now, and how long it took.
//!
//! The rules are here and nowhere else: the board tells them, and the operations that roll back refuse by them.

pub mod deployment;
pub mod function;
pub mod pipeline;
pub mod refresh;
pub mod service;

use jiff::SignedDuration;

use crate::domain::board::BoxId;
use crate::domain::delivery::{Deployment, Pipeline, RunStatus};
use crate::domain::scope::Environment;
use crate::domain::text::Text;
use crate::domain::units::long;
use crate::world::Place;
use crate::world::board::pipeline_map::mapped;
use crate::world::feed::Feed;
use crate::world::sight::Sight;

/// Why something cannot go back, or not now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    pub bar: Bar,
    /// What is in the way, as it is.
    pub text: String,
    /// The next step, where there is one.
    pub remedy: Option<String>,
    /// Nothing is known that was good before: no waiting will help.
    pub is_without_good: bool,
}

/// What kind of thing is in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bar {
    /// What it rests on is not known.
    Blind,
    /// It is in no state for this.
    State,
    /// Not a value it can have, or one that has to be said.
    Bounds,
    /// There is nothing to go back to, or it is there already.
    Nothing,
}

impl Obstacle {
    pub fn new(bar: Bar, text: impl Into<String>) -> Self {
        Self { bar, text: text.into(), remedy: None, is_without_good: false }
    }

    #[must_use]
    pub fn with(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    #[must_use]
    pub fn without_good(mut self) -> Self {
        self.is_without_good = true;
        self
    }
}

/// One target, and its way back.
#[derive(Clone, Debug)]
pub struct WayBack<'a> {
    pub place: &'a Place,
    /// `web/Production`, `catalog`.
    pub target: String,
    /// What carries it: `pipeline`, `CodeDeploy`, `ECS`, `Lambda`, `instance refresh`.
    pub by: &'static str,
    /// What is there.
    pub present: Option<Text>,
    /// What it would return to, or what is in the way.
    pub back: Result<Text, Obstacle>,
    /// How long it took last time.
    pub took: Option<SignedDuration>,
}

impl WayBack<'_> {
    /// `web/Production by pipeline: v419 → v418, AWS would take it now; 4 min 30 s last time`.
    pub fn words(&self) -> String {
        let present = self.present.as_ref().map_or("not told", Text::as_str);
        let back = match &self.back {
            Ok(to) => format!("{present} → {to}, AWS would take it now"),
            Err(it) => {
                let remedy = it.remedy.as_ref().map_or_else(String::new, |remedy| format!("; {remedy}"));
                let lead = match it.bar {
                    _ if it.is_without_good => "no way back",
                    Bar::Blind | Bar::Bounds => "cannot tell",
                    Bar::State => "not now",
                    Bar::Nothing => "nothing to do",
                };
                format!("{present}, {lead}: {}{remedy}", it.text)
            }
        };
        let took = self.took.map_or_else(String::new, |took| format!("; {} last time", long(took)));
        format!("{} by {}: {back}{took}", self.target, self.by)
    }

    pub fn lacks_good(&self) -> bool {
        self.back.as_ref().is_err_and(|obstacle| obstacle.is_without_good)
    }
}

/// Every target in production, those without a way back first, then those that have to wait.
pub fn all<'a>(sight: &Sight<'a>) -> Vec<WayBack<'a>> {
    let mut all: Vec<WayBack<'a>> = sight.places().flat_map(|place| of_place(place, sight)).collect();
    all.sort_by_key(|way| (!way.lacks_good(), way.back.is_ok()));
    all
}

fn of_place<'a>(place: &'a Place, sight: &Sight<'a>) -> Vec<WayBack<'a>> {
    let feeds = &place.feeds;
    let mut all: Vec<WayBack<'a>> = feeds.pipelines.items().flat_map(|it| stages(place, it, sight)).collect();
    let is_prod = |environment: Environment| environment == Environment::Prod;
    let code_deploy = newest(place).into_iter().filter(|it| it.kind == "CodeDeploy" && is_prod(it.environment));
    all.extend(code_deploy.map(|it| WayBack {
        place,
        target: it.target.to_string(),
        by: "CodeDeploy",
        present: Some(it.to.clone()),
        back: deployment::back(it),
        took: it.usual,
    }));
    for cluster in feeds.clusters.items().filter(|cluster| is_prod(cluster.environment)) {
        // What another controller deploys is told by that.
        for it in cluster.services.iter().filter(|it| !it.rollout.is_empty()) {
            let newest = service::deployments(place, cluster, it).next();
            let is_read = feeds.status(Feed::Deployments).has_value;
            all.push(WayBack {
                place,
                target: it.name.to_string(),
                by: "ECS",
                present: Some(it.task_definition.clone()),
                back: service::back(it, newest, is_read),
                took: newest.and_then(|deploy| deploy.usual),
            });
        }
    }
    all.extend(feeds.functions.items().filter(|it| is_prod(it.environment)).map(|it| WayBack {
        place,
        target: it.name.to_string(),
        by: "Lambda",
        present: it.version.clone(),
        back: function::back(it),
        took: None,
    }));
    for it in feeds.groups.items().filter(|group| is_prod(group.environment)) {
        let Some(newest) = &it.refresh else { continue };
        all.push(WayBack {
            place,
            target: it.name.to_string(),
            by: "instance refresh",
            present: Some(newest.id.clone()),
            back: refresh::back(it).map(|_| Text::new("the configuration before")),
            took: newest.started.zip(newest.ended).map(|(started, ended)| ended.duration_since(started)),
        });
    }
    all
}

/// The stages of a pipeline that deploy to production.
fn stages<'a>(place: &'a Place, it: &'a Pipeline, sight: &Sight<'a>) -> Vec<WayBack<'a>> {
    let own = &sight.bearings.pipeline_rules;
    let is_production = |stage: &str, action| mapped(own, stage, action).to == Some(BoxId::Production);
    let stages =
        it.stages.iter().filter(|stage| stage.actions.iter().any(|action| is_production(stage.name.as_str(), action)));
    stages
        .map(|stage| {
            let standing = pipeline::Standing::of(it, stage);
            let back = standing.ready().and_then(|()| {
                let to = standing.usual().ok_or_else(|| standing.nothing_good())?;
                standing.allows(to, sight)?;
                Ok(to.called().clone())
            });
            let rollback = it.executions.iter().find(|run| run.is_rollback() && run.status == RunStatus::Succeeded);
            let took = rollback.and_then(|run| Some(run.finished?.duration_since(run.started)));
            // Nobody rolled it back yet: as long as all it does usually takes.
            let usual = || stage.actions.iter().filter(|it| !it.is_approval()).map(|it| it.usual).sum::<Option<_>>();
            WayBack {
                place,
                target: format!("{}/{}", it.name, stage.name),
                by: "pipeline",
                present: standing.present().cloned(),
                back,
                took: took.or_else(usual),
            }
        })
        .collect()
}

/// The newest deployment of each target.
pub fn newest(place: &Place) -> Vec<&Deployment> {
    let mut all: Vec<&Deployment> = place.feeds.deployments.items().collect();
    all.sort_by(|a, b| (&a.target, &a.kind, b.started, &b.id).cmp(&(&b.target, &b.kind, a.started, &a.id)));
    all.dedup_by(|later, first| later.target == first.target && later.kind == first.kind);
    all
}
