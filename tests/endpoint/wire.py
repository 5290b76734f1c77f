"""The wire protocols of AWS: which operation a request asks for, and answers as that service's own client expects them.

Everything is typed by botocore's service models, as they come with boto3. moto has serializers for every protocol but
Smithy RPC v2 CBOR, the only one that the CloudWatch client of Rust speaks; that one is here.
"""

import base64
import io
import re
import warnings
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cache
from urllib.parse import parse_qs

import cbor2
from botocore.loaders import UnknownServiceError
from botocore.utils import parse_to_aware_datetime
from moto.core.errors import get_error_model
from moto.core.model import OperationModel, ServiceModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.serialize import SerializationContext, get_serializer_class
from moto.core.utils import get_service_model
from werkzeug.exceptions import NotFound

# An error that a model does not know is sent all the same: throttles are in no model.
warnings.filterwarnings("ignore", message="Exception.* does not match an error shape")

CBOR = "smithy-rpc-v2-cbor"
CREDENTIAL = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request")
CBOR_PATH = re.compile(r"/service/([^/]+)/operation/([^/]+)$")

# Names that requests are signed with, where botocore calls the service otherwise. IAM's prefixes are mostly the same.
SIGNED_AS = {
    "monitoring": "cloudwatch",
    "elasticloadbalancing": "elbv2",
    "access-analyzer": "accessanalyzer",
    "tagging": "resourcegroupstaggingapi",
}
# Names of services on the wire, where the signature does not say which of several it is, or is missing.
TARGETS = {
    "GraniteServiceVersion20100801": "cloudwatch",
    "AnyScaleFrontendService": "application-autoscaling",
    "AmazonEC2ContainerServiceV20141113": "ecs",
    "AmazonSQS": "sqs",
    "AWSInsightsIndexService": "ce",
    "CodePipeline_20150709": "codepipeline",
}
VERSIONS = {"2012-06-01": "elb", "2011-06-15": "sts"}


class Fault(Exception):
    """An error of a service: `code` and `message` as its protocol puts them."""

    def __init__(self, code: str, message: str = "", status: int | None = None):
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


@dataclass
class Call:
    """One request, as far as it could be understood."""

    service: str = ""
    operation: str = ""
    region: str = ""
    access_key: str = ""
    protocol: str = ""
    input: dict = field(default_factory=dict)
    model: OperationModel | None = None

    def scope(self) -> dict:
        return {"service": self.service, "operation": self.operation, "region": self.region}


@dataclass
class Reply:
    """An answer on its way out."""

    status: int
    headers: dict
    body: bytes


def canonical(service: str) -> str:
    """botocore's name of a service, from that, its signing name or its IAM prefix."""
    return SIGNED_AS.get(service, service)


@cache
def service_model(service: str) -> ServiceModel | None:
    try:
        return get_service_model(service)
    except UnknownServiceError:
        return None


def operation_model(service: str, operation: str) -> OperationModel | None:
    model = service_model(service)
    return model.operation_model(operation) if model and operation in model.operation_names else None


def understand(environ: dict, body: bytes) -> Call:
    """Who asks what, from the signature, the path, the target header or the action."""
    call = Call()
    path = environ.get("PATH_INFO", "")
    signed = CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
    if signed:
        call.access_key, call.region, service = signed.groups()
        call.service = canonical(service)
    content_type = environ.get("CONTENT_TYPE", "")
    # Some name their whole package.
    prefix, dot, target = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")
    form = {}
    if content_type.startswith("application/x-www-form-urlencoded"):
        form = parse_qs(body.decode("utf-8", "replace"))
    if found := CBOR_PATH.match(path):
        call.service = TARGETS.get(found[1], call.service)
        call.operation, call.protocol = found[2], CBOR
    elif dot:
        call.service = TARGETS.get(prefix, call.service)
        call.operation = target
    elif "Action" in form:
        call.service = VERSIONS.get(form.get("Version", [""])[0], call.service)
        call.operation = form["Action"][0]
    model = service_model(call.service) if call.service else None
    if model is None:
        return call
    request = Request({**environ, "wsgi.input": io.BytesIO(body)})
    uri = {}
    try:
        if not call.protocol:
            call.protocol = determine_request_protocol(model, request.content_type)
        if not call.operation:
            call.operation = get_service_router(call.service).match(request)[0].name
        if call.protocol.startswith("rest"):
            uri = get_service_router(call.service).match(request)[1]
    except (NotFound, NotImplementedError):
        pass
    call.model = operation_model(call.service, call.operation)
    if call.model is not None:
        call.input = _input(call, request, uri, body)
    return call


