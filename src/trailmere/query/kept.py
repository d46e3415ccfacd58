"""Answers that are kept: one Arrow file each, written as the rows come, read by row number.

All record batches of a file but the last have ``BATCH_ROWS`` rows, so that any row is found without reading those
before it. A file appears under its name when it is complete and on disk; its SHA-256 is recorded with the query, and is
compared before its first row is given.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trailmere.errors import LakeDamaged
from trailmere.lake.disk import make_folder, remove_folder, sync_folder, told_as_lake_error
from trailmere.registry.query_records import KeptAnswer

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ROWS = 1000  # as many as one page of GetQueryResults has at most
READ_BYTES = 1 << 20


class KeptAnswers:
    """The answers in one folder, a folder a query."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._proved: dict[Path, tuple[int, int]] = {}

    def folder_of(self, query_id: str) -> Path:
        """Where everything of a query's answer lies."""
        return self._folder / query_id

    def writer(self, query_id: str, attempt: int, schema: pa.Schema) -> AnswerWriter:
        """To write the answer of one attempt. Raises LakeError where the disk does not take it."""
        folder = self.folder_of(query_id)
        with told_as_lake_error():
            make_folder(folder)
            return AnswerWriter(folder / f"rows-{attempt}.arrow", schema)

    def remove(self, query_id: str) -> None:
        """Everything of a query's answer."""
        with told_as_lake_error():
            remove_folder(self.folder_of(query_id))

    def batches(self, query_id: str, answer: KeptAnswer, first: int = 0) -> Iterator[pa.RecordBatch]:
        """The rows from number ``first`` on. Raises LakeDamaged where the file is not what was written."""
        import pyarrow as pa

        path = self.folder_of(query_id) / answer.file
        self._prove(path, answer.sha256)
        with pa.memory_map(str(path)) as file:
            reader = pa.ipc.open_file(file)
            for number in range(first // BATCH_ROWS, reader.num_record_batches):
                batch = reader.get_batch(number)
                yield batch.slice(max(0, first - number * BATCH_ROWS))

    def schema(self, query_id: str, answer: KeptAnswer) -> pa.Schema:
        """The names and types of an answer."""
        import pyarrow as pa

        path = self.folder_of(query_id) / answer.file
        self._prove(path, answer.sha256)
        with pa.memory_map(str(path)) as file:
            return pa.ipc.open_file(file).schema

    def _prove(self, path: Path, sha256: str) -> None:
        """Once for each state of the file as the system tells it."""
        try:
            state = path.stat()
            if self._proved.get(path) == (state.st_size, state.st_mtime_ns):
                return
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            found = "none"
        if found != sha256:
            raise LakeDamaged(
                f"expected the answer in {path} with the SHA-256 {sha256}, got {found}", hint="start the query again"
            )
        self._proved[path] = (state.st_size, state.st_mtime_ns)


class AnswerWriter:
    """Writes one answer. ``close`` makes it appear; without, ``discard`` leaves nothing of it."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        import pyarrow as pa

        self._path = path
        self._draft = path.with_suffix(".draft")
        self._file = _Hashing(self._draft)
        self._sink = pa.PythonFile(self._file, mode="w")
        options = pa.ipc.IpcWriteOptions(compression="zstd")
        self._writer = pa.ipc.new_file(self._sink, schema, options=options)
        self._schema = schema
        self._waiting: list[pa.RecordBatch] = []
        self._rows_waiting = 0
        self.rows = 0

    def add(self, batch: pa.RecordBatch) -> None:
        """The next rows. Raises LakeError where the disk does not take them."""
        self._waiting.append(batch)
        self._rows_waiting += batch.num_rows
        self.rows += batch.num_rows
        if self._rows_waiting >= BATCH_ROWS:
            self._write(self._rows_waiting // BATCH_ROWS * BATCH_ROWS)

    def close(self) -> KeptAnswer:
        """The answer is complete, and on disk when this returns."""
        self._write(self._rows_waiting)
        with told_as_lake_error():
            self._writer.close()
            self._file.sync()
            self._sink.close()
            self._draft.replace(self._path)
            sync_folder(self._path.parent)
        return KeptAnswer(self._path.name, self._file.sha256, self.rows)

    def discard(self) -> None:
        """Give it up. Harmless after ``close``."""
        self._file.close()
        self._draft.unlink(missing_ok=True)

    def _write(self, rows: int) -> None:
        import pyarrow as pa

        table = pa.Table.from_batches(self._waiting, self._schema)
        with told_as_lake_error():
            for start in range(0, rows, BATCH_ROWS):
                part = table.slice(start, min(BATCH_ROWS, rows - start)).combine_chunks()
                for batch in part.to_batches():
                    self._writer.write_batch(batch)
        self._waiting = table.slice(rows).to_batches()
        self._rows_waiting -= rows


class _Hashing:
    """A file that takes the hash of what is written to it, in the way of Python's own files."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb", buffering=READ_BYTES)
        self._hash = hashlib.sha256()
        self.closed = False

    def write(self, data: Any) -> int:
        self._hash.update(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()

    def sync(self) -> None:
        """Put it on disk."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self.closed = True
        self._file.close()

    @property
    def sha256(self) -> str:
        """Of all that was written, in hexadecimal."""
        return self._hash.hexdigest()
