//! Which box an action of a pipeline belongs to.
//!
//! Pipelines are named by their teams, so this is a guess by ordered rules: the first that fits wins, which is why
//! "integration" stands before "test" and "staging" before "deploy". Whose pipelines it guesses wrong says so in the
//! configuration.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, Weak};

use crate::domain::board::BoxId;
use crate::domain::delivery::{Action, Pipeline, Stage};
use crate::domain::pipeline_rule::PipelineRule;
use crate::world::Place;
use crate::world::sight::Sight;

struct Rule {
    /// Any of these words in the lower-cased `stage/action` name; empty fits all.
    words: &'static [&'static str],
    /// The action's category; empty fits all.
    category: &'static str,
    to: BoxId,
}

const RULES: &[Rule] = &[
    Rule { words: &[], category: "Approval", to: BoxId::ApprovalGate },
    Rule { words: &["smoke", "canary", "post-deploy"], category: "", to: BoxId::SmokeTests },
    Rule { words: &["staging", "stage-env", "preprod"], category: "Deploy", to: BoxId::Staging },
    Rule { words: &["staging", "preprod", "e2e"], category: "Test", to: BoxId::StagingTests },
    Rule { words: &[], category: "Deploy", to: BoxId::Production },
    Rule { words: &["lint", "clippy", "format", "style"], category: "", to: BoxId::Linting },
    Rule { words: &["integration"], category: "", to: BoxId::IntegrationTests },
    Rule { words: &["unit"], category: "", to: BoxId::UnitTests },
    Rule { words: &["security", "scan", "sast", "audit", "trivy"], category: "", to: BoxId::SecurityScan },
    Rule { words: &["push", "ecr", "registry", "publish"], category: "", to: BoxId::RegistryPush },
    Rule { words: &["docker", "image", "container"], category: "", to: BoxId::DockerImage },
    Rule { words: &["test"], category: "", to: BoxId::UnitTests },
    Rule { words: &[], category: "Test", to: BoxId::UnitTests },
    Rule { words: &[], category: "Build", to: BoxId::BuildArtifact },
];

/// The boxes that stand for actions of pipelines.
pub const BOXES: &[BoxId] = &[
    BoxId::Linting,
    BoxId::UnitTests,
    BoxId::IntegrationTests,
    BoxId::SecurityScan,
    BoxId::BuildArtifact,
    BoxId::DockerImage,
    BoxId::RegistryPush,
    BoxId::Staging,
    BoxId::StagingTests,
    BoxId::ApprovalGate,
    BoxId::Production,
    BoxId::SmokeTests,
];

/// Where an action belongs, and by which rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapped {
    pub to: Option<BoxId>,
    pub by: By,
}

/// The position of a rule among its own kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Of the operator's own.
    Own(usize),
    BuiltIn(usize),
    Nothing,
}

/// The operator's own rules come first, then those here; of each the first that fits.
pub fn mapped(own: &[PipelineRule], stage: &str, action: &Action) -> Mapped {
    if let Some(at) = own.iter().position(|rule| rule.fits(stage, action)) {
        return Mapped { to: own[at].to(), by: By::Own(at) };
    }
    let name = format!("{stage}/{}", action.name).to_lowercase();
    let fits = |rule: &Rule| {
        (rule.category.is_empty() || action.category.as_ref().is_some_and(|category| *category == rule.category))
            && (rule.words.is_empty() || rule.words.iter().any(|word| name.contains(word)))
    };
    match RULES.iter().position(fits) {
        Some(at) => Mapped { to: Some(RULES[at].to), by: By::BuiltIn(at) },
        None => Mapped { to: None, by: By::Nothing },
    }
}

impl By {
    /// `pipeline.map[2]: action *-contract-*`, `built in: a name with lint or clippy, category Build`.
    pub fn words(self, own: &[PipelineRule]) -> String {
        match self {
            Self::Own(at) => {
                format!("pipeline.map[{at}]: {}", own.get(at).map_or_else(String::new, PipelineRule::words))
            }
            Self::BuiltIn(at) => RULES.get(at).map_or_else(String::new, Rule::told),
            Self::Nothing => "no rule fits".into(),
        }
    }
}

impl Rule {
    fn told(&self) -> String {
        let words = (!self.words.is_empty()).then(|| format!("a name with {}", self.words.join(" or ")));
        let category = (!self.category.is_empty()).then(|| format!("category {}", self.category));
        format!("built in: {}", [words, category].into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}

/// An action with where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Placed<'a> {
    pub place: &'a Place,
    pub pipeline: &'a Pipeline,
    pub stage: &'a Stage,
    pub action: &'a Action,
}

/// Every action of every pipeline that belongs to a box.
pub(super) fn actions<'a>(sight: &Sight<'a>, id: BoxId) -> Vec<Placed<'a>> {
    let mut all = Vec::new();
    for place in sight.places() {
        for pipeline in place.feeds.pipelines.shared() {
            let boxes = boxes(sight, pipeline);
            let its = pipeline.actions().zip(boxes.iter()).filter(|(_, to)| **to == Some(id));
            all.extend(its.map(|((stage, action), _)| Placed { place, pipeline, stage, action }));
        }
    }
    all
}

