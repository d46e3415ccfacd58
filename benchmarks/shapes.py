"""The columns of an event data store as each peer declares them, derived from ``trailmere.events.columns``.

Peers get the same columns and types as Trailmere, declared: none has to guess a schema, which all of them do slowly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trailmere.events.columns import COLUMNS, Column
from trailmere.events.types import BOOLEAN, TIMESTAMP, Array, Map, Row, Type

if TYPE_CHECKING:
    import polars as pl


def delivered_columns(keys: frozenset[str] | None = None) -> tuple[Column, ...]:
    """The columns of CloudTrail events that are members of the record: all, or those with these keys."""
    return tuple(
        column
        for column in COLUMNS["cloudtrail"]
        if column.key and not column.computed and (keys is None or column.key in keys)
    )


def duckdb_type(type: Type) -> str:
    """The type in DuckDB's words."""
    if isinstance(type, Row):
        return "STRUCT(" + ", ".join(f'"{part.key}" {duckdb_type(part.type)}' for part in type.fields) + ")"
    if isinstance(type, Array):
        return duckdb_type(type.element) + "[]"
    if isinstance(type, Map):
        return "MAP(VARCHAR, VARCHAR)"
    return str(type).upper()


def duckdb_record(keys: frozenset[str] | None = None) -> str:
    """One record, or only these members of it, as a DuckDB type."""
    parts = (f'"{column.key}" {duckdb_type(column.type)}' for column in delivered_columns(keys))
    return "STRUCT(" + ", ".join(parts) + ")"


def clickhouse_type(type: Type) -> str:
    """The type in ClickHouse's words. Times stay text: its JSON reader refuses the ``Z`` inside tuples."""
    if isinstance(type, Row):
        return "Tuple(" + ", ".join(f"`{part.key}` {clickhouse_type(part.type)}" for part in type.fields) + ")"
    if isinstance(type, Array):
        return f"Array({clickhouse_type(type.element)})"
    if isinstance(type, Map):
        return "Map(String, String)"
    return "Nullable(Bool)" if type == BOOLEAN else "Nullable(String)"


def clickhouse_record(keys: frozenset[str] | None = None) -> str:
    """One record, or only these members of it, as a ClickHouse type."""
    parts = (f"`{column.key}` {clickhouse_type(column.type)}" for column in delivered_columns(keys))
    return "Tuple(" + ", ".join(parts) + ")"


def polars_type(type: Type) -> Any:
    """The type in Polars' words. It has no maps: they become their JSON text."""
    import polars as pl

    if isinstance(type, Row):
        return pl.Struct({part.key: polars_type(part.type) for part in type.fields})
    if isinstance(type, Array):
        return pl.List(polars_type(type.element))
    return pl.Boolean if type == BOOLEAN else pl.String


def polars_record() -> pl.Struct:
    """One record as a Polars type."""
    import polars as pl

    return pl.Struct({column.key: polars_type(column.type) for column in delivered_columns()})


def times() -> tuple[str, ...]:
    """Keys of the columns that are timestamps."""
    return tuple(column.key for column in delivered_columns() if column.type == TIMESTAMP)
