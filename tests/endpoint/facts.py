"""What boto3 reads back: everything the tests compare, as AWS names it."""

import json
from datetime import datetime, timedelta, timezone

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

STATS = ("Average", "Sum", "Minimum", "Maximum", "p50", "p99")
# One region that every session can ask who it is in.
ANY_REGION = "eu-west-1"


class Session:
    """One account, seen by boto3."""

    def __init__(self, url: str, keys: dict):
        self.url = url
        self.session = boto3.Session(**keys)

    def client(self, service: str, region: str):
        # Against a slow machine; nothing here is meant to fail.
        config = Config(retries={"max_attempts": 1}, read_timeout=60, parameter_validation=True)
        return self.session.client(service, region_name=region, endpoint_url=self.url, config=config)

    def assume(self, role: str) -> "Session":
        keys = self.client("sts", ANY_REGION).assume_role(RoleArn=role, RoleSessionName="seed")["Credentials"]
        return Session(self.url, {
            "aws_access_key_id": keys["AccessKeyId"],
            "aws_secret_access_key": keys["SecretAccessKey"],
            "aws_session_token": keys["SessionToken"],
        })


def text(value) -> str:
    """A time, for JSON."""
    if not isinstance(value, datetime):
        raise TypeError(repr(value))
    return value.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")


