"""A worker process: takes tasks from a pipe, decodes and writes, gives outcomes back.

Starts without PyIceberg and SQLAlchemy, and touches neither catalog nor ledger: whatever it does, or fails to do, is
nothing until the loop commits it. It dies with the process that started it.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import queue
import signal
import threading
from collections import Counter
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

import pyarrow as pa

from trailmere.errors import SourceUnavailable
from trailmere.events.pandasless import refuse_pandas
from trailmere.events.rows import RowBuilder
from trailmere.ingest.records import LAKE_UNWRITABLE, SOURCE_AWAY, Failure, Outcome, Recipe, Task
from trailmere.ingest.steps import Bench, Work, take
from trailmere.lake.files import write_rows

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from trailmere.events.batch import Batch as RecordBatch
    from trailmere.events.rows import Origin
    from trailmere.ingest.bulk import RowSink
    from trailmere.lake.records import Batch, WrittenFile

_PR_SET_PDEATHSIG = 1  # prctl(2)
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # mallopt(3)
_KEPT_FREE_BYTES, _MAPPED_BYTES = 1 << 30, 32 << 20  # glibc takes no higher threshold for mapping
# A row costs more than its text while it is built; and Arrow's strings end at 2 GiB a column.
_ROW_OVERHEAD_BYTES = 512
_LARGEST_FLUSH_BYTES = 1 << 30


class FileSink:
    """Rows to Parquet files of a batch, written whenever ``flush_bytes`` of record text have come together."""

    def __init__(self, batch: Batch, part: str, flush_bytes: int) -> None:
        self._batch = batch
        self._part = part
        self._flush_bytes = min(flush_bytes, _LARGEST_FLUSH_BYTES)
        self._builder = RowBuilder(batch.family)
        self._parts = 0
        self._files: list[WrittenFile] = []

    def add(self, batch: RecordBatch, origin: Origin, kept: npt.NDArray[np.bool_]) -> None:
        self._builder.add(batch, origin, kept)
        if self._builder.text_bytes + _ROW_OVERHEAD_BYTES * len(self._builder) >= self._flush_bytes:
            self._flush()

    def finish(self) -> tuple[WrittenFile, ...]:
        """Write what is left; all files of the sink."""
        if len(self._builder):
            self._flush()
        return tuple(self._files)

    def _flush(self) -> None:
        rows = self._builder.finish()
        part = f"{self._part}-{self._parts}"
        self._files += write_rows(self._batch, part, rows.table, rows.event_keys, rows.content_keys, rows.delivery_rows)
        self._parts += 1


class NoSink:
    """A dry run writes nothing."""

    def add(self, batch: RecordBatch, origin: Origin, kept: npt.NDArray[np.bool_]) -> None:
        """Nothing: the deliveries are counted."""


def perform(task: Task, recipe: Recipe) -> Outcome:
    """Take in the deliveries of a task. Files are synced when it returns."""
    sink: RowSink = NoSink()
    if task.batch is not None:
        sink = FileSink(task.batch, f"{task.number:06d}", recipe.limits.batch_bytes)
    bench = Bench.of(recipe, task.known, sink)
    done = [take(delivery, row, bench) for row, delivery in enumerate(task.deliveries)]
    bench.bulk.settle()
    files = sink.finish() if isinstance(sink, FileSink) else ()
    return _outcome(task, done, files)


def _outcome(task: Task, done: list[Work], files: tuple[WrittenFile, ...]) -> Outcome:
    return Outcome(
        number=task.number,
        entries=tuple(work.entry() for work in done),
        files=files,
        dead_letters=tuple(letter for work in done for letter in work.letters),
        fields=tuple(field for work in done for field in work.new_fields()),
        known_rejected=sum(work.known_rejected for work in done),
        foreign=Counter(work.foreign for work in done if work.foreign is not None),
        content_bytes=sum(work.content_bytes for work in done),
    )


def serve(connection: Connection, recipe: Recipe, parent: int) -> None:
    """The life of a worker: tasks in, outcomes out, until the pipe is closed."""
    _die_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the loop decides what an interrupt means
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})
    keep_memory()
    refuse_pandas()
    tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
    # Tasks are received at once, so that the loop is never held up handing one over.
    threading.Thread(target=_receive, args=(connection, tasks), daemon=True).start()
    first = True
    while (task := tasks.get()) is not None:
        connection.send(_guarded(task, recipe))
        gc.collect()
        if first:  # by now all modules are loaded: what stays for ever need not be looked through again
            gc.freeze()
            first = False


def _guarded(task: Task, recipe: Recipe) -> Outcome | Failure:
    try:
        return perform(task, recipe)
    except OSError as error:  # reading a delivery raises DeliveryError: what is left is writing (no space, no rights)
        return Failure(task.number, LAKE_UNWRITABLE, error.strerror or str(error))
    except SourceUnavailable as error:
        return Failure(task.number, SOURCE_AWAY, error.message)
    except Exception as error:  # a fault of ours costs one delivery, not the run; the loop finds which
        return Failure(task.number, "decoder-crashed", f"{type(error).__name__}: {error}"[:2000])


def keep_memory() -> None:
    """Use freed memory again instead of asking the system for new pages, and look for cycles between tasks only.

    A task frees and allocates the same megabytes for each part of its rows; faulting them in anew, and walking all
    records that live in search of cycles, cost a third of the processor time.
    """
    gc.disable()
    pa.set_memory_pool(pa.system_memory_pool())
    with contextlib.suppress(OSError, AttributeError):  # the C library is not glibc
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_TRIM_THRESHOLD, _KEPT_FREE_BYTES)
        mallopt(_M_MMAP_THRESHOLD, _MAPPED_BYTES)


def _receive(connection: Connection, tasks: queue.SimpleQueue[Task | None]) -> None:
    with contextlib.suppress(EOFError, OSError):
        while True:
            tasks.put(connection.recv())
    tasks.put(None)


def _die_with(parent: int) -> None:
    """Be killed when the loop dies: nobody would commit what is written after that."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we asked
        os._exit(1)
