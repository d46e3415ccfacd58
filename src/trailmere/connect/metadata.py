"""What tools ask about a Trino server before they ask anything else: catalogs, schemas, tables, columns.

The tables of ``information_schema`` and ``system`` are made for each question, of the stores that the caller may query,
and read by a small evaluator: one table, AND/OR/NOT over comparisons of columns and literals, ORDER BY, LIMIT. No text
of the caller reaches an engine. Source: Trino documentation, "System connector"; the queries of the SQLAlchemy dialect.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

from trailmere.connect.callers import CATALOG, namespace, readable
from trailmere.errors import StatementNotAllowed
from trailmere.events.columns import COLUMNS

if TYPE_CHECKING:
    from trailmere.api.call import Call
    from trailmere.registry.records import EventDataStore

VERSION = "trailmere"
INFORMATION_SCHEMA = "information_schema"
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of facts: names of the columns, and rows."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def table(call: Call, name: str) -> Table | None:
    """The facts of this name (``information_schema.tables``), without a catalog and in lower case, or None."""
    make = _TABLES.get(name)
    return None if make is None else make(call)


def answer(call: Call, statement: str) -> Table | None:
    """The answer where the statement reads one table of facts, or asks for the version; None where it reads others.

    Raises StatementNotAllowed: it does, in a manner that is not understood.
    """
    if not re.search(r"information_schema|\bsystem\b|\bversion\s*\(", statement, re.IGNORECASE):
        return None
    try:
        tree = parse_one(statement, dialect="trino")
    except (SqlglotError, RecursionError):
        return None
    if not isinstance(tree, exp.Select):
        return None
    source = tree.args.get("from_") or tree.args.get("from")
    if source is None:
        return Table(("_col0",), [(VERSION,)]) if _asks_version(tree) else None
    if not isinstance(source.this, exp.Table):
        return None
    parts = [part.name.lower() for part in source.this.parts]
    found = table(call, ".".join(parts[1:] if parts[0] == CATALOG else parts))
    if found is None:
        return None
    return _select(tree, found)


def columns_of(store: EventDataStore) -> list[tuple[str, str, str]]:
    """Name, type and meaning of the columns that ``SELECT *`` shows of a store."""
    return [(one.name, str(one.type), one.meaning) for one in COLUMNS[store.family] if not one.hidden]


# --- the tables -------------------------------------------------------------------------------------------------------


def _schemas(call: Call) -> list[str]:
    return [namespace(call.account_id), INFORMATION_SCHEMA]


def _catalogs(_call: Call) -> Table:
    return Table(("table_cat",), [(CATALOG,)])


def _jdbc_schemas(call: Call) -> Table:
    return Table(("table_schem", "table_catalog"), [(name, CATALOG) for name in _schemas(call)])


def _schemata(call: Call) -> Table:
    return Table(("catalog_name", "schema_name"), [(CATALOG, name) for name in _schemas(call)])


def _tables(call: Call) -> Table:
    schema = namespace(call.account_id)
    rows = [(CATALOG, schema, store.name, "BASE TABLE") for store in readable(call)]
    return Table(("table_catalog", "table_schema", "table_name", "table_type"), rows)


def _columns(call: Call) -> Table:
    names = (
        "table_catalog", "table_schema", "table_name", "column_name", "ordinal_position", "column_default",
        "is_nullable", "data_type", "comment",
    )  # fmt: skip
    schema = namespace(call.account_id)
    return Table(
        names,
        [
            (CATALOG, schema, store.name, name, place, None, "YES", type, meaning)
            for store in readable(call)
            for place, (name, type, meaning) in enumerate(columns_of(store), 1)
        ],
    )


def _views(_call: Call) -> Table:
    return Table(("table_catalog", "table_schema", "table_name", "view_definition"), [])


def _comments(call: Call) -> Table:
    schema = namespace(call.account_id)
    rows = [(CATALOG, schema, store.name, f"event data store {store.arn}") for store in readable(call)]
    return Table(("catalog_name", "schema_name", "table_name", "comment"), rows)


def _jdbc_tables(call: Call) -> Table:
    names = (
        "table_cat", "table_schem", "table_name", "table_type", "remarks", "type_cat", "type_schem", "type_name",
        "self_referencing_col_name", "ref_generation",
    )  # fmt: skip
    schema = namespace(call.account_id)
    return Table(names, [(CATALOG, schema, store.name, "TABLE", *[None] * 6) for store in readable(call)])


def _jdbc_columns(call: Call) -> Table:
    names = (
        "table_cat", "table_schem", "table_name", "column_name", "data_type", "type_name", "column_size",
        "buffer_length", "decimal_digits", "num_prec_radix", "nullable", "remarks", "column_def", "sql_data_type",
        "sql_datetime_sub", "char_octet_length", "ordinal_position", "is_nullable", "scope_catalog", "scope_schema",
        "scope_table", "source_data_type", "is_autoincrement", "is_generatedcolumn",
    )  # fmt: skip
    schema = namespace(call.account_id)
    kinds = _JDBC_TYPES
    rows = [
        (CATALOG, schema, store.name, name, kinds.get(type.partition("(")[0], JAVA_OBJECT), type, *[None] * 4, NULLABLE,
         meaning, *[None] * 4, place, "YES", *[None] * 6)
        for store in readable(call)
        for place, (name, type, meaning) in enumerate(columns_of(store), 1)
    ]  # fmt: skip
    return Table(names, rows)


# java.sql.Types; java.sql.DatabaseMetaData.columnNullable
JAVA_OBJECT, NULLABLE = 2000, 1
_JDBC_TYPES = {"varchar": 12, "boolean": 16, "integer": 4, "bigint": -5, "double": 8, "timestamp": 93, "array": 2003}

_TABLES: Mapping[str, Callable[[Call], Table]] = {
    "system.jdbc.catalogs": _catalogs,
    "system.jdbc.schemas": _jdbc_schemas,
    "system.jdbc.tables": _jdbc_tables,
    "system.jdbc.columns": _jdbc_columns,
    "system.jdbc.table_types": lambda _call: Table(("table_type",), [("TABLE",), ("VIEW",)]),
    "system.metadata.catalogs": lambda _call: Table(("catalog_name", "connector_id"), [(CATALOG, CATALOG)]),
    "system.metadata.table_comments": _comments,
    "information_schema.schemata": _schemata,
    "information_schema.tables": _tables,
    "information_schema.columns": _columns,
    "information_schema.views": _views,
}

# --- the evaluator ----------------------------------------------------------------------------------------------------

_CLAUSES = {"expressions", "from_", "from", "where", "order", "limit", "distinct", "kind"}


def _asks_version(tree: exp.Select) -> bool:
    asked = tree.expressions
    return len(asked) == 1 and asked[0].unalias().sql("trino").upper() == "VERSION()"


def _select(tree: exp.Select, facts: Table) -> Table:
    if unknown := {name for name, value in tree.args.items() if value} - _CLAUSES:
        raise _refused(f"{', '.join(sorted(unknown)).upper()} cannot be used")
    rows: list[Row] = [dict(zip(facts.columns, row, strict=True)) for row in facts.rows]
    if (where := tree.args.get("where")) is not None:
        rows = [row for row in rows if _value(where.this, row)]
    outputs = list(_outputs(tree.expressions, facts.columns))
    if tree.args.get("order") is not None:
        for ordered in reversed(tree.args["order"].expressions):
            key = partial(_sort_key, ordered.this)
            rows.sort(key=key, reverse=bool(ordered.args.get("desc")))
    given = [tuple(_value(node, row) for _name, node in outputs) for row in rows]
    if tree.args.get("distinct") is not None:
        given = list(dict.fromkeys(given))
    if (limit := tree.args.get("limit")) is not None:
        given = given[: _number(limit)]
    return Table(tuple(name for name, _node in outputs), given)


def _number(limit: exp.Expr) -> int:
    if not isinstance(limit, exp.Limit) or not limit.expression.name.isdigit():
        raise _refused(f"{limit.sql('trino')[:100]} cannot be used")
    return int(limit.expression.name)


def _outputs(expressions: Sequence[exp.Expr], columns: Sequence[str]) -> Iterator[tuple[str, exp.Expr]]:
    for place, node in enumerate(expressions):
        if isinstance(node, exp.Star):
            yield from ((name, exp.column(name)) for name in columns)
        else:
            yield node.alias_or_name.lower() or f"_col{place}", node.unalias()


def _value(node: exp.Expr, row: Row) -> Any:
    for kind, evaluate in _VALUES.items():
        if isinstance(node, kind):
            return evaluate(node, row)
    raise _refused(f"{node.sql('trino')[:100]} cannot be used")


def _column(node: exp.Expr, row: Row) -> Any:
    try:
        return row[node.name.lower()]
    except KeyError:
        raise _refused(f"there is no column {node.name}") from None


def _literal(node: exp.Expr, _row: Row) -> Any:
    return node.name if node.args.get("is_string") else int(node.name) if node.name.isdigit() else float(node.name)


def _compare(node: exp.Expr, row: Row) -> bool:
    left, right = _value(node.this, row), _value(node.expression, row)
    if left is None or right is None:
        return False
    return bool((left == right) is isinstance(node, exp.EQ))


def _is(node: exp.Expr, row: Row) -> bool:
    if not isinstance(node.expression, exp.Null):
        raise _refused(f"{node.sql('trino')[:100]} cannot be used")
    return _value(node.this, row) is None


def _like(node: exp.Expr, row: Row) -> bool:
    escape = ""
    if isinstance(node, exp.Escape):
        escape, node = node.expression.name, node.this
    value, pattern = _value(node.this, row), str(_value(node.expression, row))
    return value is not None and like(pattern, str(value), escape)


def _pattern(pattern: str, escape: str) -> str:
    pieces, characters = [], iter(pattern)
    for one in characters:
        if escape and one == escape:
            pieces.append(re.escape(next(characters, "")))
        else:
            pieces.append({"%": ".*", "_": "."}.get(one) or re.escape(one))
    return "".join(pieces)


def like(pattern: str, value: str, escape: str = "") -> bool:
    """Whether LIKE lets ``value`` through."""
    return re.fullmatch(_pattern(pattern, escape), value, re.DOTALL) is not None


def _sort_key(node: exp.Expr, row: Row) -> tuple[bool, Any]:
    value = _value(node, row)
    return (value is None, 0 if value is None else value)


def _refused(what: str) -> StatementNotAllowed:
    return StatementNotAllowed(
        f"{what} over information_schema and system",
        hint="read one table there, with WHERE, ORDER BY and LIMIT; join in the tool",
    )


_VALUES: Mapping[type[exp.Expr], Callable[[Any, Row], Any]] = {
    exp.Column: _column,
    exp.Literal: _literal,
    exp.Null: lambda _node, _row: None,
    exp.Boolean: lambda node, _row: bool(node.this),
    exp.Paren: lambda node, row: _value(node.this, row),
    exp.Upper: lambda node, row: str(_value(node.this, row)).upper(),
    exp.Lower: lambda node, row: str(_value(node.this, row)).lower(),
    exp.And: lambda node, row: _value(node.this, row) and _value(node.expression, row),
    exp.Or: lambda node, row: _value(node.this, row) or _value(node.expression, row),
    exp.Not: lambda node, row: not _value(node.this, row),
    exp.EQ: _compare,
    exp.NEQ: _compare,
    exp.Is: _is,
    exp.In: lambda node, row: _value(node.this, row) in [_value(one, row) for one in node.expressions],
    exp.Like: _like,
    exp.Escape: _like,
}
