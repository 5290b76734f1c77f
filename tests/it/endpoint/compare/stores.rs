//! Databases and their events, caches, queues, topics.

use jiff::{SignedDuration, Timestamp};
use opscon::domain::cache::{CacheGroup, CacheNode};
use opscon::domain::database::{Database, DatabaseEvent, DatabaseRole};
use opscon::domain::messaging::{Queue, Topic};
use opscon::domain::scope::Environment;
use opscon::domain::text::Text;
use opscon::world::feed::{Feed, Payload};
use serde_json::Value;

use super::super::{HOME, on_company};
use super::{all, environment, list, named, number, same_time, shown, tags, time, word};

const GIB: u64 = 1 << 30;

#[test]
fn databases() {
    on_company(async |bench, company| {
        let Payload::Databases(databases) = list(&bench, &company, Feed::Databases).await else { panic!() };
        let facts = &company["facts"][HOME];
        assert_eq!(databases.len(), all(&facts["rds"]["instances"]).len());
        for database in databases.iter() {
            same_database(database, facts);
        }
        let maintained = databases.iter().filter(|database| !database.pending_maintenance.is_empty()).count();
        assert_eq!(maintained, 1);
    });
}

fn same_database(database: &Database, facts: &Value) {
    let id = database.id.as_str();
    let fact = named(&facts["rds"]["instances"], "DBInstanceIdentifier", id);
    let cluster = fact["DBClusterIdentifier"].as_str();
    let cluster_fact = cluster.map(|name| named(&facts["rds"]["clusters"], "DBClusterIdentifier", name));
    let engine = format!("{} {}", word(&fact["Engine"]), word(&fact["EngineVersion"]));
    assert_eq!(database.engine.as_str(), engine);
    assert_eq!(database.class, shown(&fact["DBInstanceClass"]));
    assert_eq!(database.status, shown(&fact["DBInstanceStatus"]));
    assert_eq!(database.environment, environment(&fact["TagList"]), "{id}");
    assert_eq!(database.arn, shown(&fact["DBInstanceArn"]), "{id}");
    assert_eq!(database.tags, tags(&fact["TagList"]), "{id}");
    assert_eq!(database.cluster_tags, cluster_fact.map_or_else(Vec::new, |fact| tags(&fact["TagList"])), "{id}");
    let mut followers: Vec<Text> = all(&fact["ReadReplicaDBInstanceIdentifiers"]).iter().map(shown).collect();
    followers.extend(cluster_fact.iter().flat_map(|fact| all(&fact["ReadReplicaIdentifiers"])).map(shown));
    followers.sort();
    assert_eq!(database.replicas, followers, "{id}");
    assert_eq!(database.cluster.as_ref().map(Text::as_str), cluster);
    let endpoint = format!("{}:{}", word(&fact["Endpoint"]["Address"]), fact["Endpoint"]["Port"]);
    assert_eq!(database.endpoint.as_ref().map(Text::as_str), Some(endpoint.as_str()));
    assert_eq!(database.zone, shown(&fact["AvailabilityZone"]));
    if cluster.is_none() {
        assert_eq!(database.multi_az, fact["MultiAZ"].as_bool(), "{id}");
        assert_eq!(database.allocated_bytes, fact["AllocatedStorage"].as_u64().map(|gib| gib * GIB), "{id}");
        assert_eq!(database.backup_retention_days, number(&fact["BackupRetentionPeriod"]), "{id}");
    } else {
        assert_eq!(database.allocated_bytes, None, "{id}: Aurora grows by itself");
    }
    assert_eq!(database.max_allocated_bytes, fact["MaxAllocatedStorage"].as_u64().map(|gib| gib * GIB), "{id}");
    assert_eq!(database.encrypted, fact["StorageEncrypted"].as_bool(), "{id}");
    let restorable = cluster_fact.unwrap_or(fact)["LatestRestorableTime"].as_str();
    assert_eq!(database.latest_restorable.is_some(), restorable.is_some(), "{id}");
    if cluster.is_none() {
        let backups = all(&facts["rds"]["automated"]);
        let backups = backups.iter().find(|one| one["DBInstanceArn"] == fact["DBInstanceArn"]);
        let earliest = backups.map(|one| time(&one["RestoreWindow"]["EarliestTime"]));
        assert_eq!(database.earliest_restorable, earliest, "{id}");
        assert_eq!(earliest.is_some(), id == "orders");
    }
    same_role(database, fact, cluster_fact);
    let of_instance = newest(&facts["rds"]["snapshots"], "DBInstanceIdentifier", id);
    let of_cluster = cluster.and_then(|name| newest(&facts["rds"]["cluster snapshots"], "DBClusterIdentifier", name));
    match (database.last_snapshot, of_instance.max(of_cluster)) {
        (Some(seen), Some(fact)) => same_time(seen, fact),
        (seen, fact) => assert_eq!(seen, fact, "{id}"),
    }
    let maintenance = all(&facts["maintenance"]).iter().find(|one| one["ResourceIdentifier"] == fact["DBInstanceArn"]);
    let actions = maintenance.map_or(&[][..], |one| all(&one["PendingMaintenanceActionDetails"]));
    assert_eq!(database.pending_maintenance.len(), actions.len(), "{id}");
    for (seen, fact) in database.pending_maintenance.iter().zip(actions) {
        let date = &word(&fact["AutoAppliedAfterDate"])[..10];
        let words = format!("{} by {date}: {}", word(&fact["Action"]), word(&fact["Description"]));
        assert_eq!(seen.as_str(), words);
    }
}

