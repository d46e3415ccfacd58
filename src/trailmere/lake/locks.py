"""Locks between processes that the system frees when their holder dies, however it dies.

Three uses: one writer a store at a time, telling whether the owner of an open batch still lives, and keeping snapshots
that are being read (shared locks: any number of readers, or one who removes). With SQLite a lock is a file in
``<home>/locks`` held with flock(2). With PostgreSQL, where processes may run on several machines, it is a session-level
advisory lock on a connection kept for that purpose.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Protocol

from trailmere.errors import LakeBusy
from trailmere.lake.disk import make_folder, told_as_lake_error

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from sqlalchemy import Connection, Engine

STORE_SECONDS = 900.0  # longest wait for a store's lock


class Shared(Protocol):
    """A lock that is held together with others."""

    def free(self) -> None:
        """Let go of it; harmless when done twice, from any thread."""


class Locks(Protocol):
    """Named exclusive locks. A name held by this object cannot be taken again through it."""

    def take(self, name: str) -> bool:
        """Take the lock without waiting; False where somebody (this object included) holds it."""

    def free(self, name: str, *, forget: bool = False) -> None:
        """Free a lock; ``forget`` removes what remains of a name that will never be used again."""

    def share(self, name: str) -> Shared | None:
        """Take a lock together with others who share it, without waiting; None where somebody has it alone."""

    def tidy(self, prefix: str, used: Collection[str]) -> None:
        """Remove what remains of names that begin so, that will never be used again, and that nobody holds."""

    def close(self) -> None:
        """Free all."""


@contextlib.contextmanager
def held(locks: Locks, name: str, *, seconds: float = STORE_SECONDS) -> Iterator[None]:
    """Hold a lock for the length of the block.

    Raises LakeBusy when another process held it for ``seconds``.
    """
    deadline = time.monotonic() + seconds
    pause = 0.002
    while not locks.take(name):
        if time.monotonic() > deadline:
            raise LakeBusy(
                f"waited {seconds:.0f} seconds for {name}; another process holds it",
                hint="see whether another ingest of this lake is stuck, and end it",
            )
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)
    try:
        yield
    finally:
        locks.free(name)


class FileLocks:
    """flock(2) on files of one folder. Freed by the kernel when the last copy of the descriptor is closed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, int] = {}
        self._shared: set[_SharedFile] = set()
        self._guard = threading.Lock()
        make_folder(folder)
        # A forked child shares the descriptor and would keep the lock alive after our death.
        os.register_at_fork(after_in_child=self._disown)

    def take(self, name: str) -> bool:
        with self._guard:
            if name in self._held:
                return False
            descriptor = _flock(self._path(name), fcntl.LOCK_EX)
            if descriptor is None:
                return False
            self._held[name] = descriptor
            return True

    def share(self, name: str) -> Shared | None:
        descriptor = _flock(self._path(name), fcntl.LOCK_SH)
        if descriptor is None:
            return None
        shared = _SharedFile(self, descriptor)
        with self._guard:
            self._shared.add(shared)
        return shared

    def tidy(self, prefix: str, used: Collection[str]) -> None:
        for path in self._folder.glob(f"{prefix}*.lock"):
            if path.stem not in used and self.take(path.stem):
                self.free(path.stem, forget=True)

    def let_go(self, shared: _SharedFile) -> None:
        """Close the descriptor of a shared lock, once."""
        with self._guard:
            if shared in self._shared:
                self._shared.discard(shared)
                os.close(shared.descriptor)

    def free(self, name: str, *, forget: bool = False) -> None:
        with self._guard:
            descriptor = self._held.pop(name, None)
            if descriptor is None:
                return
            if forget:
                self._path(name).unlink(missing_ok=True)
            os.close(descriptor)

    def close(self) -> None:
        for name in list(self._held):
            self.free(name)
        for shared in list(self._shared):
            self.let_go(shared)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.lock"

    def _disown(self) -> None:
        self._guard = threading.Lock()
        for descriptor in (*self._held.values(), *(shared.descriptor for shared in self._shared)):
            with contextlib.suppress(OSError):
                os.close(descriptor)
        self._held.clear()
        self._shared.clear()


class _SharedFile:
    """A descriptor of its own: flock(2) counts open files, not processes."""

    def __init__(self, locks: FileLocks, descriptor: int) -> None:
        self._locks = locks
        self.descriptor = descriptor

    def free(self) -> None:
        self._locks.let_go(self)


def _flock(path: Path, kind: int) -> int | None:
    """The descriptor of the file, locked; None where others have it. Raises LakeError where there can be no file."""
    while True:
        with told_as_lake_error():
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return None
        if _names(path, descriptor):
            return descriptor
        os.close(descriptor)  # it was tidied away after we had opened it: nobody else would meet us there


def _names(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


class AdvisoryLocks:
    """PostgreSQL session-level advisory locks (manual, section 13.3.5), on one connection kept open."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._held: set[str] = set()
        self._shares: Counter[str] = Counter()
        self._guard = threading.Lock()

    def take(self, name: str) -> bool:
        with self._guard:
            if name in self._held or self._shares[name]:  # the server would grant it to the same session again
                return False
            if self._ask("pg_try_advisory_lock", name):
                self._held.add(name)
                return True
            return False

    def free(self, name: str, *, forget: bool = False) -> None:
        with self._guard:
            if name in self._held:
                self._held.discard(name)
                self._ask("pg_advisory_unlock", name)

    def share(self, name: str) -> Shared | None:
        with self._guard:
            if name in self._held or not self._ask("pg_try_advisory_lock_shared", name):
                return None
            self._shares[name] += 1
            return _SharedSession(self, name)

    def tidy(self, prefix: str, used: Collection[str]) -> None:
        """Nothing remains of them."""

    def let_go(self, name: str) -> None:
        """Give back one share of a lock; the session's last one frees it."""
        with self._guard:
            if self._shares[name]:
                self._shares[name] -= 1
                self._ask("pg_advisory_unlock_shared", name)

    def close(self) -> None:
        with self._guard:
            self._held.clear()
            self._shares.clear()
            if self._connection is not None:
                # invalidate: a pooled session would go on holding the locks.
                self._connection.invalidate()
                self._connection.close()
                self._connection = None

    def _ask(self, function: str, name: str) -> bool:
        from sqlalchemy import text

        if self._connection is None:
            self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        return bool(self._connection.execute(text(f"SELECT {function}(:key)"), {"key": _key(name)}).scalar())


class _SharedSession:
    """One share of a lock that the session may hold several times."""

    def __init__(self, locks: AdvisoryLocks, name: str) -> None:
        self._locks: AdvisoryLocks | None = locks
        self._name = name

    def free(self) -> None:
        locks, self._locks = self._locks, None
        if locks is not None:
            locks.let_go(self._name)


def _key(name: str) -> int:
    digest = hashlib.sha256(f"trailmere:{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
