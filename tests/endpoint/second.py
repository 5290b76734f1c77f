"""What happens at the second peer, and what boto3 reads back of it.

    second.py STEP URL ACCOUNT         takes a step in an account, and prints what boto3 then reads, as AWS names things
    second.py metric-data URL ACCOUNT  prints what boto3 reads for the `GetMetricData` request that comes by standard input

The steps are the functions in `STEPS`. Each test has an account of its own, and takes its steps in order.
"""

import json
import sys
from datetime import datetime, timedelta, timezone

from facts import Reader, Session, elastic_containers, metric_data, text

HOME, AWAY = "eu-west-1", "us-east-1"
TAGS = [{"Key": "Environment", "Value": "prod"}, {"Key": "team", "Value": "shop"}]
# More alarms than one page has, of which half get data, and their history more than one page too.
FLEET, IDLE = 60, 50


def alarms(session: Session) -> dict:
    """Alarms that have nothing to judge by yet, and those that watch them; then the data."""
    cloudwatch = session.client("cloudwatch", HOME)
    topic = session.client("sns", HOME).create_topic(Name="ops")["TopicArn"]

    # ministack judges by all that has the metric's name, whatever its dimensions: here no two alarms share one. It also
    # calls every alarm on a percentile one on the average as well, which AWS never does, so there is none.
    def put(name: str, metric: str, comparison: str, threshold: float, **more) -> None:
        given = {"Statistic": "Average", "Period": 60, "EvaluationPeriods": 3, **more}
        cloudwatch.put_metric_alarm(
            AlarmName=name, Namespace="Shop", MetricName=metric, ComparisonOperator=comparison, Threshold=threshold, **given
        )

    put("errors-high", "Errors", "GreaterThanThreshold", 5.0, AlarmDescription="See https://runbooks.example/shop.",
        AlarmActions=[topic], OKActions=[topic], DatapointsToAlarm=2, TreatMissingData="breaching",
        Dimensions=[{"Name": "Service", "Value": "web"}])
    put("latency-high", "Latency", "GreaterThanOrEqualToThreshold", 0.5, Statistic="Maximum", Unit="Seconds",
        TreatMissingData="notBreaching")
    put("orders-few", "Orders", "LessThanThreshold", 10.0, Statistic="Sum", Period=300, EvaluationPeriods=1,
        ActionsEnabled=False, TreatMissingData="ignore")
    put("orders-none", "Orders counted", "LessThanOrEqualToThreshold", 0.0, Statistic="SampleCount")
    for n in range(FLEET):
        put(f"host-{n:02}-load", f"Load {n}", "GreaterThanThreshold", 29.5, Statistic="Minimum")
    for n in range(IDLE):
        put(f"idle-{n:02}", f"Nothing {n}", "GreaterThanThreshold", 1.0)

    def watch(name: str, rule: str, **more) -> None:
        cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule=rule, **more)

    watch("shop-impaired", 'ALARM("errors-high") OR (ALARM("latency-high") AND NOT OK("orders-few"))',
          AlarmDescription="Wakes somebody.", AlarmActions=[topic])
    watch("shop-down", 'ALARM("errors-high") AND ALARM("latency-high")')
    watch("company", 'ALARM("shop-impaired") OR ALARM("shop-down")', ActionsEnabled=False)
    watch("shop-blind", 'INSUFFICIENT_DATA("idle-00")')

    load = [datum(f"Load {n}", [float(n), float(n + 50)]) for n in range(FLEET)]
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=load)
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=[
        {**datum("Errors", [9.0, 11.5]), "Dimensions": [{"Name": "Service", "Value": "web"}]},
        datum("Latency", [0.2, 0.3]), datum("Orders", [1.0, 2.0]), datum("Orders counted", [1.0]),
    ])
    return alarms_read(session)


