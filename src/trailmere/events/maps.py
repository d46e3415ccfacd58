"""Map columns from decoded objects, for many rows and several columns at once.

``values.map_value`` says what the text of a member is shown as; here the same is done to thousands of texts together.
Joined by NUL, which no JSON text holds, they are one array of bytes in which numpy finds what begins and ends where.
Strings with an escape, and objects and arrays that may hold white space, are given to ``map_value`` one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from trailmere.events import values

Column = Sequence[Any]  # of dict[str, msgspec.Raw] or None
Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

MAP = pa.map_(pa.string(), pa.string())
_SEPARATOR = b"\0"
_QUOTE, _BACKSLASH, _NULL, _SPACE = b'"\\n '
_OPEN = tuple(b"{[")


def map_arrays(columns: Sequence[Column]) -> list[pa.MapArray]:
    """A map array for each column, a null where no object stands."""
    present = [[members for members in column if members] for column in columns]
    keys = pa.array(list(chain.from_iterable(chain.from_iterable(present))), pa.string())
    items = texts_of(list(chain.from_iterable(map(dict.values, chain.from_iterable(present)))))
    arrays, first = [], 0
    for column, some in zip(columns, present, strict=True):
        size = sum(map(len, some))
        arrays.append(_map_array(column, keys.slice(first, size), items.slice(first, size)))
        first += size
    return arrays


def _map_array(column: Column, keys: pa.Array, items: pa.Array) -> pa.MapArray:
    absent = column.count(None)
    if absent == len(column):
        return pa.nulls(len(column), MAP)
    offsets = np.zeros(len(column) + 1, np.int32)
    if not absent:
        np.cumsum(np.fromiter(map(len, column), np.int32, len(column)), out=offsets[1:])
        return pa.MapArray.from_arrays(pa.array(offsets), keys, items)
    np.cumsum([0 if members is None else len(members) for members in column], out=offsets[1:])
    missing = np.array([members is None for members in column], np.bool_)
    return pa.MapArray.from_arrays(pa.array(offsets), keys, items, mask=pa.array(missing))


def texts_of(raws: list[Any]) -> pa.StringArray:
    """``values.map_value`` of each exact JSON text (``msgspec.Raw``, in UTF-8)."""
    if not raws:
        return pa.array([], pa.string())
    joined = _SEPARATOR.join(raws)
    content = np.frombuffer(joined, np.uint8)
    ends = np.append(np.flatnonzero(content == 0), len(content))
    starts = np.concatenate([[0], ends[:-1] + 1])
    first = content[starts]
    strings = first == _QUOTE
    shown = np.ones(len(content), np.bool_)
    shown[ends[:-1]] = False
    shown[starts[strings]] = shown[ends[strings] - 1] = False
    missing = pa.py_buffer(np.packbits(first != _NULL, bitorder="little"))
    buffers = [missing, _offsets(ends - starts - 2 * strings), pa.py_buffer(content[shown])]
    plain = pa.StringArray.from_buffers(len(raws), buffers[1], buffers[2], buffers[0])
    return _with_odd(plain, raws, _odd(content, starts, ends, first))


def _odd(content: Bytes, starts: Places, ends: Places, first: Bytes) -> Places:
    """Which texts are not shown as they are: strings that hold a backslash, brackets that hold white space.

    White space inside of the strings of an object is part of them: behind an odd number of quotes, where none of the
    quotes is escaped.
    """
    escaped = _holders(np.flatnonzero(content == _BACKSLASH), ends)
    odd: Places = np.unique(escaped[first[escaped] == _QUOTE])
    opening = np.isin(first, _OPEN)
    if not opening.any():
        return odd
    spaces = np.flatnonzero((content <= _SPACE) & (content != 0))
    holders = _holders(spaces, ends)
    within = opening[holders]
    spaces, holders = spaces[within], holders[within]
    quotes = np.flatnonzero(content == _QUOTE)
    before = np.searchsorted(quotes, spaces) - np.searchsorted(quotes, starts)[holders]
    outside = (before % 2 == 0) | np.isin(holders, escaped)
    return np.union1d(odd, holders[outside])


def _holders(places: Places, ends: Places) -> Places:
    """The numbers of the texts that hold the bytes at these places."""
    return np.searchsorted(ends, places)


def _with_odd(plain: pa.StringArray, raws: list[Any], odd: Places) -> pa.StringArray:
    if not len(odd):
        return plain
    mask = np.zeros(len(plain), np.bool_)
    mask[odd] = True
    shown = pa.array([values.map_value(bytes(raws[at])) for at in odd.tolist()], pa.binary()).view(pa.string())
    return pc.replace_with_mask(plain, pa.array(mask), shown)


def _offsets(lengths: Places) -> pa.Buffer:
    offsets = np.zeros(len(lengths) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    return pa.py_buffer(offsets)
