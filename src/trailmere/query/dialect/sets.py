"""UNION, EXCEPT and INTERSECT: from the tree to engine SQL, and what of their sides can be seen through them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from trailmere.events.types import Row
from trailmere.query.dialect.binder import Binder, Output, Query
from trailmere.query.dialect.comparisons import branch_type
from trailmere.query.dialect.values import Origin, Value
from trailmere.query.quoting import identifier

if TYPE_CHECKING:
    from trailmere.query.dialect.scope import Scope

_WORDS: dict[type[exp.Expr], str] = {exp.Union: "UNION", exp.Except: "EXCEPT", exp.Intersect: "INTERSECT"}


def write(binder: Binder, node: exp.SetOperation, outer: Scope | None) -> Query:
    """The query: its sides in brackets, so that they are joined in the order in which Trino joins them."""
    steps: list[exp.SetOperation] = []
    left: exp.Expr = node
    while isinstance(left, exp.SetOperation) and (left is node or not _modified(left)):
        binder.only(left, {"this", "expression", "distinct", "with_", "order", "limit", "offset"})
        steps.append(left)
        left = left.this
    query = binder.query(left, outer)
    sql, outputs = f"({query.sql})", query.outputs
    sides = [query]
    for step in reversed(steps):
        right = binder.query(step.expression, outer)
        sides.append(right)
        outputs = _united(binder, step, outputs, right.outputs)
        word = _WORDS[type(step)] + ("" if step.args.get("distinct") else " ALL")
        if isinstance(step, exp.Intersect) and not sql.startswith("(("):
            sql = f"({sql})"
        sql = f"{sql} {word} ({right.sql})"
        if isinstance(step, exp.Intersect):
            sql = f"({sql})"
    if all(isinstance(step, exp.Union) for step in steps):
        return Query(sql, _traced(binder, sides, outputs), transparent=True)
    return Query(sql, outputs)


def _traced(binder: Binder, sides: list[Query], outputs: tuple[Output, ...]) -> tuple[Output, ...]:
    """The columns of a UNION, each knowing what it is on those sides whose rows come unchanged from a store."""
    union = binder.fresh("union")
    binder.unions[union] = {}
    traced = []
    for place, output in enumerate(outputs):
        values = [side.outputs[place].value for side in sides if side.transparent]
        known = (value.origin or value.row for value in values if value.type == output.value.type)
        origins = tuple(origin for origin in known if origin and not origin.unit)
        binder.unions[union][output.column] = origins
        where = Origin(union, output.column) if origins else None
        row = isinstance(output.value.type, Row)
        value = replace(output.value, origin=None if row else where, row=where if row else None)
        traced.append(replace(output, value=value))
    return tuple(traced)


def _modified(node: exp.Expr) -> bool:
    return any(node.args.get(part) for part in ("order", "limit", "offset", "with_"))


def _united(binder: Binder, node: exp.Expr, left: tuple[Output, ...], right: tuple[Output, ...]) -> tuple[Output, ...]:
    if len(left) != len(right):
        raise binder.fault(
            node.expression,
            f"the sides of {_WORDS[type(node)]} have {len(left)} and {len(right)} columns",
            "select as many columns on both sides",
        )
    united = []
    for one, other in zip(left, right, strict=True):
        kind = branch_type(binder, node.expression, [one.value, other.value])
        united.append(Output(one.name, one.column, Value(identifier(one.column), kind, name=one.name)))
    return tuple(united)
