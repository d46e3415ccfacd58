"""The event index: which eventIDs are in a store's table, and with what content.

Derived from the table, and rebuilt from it whenever it is missing, behind or damaged.

For each stored row: a 64-bit hash of the eventID, one of the exact record text, and where the row lies (number of its
data file, row number). Rows lie in *segments*: files of four arrays sorted by event hash, memory-mapped, never changed.
An append adds a segment; segments of like size are merged, so that a lookup visits few. ``manifest.json`` names the
segments, their checksums, the data files by number, and the snapshot that all this answers for. The rows of a file that
is gone have a number that the manifest does not name: they are passed over, and left out of merged segments. Used
under the store's lock only.
"""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from trailmere.lake.disk import make_folder, remove_files, write_file

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    import numpy.typing as npt

    Keys = npt.NDArray[np.uint64]
    Numbers = npt.NDArray[np.uint32]

MANIFEST = "manifest.json"
FORMAT = 3  # changes with the hashes of ``events.keys``
MERGE_FACTOR = 4  # a segment is merged into its elder when that is less than so many times larger
MERGED_ROWS = 8 << 20  # segments grow no further: bounds the memory of a merge
BYTES_A_ROW = 8 + 8 + 4 + 4
_OURS = re.compile(r"^(manifest\.json|\d{8}\.segment)(\.[0-9a-f]{8}\.draft)?$")
DEAD_SHARE = 4  # a segment of which more than one row in so many is of files gone is written anew by ``trim``


@dataclass(frozen=True, slots=True)
class Rows:
    """Index rows as arrays of one length: event hash, content hash, data file number, row number."""

    events: Keys
    contents: Keys
    files: Numbers
    rows: Numbers

    def __len__(self) -> int:
        return len(self.events)


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment file. ``checksum`` is CRC-32 of the whole file."""

    name: str
    rows: int
    checksum: int


class EventIndex:
    """The index of one store. Open it anew under each hold of the store's lock: another process may have changed it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._segments: list[Segment] = []
        self._next = 0
        self._next_file = 0
        self.snapshot_id: int | None = None
        self.files: dict[int, str] = {}
        self.sound = self._load()

    def find(self, events: Keys) -> tuple[npt.NDArray[np.int64], Rows]:
        """Rows stored under any of ``events`` (sorted, distinct): for each hit the index in ``events``, and the row."""
        needles: list[npt.NDArray[np.int64]] = []
        found: list[Rows] = []
        present = self._present()
        for segment in self._segments:
            stored = _map(self._folder, segment)
            first = np.searchsorted(stored.events, events, side="left")
            last = np.searchsorted(stored.events, events, side="right")
            hits = np.flatnonzero(last > first)
            if len(hits):
                counts = (last - first)[hits]
                at = np.concatenate([np.arange(first[hit], last[hit]) for hit in hits])
                live = present[stored.files[at]]
                needles.append(np.repeat(hits, counts)[live])
                found.append(_take(stored, at[live]))
        if not found:
            return np.empty(0, np.int64), _no_rows()
        return np.concatenate(needles), _concatenate(found)

    def add(
        self, additions: Iterable[tuple[str, Keys, Keys]], snapshot_id: int | None, *, gone: Collection[str] = ()
    ) -> None:
        """Add the rows of new data files (path, event hashes, content hashes; in row order), forget those of files
        that are gone, and answer for a snapshot.

        On disk when it returns. Rows with the event hash 0 have no eventID and are not indexed.
        """
        self.files = {number: path for number, path in self.files.items() if path not in gone}
        parts = []
        for path, events, contents in additions:
            number = self._next_file
            self._next_file += 1
            self.files[number] = path
            named = np.flatnonzero(events != 0)
            parts.append(
                Rows(
                    events[named],
                    contents[named],
                    np.full(len(named), number, np.uint32),
                    named.astype(np.uint32),
                )
            )
        self.snapshot_id = snapshot_id
        self._append(_concatenate(parts) if parts else _no_rows())

    def clear(self) -> None:
        """Empty the index, on disk too."""
        if self._folder.is_dir():
            remove_files(sorted(self._folder.iterdir()))
        self._segments, self.files, self.snapshot_id, self.sound = [], {}, None, True

    def trim(self) -> None:
        """Write segments anew that have many rows of files that are gone; remove what does not belong here."""
        kept, old, present = [], [], self._present()
        for segment in self._segments:
            rows = _map(self._folder, segment)
            live = present[rows.files]
            if DEAD_SHARE * (len(live) - int(live.sum())) <= len(live):
                kept.append(segment)
                continue
            old.append(segment)
            if live.any():
                kept.append(self._write(_take(rows, np.flatnonzero(live))))
        if old:
            self._segments = kept
            self._write_manifest()
        named = {MANIFEST, *(segment.name for segment in self._segments)}
        if self._folder.is_dir():
            remove_files([path for path in self._folder.iterdir() if path.name not in named])

    def _present(self) -> npt.NDArray[np.bool_]:
        """For each number that a file ever had whether that file is there."""
        present = np.zeros(self._next_file, np.bool_)
        present[list(self.files)] = True
        return present

    def _append(self, rows: Rows) -> None:
        make_folder(self._folder)
        merged, present = [rows], self._present()
        size, kept = len(rows), list(self._segments)
        while kept and kept[-1].rows < MERGE_FACTOR * size and kept[-1].rows + size <= MERGED_ROWS:
            elder = _map(self._folder, kept[-1])
            merged.append(_take(elder, np.flatnonzero(present[elder.files])))
            size += kept.pop().rows
        old = self._segments[len(kept) :]
        if len(merged) > 1:
            rows = _concatenate(merged)
        if len(rows):
            kept.append(self._write(_sorted(rows)))
        self._segments = kept
        self._write_manifest()
        remove_files([self._folder / segment.name for segment in old])

    def _write(self, rows: Rows) -> Segment:
        content = b"".join(part.tobytes() for part in (rows.events, rows.contents, rows.files, rows.rows))
        name = f"{self._next:08d}.segment"
        self._next += 1
        write_file(self._folder / name, content)
        segment = Segment(name, len(rows), zlib.crc32(content))
        _verified.add((str(self._folder / name), segment.checksum))
        return segment

    def _write_manifest(self) -> None:
        content = {
            "format": FORMAT,
            "snapshot_id": self.snapshot_id,
            "next": self._next,
            "next_file": self._next_file,
            "segments": [[segment.name, segment.rows, segment.checksum] for segment in self._segments],
            "files": list(self.files.items()),
        }
        text = json.dumps(content).encode()
        write_file(self._folder / MANIFEST, b"%08x\n" % zlib.crc32(text) + text)

    def _load(self) -> bool:
        """Read the manifest and check the segments; False where the index must be rebuilt."""
        content = read_manifest(self._folder / MANIFEST)
        if content is None:
            return False
        self._segments = segments_of(content)
        self._next = content["next"]
        self._next_file = content["next_file"]
        self.snapshot_id = content["snapshot_id"]
        self.files = dict(content["files"])
        return all(_verify(self._folder, segment) for segment in self._segments)


