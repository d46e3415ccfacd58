"""A large store, made fast: rows that were really taken in, multiplied over years of days.

``python -m benchmarks.large LAKE --events 10_000_000`` simulates and ingests a base once (``BASE``), then commits its
days again and again through the lake's own door: Parquet files as ingest writes them, ledger, inventory, event index.
Nothing is decoded again. What is a copy and what is not is told by ``COPIED``.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import multiprocessing
import os
import shutil
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks import corpus, ours
from trailmere.events.keys import content_keys, event_keys
from trailmere.events.pandasless import refuse_pandas
from trailmere.ingest.worker import keep_memory
from trailmere.lake.files import data_file_path, read_file, write_groups
from trailmere.lake.records import DeliveryEntry, delivery_id

if TYPE_CHECKING:
    import numpy.typing as npt

    from trailmere.app import App
    from trailmere.lake.records import Batch, WrittenFile

    Bytes = npt.NDArray[np.uint8]

BASE = corpus.Shape(events=200_000, files=800, days=8, seed="large")
COPIED = (
    "A base of some 200,000 simulated events over 8 days is ingested as any logs are. Its days are then committed "
    "again under other dates, as Parquet files that the lake's own writer makes: eventID, eventTime (in its column and "
    "in the text of the record) and the delivery of each row are new, everything else is as in the base. So "
    "statistics, bloom filters of ids, ledger, inventory and event index are those of as many events; but names, keys, "
    "addresses and texts repeat from day to day: bytes compress better than those of a real year, and a filter by a "
    "usual value finds it in each file. Each day is one file, as after maintenance. The day of an incident is in it "
    "once: what it alone has is a needle. All was taken in just before, so that all deliveries are recent ones."
)
INCIDENT_AT = 3  # which of the days back from the latest has the incident
MOST_DAYS = 1000  # that events are spread over; more of them make the days fuller
DAYS_A_BATCH = 10
ID_CHARACTERS, DAY_CHARACTERS = 36, 10
_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)
_OF_ID = np.array([at for at in range(ID_CHARACTERS) if at not in (8, 13, 18, 23)])


@dataclass(frozen=True)
class Day:
    """A day of the base: its rows, and where in the texts of records the id and the date of each are."""

    day: date
    table: pa.Table
    entries: tuple[DeliveryEntry, ...]
    delivery_rows: npt.NDArray[np.int32]
    ids: npt.NDArray[np.int64]
    dates: npt.NDArray[np.int64]

    @property
    def rows(self) -> int:
        return int(self.table.num_rows)


@dataclass(frozen=True)
class Copy:
    """One day to be written: which day of the base, and as which."""

    number: int
    template: int
    day: date


# -- the base


def make_base(work: Path) -> Path:
    """The lake with the base, made unless it is there."""
    lake, logs, made = work / "base", work / "logs", work / "base.made"
    if not made.exists():
        for folder in (lake, logs):
            shutil.rmtree(folder, ignore_errors=True)
        corpus.make(logs, BASE, "large")
        for done in (ours.create_store(lake), ours.trailmere("ingest", str(logs), "--store", ours.STORE, lake=lake)):
            if done.failed:
                raise RuntimeError(f"the base was not made: {done.failed}")
        shutil.rmtree(logs)
        made.touch()
    return lake


@cache
def read_base(work: Path) -> list[Day]:
    """The days of the base: first the one with an incident, then the usual ones."""
    with ours.opened(make_base(work)) as app:
        store = app.stores.find(ours.STORE)
        assert store is not None
        paths: dict[date, list[Path]] = {}
        for file in app.lake.scan(store.id).files:
            paths.setdefault(date.fromisoformat(Path(file.path).parent.name.partition("=")[2]), []).append(
                Path(file.path)
            )
        entries = {entry.id: entry for entry in app.lake.deliveries(store.id)}
        batch = app.lake.begin(store.id)
        days = [_read_day(day, paths[day], batch, entries) for day in sorted(paths)]
        app.lake.abandon(batch)
    days = [day for day in days if day.day == corpus.LAST_DAYS[0] or day.day not in corpus.LAST_DAYS]
    return sorted(days, key=lambda one: (one.day != corpus.LAST_DAYS[0], one.day))


def _read_day(day: date, paths: Sequence[Path], batch: Batch, entries: dict[str, DeliveryEntry]) -> Day:
    table = pa.concat_tables([read_file(path, batch.schema) for path in paths]).sort_by("eventtime").combine_chunks()
    coded = table.column("deliveryid").combine_chunks().dictionary_encode()
    rows = coded.indices.to_numpy().astype(np.int32)
    counts = np.bincount(rows)
    of_day = [entries[id] for id in coded.dictionary.to_pylist()]
    cut = tuple(
        replace(one, parsed=int(many), kept=int(many), size=one.size * int(many) // max(one.kept, 1), conflict=False)
        for one, many in zip(of_day, counts, strict=True)
    )
    ids, dates = _places(table)
    return Day(day, table, cut, rows, ids, dates)


def _places(table: pa.Table) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Where in the bytes of all texts the eventID and the date of the eventTime of each row begin."""
    offsets = _offsets(table.column("eventjson").chunk(0))
    texts = [text.encode() for text in table.column("eventjson").to_pylist()]
    ids = [text.index(id.encode()) for text, id in zip(texts, table.column("eventid").to_pylist(), strict=True)]
    mark = b'"eventTime":"'
    dates = [text.index(mark) + len(mark) for text in texts]
    return offsets[:-1] + np.array(ids), offsets[:-1] + np.array(dates)


