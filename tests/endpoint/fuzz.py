"""Answers that no service would give, and some that one might: made from the service's own model, from a seed.

What a model allows is allowed here: whatever is optional is missing at times, enums have values nobody knows yet, lists are
empty or long, numbers and dates are at their ends, texts are written by strangers. Beside those are answers that are none.
"""

import json
import math
import random
from xml.sax.saxutils import escape

import cbor2
from moto.core.utils import get_pagination_model

from wire import CBOR, Call, Fault, Reply, content_type, reply

# How often each kind of answer is given, of a hundred.
KINDS = {
    "sound": 50, "extreme": 24, "cut": 4, "garbage": 3, "mistyped": 3, "empty": 2, "page": 2, "throttled": 3, "denied": 2,
    "internal": 2, "unavailable": 1, "unknown": 1, "gone": 2, "dropped": 1,
}
ERRORS = {
    "throttled": Fault("ThrottlingException", "Rate exceeded", 400),
    "denied": Fault("AccessDenied", "User: arn:aws:iam::1:user/a is not authorized", 403),
    "internal": Fault("InternalFailure", "", 500),
    "unknown": Fault("UnknownOperationException", "", 400),
    "gone": Fault("ResourceNotFoundException", "it is gone", 404),
}
NOW = 1_795_418_000
TEXTS = [
    "", "a", "web", "orders", "eu-west-1a", "arn:aws:ecs:eu-west-1:123456789012:service/prod/web",
    "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/shop/50dc6c495c0c9188", "arn:", ":::::", "/", "app/",
    "2026-11-23T06:42:00Z", "2026-11", "1.5", "0", "USD", "{}", "[]", "null", '{"widgets": [{"type": "metric"}]}', "Average",
    "available", "i-0123456789abcdef0", "Überlast \u65e5\u672c\u8a9e", "https://shop.example/cart?a=1&b=<2>",
]
HOSTILE = [
    "\x1b[2J\x1b]52;c;cm0gLXJmIC8=\x07", "\u202eevil\u202c", "a\u0300" * 80, "\x00\x01\x02", "\ufeff", "x" * 5_000, "\U000e0041",
    "-1", "99999999999999999999999999", "NaN", "%s%n", "'; --", "\\u0000", "\U0001f600", "\r\n\t",
    '{"newState": 7}', '{"widgets": {"a": [[[[[[]]]]]]}}', "ALARM(" * 200, "arn:aws:" + ":" * 300,
]
# What leads on to other questions: a text that is known there, mostly.
LEADS = {
    "ActionName": ["Unit"], "StageName": ["Checks"], "ActionCategory": ["Source", "Source", "Build", "Test"],
    "ActionProvider": ["CodeBuild", "CodeCommit", "CodeCommit", "CodeStarSourceConnection"],
    "ActionConfigurationKey": ["RepositoryName", "FullRepositoryId", "BranchName", "ConnectionArn"],
    "ExecutionId": ["unit:1", "unit:2", "lint:3"],
}
WHOLE = {
    "integer": [0, 1, 2, 3, 5, 60, 300, 1_000], "long": [0, 1, 7, 1 << 31, 5_000_000_000],
    "short": [0, 1, 7], "byte": [0, 1, 7],
}
ENDS = {
    "integer": [-1, -(1 << 31), (1 << 31) - 1], "long": [-1, -(1 << 63), (1 << 63) - 1],
    "short": [-1, -(1 << 15), (1 << 15) - 1], "byte": [-1, -128, 127],
}
TIMES = [NOW, NOW - 60, NOW - 3_600.25, NOW - 86_400 * 400, NOW + 86_400]
TIMES_AT_THE_END = [0, -1, -62_135_596_800, 253_402_300_799, 253_402_300_800, -1e11, 1e14, -1e14]
DEEPEST = 7
# Of which one member is given, although botocore's models do not say so.
UNIONS = {"AnnotationValue"}
# Texts by the model that are numbers, as clients know.
COUNTS = {"PageMaxItems"}
# Things in one answer: a model of lists of lists would otherwise fill the memory.
MOST = 4_000


class Fuzz:
    """Who is answered so, and how often they asked what."""

    def __init__(self):
        self.keys: dict[str, dict] = {}
        self.asked: dict[str, int] = {}

    def start(self, wanted: dict) -> None:
        self.keys[wanted["access_key"]] = {"seed": wanted.get("seed", 0), "kinds": wanted.get("kinds", KINDS)}

    def answer(self, call: Call) -> tuple[str, Reply | None] | None:
        """The kind of answer and the answer, which is none where the connection is to end."""
        settings = self.keys.get(call.access_key)
        if settings is None or call.model is None:
            return None
        what = f"{settings['seed']}/{call.region}/{call.service}.{call.operation}/{json.dumps(call.input, sort_keys=True)}"
        self.asked[what] = self.asked.get(what, 0) + 1
        dice = random.Random(f"{what}/{self.asked[what]}")
        kind = dice.choices(list(settings["kinds"]), list(settings["kinds"].values()))[0]
        # Asked again, what leads on does so: everything behind it would hardly ever be asked otherwise.
        leads = call.service == "codepipeline" and self.asked[what] > 1
        return ("sound", made("sound", call, dice, 1.0)) if leads else (kind, made(kind, call, dice))


