"""Flip bits of a lake, one at a time, and see whether each is found and its file named.

``python -m tests.lake.bitflips N SEED [STRIDE]`` takes every STRIDE-th byte of each file of a small lake, N random bits
of a larger one, and N // 20 of the larger one's database; it prints how many were named. Of bits of the database that
nothing noticed it says what a reader of SQL would see of them, and how many bytes of the database hold nothing. With
``clean N`` it verifies a lake N times instead.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import sys
import tempfile
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.lake.tampering import derived_files, make_lake, recorded_files
from trailmere.errors import TrailmereError
from trailmere.lake.findings import Verification
from trailmere.lake.vault import Lake
from trailmere.lake.verify_files import check_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

WHOLE_EVERY = 50  # so often all checks run, not only that of the files
DERIVED_STRIDE = 32


def flip(path: Path, at: int, bit: int) -> None:
    """One bit the other way, in place, its modification time put back."""
    times = path.stat()
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1 << bit]))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def of_files(home: Path, places: Iterable[tuple[Path, int, int]]) -> Counter[str]:
    """Flip bits of files with a recorded hash, or derived ones; how many of each class were named, and how many not."""
    counts: Counter[str] = Counter()
    with Lake.open(home) as lake:
        lake.verify(full=True)
        for number, (path, at, bit) in enumerate(places):
            flip(path, at, bit)
            derived = path.is_relative_to(home / "index") or path.is_relative_to(home / "plans")
            if derived or number % WHOLE_EVERY == 0:
                result = lake.verify()
            else:
                result = Verification()
                check_files(lake.engine, home, None, {}, result, full=False, adopt=False, show=lambda _progress: None)
            found = [home / finding.path for finding in result.findings]
            counts[f"{_class_of(path)}: {'named' if found == [path] else f'NOT NAMED, but {found}'}"] += 1
            flip(path, at, bit)
    return counts


def _class_of(path: Path) -> str:
    kinds = {".parquet": "data", ".json": "metadata", ".avro": "manifest", ".plan": "plan", ".segment": "index"}
    return "index" if path.name == "manifest.json" else kinds.get(path.suffix, "dead letter")


def every_byte(home: Path, stride: int, dice: random.Random) -> Iterator[tuple[Path, int, int]]:
    """A bit of each byte, or of every so many; of derived files, for which all checks run, fewer."""
    for files, step in ((recorded_files(home), stride), (derived_files(home), stride * DERIVED_STRIDE)):
        for path in files:
            for at in range(dice.randrange(step), path.stat().st_size, step):
                yield path, at, dice.randrange(8)


def random_bits(home: Path, count: int, dice: random.Random) -> Iterator[tuple[Path, int, int]]:
    """Bits of the recorded files, each byte as likely as any other."""
    files = recorded_files(home)
    for path in dice.choices(files, [path.stat().st_size for path in files], k=count):
        yield path, dice.randrange(path.stat().st_size), dice.randrange(8)


def of_database(home: Path, count: int, dice: random.Random) -> Counter[str]:
    """Flip bits of ``lake.db``; how many were told, and of the others what a reader of SQL sees."""
    path, counts = home / "lake.db", Counter[str]()
    whole = path.read_bytes()
    before = _rows(path)
    for _ in range(count):
        at, bit = dice.randrange(len(whole)), dice.randrange(8)
        flip(path, at, bit)
        if _is_told(home):
            counts["told"] += 1
        else:
            path.write_bytes(whole)
            _forget_log(home)
            flip(path, at, bit)
            counts[f"NOT TOLD: {_difference(before, _rows(path))}{' (file header)' if at < 100 else ''}"] += 1
        path.write_bytes(whole)
        _forget_log(home)
    return counts


def empty_bytes(home: Path) -> str:
    """How much of the database is on no page that is used, or between the cells of one that is."""
    with sqlite3.connect(home / "lake.db") as database:
        (pages,), (free,), (size,) = (
            database.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "freelist_count", "page_size")
        )
        (unused,) = database.execute("SELECT sum(unused) FROM dbstat").fetchone()
    database.close()
    return f"{unused + free * size:,} of {pages * size:,} bytes hold nothing"


def _is_told(home: Path) -> bool:
    try:
        with Lake.open(home) as lake:
            return bool(lake.verify(full=True).findings)
    except TrailmereError:
        return True


def _forget_log(home: Path) -> None:
    for name in ("lake.db-wal", "lake.db-shm"):
        (home / name).unlink(missing_ok=True)


def _rows(path: Path) -> dict[str, list[dict[str, object]]]:
    copy = path.with_name("copy-of.db")
    shutil.copy(path, copy)
    with sqlite3.connect(copy) as database:
        database.row_factory = sqlite3.Row
        tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {"sqlite_master": [dict(row) for row in database.execute("SELECT * FROM sqlite_master")]}
        found |= {table: [dict(row) for row in database.execute(f"SELECT * FROM {table}")] for table in tables}
    database.close()
    for name in (copy.name, f"{copy.name}-wal", f"{copy.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)
    return found


def _difference(before: dict[str, list[dict[str, object]]], after: dict[str, list[dict[str, object]]]) -> str:
    for table, rows in before.items():
        if len(rows) != len(after.get(table, [])):
            return f"{table}: rows"
        for old, new in zip(rows, after[table], strict=True):
            for name, value in old.items():
                if new[name] != value:
                    return f"{table}.{name}"
    return "no value differs"


def clean(home: Path, count: int) -> None:
    """Verify a whole lake again and again."""
    alarms = 0
    with Lake.open(home) as lake:
        for number in range(count):
            alarms += bool(lake.verify(full=number % 2 == 1).findings)
    print(f"{count} verifications of a whole lake: {alarms} alarms")


def main(arguments: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder, "small").resolve(), Path(folder, "large").resolve()
        make_lake(small)
        if arguments[0] == "clean":
            clean(small, int(arguments[1]))
            return
        count, dice = int(arguments[0]), random.Random(int(arguments[1]))
        stride = int(arguments[2]) if len(arguments) > 2 else 1
        make_lake(large, batches=24)
        for said, counts in (
            (f"every {stride}. byte of a small lake", partial(of_files, small, every_byte(small, stride, dice))),
            ("random bits of a larger one", partial(of_files, large, random_bits(large, count, dice))),
            ("random bits of its database", partial(of_database, large, count // 20, dice)),
        ):
            print(said, flush=True)
            for what, how_many in sorted(counts().items()):
                print(f"  {how_many:7,} {what}", flush=True)
        print(f"  {empty_bytes(large)}")


if __name__ == "__main__":
    main(sys.argv[1:])
