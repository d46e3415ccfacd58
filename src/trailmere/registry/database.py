"""The one database of a lake: registry, Iceberg catalog and ledger, in SQLite (WAL) or PostgreSQL.

``open_database`` gives the engine that every room above uses. SQLite is opened so that a commit is on disk when it
returns (``synchronous=FULL``) and so that a writer waits for another instead of failing (``busy_timeout``, and
``BEGIN IMMEDIATE`` for transactions that write).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url

from trailmere.errors import LakeVersion, SettingsError

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA_VERSION = 1
BUSY_TIMEOUT_MS = 120_000


def sqlite_url(lake: Path) -> str:
    """The address of the lake's own SQLite file."""
    return f"sqlite:///{lake / 'lake.db'}"


def open_database(url: str) -> Engine:
    """An engine for ``url`` (``sqlite:///...`` or ``postgresql+psycopg://...``).

    Raises SettingsError for any other database, and for PostgreSQL without the ``postgres`` extra.
    """
    parsed = make_url(url)
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        engine = create_engine(url, pool_pre_ping=False)
        event.listen(engine, "connect", _on_sqlite_connect)
        event.listen(engine, "begin", _on_sqlite_begin)
        return engine
    if backend == "postgresql":
        try:
            return create_engine(url, pool_pre_ping=True)
        except ModuleNotFoundError as error:
            raise SettingsError(
                "a PostgreSQL database needs a driver that is not installed",
                hint="install the extra: pip install 'trailmere[postgres]'",
            ) from error
    raise SettingsError(
        f"the database must be SQLite or PostgreSQL, not {backend}",
        hint="leave the setting out for SQLite beside the lake, or give postgresql+psycopg://user@host/name",
    )


def _on_sqlite_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions behind our back
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.close()


def _on_sqlite_begin(connection: Any) -> None:
    # IMMEDIATE takes the write lock at once: two transactions that read first and write later would otherwise
    # meet SQLITE_BUSY at their first write, which busy_timeout does not cure.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def check_version(found: int) -> None:
    """Raise LakeVersion when the database was written by a newer Trailmere."""
    if found > SCHEMA_VERSION:
        raise LakeVersion(
            f"this lake has format {found}; this Trailmere knows formats up to {SCHEMA_VERSION}",
            hint="install a newer Trailmere",
        )
