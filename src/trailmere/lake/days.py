"""The days of a store: how many rows, files and bytes each has, told by the bounds of its files and nothing else.

Data files hold rows of one day each, so that this is exact without a row being read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

_COLUMNS = ("eventtime:low", "eventtime:high", "rows", "size")


@dataclass(frozen=True, slots=True)
class StoredDay:
    """One day of eventTime, UTC. ``first`` and ``last`` are naive UTC."""

    day: date
    rows: int
    files: int
    bytes: int
    first: datetime
    last: datetime


def of_plan(plan: pa.Table) -> tuple[StoredDay, ...]:
    """The days of a plan (``lake.plans``), oldest first. Files whose bounds are not known are left out."""
    found: dict[date, StoredDay] = {}
    for low, high, rows, size in zip(*(plan.column(name).to_pylist() for name in _COLUMNS), strict=True):
        if low is None or high is None:
            continue
        low, high = low.replace(tzinfo=None), high.replace(tzinfo=None)
        known = found.get(low.date(), StoredDay(low.date(), 0, 0, 0, low, high))
        found[low.date()] = replace(
            known,
            rows=known.rows + rows,
            files=known.files + 1,
            bytes=known.bytes + size,
            first=min(known.first, low),
            last=max(known.last, high),
        )
    return tuple(found[day] for day in sorted(found))
