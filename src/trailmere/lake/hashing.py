"""SHA-256 of files as fast as the disk or the hash allows: several at once, in large reads."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

READ_BYTES = 1 << 20  # hashing lets other threads run; so long a read keeps both busy
THREADS = min(8, os.cpu_count() or 1)
AHEAD = 4 * THREADS
TICK_NS = 100_000_000  # times of files are coarser than they look: a later change may get the same one


@dataclass(frozen=True, slots=True)
class Hashed:
    """What a file was found to be. ``signature`` is "" where a change could have gone unseen by it."""

    size: int
    sha256: str
    signature: str


def signature(found: os.stat_result) -> str:
    """What the disk says of a file and what changes with its bytes, even where mtime is put back."""
    return f"{found.st_size}:{found.st_mtime_ns}:{found.st_ctime_ns}:{found.st_ino}"


def hash_file(path: Path, read: Callable[[int], None] = lambda _bytes: None) -> Hashed:
    """Hash a file; ``read`` is told of each read's bytes. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            raise OSError("it is no regular file")
        with contextlib.suppress(OSError):
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_SEQUENTIAL)
        digest, size = hashlib.sha256(), 0
        buffer = memoryview(_buffer())
        while count := os.readv(descriptor, [buffer]):
            digest.update(buffer[:count])
            size += count
            read(count)
        after = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    steady = signature(before) == signature(after) and time.time_ns() - after.st_ctime_ns > TICK_NS
    return Hashed(size, digest.hexdigest(), signature(after) if steady else "")


_own = threading.local()


def _buffer() -> bytearray:
    if not hasattr(_own, "buffer"):
        _own.buffer = bytearray(READ_BYTES)
    buffer: bytearray = _own.buffer
    return buffer


def hash_files(
    paths: Iterable[Path], read: Callable[[int], None] = lambda _bytes: None
) -> Iterator[tuple[Path, Hashed | OSError]]:
    """Hash files, several at once, in the order given. ``read`` is called from several threads."""

    def tried(path: Path) -> Hashed | OSError:
        try:
            return hash_file(path, read)
        except OSError as error:
            return error

    waiting = iter(paths)
    with ThreadPoolExecutor(THREADS, thread_name_prefix="hash") as pool:
        running: list[tuple[Path, Future[Hashed | OSError]]] = []
        while True:
            running += [(path, pool.submit(tried, path)) for path in islice(waiting, AHEAD - len(running))]
            if not running:
                return
            path, result = running.pop(0)
            yield path, result.result()
