"""What of a batch is new. Decided under the store's lock, from the ledger and the event index; nothing is written here
but files of the batch itself.

Deliveries: bytes or content that were taken before, by whoever, make a delivery *known*, and its rows are left out.
The same place with other bytes is evidence: both are kept and the later one is flagged. Events: same eventID and same
content is a *duplicate*; same eventID and other content is kept and flagged; records without an eventID are never
merged, nor events that merely share a sharedEventID.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from trailmere.errors import LakeDamaged
from trailmere.lake import files as data_files
from trailmere.lake import ledger
from trailmere.lake.samejson import fingerprint

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    from sqlalchemy import Connection

    from trailmere.lake.index import EventIndex
    from trailmere.lake.reader import RecordReader
    from trailmere.lake.records import Batch, DeliveryEntry, WrittenFile

    Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Decision:
    """What the batch comes to: the files to append, the deliveries with their final counts, files no longer needed."""

    files: tuple[WrittenFile, ...]
    deliveries: tuple[DeliveryEntry, ...]
    superseded: tuple[Path, ...]


def decide(
    connection: Connection,
    index: EventIndex,
    reader: RecordReader,
    batch: Batch,
    files: Sequence[WrittenFile],
    deliveries: Sequence[DeliveryEntry],
) -> Decision:
    """Leave out what the lake holds already; flag what contradicts it.

    Raises ValueError where the counts of ``deliveries`` do not agree with the rows of ``files``.
    """
    check_counts(files, deliveries)
    entries = judge_deliveries(connection, batch.store_id, deliveries)
    rows = _BatchRows.of(files)
    taken = np.array([entry.status == "taken" for entry in entries], np.bool_)
    wanted = taken[rows.deliveries] if len(rows.deliveries) else np.empty(0, np.bool_)
    keep, conflicts = judge_events(rows, wanted, index, reader)
    entries = _count(entries, rows, wanted & ~keep, keep & conflicts)
    kept, superseded = _apply(batch, files, keep, conflicts)
    return Decision(tuple(kept), tuple(entries), tuple(superseded))


def check_counts(files: Sequence[WrittenFile], deliveries: Sequence[DeliveryEntry]) -> None:
    """Raise ValueError unless every delivery's counts balance and its kept rows are in the files."""
    rows = np.zeros(len(deliveries), np.int64)
    for file in files:
        rows += np.bincount(file.delivery_rows, minlength=len(deliveries))
    for entry, found in zip(deliveries, rows, strict=True):
        if entry.parsed != entry.kept + entry.filtered + entry.duplicate + entry.dead:
            raise ValueError(
                f"{entry.uri}: parsed {entry.parsed} is not kept {entry.kept} + filtered {entry.filtered} "
                f"+ duplicate {entry.duplicate} + dead {entry.dead}"
            )
        if entry.kept != found:
            raise ValueError(f"{entry.uri}: kept {entry.kept} records, and {found} rows were written")


# -- deliveries --------------------------------------------------------------------------------------------------------


def judge_deliveries(connection: Connection, store_id: str, deliveries: Sequence[DeliveryEntry]) -> list[DeliveryEntry]:
    """The deliveries with their final status: what was taken before, or earlier in the batch, is known.

    A rejected delivery is no obstacle to the same bytes being taken: a newer decoder may read them.
    """
    stored = ledger.by_stored(connection, store_id, [entry.sha256_stored for entry in deliveries])
    content = ledger.by_content(connection, store_id, [entry.sha256_content for entry in deliveries])
    places = ledger.by_place(connection, store_id, [entry.uri for entry in deliveries])
    judged = []
    for entry in deliveries:
        final = _judge(entry, stored.get(entry.sha256_stored), content.get(entry.sha256_content))
        conflict = _contradicts(final, places.get(final.uri, []))
        final = final if conflict == final.conflict else replace(final, conflict=conflict)
        judged.append(final)
        places.setdefault(final.uri, []).append(final)
        if final.status == "taken":
            stored[final.sha256_stored] = final
            if final.sha256_content:
                content[final.sha256_content] = final
        elif final.status == "rejected" and final.sha256_stored:
            stored.setdefault(final.sha256_stored, final)
    return judged


def _judge(entry: DeliveryEntry, same_bytes: DeliveryEntry | None, same_content: DeliveryEntry | None) -> DeliveryEntry:
    if entry.status == "known":
        return entry
    first = same_bytes
    if entry.status == "taken" and (first is None or first.status == "rejected"):
        first = same_content
    if first is None:
        return entry
    return entry.known_as(first.id)


def _contradicts(entry: DeliveryEntry, at_place: Sequence[DeliveryEntry]) -> bool:
    if not entry.sha256_stored:  # its bytes could not be read: they contradict nothing
        return entry.conflict
    if entry.status == "known" and any(other.id == entry.id for other in at_place):  # told when it was new there
        return False
    return entry.conflict or any(
        other.version == entry.version and other.sha256_stored not in ("", entry.sha256_stored) for other in at_place
    )


