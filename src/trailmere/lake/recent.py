"""What came in of late, by the ledger: how much when, from where, and what did not come in. For people who look.

Bounded however long the ledger is: the latest deliveries are looked at, and no more. What all of them sum up to is told
by ``Lake.totals``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import case, func, select

from trailmere.lake.deadletters import deadletters
from trailmere.lake.inventory import files
from trailmere.lake.ledger import as_time, deliveries, unindexed_store

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import Connection

MOST_DELIVERIES = 100_000  # that are summed up
MOST_PLACES = 20_000  # whose places are read


@dataclass(frozen=True, slots=True)
class Arrival:
    """What was taken in within one step of time that begins at ``start`` (naive UTC), and what was rejected."""

    store_id: str
    start: datetime
    deliveries: int
    rejected: int
    events: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Arrivals, oldest first. ``since``: where the ledger goes further back than was looked, from when on they are
    whole (naive UTC); None where they are whole anyhow."""

    steps: tuple[Arrival, ...]
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Dead letters that wait: how many, the number and time (naive UTC) of the newest, and its reason."""

    store_id: str
    count: int
    newest: int
    newest_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Checked:
    """The files of a store: how many, how many of them were hashed since they were written, the last time of it."""

    store_id: str
    files: int
    bytes: int
    checked: int
    last: datetime | None


@dataclass(frozen=True, slots=True)
class Lately:
    """All of it, of some stores. ``latest``: when a delivery was last taken in, by store."""

    arrivals: Arrivals
    latest: Mapping[str, datetime]
    waiting: tuple[Waiting, ...]
    checked: Mapping[str, Checked]


def lately(connection: Connection, store_ids: Collection[str], since: int, step: int) -> Lately:
    """What came in since a moment (microseconds since 1970), by steps of so many microseconds."""
    found, latest = arrivals(connection, since, step)
    return Lately(
        Arrivals(tuple(one for one in found.steps if one.store_id in store_ids), found.since),
        {id: moment for id, moment in latest.items() if id in store_ids},
        tuple(waiting(connection, store_ids)),
        checked(connection, store_ids),
    )


def arrivals(connection: Connection, since: int, step: int) -> tuple[Arrivals, dict[str, datetime]]:
    """What came in since a moment, by whole steps, the one with the moment too; both in microseconds. And when a
    delivery of each store was last taken in (naive UTC). A delivery that is seen again is no arrival.
    """
    newest = connection.scalar(select(func.max(deliveries.c.number))) or 0
    start = deliveries.c.first_seen_us - deliveries.c.first_seen_us % step
    taken = deliveries.c.status == "taken"
    query = (
        select(
            unindexed_store.label("store"),
            start.label("start"),
            func.max(case((taken, deliveries.c.first_seen_us))),
            func.sum(case((taken, 1), else_=0)),
            func.sum(case((deliveries.c.status == "rejected", 1), else_=0)),
            func.sum(deliveries.c.kept),
            func.sum(case((taken, deliveries.c.size), else_=0)),
        )
        .where(deliveries.c.number > newest - MOST_DELIVERIES)
        .group_by("store", "start")
        .order_by("start")
    )
    steps, latest = [], dict[str, datetime]()
    for id, at, last, *sums in connection.execute(query):
        if at + step > since:
            steps.append(Arrival(id, as_time(at), *map(int, sums)))
        if last is not None:
            latest[id] = max(as_time(last), latest.get(id, datetime.min))
    edge = select(deliveries.c.first_seen_us).where(deliveries.c.number == newest - MOST_DELIVERIES)
    before = connection.scalar(edge)
    return Arrivals(tuple(steps), as_time(before) if before is not None and before > since else None), latest


def places(connection: Connection, store_id: str) -> list[tuple[str, datetime]]:
    """Where the latest deliveries that were taken into a store lay, and when they came; newest first."""
    newest = connection.scalar(select(func.max(deliveries.c.number))) or 0
    query = select(deliveries.c.uri, deliveries.c.first_seen_us).where(
        deliveries.c.number > newest - MOST_PLACES, unindexed_store == store_id, deliveries.c.status == "taken"
    )
    return [(uri, as_time(moment)) for uri, moment in connection.execute(query.order_by(deliveries.c.number.desc()))]


def waiting(connection: Connection, store_ids: Collection[str]) -> list[Waiting]:
    """Dead letters that wait, of each store that has any."""
    found = []
    for id in store_ids:
        open_ones = (deadletters.c.store_id == id) & (deadletters.c.state == "open")
        count = connection.scalar(select(func.count()).where(open_ones)) or 0
        newest = select(deadletters.c.id, deadletters.c.added_us, deadletters.c.reason).where(open_ones)
        for number, added, reason in connection.execute(newest.order_by(deadletters.c.id.desc()).limit(1)):
            found.append(Waiting(id, count, number, as_time(added), reason))
    return found


def checked(connection: Connection, store_ids: Collection[str]) -> dict[str, Checked]:
    """When the files of stores were last hashed and found right."""
    query = (
        select(
            files.c.store_id,
            func.count(),
            func.coalesce(func.sum(files.c.size), 0),
            func.count(files.c.checked_us),
            func.max(files.c.checked_us),
        )
        .where(files.c.store_id.in_(store_ids), files.c.state == "live")
        .group_by(files.c.store_id)
    )
    return {
        id: Checked(id, count, int(size), hashed, None if last is None else as_time(last))
        for id, count, size, hashed, last in connection.execute(query)
    }
