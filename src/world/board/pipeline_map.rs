//! Which box an action of a pipeline belongs to.
//!
//! Pipelines are named by their teams, so this is a guess by ordered rules: the first that fits wins, which is why
//! "integration" stands before "test" and "staging" before "deploy".

use crate::domain::board::BoxId;
use crate::domain::delivery::{Action, Pipeline, Stage};
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

fn box_of(stage: &str, action: &Action) -> Option<BoxId> {
    let name = format!("{stage}/{}", action.name).to_lowercase();
    RULES
        .iter()
        .find(|rule| {
            (rule.category.is_empty() || action.category.as_ref().is_some_and(|category| *category == rule.category))
                && (rule.words.is_empty() || rule.words.iter().any(|word| name.contains(word)))
        })
        .map(|rule| rule.to)
}

/// An action with where it stands.
pub(super) struct Placed<'a> {
    pub place: &'a Place,
    pub pipeline: &'a Pipeline,
    pub stage: &'a Stage,
    pub action: &'a Action,
}

/// Every action of every pipeline that belongs to a box.
pub(super) fn actions<'a>(sight: &Sight<'a>, id: BoxId) -> Vec<Placed<'a>> {
    sight
        .items(|f| &f.pipelines)
        .flat_map(|(place, pipeline)| {
            pipeline.stages.iter().flat_map(move |stage| {
                stage
                    .actions
                    .iter()
                    .filter(move |action| box_of(stage.name.as_str(), action) == Some(id))
                    .map(move |action| Placed { place, pipeline, stage, action })
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::delivery::RunStatus;

    #[track_caller]
    fn check(stage: &str, name: &str, category: &str, to: Option<BoxId>) {
        let action = Action {
            name: name.into(),
            category: Some(category.into()),
            provider: Some("CodeBuild".into()),
            status: RunStatus::Succeeded,
            version: Some("v1".into()),
            started: None,
            finished: None,
            usual: None,
            summary: "".into(),
            by: "".into(),
            tests: None,
            outputs: None,
            flaky: None,
            token: None,
            ..Action::default()
        };
        assert_eq!(box_of(stage, &action), to, "{stage}/{name}");
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
}
