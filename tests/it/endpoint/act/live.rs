//! What is done is seen afterwards, in what the console reads anyway.

use opscon::aws::Aws;
use opscon::domain::autoscaling::AutoScalingGroup;
use opscon::domain::container::Cluster;
use opscon::domain::database::{Database, DatabaseRole};
use opscon::domain::instance::{Instance, InstanceState};
use opscon::domain::origin::Origin;
use opscon::domain::scope::Environment;
use opscon::domain::text::Text;
use opscon::world::act::{Act, Sent, Step};
use opscon::world::feed::{Feed, Payload};
use opscon::world::port::FaultClass;
use serde_json::Value;

use crate::endpoint::{Bench, answer, on_endpoint, origin, place};

/// Things that are changed are nobody else's.
const REGION: &str = "eu-south-1";

pub(super) struct Stage {
    pub(super) aws: Aws,
    pub(super) origin: Origin,
    region: &'static str,
    /// What AWS calls some of it.
    names: Value,
}

impl Stage {
    pub(super) fn set(bench: &Bench, region: &'static str, origin: Origin) -> Self {
        let names = bench.front.run("stage.py", &["make", region], None);
        Self { aws: bench.aws(std::slice::from_ref(&origin)), origin, region, names }
    }

    pub(super) fn name(&self, of: &str) -> Text {
        Text::new(self.names[of].as_str().unwrap())
    }

    async fn sent(&self, step: Step) -> Result<(), Sent> {
        let receipt = self.aws.apply(&place(&self.origin, self.region), &step).await?;
        assert!(receipt.request_id.is_none_or(|id| !id.is_empty()));
        Ok(())
    }

    pub(super) async fn send(&self, step: Step) {
        let said = format!("{step:?}");
        self.sent(step).await.unwrap_or_else(|error| panic!("{said}: {error}"));
    }

    async fn group(&self) -> AutoScalingGroup {
        let Payload::Groups(groups) = answer(&self.aws, &self.origin, self.region, Feed::Groups).await else {
            panic!()
        };
        (**groups.first().unwrap()).clone()
    }

    pub(super) async fn cluster(&self) -> Cluster {
        let Payload::Clusters(clusters) = answer(&self.aws, &self.origin, self.region, Feed::Clusters).await else {
            panic!()
        };
        (**clusters.first().unwrap()).clone()
    }

    async fn machine(&self) -> Instance {
        let Payload::Instances(instances) = answer(&self.aws, &self.origin, self.region, Feed::Instances).await else {
            panic!()
        };
        let id = self.name("machine");
        instances.iter().find(|instance| instance.id == id).map(|instance| (**instance).clone()).unwrap()
    }

    async fn database(&self, id: &str) -> Option<Database> {
        let Payload::Databases(databases) = answer(&self.aws, &self.origin, self.region, Feed::Databases).await else {
            panic!()
        };
        databases.iter().find(|database| database.id == *id).map(|database| (**database).clone())
    }

    async fn status(&self, id: &str) -> String {
        self.database(id).await.unwrap().status.to_string()
    }
}

#[test]
fn what_is_sent_happens() {
    on_endpoint(async |bench| {
        let stage = Stage::set(&bench, REGION, origin(&[REGION]));
        groups(&stage).await;
        services(&stage).await;
        machines(&stage).await;
        databases(&stage).await;
        refused(&stage).await;
    });
}

async fn groups(stage: &Stage) {
    let web = || Text::from("web");
    let process = || vec![Text::from("AlarmNotification")];
    stage.send(Step::SetDesiredCapacity { group: web(), desired: 3 }).await;
    assert_eq!(stage.group().await.desired, 3);
    stage.send(Step::UpdateAutoScalingGroup { group: web(), min: 2, desired: 5, max: 9 }).await;
    let group = stage.group().await;
    assert_eq!((group.min, group.desired, group.max), (2, 5, 9));
    stage.send(Step::SuspendProcesses { group: web(), processes: process() }).await;
    assert_eq!(stage.group().await.suspended, process());
    stage.send(Step::ResumeProcesses { group: web(), processes: process() }).await;
    assert!(stage.group().await.suspended.is_empty());
    let before = stage.group().await.environment;
    let (key, value) = ("Environment".into(), "dev".into());
    stage.send(Step::TagGroup { group: web(), key, value }).await;
    assert_eq!(stage.group().await.environment, Environment::Dev);
    stage.send(Step::UntagGroup { group: web(), key: "Environment".into() }).await;
    assert_eq!(stage.group().await.environment, before);
}