/// The box of each action of a pipeline, in their order.
///
/// Some sixty questions of the board go over all actions, and names are slow to compare: what was found for one answer about a
/// pipeline holds for as long as there is that answer.
pub fn boxes(sight: &Sight<'_>, pipeline: &Arc<Pipeline>) -> Boxes {
    let own = &sight.bearings.pipeline_rules;
    FOUND.with_borrow_mut(|found| {
        if found.own != *own || found.boxes.len() > MOST {
            *found = Found { own: own.clone(), boxes: HashMap::new() };
        }
        // Held weakly, an address is taken by no other pipeline.
        let entry = found.boxes.entry(Arc::as_ptr(pipeline)).or_insert_with(|| {
            let of = |(stage, action): (&Stage, &Action)| mapped(own, stage.name.as_str(), action).to;
            (Arc::downgrade(pipeline), pipeline.actions().map(of).collect())
        });
        Rc::clone(&entry.1)
    })
}

/// A box, or none, for each action.
pub type Boxes = Rc<[Option<BoxId>]>;

/// Answers remembered at most; more are forgotten all at once.
const MOST: usize = 4_096;

#[derive(Default)]
struct Found {
    own: Vec<PipelineRule>,
    boxes: HashMap<*const Pipeline, (Weak<Pipeline>, Boxes)>,
}

thread_local! {
    static FOUND: RefCell<Found> = RefCell::default();
}

/// Every action there is, with where it stands.
pub fn every<'a>(sight: &Sight<'a>) -> impl Iterator<Item = Placed<'a>> + use<'a> {
    sight.items(|f| &f.pipelines).flat_map(|(place, pipeline)| {
        pipeline.actions().map(move |(stage, action)| Placed { place, pipeline, stage, action })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(stage: &str, name: &str, category: &str, to: Option<BoxId>) {
        let action = Action {
            name: name.into(),
            category: Some(category.into()),
            provider: Some("CodeBuild".into()),
            ..Action::default()
        };
        assert_eq!(mapped(&[], stage, &action).to, to, "{stage}/{name}");
        assert!(to.is_none_or(|to| BOXES.contains(&to)), "{stage}/{name}");
    }

    #[test]
    fn actions_find_their_box_by_name_and_category() {
        check("Source", "GitHub", "Source", None);
        check("Checks", "Lint", "Build", Some(BoxId::Linting));
        check("Checks", "Integration-Tests", "Test", Some(BoxId::IntegrationTests));
        check("Checks", "Tests", "Test", Some(BoxId::UnitTests));
        check("Build", "Package", "Build", Some(BoxId::BuildArtifact));
        check("Build", "DockerImage", "Build", Some(BoxId::DockerImage));
        check("Build", "Push-to-ECR", "Build", Some(BoxId::RegistryPush));
        check("Staging", "Deploy", "Deploy", Some(BoxId::Staging));
        check("Staging", "Browser-Tests", "Test", Some(BoxId::StagingTests));
        check("Production", "Approve", "Approval", Some(BoxId::ApprovalGate));
        check("Production", "Deploy", "Deploy", Some(BoxId::Production));
        check("Production", "Smoke", "Invoke", Some(BoxId::SmokeTests));
    }

    #[test]
    fn rules_of_ones_own_come_first_and_say_so() {
        let rule = |action: &str, to: &str| PipelineRule {
            action: Some(action.into()),
            to: to.into(),
            ..PipelineRule::default()
        };
        let own = [rule("lint-*", "none"), rule("*", BoxId::SmokeTests.id())];
        let action = |name: &str| Action { name: name.into(), category: Some("Deploy".into()), ..Action::default() };
        let of = |own: &[PipelineRule], name: &str| mapped(own, "Checks", &action(name));
        assert_eq!(of(&own, "Lint-all"), Mapped { to: None, by: By::Own(0) });
        assert_eq!(of(&own, "Roll"), Mapped { to: Some(BoxId::SmokeTests), by: By::Own(1) });
        assert_eq!(of(&own[..1], "Roll").to, Some(BoxId::Production));
        assert_eq!(By::Own(0).words(&own), "pipeline.map[0]: action lint-*");
        assert_eq!(of(&[], "Smoke").by.words(&[]), "built in: a name with smoke or canary or post-deploy");
    }
}
