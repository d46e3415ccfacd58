"""Back through time in windows that grow: the latest events of a store cost no more where the store is large.

What is asked for is mostly near the end. A first window is as long as it must be for its files to hold some rows (the
plan tells, nothing is read); each one after it is longer and fuller. Who walks decides when it is enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from trailmere.lake.records import Condition

if TYPE_CHECKING:
    from trailmere.lake.vault import Lake

FIRST_SPAN = timedelta(hours=1)
FIRST_ROWS = 20_000  # that the files of a first window hold, at least
GROWTH = 8
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)  # the smallest step of a time

Window = tuple[datetime, datetime]
RowsBetween = Callable[[datetime, datetime], int]


def windows_back(
    rows_between: RowsBetween,
    earliest: datetime,
    latest: datetime,
    *,
    rows: int = FIRST_ROWS,
    most: Callable[[], int] | None = None,
) -> Iterator[Window]:
    """Windows of time from the latest back, both ends included; each longer and fuller than the one before.

    ``rows``: that the first one holds, at least; ``most``: how many the next one may hold, asked before each, for
    whoever has little time. A file is not divided: a window can hold more than it should.
    """
    last, span, enough = latest, FIRST_SPAN, rows
    while last >= earliest:
        first, allowed = _before(last, span, earliest), None if most is None else most()
        while first > earliest and rows_between(first, last) < (enough if allowed is None else min(enough, allowed)):
            span *= GROWTH
            first = _before(last, span, earliest)
        while allowed is not None and span > FIRST_SPAN and rows_between(first, last) > allowed:
            span /= 2
            first = _before(last, span, earliest)
        yield first, last
        last, span, enough = first - INSTANT, span * GROWTH, enough * GROWTH


def rows_between(lake: Lake, store_ids: Sequence[str], first: datetime, last: datetime) -> int:
    """Rows of the files that can hold events of a window."""
    bounds = (Condition("eventtime", ">=", _naive(first)), Condition("eventtime", "<=", _naive(last)))
    return sum(file.rows for store_id in store_ids for file in lake.scan(store_id, bounds).files)


def _before(last: datetime, span: timedelta, earliest: datetime) -> datetime:
    return last - span if last - earliest > span else earliest


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
