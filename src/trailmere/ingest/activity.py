"""Events from outside of AWS: checked one by one, wrapped as CloudTrail wraps them, durable when the call returns.

Source: CloudTrail user guide, "CloudTrail Lake integrations event schema" (fields and their lengths); API reference,
PutAuditEvents (limits, error codes). Which channel, and who may use it, is the caller's business.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from trailmere.errors import DuplicatedAuditEventId
from trailmere.sources.delivery import Delivery

if TYPE_CHECKING:
    from trailmere.ingest.push import Pusher
    from trailmere.registry.channels import Channel
    from trailmere.registry.records import EventDataStore

KIB = 1 << 10
MOST_DEPTH = 100  # of eventData; what a store would make a dead letter of is refused before
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z?")
_NAMES = uuid.UUID("8d5f4bb6-0a0f-5d0c-9d5b-2c7f3d1d6a11")  # of the ids made here


@dataclass(frozen=True, slots=True)
class Presented:
    """An event as it was presented. ``checksum``: base64 of the SHA-256 of ``data``."""

    id: str
    data: str
    checksum: str | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """It is durable, under this event id."""

    id: str
    event_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """It is not taken in. ``code`` is one of PutAuditEvents' (``InvalidData`` ...); ``event_id`` is what it would have
    been."""

    id: str
    event_id: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class _Field:
    """A field of eventData. ``length`` is the greatest: in characters; of an object, in bytes of JSON."""

    path: str
    required: bool
    length: int
    kind: type = str


FIELDS = (
    _Field("version", True, 256),
    _Field("userIdentity", True, 100 * KIB, dict),
    _Field("userIdentity.type", True, 128),
    _Field("userIdentity.principalId", True, 1024),
    _Field("userIdentity.details", False, 100 * KIB, dict),
    _Field("userAgent", False, 1024),
    _Field("eventSource", True, 1024),
    _Field("eventName", True, 1024),
    _Field("eventTime", True, 64),
    _Field("UID", True, 1024),
    _Field("requestParameters", False, 100 * KIB, dict),
    _Field("responseElements", False, 100 * KIB, dict),
    _Field("errorCode", False, 256),
    _Field("errorMessage", False, 256),
    _Field("sourceIPAddress", False, 1024),
    _Field("recipientAccountId", True, 16),
    _Field("additionalEventData", False, 28 * KIB, dict),
)


class _NotAccepted(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def take_audit_events(
    pusher: Pusher, channel: Channel, stores: Sequence[EventDataStore], events: Sequence[Presented], now: datetime
) -> tuple[list[Accepted], list[Refused]]:
    """Take the events of one call into every store of its channel; those accepted are durable when this returns.

    A call that is repeated, because its answer was lost, is taken in once and answered alike. Raises
    DuplicatedAuditEventId, and the errors of ``Pusher.put``: then the caller may repeat the call.
    """
    ids = [event.id for event in events]
    if twice := next((id for id in ids if ids.count(id) > 1), None):
        raise DuplicatedAuditEventId(f"two events of the request have the id {twice}")
    accepted: list[Accepted] = []
    refused: list[Refused] = []
    records: list[bytes] = []
    for event in events:
        event_id = _event_id(channel, event)
        try:
            data = check(event, channel.account_id)
        except _NotAccepted as error:
            refused.append(Refused(event.id, event_id, error.code, str(error)))
            continue
        accepted.append(Accepted(event.id, event_id))
        records.append(wrap(data, event.data, channel, event_id, now))
    if records:
        content = b"\n".join(records) + b"\n"
        place = f"{channel.arn}/{_digest(events)}"
        for store in stores:
            pusher.put(store, [Delivery(f"channel:{place}", size=len(content), content=content)], once=True)
    return accepted, refused


def check(event: Presented, account_id: str) -> Mapping[str, Any]:
    """The members of an event's eventData."""
    data = _parse(event.data)
    digest = base64.b64encode(hashlib.sha256(event.data.encode()).digest()).decode()
    if event.checksum not in (None, digest):
        raise _NotAccepted("InvalidChecksum", f"eventDataChecksum is {event.checksum}, of eventData it is {digest}")
    for field in FIELDS:
        _check_field(field, data)
    if not _is_time(data["eventTime"]):
        raise _NotAccepted("InvalidData", f"eventTime is not of the form yyyy-MM-DDTHH:mm:ss: {data['eventTime']}")
    if data["recipientAccountId"] != account_id:
        raise _NotAccepted("InvalidRecipient", f"recipientAccountId is not the account of the channel, {account_id}")
    return data


