"""Conditions that a scan can use to leave files out.

They are collected while conditions are written (``comparisons``): a condition is true of every row of a mention that
can take part in the answer. Whoever adds them says for which mentions that is so: a WHERE for all of its own, the ON
of an outer join only for the side that it may drop. A WITH entry that is mentioned several times is read once, so of
its rows holds what is true for one mention or another: known when the whole statement is.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from trailmere.lake.records import Condition
from trailmere.query.dialect.comparisons import disjunction
from trailmere.query.dialect.values import Implied, Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trailmere.query.dialect.binder import Binder
    from trailmere.query.dialect.scope import Visible


def add_conditions(binder: Binder, test: Value, mentions: set[str]) -> None:
    """Remember what a test implies of the rows of these mentions."""
    uses = {use.relation: use for use in binder.uses}
    shares = {alias: needed for of_entry in binder.shares.values() for alias, needed in of_entry.items()}
    for implied in (found for one in test.implied if one.relation in mentions for found in _sides(binder, one)):
        if (needed := shares.get(implied.relation)) is not None:
            needed += _unshared(implied)
        use = uses.get(implied.relation)
        if use is not None:
            for condition in (implied.condition, *_as_time(implied.condition)):
                if condition not in use.conditions:
                    use.conditions.append(condition)


def shared(binder: Binder, entry: str, alias: str, columns: Sequence[Visible]) -> tuple[Visible, ...]:
    """The columns of a WITH entry for one of its mentions: conditions on them are kept apart from those of others.

    The origin is that mention, and names the origin within the entry: ``t0.eventtime``.
    """
    binder.shares.setdefault(entry, {})[alias] = []
    return tuple(
        replace(column, origin=replace(inner, relation=alias, column=f"{inner.relation}.{inner.column}"))
        if (inner := column.origin)
        else column
        for column in columns
    )


def settle_shares(binder: Binder) -> None:
    """Hand on what all mentions of a WITH entry need. Entries that are made of others come after those."""
    for mentions in reversed(binder.shares.values()):
        needs = disjunction([Value("", implied=tuple(needed)) for needed in mentions.values()])
        add_conditions(binder, needs, {implied.relation for implied in needs.implied})


def _unshared(implied: Implied) -> Iterator[Implied]:
    """A condition on a mention of a WITH entry as one within the entry, and as one on the time."""
    relation, _, column = implied.condition.column.partition(".")
    condition = replace(implied.condition, column=column)
    yield from (Implied(relation, one) for one in (condition, *_as_time(condition)))


def _sides(binder: Binder, implied: Implied) -> Iterator[Implied]:
    """The condition itself; where it is one on a column of a UNION, what it says of each side."""
    columns = binder.unions.get(implied.relation)
    if columns is None:
        yield implied
        return
    column, rest = implied.condition.column, ""
    if column not in columns:  # a field of a row
        column = next((name for name in columns if column.startswith(f"{name}__")), column)
        rest = implied.condition.column.removeprefix(column)
    for origin in columns.get(column, ()):
        if not (origin.nullable and implied.condition.operator == "is null"):
            condition = replace(implied.condition, column=origin.column + rest)
            yield from _sides(binder, Implied(origin.relation, condition))


def _as_time(condition: Condition) -> tuple[Condition, ...]:
    """A condition on ``calendarday`` (YYYYMMDD) as one on ``eventtime``, of which it is derived."""
    if condition.column != "calendarday":
        return ()
    values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    days = [day for value in values if (day := _day(value)) is not None]
    if len(days) != len(values):
        return ()
    first, after = min(days), max(days) + timedelta(days=1)
    bounds = {
        "=": (Condition("eventtime", ">=", first), Condition("eventtime", "<", after)),
        "in": (Condition("eventtime", ">=", first), Condition("eventtime", "<", after)),
        ">=": (Condition("eventtime", ">=", first),),
        ">": (Condition("eventtime", ">=", after),),
        "<": (Condition("eventtime", "<", first),),
        "<=": (Condition("eventtime", "<", after),),
    }
    return bounds.get(condition.operator, ())


def _day(value: object) -> datetime | None:
    try:
        found = date(int(str(value)[:4]), int(str(value)[4:6]), int(str(value)[6:8]))
    except ValueError:
        return None
    return datetime.combine(found, datetime.min.time()) if len(str(value)) == 8 and found.year < 9999 else None
