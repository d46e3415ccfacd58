"""The values that a refresh gives to the names in widgets: checked, and those that were not given.

Source: CloudTrail API reference, StartDashboardRefresh (``$StartTime$``, ``$EndTime$``, ``$Period$``; managed
dashboards have ``$EventDataStoreId$`` too).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from trailmere.dashboards.records import END, PERIOD, START, STORE
from trailmere.errors import InvalidParameter

PERIODS = ("second", "minute", "hour", "day", "week", "month", "quarter", "year")  # date_trunc's
SPAN = timedelta(hours=24)  # where no time is given
# the longest span of time with a point a minute, an hour; longer ones have one a day
FINEST = ((timedelta(hours=6), "minute"), (timedelta(days=14), "hour"))


def completed(given: Mapping[str, str], now: datetime, *, needs_store: bool) -> dict[str, str]:
    """All names with their values. Raises InvalidParameter for other names, times that are none or end before they
    begin, and where a managed dashboard is not told its store."""
    known = (STORE, START, END, PERIOD) if needs_store else (START, END, PERIOD)
    if unknown := sorted(set(given) - set(known)):
        raise InvalidParameter(f"expected values of {', '.join(known)}, got one of {unknown[0]}")
    if needs_store and STORE not in given:
        raise InvalidParameter(f"expected a value of {STORE}: the event data store that a managed dashboard shows")
    end = _time(given, END) or now
    start = _time(given, START) or end - SPAN
    if start >= end:
        raise InvalidParameter(f"expected {START} before {END}, got {start.isoformat()} and {end.isoformat()}")
    period = given.get(PERIOD, next((name for span, name in FINEST if end - start <= span), "day"))
    if period not in PERIODS:
        raise InvalidParameter(f"expected a {PERIOD} of {', '.join(PERIODS)}, got {period!r}")
    return {**given, START: given.get(START, _text(start)), END: given.get(END, _text(end)), PERIOD: period}


def filled(parameters: Sequence[str], values: Mapping[str, str]) -> tuple[str, ...]:
    """A widget's parameters with the values of their names. Raises InvalidParameter for a name without one."""
    for one in parameters:
        if len(one) > 2 and one[0] == one[-1] == "$" and one not in values:
            raise InvalidParameter(f"expected one of {', '.join(values)} or a value as parameter, got {one}")
    return tuple(values.get(one, one) for one in parameters)


def _time(given: Mapping[str, str], name: str) -> datetime | None:
    text = given.get(name)
    if text is None:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidParameter(f"expected a time such as 2026-05-01T10:45:24.00Z as {name}, got {text!r}") from None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
