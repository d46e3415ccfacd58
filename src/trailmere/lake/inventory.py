"""The inventory: every file of the lake with its size and SHA-256, in the lake's database (docs/decisions/0012).

A file's name is entered before the file exists, its hash as it is written, and nothing points at it before it is here.
``remove`` is how a file goes, so that a kill in between does not look like a loss. Derived files (event index, kept
plans) are not here. Every function that takes a connection is part of its caller's transaction. Comparing all this with
the disk is the work of ``lake.verify``.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import BigInteger, Boolean, Column, Index, String, Table, Text, delete, insert, select, update

from trailmere.errors import LakeDamaged
from trailmere.lake.disk import local_path, remove_files
from trailmere.lake.ledger import CHUNK, metadata, now_us
from trailmere.registry.database import reading, writing
from trailmere.registry.seals import UNSEALED, seal_column, sealed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from sqlalchemy import Connection, Engine, Select

Kind = Literal["data", "manifest", "manifest list", "metadata", "dead letter"]
State = Literal["pending", "live", "removing"]
NO_STORE = ""  # dead letters: a file may serve letters of several stores
OF_THE_TABLE: tuple[Kind, ...] = ("manifest", "manifest list", "metadata")

files = Table(
    "lake_files",
    metadata,
    Column("path", Text, primary_key=True),  # relative to the lake's folder
    Column("store_id", String(40), nullable=False),
    Column("kind", String(14), nullable=False),
    Column("state", String(10), nullable=False, info=UNSEALED),
    Column("size", BigInteger),  # null until it is written
    Column("sha256", String(64)),
    Column("batch_id", String(40)),
    Column("adopted", Boolean, nullable=False),  # the hash was taken by a check, not when the file was written
    Column("added_us", BigInteger, nullable=False),
    Column("checked_us", BigInteger, info=UNSEALED),  # when its bytes were last hashed and found right, and
    Column("seen", Text, info=UNSEALED),  # what the disk said of it then
    seal_column(),
    Index("lake_files_store", "store_id", "state"),
    sqlite_with_rowid=False,
)


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file with its hash. ``path`` is absolute."""

    path: str
    kind: Kind
    size: int | None
    sha256: str | None


def kind_of(path: str) -> Kind:
    """What a file is, by its place and name."""
    name = PurePosixPath(path).name
    if name.endswith(".parquet"):
        return "data"
    if name.endswith(".metadata.json"):
        return "metadata"
    if name.endswith(".avro"):
        return "manifest list" if name.startswith("snap-") else "manifest"
    return "dead letter"


def relative(home: Path, path: str | Path) -> str:
    """A path (or location of Iceberg) as the inventory has it. Raises ValueError where it is outside of the lake."""
    return local_path(str(path)).relative_to(home).as_posix()


def enter(
    connection: Connection,
    home: Path,
    store_id: str,
    records: Iterable[FileRecord],
    *,
    state: State,
    batch_id: str | None = None,
    adopted: bool = False,
) -> None:
    """Enter files, in place of what was known of them."""
    now = now_us()
    rows = [
        sealed(
            files,
            {
                "path": relative(home, record.path),
                "store_id": store_id,
                "kind": record.kind,
                "state": state,
                "size": record.size,
                "sha256": record.sha256,
                "batch_id": batch_id,
                "adopted": adopted,
                "added_us": now,
            },
        )
        for record in records
    ]
    if rows:
        forget(connection, [row["path"] for row in rows])
        connection.execute(insert(files), rows)


def enter_shared(connection: Connection, home: Path, records: Iterable[FileRecord]) -> None:
    """Enter files that several may bring: those that are here stay as they are, and are not removed any more."""
    new = []
    for record in records:
        kept = update(files).where(files.c.path == relative(home, record.path), files.c.state == "removing")
        if not connection.execute(kept.values(state="pending")).rowcount and not _has(connection, home, record.path):
            new.append(record)
    enter(connection, home, NO_STORE, new, state="pending")


