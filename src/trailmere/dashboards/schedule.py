"""When is a dashboard due? A schedule and the time in, the next time out.

Source: CloudTrail API reference, RefreshSchedule: 1, 6, 12 or 24 hours, or 1 day; ``TimeOfDay`` in UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from trailmere.errors import InvalidParameter

if TYPE_CHECKING:
    from trailmere.registry.dashboards import Schedule

FREQUENCIES = {"HOURS": (1, 6, 12, 24), "DAYS": (1,)}
_TIME_OF_DAY = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)
_MIDNIGHT = datetime(1970, 1, 1, tzinfo=UTC)


def checked(schedule: Schedule) -> Schedule:
    """The schedule. Raises InvalidParameter for one that AWS does not have."""
    if schedule.value not in FREQUENCIES.get(schedule.unit, ()):
        known = " or ".join(f"{', '.join(map(str, values))} {unit}" for unit, values in FREQUENCIES.items())
        raise InvalidParameter(f"expected a frequency of {known}, got {schedule.value} {schedule.unit}")
    if schedule.time_of_day is not None and not _TIME_OF_DAY.fullmatch(schedule.time_of_day):
        raise InvalidParameter(f"expected a time of day of 00:00 to 23:59, got {schedule.time_of_day!r}")
    return schedule


def following(schedule: Schedule | None, now: datetime) -> datetime | None:
    """When it is due after ``now``; None where it is off. It counts from its time of day, midnight without one."""
    if schedule is None or not schedule.enabled:
        return None
    step = timedelta(hours=schedule.value) if schedule.unit == "HOURS" else timedelta(days=schedule.value)
    hours, minutes = (int(part) for part in (schedule.time_of_day or "00:00").split(":"))
    first = _MIDNIGHT + timedelta(hours=hours, minutes=minutes)
    return first + ((now - first) // step + 1) * step
