"""Events that are pushed to us: durable when the call returns, whoever else calls at the same time.

A commit takes as long for one delivery as for a hundred. So those that arrive while a commit of their store runs wait
for it, and go together into the next: nobody waits for a timer, and nobody for more than two commits. Decoding is done
in the calling process; what was checked at the door does not crash it.
"""

from __future__ import annotations

import contextlib
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trailmere.errors import LakeBusy, TrailmereError
from trailmere.ingest.chunks import as_known
from trailmere.ingest.records import Limits, Recipe, Task
from trailmere.ingest.run import shifted

if TYPE_CHECKING:
    from trailmere.lake.records import DeliveryEntry
    from trailmere.lake.vault import Lake
    from trailmere.registry.records import EventDataStore
    from trailmere.sources.delivery import Delivery

MOST_WAITING_BYTES = 64 << 20  # of one store; who comes on top is turned away
MOST_TOGETHER = 4096  # deliveries in one commit


@dataclass(slots=True)
class _Waiting:
    """What one caller brought, and what became of it: entries or an error."""

    deliveries: tuple[Delivery, ...]
    once: bool
    entries: tuple[DeliveryEntry, ...] | None = None
    error: BaseException | None = None

    @property
    def bytes(self) -> int:
        return sum(len(delivery.content or b"") for delivery in self.deliveries)

    @property
    def places(self) -> set[str]:
        return {delivery.uri for delivery in self.deliveries}

    @property
    def is_settled(self) -> bool:
        return self.entries is not None or self.error is not None


@dataclass(slots=True)
class _Queue:
    """Those who wait for one store. ``turn`` is held by whoever commits for all."""

    turn: threading.Lock = field(default_factory=threading.Lock)
    waiting: deque[_Waiting] = field(default_factory=deque)
    waiting_bytes: int = 0
    recovered: bool = False


class Pusher:
    """Takes pushed deliveries into stores, those of many callers together. One for a process; safe between threads.

    ``committed`` is called with the store after each commit.
    """

    def __init__(
        self,
        lake: Lake,
        limits: Limits | None = None,
        *,
        committed: Callable[[EventDataStore], object] = lambda _store: None,
        most_waiting_bytes: int = MOST_WAITING_BYTES,
    ) -> None:
        self._lake = lake
        self._limits = limits or Limits()
        self._committed = committed
        self._most_waiting_bytes = most_waiting_bytes
        self._queues: defaultdict[str, _Queue] = defaultdict(_Queue)
        self._guard = threading.Lock()

    def put(
        self, store: EventDataStore, deliveries: Sequence[Delivery], *, once: bool = False
    ) -> tuple[DeliveryEntry, ...]:
        """Take deliveries in; they are durable when this returns. What became of each, in their order.

        The bytes are ``Delivery.content``. A delivery that the ledger has (same place, same bytes) is ``known``: a
        caller who got no answer may push it again. With ``once`` the place alone decides: the bytes of what is pushed
        again may differ by the time that they were made. Raises LakeBusy where too much waits already, StoreNotFound,
        LakeError; then nothing of it was taken in, or all of it.
        """
        mine = _Waiting(tuple(deliveries), once)
        queue = self._enter(store, mine)
        with queue.turn:
            if not mine.is_settled:
                self._commit_waiting(store, queue)
        if mine.error is not None:
            raise mine.error
        return mine.entries or ()

    def _enter(self, store: EventDataStore, mine: _Waiting) -> _Queue:
        with self._guard:
            queue = self._queues[store.id]
            if queue.waiting and queue.waiting_bytes + mine.bytes > self._most_waiting_bytes:
                raise LakeBusy(
                    f"{queue.waiting_bytes:,} bytes wait to be taken into {store.name}, as much as may",
                    hint="push again in a moment",
                )
            queue.waiting.append(mine)
            queue.waiting_bytes += mine.bytes
            return queue

    def _commit_waiting(self, store: EventDataStore, queue: _Queue) -> None:
        """Commit for all who wait, the holder of the turn among them. Every one of them is settled afterwards."""
        while some := self._leave(queue):
            try:
                if not queue.recovered:
                    self._lake.recover(store.id)
                    queue.recovered = True
                if new := self._without_known(store, some):
                    self._commit(store, new)
            except TrailmereError as error:
                _fail(some, error)
            except BaseException as error:
                if len(some) == 1 or not isinstance(error, Exception):
                    _fail(some, error)
                else:  # one of them is at fault: each by itself
                    self._commit_apart(store, some)

    def _commit_apart(self, store: EventDataStore, some: Sequence[_Waiting]) -> None:
        for one in some:
            try:
                self._commit(store, [one])
            except Exception as error:
                _fail([one], error)

    def _leave(self, queue: _Queue) -> list[_Waiting]:
        """Those whose turn it is."""
        some: list[_Waiting] = []
        with self._guard:
            places: set[str] = set()
            while queue.waiting and sum(len(one.deliveries) for one in some) < MOST_TOGETHER:
                if places & queue.waiting[0].places:  # the same again: it is known after this commit
                    break
                one = queue.waiting.popleft()
                queue.waiting_bytes -= one.bytes
                places |= one.places
                some.append(one)
        return some

    def _without_known(self, store: EventDataStore, some: Sequence[_Waiting]) -> list[_Waiting]:
        """Settle those whose places the ledger has, where the place decides; the others."""
        known = self._lake.known_places(store.id, {place for one in some if one.once for place in one.places})
        for one in some:
            if one.once and one.places <= known.keys():
                one.entries = tuple(as_known(known[delivery.uri][0]) for delivery in one.deliveries)
        return [one for one in some if not one.is_settled]

    def _commit(self, store: EventDataStore, some: Sequence[_Waiting]) -> None:
        from trailmere.ingest.worker import perform

        deliveries = [delivery for one in some for delivery in one.deliveries]
        recipe = Recipe(store.family, store.selectors, self._limits)
        batch = self._lake.begin(store.id)
        try:
            outcome = perform(Task(0, tuple(deliveries), {}, batch), recipe)
            appended = self._lake.commit(
                batch, list(shifted([outcome])), outcome.entries, outcome.dead_letters, outcome.fields
            )
        except BaseException:
            with contextlib.suppress(Exception):  # the next recovery settles what cannot be given up now
                self._lake.abandon(batch)
            raise
        entries = iter(appended.deliveries)
        for one in some:
            one.entries = tuple(next(entries) for _ in one.deliveries)
        self._committed(store)


def _fail(some: Sequence[_Waiting], error: BaseException) -> None:
    for one in some:
        one.error = error
