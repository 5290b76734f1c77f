"""What the company has and moto cannot answer: told to the front as scripts, checked against the service models."""

import json
import urllib.request
from datetime import datetime, timedelta

ACCOUNT = "123456789012"


def tell(url: str, region: str, at: datetime) -> None:
    ago = lambda minutes: (at - timedelta(minutes=minutes)).isoformat()  # noqa: E731
    for service, operation, body in [*scaling(ago), *delivery(ago), *tracing(ago)]:
        script(url, service, operation, body, region=region)
    # What has no region is signed for in this one.
    for service, operation, body in money():
        script(url, service, operation, body, region="us-east-1")


def script(url: str, service: str, operation: str, body: dict, **more) -> None:
    wanted = {"service": service, "operation": operation, "repeat": True, "account": ACCOUNT, **more,
              "responses": [{"body": body}]}
    request = urllib.request.Request(f"{url}/opscon-test/script", data=json.dumps(wanted).encode(), method="POST")
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30).read()


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
        activity(3, "Successful", 30, EndTime=ago(29)),
        activity(4, "Successful", 45, "worker", EndTime=ago(44)),
    ]
    return [("autoscaling", "DescribeScalingActivities", {"Activities": activities})]


def delivery(ago) -> list:
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
    traces = [
        {"Id": f"1-6a0b1c2d-{number:024x}", "StartTime": ago(2), "Duration": 0.25 * number, "ResponseTime": 0.25 * number,
         "HasFault": status >= 500, "HasError": 400 <= status < 500, "HasThrottle": status == 429, "IsPartial": False,
         "Http": {"HttpURL": "https://shop.example/cart", "HttpStatus": status, "HttpMethod": "POST"}, "MatchedEventTime": ago(2)}
        for number, status in enumerate([200, 503, 404, 429], 1)
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
        ("ce", "GetAnomalies", {"Anomalies": []}),
    ]