def _offsets(texts: pa.StringArray) -> npt.NDArray[np.int64]:
    assert texts.offset == 0
    return np.frombuffer(texts.buffers()[1], np.int32)[: len(texts) + 1].astype(np.int64)


# -- copies


def copies(days: Sequence[Day], rows: int, latest: date) -> Iterator[Copy]:
    """Days back from the latest until there are so many rows, usual ones and an incident; then the same days again."""
    number, made = 0, 0
    while made < rows:
        day = latest - timedelta(days=number % MOST_DAYS)
        template = 0 if number == INCIDENT_AT else 1 + number % (len(days) - 1)
        yield Copy(number, template, day)
        made += days[template].rows
        number += 1


def write_copy(batch: Batch, copy: Copy, first_delivery: int) -> tuple[WrittenFile, list[DeliveryEntry]]:
    """The file of a copy, and its deliveries, which are numbered in the batch from ``first_delivery``."""
    day = _DAYS[copy.template]
    ids = new_ids(copy.number, day.rows)
    entries = [_moved(entry, day.day, copy) for entry in day.entries]
    names = pa.array([entry.id for entry in entries])
    moved = timedelta(days=(copy.day - day.day).days)
    new = {
        "eventid": _fixed(ids),
        "eventtime": pc.add(day.table.column("eventtime"), pa.scalar(moved)),
        "eventjson": _texts(day, ids, copy.day),
        "deliveryid": names.take(pa.array(day.delivery_rows)),
    }
    table = day.table
    for name, column in new.items():
        at = table.schema.get_field_index(name)
        table = table.set_column(at, table.schema.field(at), column)
    contents = content_keys(_cut(new["eventjson"]))
    keys = event_keys(new["eventid"])
    path = data_file_path(batch, f"{copy.number:06d}", copy.day)
    rows = day.delivery_rows + np.int32(first_delivery)
    return write_groups(path, copy.day, iter((table,)), keys, contents, rows), entries


def new_ids(number: int, rows: int) -> Bytes:
    """Random ids, the same for the same number: a row of characters each."""
    random = np.random.default_rng(number).integers(0, 16, (rows, len(_OF_ID)), np.uint8)
    ids = np.full((rows, ID_CHARACTERS), ord("-"), np.uint8)
    ids[:, _OF_ID] = _HEX[random]
    return ids


def _fixed(ids: Bytes) -> pa.StringArray:
    offsets = np.arange(len(ids) + 1, dtype=np.int32) * ID_CHARACTERS
    return pa.StringArray.from_buffers(len(ids), pa.py_buffer(offsets), pa.py_buffer(ids.tobytes()))


def _texts(day: Day, ids: Bytes, new_day: date) -> pa.StringArray:
    """The texts of the records with other ids and another date; nothing else, and no length, changes."""
    old = day.table.column("eventjson").chunk(0)
    content = np.frombuffer(old.buffers()[2], np.uint8).copy()
    content[day.ids[:, None] + np.arange(ID_CHARACTERS)] = ids
    content[day.dates[:, None] + np.arange(DAY_CHARACTERS)] = np.frombuffer(new_day.isoformat().encode(), np.uint8)
    return pa.StringArray.from_buffers(len(old), old.buffers()[1], pa.py_buffer(content))


def _cut(texts: pa.StringArray) -> Iterator[bytes]:
    content, offsets = memoryview(texts.buffers()[2]), _offsets(texts).tolist()
    return (bytes(content[start:end]) for start, end in itertools.pairwise(offsets))


def _moved(entry: DeliveryEntry, old: date, copy: Copy) -> DeliveryEntry:
    """The delivery of a copy: a name of the same grammar under another date, and hashes of its own."""
    stored = hashlib.sha256(f"{copy.number}\n{entry.id}".encode()).hexdigest()
    uri = entry.uri
    for pattern in ("%Y/%m/%d", "%Y%m%dT"):
        uri = uri.replace(f"{old:{pattern}}", f"{copy.day:{pattern}}")
    stem, dot, rest = uri.rpartition("_")
    uri = f"{stem}{dot}{stored[:16]}{rest[16:]}"
    content = hashlib.sha256(stored.encode()).hexdigest()
    return replace(
        entry, id=delivery_id(uri, entry.version, stored), uri=uri, sha256_stored=stored, sha256_content=content
    )


