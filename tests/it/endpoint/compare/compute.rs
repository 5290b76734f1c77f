//! Balancers, groups, policies, instances, clusters, functions.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use opscon::domain::autoscaling::{AutoScalingGroup, ScalingPolicy};
use opscon::domain::balancer::{Listener, LoadBalancer, TargetGroup, TargetHealth};
use opscon::domain::container::{Cluster, Service, Task};
use opscon::domain::function::{Function, Reserved};
use opscon::domain::instance::{Instance, Purchase};
use opscon::domain::scope::Environment;
use opscon::domain::text::Text;
use opscon::domain::zone::Shifting;
use opscon::world::feed::{Feed, Payload};
use serde_json::Value;

use super::super::{HOME, on_company};
use super::{all, count, environment, list, named, number, same_time, shown, tags, time, word};

#[test]
fn balancers() {
    on_company(async |bench, company| {
        let Payload::Balancers(balancers) = list(&bench, &company, Feed::Balancers).await else { panic!() };
        let facts = &company["facts"][HOME];
        assert_eq!(balancers.len(), all(&facts["elbv2"]["balancers"]).len());
        for balancer in balancers.iter() {
            same_balancer(balancer, facts);
        }
        let targets = || balancers.iter().flat_map(|balancer| balancer.targets());
        assert!(targets().any(|target| target.health == TargetHealth::Unhealthy), "one is sick");
        assert!(targets().filter(|target| target.id.as_str().starts_with("i-")).all(|target| !target.zone.is_empty()));
    });
}

fn same_balancer(balancer: &LoadBalancer, facts: &Value) {
    let elb = &facts["elbv2"];
    let fact = named(&elb["balancers"], "LoadBalancerName", balancer.name.as_str());
    let arn = word(&fact["LoadBalancerArn"]);
    assert_eq!(balancer.arn.as_str(), arn);
    same_shifting(balancer);
    assert_eq!(balancer.kind, shown(&fact["Type"]));
    assert_eq!(balancer.state, shown(&fact["State"]["Code"]));
    assert_eq!(balancer.dimension.as_str(), arn.split_once(":loadbalancer/").unwrap().1);
    assert_eq!(balancer.environment, environment(&elb["tags"][arn]));
    let behind = |group: &&Value| all(&group["LoadBalancerArns"]).iter().any(|one| one == arn);
    let groups: Vec<&Value> = all(&elb["groups"]).iter().filter(behind).collect();
    assert_eq!(balancer.target_groups.len(), groups.len(), "{arn}");
    same_listeners(balancer.listeners.as_ref().unwrap(), all(&fact["Listeners"]));
    for group in &balancer.target_groups {
        let fact = groups.iter().find(|fact| group.name == shown(&fact["TargetGroupName"])).unwrap();
        same_targets(group, fact, &facts["ec2"]["instances"]);
    }
}

/// As it was told to the endpoint: one of them is shifted, the others are not to be.
fn same_shifting(balancer: &LoadBalancer) {
    if balancer.name != "shop" {
        assert_eq!(balancer.shifting, Some(Shifting::NotEnabled), "{}", balancer.name);
        return;
    }
    let zones = balancer.zones().unwrap();
    let off: Vec<&str> = zones.zones.iter().filter(|zone| !zone.is_on).map(|zone| zone.id.as_str()).collect();
    assert_eq!((zones.zones.len(), off.as_slice(), zones.is_automatic), (3, &["euw1-az2"][..], Some(false)));
    assert!(zones.zones.iter().all(|zone| zone.name.as_str().starts_with("eu-west-1")), "{:?}", zones.zones);
    let shift = zones.by_hand().unwrap();
    assert_eq!(
        (shift.id.as_ref().unwrap().as_str(), shift.comment.as_str(), shift.is_applied),
        ("shift-1", "INC-42", true)
    );
    assert!(shift.until.is_some());
}

