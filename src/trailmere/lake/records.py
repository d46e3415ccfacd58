"""What crosses the vault's threshold, inwards and outwards."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

DeliveryStatus = Literal["taken", "known", "rejected"]


@dataclass(frozen=True, slots=True)
class Batch:
    """What a worker process needs to write files of one batch; plain data, can be pickled.

    ``location`` is the absolute folder of the store's table. ``schema`` holds the physical columns in order, with the
    Iceberg field ids in the metadata of each field (``PARQUET:field_id``). Every file of the batch has ``id`` in its
    name.
    """

    id: str
    store_id: str
    family: str
    location: str
    schema: pa.Schema


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

    ``id`` is the first 32 hexadecimal digits of SHA-256 over uri, version and sha256_stored (``delivery_id``).
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

    def known_as(self, first: str | None) -> DeliveryEntry:
        """This delivery as one that was taken before, as ``first``: nothing of it is counted again."""
        return replace(
            self,
            status="known",
            same_as=first,
            parsed=0,
            kept=0,
            filtered=0,
            duplicate=0,
            dead=0,
            conflicting_events=0,
        )

    def __reduce__(self) -> tuple[type[DeliveryEntry], tuple[Any, ...]]:
        # Thousands cross between processes; as a dataclass pickles itself, that takes twice as long.
        return DeliveryEntry, _entry_values(self)


_entry_values = attrgetter(*DeliveryEntry.__slots__)


def as_row(record: DeliveryEntry | NewField) -> dict[str, Any]:
    """Its fields by name. They are flat; ``dataclasses.asdict`` would look into each value for more."""
    if isinstance(record, DeliveryEntry):
        return dict(zip(DeliveryEntry.__slots__, _entry_values(record), strict=True))
    return {name: getattr(record, name) for name in record.__slots__}


RECORD_MARK = "#record="  # place of a delivery, this, ordinal: one record of it that was replayed by itself


def delivery_id(uri: str, version: str | None, sha256_stored: str) -> str:
    """The id of a delivery: the first 32 hexadecimal digits of SHA-256 over its identity."""
    identity = "\n".join((uri, version or "", sha256_stored))
    return hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class NewField:
    """A member of a record that no column is declared for: one for each path and delivery.

    ``path`` is dotted as the record spells it (``userIdentity.newMember``); ``ordinal`` is the first record of the
    delivery that has it, ``count`` how many have it.
    """

    path: str
    delivery_id: str
    uri: str
    ordinal: int
    count: int


@dataclass(frozen=True, slots=True)
class KnownField:
    """A field that no column is declared for, as the lake remembers it: where and when it was first seen."""

    path: str
    delivery_id: str
    uri: str
    ordinal: int
    first_seen: datetime
    count: int


@dataclass(frozen=True, slots=True)
class StoredDeadLetter:
    """A dead letter as the lake keeps it. ``content`` is None in listings, and where there was too much to keep."""

    id: int
    store_id: str
    letter: DeadLetter
    state: Literal["open", "replayed"]
    added_at: datetime
    replayed_at: datetime | None


@dataclass(frozen=True, slots=True)
class SnapshotInfo:
    """One version of a store's table. ``rows`` and ``files`` are what was added; ``total_rows`` what it holds."""

    id: int
    time: datetime
    batch_id: str | None
    rows: int
    files: int
    total_rows: int


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over a store's ledger. ``deliveries_seen = taken + known + rejected``; ``parsed = kept + filtered +
    duplicate + dead``; ``kept = rows + expired``, what retention removed. A delivery that is seen again adds one to
    ``deliveries_known``; it makes no second entry."""

    deliveries_seen: int
    deliveries_taken: int
    deliveries_known: int
    deliveries_rejected: int
    conflicting_places: int
    parsed: int
    kept: int
    filtered: int
    duplicate: int
    dead: int
    conflicting_events: int
    dead_letters_open: int
    rows: int
    files: int
    bytes: int
    expired: int = 0


@dataclass(frozen=True, slots=True)
class Removal:
    """Rows with an eventTime before ``cutoff`` that retention removed, together with ``files`` files; naive UTC."""

    batch_id: str
    time: datetime
    cutoff: datetime
    rows: int
    files: int


BATCH_ID_LENGTH = 24  # the time in nanoseconds, and eight digits by chance


def batch_began(batch_id: str) -> int:
    """When the batch of this id was opened, in nanoseconds since 1970. Raises ValueError for what is no such id."""
    if len(batch_id) != BATCH_ID_LENGTH:
        raise ValueError(f"expected the id of a batch, {BATCH_ID_LENGTH} hexadecimal digits, got {batch_id!r}")
    int(batch_id, 16)
    return int(batch_id[:16], 16)


@dataclass(frozen=True, slots=True)
class MaintenancePolicy:
    """What maintenance is to do. ``cutoff``: rows with an earlier eventTime go (UTC where it has no zone; None: none
    do). ``snapshot_days``: the age at which snapshots go. ``rest_hours``: of a day that got no file for so long all
    small files become one. ``memory_bytes``: what rewriting may take."""

    cutoff: datetime | None = None
    snapshot_days: float = 7.0
    rest_hours: float = 24.0
    memory_bytes: int = 1 << 30

    @property
    def cutoff_us(self) -> int | None:
        """The cutoff in microseconds since 1970."""
        if self.cutoff is None:
            return None
        moment = self.cutoff.replace(tzinfo=UTC) if self.cutoff.tzinfo is None else self.cutoff
        return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class MaintenanceProgress:
    """How far a step is; ``total`` is 0 where that is not known."""

    step: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class DamagedFile:
    """A file that is not what was written, and why that is thought. Maintenance leaves it where it is."""

    path: str
    why: str


@dataclass(frozen=True, slots=True)
class Maintained:
    """What maintenance did to a store, or would do. ``rewritten`` files became ``written`` ones; ``rows_removed`` were
    past their retention. ``files_removed`` are those that nobody needed any more. Snapshots that somebody read stayed
    (``snapshots_leased``)."""

    store_id: str
    files_before: int = 0
    files_after: int = 0
    bytes_before: int = 0
    bytes_after: int | None = 0
    rewritten: int = 0
    written: int = 0
    rows_removed: int = 0
    snapshots_expired: int = 0
    snapshots_leased: int = 0
    files_removed: int = 0
    bytes_removed: int = 0
    damaged: tuple[DamagedFile, ...] = ()


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
    """A data file that a scan has to read. ``path`` is a local absolute path or an s3:// uri.

    ``lacks_hot_columns``: it was written before some key was hot (``events.hot``), whose value is in its map only.
    """

    path: str
    size: int
    rows: int
    lacks_hot_columns: bool = False


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