# -- the store

_DAYS: list[Day] = []  # of the base, in each process that writes


def _begin_work(days: list[Day]) -> None:
    _DAYS[:] = days
    keep_memory()
    refuse_pandas()


def _write(batch: Batch, some: Sequence[Copy]) -> tuple[list[WrittenFile], list[DeliveryEntry]]:
    files: list[WrittenFile] = []
    entries: list[DeliveryEntry] = []
    for copy in some:
        file, told = write_copy(batch, copy, len(entries))
        files.append(file)
        entries += told
    return files, entries


@dataclass(frozen=True)
class Large:
    """A large store, and what one can ask it for: two events of its latest day, its oldest one, and an access key that
    only the day of the incident has."""

    lake: str
    rows: int
    seconds: float
    cpu_seconds: float
    latest: str
    incident: str
    access_key: str
    events: list[tuple[str, str]]  # id, time

    @property
    def path(self) -> Path:
        return Path(self.lake)


def make(lake: Path, work: Path, rows: int, workers: int = 2) -> Large:
    """The large store in this lake, made unless it is there. Its latest day is the one before it was made."""
    told = lake.with_suffix(".json")
    if not told.exists():
        shutil.rmtree(lake, ignore_errors=True)
        days, latest = read_base(work), datetime.now(UTC).date() - timedelta(days=1)
        if ours.create_store(lake).failed:
            raise RuntimeError(f"no store could be made in {lake}")
        began, before = time.monotonic(), os.times()
        some = list(copies(days, rows, latest))
        made = _fill(lake, days, some, workers)
        spent, seconds = sum(os.times()[:4]) - sum(before[:4]), time.monotonic() - began
        events = [_event(days, some[0], 1), _event(days, some[0], 2), _event(days, some[-1], 0)]
        incident = latest - timedelta(days=INCIDENT_AT)
        large = Large(str(lake), made, seconds, spent, f"{latest}", f"{incident}", needle_key(days), events)
        told.write_text(json.dumps(asdict(large)))
    return Large(**json.loads(told.read_text()))


def _event(days: Sequence[Day], copy: Copy, row: int) -> tuple[str, str]:
    day = days[copy.template]
    moment: datetime = day.table.column("eventtime")[row].as_py()
    return new_ids(copy.number, day.rows)[row].tobytes().decode(), f"{copy.day}T{moment:%H:%M:%S.%fZ}"


def needle_key(days: Sequence[Day]) -> str:
    """An access key that only the day of the incident has: of those with three events or more, one with fewest."""
    name = "useridentity__accesskeyid"
    usual = {key for day in days[1:] for key in day.table.column(name).unique().to_pylist()}
    counts = pc.value_counts(days[0].table.column(name)).to_pylist()
    found = sorted((one["counts"], one["values"]) for one in counts if one["values"] not in {*usual, None})
    return next(str(key) for many, key in found if many >= 3)


def _fill(lake: Path, days: list[Day], some: Sequence[Copy], workers: int) -> int:
    """Commit the copies, a batch for some days; how many rows that are."""
    context = multiprocessing.get_context("fork")  # what was read of the base is shared
    rows = 0
    with ProcessPoolExecutor(workers, context, _begin_work, (days,)) as pool, _opened(pool, lake) as app:
        waiting: deque[tuple[Batch, Future[Any]]] = deque()
        for at in range(0, len(some), DAYS_A_BATCH):
            waiting.append(_begun(app, pool, some[at : at + DAYS_A_BATCH]))
            if len(waiting) > workers:
                rows += _commit(app, *waiting.popleft())
        return rows + sum(_commit(app, *one) for one in waiting)


def _begun(app: App, pool: ProcessPoolExecutor, part: Sequence[Copy]) -> tuple[Batch, Future[Any]]:
    store = app.stores.find(ours.STORE)
    assert store is not None
    batch = app.lake.begin(store.id)
    return batch, pool.submit(_write, batch, part)


def _commit(app: App, batch: Batch, written: Future[Any]) -> int:
    files, entries = written.result()
    return app.lake.commit(batch, files, entries, []).rows


@contextmanager
def _opened(pool: ProcessPoolExecutor, lake: Path) -> Iterator[App]:
    """The lake, when the pool's processes are there: they are forked off before it has threads and locks."""
    pool.submit(len, ()).result()
    with ours.opened(lake) as app:
        yield app


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large", description=__doc__)
    parser.add_argument("lake", type=Path, help="a folder that is not there")
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--work", type=Path, default=ours.HERE / "work", help="scratch folder; the base is kept there")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    large = make(options.lake.resolve(), options.work.resolve(), options.events, options.workers)
    print(f"{large.rows:,} events in {large.seconds:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
