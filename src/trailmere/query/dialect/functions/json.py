"""JSON. Text that is no JSON gives NULL in json_extract and the json_array functions, as in Trino; json_parse fails."""

from __future__ import annotations

from trailmere.events.types import BIGINT, BOOLEAN, VARCHAR
from trailmere.query.dialect.functions.signature import Call, Function
from trailmere.query.dialect.jsonpath import engine_path
from trailmere.query.dialect.types import JSON, NUMERIC, UNKNOWN
from trailmere.query.dialect.values import Value, text


def _document(value: Value) -> str:
    """A json value, or the json in a text."""
    return value.sql if value.type == JSON else f"lake_json({value.sql})"


def _path(call: Call, place: int = 1) -> tuple[str, bool]:
    path = call.binder.bind(call.arguments[place], call.scope).constant
    if not isinstance(path, str):
        raise call.binder.fault(call.arguments[place], f"the path of {call.function.name} must be a literal")
    found = engine_path(path)
    if found is None:
        raise call.binder.fault(
            call.arguments[place], f"the JSON path '{path}' cannot be read", "paths look like $.a['b.c'][0]"
        )
    return text(found[0]).sql, found[1]


def _extracted(call: Call) -> str:
    path, several = _path(call)
    sql = f"json_extract({_document(call.bind(0))}, {path})"
    return f"to_json({sql})" if several else sql


def _extract(call: Call) -> Value:
    return Value(_extracted(call), JSON)


def _scalar(call: Call) -> Value:
    return Value(f"lake_json_scalar({_extracted(call)})", VARCHAR)


def _query(call: Call) -> Value:
    return Value(f"CAST({_extracted(call)} AS VARCHAR)", VARCHAR)


def _exists(call: Call) -> Value:
    path, _ = _path(call)
    return Value(f"json_exists({_document(call.bind(0))}, {path})", BOOLEAN)


def _size(call: Call) -> Value:
    return Value(f"CAST(lake_json_size({_extracted(call)}) AS BIGINT)", BIGINT)


def _length(call: Call) -> Value:
    return Value(f"len(lake_json_items({_document(call.bind(0))}))", BIGINT)


def _get(call: Call) -> Value:
    return Value(f"lake_json_array_get({_document(call.bind(0))}, {call.bind(1).sql})", JSON)


def _contains(call: Call) -> Value:
    document, wanted = _document(call.bind(0)), call.bind(1)
    if wanted.type in NUMERIC:
        kind, probe = "numbers", f"CAST({wanted.sql} AS DOUBLE)"
    elif wanted.type == BOOLEAN:
        kind, probe = "booleans", wanted.sql
    elif wanted.type in (VARCHAR, UNKNOWN):
        kind, probe = "texts", wanted.sql
    else:
        shown = call.binder.shown(call.arguments[1])
        raise call.binder.fault(
            call.arguments[1], f"json_array_contains looks for text, a number or a boolean, and not for {shown}"
        )
    return Value(f"list_contains(lake_json_array_{kind}({document}), {probe})", BOOLEAN)


def _is_scalar(call: Call) -> Value:
    return Value(f"(json_type({_document(call.bind(0))}) NOT IN ('OBJECT', 'ARRAY'))", BOOLEAN)


FUNCTIONS = (
    Function("json_extract", "js", JSON, _extract),
    Function("json_extract_scalar", "js", VARCHAR, _scalar),
    Function("json_value", "js", VARCHAR, _scalar),
    Function("json_query", "js", VARCHAR, _query),
    Function("json_exists", "js", BOOLEAN, _exists),
    Function("json_size", "js", BIGINT, _size),
    Function("json_parse", "s", JSON, "CAST({0} AS JSON)"),
    Function("json_format", "j", VARCHAR, "CAST({0} AS VARCHAR)"),
    Function("json_array_length", "j", BIGINT, _length),
    Function("json_array_get", "ji", JSON, _get),
    Function("json_array_contains", "j.", BOOLEAN, _contains),
    Function("is_json_scalar", "j", BOOLEAN, _is_scalar),
)
