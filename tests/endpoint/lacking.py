"""What the company has and moto cannot answer: told to the front as scripts, checked against the service models."""

import json
import urllib.request
from datetime import datetime, timedelta

ACCOUNT = "123456789012"
CONNECTION = "arn:aws:codeconnections:eu-west-1:123456789012:connection/f00d"


def tell(session, region: str, at: datetime) -> None:
    ago = lambda minutes: (at - timedelta(minutes=minutes)).isoformat()  # noqa: E731
    made = Made(session, region)
    for service, operation, body, *when in [
        *computing(made, ago), *storing(made, ago), *scaling(ago), *delivery(made, ago), *building(made, ago), *committing(ago),
        *rollouts(made, ago), *releases(ago), *tracing(ago), *messaging(at), *muting(at), *shifting(made, at),
        *chronicle(at),
    ]:
        script(session.url, service, operation, body, region=region, **({"when": when[0]} if when else {}))
    # What has no region is signed for in this one.
    for service, operation, body in [*money(), *health(at)]:
        script(session.url, service, operation, body, region="us-east-1")


class Made:
    """The ids that moto gave."""

    def __init__(self, session, region: str):
        ec2, elb = session.client("ec2", region), session.client("elbv2", region)
        found = [one for each in ec2.describe_instances()["Reservations"] for one in each["Instances"]]
        self.instances = {tag["Value"]: one["InstanceId"] for one in found for tag in one.get("Tags", []) if tag["Key"] == "Name"}
        self.groups = {one["TargetGroupName"]: one["TargetGroupArn"] for one in elb.describe_target_groups()["TargetGroups"]}
        self.balancers = {one["LoadBalancerName"]: one["LoadBalancerArn"] for one in elb.describe_load_balancers()["LoadBalancers"]}
        services = session.client("ecs", region).describe_services(cluster="prod", services=["web"])["services"]
        self.services = {one["serviceName"]: one["serviceArn"] for one in services}
        databases = session.client("rds", region).describe_db_instances()["DBInstances"]
        self.builds = session.client("codebuild", region).list_builds_for_project(projectName="unit")["ids"]
        self.databases = {one["DBInstanceIdentifier"]: one["DBInstanceArn"] for one in databases}


def script(url: str, service: str, operation: str, body: dict, **more) -> None:
    wanted = {"service": service, "operation": operation, "repeat": True, "account": ACCOUNT, **more,
              "responses": [{"body": body}]}
    request = urllib.request.Request(f"{url}/opscon-test/script", data=json.dumps(wanted).encode(), method="POST")
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30).read()


def computing(made: Made, ago) -> list:
    def target(id_: str, state: str, zone: str = "", reason: str = "", words: str = "") -> dict:
        health = {"State": state, "Reason": reason, "Description": words}
        at = {"Id": id_, "Port": 8080, "AvailabilityZone": zone}
        return {
            "Target": {key: value for key, value in at.items() if value}, "HealthCheckPort": "8080",
            "TargetHealth": {key: value for key, value in health.items() if value},
        }

    targets = [
        target("172.31.0.10", "healthy", "eu-west-1a"),
        target("172.31.0.11", "unhealthy", "eu-west-1b", "Target.ResponseCodeMismatch", "Health checks failed with these codes: [503]"),
        target("172.31.0.12", "draining", "eu-west-1c", "Target.DeregistrationInProgress", "Target deregistration is in progress"),
        target("172.31.0.13", "initial", "all", "Elb.RegistrationInProgress"),
        target(made.instances["bastion"], "unavailable", "", "Target.HealthCheckDisabled"),
    ]
    status = lambda word: {"Status": word}  # noqa: E731
    statuses = [
        {"InstanceId": made.instances["bastion"], "SystemStatus": status("impaired"), "InstanceStatus": status("ok"),
         "Events": [
             {"Code": "instance-reboot", "Description": "[Completed] long ago", "NotBefore": ago(9_000)},
             {"Code": "instance-retirement", "Description": "The instance is running on degraded hardware", "NotBefore": ago(-3_000)},
         ]},
        {"InstanceId": made.instances["batch"], "SystemStatus": status("ok"), "InstanceStatus": status("initializing")},
    ]
    notice = {
        "SpotInstanceRequestId": "sir-1", "InstanceId": made.instances["batch"], "State": "active",
        "Status": {"Code": "marked-for-termination", "UpdateTime": ago(1), "Message": "Your Spot instance is marked for termination."},
    }
    return [
        ("elbv2", "DescribeTargetHealth", {"TargetHealthDescriptions": targets}, {"TargetGroupArn": made.groups["api"]}),
        ("ec2", "DescribeInstanceStatus", {"InstanceStatuses": statuses}),
        ("ec2", "DescribeSpotInstanceRequests", {"SpotInstanceRequests": [notice]}),
        ("lambda", "GetAccountSettings", {"AccountLimit": {"ConcurrentExecutions": 1_000}}),
        ("lambda", "ListProvisionedConcurrencyConfigs", {"ProvisionedConcurrencyConfigs": []}),
        ("lambda", "ListProvisionedConcurrencyConfigs", {"ProvisionedConcurrencyConfigs": [{
            "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:checkout:live", "Status": "FAILED",
            "StatusReason": "FUNCTION_ERROR_INIT_FAILURE", "RequestedProvisionedConcurrentExecutions": 8,
            "AvailableProvisionedConcurrentExecutions": 3, "AllocatedProvisionedConcurrentExecutions": 3,
        }]}, {"FunctionName": "checkout"}),
        ("autoscaling", "DescribeInstanceRefreshes", {"InstanceRefreshes": [{
            "InstanceRefreshId": "refresh-1", "AutoScalingGroupName": "web", "Status": "InProgress", "PercentageComplete": 40,
            "StatusReason": "Waiting for instances to warm up", "StartTime": ago(12),
        }]}),
    ]


