"""Alarms as CloudWatch keeps them: of three kinds, with a history, answered in pages.

moto knows metric alarms only. It makes new ones OK, filters by one thing at a time, and its history cannot be asked for.
Nothing evaluates here: a test says which state an alarm is in.
"""

import json
import threading
from datetime import datetime, timezone

from moto.iam.models import get_account_id_from

from wire import Call, Fault

KINDS = {"PutMetricAlarm": "MetricAlarm", "PutCompositeAlarm": "CompositeAlarm", "PutLogAlarm": "LogAlarm"}
STATES = {"OK", "ALARM", "INSUFFICIENT_DATA"}
ACTIONS = ("OKActions", "AlarmActions", "InsufficientDataActions")


class Alarms:
    """The alarms of every account and region."""

    def __init__(self):
        self.lock = threading.RLock()
        # By account and region, then by name.
        self.kept: dict[tuple, dict[str, dict]] = {}
        self.history: dict[tuple, list[dict]] = {}

    def operations(self) -> dict:
        ours = {
            **dict.fromkeys(KINDS, self.put),
            "DescribeAlarms": self.describe,
            "DescribeAlarmHistory": self.describe_history,
            "SetAlarmState": self.set_state,
            "DeleteAlarms": self.delete,
            "EnableAlarmActions": lambda call: self.set_actions(call, True),
            "DisableAlarmActions": lambda call: self.set_actions(call, False),
        }
        return {("cloudwatch", operation): self._locked(do) for operation, do in ours.items()}

    def _locked(self, do):
        def locked(call: Call) -> dict:
            with self.lock:
                return do(call)

        return locked

    def put(self, call: Call) -> dict:
        wanted = {key: value for key, value in call.input.items() if key != "Tags"}
        name, kind, now = wanted.get("AlarmName"), KINDS[call.operation], _now()
        if not name:
            raise Fault("ValidationError", "AlarmName is required")
        alarms = self._alarms(call)
        if (old := alarms.get(name)) and old["kind"] != kind:
            raise Fault("ValidationError", f"{name} is an alarm of another kind")
        if not old:
            self._remember(call, name, kind, now, "ConfigurationUpdate", f'Alarm "{name}" created', {"version": "1.0"})
        state = old["state"] if old else {
            "StateValue": "INSUFFICIENT_DATA",
            "StateReason": "Unchecked: Initial alarm creation",
            "StateUpdatedTimestamp": now,
            "StateTransitionedTimestamp": now,
        }
        account = get_account_id_from(call.access_key)
        told = {
            "ActionsEnabled": True,
            **{actions: [] for actions in ACTIONS},
            **wanted,
            "AlarmArn": f"arn:aws:cloudwatch:{call.region}:{account}:alarm:{name}",
            "AlarmConfigurationUpdatedTimestamp": now,
        }
        if kind == "MetricAlarm":
            told = {"Dimensions": [], "Metrics": [], **told}
        alarms[name] = {"kind": kind, "state": state, "told": told}
        return {}

    def set_state(self, call: Call) -> dict:
        name, value = call.input.get("AlarmName"), call.input.get("StateValue")
        alarm = self._alarms(call).get(name)
        if alarm is None:
            raise Fault("ResourceNotFound", f"no alarm is called {name}")
        if value not in STATES:
            raise Fault("ValidationError", f"{value} is no state")
        now, old = _now(), alarm["state"]
        has_moved = value != old["StateValue"]
        alarm["state"] = {
            "StateValue": value,
            "StateReason": call.input.get("StateReason", ""),
            "StateUpdatedTimestamp": now,
            # Moves only with the state itself, not with its reason.
            "StateTransitionedTimestamp": now if has_moved else old["StateTransitionedTimestamp"],
        }
        if data := call.input.get("StateReasonData"):
            alarm["state"]["StateReasonData"] = data
        if has_moved:
            side = lambda state: {"stateValue": state["StateValue"], "stateReason": state["StateReason"]}  # noqa: E731
            data = {"version": "1.0", "oldState": side(old), "newState": side(alarm["state"])}
            words = f"Alarm updated from {old['StateValue']} to {value}"
            self._remember(call, name, alarm["kind"], now, "StateUpdate", words, data)
        return {}

    def describe(self, call: Call) -> dict:
        asked = call.input
        kinds = asked.get("AlarmTypes") or ["MetricAlarm"]
        named = asked.get("AlarmNames")

        def suits(name: str, alarm: dict) -> bool:
            return (
                alarm["kind"] in kinds
                and (not named or name in named)
                and name.startswith(asked.get("AlarmNamePrefix", ""))
                and asked.get("StateValue") in (None, alarm["state"]["StateValue"])
                and any(action.startswith(asked.get("ActionPrefix", "")) for action in alarm["told"]["AlarmActions"] or [""])
            )

        found = [alarm for name, alarm in sorted(self._alarms(call).items()) if suits(name, alarm)]
        shown, rest = _page(found, asked, most=100, usual=50)
        lists = {f"{kind}s": [{**a["told"], **a["state"]} for a in shown if a["kind"] == kind] for kind in KINDS.values()}
        return {**lists, **rest}

    def describe_history(self, call: Call) -> dict:
        asked = call.input
        kinds = asked.get("AlarmTypes") or ["MetricAlarm"]
        start, end = (_time(asked.get(name)) for name in ("StartDate", "EndDate"))

        def suits(item: dict) -> bool:
            return (
                item["AlarmType"] in kinds
                and asked.get("AlarmName") in (None, item["AlarmName"])
                and asked.get("HistoryItemType") in (None, item["HistoryItemType"])
                and (start is None or item["Timestamp"] >= start)
                and (end is None or item["Timestamp"] <= end)
            )

        found = [item for item in self.history.get(_place(call), []) if suits(item)]
        if asked.get("ScanBy") != "TimestampAscending":
            found.reverse()
        shown, rest = _page(found, asked, most=100, usual=100)
        return {"AlarmHistoryItems": shown, **rest}

    def delete(self, call: Call) -> dict:
        for name in call.input.get("AlarmNames", []):
            self._alarms(call).pop(name, None)
        return {}

    def set_actions(self, call: Call, are_enabled: bool) -> dict:
        for name in call.input.get("AlarmNames", []):
            if alarm := self._alarms(call).get(name):
                alarm["told"]["ActionsEnabled"] = are_enabled
        return {}

    def _alarms(self, call: Call) -> dict[str, dict]:
        return self.kept.setdefault(_place(call), {})

    def _remember(self, call: Call, name, kind, at, item, words, data) -> None:
        self.history.setdefault(_place(call), []).append({
            "AlarmName": name,
            "AlarmType": kind,
            "Timestamp": at,
            "HistoryItemType": item,
            "HistorySummary": words,
            "HistoryData": json.dumps(data),
        })


def _place(call: Call) -> tuple:
    return get_account_id_from(call.access_key), call.region


def _now() -> datetime:
    """CloudWatch tells milliseconds."""
    now = datetime.now(timezone.utc)
    return now.replace(microsecond=now.microsecond // 1_000 * 1_000)


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=timezone.utc)


def _page(found: list, asked: dict, most: int, usual: int) -> tuple[list, dict]:
    size = int(asked.get("MaxRecords", usual))
    if not 1 <= size <= most:
        raise Fault("ValidationError", f"MaxRecords must be between 1 and {most}")
    token = asked.get("NextToken", "page-0")
    if not token.startswith("page-"):
        raise Fault("InvalidNextToken", f"{token} is no token of this answer")
    first = int(token.removeprefix("page-"))
    rest = {"NextToken": f"page-{first + size}"} if first + size < len(found) else {}
    return found[first : first + size], rest