fn newest(snapshots: &Value, key: &str, of: &str) -> Option<Timestamp> {
    all(snapshots).iter().filter(|fact| fact[key] == of).map(|fact| time(&fact["SnapshotCreateTime"])).max()
}

fn same_role(database: &Database, fact: &Value, cluster: Option<&Value>) {
    let members = cluster.map_or(&[][..], |cluster| all(&cluster["DBClusterMembers"]));
    let writer = members.iter().find(|member| member["IsClusterWriter"] == true);
    let leader = match (fact["ReadReplicaSourceDBInstanceIdentifier"].as_str(), writer) {
        (Some(source), _) => Some(source),
        (None, Some(writer)) => Some(word(&writer["DBInstanceIdentifier"])).filter(|writer| database.id != **writer),
        (None, None) => None,
    };
    match (&database.role, leader) {
        (DatabaseRole::Primary, None) => {}
        (DatabaseRole::Replica { source, source_region, .. }, Some(leader)) => {
            assert_eq!((source.as_str(), source_region.as_str()), (leader, HOME));
        }
        (role, leader) => panic!("{}: {role:?} although boto3 says it follows {leader:?}", database.id),
    }
}

#[test]
fn database_events() {
    on_company(async |bench, company| {
        let Payload::DatabaseEvents(events) = list(&bench, &company, Feed::DatabaseEvents).await else { panic!() };
        let key =
            |event: &DatabaseEvent| (event.source.clone(), event.source_kind.clone(), event.message.clone(), event.at);
        let fact_key = |fact: &Value| {
            (shown(&fact["SourceIdentifier"]), shown(&fact["SourceType"]), shown(&fact["Message"]), time(&fact["Date"]))
        };
        let mut seen: Vec<_> = events.iter().map(|event| key(event)).collect();
        let mut facts: Vec<_> = all(&company["facts"][HOME]["rds"]["events"]).iter().map(fact_key).collect();
        seen.sort();
        facts.sort();
        assert!(facts.len() > 5 && seen.len() == facts.len(), "{} of {}", seen.len(), facts.len());
        for (seen, fact) in seen.into_iter().zip(facts) {
            same_time(seen.3, fact.3);
            assert_eq!((seen.0, seen.1, seen.2), (fact.0, fact.1, fact.2));
        }
    });
}

