"""Points in time as users write them, and arithmetic on them.

CloudTrail Lake compares ``eventTime`` with plain strings, which Trino refuses. Every form ends as a naive UTC
timestamp constant of the column's own type; a constant of another type would cost the use of file statistics.
"""

from __future__ import annotations

import calendar
import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from trailmere.query.dialect.values import Interval

ACCEPTED = (
    "'2024-05-01 00:00:00', '2024-05-01 00:00:00.000', '2024-05-01', '2024-05-01T00:00:00Z' "
    "or '2024-05-01T00:00:00+02:00'"
)

_FORM = re.compile(
    r"""\s*(?P<date>\d{4}-\d{1,2}-\d{1,2})
        (?:[T\ ]\s*(?P<hour>\d{1,2}):(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?:[.,](?P<fraction>\d{1,12}))?)?)?
        \s*(?P<zone>Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?|[A-Za-z]+/[A-Za-z_/]+)?\s*""",
    re.VERBOSE,
)

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
UNITS = ("millisecond", *_SECONDS, *_MONTHS)


def parse_time(text: str) -> datetime | None:
    """The naive UTC time that the text names, to the microsecond, or None where it names none.

    A time without a zone is UTC. Digits beyond microseconds are cut, as CloudTrail Lake's columns hold no more.
    """
    match = _FORM.fullmatch(text)
    if not match:
        return None
    year, month, day_of_month = (int(part) for part in match["date"].split("-"))
    fraction = (match["fraction"] or "").ljust(6, "0")[:6]
    try:
        moment = datetime(
            year,
            month,
            day_of_month,
            int(match["hour"] or 0),
            int(match["minute"] or 0),
            int(match["second"] or 0),
            int(fraction),
        )
        return _to_utc(moment, match["zone"] or "")
    except (ValueError, OverflowError):
        return None


def _to_utc(moment: datetime, zone: str) -> datetime | None:
    if "/" in zone:
        try:
            return naive_utc(moment.replace(tzinfo=ZoneInfo(zone)))
        except (ZoneInfoNotFoundError, OSError):
            return None
    if zone[:1] not in ("+", "-"):
        return moment
    digits = zone[1:].replace(":", "").ljust(4, "0")
    size = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return moment + size if zone[0] == "-" else moment - size


def parse_interval(amount: str, unit: str) -> Interval | None:
    """``INTERVAL '2' DAY``; None where amount or unit cannot be read."""
    unit = unit.lower().removesuffix("s")
    try:
        count = int(amount)
        if unit in _MONTHS:
            if abs(count) * _MONTHS[unit] >= 2**31:
                return None
            return Interval(months=count * _MONTHS[unit])
        if unit == "millisecond":
            return Interval(duration=timedelta(milliseconds=count))
        if unit in _SECONDS:
            return Interval(duration=timedelta(seconds=count * _SECONDS[unit]))
    except (ValueError, OverflowError):
        return None
    return None


def add(moment: datetime, interval: Interval) -> datetime | None:
    """``moment + interval``; months keep the day or take the month's last one. None out of range."""
    months = moment.year * 12 + moment.month - 1 + interval.months
    year, month = divmod(months, 12)
    try:
        last = calendar.monthrange(year, month + 1)[1]
        return moment.replace(year=year, month=month + 1, day=min(moment.day, last)) + interval.duration
    except (ValueError, OverflowError):
        return None


def truncate(moment: datetime, unit: str) -> datetime | None:
    """``date_trunc(unit, moment)``; weeks begin on Monday (ISO 8601). None for an unknown unit."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    match unit.lower():
        case "millisecond":
            return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
        case "second":
            return moment.replace(microsecond=0)
        case "minute":
            return moment.replace(second=0, microsecond=0)
        case "hour":
            return moment.replace(minute=0, second=0, microsecond=0)
        case "day":
            return midnight
        case "week":
            return midnight - timedelta(days=moment.weekday())
        case "month":
            return midnight.replace(day=1)
        case "quarter":
            return midnight.replace(month=(moment.month - 1) // 3 * 3 + 1, day=1)
        case "year":
            return midnight.replace(month=1, day=1)
    return None


def naive_utc(moment: datetime) -> datetime:
    """The moment as naive UTC; one without a zone is taken as UTC already."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def is_zone(name: str) -> bool:
    """Is it the name of a time zone?"""
    try:
        return bool(name) and ZoneInfo(name) is not None
    except (ZoneInfoNotFoundError, OSError, ValueError):
        return False


def as_date(text: str) -> date | None:
    """The date that the text names, or None."""
    moment = parse_time(text)
    return moment.date() if moment else None
