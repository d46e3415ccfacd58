"""Keys of the event index: 64-bit hashes of eventIDs and of record texts. Stored, so they never change.

The hash of an id finds candidates, whose ids are then compared: a mix of its words will do, and is computed for a whole
column. The hash of a text decides alone that two records are the same, and is cryptographic: a forged record must not
pass for a copy. Whoever changes one of them changes ``lake.index.FORMAT`` too, so that indexes are built anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Keys = npt.NDArray[np.uint64]

_WORD_BYTES = 8
_LARGEST_MIXED_BYTES = 64  # longer ids, which nobody writes, are hashed one by one
_SEED = 0x9E3779B97F4A7C15
_FACTOR = np.uint64(0xD6E8FEB86659FD93)
_SHIFT = np.uint64(32)


def event_key(event_id: str | None) -> int:
    """A 64-bit hash of an eventID; 0 stands for a record without one."""
    return int(event_keys([event_id])[0])


def content_key(text: bytes) -> int:
    """A 64-bit hash of a record's exact text."""
    return int(content_keys([text])[0])


def event_keys(event_ids: Sequence[str | None] | pa.StringArray) -> Keys:
    """``event_key`` of each."""
    array = event_ids if isinstance(event_ids, pa.Array) else pa.array(event_ids, pa.string())
    keys = np.zeros(len(array), np.uint64)
    _, offset_buffer, data = array.buffers()
    if data is None:
        return keys
    offsets = np.frombuffer(offset_buffer, np.int32)[array.offset :][: len(array) + 1].astype(np.int64)
    content = np.frombuffer(data, np.uint8)
    lengths = np.diff(offsets)
    if array.null_count:
        lengths[array.is_null().to_numpy(zero_copy_only=False)] = 0
    for length in np.unique(lengths).tolist():
        rows = np.flatnonzero(lengths == length)
        if length > _LARGEST_MIXED_BYTES:
            texts = [content[start : start + length].tobytes() for start in offsets[rows].tolist()]
            keys[rows] = np.maximum(content_keys(texts), np.uint64(1))
        elif length:
            keys[rows] = np.maximum(_mixed(content, offsets[rows], length), np.uint64(1))
    return keys


def content_keys(texts: Iterable[bytes]) -> Keys:
    """``content_key`` of each."""
    digests = b"".join([sha256(text).digest() for text in texts])
    return np.frombuffer(digests, "<u8")[:: sha256().digest_size // _WORD_BYTES].astype(np.uint64)


def _mixed(content: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64], length: int) -> Keys:
    """The hash of texts of one length: their words of eight bytes (little-endian, the last filled up with zeros), mixed
    one after the other. Each step can be undone, so texts that differ in one word alone never collide."""
    words = -(-length // _WORD_BYTES)
    padded = np.zeros((len(starts), words * _WORD_BYTES), np.uint8)
    padded[:, :length] = content[starts[:, None] + np.arange(length)]
    mixed = np.full(len(starts), (_SEED * length) % 2**64, np.uint64)
    for word in padded.view("<u8").T:
        mixed = (mixed ^ word) * _FACTOR
        mixed ^= mixed >> _SHIFT
    return mixed * _FACTOR ^ (mixed * _FACTOR >> _SHIFT)