#[test]
fn caches() {
    on_company(async |bench, company| {
        let Payload::Caches(caches) = list(&bench, &company, Feed::Caches).await else { panic!() };
        let facts = &company["facts"][HOME]["elasticache"];
        let alone = || all(&facts["clusters"]).iter().filter(|fact| fact["ReplicationGroupId"].is_null());
        let serverless = all(&facts["serverless"]);
        assert_eq!(caches.len(), all(&facts["groups"]).len() + alone().count() + serverless.len());
        for cache in caches.iter() {
            let id = cache.id.as_str();
            let is = |key: &str, fact: &&Value| fact[key] == id;
            if let Some(fact) = all(&facts["groups"]).iter().find(|fact| is("ReplicationGroupId", fact)) {
                same_replication_group(cache, fact, &facts["clusters"]);
            } else if let Some(fact) = alone().find(|fact| is("CacheClusterId", fact)) {
                same_cluster_of_its_own(cache, fact);
            } else {
                let fact = named(&facts["serverless"], "ServerlessCacheName", id);
                assert_eq!((cache.status.clone(), cache.nodes.len()), (shown(&fact["Status"]), 0));
            }
        }
    });
}

fn same_replication_group(cache: &CacheGroup, fact: &Value, clusters: &Value) {
    let id = cache.id.as_str();
    assert_eq!(cache.status, shown(&fact["Status"]), "{id}");
    assert_eq!(cache.node_kind, shown(&fact["CacheNodeType"]), "{id}");
    assert_eq!(cache.automatic_failover, Some(fact["AutomaticFailover"] == "enabled"), "{id}");
    assert_eq!(cache.encrypted_at_rest, fact["AtRestEncryptionEnabled"].as_bool(), "{id}");
    assert_eq!(cache.encrypted_in_transit, fact["TransitEncryptionEnabled"].as_bool(), "{id}");
    let shards = all(&fact["NodeGroups"]);
    let members: Vec<(&Value, &Value)> =
        shards.iter().flat_map(|shard| all(&shard["NodeGroupMembers"]).iter().map(move |one| (shard, one))).collect();
    assert_eq!(cache.nodes.len(), members.len(), "{id}");
    for (node, (shard, member)) in cache.nodes.iter().zip(members) {
        assert_eq!(node.id, shown(&member["CacheClusterId"]));
        assert_eq!(node.zone, shown(&member["PreferredAvailabilityZone"]));
        assert_eq!(node.shard, (shards.len() > 1).then(|| shown(&shard["NodeGroupId"])));
        assert_eq!(node.is_primary, member["CurrentRole"].as_str().map(|role| role == "primary"));
        let cluster = named(clusters, "CacheClusterId", node.id.as_str());
        assert_eq!(node.status, shown(&cluster["CacheNodes"][0]["CacheNodeStatus"]));
        assert_eq!(cache.engine.as_str(), format!("{} {}", word(&cluster["Engine"]), word(&cluster["EngineVersion"])));
    }
}

fn same_cluster_of_its_own(cache: &CacheGroup, fact: &Value) {
    assert_eq!(cache.status, shown(&fact["CacheClusterStatus"]));
    assert_eq!(cache.engine.as_str(), format!("{} {}", word(&fact["Engine"]), word(&fact["EngineVersion"])));
    let nodes = all(&fact["CacheNodes"]);
    assert_eq!(cache.nodes.len(), nodes.len());
    let same = |node: &CacheNode, fact: &Value| {
        node.zone == shown(&fact["CustomerAvailabilityZone"]) && node.status == shown(&fact["CacheNodeStatus"])
    };
    assert!(cache.nodes.iter().zip(nodes).all(|(node, fact)| same(node, fact)));
}

#[test]
fn queues() {
    on_company(async |bench, company| {
        let Payload::Queues(queues) = list(&bench, &company, Feed::Queues).await else { panic!() };
        let facts = all(&company["facts"][HOME]["sqs"]);
        assert_eq!(queues.len(), facts.len());
        for queue in queues.iter() {
            let name = format!("/{}", queue.name);
            same_queue(queue, facts.iter().find(|fact| word(&fact["url"]).ends_with(&name)).unwrap());
        }
        let orders = queues.iter().find(|queue| queue.name == "orders").unwrap();
        assert_eq!((orders.visible, orders.in_flight, orders.delayed), (4, 3, 1), "as they were put");
    });
}