fn same_listeners(listeners: &[Listener], facts: &[Value]) {
    assert_eq!(listeners.len(), facts.len());
    for listener in listeners {
        let fact = facts.iter().find(|fact| fact["Port"].as_u64() == listener.port.map(u64::from)).unwrap();
        assert_eq!(listener.protocol, shown(&fact["Protocol"]));
        let action = &fact["DefaultActions"][0];
        let weighted = all(&action["ForwardConfig"]["TargetGroups"]);
        let total: f64 = weighted.iter().filter_map(|it| it["Weight"].as_f64()).sum();
        match word(&action["Type"]) {
            "forward" if weighted.len() > 1 => {
                assert_eq!(listener.forwards.len(), weighted.len());
                for (seen, fact) in listener.forwards.iter().zip(weighted) {
                    assert!(word(&fact["TargetGroupArn"]).contains(&format!(":targetgroup/{}/", seen.target_group)));
                    assert!((seen.percent - fact["Weight"].as_f64().unwrap() * 100.0 / total).abs() < 1e-9);
                }
            }
            "forward" => {
                let [only] = listener.forwards.as_slice() else { panic!("{:?}", listener.forwards) };
                assert!(word(&action["TargetGroupArn"]).contains(&format!(":targetgroup/{}/", only.target_group)));
                assert!((only.percent - 100.0).abs() < 1e-9);
            }
            "redirect" => assert_eq!(listener.otherwise, "redirects to HTTPS:443"),
            "fixed-response" => assert_eq!(listener.otherwise, "answers 503 itself"),
            other => panic!("{other}"),
        }
    }
}

fn same_targets(group: &TargetGroup, fact: &Value, instances: &Value) {
    assert_eq!(group.dimension.as_str(), word(&fact["TargetGroupArn"]).rsplit(':').next().unwrap());
    let (targets, facts) = (group.targets.as_ref().unwrap(), all(&fact["Health"]));
    assert_eq!(targets.len(), facts.len(), "{}", group.name);
    for target in targets {
        let fact = facts.iter().find(|fact| target.id == shown(&fact["Target"]["Id"])).unwrap();
        let health = &fact["TargetHealth"];
        assert_eq!(format!("{:?}", target.health).to_lowercase(), word(&health["State"]));
        assert_eq!(target.port.map(u64::from), fact["Target"]["Port"].as_u64());
        for part in ["Description", "Reason"] {
            let words = shown(&health[part]);
            assert!(target.reason.as_str().contains(words.as_str()), "{words} is not in {}", target.reason);
        }
        if let Some(zone) = fact["Target"]["AvailabilityZone"].as_str() {
            assert_eq!(target.zone.as_str(), zone);
        } else if target.id.as_str().starts_with("i-") {
            let instance = named(instances, "InstanceId", target.id.as_str());
            assert_eq!(target.zone, shown(&instance["Placement"]["AvailabilityZone"]));
        }
    }
}

#[test]
fn groups() {
    on_company(async |bench, company| {
        let Payload::Groups(groups) = list(&bench, &company, Feed::Groups).await else { panic!() };
        let facts = &company["facts"][HOME]["autoscaling"];
        assert_eq!(groups.len(), all(&facts["groups"]).len());
        for group in groups.iter() {
            same_group(group, facts);
        }
        assert_eq!(groups.iter().map(|group| group.members.len()).sum::<usize>(), 4);
    });
}

