"""Comparing values of different types, and what a comparison says about the rows it keeps.

Trino compares nothing of different types; CloudTrail Lake compares ``eventTime`` with text, and its users write
``readOnly = 'true'`` and ``sessionCredentialFromConsole = true``. Conditions for the scan arise here: only from a
stored column against a constant, and only such as hold of every row for which the comparison is true.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, cast

from trailmere.events.types import BOOLEAN, TIMESTAMP, VARCHAR, Map, Type
from trailmere.lake.records import Condition, Operator
from trailmere.query.dialect import times
from trailmere.query.dialect.binder import Binder, shown_type
from trailmere.query.dialect.moments import to_timestamp
from trailmere.query.dialect.types import DATE, INTEGRAL, IPADDRESS, JSON, NUMERIC, UNKNOWN, common, fits
from trailmere.query.dialect.values import (
    Implied,
    Origin,
    Value,
    boolean,
    day,
    text,
    timestamp,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlglot import exp

    from trailmere.query.dialect.scope import Scope

_FLIPPED: dict[str, str] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}
_CONDITIONS: dict[str, Operator] = {"=": "=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def compare(binder: Binder, node: exp.Expr, operator: str, left: Value, right: Value) -> Value:
    """``left operator right``; operator is one of = != < <= > >= and IS [NOT] DISTINCT FROM."""
    left, right = reconcile(binder, node, left, right, ordered=operator in ("<", "<=", ">", ">="))
    sql = f"({left.sql} {operator} {right.sql})"
    return Value(sql, BOOLEAN, implied=_implied(operator, left, right))


def between(binder: Binder, node: exp.Expr, value: Value, low: Value, high: Value) -> Value:
    """``value BETWEEN low AND high``, as the two comparisons that it is."""
    above = compare(binder, node, ">=", value, low)
    below = compare(binder, node, "<=", value, high)
    return Value(f"({above.sql} AND {below.sql})", BOOLEAN, implied=(*above.implied, *below.implied))


def is_in(binder: Binder, node: exp.Expr, value: Value, items: list[Value]) -> Value:
    """``value IN (items)``."""
    pairs = [reconcile(binder, node, value, item, ordered=False) for item in items]
    converted = {pair[0].sql for pair in pairs}
    if len(converted) > 1:  # the items are of several types: each decides how the value is read
        tests = " OR ".join(f"({left.sql} = {right.sql})" for left, right in pairs)
        return Value(f"({tests})", BOOLEAN)
    left, rights = pairs[0][0], [right for _, right in pairs]
    sql = f"({left.sql} IN ({', '.join(right.sql for right in rights)}))"
    constants = tuple(right.constant for right in rights if right.constant is not None)
    implied: tuple[Implied, ...] = ()
    if left.origin and left.origin.unit and len(constants) == len(rights):
        implied = disjunction([Value("", implied=_implied("=", left, right)) for right in rights]).implied
    elif left.origin and constants and all(_usable(constant) for constant in constants):
        implied = (Implied(left.origin.relation, Condition(left.origin.column, "in", constants)),)
    return Value(sql, BOOLEAN, implied=implied)


def like(binder: Binder, node: exp.Expr, value: Value, pattern: Value, escape: Value | None) -> Value:
    """``value LIKE pattern [ESCAPE escape]``; a fixed beginning is a condition."""
    for side in (value, pattern):
        if side.type not in (VARCHAR, UNKNOWN):
            raise binder.fault(
                node,
                f"LIKE compares text, and {binder.shown(node.this)} is of type {shown_type(side.type)}",
                f"write CAST({binder.shown(node.this)} AS varchar)"
                + (" or element_at(map, 'key')" if isinstance(side.type, Map) else ""),
            )
    ending = f" ESCAPE {escape.sql}" if escape else ""
    sql = f"({value.sql} LIKE {pattern.sql}{ending})"
    implied: tuple[Implied, ...] = ()
    if value.origin and isinstance(pattern.constant, str):
        implied = _prefix(value.origin, pattern.constant, escape)
    return Value(sql, BOOLEAN, implied=implied)


def _prefix(origin: Origin, pattern: str, escape: Value | None) -> tuple[Implied, ...]:
    if escape is not None and (not isinstance(escape.constant, str) or escape.constant in pattern):
        return ()
    fixed = min((place for mark in "%_" if (place := pattern.find(mark)) >= 0), default=None)
    if fixed is None:
        return (Implied(origin.relation, Condition(origin.column, "=", pattern)),)
    prefix = pattern[:fixed]
    return (Implied(origin.relation, Condition(origin.column, "starts with", prefix)),) if prefix else ()


def is_null(value: Value, negated: bool) -> Value:
    """``value IS [NOT] NULL``."""
    sql = f"({value.sql} IS {'NOT ' if negated else ''}NULL)"
    origin = value.origin
    if origin is None or (origin.nullable and not negated):
        return Value(sql, BOOLEAN)
    condition = Condition(origin.column, "is not null" if negated else "is null")
    return Value(sql, BOOLEAN, implied=(Implied(origin.relation, condition),))


def reconcile(binder: Binder, node: exp.Expr, left: Value, right: Value, *, ordered: bool) -> tuple[Value, Value]:
    """Bring two values to one type, or say what is wrong. ``ordered``: they are compared by size."""
    new_left = _towards(binder, node, left, right, ordered)
    new_right = _towards(binder, node, right, left, ordered)
    kinds = {new_left.type, new_right.type}
    if UNKNOWN in (left.type, right.type) or fits(new_left.type, new_right.type):
        return new_left, new_right
    if JSON in kinds and kinds & {*NUMERIC, BOOLEAN}:  # the engine reads the scalar
        return new_left, new_right
    raise binder.fault(
        node,
        f"{shown_type(left.type)} and {shown_type(right.type)} cannot be compared: {binder.shown(node)}",
        _compare_hint(left.type, right.type),
    )


def _towards(binder: Binder, node: exp.Expr, value: Value, other: Value, ordered: bool) -> Value:
    """The value as it must be to be compared with ``other``."""
    kind, wanted = value.type, other.type
    if wanted == TIMESTAMP and kind in (VARCHAR, DATE):
        return to_timestamp(binder, node, value)
    if wanted == DATE and kind == VARCHAR:
        return _text_to_date(binder, node, value, ordered)
    if wanted == BOOLEAN and kind == VARCHAR and value.is_constant:
        return _text_to_boolean(binder, node, value)
    if wanted == VARCHAR and kind == BOOLEAN and not (other.is_constant and not value.is_constant):
        return text("true" if value.constant else "false") if value.is_constant else cast_text(value)
    if wanted == BOOLEAN and kind == VARCHAR:
        return value
    if wanted == VARCHAR and kind in INTEGRAL and value.is_constant and not ordered:
        return text(value.sql.strip("()"))
    if wanted == VARCHAR and kind == JSON:
        return Value(f"lake_json_text({value.sql})", VARCHAR)
    if wanted == IPADDRESS and kind == VARCHAR:
        return Value(f"lake_ip({value.sql})", IPADDRESS)
    return value


def _text_to_date(binder: Binder, node: exp.Expr, value: Value, ordered: bool) -> Value:
    if not isinstance(value.constant, str):
        return Value(f"CAST({value.sql} AS DATE)", DATE)
    moment = to_timestamp(binder, node, value).constant
    assert isinstance(moment, datetime)
    # A day is compared with an instant as an instant: date(eventTime) > '2024-01-01 12:00:00'.
    return day(moment.date()) if moment.time() == datetime.min.time() else timestamp(moment)


def _text_to_boolean(binder: Binder, node: exp.Expr, value: Value) -> Value:
    words = {"true": True, "false": False}
    word = str(value.constant).lower()
    if word not in words:
        raise binder.fault(node, f"'{value.constant}' is neither true nor false", "compare it with true or false")
    return boolean(words[word])


def cast_text(value: Value) -> Value:
    """The value as varchar, by the engine's rules."""
    return Value(f"CAST({value.sql} AS VARCHAR)", VARCHAR)


