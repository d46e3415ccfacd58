"""Which files a question has to read: one snapshot, minus the files that the conditions rule out, by the bounds of
their columns or, for an eventID, by the event index.

Planning may only leave out what cannot match. A condition that cannot be used (an unknown column, a value of another
type) is passed over: the engine filters the rows anyway. No SQL here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trailmere.lake import plans
from trailmere.lake.records import ScanPlan

EVENT_ID = "eventid"

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from trailmere.lake.plans import Plan
    from trailmere.lake.records import Condition, PlannedFile
    from trailmere.lake.view import TableView
    from trailmere.lake.whereabouts import Whereabouts


def plan(
    view: TableView,
    plan_of: Callable[[int], Plan],
    whereabouts: Callable[[], Whereabouts],
    store_id: str,
    conditions: Sequence[Condition],
    at: datetime | int | None,
) -> ScanPlan:
    """The files of the present snapshot, or of the one that ``at`` names, that can hold matching rows.

    ``plan_of`` gives the plan of a snapshot, ``whereabouts`` those of the store's events. Raises SnapshotNotFound.
    """
    snapshot = view.find(at)
    if snapshot is None:
        return ScanPlan(store_id, None, None, (), 0, 0, 0, tuple(conditions))
    files = _with_events(plans.select(plan_of(snapshot.id), conditions), conditions, whereabouts)
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


def _with_events(
    files: tuple[PlannedFile, ...], conditions: Sequence[Condition], whereabouts: Callable[[], Whereabouts]
) -> tuple[PlannedFile, ...]:
    """Those of the files in which the events can lie that the conditions name by their ids."""
    for condition in conditions:
        if len(files) > 1 and condition.column == EVENT_ID and (ids := _named(condition)):
            can_hold = whereabouts().of(ids)
            if can_hold is not None:
                files = tuple(file for file in files if can_hold(file.path))
    return files


def _named(condition: Condition) -> list[str]:
    """The values that the column must have one of; none where the condition is of another kind."""
    if condition.operator == "=":
        values: Sequence[object] = (condition.value,)
    elif condition.operator == "in" and isinstance(condition.value, tuple | list | set | frozenset):
        values = tuple(condition.value)
    else:
        return []
    named = [value for value in values if isinstance(value, str)]
    return named if len(named) == len(values) else []
