"""The time range of a page and the zone in which it shows times: read from the URL, written into links.

``range=24h`` is relative to now, ``range=2026-05-01T10:00:00Z..2026-05-01T11:00:00Z`` is not. Times without a zone are
of the page's zone; stored times are UTC.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from trailmere.errors import InvalidParameter

DEFAULT = "7d"
PRESETS = {
    "15m": "Last 15 minutes",
    "1h": "Last hour",
    "6h": "Last 6 hours",
    "24h": "Last 24 hours",
    "7d": "Last 7 days",
    "30d": "Last 30 days",
    "90d": "Last 90 days",
    "365d": "Last year",
    "all": "All time",
}
_RELATIVE = re.compile(r"([1-9][0-9]{0,4})([mhdw])", re.ASCII)
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
# the longest span with a point every so often: about a hundred points in a chart
_STEPS = (
    (timedelta(hours=3), "minute"),
    (timedelta(days=5), "hour"),
    (timedelta(days=400), "day"),
    (timedelta(days=3000), "week"),
)


@dataclass(frozen=True, slots=True)
class TimeRange:
    """From ``start`` to before ``end``, both UTC. ``text`` is what stands in the URL, ``label`` what people read."""

    start: datetime
    end: datetime
    text: str
    label: str

    @property
    def period(self) -> str:
        """The unit of ``date_trunc`` that suits a chart of the range."""
        return next((unit for span, unit in _STEPS if self.end - self.start <= span), "month")

    def condition(self, column: str = "eventTime") -> str:
        """The range as a condition of SQL."""
        return f"{column} >= '{_sql(self.start)}' AND {column} < '{_sql(self.end)}'"


def read_range(text: str, now: datetime, zone: tzinfo = UTC) -> TimeRange:
    """The range that a text means; now is the end of its minute, so that what is asked again is the same question.

    Raises InvalidParameter.
    """
    now = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    if text == "all":
        return TimeRange(EARLIEST, now + timedelta(days=1), text, PRESETS[text])
    if relative := _RELATIVE.fullmatch(text):
        span = min(int(relative[1]) * _UNITS[relative[2]], now - EARLIEST)
        return TimeRange(now - span, now, text, PRESETS.get(text, f"Last {text}"))
    start, dots, end = text.partition("..")
    if not dots:
        raise InvalidParameter(f"expected a time range such as 24h, 7d or START..END, got {text[:100]!r}")
    since, until = _moment(start, zone), _moment(end, zone) if end else now
    if since >= until:
        raise InvalidParameter(f"expected a range that ends after it begins, got {text[:100]!r}")
    return TimeRange(
        since, until, text, f"{since.astimezone(zone):%Y-%m-%d %H:%M} to {until.astimezone(zone):%Y-%m-%d %H:%M}"
    )


def around(moment: datetime, minutes: int = 5) -> str:
    """The text of the range of so many minutes before and after a moment."""
    span = timedelta(minutes=minutes)
    return f"{_sql(moment - span)}..{_sql(moment + span)}"


def read_zone(name: str) -> tzinfo:
    """The zone of this name, UTC for none that there is."""
    try:
        return ZoneInfo(name) if name and name != "UTC" else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def _moment(text: str, zone: tzinfo) -> datetime:
    try:
        read = datetime.fromisoformat(text.strip())
        return (read if read.tzinfo else read.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidParameter(f"expected a time such as 2026-05-01T10:00:00Z, got {text[:100]!r}") from None


def _sql(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
