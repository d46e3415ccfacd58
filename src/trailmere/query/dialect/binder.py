"""What every part of the binding shares: the catalog, the clock, fresh names, places and faults.

``Binder.bind`` gives each node of the tree to the one writer that knows its class. A class without a writer is
refused: the list of writers is the list of what is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

from sqlglot import exp

from trailmere.errors import QueryError, QueryLimitExceeded, StatementInvalid, StatementNotAllowed
from trailmere.events.types import Array, Map, Row, Type
from trailmere.query.dialect import scope as scopes
from trailmere.query.dialect.types import value_of
from trailmere.query.dialect.values import Implied, Origin, Value
from trailmere.query.quoting import member_of

if TYPE_CHECKING:
    from trailmere.query.dialect.scope import Scope, Use
    from trailmere.query.dialect.text import Limits, Source
    from trailmere.query.records import Catalog

Writer: TypeAlias = "Callable[[Binder, exp.Expr, Scope], Value]"


# What sqlglot calls a clause -> what the user wrote.
_CLAUSES = {
    "locks": "FOR UPDATE",
    "sample": "TABLESAMPLE",
    "pivots": "PIVOT",
    "when": "AT",
    "match": "MATCH_RECOGNIZE",
    "except_": "EXCLUDE",
    "laterals": "LATERAL VIEW",
    "recursive": "RECURSIVE",
    "method": "NATURAL",
}

# What an expression may carry beside this, expression and expressions; see Binder.only.
_PLAIN = {"this", "expression", "expressions"}
_CARRIED: dict[type[exp.Expr], set[str]] = {
    exp.Column: {"table", "db", "catalog"},
    exp.Literal: {"is_string"},
    exp.Identifier: {"quoted"},
    exp.In: {"query"},
    exp.Like: {"negate"},
    exp.Between: {"low", "high"},
    exp.Case: {"ifs", "default"},
    exp.If: {"true", "false"},
    exp.Cast: {"to"},
    exp.TryCast: {"to", "safe", "requires_string"},
    exp.Interval: {"unit"},
    exp.AtTimeZone: {"zone"},
    exp.Trim: {"position"},
    exp.StrPosition: {"substr"},
    exp.Substring: {"start", "length"},
    exp.GroupConcat: {"separator"},
    exp.Window: {"partition_by", "order", "spec", "over", "alias"},
    exp.Div: {"typed", "safe"},
    exp.DPipe: {"safe"},
    exp.Array: {"value_constructor", "bracket_notation"},
    exp.ParseJSON: {"is_literal"},
    exp.NullSafeEQ: set(),
}
_QUERIES = (exp.Query, exp.Values)


@dataclass(frozen=True, slots=True)
class Output:
    """A column that a query gives: ``name`` as CloudTrail Lake shows it, ``column`` in the engine SQL (unique)."""

    name: str
    column: str
    value: Value


@dataclass(frozen=True, slots=True)
class Query:
    """A bound query. ``transparent``: each row it gives is one row of its stores, so that a condition on its columns
    is a condition on theirs."""

    sql: str
    outputs: tuple[Output, ...]
    transparent: bool = False


@dataclass(frozen=True, slots=True)
class Common:
    """A bound WITH entry. ``once``: the statement mentions it at most once."""

    relation: str
    query: Query
    columns: tuple[str, ...]
    once: bool


@dataclass(slots=True)
class Binder:
    """One statement being bound. ``unions``: for each column of a UNION, what its sides' columns are. ``shares``: for
    each WITH entry that is mentioned several times, what is implied of the rows that each mention needs.

    ``timeless``: nothing has asked for the time yet.
    """

    source: Source
    catalog: Catalog
    _now: datetime
    limits: Limits
    writers: Mapping[type[exp.Expr], Writer]
    write_query: Callable[[Binder, exp.Expr, Scope | None], Query]
    root: exp.Expr | None = None
    uses: list[Use] = field(default_factory=list)
    common: dict[str, Common] = field(default_factory=dict)
    mentions: dict[str, int] = field(default_factory=dict)
    unions: dict[str, dict[str, tuple[Origin, ...]]] = field(default_factory=dict)
    shares: dict[str, dict[str, list[Implied]]] = field(default_factory=dict)
    loose: list[tuple[exp.Expr, int]] = field(default_factory=list)
    timeless: bool = True
    _names: dict[str, int] = field(default_factory=dict)
    _written: int = 0
    _sizes: dict[int, tuple[int, Type]] = field(default_factory=dict)  # by identity; the type is kept so that it stays

    def time(self) -> datetime:
        """The time of the query; the statement depends on it from now on."""
        self.timeless = False
        return self._now

    def fresh(self, prefix: str) -> str:
        """A name that nothing else in the statement has."""
        number = self._names.get(prefix, 0)
        self._names[prefix] = number + 1
        return f"{prefix}{number}"

    def bind(self, node: exp.Expr, scope: Scope) -> Value:
        """The value of an expression."""
        writer = self.writers.get(type(node))
        if writer is None:
            raise self.refuse(node, f"{_described(node)} cannot be used in a query")
        if not isinstance(node, _QUERIES):
            self.only(node, _PLAIN | _CARRIED.get(type(node), set()))
        known = len(self.loose)
        value = writer(self, node, scope)
        self.hold(node, len(value.sql))
        self._hold_fields(node, value.type)
        if scope.grouped is not None and value.sql in scope.grouped:
            del self.loose[known:]
        return value

    def hold(self, node: exp.Expr, written: int) -> None:
        """Refuse an expression that takes more than so many characters in engine SQL, alone or with all before it."""
        self._written += written
        for taken, most in ((written, self.limits.written), (self._written, self.limits.written_together)):
            if taken > most:
                raise QueryLimitExceeded(
                    f"{self._at(node)}the expression is nested too deeply: written out, with what it needs several "
                    f"times, it has {taken:,} characters, and may have {most:,}",
                    limit="query_nesting",
                    hint="name an inner part in a WITH entry, and use its name",
                )

    def hold_columns(self, node: exp.Expr, columns: int) -> None:
        """Refuse a SELECT whose stars stand for more columns than a list may have items."""
        if columns > self.limits.list_items:
            raise QueryLimitExceeded(
                f"{self._at(node)}the SELECT gives more than {self.limits.list_items:,} columns",
                limit="query_list_items",
                hint="name the columns that are needed",
            )

    def _hold_fields(self, node: exp.Expr, type: Type) -> None:
        if self._fields(type) > self.limits.fields:
            raise QueryLimitExceeded(
                f"{self._at(node)}the value has more than {self.limits.fields:,} fields",
                limit="query_nesting",
                hint="name the fields that are needed",
            )

    def _fields(self, type: Type) -> int:
        """Fields and elements of a type. A part that stands in it twice is the same object, and is walked once."""
        match type:
            case Row(fields):
                parts: tuple[Type, ...] = tuple(part.type for part in fields)
            case Array(element):
                parts = (element,)
            case Map():
                parts = (value_of(type),)
            case _:
                return 1
        known = self._sizes.get(id(type))
        if known is None:
            known = self._sizes[id(type)] = (1 + sum(map(self._fields, parts)), type)
        return known[0]

    def _at(self, node: exp.Expr) -> str:
        line, column = self.place(node)
        return "" if line is None else f"line {line}, column {column}: "

    def column(self, node: exp.Expr, path: list[exp.Identifier], scope: Scope) -> Value:
        """The column, field or lambda parameter that a path of names means."""
        names = tuple(part.name.lower() for part in path)
        try:
            found = scopes.find(scope, names)
        except scopes.Ambiguous as error:
            raise self.fault(
                node,
                f"{path[0].name} is ambiguous: it is a column of {' and of '.join(error.places)}",
                "put the table's alias before it",
            ) from None
        if found is None:
            raise self._unknown(path, names, scope)
        value = self._descend(found, path[len(names) - len(found.rest) :], scope, path)
        if found.relation is not None:
            if found.relation.use and found.column:
                scopes.note_use(found.relation.use, found.column, value)
            if found.scope.grouped is not None:
                self._note_loose(node, value, found.scope)
        plain = len(names) == 1 or (found.qualified and not found.rest)
        return value.named(path[-1].name if plain else path[-1].name.lower())

    def _note_loose(self, node: exp.Expr, value: Value, scope: Scope) -> None:
        if value.sql not in (scope.grouped or ()):
            self.loose.append((node, id(scope.relations)))

    def _descend(
        self, found: scopes.Found, rest: list[exp.Identifier], scope: Scope, path: list[exp.Identifier]
    ) -> Value:
        value, relation, column = found.value, found.relation, found.column
        if relation and relation.use and column and rest and isinstance(column.type, Row):
            names = tuple(part.name.lower() for part in rest)
            reached = scopes.leaf_path(relation, column, names)
            if reached is None:
                raise self._unknown(path, tuple(part.name.lower() for part in path), scope)
            value, left = reached
            rest = rest[len(rest) - len(left) :]
        shown = path[0].name
        for part in rest:
            value = self.member(value, part, shown, scope)
            shown = f"{shown}.{part.name}"
        return value

    def member(self, value: Value, part: exp.Identifier, shown: str, scope: Scope) -> Value:
        """A field of a row value; ``shown`` is how the user wrote the row."""
        if not isinstance(value.type, Row):
            how = scopes.what_it_is(value.type).format(shown, part.name)
            raise self.fault(part, f"{shown} {how}")
        found = scopes.member(value.type, part.name.lower())
        if found is None:
            near = scopes.nearest(part.name.lower(), {f.name: f.key for f in value.type.fields})
            raise self.fault(part, f"{shown} has no field {part.name}", f"did you mean {near}?" if near else None)
        sql = member_of(value.sql, found.name)
        where = value.row and replace(value.row, column=f"{value.row.column}__{found.name}")
        if isinstance(found.type, Row):
            return Value(sql, found.type, row=where, name=part.name.lower())
        return Value(sql, found.type, origin=where, name=part.name.lower())

    def _unknown(self, path: list[exp.Identifier], names: tuple[str, ...], scope: Scope) -> QueryError:
        near = scopes.suggestion(scope, names)
        written = ".".join(part.name for part in path)
        hint = f"did you mean {near}?" if near else "trailmere store show lists the columns of a store"
        if len(path) == 1 and path[0].args.get("quoted"):
            hint = f"text stands between single quotes: '{written}'" + (f"; or did you mean {near}?" if near else "")
        if not scope.relations and scope.parent is None and not scope.extra:
            hint = "the statement has no FROM clause here"
        return self.fault(path[0], f"there is no column {written}", hint)

    def query(self, node: exp.Expr, scope: Scope | None) -> Query:
        """A bound subquery."""
        if scope is not None and scope.lambdas:
            raise self.refuse(node, "a subquery cannot stand in a lambda", "join it in the FROM clause")
        return self.write_query(self, node, scope)

    def only(self, node: exp.Expr, known: set[str]) -> None:
        """Refuse what the parser attached to the node and nobody looks at: it would be dropped in silence."""
        for key, value in node.args.items():
            if key not in known and value not in (None, False, [], ""):
                place = value[0] if isinstance(value, list) else value
                clause = _CLAUSES.get(key, key.strip("_").upper())
                raise self.refuse(place if isinstance(place, exp.Expr) else node, f"{clause} is not supported here")

    def fault(self, node: exp.Expr, message: str, hint: str | None = None) -> QueryError:
        """StatementInvalid at the node's place, for the caller to raise."""
        return self._error(StatementInvalid, node, message, hint)

    def refuse(self, node: exp.Expr, message: str, hint: str | None = None) -> QueryError:
        """StatementNotAllowed at the node's place, for the caller to raise."""
        return self._error(
            StatementNotAllowed, node, message, hint or "only read-only SELECT statements over stores can be run"
        )

    def _error(self, kind: type[QueryError], node: exp.Expr, message: str, hint: str | None) -> QueryError:
        line, column = self.place(node)
        return kind(message, line=line, column=column, hint=hint)

    def place(self, node: exp.Expr) -> tuple[int | None, int | None]:
        """Line and column, from 1, where the node begins in what the user typed."""
        current: exp.Expr | None = node
        while current is not None:
            starts = [place.meta["start"] for place in current.walk() if place.meta.get("start") is not None]
            if starts:
                return self.source.line_and_column(min(starts))
            current = current.parent
        return None, None

    def shown(self, node: exp.Expr) -> str:
        """The node as short Trino text, for messages."""
        written = node.sql(dialect="trino", comments=False, normalize_functions=False)
        return written if len(written) <= 60 else written[:57] + "..."


def shown_type(type: Type) -> str:
    """A type for messages; rows are long and are cut."""
    written = str(type)
    return written if len(written) <= 60 else written[:57] + "..."


def _described(node: exp.Expr) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(node).__name__).upper()
