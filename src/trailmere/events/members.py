"""The columns of hot keys (``events.hot``), derived from the maps of an Arrow table when a file is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trailmere.events.hot import HOT_KEYS, hot_leaves

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from trailmere.events.columns import Leaf


def with_hot_columns(table: pa.Table, family: str) -> pa.Table:
    """The table with the columns of the hot keys, derived from its maps; those it has already are made anew."""
    for column in HOT_KEYS.get(family, {}):
        if column in table.column_names:
            for leaf, values in zip(_leaves_of(family, column), _derived(family, column, table), strict=True):
                at = table.schema.get_field_index(leaf.name)
                table = (
                    table.append_column(leaf.name, values) if at < 0 else table.set_column(at, table.field(at), values)
                )
    return table


def _leaves_of(family: str, column: str) -> tuple[Leaf, ...]:
    return tuple(leaf for leaf in hot_leaves(family) if leaf.path[0] == column)


def _derived(family: str, column: str, table: pa.Table) -> list[pa.ChunkedArray]:
    keys = pa.array(HOT_KEYS[family][column], pa.string())
    parts = [list(_members(chunk, keys)) for chunk in table.column(column).chunks]
    return [pa.chunked_array([part[at] for part in parts], pa.string()) for at in range(len(keys))]


def _members(maps: pa.MapArray, keys: pa.Array) -> Iterator[pa.Array]:
    """For each key its value in every row, null where the row's map has none."""
    places = pc.index_in(maps.keys, keys)
    hits = np.flatnonzero(places.is_valid().to_numpy(zero_copy_only=False))
    which = np.asarray(places.take(pa.array(hits)))
    rows = _rows_of(maps, hits)
    for number in range(len(keys)):
        mine = (which == number) & (rows >= 0)
        yield _placed(maps.items, rows[mine], hits[mine], len(maps))


def _rows_of(maps: pa.MapArray, entries: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The row that each entry belongs to; -1 for those outside of the array's slice and those of null maps."""
    offsets = maps.offsets.to_numpy()
    rows = np.searchsorted(offsets, entries, side="right") - 1
    rows[rows >= len(maps)] = -1
    if maps.null_count:
        rows[maps.is_null().to_numpy(zero_copy_only=False)[rows] & (rows >= 0)] = -1
    return rows


def _placed(items: pa.Array, rows: npt.NDArray[np.int64], entries: npt.NDArray[np.int64], length: int) -> pa.Array:
    if not len(rows):
        return pa.nulls(length, pa.string())
    at = np.zeros(length, np.int64)
    missing = np.ones(length, np.bool_)
    at[rows], missing[rows] = entries, False
    return items.take(pa.array(at, mask=missing))
