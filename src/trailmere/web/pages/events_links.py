"""Links of the events pages: the present view with one thing added or taken away, and what leads elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from trailmere.web.pages.events_asked import YEARS
from trailmere.web.ranges import around
from trailmere.web.visit import BASE

if TYPE_CHECKING:
    from trailmere.web.pages.events_asked import Place
    from trailmere.web.visit import Visit

Pair = tuple[str, str]
OF_A_PLACE = ("after", "at", "more", "format")  # what a view is left with when it changes


def view(visit: Visit, *, add: tuple[Pair, ...] = (), drop: tuple[Pair, ...] = (), path: str = "/events") -> str:
    """The list with pairs of its query added or dropped, from its beginning."""
    kept = [pair for pair in visit.query if pair[0] not in OF_A_PLACE and pair not in drop]
    text = urlencode([*kept, *(pair for pair in add if pair not in kept)])
    return f"{BASE}{path}{'?' if text else ''}{text}"


def toggled(visit: Visit, pair: Pair) -> str:
    """The list with a pair where it is without, and without where it has it."""
    return view(visit, drop=(pair,)) if pair in visit.query else view(visit, add=(pair,))


def with_range(visit: Visit, text: str) -> str:
    """The list in another range."""
    given = tuple(pair for pair in visit.query if pair[0] == "range")
    return view(visit, drop=given, add=(("range", text),))


def one(visit: Visit, place: Place) -> str:
    """An event, with the way back to the list."""
    return view(visit, path=f"/events/{quote(place.id, safe='')}", add=(("at", stamp(place.time)),))


def follow(visit: Visit, filters: tuple[str, ...], when: datetime | None = None) -> str:
    """A list of its own by some filters: in the range that is looked at, in all time where that has not the event."""
    outside = when is not None and not visit.range.start <= when < visit.range.end
    given = {"range": "all"} if outside else {}
    return visit.link("/events", *(("f", text) for text in filters), **given)


def five_minutes(visit: Visit, when: datetime, *filters: str) -> str:
    """What else happened at the time. A record may tell any time, also the last that there is."""
    near = "all" if when.year >= YEARS[1] else around(when)
    return visit.link("/events", *(("f", text) for text in filters), range=near)


def stamp(when: datetime) -> str:
    """A time in a URL."""
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