def recover(session: Session) -> dict:
    """What brings the averages below their thresholds again, and one alarm that becomes another."""
    cloudwatch = session.client("cloudwatch", HOME)
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=[
        {**datum("Errors", [0.0], [98.0]), "Dimensions": [{"Name": "Service", "Value": "web"}]},
        datum("Orders", [40.0]), *[datum(f"Load {n}", [1.0]) for n in range(FLEET // 2, FLEET)],
    ])
    # Only then: an alarm on few orders would make this one everybody's trouble.
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=[datum("Latency", [0.75])])
    cloudwatch.put_metric_alarm(
        AlarmName="orders-none", Namespace="Shop", MetricName="Orders counted", ComparisonOperator="LessThanThreshold",
        Threshold=100.0, Statistic="SampleCount", Period=60, EvaluationPeriods=5,
    )
    cloudwatch.delete_alarms(AlarmNames=["idle-49"])
    return alarms_read(session)


def datum(metric: str, values: list, counts: list | None = None, **more) -> dict:
    return {"MetricName": metric, "Values": values, "Counts": counts or [1.0] * len(values), **more}


def alarms_read(session: Session) -> dict:
    read = Reader(session, HOME)
    kinds = ["MetricAlarm", "CompositeAlarm"]
    pages = list(read.client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmTypes=kinds))
    return {
        "alarms": {f"{kind}s": [one for page in pages for one in page[f"{kind}s"]] for kind in kinds},
        "history": read.all(
            "cloudwatch", "describe_alarm_history", "AlarmHistoryItems", AlarmTypes=kinds, HistoryItemType="StateUpdate"
        ),
    }


def percentiles(session: Session) -> dict:
    """An hour of response times, each minute with a tail of its own, behind two balancers."""
    balancers = session.client("elbv2", HOME)
    subnets = session.client("ec2", HOME).describe_subnets()["Subnets"]
    subnets = [one["SubnetId"] for one in sorted(subnets, key=lambda one: one["AvailabilityZone"])]
    at = datetime.now(timezone.utc).replace(second=0, microsecond=0)
    dimensions = []
    for number, name in enumerate(("shop", "site")):
        made = balancers.create_load_balancer(Name=name, Subnets=subnets[:2])["LoadBalancers"][0]
        dimensions.append(made["LoadBalancerArn"].split(":loadbalancer/")[1])
        of = [{"Name": "LoadBalancer", "Value": dimensions[-1]}]
        points = []
        for minute in range(60):
            when = {"Dimensions": of, "Timestamp": at - timedelta(minutes=60 - minute)}
            if minute % 11 != 5:
                body = [0.001 * n * (number + 1) + minute / 1000 for n in range(1, 101)]
                tail = [3.0 * (number + 1) + minute / 10, 5.0 * (number + 1) + minute / 10]
                points.append(datum("TargetResponseTime", body, **when))
                points.append(datum("TargetResponseTime", tail, [2.0, 1.0], **when))
            points.append(datum("RequestCount", [103.0 + minute], **when))
        session.client("cloudwatch", HOME).put_metric_data(Namespace="AWS/ApplicationELB", MetricData=points)
    return {"at": text(at), "dimensions": dimensions}


def spread(session: Session) -> dict:
    """A global database in two regions, and a cluster of no other beside it."""
    home, away = (session.client("rds", region) for region in (HOME, AWAY))
    engine = {"Engine": "aurora-postgresql"}
    home.create_global_cluster(GlobalClusterIdentifier="world", **engine)
    home.create_db_cluster(
        DBClusterIdentifier="ledger", GlobalClusterIdentifier="world", MasterUsername="root", BackupRetentionPeriod=7,
        MasterUserPassword="not-a-secret", StorageEncrypted=True, Tags=TAGS, **engine,
    )
    away.create_db_cluster(DBClusterIdentifier="ledger-away", GlobalClusterIdentifier="world", **engine)
    home.create_db_cluster(
        DBClusterIdentifier="alone", MasterUsername="root", MasterUserPassword="not-a-secret", **engine
    )
    for client, region, name, zone, cluster in [
        (home, HOME, "ledger-1", "a", "ledger"), (home, HOME, "ledger-2", "b", "ledger"),
        (home, HOME, "alone-1", "c", "alone"), (away, AWAY, "ledger-away-1", "a", "ledger-away"),
        (away, AWAY, "ledger-away-2", "b", "ledger-away"),
    ]:
        client.create_db_instance(
            DBInstanceIdentifier=name, DBClusterIdentifier=cluster, DBInstanceClass="db.r6g.large",
            AvailabilityZone=region + zone, Tags=TAGS if cluster == "ledger" else [], **engine,
        )
    home.create_db_cluster_snapshot(DBClusterSnapshotIdentifier="before", DBClusterIdentifier="ledger")
    return databases_read(session)


