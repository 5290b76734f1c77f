//! What moto never does, at the second endpoint: alarms that judge by themselves, percentiles, writers that move to another
//! region, refreshes, services that start their tasks, and changes that wait. Everything opscon reads of it is compared with
//! what boto3 reads of the same.
//!
//! Each test has an account of its own there; `tests/endpoint/second.py` says what happens in each step.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use opscon::aws::Aws;
use opscon::domain::alarm::{Alarm, AlarmState, AlarmTransition};
use opscon::domain::container::{Cluster, Service};
use opscon::domain::database::{Database, DatabaseRole};
use opscon::domain::graph::{MetricId, QueryWhat, Span};
use opscon::domain::list::List;
use opscon::domain::metric::Measure;
use opscon::domain::origin::Origin;
use opscon::domain::scope::Environment;
use opscon::domain::text::Text;
use opscon::world::feed::{Feed, Payload};
use opscon::world::port::Answer;
use serde_json::{Value, json};

use super::compare::compute::{same_cluster, same_group};
use super::compare::graphs::{graph_at, graph_of, line_of, query, same_values};
use super::compare::watch::{same_alarms, same_history};
use super::compare::{all, environment, named, number, same_time, shown, time, word};
use super::{AWAY, Bench, HOME, ask, on_second, origin};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// Takes a step, and says what boto3 reads after it.
fn step(bench: &Bench, name: &str) -> Value {
    bench.front.run("second.py", &[name, &bench.key], None)
}

/// What boto3 reads of metrics.
fn metric_data(bench: &Bench, queries: &[Value], from: Timestamp, until: Timestamp) -> Value {
    let asked = json!({ "MetricDataQueries": queries, "StartTime": from.to_string(), "EndTime": until.to_string() });
    bench.front.run("second.py", &["metric-data", &bench.key], Some(&asked))
}

/// Both regions, with what an untagged resource there is for.
fn both() -> Origin {
    Origin { environment: Some(Environment::Staging), ..origin(&[HOME, AWAY]) }
}

/// The calls this endpoint does not know.
const UNKNOWN: [&str; 4] = [
    "arc-zonal-shift:ListManagedResources",
    "cloudwatch:ListAlarmMuteRules",
    "rds:DescribeDBInstanceAutomatedBackups",
    "sqs:ListMessageMoveTasks",
];

/// An answer with nothing missing, and in how many calls it came.
async fn whole(aws: &Aws, origin: &Origin, region: &str, feed: Feed) -> (Payload, u32) {
    let found = ask(aws, origin, region, feed).await;
    let missed = found.gaps.iter().filter(|gap| !UNKNOWN.contains(&gap.operation.as_str()));
    assert_eq!(missed.count(), 0, "{}: {:?}", feed.name(), found.gaps);
    (found.outcome.unwrap_or_else(|error| panic!("{}: {error}", feed.name())), found.usage.calls)
}

#[test]
fn alarms_judge_by_themselves_and_others_follow_them() {
    use AlarmState::{Alarm, InsufficientData, Ok};

    on_second(async |bench| {
        let origin = both();
        let aws = bench.aws(std::slice::from_ref(&origin));
        let (alarms, history) = watched(&bench, &aws, &origin, "alarms").await;
        // One of three hangs on data, one on that, and the third on the second.
        let states = |alarms| ["errors-high", "shop-impaired", "company", "shop-down"].map(|name| state(alarms, name));
        assert_eq!(states(&alarms), [Alarm, Alarm, Alarm, Ok]);
        assert_eq!(state(&alarms, "idle-00"), InsufficientData, "nobody sent it anything");
        assert_eq!(changes(&history, "company"), [(Ok, Alarm), (InsufficientData, Ok)], "newest first");
        let (alarms, history) = watched(&bench, &aws, &origin, "recover").await;
        assert_eq!(states(&alarms), [Ok, Ok, Ok, Ok]);
        assert_eq!(changes(&history, "company"), [(Alarm, Ok), (Ok, Alarm), (InsufficientData, Ok)], "newest first");
    });
}

