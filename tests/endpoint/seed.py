"""The company the tests look at: made, and read back, by boto3, which shares no code with opscon.

    seed.py make URL            makes it, once for each server, and prints what the tests must know of it
    seed.py facts URL AT        prints what boto3 reads back, by region and by `service.operation`, as AWS names things
    seed.py metric-data URL     prints what boto3 reads for the `GetMetricData` request that comes by standard input

Two regions of one account, and one region of another that is reached by a role.
"""

import hashlib
import io
import json
import sys
import time
import zipfile
from datetime import datetime, timedelta, timezone

import lacking
from facts import Session, facts, metric_data, text

HOME, AWAY = "eu-west-1", "us-east-1"
OTHER_ACCOUNT = "222222222222"
ROLE = f"arn:aws:iam::{OTHER_ACCOUNT}:role/ops"
TAGS = [{"Key": "Environment", "Value": "prod"}, {"Key": "team", "Value": "shop"}]


def home(url: str) -> Session:
    return Session(url, {"aws_access_key_id": "AKIASEED", "aws_secret_access_key": "seed"})


def make(url: str) -> dict:
    first = home(url)
    at = datetime.now(timezone.utc).replace(second=0, microsecond=0)
    network = Network(first, HOME)
    instances(first, HOME, network)
    balancers(first, HOME, network)
    groups(first, HOME, network)
    containers(first, HOME, network)
    functions(first, HOME)
    databases(first, HOME)
    queues(first, HOME)
    topics(first, HOME)
    alarms(first, HOME)
    dashboards(first, HOME)
    metrics(first, HOME, at)
    builds(first, HOME)
    images(first, HOME)
    timers(first, HOME)
    pipelines(first, HOME)
    names(first, HOME)
    lacking.tell(first, HOME, at)
    away(first, AWAY, at)
    away(first.assume(ROLE), HOME, at)
    return {"at": text(at), "regions": [HOME, AWAY], "role": ROLE, "account": OTHER_ACCOUNT}


class Network:
    """What moto's default network is made of."""

    def __init__(self, session: Session, region: str):
        ec2 = session.client("ec2", region)
        self.vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
        subnets = sorted(ec2.describe_subnets()["Subnets"], key=lambda one: one["AvailabilityZone"])
        self.subnets = [one["SubnetId"] for one in subnets]
        self.group = ec2.create_security_group(GroupName="shop", Description="shop", VpcId=self.vpc)["GroupId"]
        self.image = "ami-12345678"


def instances(session: Session, region: str, network: Network) -> None:
    ec2 = session.client("ec2", region)

    def run(name: str, kind: str = "t3.micro", subnet: int = 0, tags=(), **more) -> str:
        tags = [{"Key": "Name", "Value": name}, *tags]
        made = ec2.run_instances(
            ImageId=network.image, InstanceType=kind, MinCount=1, MaxCount=1, SubnetId=network.subnets[subnet],
            TagSpecifications=[{"ResourceType": "instance", "Tags": tags}], **more,
        )
        return made["Instances"][0]["InstanceId"]

    run("bastion", tags=TAGS)
    run("batch", "c7g.2xlarge", 1, TAGS, InstanceMarketOptions={"MarketType": "spot"})
    stopped = run("dev-box", "m5.large", 2, [{"Key": "env", "Value": "dev"}, {"Key": "Schedule", "Value": "office-hours"}])
    ec2.stop_instances(InstanceIds=[stopped])
    ec2.terminate_instances(InstanceIds=[run("gone")])
    # A name written by a stranger. XML cannot hold a control character, but it can hold this.
    run("evil\u202ename")


