"""From content to the exact text of each record, whatever the content is wrapped in.

Nothing is rendered again: the text of a record is cut from the content (or, where a record is carried inside a JSON
string, is that string's value), so it can be kept as evidence. What is no record becomes a defect with its place and
reason; a neighbour in the bucket (a digest, AWS Config, S3 notifications ...) is named and left alone. What the fields
of a record mean is the matter of ``decode``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import msgspec
import numpy as np

from trailmere.events import scan
from trailmere.events.salvage import salvage
from trailmere.events.shapes import Piece, neighbour_text, shape_of

REASONS: dict[str, str] = {
    "empty": "The object holds no bytes, or gzip data with nothing in it.",
    "archive": "The object is an archive or table file (zip, zstandard, Parquet ...), not a log file; unpack it first.",
    "too-large": "The content is larger than the limit for one delivery.",
    "gzip-truncated": "The gzip data ends before its trailer: the object was cut off.",
    "gzip-corrupt": "The gzip data does not match its checksum or is not valid.",
    "gzip-trailing-bytes": "Bytes follow the first gzip member: the object was changed after CloudTrail wrote it.",
    "encoding": "The text is not UTF-8.",
    "not-json": "The text is not JSON.",
    "truncated": "The content ends in the middle: whole records were kept, this is the rest.",
    "depth": "Values nest deeper than the limit for one record.",
    "not-an-object": "A list of records holds something that is no JSON object.",
    "not-cloudtrail": "The text is JSON, but not a CloudTrail record and no wrapper of records.",
    "event-time": "The record has no eventTime that can be read, so it belongs to no day.",
    "unreadable": "The object was listed and could not be read.",
    "decoder-crashed": "The process that decoded the delivery died; the delivery was set aside and the rest went on.",
    "decoder-timeout": "Decoding the delivery took longer than the limit; it was set aside and the rest went on.",
}

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\x00{", b"\x00[", b"{\x00", b"[\x00")

_ENVELOPE_HEAD = re.compile(rb'[ \t\r\n]*\{[ \t\r\n]*"Records"[ \t\r\n]*:[ \t\r\n]*\[[ \t\r\n]*')
_ENVELOPE_TAIL = re.compile(rb"[ \t\r\n]*\][ \t\r\n]*\}[ \t\r\n]*\Z")
_BRACE = b"{"[0]
_COUNTED_TOGETHER = 16
_NOTIFICATION = re.compile(rb'"eventSource"[ \t\r\n]*:[ \t\r\n]*"aws:')


class RecordText(NamedTuple):
    """A record as it was delivered: its place among the delivery's records, its byte offset, its exact text (UTF-8)."""

    ordinal: int
    offset: int
    text: bytes


@dataclass(frozen=True, slots=True)
class Defect:
    """Bytes of a delivery that are no record that can be kept. ``reason`` is a key of ``REASONS``.

    ``offset`` counts bytes of the content; ``ordinal`` is None for a whole delivery.
    """

    ordinal: int | None
    offset: int
    text: bytes
    reason: str
    message: str

    @property
    def place(self) -> str:
        """Where, for people: ``record 12, byte 20,480``."""
        return "delivery" if self.ordinal is None else f"record {self.ordinal}, byte {self.offset:,}"


@dataclass(frozen=True, slots=True)
class Split:
    """The content of a delivery, taken apart. Records and defects share one numbering, from 0.

    ``format``: ``records``, ``json-lines``, ``array``, ``record``, ``lookup-events``, ``eventbridge``, ``wrapped``,
    ``damaged`` (some of it is no JSON), ``unknown``, or the neighbour's name. ``other`` names a neighbour that was
    recognised and left alone; ``records`` and ``defects`` are then empty.
    """

    format: str
    records: list[RecordText] = field(default_factory=list)
    defects: list[Defect] = field(default_factory=list)
    other: str | None = None


