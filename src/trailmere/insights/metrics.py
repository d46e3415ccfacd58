"""The events of one API by the minute, five minutes or hour, as ListInsightsMetricData gives them.

Source: CloudTrail API reference, ListInsightsMetricData.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from trailmere.errors import InvalidParameter, InvalidTimeRange
from trailmere.insights.counts import COUNTED, EPOCH, ERROR_RATE, moment
from trailmere.query.quoting import literal
from trailmere.query.results import rows

if TYPE_CHECKING:
    from trailmere.query.service import QueryService

AVAILABLE = {60: timedelta(days=15), 300: timedelta(days=63), 3600: timedelta(days=90)}  # seconds -> how far back


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which data points: from ``start`` to before ``end``, one every ``period`` seconds. ``zeros``: those without
    events, too."""

    event_source: str
    event_name: str
    insight_type: str
    error_code: str | None
    period: int
    start: datetime
    end: datetime
    zeros: bool = False


def check(wanted: Wanted, now: datetime) -> None:
    """Raises InvalidParameter, InvalidTimeRange."""
    if wanted.period not in AVAILABLE:
        raise InvalidParameter(f"expected a Period of {', '.join(map(str, AVAILABLE))} seconds, got {wanted.period}")
    if wanted.start >= wanted.end:
        raise InvalidTimeRange("expected StartTime before EndTime")
    if wanted.insight_type == ERROR_RATE and wanted.error_code is None:
        raise InvalidParameter(f"expected ErrorCode, which {ERROR_RATE} needs")


def points(
    service: QueryService, stores: Sequence[str], wanted: Wanted, *, after: datetime | None, limit: int, now: datetime
) -> tuple[list[tuple[datetime, int]], bool]:
    """At most ``limit`` data points later than ``after``, in order of time, and whether more follow.

    Each is the beginning of its period and the number of events in it; one that several stores hold counts once. Those
    from before the period's data are kept (15, 63 or 90 days) are left out.
    """
    check(wanted, now)
    step = timedelta(seconds=wanted.period)
    earliest = max(wanted.start, now - AVAILABLE[wanted.period], after + step if after else wanted.start)
    first = EPOCH + -(-(earliest - EPOCH) // step) * step
    if first >= wanted.end or not stores:
        return [], False
    found = list(_counted(service, stores, wanted, first, limit + 1))
    if not wanted.zeros:
        return found[:limit], len(found) > limit
    counts, total = dict(found), -(-(wanted.end - first) // step)
    times = [first + number * step for number in range(min(total, limit))]
    return [(time, counts.get(time, 0)) for time in times], total > limit


def _counted(
    service: QueryService, stores: Sequence[str], wanted: Wanted, first: datetime, limit: int
) -> Iterator[tuple[datetime, int]]:
    """Periods with events."""
    conditions = [
        f"eventtime >= {moment(first)} AND eventtime < {moment(wanted.end)} AND {COUNTED[wanted.insight_type]}",
        f"eventsource = {literal(wanted.event_source)} AND eventname = {literal(wanted.event_name)}",
        *([f"errorcode = {literal(wanted.error_code or '')}"] if wanted.insight_type == ERROR_RATE else ()),
    ]
    period = f"CAST(floor(to_unixtime(eventtime) / {wanted.period}) AS bigint)"
    where = " AND ".join(conditions)
    parts = [f'SELECT {period} AS part, eventid FROM "{store}" WHERE {where}' for store in stores]  # noqa: S608 - quoted
    sql = (
        f"SELECT part, count(DISTINCT eventid) FROM ({' UNION ALL '.join(parts)}) "  # noqa: S608 - as above
        f"GROUP BY 1 ORDER BY 1 LIMIT {limit}"
    )
    answer = service.run(sql)
    try:
        for part, count in rows(answer):
            yield EPOCH + timedelta(seconds=int(str(part)) * wanted.period), int(str(count))
    finally:
        answer.close()