def _compare_hint(left: Type, right: Type) -> str:
    if isinstance(left, Map) or isinstance(right, Map):
        return "take a member with element_at(map, 'key'), or write CAST(map AS varchar)"
    if {left, right} & NUMERIC and VARCHAR in (left, right):
        return "put the number between single quotes, or write CAST(... AS bigint) around the text"
    return "convert one side with CAST(... AS ...)"


def _usable(constant: object) -> bool:
    return isinstance(constant, str | int | datetime)


def _implied(operator: str, left: Value, right: Value) -> tuple[Implied, ...]:
    if operator not in _CONDITIONS:
        return ()
    if left.origin is None or not right.is_constant:
        left, right, operator = right, left, _FLIPPED[operator]
    if left.origin is None or not right.is_constant:
        return ()
    if left.origin.unit:
        return _cut_conditions(left.origin, operator, right.constant)
    if not _usable(right.constant):
        return ()
    return (Implied(left.origin.relation, Condition(left.origin.column, _CONDITIONS[operator], right.constant)),)


def _cut_conditions(origin: Origin, operator: str, constant: object) -> tuple[Implied, ...]:
    """``date_trunc(unit, eventTime) operator time``, and ``date(eventTime)``, as a range of the timestamp column."""
    if not isinstance(constant, date):
        return ()
    moment = constant if isinstance(constant, datetime) else datetime.combine(constant, datetime.min.time())
    start = times.truncate(moment, origin.unit)
    step = times.parse_interval("1", origin.unit)
    end = None if start is None or step is None else times.add(start, step)
    if start is None or end is None:
        return ()
    whole = moment == start  # a time within a unit: what is cut lies before or after it, never on it
    ranges: dict[str, tuple[tuple[Operator, datetime], ...]] = {
        "=": ((">=", start), ("<", end)),
        "<": (("<", start if whole else end),),
        "<=": (("<", end),),
        ">": ((">=", end),),
        ">=": ((">=", start if whole else end),),
    }
    return tuple(Implied(origin.relation, Condition(origin.column, bound, time)) for bound, time in ranges[operator])


