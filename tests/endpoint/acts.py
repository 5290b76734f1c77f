"""What botocore makes of the calls that change something, and what the `aws` command makes of their lines, beside what was
sent. Says every difference.
"""

import base64
import contextlib
import io
import json
import shlex
import sys
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.etree import ElementTree

import awscli.clidriver
import botocore.session
import cbor2
from botocore.serialize import create_serializer
from botocore.validate import ParamValidator

CBOR = "smithy-rpc-v2-cbor"
SESSION = botocore.session.get_session()


def sent_otherwise(call: dict) -> list[str]:
    """How a request differs from what botocore makes of the same input, decoded."""
    model = SESSION.get_service_model(call["service"]).operation_model(call["operation"])
    if wrong := ParamValidator().validate(call["input"], model.input_shape):
        if wrong.has_errors():
            return [f"no input of {call['operation']}: {wrong.generate_report()}"]
    sent = call["sent"]
    headers = {name.lower(): value for name, value in sent["headers"]}
    metadata = model.service_model.metadata
    spoken = metadata.get("protocols") or [metadata["protocol"]]
    protocol = CBOR if headers.get("smithy-protocol") == "rpc-v2-cbor" else next(one for one in spoken if one != CBOR)
    made = create_serializer(protocol).serialize_to_request(call["input"], model)
    target = urlsplit(sent["target"])
    wanted_target = urlsplit(made["url_path"])
    pairs = [
        ("method", sent["method"], made["method"]),
        ("path", segments(target.path), segments(wanted_target.path)),
        ("query", sorted(parse_qsl(target.query, True)), sorted(parse_qsl(wanted_target.query, True) + query(made))),
        ("body", decoded(protocol, base64.b64decode(sent["body"])), wanted_body(protocol, made["body"])),
    ]
    if "X-Amz-Target" in made["headers"]:
        pairs.append(("target", headers.get("x-amz-target"), made["headers"]["X-Amz-Target"]))
    return [f"{name}: sent {is_sent!r}, botocore sends {wanted!r}" for name, is_sent, wanted in pairs if is_sent != wanted]


def segments(path: str) -> list[str]:
    """Split first: a slash within a name is none between names."""
    return [unquote(part) for part in path.split("/")]


def query(made: dict) -> list:
    return list((made.get("query_string") or {}).items())


def decoded(protocol: str, body: bytes):
    match protocol:
        case "query" | "ec2":
            return dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True))
        case "smithy-rpc-v2-cbor":
            return cbor2.loads(body)
        case "rest-xml":
            return tree(ElementTree.fromstring(body)) if body else None
        case _:
            return json.loads(body) if body else {}


def wanted_body(protocol: str, body):
    if isinstance(body, dict):
        return {name: str(value) for name, value in body.items()}
    return decoded(protocol, body.encode() if isinstance(body, str) else body or b"")


def tree(element):
    return (element.tag, (element.text or "").strip(), [tree(child) for child in element])


class Command:
    """The `aws` command up to where it would send something."""

    def __init__(self):
        self.driver = awscli.clidriver.create_clidriver()
        self.calls: list[tuple] = []
        awscli.clidriver.CLIOperationCaller.invoke = self._invoked

    def _invoked(self, *arguments):
        service, operation, parameters, parsed = arguments[-4:]
        self.calls.append((service, operation, parameters, parsed.region))
        return 0

    def differs(self, call: dict) -> list[str]:
        self.calls.clear()
        words = shlex.split(call["command"])
        complaint = io.StringIO()
        with contextlib.redirect_stderr(complaint):
            try:
                code = self.driver.main(words[1:])
            except SystemExit as end:
                code = end.code
        if code or len(self.calls) != 1:
            return [f"the command ends with {code}, {len(self.calls)} calls: {complaint.getvalue()[-600:]}"]
        region = None if call["region"] == "global" else call["region"]
        wanted = (call["service"], call["operation"], call["input"], region)
        return [] if self.calls[0] == wanted else [f"the command calls {self.calls[0]!r}, not {wanted!r}"]


def main() -> None:
    command = Command()
    calls = json.load(sys.stdin)
    told = [[*sent_otherwise(call), *command.differs(call)] for call in calls]
    print(json.dumps(told))


if __name__ == "__main__":
    main()