def groups(session: Session, region: str, network: Network) -> None:
    autoscaling = session.client("autoscaling", region)
    ec2 = session.client("ec2", region)
    ec2.create_launch_template(
        LaunchTemplateName="shop", LaunchTemplateData={"ImageId": network.image, "InstanceType": "m5.large"},
    )
    template = {"LaunchTemplateName": "shop", "Version": "$Latest"}
    elb = session.client("elbv2", region)
    targets = elb.describe_target_groups(Names=["web"])["TargetGroups"][0]["TargetGroupArn"]
    tags = [{**tag, "PropagateAtLaunch": True} for tag in TAGS]
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="web", LaunchTemplate=template, MinSize=2, MaxSize=6, DesiredCapacity=3,
        VPCZoneIdentifier=",".join(network.subnets[:3]), TargetGroupARNs=[targets], Tags=tags,
    )
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="worker", LaunchTemplate=template, MinSize=0, MaxSize=4, DesiredCapacity=1,
        VPCZoneIdentifier=network.subnets[0],
    )
    autoscaling.suspend_processes(AutoScalingGroupName="worker", ScalingProcesses=["Launch", "AZRebalance"])
    autoscaling.put_scaling_policy(
        AutoScalingGroupName="web", PolicyName="web-cpu", PolicyType="TargetTrackingScaling",
        TargetTrackingConfiguration={
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"}, "TargetValue": 55.5,
        },
    )
    autoscaling.put_scheduled_update_group_action(
        AutoScalingGroupName="web", ScheduledActionName="office-hours", Recurrence="0 7 * * 1-5", TimeZone="Europe/Berlin",
        MinSize=3, DesiredCapacity=4,
    )
    autoscaling.put_warm_pool(AutoScalingGroupName="worker", MinSize=1, MaxGroupPreparedCapacity=3, PoolState="Stopped")
    autoscaling.put_scaling_policy(
        AutoScalingGroupName="worker", PolicyName="worker-out", PolicyType="SimpleScaling",
        AdjustmentType="ChangeInCapacity", ScalingAdjustment=1, Cooldown=120,
    )


def balancers(session: Session, region: str, network: Network) -> None:
    elb = session.client("elbv2", region)

    def balancer(name: str, **more) -> str:
        made = elb.create_load_balancer(Name=name, Subnets=network.subnets[:3], Tags=TAGS, **more)
        return made["LoadBalancers"][0]["LoadBalancerArn"]

    def group(name: str, **more) -> str:
        made = elb.create_target_group(Name=name, Port=8080, VpcId=network.vpc, **{"Protocol": "HTTP", **more})
        return made["TargetGroups"][0]["TargetGroupArn"]

    def listen(balancer: str, port: int, group: str, protocol: str = "HTTP") -> None:
        elb.create_listener(
            LoadBalancerArn=balancer, Protocol=protocol, Port=port,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
        )

    shop = balancer("shop", SecurityGroups=[network.group])
    web, api = group("web"), group("api", TargetType="ip")
    group("nobody-uses-it")
    listen(shop, 81, api)
    elb.create_listener(LoadBalancerArn=shop, Protocol="HTTP", Port=80, DefaultActions=[{
        "Type": "forward", "ForwardConfig": {"TargetGroups": [
            {"TargetGroupArn": web, "Weight": 90}, {"TargetGroupArn": api, "Weight": 10},
        ]},
    }])
    elb.create_listener(LoadBalancerArn=shop, Protocol="HTTP", Port=82, DefaultActions=[{
        "Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"},
    }])
    elb.create_listener(LoadBalancerArn=shop, Protocol="HTTP", Port=83, DefaultActions=[{
        "Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"},
    }])
    elb.register_targets(TargetGroupArn=api, Targets=[{"Id": "172.31.0.10", "Port": 8080}])
    listen(balancer("flows", Type="network"), 443, group("flows", Protocol="TCP"), "TCP")


