"""From a delivery to rows, as a visible tuple of steps. Runs in a worker; knows files and records, no database.

Each step looks at one ``Work``, adds what it found, and may settle its fate; the steps after it are then left out. A
``DeliveryError`` raised by a step rejects the delivery. The last step hands the records over to ``bulk``, where
those of many deliveries are decoded, selected and made into rows together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from trailmere.errors import DeliveryError
from trailmere.events import seams
from trailmere.events.formats import RecordText, split
from trailmere.events.inflate import inflate
from trailmere.ingest.bulk import Bulk, RowSink
from trailmere.lake.records import DeadLetter, DeliveryEntry, NewField, delivery_id
from trailmere.sources.reading import read, sha256_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from trailmere.events.formats import Defect
    from trailmere.ingest.records import KnownBytes, Recipe
    from trailmere.sources.delivery import Delivery

# What cannot be read has no hash; hashing what is too large to be read would take as long as reading it.
_WITHOUT_HASH = frozenset({"unreadable", "too-large"})
KEPT_BYTES = 256 << 20  # of one dead letter; what is larger is named by place, size and hash


@dataclass(slots=True)
class Bench:
    """What the steps work with: the recipe, the ledger's hashes, and where records come together."""

    recipe: Recipe
    known: Mapping[str, KnownBytes]
    bulk: Bulk

    @classmethod
    def of(cls, recipe: Recipe, known: Mapping[str, KnownBytes], sink: RowSink) -> Bench:
        """A bench whose rows go to the sink."""
        return cls(recipe, known, Bulk(recipe, sink))


@dataclass(slots=True)
class Work:
    """One delivery on its way. ``row`` is its place in the task; ``status`` is None until its fate is settled.

    ``texts`` are those of its records; ``fields`` what was read of them, where that was needed to tell them apart.
    Their places are in ``records``, or follow from ``first_offset``.
    """

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
    texts: list[bytes] = field(default_factory=list)
    fields: list[Any] = field(default_factory=list)
    records: list[RecordText] = field(default_factory=list)
    first_offset: int = 0
    parsed: int = 0
    kept: int = 0
    filtered: int = 0
    dead: int = 0
    letters: list[DeadLetter] = field(default_factory=list)
    unknown_fields: dict[str, tuple[int, int]] = field(default_factory=dict)  # path -> first ordinal, count

    @property
    def rows_id(self) -> str:
        """The delivery that its rows name: another one where it is a single record that is tried again."""
        return self.delivery.record_of[0] if self.delivery.record_of else self.id

    def ordinals(self, first: int, count: int) -> npt.NDArray[np.int64]:
        """The numbers that rows give to some of its records."""
        numbers = np.arange(first, first + count)
        if self.records:
            numbers = np.array([record.ordinal for record in self.records[first : first + count]], np.int64)
        return numbers + (self.delivery.record_of[1] if self.delivery.record_of else 0)

    def record(self, number: int) -> RecordText:
        """One of its records, with its place."""
        if not self.records:
            places = zip(seams.offsets(self.first_offset, self.texts), self.texts, strict=False)
            self.records = [RecordText(ordinal, *place) for ordinal, place in enumerate(places)]
        return self.records[number]

    def bury(self, defect: Defect) -> None:
        """A dead letter for what is no record, or a record without a day."""
        self.dead += 1
        text = defect.text
        self.letters.append(
            DeadLetter(
                delivery_id=self.id,
                uri=self.delivery.uri,
                ordinal=defect.ordinal,
                place=defect.place,
                reason=defect.reason,
                message=defect.message,
                sha256=hashlib.sha256(text).hexdigest(),
                size=len(text),
                content=text if len(text) <= KEPT_BYTES else None,
            )
        )

    def meet_unknown(self, paths: tuple[str, ...], number: int) -> None:
        """Fields of one of its records that no column is declared for."""
        for path in paths:
            first, times = self.unknown_fields.get(path, (self.record(number).ordinal, 0))
            self.unknown_fields[path] = (first, times + 1)

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


def cut_records(work: Work, bench: Bench) -> None:
    """The exact record texts of a usual log file, if decoding them proves that they are its records."""
    found = seams.cut(work.content, max_depth=bench.recipe.limits.max_json_depth)
    if found is None:
        return
    first_offset, texts = found
    fields = bench.bulk.decoder.read(texts)
    if seams.are_values(bench.bulk.decoder.refused(texts, fields)):
        work.format, work.first_offset, work.texts, work.fields = "records", first_offset, texts, fields
        work.parsed = len(texts)
        work.content = work.stored = b""


def split_records(work: Work, bench: Bench) -> None:
    """The exact record texts of any other; what is no record becomes a dead letter; a neighbour (a digest ...) is left
    alone."""
    if work.texts:
        return
    found = split(work.content, max_depth=bench.recipe.limits.max_json_depth)
    work.content = work.stored = b""
    work.format, work.foreign, work.records = found.format, found.other, found.records
    work.texts = [record.text for record in found.records]
    for defect in found.defects:
        work.bury(defect)
    work.parsed = len(found.records) + len(found.defects)
    if found.other is not None:
        work.status = "taken"


def gather_records(work: Work, bench: Bench) -> None:
    """On to the records of other deliveries, to be decoded, selected and made into rows together."""
    bench.bulk.add(work)


STEPS: tuple[Step, ...] = (
    read_bytes,
    hash_bytes,
    stop_if_known,
    inflate_bytes,
    hash_content,
    cut_records,
    split_records,
    gather_records,
)


def take(delivery: Delivery, row: int, bench: Bench, steps: tuple[Step, ...] = STEPS) -> Work:
    """Run one delivery through the steps. What it cannot take in is rejected, with its dead letter.

    Its records are counted when ``bench.bulk`` has been settled.
    """
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