pub fn same_group(group: &AutoScalingGroup, facts: &Value) {
    let name = group.name.as_str();
    let fact = named(&facts["groups"], "AutoScalingGroupName", name);
    assert_eq!(group.environment, environment(&fact["Tags"]), "{name}");
    assert_eq!(group.tags, tags(&fact["Tags"]), "{name}");
    assert_eq!(group.operator, shown(&fact["Operator"]["Principal"]), "{name}");
    let sizes = [&fact["MinSize"], &fact["DesiredCapacity"], &fact["MaxSize"]].map(count);
    assert_eq!([group.min, group.desired, group.max], sizes, "{name}");
    let instances = all(&fact["Instances"]);
    assert_eq!(group.members.len(), instances.len(), "{name}");
    for member in &group.members {
        let fact = named(&fact["Instances"], "InstanceId", member.instance.as_str());
        assert_eq!(member.zone, shown(&fact["AvailabilityZone"]));
        assert_eq!(member.lifecycle, shown(&fact["LifecycleState"]));
        assert_eq!(member.is_protected, fact["ProtectedFromScaleIn"] == true);
        assert_eq!(member.healthy, word(&fact["HealthStatus"]).eq_ignore_ascii_case("healthy"));
    }
    let mut suspended: Vec<Text> =
        all(&fact["SuspendedProcesses"]).iter().map(|it| shown(&it["ProcessName"])).collect();
    suspended.sort();
    assert_eq!(group.suspended, suspended, "{name}");
    let of_this = |fact: &&Value| fact["AutoScalingGroupName"] == name;
    let activities: Vec<&Value> = all(&facts["activities"]).iter().filter(of_this).collect();
    let seen = group.activities.as_ref().unwrap();
    assert_eq!(seen.len(), activities.len(), "{name}");
    for (activity, fact) in seen.iter().zip(activities) {
        assert_eq!(activity.at, time(&fact["StartTime"]));
        assert_eq!(activity.what, shown(&fact["Description"]));
        assert_eq!(activity.cause, shown(&fact["Cause"]));
        assert_eq!(activity.status, shown(&fact["StatusCode"]));
        assert_eq!(activity.message, shown(&fact["StatusMessage"]));
    }
    let scheduled: Vec<&Value> = all(&facts["scheduled"]).iter().filter(of_this).collect();
    let seen = group.scheduled.as_ref().unwrap();
    assert_eq!(seen.len(), scheduled.len(), "{name}");
    for (change, fact) in seen.iter().zip(scheduled) {
        assert_eq!(change.name, shown(&fact["ScheduledActionName"]));
        assert_eq!(change.recurrence, shown(&fact["Recurrence"]));
        assert_eq!(change.zone, shown(&fact["TimeZone"]));
        let sizes = [&fact["MinSize"], &fact["DesiredCapacity"], &fact["MaxSize"]].map(number);
        assert_eq!([change.min, change.desired, change.max], sizes, "{name}");
    }
    let refresh = all(&facts["refreshes"]).iter().find(of_this);
    assert_eq!(group.refresh.is_some(), refresh.is_some(), "{name}");
    if let (Some(seen), Some(fact)) = (&group.refresh, refresh) {
        assert_eq!((&seen.id, &seen.status), (&shown(&fact["InstanceRefreshId"]), &shown(&fact["Status"])));
        assert_eq!((seen.percent, seen.started), (number(&fact["PercentageComplete"]), Some(time(&fact["StartTime"]))));
        assert_eq!(seen.reason, shown(&fact["StatusReason"]));
        assert_eq!(seen.ended, fact["EndTime"].as_str().map(|end| end.parse().unwrap()));
    }
    let pool = &fact["WarmPoolConfiguration"];
    assert_eq!(group.warm_pool.is_some(), pool.is_object(), "{name}");
    if let Some(warm) = &group.warm_pool {
        assert_eq!((&warm.state, warm.min), (&shown(&pool["PoolState"]), count(&pool["MinSize"])));
        assert_eq!(warm.max_prepared, number(&pool["MaxGroupPreparedCapacity"]));
    }
}

