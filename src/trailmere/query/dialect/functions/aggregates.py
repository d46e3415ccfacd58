"""Aggregates and window functions."""

from __future__ import annotations

from sqlglot import exp

from trailmere.events.types import BIGINT, BOOLEAN, DOUBLE, TIMESTAMP, VARCHAR, Array, Type
from trailmere.query.dialect.comparisons import cast_text
from trailmere.query.dialect.functions.signature import Call, Function, array_of, fill, floating, same, total
from trailmere.query.dialect.types import DATE, INTEGRAL, NUMERIC, UNKNOWN, map_of
from trailmere.query.dialect.values import Value, text


def _count(call: Call) -> Value:
    values = call.values()
    inside = call.distinct + (values[0].sql if values else "*")
    if len(values) > 1:
        inside = call.distinct + "(" + ", ".join(value.sql for value in values) + ")"
    return Value(f"count({inside}){call.over}", BIGINT)


def _sum(call: Call) -> Value:
    values = call.values()
    sql = fill("sum({distinct}{0}){over}", call, values)
    # The engine sums whole numbers to 128 bits; Trino gives bigint and fails beyond it.
    return Value(f"CAST({sql} AS BIGINT)" if values[0].type in INTEGRAL else sql, total(values))


def _extreme(name: str) -> Function:
    def build(call: Call) -> Value:
        values = call.values()
        if len(values) == 2:
            return Value(fill(f"{name}({{0}}, {{1}}){{over}}", call, values), Array(values[0].type))
        return Value(fill(f"{name}({{0}}){{over}}", call, values), values[0].type)

    return Function(name, ".?i", same(), build, "aggregate")


def _by(name: str, engine: str) -> Function:
    """Trino gives the first argument even where it is NULL; the engine's plain form leaves such rows out."""

    def build(call: Call) -> Value:
        values = call.values()
        if len(values) == 3:
            return Value(fill(f"{engine}({{0}}, {{1}}, {{2}}){{over}}", call, values), Array(values[0].type))
        return Value(fill(f"{engine}_null({{0}}, {{1}}){{over}}", call, values), values[0].type)

    return Function(name, "..?i", same(), build, "aggregate")


def _listagg(call: Call) -> Value:
    first = call.binder.bind(call.arguments[0], call.scope)
    value = first if first.type in (VARCHAR, UNKNOWN) else cast_text(first)
    separator = call.bind(1) if len(call.arguments) > 1 else text("")
    if not separator.is_constant:
        raise call.binder.fault(call.arguments[1], "the separator of listagg must be a literal")
    sql = f"string_agg({call.distinct}{value.sql}, {separator.sql}{call.order}){call.over}"
    return Value(sql, VARCHAR)


def _percentile(call: Call) -> Value:
    value, share = call.values()
    if call.arguments[1].find(exp.Column, exp.Anonymous, exp.Query):
        raise call.binder.fault(
            call.arguments[1], "the share of approx_percentile must be a number, or an array of them"
        )
    kind: Type = value.type
    if kind not in (*NUMERIC, DATE, TIMESTAMP, UNKNOWN):
        shown = call.binder.shown(call.arguments[0])
        raise call.binder.fault(call.arguments[0], f"approx_percentile takes numbers or times, and {shown} is neither")
    sql = f"approx_quantile({value.sql}, {share.sql}){call.over}"
    return Value(sql, Array(kind) if isinstance(share.type, Array) else kind)


def _map_agg(call: Call) -> Value:
    key, value = call.values()
    entries = f"list({{'k': {key.sql}, 'v': {value.sql}}}){call.over}"
    return Value(f"lake_map({entries})", map_of(key.type, value.type))


def _histogram(call: Call) -> Value:
    value = call.values()[0]
    return Value(f"histogram({value.sql}){call.over}", map_of(value.type, BIGINT))


