"""What crosses from the porch to the way in: a delivery, its bytes not yet read, and the source that lists it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Delivery:
    """One object as it was delivered: a file, an S3 object, standard input.

    ``uri`` is absolute (``file:///logs/a.json.gz``, ``s3://bucket/key``, ``stdin:``) and, with ``version``, names the
    place; what was there is named by the SHA-256 of its bytes, once they are read. ``size`` counts stored (compressed)
    bytes, None when unknown. ``etag`` is S3's, None elsewhere. ``due`` is the time in the key or file name, UTC, None
    when the name has none; sources yield in its order where they can, because files fed in time order prune best.
    ``spool`` is a local file with the bytes, where the place cannot be read again (standard input, a dead letter).
    ``content`` holds the stored bytes themselves, where they were pushed to us and lie nowhere else.
    ``record_of``: the bytes are one record of another delivery, of this id and at this ordinal; its row will say so.
    """

    uri: str
    size: int | None = None
    etag: str | None = None
    version: str | None = None
    modified: datetime | None = None
    due: datetime | None = None
    spool: str | None = None
    content: bytes | None = None
    record_of: tuple[str, int] | None = None

    def __reduce__(self) -> tuple[type[Delivery], tuple[Any, ...]]:
        # Thousands cross between processes; as a dataclass pickles itself, that takes half as long again.
        return Delivery, _values(self)


_values = attrgetter(*Delivery.__slots__)


class Source(Protocol):
    """A place that is listed. ``listing`` may be called again and starts anew, counters included.

    ``other`` counts objects that their name shows to be something else (digests, Config, flow logs ...) by kind;
    ``out_of_scope`` those that lie outside the account, Region or time that was asked for. Both are complete once the
    listing is exhausted.
    """

    uri: str

    @property
    def other(self) -> Counter[str]:
        """Objects left alone, by kind."""

    @property
    def out_of_scope(self) -> int:
        """Objects outside the scope."""

    def listing(self) -> Iterator[Delivery]:
        """Every delivery of the source, in the order of the time in its name, those without one last.

        Raises SourceNotFound, SourceUnavailable.
        """

    def close(self) -> None:
        """Remove what the source kept for itself."""
