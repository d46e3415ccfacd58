"""Reading one S3 object, whole or not at all: what breaks off is taken up where it ended, of the very same object.

The client library tries again what a server refuses for a while, and goes on after a connection that broke. What it
cannot see is a body that ends too early with a length that fits it, or a server that heeds no ``If-Match``: the size
and the ETag of the listing tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from trailmere.errors import DeliveryError, SourceUnavailable
from trailmere.sources import s3plain
from trailmere.sources.s3client import holds_any, rounds, split_uri, store
from trailmere.sources.s3errors import expected_and_came, reading_error, recognise

if TYPE_CHECKING:
    from trailmere.sources.delivery import Delivery

PIECE_BYTES = 4 << 20
MOST_WAITED_FOR = 3  # objects in a row that patience did not help; those after them are asked for once


class _Waits:
    """Objects in a row that were waited for in vain. One a process: not each of a hundred thousand is waited for."""

    in_vain = 0


_waits = _Waits()


class BrokenOff(Exception):
    """Fewer bytes came than were listed, or those of another object; said in words that ``s3errors`` knows."""


def object_pieces(delivery: Delivery) -> Iterator[bytes]:
    """The bytes of an object in pieces, of the very object that was listed.

    Raises DeliveryError ``unreadable``, or SourceUnavailable where the server does not answer for other objects either:
    then nothing is said about this one.
    """
    given = 0
    hurried = _waits.in_vain >= MOST_WAITED_FOR
    for _ in rounds(1 if hurried else None):
        try:
            for piece in _some(delivery, given, attempts=1 if hurried else None):
                given += len(piece)
                yield piece
            if delivery.etag is None or delivery.size is None or given >= delivery.size:
                _waits.in_vain = 0
                return
            raise BrokenOff(f"{given:,} of {delivery.size:,} bytes came")
        except Exception as error:
            failed = error
        if not recognise(failed).passes or (given and delivery.etag is None):  # the rest might be another object's
            break
    _tell_outage(delivery, failed)
    raise DeliveryError("unreadable", reading_error(failed)) from failed


def _some(delivery: Delivery, start: int, *, attempts: int | None) -> Iterator[bytes]:
    """Pieces from ``start`` on, as far as they come."""
    bucket, key = split_uri(delivery.uri)
    if s3plain.is_plain_only(key):
        yield from s3plain.object_pieces(bucket, key, delivery.etag, start)
        return
    import obstore

    options: Any = {"if_match": delivery.etag} if delivery.etag is not None else {}
    if start:
        options["range"] = {"offset": start}
    answer = obstore.get(store(bucket, attempts=attempts), key, options=options)
    if delivery.etag is not None and answer.meta["e_tag"] != delivery.etag:
        raise BrokenOff(f"another version of the object came: ETag {answer.meta['e_tag']}")
    for piece in answer.stream(min_chunk_size=PIECE_BYTES):
        yield bytes(piece)


def _tell_outage(delivery: Delivery, failed: Exception) -> None:
    """Raise SourceUnavailable where the failure is the server's, and not of this object alone: it would reject all that
    is left of a bucket."""
    if not recognise(failed).outage:
        _waits.in_vain = 0  # it answers
        return
    _waits.in_vain += 1
    bucket, key = split_uri(delivery.uri)
    try:
        holds_any(bucket, "" if s3plain.is_plain_only(key) else key[: key.rfind("/") + 1], attempts=2)
    except Exception as error:
        if (trouble := recognise(error)).outage:
            raise SourceUnavailable(f"s3://{bucket} no longer answers: {expected_and_came(trouble, error)}") from error
