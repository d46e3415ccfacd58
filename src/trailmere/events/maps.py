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
    items = texts_of([raw for members in chain.from_iterable(present) for raw in members.values()])
    arrays, first = [], 0
    for column, some in zip(columns, present, strict=True):
        size = sum(map(len, some))
        arrays.append(_map_array(column, keys.slice(first, size), items.slice(first, size)))
        first += size
    return arrays


def _map_array(column: Column, keys: pa.Array, items: pa.Array) -> pa.MapArray:
    if column.count(None) == len(column):
        return pa.nulls(len(column), MAP)
    lengths = [len(members) if members else 0 for members in column]
    missing = np.array([members is None for members in column], np.bool_)
    offsets = np.zeros(len(column) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
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
    return _with_odd(plain, raws, _odd(content, ends, first))


def _odd(content: Bytes, ends: Places, first: Bytes) -> Places:
    """Which texts are not shown as they are: those of strings that hold a backslash, or of brackets that hold white
    space."""
    escaped = _holders(content == _BACKSLASH, ends)
    odd: Places = escaped[first[escaped] == _QUOTE]
    opening = np.isin(first, _OPEN)
    if not opening.any():
        return odd
    spaced = _holders((content <= _SPACE) & (content != 0), ends)
    return np.union1d(odd, spaced[opening[spaced]])


def _holders(found: Mask, ends: Places) -> Places:
    """The texts that hold any of the bytes found."""
    holders: Places = np.unique(np.searchsorted(ends, np.flatnonzero(found)))
    return holders


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
