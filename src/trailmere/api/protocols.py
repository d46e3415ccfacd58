"""The wire: which operation a request asks for, its members out of the bytes, and answers as bytes.

One class for each of AWS's protocols, chosen by how the request is addressed: AWS JSON 1.1 by ``X-Amz-Target``,
restJson1 by the path, Query by a form. Source: Smithy, "AWS protocols".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from trailmere.api import values
from trailmere.api.errors import Fault
from trailmere.api.forms import FormProtocol
from trailmere.api.model import CLOUDTRAIL, CLOUDTRAIL_DATA, STS, operations
from trailmere.api.request import Reply

if TYPE_CHECKING:
    from typing import Protocol as Interface

    from trailmere.api.model import Operation
    from trailmere.api.request import Request

    class Protocol(Interface):
        """What every protocol does."""

        def read(self, operation: Operation, request: Request) -> dict[str, Any]:
            """The members of the input, types as the model wants them. Raises Fault."""

        def answer(self, operation: Operation, members: Mapping[str, Any], request_id: str) -> Reply:
            """The answer with these members of the output."""

        def fault(self, fault: Fault, request_id: str) -> Reply:
            """The answer to a call that failed."""


JSON_TYPES = ("application/x-amz-json-1.1", "application/x-amz-json-1.0", "application/json")
FORM_TYPE = "application/x-www-form-urlencoded"


class AwsJson:
    """AWS JSON 1.1: all members in the body, the operation in a header."""

    media_type = "application/x-amz-json-1.1"

    def read(self, operation: Operation, request: Request) -> dict[str, Any]:
        """The members of the body; an empty body is an empty object."""
        return _read_body(operation, request)

    def answer(self, operation: Operation, members: Mapping[str, Any], request_id: str) -> Reply:
        """Status 200 with the members, or an empty object."""
        body = values.write(operation.output, members) if operation.output else {}
        return Reply(200, self._headers(request_id), _json(body))

    def fault(self, fault: Fault, request_id: str) -> Reply:
        """The code as ``__type`` and as a header."""
        headers = self._headers(request_id) | {"x-amzn-errortype": fault.code}
        return Reply(self._status(fault), headers, _json({"__type": fault.code, "message": fault.message}), fault.code)

    def _headers(self, request_id: str) -> dict[str, str]:
        return {"content-type": self.media_type, "x-amzn-requestid": request_id}

    def _status(self, fault: Fault) -> int:
        return fault.status


class RestJson(AwsJson):
    """restJson1: the operation is the path; members lie in the query string or the body."""

    media_type = "application/json"

    def read(self, operation: Operation, request: Request) -> dict[str, Any]:
        """The members of the query string and of the body."""
        assert operation.input is not None
        given = dict(parse_qsl(request.query, keep_blank_values=True, max_num_fields=50))
        members = _read_body(operation, request)
        for name, shape in operation.input.members.items():
            if shape.serialization.get("location") == "querystring":
                members.pop(name, None)
                if (text := given.get(shape.serialization["name"])) is not None:
                    members[name] = values.read(shape, text, name)
        return members

    def _status(self, fault: Fault) -> int:
        return 403 if fault.code in _NOT_ADMITTED else fault.status


_NOT_ADMITTED = (
    "AccessDeniedException",
    "ExpiredTokenException",
    "IncompleteSignatureException",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "UnrecognizedClientException",
)


def _read_body(operation: Operation, request: Request) -> dict[str, Any]:
    if request.media_type not in JSON_TYPES:
        came = f"got {request.media_type[:80]!r}" if request.media_type else "got none"
        raise Fault("UnsupportedMediaTypeException", f"expected content type {JSON_TYPES[0]}, {came}")
    document = values.parse(request.body) if request.body else {}
    if operation.input is None:
        return {}
    members: dict[str, Any] = values.read(operation.input, document)
    return members


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request is addressed to: a service, and an operation of it unless there is none so called."""

    service: str
    protocol: Protocol
    operation: Operation | None


_JSON, _REST_JSON, _QUERY = AwsJson(), RestJson(), FormProtocol()


def route(request: Request) -> Target:
    """Whom a request is meant for. What looks like nothing that we know is taken for AWS JSON without an operation."""
    if request.method == "POST":
        if name := request.header("x-amz-target").rpartition(".")[2]:
            return Target(CLOUDTRAIL, _JSON, operations(CLOUDTRAIL).get(name) if request.path == "/" else None)
        for operation in operations(CLOUDTRAIL_DATA).values():
            if request.path == operation.path:
                return Target(CLOUDTRAIL_DATA, _REST_JSON, operation)
        if request.media_type == FORM_TYPE and request.path == "/":
            return Target(STS, _QUERY, operations(STS).get(_QUERY.action(request)))
    return Target(CLOUDTRAIL, _JSON, None)
