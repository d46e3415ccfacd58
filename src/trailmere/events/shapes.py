"""What a JSON value is: a CloudTrail record, something that wraps records, a known neighbour, or none of these.

A record is told by its members, not by its place. A wrapper is any object that is no record itself and holds records a
few levels down, as objects or as strings that hold JSON text: ``Records`` files, LookupEvents responses, EventBridge
envelopes, CloudWatch Logs batches, SNS and SQS messages, a ``record`` or ``raw`` member of some tool. Every element of
a list that holds a record is accounted for: what is none is returned as a defect.

Sources: CloudTrail user guide, "CloudTrail record contents", "Digest file structure", "record contents for Insights
events", "... for aggregated events"; S3 user guide, "Event message structure"; Config developer guide, "Example
components of ... notifications"; VPC user guide, "Flow log records".
"""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec

from trailmere.events import scan

LEVELS = 4  # SQS message > SNS message > EventBridge envelope > record

_DIGEST_KEYS = frozenset({"digestS3Object", "digestStartTime", "digestEndTime"})
_CONFIG_FILE_KEYS = frozenset({"fileVersion", "configSnapshotId"})
_CONFIG_MESSAGE_KEYS = frozenset({"configSnapshotId", "configurationItem", "configurationItemDiff", "s3ObjectKey"})
_TIME_KEYS = frozenset({"eventTime", "eventVersion", "timeWindow"})
_KIND_KEYS = frozenset({"eventType", "eventCategory", "eventID"})
_RECORD_LISTS = frozenset({"Records"})
_JSON_START = re.compile(r"[ \t\r\n]*[\[{]")
_FLOW_LOG_HEADER = re.compile(
    rb"(?:[a-z0-9]+(?:-[a-z0-9]+)* )*(?:version|account-id|interface-id|srcaddr)(?: |\r?$)", re.M
)
_FLOW_LOG_LINE = re.compile(rb"\d{1,2} (?:\d{12}|unknown|-) \S+ .*(?:OK|NODATA|SKIPDATA)", re.M)


class Piece(NamedTuple):
    """A record or, with a ``reason``, a defect found inside a value."""

    offset: int
    text: bytes
    reason: str | None = None
    message: str = ""


class Shape(NamedTuple):
    """What a value turned out to be.

    ``kind``: ``record``, ``records``, ``lookup-events``, ``eventbridge``, ``wrapped``, ``array``, the name of a
    neighbour (then ``neighbour`` is true and ``pieces`` empty) or ``unknown``.
    """

    kind: str
    pieces: list[Piece]
    neighbour: bool = False

    @property
    def holds_records(self) -> bool:
        """Whether at least one piece is a record."""
        return any(piece.reason is None for piece in self.pieces)


_UNKNOWN = Shape("unknown", [])


class _Probe(msgspec.Struct, rename="camel"):
    """The members that nearly every record has, and nothing else has in common."""

    event_name: str
    event_source: str


_probe = msgspec.json.Decoder(_Probe).decode


def shape_of(text: bytes, offset: int = 0, *, levels: int = LEVELS) -> Shape:
    """What this valid JSON text is; offsets in the pieces count from ``offset``. Looks ``levels`` wrappers deep."""
    if text.startswith(b"{"):
        return _shape_of_object(text, offset, levels)
    if levels and text.startswith(b"["):
        return _shape_of_list(text, offset, levels, always=False)
    if levels and text.startswith(b'"'):
        return _shape_of_string(text, offset, levels)
    return _UNKNOWN


def neighbour_text(content: bytes) -> str | None:
    """The name of a log that is no JSON and shares buckets with CloudTrail, or None."""
    head = content[:4096]
    first_line = head.split(b"\n", 1)[0]
    if _FLOW_LOG_HEADER.match(first_line) or _FLOW_LOG_LINE.match(first_line):
        return "vpc-flow-log"
    return None


def is_plainly_record(text: bytes) -> bool:
    """Whether the text is certainly a record, found out at C speed; False says nothing."""
    try:
        return not _probe(text).event_source.startswith("aws:")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def is_record(members: list[scan.Member]) -> bool:
    """Whether an object with these members is a CloudTrail record of any category."""
    keys = {member.key for member in members}
    if "eventSource" in keys and "eventName" in keys:
        return not _is_notification(members)
    return not keys.isdisjoint(_TIME_KEYS) and not keys.isdisjoint(_KIND_KEYS) and not keys & _DIGEST_KEYS


def _shape_of_object(text: bytes, offset: int, levels: int) -> Shape:
    if is_plainly_record(text):
        return Shape("record", [Piece(offset, text)])
    members = scan.members(text, offset)
    if is_record(members):
        return Shape("record", [Piece(offset, text)])
    shape = _unwrap(members, levels) if levels else _UNKNOWN
    if shape.pieces or shape.neighbour:
        return shape
    neighbour = _neighbour(members)
    return Shape(neighbour, [], neighbour=True) if neighbour else shape