#[test]
fn policies() {
    on_company(async |bench, company| {
        let Payload::Policies(policies) = list(&bench, &company, Feed::Policies).await else { panic!() };
        let facts = &company["facts"][HOME];
        let (of_groups, of_apps) = (&facts["autoscaling"]["policies"], &facts["application-autoscaling"]);
        assert_eq!(policies.len(), all(of_groups).len() + all(&of_apps["policies"]).len());
        for policy in policies.iter() {
            let id = policy.id.as_str();
            match all(of_groups).iter().find(|fact| fact["PolicyARN"] == id) {
                Some(fact) => same_group_policy(policy, fact, &facts["autoscaling"]["groups"]),
                None => same_app_policy(policy, named(&of_apps["policies"], "PolicyARN", id), &of_apps["targets"]),
            }
        }
    });
}

fn same_group_policy(policy: &ScalingPolicy, fact: &Value, groups: &Value) {
    assert_eq!(policy.name, shown(&fact["PolicyName"]));
    assert_eq!(policy.target, shown(&fact["AutoScalingGroupName"]));
    assert_eq!(policy.kind, shown(&fact["PolicyType"]));
    let tracking = &fact["TargetTrackingConfiguration"];
    assert_eq!(policy.target_value, tracking["TargetValue"].as_f64());
    assert_eq!(policy.metric, shown(&tracking["PredefinedMetricSpecification"]["PredefinedMetricType"]));
    assert_eq!(policy.cooldown, fact["Cooldown"].as_i64().map(SignedDuration::from_secs));
    let group = named(groups, "AutoScalingGroupName", policy.target.as_str());
    let sizes = [&group["MinSize"], &group["DesiredCapacity"], &group["MaxSize"]].map(number);
    assert_eq!([policy.min, policy.current, policy.max], sizes);
}

fn same_app_policy(policy: &ScalingPolicy, fact: &Value, targets: &Value) {
    assert_eq!(policy.name, shown(&fact["PolicyName"]));
    assert_eq!(policy.target, shown(&fact["ResourceId"]));
    assert_eq!(policy.kind, shown(&fact["PolicyType"]));
    let tracking = &fact["TargetTrackingScalingPolicyConfiguration"];
    assert_eq!(policy.target_value, tracking["TargetValue"].as_f64());
    assert_eq!(policy.metric, shown(&tracking["PredefinedMetricSpecification"]["PredefinedMetricType"]));
    assert_eq!(policy.cooldown, tracking["ScaleOutCooldown"].as_i64().map(SignedDuration::from_secs));
    let target = named(targets, "ResourceId", policy.target.as_str());
    assert_eq!([policy.min, policy.max], [&target["MinCapacity"], &target["MaxCapacity"]].map(number));
    assert_eq!(policy.current, Some(2), "as many tasks as its service wants");
    let alarm =
        |part: &str| all(&fact["Alarms"]).iter().map(|one| word(&one["AlarmName"])).find(|name| name.contains(part));
    assert_eq!(Some(policy.out_alarm.as_str()), alarm("AlarmHigh"));
    assert_eq!(Some(policy.in_alarm.as_str()), alarm("AlarmLow"));
}

#[test]
fn instances() {
    on_company(async |bench, company| {
        let Payload::Instances(instances) = list(&bench, &company, Feed::Instances).await else { panic!() };
        let facts = &company["facts"][HOME]["ec2"];
        let alive: Vec<&Value> =
            all(&facts["instances"]).iter().filter(|fact| fact["State"]["Name"] != "terminated").collect();
        assert_eq!(instances.len(), alive.len());
        for instance in instances.iter() {
            same_instance(instance, facts);
        }
        let bastion = instances.iter().find(|instance| instance.name == "bastion").unwrap();
        assert_eq!(bastion.checks, "impaired");
        assert!(bastion.scheduled_event.as_ref().unwrap().as_str().starts_with("instance-retirement from "));
    });
}

