"""The history: events of several stores as one list, newest first, and counts over it. Each event counts once.

Everything walks back through time in windows (``query.walking``) and ends when it has enough, or when its time is up;
then it says how far it came. Statements run as the person's own.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from trailmere.query.results import rows as rows_of
from trailmere.query.walking import EARLIEST, FIRST_ROWS, INSTANT, rows_between, windows_back
from trailmere.web.pages import events_columns as columns
from trailmere.web.pages.events_asked import Asked, Place
from trailmere.web.pages.events_sql import ID, UNION, bounds, earlier, later, moments, most_frequent

if TYPE_CHECKING:
    from trailmere.registry.stores import EventDataStore
    from trailmere.web.visit import Visit

SECONDS = 4.0  # that a list or a count may take, about
COUNTED_ROWS = 1_000_000  # of a first window of a count
A_SECOND_READS = 2_000_000  # rows, until it is known better
A_SECOND_READS_TEXT = 200_000  # where the text of records is searched
AROUND = 2_000  # characters of a statement around the union over the stores

Row = Sequence[Any]


@dataclass(slots=True)
class Seen:
    """An event of the list: values by path, and the stores that hold it."""

    time: datetime
    id: str
    values: dict[str, str | None]
    stores: list[str] = field(default_factory=list)

    @property
    def place(self) -> Place:
        """Where it is in the list."""
        return Place(self.time, self.id)


@dataclass(frozen=True, slots=True)
class Found:
    """A page. ``following``: where the next one begins; ``reached``: how far back was searched where time was up."""

    events: list[Seen]
    following: Place | None = None
    reached: datetime | None = None


@dataclass(slots=True)
class Counts:
    """``reached``: how far back was counted, where time was up."""

    by: dict[Any, Counter[str]] = field(default_factory=dict)
    reached: datetime | None = None


class History:
    """What a person asks of the events of stores."""

    def __init__(self, visit: Visit, asked: Asked, clock: Callable[[], float] = time.monotonic) -> None:
        self._visit = visit
        self._clock = clock
        self._text = bool(asked.text)
        made = [(store, asked.condition(store.family)) for store in asked.stores]
        self._searched = [(store, condition) for store, condition in made if condition != "FALSE"]

    def page(
        self,
        paths: Sequence[str],
        start: datetime,
        end: datetime,
        *,
        limit: int,
        after: Place | None = None,
        seconds: float = SECONDS,
        enough: int | None = None,
    ) -> Found:
        """The latest events from ``start`` to before ``end`` that come after a place of the list; ``enough``: so many
        are as good as a whole page."""
        last = end - INSTANT if after is None else min(end - INSTANT, after.time)
        found: dict[Place, Seen] = {}
        walk = self._walk(start, last, seconds, FIRST_ROWS)
        reached = None
        for first, until, is_last in walk:
            for event in self._latest(paths, first, until, after, limit + 1 - len(found)):
                found.setdefault(event.place, event)
            if len(found) > limit or (enough is not None and len(found) >= enough):
                break
            reached = first if is_last and first > start else None
        events = list(found.values())
        following = events[limit - 1].place if len(events) > limit else None
        return Found(events[:limit], following, reached)

    def next_after(self, paths: Sequence[str], place: Place, end: datetime, seconds: float = SECONDS) -> Seen | None:
        """The first event after a place: forward in windows that grow, until the time is up."""
        first, span, began = place.time, timedelta(hours=1), self._clock()
        while first < end and self._clock() - began < seconds:
            last = min(first + span, end)
            condition = later(place) if first == place.time else "TRUE"
            found = self._run(paths, f"{bounds(first, last)} AND {condition}", "ASC", 1) if self._searched else []
            if found:
                return found[0]
            first, span = last + INSTANT, span * 8
        return None

    def facets(self, paths: Sequence[str], start: datetime, end: datetime, *, top: int, seconds: float) -> Counts:
        """How often the values of each path occur: the ``top`` of each in every window, and their sum."""
        counts = Counts({path: Counter() for path in paths})
        for first, last, is_last in self._walk(start, end - INSTANT, seconds, COUNTED_ROWS):
            for part in self._statements(
                lambda family: [
                    f"COALESCE({columns.expression(path, family)}, '') AS f{at}" for at, path in enumerate(paths)
                ],
                bounds(first, last),
            ):
                for which, value, many, _place in self._rows(most_frequent(part, len(paths), top, self._each())):
                    counts.by[paths[which]][value] += many
            counts.reached = first if is_last and first > start else None
        return counts

    def timeline(self, unit: str, start: datetime, end: datetime, seconds: float) -> Counts:
        """Time of a unit -> how many succeeded and failed."""
        counts = Counts()
        for first, last, is_last in self._walk(start, end - INSTANT, seconds, COUNTED_ROWS):
            for part in self._statements(partial(moments, unit), bounds(first, last)):
                sql = f"SELECT moment, failed, {self._each()} AS many FROM ({part}) GROUP BY 1, 2"  # noqa: S608 - literals are quoted
                for moment, failed, many in self._rows(sql):
                    key = datetime.fromisoformat(moment).replace(tzinfo=UTC)
                    counts.by.setdefault(key, Counter())["failed" if failed else "succeeded"] += many
            counts.reached = first if is_last and first > start else None
        return counts

    def keys(self, maps: Sequence[str], start: datetime, end: datetime) -> dict[str, list[str]]:
        """Keys of maps that the latest events of the range have."""
        found: dict[str, set[str]] = {name: set() for name in maps}
        for first, last, _ in self._walk(start, end - INSTANT, 0, FIRST_ROWS):
            for name in maps:
                parts = [
                    f'SELECT key FROM "{store.id}" CROSS JOIN UNNEST(map_keys({reached.sql})) AS t(key) '  # noqa: S608
                    f"WHERE {bounds(first, last)} AND {condition}"
                    for store, condition in self._searched
                    if (reached := columns.reach(name, store.family)) is not None
                ]
                for chunk in self._chunks(parts):
                    sql = f"SELECT DISTINCT key FROM ({UNION.join(chunk)}) ORDER BY 1 LIMIT 300"  # noqa: S608
                    found[name].update(key for (key,) in self._rows(sql))
            break
        return {name: sorted(keys) for name, keys in found.items()}

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _walk(
        self, start: datetime, last: datetime, seconds: float, rows: int
    ) -> Iterator[tuple[datetime, datetime, bool]]:
        """Windows back, and whether a window is the last one: there are no more, or the time is up by then."""
        if not self._searched:
            return
        ids = [store.id for store, _ in self._searched]
        counted = partial(rows_between, self._visit.app.lake, ids)
        began, read = self._clock(), 0
        usual = A_SECOND_READS_TEXT if self._text else A_SECOND_READS

        def most() -> int:
            took = self._clock() - began
            rate = usual if not read else max(usual / 10, read / max(took, 0.01))
            return max(FIRST_ROWS, int(rate * max(seconds - took, 0.25)))

        for first, until in windows_back(counted, max(start, EARLIEST), last, rows=rows, most=most):
            read += counted(first, until)
            is_last = first <= max(start, EARLIEST) or self._clock() - began >= seconds
            yield first, until, is_last
            if is_last:
                return

    def _latest(
        self, paths: Sequence[str], first: datetime, last: datetime, after: Place | None, count: int
    ) -> list[Seen]:
        condition = "TRUE" if after is None else earlier(after)
        return self._run(paths, f"{bounds(first, last)} AND {condition}", "DESC", count)

    def _run(self, paths: Sequence[str], within: str, order: str, count: int) -> list[Seen]:
        """Events of all stores in order. Where several stores hold one, the first of them is read."""
        found: dict[Place, Seen] = {}
        names = {number: store.name for number, (store, _) in enumerate(self._searched)}

        def chosen(family: str) -> list[str]:
            return [f"{columns.expression(path, family)} AS c{at}" for at, path in enumerate(paths)]

        for part in self._statements(chosen, within, always_id=True):
            limit = count * len(self._searched)  # an event may be in every store, and counts once
            sql = f"SELECT * FROM ({part}) ORDER BY 1 {order}, 2 {order}, 3 LIMIT {limit}"  # noqa: S608 - as above
            for moment, id, number, *values in self._rows(sql):
                when = datetime.fromisoformat(moment).replace(tzinfo=UTC)
                event = found.setdefault(Place(when, id), Seen(when, id, dict(zip(paths, values, strict=True))))
                event.stores.append(names[number])
        inorder = sorted(found.values(), key=lambda one: (one.time, one.id), reverse=order == "DESC")
        return inorder[:count]

    def _each(self) -> str:
        """What counts an event once."""
        return "COUNT(DISTINCT id)" if len(self._searched) > 1 else "COUNT(*)"

    def _statements(
        self, chosen: Callable[[str], Sequence[str]], within: str, *, always_id: bool = False
    ) -> Iterator[str]:
        """The union over the stores, in as many parts as the length of a statement asks for."""
        parts = []
        for number, (store, condition) in enumerate(self._searched):
            names = ["eventtime", f"{ID} AS id", f"{number} AS store"] if always_id else []
            names += [f"{ID} AS id"] if len(self._searched) > 1 and not always_id else []
            sql = (
                f'SELECT {", ".join([*names, *chosen(store.family)])} FROM "{store.id}" WHERE {within} AND {condition}'  # noqa: S608
            )
            parts.append(sql)
        for chunk in self._chunks(parts):
            yield UNION.join(chunk)

    def _chunks(self, parts: Sequence[str]) -> Iterator[list[str]]:
        """Parts of a union, as many to a statement as its length allows."""
        most, chunk = self._visit.app.settings.query_characters - AROUND, list[str]()
        for part in parts:
            if chunk and len(UNION.join([*chunk, part])) > most:
                yield chunk
                chunk = []
            chunk.append(part)
        if chunk:
            yield chunk

    def _rows(self, sql: str) -> Iterator[Row]:
        answer = self._visit.run(sql)
        try:
            yield from rows_of(answer)
        finally:
            answer.close()


def latest_time(visit: Visit, asked: Asked, seconds: float = 1.5) -> datetime | None:
    """When the latest event is that is asked for, of any time."""
    found = History(visit, asked).page((), EARLIEST, ever(visit), limit=1, seconds=seconds)
    return found.events[0].time if found.events else None


def ever(visit: Visit) -> datetime:
    """A time after which there are no events."""
    return visit.request.arrived + timedelta(days=1)


def store_named(stores: Sequence[EventDataStore], name: str) -> EventDataStore | None:
    """The store of this name."""
    return next((one for one in stores if one.name == name), None)
