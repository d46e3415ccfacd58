"""What a batch must know of its table, read from the metadata file without PyIceberg: columns, place, family.

Source: Iceberg table specification, "Table Metadata" and the appendix "JSON serialization" (of schemas and types). The
types are those of ``lake.schema``, and no others.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from trailmere.errors import LakeDamaged
from trailmere.events.hot import stored_leaves
from trailmere.lake.disk import local_path

FAMILY_PROPERTY = "trailmere.family"

_SCALARS: dict[str, pa.DataType] = {
    "string": pa.string(),
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "long": pa.int64(),
    "double": pa.float64(),
    "timestamp": pa.timestamp("us"),
}


@dataclass(frozen=True, slots=True)
class Physical:
    """A table as its metadata file describes it. ``schema``: see ``arrow``; ``location``: its absolute folder."""

    family: str
    location: str
    schema: pa.Schema

    @property
    def lacks_columns(self) -> bool:
        """Whether a newer Trailmere has columns that the table has not."""
        present = set(self.schema.names)
        return any(leaf.name not in present for leaf in stored_leaves(self.family))


def described(metadata: dict[str, Any]) -> Physical:
    """The table that this metadata file describes."""
    current = metadata["current-schema-id"]
    (fields,) = (schema["fields"] for schema in metadata["schemas"] if schema["schema-id"] == current)
    return Physical(metadata["properties"][FAMILY_PROPERTY], metadata["location"], arrow(fields))


def arrow(fields: list[dict[str, Any]]) -> pa.Schema:
    """The Arrow schema of the table's files, with field ids in the metadata of every field."""
    return pa.schema([_member(field) for field in fields])


def check_place(found: str, location: Path) -> None:
    """Raise LakeDamaged where the table's files lie elsewhere: writing would change the lake that this is a copy of."""
    path = local_path(found).resolve()
    if path != location.resolve():
        raise LakeDamaged(
            f"expected the table of this store in {location}, and its metadata says {path}: "
            "the lake was copied or moved",
            hint="use the lake at its old place, or make a new one and ingest anew; nothing was changed",
        )


def _member(field: dict[str, Any]) -> pa.Field:
    return _field(field["id"], field["name"], field["type"], required=field["required"])


def _field(id: int, name: str, type: str | dict[str, Any], *, required: bool) -> pa.Field:
    return pa.field(name, _type(type), nullable=not required, metadata={"PARQUET:field_id": str(id)})


def _type(type: str | dict[str, Any]) -> pa.DataType:
    return _SCALARS[type] if isinstance(type, str) else _NESTED[type["type"]](type)


def _map(type: dict[str, Any]) -> pa.DataType:
    return pa.map_(
        _field(type["key-id"], "key", type["key"], required=True),
        _field(type["value-id"], "value", type["value"], required=type["value-required"]),
    )


def _list(type: dict[str, Any]) -> pa.DataType:
    return pa.list_(_field(type["element-id"], "element", type["element"], required=type["element-required"]))


def _struct(type: dict[str, Any]) -> pa.DataType:
    return pa.struct([_member(field) for field in type["fields"]])


_NESTED = {"map": _map, "list": _list, "struct": _struct}