class _Envelope(msgspec.Struct):
    Records: list[msgspec.Raw]


_envelope_decoder = msgspec.json.Decoder(_Envelope)


def split(content: bytes, *, max_depth: int) -> Split:
    """Take the content of one delivery apart into exact record texts and defects.

    ``max_depth`` bounds how deep the brackets of one record may nest. Never raises for what the content holds.
    """
    limit = min(max_depth, scan.SAFE_DEPTH)
    if content.startswith(_UTF_16_MARKS):
        return _one_defect(content, "encoding", "expected UTF-8, got what looks like UTF-16; convert it first")
    base = len(BYTE_ORDER_MARK) if content.startswith(BYTE_ORDER_MARK) else 0
    body = content[base:]
    if not body.strip(b" \t\r\n"):
        return Split("empty", other="empty")
    if not body.strip(b"\0"):
        message = "expected JSON, got nothing but NUL bytes, as a crash leaves a file; fetch the object again"
        return _one_defect(content, "not-json", message)
    found = _records_file(body)
    if found is not None:
        return _from_records(body, found, base, limit)
    return _from_documents(body, base, limit)


def _records_file(body: bytes) -> list[scan.Element] | None:
    """The elements of ``{"Records": [...]}`` with nothing else in it, at C speed; None for any other content."""
    head = _ENVELOPE_HEAD.match(body)
    if head is None:
        return None
    masked = body
    try:
        raws = _envelope_decoder.decode(body).Records
    except (msgspec.DecodeError, RecursionError):
        masked = scan.mask_surrogates(body)
        try:
            raws = _envelope_decoder.decode(masked).Records
        except (msgspec.DecodeError, RecursionError):
            return None
    followed = scan.follow(body, masked, head.end(), raws)
    # The tail shows that the list is the only one: a second "Records" member would have replaced it unseen.
    if followed is None or _ENVELOPE_TAIL.match(body, followed[1]) is None:
        return None
    return followed[0]


def _from_records(body: bytes, found: list[scan.Element], base: int, limit: int) -> Split:
    if found and is_notification(found[0].text):
        return _from_documents(body, base, limit)
    if scan.is_utf8(body) and _are_shallow_objects(body, found, limit):
        numbered = enumerate(found)
        return Split("records", [RecordText(ordinal, base + at, text) for ordinal, (at, text) in numbered])
    account = _Account(base, limit)
    for offset, text in found:
        account.record(offset, text)
    return account.close("records")


def _are_shallow_objects(body: bytes, found: list[scan.Element], limit: int) -> bool:
    """Whether all are objects, and none has more opening brackets than the limit (then none can be deeper)."""
    if not all(text.startswith(b"{") for _, text in found):
        return False
    return are_shallow(body, [offset for offset, _ in found], limit)


def are_shallow(body: bytes, starts: list[int], limit: int) -> bool:
    """Whether at most ``limit`` brackets open between each of the offsets and the next, or the end."""
    # "[" and "{" differ in one bit. Records are counted some at a time, and each by itself only where it may matter.
    opening = (np.frombuffer(body, dtype=np.uint8) | 0x20) == _BRACE

    def exceeds(start: int, end: int) -> bool:
        return int(np.count_nonzero(opening[start:end])) > limit

    bounds = [*starts, len(body)]
    together = (bounds[first : first + _COUNTED_TOGETHER + 1] for first in range(0, len(starts), _COUNTED_TOGETHER))
    return not any(
        exceeds(some[0], some[-1]) and any(exceeds(*record) for record in pairwise(some)) for some in together
    )


def _from_documents(body: bytes, base: int, limit: int) -> Split:
    account = _Account(base, limit)
    whole = scan.documents(body)
    if whole is not None:
        for offset, text in whole:
            account.document(offset, text)
        return account.close("json-lines")
    if (name := neighbour_text(body)) is not None:
        return Split(name, other=name)
    for piece in salvage(body):
        if piece.reason is None:
            account.document(piece.offset, piece.text)
        else:
            account.defect(piece)
    if account.is_empty:  # nothing but commas: bytes that are no record are told, however few they are
        account.defect(Piece(0, body, "not-json", "expected CloudTrail records, got punctuation"))
    return account.close("damaged")


