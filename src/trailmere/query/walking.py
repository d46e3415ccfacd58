"""Back through time in windows that grow: the latest events of a store cost no more where the store is large.

What is asked for is mostly near the end. A first window is as long as it must be for its files to hold some rows (the
plan tells, nothing is read); each one after it is fuller. Who walks decides when it is enough.
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
    """Windows of time from the latest back, both ends included; each fuller than the one before.

    ``rows``: that the first one holds, about; ``most``: how many the next one may hold, asked before each, for whoever
    has little time. A file is not divided: a window can hold more than it should.
    """
    last, span, enough = latest, FIRST_SPAN, rows
    while last >= earliest:
        wanted = enough if most is None else min(enough, most())
        span = _span_of(rows_between, last, earliest, span, wanted)
        first = _before(last, span, earliest)
        yield first, last
        last, span, enough = first - INSTANT, span * GROWTH, enough * GROWTH


def _span_of(rows_between: RowsBetween, last: datetime, earliest: datetime, span: timedelta, wanted: int) -> timedelta:
    """How long a window must be to hold as many rows as are wanted, and not many more: the latest events may be years
    ago, and a long window would then hold all there are."""
    short, long = timedelta(0), span
    while (first := _before(last, long, earliest)) > earliest and rows_between(first, last) < wanted:
        short, long = long, long * GROWTH
    long = min(long, last - earliest)
    while long - short > FIRST_SPAN and rows_between(_before(last, long, earliest), last) > 2 * wanted:
        middle = (short + long) / 2
        if rows_between(_before(last, middle, earliest), last) < wanted:
            short = middle
        else:
            long = middle
    return max(long, INSTANT)


def rows_between(lake: Lake, store_ids: Sequence[str], first: datetime, last: datetime) -> int:
    """Rows of the files that can hold events of a window."""
    bounds = (Condition("eventtime", ">=", _naive(first)), Condition("eventtime", "<=", _naive(last)))
    return sum(file.rows for store_id in store_ids for file in lake.scan(store_id, bounds).files)


def _before(last: datetime, span: timedelta, earliest: datetime) -> datetime:
    return last - span if last - earliest > span else earliest


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
