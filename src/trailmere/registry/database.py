"""The one database of a lake: registry, Iceberg catalog and ledger, in SQLite (WAL) or PostgreSQL.

``open_database`` gives the engine that every room above uses; ``reading`` and ``writing`` give transactions on it. A
commit is on disk when it returns (``synchronous=FULL``). One transaction writes at a time and the others wait their
turn, in both databases, so that a rule checked inside ``writing`` still holds at its commit. Reading never waits for
writing: it sees the last commit. What the tables hold is the business of the rooms that declare them.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    BigInteger,
    Column,
    Connection,
    Dialect,
    Engine,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.schema import CreateColumn
from sqlalchemy.types import TypeDecorator

from trailmere.errors import LakeBusy, LakeDamaged, LakeError, LakeVersion, SettingsError

SCHEMA_VERSION = 1
BUSY_TIMEOUT_SECONDS = 120
WRITE_LOCK = 0x7472_6169_6C6D  # the number of our advisory lock in PostgreSQL: "trailm"
READ_OPTION = "trailmere_reads"
BUSY_OPTION = "trailmere_busy_seconds"
SQLITE_CONNECTIONS = 64  # kept open, of those that were needed at once: as many as a server has threads by default

_meta = MetaData()
META = Table(
    "trailmere_meta",
    _meta,
    Column("key", String(64), primary_key=True),
    Column("value", String(255), nullable=False),
)


def utc_now() -> datetime:
    """The time, with its zone."""
    return datetime.now(UTC)


class UtcTime(TypeDecorator[datetime]):
    """A moment with its zone, kept as microseconds since 1970 UTC: the same in every database."""

    impl = BigInteger
    cache_ok = True
    _epoch = datetime(1970, 1, 1, tzinfo=UTC)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else (value - self._epoch) // timedelta(microseconds=1)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        return None if value is None else self._epoch + timedelta(microseconds=value)


def sqlite_url(lake: Path) -> str:
    """The address of the lake's own SQLite file. Odd characters in the path are escaped."""
    return URL.create("sqlite", database=str(lake / "lake.db")).render_as_string()


def open_database(url: str, *, busy_seconds: float = BUSY_TIMEOUT_SECONDS) -> Engine:
    """An engine for ``url`` (``sqlite:///...`` or ``postgresql+psycopg://...``), with its tables made where they lack.

    ``busy_seconds``: how long a writer waits for its turn. Raises SettingsError for any other database or an address
    that leads nowhere, LakeVersion when a newer Trailmere wrote it, LakeDamaged when the file is no database.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise SettingsError(
            f"expected the address of a database, got {url.partition('://')[0]!r}", hint=_HOW
        ) from error
    backend = parsed.get_backend_name()
    if backend not in _BACKENDS:
        raise SettingsError(f"the database must be SQLite or PostgreSQL, not {backend}", hint=_HOW)
    engine = _BACKENDS[backend](parsed, busy_seconds)
    _TURNS.setdefault(engine.url, threading.Lock())
    _forget_connections_in_children(engine)
    with translated(f"cannot open the database {parsed.render_as_string()}"):
        if backend == "sqlite":
            _switch_to_wal(engine, busy_seconds)
        _check_version(engine)
    return engine


@contextlib.contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads: it sees the last commit, all of its statements the same one, and waits for nobody.

    Do not write in it: in SQLite a transaction that read first may be refused the right to write at once.
    """
    with translated("cannot read the database"), engine.connect() as connection:
        connection.execution_options(**_read_options(engine))  # an engine with options is dear: it takes logging's lock
        with connection.begin():
            yield connection


