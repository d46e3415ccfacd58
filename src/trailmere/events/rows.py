"""From events to Arrow columns, in the order and with the types that ``columns`` declares.

Columns are built from whole lists, one column at a time, because a step in Python for each value of each row would
cost several times the decoding itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from msgspec.structs import astuple

from trailmere.events.arrays import Column, LeafBuilder, arrow_type, leaf_builder
from trailmere.events.columns import COLUMNS, leaves

if TYPE_CHECKING:
    from trailmere.events.event import Event
    from trailmere.events.formats import RecordText

_HOUR_MICROSECONDS = 3_600_000_000
_DAY_MICROSECONDS = 24 * _HOUR_MICROSECONDS
_KEY_BYTES = 8
_NO_EVENT_ID = 0
_PART_ROWS = 1024


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one family. ``table`` has the columns of ``arrow_schema``; the arrays have one value a row.

    ``event_keys``: ``event_key`` of the eventID; ``content_keys``: ``content_key`` of the text; ``delivery_rows``: what
    the caller gave with each row.
    """

    table: pa.Table
    event_keys: npt.NDArray[np.uint64]
    content_keys: npt.NDArray[np.uint64]
    delivery_rows: npt.NDArray[np.int32]


@cache
def arrow_schema(family: str) -> pa.Schema:
    """Names and types of ``columns.leaves(family)``; timestamps in microseconds without a zone (UTC)."""
    return pa.schema([(leaf.name, arrow_type(leaf.type)) for leaf in leaves(family)])


def event_key(event_id: str | None) -> int:
    """A 64-bit hash of an eventID; 0 stands for a record without one."""
    return int(event_keys([event_id])[0])


def event_keys(event_ids: Sequence[str | None]) -> npt.NDArray[np.uint64]:
    """``event_key`` of each."""
    nothing = bytes(_KEY_BYTES)
    keys = _joined([nothing if not event_id else _digest(event_id.encode()) for event_id in event_ids])
    collided = (keys == _NO_EVENT_ID) & np.array([bool(event_id) for event_id in event_ids], dtype=np.bool_)
    keys[collided] = 1
    return keys


def content_key(text: bytes) -> int:
    """A 64-bit hash of a record's exact text."""
    return int.from_bytes(_digest(text), "little")


def content_keys(texts: Sequence[bytes]) -> npt.NDArray[np.uint64]:
    """``content_key`` of each."""
    return _joined([_digest(text) for text in texts])


class RowBuilder:
    """Collects events of one family and turns them into Arrow columns.

    A part of some thousand rows is turned at a time: their structs are then still in the processor's cache, and
    memory holds each record once, not once as structs and once as columns.
    """

    def __init__(self, family: str) -> None:
        self._family = family
        self._finished: list[Rows] = []
        self._finished_rows = 0
        self._part = _Part(family)

    def __len__(self) -> int:
        return self._finished_rows + len(self._part.fields)

    def add(self, event: Event, record: RecordText, *, delivery_id: str, delivery_row: int) -> None:
        """Add a row. ``event`` must be of the builder's family and decoded from ``record``."""
        part = self._part
        part.fields.append(event.fields)
        part.times.append(event.time)
        part.texts.append(record.text)
        part.digests.append(_digest(record.text))  # now, while the text is in the processor's cache
        part.ordinals.append(record.ordinal)
        part.delivery_ids.append(delivery_id)
        part.delivery_rows.append(delivery_row)
        if len(part.fields) == _PART_ROWS:
            self._turn()

    def finish(self) -> Rows:
        """The rows, in the order they were added. The builder is empty afterwards."""
        self._turn()
        parts, self._finished, self._finished_rows = self._finished, [], 0
        return Rows(
            table=pa.concat_tables([part.table for part in parts]),
            event_keys=np.concatenate([part.event_keys for part in parts]),
            content_keys=np.concatenate([part.content_keys for part in parts]),
            delivery_rows=np.concatenate([part.delivery_rows for part in parts]),
        )

    def _turn(self) -> None:
        self._finished_rows += len(self._part.fields)
        self._finished.append(self._part.rows())
        self._part = _Part(self._family)


class _Part:
    """Rows that are still structs."""

    def __init__(self, family: str) -> None:
        self.family = family
        self.fields: list[Any] = []
        self.times: list[int] = []
        self.texts: list[bytes] = []
        self.digests: list[bytes] = []
        self.ordinals: list[int] = []
        self.delivery_ids: list[str] = []
        self.delivery_rows: list[int] = []

    def rows(self) -> Rows:
        return Rows(
            table=pa.Table.from_arrays(list(self._columns()), schema=arrow_schema(self.family)),
            event_keys=event_keys([fields.eventID for fields in self.fields]),
            content_keys=_joined(self.digests),
            delivery_rows=np.array(self.delivery_rows, dtype=np.int32),
        )

    def _columns(self) -> Iterator[pa.Array]:
        derived = self._derived()
        read = dict(zip(_read_names(self.family), self._values(), strict=True))
        for name, build in _builders(self.family):
            if name in derived:
                yield derived[name]
            else:
                yield from build(read[name])

    def _values(self) -> list[Column]:
        """The values that columns are read from, column by column, in the order of ``structs.members_of``."""
        return list(zip(*map(astuple, self.fields), strict=True)) or [()] * len(_read_names(self.family))

    def _derived(self) -> dict[str, pa.Array]:
        times = np.array(self.times, dtype=np.int64)
        return {
            "eventtime": pa.array(times).view(pa.timestamp("us")),
            "eventjson": pa.array(self.texts, pa.binary()).view(pa.string()),
            "calendarday": pa.array(_calendar_days(times)),
            "hour": pa.array(times % _DAY_MICROSECONDS // _HOUR_MICROSECONDS),
            "deliveryid": pa.array(self.delivery_ids, pa.string()),
            "deliveryordinal": pa.array(self.ordinals, pa.int64()),
            "eventidconflict": pa.array(np.zeros(len(times), dtype=np.bool_)),
        }


@cache
def _builders(family: str) -> tuple[tuple[str, LeafBuilder], ...]:
    """For each stored column its name and what builds its arrays."""
    return tuple((column.name, leaf_builder(column.type)) for column in COLUMNS[family] if not column.computed)


@cache
def _read_names(family: str) -> tuple[str, ...]:
    """The names of the columns that are read from the record, in the order of the structs' attributes."""
    return tuple(column.name for column in COLUMNS[family] if column.key)


def _calendar_days(times: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Days as YYYYMMDD."""
    days = (times // _DAY_MICROSECONDS).astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    years = days.astype("datetime64[Y]").astype(np.int64) + 1970
    result: npt.NDArray[np.int64] = (
        years * 10_000 + (months.astype(np.int64) % 12 + 1) * 100 + (days - months).astype(np.int64) + 1
    )
    return result


def _digest(text: bytes) -> bytes:
    return blake2b(text, digest_size=_KEY_BYTES).digest()


def _joined(digests: Sequence[bytes]) -> npt.NDArray[np.uint64]:
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)
