//! Which box an action of a pipeline belongs to, by a rule of the operator's own.

use serde::{Deserialize, Serialize};

use crate::domain::board::BoxId;
use crate::domain::delivery::Action;
use crate::domain::pattern::is_like;

/// `action = "*-contract-*"`, `box = "ci-pipeline.integration-tests"`. What a rule does not name fits all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PipelineRule {
    /// The names of its stage and of itself, `*` standing for anything, in whatever case.
    pub stage: Option<String>,
    pub action: Option<String>,
    /// `Build`, `Test`, `Deploy` and the like, as CodePipeline has them.
    pub category: Option<String>,
    /// `CodeBuild`, `Jenkins` and the like.
    pub provider: Option<String>,
    /// The id of a box, or [`NO_BOX`].
    #[serde(rename = "box")]
    pub to: String,
}

/// For what belongs nowhere on the board.
pub const NO_BOX: &str = "none";

/// Categories there are; a rule for another would never be one.
const CATEGORIES: [&str; 7] = ["Source", "Build", "Test", "Approval", "Deploy", "Invoke", "Compute"];

impl PipelineRule {
    /// The box it leads to; nothing where it leads to none.
    pub fn to(&self) -> Option<BoxId> {
        BoxId::from_id(&self.to)
    }

    /// Whether it is about this action. What is not told of an action, as its category while its pipeline is edited, is like
    /// no pattern.
    pub fn fits(&self, stage: &str, action: &Action) -> bool {
        let is = |pattern: &Option<String>, name: Option<&str>| match (pattern, name) {
            (None, _) => true,
            (Some(pattern), Some(name)) => is_like(&pattern.to_lowercase(), &name.to_lowercase()),
            (Some(_), None) => false,
        };
        is(&self.stage, Some(stage))
            && is(&self.action, Some(action.name.as_str()))
            && is(&self.category, action.category.as_ref().map(AsRef::as_ref))
            && is(&self.provider, action.provider.as_ref().map(AsRef::as_ref))
    }

    /// What is wrong with it, if anything. `boxes` are those that stand for actions at all.
    pub fn check(&self, boxes: &[BoxId]) -> Result<(), String> {
        let ids = || boxes.iter().copied().map(BoxId::id).collect::<Vec<_>>().join(", ");
        let patterns = [&self.stage, &self.action, &self.category, &self.provider];
        if patterns.iter().all(|pattern| pattern.is_none()) {
            return Err("names no stage, action, category or provider, and would fit everything".into());
        }
        if patterns.into_iter().flatten().any(String::is_empty) {
            return Err("an empty name is like nothing; leave it out, or write `*`".into());
        }
        if let Some(category) = self.category.as_ref().filter(|category| !category.contains('*'))
            && !CATEGORIES.iter().any(|known| known.eq_ignore_ascii_case(category))
        {
            return Err(format!("category: `{category}` is none; there are {}", CATEGORIES.join(", ")));
        }
        match self.to() {
            _ if self.to == NO_BOX => Ok(()),
            Some(id) if boxes.contains(&id) => Ok(()),
            Some(id) => Err(format!("box: `{id}` stands for no actions; these do: {}, {NO_BOX}", ids())),
            None => Err(format!("box: `{}` is no id of a box; there are {}, {NO_BOX}", self.to, ids())),
        }
    }

    /// `action *-contract-*, category Test`.
    pub fn words(&self) -> String {
        let said = [
            ("stage", &self.stage),
            ("action", &self.action),
            ("category", &self.category),
            ("provider", &self.provider),
        ];
        let said = said.into_iter().filter_map(|(what, pattern)| Some(format!("{what} {}", pattern.as_ref()?)));
        said.collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(stage: &str, action: &str, category: &str, to: &str) -> PipelineRule {
        let of = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        PipelineRule { stage: of(stage), action: of(action), category: of(category), provider: None, to: to.into() }
    }

    #[test]
    fn a_rule_fits_what_it_names() {
        let action = Action { name: "Pact-Contract-Check".into(), category: Some("Test".into()), ..Action::default() };
        for (it, fits) in [
            (rule("", "*contract*", "", "none"), true),
            (rule("", "contract", "", "none"), false),
            (rule("check*", "", "test", "none"), true),
            (rule("build", "*contract*", "", "none"), false),
            (rule("", "*contract*", "Deploy", "none"), false),
        ] {
            assert_eq!(it.fits("Checks", &action), fits, "{}", it.words());
        }
        let untold = Action { category: None, ..action };
        assert!(!rule("", "", "Test", "none").fits("Checks", &untold), "a category nobody told is no category");
    }

    #[test]
    fn mistakes_are_named() {
        let check = |it: PipelineRule| it.check(&[BoxId::UnitTests]).unwrap_err();
        assert!(check(rule("", "", "", "none")).contains("would fit everything"));
        assert!(check(rule("", "x", "Tests", "none")).contains("category: `Tests` is none; there are Source, Build"));
        assert!(check(rule("", "x", "", "redis")).contains("`redis` is no id of a box; there are ci-pipeline.unit"));
        let redis = BoxId::Redis.id();
        assert!(
            check(rule("", "x", "", redis)).contains("stands for no actions; these do: ci-pipeline.unit-tests, none")
        );
        assert_eq!(rule("", "x*", "Test", "none").check(&[]), Ok(()));
    }
}
