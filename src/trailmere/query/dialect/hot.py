"""Members of a store's map columns that lie in columns of their own: the user takes a key, the engine reads a column.

Which keys those are is told by ``events.hot``; nothing here knows one. A map that a subquery hands on, or that rows are
grouped by, is taken as it is: there the column cannot be seen.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trailmere.events.hot import hot_column
from trailmere.query.dialect.values import Value
from trailmere.query.quoting import identifier

if TYPE_CHECKING:
    from trailmere.events.types import Map
    from trailmere.query.dialect.binder import Binder
    from trailmere.query.dialect.scope import Scope

Read = dict[str, frozenset[str]]  # mention of a store -> its columns that the statement reads


def columns_read(binder: Binder) -> Read:
    """What the statement reads so far."""
    return {use.relation: frozenset(use.columns) for use in binder.uses}


def member(binder: Binder, scope: Scope, held: Value, type: Map, key: Value, before: Read) -> Value | None:
    """The column that holds this key of the map ``held``; None where there is none that can be used here.

    ``before``: what was read before the map was bound. Nobody else wants the map then: it need not be read.
    """
    use = next((use for use in binder.uses if held.origin and use.relation == held.origin.relation), None)
    if use is None or held.origin is None or not isinstance(key.constant, str):
        return None
    relation, column = held.origin.relation, held.origin.column
    name = hot_column(use.store.family, column, key.constant)
    if name is None or held.sql != _sql(relation, column) or _grouped(scope, held.sql):
        return None
    if column not in before.get(relation, ()):
        use.columns.pop(column, None)
    use.columns[name] = None
    return Value(_sql(relation, name), type.value, origin=replace(held.origin, column=name))


def _sql(relation: str, column: str) -> str:
    return f"{identifier(relation)}.{identifier(column)}"


def _grouped(scope: Scope, sql: str) -> bool:
    """Whether rows are grouped by the whole map, here or in a query around this one."""
    current: Scope | None = scope
    while current is not None:
        if sql in (current.grouped or ()):
            return True
        current = current.parent
    return False
