"""One writer for each class of expression that a query may hold; ``WRITERS`` is the whole list."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from sqlglot import exp

from trailmere.events.types import BOOLEAN, DOUBLE, TIMESTAMP, VARCHAR, Array
from trailmere.query.dialect import casts, comparisons, moments, times
from trailmere.query.dialect.binder import Binder, Query, Writer, shown_type
from trailmere.query.dialect.calls import check_count, write_call, write_listagg, write_window, write_wrapped
from trailmere.query.dialect.functions import FUNCTIONS
from trailmere.query.dialect.functions.signature import Call
from trailmere.query.dialect.types import DATE, INTEGRAL, INTERVAL, NUMERIC, UNKNOWN, VARBINARY, common
from trailmere.query.dialect.values import (
    MOST_DIGITS,
    Interval,
    Value,
    boolean,
    day,
    integer,
    interval,
    null,
    number,
    text,
    timestamp,
)
from trailmere.query.quoting import identifier

if TYPE_CHECKING:
    from trailmere.query.dialect.scope import Scope


def _column(binder: Binder, node: exp.Expr, scope: Scope) -> Value:
    path = path_of(node)
    if path is not None:
        return binder.column(node, path, scope)
    if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Identifier):
        inside = binder.bind(node.this, scope)
        return binder.member(inside, node.expression, binder.shown(node.this), scope)
    raise binder.refuse(node, f"{binder.shown(node)} cannot be used here")


def path_of(node: exp.Expr) -> list[exp.Identifier] | None:
    """The names of a dotted path, or None where it begins with something else than a name."""
    if isinstance(node, exp.Identifier):
        return [node]
    if isinstance(node, exp.Column):
        return [part for part in node.parts if isinstance(part, exp.Identifier)] if _named(node) else None
    if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Identifier):
        before = path_of(node.this)
        return [*before, node.expression] if before else None
    return None


def _named(node: exp.Column) -> bool:
    return all(isinstance(part, exp.Identifier) for part in node.parts)


def _literal(binder: Binder, node: exp.Expr, scope: Scope) -> Value:
    if cast("exp.Literal", node).is_string:
        return text(str(node.this))
    try:
        return number(str(node.this))
    except ValueError:
        shown = binder.shown(node)
        raise binder.fault(node, f"{shown} is not a number", f"numbers have at most {MOST_DIGITS} digits") from None


def _null(binder: Binder, node: exp.Expr, scope: Scope) -> Value:
    return null()


def _boolean(binder: Binder, node: exp.Expr, scope: Scope) -> Value:
    return boolean(bool(node.this))


def _paren(binder: Binder, node: exp.Expr, scope: Scope) -> Value:
    return binder.bind(node.this, scope)


def _connector(join: Callable[[list[Value]], Value]) -> Writer:
    def write(binder: Binder, node: exp.Expr, scope: Scope) -> Value:
        parts = comparisons.chain(node)
        return join([comparisons.truth(binder, part, binder.bind(part, scope), scope) for part in parts])

    return write


def _not(binder: Binder, node: exp.Expr, scope: Scope) -> Value:
    inside = node.this
    if isinstance(inside, exp.Is):
        return _is(binder, inside, scope, negated=True)
    value = comparisons.truth(binder, inside, binder.bind(inside, scope), scope)
    if value.origin:
        implied = comparisons.compare(binder, node, "=", value, boolean(False)).implied
        return Value(f"(NOT {value.sql})", BOOLEAN, implied=implied)
    return Value(f"(NOT {value.sql})", BOOLEAN)


def _is(binder: Binder, node: exp.Expr, scope: Scope, negated: bool = False) -> Value:
    value = binder.bind(node.this, scope)
    if isinstance(node.expression, exp.Null):
        return comparisons.is_null(value, negated)
    if isinstance(node.expression, exp.Boolean) and value.type in (BOOLEAN, UNKNOWN):
        word = "TRUE" if node.expression.this else "FALSE"
        return Value(f"({value.sql} IS {'NOT ' if negated else ''}{word})", BOOLEAN)
    raise binder.fault(node, "IS is followed by NULL, NOT NULL or DISTINCT FROM")


_COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "!=",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.NullSafeEQ: "IS NOT DISTINCT FROM",
    exp.NullSafeNEQ: "IS DISTINCT FROM",
}


def _comparison(binder: Binder, node: exp.Expr, scope: Scope) -> Value:
    operator = _COMPARISONS[type(node)]
    left = binder.bind(node.this, scope)
    if isinstance(node.expression, exp.Any | exp.All):
        return _quantified(binder, node, left, operator, scope)
    return comparisons.compare(binder, node, operator, left, binder.bind(node.expression, scope))


def _quantified(binder: Binder, node: exp.Expr, left: Value, operator: str, scope: Scope) -> Value:
    quantifier = node.expression
    query = _one_column(binder, quantifier, quantifier.this, scope)
    left, sql = _against(binder, node, left, query, ordered=True)
    word = "ANY" if isinstance(quantifier, exp.Any) else "ALL"
    return Value(f"({left.sql} {operator} {word} ({sql}))", BOOLEAN)


def _against(binder: Binder, node: exp.Expr, left: Value, query: Query, *, ordered: bool) -> tuple[Value, str]:
    """A value and the one column of a subquery, both of one type; what has to be converted there is so around it."""
    alias, output = binder.fresh("w"), query.outputs[0]
    column = Value(f"{identifier(alias)}.{identifier(output.column)}", output.value.type)
    left, right = comparisons.reconcile(binder, node, left, column, ordered=ordered)
    if right.sql == column.sql:
        return left, query.sql
    return left, f"SELECT {right.sql} FROM ({query.sql}) AS {identifier(alias)}"  # noqa: S608 - written from the tree


def _one_column(binder: Binder, node: exp.Expr, inside: exp.Expr, scope: Scope) -> Query:
    query = binder.query(inside, scope)
    if len(query.outputs) != 1:
        raise binder.fault(node, f"the subquery gives {len(query.outputs)} columns where one is expected")
    return query


def _in(binder: Binder, node: exp.Expr, scope: Scope) -> Value:
    value = binder.bind(node.this, scope)
    if inside := node.args.get("query"):
        query = _one_column(binder, inside, inside, scope)
        left, sql = _against(binder, node, value, query, ordered=False)
        return Value(f"({left.sql} IN ({sql}))", BOOLEAN)
    if not node.expressions:
        raise binder.fault(node, "IN is followed by a list of values or a subquery")
    return comparisons.is_in(binder, node, value, [binder.bind(item, scope) for item in node.expressions])


def _between(binder: Binder, node: exp.Expr, scope: Scope) -> Value:
    value, low, high = (binder.bind(part, scope) for part in (node.this, node.args["low"], node.args["high"]))
    return comparisons.between(binder, node, value, low, high)


def _like(binder: Binder, node: exp.Expr, scope: Scope) -> Value:
    return _matched(binder, node, scope, None)


def _matched(binder: Binder, node: exp.Expr, scope: Scope, escape: Value | None) -> Value:
    value, pattern = binder.bind(node.this, scope), binder.bind(node.expression, scope)
    found = comparisons.like(binder, node, value, pattern, escape)
    return Value(f"(NOT {found.sql})", BOOLEAN) if node.args.get("negate") else found


def _escape(binder: Binder, node: exp.Expr, scope: Scope) -> Value:
    if not isinstance(node.this, exp.Like):
        raise binder.fault(node, "ESCAPE belongs to LIKE")
    return _matched(binder, node.this, scope, binder.bind(node.expression, scope))


_OPERATORS: dict[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%"}


def _arithmetic(binder: Binder, node: exp.Expr, scope: Scope) -> Value:
    operator = _OPERATORS[type(node)]
    left, right = binder.bind(node.this, scope), binder.bind(node.expression, scope)
    if {left.type, right.type} & {TIMESTAMP, DATE, INTERVAL}:
        if {left.type, right.type} == {VARCHAR, INTERVAL}:  # '2024-05-01' + interval '1' day
            left, right = (
                moments.to_timestamp(binder, node, side) if side.type == VARCHAR else side for side in (left, right)
            )
        return _time_arithmetic(binder, node, operator, left, right)
    for side, part in ((left, node.this), (right, node.expression)):
        if side.type not in NUMERIC and side.type != UNKNOWN:
            raise binder.fault(
                part,
                f"{operator} takes numbers, and {binder.shown(part)} is of type {shown_type(side.type)}",
                "write CAST(... AS bigint)" if side.type == VARCHAR else None,
            )
    kind = common([left.type, right.type])
    if operator == "/":
        whole = left.type in INTEGRAL and right.type in INTEGRAL
        template = "({0} // {1})" if whole else "({0} / {1})"
        kind = kind if whole else DOUBLE
        return Value(template.format(left.sql, right.sql), kind)
    return Value(f"({left.sql} {operator} {right.sql})", kind)


def _time_arithmetic(binder: Binder, node: exp.Expr, operator: str, left: Value, right: Value) -> Value:
    kinds = (left.type, right.type)
    if operator == "+" and left.type == INTERVAL and right.type != INTERVAL:
        left, right = right, left
    if left.type in (TIMESTAMP, DATE) and right.type == INTERVAL and operator in "+-":
        return moments.shift(left, right, operator)
    if operator == "-" and {left.type, right.type} <= {TIMESTAMP, DATE}:
        return Value(f"(CAST({left.sql} AS TIMESTAMP) - CAST({right.sql} AS TIMESTAMP))", INTERVAL)
    if operator in "+-" and kinds == (INTERVAL, INTERVAL):
        return Value(f"({left.sql} {operator} {right.sql})", INTERVAL)
    if operator == "*" and INTERVAL in kinds and set(kinds) & INTEGRAL:
        return Value(f"({left.sql} * {right.sql})", INTERVAL)
    raise binder.fault(
        node,
        f"{operator} cannot join {shown_type(kinds[0])} and {shown_type(kinds[1])}",
        "add days as interval '1' day, or with date_add('day', 1, ...)",
    )


def _negative(binder: Binder, node: exp.Expr, scope: Scope) -> Value:
    value = binder.bind(node.this, scope)
    if isinstance(value.constant, int) and value.type in INTEGRAL:
        return integer(-value.constant)
    if isinstance(value.constant, Interval):
        return interval(-value.constant)
    if value.type not in (*NUMERIC, INTERVAL, UNKNOWN):
        raise binder.fault(node, f"- takes a number, and {binder.shown(node.this)} is of type {shown_type(value.type)}")
    return Value(f"(-{value.sql})", value.type)


def _concatenation(binder: Binder, node: exp.Expr, scope: Scope) -> Value:
    call = Call(binder, node, scope, FUNCTIONS["concat"], tuple(comparisons.chain(node)))
    return FUNCTIONS["concat"].build(call)


def _case(binder: Binder, node: exp.Expr, scope: Scope) -> Value:
    subject = binder.bind(node.this, scope) if node.this else None
    if subject is not None:  # each branch mentions it
        binder.hold(node, len(subject.sql) * len(node.args["ifs"]))
    branches, results = [], []
    for branch in node.args["ifs"]:
        test = binder.bind(branch.this, scope)
        if subject is not None:
            test = comparisons.compare(binder, branch, "=", subject, test)
        test = comparisons.truth(binder, branch.this, test, scope)
        result = binder.bind(branch.args["true"], scope)
        branches.append(f"WHEN {test.sql} THEN {result.sql}")
        results.append(result)
    ending = ""
    if default := node.args.get("default"):
        results.append(binder.bind(default, scope))
        ending = f" ELSE {results[-1].sql}"
    kind = comparisons.branch_type(binder, node, results)
    return Value(f"(CASE {' '.join(branches)}{ending} END)", kind)


def _if(binder: Binder, node: exp.Expr, scope: Scope) -> Value:
    test = comparisons.truth(binder, node.this, binder.bind(node.this, scope), scope)
    parts = [binder.bind(node.args["true"], scope)]
    if other := node.args.get("false"):
        parts.append(binder.bind(other, scope))
    kind = comparisons.branch_type(binder, node, parts)
    ending = f" ELSE {parts[1].sql}" if len(parts) == 2 else ""
    return Value(f"(CASE WHEN {test.sql} THEN {parts[0].sql}{ending} END)", kind)


def _cast(binder: Binder, node: exp.Expr, scope: Scope) -> Value:
    return casts.cast(binder, node, binder.bind(node.this, scope), tolerant=isinstance(node, exp.TryCast))


def _interval(binder: Binder, node: exp.Expr, scope: Scope) -> Value:
    amount, unit = node.this, node.args.get("unit")
    negative = isinstance(amount, exp.Neg)
    literal = amount.this if negative else amount
    if isinstance(literal, exp.Literal) and isinstance(unit, exp.Var):
        found = times.parse_interval(str(literal.this), unit.name)
        if found is not None:
            return interval(-found if negative else found)
    raise binder.fault(node, "an interval is written interval '2' day", f"units: {', '.join(times.UNITS[1:])}")


def _now(binder: Binder, node: exp.Expr, scope: Scope) -> Value:
    return timestamp(binder.time())


def _today(binder: Binder, node: exp.Expr, scope: Scope) -> Value:
    return day(binder.time().date())


def _at_time_zone(binder: Binder, node: exp.Expr, scope: Scope) -> Value:
    return _through(binder, node, "at_timezone", (node.this, node.args["zone"]), scope)


def _through(binder: Binder, node: exp.Expr, name: str, arguments: tuple[exp.Expr, ...], scope: Scope) -> Value:
    """A construct with a spelling of its own, as the function that it is."""
    function = FUNCTIONS[name]
    check_count(binder, node, function, len(arguments))
    return function.build(Call(binder, node, scope, function, arguments))


_PARTS = {"dow": "day_of_week", "doy": "day_of_year", "yow": "year_of_week"}


def _extract(binder: Binder, node: exp.Expr, scope: Scope) -> Value:
    part = node.this.name.lower()
    name = _PARTS.get(part, part)
    if name not in FUNCTIONS or FUNCTIONS[name].parameters != "t":
        raise binder.fault(
            node, f"EXTRACT knows no part {part.upper()}", "year, month, day, hour, minute, second, week ..."
        )
    return _through(binder, node, name, (node.expression,), scope)


def _trim(binder: Binder, node: exp.Expr, scope: Scope) -> Value:
    name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(str(node.args.get("position")).upper(), "trim")
    arguments = (node.this, *([node.expression] if node.args.get("expression") else []))
    return _through(binder, node, name, arguments, scope)


def _position(binder: Binder, node: exp.Expr, scope: Scope) -> Value:
    return _through(binder, node, "strpos", (node.this, node.args["substr"]), scope)


def _substring(binder: Binder, node: exp.Expr, scope: Scope) -> Value:
    arguments = [node.this, node.args.get("start"), node.args.get("length")]
    return _through(binder, node, "substr", tuple(part for part in arguments if part is not None), scope)


def _subquery(binder: Binder, node: exp.Expr, scope: Scope) -> Value:
    query = _one_column(binder, node, node, scope)
    return Value(f"({query.sql})", query.outputs[0].value.type)


def _exists(binder: Binder, node: exp.Expr, scope: Scope) -> Value:
    return Value(f"EXISTS ({binder.query(node.this, scope).sql})", BOOLEAN)


def _array(binder: Binder, node: exp.Expr, scope: Scope) -> Value:
    values = [binder.bind(item, scope) for item in node.expressions]
    kind = comparisons.branch_type(binder, node, values)
    return Value("[" + ", ".join(value.sql for value in values) + "]", Array(kind))


def _bracket(binder: Binder, node: exp.Expr, scope: Scope) -> Value:
    if len(node.expressions) != 1 or isinstance(node.expressions[0], exp.Slice):
        raise binder.fault(node, "a subscript is one value: array[1] or map['key']")
    return _through(binder, node, "element_at", (node.this, node.expressions[0]), scope)


def _tuple(binder: Binder, node: exp.Expr, scope: Scope) -> Value:
    return _through(binder, node, "row", tuple(node.expressions), scope)


def _bytes(binder: Binder, node: exp.Expr, scope: Scope) -> Value:
    digits = str(node.this)
    try:
        bytes.fromhex(digits)
    except ValueError:
        raise binder.fault(node, f"X'{digits}' is not hexadecimal") from None
    return Value(f"unhex('{digits}')", VARBINARY)


def _json(binder: Binder, node: exp.Expr, scope: Scope) -> Value:
    return _through(binder, node, "json_parse", (node.this,), scope)


WRITERS: dict[type[exp.Expr], Writer] = {
    exp.Column: _column,
    exp.Dot: _column,
    exp.Identifier: _column,
    exp.Literal: _literal,
    exp.Null: _null,
    exp.Boolean: _boolean,
    exp.Paren: _paren,
    exp.And: _connector(comparisons.conjunction),
    exp.Or: _connector(comparisons.disjunction),
    exp.Not: _not,
    exp.Is: _is,
    **dict.fromkeys(_COMPARISONS, _comparison),
    exp.In: _in,
    exp.Between: _between,
    exp.Like: _like,
    exp.Escape: _escape,
    **dict.fromkeys(_OPERATORS, _arithmetic),
    exp.Neg: _negative,
    exp.DPipe: _concatenation,
    exp.Case: _case,
    exp.If: _if,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Interval: _interval,
    exp.CurrentTimestamp: _now,
    exp.Localtimestamp: _now,
    exp.CurrentDate: _today,
    exp.AtTimeZone: _at_time_zone,
    exp.Extract: _extract,
    exp.Trim: _trim,
    exp.StrPosition: _position,
    exp.Substring: _substring,
    exp.Select: _subquery,
    exp.Subquery: _subquery,
    exp.Exists: _exists,
    exp.Array: _array,
    exp.Bracket: _bracket,
    exp.Tuple: _tuple,
    exp.HexString: _bytes,
    exp.ParseJSON: _json,
    exp.Anonymous: write_call,
    exp.GroupConcat: write_listagg,
    exp.Window: write_window,
    exp.Filter: write_wrapped,
    exp.IgnoreNulls: write_wrapped,
    exp.RespectNulls: write_wrapped,
}

__all__ = ["WRITERS", "path_of"]
