"""From lists of decoded values to Arrow arrays: one builder for each declared type, made once.

A builder takes the values of a whole column and gives its physical columns. Making them ahead keeps the fixed cost of
some eighty columns small beside the rows of one batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate, chain, compress
from typing import Any

import numpy as np
import pyarrow as pa
from msgspec.structs import astuple

from trailmere.events import values
from trailmere.events.maps import MAP, map_arrays
from trailmere.events.types import BIGINT, BOOLEAN, DOUBLE, INTEGER, TIMESTAMP, VARCHAR, Array, Map, Row, Type

Column = Sequence[Any]
ArrayBuilder = Callable[[Column], pa.Array]
LeafBuilder = Callable[[Column], list[pa.Array]]

_SCALARS = {
    VARCHAR: pa.string(),
    BOOLEAN: pa.bool_(),
    INTEGER: pa.int32(),
    BIGINT: pa.int64(),
    DOUBLE: pa.float64(),
    TIMESTAMP: pa.timestamp("us"),
}


def arrow_type(type: Type) -> pa.DataType:
    """The Arrow type of a declared type; timestamps are microseconds without a zone (UTC)."""
    if isinstance(type, Map):
        return MAP
    if isinstance(type, Array):
        return pa.list_(pa.field("element", arrow_type(type.element)))
    if isinstance(type, Row):
        return pa.struct([(field.name, arrow_type(field.type)) for field in type.fields])
    return _SCALARS[type]


def leaf_builder(type: Type) -> LeafBuilder:
    """Builds the physical columns of a declared column: the leaves of a row, otherwise the one array."""
    if not isinstance(type, Row):
        build_one = _array_builder(type)
        return lambda column: [build_one(column)]
    builders = [leaf_builder(field.type) for field in type.fields]
    split = _splitter(type)

    def build(column: Column) -> list[pa.Array]:
        return [array for part, leaves in zip(split(column), builders, strict=True) for array in leaves(part)]

    return build


def string_arrays(columns: Sequence[Column]) -> list[pa.StringArray]:
    """A string array for each column: slices of one, so that each further column costs next to nothing by itself."""
    filled = [not _is_empty(column) for column in columns]
    every = pa.array(list(chain.from_iterable(compress(columns, filled))), pa.string())
    places = accumulate(filled, initial=0)
    return [
        every.slice(place * len(column), len(column)) if some else pa.nulls(len(column), pa.string())
        for column, some, place in zip(columns, filled, places, strict=False)
    ]


def repeated(array: pa.Array, at: pa.Array) -> pa.Array:
    """The values of an array at these places."""
    return pa.nulls(len(at), array.type) if array.null_count == len(array) else array.take(at)


def _array_builder(type: Type) -> ArrayBuilder:
    arrow = arrow_type(type)
    build = _builder_with_values(type, arrow)
    return lambda column: pa.nulls(len(column), arrow) if _is_empty(column) else build(column)


def _is_empty(column: Column) -> bool:
    return not column or (column[0] is None and column.count(None) == len(column))


def _builder_with_values(type: Type, arrow: pa.DataType) -> ArrayBuilder:
    if isinstance(type, Map):
        return lambda column: map_arrays([column])[0]
    if isinstance(type, Array):
        return _list_builder(type, arrow)
    if isinstance(type, Row):
        return _struct_builder(type, arrow)
    if type is TIMESTAMP:
        return _timestamps
    return lambda column: pa.array(column, arrow)


def _struct_builder(type: Row, arrow: pa.DataType) -> ArrayBuilder:
    builders = [_array_builder(field.type) for field in type.fields]
    fields = list(arrow)
    split = _splitter(type)

    def build(column: Column) -> pa.Array:
        arrays = [array(part) for part, array in zip(split(column), builders, strict=True)]
        return pa.StructArray.from_arrays(arrays, fields=fields, mask=_missing(column))

    return build


def _list_builder(type: Array, arrow: pa.DataType) -> ArrayBuilder:
    element = _array_builder(type.element)

    def build(column: Column) -> pa.Array:
        elements = element([value for part in column if part for value in part])
        return pa.ListArray.from_arrays(_offsets(column), elements, type=arrow, mask=_missing(column))

    return build


def _timestamps(column: Column) -> pa.Array:
    moments = [None if text is None else values.microseconds(text) for text in column]
    return pa.array(moments, pa.int64()).view(_SCALARS[TIMESTAMP])


def _splitter(type: Row) -> Callable[[Column], list[Column]]:
    """Turns a column of structs into one column for each field; the first spelling that a struct has wins."""
    spellings = [1 + len(field.spellings) for field in type.fields]
    several = any(count > 1 for count in spellings)

    def split(column: Column) -> list[Column]:
        empty = next((struct.__class__() for struct in column if struct is not None), None)
        if empty is None:
            return [column] * len(spellings)
        columns: list[Column] = list(
            zip(*(astuple(empty if struct is None else struct) for struct in column), strict=True)
        )
        return [_first_of(columns, count) for count in spellings] if several else columns

    return split


def _first_of(columns: list[Column], count: int) -> Column:
    """Take ``count`` columns off the list and join them: of each row the first value there is."""
    found = columns.pop(0)
    for _ in range(count - 1):
        found = [other if value is None else value for value, other in zip(found, columns.pop(0), strict=True)]
    return found


def _offsets(column: Sequence[Any]) -> pa.Array:
    offsets = np.zeros(len(column) + 1, dtype=np.int32)
    np.cumsum([0 if part is None else len(part) for part in column], out=offsets[1:])
    return pa.array(offsets)


def _missing(column: Column) -> pa.Array:
    return pa.array([value is None for value in column], pa.bool_())
