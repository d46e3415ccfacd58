"""Trailmere as the benchmarks use it: through its command line and its application, and what its files weigh."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Measurement, measure

if TYPE_CHECKING:
    from trailmere.app import App

HERE = Path(__file__).parent
STORE = "events"
LIVE_FILES = "live"  # folder with the data files of the present snapshot, by one link each, for peers to read
CHUNK_BYTES = 1 << 20
RETENTION_DAYS = 3653  # the longest that there is


def ingest_in_parts(logs: Path, lake: Path, files: int, content_bytes: int, seconds: float) -> Measurement:
    """Logs taken in with a commit after so many files, or bytes: a lake that is filled as the logs arrive."""
    settings = {"COMMIT_DELIVERIES": max(files, 1), "BATCH_BYTES": max(content_bytes, CHUNK_BYTES)}
    environment = [f"TRAILMERE_INGEST_{name}={value}" for name, value in settings.items()]
    command = [sys.executable, "-m", "trailmere", "ingest", str(logs), "--store", STORE, "--lake", str(lake)]
    return measure(["env", *environment, *command], seconds=seconds)


def trailmere(*arguments: str, lake: Path, seconds: float = 600.0) -> Measurement:
    """``trailmere ARGUMENTS`` in a process of its own, measured."""
    return measure([sys.executable, "-m", "trailmere", *arguments, "--lake", str(lake)], seconds=seconds)


def create_store(lake: Path) -> Measurement:
    """A store that wants everything a corpus holds, and keeps it: the incidents are years old."""
    kept = ("--retention-days", str(RETENTION_DAYS))
    return trailmere("store", "create", STORE, "--selectors", "everything", *kept, lake=lake)


@contextmanager
def opened(lake: Path, **given: Any) -> Iterator[App]:
    """The application, as a door opens it."""
    from trailmere.app import build
    from trailmere.settings import load

    app = build(load(lake=lake, **given))
    try:
        yield app
    finally:
        app.close()


def maintain(lake: Path, seconds: float, *more: str) -> Measurement | None:
    """``trailmere maintain``, old snapshots and their files gone; None where this version has no such command."""
    if trailmere("maintain", *more, "--help", lake=lake).failed:
        return None
    return trailmere("maintain", "--expire-snapshots-after", "0s", *more, lake=lake, seconds=seconds)


def rest(lake: Path, seconds: float) -> Measurement | None:
    """As ``maintain`` does by itself a day later: days that nothing is written to any more become a file each."""
    return maintain(lake, seconds, "--rest", "0s")


def live_files(lake: Path) -> list[Path]:
    """The data files of the store's present snapshot."""
    with opened(lake) as app:
        store = app.stores.find(STORE)
        assert store is not None
        return [Path(file.path) for file in app.lake.scan(store.id).files]


def link_live_files(lake: Path, folder: Path) -> None:
    """The live files under ``folder``: peers read the lake's present state, and nothing that is waiting to go."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for number, path in enumerate(live_files(lake)):
        os.link(path, folder / f"{number:06d}.parquet")


def weigh(lake: Path) -> dict[str, int]:
    """Bytes on disk: everything, the data files that are live, and of these the columns, by Parquet's own account."""
    import pyarrow.parquet as pq

    paths = live_files(lake)
    columns = exact = rows = 0
    for path in paths:
        footer = pq.read_metadata(path)
        rows += footer.num_rows
        for group in range(footer.num_row_groups):
            for index in range(footer.num_columns):
                column = footer.row_group(group).column(index)
                columns += column.total_compressed_size
                exact += column.total_compressed_size if column.path_in_schema == "eventjson" else 0
    return {
        "everything": disk_bytes(lake),
        "data": sum(path.stat().st_size for path in paths),
        "columns": columns,
        "read_ready": columns - exact,
        "files": len(paths),
        "files_on_disk": sum(1 for path in lake.rglob("*") if path.is_file()),
        "rows": rows,
    }


def disk_bytes(folder: Path) -> int:
    """The bytes of all files beneath a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def read_touched(app: App, sql: str) -> dict[str, Any]:
    """How long it takes to read the bytes of the columns that a statement names, from files that are in memory.

    Every row group of every planned file, and nothing done with what was read: no engine can read these files faster.
    """
    import pyarrow.parquet as pq

    from trailmere.app import StoreCatalog
    from trailmere.query.dialect import compile

    statement = compile(sql, StoreCatalog(app.stores), now=_now())
    ranges: dict[str, list[tuple[int, int]]] = {}
    for use in statement.tables:
        for file in app.lake.scan(use.store.id, use.conditions).files:
            ranges.setdefault(file.path, list(_column_ranges(pq.read_metadata(file.path), use.columns)))
    buffer = bytearray(CHUNK_BYTES)
    milliseconds = []
    for _ in range(4):
        began = time.perf_counter()
        total = sum(_read(path, parts, buffer) for path, parts in ranges.items())
        milliseconds.append((time.perf_counter() - began) * 1000)
    return {"milliseconds": milliseconds[1:], "bytes": total, "files": len(ranges)}


def _now() -> Any:
    from datetime import UTC, datetime

    return datetime.now(UTC).replace(tzinfo=None)


def _column_ranges(footer: Any, names: Sequence[str]) -> Iterator[tuple[int, int]]:
    for group in range(footer.num_row_groups):
        for index in range(footer.num_columns):
            column = footer.row_group(group).column(index)
            if column.path_in_schema.partition(".")[0] in names:
                first = column.dictionary_page_offset or column.data_page_offset
                yield first, column.total_compressed_size


def _read(path: str, ranges: Sequence[tuple[int, int]], buffer: bytearray) -> int:
    total = 0
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - Path.open is the same, and slower to say
        for start, length in ranges:
            file.seek(start)
            left = length
            while left > 0:
                left -= file.readinto(memoryview(buffer)[: min(left, CHUNK_BYTES)]) or left
            total += length
    return total