/// Alarms and their history after a step, compared.
async fn watched(
    bench: &Bench,
    aws: &Aws,
    origin: &Origin,
    name: &str,
) -> (Arc<List<Alarm>>, Arc<List<AlarmTransition>>) {
    let facts = step(bench, name);
    let (Payload::Alarms(alarms), calls) = whole(aws, origin, HOME, Feed::Alarms).await else { panic!() };
    assert!(same_alarms(&alarms, &facts["alarms"]) > 100 && calls > 2, "more than a page, and the mute rules");
    let (Payload::AlarmHistory(history), calls) = whole(aws, origin, HOME, Feed::AlarmHistory).await else { panic!() };
    same_history(&history, all(&facts["history"]));
    assert!(calls > 1, "more than a page");
    (alarms, history)
}

fn state(alarms: &List<Alarm>, name: &str) -> AlarmState {
    alarms.iter().find(|alarm| alarm.name == name).unwrap().state
}

fn changes(history: &List<AlarmTransition>, name: &str) -> Vec<(AlarmState, AlarmState)> {
    history.iter().filter(|one| one.alarm == name).map(|one| (one.from, one.to)).collect()
}

#[test]
fn percentiles_are_those_of_the_metric() {
    on_second(async |bench| {
        let made = step(&bench, "percentiles");
        let at = time(&made["at"]);
        let mut lines: Vec<(Vec<f64>, String)> = Vec::new();
        for (span, period) in [(Span::Hour, 60), (Span::ThreeHours, 300), (Span::HalfDay, 3_600)] {
            let (mut queries, mut facts) = (Vec::new(), Vec::new());
            for balancer in all(&made["dimensions"]) {
                for stat in ["p50", "p90", "p99", "p99.9", "Maximum"] {
                    let metric = MetricId {
                        namespace: "AWS/ApplicationELB".into(),
                        metric: "TargetResponseTime".into(),
                        dimensions: vec![("LoadBalancer".into(), shown(balancer))],
                        stat: stat.into(),
                    };
                    let id = format!("m{}", queries.len());
                    facts.push(fact_query(&id, &metric, period));
                    queries.push(query(&id, QueryWhat::Metric(metric)));
                }
            }
            let graph = graph_at(&bench, at, &graph_of(queries, span, period)).await;
            let results = metric_data(&bench, &facts, graph.from, graph.until());
            assert_eq!((graph.lines.len(), all(&results).len()), (facts.len(), facts.len()));
            for (line, result) in graph.lines.iter().zip(all(&results)) {
                let what = format!("{} by {period}", word(&result["Id"]));
                assert_eq!(line.label.as_str(), format!("label of {}", word(&result["Id"])));
                same_values(&line.values, &line_of(result, graph.from, graph.period, graph.len()), &what);
                lines.push((line.values.iter().copied().filter(|value| value.is_finite()).collect(), what));
            }
        }
        // Two balancers, five statistics, three periods: each is another line.
        for (position, (line, what)) in lines.iter().enumerate() {
            assert!(!line.is_empty(), "{what} says nothing");
            assert!(lines[..position].iter().all(|(other, _)| other != line), "{what} is a line there is already");
        }
    });
}

fn fact_query(id: &str, metric: &MetricId, period: u32) -> Value {
    let dimensions: Vec<Value> = metric
        .dimensions
        .iter()
        .map(|(name, value)| json!({ "Name": name.as_str(), "Value": value.as_str() }))
        .collect();
    let what = json!({
        "Namespace": metric.namespace.as_str(), "MetricName": metric.metric.as_str(), "Dimensions": dimensions,
    });
    json!({ "Id": id, "MetricStat": { "Metric": what, "Period": period, "Stat": metric.stat.as_str() } })
}

#[test]
fn the_board_has_percentiles_although_formulas_fail() {
    on_second(async |bench| {
        let made = step(&bench, "percentiles");
        let at = time(&made["at"]);
        let origin = both();
        let aws = bench.aws_at(std::slice::from_ref(&origin), at);
        whole(&aws, &origin, HOME, Feed::Balancers).await;
        let found = ask(&aws, &origin, HOME, Feed::Metrics).await;
        // ministack works out no formula, and says so of each: the share of failed requests is not known.
        let gaps: BTreeSet<&str> = found.gaps.iter().map(|gap| gap.message.as_str()).collect();
        assert_eq!(gaps, BTreeSet::from(["some metrics were not answered: InternalError"]));
        let Payload::Metrics(metrics) = found.outcome.unwrap() else { panic!() };
        let seen: BTreeSet<(&str, Measure)> =
            metrics.iter().map(|series| (series.resource.as_str(), series.measure)).collect();
        let known = [Measure::AlbRequests, Measure::AlbLatencyP50, Measure::AlbLatencyP99];
        let expected = all(&made["dimensions"]).iter().flat_map(|one| known.map(|measure| (word(one), measure)));
        assert_eq!(seen, expected.collect());
        for series in metrics.iter() {
            let metric = series.measure.of(&series.resource);
            let from = at - MINUTE * 60;
            let results = metric_data(&bench, &[fact_query("m1", &metric, 60)], from, at);
            let line = line_of(&results[0], from, MINUTE, 60);
            same_values(&series.values, &line, &format!("{} of {}", metric.stat, series.resource));
            assert_eq!((series.newest, series.period), (at - MINUTE, MINUTE));
            let silent = line.iter().filter(|value| value.is_nan()).count();
            assert_eq!(silent, if series.measure == Measure::AlbRequests { 0 } else { 5 }, "{}", metric.stat);
        }
    });
}

