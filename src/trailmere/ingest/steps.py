"""From a delivery to rows, as a visible tuple of steps. Runs in a worker; knows files and records, no database.

Each step looks at one ``Work``, adds what it found, and may settle its fate; the steps after it are then left out. A
``DeliveryError`` raised by a step rejects the delivery. Records flow lazily through the last three steps, so that a
large delivery is never held three times.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from trailmere.errors import DeliveryError
from trailmere.events.decode import Event, EventDecoder
from trailmere.events.formats import Defect, RecordText, split
from trailmere.events.inflate import inflate
from trailmere.events.selection import compile_selectors
from trailmere.lake.records import DeadLetter, DeliveryEntry, NewField, delivery_id
from trailmere.sources.reading import read, sha256_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trailmere.ingest.records import KnownBytes, Recipe
    from trailmere.sources.delivery import Delivery

# What cannot be read has no hash; hashing what is too large to be read would take as long as reading it.
_WITHOUT_HASH = frozenset({"unreadable", "too-large"})
KEPT_BYTES = 256 << 20  # of one dead letter; what is larger is named by place, size and hash


class RowSink(Protocol):
    """Where the rows go."""

    def add(self, event: Event, record: RecordText, *, delivery_id: str, delivery_row: int) -> None:
        """One row that the store keeps."""


@dataclass(slots=True)
class Bench:
    """What the steps work with: the recipe, made ready, the ledger's hashes, the sink."""

    recipe: Recipe
    known: Mapping[str, KnownBytes]
    sink: RowSink
    decoder: EventDecoder = field(default_factory=EventDecoder)
    wanted: Callable[[Event], bool] = field(init=False)

    def __post_init__(self) -> None:
        self.wanted = compile_selectors(self.recipe.selectors)


@dataclass(slots=True)
class Work:
    """One delivery on its way. ``row`` is its place in the task; ``status`` is None until its fate is settled."""

    delivery: Delivery
    row: int
    id: str = ""
    stored: bytes = b""
    content: bytes = b""
    size: int = 0
    sha256_stored: str = ""
    sha256_content: str = ""
    format: str = ""
    status: str | None = None
    same_as: str | None = None
    known_rejected: bool = False
    foreign: str | None = None
    content_bytes: int = 0
    records: list[RecordText] = field(default_factory=list)
    events: Iterable[tuple[Event, RecordText]] = ()
    parsed: int = 0
    kept: int = 0
    filtered: int = 0
    dead: int = 0
    letters: list[DeadLetter] = field(default_factory=list)
    unknown_fields: dict[str, tuple[int, int]] = field(default_factory=dict)  # path -> first ordinal, count

    def entry(self) -> DeliveryEntry:
        """What the ledger will hold."""
        return DeliveryEntry(
            id=self.id,
            uri=self.delivery.uri,
            version=self.delivery.version,
            etag=self.delivery.etag,
            size=self.size,
            sha256_stored=self.sha256_stored,
            sha256_content=self.sha256_content,
            status="taken" if self.status is None else self.status,  # type: ignore[arg-type]
            format=self.format,
            same_as=self.same_as,
            parsed=self.parsed,
            kept=self.kept,
            filtered=self.filtered,
            dead=self.dead,
        )

    def new_fields(self) -> Iterator[NewField]:
        """The fields that no column is declared for."""
        for path, (ordinal, count) in self.unknown_fields.items():
            yield NewField(path, self.id, self.delivery.uri, ordinal, count)


Step = Callable[[Work, Bench], None]


def read_bytes(work: Work, bench: Bench) -> None:
    """The stored bytes, whole; one that is larger than any delivery may be is refused by its size."""
    work.size = work.delivery.size or 0
    work.stored = read(work.delivery, max_bytes=bench.recipe.limits.max_delivery_bytes)
    work.size = len(work.stored)


def hash_bytes(work: Work, bench: Bench) -> None:
    """SHA-256 of the stored bytes: with the place, this is the delivery's identity."""
    identify(work, hashlib.sha256(work.stored).hexdigest())


def stop_if_known(work: Work, bench: Bench) -> None:
    """Bytes that the ledger has are not decoded again, wherever they lie now."""
    if (known := bench.known.get(work.sha256_stored)) is not None:
        mark_known(work, known)


def inflate_bytes(work: Work, bench: Bench) -> None:
    """The content, gunzipped within bounds."""
    work.content = inflate(work.stored, max_bytes=bench.recipe.limits.max_delivery_bytes)
    work.content_bytes = len(work.content)


def hash_content(work: Work, bench: Bench) -> None:
    """SHA-256 of the content: what CloudTrail's digest files hold (``hashValue``)."""
    plain = work.content is work.stored
    work.sha256_content = work.sha256_stored if plain else hashlib.sha256(work.content).hexdigest()


