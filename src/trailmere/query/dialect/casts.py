"""CAST and TRY_CAST: Trino's meaning where it differs from the engine's, and constants computed at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from trailmere.events.types import BOOLEAN, DOUBLE, TIMESTAMP, VARCHAR, Array, Map, Row, Scalar, Type
from trailmere.query.dialect import times
from trailmere.query.dialect.binder import Binder, shown_type
from trailmere.query.dialect.moments import to_timestamp
from trailmere.query.dialect.types import (
    DATE,
    INTEGRAL,
    IPADDRESS,
    JSON,
    NUMERIC,
    UNKNOWN,
    VARBINARY,
    engine_type,
    from_sqlglot,
    value_of,
)
from trailmere.query.dialect.values import Value, day
from trailmere.query.quoting import identifier, member_of

if TYPE_CHECKING:
    from sqlglot import exp

_NAME = re.compile(r'[\w."]+')


def cast(binder: Binder, node: exp.Expr, value: Value, *, tolerant: bool) -> Value:
    """``CAST(value AS type)``; ``tolerant`` is TRY_CAST: NULL where it fails."""
    wanted = from_sqlglot(node.args["to"])
    if wanted is None:
        raise binder.fault(node, f"the type {node.args['to'].sql(dialect='trino')} is not supported")
    if value.type == wanted:
        return value
    constant = _constant(binder, node, value, wanted, tolerant)
    if constant is not None:
        return constant
    if value.type == TIMESTAMP and wanted == DATE:
        return as_day(binder, node, value)
    if tolerant and wanted == IPADDRESS and value.type == VARCHAR:
        return Value(f"lake_try_ip({value.sql})", IPADDRESS)
    sql = _convert(binder, node, value, wanted)
    return Value(_tolerant(sql, value.type, wanted) if tolerant else sql, wanted, name=value.name)


def _tolerant(sql: str, kind: Type, wanted: Type) -> str:
    """NULL where the conversion fails: by the engine's own TRY_CAST where it is nothing but a cast of scalars."""
    if sql.startswith("CAST(") and isinstance(kind, Scalar) and isinstance(wanted, Scalar) and kind != JSON:
        return f"TRY_{sql}"
    return f"TRY({sql})"


def as_day(binder: Binder, node: exp.Expr, value: Value) -> Value:
    """The day of a time, UTC."""
    if isinstance(value.constant, str):
        value = to_timestamp(binder, node, value)
    if isinstance(value.constant, datetime):
        return day(value.constant.date())
    if value.type not in (TIMESTAMP, DATE, VARCHAR, UNKNOWN):
        raise binder.fault(node, f"a date is made of a timestamp or text, not of {shown_type(value.type)}")
    origin = value.origin.cut("day") if value.origin and value.type == TIMESTAMP else None
    return value if value.type == DATE else Value(f"CAST({value.sql} AS DATE)", DATE, origin=origin)


def _constant(binder: Binder, node: exp.Expr, value: Value, wanted: Type, tolerant: bool) -> Value | None:
    """Text that names a time, read now."""
    if not isinstance(value.constant, str) or value.type != VARCHAR or wanted not in (TIMESTAMP, DATE):
        return None
    if tolerant and times.parse_time(value.constant) is None:
        return Value(f"CAST(NULL AS {engine_type(wanted)})", wanted, None)
    moment = to_timestamp(binder, node, value)
    if wanted == TIMESTAMP:
        return moment
    assert isinstance(moment.constant, datetime)
    return day(moment.constant.date())


def _convert(binder: Binder, node: exp.Expr, value: Value, wanted: Type) -> str:
    kind, sql = value.type, value.sql
    if wanted == JSON:
        return f"to_json({sql})"
    if kind == JSON:
        return _from_json(sql, wanted)
    if wanted == VARCHAR:
        return _to_text(binder, node, sql, kind)
    if wanted == IPADDRESS and kind in (VARCHAR, UNKNOWN):
        return f"lake_ip({sql})"
    if wanted == TIMESTAMP and kind == VARCHAR:
        return f"lake_timestamp({sql})"
    if wanted == VARBINARY and kind == VARCHAR:
        return f"encode({sql})"
    if isinstance(kind, Row) and isinstance(wanted, Row) and len(kind.fields) == len(wanted.fields):
        return _once(binder, sql, lambda row: _row_to_row(binder, node, row, kind, wanted))
    if isinstance(kind, Array) and isinstance(wanted, Array) and isinstance(kind.element, Row | Array | Map):
        return _each(binder, node, sql, kind.element, wanted.element)
    if isinstance(kind, Map) and isinstance(wanted, Map) and isinstance(value_of(kind), Row | Array | Map):
        return _once(binder, sql, lambda entries: _map_to_map(binder, node, entries, kind, wanted))
    _check(binder, node, kind, wanted)
    if kind == DOUBLE and wanted in INTEGRAL:  # halves away from zero; the engine would round them to even
        sql = f"round({sql})"
    return f"CAST({sql} AS {engine_type(wanted)})"


