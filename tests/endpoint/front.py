"""What stands before moto: it notes every call, plays the test's scripts, and speaks what moto does not."""

import gzip
import io
import json
import socket
import struct
import sys
import threading
import time
import traceback
from datetime import datetime, timezone
from urllib.parse import parse_qs

import cbor2
from moto.iam.models import get_account_id_from
from werkzeug.wrappers import Response

import fuzz
import metrics
import script
import wire
from alarms import Alarms
from wire import CBOR, Call, Fault, Reply


class Front:
    def __init__(self, emulator):
        self.emulator = emulator
        self.scripts = script.Scripts()
        self.fuzz = fuzz.Fuzz()
        # Answered here and not by moto.
        self.ours = {("cloudwatch", "GetMetricData"): metrics.get_metric_data, **Alarms().operations()}
        self.lock = threading.Lock()
        self.calls: list[dict] = []
        # What one test process leaves for the next.
        self.kept: dict = {}

    def __call__(self, environ, start_response):
        path = environ.get("PATH_INFO", "")
        if path.startswith("/moto-api"):
            return self.emulator(environ, start_response)
        body = _body(environ)
        if path.startswith("/opscon-test/"):
            reply, cut = self._told(environ, path.removeprefix("/opscon-test/"), body), None
        else:
            reply, cut = self._served(environ, body)
        length = str(len(reply.body))
        start_response(f"{reply.status} .", [*reply.headers.items(), ("Content-Length", length)])
        return [reply.body[:cut]]

    def _told(self, environ, what: str, body: bytes) -> Reply:
        """What the tests say to us."""
        wanted = json.loads(body) if body else {}
        try:
            match environ["REQUEST_METHOD"], what:
                case "POST", "script":
                    self.scripts.add(wanted)
                    return _json(200, {})
                case "POST", "forget":
                    self.scripts.forget(wanted["access_key"], wanted["operation"])
                    return _json(200, {})
                case "POST", "fuzz":
                    with self.lock:
                        self.fuzz.start(wanted)
                    return _json(200, {})
                case "GET", "calls":
                    asked = parse_qs(environ.get("QUERY_STRING", ""))
                    with self.lock:
                        return _json(200, [one for one in self.calls if all(one[key] in asked[key] for key in asked)])
                case "POST", "keep":
                    with self.lock:
                        self.kept.update(wanted)
                    return _json(200, {})
                case "GET", "kept":
                    with self.lock:
                        return _json(200, self.kept)
        except (KeyError, TypeError, ValueError) as error:
            return _json(400, {"error": f"{type(error).__name__}: {error}"})
        return _json(404, {"error": f"no such thing: {what}"})

    def _served(self, environ, body: bytes) -> tuple[Reply, int | None]:
        call = wire.understand(environ, body)
        account = get_account_id_from(call.access_key)
        now = datetime.now(timezone.utc)
        note = {
            **call.scope(),
            "account": account,
            "access_key": call.access_key,
            "at": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "input": call.input,
            "scripted": False,
            "status": None,
        }
        with self.lock:
            self.calls.append(note)
            fuzzed = self.fuzz.answer(call)
        if fuzzed:
            note["fuzz"], reply = fuzzed
            # Long, and known to whoever knows the seed.
            note["input"] = {}
            if reply is None:
                _hang_up(environ)
                reply = Reply(200, {}, b"")
            note["status"] = reply.status
            return reply, None
        found = self.scripts.next(call, account)
        reply, cut = None, None
        try:
            if found:
                note["scripted"] = True
                kind, step = found
                time.sleep(step.get("delay", 0))
                if step.get("drop"):
                    _hang_up(environ)
                    return Reply(200, {}, b""), None
                cut = step.get("break")
                reply = script.written(kind, step, call)
            reply = reply or self._emulated(call, environ, body)
            if found and "cut" in found[1]:
                reply = Reply(reply.status, reply.headers, reply.body[: found[1]["cut"]])
        except Fault as fault:
            reply = wire.reply(call, fault)
        note["status"] = reply.status
        return reply, cut

    def _emulated(self, call: Call, environ, body: bytes) -> Reply:
        if ours := self.ours.get((call.service, call.operation)):
            return wire.reply(call, ours(call))
        if wire.service_model(call.service) is None:
            return _json(501, {"__type": "NotImplemented", "message": f"nobody here knows the service {call.service!r}"})
        missing = Fault("NotImplemented", f"the test endpoint cannot do {call.service}:{call.operation}", 501)
        if call.protocol == CBOR and call.model is None:
            raise missing
        environ = _as_json(call, environ, body) if call.protocol == CBOR else {**environ, "wsgi.input": io.BytesIO(body)}
        try:
            answer = Response.from_app(self.emulator, environ, buffered=True)
        except (NotImplementedError, ImportError) as error:
            # Some of moto's services need packages that are not installed for what little they do.
            raise missing from error
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            raise Fault("InternalFailure", f"the test endpoint failed: {error!r}", 500) from error
        reply = Reply(answer.status_code, dict(answer.headers), answer.get_data())
        reply.headers.pop("Content-Length", None)
        # For what it lacks, moto has a page for people. Clients would take it for a passing fault and try again.
        if reply.status >= 404 and answer.mimetype == "text/html":
            raise missing
        return self._mended(call, reply)

    def _mended(self, call: Call, reply: Reply) -> Reply:
        if call.protocol == CBOR:
            return _as_cbor(call, reply)
        if call.protocol in ("json", "rest-json") and reply.status < 300 and b"{}" in reply.body and call.model:
            body = wire.mended(json.loads(reply.body), call.model.output_shape)
            reply.body = json.dumps(body).encode()
        return reply


