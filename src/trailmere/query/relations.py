"""The relations that engine SQL reads: a SELECT over the planned Parquet files for each mention of a store.

A row of the table is flat (``useridentity__accesskeyid``). The relation adds what is computed when asked for
(``eventjsonchecksum``) and shows every row column as the struct that CloudTrail Lake documents. The engine drops
what a statement does not name, so the structs cost nothing until they are used, and conditions on leaf columns
reach the Parquet reader's statistics and bloom filters. This module only writes SQL text; nothing is read here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from trailmere.events.columns import COLUMNS, leaves
from trailmere.events.hot import hot_leaves, stored_leaves
from trailmere.events.types import Array, Map, Row, Scalar, Type
from trailmere.query.quoting import identifier, literal

if TYPE_CHECKING:
    from trailmere.events.columns import Leaf
    from trailmere.query.records import TableUse

# What computed columns are computed from: column -> SQL over the physical columns.
COMPUTED: dict[str, str] = {"eventjsonchecksum": "sha256(eventjson)"}
COMPUTED_FROM: dict[str, str] = {"eventjsonchecksum": "eventjson"}
_WITH = "WITH "  # as the dialect writes it


def statement_sql(sql: str, relations: Mapping[str, str], rows: int | None = None) -> str:
    """The dialect's statement over these relations (name -> SELECT), cut after so many rows.

    They become WITH entries: a view would be bound once when it is made and again when it is used.
    """
    entries = ", ".join(f"{identifier(name)} AS NOT MATERIALIZED ({source})" for name, source in relations.items())
    body = sql if rows is None else f"SELECT * FROM (\n{sql}\n) LIMIT {rows}"  # noqa: S608 - written by the dialect
    if not entries:
        return body
    return f"WITH {entries}, {body.removeprefix(_WITH)}" if body.startswith(_WITH) else f"WITH {entries} {body}"


def relation_sql(
    use: TableUse, paths: Sequence[str], columns: Collection[str] | None = None, lacking: Collection[str] = ()
) -> str:
    """The statement that makes the view ``use.relation`` over these Parquet files (absolute paths; may be none).

    ``columns`` and ``lacking`` as in ``scan_sql``.
    """
    return f"CREATE TEMP VIEW {identifier(use.relation)} AS {scan_sql(use.store.family, paths, columns, lacking)}"


def scan_sql(
    family: str, paths: Sequence[str], columns: Collection[str] | None = None, lacking: Collection[str] = ()
) -> str:
    """A SELECT of every physical, computed and row column of a family of stores (key of ``columns.COLUMNS``).

    With ``columns`` (physical and computed names) only of these, and of the rows that they make up: the engine takes
    tens of milliseconds to declare and bind all columns of a family, which is more than a small query takes.
    ``lacking``: those of the paths whose files were written before some key was hot.
    """
    wanted = frozenset(leaf.name for leaf in stored_leaves(family)) if columns is None else _physical(columns)
    derived = [sql for sql, needs in _derived(family) if needs <= wanted]
    return f"SELECT {', '.join(['*', *derived])} FROM {_sources(family, paths, wanted, lacking)}"  # noqa: S608 - our own columns


def _physical(columns: Collection[str]) -> frozenset[str]:
    """The stored columns behind these; one at least, because rows without columns cannot be counted."""
    computed = {COMPUTED_FROM[name] for name in columns if name in COMPUTED_FROM}
    return frozenset({name for name in columns if name not in COMPUTED} | computed or {"eventtime"})


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
            return "STRUCT(" + ", ".join(f"{identifier(part.name)} {engine_type(part.type)}" for part in fields) + ")"


def _sources(family: str, paths: Sequence[str], wanted: frozenset[str], lacking: Collection[str]) -> str:
    """All files; those that were written before a wanted key was hot have its column taken out of the map."""
    hot = [leaf for leaf in hot_leaves(family) if leaf.name in wanted]
    older = [path for path in paths if path in lacking] if hot else []
    if not older:
        return _source(family, paths, wanted)
    parts = [_older_source(family, older, wanted, hot)]
    if newer := [path for path in paths if path not in lacking]:
        parts.append(f"SELECT * FROM {_source(family, newer, wanted)}")  # noqa: S608 - our own columns
    return f"({' UNION ALL BY NAME '.join(parts)})"


def _older_source(family: str, paths: Sequence[str], wanted: frozenset[str], hot: Sequence[Leaf]) -> str:
    maps = {leaf.path[0] for leaf in hot}
    plain = wanted - {leaf.name for leaf in hot}
    taken = [f"{identifier(leaf.path[0])}[{literal(leaf.path[1])}] AS {identifier(leaf.name)}" for leaf in hot]
    shown = [*map(identifier, sorted(plain)), *taken]
    return f"SELECT {', '.join(shown)} FROM {_source(family, paths, plain | maps)}"  # noqa: S608 - our own columns


def _source(family: str, paths: Sequence[str], wanted: frozenset[str]) -> str:
    """The files with a declared schema, so that a column younger than a file is NULL instead of an error.

    The folders are named ``eventtime_day=2024-05-01``: without ``hive_partitioning=false`` that becomes a column.
    """
    if not paths:
        shown = (leaf for leaf in stored_leaves(family) if leaf.name in wanted)
        empty = ", ".join(f"NULL::{engine_type(leaf.type)} AS {identifier(leaf.name)}" for leaf in shown)
        return f"(SELECT {empty} WHERE false)"
    files = ", ".join(literal(path) for path in paths)
    return f"read_parquet([{files}], schema={_declared(family, wanted)}, hive_partitioning=false)"


def _declared(family: str, wanted: frozenset[str]) -> str:
    shown = (leaf for leaf in stored_leaves(family) if leaf.name in wanted)
    return "MAP {" + ", ".join(_member(leaf.name, engine_type(leaf.type)) for leaf in shown) + "}"


def _member(name: str, type: str) -> str:
    return f"{literal(name)}: {{name: {literal(name)}, type: {literal(type)}, default_value: NULL}}"


@cache
def _derived(family: str) -> tuple[tuple[str, frozenset[str]], ...]:
    """Computed columns, then rows that sit at the top of the record, each with the stored columns it needs."""
    return (*_computed(family), *_rows(family))


def _computed(family: str) -> Iterator[tuple[str, frozenset[str]]]:
    for column in COLUMNS[family]:
        if column.computed:
            needs = frozenset({COMPUTED_FROM[column.name]})
            yield f"{COMPUTED[column.name]} AS {identifier(column.name)}", needs


def _rows(family: str) -> Iterator[tuple[str, frozenset[str]]]:
    for column in COLUMNS[family]:
        if isinstance(column.type, Row):
            needs = frozenset(leaf.name for leaf in leaves(family) if leaf.path[0] == column.name)
            yield f"{_struct((column.name,), column.type)} AS {identifier(column.name)}", needs


def _struct(path: tuple[str, ...], type: Type) -> str:
    """A leaf column, or the struct of everything below ``path``: NULL where all of it is NULL, as in the record."""
    if not isinstance(type, Row):
        return identifier("__".join(path))
    members = ", ".join(f"{identifier(part.name)} := {_struct((*path, part.name), part.type)}" for part in type.fields)
    absent = " AND ".join(f"{leaf} IS NULL" for leaf in _leaf_names(path, type))
    return f"CASE WHEN {absent} THEN NULL ELSE struct_pack({members}) END"


def _leaf_names(path: tuple[str, ...], type: Type) -> Iterator[str]:
    if isinstance(type, Row):
        for part in type.fields:
            yield from _leaf_names((*path, part.name), part.type)
    else:
        yield identifier("__".join(path))
