"""Stores that are pushed into, kept quick: after a number of small commits their files are merged, beside the pushes.

A thread does it, one store at a time; whoever pushes does not wait for it. What is merged, and how, is the caller's
``maintain`` to say. A store with fewer commits than that is left to ``trailmere maintain``.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from trailmere.errors import TrailmereError

if TYPE_CHECKING:
    from trailmere.registry.records import EventDataStore

COMMITS = 100  # of a store, between two turns of its upkeep

log = logging.getLogger(__name__)


class Tending:
    """Counts the commits of stores, and calls ``maintain`` after every ``commits`` of one. Safe between threads."""

    def __init__(self, maintain: Callable[[EventDataStore], object], *, commits: int = COMMITS) -> None:
        self._maintain = maintain
        self._commits = commits
        self._counted: Counter[str] = Counter()
        self._due: queue.SimpleQueue[EventDataStore | None] = queue.SimpleQueue()
        self._guard = threading.Lock()
        self._closing = False
        self._thread: threading.Thread | None = None

    def note(self, store: EventDataStore) -> None:
        """Something was committed to the store."""
        with self._guard:
            self._counted[store.id] += 1
            if self._counted[store.id] % self._commits or self._closing:
                return
            self._due.put(store)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="tending", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Finish what is being merged, and begin nothing more."""
        with self._guard:
            self._closing = True
            thread = self._thread
        if thread is not None:
            self._due.put(None)
            thread.join()

    def _run(self) -> None:
        while (store := self._due.get()) is not None:
            if self._closing:
                continue
            try:
                self._maintain(store)
            except (TrailmereError, OSError) as error:  # the next turn tries again
                log.warning("%s could not be maintained: %s", store.name, error)
            except Exception:  # a fault of ours must not end the upkeep of all stores
                log.exception("upkeep of %s", store.name)
