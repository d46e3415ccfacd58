"""Which files a question has to read: one snapshot, minus the files that the conditions rule out.

Planning may only leave out what cannot match. A condition that cannot be used (an unknown column, a value of another
type) is passed over: the engine filters the rows anyway. No SQL here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pyiceberg import expressions as iceberg
from pyiceberg.expressions.visitors import bind
from pyiceberg.table.snapshots import ancestors_of

from trailmere.errors import SnapshotNotFound
from trailmere.lake.ledger import as_time
from trailmere.lake.records import PlannedFile, ScanPlan
from trailmere.lake.snapshots import snapshot_totals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyiceberg.expressions import BooleanExpression
    from pyiceberg.table import Table
    from pyiceberg.table.snapshots import Snapshot

    from trailmere.lake.records import Condition

# Any: PyIceberg's expressions are pydantic models, whose positional arguments the type checker cannot see.
_OPERATORS: dict[str, Any] = {
    "=": iceberg.EqualTo,
    "!=": iceberg.NotEqualTo,
    "<": iceberg.LessThan,
    "<=": iceberg.LessThanOrEqual,
    ">": iceberg.GreaterThan,
    ">=": iceberg.GreaterThanOrEqual,
    "in": iceberg.In,
    "starts with": iceberg.StartsWith,
}
_NULL_TESTS: dict[str, Any] = {"is null": iceberg.IsNull, "is not null": iceberg.NotNull}


def plan(table: Table, store_id: str, conditions: Sequence[Condition], at: datetime | int | None) -> ScanPlan:
    """The files of the present snapshot, or of the one that ``at`` names, that can hold matching rows.

    Raises SnapshotNotFound where ``at`` names none.
    """
    snapshot = find_snapshot(table, at)
    if snapshot is None:
        return ScanPlan(store_id, None, None, (), 0, 0, 0, tuple(conditions))
    used = [expression for condition in conditions if (expression := _expression(table, condition)) is not None]
    row_filter: BooleanExpression = iceberg.AlwaysTrue()
    for expression in used:
        row_filter = iceberg.And(row_filter, expression)
    tasks = table.scan(row_filter=row_filter, snapshot_id=snapshot.snapshot_id).plan_files()
    planned = sorted(
        (PlannedFile(task.file.file_path, task.file.file_size_in_bytes, task.file.record_count) for task in tasks),
        key=lambda file: file.path,
    )
    totals = snapshot_totals(snapshot)
    return ScanPlan(
        store_id=store_id,
        snapshot_id=snapshot.snapshot_id,
        snapshot_time=as_time(snapshot.timestamp_ms * 1000),
        files=tuple(planned),
        total_files=totals["files"],
        total_bytes=totals["bytes"],
        total_rows=totals["rows"],
        conditions=tuple(conditions),
    )


def find_snapshot(table: Table, at: datetime | int | None) -> Snapshot | None:
    """The snapshot with this id, the last one not after this time (UTC where it has no zone), or the present one."""
    if at is None:
        return table.current_snapshot()
    if isinstance(at, datetime):
        return _not_after(table, at)
    snapshot = table.snapshot_by_id(at)
    if snapshot is None:
        raise SnapshotNotFound(f"the store has no snapshot {at}", hint=_range_hint(table))
    return snapshot


def _not_after(table: Table, at: datetime) -> Snapshot:
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    limit = int(at.timestamp() * 1000)
    for snapshot in ancestors_of(table.current_snapshot(), table.metadata):
        if snapshot.timestamp_ms <= limit:
            return snapshot
    raise SnapshotNotFound(f"the store held nothing yet at {at:%Y-%m-%d %H:%M:%S} UTC", hint=_range_hint(table))


def _range_hint(table: Table) -> str:
    line = list(ancestors_of(table.current_snapshot(), table.metadata))
    if not line:
        return "nothing was ingested into this store yet"
    first, last = as_time(line[-1].timestamp_ms * 1000), as_time(line[0].timestamp_ms * 1000)
    return f"its snapshots reach from {first:%Y-%m-%d %H:%M:%S} to {last:%Y-%m-%d %H:%M:%S} UTC"


def _expression(table: Table, condition: Condition) -> BooleanExpression | None:
    """The condition as PyIceberg has it; None where it cannot be used."""
    try:
        expression: BooleanExpression
        if condition.operator in _NULL_TESTS:
            expression = _NULL_TESTS[condition.operator](condition.column)
        else:
            expression = _OPERATORS[condition.operator](condition.column, condition.value)
        bind(table.schema(), expression, case_sensitive=True)
    except (ValueError, TypeError, KeyError):
        return None
    return expression
