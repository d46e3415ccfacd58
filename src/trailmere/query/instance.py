"""The DuckDB of a worker: opened once, locked to the folders of some tables, then asked through a cursor a query.

What a session makes ends with its cursor; what the instance holds are the dialect's macros, the footers of files that
it has read, and which statements have short answers. Sockets and limits on the process are the worker's
(``query.worker``, ``query.cage``).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

# More rows than this are given while the engine works; so many are computed first, which saves binding them twice.
ROWS_AT_ONCE = 10_000
KEPT_STATEMENTS = 1024


class Instance:
    """A database in memory that has no extension to load, no disk to spill to and no Python variable to find."""

    def __init__(self, *, threads: int, memory_bytes: int) -> None:
        import duckdb

        self._connection = duckdb.connect(
            ":memory:",
            config={
                "threads": threads,
                "async_threads": 0,
                "memory_limit": f"{memory_bytes}B",
                "temp_directory": "",
                "autoload_known_extensions": False,
                "autoinstall_known_extensions": False,
                "allow_community_extensions": False,
                "python_enable_replacements": False,
            },
        )
        # Cursors inherit what is global, and nothing else. A data file never changes under its name.
        self._connection.execute("SET GLOBAL TimeZone = 'UTC'; SET GLOBAL parquet_metadata_cache = true")
        self._folders: frozenset[str] | None = None
        self._macros: set[str] = set()
        self._short: OrderedDict[int, None] = OrderedDict()  # by hash: which of two alike it was costs memory, no more

    def serves(self, folders: Iterable[str]) -> bool:
        """Whether a query about these folders may be asked: they are the ones it is locked to, or it is not yet."""
        return self._folders is None or self._folders == frozenset(folders)

    def lock(self, folders: Iterable[str]) -> None:
        """From now on these folders are all that can be read, and no setting can be changed. Once for an instance."""
        if self._folders is None:
            self._connection.execute("SET allowed_directories = ?", [sorted(folders)])
            self._connection.execute("SET enable_external_access = false; SET lock_configuration = true")
            self._folders = frozenset(folders)

    def add_macros(self, macros: Mapping[str, str]) -> None:
        """Make those of these macros (name -> statement, in order) that are not there yet: each costs milliseconds."""
        for name, statement in macros.items():
            if name not in self._macros:
                self._connection.execute(statement)
                self._macros.add(name)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A session of its own for one query; to be closed."""
        return self._connection.cursor()

    def remember_short(self, sql: str) -> None:
        """The answer to this statement was short. It will be again: it names its files, and those never change."""
        self._short[hash(sql)] = None
        self._short.move_to_end(hash(sql))
        while len(self._short) > KEPT_STATEMENTS:
            self._short.popitem(last=False)

    def at_once(self, sql: str, wanted_rows: int | None) -> bool:
        """Whether few rows are to come (``wanted_rows``: at most so many, None: all)."""
        if wanted_rows is not None and wanted_rows <= ROWS_AT_ONCE:
            return True
        return hash(sql) in self._short

    def close(self) -> None:
        """Let go of everything."""
        self._connection.close()


def answer(cursor: duckdb.DuckDBPyConnection, sql: str, batch_rows: int, *, at_once: bool) -> Any:
    """The one SELECT in ``sql``, as a reader of record batches.

    ``at_once``: all rows are computed before the first is given; otherwise the statement is bound a second time.
    A second opinion on what the dialect has let through: exactly one statement, which reads.
    """
    import duckdb

    statements = cursor.extract_statements(sql)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        kinds = ", ".join(statement.type.name for statement in statements)
        raise duckdb.PermissionException(f"expected one SELECT, got {kinds or 'nothing'}")
    relation = cursor.execute(statements[0]) if at_once else cursor.sql(statements[0])
    return relation.to_arrow_reader(batch_rows)
