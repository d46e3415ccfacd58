"""The process that runs engine SQL: it locks itself in, then answers one request at a time over a socket.

It imports DuckDB and Arrow and nothing else of weight, so that it starts quickly. It is started by ``query.pool``,
trusts what the pool sends it about folders and limits, and does not trust the SQL. Queries about the same tables share
a DuckDB (``query.instance``), each in a session of its own: nothing is left over for the next. It stops by itself when
its parent is gone.

Protocol: frames of ``kind (1 byte), length (8 bytes, big-endian), payload``. In both directions ``J`` is a JSON object;
the worker also sends ``S``, the Arrow schema of the answer, and ``B``, a record batch. After a request come S, any
number of B, and J: ``{"end": ...}`` or ``{"error": ...}``. The worker blocks while nobody reads: that is the
back-pressure.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import struct
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trailmere.query.cage import CagePlan, Measure, apply, limit_memory, readable_folders
from trailmere.query.instance import Instance, answer

if TYPE_CHECKING:
    import pyarrow as pa

HEADER = struct.Struct(">cQ")
JSON, SCHEMA, BATCH = b"J", b"S", b"B"
ROWS_IN_A_BATCH = 4096
BYTES_IN_A_FRAME = 8 << 20
WATCH_SECONDS = 0.5
GRACE_SECONDS = 2.0
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
# Not needed to hand rows on as Arrow, and half of the start-up time.
UNWANTED_MODULES = ("numpy", "pandas", "polars", "fsspec", "IPython")


def main(settings: dict[str, Any]) -> None:
    """Run until the parent closes the socket. ``settings``: see ``pool.WorkerSettings``; ``descriptor`` the socket."""
    sys.modules.update(dict.fromkeys(UNWANTED_MODULES))  # type: ignore[arg-type]
    warnings.simplefilter("ignore")  # what is said on stderr is taken for the reason of a death
    import duckdb  # noqa: F401
    import pyarrow  # noqa: F401

    warehouse = Path(settings["warehouse"])
    memory = Memory()
    measures = apply(CagePlan(readable_folders(warehouse, ("duckdb", "_duckdb", "pyarrow", "trailmere"))))
    worker = Worker(socket.socket(fileno=settings["descriptor"]), settings, memory, measures)
    Watcher(settings["parent"], worker).start()
    worker.serve()


class Memory:
    """This process's memory in bytes, from a descriptor that was opened before the cage was shut."""

    def __init__(self) -> None:
        self._descriptor = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)

    def sizes(self) -> tuple[int, int]:
        """Mapped and resident bytes."""
        mapped, resident = os.pread(self._descriptor, 128, 0).split()[:2]
        return int(mapped) * PAGE_BYTES, int(resident) * PAGE_BYTES


class Worker:
    """One connection to the parent, and the DuckDB that is ready for the next query."""

    def __init__(
        self, channel: socket.socket, settings: dict[str, Any], memory: Memory, measures: tuple[Measure, ...]
    ) -> None:
        self._channel = channel
        self._settings = settings
        self._memory = memory
        self._instance: Instance | None = self._open()
        mapped, self._idle_bytes = memory.sizes()
        self._measures = (*measures, limit_memory(settings["memory_bytes"], mapped))
        self.deadline: float | None = None  # monotonic seconds; set while the engine works

    def serve(self) -> None:
        """Say hello with what holds, then answer requests until the parent hangs up."""
        hello = [[measure.name, measure.holds, measure.detail] for measure in self._measures]
        self._send(frame(JSON, json.dumps({"hello": hello, "idle_bytes": self._idle_bytes}).encode()))
        while (request := receive_frame(self._channel)) is not None:
            self._send(frame(JSON, json.dumps(self._answer(json.loads(request[1]))).encode()))
            self._instance = self._instance or self._open()

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Run the query, send its rows, and give the last frame's content. After an error the engine is not kept."""
        import duckdb

        self.deadline = time.monotonic() + request["seconds"] + GRACE_SECONDS
        try:
            sent, cut = self._run(self._instance_for(request["folders"]), request)
        except (duckdb.Error, MemoryError, ValueError, NotImplementedError) as error:
            self._drop()
            return {"error": type(error).__name__, "message": str(error), "resident_bytes": self._memory.sizes()[1]}
        finally:
            self.deadline = None
        return {"end": {"rows": sent, "cut": cut}, "resident_bytes": self._memory.sizes()[1]}

    def _instance_for(self, folders: list[str]) -> Instance:
        """The DuckDB that reads these folders and no other."""
        if self._instance is not None and not self._instance.serves(folders):
            self._drop()
        self._instance = self._instance or self._open()
        self._instance.lock(folders)
        return self._instance

    def _open(self) -> Instance:
        return Instance(threads=self._settings["threads"], memory_bytes=self._settings["memory_bytes"])

    def _drop(self) -> None:
        instance, self._instance = self._instance, None
        if instance is not None:
            instance.close()

    def _run(self, instance: Instance, request: dict[str, Any]) -> tuple[int, bool]:
        """Send the rows; gives their number and whether there were more than the limit."""
        sql, limit = request["sql"], request["rows"]
        instance.add_macros(request["macros"])
        with instance.cursor() as cursor:
            reader = answer(cursor, sql, ROWS_IN_A_BATCH, at_once=instance.at_once(sql, limit))
            sent, cut, frames = self._send_rows(reader, limit)
        if frames <= 1 and not cut:
            instance.remember_short(sql)
        return sent, cut

    def _send_rows(self, reader: pa.RecordBatchReader, limit: int | None) -> tuple[int, bool, int]:
        """Rows sent, whether there were more, and in how many frames.

        The schema goes with the first rows: whoever asked waits for both.
        """
        waiting = frame(SCHEMA, _plain_schema(reader.schema).serialize())
        sent = frames = 0
        for batch in reader:
            room = batch.num_rows if limit is None else min(batch.num_rows, limit - sent)
            for part in _slices(batch.slice(0, room)):
                self._send([*waiting, *frame(BATCH, part.serialize())])
                waiting = []
                frames += 1
            sent += room
            if room < batch.num_rows:
                self._send(waiting)
                return sent, True, frames
        self._send(waiting)
        return sent, False, frames

    def _send(self, parts: list[memoryview]) -> None:
        """Blocks while the parent does not read; that time does not count against the query."""
        left = None if self.deadline is None else self.deadline - time.monotonic()
        self.deadline = None
        while parts:
            parts = _unsent(parts, self._channel.sendmsg(parts))
        self.deadline = None if left is None else time.monotonic() + left