def made(kind: str, call: Call, dice: random.Random, present: float = 0.75) -> Reply | None:
    if kind == "dropped":
        return None
    if kind in ERRORS:
        return reply(call, ERRORS[kind])
    if kind == "page":
        return Reply(dice.choice([200, 302, 403, 502]), {"Content-Type": "text/html"}, b"<!doctype html><title>Log in</title>")
    if kind == "unavailable":
        return Reply(503, {"Content-Type": "text/plain"}, b"upstream connect error")
    if kind == "garbage":
        return written(call, dice.randbytes(dice.randrange(1, 400)))
    if kind == "empty":
        return Reply(200, {"Content-Type": "text/plain"}, b"")
    shape = call.model.output_shape
    value = Maker(call, dice, kind, present).value(shape, 0, is_top=True) if shape else {}
    if kind == "mistyped":
        value = mistyped(value, dice)
    body = body_of(call, value)
    return written(call, body[: dice.randrange(len(body))] if kind == "cut" and body else body)


class Maker:
    """Values of a model."""

    def __init__(self, call: Call, dice: random.Random, kind: str, present: float):
        self.dice = dice
        self.present = present
        self.is_extreme = kind == "extreme"
        self.tokens = tokens(call)
        self.left = MOST

    def value(self, shape, depth: int, is_top: bool = False):
        self.left -= 1
        match shape.type_name:
            case "structure":
                chosen = self.members(shape, depth, is_top)
                return {name: self.value(member, depth + 1) for name, member in chosen}
            case "list":
                return [self.value(shape.member, depth + 1) for _ in range(self.length(depth))]
            case "map":
                more = 20 if shape.key.name in LEADS else 0
                texts = [self.text(shape.key) for _ in range(self.length(depth) + more)]
                return {text: self.value(shape.value, depth + 1) for text in texts}
            case "string" | "character":
                return self.text(shape)
            case "timestamp":
                return Time(self.one_of(TIMES, TIMES_AT_THE_END))
            case "boolean":
                return self.dice.random() < 0.5
            case "float" | "double":
                ends = [-1.0, 1e308, -1e308, 5e-324, math.nan, math.inf, -math.inf]
                return float(self.one_of([0.0, 0.25, 1.0, 55.5, 1e6], ends))
            case "blob":
                return self.dice.randbytes(self.dice.randrange(20))
            case other:
                return self.one_of(WHOLE.get(other, [0]), ENDS.get(other, [-1]))

    def members(self, shape, depth: int, is_top: bool) -> list:
        if getattr(shape, "is_tagged_union", False) or shape.name in UNIONS:
            return [self.dice.choice(list(shape.members.items()))]
        is_deep = depth >= DEEPEST or self.left <= 0
        present = 0.02 if is_deep else max(0.9, self.present) if is_top else self.present
        # Clients may refuse what lacks what the model requires.
        required = () if self.is_extreme else shape.required_members
        return [
            (name, member) for name, member in shape.members.items()
            if name in required or self.dice.random() < (0.15 if is_top and name in self.tokens else present)
        ]

    def length(self, depth: int) -> int:
        if self.left <= 0 or depth >= DEEPEST:
            return 0
        if self.is_extreme and depth <= 1 and self.dice.random() < 0.05:
            return 150
        return self.dice.choice([0, 1, 1, 2, 3, 5] if depth <= 3 else [0, 0, 1, 1, 2])

    def text(self, shape) -> str:
        if shape.name in COUNTS:
            return "100"
        if shape.name in LEADS and self.dice.random() < 0.9:
            return self.dice.choice(LEADS[shape.name])
        enum = getattr(shape, "enum", None)
        if enum and self.dice.random() < 0.85:
            return self.dice.choice(enum)
        if enum:
            return self.dice.choice(["NEW_IN_2027", "newIn2027", "new-in-2027"])
        return self.one_of(TEXTS, HOSTILE)

    def one_of(self, usual: list, ends: list):
        return self.dice.choice(ends if self.is_extreme and self.dice.random() < 0.35 else usual)


class Time(float):
    """Seconds since the epoch."""


def tokens(call: Call) -> set:
    """What would make a client ask for more."""
    try:
        told = get_pagination_model(call.service)[call.operation]["output_token"]
    except Exception:  # noqa: BLE001: no pages
        return {"NextToken", "nextToken", "NextMarker", "Marker"}
    return set(told if isinstance(told, list) else [told])


