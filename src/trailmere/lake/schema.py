"""The table of a store: Iceberg schema, partitions and properties, all derived from ``events.columns``.

The physical columns are the leaves of the family's columns, then those of its hot keys. Iceberg numbers fields when it
makes a table; ``arrow`` carries the numbers over to the Parquet files, so that readers find columns by number, not by
name.
"""

from __future__ import annotations

import json
from itertools import count
from typing import TYPE_CHECKING

from pyiceberg import types as iceberg
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import DayTransform

from trailmere.events import types
from trailmere.events.hot import stored_leaves
from trailmere.lake import physical

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

PARTITION = "eventtime_day"
PARTITION_FIELD_ID = 1000  # Iceberg numbers partition fields from 1000 (specification, "Partition Evolution")

# Bounds of the exact record text, and counts inside maps and arrays, prune nothing and would fill the manifests.
PROPERTIES = {
    "format-version": "2",
    "write.parquet.compression-codec": "zstd",
    "commit.manifest-merge.enabled": "true",
    "commit.manifest.min-count-to-merge": "16",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "4",
    "write.metadata.metrics.default": "truncate(16)",
    "write.metadata.metrics.column.eventjson": "none",
    "write.metadata.metrics.column.deliveryordinal": "none",
    "commit.retry.num-retries": "8",
}

_SCALARS: dict[types.Scalar, iceberg.PrimitiveType] = {
    types.VARCHAR: iceberg.StringType(),
    types.BOOLEAN: iceberg.BooleanType(),
    types.INTEGER: iceberg.IntegerType(),
    types.BIGINT: iceberg.LongType(),
    types.DOUBLE: iceberg.DoubleType(),
    types.TIMESTAMP: iceberg.TimestampType(),
}


def table_schema(family: str) -> Schema:
    """The Iceberg schema of a new store of this family. All columns are optional, as records leave members out."""
    ids = count(1)
    return Schema(
        *(
            iceberg.NestedField(next(ids), leaf.name, _iceberg(leaf.type, ids), required=False)
            for leaf in stored_leaves(family)
        )
    )


def partitions(schema: Schema) -> PartitionSpec:
    """By day of eventTime, and by nothing else: account and Region would multiply the files by 17 and 29."""
    source = schema.find_field("eventtime").field_id
    return PartitionSpec(
        PartitionField(source_id=source, field_id=PARTITION_FIELD_ID, transform=DayTransform(), name=PARTITION)
    )


def properties(family: str) -> dict[str, str]:
    """Table properties: see PROPERTIES; members of maps and arrays get no metrics."""
    nested = {
        f"write.metadata.metrics.column.{name}": "none"
        for leaf in stored_leaves(family)
        for name in _nested_names(leaf.name, leaf.type)
    }
    return PROPERTIES | nested


def arrow(schema: Schema) -> pa.Schema:
    """The Arrow schema of the table's files: see ``physical.arrow``."""
    return physical.arrow(json.loads(schema.model_dump_json())["fields"])


def _iceberg(type: types.Type, ids: Iterator[int]) -> iceberg.IcebergType:
    if isinstance(type, types.Map):
        return iceberg.MapType(next(ids), _SCALARS[type.key], next(ids), _SCALARS[type.value], value_required=False)
    if isinstance(type, types.Array):
        return iceberg.ListType(next(ids), _iceberg(type.element, ids), element_required=False)
    if isinstance(type, types.Row):
        return iceberg.StructType(
            *(
                iceberg.NestedField(next(ids), part.name, _iceberg(part.type, ids), required=False)
                for part in type.fields
            )
        )
    return _SCALARS[type]


def _nested_names(name: str, type: types.Type) -> Iterator[str]:
    if isinstance(type, types.Map):
        yield from (f"{name}.key", f"{name}.value")
    elif isinstance(type, types.Array):
        yield from _nested_names(f"{name}.element", type.element)
    elif isinstance(type, types.Row):
        for part in type.fields:
            yield from _nested_names(f"{name}.{part.name}", part.type)
    elif "." in name:
        yield name