def conjunction(values: list[Value]) -> Value:
    """``a AND b AND ...``: all that each implies."""
    implied = tuple(implied for value in values for implied in value.implied)
    return Value("(" + " AND ".join(value.sql for value in values) + ")", BOOLEAN, implied=implied)


def disjunction(values: list[Value]) -> Value:
    """``a OR b OR ...``: what all imply; equalities on one column become one list, bounds the widest one."""
    sql = "(" + " OR ".join(value.sql for value in values) + ")"
    by_place = [_equalities(value) for value in values]
    shared = set(by_place[0]).intersection(*by_place[1:])
    lists = tuple(
        Implied(
            relation, Condition(column, "in", tuple(dict.fromkeys(c for e in by_place for c in e[relation, column])))
        )
        for relation, column in sorted(shared)
    )
    others = tuple(
        item
        for item in values[0].implied
        if item.condition.operator not in ("=", "in") and all(item in value.implied for value in values[1:])
    )
    return Value(sql, BOOLEAN, implied=tuple(dict.fromkeys((*lists, *others, *_widest_bounds(values)))))


def _widest_bounds(values: list[Value]) -> Iterator[Implied]:
    """Of a column that every value bounds on a side by times: the bound that holds for all of them."""
    for operators, widest in (((">=", ">"), min), (("<=", "<"), max)):
        bounds = [_bounds(value, operators) for value in values]
        for relation, column in sorted(set(bounds[0]).intersection(*bounds[1:])):
            bound = widest(each[relation, column] for each in bounds)
            yield Implied(relation, Condition(column, cast("Operator", operators[0]), bound))


def _bounds(value: Value, operators: tuple[str, str]) -> dict[tuple[str, str], datetime]:
    return {
        (item.relation, item.condition.column): item.condition.value
        for item in value.implied
        if item.condition.operator in operators and isinstance(item.condition.value, datetime)
    }


def _equalities(value: Value) -> dict[tuple[str, str], tuple[object, ...]]:
    found: dict[tuple[str, str], tuple[object, ...]] = {}
    for item in value.implied:
        place = (item.relation, item.condition.column)
        if item.condition.operator == "=":
            found.setdefault(place, (item.condition.value,))
        elif item.condition.operator == "in" and isinstance(item.condition.value, tuple):
            found.setdefault(place, item.condition.value)
    return found


def truth(binder: Binder, node: exp.Expr, value: Value, scope: Scope) -> Value:
    """A value used as a condition: WHERE, ON, AND. A bare boolean column implies that it is true."""
    del scope
    if value.type not in (BOOLEAN, UNKNOWN):
        raise binder.fault(
            node,
            f"a condition is true or false, and {binder.shown(node)} is of type {shown_type(value.type)}",
            "compare it with something",
        )
    if value.origin and not value.implied:
        return replace(value, implied=(Implied(value.origin.relation, Condition(value.origin.column, "=", True)),))
    return value


def branch_type(binder: Binder, node: exp.Expr, results: list[Value]) -> Type:
    """The type of CASE, IF and COALESCE; faults where the branches have none in common."""
    kinds = [result.type for result in results if result.type != UNKNOWN]
    kind = common(kinds)
    for other in kinds:
        if not fits(kind, other):
            raise binder.fault(
                node,
                f"the branches are of different types, {shown_type(kind)} and {shown_type(other)}",
                "convert one with CAST(... AS ...)",
            )
    return kind


def chain(node: exp.Expr) -> list[exp.Expr]:
    """The operands of ``a AND b AND ...`` from left to right, without recursion: lists of conditions are long."""
    kind, parts = type(node), []
    while type(node) is kind:
        parts.append(node.expression)
        node = node.this
    return [node, *reversed(parts)]
