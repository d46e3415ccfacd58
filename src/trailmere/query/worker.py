"""The process that runs engine SQL: it locks itself in, then answers one request at a time over a socket.

It imports DuckDB and Arrow and nothing else of weight, so that it starts quickly. It is started by ``query.pool``,
trusts what the pool sends it about files and limits, and does not trust the SQL. Each query gets a DuckDB of its own,
in memory: nothing is left over for the next. It stops by itself when its parent is gone.

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
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trailmere.query.cage import CagePlan, Measure, apply, limit_memory, readable_folders

if TYPE_CHECKING:
    import duckdb
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
        self._ready: duckdb.DuckDBPyConnection | None = self._open()
        mapped, self._idle_bytes = memory.sizes()
        self._measures = (*measures, limit_memory(settings["memory_bytes"], mapped))
        self.deadline: float | None = None  # monotonic seconds; set while the engine works

    def serve(self) -> None:
        """Say hello with what holds, then answer requests until the parent hangs up."""
        hello = [[measure.name, measure.holds, measure.detail] for measure in self._measures]
        self._send(JSON, json.dumps({"hello": hello, "idle_bytes": self._idle_bytes}).encode())
        while (request := receive_frame(self._channel)) is not None:
            self._send(JSON, json.dumps(self._answer(json.loads(request[1]))).encode())
            self._ready = self._open()

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Run the query, send its rows, and give the last frame's content."""
        import duckdb

        connection, self._ready = self._ready or self._open(), None
        self.deadline = time.monotonic() + request["seconds"] + GRACE_SECONDS
        try:
            sent, cut = self._run(connection, request)
        except (duckdb.Error, MemoryError, ValueError, NotImplementedError) as error:
            return {"error": type(error).__name__, "message": str(error), "resident_bytes": self._memory.sizes()[1]}
        finally:
            self.deadline = None
            connection.close()
        return {"end": {"rows": sent, "cut": cut}, "resident_bytes": self._memory.sizes()[1]}

    def _open(self) -> duckdb.DuckDBPyConnection:
        """A fresh DuckDB that has no extension to load, no disk to spill to and no Python variable to find."""
        import duckdb

        connection = duckdb.connect(
            ":memory:",
            config={
                "threads": self._settings["threads"],
                "async_threads": 0,
                "memory_limit": f"{self._settings['memory_bytes']}B",
                "temp_directory": "",
                "autoload_known_extensions": False,
                "autoinstall_known_extensions": False,
                "allow_community_extensions": False,
                "python_enable_replacements": False,
            },
        )
        connection.execute("SET TimeZone = 'UTC'")
        return connection

    def _run(self, connection: duckdb.DuckDBPyConnection, request: dict[str, Any]) -> tuple[int, bool]:
        """Send the rows; gives their number and whether there were more than the limit."""
        _lock(connection, request)
        _one_select(connection, request["sql"])
        relation = connection.sql(request["sql"])
        limit: int | None = request["rows"]
        if limit is not None:
            relation = relation.limit(limit + 1)
        reader = relation.to_arrow_reader(ROWS_IN_A_BATCH)
        self._send(SCHEMA, _plain_schema(reader.schema).serialize())
        sent = 0
        for batch in reader:
            room = batch.num_rows if limit is None else min(batch.num_rows, limit - sent)
            self._send_batch(batch.slice(0, room))
            sent += room
            if room < batch.num_rows:
                return sent, True
        return sent, False

    def _send_batch(self, batch: pa.RecordBatch) -> None:
        """In slices of a few megabytes: rows hold whole records, which may be large."""
        plain = _plain_batch(batch)
        step = max(1, plain.num_rows * BYTES_IN_A_FRAME // max(plain.nbytes, BYTES_IN_A_FRAME))
        for start in range(0, plain.num_rows, step):
            self._send(BATCH, plain.slice(start, step).serialize())

    def _send(self, kind: bytes, payload: Any) -> None:
        """Blocks while the parent does not read; that time does not count against the query."""
        left = None if self.deadline is None else self.deadline - time.monotonic()
        self.deadline = None
        view = memoryview(payload)
        self._channel.sendall(HEADER.pack(kind, view.nbytes))
        self._channel.sendall(view)
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


def _lock(connection: duckdb.DuckDBPyConnection, request: dict[str, Any]) -> None:
    """Macros and relations are made, then the files are all there is, and no setting can be changed any more."""
    connection.execute("SET allowed_paths = ?", [request["paths"]])
    connection.execute("SET enable_external_access = false")
    if preparation := [*request["setup"], *request["relations"]]:
        connection.execute(";\n".join(preparation))  # at once: each call would cost a transaction
    connection.execute("SET lock_configuration = true")


def _one_select(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """A second opinion on what the dialect has let through: exactly one statement that reads."""
    import duckdb

    statements = connection.extract_statements(sql)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        kinds = ", ".join(statement.type.name for statement in statements)
        raise duckdb.PermissionException(f"expected one SELECT, got {kinds or 'nothing'}")


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
