"""Batches and rows of record texts, for tests; and rows by the plainest way there is, to hold them against."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from trailmere.events import structs, values
from trailmere.events.batch import Batch, BatchDecoder
from trailmere.events.columns import COLUMNS
from trailmere.events.decode import EventDecoder
from trailmere.events.event import Event
from trailmere.events.formats import RecordText
from trailmere.events.rows import Origin, RowBuilder, Rows
from trailmere.events.types import TIMESTAMP, Array, Map, Row, Type

EPOCH = datetime(1970, 1, 1)


def batch_of(texts: Sequence[bytes], decoder: BatchDecoder | None = None) -> Batch:
    """The batch of these records; record number n lies at byte 100 n."""
    decoder = decoder or BatchDecoder()
    given = list(texts)
    return decoder.decode(given, decoder.read(given), lambda number: RecordText(number, 100 * number, given[number]))


def rows_of(texts: Sequence[bytes], family: str = "cloudtrail", *, first_ordinal: int = 0) -> Rows:
    """The rows of those records that are events of the family."""
    batch = batch_of(texts)
    odd = {number: isinstance(told, Event) and told.family == family for number, told in batch.odd.items()}
    kept = np.array([odd.get(number, family == batch.family) for number in range(len(batch))], np.bool_)
    numbers = np.arange(len(batch))
    builder = RowBuilder(family)
    builder.add(batch, Origin(numbers + first_ordinal, (numbers * 0).astype(np.int32), {0: "d"}), kept)
    return builder.finish()


def plain_row(record: RecordText, delivery_id: str) -> dict[str, Any] | None:
    """The row of one record that is an event, as ``Table.to_pylist`` would show it; None for a defect.

    Reads with the tolerant decoder alone, wherever another is not needed, and renders a value at a time.
    """
    event = EventDecoder().decode(record)
    if not isinstance(event, Event):
        return None
    fields = event.fields
    if not event.unknown_fields and event.family == "cloudtrail":
        fields = structs.tolerant(event.family, record.text)
    row: dict[str, Any] = {}
    for column in COLUMNS[event.family]:
        if column.key:
            row |= _leaves(column.name, column.type, getattr(fields, column.key))
    moment = EPOCH + timedelta(microseconds=event.time)
    return row | {
        "eventtime": moment,
        "eventjson": record.text.decode(),
        "calendarday": moment.year * 10_000 + moment.month * 100 + moment.day,
        "hour": moment.hour,
        "deliveryid": delivery_id,
        "deliveryordinal": record.ordinal,
        "eventidconflict": False,
    }


def plain_content_key(text: bytes) -> int:
    """The key of a text, said again."""
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "little")


def _leaves(name: str, type: Type, value: Any) -> dict[str, Any]:
    if not isinstance(type, Row):
        return {name: _shown(type, value)}
    found: dict[str, Any] = {}
    for part, inner in _members(type, value):
        found |= _leaves(f"{name}__{part.name}", part.type, inner)
    return found


def _members(type: Row, value: Any) -> Iterator[tuple[Any, Any]]:
    for part in type.fields:
        spellings = [getattr(value, key) for key in (part.key, *part.spellings)] if value is not None else []
        yield part, next((found for found in spellings if found is not None), None)


def _shown(type: Type, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(type, Map):
        shown = {key: values.map_value(bytes(raw)) for key, raw in value.items()}
        return [(key, None if text is None else text.decode()) for key, text in shown.items()]
    if isinstance(type, Array):
        return [_shown(type.element, one) for one in value]
    if isinstance(type, Row):
        return {part.name: _shown(part.type, inner) for part, inner in _members(type, value)}
    if type is TIMESTAMP:
        time = values.microseconds(value)
        return None if time is None else EPOCH + timedelta(microseconds=time)
    return value