# -- events ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _BatchRows:
    """The rows of all files of the batch, one after the other."""

    paths: list[str]
    starts: npt.NDArray[np.int64]  # first position of each file
    events: npt.NDArray[np.uint64]
    contents: npt.NDArray[np.uint64]
    deliveries: npt.NDArray[np.int32]

    @classmethod
    def of(cls, files: Sequence[WrittenFile]) -> _BatchRows:
        sizes = np.array([file.rows for file in files], np.int64)
        return cls(
            [file.path for file in files],
            np.cumsum(sizes) - sizes,
            np.concatenate([np.empty(0, np.uint64), *(file.event_keys for file in files)]),
            np.concatenate([np.empty(0, np.uint64), *(file.content_keys for file in files)]),
            np.concatenate([np.empty(0, np.int32), *(file.delivery_rows for file in files)]),
        )

    def place(self, position: int) -> tuple[str, int]:
        """File and row number of a position."""
        file = int(np.searchsorted(self.starts, position, side="right")) - 1
        while self.starts[file] > position:
            file -= 1
        return self.paths[file], position - int(self.starts[file])


@dataclass(slots=True)
class _Variants:
    """What is known under one event hash: contents by hash, places not yet read, values by eventID."""

    contents: set[int] = field(default_factory=set)
    unread: list[tuple[str, int]] = field(default_factory=list)
    values: dict[str, set[bytes]] = field(default_factory=lambda: defaultdict(set))

    def add(self, content: int, place: tuple[str, int]) -> None:
        self.contents.add(content)
        self.unread.append(place)

    def read(self, reader: RecordReader) -> dict[str, set[bytes]]:
        """The values seen, for each eventID: two ids may have one hash, and are two events then."""
        for path, row in self.unread:
            event_id, text = reader.record(path, row)
            self.values[event_id].add(_value(text))
        self.unread.clear()
        return self.values


def judge_events(rows: _BatchRows, wanted: Mask, index: EventIndex, reader: RecordReader) -> tuple[Mask, Mask]:
    """Which rows to keep, and which of those contradict an earlier event of the same eventID."""
    keep, conflicts = wanted.copy(), np.zeros(len(wanted), np.bool_)
    named = np.flatnonzero(wanted & (rows.events != 0))
    distinct, inverse, counts = np.unique(rows.events[named], return_inverse=True, return_counts=True)
    variants = _stored_variants(distinct, index)
    suspect = counts > 1
    suspect[list(variants)] = True
    for at in np.flatnonzero(suspect[inverse]):
        position, event = int(named[at]), int(inverse[at])
        seen = variants.setdefault(event, _Variants())
        place = rows.place(position)
        verdict = _verdict(seen, int(rows.contents[position]), place, reader)
        keep[position] = verdict != "duplicate"
        conflicts[position] = verdict == "conflict"
    return keep, conflicts


def _stored_variants(distinct: npt.NDArray[np.uint64], index: EventIndex) -> dict[int, _Variants]:
    needles, found = index.find(distinct)
    variants: dict[int, _Variants] = defaultdict(_Variants)
    for needle, content, file, row in zip(
        needles.tolist(), found.contents.tolist(), found.files.tolist(), found.rows.tolist(), strict=True
    ):
        variants[needle].add(content, (index.files[file], row))
    return dict(variants)


def _verdict(seen: _Variants, content: int, place: tuple[str, int], reader: RecordReader) -> str:
    if content in seen.contents:
        return "duplicate"
    if not seen.contents:
        seen.add(content, place)
        return "new"
    values = seen.read(reader)
    event_id, text = reader.record(*place)
    value = _value(text)
    if value in values[event_id]:
        return "duplicate"
    verdict = "conflict" if values[event_id] else "new"
    values[event_id].add(value)
    seen.contents.add(content)
    return verdict


def _value(text: str) -> bytes:
    try:
        return fingerprint(text)
    except ValueError:  # not JSON as we read it: equal to the same text only
        return text.encode("utf-8", "surrogatepass")


# -- consequences ------------------------------------------------------------------------------------------------------


def _count(entries: list[DeliveryEntry], rows: _BatchRows, duplicate: Mask, conflicting: Mask) -> list[DeliveryEntry]:
    duplicates = np.bincount(rows.deliveries[duplicate], minlength=len(entries))
    conflicts = np.bincount(rows.deliveries[conflicting], minlength=len(entries))
    return [
        replace(
            entry,
            kept=entry.kept - int(duplicates[at]),
            duplicate=entry.duplicate + int(duplicates[at]),
            conflicting_events=entry.conflicting_events + int(conflicts[at]),
        )
        if duplicates[at] or conflicts[at]
        else entry
        for at, entry in enumerate(entries)
    ]


def _apply(
    batch: Batch, files: Sequence[WrittenFile], keep: Mask, conflicts: Mask
) -> tuple[list[WrittenFile], list[Path]]:
    kept: list[WrittenFile] = []
    superseded: list[Path] = []
    start = 0
    for file in files:
        some = slice(start, start + file.rows)
        start += file.rows
        if keep[some].all() and not conflicts[some].any():
            kept.append(file)
            continue
        superseded.append(Path(file.path))
        smaller = data_files.rewrite(batch, file, keep[some], conflicts[some])
        if smaller is not None:
            kept.append(smaller)
    return kept, superseded


def check_files(files: Sequence[WrittenFile]) -> None:
    """Raise LakeDamaged unless each file is on disk in its full length."""
    for file in files:
        path = Path(file.path)
        if not path.exists() or path.stat().st_size != file.size:
            raise LakeDamaged(
                f"expected {file.size} bytes at {path}",
                hint="the batch is given up; ingest again",
            )
