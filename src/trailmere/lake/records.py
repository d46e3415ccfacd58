"""What crosses the vault's threshold, inwards and outwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

DeliveryStatus = Literal["taken", "known", "rejected"]


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A Parquet file that is on disk and synced, and in no snapshot yet.

    ``path`` is absolute. ``event_keys`` and ``content_keys`` hold one unsigned 64-bit hash a row, in row order:
    of the eventID (0 where the record has none) and of the exact record text. ``delivery_rows`` holds, a row, the
    index of its delivery in the batch's list of ``DeliveryEntry``.
    """

    path: str
    day: date
    rows: int
    size: int
    sha256: str
    event_keys: npt.NDArray[np.uint64]
    content_keys: npt.NDArray[np.uint64]
    delivery_rows: npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Bytes that could not be taken in, where they were, and why.

    ``place`` is read by people: ``record 12, byte 20480``. ``ordinal`` is None for a whole delivery. ``content`` holds
    the bytes themselves; ``size`` their number, also where ``content`` is None because there were too many to keep.
    """

    delivery_id: str
    uri: str
    ordinal: int | None
    place: str
    reason: str
    message: str
    sha256: str
    size: int
    content: bytes | None


@dataclass(frozen=True, slots=True)
class DeliveryEntry:
    """A delivery as the ledger keeps it, for ever. Identity: uri, version and ``sha256_stored``.

    ``id`` is the first 32 hexadecimal digits of SHA-256 over uri, version and sha256_stored (``ledger.delivery_id``).
    ``same_as`` is the id of the delivery with the same bytes or content that was taken first (status ``known``).
    ``conflict``: the same uri and version had other bytes before. ``sha256_content`` is over the uncompressed bytes,
    "" where they could not be uncompressed. ``parsed = kept + filtered + duplicate + dead``, always.
    """

    id: str
    uri: str
    version: str | None
    etag: str | None
    size: int
    sha256_stored: str
    sha256_content: str
    status: DeliveryStatus
    format: str
    same_as: str | None = None
    conflict: bool = False
    parsed: int = 0
    kept: int = 0
    filtered: int = 0
    duplicate: int = 0
    dead: int = 0
    conflicting_events: int = 0


@dataclass(frozen=True, slots=True)
class Appended:
    """What a commit did. ``deliveries`` carry the final counts (after event-level de-duplication)."""

    batch_id: str
    snapshot_id: int | None
    rows: int
    deliveries: tuple[DeliveryEntry, ...]


Operator = Literal["=", "!=", "<", "<=", ">", ">=", "in", "is null", "is not null", "starts with"]


@dataclass(frozen=True, slots=True)
class Condition:
    """``column operator value`` over a physical column; a scan may use it to leave files out.

    ``value`` is a str, int, bool or naive UTC datetime; a tuple of those for ``in``; None for the null tests.
    """

    column: str
    operator: Operator
    value: object = None


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A data file that a scan has to read. ``path`` is a local absolute path or an s3:// uri."""

    path: str
    size: int
    rows: int


@dataclass(frozen=True, slots=True)
class ScanPlan:
    """The files of one snapshot that can hold matching rows, and what there is in all."""

    store_id: str
    snapshot_id: int | None
    snapshot_time: datetime | None
    files: tuple[PlannedFile, ...]
    total_files: int
    total_bytes: int
    total_rows: int
    conditions: tuple[Condition, ...] = field(default=())

    @property
    def bytes(self) -> int:
        """Bytes of the planned files: an upper bound of what is read."""
        return sum(planned.size for planned in self.files)
