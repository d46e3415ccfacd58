"""Reading one delivery, in whatever process: module-level functions over plain data, one reader for each scheme.

Nothing is inflated or understood here. What cannot be read is a ``DeliveryError`` of reason ``unreadable``: it costs
one delivery, never the run; only a server that answers for nothing any more is ``SourceUnavailable``.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from trailmere.errors import DeliveryError

if TYPE_CHECKING:
    from trailmere.sources.delivery import Delivery

PIECE_BYTES = 4 << 20
_LEAST_BYTES = 64 << 10  # read at once; a file may have grown since it was listed


def read(delivery: Delivery, *, max_bytes: int) -> bytes:
    """The stored bytes of a delivery, whole.

    Raises DeliveryError: ``unreadable`` when the place cannot be read or gives another number of bytes than was listed,
    ``too-large`` when there are more than ``max_bytes`` (of a file or object whose size is known, nothing is read
    then).
    """
    if delivery.size is not None and delivery.size > max_bytes:
        raise _too_large(delivery.size, max_bytes)
    parts, size = [], 0
    for piece in pieces(delivery):
        size += len(piece)
        if size > max_bytes:
            raise _too_large(size, max_bytes)
        parts.append(piece)
    if delivery.etag is not None and delivery.size is not None and size != delivery.size:
        raise DeliveryError(
            "unreadable", f"expected {delivery.size:,} bytes as listed, got {size:,}; it is tried again"
        )
    return parts[0] if len(parts) == 1 else b"".join(parts)


def sha256_of(delivery: Delivery) -> tuple[str, int]:
    """SHA-256 (hexadecimal) and number of the stored bytes, without holding them.

    Raises DeliveryError ``unreadable``.
    """
    digest, size = hashlib.sha256(), 0
    for piece in pieces(delivery):
        digest.update(piece)
        size += len(piece)
    return digest.hexdigest(), size


def pieces(delivery: Delivery) -> Iterator[bytes]:
    """The stored bytes in pieces. Raises DeliveryError ``unreadable``."""
    if delivery.content is not None:
        yield delivery.content
        return
    scheme = "file" if delivery.spool is not None else delivery.uri.partition(":")[0]
    try:
        yield from READERS[scheme](delivery)
    except KeyError:
        raise DeliveryError("unreadable", f"{delivery.uri} can be read only once, and was") from None


def local_path(uri: str) -> str:
    """The path that a file URI names; names may hold any bytes but NUL."""
    return os.fsdecode(unquote_to_bytes(uri.removeprefix("file://")))


def _file_pieces(delivery: Delivery) -> Iterator[bytes]:
    path = delivery.spool or local_path(delivery.uri)
    most = PIECE_BYTES if delivery.size is None else min(max(delivery.size + 1, _LEAST_BYTES), PIECE_BYTES)
    try:
        # O_NONBLOCK: a pipe that took the file's place must not hold the worker for ever
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            while piece := os.read(file, most):
                yield piece
        finally:
            os.close(file)
    except OSError as error:
        raise DeliveryError(
            "unreadable", f"the file was listed and cannot be read: {error.strerror or error}"
        ) from error


def _s3_pieces(delivery: Delivery) -> Iterator[bytes]:
    from trailmere.sources.s3reading import object_pieces

    return object_pieces(delivery)


READERS: dict[str, Callable[[Delivery], Iterator[bytes]]] = {"file": _file_pieces, "s3": _s3_pieces}


def _too_large(size: int, max_bytes: int) -> DeliveryError:
    return DeliveryError(
        "too-large",
        f"expected at most {max_bytes:,} bytes, got {size:,}; raise TRAILMERE_MAX_DELIVERY_BYTES if it is genuine",
    )