def _unwrap(members: list[scan.Member], levels: int) -> Shape:
    pieces: list[Piece] = []
    lists: list[Shape] = []
    for member in members:
        if member.key in _RECORD_LISTS and member.text.startswith(b"["):
            shape = _shape_of_list(member.text, member.offset, levels - 1, always=True)
            lists.append(shape)
            pieces += shape.pieces
        else:
            shape = shape_of(member.text, member.offset, levels=levels - 1)
            pieces += shape.pieces if shape.holds_records else []
    if not pieces and lists and lists[0].neighbour:
        return lists[0]
    kind = _wrapper_kind(members, len(lists), found=bool(pieces))
    return Shape(kind, pieces) if kind != "unknown" else _UNKNOWN


def _wrapper_kind(members: list[scan.Member], lists: int, *, found: bool) -> str:
    keys = {member.key for member in members}
    if lists and (found or keys == {"Records"}):
        return "records"
    if "Events" in keys and (found or keys <= {"Events", "NextToken"}):
        return "lookup-events"
    if "detail" in keys and "detail-type" in keys and found:
        return "eventbridge"
    return "wrapped" if found else "unknown"


def _shape_of_list(text: bytes, offset: int, levels: int, *, always: bool) -> Shape:
    """A list: of records, of wrappers, or of something else.

    ``always``: the list is one of records by its name, so each element is accounted for even where none is a record
    (unless all of them are one kind of neighbour).
    """
    shapes = [
        (element, shape_of(element.text, element.offset, levels=levels)) for element in scan.elements(text, offset)
    ]
    if not shapes:
        return Shape("array", []) if always else Shape("empty", [], neighbour=True)
    neighbours = {shape.kind if shape.neighbour else None for _, shape in shapes}
    if len(neighbours) == 1 and (name := neighbours.pop()) is not None:
        return Shape(name, [], neighbour=True)
    if not always and not any(shape.holds_records for _, shape in shapes):
        return _UNKNOWN
    pieces = [piece for element, shape in shapes for piece in (shape.pieces or [_stranger(element, shape)])]
    return Shape("array", pieces)


def _stranger(element: scan.Element, shape: Shape) -> Piece:
    if not element.text.startswith(b"{"):
        return Piece(element.offset, element.text, "not-an-object", "expected a JSON object in the list of records")
    what = f"a {shape.kind}" if shape.neighbour else "another object"
    return Piece(
        element.offset, element.text, "not-cloudtrail", f"expected a CloudTrail record in the list, got {what}"
    )


def _shape_of_string(text: bytes, offset: int, levels: int) -> Shape:
    value = scan.string(text)
    if not _JSON_START.match(value):
        return _UNKNOWN
    inner = value.strip(" \t\r\n")
    if scan.tidy(inner) != inner:
        return Shape("wrapped", [Piece(offset, text, "encoding", "a string of JSON text holds a lone surrogate")])
    encoded = inner.encode()
    if not _is_sound(encoded):
        return _UNKNOWN
    shape = shape_of(encoded, levels=levels - 1)
    return shape._replace(pieces=[piece._replace(offset=offset) for piece in shape.pieces])


def _is_sound(text: bytes) -> bool:
    extent = scan.bracketed(text, 0)
    return isinstance(extent, scan.Extent) and extent.depth <= scan.SAFE_DEPTH and scan.fault(text) is None


def _is_notification(members: list[scan.Member]) -> bool:
    """S3 notifications and other batches have ``eventSource`` too: ``aws:s3``, ``aws:sqs``, ``aws:kinesis``."""
    return any(member.key == "eventSource" and member.text.startswith(b'"aws:') for member in members)


def _neighbour(members: list[scan.Member]) -> str | None:
    values = {member.key: member.text for member in members}
    if values.keys() >= _DIGEST_KEYS:
        return "digest"
    if _is_config(values):
        return "config"
    if _is_s3_notification(values):
        return "s3-notification"
    if {"s3Bucket", "s3ObjectKey"} <= values.keys():
        return "cloudtrail-notification"
    return None if values else "empty"


def _is_config(values: dict[str, bytes]) -> bool:
    if values.get("source") == b'"aws.config"':
        return True
    if "configurationItems" in values:  # a snapshot or a history file
        return not values.keys().isdisjoint(_CONFIG_FILE_KEYS)
    return "messageType" in values and not values.keys().isdisjoint(_CONFIG_MESSAGE_KEYS)


def _is_s3_notification(values: dict[str, bytes]) -> bool:
    """One record of a notification, a test message, or an event that S3 sends through EventBridge."""
    return (
        values.get("eventSource") == b'"aws:s3"'
        or values.get("Event") == b'"s3:TestEvent"'
        or values.get("source") == b'"aws.s3"'
    )
