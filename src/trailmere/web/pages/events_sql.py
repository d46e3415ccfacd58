"""The SQL of the history, in parts: bounds in time, places in the list, counts. Values stand in it as literals only."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trailmere.query.quoting import literal
from trailmere.web.pages import events_columns as columns

if TYPE_CHECKING:
    from trailmere.web.pages.events_asked import Place

# an event without an id, or with an id that another one has, is told by its place in its delivery
ID = (
    "CASE WHEN eventid IS NULL OR eventidconflict THEN concat(COALESCE(eventid, ''), '~', deliveryid, ':', "
    "CAST(deliveryordinal AS varchar)) ELSE eventid END"
)
UNION = " UNION ALL "
FAILED = "({code} IS NOT NULL OR {message} IS NOT NULL)"


def moment(when: datetime) -> str:
    """A time in SQL."""
    return f"TIMESTAMP '{when.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}'"


def bounds(first: datetime, last: datetime) -> str:
    """From a time to another, both included."""
    return f"eventtime >= {moment(first)} AND eventtime <= {moment(last)}"


def earlier(place: Place) -> str:
    """What comes after a place of a list that is newest first."""
    when = moment(place.time)
    return f"eventtime <= {when} AND (eventtime < {when} OR {ID} < {literal(place.id)})"


def later(place: Place) -> str:
    """What comes before it."""
    when = moment(place.time)
    return f"(eventtime > {when} OR {ID} > {literal(place.id)})"


def moments(unit: str, family: str) -> list[str]:
    """The unit of time that an event is in, and whether it failed."""
    failed = FAILED.format(
        code=columns.expression("errorCode", family), message=columns.expression("errorMessage", family)
    )
    return [f"date_trunc('{unit}', eventtime) AS moment", f"{failed} AS failed"]


def most_frequent(part: str, many: int, top: int, each: str) -> str:
    """The most frequent values of each of so many columns ``f0`` ..., from one reading."""
    names = [f"f{at}" for at in range(many)]
    which = " ".join(f"WHEN {name} IS NOT NULL THEN {at}" for at, name in enumerate(names))
    sets = ", ".join(f"({name})" for name in names)
    value = f"COALESCE({', '.join(names)}, '')" if many > 1 else f"COALESCE({names[0]}, '')"
    grouped = f"SELECT {', '.join(names)}, {each} AS many FROM ({part}) GROUP BY GROUPING SETS ({sets})"  # noqa: S608
    named = f"SELECT CASE {which} END AS which, {value} AS value, many FROM ({grouped})"  # noqa: S608
    placed = f"SELECT which, value, many, row_number() OVER (PARTITION BY which ORDER BY many DESC, value) AS place FROM ({named})"  # noqa: S608, E501
    return f"SELECT which, value, many, place FROM ({placed}) WHERE place <= {top}"  # noqa: S608