# Segments whose checksum this process has seen to be right. They never change, so once is enough.
_verified: set[tuple[str, int]] = set()


def read_manifest(path: Path) -> dict[str, Any] | None:
    """What the manifest says; None where it is missing, damaged or of another format."""
    try:
        checksum, _, text = path.read_bytes().partition(b"\n")
        content: dict[str, Any] = json.loads(text) if checksum == b"%08x" % zlib.crc32(text) else {}
    except (FileNotFoundError, ValueError):
        return None
    return content if content.get("format") == FORMAT else None


def segments_of(manifest: dict[str, Any] | None) -> list[Segment]:
    """The segments that a manifest names; none where there is no manifest."""
    return [] if manifest is None else [Segment(*described) for described in manifest["segments"]]


def wrong(folder: Path) -> dict[str, str]:
    """Files of an index that are not what was written, with what is wrong; each is read.

    What an append that was cut off leaves behind is not wrong, nor an index of an earlier format; what is missing is
    told by ``missing``.
    """
    said = {path.name: "nothing of the lake wrote it" for path in folder.iterdir() if not _OURS.search(path.name)}
    manifest = folder / MANIFEST
    if not manifest.exists():
        return said
    checksum, _, text = manifest.read_bytes().partition(b"\n")
    if checksum != b"%08x" % zlib.crc32(text):
        return said | {manifest.name: "other bytes than were written"}
    for one in segments_of(read_manifest(manifest)):
        if not (folder / one.name).exists():
            continue
        if not _has_size(folder, one):
            said[one.name] = "another size"
        elif _checksum(folder, one) != one.checksum:
            said[one.name] = "other bytes than were written"
    return said


def missing(folder: Path) -> list[str]:
    """Files of an index that are gone: its manifest, or segments that this names."""
    manifest = folder / MANIFEST
    if not manifest.exists():
        return [manifest.name]
    return [one.name for one in segments_of(read_manifest(manifest)) if not (folder / one.name).exists()]


def rows_of_files(folder: Path) -> dict[str, int]:
    """Of how many rows an index knows, for each data file that it names. The index must be sound."""
    content = read_manifest(folder / MANIFEST)
    if content is None:
        return {}
    counts = np.zeros(content["next_file"], np.int64)
    for segment in segments_of(content):
        counts += np.bincount(_map(folder, segment).files, minlength=len(counts))
    return {path: int(counts[number]) for number, path in content["files"]}


def _has_size(folder: Path, segment: Segment) -> bool:
    path = folder / segment.name
    return path.exists() and path.stat().st_size == segment.rows * BYTES_A_ROW


def _checksum(folder: Path, segment: Segment) -> int:
    return zlib.crc32(np.memmap(folder / segment.name, np.uint8, "r").data)


def _verify(folder: Path, segment: Segment) -> bool:
    if not _has_size(folder, segment):
        return False
    seen = (str(folder / segment.name), segment.checksum)
    if seen not in _verified:
        if _checksum(folder, segment) != segment.checksum:
            return False
        _verified.add(seen)
    return True


def _map(folder: Path, segment: Segment) -> Rows:
    path, count = folder / segment.name, segment.rows
    return Rows(
        np.memmap(path, np.uint64, "r", 0, (count,)),
        np.memmap(path, np.uint64, "r", 8 * count, (count,)),
        np.memmap(path, np.uint32, "r", 16 * count, (count,)),
        np.memmap(path, np.uint32, "r", 20 * count, (count,)),
    )


def _sorted(rows: Rows) -> Rows:
    return _take(rows, np.argsort(rows.events, kind="stable"))


def _take(rows: Rows, at: npt.NDArray[np.int64]) -> Rows:
    return Rows(rows.events[at], rows.contents[at], rows.files[at], rows.rows[at])


def _concatenate(parts: list[Rows]) -> Rows:
    return Rows(
        np.concatenate([part.events for part in parts]),
        np.concatenate([part.contents for part in parts]),
        np.concatenate([part.files for part in parts]),
        np.concatenate([part.rows for part in parts]),
    )


def _no_rows() -> Rows:
    return Rows(np.empty(0, np.uint64), np.empty(0, np.uint64), np.empty(0, np.uint32), np.empty(0, np.uint32))
