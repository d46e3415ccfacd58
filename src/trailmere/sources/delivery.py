"""What crosses from the porch to the way in: a delivery, its bytes not yet read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """One object as it was delivered: a file, an S3 object, standard input.

    ``uri`` is absolute (``file:///logs/a.json.gz``, ``s3://bucket/key``, ``stdin:``) and, with ``version``, names the
    place; what was there is named by the SHA-256 of its bytes, once they are read. ``size`` counts stored (compressed)
    bytes, None when unknown. ``etag`` is S3's, None elsewhere. ``due`` is the time in the key or file name, UTC, None
    when the name has none; sources yield in its order where they can, because files fed in time order prune best.
    """

    uri: str
    size: int | None = None
    etag: str | None = None
    version: str | None = None
    modified: datetime | None = None
    due: datetime | None = None