def wrap(data: Mapping[str, Any], text: str, channel: Channel, event_id: str, now: datetime) -> bytes:
    """The record that is stored: what CloudTrail adds, around the event exactly as it was presented."""
    head = {
        "eventVersion": "1.0",
        "eventCategory": "ActivityAuditLog",
        "eventType": "ActivityLog",
        "eventID": event_id,
        "eventTime": _with_zone(data["eventTime"]),
        "awsRegion": channel.region,
        "recipientAccountId": channel.account_id,
        "metadata": {"ingestionTime": f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", "channelARN": channel.arn},
    }
    opened = json.dumps(head, ensure_ascii=False, separators=(",", ":"))[:-1]
    return f'{opened},"eventData":{_on_one_line(text)}}}'.encode()


def _parse(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text, object_pairs_hook=_without_repeats, parse_constant=_no_number)
        json.dumps(data, ensure_ascii=False).encode()  # no store can hold half of a surrogate pair
    except (ValueError, RecursionError) as error:
        raise _NotAccepted("InvalidData", f"eventData is not a JSON object: {error}"[:1024]) from None
    if not isinstance(data, dict):
        raise _NotAccepted("InvalidData", "eventData is not a JSON object")
    if _depth(text) > MOST_DEPTH:
        raise _NotAccepted("InvalidData", f"eventData is nested deeper than {MOST_DEPTH}")
    return data


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member is there twice")
    return found


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")


def _depth(text: str) -> int:
    """How deep objects and lists are nested, strings left out."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", text)
    deepest = depth = 0
    for char in bare:
        depth += (char in "{[") - (char in "}]")
        deepest = max(deepest, depth)
    return deepest


def _check_field(field: _Field, data: Mapping[str, Any]) -> None:
    value: Any = data
    for name in field.path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if value is None or (field.required and value == ""):
        if field.required:
            raise _NotAccepted("FieldNotFound", f"{field.path} is required")
        return
    if not isinstance(value, field.kind):
        expected = "an object" if field.kind is dict else "a string"
        raise _NotAccepted("InvalidData", f"{field.path} must be {expected}")
    length = len(value) if isinstance(value, str) else len(json.dumps(value, ensure_ascii=False).encode())
    if length > field.length:
        raise _NotAccepted("FieldTooLong", f"{field.path} may have {field.length:,}, it has {length:,}")


def _is_time(text: str) -> bool:
    if not _TIME.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text[:19])
    except ValueError:
        return False
    return True


def _with_zone(text: str) -> str:
    return text if text.endswith("Z") else f"{text}Z"


def _on_one_line(text: str) -> str:
    """JSON without the line breaks between its tokens; inside of strings it has none."""
    return text.replace("\r", " ").replace("\n", " ").strip()


def _event_id(channel: Channel, event: Presented) -> str:
    data = hashlib.sha256(event.data.encode(errors="surrogatepass")).hexdigest()
    return str(uuid.uuid5(_NAMES, f"{channel.arn}\n{event.id}\n{data}"))


def _digest(events: Sequence[Presented]) -> str:
    told = json.dumps([(event.id, event.data) for event in events])
    return hashlib.sha256(told.encode()).hexdigest()