def mistyped(value, dice: random.Random):
    """One thing is of another type than it should be."""
    wrong = dice.choice([7, "seven", [], {}, None, True, [[]], {"a": 1}, -1.5])
    if isinstance(value, dict) and value:
        name = dice.choice(list(value))
        return {**value, name: mistyped(value[name], dice) if dice.random() < 0.7 else wrong}
    if isinstance(value, list) and value:
        place = dice.randrange(len(value))
        return [mistyped(one, dice) if number == place else one for number, one in enumerate(value)]
    return wrong


def written(call: Call, body: bytes) -> Reply:
    headers = {"Content-Type": content_type(call.protocol, call.model.service_model)}
    if call.protocol == CBOR:
        headers["smithy-protocol"] = "rpc-v2-cbor"
    return Reply(200, headers, body)


def body_of(call: Call, value) -> bytes:
    shape = call.model.output_shape
    match call.protocol:
        case "smithy-rpc-v2-cbor":
            return cbor2.dumps(as_cbor(value))
        case "json" | "rest-json":
            return json.dumps(as_json(value, shape), allow_nan=False).encode()
        case "ec2":
            return f"<{call.operation}Response>{inside(value, shape)}</{call.operation}Response>".encode("utf-8", "replace")
        case _:
            inner = inside(value, shape)
            wrapper = shape.serialization.get("resultWrapper") if shape else None
            inner = f"<{wrapper}>{inner}</{wrapper}>" if wrapper else inner
            return f"<{call.operation}Response>{inner}</{call.operation}Response>".encode("utf-8", "replace")


def as_cbor(value):
    if isinstance(value, Time):
        return cbor2.CBORTag(1, float(value))
    if isinstance(value, dict):
        return {key: as_cbor(item) for key, item in value.items()}
    return [as_cbor(item) for item in value] if isinstance(value, list) else value


def as_json(value, shape):
    """By the model where the value is as the model says, and as it is where it is not."""
    kind = shape.type_name if shape else None
    if isinstance(value, dict) and kind == "structure":
        name_of = lambda name: shape.members[name].serialization.get("name", name)  # noqa: E731
        return {name_of(name): as_json(item, shape.members[name]) for name, item in value.items() if name in shape.members}
    if isinstance(value, dict):
        return {key: as_json(item, shape.value if kind == "map" else None) for key, item in value.items()}
    if isinstance(value, list):
        return [as_json(item, shape.member if kind == "list" else None) for item in value]
    if isinstance(value, Time):
        return iso(value) if shape is not None and shape.serialization.get("timestampFormat") == "iso8601" else float(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float) and not math.isfinite(value):
        return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
    return value


def inside(value, shape) -> str:
    """What stands between the tags of a value."""
    kind = shape.type_name if shape else None
    if isinstance(value, dict) and kind == "structure":
        return "".join(element(name, item, shape.members[name]) for name, item in value.items() if name in shape.members)
    if isinstance(value, list) and kind == "list":
        name = shape.member.serialization.get("name", "member")
        return "".join(f"<{name}>{inside(item, shape.member)}</{name}>" for item in value)
    if isinstance(value, dict) and kind == "map":
        key, of = shape.key.serialization.get("name", "key"), shape.value.serialization.get("name", "value")
        entries = (f"<{key}>{text_in_xml(name)}</{key}><{of}>{inside(item, shape.value)}</{of}>" for name, item in value.items())
        return "".join(f"<entry>{entry}</entry>" for entry in entries)
    if isinstance(value, Time):
        return iso(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return text_in_xml(str(value))


def element(name: str, value, shape) -> str:
    name = shape.serialization.get("name", name)
    if shape.type_name == "list" and shape.serialization.get("flattened") and isinstance(value, list):
        return "".join(f"<{name}>{inside(item, shape.member)}</{name}>" for item in value)
    return f"<{name}>{inside(value, shape)}</{name}>"


def text_in_xml(text: str) -> str:
    """Characters that XML cannot hold are left out: a service could not send them either."""
    holdable = (c for c in text if c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff")
    return escape("".join(holdable))


def iso(at: Time) -> str:
    """Years beyond what four digits hold are written as some services do."""
    days, seconds = divmod(int(at), 86_400)
    # Howard Hinnant's calendar, because Python's ends with the year 9999.
    days += 719_468
    era, of_era = divmod(days, 146_097)
    year_of_era = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month_index = (5 * of_year + 2) // 153
    day = of_year - (153 * month_index + 2) // 5 + 1
    month = month_index + 3 if month_index < 10 else month_index - 9
    year = year_of_era + era * 400 + (1 if month <= 2 else 0)
    written_year = f"{year:04}" if 0 <= year <= 9999 else f"{year:+07}"
    return f"{written_year}-{month:02}-{day:02}T{seconds // 3_600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}Z"
