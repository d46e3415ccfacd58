"""One event by its id: in every store that may be queried, with where it came from; and its neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from trailmere.query.walking import EARLIEST, INSTANT
from trailmere.web.pages.events_asked import Asked, Filter, Place
from trailmere.web.pages.events_history import History, Seen, ever, store_named

if TYPE_CHECKING:
    from trailmere.lake.records import DeliveryEntry
    from trailmere.registry.stores import EventDataStore
    from trailmere.web.visit import Visit

SECONDS = 8.0  # that an event without a time is looked for, about
WHOLE = ("eventJson", "deliveryId", "deliveryOrdinal", "eventIdConflict")


@dataclass(frozen=True, slots=True)
class Copy:
    """Where an event lies."""

    store: EventDataStore
    delivery_id: str
    ordinal: str
    delivery: DeliveryEntry | None


@dataclass(frozen=True, slots=True)
class OneEvent:
    """``text`` is the exact record. ``others``: events of the same id and other content."""

    time: datetime
    id: str
    text: str
    copies: Sequence[Copy]
    others: Sequence[Place]

    @property
    def place(self) -> Place:
        """Where it is in the list."""
        return Place(self.time, self.id)


@dataclass(frozen=True, slots=True)
class NotFound:
    """``stores`` were searched; ``reached``: not further back than that, for the time was up."""

    id: str
    stores: Sequence[EventDataStore]
    reached: datetime | None


def find(visit: Visit, id: str, at: datetime | None) -> OneEvent | NotFound:
    """The event with an id; ``at`` is its time, where it is known, and then nothing else is read."""
    stores = tuple(visit.stores())
    bare = id.partition("~")[0]
    wanted = (Filter("eventID", "=", bare, f"eventID={bare}"),)
    start, end = (EARLIEST, ever(visit)) if at is None else (at, at + INSTANT)
    found, reached = _search(visit, stores, wanted, start, end)
    if not any(one.id == id for one in found) and at is not None:  # the time in the URL may be of another event
        found, reached = _search(visit, stores, wanted, EARLIEST, ever(visit))
    chosen = [one for one in found if one.id == id] or [one for one in found if one.id.partition("~")[0] == id]
    if not chosen:
        return NotFound(id, stores, reached)
    return _whole(visit, stores, chosen[0], [one.place for one in found if one.place != chosen[0].place])


def _search(
    visit: Visit, stores: tuple[EventDataStore, ...], wanted: tuple[Filter, ...], start: datetime, end: datetime
) -> tuple[list[Seen], datetime | None]:
    history = History(visit, Asked(stores, stores, wanted))
    page = history.page(WHOLE, start, end, limit=20, seconds=SECONDS, enough=1)
    return page.events, page.reached


def _whole(visit: Visit, stores: Sequence[EventDataStore], seen: Seen, others: Sequence[Place]) -> OneEvent:
    copies = []
    for name in seen.stores:
        store = store_named(stores, name)
        if store is not None:
            first = name == seen.stores[0]  # the hidden columns were read from this one
            delivery_id = seen.values["deliveryId"] or "" if first else ""
            delivery = visit.app.lake.delivery(store.id, delivery_id) if delivery_id else None
            copies.append(Copy(store, delivery_id, seen.values["deliveryOrdinal"] or "" if first else "", delivery))
    return OneEvent(seen.time, seen.id, seen.values["eventJson"] or "", copies, others)


def beside(visit: Visit, path: str, value: str, place: Place) -> tuple[Seen | None, Seen | None]:
    """The events before and after a place by the same principal. ``path``: the column that tells who it is."""
    stores = tuple(visit.stores())
    same = (Filter(path, "=", value, f"{path}={value}"),)
    history = History(visit, Asked(stores, stores, same))
    earlier = history.page(("eventName",), EARLIEST, ever(visit), limit=1, after=place, seconds=2.0, enough=1).events
    later = history.next_after(("eventName",), place, ever(visit), seconds=2.0)
    return (earlier[0] if earlier else None), later


def who(record_identity: dict[str, object]) -> tuple[str, str]:
    """The column that tells a principal best, and its value; empty where nothing does."""
    for member in ("arn", "accessKeyId", "principalId", "invokedBy"):
        value = record_identity.get(member)
        if isinstance(value, str) and value:
            return f"userIdentity.{member}", value
    return "", ""