#[test]
fn the_writer_of_a_global_database_moves() {
    on_second(async |bench| {
        let origin = both();
        let aws = bench.aws(std::slice::from_ref(&origin));
        let mut writers = Vec::new();
        for name in ["spread", "switch_over", "fail_over"] {
            let facts = step(&bench, name);
            for region in [HOME, AWAY] {
                let (Payload::Databases(databases), _) = whole(&aws, &origin, region, Feed::Databases).await else {
                    panic!()
                };
                assert_eq!(databases.len(), all(&facts[region]["instances"]).len());
                for database in databases.iter() {
                    same_member(database, &facts[region]);
                }
                let is_writer = |one: &&Database| one.global_cluster.is_some() && one.is_primary();
                writers.extend(databases.iter().map(AsRef::as_ref).filter(is_writer).map(|one| one.id.to_string()));
            }
        }
        assert_eq!(writers, ["ledger-1", "ledger-away-1", "ledger-2"]);
    });
}

/// An instance of Aurora, by its region's facts.
fn same_member(database: &Database, facts: &Value) {
    let id = database.id.as_str();
    let fact = named(&facts["instances"], "DBInstanceIdentifier", id);
    let cluster = named(&facts["clusters"], "DBClusterIdentifier", word(&fact["DBClusterIdentifier"]));
    assert_eq!(database.engine.as_str(), format!("{} {}", word(&fact["Engine"]), word(&fact["EngineVersion"])));
    assert_eq!(database.class, shown(&fact["DBInstanceClass"]));
    assert_eq!(database.status, shown(&fact["DBInstanceStatus"]));
    assert_eq!(database.environment, environment(&fact["TagList"]), "{id}");
    assert_eq!(database.cluster, Some(shown(&cluster["DBClusterIdentifier"])));
    assert_eq!(database.global_cluster, cluster["GlobalClusterIdentifier"].as_str().map(Text::new), "{id}");
    assert_eq!(database.zone, shown(&fact["AvailabilityZone"]));
    assert_eq!(database.secondary_zone, other_zone(fact, facts), "{id}");
    assert_eq!(database.multi_az, cluster["MultiAZ"].as_bool(), "{id}");
    let endpoint = format!("{}:{}", word(&fact["Endpoint"]["Address"]), fact["Endpoint"]["Port"]);
    assert_eq!(database.endpoint.as_ref().map(Text::as_str), Some(endpoint.as_str()));
    assert_eq!((database.allocated_bytes, database.max_allocated_bytes), (None, None), "{id}: Aurora grows by itself");
    assert_eq!(database.encrypted, fact["StorageEncrypted"].as_bool(), "{id}");
    assert_eq!(database.backup_retention_days, number(&cluster["BackupRetentionPeriod"]), "{id}");
    assert_eq!(database.certificate_until, Some(time(&fact["CertificateDetails"]["ValidTill"])));
    same_time(database.latest_restorable.unwrap(), time(&cluster["LatestRestorableTime"]));
    let of_this = |one: &&Value| one["DBClusterIdentifier"] == cluster["DBClusterIdentifier"];
    let snapshots = all(&facts["cluster snapshots"]).iter().filter(of_this);
    let newest = snapshots.map(|one| time(&one["SnapshotCreateTime"])).max();
    assert_eq!(database.last_snapshot.is_some(), newest.is_some(), "{id}");
    if let (Some(seen), Some(fact)) = (database.last_snapshot, newest) {
        same_time(seen, fact);
    }
    let role = match &database.role {
        DatabaseRole::Primary => None,
        DatabaseRole::Replica { source, source_region, replication } => {
            Some((source.to_string(), source_region.to_string(), replication.as_ref().map(Text::to_string)))
        }
    };
    assert_eq!(role, leader(id, cluster, &facts["globals"]), "{id}");
}

