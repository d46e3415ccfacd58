"""Stores that are pushed into are kept quick without anybody asking for it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tests.ingest.test_push import pushed
from trailmere.errors import LakeBusy
from trailmere.ingest.push import Pusher
from trailmere.ingest.tending import Tending

if TYPE_CHECKING:
    from collections.abc import Callable

    from trailmere.lake.vault import Lake
    from trailmere.registry.records import EventDataStore


def test_a_store_is_maintained_after_every_so_many_commits(lake: Lake, store: EventDataStore) -> None:
    maintained: list[EventDataStore] = []
    tending = Tending(maintained.append, commits=2)
    pusher = Pusher(lake, committed=tending.note)
    for number in range(5):
        pusher.put(store, [pushed(number, "tended")])

    while len(maintained) < 2:
        threading.Event().wait(0.001)
    tending.close()

    assert maintained == [store, store]


def test_upkeep_that_fails_is_tried_again_at_the_next_turn(new_store: Callable[..., EventDataStore]) -> None:
    store = new_store()
    tried = threading.Semaphore(0)

    def busy(_store: EventDataStore) -> None:
        tried.release()
        raise LakeBusy("somebody else maintains it")

    tending = Tending(busy, commits=1)
    tending.note(store)
    tending.note(store)

    assert tried.acquire(timeout=60)
    assert tried.acquire(timeout=60)
    tending.close()


def test_after_its_end_nothing_is_begun(store: EventDataStore) -> None:
    maintained: list[EventDataStore] = []
    tending = Tending(maintained.append, commits=1)
    tending.close()

    tending.note(store)

    assert maintained == []
