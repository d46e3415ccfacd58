"""From batches of decoded records to Arrow columns, in the order and with the types that ``columns`` declares.

Columns are built from whole lists, one column at a time, because a step in Python for each value of each row would
cost several times the decoding itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import compress, groupby
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from msgspec.structs import astuple

from trailmere.events.arrays import LeafBuilder, arrow_type, leaf_builder, repeated, string_arrays
from trailmere.events.batch import Part
from trailmere.events.columns import COLUMNS, Column, leaves
from trailmere.events.keys import content_keys, event_keys
from trailmere.events.maps import map_arrays
from trailmere.events.structs import members_of
from trailmere.events.types import VARCHAR, Map, Scalar

if TYPE_CHECKING:
    from trailmere.events.batch import Batch

_HOUR_MICROSECONDS = 3_600_000_000
_DAY_MICROSECONDS = 24 * _HOUR_MICROSECONDS

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one family. ``table`` has the columns of ``arrow_schema``; the arrays have one value a row.

    ``event_keys``: ``keys.event_key`` of the eventID; ``content_keys``: ``keys.content_key`` of the text;
    ``delivery_rows``: what the caller gave with each row.
    """

    table: pa.Table
    event_keys: npt.NDArray[np.uint64]
    content_keys: npt.NDArray[np.uint64]
    delivery_rows: npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where each record of a batch came from: its number in its delivery, and the delivery's in ``delivery_ids``."""

    ordinals: Numbers
    delivery_rows: npt.NDArray[np.int32]
    delivery_ids: Mapping[int, str]


@cache
def arrow_schema(family: str) -> pa.Schema:
    """Names and types of ``columns.leaves(family)``; timestamps in microseconds without a zone (UTC)."""
    return pa.schema([(leaf.name, arrow_type(leaf.type)) for leaf in leaves(family)])


class RowBuilder:
    """Collects batches and turns them into Arrow columns of one family.

    A batch is turned when it comes: its structs are then still in the processor's cache, and memory holds each record
    once, not once as structs and once as columns. What records have in common waits till the end, to be turned once.
    """

    def __init__(self, family: str) -> None:
        self._family = family
        self._turned: list[_Turned] = []
        self._rows = 0
        self.text_bytes = 0  # of the rows that were added since the last ``finish``

    def __len__(self) -> int:
        return self._rows

    def add(self, batch: Batch, origin: Origin, kept: npt.NDArray[np.bool_]) -> None:
        """Add the records that ``kept`` says; they must be events of the builder's family."""
        if kept.any():
            turned = _Kept(self._family, batch, origin, kept).turned()
            self._rows += len(turned.delivery_rows)
            self.text_bytes += pc.sum(pc.binary_length(turned.columns["eventjson"])).as_py()
            self._turned.append(turned)

    def finish(self) -> Rows:
        """The rows, in the order they were added. The builder is empty afterwards."""
        turned, self._turned, self._rows, self.text_bytes = self._turned, [], 0, 0
        return Rows(
            table=_table(self._family, turned),
            event_keys=_joined([part.event_keys for part in turned], np.uint64),
            content_keys=_joined([part.content_keys for part in turned], np.uint64),
            delivery_rows=_joined([part.delivery_rows for part in turned], np.int32),
        )


@dataclass(frozen=True, slots=True)
class _Turned:
    """The rows of a batch: physical columns by name, parts by member."""

    columns: dict[str, pa.Array]
    parts: dict[str, Part]
    event_keys: npt.NDArray[np.uint64]
    content_keys: npt.NDArray[np.uint64]
    delivery_rows: npt.NDArray[np.int32]


def _table(family: str, turned: list[_Turned]) -> pa.Table:
    schema = arrow_schema(family)
    columns = {name: [one.columns[name] for one in turned] for name in turned[0].columns} if turned else {}
    for column, build in _builders(family):
        if turned and column.key in turned[0].parts:
            chunks = [_built(build, run) for run in _runs([one.parts[column.key] for one in turned])]
            columns |= dict(zip(_leaf_names(family, column.name), map(list, zip(*chunks, strict=True)), strict=True))
    return pa.Table.from_arrays(
        [pa.chunked_array(columns.get(field.name, []), field.type) for field in schema], schema=schema
    )


def _runs(parts: list[Part]) -> Iterator[Part]:
    """Parts that refer to the same values, one after the other, as one."""
    for _, run in groupby(parts, lambda part: id(part.values)):
        some = list(run)
        yield Part(some[0].values, np.concatenate([part.at for part in some]))