def _has(connection: Connection, home: Path, path: str) -> bool:
    found = connection.execute(select(files.c.path).where(files.c.path == relative(home, path))).one_or_none()
    return found is not None


def hashes(connection: Connection, home: Path, paths: Iterable[str]) -> dict[str, str]:
    """The recorded SHA-256 of each of these files that has one, by the paths as they were given."""
    names = {relative(home, path): path for path in paths}
    found: dict[str, str] = {}
    for some in _chunks(names):
        rows = select(files.c.path, files.c.sha256).where(files.c.path.in_(some), files.c.sha256.is_not(None))
        found |= {names[row.path]: row.sha256 for row in connection.execute(rows)}
    return found


def check_content(engine: Engine, home: Path, path: Path, content: bytes) -> None:
    """A file was read whole, and is to be decoded. Raises LakeDamaged where its hash is known and is another one."""
    with reading(engine) as connection:
        expected = hashes(connection, home, [str(path)]).get(str(path))
    if expected is not None and (found := hashlib.sha256(content).hexdigest()) != expected:
        raise LakeDamaged(
            f"the {kind_of(path.name)} {path} is not what was written: expected the SHA-256 {expected}, found {found}",
            hint="restore it from a copy of the lake; all that is wrong is named by: trailmere verify",
        )


def publish_batch(connection: Connection, store_id: str, batch_id: str) -> None:
    """The batch is done: its files are live."""
    connection.execute(update(files).where(*_of_batch(store_id, batch_id)).values(state="live"))


def drop_batch(connection: Connection, store_id: str, batch_id: str) -> None:
    """The batch is abandoned, and its files are gone."""
    connection.execute(delete(files).where(*_of_batch(store_id, batch_id)))


def _of_batch(store_id: str, batch_id: str) -> tuple[Any, ...]:
    return files.c.store_id == store_id, files.c.state == "pending", files.c.batch_id == batch_id


def publish(connection: Connection, paths: Collection[str]) -> None:
    """Make files live, by their paths in the inventory."""
    _set_state(connection, paths, "live")


def forget(connection: Connection, paths: Collection[str]) -> None:
    """Drop the rows of files, by their paths in the inventory."""
    for some in _chunks(paths):
        connection.execute(delete(files).where(files.c.path.in_(some)))


def forget_store(connection: Connection, store_id: str) -> None:
    """Drop the rows of a store whose files are gone."""
    connection.execute(delete(files).where(files.c.store_id == store_id))


def remove_store(connection: Connection, store_id: str) -> None:
    """The files of the store are about to be removed."""
    connection.execute(update(files).where(files.c.store_id == store_id).values(state="removing"))


def remove(engine: Engine, home: Path, paths: Iterable[str | Path]) -> None:
    """Remove files for good (absolute paths), those without a row too. On disk when it returns."""
    for some in _chunks([relative(home, path) for path in paths]):
        with writing(engine) as connection:
            mark_removing(connection, some)
        remove_marked(engine, home, some)


def mark_removing(connection: Connection, paths: Collection[str]) -> None:
    """Files are about to be removed, by their paths in the inventory."""
    _set_state(connection, paths, "removing")


def remove_marked(engine: Engine, home: Path, paths: Collection[str]) -> None:
    """Remove files that were marked, but for those whose mark was taken away since.

    The transaction holds off whoever would take up a shared file again at the last moment.
    """
    for some in _chunks(paths):
        with writing(engine) as connection:
            spared = set(
                connection.execute(
                    select(files.c.path).where(files.c.path.in_(some), files.c.state != "removing")
                ).scalars()
            )
            gone = [path for path in some if path not in spared]
            remove_files([home / path for path in gone])
            forget(connection, gone)


