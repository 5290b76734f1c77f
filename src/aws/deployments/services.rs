//! Deployments that ECS makes itself: what became of each of a service, and the task definitions it went between.
//!
//! Which services there are is known from the list of clusters. Each is asked when it begins another deployment, while one is
//! under way, and else in turn. What CodeDeploy or somebody else deploys is not told here.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_ecs::types::{
    Deployment as SdkDeployment, DeploymentControllerType, DeploymentRolloutState, Service as SdkService,
    ServiceDeployment, ServiceDeploymentBrief, ServiceDeploymentStatus, TaskDefinitionStatus,
};
use jiff::{SignedDuration, Timestamp};

use crate::aws::ask::{Ask, gather};
use crate::aws::convert::{count, name_of_arn, text, time};
use crate::aws::rota::{Found, Pace};
use crate::domain::container::Cluster;
use crate::domain::delivery::{DeployStatus, Deployment};
use crate::domain::scope::Environment;
use crate::domain::text::Text;
use crate::world::feed::Feed;
use crate::world::port::{CloudError, FaultClass};

/// Three calls for each, or four.
const PACE: Pace = Pace { at_a_time: 20, kept: SignedDuration::from_mins(15) };
/// Pages of a hundred read of one service. ECS keeps ninety days.
const PAGES: usize = 10;
/// Deployments told of each service, newest first, and how many are looked into for one that was good.
const TOLD: usize = 3;
/// Most that one question may name.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServiceRevisions.html>
const IN_ONE: usize = 20;
/// How long a service is told of by itself where ECS has kept nothing of it.
const LATELY: SignedDuration = SignedDuration::from_hours(24 * 30);
/// Task definitions asked whether they are still registered, one call each.
const CANDIDATES: usize = 3;
/// Under which the clusters leave what is begun from.
const LEFT: &str = "rollouts";

/// A service that ECS deploys, as the clusters were read.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::aws) struct Rollout {
    cluster: Text,
    environment: Environment,
    service: Text,
    cluster_arn: String,
    arn: String,
    /// The one under way, where ECS names it.
    current: Option<String>,
    rounds: Vec<Round>,
}

/// One set of its tasks: the wanted one, or one that is being replaced.
#[derive(Clone, Debug, PartialEq)]
struct Round {
    id: String,
    is_primary: bool,
    definition: Text,
    wanted: u32,
    running: u32,
    state: Option<DeployStatus>,
    reason: Text,
    began: Timestamp,
    changed: Option<Timestamp>,
}

/// What was read of one service.
#[derive(Clone, Debug, Default)]
pub(in crate::aws) struct Known {
    rows: Vec<Deployment>,
    /// The task definition of each revision: that never changes.
    definitions: HashMap<String, Text>,
    /// Why there is no more than the service tells of itself.
    gaps: Vec<CloudError>,
}

/// Leaves for the deployments what the clusters tell of them.
pub(in crate::aws) fn leave(ask: &Ask<'_>, rollouts: Vec<Rollout>) {
    ask.place.keep(LEFT, ask.at, Arc::new(rollouts));
}

