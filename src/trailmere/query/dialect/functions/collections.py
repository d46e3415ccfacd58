"""Arrays, maps and the functions that take a lambda."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from trailmere.events.types import BIGINT, BOOLEAN, TIMESTAMP, VARCHAR, Array, Field, Map, Row, Type
from trailmere.query.dialect import hot
from trailmere.query.dialect.binder import shown_type
from trailmere.query.dialect.comparisons import compare, truth
from trailmere.query.dialect.functions.signature import Builder, Call, Function, array_of, element, same
from trailmere.query.dialect.types import DATE, INTEGRAL, INTERVAL, UNKNOWN, common, engine_type, fits, map_of
from trailmere.query.dialect.values import Value


def _element_type(value: Value) -> Type:
    return value.type.element if isinstance(value.type, Array) else UNKNOWN


def _key_and_value(value: Value) -> tuple[Type, Type]:
    return (value.type.key, value.type.value) if isinstance(value.type, Map) else (UNKNOWN, UNKNOWN)


def body(call: Call, place: int, parameters: list[Value]) -> Value:
    """The body of the lambda at a place, its parameters bound to these values."""
    node = call.arguments[place]
    if not isinstance(node, exp.Lambda):
        raise call.binder.fault(node, f"{call.function.name} takes a lambda here", "write x -> ...")
    names = [parameter.name.lower() for parameter in node.expressions]
    if len(names) != len(parameters):
        raise call.binder.fault(node, f"the lambda takes {len(names)} parameters and is given {len(parameters)}")
    inner = call.scope.inner(dict(zip(names, parameters, strict=True)))
    scope = replace(inner, lambdas=call.scope.lambdas + 1)
    return call.binder.bind(node.this, scope)


def _name(call: Call, place: int = 0) -> str:
    """A parameter's name in the engine: of the lambda's depth, so that equal expressions are written alike."""
    return f"p{call.scope.lambdas}_{place}"


def _parameter(call: Call, type: Type, place: int = 0) -> Value:
    return Value(_name(call, place), type)


def _transform(call: Call) -> Value:
    array = call.bind(0)
    item = _parameter(call, _element_type(array))
    result = body(call, 1, [item])
    return Value(f"list_transform({array.sql}, lambda {item.sql}: {result.sql})", Array(result.type))


def _filter(call: Call) -> Value:
    array, sql = _tested(call, "list_filter({array}, lambda {item}: {test})")
    return Value(sql, array.type)


def _match(template: str) -> Builder:
    def build(call: Call) -> Value:
        tests = "list_transform({array}, lambda {item}: {test})"
        return Value(_tested(call, template.replace("@", tests))[1], BOOLEAN)

    return build


def _tested(call: Call, template: str) -> tuple[Value, str]:
    array = call.bind(0)
    item = _parameter(call, _element_type(array))
    test = truth(call.binder, call.arguments[1], body(call, 1, [item]), call.scope)
    return array, template.format(array=array.sql, item=item.sql, test=test.sql)


def _reduce(call: Call) -> Value:
    """``reduce(array, start, (state, item) -> ..., state -> ...)``."""
    array, start = call.bind(0), call.bind(1)
    guess = body(call, 2, [_parameter(call, start.type), _parameter(call, _element_type(array), 1)])
    kind = common([start.type, guess.type])
    state, item = _parameter(call, kind), _parameter(call, _element_type(array), 1)
    step = body(call, 2, [state, item])
    opening, step_sql = start.sql, step.sql
    if kind != UNKNOWN:
        opening, step_sql = (f"CAST({sql} AS {engine_type(kind)})" for sql in (opening, step_sql))
    reduced = Value(f"list_reduce({array.sql}, lambda {state.sql}, {item.sql}: {step_sql}, {opening})", kind)
    return body(call, 3, [reduced])


def _zip_with(call: Call) -> Value:
    left, right = call.bind(0), call.bind(1)
    pair = _name(call)
    ends = [Value(f"struct_extract({pair}, {n})", _element_type(side)) for n, side in ((1, left), (2, right))]
    result = body(call, 2, ends)
    return Value(f"list_transform(list_zip({left.sql}, {right.sql}), lambda {pair}: {result.sql})", Array(result.type))


def _entry(call: Call, held: Value) -> tuple[str, list[Value]]:
    entry = _name(call)
    key, value = _key_and_value(held)
    return entry, [Value(f"struct_extract({entry}, 'key')", key), Value(f"struct_extract({entry}, 'value')", value)]


def _map_filter(call: Call) -> Value:
    held = call.bind(0)
    entry, parts = _entry(call, held)
    test = truth(call.binder, call.arguments[1], body(call, 1, parts), call.scope)
    kept = f"list_filter(map_entries({held.sql}), lambda {entry}: {test.sql})"
    return Value(f"map_from_entries({kept})", held.type)


def _transform_map(of_keys: bool) -> Builder:
    def build(call: Call) -> Value:
        held = call.bind(0)
        entry, parts = _entry(call, held)
        result = body(call, 1, parts)
        key, value = (result, parts[1]) if of_keys else (parts[0], result)
        made = f"lambda {entry}: {{'k': {key.sql}, 'v': {value.sql}}}"
        entries = f"list_transform(map_entries({held.sql}), {made})"
        return Value(f"map_from_entries({entries})", map_of(key.type, value.type))

    return build


def _element_at(call: Call) -> Value:
    """``element_at`` and subscripts. A missing key and a place outside the array give NULL, also in subscripts."""
    before = hot.columns_read(call.binder)
    held, key = call.bind(0), call.bind(1)
    if isinstance(held.type, Map):
        compare(call.binder, call.node, "=", Value(held.sql, held.type.key), key)
        own = hot.member(call.binder, call.scope, held, held.type, key, before)
        return own or Value(f"{held.sql}[{key.sql}]", held.type.value)
    if isinstance(held.type, Array) and key.type not in (*INTEGRAL, UNKNOWN):
        shown = call.binder.shown(call.arguments[1])
        raise call.binder.fault(call.arguments[1], f"a place in an array is a whole number, and {shown} is none")
    if isinstance(held.type, Array) or held.type == UNKNOWN:
        return Value(f"list_extract({held.sql}, {key.sql})", _element_type(held))
    shown = call.binder.shown(call.arguments[0])
    hint = f"write {shown}.{key.constant}" if isinstance(held.type, Row) else "json_extract_scalar reads JSON text"
    raise call.binder.fault(call.node, f"element_at takes a map or an array, and {shown} is neither", hint)


def _cardinality(call: Call) -> Value:
    held = call.bind(0)
    if isinstance(held.type, Map | Array) or held.type == UNKNOWN:
        name = "cardinality" if isinstance(held.type, Map) else "len"
        return Value(f"CAST({name}({held.sql}) AS BIGINT)", BIGINT)
    raise call.binder.fault(
        call.node, f"cardinality counts arrays and maps; {call.binder.shown(call.arguments[0])} is neither"
    )


def _map(call: Call) -> Value:
    if not call.arguments:
        return Value("MAP {}", map_of(UNKNOWN, UNKNOWN))
    if len(call.arguments) == 1:
        raise call.binder.fault(call.node, "map takes two arrays, of keys and of values, or nothing; 1 was given")
    keys, values = call.bind(0), call.bind(1)
    return Value(f"map({keys.sql}, {values.sql})", map_of(_element_type(keys), _element_type(values)))


def _map_from_entries(call: Call) -> Value:
    entries = call.bind(0)
    kind = _element_type(entries)
    key, value = (kind.fields[0].type, kind.fields[1].type) if isinstance(kind, Row) else (UNKNOWN, UNKNOWN)
    return Value(f"map_from_entries({entries.sql})", map_of(key, value))


def _entries(values: list[Value]) -> Type:
    key, value = _key_and_value(values[0])
    return Array(Row((Field("key", "key", key), Field("value", "value", value))))


def _sequence(call: Call) -> Value:
    values = [call.binder.bind(argument, call.scope) for argument in call.arguments]
    sql = [value.sql for value in values]
    if values[0].type in (DATE, TIMESTAMP):
        step = sql[2] if len(sql) == 3 else "to_days(1)"
        if len(values) == 3 and values[2].type != INTERVAL:
            raise call.binder.fault(call.arguments[2], "the step between times is an interval", "interval '1' day")
        made = f"lake_dates({sql[0]}, {sql[1]}, {step})"
        if values[0].type == DATE:
            made = f"CAST({made} AS DATE[])"
        return Value(made, Array(values[0].type))
    step = sql[2] if len(sql) == 3 else f"(CASE WHEN {sql[0]} <= {sql[1]} THEN 1 ELSE -1 END)"
    numbers = ", ".join(f"CAST({part} AS BIGINT)" for part in (sql[0], sql[1], step))
    return Value(f"lake_sequence({numbers})", Array(BIGINT))


def _alike(template: str, returns: Type | None = None, *, element: bool = False) -> Builder:
    """A function of two arrays of one type, or with ``element`` of an array and what may be in it."""

    def build(call: Call) -> Value:
        one, other = call.values()
        inside = other.type if element else _element_type(other)
        if not fits(_element_type(one), inside):
            shown = f"{shown_type(one.type)} and {shown_type(other.type)}"
            raise call.binder.fault(call.node, f"{call.function.name} cannot bring together {shown}")
        return Value(template.format(one.sql, other.sql), returns or one.type)

    return build


def _join(call: Call) -> Value:
    values = call.values()
    constant = values[1].is_constant
    if len(values) == 2:
        name = "lake_join" if constant else "lake_join_by"
        return Value(f"{name}({values[0].sql}, {values[1].sql})", VARCHAR)
    if not constant:
        raise call.binder.fault(call.arguments[1], "the separator of array_join is a literal where NULLs are shown")
    return Value(f"lake_join_nulls({', '.join(value.sql for value in values)})", VARCHAR)


def _map_concat(call: Call) -> Value:
    values = call.values()
    if strange := next((value for value in values if not fits(values[0].type, value.type)), None):
        shown = f"{shown_type(values[0].type)} and {shown_type(strange.type)}"
        raise call.binder.fault(call.node, f"map_concat cannot bring together {shown}")
    return Value(f"map_concat({', '.join(value.sql for value in values)})", values[0].type)


def _reverse(call: Call) -> Value:
    value = call.bind(0)
    if not isinstance(value.type, Array) and value.type not in (VARCHAR, UNKNOWN):
        raise call.binder.fault(call.arguments[0], f"reverse takes text or an array, not {shown_type(value.type)}")
    name = "list_reverse" if isinstance(value.type, Array) else "reverse"
    return Value(f"{name}({value.sql})", value.type)


_POSITION = "CAST(coalesce(list_position({0}, {1}), 0) AS BIGINT)"

FUNCTIONS = (
    Function("transform", "a.", UNKNOWN, _transform),
    Function("filter", "a.", same(), _filter),
    Function("any_match", "a.", BOOLEAN, _match("lake_any(@)")),
    Function("all_match", "a.", BOOLEAN, _match("lake_all(@)")),
    Function("none_match", "a.", BOOLEAN, _match("(NOT lake_any(@))")),
    Function("reduce", "a...", UNKNOWN, _reduce),
    Function("zip_with", "aa.", UNKNOWN, _zip_with),
    Function("map_filter", "m.", same(), _map_filter),
    Function("transform_values", "m.", UNKNOWN, _transform_map(of_keys=False)),
    Function("transform_keys", "m.", UNKNOWN, _transform_map(of_keys=True)),
    Function("element_at", "..", UNKNOWN, _element_at),
    Function("cardinality", ".", BIGINT, _cardinality),
    Function("map", "?aa", UNKNOWN, _map),
    Function("map_from_entries", "a", UNKNOWN, _map_from_entries),
    Function("map_keys", "m", lambda values: Array(_key_and_value(values[0])[0]), "map_keys({0})"),
    Function("map_values", "m", lambda values: Array(_key_and_value(values[0])[1]), "map_values({0})"),
    Function("map_entries", "m", _entries, "map_entries({0})"),
    Function("map_concat", "mm*", same(), _map_concat),
    Function("array_distinct", "a", same(), "lake_distinct({0})"),
    Function("array_sort", "a", same(), "list_sort({0}, 'ASC', 'NULLS LAST')"),
    Function("array_max", "a", element, "list_max({0})"),
    Function("array_min", "a", element, "list_min({0})"),
    Function("array_position", "a.", BIGINT, _alike(_POSITION, BIGINT, element=True)),
    Function("array_remove", "a.", same(), _alike("lake_remove({0}, {1})", element=True)),
    Function("array_join", "as?s", VARCHAR, _join),
    Function("array_intersect", "aa", same(), _alike("lake_distinct(list_intersect({0}, {1}))")),
    Function("array_union", "aa", same(), _alike("lake_distinct(list_concat({0}, {1}))")),
    Function("array_except", "aa", same(), _alike("lake_except({0}, {1})")),
    Function("arrays_overlap", "aa", BOOLEAN, _alike("list_has_any({0}, {1})", BOOLEAN)),
    Function("slice", "aii", same(), "lake_slice({0}, {1}, {2})"),
    Function("flatten", "a", element, "flatten({0})"),
    Function("repeat", ".i", array_of(), "lake_repeat({0}, {1})"),
    Function("sequence", "..?.", UNKNOWN, _sequence),
    Function("reverse", ".", same(), _reverse),
)