fn same_instance(instance: &Instance, facts: &Value) {
    let id = instance.id.as_str();
    let fact = named(&facts["instances"], "InstanceId", id);
    assert_eq!(instance.tags, tags(&fact["Tags"]), "{id}");
    assert_eq!(instance.root, shown(&fact["RootDeviceType"]), "{id}");
    assert_eq!(instance.operator, "", "{id}");
    let tags: BTreeMap<&str, Text> =
        all(&fact["Tags"]).iter().map(|tag| (word(&tag["Key"]), shown(&tag["Value"]))).collect();
    let tag = |name: &str| tags.get(name).cloned();
    assert_eq!(instance.name, tag("Name").unwrap_or_else(|| id.into()));
    assert_eq!(instance.kind, shown(&fact["InstanceType"]));
    assert_eq!(instance.zone, shown(&fact["Placement"]["AvailabilityZone"]));
    assert_eq!(instance.environment, environment(&fact["Tags"]), "{id}");
    assert_eq!(instance.state.word(), word(&fact["State"]["Name"]), "{id}");
    let purchase = if fact["InstanceLifecycle"] == "spot" { Purchase::Spot } else { Purchase::OnDemand };
    assert_eq!(instance.purchase, purchase, "{id}");
    same_time(instance.launched.unwrap(), time(&fact["LaunchTime"]));
    assert_eq!(instance.schedule, tag("Schedule"), "{id}");
    assert_eq!(instance.group, tag("aws:autoscaling:groupName").unwrap_or_default(), "{id}");
    let status = all(&facts["statuses"]).iter().find(|fact| fact["InstanceId"] == id);
    let known = |word: &&str| {
        status.is_some_and(|status| {
            ["SystemStatus", "InstanceStatus"].iter().any(|which| status[*which]["Status"] == **word)
        })
    };
    // All were launched a moment ago; EC2 lists the youngest later.
    let worst = ["impaired", "initializing", "ok"].into_iter().find(known).unwrap_or("initializing");
    assert_eq!(instance.checks, worst, "{id}");
    let notice = all(&facts["spot"]).iter().find(|fact| fact["InstanceId"] == id);
    assert_eq!(instance.interruption, notice.map(|fact| time(&fact["Status"]["UpdateTime"])), "{id}");
}

#[test]
fn clusters() {
    on_company(async |bench, company| {
        let Payload::Clusters(clusters) = list(&bench, &company, Feed::Clusters).await else { panic!() };
        let facts = &company["facts"][HOME]["ecs"];
        assert_eq!(clusters.len(), all(facts).len());
        for cluster in clusters.iter() {
            same_cluster(cluster, named(facts, "clusterName", cluster.name.as_str()));
        }
    });
}

pub fn same_cluster(cluster: &Cluster, fact: &Value) {
    assert_eq!(cluster.environment, environment(&fact["tags"]), "{}", cluster.name);
    assert_eq!(cluster.tags, tags(&fact["tags"]), "{}", cluster.name);
    assert_eq!(cluster.services.len(), all(&fact["services"]).len());
    for service in &cluster.services {
        same_service(service, named(&fact["services"], "serviceName", service.name.as_str()));
    }
    let running: Vec<&Value> = all(&fact["tasks"]).iter().filter(|task| task["lastStatus"] != "STOPPED").collect();
    let tasks = cluster.tasks.as_ref().unwrap();
    assert_eq!(tasks.len(), running.len());
    for task in tasks {
        let fact = running.iter().find(|fact| word(&fact["taskArn"]).ends_with(task.id.as_str())).unwrap();
        same_task(task, fact);
    }
}