def _once(binder: Binder, sql: str, written: Callable[[str], str]) -> str:
    """What mentions a value several times, with the value itself written once: by a name, where it is more than one."""
    if _NAME.fullmatch(sql):
        return written(sql)
    name = binder.fresh("e")
    return f"list_transform([{sql}], lambda {name}: {written(name)})[1]"


def _map_to_map(binder: Binder, node: exp.Expr, sql: str, kind: Map, wanted: Map) -> str:
    keys = _convert(binder, node, Value(f"map_keys({sql})", Array(kind.key)), Array(wanted.key))
    values = _each(binder, node, f"map_values({sql})", value_of(kind), value_of(wanted))
    return f"(CASE WHEN {sql} IS NULL THEN NULL ELSE MAP({keys}, {values}) END)"


def _each(binder: Binder, node: exp.Expr, sql: str, kind: Type, wanted: Type) -> str:
    """Element by element: the engine would cast rows inside by name too."""
    one = binder.fresh("e")
    made = one if kind == wanted else _convert(binder, node, Value(one, kind), wanted)
    return f"list_transform({sql}, lambda {one}: {made})"


def _row_to_row(binder: Binder, node: exp.Expr, sql: str, kind: Row, wanted: Row) -> str:
    """Trino casts rows by place; the engine would by name."""
    parts = []
    for old, new in zip(kind.fields, wanted.fields, strict=True):
        member = member_of(sql, old.name)
        made = member if old.type == new.type else _convert(binder, node, Value(member, old.type), new.type)
        parts.append(f"{identifier(new.name)}: {made}")
    return f"(CASE WHEN {sql} IS NULL THEN NULL ELSE {{{', '.join(parts)}}} END)"


def _from_json(sql: str, wanted: Type) -> str:
    if isinstance(wanted, Map | Array | Row):
        return f"CAST({sql} AS {engine_type(wanted)})"
    if wanted == VARCHAR:
        return f"lake_json_text({sql})"
    return f"CAST(lake_json_text({sql}) AS {engine_type(wanted)})"


def _to_text(binder: Binder, node: exp.Expr, sql: str, kind: Type) -> str:
    if kind == TIMESTAMP:
        return f"strftime({sql}, '%Y-%m-%d %H:%M:%S.%g')"
    if kind == IPADDRESS:
        return f"lake_ip_text({sql})"
    if isinstance(kind, Map):
        return f"lake_map_text({sql})"
    if kind == VARBINARY:
        raise binder.fault(node, "varbinary cannot be cast to varchar", "write from_utf8(...) or to_hex(...)")
    return f"CAST({sql} AS VARCHAR)"


_GROUPS = (frozenset({*NUMERIC, BOOLEAN, VARCHAR}), frozenset({DATE, TIMESTAMP, VARCHAR}))


def _check(binder: Binder, node: exp.Expr, kind: Type, wanted: Type) -> None:
    if kind == UNKNOWN or any(kind in group and wanted in group for group in _GROUPS):
        return
    rows = isinstance(kind, Row) and isinstance(wanted, Row)  # of as many fields: those have been converted
    if type(kind) is type(wanted) and isinstance(kind, Map | Array) and not rows:
        return
    if kind == VARCHAR and wanted not in (UNKNOWN,) and not isinstance(wanted, Map | Array | Row):
        return
    hint = "parse the text first: CAST(json_parse(...) AS ...)" if kind == VARCHAR else None
    raise binder.fault(node, f"{shown_type(kind)} cannot be cast to {shown_type(wanted)}", hint)