class Watcher(threading.Thread):
    """Ends the process when its parent is gone, or when the engine is far over its time and nobody killed it.

    The parent's death signal (prctl) would come at the end of the parent's *thread*; a descriptor of the process is
    exact. A query runs without the interpreter's lock, so this thread gets its turn.
    """

    def __init__(self, parent: int, worker: Worker) -> None:
        super().__init__(daemon=True, name="watcher")
        self._worker = worker
        self._parent = parent
        self._poller = select.poll()
        with contextlib.suppress(OSError, AttributeError):  # a kernel before 5.3: the parent's id has to do
            self._poller.register(os.pidfd_open(parent), select.POLLIN)

    def run(self) -> None:
        """Never returns while the parent lives."""
        while os.getppid() == self._parent and not self._overdue():
            self._poller.poll(WATCH_SECONDS * 1000)
        os._exit(1)

    def _overdue(self) -> bool:
        deadline = self._worker.deadline
        return deadline is not None and time.monotonic() > deadline


def receive_frame(channel: socket.socket) -> tuple[bytes, bytearray] | None:
    """The next frame, or None when the other side has gone."""
    header = receive_exactly(channel, HEADER.size)
    if header is None:
        return None
    kind, length = HEADER.unpack(header)
    payload = receive_exactly(channel, length)
    return None if payload is None else (kind, payload)


def receive_exactly(channel: socket.socket, length: int) -> bytearray | None:
    """``length`` bytes, or None when the other side has gone before."""
    buffer = bytearray(length)
    view = memoryview(buffer)
    while view:
        received = channel.recv_into(view)
        if received == 0:
            return None
        view = view[received:]
    return buffer


def frame(kind: bytes, payload: Any) -> list[memoryview]:
    """The pieces of a frame, for one write."""
    view = memoryview(payload).cast("B")
    return [memoryview(HEADER.pack(kind, view.nbytes)), view]


def _unsent(parts: list[memoryview], written: int) -> list[memoryview]:
    """What is left of the parts when so many bytes of them were written."""
    while parts and written >= parts[0].nbytes:
        written -= parts.pop(0).nbytes
    return [parts[0][written:], *parts[1:]] if written else parts


def _slices(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """The batch in slices of a few megabytes: rows hold whole records, which may be large."""
    plain = _plain_batch(batch)
    step = max(1, plain.num_rows * BYTES_IN_A_FRAME // max(plain.nbytes, BYTES_IN_A_FRAME))
    for start in range(0, plain.num_rows, step):
        yield plain.slice(start, step)


def _plain_schema(schema: pa.Schema) -> pa.Schema:
    """Without dictionaries, which a batch alone cannot carry."""
    import pyarrow as pa

    return pa.schema(
        [
            pa.field(column.name, column.type.value_type if pa.types.is_dictionary(column.type) else column.type)
            for column in schema
        ]
    )


def _plain_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
    import pyarrow as pa

    if not any(pa.types.is_dictionary(type) for type in batch.schema.types):
        return batch
    plain = [column.dictionary_decode() if pa.types.is_dictionary(column.type) else column for column in batch.columns]
    return pa.RecordBatch.from_arrays(plain, schema=_plain_schema(batch.schema))