def _input(call: Call, request: Request, uri: dict, body: bytes) -> dict:
    """The parameters by their modelled names, with times as text: they go into JSON."""
    try:
        if call.protocol == CBOR:
            return plain(cbor2.loads(body)) if body else {}
        parser = PROTOCOL_PARSERS[call.protocol](call.model)
        parsed = parser.parse(
            {
                "method": request.method,
                "values": request.values,
                "headers": request.headers,
                "body": body,
                "url_path": request.path,
                "url_params": uri,
            }
        )
        return plain(parsed or {})
    except Exception as error:  # noqa: BLE001: a request that cannot be read is told to the test, not to the client
        return {"unreadable": repr(error)}


def plain(value):
    """As JSON can say it."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
        return aware.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
    if isinstance(value, cbor2.CBORTag):
        return plain(value.value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


def reply(call: Call, result) -> Reply:
    """A result (model-shaped) or a [`Fault`] in the protocol the call came in."""
    status = result.status if isinstance(result, Fault) else None
    if call.protocol == CBOR:
        return _cbor_reply(call, result, status)
    model = call.model or OperationModel({}, service_model(call.service or "sts"), call.operation)
    serializer = get_serializer_class(call.service, call.protocol or model.service_model.protocol)
    made = serializer(model, context=SerializationContext("00000000-0000-4000-8000-000000000000")).serialize(result)
    body = made["body"]
    headers = {**made["headers"], "Content-Type": content_type(call.protocol, model.service_model)}
    return Reply(status or made["status_code"], headers, body.encode() if isinstance(body, str) else body)


def content_type(protocol: str, model: ServiceModel) -> str:
    match protocol:
        case "smithy-rpc-v2-cbor":
            return "application/cbor"
        case "json":
            return f"application/x-amz-json-{model.metadata.get('jsonVersion', '1.0')}"
        case "rest-json":
            return "application/json"
        case _:
            return "text/xml"


def _cbor_reply(call: Call, result, status: int | None) -> Reply:
    headers = {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
    if isinstance(result, Fault):
        shape = get_error_model(result, service_model(call.service))
        modelled = shape.metadata.get("error", {}).get("httpStatusCode", 400)
        # Clients of services that once spoke Query take the code from here.
        headers["x-amzn-query-error"] = f"{shape.error_code};{'Sender' if shape.is_sender_fault else 'Receiver'}"
        body = {"__type": f"com.amazonaws.{call.service}#{shape.name}", "message": result.message}
        return Reply(status or modelled, headers, cbor2.dumps(body))
    shape = call.model.output_shape
    return Reply(200, headers, cbor2.dumps(typed(result, shape) if shape else {}))


def typed(value, shape):
    """A JSON value as CBOR has it: times as tag 1, doubles as floats, blobs as bytes."""
    match shape.type_name:
        case "structure":
            return {
                name: typed(value[name], member)
                for name, member in shape.members.items()
                if value.get(name) is not None
            }
        case "list":
            return [typed(item, shape.member) for item in value]
        case "map":
            return {key: typed(item, shape.value) for key, item in value.items()}
        case "timestamp":
            return cbor2.CBORTag(1, parse_to_aware_datetime(value).timestamp())
        case "float" | "double":
            return float(value)
        case "integer" | "long":
            return int(value)
        case "blob":
            return value if isinstance(value, bytes) else base64.b64decode(value)
        case _:
            return value


def misnamed(value, shape, path: str = "") -> list[str]:
    """What in a scripted body the model does not know, so that a typing error is no silent gap."""
    match shape.type_name:
        case "structure" if not isinstance(value, dict):
            return [f"{path or shape.name}: not an object"]
        case "structure":
            unknown = [f"{path}.{key}".lstrip(".") for key in value if key not in shape.members]
            known = [(key, item, shape.members[key]) for key, item in value.items() if key in shape.members]
            return unknown + [
                wrong for key, item, member in known if item is not None
                for wrong in misnamed(item, member, f"{path}.{key}".lstrip("."))
            ]
        case "list" if not isinstance(value, list):
            return [f"{path}: not a list"]
        case "list":
            return [wrong for item in value for wrong in misnamed(item, shape.member, path)]
        case "map" if not isinstance(value, dict):
            return [f"{path}: not a map"]
        case "map":
            return [wrong for item in value.values() for wrong in misnamed(item, shape.value, path)]
        case _:
            return []


def mended(value, shape):
    """moto sends `{}` for some empty lists; clients in Rust refuse the whole answer."""
    if shape is None or value is None:
        return value
    match shape.type_name:
        case "list":
            return [mended(item, shape.member) for item in value] if isinstance(value, list) else []
        case "structure" if isinstance(value, dict):
            names = {member.serialization.get("name", name): member for name, member in shape.members.items()}
            return {key: mended(item, names.get(key)) for key, item in value.items()}
        case "map" if isinstance(value, dict):
            return {key: mended(item, shape.value) for key, item in value.items()}
        case _:
            return value