def _built(build: LeafBuilder, part: Part) -> list[pa.Array]:
    """The physical columns of a part, each of its values turned once."""
    used = np.flatnonzero(np.bincount(part.at))
    numbers = np.zeros(used[-1] + 1, np.int32)
    numbers[used] = np.arange(len(used))
    at = pa.array(numbers[part.at])
    return [repeated(array, at) for array in build([part.values[place] for place in used.tolist()])]


class _Kept:
    """The records of a batch that become rows."""

    def __init__(self, family: str, batch: Batch, origin: Origin, kept: npt.NDArray[np.bool_]) -> None:
        self._family = family
        parts = batch.parts if family == batch.family else {}
        self._parts = {key: Part(part.values, part.at[kept]) for key, part in parts.items()}
        self._texts = list(compress(batch.texts, kept))
        self._fields = list(compress(batch.fields, kept))
        self._times = batch.times[kept]
        self._ordinals = origin.ordinals[kept]
        self._delivery_rows = origin.delivery_rows[kept]
        self._delivery_ids = origin.delivery_ids

    def turned(self) -> _Turned:
        columns = self._derived() | self._read()
        return _Turned(
            columns, self._parts, event_keys(columns["eventid"]), content_keys(self._texts), self._delivery_rows
        )

    def _read(self) -> dict[str, pa.Array]:
        """The columns that are read from the record, without the parts."""
        read = dict(zip(_keys_read(self._family), zip(*map(astuple, self._fields), strict=True), strict=True))
        maps, strings = _keys_of(self._family, Map), _keys_of(self._family, Scalar)
        arrays = dict(zip(maps, map_arrays([read[key] for key in maps]), strict=True))
        arrays |= dict(zip(strings, string_arrays([read[key] for key in strings]), strict=True))
        found: dict[str, pa.Array] = {}
        for column, build in _builders(self._family):
            if column.key in arrays:
                found[column.name] = arrays[column.key]
            elif column.key and column.key not in self._parts and column.name != "eventtime":
                found |= zip(_leaf_names(self._family, column.name), build(read[column.key]), strict=True)
        return found

    def _derived(self) -> dict[str, pa.Array]:
        times = self._times
        rows, which = np.unique(self._delivery_rows, return_inverse=True)
        ids = pa.array([self._delivery_ids[row] for row in rows.tolist()], pa.string())
        return {
            "eventtime": pa.array(times).view(pa.timestamp("us")),
            "eventjson": _joined_texts(self._texts),
            "calendarday": pa.array(_calendar_days(times)),
            "hour": pa.array(times % _DAY_MICROSECONDS // _HOUR_MICROSECONDS),
            "deliveryid": ids.take(pa.array(which)),
            "deliveryordinal": pa.array(self._ordinals),
            "eventidconflict": pa.array(np.zeros(len(times), dtype=np.bool_)),
        }


@cache
def _builders(family: str) -> tuple[tuple[Column, LeafBuilder], ...]:
    """The stored columns, and for each what builds its arrays."""
    return tuple((column, leaf_builder(column.type)) for column in COLUMNS[family] if not column.computed)


@cache
def _keys_read(family: str) -> tuple[str, ...]:
    """The members that columns are read from, in the order of the structs' attributes."""
    return tuple(key for key, _ in members_of(family))


@cache
def _keys_of(family: str, kind: type[Map | Scalar]) -> tuple[str, ...]:
    """The members that are maps, or that are strings."""
    return tuple(key for key, type in members_of(family) if isinstance(type, kind) and (kind is Map or type is VARCHAR))


@cache
def _leaf_names(family: str, column: str) -> tuple[str, ...]:
    return tuple(leaf.name for leaf in leaves(family) if leaf.path[0] == column)


def _calendar_days(times: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Days as YYYYMMDD."""
    days = (times // _DAY_MICROSECONDS).astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    years = days.astype("datetime64[Y]").astype(np.int64) + 1970
    result: npt.NDArray[np.int64] = (
        years * 10_000 + (months.astype(np.int64) % 12 + 1) * 100 + (days - months).astype(np.int64) + 1
    )
    return result


def _joined_texts(texts: list[bytes]) -> pa.StringArray:
    """The column of these texts, which are in UTF-8: joined at once, where appending moves what is there again and
    again."""
    ends = np.cumsum([0, *map(len, texts)]).astype(np.int32)
    return pa.StringArray.from_buffers(len(texts), pa.py_buffer(ends), pa.py_buffer(b"".join(texts)))


def _joined(parts: list[Any], type: Any) -> Any:
    return np.concatenate([np.empty(0, type), *parts])