def _grouping(call: Call) -> Value:
    inside = [call.binder.bind(argument, call.scope).sql for argument in call.arguments]
    strange = (node for node, sql in zip(call.arguments, inside, strict=True) if sql not in (call.scope.grouped or ()))
    if (node := next(strange, None)) is not None:
        raise call.binder.fault(node, f"grouping takes columns of GROUP BY, and {call.binder.shown(node)} is none")
    return Value(f"grouping({', '.join(inside)})", BIGINT)


def _statistic(name: str, engine: str | None = None) -> Function:
    return Function(name, "n", floating, f"{engine or name}({{distinct}}{{0}}){{over}}", "aggregate")


def _pair(name: str) -> Function:
    return Function(name, "nn", DOUBLE, f"{name}({{0}}, {{1}}){{over}}", "aggregate")


def _ranking(name: str) -> Function:
    return Function(name, "", BIGINT, f"{name}(){{over}}", "window")


_AGGREGATES = (
    Function("count", "?.*", BIGINT, _count, "aggregate"),
    Function("sum", "n", total, _sum, "aggregate"),
    _statistic("avg"),
    _extreme("min"),
    _extreme("max"),
    _by("min_by", "arg_min"),
    _by("max_by", "arg_max"),
    Function("count_if", "b", BIGINT, "CAST(coalesce(count_if({0}){over}, 0) AS BIGINT)", "aggregate"),
    Function("arbitrary", ".", same(), "any_value({0}){over}", "aggregate"),
    Function("any_value", ".", same(), "any_value({0}){over}", "aggregate"),
    Function("array_agg", ".", array_of(), "list({distinct}{0}{order}){over}", "aggregate"),
    Function("set_agg", ".", array_of(), "list(DISTINCT {0}){over}", "aggregate"),
    Function("listagg", ".?s", VARCHAR, _listagg, "aggregate"),
    Function("approx_distinct", ".?n", BIGINT, "CAST(approx_count_distinct({0}){over} AS BIGINT)", "aggregate"),
    Function("approx_percentile", "..", UNKNOWN, _percentile, "aggregate"),
    Function("bool_and", "b", BOOLEAN, "bool_and({0}){over}", "aggregate"),
    Function("bool_or", "b", BOOLEAN, "bool_or({0}){over}", "aggregate"),
    Function("every", "b", BOOLEAN, "bool_and({0}){over}", "aggregate"),
    Function("bitwise_and_agg", "i", BIGINT, "bit_and({0}){over}", "aggregate"),
    Function("bitwise_or_agg", "i", BIGINT, "bit_or({0}){over}", "aggregate"),
    _statistic("stddev", "stddev_samp"),
    _statistic("stddev_samp"),
    _statistic("stddev_pop"),
    _statistic("variance", "var_samp"),
    _statistic("var_samp"),
    _statistic("var_pop"),
    _statistic("skewness"),
    _statistic("kurtosis"),
    _statistic("geometric_mean", "geomean"),
    *(_pair(name) for name in ("corr", "covar_pop", "covar_samp", "regr_slope", "regr_intercept")),
    Function("map_agg", "..", UNKNOWN, _map_agg, "aggregate"),
    Function("histogram", ".", UNKNOWN, _histogram, "aggregate"),
)

_WINDOWS = (
    *(_ranking(name) for name in ("row_number", "rank", "dense_rank")),
    Function("percent_rank", "", DOUBLE, "percent_rank(){over}", "window"),
    Function("cume_dist", "", DOUBLE, "cume_dist(){over}", "window"),
    Function("ntile", "i", BIGINT, "ntile({0}){over}", "window"),
    Function("lag", ".?i.", same(), "lag({all}{nulls}){over}", "window"),
    Function("lead", ".?i.", same(), "lead({all}{nulls}){over}", "window"),
    Function("first_value", ".", same(), "first_value({0}{nulls}){over}", "window"),
    Function("last_value", ".", same(), "last_value({0}{nulls}){over}", "window"),
    Function("nth_value", ".i", same(), "nth_value({0}, {1}{nulls}){over}", "window"),
)

FUNCTIONS = (*_AGGREGATES, *_WINDOWS, Function("grouping", ".*", BIGINT, _grouping))
