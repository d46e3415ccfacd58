"""From events to Arrow columns, in the order and with the types that ``columns`` declares.

Columns are built from whole lists, one column at a time, because a step in Python for each value of each row would
cost several times the decoding itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from trailmere.events import values
from trailmere.events.columns import COLUMNS, leaves
from trailmere.events.types import BIGINT, BOOLEAN, DOUBLE, INTEGER, TIMESTAMP, VARCHAR, Array, Field, Map, Row, Type

if TYPE_CHECKING:
    from trailmere.events.event import Event
    from trailmere.events.formats import RecordText

_HOUR_MICROSECONDS = 3_600_000_000
_DAY_MICROSECONDS = 24 * _HOUR_MICROSECONDS
_KEY_BYTES = 8
_NO_EVENT_ID = 0
_PART_ROWS = 4096

_SCALARS = {
    VARCHAR: pa.string(),
    BOOLEAN: pa.bool_(),
    INTEGER: pa.int32(),
    BIGINT: pa.int64(),
    DOUBLE: pa.float64(),
    TIMESTAMP: pa.timestamp("us"),
}


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
    return pa.schema([(leaf.name, _arrow_type(leaf.type)) for leaf in leaves(family)])


def event_key(event_id: str | None) -> int:
    """A 64-bit hash of an eventID; 0 stands for a record without one."""
    return int(_keys([event_id])[0])


def content_key(text: bytes) -> int:
    """A 64-bit hash of a record's exact text."""
    return int.from_bytes(_digest(text), "little")


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
            table=pa.concat_tables([part.table for part in parts]).combine_chunks(),
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
        self.ordinals: list[int] = []
        self.delivery_ids: list[str] = []
        self.delivery_rows: list[int] = []

    def rows(self) -> Rows:
        columns = [array for arrays in self._columns() for array in arrays]
        return Rows(
            table=pa.Table.from_arrays(columns, schema=arrow_schema(self.family)),
            event_keys=_keys([fields.eventID for fields in self.fields]),
            content_keys=_joined([_digest(text) for text in self.texts]),
            delivery_rows=np.array(self.delivery_rows, dtype=np.int32),
        )

    def _columns(self) -> Iterator[list[pa.Array]]:
        derived = self._derived()
        for column in COLUMNS[self.family]:
            if column.computed:
                continue
            if column.name in derived:
                yield [derived[column.name]]
            else:
                yield list(_leaf_arrays(column.type, list(map(attrgetter(column.key), self.fields))))

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


def _arrow_type(type: Type) -> pa.DataType:
    if isinstance(type, Map):
        return pa.map_(pa.string(), pa.string())
    if isinstance(type, Array):
        return pa.list_(pa.field("element", _arrow_type(type.element)))
    if isinstance(type, Row):
        return pa.struct([(field.name, _arrow_type(field.type)) for field in type.fields])
    return _SCALARS[type]


def _leaf_arrays(type: Type, column: list[Any]) -> Iterator[pa.Array]:
    """The physical columns below a declared column, from the structs' values."""
    if not isinstance(type, Row):
        yield _array(type, column)
        return
    filled = _filled(column)
    for field in type.fields:
        yield from _leaf_arrays(field.type, _members(field, filled))


def _array(type: Type, column: list[Any]) -> pa.Array:
    if column.count(None) == len(column):
        return pa.nulls(len(column), _arrow_type(type))
    if isinstance(type, Map):
        return _map_array(column)
    if isinstance(type, Array):
        return _list_array(type, column)
    if isinstance(type, Row):
        filled = _filled(column)
        parts = [_array(field.type, _members(field, filled)) for field in type.fields]
        missing = pa.array([value is None for value in column], pa.bool_())
        return pa.StructArray.from_arrays(parts, fields=list(_arrow_type(type)), mask=missing)
    if type is TIMESTAMP:
        moments = [None if text is None else values.microseconds(text) for text in column]
        return pa.array(moments, pa.int64()).view(pa.timestamp("us"))
    return pa.array(column, _SCALARS[type])


def _filled(column: list[Any]) -> list[Any]:
    """The structs of a column with an empty one where there is none; all None where no row has one."""
    struct = next((struct for struct in column if struct is not None), None)
    if struct is None:
        return column
    empty = struct.__class__()
    return [empty if struct is None else struct for struct in column]


def _members(field: Field, column: list[Any]) -> list[Any]:
    """The values of a member in each struct of a filled column; the first spelling that a struct has wins."""
    if not column or column[0] is None:
        return column
    found = list(map(attrgetter(field.key), column))
    for spelling in field.spellings:
        others = map(attrgetter(spelling), column)
        found = [other if value is None else value for value, other in zip(found, others, strict=True)]
    return found


def _map_array(column: list[dict[str, Any] | None]) -> pa.Array:
    keys: list[str] = []
    items: list[bytes] = []
    for members in column:
        if members:
            keys.extend(members)
            items.extend(map(bytes, members.values()))
    offsets, missing = _offsets(column)
    texts = list(map(values.map_value, items))
    return pa.MapArray.from_arrays(offsets, pa.array(keys, pa.string()), pa.array(texts, pa.string()), mask=missing)


def _list_array(type: Array, column: list[list[Any] | None]) -> pa.Array:
    offsets, missing = _offsets(column)
    elements = _array(type.element, [element for part in column if part for element in part])
    return pa.ListArray.from_arrays(offsets, elements, type=_arrow_type(type), mask=missing)


def _offsets(column: Sequence[Any]) -> tuple[pa.Array, pa.Array]:
    sizes = [0 if part is None else len(part) for part in column]
    offsets = np.zeros(len(column) + 1, dtype=np.int32)
    np.cumsum(sizes, out=offsets[1:])
    return pa.array(offsets), pa.array([part is None for part in column], pa.bool_())


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


def _keys(event_ids: list[str | None]) -> npt.NDArray[np.uint64]:
    nothing = bytes(_KEY_BYTES)
    keys = _joined([nothing if not event_id else _digest(event_id.encode()) for event_id in event_ids])
    collided = (keys == _NO_EVENT_ID) & np.array([bool(event_id) for event_id in event_ids], dtype=np.bool_)
    keys[collided] = 1
    return keys


def _joined(digests: list[bytes]) -> npt.NDArray[np.uint64]:
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)
