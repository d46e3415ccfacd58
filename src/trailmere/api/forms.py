"""The Query protocol of AWS: a form comes in, XML goes out. As much of it as ``sts`` needs.

Source: Smithy, "AWS Query protocol"; AWS STS API reference, "Common errors".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from trailmere.api import values
from trailmere.api.errors import Fault
from trailmere.api.model import STS, model
from trailmere.api.request import Reply

if TYPE_CHECKING:
    from botocore.model import Shape

    from trailmere.api.model import Operation
    from trailmere.api.request import Request

MOST_FIELDS = 200

# codes of JSON services -> what services of this protocol call them
_CODES = {
    "AccessDeniedException": "AccessDenied",
    "ExpiredTokenException": "ExpiredToken",
    "IncompleteSignatureException": "IncompleteSignature",
    "InvalidSignatureException": "SignatureDoesNotMatch",
    "MalformedPolicyDocumentException": "MalformedPolicyDocument",
    "MissingAuthenticationTokenException": "MissingAuthenticationToken",
    "SerializationException": "MalformedInput",
    "ThrottlingException": "Throttling",
    "UnknownOperationException": "InvalidAction",
    "UnrecognizedClientException": "InvalidClientTokenId",
    "ValidationException": "ValidationError",
}
_FORBIDDEN = (
    "AccessDenied",
    "ExpiredToken",
    "InvalidClientTokenId",
    "MissingAuthenticationToken",
    "SignatureDoesNotMatch",
)


class FormProtocol:
    """Reads forms, writes XML."""

    def action(self, request: Request) -> str:
        """The name of the operation that a form asks for, or nothing."""
        try:
            return _fields(request).get("Action", "")
        except Fault:
            return ""

    def read(self, operation: Operation, request: Request) -> dict[str, Any]:
        """The members of the form."""
        fields = _fields(request)
        if operation.input is None:
            return {}
        return _structure(operation.input, fields, "")

    def answer(self, operation: Operation, members: Mapping[str, Any], request_id: str) -> Reply:
        """Status 200 with the members inside the result's wrapping."""
        result = ""
        if operation.output is not None:
            wrapper = operation.output.serialization.get("resultWrapper", f"{operation.name}Result")
            result = f"<{wrapper}>{_xml(operation.output, members)}</{wrapper}>"
        metadata = f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"
        return self._reply(200, f"{operation.name}Response", f"{result}{metadata}", request_id)

    def fault(self, fault: Fault, request_id: str) -> Reply:
        """The code in this protocol's words."""
        code = _CODES.get(fault.code, fault.code)
        sender = "Receiver" if fault.status >= 500 else "Sender"
        error = f"<Type>{sender}</Type><Code>{escape(code)}</Code><Message>{escape(fault.message)}</Message>"
        content = f"<Error>{error}</Error><RequestId>{request_id}</RequestId>"
        status = 403 if code in _FORBIDDEN else 400 if fault.status == 404 else fault.status
        return self._reply(status, "ErrorResponse", content, request_id, code)

    def _reply(self, status: int, root: str, content: str, request_id: str, code: str | None = None) -> Reply:
        namespace = model(STS).metadata["xmlNamespace"]
        headers = {"content-type": "text/xml", "x-amzn-requestid": request_id}
        return Reply(status, headers, f'<{root} xmlns="{namespace}">{content}</{root}>\n'.encode(), code)


def _fields(request: Request) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            request.body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"
        )
    except ValueError as error:
        raise values.not_as_expected(f"expected a form of at most {MOST_FIELDS} fields in UTF-8: {error}") from None
    if len(dict(pairs)) != len(pairs):
        raise values.not_as_expected("expected each field of the form once")
    return dict(pairs)


def _structure(shape: Shape, fields: Mapping[str, str], prefix: str) -> dict[str, Any]:
    members = {}
    for name, member in shape.members.items():
        value = _value(member, fields, f"{prefix}{name}")
        if value is not None:
            members[name] = value
    return members


def _value(shape: Shape, fields: Mapping[str, str], name: str) -> Any:
    """What the form says of one member, None where it says nothing. Elements of lists are ``NAME.member.1``."""
    if shape.type_name == "structure":
        return _structure(shape, fields, f"{name}.") or None
    if shape.type_name == "list":
        found: list[Any] = []
        while (element := _value(shape.member, fields, f"{name}.member.{len(found) + 1}")) is not None:
            found.append(element)
        return found or None
    text = fields.get(name)
    return None if text is None else values.read(shape, _scalar(shape, text), name)


def _scalar(shape: Shape, text: str) -> Any:
    if shape.type_name in ("integer", "long") and text.isascii() and text.lstrip("-").isdigit() and len(text) < 20:
        return int(text)
    return {"true": True, "false": False}.get(text, text) if shape.type_name == "boolean" else text


def _xml(shape: Shape, value: Any) -> str:
    if shape.type_name == "structure":
        return "".join(
            f"<{name}>{_xml(shape.members[name], given)}</{name}>" for name, given in value.items() if given is not None
        )
    if shape.type_name == "list":
        return "".join(f"<member>{_xml(shape.member, one)}</member>" for one in value)
    if shape.type_name == "timestamp":
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return escape(str(value))
