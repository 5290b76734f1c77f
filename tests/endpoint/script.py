"""Answers that a test has written: faults, delays, and whatever the emulator cannot do."""

import threading
from dataclasses import dataclass, field

from botocore.exceptions import DataNotFoundError
from moto.core.utils import get_pagination_model

from wire import Call, Fault, Reply, canonical, misnamed, operation_model, reply

STEP = {"status", "code", "message", "raw", "content_type", "body", "delay", "cut", "break", "drop"}
SCRIPT = {"service", "operation", "responses", "repeat", "when", "region", "account", "access_key", "page_size"}
ANY = "*"


@dataclass
class Script:
    service: str
    operation: str
    responses: list
    repeat: bool = False
    when: dict = field(default_factory=dict)
    region: str | None = None
    account: str | None = None
    access_key: str | None = None
    page_size: int | None = None
    taken: int = 0
    # Ten thousand instances take seconds to write as XML: once is enough.
    written: dict = field(default_factory=dict)

    def suits(self, call: Call, account: str) -> bool:
        return (
            self.service in (ANY, call.service)
            and self.operation in (ANY, call.operation)
            and self.region in (None, call.region)
            and self.account in (None, account)
            and self.access_key in (None, call.access_key)
            and (self.repeat or self.taken < len(self.responses))
            and _contains(call.input, self.when)
        )


def _contains(whole, part) -> bool:
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(key in whole and _contains(whole[key], part[key]) for key in part)
    return whole == part


class Scripts:
    def __init__(self):
        self.lock = threading.Lock()
        self.all: list[Script] = []

    def add(self, wanted: dict) -> None:
        script = _checked(wanted)
        with self.lock:
            self.all.append(script)

    def forget(self, access_key: str, operation: str) -> None:
        """What is written for one operation of one test."""
        with self.lock:
            self.all = [one for one in self.all if (one.access_key, one.operation) != (access_key, operation)]

    def next(self, call: Call, account: str) -> tuple[Script, dict] | None:
        """What is written for this call. What is to happen once comes first, in the order it was written; of what repeats,
        the newest counts."""
        with self.lock:
            once = [script for script in self.all if not script.repeat]
            repeating = [script for script in reversed(self.all) if script.repeat]
            for script in once + repeating:
                if script.suits(call, account):
                    step = script.responses[script.taken % len(script.responses)]
                    script.taken += 1
                    return script, step
        return None


def _checked(wanted: dict) -> Script:
    """A script with an error in it is the test's fault, and told at once."""
    if unknown := set(wanted) - SCRIPT:
        raise ValueError(f"a script has no {sorted(unknown)}: it has {sorted(SCRIPT)}")
    script = Script(**{**wanted, "service": canonical(wanted["service"])})
    model = operation_model(script.service, script.operation) if script.operation != ANY else None
    if model is None and script.operation != ANY:
        raise ValueError(f"{script.service} has no operation {script.operation}")
    if not script.responses:
        raise ValueError("a script needs responses")
    for step in script.responses:
        if unknown := set(step) - STEP:
            raise ValueError(f"a response has no {sorted(unknown)}: it has {sorted(STEP)}")
        if "body" in step and model is None:
            raise ValueError("a body is of one operation")
        if "body" in step and (wrong := misnamed(step["body"], model.output_shape)):
            raise ValueError(f"{script.operation} answers no {', '.join(sorted(set(wrong))[:10])}")
    if script.page_size is not None:
        _pagination(script.service, script.operation)
    return script


def written(script: Script, step: dict, call: Call) -> Reply | None:
    """The answer of one step, or nothing where the step leaves it to the emulator."""
    if "raw" in step:
        kind = step.get("content_type", "text/html")
        return Reply(step.get("status", 200), {"Content-Type": kind}, step["raw"].encode())
    if "code" in step:
        return reply(call, Fault(step["code"], step.get("message", ""), step.get("status")))
    if "body" not in step:
        return None
    if script.page_size is None:
        key = (id(step), call.protocol)
        make = lambda: step["body"]  # noqa: E731
    else:
        wanted = _pagination(call.service, call.operation)
        token, limit = call.input.get(wanted["input_token"]), call.input.get(wanted.get("limit_key"))
        key = (id(step), call.protocol, token, limit)
        make = lambda: page(call, step["body"], script.page_size)  # noqa: E731
    if key not in script.written:
        answer = reply(call, make())
        answer.status = step.get("status", answer.status)
        script.written[key] = answer
    return script.written[key]


def _pagination(service: str, operation: str) -> dict:
    try:
        return get_pagination_model(service)[operation]
    except (DataNotFoundError, KeyError) as error:
        raise ValueError(f"{service}:{operation} has no pages") from error


def page(call: Call, whole: dict, most: int) -> dict:
    """One page of an answer, as the service's own paginator reads it. `most` is what the service gives at most."""
    wanted = _pagination(call.service, call.operation)
    lists = wanted["result_key"] if isinstance(wanted["result_key"], list) else [wanted["result_key"]]
    size = min(int(call.input.get(wanted.get("limit_key")) or most), most)
    token = call.input.get(wanted["input_token"], "page-0")
    if not token.startswith("page-"):
        return_code = "InvalidNextToken"
        raise Fault(return_code, f"{token} is no token of this answer")
    first = int(token.removeprefix("page-"))
    rest = {key: value for key, value in whole.items() if key not in lists}
    before = 0
    for name in lists:
        items = whole.get(name) or []
        begin, end = max(first - before, 0), max(first + size - before, 0)
        if name in whole:
            rest[name] = items[begin:end]
        before += len(items)
    if first + size < before:
        rest[wanted["output_token"]] = f"page-{first + size}"
    return rest
