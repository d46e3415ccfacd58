"""Every call as the event that CloudTrail would write of it, so that who asked what can be asked.

Only bytes are made here; the sink (``App.audit``) has them on disk before the answer goes out. Secrets are left out,
and so are the events that a call puts into a store. Source: CloudTrail user guide, "CloudTrail record contents" and
"userIdentity element".
"""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from trailmere.access.records import Kind
from trailmere.api.errors import Fault
from trailmere.api.model import STS, lower_camel

if TYPE_CHECKING:
    from trailmere.access.records import Identity
    from trailmere.api.call import Call

EVENT_VERSION = "1.11"
MOST_CHARACTERS = 10_000  # of a value; no statement or policy is longer
MOST_BYTES = 100 << 10  # of the parameters of a call, or of its answer; more is left out, as CloudTrail does
LEFT_OUT = frozenset({"auditEvents", "SecretAccessKey", "SessionToken", "TokenCode"})
RESOURCE_TYPES = {
    "channel": "AWS::CloudTrail::Channel",
    "dashboard": "AWS::CloudTrail::Dashboard",
    "eventdatastore": "AWS::CloudTrail::EventDataStore",
    "role": "AWS::IAM::Role",
    "trail": "AWS::CloudTrail::Trail",
}

_ARN = re.compile(r"arn:[^:]*:[^:]*:[^:]*:(\d*):(\w+)/.*")

Outcome = Mapping[str, Any] | Fault


class Journal:
    """Writes calls down. ``sink`` takes one event, a line of JSON, and returns when it cannot be lost any more."""

    def __init__(self, sink: Callable[[bytes], object]) -> None:
        self._sink = sink

    def record(self, call: Call, outcome: Outcome) -> None:
        """Note a call and its output members, or the fault that it ended with. Raises OSError: it cannot be noted."""
        self.write(json.dumps(event_of(call, outcome), ensure_ascii=False, separators=(",", ":")).encode())

    def write(self, event: bytes) -> None:
        """Note an event that another door has made. Raises OSError."""
        self._sink(event)


def event_of(call: Call, outcome: Outcome) -> dict[str, Any]:
    """The event of a call."""
    failed = isinstance(outcome, Fault)
    operation = call.operation
    return {
        "eventVersion": EVENT_VERSION,
        "userIdentity": user_identity(call.identity),
        "eventTime": _time(call.when),
        "eventSource": f"{'sts' if operation.service == STS else 'cloudtrail'}.amazonaws.com",
        "eventName": operation.name,
        "awsRegion": call.region,
        "sourceIPAddress": call.source_address,
        "userAgent": call.user_agent,
        **({"errorCode": outcome.code, "errorMessage": outcome.message} if isinstance(outcome, Fault) else {}),
        "requestParameters": _within_bounds(call.input),
        "responseElements": None if failed or operation.is_reading else _within_bounds(outcome),
        "requestID": call.request_id,
        "eventID": str(uuid.uuid4()),
        "readOnly": operation.is_reading,
        **({"resources": resources} if (resources := list(filter(None, map(_resource, call.resources)))) else {}),
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": call.account_id,
        "eventCategory": "Management",
    }


def user_identity(identity: Identity) -> dict[str, Any]:
    """The ``userIdentity`` element of whoever asks."""
    if identity.kind is Kind.SERVICE:
        return {"type": identity.kind, "invokedBy": identity.name}
    element = {
        "type": identity.kind,
        "principalId": identity.principal_id,
        "arn": identity.arn,
        "accountId": identity.account_id,
        "accessKeyId": identity.access_key_id,
    }
    if identity.kind is Kind.USER:
        element["userName"] = identity.name
    return element | ({"sessionContext": _session(identity)} if identity.issued is not None else {})


def _session(identity: Identity) -> dict[str, Any]:
    assert identity.issued is not None
    attributes = {"creationDate": _time(identity.issued), "mfaAuthenticated": "true" if identity.mfa else "false"}
    if identity.role_arn is None:
        return {"attributes": attributes}
    issuer = {
        "type": "Role",
        "principalId": identity.principal_id.partition(":")[0],
        "arn": identity.role_arn,
        "accountId": identity.account_id,
        "userName": identity.role_arn.rpartition("/")[2],
    }
    return {"sessionIssuer": issuer, "attributes": attributes}


def _resource(arn: str) -> dict[str, str] | None:
    found = _ARN.fullmatch(arn)
    kind = RESOURCE_TYPES.get(found[2]) if found else None
    is_one = kind is not None and not arn.endswith("*")
    return {"accountId": found[1], "type": kind, "ARN": arn} if found and kind and is_one else None


def _within_bounds(members: Any) -> Any:
    """Members as CloudTrail writes them; nothing where there are none, or more than it takes."""
    found = _members(members)
    return found if found and len(json.dumps(found)) <= MOST_BYTES else None


def _members(value: Any) -> Any:
    """Members of a call as CloudTrail writes them: names begin with a small letter, long values are cut."""
    if isinstance(value, Mapping):
        return {
            lower_camel(name): _members(one) for name, one in value.items() if name not in LEFT_OUT and one is not None
        }
    if isinstance(value, list | tuple):
        return [_members(one) for one in value]
    if isinstance(value, datetime):
        return _time(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, str) and len(value) > MOST_CHARACTERS:
        return f"{value[:MOST_CHARACTERS]}..."
    return value


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
