"""GetMetricData as CloudWatch answers it, over the points that moto keeps.

moto's own has no percentiles (and fails the whole call), no math, and cuts time at the start of the request instead of
at whole periods. It also reads every point once for every period, which takes seconds.
"""

import ast
import math
import operator
import re
from datetime import datetime, timezone

from moto.cloudwatch.models import MetricDatum, cloudwatch_backends
from moto.iam.models import get_account_id_from

from wire import Call, Fault

MOST_QUERIES = 500
NAME = re.compile(r"[a-z][a-zA-Z0-9_]*\Z")
PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d+)?|100)\Z")
OPERATORS = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


def get_metric_data(call: Call) -> dict:
    queries = call.input.get("MetricDataQueries", [])
    start, end = (_seconds(call.input.get(name)) for name in ("StartTime", "EndTime"))
    _check(queries, start, end)
    points = _points(call, start - 86_400, end)
    series = {}
    for query in queries:
        if "MetricStat" in query:
            series[query["Id"]] = _aggregate(points, query["MetricStat"], start, end)
    # An expression may name another that comes later.
    waiting = [query for query in queries if "MetricStat" not in query]
    while waiting:
        ready = [query for query in waiting if not (_names(query) & {other["Id"] for other in waiting})]
        if not ready:
            raise Fault("ValidationError", f"Error in expression '{waiting[0]['Id']}': it names itself")
        for query in ready:
            series[query["Id"]] = _evaluate(query, series)
        waiting = [query for query in waiting if query not in ready]
    ascending = call.input.get("ScanBy") == "TimestampAscending"
    return {"MetricDataResults": [_result(q, series[q["Id"]], ascending) for q in queries if q.get("ReturnData", True)],
            "Messages": []}


def _seconds(value) -> int:
    if value is None:
        raise Fault("MissingParameter", "StartTime and EndTime are required")
    if isinstance(value, str):
        value = datetime.fromisoformat(value).timestamp()
    return int(value)


def _check(queries: list, start: int, end: int) -> None:
    """What CloudWatch refuses, a client must not learn only there."""
    if start >= end:
        raise Fault("ValidationError", "The parameter StartTime must be less than the parameter EndTime.")
    if len(queries) > MOST_QUERIES:
        raise Fault("ValidationError", f"The collection MetricDataQueries must not have more than {MOST_QUERIES} elements.")
    ids = [query.get("Id", "") for query in queries]
    if len(set(ids)) < len(ids):
        raise Fault("ValidationError", "The values for parameter id in MetricDataQueries are not unique.")
    for query in queries:
        stat = query.get("MetricStat", {})
        period = int(stat.get("Period", 60))
        if not NAME.match(query["Id"]):
            raise Fault("ValidationError", f"The value {query['Id']} for parameter Id is not matching the expected pattern")
        if ("MetricStat" in query) == ("Expression" in query):
            raise Fault("ValidationError", f"{query['Id']}: exactly one of MetricStat and Expression is required")
        if period not in (1, 5, 10, 20, 30) and period % 60:
            raise Fault("ValidationError", f"{query['Id']}: Period must be 1, 5, 10, 20, 30 or any multiple of 60")


def _points(call: Call, start: int, end: int) -> dict:
    """Every point of the time asked for, by metric."""
    backend = cloudwatch_backends[get_account_id_from(call.access_key)][call.region]
    found = {}
    for point in list(backend.metric_data):
        at = point.timestamp.replace(tzinfo=timezone.utc).timestamp()
        if start <= at < end:
            dimensions = frozenset((dimension.name, dimension.value) for dimension in point.dimensions)
            found.setdefault((point.namespace, point.name, dimensions), []).append((at, point))
    return found


def _aggregate(points: dict, wanted: dict, start: int, end: int) -> dict:
    metric, period = wanted["Metric"], int(wanted["Period"])
    dimensions = frozenset((dimension["Name"], dimension["Value"]) for dimension in metric.get("Dimensions", []))
    first = start - start % period
    buckets = {}
    for at, point in points.get((metric.get("Namespace"), metric.get("MetricName"), dimensions), []):
        if at >= first and wanted.get("Unit") in (None, point.unit):
            buckets.setdefault(int(at) - int(at) % period, []).append(point)
    return {at: _statistic(bucket, wanted["Stat"]) for at, bucket in buckets.items()}


