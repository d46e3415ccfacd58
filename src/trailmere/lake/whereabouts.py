"""Whereabouts: which data files an event can lie in, asked of the event index by who holds no lock.

An eventID has no order that bounds could tell, and over years even a look at each file's filter takes long. The index
knows the file of every id. It is derived, and another process may be changing it, so it only ever leaves a file out on
proof: the file is one that the index names, the index is whole by its checksums, and it has no row of that file under
the id's hash. Files never change, so what it says of one stays true in whatever snapshot. Files that it does not name
are kept.

The checksums are over whole segments. A small index is checked when it is first asked; a large one, which takes
seconds, by a thread, and until that is done every file is kept. Each segment once for each process. Segments are read,
not mapped: of a file that is cut short, or a disk that fails, a mapping would kill the process.
"""

from __future__ import annotations

import os
import threading
import zlib
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trailmere.events.keys import event_keys
from trailmere.lake.index import BYTES_A_ROW, MANIFEST, Segment, read_manifest, segments_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

AT_ONCE_BYTES = 8 << 20
MOST_IDS = 64
_READ_BYTES = 1 << 20

Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _Manifest:
    """What the index says of itself: its segments, and the number of each data file."""

    stamp: Stamp
    segments: tuple[Segment, ...]
    files: dict[str, int] = field(repr=False)


class Whereabouts:
    """Of the events of one store. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._manifest: _Manifest | None = None
        self._sound: dict[Segment, bool] = {}
        self._checking: threading.Thread | None = None

    def of(self, event_ids: Iterable[str]) -> Callable[[str], bool] | None:
        """Tells of the path of a data file whether a row with one of these ids can lie there; None where the index
        cannot tell, or not yet."""
        try:
            keys = set(event_keys(list(event_ids)).tolist())
        except UnicodeEncodeError:  # a lone surrogate: no row has such an id
            return None
        if not keys or 0 in keys or len(keys) > MOST_IDS:  # 0 stands for rows without an id, which are not indexed
            return None
        try:
            with self._lock:
                manifest = self._read()
                if manifest is None or not self._is_sound(manifest):
                    return None
            numbers = {number for one in manifest.segments for number in _numbers(self._folder / one.name, one, keys)}
            if _stamp(self._folder) != manifest.stamp:  # it may have been made anew, under the same names
                return None
        except OSError:  # changed meanwhile: the next question finds it as it is then
            return None
        return lambda path: (number := manifest.files.get(path)) is None or number in numbers

    def wait(self) -> None:
        """Until the thread that checks a large index has ended, if there is one."""
        if self._checking is not None:
            self._checking.join()

    def _read(self) -> _Manifest | None:
        stamp = _stamp(self._folder)
        if self._manifest is None or self._manifest.stamp != stamp:
            content = read_manifest(self._folder / MANIFEST)
            if content is None or stamp is None or _stamp(self._folder) != stamp:
                return None
            segments = tuple(segments_of(content))
            self._manifest = _Manifest(stamp, segments, {path: number for number, path in content["files"]})
            self._sound = {one: self._sound[one] for one in segments if one in self._sound}
        return self._manifest

    def _is_sound(self, manifest: _Manifest) -> bool:
        """Whether all segments are known to be what was written."""
        new = [one for one in manifest.segments if one not in self._sound]
        if sum(one.rows * BYTES_A_ROW for one in new) <= AT_ONCE_BYTES:
            self._check(new)
        elif self._checking is None or not self._checking.is_alive():
            self._checking = threading.Thread(target=self._check, args=(new,), name="check", daemon=True)
            self._checking.start()
        return all(self._sound.get(one, False) for one in manifest.segments)

    def _check(self, segments: Iterable[Segment]) -> None:
        for one in segments:
            try:
                self._sound[one] = _is_what_was_written(self._folder / one.name, one)
            except OSError:  # merged into another meanwhile, or unreadable now: asked again with the next question
                return


def _is_what_was_written(path: Path, segment: Segment) -> bool:
    checksum, size = 0, 0
    with path.open("rb", buffering=0) as file:
        while piece := file.read(_READ_BYTES):
            checksum, size = zlib.crc32(piece, checksum), size + len(piece)
    return (checksum, size) == (segment.checksum, segment.rows * BYTES_A_ROW)


def _numbers(path: Path, segment: Segment, keys: Iterable[int]) -> Iterator[int]:
    """Of the data files that have rows under one of these event hashes."""
    with path.open("rb", buffering=0) as file:
        events = _Words(file.fileno(), 0, 8, segment.rows)
        files = _Words(file.fileno(), 16 * segment.rows, 4, segment.rows)
        for key in keys:
            row = bisect_left(events, key)
            while row < segment.rows and events[row] == key:
                yield files[row]
                row += 1


@dataclass(frozen=True, slots=True)
class _Words:
    """An array of numbers in a file; each is read when it is asked for."""

    descriptor: int
    start: int
    size: int
    length: int

    def __getitem__(self, at: int) -> int:
        return int.from_bytes(os.pread(self.descriptor, self.size, self.start + self.size * at), "little")

    def __len__(self) -> int:
        return self.length


def _stamp(folder: Path) -> Stamp | None:
    """What tells one manifest from the next, which is another file of the same name."""
    try:
        found = (folder / MANIFEST).stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
