"""Which names a place in a statement can see, and what they mean.

Names are case-insensitive throughout, quoted ones too, as in CloudTrail Lake. A path (``userIdentity.sessionContext.
sessionIssuer.arn``) that ends on a leaf of a store is that leaf's physical column; one that ends on a row is the
struct; a path into a row that a subquery passed on is a struct access.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING

from rapidfuzz import fuzz, process

from trailmere.events.columns import COLUMNS, leaves
from trailmere.events.types import VARCHAR, Array, Field, Map, Row, Type
from trailmere.query.dialect.values import Origin, Value
from trailmere.query.quoting import identifier, member_of

if TYPE_CHECKING:
    from trailmere.lake.records import Condition
    from trailmere.query.records import StoreEntry

# Documented spellings of columns that no JSON record holds.
_DERIVED = {"eventjson": "eventJson", "eventjsonchecksum": "eventJsonChecksum"}


@dataclass(frozen=True, slots=True)
class Visible:
    """A column that a relation shows. ``spelling`` is AWS's, for suggestions; ``column`` is its name in the engine."""

    name: str
    spelling: str
    column: str
    type: Type
    hidden: bool = False
    stored: bool = False
    aliases: tuple[str, ...] = ()
    origin: Origin | None = None


@dataclass(slots=True)
class Use:
    """What has been learnt about one mention of a store."""

    relation: str
    store: StoreEntry
    columns: dict[str, None] = field(default_factory=dict)
    conditions: list[Condition] = field(default_factory=list)


@dataclass(slots=True)
class Relation:
    """One item of a FROM clause: ``alias`` in the engine, any of ``qualifiers`` (lower case) in the text."""

    alias: str
    qualifiers: tuple[str, ...]
    columns: tuple[Visible, ...]
    use: Use | None = None
    nullable: bool = False

    def find(self, name: str) -> list[Visible]:
        """The columns of this lower-case name; several where a subquery repeats one."""
        return [column for column in self.columns if name == column.name or name in column.aliases]

    def mentions(self) -> set[str]:
        """The mentions of stores whose rows pass through this relation unchanged."""
        own = {self.alias} if self.use else set()
        return own | {column.origin.relation for column in self.columns if column.origin}


@dataclass(slots=True)
class Scope:
    """The names of one SELECT; ``parent`` is the query around it (for correlated subqueries and lambdas).

    ``merged`` are the columns of JOIN ... USING. ``extra`` are names that win over columns: lambda parameters, and in
    ORDER BY the output columns. ``clause`` names the clause when aggregates are not allowed in it. ``grouped`` is the
    engine SQL of the grouping expressions, None where nothing is grouped. ``lambdas`` counts those around this place.
    """

    parent: Scope | None = None
    relations: list[Relation] = field(default_factory=list)
    merged: dict[str, Value] = field(default_factory=dict)
    extra: dict[str, Value] = field(default_factory=dict)
    clause: str | None = None
    grouped: frozenset[str] | None = None
    lambdas: int = 0

    def inner(self, extra: dict[str, Value]) -> Scope:
        """The same scope with names that win: for a lambda's body or for ORDER BY."""
        return replace(self, extra={**self.extra, **extra})


class Ambiguous(Exception):
    """A name that several relations have; ``places`` are their qualifiers."""

    def __init__(self, places: list[str]) -> None:
        super().__init__(", ".join(places))
        self.places = places


@dataclass(frozen=True, slots=True)
class Found:
    """A column that a path begins with. ``rest`` of the path is inside of it."""

    value: Value
    rest: tuple[str, ...]
    relation: Relation | None
    column: Visible | None
    scope: Scope
    qualified: bool


@cache
def store_columns(family: str) -> tuple[Visible, ...]:
    """The columns of a store of this family, in documented order."""
    return tuple(
        Visible(
            name=column.name,
            spelling=column.key or _DERIVED.get(column.name, column.name),
            column=column.name,
            type=column.type,
            hidden=column.hidden,
            stored=True,
            aliases=tuple(alias.lower() for alias in column.aliases),
        )
        for column in COLUMNS[family]
    )


def find(scope: Scope, path: tuple[str, ...]) -> Found | None:
    """The column that the path (lower case) begins with, from the innermost query outwards. Raises Ambiguous."""
    current: Scope | None = scope
    while current is not None:
        found = _find_here(current, path)
        if found:
            return found
        current = current.parent
    return None


