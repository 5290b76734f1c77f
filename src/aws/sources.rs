//! Where a pipeline takes commits from, by the configuration of its source actions.

use aws_sdk_codepipeline::types::{ActionCategory, PipelineDeclaration, StageDeclaration};

use crate::domain::delivery::PipelineSource;
use crate::domain::text::Text;

/// Sources that are branches of repositories; buckets and images have no commits.
pub(super) fn sources(declared: &PipelineDeclaration) -> Vec<PipelineSource> {
    let actions = declared.stages().iter().flat_map(StageDeclaration::actions);
    let mut all: Vec<PipelineSource> = actions
        .filter_map(|action| {
            let kind = action.action_type_id().filter(|kind| *kind.category() == ActionCategory::Source)?;
            let said = action.configuration()?;
            let of = |key: &str| said.get(key).filter(|value| !value.is_empty());
            let (repository, branch) = match kind.provider() {
                "CodeStarSourceConnection" => (of("FullRepositoryId")?.clone(), of("BranchName")?),
                "CodeCommit" => (of("RepositoryName")?.clone(), of("BranchName")?),
                "GitHub" => (format!("{}/{}", of("Owner")?, of("Repo")?), of("Branch")?),
                _ => return None,
            };
            Some(PipelineSource {
                provider: Text::new(kind.provider()),
                repository: Text::from(repository),
                branch: Text::new(branch),
                connection: of("ConnectionArn").map(|arn| Text::new(arn)),
            })
        })
        .collect();
    all.sort();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use aws_sdk_codepipeline::types::{ActionDeclaration, ActionOwner, ActionTypeId};

    use super::*;

    fn action(category: ActionCategory, provider: &str, said: &[(&str, &str)]) -> ActionDeclaration {
        let kind = ActionTypeId::builder()
            .category(category)
            .owner(ActionOwner::Aws)
            .provider(provider)
            .version("1")
            .build()
            .unwrap();
        let said = said.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        ActionDeclaration::builder().name(provider).action_type_id(kind).set_configuration(Some(said)).build().unwrap()
    }

    #[test]
    fn a_source_is_a_branch_of_a_repository() {
        use ActionCategory::{Build, Source};
        let arn = "arn:aws:codeconnections:eu-west-1:1:connection/a";
        let stage = StageDeclaration::builder()
            .name("Source")
            .actions(action(
                Source,
                "CodeStarSourceConnection",
                &[("FullRepositoryId", "acme/shop"), ("BranchName", "main"), ("ConnectionArn", arn)],
            ))
            .actions(action(Source, "CodeCommit", &[("RepositoryName", "infra"), ("BranchName", "trunk")]))
            .actions(action(
                Source,
                "GitHub",
                &[("Owner", "acme"), ("Repo", "old"), ("Branch", "main"), ("OAuthToken", "****")],
            ))
            .actions(action(Source, "S3", &[("S3Bucket", "b"), ("S3ObjectKey", "k")]))
            .actions(action(Build, "CodeBuild", &[("ProjectName", "unit")]))
            .actions(action(Source, "CodeCommit", &[("RepositoryName", "infra")]))
            .build()
            .unwrap();
        let declared = PipelineDeclaration::builder().name("web").role_arn("r").stages(stage).build().unwrap();
        let told: Vec<String> = sources(&declared)
            .iter()
            .map(|it| format!("{} {} {} {}", it.provider, it.repository, it.branch, it.connection.is_some()))
            .collect();
        assert_eq!(
            told,
            [
                "CodeCommit infra trunk false",
                "CodeStarSourceConnection acme/shop main true",
                "GitHub acme/old main false"
            ]
        );
    }
}
