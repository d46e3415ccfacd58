"""A unique constraint that a table had in an earlier version and has no more: taken from tables that are there.

Missing tables and columns are ``registry.database.create_tables``'s to make. SQLite cannot drop a constraint, so there
the table is made anew and its rows copied, in one transaction (SQLite, "Making Other Kinds Of Table Schema Changes").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import UniqueConstraint, column, insert, inspect, select, text
from sqlalchemy import table as lightweight
from sqlalchemy.schema import AddConstraint

from trailmere.registry.database import reading, writing

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, Table


def forget_unique(engine: Engine, table: Table, columns: tuple[str, ...]) -> None:
    """No unique constraint over just these columns any more; those that ``table`` declares in its place. Any number of
    processes may ask for it at once, before or after the table is there."""
    with reading(engine) as connection:
        if not _former(connection, table, columns):
            return
    with writing(engine) as connection:
        for former in _former(connection, table, columns):  # unless another process was faster
            _REPLACE[connection.dialect.name](connection, table, former)


def _former(connection: Connection, table: Table, columns: tuple[str, ...]) -> list[Any]:
    inspector = inspect(connection)
    if not inspector.has_table(table.name):
        return []
    return [one for one in inspector.get_unique_constraints(table.name) if tuple(one["column_names"]) == columns]


def _in_sqlite(connection: Connection, table: Table, _former: Any) -> None:
    present = [one["name"] for one in inspect(connection).get_columns(table.name)]
    names = [one.name for one in table.columns if one.name in present]
    former = lightweight(f"{table.name}_former", *(column(name) for name in names))
    connection.execute(text(f"ALTER TABLE {table.name} RENAME TO {former.name}"))
    table.create(connection)
    connection.execute(insert(table).from_select(names, select(former)))
    connection.execute(text(f"DROP TABLE {former.name}"))


def _in_postgresql(connection: Connection, table: Table, former: Any) -> None:
    connection.execute(text(f"ALTER TABLE {table.name} DROP CONSTRAINT {former['name']}"))
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            connection.execute(AddConstraint(constraint))


_REPLACE = {"sqlite": _in_sqlite, "postgresql": _in_postgresql}