def _find_here(scope: Scope, path: tuple[str, ...]) -> Found | None:
    if path[0] in scope.extra:
        return Found(scope.extra[path[0]], path[1:], None, None, scope, False)
    if len(path) > 1 and (found := _qualified(scope, path)):
        return found
    if path[0] in scope.merged:
        return Found(scope.merged[path[0]], path[1:], None, None, scope, False)
    hits = [(relation, column) for relation in scope.relations for column in relation.find(path[0])]
    if len(hits) > 1:
        raise Ambiguous([relation.qualifiers[0] if relation.qualifiers else "a subquery" for relation, _ in hits])
    if hits:
        relation, column = hits[0]
        return Found(column_value(relation, column), path[1:], relation, column, scope, False)
    return None


def _qualified(scope: Scope, path: tuple[str, ...]) -> Found | None:
    for relation in scope.relations:
        if path[0] in relation.qualifiers and (columns := relation.find(path[1])):
            if len(columns) > 1:
                raise Ambiguous([path[0], path[0]])
            return Found(column_value(relation, columns[0]), path[2:], relation, columns[0], scope, True)
    return None


def column_value(relation: Relation, column: Visible) -> Value:
    """A column of a relation as a value; of a store's row columns, the struct."""
    origin = Origin(relation.alias, column.column) if relation.use else column.origin
    if origin and relation.nullable:
        origin = replace(origin, nullable=True)
    sql = f"{identifier(relation.alias)}.{identifier(column.column)}"
    if isinstance(column.type, Row):
        return Value(sql, column.type, row=origin)
    return Value(sql, column.type, origin=origin)


def member(type: Row, name: str) -> Field | None:
    """The field of a row by any of its names, lower case."""
    for candidate in type.fields:
        if name == candidate.name.lower() or name in candidate.aliases:
            return candidate
    return None


def leaf_path(relation: Relation, column: Visible, rest: tuple[str, ...]) -> tuple[Value, tuple[str, ...]] | None:
    """Descend from a store's row column as far as rows go.

    Gives the value reached, and what is left of the path; None where a field does not exist.
    """
    names, type = [column.column], column.type
    while rest and isinstance(type, Row):
        found = member(type, rest[0])
        if found is None:
            return None
        names, type, rest = [*names, found.name], found.type, rest[1:]
    base = identifier(relation.alias)
    if isinstance(type, Row):
        sql = f"{base}.{identifier(names[0])}"
        for name in names[1:]:
            sql = member_of(sql, name)
        return Value(sql, type, row=Origin(relation.alias, "__".join(names), relation.nullable)), rest
    physical = "__".join(names)
    return Value(
        f"{base}.{identifier(physical)}", type, origin=Origin(relation.alias, physical, relation.nullable)
    ), rest


def note_use(use: Use, column: Visible, value: Value) -> None:
    """Remember which physical columns of a store the statement reads."""
    if value.origin:
        use.columns[value.origin.column] = None
    elif isinstance(column.type, Row):
        for leaf in leaves(use.store.family):
            if leaf.path[0] == column.name:
                use.columns[leaf.name] = None
    else:
        use.columns[column.column] = None


def suggestion(scope: Scope, path: tuple[str, ...]) -> str | None:
    """The nearest name that can be seen, in AWS's spelling, or None where nothing is near."""
    choices: dict[str, str] = {}
    current: Scope | None = scope
    while current is not None:
        choices |= {name: name for name in current.extra}
        for relation in current.relations:
            for column in relation.columns:
                choices.setdefault(column.name, column.spelling)
                choices |= _members(column.type, column.name, column.spelling)
        current = current.parent
    wanted = ".".join(path)
    short = {name.rsplit(".", 1)[-1]: spelling for name, spelling in reversed(choices.items())}
    return nearest(wanted, choices) or nearest(path[-1], choices) or nearest(path[-1], short)


def nearest(wanted: str, choices: dict[str, str]) -> str | None:
    """The value whose key is like ``wanted``; None where none is."""
    hit = process.extractOne(wanted, list(choices), scorer=fuzz.ratio, score_cutoff=75)
    return choices[hit[0]] if hit else None


def _members(type: Type, name: str, spelling: str) -> dict[str, str]:
    if not isinstance(type, Row):
        return {}
    found: dict[str, str] = {}
    for part in type.fields:
        below, shown = f"{name}.{part.name.lower()}", f"{spelling}.{part.key}"
        found[below] = shown
        found |= _members(part.type, below, shown)
    return found


def what_it_is(type: Type) -> str:
    """How to reach inside a value of this type, for the error that says it was done wrongly."""
    match type:
        case Map():
            return "is a map: write element_at({0}, '{1}')"
        case Array(Row()):
            return "is an array of rows: write element_at({0}, 1).{1}, or UNNEST it"
        case Array():
            return "is an array: write element_at({0}, 1)"
    if type == VARCHAR:
        return "is text: write json_extract_scalar({0}, '$.{1}') if it holds JSON"
    return f"is of type {type} and has no members"