def _may_be_deep(text: bytes, limit: int) -> bool:
    """False where there are not enough brackets to nest beyond the limit."""
    return text.count(b"{") + text.count(b"[") > limit


def is_notification(text: bytes) -> bool:
    """Whether it is S3's (or another service's) notification, which looks like a record at first sight."""
    return _NOTIFICATION.search(text) is not None and shape_of(text, levels=0).kind != "record"


def _one_defect(content: bytes, reason: str, message: str) -> Split:
    return Split("unknown", defects=[Defect(0, 0, content, reason, message)])


class _Account:
    """Numbers what is found in one delivery, in order, and checks each record's encoding and depth."""

    def __init__(self, base: int, limit: int) -> None:
        self._base = base
        self._limit = limit
        self._records: list[RecordText] = []
        self._defects: list[Defect] = []
        self._neighbours: list[tuple[str, Piece]] = []
        self._kinds: set[str] = set()
        self._documents = 0

    def record(self, offset: int, text: bytes) -> None:
        """A value that stands where a record belongs."""
        if not text.startswith(b"{"):
            self.defect(Piece(offset, text, "not-an-object", "expected a JSON object in the list of records"))
        elif not scan.is_utf8(text):
            self.defect(Piece(offset, text, "encoding", "expected UTF-8, got bytes that are not"))
        elif _may_be_deep(text, self._limit) and (depth := scan.depth_of(text)) > self._limit:
            message = f"expected at most {self._limit} levels of brackets, got {depth}"
            self.defect(Piece(offset, text, "depth", message))
        else:
            self._records.append(RecordText(self._next(), self._base + offset, text))

    def document(self, offset: int, text: bytes) -> None:
        """A JSON value that may be a record, wrap records, or be something else."""
        self._documents += 1
        if _may_be_deep(text, scan.SAFE_DEPTH) and scan.depth_of(text) > scan.SAFE_DEPTH:
            self.defect(Piece(offset, text, "depth", f"expected at most {self._limit} levels of brackets"))
            return
        shape = shape_of(text, offset)
        self._kinds.add(shape.kind)
        if shape.neighbour:
            self._neighbours.append((shape.kind, Piece(offset, text)))
        elif not shape.pieces and shape.kind == "unknown":
            self.defect(Piece(offset, text, "not-cloudtrail", "expected CloudTrail records, got other JSON"))
        for piece in shape.pieces:
            if piece.reason is None:
                self.record(piece.offset, piece.text)
            else:
                self.defect(piece)

    def defect(self, piece: Piece) -> None:
        """Something that is no record."""
        reason = piece.reason or "not-cloudtrail"
        self._defects.append(Defect(self._next(), self._base + piece.offset, piece.text, reason, piece.message))

    @property
    def is_empty(self) -> bool:
        """Whether nothing was found at all."""
        return not (self._records or self._defects or self._neighbours)

    def close(self, name_of_many: str) -> Split:
        """The result. A neighbour is left alone only if there is nothing else; among records it is a defect."""
        if self._neighbours and not self._records and not self._defects and len(self._kinds) == 1:
            name = self._neighbours[0][0]
            return Split(name, other=name)
        for name, piece in self._neighbours:
            self.defect(piece._replace(reason="not-cloudtrail", message=f"expected a CloudTrail record, got {name}"))
        single = self._documents == 1 and name_of_many == "json-lines"
        kind = next(iter(self._kinds), "unknown") if single else name_of_many
        return Split(kind, self._records, self._defects)

    def _next(self) -> int:
        return len(self._records) + len(self._defects)
