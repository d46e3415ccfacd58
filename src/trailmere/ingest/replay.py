"""Trying dead letters again with the present decoder.

Each is decoded by itself first; only what is taken in whole goes on to the store, by the same way as everything else. A
whole delivery changes its line of the ledger from rejected to taken. A single record comes as a small delivery of its
own (``...#record=12``), and its row names the delivery and the ordinal that it had. What still cannot be read stays
as it is.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from trailmere.ingest.crew import Crew
from trailmere.ingest.records import Failure, Limits, Outcome, Recipe, Task
from trailmere.ingest.run import Ingest
from trailmere.lake.records import RECORD_MARK
from trailmere.sources.delivery import Delivery

if TYPE_CHECKING:
    from trailmere.ingest.account import Account
    from trailmere.lake.records import StoredDeadLetter
    from trailmere.lake.vault import Lake
    from trailmere.registry.records import EventDataStore


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of a replay: ``tried = replayed + still_dead``. ``account`` is that of taking in what could be read."""

    tried: int
    replayed: int
    still_dead: int
    account: Account | None


def replay(lake: Lake, store: EventDataStore, ids: Sequence[int], limits: Limits | None = None) -> Replay:
    """Try dead letters of one store again; those taken in are marked replayed.

    A letter whose bytes were too many to keep is read from its place again. Raises InvalidParameter for an unknown id.
    """
    limits = limits or Limits()
    with tempfile.TemporaryDirectory(prefix="trailmere-replay-") as folder:
        deliveries = {id: _delivery(lake, store.id, lake.dead_letter(id), Path(folder)) for id in ids}
        readable = _readable(store, deliveries, limits)
        account = _take(lake, store, [deliveries[id] for id in readable], limits) if readable else None
    replayed = lake.mark_replayed(*readable) if readable else 0
    return Replay(len(deliveries), replayed, len(deliveries) - replayed, account)


def _delivery(lake: Lake, store_id: str, stored: StoredDeadLetter, folder: Path) -> Delivery:
    letter = stored.letter
    spool = None
    if letter.content is not None:
        spool = folder / str(stored.id)
        spool.write_bytes(letter.content)
    if letter.ordinal is not None:
        place = f"{letter.uri}{RECORD_MARK}{letter.ordinal}"
        return Delivery(place, size=letter.size, spool=_name(spool), record_of=(letter.delivery_id, letter.ordinal))
    entries = lake.known_places(store_id, [letter.uri]).get(letter.uri, [])
    was = next((entry for entry in entries if entry.id == letter.delivery_id), None)
    if was is None or spool is None:  # its place may be readable by now, or the limit higher
        return Delivery(letter.uri, version=was.version if was else None)
    return Delivery(letter.uri, size=letter.size, etag=was.etag, version=was.version, spool=_name(spool))


def _name(path: Path | None) -> str | None:
    return None if path is None else os.fspath(path)


def _readable(store: EventDataStore, deliveries: dict[int, Delivery], limits: Limits) -> list[int]:
    """The letters that can be taken in now: each tried alone, without writing.

    A whole delivery is taken in though some of its records cannot be: those become dead letters of their own.
    """
    crew = Crew(Recipe(store.family, store.selectors, limits), limits.workers)
    readable: list[int] = []
    waiting = list(deliveries.items())
    try:
        while waiting or crew.busy():
            while waiting and crew.has_room():
                id, delivery = waiting.pop(0)
                crew.give(Task(id, (delivery,), {}, None))
            readable += [told.number for told in crew.results() if _is_taken(told, deliveries)]
    finally:
        crew.close()
    return sorted(readable)


def _is_taken(told: Outcome | Failure, deliveries: dict[int, Delivery]) -> bool:
    if isinstance(told, Failure) or told.entries[0].status != "taken":
        return False
    return not told.dead_letters or deliveries[told.number].record_of is None


def _take(lake: Lake, store: EventDataStore, deliveries: Sequence[Delivery], limits: Limits) -> Account:
    with Ingest(lake, store, limits, retry_rejected=True) as run:
        run.take(deliveries)
        return run.account()