def letters_but(connection: Connection, needed: Select[tuple[str]], *, live: bool) -> list[str]:
    """The paths of dead letters' files whose hash is not among those needed; of live ones only if asked for."""
    rows = select(files.c.path).where(files.c.kind == "dead letter", files.c.sha256.not_in(needed))
    return list(connection.execute(rows if live else rows.where(files.c.state != "live")).scalars())


def _set_state(connection: Connection, paths: Collection[str], state: State) -> None:
    for some in _chunks(paths):
        connection.execute(update(files).where(files.c.path.in_(some)).values(state=state))


def _chunks(paths: Collection[str]) -> Iterator[list[str]]:
    distinct = list(dict.fromkeys(paths))
    for start in range(0, len(distinct), CHUNK):
        yield distinct[start : start + CHUNK]


class Recorder:
    """Enters what PyIceberg writes: the name before the file exists, hash and state when the catalog's pointer moves.

    PyIceberg writes manifests in threads; two stores may be committed to at once. Who commits to a table holds its
    store's lock, so whatever else is pending there is of an attempt that failed.
    """

    def __init__(self, engine: Engine, home: Path) -> None:
        self._engine = engine
        self._home = home
        self._written: dict[str, FileRecord] = {}
        self._guard = threading.Lock()

    def creating(self, path: Path) -> None:
        """A file is about to be created."""
        record = FileRecord(str(path), kind_of(path.name), None, None)
        with writing(self._engine) as connection:
            enter(connection, self._home, self._store_of(path), [record], state="pending")

    def written(self, path: Path, size: int, sha256: str) -> None:
        """A file is on disk."""
        with self._guard:
            self._written[relative(self._home, path)] = FileRecord(str(path), kind_of(path.name), size, sha256)

    def reading(self, path: Path, content: bytes) -> None:
        """A file was read. Raises LakeDamaged where it is not what was written, here or by an earlier commit."""
        if not path.is_relative_to(self._home):
            return  # of a lake that this one is a copy of: who asked for it finds out
        with self._guard:
            mine = self._written.get(relative(self._home, path))
        if mine is None:
            check_content(self._engine, self._home, path, content)

    def removing(self, path: Path) -> None:
        """A file is about to be removed. Old metadata files are marked already, failed attempts are pending."""
        name = relative(self._home, path)
        with self._guard:
            self._written.pop(name, None)
        with reading(self._engine) as connection:
            state = connection.execute(select(files.c.state).where(files.c.path == name)).scalar()
        if state == "live":
            with writing(self._engine) as connection:
                _set_state(connection, [name], "removing")

    def pointed(self, connection: Connection, metadata_location: str, outdated: Sequence[str]) -> list[Path]:
        """The pointer moves in this transaction: enter what the commit wrote, and mark old metadata files.

        Returns files of failed attempts, to be removed when the transaction is committed. What was to be removed
        before and is gone is forgotten.
        """
        store_id = self._store_of(local_path(metadata_location))
        with self._guard:
            mine = [name for name in self._written if self._store_of(self._home / name) == store_id]
            written = {name: self._written.pop(name) for name in mine}
        left = self._left_over(connection, store_id, written)
        present = [name for name in left if (self._home / name).exists()]
        forget(connection, left - set(present))
        enter(connection, self._home, store_id, written.values(), state="live")
        _set_state(connection, [*present, *(relative(self._home, old) for old in outdated)], "removing")
        return [self._home / name for name in present]

    def _left_over(self, connection: Connection, store_id: str, written: Collection[str]) -> set[str]:
        """Files of the table that are pending or being removed, and not of this commit."""
        rows = select(files.c.path).where(
            files.c.store_id == store_id, files.c.state.in_(("pending", "removing")), files.c.kind.in_(OF_THE_TABLE)
        )
        return set(connection.execute(rows).scalars()) - set(written)

    def _store_of(self, path: Path) -> str:
        """``warehouse/stores/<store>/metadata/<file>``: the folder of the table is named by its store."""
        return path.relative_to(self._home).parts[2]
