"""The relations that engine SQL reads: a view over the planned Parquet files for each mention of a store.

A row of the table is flat (``useridentity__accesskeyid``). The view adds what is computed when asked for
(``eventjsonchecksum``) and shows every row column as the struct that CloudTrail Lake documents. The engine drops
what a statement does not name, so the structs cost nothing until they are used, and conditions on leaf columns
reach the Parquet reader's statistics and bloom filters. This module only writes SQL text; nothing is read here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from trailmere.events.columns import COLUMNS, leaves
from trailmere.events.types import Array, Map, Row, Scalar, Type

if TYPE_CHECKING:
    from trailmere.query.records import TableUse

# What computed columns are computed from: column -> SQL over the physical columns.
COMPUTED: dict[str, str] = {"eventjsonchecksum": "sha256(eventjson)"}


def relation_sql(use: TableUse, paths: Sequence[str]) -> str:
    """The statement that makes the view ``use.relation`` over these Parquet files (absolute paths; may be none)."""
    return f"CREATE TEMP VIEW {quoted(use.relation)} AS {scan_sql(use.store.family, paths)}"


def scan_sql(family: str, paths: Sequence[str]) -> str:
    """A SELECT of every physical, computed and row column of a family of stores (key of ``columns.COLUMNS``)."""
    return f"SELECT *, {_derived(family)} FROM {_source(family, paths)}"  # noqa: S608 - made of our own columns


def engine_type(type: Type) -> str:
    """The DuckDB spelling of a column type."""
    match type:
        case Scalar(name):
            return name.upper()
        case Map(key, value):
            return f"MAP({engine_type(key)}, {engine_type(value)})"
        case Array(element):
            return f"{engine_type(element)}[]"
        case Row(fields):
            return "STRUCT(" + ", ".join(f"{quoted(part.name)} {engine_type(part.type)}" for part in fields) + ")"


def quoted(name: str) -> str:
    """``name`` as a quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """``text`` as a string literal; DuckDB's plain literals know no escape but the doubled quote."""
    return "'" + text.replace("'", "''") + "'"


def _source(family: str, paths: Sequence[str]) -> str:
    """The files with a declared schema, so that a column younger than a file is NULL instead of an error.

    The folders are named ``eventtime_day=2024-05-01``: without ``hive_partitioning=false`` that becomes a column.
    """
    if not paths:
        empty = ", ".join(f"NULL::{engine_type(leaf.type)} AS {quoted(leaf.name)}" for leaf in leaves(family))
        return f"(SELECT {empty} WHERE false)"
    files = ", ".join(literal(path) for path in paths)
    return f"read_parquet([{files}], schema={_declared(family)}, hive_partitioning=false)"


@cache
def _declared(family: str) -> str:
    return "MAP {" + ", ".join(_member(leaf.name, engine_type(leaf.type)) for leaf in leaves(family)) + "}"


def _member(name: str, type: str) -> str:
    return f"{literal(name)}: {{name: {literal(name)}, type: {literal(type)}, default_value: NULL}}"


@cache
def _derived(family: str) -> str:
    """Computed columns, then rows that sit at the top of the record."""
    return ", ".join((*_computed(family), *_rows(family)))


def _computed(family: str) -> Iterator[str]:
    for column in COLUMNS[family]:
        if column.computed:
            yield f"{COMPUTED[column.name]} AS {quoted(column.name)}"


def _rows(family: str) -> Iterator[str]:
    for column in COLUMNS[family]:
        if isinstance(column.type, Row):
            yield f"{_struct((column.name,), column.type)} AS {quoted(column.name)}"


def _struct(path: tuple[str, ...], type: Type) -> str:
    """A leaf column, or the struct of everything below ``path``: NULL where all of it is NULL, as in the record."""
    if not isinstance(type, Row):
        return quoted("__".join(path))
    members = ", ".join(f"{quoted(part.name)} := {_struct((*path, part.name), part.type)}" for part in type.fields)
    absent = " AND ".join(f"{leaf} IS NULL" for leaf in _leaf_names(path, type))
    return f"CASE WHEN {absent} THEN NULL ELSE struct_pack({members}) END"


def _leaf_names(path: tuple[str, ...], type: Type) -> Iterator[str]:
    if isinstance(type, Row):
        for part in type.fields:
            yield from _leaf_names((*path, part.name), part.type)
    else:
        yield quoted("__".join(path))