/// The zone of the cluster's other instance, where it has one.
fn other_zone(fact: &Value, facts: &Value) -> Option<Text> {
    let is_other = |one: &&Value| {
        one["DBClusterIdentifier"] == fact["DBClusterIdentifier"]
            && one["DBInstanceIdentifier"] != fact["DBInstanceIdentifier"]
    };
    all(&facts["instances"]).iter().find(is_other).map(|one| shown(&one["AvailabilityZone"]))
}

/// Whom an instance follows, where, and how that goes: the cluster that writes, if that is another; else the instance
/// that does. ministack calls one instance of a cluster that follows its writer too, and nobody writes to that.
fn leader(id: &str, cluster: &Value, globals: &Value) -> Option<(String, String, Option<String>)> {
    let region = |arn: &str| arn.split(':').nth(3).unwrap().to_owned();
    let own = word(&cluster["DBClusterArn"]);
    for members in all(globals).iter().map(|global| all(&global["GlobalClusterMembers"])) {
        let Some(member) = members.iter().find(|member| member["DBClusterArn"] == own) else { continue };
        let writer = members.iter().find(|member| member["IsWriter"] == true).unwrap();
        let arn = word(&writer["DBClusterArn"]);
        if arn != own {
            let name = arn.rsplit(':').next().unwrap().to_owned();
            return Some((name, region(arn), Some(word(&member["SynchronizationStatus"]).to_owned())));
        }
    }
    let writer = all(&cluster["DBClusterMembers"]).iter().find(|member| member["IsClusterWriter"] == true).unwrap();
    let writer = word(&writer["DBInstanceIdentifier"]);
    (writer != id).then(|| (writer.to_owned(), region(own), None))
}

#[test]
fn changes_of_a_database_wait() {
    on_second(async |bench| {
        let facts = &step(&bench, "change_later")[HOME];
        let origin = both();
        let aws = bench.aws(std::slice::from_ref(&origin));
        let (Payload::Databases(databases), _) = whole(&aws, &origin, HOME, Feed::Databases).await else { panic!() };
        assert_eq!(databases.len(), all(&facts["instances"]).len());
        let mut waiting = Vec::new();
        for database in databases.iter() {
            let fact = named(&facts["instances"], "DBInstanceIdentifier", database.id.as_str());
            // Of an instance of no cluster ministack names one without a name, where AWS names none: that is left out.
            assert_eq!(database.class, shown(&fact["DBInstanceClass"]), "as it is, not as it will be");
            assert_eq!(database.multi_az, fact["MultiAZ"].as_bool());
            assert_eq!(database.allocated_bytes, fact["AllocatedStorage"].as_u64().map(|gib| gib << 30));
            assert_eq!(database.backup_retention_days, number(&fact["BackupRetentionPeriod"]));
            let mut seen: Vec<&str> = database.pending_changes.iter().map(Text::as_str).collect();
            let mut expected: Vec<String> = fact["PendingModifiedValues"]
                .as_object()
                .unwrap()
                .iter()
                .map(|(key, value)| change(key, value))
                .collect();
            seen.sort_unstable();
            expected.sort_unstable();
            assert_eq!(seen, expected, "{}", database.id);
            waiting.push((database.id.to_string(), seen.len()));
        }
        assert_eq!(waiting, [("invoices".into(), 1), ("orders".into(), 8), ("untouched".into(), 0)]);
    });
}

/// In words of people.
fn change(key: &str, value: &Value) -> String {
    let plain = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match key {
        "DBInstanceClass" => format!("class {plain}"),
        "EngineVersion" => format!("version {plain}"),
        "AllocatedStorage" => format!("storage {plain} GiB"),
        "StorageType" => format!("storage type {plain}"),
        "Iops" => format!("IOPS {plain}"),
        "BackupRetentionPeriod" => format!("backups kept {plain} d"),
        "CACertificateIdentifier" => format!("certificate of {plain}"),
        "MultiAZ" if *value == true => "Multi-AZ".into(),
        "MultiAZ" => "single-AZ".into(),
        other => panic!("{other}"),
    }
}

