"""Arrow's types and cells as Trino's client protocol has them: type signatures, and JSON that they explain.

Source: Trino developer guide, "Client REST API"; the raw types and argument kinds are those that Trino's own clients
read. Rows are lists of their members, maps are objects, binary is base64, whatever JSON has no number for is text.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from trailmere.query.values import plain_values, spans, text

if TYPE_CHECKING:
    import pyarrow as pa

Json = Any
LONGEST_VARCHAR = 2_147_483_647


@dataclass(frozen=True, slots=True)
class TrinoType:
    """``name`` as SQL writes it, ``raw`` without its ``arguments``, which are as the protocol gives them."""

    name: str
    raw: str
    arguments: tuple[dict[str, Json], ...] = field(default=())

    @property
    def signature(self) -> dict[str, Json]:
        """As ``typeSignature`` of a column."""
        return {"rawType": self.raw, "arguments": list(self.arguments)}


VARCHAR = TrinoType("varchar", "varchar", ({"kind": "LONG", "value": LONGEST_VARCHAR},))


def columns(schema: pa.Schema) -> list[dict[str, Json]]:
    """The ``columns`` of an answer."""
    types = [trino_type(type) for type in schema.types]
    return [
        {"name": name, "type": type.name, "typeSignature": type.signature}
        for name, type in zip(schema.names, types, strict=True)
    ]


def trino_type(type: pa.DataType) -> TrinoType:
    """Trino's type for an Arrow type; ``varchar`` for what Trino has no type for: such cells are given as text."""
    from pyarrow import types

    if types.is_struct(type):
        return _row([type.field(place) for place in range(type.num_fields)])
    if types.is_map(type):
        return _of("map", trino_type(type.key_type), trino_type(type.item_type))
    if types.is_list(type) or types.is_large_list(type):
        return _of("array", trino_type(type.value_type))
    if types.is_decimal(type):
        return _numbered("decimal", type.precision, type.scale)
    if types.is_timestamp(type):
        return _timestamp(type)
    return next((trino for applies, trino in _scalars() if applies(type)), VARCHAR)


def rows(batch: pa.RecordBatch) -> list[list[Json]]:
    """The rows of a batch, as ``data`` of an answer."""
    return [list(row) for row in zip(*map(_cells, batch.columns), strict=True)]


def _scalars() -> tuple[tuple[Callable[[pa.DataType], bool], TrinoType], ...]:
    from pyarrow import types

    return (
        (types.is_boolean, TrinoType("boolean", "boolean")),
        (types.is_int8, TrinoType("tinyint", "tinyint")),
        (types.is_int16, TrinoType("smallint", "smallint")),
        (types.is_int32, TrinoType("integer", "integer")),
        (types.is_integer, TrinoType("bigint", "bigint")),
        (types.is_float32, TrinoType("real", "real")),
        (types.is_floating, TrinoType("double", "double")),
        (types.is_date, TrinoType("date", "date")),
        (types.is_time, _numbered("time", 6)),
        (types.is_binary, TrinoType("varbinary", "varbinary")),
        (types.is_null, TrinoType("unknown", "unknown")),
    )


def _timestamp(type: pa.DataType) -> TrinoType:
    digits = 3 if type.unit in ("s", "ms") else 6
    if type.tz is None:
        return _numbered("timestamp", digits)
    return TrinoType(f"timestamp({digits}) with time zone", "timestamp with time zone", (_long(digits),))


def _numbered(raw: str, *numbers: int) -> TrinoType:
    return TrinoType(f"{raw}({', '.join(map(str, numbers))})", raw, tuple(map(_long, numbers)))


def _long(number: int) -> dict[str, Json]:
    return {"kind": "LONG", "value": number}


def _of(raw: str, *parts: TrinoType) -> TrinoType:
    arguments = tuple({"kind": "TYPE", "value": part.signature} for part in parts)
    return TrinoType(f"{raw}({', '.join(part.name for part in parts)})", raw, arguments)


def _row(fields: list[pa.Field]) -> TrinoType:
    parts = [(one.name, trino_type(one.type)) for one in fields]
    arguments = tuple(
        {
            "kind": "NAMED_TYPE",
            "value": {"fieldName": {"name": name, "delimited": False}, "typeSignature": part.signature},
        }
        for name, part in parts
    )
    return TrinoType(f"row({', '.join(f'{_quoted(name)} {part.name}' for name, part in parts)})", "row", arguments)


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return name if name.isidentifier() else f'"{escaped}"'


def _cells(column: pa.Array) -> list[Json]:
    from pyarrow import types

    if types.is_struct(column.type):
        members = [_cells(member) for member in column.flatten()]
        return [
            [member[place] for member in members] if there else None
            for place, there in enumerate(column.is_valid().to_pylist())
        ]
    if types.is_map(column.type):
        keys, items = [text(key) or "" for key in plain_values(column.keys)], _cells(column.items)
        return [None if one is None else dict(zip(keys[one], items[one], strict=True)) for one in spans(column)]
    if types.is_list(column.type) or types.is_large_list(column.type):
        elements = _cells(column.values)
        return [None if one is None else elements[one] for one in spans(column)]
    if types.is_binary(column.type):
        return [None if cell is None else base64.b64encode(cell).decode() for cell in column.to_pylist()]
    if trino_type(column.type) is VARCHAR or types.is_decimal(column.type):
        return [text(cell) for cell in plain_values(column)]
    return plain_values(column)
