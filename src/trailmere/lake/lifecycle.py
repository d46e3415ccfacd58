"""Event data stores and their tables, made and dropped together.

A store is a record (``trailmere.registry``) and a table (``trailmere.lake.vault``), and no transaction spans both. So
the record comes first, in status CREATED, and becomes usable when the table is there; at the end the record goes last,
when the table is dropped. Whoever is killed in between leaves a status that says what is left to do; the next call does
it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from trailmere.registry.records import EventDataStore, Operation, Status

if TYPE_CHECKING:
    from trailmere.registry.stores import StoreRegistry


class Tables(Protocol):
    """What a lake can do for a store's life. Both must be harmless when done twice, or by two processes at once."""

    def create_table(self, store_id: str, family: str) -> object:
        """The table of a store, unless it is there."""

    def drop_table(self, store_id: str) -> object:
        """No table of a store, and none of its files."""


class StoreLifecycle:
    """Creating, deleting, restoring and purging event data stores together with their tables.

    ``guards`` are asked before a store is deleted, and raise where something still needs it.
    """

    def __init__(
        self, registry: StoreRegistry, lake: Tables, guards: Sequence[Callable[[EventDataStore], object]] = ()
    ) -> None:
        self._registry = registry
        self._lake = lake
        self._guards = guards

    def create(self, name: str, **wishes: Any) -> EventDataStore:
        """A new store, ENABLED or STOPPED_INGESTION. ``wishes`` and errors are those of ``StoreRegistry.create``.

        When its table cannot be made the store is not there either.
        """
        self.tidy()
        store = self._registry.create(name, **wishes)
        try:
            return self._finish(store)
        except Exception:
            with contextlib.suppress(Exception):
                # the record first: as long as it is there another process may finish the store and use it
                self._registry.abandon(store.id)
                self._lake.drop_table(store.id)
            raise

    def use(self, name: str, operation: Operation) -> EventDataStore:
        """The store of this name, id or ARN, whole, if ``operation`` (ingest, query) is permitted in its status.

        Raises StoreNotFound, InactiveStore, InvalidStoreStatus.
        """
        store = self._registry.get(name)
        if store.status is Status.CREATED:
            self._finish(store)
        return self._registry.require(store.id, operation)

    def delete(self, name: str) -> EventDataStore:
        """Pending deletion; the table stays for seven days. Errors are those of ``StoreRegistry.delete`` and of the
        guards."""
        store = self._registry.require(name, Operation.DELETE)
        for guard in self._guards:
            guard(store)
        return self._registry.delete(store.id)

    def restore(self, name: str) -> EventDataStore:
        """Back as it was. Errors are those of ``StoreRegistry.restore``."""
        restored = self._registry.restore(name)
        self._lake.create_table(restored.id, restored.family)  # it may have been deleted before it had one
        return restored

    def tidy(self) -> tuple[EventDataStore, ...]:
        """Finish what a killed process began, and purge the stores whose seven days are over: these are returned."""
        for store in self._registry.list():
            if store.status is Status.CREATED:
                self._finish(store)
        purged = self._registry.claim_purge()
        for store in purged:
            self._lake.drop_table(store.id)
            self._registry.purge(store.id)
        return purged

    def _finish(self, store: EventDataStore) -> EventDataStore:
        self._lake.create_table(store.id, store.family)
        return self._registry.activate(store.id)
