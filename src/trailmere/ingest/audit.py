"""Our own calls as events: each is in a file before its answer goes out, and soon after in an event data store.

The file is a *piece* of the journal, a line for each call. A thread closes the piece now and then, pushes it into the
store as one delivery, and removes it when the ledger has it. What a killed process left is taken in by whoever comes
next: its piece is not locked any more. A piece that was pushed but not removed is known by its bytes, and kept once.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from trailmere.errors import TrailmereError
from trailmere.lake.disk import make_folder, sync_folder
from trailmere.sources.delivery import Delivery

if TYPE_CHECKING:
    from trailmere.ingest.push import Pusher
    from trailmere.registry.records import EventDataStore

SUFFIX = ".jsonl"
PIECE_BYTES = 8 << 20  # a piece this large is closed at once

log = logging.getLogger(__name__)


class AuditTrail:
    """The journal of a process. ``store`` gives the event data store, making it when it is first needed."""

    def __init__(self, folder: Path, pusher: Pusher, store: Callable[[], EventDataStore], *, seconds: float) -> None:
        self._folder = folder
        self._pusher = pusher
        self._store = store
        self._seconds = seconds
        self._writing = threading.Lock()
        self._taking = threading.Lock()
        self._wake = threading.Event()
        self._ended = False
        self._piece: Path | None = None
        self._file = -1
        self._size = 0
        make_folder(folder)
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
        self._thread.start()

    def record(self, event: bytes) -> None:
        """Note one event, a JSON object on one line. When this returns a kill of the process does not lose it; a power
        cut within the next ``seconds`` may. Raises OSError where it cannot be written: the call must fail then."""
        with self._writing:
            if self._piece is None:
                self._begin()
            os.write(self._file, event + b"\n")
            self._size += len(event) + 1
            full = self._size >= PIECE_BYTES
        if full:
            self._wake.set()

    def flush(self) -> None:
        """Take all that was noted into the store, and what killed processes left. Raises TrailmereError."""
        with self._taking:
            with self._writing:
                self._end()
            for piece in sorted(self._folder.glob(f"*{SUFFIX}")):
                self._take(piece)

    def close(self) -> None:
        """End the thread and take in what is left; what cannot be taken in now is at the next start."""
        self._ended = True
        self._wake.set()
        self._thread.join()
        self._try()

    # -- writing -------------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        name = f"{time.time_ns():020d}-{os.getpid()}-{secrets.token_hex(4)}{SUFFIX}"
        path = self._folder / name
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        self._file = os.open(path, flags, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        sync_folder(self._folder)
        self._piece, self._size = path, 0

    def _end(self) -> None:
        """Close the piece; it is whole on the disk then, and anybody's."""
        if self._piece is not None:
            os.fsync(self._file)
            os.close(self._file)
            self._piece, self._file, self._size = None, -1, 0

    # -- taking in -----------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        self._try()  # what was left
        while not self._ended:
            self._wake.wait(self._seconds)
            self._wake.clear()
            if not self._ended:
                self._try()

    def _try(self) -> None:
        try:
            self.flush()
        except (TrailmereError, OSError) as error:  # the pieces stay; the next turn tries again
            log.warning("the journal of calls could not be taken into its store: %s", error)

    def _take(self, piece: Path) -> None:
        """Push a piece and remove it; nothing where its process lives, or somebody else was quicker."""
        try:
            file = os.open(piece, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        with os.fdopen(file, "rb") as opened:
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            content = opened.read()
            if content:
                store = self._store()
                self._pusher.put(store, [Delivery(f"journal:{piece.name}", size=len(content), content=content)])
            with contextlib.suppress(FileNotFoundError):
                piece.unlink()
