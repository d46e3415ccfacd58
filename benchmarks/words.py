"""A question in Trino SQL, in the words of each peer. Only columns, times and sources differ; the question does not.

The statement is read and written by sqlglot; what a column is called is derived from ``trailmere.events.columns``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import sqlglot
from sqlglot import exp

from trailmere.events.columns import Leaf, leaves
from trailmere.events.types import TIMESTAMP

SOURCE = "events_source"  # stands for whatever a peer reads from
# The two leaves that the MergeTree table has beside the row, so that a bloom-filter index can be built on them.
FLAT_IN_MERGE_TREE: dict[tuple[str, ...], str] = {
    ("userIdentity", "accessKeyId"): "accessKeyId",
    ("userIdentity", "arn"): "userArn",
}
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)


@dataclass(frozen=True, slots=True)
class Tongue:
    """How one peer speaks: its SQL dialect, what it calls a column, how it writes a time."""

    dialect: str
    column: Callable[[Leaf], str]
    time: Callable[[str], str]


def _by_keys(leaf: Leaf) -> str:
    return ".".join(leaf.keys)


def _in_merge_tree(leaf: Leaf) -> str:
    return FLAT_IN_MERGE_TREE.get(leaf.keys, _by_keys(leaf))


DUCKDB_RECORDS = Tongue("duckdb", _by_keys, "TIMESTAMP '{}'".format)
CLICKHOUSE_MERGE_TREE = Tongue("clickhouse", _in_merge_tree, "toDateTime64('{}', 3, 'UTC')".format)
CLICKHOUSE_RECORDS = Tongue("clickhouse", _by_keys, "toDateTime64('{}', 3, 'UTC')".format)
CLICKHOUSE_LEAVES = Tongue("clickhouse", lambda leaf: leaf.name, "toDateTime64('{}', 6)".format)
SPARK_LEAVES = Tongue("spark", lambda leaf: leaf.name, "TIMESTAMP_NTZ '{}'".format)
POLARS_LEAVES = Tongue("postgres", lambda leaf: leaf.name, "strptime('{}', '%Y-%m-%d %H:%M:%S')".format)


def translate(sql: str, tongue: Tongue, source: str = SOURCE) -> str:
    """The question as the peer is asked it; ``source`` is the table expression that stands after FROM."""
    return spoken(read(sql), tongue).sql(tongue.dialect).replace(SOURCE, source)


def read(sql: str) -> exp.Expression:
    """The tree of a question."""
    tree: exp.Expression = sqlglot.parse_one(sql.strip().rstrip(";"), read="trino")  # type: ignore[assignment]
    return tree


def spoken(tree: exp.Expression, tongue: Tongue) -> exp.Expression:
    """The tree with columns, times and source as the peer has them."""
    names = _table_names(tree)
    for comparison in list(tree.find_all(*_COMPARISONS)):
        _type_times(comparison, names)
    for cast in list(tree.find_all(exp.Cast)):
        if cast.is_type("timestamp") and isinstance(cast.this, exp.Literal):
            cast.replace(sqlglot.parse_one(tongue.time(cast.this.name), read=tongue.dialect))
    for column in list(tree.find_all(exp.Column)):
        alias, leaf = _resolve(column, names)
        if leaf is not None:
            path = tongue.column(leaf) if alias is None else f"{alias}.{tongue.column(leaf)}"
            column.replace(sqlglot.parse_one(path, read=tongue.dialect))
    for table in list(tree.find_all(exp.Table)):
        table.set("this", exp.to_identifier(SOURCE))
    return tree


def leaves_of(sql: str) -> tuple[Leaf, ...]:
    """The columns that a question reads."""
    tree = read(sql)
    names = _table_names(tree)
    found = (_resolve(column, names)[1] for column in tree.find_all(exp.Column))
    return tuple(dict.fromkeys(leaf for leaf in found if leaf is not None))


@cache
def _leaves() -> dict[tuple[str, ...], Leaf]:
    return {leaf.path: leaf for leaf in leaves("cloudtrail")}


def _table_names(tree: exp.Expression) -> set[str]:
    return {table.alias_or_name.lower() for table in tree.find_all(exp.Table)}


def _resolve(column: exp.Column, names: set[str]) -> tuple[str | None, Leaf | None]:
    """The table's name where the column is written with one, and the leaf; None for a name of the answer itself."""
    parts = [part.name.lower() for part in column.parts]
    alias = parts.pop(0) if len(parts) > 1 and parts[0] in names else None
    return alias, _leaves().get(tuple(parts))


def _type_times(comparison: exp.Binary, names: set[str]) -> None:
    """A text that a timestamp is compared with becomes a timestamp: peers do not make one of it by themselves."""
    for one, other in ((comparison.left, comparison.right), (comparison.right, comparison.left)):
        if isinstance(one, exp.Column) and isinstance(other, exp.Literal) and other.is_string:
            leaf = _resolve(one, names)[1]
            if leaf is not None and leaf.type == TIMESTAMP:
                other.replace(exp.cast(other.copy(), "timestamp"))
