"""From which accounts and Regions a store hears: how much of late, and in which hours nothing.

An hour without events is no proof of loss: nothing may have happened. It is told where an account and Region is busy
otherwise. Counted over the latest days of data, as many as can be counted quickly; kept until the store changes.
"""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from trailmere.events.layout import parse_key

if TYPE_CHECKING:
    from trailmere.app import App
    from trailmere.lake.days import StoredDay
    from trailmere.registry.records import EventDataStore

MOST_EVENTS = 10_000_000  # that are counted for a page
DAYS = 30
HOUR = timedelta(hours=1)
BUSY_HOURS = 24  # with events or not, from the first to the last: fewer say nothing about an hour without
BUSY_SHARE = 0.5  # of them have events
SILENT_HOURS = 6  # since the last event, and longer than ever before
KEPT = 64
FAMILY = "cloudtrail"

Count = tuple[str, str, datetime, int, datetime]  # account, Region, hour, events, the last of them


@dataclass(frozen=True, slots=True)
class Gap:
    """Hours without any event, from ``start`` on (naive UTC)."""

    start: datetime
    hours: int


@dataclass(frozen=True, slots=True)
class Source:
    """An account and Region in a store. ``day`` and ``week`` are events of the last 24 hours and 7 days of the store's
    data; ``gaps`` are told of busy ones only; ``silent`` are the hours since the last event, where that is unusual."""

    store: str
    account: str
    region: str
    last: datetime
    day: int
    week: int
    busy: bool
    gaps: tuple[Gap, ...] = ()
    silent: int = 0
    delivered: datetime | None = None

    @property
    def quiet_hours(self) -> int:
        """Hours without events, in all."""
        return sum(gap.hours for gap in self.gaps)

    @property
    def longest(self) -> Gap | None:
        """The longest of the gaps."""
        return max(self.gaps, key=lambda gap: gap.hours, default=None)


@dataclass(frozen=True, slots=True)
class Heard:
    """What a store hears, the silent sources first. From ``since`` (naive UTC) on it was counted; None where the last
    day alone has too many events to count them for a page."""

    store: EventDataStore
    newest: datetime | None
    since: datetime | None
    sources: tuple[Source, ...]


class Listener:
    """Hears stores, and remembers what it heard of each snapshot. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, int | None], Heard] = OrderedDict()

    def hear(self, app: App, store: EventDataStore) -> Heard:
        """What a store hears now. Raises LakeError, QueryError."""
        key = (store.id, app.lake.scan(store.id).snapshot_id)
        with self._lock:
            known = self._known.get(key)
        if known is None:
            known = hear(app, store)
            with self._lock:
                self._known[key] = known
                while len(self._known) > KEPT:
                    self._known.popitem(last=False)
        return known


def hear(app: App, store: EventDataStore) -> Heard:
    """What a store hears, counted."""
    days = app.lake.days(store.id) if store.family == FAMILY else ()
    if not days:
        return Heard(store, None, None, ())
    newest, since = days[-1].last, window(days)
    if since is None:
        return Heard(store, newest, None, ())
    counts = _counted(app, store, since)
    return Heard(store, newest, since, sources_of(store.name, counts, newest, _deliveries(app, store)))


def window(days: Sequence[StoredDay]) -> datetime | None:
    """From when on events are counted: 30 days of data, fewer where they have too many events. None: not even one."""
    newest, rows, first = days[-1].last, 0, None
    for day in reversed(days):
        rows += day.rows
        if rows > MOST_EVENTS or newest.date() - day.day > timedelta(days=DAYS):
            break
        first = day.first
    return first


def _counted(app: App, store: EventDataStore, since: datetime) -> list[Count]:
    by = "recipientAccountId, awsRegion, date_trunc('hour', eventTime)"
    when = f"eventTime >= '{since:%Y-%m-%dT%H:%M:%S}Z'"
    sql = f'SELECT {by}, COUNT(*), MAX(eventTime) FROM "{store.id}" WHERE {when} GROUP BY {by}'  # noqa: S608 - ours
    answer = app.queries.run(sql)
    return [row for batch in answer.batches for row in zip(*(one.to_pylist() for one in batch.columns), strict=True)]


def _deliveries(app: App, store: EventDataStore) -> dict[tuple[str, str], datetime]:
    """When a log file of each account and Region was last taken in, among the latest."""
    found: dict[tuple[str, str], datetime] = {}
    for uri, moment in app.lake.places(store.id):
        key = parse_key(uri)
        if key is not None and key.region is not None:
            found.setdefault((key.account, key.region), moment)
    return found


def sources_of(
    store: str, counts: Sequence[Count], newest: datetime, delivered: dict[tuple[str, str], datetime]
) -> tuple[Source, ...]:
    """The sources of hourly counts: the silent first, then those with most events."""
    by_source: dict[tuple[str, str], list[Count]] = {}
    for count in counts:
        by_source.setdefault((count[0] or "", count[1] or ""), []).append(count)
    found = [_source(store, key, rows, newest, delivered.get(key)) for key, rows in by_source.items()]
    return tuple(sorted(found, key=lambda one: (-one.silent, -one.week, one.account, one.region)))


def _source(
    store: str, key: tuple[str, str], rows: Sequence[Count], newest: datetime, delivered: datetime | None
) -> Source:
    hours = sorted(row[2] for row in rows)
    end = newest.replace(minute=0, second=0, microsecond=0)
    span = (hours[-1] - hours[0]) // HOUR + 1
    busy = span >= BUSY_HOURS and len(hours) >= BUSY_SHARE * span
    gaps = gaps_between(hours) if busy else ()
    quiet = (end - hours[-1]) // HOUR
    silent = quiet if busy and quiet >= SILENT_HOURS and quiet > max((gap.hours for gap in gaps), default=0) else 0
    since_day, since_week = end - timedelta(hours=23), end - timedelta(days=7) + HOUR
    return Source(
        store=store,
        account=key[0],
        region=key[1],
        last=max(row[4] for row in rows),
        day=sum(row[3] for row in rows if row[2] >= since_day),
        week=sum(row[3] for row in rows if row[2] >= since_week),
        busy=busy,
        gaps=gaps,
        silent=silent,
        delivered=delivered,
    )


def gaps_between(hours: Sequence[datetime]) -> tuple[Gap, ...]:
    """The gaps between hours that have events, which are sorted."""
    pairs = itertools.pairwise(hours)
    return tuple(Gap(one + HOUR, (other - one) // HOUR - 1) for one, other in pairs if other - one > HOUR)
