//! The way back of everything in production: what it would return to, whether AWS would take that now, and how long it took.
//!
//! The rules are here and nowhere else: the board tells them, and the operations that roll back refuse by them.

pub mod deployment;
pub mod function;
pub mod pipeline;
pub mod refresh;
pub mod service;

use std::sync::Arc;

use jiff::SignedDuration;

use crate::domain::board::BoxId;
use crate::domain::delivery::{Deployment, Pipeline, RunStatus, Stage};
use crate::domain::scope::Environment;
use crate::domain::text::Text;
use crate::domain::units::long;
use crate::world::Place;
use crate::world::board::pipeline_map::boxes;
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
    pub took: Option<Took>,
}

/// How long the way may take, by what is known of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Took {
    /// The last rollback.
    Back(SignedDuration),
    /// The last rollout: a rollback is one too.
    Out(SignedDuration),
    /// All that runs again.
    Usually(SignedDuration),
}

impl Took {
    fn words(self) -> String {
        match self {
            Self::Back(took) => format!("the last rollback took {}", long(took)),
            Self::Out(took) => format!("the last rollout took {}", long(took)),
            Self::Usually(took) => format!("it usually takes {}", long(took)),
        }
    }
}

impl WayBack<'_> {
    /// `web/Production by pipeline: v419 → v418, AWS would take it now; the last rollback took 4 min 30 s`.
    pub fn words(&self) -> String {
        format!("{} by {}: {}", self.target, self.by, self.state())
    }

    /// The same without what it is of: `v419 → v418, AWS would take it now; …`.
    pub fn state(&self) -> String {
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
        let took = self.took.map_or_else(String::new, |took| format!("; {}", took.words()));
        format!("{back}{took}")
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
    let mut all: Vec<WayBack<'a>> = feeds.pipelines.shared().flat_map(|it| of_pipeline(place, it, sight)).collect();
    let is_prod = |environment: Environment| environment == Environment::Prod;
    let code_deploy = newest(place).into_iter().filter(|it| it.kind == "CodeDeploy" && is_prod(it.environment));
    all.extend(code_deploy.map(|it| WayBack {
        place,
        target: it.target.to_string(),
        by: "CodeDeploy",
        present: Some(it.to.clone()),
        back: deployment::back(it),
        took: it.usual.map(Took::Out),
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
                took: newest.and_then(|deploy| deploy.usual).map(Took::Out),
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
            took: newest.started.zip(newest.ended).map(|(began, ended)| Took::Out(ended.duration_since(began))),
        });
    }
    all
}

/// The stages of a pipeline that deploy to production.
pub fn of_pipeline<'a>(place: &'a Place, it: &'a Arc<Pipeline>, sight: &Sight<'a>) -> Vec<WayBack<'a>> {
    let boxes = boxes(sight, it);
    let production = it.actions().zip(boxes.iter()).filter(|(_, to)| **to == Some(BoxId::Production));
    let mut stages: Vec<&Stage> = production.map(|((stage, _), _)| stage).collect();
    stages.dedup_by(|a, b| std::ptr::eq(*a, *b));
    stages
        .into_iter()
        .map(|stage| {
            let standing = pipeline::Standing::of(it, stage);
            let back = standing.ready().and_then(|()| {
                let to = standing.usual().ok_or_else(|| standing.nothing_good())?;
                standing.allows(to, sight)?;
                Ok(to.called().clone())
            });
            let rollback = it.executions.iter().find(|run| run.is_rollback() && run.status == RunStatus::Succeeded);
            let took = rollback.and_then(|run| Some(Took::Back(run.finished?.duration_since(run.started))));
            // Nobody rolled it back yet: as long as all it does usually takes.
            let usual = || stage.actions.iter().filter(|it| !it.is_approval()).map(|it| it.usual).sum::<Option<_>>();
            let usual = || usual().map(Took::Usually);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::scope::Scope;
    use crate::world::World;

    #[test]
    fn each_bar_has_words_of_its_own() {
        let of =
            |bar, is_without_good| Obstacle { bar, text: "why".into(), remedy: Some("then".into()), is_without_good };
        let world = World::of(&[Arc::new(Scope {
            account: "".into(),
            alias: "prod".into(),
            region: "eu-west-1".into(),
            environment: Environment::Prod,
        })]);
        let place = &world.places()[0];
        let minutes = SignedDuration::from_mins;
        for (back, took, words) in [
            (
                Ok("v1".into()),
                Some(Took::Back(minutes(4))),
                "v2 → v1, AWS would take it now; the last rollback took 4 min",
            ),
            (
                Ok("v1".into()),
                Some(Took::Usually(minutes(4))),
                "v2 → v1, AWS would take it now; it usually takes 4 min",
            ),
            (Err(of(Bar::Nothing, true)), None, "v2, no way back: why; then"),
            (Err(of(Bar::State, false)), None, "v2, not now: why; then"),
            (Err(of(Bar::Blind, false)), None, "v2, cannot tell: why; then"),
            (Err(of(Bar::Nothing, false)), None, "v2, nothing to do: why; then"),
        ] {
            let lacks = back.as_ref().is_err_and(|it: &Obstacle| it.is_without_good);
            let way = WayBack { place, target: "web".into(), by: "ECS", present: Some("v2".into()), back, took };
            assert_eq!(way.words(), format!("web by ECS: {words}"));
            assert_eq!(way.lacks_good(), lacks);
        }
    }
}
