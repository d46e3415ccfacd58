"""Hot keys: members of map columns that are stored a second time, each in a column of its own.

A filter on a key of a map reads and unpacks the whole map: it costs some thirteen times one on a plain column. So the
keys that people filter by are derived once, when a file is written, into hidden columns; the map stays whole. The query
room uses such a column wherever a statement takes the key (``element_at(requestParameters, 'bucketName')``).

``HOT_KEYS`` is the one place that says which: keys whose value names what a request was about (a bucket, a role, an
instance), by how many services use them in real records and how often published queries and rules ask for them.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trailmere.events.columns import Leaf, leaves
from trailmere.events.types import VARCHAR

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

# family -> map column -> keys, as the records spell them; no two of one map may differ in case alone.
HOT_KEYS: dict[str, dict[str, tuple[str, ...]]] = {
    "cloudtrail": {
        "requestparameters": (
            "accessKeyId",
            "bucketName",
            "dBInstanceIdentifier",
            "functionName",
            "groupId",
            "instanceId",
            "key",
            "keyId",
            "name",
            "policyArn",
            "roleArn",
            "roleName",
            "roleSessionName",
            "secretId",
            "userName",
        ),
    },
}


@cache
def hot_leaves(family: str) -> tuple[Leaf, ...]:
    """The columns of a family's hot keys, in order; ``name`` is the map's and the key's, joined by two underscores."""
    return tuple(
        Leaf(path=(column, key), keys=(column, key), name=f"{column}__{key.lower()}", type=VARCHAR)
        for column, keys in HOT_KEYS.get(family, {}).items()
        for key in keys
    )


@cache
def stored_leaves(family: str) -> tuple[Leaf, ...]:
    """All columns of a family's data files: those of the records, then those of the hot keys."""
    return (*leaves(family), *hot_leaves(family))


def hot_column(family: str, column: str, key: str) -> str | None:
    """The column that holds this key of a map column; None where the key is not hot."""
    return next((leaf.name for leaf in hot_leaves(family) if leaf.path == (column, key)), None)


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