def switch_over(session: Session) -> dict:
    home, away = (session.client("rds", region) for region in (HOME, AWAY))
    target = away.describe_db_clusters(DBClusterIdentifier="ledger-away")["DBClusters"][0]["DBClusterArn"]
    home.switchover_global_cluster(GlobalClusterIdentifier="world", TargetDbClusterIdentifier=target)
    return databases_read(session)


def fail_over(session: Session) -> dict:
    """Back again, without the other region, and on to the other instance there."""
    home = session.client("rds", HOME)
    target = home.describe_db_clusters(DBClusterIdentifier="ledger")["DBClusters"][0]["DBClusterArn"]
    home.failover_global_cluster(GlobalClusterIdentifier="world", TargetDbClusterIdentifier=target, AllowDataLoss=True)
    home.failover_db_cluster(DBClusterIdentifier="ledger", TargetDBInstanceIdentifier="ledger-2")
    return databases_read(session)


def databases_read(session: Session) -> dict:
    def of(region: str) -> dict:
        read = Reader(session, region)
        return {
            "instances": read.all("rds", "describe_db_instances", "DBInstances"),
            "clusters": read.all("rds", "describe_db_clusters", "DBClusters"),
            "globals": read.all("rds", "describe_global_clusters", "GlobalClusters"),
            "cluster snapshots": read.all("rds", "describe_db_cluster_snapshots", "DBClusterSnapshots"),
        }

    return {region: of(region) for region in (HOME, AWAY)}


def change_later(session: Session) -> dict:
    """Changes that wait for the window, one that does not, and an instance of which nobody wants anything."""
    rds = session.client("rds", HOME)
    for name in ("orders", "invoices", "untouched"):
        rds.create_db_instance(
            DBInstanceIdentifier=name, Engine="mysql", DBInstanceClass="db.r6g.large", AllocatedStorage=100,
            MasterUsername="root", MasterUserPassword="not-a-secret", BackupRetentionPeriod=7,
        )
    version = rds.describe_db_instances(DBInstanceIdentifier="orders")["DBInstances"][0]["EngineVersion"]
    rds.modify_db_instance(
        DBInstanceIdentifier="orders", DBInstanceClass="db.r6g.2xlarge", AllocatedStorage=400, MultiAZ=True,
        EngineVersion=f"{version}-next", StorageType="io2", Iops=12_000, BackupRetentionPeriod=14,
        CACertificateIdentifier="rds-ca-rsa4096-g1", ApplyImmediately=False,
    )
    rds.modify_db_instance(DBInstanceIdentifier="invoices", DBInstanceClass="db.r6g.4xlarge", ApplyImmediately=True)
    rds.modify_db_instance(DBInstanceIdentifier="invoices", MultiAZ=False, ApplyImmediately=False)
    return databases_read(session)