def containers(session: Session, region: str, network: Network) -> None:
    ecs = session.client("ecs", region)
    tags = [{"key": tag["Key"], "value": tag["Value"]} for tag in TAGS]
    ecs.create_cluster(clusterName="prod", tags=tags)
    ecs.create_cluster(clusterName="empty")
    for family in ("web", "worker"):
        ecs.register_task_definition(
            family=family, networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512",
            containerDefinitions=[{"name": family, "image": f"registry.example/{family}:7", "essential": True,
                                   "cpu": 256, "memory": 512}],
        )
    reached = {"awsvpcConfiguration": {"subnets": network.subnets[:2], "securityGroups": [network.group]}}
    # More than are described in one call.
    for name, family, wanted in [("web", "web", 2), ("worker", "worker", 3)] + [(f"job-{n}", "worker", 1) for n in range(12)]:
        ecs.create_service(
            cluster="prod", serviceName=name, taskDefinition=family, desiredCount=wanted, launchType="FARGATE",
            networkConfiguration=reached,
        )
    # The next version, which is on its way.
    ecs.register_task_definition(
        family="web", networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512",
        containerDefinitions=[{"name": "web", "image": "registry.example/web:8", "essential": True, "cpu": 256, "memory": 512}],
    )
    ecs.run_task(
        cluster="prod", taskDefinition="web:1", count=2, launchType="FARGATE", group="service:web", startedBy="ecs-svc/1",
        networkConfiguration=reached,
    )
    # One of no service, and one of a service that somebody stopped.
    ecs.run_task(cluster="prod", taskDefinition="worker", launchType="FARGATE", networkConfiguration=reached)
    stopped = ecs.run_task(
        cluster="prod", taskDefinition="worker", launchType="FARGATE", group="service:worker", networkConfiguration=reached,
    )["tasks"][0]["taskArn"]
    ecs.stop_task(cluster="prod", task=stopped, reason="by hand")
    scaling = session.client("application-autoscaling", region)
    target = {"ServiceNamespace": "ecs", "ResourceId": "service/prod/web", "ScalableDimension": "ecs:service:DesiredCount"}
    scaling.register_scalable_target(**target, MinCapacity=2, MaxCapacity=10)
    scaling.put_scaling_policy(
        **target, PolicyName="web-tasks", PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 60.0, "ScaleOutCooldown": 30, "ScaleInCooldown": 300,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
        },
    )


