"""Trino's types as the dialect tracks them, and what the engine calls them.

The tree of ``events.types`` serves here too, with more scalars. Widths (``varchar(10)``, ``timestamp(3)``) are not
kept: CloudTrail Lake's columns have none. A type that is not known is ``UNKNOWN``; nothing is coerced from or to it.
"""

from __future__ import annotations

from typing import cast

from sqlglot import exp

from trailmere.events.types import (
    BIGINT,
    BOOLEAN,
    DOUBLE,
    INTEGER,
    TIMESTAMP,
    VARCHAR,
    Array,
    Field,
    Map,
    Row,
    Scalar,
    Type,
)
from trailmere.query.quoting import identifier

UNKNOWN = Scalar("unknown")
DATE = Scalar("date")
TIME = Scalar("time")
INTERVAL = Scalar("interval")
JSON = Scalar("json")
VARBINARY = Scalar("varbinary")
IPADDRESS = Scalar("ipaddress")
DECIMAL = Scalar("decimal")

INTEGRAL = frozenset({INTEGER, BIGINT})
NUMERIC = frozenset({INTEGER, BIGINT, DECIMAL, DOUBLE})

# What sqlglot calls a type -> ours. Instants are held as UTC without a zone, as CloudTrail Lake's columns are.
_SCALARS: dict[exp.DType, Scalar] = {
    exp.DType.BOOLEAN: BOOLEAN,
    exp.DType.TINYINT: INTEGER,
    exp.DType.SMALLINT: INTEGER,
    exp.DType.INT: INTEGER,
    exp.DType.BIGINT: BIGINT,
    exp.DType.FLOAT: DOUBLE,
    exp.DType.DOUBLE: DOUBLE,
    exp.DType.DECIMAL: DECIMAL,
    exp.DType.VARCHAR: VARCHAR,
    exp.DType.TEXT: VARCHAR,
    exp.DType.CHAR: VARCHAR,
    exp.DType.VARBINARY: VARBINARY,
    exp.DType.DATE: DATE,
    exp.DType.TIME: TIME,
    exp.DType.TIMETZ: TIME,
    exp.DType.TIMESTAMP: TIMESTAMP,
    exp.DType.TIMESTAMPNTZ: TIMESTAMP,
    exp.DType.TIMESTAMPTZ: TIMESTAMP,
    exp.DType.JSON: JSON,
    exp.DType.IPADDRESS: IPADDRESS,
}

_ENGINE: dict[Scalar, str] = {
    BOOLEAN: "BOOLEAN",
    INTEGER: "INTEGER",
    BIGINT: "BIGINT",
    DOUBLE: "DOUBLE",
    VARCHAR: "VARCHAR",
    VARBINARY: "BLOB",
    DATE: "DATE",
    TIME: "TIME",
    TIMESTAMP: "TIMESTAMP",
    INTERVAL: "INTERVAL",
    JSON: "JSON",
    IPADDRESS: "UHUGEINT",
    DECIMAL: "DECIMAL(38, 10)",
}


def map_of(key: Type, value: Type) -> Map:
    """``map(key, value)`` of any types; the columns of stores have scalars only."""
    return Map(cast("Scalar", key), cast("Scalar", value))


def value_of(kind: Map) -> Type:
    """The type of a map's values, which a query may make of any type."""
    return cast("Type", kind.value)


def from_sqlglot(data_type: exp.DataType) -> Type | None:
    """The type that the user wrote in a CAST, or None where it is not supported."""
    match data_type.this:
        case exp.DType.ARRAY:
            element = from_sqlglot(data_type.expressions[0]) if data_type.expressions else None
            return Array(element) if element else None
        case exp.DType.MAP:
            parts = [from_sqlglot(part) for part in data_type.expressions]
            return map_of(parts[0], parts[1]) if len(parts) == 2 and parts[0] and parts[1] else None
        case exp.DType.STRUCT:
            return _row(data_type)
        case known:
            return _SCALARS.get(known)


def _row(data_type: exp.DataType) -> Row | None:
    fields = []
    for place, part in enumerate(data_type.expressions):
        named = isinstance(part, exp.ColumnDef)
        kind = from_sqlglot(part.args["kind"] if named else part)
        name = part.name if named else f"field{place}"
        if kind is None or not name:
            return None
        fields.append(Field(name=name.lower(), key=name, type=kind))
    return Row(tuple(fields)) if fields else None


def engine_type(type: Type) -> str:
    """How the engine writes the type. Raises KeyError for UNKNOWN."""
    match type:
        case Array(element):
            return f"{engine_type(element)}[]"
        case Map(key, value):
            return f"MAP({engine_type(key)}, {engine_type(value)})"
        case Row(fields):
            return "STRUCT(" + ", ".join(f"{identifier(f.name)} {engine_type(f.type)}" for f in fields) + ")"
        case Scalar():
            return _ENGINE[type]


def fits(one: Type, other: Type) -> bool:
    """Can values of these types be compared, or stand in one column? What is not known fits everything."""
    if UNKNOWN in (one, other) or one == other or {one, other} == {DATE, TIMESTAMP}:
        return True
    match one, other:
        case Array(), Array():
            return fits(one.element, other.element)
        case Map(), Map():
            return fits(one.key, other.key) and fits(one.value, other.value)
        case Row(), Row():
            pairs = list(zip(one.fields, other.fields, strict=False))
            return len(one.fields) == len(other.fields) and all(fits(a.type, b.type) for a, b in pairs)
    return one in NUMERIC and other in NUMERIC


def common(types: list[Type]) -> Type:
    """The type of CASE, COALESCE, array and set operation branches: the widest number, else the first known one."""
    known = [type for type in types if type != UNKNOWN]
    if not known:
        return UNKNOWN
    if all(type in NUMERIC for type in known):
        order = (INTEGER, BIGINT, DECIMAL, DOUBLE)
        return max((cast("Scalar", type) for type in known), key=order.index)
    if set(known) == {DATE, TIMESTAMP}:
        return TIMESTAMP
    return known[0]