impl Rollout {
    pub fn of(it: &SdkService, cluster: &Cluster) -> Option<Self> {
        let by = it.deployment_controller().map(aws_sdk_ecs::types::DeploymentController::r#type);
        if !matches!(by, None | Some(DeploymentControllerType::Ecs)) {
            return None;
        }
        Some(Self {
            cluster: cluster.name.clone(),
            environment: cluster.environment,
            service: Text::new(it.service_name().filter(|name| !name.is_empty())?),
            cluster_arn: it.cluster_arn()?.to_owned(),
            arn: it.service_arn()?.to_owned(),
            current: it.current_service_deployment().map(str::to_owned),
            rounds: it.deployments().iter().filter_map(round).collect(),
        })
    }

    fn primary(&self) -> Option<&Round> {
        self.rounds.iter().find(|round| round.is_primary)
    }

    /// What tells that it has begun something else, or has come further.
    fn mark(&self) -> String {
        let primary = self.primary();
        let state = primary.and_then(|it| it.state).map_or("", DeployStatus::word);
        format!("{} {state} {}", primary.map_or("", |it| it.id.as_str()), self.current.as_deref().unwrap_or(""))
    }

    fn row(&self) -> Deployment {
        Deployment {
            id: Text::default(),
            kind: "ECS".into(),
            target: self.service.clone(),
            environment: self.environment,
            from: "-".into(),
            to: "-".into(),
            status: DeployStatus::InProgress,
            done: 0,
            total: 0,
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
            owner: Some(self.cluster.clone()),
            group: None,
        }
    }

    /// As far as the service tells it of itself: without what was before, and without a name to stop it by.
    fn told_by_itself(&self) -> Option<Deployment> {
        let it = self.primary()?;
        let replaced = self.rounds.iter().filter(|round| !round.is_primary && round.definition != it.definition);
        let replaced = replaced.max_by_key(|round| round.began);
        let status =
            it.state.unwrap_or(if it.running < it.wanted { DeployStatus::InProgress } else { DeployStatus::Succeeded });
        Some(Deployment {
            id: Text::new(&it.id),
            from: replaced.map_or_else(|| "-".into(), |round| round.definition.clone()),
            to: it.definition.clone(),
            status,
            done: it.running,
            total: it.wanted,
            started: it.began,
            finished: it.changed.filter(|_| status != DeployStatus::InProgress),
            message: it.reason.clone(),
            reason: if status.is_bad() { it.reason.clone() } else { Text::default() },
            ..self.row()
        })
    }
}

fn round(it: &SdkDeployment) -> Option<Round> {
    Some(Round {
        id: it.id().unwrap_or("").to_owned(),
        is_primary: it.status() == Some("PRIMARY"),
        definition: definition(it.task_definition().unwrap_or("")),
        wanted: count(Some(it.desired_count())),
        running: count(Some(it.running_count())),
        state: it.rollout_state().and_then(|state| match state {
            DeploymentRolloutState::Completed => Some(DeployStatus::Succeeded),
            DeploymentRolloutState::Failed => Some(DeployStatus::Failed),
            DeploymentRolloutState::InProgress => Some(DeployStatus::InProgress),
            _ => None,
        }),
        reason: text(it.rollout_state_reason()),
        began: it.created_at().map(time)?,
        changed: it.updated_at().map(time),
    })
}

/// `web:41` of its ARN.
fn definition(arn: &str) -> Text {
    Text::new(arn.rsplit('/').next().unwrap_or(arn))
}

pub(super) async fn deployments(ask: &Ask<'_>) -> Result<Vec<Deployment>, CloudError> {
    ask.place.settle(&[Feed::Clusters]).await;
    let Some((_, all)) = ask.place.kept::<Vec<Rollout>>(LEFT) else {
        // No deployments, because no service could be listed, is not the same as none.
        return match ask.place.none_answered(&[Feed::Clusters]) {
            Some(error) => Err(error),
            None => Ok(Vec::new()),
        };
    };
    let rota = &ask.place.deployments.services;
    let before = rota.all();
    let key = |it: &Rollout| format!("{}/{}", it.cluster, it.service);
    let marks: Vec<(String, String, &Rollout)> = all
        .iter()
        .map(|it| {
            let key = key(it);
            let is_open = before.get(&key).is_some_and(|known| known.rows.iter().any(Deployment::is_running));
            // What is under way is asked every time.
            let mark = if is_open { format!("{} {}", it.mark(), ask.at) } else { it.mark() };
            (key, mark, it)
        })
        .collect();
    let found: Vec<Found<'_, Rollout>> =
        marks.iter().map(|(key, mark, it)| Found { key, changed: Some(mark), it: *it }).collect();
    let wanted = rota.wanted(PACE, &found, ask.at);
    let read = wanted.iter().map(|found| known(ask, found.it, before.get(found.key).map(AsRef::as_ref)));
    let read = gather(read.collect()).await?;
    let known = rota.take(wanted.into_iter().zip(read), &found, ask.at);
    let mut rows = Vec::new();
    for it in all.iter() {
        let Some(known) = known.get(&key(it)) else { continue };
        known.gaps.iter().for_each(|gap| ask.gap(gap.clone()));
        rows.extend(known.rows.iter().cloned());
    }
    Ok(rows)
}

/// An answer about a service that is there; what it had to do without is kept with what was read.
fn or_gap<T>(outcome: Result<T, CloudError>, gaps: &mut Vec<CloudError>) -> Result<Option<T>, CloudError> {
    match outcome {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.class == FaultClass::NotFound => Ok(None),
        Err(error) if matches!(error.class, FaultClass::Denied | FaultClass::Unsupported) => {
            gaps.push(error);
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

async fn known(ask: &Ask<'_>, it: &Rollout, before: Option<&Known>) -> Result<Arc<Known>, CloudError> {
    let mut known = Known::default();
    let Some(mut briefs) = or_gap(list(ask, it).await, &mut known.gaps)? else {
        known.rows.extend(it.told_by_itself());
        return Ok(Arc::new(known));
    };
    briefs.retain(|it| it.service_deployment_arn().is_some() && it.created_at().is_some());
    briefs.sort_by(|a, b| b.created_at().cmp(&a.created_at()));
    if briefs.is_empty() {
        // What was deployed once and long ago is no news.
        known.rows.extend(it.told_by_itself().filter(|row| ask.at.duration_since(row.started) < LATELY));
        return Ok(Arc::new(known));
    }
    let arns: Vec<String> =
        briefs.iter().take(TOLD).filter_map(|it| it.service_deployment_arn()).map(str::to_owned).collect();
    let details = details(ask, arns, &mut known.gaps).await?;
    if let Some(before) = before {
        known.definitions.clone_from(&before.definitions);
    }
    let revisions = briefs.iter().take(IN_ONE).filter_map(|it| it.target_service_revision_arn());
    let sources = details.iter().flat_map(ServiceDeployment::source_service_revisions).filter_map(|it| it.arn());
    let mut revisions: Vec<String> = revisions.chain(sources).map(str::to_owned).collect();
    revisions.sort_unstable();
    revisions.dedup();
    known.definitions.retain(|arn, _| revisions.contains(arn));
    revisions.retain(|arn| !known.definitions.contains_key(arn));
    for arns in revisions.chunks(IN_ONE) {
        let request = ask.clients.ecs.describe_service_revisions().set_service_revision_arns(Some(arns.to_vec()));
        let answer = ask.call("ecs:DescribeServiceRevisions", request.send()).await;
        let Some(answer) = or_gap(answer, &mut known.gaps)? else { break };
        known.definitions.extend(
            answer
                .service_revisions()
                .iter()
                .filter_map(|it| Some((it.service_revision_arn()?.to_owned(), definition(it.task_definition()?)))),
        );
    }
    known.rows = rows(it, &briefs, &details, &known.definitions);
    let Some(newest) = known.rows.first() else { return Ok(Arc::new(known)) };
    // Of the newest alone: nobody goes back from one that is over.
    let candidates = good_before(&briefs, 0, &newest.to, &known.definitions);
    let back = registered(ask, candidates, &mut known.gaps).await?;
    if let Some(newest) = known.rows.first_mut() {
        (newest.returns_to, newest.returns_by) = (back.clone(), back);
    }
    Ok(Arc::new(known))
}

async fn list(ask: &Ask<'_>, it: &Rollout) -> Result<Vec<ServiceDeploymentBrief>, CloudError> {
    let (mut all, mut token) = (Vec::new(), None);
    for _ in 0..PAGES {
        let request = ask.clients.ecs.list_service_deployments().cluster(&it.cluster_arn).service(&it.arn);
        let request = request.max_results(100).set_next_token(token.take()).send();
        let page = ask.call("ecs:ListServiceDeployments", request).await?;
        token = page.next_token.filter(|token| !token.is_empty());
        all.extend(page.service_deployments.unwrap_or_default());
        if token.is_none() {
            break;
        }
    }
    Ok(all)
}

async fn details(
    ask: &Ask<'_>,
    arns: Vec<String>,
    gaps: &mut Vec<CloudError>,
) -> Result<Vec<ServiceDeployment>, CloudError> {
    let request = ask.clients.ecs.describe_service_deployments().set_service_deployment_arns(Some(arns)).send();
    let answer = or_gap(ask.call("ecs:DescribeServiceDeployments", request).await, gaps)?;
    Ok(answer.and_then(|answer| answer.service_deployments).unwrap_or_default())
}

/// The first of these that is still registered; where that may not be asked, the first.
async fn registered(
    ask: &Ask<'_>,
    candidates: Vec<Text>,
    gaps: &mut Vec<CloudError>,
) -> Result<Option<Text>, CloudError> {
    for candidate in candidates.into_iter().take(CANDIDATES) {
        let request = ask.clients.ecs.describe_task_definition().task_definition(candidate.as_str()).send();
        match ask.call("ecs:DescribeTaskDefinition", request).await {
            Ok(answer) => {
                let status = answer.task_definition().and_then(|it| it.status());
                if status == Some(&TaskDefinitionStatus::Active) {
                    return Ok(Some(candidate));
                }
            }
            Err(error) if error.class == FaultClass::Denied => {
                gaps.push(error);
                return Ok(Some(candidate));
            }
            // One that was deleted is an error without a name of its own.
            Err(error) if matches!(error.class, FaultClass::NotFound | FaultClass::Unsupported) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// Task definitions other than this that a deployment before succeeded with, newest first, each once.
fn good_before(
    newest_first: &[ServiceDeploymentBrief],
    position: usize,
    than: &Text,
    definitions: &HashMap<String, Text>,
) -> Vec<Text> {
    let mut all: Vec<Text> = Vec::new();
    let before = newest_first.iter().skip(position + 1);
    for past in before.filter(|it| it.status() == Some(&ServiceDeploymentStatus::Successful)) {
        let definition = past.target_service_revision_arn().and_then(|arn| definitions.get(arn));
        if let Some(definition) = definition.filter(|it| **it != *than && !all.contains(it)) {
            all.push(definition.clone());
        }
    }
    all
}

fn rows(
    it: &Rollout,
    newest_first: &[ServiceDeploymentBrief],
    details: &[ServiceDeployment],
    definitions: &HashMap<String, Text>,
) -> Vec<Deployment> {
    let one = |(position, brief): (usize, &ServiceDeploymentBrief)| {
        let arn = brief.service_deployment_arn()?;
        let detail = details.iter().find(|it| it.service_deployment_arn() == Some(arn));
        let definition_of = |arn: Option<&str>| definitions.get(arn?).cloned();
        let to = definition_of(brief.target_service_revision_arn()).unwrap_or_else(|| "-".into());
        let succeeded = newest_first.iter().skip(position + 1);
        let mut succeeded = succeeded.filter(|it| it.status() == Some(&ServiceDeploymentStatus::Successful));
        let succeeded = succeeded.next();
        // Several where it was begun in the middle of another; most ran the one.
        let sources = detail.map(ServiceDeployment::source_service_revisions).unwrap_or_default();
        let source = sources.iter().max_by_key(|it| it.requested_task_count()).and_then(|it| definition_of(it.arn()));
        let from = source.or_else(|| definition_of(succeeded?.target_service_revision_arn()));
        let target = detail.and_then(ServiceDeployment::target_service_revision);
        let told = detail.and_then(ServiceDeployment::status).or(brief.status());
        let finished = detail.and_then(ServiceDeployment::finished_at).or(brief.finished_at()).map(time);
        let status = status(told, finished.is_some());
        let back = good_before(newest_first, position, &to, definitions).into_iter().next();
        let reasons = [
            detail.and_then(|it| it.rollback()).and_then(|it| it.reason()),
            detail.and_then(|it| it.status_reason()).or(brief.status_reason()),
            word(told),
        ];
        let message = text(reasons.into_iter().flatten().find(|words| !words.is_empty()));
        Some(Deployment {
            id: Text::new(name_of_arn(arn)),
            from: from.unwrap_or_else(|| "-".into()),
            to,
            status,
            done: target.map_or(0, |it| count(Some(it.running_task_count()))),
            total: target.map_or(0, |it| count(Some(it.requested_task_count()))),
            started: brief.started_at().or(brief.created_at()).map(time)?,
            finished: finished.filter(|_| status != DeployStatus::InProgress),
            reason: if status.is_bad() { message.clone() } else { Text::default() },
            message,
            usual: succeeded.and_then(took),
            returns_to: back.clone(),
            returns_by: back,
            arn: Some(Text::new(arn)),
            ..it.row()
        })
    };
    newest_first.iter().take(TOLD).enumerate().filter_map(one).collect()
}

fn took(it: &ServiceDeploymentBrief) -> Option<SignedDuration> {
    let began = it.started_at().or(it.created_at()).map(time)?;
    Some(it.finished_at().map(time)?.duration_since(began).max(SignedDuration::ZERO))
}

fn status(status: Option<&ServiceDeploymentStatus>, is_over: bool) -> DeployStatus {
    match status {
        Some(ServiceDeploymentStatus::Successful) => DeployStatus::Succeeded,
        Some(ServiceDeploymentStatus::Stopped) => DeployStatus::Stopped,
        Some(ServiceDeploymentStatus::RollbackSuccessful) => DeployStatus::RolledBack,
        Some(ServiceDeploymentStatus::RollbackFailed) => DeployStatus::Failed,
        Some(
            ServiceDeploymentStatus::Pending
            | ServiceDeploymentStatus::InProgress
            | ServiceDeploymentStatus::StopRequested
            | ServiceDeploymentStatus::RollbackRequested
            | ServiceDeploymentStatus::RollbackInProgress,
        ) => DeployStatus::InProgress,
        // One this version has no word for: what is known of it is whether it has ended.
        _ if is_over => DeployStatus::Stopped,
        _ => DeployStatus::InProgress,
    }
}

/// Which way it goes, where ECS gives no reason.
fn word(status: Option<&ServiceDeploymentStatus>) -> Option<&str> {
    match status? {
        ServiceDeploymentStatus::StopRequested => Some("being stopped"),
        ServiceDeploymentStatus::RollbackRequested | ServiceDeploymentStatus::RollbackInProgress => {
            Some("being rolled back")
        }
        ServiceDeploymentStatus::Pending
        | ServiceDeploymentStatus::InProgress
        | ServiceDeploymentStatus::Successful
        | ServiceDeploymentStatus::Stopped
        | ServiceDeploymentStatus::RollbackSuccessful
        | ServiceDeploymentStatus::RollbackFailed => None,
        unknown => Some(unknown.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::{DeploymentController, Rollback, ServiceRevisionSummary};
    use aws_smithy_types::DateTime;

    use super::*;

    fn cluster() -> Cluster {
        Cluster {
            name: "prod".into(),
            environment: Environment::Prod,
            services: Vec::new(),
            tasks: None,
            tags: Vec::new(),
        }
    }

    fn service(by: Option<DeploymentControllerType>) -> SdkService {
        let set = |id: &str, status: &str, revision: u32, running: i32| {
            SdkDeployment::builder()
                .id(id)
                .status(status)
                .task_definition(format!("arn:aws:ecs:eu-west-1:123456789012:task-definition/web:{revision}"))
                .desired_count(4)
                .running_count(running)
                .created_at(DateTime::from_secs(i64::from(revision) * 1_000))
                .rollout_state(DeploymentRolloutState::InProgress)
                .build()
        };
        let by = by.map(|by| DeploymentController::builder().r#type(by).build().unwrap());
        SdkService::builder()
            .service_name("web")
            .service_arn("arn:aws:ecs:eu-west-1:123456789012:service/prod/web")
            .cluster_arn("arn:aws:ecs:eu-west-1:123456789012:cluster/prod")
            .set_deployment_controller(by)
            .deployments(set("ecs-svc/1", "ACTIVE", 41, 3))
            .deployments(set("ecs-svc/2", "PRIMARY", 42, 1))
            .build()
    }

    fn brief(number: u32, status: ServiceDeploymentStatus) -> ServiceDeploymentBrief {
        let at = i64::from(number) * 1_000;
        ServiceDeploymentBrief::builder()
            .service_deployment_arn(format!("arn:aws:ecs:eu-west-1:123456789012:service-deployment/prod/web/d{number}"))
            .target_service_revision_arn(format!("r{number}"))
            .created_at(DateTime::from_secs(at))
            .started_at(DateTime::from_secs(at + 10))
            .finished_at(DateTime::from_secs(at + 250))
            .status(status)
            .build()
    }

    /// Revision `r41` runs the task definition `web:41`; the one after a fresh start of the same runs it too.
    fn definitions(of: &[(u32, u32)]) -> HashMap<String, Text> {
        of.iter()
            .map(|(revision, definition)| (format!("r{revision}"), Text::from(format!("web:{definition}"))))
            .collect()
    }

    #[test]
    fn what_somebody_else_deploys_is_not_told_here() {
        let of = |by| Rollout::of(&service(by), &cluster()).is_some();
        assert!(of(None) && of(Some(DeploymentControllerType::Ecs)));
        assert!(!of(Some(DeploymentControllerType::CodeDeploy)) && !of(Some(DeploymentControllerType::External)));
    }

    #[test]
    fn a_deployment_tells_where_it_came_from_and_where_it_may_return() {
        use ServiceDeploymentStatus::{InProgress, RollbackSuccessful, Successful};
        let it = Rollout::of(&service(None), &cluster()).unwrap();
        let all = [brief(45, InProgress), brief(44, Successful), brief(43, RollbackSuccessful), brief(42, Successful)];
        let definitions = definitions(&[(45, 44), (44, 44), (43, 43), (42, 42)]);
        let source = |arn: &str, tasks| ServiceRevisionSummary::builder().arn(arn).requested_task_count(tasks).build();
        let target = ServiceRevisionSummary::builder().arn("r45").requested_task_count(4).running_task_count(1).build();
        let detail = ServiceDeployment::builder()
            .service_deployment_arn(all[0].service_deployment_arn().unwrap())
            .source_service_revisions(source("r43", 1))
            .source_service_revisions(source("r44", 3))
            .target_service_revision(target)
            .status(InProgress)
            .build();
        let rows = rows(&it, &all, &[detail], &definitions);
        assert_eq!(rows.len(), TOLD);
        let newest = &rows[0];
        assert_eq!((newest.id.as_str(), newest.kind.as_str(), newest.target.as_str()), ("d45", "ECS", "web"));
        assert_eq!((newest.from.as_str(), newest.to.as_str()), ("web:44", "web:44"));
        assert_eq!((newest.done, newest.total, newest.finished), (1, 4, None));
        // Neither what runs now nor what was rolled back.
        assert_eq!(
            (newest.returns_to.clone(), newest.returns_by.clone()),
            (Some("web:42".into()), Some("web:42".into()))
        );
        assert_eq!(newest.usual, Some(SignedDuration::from_secs(240)));
        assert_eq!((newest.owner.clone(), newest.environment), (Some("prod".into()), Environment::Prod));
        assert!(newest.arn.as_ref().is_some_and(|arn| arn.as_str().ends_with("/d45")));
        assert_eq!((rows[2].status, rows[2].from.as_str()), (DeployStatus::RolledBack, "web:42"));
    }

    #[test]
    fn what_is_not_told_of_a_revision_is_no_way_back() {
        use ServiceDeploymentStatus::Successful;
        let it = Rollout::of(&service(None), &cluster()).unwrap();
        let rows = rows(&it, &[brief(42, Successful), brief(41, Successful)], &[], &HashMap::new());
        assert_eq!((rows[0].from.as_str(), rows[0].to.as_str(), rows[0].returns_by.clone()), ("-", "-", None));
        assert_eq!((rows[0].done, rows[0].total), (0, 0));
    }

    #[test]
    fn the_service_tells_as_much_as_it_knows_of_itself() {
        let it = Rollout::of(&service(None), &cluster()).unwrap();
        let row = it.told_by_itself().unwrap();
        assert_eq!((row.from.as_str(), row.to.as_str(), row.status), ("web:41", "web:42", DeployStatus::InProgress));
        assert_eq!((row.done, row.total, row.arn, row.returns_by), (1, 4, None, None));
    }

    #[test]
    fn a_way_it_goes_is_told_where_there_is_no_reason() {
        use ServiceDeploymentStatus::{RollbackInProgress, StopRequested};
        let it = Rollout::of(&service(None), &cluster()).unwrap();
        let of = |status, reason: Option<&str>| {
            let brief = brief(42, status);
            let rollback = reason.map(|reason| Rollback::builder().reason(reason).build());
            let detail = ServiceDeployment::builder()
                .service_deployment_arn(brief.service_deployment_arn().unwrap())
                .set_rollback(rollback)
                .build();
            let row = rows(&it, &[brief], &[detail], &HashMap::new()).remove(0);
            (row.status, row.message.to_string())
        };
        assert_eq!(of(StopRequested, None), (DeployStatus::InProgress, "being stopped".into()));
        assert_eq!(of(RollbackInProgress, Some("an alarm")), (DeployStatus::InProgress, "an alarm".into()));
        assert_eq!(of("DREAMING".into(), None), (DeployStatus::Stopped, "DREAMING".into()));
    }

    #[test]
    fn it_is_asked_again_when_it_begins_something_else() {
        let before = Rollout::of(&service(None), &cluster()).unwrap();
        let mut after = before.clone();
        assert_eq!(before.mark(), after.mark());
        after.rounds[1].state = Some(DeployStatus::Succeeded);
        assert_ne!(before.mark(), after.mark());
    }
}