fn same_service(service: &Service, fact: &Value) {
    // moto counts fewer than none that are pending, where more run than are wanted.
    let counts = [&fact["desiredCount"], &fact["runningCount"], &fact["pendingCount"]].map(count);
    assert_eq!([service.desired, service.running, service.pending], counts, "{}", service.name);
    assert_eq!(service.arn, shown(&fact["serviceArn"]));
    assert_eq!(service.tags, tags(&fact["tags"]), "{}", service.name);
    assert_eq!(service.strategy, shown(&fact["schedulingStrategy"]));
    assert_eq!(service.controller, fact["deploymentController"]["type"].as_str().map_or("ECS".into(), Text::new));
    assert_eq!(Some(service.task_definition.as_str()), word(&fact["taskDefinition"]).rsplit('/').next());
    let primary = all(&fact["deployments"]).iter().find(|one| one["status"] == "PRIMARY").unwrap();
    assert_eq!(service.rollout, shown(&primary["rolloutState"]));
    assert_eq!(service.rollout_reason, shown(&primary["rolloutStateReason"]));
    assert_eq!(service.failed_tasks, number(&primary["failedTasks"]));
    assert_eq!(service.short_since.is_some(), service.running < service.desired);
}

fn same_task(task: &Task, fact: &Value) {
    let service = word(&fact["group"]).strip_prefix("service:").unwrap_or("");
    assert_eq!(task.service.as_str(), service);
    assert_eq!(task.status, shown(&fact["lastStatus"]));
    assert_eq!(task.zone, shown(&fact["availabilityZone"]));
    assert_eq!(task.image, shown(&fact["containers"][0]["image"]));
    assert_eq!(task.started.is_some(), fact["startedAt"].is_string());
}

#[test]
fn functions() {
    on_company(async |bench, company| {
        let facts = &company["facts"][HOME]["lambda"];
        let Payload::Functions(functions) = list(&bench, &company, Feed::Functions).await else { panic!() };
        assert_eq!(functions.len(), all(&facts["functions"]).len());
        for function in functions.iter() {
            same_function(function, facts);
        }
    });
}

fn same_function(function: &Function, facts: &Value) {
    let name = function.name.as_str();
    let fact = named(&facts["functions"], "FunctionName", name);
    assert_eq!(function.runtime, shown(&fact["Runtime"]));
    assert_eq!(function.account_concurrency_limit, number(&facts["limit"]));
    let modified = word(&fact["LastModified"]).replace("+0000", "Z");
    assert_eq!(function.modified, modified.parse().ok());
    let tag = fact["Tags"]["Environment"].as_str();
    assert_eq!(function.environment, tag.map_or(Environment::Staging, Environment::from_tag), "{name}");
    let reserved = fact["Reserved"]["ReservedConcurrentExecutions"].as_u64().map(|it| it as u32);
    assert_eq!(function.reserved, Some(reserved.map_or(Reserved::Nothing, Reserved::Executions)), "{name}");
    let (provisioned, facts) = (function.provisioned.as_ref().unwrap(), all(&fact["Provisioned"]));
    assert_eq!(provisioned.len(), facts.len(), "{name}");
    for (seen, fact) in provisioned.iter().zip(facts) {
        assert!(word(&fact["FunctionArn"]).ends_with(&format!("{name}:{}", seen.of)));
        assert_eq!(seen.wanted, number(&fact["RequestedProvisionedConcurrentExecutions"]));
        assert_eq!(seen.ready, number(&fact["AvailableProvisionedConcurrentExecutions"]));
        assert_eq!((&seen.status, &seen.reason), (&shown(&fact["Status"]), &shown(&fact["StatusReason"])));
    }
    // Only one function has an alias, and it has only one.
    let alias = &fact["Aliases"][0];
    assert_eq!(function.alias, alias["Name"].as_str().map(Text::new), "{name}");
    assert_eq!(function.version, Some(alias["FunctionVersion"].as_str().map_or("$LATEST".into(), Text::new)), "{name}");
    let weights = &alias["RoutingConfig"]["AdditionalVersionWeights"];
    let shift = weights.as_object().and_then(|weights| weights.iter().next());
    assert_eq!(function.shift.is_some(), shift.is_some(), "{name}");
    if let (Some(seen), Some((version, weight))) = (&function.shift, shift) {
        assert_eq!(seen.version.as_str(), version);
        assert!((seen.percent - weight.as_f64().unwrap() * 100.0).abs() < 1e-9);
    }
}
