"""Function calls: which function, with how many arguments, as an aggregate, over a window."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlglot import exp

from trailmere.query.dialect import comparisons
from trailmere.query.dialect.functions import FUNCTIONS
from trailmere.query.dialect.functions.signature import Call, Function
from trailmere.query.dialect.scope import Scope, nearest
from trailmere.query.dialect.types import INTERVAL, NUMERIC, UNKNOWN

if TYPE_CHECKING:
    from trailmere.query.dialect.binder import Binder
    from trailmere.query.dialect.values import Value


@dataclass(frozen=True, slots=True)
class _Around:
    """What stands around a call: FILTER, OVER, IGNORE NULLS."""

    filter: str = ""
    window: str = ""
    nulls: str = ""


def is_aggregate(node: exp.Expr) -> bool:
    """Is the node an aggregate call that groups rows (not one over a window)?"""
    if isinstance(node, exp.GroupConcat):
        known = True
    else:
        function = FUNCTIONS.get(node.name.lower()) if isinstance(node, exp.Anonymous) else None
        known = function is not None and function.kind == "aggregate"
    parent = node.parent
    while isinstance(parent, exp.Filter | exp.IgnoreNulls | exp.RespectNulls):
        node, parent = parent, parent.parent
    return known and not (isinstance(parent, exp.Window) and parent.this is node)


def write_call(binder: Binder, node: exp.Expr, scope: Scope) -> Value:
    """``f(...)``."""
    return _write(binder, node, scope, _Around())


def write_wrapped(binder: Binder, node: exp.Expr, scope: Scope) -> Value:
    """``f(...) FILTER (WHERE ...)`` and ``f(...) IGNORE NULLS``."""
    inside, around = _unwrap(binder, node, scope, _Around())
    return _write(binder, inside, scope, around)


def write_window(binder: Binder, node: exp.Expr, scope: Scope) -> Value:
    """``f(...) OVER (...)``; a named window is written out."""
    place = "a lambda" if scope.lambdas else scope.clause
    if place and place != "ORDER BY":
        raise binder.fault(node, f"a window function cannot stand in {place}", "use it in a subquery")
    window = f" OVER ({_window(binder, node, scope)})"
    inside, around = _unwrap(binder, node.this, scope, _Around(window=window))
    return _write(binder, inside, scope, around)


def write_listagg(binder: Binder, node: exp.Expr, scope: Scope) -> Value:
    """``LISTAGG(x, ',') WITHIN GROUP (ORDER BY y)``, which the parser reads by itself."""
    inside = node.this
    ordering = ""
    if isinstance(inside, exp.Order):
        ordering = _ordering(binder, inside.expressions, _quiet(scope))
        inside = inside.this
    distinct = isinstance(inside, exp.Distinct)
    inside = inside.expressions[0] if distinct else inside
    separator = node.args.get("separator")
    arguments = (inside, separator) if separator else (inside,)
    return _aggregate(binder, node, scope, FUNCTIONS["listagg"], arguments, distinct, ordering, _Around())


def _unwrap(binder: Binder, node: exp.Expr, scope: Scope, around: _Around) -> tuple[exp.Expr, _Around]:
    while True:
        if isinstance(node, exp.Filter):
            test = binder.bind(node.expression.this, _quiet(scope, "FILTER"))
            test = comparisons.truth(binder, node.expression.this, test, scope)
            around = replace(around, filter=f" FILTER (WHERE {test.sql})")
        elif isinstance(node, exp.IgnoreNulls):
            around = replace(around, nulls=" IGNORE NULLS")
        elif not isinstance(node, exp.RespectNulls):
            return node, around
        node = node.this


def _quiet(scope: Scope, clause: str = "an aggregate") -> Scope:
    """Inside an aggregate: columns need not be grouped, and no aggregate may stand."""
    return replace(scope, clause=clause, grouped=None)


def _write(binder: Binder, node: exp.Expr, scope: Scope, around: _Around) -> Value:
    if isinstance(node, exp.GroupConcat):
        return write_listagg(binder, node, scope)
    if not isinstance(node, exp.Anonymous):
        raise binder.refuse(node, f"{binder.shown(node)} cannot stand before OVER, FILTER or IGNORE NULLS")
    name = node.name.lower()
    function = FUNCTIONS.get(name)
    if function is None:
        near = nearest(name, {known: known for known in FUNCTIONS})
        hint = f"did you mean {near}?" if near else "docs/reference/sql.md lists the functions"
        raise binder.refuse(node, f"there is no function {node.name}", hint)
    arguments, distinct, order = _arguments(binder, node, scope, function, around)
    check_count(binder, node, function, len(arguments))
    if function.kind == "aggregate":
        return _aggregate(binder, node, scope, function, arguments, distinct, order, around)
    if distinct or order or around.filter:
        raise binder.fault(node, f"{function.name} is not an aggregate: it takes no DISTINCT, ORDER BY or FILTER")
    if (function.kind == "window") != bool(around.window):
        told = "needs an OVER (...) clause" if function.kind == "window" else "takes no OVER (...) clause"
        raise binder.fault(node, f"{function.name} {told}")
    return function.build(Call(binder, node, scope, function, arguments, over=around.window, nulls=around.nulls))


def _arguments(
    binder: Binder, node: exp.Expr, scope: Scope, function: Function, around: _Around
) -> tuple[tuple[exp.Expr, ...], bool, str]:
    """The arguments, whether they are DISTINCT, and their ORDER BY."""
    arguments, distinct, order = list(node.expressions), False, ""
    if arguments and isinstance(arguments[-1], exp.Order):
        inner = scope if around.window else _quiet(scope)
        order = _ordering(binder, arguments[-1].expressions, inner)
        arguments[-1] = arguments[-1].this
    if arguments and isinstance(arguments[0], exp.Distinct):
        distinct = True
        binder.only(arguments[0], {"expressions"})
        arguments = [*arguments[0].expressions, *arguments[1:]]
    if function.name == "count" and len(arguments) == 1 and type(arguments[0]) is exp.Star:
        arguments = []
    return tuple(arguments), distinct, order


def check_count(binder: Binder, node: exp.Expr, function: Function, given: int) -> None:
    """Raise StatementInvalid where the function takes more or fewer arguments."""
    least, most = function.least, function.most
    if given < least or (most is not None and given > most):
        wanted = str(least) if least == most else f"{least} or more" if most is None else f"{least} to {most}"
        raise binder.fault(node, f"{function.name} takes {wanted} arguments, and {given} were given")


def _aggregate(
    binder: Binder,
    node: exp.Expr,
    scope: Scope,
    function: Function,
    arguments: tuple[exp.Expr, ...],
    distinct: bool,
    order: str,
    around: _Around,
) -> Value:
    place = "a lambda" if scope.lambdas else scope.clause
    if not around.window and place and place != "ORDER BY":
        raise binder.fault(
            node,
            f"the aggregate {function.name} cannot stand in {place}",
            "conditions on aggregates stand in HAVING" if place == "WHERE" else None,
        )
    known = len(binder.loose)
    inner = scope if around.window else _quiet(scope)
    call = Call(
        binder,
        node,
        inner,
        function,
        arguments,
        distinct="DISTINCT " if distinct else "",
        order=order,
        over=around.filter + around.window,
        nulls=around.nulls,
    )
    value = function.build(call)
    if not around.window:
        del binder.loose[known:]
    return value


def _window(binder: Binder, node: exp.Expr, scope: Scope) -> str:
    if named := node.args.get("alias"):
        return _window(binder, _definition(binder, node, named.name), scope)
    parts = []
    if partition := node.args.get("partition_by"):
        parts.append("PARTITION BY " + ", ".join(binder.bind(part, scope).sql for part in partition))
    if order := node.args.get("order"):
        parts.append(_ordering(binder, order.expressions, scope).strip())
    if spec := node.args.get("spec"):
        parts.append(_frame(binder, node, spec, scope))
    return " ".join(parts)


def _definition(binder: Binder, node: exp.Expr, name: str) -> exp.Expr:
    select = node.find_ancestor(exp.Select)
    for window in (select.args.get("windows") or []) if select else []:
        if window.name.lower() == name.lower():
            return exp.Window(
                partition_by=window.args.get("partition_by"),
                order=window.args.get("order"),
                spec=window.args.get("spec"),
            )
    raise binder.fault(node, f"there is no window {name}", "declare it: WINDOW name AS (...)")


_KINDS = {"ROWS", "RANGE", "GROUPS"}
_SIDES = {"PRECEDING", "FOLLOWING"}


def _frame(binder: Binder, node: exp.Expr, spec: exp.Expr, scope: Scope) -> str:
    kind = str(spec.args.get("kind") or "").upper()
    start = _edge(binder, spec.args.get("start"), spec.args.get("start_side"), scope)
    end = _edge(binder, spec.args.get("end"), spec.args.get("end_side"), scope) or "CURRENT ROW"
    if kind not in _KINDS or start is None or spec.args.get("exclude"):
        raise binder.fault(node, "the window's frame cannot be read", "ROWS BETWEEN 1 PRECEDING AND CURRENT ROW")
    first, last = _order_of(start), _order_of(end)
    if first > last or first == _order_of("UNBOUNDED FOLLOWING") or last == _order_of("UNBOUNDED PRECEDING"):
        raise binder.fault(node, f"a window's frame cannot reach from {start} to {end}", "its start comes first")
    return f"{kind} BETWEEN {start} AND {end}"


def _order_of(edge: str) -> int:
    """Where an edge of a frame lies, as far as words tell."""
    words = ("UNBOUNDED PRECEDING", "PRECEDING", "CURRENT ROW", "FOLLOWING", "UNBOUNDED FOLLOWING")
    return words.index(edge) if edge in words else words.index(edge.rpartition(" ")[2])


def _edge(binder: Binder, edge: object, side: object, scope: Scope) -> str | None:
    if isinstance(edge, str) and edge.upper() == "CURRENT ROW":
        return "CURRENT ROW"
    word = str(side or "").upper()
    if word not in _SIDES:
        return None
    if isinstance(edge, str):
        return f"UNBOUNDED {word}" if edge.upper() == "UNBOUNDED" else None
    if not isinstance(edge, exp.Expr):
        return None
    distance = binder.bind(edge, scope)
    if distance.type not in (*NUMERIC, INTERVAL, UNKNOWN):
        raise binder.fault(
            edge, f"a window's frame begins and ends by a number or an interval, not {binder.shown(edge)}"
        )
    return f"{distance.sql} {word}"


def _ordering(binder: Binder, items: list[exp.Expr], scope: Scope) -> str:
    bound = [(item, binder.bind(item.this, scope)) for item in items]
    return order_by([order_item(binder, value.sql, item) for item, value in bound if not value.is_constant])


def order_by(items: list[str]) -> str:
    """The clause. Constants are left out of it: they order nothing, and the engine would take some for positions."""
    return " ORDER BY " + ", ".join(items) if items else ""


def order_item(binder: Binder, sql: str, item: exp.Expr) -> str:
    """One item of ORDER BY. In Trino NULL comes last unless NULLS FIRST is written."""
    binder.only(item, {"this", "desc", "nulls_first"})
    direction = " DESC" if item.args.get("desc") else ""
    nulls = "FIRST" if item.args.get("nulls_first") else "LAST"
    return f"{sql}{direction} NULLS {nulls}"


__all__ = ["is_aggregate", "order_by", "order_item", "write_call", "write_listagg", "write_window", "write_wrapped"]