async fn services(stage: &Stage) {
    let (cluster, service) = (|| Text::from("stage"), || Text::from("api"));
    stage.send(Step::SetServiceCount { cluster: cluster(), service: service(), desired: 3 }).await;
    assert_eq!(stage.cluster().await.services[0].desired, 3);
    let task_definition = "api:1".into();
    stage.send(Step::SetTaskDefinition { cluster: cluster(), service: service(), task_definition }).await;
    let now = stage.cluster().await.services[0].clone();
    assert_eq!((now.task_definition.as_str().rsplit('/').next(), now.desired), (Some("api:1"), 3));
    let (resource, dimension) = ("service/stage/api".into(), "ecs:service:DesiredCount".into());
    stage.send(Step::RegisterScalableTarget { resource, dimension, min: 2, max: 9 }).await;
    let Payload::Policies(policies) = answer(&stage.aws, &stage.origin, REGION, Feed::Policies).await else { panic!() };
    let policy = policies.iter().find(|policy| policy.name == "api-tasks").unwrap();
    assert_eq!((policy.min, policy.max), (Some(2), Some(9)));
    let before = stage.cluster().await.environment;
    let (key, value) = ("Environment".into(), "dev".into());
    stage.send(Step::TagEcs { resource: stage.name("cluster"), key, value }).await;
    assert_eq!(stage.cluster().await.environment, Environment::Dev);
    stage.send(Step::UntagEcs { resource: stage.name("cluster"), key: "Environment".into() }).await;
    assert_eq!(stage.cluster().await.environment, before);
}

async fn machines(stage: &Stage) {
    let instances = || vec![stage.name("machine")];
    stage.send(Step::StopInstances { instances: instances() }).await;
    assert_eq!(stage.machine().await.state, InstanceState::Stopped);
    stage.send(Step::StartInstances { instances: instances() }).await;
    assert_eq!(stage.machine().await.state, InstanceState::Running);
    let before = stage.machine().await.environment;
    let (key, value) = ("Environment".into(), "dev".into());
    stage.send(Step::TagInstances { instances: instances(), key, value }).await;
    assert_eq!(stage.machine().await.environment, Environment::Dev);
    stage.send(Step::UntagInstances { instances: instances(), key: "Environment".into() }).await;
    assert_eq!(stage.machine().await.environment, before);
}

async fn databases(stage: &Stage) {
    stage.send(Step::CreateReadReplica { source: "orders".into(), replica: "orders-copy".into() }).await;
    let copy = stage.database("orders-copy").await.unwrap();
    assert!(matches!(&copy.role, DatabaseRole::Replica { source, .. } if *source == "orders"), "{:?}", copy.role);
    stage.send(Step::PromoteReadReplica { replica: "orders-copy".into(), retention_days: 3 }).await;
    // That emulator says of it what it was; it takes the call.
    stage.send(Step::RebootWithFailover { database: "orders".into() }).await;
    stage.send(Step::StopDatabase { database: "orders-copy".into() }).await;
    assert_eq!(stage.status("orders-copy").await, "stopped");
    stage.send(Step::StartDatabase { database: "orders-copy".into() }).await;
    assert_eq!(stage.status("orders-copy").await, "available");
    let before = stage.database("orders").await.unwrap().environment;
    let (key, value) = ("Environment".into(), "dev".into());
    stage.send(Step::TagDatabase { resource: stage.name("orders"), key, value }).await;
    assert_eq!(stage.database("orders").await.unwrap().environment, Environment::Dev);
    stage.send(Step::UntagDatabase { resource: stage.name("orders"), key: "Environment".into() }).await;
    assert_eq!(stage.database("orders").await.unwrap().environment, before);

    let cluster = || Text::from("ledger");
    let (engine, class) = ("aurora-mysql".into(), "db.r6g.large".into());
    stage.send(Step::CreateReader { cluster: cluster(), reader: "ledger-3".into(), engine, class, tier: 15 }).await;
    assert_eq!(stage.database("ledger-3").await.unwrap().cluster, Some(cluster()));
    assert_eq!(stage.database("ledger-1").await.unwrap().role, DatabaseRole::Primary);
    stage.send(Step::FailoverCluster { cluster: cluster(), target: Some("ledger-2".into()) }).await;
    assert_eq!(stage.database("ledger-2").await.unwrap().role, DatabaseRole::Primary);
    stage.send(Step::StopCluster { cluster: cluster() }).await;
    stage.send(Step::StartCluster { cluster: cluster() }).await;
}

/// And what AWS does not take is told in its own words.
async fn refused(stage: &Stage) {
    for (step, class, says) in [
        (Step::StopDatabase { database: "nobody".into() }, FaultClass::NotFound, "nobody"),
        (
            Step::SetServiceCount { cluster: "stage".into(), service: "nobody".into(), desired: 1 },
            FaultClass::NotFound,
            "Service",
        ),
        (Step::EnableTransition { pipeline: "p".into(), stage: "s".into() }, FaultClass::Unsupported, "cannot do"),
    ] {
        let told = stage.sent(step.clone()).await;
        let Err(Sent::No(error)) = told else { panic!("{step:?}: {told:?}") };
        assert_eq!(error.class, class, "{error}");
        assert!(error.message.as_str().contains(says), "{error}");
    }
}