def storing(made: Made, ago) -> list:
    maintenance = [{
        "ResourceIdentifier": made.databases["orders"],
        "PendingMaintenanceActionDetails": [
            {"Action": "system-update", "Description": "New operating system", "AutoAppliedAfterDate": ago(-10_000)},
        ],
    }]

    # moto tells neither the ARN nor the window.
    backups = [{
        "DBInstanceIdentifier": "orders", "DBInstanceArn": made.databases["orders"], "Status": "active",
        "RestoreWindow": {"EarliestTime": ago(9_000), "LatestTime": ago(5)},
    }]

    def shard(number: int) -> dict:
        id_ = f"{number:04}"
        members = [
            {"CacheClusterId": f"sessions-{id_}-{node:03}", "CacheNodeId": "0001", "PreferredAvailabilityZone": zone}
            for node, zone in enumerate(["eu-west-1a", "eu-west-1b"], 1)
        ]
        return {"NodeGroupId": id_, "Status": "available", "Slots": "0-8191", "NodeGroupMembers": members}

    address = lambda name, port: {"Address": f"{name}.cache.example", "Port": port}  # noqa: E731
    shards = [shard(1), shard(2)]
    sessions = {
        "ReplicationGroupId": "sessions", "Status": "modifying", "NodeGroups": shards, "ClusterEnabled": True,
        "MemberClusters": [member["CacheClusterId"] for one in shards for member in one["NodeGroupMembers"]],
        "AutomaticFailover": "enabled", "MultiAZ": "enabled", "CacheNodeType": "cache.r6g.large", "Engine": "redis",
        "AtRestEncryptionEnabled": True, "TransitEncryptionEnabled": False, "ConfigurationEndpoint": address("sessions", 6379),
    }
    carts = {
        "ReplicationGroupId": "carts", "Status": "available", "ClusterEnabled": False, "MemberClusters": ["carts-001", "carts-002"],
        "AutomaticFailover": "disabled", "CacheNodeType": "cache.t4g.small", "NodeGroups": [{
            "NodeGroupId": "0001", "Status": "available", "PrimaryEndpoint": address("carts", 6379), "NodeGroupMembers": [
                {"CacheClusterId": "carts-001", "CurrentRole": "replica", "PreferredAvailabilityZone": "eu-west-1a"},
                {"CacheClusterId": "carts-002", "CurrentRole": "primary", "PreferredAvailabilityZone": "eu-west-1b"},
            ],
        }],
    }
    clusters = [
        {"CacheClusterId": name, "ReplicationGroupId": name.split("-")[0], "Engine": "valkey", "EngineVersion": "8.0.1",
         "CacheClusterStatus": "available", "NumCacheNodes": 1,
         "CacheNodes": [{"CacheNodeId": "0001", "CacheNodeStatus": "rebooting" if name == "carts-001" else "available"}]}
        for name in [*sessions["MemberClusters"], *carts["MemberClusters"]]
    ]
    clusters.append({
        "CacheClusterId": "pages", "Engine": "memcached", "EngineVersion": "1.6.22", "CacheClusterStatus": "available",
        "CacheNodeType": "cache.t4g.micro", "NumCacheNodes": 2, "ConfigurationEndpoint": address("pages", 11211),
        "TransitEncryptionEnabled": False, "AtRestEncryptionEnabled": False,
        "CacheNodes": [
            {"CacheNodeId": f"{number:04}", "CacheNodeStatus": "available", "CustomerAvailabilityZone": "eu-west-1c"} for number in (1, 2)
        ],
    })
    serverless = {"ServerlessCacheName": "burst", "Status": "available", "Engine": "valkey", "FullEngineVersion": "8.0",
                  "Endpoint": address("burst", 6379)}
    return [
        ("rds", "DescribePendingMaintenanceActions", {"PendingMaintenanceActions": maintenance}),
        ("rds", "DescribeDBInstanceAutomatedBackups", {"DBInstanceAutomatedBackups": backups}),
        ("elasticache", "DescribeReplicationGroups", {"ReplicationGroups": [sessions, carts]}),
        ("elasticache", "DescribeCacheClusters", {"CacheClusters": clusters}),
        ("elasticache", "DescribeServerlessCaches", {"ServerlessCaches": [serverless]}),
    ]


