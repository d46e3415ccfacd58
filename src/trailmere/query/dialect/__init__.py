"""Trino SQL in, engine SQL out.

``compile`` runs the visible tuple ``PASSES`` over a draft of the statement; each pass is a function from draft to
draft. The user's text is parsed, and engine SQL is written node by node from the tree, out of generated names and
quoted literals (``values``). What has no writer cannot be said: the writers (``expressions``, ``queries``, ``tables``)
and the function tables (``functions``) are the allow-list. The engine's macros are in ``macros``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlglot import exp

from trailmere.errors import StatementInvalid
from trailmere.query.dialect import grammar, text
from trailmere.query.dialect.binder import Binder, Query
from trailmere.query.dialect.conditions import settle_shares
from trailmere.query.dialect.expressions import WRITERS
from trailmere.query.dialect.functions import FUNCTIONS
from trailmere.query.dialect.macros import MACROS
from trailmere.query.dialect.queries import write_query
from trailmere.query.dialect.text import Limits, Source
from trailmere.query.dialect.times import naive_utc
from trailmere.query.dialect.types import UNKNOWN
from trailmere.query.records import Catalog, OutputColumn, Statement, TableUse

if TYPE_CHECKING:
    from trailmere.query.dialect.scope import Use

__all__ = ["FUNCTIONS", "MACROS", "PASSES", "Draft", "Limits", "compile"]


@dataclass(frozen=True, slots=True)
class Draft:
    """A statement on its way through the passes."""

    sql: str
    catalog: Catalog
    now: datetime
    limits: Limits
    source: Source | None = None
    tree: exp.Expr | None = None
    query: Query | None = None
    uses: tuple[Use, ...] = ()
    timeless: bool = False


def measure_and_quote(draft: Draft) -> Draft:
    """Hold the text to its limits, and put quotes around bare store names."""
    source = text.read(draft.sql, draft.limits, lambda name: draft.catalog.find(name) is not None)
    return replace(draft, source=source)


def parse(draft: Draft) -> Draft:
    """Read the one query."""
    assert draft.source is not None
    return replace(draft, tree=grammar.parse(draft.source))


def bind(draft: Draft) -> Draft:
    """Give every name and function its meaning, and write the engine SQL."""
    assert draft.source is not None
    assert draft.tree is not None
    binder = Binder(
        draft.source,
        draft.catalog,
        naive_utc(draft.now),
        draft.limits,
        WRITERS,
        write_query,
        root=draft.tree,
        mentions=_mentions(draft.tree),
    )
    try:
        query = write_query(binder, draft.tree, None)
    except RecursionError:
        raise grammar.too_deep() from None
    settle_shares(binder)
    return replace(draft, query=query, uses=tuple(binder.uses), timeless=binder.timeless)


PASSES: tuple[Callable[[Draft], Draft], ...] = (measure_and_quote, parse, bind)


def compile(sql: str, catalog: Catalog, *, now: datetime, limits: Limits | None = None) -> Statement:
    """The checked statement for one read-only SELECT in CloudTrail Lake's Trino SQL.

    ``now`` is the time of the query (naive means UTC): every ``now()`` in it is this one. Raises ``StatementInvalid``
    (with line and column in the user's text, and a hint), ``StatementNotAllowed`` for anything that is not a read-only
    SELECT over stores made of known functions, ``QueryLimitExceeded`` for length, nesting and lists.
    """
    draft = Draft(sql, catalog, now, limits or Limits())
    for step in PASSES:
        draft = step(draft)
    if draft.query is None:
        raise StatementInvalid("the statement gives no query")
    return Statement(
        sql=draft.query.sql, tables=_tables(draft.uses), columns=_columns(draft.query), timeless=draft.timeless
    )


def _mentions(tree: exp.Expr) -> dict[str, int]:
    """How often each name stands in a FROM clause: a WITH entry used once can be planned with its user's conditions."""
    counts: dict[str, int] = {}
    for table in tree.find_all(exp.Table):
        counts[table.name.lower()] = counts.get(table.name.lower(), 0) + 1
    return counts


def _tables(uses: tuple[Use, ...]) -> tuple[TableUse, ...]:
    return tuple(TableUse(use.relation, use.store, tuple(use.columns), tuple(use.conditions)) for use in uses)


def _columns(query: Query) -> tuple[OutputColumn, ...]:
    return tuple(
        OutputColumn(output.name, None if output.value.type == UNKNOWN else output.value.type)
        for output in query.outputs
    )