def _statistic(points: list, stat: str) -> float:
    singles = sorted(float(point.value) for point in points if isinstance(point, MetricDatum))
    sets = [point for point in points if not isinstance(point, MetricDatum)]
    total = sum(singles) + sum(float(point.sum) for point in sets)
    count = len(singles) + sum(float(point.sample_count) for point in sets)
    if percentile := PERCENTILE.match(stat):
        # Sets have no percentiles, with one exception: CloudWatch gives it where a set is of one value.
        values = singles or [float(point.max) for point in sets]
        return values[max(0, math.ceil(float(percentile[1]) / 100 * len(values)) - 1)]
    match stat:
        case "Sum":
            return total
        case "SampleCount":
            return float(count)
        case "Average":
            return total / count
        case "Minimum":
            return min(singles + [float(point.min) for point in sets])
        case "Maximum":
            return max(singles + [float(point.max) for point in sets])
    raise Fault("ValidationError", f"The value {stat} for parameter Stat is not supported by this endpoint.")


def _parsed(query: dict) -> ast.expr:
    try:
        return ast.parse(query["Expression"].strip(), mode="eval").body
    except SyntaxError as error:
        raise Fault("ValidationError", f"Error in expression '{query['Id']}': {error}") from error


def _names(query: dict) -> set:
    return {node.id for node in ast.walk(_parsed(query)) if isinstance(node, ast.Name)}


def _evaluate(query: dict, series: dict) -> dict:
    def of(node):
        match node:
            case ast.Constant(value=int() | float() as number):
                return number
            case ast.Name(id=name) if name in series:
                return series[name]
            case ast.List(elts=elements):
                return [of(element) for element in elements]
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return _joined(operator.sub, 0, of(inner))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
                return _joined(OPERATORS[type(op)], of(left), of(right))
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in OPERATORS:
                return _joined(lambda a, b: float(OPERATORS[type(op)](a, b)), of(left), of(right))
            case ast.Call(func=ast.Name(id="FILL"), args=[inner, ast.Constant(value=number)]):
                known = of(inner)
                every = set().union(*(other for other in series.values()))
                return {at: known.get(at, float(number)) for at in every}
            case ast.Call(func=ast.Name(id="IF"), args=[condition, then, *other]):
                # Without the other there is no value where the condition does not hold.
                yes, no = of(then), of(other[0]) if other else None
                at_time = lambda value, at: value.get(at) if isinstance(value, dict) else value  # noqa: E731
                chosen = {at: at_time(yes if holds else no, at) for at, holds in of(condition).items()}
                return {at: value for at, value in chosen.items() if value is not None}
            case ast.Call(func=ast.Name(id="SUM" | "MAX" | "MIN" | "AVG" as name), args=[ast.List(elts=elements)]):
                all_series = [of(element) for element in elements]
                fold = {"SUM": sum, "MAX": max, "MIN": min, "AVG": lambda values: sum(values) / len(values)}[name]
                every = set().union(*all_series)
                return {at: fold([one[at] for one in all_series if at in one]) for at in every}
        raise Fault("ValidationError", f"Error in expression '{query['Id']}': this endpoint cannot do {ast.unparse(node)}")

    value = of(_parsed(query))
    if not isinstance(value, dict):
        raise Fault("ValidationError", f"Error in expression '{query['Id']}': the result is no time series")
    return value


def _joined(apply, left, right):
    """Two series, or one and a number: only where both have a value. What is divided by nothing is no value."""
    times = [set(side) for side in (left, right) if isinstance(side, dict)]
    if not times:
        return apply(left, right)
    result = {}
    for at in set.intersection(*times):
        try:
            a, b = (side[at] if isinstance(side, dict) else side for side in (left, right))
            result[at] = apply(a, b)
        except ZeroDivisionError:
            pass
    return result


def _result(query: dict, series: dict, ascending: bool) -> dict:
    metric = query.get("MetricStat", {}).get("Metric", {}).get("MetricName")
    times = sorted(series, reverse=not ascending)
    return {
        "Id": query["Id"],
        "Label": query.get("Label") or metric or query["Id"],
        "Timestamps": times,
        "Values": [series[at] for at in times],
        "StatusCode": "Complete",
    }
