"""Files against the inventory: which are changed, missing, extra, renamed or swapped.

Nothing is locked. What looks wrong is a suspect: the database is asked again, *then* the disk once more. A file's name
is in the inventory, or its batch among the unsettled, as long as the file exists, and names are used once; so what is
still wrong after that order of looks is wrong.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, or_, select, update

from trailmere.errors import TrailmereError
from trailmere.lake import inventory, ledger
from trailmere.lake.findings import Progress
from trailmere.lake.hashing import Hashed, hash_file, hash_files, signature
from trailmere.lake.inventory import NO_STORE, FileRecord, files, kind_of
from trailmere.registry.database import reading, writing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from sqlalchemy import Connection, Engine

    from trailmere.lake.findings import Show, Verification

# At the top of a lake's folder: what is checked by other means, and what is no part of the tables.
_DATABASE = ("lake.db", "lake.db-wal", "lake.db-shm", "lake.db-journal")
ELSEWHERE = frozenset((*_DATABASE, "locks", "demo", "index", "plans", "keys", "journal", "results"))
DRAFT = re.compile(r"\.[0-9a-f]{8}\.draft$")  # lake.disk.write_file, cut off
MARKED_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Row:
    """A file as the inventory has it. ``path`` is relative."""

    path: str
    store_id: str
    state: str
    size: int | None
    sha256: str | None
    seen: str | None

    @property
    def told(self) -> str:
        return f"{self.size} bytes, SHA-256 {self.sha256}"


@dataclass(frozen=True, slots=True)
class Wrong:
    """A file that is not as recorded. ``row`` is None where it is not recorded at all."""

    row: Row | None
    found: Hashed | OSError

    @property
    def sha256(self) -> str | None:
        return self.found.sha256 if isinstance(self.found, Hashed) else None

    @property
    def told(self) -> str:
        if isinstance(self.found, Hashed):
            return f"{self.found.size} bytes, SHA-256 {self.found.sha256}"
        return self.found.strerror or str(self.found)


def check_files(
    engine: Engine, home: Path, store_id: str | None, needed: Mapping[str, str], report: Verification, *, full: bool,
    adopt: bool, show: Show,
) -> None:  # fmt: skip
    """Compare all files, or those of one store and the dead letters, with the inventory.

    ``needed``: files that tables and dead letters name, with their store. Those without a row were written before there
    was an inventory; ``adopt`` enters them as they are now.
    """
    with reading(engine) as connection:
        recorded = _rows(connection, store_id)
        unsettled = frozenset(ledger.unsettled_batches(connection, store_id))
    present = dict(_walk(home, store_id))
    suspects = {path for path, row in recorded.items() if row.state == "live" and path not in present}
    to_hash = []
    for path, row in recorded.items():
        if path in present and row.state != "removing" and row.sha256 is not None:
            report.files += 1
            if full or row.seen != signature(present[path]) or row.size != present[path].st_size:
                to_hash.append(row)
    suspects |= {path for path in present if path not in recorded and not _being_written(path, unsettled)}
    suspects |= _hash(engine, home, to_hash, present, report, show)
    wrong = _judge(engine, home, _judge(engine, home, suspects))  # the database was asked after the first finding
    if adopt:
        adopted = [path for path, one in wrong.items() if one.row is None and path in needed]
        _adopt(engine, home, {path: (needed[path], wrong.pop(path).found) for path in adopted}, report)
    _tell(wrong, needed, recorded, report)


def _rows(connection: Connection, store_id: str | None, paths: Sequence[str] | None = None) -> dict[str, Row]:
    columns = (files.c[name] for name in Row.__slots__)
    query = select(*columns)
    if store_id is not None:
        query = query.where(or_(files.c.store_id == store_id, files.c.store_id == NO_STORE))
    if paths is not None:
        query = query.where(files.c.path.in_(paths))
    return {row.path: Row(*row) for row in connection.execute(query)}


def _walk(home: Path, store_id: str | None) -> Iterator[tuple[str, os.stat_result]]:
    """Everything that is no folder, by its path."""
    tops = [home] if store_id is None else [home / "warehouse" / "stores" / store_id, home / "deadletters"]
    waiting = [os.fspath(top) for top in tops if top.is_dir()]
    base = len(os.fspath(home)) + 1
    while waiting:
        folder = waiting.pop()
        with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
            for entry in entries:
                path = entry.path[base:]
                if path in ELSEWHERE:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    with contextlib.suppress(FileNotFoundError):
                        yield path, entry.stat(follow_symlinks=False)


def _being_written(path: str, unsettled: frozenset[str]) -> bool:
    name = path.rpartition("/")[2]
    return name.partition("-")[0] in unsettled or (path.startswith("deadletters/") and DRAFT.search(name) is not None)


def _hash(
    engine: Engine, home: Path, rows: Sequence[Row], present: Mapping[str, os.stat_result], report: Verification,
    show: Show,
) -> set[str]:  # fmt: skip
    """Hash files; returns those that are not as recorded, and marks the others as checked."""
    total = sum(present[row.path].st_size for row in rows)
    guard = threading.Lock()

    def read(count: int) -> None:
        with guard:
            report.hashed_bytes += count
        show(Progress(report.hashed_bytes, total, len(rows)))

    wrong, checked = set(), []
    results = hash_files((home / row.path for row in rows), read)
    for row, (_, result) in zip(rows, results, strict=True):
        report.hashed += 1
        if isinstance(result, Hashed) and result.sha256 == row.sha256:
            checked.append({"its_path": row.path, "new_us": ledger.now_us(), "new_seen": result.signature})
        else:
            wrong.add(row.path)
        if len(checked) >= MARKED_AT_ONCE:
            _mark(engine, checked)
            checked = []
    _mark(engine, checked)
    return wrong


def _mark(engine: Engine, checked: list[dict[str, object]]) -> None:
    """What was seen to be right. Where it cannot be written, the next check reads more than it must."""
    if checked:
        marks: dict[str, Any] = {"checked_us": bindparam("new_us"), "seen": bindparam("new_seen")}
        with contextlib.suppress(TrailmereError), writing(engine) as connection:
            connection.execute(update(files).where(files.c.path == bindparam("its_path")).values(marks), checked)


def _judge(engine: Engine, home: Path, suspects: Iterable[str]) -> dict[str, Wrong]:
    """Of the suspects those that are wrong: the database is asked first, then the disk."""
    paths = sorted(suspects)
    with reading(engine) as connection:
        unsettled = frozenset(ledger.unsettled_batches(connection, None))
        rows: dict[str, Row] = {}
        for start in range(0, len(paths), ledger.CHUNK):
            rows |= _rows(connection, None, paths[start : start + ledger.CHUNK])
    wrong = {}
    for path in paths:
        row, found = rows.get(path), _look(home / path)
        gone = isinstance(found, FileNotFoundError)
        if row is None:
            fine = gone or _being_written(path, unsettled)
        elif row.state == "removing" or row.sha256 is None or (gone and row.state == "pending"):
            fine = True
        else:
            fine = isinstance(found, Hashed) and found.sha256 == row.sha256
        if not fine:
            wrong[path] = Wrong(row, found)
    return wrong


def _look(path: Path) -> Hashed | OSError:
    try:
        return hash_file(path)
    except OSError as error:
        return error


def _adopt(
    engine: Engine, home: Path, extras: Mapping[str, tuple[str, Hashed | OSError]], report: Verification
) -> None:
    """Enter files as they are now."""
    with writing(engine) as connection:
        for path, (store_id, found) in extras.items():
            if isinstance(found, Hashed):
                record = FileRecord(str(home / path), kind_of(path), found.size, found.sha256)
                inventory.enter(connection, home, store_id, [record], state="live", adopted=True)
                report.adopted += 1


def _tell(
    wrong: Mapping[str, Wrong], needed: Mapping[str, str], known: Mapping[str, Row], report: Verification
) -> None:
    """Findings, those that belong together as one."""
    extras = {one.sha256: path for path, one in wrong.items() if one.row is None and path not in needed}
    places = {row.sha256: path for path, row in known.items() if row.sha256 is not None}
    moved = set()
    for path, one in wrong.items():
        if one.row is None:
            continue
        store_id, expected = one.row.store_id or None, one.row.told
        if isinstance(one.found, FileNotFoundError) and one.row.sha256 in extras:
            new = extras[one.row.sha256]
            moved.add(new)
            report.told("renamed", path, expected, f"its bytes lie in {new}", store_id)
        elif isinstance(one.found, FileNotFoundError):
            report.told("missing", path, expected, "nothing", store_id)
        elif isinstance(one.found, OSError):
            report.told("unreadable", path, expected, one.found.strerror or str(one.found), store_id)
        elif places.get(one.found.sha256, path) != path:
            report.told("swapped", path, expected, f"the bytes of {places[one.found.sha256]}", store_id)
        else:
            report.told("changed", path, expected, one.told, store_id)
    for path, one in wrong.items():
        if one.row is None and path in needed:
            report.told("unrecorded", path, "a recorded SHA-256", one.told, needed[path] or None)
        elif one.row is None and path not in moved:
            report.told("extra", path, "no such file", one.told)