def chronicle(at: datetime) -> list:
    """What CloudTrail and ElastiCache wrote down."""
    ago = lambda minutes: at - timedelta(minutes=minutes)  # noqa: E731

    def event(number: int, minutes: int, source: str, name: str, who: str, record: dict, **more) -> dict:
        return {
            "EventId": f"00000000-0000-0000-0000-{number:012}", "EventName": name, "ReadOnly": "false", "Username": who,
            "EventTime": ago(minutes).timestamp(), "EventSource": f"{source}.amazonaws.com",
            "CloudTrailEvent": json.dumps(record), **more,
        }

    person = {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/lena", "userName": "lena"}
    service = {"type": "AWSService", "invokedBy": "autoscaling.amazonaws.com"}
    first = [
        event(1, 3, "ecs", "UpdateService", "lena", {
            "userIdentity": person, "sourceIPAddress": "203.0.113.7", "requestParameters": {"cluster": "prod", "service": "web"},
        }),
        event(2, 4, "ec2", "TerminateInstances", "autoscaling", {"userIdentity": service}),
        event(3, 5, "logs", "CreateLogStream", "agent", {}),
        event(4, 9, "rds", "ModifyDBInstance", "lena", {"userIdentity": person, "errorCode": "AccessDenied"}, Resources=[
            {"ResourceType": "AWS::RDS::DBInstance", "ResourceName": "orders"},
        ]),
    ]
    second = [event(5, 90, "ec2", "RunInstances", "jun\u202e", {"userIdentity": {"type": "IAMUser"}}, Resources=[
        {"ResourceType": "AWS::EC2::Instance", "ResourceName": f"i-{n}"} for n in range(3)
    ])]
    told = [
        {"SourceIdentifier": source, "SourceType": kind, "Message": words, "Date": ago(minutes).isoformat()}
        for source, kind, words, minutes in [
            ("carts", "replication-group", "Failover from primary node carts-001 to replica node carts-002 completed", 12),
            ("carts-001", "cache-cluster", "Recovering cache nodes 0001", 11),
            ("carts-001", "cache-cluster", "Recovering cache nodes 0001", 11),
        ]
    ]
    return [
        ("cloudtrail", "LookupEvents", {"Events": first, "NextToken": "more"}),
        ("cloudtrail", "LookupEvents", {"Events": second}, {"NextToken": "more"}),
        ("elasticache", "DescribeEvents", {"Events": told}),
    ]


def health(at: datetime) -> list:
    arn = f"arn:aws:health:eu-west-1::event/EC2/AWS_EC2_OPERATIONAL_ISSUE/AWS_EC2_OPERATIONAL_ISSUE_1"
    stamp = lambda minutes: (at - timedelta(minutes=minutes)).timestamp()  # noqa: E731
    issue = {
        "arn": arn, "service": "EC2", "eventTypeCode": "AWS_EC2_OPERATIONAL_ISSUE", "eventTypeCategory": "issue",
        "region": "eu-west-1", "availabilityZone": "eu-west-1b", "startTime": stamp(40), "lastUpdatedTime": stamp(5),
        "statusCode": "open", "eventScopeCode": "ACCOUNT_SPECIFIC",
    }
    words = "We are investigating\n\n  increased error rates."
    entities = [
        {"entityArn": f"arn:{value}", "eventArn": arn, "entityValue": value} for value in ["i-7", "UNKNOWN", ACCOUNT, "i-2"]
    ]
    return [
        ("health", "DescribeEvents", {"events": [issue]}),
        ("health", "DescribeEventDetails", {
            "successfulSet": [{"event": issue, "eventDescription": {"latestDescription": words}}], "failedSet": [],
        }),
        ("health", "DescribeAffectedEntities", {"entities": entities}),
    ]


def messaging(at: datetime) -> list:
    began = lambda minutes: int((at - timedelta(minutes=minutes)).timestamp() * 1_000)  # noqa: E731
    letters = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:orders-dlq"
    # The newest is not first, as nothing says that it is.
    moves = [
        {"Status": "FAILED", "SourceArn": letters, "ApproximateNumberOfMessagesMoved": 7, "StartedTimestamp": began(90),
         "FailureReason": "CouldNotDetermineMessageSource"},
        {"Status": "RUNNING", "SourceArn": letters, "TaskHandle": "eyJ0YXNrSWQiOiJkYzE2OWUwNCJ9", "MaxNumberOfMessagesPerSecond": 10,
         "ApproximateNumberOfMessagesMoved": 340, "ApproximateNumberOfMessagesToMove": 1_200, "StartedTimestamp": began(1)},
    ]
    return [("sqs", "ListMessageMoveTasks", {"Results": moves})]


def shifting(made: Made, at: datetime) -> list:
    stamp = lambda minutes: int((at - timedelta(minutes=minutes)).timestamp())  # noqa: E731
    shift = {
        "appliedStatus": "APPLIED", "zonalShiftId": "shift-1", "resourceIdentifier": made.balancers["shop"], "awayFrom": "euw1-az2",
        "startTime": stamp(10), "expiryTime": stamp(-50), "comment": "INC-42", "shiftType": "ZONAL_SHIFT",
    }
    zones = ["euw1-az1", "euw1-az2", "euw1-az3"]
    shop = {
        "arn": made.balancers["shop"], "name": "shop", "availabilityZones": zones, "zonalShifts": [shift], "autoshifts": [],
        "appliedWeights": {zone: 0.0 if zone == "euw1-az2" else 1.0 for zone in zones}, "zonalAutoshiftStatus": "DISABLED",
    }
    return [("arc-zonal-shift", "ListManagedResources", {"items": [shop]})]


def muting(at: datetime) -> list:
    arn = lambda name: f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm-mute-rule:{name}"  # noqa: E731
    minute = at.replace(second=0, microsecond=0) - timedelta(minutes=10)
    once = {"Expression": f"at({minute:%Y-%m-%dT%H:%M})", "Duration": "PT2H", "Timezone": "UTC"}
    nightly = {"Expression": "cron(0 2 * * *)", "Duration": "PT4H", "Timezone": "Europe/Paris"}
    listed = [("deploy", "ACTIVE", "ONE_TIME"), ("nights", "SCHEDULED", "RECURRING")]
    summaries = [
        {"AlarmMuteRuleArn": arn(name), "Status": status, "MuteType": kind, "LastUpdatedTimestamp": minute.isoformat()}
        for name, status, kind in listed
    ]
    rules = [
        ("cloudwatch", "GetAlarmMuteRule", {
            "Name": name, "AlarmMuteRuleArn": arn(name), "Status": status, "MuteType": kind, "Rule": {"Schedule": schedule},
            "MuteTargets": {"AlarmNames": alarms},
        }, {"AlarmMuteRuleName": name})
        for (name, status, kind), schedule, alarms in zip(listed, [once, nightly], [["web-cpu-high", "queue-001-age"], ["web-cpu-high"]])
    ]
    return [("cloudwatch", "ListAlarmMuteRules", {"AlarmMuteRuleSummaries": summaries}), *rules]


def scaling(ago) -> list:
    def activity(number: int, status: str, minutes: int, group: str = "web", **more) -> dict:
        return {
            "ActivityId": f"activity-{number}", "AutoScalingGroupName": group, "StartTime": ago(minutes),
            "Description": f"Launching a new EC2 instance: i-{number:017x}", "StatusCode": status,
            "Cause": "At 2026-11-23T06:00:00Z an instance was started in response to a difference between desired and actual",
            **more,
        }

    activities = [
        activity(1, "InProgress", 1, Progress=30),
        activity(2, "Failed", 5, EndTime=ago(4), StatusMessage="We currently do not have sufficient m5.large capacity"),
        activity(3, "Successful", 30, EndTime=ago(29), Cause="At 2026-11-23T06:00:00Z an instance was taken out of service in "
                 "response to an instance refresh."),
        activity(4, "Successful", 45, "worker", EndTime=ago(44)),
    ]
    return [("autoscaling", "DescribeScalingActivities", {"Activities": activities})]


def delivery(made: Made, ago) -> list:
    commit = {"actionName": "Commit", "revisionId": "4f2a91c0ffee", "revisionSummary": "Cheaper shipping\n\nCloses #7",
              "revisionUrl": "https://git.example/4f2a91c"}

    def execution(id_: str, status: str, minutes: int, **more) -> dict:
        return {"pipelineExecutionId": id_, "status": status, "startTime": ago(minutes), "lastUpdateTime": ago(minutes - 2),
                "sourceRevisions": [commit], "trigger": {"triggerType": "Webhook", "triggerDetail": "maria"}, **more}

    executions = [
        execution("run-3", "InProgress", 5), execution("run-2", "Failed", 60), execution("run-1", "Succeeded", 600),
        execution("run-0", "Superseded", 610, trigger={"triggerType": "ManualRollback"}),
    ]
    stages = [
        {"stageName": "Source", "inboundTransitionState": {"enabled": True},
         "latestExecution": {"pipelineExecutionId": "run-3", "status": "Succeeded"},
         "actionStates": [{"actionName": "Commit", "latestExecution": {
             "status": "Succeeded", "lastStatusChange": ago(4), "actionExecutionId": "act-1", "summary": "Cheaper shipping"}}]},
        {"stageName": "Checks", "inboundTransitionState": {"enabled": True},
         "latestExecution": {"pipelineExecutionId": "run-3", "status": "Failed"},
         "actionStates": [{"actionName": "Unit", "latestExecution": {
             "status": "Failed", "lastStatusChange": ago(3), "actionExecutionId": "act-2", "summary": "Build terminated",
             "externalExecutionId": made.builds[0]}}]},
        {"stageName": "Release", "inboundTransitionState": {"enabled": False, "disabledReason": "freeze", "lastChangedBy": "ann"},
         "latestExecution": {"pipelineExecutionId": "run-3", "status": "InProgress"},
         "actionStates": [
             {"actionName": "Approve", "latestExecution": {"status": "InProgress", "lastStatusChange": ago(3), "token": "t"}},
             {"actionName": "Deploy"},
         ]},
    ]
    actions = [
        {"pipelineExecutionId": run, "actionExecutionId": f"{run}-{name}", "stageName": stage, "actionName": name,
         "startTime": ago(minutes), "lastUpdateTime": ago(minutes - took), "status": status,
         "input": {"actionTypeId": {"category": category, "owner": "AWS", "provider": provider, "version": "1"}}}
        for run, stage, name, category, provider, minutes, took, status in [
            ("run-3", "Source", "Commit", "Source", "CodeCommit", 5, 1, "Succeeded"),
            ("run-3", "Release", "Approve", "Approval", "Manual", 4, 1, "InProgress"),
            ("run-2", "Release", "Deploy", "Deploy", "ECS", 58, 8, "Failed"),
            ("run-1", "Release", "Deploy", "Deploy", "ECS", 598, 6, "Succeeded"),
        ]
    ]
    return [
        ("codepipeline", "GetPipelineState", {"pipelineName": "shop", "pipelineVersion": 1, "stageStates": stages}),
        ("codepipeline", "ListPipelineExecutions", {"pipelineExecutionSummaries": executions}),
        ("codepipeline", "ListActionExecutions", {"actionExecutionDetails": actions}),
    ]


def rollouts(made: Made, ago) -> list:
    """What ECS made of one service: a version that did well, one that was rolled back, and one under way."""
    service, of = made.services["web"], "arn:aws:ecs:eu-west-1:123456789012"
    arns = lambda kind, number: f"{of}:{kind}/prod/web/{number:021}"  # noqa: E731
    cluster = f"{of}:cluster/prod"

    def brief(number: int, status: str, minutes: int, **more) -> dict:
        return {
            "serviceDeploymentArn": arns("service-deployment", number), "serviceArn": service, "clusterArn": cluster,
            "createdAt": ago(minutes), "startedAt": ago(minutes), "targetServiceRevisionArn": arns("service-revision", number),
            "status": status, **more,
        }

    # In no order: none is documented.
    briefs = [
        brief(1, "SUCCESSFUL", 3_000, finishedAt=ago(2_996)),
        brief(3, "IN_PROGRESS", 4),
        brief(2, "ROLLBACK_SUCCESSFUL", 60, finishedAt=ago(40), statusReason="tasks failed to start"),
    ]

    def whole(brief: dict, source: int, running: int) -> dict:
        whole = {key: value for key, value in brief.items() if key != "targetServiceRevisionArn"}
        tasks = lambda arn, running: {  # noqa: E731
            "arn": arn, "requestedTaskCount": 2, "runningTaskCount": running, "pendingTaskCount": 0}
        return {
            **whole, "sourceServiceRevisions": [tasks(arns("service-revision", source), 2 - running)],
            "targetServiceRevision": tasks(brief["targetServiceRevisionArn"], running),
        }

    revisions = [
        {"serviceRevisionArn": arns("service-revision", number), "serviceArn": service, "clusterArn": cluster,
         "taskDefinition": f"{of}:task-definition/{family}", "createdAt": ago(3_000)}
        for number, family in [(1, "web:1"), (2, "web:9"), (3, "web:2")]
    ]
    return [
        ("ecs", "ListServiceDeployments", {"serviceDeployments": []}),
        ("ecs", "ListServiceDeployments", {"serviceDeployments": briefs}, {"service": service}),
        ("ecs", "DescribeServiceDeployments", {"serviceDeployments": [
            whole(briefs[0], 1, 2), whole(briefs[1], 1, 1), whole(briefs[2], 1, 0)]}),
        ("ecs", "DescribeServiceRevisions", {"serviceRevisions": revisions}),
    ]


def releases(ago) -> list:
    """What CodeDeploy made of one application: moto carries nothing out, and writes times as no client in Rust reads them."""
    def one(id_: str, group: str, minutes: int, status: str, revision: dict, done: int, **more) -> dict:
        over = {} if status == "InProgress" else {"completeTime": ago(minutes - 6)}
        counts = {"Pending": 0, "InProgress": 0, "Succeeded": done, "Failed": 0, "Skipped": 4 - done, "Ready": 0}
        return {
            "deploymentId": id_, "applicationName": "site", "deploymentGroupName": group, "status": status, "creator": "user",
            "createTime": ago(minutes), "startTime": ago(minutes), "deploymentOverview": counts, "revision": revision,
            "computePlatform": "Server", **over, **more,
        }

    def in_s3(version: int) -> dict:
        at = {"bucket": "artifacts", "key": f"site/v{version}/site.zip", "bundleType": "zip", "eTag": f"{version}f2a91c0ffee"}
        return {"revisionType": "S3", "s3Location": at}

    commit = {"revisionType": "GitHub", "gitHubLocation": {
        "repository": "acme/site", "commitId": "4be1f2c0de4be1f2c0de4be1f2c0de4be1f2c0de"}}
    all_ = [
        one("d-GOOD00001", "production", 9_000, "Succeeded", in_s3(6), 4, description="a new footer"),
        one("d-STOPPED02", "production", 400, "Stopped", in_s3(7), 1,
            errorInformation={"code": "HEALTH_CONSTRAINTS", "message": "too many instances failed"},
            rollbackInfo={"rollbackDeploymentId": "d-BACK00003"}),
        one("d-BACK00003", "production", 390, "Succeeded", in_s3(6), 4, creator="codeDeployRollback", rollbackInfo={
            "rollbackTriggeringDeploymentId": "d-STOPPED02", "rollbackMessage": "rolled back from d-STOPPED02"}),
        one("d-BAD000004", "production", 45, "Succeeded", in_s3(8), 4),
        one("d-JOINS0005", "production", 12, "Succeeded", in_s3(8), 1, creator="autoscaling"),
        one("d-COMMIT006", "staging", 5, "InProgress", commit, 2),
        one("d-OLDER0007", "staging", 9_100, "Succeeded", in_s3(5), 4),
        one("d-FIRST0008", "demo", 700, "Succeeded", in_s3(6), 4),
    ]
    return [
        ("codedeploy", "ListDeployments", {"deployments": [one["deploymentId"] for one in all_]}),
        ("codedeploy", "ListDeployments", {"deployments": []}, {"applicationName": "site"}),
        ("codedeploy", "BatchGetDeployments", {"deploymentsInfo": all_}),
    ]


def building(made: Made, ago) -> list:
    """moto's builds always succeed, and leave nothing."""
    newest, older = made.builds[:2]
    failed = {
        "id": newest, "projectName": "unit", "buildNumber": 2, "buildStatus": "FAILED", "startTime": ago(6), "endTime": ago(4),
        "resolvedSourceVersion": "4f2a91c0ffee", "initiator": "codepipeline/shop", "buildComplete": True,
        "phases": [
            {"phaseType": "INSTALL", "phaseStatus": "SUCCEEDED", "durationInSeconds": 12, "contexts": [{"statusCode": "", "message": ""}]},
            {"phaseType": "BUILD", "phaseStatus": "FAILED", "durationInSeconds": 90, "contexts": [
                {"statusCode": "COMMAND_EXECUTION_ERROR", "message": "Error while executing command: npm test. Reason: exit status 1"}]},
        ],
        "logs": {"groupName": "/aws/codebuild/unit", "streamName": "94da", "deepLink": "https://console.example/log"},
        "artifacts": {"location": "arn:aws:s3:::artifacts/shop/out.zip", "sha256sum": "9c2e" * 16},
        "exportedEnvironmentVariables": [{"name": "IMAGE_TAG", "value": "v42"}, {"name": "NPM_TOKEN", "value": "hunter2"}],
        "reportArns": ["arn:aws:codebuild:eu-west-1:123456789012:report/unit:1"],
    }
    passed = {
        "id": older, "projectName": "unit", "buildNumber": 1, "buildStatus": "SUCCEEDED", "startTime": ago(66), "endTime": ago(64),
        "initiator": "codepipeline/shop", "buildComplete": True,
    }
    report = {
        "arn": failed["reportArns"][0], "type": "TEST", "status": "FAILED", "testSummary": {
            "total": 815, "statusCounts": {"SUCCEEDED": 812, "FAILED": 2, "SKIPPED": 1}, "durationInNanoSeconds": 9_000_000_000}}
    cases = [{"name": f"basket::{name}", "status": "FAILED"} for name in ("total", "empties")]
    return [
        ("codebuild", "BatchGetBuilds", {"builds": [failed, passed]}),
        ("codebuild", "BatchGetReports", {"reports": [report]}),
        ("codebuild", "DescribeTestCases", {"testCases": cases}),
    ]


def committing(ago) -> list:
    def pull(id_: str, title: str, into: str = "main") -> dict:
        return {"pullRequest": {
            "pullRequestId": id_, "title": title, "creationDate": ago(2_000), "pullRequestStatus": "OPEN", "revisionId": f"r{id_}",
            "authorArn": "arn:aws:iam::123456789012:user/jun",
            "pullRequestTargets": [{"repositoryName": "shop", "destinationReference": f"refs/heads/{into}"}]}}

    who = {"name": "Maria", "email": "maria@example.com", "date": "1794038400 +0100"}
    commit = {"commitId": "4f2a91c0ffee", "message": "Cheaper shipping\n\nCloses #7", "author": who, "committer": who}
    approval = {"userArn": "arn:aws:iam::123456789012:user/lena", "approvalState": "APPROVE"}
    evaluation = lambda approved: {"evaluation": {"approved": approved, "overridden": False}}  # noqa: E731
    return [
        ("codeconnections", "GetConnection", {"Connection": {
            "ConnectionName": "acme", "ConnectionArn": CONNECTION, "ProviderType": "GitHub", "ConnectionStatus": "AVAILABLE"}}),
        ("codecommit", "GetBranch", {"branch": {"branchName": "main", "commitId": "4f2a91c0ffee"}}),
        ("codecommit", "GetCommit", {"commit": commit}),
        ("codecommit", "ListPullRequests", {"pullRequestIds": []}),
        ("codecommit", "ListPullRequests", {"pullRequestIds": ["7", "8", "9"]}, {"repositoryName": "shop"}),
        ("codecommit", "GetPullRequest", pull("7", "gift cards"), {"pullRequestId": "7"}),
        ("codecommit", "GetPullRequest", pull("8", "search"), {"pullRequestId": "8"}),
        ("codecommit", "GetPullRequest", pull("9", "elsewhere", "next"), {"pullRequestId": "9"}),
        ("codecommit", "EvaluatePullRequestApprovalRules", evaluation(True), {"pullRequestId": "7"}),
        ("codecommit", "EvaluatePullRequestApprovalRules", evaluation(False), {"pullRequestId": "8"}),
        ("codecommit", "GetPullRequestApprovalStates", {"approvals": [approval]}),
    ]


def tracing(ago) -> list:
    def node(id_: int, name: str, kind: str, total: int, faults: int, throttles: int, errors: int, calls=()) -> dict:
        return {
            "ReferenceId": id_, "Name": name, "Names": [name], "Type": kind, "State": "active", "StartTime": ago(10),
            "EndTime": ago(0), "Edges": [{"ReferenceId": one, "StartTime": ago(10), "EndTime": ago(0)} for one in calls],
            "SummaryStatistics": {
                "OkCount": total - faults - errors - throttles, "TotalCount": total, "TotalResponseTime": total * 0.2,
                "ErrorStatistics": {"ThrottleCount": throttles, "OtherCount": errors, "TotalCount": throttles + errors},
                "FaultStatistics": {"OtherCount": faults, "TotalCount": faults},
            },
            "ResponseTimeHistogram": [{"Value": 0.1, "Count": total - 2}, {"Value": 1.5, "Count": 2}],
        }

    services = [
        node(0, "client", "client", 200, 4, 1, 2, [1]),
        node(1, "shop", "AWS::EC2::Instance", 200, 4, 1, 2, [2]),
        node(2, "orders", "Database::SQL", 150, 0, 0, 0),
    ]
    exceptions = [{"Name": "PoolExhausted", "Message": "no connection within 2 s"}]
    blamed = [{"ClientImpacting": True, "Services": [
        {"Name": "shop", "Type": "AWS::EC2::Instance", "EntityPath": [{"Name": "shop", "Exceptions": []}]},
        {"Name": "orders", "Type": "Database::SQL", "EntityPath": [{"Name": "orders", "Exceptions": exceptions}]},
    ]}]
    traces = [
        {"Id": f"1-6a0b1c2d-{number:024x}", "StartTime": ago(2), "Duration": 0.25 * number, "ResponseTime": 0.25 * number,
         "HasFault": status >= 500, "HasError": 400 <= status < 500, "HasThrottle": status == 429, "IsPartial": False,
         "Http": {"HttpURL": "https://shop.example/cart", "HttpStatus": status, "HttpMethod": "POST"}, "MatchedEventTime": ago(2),
         "EntryPoint": {"Name": "shop", "Type": "AWS::EC2::Instance"}, "FaultRootCauses": causes}
        for number, (status, causes) in enumerate([(200, []), (503, blamed), (404, []), (429, [])], 1)
    ]
    return [
        ("xray", "GetServiceGraph", {"StartTime": ago(10), "EndTime": ago(0), "Services": services}),
        ("xray", "GetTraceSummaries", {"TraceSummaries": traces, "TracesProcessedCount": 4, "ApproximateTime": ago(0)}),
        ("xray", "GetTimeSeriesServiceStatistics", {"TimeSeriesServiceStatistics": []}),
    ]


def money() -> list:
    def amount(dollars: float) -> dict:
        return {"UnblendedCost": {"Amount": str(dollars), "Unit": "USD"}}

    groups = [
        {"Keys": [name, kind], "Metrics": amount(dollars)}
        for name, kind, dollars in [
            ("Amazon Elastic Compute Cloud - Compute", "Usage", 1234.56), ("Amazon Relational Database Service", "Usage", 99.9),
            ("AWS Lambda", "Usage", 0.004), ("Amazon Elastic Compute Cloud - Compute", "Credit", -100.0), ("Tax", "Tax", 20.5),
        ]
    ]
    month = {"TimePeriod": {"Start": "2026-11-01", "End": "2026-11-23"}, "Total": {}, "Groups": groups, "Estimated": True}
    forecast = {"Total": {"Amount": "1800.25", "Unit": "USD"}, "ForecastResultsByTime": []}
    return [
        ("ce", "GetCostAndUsage", {"ResultsByTime": [month], "DimensionValueAttributes": [], "GroupDefinitions": []}),
        ("ce", "GetCostForecast", forecast),
        ("ce", "GetAnomalies", {"Anomalies": [
            {"AnomalyId": "odd-1", "AnomalyStartDate": "2026-11-20T00:00:00Z", "AnomalyScore": {"MaxScore": 0.9, "CurrentScore": 0.4},
             "Impact": {"MaxImpact": 50.0, "TotalImpact": 120.5}, "MonitorArn": "arn:aws:ce::123456789012:anomalymonitor/1",
             "RootCauses": [{"Service": "Amazon Relational Database Service", "Region": "eu-west-1", "UsageType": "EU-InstanceUsage"}]},
            {"AnomalyId": "planned", "AnomalyScore": {"MaxScore": 0.1, "CurrentScore": 0.1}, "Feedback": "PLANNED_ACTIVITY",
             "Impact": {"MaxImpact": 1.0, "TotalImpact": 9.0}, "MonitorArn": "arn:aws:ce::123456789012:anomalymonitor/1"},
        ]}),
    ]