def functions(session: Session, region: str) -> None:
    iam = session.client("iam", region)
    trust = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ]}
    role = iam.create_role(RoleName="functions", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("main.py", "def handler(event, context):\n    return event\n")
    lambdas = session.client("lambda", region)
    # Each is asked four times, at a slow pace: few are enough.
    for name in ["checkout", "thumbnail"] + [f"cron-{n}" for n in range(4)]:
        lambdas.create_function(
            FunctionName=name, Runtime="python3.12", Role=role, Handler="main.handler", Code={"ZipFile": code.getvalue()},
            Tags={"Environment": "prod"} if name == "checkout" else {},
        )
    for _ in range(2):
        lambdas.update_function_code(FunctionName="checkout", ZipFile=code.getvalue())
        lambdas.publish_version(FunctionName="checkout")
    lambdas.put_function_concurrency(FunctionName="checkout", ReservedConcurrentExecutions=40)
    lambdas.put_function_concurrency(FunctionName="cron-0", ReservedConcurrentExecutions=0)
    lambdas.create_alias(
        FunctionName="checkout", Name="live", FunctionVersion="2", RoutingConfig={"AdditionalVersionWeights": {"1": 0.1}},
    )


def databases(session: Session, region: str) -> None:
    rds = session.client("rds", region)
    rds.create_db_instance(
        DBInstanceIdentifier="orders", Engine="mysql", DBInstanceClass="db.r6g.large", AllocatedStorage=100,
        MaxAllocatedStorage=400, MasterUsername="admin", MasterUserPassword="not-a-secret", MultiAZ=True,
        BackupRetentionPeriod=7, StorageEncrypted=True, Tags=TAGS,
    )
    rds.create_db_instance(
        DBInstanceIdentifier="scratch", Engine="postgres", DBInstanceClass="db.t4g.micro", AllocatedStorage=20,
        MasterUsername="admin", MasterUserPassword="not-a-secret", BackupRetentionPeriod=0,
        Tags=[{"Key": "env", "Value": "dev"}],
    )
    rds.create_db_instance_read_replica(
        DBInstanceIdentifier="orders-replica", SourceDBInstanceIdentifier="orders", DBInstanceClass="db.r6g.large",
    )
    rds.create_db_snapshot(DBSnapshotIdentifier="orders-before-release", DBInstanceIdentifier="orders")
    rds.create_db_cluster(
        DBClusterIdentifier="ledger", Engine="aurora-mysql", MasterUsername="admin", MasterUserPassword="not-a-secret",
        StorageEncrypted=True, Tags=TAGS,
    )
    for name in ("ledger-1", "ledger-2"):
        rds.create_db_instance(
            DBInstanceIdentifier=name, DBClusterIdentifier="ledger", Engine="aurora-mysql", DBInstanceClass="db.r6g.large",
        )


def queues(session: Session, region: str) -> None:
    sqs = session.client("sqs", region)

    def queue(name: str, attributes: dict | None = None, tags: dict | None = None) -> tuple[str, str]:
        made = sqs.create_queue(QueueName=name, Attributes=attributes or {}, tags=tags or {})["QueueUrl"]
        return made, sqs.get_queue_attributes(QueueUrl=made, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    letters, letters_arn = queue("orders-dlq", tags={"Environment": "prod"})
    redrive = json.dumps({"deadLetterTargetArn": letters_arn, "maxReceiveCount": 5})
    orders, _ = queue("orders", {"RedrivePolicy": redrive, "SqsManagedSseEnabled": "true"}, {"Environment": "prod"})
    queue("invoices.fifo", {"FifoQueue": "true", "KmsMasterKeyId": "alias/aws/sqs"})
    queue("later", {"DelaySeconds": "60"})
    for n in range(7):
        sqs.send_message(QueueUrl=orders, MessageBody=f"order {n}")
    for n in range(2):
        sqs.send_message(QueueUrl=letters, MessageBody=f"lost {n}")
    sqs.send_message(QueueUrl=orders, MessageBody="slow", DelaySeconds=900)
    sqs.receive_message(QueueUrl=orders, MaxNumberOfMessages=3, VisibilityTimeout=43_200)


def topics(session: Session, region: str) -> None:
    sns = session.client("sns", region)
    ops = sns.create_topic(Name="ops", Attributes={"KmsMasterKeyId": "alias/aws/sns"}, Tags=TAGS)["TopicArn"]
    sns.create_topic(Name="nobody-listens")
    sns.subscribe(TopicArn=ops, Protocol="email", Endpoint="oncall@example.com")
    sns.subscribe(TopicArn=ops, Protocol="sqs", Endpoint=ops.replace(":sns:", ":sqs:").replace(":ops", ":orders"))


def alarms(session: Session, region: str) -> None:
    cloudwatch = session.client("cloudwatch", region)
    topic = f"arn:aws:sns:{region}:123456789012:ops"
    cpu = {"Namespace": "AWS/EC2", "MetricName": "CPUUtilization",
           "Dimensions": [{"Name": "AutoScalingGroupName", "Value": "web"}]}
    usual = {"Period": 60, "EvaluationPeriods": 3, "Threshold": 80.0, "ComparisonOperator": "GreaterThanThreshold"}

    def put(name: str, **more) -> None:
        given = {**cpu, "Statistic": "Average", **usual, **more}
        cloudwatch.put_metric_alarm(AlarmName=name, **{key: value for key, value in given.items() if value is not None})

    def of_queries(name: str, queries: list, **more) -> None:
        plain = dict.fromkeys(("Namespace", "MetricName", "Dimensions", "Statistic", "Period"))
        put(name, **plain, Metrics=queries, **more)

    def query(id_: str, metric: dict, stat: str, **more) -> dict:
        return {"Id": id_, "MetricStat": {"Metric": metric, "Period": 300, "Stat": stat}, "ReturnData": False, **more}

    put("web-cpu-high", AlarmDescription="See https://runbooks.example/web.", AlarmActions=[topic], OKActions=[topic],
        InsufficientDataActions=[topic], DatapointsToAlarm=2, TreatMissingData="breaching")
    put("web-slow", Namespace="AWS/ApplicationELB", MetricName="TargetResponseTime", Statistic=None, ExtendedStatistic="p99",
        Dimensions=[{"Name": "LoadBalancer", "Value": "app/shop/1"}], Threshold=0.75, TreatMissingData="notBreaching",
        ComparisonOperator="GreaterThanOrEqualToThreshold", Unit="Seconds")
    put("orders-low", Namespace="Shop", MetricName="Orders", Dimensions=[], Statistic="Sum", Threshold=1.0, Period=300,
        ComparisonOperator="LessThanThreshold", ActionsEnabled=False, TreatMissingData="ignore")
    put("orders-none", Namespace="Shop", MetricName="Orders", Dimensions=[], Statistic="SampleCount", Threshold=0.0,
        ComparisonOperator="LessThanOrEqualToThreshold", Period=10, EvaluationPeriods=1)
    requests = {"Namespace": "AWS/ApplicationELB", "MetricName": "RequestCount",
                "Dimensions": [{"Name": "LoadBalancer", "Value": "app/shop/1"}]}
    failures = {**requests, "MetricName": "HTTPCode_Target_5XX_Count"}
    of_queries("web-errors", [
        query("m1", requests, "Sum"), query("m2", failures, "Sum"),
        {"Id": "e1", "Expression": "100 * m2 / m1", "Label": "errors in percent", "ReturnData": True},
    ], Threshold=1.0)
    of_queries("web-odd", [
        query("m1", requests, "Sum", ReturnData=True),
        {"Id": "ad1", "Expression": "ANOMALY_DETECTION_BAND(m1, 3)", "Label": "expected", "ReturnData": True},
    ], Threshold=None, ThresholdMetricId="ad1", ComparisonOperator="LessThanLowerOrGreaterThanUpperThreshold")
    put("evil\x1b]52;c;cm0=\x07\u202ealarm", AlarmDescription="\x1b[2J hello")
    cloudwatch.put_metric_alarm(
        AlarmName="pods-restart", EvaluationInterval=60, AlarmActions=[topic], EvaluationCriteria={"PromQLCriteria": {
            "Query": "rate(kube_pod_container_status_restarts_total[5m]) > 0", "PendingPeriod": 300, "RecoveryPeriod": 120,
        }},
    )
    put("Überlast \u65e5\u672c\u8a9e", AlarmDescription="names may be of any script")
    # More than one page.
    for n in range(130):
        put(f"queue-{n:03}-age", Namespace="AWS/SQS", MetricName="ApproximateAgeOfOldestMessage", Statistic="Maximum",
            Dimensions=[{"Name": "QueueName", "Value": f"queue-{n:03}"}], Threshold=float(n))
    cloudwatch.put_composite_alarm(
        AlarmName="shop-impaired", AlarmRule="ALARM(web-cpu-high) OR (ALARM(web-errors) AND NOT OK(web-slow))",
        AlarmDescription="Wakes somebody.", AlarmActions=[topic],
    )
    cloudwatch.put_composite_alarm(AlarmName="quiet", AlarmRule="FALSE", ActionsEnabled=False)
    cloudwatch.put_log_alarm(
        AlarmName="panics", QueryResultsToEvaluate=3, QueryResultsToAlarm=2, Threshold=5.0,
        ComparisonOperator="GreaterThanThreshold", AlarmActions=[topic],
        ScheduledQueryConfiguration={
            "QueryString": "fields @message | filter @message like /panic/", "LogGroupIdentifiers": ["/shop/web", "/shop/api"],
            "ScheduledQueryRoleARN": "arn:aws:iam::123456789012:role/logs", "AggregationExpression": "count(*)",
            "ScheduleConfiguration": {"ScheduleExpression": "rate(5 minutes)", "StartTimeOffset": 300},
        },
    )
    states = [
        ("web-cpu-high", "OK", "Threshold not crossed: 3 datapoints were below 80.0"),
        ("web-cpu-high", "ALARM", "Threshold Crossed: 2 out of the last 3 datapoints were greater than 80.0"),
        # Only the reason is another.
        ("web-cpu-high", "ALARM", "Threshold Crossed: 3 datapoints were greater than 80.0"),
        ("web-slow", "OK", "Threshold not crossed"),
        ("web-errors", "OK", "Threshold not crossed"),
        ("web-odd", "ALARM", "Thresholds Crossed: outside of the band"),
        ("panics", "OK", "2 of 3 query results"),
        ("shop-impaired", "ALARM", "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:web-cpu-high transitioned to ALARM"),
        ("quiet", "OK", "the rule is FALSE"),
        ("evil\x1b]52;c;cm0=\x07\u202ealarm", "ALARM", "\x1b[31mred"),
    ]
    for n in range(0, 130, 3):
        states.append((f"queue-{n:03}-age", "OK", "Threshold not crossed"))
    for name, state, reason in states:
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason=reason)


def dashboards(session: Session, region: str) -> None:
    cloudwatch = session.client("cloudwatch", region)
    cpu = ["AWS/EC2", "CPUUtilization", "AutoScalingGroupName", "web"]
    widgets = [
        {"type": "metric", "x": 0, "y": 0, "width": 12, "height": 6, "properties": {
            "title": "CPU", "region": region, "stat": "Average", "period": 60, "metrics": [cpu, ["...", "worker", {"stat": "p90"}]],
            "annotations": {"horizontal": [{"label": "too much", "value": 80, "fill": "above"}]}}},
        {"type": "metric", "x": 12, "y": 0, "width": 6, "height": 6, "properties": {
            "title": "Errors", "view": "singleValue", "metrics": [
                ["Shop", "Failed", {"id": "m1", "visible": False}], [{"expression": "m1 * 2", "label": "twice", "id": "e1"}]]}},
        {"type": "text", "x": 0, "y": 6, "width": 24, "height": 2, "properties": {"markdown": "# Shop\n\x1b[31mcall 555"}},
        {"type": "alarm", "x": 0, "y": 8, "width": 24, "height": 3, "properties": {
            "title": "Alarms", "alarms": [f"arn:aws:cloudwatch:{region}:123456789012:alarm:web-cpu-high"]}},
        {"type": "log", "x": 0, "y": 11, "width": 24, "height": 6, "properties": {"query": "SOURCE 'x' | fields @message"}},
    ]
    cloudwatch.put_dashboard(DashboardName="shop", DashboardBody=json.dumps({"widgets": widgets}))
    cloudwatch.put_dashboard(DashboardName="empty", DashboardBody='{"widgets": []}')


def metrics(session: Session, region: str, at: datetime) -> None:
    """An hour of points, one or several a minute, with gaps: each metric of its own pattern."""
    cloudwatch = session.client("cloudwatch", region)
    balancer = session.client("elbv2", region).describe_load_balancers(Names=["shop"])["LoadBalancers"][0]
    dimension = balancer["LoadBalancerArn"].split(":loadbalancer/")[1]
    nodes = [f"sessions-{shard:04}-{node:03}" for shard in (1, 2) for node in (1, 2)]
    series = {
        ("AWS/ApplicationELB", "RequestCount", "LoadBalancer", dimension): lambda m: [600.0 + m, 20.0],
        ("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "LoadBalancer", dimension): lambda m: [float(m)] if m % 7 == 0 else [],
        ("AWS/ApplicationELB", "TargetResponseTime", "LoadBalancer", dimension):
            lambda m: [0.01 * n * (1 + m / 60) for n in range(1, 101)] if m % 10 == 0 else [0.2, 0.4],
        ("AWS/EC2", "CPUUtilization", "AutoScalingGroupName", "web"): lambda m: [30.0 + m / 2, 40.0 + m / 2],
        ("AWS/EC2", "CPUUtilization", "AutoScalingGroupName", "worker"): lambda m: [] if 20 <= m < 30 else [5.5],
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "orders"): lambda m: [float(m * 3)],
        ("AWS/SQS", "NumberOfMessagesSent", "QueueName", "orders"): lambda m: [1.0, 2.0, 3.0],
        ("AWS/RDS", "FreeStorageSpace", "DBInstanceIdentifier", "orders"): lambda m: [4e10 - m * 1e6],
        ("AWS/RDS", "ReplicaLag", "DBInstanceIdentifier", "orders-replica"): lambda m: [-1.0 if m > 50 else 0.5],
        ("AWS/Lambda", "Duration", "FunctionName", "checkout"): lambda m: [100.0, 200.0, 1e9],
        ("AWS/Lambda", "Errors", "FunctionName", "checkout"): lambda m: [0.0],
        # Only an hour ago: still a series.
        ("AWS/Lambda", "Throttles", "FunctionName", "checkout"): lambda m: [4.0] if m == 0 else [],
        ("AWS/ECS", "CPUUtilization", "ServiceName", "web", "ClusterName", "prod"): lambda m: [50.25],
        **{("AWS/ElastiCache", "CacheHitRate", "CacheClusterId", name): lambda m, n=n: [90.0 + n] for n, name in enumerate(nodes)},
        ("Shop", "Orders"): lambda m: [12.0],
    }
    data: dict[str, list] = {}
    for (namespace, name, *dimensions), values in series.items():
        pairs = [{"Name": key, "Value": value} for key, value in zip(dimensions[::2], dimensions[1::2])]
        for minute in range(60):
            if found := values(minute):
                data.setdefault(namespace, []).append({
                    "MetricName": name, "Dimensions": pairs, "Timestamp": at - timedelta(minutes=60 - minute), "Values": found,
                    "Counts": [1.0] * len(found),
                })
    for namespace, points in data.items():
        for first in range(0, len(points), 500):
            cloudwatch.put_metric_data(Namespace=namespace, MetricData=points[first : first + 500])


def builds(session: Session, region: str) -> None:
    codebuild, logs = session.client("codebuild", region), session.client("logs", region)
    codebuild.create_project(
        name="unit", source={"type": "S3", "location": "artifacts/app.zip"}, artifacts={"type": "NO_ARTIFACTS"},
        environment={"type": "LINUX_CONTAINER", "image": "aws/codebuild/standard:7.0", "computeType": "BUILD_GENERAL1_SMALL"},
        serviceRole="arn:aws:iam::123456789012:role/service-role/unit",
    )
    for _ in range(2):
        codebuild.start_build(projectName="unit")
    logs.create_log_group(logGroupName="/aws/codebuild/unit")
    logs.create_log_stream(logGroupName="/aws/codebuild/unit", logStreamName="94da")
    start = int(datetime.now(timezone.utc).timestamp() * 1_000) - 60_000
    lines = [f"test {n} ... ok\n" for n in range(40)]
    lines += ["API_TOKEN=hunter2 npm run report\n", "\x1b[31mFAILED basket::total\x1b[0m\n"]
    logs.put_log_events(
        logGroupName="/aws/codebuild/unit", logStreamName="94da",
        logEvents=[{"timestamp": start + n, "message": line} for n, line in enumerate(lines)],
    )


def timers(session: Session, region: str) -> None:
    scheduler = session.client("scheduler", region)
    scheduler.create_schedule_group(Name="nights")
    role = "arn:aws:iam::123456789012:role/scheduler"
    scheduler.create_schedule(
        Name="report", ScheduleExpression="rate(1 day)", ScheduleExpressionTimezone="UTC", FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": "arn:aws:lambda:eu-west-1:123456789012:function:checkout", "RoleArn": role},
    )
    scheduler.create_schedule(
        Name="stop-dev", GroupName="nights", ScheduleExpression="cron(0 20 ? * MON-FRI *)", State="DISABLED",
        ScheduleExpressionTimezone="Europe/Berlin", FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": "arn:aws:scheduler:::aws-sdk:ec2:stopInstances", "RoleArn": role},
    )


def images(session: Session, region: str) -> None:
    ecr = session.client("ecr", region)
    for name, tags in [("acme/web", ["v41", "v42"]), ("acme/worker", ["latest"]), ("acme/empty", [])]:
        ecr.create_repository(repositoryName=name)
        for tag in tags:
            manifest = {
                "schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
                "config": {"mediaType": "application/vnd.docker.container.image.v1+json", "size": 7023,
                           "digest": "sha256:" + hashlib.sha256(f"{name}{tag}".encode()).hexdigest()},
                "layers": [{"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", "size": 32_654,
                            "digest": "sha256:" + hashlib.sha256(tag.encode()).hexdigest()}],
            }
            ecr.put_image(repositoryName=name, imageManifest=json.dumps(manifest), imageTag=tag)
            time.sleep(1.1)
    ecr.start_image_scan(repositoryName="acme/web", imageId={"imageTag": "v42"})


def pipelines(session: Session, region: str) -> None:
    iam = session.client("iam", region)
    trust = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "codepipeline.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ]}
    role = iam.create_role(RoleName="pipelines", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    pipeline = session.client("codepipeline", region)

    def action(name: str, category: str, provider: str, **more) -> dict:
        kind = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
        return {"name": name, "actionTypeId": kind, **more}

    for name in ("shop", "site"):
        pipeline.create_pipeline(pipeline={
            "name": name, "roleArn": role, "artifactStore": {"type": "S3", "location": "artifacts"},
            "stages": [
                {"name": "Source", "actions": [action("Commit", "Source", "CodeCommit", outputArtifacts=[{"name": "code"}],
                                                      configuration={"RepositoryName": name, "BranchName": "main"}),
                                               action("App", "Source", "CodeStarSourceConnection", outputArtifacts=[{"name": "app"}],
                                                      configuration={"FullRepositoryId": "acme/shop", "BranchName": "main",
                                                                     "ConnectionArn": lacking.CONNECTION})]},
                {"name": "Checks", "actions": [action("Unit", "Test", "CodeBuild", inputArtifacts=[{"name": "app"}],
                                                      configuration={"ProjectName": "unit"})]},
                {"name": "Release", "actions": [action("Approve", "Approval", "Manual"),
                                                action("Deploy", "Deploy", "ECS", inputArtifacts=[{"name": "code"}])]},
            ],
        })
    pipeline.start_pipeline_execution(name="shop")
    pipeline.start_pipeline_execution(name="shop")


def names(session: Session, region: str) -> None:
    """Names that lead to one of two regions: by a health check, by one turned upside down, and by the target of an alias."""
    route53 = session.client("route53", region)

    def check(name: str, **more) -> str:
        config = {"Type": "HTTPS", "FullyQualifiedDomainName": name, "Port": 443, "RequestInterval": 30, "FailureThreshold": 3, **more}
        return route53.create_health_check(CallerReference=name, HealthCheckConfig=config)["HealthCheck"]["Id"]

    zone = route53.create_hosted_zone(Name="shop.example", CallerReference="shop")["HostedZone"]["Id"]
    route53.create_hosted_zone(Name="empty.example", CallerReference="empty")

    def record(name: str, failover: str, region: str, check: str | None = None, alias: str | None = None) -> dict:
        answer = {"AliasTarget": {"HostedZoneId": "Z32O12XQLNTSW2", "DNSName": alias, "EvaluateTargetHealth": True}} if alias else {
            "TTL": 60, "ResourceRecords": [{"Value": f"{name.split('.')[0]}.{region}.elb.amazonaws.com"}],
        }
        led = {"HealthCheckId": check} if check else {}
        return {"Action": "CREATE", "ResourceRecordSet": {
            "Name": name, "Type": "A" if alias else "CNAME", "SetIdentifier": f"{failover.lower()}", "Failover": failover, **led, **answer,
        }}

    healthy, turned = check("www.shop.example"), check("api.shop.example", Inverted=True)
    west, east = "dualstack.pay-1.eu-west-1.elb.amazonaws.com.", "dualstack.pay-2.us-east-1.elb.amazonaws.com."
    changes = [
        record("www.shop.example", "PRIMARY", HOME, healthy), record("www.shop.example", "SECONDARY", AWAY),
        record("api.shop.example", "PRIMARY", HOME, turned), record("api.shop.example", "SECONDARY", AWAY),
        record("pay.shop.example", "PRIMARY", HOME, alias=west), record("pay.shop.example", "SECONDARY", AWAY, alias=east),
        {"Action": "CREATE", "ResourceRecordSet": {
            "Name": "plain.shop.example", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.7"}]}},
    ]
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})


def away(session: Session, region: str, at: datetime) -> None:
    """A smaller place."""
    sqs, cloudwatch = session.client("sqs", region), session.client("cloudwatch", region)
    queue = sqs.create_queue(QueueName="far", Attributes={})["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="hello")
    cloudwatch.put_metric_alarm(
        AlarmName="far-age", Namespace="AWS/SQS", MetricName="ApproximateAgeOfOldestMessage", Statistic="Maximum", Period=60,
        Dimensions=[{"Name": "QueueName", "Value": "far"}], EvaluationPeriods=1, Threshold=60.0,
        ComparisonOperator="GreaterThanThreshold",
    )
    cloudwatch.put_metric_data(Namespace="AWS/SQS", MetricData=[{
        "MetricName": "ApproximateNumberOfMessagesVisible", "Dimensions": [{"Name": "QueueName", "Value": "far"}],
        "Timestamp": at - timedelta(minutes=2), "Value": 1.0,
    }])


def main() -> None:
    match sys.argv[1:]:
        case ["make", url]:
            answer = make(url)
        case ["facts", url, at]:
            until = datetime.fromisoformat(at)
            first = home(url)
            answer = {
                HOME: facts(first, HOME, until), AWAY: facts(first, AWAY, until),
                "other account": facts(first.assume(ROLE), HOME, until),
            }
        case ["metric-data", url]:
            answer = metric_data(home(url).client("cloudwatch", HOME), json.load(sys.stdin))
        case _:
            sys.exit(__doc__)
    json.dump(answer, sys.stdout, default=text)


if __name__ == "__main__":
    main()
