"""Pushed events: durable when the call returns, however many call at once, and committed together."""

from __future__ import annotations

import json
import threading
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.ingest.corpus import event
from trailmere.errors import LakeBusy, StoreNotFound
from trailmere.ingest.push import Pusher
from trailmere.sources.delivery import Delivery

if TYPE_CHECKING:
    from collections.abc import Callable

    from trailmere.lake.vault import Lake
    from trailmere.registry.records import EventDataStore


def pushed(number: int, seed: str, events: int = 2) -> Delivery:
    random = Random(f"{seed} {number}")
    lines = b"\n".join(json.dumps(event(random)).encode() for _ in range(events))
    return Delivery(f"push:test/{seed}/{number}", size=len(lines), content=lines)


def commits(lake: Lake, store: EventDataStore) -> int:
    return len(lake.snapshots(store.id))


def test_a_pushed_delivery_is_in_the_lake_when_the_call_returns(lake: Lake, store: EventDataStore) -> None:
    (entry,) = Pusher(lake).put(store, [pushed(1, "one")])

    assert (entry.status, entry.parsed, entry.kept) == ("taken", 2, 2)
    assert lake.totals(store.id).rows == 2


def test_a_delivery_that_is_pushed_again_is_known_and_kept_once(lake: Lake, store: EventDataStore) -> None:
    pusher = Pusher(lake)
    pusher.put(store, [pushed(1, "again")])

    (entry,) = pusher.put(store, [pushed(1, "again")])

    assert (entry.status, lake.totals(store.id).rows) == ("known", 2)


def test_where_the_place_decides_other_bytes_are_no_second_delivery(lake: Lake, store: EventDataStore) -> None:
    pusher = Pusher(lake)
    pusher.put(store, [pushed(1, "once")], once=True)
    other = Delivery("push:test/once/1", content=b'{"later": true}')

    (entry,) = pusher.put(store, [other], once=True)

    assert (entry.status, lake.totals(store.id).rows) == ("known", 2)


def test_the_same_pushed_by_two_at_once_is_kept_once(lake: Lake, store: EventDataStore) -> None:
    pusher = Pusher(lake)
    together = threading.Barrier(8)

    def call() -> None:
        together.wait()
        pusher.put(store, [pushed(1, "twins")], once=True)

    callers = [threading.Thread(target=call) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()

    assert lake.totals(store.id).rows == 2


def test_fifty_callers_at_once_share_commits_and_each_gets_its_own_answer(lake: Lake, store: EventDataStore) -> None:
    pusher = Pusher(lake)
    together = threading.Barrier(50)
    answers: dict[int, str] = {}

    def call(number: int) -> None:
        together.wait()
        (entry,) = pusher.put(store, [pushed(number, "many")])
        answers[number] = entry.uri

    callers = [threading.Thread(target=call, args=(number,)) for number in range(50)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()

    assert {number: f"push:test/many/{number}" for number in range(50)} == answers
    assert lake.totals(store.id).rows == 100
    assert commits(lake, store) < 25


def test_what_cannot_be_read_becomes_dead_letters_of_its_own_caller(lake: Lake, store: EventDataStore) -> None:
    (entry,) = Pusher(lake).put(store, [Delivery("push:test/bad", size=9, content=b'{"a": 1}\n')])

    assert (entry.parsed, entry.dead) == (1, 1)


def test_whoever_comes_on_top_of_all_that_may_wait_is_turned_away(
    lake: Lake, new_store: Callable[..., EventDataStore]
) -> None:
    store = new_store()
    pusher = Pusher(lake, most_waiting_bytes=1)
    queue = pusher._queues[store.id]
    done = threading.Event()

    def first() -> None:
        pusher.put(store, [pushed(1, "first")])
        done.set()

    with queue.turn:  # as if a commit ran
        caller = threading.Thread(target=first)
        caller.start()
        while not queue.waiting:
            done.wait(0.001)
        with pytest.raises(LakeBusy, match="wait to be taken in"):
            pusher.put(store, [pushed(2, "second")])
    caller.join()

    assert lake.totals(store.id).rows == 2


def test_all_who_wait_for_a_store_that_is_gone_are_told_so(
    lake: Lake, new_store: Callable[..., EventDataStore]
) -> None:
    store = new_store()
    lake.drop_table(store.id)

    with pytest.raises(StoreNotFound):
        Pusher(lake).put(store, [pushed(1, "gone")])