fn same_queue(queue: &Queue, fact: &Value) {
    let told = &fact["attributes"];
    let number = |name: &str| told[name].as_str().map(|number| number.parse::<u64>().unwrap());
    assert_eq!(queue.arn, shown(&told["QueueArn"]));
    assert_eq!(Some(queue.visible), number("ApproximateNumberOfMessages"));
    assert_eq!(Some(queue.in_flight), number("ApproximateNumberOfMessagesNotVisible"));
    assert_eq!(Some(queue.delayed), number("ApproximateNumberOfMessagesDelayed"));
    let seconds = |name: &str| number(name).map(|seconds| SignedDuration::from_secs(i64::try_from(seconds).unwrap()));
    assert_eq!(queue.visibility_timeout, seconds("VisibilityTimeout"));
    assert_eq!(queue.retention, seconds("MessageRetentionPeriod"));
    assert_eq!(queue.fifo, told["FifoQueue"] == "true");
    let is_encrypted = told["KmsMasterKeyId"].is_string() || told["SqsManagedSseEnabled"] == "true";
    assert_eq!(queue.encrypted, Some(is_encrypted), "{}", queue.name);
    let policy = told["RedrivePolicy"].as_str().map(|policy| serde_json::from_str::<Value>(policy).unwrap());
    let dead_letters = policy.map(|policy| {
        let target = word(&policy["deadLetterTargetArn"]).rsplit(':').next().unwrap();
        (Text::new(target), u32::try_from(policy["maxReceiveCount"].as_u64().unwrap()).unwrap())
    });
    assert_eq!(queue.dead_letters, dead_letters, "{}", queue.name);
    let sources: Vec<&str> = all(&fact["sources"]).iter().map(|url| word(url).rsplit('/').next().unwrap()).collect();
    assert_eq!(queue.dead_letters_of, sources, "{}", queue.name);
    let Some(moves) = &queue.moves else {
        assert!(sources.is_empty(), "{}", queue.name);
        return;
    };
    let told: Vec<_> = moves.iter().map(|one| (one.status.as_str(), one.moved, one.of, one.per_second)).collect();
    assert_eq!(told, [("RUNNING", 340, Some(1_200), Some(10)), ("FAILED", 7, None, None)]);
    assert!(moves[0].handle.is_some() && moves[0].started > moves[1].started);
    assert_eq!((&moves[1].handle, moves[1].failure.as_str()), (&None, "CouldNotDetermineMessageSource"));
}

#[test]
fn topics() {
    on_company(async |bench, company| {
        let Payload::Topics(topics) = list(&bench, &company, Feed::Topics).await else { panic!() };
        let facts = all(&company["facts"][HOME]["sns"]);
        assert_eq!(topics.len(), facts.len());
        for topic in topics.iter() {
            let fact = facts.iter().find(|fact| topic.arn == shown(&fact["attributes"]["TopicArn"])).unwrap();
            same_topic(topic, fact);
        }
    });
}

fn same_topic(topic: &Topic, fact: &Value) {
    assert_eq!(Some(topic.name.as_str()), topic.arn.as_str().rsplit(':').next());
    assert_eq!(topic.environment, Environment::Staging, "its tags are not read, and its name says nothing");
    let told = &fact["attributes"];
    assert_eq!(topic.encrypted, Some(told["KmsMasterKeyId"].is_string()));
    let mut seen: Vec<(Text, Text, bool)> = topic
        .subscriptions
        .iter()
        .map(|one| (one.protocol.clone(), one.endpoint.clone(), one.pending_confirmation))
        .collect();
    let mut facts: Vec<(Text, Text, bool)> = all(&fact["subscriptions"])
        .iter()
        .map(|one| (shown(&one["Protocol"]), shown(&one["Endpoint"]), one["SubscriptionArn"] == "PendingConfirmation"))
        .collect();
    seen.sort();
    facts.sort();
    assert_eq!(seen, facts);
}
