"""The bars of the timeline: counts by hour become as many bars as fit, and none is missing where nothing happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trailmere.web.ranges import TimeRange

_SPANS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(7)}
_FITS = (("hour", timedelta(days=5)), ("day", timedelta(days=400)), ("week", timedelta(days=3000)))
MOST = 500  # bars


@dataclass(frozen=True, slots=True)
class Bucket:
    """From ``start`` to before ``end``."""

    start: datetime
    end: datetime
    succeeded: int
    failed: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """Bars without a gap, each of one ``unit``."""

    buckets: list[Bucket]
    unit: str


def buckets(counts: Mapping[datetime, Counter[str]], range: TimeRange, unit: str, reached: datetime | None) -> Drawn:
    """The bars of a range; of all time and of decades, those from the first event to the last, in a unit that fits."""
    if not counts:
        return Drawn([], unit)
    first, last = min(counts), max(counts)
    if range.text == "all":
        unit = next((name for name, span in _FITS if last - first <= span), "month")
    elif unit != "month":  # a range of decades is mostly empty
        first, last = max(range.start, reached or range.start), range.end - timedelta(microseconds=1)
    sums: dict[datetime, Counter[str]] = {}
    for moment, many in counts.items():
        sums.setdefault(floor(moment, unit), Counter()).update(many)
    bars: list[Bucket] = []
    at = floor(first, unit)
    while at <= last and len(bars) < MOST:
        many, end = sums.get(at, Counter()), following(at, unit)
        bars.append(Bucket(at, end, many["succeeded"], many["failed"]))
        at = end
    return Drawn(bars, unit)


def floor(moment: datetime, unit: str) -> datetime:
    """The beginning of the unit that a moment is in, UTC; weeks begin on Mondays, as ``date_trunc`` has it."""
    utc = moment.astimezone(UTC).replace(second=0, microsecond=0)
    if unit == "minute":
        return utc
    if unit == "hour":
        return utc.replace(minute=0)
    day = utc.replace(hour=0, minute=0)
    if unit == "week":
        return day - timedelta(days=day.weekday())
    return day if unit == "day" else day.replace(day=1)


def following(moment: datetime, unit: str) -> datetime:
    """The beginning of the next unit."""
    if unit == "month":
        return (moment + timedelta(days=32)).replace(day=1)
    return moment + _SPANS[unit]