def facts(session: Session, region: str, until: datetime) -> dict:
    read = Reader(session, region)
    return {
        "sts": {"identity": read.one("sts", "get_caller_identity")},
        "cloudwatch": cloudwatch(read, until),
        "ec2": {
            "instances": [one for each in read.all("ec2", "describe_instances", "Reservations") for one in each["Instances"]],
            "statuses": read.all("ec2", "describe_instance_status", "InstanceStatuses", IncludeAllInstances=True),
            "spot": read.all("ec2", "describe_spot_instance_requests", "SpotInstanceRequests"),
            "regions": read.all("ec2", "describe_regions", "Regions"),
        },
        "elbv2": elastic_load_balancing(read),
        "autoscaling": {
            "groups": read.all("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups"),
            "activities": read.all("autoscaling", "describe_scaling_activities", "Activities"),
            "refreshes": read.perhaps(
                "autoscaling", "describe_instance_refreshes", "InstanceRefreshes", AutoScalingGroupName="web"
            ),
            "policies": read.all("autoscaling", "describe_policies", "ScalingPolicies"),
            "scheduled": read.all("autoscaling", "describe_scheduled_actions", "ScheduledUpdateGroupActions"),
        },
        "application-autoscaling": {
            "policies": read.all("application-autoscaling", "describe_scaling_policies", "ScalingPolicies", ServiceNamespace="ecs"),
            "targets": read.all("application-autoscaling", "describe_scalable_targets", "ScalableTargets", ServiceNamespace="ecs"),
        },
        "ecs": elastic_containers(read),
        "lambda": {
            "limit": read.limit(),
            "functions": [
                {
                    **one,
                    "Aliases": read.all("lambda", "list_aliases", "Aliases", FunctionName=one["FunctionName"]),
                    "Tags": read.one("lambda", "list_tags", Resource=one["FunctionArn"])["Tags"],
                    "Versions": read.all("lambda", "list_versions_by_function", "Versions", FunctionName=one["FunctionName"]),
                    "Reserved": read.one("lambda", "get_function_concurrency", FunctionName=one["FunctionName"]),
                    "Provisioned": read.perhaps(
                        "lambda", "list_provisioned_concurrency_configs", "ProvisionedConcurrencyConfigs",
                        FunctionName=one["FunctionName"],
                    ),
                }
                for one in read.all("lambda", "list_functions", "Functions")
            ],
        },
        "rds": {
            "instances": read.all("rds", "describe_db_instances", "DBInstances"),
            "clusters": read.all("rds", "describe_db_clusters", "DBClusters"),
            "snapshots": read.all("rds", "describe_db_snapshots", "DBSnapshots"),
            "cluster snapshots": read.all("rds", "describe_db_cluster_snapshots", "DBClusterSnapshots"),
            "events": read.all("rds", "describe_events", "Events", Duration=1_440),
            "automated": read.all("rds", "describe_db_instance_automated_backups", "DBInstanceAutomatedBackups"),
        },
        "elasticache": {
            "groups": read.all("elasticache", "describe_replication_groups", "ReplicationGroups"),
            "clusters": read.all("elasticache", "describe_cache_clusters", "CacheClusters", ShowCacheNodeInfo=True),
            "serverless": read.perhaps("elasticache", "describe_serverless_caches", "ServerlessCaches"),
        },
        "maintenance": read.perhaps("rds", "describe_pending_maintenance_actions", "PendingMaintenanceActions"),
        "sqs": [
            {
                "url": url,
                "attributes": read.one("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=["All"])["Attributes"],
                "tags": read.one("sqs", "list_queue_tags", QueueUrl=url).get("Tags", {}),
                "sources": read.all("sqs", "list_dead_letter_source_queues", "queueUrls", QueueUrl=url),
            }
            for url in read.all("sqs", "list_queues", "QueueUrls")
        ],
        "sns": [
            {
                "attributes": read.one("sns", "get_topic_attributes", TopicArn=one["TopicArn"])["Attributes"],
                "tags": read.one("sns", "list_tags_for_resource", ResourceArn=one["TopicArn"])["Tags"],
                "subscriptions": read.all("sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=one["TopicArn"]),
            }
            for one in read.all("sns", "list_topics", "Topics")
        ],
        "codedeploy": codedeploy(read),
        "rollouts": rollouts(read),
        "route53": route53(read),
        "xray": xray(read, until),
        "ce": cost(session, until),
        "codebuild": builds(read),
        "ecr": [
            {
                **one, "images": read.all("ecr", "describe_images", "imageDetails", repositoryName=one["repositoryName"]),
                "findings": findings(read, one["repositoryName"]),
            }
            for one in read.all("ecr", "describe_repositories", "repositories")
        ],
        "codepipeline": {
            one["name"]: {
                "state": read.one("codepipeline", "get_pipeline_state", name=one["name"]),
                "plan": read.one("codepipeline", "get_pipeline", name=one["name"])["pipeline"],
                "executions": read.all(
                    "codepipeline", "list_pipeline_executions", "pipelineExecutionSummaries", pipelineName=one["name"]
                ),
                "actions": read.all(
                    "codepipeline", "list_action_executions", "actionExecutionDetails", pipelineName=one["name"]
                ),
            }
            for one in read.all("codepipeline", "list_pipelines", "pipelines")
        },
    }


class Reader:
    """boto3 in one region, with its own paginators."""

    def __init__(self, session: Session, region: str):
        self.session = session
        self.region = region
        self.clients = {}

    def client(self, service: str):
        if service not in self.clients:
            self.clients[service] = self.session.client(service, self.region)
        return self.clients[service]

    def one(self, service: str, operation: str, /, **asked) -> dict:
        answer = getattr(self.client(service), operation)(**asked)
        answer.pop("ResponseMetadata", None)
        return answer

    def all(self, service: str, operation: str, key: str, /, **asked) -> list:
        client = self.client(service)
        if not client.can_paginate(operation):
            return self.one(service, operation, **asked).get(key, [])
        return [item for page in client.get_paginator(operation).paginate(**asked) for item in page.get(key, [])]

    def perhaps(self, service: str, operation: str, key: str, /, **asked) -> list:
        """What moto lacks has been told for one place only."""
        try:
            return self.all(service, operation, key, **asked)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NotImplemented":
                raise
            return []

    def limit(self) -> int | None:
        try:
            return self.one("lambda", "get_account_settings")["AccountLimit"]["ConcurrentExecutions"]
        except ClientError:
            return None


def cloudwatch(read: Reader, until: datetime) -> dict:
    kinds = ["MetricAlarm", "CompositeAlarm", "LogAlarm"]
    pages = list(read.client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmTypes=kinds))
    listed = read.all("cloudwatch", "list_metrics", "Metrics")
    # moto lists a metric once for each of its values.
    metrics = list({json.dumps(metric, sort_keys=True): metric for metric in listed}.values())
    return {
        "alarms": {f"{kind}s": [one for page in pages for one in page.get(f"{kind}s", [])] for kind in kinds},
        "history": read.all(
            "cloudwatch", "describe_alarm_history", "AlarmHistoryItems", AlarmTypes=kinds, HistoryItemType="StateUpdate"
        ),
        "dashboards": [
            {**one, "body": read.one("cloudwatch", "get_dashboard", DashboardName=one["DashboardName"])["DashboardBody"]}
            for one in read.all("cloudwatch", "list_dashboards", "DashboardEntries")
        ],
        "metrics": [series for metric in metrics for series in hour(read, metric, until)],
    }


def hour(read: Reader, metric: dict, until: datetime) -> list:
    """The minutes of the last hour of one metric, by every statistic."""
    queries = [
        {"Id": f"q{n}", "MetricStat": {"Metric": metric, "Period": 60, "Stat": stat}} for n, stat in enumerate(STATS)
    ]
    asked = {"MetricDataQueries": queries, "StartTime": until - timedelta(hours=1), "EndTime": until}
    found = {one["Id"]: one for one in metric_data(read.client("cloudwatch"), asked)}
    return [
        {**metric, "Stat": stat, "Timestamps": found[f"q{n}"]["Timestamps"], "Values": found[f"q{n}"]["Values"]}
        for n, stat in enumerate(STATS)
    ]


def metric_data(client, asked: dict) -> list:
    pages = client.get_paginator("get_metric_data").paginate(**asked)
    return [result for page in pages for result in page["MetricDataResults"]]


def xray(read: Reader, until: datetime) -> dict:
    span = {"StartTime": until - timedelta(minutes=10), "EndTime": until}
    return {
        "services": read.perhaps("xray", "get_service_graph", "Services", **span),
        "traces": read.perhaps("xray", "get_trace_summaries", "TraceSummaries", **span),
    }


def cost(session: Session, until: datetime) -> dict:
    read = Reader(session, "us-east-1")
    month = {"Start": f"{until:%Y-%m}-01", "End": f"{until + timedelta(days=1):%Y-%m-%d}"}
    by = [{"Type": "DIMENSION", "Key": key} for key in ("SERVICE", "RECORD_TYPE")]
    return {
        "usage": read.one(
            "ce", "get_cost_and_usage", TimePeriod=month, Granularity="MONTHLY", Metrics=["UnblendedCost"], GroupBy=by
        )["ResultsByTime"],
        "anomalies": read.perhaps("ce", "get_anomalies", "Anomalies", DateInterval={"StartDate": month["Start"]}),
    }


def codedeploy(read: Reader) -> list:
    ids = read.all("codedeploy", "list_deployments", "deployments")
    return read.one("codedeploy", "batch_get_deployments", deploymentIds=ids)["deploymentsInfo"] if ids else []


def route53(read: Reader) -> dict:
    zones = read.all("route53", "list_hosted_zones", "HostedZones")
    checks = read.all("route53", "list_health_checks", "HealthChecks")
    return {
        "records": [one for zone in zones for one in read.all(
            "route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone["Id"],
        )],
        "checks": checks,
        "said": {
            one["Id"]: read.one("route53", "get_health_check_status", HealthCheckId=one["Id"])["HealthCheckObservations"]
            for one in checks
        },
    }


def rollouts(read: Reader) -> dict:
    """The deployments of services that have some, by the name of the service."""
    found = {}
    services = [
        {"cluster": cluster, "service": service}
        for cluster in read.all("ecs", "list_clusters", "clusterArns")
        for service in read.all("ecs", "list_services", "serviceArns", cluster=cluster)
    ]
    for asked in services:
        if briefs := read.perhaps("ecs", "list_service_deployments", "serviceDeployments", **asked):
            arns = [one["serviceDeploymentArn"] for one in briefs]
            revisions = [one["targetServiceRevisionArn"] for one in briefs]
            found[asked["service"].rsplit("/", 1)[-1]] = {
                "deployments": read.one(
                    "ecs", "describe_service_deployments", serviceDeploymentArns=arns)["serviceDeployments"],
                "revisions": read.one(
                    "ecs", "describe_service_revisions", serviceRevisionArns=revisions)["serviceRevisions"],
            }
    return found


def builds(read: Reader) -> dict:
    projects = read.all("codebuild", "list_projects", "projects")
    ids = [id_ for name in projects for id_ in read.all("codebuild", "list_builds_for_project", "ids", projectName=name)]
    if not ids:
        return {"builds": [], "log": []}
    told = read.one("codebuild", "batch_get_builds", ids=ids)["builds"]
    log = [one for one in told if one["buildStatus"] == "FAILED"][0]["logs"]
    return {"builds": told, "log": read.one(
        "logs", "get_log_events", logGroupName=log["groupName"], logStreamName=log["streamName"], limit=30, startFromHead=False,
    )["events"]}


def findings(read: Reader, repository: str) -> dict | None:
    try:
        return read.one(
            "ecr", "describe_image_scan_findings", repositoryName=repository, imageId={"imageTag": "v42"}
        )["imageScanFindings"]
    except ClientError:
        return None


def elastic_load_balancing(read: Reader) -> dict:
    balancers = read.all("elbv2", "describe_load_balancers", "LoadBalancers")
    groups = read.all("elbv2", "describe_target_groups", "TargetGroups")
    for group in groups:
        group["Health"] = read.all(
            "elbv2", "describe_target_health", "TargetHealthDescriptions", TargetGroupArn=group["TargetGroupArn"]
        )
    arns = [one["LoadBalancerArn"] for one in balancers]
    tags = read.one("elbv2", "describe_tags", ResourceArns=arns)["TagDescriptions"] if arns else []
    for one in balancers:
        arn = one["LoadBalancerArn"]
        one["Listeners"] = read.all("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=arn)
    return {"balancers": balancers, "groups": groups, "tags": {one["ResourceArn"]: one["Tags"] for one in tags}}


def elastic_containers(read: Reader) -> list:
    clusters = []
    for arn in read.all("ecs", "list_clusters", "clusterArns"):
        services = read.all("ecs", "list_services", "serviceArns", cluster=arn)
        tasks = read.all("ecs", "list_tasks", "taskArns", cluster=arn)
        clusters.append({
            **read.one("ecs", "describe_clusters", clusters=[arn], include=["TAGS"])["clusters"][0],
            "services": [
                one for first in range(0, len(services), 10)
                for one in read.one("ecs", "describe_services", cluster=arn, services=services[first : first + 10], include=["TAGS"])["services"]
            ],
            "tasks": read.one("ecs", "describe_tasks", cluster=arn, tasks=tasks)["tasks"] if tasks else [],
        })
    return clusters