def split_records(work: Work, bench: Bench) -> None:
    """Exact record texts; what is no record becomes a dead letter; a neighbour (a digest ...) is left alone."""
    found = split(work.content, max_depth=bench.recipe.limits.max_json_depth)
    work.content = work.stored = b""
    work.format, work.foreign, work.records = found.format, found.other, found.records
    for defect in found.defects:
        bury(work, defect)
    work.parsed = len(found.records) + len(found.defects)
    if found.other is not None:
        work.status = "taken"


def decode_records(work: Work, bench: Bench) -> None:
    """Events of records, lazily; a record that no day can be given to becomes a dead letter."""
    work.events = _decoded(work, bench.decoder)


def select_events(work: Work, bench: Bench) -> None:
    """The events that the store wants, lazily; the others are counted."""
    work.events = _selected(work, work.events, bench)


def build_rows(work: Work, bench: Bench) -> None:
    """Rows for the store's table. This is where the lazy steps run."""
    add, row = bench.sink.add, work.row
    id, first = work.delivery.record_of or (work.id, 0)
    for event, record in work.events:
        placed = record._replace(ordinal=record.ordinal + first) if first else record
        add(event, placed, delivery_id=id, delivery_row=row)
        work.kept += 1
    work.records = []


STEPS: tuple[Step, ...] = (
    read_bytes,
    hash_bytes,
    stop_if_known,
    inflate_bytes,
    hash_content,
    split_records,
    decode_records,
    select_events,
    build_rows,
)


def take(delivery: Delivery, row: int, bench: Bench, steps: tuple[Step, ...] = STEPS) -> Work:
    """Run one delivery through the steps. What it cannot take in is rejected, with its dead letter."""
    work = Work(delivery, row)
    try:
        for step in steps:
            step(work, bench)
            if work.status is not None:
                break
    except DeliveryError as error:
        reject(work, error, bench.known)
    work.stored = work.content = b""
    return work


def reject(work: Work, error: DeliveryError, known: Mapping[str, KnownBytes]) -> None:
    """Settle a delivery as rejected: its bytes, or as much as tells them, go to the dead letters.

    What is larger than any delivery may be is told by place and size alone.
    """
    stored = work.stored if work.sha256_stored else None
    if not work.sha256_stored:
        try:
            if error.reason not in _WITHOUT_HASH:
                sha256, work.size = sha256_of(work.delivery)
                identify(work, sha256)
                stored = _bytes_to_keep(work)
        except DeliveryError as unreadable:
            error = unreadable
    if not work.sha256_stored:
        identify(work, "")
        if error.reason == "too-large":
            work.id = delivery_id(work.delivery.uri, work.delivery.version, f"{work.size} bytes")
    seen = known.get(work.sha256_stored or work.id)
    if seen is not None:
        mark_known(work, seen)
        return
    work.status, work.format = "rejected", "unknown"
    place = "delivery" if error.offset is None else f"delivery, byte {error.offset:,}"
    kept = stored if stored is not None and len(stored) <= KEPT_BYTES else None
    letter = (work.id, work.delivery.uri, None, place, error.reason, str(error), work.sha256_stored, work.size, kept)
    work.letters.append(DeadLetter(*letter))


def bury(work: Work, defect: Defect) -> None:
    """A dead letter for what is no record, or a record without a day."""
    work.dead += 1
    text = defect.text
    work.letters.append(
        DeadLetter(
            delivery_id=work.id,
            uri=work.delivery.uri,
            ordinal=defect.ordinal,
            place=defect.place,
            reason=defect.reason,
            message=defect.message,
            sha256=hashlib.sha256(text).hexdigest(),
            size=len(text),
            content=text if len(text) <= KEPT_BYTES else None,
        )
    )


def identify(work: Work, sha256_stored: str) -> None:
    """Name the delivery by its place and its bytes."""
    work.sha256_stored = sha256_stored
    work.id = delivery_id(work.delivery.uri, work.delivery.version, sha256_stored)


def mark_known(work: Work, known: KnownBytes) -> None:
    """Settle a delivery as seen before."""
    work.status, work.format = "known", "known"
    work.same_as = None if known.delivery_id == work.id else known.delivery_id
    work.known_rejected = known.rejected


def _bytes_to_keep(work: Work) -> bytes | None:
    if work.size > KEPT_BYTES:
        return None
    try:
        return read(work.delivery, max_bytes=KEPT_BYTES)
    except DeliveryError:
        return None


def _decoded(work: Work, decoder: EventDecoder) -> Iterator[tuple[Event, RecordText]]:
    decode, unknown = decoder.decode, work.unknown_fields
    for record in work.records:
        event = decode(record)
        if isinstance(event, Defect):
            bury(work, event)
            continue
        for path in event.unknown_fields:
            first, count = unknown.get(path, (record.ordinal, 0))
            unknown[path] = (first, count + 1)
        yield event, record


def _selected(
    work: Work, events: Iterable[tuple[Event, RecordText]], bench: Bench
) -> Iterator[tuple[Event, RecordText]]:
    family, wanted = bench.recipe.family, bench.wanted
    for pair in events:
        if pair[0].family == family and wanted(pair[0]):
            yield pair
        else:
            work.filtered += 1