def refresh(session: Session) -> dict:
    """Groups with members of two versions, of which one was refreshed twice and one never, and a group of one version.

    In ministack only a stack can give a group another version of its template.
    """
    ec2, stacks = session.client("ec2", HOME), session.client("cloudformation", HOME)
    autoscaling = session.client("autoscaling", HOME)
    machine = {"ImageId": "ami-12345678", "InstanceType": "m5.large"}
    ec2.create_launch_template(LaunchTemplateName="shop", LaunchTemplateData=machine)
    ec2.create_launch_template_version(LaunchTemplateName="shop", LaunchTemplateData=machine)

    def template(version: int) -> str:
        def group(name: str, version: int) -> dict:
            return {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": {
                "AutoScalingGroupName": name, "MinSize": "1", "MaxSize": "6", "AvailabilityZones": [f"{HOME}a", f"{HOME}b"],
                "LaunchTemplate": {"LaunchTemplateName": "shop", "Version": str(version)},
                "Tags": [{**TAGS[0], "PropagateAtLaunch": True}],
            }}

        return json.dumps({"Resources": {
            "Web": group("web", version), "Worker": group("worker", version), "Batch": group("batch", 1),
        }})

    def settled() -> None:
        until(lambda: not stacks.describe_stacks(StackName="shop")["Stacks"][0]["StackStatus"].endswith("IN_PROGRESS"))

    def sized(size: int) -> None:
        for name in ("web", "worker", "batch"):
            autoscaling.set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=size)

    stacks.create_stack(StackName="shop", TemplateBody=template(1))
    settled()
    sized(2)
    for _ in range(2):
        autoscaling.start_instance_refresh(AutoScalingGroupName="web")
    stacks.update_stack(StackName="shop", TemplateBody=template(2))
    settled()
    sized(3)
    autoscaling.put_scheduled_update_group_action(
        AutoScalingGroupName="web", ScheduledActionName="office-hours", Recurrence="0 7 * * 1-5", TimeZone="Europe/Berlin",
        MinSize=3, DesiredCapacity=4,
    )
    read = Reader(session, HOME)
    groups = read.all("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups")
    return {
        "groups": groups,
        "activities": read.all("autoscaling", "describe_scaling_activities", "Activities"),
        "scheduled": read.all("autoscaling", "describe_scheduled_actions", "ScheduledUpdateGroupActions"),
        "refreshes": [
            one for group in groups for one in read.one(
                "autoscaling", "describe_instance_refreshes", AutoScalingGroupName=group["AutoScalingGroupName"]
            )["InstanceRefreshes"]
        ],
    }


def start(session: Session) -> list:
    """Services, and more of them than are described in one call."""
    ecs = session.client("ecs", HOME)
    ecs.create_cluster(clusterName="prod", tags=[{"key": tag["Key"], "value": tag["Value"]} for tag in TAGS])
    ecs.create_cluster(clusterName="empty")
    for family in ("web", "worker"):
        register(ecs, family, 7)
    for name, family, wanted in [("web", "web", 4), ("worker", "worker", 3), ("off", "worker", 0)] + [
        (f"job-{n}", "worker", 1) for n in range(10)
    ]:
        ecs.create_service(
            cluster="prod", serviceName=name, taskDefinition=family, desiredCount=wanted, launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]}},
        )
    return services_read(session)


def deploy(session: Session) -> list:
    """Another version of one service, fewer and more tasks of others, and one that goes."""
    ecs = session.client("ecs", HOME)
    register(ecs, "web", 8)
    ecs.update_service(cluster="prod", service="web", taskDefinition="web:2", desiredCount=2)
    ecs.update_service(cluster="prod", service="worker", desiredCount=1)
    ecs.update_service(cluster="prod", service="off", desiredCount=2)
    ecs.delete_service(cluster="prod", service="job-9", force=True)
    return services_read(session)


def register(ecs, family: str, version: int) -> None:
    ecs.register_task_definition(
        family=family, networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512",
        containerDefinitions=[{"name": family, "image": f"registry.example/{family}:{version}", "essential": True}],
    )


def services_read(session: Session) -> list:
    """Once all that is wanted runs, which ministack sees to by itself."""
    ecs = Reader(session, HOME)

    def is_steady() -> bool:
        services = [service for cluster in elastic_containers(ecs) for service in cluster["services"]]
        return all(one["runningCount"] == one["desiredCount"] and len(one["deployments"]) == 1 for one in services)

    until(is_steady)
    return elastic_containers(ecs)


def until(is_so) -> None:
    """Asks again and again, which takes long enough by itself."""
    if not any(is_so() for _ in range(1_000)):
        sys.exit(f"not so after all this time: {is_so.__qualname__}")


STEPS = {
    step.__name__: step
    for step in (alarms, recover, percentiles, spread, switch_over, fail_over, change_later, refresh, start, deploy)
}


def main() -> None:
    match sys.argv[1:]:
        case ["metric-data", url, account]:
            answer = metric_data(session_of(url, account).client("cloudwatch", HOME), json.load(sys.stdin))
        case [step, url, account] if step in STEPS:
            answer = STEPS[step](session_of(url, account))
        case _:
            sys.exit(__doc__)
    json.dump(answer, sys.stdout, default=text)


def session_of(url: str, account: str) -> Session:
    return Session(url, {"aws_access_key_id": account, "aws_secret_access_key": "seed"})


if __name__ == "__main__":
    main()
