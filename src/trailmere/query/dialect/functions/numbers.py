"""Numbers, conditional expressions and IP addresses."""

from __future__ import annotations

from trailmere.events.types import BIGINT, BOOLEAN, DOUBLE, VARCHAR, Array, Field, Row
from trailmere.query.dialect.comparisons import branch_type, compare
from trailmere.query.dialect.functions.signature import Call, Function, same, widest
from trailmere.query.dialect.types import DECIMAL, IPADDRESS, UNKNOWN
from trailmere.query.dialect.values import Value, text


def _coalesce(call: Call) -> Value:
    values = call.values()
    kind = branch_type(call.binder, call.node, values)
    return Value("coalesce(" + ", ".join(value.sql for value in values) + ")", kind)


def _nullif(call: Call) -> Value:
    left, right = call.values()
    test = compare(call.binder, call.node, "=", left, right)
    return Value(f"(CASE WHEN {test.sql} THEN NULL ELSE {left.sql} END)", left.type)


def _extreme(name: str) -> Function:
    def build(call: Call) -> Value:
        """Trino: NULL if any argument is NULL; the engine's own would leave NULL out."""
        values = call.values()
        kind = branch_type(call.binder, call.node, values)
        tests = " OR ".join(f"{value.sql} IS NULL" for value in values)
        arguments = ", ".join(value.sql for value in values)
        return Value(f"(CASE WHEN {tests} THEN NULL ELSE {name}({arguments}) END)", kind)

    return Function(name, "..*", widest, build)


def _typeof(call: Call) -> Value:
    kind = call.values()[0].type
    return text(str(kind)) if kind != UNKNOWN else text("unknown")


def _row(call: Call) -> Value:
    """``ROW(1, 'a')``: fields without names."""
    values = call.values()
    fields = tuple(Field(f"field{place}", f"field{place}", value.type) for place, value in enumerate(values))
    parts = ", ".join(f"'field{place}': {value.sql}" for place, value in enumerate(values))
    return Value("{" + parts + "}", Row(fields))


def _contains(call: Call) -> Value:
    """``contains(array, element)`` and ``contains('10.0.0.0/8', address)``."""
    holder, wanted = call.values()
    if isinstance(holder.type, Array):
        probe = Value(holder.sql, holder.type.element)
        compare(call.binder, call.node, "=", probe, wanted)
        return Value(f"list_contains({holder.sql}, {wanted.sql})", BOOLEAN)
    if holder.type != VARCHAR:
        shown = call.binder.shown(call.arguments[0])
        raise call.binder.fault(call.node, f"contains takes an array or a network such as '10.0.0.0/8', not {shown}")
    address = wanted.sql if wanted.type == IPADDRESS else f"lake_try_ip({wanted.sql})"
    return Value(f"lake_in_network({holder.sql}, {address})", BOOLEAN)


def _random(call: Call) -> Value:
    """``random()`` is in [0, 1); ``random(n)`` a whole number in [0, n)."""
    if not call.arguments:
        return Value("random()", DOUBLE)
    return Value(f"CAST(floor(random() * {call.bind(0).sql}) AS BIGINT)", BIGINT)


def _round(call: Call) -> Value:
    """To places that differ from row to row as a double: a decimal's are part of its type."""
    values = call.values()
    number, places = values[0], values[1] if len(values) == 2 else None
    if places is None:
        return Value(f"round({number.sql})", number.type)
    if places.is_constant or number.type != DECIMAL:
        return Value(f"round({number.sql}, CAST({places.sql} AS INTEGER))", number.type)
    return Value(f"round(CAST({number.sql} AS DOUBLE), CAST({places.sql} AS INTEGER))", DOUBLE)


def _plain(name: str, engine: str | None = None) -> Function:
    return Function(name, "n", DOUBLE, f"{engine or name}({{0}})")


FUNCTIONS = (
    Function("abs", "n", same(), "abs({0})"),
    Function("ceil", "n", same(), "ceil({0})"),
    Function("ceiling", "n", same(), "ceil({0})"),
    Function("floor", "n", same(), "floor({0})"),
    Function("round", "n?i", same(), _round),
    Function("truncate", "n", same(), "trunc({0})"),
    Function("sign", "n", same(), "sign({0})"),
    Function("mod", "nn", widest, "({0} % {1})"),
    Function("power", "nn", DOUBLE, "power({0}, {1})"),
    Function("pow", "nn", DOUBLE, "power({0}, {1})"),
    Function("log", "nn", DOUBLE, "(ln({1}) / ln({0}))"),
    *(_plain(name) for name in ("sqrt", "cbrt", "exp", "ln", "log2", "log10", "degrees", "radians")),
    *(_plain(name) for name in ("sin", "cos", "tan", "asin", "acos", "atan")),
    Function("atan2", "nn", DOUBLE, "atan2({0}, {1})"),
    Function("pi", "", DOUBLE, "pi()"),
    Function("e", "", DOUBLE, "exp(1)"),
    Function("infinity", "", DOUBLE, "CAST('infinity' AS DOUBLE)"),
    Function("nan", "", DOUBLE, "CAST('nan' AS DOUBLE)"),
    Function("is_nan", "n", BOOLEAN, "isnan(CAST({0} AS DOUBLE))"),
    Function("is_finite", "n", BOOLEAN, "isfinite(CAST({0} AS DOUBLE))"),
    Function("is_infinite", "n", BOOLEAN, "isinf(CAST({0} AS DOUBLE))"),
    Function("random", "?i", DOUBLE, _random),
    Function("rand", "?i", DOUBLE, _random),
    Function("uuid", "", VARCHAR, "CAST(uuid() AS VARCHAR)"),
    Function("bitwise_and", "ii", BIGINT, "({0} & {1})"),
    Function("bitwise_or", "ii", BIGINT, "({0} | {1})"),
    Function("bitwise_xor", "ii", BIGINT, "xor({0}, {1})"),
    Function("bitwise_not", "i", BIGINT, "(~{0})"),
    Function("bitwise_left_shift", "ii", BIGINT, "({0} << {1})"),
    Function("bitwise_right_shift", "ii", BIGINT, "({0} >> {1})"),
    Function("bit_count", "i?i", BIGINT, "bit_count({0})"),
    Function("coalesce", ".*", widest, _coalesce),
    Function("nullif", "..", same(), _nullif),
    _extreme("greatest"),
    _extreme("least"),
    Function("try", ".", same(), "TRY({0})"),
    Function("typeof", ".", VARCHAR, _typeof),
    Function("row", ".*", UNKNOWN, _row),
    Function("contains", "..", BOOLEAN, _contains),
)