@contextlib.contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that may write, alone: committed at the end, rolled back when an error leaves the block.

    Two of them never overlap, so do not open a second one inside. Raises LakeBusy when its turn does not come in time.
    """
    with _turn(engine), translated("cannot write the database"), engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            busy_seconds = connection.get_execution_options()[BUSY_OPTION]
            connection.execute(text(f"SET LOCAL lock_timeout = {round(busy_seconds * 1000)}"))
            connection.execute(text(f"SELECT pg_advisory_xact_lock({WRITE_LOCK})"))
        yield connection


# Of each database: who writes among the threads of this process.
_TURNS: dict[URL, threading.Lock] = {}


@contextlib.contextmanager
def _turn(engine: Engine) -> Iterator[None]:
    """The turn to write, among threads. Those who wait have no connection yet: else they would leave none to readers,
    and SQLite would let them wait by sleeping, whoever slept least being next."""
    turn = _TURNS[engine.url]
    if not turn.acquire(timeout=engine.get_execution_options()[BUSY_OPTION]):
        raise LakeBusy("cannot write the database: others of this process have been writing for long", hint=_BUSY)
    try:
        yield
    finally:
        turn.release()


def read_engine(engine: Engine) -> Engine:
    """The same engine and connections, for those who only read and bring transactions of their own (a catalog does)."""
    return engine.execution_options(**_read_options(engine))


def _read_options(engine: Engine) -> dict[str, Any]:
    if engine.dialect.name == "sqlite":
        return {READ_OPTION: True}
    return {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


def create_tables(engine: Engine, metadata: MetaData) -> None:
    """Make the tables that are missing, and columns that came later. Any number of processes may do so at once."""
    with reading(engine) as connection:
        lacking = _lacking(connection, metadata)
    if lacking:
        with writing(engine) as connection:
            metadata.create_all(connection)
            for column in _lacking(connection, metadata):
                declared = CreateColumn(column).compile(dialect=connection.dialect)
                connection.execute(text(f"ALTER TABLE {column.table.name} ADD COLUMN {declared}"))


def _lacking(connection: Connection, metadata: MetaData) -> list[Column[Any]]:
    """Columns that the database has not, those of tables that it has not included."""
    present = inspect(connection).get_multi_columns(filter_names=[table.name for table in metadata.tables.values()])
    names = {(table, column["name"]) for (_, table), columns in present.items() for column in columns}
    return [
        column
        for table in metadata.tables.values()
        for column in table.columns
        if (table.name, column.name) not in names
    ]


def check_version(found: int) -> None:
    """Raise LakeVersion when the database was written by a newer Trailmere."""
    if found > SCHEMA_VERSION:
        raise LakeVersion(
            f"this lake has format {found}; this Trailmere knows formats up to {SCHEMA_VERSION}",
            hint="install a newer Trailmere",
        )


def _check_version(engine: Engine) -> None:
    create_tables(engine, _meta)
    version = select(META.c.value).where(META.c.key == "schema_version")
    with reading(engine) as connection:
        found = connection.execute(version).scalar()
    if found is None:
        with writing(engine) as connection:
            found = connection.execute(version).scalar()  # another process may have been faster
            if found is None:
                connection.execute(insert(META).values(key="schema_version", value=str(SCHEMA_VERSION)))
    check_version(SCHEMA_VERSION if found is None else int(found))


def _open_sqlite(url: URL, busy_seconds: float) -> Engine:
    if not url.database or url.database == ":memory:":
        raise SettingsError("expected the path of an SQLite file, got a database in memory", hint=_HOW)
    Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        pool_size=SQLITE_CONNECTIONS,
        connect_args={"timeout": busy_seconds},
        execution_options={BUSY_OPTION: busy_seconds},
    )
    event.listen(engine, "connect", _on_sqlite_connect)
    event.listen(engine, "begin", _on_sqlite_begin)
    return engine


def _open_postgresql(url: URL, busy_seconds: float) -> Engine:
    try:
        return create_engine(url, pool_pre_ping=True, execution_options={BUSY_OPTION: busy_seconds})
    except ModuleNotFoundError as error:
        raise SettingsError(
            "a PostgreSQL database needs a driver that is not installed",
            hint="install it: pip install 'psycopg[binary]' (the extra `postgres` does so)",
        ) from error


def _on_sqlite_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions behind our back
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _on_sqlite_begin(connection: Connection) -> None:
    # IMMEDIATE takes the write lock at once: of two transactions that read first and write later, one would be
    # refused at its first write (SQLITE_BUSY_SNAPSHOT), which no timeout cures. Who only reads says so.
    reads = connection.get_execution_options().get(READ_OPTION, False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _switch_to_wal(engine: Engine, busy_seconds: float) -> None:
    """WAL is a property of the file, set once. SQLite does not wait for the lock that the switch needs: we do."""
    deadline = time.monotonic() + busy_seconds
    connection = engine.raw_connection()
    try:
        while True:
            try:
                cursor = connection.cursor()
                cursor.execute("PRAGMA journal_mode=WAL")
                cursor.close()
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
    finally:
        connection.close()


def _forget_connections_in_children(engine: Engine) -> None:
    """A connection must not be used on both sides of a fork: the child starts with none."""
    reference = weakref.ref(engine)

    def forget() -> None:
        if (alive := reference()) is not None:
            alive.dispose(close=False)
            _TURNS[alive.url] = threading.Lock()  # the thread that had it was not forked

    os.register_at_fork(after_in_child=forget)


@contextlib.contextmanager
def translated(doing: str) -> Iterator[None]:
    """Errors of the driver, as ours: for those who bring sessions of their own (a catalog does)."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:  # what fails while a connection is made comes unwrapped
        said = str(error.orig if isinstance(error, DBAPIError) else error).strip()
        for sign, kind, hint in _SIGNS:
            if sign in said:
                raise kind(f"{doing}: {said}", hint=hint) from error
        raise


_HOW = "leave the setting out for SQLite beside the lake, or give postgresql+psycopg://user@host/name"
_BUSY = "another process has been writing for long; see whether one hangs"
_BACKENDS = {"sqlite": _open_sqlite, "postgresql": _open_postgresql}

# what the driver says -> our error and what to do
_SIGNS: tuple[tuple[str, type[LakeError] | type[SettingsError], str], ...] = (
    ("database is locked", LakeBusy, _BUSY),
    ("lock timeout", LakeBusy, _BUSY),
    ("not a database", LakeDamaged, "restore lake.db from a backup of the lake"),
    ("image is malformed", LakeDamaged, "restore lake.db from a backup of the lake"),
    ("malformed database", LakeDamaged, "restore lake.db from a backup of the lake"),
    ("disk I/O error", LakeError, "see what the system says about the disk; nothing was changed"),
    ("unable to open", SettingsError, "see that the folder can be written by this user"),
    ("readonly database", SettingsError, "see that the folder and lake.db can be written by this user"),
    ("connection failed", SettingsError, "see that the address is right and that the database server runs"),
    ("disk is full", LakeError, "free some space and try again: nothing was changed"),
)
