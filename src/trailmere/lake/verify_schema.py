"""The database's tables, indexes and triggers against those that this version makes.

A dropped index makes commits slow, or lets in twice what must be there once; a trigger changes rows behind everybody's
back; a column of another type reads other values than were written: and no row's seal tells any of it. What is
expected is not written down a second time: it is made in a scratch place and read in the same way. Tables that this
version does not know are not judged: by themselves they change nothing.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import MetaData, create_engine, text

import trailmere.lake
import trailmere.registry
from trailmere.lake.verify_books import DATABASE
from trailmere.registry.database import reading, translated

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from trailmere.lake.batches import Premises
    from trailmere.lake.findings import Verification

ROOMS = (trailmere.registry, trailmere.lake)  # where tables are declared


@dataclass(slots=True)
class Schema:
    """What a database is made of: the parts of each table in any order, indexes by name, triggers by name."""

    tables: dict[str, frozenset[str]] = field(default_factory=dict)
    indexes: dict[str, tuple[str, str]] = field(default_factory=dict)  # name -> its table, its text
    triggers: dict[str, str] = field(default_factory=dict)


def check_schema(premises: Premises, report: Verification) -> None:
    """Tell what differs. Indexes are compared for tables that are there: those come when they are first needed."""
    expected, found = _SCHEMAS[premises.engine.dialect.name](premises.engine)
    for name in sorted(expected.tables.keys() & found.tables.keys()):
        should, does = expected.tables[name], found.tables[name]
        if should != does:
            _differs(report, f"table {name}", "; ".join(sorted(should - does)), "; ".join(sorted(does - should)))
    for name, (table, said) in sorted(expected.indexes.items()):
        is_there = found.indexes.get(name, (table, ""))[1]
        if table in found.tables and is_there != said:
            _differs(report, f"index {name}", said, is_there)
    for name, (table, said) in sorted(found.indexes.items()):
        if table in expected.tables and name not in expected.indexes:
            _differs(report, f"index {name}", "", said)
    for name, said in sorted(found.triggers.items()):
        _differs(report, f"trigger {name}", "", said)


def _differs(report: Verification, what: str, expected: str, found: str) -> None:
    report.told("damaged", f"{DATABASE} {what}", expected or "nothing more", found or "nothing")


def declared() -> list[MetaData]:
    """The tables of every module that declares some, and PyIceberg's."""
    from pyiceberg.catalog.sql import SqlCatalogBaseTable

    names = [f"{room.__name__}.{module.name}" for room in ROOMS for module in pkgutil.iter_modules(room.__path__)]
    members = (member for name in names for member in vars(importlib.import_module(name)).values())
    return list(dict.fromkeys((SqlCatalogBaseTable.metadata, *(one for one in members if isinstance(one, MetaData)))))


# -- SQLite ------------------------------------------------------------------------------------------------------------


def _of_sqlite(engine: Engine) -> tuple[Schema, Schema]:
    scratch = create_engine("sqlite://")
    with scratch.connect() as connection:
        for metadata in declared():
            metadata.create_all(connection)
        expected = _sqlite_schema(connection)
    scratch.dispose()
    with reading(engine) as connection:
        return expected, _sqlite_schema(connection)


def _sqlite_schema(connection: Connection) -> Schema:
    schema = Schema()
    for kind, name, table, said in connection.exec_driver_sql("SELECT type, name, tbl_name, sql FROM sqlite_schema"):
        if said is None or name.startswith("sqlite_"):  # of SQLite itself
            continue
        if kind == "table":
            schema.tables[name] = frozenset(_parts(said))
        elif kind == "index":
            schema.indexes[name] = (table, " ".join(said.split()))
        elif kind == "trigger":
            schema.triggers[name] = " ".join(said.split())
    return schema


def _parts(said: str) -> Iterator[str]:
    """What lies between the outer parentheses of CREATE TABLE, part by part, and what follows them.

    A column that came later stands last in the text, wherever it was declared.
    """
    depth, begin, quote = 0, said.index("(") + 1, ""
    for at, sign in enumerate(said):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"`":
            quote = sign
        elif sign in "()":
            depth += 1 if sign == "(" else -1
        if not quote and ((sign == "," and depth == 1) or (sign == ")" and depth == 0)):
            yield " ".join(said[begin:at].split())
            begin = at + 1
    yield " ".join(said[begin:].split())


# -- PostgreSQL --------------------------------------------------------------------------------------------------------


def _of_postgresql(engine: Engine) -> tuple[Schema, Schema]:
    with translated("cannot compare the schema"), engine.connect() as connection:
        found = _postgresql_schema(connection, "current_schema()::regnamespace")
        connection.execute(text("SET LOCAL search_path TO pg_temp"))
        for metadata in declared():
            metadata.create_all(connection, checkfirst=False)
        expected = _postgresql_schema(connection, "pg_my_temp_schema()")
        connection.rollback()
    return expected, found


def _postgresql_schema(connection: Connection, place: str) -> Schema:
    """What lies in a schema, as PostgreSQL writes it; the schema's own name left out."""
    name, parts, indexes, triggers = (statement.replace(":place", place) for statement in _CATALOG)
    prefix = "pg_temp." if (of := connection.execute(text(name)).scalar_one()).startswith("pg_temp_") else f"{of}."
    schema = Schema()
    tables: dict[str, set[str]] = {}
    for table, part in connection.execute(text(parts)):
        tables.setdefault(table, set()).add(part.replace(prefix, ""))
    schema.tables = {table: frozenset(of_table) for table, of_table in tables.items()}
    schema.indexes = {
        index: (table, said.replace(prefix, "")) for index, table, said in connection.execute(text(indexes))
    }
    schema.triggers = dict(connection.execute(text(triggers)).all())
    return schema


_CATALOG = (
    "SELECT nspname FROM pg_namespace WHERE oid = (:place)",
    """
    SELECT c.relname, concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod),
                                CASE WHEN a.attnotnull THEN 'NOT NULL' END)
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = (:place) AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT c.relname, pg_get_constraintdef(k.oid) FROM pg_class c JOIN pg_constraint k ON k.conrelid = c.oid
    WHERE c.relnamespace = (:place) AND k.contype <> 'n'
    """,
    """
    SELECT i.relname, c.relname, pg_get_indexdef(i.oid)
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
    WHERE c.relnamespace = (:place)
    """,
    """
    SELECT t.tgname, pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE c.relnamespace = (:place) AND NOT t.tgisinternal
    """,
)

_SCHEMAS = {"sqlite": _of_sqlite, "postgresql": _of_postgresql}
