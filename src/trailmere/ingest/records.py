"""What crosses between the loop and its workers: plain data that can be pickled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trailmere.events.selectors import AdvancedEventSelector
    from trailmere.lake.records import Batch, DeadLetter, DeliveryEntry, NewField, WrittenFile
    from trailmere.sources.delivery import Delivery

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """How much at once. Bytes are uncompressed unless said otherwise; ``task_seconds`` is what one task may take."""

    workers: int = 2
    batch_bytes: int = 64 * MIB
    commit_deliveries: int = 4096
    commit_seconds: float = 30.0
    max_delivery_bytes: int = 1024 * MIB
    max_json_depth: int = 256
    task_seconds: float = 1800.0


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a worker must know for the whole run: what the store wants, and the limits."""

    family: str
    selectors: tuple[AdvancedEventSelector, ...]
    limits: Limits


@dataclass(frozen=True, slots=True)
class KnownBytes:
    """Bytes that the ledger has: the delivery that had them first, and whether it was rejected."""

    delivery_id: str
    rejected: bool


@dataclass(frozen=True, slots=True)
class Task:
    """Deliveries for one worker. ``number`` is unique in the run and names the files that the worker writes.

    ``known``: SHA-256 of stored bytes -> what the ledger has of them, as far as the loop could tell beforehand (the
    commit decides in the end). ``batch`` is None in a dry run: then nothing is written.
    """

    number: int
    deliveries: tuple[Delivery, ...]
    known: Mapping[str, KnownBytes]
    batch: Batch | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a task. ``entries`` are in the order of the task's deliveries; ``delivery_rows`` of ``files``
    index them. ``content_bytes`` are those of the deliveries that were inflated."""

    number: int
    entries: tuple[DeliveryEntry, ...]
    files: tuple[WrittenFile, ...] = ()
    dead_letters: tuple[DeadLetter, ...] = ()
    fields: tuple[NewField, ...] = ()
    known_rejected: int = 0
    foreign: Mapping[str, int] = field(default_factory=dict)
    content_bytes: int = 0


LAKE_UNWRITABLE = "lake-unwritable"
SOURCE_AWAY = "source-away"


@dataclass(frozen=True, slots=True)
class Failure:
    """A task that came to nothing: its worker died, hung, or met an error that it did not expect.

    With the reasons ``LAKE_UNWRITABLE`` and ``SOURCE_AWAY`` no delivery is at fault, and none must be rejected for it.
    """

    number: int
    reason: str
    message: str