#[test]
fn groups_tell_of_their_newest_refresh() {
    on_second(async |bench| {
        let mut facts = step(&bench, "refresh");
        let origin = both();
        let aws = bench.aws(std::slice::from_ref(&origin));
        let (Payload::Groups(groups), _) = whole(&aws, &origin, HOME, Feed::Groups).await else { panic!() };
        // One was refreshed twice; of the older refresh nothing is shown. A refresh here is over at once and leaves no
        // activity, so opscon looks for one where members differ.
        let refreshes = facts["refreshes"].as_array_mut().unwrap();
        refreshes.sort_by_key(|fact| std::cmp::Reverse(time(&fact["StartTime"])));
        assert_eq!(refreshes.len(), 2);
        assert_eq!(groups.len(), all(&facts["groups"]).len());
        for group in groups.iter() {
            same_group(group, &facts);
        }
        let refreshed: Vec<(&str, bool)> =
            groups.iter().map(|group| (group.name.as_str(), group.refresh.is_some())).collect();
        assert_eq!(refreshed, [("batch", false), ("web", true), ("worker", false)]);
        assert!(groups.iter().all(|group| group.in_service() == group.desired as usize && group.zones() == 2));
    });
}

#[test]
fn services_start_what_is_wanted_of_them() {
    on_second(async |bench| {
        let origin = both();
        let aws = bench.aws(std::slice::from_ref(&origin));
        let mut images = Vec::new();
        for name in ["start", "deploy"] {
            let facts = step(&bench, name);
            let (Payload::Clusters(clusters), _) = whole(&aws, &origin, HOME, Feed::Clusters).await else { panic!() };
            assert_eq!(clusters.len(), all(&facts).len());
            for cluster in clusters.iter() {
                let fact = named(&facts, "clusterName", cluster.name.as_str());
                same_cluster(cluster, fact);
                for service in &cluster.services {
                    runs_as_wanted(service, cluster);
                    same_events(service, named(&fact["services"], "serviceName", service.name.as_str()));
                }
            }
            told_by_themselves(&ask(&aws, &origin, HOME, Feed::Deployments).await, &facts);
            let tasks = clusters.iter().flat_map(|cluster| cluster.tasks.as_ref().unwrap());
            images.push(
                tasks.filter(|task| task.service == "web").map(|task| task.image.to_string()).collect::<Vec<_>>(),
            );
        }
        assert_eq!(images, [vec!["registry.example/web:7"; 4], vec!["registry.example/web:8"; 2]]);
    });
}

/// That peer knows no CodeDeploy, which is told and hides nothing else, and keeps nothing of what ECS deployed.
fn told_by_themselves(answer: &Answer, facts: &Value) {
    let gaps: Vec<&str> = answer.gaps.iter().map(|gap| gap.operation.as_str()).collect();
    assert_eq!(gaps, ["codedeploy:ListDeployments"], "{:?}", answer.gaps);
    let Ok(Payload::Deployments(deployments)) = &answer.outcome else { panic!("{:?}", answer.outcome) };
    let services: Vec<&Value> = all(facts).iter().flat_map(|cluster| all(&cluster["services"])).collect();
    assert_eq!(deployments.len(), services.len());
    for service in services {
        let it = deployments.iter().find(|it| it.target == shown(&service["serviceName"])).unwrap();
        assert_eq!(Some(it.to.as_str()), word(&service["taskDefinition"]).rsplit('/').next());
        assert!(it.returns_by.is_none() && it.arn.is_none());
    }
}

fn runs_as_wanted(service: &Service, cluster: &Cluster) {
    assert_eq!((service.running, service.pending), (service.desired, 0), "{}", service.name);
    assert_eq!((service.rollout.as_str(), service.short_since), ("COMPLETED", None), "{}", service.name);
    let tasks = cluster.tasks.iter().flatten().filter(|task| task.service == service.name);
    assert_eq!(tasks.filter(|task| task.status == "RUNNING" && task.restarts == 0).count(), service.desired as usize);
}

fn same_events(service: &Service, fact: &Value) {
    let facts = all(&fact["events"]);
    assert_eq!(service.events.len(), facts.len(), "{}", service.name);
    for (event, fact) in service.events.iter().zip(facts) {
        same_time(event.at, time(&fact["createdAt"]));
        assert_eq!(event.message, shown(&fact["message"]));
    }
}
