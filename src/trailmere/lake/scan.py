"""Which files a question has to read: one snapshot, minus the files that the conditions rule out.

Planning may only leave out what cannot match. A condition that cannot be used (an unknown column, a value of another
type) is passed over: the engine filters the rows anyway. No SQL here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trailmere.lake import plans
from trailmere.lake.records import ScanPlan

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from trailmere.lake.plans import Plan
    from trailmere.lake.records import Condition
    from trailmere.lake.view import TableView


def plan(
    view: TableView,
    plan_of: Callable[[int], Plan],
    store_id: str,
    conditions: Sequence[Condition],
    at: datetime | int | None,
) -> ScanPlan:
    """The files of the present snapshot, or of the one that ``at`` names, that can hold matching rows.

    ``plan_of`` gives the plan of a snapshot. Raises SnapshotNotFound.
    """
    snapshot = view.find(at)
    if snapshot is None:
        return ScanPlan(store_id, None, None, (), 0, 0, 0, tuple(conditions))
    files = plans.select(plan_of(snapshot.id), conditions)
    totals = snapshot.totals()
    return ScanPlan(
        store_id=store_id,
        snapshot_id=snapshot.id,
        snapshot_time=snapshot.time,
        files=files,
        total_files=totals["files"],
        total_bytes=totals["bytes"],
        total_rows=totals["rows"],
        conditions=tuple(conditions),
    )
