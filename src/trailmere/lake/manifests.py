"""From manifests to kept plans: reads the data files of a snapshot with their bounds, through PyIceberg.

A plan of an earlier snapshot is continued where only appends came after it: the manifests that those wrote are read,
and no others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.conversions import from_bytes
from pyiceberg.table.snapshots import Operation
from pyiceberg.types import PrimitiveType

from trailmere.lake import plans, schema

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from pyiceberg.manifest import DataFile, ManifestEntry
    from pyiceberg.table import Table


def plan_of(table: Table, folder: Path, snapshot_id: int) -> pa.Table:
    """The plan of a snapshot: the kept one, or made now and kept."""
    kept = plans.load(folder, snapshot_id)
    if kept is None:
        kept = made_plan(table, folder, snapshot_id)
        plans.keep(folder, snapshot_id, kept)
    return kept


def made_plan(table: Table, folder: Path, snapshot_id: int) -> pa.Table:
    """The plan of a snapshot, made now and not kept."""
    earlier, since = _kept_ancestor(table, folder, snapshot_id)
    made = _plan(table, [entry.data_file for entry in _entries(table, snapshot_id, since)])
    if earlier is not None:
        made = pa.concat_tables([earlier, made], promote_options="default")
    return made


def live_paths(table: Table, folder: Path) -> set[str]:
    """The data files of the present snapshot."""
    current = table.metadata.current_snapshot_id
    return set() if current is None else set(plan_of(table, folder, current).column("path").to_pylist())


def keep_changed(table: Table, folder: Path, snapshot_id: int, gone: Collection[str]) -> None:
    """Keep the plan of a snapshot in which new files took the place of ``gone``, from the plan of its parent."""
    snapshot = table.snapshot_by_id(snapshot_id)
    parent = None if snapshot is None else snapshot.parent_snapshot_id
    earlier = None if parent is None else plans.load(folder, parent)
    if earlier is None:
        plan_of(table, folder, snapshot_id)
        return
    staying = earlier.filter(pc.invert(pc.is_in(earlier.column("path"), pa.array(sorted(gone)))))
    added = _plan(table, [entry.data_file for entry in _entries(table, snapshot_id, {snapshot_id})])
    plans.keep(folder, snapshot_id, pa.concat_tables([staying, added], promote_options="default"))


def _kept_ancestor(table: Table, folder: Path, snapshot_id: int) -> tuple[pa.Table | None, set[int] | None]:
    """The nearest earlier plan with the snapshots appended since; None and None where all has to be read."""
    since: set[int] = set()
    snapshot = table.snapshot_by_id(snapshot_id)
    while snapshot is not None and snapshot.summary and snapshot.summary.operation is Operation.APPEND:
        since.add(snapshot.snapshot_id)
        if snapshot.parent_snapshot_id is None:
            break
        kept = plans.load(folder, snapshot.parent_snapshot_id)
        if kept is not None:
            return kept, since
        snapshot = table.snapshot_by_id(snapshot.parent_snapshot_id)
    return None, None


def _entries(table: Table, snapshot_id: int, since: set[int] | None) -> Iterable[ManifestEntry]:
    snapshot = table.snapshot_by_id(snapshot_id)
    assert snapshot is not None
    for manifest in snapshot.manifests(table.io):
        if since is None or manifest.added_snapshot_id in since:
            for entry in manifest.fetch_manifest_entry(table.io):
                if since is None or entry.snapshot_id in since:
                    yield entry


def _plan(table: Table, files: list[DataFile]) -> pa.Table:
    columns: dict[str, Any] = {
        "path": pa.array([file.file_path for file in files], pa.string()),
        "size": pa.array([file.file_size_in_bytes for file in files], pa.int64()),
        "rows": pa.array([file.record_count for file in files], pa.int64()),
    }
    types = schema.arrow(table.schema())
    for field in table.schema().fields:
        if isinstance(field.field_type, PrimitiveType):
            id, iceberg, arrow = field.field_id, field.field_type, types.field(field.name).type
            columns[f"{field.name}:low"] = pa.array([_bound(file.lower_bounds, id, iceberg) for file in files], arrow)
            columns[f"{field.name}:high"] = pa.array([_bound(file.upper_bounds, id, iceberg) for file in files], arrow)
            columns[f"{field.name}:nulls"] = pa.array(
                [(file.null_value_counts or {}).get(id) for file in files], pa.int64()
            )
    return pa.table(columns)


def _bound(bounds: dict[int, bytes] | None, id: int, type: PrimitiveType) -> object:
    value = (bounds or {}).get(id)
    return None if value is None else from_bytes(type, value)