def _body(environ) -> bytes:
    if environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
        body = environ["wsgi.input"].read()
    else:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    if environ.get("HTTP_CONTENT_ENCODING", "").lower() == "gzip":
        body = gzip.decompress(body)
        del environ["HTTP_CONTENT_ENCODING"]
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ["CONTENT_LENGTH"] = str(len(body))
    return body


def _as_json(call: Call, environ, body: bytes) -> dict:
    """The same request in the protocol that moto knows."""
    sent = json.dumps(_numbers(cbor2.loads(body)) if body else {}).encode()
    kept = {key: value for key, value in environ.items() if key != "HTTP_SMITHY_PROTOCOL"}
    prefix = call.model.service_model.metadata["targetPrefix"]
    return {
        **kept,
        "PATH_INFO": "/",
        "RAW_URI": "/",
        "REQUEST_URI": "/",
        "CONTENT_TYPE": "application/x-amz-json-1.0",
        "HTTP_X_AMZ_TARGET": f"{prefix}.{call.operation}",
        "CONTENT_LENGTH": str(len(sent)),
        "wsgi.input": io.BytesIO(sent),
    }


def _numbers(value):
    """Times as JSON's protocols have them: seconds since the epoch."""
    if isinstance(value, dict):
        return {key: _numbers(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    if isinstance(value, datetime):
        return value.timestamp()
    return wire.plain(value)


def _as_cbor(call: Call, answer: Reply) -> Reply:
    body = json.loads(answer.body) if answer.body else {}
    if answer.status < 300:
        return wire.reply(call, _paged(call, body))
    code = answer.headers.get("x-amzn-query-error", body.get("__type", "InternalFailure")).split(";")[0].split("#")[-1]
    return wire.reply(call, Fault(code, body.get("message") or body.get("Message") or "", answer.status))


def _paged(call: Call, whole: dict) -> dict:
    """moto answers everything at once, whatever was asked."""
    limit = call.input.get("MaxRecords")
    return script.page(call, whole, int(limit)) if limit and "NextToken" not in whole else whole


def _hang_up(environ) -> None:
    """Ends the connection without a word."""
    connection = environ["werkzeug.socket"]
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.shutdown(socket.SHUT_RDWR)


def _json(status: int, value) -> Reply:
    return Reply(status, {"Content-Type": "application/json"}, json.dumps(value).encode())
